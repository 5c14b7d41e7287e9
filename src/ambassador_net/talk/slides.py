"""From a notebook's cells to slides: which cells belong together, in which role, in one language.

A cell says by its metadata what it is. ``slideshow.slide_type``: ``slide`` (or ``subslide``) begins a slide,
``fragment`` appears at a key press, ``notes`` is for the speaker only, ``skip`` is left out. Tags:
``lang-fi`` and its like (the cell is for that language only), one of :data:`KINDS` (how the slide looks),
``source`` (the line at the foot), ``show-code`` (the only way a cell's code is seen), ``show-error`` (the only
way an error is).

A notebook whose cells begin no slide is cut at its headings of the first and second level.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from ambassador_net.errors import TalkError
from ambassador_net.talk.remarks import Remarks

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
    show_error
        Whether an error is shown.
    """

    cell: int
    node: "NotebookNode"
    role: Role
    fragment: bool
    show_code: bool
    show_error: bool


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
    cut
        Whether it was cut at a heading, not by its author; then it may go on on a further slide.
    """

    cell: int
    kind: str
    pieces: tuple[Piece, ...]
    cut: bool


@dataclass(frozen=True)
class _Cell:
    piece: Piece
    starts: bool
    kind: str | None
    languages: frozenset[str]


def arrange(notebook: "NotebookNode", language: str, remarks: Remarks) -> tuple[Slide, ...]:
    """Cut a notebook into slides and keep one language.

    Parameters
    ----------
    notebook
        A notebook with its outputs.
    language
        Cells tagged with other languages only are dropped.
    remarks
        Where it is said what is left out.

    Returns
    -------
    tuple of Slide
        In the order of the notebook. Cells that show nothing are left out.

    Raises
    ------
    TalkError
        If a slide speaks some language but not this one.
    """
    cut = not any(_slide_type(node) in _BEGINS for node in notebook.cells)
    groups: list[list[_Cell]] = []
    for cell in _visible(notebook, remarks, cut=cut):
        if not groups or (cell.starts and not _translates(cell, groups[-1])):
            groups.append([])
        groups[-1].append(cell)
    return tuple(_slide(group, language, cut=cut) for group in groups)


_BEGINS = ("slide", "subslide")


def _slide_type(node: "NotebookNode") -> str:
    slideshow = node.metadata.get("slideshow")
    found = slideshow.get("slide_type") if isinstance(slideshow, dict) else None
    return found if isinstance(found, str) else "-"


def _visible(notebook: "NotebookNode", remarks: Remarks, *, cut: bool) -> Iterable[_Cell]:
    starts_next = False
    for number, whole in enumerate(notebook.cells, 1):
        slide_type = _slide_type(whole)
        tags = [tag for tag in whole.metadata.get("tags") or [] if isinstance(tag, str)]
        if slide_type == "skip":
            continue
        role: Role = "notes" if slide_type == "notes" else "source" if "source" in tags else "body"
        for node, headed in _parts(whole) if cut and role == "body" else [(whole, False)]:
            starts = starts_next or headed or slide_type in _BEGINS
            if not _shows(node, number, tags, remarks) and "show-code" not in tags:
                # a slide may begin with a cell that only computes
                starts_next = starts
                continue
            starts_next = False
            yield _Cell(
                piece=Piece(number, node, role, slide_type == "fragment", "show-code" in tags, "show-error" in tags),
                starts=starts,
                kind=next((tag for tag in tags if tag in KINDS), None),
                languages=frozenset(tag.removeprefix("lang-") for tag in tags if tag.startswith("lang-")),
            )


def _shows(node: "NotebookNode", number: int, tags: list[str], remarks: Remarks) -> bool:
    if node.cell_type == "markdown":
        return bool(node.source.strip())
    if node.cell_type != "code":
        return False
    shown = False
    for output in node.outputs:
        if output.output_type == "error":
            if "show-error" in tags:
                shown = True
            else:
                remarks.add(
                    number,
                    f"ended with {output.ename}, which is left out; run the notebook without errors before export, "
                    "or tag the cell show-error",
                )
        else:
            # warnings and logs belong to the one who runs the notebook, never on the wall
            shown = shown or output.get("name") != "stderr"
    return shown


_HEADING = re.compile(
    r" {0,3}#{1,2}(?!#)\s*\S| {0,3}(?:<(?:center|div|a|span|font)\b[^>]*>\s*)*<h[12]\b", re.IGNORECASE
)
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_VERBATIM = re.compile(r" {0,3}(?:<(pre|script|style|textarea)\b|(<!--))", re.IGNORECASE)
_DEFINITION = re.compile(r" {0,3}\[[^\]\n]+\]:\s*\S+.*$")
_NO_TITLE = re.compile(r" {0,3}(?:[#>|]|[-*+]\s|\d+[.)]\s|$)| {4}")


def _parts(node: "NotebookNode") -> list[tuple["NotebookNode", bool]]:
    """Cut a Markdown cell before its headings of the first two levels; no line is lost.

    Returns
    -------
    list of (NotebookNode, bool)
        The parts, and whether each begins with such a heading.
    """
    if node.cell_type != "markdown":
        return [(node, False)]
    lines = node.source.splitlines()
    starts = list(_heading_lines(lines))
    edges = sorted({0, *starts, len(lines)})
    # where an address is defined once, every part may name it
    definitions = [line for line in lines if _DEFINITION.match(line)]
    parts = []
    for begin, end in pairwise(edges):
        source = "\n".join(lines[begin:end])
        if len(edges) > 2 and definitions:
            source += "\n\n" + "\n".join(line for line in definitions if line not in lines[begin:end])
        part = type(node)(node)
        part["source"] = source
        if "\n".join(lines[begin:end]).strip():
            parts.append((part, begin in starts))
    return parts or [(node, False)]


def _heading_lines(lines: list[str]) -> Iterator[int]:
    """Give the lines that begin a slide; none inside code, formulas or comments is taken for one."""
    fence, until = "", None
    for number, line in enumerate(lines):
        if until:
            if until in line.lower():
                until = None
            continue
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if found:
            fence = found[1]
            continue
        if verbatim := _VERBATIM.match(line):
            ends = "-->" if verbatim[2] else f"</{verbatim[1].lower()}"
            until = None if ends in line.lower() else ends
            continue
        if line.count("$$") % 2:
            until = "$$"
            continue
        if _HEADING.match(line):
            yield number
        elif (
            number
            and _UNDERLINE.match(line)
            and not _NO_TITLE.match(lines[number - 1])
            and (number == 1 or not lines[number - 2].strip())
        ):
            # a title underlined by = or -
            yield number - 1


def _translates(cell: _Cell, group: list[_Cell]) -> bool:
    """Tell whether a starting cell is the slide before it said in another language."""
    return bool(cell.languages) and all(other.languages and not other.languages & cell.languages for other in group)


def _slide(group: list[_Cell], language: str, *, cut: bool) -> Slide:
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
        cut=cut,
    )
