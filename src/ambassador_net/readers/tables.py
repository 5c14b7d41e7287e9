# ruff: noqa: S608 - the statements are made of the formats declared here, values are quoted
"""Tables: the input of the coordination-network-toolkit, and any spreadsheet with a mapping."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ambassador_net.errors import ReadError
from ambassador_net.readers.declare import Format

# which network the messages come from is not in the file; ids are joined within the import
_TOOLKIT = """
SELECT 'unknown' AS platform,
  CASE WHEN filled(repost_id) IS NOT NULL THEN 'repost' WHEN filled(reply_id) IS NOT NULL THEN 'reply'
    ELSE 'original' END
    AS kind,
  filled(message_id) AS post_id,
  coalesce(make_timestamp(CASE WHEN try_cast("timestamp" AS DOUBLE) BETWEEN 0 AND 4102444800
    THEN CAST(try_cast("timestamp" AS DOUBLE) * 1000000 AS BIGINT) END), utc("timestamp")) AS made_at,
  who(user_id, username, NULL) AS author, filled(repost_id) AS original_id, filled(reply_id) AS reply_to
FROM raw"""

FORMATS = (
    Format(
        "coordination_csv",
        ("message_id", "user_id", "username", "repost_id", "reply_id", "timestamp"),
        _TOOLKIT,
        tabular=True,
    ),
)

FIELDS: Mapping[str, tuple[str, ...]] = {
    "author": ("author", "user", "username", "screen_name", "handle", "account", "sharer", "tekijä", "konto"),
    "author_id": ("author_id", "user_id", "account_id"),
    "author_name": ("author_name", "author_fullname", "display_name", "nimi", "namn"),
    "time": ("time", "timestamp", "created_at", "date", "datetime", "shared_at", "aika", "päivä", "tid", "datum"),
    "ago": ("ago", "timestamp_ago"),
    "collected": ("collected", "collected_at", "timestamp_collected"),
    "kind": ("kind", "type", "post_type", "laji", "typ"),
    "source": ("source", "original_author", "shared_from", "retweeted_user", "lähde", "källa"),
    "source_id": ("source_id", "original_author_id"),
    "post_id": ("post_id", "tweet_id", "id", "share_id"),
    "original_id": ("original_id", "original_post_id", "retweeted_id", "repost_id"),
    "original_time": ("original_time", "original_posted_at"),
    "reply_to": ("reply_to", "in_reply_to", "in_reply_to_id", "reply_id"),
    "followers": ("followers_at_post",),
    "content_id": ("content_id",),
    "text": ("text", "tweet", "message", "body", "full_text", "teksti"),
}
"""What a column of a spreadsheet may hold, and names under which it is often found (docs/import.md)."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    "repost": ("repost", "retweet", "rt", "share", "reshare", "boost", "announce", "jako", "uudelleenjako", "delning"),
    "quote": ("quote", "quoted", "quote tweet", "lainaus", "citat"),
    "reply": ("reply", "comment", "vastaus", "svar"),
}

# a day alone is an interval; a Finnish or Swedish spreadsheet writes 2.3.2026 9.15
_TIME = (
    "coalesce(utc({0}), try_strptime({0}, ['%d.%m.%Y %H:%M:%S', '%d.%m.%Y %H.%M.%S', '%d.%m.%Y %H:%M', "
    "'%d.%m.%Y %H.%M', '%d.%m.%Y']))"
)
_DAY = r"regexp_full_match({0}, '\d{{4}}-\d\d-\d\d|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}')"


@dataclass(frozen=True)
class Mapped:
    """What the columns of one spreadsheet hold.

    Parameters
    ----------
    platform
        The network, for example ``linkedin``.
    columns
        A column by each of :data:`FIELDS` that the spreadsheet has; ``author`` or ``author_id`` and ``time`` or
        ``ago`` with ``collected`` at least.
    kinds
        What the cells of ``kind`` mean, where they are other words than ``repost``, ``quote``, ``reply``.
    """

    platform: str
    columns: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.columns) - set(FIELDS)
        if unknown:
            raise ReadError(f"a mapping has no field {', '.join(sorted(unknown))}; there are {', '.join(FIELDS)}")
        if not {"author", "author_id"} & set(self.columns):
            raise ReadError("a mapping names the column of the author: author or author_id")
        if "time" not in self.columns and not {"ago", "collected"} <= set(self.columns):
            raise ReadError("a mapping names the column of the time: time, or ago and collected")
        if wrong := set(self.kinds.values()) - {"repost", "quote", "reply", "original"}:
            raise ReadError(f"no kind is called {', '.join(sorted(wrong))}; there are repost, quote, reply, original")

    def write(self, path: str | Path) -> Path:
        """Save the mapping as TOML; beside ``NAME.csv`` as ``NAME.mapping.toml`` it is found by itself.

        Parameters
        ----------
        path
            Where to.

        Returns
        -------
        pathlib.Path
            The file.
        """
        lines = [f"platform = {json.dumps(self.platform)}", "", "[columns]"]
        lines += [f"{name} = {json.dumps(column, ensure_ascii=False)}" for name, column in self.columns.items()]
        if self.kinds:
            lines += ["", "[kinds]"]
            lines += [
                f"{json.dumps(word, ensure_ascii=False)} = {json.dumps(kind)}" for word, kind in self.kinds.items()
            ]
        target = Path(path)
        target.write_text("\n".join(lines) + "\n", "utf-8")
        return target

    def format(self) -> Format:
        """Give the format that reads such a spreadsheet.

        Returns
        -------
        Format
            Its ``needs`` are the columns of the mapping.
        """

        def cell(name: str) -> str:
            return '"{}"'.format(self.columns[name].replace('"', '""')) if name in self.columns else "NULL::VARCHAR"

        words = {
            **{w: kind for kind, ws in _KINDS.items() for w in ws},
            **{w.lower(): k for w, k in self.kinds.items()},
        }
        told = " ".join(f"WHEN {_quoted(word)} THEN {_quoted(kind)}" for word, kind in words.items())
        retweeted = f"retweeted_handle({cell('text')})"
        named = f"coalesce(filled({cell('source')}), filled({cell('source_id')}), {retweeted})"
        guessed = (
            f"CASE WHEN {named} IS NOT NULL OR filled({cell('original_id')}) IS NOT NULL THEN 'repost' "
            f"WHEN filled({cell('reply_to')}) IS NOT NULL THEN 'reply' ELSE 'original' END"
        )
        kind = f"CASE lower(trim({cell('kind')})) {told} ELSE 'original' END" if "kind" in self.columns else guessed
        time, collected = _TIME.format(cell("time")), _TIME.format(cell("collected"))
        platform = _quoted(self.platform)
        identity = "concat_ws('|', {})".format(
            ", ".join(
                cell(n) for n in ("author", "author_id", "time", "ago", "source", "source_id", "original_id", "text")
            )
        )
        select = f"""
SELECT {platform} AS platform, {kind} AS kind, coalesce(filled({cell("post_id")}), md5({identity})) AS post_id,
  coalesce({time}, ago_earliest({cell("ago")}, {collected})) AS made_at,
  CASE WHEN {_DAY.format(cell("time"))} THEN {time} + to_seconds(86399)
    WHEN {time} IS NULL THEN ago_latest({cell("ago")}, {collected}) END AS made_at_latest,
  who({cell("author_id")}, {cell("author")}, {cell("author_name")}) AS author,
  who({cell("source_id")}, coalesce(filled({cell("source")}), {retweeted}), NULL) AS source,
  filled({cell("original_id")}) AS original_id, {_TIME.format(cell("original_time"))} AS original_at,
  filled({cell("reply_to")}) AS reply_to, try_cast({cell("followers")} AS DOUBLE) AS followers,
  filled({cell("content_id")}) AS content_id
FROM raw"""
        return Format("table", tuple(dict.fromkeys(self.columns.values())), select, tabular=True)


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))


def read_mapping(path: str | Path) -> Mapped:
    """Read a mapping from TOML or JSON.

    Parameters
    ----------
    path
        A file with ``platform``, ``columns`` and perhaps ``kinds``.

    Returns
    -------
    Mapped
        The mapping.

    Raises
    ------
    ReadError
        If it is no such file, or names no author or no time.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8")
        found: Any = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ReadError(f"is no mapping in TOML or JSON ({type(error).__name__})", path=file.name) from None
    whole = found if isinstance(found, dict) else {}
    columns, kinds = whole.get("columns", {}), whole.get("kinds", {})
    if not all(isinstance(p, dict) and all(isinstance(v, str) for v in p.values()) for p in (columns, kinds)):
        raise ReadError("a mapping has the tables columns and kinds, all text", path=file.name)
    return Mapped(str(whole.get("platform", "unknown")), columns, kinds)


@dataclass(frozen=True)
class Question:
    """One field of a mapping that is asked for.

    Parameters
    ----------
    field
        One of :data:`FIELDS`, also in ``words/import.LANGUAGE.toml`` as ``ask_FIELD``.
    guess
        The column that probably holds it, or None.
    """

    field: str
    guess: str | None


def mapping_asked(columns: Sequence[str] | Iterable[str]) -> tuple[Question, ...]:
    """Give the questions by which a mapping of these columns is made, each with a guess.

    Parameters
    ----------
    columns
        The columns of a spreadsheet.

    Returns
    -------
    tuple of Question
        One a field, in the order of :data:`FIELDS`; the answers make :class:`Mapped`.

    Examples
    --------
    >>> [q.guess for q in mapping_asked(["Created at", "User"])][:4]
    ['User', None, None, 'Created at']
    """
    by_name = {column.strip().lower().replace(" ", "_"): column for column in columns}
    return tuple(
        Question(name, next((by_name[guess] for guess in guesses if guess in by_name), None))
        for name, guesses in FIELDS.items()
    )
