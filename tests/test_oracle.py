"""The oracle against numbers made by other hands: slow brute force on real data and hand enumeration.

The reference folder is no part of the project; where it is absent these checks are skipped.
"""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import oracle

SHARED = Path(__file__).parents[2] / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data are not beside the checkout")

OBSERVED = {"yes": "full", "partial": "partial", "no": "none"}
ENTRIES = {
    "us_congress_2020/party": (
        "us_congress_2020",
        "party|caucuses",
        "cannot_tell",
        "neither shown nor excluded",
    ),
    "us_congress_2020/committee": (
        "us_congress_2020",
        "committee",
        "not_supported",
        "one-way: only the organisation",
    ),
    "us_congress_2020/all": ("us_congress_2020", "", "not_supported", "one-way: only the organisation"),
    "conference_hashtags": ("conference_hashtags", None, "cannot_tell", "coverage"),
}


def old_study(name: str, basis: str | None) -> dict[str, pd.DataFrame]:
    """Read a study in the older spelling, keeping memberships whose basis contains ``basis``."""
    folder = SHARED / "data" / "real" / name
    accounts = pd.read_csv(folder / "accounts.csv").rename(columns={"timeline_observed": "observed"})
    accounts["observed"] = accounts["observed"].map(OBSERVED)
    study = {"accounts": accounts, "shares": pd.read_csv(folder / "shares.csv.gz")}
    if basis is not None:
        people = pd.read_csv(folder / "people.csv").set_index("account_id")["person_id"]
        accounts["holder_id"] = accounts["account_id"].map(people)
        rows = pd.read_csv(folder / "memberships.csv")
        kept = rows[rows["basis"].str.contains(basis)]
        study["affiliations"] = kept.rename(columns={"person_id": "holder_id"})[["holder_id", "organisation"]]
    return study


@pytest.mark.parametrize("entry", ENTRIES)
def test_real_data_give_the_brute_force_numbers(entry: str) -> None:
    name, basis, answer, reason = ENTRIES[entry]
    expected = json.loads((SHARED / "reference" / "figures.json").read_text())["verdict_rule"][entry]
    found = oracle.verdict(old_study(name, basis))
    assert (found["answer"], found["reason"]) == (answer, reason)
    assert (found["houses"], found["pairs"]) == (expected["houses"], expected["pairs"])
    assert found["both_sides_full"] == pytest.approx(expected["both_sides_yes"], abs=1e-6)
    assert found["order_check"]["D"] == pytest.approx(expected["order_check"]["D"], abs=1e-4)
    assert found["order_check"]["houses"] == expected["order_check"]["houses"]
    if expected["order_check"]["p"] is None:
        assert found["order_check"]["p"] is None
    else:
        assert found["order_check"]["p"] == pytest.approx(expected["order_check"]["p"], abs=0.01)
    for direction in (oracle.ORGANISATION, oracle.PERSON):
        side, other = found[direction], expected[direction]
        assert side["events"] == other["events"]
        assert side["triggers"] == other["triggers"]
        assert side["informative_events"] == other["informative"]
        for test, numbers in side["tests"].items():
            assert numbers["hits"] == other["tests"][test]["T"]
            assert numbers["expected"] == pytest.approx(other["tests"][test]["E"], abs=1e-4)
            assert numbers["sd"] == pytest.approx(other["tests"][test]["sd"], abs=1e-4)
        size, reference = side["returns_per_100"], other["r100"]["corrected"]
        assert size["corrected"] == pytest.approx(reference["estimate"], abs=1e-4)
        assert size["upper_null"] == pytest.approx(reference["upper_null"], abs=1e-3)
        assert size["upper_jackknife"] == pytest.approx(reference["upper_jackknife"], abs=1e-3)
        assert size["unit"] == reference["unit"]
        assert size["units"] == reference["units"]


def test_without_step_0_the_conference_gives_its_other_verdict() -> None:
    found = oracle.verdict(old_study("conference_hashtags", None), look_at_coverage=False)
    assert found["answer"] == "not_supported"
    assert found["reason"].startswith("the persons do not return")


def test_permutation_p_agrees_with_the_reference() -> None:
    expected = json.loads((SHARED / "reference" / "figures.json").read_text())["verdict_rule"]
    found = oracle.verdict(old_study("us_congress_2020", "committee"), p="permutation", draws=2_000, seed=1)
    for direction in (oracle.ORGANISATION, oracle.PERSON):
        for test, numbers in found[direction]["tests"].items():
            reference = expected["us_congress_2020/committee"][direction]["tests"][test]["p"]
            error = np.sqrt(reference * (1 - reference) * (1 / 2_000 + 1 / 5_000)) + 1 / 2_001 + 1 / 5_001
            assert abs(numbers["p"] - reference) < 4 * error


@pytest.mark.parametrize(
    ("case", "direction"),
    [("own_house", oracle.ORGANISATION), ("own_house", oracle.PERSON), ("boundary", oracle.ORGANISATION)],
)
def test_small_cases_by_enumeration(case: str, direction: str) -> None:
    reference = json.loads((SHARED / "reference" / "small_cases.json").read_text())["timing"][case]
    rows = [
        {"time": hour * oracle.HOUR, "collection": "", "house": "g"}
        | ({"by": "organisation", "person": source} if sharer == "o" else {"by": "person", "person": sharer})
        for hour, sharer, source in reference["events"]
    ]
    (house,) = oracle.houses(pd.DataFrame(rows), direction)
    answer = oracle.answers(house, [(reference["tau_h"], 0, 1.0)])
    codes = np.zeros(len(house.time), dtype=int)
    out = oracle.measure(house, answer, codes)
    column = [house.labels.index(q) for q in house.label]
    hits = [answer[range(len(column)), order].sum() for order in itertools.permutations(column)]
    assert out.hits == reference[direction]["T"]
    assert out.expected == pytest.approx(float(Fraction(reference[direction]["mean"]["fraction"])), abs=1e-12)
    assert out.expected == pytest.approx(np.mean(hits), abs=1e-12)
    assert out.variance == pytest.approx(np.var(hits), abs=1e-12)
    p = Fraction(sum(h >= out.hits - 1e-9 for h in hits), len(hits))
    assert p == Fraction(reference[direction]["p"]["fraction"])
