"""How tables go to an engine and come back: Arrow, times as plain UTC."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa


def to_arrow(table: pd.DataFrame) -> pa.Table:
    """Give a table to an engine.

    Parameters
    ----------
    table
        A table of a study.

    Returns
    -------
    pyarrow.Table
        The same; times without a zone, in UTC: DuckDB's zoned times need an extension that is not in its wheel,
        and Spark's would be read in the zone of whoever asks.
    """
    zoned: dict[str, Any] = {
        str(name): column.dt.tz_localize(None).dt.as_unit("us")
        for name, column in table.select_dtypes("datetimetz").items()
    }
    return pa.Table.from_pandas(table.assign(**zoned), preserve_index=False)


def to_frame(table: pa.Table, order: Sequence[str] = ()) -> pd.DataFrame:
    """Take a table back from an engine.

    Parameters
    ----------
    table
        What the engine gave.
    order
        Columns that order its rows, missing values last; none leaves the order as it is.

    Returns
    -------
    pandas.DataFrame
        The same; times in UTC, to the second.
    """
    if order:
        table = table.sort_by([(name, "ascending") for name in order])
    plain: pd.DataFrame = table.to_pandas()
    zoned: dict[str, Any] = {
        str(name): column.dt.as_unit("s").dt.tz_localize("UTC")
        for name, column in plain.select_dtypes("datetime").items()
    }
    return plain.assign(**zoned)
