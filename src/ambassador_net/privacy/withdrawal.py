"""A withdrawal in a study's folder: tables, ledger and proposals, so that nothing of the person stays in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net.errors import SchemaError
from ambassador_net.privacy.persons import WITHDRAWN, names_of, names_somebody, rows_of_person, withdraw
from ambassador_net.privacy.pseudonyms import files_beside_tables, require_no_file_beside_tables
from ambassador_net.privacy.spreadsheets import undefused, write_csv
from ambassador_net.study import Study, read, rows_of
from ambassador_net.study.storing import store
from ambassador_net.study.whole import in_pieces

LEDGER, PROPOSALS = "ledger.csv", "look-alikes.csv"

_COUNTS = ("records", "reposts", "quotes", "posts", "repeated", "set_aside", "mentions", "source_unknown")
_COLUMNS = ("file", "format", *_COUNTS[:6], "reasons", *_COUNTS[6:])


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal took out of a study's folder.

    Parameters
    ----------
    folder
        The folder without the person.
    rows
        Rows taken out, by table.
    to_check
        Files in the folder that are not the kit's, so that nobody has looked into them.
    """

    folder: Path
    rows: dict[str, int]
    to_check: tuple[str, ...]


def withdraw_from_folder(
    folder: str | Path, person: str, *, keys: Sequence[bytes] = (), to: str | Path | None = None
) -> Withdrawal:
    """Take one person out of the folder of a study, and write that into its ``ledger.csv`` without naming anybody.

    Parameters
    ----------
    folder
        The folder of the study.
    person, keys
        As in :func:`ambassador_net.privacy.rows_of_person`.
    to
        A new folder for the study without the person; by default the study is replaced.

    Returns
    -------
    Withdrawal
        What was taken out.

    Raises
    ------
    PrivacyError
        As :func:`ambassador_net.privacy.withdraw`; if the new folder holds files beside the tables of a study.
    SchemaError
        If the study or its ledger cannot be read.

    Notes
    -----
    The ledger's new line takes the person's shares and posts from what was counted and sets them aside, so that its
    columns still add up to what is in the study. Names of files that name the person are covered, and proposals of
    look-alikes that do are left out.
    """
    source = Path(folder)
    target = source if to is None else Path(to)
    if target.resolve() != source.resolve():
        require_no_file_beside_tables(target)
    study = read(source)
    rows = rows_of_person(study, person, keys=keys)
    left = withdraw(study, person, keys=keys)
    ledger, proposals = _read(source / LEDGER), _read(source / PROPOSALS)
    names = names_of(person, rows["accounts"])
    if in_pieces(source, "shares"):
        store(left, target)
    else:
        left.write(target)
    write_csv(_ledger_after(ledger, study, left, names), target / LEDGER)
    if proposals is not None:
        kept = [not any(names_somebody(str(cell), names) for cell in row) for row in rows_of(proposals)]
        write_csv(proposals[kept], target / PROPOSALS)
    return Withdrawal(
        folder=target,
        rows={name: len(table) - len(left.tables[name]) for name, table in study.tables.items()},
        to_check=tuple(sorted(set(files_beside_tables(target)) - {LEDGER, PROPOSALS})),
    )


def _read(file: Path) -> pd.DataFrame | None:
    if not file.is_file():
        return None
    try:
        table = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SchemaError(f"cannot be read as CSV in UTF-8 ({type(error).__name__}); mend it", path=file) from None
    return table.apply(lambda column: column.map(undefused)) if len(table) else table


def _ledger_after(ledger: pd.DataFrame | None, before: Study, after: Study, names: frozenset[str]) -> pd.DataFrame:
    def gone(table: str, kinds: Sequence[str]) -> int:
        return int(before.tables[table]["kind"].isin(kinds).sum() - after.tables[table]["kind"].isin(kinds).sum())

    reposts, quotes = gone("shares", ["repost"]), gone("shares", ["quote"])
    posts = gone("posts", ["original", "reply"])
    n = reposts + quotes + posts
    unknown = int(before.shares["source_id"].isna().sum() - after.shares["source_id"].isna().sum())
    line: dict[str, Any] = {
        "file": f"({WITHDRAWN})",
        "format": "withdrawal",
        "records": 0,
        "reposts": -reposts,
        "quotes": -quotes,
        "posts": -posts,
        "repeated": 0,
        "set_aside": n,
        "reasons": f"{n} {WITHDRAWN}",
        "mentions": len(after.mentions) - len(before.mentions),
        "source_unknown": -unknown,
    }
    if ledger is None:
        return pd.DataFrame([line], columns=list(_COLUMNS))
    if "file" in ledger:
        told = ledger["file"].map(lambda cell: names_somebody(cell, names))
        ledger = ledger.assign(file=ledger["file"].where(~told, "(a file that named a person)"))
    whole = pd.concat([ledger, pd.DataFrame([line])], ignore_index=True)
    # as numbers they are no text that a spreadsheet could run
    return whole.assign(
        **{c: pd.to_numeric(whole[c], errors="coerce").astype("Int64") for c in _COUNTS if c in whole.columns}
    )
