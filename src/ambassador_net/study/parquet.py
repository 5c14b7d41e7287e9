"""Tables in Parquet: one file, or the folder of a stored study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.errors import SchemaError

# as pandas a share takes about a kilobyte while it is checked
MOST_SHARES = 2_000_000


def rows(files: Sequence[Path], *, at_most: int | None = None) -> pd.DataFrame:
    """Read a table of a stored study.

    Parameters
    ----------
    files
        Its Parquet files, in order.
    at_most
        Refuse more rows than these, before any is read.

    Returns
    -------
    pandas.DataFrame
        The rows of all files; times, which such files keep in UTC without a zone, with their zone.

    Raises
    ------
    SchemaError
        If a file cannot be read, the files do not fit together, or there are too many rows.
    """
    try:
        opened = [pq.ParquetFile(file) for file in files]
        n = sum(file.metadata.num_rows for file in opened)
        if at_most is not None and n > at_most:
            raise SchemaError(
                f"holds {n:,} rows, and at most {at_most:,} are taken into memory; check, tango and network leave any "
                "number in their files, for other commands narrow it to fewer months",
                path=files[0],
            )
        # ParquetFile, since a dataset would add the month of the folder's name as a column
        table = pa.concat_tables([file.read() for file in opened], promote_options="default")
    except (OSError, pa.ArrowException) as error:
        raise SchemaError(f"cannot be read ({type(error).__name__}); is the file whole?", path=files[0]) from None
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    zoned: dict[str, Any] = {str(c): frame[c].dt.tz_localize("UTC") for c in frame.select_dtypes("datetime").columns}
    return frame.assign(**zoned)
