-- What the null models need of a study whose events stay in their files. Portable like reduction.sql, whose statement
-- ends it reads; accounts have a column number here, their rows from 0.

-- name: strengths_by_collection
-- Shares made and received inside each collection, and whether the account shared at all: a share of one's own post or
-- of an unknown source counts for that alone.
SELECT u.collection, u.number, CAST(sum(u.shared) AS BIGINT) AS strength_out,
  CAST(sum(u.was_shared) AS BIGINT) AS strength_in, max(u.anything) AS anything
FROM (
  SELECT coalesce(e.collection, '') AS collection, a.number,
    CASE WHEN e.self_share = 0 AND e.source_id IS NOT NULL THEN 1 ELSE 0 END AS shared, 0 AS was_shared, 1 AS anything
  FROM ends AS e JOIN accounts AS a ON a.account_id = e.sharer_id
  UNION ALL
  SELECT coalesce(e.collection, '') AS collection, a.number, 0 AS shared, 1 AS was_shared, 0 AS anything
  FROM ends AS e JOIN accounts AS a ON a.account_id = e.source_id WHERE e.self_share = 0) AS u
GROUP BY u.collection, u.number

-- name: borders
-- The window of the shares that are no self-shares and whose source is known.
SELECT min(shared_at_earliest) AS earliest, max(shared_at_latest) AS latest
FROM ends
WHERE self_share = 0 AND source_id IS NOT NULL

-- name: houses_of
-- The organisations that an account belongs, or belonged, to.
SELECT a.number, a.account_id, f.organisation
FROM accounts AS a JOIN affiliations AS f ON f.holder_id = a.holder_id
WHERE a.role = 'employee'
GROUP BY a.number, a.account_id, f.organisation
UNION ALL
SELECT a.number, a.account_id, a.organisation FROM accounts AS a WHERE a.role = 'organisation'

-- name: inside
-- How often two accounts that have, or had, a house in common shared each other. The second join may find two houses
-- in common: counted first, a share counts once.
SELECT w.collection, s.number AS sharer, t.number AS source, w.shares
FROM (
  SELECT coalesce(collection, '') AS collection, sharer_id, source_id, count(*) AS shares
  FROM ends
  WHERE self_share = 0 AND source_id IS NOT NULL AND sharer_role <> 'outside' AND source_role <> 'outside'
  GROUP BY coalesce(collection, ''), sharer_id, source_id) AS w
JOIN houses_of AS s ON s.account_id = w.sharer_id
JOIN houses_of AS t ON t.account_id = w.source_id AND t.organisation = s.organisation
GROUP BY w.collection, s.number, t.number, w.shares

-- name: columns
-- The shares themselves, where they are few enough to be shuffled.
SELECT coalesce(e.collection, '') AS collection, s.number AS sharer, t.number AS source,
  e.shared_at_earliest AS earliest, e.shared_at_latest AS latest
FROM ends AS e
JOIN accounts AS s ON s.account_id = e.sharer_id
JOIN accounts AS t ON t.account_id = e.source_id
WHERE e.self_share = 0
