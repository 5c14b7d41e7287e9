"""The one shape of every comparison with chance."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from ambassador_net.nulls import lag1_autocorrelation, p_value

Interval = tuple[float, float]

# standard deviations around the mean that hold nine tenths of a normal distribution
_NINE_OF_TEN = float(norm.isf(0.05))


@dataclass(frozen=True)
class AgainstChance:
    """A statistic beside what a null model makes of it.

    Parameters
    ----------
    statistic
        The value in the data.
    expected, sd
        Mean and standard deviation under the null.
    z
        ``(statistic - expected) / sd``; None where the null leaves no freedom.
    p_norm
        Upper tail of the normal distribution at z; None as z. For N3 the closed form's where that agrees with the
        draws (method 2b), while z stays that of the draws.
    p_sim
        ``(b + 1) / (B + 1)`` from the draws; None where the null leaves no freedom, and without draws.
    interval
        Interval of the statistic, or None where there is none.
    band
        What nine of ten draws lie in: 5 % and 95 % points; of the normal distribution without draws.
    null
        The null model in words.
    permutations
        Number of draws, B; 0 where the closed form stands alone.
    seed
        The seed, or None if a generator was passed in.
    coverage
        Share of the study's pairs with a share that it rests on.
    lag1
        Lag-1 autocorrelation of the draws; None without draws.
    """

    statistic: float
    expected: float
    sd: float
    z: float | None
    p_norm: float | None
    p_sim: float | None
    interval: Interval | None
    band: Interval
    null: str
    permutations: int
    seed: int | None
    coverage: float
    lag1: float | None

    @property
    def lift(self) -> float | None:
        """Statistic over its expectation; None where chance expects none."""
        return self.statistic / self.expected if self.expected > 0 else None

    @property
    def p(self) -> float | None:
        """The p-value of the draws; of the closed form where nothing was drawn."""
        return self.p_norm if self.p_sim is None else self.p_sim

    def summary(self) -> pd.DataFrame:
        """One row with every number.

        Returns
        -------
        pandas.DataFrame
            A row; the columns are the names of the fields.
        """
        return pd.DataFrame([self.to_dict()])

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name, with ``lift``.
        """
        return {
            "statistic": self.statistic,
            "expected": round(self.expected, 6),
            "sd": round(self.sd, 6),
            "z": None if self.z is None else round(self.z, 6),
            "p_norm": self.p_norm,
            "p_sim": self.p_sim,
            "interval": None if self.interval is None else list(self.interval),
            "band": list(self.band),
            "lift": None if self.lift is None else round(self.lift, 6),
            "null": self.null,
            "permutations": self.permutations,
            "seed": self.seed,
            "coverage": round(self.coverage, 6),
            "lag1": None if self.lag1 is None else round(self.lag1, 6),
        }

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False, border=0))


def against_chance(
    statistic: float,
    draws: npt.NDArray[np.float64],
    *,
    null: str,
    seed: int | None,
    coverage: float,
) -> AgainstChance:
    """Put a statistic beside its draws under a null model.

    Parameters
    ----------
    statistic
        The value in the data.
    draws
        The value in each draw; shape (B,).
    null
        The null model in words.
    seed
        The seed, or None if a generator was passed in.
    coverage
        Share of the study's pairs with a share that it rests on.

    Returns
    -------
    AgainstChance
        All numbers; z and both p are None where the draws do not vary.
    """
    expected, sd = float(draws.mean()), float(draws.std(ddof=1))
    free = sd > 0 and math.isfinite(sd)
    z = (statistic - expected) / sd if free else None
    low, high = np.quantile(draws, [0.05, 0.95])
    return AgainstChance(
        statistic=statistic,
        expected=expected,
        sd=sd,
        z=z,
        # far out the tail underflows; a p-value is never 0
        p_norm=None if z is None else max(float(norm.sf(z)), 1e-300),
        p_sim=p_value(draws, statistic) if free else None,
        interval=None,
        band=(float(low), float(high)),
        null=null,
        permutations=len(draws),
        seed=seed,
        coverage=coverage,
        lag1=lag1_autocorrelation(draws),
    )


def against_law(
    statistic: float, expected: float, sd: float, *, null: str, seed: int | None, coverage: float
) -> AgainstChance:
    """Put a statistic beside the mean and standard deviation that a closed form gives it.

    Parameters
    ----------
    statistic
        The value in the data.
    expected, sd
        Mean and standard deviation under the null.
    null
        The null model in words.
    seed
        The seed, or None if a generator was passed in.
    coverage
        Share of the study's pairs with a share that it rests on.

    Returns
    -------
    AgainstChance
        z and ``p_norm`` are None where the null leaves no freedom; there is no draw.
    """
    z = (statistic - expected) / sd if sd > 0 else None
    return AgainstChance(
        statistic=statistic,
        expected=expected,
        sd=sd,
        z=z,
        p_norm=None if z is None else max(float(norm.sf(z)), 1e-300),
        p_sim=None,
        interval=None,
        band=(expected - _NINE_OF_TEN * sd, expected + _NINE_OF_TEN * sd),
        null=null,
        permutations=0,
        seed=seed,
        coverage=coverage,
        lag1=None,
    )
