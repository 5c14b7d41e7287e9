"""The statements of the SQL files, and which of them a table needs."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

Statement = tuple[str, str]

_READS = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")


@cache
def statements(*files: str) -> tuple[Statement, ...]:
    """Read statements in their order.

    Parameters
    ----------
    *files
        Names of SQL files beside this one; a later file may read what an earlier one makes.

    Returns
    -------
    tuple of (str, str)
        Names and texts.
    """
    texts = [resources.files("ambassador_net.reduction").joinpath(file).read_text("utf-8") for file in files]
    parts = [part.split("\n", 1) for text in texts for part in text.split("-- name: ")[1:]]
    return tuple((name.strip(), body.strip()) for name, body in parts)


def reads(text: str) -> set[str]:
    """Name the tables that a statement reads.

    Parameters
    ----------
    text
        The statement.

    Returns
    -------
    set of str
        Names after ``FROM`` and ``JOIN``.
    """
    return set(_READS.findall(re.sub(r"--.*", "", text)))


def needed(plan: Sequence[Statement], wanted: Iterable[str]) -> tuple[Statement, ...]:
    """Leave out of a plan what nobody asked for.

    Parameters
    ----------
    plan
        Statements in order.
    wanted
        Names of the tables that are brought back.

    Returns
    -------
    tuple of (str, str)
        The statements that these tables rest on, in order.
    """
    names, kept = set(wanted), []
    for name, text in reversed(plan):
        if name in names:
            kept.append((name, text))
            names |= reads(text)
    return tuple(reversed(kept))
