"""How firm is the verdict: the same question asked in other ways."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ambassador_net.amplification.answers import STRATA_DAYS
from ambassador_net.amplification.tested import Tested, run_tests
from ambassador_net.amplification.timing import Returns
from ambassador_net.amplification.verdict import judge
from ambassador_net.amplification.weights import reciprocity
from ambassador_net.nulls import Progress, generator
from ambassador_net.reduction import affiliations_with_basis, dyads
from ambassador_net.study import Study

PERMUTATIONS = 2000

HEAVY = 0.01
"""Share of all shares above which an account counts as heavy."""

# which window stands in for the 48 hours, and which for the gap of 12 (method 2d)
_OTHER_WINDOWS: Mapping[str, Mapping[str, str]] = {
    "tau_24": {"h48": "h24"},
    "tau_168": {"h48": "h168"},
    "gap_8": {"gap12": "gap8"},
    "gap_16": {"gap12": "gap16"},
}

_OTHER_STRATA = {"strata_14": 14, "strata_56": 56}


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The verdict and its numbers under each way of looking.

    Parameters
    ----------
    table
        One row a variant, the first ``as_planned``: ``variant``, ``answer``, ``reasons``, ``pairs``, ``r_w``,
        ``same_pairs_rho``; for ``organisation`` and ``person`` as the side that answers ``_events``, ``_p`` (of the
        window that stands for the 48 hours), ``_week_p``, ``_gap_p``, ``_returns`` and ``_upper`` (per 100).
    fragile
        Whether a variant gives another answer than the plan.
    seed
        The seed, or None if a generator was passed in.
    """

    table: pd.DataFrame
    fragile: bool
    seed: int | None

    def summary(self) -> pd.DataFrame:
        """Give the table.

        Returns
        -------
        pandas.DataFrame
            As ``table``.
        """
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as JSON-safe values.

        Returns
        -------
        dict
            ``fragile``, ``seed`` and ``variants``, a list.
        """
        rows = self.table.astype(object).where(self.table.notna(), None).to_dict("records")
        return {"fragile": self.fragile, "seed": self.seed, "variants": rows}

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False, border=0, na_rep="not observed"))


def sensitivity(
    study: Study,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str] = (),
    permutations: int = PERMUTATIONS,
    progress: Progress | None = None,
) -> Sensitivity:
    """Ask the question again with other windows, strata, accounts, contents and spells.

    Parameters
    ----------
    study
        The study.
    seed
        A seed, or a random generator.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    permutations
        Number of draws of each test.
    progress
        Called with the variants done and their number.

    Returns
    -------
    Sensitivity
        One row a variant. The plan was fixed beforehand: a variant is never chosen for its answer.

    Notes
    -----
    Windows and strata are those of method 2d. ``by_account`` takes each official account for an organisation of its
    own (2a); ``unique_content`` counts a second share of the same original by the same sharer once (2a);
    ``whole_window`` forgets the dates of the spells (3); ``without_heavy_accounts`` leaves out the shares by accounts
    with more than 1 % of all shares (3).
    """
    rng = generator(seed)
    plain = replace(study, affiliations=affiliations_with_basis(study, basis))
    changed: list[tuple[str, Callable[[Study], Study]]] = [
        ("by_account", _by_account),
        ("unique_content", _unique_content),
        ("whole_window", _whole_window),
        ("without_heavy_accounts", _without_heavy_accounts),
    ]
    total = 1 + len(_OTHER_WINDOWS) + len(_OTHER_STRATA) + len(changed)
    rows: list[dict[str, Any]] = []

    def add(found: Iterable[dict[str, Any]]) -> None:
        for row in found:
            rows.append(row)
            if progress is not None:
                progress(len(rows), total)

    planned = _tests_of(plain, rng, permutations)
    add(_with_other_windows(plain, planned))
    for name, days in _OTHER_STRATA.items():
        add([_row(name, plain, _tests_of(plain, rng, permutations, strata_days=days))])
    for name, change in changed:
        other = change(plain)
        add([_row(name, other, _tests_of(other, rng, permutations))])
    table = pd.DataFrame(rows)
    return Sensitivity(
        table,
        bool((table["answer"] != table["answer"].iloc[0]).any()),
        None if isinstance(seed, np.random.Generator) else seed,
    )


def _tests_of(study: Study, rng: np.random.Generator, permutations: int, *, strata_days: int = STRATA_DAYS) -> Tested:
    return run_tests(study, dyads(study), rng=rng.spawn(1)[0], permutations=permutations, strata_days=strata_days)


def _with_other_windows(study: Study, planned: Tested) -> Iterator[dict[str, Any]]:
    yield _row("as_planned", study, planned)
    for name, windows in _OTHER_WINDOWS.items():
        organisation = with_other_windows(planned.organisation_returns, windows)
        person = with_other_windows(planned.person_returns, windows)
        verdict = judge(
            organisation, person, planned.order_check, planned.coverage, planned.cross.days, planned.same_pairs
        )
        yield _row(
            name, study, replace(planned, organisation_returns=organisation, person_returns=person, verdict=verdict)
        )


def with_other_windows(found: Returns, windows: Mapping[str, str]) -> Returns:
    """Let other windows stand in for those of the method.

    Parameters
    ----------
    found
        Who answers whom.
    windows
        By the name of a window of the method, the name of the one that stands in for it.

    Returns
    -------
    ambassador_net.amplification.timing.Returns
        The same with these tests.
    """
    return replace(found, tests={**found.tests, **{name: found.tests[other] for name, other in windows.items()}})


def _row(variant: str, study: Study, found: Tested) -> dict[str, Any]:
    weights = reciprocity(dyads(study).pairs)
    row: dict[str, Any] = {
        "variant": variant,
        "answer": found.verdict.answer,
        "reasons": "; ".join(found.verdict.reasons),
        "pairs": found.coverage.pairs,
        "r_w": weights.r_w,
        "same_pairs_rho": found.same_pairs.rho,
    }
    for who, side in (("organisation", found.organisation_returns), ("person", found.person_returns)):
        per_100 = side.returns_per_100
        row |= {
            f"{who}_events": side.events,
            f"{who}_p": side.tests["h48"].p,
            f"{who}_week_p": side.tests["week"].p,
            f"{who}_gap_p": side.tests["gap12"].p,
            f"{who}_returns": None if per_100 is None else per_100.corrected,
            f"{who}_upper": None if per_100 is None else per_100.upper,
        }
    return row


def _by_account(study: Study) -> Study:
    official = study.accounts[study.accounts["role"] == "organisation"]
    apart = study.accounts.assign(
        organisation=study.accounts["organisation"].where(
            study.accounts["role"] != "organisation", study.accounts["account_id"]
        ),
        holder_id=study.accounts["holder_id"].where(
            study.accounts["role"] != "organisation", study.accounts["account_id"]
        ),
    )
    spells = study.affiliations.merge(official[["organisation", "account_id"]], on="organisation")
    return replace(
        study, accounts=apart, affiliations=spells.assign(organisation=spells["account_id"]).drop(columns="account_id")
    )


def _unique_content(study: Study) -> Study:
    known = study.shares["original_post_id"].notna()
    again = known & study.shares.sort_values("shared_at_earliest", kind="stable").duplicated(
        ["sharer_id", "original_post_id"]
    )
    return replace(study, shares=study.shares[~again].reset_index(drop=True))


def _whole_window(study: Study) -> Study:
    spells = study.affiliations
    never = spells["valid_from"].mask(spells["valid_from"].notna())
    forgotten = spells.assign(valid_from=never, valid_to=never)
    return replace(study, affiliations=forgotten.drop_duplicates(["holder_id", "organisation"], ignore_index=True))


def _without_heavy_accounts(study: Study) -> Study:
    part = study.shares["sharer_id"].value_counts(normalize=True)
    light = study.shares["sharer_id"].isin(part[part <= HEAVY].index)
    return replace(study, shares=study.shares[light].reset_index(drop=True))
