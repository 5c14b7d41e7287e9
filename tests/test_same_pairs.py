"""The same pairs in both directions, and the pairs called unusually strong: figures, enumeration, invariances."""

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

import ambassador_net as an
from ambassador_net.amplification.dyad_calls import adjusted, dyad_calls, strong_both_ways, tail
from ambassador_net.amplification.same_pairs import correlate, exact_p, exposures, exposures_of, pairs_seen, same_pairs
from ambassador_net.errors import PrivacyError, Undefined
from ambassador_net.reduction import dyads
from small import small_study

DRAWS = 5_000
ENTRIES = {
    "conference_hashtags": ("conference_hashtags", ()),
    "us_congress_2020/party": ("us_congress_2020", ("party", "caucuses")),
    "us_congress_2020/committee": ("us_congress_2020", ("committee",)),
    "us_congress_2020/all": ("us_congress_2020", ()),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_real_data_give_the_brute_force_figures(real, reference, entry: str) -> None:
    name, basis = ENTRIES[entry]
    study = real(name)
    expected = reference("figures.json")["verdict_rule"][entry]
    found = same_pairs(study, dyads(study, basis=basis), permutations=DRAWS, rng=np.random.default_rng(1))
    assert found.rho == pytest.approx(expected["rho_res"], abs=1e-6)
    assert found.houses == expected["rho_res_houses"]
    p = expected["rho_res_p"]
    assert abs(found.p - p) <= 4 * np.sqrt(p * (1 - p) * 2 / DRAWS) + 2 / (DRAWS + 1)


@pytest.mark.parametrize("entry", ["conference_hashtags", "us_congress_2020/party"])
def test_dispersion_and_statistic_of_the_reference(real, reference, entry: str) -> None:
    name, basis = ENTRIES[entry]
    figures = reference("figures.json")
    part = figures[name] if name == entry else figures[name]["party"]["more"]
    expected = part["residual_permutation"]
    study = real(name)
    found = same_pairs(study, dyads(study, basis=basis), permutations=9, rng=np.random.default_rng(1))
    assert (found.houses, found.dyads) == (expected["organisations"], expected["dyads"])
    assert found.statistic == pytest.approx(expected["T"], abs=1e-5)
    assert found.dispersion_eo == pytest.approx(expected["dispersion_eo"], abs=1e-6)
    assert found.dispersion_oe == pytest.approx(expected["dispersion_oe"], abs=1e-6)


def test_the_small_case_holds_exactly(reference) -> None:
    case = reference("small_cases.json")["same_pairs"]
    found = exposures(case["w_eo"], case["w_oe"], case["w_eo"], case["w_oe"], [0] * len(case["w_eo"]))
    assert exact_p(found) == pytest.approx(float(Fraction(case["exact_p"]["fraction"])), abs=1e-12)


counts = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9), st.integers(0, 9), st.integers(0, 2)),
    min_size=2,
    max_size=9,
)


def loop(rows: list[tuple[int, ...]]) -> dict[str, Any]:
    """Method 2c, one pair after the other."""
    entered = []
    for house in sorted({row[4] for row in rows}):
        people = [row for row in rows if row[4] == house]
        if len(people) >= 2 and sum(r[0] for r in people) and sum(r[1] for r in people):
            given_out, received = sum(r[2] + 0.5 for r in people), sum(r[3] + 0.5 for r in people)
            for x, y, out, into, _ in people:
                mean_x = sum(r[0] for r in people) * (out + 0.5) / given_out
                mean_y = sum(r[1] for r in people) * (into + 0.5) / received
                entered.append((x, y, mean_x, mean_y, house))
    if not entered:
        return {"dyads": 0}
    alpha = [
        max(0.0, sum((e[i] - e[i + 2]) ** 2 - e[i] for e in entered) / sum(e[i + 2] ** 2 for e in entered))
        for i in (0, 1)
    ]
    residual = [
        (*((e[i] - e[i + 2]) / (e[i + 2] + alpha[i] * e[i + 2] ** 2) ** 0.5 for i in (0, 1)), e[4]) for e in entered
    ]
    products = squares_x = squares_y = 0.0
    for house in {r[2] for r in residual}:
        x, y = (np.array([r[i] for r in residual if r[2] == house]) for i in (0, 1))
        products += (x - x.mean()) @ (y - y.mean())
        squares_x += ((x - x.mean()) ** 2).sum()
        squares_y += ((y - y.mean()) ** 2).sum()
    below = (squares_x * squares_y) ** 0.5
    return {
        "dyads": len(entered),
        "statistic": sum(x * y for x, y, _ in residual),
        "rho": products / below if below > 1e-9 else None,
        "alpha": alpha,
    }


def table(rows: list[tuple[int, ...]]) -> Any:
    x, y, out, into, house = (np.array(column) for column in zip(*rows, strict=True))
    return exposures(x, y, x + out, y + into, house)


@given(rows=counts)
def test_the_plain_loop_gives_the_same(rows: list[tuple[int, ...]]) -> None:
    expected = loop(rows)
    found = correlate(table(rows), permutations=9, rng=np.random.default_rng(1))
    assert found.dyads == expected["dyads"]
    if not found.dyads:
        assert (found.rho, found.p, found.interval) == (None, None, None)
        return
    assert found.statistic == pytest.approx(expected["statistic"], abs=1e-9)
    assert [found.dispersion_eo, found.dispersion_oe] == pytest.approx(expected["alpha"], abs=1e-9)
    if expected["rho"] is not None:
        assert found.rho == pytest.approx(expected["rho"], abs=1e-6)
    # the order of the rows, and which direction is called x, change nothing
    back = correlate(
        table([(y, x, b, a, 9 - h) for x, y, a, b, h in rows[::-1]]), permutations=9, rng=np.random.default_rng(1)
    )
    assert back.statistic == pytest.approx(found.statistic, abs=1e-9)
    assert back.dispersion_eo == pytest.approx(found.dispersion_oe, abs=1e-9)


def test_drawn_p_agrees_with_every_permutation() -> None:
    rows = [(1, 2, 1, 2, 0), (0, 1, 4, 0, 0), (2, 1, 0, 3, 0), (1, 0, 2, 2, 0)]
    # in the other house the ties differ far more
    rows += [(14, 3, 1, 1, 1), (0, 1, 3, 1, 1), (2, 9, 0, 0, 1)]
    found = table(rows)
    x, y = found.residuals
    # by hand: 4! times 3! orders
    hits = [
        x[list(a)] @ y[:4] + x[[4 + i for i in b]] @ y[4:]
        for a in itertools.permutations(range(4))
        for b in itertools.permutations(range(3))
    ]
    p = np.mean(np.array(hits) >= x @ y - 1e-9)
    assert exact_p(found) == pytest.approx(p, abs=1e-12)
    drawn = correlate(found, permutations=20_000, rng=np.random.default_rng(3)).p
    assert drawn == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 20_000) + 1e-4)
    with pytest.raises(Undefined, match="at most 9"):
        exact_p(table(rows * 2))


def test_p_is_uniform_without_ties_between_the_directions() -> None:
    rng = np.random.default_rng(4)
    p = []
    for _ in range(400):
        out, into = rng.integers(1, 30, 40), rng.integers(1, 30, 40)
        # ties of unequal strength, each direction for itself
        x, y = (rng.poisson(rng.gamma(1, 1 / 6, 40) * strength) for strength in (out, into))
        p.append(correlate(exposures(x, y, x + out, y + into, np.arange(40) % 2), permutations=99, rng=rng).p)
    rate = np.mean(np.array(p) <= 0.1)
    assert abs(rate - 0.1) < 3 * 0.015


def test_ties_that_are_strong_both_ways_are_found() -> None:
    rng = np.random.default_rng(5)
    strength = rng.gamma(0.5, 8, 60)
    x, y = rng.poisson(strength), rng.poisson(strength)
    found = correlate(exposures(x, y, x + 10, y + 10, np.arange(60) % 6), rng=rng)
    assert found.p < 0.01
    assert found.rho > 0.5
    assert found.interval is not None
    assert found.interval.low < found.rho < found.interval.high
    assert set(found.to_dict()) >= {"rho", "p", "houses", "dyads"}


def test_who_enters() -> None:
    accounts = {
        "o": ("organisation", "A", "full"),
        "e": ("employee", "A", "full"),
        "seen": ("employee", "A", "partial"),
        "never": ("employee", "A", "full"),
        "unobserved": ("employee", "A", "none"),
        "x": ("outside", "", "full"),
    }
    events = [(1, "e", "o"), (2, "o", "e"), (3, "e", "x"), (4, "x", "seen"), (5, "o", "unobserved"), (6, "e", "e")]
    study = small_study(accounts, events)
    seen = pairs_seen(study, dyads(study)).set_index("holder_id")
    assert list(seen.index) == ["e", "seen"]
    # of e two shares, one of them in the pair; the self-share does not count
    assert seen.loc["e", ["w_eo", "w_oe", "shared", "was_shared"]].tolist() == [1, 1, 2, 1]
    assert seen.loc["seen", ["w_eo", "w_oe", "shared", "was_shared"]].tolist() == [0, 0, 0, 1]
    found = exposures_of(seen.reset_index())
    # 1 + 1/2 of 2 parts against 1/2
    assert found.expected_eo == pytest.approx([0.75, 0.25])


# ------------------------------------------------------------------------------------------------ dyad calls


def test_tails_are_sums_of_chances() -> None:
    k = np.arange(200)
    for dispersion in (0.0, 0.7):
        for mean in (0.3, 4.0):
            chances = np.append(1 - tail(k[1:].astype(float), np.full(199, mean), dispersion), 1.0)
            mass = np.diff(chances, prepend=0.0)
            assert mass @ k == pytest.approx(mean, rel=1e-6)
            assert mass @ k**2 - mean**2 == pytest.approx(mean + dispersion * mean**2, rel=1e-5)
    assert tail(np.zeros(1), np.ones(1), 0.5)[0] == 1


@given(p=st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
def test_the_false_discovery_rate_is_scipys(p: list[float]) -> None:
    assert adjusted(np.array(p)) == pytest.approx(false_discovery_control(p, method="bh"))


def test_small_houses_show_no_pairs() -> None:
    accounts, events = {}, []
    for house, people in (("A", 7), ("B", 6), ("C", 3), ("D", 4)):
        accounts[f"o{house}"] = ("organisation", house, "full")
        for i in range(people):
            accounts[f"{house}{i}"] = ("employee", house, "full")
            events += [(len(events), f"{house}{i}", f"o{house}"), (len(events) + 1, f"o{house}", f"{house}{i}")]
        # one pair far above the others
        events += [(n, *pair) for n in range(40) for pair in ((f"{house}0", f"o{house}"), (f"o{house}", f"{house}0"))]
    study = small_study(accounts, events)
    counted = dyads(study)
    calls = dyad_calls(study, counted)
    assert calls.family == 20
    assert 2 < calls.unusual <= 4
    assert set(calls.pairs["organisation"]) == {"A", "B"}
    assert set(calls.pairs.loc[calls.pairs["unusual"], "holder_id"]) == {"A0", "B0"}
    assert calls.houses["organisation"].tolist()[:2] == ["A", "B"]
    assert calls.houses.iloc[2][["joined", "people", "family"]].tolist() == [2, 7, 7]
    assert calls.houses["family"].sum() == calls.family
    assert calls.houses["unusual"].sum() == calls.unusual
    # all seven houses of 7 and fewer joined: nothing is shown
    assert dyad_calls(study, counted, k=8).pairs.empty
    with pytest.raises(PrivacyError):
        dyad_calls(study, counted, k=2)


def test_a_call_needs_both_directions() -> None:
    one_way = exposures([30, 1, 1, 1], [0, 1, 1, 1], [31, 2, 2, 2], [1, 2, 2, 2], [0] * 4)
    assert strong_both_ways(one_way)[0] == 1.0


def test_calls_on_real_data_are_few(real) -> None:
    study = real("us_congress_2020")
    calls = dyad_calls(study, dyads(study, basis=("party", "caucuses")))
    # the family is every pair with an expectation, as in the same-pairs test
    assert calls.family == 517
    assert 0 < calls.unusual < 20
    called = calls.pairs[calls.pairs["unusual"]]
    assert (called[["w_eo", "w_oe"]].min(axis=1) >= 2).all()


def test_the_order_of_rows_changes_nothing(example: an.Study) -> None:
    rng = np.random.default_rng(6)
    tables = {name: table_.iloc[rng.permutation(len(table_))] for name, table_ in example.tables.items()}
    shuffled = an.from_tables(tables, title=example.title, made_up=True)
    one, other = (
        same_pairs(study, dyads(study), permutations=50, rng=np.random.default_rng(1)) for study in (example, shuffled)
    )
    assert one.to_dict() == other.to_dict()
