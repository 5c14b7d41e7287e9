"""The writers of files that leave: in CSV a cell that a spreadsheet would run becomes text, a zip tells no times."""

import csv
import io
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

_RUNS = re.compile("[=+\\-@\t\r\n]")
_DEFUSED = re.compile("'[=+\\-@\t\r\n]")


def defused(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Parameters
    ----------
    value
        A cell or a header; only text is changed.

    Returns
    -------
    object
        The same, defused.

    Notes
    -----
    Formulas begin with ``=``, ``+``, ``-`` or ``@``, and a leading tab or line end is stripped on the way in (OWASP,
    CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection).

    Examples
    --------
    >>> defused("=1+1"), defused("a-b"), defused(-1)
    ("'=1+1", 'a-b', -1)
    """
    return f"'{value}" if isinstance(value, str) and _RUNS.match(value) else value


def undefused(value: Any) -> Any:
    """Take the apostrophe of :func:`defused` away again.

    Parameters
    ----------
    value
        A cell or a header; only text is changed.

    Returns
    -------
    object
        As it was.

    Examples
    --------
    >>> undefused("'=1+1"), undefused("'tis")
    ('=1+1', "'tis")
    """
    return value[1:] if isinstance(value, str) and _DEFUSED.match(value) else value


def csv_text(table: pd.DataFrame) -> str:
    r"""Write a table as CSV that a spreadsheet may open.

    Parameters
    ----------
    table
        Any table, with different names of columns; its index is not written.

    Returns
    -------
    str
        CSV with ``\n`` at line ends; text cells and headers defused, missing cells empty, times in ISO 8601.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"@n": ["=1", None], "v": [-1.5, 2]}))
    "'@n,v\n'=1,-1.5\n,2.0\n"
    """
    columns = {}
    for name, column in table.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            safely = column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif pd.api.types.is_numeric_dtype(column.dtype):
            safely = column
        else:
            safely = column.astype("object").map(_cell)
        columns[defused(str(name))] = safely
    safe = pd.DataFrame(columns, index=table.index)

    def written(quoting: Literal[0, 2]) -> str:
        buffer = io.StringIO()
        safe.to_csv(buffer, index=False, lineterminator="\n", quoting=quoting)
        return buffer.getvalue()

    text = written(csv.QUOTE_MINIMAL)
    # for many readers a lone carriage return ends a line, and before 3.13 Python does not quote it
    return written(csv.QUOTE_NONNUMERIC) if "\r" in text else text


def _cell(value: Any) -> Any:
    if isinstance(value, int | float):
        return value
    # a list would hold text that nobody defused
    return None if value is None or value is pd.NA or value is pd.NaT else defused(str(value))


def write_csv(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a table for others to open in a spreadsheet, whole or not at all.

    Parameters
    ----------
    table
        Any table; its index is not written.
    path
        The file.

    Returns
    -------
    pathlib.Path
        The file, in UTF-8; as :func:`csv_text`.
    """
    return write_whole(csv_text(table).encode("utf-8"), path, mode=0o666)


def write_zip(files: Mapping[str, bytes], path: str | Path, *, mode: int = 0o600) -> Path:
    """Pack files, whole or not at all; the same files give the same bytes.

    Parameters
    ----------
    files
        Contents by name.
    path
        The zip.
    mode
        Who may read it, and what is in it; by default its owner only.

    Returns
    -------
    pathlib.Path
        The zip.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            # without a time the zip does not say when somebody sat at the machine
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type, member.external_attr, member.create_system = zipfile.ZIP_DEFLATED, mode << 16, 3
            archive.writestr(member, content)
    return write_whole(packed.getvalue(), path, mode=mode)


def write_whole(content: bytes, path: str | Path, *, mode: int) -> Path:
    """Write a file whole or not at all.

    Parameters
    ----------
    content
        Its bytes.
    path
        The file; its folder is made.
    mode
        Who may read and write it.

    Returns
    -------
    pathlib.Path
        The file.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        # a pipe or a device takes what is written; a renaming would put a file in its place
        target.write_bytes(content)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}.writing")
    try:
        # the mode is set as the file is made: a private one is never readable by others, not even for a moment
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target
