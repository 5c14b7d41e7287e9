"""The verdict: the reference's answers, every line of the rule beside the plain one, and words to read aloud."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ambassador_net.amplification.cross import cross_shares
from ambassador_net.amplification.same_pairs import SamePairs, same_pairs
from ambassador_net.amplification.timing import (
    DIRECTIONS,
    OrderCheck,
    Returns,
    ReturnsPer100,
    TimingTest,
    order_check,
    returns,
)
from ambassador_net.amplification.verdict import Coverage, Verdict, coverage, judge
from ambassador_net.reduction import dyads
from ambassador_net.words import LANGUAGES

ENOUGH = Coverage(pairs=100, complete=90)
LONG = (180.0,)
REAL = {
    "conference_hashtags": ("conference_hashtags", (), "cannot_tell", "coverage"),
    "party": ("us_congress_2020", ("party", "caucuses"), "cannot_tell", "neither shown nor excluded"),
    "committee": ("us_congress_2020", ("committee",), "not_supported", "one-way: only the organisation returns"),
    "all": ("us_congress_2020", (), "not_supported", "one-way: only the organisation returns"),
    "dutch_parliament": ("dutch_parliament", (), "cannot_tell", "coverage"),
    "washington_times": ("washington_times", (), "cannot_tell", "coverage"),
    "white_house_accounts": ("white_house_accounts", (), "cannot_tell", "coverage"),
}


def side(
    h48: float = 0.5,
    week: float = 0.5,
    gap12: float = 0.5,
    upper: float | None = 5.0,
    *,
    events: int = 100,
    p_lower: float = 0.5,
) -> Returns:
    tests = {
        name: TimingTest(10.0, 8.0, 2.0, p, p_lower) for name, p in (("h48", h48), ("week", week), ("gap12", gap12))
    }
    size = ReturnsPer100(1.25, 1.0, 1.1, upper, upper or 3.0, upper, "organisations")
    return Returns("person_returns", 120, 100, events, tests, size, None, 5)


YES = {"h48": 0.01, "week": 0.01, "gap12": 0.01}
ORDER = OrderCheck(10.0, 0.01, 12)
AGAINST = OrderCheck(-10.0, 0.01, 12)
NEITHER = OrderCheck(0.0, 1.0, 12)


def judged(organisation: Returns, person: Returns, order: OrderCheck = NEITHER, **more: Any) -> Verdict:
    return judge(organisation, person, order, more.get("seen", ENOUGH), more.get("days", LONG), more.get("pairs"))


# one line of the rule each: organisation, person, order, answer, reason
LINES = {
    "supported": (side(**YES), side(**YES), NEITHER, "supported", "both sides return"),
    "gap fails": (
        side(**YES),
        side(**YES | {"gap12": 0.06}),
        NEITHER,
        "cannot_tell",
        "answers within half a day cannot be told from joint occasions",
    ),
    "week fails": (
        side(**YES | {"week": 0.03}),
        side(**YES),
        NEITHER,
        "cannot_tell",
        "cannot be told from people being active in the same weeks",
    ),
    "both fail": (
        side(**YES | {"week": 0.03}),
        side(**YES | {"gap12": 0.06}),
        NEITHER,
        "cannot_tell",
        "neither can be excluded",
    ),
    "neither": (side(upper=1.9), side(upper=1.0), NEITHER, "not_supported", "neither side returns"),
    "persons do not": (
        side(),
        side(upper=1.9),
        NEITHER,
        "not_supported",
        "the persons do not return; the other side is not shown either",
    ),
    "organisation does not": (
        side(upper=1.9),
        side(),
        NEITHER,
        "not_supported",
        "the organisation does not return; the other side is not shown either",
    ),
    "one-way, organisation": (
        side(**YES),
        side(upper=1.9),
        ORDER,
        "not_supported",
        "one-way: only the organisation returns",
    ),
    "one-way, persons": (
        side(upper=1.9),
        side(**YES),
        AGAINST,
        "not_supported",
        "one-way: only the persons return",
    ),
    "order with the other sign": (
        side(**YES),
        side(upper=1.9),
        AGAINST,
        "not_supported",
        "the persons do not return; the other side is not shown either",
    ),
    "order with few houses": (
        side(**YES),
        side(upper=1.9),
        OrderCheck(10.0, None, 5),
        "not_supported",
        "the persons do not return; the other side is not shown either",
    ),
    "one open": (side(**YES), side(), ORDER, "cannot_tell", "one side returns, the other is open"),
    "the other open": (side(), side(**YES), ORDER, "cannot_tell", "one side returns, the other is open"),
    "nothing": (side(), side(), NEITHER, "cannot_tell", "neither shown nor excluded"),
    "no bound": (side(upper=None), side(upper=None), NEITHER, "cannot_tell", "neither shown nor excluded"),
    "few events": (side(**YES), side(**YES, events=29), NEITHER, "cannot_tell", "too few informative events"),
}


@pytest.mark.parametrize("line", LINES)
def test_each_line_of_the_rule(line: str) -> None:
    organisation, person, order, answer, reason = LINES[line]
    found = judged(organisation, person, order)
    assert (found.answer, found.reasons) == (answer, (reason,))


@pytest.mark.parametrize("line", LINES)
def test_each_verdict_can_be_read_aloud(line: str) -> None:
    organisation, person, order, *_ = LINES[line]
    found = judged(organisation, person, order, pairs=strong_pairs(0.01), days=(30.0,))
    sentences = [found.sentence(language) for language in LANGUAGES]
    assert len(set(sentences)) == len(LANGUAGES)
    for language, sentence in zip(LANGUAGES, sentences, strict=True):
        assert sentence.endswith(".")
        assert found.wording(language)[0].isupper()
        assert sentence.endswith(found.wording(language))
        assert not set(sentence) & set("{}_")
        assert found.why(language)
        assert len(found.remarks(language)) == 1
    assert found.to_dict()["wording"] == {language: found.wording(language) for language in LANGUAGES}
    assert set(found.to_dict()) == {"answer", "wording", "reasons", "notes"}
    json.dumps(found.to_dict())


def strong_pairs(p: float | None) -> SamePairs:
    return SamePairs(0.3, 1.0, p, 5, 40, 0.1, 0.1, None)


def test_step_0_comes_first_and_in_its_order() -> None:
    yes = side(**YES)
    for seen, days, reason in (
        (Coverage(19, 19), (5.0,), "coverage"),
        (Coverage(100, 79), LONG, "coverage"),
        (Coverage(0, 0), (), "coverage"),
        (Coverage(20, 16), (26.9,), "the window is too short"),
        (Coverage(20, 16), (), "the window is too short"),
    ):
        found = judged(yes, side(**YES, events=3), seen=seen, days=days)
        assert (found.answer, found.reasons) == ("cannot_tell", (reason,))
        for language in LANGUAGES:
            assert any(character.isdigit() for character in found.wording(language))
    assert judged(yes, yes, seen=Coverage(20, 16), days=(3.0, 27.0)).answer == "supported"


@given(
    numbers=st.lists(st.sampled_from([0.001, 0.025, 0.026, 0.05, 0.051, 0.5]), min_size=6, max_size=6),
    bounds=st.lists(st.sampled_from([-0.5, 1.99, 2.0, 7.0]), min_size=2, max_size=2),
    events=st.lists(st.sampled_from([29, 30, 200]), min_size=2, max_size=2),
    d=st.sampled_from([-3.0, 0.0, 3.0]),
    p=st.sampled_from([None, 0.05, 0.06]),
)
def test_the_plain_rule_gives_the_same(
    numbers: list[float], bounds: list[float], events: list[int], d: float, p: float | None
) -> None:
    result: dict[str, Any] = {"order_check": {"D": d, "p": p}}
    both = []
    for i, name in enumerate((oracle.ORGANISATION, oracle.PERSON)):
        h48, week, gap12 = numbers[3 * i : 3 * i + 3]
        both.append(side(h48, week, gap12, bounds[i], events=events[i]))
        result[name] = {
            "informative_events": events[i],
            "tests": {"h48": {"p": h48}, "week": {"p": week}, "gap12": {"p": gap12}},
            "returns_per_100": {"upper": bounds[i]},
        }
    answer, reason = oracle.decide(result, short=False, look_at_coverage=False)
    found = judged(*both, OrderCheck(d, p, 8))
    assert found.answer == answer
    if answer == "supported":
        assert ("but small" in found.notes) == (reason == "but small")
    else:
        # the plain rule says "one-way: only the organisation", without the verb
        assert found.reasons[0].startswith(reason)


def test_notes() -> None:
    yes = side(**YES)
    assert judged(yes, yes).notes == ()
    assert judged(yes, side(**YES, upper=1.5)).notes == ("but small",)
    assert judged(yes, yes, pairs=strong_pairs(0.05)).notes == ("and in the same pairs",)
    assert judged(yes, yes, pairs=strong_pairs(0.06)).notes == ()
    assert judged(yes, yes, pairs=strong_pairs(None)).notes == ()
    # the same pairs say nothing where nothing is supported
    assert judged(side(), side(), pairs=strong_pairs(0.01)).notes == ()
    for days, noted in ((27.0, True), (55.9, True), (56.0, False), (200.0, False)):
        assert judged(yes, yes, days=(2.0, days)).notes == (("slow changes are removed only in part",) if noted else ())
    trend = "fewer returns than chance: a trend inside the window"
    assert judged(side(p_lower=0.025), side()).notes == (trend,)
    assert judged(side(), side(p_lower=0.026)).notes == ()


def test_small_and_in_the_same_pairs_are_part_of_what_is_said() -> None:
    plain = judged(side(**YES), side(**YES))
    more = judged(side(**YES), side(**YES, upper=1.5), pairs=strong_pairs(0.01))
    for language in LANGUAGES:
        assert len(more.wording(language)) > len(plain.wording(language)) + 40
        assert more.remarks(language) == ()


def test_the_sentence_of_the_issue() -> None:
    one_way = judged(side(**YES), side(upper=1.027), ORDER)
    assert one_way.wording("en") == "The organisation answers; the people do not: at most 1 return per 100 shares."
    assert one_way.wording("fi") == "Organisaatio vastaa, ihmiset eivät: enintään 1 vastaus sataa jakoa kohti."
    assert one_way.wording("sv") == "Organisationen svarar, men inte personerna: högst 1 svar per 100 delningar."
    assert one_way.sentence("en").startswith("Not supported. The organisation")
    assert "at most 1.8 returns per 100" in judged(side(**YES), side(upper=1.84), ORDER).wording("en")
    assert "enintään 1,8 vastausta" in judged(side(**YES), side(upper=1.84), ORDER).wording("fi")
    # nobody returns less than nothing
    assert "practically no return" in judged(side(**YES), side(upper=-0.3), ORDER).wording("en")
    assert "-" not in judged(side(upper=-0.3), side(upper=0.2)).wording("en")


def test_the_open_side_is_named() -> None:
    person_open, organisation_open = judged(side(**YES), side(upper=3.0)), judged(side(upper=4.0), side(**YES))
    assert "whether the people do is open: at most 3 returns" in person_open.wording("en")
    assert "whether the organisation does is open: at most 4 returns" in organisation_open.wording("en")


def test_a_bound_that_does_not_exist_is_not_said() -> None:
    found = judged(side(upper=None), side())
    assert found.wording("en") == "That they answer each other is neither shown nor excluded."


@pytest.mark.parametrize("reason", ["raw count only", "needs posts of both sides", "needs followers at posting time"])
def test_the_sayings_give_their_reasons(reason: str) -> None:
    found = Verdict("cannot_tell", (reason,))
    for language in LANGUAGES:
        assert found.sentence(language).endswith(".")
        assert found.why(language).lower() in found.sentence(language).lower()
    assert found.notes == ()


@pytest.mark.parametrize("entry", REAL)
def test_verdicts_on_real_data(real, entry: str) -> None:
    name, basis, answer, reason = REAL[entry]
    study = real(name)
    counted = dyads(study, basis=basis)
    cross, rng = cross_shares(counted), np.random.default_rng(7)
    organisation, person = (returns(cross, direction, permutations=2000, rng=rng) for direction in DIRECTIONS)
    order, pairs = order_check(cross, rng=rng), same_pairs(study, counted, permutations=500, rng=rng)
    seen = coverage(counted)
    found = judge(organisation, person, order, seen, cross.days, pairs)
    assert (found.answer, found.reasons) == (answer, (reason,))
    if name == "us_congress_2020":
        assert "slow changes are removed only in part" in found.notes
    if entry == "conference_hashtags":
        # with coverage and length out of the way the people do not return
        without = judge(organisation, person, order, ENOUGH, LONG, pairs)
        assert without.answer == "not_supported"
        assert without.reasons[0].startswith("the persons do not return")
        assert "shared_at" not in json.dumps(found.to_dict())


@pytest.mark.parametrize("entry", ["conference_hashtags", "party", "committee", "all"])
def test_coverage_of_real_data(real, reference, entry: str) -> None:
    name, basis, *_ = REAL[entry]
    key = name if entry == name else f"{name}/{entry}"
    expected = reference("figures.json")["verdict_rule"][key]
    study = real(name)
    seen = coverage(dyads(study, basis=basis))
    assert seen.pairs == expected["pairs"]
    assert seen.share == pytest.approx(expected["both_sides_yes"], abs=1e-6)


def test_without_pairs_the_coverage_is_unknown() -> None:
    assert Coverage(0, 0).share is None
    assert not Coverage(0, 0).enough
    assert Coverage(0, 0).to_dict() == {"pairs": 0, "complete": 0, "share": None}
