"""How much more a house shares inside itself than chance, and how much of it goes both ways (method 2a, 2b)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification.result import AgainstChance, against_chance, against_law
from ambassador_net.errors import Undefined
from ambassador_net.nulls import (
    ClosedForm,
    Indices,
    KindBlocks,
    NodeClasses,
    Progress,
    blocks_kept,
    house_classes,
    minimum_under_null,
    node_classes,
    strengths_kept,
    study_houses,
)
from ambassador_net.nulls.houses import BLOCKS_A_HOUSE, TO_ORGANISATION, TO_PERSON, Houses
from ambassador_net.reduction import Dyads
from ambassador_net.reduction.stored.streamed import Streamed
from ambassador_net.study.stored import AnyStudy, StoredStudy

NULL = "N1: strengths of all accounts kept, within collections"
NULL_N3 = "N3: strengths of all accounts and block totals of each house kept, within collections"
NOT_SHUFFLED = "; closed form alone, since the shares are too many to shuffle"


class OwnPairShares:
    """Counts the shares inside pairs for any arrangement of sources over the shares of a study.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads; pairs with an unobserved side do not count, as in :func:`reciprocity`.
    """

    def __init__(self, study: AnyStudy, dyads: Dyads) -> None:
        self.houses: Houses = study_houses(study, dyads)
        self.events = self.houses.events
        self.pairs = len(self.houses.pair_person)
        self._key = self._keys(self.houses.pair_person, self.houses.pair_organisation)
        # shares by accounts outside all houses are in no pair, whatever they carry
        code = self.houses.blocks.code
        housed = np.asarray((code > 0).any(axis=1))
        self._inside = np.flatnonzero(housed[self.houses.blocks.row])
        self._row = self.houses.blocks.row[self._inside]
        self._sharer_person = self.houses.person[self.events.sharer[self._inside]]
        held = np.where(code > 0, (code - 1) % BLOCKS_A_HOUSE, -1)
        self._direction = np.select([held == TO_ORGANISATION, held == TO_PERSON], [1, 2], 0).astype(np.int8)

    def _keys(self, person: Indices, organisation: Indices) -> Indices:
        return person * len(self.houses.organisations) + organisation

    def weights(self, source: Indices) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Count shares of each pair in both directions.

        Parameters
        ----------
        source
            Account whose post each share carries; shape (n,).

        Returns
        -------
        tuple of numpy.ndarray
            Shares by the person and by the organisation; shape (pairs,) each.
        """
        carried = source[self._inside]
        column = self.houses.blocks.column[carried]
        direction = self._direction[self._row, column]
        own = np.flatnonzero(direction)
        by_person = direction[own] == 1
        person = np.where(by_person, self._sharer_person[own], self.houses.person[carried[own]])
        code = self.houses.blocks.code[self._row[own], column[own]].astype(np.intp)
        pair = np.searchsorted(self._key, self._keys(person, (code - 1) // BLOCKS_A_HOUSE))
        counts = np.bincount(2 * pair + ~by_person, minlength=2 * self.pairs).reshape(-1, 2)
        return counts[:, 0], counts[:, 1]

    def sums(self, source: Indices) -> npt.NDArray[np.float64]:
        """Sum the weights, and what of them goes both ways, over all pairs.

        Parameters
        ----------
        source
            Account whose post each share carries; shape (n,).

        Returns
        -------
        numpy.ndarray
            ``sum (w_eo + w_oe)`` and ``sum min(w_eo, w_oe)``; shape (2,).
        """
        eo, oe = self.weights(source)
        return np.array([eo.sum() + oe.sum(), np.minimum(eo, oe).sum()], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Mixing:
    """Sharing inside the pairs of a study beside its null models.

    Parameters
    ----------
    n1
        ``sum (w_eo + w_oe)`` beside N1; its ``lift`` is the house mixing: so many times more sharing inside the house
        than chance.
    n1_sum_min
        ``sum min(w_eo, w_oe)`` beside N1: what everybody would compute, and what says yes wherever people and
        organisation merely belong together (method 1.1).
    n3
        ``sum min(w_eo, w_oe)`` beside N3; ``p_norm`` is the closed form's where it agrees with the draws.
    rho_w
        ``(r_w - E) / (1 - E)``, E being the expectation of r_w under N3; None where undefined. Biased low when ties
        differ in strength.
    closed_form
        By null (``N1``, ``N3``), the closed form of ``sum min(w_eo, w_oe)``: ``expected``, ``sd``, ``p_norm``,
        ``sweeps``, and whether it ``agrees`` with the draws (None without draws); None in place of a null that it
        cannot be fitted for.
    agrees
        Whether the closed form of N3 agrees with the draws; if not, the draws decide. None where there is no closed
        form, or no draw.
    """

    n1: AgainstChance
    n1_sum_min: AgainstChance
    n3: AgainstChance
    rho_w: float | None
    closed_form: Mapping[str, Mapping[str, Any] | None]
    agrees: bool | None

    @property
    def shuffled(self) -> bool:
        """Whether shares were shuffled; above ten million the closed form stands alone."""
        return self.n1.permutations > 0

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON-safe values.

        Returns
        -------
        dict
            ``N1``, ``N1_sum_min``, ``N3``, ``rho_w``, ``closed_form`` and ``agrees``.
        """
        return {
            "N1": self.n1.to_dict(),
            "N1_sum_min": self.n1_sum_min.to_dict(),
            "N3": self.n3.to_dict(),
            "rho_w": None if self.rho_w is None else round(self.rho_w, 6),
            "closed_form": {name: None if found is None else dict(found) for name, found in self.closed_form.items()},
            "agrees": self.agrees,
        }


def mixing(
    study: AnyStudy,
    dyads: Dyads,
    *,
    permutations: int,
    rng: np.random.Generator,
    seed: int | None,
    progress: Progress | None = None,
) -> Mixing | None:
    """Shares inside pairs, and those that go both ways, beside what chance makes of them.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    permutations
        Number of draws under each null, B.
    rng
        Random generator.
    seed
        What the result remembers.
    progress
        Called with the draws made and their number, both nulls together.

    Returns
    -------
    Mixing or None
        None where no pair has both sides observed, or no share is left; and where the shares are too many to shuffle
    and the closed form does not exist.

    Notes
    -----
    Tests of belonging together, not of answering (method 1.1, 1.6): never part of the verdict.
    ``rho_w = (r_w - E) / (1 - E)``, ``E = 2 E_N3[sum m] / sum w`` (method 2a); N3 keeps sum w, so that the mean of
    the ratio is the ratio of the means.
    """
    if dyads.streamed is not None and dyads.streamed.shares is None:
        return _not_shuffled(study, dyads, dyads.streamed, seed)
    counter = OwnPairShares(study, dyads)
    if not counter.pairs or not len(counter.events):
        return None

    def after(draws: int) -> Progress | None:
        said = progress
        return None if said is None else lambda done, of: said(draws + done, 2 * of)

    shuffled = strengths_kept(counter.events, counter.sums, permutations=permutations, rng=rng, progress=after(0))
    kept = blocks_kept(
        counter.events, counter.houses.blocks, counter.sums,
        permutations=permutations, rng=rng, progress=after(permutations),
    )  # fmt: skip
    coverage = _coverage(dyads.pairs)
    sum_w, sum_min = (float(value) for value in counter.sums(counter.events.source))

    def beside(statistic: float, draws: npt.NDArray[np.float64], null: str) -> AgainstChance:
        return against_chance(statistic, draws, null=null, seed=seed, coverage=coverage)

    n1_sum_min, n3 = beside(sum_min, shuffled[:, 1], NULL), beside(sum_min, kept[:, 1], NULL_N3)
    houses = counter.houses
    closed = {
        name: _closed(node_classes(houses.events, houses.kind, blocks), blocks, houses.kind_pairs, drawn)
        for name, blocks, drawn in (
            ("N1", KindBlocks.none(houses.kind_blocks.kinds), n1_sum_min),
            ("N3", houses.kind_blocks, n3),
        )
    }
    agrees = None if closed["N3"] is None else bool(closed["N3"]["agrees"])
    if closed["N3"] is not None and agrees:
        n3 = replace(n3, p_norm=closed["N3"]["p_norm"])
    return Mixing(
        n1=beside(sum_w, shuffled[:, 0], NULL),
        n1_sum_min=n1_sum_min,
        n3=n3,
        rho_w=_rho_w(sum_min, sum_w, n3.expected),
        closed_form=closed,
        agrees=agrees,
    )


def _coverage(pairs: pd.DataFrame) -> float:
    """Share of the pairs with a share whose both sides were observed."""
    shared = (pairs["seen_eo"] > 0) | (pairs["seen_oe"] > 0)
    both = shared & pairs["w_eo"].notna() & pairs["w_oe"].notna()
    return float(both.sum() / shared.sum()) if shared.any() else 0.0


def _not_shuffled(study: AnyStudy, dyads: Dyads, streamed: Streamed, seed: int | None) -> Mixing | None:
    """Put the study beside what the closed form expects under both nulls."""
    both = dyads.pairs[dyads.pairs["w_eo"].notna() & dyads.pairs["w_oe"].notna()]
    if both.empty or streamed.window is None or not isinstance(study, StoredStudy):
        return None
    classes = house_classes(study, dyads, streamed)
    coverage = _coverage(dyads.pairs)
    sum_w = float((both["w_eo"] + both["w_oe"]).sum())
    sum_min = float(both[["w_eo", "w_oe"]].min(axis=1).sum())
    n1_blocks = KindBlocks.none(classes.kind_blocks.kinds)
    try:
        n1 = minimum_under_null(classes.nodes(n1_blocks), n1_blocks, classes.kind_pairs, weight_too=True)
        n3 = minimum_under_null(classes.nodes(classes.kind_blocks), classes.kind_blocks, classes.kind_pairs)
    except Undefined:
        return None

    def beside(statistic: float, expected: float, sd: float, null: str) -> AgainstChance:
        return against_law(statistic, expected, sd, null=null + NOT_SHUFFLED, seed=seed, coverage=coverage)

    return Mixing(
        n1=beside(sum_w, n1.expected_weight, n1.sd_weight or 0.0, NULL),
        n1_sum_min=beside(sum_min, n1.expected, n1.sd, NULL),
        n3=beside(sum_min, n3.expected, n3.sd, NULL_N3),
        rho_w=_rho_w(sum_min, sum_w, n3.expected),
        closed_form={
            name: {
                "expected": round(found.expected, 6),
                "sd": round(found.sd, 6),
                "p_norm": found.p_norm(sum_min),
                "sweeps": found.sweeps,
                "agrees": None,
            }
            for name, found in (("N1", n1), ("N3", n3))
        },
        agrees=None,
    )


def _closed(nodes: NodeClasses, blocks: KindBlocks, pairs: Indices, drawn: AgainstChance) -> Mapping[str, Any] | None:
    try:
        found: ClosedForm = minimum_under_null(nodes, blocks, pairs)
    except Undefined:
        return None
    return {
        "expected": round(found.expected, 6),
        "sd": round(found.sd, 6),
        "p_norm": found.p_norm(drawn.statistic),
        "sweeps": found.sweeps,
        "agrees": found.agrees(drawn.expected, drawn.sd),
    }


def _rho_w(sum_min: float, sum_w: float, expected: float) -> float | None:
    """None without shares in pairs, and where N3 leaves nothing to exceed."""
    if sum_w == 0 or 2 * expected >= sum_w:
        return None
    r_w, chance = 2 * sum_min / sum_w, 2 * expected / sum_w
    return (r_w - chance) / (1 - chance)
