"""The door through which houses leave: small ones are joined before anybody sees a table."""

import pandas as pd

from ambassador_net.errors import PrivacyError
from ambassador_net.study import Study

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


def join_small_houses(houses: pd.DataFrame, *, k: int = K) -> pd.DataFrame:
    """Join houses below k people into one row, so that neither a row nor a difference shows one of them.

    Parameters
    ----------
    houses
        One row a house: ``organisation``, ``people`` and columns of counts that may be added up, missing where
        nothing was observed.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    pandas.DataFrame
        The same columns and ``joined``, the number of houses in a row; houses in the order of their names, the
        joined row last with a missing ``organisation``.

    Raises
    ------
    PrivacyError
        If k is less than 5.

    Notes
    -----
    Totals are published beside the table, so a joined row of one house would be that house, and a joined row
    with fewer than k people a group that is too small: the smallest shown houses join it until it is neither.
    """
    checked_k(k)
    ordered = houses.sort_values(["people", "organisation"], ignore_index=True)
    hidden = int((ordered["people"] < k).sum())
    while 0 < hidden < len(ordered) and (hidden < 2 or ordered["people"].iloc[:hidden].sum() < k):
        hidden += 1
    shown = ordered.iloc[hidden:].sort_values("organisation").assign(joined=1)
    if not hidden:
        return shown.reset_index(drop=True)
    counts = [c for c in houses.columns if c != "organisation"]
    other = ordered.iloc[:hidden][counts].sum(min_count=1).to_frame().T.astype(houses[counts].dtypes.to_dict())
    other = other.assign(organisation=pd.array([pd.NA], dtype="str"), joined=hidden)
    return pd.concat([shown, other[shown.columns]], ignore_index=True)


def require_persons_shown(study: Study, what: str) -> None:
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
