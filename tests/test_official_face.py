"""A face: counts by hand, the pseudo-likelihood of statsmodels, and made-up months with a known truth."""

import numpy as np
import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net.amplification.intervals import Jackknife
from ambassador_net.claims import Answer, Evidence, assess
from ambassador_net.claims.official_face import (
    CONDUCT,
    MARGIN,
    SAYINGS,
    Face,
    ask,
    face,
    hours_to_answer,
    judged,
    months_of_accounts,
    with_conduct,
)
from ambassador_net.power.sayings.official_face import ROWS, World
from ambassador_net.reduction import posts_shared
from saying_rates import asked, check_coverage, check_false_rejection, check_false_support, named, rate

NAME = "an-account-can-have-a-face"
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["o", "e", "x", "silent"],
        "role": ["organisation", "employee", "outside", "organisation"],
        "organisation": ["A", "A", None, "B"],
        "observed": ["full", "full", "partial", "none"],
    }
)
POSTS = pd.DataFrame(
    [
        ("1", "o", "2025-01-10T10:00:00Z", "original", None),
        ("2", "o", "2025-01-12T10:00:00Z", "reply", "p"),
        ("3", "o", "2025-01-20T10:00:00Z", "original", None),
        ("4", "o", "2025-02-03T10:00:00Z", "original", None),
        ("5", "o", "2025-03-30T10:00:00Z", "original", None),
        ("6", "silent", "2025-01-10T10:00:00Z", "original", None),
        ("p", "x", "2025-01-12T07:00:00Z", "original", None),
        ("7", "o", "2025-01-13T10:00:00Z", "reply", "1"),
    ],
    columns=["post_id", "author_id", "posted_at", "kind", "reply_to"],
)
MENTIONS = pd.DataFrame(
    [("3", "e", "mention"), ("3", "x", "mention"), ("4", "silent", "mention"), ("2", "x", "reply")],
    columns=["post_id", "mentioned_id", "kind"],
).assign(author_id="o", posted_at="2025-01-20T10:00:00Z")


def share(number: str, at: str, sharer: str, source: str, original: str | None) -> dict[str, str | None]:
    return {
        "share_id": number,
        "shared_at": at,
        "sharer_id": sharer,
        "source_id": source,
        "kind": "repost",
        "original_post_id": original,
    }


SHARES = pd.DataFrame(
    [
        share("a", "2025-01-10T12:00:00Z", "x", "o", "1"),
        share("b", "2025-01-10T13:00:00Z", "e", "o", "1"),  # own house
        share("c", "2025-01-19T13:00:00Z", "x", "o", "1"),  # after the week
        share("d", "2025-02-04T13:00:00Z", "x", "o", "4"),
        share("e", "2025-02-05T13:00:00Z", "o", "e", None),  # of a person
        share("f", "2025-02-06T13:00:00Z", "o", "silent", None),  # of an organisation
        share("g", "2025-04-01T13:00:00Z", "x", "e", None),  # the window ends here: post 5 was not followed
    ]
)


def small(**tables: pd.DataFrame) -> an.Study:
    all_of_them = {"accounts": ACCOUNTS, "posts": POSTS, "mentions": MENTIONS, "shares": SHARES} | tables
    return an.from_tables(all_of_them, title="Small", persons="public")


def months(rng: np.random.Generator, organisations: int = 6, ratio: float = 1.3) -> pd.DataFrame:
    return World(ratio, organisations).make(rng)


def fitted(cells: pd.DataFrame) -> Face:
    return face(cells, rng=np.random.default_rng(1), flips=499)


# ---- counting ------------------------------------------------------------------------------------------------


def test_months_are_counted_by_hand() -> None:
    study = small()
    cells = months_of_accounts(study, posts_shared(study)).set_index("month")
    assert set(cells["account_id"]) == {"o"}, "what nobody collected is not 0"
    january, february, march = 2025 * 12, 2025 * 12 + 1, 2025 * 12 + 2
    counts = ["originals", "replies", "mentions_of_people", "shares_of_people", "acts", "posts", "shares"]
    assert cells.loc[january, counts].tolist() == [2, 2, 1, 0, 4, 2, 1]
    assert cells.loc[february, counts].tolist() == [1, 0, 0, 1, 3, 1, 1]
    assert cells.loc[march, counts].tolist() == [1, 0, 0, 0, 1, 0, 0]


def test_time_to_answer_leaves_out_answers_to_oneself() -> None:
    assert hours_to_answer(small()).tolist() == [3.0]


def test_conduct_is_in_units_of_a_usual_difference_of_an_account() -> None:
    cells = months(np.random.default_rng(3))
    of_account = cells.groupby("account_id")["conduct"]
    assert np.allclose(of_account.mean(), 0)
    assert cells["conduct"].pow(2).mean() == pytest.approx(1)
    alone = cells.assign(mentions_of_people=0, shares_of_people=0)
    part = alone["replies"] / alone["acts"]
    same = with_conduct(alone)["conduct"]
    assert np.corrcoef(same, part - part.groupby(alone["account_id"]).transform("mean"))[0, 1] == pytest.approx(1)
    assert with_conduct(alone.assign(replies=0)).empty


# ---- the ratio -----------------------------------------------------------------------------------------------


def test_ratio_is_that_of_a_poisson_model_with_both_effects() -> None:
    """statsmodels 0.15: GLM(shares, [conduct, log posts, accounts, months], Poisson, offset log posts)."""
    from statsmodels.api import GLM, families

    cells = months(np.random.default_rng(4))
    # so few that every account has its full weight
    cells = cells.assign(shares=np.minimum(cells["shares"], 10))
    shared = cells.groupby("account_id")["shares"].transform("sum") > 0
    log_posts = np.log(cells["posts"])
    accounts = pd.get_dummies(cells["account_id"].where(shared).astype("str"), prefix="account", dtype=float)
    month = pd.get_dummies(cells["month"].astype("str"), prefix="month", dtype=float, drop_first=True)
    x = pd.concat([cells["conduct"], log_posts, accounts, month], axis=1)[shared].loc[:, lambda t: t.any()]
    fit = GLM(cells["shares"][shared], x, family=families.Poisson(), offset=log_posts[shared]).fit(tol=1e-12)
    assert fitted(cells).ratio == pytest.approx(np.exp(fit.params["conduct"]), rel=1e-6)


def test_a_large_account_weighs_as_one_with_ten_shares_a_month() -> None:
    cells = months(np.random.default_rng(5))
    large = cells["account_id"] == cells["account_id"].iloc[0]
    ten = cells.assign(shares=np.where(large, cells["shares"] * 1000.0, cells["shares"]))
    thousand = cells.assign(shares=np.where(large, cells["shares"] * 1e5, cells["shares"]))
    assert fitted(ten).ratio == pytest.approx(fitted(thousand).ratio, rel=1e-6)


def test_names_order_and_numbers_of_posts_do_not_matter() -> None:
    rng = np.random.default_rng(6)
    cells = months(rng)
    expected = fitted(cells)
    renamed = cells.assign(
        account_id="z" + (99 - cells["account_id"]).astype(str), month=cells["month"] + 24, posts=cells["posts"] * 3
    )
    for other in (cells.sample(frac=1, random_state=1), renamed):
        found = fitted(other)
        assert found.ratio == pytest.approx(expected.ratio)
        assert found.interval is not None
        assert expected.interval is not None
        assert found.interval.low == pytest.approx(expected.interval.low)
    turned = fitted(cells.assign(conduct=-cells["conduct"]))
    assert turned.ratio == pytest.approx(1 / expected.ratio)


@pytest.mark.parametrize(
    ("low", "high", "p", "answer"),
    [
        (1.01, 1.5, 0.05, "supported"),
        (1.01, 1.5, 0.06, "cannot_tell"),
        (1.01, 1.05, 0.01, "supported"),
        (0.8, MARGIN - 0.01, 0.5, "not_supported"),
        (0.8, MARGIN, 0.5, "cannot_tell"),
    ],
)
def test_verdict(low: float, high: float, p: float, answer: str) -> None:
    assert judged(Face(1.0, Jackknife(low, high, 0.1, 8), p, 8, 100)) == answer
    assert judged(Face(1.0, None, p, 4, 100)) == "cannot_tell"


# ---- what is missing is named --------------------------------------------------------------------------------


def grown(organisations: int = 6, last_month: int = 4) -> dict[str, pd.DataFrame]:
    """Official accounts with six posts, a reply and a share of a person each month, each post shared once."""
    accounts, posts, shares, mentions = [], [], [], []
    for g in range(organisations):
        accounts += [(f"o{g}", "organisation", f"A{g}", "full"), (f"e{g}", "employee", f"A{g}", "full")]
        for month in range(1, last_month + 1):
            for day in range(1, 7):
                post, at = f"{g}-{month}-{day}", f"2025-{month:02}-{day:02}T10:00:00Z"
                kind = "reply" if day == 1 + (month + g) % 2 else "original"
                posts.append((post, f"o{g}", at, kind))
                shares += [share(f"{post}-{n}", at, "x", f"o{g}", post) for n in range(1 + (month + day + g) % 3)]
                if kind == "original" and day <= month:
                    mentions.append((post, f"o{g}", f"e{g}", at, "mention"))
    accounts.append(("x", "outside", None, "partial"))
    shares.append(share("last", "2025-12-31T10:00:00Z", "x", "e0", None))
    return {
        "accounts": pd.DataFrame(accounts, columns=["account_id", "role", "organisation", "observed"]),
        "posts": pd.DataFrame(posts, columns=["post_id", "author_id", "posted_at", "kind"]),
        "shares": pd.DataFrame(shares),
        "mentions": pd.DataFrame(mentions, columns=["post_id", "author_id", "mentioned_id", "posted_at", "kind"]),
    }


def answer_to(study: an.Study) -> Answer:
    """Ask without the door for private persons, which counts all pairs first."""
    return Answer(SAYINGS[0], ask(Evidence(study, seed=1)))


def answered(tables: dict[str, pd.DataFrame]) -> Answer:
    return answer_to(an.from_tables(tables, title="Grown", persons="public"))


def test_a_grown_study_is_answered() -> None:
    found = answered(grown())
    assert found.effect is not None
    assert found.effect.interval is not None
    assert found.effect.organisations == 6
    assert found.finding.p == found.effect.p


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t | {"mentions": t["mentions"].iloc[:0]}, "needs replies and mentions"),
        (
            lambda t: t | {"posts": t["posts"].iloc[:0], "mentions": t["mentions"].iloc[:0]},
            "needs replies and mentions",
        ),
        (lambda t: t | {"accounts": t["accounts"].assign(observed="none")}, "needs replies and mentions"),
        (lambda _: grown(organisations=1), "needs five organisations over three months"),
        (lambda _: grown(last_month=2), "needs five organisations over three months"),
        (lambda t: t | {"shares": t["shares"].assign(original_post_id=None)}, "needs shares by others"),
        (lambda t: t | {"shares": t["shares"].tail(1)}, "needs shares by others"),
    ],
)
def test_missing_data_are_named_and_give_no_number(change, reason: str) -> None:
    found = answered(change(grown()))
    assert found.verdict.answer == "cannot_tell"
    assert found.verdict.reasons == (reason,)
    assert [estimate.value for estimate in found.finding.estimates] == [None]
    for language in an.words.LANGUAGES:
        assert not any(character.isdigit() for character in found.why(language) + found.effect.wording(language))


def test_times_known_as_intervals_only_give_no_number() -> None:
    tables = grown()
    shares = tables["shares"]
    at = pd.to_datetime(shares["shared_at"])
    vague = shares.assign(
        shared_at=None,
        shared_at_earliest=(at - pd.Timedelta(days=20)).map(pd.Timestamp.isoformat),
        shared_at_latest=(at + pd.Timedelta(days=20)).map(pd.Timestamp.isoformat),
    )
    found = answered(tables | {"shares": vague})
    assert found.verdict.reasons == ("needs shares by others",)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("conference_hashtags", "needs five organisations over three months"),
        ("us_congress_2020", "needs five organisations over three months"),
        ("white_house_accounts", "needs five organisations over three months"),
        ("dutch_parliament", "needs replies and mentions"),
        ("washington_times", "needs replies and mentions"),
    ],
)
def test_real_data_are_too_short_or_one_sided(real, name: str, reason: str) -> None:
    found = answer_to(real(name))
    assert found.verdict.reasons == (reason,)


def test_example(example: an.Study) -> None:
    found = assess(NAME, example, seed=1)
    assert found.effect is not None
    assert found.effect.value == pytest.approx(0.942995, abs=1e-5)
    assert found.effect.interval == pytest.approx((0.881375, 1.008922), abs=1e-5)
    assert found.verdict.answer == "not_supported"
    # counted apart from the saying: 87 of the official accounts' 5,616 acts are replies
    assert found.estimates["replies"].value == pytest.approx(87 / 5616)
    assert all(name in found.estimates for name in CONDUCT)


# ---- made-up worlds ------------------------------------------------------------------------------------------


def test_few_worlds_keep_the_bounds() -> None:
    nothing = asked(named(ROWS, "no difference, frequent posts are shared less, 8"), 40)
    check_false_support(nothing)
    margin = asked(named(ROWS, "1.1 times, 8 organisations"), 40)
    check_false_rejection(margin)
    check_coverage(nothing + margin)
    assert rate(asked(named(ROWS, "1.3 times, 8 organisations"), 15), "supported") > 0.7
