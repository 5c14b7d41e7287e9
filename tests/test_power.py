"""Made-up worlds are what they say, and what a study can find does not hang on who computes it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import expon, kstest

from ambassador_net.amplification.cross import CrossShares
from ambassador_net.errors import Undefined
from ambassador_net.power import KAPPAS, power
from ambassador_net.power.measured import Task, judged, judged_however_few_the_pairs, nulls_tried
from ambassador_net.power.worlds import ORGANISATION, OUTSIDER, PERSON, World, make_network, make_world

HOUR, DAY, WEEK = 3600, 24 * 3600, 7 * 24 * 3600

# nothing but shares inside pairs, so that each can be accounted for
PAIRS_ONLY = World(houses=4, people=25, equal_houses=True, background=0, person_shares=200, organisation_shares=100)


def made(seed: int = 1, **changes: object) -> CrossShares:
    return make_world(replace(PAIRS_ONLY, **changes), np.random.default_rng(seed))


def by_person(cross: CrossShares, values: np.ndarray) -> list[np.ndarray]:
    return [values[cross.person == person] for person in np.unique(cross.person)]


# ---- worlds ------------------------------------------------------------------------------------------------


def test_a_world_is_sorted_whole_and_the_same_for_the_same_seed() -> None:
    cross, again, other = made(1), made(1), made(2)
    assert cross.time_s.dtype == np.int64
    assert (np.diff(cross.time_s) >= 0).all()
    assert np.array_equal(cross.time_s, again.time_s)
    assert np.array_equal(cross.person, again.person)
    assert not np.array_equal(cross.time_s[:50], other.time_s[:50])
    assert cross.first_s[0] == cross.time_s[0]
    assert cross.last_s[0] == cross.time_s[-1]
    assert set(cross.collection) == {0}
    # a person is in one house, and houses have so many people
    assert all(len(np.unique(house)) == 1 for house in by_person(cross, cross.house))
    assert cross.person.max() < 100
    assert np.array_equal(cross.house, cross.person // 25)


def test_the_network_holds_the_shares_inside_pairs_and_the_others() -> None:
    world = replace(PAIRS_ONLY, background=400, organisation_returns=0.2, occasion_share=0.2)
    cross = make_world(world, np.random.default_rng(3))
    network = make_network(world, np.random.default_rng(3))
    assert np.bincount(network.role).tolist() == [4, 100, world.outsiders]
    assert (network.sharer != network.source).all()
    assert (network.house[network.role == OUTSIDER] == -1).all()
    by, of = network.role[network.sharer], network.role[network.source]
    own = network.house[network.sharer] == network.house[network.source]
    inside = own & ((by == PERSON) & (of == ORGANISATION) | (by == ORGANISATION) & (of == PERSON))
    person = np.where(by == PERSON, network.sharer, network.source)[inside] - 4
    found = sorted(zip(network.time_s[inside], person, (by == PERSON)[inside], strict=True))
    assert found == sorted(zip(cross.time_s, cross.person, cross.by_person, strict=True))
    assert (cross.first_s[0], cross.last_s[0]) == (network.time_s[0], network.time_s[-1])
    assert (~inside).sum() == pytest.approx(400 * 26, rel=0.05)


def test_shares_come_as_often_as_planted_and_mostly_in_office_hours() -> None:
    cross = made()
    assert cross.by_person.sum() == pytest.approx(200 * 26, abs=4 * np.sqrt(200 * 26))
    assert (~cross.by_person).sum() == pytest.approx(100 * 26, abs=4 * np.sqrt(100 * 26))
    hour, weekday = cross.time_s % DAY / HOUR, cross.time_s % WEEK // DAY
    office = (weekday < 5) & (hour >= 8) & (hour < 16)
    assert office.mean() == pytest.approx(0.75, abs=0.02)
    # off hours are spread evenly over the 128 of the week
    off = cross.time_s % WEEK // HOUR
    counts = np.bincount(off[~office], minlength=168)[[h for h in range(168) if h >= 120 or not 8 <= h % 24 < 16]]
    assert (counts > 0).all()
    assert counts.std() / counts.mean() < 2 / np.sqrt(counts.mean())
    assert np.bincount(cross.time_s // WEEK, minlength=26).min() > 0.75 * len(cross) / 26


def test_houses_are_geometric_unless_they_are_to_be_equal() -> None:
    rng = np.random.default_rng(4)
    network = make_network(World(houses=400, people=30, weeks=1, background=100), rng)
    sizes = np.bincount(network.house[network.role == PERSON])
    assert sizes.min() == 3
    assert sizes.mean() == pytest.approx(30, rel=0.15)
    assert sizes.std() == pytest.approx(29, rel=0.25)


@pytest.mark.parametrize(("returning", "by"), [("organisation_returns", False), ("person_returns", True)])
def test_only_the_side_that_returns_shares_more_and_in_its_own_time(returning: str, by: bool) -> None:
    # many people with a share each, and nobody on the other side who shares unasked
    unasked = {"person_shares": 0.0, "organisation_shares": 0.0} | {
        "organisation_shares" if by else "person_shares": 60.0
    }
    cross = made(houses=1, people=3000, half_life_h=12.0, **unasked, **{returning: 0.5})
    triggers, answers = (cross.by_person != by).sum(), (cross.by_person == by).sum()
    assert answers == pytest.approx(0.5 * triggers, abs=4 * np.sqrt(0.5 * triggers))
    shares = np.bincount(cross.person[cross.by_person != by], minlength=3000)
    lags = [
        float(t - cross.time_s[(cross.person == person) & (cross.by_person != by)][0]) / HOUR
        for t, person in zip(cross.time_s[cross.by_person == by], cross.person[cross.by_person == by], strict=True)
        if shares[person] == 1
    ]
    assert len(lags) > 80
    assert kstest(lags, expon(scale=12 / np.log(2)).cdf).pvalue > 0.001


def test_returns_are_returned() -> None:
    # 1 / (1 - kappa) shares for each that answers nothing, but for those after the end
    plain, returning = made(seed=5), make_world(PAIRS_ONLY.returning(0.4), np.random.default_rng(5))
    assert len(returning) / len(plain) == pytest.approx(1 / 0.6, rel=0.05)


def test_frailty_is_shared_only_if_it_is_symmetric() -> None:
    task = Task(0, replace(PAIRS_ONLY, background=2000, frailty=0.5, symmetric_frailty=True), 6, 0, 10)
    assert max(one.same_pairs or 1 for one in nulls_tried(task)) < 0.05
    independent = replace(task, world=replace(task.world, symmetric_frailty=False))
    assert np.mean([one.same_pairs for one in nulls_tried(independent)]) > 0.2
    # ties that differ are seen in how much pairs of the same activity share
    assert all(one.block_minimum is not None and one.block_minimum > 0.5 for one in nulls_tried(independent))


def test_campaign_day_is_one_working_day_of_the_house_a_fortnight() -> None:
    cross = made(campaign=1.0)
    days = cross.time_s // DAY
    assert set(days % 7) <= {0, 1, 2, 3, 4}
    assert set(cross.time_s % DAY // HOUR) <= set(range(8, 16))
    for house in range(4):
        fortnights, counts = np.unique(np.unique(days[cross.house == house]) // 14, return_counts=True)
        assert fortnights.tolist() == list(range(13))
        assert set(counts) == {1}
    assert len(np.unique(days % 14)) > 5


def test_ties_turn_round_leaves_the_tide_and_a_fifth_of_the_rest() -> None:
    cross, plain = made(ties_turn_round=True), made()
    assert len(cross) / len(plain) == pytest.approx(0.6, abs=0.06)
    # how many more of all shares come from the person before the middle than after it
    assert np.std(turned(ties_turn_round=True)) > 2 * np.std(turned(ties_turn_round=False))


def turned(**changes: object) -> list[float]:
    return [change for seed in range(5) for change in turned_in(made(seed, **changes))]


def turned_in(cross: CrossShares) -> list[float]:
    busy = np.flatnonzero(np.bincount(cross.person) > 60)
    late = cross.time_s > 13 * WEEK
    return [
        float(cross.by_person[(cross.person == person) & ~late].mean())
        - float(cross.by_person[(cross.person == person) & late].mean())
        for person in busy
    ]


def test_spell_keeps_all_shares_in_a_block_of_weeks() -> None:
    cross, plain = made(active_weeks=8), made()
    assert len(cross) == len(plain)
    spans = [np.ptp(weeks) for weeks in by_person(cross, cross.time_s // WEEK)]
    assert max(spans) == 7
    assert np.bincount(cross.time_s // WEEK, minlength=26).min() > 0


def test_absence_takes_away_both_directions() -> None:
    cross, plain = made(absences=2, absence_weeks=4), made()
    assert len(cross) / len(plain) == pytest.approx((1 - 4 / 26) ** 2, abs=0.06)
    assert cross.by_person.mean() == pytest.approx(plain.by_person.mean(), abs=0.02)
    gaps = [np.diff(times).max() for times in by_person(cross, cross.time_s) if len(times) > 150]
    assert min(gaps) >= 4 * WEEK


def test_sessions_gather_shares() -> None:
    cross = made(session_share=1.0, sessions=3)
    by_people = cross.by_person
    busiest = np.argmax(np.bincount(cross.person[by_people]))
    times = np.sort(cross.time_s[by_people & (cross.person == busiest)])
    gatherings = np.split(times, np.flatnonzero(np.diff(times) > 2 * HOUR) + 1)
    assert len(times) > 50
    assert len(gatherings) <= 3
    # two hours at most, unless two sessions meet
    assert min(np.ptp(gathering) for gathering in gatherings) <= 2 * HOUR


def test_rhythm_gives_each_person_weekdays() -> None:
    cross = made(own_weekdays=2)
    days = [set(of) for of in by_person(cross, cross.time_s % WEEK // DAY)]
    assert max(map(len, days)) == 2
    assert len(set().union(*days)) == 7


def test_joint_occasion_is_one_for_both_sides() -> None:
    cross = made(occasion_share=1.0, occasion_h=12.0)
    spans = [np.ptp(times) for times in by_person(cross, cross.time_s)]
    assert 11 * HOUR < max(spans) <= 12 * HOUR
    part = made(occasion_share=0.3)
    assert (np.bincount(cross.time_s // DAY) > 0).sum() < (np.bincount(part.time_s // DAY) > 0).sum()


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"houses": 0}, "at least one house"),
        ({"weeks": 0}, "one week"),
        ({"active_weeks": 27}, "choose 1 to 26"),
        ({"person_returns": 2.0, "organisation_returns": 0.5}, "choose smaller returns"),
        ({"person_shares": 0.0, "organisation_shares": 0.0}, "give more shares"),
    ],
)
def test_impossible_worlds_say_why(changes: dict[str, float], hint: str) -> None:
    with pytest.raises(Undefined, match=hint):
        made(**changes)


# ---- judged --------------------------------------------------------------------------------------------------


def test_few_pairs_stop_a_study_but_not_its_calibration() -> None:
    task = Task(0, World(houses=1, people=10, equal_houses=True, person_shares=30, organisation_shares=15), 1, 0, 3)
    assert {one.reason for one in judged(task)} == {"coverage"}
    assert "coverage" not in {one.reason for one in judged_however_few_the_pairs(task)}


def test_a_world_is_the_same_whichever_task_it_is_in() -> None:
    task = Task(2, replace(PAIRS_ONLY, person_returns=0.1), 7, 0, 4)
    assert judged(task)[2:] == judged(replace(task, first=2))
    assert judged(task) != judged(replace(task, row=3))


# ---- power ---------------------------------------------------------------------------------------------------


def test_power_is_the_same_with_more_workers_and_rises_with_kappa() -> None:
    size = {"people": 30, "weeks": 12, "houses": 6, "kappas": (0.0, 0.3), "worlds": 12, "seed": 3}
    steps: list[tuple[int, int]] = []
    one = power(**size, workers=1, progress=lambda done, total: steps.append((done, total)))
    two = power(**size, workers=2)
    assert one.to_dict() == two.to_dict()
    assert steps[-1] == (24, 24)
    nothing, much = one.table.iloc[0], one.table.iloc[1]
    assert nothing["supported"] == 0
    assert nothing["not_supported"] > 0.5
    assert much["supported"] > 0.8
    assert much["supported_error"] == pytest.approx(np.sqrt(much["supported"] * (1 - much["supported"]) / 12))


def test_power_is_told_in_every_form() -> None:
    found = power(8, 6, kappas=KAPPAS[:2], worlds=2, seed=np.random.default_rng(1), workers=1)
    again = power(8, 6, kappas=KAPPAS[:2], worlds=2, seed=found.seed, workers=1)
    said = json.loads(json.dumps(found.to_dict()))
    assert said == again.to_dict()
    assert (said["people"], said["houses"], said["weeks"], said["person_shares"]) == (8, 1, 6, 30.0)
    # 8 people are fewer than the 20 pairs that a verdict needs
    assert [row["mostly_because"] for row in said["rows"]] == ["coverage", "coverage"]
    assert [row["cannot_tell"] for row in said["rows"]] == [1.0, 1.0]
    assert "100% ± 0%" in str(found)
    assert "<td>coverage</td>" in found._repr_html_()
    copy = found.summary()
    copy.loc[0, "supported"] = 9
    assert found.table.loc[0, "supported"] == 0


def test_power_of_nothing_is_undefined() -> None:
    with pytest.raises(Undefined, match="at least one world"):
        power(30, 26, worlds=0, seed=1)
    with pytest.raises(Undefined, match="one week"):
        power(30, 0, seed=1, workers=1)
