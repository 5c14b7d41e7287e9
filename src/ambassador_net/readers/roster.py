"""Who is who: a roster of people and organisations, drafted from the accounts seen and filled in by hand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net.errors import SchemaError
from ambassador_net.privacy import undefused
from ambassador_net.study import Study, rows_of

ACCOUNT = ("account_id", "platform", "handle", "name", "role")
COVERAGE = ("observed", "observed_from", "observed_to")
HOLDER = ("holder_id", "time_zone", "working_hours", "unit", "hours_reserved", "in_job_description")
SPELL = ("organisation", "valid_from", "valid_to", "basis")
TOLD = ("posts", "shares_made", "shares_received")
"""Columns of a draft that only inform; they are not read."""

_ANSWER = "answer_"


@dataclass(frozen=True)
class Roster:
    """The rows of a roster, checked: one row an account and spell.

    Parameters
    ----------
    rows
        With all columns of ``docs/import.md``, as text, missing where empty.
    path
        The file.
    """

    rows: pd.DataFrame
    path: Path

    @property
    def answers(self) -> list[str]:
        """The survey answers' columns."""
        return [c for c in self.rows.columns if c.startswith(_ANSWER)]


def read_roster(path: str | Path) -> Roster:
    """Read a roster.

    Parameters
    ----------
    path
        A CSV with ``account_id`` or ``platform`` and ``handle``, ``role`` and the other columns of ``docs/import.md``.

    Returns
    -------
    Roster
        Its rows.

    Raises
    ------
    SchemaError
        If it is no CSV in UTF-8, has a column that no roster has, or a row that names no account or no role.
    """
    file = Path(path)
    try:
        rows = pd.read_csv(
            file,
            dtype="str",
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8-sig",
            sep=_delimiter(file),
            index_col=False,
        )
    except (OSError, ValueError) as error:
        raise SchemaError(f"cannot be read as CSV in UTF-8 ({type(error).__name__})", path=file) from None
    rows.columns = [str(c).strip() for c in rows.columns]
    known = {*ACCOUNT, *COVERAGE, *HOLDER, *SPELL, *TOLD}
    unknown = [c for c in rows.columns if c not in known and not c.startswith(_ANSWER)]
    if unknown:
        raise SchemaError(
            f"has a column {', '.join(unknown)}, which no roster has; there are {', '.join(sorted(known - set(TOLD)))} "
            f"and any {_ANSWER}…",
            path=file,
        )
    for column in known - set(rows.columns):
        rows[column] = pd.array([pd.NA] * len(rows), dtype="str")
    for column in rows.columns:
        # a drafted roster is a CSV that leaves: before a handle with @ stands an apostrophe
        rows[column] = rows[column].str.strip().map(undefused).astype("str").where(lambda cells: cells != "")
    _refuse(
        file,
        rows["account_id"].isna() & rows["handle"].isna(),
        "names no account; fill account_id, or platform and handle",
    )
    _refuse(file, rows["account_id"].isna() & rows["platform"].isna(), "names no platform beside the handle")
    _refuse(
        file,
        ~rows["role"].isin(["organisation", "employee", "outside"]),
        "role is none of organisation, employee, outside",
    )
    _refuse(file, (rows["role"] != "outside") & rows["organisation"].isna(), "names no organisation")
    return Roster(rows, file)


def _delimiter(file: Path) -> str:
    with file.open(encoding="utf-8-sig") as stream:
        header = stream.readline()
    return max(",;\t", key=header.count)


def _refuse(file: Path, wrong: "pd.Series[bool]", message: str) -> None:
    if wrong.any():
        raise SchemaError(message, path=file, line=int(wrong.to_numpy().argmax()) + 2)


def draft_roster(study: Study) -> pd.DataFrame:
    """Draft a roster of the accounts of a study, busiest first.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    pandas.DataFrame
        One row an account and spell, with what the study knows and empty columns to fill in.
    """
    made = study.shares["sharer_id"].value_counts()
    received = study.shares["source_id"].value_counts()
    posts = study.posts["author_id"].value_counts()
    accounts = study.accounts.drop(columns=["organisation", "basis"])
    spells = study.affiliations.drop_duplicates()
    official = study.accounts.loc[study.accounts["role"] == "organisation", ["holder_id", "organisation", "basis"]]
    given = pd.concat([spells, official.drop_duplicates()], ignore_index=True)
    people = study.holders.drop(columns=["kind", "name"])
    rows = accounts.merge(given, on="holder_id", how="left").merge(people, on="holder_id", how="left")
    for name, counts in zip(TOLD, (posts, made, received), strict=True):
        rows[name] = rows["account_id"].map(counts).fillna(0).astype(int)
    busy = rows["posts"] + rows["shares_made"] + rows["shares_received"]
    answers = [c for c in rows.columns if c.startswith(_ANSWER)]
    columns = [*ACCOUNT, *SPELL, *HOLDER, *answers, *COVERAGE, *TOLD]
    return (
        rows.assign(busy=busy)
        .sort_values(["busy", "account_id", "valid_from"], ascending=[False, True, True], ignore_index=True)
        .reindex(columns=columns)
    )


@dataclass(frozen=True)
class Placed:
    """A roster whose rows have found their accounts.

    Parameters
    ----------
    rows
        The roster's rows with a filled ``account_id`` and ``holder_id``.
    proposals
        Accounts that look like one and were not merged: ``account_id``, ``looks_like``, ``why``.
    """

    rows: pd.DataFrame
    proposals: pd.DataFrame

    @property
    def holders(self) -> dict[str, str]:
        """The holder of each account."""
        return dict(zip(self.rows["account_id"], self.rows["holder_id"], strict=True))


def place(roster: Roster | None, seen: pd.DataFrame) -> Placed:
    """Find the account of each row, and propose the ones that only look alike.

    Parameters
    ----------
    roster
        The roster, if there is one.
    seen
        Accounts as they were seen: ``account_id``, ``platform``, ``handle``, ``name``.

    Returns
    -------
    Placed
        The rows in their places. A row is placed by its ``account_id``, or by exactly its platform and handle.
    """
    rows = pd.DataFrame({c: pd.array([], dtype="str") for c in (*ACCOUNT, *HOLDER, *SPELL, *COVERAGE)})
    if roster is not None:
        rows = roster.rows.copy()
        exact = seen.dropna(subset="handle").drop_duplicates(["platform", "handle"], keep=False)
        found = rows.merge(
            exact.rename(columns={"account_id": "found"})[["platform", "handle", "found"]],
            on=["platform", "handle"],
            how="left",
        )["found"]
        asked = rows["platform"] + ":@" + rows["handle"]
        rows["account_id"] = rows["account_id"].fillna(found.set_axis(rows.index)).fillna(asked)
        official = rows["role"] == "organisation"
        rows["holder_id"] = rows["holder_id"].fillna(rows["organisation"].where(official)).fillna(rows["account_id"])
        _same_within(roster, rows, "account_id", (*ACCOUNT, "holder_id", *COVERAGE))
        _same_within(roster, rows, "holder_id", (*HOLDER, *roster.answers))
    return Placed(rows, _proposals(rows, seen))


def _same_within(roster: Roster, rows: pd.DataFrame, key: str, columns: tuple[str, ...]) -> None:
    """Refuse rows that contradict each other; one that leaves a cell empty does not."""
    for column in columns:
        if column != key and column in rows:
            differing = rows.groupby(key)[column].transform("nunique") > 1
            _refuse(roster.path, differing, f"{column} differs between rows of the same {key}")


def id_of_handle(roster: Roster, handle: str) -> str:
    """Look up whose account a handle is.

    Parameters
    ----------
    roster
        The roster.
    handle
        A handle or an address of a profile.

    Returns
    -------
    str
        The id of the person as a holder, or of the account where it holds itself.

    Raises
    ------
    SchemaError
        If no row, or rows of several persons, have the handle.
    """
    rows = roster.rows
    found = rows[rows["handle"].fillna("").map(normal) == normal(handle)]
    by_name = found["platform"] + ":@" + found["handle"].map(normal)
    ids = set(found["holder_id"].fillna(found["account_id"]).fillna(by_name))
    if len(ids) != 1:
        raise SchemaError(
            f"has {'rows of several persons' if ids else 'no row'} with this handle; name the account by its id",
            path=roster.path,
        )
    return str(ids.pop())


def normal(handle: str) -> str:
    """Bring the ways in which people write one handle to one form, to propose, never to merge.

    Parameters
    ----------
    handle
        A handle, with or without ``@``, or an address of a profile.

    Returns
    -------
    str
        Lower case, without ``@`` and address.

    Examples
    --------
    >>> normal("@Anna"), normal("https://x.com/Anna?s=20"), normal("https://social.example/@anna")
    ('anna', 'anna', 'anna@social.example')
    """
    text = handle.strip().lower()
    address = re.match(r"(?:https?://)?(?:www\.|mobile\.|[a-z]{2}\.)?([a-z0-9.-]+\.[a-z]{2,}(?::\d+)?)/(.+)$", text)
    if address:
        host, path = address.group(1), re.split(r"[?#]", address.group(2))[0].strip("/")
        if path.startswith(("@", "users/")) and "/" not in path.removeprefix("users/"):
            return f"{path.removeprefix('users/').lstrip('@')}@{host}"
        text = path if host == "linkedin.com" else path.split("/")[-1]
    return text.lstrip("@").rstrip("/")


def _proposals(rows: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Propose accounts that may be one: written alike, renamed, or of the same name."""
    wanted = pd.concat([seen, rows[["account_id", "platform", "handle", "name"]]], ignore_index=True).drop_duplicates()
    found: list[dict[str, Any]] = []

    def pairs(groups: Mapping[Any, list[str]], why: str) -> None:
        for ids in groups.values():
            distinct = list(dict.fromkeys(ids))
            found.extend({"account_id": other, "looks_like": distinct[0], "why": why} for other in distinct[1:])

    handles = wanted.dropna(subset=["handle", "platform"])
    alike: dict[Any, list[str]] = {}
    for row in rows_of(handles):
        alike.setdefault((row.platform, normal(row.handle)), []).append(row.account_id)
    pairs(alike, "the handles differ in case, @ or address only, or one handle had two owners")
    if len(rows):
        named: dict[Any, list[str]] = {}
        ours = set(rows["account_id"])
        for row in rows_of(wanted.dropna(subset="name")):
            named.setdefault(row.name.strip().lower(), []).append(row.account_id)
        # names repeat in the world: only where the roster knows one of them
        pairs({n: ids for n, ids in named.items() if ours & set(ids)}, "the same name")
    renamed = handles[handles["handle"].str.lower().groupby(handles["account_id"]).transform("nunique") > 1]
    for row in rows_of(renamed.drop_duplicates("account_id")):
        found.append(
            {"account_id": row.account_id, "looks_like": row.account_id, "why": "one id under several handles"}
        )
    return pd.DataFrame(found, columns=["account_id", "looks_like", "why"]).drop_duplicates(
        ["account_id", "looks_like"]
    )
