"""Megabytes per CPU second and peak memory of an import, beside stdlib json and pandas on the same file.

    python benchmarks/import_exports.py [MEGABYTES]
    python benchmarks/import_exports.py formats [MEGABYTES]

Each reader runs in a process of its own on a made-up JSONL of Twitter v1.1 statuses of about 2.7 kB. Each gives the
same output: for every record its id, time, author, kind, source, original and mentions. That it is the same is
checked on the first records. CPU seconds are given with and without the loading of libraries.

With `formats` every format is read to records, from a sample that is repeated to the size given. Samples are looked
for in `tests/data` and in the folder of real exports that the tests use (`AMBASSADOR_NET_NATIVE`).
"""

import calendar
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

HANDLES = 20_000
ROOT = Path(__file__).parents[1]
NATIVE = Path(os.environ.get("AMBASSADOR_NET_NATIVE", ROOT.parent / "shared" / "data" / "native"))
MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}


def user(number: int) -> dict[str, Any]:
    """Make a user object with the weight of a real one."""
    filler = {f"profile_{part}": "https://pbs.example/" + "x" * 50 for part in "abcdefghij"}
    return {
        "id": number, "id_str": str(number), "screen_name": f"user_{number}", "name": f"User {number}",
        "description": "Made up " * 12, "followers_count": number % 5_000, **filler,
    }  # fmt: skip


def generate(path: Path, megabytes: int) -> None:
    """Write the statuses."""
    rng = random.Random(1)  # noqa: S311 - made-up data
    written, number = 0, 10**17
    with path.open("w", encoding="utf-8") as stream:
        while written < megabytes * 1_000_000:
            number += rng.randrange(1, 10**6)
            at = time.strftime("%a %b %d %H:%M:%S +0000 %Y", time.gmtime(1_500_000_000 + number % 10**8))
            status: dict[str, Any] = {
                "created_at": at, "id": number, "id_str": str(number), "text": "Text " * 20, "lang": "en",
                "source": "<a href='x'>x</a>", "urls": [], "hashtags": [], "user": user(rng.randrange(HANDLES)),
                "user_mentions": [],
            }  # fmt: skip
            if rng.random() < 0.8:
                other = user(rng.randrange(HANDLES))
                status["user_mentions"] = [{k: other[k] for k in ("id", "id_str", "screen_name", "name")}]
                status["retweeted_status"] = {**status, "id_str": str(number - 5), "id": number - 5, "user": other}
            line = json.dumps(status) + "\n"
            stream.write(line)
            written += len(line)


def moment(text: str | None) -> datetime | None:
    """Read the time of a status, faster than strptime does."""
    if not text:
        return None
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    return datetime(int(text[-4:]), MONTHS[text[4:7]], int(text[8:10]), hour, minute, second, tzinfo=UTC)


def records(lines: Iterator[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Bring statuses to records as the import does, in plain Python."""
    found = []
    for s in lines:
        # pandas writes what is missing as a number
        shared, quoted = (o if isinstance(o := s.get(k), dict) else None for k in ("retweeted_status", "quoted_status"))
        original = shared or quoted or {}
        kind = "repost" if shared else "quote" if quoted else "original"
        found.append(
            (
                s["id_str"], moment(s["created_at"]), s["user"]["id_str"],
                s["user"]["screen_name"], s["user"]["name"], kind, original.get("id_str"),
                moment(original.get("created_at")),
                original.get("user", {}).get("id_str"), original.get("user", {}).get("screen_name"),
                # a repost repeats the mentions of its original, which are not the sharer's
                [(m["id_str"], m["screen_name"]) for m in s.get("user_mentions", [])] if not shared else [],
            )
        )  # fmt: skip
    return found


def with_json(path: Path) -> int:
    """json.loads a line."""
    with path.open("rb") as stream:
        return len(records(json.loads(line) for line in stream))


def with_json_alone(path: Path) -> int:
    """json.loads a line and nothing else."""
    with path.open("rb") as stream:
        return sum(1 for line in stream if json.loads(line))


def with_pandas(path: Path) -> int:
    """pandas.read_json in chunks."""
    import pandas as pd

    with pd.read_json(path, lines=True, chunksize=20_000, dtype=False) as chunks:
        return sum(len(records(iter(chunk.to_dict("records")))) for chunk in chunks)


def load() -> None:
    """Load what the readers need, which is not theirs to be counted twice."""
    import ambassador_net.readers  # noqa: F401 - loaded to be timed


def load_pandas() -> None:
    """Load pandas."""
    import pandas  # noqa: F401 - loaded to be timed


def nothing() -> None:
    """Load nothing: json is there."""


def to_records(path: Path, select: str | None = None) -> Any:
    """Run the readers up to one table of records; count them, or give what is selected from it."""
    from ambassador_net.readers import _recognised
    from ambassador_net.readers.gather import Reader, connect
    from ambassador_net.readers.sources import find

    with tempfile.TemporaryDirectory() as scratch, connect(Path(scratch)) as connection:
        (source,) = find([path])
        found = _recognised(source, None, None)
        assert found is not None
        n = Reader(connection, Path(scratch)).read(source, found, 0).records
        return connection.execute(select).fetchall() if select else n


def to_study(path: Path) -> int:
    """Run the whole import: accounts named, each share once, the study checked."""
    from ambassador_net.readers import import_exports

    return import_exports([path]).files[0].records


def to_folder(path: Path) -> int:
    """Run the whole import and write the study."""
    from ambassador_net.readers import import_exports

    with tempfile.TemporaryDirectory() as folder:
        imported = import_exports([path])
        imported.write(Path(folder) / "study")
        return imported.files[0].records


def check_same(path: Path, most: int = 5_000) -> None:
    """Compare the records of the readers with those of json, value by value."""
    with tempfile.TemporaryDirectory() as folder, path.open("rb") as stream:
        some = Path(folder) / "some.jsonl"
        some.write_bytes(b"".join(islice(stream, most)))
        with some.open("rb") as lines:
            expected = records(json.loads(line) for line in lines)
        found = to_records(
            some,
            """SELECT post_id, made_at, author.id, author.handle, author.name, kind, original_id, original_at,
            source.id, source.handle, coalesce([(m.id, m.handle) FOR m IN mentioned], []) FROM records""",
        )
    # DuckDB's times have no zone
    zoned = [tuple(v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for v in record) for record in found]
    assert sorted(zoned, key=str) == sorted(expected, key=str), "the readers' records are not those of json"


READERS: dict[str, tuple[Callable[[], None], Callable[[Path], int]]] = {
    "json.loads alone": (nothing, with_json_alone),
    "json, to records": (nothing, with_json),
    "pandas, to records": (load_pandas, with_pandas),
    "readers, to records": (load, to_records),
    "readers, to a study": (load, to_study),
    "readers, to a folder": (load, to_folder),
}


def repeated(sample: Path, layout: str, key: str, size: int) -> bytes:
    """Repeat the records of a sample up to a size."""
    data = sample.read_bytes()
    times = max(1, size // len(data))
    if layout == "csv":
        header, body = data.split(b"\n", 1)
        return header + b"\n" + (body.rstrip(b"\n") + b"\n") * times
    if layout == "lines":
        return (data.rstrip(b"\n") + b"\n") * times
    start = data.index(b"=") + 1 if data.startswith(b"window.") else 0
    whole = json.loads(data[start:])
    whole = whole * times if layout == "array" else whole | {key: whole[key] * times}
    return data[:start] + json.dumps(whole).encode()


def make_samples(folder: Path, megabytes: int) -> Iterator[tuple[str, Path | None]]:
    """Make a file of each format, or none where there is no sample."""
    from ambassador_net.readers import ReadError, _recognised, formats
    from ambassador_net.readers.sources import find

    given: dict[str, tuple[Path, Any]] = {}
    for place in (ROOT / "tests" / "data", NATIVE):
        for file in sorted(p for p in place.rglob("*") if p.suffix in (".json", ".jsonl", ".ndjson", ".js", ".csv")):
            try:
                (source,) = find([file])
                if found := _recognised(source, None, None):
                    given.setdefault(found.format.name, (file, found))
            except ReadError:
                continue
    # two that are others in other wrapping
    if "bluesky_feed" in given:
        items = json.loads(given["bluesky_feed"][0].read_text("utf-8"))["feed"]
        given["bluesky_items"] = _lines(folder / "items.jsonl", items)
    if "linkedin_zeeschuimer" in given:
        posts = [json.loads(line) for line in given["linkedin_zeeschuimer"][0].read_text("utf-8").splitlines()]
        given["linkedin_four_cat_lines"] = _lines(
            folder / "posts.ndjson",
            [p["data"] | {"__import_meta": {"timestamp_collected": p["timestamp_collected"]}} for p in posts],
        )
    for form in formats():
        if form.name == "study":
            yield form.name, ROOT / "data" / "example"
        elif form.name not in given:
            yield form.name, None
        else:
            file, found = given[form.name]
            made = folder / form.name / file.name
            made.parent.mkdir()
            beside = {form.beside[0]} if form.beside else {f"{file.stem}.mapping.toml"}
            for other in beside & {p.name for p in file.parent.iterdir()}:
                shutil.copy(file.with_name(other), made.with_name(other))
            key = next(iter(found.format.columns), "")
            made.write_bytes(repeated(file, found.layout, key, megabytes * 1_000_000))
            yield form.name, made


def _lines(file: Path, items: list[Any]) -> tuple[Path, Any]:
    from ambassador_net.readers import _recognised
    from ambassador_net.readers.sources import find

    file.write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    (source,) = find([file])
    return file, _recognised(source, None, None)


def size_of(path: Path) -> float:
    """Give the megabytes of a file, or of the files of a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(f.stat().st_size for f in files if f.is_file()) / 1e6


def run(path: Path, name: str, shown: str) -> None:
    """Run one reader in this process and print its row."""
    before, reader = READERS[name]
    begun = time.process_time()
    before()
    start = time.process_time(), time.perf_counter()
    n = reader(path)
    cpu, wall = time.process_time() - start[0], time.perf_counter() - start[1]
    whole = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "linux" else 1024) / 1000
    size = size_of(path)
    print(
        f"| {shown} | {size:.0f} | {n:,} | {whole - cpu:.1f} | {cpu:.2f} | {wall:.2f} | {size / cpu:.0f} | "
        f"{size / whole:.0f} | {n / cpu:,.0f} | {peak:.0f} |",
        flush=True,
    )


def own_process(*arguments: object) -> str:
    """Run this file again: on Linux a process begins with the peak memory of the one that started it."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Run every reader in a process of its own."""
    match sys.argv[1:]:
        case ["run", path, reader, shown]:
            run(Path(path), reader, shown)
        case ["check", path]:
            check_same(Path(path))
        case ["make", folder, megabytes]:
            for name, made in make_samples(Path(folder), int(megabytes)):
                print(name, made or "", sep="\t")
        case ["formats", *megabytes]:
            print(HEADER.format("format"))
            with tempfile.TemporaryDirectory() as folder:
                for line in own_process("make", folder, *(megabytes or ["50"])).splitlines():
                    name, file = line.split("\t")
                    reader = "readers, to a study" if name == "study" else "readers, to records"
                    row = own_process("run", file, reader, name) if file else f"| {name} | no sample here |\n"
                    print(row, end="", flush=True)
        case megabytes:
            print(HEADER.format("reader"))
            with tempfile.TemporaryDirectory() as folder:
                statuses = Path(folder) / "statuses.jsonl"
                generate(statuses, int(megabytes[0]) if megabytes else 250)
                own_process("check", statuses)
                for name in READERS:
                    print(own_process("run", statuses, name, name), end="", flush=True)


HEADER = (
    "| {} | MB | records | CPU s to load | CPU s | wall s | MB per CPU s | with loading | "
    "records per CPU s | peak MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


if __name__ == "__main__":
    main()
