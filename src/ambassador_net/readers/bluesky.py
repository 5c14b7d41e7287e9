# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""Bluesky: author feeds and timelines as the API gives them."""

from ambassador_net.readers.declare import Format, struct, texts

_ACTOR = struct(**texts("did handle displayName"))
# the record of an embed stands one level deeper where pictures stand beside it
_QUOTED = struct(**texts("uri indexedAt"), author=_ACTOR, record=struct(**texts("uri indexedAt"), author=_ACTOR))
_FACET = struct(features=struct(**{"$type": "", "did": ""}) + "[]")
_POST = struct(
    **texts("uri indexedAt"),
    author=_ACTOR,
    record=struct(createdAt="", reply=struct(parent=struct(uri="")), facets=f"{_FACET}[]"),
    embed=struct(record=_QUOTED),
)
_ITEM = {
    "post": _POST,
    "reason": struct(**{"$type": "", "by": _ACTOR, "indexedAt": "", "uri": ""}),
    "reply": struct(parent=struct(uri="", author=_ACTOR)),
}


# an embedded record is a quote only if it is a post; a feed, a list or a starter pack is not. The address names
# the author even where the post is gone or blocked. The server's time is used: a client's may say 1970.
def _select(source: str) -> str:
    return f"""
SELECT 'bluesky' AS platform,
  CASE WHEN reposted THEN 'repost' WHEN quoted.uri IS NOT NULL THEN 'quote'
    WHEN reply_uri IS NOT NULL THEN 'reply' ELSE 'original' END AS kind,
  CASE WHEN reposted THEN coalesce(filled(reason.uri), reason.by.did || ' reposts ' || post.uri)
    ELSE filled(post.uri) END
    AS post_id,
  CASE WHEN reposted THEN utc(reason.indexedAt) ELSE coalesce(utc(post.indexedAt), utc(post.record.createdAt)) END
    AS made_at,
  CASE WHEN reposted THEN who(reason.by.did, reason.by.handle, reason.by.displayName)
    ELSE who(post.author.did, post.author.handle, post.author.displayName) END AS author,
  CASE WHEN reposted THEN who(post.author.did, post.author.handle, post.author.displayName)
    WHEN quoted.uri IS NOT NULL THEN who(coalesce(quoted.author.did, did_of(quoted.uri)), quoted.author.handle,
      quoted.author.displayName) END AS source,
  CASE WHEN reposted THEN post.uri ELSE quoted.uri END AS original_id,
  CASE WHEN reposted THEN coalesce(utc(post.indexedAt), utc(post.record.createdAt)) ELSE utc(quoted.indexedAt) END
    AS original_at,
  reply_uri AS reply_to,
  who(coalesce(reply.parent.author.did, did_of(reply_uri)), reply.parent.author.handle, NULL) AS reply_author,
  [who(x, NULL, NULL) FOR x IN flatten([[g.did FOR g IN f.features IF g.did IS NOT NULL] FOR f IN post.record.facets])]
    AS mentioned
FROM (SELECT *, reason."$type" LIKE '%#reasonRepost' AND reason IS NOT NULL AS reposted,
    coalesce(CASE WHEN is_post(post.embed.record.uri) THEN struct_pack(uri := post.embed.record.uri,
      "indexedAt" := post.embed.record."indexedAt", author := post.embed.record.author) END,
      CASE WHEN is_post(post.embed.record.record.uri) THEN post.embed.record.record END) AS quoted,
    filled(coalesce(post.record.reply.parent.uri, reply.parent.uri)) AS reply_uri
  FROM ({source}))"""


FORMATS = (
    Format(
        "bluesky_feed",
        ("feed",),
        _select("SELECT item.* FROM (SELECT unnest(feed) AS item FROM raw)"),
        {"feed": f"{struct(**_ITEM)}[]"},
        covers="timeline",
    ),
    Format(
        "bluesky_items",
        ("post",),
        _select("SELECT * FROM raw"),
        _ITEM,
        covers="timeline",
    ),
)
