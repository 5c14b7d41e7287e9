"""From any export to a study: formats found by content, every record counted, nothing merged or dropped silently."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net import study as studies
from ambassador_net.errors import ReadError
from ambassador_net.privacy import csv_text
from ambassador_net.readers import bluesky, linkedin, mastodon, tables, twitter
from ambassador_net.readers.declare import Format
from ambassador_net.readers.gather import Read, Reader, Tables, connect, make_tables, name_accounts
from ambassador_net.readers.roster import Placed, Roster, draft_roster, id_of_handle, place, read_roster
from ambassador_net.readers.sources import Guess, Source, find, guess, header_of
from ambassador_net.readers.tables import Mapped, Question, mapping_asked, read_mapping
from ambassador_net.study import Persons, Study

__all__ = [
    "FileEntry",
    "Format",
    "Imported",
    "Mapped",
    "Question",
    "ReadError",
    "Roster",
    "columns_of",
    "draft_roster",
    "formats",
    "id_of_handle",
    "import_exports",
    "mapping_asked",
    "mapping_needed",
    "read_mapping",
    "read_roster",
    "recognise",
]

Progress = Callable[[int, int], None]

_FORMATS = (
    *twitter.FORMATS,
    *mastodon.FORMATS,
    *bluesky.FORMATS,
    *linkedin.FORMATS,
    *tables.FORMATS,
)
# three that no declaration can tell by content: any spreadsheet, a study, and a donation
_TABLE = Format("table", (), "", tabular=True)
_STUDY = Format("study", (), "")
_DONATION = Format("donation", (), "")

ANOTHER_AUTHOR = "the id was used before by another author"


def formats() -> tuple[Format, ...]:
    """List the formats that can be read.

    Returns
    -------
    tuple of Format
        Each with its name and what it can and cannot say.
    """
    return (*_FORMATS, _TABLE, _STUDY, _DONATION)


def recognise(path: str | Path) -> Format:
    """Recognise the format of one file, or of a study folder, by its content.

    Parameters
    ----------
    path
        A file, or a folder that holds a study.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    ReadError
        If it is none that can be read.
    """
    for source in find([path]):
        if source.study:
            return _DONATION if source.donated else _STUDY
        if found := guess(source, _FORMATS):
            return found.format
    raise _unrecognised(str(Path(path).name))


def _unrecognised(name: str) -> ReadError:
    needed = (
        f"a spreadsheet needs a mapping: write {_mapping_name(name)} beside it "
        '(docs/import.md, "A spreadsheet of one\'s own"), or run import --ask in a terminal'
        if _is_spreadsheet(name)
        else "a spreadsheet needs a mapping (docs/import.md)"
    )
    return ReadError(f"is no export that can be read (ambassador-net formats lists them); {needed}", path=name)


def _is_spreadsheet(name: str) -> bool:
    return name.lower().endswith((".csv", ".tsv", ".txt"))


def _mapping_name(name: str) -> str:
    return f"{name.rsplit('/', 1)[-1].rsplit('.', 1)[0]}.mapping.toml"


def mapping_needed(path: str | Path) -> Path | None:
    """Say where the mapping of a spreadsheet is to be saved, if it needs one.

    Parameters
    ----------
    path
        A source of an import.

    Returns
    -------
    pathlib.Path or None
        ``NAME.mapping.toml`` beside ``NAME.csv``; None where a format fits, a mapping is there, or the source is
        something else than a single spreadsheet.

    Raises
    ------
    ReadError
        If it cannot be opened.
    """
    file = Path(path)
    if not file.is_file() or not _is_spreadsheet(file.name):
        return None
    saved = file.with_name(_mapping_name(file.name))
    needed = not saved.is_file() and all(s.named and guess(s, _FORMATS) is None for s in find([file]))
    return saved if needed else None


@dataclass(frozen=True)
class FileEntry:
    """What became of the records of one file.

    Parameters
    ----------
    file, format
        Its name and its format.
    records
        Records in it: reposts + quotes + posts + repeated + set aside.
    reposts, quotes, posts
        Records counted, by what they are; a reply is a post.
    repeated
        Records that were counted already, in this file or another.
    set_aside
        Records not taken, by reason.
    mentions
        Mentions in the records taken, beside the sum.
    source_unknown
        Of the reposts and quotes, those whose original author no file names.
    bad_lines
        The first lines that hold no record.
    """

    file: str
    format: str
    records: int
    reposts: int
    quotes: int
    posts: int
    repeated: int
    set_aside: Mapping[str, int]
    mentions: int = 0
    source_unknown: int = 0
    bad_lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        total = self.reposts + self.quotes + self.posts + self.repeated + sum(self.set_aside.values())
        if self.records != total or self.repeated < 0:
            raise AssertionError(f"the ledger of {self.file} does not add up")


@dataclass(frozen=True)
class Imported:
    """A study from exports, and the ledger of every file.

    Parameters
    ----------
    study
        The study.
    files
        One entry a file, in the order read.
    proposals
        Accounts that may be one and were not merged: ``account_id``, ``looks_like``, ``why``.
    not_read
        Files of folders and archives that are no export.
    """

    study: Study
    files: tuple[FileEntry, ...]
    proposals: pd.DataFrame = field(repr=False)
    not_read: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """One row a file.

        Returns
        -------
        pandas.DataFrame
            Columns ``file``, ``format``, ``records``, ``reposts``, ``quotes``, ``posts``, ``repeated``, ``set_aside``,
            ``reasons``, ``mentions``, ``source_unknown``, ``bad_lines``.
        """
        return pd.DataFrame(
            [
                {
                    "file": e.file,
                    "format": e.format,
                    "records": e.records,
                    "reposts": e.reposts,
                    "quotes": e.quotes,
                    "posts": e.posts,
                    "repeated": e.repeated,
                    "set_aside": sum(e.set_aside.values()),
                    "reasons": "; ".join(f"{n} {reason}" for reason, n in sorted(e.set_aside.items())),
                    "mentions": e.mentions,
                    "source_unknown": e.source_unknown,
                    "bad_lines": " ".join(str(n) for n in e.bad_lines),
                }
                for e in self.files
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the ledger, JSON-safe.

        Returns
        -------
        dict
            ``{"files": [{"file", "format", "records", "reposts", "quotes", "posts", "repeated", "set_aside"}]}``.
        """
        return {
            "files": [
                {
                    "file": e.file,
                    "format": e.format,
                    "records": e.records,
                    "reposts": e.reposts,
                    "quotes": e.quotes,
                    "posts": e.posts,
                    "repeated": e.repeated,
                    "set_aside": dict(sorted(e.set_aside.items())),
                }
                for e in self.files
            ]
        }

    def write(self, folder: str | Path) -> Path:
        """Write the study with ``ledger.csv``.

        Parameters
        ----------
        folder
            As :meth:`Study.write`.

        Returns
        -------
        pathlib.Path
            The folder.
        """
        return self.study.write(folder, also={"ledger.csv": csv_text(self.summary())})


def columns_of(path: str | Path) -> tuple[str, ...]:
    """Give the columns of a spreadsheet, for which a mapping is asked.

    Parameters
    ----------
    path
        A CSV.

    Returns
    -------
    tuple of str
        Their names.

    Raises
    ------
    ReadError
        If it has no header.
    """
    header, _ = _header(next(iter(find([path]))))
    return header


def _header(source: Source) -> tuple[tuple[str, ...], str]:
    text = source.head().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return max(((header_of(text, d), d) for d in (",", ";", "\t")), key=lambda found: len(found[0]))


def import_exports(
    sources: Sequence[str | Path],
    *,
    roster: Roster | str | Path | None = None,
    format: str | None = None,
    mapping: Mapped | str | Path | None = None,
    title: str = "Imported study",
    persons: Persons | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Read exports into one study.

    Parameters
    ----------
    sources
        Files, folders, the networks' own zip archives, and donations.
    roster
        Who is who; without it everybody is outside.
    format
        The name of the format of all files, where it is not to be recognised.
    mapping
        What the columns of spreadsheets hold, for those that no format fits; a ``NAME.mapping.toml`` beside
        ``NAME.csv`` is found by itself.
    title
        What the study is called, unless a study folder among the sources has a title.
    persons
        Whether the persons are public figures; by default as the study folders among the sources say, else private.
    progress
        Called with bytes read and bytes to read.

    Returns
    -------
    Imported
        The study and the ledger.

    Raises
    ------
    ReadError
        If a named file is no export, a file is broken as a whole, or an archive is unsafe.
    SchemaError
        If the roster, a study folder or a donation is not what it should be.

    Notes
    -----
    An account is ``full`` where an archive of its own or a timeline of it alone was read, from its first to its last
    post in the file; ``partial`` where a search or a list found some of its posts; ``none`` where it was only seen as
    a source. The roster may say otherwise.
    """
    found = find(sources)
    forced = _format_named(format)
    mapped = read_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    who = read_roster(roster) if isinstance(roster, str | Path) else roster
    total, done = sum(s.size for s in found), 0
    reads: list[Read] = []
    read_studies: list[tuple[int, Study]] = []
    not_read: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ambassador-net-") as place_for_copies:
        scratch = Path(place_for_copies)
        with connect(scratch) as connection:
            reader = Reader(connection, scratch)
            for source in found:
                if progress:
                    reader.progress = _from(done, total, progress)
                if source.study:
                    read_studies.append((len(reads), source.study(scratch / f"study-{len(reads)}")))
                    reads.append(Read(source.name, (_DONATION if source.donated else _STUDY).name, 0, {}))
                elif recognised := _recognised(source, forced, mapped):
                    reads.append(reader.read(source, recognised, len(reads)))
                elif source.named:
                    raise _unrecognised(source.name)
                else:
                    not_read.append(source.name)
                done += source.size
                if progress:
                    progress(done, total)
            if not reads:
                raise ReadError("there is no export among the sources (ambassador-net formats lists what can be read)")
            base = _Base.of(
                [s for number, s in read_studies if reads[number].format == _STUDY.name],
                [s for number, s in read_studies if reads[number].format == _DONATION.name],
            )
            seen = name_accounts(connection, base.accounts)
            placed = place(who, pd.concat([seen, base.accounts[seen.columns]], ignore_index=True))
            made = make_tables(connection, placed.holders, base.known())
    entries = [_entry(read, number, made) for number, read in enumerate(reads)]
    for number, one in _study_entries(read_studies, reads):
        entries[number] = one
    if not any(e.reposts or e.quotes or e.posts for e in entries):
        reasons = "; ".join(f"{n} {reason}" for e in entries for reason, n in sorted(e.set_aside.items()))
        raise ReadError(f"holds no post that can be taken ({reasons or 'it is empty'})", path=reads[0].file)
    return Imported(
        study=_study(made, seen, reads, placed, who, base, title, persons),
        files=tuple(entries),
        proposals=placed.proposals.reset_index(drop=True),
        not_read=tuple(n for n in not_read if Path(n).name not in _COMPANIONS),
    )


_COMPANIONS = {f.beside[0] for f in _FORMATS if f.beside}


def _from(done: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda here: progress(done + here, total)


def _format_named(name: str | None) -> Format | None:
    if name is None:
        return None
    for known in _FORMATS:
        if known.name == name:
            return known
    raise ReadError(f"no format is called {name}; there are {', '.join(f.name for f in _FORMATS)}")


def _recognised(source: Source, forced: Format | None, mapped: Mapped | None) -> Guess | None:
    if forced is not None:
        return guess(source, [replace(forced, needs=())])
    if found := guess(source, _FORMATS):
        return found
    saved = source.beside(_mapping_name(source.name))
    if saved is not None and saved.path is not None:
        mapped = read_mapping(saved.path)
    if mapped is None or not _is_spreadsheet(source.name):
        return None
    header, delimiter = _header(source)
    if missing := set(mapped.columns.values()) - set(header):
        raise ReadError(f"has no column {', '.join(sorted(missing))}, which the mapping names", path=source.name)
    skip = 3 if source.head().startswith(b"\xef\xbb\xbf") else 0
    return Guess(mapped.format(), "csv", skip, header, delimiter)


def _entry(read: Read, number: int, made: Tables) -> FileEntry:
    counted = made.counted[made.counted["file"] == number].set_index("kind")
    n = {kind: int(counted["n"].get(kind, 0)) for kind in ("repost", "quote", "reply", "original")}
    conflicts = int(made.conflicts.set_index("file")["n"].get(number, 0))
    aside = read.set_aside | ({ANOTHER_AUTHOR: conflicts} if conflicts else {})
    shares = counted["source_unknown"].reindex(["repost", "quote"]).fillna(0).sum()
    return FileEntry(
        file=read.file,
        format=read.format,
        records=read.records,
        reposts=n["repost"],
        quotes=n["quote"],
        posts=n["reply"] + n["original"],
        repeated=read.records - sum(n.values()) - sum(aside.values()),
        set_aside=aside,
        mentions=read.mentions,
        source_unknown=int(shares),
        bad_lines=read.bad_lines,
    )


# studies among the sources ---------------------------------------------------------------------------


def _study_entries(found: Sequence[tuple[int, Study]], reads: Sequence[Read]) -> list[tuple[int, FileEntry]]:
    """Count a study folder: its records are its shares, and its posts that are no share."""
    entries = []
    used: set[str] = set()
    for number, study in found:
        rows = {e.table: e for e in study.ledger.entries}
        posts = study.posts[study.posts["kind"].isin(["original", "reply"])]
        ids = {
            "repost": study.shares.loc[study.shares["kind"] == "repost", "share_id"],
            "quote": study.shares.loc[study.shares["kind"] == "quote", "share_id"],
            "post": posts["post_id"],
        }
        new = {kind: int((~ids[kind].isin(used)).sum()) for kind in ids}
        again = sum(len(ids[kind]) for kind in ids) - sum(new.values())
        aside: dict[str, int] = {}
        repeated = again
        for table in ("shares", "posts"):
            if table in rows:
                repeated += rows[table].repeated
                for reason, n in rows[table].set_aside.items():
                    aside[reason] = aside.get(reason, 0) + n
        used |= set().union(*(set(i) for i in ids.values()))
        records = sum(new.values()) + repeated + sum(aside.values())
        entries.append(
            (
                number,
                FileEntry(
                    reads[number].file, reads[number].format, records, new["repost"], new["quote"], new["post"],
                    repeated, aside, len(study.mentions), int(study.shares["source_id"].isna().sum()),
                ),
            )
        )  # fmt: skip
    return entries


@dataclass(frozen=True)
class _Base:
    """The tables of the study folders and donations among the sources, the first one's rows first."""

    tables: dict[str, pd.DataFrame]
    title: str | None
    description: str
    made_up: bool
    persons: Persons

    @classmethod
    def of(cls, found: Sequence[Study], donated: Sequence[Study]) -> "_Base":
        keys = {"accounts": ["account_id"], "holders": ["holder_id"], "posts": ["post_id"], "shares": ["share_id"]}
        both = [*found, *donated]
        joined = {
            name: pd.concat([s.tables[name] for s in both], ignore_index=True).drop_duplicates(keys.get(name))
            if both
            else pd.DataFrame({c.name: pd.array([], dtype="str") for c in columns})
            for name, columns in studies.TABLES.items()
        }
        if both:
            joined["accounts"] = _windows_joined(joined["accounts"], [s.accounts for s in both])
        return cls(
            joined,
            found[0].title if found else None,
            found[0].description if found else "",
            bool(both) and all(s.made_up for s in both),
            "public" if both and all(s.persons == "public" for s in both) else "private",
        )

    @property
    def accounts(self) -> pd.DataFrame:
        return self.tables["accounts"][["account_id", "platform", "handle", "name"]]

    def known(self) -> dict[str, pd.DataFrame]:
        """Give the ids that are there already, and whose posts they are."""
        ids = pd.concat([self.tables["shares"]["share_id"], self.tables["posts"]["post_id"]]).astype("str")
        authors = self.tables["posts"][["post_id", "author_id", "posted_at"]]
        if len(authors):
            authors = authors.assign(posted_at=authors["posted_at"].dt.tz_localize(None))
        else:
            authors = authors.assign(posted_at=pd.array([], dtype="datetime64[s]"))
        return {"ids": pd.DataFrame({"id": ids.drop_duplicates()}), "authors": authors}


def _windows_joined(accounts: pd.DataFrame, of: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Let an account that several of them hold be observed as far as they say together.

    Two donations of one volunteer go from different times to different times. Windows that meet are one; of windows
    with a gap between, the longest is known to be whole.
    """
    rows = pd.concat(of, ignore_index=True)
    rows = rows[rows.duplicated("account_id", keep=False)]
    if rows.empty:
        return accounts
    rank = rows["observed"].map({"full": 0, "partial": 1, "none": 2})
    rows = rows[rank == rank.groupby(rows["account_id"]).transform("min")]
    open_, end = pd.Timestamp.min.tz_localize("UTC").ceil("s"), pd.Timestamp.max.tz_localize("UTC").floor("s")
    rows = rows.assign(first=rows["observed_from"].fillna(open_), last=rows["observed_to"].fillna(end))
    rows = rows.sort_values(["account_id", "first"], kind="stable")
    reached = rows.groupby("account_id")["last"].cummax().groupby(rows["account_id"]).shift()
    window = (rows["first"] > reached).groupby(rows["account_id"]).cumsum().rename("window")
    whole = rows.groupby(["account_id", window]).agg(
        observed=("observed", "first"), first=("first", "min"), last=("last", "max")
    )
    whole = whole.assign(length=whole["last"].astype("int64") - whole["first"].astype("int64")).reset_index()
    longest = whole.sort_values("length", kind="stable").drop_duplicates("account_id", keep="last")
    longest = longest.set_index("account_id")
    accounts = accounts.set_index("account_id")
    accounts.loc[longest.index, "observed"] = longest["observed"]
    accounts.loc[longest.index, "observed_from"] = longest["first"].where(longest["first"] != open_)
    accounts.loc[longest.index, "observed_to"] = longest["last"].where(longest["last"] != end)
    return accounts.reset_index()


# the study -------------------------------------------------------------------------------------------


def _study(
    made: Tables,
    seen: pd.DataFrame,
    reads: Sequence[Read],
    placed: Placed,
    roster: Roster | None,
    base: _Base,
    title: str,
    persons: Persons | None,
) -> Study:
    tables = {
        name: _joined(base.tables[name], new)
        for name, new in (("posts", made.posts), ("shares", made.shares), ("mentions", made.mentions))
    }
    accounts = _accounts(seen, made.coverage, reads, tables, base)
    holders, affiliations = base.tables["holders"], base.tables["affiliations"]
    if roster is not None:
        accounts, holders, affiliations = _with_roster(accounts, holders, affiliations, placed, roster)
    return studies.from_tables(
        {"accounts": accounts, **tables, "holders": holders, "affiliations": affiliations},
        title=base.title or title,
        made_up=base.made_up and all(r.format == _STUDY.name for r in reads),
        persons=persons or base.persons,
        description=base.description,
    )


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    if old.empty or new.empty:
        return new if old.empty else old
    return pd.concat([old, new], ignore_index=True)


def _accounts(
    seen: pd.DataFrame, covered: pd.DataFrame, reads: Sequence[Read], tables: Mapping[str, pd.DataFrame], base: _Base
) -> pd.DataFrame:
    """One row an account that the tables name: the latest handle and name, and how far it was observed."""
    columns = [("shares", "sharer_id"), ("shares", "source_id"), ("posts", "author_id"), ("mentions", "author_id"),
               ("mentions", "mentioned_id")]  # fmt: skip
    ids = pd.concat([tables[t][c].drop_duplicates() for t, c in columns] + [covered["author"]])
    ids = ids.dropna().drop_duplicates()
    # `last` skips missing cells: a later sighting without a name does not take the name away
    latest = seen.groupby("account_id", sort=False)[["platform", "handle", "name"]].last()
    new = ids[~ids.isin(base.accounts["account_id"])].sort_values()
    accounts = latest.reindex(new).rename_axis("account_id").reset_index().assign(role="outside")
    accounts = _joined(base.tables["accounts"].astype("object"), accounts.astype("object"))
    observed = _observed(covered, reads).reindex(accounts["account_id"]).set_axis(accounts.index)
    before = accounts["observed"] if "observed" in accounts else pd.Series(None, index=accounts.index, dtype="object")
    accounts = _timed(accounts, ("observed_from", "observed_to"))
    # two windows of one kind are joined; a full one is not widened by what a search found beside it
    wins = observed["observed"].notna() & ~((before == "full") & (observed["observed"] == "partial"))
    alike = wins & (before == observed["observed"])
    start = accounts["observed_from"].where(alike).fillna(observed["first"])
    end = accounts["observed_to"].where(alike).fillna(observed["last"])
    return accounts.assign(
        observed=observed["observed"].where(wins, before).fillna("none"),
        observed_from=accounts["observed_from"].where(
            ~wins, start.where(start <= observed["first"], observed["first"])
        ),
        observed_to=accounts["observed_to"].where(~wins, end.where(end >= observed["last"], observed["last"])),
    )


def _observed(covered: pd.DataFrame, reads: Sequence[Read]) -> pd.DataFrame:
    """Decide from the files whose posts were collected, and from when to when."""
    covers = covered["file"].map(dict(enumerate(r.covers for r in reads)))
    alone = (covers == "timeline") & (covered["authors"] == 1) & (covered["n"] > 1)
    full = covered[(covers == "owner") | alone].sort_values(["author", "first"])
    # windows that meet are one; of windows with a gap between, the longest is known to be whole
    reached = full.groupby("author")["last"].cummax().groupby(full["author"]).shift()
    window = (full["first"] > reached).groupby(full["author"]).cumsum()
    whole = full.groupby([full["author"], window.rename("window")]).agg(first=("first", "min"), last=("last", "max"))
    whole = whole.assign(length=whole["last"] - whole["first"]).reset_index()
    whole = whole.sort_values("length", kind="stable").drop_duplicates("author", keep="last").set_index("author")
    some = (
        covered[~covered["author"].isin(whole.index)]
        .groupby("author")
        .agg(first=("first", "min"), last=("last", "max"))
    )
    return pd.concat([whole[["first", "last"]].assign(observed="full"), some.assign(observed="partial")])


def _timed(accounts: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    for column in columns:
        cells = accounts[column] if column in accounts else pd.Series(None, index=accounts.index, dtype="object")
        accounts[column] = pd.to_datetime(cells, utc=True).dt.as_unit("s")
    return accounts


def _with_roster(
    accounts: pd.DataFrame, holders: pd.DataFrame, affiliations: pd.DataFrame, placed: Placed, roster: Roster
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Say who is who; what the roster leaves empty stays as it was."""
    rows = placed.rows
    one = rows.groupby("account_id", sort=False).first()
    absent = one.index[~one.index.isin(accounts["account_id"])]
    added = pd.DataFrame({"account_id": absent, "role": "outside", "observed": "none"})
    accounts = pd.concat([accounts, added], ignore_index=True).set_index("account_id").astype("object")
    columns = ("role", "holder_id", "organisation", "basis", "platform", "handle", "name")
    for column in columns:
        said = one[column].dropna()
        if column in ("organisation", "basis"):
            # a person's organisations stand in the affiliations
            said = said[one.loc[said.index, "role"] == "organisation"]
        if column not in accounts:
            accounts[column] = None
        accounts.loc[said.index, column] = said
    accounts.loc[one.index[one["role"] != "organisation"], ["organisation", "basis"]] = None
    observed = one["observed"].dropna()
    accounts.loc[observed.index, ["observed", "observed_from", "observed_to"]] = one.loc[
        observed.index, ["observed", "observed_from", "observed_to"]
    ]
    only_window = one.index.difference(observed.index)
    for column in ("observed_from", "observed_to"):
        said = one.loc[only_window, column].dropna()
        accounts.loc[said.index, column] = said
    accounts = _timed(accounts.reset_index(), ("observed_from", "observed_to"))
    people = rows[rows["role"] != "outside"].groupby("holder_id", sort=False).first()
    kinds = people["role"].map({"organisation": "organisation", "employee": "person"})
    names = people["name"].where(kinds == "person")
    details = ["time_zone", "working_hours", "unit", "hours_reserved", "in_job_description", *roster.answers]
    said_holders = people[details].assign(kind=kinds, name=names).rename_axis("holder_id").reset_index()
    holders = pd.concat(
        [said_holders, holders[~holders["holder_id"].isin(said_holders["holder_id"])]], ignore_index=True
    )
    spells = rows.loc[rows["role"] == "employee", ["holder_id", "organisation", "valid_from", "valid_to", "basis"]]
    kept = affiliations[~affiliations["holder_id"].isin(rows["holder_id"])]
    return accounts, holders, pd.concat([spells.drop_duplicates(), kept], ignore_index=True)
