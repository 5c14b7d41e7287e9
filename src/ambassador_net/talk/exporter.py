"""An nbconvert exporter that writes one self-contained reveal.js deck.

Nothing is fetched when the deck is opened: scripts, styles and the typeface stand inside it, and a content
security policy forbids the network. It opens from a USB stick in any browser.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources as package_resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets import Bool, Enum, Integer, Unicode, default

from ambassador_net import looks
from ambassador_net.errors import TalkError
from ambassador_net.talk.cleaning import Element, Node, scope, write
from ambassador_net.talk.fitting import spread, title_of
from ambassador_net.talk.formulas import mathjax_folder, typeset
from ambassador_net.talk.markup import SlideWriter, Written, shown_formula
from ambassador_net.talk.remarks import Remarks
from ambassador_net.talk.slides import Slide, arrange
from ambassador_net.talk.speaker import notes_plugin, speaker_script
from ambassador_net.talk.timing import planned_s, spoken_s
from ambassador_net.talk.widgets import scripts as mounting_scripts
from ambassador_net.words import language_named, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTES = "plugin/notes.js"
_KEYS = (
    ("→ ←", "turn"), ("S", "speaker"), ("F", "full"), ("B", "black"), ("G", "jump"), ("L", "pointer"),
    ("O", "overview"), ("Esc", "back"), ("?", "help"),
)  # fmt: skip
THEMES = ("light", "dark", "contrast")


@dataclass(frozen=True)
class _Page:
    """One slide as the template prints it."""

    kind: str
    number: int
    body: tuple[tuple[str, Markup], ...]
    notes: Markup
    source: Markup
    cut: bool
    seconds: int = 0
    timing: str = ""


@dataclass(frozen=True)
class _Deck:
    """The deck as the template prints it."""

    language: str
    theme: str
    title: str
    next: str
    previous: str
    keys: tuple[tuple[str, str], ...]
    keys_title: str
    wide: str
    seconds: int
    policy: str
    styles: tuple[Markup, ...]
    scripts: tuple[Markup, ...]
    states: tuple[tuple[str, Markup], ...]
    pages: tuple[_Page, ...]


class AmbassadorSlidesExporter(TemplateExporter):
    """Export a notebook to one offline deck: ``jupyter nbconvert --to ambassador_slides talk.ipynb``.

    Code is hidden unless a cell is tagged ``show-code``; what cells say by their metadata stands in
    :mod:`ambassador_net.talk.slides`. The notebook must hold its outputs (``--execute`` makes them).
    """

    export_from_notebook = "Ambassador slides"
    output_mimetype = "text/html"
    # files of static/ and of templates/ that stand in the page
    script_names: tuple[str, ...] = ("reveal.js", NOTES, "deck.js")
    style_names: tuple[str, ...] = ("reset.css", "reveal.css")
    sheet = "ambassador/theme.css"
    further_sheets: tuple[str, ...] = ()

    language = Unicode(
        None,
        allow_none=True,
        help="Language of the deck; by default the notebook's metadata.ambassador_net.language, else en.",
    ).tag(config=True)
    theme = Enum(THEMES, default_value="light", help="Light or dark paper, or high contrast for a weak projector.").tag(
        config=True
    )
    minutes = Integer(20, min=1, help="Planned length; the speaker's view paces the slides by it.").tag(config=True)
    title = Unicode(
        None,
        allow_none=True,
        help="Title of the document; by default the notebook's metadata.title or its name.",
    ).tag(config=True)
    extra_css = Unicode("", help="Path of a stylesheet that is added after the deck's own.").tag(config=True)
    mathjax = Unicode(
        help="Folder of npm's mathjax 3, which then sets the formulas in Node; by default what "
        "AMBASSADOR_NET_MATHJAX names, else ziamath sets them.",
    ).tag(config=True)
    strict = Bool(
        False, help="Refuse a notebook of which something is left out, instead of saying so and going on."
    ).tag(config=True)

    @default("mathjax")
    def _mathjax_default(self) -> str:
        return mathjax_folder()

    @default("file_extension")
    def _file_extension_default(self) -> str:
        # as nbconvert's own slides, so that a reading version beside it keeps its name
        return ".slides.html"

    @default("template_extension")
    def _template_extension_default(self) -> str:
        return ".html.j2"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "ambassador"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(Path(__file__).parent / "templates")]

    def default_filters(self) -> Iterable[tuple[str, Any]]:
        """Give the filters of the template: nbconvert's, and the one that makes the deck.

        Returns
        -------
        iterable of (str, callable)
            Names and filters.
        """
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "deck", self._deck

    def _deck(self, notebook: "NotebookNode", resources: dict[str, Any]) -> _Deck:
        metadata = resources.get("metadata", {})
        own = notebook.metadata.get("ambassador_net")
        language = language_named(self.language or (own.get("language") if isinstance(own, dict) else None) or "en")
        remarks = Remarks()
        slides = arrange(notebook, language, remarks)
        if not slides:
            raise TalkError("the notebook shows nothing: no prose, and no outputs; run it, or export with --execute")
        titles = (self.title, notebook.metadata.get("title"), metadata.get("name"), say("deck.title", language))
        title = next(found for found in titles if found and isinstance(found, str))
        writer = SlideWriter(notebook, remarks, folder=metadata.get("path") or ".", theme=self.theme)
        written = [(slide, writer.write(slide)) for slide in slides]
        self._set_formulas(writer, [piece for _, pieces in written for piece in pieces], remarks)
        pages = [page for slide, pieces in written for page in self._pages(slide, pieces, writer, title)]
        # a page that is read has no script, so a widget is not mounted on it
        plugin = notes_plugin(language)
        own_scripts = (
            [
                *(plugin if name == NOTES else _static(name) for name in self.script_names),
                *mounting_scripts(list(writer.widgets)),
            ]
            if self.script_names
            else []
        )
        scripts = tuple(map(_safe_in_script, own_scripts))
        styles = [
            looks.font_face_css(),
            *map(_static, self.style_names),
            looks.tokens_css(),
            _template_file(self.sheet),
            *map(_template_file, self.further_sheets),
            *writer.cleaner.sheets.values(),
        ]
        if self.extra_css:
            styles.append(_stylesheet(self.extra_css))
        self._say(remarks)
        resources["slides"] = len(pages)
        resources["remarks"] = tuple(map(str, remarks.all))
        return _Deck(
            language=language,
            theme=self.theme,
            title=title,
            next=say("deck.next", language),
            previous=say("deck.previous", language),
            keys=tuple((key, say(f"deck.key_{does}", language)) for key, does in _KEYS),
            keys_title=say("deck.keys", language),
            wide=say("deck.wide", language),
            seconds=60 * self.minutes,
            policy=_policy((*scripts, speaker_script(plugin)) if scripts else ()),
            styles=tuple(map(Markup, styles)),
            scripts=tuple(map(Markup, scripts)),
            # as_json leaves no < in them
            states=tuple((name, Markup(state)) for name, state in writer.widgets.items()),  # noqa: S704
            pages=self._timed(pages, language, resources),
        )

    def _timed(self, pages: list[_Page], language: str, resources: dict[str, Any]) -> tuple[_Page, ...]:
        """Give each slide its number and its part of the planned minutes."""
        notes = [page.notes.striptags() for page in pages]
        resources["spoken_s"] = sum(spoken_s(notes))
        timed = []
        for number, (page, seconds) in enumerate(zip(pages, planned_s(notes, self.minutes), strict=True), 1):
            timing = say("deck.timing", language, minutes=seconds // 60, seconds=f"{seconds % 60:02d}")
            timed.append(replace(page, number=number, seconds=seconds, timing=timing))
        return tuple(timed)

    def _say(self, remarks: Remarks) -> None:
        if self.strict and remarks.all:
            raise TalkError("; ".join(map(str, remarks.all)))
        for remark in remarks.all:
            self.log.warning("%s", remark)

    def _set_formulas(self, writer: SlideWriter, pieces: list[Written], remarks: Remarks) -> None:
        met = writer.formulas.met
        drawn = typeset([formula for _, formula in met], self.mathjax)
        shown: list[list[Node]] = []
        for (cell, formula), drawing in zip(met, drawn, strict=True):
            if drawing.fault:
                remarks.add(cell, f"holds a formula that is shown as TeX: {drawing.fault}")
            drawn_nodes = writer.cleaner.clean(drawing.svg, cell=cell, picture=lambda _: [], styles=False)
            shown.append(shown_formula(formula, drawing, drawn_nodes))
        for piece in pieces:
            piece.nodes = writer.formulas.put(piece.nodes, shown)

    def _pages(self, slide: Slide, written: list[Written], writer: SlideWriter, title: str) -> list[_Page]:
        if not slide.cut:
            return [self._page(slide, written, writer)]
        body = next((one for one in written if one.piece.role == "body"), None)
        if body is not None and not title_of(written):
            body.nodes.insert(0, Element("h2", {}, [title]))
        return [self._page(slide, part.pieces, writer) for part in spread(written)]

    def _page(self, slide: Slide, written: list[Written], writer: SlideWriter) -> _Page:
        def classes(one: Written) -> str:
            bound = scope(one.piece.cell) if one.piece.cell in writer.cleaner.sheets else ""
            names = (one.piece.node.cell_type, "fragment" if one.piece.fragment else "", bound)
            return " ".join(filter(None, names))

        def shown(role: str) -> list[tuple[str, Markup]]:
            # cleaned, and escaped in writing
            return [(classes(one), Markup(write(one.nodes).strip())) for one in written if one.piece.role == role]  # noqa: S704

        return _Page(
            kind=slide.kind,
            number=0,
            body=tuple(shown("body")),
            notes=Markup("\n").join(text for _, text in shown("notes")),
            source=Markup("\n").join(text for _, text in shown("source")),
            cut=slide.cut,
        )


@cache
def _static(name: str) -> str:
    return (package_resources.files("ambassador_net.talk") / "static" / name).read_text("utf-8")


def _template_file(name: str) -> str:
    return (package_resources.files("ambassador_net.talk") / "templates" / name).read_text("utf-8")


def _stylesheet(path: str) -> str:
    try:
        css = Path(path).read_text("utf-8")
    except OSError as error:
        raise TalkError(f"the stylesheet {path} cannot be read: {error.strerror}") from None
    if "</style" in css.lower():
        raise TalkError(f"the stylesheet {path} holds </style; a stylesheet is CSS only")
    return css


def _safe_in_script(script: str) -> str:
    # Both would end or change how a browser reads an inline script; JavaScript reads them as before.
    script = re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE).replace("<!--", "<\\!--")
    return re.sub(r"^//# sourceMappingURL=\S+\n?", "", script, flags=re.MULTILINE)


def _policy(scripts: Sequence[str]) -> str:
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + (" ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"),
            # reveal.js writes styles of its own for paper and for the speaker's window, and figures carry theirs
            # in attributes, where a hash cannot name them; what a notebook brings has passed the allow-list
            "style-src 'unsafe-inline'",
            "img-src data:",
            "font-src data:",
            # the speaker view shows the deck itself in two frames
            "frame-src 'self' file:" if scripts else "frame-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
