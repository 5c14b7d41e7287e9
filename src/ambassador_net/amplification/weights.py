"""How much persons and organisations share each other: weights, states and rates (method 2a, 2g)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ambassador_net.amplification.cross import CrossShares
from ambassador_net.amplification.intervals import jackknife, reciprocity_interval
from ambassador_net.amplification.timing import DIRECTIONS, returns_by_house
from ambassador_net.privacy import houses_shown, join_small_houses
from ambassador_net.reduction import Dyads
from ambassador_net.study.stored import AnyStudy

Interval = tuple[float, float]


@dataclass(frozen=True)
class Opportunity:
    """Shares beside the posts there were to share.

    Parameters
    ----------
    person_per_100, organisation_per_100
        Shares per 100 posts there were to share, by persons and by organisations; None where not observed, or where
        there was no post.
    balance
        Median over pairs of ``log((w_oe + .5) / (P_e + 1)) - log((w_eo + .5) / (P_g + 1))``: above 0 the organisation
        gives more per opportunity. None without a pair observed on both sides.
    interval
        Jackknife interval of the balance over organisations; None with fewer than 5.

    Notes
    -----
    Method 2a. P are the posts (originals, replies, quotes) of the other side in the person's spell.
    """

    person_per_100: float | None
    organisation_per_100: float | None
    balance: float | None
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "person_per_100": None if self.person_per_100 is None else round(self.person_per_100, 6),
            "organisation_per_100": None if self.organisation_per_100 is None else round(self.organisation_per_100, 6),
            "balance": None if self.balance is None else round(self.balance, 6),
            "interval": None if self.interval is None else [round(end, 6) for end in self.interval],
        }


def opportunity(pairs: pd.DataFrame) -> Opportunity:
    """Relate shares to the posts there were to share.

    Parameters
    ----------
    pairs
        As in :class:`ambassador_net.reduction.Dyads`.

    Returns
    -------
    Opportunity
        Rates of both sides and the balance between them.
    """
    shared = pairs[(pairs["seen_eo"] > 0) | (pairs["seen_oe"] > 0)]
    both = observed_on_both_sides(shared).dropna(subset=["organisation_posts", "person_posts"])
    gives = np.log((both["w_oe"].astype(float) + 0.5) / (both["person_posts"].astype(float) + 1))
    takes = np.log((both["w_eo"].astype(float) + 0.5) / (both["organisation_posts"].astype(float) + 1))
    balance = pd.DataFrame({"organisation": both["organisation"], "balance": gives - takes})
    interval = None
    if len(balance):
        left_out = [
            balance.loc[balance["organisation"] != organisation, "balance"].median()
            for organisation in balance["organisation"].unique()
        ]
        found = jackknife(left_out, float(balance["balance"].median()))
        interval = None if found is None else (found.low, found.high)
    return Opportunity(
        person_per_100=_per_100(pairs["w_eo"], pairs["organisation_posts"]),
        organisation_per_100=_per_100(pairs["w_oe"], pairs["person_posts"]),
        balance=float(balance["balance"].median()) if len(balance) else None,
        interval=interval,
    )


def _per_100(shares: "pd.Series[Any]", posts: "pd.Series[Any]") -> float | None:
    known = shares.notna() & posts.notna()
    there = int(posts[known].sum())
    return 100 * int(shares[known].sum()) / there if there else None


@dataclass(frozen=True)
class Reciprocity:
    """Weighted reciprocity over the pairs whose both sides were observed.

    Parameters
    ----------
    sum_min
        Sum of ``min(w_eo, w_oe)``; None where no pair has both sides observed.
    sum_w
        Sum of ``w_eo + w_oe``; None as above.
    r_w
        ``2 sum_min / sum_w``; None where it is not defined.
    interval
        Interval of ``r_w``, or None where there is none.

    Notes
    -----
    After Squartini, Picciolo, Ruzzenenti and Garlaschelli (2013), equation 7, doi:10.1038/srep02729: the
    reciprocated weight over the total weight, here of the pairs of a person and their organisation only.
    """

    sum_min: int | None
    sum_w: int | None
    r_w: float | None
    interval: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as JSON-safe values.

        Returns
        -------
        dict
            By field name.
        """
        return {
            "sum_min": self.sum_min,
            "sum_w": self.sum_w,
            "r_w": None if self.r_w is None else round(self.r_w, 6),
            "interval": None if self.interval is None else [round(end, 6) for end in self.interval],
        }


def observed_on_both_sides(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the pairs whose both sides were observed at least in part.

    Parameters
    ----------
    pairs
        As in :class:`ambassador_net.reduction.Dyads`.

    Returns
    -------
    pandas.DataFrame
        Those rows.
    """
    return pairs[pairs["w_eo"].notna() & pairs["w_oe"].notna()]


def reciprocity(pairs: pd.DataFrame) -> Reciprocity:
    """Weighted reciprocity of pairs.

    Parameters
    ----------
    pairs
        As in :class:`ambassador_net.reduction.Dyads`.

    Returns
    -------
    Reciprocity
        The sums, their ratio and its interval: organisations left out one by one (method 2e).

    Examples
    --------
    >>> pairs = pd.DataFrame({"w_eo": [2, 1], "w_oe": [1, 0]}, dtype="Int64")
    >>> reciprocity(pairs.assign(holder_id=["e1", "e2"], organisation="A")).r_w
    0.5
    """
    both = observed_on_both_sides(pairs)
    if both.empty:
        return Reciprocity(None, None, None)
    sum_min = int(both[["w_eo", "w_oe"]].min(axis=1).sum())
    sum_w = int(both["w_eo"].sum() + both["w_oe"].sum())
    interval = reciprocity_interval(pairs)
    return Reciprocity(
        sum_min,
        sum_w,
        2 * sum_min / sum_w if sum_w else None,
        None if interval is None else (interval.low, interval.high),
    )


def dyad_counts(pairs: pd.DataFrame) -> dict[str, int | None]:
    """Count pairs by what they share, and shares by direction.

    Parameters
    ----------
    pairs
        As in :class:`ambassador_net.reduction.Dyads`.

    Returns
    -------
    dict
        ``person_to_organisation`` and ``organisation_to_person`` (shares; None where nothing of that side was
        observed), ``with_a_share``, ``both_sides_observed`` (of those), ``mutual`` (None if no pair with a share
        has both sides observed) and the other states.
    """
    shared = pairs[(pairs["seen_eo"] > 0) | (pairs["seen_oe"] > 0)]
    states = shared["state"].value_counts()
    both = len(observed_on_both_sides(shared))
    return {
        "person_to_organisation": _seen(pairs, "eo"),
        "organisation_to_person": _seen(pairs, "oe"),
        "with_a_share": len(shared),
        "both_sides_observed": both,
        "mutual": int(states.get("mutual", 0)) if both else None,
        **{
            state: int(states.get(state, 0))
            for state in (
                "person_only",
                "organisation_only",
                "person_only_other_side_unknown",
                "organisation_only_other_side_unknown",
                "both_seen_one_side_unknown",
            )
        },
    }


def _seen(pairs: pd.DataFrame, direction: str) -> int | None:
    seen = int(pairs[f"seen_{direction}"].sum())
    return seen if seen or pairs[f"w_{direction}"].notna().any() else None


_SUMS: Mapping[str, str] = {
    "person_to_organisation": "w_eo",
    "organisation_to_person": "w_oe",
    "organisation_posts": "organisation_posts",
    "person_posts": "person_posts",
}

_COUNTED = (
    "mutual",
    "person_only",
    "organisation_only",
    "person_only_other_side_unknown",
    "organisation_only_other_side_unknown",
    "both_seen_one_side_unknown",
)


def houses(study: AnyStudy, dyads: Dyads, cross: CrossShares, *, k: int) -> pd.DataFrame:
    """Describe each house, those below k people joined.

    Parameters
    ----------
    study
        The study.
    dyads
        Its dyads.
    cross
        Its shares inside pairs.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    pandas.DataFrame
        ``organisation`` (missing in the joined row), ``joined`` (houses in the row), ``people``, ``with_a_share``,
        ``both_sides_observed``, the states of the pairs, ``person_to_organisation``, ``organisation_to_person``,
        ``sum_min``, ``sum_w``, ``r_w``; for ``organisation`` and ``person`` as the side that answers, ``_events``,
        ``_hits``, ``_expected``, ``_sd``, ``_returns_per_100`` and ``_upper`` within 48 hours (missing in the joined
        row); and ``person_per_100``, ``organisation_per_100``: shares per 100 posts
        there were to share (a post counts once for each person who could have shared it, or been shared). Missing
        where not observed, never 0.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    """
    pairs = dyads.pairs
    shared = (pairs["seen_eo"] > 0) | (pairs["seen_oe"] > 0)
    both = pairs["w_eo"].notna() & pairs["w_oe"].notna()
    parts = pd.DataFrame({"organisation": pairs["organisation"]})
    parts["with_a_share"] = shared.astype("Int64")
    parts["both_sides_observed"] = (shared & both).astype("Int64")
    for state in _COUNTED:
        parts[state] = (pairs["state"] == state).astype("Int64")
    for name, column in _SUMS.items():
        parts[name] = pairs[column]
    parts["sum_min"] = pairs[["w_eo", "w_oe"]].min(axis=1).astype("Int64").where(both)
    parts["sum_w"] = (pairs["w_eo"] + pairs["w_oe"]).where(both)
    table = parts.groupby("organisation").sum(min_count=1).reset_index()
    joined = join_small_houses(table, k=k, shown=houses_shown(study, dyads.affiliations, k=k))
    joined["mutual"] = joined["mutual"].where(joined["both_sides_observed"] > 0)
    joined["r_w"] = _ratio(2 * joined["sum_min"], joined["sum_w"])
    joined["person_per_100"] = _ratio(100 * joined["person_to_organisation"], joined["organisation_posts"])
    joined["organisation_per_100"] = _ratio(100 * joined["organisation_to_person"], joined["person_posts"])
    for direction in DIRECTIONS:
        who = direction.removesuffix("_returns")
        answers = returns_by_house(cross, direction).drop(columns="triggers").add_prefix(f"{who}_")
        joined = joined.merge(answers.rename(columns={f"{who}_house": "organisation"}), how="left", on="organisation")
    first = ["organisation", "joined", "people"]
    return joined[first + [c for c in joined.columns if c not in first]]


def _ratio(above: "pd.Series[Any]", below: "pd.Series[Any]") -> "pd.Series[Any]":
    return above.astype("Float64") / below.where(below > 0).astype("Float64")
