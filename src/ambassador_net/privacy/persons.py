"""What a person may ask for: their rows, and that these go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ambassador_net.errors import PrivacyError
from ambassador_net.privacy.pseudonyms import has_pseudonyms, identities_of, pseudonym, without_names
from ambassador_net.study import Ledger, LedgerEntry, Study

WITHDRAWN = "consent withdrawn"
"""The ledger's reason for rows that a person took back."""

_LETTERS = 4

ANOTHER = "another account"
"""What stands for everybody else in the rows that a person is handed."""


def rows_of_person(study: Study, person: str, *, keys: Sequence[bytes] = ()) -> dict[str, pd.DataFrame]:
    """Find all rows about one person (right of access, GDPR Article 15).

    Parameters
    ----------
    study
        The study, with pseudonyms or without.
    person
        The original id of one of the person's accounts, or of the person as a holder, or a handle. A study with
        pseudonyms holds no handles, so there a handle finds only an account whose id was never known; else look the
        id up in the export or the roster.
    keys
        The key of the pseudonyms, and after :func:`ambassador_net.privacy.rotate` each later one, in their order;
        none for a study without pseudonyms.

    Returns
    -------
    dict of pandas.DataFrame
        By table: the person's accounts, row as a holder, affiliations and posts; shares by and of them; mentions by
        and of them.

    Raises
    ------
    PrivacyError
        If nobody is found. An official account is not a person.
    """
    return {name: getattr(study, name)[mask] for name, mask in _masks(study, person, keys).items()}


def rows_to_hand_over(study: Study, person: str, *, keys: Sequence[bytes] = ()) -> dict[str, pd.DataFrame]:
    """Find all rows about one person, in the form in which that person may have them: nobody else is in them.

    Parameters
    ----------
    study, person, keys
        As in :func:`rows_of_person`.

    Returns
    -------
    dict of pandas.DataFrame
        The rows of :func:`rows_of_person`. In the place of accounts of others stands ``another account``, ids of
        posts that are neither the person's nor an official account's are empty, free text that names others is
        emptied (GDPR Article 15(4)), and collections, named after files, are left out.

    Raises
    ------
    PrivacyError
        If nobody is found.
    """
    rows = rows_of_person(study, person, keys=keys)
    accounts, holders = study.accounts, study.holders
    shown = accounts["account_id"].isin(rows["accounts"]["account_id"]) | (accounts["role"] == "organisation")
    of_others = ~holders["holder_id"].isin(rows["holders"]["holder_id"]) & (holders["kind"] == "person")
    silent = without_names(study, identities_of(accounts[~shown], holders[of_others]))
    found = {name: silent.tables[name].loc[table.index] for name, table in rows.items()}
    may_be_seen = set(accounts.loc[shown, "account_id"])
    seen_posts = set(study.posts.loc[study.posts["author_id"].isin(may_be_seen), "post_id"])

    def masked(ids: "pd.Series[str]") -> "pd.Series[str]":
        return ids.where(ids.isna() | ids.isin(may_be_seen), ANOTHER)

    shares, posts, mentions = found["shares"], found["posts"], found["mentions"]
    by_seen, of_seen = shares["sharer_id"].isin(may_be_seen), shares["source_id"].isin(may_be_seen)
    found["shares"] = shares.assign(
        share_id=shares["share_id"].where(by_seen),
        post_id=shares["post_id"].where(by_seen),
        original_post_id=shares["original_post_id"].where(of_seen | shares["original_post_id"].isin(seen_posts)),
        sharer_id=masked(shares["sharer_id"]),
        source_id=masked(shares["source_id"]),
    )
    found["posts"] = posts.assign(reply_to=posts["reply_to"].where(posts["reply_to"].isin(seen_posts)))
    found["mentions"] = mentions.assign(
        post_id=mentions["post_id"].where(mentions["author_id"].isin(may_be_seen)),
        author_id=masked(mentions["author_id"]),
        mentioned_id=masked(mentions["mentioned_id"]),
    )
    return {name: table.drop(columns="collection", errors="ignore") for name, table in found.items()}


def withdraw(study: Study, person: str, *, keys: Sequence[bytes] = ()) -> Study:
    """Take one person out of a study (withdrawal of consent, GDPR Article 7(3)).

    Parameters
    ----------
    study
        The study, with pseudonyms or without.
    person, keys
        As in :func:`rows_of_person`.

    Returns
    -------
    Study
        The study without the rows of :func:`rows_of_person`, and without shares of the person's posts whose author
        was not known; replies to these posts no longer say to what, others' bases, units and answers that name the
        person are emptied, and collections named after the person's files are called ``consent withdrawn 1`` and so
        on. The ledger sets the rows aside with the reason ``consent withdrawn``.

    Raises
    ------
    PrivacyError
        If nobody is found, or nobody else would be left.

    Notes
    -----
    Exports, rosters, keys, copies, decks and published files are the researcher's to delete.
    """
    masks = dict(_masks(study, person, keys))
    if masks["accounts"].all():
        raise PrivacyError("nobody else would be left in this study; delete its folder instead")
    gone = study.posts.loc[masks["posts"], "post_id"]
    masks["shares"] |= study.shares["original_post_id"].isin(gone)
    tables = {name: getattr(study, name)[~mask].reset_index(drop=True) for name, mask in masks.items()}
    posts = tables["posts"]
    tables["posts"] = posts.assign(reply_to=posts["reply_to"].where(~posts["reply_to"].isin(gone)))
    tables |= _collections_covered(tables, names_of(person, study.accounts[masks["accounts"]]))
    entries = tuple(_without(entry, int(masks[entry.table].sum())) for entry in study.ledger.entries)
    identities = identities_of(study.accounts[masks["accounts"]], study.holders[masks["holders"]])
    return without_names(replace(study, **tables, ledger=Ledger(entries)), identities)


def names_of(person: str, accounts: pd.DataFrame) -> frozenset[str]:
    """Give everything by which one person may be named, as it is looked for inside a file's name.

    Parameters
    ----------
    person
        As somebody asked for them.
    accounts
        Their rows.

    Returns
    -------
    frozenset of str
        In lower case; those of four letters and more, since shorter ones are found in innocent names.
    """
    cells = pd.concat([accounts[c] for c in ("account_id", "holder_id", "handle", "name")]).dropna()
    plain = {str(name).strip().lstrip("@").casefold() for name in (person, *cells)}
    return frozenset(name for name in plain if len(name) >= _LETTERS)


def names_somebody(text: str, names: frozenset[str]) -> bool:
    """Whether one of these names stands somewhere in a text.

    Parameters
    ----------
    text
        For example a file's name.
    names
        From :func:`names_of`.

    Returns
    -------
    bool
        True if one does.
    """
    return any(name in text.casefold() for name in names)


def _collections_covered(tables: Mapping[str, pd.DataFrame], names: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Call collections otherwise that are named after the person's files; different ones stay different."""
    collected = [tables[name] for name in ("posts", "shares", "mentions")]
    known = sorted({c for table in collected for c in table["collection"].dropna()})
    before = sum(c.startswith(WITHDRAWN) for c in known)
    told = [c for c in known if names_somebody(c, names)]
    cover = {c: f"{WITHDRAWN} {before + number}" for number, c in enumerate(told, 1)}
    return {
        name: tables[name].assign(collection=tables[name]["collection"].replace(cover))
        for name in ("posts", "shares", "mentions")
    }


def _without(entry: LedgerEntry, n: int) -> LedgerEntry:
    if not n:
        return entry
    aside = dict(entry.set_aside) | {WITHDRAWN: entry.set_aside.get(WITHDRAWN, 0) + n}
    # a ledger of an older spelling may count files by other rows than the table's
    rows = max(entry.rows, entry.repeated + sum(aside.values()))
    return replace(entry, rows=rows, used=max(entry.used - n, 0), set_aside=aside)


def _masks(study: Study, person: str, keys: Sequence[bytes]) -> "Mapping[str, pd.Series[bool]]":
    if not keys and has_pseudonyms(study):
        raise PrivacyError(
            "nobody is found in a study with pseudonyms without its key; give it, and after rotate each later one"
        )
    accounts = study.accounts
    persons = accounts[accounts["role"] != "organisation"]
    bare = person.lstrip("@").casefold()
    # an account whose id was never known goes by its handle, as the readers write it
    by_handle = {f"{platform}:@{bare}" for platform in persons["platform"].dropna().unique()}
    account, holder = _renamed({person}, "account", keys), _renamed({person}, "holder", keys)
    exact = persons["account_id"].isin(account) | persons["holder_id"].isin(holder)
    alike = persons["account_id"].isin(_renamed(by_handle, "account", keys))
    if not keys:
        alike |= persons["handle"].str.lstrip("@").str.casefold().eq(bare).fillna(False)
    holders = set(persons.loc[exact | alike, "holder_id"])
    if len(holders) > 1:
        # the same handle on two platforms may be two people
        holders = set(persons.loc[exact, "holder_id"])
        if len(holders) != 1:
            raise PrivacyError("several persons have this handle; name the id of an account or of the person")
    of_persons = study.holders["kind"] == "person"
    holders |= set(study.holders.loc[of_persons & study.holders["holder_id"].isin(holder), "holder_id"])
    if not holders:
        raise PrivacyError(
            "nobody in this study has that id"
            + (
                " under these keys; give the original id (from the roster or the export) and the keys in their order"
                if keys
                else "; give an account's"
            )
        )
    own = accounts["holder_id"].isin(holders)
    ids = accounts.loc[own, "account_id"]
    return {
        "accounts": own,
        "holders": study.holders["holder_id"].isin(holders),
        "affiliations": study.affiliations["holder_id"].isin(holders),
        "posts": study.posts["author_id"].isin(ids),
        "shares": study.shares["sharer_id"].isin(ids) | study.shares["source_id"].isin(ids),
        "mentions": study.mentions["author_id"].isin(ids) | study.mentions["mentioned_id"].isin(ids),
    }


def _renamed(identities: set[str], kind: str, keys: Sequence[bytes]) -> set[str]:
    for key in keys:
        identities = {pseudonym(key, kind, identity) for identity in identities}
    return identities
