"""Trust: scipy's rank correlation inside one house, every permutation by hand, and houses with a known truth."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import ambassador_net as an
from ambassador_net.claims import Answer, Evidence, assess
from ambassador_net.claims.trust import (
    MARGIN,
    SAYINGS,
    Correlation,
    about_trust,
    ask,
    correlation,
    items,
    judged,
    persons_sharing,
)
from ambassador_net.power.sayings.trust import ROWS, World
from saying_rates import asked, check_coverage, check_false_rejection, check_false_support, named, rate

NAME = "mutuality-goes-with-trust"


def correlated(answers: object, other: object, house: object, draws: int = 999) -> Correlation:
    return correlation(answers, other, house, rng=np.random.default_rng(1), draws=draws)  # type: ignore[arg-type]


def made(houses: int = 8, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return World(0.4, 0.24, houses).make(houses, np.random.default_rng(seed))


# ---- the correlation -----------------------------------------------------------------------------------------


def test_one_house_is_spearmans_correlation_without_interval() -> None:
    rng = np.random.default_rng(1)
    answers, other = rng.integers(1, 6, 30), rng.poisson(3, 30)
    found = correlated(answers, other, np.zeros(30))
    assert found.value == pytest.approx(spearmanr(answers, other).statistic)
    assert found.interval is None
    assert (found.organisations, found.persons) == (1, 30)


def test_p_is_that_of_all_permutations() -> None:
    answers, other, house = [1, 2, 3, 1, 2], [5, 9, 7, 1, 2], [0, 0, 0, 1, 1]
    observed = correlated(answers, other, house, 1).value
    values = [
        correlated([*first, *second], other, house, 1).value
        for first in permutations(answers[:3])
        for second in permutations(answers[3:])
    ]
    exact = np.mean([value >= observed - 1e-9 for value in values])
    assert correlated(answers, other, house, 20_000).p == pytest.approx(exact, abs=0.015)


def test_p_is_uniform_where_nothing_goes_together() -> None:
    world = World(0.0, 0.0, 6, people=8)
    p = [correlated(*world.make(6, np.random.default_rng([3, n])), draws=199).p for n in range(100)]
    assert 0.38 < np.mean(p) < 0.62  # 4 standard errors


def test_moods_of_houses_and_other_scales_say_nothing() -> None:
    answers, other, house = made()
    expected = correlated(answers, other, house)
    mood = np.arange(8)[house] * 100.0
    for found in (
        correlated(answers + mood, other + mood, house),
        correlated(np.exp(answers), np.sqrt(other), house),
        correlated(answers, other, [f"h{9 - h}" for h in house]),
    ):
        assert found.value == pytest.approx(expected.value)
        assert found.interval == pytest.approx(expected.interval)
    turned = correlated(-answers, other, house)
    assert turned.value == pytest.approx(-expected.value)
    assert turned.interval == pytest.approx(tuple(-end for end in reversed(expected.interval)))


def test_order_of_people_does_not_matter() -> None:
    answers, other, house = made()
    order = np.random.default_rng(1).permutation(len(house))
    found, expected = correlated(answers[order], other[order], house[order]), correlated(answers, other, house)
    assert found.interval == pytest.approx(expected.interval)


def test_where_nothing_differs_there_is_no_number() -> None:
    house = np.repeat(np.arange(6), 5)
    assert correlated(np.ones(30), np.arange(30), house).value is None
    assert correlated(np.arange(30), np.zeros(30), house).value is None
    one = correlated(np.arange(30), np.where(house == 0, np.arange(30), 0), house)
    assert (one.organisations, one.persons) == (1, 5)


def test_several_items_count_alike() -> None:
    answers, other, house = made()
    two = np.column_stack([answers, np.random.default_rng(4).integers(1, 6, len(house))])
    each = [correlated(column, other, house).value for column in two.T]
    assert correlated(two, other, house).value == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("low", "high", "p", "answer"),
    [
        (0.01, 0.5, 0.05, "supported"),
        (0.01, 0.5, 0.06, "cannot_tell"),
        (-0.1, MARGIN - 0.01, 0.9, "not_supported"),
        (-0.1, MARGIN, 0.9, "cannot_tell"),
    ],
)
def test_verdict(low: float, high: float, p: float, answer: str) -> None:
    assert judged(Correlation(0.1, (low, high), p, 8, 100)) == answer
    assert judged(Correlation(0.1, None, p, 4, 100)) == "cannot_tell"


# ---- what enters ---------------------------------------------------------------------------------------------


def test_answers_that_are_numbers() -> None:
    holders = pd.DataFrame(
        {
            "holder_id": ["a", "b", "c"],
            "name": ["1", "2", "3"],
            "answer_trust_1to5": ["3", None, "5"],
            "answer_asked": ["yes", "no", None],
            "answer_open": [None, None, None],
            "answer_endless": ["1", "inf", "2"],
        }
    )
    found = items(holders)
    assert list(found.columns) == ["answer_trust_1to5"]
    assert found["answer_trust_1to5"].tolist()[::2] == [3, 5]
    assert about_trust(["answer_Luottamus", "answer_förtroende", "answer_mood"]) == [
        "answer_Luottamus",
        "answer_förtroende",
    ]


def test_balance_by_hand() -> None:
    pairs = pd.DataFrame(
        {
            "holder_id": ["a", "b", "c", "c"],
            "organisation": ["A", "A", "A", "B"],
            "w_eo": pd.array([3, 1, 1, 1], "Int64"),
            "w_oe": pd.array([5, None, 1, 1], "Int64"),
            "organisation_posts": pd.array([9, 9, 9, 9], "Int64"),
            "person_posts": pd.array([4, 4, 4, 4], "Int64"),
        }
    )
    found = persons_sharing(pairs)
    assert found["holder_id"].tolist() == ["a"], "unknown is not 0, and c belongs to two houses"
    assert found["mutual"].tolist() == [3]
    assert found["balance"].tolist() == pytest.approx([np.log(5.5 / 5) - np.log(3.5 / 10)])


# ---- asked of a study ----------------------------------------------------------------------------------------


def grown(houses: int = 6, people: int = 6, question: str = "answer_trust") -> dict[str, pd.DataFrame]:
    """Person n of a house shares it and is shared by it n times, and trusts n of 5; every third one more."""
    accounts, holders, shares = [], [], []
    start = pd.Timestamp("2025-03-03T00:00:00Z")
    for g in range(houses):
        accounts.append((f"o{g}", "organisation", f"H{g}", "full"))
        for n in range(people):
            person = f"p{g}-{n}"
            accounts.append((person, "employee", f"H{g}", "full"))
            holders.append((person, "person", str(n if (n + g) % 3 else n + 2)))
            shares += [(person, f"o{g}"), (f"o{g}", person)] * n
    table = pd.DataFrame(shares, columns=["sharer_id", "source_id"]).assign(
        share_id=lambda t: t.index.astype(str),
        kind="repost",
        shared_at=[(start + pd.Timedelta(hours=n)).isoformat() for n in range(len(shares))],
    )
    return {
        "accounts": pd.DataFrame(accounts, columns=["account_id", "role", "organisation", "observed"]),
        "holders": pd.DataFrame(holders, columns=["holder_id", "kind", question]),
        "shares": table,
    }


def answer_to(study: an.Study) -> Answer:
    """Ask without the door for private persons, which counts all pairs first."""
    return Answer(SAYINGS[0], ask(Evidence(study, seed=1)))


def answered(tables: dict[str, pd.DataFrame]) -> Answer:
    return answer_to(an.from_tables(tables, title="Grown"))


def test_a_study_in_which_they_go_together() -> None:
    found = answered(grown())
    assert found.verdict.answer == "supported"
    assert found.verdict.notes == ("a correlation is no cause",)
    assert found.effect is not None
    assert (found.effect.organisations, found.effect.persons, found.effect.part) == (6, 36, 1)
    assert found.finding.p == found.effect.p


def test_without_a_question_on_trust_none_is_picked() -> None:
    tables = grown(question="answer_mood")
    mood = tables["holders"]["answer_mood"]
    tables["holders"]["answer_noise"] = mood.sample(frac=1, random_state=1).to_numpy()
    tables["holders"]["answer_words"] = "well"
    found = answered(tables)
    assert found.verdict.answer == "cannot_tell"
    assert found.verdict.reasons == ("no question is named after trust",)
    assert found.finding.p is None
    assert found.estimates["items_that_stand"].value == 0.5
    assert set(found.estimates) == {"all_items_and_mutuality", "all_items_and_balance", "items_that_stand"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t | {"holders": t["holders"].drop(columns="answer_trust")}, "needs survey answers"),
        (lambda t: t | {"holders": t["holders"].assign(answer_trust=None)}, "needs survey answers"),
        (lambda t: t | {"holders": t["holders"].iloc[:0]}, "needs survey answers"),
        (lambda t: t | {"accounts": t["accounts"].assign(observed="none")}, "needs shares of both sides"),
        (lambda t: t | {"shares": t["shares"].iloc[:0]}, "needs shares of both sides"),
        (lambda _: grown(people=4, houses=2), "needs more people"),
        (
            lambda t: t | {"holders": t["holders"].assign(answer_trust="3")},
            "needs answers and sharing that differ inside a house",
        ),
    ],
)
def test_missing_data_are_named_and_give_no_number(change, reason: str) -> None:
    found = answered(change(grown()))
    assert found.verdict.answer == "cannot_tell"
    assert found.verdict.reasons == (reason,)
    assert [estimate.value for estimate in found.finding.estimates] == [None]
    for language in an.words.LANGUAGES:
        assert not any(character.isdigit() for character in found.why(language) + found.effect.wording(language))


def test_houses_with_few_answers_are_left_out() -> None:
    tables = grown()
    holders = tables["holders"]
    tables["holders"] = holders[~holders["holder_id"].isin(["p0-0", "p0-1"])].reset_index(drop=True)
    found = answered(tables)
    assert found.effect is not None
    assert (found.effect.organisations, found.effect.persons) == (5, 30)


def test_few_houses_have_a_number_without_interval() -> None:
    found = answered(grown(houses=3))
    assert found.verdict.answer == "cannot_tell"
    assert found.effect is not None
    assert found.effect.why == "too_few_organisations"
    assert found.effect.value is not None


@pytest.mark.parametrize(
    "name", ["conference_hashtags", "us_congress_2020", "white_house_accounts", "dutch_parliament", "washington_times"]
)
def test_real_data_have_no_survey(real, name: str) -> None:
    assert answer_to(real(name)).verdict.reasons == ("needs survey answers",)


def test_example_was_answered_apart_from_all_sharing(example: an.Study) -> None:
    found = assess(NAME, example, seed=1)
    assert found.effect is not None
    assert found.effect.value == pytest.approx(-0.147040, abs=1e-5)
    assert found.effect.interval == pytest.approx((-0.402355, 0.129497), abs=1e-5)
    assert (found.effect.organisations, found.effect.persons) == (7, 152)
    assert found.verdict.answer == "cannot_tell"


# ---- made-up worlds ------------------------------------------------------------------------------------------


def test_few_worlds_keep_the_bounds() -> None:
    nothing = asked(named(ROWS, "nothing on average, houses differ, 8"), 50)
    check_false_support(nothing)
    margin = asked(named(ROWS, "rank correlation .10, 8 houses"), 50)
    check_false_rejection(margin)
    check_coverage(nothing + margin)
    assert rate(asked(named(ROWS, "rank correlation .30, 30 houses"), 10), "supported") > 0.8


def test_the_worlds_are_what_they_say() -> None:
    for world in (World(0.168, 0.1, 0), World(0.5, 0.3, 0)):
        found = correlated(*world.make(400, np.random.default_rng(1)), draws=1)
        # 8,000 people: 3 standard errors
        assert found.value == pytest.approx(world.truth, abs=0.034)
