"""What a slide is headed by: the finding, computed from the result, never its topic."""

from collections.abc import Sequence

from ambassador_net.amplification import Amplification
from ambassador_net.claims import Answer
from ambassador_net.figures.answers import BAND
from ambassador_net.figures.telling import Words
from ambassador_net.words import number, say

_ALPHA = 0.05


def _heading(key: str, language: str, **values: object) -> Words:
    return Words("heading", (say(f"talk.{key}", language, **values),))


def read_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say how many people, houses and shares were looked at.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        A heading.
    """
    houses = int(tango.houses["joined"].sum())
    return _heading("read", language, persons=tango.study["people"], houses=houses, shares=tango.study["shares"])


def mutual_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say how many of 100 pairs share each other both ways.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be seen.
    """
    n = tango.mutual_per_100
    return _heading("mutual_unknown", language) if n is None else _heading("mutual", language, n=round(n))


def both_ways_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say in how many houses which side gives more per post that there was to share.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be compared; the joined small houses count as one.
    """
    known = tango.houses.dropna(subset=["organisation_per_100", "person_per_100"])
    if known.empty:
        return _heading("both_ways_unknown", language)
    more = int((known["organisation_per_100"] > known["person_per_100"]).sum())
    who = "organisation" if 2 * more >= len(known) else "person"
    n = more if who == "organisation" else len(known) - more
    return _of_houses(f"both_ways_{who}", n, len(known), language)


def ring_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say in how many houses somebody shares and is shared back.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be seen.
    """
    known = tango.houses[tango.houses["both_sides_observed"].fillna(0) > 0]
    if known.empty:
        return _heading("mutual_unknown", language)
    return _of_houses("ring", int((known["mutual"] > 0).sum()), len(known), language)


def mixing_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say how many times more houses share their own than chance would.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be seen.
    """
    found = None if tango.mixing is None else tango.mixing.n1
    if found is None or found.lift is None or found.p is None:
        return _heading("mixing_unknown", language)
    if found.p > _ALPHA:
        return _heading("mixing_none", language)
    return _heading("mixing", language, n=number(found.lift, language, digits=1))


def answer_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say who answers whom.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The reasons of the verdict.
    """
    why = tango.verdict.why(language)
    return Words("heading", (f"{why[:1].upper()}{why[1:]}",))


def house_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say in how many houses answers lie above the band of chance, both ways or one.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, a description and no verdict; or that it cannot be seen.
    """
    houses = tango.houses
    numbers = [f"{who}_{number}" for who in ("organisation", "person") for number in ("hits", "expected", "sd")]
    known = houses[houses["organisation"].notna()].dropna(subset=numbers)
    if known.empty:
        return _heading("houses_unknown", language)
    above = {
        who: known[f"{who}_hits"] > known[f"{who}_expected"] + BAND * known[f"{who}_sd"]
        for who in ("organisation", "person")
    }
    return _of_houses("houses", int((above["organisation"] & above["person"]).sum()), len(known), language)


def board_heading(answers: Sequence[Answer], *, language: str = "en") -> Words:
    """Say how many sayings got which answer.

    Parameters
    ----------
    answers
        From :func:`ambassador_net.assess_all`.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        A heading.
    """
    counts = {
        kind: sum(a.verdict.answer == kind for a in answers) for kind in ("supported", "not_supported", "cannot_tell")
    }
    return _heading("board", language, n=len(answers), **counts)


def saying_heading(*answers: Answer, language: str = "en") -> Words:
    """Say what the study says of a saying.

    Parameters
    ----------
    *answers
        Of one saying, or of sayings that share one test.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The verdict and why; of several sayings the verdicts, each with what the numbers were held against.
    """
    kinds = list(dict.fromkeys(a.verdict.answer for a in answers))
    judged = {kind: [a for a in answers if a.verdict.answer == kind] for kind in kinds}
    if len(answers) == 1:
        (answer,) = answers
        return Words("heading", (f"{say(f'verdict.{kinds[0]}', language)}: {answer.why(language)}",))
    parts = []
    for kind, of_kind in judged.items():
        held = [number(a.finding.threshold, language) for a in of_kind if a.finding.threshold is not None]
        parts.append(
            say("talk.times", language, verdict=say(f"verdict.{kind}", language), numbers=_listed(held, language))
        )
    return Words("heading", (". ".join(parts),))


def _listed(parts: Sequence[str], language: str) -> str:
    *before, last = parts
    return say("talk.list", language, before=", ".join(before), last=last) if before else last


def _of_houses(key: str, n: int, of: int, language: str) -> Words:
    which = "all" if n == of else "none" if n == 0 else "some"
    return _heading(f"{key}_{which}", language, n=n, of=of)
