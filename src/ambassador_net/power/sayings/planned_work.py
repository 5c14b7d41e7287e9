"""Worlds in which people are active outside their working time in a known share of what they do.

People's activity has a heavy tail; both organisations and people differ in when they are active, and busy people may
be active at other times than the others, which moves the share of all activity away from the share of a typical person.

One world takes less than a millisecond.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy.special import expit

from ambassador_net.claims import at_least, planned_work
from ambassador_net.claims.answer import Estimate
from ambassador_net.power.sayings import Asked, Row

_MOST = 40.0


@dataclass(frozen=True)
class World:
    """Organisations with people who are active at their own times.

    Parameters
    ----------
    organisations
        How many.
    share
        True share of the activity outside working time.
    busy
        By how much the log odds of acting outside rise with the log of a person's activity.
    organisations_differ, people_differ
        Standard deviation of the log odds between organisations, and between people.
    """

    organisations: int
    share: float
    busy: float = 0.0
    organisations_differ: float = 0.4
    people_differ: float = 1.0


def ask(world: World, rng: np.random.Generator) -> Asked:
    """Make a world and ask whether advocacy is done on top of the work.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    Asked
        The answer, and whether the interval holds the true share.
    """
    people = rng.integers(8, 40, world.organisations)
    organisation = np.repeat(np.arange(world.organisations), people)
    activity, odds = _person(world, rng, len(organisation))
    odds = odds + rng.normal(0, world.organisations_differ, world.organisations)[organisation]
    acts = rng.poisson(30 * activity)
    outside = rng.binomial(acts, expit(odds + _level(world)))
    # one row an action, as in a study
    of = np.repeat(np.arange(len(acts)), acts)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(acts) - acts, acts)
    found = planned_work.share_outside(nth < outside[of], organisation[of])
    effect = Estimate("outside", found.share, "share", found.interval)
    covers = None if found.interval is None else found.interval[0] <= world.share <= found.interval[1]
    return Asked(at_least(effect, planned_work.MOSTLY), covers)


def _person(world: World, rng: np.random.Generator, n: int) -> tuple[planned_work.Floats, planned_work.Floats]:
    """Activity of n people, relative to the least active, and their log odds without the organisation's."""
    activity = np.minimum(1 + rng.pareto(1.6, n), _MOST)
    return activity, world.busy * np.log(activity) + rng.normal(0, world.people_differ, n)


@cache
def _level(world: World) -> float:
    """Log odds to add to all people's so that the share of all activity is the world's."""
    from scipy.optimize import brentq

    rng = np.random.default_rng(1)
    activity, odds = _person(world, rng, 200_000)
    odds = odds + rng.normal(0, world.organisations_differ, len(odds))
    return float(brentq(lambda level: np.average(expit(odds + level), weights=activity) - world.share, -8, 8))


def _rows() -> Iterator[Row]:
    half = planned_work.MOSTLY
    for n in (7, 10, 30):
        false = {"35 % outside": World(n, 0.35), "45 % outside, the busy more often": World(n, 0.45, busy=0.5)}
        at = {"half outside": World(n, half), "half outside, the busy more often": World(n, half, busy=0.5)}
        for name, world in false.items():
            yield Row(planned_work.NAME, f"{n} organisations, {name}", "false", partial(ask, world))
        for name, world in at.items():
            yield Row(planned_work.NAME, f"{n} organisations, {name}", "threshold", partial(ask, world))
        yield Row(planned_work.NAME, f"{n} organisations, 65 % outside", "true", partial(ask, World(n, 0.65)))


ROWS: tuple[Row, ...] = tuple(_rows())
