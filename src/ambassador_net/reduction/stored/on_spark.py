"""Count a stored study on Spark: executors read its files, and what comes back is what one pass over them leaves."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ambassador_net.errors import EngineError
from ambassador_net.reduction import spark
from ambassador_net.reduction.checks import cells_of, ends_of
from ambassador_net.reduction.statements import Statement, needed, statements
from ambassador_net.reduction.stored.accounts import identities
from ambassador_net.reduction.stored.streamed import (
    Counted,
    Inside,
    Moments,
    Numbers,
    Places,
    ShareColumns,
    Streamed,
    may_shuffle,
)
from ambassador_net.study.stored import StoredStudy, StoredTable
from ambassador_net.study.storing import arrow_schema

PLAN = statements("reduction.sql", "streamed.sql")

_WANTED: dict[str, tuple[str, ...]] = {
    "totals": (),
    "dyad_events": ("shared_at_earliest", "share_id"),
    "pairs": ("organisation", "holder_id"),
    "collections": ("collection",),
    "strengths_by_collection": ("collection", "number"),
    "borders": (),
}


def run(study: StoredStudy, spells: pd.DataFrame, *, master: str | None = None) -> Counted:
    """Count a stored study on Spark.

    Parameters
    ----------
    study
        The study; its files must be those that were checked when it was stored.
    spells
        The affiliations that count.
    master
        As in :func:`ambassador_net.reduction.spark.run`; its workers must see the files under the same paths.

    Returns
    -------
    Counted
        What :func:`ambassador_net.reduction.stored.run` gives.

    Raises
    ------
    EngineError
        If a file is not as it was stored; and as :func:`ambassador_net.reduction.spark.run`.
    """
    for name in study.events:
        if name in ("shares", "posts") and not study.trusted(name):
            raise EngineError(
                f"the files of {name} are not as they were stored, and Spark does not check them; "
                "store the study anew, or count it with DuckDB"
            )
    wanted = wanted_of(study)
    given: dict[str, pd.DataFrame | tuple[Path, ...]] = {"accounts": numbered(study.accounts), "affiliations": spells}
    plan: list[Statement] = []
    for name in ("shares", "posts"):
        if name in study.events:
            given[f"stored_{name}"] = study.events[name].files
            plan.append((name, _selected(study.events[name])))
        else:
            given[name] = arrow_schema(name).empty_table().to_pandas()
    plan += needed(PLAN, wanted)
    return counted(spark.run(plan, given, wanted, master=master), study.accounts)


def wanted_of(study: StoredStudy) -> dict[str, tuple[str, ...]]:
    """Name what is asked of the statements of :data:`PLAN`.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    dict
        Tables to bring back, each with the columns that order its rows: the shares themselves, where they are few
        enough to be shuffled, else how often those shared each other who have a house in common.
    """
    return _WANTED | {"columns" if may_shuffle(study) else "inside": ("sharer", "source")}


def numbered(accounts: pd.DataFrame) -> pd.DataFrame:
    """Give accounts the numbers that the statements of :data:`PLAN` read.

    Parameters
    ----------
    accounts
        Of the study.

    Returns
    -------
    pandas.DataFrame
        With a column ``number``.
    """
    return accounts.assign(number=np.arange(len(accounts)))


def counted(found: Mapping[str, pd.DataFrame], accounts: pd.DataFrame) -> Counted:
    """Turn what the statements found into what one pass over the files gives.

    Parameters
    ----------
    found
        Tables by name, as of :func:`wanted_of`.
    accounts
        Of the study.

    Returns
    -------
    Counted
        Tables, what the null models need, and the accounts that shared anything.
    """
    by_account, ids = found["strengths_by_collection"], accounts["account_id"]
    sharers = np.unique(by_account.loc[by_account["anything"] > 0, "number"])
    tables = {name: found[name] for name in ("totals", "dyad_events", "pairs", "collections")}
    return Counted(
        tables={**tables, "strengths": _strengths(by_account, ids)},
        streamed=_streamed(found, accounts),
        sharers=ids.iloc[sharers].reset_index(drop=True),
    )


def _selected(table: StoredTable) -> str:
    """Say in SQL what the files hold, with the columns that they leave out."""
    cells = cells_of(table, as_written=True)
    if table.name == "shares":
        cells["shared_at_earliest"], cells["shared_at_latest"] = ends_of(cells)
    return f"SELECT {', '.join(f'{cell} AS {name}' for name, cell in cells.items())} FROM stored_{table.name}"  # noqa: S608


def _strengths(by_account: pd.DataFrame, ids: "pd.Series[str]") -> pd.DataFrame:
    """Give the table ``strengths`` of ``reduction.sql``."""
    summed = by_account.groupby("number", as_index=False)[["strength_out", "strength_in"]].sum()
    summed = summed[(summed["strength_out"] > 0) | (summed["strength_in"] > 0)]
    summed.insert(0, "account_id", ids.iloc[summed.pop("number")].to_numpy())
    return summed.astype({"account_id": "str"}).sort_values("account_id", ignore_index=True)


def _streamed(found: Mapping[str, pd.DataFrame], accounts: pd.DataFrame) -> Streamed:
    names = pd.Index(found["collections"]["collection"])

    def stratum(of: pd.DataFrame) -> Places:
        places: Places = names.get_indexer(pd.Index(of["collection"])).astype(np.int64)
        return places

    def numbers(of: pd.DataFrame, name: str) -> Numbers:
        return of[name].to_numpy(dtype=np.int32)

    by_account = found["strengths_by_collection"]
    place = (stratum(by_account), by_account["number"].to_numpy())
    out, into = (np.zeros((len(names), len(accounts)), dtype=np.int32) for _ in range(2))
    out[place], into[place] = numbers(by_account, "strength_out"), numbers(by_account, "strength_in")
    inside, shares = Inside(*np.zeros((4, 0), dtype=np.int64)), None
    if "inside" in found:
        inside = _inside(found["inside"], stratum(found["inside"]), accounts)
    else:
        rows = found["columns"]
        earliest, latest = (_seconds(rows[name]) for name in ("earliest", "latest"))
        strata = stratum(rows).astype(np.int32)
        shares = ShareColumns(numbers(rows, "sharer"), numbers(rows, "source"), strata, earliest, latest)
    borders = found["borders"].dropna()
    first, last = (_seconds(borders[name]) for name in ("earliest", "latest"))
    window = None if borders.empty else (int(first[0]), int(last[0]))
    return Streamed(strength_out=out, strength_in=into, inside=inside, window=window, shares=shares)


def _inside(rows: pd.DataFrame, stratum: Places, accounts: pd.DataFrame) -> Inside:
    """Put the accounts of one holder together."""
    identity = identities(accounts)
    sharer, source = (identity[rows[name].to_numpy()] for name in ("sharer", "source"))
    together = pd.DataFrame(
        {"stratum": stratum, "sharer": sharer, "source": source, "shares": rows["shares"].to_numpy()}
    )
    summed = together.groupby(["stratum", "sharer", "source"], as_index=False)["shares"].sum()
    return Inside(*(summed[name].to_numpy(dtype=np.int64) for name in ("sharer", "source", "stratum", "shares")))


def _seconds(times: "pd.Series[pd.Timestamp]") -> Moments:
    seconds: Moments = times.dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
    return seconds
