"""Made-up worlds for each saying, in which it is known whether it is true: what its test answers in them.

Each file lists the worlds of one saying in ``ROWS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ambassador_net.amplification.verdict import Answer


@dataclass(frozen=True)
class Asked:
    """What a test answered in one made-up world.

    Parameters
    ----------
    answer
        Supported, not supported or cannot tell.
    covers
        Whether the interval of the effect holds the true value; None where there is no interval.
    """

    answer: Answer
    covers: bool | None


@dataclass(frozen=True)
class Row:
    """Made-up worlds of one kind.

    Parameters
    ----------
    saying
        The saying that is asked.
    name
        What the worlds are like, in a few words.
    truth
        Whether the saying is true in them; ``"threshold"`` where the effect lies exactly at the threshold. Where
        "supported" and "not supported" have thresholds of their own, with a margin between, the saying is true at the
        end of the margin.
    ask
        Makes one world from a generator and asks the saying's test; can be pickled.
    """

    saying: str
    name: str
    truth: Literal["true", "false", "threshold"]
    ask: Callable[[np.random.Generator], Asked]
