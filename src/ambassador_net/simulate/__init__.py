"""Made-up studies with a known truth.

A world is a year of sharing in a few houses. People and organisations share each other, colleagues, other
houses and outsiders; on top of that, some sides *return* what they were given. What is planted stands in
:class:`World` and comes back as the truth beside the study, so that a method can be held against it.

Notes
-----
Answers are a branching (Hawkes) process in its cluster form [1]_: every share across a pair has a Poisson
number of returns, each after an exponential lag. The mean number of returns a share is kappa.

Activity and popularity are Pareto, tied by a Gaussian copula; a few people do most of the sharing, as in
[2]_, and a part of the people hardly share at all.

Shared interest is a gamma factor a pair, the same in both directions: the pairs that share one way also
share the other way, though nobody answers. This is the frailty of [3]_.

Office hours come from operational time, in which all processes run evenly: it all but stands still at
night, runs fast on a working day, and is then read off the calendar (the time change of [4]_).

References
----------
.. [1] Hawkes & Oakes (1974), A cluster process representation of a self-exciting process,
   https://doi.org/10.2307/3212693
.. [2] Clauset, Shalizi & Newman (2009), Power-law distributions in empirical data,
   https://doi.org/10.1137/070710111
.. [3] Vaupel, Manton & Stallard (1979), The impact of heterogeneity in individual frailty on the dynamics
   of mortality, https://doi.org/10.2307/2061224
.. [4] Daley & Vere-Jones (2003), An introduction to the theory of point processes I, section 7.4,
   https://doi.org/10.1007/b97277
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ambassador_net import study as studies
from ambassador_net.errors import Undefined
from ambassador_net.study import Study

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TIME_ZONE = "Europe/Helsinki"
YEAR = 2025
COLLECTION = "made-up-2025"
CHANNELS = ("mastodon", "linkedin")

# Public holidays of Finland, with the two eves that nobody works.
HOLIDAYS = (
    "01-01", "01-06", "04-18", "04-20", "04-21", "05-01", "05-29", "06-08", "06-20", "06-21",
    "11-01", "12-06", "12-24", "12-25", "12-26",
)  # fmt: skip

FIRST_NAMES = (
    "Aino", "Eino", "Helmi", "Onni", "Lumi", "Väinö", "Aada", "Oiva", "Siiri", "Eetu", "Kerttu", "Toivo",
    "Elsa", "Urho", "Inkeri", "Armas", "Päivi", "Jyrki", "Märta", "Göran", "Sanna", "Tuomas", "Leena",
    "Antti", "Hilja", "Veikko", "Outi", "Ilmari", "Saima", "Pekka", "Tyyne", "Hannu",
)  # fmt: skip
SURNAME_STARTS = (
    "Halla", "Kaste", "Usva", "Tyrsky", "Sammal", "Kaisla", "Hopea", "Syys", "Ruska", "Vesper", "Kuulas",
    "Tuisku", "Hämy", "Köynnös", "Päre", "Sähkö",
)  # fmt: skip
SURNAME_ENDS = (
    "sointu", "valkama", "linna", "portti", "silta", "kello", "tupa", "käpy", "airo", "lyhty", "purje",
    "pöllö", "hella", "virsu", "kanto", "säde",
)  # fmt: skip
UNITS = ("Viestintä", "Palvelut", "Kehittäminen", "Hallinto", "Henkilöstö")


@dataclass(frozen=True)
class House:
    """One organisation with its people, and what is planted between them.

    Parameters
    ----------
    organisation, handle
        Its name, and the stem of its handles.
    people
        How many people work there when the year begins.
    official_accounts
        Ending of the handle and channel of each account of the organisation.
    person_to_organisation, organisation_to_person
        Shares that answer nothing, a person a year.
    organisation_returns, person_returns
        Kappa: mean returns a share, by the organisation and by the people.
    shared_interest
        Whether some pairs share more, both ways, than the activity of their sides explains.
    partly_observed
        Whether the posts of the LinkedIn account were collected only in part.
    joint_occasion
        Month and day on which both sides share each other because of the day; empty: no such day.
    """

    organisation: str
    handle: str
    people: int
    official_accounts: tuple[tuple[str, str], ...]
    person_to_organisation: float = 10.0
    organisation_to_person: float = 6.0
    organisation_returns: float = 0.0
    person_returns: float = 0.0
    shared_interest: bool = False
    partly_observed: bool = False
    joint_occasion: str = ""


@dataclass(frozen=True)
class World:
    """Everything a made-up year is made from; numbers without another unit are expected a year."""

    houses: tuple[House, ...]
    verdict: str

    # people: Pareto tail and its highest quantile; part and activity of those who hardly take part
    outsiders: int = 2600
    tail: float = 1.6
    most: float = 0.995
    popularity_follows_activity: float = 0.5
    quiet: float = 0.35
    quiet_factor: float = 0.08
    on_both_channels: float = 0.55
    movers: int = 10
    in_two_houses: int = 5

    # shares across a pair
    half_life_h: float = 24.0
    interest_shape: float = 0.5
    campaign_share: float = 0.1
    campaign_days: int = 8
    occasion_people: int = 12

    # other shares
    person_to_colleague: float = 1200.0
    person_to_outsider: float = 2400.0
    person_to_other_house: float = 300.0
    organisation_to_outsider: float = 350.0
    organisation_to_other_house: float = 150.0
    outsider_to_organisation: float = 1500.0
    outsider_to_person: float = 1000.0
    sister_account: float = 60.0
    self_shares: float = 60.0
    quoted: float = 0.18

    # posts: a person, an official account; age of a post written to be shared
    posts_a_person: float = 18.0
    posts_an_official_account: float = 110.0
    fresh_post_h: float = 8.0
    replies: float = 1200.0
    same_text_other_channel: float = 0.4
    same_text_by_people: float = 0.5
    mentioning: float = 0.12
    second_account: float = 0.3
    followers_of_organisation: float = 2500.0
    followers_of_person: float = 140.0
    followers_growth: float = 0.25

    # what was collected of it
    not_observed: float = 0.03
    partly_observed: float = 0.05
    one_channel_hidden: float = 0.06
    seen_when_partly: float = 0.5
    unknown_source: int = 50
    known_as_interval: int = 70
    answering: float = 0.7


_BOTH = (("", "mastodon"), ("", "linkedin"))
_KAPPA = 0.2


def _dancing(organisation: str, handle: str, people: int, accounts: tuple[tuple[str, str], ...]) -> House:
    return House(organisation, handle, people, accounts, organisation_returns=_KAPPA, person_returns=_KAPPA)


_EXAMPLE = World(
    houses=(
        replace(_dancing("Kanava City", "kanava", 62, (*_BOTH, ("_news", "mastodon"))), joint_occasion="10-09"),
        _dancing("Metsälä Institute", "metsala", 52, (*_BOTH, ("_research", "linkedin"))),
        _dancing("Pohja Energy", "pohja", 46, _BOTH),
        House("Saaristo Library", "saaristo", 30, _BOTH, shared_interest=True),
        House("Rautiokoski & Co", "rautiokoski", 26, _BOTH, organisation_returns=_KAPPA),
        House("Tuulikello Theatre", "tuulikello", 18, (*_BOTH, ("_stage", "mastodon")), person_returns=_KAPPA),
        House("Selkävesi Polytechnic", "selkavesi", 12, _BOTH, partly_observed=True),
        _dancing("Hämysalo Puppet Workshop", "hamysalo", 4, _BOTH),
    ),
    verdict="supported",
)


def _planted(world: World, **changes: Any) -> tuple[House, ...]:
    quiet = {
        "organisation_returns": 0.0,
        "person_returns": 0.0,
        "shared_interest": False,
        "joint_occasion": "",
    }
    return tuple(replace(house, **{**quiet, **changes}) for house in world.houses)


WORLDS: dict[str, World] = {
    "example": _EXAMPLE,
    "null": replace(_EXAMPLE, houses=_planted(_EXAMPLE), verdict="not_supported"),
    "one-way": replace(_EXAMPLE, houses=_planted(_EXAMPLE, organisation_returns=_KAPPA), verdict="not_supported"),
    "one-way-people": replace(_EXAMPLE, houses=_planted(_EXAMPLE, person_returns=_KAPPA), verdict="not_supported"),
    "shared-interest": replace(_EXAMPLE, houses=_planted(_EXAMPLE, shared_interest=True), verdict="not_supported"),
    "campaigns": replace(
        _EXAMPLE, houses=_planted(_EXAMPLE), campaign_share=0.4, campaign_days=12, verdict="not_supported"
    ),
}


@dataclass(frozen=True)
class MadeUp:
    """A made-up study and what was planted in it.

    Parameters
    ----------
    study
        The study, as an analysis sees it.
    truth
        World, seed, the verdict that should be found and, house by house, what was planted. For tests only.
    """

    study: Study
    truth: dict[str, Any]

    def write(self, folder: str | Path) -> Path:
        """Write the study and, beside it, ``truth.json``.

        Parameters
        ----------
        folder
            Where to; made if it is not there.

        Returns
        -------
        Path
            The folder.
        """
        written = self.study.write(folder)
        text = json.dumps(self.truth, ensure_ascii=False, indent=2) + "\n"
        (written / "truth.json").write_bytes(text.encode())
        return written


def simulate(world: str = "example", *, seed: int | np.random.Generator) -> MadeUp:
    """Make up a study with a known truth.

    Parameters
    ----------
    world
        ``example`` (most houses return both ways; the study that ships), ``null`` (nobody returns),
        ``one-way`` (only organisations return), ``one-way-people`` (only people do), ``shared-interest`` (the
        same pairs share both ways, nobody returns) or ``campaigns`` (common campaign days, nobody returns).
    seed
        The same integer gives the same study. A generator is used as it stands.

    Returns
    -------
    MadeUp
        The study, and the truth that no analysis may look at.

    Raises
    ------
    Undefined
        There is no such world.

    Examples
    --------
    >>> made_up = simulate("null", seed=1)
    >>> made_up.truth["verdict"]
    'not_supported'
    """
    if world not in WORLDS:
        raise Undefined(f"there is no world {world!r}: choose one of {', '.join(WORLDS)}")
    rng = np.random.default_rng(seed)
    plan = WORLDS[world]
    calendar = Calendar.of(YEAR)
    cast = _cast(plan, calendar, rng)
    shares = _shares(plan, cast, calendar, rng)
    tables = _tables(plan, cast, shares, calendar, rng)
    study = studies.from_tables(
        tables,
        title="Made-up advocacy: eight houses, one year",
        made_up=True,
        description=f"Simulated (world {world}). Every organisation, person and post is invented.",
    )
    return MadeUp(study, _truth(world, plan, cast, seed))


# ---------------------------------------------------------------------------------------------- the calendar


@dataclass(frozen=True)
class Calendar:
    """Operational time against the clock: how much sharing an hour of the year sees.

    ``elapsed`` is operational hours at each full hour from ``start``; over the year they add up to the
    hours of the year, so that a rate an operational hour is a rate an hour on average.
    """

    start: int
    elapsed: Floats
    hours: pd.DatetimeIndex

    @classmethod
    def of(cls, year: int) -> "Calendar":
        """Finnish office hours, holidays and the July lull of one year."""
        first = pd.Timestamp(year=year, month=1, day=1, tz=TIME_ZONE)
        hours = pd.date_range(first, first + pd.DateOffset(years=1), freq="h", inclusive="left")
        pace = _pace(hours)
        pace *= len(hours) / pace.sum()
        return cls(int(first.timestamp()), np.concatenate([[0.0], np.cumsum(pace)]), hours)

    @property
    def end(self) -> float:
        """Operational hours in the year."""
        return float(self.elapsed[-1])

    def seconds(self, operational: Floats) -> Ints:
        """Read operational hours as whole seconds since 1970."""
        hours = np.interp(operational, self.elapsed, np.arange(len(self.elapsed), dtype=float))
        return np.asarray(self.start + np.floor(hours * 3600), dtype=np.int64)

    def operational(self, local: pd.Timestamp) -> float:
        """Read a local time as operational hours."""
        hours = (local.timestamp() - self.start) / 3600
        return float(np.interp(hours, np.arange(len(self.elapsed), dtype=float), self.elapsed))

    def office_hours(self, day: pd.Timestamp) -> tuple[float, float]:
        """Begin and end of a day's office hours, in operational hours."""
        begin, end = (self.operational(day + pd.DateOffset(hours=hour)) for hour in (8, 16))
        return begin, end

    def working_days(self) -> list[pd.Timestamp]:
        """Mondays to Fridays that are no holidays, without July."""
        days = self.hours[self.hours.hour == 0]
        free = (days.day_of_week > 4) | np.isin(days.strftime("%m-%d"), HOLIDAYS) | (days.month == 7)
        return list(days[~free])


def _pace(hours: pd.DatetimeIndex) -> Floats:
    """Sharing an hour, relative to an office hour."""
    clock = np.asarray(hours.hour)
    day = np.asarray(hours.day_of_week)
    free = (day > 4) | np.isin(hours.strftime("%m-%d"), HOLIDAYS)
    awake = np.where((clock >= 7) & (clock < 22), 0.2, 0.01)
    pace = np.where(~free & (clock >= 8) & (clock < 16), 1.0, awake)
    pace *= np.where(clock == 11, 0.7, 1.0)
    pace *= np.where(np.asarray(hours.month) == 7, 0.3, 1.0)
    christmas = (np.asarray(hours.month) == 12) & (np.asarray(hours.day) >= 22)
    return np.asarray(pace * np.where(christmas, 0.4, 1.0), dtype=np.float64)


# ------------------------------------------------------------------------------------- who there is


@dataclass(frozen=True)
class Cast:
    """Holders (organisations, then people, then outsiders), where they belong and what they are like."""

    n_houses: int
    n_people: int
    activity: Floats
    popularity: Floats
    channels: Bools
    home: Ints
    tie_person: Ints
    tie_house: Ints
    tie_from: Floats
    tie_to: Floats
    tie_dates: list[tuple[pd.Timestamp | None, pd.Timestamp | None]]
    observed: NDArray[np.object_]
    campaigns: list[list[pd.Timestamp]]

    @property
    def people(self) -> Ints:
        """The people among the holders."""
        return np.arange(self.n_houses, self.n_houses + self.n_people)

    @property
    def organisations(self) -> Ints:
        """The organisations among the holders."""
        return np.arange(self.n_houses)

    @property
    def outsiders(self) -> Ints:
        """The outsiders among the holders."""
        return np.arange(self.n_houses + self.n_people, len(self.activity))


def _cast(world: World, calendar: Calendar, rng: np.random.Generator) -> Cast:
    n_houses = len(world.houses)
    home = np.repeat(np.arange(n_houses), [house.people for house in world.houses])
    n_people = len(home)
    n = n_houses + n_people + world.outsiders
    activity, popularity = _heavy_tails(world, n, rng)
    quiet = n_houses + np.flatnonzero(rng.random(n_people) < world.quiet)
    activity[quiet] *= world.quiet_factor
    popularity[quiet] *= world.quiet_factor
    channels = np.zeros((n, len(CHANNELS)), dtype=bool)
    channels[np.arange(n), rng.integers(0, len(CHANNELS), n)] = True
    channels[:n_houses] = True
    channels[n_houses : n_houses + n_people][rng.random(n_people) < world.on_both_channels] = True
    observed = np.full(n, "none", dtype=object)
    observed[:n_houses] = "full"
    observed[n_houses : n_houses + n_people] = rng.choice(
        np.array(["none", "partial", "full"], dtype=object),
        n_people,
        p=[world.not_observed, world.partly_observed, 1 - world.not_observed - world.partly_observed],
    )
    return Cast(
        n_houses,
        n_people,
        activity,
        popularity,
        channels,
        home,
        *_ties(world, home, calendar, rng),
        observed,
        [_campaign_days(world, calendar, rng) for _ in world.houses],
    )


def _heavy_tails(world: World, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Pareto activity and popularity whose ranks are correlated."""
    z = rng.standard_normal(n)
    r = world.popularity_follows_activity
    both = (z, r * z + np.sqrt(1 - r * r) * rng.standard_normal(n))
    ranks = ((np.argsort(np.argsort(z)) + 0.5) / n for z in both)
    one, two = ((1 - np.minimum(rank, world.most)) ** (-1 / world.tail) for rank in ranks)
    return one, two


def _ties(
    world: World, home: Ints, calendar: Calendar, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats, Floats, list[tuple[pd.Timestamp | None, pd.Timestamp | None]]]:
    """Spells: one a person; two for those who change employer or belong to two houses."""
    open_houses = np.array([i for i, house in enumerate(world.houses) if house.people >= 5])
    able = np.flatnonzero(np.isin(home, open_houses))
    special = rng.choice(able, world.movers + world.in_two_houses, replace=False)
    other = np.array([rng.choice(open_houses[open_houses != home[person]]) for person in special])
    days = calendar.working_days()
    changes = [days[i] for i in rng.integers(len(days) // 5, 4 * len(days) // 5, world.movers)]
    first: list[tuple[pd.Timestamp | None, pd.Timestamp | None]] = [(None, None)] * len(home)
    second: list[tuple[pd.Timestamp | None, pd.Timestamp | None]] = [(None, None)] * len(special)
    for i, change in enumerate(changes):
        first[special[i]], second[i] = (None, change), (change, None)
    dates = first + second
    begin = np.array([0.0 if start is None else calendar.operational(start) for start, _ in dates])
    end = np.array([calendar.end if stop is None else calendar.operational(stop) for _, stop in dates])
    person = np.concatenate([np.arange(len(home)), special]) + len(world.houses)
    return person, np.concatenate([home, other]), begin, end, dates


def _campaign_days(world: World, calendar: Calendar, rng: np.random.Generator) -> list[pd.Timestamp]:
    days = calendar.working_days()
    return [days[i] for i in np.sort(rng.choice(len(days), world.campaign_days, replace=False))]


# -------------------------------------------------------------------------------- who shares whom, and when


@dataclass(frozen=True)
class Shares:
    """Shares between holders at operational times; ``tie`` is the spell of a share across a pair, or -1."""

    time: Floats
    sharer: Ints
    source: Ints
    tie: Ints

    def take(self, index: Ints | Bools) -> "Shares":
        """Pick some of them, in the order given."""
        return Shares(self.time[index], self.sharer[index], self.source[index], self.tie[index])

    @staticmethod
    def join(*parts: "Shares") -> "Shares":
        """All of them, one part after the other."""
        return Shares(
            np.concatenate([p.time for p in parts]),
            np.concatenate([p.sharer for p in parts]),
            np.concatenate([p.source for p in parts]),
            np.concatenate([p.tie for p in parts]),
        )


def _shares(world: World, cast: Cast, calendar: Calendar, rng: np.random.Generator) -> Shares:
    spontaneous = _spontaneous(world, cast, calendar, rng)
    spontaneous = _to_campaign_days(world, cast, spontaneous, calendar, rng)
    spontaneous = Shares.join(spontaneous, *_joint_occasions(world, cast, calendar, rng))
    across = _with_returns(world, cast, spontaneous, rng)
    everything = Shares.join(across, *_background(world, cast, calendar, rng))
    return everything.take(np.argsort(everything.time, kind="stable"))


def _spontaneous(world: World, cast: Cast, calendar: Calendar, rng: np.random.Generator) -> Shares:
    """Shares across the pairs that answer nothing: a Poisson process a pair and direction."""
    length = (cast.tie_to - cast.tie_from) / calendar.end
    interested = np.array([house.shared_interest for house in world.houses])[cast.tie_house]
    interest = rng.gamma(world.interest_shape, 1 / world.interest_shape, len(length))
    factor = length * np.where(interested, interest, 1.0)
    given = np.array([house.person_to_organisation for house in world.houses])[cast.tie_house]
    received = np.array([house.organisation_to_person for house in world.houses])[cast.tie_house]
    parts = []
    for rate, trait, by_person in ((given, cast.activity, True), (received, cast.popularity, False)):
        of = trait[cast.tie_person]
        count = rng.poisson(rate * factor * of / of.mean())
        tie = np.repeat(np.arange(len(count)), count)
        time = rng.uniform(cast.tie_from[tie], cast.tie_to[tie])
        person, organisation = cast.tie_person[tie], cast.tie_house[tie]
        ends = (person, organisation) if by_person else (organisation, person)
        parts.append(Shares(time, *ends, tie))
    return Shares.join(*parts)


def _to_campaign_days(world: World, cast: Cast, shares: Shares, calendar: Calendar, rng: np.random.Generator) -> Shares:
    """Move a part of the shares, both directions, to the house's campaign days."""
    time = shares.time.copy()
    windows = np.array([[calendar.office_hours(day) for day in days] for days in cast.campaigns])
    moved = np.flatnonzero(rng.random(len(time)) < world.campaign_share)
    tie = shares.tie[moved]
    window = windows[cast.tie_house[tie], rng.integers(0, world.campaign_days, len(moved))]
    when = rng.uniform(window[:, 0], window[:, 1])
    inside = (cast.tie_from[tie] <= when) & (when < cast.tie_to[tie])
    time[moved[inside]] = when[inside]
    return replace(shares, time=time)


def _joint_occasions(world: World, cast: Cast, calendar: Calendar, rng: np.random.Generator) -> list[Shares]:
    """Let both sides share each other on a seminar day, because of the day and not of each other."""
    found = []
    for house, plan in enumerate(world.houses):
        if not plan.joint_occasion:
            continue
        begin, end = calendar.office_hours(pd.Timestamp(f"{YEAR}-{plan.joint_occasion}", tz=TIME_ZONE))
        there = (cast.tie_house == house) & (cast.tie_from <= begin) & (end < cast.tie_to)
        guests = rng.choice(np.flatnonzero(there), world.occasion_people, replace=False)
        for by_person in (True, False):
            tie = np.repeat(guests, rng.integers(1, 3, len(guests)))
            person, organisation = cast.tie_person[tie], cast.tie_house[tie]
            ends = (person, organisation) if by_person else (organisation, person)
            found.append(Shares(rng.uniform(begin, end, len(tie)), *ends, tie))
    return found


def _with_returns(world: World, cast: Cast, shares: Shares, rng: np.random.Generator) -> Shares:
    """Let every share have a Poisson number of returns, these again, until nobody answers any more."""
    by_organisation = np.array([house.organisation_returns for house in world.houses])
    by_person = np.array([house.person_returns for house in world.houses])
    generations = [shares]
    while len(generations[-1].time):
        last = generations[-1]
        house = cast.tie_house[last.tie]
        kappa = np.where(last.source < cast.n_houses, by_organisation[house], by_person[house])
        parent = np.repeat(np.arange(len(kappa)), rng.poisson(kappa))
        lag = rng.exponential(world.half_life_h / np.log(2), len(parent))
        answers = Shares(last.time[parent] + lag, last.source[parent], last.sharer[parent], last.tie[parent])
        generations.append(answers.take(answers.time < cast.tie_to[answers.tie]))
    return Shares.join(*generations)


def _background(world: World, cast: Cast, calendar: Calendar, rng: np.random.Generator) -> list[Shares]:
    """Everything that is not between a person and their own organisation."""

    def drawn(rate: float, sharers: Ints, sources: Ints) -> Shares:
        n = rng.poisson(rate)
        a, b = cast.activity[sharers], cast.popularity[sources]
        return Shares(
            rng.uniform(0, calendar.end, n),
            rng.choice(sharers, n, p=a / a.sum()),
            rng.choice(sources, n, p=b / b.sum()),
            np.full(n, -1),
        )

    people, organisations, outsiders = cast.people, cast.organisations, cast.outsiders
    parts = [
        drawn(world.person_to_outsider, people, outsiders),
        drawn(world.organisation_to_outsider, organisations, outsiders),
        drawn(world.outsider_to_organisation, outsiders, organisations),
        drawn(world.outsider_to_person, outsiders, people),
        drawn(world.person_to_other_house, people, np.concatenate([organisations, people])),
        drawn(world.organisation_to_other_house, organisations, np.concatenate([organisations, people])),
    ]
    for house, plan in enumerate(world.houses):
        colleagues = people[cast.home == house]
        part_of_people = plan.people / cast.n_people
        parts.append(drawn(world.person_to_colleague * part_of_people, colleagues, colleagues))
    strangers = [part.take(~_belong_together(cast, part)) for part in parts]
    itself = [
        drawn(world.self_shares, people, people),
        drawn(world.sister_account, organisations, organisations),
    ]
    return [*strangers, *(replace(part, source=part.sharer) for part in itself)]


def _belong_together(cast: Cast, shares: Shares) -> Bools:
    """Mark shares of one's own, and those between a person and an organisation of theirs at any time."""
    n = len(cast.activity)
    pairs = np.concatenate([cast.tie_person * n + cast.tie_house, cast.tie_house * n + cast.tie_person])
    together = np.isin(shares.sharer * n + shares.source, pairs)
    return np.asarray((shares.sharer == shares.source) | together, dtype=bool)


# ------------------------------------------------------------------------------- accounts, posts and tables


@dataclass(frozen=True)
class Accounts:
    """Accounts by number: whose, on which channel, how well observed. The outsiders' come last."""

    holder: Ints
    channel: Ints
    handle: list[str]
    observed: NDArray[np.object_]
    main: Ints
    second: Ints
    n_own: int

    def of(self, holder: Ints, channel: Ints, second: Bools) -> Ints:
        """Return the holders' accounts on a channel, the second one where asked for and there is one."""
        other = self.second[holder, channel]
        return np.asarray(np.where(second & (other >= 0), other, self.main[holder, channel]))


def _tables(
    world: World, cast: Cast, shares: Shares, calendar: Calendar, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    names = _names(cast.n_people, rng)
    accounts = _accounts(world, cast, names, rng)
    acts = _by_account(world, accounts, cast, shares, calendar, rng)
    acts = acts[_seen(world, accounts, acts, rng)].reset_index(drop=True)
    originals = _originals(world, cast, accounts, calendar, rng)
    acts, originals = _with_originals(world, acts, originals, rng)
    replies = _replies(world, cast, accounts, calendar, originals, rng)
    acts = _known_in_part(world, accounts, acts, rng)
    posts = _posts(world, accounts, acts, originals, replies, rng)
    return {
        "accounts": _accounts_table(world, accounts, acts, names, cast),
        "holders": _holders_table(world, cast, names, rng),
        "affiliations": _affiliations_table(world, cast),
        "posts": _posts_table(world, cast, accounts, calendar, posts, rng),
        "shares": _shares_table(acts, accounts, posts),
        "mentions": _mentions_table(world, cast, accounts, posts, rng),
    }


def _names(n: int, rng: np.random.Generator) -> list[str]:
    """First names with invented surnames, no two people alike."""
    surnames = [start + end for start in SURNAME_STARTS for end in SURNAME_ENDS]
    everybody = [f"{first} {last}" for first in FIRST_NAMES for last in surnames]
    return [everybody[i] for i in rng.choice(len(everybody), n, replace=False)]


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("äöå ", "aoa_"))


def _accounts(world: World, cast: Cast, names: list[str], rng: np.random.Generator) -> Accounts:
    rows: list[tuple[int, int, str]] = []
    for organisation, plan in enumerate(world.houses):
        rows += [(organisation, CHANNELS.index(on), plan.handle + suffix) for suffix, on in plan.official_accounts]
    n_own_holders = cast.n_houses + cast.n_people
    for holder, on in np.argwhere(cast.channels):
        if holder >= cast.n_houses:
            own = holder < n_own_holders
            rows.append((holder, on, _ascii(names[holder - cast.n_houses]) if own else ""))
    owner = np.array([row[0] for row in rows], dtype=np.int64)
    channel = np.array([row[1] for row in rows], dtype=np.int64)
    main = np.full((len(cast.activity), len(CHANNELS)), -1, dtype=np.int64)
    second = main.copy()
    for number, (holder, on, _) in enumerate(rows):
        (main if main[holder, on] < 0 else second)[holder, on] = number
    observed = cast.observed[owner]
    for organisation, plan in enumerate(world.houses):
        if plan.partly_observed:
            observed[main[organisation, CHANNELS.index("linkedin")]] = "partial"
    on_two = np.flatnonzero((observed == "full") & (owner >= cast.n_houses) & (channel == CHANNELS.index("linkedin")))
    on_two = on_two[cast.channels[owner[on_two]].all(axis=1)]
    observed[on_two[rng.random(len(on_two)) < world.one_channel_hidden]] = "none"
    n_own = int((owner < n_own_holders).sum())
    return Accounts(owner, channel, [row[2] for row in rows], observed, main, second, n_own)


def _by_account(
    world: World,
    accounts: Accounts,
    cast: Cast,
    shares: Shares,
    calendar: Calendar,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Put every share on a channel that both sides use; shares between other channels cannot happen."""
    itself = shares.sharer == shares.source
    ends = []
    common = cast.channels[shares.sharer] & cast.channels[shares.source]
    channel = _one_of(common, rng)
    for holder in (shares.sharer, shares.source):
        own = np.where(itself, _one_of(cast.channels[holder], rng), channel)
        ends.append(accounts.of(holder, own, rng.random(len(holder)) < world.second_account))
    frame = pd.DataFrame(
        {
            "seconds": calendar.seconds(shares.time),
            "sharer": ends[0],
            "source": ends[1],
            "kind": np.where(rng.random(len(channel)) < world.quoted, "quote", "repost"),
        }
    )
    possible = itself | np.asarray(common.any(axis=1), dtype=bool)
    return _rows(frame, possible).reset_index(drop=True)


def _rows(frame: pd.DataFrame, where: Bools) -> pd.DataFrame:
    return frame.take(np.flatnonzero(where))


def _one_of(channels: Bools, rng: np.random.Generator) -> Ints:
    """Choose, row by row, one of the channels that are there."""
    second = channels[:, 1] & (~channels[:, 0] | (rng.random(len(channels)) < 0.5))
    return second.astype(np.int64)


def _seen(world: World, accounts: Accounts, rows: pd.DataFrame, rng: np.random.Generator) -> Bools:
    """Which acts of these sharers were collected; outsiders' shares are found from the post they share."""
    sharer = rows["sharer"].to_numpy()
    observed = accounts.observed[sharer]
    part = (observed == "partial") & (rng.random(len(rows)) < world.seen_when_partly)
    return np.asarray((sharer >= accounts.n_own) | (observed == "full") | part, dtype=bool)


def _originals(
    world: World, cast: Cast, accounts: Accounts, calendar: Calendar, rng: np.random.Generator
) -> pd.DataFrame:
    """Original posts of people and official accounts; some texts appear on both channels, some are copied."""
    holder = accounts.holder[: accounts.n_own]
    official = holder < cast.n_houses
    eager = np.sqrt(cast.activity[holder] * cast.popularity[holder])
    mean = np.where(official, world.posts_an_official_account, world.posts_a_person)
    rate = mean * np.where(official, 1.0, eager / eager[~official].mean())
    author = np.repeat(np.arange(accounts.n_own), rng.poisson(rate))
    first = pd.DataFrame(
        {
            "author": author,
            "time": rng.uniform(0, calendar.end, len(author)),
            "text": np.arange(len(author)),
        }
    )
    again = pd.concat(
        [_on_other_channel(world, cast, accounts, first, rng), _copied(world, cast, accounts, first, rng)]
    )
    again = again[again["time"] < calendar.end]
    posts = pd.concat([first, again], ignore_index=True)
    repeated = posts["text"].isin(again["text"])
    posts["text"] = posts["text"].where(repeated, -1)
    seconds = calendar.seconds(posts["time"].to_numpy())
    return posts.assign(seconds=seconds)[["author", "seconds", "text"]]


def _on_other_channel(
    world: World, cast: Cast, accounts: Accounts, first: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the same text by the same author, within hours, on the other channel."""
    author = first["author"].to_numpy()
    other = accounts.main[accounts.holder[author], 1 - accounts.channel[author]]
    chosen = (other >= 0) & (rng.random(len(author)) < world.same_text_other_channel)
    rows = _rows(first, chosen)
    return rows.assign(author=other[chosen], time=rows["time"] + rng.exponential(2.0, len(rows)))


def _copied(
    world: World, cast: Cast, accounts: Accounts, first: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the organisation's own text, posted within a day by some of its people on the same channel."""
    by_house = accounts.holder[first["author"].to_numpy()] < cast.n_houses
    rows = first[by_house]
    rows = rows.loc[rows.index.repeat(rng.poisson(world.same_text_by_people, len(rows)))]
    house = accounts.holder[rows["author"].to_numpy()]
    size = np.bincount(cast.home, minlength=cast.n_houses)
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    person = cast.n_houses + begin[house] + rng.integers(0, size[house])
    author = accounts.main[person, accounts.channel[rows["author"].to_numpy()]]
    copies = rows.assign(author=author, time=rows["time"] + rng.uniform(0, 12, len(rows)))
    return _rows(copies, author >= 0).drop_duplicates(["author", "text"])


def _with_originals(
    world: World, acts: pd.DataFrame, originals: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every share a post to share: a recent one of its source, and each post once a sharer.

    Where there is none, the source wrote one just before.
    """
    originals = originals.sort_values(["author", "seconds"], kind="stable", ignore_index=True)
    century = 10**10
    key = originals["author"].to_numpy() * century + originals["seconds"].to_numpy()
    source, seconds = acts["source"].to_numpy(), acts["seconds"].to_numpy()
    before = np.searchsorted(key, source * century + seconds - 60, "right")
    original = before - rng.geometric(0.6, len(acts))
    missing = original < np.searchsorted(key, source * century)
    acts = acts.assign(original=original)
    missing |= acts.duplicated(["sharer", "original"]).to_numpy()
    n = int(missing.sum())
    age = np.ceil(60 + rng.exponential(world.fresh_post_h * 3600, n)).astype(np.int64)
    written = pd.DataFrame({"author": source[missing], "seconds": seconds[missing] - age, "text": -1})
    acts.loc[missing, "original"] = len(originals) + np.arange(n)
    return acts, pd.concat([originals, written], ignore_index=True)


def _replies(
    world: World,
    cast: Cast,
    accounts: Accounts,
    calendar: Calendar,
    originals: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Let people and official accounts reply to posts on the same channel."""
    n = rng.poisson(world.replies)
    answered = rng.integers(0, len(originals), n)
    weight = cast.activity[accounts.holder[: accounts.n_own]]
    author = rng.choice(accounts.n_own, n, p=weight / weight.sum())
    lag = np.ceil(rng.exponential(6 * 3600, n)).astype(np.int64)
    seconds = originals["seconds"].to_numpy()[answered] + lag
    to = originals["author"].to_numpy()[answered]
    end = calendar.seconds(np.array([calendar.end]))[0]
    possible = (accounts.channel[author] == accounts.channel[to]) & (author != to) & (seconds < end)
    frame = pd.DataFrame({"author": author, "seconds": seconds, "reply_to": answered})
    return _rows(frame, possible).reset_index(drop=True)


def _known_in_part(world: World, accounts: Accounts, acts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Forget the source of some shares, and of some on LinkedIn all but "two weeks ago"."""
    unknown = np.zeros(len(acts), dtype=bool)
    sharer = acts["sharer"].to_numpy()
    collected = np.flatnonzero(sharer < accounts.n_own)
    unknown[rng.choice(collected, world.unknown_source, replace=False)] = True
    linkedin = np.flatnonzero((accounts.channel[sharer] == CHANNELS.index("linkedin")) & ~unknown)
    vague = rng.choice(linkedin, world.known_as_interval, replace=False)
    week = 7 * 24 * 3600
    latest = np.full(len(acts), -1, dtype=np.int64)
    latest[vague] = acts["seconds"].to_numpy()[vague] + rng.integers(0, week, len(vague))
    return acts.assign(unknown=unknown, latest=latest, earliest=np.where(latest < 0, -1, latest - week))


def _posts(
    world: World,
    accounts: Accounts,
    acts: pd.DataFrame,
    originals: pd.DataFrame,
    replies: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All posts that were seen, in the order of time, each with where it came from."""
    shared = np.zeros(len(originals), dtype=bool)
    shared[acts.loc[~acts["unknown"], "original"]] = True
    dated = acts[acts["latest"] < 0]
    posts = pd.concat(
        [
            originals.assign(
                kind="original", of="originals", row=np.arange(len(originals)), sharer=originals["author"]
            ),
            replies.assign(kind="reply", of="replies", row=np.arange(len(replies)), sharer=replies["author"]),
            dated[["sharer", "seconds", "kind"]].assign(author=dated["sharer"], of="acts", row=dated.index),
        ],
        ignore_index=True,
    )
    kept = _seen(world, accounts, posts, rng) & (posts["author"] < accounts.n_own).to_numpy()
    is_original = (posts["of"] == "originals").to_numpy()
    kept[is_original] |= shared[posts.loc[is_original, "row"]]
    kept[(posts["of"] == "acts").to_numpy()] = True
    # the originals stand first, so that a reply's row of them is also its place in this table
    replied = posts["reply_to"].dropna().astype(np.int64)
    kept[replied.index] &= kept[replied.to_numpy()]
    posts = posts[kept].sort_values(["seconds", "of", "row"], kind="stable", ignore_index=True)
    posts["post_id"] = [f"p{number:05d}" for number in range(1, len(posts) + 1)]
    return posts


def _ids(posts: pd.DataFrame, of: str) -> pd.Series:
    """Post ids by the row of the table the posts came from."""
    rows = posts[posts["of"] == of]
    return pd.Series(rows["post_id"].to_numpy(), index=rows["row"].to_numpy())


def _account_ids(accounts: Accounts, number: NDArray[Any] | pd.Series) -> NDArray[np.object_]:
    own = accounts.n_own
    ids = [f"a{i + 1:04d}" if i < own else f"x{i - own + 1:04d}" for i in range(len(accounts.holder))]
    chosen: NDArray[np.object_] = np.array(ids, dtype=object)[np.asarray(number)]
    return chosen


def _times(seconds: NDArray[Any] | pd.Series) -> pd.Series:
    """UTC timestamps; missing where negative."""
    values = pd.Series(np.asarray(seconds))
    return pd.to_datetime(values.where(values >= 0), unit="s", utc=True)


def _holder_ids(cast: Cast) -> list[str]:
    organisations = [f"g{i:02d}" for i in range(1, cast.n_houses + 1)]
    return organisations + [f"h{i:03d}" for i in range(1, cast.n_people + 1)]


def _accounts_table(world: World, accounts: Accounts, acts: pd.DataFrame, names: list[str], cast: Cast) -> pd.DataFrame:
    own = np.arange(len(accounts.holder)) < accounts.n_own
    official = accounts.holder < cast.n_houses
    observed = accounts.observed.copy()
    sharing = np.zeros(len(observed), dtype=bool)
    sharing[acts["sharer"]] = True
    observed[sharing & ~own] = "partial"
    titles = [plan.organisation for plan in world.houses] + names
    ids = _holder_ids(cast)
    table = pd.DataFrame(
        {
            "account_id": _account_ids(accounts, np.arange(len(own))),
            "holder_id": [ids[h] if mine else None for h, mine in zip(accounts.holder, own, strict=True)],
            "role": np.where(official, "organisation", np.where(own, "employee", "outside")),
            "organisation": [
                titles[h] if is_official else None for h, is_official in zip(accounts.holder, official, strict=True)
            ],
            "platform": np.array(CHANNELS, dtype=object)[accounts.channel],
            "observed": observed,
            "observed_from": pd.Timestamp(f"{YEAR}-01-01", tz=TIME_ZONE).tz_convert("UTC"),
            "observed_to": pd.Timestamp(f"{YEAR + 1}-01-01", tz=TIME_ZONE).tz_convert("UTC"),
            "handle": [handle or None for handle in accounts.handle],
            "name": [titles[h] if mine else None for h, mine in zip(accounts.holder, own, strict=True)],
            "basis": ["staff list" if mine else None for mine in own],
        }
    )
    used = own | sharing
    used[acts.loc[~acts["unknown"], "source"]] = True
    collected = own & (observed != "none")
    for column in ("observed_from", "observed_to"):
        table[column] = table[column].where(collected)
    return table[used].reset_index(drop=True)


def _holders_table(world: World, cast: Cast, names: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Holders with their work and their answers to three questions; a part of the people did not answer."""
    n = cast.n_people
    reserved = rng.choice([0.0, 0.5, 1.0, 2.0, 4.0], n, p=[0.45, 0.2, 0.2, 0.1, 0.05])
    described = np.where((rng.random(n) < 0.25) | (reserved >= 2), "yes", "no").astype(object)
    described[rng.random(n) < 0.1] = None
    answered = rng.random(n) < world.answering
    trust = np.clip(np.round(rng.normal(3.4, 1.0, n)), 1, 5).astype(int)
    own_words = np.clip(np.round(rng.normal(3.0, 1.1, n)), 1, 5).astype(int)
    people = pd.DataFrame(
        {
            "name": names,
            "unit": rng.choice(UNITS, n),
            "hours_reserved": np.where(rng.random(n) < 0.15, np.nan, reserved),
            "in_job_description": described,
            "answer_trust_1to5": pd.Series(trust, dtype="Int64").where(answered),
            "answer_own_words_1to5": pd.Series(own_words, dtype="Int64").where(answered),
            "answer_asked_to_share": pd.Series(rng.choice(["yes", "no"], n), dtype="str").where(answered),
        }
    )
    table = pd.concat([pd.DataFrame({"name": [plan.organisation for plan in world.houses]}), people], ignore_index=True)
    table.insert(0, "holder_id", _holder_ids(cast))
    table.insert(1, "kind", ["organisation"] * cast.n_houses + ["person"] * n)
    table.insert(3, "time_zone", TIME_ZONE)
    return table


def _affiliations_table(world: World, cast: Cast) -> pd.DataFrame:
    organisations = [plan.organisation for plan in world.houses]
    ids = _holder_ids(cast)
    return pd.DataFrame(
        {
            "holder_id": [ids[person] for person in cast.tie_person],
            "organisation": [organisations[house] for house in cast.tie_house],
            "valid_from": pd.to_datetime(pd.Series([start for start, _ in cast.tie_dates]), utc=True),
            "valid_to": pd.to_datetime(pd.Series([stop for _, stop in cast.tie_dates]), utc=True),
            "basis": "staff list",
        }
    ).sort_values(["holder_id", "valid_from"], na_position="first", kind="stable", ignore_index=True)


def _posts_table(
    world: World,
    cast: Cast,
    accounts: Accounts,
    calendar: Calendar,
    posts: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    author = posts["author"].to_numpy()
    holder = accounts.holder[author]
    per_account = rng.lognormal(0.0, 0.4, len(accounts.holder))
    usual = np.where(holder < cast.n_houses, world.followers_of_organisation, world.followers_of_person)
    size = usual * cast.popularity[holder] * per_account[author]
    year = (posts["seconds"].to_numpy() - calendar.start) / (len(calendar.hours) * 3600)
    followers = pd.Series(np.floor(size * (1 + world.followers_growth * year)).astype(np.int64), dtype="Int64")
    text = posts["text"]
    replied = posts["reply_to"].map(_ids(posts, "originals"))
    return pd.DataFrame(
        {
            "post_id": posts["post_id"],
            "author_id": _account_ids(accounts, author),
            "posted_at": _times(posts["seconds"]),
            "kind": posts["kind"],
            "reply_to": replied.astype(object),
            "content_id": [f"c{int(c):05d}" if c >= 0 else None for c in text.fillna(-1)],
            "followers_at_post": followers.where(pd.Series(author < accounts.n_own)),
            "collection": COLLECTION,
        }
    )


def _shares_table(acts: pd.DataFrame, accounts: Accounts, posts: pd.DataFrame) -> pd.DataFrame:
    known, dated = ~acts["unknown"], acts["latest"] < 0
    when = posts.loc[posts["of"] == "originals"].set_index("row")["seconds"]
    return pd.DataFrame(
        {
            "share_id": [f"s{number:05d}" for number in range(1, len(acts) + 1)],
            "shared_at": _times(acts["seconds"].where(dated, -1)),
            "shared_at_earliest": _times(acts["earliest"]),
            "shared_at_latest": _times(acts["latest"]),
            "sharer_id": _account_ids(accounts, acts["sharer"]),
            "source_id": pd.Series(_account_ids(accounts, acts["source"])).where(known, None),
            "kind": acts["kind"],
            "post_id": acts.index.to_series().map(_ids(posts, "acts")),
            "original_post_id": acts["original"].map(_ids(posts, "originals")).where(known, None),
            "original_posted_at": _times(acts["original"].map(when).where(known, -1)),
            "collection": COLLECTION,
        }
    )


def _mentions_table(
    world: World, cast: Cast, accounts: Accounts, posts: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Let posts name the own house or somebody popular, and replies whom they answer."""
    original = posts[(posts["kind"] == "original") & (posts["author"] < accounts.n_own)]
    naming = original[rng.random(len(original)) < world.mentioning]
    mentioned = _named(cast, accounts, naming["author"].to_numpy(), rng)
    reply = posts[posts["kind"] == "reply"]
    author_of = posts[posts["of"] == "originals"].set_index("row")["author"]
    rows = pd.concat(
        [
            naming.assign(mentioned=mentioned, kind="mention"),
            reply.assign(mentioned=reply["reply_to"].map(author_of)),
        ]
    )
    rows = rows[rows["mentioned"] != rows["author"]].sort_values("post_id", kind="stable")
    return pd.DataFrame(
        {
            "post_id": rows["post_id"].to_numpy(),
            "author_id": _account_ids(accounts, rows["author"]),
            "mentioned_id": _account_ids(accounts, rows["mentioned"].astype(np.int64)),
            "posted_at": _times(rows["seconds"]),
            "kind": rows["kind"].to_numpy(),
            "collection": COLLECTION,
        }
    )


def _named(cast: Cast, accounts: Accounts, author: Ints, rng: np.random.Generator) -> Ints:
    """Choose whom each post names, on the author's own channel."""
    holder, channel = accounts.holder[author], accounts.channel[author]
    own_house = rng.random(len(author)) < 0.5
    named = np.empty(len(author), dtype=np.int64)
    for on in range(len(CHANNELS)):
        there = np.flatnonzero(accounts.main[: cast.n_houses + cast.n_people, on] >= 0)
        weight = cast.popularity[there]
        here = channel == on
        anybody = rng.choice(there, int(here.sum()), p=weight / weight.sum())
        named[here] = accounts.main[anybody, on]
        for house in range(cast.n_houses):
            people = cast.people[cast.home == house]
            people = people[accounts.main[people, on] >= 0]
            by_house = here & own_house & (holder == house)
            if len(people):
                named[by_house] = accounts.main[rng.choice(people, int(by_house.sum())), on]
            by_person = here & own_house & np.isin(holder, people)
            named[by_person] = accounts.main[house, on]
    return named


# ------------------------------------------------------------------------------------------------- the truth


def _truth(world: str, plan: World, cast: Cast, seed: int | np.random.Generator) -> dict[str, Any]:
    """Return what was planted, house by house, and the verdict that it should lead to."""
    return {
        "made_up": True,
        "world": world,
        "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        "verdict": plan.verdict,
        "half_life_h": plan.half_life_h,
        "half_life_runs_on": "operational time: office hours count more than nights, weekends and holidays",
        "campaign_share": plan.campaign_share,
        "survey_answers": "drawn apart from all sharing",
        "houses": [
            {
                "organisation": house.organisation,
                "people": house.people,
                "organisation_returns_kappa": house.organisation_returns,
                "person_returns_kappa": house.person_returns,
                "shared_interest": house.shared_interest,
                "too_small_to_show": house.people < 5,
                "joint_occasion": f"{YEAR}-{house.joint_occasion}" if house.joint_occasion else None,
                "campaign_days": [day.strftime("%Y-%m-%d") for day in days],
            }
            for house, days in zip(plan.houses, cast.campaigns, strict=True)
        ],
    }
