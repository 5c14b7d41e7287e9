"""Intervals: figures of the reference, the formula written out, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from ambassador_net.amplification.intervals import (
    cluster_bootstrap,
    jackknife,
    jackknife_se,
    reciprocity_bootstrap,
    reciprocity_interval,
)
from ambassador_net.reduction import dyads


def test_interval_of_reciprocity_on_a_conference(real, reference) -> None:
    figures = reference("figures.json")["conference_hashtags"]
    study = real("conference_hashtags")
    found = reciprocity_interval(dyads(study).pairs)
    expected = figures["jackknife"]["r_w"]
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected["low"], expected["high"]), abs=1e-6)
    assert found.se == pytest.approx(expected["se_on_link"], abs=1e-6)
    assert (found.groups, found.unit) == (expected["organisations"], "organisation")


@pytest.mark.parametrize(
    ("basis", "part"), [(("party", "caucuses"), "party"), (("committee",), "committee"), ((), "all")]
)
def test_interval_of_reciprocity_of_a_congress(real, reference, basis: tuple[str, ...], part: str) -> None:
    expected = reference("figures.json")["us_congress_2020"][part]
    found = reciprocity_interval(dyads(real("us_congress_2020"), basis=basis).pairs)
    if expected["organisations_with_cross_share"] < 5:
        assert found is None
        return
    assert found is not None
    assert found.to_dict()["interval"] == pytest.approx(expected["r_w_interval"], abs=1e-6)
    assert found.groups == expected["organisations_with_cross_share"]


def pairs(*houses: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    rows = [(f"h{h}", f"h{h}p{i}", *w) for h, people in enumerate(houses) for i, w in enumerate(people)]
    table = pd.DataFrame(rows, columns=["organisation", "holder_id", "w_eo", "w_oe"])
    return table.astype({"w_eo": "Int64", "w_oe": "Int64"})


def test_the_formula_written_out() -> None:
    houses = [((3, 1), (0, 2)), ((1, 1),), ((5, 4),), ((2, 0), (1, 3)), ((0, 1), (2, 2)), ((4, 1),)]
    found = reciprocity_interval(pairs(*houses))

    def log_odds(some: list[tuple[tuple[int, int], ...]]) -> float:
        r = 2 * sum(min(w) for h in some for w in h) / sum(sum(w) for h in some for w in h)
        return float(np.log(r / (1 - r)))

    left_out = [log_odds(houses[:i] + houses[i + 1 :]) for i in range(6)]
    se = np.sqrt(5 / 6 * sum((value - np.mean(left_out)) ** 2 for value in left_out))
    ends = log_odds(houses) + np.array([-1, 1]) * t.ppf(0.975, 5) * se
    assert found is not None
    assert (found.low, found.high) == pytest.approx(1 / (1 + np.exp(-ends)))
    assert found.groups == 6


def test_a_pair_without_a_share_or_unobserved_is_no_group() -> None:
    five = [((2, 1),), ((3, 1),), ((1, 1), (2, 0)), ((1, 2),), ((4, 2),)]
    more = pairs(*five, ((0, 0),), ((3, 3),))
    more.loc[more["organisation"] == "h6", "w_oe"] = pd.NA
    assert reciprocity_interval(more) == reciprocity_interval(pairs(*five))


def test_few_organisations_have_no_interval_and_one_is_about_its_people() -> None:
    people = ((2, 1), (3, 1), (1, 1), (1, 2), (4, 2))
    assert reciprocity_interval(pairs(people, people)) is None
    assert reciprocity_bootstrap(pairs(people, people), rng=np.random.default_rng(1)) is None
    one = reciprocity_interval(pairs(people))
    assert one is not None
    assert (one.unit, one.groups) == ("person", 5)
    assert reciprocity_interval(pairs(people[:4])) is None
    assert reciprocity_interval(pairs()) is None


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(2).gamma(2, size=30)
    left_out = (values.sum() - values) / 29
    assert jackknife_se(left_out) == pytest.approx(values.std(ddof=1) / np.sqrt(30))
    found = jackknife(left_out, values.mean())
    assert found is not None
    assert (found.low + found.high) / 2 == pytest.approx(values.mean())
    assert found.high - values.mean() == pytest.approx(t.ppf(0.975, 29) * found.se)


def test_transforms_keep_the_interval_where_the_quantity_lives() -> None:
    ratio = jackknife([0.5, 2.0, 1.0, 4.0, 0.3], 1.0, transform="log")
    share = jackknife([0.9, 0.97, 0.95, 0.99, 0.8], 0.95, transform="logit")
    plain = jackknife([0.9, 0.97, 0.95, 0.99, 0.8], 0.95)
    assert ratio is not None
    assert share is not None
    assert plain is not None
    assert ratio.low * ratio.high == pytest.approx(1.0)
    assert 0 < ratio.low < 1 < ratio.high
    assert 0 < share.low < 0.95 < share.high < 1 < plain.high
    # a share of 0 or 1 has no log odds
    assert jackknife([0.0, 0.1, 0.1, 0.2, 0.1], 0.1, transform="logit") is None
    assert jackknife([0.1] * 5, 0.0, transform="log") is None


def test_the_bootstrap_draws_groups() -> None:
    values = np.random.default_rng(3).normal(size=50)

    def mean(times: np.ndarray) -> np.ndarray:
        assert (times.sum(axis=1) == 50).all()
        return times @ values / 50

    found = cluster_bootstrap(mean, 50, rng=np.random.default_rng(4), draws=4000)
    assert found is not None
    half = 1.96 * values.std() / np.sqrt(50)
    assert found == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    assert cluster_bootstrap(mean, 50, rng=np.random.default_rng(4), draws=4000) == found
    # draws in which the estimate does not exist are left out
    assert cluster_bootstrap(lambda times: np.full(len(times), np.nan), 6, rng=np.random.default_rng(1)) is None


def test_the_bootstrap_is_the_narrower_one(real) -> None:
    table = dyads(real("us_congress_2020"), basis=("committee",)).pairs
    wide, narrow = reciprocity_interval(table), reciprocity_bootstrap(table, rng=np.random.default_rng(5))
    assert wide is not None
    assert narrow is not None
    assert narrow[1] - narrow[0] < wide.high - wide.low
