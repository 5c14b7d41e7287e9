"""Every arrangement that a null model allows, for studies small enough to count by hand."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ambassador_net.errors import Undefined
from ambassador_net.nulls.chance import Indices
from ambassador_net.nulls.matchings import BlockCodes, ShareEvents

MOST_EVENTS = 9


def enumerate_arrangements(events: ShareEvents, blocks: BlockCodes | None = None) -> Iterator[Indices]:
    """Give every arrangement of the sources over the shares that the null allows, each equally likely.

    Parameters
    ----------
    events
        The shares; 9 at most.
    blocks
        The blocks to keep (N3), or None (N1, N2).

    Yields
    ------
    numpy.ndarray
        Sources of all shares; shape (n,). Shares of one source count as different things to hand out, so an
        arrangement comes as often as there are ways to make it.

    Raises
    ------
    Undefined
        If there are more than 9 shares.

    Notes
    -----
    No self-share; sources stay in their stratum; with blocks, the number of shares of each block in each stratum
    is kept (method 2b). The exact p is the share of arrangements with a statistic at least as large as in the data.
    """
    n = len(events)
    if n > MOST_EVENTS:
        raise Undefined(f"{n} shares have too many arrangements to count; draw from them (9 shares at most)")
    moved = np.array(list(permutations(range(n))), dtype=np.intp).reshape(-1, n)
    source = events.source[moved]
    allowed = (events.stratum[moved] == events.stratum).all(axis=1)
    allowed &= (events.identity[source] != events.identity[events.sharer]).all(axis=1)
    source = source[allowed]
    if blocks is not None:
        kept = _totals(blocks.of(events.source[None, :]), events.stratum)
        source = source[(_totals(blocks.of(source), events.stratum) == kept).all(axis=1)]
    yield from source


def _totals(code: npt.NDArray[np.int32], stratum: Indices) -> npt.NDArray[np.int64]:
    """Blocks and strata of the shares of each arrangement, in order: equal where all totals are."""
    return np.sort(stratum * (int(code.max(initial=0)) + 1) + code.astype(np.int64), axis=1)
