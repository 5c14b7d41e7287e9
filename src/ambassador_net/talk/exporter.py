"""An nbconvert exporter that writes one self-contained reveal.js deck.

Nothing is fetched when the deck is opened: scripts, styles and the typeface stand inside it, and a content
security policy forbids the network. It opens from a USB stick in any browser.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources as package_resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets import Enum, Unicode, default

from ambassador_net import looks
from ambassador_net.errors import TalkError
from ambassador_net.talk.markup import SlideWriter
from ambassador_net.talk.slides import Slide, arrange
from ambassador_net.words import language_named, say

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class _Page:
    """One slide as the template prints it."""

    kind: str
    number: int
    body: tuple[tuple[str, Markup], ...]
    notes: Markup
    source: Markup


@dataclass(frozen=True)
class _Deck:
    """The deck as the template prints it."""

    language: str
    theme: str
    title: str
    next: str
    previous: str
    policy: str
    styles: tuple[Markup, ...]
    scripts: tuple[Markup, ...]
    pages: tuple[_Page, ...]


class AmbassadorSlidesExporter(TemplateExporter):
    """Export a notebook to one offline deck: ``jupyter nbconvert --to ambassador_slides talk.ipynb``.

    Code is hidden unless a cell is tagged ``show-code``; what cells say by their metadata stands in
    :mod:`ambassador_net.talk.slides`. The notebook must hold its outputs (``--execute`` makes them).
    """

    export_from_notebook = "Ambassador slides"
    output_mimetype = "text/html"
    # files of static/ and of templates/ that stand in the page
    script_names: tuple[str, ...] = ("reveal.js", "plugin/notes.js", "deck.js")
    style_names: tuple[str, ...] = ("reset.css", "reveal.css")
    sheet = "ambassador/theme.css"

    language = Unicode(
        None,
        allow_none=True,
        help="Language of the deck; by default the notebook's metadata.ambassador_net.language, else en.",
    ).tag(config=True)
    theme = Enum(("light", "dark"), default_value="light", help="Light or dark paper.").tag(config=True)
    title = Unicode(
        None,
        allow_none=True,
        help="Title of the document; by default the notebook's metadata.title or its name.",
    ).tag(config=True)
    extra_css = Unicode("", help="Path of a stylesheet that is added after the deck's own.").tag(config=True)

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
        language = language_named(self.language or notebook.metadata.get("ambassador_net", {}).get("language") or "en")
        slides = arrange(notebook, language)
        if not slides:
            raise TalkError("the notebook shows nothing: no prose, and no outputs; run it, or export with --execute")
        scripts = tuple(_safe_in_script(_static(name)) for name in self.script_names)
        styles = [
            looks.font_face_css(),
            *map(_static, self.style_names),
            looks.tokens_css(),
            _template_file(self.sheet),
        ]
        if self.extra_css:
            styles.append(_stylesheet(self.extra_css))
        resources["slides"] = len(slides)
        return _Deck(
            language=language,
            theme=self.theme,
            title=self.title or notebook.metadata.get("title") or metadata.get("name") or say("deck.title", language),
            next=say("deck.next", language),
            previous=say("deck.previous", language),
            policy=_policy((*scripts, _speaker_script()) if scripts else ()),
            styles=tuple(map(Markup, styles)),
            scripts=tuple(map(Markup, scripts)),
            pages=tuple(
                self._page(slide, number, metadata.get("path") or ".") for number, slide in enumerate(slides, 1)
            ),
        )

    def _page(self, slide: Slide, number: int, folder: str) -> _Page:
        writer = SlideWriter(slide, folder)
        written = [(piece, writer.write(piece)) for piece in slide.pieces]
        for cell in writer.unlabelled:
            self.log.warning(
                "cell %d shows a picture without alternative text; set `alt` in the metadata of the cell",
                cell,
            )
        return _Page(
            kind=slide.kind,
            number=number,
            body=tuple(
                (f"{piece.node.cell_type}{' fragment' if piece.fragment else ''}", text)
                for piece, text in written
                if piece.role == "body"
            ),
            notes=Markup("\n").join(text for piece, text in written if piece.role == "notes"),
            source=Markup("\n").join(text for piece, text in written if piece.role == "source"),
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


@cache
def _speaker_script() -> str:
    """Give the script of reveal's speaker window, which inherits the policy of the deck."""
    found = re.search(r"<script>(.*?)<\\/script>", _static("plugin/notes.js"), re.DOTALL)
    if found is None:
        raise TalkError("the speaker view of the vendored reveal.js was not recognised; run scripts/vendor.py")
    # it stands in a template literal, where a backslash is written twice
    return found[1].replace("\\\\", "\\")


def _policy(scripts: Sequence[str]) -> str:
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + (" ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"),
            "style-src 'unsafe-inline'",
            "img-src data:",
            "font-src data:",
            # the speaker view shows the deck itself in two frames
            "frame-src 'self' file:" if scripts else "frame-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
