"""What the shares of a stored study come to, added up in arrays of the accounts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ambassador_net.reduction.exchange import to_frame
from ambassador_net.reduction.stored.accounts import ALWAYS, NO_TIME, OFFICIAL, PERSON, Accounts
from ambassador_net.reduction.stored.reading import Shares
from ambassador_net.reduction.stored.streamed import (
    MICROSECONDS,
    Bools,
    Inside,
    Moments,
    Numbers,
    Places,
    ShareColumns,
    Streamed,
)

# exchanges inside houses are counted together as soon as there are so many
_UNCOUNTED = 1 << 22

# what is kept of the sums of a part
SUMS = ("sums_by_collection", "sums_by_account", "sums_inside", "exchanges")
_OF_EXCHANGE = ("sharer", "source", "stratum", "at", "earliest", "latest")
_TEXTS = {"collection", "share_id", "holder", "organisation"}


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
            moments //= MICROSECONDS
        return ShareColumns(sharer, source, stratum, earliest, latest)


class Sums:
    """What the shares come to, added up as they pass."""

    def __init__(self, accounts: Accounts, names: list[str], *, keep: int | None = None) -> None:
        self.names = names
        self._accounts = accounts
        strata, width = len(names), accounts.n + 1
        self.shared_anything = np.zeros(width, dtype=np.bool_)
        self._out, self._in = (np.zeros((strata, width), dtype=np.int32) for _ in range(2))
        self._shares = np.zeros(strata, dtype=np.int64)
        # first and last share whose time is known; earliest and latest of all
        self._first, self._earliest = (np.full(strata, ALWAYS[1]) for _ in range(2))
        self._last, self._latest = (np.full(strata, ALWAYS[0]) for _ in range(2))
        self._window = [ALWAYS[1], ALWAYS[0]]
        self._self_shares = self._unknown = 0
        self._events: list[tuple[Any, ...]] = []
        self._inside = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))]
        self._kept = None if keep is None else _Kept(keep)

    def add(self, share: Shares) -> None:
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
            self._window[0] = min(self._window[0], int(share.earliest.min(where=used, initial=ALWAYS[1])))
            self._window[1] = max(self._window[1], int(share.latest.max(where=used, initial=ALWAYS[0])))
        if self._kept is not None:
            self._kept.add([share.sharer, share.source, stratum, share.earliest, share.latest], used)
        one, other = accounts.group.take(share.sharer), accounts.group.take(share.source)
        some = np.flatnonzero((one > 0) & (other > 0) & used)
        some = some[accounts.may_meet(one[some], other[some])]
        if self._kept is None:
            self._meet(share, stratum, some)
        self._exchange(share, stratum, some)

    def _span(self, share: Shares, stratum: Numbers) -> None:
        timed = share.time != NO_TIME
        if len(self.names) == 1:
            self._shares[0] += len(stratum)
            self._first[0] = min(self._first[0], share.time.min(where=timed, initial=ALWAYS[1]))
            self._last[0] = max(self._last[0], share.time.max(where=timed, initial=ALWAYS[0]))
            self._earliest[0] = min(self._earliest[0], share.earliest.min(initial=ALWAYS[1]))
            self._latest[0] = max(self._latest[0], share.latest.max(initial=ALWAYS[0]))
            return
        self._shares += np.bincount(stratum, minlength=len(self.names))
        np.minimum.at(self._first, stratum[timed], share.time[timed])
        np.maximum.at(self._last, stratum[timed], share.time[timed])
        np.minimum.at(self._earliest, stratum, share.earliest)
        np.maximum.at(self._latest, stratum, share.latest)

    def _meet(self, share: Shares, stratum: Numbers, some: Places) -> None:
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

    def _exchange(self, share: Shares, stratum: Numbers, some: Places) -> None:
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
            name: pa.table(of) for name, of in zip(SUMS, (by_collection, by_account, inside, exchanges), strict=True)
        }

    def take(self, kept: Mapping[str, pa.Table]) -> None:
        """Add what was kept of other shares, when there were perhaps fewer accounts."""
        by_collection, by_account, inside, exchanges = (
            {name: of.column(name).to_numpy() for name in of.column_names if name not in _TEXTS}
            for of in (kept[name] for name in SUMS)
        )
        n, ties = np.int64(self._accounts.n), self._accounts.ties
        place = np.array([self.names.index(name) for name in kept[SUMS[0]]["collection"].to_pylist()], dtype=np.int64)
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
        of_exchange = kept[SUMS[3]]
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
            window=None if first > last else (first // MICROSECONDS, last // MICROSECONDS),
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
            **{name: _times(np.where(np.isin(of, ALWAYS), NO_TIME, of)[used]) for name, of in spans.items()},
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
    return pa.array(moments.view("datetime64[us]"), pa.timestamp("us"), mask=moments == NO_TIME)
