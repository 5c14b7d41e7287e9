"""The result: the figures of the reference, unknown never zero, nothing of a person in it."""

import dataclasses
import json

import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net.words import LANGUAGES
from small import small_study


@pytest.fixture(scope="module")
def tango(example: an.Study) -> an.Amplification:
    return an.mutual_amplification(example, seed=7, permutations=60, test_permutations=300)


def test_json_of_a_study_with_both_sides(real) -> None:
    found = an.mutual_amplification(
        real("conference_hashtags"), seed=1, permutations=50, test_permutations=300
    ).to_dict()
    assert found["study"] | {"shares": 6298, "self_shares": 23, "shares_used": 6275} == found["study"]
    assert found["dyads"] == {
        "person_to_organisation": 77,
        "organisation_to_person": 137,
        "with_a_share": 37,
        "both_sides_observed": 37,
        "mutual": 17,
        "person_only": 12,
        "organisation_only": 8,
        "person_only_other_side_unknown": 0,
        "organisation_only_other_side_unknown": 0,
        "both_seen_one_side_unknown": 0,
    }
    assert found["reciprocity"]["r_w"] == 0.401869


def test_one_sided_studies_say_unknown_never_zero(real) -> None:
    found = an.mutual_amplification(real("dutch_parliament"), seed=1).to_dict()
    assert found["dyads"]["person_to_organisation"] == 1415
    assert found["dyads"]["organisation_to_person"] is None
    assert found["dyads"]["mutual"] is None
    assert (found["dyads"]["person_only"], found["dyads"]["organisation_only"]) == (0, 0)
    assert found["dyads"]["person_only_other_side_unknown"] == 106
    assert found["reciprocity"] == {"sum_min": None, "sum_w": None, "r_w": None, "interval": None}
    assert found["mixing"]["N1"] is None
    for house in found["houses"]:
        assert house["organisation_to_person"] is None
        assert house["r_w"] is None
        assert house["mutual"] is None
    other = an.mutual_amplification(
        real("white_house_accounts"), seed=1, permutations=50, test_permutations=300
    ).to_dict()
    assert (other["dyads"]["mutual"], other["dyads"]["organisation_only_other_side_unknown"]) == (1, 8)
    assert other["reciprocity"] | {"sum_min": 2, "sum_w": 11, "r_w": 0.363636} == other["reciprocity"]


def test_the_same_seed_gives_the_same_json(example: an.Study, tango: an.Amplification) -> None:
    again = an.mutual_amplification(example, seed=7, permutations=60, test_permutations=300)
    assert json.dumps(again.to_dict()) == json.dumps(tango.to_dict())


def test_houses_add_up_to_the_study(tango: an.Amplification) -> None:
    for column in ("person_to_organisation", "organisation_to_person", "with_a_share", "mutual"):
        assert tango.houses[column].sum() == tango.dyads[column]
    assert tango.houses["sum_w"].sum() == tango.reciprocity.sum_w


def test_rates_are_per_opportunity() -> None:
    accounts = {"o": ("organisation", "A", "full"), **{f"e{i}": ("employee", "A", "full") for i in range(5)}}
    study = small_study(accounts, [(1, "e0", "o"), (2, "e1", "o"), (3, "o", "e0")])
    posts = pd.DataFrame(
        {
            "post_id": [str(i) for i in range(6)],
            "author_id": ["o", "o", "e0", "e1", "e1", "e1"],
            "posted_at": "2025-03-03T00:00:00Z",
            "kind": ["original", "reply", "quote", "original", "original", "repost"],
        }
    )
    study = an.from_tables({"accounts": study.accounts, "shares": study.shares, "posts": posts}, title="t")
    house = an.mutual_amplification(study, seed=1, permutations=5).houses.iloc[0]
    # 2 shares of 2 posts that 5 people could have shared; 1 share of the people's 3 posts
    assert house["person_per_100"] == pytest.approx(100 * 2 / 10)
    assert house["organisation_per_100"] == pytest.approx(100 / 3)


def test_no_person_in_any_form_of_the_result(example: an.Study, tango: an.Amplification) -> None:
    persons = example.accounts[example.accounts["role"] != "organisation"]
    forms = [
        json.dumps(tango.to_dict(), ensure_ascii=False),
        str(tango),
        tango._repr_html_(),
        tango._repr_latex_(),
    ]
    for column in ("account_id", "holder_id", "handle", "name"):
        for value in persons[column].dropna().unique():
            # a short id can stand inside another word by accident
            if len(value) > 5:
                assert not [form for form in forms if value in form], column


def test_names_are_escaped() -> None:
    accounts = {
        "o": ("organisation", "R&D <b>", "full"),
        **{f"e{i}": ("employee", "R&D <b>", "full") for i in range(5)},
    }
    tango = an.mutual_amplification(small_study(accounts, [(1, "e0", "o")]), seed=1, permutations=5)
    assert "<b>" not in tango._repr_html_()


def test_a_verdict_can_be_read_aloud_in_each_language(tango: an.Amplification) -> None:
    sentences = {tango.verdict.sentence(language) for language in LANGUAGES}
    assert len(sentences) == len(LANGUAGES)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert tango.verdict.answer in ("supported", "not_supported", "cannot_tell")


def test_relabelling_and_time_zone_change_nothing(example: an.Study, tango: an.Amplification) -> None:
    tables = {name: table.copy() for name, table in example.tables.items()}
    ids = {"account_id", "sharer_id", "source_id", "author_id", "mentioned_id"}
    for table in tables.values():
        for column in ids & set(table.columns):
            table[column] = "z" + table[column]
        for column in table.select_dtypes("datetimetz"):
            table[column] = table[column].dt.tz_convert("America/New_York")
    again = an.mutual_amplification(
        an.from_tables(tables, title=example.title, made_up=True), seed=7, permutations=2, test_permutations=20
    ).to_dict()
    first = tango.to_dict()
    for part in ("dyads", "reciprocity", "houses"):
        assert again[part] == first[part]


def test_swapping_the_direction_swaps_the_result() -> None:
    accounts = {
        "o": ("organisation", "A", "full"),
        "e": ("employee", "A", "full"),
        "f": ("employee", "A", "full"),
    }
    events = [(1, "e", "o"), (2, "o", "e"), (3, "e", "o"), (4, "o", "f")]
    ahead = an.mutual_amplification(small_study(accounts, events), seed=1, permutations=5)
    back = an.mutual_amplification(small_study(accounts, [(t, b, a) for t, a, b in events]), seed=1, permutations=5)
    assert ahead.dyads["person_to_organisation"] == back.dyads["organisation_to_person"]
    assert ahead.dyads["person_only"] == back.dyads["organisation_only"]
    assert ahead.reciprocity == back.reciprocity


def test_a_result_is_frozen(tango: an.Amplification) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tango.k = 1  # type: ignore[misc]
