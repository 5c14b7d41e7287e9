"""Made-up people who changed employer, in which it is known how much of their sharing moved along."""

from dataclasses import dataclass

import numpy as np

from ambassador_net.claims.answer import Estimate
from ambassador_net.claims.deciding import at_least
from ambassador_net.claims.moving_on import HALF_YEAR, SAYINGS, THRESHOLD, carried
from ambassador_net.power.sayings import Asked, Row

WINDOW_MONTHS = 12


@dataclass(frozen=True)
class World:
    """A year in which people change from one house to another.

    Parameters
    ----------
    ratio
        Shares of the new house after the change for each share of the old one before it.
    movers
        People who change.
    houses
        Houses between which they change.
    shares
        Shares a month by the least active person before the change.
    """

    ratio: float
    movers: int
    houses: int
    shares: float = 0.5

    def __call__(self, rng: np.random.Generator) -> Asked:
        """Make one world and ask the saying.

        Parameters
        ----------
        rng
            Random generator.

        Returns
        -------
        Asked
            The answer, and whether the interval holds the ratio.

        Notes
        -----
        Activity is heavy-tailed (tail index 1.5); houses differ in how much they are shared and change in it; each
        person has better and worse half-years. A change near an end of the year leaves a short half-year.
        """
        n = self.movers
        old = rng.integers(0, self.houses, n)
        new = (old + rng.integers(1, self.houses, n)) % self.houses
        activity = np.minimum((1 - rng.random(n)) ** (-1 / 1.5), 50.0) * self.shares
        house = rng.gamma(6, 1 / 6, self.houses)
        luck_before, luck_after = rng.gamma(2, 1 / 2, (2, n))
        change = rng.uniform(0.2, 0.8, n) * WINDOW_MONTHS
        seen_before, seen_after = np.minimum(change, HALF_YEAR), np.minimum(WINDOW_MONTHS - change, HALF_YEAR)
        before = rng.poisson(activity * luck_before * house[old] * seen_before)
        after = rng.poisson(self.ratio * activity * luck_after * house[new] * seen_after)
        found = carried(before, seen_before, after, seen_after)
        answer = at_least(Estimate("carried_over", found.value, "times", found.interval), THRESHOLD)
        if found.interval is None:
            return Asked(answer, None)
        low, high = found.interval
        return Asked(answer, low <= self.ratio <= high)


_NAME = SAYINGS[0].name

ROWS: tuple[Row, ...] = (
    Row(_NAME, "half moves along, 12 people, 8 houses", "threshold", World(0.5, 12, 8)),
    Row(_NAME, "half moves along, 40 people, 8 houses", "threshold", World(0.5, 40, 8)),
    Row(_NAME, "half moves along, 40 people, 30 houses", "threshold", World(0.5, 40, 30)),
    Row(_NAME, "half moves along, 100 people, 30 houses", "threshold", World(0.5, 100, 30)),
    Row(_NAME, "half moves along, 40 people, 3 houses", "threshold", World(0.5, 40, 3)),
    Row(_NAME, "half moves along, 12 people who share seldom", "threshold", World(0.5, 12, 8, shares=0.1)),
    Row(_NAME, "a third moves along, 40 people, 30 houses", "false", World(1 / 3, 40, 30)),
    Row(_NAME, "a fifth moves along, 12 people, 8 houses", "false", World(0.2, 12, 8)),
    Row(_NAME, "a fifth moves along, 40 people, 8 houses", "false", World(0.2, 40, 8)),
    Row(_NAME, "all moves along, 12 people, 8 houses", "true", World(1.0, 12, 8)),
    Row(_NAME, "all moves along, 40 people, 8 houses", "true", World(1.0, 40, 8)),
    Row(_NAME, "all moves along, 100 people, 30 houses", "true", World(1.0, 100, 30)),
)
