"""Accounts as numbers: found by the hash of an id, with their houses and the spells of their holders."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from ambassador_net.reduction import checks
from ambassador_net.reduction.stored.streamed import MICROSECONDS, Bools, Moments, Numbers, Places

# a missing time is the smallest number
NO_TIME = int(np.iinfo(np.int64).min)
ALWAYS = (NO_TIME, int(np.iinfo(np.int64).max))
OUTSIDE, PERSON, OFFICIAL = 0, 1, 2

# hashes have their place in a table with so many places for each account; the few that lost theirs are searched
_PLACES_AN_ACCOUNT = 32
_FEWEST_BITS, _MOST_BITS = 12, 26
# with more sets of houses, all that have a house at all are looked at
_MOST_SETS = 4096


class Numbering:
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


def identities(accounts: pd.DataFrame) -> Places:
    """Put the accounts of a person together; official accounts stay apart.

    Parameters
    ----------
    accounts
        Of the study.

    Returns
    -------
    numpy.ndarray
        For each account the row of its holder's first, for an official one its own; shape (accounts,).
    """
    rows = np.arange(len(accounts))
    holder = pd.factorize(accounts["holder_id"])[0]
    first = np.full(int(holder.max(initial=-1)) + 1, len(accounts), dtype=np.int64)
    np.minimum.at(first, holder, rows)
    return np.where((accounts["role"] == "organisation").to_numpy(), rows, first[holder])


class Accounts:
    """What counts of each account, by its number; the last entry stands for a source that is not known."""

    def __init__(self, accounts: pd.DataFrame, spells: pd.DataFrame) -> None:
        self.n = len(accounts)
        roles = accounts["role"].to_numpy(dtype=object)
        official, employee = roles == "organisation", roles == "employee"
        self.role = np.append(np.select([employee, official], [PERSON, OFFICIAL], OUTSIDE), OUTSIDE).astype(np.int8)
        self.identity = np.append(identities(accounts), -1).astype(np.int32)
        self.ties = Ties(spells)
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


def _groups(person: Numbers, house: Numbers, ties: "Ties") -> tuple[Numbers, Bools]:
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


class Ties:
    """Persons and organisations that are affiliated at any time, and when."""

    def __init__(self, spells: pd.DataFrame) -> None:
        self.persons = pd.Index(pd.unique(spells["holder_id"]))
        self.organisations = pd.Index(sorted(set(spells["organisation"])))
        self._person = self.persons.get_indexer(pd.Index(spells["holder_id"]))
        self._organisation = self.organisations.get_indexer(pd.Index(spells["organisation"]))
        start, end = _moments_of(spells["valid_from"], ALWAYS[0]), _moments_of(spells["valid_to"], ALWAYS[1])
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
        time = time // MICROSECONDS
        width = max(len(self.organisations), 1)
        counts = np.zeros((2, len(self.key)), dtype=np.int64)
        pair = np.repeat(np.arange(len(self.key)), np.diff(self._first))
        pair, start, end = _joined(pair, self._start // MICROSECONDS, self._end // MICROSECONDS)
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
