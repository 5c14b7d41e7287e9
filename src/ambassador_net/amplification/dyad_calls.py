"""Pairs that are unusually strong both ways: a description of single pairs, without power as a test (method 2f)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import nbinom, poisson

from ambassador_net.amplification.same_pairs import Exposures, exposures_of, pairs_seen
from ambassador_net.privacy import K, checked_k, houses_shown, join_small_houses
from ambassador_net.reduction import Dyads
from ambassador_net.study.stored import AnyStudy

Floats = npt.NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True, eq=False)
class DyadCalls:
    """Pairs that are unusually strong both ways; never "mutual", and no proof of answering.

    Parameters
    ----------
    pairs
        One row a pair of the family, which shows single persons: ``holder_id``, ``organisation``, ``w_eo``, ``w_oe``,
        ``p``, ``q`` (p adjusted for the family) and ``unusual``; of the houses that are shown by themselves only.
    houses
        One row a house, those below k people joined: ``organisation``, ``joined``, ``people``, ``family``,
        ``unusual``.
    family
        Number of pairs looked at, those of small houses included.
    unusual
        Number of pairs called.
    """

    pairs: pd.DataFrame
    houses: pd.DataFrame
    family: int
    unusual: int


def tail(counts: Floats, expected: Floats, dispersion: float) -> Floats:
    """Chance of at least so many shares.

    Parameters
    ----------
    counts
        Whole numbers; shape (n,).
    expected
        Their means; shape (n,).
    dispersion
        alpha in ``Var = mean + alpha mean^2``; 0 is the Poisson distribution.

    Returns
    -------
    numpy.ndarray
        ``P(X >= counts)``; shape (n,).
    """
    if dispersion == 0:
        return np.asarray(poisson.sf(counts - 1, expected))
    return np.asarray(nbinom.sf(counts - 1, 1 / dispersion, 1 / (1 + dispersion * expected)))


def adjusted(p: Floats) -> Floats:
    """Adjust p-values for the false discovery rate.

    Parameters
    ----------
    p
        One p-value a pair; shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,); calls at a rate q are those with at most q.

    Notes
    -----
    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x: step up, with cumulative minimum.

    Examples
    --------
    >>> [float(value) for value in adjusted(np.array([0.01, 0.04, 0.03]))]
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p)[::-1]
    ranks = len(p) - np.arange(len(p))
    result = np.empty(len(p))
    result[order] = np.minimum(1, np.minimum.accumulate(p[order] * len(p) / ranks))
    return result


def strong_both_ways(found: Exposures) -> Floats:
    """Chance of a pair to be at least as strong in both directions, by the weaker one.

    Parameters
    ----------
    found
        The pairs with what is expected of them.

    Returns
    -------
    numpy.ndarray
        ``P(X >= m) P(Y >= m)`` with m the smaller of both counts, negative binomial tails; shape (n,).
    """
    weaker = np.minimum(found.w_eo, found.w_oe)
    return tail(weaker, found.expected_eo, found.dispersion_eo) * tail(weaker, found.expected_oe, found.dispersion_oe)


def dyad_calls(study: AnyStudy, dyads: Dyads, *, k: int = K) -> DyadCalls:
    """Call the pairs that are unusually strong both ways.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    DyadCalls
        The pairs and the houses. The family is every pair with an expectation above 0 both ways, not only those with
        a share.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    """
    checked_k(k)
    seen = pairs_seen(study, dyads)
    found = exposures_of(seen)
    p = strong_both_ways(found)
    q = adjusted(p)
    table = seen.loc[found.pair, ["holder_id", "organisation", "w_eo", "w_oe"]].reset_index(drop=True)
    table = table.assign(p=p, q=q, unusual=q <= FALSE_DISCOVERY_RATE)
    by_house = table.groupby("organisation", as_index=False).agg(family=("unusual", "size"), unusual=("unusual", "sum"))
    joined = join_small_houses(by_house, k=k, shown=houses_shown(study, dyads.affiliations, k=k))
    houses = joined[["organisation", "joined", "people", "family", "unusual"]]
    return DyadCalls(
        pairs=table[table["organisation"].isin(houses["organisation"].dropna())].reset_index(drop=True),
        houses=houses,
        family=len(table),
        unusual=int(table["unusual"].sum()),
    )
