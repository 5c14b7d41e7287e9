"""What a format is: how it is recognised, its columns, and one SELECT to the records of an import."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ambassador_net.words import say

Layout = Literal["lines", "array", "document", "csv", "study"]
Covers = Literal["owner", "timeline", "search"]

WHO = "STRUCT(id VARCHAR, handle VARCHAR, name VARCHAR)"
"""An account as an export names it: by id, by handle, or both."""

RECORD: Mapping[str, str] = {
    "platform": "VARCHAR",
    "aside": "VARCHAR",
    "kind": "VARCHAR",
    "post_id": "VARCHAR",
    "made_at": "TIMESTAMP",
    "made_at_latest": "TIMESTAMP",
    "author": WHO,
    "source": WHO,
    "original_id": "VARCHAR",
    "original_at": "TIMESTAMP",
    "reply_to": "VARCHAR",
    "reply_author": WHO,
    "mentioned": f"{WHO}[]",
    "followers": "DOUBLE",
    "content_id": "VARCHAR",
    "collection": "VARCHAR",
}
"""The columns of a record, the one shape that every SELECT gives (a column that is left out is not known).

``aside`` is the reason why the record is not taken; ``kind`` is ``repost``, ``quote``, ``reply`` or ``original``;
``made_at`` is UTC, and the beginning of an interval where ``made_at_latest`` is given.
"""

_MONTH, _YEAR = (28 * 86_400, 31 * 86_400), (365 * 86_400, 366 * 86_400)

# How networks write a distance in time: the word, and the shortest and longest length of the unit in seconds.
# "v" is a year in Finnish and a week in Swedish: written alone it may be either, and the interval spans both.
AGO_UNITS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("s", "sek", "sec", "second", "seconds", "sekuntia", "sekunti", "sekund", "sekunder"), (1, 1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuutti", "minuuttia", "minut", "minuter"), (60, 60)),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "t", "tunti", "tuntia", "tim", "timme", "timmar"), (3_600, 3_600)
    ),
    **dict.fromkeys(("d", "day", "days", "pv", "päivä", "päivää", "dag", "dagar"), (86_400, 86_400)),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "vk", "viikko", "viikkoa", "vecka", "veckor"), (604_800,) * 2),
    **dict.fromkeys(("mo", "mos", "month", "months", "kk", "kuukausi", "kuukautta", "mån", "månad", "månader"), _MONTH),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years", "vuosi", "vuotta", "år"), _YEAR),
    "v": (604_800, 366 * 86_400),
    "v sitten": _YEAR,
    "v sedan": (604_800, 604_800),
}

_AGO = "lower(trim(split_part(t, '•', 1)))"
_AGO_WORD = rf"regexp_extract({_AGO}, '^(?:för )?\d{{1,3}} ?(v sitten|v sedan|[a-zåäö]+)', 1)"
_AGO_N = rf"CAST(regexp_extract({_AGO}, '^(?:för )?(\d{{1,3}})', 1) AS INTEGER)"


def _ago_length(which: int, n: str) -> str:
    whens = " ".join(f"WHEN '{word}' THEN {n} * {lengths[which]}" for word, lengths in AGO_UNITS.items())
    return f"CASE {_AGO_WORD} {whens} END"


_OFFSET = r"' ?[+-]\d\d:?\d\d$'"
_BASE = f"try_cast(regexp_replace(t, {_OFFSET}, '') AS TIMESTAMP)"
_SHIFT = (
    r"CASE WHEN t[-5] IN ('+', '-') OR t[-6] IN ('+', '-') THEN "
    r"CAST(concat(if(t[-5] IN ('+', '-'), t[-5], t[-6]), '1') AS INTEGER) * "
    r"(CAST(regexp_extract(t, '[+-](\d\d):?\d\d$', 1) AS INTEGER) * 60 "
    r"+ CAST(regexp_extract(t, '[+-]\d\d:?(\d\d)$', 1) AS INTEGER)) ELSE 0 END"
)

# DuckDB's own zoned times need an extension; these need none. A time without an offset is UTC.
MACROS = (
    "filled(t) AS nullif(trim(t), '')",
    "digits(t) AS CASE WHEN regexp_full_match(t, '[0-9]{1,20}') THEN t END",
    rf"utc(t) AS CASE WHEN regexp_matches(t, {_OFFSET}) THEN {_BASE} - to_minutes({_SHIFT}) "
    "ELSE try_cast(t AS TIMESTAMP) END",
    "who(i, h, n) AS {'id': filled(i), 'handle': filled(ltrim(h, '@')), 'name': filled(n)}",
    # the same where an interface gives a number and a bare handle, at half the work
    "numbered(i, h, n) AS {'id': digits(i), 'handle': filled(h), 'name': filled(n)}",
    # a network rounds down: "2 weeks ago" is at least two and less than three
    f"ago_earliest(t, collected) AS collected - to_seconds({_ago_length(1, f'({_AGO_N} + 1)')})",
    f"ago_latest(t, collected) AS collected - to_seconds({_ago_length(0, _AGO_N)})",
    r"retweeted_handle(t) AS filled(regexp_extract(t, '^RT @([A-Za-z0-9_]{1,30})', 1))",
    r"status_handle(u) AS filled(regexp_extract(u, '^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([A-Za-z0-9_]{1,30})"
    r"/status(?:es)?/[0-9]{1,20}(?:[?#].*)?$', 1))",
    "is_post(u) AS contains(u, '/app.bsky.feed.post/')",
    "did_of(u) AS filled(regexp_extract(u, '^at://(did:[^/]+)/', 1))",
    # an actor as user@host, from the address of the actor or of one of its posts; else the address itself
    r"actor_of(u) AS CASE WHEN regexp_matches(u, '^https?://[^/]+/(?:@|users/)[^/?#@]+') THEN lower(regexp_replace(u, "
    r"'^https?://([^/]+)/(?:@|users/)([^/?#@]+).*$', '\2@\1')) ELSE filled(u) END",
    "fediverse(url, acct, name) AS who(actor_of(url), if(contains(acct, '@'), acct, actor_of(url)), name)",
    r"linkedin_page(u) AS filled(lower(url_decode(regexp_extract(u, "
    r"'linkedin\.com/((?:in|company|school|showcase)/[^/?#]+)', 1))))",
    r"linkedin_number(u) AS filled(regexp_extract(url_decode(u), "
    r"'urn:li:(?:activity|share|ugcPost):([0-9]{15,20})', 1))",
    # LinkedIn's ids carry the millisecond in which they were made
    "linkedin_time(n) AS make_timestamp((CAST(digits(n) AS UHUGEINT) // 4194304)::BIGINT * 1000)",
    r"status_id(u) AS filled(regexp_extract(u, '/status(?:es)?/([0-9]{1,20})', 1))",
)


@dataclass(frozen=True)
class Format:
    """One export format, declared.

    Parameters
    ----------
    name
        What it is called, also in ``words/import.LANGUAGE.toml``.
    needs
        Keys of a record (or columns of a table) by which it is recognised; ``a|b`` is one of several.
    select
        A SELECT from ``raw`` (and ``owner``, one row at most) to the columns of :data:`RECORD`.
    columns
        The columns of ``raw`` with their DuckDB types; a CSV's are text, so there it may be empty.
    covers
        Whose posts the file holds: of its ``owner``, a ``timeline`` (of its author, if there is one only), or
        whatever a ``search`` found.
    tabular
        Whether it is a table of cells, not JSON.
    script
        The names that the script ``window.YTD.NAME.part0 = …`` may assign, if it is one.
    beside
        A file beside it that names the owner: its name, and a SELECT from ``raw`` to ``id, handle, name``.
    beside_columns
        The columns of that file.
    owner
        A SELECT from ``raw`` to ``id, handle, name`` where no such file is there.
    listed
        A SELECT from ``raw`` to ``platform, id, handle, name``: accounts that the file names without posts.
    """

    name: str
    needs: tuple[str, ...]
    select: str
    columns: Mapping[str, str] = field(default_factory=dict)
    covers: Covers = "search"
    tabular: bool = False
    script: tuple[str, ...] = ()
    beside: tuple[str, str] | None = None
    beside_columns: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    listed: str | None = None

    def fits(self, keys: Iterable[str]) -> bool:
        """Whether a record with these keys, or a table with these columns, is of this format.

        Parameters
        ----------
        keys
            Names found.

        Returns
        -------
        bool
            True if all that it needs are there.
        """
        found = set(keys)
        return all(found & set(need.split("|")) for need in self.needs)

    def says(self, language: str) -> str:
        """Say what the format tells.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            One sentence.
        """
        return say(f"import.{self.name}_says", language)

    def lacks(self, language: str) -> str:
        """Say what the format cannot tell.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            One sentence.
        """
        return say(f"import.{self.name}_lacks", language)


def struct(**fields: str) -> str:
    """Write a DuckDB STRUCT type; a field without a type of its own is text.

    Parameters
    ----------
    **fields
        Types by name; an empty one is ``VARCHAR``.

    Returns
    -------
    str
        The type.
    """
    return "STRUCT({})".format(", ".join(f'"{name}" {kind or "VARCHAR"}' for name, kind in fields.items()))


def texts(names: str) -> dict[str, str]:
    """Name text fields.

    Parameters
    ----------
    names
        Names with spaces between.

    Returns
    -------
    dict of str
        Each with the type ``VARCHAR``.
    """
    return dict.fromkeys(names.split(), "VARCHAR")
