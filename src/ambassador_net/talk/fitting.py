"""Too much for one slide goes on on the next: where a notebook is cut at its headings, nothing of it is lost.

Heights are estimated from what is written, on the careful side; the deck's script makes what is still too tall
or too wide smaller when it is shown.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ambassador_net.talk.cleaning import Element, Node, text_of
from ambassador_net.talk.markup import Written
from ambassador_net.talk.pictures import size_of

# The slide of 1280 x 720 of the theme, between the head's and the foot's edges; some px are kept for surprises.
WIDTH = 1104
HEIGHT = 584 - 24
TALLEST_PICTURE = 400

_LINE = 35.4
_LETTERS = 74
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "br",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "input",
        "button",
        "select",
    ]
)


@dataclass
class Part:
    """What one slide shows of a slide that was cut.

    Attributes
    ----------
    number
        1 for the first, 2 for the one it goes on on.
    pieces
        What it shows, each piece as a whole or in part.
    """

    number: int
    pieces: list[Written] = field(default_factory=list)


def spread(pieces: Iterable[Written]) -> list[Part]:
    """Spread the pieces of a slide over as many slides as they need.

    Parameters
    ----------
    pieces
        The pieces of one slide in order.

    Returns
    -------
    list of Part
        At least one. The title is repeated on each; notes and source lines stay with the first.
    """
    parts = [Part(1)]
    title, heading = None, 0.0
    used = 0.0
    aside = []
    for piece in pieces:
        if piece.piece.role != "body":
            aside.append(piece)
            continue
        blocks = [block for whole in _blocks(piece.nodes) for block in _smaller(whole)]
        for place, block in enumerate(blocks):
            if title is None and (found := _title_in(block)):
                title, heading = found, _height(found)
            height = _height(block)
            # a heading never stays behind alone
            needed = height + (_height(blocks[place + 1]) if _is_heading(block) and place + 1 < len(blocks) else 0)
            if used + min(needed, HEIGHT - heading) > HEIGHT and used > heading:
                parts.append(Part(len(parts) + 1))
                used = 0.0
                if title is not None:
                    again = _again(title)
                    again.children.append(f" ({len(parts)})")
                    parts[-1].pieces.append(Written(piece.piece, [again]))
                    used = heading
            here = parts[-1].pieces
            # the repeated title stands by itself, so that it is not made smaller with what is below it
            if not here or here[-1].piece is not piece.piece or (used == heading and len(parts) > 1 and len(here) == 1):
                here.append(Written(piece.piece, []))
            here[-1].nodes.append(block)
            used += height
    parts[0].pieces += aside
    return parts


def title_of(parts: Iterable[Written]) -> str:
    """Give the title of a slide.

    Parameters
    ----------
    parts
        Its pieces.

    Returns
    -------
    str
        The title; empty if it has none.
    """
    bodies = (node for piece in parts if piece.piece.role == "body" for node in piece.nodes)
    found = next(filter(None, map(_title_in, bodies)), None)
    return text_of(found).strip() if found else ""


def _title_in(node: Node) -> Element | None:
    found = node.all() if isinstance(node, Element) else iter(())
    return next((element for element in found if element.tag in ("h1", "h2")), None)


def _again(element: Element) -> Element:
    """Give an element a second time; an id stands only once."""
    children = [child if isinstance(child, str) else _again(child) for child in element.children]
    return Element(element.tag, _without_id(element, first=False), children)


def _is_heading(node: Node) -> bool:
    return isinstance(node, Element) and bool(re.fullmatch("h[1-6]", node.tag))


def _blocks(nodes: list[Node]) -> list[Node]:
    """Give what stands below each other; words that belong together stay together."""
    blocks: list[Node] = []
    run: list[Node] = []

    def close() -> None:
        if any(not isinstance(node, str) or node.strip() for node in run):
            blocks.append(run[0] if len(run) == 1 and isinstance(run[0], Element) else Element("div", {}, list(run)))
        run.clear()

    for node in nodes:
        if isinstance(node, Element) and node.tag not in _INLINE and node.tag not in ("img", "svg"):
            close()
            inside = [child for child in node.children if not isinstance(child, str) or child.strip()]
            if node.tag == "div" and not node.attributes.keys() - {"align"} and not any(map(_is_words, inside)):
                # a box that only holds others
                blocks += _blocks(node.children)
            else:
                blocks.append(node)
        elif isinstance(node, Element) and node.tag in ("img", "svg") and not run:
            blocks.append(node)
        else:
            run.append(node)
    close()
    return blocks


def _is_words(node: Node) -> bool:
    return isinstance(node, str) or node.tag in _INLINE


def _smaller(block: Node) -> list[Node]:
    """Cut a block that no slide could hold: a table between rows, a list between items, code between lines."""
    room = HEIGHT - 110
    if not isinstance(block, Element) or _height(block) <= room:
        return [block]
    if block.tag == "table":
        return _rows(block, room)
    if block.tag in ("ul", "ol"):
        return _items(block, room)
    if block.tag == "pre":
        return _lines(block)
    if block.tag in ("div", "blockquote") and any(not _is_words(child) for child in block.children):
        return [
            replace(block, children=[small], attributes=_without_id(block, first=place == 0))
            for place, small in enumerate(s for inner in _blocks(block.children) for s in _smaller(inner))
        ]
    if block.tag == "p":
        return _sentences(block, room)
    return [block]


def _without_id(element: Element, *, first: bool) -> dict[str, str]:
    return {name: value for name, value in element.attributes.items() if first or name != "id"}


def _grouped(items: Iterable[Node], room: float) -> list[list[Node]]:
    groups: list[list[Node]] = [[]]
    used = 0.0
    for item in items:
        tall = 0.0 if isinstance(item, str) else _item_height(item)
        if used + tall > room and any(isinstance(node, Element) for node in groups[-1]):
            groups.append([])
            used = 0.0
        groups[-1].append(item)
        used += tall
    return groups


def _rows(table: Element, room: float) -> list[Node]:
    heads = [
        node for node in table.children if isinstance(node, Element) and node.tag in ("thead", "colgroup", "caption")
    ]
    rows = [
        row
        for node in table.children
        if isinstance(node, Element) and node.tag in ("tbody", "tfoot", "tr")
        for row in ([node] if node.tag == "tr" else node.children)
        if isinstance(row, Element)
    ]
    if len(rows) < 2:
        return [table]
    scale = _table_scale(table)
    columns = _columns(table)
    top = sum(_row_height(row, columns) for head in heads for row in head.all() if row.tag == "tr") * scale
    groups: list[list[Node]] = [[]]
    used, spanned = 0.0, 0
    for row in rows:
        tall = _row_height(row, columns) * scale
        # never through a cell that reaches over several rows
        if used + tall > room - top - 24 and groups[-1] and spanned <= 0:
            groups.append([])
            used = 0.0
        groups[-1].append(row)
        used += tall
        spans = [cell.attributes.get("rowspan", "") for cell in _cells(row)]
        spanned = max(spanned - 1, *(int(span) - 1 for span in spans if span.isdecimal()), 0)
    return [
        replace(
            table,
            attributes=_without_id(table, first=place == 0),
            children=[*heads, Element("tbody", {}, list(group))],
        )
        for place, group in enumerate(groups)
    ]


def _items(whole: Element, room: float) -> list[Node]:
    found: list[Node] = []
    number = int(whole.attributes["start"]) if whole.attributes.get("start", "").isdigit() else 1
    for place, group in enumerate(_grouped(whole.children, room)):
        attributes = _without_id(whole, first=place == 0)
        if whole.tag == "ol":
            attributes["start"] = str(number)
            number += sum(isinstance(node, Element) for node in group)
        if any(isinstance(node, Element) for node in group):
            found.append(replace(whole, attributes=attributes, children=group))
    return found


def _lines(block: Element) -> list[Node]:
    inner = block.children[0] if len(block.children) == 1 and isinstance(block.children[0], Element) else None
    if any(isinstance(child, Element) for child in (inner or block).children):
        return [block]
    lines = text_of(block).split("\n")
    parts: list[list[str]] = [[]]
    used = 0
    for line in lines:
        tall = max(1, math.ceil(len(line) / 88))
        if used + tall > 14 and parts[-1]:
            parts.append([])
            used = 0
        parts[-1].append(line)
        used += tall
    whole: list[Node] = []
    for place, part in enumerate(parts):
        text: list[Node] = ["\n".join(part)]
        whole.append(
            replace(
                block,
                attributes=_without_id(block, first=place == 0),
                children=[replace(inner, children=text)] if inner else text,
            )
        )
    return whole


def _sentences(block: Element, room: float) -> list[Node]:
    """Cut a long paragraph at the ends of sentences that stand in its own text."""
    pieces: list[Node] = []
    for child in block.children:
        pieces += re.split(r"(?<=[.!?])\s+", child) if isinstance(child, str) else [child]
    letters = room / _LINE * _LETTERS
    groups: list[list[Node]] = [[]]
    used = 0
    for piece in pieces:
        if used and used + len(text_of(piece)) > letters and isinstance(piece, str):
            groups.append([])
            used = 0
        if isinstance(piece, str) and groups[-1] and isinstance(groups[-1][-1], str):
            groups[-1][-1] += f" {piece}"
        else:
            groups[-1].append(piece)
        used += len(text_of(piece))
    return [
        replace(block, attributes=_without_id(block, first=place == 0), children=group)
        for place, group in enumerate(groups)
    ]


def _words(nodes: Iterable[Node], letters: float = _LETTERS) -> float:
    """Estimate the height of running words and what stands among them."""
    count, height, lines = 0, 0.0, 0
    for node in nodes:
        if isinstance(node, str):
            count += len(node)
        elif node.tag == "br":
            lines += max(1, math.ceil(count / letters))
            count = 0
        elif node.tag == "img" or (node.tag == "svg" and node.attributes.get("class") != "tex"):
            height += _height(node)
        elif node.tag == "svg":
            count += round(2 * _em(node, "width"))
            height += max(0.0, (_em(node, "height") - 1.3) * 26)
        elif node.tag == "span" and node.attributes.get("class") == "formula":
            height += sum(_em(child, "height") * 26 + 32 for child in node.children if isinstance(child, Element))
        elif node.tag in _INLINE:
            inner = _words(node.children, letters)
            count += len(text_of(node))
            height += max(0.0, inner - max(1, math.ceil(len(text_of(node)) / letters)) * _LINE)
        else:
            height += _height(node)
    return height + (lines + math.ceil(count / letters)) * _LINE


def _em(node: Element, name: str) -> float:
    found = re.fullmatch(r"([\d.]+)em", node.attributes.get(name, ""))
    return float(found[1]) if found else 1.0


def _height(node: Node) -> float:
    if isinstance(node, str):
        return math.ceil(len(node.strip()) / _LETTERS) * _LINE
    tag = node.tag
    if tag in ("h1", "h2"):
        return 30 + 58.3 * max(1, math.ceil(len(text_of(node)) / 38))
    if tag in ("h3", "h4", "h5", "h6"):
        return 8 + 36 * max(1, math.ceil(len(text_of(node)) / 64))
    if tag == "pre":
        return 18 + 28 * sum(max(1, math.ceil(len(line) / 88)) for line in text_of(node).rstrip("\n").split("\n"))
    if tag in ("img", "svg"):
        return _picture_height(node)
    if tag == "table":
        return _table_height(node)
    if tag in ("ul", "ol"):
        return 18 + sum(_item_height(child) for child in node.children if isinstance(child, Element))
    if tag == "p":
        return 18 + _words(node.children)
    if tag == "hr":
        return 36
    blocks = _blocks(node.children)
    if len(blocks) == 1 and isinstance(blocks[0], Element) and blocks[0].tag == "div" and not blocks[0].attributes:
        return _words(node.children)
    return sum(map(_height, blocks))


def _item_height(item: Element) -> float:
    inside = [child for child in item.children if not isinstance(child, str) or child.strip()]
    words = [
        child for child in inside if _is_words(child) or (isinstance(child, Element) and child.tag in ("img", "svg"))
    ]
    return 12 + _words(words, _LETTERS - 4) + sum(_height(child) for child in inside if child not in words)


def _picture_height(node: Element) -> float:
    given = node.attributes
    box = re.fullmatch(r"\s*-?[\d.]+[\s,]+-?[\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*", given.get("viewBox", ""))
    size = (float(box[1]), float(box[2])) if box else size_of(given.get("src", ""))
    if size and all(size):
        return min(TALLEST_PICTURE, size[1] * min(1.0, WIDTH / size[0])) + 8
    return TALLEST_PICTURE + 8


def _columns(table: Element) -> int:
    rows = (element for element in table.all() if element.tag == "tr")
    return max((len(_cells(row)) for row in rows), default=1)


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row.children if isinstance(cell, Element)]


def _table_height(table: Element) -> float:
    columns = _columns(table)
    rows = (element for element in table.all() if element.tag == "tr")
    return 24 + _table_scale(table) * sum(_row_height(row, columns) for row in rows)


def _table_scale(table: Element) -> float:
    """How much smaller the deck's script will show a table that is too wide: numbers are not broken."""
    widths: dict[int, int] = {}
    for row in (element for element in table.all() if element.tag == "tr"):
        for place, cell in enumerate(_cells(row)):
            longest = max((len(word) for word in text_of(cell).split()), default=1)
            widths[place] = max(widths.get(place, 1), longest if cell.tag == "td" else 1)
    return min(1.0, WIDTH / (sum(width * 10.5 + 24 for width in widths.values()) or 1))


def _row_height(row: Element, columns: int) -> float:
    letters = max(6.0, (WIDTH / max(1, columns) - 24) / 10)
    lines = max((_words(cell.children, letters) / _LINE for cell in _cells(row)), default=1)
    return 16 + 27.2 * max(1.0, lines)
