# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""Mastodon: statuses as the API gives them, and the export of an account (ActivityStreams)."""

from ambassador_net.readers.declare import Format, struct, texts

PRIVATE = "private: followers only or direct"

_ACCOUNT = struct(**texts("id acct url display_name"))
_STATUS = {**texts("uri url created_at"), "account": _ACCOUNT}

# an actor is known by its address, which the API and the exports share; a server's own numbers differ
_STATUSES = f"""
SELECT 'mastodon' AS platform,
  CASE WHEN visibility NOT IN ('public', 'unlisted') THEN '{PRIVATE}' END AS aside,
  CASE WHEN reblog IS NOT NULL THEN 'repost' WHEN quote IS NOT NULL THEN 'quote'
    WHEN in_reply_to_id IS NOT NULL THEN 'reply' ELSE 'original' END AS kind,
  filled(coalesce(uri, url)) AS post_id, utc(created_at) AS made_at,
  fediverse(account.url, account.acct, account.display_name) AS author,
  fediverse(o.account.url, o.account.acct, o.account.display_name) AS source,
  filled(coalesce(o.uri, o.url)) AS original_id, utc(o.created_at) AS original_at,
  CASE WHEN in_reply_to_account_id = account.id THEN fediverse(account.url, account.acct, account.display_name)
    ELSE [fediverse(m.url, m.acct, NULL) FOR m IN mentions IF m.id = in_reply_to_account_id][1] END AS reply_author,
  [fediverse(m.url, m.acct, NULL) FOR m IN mentions] AS mentioned
FROM (SELECT *, coalesce(reblog, quote.quoted_status) AS o FROM raw)"""

_PUBLIC = "['https://www.w3.org/ns/activitystreams#Public', 'as:Public', 'Public']"
# a boost names its original by address; the author is in the address, or else among those it is sent to
_OUTBOX = f"""
SELECT 'mastodon' AS platform,
  CASE WHEN i."type" IS NULL THEN NULL
    WHEN i."type" NOT IN ('Create', 'Announce') THEN 'neither a post nor a boost'
    WHEN NOT coalesce(list_has_any(list_concat(i."to", i.cc), {_PUBLIC}), false) THEN '{PRIVATE}' END AS aside,
  CASE WHEN i."type" = 'Announce' THEN 'repost' WHEN quoted IS NOT NULL THEN 'quote'
    WHEN reply_to IS NOT NULL THEN 'reply' ELSE 'original' END AS kind,
  CASE WHEN i."type" = 'Announce' THEN filled(i.id) ELSE filled(coalesce(i.object ->> '$.id', i.id)) END AS post_id,
  utc(i.published) AS made_at,
  coalesce((SELECT who(id, handle, name) FROM owner), fediverse(i.actor, NULL, NULL)) AS author,
  CASE WHEN i."type" = 'Announce' THEN fediverse(coalesce(
      CASE WHEN actor_of(boosted) <> boosted THEN boosted END,
      [c FOR c IN i.cc IF NOT ends_with(c, '/followers') AND NOT list_contains({_PUBLIC}, c)][1]), NULL, NULL)
    WHEN quoted IS NOT NULL AND actor_of(quoted) <> quoted THEN fediverse(quoted, NULL, NULL) END AS source,
  coalesce(boosted, quoted) AS original_id, reply_to,
  CASE WHEN actor_of(reply_to) <> reply_to THEN fediverse(reply_to, NULL, NULL) END AS reply_author,
  [fediverse(t.href, NULL, NULL) FOR t IN tags IF t."type" = 'Mention'] AS mentioned
FROM (SELECT i,
    CASE WHEN i."type" = 'Announce' THEN filled(coalesce(i.object ->> '$.id', i.object ->> '$')) END AS boosted,
    filled(coalesce(i.object ->> '$.quote', i.object ->> '$.quoteUrl', i.object ->> '$.quoteUri')) AS quoted,
    filled(i.object ->> '$.inReplyTo') AS reply_to,
    from_json(i.object -> '$.tag', '[{{"type": "VARCHAR", "href": "VARCHAR"}}]') AS tags
  FROM (SELECT unnest(orderedItems) AS i FROM raw))"""

FORMATS = (
    Format(
        "mastodon_statuses",
        ("account", "visibility", "created_at", "reblog"),
        _STATUSES,
        {
            **_STATUS,
            **texts("in_reply_to_id in_reply_to_account_id visibility"),
            "reblog": struct(**_STATUS),
            "quote": struct(state="", quoted_status=struct(**_STATUS)),
            "mentions": f"{_ACCOUNT}[]",
        },
        covers="timeline",
    ),
    Format(
        "mastodon_export",
        ("orderedItems", "type"),
        _OUTBOX,
        {
            "orderedItems": struct(**texts("id type actor published"), to="VARCHAR[]", cc="VARCHAR[]", object="JSON")
            + "[]"
        },
        covers="owner",
        beside=(
            "actor.json",
            """SELECT actor_of(coalesce(url, id)) AS id, actor_of(coalesce(url, id)) AS handle, name FROM raw""",
        ),
        beside_columns=texts("id url name"),
    ),
)
