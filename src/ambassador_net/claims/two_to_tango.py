"""It takes two to tango: people and their organisation answer each other's shares beyond chance."""

from ambassador_net.claims.answer import Estimate, Finding, Saying
from ambassador_net.claims.evidence import Evidence


def ask(evidence: Evidence) -> Finding:
    """Ask whether people and their organisations answer each other.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The verdict of :func:`ambassador_net.mutual_amplification`, with the returns of both sides.
    """
    tango = evidence.tango
    houses = int(tango.houses["joined"].sum())
    estimates = []
    for side, found in (("organisation", tango.organisation_returns), ("person", tango.person_returns)):
        returns = found.returns_per_100
        estimates.append(
            Estimate(
                f"{side}_returns",
                None if returns is None else returns.corrected,
                "per_100",
                why="the_tests_decide" if returns is not None else "too_few_events",
                organisations=houses,
                persons=tango.study["people"],
                part=tango.coverage.share,
                p=found.tests["h48"].p,
            )
        )
    return Finding(tango.verdict, tuple(estimates))


SAYINGS = (Saying("two-to-tango", 20, ask, words="two_to_tango", needs=("shares of both sides",)),)
