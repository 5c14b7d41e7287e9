"""The markup of one slide's pieces: prose from Markdown, outputs by the richest form a deck can carry."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from ambassador_net.talk.cleaning import Cleaner, Element, Node, every, text_of
from ambassador_net.talk.diagrams import draw
from ambassador_net.talk.formulas import Drawn, Formula
from ambassador_net.talk.pictures import RASTER, Pictures, described
from ambassador_net.talk.remarks import Remarks
from ambassador_net.talk.slides import Piece, Slide
from ambassador_net.talk.widgets import VIEW, as_json, living, states_of, still

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_TITLES = ("h1", "h2")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

# A formula's place in the text until all are set: characters that no text may contain.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_TAG = re.compile(r"<[^>]*>")
_PLACE = re.compile(f"{_BEGIN}(\\d+){_END}")
_RESERVED = re.compile(f"[{_BEGIN}{_END}]")

_LATEX = re.compile(
    r"\$\$(?P<a>.+?)\$\$|\\\[(?P<b>.+?)\\\]|(?P<c>\\begin\{(?P<name>[A-Za-z]+\*?)\}.+?\\end\{(?P=name)\})"
    r"|\$(?P<d>[^$]+?)\$|\\\((?P<e>.+?)\\\)",
    re.DOTALL,
)
_BOX = re.compile(
    r'<svg\b(?P<before>[^>]*?)viewBox="(?P<box>[-\d.]+ [-\d.]+ (?P<width>[\d.]+) (?P<height>[\d.]+))"(?P<after>[^>]*)>'
)
# Mermaid's words of 16 px become as large as a table's
_DIAGRAM_SCALE = 1.5
_NO_FORMULA = re.compile(r"\\begin\{(?:tabular|table|longtable|itemize|enumerate|figure|center|document)\b")


class Formulas:
    """The formulas of a deck: each has a place in the text until all are set together."""

    def __init__(self) -> None:
        self.met: list[tuple[int, Formula]] = []
        """Cell and formula, in the order of the notebook."""

    def place(self, tex: str, *, display: bool, cell: int) -> str:
        """Give the text that stands for a formula.

        Parameters
        ----------
        tex
            TeX without its dollars.
        display
            Whether it stands on lines of its own.
        cell
            Number of its cell, counted from 1.

        Returns
        -------
        str
            Its place.
        """
        self.met.append((cell, Formula(tex.strip(), display)))
        return f"{_BEGIN}{len(self.met) - 1}{_END}"

    def as_written(self, text: str) -> str:
        """Give a text with its formulas as TeX, where no drawing can stand.

        Parameters
        ----------
        text
            A text with places in it.

        Returns
        -------
        str
            The text.
        """
        return _PLACE.sub(lambda found: self.met[int(found[1])][1].written, text)

    def put(self, nodes: list[Node], drawn: list[list[Node]]) -> list[Node]:
        """Put the formulas into their places.

        Parameters
        ----------
        nodes
            Cleaned nodes with places in their texts; they are changed.
        drawn
            What is shown of each formula.

        Returns
        -------
        list of Node
            The nodes.
        """
        found: list[Node] = []
        for node in nodes:
            if isinstance(node, Element):
                for name, value in node.attributes.items():
                    if _BEGIN in value:
                        node.attributes[name] = self.as_written(value)
                node.children = self.put(node.children, drawn)
                found.append(node)
                continue
            before = 0
            for place in _PLACE.finditer(node):
                found += [node[before : place.start()], *drawn[int(place[1])]]
                before = place.end()
            found.append(node[before:])
        return [node for node in found if node != ""]


def shown_formula(formula: Formula, drawn: Drawn, nodes: list[Node]) -> list[Node]:
    """Give what stands in the place of a formula.

    Parameters
    ----------
    formula
        The formula.
    drawn
        Its drawing, or why there is none.
    nodes
        The drawing, cleaned; it is changed.

    Returns
    -------
    list of Node
        The drawing with what a screen reader says, or the TeX as it was written.
    """
    if drawn.fault:
        return [Element("code", {"class": "tex"}, [formula.written])]
    if not drawn.svg:
        return []
    for node in nodes:
        if isinstance(node, Element):
            node.attributes["aria-label"] = formula.label
    return [Element("span", {"class": "formula"}, nodes)] if formula.display else nodes


class _Prose(IPythonRenderer):
    """Markdown as HTML that is still to be cleaned; formulas and diagrams go their own ways."""

    def __init__(self, formulas: Formulas, cell: int, diagram: Callable[[str], str]) -> None:
        # what it lets through is looked at by the pass that everything goes through
        super().__init__(escape=False, allow_harmful_protocols=True, exclude_anchor_links=True)
        self._formulas = formulas
        self._cell = cell
        self._diagram = diagram

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        del attrs
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        if info and info.strip().startswith(("mermaid", "{mermaid}")):
            return self._diagram(code)
        return str(Markup('<pre class="code"><code>{}</code></pre>\n').format(code.rstrip("\n")))

    def task_list_item(self, text: str, checked: bool = False) -> str:
        # a field that nobody can tick needs no name for a screen reader if it is a sign
        return f'<li class="task">{"☑" if checked else "☐"} {text}</li>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        alt = self._formulas.as_written(unescape(_TAG.sub("", text)))
        said = str(Markup(' title="{}"').format(title)) if title else ""
        return str(Markup('<img src="{}" alt="{}"').format(url, alt)) + f"{said}>"

    def inline_math(self, body: str) -> str:
        return self._formulas.place(body, display=False, cell=self._cell)

    def block_math(self, body: str) -> str:
        return self._formulas.place(body, display=True, cell=self._cell)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formulas.place(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True, cell=self._cell)

    def block_html(self, html: str) -> str:
        return super().block_html(self._in_texts(html))

    def _in_texts(self, html: str) -> str:
        """Find formulas between the tags of a block of HTML, which Markdown leaves as it is."""
        if "$" not in html or re.match(r"\s*<(?:pre|code|script|style|textarea)\b", html, re.IGNORECASE):
            return html
        return "".join(
            part if part.startswith("<") else self._formulas_in(part) for part in re.split(r"(<[^>]*>)", html)
        )

    def _formulas_in(self, text: str) -> str:
        def place(found: re.Match[str]) -> str:
            return self._formulas.place(unescape(found[1] or found[2]), display=bool(found[1]), cell=self._cell)

        return re.sub(r"(?<!\\)\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)(?<!\\)\$(?!\d)", place, text, flags=re.DOTALL)


@dataclass
class Written:
    """A piece of a slide as it is shown.

    Attributes
    ----------
    piece
        The cell in its role.
    nodes
        Its markup.
    """

    piece: Piece
    nodes: list[Node] = field(default_factory=list)


class SlideWriter:
    """Writes the pieces of the slides of one deck.

    Parameters
    ----------
    notebook
        The notebook, for the states of its widgets.
    remarks
        Where it is said what is missing or left out.
    folder
        Where local pictures of the notebook are.
    theme
        ``"light"`` or ``"dark"``, for diagrams.
    """

    def __init__(self, notebook: "NotebookNode", remarks: Remarks, *, folder: str, theme: str) -> None:
        self._remarks = remarks
        self._folder = Path(folder)
        self._theme = theme
        self._states = states_of(notebook.metadata)
        self.cleaner = Cleaner(remarks)
        self.formulas = Formulas()
        self.widgets: dict[str, str] = {}
        """States of the widgets that live on a slide, as JSON by name."""
        self._title_level = 2
        self._titled = False

    def write(self, slide: Slide) -> list[Written]:
        """Give the markup of one slide.

        Parameters
        ----------
        slide
            The slide; a ``title`` has its heading at level 1, every other at level 2.

        Returns
        -------
        list of Written
            Its pieces; text outputs, code and alternative texts are escaped.
        """
        self._title_level = 1 if slide.kind == "title" else 2
        self._titled = False
        return [Written(piece, self._nodes(piece)) for piece in slide.pieces]

    def _nodes(self, piece: Piece) -> list[Node]:
        if piece.node.cell_type == "markdown":
            return self._markdown(piece.node.source, piece, piece.node.get("attachments", {}))
        parts: list[Node] = []
        if piece.show_code:
            parts.append(Element("pre", {"class": "code"}, [Element("code", {}, [piece.node.source])]))
        for output in piece.node.outputs:
            parts += self._output(output, piece)
            parts.append("\n")
        return parts

    def _pictures(self, piece: Piece, attachments: Mapping[str, Any], alt: str = "") -> Pictures:
        return Pictures(
            self.cleaner,
            self._remarks,
            folder=self._folder,
            cell=piece.cell,
            attachments=attachments if isinstance(attachments, Mapping) else {},
            alt=alt or described(piece.node.metadata.get("alt")),
        )

    def _html(
        self, html: str, piece: Piece, attachments: Mapping[str, Any] | None = None, *, prose: bool = False
    ) -> list[Node]:
        pictures = self._pictures(piece, attachments or {})
        nodes = self.cleaner.clean(html, cell=piece.cell, picture=pictures.look)
        for element in _outermost_drawings(nodes):
            if not _labelled(element, ""):
                pictures.unlabelled()
        if piece.role == "body":
            self._levels(nodes, _HEADINGS if prose else _TITLES)
        return nodes

    def _levels(self, nodes: list[Node], headings: tuple[str, ...]) -> None:
        """Let a slide's first heading be its title, and later ones stand below; Markdown's levels are not kept."""
        for element in every(nodes):
            if element.tag in headings:
                if self._titled or headings is _HEADINGS:
                    element.tag = f"h{self._title_level + self._titled}"
                self._titled = True

    def _markdown(self, source: str, piece: Piece, attachments: Mapping[str, Any]) -> list[Node]:
        prose = _Prose(self.formulas, piece.cell, lambda code: self._diagram(code, piece))
        html = MarkdownWithMath(renderer=prose).render(_RESERVED.sub("", source))
        return self._html(html, piece, attachments, prose=True)

    def _output(self, output: "NotebookNode", piece: Piece) -> list[Node]:
        if output.output_type == "stream":
            return [_text_block(output.text)] if output.name == "stdout" else []
        if output.output_type == "error":
            return self._error(output, piece)
        data = output.data
        for kind, show in self._ways().items():
            if kind in data:
                nodes = show(data[kind], output, piece)
                if _anything(nodes):
                    return nodes
        return [_text_block(data.get("text/plain", ""))] if data.get("text/plain") else []

    def _ways(self) -> dict[str, Callable[[Any, "NotebookNode", Piece], list[Node]]]:
        """How each form of an output is shown, the richest first."""
        return {
            VIEW: self._widget,
            "text/html": lambda html, _, piece: self._html(_RESERVED.sub("", _text(html)), piece),
            "text/markdown": lambda text, _, piece: self._markdown(_text(text), piece, {}),
            "image/svg+xml": self._svg,
            "text/vnd.mermaid": lambda text, _, piece: self._html(self._diagram(_text(text), piece), piece),
            "text/latex": self._latex,
            **dict.fromkeys(RASTER, self._picture),
        }

    def _error(self, output: "NotebookNode", piece: Piece) -> list[Node]:
        if not piece.show_error:
            return []
        # the lines of a traceback name files and folders of whoever ran it
        return [_text_block(f"{output.ename}: {output.evalue}")]

    def _widget(self, view: Any, output: "NotebookNode", piece: Piece) -> list[Node]:
        del view
        state = living(output.data, self._states)
        if state is not None:
            name = f"widget-{len(self.widgets) + 1}"
            self.widgets[name] = as_json(state)
            given = {"class": "widget", "id": f"{name}-place", "tabindex": "0"}
            return [Element("div", given, [_text(output.data.get("text/plain")) or "…"])]
        self._remarks.add(
            piece.cell,
            "shows a widget, which needs a kernel: what it showed when the notebook was saved stands still on the "
            "slide; in a talk show a figure, or give the cell the slide type skip",
        )
        return self._html(_RESERVED.sub("", still(output.data, self._states)), piece)

    def _latex(self, latex: Any, output: "NotebookNode", piece: Piece) -> list[Node]:
        latex = _RESERVED.sub("", _text(latex)).strip()
        if _NO_FORMULA.search(latex):
            if "text/plain" not in output.data:
                self._remarks.add(piece.cell, "shows LaTeX that is not a formula, as text")
            return []
        nodes: list[Node] = []
        before = 0
        for found in _LATEX.finditer(latex):
            display = found.lastgroup not in ("d", "e") and found["d"] is None and found["e"] is None
            tex = next(found[name] for name in "abcde" if found[name] is not None)
            nodes += [latex[before : found.start()], self.formulas.place(tex, display=display, cell=piece.cell)]
            before = found.end()
        nodes.append(latex[before:])
        if before == 0:
            nodes = [self.formulas.place(latex, display=True, cell=piece.cell)] if "\\" in latex else [latex]
        return [Element("p", {}, nodes)]

    def _diagram(self, source: str, piece: Piece) -> str:
        svg, why = draw(source, self._theme)
        if why:
            self._remarks.add(piece.cell, why)
            return str(Markup('<pre class="code"><code>{}</code></pre>\n').format(source.strip()))
        svg = _BOX.sub(_as_large_as_words, svg, count=1)
        # on one line, or Markdown would take what is inside for its own
        return f'<div class="diagram">{" ".join(svg.split())}</div>\n'

    def _svg(self, svg: Any, output: "NotebookNode", piece: Piece) -> list[Node]:
        svg = _text(svg)
        pictures = self._pictures(piece, {}, _alt("image/svg+xml", output, piece))
        nodes = self.cleaner.clean(svg, cell=piece.cell, picture=pictures.look)
        for element in _outermost_drawings(nodes):
            if not _labelled(element, _alt("image/svg+xml", output, piece)):
                pictures.unlabelled()
        return [node for node in nodes if isinstance(node, Element)]

    def _picture(self, content: Any, output: "NotebookNode", piece: Piece) -> list[Node]:
        kind = next(kind for kind in RASTER if output.data.get(kind) is content)
        address = f"data:{kind};base64,{''.join(_text(content).split())}"
        given = {"src": address}
        size = output.metadata.get(kind)
        for name in ("width", "height"):
            if isinstance(size, Mapping) and isinstance(size.get(name), int | float):
                given[name] = str(size[name])
        return self._pictures(piece, {}, _alt(kind, output, piece)).look(Element("img", given))


def _as_large_as_words(svg: re.Match[str]) -> str:
    others = re.sub(r'\b(?:width|height|style)="[^"]*"', "", svg["before"] + svg["after"])
    width, height = (float(svg[name]) * _DIAGRAM_SCALE for name in ("width", "height"))
    return f'<svg width="{width:.0f}" height="{height:.0f}" viewBox="{svg["box"]}"{others}>'


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return value if isinstance(value, str) else ""


def _text_block(text: Any) -> Element:
    return Element("pre", {}, [_ANSI.sub("", _RESERVED.sub("", _text(text)))])


def _alt(kind: str, output: "NotebookNode", piece: Piece) -> str:
    places = (output.metadata.get(kind, {}), output.metadata, piece.node.metadata)
    return next(
        (found for place in places if isinstance(place, Mapping) and (found := described(place.get("alt")))), ""
    )


def _anything(nodes: Iterable[Node]) -> bool:
    """Tell whether there is anything to see."""
    seen = ("img", "svg", "input", "select", "button", "progress", "meter", "hr")
    return any(
        node.strip() if isinstance(node, str) else node.tag in seen or _anything(node.children) for node in nodes
    )


def _outermost_drawings(nodes: Iterable[Node]) -> Iterable[Element]:
    for node in nodes:
        if isinstance(node, Element):
            if node.tag == "svg":
                yield node
            elif node.attributes.get("aria-hidden") != "true":
                yield from _outermost_drawings(node.children)


def _labelled(svg: Element, alt: str) -> bool:
    """Give a drawing its label, from itself or from its cell, and tell whether it has one."""
    given = svg.attributes
    if given.get("aria-hidden") == "true":
        return True
    own = [text_of(child).strip() for tag in ("title", "desc") for child in svg.children if _is(child, tag)]
    named = {element.attributes.get("id"): text_of(element).strip() for element in every([svg])}
    pointed = [named.get(word, "") for word in given.get("aria-labelledby", "").split()]
    label = given.get("aria-label") or alt or ". ".join(filter(None, own)) or " ".join(filter(None, pointed))
    if not label:
        return False
    for name in ("aria-labelledby", "aria-describedby", "aria-roledescription"):
        given.pop(name, None)
    kept = {name: value for name, value in given.items() if name not in ("role", "aria-label")}
    svg.attributes = {"role": "img", "aria-label": label, **kept}
    return True


def _is(node: Node, tag: str) -> bool:
    return isinstance(node, Element) and node.tag == tag
