"""Do a person and their organisation share each other: weights, house mixing and the verdict."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ambassador_net.amplification.mixing import Mixing, mixing
from ambassador_net.amplification.remembered import remembered
from ambassador_net.amplification.result import AgainstChance
from ambassador_net.amplification.same_pairs import SamePairs
from ambassador_net.amplification.tested import run_tests
from ambassador_net.amplification.timing import FirstMovers, OrderCheck, Returns, first_movers
from ambassador_net.amplification.verdict import Coverage, Verdict
from ambassador_net.amplification.weights import (
    Opportunity,
    Reciprocity,
    dyad_counts,
    houses,
    opportunity,
    reciprocity,
)
from ambassador_net.nulls import Progress, generator
from ambassador_net.privacy import K, checked_k, houses_shown
from ambassador_net.reduction import Engine, dyads, known_by
from ambassador_net.study.stored import AnyStudy, StoredStudy

PERMUTATIONS = 2000
TEST_PERMUTATIONS = 10_000

__all__ = [
    "PERMUTATIONS",
    "TEST_PERMUTATIONS",
    "AgainstChance",
    "Amplification",
    "Mixing",
    "Reciprocity",
    "Returns",
    "Verdict",
    "mutual_amplification",
]


@dataclass(frozen=True, eq=False)
class Amplification:
    """What a study says of the deal for two; nothing in it shows a person or a house below k people.

    Parameters
    ----------
    study
        ``title``, ``made_up``, ``persons``, ``accounts``, ``people`` (with an
        affiliation between the first and the last share), ``shares``, ``self_shares``, ``shares_used``,
        ``source_unknown``, ``first`` and ``last`` share.
    dyads
        Numbers of pairs by what they share, and of shares by direction; None where not observed.
    reciprocity
        Weighted reciprocity of the pairs whose both sides were observed.
    opportunity
        Shares beside the posts there were to share.
    mixing
        Sharing inside houses beside its null models; None where no pair has both sides observed.
    same_pairs
        Whether the same pairs are strong in both directions.
    organisation_returns, person_returns
        Who answers whom.
    order_check
        Which side answers more.
    first_movers
        Who shared first; a description.
    coverage
        How much of the pairs was seen.
    verdict
        The answer, with its reasons.
    houses
        One row a house, small ones joined; as :func:`ambassador_net.amplification.weights.houses`.
    k
        Fewest people of a house that is shown by itself.
    """

    study: Mapping[str, Any]
    dyads: Mapping[str, int | None]
    reciprocity: Reciprocity
    opportunity: Opportunity
    mixing: Mixing | None
    same_pairs: SamePairs
    organisation_returns: Returns
    person_returns: Returns
    order_check: OrderCheck
    first_movers: FirstMovers
    coverage: Coverage
    verdict: Verdict
    houses: pd.DataFrame
    k: int

    @property
    def mutual_per_100(self) -> float | None:
        """Of 100 pairs with a share and both sides observed, how many share each other both ways."""
        mutual, both = self.dyads["mutual"], self.dyads["both_sides_observed"]
        return None if mutual is None or not both else 100 * mutual / both

    def summary(self) -> pd.DataFrame:
        """Give every number of the study as a whole, one a row.

        Returns
        -------
        pandas.DataFrame
            Columns ``part``, ``number`` and ``value``.
        """
        rows: list[tuple[str, str, Any]] = []
        for part, numbers in self.to_dict().items():
            if isinstance(numbers, dict):
                rows += [(part, name, value) for name, value in _flat(numbers)]
        return pd.DataFrame(rows, columns=["part", "number", "value"])

    def to_dict(self) -> dict[str, Any]:
        """Give the whole result as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "study": dict(self.study),
            "dyads": dict(self.dyads),
            "reciprocity": self.reciprocity.to_dict(),
            "opportunity": self.opportunity.to_dict(),
            "mixing": {"N1": None, "N3": None} if self.mixing is None else self.mixing.to_dict(),
            "same_pairs": self.same_pairs.to_dict(),
            "organisation_returns": self.organisation_returns.to_dict(),
            "person_returns": self.person_returns.to_dict(),
            "order_check": self.order_check.to_dict(),
            "first_movers": self.first_movers.to_dict(),
            "coverage": self.coverage.to_dict(),
            "verdict": self.verdict.to_dict(),
            "houses": _records(self.houses),
            "k": self.k,
        }

    def __str__(self) -> str:
        return str(self.summary().to_string(index=False, na_rep="not observed"))

    def _repr_html_(self) -> str:
        return (
            f"<p>{html.escape(self.verdict.sentence('en'))}</p>"
            f"{self.summary().to_html(index=False, border=0, na_rep='not observed')}"
        )

    def _repr_latex_(self) -> str:
        latex = self.summary().style.hide(axis="index").format(escape="latex", na_rep="not observed").to_latex()
        return str(latex)


def _flat(numbers: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        return round(value, 6) if isinstance(value, float) else value.item() if hasattr(value, "item") else value

    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def mutual_amplification(
    study: AnyStudy,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str] = (),
    k: int = K,
    permutations: int = PERMUTATIONS,
    test_permutations: int = TEST_PERMUTATIONS,
    engine: Engine = "duckdb",
    master: str | None = None,
    progress: Progress | None = None,
) -> Amplification:
    """Ask of a study whether persons and their organisation share each other.

    Parameters
    ----------
    study
        The study.
    seed
        A seed, or a random generator.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    k
        Fewest people of a house that is shown by itself; 5 or more.
    permutations
        Number of draws under each null model of house mixing.
    test_permutations
        Number of draws of the tests that the verdict rests on.
    engine, master
        Who counts the shares, as in :func:`ambassador_net.dyads`; the answer is the same.
    progress
        Called with the draws made and their number; before that, where the events of the study stay in their files,
        with the rows counted and their number.

    Returns
    -------
    Amplification
        Counts, reciprocity, house mixing, verdict and the houses.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    SchemaError
        If no affiliation has such a basis.
    EngineError
        If the engine is not there, or gives up.

    Examples
    --------
    >>> from ambassador_net import read
    >>> tango = mutual_amplification(read("data/example"), seed=1, permutations=20)
    >>> tango.verdict.answer in ("supported", "not_supported", "cannot_tell")
    True
    """
    checked_k(k)

    def compute() -> Amplification:
        return _amplification(
            study,
            seed=seed,
            basis=basis,
            k=k,
            permutations=permutations,
            test_permutations=test_permutations,
            engine=engine,
            master=master,
            progress=progress,
        )

    # a stored study is not looked at again to find out whether it is the same
    if isinstance(seed, np.random.Generator) or isinstance(study, StoredStudy):
        return compute()
    question = f"mutual amplification {seed} {tuple(basis)} {k} {permutations} {test_permutations}"
    return remembered(study, question, compute)


def _amplification(
    study: AnyStudy,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str],
    k: int,
    permutations: int,
    test_permutations: int,
    engine: Engine,
    master: str | None,
    progress: Progress | None,
) -> Amplification:
    counted = dyads(study, basis=basis, engine=engine, master=master, progress=progress)
    study = known_by(study, counted)
    window = study.window
    for_mixing, for_tests = generator(seed).spawn(2)
    found = run_tests(study, counted, rng=for_tests, permutations=test_permutations)
    return Amplification(
        study={
            "title": study.title,
            "made_up": study.made_up,
            "persons": study.persons,
            "accounts": len(study.accounts),
            "people": houses_shown(study, counted.affiliations, k=k).everybody,
            "shares": counted.shares,
            "self_shares": counted.self_shares,
            "shares_used": counted.shares - counted.self_shares,
            "source_unknown": counted.source_unknown,
            "first": None if window is None else window[0].isoformat(),
            "last": None if window is None else window[1].isoformat(),
        },
        dyads=dyad_counts(counted.pairs),
        reciprocity=reciprocity(counted.pairs),
        opportunity=opportunity(counted.pairs),
        mixing=mixing(
            study,
            counted,
            permutations=permutations,
            rng=for_mixing,
            seed=None if isinstance(seed, np.random.Generator) else seed,
            progress=progress,
        ),
        same_pairs=found.same_pairs,
        organisation_returns=found.organisation_returns,
        person_returns=found.person_returns,
        order_check=found.order_check,
        first_movers=first_movers(found.cross),
        coverage=found.coverage,
        verdict=found.verdict,
        houses=houses(study, counted, found.cross, k=k),
        k=k,
    )
