"""Spark counts what DuckDB and a plain loop count: on a standalone master with two workers, started here."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import ambassador_net as an
from ambassador_net.errors import EngineError
from ambassador_net.reduction import duckdb, needed, spark, statements
from ambassador_net.reduction.exchange import to_arrow
from ambassador_net.reduction.stored import streamed
from ambassador_net.study.stored import StoredStudy, open_study
from ambassador_net.study.storing import store
from counting_loop import ORDER, count, rows
from small import ROOT, small_study
from spark_cluster import Cluster, cluster
from streamed import assert_same_streamed
from troubled import made_up_shares, troubled

HERE = find_spec("pyspark") is not None and shutil.which("java") is not None
pytestmark = [
    pytest.mark.spark,
    # Java starts ten times here, which a loaded machine feels
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        sys.platform == "win32", reason="Spark on Windows needs files of Hadoop that PyPI does not have"
    ),
    pytest.mark.skipif(not HERE and os.environ.get("CI") != "true", reason="needs the extra spark and Java"),
]

PLAN = statements("reduction.sql", "posts.sql")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster; whoever asks it from this process finds its settings in the environment."""
    with cluster(tmp_path_factory.mktemp("cluster")) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def asked(master: Cluster) -> Iterator[str]:
    """The address of the cluster, while one session with it is open for all that ask."""
    with spark.session(master.master):
        yield master.master


def by_month(table: pd.DataFrame, time_column: str, folder: Path) -> list[Path]:
    """Write a table as a stored study has it: Parquet, a folder a month."""
    files = []
    for month, part in table.groupby(table[time_column].dt.strftime("%Y-%m")):
        file = folder / f"month={month}" / "part-0.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(to_arrow(part), file)
        files.append(file)
    return files


def assert_same(
    found: Mapping[str, pd.DataFrame], study: an.Study, raw: Mapping[str, pd.DataFrame] | None = None
) -> None:
    duck = duckdb.run(PLAN, study.tables, ORDER)
    loop = count(raw or study.tables)
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, duck[name], obj=name)
        assert rows(table) == loop[name], name


@pytest.mark.parametrize(
    ("address", "says"),
    [("spark://127.0.0.1:1", "nothing answers"), ("spark://host", "expected spark://HOST:PORT")],
)
def test_a_master_that_is_not_there(address: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "_CONNECT_S", 1)
    with pytest.raises(EngineError, match=says), spark.session(address):
        pass


def test_without_java_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match="Java 17"), spark.session(spark.THIS_MACHINE):
        pass


def test_ten_thousand_shares_from_memory(asked: str) -> None:
    raw, study = troubled(made_up_shares(1, seed=1), seed=2)
    assert len(study.shares) > 9_000
    assert_same(spark.run(PLAN, study.tables, ORDER, master=asked), study, raw)


def test_a_hundred_thousand_shares_from_months_of_parquet(asked: str, tmp_path: Path) -> None:
    raw, study = troubled(made_up_shares(10, seed=3), seed=4)
    assert len(study.shares) > 90_000
    # a pattern to Spark, a folder to everybody else
    place = tmp_path / "keruu [1] {ä,ö}*"
    tables = {
        **study.tables,
        "shares": by_month(study.shares, "shared_at_earliest", place / "shares"),
        "posts": by_month(study.posts, "posted_at", place / "posts"),
    }
    assert len(tables["shares"]) > 10
    assert_same(spark.run(PLAN, tables, ORDER, master=asked), study, raw)


def test_a_study_of_next_to_nothing(asked: str) -> None:
    study = small_study({"o": ("organisation", "A", "full"), "x": ("outside", "", "none")}, [])
    assert_same(spark.run(PLAN, study.tables, ORDER, master=asked), study)


def test_dyads_are_the_same_objects(asked: str, example: an.Study) -> None:
    duck, other = an.dyads(example), an.dyads(example, engine="spark", master=asked)
    for name in ("pairs", "events", "edges", "strengths", "affiliations"):
        pd.testing.assert_frame_equal(getattr(duck, name), getattr(other, name), obj=name)
    assert (duck.shares, duck.self_shares, duck.source_unknown) == (
        other.shares,
        other.self_shares,
        other.source_unknown,
    )


def test_a_month_may_lack_a_column(asked: str, tmp_path: Path) -> None:
    _, study = troubled(made_up_shares(1, seed=7), seed=8)
    files = by_month(study.shares, "shared_at_earliest", tmp_path / "shares")
    first = pq.read_table(files[0])
    pq.write_table(first.drop_columns(["collection"]), files[0])
    shares = study.shares.copy()
    shares.loc[shares["share_id"].isin(first["share_id"].to_pylist()), "collection"] = None
    wanted = {"totals": (), "collections": ORDER["collections"]}
    found = spark.run(needed(PLAN, wanted), {**study.tables, "shares": files}, wanted, master=asked)
    alone = duckdb.run(needed(PLAN, wanted), {**study.tables, "shares": shares}, wanted)
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, alone[name], obj=name)


def test_a_stored_study_is_counted_where_its_files_are(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, made = troubled(made_up_shares(1, seed=9), seed=10)
    folder = store(made, tmp_path / "study")
    study = open_study(folder, at_most=-1)
    assert isinstance(study, StoredStudy)
    without_posts = replace(study, events={"shares": study.events["shares"]})
    for most, one in ((streamed.MOST_SHUFFLED, study), (0, without_posts)):
        monkeypatch.setattr(streamed, "MOST_SHUFFLED", most)
        duck, other = (an.dyads(one, engine=engine) for engine in ("duckdb", "spark"))
        for name in ("pairs", "events", "strengths", "collections"):
            pd.testing.assert_frame_equal(getattr(duck, name), getattr(other, name), obj=name)
        assert_same_streamed(duck.streamed, other.streamed)
        assert duck.seen is not None
        assert other.seen is not None
        assert duck.seen.window == other.seen.window
        pd.testing.assert_series_equal(duck.seen.sharers, other.seen.sharers)
        answers = [
            an.mutual_amplification(one, seed=1, permutations=20, test_permutations=50, engine=engine).to_dict()
            for engine in ("duckdb", "spark")
        ]
        assert json.dumps(answers[0]) == json.dumps(answers[1])
    part = next((folder / "shares").rglob("*.parquet"))
    pq.write_table(pq.read_table(part).slice(1), part)
    with pytest.raises(EngineError, match="not as they were stored"):
        an.dyads(open_study(folder, at_most=-1), engine="spark")


def test_a_broken_file_is_an_error_without_its_content(asked: str, example: an.Study, tmp_path: Path) -> None:
    (tmp_path / "part-0.parquet").write_bytes(b"PAR1 secret PAR1")
    with pytest.raises(EngineError, match="Spark gave up") as caught:
        spark.run(PLAN, {**example.tables, "shares": [tmp_path / "part-0.parquet"]}, {"totals": ()}, master=asked)
    assert "secret" not in str(caught.value)


def command(cluster: Cluster, temporary: Path, *arguments: str) -> "subprocess.Popen[str]":
    code = "from ambassador_net.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=cluster.environment
        | {"TMPDIR": str(temporary), "JAVA_TOOL_OPTIONS": f"-Djava.io.tmpdir={temporary} -XX:-UsePerfData"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
    )


def descendants(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parent = {int(pid): int(of) for pid, of in (line.split() for line in listed.splitlines())}
    found = [process]
    for one in found:
        found += [pid for pid, of in parent.items() if of == one]
    return found[1:]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_command_gives_the_same_answer_and_leaves_nothing(master: Cluster, tmp_path: Path) -> None:
    people = {f"e{n}": ("employee", "A", "full") for n in range(6)}
    events = [(hour, "o", f"e{hour % 6}") if hour % 5 else (hour, f"e{hour % 6}", "o") for hour in range(0, 800, 7)]
    study = small_study({"o": ("organisation", "A", "full"), **people}, events, made_up=True)
    study.write(tmp_path / "study")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # this machine alone; the command below goes to the cluster
    asking = command(
        master, temporary, "tango", str(tmp_path / "study"), "--seed", "3", "--json", "-", "--engine", "spark"
    )
    said, told = asking.communicate()
    assert asking.returncode == 0, told
    assert json.loads(said) == json.loads(json.dumps(an.mutual_amplification(study, seed=3).to_dict()))
    assert list(temporary.iterdir()) == []


def test_a_killed_command_leaves_nothing(master: Cluster, tmp_path: Path) -> None:
    asking = command(master, tmp_path, "tango", "data/example", "--engine", "spark", "--master", master.master)
    until = time.monotonic() + 120
    # the tables lie ready for the executors, the middle of it
    while not list(tmp_path.glob("ambassador-net-spark-*/**/shares.parquet")):
        assert time.monotonic() < until
        assert asking.poll() is None, asking.communicate()
        time.sleep(0.05)
    java = descendants(asking.pid)
    assert java
    asking.kill()
    asking.communicate()
    while any(map(alive, java)):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert list(tmp_path.glob("ambassador-net-spark-*")) == []


def test_a_worker_that_is_killed_costs_time_and_nothing_else(asked: str, master: Cluster, tmp_path: Path) -> None:
    from pyspark import SparkContext

    _, study = troubled(made_up_shares(1, seed=5), seed=6)
    tracker = SparkContext.getOrCreate().statusTracker()

    def kill_while_it_works() -> None:
        while not tracker.getActiveStageIds():
            time.sleep(0.01)
        os.kill(master.second_worker, signal.SIGKILL)

    killer = threading.Thread(target=kill_while_it_works)
    killer.start()
    wanted = {name: ORDER[name] for name in ("totals", "edges", "pairs")}
    found = spark.run(needed(PLAN, wanted), study.tables, wanted, master=asked)
    killer.join()
    assert not alive(master.second_worker)
    assert_same(found, study)
