"""Count a stored study part by part by SQL and keep what was counted, so that a new month costs only itself."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from ambassador_net.reduction.checks import texts_of
from ambassador_net.reduction.exchange import to_arrow, to_frame
from ambassador_net.reduction.kept import Kept, Part, Spells, written
from ambassador_net.reduction.out_of_core import connected
from ambassador_net.reduction.statements import Statement, needed, reads, statements
from ambassador_net.study.storing import arrow_schema

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


def run(
    folder: str | Path,
    tables: Mapping[str, pd.DataFrame],
    wanted: Mapping[str, Sequence[str]],
    *,
    memory: int | None = None,
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
    memory
        Bytes that counting may take; None is what DuckDB takes by itself.
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
    kept = Kept(Path(folder), tables["accounts"], tables["affiliations"])
    with connected(memory) as connection:
        connection.execute("SET preserve_insertion_order = false")
        for name, table in tables.items():
            connection.register(name, to_arrow(table))
        names = sorted(name.removeprefix("part_") for name in counted)
        for name, files in _Counts(kept, connection).count(names, progress).items():
            _view(connection, f"part_{name}", files)
        for name, text in plan:
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        return {name: to_frame(_ordered(connection, name, order)) for name, order in wanted.items()}


def _ordered(connection: duckdb.DuckDBPyConnection, name: str, order: Sequence[str]) -> pa.Table:
    ordered = f" ORDER BY {', '.join(order)}" if order else ""
    return connection.sql(f"SELECT * FROM {name}{ordered}").to_arrow_table()  # noqa: S608


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _view(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], *, also: str = "", more: str = ""
) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS "  # noqa: S608
        f"SELECT *{also} FROM read_parquet({texts_of(files)}, hive_partitioning = false) {more}"
    )


class _Counts:
    """Counts the parts of a study that were not counted yet."""

    def __init__(self, kept: Kept, connection: duckdb.DuckDBPyConnection) -> None:
        self.kept, self._file = kept, kept.file
        self.parts = {table: kept.parts(table) for table in _OF}
        self.connection = connection

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

    def _key(self, part: Part, name: str, *more: str) -> str:
        plan, by_spells = _rests_on(name)
        spells: Spells = "none" if not by_spells else "everybodys" if name in _OF_EVERYBODY else "then"
        return self.kept.key(part, " ".join([plan, *more]), spells)

    def _count(self, part: Part, names: Sequence[str], keys: Mapping[str, str]) -> None:
        missing = [name for name in names if not self.kept.has(name, part, keys[name])]
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
            with written(self._file(name, part)) as scratch:
                self.connection.execute(
                    f"COPY {name} TO {_text(str(scratch))} "
                    f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{key: {_text(keys[name])}}})"
                )
        for name, _ in plan:
            self.connection.execute(f"DROP TABLE {name}")

    @cached_property
    def _keys_of_posts(self) -> list[tuple[str, str]]:
        return [(self._key(of, "originals"), self._key(of, "houses")) for of in self.parts["posts"]]

    def _count_shared(self, part: Part) -> None:
        """Count the shares of posts in a part, wherever the posts are; what was looked through once is remembered."""
        keys = self._keys_of_posts
        files = [self._file("originals", of) for of in self.parts["posts"]]
        self._give(part)
        memory = self._file(_SHARED, part).with_suffix(".json")
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
        if not self.kept.has(_SHARED, part, key):
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
            with written(memory) as scratch:
                scratch.write_text(json.dumps(looked), "utf-8")


@cache
def _rests_on(name: str) -> tuple[str, bool]:
    """Give the statements that a table rests on, as one text, and whether they read the affiliations."""
    plan = needed(statements(*_FILES), [name])
    return json.dumps(plan), any("affiliations" in reads(text) for _, text in plan)
