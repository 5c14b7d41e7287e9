"""What counting a stored study leaves for its null models, whoever counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.study.stored import StoredStudy

Numbers = npt.NDArray[np.int32]
Seconds = npt.NDArray[np.int64]
Moments = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_SHUFFLED = 10_000_000
"""Shares above which the null models are not shuffled: a thousand shuffles of more take the better part of an hour."""

# what a share takes while it is shuffled, as measured
_BYTES_TO_SHUFFLE = 250

MICROSECONDS = 1_000_000


@dataclass(frozen=True, eq=False)
class ShareColumns:
    """Shares that are no self-shares and whose source is known, in the order of the files.

    Parameters
    ----------
    sharer, source
        Rows of the accounts; shape (n,).
    stratum
        Collection, by its place in the order of their names; shape (n,).
    earliest, latest
        When it was made, in seconds since 1970, UTC; shape (n,).
    """

    sharer: Numbers
    source: Numbers
    stratum: Numbers
    earliest: Seconds
    latest: Seconds

    def __len__(self) -> int:
        return len(self.sharer)


@dataclass(frozen=True, eq=False)
class Inside:
    """How often two who have, or had, a house in common shared each other; by holder, official accounts each its own.

    Parameters
    ----------
    sharer, source
        Row of the holder's first account; shape (m,).
    stratum
        As in :class:`ShareColumns`; shape (m,).
    shares
        How often; shape (m,).
    """

    sharer: Places
    source: Places
    stratum: Places
    shares: Places


@dataclass(frozen=True, eq=False)
class Streamed:
    """What is left of a stored study for its null models, once it is counted.

    Parameters
    ----------
    strength_out, strength_in
        Shares made and received inside each collection, self-shares apart; shape (collections, accounts).
    inside
        Shares of those who have a house in common.
    window
        Earliest and latest time of a share that is no self-share and has a known source, or None.
    shares
        The shares themselves, where they are few enough to be shuffled.
    """

    strength_out: Numbers
    strength_in: Numbers
    inside: Inside
    window: tuple[int, int] | None
    shares: ShareColumns | None


@dataclass(frozen=True, eq=False)
class Counted:
    """A stored study, counted: tables as :func:`ambassador_net.reduction.duckdb.run` gives them, and the rest.

    Parameters
    ----------
    tables
        ``totals``, ``strengths``, ``dyad_events``, ``pairs`` and ``collections`` by name.
    streamed
        What the null models need.
    sharers
        The accounts that shared anything.
    """

    tables: Mapping[str, pd.DataFrame]
    streamed: Streamed
    sharers: "pd.Series[str]"


def may_shuffle(study: StoredStudy) -> bool:
    """Whether the shares of a study are few enough to be shuffled, in this time and in this memory.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    bool
        If not, the closed form stands alone.
    """
    shares = len(study.events["shares"])
    return shares <= MOST_SHUFFLED and (study.memory is None or shares * _BYTES_TO_SHUFFLE <= study.memory)
