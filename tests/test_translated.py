"""No English is left where Finnish or Swedish is spoken; the Finnish deck is looked at in ``browser/test_deck.py``."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import ambassador_net as an
from ambassador_net.app.payload import payload
from ambassador_net.app.ties import ties
from ambassador_net.app.what_if import WhatIf
from demo_study import PEOPLE, demo_study
from translated import english_in, prose, spoken, texts

OTHERS = ("fi", "sv")
# numbers, units and what the languages share
THE_SAME = {
    "check.name_axe",
    *(f"claims.unit_{unit}" for unit in ("share", "difference", "correlation", "index")),
    "claims.without_interval",
    "deck.timing",
    "demo.times_number",
    "what_if.choice_people",
    *(f"figures.lag_{hours}" for hours in ("0_2", "2_8", "8_24", "24_48", "48_72")),
    "figures.lane_organisation",
}
THE_SAME_IN = {
    "fi": THE_SAME,
    "sv": THE_SAME
    | {"claims.rests_on_organisations_one", "claims.rests_on_persons_one", "demo.data", "demo.less_than"},
}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_its_english_but_those_that_are_listed(language: str) -> None:
    english = texts("en")
    assert {key for key, text in texts(language).items() if text == english[key]} == THE_SAME_IN[language]


@pytest.mark.parametrize("language", OTHERS)
def test_words_and_prose_hold_no_english(language: str) -> None:
    said = texts(language) | prose(language)
    assert {place: found for place, text in said.items() if (found := english_in(text, language))} == {}


def strings(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from strings(part)


def in_language(found: Any, language: str) -> Iterator[str]:
    """Give what a payload says in one language."""
    if isinstance(found, dict):
        for key, part in found.items():
            yield from strings(part.get(language)) if key == "texts" else in_language(part, language)
    elif isinstance(found, list):
        for part in found:
            yield from in_language(part, language)


@pytest.mark.parametrize("language", OTHERS)
def test_demo_page_is_given_no_english(language: str) -> None:
    study = demo_study()
    tango = an.mutual_amplification(study, seed=1, permutations=99, test_permutations=99)
    what_if = WhatIf(study, tango, seed=1)
    network = ties(study, tango, seed=1)
    shown = payload(tango, an.assess_all(study, seed=1, tango=tango), network=network, what_if=what_if.shown())
    said = list(in_language(json.loads(json.dumps([shown, list(dict(what_if).values())])), language))
    assert len(said) > 900
    found = {text: left for text in said if (left := english_in(text, language, [*PEOPLE, study.title]))}
    assert found == {}


def test_search_finds_what_was_left() -> None:
    """A search that finds nothing anywhere would pass too."""
    assert english_in("Ihmiset ja the organisaatio", "fi") == ["the"]
    assert english_in("Tulos: cannot tell, sanoi tilasto", "fi") == ["cannot tell"]
    assert english_in("Kaikki talot of Example Oy", "fi", ["talot of Example Oy"]) == []
    assert english_in("en person i organisationen", "sv") == []
    assert spoken('<p title="a">b<script>c</script><svg aria-label="d"></svg><i>e</i></p>') == ["a", "b", "d", "e"]
