"""Do channels support each other: twins counted by hand, missing data, and worlds with a known truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import ambassador_net as an
from ambassador_net.claims import assess, channels
from ambassador_net.power.sayings import channels as worlds
from ambassador_net.words import LANGUAGES

NAME = channels.NAME
START = pd.Timestamp("2025-03-03T08:00:00Z")


def contents(*rows: tuple[int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stratum", "posted_h", "repeated_h"])


def shares(by_content: Mapping[int, list[float]]) -> pd.DataFrame:
    rows = [(content, after) for content, hours in by_content.items() for after in hours]
    return pd.DataFrame(rows, columns=["content", "after_h"])


# ------------------------------------------------------------------------------------------------- twins


def test_a_twin_had_been_shared_as_often_and_counts_from_the_same_age() -> None:
    given = contents((0, 0, 2), (0, 10, np.inf), (0, 11, np.inf))
    found = channels.match(given, shares({0: [1, 5, 30, 200], 1: [0.5, 3], 2: [4, 5]}))
    # content 2 had no share after two hours, content 1 had one; the share at 200 h comes after the week
    assert (found.content.tolist(), found.twin.tolist()) == ([0], [1])
    assert (found.after.tolist(), found.twin_after.tolist()) == ([2], [1])
    assert (found.apart.tolist(), found.twin_apart.tolist()) == ([2], [1])


def test_a_twin_repeated_later_stays_one_and_is_counted_apart_until_then() -> None:
    found = channels.match(contents((0, 0, 2), (0, 10, 40)), shares({0: [3, 50], 1: [30, 60, 70]}))
    assert (found.after.tolist(), found.twin_after.tolist()) == ([2], [3])
    assert (found.apart.tolist(), found.twin_apart.tolist()) == ([1], [1])


@pytest.mark.parametrize(
    "other",
    [(1, 10, np.inf), (0, 29 * 24, np.inf), (0, 10, 2)],
    ids=["another holder", "too far apart", "repeated as early"],
)
def test_what_is_no_twin(other: tuple[int, float, float]) -> None:
    assert not len(channels.match(contents((0, 0, 2), other), shares({0: [3]})).content)


def test_a_repetition_after_a_day_is_none_that_is_compared() -> None:
    assert not len(channels.match(contents((0, 0, 25), (0, 1, np.inf)), shares({0: [30]})).content)


def test_no_content_is_a_twin_twice() -> None:
    found = channels.match(contents((0, 0, 2), (0, 5, 2), (0, 6, np.inf), (0, 100, np.inf)), shares({0: [9]}))
    assert len(set(found.twin.tolist())) == len(found.twin) == 2


def test_twins_do_not_depend_on_numbers_order_or_the_start_of_time() -> None:
    rng = np.random.default_rng(5)
    given, made, house = worlds.make(worlds.World(5, 30), rng)
    found = channels.match(given, made)
    order = rng.permutation(len(given))
    place = np.argsort(order)
    again = channels.match(
        given.iloc[order].assign(stratum=lambda t: 1000 - t["stratum"], posted_h=lambda t: t["posted_h"] + 777),
        made.assign(content=place[made["content"].to_numpy()]).sample(frac=1, random_state=1),
    )
    assert dict(zip(order[again.content], order[again.twin], strict=True)) == dict(
        zip(found.content, found.twin, strict=True)
    )
    assert (again.after.sum(), again.twin_after.sum()) == (found.after.sum(), found.twin_after.sum())
    assert len(house) == len(given)


def test_ratio_by_hand_and_turned_round() -> None:
    after, twin, house = np.array([4.0, 6, 8, 5, 7, 10]), np.array([2.0, 4, 4, 2, 4, 4]), np.arange(6)
    found = channels.ratio(after, twin, house)
    assert found.value == 2.0
    assert found.houses == 6
    turned = channels.ratio(twin, after, house)
    assert turned.value == 0.5
    assert found.interval is not None
    assert turned.interval == pytest.approx((1 / found.interval[1], 1 / found.interval[0]))


def test_exchanging_four_pairs_in_all_ways() -> None:
    # of 16 ways to exchange four pairs with differences 1, 2, 3 and 4, one gives as much
    after, twin = np.array([2.0, 3, 4, 5, 9]), np.array([1.0, 1, 1, 1, 9])
    p = channels.exchanged_twins(after, twin, rng=np.random.default_rng(1))
    assert p == pytest.approx(1 / 16, abs=0.015)


# ------------------------------------------------------------------------------------------------ studies


def study(
    houses: int = 6,
    *,
    other: str = "linkedin",
    observed: str = "full",
    content: bool = True,
    delay_h: float = 1.0,
    times: tuple[int, int] = (4, 1),
    exact: bool = True,
) -> an.Study:
    """Official accounts that repeat every other content; it is shared ``times[0]`` times, the others ``times[1]``."""
    accounts: list[dict[str, Any]] = [{"account_id": "reader", "role": "outside", "platform": "x", "observed": "none"}]
    posts: list[dict[str, Any]] = []
    made: list[dict[str, Any]] = []
    for house in range(houses):
        for platform, seen in (("mastodon", "full"), (other, observed)):
            account = f"{platform}-{house}-{seen}"
            row = {"account_id": account, "role": "organisation", "organisation": f"H{house}", "platform": platform}
            accounts.append({**row, "observed": seen})
        for number in range(12):
            at = START + pd.Timedelta(hours=10 * number)
            said = f"c{house}-{number}" if content else None
            post = {"kind": "original", "content_id": said, "posted_at": at}
            posts.append({**post, "post_id": f"p{house}-{number}", "author_id": f"mastodon-{house}-full"})
            repeated = number % 2 == 0
            if repeated:
                again = {**post, "posted_at": at + pd.Timedelta(hours=delay_h), "post_id": f"q{house}-{number}"}
                posts.append({**again, "author_id": f"{other}-{house}-{observed}"})
            for n in range(times[0] if repeated else times[1]):
                when = at + pd.Timedelta(hours=2 + n)
                row = {"sharer_id": "reader", "source_id": f"mastodon-{house}-full", "kind": "repost"}
                until = when if exact else when + pd.Timedelta(days=3)
                row |= {"shared_at_earliest": when, "shared_at_latest": until, "share_id": f"s{len(made)}"}
                made.append({**row, "original_post_id": f"p{house}-{number}"})
    # the week after the last post is over
    late = START + pd.Timedelta(days=30)
    row = {"share_id": "last", "shared_at_earliest": late, "shared_at_latest": late, "sharer_id": "reader"}
    made.append({**row, "source_id": "mastodon-0-full", "kind": "repost", "original_post_id": "p0-1"})
    tables = {"accounts": accounts, "posts": posts, "shares": made}
    return an.from_tables({name: pd.DataFrame(rows) for name, rows in tables.items()}, title="Channels")


def test_what_is_repeated_is_shared_four_times_as_often() -> None:
    found = assess(NAME, study(), seed=1)
    assert found.verdict.answer == "supported"
    assert found.exploratory
    effect = found.effect
    assert effect is not None
    assert (effect.value, effect.organisations, effect.posts) == (4.0, 6, 72)
    assert found.estimates["contents_repeated"].value == 0.5
    assert found.estimates["hours_until"].value == 1.0
    assert found.estimates["began_in_first"].value == 1.0
    assert "mastodon" in found.why("en")
    assert found.estimates["organisations_in_two"].value == 1.0
    assert found.estimates["repeated_more_outside"].value == 4.0


def test_what_came_before_it_was_repeated_does_not_count() -> None:
    # repeated ten hours after posting, when all its shares had been made
    found = assess(NAME, study(delay_h=10), seed=1)
    assert found.verdict.reasons[0] == "too few shares of contents that can be compared"


def test_every_share_as_often_as_the_twin_is_not_supported() -> None:
    found = assess(NAME, study(times=(3, 3)), seed=1)
    assert found.verdict.answer == "not_supported"


@pytest.mark.parametrize(
    "made",
    [{"other": "mastodon"}, {"content": False}, {"observed": "none"}, {"observed": "partial"}],
    ids=["one channel", "contents not known", "second channel not observed", "second channel observed in part"],
)
def test_without_two_channels_there_is_no_number(made: dict[str, Any]) -> None:
    found = assess(NAME, study(**made), seed=1)
    assert found.verdict.answer == "cannot_tell"
    assert found.verdict.reasons == ("needs content in two channels",)
    assert found.effect is not None
    assert found.effect.value is None
    assert found.finding.p is None
    for language in LANGUAGES:
        assert not any(c.isdigit() for c in found.why(language) + found.effect.wording(language))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"times": (0, 0)}, "too few shares of contents that can be compared"),
        ({"times": (4, 0)}, "too few shares of contents that can be compared"),
        ({"exact": False}, "too few shares of contents that can be compared"),
        ({"delay_h": 0.0}, "too few shares of contents that can be compared"),
        ({"houses": 4}, "needs more organisations"),
    ],
    ids=["never shared", "twins never shared", "times not known", "both channels at once", "four organisations"],
)
def test_too_little_is_named(made: dict[str, Any], reason: str) -> None:
    found = assess(NAME, study(**made), seed=1)
    assert (found.verdict.answer, found.verdict.reasons[0]) == ("cannot_tell", reason)
    assert found.effect is not None
    assert found.effect.interval is None


def test_few_people_in_two_channels_are_not_counted_in_public() -> None:
    given = study()
    accounts = [
        {"account_id": f"{platform}-person-{n}", "holder_id": f"person-{n}", "role": "employee", "organisation": "H0",
         "platform": platform, "observed": "full"}
        for n in range(8)
        for platform in ("mastodon", "linkedin")[: 1 + (n < 3)]
    ]  # fmt: skip
    tables = {**given.tables, "accounts": pd.concat([given.accounts, pd.DataFrame(accounts)], ignore_index=True)}
    del tables["affiliations"], tables["holders"]
    private = assess(NAME, an.from_tables(tables, title="private"), seed=1).estimates["people_in_two"]
    assert (private.value, private.why) == (None, "fewer_than_k")
    public = an.from_tables(tables, title="public", persons="public")
    assert assess(NAME, public, seed=1).estimates["people_in_two"].value == 3 / 8


@pytest.mark.parametrize("name", ["conference_hashtags", "dutch_parliament"])
def test_one_platform_gives_no_number(real, name: str) -> None:
    found = assess(NAME, real(name), seed=1)
    assert found.verdict.reasons == ("needs content in two channels",)
    for estimate in found.estimates.values():
        assert not any(c.isdigit() for c in estimate.wording("en"))


def test_the_example_repeats_as_its_posts_say(example: an.Study) -> None:
    found = assess(NAME, example, seed=1)
    assert found.verdict.answer == "not_supported"
    assert found.effect is not None
    assert found.effect.interval is not None
    # the made-up year does not let repeating bring shares
    assert found.effect.interval[0] < 1 < found.effect.interval[1]
    platform = example.accounts.set_index("account_id")["platform"]
    house = example.accounts[example.accounts["role"] == "organisation"].set_index("account_id")["organisation"]
    said = example.posts[example.posts["author_id"].isin(house.index) & example.posts["content_id"].notna()]
    on = said["author_id"].map(platform).groupby([said["author_id"].map(house), said["content_id"]]).nunique()
    counted = an.claims.Evidence(example, seed=1).posts
    official = counted.posts[counted.posts["role"] == "organisation"]
    first = channels.first_appearances(official, counted.houses)
    assert (len(first), int(np.isfinite(first["repeated_h"]).sum())) == (len(on), int((on > 1).sum()))


# ----------------------------------------------------------------------------------------------- calibration


def test_worlds_with_a_known_truth() -> None:
    n = 25
    for number, row in enumerate(worlds.ROWS[:4]):
        asked = [row.ask(np.random.default_rng([number, world])) for world in range(n)]
        supported = sum(found.answer == "supported" for found in asked)
        # one test in ten thousand fails by chance
        assert sum(bool(found.covers) for found in asked) >= binom.ppf(1e-4, n, 0.9), row.name
        if row.truth == "false":
            assert supported <= binom.ppf(1 - 1e-4, n, 0.05), row.name
        else:
            assert sum(found.answer == "not_supported" for found in asked) <= binom.ppf(1 - 1e-4, n, 0.05), row.name
    assert supported >= n / 2, "twice as many"
