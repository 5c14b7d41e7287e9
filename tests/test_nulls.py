"""A null keeps what it says it keeps, and its p-values are what they should be."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import ambassador_net as an
from ambassador_net.amplification.mixing import OwnPairShares, mixing
from ambassador_net.amplification.result import against_chance
from ambassador_net.nulls import ShareEvents, lag1_autocorrelation, p_value, strengths_kept
from ambassador_net.reduction import dyads
from small import small_study

OBSERVED = {"yes": "full", "partial": "partial", "no": "none"}


def test_p_values_are_never_zero_and_add_up_without_ties() -> None:
    draws = np.random.default_rng(1).permutation(99).astype(float)
    for observed in (-0.5, 41.5, 200.0):
        greater, less = p_value(draws, observed), p_value(draws, observed, "less")
        assert 0 < greater <= 1
        assert greater + less == pytest.approx(1 + 1 / 100)
    assert p_value(draws, 200.0) == 1 / 100


def test_p_is_uniform_under_its_own_null() -> None:
    rng = np.random.default_rng(5)
    p = [p_value(rng.standard_normal(99), rng.standard_normal()) for _ in range(2000)]
    # a rate near .1 of 2,000 has a standard error of .0067
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 0.027


@pytest.mark.parametrize("collections", [1, 3])
def test_strengths_collections_and_no_self_shares_are_kept(collections: int) -> None:
    rng = np.random.default_rng(2)
    sharer, source = rng.integers(0, 20, 301), rng.integers(0, 20, 301)
    identity = np.arange(20) // 2
    keep = identity[sharer] != identity[source]
    events = ShareEvents(sharer[keep], source[keep], identity, rng.integers(0, collections, int(keep.sum())))

    def look(now: np.ndarray) -> np.ndarray:
        assert not (events.identity[events.sharer] == events.identity[now]).any()
        for stratum in range(collections):
            inside = events.stratum == stratum
            assert Counter(now[inside]) == Counter(events.source[inside])
        return np.array([float((now != events.source).sum())])

    moved = strengths_kept(events, look, permutations=30, rng=rng)
    assert moved.shape == (30, 1)
    assert moved.min() > 100


@pytest.mark.parametrize("case", ["one_mutual_pair", "two_accounts", "one_way"])
def test_draws_against_every_arrangement(reference, case: str) -> None:
    """Exact p and mean of the reciprocated weight, enumerated by hand in the reference file."""
    given = reference("small_cases.json")["dyads"][case]
    accounts = {
        name: (role, organisation, OBSERVED[observed])
        for name, (role, organisation, observed) in given["accounts"].items()
    }
    study = small_study(accounts, given["events"])
    counter = OwnPairShares(study, dyads(study))

    def reciprocated(source: np.ndarray) -> np.ndarray:
        return np.array([float(np.minimum(*counter.weights(source)).sum())])

    draws = strengths_kept(counter.events, reciprocated, permutations=4000, rng=np.random.default_rng(3))[:, 0]
    assert reciprocated(counter.events.source)[0] == given["sum_min"]
    exact = float(Fraction(given["n1_p"]["fraction"]))
    assert p_value(draws, given["sum_min"]) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 4000) + 1 / 4001)
    spread = max(float(draws.std()), 0.01)
    assert draws.mean() == pytest.approx(float(Fraction(given["n1_mean"]["fraction"])), abs=4 * spread / np.sqrt(4000))


@pytest.mark.parametrize(
    ("collections", "key"),
    [("kept apart", "null_N1_strengths_within_collection"), ("pooled", "null_N1_strengths")],
)
def test_published_nulls(real, reference, collections: str, key: str) -> None:
    """Mean and spread of 2,500 brute-force shuffles, to 4 Monte Carlo errors."""
    study, wanted = real("conference_hashtags"), reference("figures.json")["conference_hashtags"][key]
    counter = OwnPairShares(study, dyads(study))
    events = counter.events
    if collections == "pooled":
        events = ShareEvents(events.sharer, events.source, events.identity, np.zeros_like(events.stratum))

    def both(source: np.ndarray) -> np.ndarray:
        eo, oe = counter.weights(source)
        return np.array([float(eo.sum() + oe.sum()), float(np.minimum(eo, oe).sum())])

    draws = strengths_kept(events, both, permutations=600, rng=np.random.default_rng(8))
    assert both(events.source).tolist() == [214, wanted["observed_sum_min"]]
    error = np.sqrt(1 / 600 + 1 / wanted["draws"])
    assert draws[:, 1].mean() == pytest.approx(wanted["null_mean"], abs=4 * wanted["null_sd"] * error)
    assert draws[:, 1].std() == pytest.approx(wanted["null_sd"], rel=4 / np.sqrt(2 * 600))
    assert draws[:, 0].mean() == pytest.approx(wanted["null_mean_sum_w"], abs=4 * draws[:, 0].std() * error)
    assert abs(lag1_autocorrelation(draws[:, 1])) < 0.1 + 4 / np.sqrt(600)


def test_own_pairs_counted_as_the_reduction_counts_them(example: an.Study, real) -> None:
    for study in (example, real("us_congress_2020")):
        counted = dyads(study)
        counter = OwnPairShares(study, counted)
        eo, oe = counter.weights(counter.events.source)
        both = counted.pairs[counted.pairs["w_eo"].notna() & counted.pairs["w_oe"].notna()]
        assert sorted(zip(eo, oe, strict=True)) == sorted(zip(both["w_eo"], both["w_oe"], strict=True))


def test_no_freedom_is_no_p() -> None:
    found = against_chance(3.0, np.full(50, 3.0), null="n", seed=1, coverage=1.0)
    assert found.p_sim is None
    assert found.p_norm is None
    assert found.z is None


def test_far_out_p_is_small_but_never_zero() -> None:
    draws = np.random.default_rng(1).standard_normal(100)
    found = against_chance(1e4, draws, null="n", seed=1, coverage=1.0)
    assert found.p_norm is not None
    assert found.p_norm > 0


def test_the_same_seed_gives_the_same_draws(example: an.Study) -> None:
    counted = dyads(example)
    first, again, other = (
        mixing(example, counted, permutations=20, rng=np.random.default_rng(seed), seed=seed) for seed in (4, 4, 5)
    )
    assert first == again
    assert first != other
