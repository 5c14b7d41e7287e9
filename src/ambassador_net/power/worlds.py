"""Worlds as arrays: people, their organisations and outsiders sharing each other, with a known truth.

Where :mod:`ambassador_net.simulate` makes up a study that looks like one, this makes thousands of bare worlds in
which one thing at a time is true: nobody returns, one side returns, ties differ for reasons nobody sees, people are
away, both sides share each other because of an occasion. They are the worlds of method 1.4 to 1.5b.

Notes
-----
Activity and popularity are Pareto, tied by a Gaussian copula. Returns are a branching (Hawkes) process in its cluster
form (Hawkes and Oakes 1974, doi:10.2307/3212693): each share across a pair has a Poisson number of returns with mean
kappa, each after an exponential lag. Ties that differ are gamma factors a pair (frailty; Vaupel, Manton and Stallard
1979, doi:10.2307/2061224). Time is in hours since Monday 00:00 until it becomes whole seconds.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from ambassador_net.amplification.cross import CrossShares
from ambassador_net.errors import Undefined

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

DAY = 24.0
WEEK = 7 * DAY
SECONDS_AN_HOUR = 3600

TAIL = 1.5
MOST = 1 - 1e-4
POPULARITY_FOLLOWS_ACTIVITY = 0.5
ORGANISATIONS_OF_ALL_POPULARITY = 0.1
ORGANISATIONS_OF_ALL_ACTIVITY = 0.05
SMALLEST_HOUSE = 3

OFF_HOURS = 0.25
OFFICE_OPENS, OFFICE_HOURS = 8.0, 8.0
WORKING_DAYS = 5

FORTNIGHT = 14
AGAINST_THE_TIDE = 0.2
SESSION_H = 2.0
ORGANISATION_LATER_H = 0.5

ORGANISATION, PERSON, OUTSIDER = 0, 1, 2


@dataclass(frozen=True)
class World:
    """What a made-up world is made from.

    Parameters
    ----------
    houses, people
        Organisations, and the people of each.
    equal_houses
        Whether each has exactly so many people; else their numbers are geometric with that mean, 3 or more.
    outsiders
        Accounts of no organisation.
    weeks
        Length of the window.
    background
        Shares a week in all between any two accounts.
    person_shares, organisation_shares
        Shares a week in all that people make of their organisation, and organisations of their people, that
        answer nothing.
    person_returns, organisation_returns
        Kappa: returns expected of each share received, by people and by organisations.
    half_life_h
        Half of the returns come within this many hours.
    frailty
        Shape of the gamma factor of each pair, smaller for ties that differ more; None: ties do not differ.
    symmetric_frailty
        Whether the factor is the same in both directions (shared interest) or drawn for each.
    campaign
        Part of the shares inside pairs moved to the house's campaign day of the fortnight.
    ties_turn_round
        Whether each pair shares mostly one way before a week of its own and mostly the other way after it.
    active_weeks
        Spell: each person is active only in so many consecutive weeks; None: throughout.
    absences, absence_weeks
        How often each person is away, and how long.
    session_share, sessions
        Part of the shares inside pairs gathered into online sessions, and sessions a person.
    own_weekdays
        Each person's shares fall on so many weekdays of their own; 0: on any.
    occasion_share, occasion_h
        Part of a person's shares of both directions moved to one occasion of that person, and its length.
    """

    houses: int = 20
    people: float = 30.0
    equal_houses: bool = False
    outsiders: int = 1000
    weeks: int = 26
    background: float = 500.0
    person_shares: float = 120.0
    organisation_shares: float = 60.0
    person_returns: float = 0.0
    organisation_returns: float = 0.0
    half_life_h: float = 24.0
    frailty: float | None = None
    symmetric_frailty: bool = False
    campaign: float = 0.0
    ties_turn_round: bool = False
    active_weeks: int | None = None
    absences: int = 0
    absence_weeks: int = 0
    session_share: float = 0.0
    sessions: int = 30
    own_weekdays: int = 0
    occasion_share: float = 0.0
    occasion_h: float = 8.0

    def returning(self, kappa: float) -> "World":
        """Give the same world with both sides returning.

        Parameters
        ----------
        kappa
            Returns expected of each share received.

        Returns
        -------
        World
            The world.
        """
        return replace(self, person_returns=kappa, organisation_returns=kappa)

    @property
    def returns_both_ways(self) -> bool:
        """Whether what the verdict asks for is true."""
        return self.person_returns > 0 and self.organisation_returns > 0


@dataclass(frozen=True, eq=False)
class Network:
    """Every share of a world, in the order of time.

    Parameters
    ----------
    sharer, source
        Account of each end of each share; shape (n,). Organisations come first, then people, then outsiders.
    time_s
        Whole seconds; shape (n,).
    role
        ``ORGANISATION``, ``PERSON`` or ``OUTSIDER`` for each account; shape (accounts,).
    house
        House of each account, -1 for outsiders; shape (accounts,).
    """

    sharer: Ints
    source: Ints
    time_s: npt.NDArray[np.int64]
    role: Ints
    house: Ints


@dataclass(frozen=True, eq=False)
class _Cast:
    """Accounts: one organisation a house, then its people, then outsiders."""

    house_of_person: Ints
    houses: int
    activity: Floats
    popularity: Floats

    @property
    def people(self) -> int:
        return len(self.house_of_person)

    def pair(self, sharer: Ints, source: Ints) -> tuple[Ints, Bools]:
        """Person of each share inside a pair (else -1), and whether the person made it."""
        house = np.full(len(self.activity), -1, dtype=np.intp)
        house[: self.houses] = np.arange(self.houses)
        house[self.houses : self.houses + self.people] = self.house_of_person
        by_person, of_person = sharer >= self.houses, source >= self.houses
        inside = (house[sharer] >= 0) & (house[sharer] == house[source]) & (by_person != of_person)
        person = np.where(by_person, sharer, source) - self.houses
        return np.where(inside, person, -1), by_person


@dataclass(frozen=True, eq=False)
class _PairShares:
    """Shares inside pairs: whose pair, which direction, when."""

    person: Ints
    by_person: Bools
    time_h: Floats

    def __len__(self) -> int:
        return len(self.person)

    def kept(self, keep: Bools) -> "_PairShares":
        return _PairShares(self.person[keep], self.by_person[keep], self.time_h[keep])

    def and_also(self, others: "list[_PairShares]") -> "_PairShares":
        parts = [self, *others]
        return _PairShares(
            np.concatenate([part.person for part in parts]),
            np.concatenate([part.by_person for part in parts]),
            np.concatenate([part.time_h for part in parts]),
        )

    def at(self, time_h: Floats) -> "_PairShares":
        return replace(self, time_h=time_h)

    def moved(self, share: float, rng: np.random.Generator) -> Ints:
        """Which of them something moves that moves this part of all."""
        return np.flatnonzero(rng.random(len(self)) < share)


def make_world(world: World, rng: np.random.Generator) -> CrossShares:
    """Make a world and keep what a test of answering sees: the shares inside pairs.

    Parameters
    ----------
    world
        What it is made from.
    rng
        Random generator.

    Returns
    -------
    CrossShares
        The shares inside pairs in the order of time, in one collection that is as long as the world's first and
        last share of any kind.

    Raises
    ------
    Undefined
        If the world is impossible.

    Examples
    --------
    >>> cross = make_world(World(weeks=4), np.random.default_rng(1))
    >>> bool((np.diff(cross.time_s) >= 0).all())
    True
    """
    cast, pairs, others = _made(world, rng)
    time_s = _seconds(pairs.time_h)
    order = np.argsort(time_s, kind="stable")
    everything = np.concatenate([time_s, _seconds(others[2])])
    if not len(everything):
        raise Undefined("a world without a share: give more shares a week or more weeks")
    person = pairs.person[order]
    return CrossShares(
        time_s=time_s[order],
        by_person=pairs.by_person[order],
        person=person,
        house=cast.house_of_person[person],
        collection=np.zeros(len(order), dtype=np.intp),
        first_s=everything.min(keepdims=True),
        last_s=everything.max(keepdims=True),
    )


def make_network(world: World, rng: np.random.Generator) -> Network:
    """Make a world and keep every share of it.

    Parameters
    ----------
    world
        What it is made from.
    rng
        Random generator; in the same state it gives the same world as :func:`make_world`.

    Returns
    -------
    Network
        All shares in the order of time.

    Raises
    ------
    Undefined
        If the world is impossible.
    """
    cast, pairs, (sharer, source, time_h) = _made(world, rng)
    person = pairs.person + cast.houses
    organisation = cast.house_of_person[pairs.person]
    sharer = np.concatenate([sharer, np.where(pairs.by_person, person, organisation)])
    source = np.concatenate([source, np.where(pairs.by_person, organisation, person)])
    time_s = _seconds(np.concatenate([time_h, pairs.time_h]))
    order = np.argsort(time_s, kind="stable")
    sizes = [cast.houses, cast.people, world.outsiders]
    return Network(
        sharer=sharer[order],
        source=source[order],
        time_s=time_s[order],
        role=np.repeat([ORGANISATION, PERSON, OUTSIDER], sizes),
        house=np.concatenate(
            [np.arange(cast.houses), cast.house_of_person, np.full(world.outsiders, -1)], dtype=np.intp
        ),
    )


def _seconds(time_h: Floats) -> npt.NDArray[np.int64]:
    return np.floor(time_h * SECONDS_AN_HOUR).astype(np.int64)


def _made(world: World, rng: np.random.Generator) -> tuple[_Cast, _PairShares, tuple[Ints, Ints, Floats]]:
    _checked(world)
    cast = _cast(world, rng)
    background, others = _background(world, cast, rng)
    pairs = _first_shares(world, cast, rng).and_also([background])
    if world.campaign:
        pairs = _campaign(world, cast, pairs, rng)
    if world.ties_turn_round:
        pairs = _ties_turned_round(world, cast, pairs, rng)
    pairs = pairs.and_also(_returns(world, pairs, rng))
    # from here on things happen to the people themselves, whatever their shares answer
    if world.active_weeks is not None:
        pairs = _spell(world, world.active_weeks, cast, pairs, rng)
    for _ in range(world.absences):
        pairs = _absence(world, cast, pairs, rng)
    if world.session_share:
        pairs = _sessions(world, cast, pairs, rng)
    if world.own_weekdays:
        pairs = _rhythm(world, cast, pairs, rng)
    if world.occasion_share:
        pairs = _joint_occasion(world, cast, pairs, rng)
    return cast, pairs, others


def _checked(world: World) -> None:
    if world.houses < 1 or world.people < 1 or world.weeks < 1:
        raise Undefined("a world needs at least one house, one person in it and one week")
    if world.active_weeks is not None and not 1 <= world.active_weeks <= world.weeks:
        raise Undefined(f"people are active for {world.active_weeks} of {world.weeks} weeks: choose 1 to {world.weeks}")
    if world.person_returns * world.organisation_returns >= 1:
        raise Undefined("a share is answered by one share or more on average, for ever: choose smaller returns")


def _cast(world: World, rng: np.random.Generator) -> _Cast:
    """Activity and popularity: Pareto with tail index 1.5, tied by a Gaussian copula."""
    if world.equal_houses:
        people = np.full(world.houses, round(world.people))
    else:
        people = np.maximum(SMALLEST_HOUSE, rng.geometric(1 / world.people, world.houses))
    accounts = world.houses + int(people.sum()) + world.outsiders
    score = rng.standard_normal((2, accounts))
    tied = POPULARITY_FOLLOWS_ACTIVITY
    score[1] = tied * score[0] + np.sqrt(1 - tied**2) * score[1]
    activity, popularity = (1 - np.clip(ndtr(score), 1e-9, MOST)) ** (-1 / TAIL)
    official = slice(world.houses)
    for trait, part in (
        (activity, ORGANISATIONS_OF_ALL_ACTIVITY),
        (popularity, ORGANISATIONS_OF_ALL_POPULARITY),
    ):
        trait[official] *= trait[world.houses :].sum() * part / (1 - part) / trait[official].sum()
    return _Cast(np.repeat(np.arange(world.houses), people), world.houses, activity, popularity)


def _background(world: World, cast: _Cast, rng: np.random.Generator) -> tuple[_PairShares, tuple[Ints, Ints, Floats]]:
    """Shares of anybody by anybody, each as active and popular as they are: inside pairs by chance, and the others."""
    n = int(rng.poisson(world.background * world.weeks))
    everybody = len(cast.activity)
    sharer = rng.choice(everybody, n, p=cast.activity / cast.activity.sum())
    source = rng.choice(everybody, n, p=cast.popularity / cast.popularity.sum())
    sharer, source = sharer[sharer != source], source[sharer != source]
    time_h = _times(len(sharer), world, rng)
    person, by_person = cast.pair(sharer, source)
    inside = person >= 0
    return (
        _PairShares(person[inside], by_person[inside], time_h[inside]),
        (sharer[~inside], source[~inside], time_h[~inside]),
    )


def _first_shares(world: World, cast: _Cast, rng: np.random.Generator) -> _PairShares:
    """Shares inside pairs that answer nothing: Poisson, by the activity of one side and the popularity of the other."""
    person = np.arange(cast.houses, cast.houses + cast.people)
    organisation = cast.house_of_person
    eo, oe = _frailty(world, cast.people, rng)
    counts = [
        rng.poisson(total * world.weeks * rate / rate.sum() * frailty)
        for total, rate, frailty in (
            (world.person_shares, cast.activity[person] * cast.popularity[organisation], eo),
            (world.organisation_shares, cast.activity[organisation] * cast.popularity[person], oe),
        )
    ]
    everybody = np.arange(cast.people)
    who = np.concatenate([np.repeat(everybody, count) for count in counts])
    by_person = np.arange(len(who)) < counts[0].sum()
    return _PairShares(who, by_person, _times(len(who), world, rng))


def _frailty(world: World, people: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    if world.frailty is None:
        return np.ones(people), np.ones(people)
    eo = rng.gamma(world.frailty, 1 / world.frailty, people)
    return eo, eo if world.symmetric_frailty else rng.gamma(world.frailty, 1 / world.frailty, people)


def _times(n: int, world: World, rng: np.random.Generator) -> Floats:
    """Most shares in office hours, the rest at any other hour of the week; all weeks alike."""
    office = rng.integers(0, WORKING_DAYS, n) * DAY + OFFICE_OPENS + rng.random(n) * OFFICE_HOURS
    closed_a_day = DAY - OFFICE_HOURS
    off = rng.random(n) * (WEEK - WORKING_DAYS * OFFICE_HOURS)
    day, hour = np.divmod(off, closed_a_day)
    on_working_day = day * DAY + np.where(hour < OFFICE_OPENS, hour, hour + OFFICE_HOURS)
    at_weekend = off + WORKING_DAYS * OFFICE_HOURS
    off = np.where(day < WORKING_DAYS, on_working_day, at_weekend)
    week = rng.integers(0, world.weeks, n) * WEEK
    return np.asarray(week + np.where(rng.random(n) < OFF_HOURS, off, office))


def _campaign(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """Both directions share each other on the house's campaign day, a working day of each fortnight."""
    moved = pairs.moved(world.campaign, rng)
    fortnight = np.floor(pairs.time_h[moved] / (FORTNIGHT * DAY))
    # one day earlier each fortnight and each house, so that houses and seasons do not fall together
    day = fortnight * FORTNIGHT - (fortnight + cast.house_of_person[pairs.person[moved]]) % 10 + 9
    day += np.where(day % 7 >= WORKING_DAYS, 2, 0)
    time_h = pairs.time_h.copy()
    time_h[moved] = day * DAY + OFFICE_OPENS + rng.random(len(moved)) * OFFICE_HOURS
    return pairs.at(time_h)


def _ties_turned_round(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """Before a time of its own each pair shares mostly one way, after it the other; a fifth of the rest is left."""
    turn_h = rng.random(cast.people) * world.weeks * WEEK
    person_first = rng.random(cast.people) < 0.5
    early = pairs.time_h < turn_h[pairs.person]
    with_the_tide = (early == pairs.by_person) == person_first[pairs.person]
    return pairs.kept(with_the_tide | (rng.random(len(pairs)) < AGAINST_THE_TIDE))


def _returns(world: World, pairs: _PairShares, rng: np.random.Generator) -> list[_PairShares]:
    """Answers, answers to answers and so on: one part a generation."""
    mean_lag_h = world.half_life_h / np.log(2)
    generations, last = [], pairs
    while len(last) and (world.person_returns or world.organisation_returns):
        kappa = np.where(last.by_person, world.organisation_returns, world.person_returns)
        answers = rng.poisson(kappa)
        time_h = np.repeat(last.time_h, answers) + rng.exponential(mean_lag_h, answers.sum())
        answered = _PairShares(np.repeat(last.person, answers), np.repeat(~last.by_person, answers), time_h)
        last = answered.kept(time_h < world.weeks * WEEK)
        generations.append(last)
    return generations


def _spell(world: World, active_weeks: int, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """All of a person's shares in one block of weeks, in their order of weeks and at their hour of the week."""
    start_h = rng.integers(0, world.weeks - active_weeks + 1, cast.people) * WEEK
    week = np.floor(pairs.time_h / WEEK * active_weeks / world.weeks)
    return pairs.at(start_h[pairs.person] + week * WEEK + pairs.time_h % WEEK)


def _absence(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """Each person is away once: neither side shares the other."""
    start_h = (rng.random(cast.people) * (world.weeks - world.absence_weeks) * WEEK)[pairs.person]
    return pairs.kept((pairs.time_h < start_h) | (pairs.time_h >= start_h + world.absence_weeks * WEEK))


def _sessions(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """Shares gathered where the person is online; the organisation follows a little later than it would."""
    shape = (cast.people, world.sessions)
    start_h = rng.integers(0, world.weeks * 7 - 1, shape) * DAY + OFFICE_OPENS + rng.random(shape) * OFFICE_HOURS
    moved = pairs.moved(world.session_share, rng)
    n = len(moved)
    time_h = pairs.time_h.copy()
    time_h[moved] = start_h[pairs.person[moved], rng.integers(0, world.sessions, n)] + rng.random(n) * SESSION_H
    time_h[moved] += np.where(pairs.by_person[moved], 0, rng.exponential(ORGANISATION_LATER_H, n))
    return pairs.at(time_h)


def _rhythm(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """Each person's shares on weekdays of their own, in the same week and at the same hour."""
    first_day = rng.integers(0, 7, cast.people)[pairs.person]
    day = (first_day + rng.integers(0, world.own_weekdays, len(pairs))) % 7
    return pairs.at(np.floor(pairs.time_h / WEEK) * WEEK + day * DAY + pairs.time_h % DAY)


def _joint_occasion(world: World, cast: _Cast, pairs: _PairShares, rng: np.random.Generator) -> _PairShares:
    """One day of each person (a talk, an interview) on which both sides share each other because of the day."""
    start_h = rng.integers(0, world.weeks * 7 - 1, cast.people) * DAY + OFFICE_OPENS
    moved = pairs.moved(world.occasion_share, rng)
    time_h = pairs.time_h.copy()
    time_h[moved] = start_h[pairs.person[moved]] + rng.random(len(moved)) * world.occasion_h
    return pairs.at(time_h)
