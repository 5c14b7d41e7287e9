"""How long each slide stays: what its notes take to say, stretched to the planned minutes."""

from collections.abc import Sequence

CHARACTERS_A_SECOND = 13.0
"""How fast notes are read aloud: about 150 English words a minute, as many letters in Finnish."""
LOOKING_S = 8.0
"""What a slide takes beside its notes: it is turned, looked at and left."""


def spoken_s(notes: Sequence[str]) -> tuple[float, ...]:
    """Give the seconds that each slide takes as it is written.

    Parameters
    ----------
    notes
        The speaker's notes, one text a slide; empty where there are none.

    Returns
    -------
    tuple of float
        Seconds, one a slide.
    """
    return tuple(LOOKING_S + len(" ".join(text.split())) / CHARACTERS_A_SECOND for text in notes)


def planned_s(notes: Sequence[str], minutes: int) -> tuple[int, ...]:
    """Share out the planned minutes among the slides as their notes ask for.

    Parameters
    ----------
    notes
        The speaker's notes, one text a slide.
    minutes
        The planned length.

    Returns
    -------
    tuple of int
        Whole seconds, one a slide, that add up to the minutes.

    Examples
    --------
    >>> planned_s(["", "x" * 104], 1)
    (20, 40)
    """
    spoken = spoken_s(notes)
    total, whole = sum(spoken), 60 * minutes
    # cut at rounded running sums: nothing is lost or added by rounding
    ends = [round(whole * sum(spoken[: n + 1]) / total) for n in range(len(spoken))]
    return tuple(end - begin for begin, end in zip([0, *ends], ends, strict=False))
