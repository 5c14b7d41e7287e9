"""Who answers whom: figures made by other hands, enumeration, a plain loop (``oracle.py``), what must not matter."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ambassador_net as an
import oracle
from ambassador_net.amplification.answers import AnswerTable, Moments, side_of
from ambassador_net.amplification.cross import CrossShares, cross_shares
from ambassador_net.amplification.odds_ratio import odds_ratio
from ambassador_net.amplification.timing import (
    DECISIVE,
    DIRECTIONS,
    WINDOWS,
    Direction,
    exact_test,
    first_movers,
    order_check,
    returns,
    returns_by_house,
)
from ambassador_net.errors import Undefined
from ambassador_net.reduction import dyads
from small import small_study, up_to

HOUR, DAY = 3600, 86400
DRAWS = 5_000
ENTRIES = {
    "conference_hashtags": ("conference_hashtags", ()),
    "us_congress_2020/party": ("us_congress_2020", ("party", "caucuses")),
    "us_congress_2020/committee": ("us_congress_2020", ("committee",)),
    "us_congress_2020/all": ("us_congress_2020", ()),
}
# names of the reference -> names here
LAGS = {f"b{a}_{b}": f"lag_{a}_{b}" for a, b in itertools.pairwise((0, 2, 8, 24, 48, 72))}
FIRST_MOVES = {"conference_hashtags": (10, 7), "us_congress_2020/party": (49, 86)}

# hour, whether the person shared the organisation, person, house, collection
Row = tuple[float, bool, int, int, int]


def cross_of(rows: Sequence[Row], spans: Sequence[tuple[float, float]]) -> CrossShares:
    """Arrays from rows and the first and last hour of each collection."""
    ordered = sorted(rows)
    columns = list(zip(*ordered, strict=True)) if ordered else [()] * 5
    return CrossShares(
        time_s=np.array([round(hour * HOUR) for hour in columns[0]], dtype=np.int64),
        by_person=np.array(columns[1], dtype=bool),
        person=np.array(columns[2], dtype=np.intp),
        house=np.array(columns[3], dtype=np.intp),
        collection=np.array(columns[4], dtype=np.intp),
        first_s=np.array([round(first * HOUR) for first, _ in spans], dtype=np.int64),
        last_s=np.array([round(last * HOUR) for _, last in spans], dtype=np.int64),
    )


def made_up(seed: int, *, houses: int = 6, people: int = 5, shares: int = 300, days: int = 100) -> CrossShares:
    rng = np.random.default_rng(seed)
    rows = [
        (float(rng.integers(0, days * 24)), bool(rng.integers(2)), int(p), int(h), 0)
        for h, p in zip(rng.integers(0, houses, shares), rng.integers(0, people, shares), strict=True)
    ]
    return cross_of(rows, [(0, days * 24)])


# --------------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def found(real) -> Any:
    cache: dict[str, Any] = {}

    def find(entry: str) -> Any:
        if entry not in cache:
            name, basis = ENTRIES[entry]
            study = real(name)
            cross = cross_shares(dyads(study, basis=basis))
            rng = np.random.default_rng(20261124)
            cache[entry] = cross, {d: returns(cross, d, permutations=DRAWS, rng=rng) for d in DIRECTIONS}
        return cache[entry]

    return find


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_real_data_give_the_brute_force_figures(found, reference, entry: str, direction: Direction) -> None:
    expected = reference("figures.json")["verdict_rule"][entry][direction]
    result = found(entry)[1][direction]
    assert (result.events, result.triggers) == (expected["events"], expected["triggers"])
    assert result.informative_events == expected["informative"]
    compared = set()
    for name, numbers in expected["tests"].items():
        name = LAGS.get(name, name)
        if name not in WINDOWS:
            continue
        compared.add(name)
        test, p = result.tests[name], numbers["p"]
        assert test.hits == numbers["T"]
        assert test.expected == pytest.approx(numbers["E"], abs=1e-4)
        assert test.sd == pytest.approx(numbers["sd"], abs=1e-4)
        if "B" in numbers:
            error = 4 * np.sqrt(p * (1 - p) * 2 / DRAWS) + 2 / (DRAWS + 1)
            assert abs(test.p - p) <= error
            assert abs(test.p_lower - numbers["p_lower"]) <= error
    assert compared == set(WINDOWS)
    size, sizes = result.returns_per_100, expected["r100"]
    assert size is not None
    assert size.corrected == pytest.approx(sizes["corrected"]["estimate"], abs=1e-4)
    assert size.strata_28 == pytest.approx(sizes["main"]["estimate"], abs=1e-4)
    assert size.strata_56 == pytest.approx(sizes["long"]["estimate"], abs=1e-4)
    assert size.upper_null == pytest.approx(sizes["corrected"]["upper_null"], abs=1e-3)
    assert size.upper_jackknife == pytest.approx(sizes["corrected"]["upper_jackknife"], abs=1e-3)
    assert size.upper == max(size.upper_null, size.upper_jackknife)
    assert (size.about == "organisations") == (sizes["corrected"]["unit"] == "organisation")
    odds, model = result.odds_ratio, expected["odds_ratio_48h"]
    assert odds is not None
    assert odds.estimate == pytest.approx(model["OR"], abs=0.02)
    assert odds.basis == ("model" if model["jackknife"] is None else "jackknife")
    # the reference's own ends are simulated too
    assert odds.interval == pytest.approx(model["jackknife"] or model["model"], rel=0.03)
    assert result.houses == model["houses"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_real_data_give_the_order_check_and_the_first_movers(found, reference, entry: str) -> None:
    cross = found(entry)[0]
    expected = reference("figures.json")["verdict_rule"][entry]["order_check"]
    check = order_check(cross, rng=np.random.default_rng(1))
    assert check.d == pytest.approx(expected["D"], abs=1e-4)
    assert check.houses == expected["houses"]
    if expected["p"] is None:
        assert check.p is None
    else:
        p = expected["p"]
        assert check.p == pytest.approx(p, abs=4 * np.sqrt(2 * p * (1 - p / 2) / 20_000) + 1e-4)
    if entry in FIRST_MOVES:
        moves = first_movers(cross)
        assert (moves.person_first, moves.organisation_first) == FIRST_MOVES[entry]
        assert (moves.mutual, moves.tie) == (sum(FIRST_MOVES[entry]), 0)


def test_first_movers_of_one_collection(found) -> None:
    cross, _ = found("conference_hashtags")
    user = cross.collection == int(np.argmax(cross.last_s - cross.first_s))
    names = ("time_s", "by_person", "person", "house", "collection")
    moves = first_movers(replace(cross, **{name: getattr(cross, name)[user] for name in names}))
    assert (moves.mutual, moves.person_first, moves.organisation_first) == (5, 5, 0)


@pytest.mark.parametrize(
    ("case", "direction"),
    [("own_house", "organisation_returns"), ("own_house", "person_returns"), ("boundary", "organisation_returns")],
)
def test_small_cases_hold_exactly(reference, case: str, direction: Direction) -> None:
    given_case = reference("small_cases.json")["timing"][case]
    accounts = {
        "o": ("organisation", "A", "full"),
        "e1": ("employee", "A", "full"),
        "e2": ("employee", "A", "full"),
    }
    study = small_study(accounts, given_case["events"])
    test = exact_test(cross_shares(dyads(study)), direction, ((given_case["tau_h"], 0, 1),))
    assert test.hits == given_case[direction]["T"]
    assert test.expected == pytest.approx(float(Fraction(given_case[direction]["mean"]["fraction"])), abs=1e-12)
    assert test.p == pytest.approx(float(Fraction(given_case[direction]["p"]["fraction"])), abs=1e-12)


def test_the_json_has_the_names_of_the_issue(found) -> None:
    _, both = found("us_congress_2020/committee")
    out = both["organisation_returns"].to_dict()
    assert list(out["tests"]) == list(WINDOWS)
    assert set(out["tests"]["h48"]) == {"hits", "expected", "sd", "p", "p_lower"}
    assert {"corrected", "strata_28", "upper", "upper_null", "upper_jackknife"} <= set(out["returns_per_100"])
    assert set(out["odds_ratio"]) == {"estimate", "interval", "basis"}
    assert (out["events"], out["triggers"], out["informative_events"]) == (1202, 687, 848)
    assert out["returns_per_100"]["upper"] == pytest.approx(6.826841, abs=1e-5)
    # excess per 100 triggers by lag, as printed in the method
    lags = [both["organisation_returns"].excess_per_100(name) for name in LAGS.values()]
    assert lags == pytest.approx([3.3, -0.9, 1.8, 0.4, 0.7], abs=0.06)


# --------------------------------------------------------------------------------- the plain loop, enumeration


@st.composite
def crosses(draw: Any, most: int = 60) -> CrossShares:
    days = draw(st.sampled_from([(20, 9), (40, 20), (70, 40), (120, 30)]))
    houses, people = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    row = st.tuples(
        st.integers(0, days[0] * 8),
        st.booleans(),
        st.integers(0, people - 1),
        st.integers(0, houses - 1),
        st.integers(0, 1),
    )
    rows = draw(st.lists(row, min_size=1, max_size=most))
    # every third hour: many times are the same, and many lie exactly on the edge of a window
    spread = [(3.0 * hour * days[c] / days[0], by, person, house, c) for hour, by, person, house, c in rows]
    return cross_of([(float(int(hour)), *rest) for hour, *rest in spread], [(0, days[0] * 24), (0, days[1] * 24)])


def plain(cross: CrossShares) -> tuple[pd.DataFrame, dict[str, tuple[float, float]]]:
    frame = pd.DataFrame(
        {
            "time": cross.time_s.astype(float),
            "collection": [f"c{code}" for code in cross.collection],
            "house": [f"h{code}" for code in cross.house],
            "person": [f"p{code}" for code in cross.person],
            "by": np.where(cross.by_person, "person", "organisation"),
        }
    )
    span = {
        f"c{code}": (float(first), float(last))
        for code, (first, last) in enumerate(zip(cross.first_s, cross.last_s, strict=True))
    }
    return frame, span


@settings(max_examples=up_to(120))
@given(cross=crosses(), direction=st.sampled_from(DIRECTIONS))
def test_the_plain_loop_gives_the_same(cross: CrossShares, direction: Direction) -> None:
    frame, span = plain(cross)
    all_houses = oracle.houses(frame, direction)
    result = returns(cross, direction, rng=np.random.default_rng(0), p="normal")
    assert set(result.tests) == set(DECISIVE)
    for name, test in result.tests.items():
        parts = [
            oracle.measure(h, oracle.answers(h, oracle.WINDOWS[name]), oracle.strata(h, span, "main"))
            for h in all_houses
        ]
        out = oracle.total(parts)
        assert test.hits == pytest.approx(out.hits, abs=1e-9)
        assert test.expected == pytest.approx(out.expected, abs=1e-9)
        assert test.sd == pytest.approx(np.sqrt(out.variance), abs=1e-6)
        if out.variance > 1e-9:
            assert (test.p, test.p_lower) == pytest.approx(oracle.p_values(out, "normal"), abs=1e-9)
    assert result.informative_events == oracle.informative(all_houses, span)
    assert result.triggers == sum(h.n_triggers for h in all_houses)
    size = result.returns_per_100
    if result.triggers == 0:
        assert size is None
        return
    assert size is not None
    if size.upper_jackknife is None:
        assert size.upper is None
        return
    expected = oracle.returns_per_100(all_houses, span)
    assert size.corrected == pytest.approx(expected["corrected"], abs=1e-8)
    assert size.upper_null == pytest.approx(expected["upper_null"], abs=1e-6)
    assert size.upper_jackknife == pytest.approx(expected["upper_jackknife"], abs=1e-6)
    assert (size.about == "organisations") == (expected["unit"] == "organisation")


@settings(max_examples=up_to(40))
@given(cross=crosses())
def test_the_plain_loop_gives_the_same_order_check(cross: CrossShares) -> None:
    frame, span = plain(cross)
    both = [oracle.houses(frame, direction) for direction in DIRECTIONS]
    differences = []
    for pair in zip(*both, strict=True):
        out = [oracle.measure(h, oracle.triggers_between(h, 16, 0), oracle.strata(h, span, "main")) for h in pair]
        if max(part.variance for part in out) > 1e-9:
            differences.append(out[0].hits - out[0].expected - out[1].hits + out[1].expected)
    check = order_check(cross, rng=np.random.default_rng(0))
    assert check.d == pytest.approx(sum(differences), abs=1e-9)
    assert check.houses == len(differences)
    if len(differences) < 6:
        assert check.p is None
        return
    flips = [np.dot(signs, differences) for signs in itertools.product((-1, 1), repeat=len(differences))]
    more = np.mean([flip >= check.d - 1e-9 for flip in flips])
    fewer = np.mean([flip <= check.d + 1e-9 for flip in flips])
    assert check.p == pytest.approx(min(1, 2 * min(more, fewer)), abs=1e-12)


def test_a_share_at_the_midpoint_is_in_the_second_half() -> None:
    rows = [(hour, False, 0, 0, 0) for hour in (0, 239, 240, 480)]
    side = side_of(cross_of(rows, [(0, 480)]), "organisation_returns")
    assert side.strata("short").tolist() == [0, 0, 1, 1]
    assert side.strata("long").tolist() == side.strata("main").tolist() == [0, 0, 0, 0]
    # 56 days are two blocks of 28 and one of 56; a day more begins the next
    days = [(24.0 * day, False, 0, 0, 0) for day in (0, 27, 28, 55, 56)]
    side = side_of(cross_of(days, [(0, 24 * 56)]), "organisation_returns")
    assert side.strata("short").tolist() == side.strata("main").tolist() == [0, 0, 1, 1, 2]
    assert side.strata("long").tolist() == [0, 0, 0, 0, 1]


def test_other_strata_are_other_tests() -> None:
    cross = made_up(9, shares=120)
    frame, span = plain(cross)
    whole = {name: (first, last + 200 * DAY) for name, (first, last) in span.items()}
    rng = np.random.default_rng(0)
    for days, kind in ((28, "main"), (56, "long")):
        result = returns(cross, "person_returns", rng=rng, p="normal", strata_days=days)
        parts = [
            oracle.measure(h, oracle.answers(h, oracle.WINDOWS["h48"]), oracle.strata(h, whole, kind))
            for h in oracle.houses(frame, "person_returns")
        ]
        assert result.tests["h48"].expected == pytest.approx(oracle.total(parts).expected)


def test_many_houses_draw_their_signs() -> None:
    def with_houses(houses: int) -> CrossShares:
        rows: list[Row] = []
        for h in range(houses):
            # the organisation answers in 3 houses of 4, in the others the person does
            first = h % 4 != 0
            rows += [(0, first, 0, h, 0), (5, not first, 0, h, 0), (100, not first, 1, h, 0), (50, first, 1, h, 0)]
        return cross_of(rows, [(0, 24 * 27)])

    counted, drawn = (order_check(with_houses(n), rng=np.random.default_rng(3)) for n in (36, 40))
    assert (counted.houses, drawn.houses) == (36, 40)
    assert counted.d > 0
    assert drawn.d > 0
    assert counted.p is not None
    assert drawn.p is not None
    # 27 and 30 houses one way, 9 and 10 the other: binomial tails
    assert counted.p == pytest.approx(0.00393, abs=1e-4)
    assert drawn.p == pytest.approx(0.00222, abs=0.0015)


@settings(max_examples=up_to(15))
@given(cross=crosses(most=14), direction=st.sampled_from(DIRECTIONS))
def test_drawn_p_agrees_with_every_arrangement(cross: CrossShares, direction: Direction) -> None:
    draws = 4_000
    result = returns(cross, direction, permutations=draws, rng=np.random.default_rng(1))
    if result.events > 9:
        with pytest.raises(Undefined, match="at most 9"):
            exact_test(cross, direction, WINDOWS["h48"])
        return
    for name, test in result.tests.items():
        exact = exact_test(cross, direction, WINDOWS[name])
        assert (exact.hits, exact.expected, exact.sd) == pytest.approx((test.hits, test.expected, test.sd))
        for drawn, p in ((test.p, exact.p), (test.p_lower, exact.p_lower)):
            assert abs(drawn - p) <= 4.5 * np.sqrt(p * (1 - p) / draws) + 1 / (draws + 1)


def test_large_strata_and_values_do_not_overflow_their_words() -> None:
    # one stratum of 9,000 events: more than one part of a word's range in the week contrast
    rng = np.random.default_rng(8)
    rows = [(float(rng.integers(0, 27 * 24)), i % 10 == 0, int(rng.integers(2)), 0, 0) for i in range(10_000)]
    cross = cross_of(rows, [(0, 27 * 24)])
    result = returns(cross, "organisation_returns", permutations=100, rng=rng)
    for test in result.tests.values():
        # as far from the mean as the deviation allows, so p is neither end of its range
        if test.sd > 0 and abs(test.hits - test.expected) < test.sd:
            assert 0.05 < test.p < 0.95


# ---------------------------------------------------------------------------------------- odds ratio, houses


def enumerated_log_odds(cross: CrossShares, direction: Direction) -> float:
    """Beta with E_beta[T] = T over all arrangements, by bisection."""
    frame, span = plain(cross)
    (house,) = oracle.houses(frame, direction)
    answer = oracle.answers(house, oracle.WINDOWS["h48"])
    (own,) = (own for _, own in oracle.by_stratum(house, answer, oracle.strata(house, span, "main")))
    hits = np.array([answer[range(len(own)), order].sum() for order in itertools.permutations(own)])
    observed = answer[range(len(own)), own].sum()
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        weight = np.exp(middle * (hits - observed))
        low, high = (middle, high) if (weight @ hits) / weight.sum() < observed else (low, middle)
    return (low + high) / 2


def fitted(cross: CrossShares, direction: Direction, seed: int) -> Any:
    side = side_of(cross, direction)
    table = AnswerTable.of(side, side.strata("main"))
    answer = table.answers({"h48": WINDOWS["h48"]})["h48"]
    return odds_ratio(Moments.of(table, answer), answer, permutations=2000, rng=np.random.default_rng(seed))


def test_the_odds_ratio_solves_its_equation() -> None:
    triggers = [(0, True, 0), (60, True, 1), (120, True, 2), (180, True, 0)]
    answers_ = [(10, False, 0), (65, False, 1), (70, False, 2), (125, False, 0), (130, False, 2), (185, False, 1)]
    rows = [(hour, by, person, 0, 0) for hour, by, person in [*triggers, *answers_, (190, False, 0)]]
    cross = cross_of(rows, [(0, 200)])
    expected = enumerated_log_odds(cross, "organisation_returns")
    assert abs(expected) > 0.3
    result = fitted(cross, "organisation_returns", 1)
    assert np.log(result.estimate) == pytest.approx(expected, abs=0.03)
    assert result.basis == "model"
    assert result.interval[0] < result.estimate < result.interval[1]
    # too few events to be shown
    assert returns(cross, "organisation_returns", permutations=9, rng=np.random.default_rng(1)).odds_ratio is None


def test_an_infinite_odds_ratio_is_none() -> None:
    rows = [(100.0 * i + dt, by, i % 2, 0, 0) for i in range(6) for dt, by in ((0, True), (5, False))]
    cross = cross_of(rows, [(0, 600)])
    assert exact_test(cross, "organisation_returns", WINDOWS["h48"]).hits == 6
    assert fitted(cross, "organisation_returns", 1) is None


def test_houses_are_what_they_are_alone() -> None:
    cross = made_up(4)
    names = ("time_s", "by_person", "person", "house", "collection")
    for direction in DIRECTIONS:
        whole = returns(cross, direction, rng=np.random.default_rng(0), p="normal")
        table = returns_by_house(cross, direction)
        assert table["hits"].sum() == whole.tests["h48"].hits
        assert table["expected"].sum() == pytest.approx(whole.tests["h48"].expected)
        assert np.square(table["sd"]).sum() == pytest.approx(whole.tests["h48"].sd ** 2)
        for row in table.itertuples():
            here = cross.house == row.house
            one = replace(cross, **{name: getattr(cross, name)[here] for name in names})
            alone = returns(one, direction, rng=np.random.default_rng(0), p="normal").returns_per_100
            assert alone is not None
            assert alone.about == "these houses only"
            assert (row.returns_per_100, row.upper) == pytest.approx((alone.corrected, alone.upper))


# ------------------------------------------------------------------------------------------ what must not matter


def test_without_shares_nothing_is_defined() -> None:
    cross = cross_of([], [])
    for direction in DIRECTIONS:
        result = returns(cross, direction, permutations=9, rng=np.random.default_rng(1))
        assert (result.events, result.triggers, result.informative_events, result.houses) == (0, 0, 0, 0)
        assert result.returns_per_100 is None
        assert result.odds_ratio is None
        assert result.excess_per_100("h48") is None
        assert all(test.p == test.p_lower == 1 for test in result.tests.values())
        assert returns_by_house(cross, direction).empty
    assert first_movers(cross).mutual == 0


def test_swapping_the_direction_swaps_the_result() -> None:
    cross = made_up(5)
    back = replace(cross, by_person=~cross.by_person)
    one = returns(cross, "organisation_returns", permutations=200, rng=np.random.default_rng(1)).to_dict()
    other = returns(back, "person_returns", permutations=200, rng=np.random.default_rng(1)).to_dict()
    assert one == other
    ahead, behind = (order_check(c, rng=np.random.default_rng(1)) for c in (cross, back))
    assert ahead.d == pytest.approx(-behind.d)
    assert ahead.p == pytest.approx(behind.p)


def test_a_shift_in_time_changes_nothing() -> None:
    cross = made_up(6)
    by = 12_345_678
    later = replace(cross, time_s=cross.time_s + by, first_s=cross.first_s + by, last_s=cross.last_s + by)
    for direction in DIRECTIONS:
        one, other = (
            returns(c, direction, permutations=100, rng=np.random.default_rng(1)).to_dict() for c in (cross, later)
        )
        assert one == other


def test_names_change_nothing_but_the_draws() -> None:
    cross = made_up(7)
    renamed = replace(cross, person=(cross.person * 3 + 1) % 5 + 10, house=20 - cross.house)
    for direction in DIRECTIONS:
        one, other = (returns(c, direction, permutations=2000, rng=np.random.default_rng(1)) for c in (cross, renamed))
        assert one.informative_events == other.informative_events
        assert one.returns_per_100 is not None
        assert other.returns_per_100 is not None
        assert one.returns_per_100.upper == pytest.approx(other.returns_per_100.upper)
        for name, test in one.tests.items():
            again = other.tests[name]
            assert (test.hits, test.expected, test.sd) == pytest.approx((again.hits, again.expected, again.sd))
            assert abs(test.p - again.p) <= 4.5 * np.sqrt(test.p * (1 - test.p) * 2 / 2000) + 0.001


def test_the_order_of_rows_changes_nothing(example: an.Study) -> None:
    rng = np.random.default_rng(3)
    tables = {name: table.iloc[rng.permutation(len(table))] for name, table in example.tables.items()}
    shuffled = an.from_tables(tables, title=example.title, made_up=True)
    one, other = (cross_shares(dyads(study)) for study in (example, shuffled))
    for name in ("time_s", "by_person", "person", "house", "collection", "first_s", "last_s"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_p_is_uniform_under_its_own_null() -> None:
    rng = np.random.default_rng(11)
    rows = [(float(rng.integers(0, 600)), i % 2 == 0, int(rng.integers(4)), 0, 0) for i in range(56)]
    cross = cross_of(rows, [(0, 600)])
    events = np.flatnonzero(~cross.by_person)
    p = []
    for _ in range(400):
        person = cross.person.copy()
        person[events] = rng.permutation(person[events])
        result = returns(replace(cross, person=person), "organisation_returns", permutations=99, rng=rng)
        p.append([result.tests["h48"].p, result.tests["h48"].p_lower, result.tests["week"].p])
    rates = (np.array(p) <= 0.1).mean(axis=0)
    # a rate of .1 of 400 has a standard error of .015; hits are whole numbers, so p may be a little too large
    assert (rates < 0.1 + 3 * 0.015).all()
    assert (rates > 0.04).all()


def test_answering_is_found_and_shared_interest_is_not() -> None:
    rng = np.random.default_rng(12)
    rows: list[Row] = []
    for person in range(8):
        # ties differ in strength, both ways alike
        for _ in range(5 * (person + 1)):
            rows.append((float(rng.integers(0, 180 * 24)), True, person, 0, 0))
            rows.append((float(rng.integers(0, 180 * 24)), False, person, 0, 0))
    answers_ = [(hour + float(rng.integers(1, 48)), False, person, 0, 0) for hour, by, person, _, _ in rows[::6] if by]
    for extra, found_ in (([], False), (answers_, True)):
        cross = cross_of(rows + extra, [(0, 185 * 24)])
        p = returns(cross, "organisation_returns", permutations=999, rng=rng).tests["h48"].p
        assert (p <= 0.01) == found_


# ------------------------------------------------------------------------------------------ from a study to arrays


def test_what_enters_the_arrays() -> None:
    accounts = {
        "o": ("organisation", "A", "full"),
        "o2": ("organisation", "A", "partial"),
        "e": ("employee", "A", "full"),
        "f": ("employee", "A", "none"),
        "x": ("outside", "", "full"),
    }
    events = [(-30, "x", "x"), (1, "e", "o"), (1, "o2", "e"), (2, "o", "f"), (3, "o", "o2"), (24 * 40, "x", "o")]
    study = small_study(accounts, events)
    cross = cross_shares(dyads(study))
    # f was not observed; sister accounts and outsiders are no pairs; the accounts of A are one
    assert cross.by_person.tolist() == [False, True]
    assert cross.time_s[0] == cross.time_s[1]
    assert list(cross.persons) == ["e"]
    assert list(cross.houses) == ["A"]
    # the self-share and the outsider's share open and close the collection
    assert cross.days == pytest.approx((40 + 30 / 24,))


def test_short_collections_and_shares_without_a_time_stay_out() -> None:
    accounts = {"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}
    study = small_study(
        accounts, [(0, "e", "o"), (24 * 27, "o", "e"), (5, "e", "o"), (24 * 26, "o", "e"), (7, "e", "o")]
    )
    shares = study.shares.assign(collection=["long", "long", "short", "short", "long"])
    shares.loc[4, "shared_at"] = pd.NaT

    def arrays(table: pd.DataFrame) -> CrossShares:
        made = an.from_tables({"accounts": study.accounts, "shares": table}, title="t")
        return cross_shares(dyads(made))

    cross = arrays(shares)
    assert (len(cross), cross.untimed, cross.left_out) == (2, 1, 1)
    assert cross.days == (27.0,)
    # where none is long enough all are used
    cross = arrays(shares.assign(collection=["short", "other", "short", "short", "other"]))
    assert (len(cross), cross.left_out, len(cross.first_s)) == (4, 0, 2)
