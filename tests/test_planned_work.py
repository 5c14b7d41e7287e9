"""Is it done on top of the work: clocks, holidays and rhythms by hand, missing data, worlds with a known truth."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import ambassador_net as an
from ambassador_net.claims import assess, planned_work
from ambassador_net.claims.planned_work import outside_working_time, working_minutes
from ambassador_net.power.sayings import planned_work as worlds
from ambassador_net.simulate import HOLIDAYS
from ambassador_net.words import LANGUAGES, territory

NAME = planned_work.NAME


def outside(*moments: str, zone: str = "Europe/Helsinki", **more: str) -> list[bool]:
    found = outside_working_time(pd.Series(pd.to_datetime(moments, utc=True)), zone, **more)
    assert found is not None
    return found.tolist()


# ------------------------------------------------------------------------------------------- working time


def test_office_hours_are_local_and_half_open() -> None:
    # Monday 3 March 2025, winter time: 8:00 is 6:00 UTC
    moments = ("2025-03-03T05:59:59Z", "2025-03-03T06:00:00Z", "2025-03-03T14:59:59Z", "2025-03-03T15:00:00Z")
    assert outside(*moments) == [True, False, False, True]
    # in August summer time, 8:00 is 5:00 UTC
    assert outside("2025-08-04T04:59:00Z", "2025-08-04T05:00:00Z") == [True, False]
    # a Saturday; Friday evening in Helsinki is noon in New York
    assert outside("2025-03-08T10:00:00Z") == [True]
    assert outside("2025-03-07T17:00:00Z") == [True]
    assert outside("2025-03-07T17:00:00Z", zone="America/New_York") == [False]


def test_public_holidays_are_those_of_the_country() -> None:
    # Finland's Independence Day 2024 was a Friday, Sweden's National Day 2025 too
    assert outside("2024-12-06T10:00:00Z") == [True]
    assert outside("2024-12-06T10:00:00Z", zone="Europe/Stockholm") == [False]
    assert outside("2025-06-06T10:00:00Z") == [False]
    assert outside("2025-06-06T10:00:00Z", zone="Europe/Stockholm") == [True]
    # 1 January begins at 22:00 UTC of the year before
    assert outside("2024-12-31T22:30:00Z", pattern="Mon-Sun 00:00-24:00") == [True]


def test_own_hours_and_night_shifts() -> None:
    assert outside("2025-03-03T05:30:00Z", pattern="Mon-Fri 07:00-15:00; Sat 10:00-14:00") == [False]
    assert outside("2025-03-08T09:00:00Z", pattern="mon\N{EN DASH}fri 7:00-15:00;Sat 10:00-14:00") == [False]
    # Sunday 22:00 to Monday 6:00, over the end of the week
    night, over_weekend = working_minutes("Sun 22:00-06:00"), working_minutes("Sat-Mon 10:00-11:00")
    assert night is not None
    assert night[: 6 * 60].all()
    assert night[-2 * 60 :].all()
    assert night.sum() == 8 * 60
    assert over_weekend is not None
    assert over_weekend.sum() == 3 * 60


@pytest.mark.parametrize(
    "text", ["", "Mon-Fri", "Mon-Fri 8-16", "Mon 25:00-26:00", "Mon 08:00-08:00", "Mon 08:61-09:00"]
)
def test_what_is_no_pattern(text: str) -> None:
    assert working_minutes(text) is None


def test_a_zone_without_country_says_nothing() -> None:
    at = pd.Series(pd.to_datetime(["2025-03-03T06:00:00Z"], utc=True))
    for zone in ("UTC", "Etc/GMT+3", "nowhere", "../etc/passwd", ""):
        assert territory(zone) is None
        assert outside_working_time(at, zone) is None


# ------------------------------------------------------------------------------------------- descriptions


def test_burstiness_by_hand() -> None:
    assert planned_work.burstiness(np.arange(30.0)) == -1
    assert planned_work.burstiness([0.0] * 20 + [1.0]) == pytest.approx(1)
    assert planned_work.burstiness(range(10)) is None
    assert planned_work.burstiness([5.0] * 20) is None
    rng = np.random.default_rng(3)
    random = [planned_work.burstiness(rng.uniform(0, 1, 15)) for _ in range(400)]
    # without the correction for short sequences the mean would be -.05
    assert np.mean(random) == pytest.approx(0, abs=0.025)


def test_unevenness_and_busiest_tenth_by_hand() -> None:
    assert planned_work.unevenness([1, 2, 3]) == pytest.approx(1 / 3)
    x = np.random.default_rng(2).pareto(1.5, 37)
    apart = np.abs(x[:, None] - x).sum() / (37 * 36)
    assert planned_work.unevenness(x) == pytest.approx(apart / (2 * x.mean()))
    assert planned_work.unevenness(7 * x[::-1]) == pytest.approx(planned_work.unevenness(x))
    assert planned_work.busiest_tenth([4, 3, 2, 1, 0]) == pytest.approx(0.5 * 4 / 10)
    for measure in (planned_work.unevenness, planned_work.busiest_tenth):
        assert measure([0, 0, 0]) is None
        assert measure([3]) is None


def test_groups_are_compared_inside_houses() -> None:
    value = np.array([1.0, 2, 3, 10, 20, 99])
    group = np.array([True, False, False, True, False, True])
    house = np.array([0, 0, 0, 1, 1, 2])
    found = planned_work.difference_inside(value, group, house, rng=np.random.default_rng(1), permutations=6000)
    assert found is not None
    difference, p, smaller = found
    # house 0: 1 - 2.5, weight 2/3; house 1: 10 - 20, weight 1/2; house 2 has no second group
    assert difference == pytest.approx((2 / 3 * -1.5 + 1 / 2 * -10) / (2 / 3 + 1 / 2))
    assert smaller == 2
    draws = [
        sum(v for v, chosen in zip(value[:5], [*a, *b], strict=True) if chosen)
        for a in permutations(group[:3])
        for b in permutations(group[3:5])
    ]
    assert p == pytest.approx(2 * np.mean(np.array(draws) <= 11), abs=0.03)
    turned = planned_work.difference_inside(value, ~group, house, rng=np.random.default_rng(1), permutations=6000)
    assert turned is not None
    assert turned[0] == pytest.approx(-difference)
    assert planned_work.difference_inside(value, group, np.arange(6), rng=np.random.default_rng(1)) is None


# ------------------------------------------------------------------------------------------------ studies


def study(
    *,
    houses: int = 6,
    zones: int = 5,
    evenings: int = 6,
    zone: str = "Europe/Helsinki",
    shift_h: int = 0,
    exact: bool = True,
    roster: bool = True,
) -> an.Study:
    """Five people a house with twelve actions on Tuesdays, some in the evening; `zones` of five have a time zone."""
    accounts: list[dict[str, Any]] = []
    holders: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    shares: list[dict[str, Any]] = []
    for house in range(houses):
        row = {"organisation": f"H{house}", "observed": "full"}
        accounts.append({**row, "account_id": f"o{house}", "role": "organisation"})
        for n in range(5):
            person = f"p{house}-{n}"
            accounts.append({**row, "account_id": person, "role": "employee"})
            terms = {"hours_reserved": float(n % 2), "in_job_description": "yes" if n < 2 else "no"} if roster else {}
            place = {"time_zone": zone} if n < zones else {}
            holders.append({"holder_id": person, "kind": "person", **place, **terms})
            for week in range(12):
                # 9:00 or 20:00 in Helsinki, summer time
                late = week < (evenings if house % 2 else evenings + 2 * (0 < evenings < 12))
                at = pd.Timestamp("2025-06-03T00:00:00Z") + pd.Timedelta(days=7 * week)
                at += pd.Timedelta(hours=(17 if late else 6) + shift_h)
                name = f"{house}-{n}-{week}"
                post = {"author_id": person, "posted_at": at}
                if week % 2:
                    posts.append({**post, "post_id": f"a{name}", "kind": "original"})
                    continue
                until = at if exact else at + pd.Timedelta(days=2)
                share = {"sharer_id": person, "source_id": f"o{house}", "kind": "repost", "post_id": f"b{name}"}
                times = {"shared_at_earliest": at, "shared_at_latest": until}
                shares.append({**share, **times, "share_id": f"s{name}"})
                if exact:
                    # the same action once more, as exports have it
                    posts.append({**post, "post_id": f"b{name}", "kind": "repost"})
    tables = {"accounts": accounts, "holders": holders, "posts": posts, "shares": shares}
    return an.from_tables({name: pd.DataFrame(rows) for name, rows in tables.items()}, title="Work")


def test_an_action_is_counted_once_and_judged_by_the_clock() -> None:
    given = study(evenings=3)
    done, untimed = planned_work.actions(given, given.affiliations)
    assert (len(done), untimed) == (6 * 5 * 12, 0)
    found = assess(NAME, given, seed=1)
    effect = found.effect
    assert effect is not None
    # three houses with 3, three with 5 evenings of 12
    assert effect.value == pytest.approx(4 / 12)
    assert (effect.organisations, effect.persons, effect.part) == (6, 30, 1.0)
    assert found.verdict.answer == "not_supported"
    assert found.verdict.notes == ("office hours assumed",)
    assert not found.exploratory
    numbers = {name: estimate.value for name, estimate in found.estimates.items()}
    assert numbers["weeks_active"] == pytest.approx(1, abs=0.1)
    assert numbers["unevenness"] == pytest.approx(0, abs=1e-9)
    assert numbers["busiest_tenth"] == pytest.approx(0.1)
    # six posts of 20 and six shares of 2 minutes, from the first to the last of twelve Tuesdays
    weeks = (11 * 7 * 24 + (6 - 17)) / (7 * 24)
    assert numbers["hours_implied"] == pytest.approx(6 * 22 / 60 / weeks, rel=1e-6)
    assert numbers["hours_reserved"] == pytest.approx(0.4)
    assert numbers["outside_by_reserved"] == pytest.approx(0)
    assert numbers["activity_by_described"] == pytest.approx(0)


def test_mostly_in_the_evening_is_on_top() -> None:
    assert assess(NAME, study(evenings=8), seed=1).verdict.answer == "supported"


def test_own_hours_turn_the_evening_into_work() -> None:
    given = study(evenings=8)
    holders = given.holders.assign(working_hours="Mon-Fri 12:00-21:00")
    found = assess(NAME, an.from_tables({**given.tables, "holders": holders}, title="late shift"), seed=1)
    assert found.verdict.answer == "not_supported"
    assert found.verdict.notes == ()
    unread = given.holders.assign(working_hours="late")
    found = assess(NAME, an.from_tables({**given.tables, "holders": unread}, title="cannot be read"), seed=1)
    assert found.verdict.reasons == ("needs time zones of the people",)


def test_moving_everybody_to_another_zone_changes_nothing() -> None:
    here = assess(NAME, study(evenings=5), seed=1)
    # an hour later in UTC is the same hour on the clocks of Stockholm; none of these Tuesdays is a holiday
    there = assess(NAME, study(evenings=5, zone="Europe/Stockholm", shift_h=1), seed=1)
    assert here.to_dict() == there.to_dict()


def test_order_changes_nothing() -> None:
    given = study(evenings=5)
    mixed = {name: table.sample(frac=1, random_state=2).reset_index(drop=True) for name, table in given.tables.items()}
    again = assess(NAME, an.from_tables(mixed, title="mixed"), seed=1)
    assert again.effect == assess(NAME, given, seed=1).effect


def test_an_account_that_was_not_observed_says_nothing() -> None:
    given = study(evenings=8)
    hidden = given.accounts["account_id"].str.endswith("-0")
    accounts = given.accounts.assign(observed=given.accounts["observed"].mask(hidden, "none"))
    found = assess(NAME, an.from_tables({**given.tables, "accounts": accounts}, title="hidden"), seed=1)
    assert found.effect is not None
    assert found.effect.persons == 24
    assert found.estimates["unevenness"].persons == 24
    assert found.estimates["busiest_tenth"].value == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"zones": 0}, "needs time zones of the people"),
        ({"zones": 3}, "needs time zones of the people"),
        ({"zone": "UTC"}, "needs time zones of the people"),
        ({"houses": 1}, "needs more organisations"),
        ({"houses": 4}, "needs more organisations"),
        ({"evenings": 0}, "all on one side"),
        ({"evenings": 12}, "all on one side"),
    ],
)
def test_what_is_missing_is_named(made: dict[str, Any], reason: str) -> None:
    found = assess(NAME, study(**made), seed=1)
    assert (found.verdict.answer, found.verdict.reasons) == ("cannot_tell", (reason,))
    assert found.effect is not None
    assert found.effect.interval is None
    for language in LANGUAGES:
        assert not any(c.isdigit() for c in found.why(language))
    if "zones" in reason:
        for name in ("outside", "outside_by_reserved", "outside_by_described"):
            assert found.estimates[name].value is None


def test_four_of_five_zones_are_enough() -> None:
    found = assess(NAME, study(zones=4), seed=1)
    assert found.effect is not None
    assert found.effect.persons == 24
    assert found.effect.part == pytest.approx(0.8)


def test_nobody_active_and_times_only_as_intervals() -> None:
    given = study(exact=False)
    only_shares = {**given.tables, "posts": given.posts.iloc[:0]}
    for shares in (given.shares, given.shares.iloc[:0]):
        found = assess(NAME, an.from_tables({**only_shares, "shares": shares}, title="no times"), seed=1)
        assert found.verdict.reasons == ("needs more people",)
        assert found.effect is not None
        assert found.effect.value is None
        assert not any(estimate.value != estimate.value for estimate in found.estimates.values())


def test_without_a_roster_the_hours_are_missing() -> None:
    found = assess(NAME, study(roster=False), seed=1)
    assert found.estimates["hours_reserved"].why == "needs_hours_reserved"
    assert found.estimates["activity_by_reserved"].why == "needs_hours_reserved"
    assert found.estimates["outside_by_described"].why == "needs_job_descriptions"
    assert found.estimates["hours_implied"].value is not None


def test_small_groups_are_not_compared_in_public() -> None:
    given = study()
    few = given.holders["holder_id"].isin(["p0-0", "p1-0", "p2-0"])
    tables = {**given.tables, "holders": given.holders.assign(hours_reserved=few.astype(float))}
    found = assess(NAME, an.from_tables(tables, title="private"), seed=1).estimates["activity_by_reserved"]
    assert (found.value, found.why, found.p) == (None, "fewer_than_k", None)
    public = an.from_tables(tables, title="public", persons="public")
    assert assess(NAME, public, seed=1).estimates["activity_by_reserved"].persons == 3


@pytest.mark.parametrize("name", ["conference_hashtags", "washington_times", "white_house_accounts"])
def test_real_data_without_zones(real, name: str) -> None:
    found = assess(NAME, real(name), seed=1)
    assert found.verdict.reasons == ("needs time zones of the people",)
    assert found.effect is not None
    assert found.effect.wording("en") == "needs the people's time zones"


def test_the_example_works_in_office_hours(example: an.Study) -> None:
    found = assess(NAME, example, seed=1)
    assert found.verdict.answer == "not_supported"
    assert found.effect is not None
    # by the clock alone, with the holidays of the made-up calendar
    people = example.accounts[(example.accounts["role"] == "employee") & (example.accounts["observed"] != "none")]
    at = example.posts.loc[example.posts["author_id"].isin(people["account_id"]), "posted_at"]
    local = at.dt.tz_convert("Europe/Helsinki").dt
    free = (local.day_of_week > 4) | local.strftime("%m-%d").isin(HOLIDAYS)
    assert found.effect.value == pytest.approx((free | (local.hour < 8) | (local.hour >= 17)).mean(), abs=0.005)


# ----------------------------------------------------------------------------------------------- calibration


def test_worlds_with_a_known_truth() -> None:
    n = 60
    for number, row in enumerate(worlds.ROWS):
        asked = [row.ask(np.random.default_rng([number, world])) for world in range(n)]
        answers = [found.answer for found in asked]
        # one test in ten thousand fails by chance
        assert sum(bool(found.covers) for found in asked) >= binom.ppf(1e-4, n, 0.9), row.name
        if row.truth != "true":
            assert answers.count("supported") <= binom.ppf(1 - 1e-4, n, 0.05), row.name
        if row.truth != "false":
            assert answers.count("not_supported") <= binom.ppf(1 - 1e-4, n, 0.05), row.name
        if row.truth == "true":
            assert answers.count("supported") >= n / 2, row.name
