"""One step of a shuffle: matched shares exchange the sources they carry, where the null allows it (method 2b)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ambassador_net.nulls.chance import Indices

Accounts = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]

# with more groups than this, one gather for all of them beats a slice for each
FEW_GROUPS = 6


@dataclass(frozen=True, eq=False)
class State:
    """Shares in the order of their strata, and the sources they carry at present.

    Parameters
    ----------
    carried
        Source of each share; changes in place; shape (n,).
    sharer_is, identity
        Identity of the sharer of each share, shape (n,), and of each account, shape (accounts,).
    row, column
        Where the row of a share begins in the table of blocks, shape (n,), and the column of an account in it, shape
        (accounts,); empty without blocks.
    code
        The table of blocks, flat; empty without blocks.
    """

    carried: Accounts
    sharer_is: Accounts
    identity: Accounts
    row: Indices
    column: Indices
    code: Accounts


@dataclass(frozen=True, eq=False)
class Groups:
    """What is matched with what.

    Parameters
    ----------
    place
        The shares that take part, group after group; None for all shares as they stand; shape (m,).
    size
        How many shares each group has, at least one; shape (groups,).
    """

    place: Indices | None
    size: Accounts


Exchange = Callable[[State, Groups, Accounts, Bits], None]


def exchange(state: State, groups: Groups, shifts: Accounts, coins: Bits) -> None:
    """Exchange sources in place, one matching after the other.

    :mod:`ambassador_net.nulls.compiled` does the same to the last bit.

    Parameters
    ----------
    state
        The shares; ``carried`` changes.
    groups
        What is matched with what.
    shifts
        For each matching and group, what the places of two matched shares in their group add up to, modulo its size;
        shape (matchings, groups).
    coins
        Whether the pair whose first share this is wants to exchange; shape (matchings, m or a little more).
    """
    carried, sharer_is, identity = state.carried, state.sharer_is, state.identity
    start = np.cumsum(groups.size) - groups.size
    matched = _slices if groups.place is None and len(groups.size) <= FEW_GROUPS else _gathered
    for shift, coin in zip(shifts, coins, strict=True):
        for a, b in matched(start, groups.size, shift):
            wants = coin[a].view(np.bool_)
            if groups.place is not None:
                a, b = groups.place[a], groups.place[b]
            of_a, of_b = carried[a], carried[b]
            allowed = (sharer_is[a] != identity.take(of_b)) & (sharer_is[b] != identity.take(of_a)) & wants
            if len(state.code):
                allowed &= _same_blocks(state, a, b, allowed)
            # where both may, the exclusive or swaps them; elsewhere it is 0 and changes nothing
            swap = (of_a ^ of_b) * allowed
            carried[a], carried[b] = of_a ^ swap, of_b ^ swap


Places = Indices | slice


def _slices(start: Indices, size: Accounts, shift: Accounts) -> Iterator[tuple[Places, Places]]:
    """Match the places up to the shift end to end, and so those behind it."""
    for first, many, by in zip(start.tolist(), size.tolist(), shift.tolist(), strict=True):
        for low, high in ((first, first + by), (first + by + 1, first + many - 1)):
            half = (high - low + 1) // 2
            if half > 0:
                yield slice(low, low + half), slice(high, high - half, -1)


def _gathered(start: Indices, size: Accounts, shift: Accounts) -> Iterator[tuple[Places, Places]]:
    """Give the same pairs for all groups at once."""
    at = np.arange(int(size.sum()))
    other = np.repeat(2 * start + shift, size) - at
    other += np.repeat(size, size) * (other < np.repeat(start, size))
    a = np.flatnonzero(at < other)
    yield a, other[a]


def _same_blocks(state: State, a: Places, b: Places, asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether the unordered pair of blocks stays; answered only where asked."""
    some = np.flatnonzero(asked)
    row_a, row_b = state.row[a][some], state.row[b][some]
    column_a, column_b = (state.column.take(state.carried[side][some]) for side in (a, b))
    was_a, was_b = state.code.take(row_a + column_a), state.code.take(row_b + column_b)
    is_a, is_b = state.code.take(row_a + column_b), state.code.take(row_b + column_a)
    same = np.zeros(len(asked), dtype=np.bool_)
    same[some] = ((is_a == was_a) & (is_b == was_b)) | ((is_a == was_b) & (is_b == was_a))
    return same
