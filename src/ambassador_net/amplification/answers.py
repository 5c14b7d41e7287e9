"""Events, the persons they could have been dealt to, and Hoeffding's moments: the arrays under the timing tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ambassador_net.amplification.cross import DAY_S, HOUR_S, Codes, CrossShares, Seconds

Direction = Literal["organisation_returns", "person_returns"]
Window = tuple[tuple[float, float, float], ...]
Floats = npt.NDArray[np.float64]
Halves = npt.NDArray[np.int16]

DIRECTIONS: tuple[Direction, ...] = ("organisation_returns", "person_returns")

STRATA_DAYS = 28

CELLS_AT_A_TIME = 1 << 20

# sums of products of whole numbers over small whole numbers: what is smaller is rounding
NO_FREEDOM = 1e-9


def summed(codes: Codes, values: npt.NDArray[Any], size: int) -> Floats:
    """Add up values by code.

    Parameters
    ----------
    codes
        Shape (n,).
    values
        Shape (n,).
    size
        Number of codes.

    Returns
    -------
    numpy.ndarray
        Shape (size,).
    """
    return np.bincount(codes, values, minlength=size).astype(np.float64, copy=False)


@dataclass(frozen=True, eq=False)
class Side:
    """One direction of the shares inside pairs: those that may be answers, and those that they may answer.

    Parameters
    ----------
    house, time, collection, pair
        Of each event, in the order of house, collection and time; time in seconds; shape (events,).
    trigger_pair, trigger_time
        Of each trigger, in the order of pair and time; shape (triggers,).
    pair_house
        House of each pair with a share of either direction; shape (pairs,).
    first, last
        First and last share of any kind in each collection, in seconds; shape (collections,).
    """

    house: Codes
    time: Seconds
    collection: Codes
    pair: Codes
    trigger_pair: Codes
    trigger_time: Seconds
    pair_house: Codes
    first: Seconds
    last: Seconds

    @property
    def n_houses(self) -> int:
        """Houses with a share inside pairs."""
        return int(self.pair_house.max()) + 1 if len(self.pair_house) else 0

    @property
    def triggers_of_pair(self) -> npt.NDArray[np.intp]:
        """Triggers of each pair; shape (pairs,)."""
        return np.bincount(self.trigger_pair, minlength=len(self.pair_house))

    def strata(self, kind: Literal["main", "long", "short"], days: int = STRATA_DAYS) -> Codes:
        """Code the stratum of each event (method 2d).

        Parameters
        ----------
        kind
            House and collection, and blocks since the first share of any kind in the collection: of so many days
            (``"main"``), of twice that (``"long"``) or of half of the long ones (``"short"``); a collection shorter
            than a long block is one, and its two halves, cut midway between its first and last share, are the short
            ones.
        days
            Length of a main block.

        Returns
        -------
        numpy.ndarray
            Numbered in the order of the events; shape (events,).
        """
        first, last = self.first[self.collection], self.last[self.collection]
        length = days * DAY_S
        since, short_collection = self.time - first, last - first < 2 * length
        if kind == "main":
            block = since // length
        elif kind == "long":
            block = np.where(short_collection, 0, since // (2 * length))
        else:
            halves = 2 * self.time >= first + last
            block = np.where(short_collection, halves, since // length)
        code = (self.house * len(self.first) + self.collection) * (int(block.max(initial=0)) + 1) + block
        return np.asarray(np.unique(code, return_inverse=True)[1], dtype=np.intp)


def side_of(cross: CrossShares, direction: Direction) -> Side:
    """Part the shares inside pairs into those that may be answers and those that they may answer.

    Parameters
    ----------
    cross
        The shares inside pairs.
    direction
        Whose answers.

    Returns
    -------
    Side
        With houses and pairs numbered by the shares that are there, in the order of their codes.
    """
    # houses and pairs are numbered by the shares that are there: a house without one carries no information
    house = np.unique(cross.house, return_inverse=True)[1]
    n_persons = int(cross.person.max(initial=0)) + 1
    _, of_pair, pair_of = np.unique(house * n_persons + cross.person, return_index=True, return_inverse=True)
    event = cross.by_person if direction == "person_returns" else ~cross.by_person
    events = np.flatnonzero(event)
    events = events[np.lexsort((cross.time_s[events], cross.collection[events], house[events]))]
    triggers = np.flatnonzero(~event)
    triggers = triggers[np.lexsort((cross.time_s[triggers], pair_of[triggers]))]
    return Side(
        house=house[events],
        time=cross.time_s[events],
        collection=cross.collection[events],
        pair=pair_of[events],
        trigger_pair=pair_of[triggers],
        trigger_time=cross.time_s[triggers],
        pair_house=house[of_pair],
        first=cross.first_s,
        last=cross.last_s,
    )


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Every event beside every person of its stratum, as one flat array of cells.

    The cells of a stratum with n events and m persons are contiguous, person after person: cell
    ``offset + person * n + event``. Persons whom no share can answer, for want of a trigger, are one person: their
    columns are all 0, so hits, mean, variance and draws are the same.

    Parameters
    ----------
    side
        The events and triggers.
    n, m, start, offset
        Of each stratum: its events, its persons (columns), its first event and its first cell; shape (strata,).
    stratum, own
        Of each event: its stratum, and the column, within the stratum, of the person it really was with; shape
        (events,).
    column_stratum, column_pair, column_n
        Of each column: its stratum, its pair and the events that really were with it; shape (columns,).
    cell_event, cell_column
        Of each cell; shape (cells,).
    """

    side: Side
    n: npt.NDArray[np.intp]
    m: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    offset: npt.NDArray[np.intp]
    stratum: Codes
    own: Codes
    column_stratum: Codes
    column_pair: Codes
    column_n: npt.NDArray[np.intp]
    cell_event: Codes
    cell_column: Codes

    @classmethod
    def of(cls, side: Side, strata: Codes) -> "AnswerTable":
        """Lay out the cells.

        Parameters
        ----------
        side
            The events and triggers.
        strata
            As from :meth:`Side.strata`.

        Returns
        -------
        AnswerTable
            The table.
        """
        n = np.bincount(strata)
        answerable = side.triggers_of_pair[side.pair] > 0
        label = np.where(answerable, side.pair, len(side.pair_house) + side.house)
        n_labels = len(side.pair_house) + side.n_houses
        columns, column_of = np.unique(strata * n_labels + label, return_inverse=True)
        column_stratum = (columns // n_labels).astype(np.intp)
        column_n = np.bincount(column_of, minlength=len(columns))
        m = np.bincount(column_stratum, minlength=len(n))
        first_column = np.cumsum(m) - m
        start, offset = np.cumsum(n) - n, np.cumsum(n * m) - n * m
        cells = n[column_stratum]
        cell_column = np.repeat(np.arange(len(columns)), cells)
        within = np.arange(len(cell_column)) - np.repeat(np.cumsum(cells) - cells, cells)
        return cls(
            side=side,
            n=n,
            m=m,
            offset=offset,
            start=start,
            stratum=strata,
            own=column_of - first_column[strata],
            column_stratum=column_stratum,
            column_pair=(columns % n_labels).astype(np.intp),
            column_n=column_n,
            cell_event=start[column_stratum][cell_column] + within,
            cell_column=cell_column,
        )

    @property
    def stratum_house(self) -> Codes:
        """House of each stratum; shape (strata,)."""
        return np.asarray(self.side.house[self.start], dtype=np.intp)

    @property
    def own_cell(self) -> Codes:
        """Cell of each event with the person it really was with; shape (events,)."""
        within = np.arange(len(self.stratum)) - self.start[self.stratum]
        return np.asarray(self.offset[self.stratum] + self.own * self.n[self.stratum] + within, dtype=np.intp)

    def triggers_between(
        self, windows: list[tuple[float, float]], cells: slice = slice(None)
    ) -> list[npt.NDArray[np.intp]]:
        """Count the triggers of each cell's person near its event.

        Parameters
        ----------
        windows
            ``(a, b)`` in hours, for ``[t - a, t - b)``: closed at a hours before the event, open at b.
        cells
            Which cells.

        Returns
        -------
        list of numpy.ndarray
            Triggers in each window; one for each of these cells.
        """
        side = self.side
        cell_event, cell_column = self.cell_event[cells], self.cell_column[cells]
        if not len(side.time) or not len(side.trigger_time):
            return [np.zeros(len(cell_event), dtype=np.intp) for _ in windows]
        furthest = int(max(abs(hours) for window in windows for hours in window) * HOUR_S) + 1
        earliest = min(side.time.min(), side.trigger_time.min())
        latest = max(side.time.max(), side.trigger_time.max())
        # pairs stand one after the other on one axis, far enough apart for the widest window
        apart = int(latest - earliest) + 2 * furthest
        at = side.trigger_pair * apart + (side.trigger_time - earliest) + furthest
        cell_at = self.column_pair[cell_column] * apart + (side.time[cell_event] - earliest) + furthest
        before = {
            hours: np.searchsorted(at, cell_at - int(hours * HOUR_S), "left")
            for hours in {h for window in windows for h in window}
        }
        return [before[b] - before[a] for a, b in windows]

    def answers(self, windows: Mapping[str, Window]) -> dict[str, Halves]:
        """Tell of each cell whether its event would answer its person: A(k, q), the weights of the windows that do.

        Parameters
        ----------
        windows
            Parts ``(a, b, weight)`` by name, in hours; a part holds if it has at least one trigger.

        Returns
        -------
        dict
            2 A by name, whole numbers since weights are multiples of 1/2; shape (cells,) each.
        """
        parts = sorted({(a, b) for window in windows.values() for a, b, _ in window})
        found = {name: np.zeros(len(self.cell_event), dtype=np.int16) for name in windows}
        # counts of all borders at once take two hundred bytes a cell, and a large study has tens of millions
        for begin in range(0, len(self.cell_event), CELLS_AT_A_TIME):
            cells = slice(begin, begin + CELLS_AT_A_TIME)
            counts = self.triggers_between(parts, cells)
            any_trigger = dict(zip(parts, (count > 0 for count in counts), strict=True))
            for name, window in windows.items():
                for a, b, weight in window:
                    found[name][cells] += np.int16(2 * weight) * any_trigger[a, b]
        return found


@dataclass(frozen=True, eq=False)
class Moments:
    """Hits, and their mean and variance over all ways of dealing the events of a stratum to its persons.

    Parameters
    ----------
    table
        The table.
    hits, expected, variance
        T, E and V of each stratum; shape (strata,).
    own
        A of each event with the person it really was with; shape (events,).
    row
        Of each event k, the sum of A(k, q) over the persons q of its stratum's events; shape (events,).
    column
        Of each column q, the sum of A(k, q) over its stratum's events k; shape (columns,).
    """

    table: AnswerTable
    hits: Floats
    expected: Floats
    variance: Floats
    own: Floats
    row: Floats
    column: Floats

    @classmethod
    def of(cls, table: AnswerTable, answer: npt.NDArray[Any]) -> "Moments":
        """Compute the moments of ``sum_k A(k, pi(k))`` under random pi.

        Parameters
        ----------
        table
            The table.
        answer
            2 A; shape (cells,).

        Returns
        -------
        Moments
            Of each stratum.

        Notes
        -----
        Hoeffding (1951), theorem 2, doi:10.1214/aoms/1177729443. With n events, n_q of them with person q,
        ``R_k = sum_q n_q A_kq / n``, ``C_q = sum_k A_kq / n`` and ``M = sum_k R_k / n``: ``E = n M`` and
        ``V = sum_kq n_q (A_kq - R_k - C_q + M)^2 / (n - 1)``, 0 if n = 1.
        """
        n, events, columns = table.n, len(table.stratum), len(table.column_n)
        a = answer / 2
        row = summed(table.cell_event, table.column_n[table.cell_column] * a, events)
        column = summed(table.cell_column, a, columns)
        expected = summed(table.stratum, row, len(n)) / n
        centred_row = row / n[table.stratum] - (expected / n)[table.stratum]
        rest = a - centred_row[table.cell_event] - (column / n[table.column_stratum])[table.cell_column]
        squares = table.column_n * summed(table.cell_column, rest * rest, columns)
        variance = summed(table.column_stratum, squares, len(n)) / np.maximum(n - 1, 1)
        own = a[table.own_cell]
        return cls(
            table=table,
            hits=summed(table.stratum, own, len(n)),
            expected=expected,
            # one event leaves no choice
            variance=np.where((n > 1) & (variance > NO_FREEDOM), variance, 0.0),
            own=own,
            row=row,
            column=column,
        )

    @property
    def excess_of_house(self) -> Floats:
        """T - E of each house; shape (houses,)."""
        return summed(self.table.stratum_house, self.hits - self.expected, self.table.side.n_houses)

    @property
    def variance_of_house(self) -> Floats:
        """V of each house; shape (houses,)."""
        return summed(self.table.stratum_house, self.variance, self.table.side.n_houses)

    @property
    def excess_of_pair(self) -> Floats:
        """What T - E loses when a person's events and triggers are taken out, E computed anew; shape (pairs,).

        In a stratum with n events, n_p of them with person p: T loses the hits of p, and E becomes
        ``sum (r_k - n_p A_kp) / (n - n_p)`` over the events k of the others, ``r_k = n R_k``.
        """
        table, pairs = self.table, len(self.table.side.pair_house)
        groups, of = np.unique(table.stratum * pairs + table.side.pair, return_inverse=True)
        stratum, pair = groups // pairs, groups % pairs
        n_p = np.bincount(of)
        hits_p, rows_p = summed(of, self.own, len(groups)), summed(of, self.row, len(groups))
        # of any event of the group; the joined column of those without a trigger is 0, as is each of its persons'
        first_column = np.cumsum(table.m) - table.m
        column_p = np.zeros(len(groups))
        column_p[of] = self.column[first_column[table.stratum] + table.own]
        left = table.n[stratum] - n_p
        rest = table.n[stratum] * self.expected[stratum] - rows_p - n_p * (column_p - hits_p)
        expected = np.divide(rest, left, out=np.zeros(len(groups)), where=left > 0)
        lost = hits_p - (self.expected[stratum] - expected)
        return summed(pair, lost, pairs)
