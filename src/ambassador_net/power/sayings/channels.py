"""Worlds in which repeating a content in a second channel brings shares in the first, or does not.

Posts differ in popularity by house, holder and content, all unknown to the test; the busiest post many times what
others do, and the year has its seasons. In the worlds where shares prompt repetition, popular contents are repeated
because they are popular: plainly counted, repeated contents are shared three times as often there, without any support.

Left out, because no such data can tell it from support: houses that repeat what they trust to be liked. Where the odds
of being repeated rise by e with each standard deviation of popularity, "supported" is answered in .8 of the worlds,
though repeating does nothing; the saying's words say that it is no proof of cause.

One world takes 10 to 20 ms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ambassador_net.claims import channels
from ambassador_net.power.sayings import Asked, Row

_HOURS = 26 * 168.0
_PERMUTATIONS = 499


@dataclass(frozen=True)
class World:
    """A made-up half-year of contents.

    Parameters
    ----------
    houses, contents
        Houses, and contents a house on average.
    effect
        How many times as often a content is shared once it is repeated.
    prompting
        Probability that a share makes the house repeat the content within hours, beside repeating at random.
    ratio
        True ratio to the twins, some of which are repeated later and gain from it, too: from 1,500 worlds, to .01.
    popularity
        Mean shares of a content.
    """

    houses: int
    contents: float
    effect: float = 1.0
    prompting: float = 0.0
    ratio: float = 1.0
    popularity: float = 1.5


def make(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, channels.Ints]:
    """Make contents, their shares in the first channel, and the house of each content.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    contents, shares : pandas.DataFrame
        As :func:`ambassador_net.claims.channels.match` takes them.
    house : numpy.ndarray
        A number for the house of each content.
    """
    holders = 4
    house_of = np.repeat(np.arange(world.houses), holders)
    activity = np.minimum(rng.pareto(1.6, len(house_of)) + 0.5, 8)
    stratum = np.repeat(np.arange(len(house_of)), rng.poisson(world.contents / holders * activity / activity.mean()))
    n = len(stratum)
    liked = rng.normal(0, 0.4, world.houses)[house_of] + rng.normal(0, 0.5, len(house_of))
    posted = rng.uniform(0, _HOURS, n)
    season = 1 + 0.4 * np.sin(2 * np.pi * posted / _HOURS)
    mean = world.popularity * season * np.exp(liked[stratum] + rng.normal(-0.5, 1.0, n))
    content = np.repeat(np.arange(n), rng.poisson(mean))
    after = rng.exponential(24.0, len(content))
    repeated = np.where(rng.random(n) < 0.4, rng.exponential(2.0, n), np.inf)
    prompts = rng.random(len(content)) < world.prompting
    np.minimum.at(repeated, content[prompts], after[prompts] + rng.exponential(1.0, int(prompts.sum())))
    # what repeating adds: the same process from then on, effect - 1 times
    late = np.isfinite(repeated)
    more = np.where(late, mean * (world.effect - 1) * np.exp(-np.where(late, repeated, 0.0) / 24), 0.0)
    added = np.repeat(np.arange(n), rng.poisson(more))
    shares = pd.DataFrame(
        {
            "content": np.concatenate([content, added]),
            "after_h": np.concatenate([after, repeated[added] + rng.exponential(24.0, len(added))]),
        }
    )
    contents = pd.DataFrame({"stratum": stratum, "posted_h": posted, "repeated_h": repeated})
    return contents, shares, house_of[stratum]


def ask(world: World, rng: np.random.Generator) -> Asked:
    """Make a world and ask whether channels support each other.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    Asked
        The answer, and whether the interval holds the true ratio.
    """
    contents, shares, house = make(world, rng)
    pairs = channels.match(contents, shares)
    more = channels.ratio(pairs.after, pairs.twin_after, house[pairs.content])
    apart = channels.ratio(pairs.apart, pairs.twin_apart, house[pairs.content])
    if more.interval is None or apart.interval is None:
        return Asked("cannot_tell", None)
    p = channels.exchanged_twins(pairs.after, pairs.twin_after, rng=rng, permutations=_PERMUTATIONS)
    return Asked(channels.judge(more, apart, p), more.interval[0] <= world.ratio <= more.interval[1])


def _rows() -> Iterator[Row]:
    for houses, contents in ((8, 90), (30, 40)):
        false = {
            "repeating does nothing": World(houses, contents),
            "shares prompt repeating, which does nothing": World(houses, contents, prompting=0.3),
        }
        true = {
            "a quarter more": World(houses, contents, effect=1.25, ratio=1.16),
            "twice as many": World(houses, contents, effect=2.0, ratio=1.56),
        }
        for name, world in false.items():
            yield Row(channels.NAME, f"{houses} houses: {name}", "false", partial(ask, world))
        for name, world in true.items():
            yield Row(channels.NAME, f"{houses} houses: {name}", "true", partial(ask, world))


ROWS: tuple[Row, ...] = tuple(_rows())
