# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""X/Twitter: the account archives, API v1.1 and v2 as collectors save them, and two public collections."""

from ambassador_net.readers.declare import Format, struct, texts

_USER_FIELDS = texts("id_str id screen_name name")
_USER = struct(**_USER_FIELDS)
_NESTED = struct(**texts("id_str id created_at"), user=_USER)
_MENTIONS = struct(**_USER_FIELDS) + "[]"

_STATUS_FIELDS = {
    **texts(
        "id_str id created_at in_reply_to_status_id_str in_reply_to_status_id in_reply_to_user_id_str "
        "in_reply_to_user_id in_reply_to_screen_name is_quote_status quoted_status_id_str quoted_status_id "
        "text full_text"
    ),
    "retweeted_status": _NESTED,
    "quoted_status": _NESTED,
    "entities": struct(user_mentions=_MENTIONS),
    "user_mentions": _MENTIONS,
    "extended_tweet": struct(entities=struct(user_mentions=_MENTIONS)),
}
_TIMES = "try_strptime({}, '%a %b %d %H:%M:%S +0000 %Y')"


def _status(source: str, aside: str = "NULL") -> str:
    """Select from statuses of API v1.1: a retweet is one whatever it quotes; ``id`` may have lost digits."""
    return f"""
SELECT 'twitter' AS platform, {aside} AS aside,
  CASE WHEN retweeted_status IS NOT NULL THEN 'repost'
    WHEN quoted_status IS NOT NULL OR quoted_status_id_str IS NOT NULL OR lower(is_quote_status) = 'true' THEN 'quote'
    WHEN coalesce(in_reply_to_status_id_str, in_reply_to_status_id) IS NOT NULL THEN 'reply'
    ELSE 'original' END AS kind,
  digits(coalesce(id_str, id)) AS post_id,
  {_TIMES.format("created_at")} AS made_at,
  numbered(coalesce("user".id_str, "user".id), "user".screen_name, "user".name) AS author,
  numbered(coalesce(o."user".id_str, o."user".id), coalesce(o."user".screen_name,
    CASE WHEN retweeted_status IS NOT NULL THEN retweeted_handle(coalesce(full_text, "text")) END), o."user".name)
      AS source,
  digits(coalesce(o.id_str, o.id, CASE WHEN retweeted_status IS NULL THEN coalesce(quoted_status_id_str,
    quoted_status_id) END))
    AS original_id,
  {_TIMES.format("o.created_at")} AS original_at,
  digits(coalesce(in_reply_to_status_id_str, in_reply_to_status_id)) AS reply_to,
  numbered(coalesce(in_reply_to_user_id_str, in_reply_to_user_id), in_reply_to_screen_name, NULL) AS reply_author,
  CASE WHEN retweeted_status IS NULL THEN [numbered(coalesce(m.id_str, m.id), m.screen_name, m.name)
    FOR m IN coalesce(extended_tweet.entities.user_mentions, entities.user_mentions, user_mentions)] END AS mentioned
FROM (SELECT *, coalesce(retweeted_status, quoted_status) AS o FROM ({source}))"""


_ARCHIVE_FIELDS = {
    **texts(
        "id_str id created_at full_text text in_reply_to_status_id_str in_reply_to_status_id in_reply_to_user_id_str "
        "in_reply_to_user_id in_reply_to_screen_name"
    ),
    "entities": struct(
        user_mentions=_MENTIONS,
        urls=struct(expanded_url="") + "[]",
        media=struct(expanded_url="") + "[]",
    ),
    "edit_info": struct(initial=struct(editTweetIds="VARCHAR[]"), edit=struct(initialTweetId="")),
}
# since 2022 each tweet stands in a wrapper
_BARE = ", ".join(f"'{name}': \"{name}\"" for name in _ARCHIVE_FIELDS)
_ARCHIVED = f"SELECT coalesce(tweet, {{{_BARE}}}) AS t FROM raw"
# an archive tells a retweet by its text, a quote by the address of a status among its links
_ARCHIVE = f"""
SELECT 'twitter' AS platform,
  CASE WHEN retweeted IS NOT NULL THEN 'repost' WHEN quoted IS NOT NULL THEN 'quote'
    WHEN reply_to IS NOT NULL THEN 'reply' ELSE 'original' END AS kind,
  post_id, {_TIMES.format("t.created_at")} AS made_at,
  (SELECT who(id, handle, name) FROM owner) AS author,
  CASE WHEN retweeted IS NOT NULL THEN who(
      [m FOR m IN mentions IF lower(m.handle) = lower(retweeted)][1].id, retweeted,
      [m FOR m IN mentions IF lower(m.handle) = lower(retweeted)][1].name)
    WHEN quoted IS NOT NULL THEN who(NULL, status_handle(quoted), NULL) END AS source,
  CASE WHEN retweeted IS NULL THEN status_id(quoted) END AS original_id,
  reply_to,
  who(digits(coalesce(t.in_reply_to_user_id_str, t.in_reply_to_user_id)), t.in_reply_to_screen_name, NULL)
    AS reply_author,
  mentions AS mentioned
FROM (SELECT t,
    digits(coalesce(t.edit_info.edit.initialTweetId, t.edit_info.initial.editTweetIds[1], t.id_str, t.id)) AS post_id,
    retweeted_handle(coalesce(t.full_text, t.text)) AS retweeted,
    [u.expanded_url FOR u IN t.entities.urls IF status_handle(u.expanded_url) IS NOT NULL][-1] AS quoted,
    digits(coalesce(t.in_reply_to_status_id_str, t.in_reply_to_status_id)) AS reply_to,
    [who(digits(coalesce(m.id_str, m.id)), m.screen_name, m.name) FOR m IN t.entities.user_mentions] AS mentions
  FROM ({_ARCHIVED}))"""

# the address of a picture in one's own tweet carries one's own handle and the tweet's id
_OWN_HANDLE = r"""regexp_extract({}, '(?:twitter|x)\.com/([A-Za-z0-9_]{{1,30}})/status/[0-9]+', 1)"""
_ARCHIVE_OWNER = f"""
SELECT NULL AS id, coalesce(mode(handle), 'owner-of-' || min(post_id)) AS handle, NULL AS name
FROM (SELECT coalesce(t.id_str, t.id) AS post_id, CASE WHEN status_id(t.entities.media[1].expanded_url) = t.id_str
    THEN filled({_OWN_HANDLE.format("t.entities.media[1].expanded_url")}) END AS handle FROM ({_ARCHIVED}))
HAVING count(post_id) > 0"""

_OLD_ARCHIVE = """
SELECT 'twitter' AS platform,
  CASE WHEN filled(retweeted_status_id) IS NOT NULL OR retweeted_handle("text") IS NOT NULL THEN 'repost'
    WHEN quoted IS NOT NULL THEN 'quote'
    WHEN filled(in_reply_to_status_id) IS NOT NULL THEN 'reply' ELSE 'original' END AS kind,
  digits(tweet_id) AS post_id, utc("timestamp") AS made_at,
  (SELECT who(id, handle, name) FROM owner) AS author,
  CASE WHEN filled(retweeted_status_id) IS NOT NULL OR retweeted_handle("text") IS NOT NULL
    THEN who(digits(retweeted_status_user_id), retweeted_handle("text"), NULL)
    WHEN quoted IS NOT NULL THEN who(NULL, status_handle(quoted), NULL) END AS source,
  coalesce(digits(retweeted_status_id),
    CASE WHEN retweeted_handle("text") IS NULL THEN status_id(quoted) END) AS original_id,
  utc(filled(retweeted_status_timestamp)) AS original_at,
  digits(in_reply_to_status_id) AS reply_to, who(digits(in_reply_to_user_id), NULL, NULL) AS reply_author
FROM (SELECT *, [u FOR u IN string_split(expanded_urls, ',')
    IF status_handle(u) IS NOT NULL AND status_id(u) <> tweet_id][1] AS quoted FROM raw)"""
_OLD_ARCHIVE_OWNER = f"""
SELECT NULL AS id, coalesce(mode(handle), 'owner-of-' || min(tweet_id)) AS handle, NULL AS name
FROM (SELECT tweet_id,
    CASE WHEN status_id(expanded_urls) = tweet_id THEN filled({_OWN_HANDLE.format("expanded_urls")}) END
      AS handle FROM raw)
HAVING count(tweet_id) > 0"""

_V2_USER = struct(**texts("id username name"))
_V2_FIELDS = {
    **texts("id author_id text created_at in_reply_to_user_id"),
    "edit_history_tweet_ids": "VARCHAR[]",
    "entities": struct(mentions=struct(**texts("id username")) + "[]"),
}
_V2_REF = struct(**texts("type id"))
_V2_FLAT_REF = struct(**texts("type id author_id created_at"), author=_V2_USER)


def _tweet(source: str) -> str:
    """Select from tweets of API v2 with ``author``, ``original`` (type and id) and what is known of it."""
    return f"""
SELECT 'twitter' AS platform,
  CASE original.type WHEN 'retweeted' THEN 'repost' WHEN 'quoted' THEN 'quote' ELSE
    CASE WHEN replied.id IS NOT NULL THEN 'reply' ELSE 'original' END END AS kind,
  digits(coalesce(edit_history_tweet_ids[1], id)) AS post_id, utc(created_at) AS made_at,
  who(digits(author_id), author.username, author.name) AS author,
  CASE WHEN original.id IS NOT NULL THEN who(digits(coalesce(original_author.id, original_author_id)),
    coalesce(original_author.username, CASE original.type WHEN 'retweeted' THEN retweeted_handle("text") END),
    original_author.name) END AS source,
  digits(original.id) AS original_id, utc(original_at) AS original_at,
  digits(replied.id) AS reply_to, who(digits(in_reply_to_user_id), reply_user.username, reply_user.name)
    AS reply_author,
  [who(digits(m.id), m.username, NULL) FOR m IN entities.mentions] AS mentioned
FROM ({source})"""


_REFERENCES = """coalesce([r FOR r IN {0} IF r.type = 'retweeted'][1], [r FOR r IN {0} IF r.type = 'quoted'][1])
  AS original,
  [r FOR r IN {0} IF r.type = 'replied_to'][1] AS replied"""

_V2_FLAT = _tweet(f"""SELECT *, original.author_id AS original_author_id, original.created_at AS original_at,
  original.author AS original_author, in_reply_to_user AS reply_user
  FROM (SELECT *, {_REFERENCES.format("referenced_tweets")} FROM raw)""")
_V2_PAGES = _tweet(f"""SELECT *, [u FOR u IN users IF u.id = author_id][1] AS author,
  [u FOR u IN users IF u.id = original_author_id][1] AS original_author,
  [u FOR u IN users IF u.id = in_reply_to_user_id][1] AS reply_user
  FROM (SELECT *, found.author_id AS original_author_id, found.created_at AS original_at
    FROM (SELECT *, [w FOR w IN seen IF w.id = original.id][1] AS found
      FROM (SELECT t.*, users, seen, {_REFERENCES.format("t.referenced_tweets")}
        FROM (SELECT unnest(data) AS t, includes.users AS users, list_concat(includes.tweets,
          [{{'id': d.id, 'author_id': d.author_id, 'created_at': d.created_at}} FOR d IN data]) AS seen FROM raw))))""")

_CONGRESS = r"""
SELECT 'twitter' AS platform,
  CASE WHEN retweeted IS NOT NULL THEN 'repost' WHEN quoted IS NOT NULL THEN 'quote' ELSE 'original' END AS kind,
  digits(id) AS post_id, utc("time") AS made_at, who(digits(user_id), screen_name, NULL) AS author,
  who(NULL, coalesce(retweeted, quoted), NULL) AS source,
  CASE WHEN retweeted IS NOT NULL AND status_handle(link) <> screen_name THEN status_id(link) END AS original_id
FROM (SELECT *, retweeted_handle("text") AS retweeted,
  filled(regexp_extract("text", '\bQT @([A-Za-z0-9_]{1,30})', 1)) AS quoted FROM raw)"""

_NEWSROOM = """
SELECT 'twitter' AS platform, CASE WHEN retweeted_handle(tweet) IS NOT NULL THEN 'repost' ELSE 'original' END AS kind,
  digits(tweet_id) AS post_id, utc(date_created) AS made_at, who(NULL, username, NULL) AS author,
  who(NULL, retweeted_handle(tweet), NULL) AS source
FROM raw"""

_FOUR_CAT = """
SELECT 'twitter' AS platform,
  CASE WHEN lower(is_retweet) = 'yes' THEN 'repost' WHEN lower(is_quote_tweet) = 'yes' THEN 'quote'
    WHEN lower(is_reply) = 'yes' THEN 'reply' ELSE 'original' END AS kind,
  digits(id) AS post_id, utc("timestamp") AS made_at, who(digits(author_id), author, author_fullname) AS author,
  CASE WHEN lower(is_retweet) = 'yes' THEN who(NULL, retweeted_user, NULL)
    WHEN lower(is_quote_tweet) = 'yes' THEN who(NULL, quoted_user, NULL) END AS source,
  CASE WHEN lower(is_reply) = 'yes' AND thread_id <> id THEN digits(thread_id) END AS reply_to,
  who(NULL, replied_user, NULL) AS reply_author,
  [who(NULL, m, NULL) FOR m IN string_split(mentions, ',')] AS mentioned
FROM raw"""

_ACCOUNT_FIELDS = struct(**texts("username accountId accountDisplayName"))

FORMATS = (
    Format(
        "x_archive",
        ("tweet|full_text",),
        _ARCHIVE,
        {"tweet": struct(**_ARCHIVE_FIELDS), **_ARCHIVE_FIELDS},
        covers="owner",
        script=("tweets", "tweet"),
        beside=(
            "account.js",
            "SELECT account.accountId AS id, account.username AS handle, account.accountDisplayName AS name FROM raw",
        ),
        beside_columns={"account": _ACCOUNT_FIELDS},
        owner=_ARCHIVE_OWNER,
    ),
    Format(
        "x_archive_csv",
        (
            "tweet_id", "in_reply_to_status_id", "in_reply_to_user_id", "timestamp", "text", "retweeted_status_id",
            "retweeted_status_user_id", "retweeted_status_timestamp", "expanded_urls",
        ),
        _OLD_ARCHIVE,
        covers="owner",
        tabular=True,
        owner=_OLD_ARCHIVE_OWNER,
    ),
    Format(
        "twitter_v1",
        ("id_str|id", "created_at", "user", "text|full_text"),
        _status('SELECT * FROM raw'),
        {**_STATUS_FIELDS, "user": _USER},
        covers="timeline",
    ),
    Format(
        "twitter_v1_list",
        ("users", "next_cursor|next_cursor_str"),
        _status(
            """SELECT s.*, {'id_str': u.id_str, 'id': u.id, 'screen_name': u.screen_name, 'name': u.name} AS "user",
              u IS NOT NULL AND s IS NULL AS alone FROM (SELECT u, u.status AS s FROM (SELECT unnest(users) AS u
                FROM raw))""",
            "CASE WHEN alone THEN 'an account without a post' END",
        ),
        {"users": struct(**_USER_FIELDS, status=struct(**_STATUS_FIELDS)) + "[]"},
    ),
    Format(
        "twitter_v2",
        ("id", "author_id", "text"),
        _V2_FLAT,
        {**_V2_FIELDS, "author": _V2_USER, "in_reply_to_user": _V2_USER, "referenced_tweets": f"{_V2_FLAT_REF}[]"},
        covers="timeline",
    ),
    Format(
        "twitter_v2_pages",
        ("data", "includes|meta"),
        _V2_PAGES,
        {
            "data": struct(**_V2_FIELDS, referenced_tweets=f"{_V2_REF}[]") + "[]",
            "includes": struct(users=f"{_V2_USER}[]", tweets=struct(**texts("id author_id created_at")) + "[]"),
        },
        covers="timeline",
    ),
    Format(
        "congress_tweets",
        ("id", "screen_name", "user_id", "time", "link", "text"),
        _CONGRESS,
        texts("id screen_name user_id time link text"),
    ),
    Format(
        "congress_accounts",
        ("name", "type", "accounts"),
        # an entry lists accounts and holds no post: it is set aside, its ids and handles are used
        """SELECT 'twitter' AS platform,
          CASE WHEN accounts IS NOT NULL THEN 'an account list, not a post' END AS aside FROM raw""",
        {"accounts": struct(**texts("id screen_name name")) + "[]"},
        listed="""SELECT 'twitter' AS platform, digits(a.id) AS id, filled(a.screen_name) AS handle, NULL AS name
          FROM (SELECT unnest(accounts) AS a FROM raw)""",
    ),
    Format("newsroom_csv", ("username", "tweet", "date_created", "tweet_id"), _NEWSROOM, tabular=True),
    Format(
        "four_cat_twitter",
        (
            "id", "thread_id", "timestamp", "author", "author_id", "author_fullname", "is_retweet", "retweeted_user",
            "is_quote_tweet", "quoted_user", "is_reply", "replied_user", "mentions",
        ),
        _FOUR_CAT,
        tabular=True,
    ),
)  # fmt: skip
