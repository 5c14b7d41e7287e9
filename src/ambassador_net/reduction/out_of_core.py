"""DuckDB for tables larger than memory: a limit, and a private place for what does not fit, which never outlives us."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

_PREFIX = "ambassador-net-spill-"
_LOCK = "lock"
# a folder without a lock is one that is being made, or was left by somebody killed while making it
_BEING_MADE_S = 3600
_FEWEST_BYTES = 256_000_000


@contextmanager
def connected(memory: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with a limit to its memory, and remove what it wrote when it is closed.

    Parameters
    ----------
    memory
        Bytes that counting may take. Half is DuckDB's, the other half is for our arrays. None is what DuckDB takes by
        itself, four fifths of the machine's memory.

    Yields
    ------
    duckdb.DuckDBPyConnection
        The connection.

    Notes
    -----
    What a killed process left is removed by the next one: its folder's lock is free.
    """
    with spill_folder() as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(spill),
        }
        if memory is not None:
            config["memory_limit"] = f"{max(memory // 2, _FEWEST_BYTES)}B"
        with duckdb.connect(":memory:", config=config) as connection:
            yield connection


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a folder that only we may read, and remove it and those that dead processes left.

    Yields
    ------
    pathlib.Path
        The folder.
    """
    _clear_stale()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    scratch = folder / f"{_LOCK}.making"
    # locked before it has its name: whoever finds a lock that is free finds one of the dead
    with scratch.open("wb") as lock:
        _locked(lock)
        scratch.rename(folder / _LOCK)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _clear_stale() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
                continue
            lock = folder / _LOCK
            if lock.exists():
                with lock.open("rb") as held:
                    if _locked(held):
                        shutil.rmtree(folder, ignore_errors=True)
            elif time.time() - folder.lstat().st_mtime > _BEING_MADE_S:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # somebody else was faster
            continue


def _locked(file: Any) -> bool:
    """Lock a file until it is closed, if nobody holds it; where a system has no such locks, nothing counts as stale."""
    if find_spec("fcntl") is None:
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
