"""Run the reduction on DuckDB, inside this process."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd


def run(
    statements: Sequence[tuple[str, str]],
    tables: Mapping[str, pd.DataFrame],
    wanted: Mapping[str, Sequence[str]],
) -> dict[str, pd.DataFrame]:
    """Run the statements in order and bring the wanted tables back.

    Parameters
    ----------
    statements
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
    # DuckDB's zoned times need an extension that is not in its wheel: times go in and out as plain UTC
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        for name, table in tables.items():
            connection.register(name, _without_zone(table))
        for name, text in statements:
            connection.execute(f"CREATE TEMP TABLE {name} AS {text}")
        return {name: _with_zone(_fetch(connection, name, order)) for name, order in wanted.items()}


def _fetch(connection: duckdb.DuckDBPyConnection, name: str, order: Sequence[str]) -> pd.DataFrame:
    ordered = f" ORDER BY {', '.join(order)}" if order else ""
    table: pd.DataFrame = connection.sql(f"SELECT * FROM {name}{ordered}").to_arrow_table().to_pandas()  # noqa: S608
    return table


def _without_zone(table: pd.DataFrame) -> pd.DataFrame:
    zoned = table.select_dtypes("datetimetz")
    plain: dict[str, Any] = {str(name): column.dt.tz_localize(None) for name, column in zoned.items()}
    return table.assign(**plain)


def _with_zone(table: pd.DataFrame) -> pd.DataFrame:
    plain = table.select_dtypes("datetime")
    zoned: dict[str, Any] = {str(name): column.dt.as_unit("s").dt.tz_localize("UTC") for name, column in plain.items()}
    return table.assign(**zoned)
