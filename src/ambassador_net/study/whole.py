"""A study's folder is replaced whole or not at all, and what it holds is known from its description.

The new study is written into a hidden folder inside, and one renaming makes it the study that is read. Only then its
files take the places of the old ones, the description last. A program killed at any moment leaves the old study or the
new one, and the next writing finishes or clears away what was left.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ambassador_net.errors import SchemaError

PACKAGE = "datapackage.json"
# what was counted of a study's files, kept beside them; never part of the study
REDUCED = "reduced"
REQUIRED_TABLES = ("accounts", "shares")
OLDER_FILES = {"holders": "people", "affiliations": "memberships"}

_TABLES = ("accounts", "holders", "affiliations", "posts", "shares", "mentions", *OLDER_FILES.values())
_ENDINGS = ("csv", "csv.gz", "parquet")

# while a study is replaced, these stand inside its folder: the new one on its way, and the new one whole
_WRITING, _WHOLE = ".writing", ".whole"


def read_package(file: Path) -> dict[str, Any]:
    """Read a study's description.

    Parameters
    ----------
    file
        Its ``datapackage.json``; it need not be there.

    Returns
    -------
    dict
        What it says; empty if there is none.

    Raises
    ------
    SchemaError
        If it is no description of a study.
    """
    if not file.is_file():
        return {}
    try:
        package = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"is not JSON ({type(error).__name__}); mend or delete it", path=file) from None
    if not isinstance(package, dict):
        raise SchemaError("holds no JSON object; mend or delete it", path=file)
    if not isinstance(package.get("made_up", False), bool):
        raise SchemaError("made_up must be true or false", path=file)
    if package.get("persons", "private") not in ("public", "private"):
        raise SchemaError("persons must be public or private", path=file)
    return package


def package_of(folder: Path) -> Path:
    """Find the description of a study, the new one's from the moment it is whole.

    Parameters
    ----------
    folder
        The study's folder.

    Returns
    -------
    pathlib.Path
        The file; it need not be there.
    """
    new = folder / _WHOLE / PACKAGE
    return new if new.is_file() else folder / PACKAGE


def is_study(folder: Path) -> bool:
    """Whether a folder holds the tables that every study has.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    bool
        True if they are there.
    """
    return all(files_of(folder, name) for name in REQUIRED_TABLES)


def files_of(folder: Path, table: str) -> list[Path]:
    """Find the files of a table, also between the moment a new study is whole and the moment its files are in place.

    Parameters
    ----------
    folder
        The study's folder.
    table
        The table, in the spelling of its file.

    Returns
    -------
    list of pathlib.Path
        One file; or the Parquet files of a folder of that name, in order; or, where there should be one, several.
    """
    package = package_of(folder)
    if package.parent == folder:
        return _files_in_place(folder, table)
    listed = [path for path in _listed(package) if _table_of(path) == table]
    return [new if (new := package.parent / path).is_file() else folder / path for path in sorted(listed)]


def resources_of(folder: Path, table: str) -> list[tuple[dict[str, Any], Path]]:
    """Find what the description says of the files of a table.

    Parameters
    ----------
    folder
        The study's folder.
    table
        The table.

    Returns
    -------
    list of (dict, pathlib.Path)
        The resource and the file, for each that is listed and there, in the order of their names.
    """
    package = package_of(folder)
    there = {
        str(file.relative_to(package.parent if package.parent in file.parents else folder)): file
        for file in files_of(folder, table)
    }
    listed = {str(resource["path"]): resource for resource in _resources(package)}
    return [(listed[path], file) for path, file in sorted(there.items()) if path in listed]


def in_pieces(folder: Path, table: str) -> bool:
    """Whether a table is a folder of Parquet files, as in a stored study.

    Parameters
    ----------
    folder
        The study's folder.
    table
        The table.

    Returns
    -------
    bool
        True if it has files, and all of them lie inside a folder of its name.
    """
    files = files_of(folder, table)
    return bool(files) and all(file.parent not in (folder, folder / _WHOLE) for file in files)


def _files_in_place(folder: Path, table: str) -> list[Path]:
    single = [file for ending in _ENDINGS if (file := folder / f"{table}.{ending}").is_file()]
    within = (folder / table).rglob("*.parquet") if (folder / table).is_dir() else ()
    return single + sorted(file for file in within if not file.name.startswith((".", "_")))


def _resources(package: Path) -> list[dict[str, Any]]:
    resources = read_package(package).get("resources", [])
    if not (isinstance(resources, list) and all(isinstance(one, dict) and "path" in one for one in resources)):
        raise SchemaError("lists no files as resources with a path; mend or delete it", path=package)
    return resources


def _listed(package: Path) -> list[str]:
    return [str(resource["path"]) for resource in _resources(package)]


def _table_of(path: str) -> str:
    """Which table a listed file belongs to: ``shares.csv.gz`` and ``shares/month=2025-03/part-0.parquet``."""
    return path.partition("/")[0].partition(".")[0]


@contextmanager
def replacing(folder: str | Path, *, keep_reduced: bool = False) -> Iterator[Path]:
    """Write a study whole or not at all.

    Parameters
    ----------
    folder
        A new folder, an empty one, or one that holds a study (which is replaced; other files stay).
    keep_reduced
        Whether what was counted of the old study's files is kept.

    Yields
    ------
    pathlib.Path
        Where to write: the files that are new, and a ``datapackage.json`` that lists all files of the study, also those
        that stay as they are. Without such a description nothing is replaced.

    Raises
    ------
    SchemaError
        If the folder holds something that is not a study.
    """
    target = Path(folder)
    if target.exists():
        settle(target)
        if any(p.name != _WRITING for p in target.iterdir()) and not is_study(target):
            raise SchemaError(f"{target} holds files but no study; name a new or empty folder")
    created, writing = not target.exists(), target / _WRITING
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    try:
        yield writing
        if not (writing / PACKAGE).is_file():
            shutil.rmtree(writing)
            return
        if not keep_reduced:
            # before the renaming: no moment at which it stands beside a study that it was not counted from
            shutil.rmtree(target / REDUCED, ignore_errors=True)
        writing.replace(target / _WHOLE)
    except BaseException:
        shutil.rmtree(writing, ignore_errors=True)
        if created:
            target.rmdir()
        raise
    settle(target)


def settle(folder: Path) -> None:
    """Put the files of a new study that is whole in their places, its description last.

    Parameters
    ----------
    folder
        The study's folder.
    """
    package = folder / _WHOLE / PACKAGE
    if package.is_file():
        listed = {folder / path for path in _listed(package)}
        for file in sorted(file for file in package.parent.rglob("*") if file.is_file() and file != package):
            place = folder / file.relative_to(package.parent)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
        for table in _TABLES:
            for old in set(_files_in_place(folder, table)) - listed:
                old.unlink()
                _prune(old.parent, folder)
        package.replace(folder / PACKAGE)
    if package.parent.is_dir():
        # its files are all in their places; what is left of it are empty folders
        shutil.rmtree(package.parent)


def _prune(within: Path, folder: Path) -> None:
    while within != folder and not any(within.iterdir()):
        within.rmdir()
        within = within.parent
