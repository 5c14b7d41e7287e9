"""How many kernels this machine can hold."""

from pathlib import Path

import psutil

FORKED_MB = 60
"""What a forked kernel with its drawing needs of its own: 54 MB were measured."""

ORDINARY_MB = 160
"""What a kernel started the ordinary way needs: 158 MB were measured."""

RESERVE_MB = 1024
"""What is left for the server, the browser of the speaker and the rest."""

_CGROUP = Path("/sys/fs/cgroup")


def places_here(*, megabytes_each: float = FORKED_MB, reserve_mb: float = RESERVE_MB) -> int:
    """Count the kernels for which there is memory.

    Parameters
    ----------
    megabytes_each
        What one kernel needs.
    reserve_mb
        What is left alone.

    Returns
    -------
    int
        At least one: with less, nothing could be shown at all.

    Examples
    --------
    >>> places_here(megabytes_each=60) >= places_here(megabytes_each=160) >= 1
    True
    """
    return max(1, int((free_mb() - reserve_mb) // megabytes_each))


def free_mb(cgroup: Path = _CGROUP) -> float:
    """Give the memory that is free, within the limit of the container if there is one.

    Parameters
    ----------
    cgroup
        Where Linux says the limit.

    Returns
    -------
    float
        In megabytes of a million bytes.
    """
    free = psutil.virtual_memory().available
    try:
        most, used = ((cgroup / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        if most != "max":
            free = min(free, int(most) - int(used))
    except (OSError, ValueError):
        # no Linux, no container, or an older one
        pass
    return float(max(free, 0)) / 1e6
