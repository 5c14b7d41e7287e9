"""People are N times more interesting: the ratio in four ways, its interval, and what is said without data."""

from collections.abc import Callable, Iterable
from itertools import groupby, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import ambassador_net as an
from ambassador_net import claims
from ambassador_net.amplification.intervals import effective_degrees, jackknife
from ambassador_net.claims.answer import Estimate
from ambassador_net.claims.times_more import SAYINGS, TIMES, Members, judge, rate_ratio, same_content
from ambassador_net.power.sayings.times_more import ROWS
from ambassador_net.words import LANGUAGES
from small import tables

NAMES = tuple(saying.name for saying in SAYINGS)
HOUR, DAY = 3600, 24 * 3600


def some_posts(seed: int = 1, houses: int = 7, strata: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n = 40 * houses
    person = rng.random(n) < 0.7
    return {
        "shared": rng.poisson(np.where(person, 2.0, 3.0) * rng.gamma(1.0, 1.0, n)).astype(float),
        "person": person,
        "members": Members(np.arange(n), np.arange(n) % houses),
        "exposure": rng.lognormal(5, 1, n).round(),
        "stratum": rng.integers(strata, size=n),
    }


def ratio_of_means(y: np.ndarray, person: np.ndarray) -> float:
    return float(y[person].mean() / y[~person].mean())


# ---- the ratio -------------------------------------------------------------------------------------------


def test_one_stratum_is_the_ratio_of_means_with_the_one_jackknife() -> None:
    made = some_posts()
    y, person, house = made["shared"], made["person"], made["members"].organisation
    found = rate_ratio(y, person, made["members"], by_size=False)
    left = [ratio_of_means(y[house != g], person[house != g]) for g in range(7)]
    expected = jackknife(left, ratio_of_means(y, person), transform="log")
    assert found.value == pytest.approx(ratio_of_means(y, person), rel=1e-12)
    assert found.organisations == 7
    assert found.interval == pytest.approx((expected.low, expected.high), rel=1e-9)
    sizes = [np.bincount(house[side], minlength=7) for side in (person, ~person)]
    wider = jackknife(left, found.value, transform="log", degrees=effective_degrees(*sizes))
    assert rate_ratio(y, person, made["members"]).interval == pytest.approx((wider.low, wider.high), rel=1e-9)


def test_strata_and_offset_are_those_of_statsmodels() -> None:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    made = some_posts()
    design = np.column_stack([made["person"], np.eye(3)[made["stratum"]]]).astype(float)
    fit = GLM(made["shared"], design, family=Poisson(), exposure=made["exposure"]).fit(tol=1e-12)
    assert rate_ratio(**made).value == pytest.approx(np.exp(fit.params[0]), rel=1e-8)


@pytest.mark.filterwarnings("ignore:Dropped")
def test_matched_contents_are_the_conditional_poisson_of_statsmodels() -> None:
    from statsmodels.discrete.conditional_models import ConditionalPoisson

    made = some_posts(strata=60)
    fit = ConditionalPoisson(made["shared"], made["person"].astype(float)[:, None], groups=made["stratum"]).fit(disp=0)
    del made["exposure"]
    assert rate_ratio(**made).value == pytest.approx(np.exp(fit.params[0]), rel=1e-4)


def test_sides_units_and_names_change_what_they_must() -> None:
    made = some_posts()
    found = rate_ratio(**made)
    assert found.value is not None
    assert found.interval is not None
    swapped = rate_ratio(**made | {"person": ~made["person"]})
    assert swapped.value == pytest.approx(1 / found.value)
    assert swapped.interval == pytest.approx((1 / found.interval[1], 1 / found.interval[0]))
    # followers counted in thousands; people with ten times the followers
    assert rate_ratio(**made | {"exposure": made["exposure"] / 1000}).interval == pytest.approx(found.interval)
    tenfold = np.where(made["person"], 10, 1) * made["exposure"]
    assert rate_ratio(**made | {"exposure": tenfold}).value == pytest.approx(found.value / 10)
    # other names for the houses, another order of the posts
    order = np.random.default_rng(2).permutation(len(made["shared"]))
    renamed = np.array([3, 1, 6, 0, 2, 5, 4])[made["members"].organisation[order]]
    mixed = {key: made[key][order] for key in ("shared", "person", "exposure", "stratum")}
    again = rate_ratio(**mixed, members=Members(np.arange(len(order)), renamed))
    assert again.value == pytest.approx(found.value)
    assert again.interval == pytest.approx(found.interval)


def test_a_ratio_that_does_not_exist_is_none() -> None:
    person, members = np.array([True, True, False, False]), Members(np.arange(4), np.array([0, 1, 0, 1]))
    assert rate_ratio(np.array([1, 2, 0, 0]), person, members).value is None
    assert rate_ratio(np.zeros(4), person, members).value is None
    nothing = rate_ratio(np.array([0, 0, 1, 2]), person, members)
    assert (nothing.value, nothing.interval) == (0.0, None)
    # two organisations: a ratio, no interval
    assert rate_ratio(np.array([1, 2, 1, 2]), person, members).interval is None


def test_without_one_house_there_may_be_no_official_post_left() -> None:
    person = np.array([True] * 6 + [False] * 2)
    members = Members(np.arange(8), np.array([0, 1, 2, 3, 4, 5, 0, 0]))
    found = rate_ratio(np.ones(8), person, members)
    assert (found.value, found.interval) == (1.0, None)


# ---- matched contents ------------------------------------------------------------------------------------


def test_contents_are_matched_as_by_hand() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        content, person = rng.integers(-1, 4, 40), rng.random(40) < 0.6
        posted = rng.integers(0, 12 * DAY, 40)
        match = same_content(content, posted, person)
        pairs = [
            (i, j)
            for i, j in product(range(40), range(40))
            if content[i] == content[j] >= 0 and person[i] != person[j] and abs(posted[i] - posted[j]) <= DAY
        ]
        assert set(np.flatnonzero(match >= 0)) == {i for i, _ in pairs}
        assert all(match[i] == match[j] for i, j in pairs)
        assert len({content[match == m][0] for m in set(match) - {-1}}) <= len(set(match) - {-1})
        assert all(len(set(content[match == m])) == 1 for m in set(match) - {-1})
        assert sorted(set(match) - {-1}) == list(range(len(set(match) - {-1})))


def test_a_content_that_comes_again_is_a_new_match() -> None:
    posted = np.array([0, HOUR, 40 * DAY, 40 * DAY + HOUR])
    person = np.array([True, False, False, True])
    assert same_content(np.zeros(4, int), posted, person).tolist() == [0, 0, 1, 1]
    assert same_content(np.zeros(4, int), np.array([0, DAY, 3 * DAY, 9 * DAY]), person).tolist() == [0, 0, -1, -1]
    assert same_content(np.full(4, -1), posted, person).tolist() == [-1] * 4
    assert same_content(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool)).tolist() == []


# ---- the verdict -----------------------------------------------------------------------------------------


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    interval = None if low is None or high is None else (low, high)
    return Estimate("ratio", value, "times", interval)


ABOVE, BELOW, OPEN, NONE = estimate(9, 8, 10), estimate(1, 0.5, 2), estimate(8, 4, 16), estimate(None)


@pytest.mark.parametrize(
    ("raw", "per_follower", "matched", "answer", "reasons"),
    [
        (BELOW, ABOVE, ABOVE, "supported", ("at least that many times",)),
        (BELOW, NONE, NONE, "not_supported", ("fewer than that",)),
        (BELOW, BELOW, BELOW, "not_supported", ("fewer than that",)),
        (BELOW, BELOW, estimate(3), "not_supported", ("fewer than that",)),
        (BELOW, BELOW, estimate(9), "cannot_tell", ("same_content is open",)),
        (BELOW, OPEN, BELOW, "cannot_tell", ("per_follower is open",)),
        (BELOW, ABOVE, BELOW, "cannot_tell", ("the ways of counting disagree",)),
        (ABOVE, ABOVE, NONE, "cannot_tell", ("raw alone shows nothing", "needs content posted by both sides")),
        (ABOVE, NONE, ABOVE, "cannot_tell", ("raw alone shows nothing", "needs followers at posting time")),
        (OPEN, NONE, ABOVE, "cannot_tell", ("raw is open", "needs followers at posting time")),
        (estimate(3), estimate(3), NONE, "cannot_tell", ("needs more organisations",)),
        (NONE, NONE, NONE, "cannot_tell", ("too few shares",)),
    ],
)
def test_the_verdict_needs_both_ways(raw, per_follower, matched, answer: str, reasons: tuple[str, ...]) -> None:
    found = judge(8, raw, per_follower, matched)
    assert (found.answer, found.reasons) == (answer, reasons)
    assert not any(digit.isdigit() for language in LANGUAGES for digit in found.why(language))


def test_raw_alone_supports_nothing() -> None:
    for low in (8, 80, 800):
        assert judge(8, estimate(2 * low, low, 4 * low), NONE, NONE).answer == "cannot_tell"


# ---- real data -------------------------------------------------------------------------------------------


def asked_together(study: an.Study, **more: Any) -> dict[str, claims.Answer]:
    """All four sayings; one evidence, as the board asks them."""
    evidence = claims.Evidence(study, seed=1, **more)
    return {saying.name: claims.Answer(saying, saying.ask(evidence)) for saying in SAYINGS}


def test_conference_hashtags(real) -> None:
    answers = asked_together(real("conference_hashtags"))
    raw = answers["eight-times-engagement"].effect
    assert (raw.name, raw.organisations, raw.posts) == ("raw", 21, 519)
    assert raw.value == pytest.approx(0.839224, abs=1e-6)
    assert raw.interval == pytest.approx((0.279937, 2.515918), abs=1e-4)
    assert [answers[name].verdict.answer for name in NAMES] == ["cannot_tell", *["not_supported"] * 3]
    estimates = answers["twice-engagement"].estimates
    assert estimates["per_follower"].why == "needs_followers_at_posting_time"
    assert estimates["same_content"].why == "needs_content_posted_by_both_sides"
    assert estimates["per_follower"].value is estimates["same_content"].value is None
    assert estimates["median_person"].value == estimates["median_organisation"].value == 2
    assert estimates["never_shared_person"].value == pytest.approx(0.261658, abs=1e-6)


def test_us_congress(real) -> None:
    study = real("us_congress_2020")
    answers = asked_together(study)
    assert {answer.verdict.answer for answer in answers.values()} == {"not_supported"}
    raw = answers[NAMES[0]].effect
    assert raw.value == pytest.approx(0.25381, abs=1e-5)
    assert raw.organisations == 74
    # the party, which the accounts name, comes before committees; se_on_link of the reference is .262862, and its
    # interval .149-.432 is 2.021 of them to each side, which is t with 40 degrees: with t(73) = 1.993 it is
    assert raw.interval == pytest.approx((0.1503, 0.4286), abs=1e-4)
    assert np.log(raw.interval[1] / raw.interval[0]) / 2 / 1.992997 == pytest.approx(0.262862, abs=1e-5)


def test_a_one_sided_study_names_what_it_lacks(real) -> None:
    for answer in asked_together(real("dutch_parliament")).values():
        assert answer.verdict.reasons == ("needs posts of both sides",)
        says_nothing(answer)


def test_the_example_can_be_counted_in_every_way(example: an.Study) -> None:
    answer = claims.assess("eight-times-engagement", example, seed=1)
    ways = ("raw", "per_follower", "same_content", "without_own_house", "per_follower_free_slope")
    for way in ways:
        low, high = answer.estimates[way].interval
        assert low < answer.estimates[way].value < high
        assert answer.estimates[way].persons >= 5
    assert answer.estimates["per_follower_nb2"].value == pytest.approx(2.83, abs=0.01)
    for language in LANGUAGES:
        assert len({answer.label(found, language) for found in answer.finding.estimates}) == 10
        assert len(answer.verdict.remarks(language)) == 2
    # one test for all four
    evidence = claims.Evidence(example, seed=1)
    first, second = (saying.ask(evidence).estimates for saying in SAYINGS[:2])
    assert all(a is b for a, b in zip(first, second, strict=True))


# ---- missing data ----------------------------------------------------------------------------------------


def says_nothing(answer: claims.Answer) -> None:
    assert answer.verdict.answer == "cannot_tell"
    assert answer.effect.value is None
    for language in LANGUAGES:
        assert not any(character.isdigit() for character in answer.why(language))
        assert not any(c.isdigit() for c in answer.effect.wording(language) + answer.effect.rests_on(language))


Mend = Callable[[dict[str, pd.DataFrame]], None]


def small(mend: Mend | None = None, houses: Iterable[str] = "ABCDEF", **more: Any) -> an.Study:
    """Six houses with one official account and two people each; everybody posts ten times a month and is shared."""
    accounts = {"x": ("outside", "", "full")}
    for house in houses:
        accounts[f"o{house}"] = ("organisation", house, "full")
        accounts |= {f"e{house}{n}": ("employee", house, "full") for n in (1, 2)}
    made = tables(accounts, [])
    start = pd.Timestamp("2025-03-03T00:00:00Z")
    authors = [name for name in accounts if name != "x"]
    made["posts"] = pd.DataFrame(
        [
            {
                "post_id": f"{author}-{n}",
                "author_id": author,
                "posted_at": (start + pd.Timedelta(days=3 * n)).isoformat(),
                "kind": "original",
                "followers_at_post": 900 if author[0] == "o" else 100,
                "content_id": f"{author[1]}-{n}",
            }
            for author in authors
            for n in range(10)
        ]
    )
    rows = made["posts"].to_dict("records")
    made["shares"] = pd.DataFrame(
        [
            {
                "share_id": f"s{n}-{k}",
                "shared_at": (pd.Timestamp(post["posted_at"]) + pd.Timedelta(hours=1)).isoformat(),
                "sharer_id": "x",
                "source_id": post["author_id"],
                "original_post_id": post["post_id"],
                "kind": "repost",
            }
            for n, post in enumerate(rows)
            for k in range(1 + (n + ord(post["author_id"][1])) % 3)
        ]
    )
    if mend:
        mend(made)
    made = {name: table.reset_index(drop=True) for name, table in made.items()}
    return an.from_tables(made, title="A small study", persons="public", **more)


def ask(study: an.Study) -> claims.Answer:
    return asked_together(study)["eight-times-engagement"]


def test_everything_there_is_counted() -> None:
    found = ask(small()).estimates
    assert all(found[name].value is not None for name in ("raw", "per_follower", "same_content", "without_own_house"))
    assert found["per_follower"].posts == found["same_content"].posts == 18 * 7
    # the last posts are less than a week old
    assert found["raw"].posts == 180
    assert found["per_follower"].value == pytest.approx(9 * found["same_content"].value, rel=0.2)


def test_unobserved_posts_are_unknown_not_unshared() -> None:
    def unobserved(made: dict[str, pd.DataFrame]) -> None:
        accounts = made["accounts"]
        accounts.loc[accounts["account_id"].str.endswith("2"), "observed"] = "none"
        posts = made["posts"]
        # of an account that nobody collected only what somebody shared is known
        made["shares"] = made["shares"][~made["shares"]["source_id"].str.endswith("2")]
        made["posts"] = posts[~posts["author_id"].str.endswith("2") | posts["post_id"].str.endswith("-1")]

    def absent(made: dict[str, pd.DataFrame]) -> None:
        unobserved(made)
        made["posts"] = made["posts"][~made["posts"]["author_id"].str.endswith("2")]

    assert ask(small(unobserved)).estimates["raw"].value == ask(small(absent)).estimates["raw"].value
    assert ask(small(unobserved)).estimates["raw"].persons == 6


def test_a_person_without_organisation_is_not_compared() -> None:
    def left(made: dict[str, pd.DataFrame]) -> None:
        people = made["accounts"].loc[made["accounts"]["role"] == "employee", "account_id"]
        spells = pd.DataFrame({"holder_id": people, "organisation": people.str[1], "basis": "unit"})
        made["affiliations"] = spells.assign(valid_to=np.where(people == "eA1", "2025-03-04", None))

    found = ask(small(left)).effect
    assert (found.posts, found.part) == (180 - 9, pytest.approx(171 / 180))


def drop(column: str, table: str = "posts") -> Mend:
    def mend(made: dict[str, pd.DataFrame]) -> None:
        made[table] = made[table].drop(columns=column)

    return mend


@pytest.mark.parametrize(("column", "way"), [("followers_at_post", "per_follower"), ("content_id", "same_content")])
def test_a_missing_column_leaves_one_way_without_number(column: str, way: str) -> None:
    found = ask(small(drop(column))).estimates
    assert found[way].value is None
    assert found[way].why.startswith("needs_")
    assert found["raw"].value is not None


def test_shares_that_do_not_name_the_post_are_not_none() -> None:
    answer = ask(small(drop("original_post_id", "shares")))
    assert answer.verdict.reasons == ("needs to know which posts were shared",)
    says_nothing(answer)


def test_shares_known_by_the_month_only_leave_no_window() -> None:
    def by_month(made: dict[str, pd.DataFrame]) -> None:
        shares = made["shares"].rename(columns={"shared_at": "shared_at_earliest"})
        made["shares"] = shares.assign(shared_at_latest="2025-04-20T00:00:00Z")

    found = ask(small(by_month)).estimates
    assert found["raw"].value is not None
    for way in ("per_follower", "same_content", "without_own_house"):
        assert (found[way].value, found[way].why) == (None, "needs_times_of_the_shares")


def test_a_collection_of_few_days_leaves_no_window() -> None:
    def few_days(made: dict[str, pd.DataFrame]) -> None:
        made["posts"] = made["posts"][made["posts"]["post_id"].str.endswith(("-0", "-1"))]
        made["shares"] = made["shares"][made["shares"]["original_post_id"].isin(made["posts"]["post_id"])]

    found = ask(small(few_days)).estimates
    assert found["per_follower"].why == "needs_a_week_of_shares_after_each_post"


def no_posts(made: dict[str, pd.DataFrame]) -> None:
    del made["posts"]


def no_shares(made: dict[str, pd.DataFrame]) -> None:
    made["shares"] = made["shares"].iloc[:0]


def no_official_posts(made: dict[str, pd.DataFrame]) -> None:
    made["posts"] = made["posts"][~made["posts"]["author_id"].str.startswith("o")]


@pytest.mark.parametrize(
    ("mend", "reason"),
    [
        (no_posts, "needs posts of both sides"),
        (no_official_posts, "needs posts of both sides"),
        (no_shares, "needs shares of these posts"),
    ],
)
def test_empty_tables_are_named(mend: Mend, reason: str) -> None:
    for answer in asked_together(small(mend)).values():
        assert answer.verdict.reasons == (reason,)
        says_nothing(answer)


def test_two_accounts_without_posts_or_shares() -> None:
    accounts = {"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}
    answer = ask(an.from_tables(tables(accounts, []), title="Nothing", persons="public"))
    assert answer.verdict.reasons == ("needs posts of both sides",)
    says_nothing(answer)


@pytest.mark.parametrize("houses", ["A", "ABC"])
def test_few_organisations_give_no_interval(houses: str) -> None:
    answer = ask(small(houses=houses))
    assert answer.verdict.reasons == ("needs more organisations",)
    assert all(found.interval is None for found in answer.finding.estimates)


def test_a_person_of_two_organisations_counts_where_the_organisation_posts() -> None:
    def second(made: dict[str, pd.DataFrame]) -> None:
        people = made["accounts"][made["accounts"]["role"] == "employee"]
        spells = [{"holder_id": name, "organisation": name[1], "basis": "unit"} for name in people["account_id"]]
        made["affiliations"] = pd.DataFrame([*spells, {"holder_id": "eA1", "organisation": "Z", "basis": "club"}])

    assert ask(small(second)).effect.interval == pytest.approx(ask(small()).effect.interval)
    assert ask(small(second)).effect.organisations == 6


# ---- calibration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 2, 3])
def test_false_support_and_coverage_in_few_worlds(kind: int) -> None:
    """At N in all ways, with heavy tails, and per follower 4 N; bounds that a right method fails once in 10,000."""
    worlds, rows = 40, [row for row in ROWS if row.saying == "eight-times-engagement"]
    asked = [rows[kind].ask(np.random.default_rng([kind, n])) for n in range(worlds)]
    assert sum(found.answer == "supported" for found in asked) <= binom.ppf(0.9999, worlds, 0.05)
    covered = [found.covers for found in asked if found.covers is not None]
    assert sum(covered) >= binom.ppf(0.0001, len(covered), 0.90)


def test_what_is_far_above_is_found() -> None:
    row = next(
        row for row in ROWS if row.saying == "twice-engagement" and row.name == "30 organisations, 4 N in all ways"
    )
    answers = [row.ask(np.random.default_rng([9, n])).answer for n in range(30)]
    # power is .7; fewer than a third once in 100,000
    assert answers.count("supported") >= 10
    assert "not_supported" not in answers


def test_every_saying_has_worlds_of_each_truth() -> None:
    for name in NAMES:
        assert {row.truth for row in ROWS if row.saying == name} == {"true", "false", "threshold"}
    assert [key for key, _ in groupby(row.saying for row in ROWS)] == list(NAMES)
    assert len(TIMES) == len(NAMES)
