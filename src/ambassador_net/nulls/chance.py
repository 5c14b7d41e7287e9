"""Random generators, Monte Carlo p-values and how far draws depend on each other."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Statistic = Callable[[Indices], npt.NDArray[np.float64]]
Progress = Callable[[int, int], None]


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """Give the random generator that a seed stands for.

    Parameters
    ----------
    seed
        A seed, or a generator, which is used as it is.

    Returns
    -------
    numpy.random.Generator
        The generator.
    """
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)


def p_value(
    draws: npt.NDArray[np.float64], observed: float, alternative: Literal["greater", "less"] = "greater"
) -> float:
    """Monte Carlo p-value, never 0.

    Parameters
    ----------
    draws
        The statistic in each draw under the null; shape (B,).
    observed
        The statistic in the data.
    alternative
        Whether large or small values speak against the null.

    Returns
    -------
    float
        ``(b + 1) / (B + 1)``, b being the draws at least as extreme as the data.

    Notes
    -----
    Phipson and Smyth (2010), equation 2, doi:10.2202/1544-6115.1585. A tolerance of 1e-9 takes draws as equal
    that differ by rounding only.

    Examples
    --------
    >>> p_value(np.array([1.0, 2.0, 3.0]), 3.0)
    0.5
    """
    extreme = draws >= observed - 1e-9 if alternative == "greater" else draws <= observed + 1e-9
    return (int(extreme.sum()) + 1) / (len(draws) + 1)


def lag1_autocorrelation(draws: npt.NDArray[np.float64]) -> float:
    """Correlation of each draw with the one before it.

    Parameters
    ----------
    draws
        Draws in their order; shape (B,).

    Returns
    -------
    float
        Near 0 where draws are as good as independent; 0 where they do not vary.
    """
    centred = draws - draws.mean()
    total = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / total if total > 0 else 0.0
