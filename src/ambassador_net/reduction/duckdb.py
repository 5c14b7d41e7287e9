"""Run the reduction on DuckDB, inside this process."""

from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd
import pyarrow as pa

from ambassador_net.reduction.exchange import to_arrow, to_frame
from ambassador_net.reduction.statements import Statement


def run(
    plan: Sequence[Statement],
    tables: Mapping[str, pd.DataFrame],
    wanted: Mapping[str, Sequence[str]],
) -> dict[str, pd.DataFrame]:
    """Run the statements in order and bring the wanted tables back.

    Parameters
    ----------
    plan
        Names and texts of ``reduction.sql``.
    tables
        What the statements read.
    wanted
        Tables to bring back, each with the columns that order its rows: SQL promises no order, and the same
        study must give the same bytes.

    Returns
    -------
    dict of pandas.DataFrame
        By name.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        for name, table in tables.items():
            connection.register(name, to_arrow(table))
        for name, text in plan:
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        return {name: to_frame(_fetch(connection, name, order)) for name, order in wanted.items()}


def _fetch(connection: duckdb.DuckDBPyConnection, name: str, order: Sequence[str]) -> pa.Table:
    ordered = f" ORDER BY {', '.join(order)}" if order else ""
    return connection.sql(f"SELECT * FROM {name}{ordered}").to_arrow_table()  # noqa: S608
