-- Put together what was counted of each part of a stored study. Each statement stands in the place of the one of its
-- name in reduction.sql or posts.sql, and reads what that one gave for every part: ids are unique across parts, so
-- counts add up. Portable SQL like theirs.

-- name: totals
SELECT CAST(sum(shares) AS BIGINT) AS shares, CAST(sum(self_shares) AS BIGINT) AS self_shares,
  CAST(sum(source_unknown) AS BIGINT) AS source_unknown
FROM part_totals

-- name: edges
SELECT sharer_id, source_id, CAST(sum(weight) AS BIGINT) AS weight, CAST(sum(quotes) AS BIGINT) AS quotes
FROM part_edges
GROUP BY sharer_id, source_id

-- name: dyad_events
SELECT * FROM part_dyad_events

-- name: opportunities
SELECT holder_id, organisation, CAST(sum(organisation_posts) AS BIGINT) AS organisation_posts,
  CAST(sum(person_posts) AS BIGINT) AS person_posts
FROM part_opportunities
GROUP BY holder_id, organisation

-- name: strengths_by_day
SELECT collection, day, account_id, CAST(sum(strength_out) AS BIGINT) AS strength_out,
  CAST(sum(strength_in) AS BIGINT) AS strength_in
FROM part_strengths_by_day
GROUP BY collection, day, account_id

-- name: collections
SELECT collection, CAST(sum(shares) AS BIGINT) AS shares, min(first_at) AS first_at, max(last_at) AS last_at,
  min(earliest) AS earliest, max(latest) AS latest
FROM part_collections
GROUP BY collection

-- name: originals
SELECT * FROM part_originals

-- name: houses
SELECT * FROM part_houses

-- name: shared
SELECT * FROM part_shared
