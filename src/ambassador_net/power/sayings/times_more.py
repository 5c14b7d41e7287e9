"""Worlds in which it is known how many times as often the posts of people are shared (method 2i)."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ambassador_net.claims.answer import Estimate
from ambassador_net.claims.times_more import SAYINGS, TIMES, Members, Ratio, judge, rate_ratio, same_content
from ambassador_net.power.sayings import Asked, Row

Floats = npt.NDArray[np.float64]
Way = Literal["raw", "per_follower", "same_content"]

MONTHS = 12
MONTH_S = 30 * 24 * 3600
FOLLOWERS = 400


@dataclass(frozen=True)
class World:
    """A year of posts by people and official accounts of some organisations.

    Parameters
    ----------
    houses
        Number of organisations.
    per_follower
        True ratio of shares per follower.
    followers_of_one
        Followers of an official account for each follower of a person; the true ratio raw and with the same content
        is `per_follower` divided by it.
    house_tail, activity_tail
        Pareto tails of the number of people of a house, and of the posts of an account.
    author_sd, house_sd, month_sd, content_sd
        Spread of what is shared more or less for its author, its house (both sides alike), its month in that house,
        and its content; standard deviations of the logarithm.
    follower_sd
        The same of the followers of accounts of one kind.
    matched
        Part of the official posts that people of the house post too; 0: contents are not known.
    follower_numbers
        Whether followers are known.
    """

    houses: int
    per_follower: float
    followers_of_one: float = 1.0
    house_tail: float = 1.3
    activity_tail: float = 1.4
    author_sd: float = 0.7
    house_sd: float = 0.5
    month_sd: float = 0.3
    content_sd: float = 1.0
    follower_sd: float = 0.8
    matched: float = 0.3
    follower_numbers: bool = True


@dataclass(frozen=True, eq=False)
class Posts:
    """The posts of one made-up world."""

    shared: Floats
    followers: Floats
    content: npt.NDArray[np.int64]
    posted_s: npt.NDArray[np.int64]
    person: npt.NDArray[np.bool_]
    members: Members


def make_posts(world: World, rng: np.random.Generator) -> Posts:
    """Make the posts of a world.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    Posts
        Shares are Poisson, given effects of author, house, month and content with mean 1.
    """
    people = np.minimum(3 + (6 * rng.pareto(world.house_tail, world.houses)).astype(int), 200)
    # the official account of each house first, then its people
    house = np.r_[np.arange(world.houses), np.repeat(np.arange(world.houses), people)]
    official = np.arange(len(house)) < world.houses
    busy = 1 + rng.pareto(world.activity_tail, len(house))
    posts = np.minimum(np.where(official, 25 * busy, 2 * busy), 400).astype(int)
    mean = np.where(official, FOLLOWERS * world.followers_of_one, FOLLOWERS)
    followers = np.round(mean * _spread(rng, world.follower_sd, official))
    account = np.repeat(np.arange(len(house)), posts)
    posted_s = rng.integers(0, MONTHS * MONTH_S, len(account))
    content = np.arange(len(account))
    copied = np.flatnonzero(official[account] & (rng.random(len(account)) < world.matched))
    # up to three people of the house post the same within a day
    twice = np.repeat(copied, rng.integers(1, 4, len(copied)))
    first = np.r_[0, np.cumsum(people)][house[account[twice]]] + world.houses
    copier = first + (rng.random(len(twice)) * people[house[account[twice]]]).astype(int)
    account, content = np.r_[account, copier], np.r_[content, content[twice]]
    posted_s = np.r_[posted_s, posted_s[twice] + rng.integers(-20 * 3600, 20 * 3600, len(twice))]
    month = np.clip(posted_s // MONTH_S, 0, MONTHS - 1)
    rate = (
        _spread(rng, world.author_sd, house)[account]
        * _spread(rng, world.house_sd, people)[house[account]]
        * _spread(rng, world.month_sd, np.empty(MONTHS * world.houses))[house[account] * MONTHS + month]
        * _spread(rng, world.content_sd, account)[content]
        * np.where(official[account], 1.0, world.per_follower)
        * followers[account]
    )
    # one share of an official post in the mean
    shared = rng.poisson(rate / (FOLLOWERS * world.followers_of_one)).astype(np.float64)
    members = Members(np.arange(len(account)), house[account])
    known = content if world.matched else np.full(len(content), -1)
    return Posts(shared, followers[account], known, posted_s, ~official[account], members)


def _spread(rng: np.random.Generator, sd: float, like: npt.NDArray[Any]) -> Floats:
    return rng.lognormal(-(sd**2) / 2, sd, len(like))


def ratios(world: World, rng: np.random.Generator) -> dict[str, Estimate]:
    """Make a world and count it in the three ways of the verdict.

    Parameters
    ----------
    world
        What it is like.
    rng
        Random generator.

    Returns
    -------
    dict
        The ratio in each way, as :func:`ambassador_net.claims.times_more.judge` takes it.
    """
    posts = make_posts(world, rng)
    match = same_content(posts.content, posts.posted_s, posts.person)
    used = match >= 0
    found = {
        "raw": rate_ratio(posts.shared, posts.person, posts.members, by_size=False),
        "per_follower": rate_ratio(posts.shared, posts.person, posts.members, exposure=posts.followers + 1),
        "same_content": rate_ratio(posts.shared[used], posts.person[used], posts.members.of(used), stratum=match[used]),
    }
    if not world.follower_numbers:
        found["per_follower"] = Ratio(None, None, 0)
    return {way: Estimate(way, of.value, "times", of.interval) for way, of in found.items()}


def ask(rng: np.random.Generator, *, world: World, times: float, of: Way) -> Asked:
    """Ask a saying in one world.

    Parameters
    ----------
    rng
        Random generator.
    world
        What it is like.
    times
        N of the saying.
    of
        The way of counting whose interval is checked.

    Returns
    -------
    Asked
        The answer, and whether that interval holds the true ratio.
    """
    found = ratios(world, rng)
    truth = world.per_follower if of == "per_follower" else world.per_follower / world.followers_of_one
    interval = found[of].interval
    covers = None if interval is None else interval[0] <= truth <= interval[1]
    return Asked(judge(times, **found).answer, covers)


_HEAVY = World(12, 1.0, author_sd=1.1, house_sd=0.8, follower_sd=1.3)
_KINDS: tuple[tuple[str, Literal["true", "false", "threshold"], World, Way], ...] = (
    # `per_follower` and the true ratio are in units of N
    ("8 organisations, all ways at N", "threshold", World(8, 1.0), "per_follower"),
    ("30 organisations, all ways at N", "threshold", World(30, 1.0), "same_content"),
    ("12 organisations, heavy tails, all ways at N", "threshold", _HEAVY, "same_content"),
    ("20 organisations, per follower 4 N, same content N", "threshold", World(20, 4.0, 4.0), "same_content"),
    ("10 organisations, N/4 in all ways", "false", World(10, 0.25), "per_follower"),
    ("30 organisations, per follower N, raw N/15", "false", World(30, 1.0, 15.0), "per_follower"),
    (
        "20 organisations, no followers or contents, raw at N",
        "threshold",
        World(20, 1.0, matched=0, follower_numbers=False, house_tail=2.5, activity_tail=2.5),
        "raw",
    ),
    ("30 organisations, 4 N in all ways", "true", World(30, 4.0), "same_content"),
    ("10 organisations, 8 N in all ways", "true", World(10, 8.0), "per_follower"),
)

ROWS = tuple(
    Row(
        saying.name,
        name,
        truth,
        partial(ask, world=replace(world, per_follower=world.per_follower * times), times=times, of=of),
    )
    for saying, times in zip(SAYINGS, TIMES, strict=True)
    for name, truth, world, of in _KINDS
)
"""A world takes 3 to 15 ms on one core. The raw interval of method 2e (t of G - 1) is asked of moderate tails only:
with heavy ones it covers .85 to .91 (500 worlds each of 6 to 30 organisations), above the truth in .10 to .13 and below
it in at most .03 of them; only its upper end is used."""
