"""Donations: what a volunteer gives of an archive, cut out on the volunteer's own machine."""

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net.errors import PrivacyError, SchemaError
from ambassador_net.privacy import csv_text, write_whole, write_zip
from ambassador_net.readers import Imported, Progress, import_exports
from ambassador_net.readers.donation import CODE, COLUMNS, ENVELOPE, FORMAT, PLATFORM, VERSION, cells_of
from ambassador_net.study import Study, rows_of
from ambassador_net.words import language_named, say


@dataclass(frozen=True, eq=False, repr=False)
class Donation:
    """Everything that leaves a volunteer's machine, and nothing else.

    Parameters
    ----------
    code
        The participant code; it stands for the volunteer.
    windows
        First and last time collected of the volunteer's account, by platform; None where the archive does not say.
    official
        The accounts of organisations that were named: ``platform``, ``account_id``, ``handle``, ``organisation``.
    shares
        Shares between the volunteer and these accounts: ``platform``, ``direction`` (``given``: by the volunteer,
        or ``received``), ``official_account_id``, ``kind``, ``earliest``, ``latest`` (the same where the second is
        known).
    posts
        The volunteer's own posts: ``platform``, ``posted_at``, ``kind`` (``original``, ``reply`` or ``quote``).
    other_shares
        The volunteer's other shares, counted: ``platform``, ``day`` (UTC), ``shares``.
    accounts_left_behind
        How many accounts of others the archive names that the donation does not. It does not leave either.
    """

    code: str
    windows: Mapping[str, tuple[str | None, str | None]]
    official: pd.DataFrame
    shares: pd.DataFrame
    posts: pd.DataFrame
    other_shares: pd.DataFrame
    accounts_left_behind: int

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the zip, by name: exactly what leaves."""
        envelope = {
            "format": FORMAT,
            "version": VERSION,
            "code": self.code,
            "accounts": [
                {"platform": platform, "from": first, "to": last} for platform, (first, last) in self.windows.items()
            ],
        }
        return {
            ENVELOPE: (json.dumps(envelope, indent=1) + "\n").encode("ascii"),
            **{f"{name}.csv": csv_text(table).encode("utf-8") for name, table in self.tables.items()},
        }

    def __repr__(self) -> str:
        return f"<Donation {self.code}: {len(self.shares):,} shares, {len(self.posts):,} posts>"

    def preview(self, *, language: str = "en") -> pd.DataFrame:
        """Say what will leave, one row a file.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        pandas.DataFrame
            Columns ``file``, ``what``, ``columns`` and ``rows``.
        """
        rows = [(ENVELOPE, say("donation.what_donation", language), "code, platform, from, to", len(self.windows))]
        rows += [
            (f"{name}.csv", _what(name, language), ", ".join(table.columns), len(table))
            for name, table in self.tables.items()
        ]
        return pd.DataFrame(rows, columns=["file", "what", "columns", "rows"])

    def page(self, *, language: str = "en") -> str:
        """Show exactly what will leave, every row of it, as one HTML page that needs nothing else.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The page. It is made from the bytes of :attr:`files`, not from what they were made of.
        """
        language = language_named(language)
        title = html.escape(say("donation.title", language, code=self.code))
        parts = [
            f"<h1>{title}</h1>",
            f"<p>{html.escape(say('donation.leaves', language))}</p>",
            f"<p>{html.escape(say('donation.stays', language, accounts=self.accounts_left_behind))}</p>",
        ]
        for file, content in self.files.items():
            if file == ENVELOPE:
                what, rows = say("donation.what_donation", language), len(self.windows)
                shown = f'<pre tabindex="0">{html.escape(content.decode("ascii"))}</pre>'
            else:
                table = cells_of(content, file)
                what, rows = _what(file.removesuffix(".csv"), language), len(table)
                shown = _html_table(table, file)
            heading = html.escape(say("donation.file", language, file=file, rows=rows))
            parts.append(f"<section><h2>{heading}</h2><p>{html.escape(what)}</p>{shown}</section>")
        return (
            f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main>{''.join(parts)}</main></body></html>\n"
        )

    def write(self, path: str | Path) -> Path:
        """Write the donation, whole or not at all; the same donation gives the same bytes.

        Parameters
        ----------
        path
            The zip.

        Returns
        -------
        pathlib.Path
            The file, readable by its owner only.
        """
        return write_zip(self.files, path)

    def write_page(self, path: str | Path, *, language: str = "en") -> Path:
        """Write :meth:`page` to a file.

        Parameters
        ----------
        path
            The file.
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        pathlib.Path
            The file, readable by its owner only.
        """
        return write_whole(self.page(language=language).encode("utf-8"), path, mode=0o600)


_STYLE = (
    "body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1d1d1b;background:#fbfaf7}"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem}"
    ".rows,pre{max-height:24rem;overflow:auto;border:1px solid #767676;padding:.5rem;background:#fff}"
    "table{border-collapse:collapse}caption{text-align:left;font-weight:bold}"
    "th,td{text-align:left;padding:.15rem .75rem .15rem 0;font-variant-numeric:tabular-nums}"
    ":focus-visible{outline:3px solid #1d4e89}"
)


def _what(name: str, language: str) -> str:
    return say(f"donation.what_{name}", language)


def _html_table(table: pd.DataFrame, caption: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows_of(table))
    safe = html.escape(caption)
    return (
        f'<div class="rows" role="region" tabindex="0" aria-label="{safe}"><table><caption>{safe}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


# preparing -------------------------------------------------------------------------------------------


def prepare_donation(
    archive: str | Path,
    official: str | Path,
    code: str,
    *,
    told: Callable[[Imported], None] = lambda _: None,
    progress: Progress | None = None,
) -> Donation:
    """Cut a donation out of the archive of a volunteer's account; nothing is sent or written.

    Parameters
    ----------
    archive
        What the platform gave the volunteer: a zip, folder or file that :mod:`ambassador_net.readers` reads.
    official
        The list of organisation accounts; as :func:`read_official`.
    code
        The participant code that stands for the volunteer.
    told
        Called with what was read, before anything is cut out of it.
    progress
        As of :func:`ambassador_net.readers.import_exports`.

    Returns
    -------
    Donation
        What would leave.

    Raises
    ------
    PrivacyError
        As :func:`donation_of`.
    SchemaError
        If the list is not as it should be.
    AmbassadorError
        If the archive cannot be read.
    """
    _require_code(code)
    named = read_official(official)
    imported = import_exports([Path(archive)], progress=progress)
    told(imported)
    return donation_of(imported.study, named, code)


def read_official(path: str | Path) -> pd.DataFrame:
    """Read the list of organisation accounts that a donation may speak of.

    Parameters
    ----------
    path
        A CSV with the columns ``platform``, ``organisation`` and at least one of ``handle`` (with or without ``@``,
        or the profile's address) and ``account_id``.

    Returns
    -------
    pandas.DataFrame
        ``platform``, ``account_id``, ``handle``, ``organisation``; text, missing cells as missing.

    Raises
    ------
    SchemaError
        If a column is missing, a row names no account, or there is no row.
    """
    file = Path(path)
    try:
        raw = pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    except (OSError, UnicodeError, ValueError, pd.errors.ParserError) as error:
        raise SchemaError(f"cannot be read as CSV in UTF-8 ({type(error).__name__})", path=file) from None
    raw = raw.rename(columns=lambda name: str(name).strip())
    there = set(raw.columns)
    if not {"platform", "organisation"} <= there or not {"handle", "account_id"} & there:
        raise SchemaError("needs the columns platform, organisation, and handle or account_id", path=file)
    named = raw.reindex(columns=list(COLUMNS["official"])).astype("str").apply(lambda column: column.str.strip())
    lacking = (
        named["platform"].isna() | named["organisation"].isna() | (named["handle"].isna() & named["account_id"].isna())
    )
    if lacking.any():
        raise SchemaError(
            "a row needs a platform, an organisation and an account", path=file, line=lacking.idxmax() + 2
        )
    if named.empty:
        raise SchemaError("names no account; a donation keeps shares of the accounts in this list", path=file)
    official: pd.DataFrame = named.assign(platform=named["platform"].map(_platform))
    return official


def _platform(name: str) -> str:
    plain = name.strip().casefold()
    return "twitter" if plain in ("x", "x.com", "twitter.com") else plain


def _handle(text: str) -> str:
    """Bring a handle or a profile's address to one form: no ``@`` before it, lower case, the server behind it."""
    plain = text.strip().casefold()
    address = re.match(r"https?://(?:www\.|mobile\.)?([^/]+)/(?:company/|in/|profile/)?@?([^/?#]+)", plain)
    if address is None:
        return plain.lstrip("@")
    server, name = address.groups()
    own_server = server in ("twitter.com", "x.com", "linkedin.com", "bsky.app") or "@" in name
    return name if own_server else f"{name}@{server}"


def donation_of(study: Study, official: pd.DataFrame, code: str) -> Donation:
    """Cut a donation out of what was read from an archive.

    Parameters
    ----------
    study
        The archive as a study without a roster: the volunteer's accounts are those observed ``full``.
    official
        From :func:`read_official`.
    code
        The participant code: up to 32 letters, digits, ``-`` and ``_``.

    Returns
    -------
    Donation
        Only the shares between the volunteer and the named accounts, the times of the volunteer's own posts, and
        a daily count of all other shares. No text, no id of a post, nobody else, and not the volunteer's handle.

    Raises
    ------
    PrivacyError
        If the code could be more than a code, or is the volunteer's handle; if the archive does not say whose it
        is, is the archive of several people, or of a named organisation account.
    """
    _require_code(code)
    accounts = study.accounts.assign(platform=study.accounts["platform"].fillna("").map(_platform))
    named, official_of = _official_accounts(accounts, official)
    own = accounts[accounts["observed"] == "full"]
    if own.empty:
        raise PrivacyError("this does not say whose archive it is; give the archive that the platform made for you")
    if own["account_id"].isin(official_of).any():
        raise PrivacyError(
            "this is the archive of an account in the list of organisations; a donation is a person's own"
        )
    if own["platform"].duplicated().any():
        raise PrivacyError("these are archives of several accounts on one platform; donate one account at a time")
    identities = pd.concat([own["account_id"], own["handle"], own["name"]]).dropna()
    if code.casefold() in {_handle(identity) for identity in identities}:
        raise PrivacyError("the code is the account's own handle or name; use the participant code you were given")

    platform = own.set_index("account_id")["platform"].map(lambda name: name if PLATFORM.fullmatch(name) else "other")
    shares = study.shares
    given = shares["sharer_id"].isin(platform.index) & shares["source_id"].isin(official_of)
    received = shares["sharer_id"].isin(official_of) & shares["source_id"].isin(platform.index)
    others = shares[shares["sharer_id"].isin(platform.index) & ~given]
    kept = pd.concat(
        [
            _kept(shares[mask], direction, own=mine, other=theirs, platform=platform, official_of=official_of)
            for mask, direction, mine, theirs in (
                (given, "given", "sharer_id", "source_id"),
                (received, "received", "source_id", "sharer_id"),
            )
        ],
        ignore_index=True,
    )
    posts = study.posts[study.posts["author_id"].isin(platform.index) & (study.posts["kind"] != "repost")]
    counted = pd.DataFrame(
        {"platform": others["sharer_id"].map(platform), "day": others["shared_at_earliest"].dt.strftime("%Y-%m-%d")}
    )
    seen = set(official_of) | set(platform.index)
    return Donation(
        code=code,
        windows={
            platform[row.account_id]: (_second(row.observed_from), _second(row.observed_to))
            for row in rows_of(own.sort_values("platform"))
        },
        official=named,
        shares=_in_order(kept),
        posts=_in_order(
            pd.DataFrame(
                {
                    "platform": posts["author_id"].map(platform),
                    "posted_at": posts["posted_at"].map(_second),
                    "kind": posts["kind"],
                }
            )
        ),
        other_shares=counted.groupby(["platform", "day"], as_index=False).size().rename(columns={"size": "shares"}),
        accounts_left_behind=int((~accounts["account_id"].isin(seen)).sum()),
    )


def _require_code(code: str) -> None:
    if not CODE.fullmatch(code):
        raise PrivacyError("a participant code has up to 32 letters, digits, - and _; use the one you were given")


def _official_accounts(accounts: pd.DataFrame, official: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Find the named accounts in the archive: the list to write, and its account id by the archive's own."""
    by_id = {(row.platform, row.account_id): row.account_id for row in rows_of(accounts)}
    by_handle: dict[tuple[str, str], list[str]] = {}
    for row in rows_of(accounts[accounts["handle"].notna()]):
        by_handle.setdefault((row.platform, _handle(row.handle)), []).append(row.account_id)
    written: list[tuple[str, str, str | None, str]] = []
    official_of: dict[str, str] = {}
    for row in rows_of(official):
        handle = None if pd.isna(row.handle) else _handle(row.handle)
        # an id as the platform writes it, or as a study does; else a name that a study would give
        given = None if pd.isna(row.account_id) else f"{row.platform}:{row.account_id.removeprefix(f'{row.platform}:')}"
        names = [] if given is None else [row.account_id, given]
        found = [by_id[row.platform, name] for name in names if (row.platform, name) in by_id]
        by_name = [] if found or handle is None else by_handle.get((row.platform, handle), [])
        # the id of the list is the same in everybody's donation, what an archive calls the account is not
        name = [*found, *([given] if given else []), *by_name, f"{row.platform}:@{handle}"][0]
        found += by_name
        official_of |= dict.fromkeys(found, name)
        written.append((row.platform, name, handle, row.organisation))
    table = pd.DataFrame(written, columns=list(COLUMNS["official"]), dtype="str").drop_duplicates(
        ["platform", "account_id"]
    )
    return _in_order(table), official_of


def _kept(
    shares: pd.DataFrame,
    direction: str,
    *,
    own: str,
    other: str,
    platform: "pd.Series[str]",
    official_of: Mapping[str, str],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "platform": shares[own].map(platform),
            "direction": direction,
            "official_account_id": shares[other].map(official_of),
            "kind": shares["kind"],
            "earliest": shares["shared_at_earliest"].map(_second),
            "latest": shares["shared_at_latest"].map(_second),
        }
    )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    # the order of the archive would be one more thing that leaves
    return table.sort_values(list(table.columns), ignore_index=True)


def _second(time: Any) -> str | None:
    return None if pd.isna(time) else time.strftime("%Y-%m-%dT%H:%M:%SZ")
