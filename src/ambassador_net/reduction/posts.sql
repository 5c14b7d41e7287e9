-- Original posts of people and official accounts, and who shared them. Runs after the statement `ends` of
-- reduction.sql on the same tables; portable SQL like it.

-- name: originals
SELECT p.post_id, p.author_id, a.holder_id, a.role, a.platform, p.collection, p.posted_at, p.content_id,
  p.followers_at_post, a.organisation AS account_organisation
FROM posts AS p
JOIN accounts AS a ON a.account_id = p.author_id
WHERE p.kind = 'original' AND a.role <> 'outside'

-- name: houses
-- The houses that a post belongs to: the organisation of an official account, those that a person was
-- affiliated with when posting.
SELECT post_id, account_organisation AS organisation FROM originals WHERE role = 'organisation'
UNION
SELECT o.post_id, f.organisation
FROM originals AS o
JOIN affiliations AS f ON f.holder_id = o.holder_id
  AND (f.valid_from IS NULL OR o.posted_at >= f.valid_from)
  AND (f.valid_to IS NULL OR o.posted_at < f.valid_to)
WHERE o.role = 'employee'

-- name: shares_of_originals
SELECT e.share_id, o.post_id, e.sharer_id, e.sharer_holder, e.sharer_role, e.sharer_organisation,
  e.shared_at_earliest, e.shared_at_latest
FROM ends AS e
JOIN originals AS o ON o.post_id = e.original_post_id
WHERE e.self_share = 0

-- name: own_house
SELECT DISTINCT s.share_id
FROM shares_of_originals AS s
JOIN houses AS h ON h.post_id = s.post_id
LEFT JOIN affiliations AS f ON s.sharer_role = 'employee' AND f.holder_id = s.sharer_holder
  AND f.organisation = h.organisation
  AND (f.valid_from IS NULL OR s.shared_at_earliest >= f.valid_from)
  AND (f.valid_to IS NULL OR s.shared_at_latest < f.valid_to)
WHERE (s.sharer_role = 'organisation' AND s.sharer_organisation = h.organisation) OR f.holder_id IS NOT NULL

-- name: shared
SELECT s.*, CASE WHEN w.share_id IS NULL THEN 0 ELSE 1 END AS by_own_house,
  CASE WHEN s.shared_at_latest < o.posted_at + INTERVAL '7' DAY THEN 1 ELSE 0 END AS within_week
FROM shares_of_originals AS s
JOIN originals AS o ON o.post_id = s.post_id
LEFT JOIN own_house AS w ON w.share_id = s.share_id

-- name: posts_shared
SELECT o.post_id, o.author_id, o.holder_id, o.role, o.platform, o.collection, o.posted_at, o.content_id,
  o.followers_at_post, coalesce(n.times_shared, 0) AS times_shared, coalesce(n.within_week, 0) AS within_week,
  coalesce(n.by_others, 0) AS by_others, coalesce(n.by_others_within_week, 0) AS by_others_within_week
FROM originals AS o
LEFT JOIN (
  SELECT post_id, count(*) AS times_shared, count(CASE WHEN within_week = 1 THEN 1 END) AS within_week,
    count(CASE WHEN by_own_house = 0 THEN 1 END) AS by_others,
    count(CASE WHEN within_week = 1 AND by_own_house = 0 THEN 1 END) AS by_others_within_week
  FROM shared GROUP BY post_id) AS n ON n.post_id = o.post_id
