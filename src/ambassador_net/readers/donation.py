"""Donations of volunteers, read back: nothing but what a donation holds is let in."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net.errors import SchemaError
from ambassador_net.privacy import undefused
from ambassador_net.study import Study, from_tables

FORMAT, VERSION = "ambassador-net donation", 1

CODE = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
PLATFORM = re.compile("[a-z0-9][a-z0-9_.-]{0,31}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

ENVELOPE = "donation.json"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "official": ("platform", "account_id", "handle", "organisation"),
    "shares": ("platform", "direction", "official_account_id", "kind", "earliest", "latest"),
    "posts": ("platform", "posted_at", "kind"),
    "other_shares": ("platform", "day", "shares"),
}
"""What a donation holds and what may leave, file by file and column by column."""
_CHOICES: Mapping[str, tuple[str, ...]] = {"direction": ("given", "received"), "kind": ("repost", "quote")}
_POST_KINDS = ("original", "reply", "quote")
_EMPTY_ALLOWED = ("handle",)

# far above a life of posts; a file beyond it is no donation
_MOST_BYTES = 64_000_000
_MOST_SHARES = 1_000_000


def is_donation(path: str | Path) -> bool:
    """Whether a file looks like a donation.

    Parameters
    ----------
    path
        Any path.

    Returns
    -------
    bool
        True for a zip that holds a ``donation.json``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return ENVELOPE in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read_donation(path: str | Path) -> dict[str, pd.DataFrame]:
    """Read a donation as tables of a study.

    Parameters
    ----------
    path
        A zip from :meth:`Donation.write`.

    Returns
    -------
    dict of pandas.DataFrame
        ``accounts``, ``holders``, ``shares`` and ``posts`` for :func:`ambassador_net.from_tables`. The volunteer is
        the holder of the participant code, a person without an affiliation: the roster says where they belong. The
        named official accounts are not observed. A counted share stands as a share of an unknown source on its day.

    Raises
    ------
    SchemaError
        If the file is not a donation, or holds anything that a donation does not.

    Notes
    -----
    Ids are made from what a row says, so two donations of one volunteer that overlap give the same rows.
    """
    file = Path(path)
    files = _unpacked(file)
    envelope = _envelope(files[ENVELOPE], file)
    tables = {name: _checked(cells_of(files[f"{name}.csv"], f"{name}.csv", file), name, file) for name in COLUMNS}
    code, windows = envelope
    official = tables["official"]
    for name in ("shares", "posts", "other_shares"):
        if not tables[name]["platform"].isin(windows).all():
            raise SchemaError(f"{name}.csv speaks of a platform that donation.json does not", path=file)
    if not tables["shares"]["official_account_id"].isin(official["account_id"]).all():
        raise SchemaError("shares.csv speaks of an account that official.csv does not", path=file)
    volunteer = pd.DataFrame(
        [
            {
                "account_id": f"{code}-{platform}",
                "holder_id": code,
                "role": "employee",
                "platform": platform,
                "observed": "full",
                "observed_from": first,
                "observed_to": last,
            }
            for platform, (first, last) in windows.items()
        ]
    )
    organisations = official.assign(
        role="organisation", observed="none", handle=official["handle"].where(official["handle"] != "")
    )
    return {
        "accounts": pd.concat([volunteer, organisations], ignore_index=True),
        "holders": pd.DataFrame({"holder_id": [code], "kind": ["person"]}),
        "shares": _shares_read(code, tables["shares"], tables["other_shares"]),
        "posts": _posts_read(code, tables["posts"]),
    }


def study_of_donation(path: str | Path) -> Study:
    """Read a donation as a small study of its own; written to a folder, it is imported beside archives.

    Parameters
    ----------
    path
        A zip from :meth:`Donation.write`.

    Returns
    -------
    Study
        The study, titled with the participant code.

    Raises
    ------
    SchemaError
        As :func:`read_donation`.
    """
    tables = read_donation(path)
    return from_tables(tables, title=str(tables["holders"]["holder_id"].iloc[0]))


def _shares_read(code: str, shares: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    own, given = code + "-" + shares["platform"], shares["direction"] == "given"
    exact = shares["earliest"] == shares["latest"]
    between = pd.DataFrame(
        {
            "share_id": _id(code, shares),
            "shared_at": shares["earliest"].where(exact),
            "shared_at_earliest": shares["earliest"].where(~exact),
            "shared_at_latest": shares["latest"].where(~exact),
            "sharer_id": own.where(given, shares["official_account_id"]),
            "source_id": shares["official_account_id"].where(given, own),
            "kind": shares["kind"],
        }
    )
    days = counted.loc[counted.index.repeat(counted["shares"].astype("int64")), ["platform", "day"]]
    days = days.reset_index(drop=True)
    others = pd.DataFrame(
        {
            "share_id": _id(code, days),
            "shared_at_earliest": days["day"] + "T00:00:00Z",
            "shared_at_latest": days["day"] + "T23:59:59Z",
            "sharer_id": code + "-" + days["platform"],
            # what it was is not known: as everywhere, it counts for how much the person shares
            "kind": "repost",
        }
    )
    return pd.concat([between, others], ignore_index=True)


def _posts_read(code: str, posts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "post_id": _id(code, posts),
            "author_id": code + "-" + posts["platform"],
            "posted_at": posts["posted_at"],
            "kind": posts["kind"],
        }
    )


def _id(code: str, table: pd.DataFrame) -> "pd.Series[Any]":
    """Give each row an id from its cells, alike rows numbered."""
    alike = table.groupby(list(table.columns)).cumcount().astype("str") if len(table) else ""
    return code + "-" + table.astype("str").agg("-".join, axis=1) + "-" + alike if len(table) else table["platform"]


def _unpacked(file: Path) -> dict[str, bytes]:
    expected = {ENVELOPE, *(f"{name}.csv" for name in COLUMNS)}
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(names) != len(set(names)) or set(names) != expected:
                raise SchemaError(f"is no donation; a donation holds {', '.join(sorted(expected))}", path=file)
            files = {}
            for name in names:
                # what the zip says of a member's size may be a lie: never more than this is unpacked
                with archive.open(name) as member:
                    files[name] = member.read(_MOST_BYTES + 1)
                if sum(map(len, files.values())) > _MOST_BYTES:
                    raise SchemaError("is too large for a donation", path=file)
            return files
    except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise SchemaError(f"is no donation ({type(error).__name__}); ask for it again", path=file) from None


def _envelope(content: bytes, file: Path) -> tuple[str, dict[str, tuple[str | None, str | None]]]:
    wrong = SchemaError(f"{ENVELOPE} is not that of a donation; ask for the donation again", path=file)
    try:
        found = json.loads(content)
        code, accounts = found["code"], found["accounts"]
        windows = {row["platform"]: (row["from"], row["to"]) for row in accounts}
        times = [time for window in windows.values() for time in window if time is not None]
        good = (
            (found["format"], found["version"]) == (FORMAT, VERSION)
            and CODE.fullmatch(code)
            and 0 < len(windows) == len(accounts)
            and all(PLATFORM.fullmatch(platform) for platform in windows)
            and all(_TIME.fullmatch(time) for time in times)
        )
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        raise wrong from None
    if not good:
        raise wrong
    return code, windows


def cells_of(content: bytes, name: str, file: Path | None = None) -> pd.DataFrame:
    """Read a file of a donation as text, empty cells as empty text, apostrophes before formulas taken away.

    Parameters
    ----------
    content
        The file.
    name
        What it is called.
    file
        The donation that it is of, if it came from one.

    Returns
    -------
    pandas.DataFrame
        Its rows.

    Raises
    ------
    SchemaError
        If it is no CSV in UTF-8.
    """
    try:
        table = pd.read_csv(io.BytesIO(content), dtype="str", keep_default_na=False, encoding="utf-8", index_col=False)
    except (ValueError, UnicodeError, pd.errors.ParserError) as error:
        raise SchemaError(f"{name} is no CSV in UTF-8 ({type(error).__name__})", path=file) from None
    return table.apply(lambda column: column.map(undefused)) if len(table) else table


def _checked(table: pd.DataFrame, name: str, file: Path) -> pd.DataFrame:
    if tuple(table.columns) != COLUMNS[name]:
        raise SchemaError(f"{name}.csv must have the columns {', '.join(COLUMNS[name])}", path=file)
    choices = {**_CHOICES, "kind": _POST_KINDS} if name == "posts" else _CHOICES
    for column in table.columns:
        cells = table[column]
        if column in choices:
            good = cells.isin(choices[column])
        elif column in ("earliest", "latest", "posted_at"):
            good = cells.str.fullmatch(_TIME)
        elif column == "day":
            good = cells.str.fullmatch(_DAY)
        elif column == "shares":
            good = cells.str.fullmatch("[1-9][0-9]{0,6}")
        elif column == "platform" and name != "official":
            good = cells.str.fullmatch(PLATFORM)
        else:
            good = cells.ne("") | (column in _EMPTY_ALLOWED)
        if not good.all():
            # the cell is not repeated: in a shifted row it may be a name
            raise SchemaError(
                f"{name}.csv: {column} is not what a donation holds in data row {int(good.to_numpy().argmin()) + 1}",
                path=file,
            )
    if name == "other_shares" and table["shares"].astype("int64").sum() > _MOST_SHARES:
        raise SchemaError("other_shares.csv counts more shares than one person makes", path=file)
    return table
