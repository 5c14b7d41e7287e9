"""Where exports come from: files, folders and zip archives, opened without trusting any of them."""

import csv
import gzip
import io
import json
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from ambassador_net.errors import ReadError
from ambassador_net.readers.declare import Format, Layout
from ambassador_net.readers.donation import is_donation, study_of_donation
from ambassador_net.study import Study, read

HEAD_BYTES = 1 << 20
MOST_MEMBERS = 2_000
"""Most members of an archive that may hold posts; pictures and other files do not count."""
MOST_BYTES = 16 << 30
"""Most bytes that one member may unpack to."""
MOST_RATIO = 100
"""Most bytes that a packed byte may become, over a megabyte: text packs to a tenth, a bomb to a thousandth."""
MOST_DOCUMENT = 1 << 30
"""Most bytes of one JSON document that cannot be read record by record."""

_ENDINGS = (".json", ".jsonl", ".ndjson", ".js", ".csv", ".tsv", ".txt", ".gz")
_SCRIPT = re.compile(r"window\.YTD\.(\w+)\.part\d+\s*=\s*")
_STUDY_TABLE = re.compile(r"(accounts|shares)\.(csv|csv\.gz|parquet)")
_CHUNK = 1 << 20
# few: DuckDB takes two thousand lines at a time
_PAGE = 4


@dataclass(frozen=True)
class Source:
    """One file that may be an export, on disk or inside an archive.

    Parameters
    ----------
    name
        What it is called in the ledger.
    size
        Bytes when unpacked.
    open
        Opens it for reading.
    folder
        The folder or the place in an archive, to find the files beside it.
    beside
        Finds a file beside it by name, or None.
    path
        The file itself, where it is on disk as it is.
    named
        Whether the caller named this very file, so that it must be an export.
    study
        Reads a study folder, unpacked into a folder where it must be, or a donation; other sources have none.
    donated
        Whether it is a donation.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    beside: Callable[[str], "Source | None"]
    path: Path | None = None
    named: bool = False
    study: Callable[[Path], Study] | None = None
    donated: bool = False

    def head(self) -> bytes:
        """Read the beginning.

        Returns
        -------
        bytes
            Up to a megabyte.
        """
        with _told(self.name), self.open() as stream:
            return stream.read(HEAD_BYTES)


@dataclass(frozen=True)
class Guess:
    """What a source was recognised as.

    Parameters
    ----------
    format
        The format.
    layout
        How its records are laid out.
    skip
        Bytes before the data: a byte order mark, or the assignment of a script.
    header, delimiter
        Of a table.
    """

    format: Format
    layout: Layout
    skip: int = 0
    header: tuple[str, ...] = ()
    delimiter: str = ","


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what Python raises about a broken file into a ReadError that names it."""
    try:
        yield
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError) as error:
        raise ReadError(f"cannot be opened ({type(error).__name__}); is it whole?", path=name) from None


# finding ---------------------------------------------------------------------------------------------


def find(sources: Sequence[str | Path]) -> list[Source]:
    """List every file that may be an export.

    Parameters
    ----------
    sources
        Files, folders and zip archives.

    Returns
    -------
    list of Source
        In the order given; a folder's by name. A file that is given twice is there twice.

    Raises
    ------
    ReadError
        If a source does not exist or an archive is unsafe.
    """
    found: list[Source] = []
    for given in sources:
        path = Path(given)
        if path.is_dir():
            found += _in_folder(path, path.resolve().name)
        elif path.is_file():
            found += _in_file(path, path.name, named=True)
        else:
            raise ReadError("is neither a file nor a folder", path=path)
    return found


def _in_folder(folder: Path, name: str) -> Iterator[Source]:
    children = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and not p.is_symlink())
    if {"accounts", "shares"} <= _study_tables(p.name for p in children):
        size = sum(p.stat().st_size for p in children if p.is_file())
        yield Source(name, size, lambda: io.BytesIO(), lambda _: None, folder, True, lambda _: read(folder))
        return
    for child in children:
        if child.is_dir():
            yield from _in_folder(child, f"{name}/{child.name}")
        elif (
            child.is_file() and child.suffix.lower() in (*_ENDINGS, ".zip") and not child.name.endswith(".mapping.toml")
        ):
            yield from _in_file(child, f"{name}/{child.name}", named=False)


def _study_tables(names: Any) -> set[str]:
    return {m.group(1) for n in names if (m := _STUDY_TABLE.fullmatch(n))}


def _in_file(path: Path, name: str, *, named: bool) -> Iterator[Source]:
    with _told(name), path.open("rb") as stream:
        magic = stream.read(4)
    if magic.startswith(b"PK\x03\x04") or magic.startswith(b"PK\x05\x06"):
        yield from _in_zip(path, name)
    else:
        packed = magic.startswith(b"\x1f\x8b")
        yield Source(
            name,
            path.stat().st_size,
            partial(_open_gzip if packed else _open_plain, path, name),
            partial(_beside_file, path),
            None if packed else path,
            named,
        )


def _beside_file(path: Path, name: str) -> Source | None:
    other = path.with_name(name)
    return next(iter(_in_file(other, other.name, named=False)), None) if other.is_file() else None


def _open_plain(path: Path, _: str) -> IO[bytes]:
    return path.open("rb")


def _open_gzip(path: Path, name: str) -> IO[bytes]:
    return io.BufferedReader(_Bounded(_unpacked(path.open("rb")), path.stat().st_size, name))


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(gzip.GzipFile(fileobj=stream))


def _in_zip(path: Path, name: str) -> Iterator[Source]:
    if is_donation(path):
        size = path.stat().st_size
        yield Source(
            name, size, io.BytesIO, lambda _: None, path, True, lambda _: study_of_donation(path), donated=True
        )
        return
    with _told(name), zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
    for member in members:
        _check_member(member, name)
    # an archive holds thousands of pictures; only what may hold posts is ever opened
    wanted = [m for m in members if PurePosixPath(m.filename).suffix.lower() in (*_ENDINGS, ".parquet")]
    if len(wanted) > MOST_MEMBERS:
        raise ReadError(f"holds {len(wanted):,} files; at most {MOST_MEMBERS:,} are read from one archive", path=name)
    if len({m.filename for m in wanted}) < len(wanted):
        raise ReadError("holds two files of one name; unpack it and name the right one", path=name)
    if any(PurePosixPath(m.filename).suffix.lower() == ".zip" for m in members):
        raise ReadError("holds an archive inside the archive; unpack it first", path=name)
    by_folder: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    for member in wanted:
        place = PurePosixPath(member.filename)
        by_folder.setdefault(place.parent, {})[place.name] = member
    for folder in sorted(by_folder):
        inside = by_folder[folder]
        if {"accounts", "shares"} <= _study_tables(inside):
            unpack = partial(_study_in_zip, path, name, inside)
            size = sum(m.file_size for m in inside.values())
            yield Source(name, size, lambda: io.BytesIO(), lambda _: None, path, True, unpack)
            continue
        for file in sorted(inside):
            yield _member(path, name, inside, inside[file])


def _check_member(member: zipfile.ZipInfo, archive: str) -> None:
    parts = PurePosixPath(member.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", member.filename):
        raise ReadError(
            "holds a file whose name leads out of the archive; it may be hostile and is not read", path=archive
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ReadError("holds a link or a device; it may be hostile and is not read", path=archive)
    if member.flag_bits & 1:
        raise ReadError("is locked with a password; unpack it first", path=archive)


def _member(path: Path, name: str, inside: dict[str, zipfile.ZipInfo], member: zipfile.ZipInfo) -> Source:
    def beside(other: str) -> Source | None:
        return _member(path, name, inside, inside[other]) if other in inside else None

    shown = f"{name}/{member.filename}"
    return Source(shown, member.file_size, partial(_open_member, path, shown, member), beside)


def _open_member(path: Path, shown: str, member: zipfile.ZipInfo) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    try:
        stream: IO[bytes] = archive.open(member)
        if member.filename.endswith(".gz"):
            stream = _unpacked(stream)
    finally:
        archive.close()  # the member keeps the file open until it is closed itself
    return io.BufferedReader(_Bounded(stream, member.compress_size, shown))


def _study_in_zip(path: Path, name: str, inside: dict[str, zipfile.ZipInfo], to: Path) -> Study:
    to.mkdir()
    for file, member in inside.items():
        # a study's tables are unpacked as they are: study.read knows its own gzip
        with _told(name), zipfile.ZipFile(path) as archive, (to / file).open("wb") as target:
            shutil.copyfileobj(io.BufferedReader(_Bounded(archive.open(member), member.compress_size, name)), target)
    return read(to)


class _Bounded(io.RawIOBase):
    """A stream that refuses to become much larger than what it was packed into."""

    def __init__(self, stream: IO[bytes], packed: int, name: str) -> None:
        self._stream, self._packed, self._name, self._read = stream, packed, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._read += len(data)
        if self._read > MOST_BYTES or (self._read > _CHUNK and self._read > MOST_RATIO * self._packed):
            raise ReadError("unpacks to far more than it should; it may be hostile and is not read", path=self._name)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


# recognising -----------------------------------------------------------------------------------------


def guess(source: Source, formats: Sequence[Format]) -> Guess | None:
    """Recognise a source by its content.

    Parameters
    ----------
    source
        The source.
    formats
        The formats to choose from.

    Returns
    -------
    Guess or None
        None if it is none of them.

    Raises
    ------
    ReadError
        If it cannot be opened, or is text in another encoding than UTF-8.
    """
    head = source.head()
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ReadError("is UTF-16; save it as UTF-8", path=source.name)
    skip = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    text = head[skip:].decode("utf-8", "replace")
    script = _SCRIPT.match(text.lstrip())
    if script:
        skip = head.index(b"=", skip) + 1
        text = head[skip:].decode("utf-8", "replace")
        formats = [f for f in formats if script.group(1) in f.script]
    start = text.lstrip()[:1]
    if start == "[":
        keys = _first_of_array(text)
        return _chosen(formats, keys, "array", skip)
    if start == "{":
        for line in text.splitlines()[:50]:
            if (keys := _keys(line)) and (chosen := _chosen(formats, keys, "lines", skip)):
                return chosen
        return _chosen(formats, _top_keys(source, head, skip), "document", skip)
    return _table(formats, text, skip)


def _chosen(formats: Sequence[Format], keys: Sequence[str], layout: Layout, skip: int) -> Guess | None:
    return next((Guess(f, layout, skip) for f in formats if not f.tabular and keys and f.fits(keys)), None)


def _keys(text: str) -> list[str]:
    try:
        found = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return []
    return list(found) if isinstance(found, dict) else []


def _first_of_array(text: str) -> list[str]:
    begin = re.search(r"\[\s*(?=\{)", text)
    try:
        found = json.JSONDecoder().raw_decode(text, begin.end())[0] if begin else None
    except (ValueError, RecursionError):
        return []
    return list(found) if isinstance(found, dict) else []


def _top_keys(source: Source, head: bytes, skip: int) -> list[str]:
    """Give the keys of one document, which may be longer than the head."""
    if source.size > MOST_DOCUMENT:
        return []
    with _told(source.name), source.open() as stream:
        data = head if len(head) < HEAD_BYTES else stream.read(MOST_DOCUMENT + 1)
    try:
        return list(msgspec.json.decode(data[skip:], type=dict[str, msgspec.Raw]))
    except (ValueError, RecursionError):
        # broken further down: the keys that can be seen tell what it was meant to be, and reading names the place
        return re.findall(r'"(\w+)"\s*:', head[: 1 << 16].decode("utf-8", "replace"))


def _table(formats: Sequence[Format], text: str, skip: int) -> Guess | None:
    for delimiter in (",", ";", "\t"):
        header = header_of(text, delimiter)
        for choice in formats:
            if choice.tabular and header and choice.fits(header):
                return Guess(choice, "csv", skip, header, delimiter)
    return None


def header_of(text: str, delimiter: str) -> tuple[str, ...]:
    """Read the header of a table.

    Parameters
    ----------
    text
        The beginning of the table.
    delimiter
        What stands between cells.

    Returns
    -------
    tuple of str
        The columns' names, none twice; empty if there is no header.
    """
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return ()
    seen: dict[str, int] = {}
    unique = []
    for name in (n.strip() for n in names):
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        unique.append(name if seen[name.lower()] == 1 and name else f"{name} {seen[name.lower()]}")
    return tuple(unique)


def plain(source: Source, skip: int, scratch: Path, number: int) -> Path:
    """Give the source as a plain file that DuckDB can open, a copy only where it must be.

    Parameters
    ----------
    source
        The source.
    skip
        Bytes to leave out at the beginning.
    scratch
        A folder for the copy.
    number
        Distinguishes copies.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ReadError
        If it cannot be unpacked.
    """
    # DuckDB takes these in a name for a pattern
    if source.path is not None and not skip and not set("*?[]{}") & set(str(source.path)):
        return source.path
    copy = scratch / f"{number}.data"
    with _told(source.name), source.open() as stream, copy.open("wb") as target:
        stream.read(skip)
        shutil.copyfileobj(stream, target, _CHUNK)
    return copy


def document_lines(path: Path, name: str, columns: Sequence[str], scratch: Path) -> Path:
    """Bring one JSON document to lines, so that it can be read piece by piece.

    Parameters
    ----------
    path
        The plain file.
    name
        What it is called.
    columns
        The keys that are wanted; a single one holds a list, which is cut into short ones.
    scratch
        A folder for the lines.

    Returns
    -------
    pathlib.Path
        A file of JSON lines, each a document with some of the list.

    Raises
    ------
    ReadError
        If it is not JSON, or larger than can be read at once.
    """
    if path.stat().st_size > MOST_DOCUMENT:
        raise ReadError("is one JSON document of more than a gigabyte; export it in parts", path=name)
    target = scratch / f"{path.name}.lines"
    try:
        whole = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        with target.open("wb") as stream:
            if len(columns) > 1:
                stream.write(msgspec.json.format(msgspec.json.encode(whole), indent=-1) + b"\n")
                return target
            items = msgspec.json.decode(whole[columns[0]], type=list[msgspec.Raw])
            for start in range(0, len(items), _PAGE):
                page = msgspec.json.encode({columns[0]: items[start : start + _PAGE]})
                stream.write(msgspec.json.format(page, indent=-1) + b"\n")
    except (ValueError, KeyError, RecursionError):
        raise broken_place(path, name) from None
    finally:
        if path.parent == scratch:
            path.unlink()
    return target


# naming places ---------------------------------------------------------------------------------------


def broken_place(path: Path, name: str) -> ReadError:
    """Say where a JSON array or document stops being JSON.

    Parameters
    ----------
    path
        The plain file.
    name
        What it is called.

    Returns
    -------
    ReadError
        With line and column where they can be known.
    """
    line = column = None
    try:
        data = path.read_bytes() if path.stat().st_size <= MOST_DOCUMENT else b""
        try:
            msgspec.json.decode(data)
            what = "holds a record that is too large or is not what this format holds"
        except RecursionError:
            what = "is nested too deeply"
        except ValueError as error:
            what = "is not whole JSON"
            at = re.search(r"byte (\d+)", str(error))
            offset = int(at.group(1)) if at else len(data)
            line = data.count(b"\n", 0, offset) + 1
            column = offset - (data.rfind(b"\n", 0, offset) + 1) + 1
    except (OSError, MemoryError):
        what = "cannot be read"
    return ReadError(f"{what}; export it again", path=name, line=line, column=column)


def bad_lines(path: Path, keys: Sequence[str], most: int = 20) -> tuple[int, ...]:
    """Name the lines that hold no record.

    Parameters
    ----------
    path
        A file of JSON lines.
    keys
        Keys of which a record has at least one.
    most
        How many to name.

    Returns
    -------
    tuple of int
        Line numbers from 1.
    """
    wanted, found = set(keys), []
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                record = msgspec.json.decode(line.strip() or b"{}") if line.strip() else dict.fromkeys(wanted, "")
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict) or all(record.get(k) is None for k in wanted):
                found.append(number)
                if len(found) == most:
                    break
    return tuple(found)
