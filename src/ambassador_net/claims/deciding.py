"""From an interval to an answer."""

from ambassador_net.amplification.verdict import Answer
from ambassador_net.claims.answer import Estimate


def at_least(effect: Estimate, threshold: float) -> Answer:
    """Judge whether an effect is at least as large as a threshold.

    Parameters
    ----------
    effect
        With its 95 % interval.
    threshold
        What it is held against, fixed beforehand.

    Returns
    -------
    str
        ``"supported"`` if the whole interval is at or above the threshold, ``"not_supported"`` if it is below, else
        ``"cannot_tell"``; also where there is no interval.

    Notes
    -----
    Method 2h and 2i: non-inferiority and superiority by confidence interval, one-sided both ways; each side errs in
    2.5 of 100 where the interval covers 95.

    Examples
    --------
    >>> at_least(Estimate("ratio", 0.8, "times", (0.3, 2.5)), 2)
    'cannot_tell'
    >>> at_least(Estimate("ratio", 0.8, "times", (0.3, 2.5)), 8)
    'not_supported'
    """
    if effect.value is None or effect.interval is None:
        return "cannot_tell"
    low, high = effect.interval
    if low >= threshold:
        return "supported"
    return "not_supported" if high < threshold else "cannot_tell"
