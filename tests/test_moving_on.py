"""Moving on: changes and shares counted by hand, and made-up changes of which it is known what moves along."""

import numpy as np
import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net.claims import Answer, Evidence, assess
from ambassador_net.claims.moving_on import (
    MONTHS,
    SAYINGS,
    ask,
    audience,
    audience_kept,
    by_month,
    carried,
    changes,
    movers,
    rate,
)
from ambassador_net.power.sayings.moving_on import ROWS
from saying_rates import asked, check_coverage, check_false_rejection, check_false_support, named
from saying_rates import rate as rate_of

NAME = "carries-over"
MOVERS = "needs people who changed employer"
ACCOUNTS = pd.DataFrame(
    [
        ("oa", "A", "organisation", "A", "full"),
        ("ob", "B", "organisation", "B", "full"),
        ("oc", "C", "organisation", "C", "none"),
        *((f"{person}1", person, "employee", None, "full") for person in "mnps"),
        ("q1", "q", "employee", None, "none"),
        ("x", "x", "outside", None, "partial"),
        ("y", "y", "outside", None, "none"),
    ],
    columns=["account_id", "holder_id", "role", "organisation", "observed"],
)
SPELLS = pd.DataFrame(
    [
        ("m", "A", None, "2025-07-01"),  # moves
        ("m", "B", "2025-07-01", None),
        ("n", "A", None, "2025-07-01"),  # comes too late to have moved
        ("n", "B", "2025-10-15", None),
        ("p", "A", None, "2025-07-01"),  # to a house that nobody observed
        ("p", "C", "2025-07-01", None),
        ("q", "A", None, "2025-07-01"),  # moves, but was not observed
        ("q", "B", "2025-07-01", None),
        ("s", "A", None, None),  # stays
    ],
    columns=["holder_id", "organisation", "valid_from", "valid_to"],
)
EVENTS = [
    ("2025-01-01T00:00:00Z", "x", "oa"),  # opens the window
    ("2025-06-15T00:00:00Z", "m1", "oa"),  # month -1
    ("2025-05-15T00:00:00Z", "m1", "oa"),  # month -2
    ("2025-06-15T00:00:00Z", "m1", "ob"),  # the new house, before
    ("2025-07-01T00:00:00Z", "m1", "ob"),  # month 1
    ("2025-07-10T00:00:00Z", "m1", "oa"),  # the old house, after
    ("2025-06-20T00:00:00Z", "oa", "m1"),
    ("2025-08-05T00:00:00Z", "ob", "m1"),  # month 2
    ("2025-06-10T00:00:00Z", "x", "m1"),
    ("2025-08-10T00:00:00Z", "x", "m1"),  # again
    ("2025-06-10T00:00:00Z", "y", "m1"),  # nobody observed what else y shared
    ("2025-06-10T00:00:00Z", "x", "s1"),  # not again
    ("2025-12-31T00:00:00Z", "x", "oa"),  # closes the window
]


def small(spells: pd.DataFrame = SPELLS, accounts: pd.DataFrame = ACCOUNTS, events=EVENTS) -> an.Study:
    shares = pd.DataFrame(events, columns=["shared_at", "sharer_id", "source_id"]).assign(
        share_id=[str(n) for n in range(len(events))], kind="repost"
    )
    tables = {"accounts": accounts, "affiliations": spells, "shares": shares}
    return an.from_tables(tables, title="Small", persons="public")


# ---- counting ------------------------------------------------------------------------------------------------


def test_who_moved() -> None:
    study = small()
    found = movers(study, study.affiliations)
    assert found[["holder_id", "old", "new"]].to_numpy().tolist() == [["m", "A", "B"]]


def test_a_person_who_stays_too_or_was_there_before_did_not_move() -> None:
    for more in (("m", "A", "2025-08-01", None), ("m", "B", None, "2025-02-01")):
        study = small(pd.DataFrame([*SPELLS.to_numpy().tolist(), more], columns=SPELLS.columns))
        assert movers(study, study.affiliations).empty


def test_time_between_two_dates_is_neither_before_nor_after() -> None:
    for dates in (("2025-06-01", "2025-07-01"), ("2025-07-01", "2025-06-01")):
        spells = SPELLS.copy()
        spells.loc[0, "valid_to"], spells.loc[1, "valid_from"] = dates
        study = small(spells)
        found = changes(study, study.affiliations)
        days = (found.movers["came_s"] - found.movers["left_s"]) / 86_400
        assert days.tolist() == [30]
        # the shares of June are gone
        assert found.shares["person_shares_old"][0].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_months_are_counted_by_hand() -> None:
    study = small()
    found = changes(study, study.affiliations)
    assert len(found.movers) == 1
    old, new = found.shares["person_shares_old"][0], found.shares["person_shares_new"][0]
    assert dict(zip(MONTHS, old, strict=True)) == dict.fromkeys(MONTHS, 0) | {-1: 1, -2: 1, 1: 1}
    assert dict(zip(MONTHS, new, strict=True)) == dict.fromkeys(MONTHS, 0) | {-1: 1, 1: 1}
    assert found.shares["old_shares_person"][0].sum() == 1
    assert found.shares["new_shares_person"][0][MONTHS.index(2)] == 1
    # 1 January is 181 days before the change, 31 December 183 after it
    assert found.exposure["person_shares_old"][0].tolist() == [1.0] * 12


def test_what_was_not_observed_or_not_in_the_spell_is_not_seen() -> None:
    spells, accounts = SPELLS.copy(), ACCOUNTS.assign(observed_from=None)
    spells.loc[0, "valid_from"] = "2025-05-17"  # 45 days before
    accounts.loc[1, "observed_from"] = "2025-07-16"  # the new house: 15 days after
    study = small(spells, accounts)
    found = changes(study, study.affiliations)
    assert found.exposure["person_shares_old"][0, :6].tolist() == [0, 0, 0, 0, 0.5, 1]
    assert found.exposure["new_shares_person"][0, 6:8].tolist() == [0.5, 1]
    assert found.shares["person_shares_old"][0, :6].tolist() == [0, 0, 0, 0, 0, 1], "15 May is before the spell"


def test_a_share_in_one_of_two_months_counts_in_neither() -> None:
    study = small()
    vague = study.shares.assign(
        shared_at=pd.NaT, shared_at_earliest=study.shares["shared_at_earliest"] - pd.Timedelta(days=29)
    )
    tables = study.tables | {"shares": vague}
    found = changes(an.from_tables(tables, title="Vague"), study.affiliations)
    assert found.shares["person_shares_old"].sum() == 0


def test_audience_is_counted_by_hand() -> None:
    study = small()
    people = movers(study, study.affiliations)
    assert audience(study, study.affiliations, people, fewest=1).to_numpy().tolist() == [[1, 1, 1, 0]]
    # one person stayed: nobody to be compared with
    assert audience(study, study.affiliations, people).to_numpy().tolist() == [[1, 1, 0, 0]]


# ---- the ratio -----------------------------------------------------------------------------------------------


def test_ratio_by_hand() -> None:
    # 6/3 months: 4 * 6/9 + 0 over 2 * 3/9 + 3 * 6/12; the third was seen on one side only
    found = carried([2, 3, 9], [6, 6, 6], [4, 0, 0], [3, 6, 0])
    assert found.value == pytest.approx((4 * 6 / 9) / (2 * 3 / 9 + 3 / 2))
    assert found.persons == 2
    assert carried([0, 0], [6, 6], [1, 2], [6, 6]).value is None


def test_ratio_bears_other_units_and_orders_and_turns_round() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.poisson(5, 12), rng.poisson(4, 12)
    seen_before, seen_after = rng.uniform(2, 6, 12), rng.uniform(2, 6, 12)
    found = carried(before, seen_before, after, seen_after)
    assert found.interval is not None
    days = carried(before, 30 * seen_before, after, 30 * seen_after)
    assert days.value == pytest.approx(found.value)
    assert days.interval == pytest.approx(found.interval)
    order = rng.permutation(12)
    same = carried(before[order], seen_before[order], after[order], seen_after[order])
    assert same.interval == pytest.approx(found.interval)
    back = carried(after, seen_after, before, seen_before)
    assert back.value == pytest.approx(1 / found.value)
    assert back.interval == pytest.approx(tuple(1 / end for end in reversed(found.interval)))


def test_without_shares_there_is_no_interval() -> None:
    nothing = carried([1] * 12, [6] * 12, [0] * 12, [6] * 12)
    assert (nothing.value, nothing.interval) == (0.0, None)
    alone = carried([5, *[0] * 11], [6] * 12, [1] * 12, [6] * 12)
    assert alone.interval is None
    assert rate(np.zeros(12), np.zeros(12)).value is None


def test_audience_is_held_against_others_of_the_same_house_and_days() -> None:
    counts = pd.DataFrame(
        {"before": [4, 2, 3], "again": [2, 2, 0], "others_before": [10, 5, 0], "others_again": [5, 0, 0]}, dtype=float
    )
    own, others, difference = audience_kept(counts)
    assert own.value == pytest.approx(4 / 6)
    assert others.value == pytest.approx((4 * 0.5 + 0) / 6)
    assert difference.value == pytest.approx(2 / 6)
    assert difference.persons == 2
    assert audience_kept(counts.iloc[:0])[0].value is None


# ---- asked of a study ----------------------------------------------------------------------------------------


def grown(n: int = 12, after: int = 3) -> dict[str, pd.DataFrame]:
    """People who share the old house five times in the half-year before the change, the new one `after` times after."""
    accounts = ACCOUNTS.iloc[:2].to_dict("records") + ACCOUNTS.iloc[-2:].to_dict("records")
    spells, events = [], [("2025-01-01T00:00:00Z", "x", "oa"), ("2025-12-31T00:00:00Z", "x", "oa")]
    for person in range(n):
        name = f"m{person:02}"
        accounts.append(
            {"account_id": f"a{name}", "holder_id": name, "role": "employee", "organisation": None, "observed": "full"}
        )
        spells += [(name, "A", None, "2025-07-01"), (name, "B", "2025-07-01", None)]
        events += [(f"2025-0{month}-1{person % 10}T09:00:00Z", f"a{name}", "oa") for month in range(2, 7)]
        events += [(f"2025-0{month}-1{person % 10}T09:00:00Z", f"a{name}", "ob") for month in range(7, 7 + after)]
    return {
        "accounts": pd.DataFrame(accounts),
        "affiliations": pd.DataFrame(spells, columns=SPELLS.columns),
        "shares": pd.DataFrame(events, columns=["shared_at", "sharer_id", "source_id"]).assign(
            share_id=lambda t: t.index.astype(str), kind="repost"
        ),
    }


def answer_to(study: an.Study) -> Answer:
    """Ask without the door for private persons, which counts all pairs first."""
    return Answer(SAYINGS[0], ask(Evidence(study, seed=1)))


def answered(tables: dict[str, pd.DataFrame]) -> Answer:
    return answer_to(an.from_tables(tables, title="Grown"))


@pytest.mark.parametrize(("after", "answer"), [(3, "supported"), (2, "not_supported")])
def test_verdict_against_half(after: int, answer: str) -> None:
    found = answered(grown(after=after))
    assert found.effect is not None
    assert found.effect.value == pytest.approx(after / 5)
    assert found.effect.persons == 12
    assert found.verdict.answer == answer
    assert found.estimates["person_shares_old_before"].value == pytest.approx(5 / 6, rel=0.01)
    # nobody outside shared anybody: no number, not 0
    assert found.estimates["audience_stays"].value is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: grown(n=9), MOVERS),
        (
            lambda t: t | {"affiliations": t["affiliations"].assign(valid_from=None)},
            "needs people who changed employer",
        ),
        (lambda t: t | {"affiliations": t["affiliations"].iloc[:0]}, MOVERS),
        (lambda t: t | {"accounts": t["accounts"].assign(observed="none")}, MOVERS),
        (lambda t: t | {"shares": t["shares"].iloc[:0]}, MOVERS),
        (lambda t: t | {"shares": t["shares"].iloc[:2]}, "needs shares of the old house before the change"),
    ],
)
def test_missing_data_are_named_and_give_no_number(change, reason: str) -> None:
    study = an.from_tables(change(grown()), title="Grown", persons="public")
    found = answer_to(study)
    assert found.verdict.answer == "cannot_tell"
    assert found.verdict.reasons == (reason,)
    assert [estimate.value for estimate in found.finding.estimates] == [None]
    for language in an.words.LANGUAGES:
        assert not any(character.isdigit() for character in found.why(language) + found.effect.wording(language))


def test_fewer_than_k_people_are_not_shown() -> None:
    study = an.from_tables(grown(n=12), title="Grown", persons="public")
    found = assess(NAME, study, seed=1, k=13)
    assert found.verdict.reasons == (MOVERS,)


def test_months_with_few_people_are_not_shown() -> None:
    study = an.from_tables(grown(), title="Grown")
    found = changes(study, study.affiliations)
    table = by_month(found)
    assert len(table) == 4 * len(MONTHS)
    shown = table[table["series"] == "person_shares_old"].set_index("month")
    assert shown.loc[-1, "people"] == 12
    assert by_month(found, fewest=13)["rate"].isna().all()
    assert "m00" not in repr(found)


@pytest.mark.parametrize(
    "name", ["conference_hashtags", "us_congress_2020", "white_house_accounts", "dutch_parliament", "washington_times"]
)
def test_real_data_do_not_say_who_changed(real, name: str) -> None:
    found = answer_to(real(name))
    assert found.verdict.reasons == (MOVERS,)


def test_example(example: an.Study) -> None:
    found = assess(NAME, example, seed=1)
    assert found.effect is not None
    assert found.effect.persons == 10
    assert found.effect.value == pytest.approx(0.570230, abs=1e-5)
    assert found.effect.interval == pytest.approx((0.158490, 2.051628), abs=1e-5)
    assert found.verdict.answer == "cannot_tell"


# ---- made-up worlds ------------------------------------------------------------------------------------------


def test_few_worlds_keep_the_bounds() -> None:
    half = [
        asked(named(ROWS, name), 300)
        for name in ("half moves along, 12 people, 8 houses", "half moves along, 40 people, 8 houses")
    ]
    for found in half:
        check_false_support(found)
        check_false_rejection(found)
        check_coverage(found)
    check_false_support(asked(named(ROWS, "a third moves along, 40 people, 30 houses"), 300))
    assert rate_of(asked(named(ROWS, "all moves along, 100 people, 30 houses"), 100), "supported") > 0.7
