"""Megabytes per CPU second and peak memory of an import, beside stdlib json and pandas on the same file.

    python benchmarks/import_exports.py [MEGABYTES]

Each reader runs in a process of its own on a made-up JSONL of Twitter v1.1 statuses of about 3.5 kB. Each gives the
same output: for every record its id, time, author, kind, source, original and mentions.
"""

import calendar
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HANDLES = 20_000
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
                [(m["id_str"], m["screen_name"]) for m in s.get("user_mentions", [])],
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


def to_records(path: Path) -> int:
    """Run the readers up to one table of records."""
    from ambassador_net.readers import formats
    from ambassador_net.readers.gather import Reader, connect
    from ambassador_net.readers.sources import find, guess

    with tempfile.TemporaryDirectory() as scratch, connect(Path(scratch)) as connection:
        (source,) = find([path])
        found = guess(source, [f for f in formats() if f.select])
        assert found is not None
        return Reader(connection, Path(scratch)).read(source, found, 0).records


def to_study(path: Path) -> int:
    """Run the whole import: accounts named, each share once, the study checked."""
    from ambassador_net.readers import import_exports

    return import_exports([path]).files[0].records


READERS: dict[str, Callable[[Path], int]] = {
    "json.loads alone": with_json_alone,
    "json, to records": with_json,
    "pandas, to records": with_pandas,
    "readers, to records": to_records,
    "readers, to a study": to_study,
}


def main() -> None:
    """Run every reader in a process of its own."""
    if len(sys.argv) == 4:
        path, name = Path(sys.argv[2]), sys.argv[3]
        start = time.process_time(), time.perf_counter()
        n = READERS[name](path)
        cpu, wall = time.process_time() - start[0], time.perf_counter() - start[1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "linux" else 1024) / 1000
        size = path.stat().st_size / 1e6
        print(f"| {name} | {n:,} | {cpu:.1f} | {wall:.1f} | {size / cpu:.0f} | {n / cpu:,.0f} | {peak:.0f} |")
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statuses.jsonl"
        generate(path, megabytes)
        print("| reader | records | CPU s | wall s | MB per CPU s | records per CPU s | peak MB |")
        print("|---|---|---|---|---|---|---|")
        for name in READERS:
            subprocess.run([sys.executable, __file__, "run", str(path), name], check=True)


if __name__ == "__main__":
    main()
