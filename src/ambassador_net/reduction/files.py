"""Tables of the reduction that are as long as a study itself, written to a file instead of brought into memory."""

from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from ambassador_net.reduction.checks import cells_of, check, ends_of, source_of
from ambassador_net.reduction.exchange import to_arrow
from ambassador_net.reduction.out_of_core import connected
from ambassador_net.reduction.statements import needed, statements
from ambassador_net.study.stored import AnyStudy, StoredStudy

LongTable = Literal["edges", "strengths_by_day"]

_ORDER = {"edges": "sharer_id, source_id", "strengths_by_day": "collection, day, account_id"}


def write_table(study: AnyStudy, name: LongTable, path: str | Path) -> Path:
    """Write a table of the reduction as Parquet, whole or not at all, whatever its length.

    Parameters
    ----------
    study
        The study.
    name
        ``"edges"`` or ``"strengths_by_day"``, as in ``reduction.sql``; rows in the order of their ids.
    path
        The file.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SchemaError
        If a cell is refused.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.writing")
    try:
        with connected(study.memory if isinstance(study, StoredStudy) else None) as connection:
            _give(connection, study)
            selected = _edges(connection, study) if name == "edges" else _by_statement(connection, name)
            place = str(scratch).replace("'", "''")
            connection.execute(f"COPY ({selected}) TO '{place}' (FORMAT parquet, COMPRESSION zstd)")
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target


def _give(connection: duckdb.DuckDBPyConnection, study: AnyStudy) -> None:
    """Let DuckDB see accounts and the shares that count."""
    connection.register("accounts", to_arrow(study.accounts))
    if not isinstance(study, StoredStudy):
        connection.register("shares", to_arrow(study.shares))
        return
    table = study.events["shares"]
    dropped = check(study, "shares", connection).dropped
    cells = cells_of(table, as_written=study.trusted("shares"))
    cells["shared_at_earliest"], cells["shared_at_latest"] = ends_of(cells)
    columns = ", ".join(f"{cell} AS {column}" for column, cell in cells.items())
    if not len(dropped):
        connection.execute(f"CREATE TEMP VIEW shares AS SELECT {columns} FROM {source_of(table)}")  # noqa: S608
        return
    connection.register("dropped", pa.table({"place": dropped}))
    source = source_of(table).replace("union_by_name", "filename = true, file_row_number = true, union_by_name")
    connection.execute(
        f"CREATE TEMP VIEW shares AS SELECT {columns} FROM {source} JOIN files_of_table USING (filename) "  # noqa: S608
        "WHERE begins + file_row_number NOT IN (SELECT place FROM dropped)"
    )


def _by_statement(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    for statement, text in needed(statements("reduction.sql"), [name]):
        connection.execute(f"CREATE TEMP VIEW {statement} AS {text}")
    return f"SELECT * FROM {name} ORDER BY {_ORDER[name]}"  # noqa: S608


def _edges(connection: duckdb.DuckDBPyConnection, study: AnyStudy) -> str:
    """Count by pairs of numbers: no text is grouped or sorted."""
    accounts = study.accounts
    ids = accounts["account_id"]
    order = np.argsort(ids.to_numpy(dtype=object), kind="stable")
    rank = np.empty(len(ids), dtype=np.int64)
    rank[order] = np.arange(len(ids))
    official = (accounts["role"] == "organisation").to_numpy()
    holder = pd.factorize(accounts["holder_id"])[0]
    connection.register(
        "numbered",
        pa.table(
            {
                "account_id": pa.array(ids, pa.string()),
                "number": rank,
                "identity": np.where(official, -1 - rank, holder),
            }
        ),
    )
    n = len(ids)
    return (
        f"SELECT a.account_id AS sharer_id, b.account_id AS source_id, weight, quotes FROM ("  # noqa: S608
        f"SELECT s.number * {n} + t.number AS edge, count(*) AS weight, count(CASE WHEN kind = 'quote' THEN 1 END) "
        "AS quotes FROM shares JOIN numbered AS s ON s.account_id = sharer_id "
        "JOIN numbered AS t ON t.account_id = source_id WHERE s.identity <> t.identity GROUP BY edge) AS e "
        f"JOIN numbered AS a ON a.number = edge // {n} JOIN numbered AS b ON b.number = edge % {n} ORDER BY edge"
    )
