"""What a person may ask for: their rows, and that these go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ambassador_net.errors import PrivacyError
from ambassador_net.privacy.pseudonyms import identities_of, pseudonym, without_names
from ambassador_net.study import Ledger, LedgerEntry, Study

WITHDRAWN = "consent withdrawn"
"""The ledger's reason for rows that a person took back."""


def rows_of_person(study: Study, person: str, *, keys: Sequence[bytes] = ()) -> dict[str, pd.DataFrame]:
    """Find all rows about one person (right of access, GDPR Article 15).

    Parameters
    ----------
    study
        The study, with pseudonyms or without.
    person
        The original id of one of the person's accounts, or of the person as a holder; in a study without pseudonyms
        also a handle. A study with pseudonyms holds no handles: look the id up in the export or the roster.
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
        was not known; replies to these posts no longer say to what, and others' bases, units and answers that name
        the person are emptied. The ledger sets the rows aside with the reason ``consent withdrawn``.

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
    entries = tuple(_without(entry, int(masks[entry.table].sum())) for entry in study.ledger.entries)
    identities = identities_of(study.accounts[masks["accounts"]], study.holders[masks["holders"]])
    return without_names(replace(study, **tables, ledger=Ledger(entries)), identities)


def _without(entry: LedgerEntry, n: int) -> LedgerEntry:
    if not n:
        return entry
    aside = dict(entry.set_aside) | {WITHDRAWN: entry.set_aside.get(WITHDRAWN, 0) + n}
    # a ledger of an older spelling may count files by other rows than the table's
    rows = max(entry.rows, entry.repeated + sum(aside.values()))
    return replace(entry, rows=rows, used=max(entry.used - n, 0), set_aside=aside)


def _masks(study: Study, person: str, keys: Sequence[bytes]) -> "Mapping[str, pd.Series[bool]]":
    account, holder = person, person
    for key in keys:
        account, holder = pseudonym(key, "account", account), pseudonym(key, "holder", holder)
    accounts = study.accounts
    persons = accounts[accounts["role"] != "organisation"]
    found = (persons["account_id"] == account) | (persons["holder_id"] == holder)
    if not keys:
        found |= persons["handle"].str.lstrip("@").str.casefold().eq(person.lstrip("@").casefold()).fillna(False)
    holders = set(persons.loc[found, "holder_id"])
    if not keys and len(holders) > 1:
        # the same handle on two platforms may be two people
        exact = persons.loc[(persons["account_id"] == account) | (persons["holder_id"] == holder), "holder_id"]
        holders = set(exact)
        if len(holders) != 1:
            raise PrivacyError("several persons have this handle; name the id of an account or of the person")
    of_persons = study.holders["kind"] == "person"
    in_holders = of_persons & study.holders["holder_id"].eq(holder)
    if in_holders.any():
        holders.add(holder)
    if not holders:
        raise PrivacyError(
            "nobody in this study has that id"
            + (" under these keys; give the original id and the keys in their order" if keys else "; give an account's")
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
