"""The door through which houses leave: small ones are joined before anybody sees a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ambassador_net.errors import PrivacyError
from ambassador_net.study.stored import AnyStudy

K = 5
"""Fewest people of a house that is shown by itself."""


def checked_k(k: int) -> int:
    """Check a smallest group size: it may be raised, never lowered.

    Parameters
    ----------
    k
        Fewest people of a house that is shown.

    Returns
    -------
    int
        The same.

    Raises
    ------
    PrivacyError
        If it is less than 5.
    """
    if k < K:
        raise PrivacyError(f"houses below {K} people are never shown; k = {k} would show them")
    return k


@dataclass(frozen=True, eq=False)
class HousesShown:
    """Which houses of a study are shown by themselves and which together: decided once, for every table.

    Parameters
    ----------
    people
        People affiliated between the first and the last share, by organisation.
    joined
        The organisations that are shown only together.
    people_joined
        How many different people they have.
    everybody
        How many different people all organisations have.

    Notes
    -----
    Two tables of one study that joined different houses would show the difference; so every table joins these.
    """

    people: "pd.Series[int]"
    joined: tuple[str, ...]
    people_joined: int
    everybody: int

    @property
    def named(self) -> tuple[str, ...]:
        """The organisations that are shown by themselves, in the order of their names."""
        return tuple(sorted(set(self.people.index) - set(self.joined)))


def houses_shown(study: AnyStudy, affiliations: pd.DataFrame, *, k: int = K) -> HousesShown:
    """Decide which houses of a study are shown by themselves.

    Parameters
    ----------
    study
        The study.
    affiliations
        Those of its affiliations that count, as in :class:`ambassador_net.reduction.Dyads`.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    HousesShown
        The houses, with their people.

    Raises
    ------
    PrivacyError
        If k is less than 5.

    Notes
    -----
    A number is a sum over some of a house's people: all of them, those who were observed, those whose
    organisation was observed, or both, and now and then those who shared though nobody observed them. Where
    affiliations were narrowed, the same number without narrowing is one subtraction away, so those left out are
    such a group too. Each of these groups has nobody or at least k people in a house that is shown by itself, and
    in the joined houses together. These are the smallest houses, at least two: the study as a whole is published
    beside them, and without the named houses it leaves the joined. As always the smallest are joined, a table with
    a larger k differs by houses that are large enough. Two different narrowings of one study are not compared.
    """
    checked_k(k)
    groups = _groups(study, affiliations)
    sizes = groups.groupby("organisation").sum()
    sizes = sizes[sizes["affiliated"] > 0]
    smallest = sizes.where(sizes > 0).min(axis=1)
    table = sizes.assign(smallest=smallest).reset_index()
    names = table.sort_values(["smallest", "affiliated", "organisation"])["organisation"].tolist()
    # a single house is the study as a whole: to leave out its name would hide nothing
    hidden = int(((smallest if len(names) > 1 else sizes["affiliated"]) < k).sum())
    while 0 < hidden < len(names) and (hidden < 2 or _too_small(groups, names[:hidden], k)):
        hidden += 1
    joined = names[:hidden]
    own = groups.index[groups["affiliated"]]
    together = own[own.get_level_values("organisation").isin(joined)]
    return HousesShown(
        people=sizes["affiliated"].rename("people"),
        joined=tuple(joined),
        people_joined=together.get_level_values("holder_id").nunique(),
        everybody=own.get_level_values("holder_id").nunique(),
    )


def _groups(study: AnyStudy, affiliations: pd.DataFrame) -> pd.DataFrame:
    """Say of each person of each organisation in the window which groups they belong to."""
    pair = ["organisation", "holder_id"]
    everybody = in_window(study, study.affiliations)[pair].drop_duplicates()
    kept = pd.MultiIndex.from_frame(in_window(study, affiliations)[pair].drop_duplicates())
    index = pd.MultiIndex.from_frame(everybody).union(kept)
    accounts = study.accounts
    holders, organisations = index.get_level_values("holder_id"), index.get_level_values("organisation")
    observed, employee = accounts["observed"] != "none", accounts["role"] == "employee"
    shares = accounts["account_id"].isin(study.sharers)
    affiliated = index.isin(kept)
    person = affiliated & holders.isin(accounts.loc[observed & employee, "holder_id"])
    official = accounts.loc[observed & (accounts["role"] == "organisation"), "organisation"]
    organisation = affiliated & organisations.isin(official)
    sharing = affiliated & holders.isin(accounts.loc[shares & employee, "holder_id"])
    return pd.DataFrame(
        {
            "affiliated": affiliated,
            "person_observed": person,
            "organisation_observed": organisation,
            "both_observed": person & organisation,
            "shares_unobserved": sharing & ~person,
            "left_out": ~affiliated,
        },
        index=index,
    )


def in_window(study: AnyStudy, spells: pd.DataFrame) -> pd.DataFrame:
    """Keep the spells that lie at least in part between the first and the last share.

    Parameters
    ----------
    study
        The study.
    spells
        Some of its affiliations.

    Returns
    -------
    pandas.DataFrame
        Those rows.
    """
    if study.window is None:
        return spells
    first, last = study.window
    return spells[~(spells["valid_to"] <= first).fillna(False) & ~(spells["valid_from"] > last).fillna(False)]


def _too_small(groups: pd.DataFrame, organisations: Sequence[str], k: int) -> bool:
    """Whether some group of these organisations together has people, but fewer than k different ones."""
    own = groups[groups.index.get_level_values("organisation").isin(organisations)]
    people = own.groupby(level="holder_id").any().sum()
    return bool(((people > 0) & (people < k)).any())


def join_small_houses(houses: pd.DataFrame, *, k: int = K, shown: HousesShown | None = None) -> pd.DataFrame:
    """Join houses below k people into one row, so that neither a row nor a difference shows one of them.

    Parameters
    ----------
    houses
        One row a house: ``organisation``, ``people`` (not needed with `shown`) and columns of counts that may be
        added up, missing where nothing was observed.
    k
        Fewest people of a house that is shown by itself.
    shown
        From :func:`houses_shown`; rows of other organisations are left out. Without it the table's own ``people``
        decide, who then must belong to one house each, and no other table of the study may be shown.

    Returns
    -------
    pandas.DataFrame
        The same columns, ``people`` and ``joined``, the number of houses in a row; houses in the order of their
        names, the joined row last with a missing ``organisation``.

    Raises
    ------
    PrivacyError
        If k is less than 5.

    Notes
    -----
    Totals are published beside the table, so a joined row of one house would be that house, and a joined row
    with fewer than k people a group that is too small: the smallest shown houses join it until it is neither.
    Where all houses are joined, the row is the study as a whole; see :func:`require_enough_people`.
    """
    checked_k(k)
    if shown is None:
        shown = _by_own_people(houses, k)
    there = houses[houses["organisation"].isin(shown.people.index)]
    there = there.assign(people=there["organisation"].map(shown.people).astype("int64"), joined=1)
    small = there["organisation"].isin(shown.joined)
    named = there[~small].sort_values("organisation", ignore_index=True)
    if not small.any():
        return named
    counts = [c for c in there.columns if c != "organisation"]
    other = there.loc[small, counts].sum(min_count=1).to_frame().T.astype(there[counts].dtypes.to_dict())
    # a house that has no row in this table is in the joined row all the same: each table says the same of it
    other = other.assign(
        organisation=pd.array([pd.NA], dtype="str"), people=shown.people_joined, joined=len(shown.joined)
    )
    return pd.concat([named, other[named.columns]], ignore_index=True)


def _by_own_people(houses: pd.DataFrame, k: int) -> HousesShown:
    ordered = houses.sort_values(["people", "organisation"], ignore_index=True)
    hidden = int((ordered["people"] < k).sum())
    while 0 < hidden < len(ordered) and (hidden < 2 or ordered["people"].iloc[:hidden].sum() < k):
        hidden += 1
    return HousesShown(
        people=houses.set_index("organisation")["people"],
        joined=tuple(ordered["organisation"].iloc[:hidden]),
        people_joined=int(ordered["people"].iloc[:hidden].sum()),
        everybody=int(ordered["people"].sum()),
    )


def require_enough_people(study: AnyStudy, affiliations: pd.DataFrame, what: str, *, k: int = K) -> None:
    """Refuse to show a study as a whole where it rests on fewer than k affiliated persons who are private.

    Parameters
    ----------
    study
        The study.
    affiliations
        Those of its affiliations that count, as in :class:`ambassador_net.reduction.Dyads`.
    what
        What would show it.
    k
        Fewest people of a group that is shown.

    Raises
    ------
    PrivacyError
        If k is less than 5; if the persons are private and fewer than k of them, but some, are affiliated between
        the first and the last share.
    """
    checked_k(k)
    if study.shows_persons:
        return
    people = in_window(study, affiliations)["holder_id"].nunique()
    if 0 < people < k:
        raise PrivacyError(
            f"{what} would rest on fewer than {k} affiliated people, and the persons of this study are private; "
            'collect more, or, if all are public figures in these data, declare "persons": "public" in datapackage.json'
        )


def require_persons_shown(study: AnyStudy, what: str) -> None:
    """Refuse to show single persons of a study whose persons are private.

    Parameters
    ----------
    study
        The study.
    what
        What would show them.

    Raises
    ------
    PrivacyError
        If the study is neither made up nor declares ``persons: public``.
    """
    if not study.shows_persons:
        raise PrivacyError(
            f"{what} shows single persons, and the persons of this study are private; show it by house, or, if "
            'all of them are public figures in these data, declare "persons": "public" in datapackage.json'
        )
