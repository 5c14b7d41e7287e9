"""The odds ratio of answering within 48 hours, with its interval: a description, never part of the verdict."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from ambassador_net.amplification.answers import Floats, Halves, Moments, summed
from ambassador_net.amplification.intervals import FEWEST_GROUPS, jackknife

# events in all chains for each permutation of the test: the fewer events, the more chains; with 10,000 good to about
# .001 on the log odds ratio, whatever the number of events
_CHAIN_EVENTS = 26
_FEWEST_CHAINS = 16
_FIRST_SWEEPS, _SWEEPS_BEFORE, _SWEEPS_COUNTED = 16, 4, 32
_SETTLED_STEPS, _MOST_STEPS, _LONGEST_STEP, _SETTLED = 5, 20, 0.4, 0.05


@dataclass(frozen=True)
class OddsRatio:
    """Odds of a person to be the one shared in the 48 hours after a share by that person; a description only.

    Parameters
    ----------
    estimate
        The odds ratio; depends on how often they share anyway: compare houses by returns per 100.
    interval
        95 % interval.
    basis
        ``"jackknife"`` over houses, or ``"model"`` where fewer than 5 houses have information.
    """

    estimate: float
    interval: tuple[float, float]
    basis: Literal["jackknife", "model"]

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "estimate": round(self.estimate, 6),
            "interval": [round(end, 6) for end in self.interval],
            "basis": self.basis,
        }


class _Chains:
    """Many chains at once over ways of dealing the shares, P proportional to exp(beta T), T of the 48 hours."""

    def __init__(self, moments: Moments, answer: Halves, permutations: int, rng: np.random.Generator) -> None:
        table = moments.table
        self._rng = rng
        event = np.flatnonzero((moments.variance > 0)[table.stratum])
        stratum = table.stratum[event]
        self._stratum = np.unique(stratum, return_inverse=True)[1].astype(np.int32)
        self._answer = (answer // 2).astype(np.int8)
        # inside a stratum the cells of one person stand in the order of the events
        self._place = (event - table.start[stratum]).astype(np.int32)[:, None]
        chains = max(_FEWEST_CHAINS, _CHAIN_EVENTS * permutations // len(event))
        self._cell = np.repeat(table.own_cell[event].astype(np.int32)[:, None], chains, axis=1)
        self._now = self._answer[self._cell]
        self._house = np.unique(table.side.house[event], return_inverse=True)[1]
        self._house_start = np.flatnonzero(np.diff(self._house, prepend=-1))
        self.observed = self._hits()[:, 0]
        for _ in range(_FIRST_SWEEPS):
            self._sweep(0.0)

    def _hits(self) -> npt.NDArray[np.int64]:
        """T of each house and chain."""
        return np.add.reduceat(self._now, self._house_start, axis=0, dtype=np.int64)

    def _sweep(self, beta: float) -> Floats:
        """Offer the events, in pairs inside their stratum, to exchange persons.

        Accepted with ``1 / (1 + exp(-beta Delta))`` (Barker 1965, doi:10.1071/PH650119), which has the same law as
        ``min(1, exp(beta Delta))`` in the long run: chains share the pairs, and would stay together if all exchanged.

        Returns
        -------
        numpy.ndarray
            The change of T of each house that was to be expected, mean of the chains; shape (houses,).
        """
        order = self._rng.permutation(len(self._stratum))
        order = order[np.argsort(self._stratum[order], kind="stable")][int(self._rng.integers(2)) :]
        half = len(order) // 2
        a, b = order[: 2 * half : 2], order[1 : 2 * half : 2]
        inside = self._stratum[a] == self._stratum[b]
        a, b = a[inside], b[inside]
        apart = self._place[a] - self._place[b]
        cell_a, cell_b, now_a, now_b = self._cell[a], self._cell[b], self._now[a], self._now[b]
        other_a, other_b = cell_b + apart, cell_a - apart
        then_a, then_b = self._answer[other_a], self._answer[other_b]
        change = then_a + then_b - now_a - now_b
        likely = expit(beta * np.arange(-2, 3)).astype(np.float32)[change + 2]
        accept = self._rng.random(likely.shape, dtype=np.float32) < likely
        for values, kept, taken, events in (
            (self._cell, cell_a, other_a, a),
            (self._cell, cell_b, other_b, b),
            (self._now, now_a, then_a, a),
            (self._now, now_b, then_b, b),
        ):
            values[events] = np.where(accept, taken, kept)
        return summed(self._house[a], (likely * change).mean(axis=1), len(self._house_start))

    def moments(self, beta: float) -> tuple[Floats, Floats]:
        """Mean and variance of T of each house at beta.

        The mean is of what each sweep was to be expected to lead to (Gelfand and Smith 1990,
        doi:10.1080/01621459.1990.10476213), which takes two fifths of the variance off.
        """
        for _ in range(_SWEEPS_BEFORE):
            self._sweep(beta)
        hits, expected = [self._hits()], []
        for _ in range(_SWEEPS_COUNTED):
            expected.append(hits[-1].mean(axis=1) + self._sweep(beta))
            hits.append(self._hits())
        return np.mean(expected, axis=0), np.concatenate(hits, axis=1).var(axis=1)


def odds_ratio(moments: Moments, answer: Halves, *, permutations: int, rng: np.random.Generator) -> OddsRatio | None:
    """Fit the odds ratio of being the person of an event after a trigger in the 48 hours before.

    Parameters
    ----------
    moments
        Of the 48 hours, with strata of 28 days; at least one stratum has a variance above 0.
    answer
        2 A of the 48 hours; shape (cells,).
    permutations
        Effort, as the number of draws of the test.
    rng
        Random generator.

    Returns
    -------
    OddsRatio or None
        ``exp(beta)``; None where it does not exist, since all events that could answer do, or none does.

    Notes
    -----
    Method 2d: ``sum_g E_beta[T_g] = T`` under ``P(labels)`` proportional to ``exp(beta T)``, by damped Newton steps
    from ``(T - E) / V`` with simulated moments (Geyer and Thompson 1992, doi:10.1111/j.2517-6161.1992.tb01443.x).
    The interval leaves out one house h at a time by its influence,
    ``beta_-h = beta + sum_{g != h} U_g / sum_{g != h} V_g`` with ``U_g = T_g - E_beta[T_g]``; with fewer than 5 houses
    it is ``beta +- 1.96 / sqrt(sum V)``.
    """
    chains = _Chains(moments, answer, permutations, rng)
    beta = float((moments.hits - moments.expected).sum() / moments.variance.sum())
    settled: list[tuple[float, Floats, Floats]] = []
    for _ in range(_MOST_STEPS):
        mean, variance = chains.moments(beta)
        score = chains.observed - mean
        if variance.sum() == 0:
            return None
        step = float(score.sum() / variance.sum())
        settled = [*settled, (beta, score, variance)] if abs(step) < _SETTLED else []
        # each step near the end is a fit of its own; their mean is better than the last of them
        fits = [at + float(u.sum() / v.sum()) for at, u, v in settled]
        if len(fits) == _SETTLED_STEPS:
            break
        beta = sum(fits) / len(fits) if fits else beta + min(max(step, -_LONGEST_STEP), _LONGEST_STEP)
    else:
        return None
    beta = sum(fits) / len(fits)
    variance = np.mean([v for _, _, v in settled], axis=0)
    score = np.mean([u - (beta - at) * v for at, u, v in settled], axis=0)
    left = variance.sum() - variance
    if len(score) >= FEWEST_GROUPS and (left > 0).all():
        interval = jackknife(beta + (score.sum() - score) / left, beta)
        if interval is not None:
            return OddsRatio(math.exp(beta), (math.exp(interval.low), math.exp(interval.high)), "jackknife")
    half = 1.96 / math.sqrt(variance.sum())
    return OddsRatio(math.exp(beta), (math.exp(beta - half), math.exp(beta + half)), "model")
