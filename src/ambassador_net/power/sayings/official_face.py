"""Made-up months of official accounts, in which it is known what their conduct does to their shares."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.claims.official_face import SAYINGS, face, judged, with_conduct
from ambassador_net.power.sayings import Asked, Row

Floats = npt.NDArray[np.float64]

MONTHS = 12
# enough for a p-value at 5 %
FLIPS = 999


@dataclass(frozen=True)
class World:
    """A year of official accounts.

    Parameters
    ----------
    ratio
        Rate ratio of shares per post for one standard deviation of conduct.
    organisations
        Each has one to three accounts.
    dilution
        How a post's shares fall with the number of the month's posts: an elasticity.
    spread
        Standard deviation of the log rate ratio between organisations.
    """

    ratio: float
    organisations: int
    dilution: float = 0.0
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
            The answer, and whether the interval holds the rate ratio.
        """
        found = face(self.make(rng), rng=rng, flips=FLIPS)
        interval = found.interval
        return Asked(judged(found), None if interval is None else interval.low <= self.ratio <= interval.high)

    def make(self, rng: np.random.Generator) -> pd.DataFrame:
        """Make the months of one world.

        Parameters
        ----------
        rng
            Random generator.

        Returns
        -------
        pandas.DataFrame
            As :func:`ambassador_net.claims.official_face.with_conduct` gives them.

        Notes
        -----
        Sizes, activity and single posts are heavy-tailed; conduct and the luck of an organisation both drift from
        month to month.
        """
        of_organisation = np.repeat(np.arange(self.organisations), rng.integers(1, 4, self.organisations))
        accounts = len(of_organisation)
        shape = (accounts, MONTHS)
        activity = np.exp(rng.normal(np.log(12), 0.8, (accounts, 1)))
        posts = 1 + rng.poisson(activity * rng.gamma(4, 1 / 4, shape))
        counts = {
            name: rng.poisson(activity * level * np.exp(rng.normal(0, 0.7, (accounts, 1)) + _drift(shape, rng)))
            for name, level in (("replies", 0.1), ("shares_of_people", 0.6))
        }
        mentions = rng.binomial(posts, 0.3 / (1 + np.exp(-rng.normal(0, 0.7, (accounts, 1)) - _drift(shape, rng))))
        others = rng.poisson(0.3 * activity, shape)
        cells = pd.DataFrame(
            {
                "account_id": np.repeat(np.arange(accounts), MONTHS),
                "month": np.tile(np.arange(MONTHS), accounts),
                "organisation": np.repeat(of_organisation, MONTHS),
                "posts": posts.ravel(),
                "acts": (posts + others + counts["replies"] + counts["shares_of_people"]).ravel(),
                "replies": counts["replies"].ravel(),
                "shares_of_people": counts["shares_of_people"].ravel(),
                "mentions_of_people": mentions.ravel(),
            }
        )
        cells = with_conduct(cells)
        return cells.assign(shares=self._shares(cells, rng))

    def _shares(self, cells: pd.DataFrame, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        account, organisation, month = (cells[c].to_numpy() for c in ("account_id", "organisation", "month"))
        popularity = np.minimum(1 + rng.pareto(1.5, account.max() + 1), 100.0)
        luck = _drift((self.organisations, MONTHS), rng, 0.3)
        effect = np.log(self.ratio) + rng.normal(0, self.spread, self.organisations)
        posts = cells["posts"].to_numpy()
        usual = cells.groupby("account_id")["posts"].transform("mean").to_numpy()
        rate = (
            popularity[account]
            * np.exp(rng.normal(0, 0.3, MONTHS)[month] + luck[organisation, month])
            * np.exp(effect[organisation] * cells["conduct"].to_numpy())
            * (posts / usual) ** -self.dilution
        )
        # single posts of a month: log-normal, so that a few of them carry it
        virality = rng.lognormal(-0.5, 1.0, posts.sum())
        month_virality = np.add.reduceat(virality, np.concatenate([[0], np.cumsum(posts)[:-1]]))
        return np.asarray(rng.poisson(rate * month_virality))


def _drift(shape: tuple[int, int], rng: np.random.Generator, sd: float = 0.6) -> Floats:
    """Draw processes that remember the month before by .6 and keep their standard deviation."""
    steps = rng.normal(0, sd, shape)
    for t in range(1, shape[1]):
        steps[:, t] = 0.6 * steps[:, t - 1] + 0.8 * steps[:, t]
    return steps


_NAME = SAYINGS[0].name

ROWS: tuple[Row, ...] = (
    Row(_NAME, "no difference, 6 organisations", "false", World(1.0, 6)),
    Row(_NAME, "no difference, 8 organisations", "false", World(1.0, 8)),
    Row(_NAME, "no difference, 30 organisations", "false", World(1.0, 30)),
    Row(_NAME, "no difference, frequent posts are shared less, 8", "false", World(1.0, 8, dilution=0.5)),
    Row(_NAME, "no difference, frequent posts are shared less, 30", "false", World(1.0, 30, dilution=0.5)),
    Row(_NAME, "0.9 times, 30 organisations", "false", World(0.9, 30)),
    Row(_NAME, "no difference on average, organisations differ, 30", "false", World(1.0, 30, spread=0.15)),
    Row(_NAME, "1.1 times, 8 organisations", "true", World(1.1, 8)),
    Row(_NAME, "1.1 times, 30 organisations", "true", World(1.1, 30)),
    Row(_NAME, "1.3 times, 8 organisations", "true", World(1.3, 8)),
    Row(_NAME, "1.3 times, 30 organisations", "true", World(1.3, 30)),
)
