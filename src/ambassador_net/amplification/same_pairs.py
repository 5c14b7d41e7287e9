"""The same pairs in both directions: do those who share more than expected get shared more (method 2c).

Says "the same pairs", no more: shared interest does it as well as answering (method 1.6). Never enough by itself.
"""

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification.intervals import Jackknife, jackknife
from ambassador_net.errors import Undefined
from ambassador_net.nulls import p_value
from ambassador_net.reduction import Dyads
from ambassador_net.study.stored import AnyStudy

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

PERMUTATIONS = 10_000

_FEWEST_PEOPLE = 2
_MOST_DYADS_EXACT = 9


@dataclass(frozen=True, eq=False)
class Exposures:
    """What pairs would share if only the house's total and the person's other shares mattered.

    Parameters
    ----------
    w_eo, w_oe
        Shares by the person and by the organisation; shape (n,).
    expected_eo, expected_oe
        ``lambda`` and ``mu``, what is expected of them; shape (n,).
    dispersion_eo, dispersion_oe
        Moment estimates of alpha in ``Var = lambda + alpha lambda^2``.
    house
        House of each pair, as a code; the pairs of a house need not stand together; shape (n,).
    pair
        Position of each pair among those given; shape (n,).
    """

    w_eo: Floats
    w_oe: Floats
    expected_eo: Floats
    expected_oe: Floats
    dispersion_eo: float
    dispersion_oe: float
    house: Codes
    pair: Codes

    @property
    def residuals(self) -> tuple[Floats, Floats]:
        """``(x - lambda) / sqrt(lambda + alpha lambda^2)`` of both directions; shape (n,) each."""
        return (
            (self.w_eo - self.expected_eo) / np.sqrt(self.expected_eo + self.dispersion_eo * self.expected_eo**2),
            (self.w_oe - self.expected_oe) / np.sqrt(self.expected_oe + self.dispersion_oe * self.expected_oe**2),
        )


@dataclass(frozen=True)
class SamePairs:
    """Correlation of what is left over in both directions, inside houses.

    Parameters
    ----------
    rho
        rho_res; None where the residuals of a direction do not vary inside houses.
    statistic
        T, the sum of the products of the residuals.
    p
        One-sided, from permuting the residuals of one direction inside houses; None without a house to permute in.
    houses, dyads
        Houses with two persons or more and a share each way, and their pairs.
    dispersion_eo, dispersion_oe
        alpha of both directions.
    interval
        Jackknife over the houses; None with fewer than 5.
    """

    rho: float | None
    statistic: float
    p: float | None
    houses: int
    dyads: int
    dispersion_eo: float
    dispersion_oe: float
    interval: Jackknife | None

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "rho": None if self.rho is None else round(self.rho, 6),
            "statistic": round(self.statistic, 6),
            "p": self.p,
            "houses": self.houses,
            "dyads": self.dyads,
            "dispersion_eo": round(self.dispersion_eo, 6),
            "dispersion_oe": round(self.dispersion_oe, 6),
            "interval": None if self.interval is None else self.interval.to_dict()["interval"],
        }


def exposures(
    w_eo: npt.ArrayLike, w_oe: npt.ArrayLike, shared: npt.ArrayLike, was_shared: npt.ArrayLike, house: npt.ArrayLike
) -> Exposures:
    """Expect of each pair its part of the house's shares, by what the person does outside it.

    Parameters
    ----------
    w_eo, w_oe
        Shares by the person of the organisation and back; shape (n,).
    shared, was_shared
        All shares that the person made and received, those inside the pair included; shape (n,).
    house
        House of each pair, as a code; shape (n,).

    Returns
    -------
    Exposures
        Of the houses with at least 2 persons and at least 1 share each way.

    Notes
    -----
    Method 2c: ``lambda_e = W_eo(g) out*_e / sum_g out*`` with out* the shares made outside the pair, plus 1/2;
    ``alpha_x = max(0, sum((x - lambda)^2 - x) / sum lambda^2)``; the other direction alike.
    """
    x, y = np.asarray(w_eo, dtype=np.float64), np.asarray(w_oe, dtype=np.float64)
    out = np.asarray(shared, dtype=np.float64) - x + 0.5
    into = np.asarray(was_shared, dtype=np.float64) - y + 0.5
    codes = np.unique(np.asarray(house), return_inverse=True)[1]
    people, total_x, total_y = np.bincount(codes), np.bincount(codes, x), np.bincount(codes, y)
    enters = (people >= _FEWEST_PEOPLE) & (total_x > 0) & (total_y > 0)
    pair = np.flatnonzero(enters[codes])
    of = codes[pair]
    expected_x = (total_x / np.bincount(codes, out))[of] * out[pair]
    expected_y = (total_y / np.bincount(codes, into))[of] * into[pair]
    x, y = x[pair], y[pair]
    return Exposures(
        w_eo=x,
        w_oe=y,
        expected_eo=expected_x,
        expected_oe=expected_y,
        dispersion_eo=_dispersion(x, expected_x),
        dispersion_oe=_dispersion(y, expected_y),
        house=np.unique(of, return_inverse=True)[1].astype(np.intp),
        pair=pair,
    )


def _dispersion(counts: Floats, expected: Floats) -> float:
    squares = float(np.square(expected).sum())
    return max(0.0, float((np.square(counts - expected) - counts).sum()) / squares) if squares else 0.0


def _correlation(products: npt.NDArray[Any], squares_x: npt.NDArray[Any], squares_y: npt.NDArray[Any]) -> Any:
    below = np.sqrt(squares_x * squares_y)
    return np.divide(products, below, out=np.full(np.shape(products), np.nan), where=below > 0)


def exact_p(found: Exposures) -> float:
    """Count all permutations of the residuals of one direction inside the houses, for studies small enough.

    Parameters
    ----------
    found
        The pairs with what is expected of them.

    Returns
    -------
    float
        Part of them with a T of at least that of the data.

    Raises
    ------
    Undefined
        If there are more than 9 pairs.

    Examples
    --------
    >>> three = exposures([2, 0, 1], [3, 0, 1], [2, 0, 1], [3, 0, 1], [0, 0, 0])
    >>> round(exact_p(three), 4)
    0.1667
    """
    if len(found.house) > _MOST_DYADS_EXACT:
        raise Undefined(f"all permutations of {len(found.house)} pairs are too many; at most {_MOST_DYADS_EXACT}")
    x, y = found.residuals
    every = np.zeros(1)
    for house in np.unique(found.house):
        here = found.house == house
        every = np.add.outer(every, np.array(list(itertools.permutations(x[here]))) @ y[here]).ravel()
    return float(np.mean(every >= x @ y - 1e-9))


def correlate(found: Exposures, *, permutations: int = PERMUTATIONS, rng: np.random.Generator) -> SamePairs:
    """Correlate the residuals of both directions and permute those of one inside the houses.

    Parameters
    ----------
    found
        The pairs with what is expected of them.
    permutations
        Number of draws, B.
    rng
        Random generator.

    Returns
    -------
    SamePairs
        ``rho_res = sum c_x c_y / sqrt(sum c_x^2 sum c_y^2)``, c being a residual less the mean of its house; T; p.

    Notes
    -----
    Method 2c. The interval leaves out one house at a time; the dispersions stay those of all houses.
    """
    residual_x, residual_y = found.residuals
    dyads, people = len(found.house), np.bincount(found.house)
    houses = len(people)
    result = SamePairs(
        rho=None,
        statistic=float(residual_x @ residual_y),
        p=None,
        houses=houses,
        dyads=dyads,
        dispersion_eo=found.dispersion_eo,
        dispersion_oe=found.dispersion_oe,
        interval=None,
    )
    if not houses:
        return result
    order = np.argsort(found.house, kind="stable")
    parts = [slice(end - n, end) for n, end in zip(people, np.cumsum(people), strict=True)]
    x, y = residual_x[order], residual_y[order]
    drawn = np.zeros(permutations)
    for part in parts:
        drawn += rng.permuted(np.broadcast_to(x[part], (permutations, len(x[part]))), axis=1) @ y[part]
    p = p_value(drawn, result.statistic)

    def centred(residual: Floats) -> Floats:
        return residual - (np.bincount(found.house, residual) / people)[found.house]

    c_x, c_y = centred(residual_x), centred(residual_y)
    sums = [np.bincount(found.house, product) for product in (c_x * c_y, c_x * c_x, c_y * c_y)]
    rho = float(_correlation(*(part.sum(keepdims=True) for part in sums))[0])
    if math.isnan(rho):
        return replace(result, p=p)
    left_out = _correlation(*(part.sum() - part for part in sums))
    return replace(result, p=p, rho=rho, interval=jackknife(left_out, rho))


def pairs_seen(study: AnyStudy, dyads: Dyads) -> pd.DataFrame:
    """Keep the pairs that enter, with all that their persons shared and were shared.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.

    Returns
    -------
    pandas.DataFrame
        Of the pairs whose both sides were observed and whose person is seen in at least one share of the study:
        ``holder_id``, ``organisation``, ``w_eo``, ``w_oe``, ``shared``, ``was_shared``, in the order of their names.
    """
    holders = study.accounts[["account_id", "holder_id"]]
    strengths = dyads.strengths.rename(columns={"strength_out": "shared", "strength_in": "was_shared"})
    of_holder = strengths.merge(holders, on="account_id").groupby("holder_id", as_index=False)
    pairs = dyads.pairs
    both = pairs[pairs["w_eo"].notna() & pairs["w_oe"].notna()]
    seen = both.merge(of_holder[["shared", "was_shared"]].sum(), on="holder_id")
    columns = ["w_eo", "w_oe", "shared", "was_shared"]
    seen = seen.astype(dict.fromkeys(columns, "int64")).sort_values(["organisation", "holder_id"], ignore_index=True)
    return seen[["holder_id", "organisation", *columns]]


def exposures_of(pairs: pd.DataFrame) -> Exposures:
    """Expect of each pair of a table its part of the house's shares.

    Parameters
    ----------
    pairs
        As from :func:`pairs_seen`.

    Returns
    -------
    Exposures
        As from :func:`exposures`.
    """
    house = pd.factorize(pairs["organisation"])[0]
    return exposures(pairs["w_eo"], pairs["w_oe"], pairs["shared"], pairs["was_shared"], house)


def same_pairs(
    study: AnyStudy, dyads: Dyads, *, permutations: int = PERMUTATIONS, rng: np.random.Generator
) -> SamePairs:
    """Ask whether the pairs that share more than expected one way do so the other way too.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    permutations
        Number of draws, B.
    rng
        Random generator.

    Returns
    -------
    SamePairs
        rho_res, T and p.
    """
    return correlate(exposures_of(pairs_seen(study, dyads)), permutations=permutations, rng=rng)
