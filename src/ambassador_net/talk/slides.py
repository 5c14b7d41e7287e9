"""From a notebook's cells to slides: which cells belong together, in which role, in one language.

A cell says by its metadata what it is. ``slideshow.slide_type``: ``slide`` (or ``subslide``) begins a slide,
``fragment`` appears at a key press, ``notes`` is for the speaker only, ``skip`` is left out. Tags:
``lang-fi`` and its like (the cell is for that language only), one of :data:`KINDS` (how the slide looks),
``source`` (the line at the foot), ``show-code`` (the only way a cell's code is seen).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ambassador_net.errors import TalkError

if TYPE_CHECKING:
    from nbformat import NotebookNode

Role = Literal["body", "notes", "source"]

KINDS = ("title", "saying", "guess", "finding", "board", "monday", "sure")
"""The kinds of slide; a slide without such a tag is a ``finding``."""

_ROLES: dict[Role, str] = {"body": "text or figures", "notes": "speaker notes", "source": "a source line"}


@dataclass(frozen=True)
class Piece:
    """One cell's part of a slide.

    Attributes
    ----------
    cell
        Number of the cell in its notebook, counted from 1.
    node
        The cell.
    role
        ``"body"`` on the slide, ``"notes"`` for the speaker, ``"source"`` at the foot.
    fragment
        Whether it appears only at a key press.
    show_code
        Whether the code is shown above what it gave.
    """

    cell: int
    node: "NotebookNode"
    role: Role
    fragment: bool
    show_code: bool


@dataclass(frozen=True)
class Slide:
    """What one slide shows and what the speaker reads while it is shown.

    Attributes
    ----------
    cell
        Number of the cell it begins with, counted from 1.
    kind
        One of :data:`KINDS`.
    pieces
        Its parts in order.
    """

    cell: int
    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class _Cell:
    piece: Piece
    starts: bool
    kind: str | None
    languages: frozenset[str]


def arrange(notebook: "NotebookNode", language: str) -> tuple[Slide, ...]:
    """Cut a notebook into slides and keep one language.

    Parameters
    ----------
    notebook
        A notebook with its outputs.
    language
        Cells tagged with other languages only are dropped.

    Returns
    -------
    tuple of Slide
        In the order of the notebook. Cells that show nothing are left out.

    Raises
    ------
    TalkError
        If a slide speaks some language but not this one, or a cell cannot be shown in a deck.
    """
    groups: list[list[_Cell]] = []
    for cell in _visible(notebook):
        if not groups or (cell.starts and not _translates(cell, groups[-1])):
            groups.append([])
        groups[-1].append(cell)
    return tuple(_slide(group, language) for group in groups)


def _visible(notebook: "NotebookNode") -> Iterable[_Cell]:
    starts_next = False
    for number, node in enumerate(notebook.cells, 1):
        slide_type = node.metadata.get("slideshow", {}).get("slide_type", "-")
        tags = node.metadata.get("tags", [])
        if slide_type == "skip":
            continue
        starts = starts_next or slide_type in ("slide", "subslide")
        if not _shows(node, number) and "show-code" not in tags:
            # a slide may begin with a cell that only computes
            starts_next = starts
            continue
        starts_next = False
        role: Role = "notes" if slide_type == "notes" else "source" if "source" in tags else "body"
        yield _Cell(
            piece=Piece(number, node, role, slide_type == "fragment", "show-code" in tags),
            starts=starts,
            kind=next((tag for tag in tags if tag in KINDS), None),
            languages=frozenset(tag.removeprefix("lang-") for tag in tags if tag.startswith("lang-")),
        )


def _shows(node: "NotebookNode", number: int) -> bool:
    if node.cell_type == "markdown":
        return bool(node.source.strip())
    if node.cell_type != "code":
        return False
    for output in node.outputs:
        if output.output_type == "error":
            raise TalkError(f"cell {number} ended with {output.ename}; run the notebook without errors before export")
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
            raise TalkError(
                f"cell {number} shows a widget, which needs a kernel; in a talk show a figure, "
                "or give the cell the slide type skip"
            )
    # warnings and logs belong to the one who runs the notebook, never on the wall
    return any(output.get("name") != "stderr" for output in node.outputs)


def _translates(cell: _Cell, group: list[_Cell]) -> bool:
    """Tell whether a starting cell is the slide before it said in another language."""
    return bool(cell.languages) and all(other.languages and not other.languages & cell.languages for other in group)


def _slide(group: list[_Cell], language: str) -> Slide:
    first = group[0].piece.cell
    for role, what in _ROLES.items():
        spoken = frozenset().union(*(c.languages for c in group if c.piece.role == role))
        if spoken and language not in spoken:
            raise TalkError(
                f"the slide that begins with cell {first} has {what} in {', '.join(sorted(spoken))} "
                f"but not in {language}; add a cell tagged lang-{language}"
            )
    return Slide(
        cell=first,
        kind=next((c.kind for c in group if c.kind), "finding"),
        pieces=tuple(c.piece for c in group if not c.languages or language in c.languages),
    )
