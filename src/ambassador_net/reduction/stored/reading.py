"""Read shares and posts of a stored study, some rows at a time, as numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ambassador_net.errors import SchemaError
from ambassador_net.reduction.checks import cells_of, check, source_of
from ambassador_net.reduction.stored.accounts import NO_TIME, Accounts, Numbering
from ambassador_net.reduction.stored.streamed import Bools, Moments, Numbers, Places
from ambassador_net.study.stored import StoredStudy, StoredTable

# rows at a time: a row group of a stored study
_BATCH = 8 * 122_880
_TIMES = ("shared_at", "shared_at_earliest", "shared_at_latest")


@dataclass(frozen=True, eq=False)
class Shares:
    """Some rows of the shares.

    Parameters
    ----------
    share_id
        Ids, as Arrow; length n.
    sharer, source
        Rows of the accounts, the number of accounts for a source that is not known; shape (n,).
    stratum
        Collection, by its place in the order of their names; shape (n,). None if there is but one.
    time, earliest, latest
        Microseconds since 1970, UTC, ``NO_TIME`` where it is not known; shape (n,).
    """

    share_id: Any
    sharer: Numbers
    source: Numbers
    stratum: Numbers | None
    time: Moments
    earliest: Moments
    latest: Moments


def _rows(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    name: str,
    columns: Mapping[str, Callable[[Mapping[str, str]], str]],
    told: Callable[[int], None],
) -> Iterator[dict[str, Any]]:
    """Read columns of a table in the order of its files, without the rows that do not count."""
    table = study.events[name]
    dropped = check(study, name, connection).dropped
    # what was checked when it was written is in the present spelling, and nothing in it is empty text
    cells = cells_of(table, as_written=study.trusted(name))
    selected = ", ".join(f"{expression(cells)} AS {column}" for column, expression in columns.items())
    reader = connection.sql(f"SELECT {selected} FROM {source_of(table)}").to_arrow_reader(_BATCH)  # noqa: S608
    begins = 0
    for batch in reader:
        ends = begins + batch.num_rows
        low, high = np.searchsorted(dropped, (begins, ends))
        told(batch.num_rows)
        if high > low:
            keep = np.ones(batch.num_rows, dtype=np.bool_)
            keep[dropped[low:high] - begins] = False
            batch = batch.filter(pa.array(keep))
        yield {column: batch.column(i) for i, column in enumerate(columns)}
        begins = ends


def collections_of(connection: duckdb.DuckDBPyConnection, table: StoredTable) -> list[str]:
    """Name the collections, in order; a share that names none is in the collection without a name.

    Parameters
    ----------
    connection
        DuckDB.
    table
        The shares.

    Returns
    -------
    list of str
        Their names.
    """
    cell = cells_of(table)["collection"]
    if cell.startswith("CAST(NULL"):
        return [""]
    found = connection.sql(f"SELECT DISTINCT coalesce({cell}, '') FROM {source_of(table)}").fetchall()  # noqa: S608
    return sorted(name for (name,) in found)


def _moments(column: Any) -> Moments:
    values = column.to_numpy(zero_copy_only=False).astype("datetime64[us]", copy=False)
    return np.asarray(values.view(np.int64))


def shares_of(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    numbers: Numbering,
    names: list[str],
    told: Callable[[int], None],
) -> Iterator[Shares]:
    """Read the shares that count, in the order of the files.

    Parameters
    ----------
    connection
        DuckDB.
    study
        The study.
    numbers
        Numbers of its accounts.
    names
        Its collections, in order.
    told
        Called with the rows read.

    Yields
    ------
    Shares
        Some rows.

    Raises
    ------
    SchemaError
        If a cell is refused, or an account is not known.
    """
    table = study.events["shares"]
    columns: dict[str, Callable[[Mapping[str, str]], str]] = {
        "share_id": itemgetter("share_id"),
        "sharer": lambda cells: numbers.column(cells["sharer_id"]),
        "source": lambda cells: numbers.column(cells["source_id"]),
    }
    columns |= {name: itemgetter(name) for name in _TIMES if name in table.columns and name not in table.unfilled}
    if len(names) > 1:
        columns["collection"] = lambda cells: f"hash(coalesce({cells['collection']}, ''))"
    hashes = np.array([connection.sql("SELECT hash(?)", params=[name]).fetchall()[0][0] for name in names], np.uint64)
    order = np.argsort(hashes)
    if len(np.unique(hashes)) < len(hashes):
        raise SchemaError("two collections cannot be told apart; rename one of them", path=table.place / table.name)
    for read in _rows(connection, study, "shares", columns, told):
        missing = np.full(len(read["share_id"]), NO_TIME)
        at, earliest, latest = (_moments(read[name]) if name in read else missing for name in _TIMES)
        stratum = None
        if "collection" in read:
            found = np.searchsorted(hashes, read["collection"].to_numpy(), sorter=order)
            stratum = order[found].astype(np.int32)
        yield Shares(
            share_id=read["share_id"],
            sharer=_known(numbers(read["sharer"]), study, "shares"),
            source=_known(numbers(read["source"]), study, "shares"),
            stratum=stratum,
            time=at,
            earliest=_filled_by(earliest, at),
            latest=_filled_by(latest, at),
        )


def _filled_by(end: Moments, at: Moments) -> Moments:
    missing = end == NO_TIME
    return np.where(missing, at, end) if missing.any() else end


def _known(number: Numbers, study: StoredStudy, name: str) -> Numbers:
    if len(number) and int(number.min()) < 0:
        raise SchemaError(
            "names an account that is not in accounts, though datapackage.json says that it was checked; store it anew",
            path=study.events[name].place / name,
        )
    return number


def posts_of(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    numbers: Numbering,
    accounts: Accounts,
    told: Callable[[int], None],
) -> tuple[Places, Moments, Bools]:
    """Read the posts that could have been shared inside a pair.

    Parameters
    ----------
    connection, study, numbers, told
        As in :func:`shares_of`.
    accounts
        What counts of each account.

    Returns
    -------
    tuple of numpy.ndarray
        Organisation or person of each post; its time; whether it is an organisation's. Shape (n,) each.

    Raises
    ------
    SchemaError
        As :func:`shares_of`.
    """
    units: list[Numbers] = [np.zeros(0, dtype=np.int32)]
    times: list[Moments] = [np.zeros(0, dtype=np.int64)]
    official: list[Bools] = [np.zeros(0, dtype=np.bool_)]
    if "posts" in study.events:
        columns: dict[str, Callable[[Mapping[str, str]], str]] = {
            "author": lambda cells: numbers.column(cells["author_id"]),
            "posted_at": itemgetter("posted_at"),
            "plain": lambda cells: f"{cells['kind']} <> 'repost'",
        }
        for read in _rows(connection, study, "posts", columns, told):
            author = _known(numbers(read["author"]), study, "posts")
            person, house = accounts.person.take(author), accounts.house.take(author)
            plain = np.asarray(read["plain"].to_numpy(zero_copy_only=False), dtype=np.bool_)
            used = np.flatnonzero(((person >= 0) | (house >= 0)) & plain)
            units.append(np.maximum(person, house)[used])
            times.append(_moments(read["posted_at"])[used])
            official.append(house[used] >= 0)
    return np.concatenate(units).astype(np.int64), np.concatenate(times), np.concatenate(official)
