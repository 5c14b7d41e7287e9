"""The stored form of a study: read back equal, made up in any size, added to month by month, whole after any kill."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import ambassador_net as an
from ambassador_net.cli import app
from ambassador_net.errors import SchemaError, Undefined
from ambassador_net.privacy import withdraw_from_folder
from ambassador_net.readers import adding
from ambassador_net.readers.adding import USED_BEFORE, Added, add_period
from ambassador_net.reduction import duckdb, monthly, posts_shared
from ambassador_net.reduction.statements import needed, statements
from ambassador_net.reduction.stored import streamed
from ambassador_net.reduction.stored.sums import SUMS
from ambassador_net.simulate.large import COLLEAGUES, CROSS, KAPPA, write_large
from ambassador_net.study import EVENT_TIMES
from ambassador_net.study import parquet as parquet_room
from ambassador_net.study.stored import StoredStudy, open_study
from ambassador_net.study.storing import parts_as_written, store
from ambassador_net.study.whole import is_study

COUNTED: dict[str, tuple[str, ...]] = {
    "totals": (),
    "edges": ("sharer_id", "source_id"),
    "strengths": ("account_id",),
    "dyad_events": ("shared_at_earliest", "share_id"),
    "pairs": ("organisation", "holder_id"),
    "strengths_by_day": ("collection", "day", "account_id"),
    "collections": ("collection",),
    "posts_shared": ("post_id",),
    "houses": ("post_id", "organisation"),
    "shared": ("share_id",),
}


def whole(study: an.Study) -> dict[str, pd.DataFrame]:
    """Everything that is counted, counted at once."""
    tables = {name: study.tables[name] for name in ("accounts", "affiliations", "posts", "shares")}
    return duckdb.run(needed(statements("reduction.sql", "posts.sql"), COUNTED), tables, COUNTED)


def by_parts(folder: Path) -> dict[str, pd.DataFrame]:
    study = an.read(folder)
    return monthly.run(folder, {"accounts": study.accounts, "affiliations": study.affiliations}, COUNTED)


def assert_same(one: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame]) -> None:
    for name in COUNTED:
        pd.testing.assert_frame_equal(one[name], other[name], obj=name)


def assert_same_study(one: an.Study, other: an.Study) -> None:
    """The same rows, in any order."""
    for name, table in one.tables.items():
        columns = list(table.columns)
        rows, others = (of.sort_values(columns, ignore_index=True) for of in (table, other.tables[name]))
        pd.testing.assert_frame_equal(rows, others, obj=name)


def files_in(folder: Path) -> dict[str, str]:
    """Every file of a folder, hidden ones too, by the hash of its bytes."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# ---- stored and read ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(example: an.Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(example, tmp_path_factory.mktemp("stored") / "example")


def test_stored_and_read_is_equal(example: an.Study, stored: Path) -> None:
    again = an.read(stored)
    assert_same_study(example, again)
    assert again.about == example.about
    used = {entry.table: entry.used for entry in example.ledger.entries}
    assert {entry.table: entry.used for entry in again.ledger.entries} == used
    assert all(entry.rows == entry.used for entry in again.ledger.entries)


def tango_of(study: an.Study) -> dict[str, Any]:
    found = an.mutual_amplification(study, seed=2, permutations=20, test_permutations=200).to_dict()
    return {**found, "study": {**found["study"], "title": "the same"}}


@pytest.mark.slow
def test_the_tango_of_a_stored_study_is_the_same(example: an.Study, stored: Path) -> None:
    assert tango_of(example) == tango_of(an.read(stored))


def test_parts_are_as_the_page_says(example: an.Study, stored: Path) -> None:
    months = {f"month={month}" for month in example.shares["shared_at_earliest"].dt.strftime("%Y-%m")}
    assert {folder.name for folder in (stored / "shares").iterdir()} == months
    for file in (stored / "shares").rglob("*.parquet"):
        rows = pq.ParquetFile(file).read()
        assert "month" not in rows.column_names
        assert str(rows.schema.field("shared_at").type) == "timestamp[us]"
        assert str(rows.schema.field("sharer_id").type) == "string"
        keys = list(zip(rows["shared_at_earliest"].to_pylist(), rows["share_id"].to_pylist(), strict=True))
        assert keys == sorted(keys)
        assert f"month={keys[0][0]:%Y-%m}" == f"month={keys[-1][0]:%Y-%m}" == file.parent.name
    package = json.loads((stored / "datapackage.json").read_text("utf-8"))
    listed = {resource["path"]: resource for resource in package["resources"]}
    assert set(listed) == set(files_in(stored)) - {"datapackage.json"}
    assert len({resource["name"] for resource in package["resources"]}) == len(listed)
    for path, digest in files_in(stored).items():
        if path in listed:
            assert listed[path]["hash"] == f"sha256:{digest}"
            assert listed[path]["bytes"] == (stored / path).stat().st_size
            assert listed[path]["rows"] == pq.read_metadata(stored / path).num_rows
            assert listed[path].get("unique", False) == path.startswith(("shares/", "posts/"))


def test_stored_again_gives_the_same_bytes_and_takes_the_place_of_the_other_form(
    example: an.Study, stored: Path, tmp_path: Path
) -> None:
    folder = example.write(tmp_path / "study")
    (folder / "notes.txt").write_text("mine")
    store(example, folder)
    assert files_in(folder) == files_in(stored) | {"notes.txt": hashlib.sha256(b"mine").hexdigest()}
    # the new study was not counted: what was counted of the old one goes
    (folder / "reduced" / "edges").mkdir(parents=True)
    example.write(folder)
    assert not [path for path in files_in(folder) if path.endswith(".parquet")]
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set()
    assert_same_study(example, an.read(folder))


def test_a_study_without_events_is_stored(tmp_path: Path) -> None:
    accounts = pd.DataFrame(
        {"account_id": ["o"], "role": ["organisation"], "organisation": ["A"], "observed": ["full"]}
    )
    shares = pd.DataFrame(columns=["share_id", "shared_at", "sharer_id", "source_id", "kind"], dtype="str")
    study = an.from_tables({"accounts": accounts, "shares": shares}, title="Silence")
    folder = store(study, tmp_path / "silence")
    assert_same_study(study, an.read(folder))
    assert_same(whole(study), by_parts(folder))


def test_a_part_that_is_not_parquet_is_named(stored: Path, example: an.Study, tmp_path: Path) -> None:
    folder = store(example, tmp_path / "broken")
    (folder / "shares" / "month=2025-03" / "part-0.parquet").write_bytes(b"PAR1")
    with pytest.raises(SchemaError, match="cannot be read"):
        an.read(folder)
    (folder / "shares.csv").write_text("share_id\n")
    with pytest.raises(SchemaError, match="both there"):
        an.read(folder)


def test_more_shares_than_memory_takes_are_refused_before_they_are_read(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_room, "MOST_SHARES", 1000)
    with pytest.raises(SchemaError, match="at most 1,000"):
        an.read(stored)


# ---- made up in any size --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_large(tmp_path_factory.mktemp("large") / "study", 60_000, seed=5, accounts=3_000, months=3)


def truth_of(folder: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return truth


def test_as_many_shares_as_asked_for(large: Path) -> None:
    study = an.read(large)
    assert len(study.shares) == 60_000
    assert len(study.accounts) == 3_000
    assert study.made_up
    assert all(entry.rows == entry.used for entry in study.ledger.entries)
    assert study.shares["share_id"].is_unique
    assert sorted(path.name for path in (large / "shares").iterdir()) == [f"month=2025-0{month}" for month in (1, 2, 3)]
    posted = study.posts.set_index("post_id")
    shared = study.shares[study.shares["original_post_id"].isin(posted.index)]
    originals = posted.loc[shared["original_post_id"]].reset_index()
    # a share of a post that was collected: by its author, and after it was written
    assert len(shared) > 1000
    assert (originals["author_id"].to_numpy() == shared["source_id"].to_numpy()).all()
    assert (originals["posted_at"].to_numpy() == shared["original_posted_at"].to_numpy()).all()
    assert (shared["original_posted_at"] < shared["shared_at_earliest"]).all()


def test_what_was_planted_is_found(large: Path) -> None:
    found, truth = an.dyads(an.read(large)), truth_of(large)
    across = truth["shares_across_pairs"]
    directions = found.events["direction"].value_counts()
    # every share across a pair is planted, and every planted one is found
    assert directions["person_to_organisation"] == across["person_to_organisation"] + across["returned_by_person"]
    assert directions["organisation_to_person"] == across["organisation_to_person"] + across["returned_by_organisation"]
    assert len(found.events) == pytest.approx(CROSS * 60_000, rel=0.2)
    for given_by, returned_by in (("person_to_organisation", "organisation"), ("organisation_to_person", "person")):
        asked = directions[given_by]
        # answers to the last days fall outside the window
        assert across[f"returned_by_{returned_by}"] == pytest.approx(KAPPA * asked, abs=4 * np.sqrt(KAPPA * asked))
    house = found.edges.merge(an.read(large).accounts, left_on="sharer_id", right_on="account_id")
    assert house.loc[house["role"] == "employee", "weight"].sum() > COLLEAGUES * 60_000


def test_the_same_seed_gives_the_same_files(large: Path, tmp_path: Path) -> None:
    again = write_large(tmp_path / "again", 60_000, seed=5, accounts=3_000, months=3)
    assert files_in(again) == files_in(large)
    other = write_large(tmp_path / "other", 60_000, seed=6, accounts=3_000, months=3)
    assert not set(files_in(other).values()) & set(files_in(large).values())


@pytest.mark.parametrize(("shares", "accounts", "months"), [(1, 100, 1), (7, 100, 30), (999, 100, 1)])
def test_small_ones_hold_too(tmp_path: Path, shares: int, accounts: int, months: int) -> None:
    told: list[tuple[int, int]] = []
    folder = write_large(
        tmp_path / "s", shares, seed=1, accounts=accounts, months=months, progress=lambda *done: told.append(done)
    )
    assert len(an.read(folder).shares) == shares
    assert told[-1] == (shares, shares)


def test_too_few_accounts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Undefined, match="100 accounts"):
        write_large(tmp_path / "s", 1000, seed=1, accounts=20)
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_shares(tmp_path: Path) -> None:
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from ambassador_net.simulate.large import write_large\n"
        "n = int(sys.argv[2])\n"
        "write_large(sys.argv[1], 800_000 * n, seed=1, accounts=10_000, months=n)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1])"
    )
    # months of the same size, four times as many
    runs = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path / n), n], capture_output=True, check=True)
        for n in ("3", "12")
    ]
    peaks = [int(run.stdout) for run in runs]
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 1_500_000


# ---- added month by month -------------------------------------------------------------------------------------


def narrowed(study: an.Study, events: Mapping[str, pd.DataFrame], also: Iterable[str] = ()) -> an.Study:
    """A period of a study: its events, the accounts that they name, and of those all that is known."""
    named = set(also)
    for name, columns in {
        "shares": ("sharer_id", "source_id"),
        "posts": ("author_id",),
        "mentions": ("author_id", "mentioned_id"),
    }.items():
        for column in columns:
            named |= set(events[name][column].dropna())
    accounts = study.accounts[study.accounts["account_id"].isin(named)]
    return replace(
        study,
        accounts=accounts.reset_index(drop=True),
        holders=study.holders[study.holders["holder_id"].isin(accounts["holder_id"])].reset_index(drop=True),
        affiliations=study.affiliations[study.affiliations["holder_id"].isin(accounts["holder_id"])].reset_index(
            drop=True
        ),
        **{name: table.reset_index(drop=True) for name, table in events.items()},
    )


def cut(study: an.Study, ends: Iterable[str], also: Iterable[str] = ()) -> list[an.Study]:
    """The periods of a study up to each of these days, and what is left."""
    borders = [None, *(pd.Timestamp(end, tz="UTC") for end in ends), None]
    periods = []
    for begin, end in pairwise(borders):
        events = {}
        for name, column in EVENT_TIMES.items():
            time = study.tables[name][column]
            inside = pd.Series(True, index=time.index)
            if begin is not None:
                inside &= time >= begin
            if end is not None:
                inside &= time < end
            events[name] = study.tables[name][inside]
        periods.append(narrowed(study, events, () if periods else also))
    return periods


def put_together(periods: list[an.Study], folder: Path) -> list[Added]:
    """Store the first period and add the others, one by one."""
    store(periods[0], folder / "study")
    return [
        add_period(folder / "study", period.write(folder / f"period-{number}"))
        for number, period in enumerate(periods[1:])
    ]


def kept(folder: Path) -> dict[str, int]:
    """What was counted and kept, by file: counted again it would be another file."""
    return {str(file.relative_to(folder)): file.stat().st_ino for file in (folder / "reduced").rglob("*.parquet")}


def of_parts(folder: Path, table: str) -> set[str]:
    return {resource["hash"].removeprefix("sha256:") for resource, _ in parts_as_written(folder, table)}


@pytest.fixture(scope="module")
def congress(
    real: Callable[[str], an.Study], tmp_path_factory: pytest.TempPathFactory
) -> tuple[an.Study, Path, list[an.Study]]:
    """Three weeks of the US Congress, put together one by one, and the last one, which is not yet there."""
    study = real("us_congress_2020")
    named = set(study.shares["sharer_id"]) | set(study.shares["source_id"].dropna())
    silent = set(study.accounts["account_id"]) - named
    weeks = cut(study, ["2020-10-08", "2020-10-15", "2020-10-22"], also=silent)
    place = tmp_path_factory.mktemp("congress")
    put_together(weeks[:3], place)
    return study, place / "study", weeks


def test_a_week_of_congress_added_to_three_others_is_the_whole(
    congress: tuple[an.Study, Path, list[an.Study]], tmp_path: Path
) -> None:
    study, folder, weeks = congress
    by_parts(folder)
    before, counted = files_in(folder / "shares"), kept(folder)
    added = add_period(folder, weeks[3].write(tmp_path / "last"))
    assert [entry.used for entry in added.ledger.entries] == [len(weeks[3].tables[name]) for name in EVENT_TIMES]
    assert added.new_accounts > 1000
    assert_same(whole(study), by_parts(folder))
    assert_same_study(study, an.read(folder))
    # the earlier weeks stand as they were, and were not counted again
    assert before.items() <= files_in(folder / "shares").items()
    assert counted.items() <= kept(folder).items()


@pytest.mark.slow
def test_the_tango_of_the_weeks_is_that_of_the_whole(
    congress: tuple[an.Study, Path, list[an.Study]], tmp_path: Path
) -> None:
    study, folder, weeks = congress
    add_period(folder, weeks[3].write(tmp_path / "last"))
    assert tango_of(study) == tango_of(an.read(folder))


def opened(folder: Path) -> StoredStudy:
    """The study with its events left in their files, as one of very many shares is."""
    study = open_study(folder, at_most=0)
    assert isinstance(study, StoredStudy)
    return study


def test_the_week_of_a_large_study_is_counted_by_itself(
    congress: tuple[an.Study, Path, list[an.Study]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "MOST_SHUFFLED", 0)
    study, _, weeks = congress
    folder = tmp_path / "three" / "study"
    put_together(weeks[:3], tmp_path / "three")
    an.dyads(opened(folder))
    counted = kept(folder)
    assert {path.split("/")[1] for path in counted} == set(SUMS)
    add_period(folder, weeks[3].write(tmp_path / "last"))
    at_once, found = an.dyads(study), an.dyads(opened(folder))
    for name in ("pairs", "events", "strengths", "collections"):
        pd.testing.assert_frame_equal(getattr(at_once, name), getattr(found, name), obj=name)
    assert (found.shares, found.self_shares) == (at_once.shares, at_once.self_shares)
    # the earlier weeks were not counted again, and the last one is kept too
    after = kept(folder)
    assert counted.items() < after.items()


@pytest.mark.slow
def test_the_tango_of_the_weeks_of_a_large_study_is_that_of_the_whole(
    congress: tuple[an.Study, Path, list[an.Study]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "MOST_SHUFFLED", 0)
    study, _, weeks = congress
    put_together(weeks, tmp_path)
    # all weeks lie in one part here
    fresh = store(study, tmp_path / "fresh")
    assert len(of_parts(fresh, "shares")) == 1
    assert tango_of(opened(tmp_path / "study")) == tango_of(opened(fresh))


def test_posts_of_a_large_study_are_counted_part_by_part(halves: list[an.Study], tmp_path: Path) -> None:
    put_together(halves, tmp_path)
    expected, found = (posts_shared(study) for study in (both(halves), opened(tmp_path / "study")))
    for name in ("posts", "houses", "shares"):
        pd.testing.assert_frame_equal(getattr(expected, name), getattr(found, name), obj=name)


def test_what_may_not_be_kept_is_counted_again(
    halves: list[an.Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "MOST_SHUFFLED", 0)
    folder = store(halves[0], tmp_path / "study")
    (folder / "reduced").write_text("in the way")
    for _ in range(2):
        pd.testing.assert_frame_equal(an.dyads(opened(folder)).pairs, an.dyads(halves[0]).pairs)
    assert (folder / "reduced").read_text() == "in the way"


@pytest.fixture
def halves(example: an.Study) -> list[an.Study]:
    """Two months of the study that ships: February, and March."""
    months = cut(example, ["2025-02-01", "2025-03-01", "2025-04-01"])
    return months[1:3]


def both(halves: list[an.Study]) -> an.Study:
    """The two months at once."""
    tables = {
        name: pd.concat([half.tables[name] for half in halves]).drop_duplicates(ignore_index=True)
        for name in halves[0].tables
    }
    return replace(halves[0], **tables)


def test_a_month_added_twice_leaves_the_same_bytes(halves: list[an.Study], tmp_path: Path) -> None:
    put_together(halves, tmp_path)
    folder = tmp_path / "study"
    by_parts(folder)
    before, counted = files_in(folder), kept(folder)
    for period in ("period-0", "study"):
        again = add_period(folder, tmp_path / period)
        assert not again.changed
        assert all(entry.used == 0 and entry.repeated == entry.rows for entry in again.ledger.entries)
        assert files_in(folder) == before
    assert kept(folder) == counted
    assert_same_study(both(halves), an.read(folder))
    assert_same(whole(both(halves)), by_parts(folder))


def test_an_overlap_is_taken_once_and_other_content_is_set_aside(halves: list[an.Study], tmp_path: Path) -> None:
    first, second = halves
    overlap = first.shares.tail(40)
    changed = overlap.tail(3).assign(kind="quote", shared_at_latest=overlap["shared_at_latest"].max())
    shares = pd.concat([overlap.head(37), changed, second.shares], ignore_index=True)
    accounts = pd.concat([second.accounts, first.accounts]).drop_duplicates("account_id", ignore_index=True)
    period = replace(second, shares=shares, accounts=accounts)
    (added,) = put_together([first, period], tmp_path)
    entry = next(entry for entry in added.ledger.entries if entry.table == "shares")
    assert (entry.used, entry.repeated, entry.set_aside) == (len(second.shares), 37, {USED_BEFORE: 3})
    assert_same(whole(both(halves)), by_parts(tmp_path / "study"))


def test_late_shares_of_old_posts_and_late_posts_of_old_shares(halves: list[an.Study], tmp_path: Path) -> None:
    study = both(halves)
    own = study.accounts.loc[study.accounts["role"] != "outside", "account_id"]
    posts = study.posts[study.posts["author_id"].isin(own)]
    of_posts = study.shares[study.shares["original_post_id"].isin(posts["post_id"])]
    late_shares = of_posts.iloc[::3]
    late_posts = posts[posts["post_id"].isin(of_posts["original_post_id"])].iloc[::4]
    nothing = {name: study.tables[name].head(0) for name in EVENT_TIMES}
    periods = [
        narrowed(
            study,
            {
                "shares": study.shares.drop(late_shares.index),
                "posts": study.posts.drop(late_posts.index),
                "mentions": study.mentions,
            },
            also=study.accounts["account_id"],
        ),
        narrowed(study, {**nothing, "shares": late_shares}),
        narrowed(study, {**nothing, "posts": late_posts}),
    ]
    store(periods[0], folder := tmp_path / "study")
    for number, period in enumerate(periods[1:]):
        by_parts(folder)
        before = kept(folder)
        add_period(folder, period.write(tmp_path / f"late-{number}"))
        found, after = by_parts(folder), kept(folder)
        # late posts change the counts of shares that were there; nothing else is counted again
        again = {path.split("/")[1] for path, inode in before.items() if after[path] != inode}
        assert again == ({"shared"} if number else set())
    assert_same(whole(study), found)


def test_new_people_and_spells_that_change(halves: list[an.Study], tmp_path: Path) -> None:
    study = both(halves)
    person = study.affiliations["holder_id"].value_counts().loc[lambda n: n == 1].index[0]
    of_person = study.affiliations["holder_id"] == person
    (house,) = study.affiliations.loc[of_person, "organisation"]
    other = next(name for name in study.affiliations["organisation"] if name != house)
    leaves = pd.Timestamp("2025-03-10", tz="UTC")
    spell = study.affiliations[of_person]
    moved = pd.concat(
        [
            study.affiliations[~of_person],
            spell.assign(valid_to=leaves),
            spell.assign(organisation=other, valid_from=leaves),
        ],
        ignore_index=True,
    ).astype(study.affiliations.dtypes.to_dict())
    # everybody is named in both, so that nobody's posts are counted anew
    february, march = (
        replace(half, accounts=study.accounts, holders=study.holders, affiliations=study.affiliations)
        for half in halves
    )
    march = replace(march, affiliations=moved)
    folder = store(february, tmp_path / "study")
    by_parts(folder)
    before = kept(folder)
    added = add_period(folder, march.write(tmp_path / "march"))
    assert (added.spells_changed, added.labelled, added.new_accounts) == (1, 0, 0)
    assert_same(whole(replace(study, affiliations=moved)), by_parts(folder))
    assert before.items() <= kept(folder).items()
    # said of February again, by who does not know what came later: it holds for February alone
    late = replace(february, shares=february.shares.head(1).assign(share_id="late"))
    assert add_period(folder, late.write(tmp_path / "late")).spells_changed == 0
    spells = an.read(folder).affiliations
    assert set(spells.loc[spells["holder_id"] == person, "organisation"]) == {house, other}


def test_an_outsider_who_turns_out_to_be_one_of_the_house_is_counted_again(
    halves: list[an.Study], tmp_path: Path
) -> None:
    study = both(halves)
    dyads = an.dyads(study)
    account = dyads.events["sharer_id"].value_counts().index[0]
    row = study.accounts["account_id"] == account
    unknown = study.accounts.assign(
        role=study.accounts["role"].mask(row, "outside"),
        holder_id=study.accounts["holder_id"].mask(row, account),
        organisation=study.accounts["organisation"].mask(row),
    )
    february = replace(halves[0], accounts=unknown, holders=study.holders)
    holders = set(unknown["holder_id"])
    february = replace(
        february,
        affiliations=study.affiliations[study.affiliations["holder_id"].isin(holders)].reset_index(drop=True),
    )
    march = replace(halves[1], accounts=study.accounts, holders=study.holders, affiliations=study.affiliations)
    folder = store(february, tmp_path / "study")
    by_parts(folder)
    added = add_period(folder, march.write(tmp_path / "march"))
    assert added.labelled == 1
    assert_same(whole(study), by_parts(folder))


def test_accounts_observed_otherwise_are_partly_observed(halves: list[an.Study], tmp_path: Path) -> None:
    first, second = (
        replace(
            half,
            accounts=half.accounts.assign(
                observed_from=half.accounts["observed_from"].mask(half.accounts["observed"] == "full", begin),
                observed_to=half.accounts["observed_to"].mask(half.accounts["observed"] == "full", end),
            ),
        )
        for half, begin, end in zip(
            halves,
            pd.to_datetime(["2025-02-01", "2025-03-01"], utc=True),
            pd.to_datetime(["2025-03-01", "2025-04-01"], utc=True),
            strict=True,
        )
    )
    common = set(first.accounts["account_id"]) & set(second.accounts["account_id"])
    account = sorted(common & set(first.accounts.loc[first.accounts["observed"] == "full", "account_id"]))[0]
    row = second.accounts["account_id"] == account
    unseen = second.accounts.assign(observed=second.accounts["observed"].mask(row, "none"))
    (added,) = put_together([first, replace(second, accounts=unseen)], tmp_path)
    assert added.observed_in_part == 1
    merged = an.read(tmp_path / "study").accounts.set_index("account_id")
    assert merged.loc[account, "observed"] == "partial"
    seen = merged[(merged["observed"] == "full") & merged.index.isin(common)]
    assert len(seen) > 100
    assert set(seen["observed_from"]) == {pd.Timestamp("2025-02-01", tz="UTC")}
    assert set(seen["observed_to"]) == {pd.Timestamp("2025-04-01", tz="UTC")}


def test_what_does_not_fit_is_refused_and_changes_nothing(halves: list[an.Study], tmp_path: Path) -> None:
    first, second = halves
    folder = store(first, tmp_path / "study")
    before = files_in(folder)
    official = second.accounts["role"] == "organisation"
    renamed = second.accounts.assign(organisation=second.accounts["organisation"].mask(official, "Another"))
    real = replace(second, made_up=False)
    for period, says in (
        (replace(second, accounts=renamed), "another role, holder or organisation"),
        (real, "made-up"),
    ):
        with pytest.raises(SchemaError, match=says):
            add_period(folder, period.write(tmp_path / "period"))
        assert files_in(folder) == before
    with pytest.raises(SchemaError, match="ambassador-net store"):
        add_period(second.write(tmp_path / "plain"), folder)
    part = next((folder / "shares").rglob("*.parquet"))
    table = pq.read_table(part)
    pq.write_table(table.slice(1), part)
    for refused in (lambda: add_period(folder, tmp_path / "plain"), lambda: by_parts(folder)):
        with pytest.raises(SchemaError, match="store the study again"):
            refused()


def test_a_period_too_long_for_memory_goes_from_file_to_file(
    halves: list[an.Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    february, march = halves
    begin, end = (pd.Timestamp(day, tz="UTC") for day in ("2025-03-10", "2025-03-20"))
    # March comes in two parts, of which the first has what the second begins with
    weeks = cut(march, ["2025-03-20"])
    period = tmp_path / "period"
    store(weeks[0], period)
    add_period(period, weeks[1].write(tmp_path / "rest"))
    assert len(of_parts(period, "shares")) == 2
    folder = tmp_path / "study"
    early = march.shares[march.shares["shared_at_earliest"].between(begin, end)]
    nothing = {name: march.tables[name].head(0) for name in EVENT_TIMES}
    store(both([february, narrowed(march, {**nothing, "shares": early})]), folder)
    monkeypatch.setattr(adding, "MOST_SHARES", 10)
    added = add_period(folder, period)
    entry = next(entry for entry in added.ledger.entries if entry.table == "shares")
    assert (entry.rows, entry.repeated, entry.set_aside) == (len(march.shares), len(early), {})
    assert_same_study(both(halves), an.read(folder))
    assert_same(whole(both(halves)), by_parts(folder))
    for resource, file in parts_as_written(folder, "shares"):
        keys = pq.read_table(file, columns=["shared_at_earliest", "share_id"]).to_pylist()
        assert keys == sorted(keys, key=lambda row: (row["shared_at_earliest"], row["share_id"])), resource["path"]
    assert not add_period(folder, period).changed


def test_who_withdraws_is_in_no_file_of_a_stored_study(halves: list[an.Study], tmp_path: Path) -> None:
    put_together(halves, tmp_path)
    folder = tmp_path / "study"
    by_parts(folder)
    study = an.read(folder)
    person = an.dyads(study).events["holder_id"].value_counts().index[0]
    accounts = study.accounts.loc[study.accounts["holder_id"] == person, "account_id"]
    gone = withdraw_from_folder(folder, person)
    assert gone.rows["shares"] > 0
    assert gone.to_check == ()
    tables = {path: pd.read_parquet(folder / path) for path in files_in(folder) if path.endswith(".parquet")}
    assert not [path for path in tables if path.startswith("reduced")]
    assert len(tables) > 4
    for path, table in tables.items():
        assert not table.isin([person, *accounts]).to_numpy().any(), path
    assert_same(whole(an.read(folder)), by_parts(folder))


def test_the_commands_lead_from_one_to_the_other(tmp_path: Path) -> None:
    def ran(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, done.output
        return done.output

    made, stored, period = str(tmp_path / "made"), str(tmp_path / "stored"), str(tmp_path / "period")
    assert "3,000 made-up shares" in ran("simulate", "--shares", "3e3", "--months", "2", "--seed", "5", "--to", made)
    january, february = cut(an.read(made), ["2025-02-01"])
    ran("store", str(january.write(tmp_path / "january")), "--to", stored)
    february.write(tmp_path / "period")
    assert "added to" in ran("add", period, "--to", stored)
    again = ran("add", period, "--to", stored, "--json", str(tmp_path / "again.json"))
    assert "left as it was" in again
    assert json.loads((tmp_path / "again.json").read_text("utf-8"))["changed"] is False
    assert "3000" in ran("check", stored)
    refused = CliRunner().invoke(app, ["simulate", "--shares", "many", "--to", made])
    assert refused.exit_code == 2
    assert "1e8" in refused.output


# ---- any study, cut anyhow ------------------------------------------------------------------------------------

OFFICIAL, PEOPLE, OUTSIDERS = ("a", "b", "b2"), ("p", "q", "r", "p2"), ("x", "y")
EVERYBODY = (*OFFICIAL, *PEOPLE, *OUTSIDERS)
hours = st.integers(0, 24 * 70)


@st.composite
def cut_studies(draw: st.DrawFn) -> tuple[an.Study, list[an.Study]]:
    """A small study over ten weeks, and the same cut into periods without regard to time."""
    start = pd.Timestamp("2025-01-20T00:00:00Z")

    def at(hour: int | None) -> str | None:
        return None if hour is None else (start + pd.Timedelta(hours=hour)).isoformat()

    accounts = pd.DataFrame(
        [{"account_id": o, "role": "organisation", "organisation": o[0].upper(), "observed": "full"} for o in OFFICIAL]
        + [{"account_id": p, "holder_id": f"h{p[0]}", "role": "employee", "observed": "full"} for p in PEOPLE]
        + [{"account_id": x, "role": "outside", "observed": "partial"} for x in OUTSIDERS]
    )
    ends = st.none() | hours
    spells = draw(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("AB"), ends, ends), max_size=6))
    posts = draw(
        st.lists(st.tuples(st.sampled_from(EVERYBODY), hours, st.sampled_from(["original", "reply"])), max_size=12)
    )
    share = st.tuples(
        st.sampled_from(EVERYBODY),
        st.sampled_from([*EVERYBODY, None]),
        hours,
        st.integers(0, 3),
        st.none() | st.integers(0, 12),
    )
    shares = draw(st.lists(share, min_size=1, max_size=25))
    study = an.from_tables(
        {
            "accounts": accounts,
            "affiliations": pd.DataFrame(
                [
                    {"holder_id": f"h{who}", "organisation": house, "valid_from": at(begin), "valid_to": at(end)}
                    for who, house, begin, end in spells
                ],
                columns=["holder_id", "organisation", "valid_from", "valid_to"],
            ),
            "posts": pd.DataFrame(
                [
                    {"post_id": f"post {n}", "author_id": author, "posted_at": at(hour), "kind": kind}
                    for n, (author, hour, kind) in enumerate(posts)
                ],
                columns=["post_id", "author_id", "posted_at", "kind"],
            ),
            "shares": pd.DataFrame(
                [
                    {
                        "share_id": f"share {n}",
                        "shared_at": at(hour) if vague else None,
                        "shared_at_earliest": at(hour),
                        "shared_at_latest": at(hour if vague else hour + 100),
                        "sharer_id": sharer,
                        "source_id": source,
                        "kind": "quote" if vague == 2 else "repost",
                        "original_post_id": None if of is None else f"post {of}",
                        "collection": "one" if vague == 3 else None,
                    }
                    for n, (sharer, source, hour, vague, of) in enumerate(shares)
                ]
            ),
        },
        title="A small study",
    )  # fmt: skip
    n = draw(st.integers(2, 3))
    periods = []
    of = {name: draw(st.lists(st.integers(0, n - 1), min_size=(k := len(study.tables[name])), max_size=k)) for name in
          ("posts", "shares")}  # fmt: skip
    for number in range(n):
        events = {name: study.tables[name][np.array(of[name], dtype=int) == number] for name in ("posts", "shares")}
        # the silent stand in the first period, the others where they are first named
        named = narrowed(study, {**{name: study.tables[name] for name in EVENT_TIMES}}).accounts["account_id"]
        silent = set(study.accounts["account_id"]) - set(named)
        periods.append(narrowed(study, {**events, "mentions": study.mentions}, also=silent if not number else ()))
    return study, periods


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(cut_studies())
def test_periods_added_one_by_one_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[an.Study, list[an.Study]]
) -> None:
    study, periods = drawn
    periods = [period for period in periods if len(period.accounts)]
    place = tmp_path_factory.mktemp("cut")
    store(periods[0], place / "study")
    by_parts(place / "study")
    for number, period in enumerate(periods[1:]):
        add_period(place / "study", period.write(place / str(number)))
    assert_same_study(study, an.read(place / "study"))
    assert_same(whole(study), by_parts(place / "study"))


# ---- killed at any moment -------------------------------------------------------------------------------------

KILLS = 10
WRITE = "from ambassador_net.simulate.large import write_large; write_large(sys.argv[1], 100_000, seed=3)"
STORE = (
    "from ambassador_net.study import read; from ambassador_net.study.storing import store; "
    "store(read(sys.argv[2]), sys.argv[1])"
)
ADD = "from ambassador_net.readers.adding import add_period; add_period(sys.argv[1], sys.argv[2])"
COUNT = "import test_stored; from pathlib import Path; test_stored.by_parts(Path(sys.argv[1]))"


def started(code: str, *arguments: Path) -> "subprocess.Popen[bytes]":
    where = os.pathsep.join([str(Path(__file__).parent), str(Path(an.__file__).parents[1])])
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys; {code}", *map(str, arguments)], env=os.environ | {"PYTHONPATH": where}
    )


def until(there: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None and not there():
        time.sleep(0.001)


def finished(code: str, *arguments: Path, there: Callable[[], bool]) -> float:
    """Let a program run to its end; how long it wrote."""
    process = started(code, *arguments)
    until(there, process)
    begin = time.monotonic()
    assert process.wait() == 0
    return time.monotonic() - begin


def killed(code: str, *arguments: Path, there: Callable[[], bool], after: float) -> None:
    process = started(code, *arguments)
    until(there, process)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two made-up months, and a third one to be added."""
    place = tmp_path_factory.mktemp("months")
    study = an.read(write_large(place / "large", 40_000, seed=4, accounts=2_000, months=3))
    first, last = cut(study, ["2025-03-01"])
    return first.write(place / "first"), last.write(place / "last")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["simulate", "store", "add"])
def test_killed_at_any_moment_it_is_the_old_study_or_the_new_one(
    what: str, months: tuple[Path, Path], tmp_path: Path
) -> None:
    first, last = months
    code, *arguments = {"simulate": (WRITE,), "store": (STORE, first), "add": (ADD, last)}[what]

    def prepared(name: str) -> Path:
        folder = tmp_path / name
        if what == "add":
            store(an.read(first), folder)
            (folder / "notes.txt").write_text("mine")
        return folder

    def writing(folder: Path) -> Callable[[], bool]:
        return (folder / ".writing").exists

    reference = prepared("reference")
    old = files_in(reference) if what == "add" else {}
    took = finished(code, reference, *arguments, there=writing(reference))
    new = files_in(reference)
    assert new != old
    rng = np.random.default_rng(9)
    states = []
    for number in range(KILLS):
        folder = prepared(f"killed-{number}")
        killed(code, folder, *arguments, there=writing(folder), after=rng.uniform(0, took))
        if what == "add" or is_study(folder):
            states.append(len(an.read(folder).shares))
        else:
            # nothing is there yet: no half of a study is taken for one
            with pytest.raises(SchemaError, match=r"has no accounts"):
                an.read(folder)
            states.append(None)
        # the next run finishes or clears away what was left
        finished(code, folder, *arguments, there=writing(folder))
        assert files_in(folder) == new
        assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    before = len(an.read(first).shares) if what == "add" else None
    assert set(states) <= {before, len(an.read(reference).shares)}
    assert before in states


@pytest.mark.slow
def test_killed_while_it_counts_it_counts_the_same_again(months: tuple[Path, Path], tmp_path: Path) -> None:
    folder = store(an.read(months[0]), tmp_path / "study")
    counted = whole(an.read(folder))
    rng, took = np.random.default_rng(0), 2.0
    for _ in range(KILLS):
        killed(COUNT, folder, there=(folder / "reduced").exists, after=rng.uniform(0, took))
        took = max(0.1, took / 2)
    assert_same(counted, by_parts(folder))
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
