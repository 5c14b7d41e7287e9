"""A null keeps what it says it keeps, and its p-values are what they should be."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

import ambassador_net as an
from ambassador_net.amplification.mixing import Mixing, OwnPairShares, mixing
from ambassador_net.amplification.result import against_chance
from ambassador_net.errors import Undefined
from ambassador_net.nulls import (
    BlockFit,
    KindBlocks,
    NodeClasses,
    ShareEvents,
    blocks_kept,
    day_strata,
    enumerate_arrangements,
    fit_blocks,
    lag1_autocorrelation,
    minimum_moments,
    minimum_under_null,
    node_classes,
    p_value,
    strengths_kept,
)
from ambassador_net.nulls.compiled import compiled_exchange
from ambassador_net.nulls.exchanges import exchange
from ambassador_net.nulls.matchings import Chain
from ambassador_net.reduction import dyads
from small import small_study, tables, up_to

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


TWO_HOUSES = {
    "e1": ("employee", "A", "full"),
    "e2": ("employee", "A", "full"),
    "e3": ("employee", "B", "full"),
    "hidden": ("employee", "A", "none"),
    "a1": ("organisation", "A", "full"),
    "a2": ("organisation", "A", "full"),
    "b": ("organisation", "B", "full"),
    "x": ("outside", "", "full"),
    "y": ("outside", "", "full"),
}

CASES = ["one_mutual_pair", "perfect_exchange", "two_accounts", "one_way"]


def case_of(given: dict) -> OwnPairShares:
    accounts = {
        name: (role, organisation, OBSERVED[observed])
        for name, (role, organisation, observed) in given["accounts"].items()
    }
    study = small_study(accounts, given["events"])
    return OwnPairShares(study, dyads(study))


@pytest.mark.parametrize("null", ["n1", "n3"])
@pytest.mark.parametrize("case", CASES)
def test_every_arrangement_of_the_small_cases(reference, case: str, null: str) -> None:
    """Arrangements, p and mean enumerated by hand in the reference file, exactly."""
    given = reference("small_cases.json")["dyads"][case]
    counter = case_of(given)
    blocks = counter.houses.blocks if null == "n3" else None
    found = [int(counter.sums(source)[1]) for source in enumerate_arrangements(counter.events, blocks)]
    extreme = sum(value >= given["sum_min"] for value in found)
    assert [len(found), extreme] == given[null]
    assert Fraction(extreme, len(found)) == Fraction(given[f"{null}_p"]["fraction"])
    assert Fraction(sum(found), len(found)) == Fraction(given[f"{null}_mean"]["fraction"])


@pytest.mark.parametrize("null", ["n1", "n3"])
@pytest.mark.parametrize("case", CASES)
def test_draws_against_every_arrangement(reference, case: str, null: str) -> None:
    given = reference("small_cases.json")["dyads"][case]
    counter = case_of(given)
    rng, n = np.random.default_rng(3), up_to(4000)
    if null == "n1":
        draws = strengths_kept(counter.events, counter.sums, permutations=n, rng=rng)[:, 1]
    else:
        draws = blocks_kept(counter.events, counter.houses.blocks, counter.sums, permutations=n, rng=rng)[:, 1]
    exact = float(Fraction(given[f"{null}_p"]["fraction"]))
    assert p_value(draws, given["sum_min"]) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / n) + 1 / (n + 1))
    spread = max(float(draws.std()), 0.01)
    mean = float(Fraction(given[f"{null}_mean"]["fraction"]))
    assert draws.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(n))


def test_too_many_to_enumerate() -> None:
    ten = np.arange(10)
    events = ShareEvents(ten, ten + 10, np.arange(20), np.zeros(10, dtype=np.intp))
    with pytest.raises(Undefined, match="10 shares"):
        next(enumerate_arrangements(events))


def test_every_arrangement_in_reach_equally_often_under_n3() -> None:
    """Chi-squared of the draws over all arrangements within reach, a house of three among outsiders."""
    accounts = {name: account for name, account in TWO_HOUSES.items() if name in ("e1", "e2", "a1", "x", "y")}
    shares = [("e1", "a1"), ("e1", "x"), ("e2", "y"), ("a1", "e1"), ("x", "e2"), ("y", "a1")]
    study = small_study(accounts, [(float(hour), *share) for hour, share in enumerate(shares)])
    houses = OwnPairShares(study, dyads(study)).houses
    events, blocks = houses.events, houses.blocks
    whole = {tuple(source.tolist()) for source in enumerate_arrangements(events, blocks)}
    # exchanges of two shares, tried out one by one, from the arrangement of the data
    reached, new = set(), {tuple(events.source.tolist())}
    while new:
        reached |= new
        swapped = set()
        for source in new:
            for a, b in combinations(range(len(source)), 2):
                now = np.array(source)
                now[[a, b]] = now[[b, a]]
                if sorted(blocks.of(now)[[a, b]]) == sorted(blocks.of(np.array(source))[[a, b]]):
                    swapped.add(tuple(now.tolist()))
        new = (swapped & whole) - reached
    n = up_to(1000)
    draws = blocks_kept(
        events, blocks, lambda source: source.astype(float), permutations=n, rng=np.random.default_rng(12)
    )
    drawn = Counter(tuple(int(value) for value in draw) for draw in draws)
    assert set(drawn) == reached
    wanted, freedom = n / len(reached), len(reached) - 1
    assert 8 < freedom < 100
    chi2 = sum((count - wanted) ** 2 / wanted for count in drawn.values())
    assert chi2 < freedom + 4 * np.sqrt(2 * freedom)


@pytest.mark.parametrize(
    ("null", "key"),
    [
        ("within", "null_N1_strengths_within_collection"),
        ("pooled", "null_N1_strengths"),
        ("days", "null_N2_strengths_day"),
        ("blocks", "null_N3_block_per_organisation"),
    ],
)
def test_published_nulls(real, reference, null: str, key: str) -> None:
    """Mean and spread of 2,500 brute-force shuffles, to 4 Monte Carlo errors."""
    study, wanted = real("conference_hashtags"), reference("figures.json")["conference_hashtags"][key]
    counter = OwnPairShares(study, dyads(study))
    events, rng = counter.events, np.random.default_rng(8)
    if null in ("pooled", "blocks"):
        events = replace(events, stratum=np.zeros_like(events.stratum))
    if null == "days":
        events = replace(events, stratum=day_strata(events.stratum, counter.houses.earliest))
    if null == "blocks":
        draws = blocks_kept(events, counter.houses.blocks, counter.sums, permutations=600, rng=rng)
    else:
        draws = strengths_kept(events, counter.sums, permutations=600, rng=rng)
    assert counter.sums(events.source).tolist() == [214, wanted["observed_sum_min"]]
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
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != other.to_dict()


# ---- N3 ------------------------------------------------------------------------------------------------------


def two_houses(seed: int = 0, shares: int = 400) -> an.Study:
    rng = np.random.default_rng(seed)
    names = list(TWO_HOUSES)
    weight = np.array([3, 2, 3, 1, 4, 2, 4, 6, 5], dtype=float)
    sharer, source = (rng.choice(names, shares, p=weight / weight.sum()) for _ in range(2))
    given = tables(
        TWO_HOUSES, [(float(hour), s, o) for hour, (s, o) in enumerate(zip(sharer, source, strict=True)) if s != o]
    )
    # e1 belongs to both houses, and to B in the second half only; e2 as well, always
    given["affiliations"] = an_affiliations(
        [("e1", "A", None), ("e1", "B", shares / 2), ("e2", "A", None), ("e2", "B", None), ("e3", "B", None),
         ("hidden", "A", None)]
    )  # fmt: skip
    return an.from_tables(given, title="Two houses")


def an_affiliations(rows: list[tuple[str, str, float | None]]) -> pd.DataFrame:
    start = pd.Timestamp("2025-03-03T00:00:00Z")
    return pd.DataFrame(
        [
            {
                "holder_id": holder,
                "organisation": organisation,
                "valid_from": None if hour is None else (start + pd.Timedelta(hours=hour)).isoformat(),
                "valid_to": None,
                "basis": "made up",
            }
            for holder, organisation, hour in rows
        ]
    )


def test_blocks_are_the_houses_at_the_time_of_the_share() -> None:
    """Every share coded as a plain reading of method 2b codes it."""
    study = two_houses()
    counter = OwnPairShares(study, dyads(study))
    names, organisations = list(study.accounts["account_id"]), list(counter.houses.organisations)
    spells = [("e1", "A", 0), ("e1", "B", 200), ("e2", "A", 0), ("e2", "B", 0), ("e3", "B", 0), ("hidden", "A", 0)]
    start = pd.Timestamp("2025-03-03T00:00:00Z").timestamp()
    official = {"a1": "A", "a2": "A", "b": "B"}
    events, seen = counter.events, set()
    for sharer, source, seconds, code in zip(
        events.sharer, events.source, counter.houses.earliest, counter.houses.blocks.of(events.source), strict=True
    ):
        hour = (seconds - start) / 3600
        s, o = names[sharer], names[source]
        of = {who: sorted(g for w, g, since in spells if w == who and hour >= since) for who in (s, o)}
        unobserved = 1 if "hidden" in (s, o) else 0
        if official.get(s, "-") == official.get(o):
            wanted = (official[s], 5)
        elif official.get(o) in of[s]:
            wanted = (official[o], 0 + unobserved)
        elif official.get(s) in of[o]:
            wanted = (official[s], 2 + unobserved)
        elif set(of[s]) & set(of[o]):
            wanted = (min(set(of[s]) & set(of[o])), 4)
        else:
            wanted = None
        assert code == (0 if wanted is None else 1 + 6 * organisations.index(wanted[0]) + wanted[1]), (s, o, hour)
        seen.add(wanted)
    assert len(seen) > 9


def test_blocks_strengths_and_observed_pairs_are_kept() -> None:
    study = two_houses()
    counter = OwnPairShares(study, dyads(study))
    events, blocks = counter.events, counter.houses.blocks
    before = Counter(blocks.of(events.source).tolist())

    def look(now: np.ndarray) -> np.ndarray:
        assert Counter(blocks.of(now).tolist()) == before
        assert Counter(now) == Counter(events.source)
        assert not (events.identity[events.sharer] == events.identity[now]).any()
        return np.append(counter.sums(now), (now != events.source).sum())

    draws = blocks_kept(events, blocks, look, permutations=50, rng=np.random.default_rng(1))
    assert set(draws[:, 0]) == {counter.sums(events.source)[0]}
    assert len(set(draws[:, 1])) > 3
    assert draws[:, 2].min() > 100


@pytest.mark.parametrize("null", ["n1", "days", "n3"])
def test_the_compiled_twin_gives_the_same_numbers(null: str) -> None:
    if find_spec("numba") is None:
        pytest.skip("numba is not installed")
    study = two_houses(shares=900)
    counter = OwnPairShares(study, dyads(study))
    events = counter.events
    if null == "days":
        events = replace(events, stratum=day_strata(events.stratum, counter.houses.earliest))
    chains = [Chain(events, counter.houses.blocks if null == "n3" else None, np.random.default_rng(2)) for _ in "ab"]
    for chain, move in zip(chains, (exchange, compiled_exchange), strict=True):
        chain._exchange = move
        for _ in range(30):
            chain.round() if null == "n3" else chain.match_all(5)
    assert (chains[0].source() == chains[1].source()).all()
    assert (chains[0].source() != events.source).sum() > 100


def test_slices_and_gathers_match_the_same_shares() -> None:
    """Few strata take slices, many take index arrays: one loop over all strata says what both should do."""
    rng = np.random.default_rng(4)
    for strata in (1, 3, 20):
        events = ShareEvents(
            np.arange(120), 120 + np.arange(120), np.arange(240), np.sort(rng.integers(0, strata, 120))
        )
        chain = Chain(events, None, rng)
        size = np.bincount(events.stratum)
        size = size[size > 0]
        shift = np.array([rng.integers(0, many) for many in size], dtype=np.int32)
        coin = rng.integers(0, 2, 120, dtype=np.uint8)
        wanted, start = events.source.copy(), 0
        for many, by in zip(size, shift, strict=True):
            for first in range(many):
                second = (by - first) % many
                if first < second and coin[start + first]:
                    a, b = start + first, start + second
                    wanted[a], wanted[b] = wanted[b], wanted[a]
            start += many
        exchange(chain.state, chain._whole, shift[None, :], coin[None, :])
        assert (chain.source() == wanted).all()


# ---- the closed form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "wanted"),
    [
        (0.5, 0.5, (0.1631649885, 0.1536623713, 0.2671201962, 0.2671201962)),
        (2.0, 1.5, (1.0066204374, 0.8307396908, 0.2902546198, 0.4935624169)),
        (10.0, 3.0, (2.9742898045, 2.8760138082, 0.0148527476, 0.9693729051)),
    ],
)
def test_smaller_of_two_poissons_to_ten_digits(x: float, y: float, wanted: tuple[float, ...]) -> None:
    """Method 1.2."""
    found = [float(values[0]) for values in minimum_moments(np.array([x]), np.array([y]))]
    assert found == pytest.approx(wanted, abs=6e-11)


@pytest.mark.parametrize(("x", "y"), [(61.0, 70.0), (200.0, 65.0), (900.0, 880.0), (3000.0, 20.0), (1e-8, 50.0)])
def test_smaller_of_two_poissons_by_summing_all_cells(x: float, y: float) -> None:
    k = np.arange(int(max(x, y) + 12 * np.sqrt(max(x, y)) + 40))
    joint = np.outer(poisson.pmf(k, x), poisson.pmf(k, y))
    low = np.minimum.outer(k, k)
    mean = float((joint * low).sum())
    wanted = mean, float((joint * (low - mean) ** 2).sum()), np.triu(joint, 1).sum(), np.tril(joint, -1).sum()
    found = [float(values[0]) for values in minimum_moments(np.array([x]), np.array([y]))]
    assert found == pytest.approx(wanted, rel=1e-8, abs=1e-10)


def test_series_and_skellam_agree(monkeypatch) -> None:
    x, y = np.array([0.3, 5.0, 30.0, 59.0]), np.array([0.2, 9.0, 41.0, 59.5])
    series = minimum_moments(x, y)
    monkeypatch.setattr("ambassador_net.nulls.closed_form.SERIES_UP_TO", 0.0)
    for one, other in zip(series, minimum_moments(x, y), strict=True):
        assert one == pytest.approx(other, abs=1e-10)


def uncompressed(nodes: NodeClasses) -> tuple[NodeClasses, np.ndarray]:
    each = np.repeat(np.arange(len(nodes.kind)), nodes.count.astype(int))
    return replace(
        nodes, out=nodes.out[each], into=nodes.into[each], kind=nodes.kind[each], count=np.ones(len(each))
    ), each


def all_cells(nodes: NodeClasses, fit: BlockFit, blocks: KindBlocks) -> np.ndarray:
    """Lambda of every two nodes, built without group sums."""
    row, column = np.meshgrid(nodes.kind, nodes.kind, indexing="ij")
    block = blocks.of(row.ravel(), column.ravel()).reshape(row.shape)
    open_to = nodes.open_out[row, 0] * nodes.open_in[column, 0]
    cells = np.outer(fit.sharing, fit.shared) * fit.block[block]
    cells *= np.where(block == len(blocks.name), open_to, 1.0)
    np.fill_diagonal(cells, 0.0)
    return cells


def test_classes_fit_as_every_node_by_itself(example: an.Study) -> None:
    for study in (example, two_houses()):
        houses = OwnPairShares(study, dyads(study)).houses
        blocks = houses.kind_blocks
        nodes = node_classes(houses.events, houses.kind, blocks)
        alone, each = uncompressed(nodes)
        fit, full = fit_blocks(nodes, blocks), fit_blocks(alone, blocks)
        assert fit.sweeps == full.sweeps
        spread = replace(fit, sharing=fit.sharing[each], shared=fit.shared[each])
        np.testing.assert_allclose(
            all_cells(alone, spread, blocks), all_cells(alone, full, blocks), rtol=1e-9, atol=1e-9
        )
        few, many = (minimum_under_null(of, blocks, houses.kind_pairs) for of in (nodes, alone))
        assert few.expected == pytest.approx(many.expected, rel=1e-9)
        assert few.sd == pytest.approx(many.sd, rel=1e-9)


def test_the_fit_keeps_strengths_and_blocks(example: an.Study) -> None:
    houses = OwnPairShares(example, dyads(example)).houses
    blocks = houses.kind_blocks
    nodes, _ = uncompressed(node_classes(houses.events, houses.kind, blocks))
    cells = all_cells(nodes, fit_blocks(nodes, blocks), blocks)
    np.testing.assert_allclose(cells.sum(axis=1), nodes.out[:, 0], atol=2e-4)
    np.testing.assert_allclose(cells.sum(axis=0), nodes.into[:, 0], atol=5e-3)
    block = blocks.of(*(ends.ravel() for ends in np.meshgrid(nodes.kind, nodes.kind, indexing="ij")))
    totals = np.bincount(block, cells.ravel(), minlength=len(blocks.name) + 1)[:-1]
    np.testing.assert_allclose(totals, nodes.totals[:, 0], atol=1e-3)


def test_more_outsiders_of_the_same_strength_are_no_more_work(example: an.Study) -> None:
    """An outsider split into ten with a tenth of the strength each: the same fit in as many classes."""
    houses = OwnPairShares(example, dyads(example)).houses
    nodes = node_classes(houses.events, houses.kind, houses.kind_blocks)
    outside = nodes.kind == 0
    split = replace(
        nodes,
        out=np.where(outside[:, None], nodes.out / 10, nodes.out),
        into=np.where(outside[:, None], nodes.into / 10, nodes.into),
        count=np.where(outside, 10 * nodes.count, nodes.count),
    )
    before, after = (minimum_under_null(of, houses.kind_blocks, houses.kind_pairs) for of in (nodes, split))
    assert len(split.kind) == len(nodes.kind)
    # an outsider may now share the nine others, so that the two differ by what it shared of itself: nothing much
    assert after.expected == pytest.approx(before.expected, rel=1e-3)
    assert after.sd == pytest.approx(before.sd, rel=1e-2)


def test_a_model_that_cannot_be_fitted_says_so() -> None:
    """One account shares all the others share: nobody is left for its own shares."""
    nodes = NodeClasses(
        out=np.array([[3.0]]), into=np.array([[3.0]]), kind=np.array([0]), count=np.array([1.0]),
        totals=np.zeros((0, 1)), open_out=np.ones((1, 1)), open_in=np.ones((1, 1)),
    )  # fmt: skip
    with pytest.raises(Undefined, match="Monte Carlo decides"):
        fit_blocks(nodes, KindBlocks.none(1))


@pytest.mark.parametrize("name", ["conference_hashtags", "us_congress_2020"])
def test_closed_form_agrees_with_published_shuffles(real, reference, name: str) -> None:
    study = real(name)
    houses = OwnPairShares(study, dyads(study)).houses
    pooled = replace(houses.events, stratum=np.zeros_like(houses.events.stratum))
    none = KindBlocks.none(houses.kind_blocks.kinds)
    n1 = minimum_under_null(node_classes(pooled, houses.kind, none), none, houses.kind_pairs)
    n3 = minimum_under_null(
        node_classes(pooled, houses.kind, houses.kind_blocks), houses.kind_blocks, houses.kind_pairs
    )
    if name == "conference_hashtags":
        figures = reference("figures.json")[name]
        for found, key in ((n1, "null_N1_strengths"), (n3, "null_N3_block_per_organisation")):
            assert found.agrees(figures[key]["null_mean"], figures[key]["null_sd"])
            assert found.expected_weight == pytest.approx(figures[key]["null_mean_sum_w"], rel=0.01)
    assert n3.expected_weight == pytest.approx(OwnPairShares(study, dyads(study)).sums(houses.events.source)[0])
    assert n3.sweeps < 100


# ---- both together -------------------------------------------------------------------------------------------


def test_mixing_says_what_everybody_says_and_what_is_right(real, reference) -> None:
    study = real("conference_hashtags")
    said: list[tuple[int, int]] = []
    found = mixing(
        study, dyads(study), permutations=600, rng=np.random.default_rng(1), seed=1,
        progress=lambda done, of: said.append((done, of)),
    )  # fmt: skip
    assert isinstance(found, Mixing)
    assert said[-1] == (1200, 1200)
    assert found.n1.statistic == 214
    assert found.n1.lift == pytest.approx(214 / 156.6, rel=0.02)
    assert found.n1_sum_min.p_sim < 0.02
    assert found.n3.p_sim > 0.3
    assert found.n3.statistic == found.n1_sum_min.statistic == 43
    assert found.rho_w == pytest.approx((43 - found.n3.expected) / (107 - found.n3.expected))
    assert found.agrees
    assert found.n3.p_norm == found.closed_form["N3"]["p_norm"]
    assert found.closed_form["N3"]["expected"] == pytest.approx(found.n3.expected, abs=0.1 * found.n3.sd)


def test_without_freedom_the_draws_decide(reference) -> None:
    given = reference("small_cases.json")["dyads"]["perfect_exchange"]
    accounts = {name: (role, of, OBSERVED[seen]) for name, (role, of, seen) in given["accounts"].items()}
    study = small_study(accounts, given["events"])
    found = mixing(study, dyads(study), permutations=50, rng=np.random.default_rng(1), seed=1)
    assert found is not None
    assert found.n3.p_sim is None
    assert found.n3.p_norm is None
    assert not found.agrees
    assert found.rho_w is None


def test_unobserved_pairs_have_no_mixing(reference) -> None:
    given = reference("small_cases.json")["dyads"]["unknown_side"]
    accounts = {name: (role, of, OBSERVED[seen]) for name, (role, of, seen) in given["accounts"].items()}
    study = small_study(accounts, given["events"])
    assert mixing(study, dyads(study), permutations=50, rng=np.random.default_rng(1), seed=1) is None


def test_shares_that_touch_no_pair_have_no_closed_form() -> None:
    accounts = {"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}
    study = small_study(accounts | {"x": ("outside", "", "full"), "y": ("outside", "", "full")}, [(1, "x", "y")])
    found = mixing(study, dyads(study), permutations=5, rng=np.random.default_rng(1), seed=1)
    assert found is not None
    assert found.closed_form == {"N1": None, "N3": None}
    assert found.rho_w is None
