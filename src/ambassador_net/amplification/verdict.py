"""The three-valued answer, with its reasons and a sentence to read aloud (method 2j)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ambassador_net.amplification.cross import DAY_S, LONG_ENOUGH_S, collections_used
from ambassador_net.amplification.same_pairs import SamePairs
from ambassador_net.amplification.timing import FEWEST_EVENTS, OrderCheck, Returns
from ambassador_net.reduction import Dyads
from ambassador_net.words import LANGUAGES, say

Side = Literal["organisation", "person"]
Answer = Literal["supported", "not_supported", "cannot_tell"]
Numbers = Mapping[str, float | int | str | None]

MARGIN = 2.0
"""Returns per 100 shares below which a side does not return."""
FEWEST_PAIRS = 20
LEAST_COMPLETE = 0.8
FEWEST_DAYS = LONG_ENOUGH_S // DAY_S
_SLOW_CHANGES_BELOW_DAYS = 56

BUT_SMALL = "but small"
IN_THE_SAME_PAIRS = "and in the same pairs"
SLOW_CHANGES = "slow changes are removed only in part"
TREND = "fewer returns than chance: a trend inside the window"
# these change what the verdict says; the others stand beside it
_PART_OF_THE_SENTENCE = (BUT_SMALL, IN_THE_SAME_PAIRS)

_OPEN = "one side returns, the other is open"
_BOUND = ("bound", ("bound",))
_BOTH_BOUNDS = ("both_bounds", ("upper_organisation", "upper_person"))
# what a speaker adds to a reason: the text, and the numbers that it cannot do without
_SPOKEN: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "both sides return": ("returns", ("returns_organisation", "returns_person")),
        "coverage": ("coverage", ("pairs", "complete")),
        "the window is too short": ("window", ("days",)),
        "too few informative events": ("events", ("events_organisation", "events_person")),
        "neither side returns": _BOTH_BOUNDS,
        "neither shown nor excluded": _BOTH_BOUNDS,
        "the persons do not return; the other side is not shown either": _BOUND,
        "the organisation does not return; the other side is not shown either": _BOUND,
        "one-way: only the organisation returns": _BOUND,
        "one-way: only the persons return": _BOUND,
        _OPEN: _BOUND,
    }
)


@dataclass(frozen=True)
class Verdict:
    """Supported, not supported or cannot tell, and why.

    Parameters
    ----------
    answer
        ``"supported"``, ``"not_supported"`` or ``"cannot_tell"``.
    reasons
        Why, in the words of the method.
    notes
        What has to be known with it, in the words of the method.
    numbers
        What the sentence needs, by name.
    words
        The file in which the reasons stand as ``because_REASON`` and the notes as ``note_NOTE``.
    """

    answer: Answer
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=lambda: MappingProxyType({}))
    words: str = "verdict"

    def why(self, language: str = "en") -> str:
        """Give the reasons in few words, without numbers.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The reasons, beginning in lower case and without a full stop.
        """
        known = {name: value for name, value in self.numbers.items() if value is not None}
        return "; ".join(say(f"{self.words}.because_{self._key(reason)}", language, **known) for reason in self.reasons)

    def wording(self, language: str = "en") -> str:
        """Say why so that a speaker can read it aloud, with the numbers that it rests on.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            For example "The organisation answers; the people do not: at most 1 return per 100 shares."
        """
        why = self.why(language)
        numbers = self._spoken_numbers(language)
        said = f"{why[:1].upper()}{why[1:]}{f': {numbers}' if numbers else ''}."
        more = [
            say(f"{self.words}.note_{_slug(note)}", language) for note in self.notes if note in _PART_OF_THE_SENTENCE
        ]
        return " ".join([said, *more])

    def sentence(self, language: str = "en") -> str:
        """Say the verdict so that a speaker can read it aloud.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The answer and its :meth:`wording`.
        """
        return f"{say(f'verdict.{self.answer}', language)}. {self.wording(language)}"

    def remarks(self, language: str = "en") -> tuple[str, ...]:
        """Say the notes that stand beside the verdict, one sentence each.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        tuple of str
            The notes that are not part of the :meth:`wording`.
        """
        beside = (note for note in self.notes if note not in _PART_OF_THE_SENTENCE)
        return tuple(say(f"{self.words}.note_{_slug(note)}", language) for note in beside)

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-safe values.

        Returns
        -------
        dict
            ``answer``, ``wording`` by language, ``reasons`` and ``notes``.
        """
        return {
            "answer": self.answer,
            "wording": {language: self.wording(language) for language in LANGUAGES},
            "reasons": list(self.reasons),
            "notes": list(self.notes),
        }

    def _key(self, reason: str) -> str:
        # which side is open is no reason of its own, but has to be said
        return f"{_slug(reason)}_{self.numbers['open']}" if reason == _OPEN else _slug(reason)

    def _spoken_numbers(self, language: str) -> str | None:
        text, needed = _SPOKEN.get(self.reasons[0], (None, ()))
        known = {name: self.numbers[name] for name in needed if self.numbers.get(name) is not None}
        if text is None or len(known) < len(needed):
            return None
        if text == "bound" and known["bound"] in (0, 1):
            text = "no_bound" if known["bound"] == 0 else "bound_one"
        return say(f"verdict.numbers_{text}", language, **known)


def _slug(phrase: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", phrase.lower()).strip("_")


@dataclass(frozen=True)
class Coverage:
    """How much of the pairs was seen.

    Parameters
    ----------
    pairs
        Pairs with a share, in the collections used.
    complete
        Of these, pairs with both sides observed in full: of the person at least one account, of the organisation all
        its official accounts.
    """

    pairs: int
    complete: int

    @property
    def share(self) -> float | None:
        """Part of the pairs that is complete; None without a pair."""
        return self.complete / self.pairs if self.pairs else None

    @property
    def enough(self) -> bool:
        """Whether a verdict can rest on it: 20 pairs, and 80 % of them complete (method 2j, step 0)."""
        return self.pairs >= FEWEST_PAIRS and self.complete >= LEAST_COMPLETE * self.pairs

    def to_dict(self) -> dict[str, float | int | None]:
        """Give the coverage as JSON-safe values.

        Returns
        -------
        dict
            ``pairs``, ``complete`` and ``share``.
        """
        share = self.share
        return {"pairs": self.pairs, "complete": self.complete, "share": None if share is None else round(share, 6)}


def coverage(dyads: Dyads) -> Coverage:
    """Count the pairs with a share, and those observed in full on both sides.

    Parameters
    ----------
    dyads
        The dyads of the study.

    Returns
    -------
    Coverage
        Over all pairs with a share in the collections that the tests use, pairs with an unobserved side among them.
    """
    events = dyads.events
    used = events[events["collection"].fillna("").isin(collections_used(dyads).index)]
    shared = used[["holder_id", "organisation"]].drop_duplicates()
    complete = shared.merge(dyads.pairs, on=["holder_id", "organisation"])["both_complete"]
    return Coverage(len(shared), int(complete.sum()))


def judge(
    organisation: Returns,
    person: Returns,
    order: OrderCheck,
    coverage: Coverage,
    days: Sequence[float],
    same_pairs: SamePairs | None = None,
) -> Verdict:
    """Judge whether the people and their organisations answer each other.

    Parameters
    ----------
    organisation, person
        The returns of both directions.
    order
        The order check.
    coverage
        How much of the pairs was seen.
    days
        Days between the first and the last share of each collection used.
    same_pairs
        The same pairs in both directions, if tested.

    Returns
    -------
    Verdict
        By the first line of method 2j that holds.

    Notes
    -----
    Never from N1, r_w, rho_w, rho_res or an odds ratio (method 1.6). Both directions are needed, so that two tests at
    5 % need no correction for their number.
    """
    longest = max(days, default=0.0)
    answer, reason, open_side = _decide(organisation, person, order, coverage, longest)
    upper = {"organisation": _upper(organisation), "person": _upper(person)}
    small = any(bound is not None and bound < MARGIN for bound in upper.values())
    trend = any(side.tests["h48"].p_lower <= 0.025 for side in (organisation, person))
    in_the_same_pairs = same_pairs is not None and same_pairs.p is not None and same_pairs.p <= 0.05
    notes = {
        BUT_SMALL: answer == "supported" and small,
        IN_THE_SAME_PAIRS: answer == "supported" and in_the_same_pairs,
        SLOW_CHANGES: FEWEST_DAYS <= longest < _SLOW_CHANGES_BELOW_DAYS,
        TREND: trend,
    }
    numbers: dict[str, float | int | str | None] = {
        "pairs": coverage.pairs,
        "complete": coverage.complete,
        "days": round(longest, 1),
        "events_organisation": organisation.informative_events,
        "events_person": person.informative_events,
        "returns_organisation": _corrected(organisation),
        "returns_person": _corrected(person),
        "upper_organisation": _spoken(upper["organisation"]),
        "upper_person": _spoken(upper["person"]),
    }
    if open_side is not None:
        numbers |= {"open": open_side, "bound": _spoken(upper[open_side])}
    return Verdict(answer, (reason,), tuple(note for note, holds in notes.items() if holds), MappingProxyType(numbers))


def _upper(side: Returns) -> float | None:
    return None if side.returns_per_100 is None else side.returns_per_100.upper


def _corrected(side: Returns) -> float | None:
    return None if side.returns_per_100 is None else _spoken(side.returns_per_100.corrected)


def _spoken(per_100: float | None) -> float | None:
    """One digit is all an ear takes in, and nobody returns less than nothing."""
    return None if per_100 is None else max(0.0, round(per_100, 1))


def _decide(
    organisation: Returns, person: Returns, order: OrderCheck, coverage: Coverage, longest: float
) -> tuple[Answer, str, Side | None]:
    """Give the answer, the reason and the side that does not answer or is open: the first line of 2j that holds."""
    sides: dict[Side, Returns] = {"organisation": organisation, "person": person}
    if not coverage.enough:
        return "cannot_tell", "coverage", None
    if longest < FEWEST_DAYS:
        return "cannot_tell", "the window is too short", None
    if any(side.informative_events < FEWEST_EVENTS for side in sides.values()):
        return "cannot_tell", "too few informative events", None

    returns = {name: side.tests["h48"].p <= 0.05 for name, side in sides.items()}
    week = {name: side.tests["week"].p <= 0.025 for name, side in sides.items()}
    gap = {name: side.tests["gap12"].p <= 0.05 for name, side in sides.items()}
    if all(returns.values()):
        if all(week.values()) and all(gap.values()):
            return "supported", "both sides return", None
        if all(week.values()):
            return "cannot_tell", "answers within half a day cannot be told from joint occasions", None
        if all(gap.values()):
            return "cannot_tell", "cannot be told from people being active in the same weeks", None
        return "cannot_tell", "neither can be excluded", None

    quiet = [name for name, side in sides.items() if (bound := _upper(side)) is not None and bound < MARGIN]
    if len(quiet) == len(sides):
        return "not_supported", "neither side returns", None
    if quiet:
        (silent,) = quiet
        other: Side = "organisation" if silent == "person" else "person"
        sign = order.d > 0 if other == "organisation" else order.d < 0
        if returns[other] and week[other] and sign and order.p is not None and order.p <= 0.05:
            only = "the organisation returns" if other == "organisation" else "the persons return"
            return "not_supported", f"one-way: only {only}", silent
        does_not = "the persons do not return" if silent == "person" else "the organisation does not return"
        return "not_supported", f"{does_not}; the other side is not shown either", silent
    if any(returns.values()):
        return "cannot_tell", _OPEN, "person" if returns["organisation"] else "organisation"
    return "cannot_tell", "neither shown nor excluded", None
