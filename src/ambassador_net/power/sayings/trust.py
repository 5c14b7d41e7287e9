"""Made-up houses whose people answered a survey, in which it is known how far trust and mutuality go together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ambassador_net.claims.trust import SAYINGS, correlation, judged
from ambassador_net.power.sayings import Asked, Row

# enough for a p-value at 5 %
DRAWS = 999
SMALLEST_HOUSE = 5


@dataclass(frozen=True)
class World:
    """Houses of people with a tie to their house and an answer from 1 to 5.

    Parameters
    ----------
    together
        Correlation of the strength of the tie and the trust behind the answer, inside the house.
    truth
        Rank correlation of answers and mutual weight that this comes to; as measured in thousands of houses.
    houses
        How many.
    people
        Who answered in a usual house; at least 5.
    spread
        Standard deviation of the correlation between houses.
    """

    together: float
    truth: float
    houses: int
    people: int = 20
    spread: float = 0.0

    def __call__(self, rng: np.random.Generator) -> Asked:
        """Make one world and ask the saying.

        Parameters
        ----------
        rng
            Random generator.

        Returns
        -------
        Asked
            The answer, and whether the interval holds the rank correlation of all such worlds.
        """
        found = correlation(*self.make(self.houses, rng), rng=rng, draws=DRAWS)
        if found.interval is None:
            return Asked(judged(found), None)
        low, high = found.interval
        return Asked(judged(found), low <= self.truth <= high)

    def make(
        self, houses: int, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
        """Make the people of some houses.

        Parameters
        ----------
        houses
            How many.
        rng
            Random generator.

        Returns
        -------
        tuple of numpy.ndarray
            Answer, mutual weight and house of each person.

        Notes
        -----
        Activity is heavy-tailed; some houses trust and share more than others, which must say nothing.
        """
        house = np.repeat(np.arange(houses), np.maximum(SMALLEST_HOUSE, rng.geometric(1 / self.people, houses)))
        n = len(house)
        together = np.clip(rng.normal(self.together, self.spread, houses), -0.95, 0.95)[house]
        trust, apart = rng.standard_normal((2, n))
        tie = together * trust + np.sqrt(1 - together**2) * apart
        mood = rng.normal(0, 1, houses)
        answer = np.clip(np.rint(3 + 0.5 * mood[house] + trust), 1, 5)
        busy = np.exp(0.8 * mood + rng.normal(0, 0.5, houses))[house]
        given = rng.poisson(2 * busy * np.exp(tie + rng.normal(0, 0.7, n)))
        returned = rng.poisson(busy * np.exp(tie + rng.normal(0, 0.7, n)))
        return answer, np.minimum(given, returned).astype(np.float64), house


_NAME = SAYINGS[0].name

ROWS: tuple[Row, ...] = (
    Row(_NAME, "nothing goes together, 6 houses", "false", World(0.0, 0.0, 6)),
    Row(_NAME, "nothing goes together, 8 houses", "false", World(0.0, 0.0, 8)),
    Row(_NAME, "nothing goes together, 30 houses", "false", World(0.0, 0.0, 30)),
    Row(_NAME, "nothing on average, houses differ, 8", "false", World(0.0, 0.0, 8, spread=0.2)),
    Row(_NAME, "nothing on average, houses differ, 30", "false", World(0.0, 0.0, 30, spread=0.2)),
    Row(_NAME, "nothing goes together, 30 small houses", "false", World(0.0, 0.0, 30, people=6)),
    Row(_NAME, "rank correlation -.30, 30 houses", "false", World(-0.5, -0.3, 30)),
    Row(_NAME, "rank correlation .10, 8 houses", "true", World(0.168, 0.1, 8)),
    Row(_NAME, "rank correlation .10, 30 houses", "true", World(0.168, 0.1, 30)),
    Row(_NAME, "rank correlation .30, 8 houses", "true", World(0.5, 0.3, 8)),
    Row(_NAME, "rank correlation .30, 30 houses", "true", World(0.5, 0.3, 30)),
)
