"""Pictures of who answers whom, and how firm the verdict is: words, marks, privacy, and the same answer twice."""

import dataclasses
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net import figures
from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.amplification.sensitivity import Sensitivity, sensitivity
from ambassador_net.words import LANGUAGES, number


@pytest.fixture(scope="module")
def tango(example: an.Study) -> an.Amplification:
    return an.mutual_amplification(example, seed=7, permutations=20, test_permutations=300)


@pytest.fixture(scope="module")
def other_ways(example: an.Study) -> Sensitivity:
    return sensitivity(example, seed=7, permutations=300)


DRAWN: dict[str, Callable[[an.Study, an.Amplification, str], figures.Figure]] = {
    "returns": lambda study, tango, language: figures.returns(tango, language=language),
    "returns_by_house": lambda study, tango, language: figures.returns_by_house(tango, language=language),
    "excess_by_lag": lambda study, tango, language: figures.excess_by_lag(tango, language=language),
    "timeline": lambda study, tango, language: figures.timeline(study, tango, language=language),
    "timeline of a house": lambda study, tango, language: figures.timeline(
        dataclasses.replace(study, made_up=False), tango, language=language
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_each_picture_has_its_words(example: an.Study, tango: an.Amplification, name: str, language: str) -> None:
    figure = DRAWN[name](example, tango, language)
    ET.fromstring(figure._repr_html_())
    assert re.search(r"\d", figure.alt)
    sizes = re.findall(r"font(?:-size)?: (?:\w+ )?([\d.]+)px", figure.svg)
    assert min(map(float, sizes)) >= 18
    persons = example.accounts[example.accounts["role"] != "organisation"]
    for column in ("account_id", "holder_id", "handle", "name"):
        shown = figure._repr_html_()
        assert not [value for value in persons[column].dropna() if len(value) > 5 and value in shown]


def test_the_band_is_the_one_of_the_result(tango: an.Amplification) -> None:
    alt = figures.returns(tango, language="fi").alt
    for found in (tango.organisation_returns, tango.person_returns):
        test = found.tests["h48"]
        assert number(round(test.hits), "fi") in alt
        assert number(round(test.expected), "fi") in alt


def test_a_one_sided_study_says_so(real) -> None:
    study = real("dutch_parliament")
    tango = an.mutual_amplification(study, seed=1, test_permutations=50)
    assert tango.verdict.answer == "cannot_tell"
    assert tango.verdict.reasons == ("coverage",)
    for draw in DRAWN.values():
        figure = draw(study, tango, "en")
        assert not re.search(r"\d", figure.alt)


def test_house_answers_are_numbers_of_shown_houses_only(tango: an.Amplification) -> None:
    named = tango.houses["organisation"].notna()
    assert tango.houses.loc[named, "organisation_hits"].notna().all()
    assert tango.houses.loc[~named, "organisation_hits"].isna().all()
    # the houses joined into one row are the rest of the study's hits, and of several houses
    assert tango.houses.loc[named, "organisation_hits"].sum() <= tango.organisation_returns.tests["h48"].hits


def test_every_way_of_looking_is_a_row(other_ways: Sensitivity) -> None:
    table = other_ways.table
    assert table["variant"].is_unique
    assert table["variant"].iloc[0] == "as_planned"
    assert set(table["answer"]) <= {"supported", "not_supported", "cannot_tell"}
    assert other_ways.fragile == (len(set(table["answer"])) > 1)
    by = table.set_index("variant")
    # a longer window holds more answers, each original once fewer shares
    assert by.loc["unique_content", "person_events"] <= by.loc["as_planned", "person_events"]
    assert by.loc["without_heavy_accounts", "organisation_events"] < by.loc["as_planned", "organisation_events"]
    assert by.loc["by_account", "pairs"] > by.loc["as_planned", "pairs"]


def test_account_level_is_the_published_one(real) -> None:
    """figures.json, conference_hashtags, account level: 56 pairs, r_w .290."""
    table = sensitivity(real("conference_hashtags"), seed=1, permutations=20).table.set_index("variant")
    assert table.loc["by_account", "pairs"] == 56
    assert table.loc["by_account", "r_w"] == pytest.approx(0.28972, abs=1e-5)
    assert table.loc["as_planned", "r_w"] == pytest.approx(0.401869, abs=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_strip_says_the_verdict_in_words(other_ways: Sensitivity, tango: an.Amplification, language: str) -> None:
    figure = figures.sensitivity_strip(other_ways, tango, language=language)
    ET.fromstring(figure._repr_html_())
    assert figure.alt.count(":") >= len(other_ways.table)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    os.environ[VARIABLE] = str(tmp_path)
    yield tmp_path
    del os.environ[VARIABLE]


def test_a_remembered_result_is_the_computed_one(example: an.Study, memory: Path, tango: an.Amplification) -> None:
    first = an.mutual_amplification(example, seed=7, permutations=20, test_permutations=300)
    assert len(list(memory.iterdir())) == 1
    again = an.mutual_amplification(example, seed=7, permutations=20, test_permutations=300)
    assert first.to_dict() == again.to_dict() == tango.to_dict()
    pd.testing.assert_frame_equal(first.houses, again.houses)
    assert len(list(memory.iterdir())) == 1


def test_another_question_or_study_is_computed(example: an.Study, memory: Path) -> None:
    an.mutual_amplification(example, seed=7, permutations=3, test_permutations=20)
    an.mutual_amplification(example, seed=8, permutations=3, test_permutations=20)
    fewer = dataclasses.replace(example, shares=example.shares.iloc[:-1])
    an.mutual_amplification(fewer, seed=7, permutations=3, test_permutations=20)
    assert len(list(memory.iterdir())) == 3
