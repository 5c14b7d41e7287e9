"""All tests of a study, in the order of the method, down to the verdict."""

from dataclasses import dataclass

import numpy as np

from ambassador_net.amplification.answers import STRATA_DAYS
from ambassador_net.amplification.cross import CrossShares, cross_shares
from ambassador_net.amplification.same_pairs import SamePairs, same_pairs
from ambassador_net.amplification.timing import PERMUTATIONS, OrderCheck, Returns, order_check, returns
from ambassador_net.amplification.verdict import Coverage, Verdict, coverage, judge
from ambassador_net.reduction import Dyads
from ambassador_net.study.stored import AnyStudy


@dataclass(frozen=True, eq=False)
class Tested:
    """What the verdict rests on, and the verdict.

    Parameters
    ----------
    cross
        The shares inside pairs that the tests look at.
    organisation_returns, person_returns
        Who answers whom, both ways.
    order_check
        Which side answers more.
    same_pairs
        Whether the same pairs are strong in both directions.
    coverage
        How much of the pairs was seen.
    verdict
        The answer.
    """

    cross: CrossShares
    organisation_returns: Returns
    person_returns: Returns
    order_check: OrderCheck
    same_pairs: SamePairs
    coverage: Coverage
    verdict: Verdict


def run_tests(
    study: AnyStudy,
    dyads: Dyads,
    *,
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
    strata_days: int = STRATA_DAYS,
) -> Tested:
    """Test whether persons and their organisations answer each other, and judge.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    rng
        Random generator; each test draws from a stream of its own, so that none depends on another.
    permutations
        Number of draws, B, of each test.
    strata_days
        Length of the strata; other lengths are for the sensitivity only.

    Returns
    -------
    Tested
        All of it.
    """
    cross = cross_shares(dyads)
    for_organisation, for_person, for_order, for_pairs = rng.spawn(4)
    organisation = returns(
        cross, "organisation_returns", permutations=permutations, rng=for_organisation, strata_days=strata_days
    )
    person = returns(cross, "person_returns", permutations=permutations, rng=for_person, strata_days=strata_days)
    order = order_check(cross, rng=for_order)
    pairs = same_pairs(study, dyads, permutations=permutations, rng=for_pairs)
    seen = coverage(dyads)
    return Tested(
        cross, organisation, person, order, pairs, seen, judge(organisation, person, order, seen, cross.days, pairs)
    )
