"""Worlds in which it is known how much of the audience stays without the organisations' accounts (method 2h)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ambassador_net.claims.answer import Estimate
from ambassador_net.claims.replaces_marketing import Part, judge, part_left, part_of_sums
from ambassador_net.power.sayings import Asked, Row

Floats = npt.NDArray[np.float64]
Measure = Literal["seen", "engaged"]

FEWEST_PEOPLE = 3
POSTS = 20.0
FOLLOWERS = 400.0


@dataclass(frozen=True)
class World:
    """Houses whose people and official accounts reach an audience.

    Parameters
    ----------
    houses
        Number of organisations.
    retained
        True part of the opportunities to see that stays; shares of official posts by people and others are a fifth of
        what goes.
    engaged
        True part of the outside accounts that stays; None: no outside account was seen.
    people
        Mean number of people of a house beyond three.
    size_sd, activity_sd, follower_sd, house_sd
        Standard deviations of the logarithm: of the people of a house, the posts of an account, the followers of an
        account, and what both sides of a house have more of than other houses.
    """

    houses: int
    retained: float
    engaged: float | None = None
    people: float = 12.0
    size_sd: float = 0.8
    activity_sd: float = 1.0
    follower_sd: float = 1.0
    house_sd: float = 0.5


def _spread(rng: np.random.Generator, sd: float, shape: int | tuple[int, ...]) -> Floats:
    return rng.lognormal(-(sd**2) / 2, sd, shape)


def seen_by_house(world: World, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Make the opportunities to see of each house.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    tuple of numpy.ndarray
        What stays and what goes, a house. The counts are Poisson given means that are log-normal, so that the true
        part is known without simulation.
    """
    people = FEWEST_PEOPLE + rng.poisson(world.people * _spread(rng, world.size_sd, world.houses))
    house = np.repeat(np.arange(world.houses), people)
    level = _spread(rng, world.house_sd, world.houses)
    posts = rng.poisson(POSTS * level[house] * _spread(rng, world.activity_sd, len(house)))
    followers = FOLLOWERS * _spread(rng, world.follower_sd, len(house))
    stays = np.bincount(house, posts * followers, world.houses)
    expected = (FEWEST_PEOPLE + world.people) * POSTS * FOLLOWERS
    goes = expected * (1 - world.retained) / world.retained
    # an official account posts often, and its followers carry what is over
    by_account = rng.poisson(200 * level * _spread(rng, world.activity_sd, world.houses)) / 200
    by_account = by_account * _spread(rng, world.follower_sd, world.houses)
    carried = rng.poisson(POSTS / 4 * level[house] * _spread(rng, world.activity_sd, len(house)))
    by_people = np.bincount(house, carried * followers, world.houses) / (expected / 4)
    return stays.astype(np.float64), goes * (0.8 * by_account + 0.2 * by_people)


def engaged_by_house(world: World, part: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Make the distinct outside accounts of each house.

    Parameters
    ----------
    world
        What it is like.
    part
        True part that stays.
    rng
        Random generator.

    Returns
    -------
    tuple of numpy.ndarray
        Who stays and who goes, a house.
    """
    level = _spread(rng, world.house_sd, world.houses) * _spread(rng, world.size_sd, world.houses)
    sides = [_spread(rng, world.activity_sd, world.houses) for _ in range(2)]
    stays, goes = (
        rng.poisson(60 * of * level * side).astype(np.float64) for of, side in zip((part, 1 - part), sides, strict=True)
    )
    return stays, goes


def ask(rng: np.random.Generator, *, world: World, of: Measure) -> Asked:
    """Ask the saying in one world.

    Parameters
    ----------
    rng
        Random generator.
    world
        What it is like.
    of
        The measure whose interval is checked.

    Returns
    -------
    Asked
        The answer, and whether that interval holds the true part.
    """
    found = {"seen": part_of_sums(*seen_by_house(world, rng)), "engaged": Part(None, None)}
    if world.engaged is not None:
        found["engaged"] = part_of_sums(*engaged_by_house(world, world.engaged, rng))
    return _asked(found, {"seen": world.retained, "engaged": world.engaged}, of)


def ask_one_house(rng: np.random.Generator, *, retained: float, periods: int, month_sd: float) -> Asked:
    """Ask the saying of one organisation, period by period.

    Parameters
    ----------
    rng
        Random generator.
    retained
        True part of the opportunities to see that stays in this organisation.
    periods
        Number of periods of 28 days.
    month_sd
        Standard deviation of the logarithm of what a period has more of, on either side.

    Returns
    -------
    Asked
        The answer, and whether the interval holds the true part.
    """
    people = 25
    mean = _spread(rng, 1.0, people) * 3
    followers = FOLLOWERS * _spread(rng, 1.0, people)
    posts = rng.poisson(mean * _spread(rng, month_sd, (periods, 1)), (periods, people))
    official = rng.poisson(20 * _spread(rng, month_sd, periods)) / 20
    goes = float(mean @ followers) * (1 - retained) / retained * official
    sums = np.column_stack([posts @ followers, goes])
    found = part_left(sums.sum(axis=0), sums.sum(axis=0) - sums, sums)
    return _asked({"seen": found, "engaged": Part(None, None)}, {"seen": retained}, "seen")


def _asked(found: dict[str, Part], truth: dict[str, Any], of: Measure) -> Asked:
    seen, engaged = (Estimate(name, found[name].value, "share", found[name].interval) for name in ("seen", "engaged"))
    interval = found[of].interval
    covers = None if interval is None else interval[0] <= truth[of] <= interval[1]
    return Asked(judge(seen, engaged).answer, covers)


_LIGHT = World(6, 0.9, size_sd=0.4, activity_sd=0.6, follower_sd=0.6, house_sd=0.3)
_HEAVY = World(12, 0.9, size_sd=1.2, activity_sd=1.3, follower_sd=1.4, house_sd=0.8)
_KINDS: tuple[tuple[str, Literal["true", "false", "threshold"], World, Measure], ...] = (
    ("6 organisations, light tails, .90 stays", "threshold", _LIGHT, "seen"),
    ("8 organisations, .90 stays", "threshold", World(8, 0.9), "seen"),
    ("12 organisations, heavy tails, .90 stays", "threshold", _HEAVY, "seen"),
    ("30 organisations, .90 stays", "threshold", World(30, 0.9), "seen"),
    ("20 organisations, .99 stays, .90 of the accounts outside", "threshold", World(20, 0.99, 0.9), "engaged"),
    ("8 organisations, .50 stays", "false", World(8, 0.5, 0.5), "seen"),
    ("30 organisations, .80 stays", "false", World(30, 0.8, 0.8), "engaged"),
    ("8 organisations, .99 stays", "true", World(8, 0.99), "seen"),
    ("30 organisations, .97 stays, also of the accounts outside", "true", World(30, 0.97, 0.97), "engaged"),
)
_PERIODS: tuple[tuple[str, Literal["true", "false", "threshold"], float, int], ...] = (
    ("one organisation, 6 periods, .90 stays", "threshold", 0.9, 6),
    ("one organisation, 13 periods, .90 stays", "threshold", 0.9, 13),
    ("one organisation, 13 periods, .95 stays", "true", 0.95, 13),
)

ROWS = (
    *(Row("replaces-marketing", name, truth, partial(ask, world=world, of=of)) for name, truth, world, of in _KINDS),
    *(
        Row("replaces-marketing", name, truth, partial(ask_one_house, retained=retained, periods=periods, month_sd=0.4))
        for name, truth, retained, periods in _PERIODS
    ),
)
"""A world takes less than 1 ms on one core."""
