"""What the demo is given: every number and every sentence, prepared in each language.

Counts of the whole study and of houses that are large enough to be shown; nothing about one person or one
pair. Unknown is ``None`` in a number and said in words in a sentence, never 0.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pandas as pd

from ambassador_net.app.band import Answers, drawn, of_study, sides_of_house, told
from ambassador_net.app.choices import TIMES_STEPS, WHOLE_STUDY
from ambassador_net.app.times import times
from ambassador_net.words import LANGUAGES, number, say

if TYPE_CHECKING:
    from ambassador_net.amplification import Amplification
    from ambassador_net.claims import Answer

__all__ = ["TIMES_STEPS", "WHOLE_STUDY", "payload"]

Json: TypeAlias = dict[str, Any]

# by side: its shares, and the posts that it could have shared
_SHARES = {"person": "person_to_organisation", "organisation": "organisation_to_person"}
_POSTS = {"person": "organisation_posts", "organisation": "person_posts"}

_OBSERVED_STATES = ("mutual", "person_only", "organisation_only")
_STATES = (
    *_OBSERVED_STATES,
    "person_only_other_side_unknown",
    "organisation_only_other_side_unknown",
    "both_seen_one_side_unknown",
)

# as many pairs as fit on a phone and can still be seen one by one
_MOST_MARKS = 60

# texts that depend neither on the study nor on a choice
_FIXED_TEXTS = (
    *("title", "language", "question", "hint", "your_guess", "show", "answer_heading", "in_these_data"),
    *("choose", "choose_hint", "choose_none", "who_shares", "person_shares", "organisation_shares"),
    *("column_direction", "column_shares", "column_rate", "axis", "context", "pairs_heading"),
    *("column_state", "column_pairs", "verdict_heading", "verdict_note"),
    *("board_heading", "board_hint", "board_rests_on"),
    *("question_times", "hint_times", "scale_person", "scale_organisation", "in_data", "times_unknown"),
    *("others_heading", "trade_heading", "trade_hint"),
    *("band_heading", "band_hint", "band_axis", "band_person", "band_organisation", "band_no_verdict"),
    *(
        "net_heading",
        "net_hint",
        "net_label",
        "net_label_outside",
        "net_choose",
        "net_none",
        "net_previous",
        "net_next",
    ),
    *("net_outside_group", "net_joined", "net_shares", "net_is_shared", "net_who", "net_both", "net_nobody"),
    *("net_table", "net_only_houses", "net_all", "not_observed"),
    *_STATES,
)

# sentences that the browser completes with counts and names, by what they leave open
_OPEN_TEXTS = {
    "net_label_counts": ("nodes", "edges", "mutual"),
    "net_organisation": ("house",),
    "net_person": ("number", "house"),
    "net_people": ("house",),
    "net_outside": ("number",),
    "net_heard": ("name", "n", "mutual"),
    "net_more": ("n",),
    "net_left_out": ("parts",),
    **{f"net_left_{what}": ("n",) for what in ("houses", "people", "outside", "pairs")},
}

_WHAT_IF_TEXTS = (
    *("heading", "hint", "tests_heading", "houses_heading", "own_heading", "own_hint", "computing", "silent"),
    *("tau_h", "channel", "k", "people", "weeks", "returns", "column_house", "column_people", "column_mutual"),
)


def payload(
    tango: "Amplification",
    answers: "Sequence[Answer]" = (),
    *,
    network: Json | None = None,
    what_if: Json | None = None,
) -> Json:
    """Prepare all that the browser shows, in every language.

    Parameters
    ----------
    tango
        Who amplifies whom; its houses are already joined where they are too small to be shown.
    answers
        What the study says of the sayings, for the board and the second guess; none leaves them out.
    network
        As :func:`ambassador_net.app.ties.ties` gives it; none leaves it out.
    what_if
        What a live kernel may be asked, as :meth:`ambassador_net.app.what_if.WhatIf.shown` gives it.

    Returns
    -------
    dict
        JSON-safe: ``languages``, ``texts`` by language, ``guess``, ``times``, ``verdict``, ``board``, ``network``,
        ``what_if`` and ``answers``, in which ``"-1"`` is the whole study and the others are the houses by their place.
    """
    whole = dict(tango.dyads) | _rates_of_all(tango.houses)
    houses = cast(list[Json], tango.houses.astype(object).to_dict("records"))
    title = str(tango.study["title"])
    line = "demo.made_up" if tango.study["made_up"] else "demo.data"
    return {
        "languages": list(LANGUAGES),
        "texts": {language: _texts(language) | {"data": say(line, language, title=title)} for language in LANGUAGES},
        "guess": _guess(whole),
        "verdict": {
            "answer": tango.verdict.answer,
            "texts": {language: tango.verdict.sentence(language) for language in LANGUAGES},
        },
        "times": times(answers),
        "board": [_on_board(answer) for answer in answers],
        "network": network,
        "what_if": what_if or {},
        "answers": {
            str(index): _answer(index, counts, whole, tango)
            for index, counts in enumerate([whole, *houses], WHOLE_STUDY)
        },
    }


def _texts(language: str) -> dict[str, str]:
    texts = {key: say(f"demo.{key}", language) for key in _FIXED_TEXTS}
    for key, names in _OPEN_TEXTS.items():
        texts[key] = say(f"demo.{key}", language, **{name: f"{{{name}}}" for name in names})
    return texts | {f"what_if_{key}": say(f"what_if.{key}", language) for key in _WHAT_IF_TEXTS}


def _on_board(answer: "Answer") -> Json:
    effect = answer.effect
    known = effect is not None and effect.value is not None
    return {
        "answer": answer.verdict.answer,
        "texts": {
            language: {
                "saying": answer.saying(language),
                "verdict": say(f"verdict.{answer.verdict.answer}", language),
                "exploratory": say("claims.exploratory", language) if answer.exploratory else None,
                "why": answer.why(language),
                "effect": f"{answer.label(effect, language)}: {effect.wording(language)}" if known and effect else None,
                "rests_on": effect.rests_on(language) if known and effect else None,
                "source": answer.source(language),
            }
            for language in LANGUAGES
        },
    }


def _number(value: object) -> float | None:
    """Give a number, or None where it is missing in any of pandas' ways."""
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _count(counts: Mapping[str, object], key: str) -> int | None:
    found = _number(counts.get(key))
    return None if found is None else int(found)


def _guess(whole: Mapping[str, object]) -> Json:
    mutual, pairs = _count(whole, "mutual"), _count(whole, "both_sides_observed")
    if mutual is None or not pairs:
        return {
            "value": None,
            "texts": {language: {"why": say("demo.cannot_be_known", language)} for language in LANGUAGES},
        }
    value = 100 * mutual / pairs
    return {
        "value": value,
        "texts": {
            language: {
                "number": _of_hundred(value, language),
                "why": say("demo.both_ways_of", language, mutual=mutual, pairs=pairs),
            }
            for language in LANGUAGES
        },
    }


def _of_hundred(value: float, language: str) -> str:
    """Round to whole pairs of 100, but never to none or to all where that is not so."""
    if 0 < value < 0.5:
        return say("demo.less_than", language, value=1)
    if 99.5 <= value < 100:
        return say("demo.more_than", language, value=99)
    return number(value, language, digits=0)


def _rate_said(value: float, language: str) -> str:
    if 0 < value < 0.01:
        return say("demo.less_than", language, value=0.01)
    return number(value, language, digits=1) if value >= 1 else number(value, language)


def _answer(index: int, counts: Mapping[str, object], whole: Mapping[str, object], tango: "Amplification") -> Json:
    shares = {side: _count(counts, column) for side, column in _SHARES.items()}
    rates, context = _rates(counts), _rates(whole)
    pairs = _count(counts, "with_a_share")
    states = _states(counts, pairs)
    unit, marks = _marks(states)
    band = _sides_of_study(tango) if index == WHOLE_STUDY else sides_of_house(counts)
    return {
        "house": index,
        "rates": rates,
        "context": None if index == WHOLE_STUDY else context,
        "states": list(states),
        "marks": marks,
        "band": drawn(band),
        "texts": {
            language: _said(_name(counts, language), counts, shares, rates, context, pairs, states, unit, language)
            | {"band": told(band, language)}
            for language in LANGUAGES
        },
    }


def _sides_of_study(tango: "Amplification") -> dict[str, Answers | str]:
    observed = bool(tango.dyads["both_sides_observed"])
    return {
        "person": of_study(tango.person_returns, observed=observed),
        "organisation": of_study(tango.organisation_returns, observed=observed),
    }


def _rates_of_all(houses: pd.DataFrame) -> dict[str, float | None]:
    """Give the rates of all houses together; a house where either number is unknown says nothing here."""
    rates: dict[str, float | None] = {}
    for side, shares in _SHARES.items():
        known = houses[[shares, _POSTS[side]]].dropna()
        posts = int(known[_POSTS[side]].sum())
        rates[f"{side}_per_100"] = 100 * int(known[shares].sum()) / posts if posts else None
    return rates


def _rates(counts: Mapping[str, object]) -> dict[str, float | None]:
    return {side: _number(counts.get(f"{side}_per_100")) for side in _SHARES}


def _states(counts: Mapping[str, object], pairs: int | None) -> dict[str, int | None]:
    """Give the pairs by state; the observed states always, the others where there are any."""
    known = {state: _count(counts, state) for state in _STATES}
    if pairs and not _count(counts, "both_sides_observed"):
        # 0 "only the person", of 0 pairs with both sides observed, would pass the unknown off as none
        known |= dict.fromkeys(_OBSERVED_STATES)
    return {state: n for state, n in known.items() if state in _OBSERVED_STATES or n}


def _marks(states: Mapping[str, int | None]) -> tuple[int, list[tuple[str, int]]]:
    """Say how many pairs one mark stands for, and how many marks each state has: at least one if any pair."""
    total = sum(n or 0 for n in states.values())
    unit = next(
        step * 10**power for power in range(10) for step in (1, 2, 5) if total <= _MOST_MARKS * step * 10**power
    )
    return unit, [(state, max(1, round(n / unit))) for state, n in states.items() if n]


def _name(counts: Mapping[str, object], language: str) -> str:
    if "organisation" not in counts:
        return say("demo.whole_study", language)
    if pd.isna(counts["organisation"]):  # type: ignore[call-overload]
        return say("demo.other_houses", language, joined=_count(counts, "joined"))
    return str(counts["organisation"])


def _heard(key: str, language: str) -> str:
    """Give a text without the marks where it may be divided, which some screen readers read aloud."""
    return say(f"demo.{key}", language).replace("\u00ad", "")


def _said(
    name: str,
    counts: Mapping[str, object],
    shares: Mapping[str, int | None],
    rates: Mapping[str, float | None],
    context: Mapping[str, float | None],
    pairs: int | None,
    states: Mapping[str, int | None],
    unit: int,
    language: str,
) -> Json:
    not_observed, not_known = say("demo.not_observed", language), say("demo.not_known", language)
    people = _count(counts, "people")
    share_texts = {side: not_observed if n is None else number(n, language) for side, n in shares.items()}
    rate_texts = {
        side: _rate_said(rate, language) if rate is not None else not_observed if shares[side] is None else not_known
        for side, rate in rates.items()
    }
    state_texts = {state: not_observed if n is None else number(n, language) for state, n in states.items()}
    rates_label = f"{name}. {say('demo.axis', language)}: " + "; ".join(
        f"{_heard(f'{side}_shares', language)}: {text}" for side, text in rate_texts.items()
    )
    if "organisation" in counts:
        known = [
            f"{_heard(f'{side}_shares', language)}: {_rate_said(rate, language)}"
            for side, rate in context.items()
            if rate is not None
        ]
        rates_label += f". {say('demo.context_label', language)}: {'; '.join(known)}" if known else ""
    pairs_label = f"{name}. {say('demo.pairs_heading', language)}: " + "; ".join(
        f"{say(f'demo.{state}', language)}: {text}" for state, text in state_texts.items()
    )
    return {
        "name": name,
        "people": None if people is None else say("demo.people", language, people=people),
        "shares": share_texts,
        "rates": rate_texts,
        "rates_label": rates_label,
        "pairs": say("demo.pairs_hint", language, pairs=not_observed if pairs is None else pairs),
        "states": state_texts,
        "pairs_label": pairs_label,
        "unit": None if unit == 1 else say("demo.one_mark", language, unit=unit),
        # what a screen reader hears when the house was chosen
        "heard": f"{rates_label}. {pairs_label}.",
    }
