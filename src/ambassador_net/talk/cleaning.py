"""The one pass through which everything a notebook shows goes before it stands on a slide.

nh3, the browser's way of reading HTML in Rust, keeps the elements and attributes of
:mod:`ambassador_net.talk.allowed`. What it kept becomes a small tree; the deck is written from the tree, and
writing escapes every text and every value, so that nothing can become an element on the way.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

from ambassador_net.talk import allowed
from ambassador_net.talk.remarks import Remarks
from ambassador_net.talk.styles import clean_declarations, clean_sheet, rename

_CASE = {name.lower(): name for name in (*allowed.SVG, *allowed.HTML, *allowed.ATTRIBUTES)}
_STYLE = re.compile(r"<style\b([^>]*)>(.*?)</style\s*>", re.IGNORECASE | re.DOTALL)
_PROLOG = re.compile(r"<\?xml\b.*?\?>|<!DOCTYPE\b[^>\[]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_POINTING = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details", "headers")
# deeper than anybody writes; every reader of the tree goes down by calling itself
_DEEPEST = 120
_RASTER = re.compile(r"^data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$")


@dataclass
class Element:
    """An element of a slide.

    Attributes
    ----------
    tag
        Its name.
    attributes
        Values by name, unescaped.
    children
        Elements and texts, unescaped.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def all(self) -> Iterator["Element"]:
        """Give the element and every element inside it, in order.

        Yields
        ------
        Element
            The next one.
        """
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.all()


Node = Element | str


def every(nodes: Iterable[Node]) -> Iterator[Element]:
    """Give every element of some nodes, in order.

    Parameters
    ----------
    nodes
        Elements and texts.

    Yields
    ------
    Element
        The next one.
    """
    for node in nodes:
        if isinstance(node, Element):
            yield from node.all()


def text_of(node: Node) -> str:
    """Give the text that a reader finds in a node.

    Parameters
    ----------
    node
        An element or a text.

    Returns
    -------
    str
        The text.
    """
    return node if isinstance(node, str) else "".join(map(text_of, node.children))


def write(nodes: Iterable[Node]) -> str:
    """Write nodes as HTML.

    Parameters
    ----------
    nodes
        Elements and texts.

    Returns
    -------
    str
        HTML, every text and every value escaped.

    Examples
    --------
    >>> write([Element("p", {"title": '"a"'}, ["R&D <b>"])])
    '<p title="&quot;a&quot;">R&amp;D &lt;b&gt;</p>'
    """
    parts: list[str] = []
    _write(nodes, parts, in_svg=False)
    return "".join(parts)


def _write(nodes: Iterable[Node], parts: list[str], *, in_svg: bool) -> None:
    for node in nodes:
        if isinstance(node, str):
            parts.append(escape(node, quote=False))
            continue
        given = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
        if in_svg and not node.children:
            parts.append(f"<{node.tag}{given}/>")
        elif node.tag in allowed.EMPTY:
            parts.append(f"<{node.tag}{given}>")
        else:
            parts.append(f"<{node.tag}{given}>")
            _write(node.children, parts, in_svg=in_svg or node.tag == "svg")
            parts.append(f"</{node.tag}>")


class _Tree(HTMLParser):
    """Reads what nh3 wrote; an element in the wrong language (HTML, SVG) is left out, its text is kept."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._root = Element("")
        self._open: list[tuple[str, Element]] = [("", self._root)]
        self._svg = 0
        self.feed(html)
        self.close()

    @property
    def nodes(self) -> list[Node]:
        return self._root.children

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = _CASE.get(tag, tag)
        self._svg += tag == "svg"
        parent = self._open[-1][1]
        element = Element(tag)
        if tag in (allowed.SVG if self._svg else allowed.HTML) and len(self._open) < _DEEPEST:
            for name, value in attrs:
                own = "href" if name == "xlink:href" else _CASE.get(name, name)
                if own in allowed.ATTRIBUTES or own.startswith("aria-"):
                    element.attributes.setdefault(own, value or "")
            parent.children.append(element)
        else:
            # what is inside goes to what it stood in
            element.children = parent.children
        if tag not in allowed.EMPTY:
            self._open.append((tag, element))

    def handle_endtag(self, tag: str) -> None:
        tag = _CASE.get(tag, tag)
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place][0] == tag:
                self._svg -= sum(name == "svg" for name, _ in self._open[place:])
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        inside = self._open[-1][1].children
        if inside and isinstance(inside[-1], str):
            inside[-1] += data
        else:
            inside.append(data)


def _attribute(element: str, name: str, value: str) -> str | None:
    """Look at one attribute that nh3 is about to keep."""
    if name == "style":
        return clean_declarations(value) or None
    if name in ("href", "xlink:href", "cite"):
        if element == "a":
            return value if _link(value) else None
        if element == "image":
            return value if _RASTER.match(value) else None
        return value if value.startswith("#") else None
    if name == "src":
        return value if element == "img" else None
    if "url(" in value.lower() and name not in ("alt", "title", "aria-label", "value", "placeholder", "label"):
        return clean_declarations(f"fill: {value}").removeprefix("fill: ") or None
    return value


def _link(address: str) -> bool:
    # browsers read an address without its control characters and outer spaces
    address = re.sub(r"[\x00-\x20]", "", address)
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return False
    return scheme.lower() in allowed.LINKS if scheme else ":" not in address.split("/")[0].split("#")[0]


_CLEANER = nh3.Cleaner(
    tags=set(allowed.HTML | allowed.SVG),
    clean_content_tags=set(allowed.WITH_CONTENT),
    attributes={"*": set(allowed.ATTRIBUTES)},
    attribute_filter=_attribute,
    generic_attribute_prefixes={"aria-"},
    strip_comments=True,
    link_rel=None,
    # pictures are looked at by themselves
    url_schemes={*allowed.LINKS, "data", "attachment", "file"},
)


_REFUSED = {
    "script": "a script",
    "iframe": "a frame",
    "object": "an embedded object",
    "embed": "an embedded object",
    "video": "a video",
    "audio": "a sound",
    "link": "a stylesheet or font",
    "math": "MathML",
}
_REFUSED_TAG = re.compile(rf"<({'|'.join(_REFUSED)})\b([^>]*)", re.IGNORECASE)
_SOURCE = re.compile(r"""\b(?:src|href|data)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)


def _refused(html: str) -> Iterator[str]:
    """Name what the pass leaves out, for the one who builds; what is left out does not depend on it."""
    for tag, given in _REFUSED_TAG.findall(html):
        source = _SOURCE.search(given)
        host = host_of(source[1]) if source else ""
        yield f"{_REFUSED[tag.lower()]}{f' from {host}' if host else ''}"


def host_of(address: str) -> str:
    """Give the host of a remote address.

    Parameters
    ----------
    address
        An address as it stands in an attribute.

    Returns
    -------
    str
        The host; empty if the address is not remote.

    Examples
    --------
    >>> host_of("https://example.org/a.png"), host_of("//example.org"), host_of("a.png")
    ('example.org', 'example.org', '')
    """
    try:
        return urlsplit(address.strip()).hostname or ""
    except ValueError:
        return "an address that cannot be read"


Picture = Callable[[Element], list[Node]]
"""Looks at a picture and gives what is shown in its place."""


class Cleaner:
    """Cleans what a notebook shows, piece by piece, and keeps the ids of one deck apart.

    Parameters
    ----------
    remarks
        Where it is said what was left out.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._ids: set[str] = set()
        self.sheets: dict[int, str] = {}
        """The style sheets by cell, each bound to what its cell shows."""

    def clean(self, html: str, *, cell: int, picture: Picture, styles: bool = True) -> list[Node]:
        """Clean some HTML.

        Parameters
        ----------
        html
            From the notebook.
        cell
            Number of its cell, counted from 1.
        picture
            Looks at each ``img``.
        styles
            Whether its style sheets are kept.

        Returns
        -------
        list of Node
            What may stand on a slide.
        """
        if "<" not in html:
            return [unescape(html)]
        for what in _refused(html):
            self._remarks.add(cell, f"holds {what}, which a deck leaves out; show a picture instead")
        sheets = [css for _, css in _STYLE.findall(html)]
        nodes = _Tree(_CLEANER.clean(_PROLOG.sub("", _STYLE.sub("", html)))).nodes
        ids = self._tell_apart(nodes)
        if styles:
            for css in filter(None, (clean_sheet(css, f".{scope(cell)}", ids) for css in sheets)):
                self.sheets[cell] = f"{self.sheets[cell]}\n{css}" if cell in self.sheets else css
        return _replace(nodes, "img", picture)

    def clean_drawing(self, svg: str) -> str:
        """Clean an SVG that stands in a file of its own.

        Parameters
        ----------
        svg
            The file.

        Returns
        -------
        str
            An SVG file; empty if there was no drawing in it.
        """
        sheets = [css for _, css in _STYLE.findall(svg)]
        nodes = _Tree(_CLEANER.clean(_PROLOG.sub("", _STYLE.sub("", svg)))).nodes
        root = next((element for element in every(nodes) if element.tag == "svg"), None)
        if root is None:
            return ""
        root.attributes["xmlns"] = "http://www.w3.org/2000/svg"
        css = "\n".join(filter(None, (clean_sheet(css, ":root", {}) for css in sheets)))
        if css:
            root.children.insert(0, Element("style", {}, [css]))
        return write([root])

    def _tell_apart(self, nodes: list[Node]) -> dict[str, str]:
        """Give every id one place in the deck, and let what points to it follow."""
        renamed: dict[str, str] = {}
        for element in every(nodes):
            old = element.attributes.get("id")
            if old is None:
                continue
            old = re.sub(r"\s", "", old)
            new, number = old, 1
            while not new or new in self._ids:
                number += 1
                new = f"{old or 'id'}-{number}"
            self._ids.add(new)
            renamed.setdefault(old, new)
            element.attributes["id"] = new
        if any(old != new for old, new in renamed.items()):
            for element in every(nodes):
                _follow(element, renamed)
        return renamed


def _follow(element: Element, renamed: dict[str, str]) -> None:
    for name, value in element.attributes.items():
        if name == "href" and value.startswith("#"):
            element.attributes[name] = f"#{renamed.get(value[1:], value[1:])}"
        elif name == "for":
            element.attributes[name] = renamed.get(value, value)
        elif name in _POINTING:
            element.attributes[name] = " ".join(renamed.get(word, word) for word in value.split())
        elif "url(" in value:
            element.attributes[name] = rename(value, renamed)


def _replace(nodes: list[Node], tag: str, look: Picture) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Element):
            if node.tag == tag:
                found += look(node)
                continue
            node.children = _replace(node.children, tag, look)
        found.append(node)
    return found


def scope(cell: int) -> str:
    """Give the class by which the style sheets of a cell find what it shows.

    Parameters
    ----------
    cell
        Number of the cell, counted from 1.

    Returns
    -------
    str
        The class.
    """
    return f"cell-{cell}"
