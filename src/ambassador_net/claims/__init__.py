"""The sayings of the trade: each with what would have to be true, what it needs, and its answer.

A saying is one file of this folder that lists it in ``SAYINGS``, and its words (``docs/own-claim.md``).
"""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import numpy as np

from ambassador_net.amplification import Amplification
from ambassador_net.amplification.remembered import remembered
from ambassador_net.claims.answer import ALPHA, Answer, Estimate, Finding, Saying, missing
from ambassador_net.claims.deciding import at_least, held_against
from ambassador_net.claims.evidence import Evidence
from ambassador_net.errors import AmbassadorError
from ambassador_net.nulls import Progress
from ambassador_net.privacy import K, require_enough_people
from ambassador_net.study import Study

__all__ = [
    "ALPHA",
    "Answer",
    "Estimate",
    "Evidence",
    "Finding",
    "Saying",
    "assess",
    "assess_all",
    "at_least",
    "held_against",
    "missing",
    "names",
]


@cache
def _sayings() -> dict[str, Saying]:
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = [saying for module in modules for saying in getattr(module, "SAYINGS", ())]
    return {saying.name: saying for saying in sorted(found, key=lambda saying: saying.place)}


def names() -> tuple[str, ...]:
    """List the sayings in the order in which the board shows them.

    Returns
    -------
    tuple of str
        Their names.

    Examples
    --------
    >>> "two-to-tango" in names()
    True
    """
    return tuple(_sayings())


def assess(
    name: str,
    study: Study,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str] = (),
    k: int = K,
    tango: Amplification | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Ask one saying of a study.

    Parameters
    ----------
    name
        Of the saying, one of :func:`names`.
    study
        The study.
    seed
        A seed, or a random generator.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    k
        Fewest people of a group that is shown; 5 or more.
    tango
        The study's :func:`ambassador_net.mutual_amplification`, if it is at hand.
    progress
        Called with the steps made and their number by whatever takes long.

    Returns
    -------
    Answer
        The verdict and the numbers it rests on; an exploratory saying by itself, without correction for others.

    Raises
    ------
    AmbassadorError
        If there is no such saying.
    PrivacyError
        If the study rests on fewer than k people who are private.
    SchemaError
        If no affiliation has such a basis.
    """
    if name not in _sayings():
        raise AmbassadorError(f"no saying is called {name!r}; there are {', '.join(names())}")
    evidence = Evidence(study, seed=seed, basis=basis, k=k, tango=tango, progress=progress)
    require_enough_people(study, evidence.dyads.affiliations, "an answer", k=k)
    return _answer(_sayings()[name], evidence)


def assess_all(
    study: Study,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str] = (),
    k: int = K,
    tango: Amplification | None = None,
    progress: Progress | None = None,
) -> tuple[Answer, ...]:
    """Ask all sayings of a study.

    Parameters
    ----------
    study, seed, basis, k, tango
        As in :func:`assess`.
    progress
        Called with the sayings asked and their number.

    Returns
    -------
    tuple of Answer
        In the order of :func:`names`. Sayings that were fixed beforehand are each judged at 5 %; of the exploratory
        ones, those that were tested are corrected for their number.

    Raises
    ------
    PrivacyError
        If the study rests on fewer than k people who are private.
    SchemaError
        If no affiliation has such a basis.

    Notes
    -----
    The correction keeps the false discovery rate (Benjamini and Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    # progress counts sayings here, not the steps inside one
    evidence = Evidence(study, seed=seed, basis=basis, k=k, tango=tango)
    require_enough_people(study, evidence.dyads.affiliations, "an answer", k=k)

    def compute() -> tuple[Answer, ...]:
        asked = []
        for number, saying in enumerate(_sayings().values(), 1):
            asked.append(_answer(saying, evidence))
            if progress is not None:
                progress(number, len(names()))
        return _corrected(asked)

    if isinstance(seed, np.random.Generator):
        return compute()
    return remembered(study, f"all sayings {names()} {seed} {tuple(basis)} {k}", compute)


def _answer(saying: Saying, evidence: Evidence) -> Answer:
    finding = saying.ask(evidence)
    return Answer(saying, finding if evidence.study.shows_persons else _large_groups_only(finding, evidence.k))


def _large_groups_only(finding: Finding, k: int) -> Finding:
    """Take away the numbers that rest on some, but fewer than k people; a verdict that needs them goes with them."""
    small = [e.persons is not None and 0 < e.persons < k and e.value is not None for e in finding.estimates]
    if not any(small):
        return finding
    shown = tuple(
        e.without_number("fewer_than_k") if is_small else e
        for e, is_small in zip(finding.estimates, small, strict=True)
    )
    verdict = missing("more people") if small[0] else finding.verdict
    return Finding(verdict, shown, finding.threshold, None if small[0] else finding.p)


def _corrected(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    from statsmodels.stats.multitest import multipletests

    tested = {a.name: a.finding.p for a in answers if a.exploratory and a.finding.p is not None}
    if not tested:
        return tuple(answers)
    adjusted = dict(zip(tested, multipletests(list(tested.values()), method="fdr_bh")[1], strict=True))
    return tuple(a.corrected(float(adjusted[a.name])) if a.name in adjusted else a for a in answers)
