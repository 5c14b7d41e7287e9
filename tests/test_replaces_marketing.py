"""Employee advocacy replaces marketing: what stays of the audience, and what is said without data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import ambassador_net as an
from ambassador_net import claims
from ambassador_net.amplification.intervals import effective_degrees, jackknife
from ambassador_net.claims.answer import Estimate
from ambassador_net.claims.replaces_marketing import SAYINGS, judge, part_of_sums
from ambassador_net.power.sayings.replaces_marketing import ROWS
from ambassador_net.words import LANGUAGES
from small import tables

# ---- a part and its interval -----------------------------------------------------------------------------


def test_a_part_is_that_of_the_sums_with_the_one_jackknife() -> None:
    inside, outside = np.array([8.0, 5, 9, 2, 7, 30]), np.array([1.0, 2, 1, 1, 3, 2])
    found = part_of_sums(inside, outside)
    assert found.value == pytest.approx(61 / 71)
    roots = np.sqrt((61 - inside) / (10 - outside))
    expected = jackknife(roots, np.sqrt(6.1), degrees=effective_degrees(inside, outside))
    assert found.interval == pytest.approx([end**2 / (1 + end**2) for end in (expected.low, expected.high)])


def test_sides_units_and_order_change_what_they_must() -> None:
    rng = np.random.default_rng(1)
    inside, outside = rng.lognormal(3, 1, 9), rng.lognormal(1, 1, 9)
    found, order = part_of_sums(inside, outside), rng.permutation(9)
    assert found.interval is not None
    assert part_of_sums(outside, inside).value == pytest.approx(1 - found.value)
    assert part_of_sums(1000 * inside, 1000 * outside).interval == pytest.approx(found.interval)
    assert part_of_sums(inside[order], outside[order]).interval == pytest.approx(found.interval)
    assert 0 <= found.interval[0] < found.value < found.interval[1] <= 1


def test_nothing_and_everything_have_no_interval() -> None:
    five, none = np.ones(5), np.zeros(5)
    assert part_of_sums(none, none).value is None
    assert (part_of_sums(five, none).value, part_of_sums(five, none).interval) == (1.0, None)
    assert (part_of_sums(none, five).value, part_of_sums(none, five).interval) == (0.0, None)
    assert part_of_sums(five[:4], five[:4]).interval is None
    # all that goes is one house's: without it nothing goes
    assert part_of_sums(five, np.array([1.0, 0, 0, 0, 0])).interval is None


# ---- the verdict -----------------------------------------------------------------------------------------


def part(low: float | None = None, high: float | None = None, value: float | None = 0.5) -> Estimate:
    return Estimate("part", value, "share", None if low is None or high is None else (low, high))


HIGH, LOW, OPEN, NONE = part(0.91, 0.99), part(0.1, 0.5), part(0.5, 0.95), part(value=None)


@pytest.mark.parametrize(
    ("seen", "engaged", "answer", "reasons"),
    [
        (HIGH, HIGH, "supported", ("the audience stays",)),
        (HIGH, NONE, "supported", ("the audience stays",)),
        (LOW, LOW, "not_supported", ("too much of the audience goes",)),
        (LOW, NONE, "not_supported", ("too much of the audience goes",)),
        (HIGH, LOW, "cannot_tell", ("only seen stays",)),
        (LOW, HIGH, "cannot_tell", ("only engaged stays",)),
        (OPEN, LOW, "cannot_tell", ("seen is open",)),
        (HIGH, OPEN, "cannot_tell", ("engaged is open",)),
        (OPEN, OPEN, "cannot_tell", ("seen is open", "engaged is open")),
        (part(), HIGH, "cannot_tell", ("needs more organisations or a longer time",)),
        (NONE, HIGH, "cannot_tell", ("nothing was seen",)),
    ],
)
def test_all_measures_have_to_agree(seen, engaged, answer: str, reasons: tuple[str, ...]) -> None:
    found = judge(seen, engaged)
    assert (found.answer, found.reasons) == (answer, reasons)
    assert not any(digit.isdigit() for language in LANGUAGES for digit in found.why(language))


# ---- counted by hand -------------------------------------------------------------------------------------

Mend = Callable[[dict[str, pd.DataFrame]], None]
START = pd.Timestamp("2025-03-03T00:00:00Z")
HOUSES = "ABCDEF"


def post(post_id: str, author: str, followers: float | None, day: float = 0, kind: str = "original") -> dict[str, Any]:
    at = (START + pd.Timedelta(days=day)).isoformat()
    return {"post_id": post_id, "author_id": author, "posted_at": at, "kind": kind, "followers_at_post": followers}


def share(share_id: str, sharer: str, source: str | None, original: str, day: float = 1) -> dict[str, Any]:
    at = (START + pd.Timedelta(days=day)).isoformat()
    return {
        "share_id": share_id,
        "shared_at": at,
        "sharer_id": sharer,
        "source_id": source,
        "original_post_id": original,
        "kind": "repost",
    }


def house(name: str, n: int, day: float = 0) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One house at one time: what reaches its audience, with n giving each house a size of its own."""
    official, person = f"{name}-official-{day:g}", f"{name}-person-{day:g}"
    posts = [post(official, f"o{name}", 100 * n, day), post(person, f"e{name}", 50 * n, day)]
    shares = [
        # by the organisation: goes with its accounts
        share(f"{official}-1", f"o{name}", f"e{name}", person, day + 1),
        # of its post, by its person: goes with its posts
        share(f"{official}-2", f"e{name}", f"o{name}", official, day + 1),
        # of an unknown author's: not the organisation's
        share(f"{official}-3", f"e{name}", None, "elsewhere", day + 1),
        # by accounts outside: two share the organisation, three the person, one of them both
        *(share(f"{official}-4{x}", f"x{name}{x}", f"o{name}", official, day + 1) for x in (1, 2)),
        *(share(f"{official}-5{x}", f"x{name}{x}", f"e{name}", person, day + 1) for x in (2, 3, 4)),
    ]
    return posts, shares


def small(mend: Mend | None = None, houses: str = HOUSES, days: tuple[float, ...] = (0,), **more: Any) -> an.Study:
    accounts = {}
    for name in houses:
        accounts |= {f"o{name}": ("organisation", name, "full"), f"e{name}": ("employee", name, "full")}
        accounts |= {f"x{name}{x}": ("outside", "", "full") for x in (1, 2, 3, 4)}
    made = tables(accounts, [])
    parts = [house(name, n, day) for n, name in enumerate(houses, 1) for day in days]
    made["posts"] = pd.DataFrame([row for posts, _ in parts for row in posts])
    made["shares"] = pd.DataFrame([row for _, shares in parts for row in shares])
    if mend:
        mend(made)
    made = {name: table.reset_index(drop=True) for name, table in made.items()}
    return an.from_tables(made, title="A small study", **{"persons": "public", **more})


def ask(study: an.Study) -> claims.Answer:
    (saying,) = SAYINGS
    return claims.Answer(saying, saying.ask(claims.Evidence(study, seed=1)))


def test_followers_and_accounts_are_counted_as_by_hand() -> None:
    answer = ask(small())
    found = answer.estimates
    # a house: official post 100 and share 100; the person's share of it 50; the person's post 50 and other share 50
    assert found["retained_seen"].value == pytest.approx(100 / 350)
    assert found["retained_seen_accounts_only"].value == pytest.approx(150 / 350)
    # of four outside accounts three share the person
    assert found["retained_engaged"].value == pytest.approx(3 / 4)
    assert found["retained_engaged_accounts_only"].value == pytest.approx(3 / 4)
    assert found["carried_seen"].value == pytest.approx(50 / 150)
    assert found["carried_events"].value == pytest.approx(1 / 3)
    assert (found["retained_seen"].organisations, found["retained_seen"].persons) == (6, 6)
    assert answer.verdict.reasons == ("too much of the audience goes",)
    assert answer.verdict.notes == ("people are a voice of their own", "shares by outside accounts are not in it")
    assert answer.finding.threshold == 0.9


def test_shares_by_outside_accounts_count_where_their_followers_are_known() -> None:
    def known(made: dict[str, pd.DataFrame]) -> None:
        outside = made["accounts"].loc[made["accounts"]["role"] == "outside", "account_id"]
        rows = [post(f"p-{name}", name, 10, 3) for name in outside]
        made["posts"] = pd.concat([made["posts"], pd.DataFrame(rows)])

    answer = ask(small(known, houses="A"))
    # two shares of 10 go with the organisation's post, three stay
    assert answer.estimates["retained_seen"].value == pytest.approx((100 + 30) / (350 + 50))
    assert "shares by outside accounts are not in it" not in answer.verdict.notes


def test_followers_of_a_share_are_those_of_the_nearest_post() -> None:
    def grown(made: dict[str, pd.DataFrame]) -> None:
        made["posts"] = pd.concat([made["posts"], pd.DataFrame([post("later", "eA", 500, 1.2, "reply")])])

    # both shares of the person come a day after the post of 50 and hours before the one of 500
    assert ask(small(grown, houses="A")).estimates["retained_seen"].value == pytest.approx(550 / (550 + 200 + 500))


def test_what_follows_a_quote_of_the_own_organisation_goes_with_its_post() -> None:
    def quoted(made: dict[str, pd.DataFrame]) -> None:
        shares = made["shares"]
        own = shares["share_id"] == "A-official-0-2"
        made["shares"] = pd.concat(
            [
                shares.assign(
                    kind=np.where(own, "quote", "repost"), post_id=pd.Series(np.where(own, "q", None), shares.index)
                ),
                pd.DataFrame([share("of-the-quote", "xA1", "eA", "q", 2)]),
            ]
        )

    found = ask(small(quoted, houses="A")).estimates
    # xA1 now shares the person too, but only what would not have been written
    assert found["retained_engaged_accounts_only"].value == pytest.approx(4 / 4)
    assert found["retained_engaged"].value == pytest.approx(3 / 4)


def test_names_and_order_change_nothing() -> None:
    def mixed(made: dict[str, pd.DataFrame]) -> None:
        for name in ("accounts", "posts", "shares"):
            made[name] = made[name].sample(frac=1, random_state=1)
        made["accounts"]["organisation"] = made["accounts"]["organisation"].map(
            dict(zip(HOUSES, "UVWZYX", strict=True))
        )

    assert ask(small(mixed)).effect.to_dict() == ask(small()).effect.to_dict()


# ---- one organisation ------------------------------------------------------------------------------------


def test_one_organisation_is_described_and_judged_only_over_time() -> None:
    short = ask(small(houses="A"))
    assert short.verdict.reasons == ("needs more organisations or a longer time",)
    assert short.effect.value == pytest.approx(100 / 350)
    assert (short.effect.interval, short.effect.why) == (None, "too_few_organisations")
    long = ask(small(houses="A", days=(0, 20, 30, 60, 61, 90, 120, 150, 170)))
    assert long.effect.value == pytest.approx(100 / 350)
    assert long.effect.interval is not None
    assert "about these organisations only" in long.verdict.notes
    assert "about these organisations only" not in ask(small()).verdict.notes


# ---- missing data ----------------------------------------------------------------------------------------


def says_nothing(answer: claims.Answer) -> None:
    assert answer.verdict.answer == "cannot_tell"
    for name in ("retained_seen", "retained_seen_accounts_only", "carried_seen"):
        assert answer.estimates[name].value is None
    for language in LANGUAGES:
        assert not any(character.isdigit() for character in answer.why(language))
        assert not any(c.isdigit() for c in answer.effect.wording(language) + answer.effect.rests_on(language))


def without_followers(made: dict[str, pd.DataFrame]) -> None:
    made["posts"] = made["posts"].drop(columns="followers_at_post")


def few_with_followers(made: dict[str, pd.DataFrame]) -> None:
    made["posts"].loc[made["posts"]["author_id"].isin(["oA", "oB"]), "followers_at_post"] = np.nan


def no_posts(made: dict[str, pd.DataFrame]) -> None:
    del made["posts"]


def nothing(made: dict[str, pd.DataFrame]) -> None:
    del made["posts"]
    made["shares"] = made["shares"].iloc[:0]


@pytest.mark.parametrize("mend", [without_followers, few_with_followers, no_posts, nothing])
def test_no_followers_no_number(mend: Mend) -> None:
    answer = ask(small(mend))
    assert answer.verdict.reasons == ("needs followers at posting time",)
    says_nothing(answer)


def test_two_accounts_without_posts_or_shares() -> None:
    accounts = {"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}
    answer = ask(an.from_tables(tables(accounts, []), title="Nothing", persons="public"))
    assert answer.verdict.reasons == ("needs followers at posting time",)
    says_nothing(answer)


def test_accounts_without_followers_reach_nobody() -> None:
    def nobody(made: dict[str, pd.DataFrame]) -> None:
        made["posts"] = made["posts"].assign(followers_at_post=0)

    answer = ask(small(nobody))
    assert answer.verdict.reasons == ("nothing was seen",)
    says_nothing(answer)


def test_without_followers_who_engaged_is_shown_but_judges_nothing() -> None:
    found = ask(small(without_followers)).estimates
    assert found["retained_engaged"].value == pytest.approx(3 / 4)
    assert found["carried_events"].value == pytest.approx(1 / 3)


def test_an_unobserved_side_is_unknown_not_silent() -> None:
    def organisations(made: dict[str, pd.DataFrame]) -> None:
        made["accounts"].loc[made["accounts"]["role"] == "organisation", "observed"] = "none"

    answer = ask(small(organisations))
    assert answer.verdict.reasons == ("needs posts of both sides",)
    says_nothing(answer)

    def one(made: dict[str, pd.DataFrame]) -> None:
        made["accounts"].loc[made["accounts"]["account_id"] == "oF", "observed"] = "none"

    assert ask(small(one)).effect.organisations == 5


def test_intervals_for_times_are_enough() -> None:
    def by_week(made: dict[str, pd.DataFrame]) -> None:
        shares = made["shares"].rename(columns={"shared_at": "shared_at_earliest"})
        made["shares"] = shares.assign(shared_at_latest="2025-03-10T00:00:00Z")

    assert ask(small(by_week)).effect.value == pytest.approx(100 / 350)


def test_a_private_study_shows_nothing_of_few_people() -> None:
    study = small(houses=HOUSES, persons="private")
    answer = claims.assess("replaces-marketing", study, seed=1, k=5)
    assert answer.effect.persons == 6
    short = claims._large_groups_only(answer.finding, 7)
    assert short.verdict.reasons == ("needs more people",)
    assert all(found.value is None for found in short.estimates)


# ---- real data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["conference_hashtags", "dutch_parliament"])
def test_no_real_study_has_followers(real, name: str) -> None:
    answer = ask(real(name))
    assert answer.verdict.reasons == ("needs followers at posting time",)
    says_nothing(answer)


def test_the_example_study(example: an.Study) -> None:
    answer = ask(example)
    assert answer.verdict.answer == "not_supported"
    assert "people are a voice of their own" in answer.verdict.notes
    for language in LANGUAGES:
        assert len({answer.label(found, language) for found in answer.finding.estimates}) == 6
        assert len(answer.verdict.remarks(language)) == 3
        assert all(text(language) for text in (answer.saying, answer.source, answer.estimand, answer.why))
    for name, value in {"retained_seen": 0.129, "retained_engaged": 0.403, "carried_seen": 0.134}.items():
        found = answer.estimates[name]
        assert found.value == pytest.approx(value, abs=5e-4)
        assert found.interval[0] <= found.value <= found.interval[1]
        assert found.organisations == 8


# ---- calibration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_answers_in_few_worlds(row) -> None:
    """Bounds that a right method fails once in 10,000 rows."""
    worlds = 100
    asked = [row.ask(np.random.default_rng([7, n])) for n in range(worlds)]
    covered = [found.covers for found in asked if found.covers is not None]
    assert sum(covered) >= binom.ppf(0.0001, len(covered), 0.90)
    if row.truth != "true":
        assert sum(found.answer == "supported" for found in asked) <= binom.ppf(0.9999, worlds, 0.05)
    else:
        assert "not_supported" not in {found.answer for found in asked}
