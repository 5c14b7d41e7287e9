"""Null models: who would share whom if only what the null keeps mattered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Statistic = Callable[[Indices], npt.NDArray[np.float64]]
Progress = Callable[[int, int], None]

BURN_IN = 400
BETWEEN_DRAWS = 12


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


@dataclass(frozen=True, eq=False)
class ShareEvents:
    """Shares as arrays, ready to be shuffled.

    Parameters
    ----------
    sharer, source
        Account of each end of each share, as an index; shape (n,).
    identity
        For each account, whose it is: two accounts with the same identity make a self-share; shape (accounts,).
    stratum
        Shares exchange their sources inside a stratum only; shape (n,).
    """

    sharer: Indices
    source: Indices
    identity: Indices
    stratum: Indices

    def __len__(self) -> int:
        return len(self.sharer)


def strengths_kept(
    events: ShareEvents,
    statistic: Statistic,
    *,
    permutations: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> npt.NDArray[np.float64]:
    """Draw under N1: each account keeps how often it shares and is shared, and when; whom is left to chance.

    Parameters
    ----------
    events
        The shares; no self-share among them.
    statistic
        Takes the sources of all shares, shape (n,), and gives k values.
    permutations
        Number of draws, B.
    rng
        Random generator.
    progress
        Called with the draws made and B.

    Returns
    -------
    numpy.ndarray
        Shape (B, k).

    Notes
    -----
    A random matching pairs the shares of each stratum; each pair exchanges its sources with probability 1/2
    unless that makes a self-share. The moves are symmetric, so every arrangement with these strengths is
    equally likely in the long run (degree-preserving randomisation, Maslov and Sneppen 2002,
    doi:10.1126/science.1065103, on event lists). 400 matchings are burnt in and 12 lie between draws (method 2b).
    """
    source = events.source.copy()
    sharer_is = events.identity[events.sharer]
    # few strata sort by radix, an order of magnitude faster
    few = len(events) == 0 or int(events.stratum.max()) < np.iinfo(np.int16).max
    stratum = events.stratum.astype(np.int16 if few else np.int64)
    one_stratum = len(events) == 0 or bool((events.stratum == events.stratum[0]).all())

    def matching() -> None:
        order = rng.permutation(len(source))
        if not one_stratum:
            order = order[np.argsort(stratum[order], kind="stable")]
        # an odd number of shares in a stratum pairs across its border, which is refused below; the shift sees to it
        # that no share is always the one left over
        order = order[int(rng.integers(2)) :]
        half = len(order) // 2
        chosen = np.flatnonzero(rng.integers(0, 2, half, dtype=np.uint8))
        a, b = order[2 * chosen], order[2 * chosen + 1]
        of_a, of_b = source[a], source[b]
        allowed = (sharer_is[a] != events.identity[of_b]) & (sharer_is[b] != events.identity[of_a])
        if not one_stratum:
            allowed &= stratum[a] == stratum[b]
        a, b = a[allowed], b[allowed]
        source[a], source[b] = of_b[allowed], of_a[allowed]

    for _ in range(BURN_IN):
        matching()
    draws = []
    for done in range(1, permutations + 1):
        for _ in range(BETWEEN_DRAWS):
            matching()
        draws.append(statistic(source))
        if progress is not None and (done % 50 == 0 or done == permutations):
            progress(done, permutations)
    return np.array(draws, dtype=np.float64)
