-- Share events to sufficient statistics. Portable SQL: the same text runs on DuckDB and on Spark. Sums are cast,
-- because the engines make different types of them.
-- Reads the tables accounts, affiliations, posts and shares of docs/study.md (affiliations already narrowed to
-- the wanted bases). Each statement becomes a table of its name for the statements below it.

-- name: ends
-- Every share with the holder, role and organisation of both of its ends. A share between two accounts of one
-- person, or of an account with itself, is a self-share; sister accounts of an organisation share each other.
SELECT h.share_id, h.sharer_id, h.source_id, h.kind, h.collection, h.original_post_id,
  h.shared_at, h.shared_at_earliest, h.shared_at_latest,
  s.holder_id AS sharer_holder, s.role AS sharer_role, s.organisation AS sharer_organisation,
  t.holder_id AS source_holder, t.role AS source_role, t.organisation AS source_organisation,
  CASE WHEN h.sharer_id = h.source_id THEN 1
       WHEN s.holder_id = t.holder_id AND s.role <> 'organisation' THEN 1
       ELSE 0 END AS self_share
FROM shares AS h
JOIN accounts AS s ON s.account_id = h.sharer_id
LEFT JOIN accounts AS t ON t.account_id = h.source_id

-- name: totals
SELECT count(*) AS shares, count(CASE WHEN self_share = 1 THEN 1 END) AS self_shares,
  count(CASE WHEN source_id IS NULL THEN 1 END) AS source_unknown
FROM ends

-- name: edges
SELECT sharer_id, source_id, count(*) AS weight, count(CASE WHEN kind = 'quote' THEN 1 END) AS quotes
FROM ends
WHERE self_share = 0 AND source_id IS NOT NULL
GROUP BY sharer_id, source_id

-- name: strengths
SELECT account_id, CAST(sum(shared) AS BIGINT) AS strength_out, CAST(sum(was_shared) AS BIGINT) AS strength_in
FROM (
  SELECT sharer_id AS account_id, weight AS shared, 0 AS was_shared FROM edges
  UNION ALL
  SELECT source_id AS account_id, 0 AS shared, weight AS was_shared FROM edges) AS u
GROUP BY account_id

-- name: dyad_events
-- Shares between a person and the official accounts of an organisation that the person is affiliated with at
-- the share's own time. A share known only as an interval counts when one spell covers the whole interval.
SELECT c.share_id, c.direction, c.holder_id, c.organisation, c.sharer_id, c.source_id, c.collection,
  c.shared_at, c.shared_at_earliest, c.shared_at_latest
FROM (
  SELECT ends.*,
    CASE WHEN sharer_role = 'employee' THEN 'person_to_organisation' ELSE 'organisation_to_person' END AS direction,
    CASE WHEN sharer_role = 'employee' THEN sharer_holder ELSE source_holder END AS holder_id,
    CASE WHEN sharer_role = 'employee' THEN source_organisation ELSE sharer_organisation END AS organisation
  FROM ends
  WHERE (sharer_role = 'employee' AND source_role = 'organisation')
     OR (sharer_role = 'organisation' AND source_role = 'employee')) AS c
WHERE EXISTS (
  SELECT 1 FROM affiliations AS f
  WHERE f.holder_id = c.holder_id AND f.organisation = c.organisation
    AND (f.valid_from IS NULL OR c.shared_at_earliest >= f.valid_from)
    AND (f.valid_to IS NULL OR c.shared_at_latest < f.valid_to))

-- name: sides
-- How far each side was observed, as ranks: 0 none, 1 partial, 2 full; best is the most observed of its
-- accounts, worst the least.
SELECT role, CASE WHEN role = 'organisation' THEN organisation ELSE holder_id END AS side, count(*) AS accounts,
  max(CASE WHEN observed = 'full' THEN 2 WHEN observed = 'partial' THEN 1 ELSE 0 END) AS best,
  min(CASE WHEN observed = 'full' THEN 2 WHEN observed = 'partial' THEN 1 ELSE 0 END) AS worst
FROM accounts
WHERE role <> 'outside'
GROUP BY role, CASE WHEN role = 'organisation' THEN organisation ELSE holder_id END

-- name: opportunities
-- Posts there were to share: the organisation's posts while the person belonged to it, and the person's own. One
-- equality for each join: joined by either, every post would meet every spell.
SELECT u.holder_id, u.organisation, CAST(sum(u.by_organisation) AS BIGINT) AS organisation_posts,
  CAST(sum(u.by_person) AS BIGINT) AS person_posts
FROM (
  SELECT DISTINCT f.holder_id, f.organisation, p.post_id, 1 AS by_organisation, 0 AS by_person
  FROM posts AS p
  JOIN accounts AS a ON a.account_id = p.author_id
  JOIN affiliations AS f ON f.organisation = a.organisation
  WHERE a.role = 'organisation' AND p.kind <> 'repost'
    AND (f.valid_from IS NULL OR p.posted_at >= f.valid_from)
    AND (f.valid_to IS NULL OR p.posted_at < f.valid_to)
  UNION ALL
  SELECT DISTINCT f.holder_id, f.organisation, p.post_id, 0 AS by_organisation, 1 AS by_person
  FROM posts AS p
  JOIN accounts AS a ON a.account_id = p.author_id
  JOIN affiliations AS f ON f.holder_id = a.holder_id
  WHERE a.role = 'employee' AND p.kind <> 'repost'
    AND (f.valid_from IS NULL OR p.posted_at >= f.valid_from)
    AND (f.valid_to IS NULL OR p.posted_at < f.valid_to)) AS u
GROUP BY u.holder_id, u.organisation

-- name: pairs
-- One row a person and organisation, affiliated at any time. What was not observed is NULL, never 0.
SELECT p.holder_id, p.organisation,
  coalesce(e.best, 0) AS person_best, coalesce(o.best, 0) AS organisation_best, coalesce(o.worst, 0) AS organisation_worst,
  coalesce(n.eo, 0) AS seen_eo, coalesce(n.oe, 0) AS seen_oe,
  CASE WHEN e.best > 0 THEN coalesce(n.eo, 0) END AS w_eo,
  CASE WHEN o.best > 0 THEN coalesce(n.oe, 0) END AS w_oe,
  CASE WHEN o.best > 0 THEN coalesce(c.organisation_posts, 0) END AS organisation_posts,
  CASE WHEN e.best > 0 THEN coalesce(c.person_posts, 0) END AS person_posts,
  n.first_at, n.last_at
FROM (SELECT DISTINCT holder_id, organisation FROM affiliations) AS p
JOIN sides AS e ON e.role = 'employee' AND e.side = p.holder_id
LEFT JOIN sides AS o ON o.role = 'organisation' AND o.side = p.organisation
LEFT JOIN opportunities AS c ON c.holder_id = p.holder_id AND c.organisation = p.organisation
LEFT JOIN (
  SELECT holder_id, organisation,
    count(CASE WHEN direction = 'person_to_organisation' THEN 1 END) AS eo,
    count(CASE WHEN direction = 'organisation_to_person' THEN 1 END) AS oe,
    min(shared_at_earliest) AS first_at, max(shared_at_latest) AS last_at
  FROM dyad_events GROUP BY holder_id, organisation) AS n
  ON n.holder_id = p.holder_id AND n.organisation = p.organisation

-- name: strengths_by_day
-- Strengths inside each collection and UTC day: all that shuffles need that keep strengths in bins of time. A
-- share known only as an interval stands on the first day that it may have happened.
SELECT u.collection, u.day, u.account_id, CAST(sum(u.shared) AS BIGINT) AS strength_out,
  CAST(sum(u.was_shared) AS BIGINT) AS strength_in
FROM (
  SELECT coalesce(collection, '') AS collection, CAST(date_trunc('day', shared_at_earliest) AS TIMESTAMP) AS day,
    sharer_id AS account_id, 1 AS shared, 0 AS was_shared
  FROM ends WHERE self_share = 0 AND source_id IS NOT NULL
  UNION ALL
  SELECT coalesce(collection, '') AS collection, CAST(date_trunc('day', shared_at_earliest) AS TIMESTAMP) AS day,
    source_id AS account_id, 0 AS shared, 1 AS was_shared
  FROM ends WHERE self_share = 0 AND source_id IS NOT NULL) AS u
GROUP BY u.collection, u.day, u.account_id

-- name: collections
-- What was collected together: all its shares, self-shares included; the first and last of those whose time is
-- known, and the window that holds all of them.
SELECT coalesce(collection, '') AS collection, count(*) AS shares, min(shared_at) AS first_at, max(shared_at) AS last_at,
  min(shared_at_earliest) AS earliest, max(shared_at_latest) AS latest
FROM ends
GROUP BY coalesce(collection, '')
