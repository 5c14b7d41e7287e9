# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""LinkedIn: one's own Shares.csv, and what Zeeschuimer or 4CAT captured from the feed."""

from ambassador_net.readers.declare import Format, struct, texts

# the author of a reshared post is not in the file; the owner is named nowhere and known by the oldest share
_SHARES = """
SELECT 'linkedin' AS platform,
  CASE WHEN original_id IS NULL THEN 'original' WHEN filled(ShareCommentary) IS NULL THEN 'repost' ELSE 'quote' END
    AS kind,
  linkedin_number(ShareLink) AS post_id, utc("Date") AS made_at, (SELECT who(id, handle, name) FROM owner) AS author,
  original_id
FROM (SELECT *, linkedin_number(SharedUrl) AS original_id FROM raw)"""

_ACTOR = struct(navigationContext=struct(actionTarget=""), name=struct(text=""), subDescription=struct(text=""))
_UPDATE = {
    "actor": _ACTOR,
    "updateMetadata": struct(urn=""),
    "preDashEntityUrn": "",
}
_NAMED = struct(publicIdentifier="", universalName="", url="")
_DETAIL = struct(**{"*profileFullName": _NAMED, "profileFullName": _NAMED, "*companyName": _NAMED})
_POST = {
    **_UPDATE,
    "commentary": struct(text=struct(text="")),
    "header": struct(
        text=struct(text="", attributesV2=struct(detailData=_DETAIL) + "[]"),
        navigationContext=struct(actionTarget=""),
    ),
    "resharedUpdate": struct(**_UPDATE),
    "*resharedUpdate": struct(**_UPDATE),
}

_BARE = ", ".join(f"'{name}': \"{name}\"" for name in _POST)

_REPOSTED = r"\b(?:reposted|jakoi|jakanut|delade|delat)\b"


def _captured(source: str) -> str:
    """Select from captured posts ``d`` with ``collected`` (Unix ms): the id tells the time, the address the account."""
    page = "linkedin_page({0}.navigationContext.actionTarget)"
    actor = f"who({page}, {page}, {{0}}.name.text)"
    return rf"""
SELECT 'linkedin' AS platform,
  CASE WHEN passed_on AND passer IS NULL THEN 'reposted by an account that the file does not name' END AS aside,
  CASE WHEN passed_on THEN 'repost' WHEN original IS NULL THEN 'original'
    WHEN filled(d.commentary.text."text") IS NULL THEN 'repost' ELSE 'quote' END AS kind,
  CASE WHEN passed_on THEN passer || ' reposts ' || number ELSE coalesce(number, md5(CAST(d AS VARCHAR))) END
    AS post_id,
  coalesce(linkedin_time(number), ago_earliest(d.actor.subDescription."text", collected_at)) AS made_at,
  CASE WHEN passed_on THEN collected_at
    WHEN linkedin_time(number) IS NULL THEN ago_latest(d.actor.subDescription."text", collected_at) END
      AS made_at_latest,
  CASE WHEN passed_on THEN who(passer, passer, NULL) ELSE {actor.format("d.actor")} END AS author,
  CASE WHEN passed_on THEN {actor.format("d.actor")}
    WHEN original IS NOT NULL THEN {actor.format("original.actor")} END AS source,
  CASE WHEN passed_on THEN number ELSE linkedin_number(coalesce(original.updateMetadata.urn,
    original.preDashEntityUrn)) END
    AS original_id,
  CASE WHEN passed_on THEN linkedin_time(number) ELSE
    linkedin_time(linkedin_number(coalesce(original.updateMetadata.urn, original.preDashEntityUrn))) END AS original_at
FROM (SELECT *, linkedin_number(coalesce(d.updateMetadata.urn, d.preDashEntityUrn)) AS number,
    coalesce(d.resharedUpdate, d."*resharedUpdate") AS original,
    coalesce(regexp_matches(d.header."text"."text", '{_REPOSTED}'), false) AS passed_on,
    coalesce(linkedin_page(d.header.navigationContext.actionTarget),
      'in/' || coalesce(d.header."text".attributesV2[1].detailData."*profileFullName".publicIdentifier,
        d.header."text".attributesV2[1].detailData.profileFullName.publicIdentifier),
      'company/' || d.header."text".attributesV2[1].detailData."*companyName".universalName) AS passer,
    CASE WHEN try_cast(collected AS BIGINT) BETWEEN 0 AND 4102444800000
      THEN make_timestamp(try_cast(collected AS BIGINT) * 1000) END AS collected_at
  FROM ({source}))"""


_FOUR_CAT = rf"""
SELECT 'linkedin' AS platform,
  CASE WHEN regexp_matches(inclusion_context, '{_REPOSTED}')
    THEN 'reposted by an account that the file does not name' END
    AS aside,
  'original' AS kind, coalesce(digits(id), md5(concat_ws('|', author, id, timestamp_ago))) AS post_id,
  coalesce(linkedin_time(number), ago_earliest(timestamp_ago, utc(timestamp_collected))) AS made_at,
  CASE WHEN linkedin_time(number) IS NULL THEN ago_latest(timestamp_ago, utc(timestamp_collected)) END
    AS made_at_latest,
  who(page, page, author_name) AS author,
  [who(m, m, NULL) FOR m IN string_split(author_mentions, ',')] AS mentioned
FROM (SELECT *, CASE WHEN regexp_full_match(id, '[0-9]{{15,20}}') THEN id END AS number,
  coalesce(linkedin_page(author_url), filled(lower(author))) AS page FROM raw)"""

_FOUR_CAT_COLUMNS = (
    "id", "author", "author_name", "author_url", "author_mentions", "timestamp_collected", "timestamp_ago",
    "inclusion_context",
)  # fmt: skip

FORMATS = (
    Format(
        "linkedin_shares",
        ("Date", "ShareLink", "ShareCommentary", "SharedUrl"),
        _SHARES,
        covers="owner",
        tabular=True,
        owner="""SELECT NULL AS id, 'owner-of-' || min(linkedin_number(ShareLink)) AS handle, NULL AS name FROM raw
          HAVING count(linkedin_number(ShareLink)) > 0""",
    ),
    Format(
        "linkedin_zeeschuimer",
        ("nav_index|item_id", "data", "timestamp_collected", "source_platform"),
        _captured("SELECT data AS d, timestamp_collected AS collected FROM raw"),
        {"data": struct(**_POST), **texts("timestamp_collected source_platform")},
    ),
    Format(
        "linkedin_four_cat_lines",
        ("actor", "__import_meta", "updateMetadata|preDashEntityUrn"),
        _captured(f"SELECT {{{_BARE}}} AS d, __import_meta.timestamp_collected AS collected FROM raw"),
        {**{name: kind or "VARCHAR" for name, kind in _POST.items()}, "__import_meta": struct(timestamp_collected="")},
    ),
    Format("linkedin_four_cat", _FOUR_CAT_COLUMNS, _FOUR_CAT, tabular=True),
)
