"""A stored study is counted in one pass: the same tables, the same answers, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import ambassador_net as an
from ambassador_net.amplification import mutual_amplification
from ambassador_net.amplification.answers import AnswerTable, side_of
from ambassador_net.amplification.cross import cross_shares
from ambassador_net.amplification.mixing import mixing
from ambassador_net.amplification.timing import WINDOWS
from ambassador_net.cli import app
from ambassador_net.errors import AmbassadorError, SchemaError
from ambassador_net.nulls import KindBlocks, classes_of_strengths, house_classes, minimum_under_null, node_classes
from ambassador_net.nulls.houses import study_houses
from ambassador_net.reduction import Dyads, checks, dyads, known_by, out_of_core, stored
from ambassador_net.reduction.checks import ledger
from ambassador_net.reduction.files import write_table
from ambassador_net.study.stored import StoredStudy, open_study
from ambassador_net.study.storing import store
from small import tables

TABLES = ("pairs", "events", "strengths", "collections")


def opened(folder: Path, *, trusted: bool = True) -> StoredStudy:
    study = open_study(folder, at_most=-1)
    assert isinstance(study, StoredStudy)
    return study if trusted else replace(study, accounts_as_written=False)


def assert_same(one: Dyads, other: Dyads) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    for number in ("shares", "self_shares", "source_unknown"):
        assert getattr(one, number) == getattr(other, number)


@pytest.fixture(scope="module")
def example_stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(an.read("data/example"), tmp_path_factory.mktemp("stored") / "study")


# ---- the same tables -------------------------------------------------------------------------------------

# two persons, one of two accounts and of two houses; sister accounts; a house without a person; ids of any letters
ACCOUNTS = {
    "o1": ("organisation", "Å", "full", None),
    "o2": ("organisation", "Å", "partial", None),
    "p1": ("organisation", "B", "full", None),
    "q1": ("organisation", "empty", "full", None),
    "q2": ("organisation", "empty", "none", None),
    "ä": ("employee", None, "full", "anna"),
    "ä2": ("employee", None, "none", "anna"),
    "二": ("employee", None, "partial", "er"),
    "x": ("outside", None, "none", None),
}
DAY = pd.Timestamp("2025-03-01T00:00:00Z")
SPELLS = pd.DataFrame(
    [
        ("anna", "Å", None, "2025-03-20"),
        ("anna", "Å", "2025-04-02", None),
        ("anna", "B", "2025-03-10", "2025-04-10"),
        ("er", "B", None, None),
    ],
    columns=["holder_id", "organisation", "valid_from", "valid_to"],
)

a_share = st.tuples(
    st.sampled_from([*ACCOUNTS, "stranger", None]),
    st.sampled_from([*ACCOUNTS, "stranger", None]),
    st.integers(0, 50),  # day
    st.integers(0, 2),  # second
    st.sampled_from([None, 0, 3]),  # known only as an interval of so many days
    st.sampled_from([None, "", "c", "d"]),  # collection
    st.sampled_from(["repost", "quote", None]),
    st.sampled_from(["1", "2", "3", "é", None, *map(str, range(10, 40))]),  # id, that others may have
)
a_post = st.tuples(
    st.sampled_from([*ACCOUNTS, "stranger"]), st.integers(0, 50), st.sampled_from(["original", "repost", "reply"])
)


def written(folder: Path, shares: list[tuple], posts: list[tuple]) -> None:
    """Write a study whose events nobody checked, in parts and without a description."""
    accounts = pd.DataFrame(
        [(name, *row) for name, row in ACCOUNTS.items()],
        columns=["account_id", "role", "organisation", "observed", "holder_id"],
    )
    accounts.to_parquet(folder / "accounts.parquet")
    SPELLS.to_parquet(folder / "affiliations.parquet")

    def time(day: float, second: int) -> pd.Timestamp:
        return (DAY + pd.Timedelta(days=day, seconds=second)).tz_localize(None)

    rows = [
        {
            "share_id": key,
            "shared_at": None if width is not None else time(day, second),
            "shared_at_earliest": None if width is None else time(day, second),
            "shared_at_latest": None if width is None else time(day + width - (second == 2), second),
            "sharer_id": sharer,
            "source_id": source,
            "kind": kind,
            "collection": collection,
        }
        for sharer, source, day, second, width, collection, kind, key in shares
    ]
    texts, times = ["share_id", "sharer_id", "source_id", "kind", "collection"], [
        "shared_at", "shared_at_earliest", "shared_at_latest",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=[*texts, *times])
    table = table.astype(dict.fromkeys(texts, "str") | dict.fromkeys(times, "datetime64[us]"))
    for number, part in enumerate((table.iloc[: len(table) // 2], table.iloc[len(table) // 2 :])):
        place = folder / "shares" / f"month=2025-0{number + 3}"
        place.mkdir(parents=True)
        part.to_parquet(place / "part-0.parquet", index=False)
    made = pd.DataFrame(
        [(str(n), author, time(day, 0), kind) for n, (author, day, kind) in enumerate(posts)],
        columns=["post_id", "author_id", "posted_at", "kind"],
    )
    made = made.astype({"post_id": "str", "author_id": "str", "kind": "str", "posted_at": "datetime64[us]"})
    (folder / "posts").mkdir()
    made.to_parquet(folder / "posts" / "part-0.parquet", index=False)


def counted_by_hand(study: an.Study) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str, str]]]:
    """Edges and weights of pairs, share by share."""
    accounts = study.accounts.set_index("account_id")
    edges: Counter[tuple[str, str]] = Counter()
    pairs: Counter[tuple[str, str, str]] = Counter()
    for share in study.shares.itertuples():
        if pd.isna(share.source_id):
            continue
        one, other = accounts.loc[share.sharer_id], accounts.loc[share.source_id]
        official = [end["role"] == "organisation" for end in (one, other)]
        if share.sharer_id == share.source_id or (not official[0] and one["holder_id"] == other["holder_id"]):
            continue
        edges[share.sharer_id, share.source_id] += 1
        if {one["role"], other["role"]} != {"organisation", "employee"}:
            continue
        person, house = (other, one) if official[0] else (one, other)
        for spell in study.affiliations.itertuples():
            inside = (pd.isna(spell.valid_from) or share.shared_at_earliest >= spell.valid_from) and (
                pd.isna(spell.valid_to) or share.shared_at_latest < spell.valid_to
            )
            if inside and (spell.holder_id, spell.organisation) == (person["holder_id"], house["organisation"]):
                pairs["oe" if official[0] else "eo", person["holder_id"], house["organisation"]] += 1
                break
    return edges, pairs


@pytest.mark.parametrize(
    "of_an_id",
    ["hash({})", pytest.param("(hash({}) % 3)", marks=pytest.mark.slow)],
    ids=["hashes", "hashes that collide"],
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shares=st.lists(a_share, max_size=40), posts=st.lists(a_post, max_size=12))
def test_one_pass_is_the_statements_and_the_loop(
    of_an_id: str, monkeypatch: pytest.MonkeyPatch, shares: list[tuple], posts: list[tuple]
) -> None:
    monkeypatch.setattr(checks, "HASH", of_an_id)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, shares, posts)
        whole, study = an.read(folder), opened(folder)
        found, wanted = dyads(study), dyads(whole)
        assert_same(found, wanted)
        assert known_by(study, found).window == whole.window
        assert set(known_by(study, found).sharers) == set(whole.sharers)
        entries = {entry["table"]: entry for entry in ledger(study).to_dict()}
        for entry in whole.ledger.to_dict():
            assert {**entries[entry["table"]], "file": ""} == {**entry, "file": ""}
        edges, pairs = counted_by_hand(whole)
        for row in found.pairs.itertuples():
            assert row.seen_eo == pairs["eo", row.holder_id, row.organisation]
            assert row.seen_oe == pairs["oe", row.holder_id, row.organisation]
        assert found.strengths["strength_out"].sum() == sum(edges.values())
        file = pd.read_parquet(write_table(study, "edges", folder / "edges.parquet"))
        assert list(zip(file["sharer_id"], file["source_id"], strict=True)) == sorted(edges)
        assert Counter({(e.sharer_id, e.source_id): e.weight for e in file.itertuples()}) == edges


@pytest.mark.parametrize("trusted", [True, False])
def test_example_in_files_and_in_memory(example_stored: Path, trusted: bool, tmp_path: Path) -> None:
    study, whole = opened(example_stored, trusted=trusted), an.read(example_stored)
    assert study.trusted("shares") == trusted
    found = dyads(study)
    wanted = dyads(whole)
    assert_same(found, wanted)
    file = pd.read_parquet(write_table(study, "edges", tmp_path / "edges.parquet"))
    pd.testing.assert_frame_equal(file, wanted.edges, check_dtype=False)
    by_day = [write_table(of, "strengths_by_day", tmp_path / f"{n}.parquet") for n, of in enumerate((study, whole))]
    pd.testing.assert_frame_equal(*(pd.read_parquet(file) for file in by_day))
    assert pd.read_parquet(by_day[0])["strength_out"].sum() == found.strengths["strength_out"].sum()


def test_a_study_with_many_sets_of_houses(example_stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = opened(example_stored)
    monkeypatch.setattr(stored, "MOST_SHUFFLED", 0)
    few = dyads(study)
    monkeypatch.setattr(stored, "_MOST_SETS", 1)
    many = dyads(study)
    assert_same(few, many)
    one, other = (house_classes(study, of, of.streamed) for of in (few, many))
    for field in ("out", "into", "kind", "count", "totals", "open_out", "open_in"):
        np.testing.assert_array_equal(
            getattr(one.nodes(one.kind_blocks), field), getattr(other.nodes(other.kind_blocks), field)
        )


# ---- the same answers ------------------------------------------------------------------------------------


def test_answer_from_files_is_the_answer_from_memory(example_stored: Path) -> None:
    one, other = (
        mutual_amplification(study, seed=3, permutations=20, test_permutations=200)
        for study in (an.read(example_stored), opened(example_stored))
    )
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())


def test_closed_form_alone_above_what_is_shuffled(example_stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = an.read(example_stored)
    counted = dyads(whole)
    houses = study_houses(whole, counted)
    monkeypatch.setattr(stored, "MOST_SHUFFLED", len(whole.shares) - 1)
    study = opened(example_stored)
    found = dyads(study)
    assert found.streamed is not None
    assert found.streamed.shares is None
    classes = house_classes(study, found, found.streamed)
    for blocks in (houses.kind_blocks, KindBlocks.none(houses.kind_blocks.kinds)):
        from_shares, from_sums = node_classes(houses.events, houses.kind, blocks), classes.nodes(blocks)
        for field in ("out", "into", "kind", "count", "totals", "open_out", "open_in"):
            np.testing.assert_array_equal(getattr(from_shares, field), getattr(from_sums, field))
    result = mutual_amplification(study, seed=3, test_permutations=50)
    assert result.mixing is not None
    assert not result.mixing.shuffled
    assert "closed form alone" in result.mixing.n3.null
    assert (result.mixing.n1.p_sim, result.mixing.n1.permutations, result.mixing.agrees) == (None, 0, None)
    assert result.mixing.n1.p == result.mixing.n1.p_norm
    drawn = mixing(whole, counted, permutations=200, rng=np.random.default_rng(1), seed=1)
    assert drawn is not None
    assert (result.mixing.n1.statistic, result.mixing.n3.statistic) == (drawn.n1.statistic, drawn.n3.statistic)
    assert result.mixing.n3.sd == pytest.approx(drawn.n3.sd, rel=0.15)
    assert result.mixing.n1.sd == pytest.approx(drawn.n1.sd, rel=0.15)


def test_nodes_are_grouped_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    out = rng.poisson(2, (5000, 2)).astype(np.int32)
    into = rng.permutation(out)
    kind = rng.integers(0, 3, 5000).astype(np.int32)
    nothing = (np.zeros(0, dtype=np.intp),) * 4
    at_once = classes_of_strengths(out, into, kind, nothing, KindBlocks.none(3))
    monkeypatch.setattr("ambassador_net.nulls.closed_form.NODES_AT_A_TIME", 77)
    in_pieces = classes_of_strengths(out, into, kind, nothing, KindBlocks.none(3))
    np.testing.assert_array_equal(at_once.out, in_pieces.out)
    np.testing.assert_array_equal(at_once.count, in_pieces.count)
    assert at_once.count.sum() == ((out.sum(axis=1) + into.sum(axis=1)) > 0).sum()
    assert minimum_under_null(at_once, KindBlocks.none(3), np.array([[1, 2]]), weight_too=True) == minimum_under_null(
        in_pieces, KindBlocks.none(3), np.array([[1, 2]]), weight_too=True
    )


def test_answers_are_looked_for_piece_by_piece(example: an.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    side = side_of(cross_shares(dyads(example)), "person_returns")
    table = AnswerTable.of(side, side.strata("main"))
    at_once = table.answers(WINDOWS)
    monkeypatch.setattr("ambassador_net.amplification.answers.CELLS_AT_A_TIME", 1013)
    for name, answer in table.answers(WINDOWS).items():
        np.testing.assert_array_equal(answer, at_once[name])


# ---- what is trusted -------------------------------------------------------------------------------------


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "shares").rglob("*.parquet"))


def put(rows: pd.DataFrame, file: Path) -> None:
    pq.write_table(pa.Table.from_pandas(rows, schema=pq.read_schema(file), preserve_index=False), file)


def test_a_file_that_is_not_as_written_is_checked_again(tmp_path: Path) -> None:
    folder = store(an.read("data/example"), tmp_path / "study")
    assert opened(folder).trusted("shares")
    part = parts(folder)[0]
    rows = pd.read_parquet(part)
    put(pd.concat([rows, rows.head(3)]), part)
    study = opened(folder)
    assert not study.trusted("shares")
    assert study.trusted("posts")
    found = dyads(study)
    assert found.shares == sum(study.events["shares"].rows) - 3
    assert_same(found, dyads(an.read(folder)))


def test_one_byte_is_enough(tmp_path: Path) -> None:
    folder = store(an.read("data/example"), tmp_path / "study")
    content = bytearray(parts(folder)[0].read_bytes())
    content[len(content) // 3] ^= 1
    parts(folder)[0].write_bytes(content)
    assert not opened(folder).trusted("shares")


def test_other_accounts_are_other_rows(tmp_path: Path) -> None:
    study = an.read("data/example")
    folder = store(study, tmp_path / "study")
    gone = study.shares["sharer_id"].iloc[0]
    accounts = pd.read_parquet(folder / "accounts.parquet")
    accounts[accounts["account_id"] != gone].to_parquet(folder / "accounts.parquet", index=False)
    entry = ledger(opened(folder)).entries[-2]
    assert entry.table == "shares"
    assert entry.set_aside["sharer_id is not in accounts"] == (study.shares["sharer_id"] == gone).sum()


def test_ids_are_looked_through_in_several_looks(example_stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = opened(example_stored, trusted=False)
    at_once = dyads(study)
    monkeypatch.setattr(checks, "_MOST_HASH_BYTES", 10_000)
    assert_same(at_once, dyads(study))


def test_a_wrong_kind_is_refused_with_its_row(tmp_path: Path) -> None:
    folder = store(an.read("data/example"), tmp_path / "study")
    rows = pd.read_parquet(parts(folder)[1])
    rows.loc[4, "kind"] = "hug"
    put(rows, parts(folder)[1])
    before = len(pd.read_parquet(parts(folder)[0]))
    with pytest.raises(SchemaError, match=rf"shares, line {before + 6}: kind must be one of repost, quote"):
        dyads(opened(folder))
    with pytest.raises(SchemaError, match=rf"line {before + 6}: kind must be one of repost, quote"):
        an.read(folder)


def test_a_column_of_another_type_says_what_to_do(tmp_path: Path) -> None:
    folder = store(an.read("data/example"), tmp_path / "study")
    rows = pd.read_parquet(parts(folder)[0])
    rows.assign(shared_at=rows["shared_at"].astype("str")).to_parquet(parts(folder)[0], index=False)
    with pytest.raises(SchemaError, match=r"shared_at must be a datetime \(times in UTC, without a zone\)"):
        opened(folder)


def test_a_study_without_shares(tmp_path: Path) -> None:
    made = an.from_tables(tables({"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}, []), title="t")
    study = opened(store(made, tmp_path / "study"))
    found = dyads(study)
    assert_same(found, dyads(made))
    assert known_by(study, found).window is None
    assert mutual_amplification(study, seed=1).mixing is None


# ---- memory and what is left behind ----------------------------------------------------------------------


def spills() -> set[str]:
    return {entry.name for entry in Path(tempfile.gettempdir()).glob("ambassador-net-spill-*")}


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_memory_is_divided_and_the_rest_goes_to_a_private_folder(own_temporary_folder: Path) -> None:
    with out_of_core.connected(1_000_000_000) as connection:
        (limit,) = connection.sql("SELECT current_setting('memory_limit')").fetchall()[0]
        assert limit == "476.8 MiB"
        (folder,) = own_temporary_folder.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        # more than fits: DuckDB puts it there
        connection.execute("SET memory_limit = '40MB'; SET threads = 1; SET preserve_insertion_order = false")
        connection.execute("CREATE TEMP TABLE much AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(8000000) t(i)")
        assert [file.name for file in folder.iterdir() if file.name != "lock"]
    assert list(own_temporary_folder.iterdir()) == []


def test_little_memory_is_not_shuffled_in_and_too_little_is_said(example_stored: Path) -> None:
    study = opened(example_stored)
    room = 250 * len(study.events["shares"])
    for memory, shuffled in ((room, True), (room - 1, False)):
        found = dyads(replace(study, memory=memory)).streamed
        assert found is not None
        assert (found.shares is not None) == shuffled
    with pytest.raises(AmbassadorError, match=r"counting 2,256 accounts in 1 collections takes .* --memory"):
        dyads(replace(study, memory=500_000))


def test_what_a_killed_process_left_is_cleared_and_nothing_else(own_temporary_folder: Path) -> None:
    code = (
        "import time\nfrom ambassador_net.reduction.out_of_core import spill_folder\n"
        "with spill_folder() as f:\n print(f, flush=True)\n time.sleep(60)"
    )
    run = [sys.executable, "-c", code]
    with (
        subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as dies,
        subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as lives,
    ):
        assert dies.stdout is not None
        assert lives.stdout is not None
        left, held = Path(dies.stdout.readline().strip()), Path(lives.stdout.readline().strip())
        os.kill(dies.pid, signal.SIGKILL)
        dies.wait()
        assert left.is_dir()
        with out_of_core.spill_folder():
            assert not left.exists()
            assert held.is_dir()
        lives.kill()


# ---- commands --------------------------------------------------------------------------------------------


@pytest.fixture
def nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambassador_net.study.stored.open_study.__kwdefaults__", {"memory": None, "at_most": -1})


@pytest.mark.usefixtures("nothing_fits")
def test_commands_leave_the_events_in_their_files(example_stored: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    found = run(app, ["check", str(example_stored), "--memory", "1GB"])
    assert found.exit_code == 0
    assert "shares in files" in found.output
    assert "10428" in found.output.replace(",", "")
    network = run(app, ["network", str(example_stored), "--by", "house", "--to", str(tmp_path / "h.gexf")])
    assert network.exit_code == 0, network.output
    assert (tmp_path / "h.gexf").is_file()
    network = run(app, ["network", str(example_stored), "--by", "account", "--to", str(tmp_path / "a.gexf")])
    assert network.exit_code == 0, network.output
    assert sorted(file.name for file in tmp_path.glob("a.*")) == ["a.edges.parquet", "a.nodes.parquet"]
    nodes = pd.read_parquet(tmp_path / "a.nodes.parquet")
    edges = pd.read_parquet(tmp_path / "a.edges.parquet")
    assert nodes["strength_out"].sum() == edges["weight"].sum()
    assert run(app, ["tango", str(example_stored), "--memory", "lots"]).exit_code == 2


def test_progress_counts_every_row(example_stored: Path) -> None:
    said: list[tuple[int, int]] = []
    study = opened(example_stored)
    dyads(study, progress=lambda done, total: said.append((done, total)))
    total = len(study.events["shares"]) + len(study.events["posts"])
    assert said[-1] == (total, total)
    assert said == sorted(said)
