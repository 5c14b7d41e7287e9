"""Who answers whom: are shares of a person closer after shares by that person than chance puts them (method 2d).

Inside a house, the shares of one direction keep their times and are dealt anew among the persons they went to (or
came from); shares of the other direction, the triggers, stay where they are. What is left over is answering, not
shared interest and not campaign days.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from ambassador_net.amplification.answers import (
    DIRECTIONS,
    NO_FREEDOM,
    STRATA_DAYS,
    AnswerTable,
    Direction,
    Floats,
    Halves,
    Moments,
    Side,
    Window,
    side_of,
    summed,
)
from ambassador_net.amplification.cross import CrossShares
from ambassador_net.amplification.intervals import FEWEST_GROUPS, jackknife_se
from ambassador_net.amplification.odds_ratio import OddsRatio, odds_ratio
from ambassador_net.errors import Undefined
from ambassador_net.nulls import p_value

__all__ = [
    "DECISIVE",
    "DIRECTIONS",
    "FEWEST_EVENTS",
    "PERMUTATIONS",
    "STRATA_DAYS",
    "WINDOWS",
    "Direction",
    "FirstMovers",
    "Method",
    "OddsRatio",
    "OrderCheck",
    "Returns",
    "ReturnsPer100",
    "TimingTest",
    "Window",
    "exact_test",
    "first_movers",
    "order_check",
    "returns",
    "returns_by_house",
]

Method = Literal["permutation", "normal"]

PERMUTATIONS = 10_000

# parts (a, b, weight): the window [t - a, t - b) in hours; b or a below 0 lies after t
_48 = ((48, 0, 1),)
WINDOWS: Mapping[str, Window] = MappingProxyType(
    {
        "h48": _48,
        "h24": ((24, 0, 1),),
        "h168": ((168, 0, 1),),
        # a tie strength that falls off linearly with distance in time cancels
        "week": (*_48, (216, 168, -1), (-120, -168, -1), (384, 336, 0.5), (-288, -336, 0.5)),
        "gap8": ((72, 8, 1),),
        "gap12": ((72, 12, 1),),
        "gap16": ((72, 16, 1),),
        "lag_0_2": ((2, 0, 1),),
        "lag_2_8": ((8, 2, 1),),
        "lag_8_24": ((24, 8, 1),),
        "lag_24_48": ((48, 24, 1),),
        "lag_48_72": ((72, 48, 1),),
    }
)
"""The windows by name; weights are multiples of 1/2."""

DECISIVE = ("h48", "week", "gap12")
"""The windows that the verdict rests on."""

FEWEST_EVENTS = 30
"""Informative events below which a direction is not judged."""

_ORDER_WINDOW_H = 16
_FLIPS = 20_000
_FEWEST_HOUSES_FOR_FLIPS = 6
# all signs of this many houses are counted in a few hundredths of a second
_MOST_HOUSES_EXACT = 36
_MOST_EVENTS_EXACT = 9


@dataclass(frozen=True)
class TimingTest:
    """Answers inside one window, beside chance.

    Parameters
    ----------
    hits
        T, the (weighted) number of shares that answer somebody.
    expected, sd
        Mean and standard deviation of T over all ways of dealing the shares (Hoeffding).
    p, p_lower
        One-sided, for more and for fewer answers than chance.
    """

    hits: float
    expected: float
    sd: float
    p: float
    p_lower: float

    def to_dict(self) -> dict[str, float]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "hits": self.hits,
            "expected": round(self.expected, 6),
            "sd": round(self.sd, 6),
            "p": self.p,
            "p_lower": self.p_lower,
        }


@dataclass(frozen=True)
class ReturnsPer100:
    """How many shares come back for 100 given, corrected for the other side's answering.

    Parameters
    ----------
    corrected
        ``2 r_long - r_short``, about 50 kappa (half-panel jackknife).
    strata_28, strata_56
        ``100 (T - E) / triggers`` with strata of 28 and of 56 days.
    upper
        The larger of the two upper bounds; None where one is not defined.
    upper_null
        95 % bound from the standard deviation under the null.
    upper_jackknife
        95 % bound from leaving out one house, or one person; None where leaving one out leaves no trigger.
    about
        ``"organisations"``, or ``"these houses only"`` where fewer than 5 organisations have a share inside pairs and
        persons are left out one by one.
    """

    corrected: float
    strata_28: float
    strata_56: float
    upper: float | None
    upper_null: float
    upper_jackknife: float | None
    about: Literal["organisations", "these houses only"]

    def to_dict(self) -> dict[str, float | str | None]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in vars(self).items()}


@dataclass(frozen=True)
class Returns:
    """Whether one side answers the other.

    Parameters
    ----------
    direction
        ``"organisation_returns"`` (shares by the organisation, after shares by the person) or ``"person_returns"``.
    events, triggers
        Shares that may be answers, and shares that they may answer.
    informative_events
        Events in strata where it matters who is dealt which share.
    tests
        By the names of :data:`WINDOWS`.
    returns_per_100
        Size of the effect; None without a trigger.
    odds_ratio
        The same as an odds ratio; None below 30 informative events, where it does not exist, and in simulations.
    houses
        Houses with information on the 48 hours.
    """

    direction: Direction
    events: int
    triggers: int
    informative_events: int
    tests: Mapping[str, TimingTest]
    returns_per_100: ReturnsPer100 | None
    odds_ratio: OddsRatio | None
    houses: int

    def excess_per_100(self, test: str) -> float | None:
        """Answers beyond chance inside a window, for 100 triggers.

        Parameters
        ----------
        test
            A name of :data:`WINDOWS`.

        Returns
        -------
        float or None
            ``100 (T - E) / triggers``; None without a trigger.
        """
        found = self.tests[test]
        return 100 * (found.hits - found.expected) / self.triggers if self.triggers else None

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-safe values.

        Returns
        -------
        dict
            By field name, without ``direction``.
        """
        return {
            "events": self.events,
            "triggers": self.triggers,
            "informative_events": self.informative_events,
            "tests": {name: test.to_dict() for name, test in self.tests.items()},
            "returns_per_100": None if self.returns_per_100 is None else self.returns_per_100.to_dict(),
            "odds_ratio": None if self.odds_ratio is None else self.odds_ratio.to_dict(),
            "houses": self.houses,
        }


@dataclass(frozen=True)
class OrderCheck:
    """Which side answers more within 16 hours; needed for the words "one-way" only.

    Parameters
    ----------
    d
        D, answers beyond chance of the organisations less those of the persons; above 0 the organisations answer more.
    p
        Two-sided, from the signs of the houses; None below 6 houses.
    houses
        Houses with information in either direction.
    """

    d: float
    p: float | None
    houses: int

    def to_dict(self) -> dict[str, float | int | None]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            ``D``, ``p`` and ``houses``.
        """
        return {"D": round(self.d, 6), "p": self.p, "houses": self.houses}


@dataclass(frozen=True)
class FirstMovers:
    """Who shared first in the pairs that share each other; a description only.

    Parameters
    ----------
    mutual
        Pairs with a share both ways.
    person_first, organisation_first, tie
        Of these, by whose first share came first, or in the same second.
    """

    mutual: int
    person_first: int
    organisation_first: int
    tie: int

    def to_dict(self) -> dict[str, int]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return dict(vars(self))


def _permuted(
    table: AnswerTable, answers: list[Halves], live: npt.NDArray[np.bool_], permutations: int, rng: np.random.Generator
) -> Floats:
    """T of each window over random ways of dealing the shares of the live strata; shape (B, windows).

    Four windows share one 64-bit word, so that a look-up and an addition serve four at once: their values are
    shifted to be above 0, and no sum of a stratum's part reaches the next window.
    """
    lift = np.array([int(answer.min(initial=0)) for answer in answers])
    words = -(-len(answers) // 4)
    lanes = np.zeros((len(table.cell_event), 4 * words), dtype=np.int16)
    for i, answer in enumerate(answers):
        lanes[:, i] = answer - lift[i]
    most_at_once = np.iinfo(np.int16).max // max(int(lanes.max(initial=0)), 1)
    packed = [np.ascontiguousarray(lanes.view(np.int64)[:, word]) for word in range(words)]
    total = np.zeros((permutations, 4 * words), dtype=np.int64)
    for s in np.flatnonzero(live):
        n, first, last = table.n[s], table.offset[s], table.offset[s] + table.n[s] * table.m[s]
        own = (table.own[table.start[s] : table.start[s] + n] * n).astype(np.int64)
        cells = [word[first:last] for word in packed]
        # as many draws at once as stay in the processor's cache
        for begin in range(0, permutations, step := max(1, 2**18 // int(n))):
            drawn = total[begin : begin + step]
            cell = rng.permuted(np.broadcast_to(own, (len(drawn), n)), axis=1)
            cell += np.arange(n)
            for part in range(0, n, most_at_once):
                chosen = cell[:, part : part + most_at_once]
                for i, word in enumerate(cells):
                    sums = np.take(word, chosen).sum(axis=1)
                    drawn[:, 4 * i : 4 * i + 4] += sums.view(np.int16).reshape(-1, 4)
    events = int(table.n[live].sum())
    return np.asarray((total[:, : len(answers)] + lift * events) / 2, dtype=np.float64)


def _tests(
    moments: Mapping[str, Moments],
    table: AnswerTable,
    answers: Mapping[str, Halves],
    *,
    method: Method,
    permutations: int,
    rng: np.random.Generator,
) -> dict[str, TimingTest]:
    sums = {
        name: (float(of.hits.sum()), float(of.expected.sum()), float(np.sqrt(of.variance.sum())))
        for name, of in moments.items()
    }
    if method == "normal":
        p = {name: _normal_p(*numbers) for name, numbers in sums.items()}
    else:
        live = np.any([of.variance > 0 for of in moments.values()], axis=0)
        drawn = _permuted(table, list(answers.values()), live, permutations, rng)
        p = {}
        for i, (name, of) in enumerate(moments.items()):
            observed = float(of.hits[live].sum())
            p[name] = (p_value(drawn[:, i], observed), p_value(drawn[:, i], observed, "less"))
    return {name: TimingTest(*numbers, *p[name]) for name, numbers in sums.items()}


def _normal_p(hits: float, expected: float, sd: float) -> tuple[float, float]:
    if sd == 0:
        return 1.0, 1.0
    z = (hits - expected) / sd
    return float(norm.sf(z)), float(norm.cdf(z))


def exact_test(cross: CrossShares, direction: Direction, window: Window) -> TimingTest:
    """Test one window over all ways of dealing the shares, for studies small enough.

    Parameters
    ----------
    cross
        The shares inside pairs.
    direction
        Whose answers.
    window
        Parts ``(a, b, weight)``, in hours; weights are multiples of 1/2.

    Returns
    -------
    TimingTest
        ``p`` and ``p_lower`` are the parts of all arrangements with at least, and at most, as many hits.

    Raises
    ------
    Undefined
        If there are more than 9 events.

    Examples
    --------
    >>> hours = np.array([0, 5, 20, 25, 50])
    >>> zero = np.zeros(5, dtype=int)
    >>> cross = CrossShares(hours * 3600, np.array([True, False, True, False, False]), np.array([0, 0, 1, 1, 0]),
    ...                     zero, zero, np.array([0]), np.array([50 * 3600]))
    >>> round(exact_test(cross, "organisation_returns", ((10, 0, 1),)).p, 4)
    0.3333
    """
    side = side_of(cross, direction)
    if len(side.time) > _MOST_EVENTS_EXACT:
        raise Undefined(f"all arrangements of {len(side.time)} events are too many; at most {_MOST_EVENTS_EXACT}")
    table = AnswerTable.of(side, side.strata("main"))
    answer = table.answers({"window": window})["window"]
    found = Moments.of(table, answer)
    hits = np.zeros(1)
    for n, start, offset in zip(table.n, table.start, table.offset, strict=True):
        orders = np.array(list(itertools.permutations(table.own[start : start + n])))
        hits = np.add.outer(hits, answer[offset + orders * n + np.arange(n)].sum(axis=1) / 2).ravel()
    observed = float(found.hits.sum())
    return TimingTest(
        hits=observed,
        expected=float(found.expected.sum()),
        sd=float(np.sqrt(found.variance.sum())),
        p=float(np.mean(hits >= observed - NO_FREEDOM)),
        p_lower=float(np.mean(hits <= observed + NO_FREEDOM)),
    )


@dataclass(frozen=True, eq=False)
class _Size:
    """T - E with strata of 28 (main), of 56 (long) and of half that (short), and triggers."""

    main: Moments
    long: Moments
    short: Moments

    @classmethod
    def of(cls, side: Side, main: Moments, days: int = STRATA_DAYS) -> "_Size":
        def with_strata(kind: Literal["long", "short"]) -> Moments:
            strata = side.strata(kind, days)
            if np.array_equal(strata, main.table.stratum):
                return main
            table = AnswerTable.of(side, strata)
            return Moments.of(table, table.answers({"h48": WINDOWS["h48"]})["h48"])

        return cls(main, with_strata("long"), with_strata("short"))

    @property
    def triggers(self) -> npt.NDArray[np.intp]:
        """Triggers of each pair."""
        return self.main.table.side.triggers_of_pair

    @property
    def triggers_of_house(self) -> Floats:
        """Triggers of each house."""
        side = self.main.table.side
        return summed(side.pair_house, self.triggers, side.n_houses)

    @property
    def excess_of_house(self) -> Floats:
        """2 (T - E) with long strata less T - E with short ones: over triggers, r*."""
        return 2 * self.long.excess_of_house - self.short.excess_of_house

    @property
    def excess_of_pair(self) -> Floats:
        """What that loses without a person."""
        return 2 * self.long.excess_of_pair - self.short.excess_of_pair

    def upper(self, excess: float, variance: float, units: Floats, unit_triggers: Floats) -> tuple[float, float | None]:
        """Two 95 % bounds: from the null, and from leaving out one unit after the other (method 2d, U).

        ``r* + 1.645 * 100 sqrt(V_long) / triggers`` and ``r* + t_{.95, G-1} se``.
        """
        triggers = float(unit_triggers.sum())
        null = 100 * (excess + 1.645 * math.sqrt(variance)) / triggers
        left = triggers - unit_triggers
        if len(units) < 2 or not (left > 0).all():
            return null, None
        se = jackknife_se(100 * (excess - units) / left)
        return null, 100 * excess / triggers + float(t.ppf(0.95, len(units) - 1)) * se

    def returns_per_100(self) -> ReturnsPer100 | None:
        """R*, and the larger of its two upper bounds."""
        triggers, triggers_of_house = float(self.triggers.sum()), self.triggers_of_house
        if triggers == 0:
            return None
        by_house = self.excess_of_house
        many = len(by_house) >= FEWEST_GROUPS
        excess = float(by_house.sum())
        null, left_out = self.upper(
            excess,
            float(self.long.variance.sum()),
            by_house if many else self.excess_of_pair,
            triggers_of_house if many else self.triggers.astype(np.float64),
        )
        return ReturnsPer100(
            corrected=100 * excess / triggers,
            strata_28=100 * float(self.main.excess_of_house.sum()) / triggers,
            strata_56=100 * float(self.long.excess_of_house.sum()) / triggers,
            upper=None if left_out is None else max(null, left_out),
            upper_null=null,
            upper_jackknife=left_out,
            about="organisations" if many else "these houses only",
        )


def returns_by_house(cross: CrossShares, direction: Direction) -> pd.DataFrame:
    """Put the answers of each house beside chance: numbers and bounds, never a verdict.

    Parameters
    ----------
    cross
        The shares inside pairs.
    direction
        Whose answers.

    Returns
    -------
    pandas.DataFrame
        One row a house with a share inside pairs: ``house`` (its name, or its code), ``events``, ``triggers``,
        ``hits``, ``expected`` and ``sd`` of the 48 hours with strata of 28 days, ``returns_per_100`` (r*) and
        ``upper`` (as in :class:`ReturnsPer100`, persons left out one by one); missing without a trigger.
    """
    side = side_of(cross, direction)
    table = AnswerTable.of(side, side.strata("main"))
    main = Moments.of(table, table.answers({"h48": WINDOWS["h48"]})["h48"])
    size = _Size.of(side, main)
    houses = side.n_houses
    excess, variance, of_pair = size.excess_of_house, size.long.variance_of_house, size.excess_of_pair
    triggers = size.triggers_of_house
    per_100, upper = np.full(houses, np.nan), np.full(houses, np.nan)
    for h in np.flatnonzero(triggers > 0):
        here = side.pair_house == h
        null, left_out = size.upper(excess[h], variance[h], of_pair[here], size.triggers[here].astype(np.float64))
        per_100[h] = 100 * excess[h] / triggers[h]
        upper[h] = np.nan if left_out is None else max(null, left_out)
    codes = np.unique(cross.house)
    hits = summed(table.stratum_house, main.hits, houses)
    return pd.DataFrame(
        {
            "house": codes if cross.houses is None else cross.houses[codes],
            "events": np.bincount(side.house, minlength=houses),
            "triggers": triggers.astype(np.int64),
            "hits": hits,
            "expected": hits - main.excess_of_house,
            "sd": np.sqrt(main.variance_of_house),
            "returns_per_100": pd.array(per_100, dtype="Float64"),
            "upper": pd.array(upper, dtype="Float64"),
        }
    )


@dataclass(frozen=True, eq=False)
class _Prepared:
    side: Side
    table: AnswerTable
    answers: Mapping[str, Halves]
    moments: Mapping[str, Moments]

    @classmethod
    def of(cls, cross: CrossShares, direction: Direction, windows: Mapping[str, Window], days: int) -> "_Prepared":
        side = side_of(cross, direction)
        table = AnswerTable.of(side, side.strata("main", days))
        answers = table.answers(windows)
        return cls(side, table, answers, {name: Moments.of(table, answer) for name, answer in answers.items()})


def returns(
    cross: CrossShares,
    direction: Direction,
    *,
    permutations: int = PERMUTATIONS,
    rng: np.random.Generator,
    p: Method = "permutation",
    strata_days: int = STRATA_DAYS,
) -> Returns:
    """Test whether one side answers the other.

    Parameters
    ----------
    cross
        The shares inside pairs.
    direction
        ``"organisation_returns"``: shares by organisations after shares by the person; ``"person_returns"``.
    permutations
        Number of draws, B; all windows share the same. The odds ratio is simulated with as much effort.
    rng
        Random generator of the draws and of the odds ratio.
    p
        ``"permutation"``: :data:`WINDOWS`, p = (1 + draws at least as extreme) / (B + 1), and the odds ratio.
        ``"normal"``, for simulations only: :data:`DECISIVE` windows, p from Hoeffding's mean and variance, no odds
        ratio, no random numbers.
    strata_days
        Length of a stratum; other lengths than the method's are for sensitivity only (and ``strata_28`` and
        ``strata_56`` then have this length and twice this length).

    Returns
    -------
    timing.Returns
        Tests, returns per 100 and the odds ratio.

    Notes
    -----
    Own-house temporal test of method 2d: the exact conditional score test of a choice model (who of the house, given
    that a share happens) with effects of person and 28 days (Stadtfeld and Block 2017, doi:10.15195/v4.a14;
    method 1.7).
    """
    windows = WINDOWS if p == "permutation" else {name: WINDOWS[name] for name in DECISIVE}
    prepared = _Prepared.of(cross, direction, windows, strata_days)
    table, h48 = prepared.table, prepared.moments["h48"]
    tests = _tests(prepared.moments, table, prepared.answers, method=p, permutations=permutations, rng=rng)
    informative = _informative_events(table, prepared.answers["h48"])
    odds = None
    if p == "permutation" and informative >= FEWEST_EVENTS and h48.variance.any():
        odds = odds_ratio(h48, prepared.answers["h48"], permutations=permutations, rng=rng)
    return Returns(
        direction=direction,
        events=len(prepared.side.time),
        triggers=len(prepared.side.trigger_time),
        informative_events=informative,
        tests=MappingProxyType(tests),
        returns_per_100=_Size.of(prepared.side, h48, strata_days).returns_per_100(),
        odds_ratio=odds,
        houses=int((h48.variance_of_house > 0).sum()),
    )


def _informative_events(table: AnswerTable, answer: Halves) -> int:
    """Events in strata with two persons or more in which A is not constant."""
    if not len(answer):
        return 0
    high, low = np.maximum.reduceat(answer, table.offset), np.minimum.reduceat(answer, table.offset)
    return int(table.n[(table.m >= 2) & (high > low)].sum())


def order_check(cross: CrossShares, *, rng: np.random.Generator) -> OrderCheck:
    """Ask which side answers more within 16 hours.

    Parameters
    ----------
    cross
        The shares inside pairs.
    rng
        Random generator of the signs, needed with more than 36 houses.

    Returns
    -------
    OrderCheck
        D, its p and the houses with information.

    Notes
    -----
    Method 2d: ``D = sum_g (S_org,g - S_person,g)``, S = T - E with A the number of triggers in the 16 hours before;
    two-sided over the signs of the houses, ``p = min(1, 2 min(P(flips >= D), P(flips <= D)))``. Method 2d draws 20,000
    random signs; all of them are counted here with up to 36 houses, so that the words "one-way" never hang on a seed
    (a p of .048 would be drawn above .05 one time in seven), and 20,000 drawn beyond.
    """
    excess, free = [], []
    for direction in DIRECTIONS:
        side = side_of(cross, direction)
        table = AnswerTable.of(side, side.strata("main"))
        (count,) = table.triggers_between([(_ORDER_WINDOW_H, 0)])
        found = Moments.of(table, 2 * count)
        excess.append(found.excess_of_house)
        free.append(found.variance_of_house > 0)
    difference = (excess[0] - excess[1])[free[0] | free[1]]
    d, houses = float(difference.sum()), len(difference)
    if houses < _FEWEST_HOUSES_FOR_FLIPS:
        return OrderCheck(d, None, houses)
    if houses <= _MOST_HOUSES_EXACT:
        # by symmetry, as many signs give -D or less as D or more
        smaller = min(_signs_at_least(difference, d), _signs_at_least(difference, -d))
    else:
        flipped = (2 * rng.integers(0, 2, (_FLIPS, houses), dtype=np.int8) - 1) @ difference
        smaller = min(p_value(flipped, d), p_value(flipped, d, "less"))
    return OrderCheck(d, min(1.0, 2 * smaller), houses)


def _signs_at_least(difference: Floats, d: float) -> float:
    """Part of all signs of the differences with a sum of at least d, by meeting in the middle."""

    def sums(part: Floats) -> Floats:
        total = np.zeros(1)
        for value in part:
            total = np.concatenate([total - value, total + value])
        return np.sort(total)

    half = len(difference) // 2
    one, other = sums(difference[:half]), sums(difference[half:])
    at_least = len(other) - np.searchsorted(other, d - one - NO_FREEDOM, "left")
    return math.ldexp(float(at_least.sum()), -len(difference))


def first_movers(cross: CrossShares) -> FirstMovers:
    """Count who shared first in the pairs that share each other.

    Parameters
    ----------
    cross
        The shares inside pairs.

    Returns
    -------
    FirstMovers
        Pairs by who shared first.
    """
    shares = pd.DataFrame({"person": cross.person, "house": cross.house, "time_s": cross.time_s})
    by = [shares[side].groupby(["person", "house"])["time_s"].min() for side in (cross.by_person, ~cross.by_person)]
    person, organisation = by[0].align(by[1], join="inner")
    return FirstMovers(
        mutual=len(person),
        person_first=int((person < organisation).sum()),
        organisation_first=int((person > organisation).sum()),
        tie=int((person == organisation).sum()),
    )
