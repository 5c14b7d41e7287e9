"""Keyed pseudonyms: the same person under the same key, nobody without it."""

import base64
import hmac
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ambassador_net.errors import PrivacyError
from ambassador_net.study import REQUIRED_TABLES, TABLES, Ledger, Study

KEY_BYTES = 32
"""Fewest bytes of a key."""

# 15 bytes are 24 letters without padding; among a billion ids, two alike have a chance below 1e-18
_DIGEST_BYTES = 15
_PSEUDONYM = re.compile("(?:account|holder|post|content|share|collection)-[a-z2-7]{24}")

# what a cell names: the same original gives the same pseudonym wherever it stands
NAMES: Mapping[str, Mapping[str, str]] = {
    "accounts": {"account_id": "account", "holder_id": "holder"},
    "holders": {"holder_id": "holder"},
    "affiliations": {"holder_id": "holder"},
    "posts": {
        "post_id": "post",
        "author_id": "account",
        "reply_to": "post",
        "content_id": "content",
        "collection": "collection",
    },
    "shares": {
        "share_id": "share",
        "sharer_id": "account",
        "source_id": "account",
        "post_id": "post",
        "original_post_id": "post",
        "collection": "collection",
    },
    "mentions": {
        "post_id": "post",
        "author_id": "account",
        "mentioned_id": "account",
        "collection": "collection",
    },
}
"""Kind of thing that each column of a study's tables names."""

# a table in its old order would still tell who stood first in the alphabet
_ORDER: Mapping[str, tuple[str, ...]] = {
    "accounts": ("account_id",),
    "holders": ("holder_id",),
    "affiliations": ("holder_id", "organisation", "valid_from"),
    "posts": ("posted_at", "post_id"),
    "shares": ("shared_at_earliest", "share_id"),
    "mentions": ("posted_at", "post_id", "mentioned_id"),
}

_LETTERS = 4
# a name of more words than this is looked for by its first ones
_WORDS = 5


def create_key(path: str | Path) -> Path:
    """Write a new key: 256 random bits as 64 letters, readable by its owner only.

    Parameters
    ----------
    path
        A new file, outside every study.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    PrivacyError
        If the file is there already, or would lie in a study.
    """
    target = Path(path)
    _require_outside_a_study(target, None)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # the mode is set as the file is made: it is never readable by others, not even for a moment
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PrivacyError(f"{target.name} is there already; a key is never overwritten: name a new file") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return target


def read_key(path: str | Path, *, study_folder: str | Path | None = None) -> bytes:
    """Read a key from its file.

    Parameters
    ----------
    path
        The file: as :func:`create_key` writes it, or any bytes. Spaces and line ends around text do not count.
    study_folder
        The study that it is for; also without it a key inside a study is refused.

    Returns
    -------
    bytes
        The key, at least 32 bytes.

    Raises
    ------
    PrivacyError
        If the file cannot be read, lies in a study, or is shorter than 32 bytes.
    """
    file = Path(path)
    _require_outside_a_study(file, study_folder)
    try:
        key = file.read_bytes()
    except OSError as error:
        raise PrivacyError(f"the key {file.name} cannot be read ({type(error).__name__}); name its file") from None
    return _checked(key.strip() if key.isascii() else key)


def _checked(key: bytes) -> bytes:
    if len(key) < KEY_BYTES:
        raise PrivacyError(f"the key has {len(key)} bytes; it needs at least {KEY_BYTES}: make one with create_key")
    return key


def _require_outside_a_study(file: Path, study_folder: str | Path | None) -> None:
    study = None if study_folder is None else Path(study_folder).resolve()
    # where the name stands and where a link leads: whoever copies the study must get neither
    for place in (file.absolute(), Path(os.path.normpath(file.absolute())), file.resolve()):
        for folder in place.parents:
            if folder.resolve() == study or all(any(folder.glob(f"{name}.*")) for name in REQUIRED_TABLES):
                raise PrivacyError(
                    f"the key {file.name} lies inside a study; keep it elsewhere, so that it never leaves with it"
                )


def files_beside_tables(folder: str | Path) -> list[str]:
    """List what is in a folder beside the tables of a study.

    Parameters
    ----------
    folder
        A folder, or a name where none is yet.

    Returns
    -------
    list of str
        Names, sorted.
    """
    place = Path(folder)
    own = {"datapackage.json", *(f"{name}.{ending}" for name in TABLES for ending in ("csv", "csv.gz", "parquet"))}
    # a table of a stored study is a folder of Parquet files
    own |= {name for name in TABLES if all(p.suffix in ("", ".parquet") for p in (place / name).rglob("*"))}
    return sorted(p.name for p in place.iterdir() if p.name not in own) if place.is_dir() else []


def require_no_file_beside_tables(folder: str | Path) -> None:
    """Refuse a folder in which something would stay that may name persons.

    Parameters
    ----------
    folder
        Where a study with pseudonyms, or without somebody, is to be written.

    Raises
    ------
    PrivacyError
        If it holds files beside the tables of a study: an import's ledger and proposals name accounts.
    """
    if beside := files_beside_tables(folder):
        raise PrivacyError(
            f"{Path(folder).name} holds {len(beside)} files beside the tables of a study, which may name persons and "
            "would stay; name a new folder"
        )


def pseudonym(key: bytes, kind: str, identity: str) -> str:
    """Give one identity its pseudonym.

    Parameters
    ----------
    key
        At least 32 bytes.
    kind
        What it names; one of the values of :data:`NAMES`.
    identity
        The original id.

    Returns
    -------
    str
        The kind and 24 letters: the first 120 bits of HMAC-SHA-256 (RFC 2104) of kind and identity, in base32.

    Examples
    --------
    >>> pseudonym(bytes(32), "account", "1")
    'account-dertadhexmwjroclrahunukz'
    """
    digest = hmac.digest(key, f"{kind}\0{identity}".encode("utf-8", "surrogatepass"), "sha256")
    return f"{kind}-{base64.b32encode(digest[:_DIGEST_BYTES]).decode('ascii').lower()}"


def has_pseudonyms(study: Study) -> bool:
    """Whether the persons of a study already have pseudonyms.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    bool
        True if each account that is not official has one.
    """
    accounts = study.accounts
    persons = accounts.loc[accounts["role"] != "organisation", "account_id"]
    return len(persons) > 0 and bool(persons.str.fullmatch(_PSEUDONYM).all())


def pseudonymise(study: Study, key: bytes) -> Study:
    """Replace everybody's ids by keyed pseudonyms and drop handles and names, except of official accounts.

    Parameters
    ----------
    study
        The study.
    key
        At least 32 bytes, from :func:`read_key`. The same key gives the same pseudonyms in every study.

    Returns
    -------
    Study
        A new study, sorted anew. Official accounts keep account id, holder id, handle, name and organisation: what
        an organisation says under its own name is no personal data, and the study is about it. Everything else
        that names something gets a pseudonym: accounts, holders, posts, contents, shares and collections (named
        after files), posts and shares of official accounts too, since a post's id leads to whoever shared it.
        Where a unit, a survey answer, a basis, the title or the description holds a dropped handle, name or id
        in full, it is emptied. Files and columns named in the ledger are left out of it.

    Raises
    ------
    PrivacyError
        If the key is too short, or the study already has pseudonyms.

    Notes
    -----
    Pseudonyms are no anonymity: exact times, degrees, follower counts and answers are kept, and can be enough
    to find a person who posts in public.
    """
    if has_pseudonyms(study):
        raise PrivacyError("this study has pseudonyms already; give it new ones with rotate")
    return _renamed(study, key)


def rotate(study: Study, key: bytes) -> Study:
    """Give a study with pseudonyms new ones, so that the old key alone no longer opens it.

    Parameters
    ----------
    study
        A study from :func:`pseudonymise`.
    key
        The new key, at least 32 bytes.

    Returns
    -------
    Study
        The study with the pseudonyms of its pseudonyms.

    Raises
    ------
    PrivacyError
        If the key is too short, or the study has no pseudonyms.

    Notes
    -----
    A pseudonym does not tell its original, so the new one is made from the old one: whoever looks for a person
    needs both keys, in their order (:func:`rows_of_person` takes them so). To be free of the old key,
    pseudonymise the originals anew. Copies of the study that already left keep their old pseudonyms.
    """
    if not has_pseudonyms(study):
        raise PrivacyError("this study has no pseudonyms yet; give it some with pseudonymise")
    return _renamed(study, key)


def _renamed(study: Study, key: bytes) -> Study:
    _checked(key)
    accounts = study.accounts
    official = accounts["role"] == "organisation"
    kept = {
        "account": frozenset(accounts.loc[official, "account_id"]),
        "holder": frozenset(accounts.loc[official, "holder_id"])
        | frozenset(study.holders.loc[study.holders["kind"] == "organisation", "holder_id"]),
    }
    tables: dict[str, Any] = dict(study.tables)
    for table, columns in NAMES.items():
        changed = {
            column: _mapped(tables[table][column], partial(pseudonym, key, kind), kept.get(kind, frozenset()))
            for column, kind in columns.items()
        }
        tables[table] = tables[table].assign(**changed)
    entries = tuple(replace(entry, file=entry.table, not_read=()) for entry in study.ledger.entries)
    identities = _identities(study)
    of_a_person = study.holders["kind"] == "person"
    tables["accounts"] = tables["accounts"].assign(
        handle=accounts["handle"].where(official), name=accounts["name"].where(official)
    )
    tables["holders"] = tables["holders"].assign(name=study.holders["name"].where(~of_a_person))
    renamed = without_names(replace(study, **tables, ledger=Ledger(entries)), identities)
    ordered: dict[str, Any] = {
        name: table.sort_values(list(_ORDER[name]), kind="stable", ignore_index=True)
        for name, table in renamed.tables.items()
    }
    return replace(renamed, **ordered)


def without_names(study: Study, identities: frozenset[tuple[str, ...]]) -> Study:
    """Empty the free text that names somebody: bases, units, survey answers, the title and the description.

    Parameters
    ----------
    study
        The study.
    identities
        From :func:`identities_of`.

    Returns
    -------
    Study
        The study without these cells.
    """

    def empty(cells: "pd.Series[Any]") -> "pd.Series[Any]":
        return _mapped(cells, lambda v: pd.NA if _names(v, identities) else v)

    known = {column.name for column in TABLES["holders"]} - {"unit", "working_hours"}
    free_text = [column for column in study.holders.columns if column not in known]
    return replace(
        study,
        accounts=study.accounts.assign(basis=empty(study.accounts["basis"])),
        holders=study.holders.assign(**{column: empty(study.holders[column]) for column in free_text}),
        affiliations=study.affiliations.assign(basis=empty(study.affiliations["basis"])),
        title="A study" if _names(study.title, identities) else study.title,
        description="" if _names(study.description, identities) else study.description,
    )


def _mapped(
    cells: "pd.Series[Any]", change: Callable[[str], Any], kept: frozenset[str] = frozenset()
) -> "pd.Series[Any]":
    """Change each different value once."""
    values = [v for v in cells.dropna().unique() if v not in kept]
    changed = {v: change(v) for v in values}
    return cells.map(lambda v: changed.get(v, v), na_action="ignore").astype(cells.dtype)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def _identities(study: Study) -> frozenset[tuple[str, ...]]:
    official = study.accounts["role"] == "organisation"
    return identities_of(study.accounts[~official], study.holders[study.holders["kind"] == "person"])


def identities_of(accounts: pd.DataFrame, holders: pd.DataFrame) -> frozenset[tuple[str, ...]]:
    """Give the ids, handles and names of accounts and holders, each as its words in lower case.

    Parameters
    ----------
    accounts, holders
        Rows of a study's tables.

    Returns
    -------
    frozenset of tuple of str
        Those of four letters and more; shorter ones are found in innocent words.
    """
    cells = pd.concat(
        [accounts[c] for c in ("account_id", "holder_id", "handle", "name")] + [holders["holder_id"], holders["name"]]
    )
    found = {_words(str(cell))[:_WORDS] for cell in cells.dropna().unique()}
    return frozenset(words for words in found if sum(map(len, words)) >= _LETTERS)


def _names(text: str, identities: frozenset[tuple[str, ...]]) -> bool:
    words = _words(text)
    return any(words[i : i + n] in identities for i in range(len(words)) for n in range(1, _WORDS + 1))
