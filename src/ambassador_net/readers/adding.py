"""Add a period (a month, a week) to a stored study, without touching the parts that it has."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ambassador_net.errors import SchemaError
from ambassador_net.readers.gather import connect, quoted
from ambassador_net.study import (
    EVENT_TIMES,
    UNIQUE,
    Ledger,
    LedgerEntry,
    Study,
    checked,
    describe,
    folder_of,
    gather,
    read_beside,
    rows_of,
)
from ambassador_net.study.parquet import MOST_SHARES
from ambassador_net.study.storing import (
    ROW_GROUP,
    Storing,
    arrow_schema,
    in_order,
    month_of,
    number_of,
    part_of,
    parts,
    parts_as_written,
    to_arrow,
)
from ambassador_net.study.whole import PACKAGE, in_pieces, package_of, read_package, replacing, settle

# ends of a spell that is open; far enough, and still times
_EVER, _FOREVER = pd.Timestamp("0001-01-01", tz="UTC"), pd.Timestamp("9999-01-01", tz="UTC")

USED_BEFORE = "id used before with other content"


@dataclass(frozen=True)
class Added:
    """What became of a period that was added.

    Parameters
    ----------
    ledger
        Its posts, shares and mentions: taken, known already, set aside.
    new_accounts
        Accounts that the study did not have.
    labelled
        Accounts of the study that were outside and belong to a house now: what they did before is counted again.
    observed_in_part
        Accounts of the study that were observed otherwise in the period, and are ``partial`` now.
    spells_changed
        Persons of the study whose affiliations changed within the period.
    changed
        Whether anything in it was new to the study, which otherwise is left as it was, byte for byte.
    """

    ledger: Ledger
    new_accounts: int
    labelled: int
    observed_in_part: int
    spells_changed: int
    changed: bool

    def to_dict(self) -> dict[str, Any]:
        """Give everything as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "tables": self.ledger.to_dict(),
            "new_accounts": self.new_accounts,
            "labelled": self.labelled,
            "observed_in_part": self.observed_in_part,
            "spells_changed": self.spells_changed,
            "changed": self.changed,
        }


@dataclass(frozen=True)
class _Period:
    """A period to be added: its people, and its events in memory or, of a stored study, in their files."""

    people: Study
    files: Mapping[str, list[Path]] | None

    def names(self) -> list[str]:
        """Name the tables of events that have rows."""
        if self.files is not None:
            return [name for name in EVENT_TIMES if self.files[name]]
        return [name for name in EVENT_TIMES if len(self.people.tables[name])]

    def give(self, name: str, connection: duckdb.DuckDBPyConnection) -> None:
        """Let SQL read the events of a table as ``new``."""
        if self.files is None:
            connection.register("new", to_arrow(name, self.people.tables[name]))
        else:
            connection.execute(f"CREATE OR REPLACE TEMP VIEW new AS {_select(self.files[name])}")

    def pieces(self, name: str) -> Iterator[tuple[str, int, Any]]:
        """Go through the rows of a table: month, which run of ordered rows of it, at most a row group of rows."""
        if self.files is None:
            for part, rows in parts(name, self.people.tables[name]):
                for start in range(0, len(rows), ROW_GROUP):
                    yield str(month_of(part)), 0, to_arrow(name, rows.iloc[start : start + ROW_GROUP])
            return
        for file in self.files[name]:
            opened = pq.ParquetFile(file)
            for group in range(opened.num_row_groups):
                yield str(month_of(str(file))), number_of(file.name), opened.read_row_group(group)

    def entry(self, name: str) -> LedgerEntry:
        """Say how many rows of a table were read."""
        if self.files is None:
            return next(entry for entry in self.people.ledger.entries if entry.table == name)
        rows = sum(pq.read_metadata(file).num_rows for file in self.files[name])
        return LedgerEntry(name, name, rows, rows, 0, {})


def add_period(folder: str | Path, period: str | Path) -> Added:
    """Add the events of another study to a stored one: all of them or none.

    Parameters
    ----------
    folder
        A stored study.
    period
        A study with what is to be added: a month, a week, or late shares of any time.

    Returns
    -------
    Added
        What became of its rows and accounts.

    Raises
    ------
    SchemaError
        If the first is no stored study or was changed by hand, the second is no study, or their accounts, or what they
        are (made up or not), do not fit together.

    Notes
    -----
    Rows go into new parts of their months; the parts that are there stay as they are. An id that the study has already
    is not taken again. Of affiliations, the period's word holds within the period, and after it if the study ends
    before; accounts that are observed otherwise in the period are partly observed in the whole.
    """
    target, source = folder_of(folder), folder_of(period)
    if not in_pieces(target, "shares"):
        raise SchemaError(f"{target} is not a stored study; ambassador-net store makes one")
    settle(target)
    with replacing(target, keep_reduced=True) as writing:
        (spill := writing / "spill").mkdir()
        with connect(spill) as connection:
            added = _add(target, source, writing, connection)
        shutil.rmtree(spill)
    return added


def _add(target: Path, source: Path, writing: Path, connection: duckdb.DuckDBPyConnection) -> Added:
    package = read_package(package_of(target))
    there = {name: [file for _, file in parts_as_written(target, name)] for name in EVENT_TIMES}
    study = checked(*_people(target), package, title=target.name)
    new = _read(source, study.accounts)
    if new.people.made_up != study.made_up:
        raise SchemaError("made-up and real data are not put together", path=source)
    accounts, labelled, in_part = _accounts(study.accounts, new.people.accounts, source)
    spells, spells_changed = _spells(study, new, _window(there, new, connection))
    people = {"accounts": accounts, "holders": _holders(study, new.people), "affiliations": spells}
    old = list(package["resources"])
    tables = Storing(writing, len(accounts))
    entries = []
    try:
        for name in new.names():
            known = _known(name, there[name], new, connection)
            _write(tables, name, new, known, [str(resource["path"]) for resource in old])
            entries.append(_counted(new.entry(name), known))
        for name, table in people.items():
            if not table.equals(study.tables[name]):
                tables.add(name, to_arrow(name, table), f"{name}.parquet")
        written = tables.finish()
    finally:
        tables.abandon()
    if written:
        replaced = {str(resource["path"]) for resource in written}
        stays = [resource for resource in old if str(resource["path"]) not in replaced and not _of(resource, replaced)]
        about = {**study.about, "persons": "public" if {study.persons, new.people.persons} == {"public"} else "private"}
        (writing / PACKAGE).write_bytes(describe(about, in_order([*stays, *written])).encode())
    return Added(
        ledger=Ledger(tuple(entries)),
        new_accounts=len(accounts) - len(study.accounts),
        labelled=labelled,
        observed_in_part=in_part,
        spells_changed=spells_changed,
        changed=bool(written),
    )


def _of(resource: Mapping[str, Any], replaced: set[str]) -> bool:
    """Whether a file is replaced by one of another ending (``accounts.csv`` by ``accounts.parquet``)."""
    table, folder, _ = str(resource["path"]).partition("/")
    return not folder and f"{table.partition('.')[0]}.parquet" in replaced


def _people(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, Path]]:
    return gather(folder, ("accounts", "holders", "affiliations"))


def _read(source: Path, accounts: pd.DataFrame) -> _Period:
    """Read a period: into memory with every check, or, if it is stored and long, its people alone."""
    if in_pieces(source, "shares"):
        files = {name: [file for _, file in parts_as_written(source, name)] for name in EVENT_TIMES}
        if sum(pq.read_metadata(file).num_rows for file in files["shares"]) > MOST_SHARES:
            filled = {name: [file for file in of if month_of(str(file))] for name, of in files.items()}
            return _Period(checked(*_people(source), read_package(package_of(source)), title=source.name), filled)
    return _Period(read_beside(source, accounts), None)


# events ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """Keys of rows that the study has already, and how many of them have the same content there."""

    keys: Any
    same: int


def _select(files: list[Path]) -> str:
    # each of these files is named: nothing in a name may be taken for a pattern
    names = ", ".join(quoted(re.sub(r"([\[*?])", r"[\1]", str(file))) for file in files)
    return f"SELECT * FROM read_parquet([{names}], hive_partitioning = false)"  # noqa: S608


# what tells rows apart: their id, or of mentions everything
_KEY_OF_MENTION = ("post_id", "author_id", "mentioned_id", "kind", "collection")


def _key(name: str) -> str:
    if name in UNIQUE:
        return UNIQUE[name]
    texts = ", ".join(f"coalesce({column}, '')" for column in _KEY_OF_MENTION)
    return f"concat_ws(chr(31), {texts}, CAST(epoch_us({EVENT_TIMES[name]}) AS VARCHAR))"


def _keys(name: str, rows: Any) -> Any:
    if name in UNIQUE:
        return rows[UNIQUE[name]]
    texts = [pc.fill_null(rows[column], "") for column in _KEY_OF_MENTION]
    time = rows[EVENT_TIMES[name]].cast(pa.int64()).cast(pa.string())
    return pc.binary_join_element_wise(*texts, time, "\x1f")


def _known(name: str, there: list[Path], new: _Period, connection: duckdb.DuckDBPyConnection) -> _Known:
    """Find the rows that the study has already; all columns are compared only where the keys are the same."""
    if not there:
        return _Known(pa.array([], pa.string()), 0)
    new.give(name, connection)
    # files say between what their ids lie: where ids grow with time, hardly a row group is read
    within = UNIQUE.get(name, EVENT_TIMES[name])
    ((low, high),) = connection.execute(f"SELECT min({within}), max({within}) FROM new").fetchall()  # noqa: S608
    between = f"{within} BETWEEN {quoted(str(low))} AND {quoted(str(high))}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW old AS {_select(there)} WHERE {between}")
    key = _key(name)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE hit AS SELECT n.key FROM (SELECT {key} AS key FROM old) AS o "  # noqa: S608
        f"JOIN (SELECT {key} AS key FROM new) AS n ON n.key = o.key"
    )
    keys = connection.sql("SELECT DISTINCT key FROM hit").to_arrow_table()["key"].cast(pa.string())
    if not len(keys):
        return _Known(keys, 0)
    alike = " AND ".join(f"n.{column} IS NOT DISTINCT FROM o.{column}" for column in arrow_schema(name).names)
    ((same,),) = connection.execute(
        f"SELECT count(*) FROM (SELECT *, {key} AS key FROM old) AS o "  # noqa: S608
        f"JOIN (SELECT *, {key} AS key FROM new) AS n ON n.key = o.key JOIN hit ON hit.key = o.key WHERE {alike}"
    ).fetchall()
    return _Known(keys, same)


def _write(tables: Storing, name: str, new: _Period, known: _Known, paths: list[str]) -> None:
    """Write the rows that are new behind the parts that their months have."""
    taken: dict[str, int] = {}
    for path in paths:
        if path.startswith(f"{name}/") and (month := month_of(path)):
            taken[month] = max(taken.get(month, -1), number_of(path))
    for month, run, rows in new.pieces(name):
        if len(known.keys):
            rows = rows.filter(pc.invert(pc.is_in(_keys(name, rows), value_set=known.keys)))
        if len(rows):
            tables.add(name, rows, part_of(name, month, taken.get(month, -1) + 1 + run))


def _counted(entry: LedgerEntry, known: _Known) -> LedgerEntry:
    other = len(known.keys) - known.same
    aside = dict(entry.set_aside)
    if other:
        aside[USED_BEFORE] = aside.get(USED_BEFORE, 0) + other
    return replace(entry, used=entry.used - len(known.keys), repeated=entry.repeated + known.same, set_aside=aside)


# people ---------------------------------------------------------------------------------------------------


def _accounts(old: pd.DataFrame, new: pd.DataFrame, source: Path) -> tuple[pd.DataFrame, int, int]:
    """Put accounts together, those of the study first; say how many got a house, and how many are partly observed."""
    behind = new[~new["account_id"].isin(old["account_id"])]
    was = old.set_index("account_id", drop=False)
    now = new.set_index("account_id", drop=False).reindex(was.index)
    both = now["role"].notna()
    labelled = both & (was["role"] == "outside") & (now["role"] != "outside")
    compared = both & (was["role"] != "outside") & (now["role"] != "outside")
    official = compared & (was["role"] == "organisation")
    other = compared & ((was["role"] != now["role"]) | (was["holder_id"] != now["holder_id"]))
    other |= official & (was["organisation"] != now["organisation"])
    if other.any():
        raise SchemaError(
            f"{int(other.sum())} accounts have another role, holder or organisation there than in the study; "
            "let both say the same",
            path=source,
        )
    merged = was.copy()
    for column in ("role", "holder_id", "organisation"):
        merged[column] = was[column].where(~labelled, now[column])
    for column in ("organisation", "platform", "handle", "name", "basis"):
        merged[column] = merged[column].fillna(now[column])
    in_part = both & (was["observed"] != now["observed"])
    merged["observed"] = was["observed"].mask(in_part, "partial")
    seen_then, seen_now = was["observed"] != "none", both & (now["observed"] != "none")
    for column, outer in (("observed_from", np.fmin), ("observed_to", np.fmax)):
        # open where either side is open; an account that was not observed has no window
        wider = was[column].where(was[column].isna() | now[column].isna(), outer(was[column], now[column]))
        wider = wider.mask(was[column].isna() | now[column].isna())
        merged[column] = was[column].where(~seen_now, now[column].where(~seen_then, wider))
    merged = pd.concat([merged.reset_index(drop=True), behind], ignore_index=True)
    return (
        merged.astype(old.dtypes.to_dict()),
        int(labelled.sum()),
        int((in_part & (was["observed"] != "partial")).sum()),
    )


def _holders(study: Study, new: Study) -> pd.DataFrame:
    """Put holders together; what the period says of one comes first."""
    was, now = (of.holders.set_index("holder_id") for of in (study, new))
    columns = list(dict.fromkeys([*was.columns, *now.columns]))
    ids = was.index.append(now.index.difference(was.index, sort=False))
    was, now = was.reindex(index=ids, columns=columns), now.reindex(index=ids, columns=columns)
    types = {**now.dtypes.to_dict(), **study.holders.dtypes.to_dict()}
    merged = pd.DataFrame({column: now[column].fillna(was[column]) for column in columns}, index=ids)
    return (
        merged.rename_axis("holder_id").reset_index().astype({c: types.get(c, "str") for c in ["holder_id", *columns]})
    )


@dataclass(frozen=True)
class _Window:
    """From when until when the period's word holds: for ever where the study has nothing later."""

    begin: pd.Timestamp
    end: pd.Timestamp


def _window(there: Mapping[str, list[Path]], new: _Period, connection: duckdb.DuckDBPyConnection) -> _Window | None:
    """Find the window of a period's events; none if it has no events."""
    begins, ends, ends_there = [], [], []
    for name in new.names():
        new.give(name, connection)
        first, last = _between(name, "new", connection)
        begins.append(first)
        ends.append(last)
    for name, files in there.items():
        if files:
            connection.execute(f"CREATE OR REPLACE TEMP VIEW old AS {_select(files)}")
            ends_there.append(_between(name, "old", connection)[1])
    if not begins:
        return None
    end = max(ends)
    return _Window(min(begins), end if any(later > end for later in ends_there) else _FOREVER)


def _between(name: str, table: str, connection: duckdb.DuckDBPyConnection) -> tuple[pd.Timestamp, pd.Timestamp]:
    first, last = EVENT_TIMES[name], "shared_at_latest" if name == "shares" else EVENT_TIMES[name]
    (row,) = connection.execute(f"SELECT min({first}), max({last}) FROM {table}").fetchall()  # noqa: S608
    begin, end = (None if time is None else pd.Timestamp(time, tz="UTC") for time in row)
    return begin or _EVER, end or _EVER


def _spells(study: Study, new: _Period, window: _Window | None) -> tuple[pd.DataFrame, int]:
    """Put affiliations together: of a person that both know, the period's word holds within its window."""
    old, said = study.affiliations, new.people.affiliations
    both = said["holder_id"].isin(old["holder_id"])
    fresh, said = said[~both], said[both]
    given = any(entry.table == "affiliations" for entry in new.people.ledger.entries)
    # without a table the spells are made from the accounts and have no dates: no word against one that has
    changed: dict[str, list[list[Any]]] = {}
    if given and window is not None:
        differing = _differing(old, said)
        of_old, of_said = (
            {str(holder): of for holder, of in spells[spells["holder_id"].isin(list(differing))].groupby("holder_id")}
            for spells in (old, said)
        )
        for holder in differing:
            before, after = _joined(of_old[holder], None, window), _joined(of_old[holder], of_said[holder], window)
            if before != after:
                changed[holder] = after
    rows = [
        (holder, organisation, begin if begin > _EVER else None, end if end < _FOREVER else None, basis or None)
        for holder, spells in sorted(changed.items())
        for organisation, basis, begin, end in spells
    ]
    columns = ["holder_id", "organisation", "valid_from", "valid_to", "basis"]
    now = pd.DataFrame(rows, columns=columns).astype(old.dtypes.to_dict())
    return pd.concat([old[~old["holder_id"].isin(list(changed))], now, fresh], ignore_index=True), len(changed)


def _differing(old: pd.DataFrame, said: pd.DataFrame) -> set[str]:
    """Name the persons of whom the two do not say the same."""
    mine = old[old["holder_id"].isin(said["holder_id"])].drop_duplicates()
    alone = pd.concat([mine, said.drop_duplicates()]).drop_duplicates(keep=False)
    return set(alone["holder_id"])


def _joined(mine: pd.DataFrame, said: pd.DataFrame | None, window: _Window) -> list[list[Any]]:
    """Take of one person the study's word outside the window and the period's inside; spells that touch become one."""
    pieces = []
    for spell in rows_of(mine):
        tie, begin, end = _ends(spell)
        if said is None:
            pieces.append((*tie, begin, end))
        else:
            pieces.append((*tie, begin, min(end, window.begin)))
            pieces.append((*tie, max(begin, window.end), end))
    for spell in () if said is None else rows_of(said):
        tie, begin, end = _ends(spell)
        pieces.append((*tie, max(begin, window.begin), min(end, window.end)))
    joined: list[list[Any]] = []
    for organisation, basis, begin, end in sorted(
        (p for p in pieces if p[2] < p[3]), key=lambda p: (str(p[:2]), *p[2:])
    ):
        before = joined[-1] if joined else None
        if before and str(before[:2]) == str([organisation, basis]) and begin <= before[3]:
            before[3] = max(before[3], end)
        else:
            joined.append([organisation, basis, begin, end])
    return joined


def _ends(spell: Any) -> tuple[tuple[str, str], pd.Timestamp, pd.Timestamp]:
    """Give what a spell ties and rests on, and its ends; times stand in the place of open ones."""
    return (
        (spell.organisation, "" if pd.isna(spell.basis) else spell.basis),
        _EVER if pd.isna(spell.valid_from) else spell.valid_from,
        _FOREVER if pd.isna(spell.valid_to) else spell.valid_to,
    )
