"""The second guess: how many times more a person's post is shared, the scale, the answer and the trade's numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ambassador_net.app.choices import TIMES_STEPS
from ambassador_net.words import LANGUAGES, number, say

if TYPE_CHECKING:
    from ambassador_net.claims import Answer, Estimate

Json: TypeAlias = dict[str, Any]

_SAYINGS = "times_more"
# what the verdict also rests on: counting post by post alone shows nothing
_OTHER_WAYS = ("per_follower", "same_content")


def times(answers: "Sequence[Answer]") -> Json | None:
    """Prepare the second guess.

    Parameters
    ----------
    answers
        What the study says of the sayings.

    Returns
    -------
    dict or None
        ``steps`` of the scale, ``value`` and ``interval`` (None where there is none), ``trade`` (the numbers that the
        trade says, each with its saying and its source) and ``texts`` by language; None
        where these sayings were not asked.
    """
    asked = [answer for answer in answers if answer.saying_asked.words == _SAYINGS]
    if not asked or asked[0].effect is None:
        return None
    first, effect = asked[0], asked[0].effect
    return {
        "steps": list(TIMES_STEPS),
        "value": effect.value,
        "interval": effect.interval and list(effect.interval),
        "trade": [_trade(answer) for answer in asked],
        "texts": {language: _texts(first, effect, language) for language in LANGUAGES},
    }


def _trade(answer: "Answer") -> Json:
    return {
        "value": answer.finding.threshold,
        "texts": {
            language: {
                "number": number(answer.finding.threshold or 0, language),
                "saying": answer.saying(language),
                "source": answer.source(language),
            }
            for language in LANGUAGES
        },
    }


def _texts(answer: "Answer", effect: "Estimate", language: str) -> Json:
    others = [answer.estimates[name] for name in _OTHER_WAYS if name in answer.estimates]
    return {
        "steps": [_side_by_side(step, language) for step in TIMES_STEPS],
        "answer": None if effect.value is None else _side_by_side(effect.value, language),
        "effect": _sentence(f"{answer.label(effect, language)}: {effect.wording(language)}"),
        "others": [_sentence(f"{answer.label(other, language)}: {other.wording(language)}") for other in others],
        "why": _sentence(answer.why(language)),
    }


def _side_by_side(value: float, language: str) -> Json:
    """Say a ratio as a number of 1 or more and whose post is shared more, so that both sides look alike."""
    if not value:
        return {"number": number(0, language), "side": say("demo.times_none", language)}
    side = "even" if abs(value - 1) < 0.005 else "person" if value > 1 else "organisation"
    larger = 1.0 if side == "even" else max(value, 1 / value)
    written = number(round(larger, 1 if larger < 10 else 0), language)
    return {"number": say("demo.times_number", language, times=written), "side": say(f"demo.times_{side}", language)}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
