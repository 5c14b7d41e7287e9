"""Write a study in its stored form: Parquet, with one part a month of its posts, shares and mentions."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.errors import SchemaError
from ambassador_net.study import EVENT_TIMES, REQUIRED_TABLES, TABLES, UNIQUE, Study, describe, schema_of
from ambassador_net.study.whole import PACKAGE, files_of, replacing, resources_of

# rows of a row group: a multiple of the 122,880 that DuckDB takes at a time
ROW_GROUP = 8 * 122_880

# ids of posts and shares seldom stand twice in a row group: a dictionary of them would only be in the way
_REPEATING = {
    "posts": ["author_id", "kind", "content_id", "collection"],
    "shares": ["sharer_id", "source_id", "kind", "collection"],
    "mentions": ["author_id", "mentioned_id", "kind", "collection"],
}
# the ids of half a million accounts; a larger dictionary costs more than it saves
_DICTIONARY_BYTES = 8_000_000

_MONTH = re.compile(r"month=(\d{4}-\d\d)/")

_TYPES = {"string": pa.string(), "datetime": pa.timestamp("us"), "date": pa.timestamp("us"), "number": pa.float64()}


def arrow_schema(table: str, columns: Iterable[str] = ()) -> Any:
    """Give the columns of a table as they stand in a stored study.

    Parameters
    ----------
    table
        The table.
    columns
        Names; those of ``docs/study.md`` if there are none. A survey answer is text.

    Returns
    -------
    pyarrow.Schema
        Plain strings, numbers, and times in UTC without a zone, to the microsecond.
    """
    types = {column.name: _TYPES[column.type] for column in TABLES[table]}
    return pa.schema([(name, types.get(name, pa.string())) for name in columns or types])


def part_of(table: str, month: str, number: int = 0) -> str:
    """Name the file of a part.

    Parameters
    ----------
    table
        ``posts``, ``shares`` or ``mentions``.
    month
        For example ``2025-03``; in UTC.
    number
        Which of the month's parts.

    Returns
    -------
    str
        Its path inside the study.
    """
    return f"{table}/month={month}/part-{number}.parquet"


def month_of(part: str) -> str | None:
    """Read the month from the name of a part.

    Parameters
    ----------
    part
        Its path.

    Returns
    -------
    str or None
        For example ``2025-03``; None for the part of a table without rows.
    """
    found = _MONTH.search(part)
    return found[1] if found else None


def number_of(part: str) -> int:
    """Read from the name of a part which of its month's parts it is.

    Parameters
    ----------
    part
        Its path.

    Returns
    -------
    int
        The number.
    """
    return int(part.removesuffix(".parquet").rpartition("-")[2])


class Storing:
    """Tables on their way into a stored study.

    Parameters
    ----------
    folder
        Where the files are written.
    accounts
        How many accounts the study has: the rows of ``accounts`` that the parts written here may name.
    """

    def __init__(self, folder: Path, accounts: int) -> None:
        self.folder = folder
        self.accounts = accounts
        self._open: dict[str, tuple[str, Any]] = {}
        self._resources: list[dict[str, Any]] = []

    def add(self, table: str, rows: Any, part: str) -> None:
        """Write rows, for events in the order of time and id, behind those that the part holds already.

        Parameters
        ----------
        table
            The table.
        rows
            A :class:`pyarrow.Table` with the columns of :func:`arrow_schema`.
        part
            The file inside the study. Another one than before closes that one.
        """
        if table not in self._open or self._open[table][0] != part:
            self._close(table)
            place = self.folder / part
            place.parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(
                place,
                rows.schema,
                version="2.6",
                compression="zstd",
                use_dictionary=_REPEATING.get(table, True),
                dictionary_pagesize_limit=_DICTIONARY_BYTES,
                # what Arrow would add about types of its own is not for DuckDB and Spark
                store_schema=False,
            )
            self._open[table] = part, writer
        self._open[table][1].write_table(rows, row_group_size=ROW_GROUP)

    def _close(self, table: str) -> None:
        if table in self._open:
            part, writer = self._open.pop(table)
            writer.close()
            self._resources.append(_resource(self.folder, table, part, self.accounts))

    def finish(self) -> list[dict[str, Any]]:
        """Close the files and describe them.

        Returns
        -------
        list of dict
            A resource of ``datapackage.json`` for each file.
        """
        for table in list(self._open):
            self._close(table)
        return self._resources

    def abandon(self) -> None:
        """Close the files as they are."""
        for _, writer in self._open.values():
            writer.close()
        self._open = {}


def _resource(folder: Path, table: str, part: str, accounts: int) -> dict[str, Any]:
    """Describe a file, so that a reader can tell whether it is still the one that was written."""
    file = folder / part
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    footer = pq.read_metadata(file)
    # shares/month=2025-03/part-0.parquet is called shares-2025-03-0
    name = part.removesuffix(".parquet").replace("month=", "").replace("part-", "").replace("/", "-")
    facts: dict[str, Any] = {"bytes": file.stat().st_size, "hash": f"sha256:{digest}", "rows": footer.num_rows}
    if table in EVENT_TIMES:
        facts["accounts"] = accounts
        if table in UNIQUE:
            facts["unique"] = True
    return {
        "name": name,
        "path": part,
        "type": "table",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        **facts,
        "schema": schema_of(table, footer.schema.names),
    }


def in_order(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the files of a study in the order of its tables, and those of a table in the order of their names.

    Parameters
    ----------
    resources
        Resources of ``datapackage.json``.

    Returns
    -------
    list of dict
        The same.
    """
    tables = list(TABLES)
    return sorted(
        resources, key=lambda one: (tables.index(one["path"].partition("/")[0].partition(".")[0]), one["path"])
    )


def parts_as_written(folder: Path, table: str) -> list[tuple[dict[str, Any], Path]]:
    """List the parts of a stored study whose ids are known to be unique.

    Parameters
    ----------
    folder
        A stored study.
    table
        ``posts``, ``shares`` or ``mentions``.

    Returns
    -------
    list of (dict, pathlib.Path)
        The resource of ``datapackage.json`` and the file, in the order of their names.

    Raises
    ------
    SchemaError
        If a file is not the one that was written with the study: nobody has made sure that its ids are unique.
    """
    listed = resources_of(folder, table)
    written = {file for resource, file in listed if _as_written(resource, file, table)}
    for file in files_of(folder, table):
        if file not in written:
            raise SchemaError(
                "is not as the study's datapackage.json describes it, so its ids may stand elsewhere too; "
                "store the study again (ambassador-net store)",
                path=file,
            )
    return listed


def _as_written(resource: dict[str, Any], file: Path, table: str) -> bool:
    described = {"bytes", "hash", "rows", "accounts", *(["unique"] if table in UNIQUE else [])} <= set(resource)
    return described and file.stat().st_size == resource["bytes"]


@contextmanager
def storing(folder: str | Path, about: Mapping[str, Any], accounts: int) -> Iterator[Storing]:
    """Write a stored study, whole or not at all.

    Parameters
    ----------
    folder
        A new folder, an empty one, or one that holds a study (which is replaced; other files stay).
    about
        ``title``, ``made_up``, ``persons`` and ``description``, as in :class:`Study`.
    accounts
        How many accounts it has.

    Yields
    ------
    Storing
        What takes the tables. The ids of posts and shares given to it must be unique.

    Raises
    ------
    SchemaError
        If the folder holds something that is not a study.
    """
    with replacing(folder) as writing:
        tables = Storing(writing, accounts)
        try:
            yield tables
            (writing / PACKAGE).write_bytes(describe(about, in_order(tables.finish())).encode())
        finally:
            tables.abandon()


def store(study: Study, folder: str | Path) -> Path:
    """Write a study in its stored form, whole or not at all; the same study gives the same bytes.

    Parameters
    ----------
    study
        The study.
    folder
        A new folder, an empty one, or one that holds a study (which is replaced; other files stay).

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    SchemaError
        If the folder holds something that is not a study.

    Examples
    --------
    >>> import tempfile
    >>> from ambassador_net.study import read
    >>> study = read("data/example")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(read(store(study, folder)).shares) == len(study.shares)
    True
    """
    with storing(folder, study.about, len(study.accounts)) as tables:
        for name, table in study.tables.items():
            # without a table of affiliations they would be made from the accounts
            if len(table) or name in (*REQUIRED_TABLES, "affiliations"):
                for part, rows in parts(name, table):
                    tables.add(name, to_arrow(name, rows), part)
    return Path(folder)


def parts(name: str, table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Cut a table into the parts of a stored study.

    Parameters
    ----------
    name
        The table's name.
    table
        The table.

    Yields
    ------
    tuple of str and pandas.DataFrame
        A file inside the study, and its rows in order.
    """
    if name not in EVENT_TIMES:
        yield f"{name}.parquet", table
    elif table.empty:
        yield f"{name}/part-0.parquet", table
    else:
        within = [UNIQUE[name]] if name in UNIQUE else [c for c in table.columns if c != EVENT_TIMES[name]]
        table = table.sort_values([EVENT_TIMES[name], *within])
        for month, rows in table.groupby(table[EVENT_TIMES[name]].dt.strftime("%Y-%m")):
            yield part_of(name, str(month)), rows


def to_arrow(name: str, table: pd.DataFrame) -> Any:
    """Bring a checked table to the types of a stored study.

    Parameters
    ----------
    name
        The table's name.
    table
        The table, as in a :class:`Study`.

    Returns
    -------
    pyarrow.Table
        With the columns of :func:`arrow_schema`.
    """
    zoned: dict[str, Any] = {str(c): table[c].dt.tz_localize(None) for c in table.select_dtypes("datetimetz").columns}
    schema = arrow_schema(name, [str(c) for c in table.columns])
    return pa.Table.from_pandas(table.assign(**zoned), schema=schema, preserve_index=False).replace_schema_metadata()
