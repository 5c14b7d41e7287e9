"""What it costs to count a stored study and to judge it, from 1e5 to 1e8 shares.

Run it with ``python benchmarks/scale.py [--most 1e8] [--rounds 5] [--folder FOLDER]``. The studies are made up into the
folder (a temporary one if not given; 3 GB at 1e8) and kept only if it was given. Each measurement is a process of its
own, the ways of one size take turns, and medians are printed; CPU and wall seconds do not count the imports, the peak
does. What scans reads every byte of the five columns that an edge list has. The load of the machine stands beside.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SCAN_SQL = (
    "SELECT sum(strlen(share_id)), sum(epoch_us(shared_at)), sum(strlen(sharer_id)), sum(strlen(source_id)), "
    "sum(strlen(kind)) FROM read_parquet('{}/shares/*/*.parquet')"
)
THREADS = 2
LARGEST_FOR = {"portable SQL": 10_000_000, "pandas": 10_000_000, "networkx": 1_000_000}
SEED = 1
PERMUTATIONS = 10_000


# ---- what is measured, each in a process of its own --------------------------------------------------------


def scan(folder: Path) -> Callable[[], object]:
    """Read every byte of the columns."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    return lambda: connection.sql(SCAN_SQL.format(folder)).fetchall()


def ours(folder: Path, *, trusted: bool = True) -> Callable[[], object]:
    """Count in one pass."""
    from dataclasses import replace

    from ambassador_net.reduction import dyads, stored  # noqa: F401 - imported before the clock starts
    from ambassador_net.study.stored import StoredStudy, open_study
    from ambassador_net.study.whole import REDUCED

    # what an earlier count kept would be taken instead of counting
    shutil.rmtree(folder / REDUCED, ignore_errors=True)

    def count() -> object:
        study = open_study(folder, at_most=-1)
        assert isinstance(study, StoredStudy)
        return dyads(study if trusted else replace(study, accounts_as_written=False))

    return count


def untrusted(folder: Path) -> Callable[[], object]:
    """Count in one pass, every row checked first."""
    return ours(folder, trusted=False)


def portable_sql(folder: Path) -> Callable[[], object]:
    """Run the portable statements on DuckDB."""
    from ambassador_net.reduction import affiliations_with_basis
    from ambassador_net.reduction.exchange import to_arrow
    from ambassador_net.reduction.files import _give
    from ambassador_net.reduction.out_of_core import connected
    from ambassador_net.reduction.statements import needed, statements
    from ambassador_net.study.stored import open_study

    wanted = ("totals", "strengths", "dyad_events", "pairs", "collections")

    def count() -> object:
        study = open_study(folder, at_most=-1)
        with connected(None) as connection:
            _give(connection, study)
            connection.register("affiliations", to_arrow(affiliations_with_basis(study, ())))
            posts = f"read_parquet('{folder}/posts/*/*.parquet')"
            connection.execute(f"CREATE TEMP VIEW posts AS SELECT * FROM {posts}")  # noqa: S608
            for name, text in needed(statements("reduction.sql"), wanted):
                connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
            return {name: connection.table(name).to_arrow_table() for name in wanted}

    return count


def pandas(folder: Path) -> Callable[[], object]:
    """Count the same with pandas."""
    import pandas as pd

    def count() -> object:
        columns = ["share_id", "shared_at", "shared_at_earliest", "shared_at_latest", "sharer_id", "source_id", "kind"]
        files = sorted((folder / "shares").rglob("*.parquet"))
        shares = pd.concat([pd.read_parquet(file, columns=columns, partitioning=None) for file in files])
        shares = shares.drop_duplicates("share_id")
        accounts = pd.read_parquet(folder / "accounts.parquet").set_index("account_id")
        spells = pd.read_parquet(folder / "affiliations.parquet")
        known = shares[shares["source_id"].notna()]
        holder, role, house = accounts["holder_id"], accounts["role"], accounts["organisation"]
        known = known[known["sharer_id"].map(holder).to_numpy() != known["source_id"].map(holder).to_numpy()]
        edges = known.groupby(["sharer_id", "source_id"]).size()
        out, into = (edges.groupby(level=level).sum() for level in (0, 1))
        by_person = (known["sharer_id"].map(role) == "employee") & (known["source_id"].map(role) == "organisation")
        by_house = (known["sharer_id"].map(role) == "organisation") & (known["source_id"].map(role) == "employee")
        across = []
        for rows, person, official in (
            (known[by_person], "sharer_id", "source_id"),
            (known[by_house], "source_id", "sharer_id"),
        ):
            across.append(rows.assign(holder_id=rows[person].map(holder), organisation=rows[official].map(house)))
        events = pd.concat(across).merge(spells, on=["holder_id", "organisation"])
        begins = events["valid_from"].isna() | (events["shared_at_earliest"] >= events["valid_from"])
        ends = events["valid_to"].isna() | (events["shared_at_latest"] < events["valid_to"])
        return events[begins & ends].groupby(["holder_id", "organisation"]).size(), out, into

    return count


def networkx(folder: Path) -> Callable[[], object]:
    """Count the same in a loop over the rows, with a graph of networkx."""
    import networkx as nx
    import pandas as pd

    def count() -> object:
        files = sorted((folder / "shares").rglob("*.parquet"))
        columns = ["sharer_id", "source_id", "shared_at_earliest", "shared_at_latest"]
        shares = pd.concat([pd.read_parquet(file, columns=columns, partitioning=None) for file in files])
        accounts = pd.read_parquet(folder / "accounts.parquet").set_index("account_id")
        holder, role, house = (accounts[name].to_dict() for name in ("holder_id", "role", "organisation"))
        spells: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
        for spell in pd.read_parquet(folder / "affiliations.parquet").itertuples():
            spells.setdefault((spell.holder_id, spell.organisation), []).append((spell.valid_from, spell.valid_to))
        graph: nx.DiGraph[str] = nx.DiGraph()
        pairs: dict[tuple[str, str, str], int] = {}
        for sharer, source, earliest, latest in shares.itertuples(index=False):
            if not isinstance(source, str) or holder[sharer] == holder[source]:
                continue
            if graph.has_edge(sharer, source):
                graph[sharer][source]["weight"] += 1
            else:
                graph.add_edge(sharer, source, weight=1)
            ends = role[sharer], role[source]
            if ends == ("employee", "organisation"):
                pair = "eo", holder[sharer], house[source]
            elif ends == ("organisation", "employee"):
                pair = "oe", holder[source], house[sharer]
            else:
                continue
            for begins, over in spells.get(pair[1:], ()):
                if (begins is pd.NaT or earliest >= begins) and (over is pd.NaT or latest < over):
                    pairs[pair] = pairs.get(pair, 0) + 1
                    break
        return pairs, dict(graph.out_degree(weight="weight")), dict(graph.in_degree(weight="weight"))

    return count


WAYS: dict[str, Callable[[Path], Callable[[], object]]] = {
    "scan": scan,
    "ours": ours,
    "ours, not trusted": untrusted,
    "portable SQL": portable_sql,
    "pandas": pandas,
    "networkx": networkx,
}


def verdict(folder: Path, memory: int) -> dict[str, Any]:
    """Judge a study step by step."""
    from ambassador_net.amplification.mixing import mixing
    from ambassador_net.amplification.tested import run_tests
    from ambassador_net.amplification.weights import houses
    from ambassador_net.reduction import dyads, known_by
    from ambassador_net.study.stored import StoredStudy, open_study
    from ambassador_net.study.whole import REDUCED

    shutil.rmtree(folder / REDUCED, ignore_errors=True)
    steps: dict[str, tuple[float, float]] = {}

    def timed(step: str, do: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        found = do()
        steps[step] = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{step}: {steps[step][0]:.1f} s, {steps[step][1]:.1f} CPU s", file=sys.stderr, flush=True)
        return found

    study = timed("open", lambda: open_study(folder, memory=memory, at_most=-1))
    assert isinstance(study, StoredStudy)
    timed("hash the files", lambda: (study.trusted("shares"), study.trusted("posts")))
    counted = timed("count", lambda: dyads(study))
    study = known_by(study, counted)
    rng = np.random.default_rng(SEED)
    nulls = timed(
        "null models",
        lambda: (
            mixing(study, counted, permutations=2000, rng=rng.spawn(1)[0], seed=SEED)
            if counted.streamed is not None and counted.streamed.shares is None
            else None
        ),
    )
    tested = timed("tests", lambda: run_tests(study, counted, rng=rng.spawn(1)[0], permutations=PERMUTATIONS))
    timed("houses", lambda: houses(study, counted, tested.cross, k=5))
    return {
        "steps": steps,
        "answer": tested.verdict.answer,
        "reasons": tested.verdict.reasons,
        "events": len(tested.cross),
        "mixing": None if nulls is None else nulls.n1.lift,
    }


def many_accounts(accounts: int) -> dict[str, Any]:
    """Fit the null models of so many accounts, from their strengths."""
    from ambassador_net.nulls import KindBlocks, classes_of_strengths, minimum_under_null

    rng = np.random.default_rng(SEED)
    houses, people = 200, accounts // 10
    kind = np.zeros(accounts, dtype=np.int32)
    kind[:houses] = 1 + np.arange(houses)
    kind[houses : houses + people] = 1 + houses + np.arange(people) % houses
    out = np.empty((accounts, 1), dtype=np.int32)
    for begin in range(0, accounts, 1 << 22):
        some = slice(begin, min(begin + (1 << 22), accounts))
        out[some, 0] = np.minimum(rng.pareto(1.6, some.stop - begin), 5000)
    # official accounts are busy, and shared as often
    out[:houses] = 2000
    into = np.empty_like(out)
    # the same strengths in another order, but for those: as much is shared as is made
    into[:houses] = out[:houses]
    into[houses:, 0] = np.roll(out[houses:, 0], accounts // 3)
    row, column = 1 + houses + np.arange(houses), 1 + np.arange(houses)
    blocks = KindBlocks(
        1 + 2 * houses, np.append(row, column), np.append(column, row), np.arange(2 * houses), np.arange(2 * houses)
    )
    many = 50 + np.arange(2 * houses) % 50
    inside = blocks.row, blocks.column, np.zeros(2 * houses, dtype=np.intp), many
    wall, cpu = time.perf_counter(), time.process_time()
    nodes = classes_of_strengths(out, into, kind, inside, blocks)
    grouped = time.perf_counter() - wall, time.process_time() - cpu
    found = minimum_under_null(nodes, blocks, np.column_stack([row, column]), weight_too=True)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "grouping": grouped,
        "classes": len(nodes.kind),
        "sweeps": found.sweeps,
        "expected": found.expected,
    }


def child(what: str, *arguments: str) -> dict[str, Any]:
    """Measure in this process, and say what it took."""
    if what == "verdict":
        result = verdict(Path(arguments[0]), int(arguments[1]))
    elif what == "accounts":
        result = many_accounts(int(arguments[0]))
    else:
        do = WAYS[what](Path(arguments[0]))
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        result = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return result | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}


# ---- the run -----------------------------------------------------------------------------------------------


def measured(what: str, *arguments: object) -> dict[str, Any]:
    """Measure in a process of its own."""
    run = [sys.executable, __file__, "--child", what, *map(str, arguments)]
    found: dict[str, Any] = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    return found


def load() -> str:
    """Say how busy the machine is."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def exponent(sizes: list[int], values: list[float]) -> float:
    """Fit a power law."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def run(folder: Path, most: int, rounds: int) -> None:
    """Measure all ways at all sizes, and print."""
    from ambassador_net.simulate.large import write_large

    print(f"load {load()}, {os.cpu_count()} cores")
    sizes = [size for size in (10**5, 10**6, 10**7, 10**8) if size <= most]
    medians: dict[tuple[int, str], dict[str, float]] = {}
    print("| shares | way | runs | CPU s | wall s | CPU / scan | peak MB |\n|---|---|---|---|---|---|---|")
    for size in sizes:
        place = folder / f"{size:.0e}"
        if not (place / "datapackage.json").exists():
            write_large(place, size, seed=SEED)
        ways = [way for way in WAYS if size <= LARGEST_FOR.get(way, size)]
        times = rounds if size < 10**8 else (rounds + 1) // 2
        taken: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(times):
            for way in ways:
                taken[way].append(measured(way, place))
        for way in ways:
            medians[size, way] = {
                what: statistics.median(one[what] for one in taken[way]) for what in ("cpu", "wall", "peak_mb")
            }
            found, base = medians[size, way], medians[size, "scan"]["cpu"]
            print(
                f"| {size:.0e} | {way} | {times} | {found['cpu']:.2f} | {found['wall']:.2f} | "
                f"{found['cpu'] / base:.1f} | {found['peak_mb']:.0f} |",
                flush=True,
            )
    for way in ("scan", "ours", "ours, not trusted"):
        for what in ("cpu", "wall", "peak_mb"):
            found = exponent(sizes, [medians[size, way][what] for size in sizes]) if len(sizes) > 1 else float("nan")
            print(f"exponent of {what} of {way}: {found:.2f}")
    print(f"load {load()}\naccounts: {measured('accounts', 10**8)}", flush=True)
    judged = measured("verdict", folder / f"{sizes[-1]:.0e}", 6 * 10**9)
    print(f"verdict at {sizes[-1]:.0e}, {PERMUTATIONS:,} permutations: {judged['answer']} {judged['reasons']}")
    for step, (wall, cpu) in judged["steps"].items():
        print(f"  {step}: {wall:.1f} s, {cpu:.1f} CPU s")
    print(
        f"  {judged['events']:,} shares inside pairs; house mixing {judged['mixing']}; peak {judged['peak_mb']:.0f} MB"
    )
    print(f"load {load()}")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=float, default=1e8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", nargs="+")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(*given.child)))
    elif given.folder:
        run(given.folder, int(given.most), given.rounds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), int(given.most), given.rounds)


if __name__ == "__main__":
    main()
