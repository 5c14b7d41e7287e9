"""Count a stored study in one pass over its files: ids become numbers at once, and numbers are all that is kept.

DuckDB reads the columns and hashes the ids, a vector at a time and a dictionary's word once; an account's number stands
at its hash in a table. What the study comes to is then added up in arrays of the accounts, so that nothing is sorted,
joined or grouped by text, and memory does not grow with the number of shares.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.errors import AmbassadorError, SchemaError
from ambassador_net.reduction import checks
from ambassador_net.reduction.checks import cells_of, check, source_of
from ambassador_net.reduction.duckdb import run as run_sql
from ambassador_net.reduction.exchange import to_frame
from ambassador_net.reduction.kept import Kept, written
from ambassador_net.reduction.out_of_core import connected
from ambassador_net.reduction.statements import statements
from ambassador_net.study.stored import StoredStudy, StoredTable

Numbers = npt.NDArray[np.int32]
Seconds = npt.NDArray[np.int64]
Moments = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Progress = Callable[[int, int], None]

MOST_SHUFFLED = 10_000_000
"""Shares above which the null models are not shuffled: a thousand shuffles of more take the better part of an hour."""

# what a share takes while it is shuffled, as measured; and an account while it is counted, and in each collection
_BYTES_TO_SHUFFLE = 250
_BYTES_AN_ACCOUNT, _BYTES_A_COUNTER = 200, 8

# rows at a time: a row group of a stored study
_BATCH = 8 * 122_880
_TIMES = ("shared_at", "shared_at_earliest", "shared_at_latest")
_MICROSECONDS = 1_000_000
# times are counted in microseconds, as they are read; a missing one is the smallest number
_NO_TIME = int(np.iinfo(np.int64).min)
_ALWAYS = (_NO_TIME, int(np.iinfo(np.int64).max))
# hashes have their place in a table with so many places for each account; the few that lost theirs are searched
_PLACES_AN_ACCOUNT = 32
_FEWEST_BITS, _MOST_BITS = 12, 26
# exchanges inside houses are counted together as soon as there are so many
_UNCOUNTED = 1 << 22
# with more sets of houses, all that have a house at all are looked at
_MOST_SETS = 4096

# what is kept of the sums of a part
_SUMS = ("sums_by_collection", "sums_by_account", "sums_inside", "exchanges")
_OF_EXCHANGE = ("sharer", "source", "stratum", "at", "earliest", "latest")
_TEXTS = {"collection", "share_id", "holder", "organisation"}

OUTSIDE, PERSON, OFFICIAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class ShareColumns:
    """Shares that are no self-shares and whose source is known, in the order of the files.

    Parameters
    ----------
    sharer, source
        Rows of the accounts; shape (n,).
    stratum
        Collection, by its place in the order of their names; shape (n,).
    earliest, latest
        When it was made, in seconds since 1970, UTC; shape (n,).
    """

    sharer: Numbers
    source: Numbers
    stratum: Numbers
    earliest: Seconds
    latest: Seconds

    def __len__(self) -> int:
        return len(self.sharer)


@dataclass(frozen=True, eq=False)
class Inside:
    """How often two who have, or had, a house in common shared each other; by holder, official accounts each its own.

    Parameters
    ----------
    sharer, source
        Row of the holder's first account; shape (m,).
    stratum
        As in :class:`ShareColumns`; shape (m,).
    shares
        How often; shape (m,).
    """

    sharer: Places
    source: Places
    stratum: Places
    shares: Places


@dataclass(frozen=True, eq=False)
class Streamed:
    """What is left of a stored study for its null models, once it is counted.

    Parameters
    ----------
    strength_out, strength_in
        Shares made and received inside each collection, self-shares apart; shape (collections, accounts).
    inside
        Shares of those who have a house in common.
    window
        Earliest and latest time of a share that is no self-share and has a known source, or None.
    shares
        The shares themselves, where they are few enough to be shuffled.
    """

    strength_out: Numbers
    strength_in: Numbers
    inside: Inside
    window: tuple[int, int] | None
    shares: ShareColumns | None


@dataclass(frozen=True, eq=False)
class Counted:
    """A stored study, counted: tables as :func:`ambassador_net.reduction.duckdb.run` gives them, and the rest.

    Parameters
    ----------
    tables
        ``totals``, ``strengths``, ``dyad_events``, ``pairs`` and ``collections`` by name.
    streamed
        What the null models need.
    sharers
        The accounts that shared anything.
    """

    tables: Mapping[str, pd.DataFrame]
    streamed: Streamed
    sharers: "pd.Series[str]"


def run(study: StoredStudy, spells: pd.DataFrame, *, progress: Progress | None = None) -> Counted:
    """Count a stored study.

    Parameters
    ----------
    study
        The study.
    spells
        The affiliations that count.
    progress
        Called with the rows done and their number.

    Returns
    -------
    Counted
        The same tables as the statements of ``reduction.sql`` give, but for ``edges`` and ``strengths_by_day``, which
        only :func:`ambassador_net.reduction.files.write_table` makes.

    Raises
    ------
    SchemaError
        If a cell is refused.
    """
    posts = study.events.get("posts")
    total = len(study.events["shares"]) + (0 if posts is None else len(posts))
    done = 0

    def told(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, total)

    with connected(study.memory) as connection:
        accounts = _Accounts(study.accounts, spells)
        numbers = _Numbering(connection, study.accounts["account_id"])
        sums = _sums(connection, study, spells, accounts, numbers, told)
        opportunities = accounts.ties.posts_there_were(_posts(connection, study, numbers, accounts, told))
    tables = sums.tables(study.accounts["account_id"])
    plan = [(name, text) for name, text in statements("reduction.sql") if name in ("sides", "pairs")]
    given = {
        "accounts": study.accounts,
        "affiliations": spells,
        "dyad_events": tables["dyad_events"],
        "opportunities": opportunities,
    }
    tables["pairs"] = run_sql(plan, given, {"pairs": ("organisation", "holder_id")})["pairs"]
    sharers = study.accounts["account_id"][sums.shared_anything[:-1]].reset_index(drop=True)
    return Counted(tables, sums.streamed(), sharers)


def _sums(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    spells: pd.DataFrame,
    accounts: "_Accounts",
    numbers: "_Numbering",
    told: Callable[[int], None],
) -> "_Sums":
    """Add up all shares; of a study with more than are ever shuffled, only those of parts that are new."""
    shares = study.events["shares"]
    names = _collections(connection, shares)
    _require_room(study, len(names))
    shuffled = _may_shuffle(study)
    if not shuffled and study.accounts_as_written and shares.listed_as_written:
        found = _sums_of_parts(connection, study, spells, accounts, numbers, told)
        if found is not None:
            return found
    sums = _Sums(accounts, names, keep=len(shares) if shuffled else None)
    for share in _shares(connection, study, numbers, sums.names, told):
        sums.add(share)
    return sums


def _may_shuffle(study: StoredStudy) -> bool:
    """Whether the shares are few enough to be shuffled, in this time and in this memory."""
    shares = len(study.events["shares"])
    return shares <= MOST_SHUFFLED and (study.memory is None or shares * _BYTES_TO_SHUFFLE <= study.memory)


def _require_room(study: StoredStudy, collections: int) -> None:
    """Refuse to begin what could not be held: the counters of the accounts cannot be put anywhere else."""
    needed = len(study.accounts) * (_BYTES_AN_ACCOUNT + _BYTES_A_COUNTER * collections)
    if study.memory is not None and needed > study.memory / 2:
        raise AmbassadorError(
            f"counting {len(study.accounts):,} accounts in {collections:,} collections takes about "
            f"{2 * needed / 1e9:.1f} GB; give it with --memory"
        )


def _sums_of_parts(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    spells: pd.DataFrame,
    accounts: "_Accounts",
    numbers: "_Numbering",
    told: Callable[[int], None],
) -> "_Sums | None":
    """Add up what is kept of each part, counting those of which nothing is; None if one is not as it was written."""
    shares = study.events["shares"]
    kept = Kept(shares.place, study.accounts, spells)
    # what is kept is counted by this very file
    how = resources.files("ambassador_net.reduction").joinpath("stored.py").read_text("utf-8")
    sums: list[dict[str, pa.Table]] = []
    for number, part in enumerate(kept.parts("shares")):
        key = kept.key(part, how, "ever")
        if all(kept.has(name, part, key) for name in _SUMS):
            sums.append({name: pq.read_table(kept.file(name, part)) for name in _SUMS})
            told(shares.rows[number])
            continue
        one = replace(study, events={"shares": shares.part(number)})
        if not one.trusted("shares"):
            return None
        of_part = _Sums(accounts, _collections(connection, one.events["shares"]))
        for share in _shares(connection, one, numbers, of_part.names, told):
            of_part.add(share)
        sums.append(of_part.kept())
        # where nothing may be written, it is counted again the next time
        with suppress(OSError):
            for name, table in sums[-1].items():
                with written(kept.file(name, part)) as file:
                    pq.write_table(table.replace_schema_metadata({"key": key}), file, compression="zstd")
    names = sorted({name for one in sums for name in one["sums_by_collection"]["collection"].to_pylist()})
    total = _Sums(accounts, names)
    for one_part in sums:
        total.take(one_part)
    return total


# accounts as numbers ---------------------------------------------------------------------------------


class _Numbering:
    """Finds the number of an account, its row, by the hash of its id; by the id where two hashes are the same."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ids: "pd.Series[str]") -> None:
        self.n = len(ids)
        self._ids = ids
        connection.register("ids_of_accounts", pa.table({"id": pa.array(ids, pa.string())}))
        rows = connection.sql(f"SELECT {checks.HASH.format('id')} AS h FROM ids_of_accounts").to_arrow_table()  # noqa: S608
        self._missing = np.uint64(connection.sql(f"SELECT {checks.HASH.format('NULL::VARCHAR')}").fetchall()[0][0])
        hashes = rows.column(0).to_numpy().astype(np.uint64, copy=False)
        self._order = np.argsort(hashes, kind="stable").astype(np.int32)
        self._sorted = hashes[self._order]
        self.by_hash = bool((self._sorted[1:] != self._sorted[:-1]).all()) and self._missing not in hashes
        if not self.by_hash:
            self._index = pd.Index(ids)
            return
        bits = int(np.clip(np.ceil(np.log2(max(self.n, 1) * _PLACES_AN_ACCOUNT)), _FEWEST_BITS, _MOST_BITS))
        self._shift = np.uint64(64 - bits)
        self._table = np.full(1 << bits, self.n, dtype=np.int32)
        self._table[hashes >> self._shift] = np.arange(self.n, dtype=np.int32)
        # the last stands for a missing id
        self._hashes = np.append(hashes, self._missing)

    def column(self, cell: str) -> str:
        """Say in SQL what is to be read of an id."""
        return checks.HASH.format(cell) if self.by_hash else cell

    def __call__(self, column: Any) -> Numbers:
        """Give numbers for what was read; the number of accounts for a missing id, -1 for one that is not known."""
        if not self.by_hash:
            texts = column.to_pandas()
            found = self._index.get_indexer(pd.Index(texts)).astype(np.int32)
            return np.where(texts.isna(), np.int32(self.n), found)
        hashes = column.to_numpy()
        number: Numbers = self._table.take((hashes >> self._shift).view(np.int64))
        lost = np.flatnonzero(self._hashes.take(number) != hashes)
        if len(lost):
            wanted = hashes[lost]
            at = np.minimum(np.searchsorted(self._sorted, wanted), self.n - 1)
            known = np.where(self._sorted[at] == wanted, self._order[at], np.int32(-1))
            number[lost] = np.where(wanted == self._missing, np.int32(self.n), known)
        return number


class _Accounts:
    """What counts of each account, by its number; the last entry stands for a source that is not known."""

    def __init__(self, accounts: pd.DataFrame, spells: pd.DataFrame) -> None:
        self.n = len(accounts)
        roles = accounts["role"].to_numpy(dtype=object)
        official, employee = roles == "organisation", roles == "employee"
        self.role = np.append(np.select([employee, official], [PERSON, OFFICIAL], OUTSIDE), OUTSIDE).astype(np.int8)
        holder = pd.factorize(accounts["holder_id"])[0]
        first = np.full(int(holder.max(initial=-1)) + 1, self.n, dtype=np.int64)
        np.minimum.at(first, holder, np.arange(self.n))
        own = np.where(official, np.arange(self.n), first[holder])
        self.identity = np.append(own, -1).astype(np.int32)
        self.ties = _Ties(spells)
        person = np.where(employee, self.ties.persons.get_indexer(pd.Index(accounts["holder_id"])), -1)
        house = np.where(official, self.ties.organisations.get_indexer(pd.Index(accounts["organisation"])), -1)
        self.person, self.house = (np.append(values, -1).astype(np.int32) for values in (person, house))
        # an official account that nobody is affiliated with may still share its sister accounts
        alone = official & (house < 0)
        beyond = pd.factorize(accounts["organisation"].where(alone))[0]
        self.group, self.meets = _groups(self.person, self.house, self.ties)
        self.group[:-1][alone] = len(self.meets) + beyond[alone]

    def may_meet(self, one: Numbers, other: Numbers) -> Bools:
        """Whether two sets of houses have one in common."""
        met: Bools = one == other
        if len(self.meets):
            both = np.flatnonzero(~met & (one < len(self.meets)) & (other < len(self.meets)))
            met[both] = self.meets[one[both], other[both]]
        return met


def _groups(person: Numbers, house: Numbers, ties: "_Ties") -> tuple[Numbers, Bools]:
    """Give each account its set of houses, 0 for none, and tell which sets have one in common."""
    sets: dict[tuple[int, ...], int] = {(): 0}
    of_person = [sets.setdefault(houses, len(sets)) for houses in ties.houses_of_persons()]
    of_house = [sets.setdefault((number,), len(sets)) for number in range(len(ties.organisations))]
    group = np.zeros(len(person), dtype=np.int32)
    group[person >= 0] = np.array(of_person, dtype=np.int32)[person[person >= 0]] if of_person else 0
    group[house >= 0] = np.array(of_house, dtype=np.int32)[house[house >= 0]] if of_house else 0
    if len(sets) > _MOST_SETS:
        # all that have a house are one set: those that never meet are told apart once they are counted
        return np.minimum(group, 1).astype(np.int32), np.zeros((2, 2), dtype=np.bool_)
    belongs = np.zeros((len(sets), len(ties.organisations)), dtype=np.float32)
    for houses, number in sets.items():
        belongs[number, list(houses)] = 1
    return group, belongs @ belongs.T > 0


class _Ties:
    """Persons and organisations that are affiliated at any time, and when."""

    def __init__(self, spells: pd.DataFrame) -> None:
        self.persons = pd.Index(pd.unique(spells["holder_id"]))
        self.organisations = pd.Index(sorted(set(spells["organisation"])))
        self._person = self.persons.get_indexer(pd.Index(spells["holder_id"]))
        self._organisation = self.organisations.get_indexer(pd.Index(spells["organisation"]))
        start, end = _moments_of(spells["valid_from"], _ALWAYS[0]), _moments_of(spells["valid_to"], _ALWAYS[1])
        key = self._person.astype(np.int64) * max(len(self.organisations), 1) + self._organisation
        order = np.lexsort((end, start, key))
        self.key, first = np.unique(key[order], return_index=True)
        self._first = np.append(first, len(order))
        self._start, self._end = start[order], end[order]

    def houses_of_persons(self) -> list[tuple[int, ...]]:
        """Give the organisations of each person, in order."""
        found: list[list[int]] = [[] for _ in self.persons]
        width = max(len(self.organisations), 1)
        for key in self.key.tolist():
            found[key // width].append(key % width)
        return [tuple(houses) for houses in found]

    def find(self, person: Places, organisation: Places) -> Places:
        """Give the number of each pair, -1 for those that were never affiliated."""
        wanted = person * max(len(self.organisations), 1) + organisation
        if not len(self.key):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        return np.where(self.key[at] == wanted, at, -1)

    def hold(self, pair: Places, earliest: Moments, latest: Moments) -> Bools:
        """Whether one spell of the pair holds the whole interval."""
        holds = np.zeros(len(pair), dtype=np.bool_)
        many = self._first[pair + 1] - self._first[pair]
        for number in range(int(many.max(initial=0))):
            some = np.flatnonzero(many > number)
            spell = self._first[pair[some]] + number
            holds[some] |= (earliest[some] >= self._start[spell]) & (latest[some] < self._end[spell])
        return holds

    def names(self, pair: Places) -> tuple[Any, Any]:
        """Give holder and organisation of each pair."""
        width = max(len(self.organisations), 1)
        person, organisation = self.key[pair] // width, self.key[pair] % width
        return self.persons.take(person), self.organisations.take(organisation)

    def posts_there_were(self, posts: tuple[Places, Moments, Bools]) -> pd.DataFrame:
        """Count the posts of each side of each pair while it was affiliated: the statement ``opportunities``."""
        unit, time, official = posts
        time = time // _MICROSECONDS
        width = max(len(self.organisations), 1)
        counts = np.zeros((2, len(self.key)), dtype=np.int64)
        pair = np.repeat(np.arange(len(self.key)), np.diff(self._first))
        pair, start, end = _joined(pair, self._start // _MICROSECONDS, self._end // _MICROSECONDS)
        for side, of in enumerate((self.key % width, self.key // width)):
            here = official == (side == 0)
            counts[side] = _between(unit[here], time[here], of[pair], start, end, pair, len(self.key))
        there = np.flatnonzero(counts.any(axis=0))
        holder, organisation = self.names(there)
        return pd.DataFrame(
            {
                "holder_id": pd.Series(holder, dtype="str"),
                "organisation": pd.Series(organisation, dtype="str"),
                "organisation_posts": counts[0][there],
                "person_posts": counts[1][there],
            }
        )


def _joined(pair: Places, start: Moments, end: Moments) -> tuple[Places, Moments, Moments]:
    """Join spells of one pair that overlap or touch; they come in the order of pair and start."""
    if len(np.unique(pair)) == len(pair):
        return pair, start, end
    joined: list[list[int]] = []
    for one, begins, ends in zip(pair.tolist(), start.tolist(), end.tolist(), strict=True):
        if joined and joined[-1][0] == one and begins <= joined[-1][2]:
            joined[-1][2] = max(joined[-1][2], ends)
        else:
            joined.append([one, begins, ends])
    columns = np.array(joined, dtype=np.int64).T
    return columns[0], columns[1], columns[2]


def _between(unit: Places, time: Moments, of: Places, start: Moments, end: Moments, pair: Places, pairs: int) -> Places:
    """Count for each pair the posts of its unit inside its spells."""
    if not len(time):
        return np.zeros(pairs, dtype=np.int64)
    first = int(time.min())
    apart = int(time.max()) - first + 2
    at = np.sort(unit * apart + (time - first))
    begins, ends = (of * apart + np.clip(border, first, first + apart - 1) - first for border in (start, end))
    inside = np.maximum(np.searchsorted(at, ends) - np.searchsorted(at, begins), 0)
    return np.bincount(pair, inside, minlength=pairs).astype(np.int64)


def _moments_of(times: "pd.Series[pd.Timestamp]", missing: int) -> Moments:
    found = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64)
    return np.where(times.isna(), missing, found)


# reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Shares:
    """Some rows of the shares; times missing where they are not known."""

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


def _collections(connection: duckdb.DuckDBPyConnection, table: StoredTable) -> list[str]:
    """Name the collections, in order; a share that names none is in the collection without a name."""
    cell = cells_of(table)["collection"]
    if cell.startswith("CAST(NULL"):
        return [""]
    found = connection.sql(f"SELECT DISTINCT coalesce({cell}, '') FROM {source_of(table)}").fetchall()  # noqa: S608
    return sorted(name for (name,) in found)


def _moments(column: Any) -> Moments:
    values = column.to_numpy(zero_copy_only=False).astype("datetime64[us]", copy=False)
    return np.asarray(values.view(np.int64))


def _shares(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    numbers: _Numbering,
    names: list[str],
    told: Callable[[int], None],
) -> Iterator[_Shares]:
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
        missing = np.full(len(read["share_id"]), _NO_TIME)
        at, earliest, latest = (_moments(read[name]) if name in read else missing for name in _TIMES)
        stratum = None
        if "collection" in read:
            found = np.searchsorted(hashes, read["collection"].to_numpy(), sorter=order)
            stratum = order[found].astype(np.int32)
        yield _Shares(
            share_id=read["share_id"],
            sharer=_known(numbers(read["sharer"]), study, "shares"),
            source=_known(numbers(read["source"]), study, "shares"),
            stratum=stratum,
            time=at,
            earliest=_filled_by(earliest, at),
            latest=_filled_by(latest, at),
        )


def _filled_by(end: Moments, at: Moments) -> Moments:
    missing = end == _NO_TIME
    return np.where(missing, at, end) if missing.any() else end


def _known(number: Numbers, study: StoredStudy, name: str) -> Numbers:
    if len(number) and int(number.min()) < 0:
        raise SchemaError(
            "names an account that is not in accounts, though datapackage.json says that it was checked; store it anew",
            path=study.events[name].place / name,
        )
    return number


def _posts(
    connection: duckdb.DuckDBPyConnection,
    study: StoredStudy,
    numbers: _Numbering,
    accounts: _Accounts,
    told: Callable[[int], None],
) -> tuple[Places, Moments, Bools]:
    """Organisation or person of each post that could have been shared inside a pair, its time, and which of both."""
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


# counting --------------------------------------------------------------------------------------------


class _Kept:
    """The shares themselves, as numbers."""

    def __init__(self, rows: int) -> None:
        kinds: list[Any] = [np.int32, np.int32, np.int32, np.int64, np.int64]
        self._columns = [np.empty(rows, dtype=kind) for kind in kinds]
        self._n = 0

    def add(self, columns: list[Any], used: Bools) -> None:
        begin, self._n = self._n, self._n + int(used.sum())
        for kept, values in zip(self._columns, columns, strict=True):
            kept[begin : self._n] = values[used]

    def columns(self) -> ShareColumns:
        sharer, source, stratum, earliest, latest = (values[: self._n] for values in self._columns)
        for moments in (earliest, latest):
            moments //= _MICROSECONDS
        return ShareColumns(sharer, source, stratum, earliest, latest)


class _Sums:
    """What the shares come to, added up as they pass."""

    def __init__(self, accounts: _Accounts, names: list[str], *, keep: int | None = None) -> None:
        self.names = names
        self._accounts = accounts
        strata, width = len(names), accounts.n + 1
        self.shared_anything = np.zeros(width, dtype=np.bool_)
        self._out, self._in = (np.zeros((strata, width), dtype=np.int32) for _ in range(2))
        self._shares = np.zeros(strata, dtype=np.int64)
        # first and last share whose time is known; earliest and latest of all
        self._first, self._earliest = (np.full(strata, _ALWAYS[1]) for _ in range(2))
        self._last, self._latest = (np.full(strata, _ALWAYS[0]) for _ in range(2))
        self._window = [_ALWAYS[1], _ALWAYS[0]]
        self._self_shares = self._unknown = 0
        self._events: list[tuple[Any, ...]] = []
        self._inside = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))]
        self._kept = None if keep is None else _Kept(keep)

    def add(self, share: _Shares) -> None:
        """Add some shares."""
        accounts, n = self._accounts, len(share.sharer)
        stratum = np.zeros(n, dtype=np.int32) if share.stratum is None else share.stratum
        self.shared_anything[share.sharer] = True
        self._span(share, stratum)
        own = accounts.identity.take(share.sharer) == accounts.identity.take(share.source)
        unknown = share.source == accounts.n
        self._self_shares += int(own.sum())
        self._unknown += int(unknown.sum())
        unused = np.flatnonzero(own | unknown)
        for strengths, account in ((self._out, share.sharer), (self._in, share.source)):
            place = account if len(self.names) == 1 else stratum * np.int64(accounts.n + 1) + account
            flat = strengths.reshape(-1)
            np.add.at(flat, place, np.int32(1))
            np.subtract.at(flat, place[unused], np.int32(1))
        used = np.ones(n, dtype=np.bool_)
        used[unused] = False
        if len(unused) < n:
            self._window[0] = min(self._window[0], int(share.earliest.min(where=used, initial=_ALWAYS[1])))
            self._window[1] = max(self._window[1], int(share.latest.max(where=used, initial=_ALWAYS[0])))
        if self._kept is not None:
            self._kept.add([share.sharer, share.source, stratum, share.earliest, share.latest], used)
        one, other = accounts.group.take(share.sharer), accounts.group.take(share.source)
        some = np.flatnonzero((one > 0) & (other > 0) & used)
        some = some[accounts.may_meet(one[some], other[some])]
        if self._kept is None:
            self._meet(share, stratum, some)
        self._exchange(share, stratum, some)

    def _span(self, share: _Shares, stratum: Numbers) -> None:
        timed = share.time != _NO_TIME
        if len(self.names) == 1:
            self._shares[0] += len(stratum)
            self._first[0] = min(self._first[0], share.time.min(where=timed, initial=_ALWAYS[1]))
            self._last[0] = max(self._last[0], share.time.max(where=timed, initial=_ALWAYS[0]))
            self._earliest[0] = min(self._earliest[0], share.earliest.min(initial=_ALWAYS[1]))
            self._latest[0] = max(self._latest[0], share.latest.max(initial=_ALWAYS[0]))
            return
        self._shares += np.bincount(stratum, minlength=len(self.names))
        np.minimum.at(self._first, stratum[timed], share.time[timed])
        np.maximum.at(self._last, stratum[timed], share.time[timed])
        np.minimum.at(self._earliest, stratum, share.earliest)
        np.maximum.at(self._latest, stratum, share.latest)

    def _meet(self, share: _Shares, stratum: Numbers, some: Places) -> None:
        """Count the shares of those who have a house in common."""
        n, identity = np.int64(self._accounts.n), self._accounts.identity
        key = (stratum[some] * n + identity[share.sharer[some]]) * n + identity[share.source[some]]
        self._inside.append((key, np.ones(len(key), dtype=np.int64)))
        if sum(len(keys) for keys, _ in self._inside[1:]) > max(_UNCOUNTED, len(self._inside[0][0])):
            self._inside = [self._counted_inside()]

    def _counted_inside(self) -> tuple[Places, Places]:
        key, shares = (np.concatenate(part) for part in zip(*self._inside, strict=True))
        keys, of = np.unique(key, return_inverse=True)
        return keys, np.bincount(of, shares, minlength=len(keys)).astype(np.int64)

    def _exchange(self, share: _Shares, stratum: Numbers, some: Places) -> None:
        """Keep the shares between a person and an organisation while they were affiliated."""
        accounts = self._accounts
        sharer, source = share.sharer[some], share.source[some]
        by_person = (accounts.role[sharer] == PERSON) & (accounts.role[source] == OFFICIAL)
        across = by_person | ((accounts.role[sharer] == OFFICIAL) & (accounts.role[source] == PERSON))
        some, sharer, source, by_person = some[across], sharer[across], source[across], by_person[across]
        person = np.where(by_person, accounts.person[sharer], accounts.person[source]).astype(np.int64)
        house = np.where(by_person, accounts.house[source], accounts.house[sharer]).astype(np.int64)
        known = np.flatnonzero((person >= 0) & (house >= 0))
        pair = accounts.ties.find(person[known], house[known])
        known, pair = known[pair >= 0], pair[pair >= 0]
        some = some[known]
        now = accounts.ties.hold(pair, share.earliest[some], share.latest[some])
        known, pair, some = known[now], pair[now], some[now]
        if len(some):
            self._events.append(
                (
                    share.share_id.take(pa.array(some)), by_person[known], pair, sharer[known], source[known],
                    stratum[some], share.time[some], share.earliest[some], share.latest[some],
                )
            )  # fmt: skip

    def kept(self) -> dict[str, pa.Table]:
        """Give everything as tables that can be kept and taken again, with the accounts' rows for their ids."""
        spans = {"first": self._first, "last": self._last, "earliest": self._earliest, "latest": self._latest}
        alone = {"begins": self._window[0], "ends": self._window[1], "own": self._self_shares, "unknown": self._unknown}
        # what is of all collections together stands in each row
        by_collection = {"collection": self.names, "shares": self._shares, **spans}
        by_collection |= {name: np.full(len(self.names), value) for name, value in alone.items()}
        strata, there = np.nonzero((self._out > 0) | (self._in > 0) | self.shared_anything)
        out, into = self._out[strata, there], self._in[strata, there]
        by_account = {"stratum": strata, "account": there, "out": out, "in": into, "any": self.shared_anything[there]}
        key, shares = self._counted_inside()
        n = max(self._accounts.n, 1)
        inside = {"stratum": key // n // n, "sharer": key // n % n, "source": key % n, "shares": shares}
        share_id, numbers = self._exchanges()
        by_person, pair, *others = numbers
        holder, organisation = self._accounts.ties.names(pair)
        exchanges = {"share_id": share_id, "holder": pa.array(holder, pa.string())}
        exchanges |= {"organisation": pa.array(organisation, pa.string()), "by_person": by_person}
        exchanges |= dict(zip(_OF_EXCHANGE, others, strict=True))
        return {
            name: pa.table(of) for name, of in zip(_SUMS, (by_collection, by_account, inside, exchanges), strict=True)
        }

    def take(self, kept: Mapping[str, pa.Table]) -> None:
        """Add what was kept of other shares, when there were perhaps fewer accounts."""
        by_collection, by_account, inside, exchanges = (
            {name: of.column(name).to_numpy() for name in of.column_names if name not in _TEXTS}
            for of in (kept[name] for name in _SUMS)
        )
        n, ties = np.int64(self._accounts.n), self._accounts.ties
        place = np.array([self.names.index(name) for name in kept[_SUMS[0]]["collection"].to_pylist()], dtype=np.int64)
        self._shares[place] += by_collection["shares"]
        for ends, name in ((self._first, "first"), (self._earliest, "earliest")):
            ends[place] = np.minimum(ends[place], by_collection[name])
        for ends, name in ((self._last, "last"), (self._latest, "latest")):
            ends[place] = np.maximum(ends[place], by_collection[name])
        if len(place):
            begins, ends_, own, unknown = (int(by_collection[name][0]) for name in ("begins", "ends", "own", "unknown"))
            self._window = [min(self._window[0], begins), max(self._window[1], ends_)]
            self._self_shares += own
            self._unknown += unknown
        stratum, account = place[by_account["stratum"]], by_account["account"]
        self._out[stratum, account] += by_account["out"]
        self._in[stratum, account] += by_account["in"]
        self.shared_anything[account[by_account["any"]]] = True
        key = (place[inside["stratum"]] * n + inside["sharer"]) * n + inside["source"]
        self._inside.append((key, inside["shares"]))
        self._inside = [self._counted_inside()]
        of_exchange = kept[_SUMS[3]]
        holder, organisation = (pd.Index(of_exchange[name].to_pandas()) for name in ("holder", "organisation"))
        pair = ties.find(
            ties.persons.get_indexer(holder).astype(np.int64),
            ties.organisations.get_indexer(organisation).astype(np.int64),
        )
        if len(pair):
            columns = [exchanges[name] for name in _OF_EXCHANGE]
            columns[2] = place[columns[2]].astype(np.int32)
            self._events.append((of_exchange["share_id"].combine_chunks(), exchanges["by_person"], pair, *columns))

    def _exchanges(self) -> tuple[pa.ChunkedArray, list[Any]]:
        found = self._events or [(pa.array([], pa.string()), *(np.zeros(0, dtype=np.int64) for _ in range(8)))]
        share_id, *numbers = zip(*found, strict=True)
        return pa.chunked_array(share_id, pa.string()), [np.concatenate(part) for part in numbers]

    def streamed(self) -> Streamed:
        """Give what the null models need."""
        key, shares = self._counted_inside()
        n, (first, last) = max(self._accounts.n, 1), self._window
        return Streamed(
            strength_out=self._out[:, :-1],
            strength_in=self._in[:, :-1],
            inside=Inside(key // n % n, key % n, key // n // n, shares),
            window=None if first > last else (first // _MICROSECONDS, last // _MICROSECONDS),
            shares=None if self._kept is None else self._kept.columns(),
        )

    def tables(self, ids: "pd.Series[str]") -> dict[str, pd.DataFrame]:
        """Give the tables of the reduction.

        Parameters
        ----------
        ids
            Of the accounts.
        """
        totals = [int(self._shares.sum()), self._self_shares, self._unknown]
        out, into = (strengths[:, :-1].sum(axis=0, dtype=np.int64) for strengths in (self._out, self._in))
        there = np.flatnonzero((out > 0) | (into > 0))
        strengths = pa.table({"account_id": _texts(ids, there), "strength_out": out[there], "strength_in": into[there]})
        used = np.flatnonzero(self._shares)
        spans = {"first_at": self._first, "last_at": self._last, "earliest": self._earliest, "latest": self._latest}
        collections = {
            "collection": pa.array([self.names[i] for i in used], pa.string()),
            "shares": self._shares[used],
            **{name: _times(np.where(np.isin(of, _ALWAYS), _NO_TIME, of)[used]) for name, of in spans.items()},
        }
        return {
            "totals": pd.DataFrame([totals], columns=["shares", "self_shares", "source_unknown"]),
            "strengths": to_frame(strengths, ["account_id"]),
            "dyad_events": to_frame(self._dyad_events(ids), ["shared_at_earliest", "share_id"]),
            "collections": to_frame(pa.table(collections)),
        }

    def _dyad_events(self, ids: "pd.Series[str]") -> pa.Table:
        share_id, numbers = self._exchanges()
        by_person, pair, sharer, source, stratum, at, earliest, latest = numbers
        holder, organisation = self._accounts.ties.names(pair)
        directions = pa.array(["organisation_to_person", "person_to_organisation"])
        return pa.table(
            {
                "share_id": share_id,
                "direction": directions.take(pa.array(by_person.astype(np.int64))),
                "holder_id": pa.array(holder, pa.string()),
                "organisation": pa.array(organisation, pa.string()),
                "sharer_id": _texts(ids, sharer),
                "source_id": _texts(ids, source),
                "collection": pa.array([name or None for name in self.names], pa.string()).take(pa.array(stratum)),
                "shared_at": _times(at),
                "shared_at_earliest": _times(earliest),
                "shared_at_latest": _times(latest),
            }
        )


def _texts(ids: "pd.Series[str]", places: Numbers | Places) -> pa.Array:
    return pa.array(ids.take(places), pa.string())


def _times(moments: Moments) -> pa.Array:
    return pa.array(moments.view("datetime64[us]"), pa.timestamp("us"), mask=moments == _NO_TIME)
