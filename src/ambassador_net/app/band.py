"""Answers beside chance, for the page: the observed mark on the band that chance gives, or words why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pandas as pd

from ambassador_net.words import number, say

if TYPE_CHECKING:
    from ambassador_net.amplification import Returns

Json: TypeAlias = dict[str, Any]

SIDES = ("person", "organisation")

# as on the slides: nine of ten of a normal distribution
_BAND = 1.645


@dataclass(frozen=True)
class Answers:
    """Answers of one side within the hours of the test, beside chance.

    Parameters
    ----------
    hits, events
        Shares that answer, of those that could.
    expected, sd
        Mean and standard deviation of the hits by chance.
    returns_per_100, upper
        Returns per 100 shares received, and their upper bound; None where there is none.
    """

    hits: float
    events: int
    expected: float
    sd: float
    returns_per_100: float | None
    upper: float | None

    @property
    def low(self) -> float:
        """Fewest hits in nine of ten shuffles."""
        return max(0.0, self.expected - _BAND * self.sd)

    @property
    def high(self) -> float:
        """Most hits in nine of ten shuffles."""
        return min(float(self.events), self.expected + _BAND * self.sd)


def of_study(found: "Returns", *, observed: bool, window: str = "h48") -> Answers | str:
    """Give the answers of one side in a study as a whole.

    Parameters
    ----------
    found
        Who answers whom.
    observed
        Whether there is a pair with both sides observed.
    window
        The window, a name of :data:`ambassador_net.amplification.timing.WINDOWS`.

    Returns
    -------
    Answers or str
        Why there are none, as a key of the demo's words.
    """
    if not observed:
        return "band_not_observed"
    test, size = found.tests[window], found.returns_per_100
    # the size of the effect is measured within the method's hours only
    if size is None or window != "h48":
        return _answers(test.hits, found.events, test.expected, test.sd, None, None)
    return _answers(test.hits, found.events, test.expected, test.sd, size.corrected, size.upper)


def of_house(counts: Mapping[str, Any], side: str) -> Answers | str:
    """Give the answers of one side in a house.

    Parameters
    ----------
    counts
        Its row of :attr:`ambassador_net.amplification.Amplification.houses`.
    side
        The side that answers.

    Returns
    -------
    Answers or str
        Why there are none, as a key of the demo's words.
    """
    if pd.isna(counts["organisation"]):
        return "band_joined"
    numbers = [counts[f"{side}_{name}"] for name in ("hits", "events", "expected", "sd")]
    if any(pd.isna(n) for n in numbers):
        return "band_no_shares" if counts["both_sides_observed"] else "band_not_observed"
    hits, events, expected, sd = numbers
    size = [
        None if pd.isna(counts[f"{side}_{name}"]) else float(counts[f"{side}_{name}"])
        for name in ("returns_per_100", "upper")
    ]
    return _answers(float(hits), int(events), float(expected), float(sd), size[0], size[1])


def _answers(
    hits: float, events: int, expected: float, sd: float, returns: float | None, upper: float | None
) -> Answers | str:
    return Answers(hits, events, expected, sd, returns, upper) if events else "band_no_shares"


def drawn(found: Mapping[str, Answers | str]) -> Json:
    """Give what the browser draws, in answers per 100 shares.

    Parameters
    ----------
    found
        By side.

    Returns
    -------
    dict
        By side ``at``, ``low``, ``middle`` and ``high``; None where there is nothing to draw.
    """
    return {
        side: {
            name: round(100 * value / of.events, 2)
            for name, value in {"at": of.hits, "low": of.low, "middle": of.expected, "high": of.high}.items()
        }
        if isinstance(of, Answers) and of.sd > 0
        else None
        for side, of in found.items()
    }


def told(found: Mapping[str, Answers | str], language: str) -> Json:
    """Say the same in words.

    Parameters
    ----------
    found
        By side.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    dict
        By side a list of sentences; under ``label`` all of them, for those who do not see the picture.
    """
    said = {side: _said(of, language) for side, of in found.items()}
    label = " ".join(f"{say(f'demo.band_{side}', language)}: {' '.join(said[side])}" for side in SIDES)
    return {**said, "label": label}


def _said(of: Answers | str, language: str) -> list[str]:
    if isinstance(of, str):
        return [say(f"demo.{of}", language)]
    counts = {"hits": round(of.hits), "events": of.events}
    if of.sd == 0:
        return [say("demo.band_no_freedom", language, **counts)]
    sentences = [say("demo.band_counts", language, **counts, low=round(of.low), high=round(of.high))]
    if of.returns_per_100 is not None:
        returns = number(of.returns_per_100, language, digits=1)
        upper = None if of.upper is None else number(of.upper, language, digits=1)
        key = "demo.band_returns" if upper is None else "demo.band_returns_bound"
        sentences.append(say(key, language, returns=returns, **({} if upper is None else {"upper": upper})))
    return sentences


def sides_of_house(counts: Mapping[str, Any]) -> dict[str, Answers | str]:
    """Give the answers of both sides in a house.

    Parameters
    ----------
    counts
        As of :func:`of_house`.

    Returns
    -------
    dict
        By side.
    """
    return cast("dict[str, Answers | str]", {side: of_house(counts, side) for side in SIDES})
