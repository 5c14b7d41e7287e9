"""What a visitor may choose: closed lists, so that whatever a page sends is either one of these or put back.

Light on purpose: a kernel that only looks answers up opens nothing else of this package.
"""

from collections.abc import Mapping
from typing import Any

WHOLE_STUDY = -1
"""The choice of the whole study where a house could be chosen."""

_TIMES_ABOVE_ONE = (2.0, 3.0, 5.0, 8.0, 12.0, 24.0, 50.0)
TIMES_STEPS = (*(1 / times for times in reversed(_TIMES_ABOVE_ONE)), 1.0, *_TIMES_ABOVE_ONE)
"""Places of the scale of the second guess; a guess is the index of one. The same steps on both sides of 1."""

TAUS_H = (24, 48, 168)
"""Hours within which a share counts as an answer; the method's are 48."""
METHOD_TAU_H = 48

ALL_CHANNELS = ""

KS = (5, 10, 20, 30, 50)
"""Fewest people of a house that is shown by itself: upward only."""

GUESSES: Mapping[str, int] = {"mutual": 101, "times": len(TIMES_STEPS)}
"""How many values each guess has, from 0."""


def keys(asked: Mapping[str, Any]) -> dict[str, str]:
    """Say under which keys the answers of a live kernel stand.

    Parameters
    ----------
    asked
        One value for each choice: ``tau_h``, ``channel``, ``k``, ``people``, ``weeks`` and ``returns``.

    Returns
    -------
    dict
        A key each for ``tests``, ``houses`` and ``power``.
    """
    parts = {"tests": ("tau_h", "channel", "k"), "houses": ("k",), "power": ("people", "weeks", "returns")}
    return {part: " ".join([part, *(str(asked[name]) for name in names)]) for part, names in parts.items()}
