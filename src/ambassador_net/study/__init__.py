"""A study: the tables of ``docs/study.md``, checked, with a ledger of what was read and set aside."""

import gzip
import html
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ambassador_net.errors import SchemaError
from ambassador_net.study.whole import (
    OLDER_FILES,
    PACKAGE,
    files_of,
    in_pieces,
    package_of,
    read_package,
    replacing,
)
from ambassador_net.study.whole import (
    REQUIRED_TABLES as REQUIRED_TABLES,
)

Persons = Literal["public", "private"]

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)? ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)")
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

# above this a table is written gzipped: a human still opens the small ones in any editor
_PLAIN_BYTES = 100_000
# tables are hashed and written so many rows at a time: as Python's text they are several times as large
_PIECE_ROWS = 50_000


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Its name in the present spelling.
    type
        ``"string"``, ``"datetime"``, ``"date"`` (a time that may be given as a day) or ``"number"``.
    required
        Whether the column must be in the file.
    filled
        Whether each of its cells must be filled.
    choices
        The only values that it may hold, if they are closed; the keys are accepted older spellings.
    older
        Its name in the older spelling.
    """

    name: str
    type: Literal["string", "datetime", "date", "number"] = "string"
    required: bool = False
    filled: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    older: str | None = None


def _choices(*values: str, **older: str) -> dict[str, str]:
    return {value: value for value in values} | older


def _must(name: str, **more: Any) -> Column:
    return Column(name, required=True, filled=True, **more)


TABLES: Mapping[str, tuple[Column, ...]] = {
    "accounts": (
        _must("account_id"),
        Column("holder_id"),
        _must("role", choices=_choices("organisation", "employee", "outside")),
        Column("organisation"),
        Column("platform"),
        _must(
            "observed",
            choices=_choices("full", "partial", "none", yes="full", no="none"),
            older="timeline_observed",
        ),
        Column("observed_from", "date"),
        Column("observed_to", "date"),
        Column("handle"),
        Column("name"),
        Column("basis", older="tie_basis"),
    ),
    "holders": (
        _must("holder_id"),
        _must("kind", choices=_choices("person", "organisation")),
        Column("name"),
        Column("time_zone"),
        Column("working_hours"),
        Column("unit"),
        Column("hours_reserved", "number"),
        Column("in_job_description", choices=_choices("yes", "no")),
    ),
    "affiliations": (
        _must("holder_id", older="person_id"),
        _must("organisation"),
        Column("valid_from", "date"),
        Column("valid_to", "date"),
        Column("basis"),
    ),
    "posts": (
        _must("post_id"),
        _must("author_id"),
        _must("posted_at", type="datetime"),
        _must("kind", choices=_choices("original", "reply", "repost", "quote", retweet="repost")),
        Column("reply_to"),
        Column("content_id"),
        Column("followers_at_post", "number"),
        Column("collection"),
    ),
    "shares": (
        _must("share_id"),
        Column("shared_at", "datetime"),
        Column("shared_at_earliest", "datetime"),
        Column("shared_at_latest", "datetime"),
        _must("sharer_id"),
        Column("source_id", required=True),
        _must("kind", choices=_choices("repost", "quote", retweet="repost")),
        Column("post_id"),
        Column("original_post_id"),
        Column("original_posted_at", "datetime"),
        Column("collection"),
    ),
    "mentions": (
        _must("post_id"),
        _must("author_id"),
        _must("mentioned_id"),
        _must("posted_at", type="datetime"),
        _must("kind", choices=_choices("mention", "reply")),
        Column("collection"),
    ),
}

# what stands once in a table, and what puts the rows of a table in time
UNIQUE = {"accounts": "account_id", "holders": "holder_id", "posts": "post_id", "shares": "share_id"}
EVENT_TIMES = {"posts": "posted_at", "shares": "shared_at_earliest", "mentions": "posted_at"}

ACCOUNT_COLUMNS = {
    "shares": ("sharer_id", "source_id"),
    "posts": ("author_id",),
    "mentions": ("author_id", "mentioned_id"),
}

# survey answers are the researcher's own questions: any number of columns, kept as text
_ANSWER = "answer_"


@dataclass(frozen=True)
class LedgerEntry:
    """What became of the rows of one table.

    Parameters
    ----------
    table
        The table of the study.
    file
        The file's name, or the table's where it came from memory.
    rows
        Rows in the file.
    used, repeated
        Rows taken, and identical rows beyond the first.
    set_aside
        Rows not taken, by reason.
    not_read
        Columns of the file that a study does not have.
    """

    table: str
    file: str
    rows: int
    used: int
    repeated: int
    set_aside: Mapping[str, int]
    not_read: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ledger:
    """Rows read = rows used + repeated + set aside, for each table of a study.

    Parameters
    ----------
    entries
        One entry a table, in the order of ``docs/study.md``.
    """

    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.rows != entry.used + entry.repeated + sum(entry.set_aside.values()):
                raise AssertionError(f"the ledger of {entry.file} does not add up")

    def summary(self) -> pd.DataFrame:
        """One row a table: rows, used, repeated, set aside and why.

        Returns
        -------
        pandas.DataFrame
            Columns ``table``, ``file``, ``rows``, ``used``, ``repeated``, ``set_aside``, ``reasons``.
        """
        return pd.DataFrame(
            [
                {
                    "table": e.table,
                    "file": e.file,
                    "rows": e.rows,
                    "used": e.used,
                    "repeated": e.repeated,
                    "set_aside": sum(e.set_aside.values()),
                    "reasons": "; ".join(f"{n} {reason}" for reason, n in sorted(e.set_aside.items())),
                }
                for e in self.entries
            ]
        )

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the entries as JSON-safe dictionaries.

        Returns
        -------
        list of dict
            One a table.
        """
        return [
            {
                "table": e.table,
                "file": e.file,
                "rows": e.rows,
                "used": e.used,
                "repeated": e.repeated,
                "set_aside": dict(sorted(e.set_aside.items())),
                "not_read": list(e.not_read),
            }
            for e in self.entries
        ]

    def __str__(self) -> str:
        return str(self.summary().to_string(index=False))

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False, border=0))


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """The tables of a study, checked and in one spelling.

    Parameters
    ----------
    accounts, holders, affiliations, posts, shares, mentions
        The tables of ``docs/study.md`` with all their columns; text as ``str``, times as UTC to the second,
        missing cells as missing. Each account has a ``holder_id``, and each share both ends of its interval.
    title
        What the study is called.
    made_up
        Whether the data are invented; every picture made from them says so.
    persons
        ``"public"`` if the researcher declares the persons public figures, else ``"private"``.
    description
        Anything else a reader must know.
    ledger
        What was read and set aside.
    """

    accounts: pd.DataFrame
    holders: pd.DataFrame
    affiliations: pd.DataFrame
    posts: pd.DataFrame
    shares: pd.DataFrame
    mentions: pd.DataFrame
    title: str
    made_up: bool
    persons: Persons
    description: str
    ledger: Ledger

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    @property
    def about(self) -> dict[str, Any]:
        """What its description says beside the tables: title, made_up, persons, description."""
        return {name: getattr(self, name) for name in ("title", "made_up", "persons", "description")}

    @property
    def shows_persons(self) -> bool:
        """Whether single persons may be shown: the data are made up or declared public."""
        return self.made_up or self.persons == "public"

    @property
    def sharers(self) -> "pd.Series[str]":
        """The accounts that shared anything, self-shares included; an account may stand here again."""
        return self.shares["sharer_id"]

    @property
    def window(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Time of the first and of the last share, or None if there is none."""
        if self.shares.empty:
            return None
        return self.shares["shared_at_earliest"].min(), self.shares["shared_at_latest"].max()

    def write(self, folder: str | Path, *, also: Mapping[str, str] | None = None) -> Path:
        """Write the study, whole or not at all; the same study gives the same bytes.

        Parameters
        ----------
        folder
            A new folder, an empty one, or one that holds a study (which is replaced; other files stay).
        also
            Texts by file name that are replaced together with the study, its ledger for example.

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        SchemaError
            If the folder holds something that is not a study.

        Notes
        -----
        The study is written into a hidden folder inside, and one renaming makes it the study that :func:`read` finds.
        Only then its files take the places of the old ones. A program killed at any moment leaves the old study or
        the new one, and the next writing finishes or clears away what was left.
        """
        with replacing(folder) as writing:
            filled = {n: table for n, table in self.tables.items() if len(table) or n in REQUIRED_TABLES}
            resources = [_write_table(writing, name, table) for name, table in filled.items()]
            for name, text in (also or {}).items():
                (writing / name).write_bytes(text.encode())
            (writing / PACKAGE).write_bytes(describe(self.about, resources).encode())
        return Path(folder)

    def __repr__(self) -> str:
        # the tables hold persons: a notebook shows the ledger, never rows by accident
        return f"<Study {self}>"

    def __str__(self) -> str:
        return (
            f"{self.title}: {len(self.accounts):,} accounts, {len(self.shares):,} shares"
            f"{', made up' if self.made_up else ''}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>{self.ledger._repr_html_()}"


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Go through a table row by row, each a named tuple.

    Parameters
    ----------
    table
        Any table.

    Yields
    ------
    tuple
        A row, with the columns as attributes.
    """
    # pandas cannot say what a cell holds; the schema does
    yield from table.itertuples(index=False)


def read(path: str | Path) -> Study:
    """Read a study from a folder.

    Parameters
    ----------
    path
        A folder as described in ``docs/study.md``, in the present or the older spelling.

    Returns
    -------
    Study
        The study with its ledger.

    Raises
    ------
    SchemaError
        If a required table or column is missing, or a table is not what ``docs/study.md`` says.

    Examples
    --------
    >>> study = read("data/example")
    >>> study.made_up
    True
    """
    folder = folder_of(path)
    tables, sources = gather(folder)
    return checked(tables, sources, read_package(package_of(folder)), title=folder.resolve().name)


def read_beside(path: str | Path, accounts: pd.DataFrame) -> Study:
    """Read a study whose events may name accounts of another study.

    Parameters
    ----------
    path
        Its folder, as for :func:`read`.
    accounts
        The accounts of the other study.

    Returns
    -------
    Study
        The study; behind its own accounts stand those of the other study that it does not hold itself.

    Raises
    ------
    SchemaError
        As :func:`read`.
    """
    folder = folder_of(path)
    tables, sources = gather(folder)
    own = tables["accounts"].rename(columns=lambda c: str(c).strip())
    if "account_id" in own.columns:
        own = own.rename(columns={str(c.older): c.name for c in TABLES["accounts"] if c.older in own.columns})
        others = _raw(accounts[~accounts["account_id"].isin(own["account_id"])])
        # in a CSV file times are text until they are checked
        timeless = [str(name) for name in others if name not in own or not _is_time(own[name])]
        as_text: dict[str, Any] = {name: _text(others[name]) for name in timeless}
        tables["accounts"] = pd.concat([own, others.assign(**as_text)], ignore_index=True)
    return checked(tables, sources, read_package(package_of(folder)), title=folder.resolve().name)


def from_tables(
    tables: Mapping[str, pd.DataFrame],
    *,
    title: str,
    made_up: bool = False,
    persons: Persons = "private",
    description: str = "",
) -> Study:
    """Make a study from tables in memory, with the same checks as from files.

    Parameters
    ----------
    tables
        By name (``accounts`` and ``shares`` at least), with the columns of ``docs/study.md``; times with a zone.
    title, made_up, persons, description
        As in :class:`Study`.

    Returns
    -------
    Study
        The study with its ledger.

    Raises
    ------
    SchemaError
        As :func:`read`.

    Examples
    --------
    >>> accounts = pd.DataFrame(
    ...     {"account_id": ["o", "e"], "role": ["organisation", "employee"],
    ...      "organisation": ["A", "A"], "observed": ["full", "full"]})
    >>> shares = pd.DataFrame(
    ...     {"share_id": ["1"], "shared_at": ["2025-03-03T08:00:00Z"], "sharer_id": ["e"],
    ...      "source_id": ["o"], "kind": ["repost"]})
    >>> print(from_tables({"accounts": accounts, "shares": shares}, title="One share"))
    One share: 2 accounts, 1 shares
    """
    unknown = set(tables) - set(TABLES)
    if unknown:
        raise SchemaError(f"no table is called {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    for name in REQUIRED_TABLES:
        if name not in tables:
            raise SchemaError(f"the table {name} is missing; a study needs accounts and shares")
    package = {"made_up": made_up, "persons": persons, "description": description, "title": title}
    raw = {name: _raw(tables[name]) for name in TABLES if name in tables}
    return checked(raw, {}, package, title=title)


# reading ---------------------------------------------------------------------------------------------


def folder_of(path: str | Path) -> Path:
    """Make sure that a study's folder is one.

    Parameters
    ----------
    path
        Where the study should be.

    Returns
    -------
    pathlib.Path
        The same.

    Raises
    ------
    SchemaError
        If it is no folder.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise SchemaError(f"{folder} is not a folder; a study is a folder with accounts and shares")
    return folder


def gather(folder: Path, names: Iterable[str] = TABLES) -> tuple[dict[str, pd.DataFrame], dict[str, Path]]:
    """Take the tables of a study into memory as they stand in its files, times apart as text.

    Parameters
    ----------
    folder
        The study's folder.
    names
        Which tables.

    Returns
    -------
    tuple of dict
        The tables that are there, by name, and where each came from.

    Raises
    ------
    SchemaError
        If a required table is missing, is there twice or cannot be read.
    """
    stored = in_pieces(folder, "shares")
    tables: dict[str, pd.DataFrame] = {}
    sources: dict[str, Path] = {}
    for name in names:
        for spelling in (name, OLDER_FILES.get(name)):
            files = files_of(folder, spelling) if spelling else []
            pieces = stored and bool(spelling) and in_pieces(folder, str(spelling))
            if len(files) > 1 and not pieces:
                raise SchemaError(f"{' and '.join(f.name for f in files)} are both there; keep one of them")
            if files:
                sources[name] = folder / str(spelling) if pieces else files[0]
                tables[name] = (
                    _read_parquet(name, files) if stored and files[0].suffix == ".parquet" else _read_raw(files[0])
                )
                break
        else:
            if name in REQUIRED_TABLES:
                raise SchemaError(
                    f"{folder.name} has no {name}.csv, {name}.csv.gz or {name}.parquet; "
                    "a study needs accounts and shares (docs/study.md)"
                )
    return tables, sources


def _read_parquet(table: str, files: Sequence[Path]) -> pd.DataFrame:
    from ambassador_net.study import parquet

    return _raw(parquet.rows(files, at_most=parquet.MOST_SHARES if table == "shares" else None))


def _read_raw(file: Path) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            return _raw(pd.read_parquet(file))
        return pd.read_csv(
            file,
            dtype="str",
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8-sig",
            skip_blank_lines=False,
            index_col=False,
            compression="gzip" if file.suffix == ".gz" else None,
        )
    except pd.errors.EmptyDataError:
        raise SchemaError("is empty; a table begins with a header line", path=file) from None
    except UnicodeError:
        raise SchemaError("is not UTF-8; save it as CSV in UTF-8", path=file) from None
    except pd.errors.ParserError as error:
        said = re.search(r"line (\d+)", str(error))
        raise SchemaError(
            "has a row with more cells than the header; quote cells that contain commas",
            path=file,
            line=int(said.group(1)) if said else None,
        ) from None
    except (OSError, EOFError, ValueError) as error:
        raise SchemaError(f"cannot be read ({type(error).__name__}); is the file whole?", path=file) from None


def _raw(table: pd.DataFrame) -> pd.DataFrame:
    """Bring a typed table to text but for its times, so that files and memory pass the same checks."""
    table = table.reset_index(drop=True)
    columns = {
        str(name): cells.dt.tz_convert("UTC").dt.floor("s").dt.as_unit("s") if _is_time(cells) else _text(cells)
        for name, cells in table.items()
    }
    return pd.DataFrame(columns, index=table.index)


def _is_time(cells: "pd.Series[Any]") -> bool:
    return isinstance(cells.dtype, pd.DatetimeTZDtype)


def _text(cells: "pd.Series[Any]") -> "pd.Series[str]":
    """Bring cells to text, empty ones to missing ones."""
    if isinstance(cells.dtype, pd.StringDtype):
        text = cells.astype("str")
    elif _is_time(cells):
        text = cells.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("str")
    else:
        # cell by cell is slow, and most columns of this kind are empty
        as_text = "{:.15g}".format if pd.api.types.is_float_dtype(cells.dtype) else str
        text = cells.dropna().map(as_text).astype("str").reindex(cells.index)
    empty = text == ""
    return text.mask(empty) if empty.any() else text


def _strangers(cells: "pd.Series[str]", known: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each cell is filled and none of the known ones; pandas goes through those it looks for one by one."""
    distinct = cells.dropna().drop_duplicates().astype("object")
    return cells.isin(distinct[~distinct.isin(known.astype("object"))])


def _repeated(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each cell stands in another row too; pandas' own way takes several times the memory of the cells."""
    pieces = [cells.iloc[start : start + _PIECE_ROWS] for start in range(0, len(cells), _PIECE_ROWS)]
    hashes = [pd.util.hash_pandas_object(piece, index=False, categorize=False) for piece in pieces]
    repeated: pd.Series[bool] = pd.concat([*hashes, pd.Series(dtype="uint64")]).duplicated(keep=False)
    # different cells may have one hash
    repeated[repeated] = cells[repeated].duplicated(keep=False)
    return repeated


class _Rows:
    """The rows of one table on their way from text to types, with what is set aside on the way."""

    def __init__(self, name: str, raw: pd.DataFrame, path: Path | None) -> None:
        self.name, self.path = name, path
        self.file = path.name if path else name
        self.rows = len(raw)
        self.repeated = 0
        self.set_aside: dict[str, int] = {}
        self.table, self.not_read = self._named(raw)

    def refuse(self, message: str, at: Any = None) -> SchemaError:
        # the header is line 1
        return SchemaError(message, path=self.path or self.name, line=None if at is None else at + 2)

    def _named(self, raw: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        raw = raw.rename(columns=lambda c: str(c).strip())
        taken, columns = set(), {}
        for column in TABLES[self.name]:
            found = next((n for n in (column.name, column.older) if n is not None and n in raw.columns), None)
            if found is None and column.required:
                raise self.refuse(f"has no column {column.name}; found {', '.join(map(str, raw.columns)) or 'none'}")
            if found is None:
                columns[column.name] = pd.Series(pd.NA, index=raw.index, dtype="str")
            else:
                taken.add(found)
                timeless = column.type not in ("datetime", "date")
                columns[column.name] = _text(raw[found]) if timeless and _is_time(raw[found]) else raw[found]
        if self.name == "holders":
            answers = [c for c in raw.columns if c.startswith(_ANSWER)]
            taken |= set(answers)
            columns |= {c: _text(raw[c]) for c in answers}
        return pd.DataFrame(columns), tuple(c for c in raw.columns if c not in taken)

    def drop(self, mask: "pd.Series[bool]", reason: str) -> None:
        n = int(mask.sum())
        if n:
            self.set_aside[reason] = self.set_aside.get(reason, 0) + n
            self.table = self.table[~mask]

    def check(self) -> None:
        """Check cells, bring them to their types and take each row once."""
        for column in TABLES[self.name]:
            cells = self.table[column.name]
            if column.choices:
                wrong = cells.notna() & ~cells.isin(list(column.choices))
                if wrong.any():
                    at = wrong.idxmax()
                    # the cell itself is not repeated: in a shifted row it may be a name
                    raise self.refuse(
                        f"{column.name} must be one of {', '.join(dict.fromkeys(column.choices.values()))}",
                        at,
                    )
                older = [spelling for spelling, present in column.choices.items() if spelling != present]
                if older and cells.isin(older).any():
                    self.table[column.name] = cells.map(column.choices).astype("str")
        key = UNIQUE.get(self.name)
        # rows that are the same have the same id, so seldom must all be compared
        alike = self.table if key is None else self.table[_repeated(self.table[key])]
        twice = alike.index[alike.duplicated()]
        self.repeated = len(twice)
        if self.repeated:
            self.table = self.table.drop(index=twice)
        for column in TABLES[self.name]:
            if column.filled:
                self.drop(self.table[column.name].isna(), f"{column.name} is empty")
        for column in TABLES[self.name]:
            if column.type in ("datetime", "date"):
                self._times(column)
            elif column.type == "number":
                self._numbers(column)
        if key is not None and len(alike):
            again = self.table[key][self.table.index.isin(alike.index)].duplicated()
            if self.name == "accounts" and again.any():
                raise self.refuse("account_id stands here again with other content", again.idxmax())
            self.drop(again.reindex(self.table.index, fill_value=False), "id used before with other content")

    def _times(self, column: Column) -> None:
        cells = self.table[column.name]
        if _is_time(cells):
            return
        text = cells.str.strip()
        given = text.notna()
        zoned = given & text.str.fullmatch(_TIME).fillna(False).astype(bool)
        if column.type == "date":
            days = given & text.str.fullmatch(_DAY).fillna(False).astype(bool)
            text = text.where(~days, text + "T00:00:00Z")
            zoned |= days
        local = given & ~zoned & text.str.fullmatch(_LOCAL_TIME).fillna(False).astype(bool)
        if local.any():
            raise self.refuse(f"{column.name} has no zone; write for example 2026-03-02T07:15:00Z", local.idxmax())
        times = pd.to_datetime(text.where(zoned), utc=True, format="ISO8601", errors="coerce").dt.as_unit("s")
        self.table[column.name] = times
        self.drop(given & times.isna(), f"{column.name} is not a time")

    def _numbers(self, column: Column) -> None:
        cells = self.table[column.name]
        numbers = pd.to_numeric(cells, errors="coerce").astype("Float64")
        wrong = cells.notna() & (numbers.isna() | ~numbers.abs().lt(1e15).fillna(False))
        if wrong.any():
            raise self.refuse(f"{column.name} is not a number", wrong.idxmax())
        self.table[column.name] = numbers

    def entry(self) -> LedgerEntry:
        return LedgerEntry(
            self.name,
            self.file,
            self.rows,
            len(self.table),
            self.repeated,
            self.set_aside,
            self.not_read,
        )


def checked(
    raw: Mapping[str, pd.DataFrame], sources: Mapping[str, Path], package: Mapping[str, Any], *, title: str
) -> Study:
    """Check tables and bring them to their types.

    Parameters
    ----------
    raw
        The tables as :func:`gather` gives them.
    sources
        Where each came from, if from a file.
    package
        The study's description.
    title
        What the study is called if its description does not say.

    Returns
    -------
    Study
        The study with its ledger.

    Raises
    ------
    SchemaError
        If a table is not what ``docs/study.md`` says.
    """
    older_people = raw["holders"] if "holders" in raw and "person_id" in raw["holders"].columns else None
    rows: dict[str, _Rows] = {}
    for name in TABLES:
        table = raw.get(name)
        if name == "holders" and older_people is not None:
            table = _holders_of_people(older_people)
        if table is None:
            table = pd.DataFrame(columns=[c.name for c in TABLES[name]], dtype="str")
        rows[name] = _Rows(name, table, sources.get(name))
        rows[name].check()
    if rows["accounts"].table.empty:
        raise rows["accounts"].refuse("has no row; a study needs at least one account")
    _hold(rows["accounts"], older_people)
    _tie(rows, given="affiliations" in raw)
    _place_in_time(rows["shares"])
    known = rows["accounts"].table["account_id"]
    for name, columns in ACCOUNT_COLUMNS.items():
        for column in columns:
            cells = rows[name].table[column]
            rows[name].drop(_strangers(cells, known), f"{column} is not in accounts")
    entries = [r.entry() for name, r in rows.items() if name in raw]
    if older_people is not None:
        entries = [_entry_of_people(e, older_people) if e.table == "holders" else e for e in entries]
    tables = {name: r.table.reset_index(drop=True) for name, r in rows.items()}
    return Study(
        **tables,
        title=str(package.get("title") or title),
        made_up=bool(package.get("made_up", False)),
        persons=package.get("persons", "private"),
        description=str(package.get("description") or ""),
        ledger=Ledger(tuple(entries)),
    )


def _holders_of_people(people: pd.DataFrame) -> pd.DataFrame:
    """Bring the older ``people.csv``, one row an account, to one row a holder."""
    one = people.dropna(subset="person_id").drop_duplicates("person_id")
    return pd.DataFrame({"holder_id": one["person_id"], "kind": "person", "name": one.get("name", pd.NA)}).reset_index(
        drop=True
    )


def _entry_of_people(holders: LedgerEntry, people: pd.DataFrame) -> LedgerEntry:
    """Count the older ``people.csv`` by its own rows: each names the holder of one account."""
    repeated = int(people.duplicated().sum())
    aside = {"person_id is empty": n} if (n := int(people["person_id"].isna().sum())) else {}
    rows = len(people)
    return replace(holders, rows=rows, used=rows - repeated - n, repeated=repeated, set_aside=aside, not_read=())


def _hold(accounts: _Rows, people: pd.DataFrame | None) -> None:
    """Give each account its holder."""
    table = accounts.table
    official = table["role"] == "organisation"
    nameless = official & table["organisation"].isna()
    accounts.drop(nameless, "organisation is empty")
    table, official = accounts.table, official[~nameless]
    holder = table["holder_id"]
    if people is not None:
        person_of = people.dropna(subset="account_id").drop_duplicates("account_id")
        holder = holder.fillna(table["account_id"].map(person_of.set_index("account_id")["person_id"]))
    holder = holder.fillna(table["organisation"].where(official)).fillna(table["account_id"])
    accounts.table = table.assign(holder_id=holder.astype("str"))
    kinds = official.groupby(accounts.table["holder_id"]).nunique()
    both = accounts.table["holder_id"].isin(kinds[kinds > 1].index)
    if both.any():
        raise accounts.refuse(
            "one holder_id holds an official and a personal account; give the person an id of their own",
            both.idxmax(),
        )


def _tie(rows: Mapping[str, _Rows], *, given: bool) -> None:
    """Check the affiliations, or take them from the accounts where there is no such table."""
    accounts, spells = rows["accounts"].table, rows["affiliations"]
    persons = accounts[accounts["role"] == "employee"]
    if given:
        spells.drop(_strangers(spells.table["holder_id"], persons["holder_id"]), "holder_id has no account")
        ends = spells.table["valid_to"] < spells.table["valid_from"]
        spells.drop(ends, "spell ends before it begins")
        return
    tied = persons[persons["organisation"].notna()]
    spells.table = (
        spells.table.reindex(tied.index)
        .assign(holder_id=tied["holder_id"], organisation=tied["organisation"], basis=tied["basis"])
        .drop_duplicates(["holder_id", "organisation"])
    )


def _place_in_time(shares: _Rows) -> None:
    """Give each share both ends of the interval in which it was made."""
    table = shares.table
    known = table["shared_at"]
    earliest, latest = table["shared_at_earliest"].fillna(known), table["shared_at_latest"].fillna(known)
    shares.table = table.assign(shared_at_earliest=earliest, shared_at_latest=latest)
    shares.drop(earliest.isna() | latest.isna(), "shared_at is empty")
    table = shares.table
    shares.drop(table["shared_at_latest"] < table["shared_at_earliest"], "interval ends before it begins")


# writing ---------------------------------------------------------------------------------------------


def _write_table(folder: Path, name: str, table: pd.DataFrame) -> dict[str, Any]:
    filled = table.notna()
    if name == "shares":
        # a share known to the second needs no interval in the file
        filled.loc[filled["shared_at"], ["shared_at_earliest", "shared_at_latest"]] = False
    keep = [c for c in table.columns if filled[c].any() or _column(name, c).required]
    file = f"{name}.csv"
    with (folder / file).open("wb") as stream:
        for start in range(0, len(table) or 1, _PIECE_ROWS):
            piece = table.iloc[start : start + _PIECE_ROWS][keep]
            text = piece.where(filled.loc[piece.index, keep]).apply(_text)
            text.to_csv(stream, index=False, header=not start, lineterminator="\n", encoding="utf-8")
    if (folder / file).stat().st_size > _PLAIN_BYTES:
        plain, file = folder / file, f"{file}.gz"
        with (
            plain.open("rb") as stream,
            (folder / file).open("wb") as target,
            gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=6, mtime=0) as packed,
        ):
            shutil.copyfileobj(stream, packed, 1 << 20)
        plain.unlink()
    return {
        "name": name,
        "path": file,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **({"compression": "gz"} if file.endswith(".gz") else {}),
        "schema": schema_of(name, keep),
    }


def _column(table: str, name: str) -> Column:
    return next((c for c in TABLES[table] if c.name == name), Column(name))


def schema_of(table: str, columns: Iterable[str]) -> dict[str, Any]:
    """Describe the columns of a table as a Frictionless table schema.

    Parameters
    ----------
    table
        The table.
    columns
        Its columns.

    Returns
    -------
    dict
        Names, types, constraints and the key.
    """
    fields = []
    for name in columns:
        column = _column(table, name)
        constraints: dict[str, Any] = {}
        if column.filled:
            constraints["required"] = True
        if column.choices:
            constraints["enum"] = list(dict.fromkeys(column.choices.values()))
        described: dict[str, Any] = {
            "name": name,
            "type": "datetime" if column.type == "date" else column.type,
        }
        if constraints:
            described["constraints"] = constraints
        fields.append(described)
    return {"fields": fields, **({"primaryKey": UNIQUE[table]} if table in UNIQUE else {})}


def describe(about: Mapping[str, Any], resources: list[dict[str, Any]]) -> str:
    """Describe a study for those who find its folder.

    Parameters
    ----------
    about
        ``title``, ``made_up``, ``persons`` and ``description``, as in :class:`Study`.
    resources
        Its files.

    Returns
    -------
    str
        The text of a Frictionless ``datapackage.json``.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", about["title"].lower()).strip("-") or "study"
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": slug,
        "title": about["title"],
        **({"description": about["description"]} if about["description"] else {}),
        "made_up": about["made_up"],
        "persons": about["persons"],
        "resources": resources,
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"
