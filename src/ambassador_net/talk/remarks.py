"""What a build has to say about a notebook: what was left out or shown otherwise, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """One thing that the deck does not show as the notebook had it.

    Attributes
    ----------
    cell
        Number of the cell, counted from 1.
    text
        What was found and what to do.
    """

    cell: int
    text: str

    def __str__(self) -> str:
        return f"cell {self.cell} {self.text}"


class Remarks:
    """Collects what there is to say, each thing once and in the order it was met."""

    def __init__(self) -> None:
        self._said: dict[Remark, None] = {}

    def add(self, cell: int, text: str) -> None:
        """Say something about a cell.

        Parameters
        ----------
        cell
            Number of the cell, counted from 1.
        text
            What was found and what to do; it follows the words "cell 3".
        """
        self._said[Remark(cell, text)] = None

    @property
    def all(self) -> tuple[Remark, ...]:
        """Everything said so far."""
        return tuple(self._said)
