"""Count a stored study part by part and keep what was counted, so that a new month costs only itself.

What a statement gives for a part is kept beside the study, together with a key made from all that it rests on: the
part's file, the text of the statement, the labels of the accounts that the part may name, and the affiliations as they
were in its time. New accounts and later spells change none of these; whatever does is counted again.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.reduction.exchange import to_arrow, to_frame
from ambassador_net.reduction.statements import Statement, needed, reads, statements
from ambassador_net.study.storing import arrow_schema, parts_as_written
from ambassador_net.study.whole import REDUCED

Progress = Callable[[int, int], None]

# what is counted of each file by itself; shared, of a file of shares and the posts of all files
_OF = {
    "shares": ("totals", "edges", "dyad_events", "strengths_by_day", "collections"),
    "posts": ("opportunities", "originals", "houses"),
}
_SHARED = "shared"
_FILES = ("reduction.sql", "posts.sql")
# an organisation's posts are there to share for all its people, also those who are named later
_OF_EVERYBODY = {"opportunities"}
# what counting asks of an account; observed is asked of the study as a whole
_LABELS = ["account_id", "holder_id", "role", "organisation", "platform"]
_TIMES = {"shares": ("shared_at_earliest", "shared_at_latest"), "posts": ("posted_at", "posted_at")}


@dataclass(frozen=True)
class Part:
    """A file of a stored study, as it was written.

    Parameters
    ----------
    table
        ``shares`` or ``posts``.
    file
        The file; none stands for a table without rows.
    digest
        Hash of its bytes.
    accounts
        How many accounts the study had when it was written: it names only these.
    first, last
        Between which times its rows lie; none if the file does not say.
    """

    table: str
    file: Path | None
    digest: str
    accounts: int
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None


def parts_of(folder: Path, table: str) -> list[Part]:
    """List the files of a table that may be counted one by one.

    Parameters
    ----------
    folder
        A stored study.
    table
        ``shares`` or ``posts``.

    Returns
    -------
    list of Part
        At least one.

    Raises
    ------
    SchemaError
        If a file is not one that was written with the study: nobody has made sure that its ids are unique.
    """
    found = [
        Part(table, file, resource["hash"].removeprefix("sha256:"), resource["accounts"], *_between(file, table))
        for resource, file in parts_as_written(folder, table)
    ]
    return found or [Part(table, None, "none", 0)]


def _between(file: Path, table: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Read the first and last time of a file from its footer."""
    footer = pq.read_metadata(file)
    column = {footer.schema.column(i).name: i for i in range(footer.num_columns)}
    ends: list[list[Any]] = [[], []]
    for group in range(footer.num_row_groups):
        for end, name in enumerate(_TIMES[table]):
            statistics = footer.row_group(group).column(column[name]).statistics
            if statistics is None or not statistics.has_min_max:
                return None, None
            ends[end].append(statistics.max if end else statistics.min)
    return (pd.Timestamp(min(ends[0]), tz="UTC"), pd.Timestamp(max(ends[1]), tz="UTC")) if ends[0] else (None, None)


def run(
    folder: str | Path,
    tables: Mapping[str, pd.DataFrame],
    wanted: Mapping[str, Sequence[str]],
    *,
    progress: Progress | None = None,
) -> dict[str, pd.DataFrame]:
    """Count what was not counted yet, and bring the wanted tables of the whole study back.

    Parameters
    ----------
    folder
        A stored study.
    tables
        Its ``accounts`` and ``affiliations`` (already narrowed to the wanted bases), in the order of their files.
    wanted
        Tables of ``reduction.sql`` and ``posts.sql`` to bring back, each with the columns that order its rows.
    progress
        Called with the counts made and their number.

    Returns
    -------
    dict of pandas.DataFrame
        By name; row for row what :func:`ambassador_net.reduction.duckdb.run` gives for all shares and posts at once.

    Raises
    ------
    SchemaError
        If the files of the study are not as its description says.
    """
    together = dict(statements("monthly.sql"))
    plan = needed([(name, together.get(name, text)) for name, text in statements(*_FILES)], wanted)
    counted = {name for _, text in plan for name in reads(text)} & {f"part_{name}" for name in together}
    place = Path(folder) / REDUCED
    with _connected(place) as connection:
        for name, table in tables.items():
            connection.register(name, to_arrow(table))
        kept = _Kept(Path(folder), connection, tables)
        for name, files in kept.count(sorted(name.removeprefix("part_") for name in counted), progress).items():
            _view(connection, f"part_{name}", files)
        for name, text in plan:
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        return {name: to_frame(_ordered(connection, name, order)) for name, order in wanted.items()}


def _ordered(connection: duckdb.DuckDBPyConnection, name: str, order: Sequence[str]) -> pa.Table:
    ordered = f" ORDER BY {', '.join(order)}" if order else ""
    return connection.sql(f"SELECT * FROM {name}{ordered}").to_arrow_table()  # noqa: S608


@contextmanager
def _connected(place: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB in memory that spills beside what is kept; what a killed one left there is removed."""
    for left in place.glob(".*.spill"):
        if not _runs(int(left.name.split(".")[1])):
            shutil.rmtree(left, ignore_errors=True)
    spill = place / f".{os.getpid()}.spill"
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        "temp_directory": str(spill),
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _view(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], *, also: str = "", more: str = ""
) -> None:
    # each of these files is named: nothing in a name may be taken for a pattern
    escaped = ", ".join(_text(re.sub(r"([\[*?])", r"[\1]", str(file))) for file in files)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS "  # noqa: S608
        f"SELECT *{also} FROM read_parquet([{escaped}], hive_partitioning = false) {more}"
    )


class _Kept:
    """What was counted of a study's parts: a folder a table, a file a part, the key inside the file."""

    def __init__(self, study: Path, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pd.DataFrame]) -> None:
        self.folder = study / REDUCED
        self.parts = {table: parts_of(study, table) for table in _OF}
        self._clear()
        self.connection = connection
        labels = [name for name in _LABELS if name in tables["accounts"]]
        self.accounts = tables["accounts"]["account_id"]
        self.holders = tables["accounts"]["holder_id"]
        self.labels = pd.util.hash_pandas_object(tables["accounts"][labels], index=False).to_numpy()
        spells = tables["affiliations"][["holder_id", "organisation", "valid_from", "valid_to"]]
        self.spells = spells.drop_duplicates().assign(
            known=spells["holder_id"].map(_places(self.holders)).fillna(len(self.holders))
        )

    def _clear(self) -> None:
        """Remove what belongs to no part of the study any more, and what a killed program was writing."""
        digests = {part.digest for parts in self.parts.values() for part in parts}
        for file in self.folder.glob("*/*"):
            writer = re.fullmatch(r"\..*\.(\d+)\.writing", file.name)
            if (writer and not _runs(int(writer[1]))) or (not writer and file.stem not in digests):
                file.unlink(missing_ok=True)

    def count(self, names: Sequence[str], progress: Progress | None) -> dict[str, list[Path]]:
        """Give the files of these tables, counted now where they were not."""
        work: list[tuple[str, Part]] = []
        for table, of in _OF.items():
            of_posts = {"originals", "houses"} if _SHARED in names else set()
            work += [(name, part) for part in self.parts[table] for name in of if name in {*names, *of_posts}]
        done, total = 0, len(work) + (len(self.parts["shares"]) if _SHARED in names else 0)
        found: dict[str, list[Path]] = {}
        for part in [part for table in _OF for part in self.parts[table]]:
            of_part = [name for name, of in work if of is part]
            self._count(part, of_part, {name: self._key(part, name) for name in of_part})
            for name in of_part:
                found.setdefault(name, []).append(self._file(name, part))
            done += len(of_part)
            if progress is not None and of_part:
                progress(done, total)
        if _SHARED in names:
            for part in self.parts["shares"]:
                self._count_shared(part)
                found.setdefault(_SHARED, []).append(self._file(_SHARED, part))
                done += 1
                if progress is not None:
                    progress(done, total)
        return {name: found[name] for name in names}

    def _file(self, name: str, part: Part) -> Path:
        return self.folder / name / f"{part.digest}.parquet"

    def _has(self, name: str, part: Part, key: str) -> bool:
        try:
            return (pq.read_metadata(self._file(name, part)).metadata or {}).get(b"key") == key.encode()
        except FileNotFoundError:
            return False

    def _key(self, part: Part, name: str, *more: str) -> str:
        """Make the key of a count from all that it rests on."""
        plan = needed(statements(*_FILES), [name])
        rests_on = {table for _, text in plan for table in reads(text)}
        key = hashlib.sha256(json.dumps([part.digest, plan, more]).encode())
        key.update(self.labels[: part.accounts].tobytes())
        if "affiliations" in rests_on:
            key.update(self._spells_in(part, everybody=name in _OF_EVERYBODY).tobytes())
        return key.hexdigest()

    def _spells_in(self, part: Part, *, everybody: bool) -> Any:
        """Hash the affiliations as they were in the time of a part, of everybody or of those whom it may name."""
        of = self.spells["known"] < (len(self.holders) if everybody else part.accounts)
        spells = self.spells[of].drop(columns="known")
        if part.first is not None and part.last is not None:
            begins, ends = spells["valid_from"], spells["valid_to"]
            spells = spells.assign(valid_from=begins.mask(begins <= part.first), valid_to=ends.mask(ends > part.last))[
                ~((begins > part.last) | (ends <= part.first))
            ]
        hashed = pd.util.hash_pandas_object(spells.drop_duplicates(), index=False)
        return hashed.sort_values().to_numpy()

    def _count(self, part: Part, names: Sequence[str], keys: Mapping[str, str]) -> None:
        missing = [name for name in names if not self._has(name, part, keys[name])]
        if missing:
            self._give(part)
            self._run(needed(statements(*_FILES), missing), missing, part, keys)

    def _give(self, part: Part) -> None:
        """Let the statements read a part."""
        if part.file is None:
            self.connection.register(part.table, arrow_schema(part.table).empty_table())
        else:
            _view(self.connection, part.table, [part.file])

    def _run(self, plan: Sequence[Statement], names: Sequence[str], part: Part, keys: Mapping[str, str]) -> None:
        for name, text in plan:
            self.connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        for name in names:
            with _written(self._file(name, part)) as scratch:
                self.connection.execute(
                    f"COPY {name} TO {_text(str(scratch))} "
                    f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{key: {_text(keys[name])}}})"
                )
        for name, _ in plan:
            self.connection.execute(f"DROP TABLE {name}")

    def _count_shared(self, part: Part) -> None:
        """Count the shares of posts in a part, wherever the posts are; what was looked through once is remembered."""
        keys = [(self._key(of, "originals"), self._key(of, "houses")) for of in self.parts["posts"]]
        files = [self._file("originals", of) for of in self.parts["posts"]]
        self._give(part)
        memory = self.folder / _SHARED / f"{part.digest}.json"
        remembered = json.loads(memory.read_text("utf-8")) if memory.is_file() else {}
        looked: dict[str, bool] = {key: remembered[key] for key, _ in keys if key in remembered}
        new = [(key, file) for (key, _), file in zip(keys, files, strict=True) if key not in looked]
        if new:
            _view(self.connection, "candidates", [file for _, file in new], also=", filename")
            hit = self.connection.execute(
                "SELECT DISTINCT c.filename FROM candidates AS c JOIN shares AS s ON s.original_post_id = c.post_id"
            ).fetchall()
            names = {Path(name).name for (name,) in hit}
            looked |= {key: file.name in names for key, file in new}
        of = [place for place, (key, _) in enumerate(keys) if looked[key]]
        key = self._key(part, _SHARED, *(each for place in of for each in keys[place]))
        if not self._has(_SHARED, part, key):
            for name in ("originals", "houses"):
                entries = [self._file(name, each) for each in self.parts["posts"]]
                _view(
                    self.connection, name, [entries[place] for place in of] or entries, more="" if of else "WHERE false"
                )
            plan = [
                named for named in needed(statements(*_FILES), [_SHARED]) if named[0] not in ("originals", "houses")
            ]
            # what nothing is read for any more
            self._run(needed(plan, [_SHARED]), [_SHARED], part, {_SHARED: key})
            for name in ("originals", "houses"):
                self.connection.execute(f"DROP VIEW {name}")
        if looked != remembered:
            with _written(memory) as scratch:
                scratch.write_text(json.dumps(looked), "utf-8")


def _places(holders: "pd.Series[str]") -> "pd.Series[int]":
    """Say at which account each holder is first named."""
    first = holders.drop_duplicates()
    return pd.Series(first.index, index=first)


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}.writing")
    try:
        yield scratch
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
