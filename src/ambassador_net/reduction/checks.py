"""The checks of ``docs/study.md`` by SQL, for tables of events that stay in their files."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ambassador_net.errors import SchemaError
from ambassador_net.reduction.out_of_core import connected
from ambassador_net.study import ACCOUNT_COLUMNS, TABLES, UNIQUE, Column, Ledger, LedgerEntry
from ambassador_net.study.stored import StoredStudy, StoredTable

Places = npt.NDArray[np.int64]

HASH = "hash({})"
"""What stands for an id until two have the same; tests put a weaker one here."""

_BATCH = 1 << 20
_ENDS = ("shared_at_earliest", "shared_at_latest")
_LARGEST_NUMBER = 1e15
# one look at the ids hashes as many as fit into this part of the memory
_HASHES_OF_MEMORY = 1 / 4
_MOST_HASH_BYTES = 2_000_000_000


@dataclass(frozen=True, eq=False)
class Checked:
    """What became of the rows of a table in files.

    Parameters
    ----------
    dropped
        Places of the rows that are not used, from 0 in the order of the files; sorted.
    entry
        The ledger's entry.
    """

    dropped: Places
    entry: LedgerEntry


def source_of(table: StoredTable) -> str:
    """Say in SQL where the rows of a table are.

    Parameters
    ----------
    table
        The table.

    Returns
    -------
    str
        For ``FROM``.
    """
    return f"read_parquet({texts_of(table.files)}, union_by_name = true, hive_partitioning = false)"


def texts_of(files: Sequence[Path]) -> str:
    """Name files in SQL; nothing in a name is taken for a pattern.

    Parameters
    ----------
    files
        The files.

    Returns
    -------
    str
        A list of texts.
    """
    names = (re.sub(r"([\[*?])", r"[\1]", str(file)).replace("'", "''") for file in files)
    quoted = ", ".join(f"'{name}'" for name in names)
    return f"[{quoted}]"


def cells_of(table: StoredTable, *, as_written: bool = False) -> dict[str, str]:
    """Say in SQL what stands in each column that ``docs/study.md`` names, in the present spelling.

    Parameters
    ----------
    table
        The table.
    as_written
        Whether the columns are known to be like that already.

    Returns
    -------
    dict
        An expression for each column, empty text being a missing cell and times whole seconds.
    """
    cells = {}
    for column in TABLES[table.name]:
        # names that DuckDB and Spark have in common
        kind = {"string": "STRING", "number": "DOUBLE"}.get(column.type, "TIMESTAMP")
        if column.name not in table.columns or column.name in table.unfilled:
            cells[column.name] = f"CAST(NULL AS {kind})"
        elif as_written:
            cells[column.name] = column.name
        elif kind == "TIMESTAMP":
            cells[column.name] = f"date_trunc('second', CAST({column.name} AS TIMESTAMP))"
        elif kind == "STRING":
            cells[column.name] = _in_present_spelling(column, f"nullif(CAST({column.name} AS STRING), '')")
        else:
            cells[column.name] = f"CAST({column.name} AS DOUBLE)"
    return cells


def ends_of(cells: dict[str, str]) -> tuple[str, str]:
    """Say in SQL when a share was made at the earliest and at the latest.

    Parameters
    ----------
    cells
        As from :func:`cells_of`.

    Returns
    -------
    tuple of str
        Two expressions.
    """
    earliest, latest = (f"coalesce({cells[end]}, {cells['shared_at']})" for end in _ENDS)
    return earliest, latest


def _in_present_spelling(column: Column, cell: str) -> str:
    older = {spelling: present for spelling, present in column.choices.items() if spelling != present}
    if not older:
        return cell
    cases = " ".join(f"WHEN '{spelling}' THEN '{present}'" for spelling, present in older.items())
    return f"CASE {cell} {cases} ELSE {cell} END"


def check(study: StoredStudy, name: str, connection: duckdb.DuckDBPyConnection) -> Checked:
    """Check a table in files; what was checked when it was written, and is still that, is not checked again.

    Parameters
    ----------
    study
        The study.
    name
        The table.
    connection
        DuckDB.

    Returns
    -------
    Checked
        The rows that are not used, and the ledger's entry, as reading the study into memory gives them.

    Raises
    ------
    SchemaError
        If a cell is refused; names the row.
    """
    table = study.events[name]
    if study.trusted(name):
        entry = LedgerEntry(name, name, len(table), len(table), 0, {}, table.not_read)
        return Checked(np.zeros(0, dtype=np.int64), entry)
    connection.register("known_accounts", pa.table({"account_id": pa.array(study.accounts["account_id"], pa.string())}))
    connection.register(
        "files_of_table",
        pa.table(
            {
                "filename": [str(file) for file in table.files],
                "begins": np.cumsum([0, *table.rows[:-1]]).astype(np.int64),
            }
        ),
    )
    _suspect(connection, table, study.memory)
    found = _judged(connection, table)
    connection.execute("DROP TABLE suspects")
    aside = found[found["reason"] != _REPEATED].groupby("reason").size()
    repeated = int((found["reason"] == _REPEATED).sum())
    entry = LedgerEntry(
        table=name,
        file=name,
        rows=len(table),
        used=len(table) - len(found),
        repeated=repeated,
        set_aside={str(reason): int(n) for reason, n in aside.items()},
        not_read=table.not_read,
    )
    return Checked(np.sort(found["place"].to_numpy(dtype=np.int64)), entry)


_REPEATED = "repeated"


def _suspect(connection: duckdb.DuckDBPyConnection, table: StoredTable, memory: int | None) -> None:
    """Put aside the few rows that may not be as they should: only these are compared and judged."""
    cells = cells_of(table)
    key = UNIQUE.get(table.name)
    # without an id of its own, a row is what stands in it
    of = HASH.format(cells[key] if key else ", ".join(cells.values()))
    connection.register("again", pa.table({"h": _not_once(connection, table, of, memory)}))
    doubts = [f"{of} IN (SELECT h FROM again)"]  # noqa: S608
    doubts += [f"{cells[c.name]} IS NULL" for c in TABLES[table.name] if c.filled]
    doubts += [f"NOT {_fits(cells[c.name], c)}" for c in TABLES[table.name] if c.choices]
    doubts += [_too_large(cells[c.name]) for c in TABLES[table.name] if c.type == "number"]
    if table.name == "shares":
        ends = ends_of(cells)
        doubts += [f"{end} IS NULL" for end in ends] + [f"{ends[1]} < {ends[0]}"]
    joins = []
    for column in ACCOUNT_COLUMNS[table.name]:
        joins.append(f"LEFT JOIN known_accounts AS of_{column} ON of_{column}.account_id = {cells[column]}")
        doubts.append(f"({cells[column]} IS NOT NULL AND of_{column}.account_id IS NULL)")
    strange = ", ".join(
        f"({cells[c]} IS NOT NULL AND of_{c}.account_id IS NULL) AS strange_{c}" for c in ACCOUNT_COLUMNS[table.name]
    )
    columns = ", ".join(f"{cell} AS {name}" for name, cell in cells.items())
    source = source_of(table).replace("union_by_name", "filename = true, file_row_number = true, union_by_name")
    connection.execute(
        f"CREATE TEMP TABLE suspects AS SELECT begins + file_row_number AS place, {strange}, {columns} "  # noqa: S608
        f"FROM {source} AS t JOIN files_of_table USING (filename) {' '.join(joins)} WHERE {' OR '.join(doubts)}"
    )


def _fits(cell: str, column: Column) -> str:
    present = ", ".join(f"'{value}'" for value in dict.fromkeys(column.choices.values()))
    return f"({cell} IS NULL OR {cell} IN ({present}))"


def _too_large(cell: str) -> str:
    return f"(NOT isnan({cell}) AND abs({cell}) >= {_LARGEST_NUMBER})"


def _not_once(
    connection: duckdb.DuckDBPyConnection, table: StoredTable, of: str, memory: int | None
) -> npt.NDArray[np.uint64]:
    """Hashes that more than one row has: 8 bytes a row are sorted, as many at a time as the memory allows."""
    most = _MOST_HASH_BYTES if memory is None else int(memory * _HASHES_OF_MEMORY)
    looks = 1 << max(0, math.ceil(math.log2(max(1.0, 8 * len(table) / max(most, 1)))))
    found = []
    for look in range(looks):
        part = f" WHERE {of} % {looks} = {look}" if looks > 1 else ""
        rows = connection.sql(f"SELECT {of} AS h FROM {source_of(table)}{part}").to_arrow_reader(_BATCH)  # noqa: S608
        hashes = np.zeros(len(table), dtype=np.uint64) if looks == 1 else np.zeros(0, dtype=np.uint64)
        if looks == 1:
            at = 0
            for batch in rows:
                hashes[at : (at := at + batch.num_rows)] = batch.column(0).to_numpy()
        else:
            hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *(batch.column(0).to_numpy() for batch in rows)])
        hashes.sort()
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found)


def _judged(connection: duckdb.DuckDBPyConnection, table: StoredTable) -> pd.DataFrame:
    """Give the places of the rows that are not used, each with its reason, the first that reading would find."""
    for column in TABLES[table.name]:
        if column.choices:
            _refuse(
                connection,
                table,
                f"NOT {_fits(column.name, column)}",
                f"{column.name} must be one of {', '.join(dict.fromkeys(column.choices.values()))}",
            )
        elif column.type == "number":
            _refuse(connection, table, _too_large(column.name), f"{column.name} is not a number")
    columns = [column.name for column in TABLES[table.name]]
    empty = [f"WHEN {c.name} IS NULL THEN '{c.name} is empty'" for c in TABLES[table.name] if c.filled]
    late = []
    if table.name == "shares":
        earliest, latest = ends_of({name: name for name in columns})
        late += [f"WHEN {earliest} IS NULL OR {latest} IS NULL THEN 'shared_at is empty'"]
        late += [f"WHEN {latest} < {earliest} THEN 'interval ends before it begins'"]
    late += [f"WHEN strange_{c} THEN '{c} is not in accounts'" for c in ACCOUNT_COLUMNS[table.name]]
    key = UNIQUE.get(table.name)
    # an id is taken by the first row that is complete
    used = (
        f"WHEN row_number() OVER (PARTITION BY {key}, reason IS NULL ORDER BY place) > 1 "
        "THEN 'id used before with other content'"
        if key
        else ""
    )
    judged = f"CASE WHEN first_reason IS NOT NULL THEN first_reason {' '.join(late)} END"
    found: pd.DataFrame = connection.sql(
        f"WITH once AS (SELECT *, CASE WHEN row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY place) > 1 "  # noqa: S608
        f"THEN '{_REPEATED}' {' '.join(empty)} END AS reason FROM suspects), "
        f"used AS (SELECT *, CASE WHEN reason IS NOT NULL THEN reason {used} END AS first_reason FROM once) "
        f"SELECT place, {judged} AS reason FROM used WHERE {judged} IS NOT NULL"
    ).to_df()
    return found


def _refuse(connection: duckdb.DuckDBPyConnection, table: StoredTable, wrong: str, message: str) -> None:
    first = connection.sql(f"SELECT min(place) FROM suspects WHERE {wrong}").fetchall()[0][0]  # noqa: S608
    if first is not None:
        # the header would be line 1
        raise SchemaError(message, path=Path(table.name), line=int(first) + 2)


def ledger(study: StoredStudy) -> Ledger:
    """Count what of a stored study is used, repeated and set aside.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    Ledger
        As reading it into memory gives it.

    Raises
    ------
    SchemaError
        If a cell is refused.
    """
    with connected(study.memory) as connection:
        entries = {entry.table: entry for entry in study.ledger.entries}
        entries |= {name: check(study, name, connection).entry for name in study.events}
    return Ledger(tuple(entries[name] for name in TABLES if name in entries))
