"""What was counted of the parts of a stored study, kept beside it as long as nothing changes that it rests on.

A count is kept together with a key, made from the part's file, the text that says how it is counted, the labels of the
accounts that the part may name, and the affiliations as they were in its time. New accounts and later spells change
none of these; whatever does is counted again.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ambassador_net.study.storing import parts_as_written
from ambassador_net.study.whole import REDUCED, resources_of

Spells = Literal["none", "then", "everybodys", "ever"]
"""Which affiliations a count rests on: none; those of whom the part may name, as they were in its time; everybody's, as
they were then; or the first and, at any time, who belonged where."""

# what counting asks of an account; observed is asked of the study as a whole
_LABELS = ["account_id", "holder_id", "role", "organisation", "platform"]
# stands for the hash of a table without rows
_NO_ROWS = "none"
_TIMES = {"shares": ("shared_at_earliest", "shared_at_latest"), "posts": ("posted_at", "posted_at")}


@dataclass(frozen=True)
class Part:
    """A file of a stored study, as it was written.

    Parameters
    ----------
    table
        ``shares`` or ``posts``.
    file
        The file; none stands for a table without rows.
    digest
        Hash of its bytes.
    accounts
        How many accounts the study had when it was written: it names only these.
    first, last
        Between which times its rows lie; none if the file does not say.
    """

    table: str
    file: Path | None
    digest: str
    accounts: int
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None


def parts_of(folder: Path, table: str) -> list[Part]:
    """List the files of a table that may be counted one by one.

    Parameters
    ----------
    folder
        A stored study.
    table
        ``shares`` or ``posts``.

    Returns
    -------
    list of Part
        At least one.

    Raises
    ------
    SchemaError
        If a file is not one that was written with the study: nobody has made sure that its ids are unique.
    """
    found = [
        Part(table, file, _digest(resource), resource["accounts"], *_between(file, table))
        for resource, file in parts_as_written(folder, table)
    ]
    return found or [Part(table, None, _NO_ROWS, 0)]


def _digest(resource: Mapping[str, Any]) -> str:
    return str(resource.get("hash", "")).removeprefix("sha256:")


def _between(file: Path, table: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Read the first and last time of a file from its footer."""
    footer = pq.read_metadata(file)
    column = {footer.schema.column(i).name: i for i in range(footer.num_columns)}
    ends: list[list[Any]] = [[], []]
    for group in range(footer.num_row_groups):
        for end, name in enumerate(_TIMES[table]):
            statistics = footer.row_group(group).column(column[name]).statistics
            if statistics is None or not statistics.has_min_max:
                return None, None
            ends[end].append(statistics.max if end else statistics.min)
    return (pd.Timestamp(min(ends[0]), tz="UTC"), pd.Timestamp(max(ends[1]), tz="UTC")) if ends[0] else (None, None)


class Kept:
    """What was counted of a study's parts: a folder a table, a file a part, the key inside the file.

    Parameters
    ----------
    study
        The stored study.
    accounts, affiliations
        Its tables, the accounts in the order of their file.
    """

    def __init__(self, study: Path, accounts: pd.DataFrame, affiliations: pd.DataFrame) -> None:
        self.folder = study / REDUCED
        self._study = study
        self._clear()
        labels = [name for name in _LABELS if name in accounts]
        self._labels = pd.util.hash_pandas_object(accounts[labels], index=False).to_numpy()
        first = accounts["holder_id"].drop_duplicates()
        # behind which account a holder is known
        places = pd.Series(first.index, index=first)
        spells = affiliations[["holder_id", "organisation", "valid_from", "valid_to"]].drop_duplicates()
        self._spells = spells.assign(known=spells["holder_id"].map(places).fillna(len(accounts)))
        self._hashed: dict[tuple[Part, Spells], bytes] = {}

    def _clear(self) -> None:
        """Remove what belongs to no part of the study any more, and what a killed program was writing."""
        listed = [resource for table in _TIMES for resource, _ in resources_of(self._study, table)]
        digests = {_digest(resource) for resource in listed} | {_NO_ROWS}
        for file in self.folder.glob("*/*"):
            writer = re.fullmatch(r"\..*\.(\d+)\.writing", file.name)
            if (writer and not _runs(int(writer[1]))) or (not writer and file.stem not in digests):
                # a folder that may only be read keeps it
                with suppress(OSError):
                    file.unlink()

    def parts(self, table: str) -> list[Part]:
        """List the parts of a table, as :func:`parts_of`.

        Parameters
        ----------
        table
            ``shares`` or ``posts``.

        Returns
        -------
        list of Part
            At least one.
        """
        return parts_of(self._study, table)

    def file(self, name: str, part: Part) -> Path:
        """Say where a count of a part is kept.

        Parameters
        ----------
        name
            What is counted.
        part
            The part.

        Returns
        -------
        pathlib.Path
            A Parquet file; it need not be there.
        """
        return self.folder / name / f"{part.digest}.parquet"

    def has(self, name: str, part: Part, key: str) -> bool:
        """Whether a count of a part is kept and still holds.

        Parameters
        ----------
        name, part
            As for :meth:`file`.
        key
            From :meth:`key`.

        Returns
        -------
        bool
            True if it need not be counted again.
        """
        try:
            return (pq.read_metadata(self.file(name, part)).metadata or {}).get(b"key") == key.encode()
        except (OSError, pa.ArrowException):
            return False

    def key(self, part: Part, how: str, spells: Spells) -> str:
        """Make the key of a count from all that it rests on.

        Parameters
        ----------
        part
            The part.
        how
            The text that says how it is counted, and what else it rests on.
        spells
            Which affiliations it rests on.

        Returns
        -------
        str
            The key.
        """
        key = hashlib.sha256(f"{part.digest} {how}".encode())
        key.update(self._labels[: part.accounts].tobytes())
        if spells != "none":
            if (part, spells) not in self._hashed:
                self._hashed[part, spells] = self._hash_spells(part, spells)
            key.update(self._hashed[part, spells])
        return key.hexdigest()

    def _hash_spells(self, part: Part, which: Spells) -> bytes:
        spells = self._spells
        if which != "everybodys":
            spells = spells[spells["known"] < part.accounts]
        begins, ends = spells["valid_from"], spells["valid_to"]
        if part.first is not None and part.last is not None:
            apart = (begins > part.last) | (ends <= part.first)
            begins, ends = begins.mask(begins <= part.first)[~apart], ends.mask(ends > part.last)[~apart]
        ties = spells[["holder_id", "organisation"]]
        hashed = [_hashes(ties.loc[begins.index].assign(valid_from=begins, valid_to=ends))]
        if which == "ever":
            hashed.append(_hashes(ties))
        return b" ".join(hashed)


def _hashes(table: pd.DataFrame) -> bytes:
    return np.unique(pd.util.hash_pandas_object(table, index=False).to_numpy()).tobytes()


@contextmanager
def written(file: Path) -> Iterator[Path]:
    """Write a file whole or not at all.

    Parameters
    ----------
    file
        The file.

    Yields
    ------
    pathlib.Path
        Where to write it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.{os.getpid()}.writing")
    try:
        yield scratch
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
