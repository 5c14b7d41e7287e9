"""The twin of :func:`ambassador_net.nulls.exchanges.exchange` that numba compiles; used where numba is installed."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ambassador_net.nulls.exchanges import Accounts, Bits, Exchange, Groups, State, exchange


def fastest() -> Exchange:
    """Give the compiled exchange where numba is installed, and the one in numpy elsewhere.

    Returns
    -------
    Callable
        Both give the same numbers from the same random numbers.
    """
    return exchange if find_spec("numba") is None else compiled_exchange


def compiled_exchange(state: State, groups: Groups, shifts: Accounts, coins: Bits) -> None:
    """Exchange sources in place; as :func:`ambassador_net.nulls.exchanges.exchange`.

    Parameters
    ----------
    state
        The shares; ``carried`` changes.
    groups
        What is matched with what.
    shifts
        Shape (matchings, groups).
    coins
        Shape (matchings, m or a little more).
    """
    place = np.arange(len(state.carried)) if groups.place is None else groups.place
    _loop()(
        state.carried, state.sharer_is, state.identity, place, groups.size, shifts, coins,
        state.row, state.column, state.code,
    )  # fmt: skip


@cache
def _loop() -> Any:
    # opening numba takes half a second; only a shuffle pays for it
    return import_module("numba").njit(cache=True)(_exchange_one_by_one)


def _exchange_one_by_one(
    carried: Any, sharer_is: Any, identity: Any, place: Any, size: Any, shifts: Any, coins: Any,
    row: Any, column: Any, code: Any,
) -> None:  # fmt: skip
    for matching in range(len(shifts)):
        start = 0
        for group in range(len(size)):
            shift, many = shifts[matching, group], size[group]
            # the places up to the shift are matched end to end, and so are those behind it
            for part in range(2):
                low = start if part == 0 else start + shift + 1
                high = start + shift if part == 0 else start + many - 1
                for step in range((high - low + 1) // 2):
                    a, b = place[low + step], place[high - step]
                    of_a, of_b = carried[a], carried[b]
                    # no branch on what is as good as a coin: the processor would guess wrong every other time
                    swap = (
                        (coins[matching, low + step] != 0)
                        & (sharer_is[a] != identity[of_b])
                        & (sharer_is[b] != identity[of_a])
                    )
                    if len(code) > 0 and swap:
                        was_a, was_b = code[row[a] + column[of_a]], code[row[b] + column[of_b]]
                        is_a, is_b = code[row[a] + column[of_b]], code[row[b] + column[of_a]]
                        swap = (is_a == was_a and is_b == was_b) or (is_a == was_b and is_b == was_a)
                    carried[a], carried[b] = (of_b, of_a) if swap else (of_a, of_b)
            start += many
