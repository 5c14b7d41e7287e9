"""From an interval to an answer."""

from types import MappingProxyType

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.verdict import Answer
from ambassador_net.claims.answer import ALPHA, Estimate, Finding


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


def beyond_chance(p: float | None, interval: tuple[float, float] | None, *, nothing: float, margin: float) -> Answer:
    """Judge an exploration by a test and an interval.

    Parameters
    ----------
    p
        P-value of its test.
    interval
        95 % interval of its effect.
    nothing
        The effect where there is none: 1 for a ratio, 0 for a correlation.
    margin
        The smallest effect worth speaking of, fixed beforehand.

    Returns
    -------
    str
        ``"supported"`` if p is at most .05 and the whole interval above nothing, ``"not_supported"`` if the whole
        interval is below the margin, else ``"cannot_tell"``; also where there is no test or no interval.
    """
    if p is None or interval is None:
        return "cannot_tell"
    low, high = interval
    if p <= ALPHA and low > nothing:
        return "supported"
    return "not_supported" if high < margin else "cannot_tell"


_REASONS: dict[Answer, str] = {
    "supported": "the interval lies at or above the threshold",
    "not_supported": "the interval lies below the threshold",
    "cannot_tell": "the interval holds the threshold",
}


def held_against(effect: Estimate, threshold: float, *others: Estimate) -> Finding:
    """Judge an effect by its interval alone.

    Parameters
    ----------
    effect
        What the saying is about.
    threshold
        What it is held against, fixed beforehand.
    *others
        Numbers that stand beside it.

    Returns
    -------
    Finding
        With the verdict of :func:`at_least`; cannot tell, with the estimate's own reason, where it has no interval.
    """
    answer = at_least(effect, threshold)
    reason = _REASONS[answer] if effect.interval is not None else effect.why or "needs more organisations"
    shown = 100 * threshold if effect.unit == "share" else threshold
    numbers = MappingProxyType({"threshold": shown, "per_cent": " %" if effect.unit == "share" else ""})
    return Finding(Verdict(answer, (reason,), numbers=numbers, words="claims"), (effect, *others), threshold)
