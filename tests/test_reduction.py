"""Counting: against the published figures, hand-sized cases and a plain loop."""

import re
import sys
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ambassador_net as an
from ambassador_net.amplification.weights import dyad_counts, reciprocity
from ambassador_net.errors import EngineError, SchemaError
from ambassador_net.reduction import duckdb, needed, statements
from counting_loop import ORDER, count, rows
from small import small_study, tables, up_to
from troubled import made_up_shares, troubled

OBSERVED = {"yes": "full", "partial": "partial", "no": "none"}


@pytest.mark.parametrize(
    "name", ["conference_hashtags", "dutch_parliament", "washington_times", "white_house_accounts"]
)
def test_real_counts(real, reference, name: str) -> None:
    wanted = reference("figures.json")[name]
    found = an.dyads(real(name))
    assert found.shares == wanted["events"]
    assert found.self_shares == wanted["self_shares"]
    assert found.shares - found.self_shares == wanted["events_used"]
    counts = dyad_counts(found.pairs)
    pairs = wanted["person_organisation_dyads"]
    assert counts["with_a_share"] == pairs["pairs_any"]
    assert counts["both_sides_observed"] == pairs["pairs_both_sides_observed"]
    assert counts["mutual"] == pairs["pairs_mutual"]
    assert found.pairs["seen_eo"].sum() == pairs["w_eo"]
    assert found.pairs["seen_oe"].sum() == pairs["w_oe"]
    weights = reciprocity(found.pairs)
    assert (weights.sum_min, weights.sum_w) == (pairs["sum_min"], pairs["sum_w"])
    assert weights.r_w == (None if pairs["r_w"] is None else pytest.approx(pairs["r_w"], abs=1e-6))
    names = {
        "mutual": "mutual",
        "person_only": "person_only",
        "organisation_only": "organisation_only",
        "person_only_org_side_unknown": "person_only_other_side_unknown",
        "organisation_only_person_side_unknown": "organisation_only_other_side_unknown",
    }
    assert {names[state]: n for state, n in wanted["dyad_status"].items()} == {
        state: n for state, n in counts.items() if n and state in names.values()
    }


@pytest.mark.parametrize(
    ("basis", "wanted"),
    [
        (("party", "caucuses"), (647, 1691, 325, 135, 444, 2338, 0.379812)),
        (("committee",), (687, 1202, 412, 151, 339, 1889, 0.35892)),
        ((), (1334, 2893, 737, 286, 783, 4227, 0.370476)),
    ],
)
def test_several_organisations_a_person(real, basis: tuple[str, ...], wanted: tuple[float, ...]) -> None:
    found = an.dyads(real("us_congress_2020"), basis=basis)
    counts, weights = dyad_counts(found.pairs), reciprocity(found.pairs)
    assert found.self_shares == 1957
    assert (
        counts["person_to_organisation"],
        counts["organisation_to_person"],
        counts["with_a_share"],
        counts["mutual"],
        weights.sum_min,
        weights.sum_w,
        round(weights.r_w or 0, 6),
    ) == wanted


def test_one_basis_alone(real) -> None:
    counts = dyad_counts(an.dyads(real("us_congress_2020"), basis=["party"]).pairs)
    assert (counts["person_to_organisation"], counts["organisation_to_person"], counts["with_a_share"]) == (
        647,
        1683,
        323,
    )


def test_a_basis_that_is_not_there_lists_those_that_are(real) -> None:
    with pytest.raises(SchemaError, match="party_and_chamber"):
        an.dyads(real("us_congress_2020"), basis=["marriage"])


@pytest.mark.parametrize("case", ["one_mutual_pair", "perfect_exchange", "one_way", "two_accounts", "unknown_side"])
def test_hand_sized_cases(reference, case: str) -> None:
    given_case = reference("small_cases.json")["dyads"][case]
    accounts = {
        name: (role, organisation, OBSERVED[observed])
        for name, (role, organisation, observed) in given_case["accounts"].items()
    }
    found = an.dyads(small_study(accounts, given_case["events"]))
    weights = {
        f"{row.holder_id} -> {row.organisation}": [
            None if pd.isna(row.w_eo) else row.w_eo,
            None if pd.isna(row.w_oe) else row.w_oe,
        ]
        for row in found.pairs.itertuples()
    }
    assert weights == given_case["dyads"]
    total = reciprocity(found.pairs)
    assert (total.sum_min, total.sum_w) == (given_case["sum_min"], given_case["sum_w"])
    wanted = given_case["r_w"]
    assert total.r_w == (None if wanted is None else float(Fraction(wanted["fraction"])))
    assert dyad_counts(found.pairs)["mutual"] == given_case["mutual"]
    assert found.self_shares == given_case.get("dropped_self", 0)


def test_a_share_counts_in_the_spell_in_which_it_was_made() -> None:
    made = tables(
        {
            "o": ("organisation", "A", "full"),
            "p": ("organisation", "B", "full"),
            "e": ("employee", "", "full"),
        },
        [(1, "e", "o"), (30, "e", "o"), (30, "p", "e"), (24, "e", "p")],
    )
    spells = pd.DataFrame(
        {
            "holder_id": ["e", "e"],
            "organisation": ["A", "B"],
            "valid_from": ["", "2025-03-04T00:00:00Z"],
            "valid_to": ["2025-03-04T00:00:00Z", ""],
        }
    )
    found = an.dyads(an.from_tables({**made, "affiliations": spells}, title="t")).pairs.set_index("organisation")
    assert found["w_eo"].to_dict() == {"A": 1, "B": 1}
    assert found["w_oe"].to_dict() == {"A": 0, "B": 1}


def test_an_interval_counts_only_inside_one_spell() -> None:
    made = tables({"o": ("organisation", "A", "full"), "e": ("employee", "", "full")}, [])
    shares = pd.DataFrame(
        {
            "share_id": ["1", "2"],
            "shared_at_earliest": ["2025-03-01T00:00:00Z", "2025-03-03T00:00:00Z"],
            "shared_at_latest": ["2025-03-08T00:00:00Z", "2025-03-10T00:00:00Z"],
            "sharer_id": "e",
            "source_id": "o",
            "kind": "repost",
        }
    )
    spells = pd.DataFrame({"holder_id": ["e"], "organisation": ["A"], "valid_from": ["2025-03-02"]})
    found = an.dyads(an.from_tables({**made, "shares": shares, "affiliations": spells}, title="t"))
    assert found.pairs["w_eo"].tolist() == [1]


def test_unknown_sources_are_counted_and_belong_to_no_pair() -> None:
    made = tables({"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}, [(1, "e", "o"), (2, "e", "")])
    found = an.dyads(an.from_tables(made, title="t"))
    assert (found.shares, found.source_unknown, found.pairs["w_eo"].sum()) == (2, 1, 1)


ROLES = {
    "o1": ("organisation", "A", "full"),
    "o2": ("organisation", "A", "none"),
    "p1": ("organisation", "B", "none"),
    "e1": ("employee", "A", "full"),
    "e2": ("employee", "A", "partial"),
    "e3": ("employee", "B", "none"),
    "x": ("outside", "", "none"),
}


@settings(max_examples=up_to(20))
@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(sorted(ROLES)), st.sampled_from(sorted(ROLES))),
        max_size=30,
    )
)
def test_against_a_plain_loop(events: list[tuple[int, str, str]]) -> None:
    found = an.dyads(small_study(ROLES, events))
    used = [(s, t) for _, s, t in events if s != t]
    assert found.self_shares == len(events) - len(used)
    eo = Counter((s, ROLES[t][1]) for s, t in used if ROLES[s][0] == "employee" and ROLES[t][0] == "organisation")
    oe = Counter((t, ROLES[s][1]) for s, t in used if ROLES[t][0] == "employee" and ROLES[s][0] == "organisation")
    for row in found.pairs.itertuples():
        key = (row.holder_id, row.organisation)
        assert (row.seen_eo, row.seen_oe) == (eo[key], oe[key])
        # e3 and all of B were not observed; A has one observed account
        assert pd.isna(row.w_eo) == (row.holder_id == "e3")
        assert pd.isna(row.w_oe) == (row.organisation == "B")
        if row.holder_id != "e3" and row.organisation == "A":
            state = {(0, 0): "none", (1, 0): "person_only", (0, 1): "organisation_only", (1, 1): "mutual"}
            assert row.state == state[min(eo[key], 1), min(oe[key], 1)]
    assert Counter({(e.sharer_id, e.source_id): e.weight for e in found.edges.itertuples()}) == Counter(used)
    strengths = found.strengths.set_index("account_id")
    assert strengths["strength_out"].sum() == strengths["strength_in"].sum() == len(used)


def test_order_of_rows_and_names_of_accounts_change_nothing(example: an.Study) -> None:
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in example.tables.items() if len(table)}
    again = an.dyads(an.from_tables(shuffled, title="t"))
    first = an.dyads(example)
    pd.testing.assert_frame_equal(first.pairs, again.pairs)
    pd.testing.assert_frame_equal(first.events, again.events)


# two people with two accounts each, one of them in both houses; sister accounts; someone nobody observed
MANY_ROLES = pd.DataFrame(
    [
        ("å1", "o:A", "organisation", "A", "full"),
        ("å2", "o:A", "organisation", "A", "partial"),
        ("b", "o:B", "organisation", "B", "none"),
        ("e1", "Ä", "employee", None, "full"),
        ("e2", "Ä", "employee", None, "none"),
        ("f1", "f", "employee", None, "partial"),
        ("g", "日本", "employee", None, "none"),
        ("x", "x", "outside", None, "none"),
    ],
    columns=["account_id", "holder_id", "role", "organisation", "observed"],
).assign(platform="mastodon")
IDS = st.sampled_from(MANY_ROLES["account_id"].to_list())
DAYS = st.integers(0, 12)


def at(day: pd.Series) -> pd.Series:
    return pd.Timestamp("2025-03-03", tz="UTC") + pd.to_timedelta(day.astype("Int64"), unit="D")


@st.composite
def any_tables(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Few accounts, days and ids, so that everything meets: an end of a spell, a post's week, an id twice."""
    spell = st.tuples(
        st.sampled_from(["Ä", "f", "日本"]),
        st.sampled_from(["A", "B", "C"]),
        st.none() | st.integers(0, 6),
        st.none() | st.integers(7, 12),
    )
    spells = pd.DataFrame(
        draw(st.lists(spell, max_size=5)), columns=["holder_id", "organisation", "valid_from", "valid_to"]
    )
    post = st.tuples(
        st.sampled_from("0123"), IDS, DAYS, st.sampled_from(["original", "original", "reply", "repost", "quote"])
    )
    posts = pd.DataFrame(draw(st.lists(post, max_size=5)), columns=["post_id", "author_id", "posted_at", "kind"])
    share = st.tuples(
        st.sampled_from("0123456789"),
        IDS,
        st.none() | IDS,
        DAYS,
        st.sampled_from([0, 0, 0, 1, 7]),
        st.sampled_from(["repost", "quote"]),
        st.none() | st.sampled_from(["0", "1", "gone"]),
        st.sampled_from([None, "c", "ö"]),
    )
    shares = pd.DataFrame(
        draw(st.lists(share, max_size=12)),
        columns=["share_id", "sharer_id", "source_id", "first", "days", "kind", "original_post_id", "collection"],
    )
    earliest = at(shares["first"])
    return {
        "accounts": MANY_ROLES,
        "affiliations": spells.assign(valid_from=at(spells["valid_from"]), valid_to=at(spells["valid_to"])),
        "posts": posts.assign(
            posted_at=at(posts["posted_at"]), collection=None, content_id=None, followers_at_post=None
        ),
        "shares": shares.assign(
            shared_at=earliest.where(shares["days"] == 0),
            shared_at_earliest=earliest,
            shared_at_latest=at(shares["first"] + shares["days"]),
        ).drop(columns=["first", "days"]),
    }


def assert_counted(raw: Mapping[str, pd.DataFrame], study: an.Study) -> None:
    found = duckdb.run(statements("reduction.sql", "posts.sql"), study.tables, ORDER)
    wanted = count(raw)
    for name in ORDER:
        assert rows(found[name]) == wanted[name], name


@settings(max_examples=up_to(25))
@given(any_tables())
def test_every_table_against_a_plain_loop(raw: dict[str, pd.DataFrame]) -> None:
    assert_counted(raw, an.from_tables(raw, title="Any study"))


def test_a_made_up_year_against_a_plain_loop() -> None:
    raw, study = troubled(made_up_shares(1, seed=3), seed=4)
    assert {entry.table for entry in study.ledger.entries if entry.repeated and entry.set_aside} == {"posts", "shares"}
    assert_counted(raw, study)


def test_the_engines_that_there_are_are_named(example: an.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(EngineError, match=re.escape("pip install 'ambassador-net[spark]'")):
        an.dyads(example, engine="spark")
    with pytest.raises(EngineError, match="duckdb and spark"):
        an.dyads(example, engine="abacus")
    with pytest.raises(EngineError, match="only the engine spark has a master"):
        an.dyads(example, master="spark://127.0.0.1:7077")


def test_only_what_is_wanted_is_counted() -> None:
    plan = statements("reduction.sql", "posts.sql")
    assert [name for name, _ in needed(plan, ["strengths"])] == ["ends", "edges", "strengths"]
    assert needed(plan, []) == ()
