"""Shares inside pairs as arrays: what the tests of answering are made on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.reduction import Dyads

Seconds = npt.NDArray[np.int64]
Codes = npt.NDArray[np.intp]

HOUR_S = 3600
DAY_S = 24 * HOUR_S
# 28 days of shares have 27 days between the first and the last
LONG_ENOUGH_S = 27 * DAY_S


@dataclass(frozen=True, eq=False)
class CrossShares:
    """The shares between persons and their own organisations, in the order of time.

    Parameters
    ----------
    time_s
        When each was made, in whole seconds since 1970; shape (n,).
    by_person
        Whether the person shared the organisation, and not the organisation the person; shape (n,).
    person, house, collection
        Codes of the person, of the house (the organisation with its people) and of the collection; shape (n,).
    first_s, last_s
        First and last share of any kind in each collection, self-shares included, in seconds; shape (collections,).
    untimed
        Shares inside pairs that are known only as an interval and are in none of the arrays.
    left_out
        Collections shorter than 28 days that are in none of the arrays, because a longer one is there.
    persons, houses
        Names by code; None in a made-up world.

    Notes
    -----
    The official accounts of an organisation are merged, and the accounts of a person (method 2d).
    """

    time_s: Seconds
    by_person: npt.NDArray[np.bool_]
    person: Codes
    house: Codes
    collection: Codes
    first_s: Seconds
    last_s: Seconds
    untimed: int = 0
    left_out: int = 0
    persons: pd.Index | None = None
    houses: pd.Index | None = None

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def days(self) -> tuple[float, ...]:
        """Days between the first and the last share of each collection."""
        return tuple(float(length) / DAY_S for length in self.last_s - self.first_s)


def seconds(times: "pd.Series[pd.Timestamp]") -> Seconds:
    """Whole seconds since 1970 of times that are all there.

    Parameters
    ----------
    times
        Times with a zone; shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,).
    """
    return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)


def collections_used(dyads: Dyads) -> pd.DataFrame:
    """Name the collections that the tests use, each with its first and last share.

    Parameters
    ----------
    dyads
        The dyads of a study.

    Returns
    -------
    pandas.DataFrame
        ``first_s`` and ``last_s`` by collection (``""`` where a share names none): those of at least 28 days, or all
        if none is (method 2j, step 0). The first and last share are of any kind, self-shares included.
    """
    spans = _timed(dyads).set_index("collection")[["first_at", "last_at"]]
    spans = pd.DataFrame({"first_s": seconds(spans["first_at"]), "last_s": seconds(spans["last_at"])}, spans.index)
    long_enough = spans["last_s"] - spans["first_s"] >= LONG_ENOUGH_S
    return spans[long_enough] if long_enough.any() else spans


def _timed(dyads: Dyads) -> pd.DataFrame:
    """Keep the collections with a share whose time is known."""
    return dyads.collections[dyads.collections["first_at"].notna()]


def cross_shares(dyads: Dyads) -> CrossShares:
    """Take the shares between persons and their own organisations out of a study.

    Parameters
    ----------
    dyads
        The dyads of the study.

    Returns
    -------
    CrossShares
        Shares with a known time of the pairs whose both sides were observed (method 2g).

    Examples
    --------
    >>> from ambassador_net import read
    >>> from ambassador_net.reduction import dyads
    >>> cross = cross_shares(dyads(read("data/example")))
    >>> bool((cross.time_s[1:] >= cross.time_s[:-1]).all())
    True
    """
    spans = collections_used(dyads)
    pairs = dyads.pairs
    both = pairs.loc[pairs["w_eo"].notna() & pairs["w_oe"].notna(), ["holder_id", "organisation"]]
    events = dyads.events.merge(both, on=["holder_id", "organisation"])
    events = events.assign(collection=events["collection"].fillna(""))
    timed = events[events["shared_at"].notna()]
    used = timed[timed["collection"].isin(spans.index)]

    person, persons = pd.factorize(used["holder_id"], sort=True)
    house, houses = pd.factorize(used["organisation"], sort=True)
    time_s = seconds(used["shared_at"])
    by_person = (used["direction"] == "person_to_organisation").to_numpy()
    collection = spans.index.get_indexer(pd.Index(used["collection"]))
    # a total order: shares of one second must not depend on the order of the rows
    order = np.lexsort((by_person, person, house, collection, time_s))
    return CrossShares(
        time_s=time_s[order],
        by_person=by_person[order],
        person=person[order].astype(np.intp),
        house=house[order].astype(np.intp),
        collection=collection[order].astype(np.intp),
        first_s=spans["first_s"].to_numpy(dtype=np.int64),
        last_s=spans["last_s"].to_numpy(dtype=np.int64),
        untimed=len(events) - len(timed),
        left_out=len(_timed(dyads)) - len(spans),
        persons=pd.Index(persons),
        houses=pd.Index(houses),
    )
