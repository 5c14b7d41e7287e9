"""A stored study as it lies on disk: accounts in memory, posts, shares and mentions as the files that hold them."""

import hashlib
import html
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.errors import SchemaError
from ambassador_net.study import EVENT_TIMES, TABLES, UNIQUE, Ledger, Persons, Study, checked, folder_of, gather, read
from ambassador_net.study.parquet import MOST_SHARES
from ambassador_net.study.whole import files_of, in_pieces, package_of, read_package


@dataclass(frozen=True, eq=False)
class StoredTable:
    """A table of events in Parquet files.

    Parameters
    ----------
    name
        ``posts``, ``shares`` or ``mentions``.
    place
        The study's folder.
    files
        The files, in the order of their rows.
    rows
        Rows of each file.
    columns
        Columns of ``docs/study.md`` that the files have.
    unfilled
        Those of them in which no cell is filled.
    not_read
        Columns that a study does not have.
    listed
        What the study's description says of each file.
    """

    name: str
    place: Path
    files: tuple[Path, ...]
    rows: tuple[int, ...]
    columns: tuple[str, ...]
    unfilled: frozenset[str]
    not_read: tuple[str, ...]
    listed: tuple[Mapping[str, Any], ...]

    def __len__(self) -> int:
        return sum(self.rows)

    @property
    def listed_as_written(self) -> bool:
        """Whether each file is listed as one whose rows were checked, and is as long as it was then."""
        return all(
            isinstance(entry.get("accounts"), int)
            and (self.name not in UNIQUE or entry.get("unique") is True)
            and file.stat().st_size == entry.get("bytes")
            for file, entry in zip(self.files, self.listed, strict=True)
        )

    def part(self, number: int) -> "StoredTable":
        """Give one file of the table as a table.

        Parameters
        ----------
        number
            Its place among the files.

        Returns
        -------
        StoredTable
            With the rows of that file.
        """
        here = slice(number, number + 1)
        return replace(self, files=self.files[here], rows=self.rows[here], listed=self.listed[here])

    @cached_property
    def as_written(self) -> bool:
        """Whether each file is the one that was listed when its rows were checked, so that they need not be again."""
        return self.listed_as_written and _unchanged(self.files, self.listed)


def _unchanged(files: tuple[Path, ...], listed: tuple[Mapping[str, Any], ...]) -> bool:
    if any(file.stat().st_size != entry.get("bytes") for file, entry in zip(files, listed, strict=True)):
        return False
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_hash, files)) == [entry.get("hash") for entry in listed]


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


@dataclass(frozen=True)
class Seen:
    """What only counting tells of a stored study.

    Parameters
    ----------
    window
        Time of the first and of the last share, or None if there is none.
    sharers
        The accounts that shared anything, self-shares included.
    """

    window: tuple[pd.Timestamp, pd.Timestamp] | None
    sharers: "pd.Series[str]"


@dataclass(frozen=True, eq=False, repr=False)
class StoredStudy:
    """A study whose events stay in their files.

    Parameters
    ----------
    accounts, holders, affiliations
        As in :class:`ambassador_net.study.Study`.
    events
        ``posts``, ``shares`` and ``mentions`` by name, those that are there.
    title, made_up, persons, description
        As in :class:`ambassador_net.study.Study`.
    ledger
        What was read and set aside of accounts, holders and affiliations.
    memory
        Bytes that counting may take, or None.
    accounts_as_written
        Whether the accounts are those that the events were checked against.
    seen
        What counting told; None before.
    """

    accounts: pd.DataFrame
    holders: pd.DataFrame
    affiliations: pd.DataFrame
    events: Mapping[str, StoredTable]
    title: str
    made_up: bool
    persons: Persons
    description: str
    ledger: Ledger
    memory: int | None = None
    accounts_as_written: bool = False
    seen: Seen | None = None

    @property
    def shows_persons(self) -> bool:
        """Whether single persons may be shown: the data are made up or declared public."""
        return self.made_up or self.persons == "public"

    @property
    def window(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Time of the first and of the last share, once they are counted."""
        return self._counted.window

    @property
    def sharers(self) -> "pd.Series[str]":
        """The accounts that shared anything, self-shares included, once they are counted."""
        return self._counted.sharers

    @property
    def _counted(self) -> Seen:
        if self.seen is None:
            raise AssertionError("a stored study knows its window and its sharers only once it is counted")
        return self.seen

    def trusted(self, table: str) -> bool:
        """Whether the rows of a table were checked when they were written, and are still those.

        Parameters
        ----------
        table
            The table.

        Returns
        -------
        bool
            True if no row is repeated, incomplete or by an account that is not in ``accounts``.
        """
        return self.accounts_as_written and self.events[table].as_written

    def __repr__(self) -> str:
        return f"<StoredStudy {self}>"

    def __str__(self) -> str:
        return (
            f"{self.title}: {len(self.accounts):,} accounts, {len(self.events['shares']):,} shares in files"
            f"{', made up' if self.made_up else ''}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"


AnyStudy = Study | StoredStudy


def open_study(path: str | Path, *, memory: int | None = None, at_most: int = MOST_SHARES) -> AnyStudy:
    """Read a study into memory, or, where it is stored and has many shares, leave its events in their files.

    Parameters
    ----------
    path
        A folder as described in ``docs/study.md``.
    memory
        Bytes that counting a stored study may take; by default what the machine has free.
    at_most
        Shares that are taken into memory.

    Returns
    -------
    Study or StoredStudy
        Both can be counted; the events of the second never are in memory as a whole.

    Raises
    ------
    SchemaError
        As :func:`ambassador_net.study.read`; and if a column of a stored table has another type than
        ``docs/study.md`` says.

    Examples
    --------
    >>> open_study("data/example").made_up
    True
    """
    folder = folder_of(path)
    if not in_pieces(folder, "shares"):
        return read(folder)
    package = read_package(package_of(folder))
    resources = package.get("resources", ())
    listed = {folder / str(entry["path"]): entry for entry in resources if isinstance(entry, dict) and "path" in entry}
    shares = _table(folder, "shares", listed)
    if len(shares) <= at_most:
        return read(folder)
    events = {
        name: shares if name == "shares" else _table(folder, name, listed)
        for name in EVENT_TIMES
        if name == "shares" or in_pieces(folder, name)
    }
    raw, sources = gather(folder, [name for name in TABLES if name not in EVENT_TIMES])
    small = checked(raw, sources, package, title=folder.resolve().name)
    files = tuple(files_of(folder, "accounts"))
    return StoredStudy(
        accounts=small.accounts,
        holders=small.holders,
        affiliations=small.affiliations,
        events=events,
        title=small.title,
        made_up=small.made_up,
        persons=small.persons,
        description=small.description,
        ledger=small.ledger,
        memory=memory,
        accounts_as_written=_unchanged(files, tuple(listed.get(file, {}) for file in files)),
    )


def _table(folder: Path, name: str, listed: Mapping[Path, Mapping[str, Any]]) -> StoredTable:
    files = tuple(files_of(folder, name))
    try:
        footers = [pq.ParquetFile(file) for file in files]
    except (OSError, pa.ArrowException) as error:
        raise SchemaError(f"cannot be read ({type(error).__name__}); is the file whole?", path=folder / name) from None
    known = {column.name: column for column in TABLES[name]}
    types: dict[str, list[Any]] = {}
    for footer in footers:
        for field in footer.schema_arrow:
            types.setdefault(field.name, []).append(field.type)
    for column in known.values():
        if column.required and len(types.get(column.name, ())) < len(files):
            raise SchemaError(f"has no column {column.name} in some of its files", path=folder / name)
        fits = {"string": _is_text, "number": _is_number}.get(column.type, _is_time)
        if not all(fits(kind) or pa.types.is_null(kind) for kind in types.get(column.name, ())):
            raise SchemaError(
                f"{column.name} must be a {column.type} (times in UTC, without a zone); store the study anew",
                path=folder / name,
            )
    columns = tuple(column for column in known if column in types)
    return StoredTable(
        name=name,
        place=folder,
        files=files,
        rows=tuple(footer.metadata.num_rows for footer in footers),
        columns=columns,
        unfilled=frozenset(
            column for column in columns if all(_unfilled(footer.metadata, column) for footer in footers)
        ),
        not_read=tuple(column for column in types if column not in known),
        listed=tuple(listed.get(file, {}) for file in files),
    )


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_time(kind: Any) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz is None)


def _unfilled(metadata: Any, column: str) -> bool:
    """Whether a file says that no cell of a column is filled, or has no such column."""
    places = [i for i in range(metadata.num_columns) if metadata.schema.column(i).path == column]
    for place in places:
        for group in range(metadata.num_row_groups):
            chunk = metadata.row_group(group).column(place)
            if chunk.statistics is None or chunk.statistics.null_count != chunk.num_values:
                return False
    return True
