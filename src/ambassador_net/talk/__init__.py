"""The talk: a notebook becomes one offline deck.

The deck is a single HTML file with reveal.js, the typeface and every figure inside it. Opening it asks
nothing of a network, and its content security policy forbids it to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambassador_net.errors import TalkError
from ambassador_net.privacy import write_whole
from ambassador_net.talk.settings import (
    SETTINGS_VARIABLE,
    TalkSettings,
    TitleSlide,
    TryIt,
    as_environment,
    current_settings,
    read_settings,
    title_slide,
    try_it,
)
from ambassador_net.words import language_named

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "Talk",
    "TalkSettings",
    "TitleSlide",
    "TryIt",
    "build_talk",
    "current_settings",
    "read_settings",
    "title_slide",
    "try_it",
]


@dataclass(frozen=True)
class Talk:
    """A deck that was built.

    Attributes
    ----------
    path
        The file.
    slides
        How many slides it has.
    bytes
        How large it is.
    outside_links
        Addresses outside the deck that its links point to; nothing of them is loaded.
    reading
        The same talk to be read, beside the deck.
    handouts
        PDFs of the slides and of the speaker's notes, where they were asked for.
    spoken_s
        Seconds that the notes take as they are written.
    remarks
        What the deck does not show as the notebook has it, and pictures without alternative text, each with
        its cell.
    """

    path: Path
    slides: int
    bytes: int
    outside_links: tuple[str, ...]
    reading: Path
    remarks: tuple[str, ...] = ()
    handouts: tuple[Path, ...] = ()
    spoken_s: float = 0.0


def build_talk(
    notebook: str | Path,
    to: str | Path,
    *,
    language: str = "en",
    settings: TalkSettings | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    strict: bool = False,
    handouts: bool = False,
) -> Talk:
    """Run a notebook and write it as one offline deck, and beside it ``NAME.reading.html``, to be read.

    Parameters
    ----------
    notebook
        An ``.ipynb`` or a jupytext ``.py``; it is not changed.
    to
        The HTML file to write. Both files appear only when they are complete.
    language
        ``"en"``, ``"fi"`` or ``"sv"``; the notebook finds it in ``AMBASSADOR_NET_LANGUAGE``.
    settings
        Title, speaker and event, from :func:`read_settings`; the notebook finds them by
        :func:`current_settings`.
    environment
        Further environment variables for the notebook.
    progress
        Called with the number of cells begun and the number of cells.
    strict
        Whether to refuse a notebook of which something is left out (a remote picture, a script, a widget) or a
        picture has no alternative text, instead of going on and saying so in ``remarks``.
    handouts
        Also print the slides and the speaker's notes as PDFs, through an installed browser.

    Returns
    -------
    Talk
        Where it is and what is in it.

    Raises
    ------
    NotebookError
        If a cell of the notebook raises.
    TalkError
        If a slide is missing in the language, or the notebook cannot be shown in a deck; if ``strict``,
        whatever there is to remark.

    Notes
    -----
    The same notebook with the same outputs gives the same bytes.
    """
    from ambassador_net.notebook import execute
    from ambassador_net.talk.exporter import AmbassadorSlidesExporter
    from ambassador_net.talk.reading import AmbassadorReadingExporter

    settings = settings or TalkSettings()
    source, target = Path(notebook), Path(to)
    node = execute(
        source,
        environment={
            "AMBASSADOR_NET_LANGUAGE": language_named(language),
            SETTINGS_VARIABLE: as_environment(settings),
            **(environment or {}),
        },
        progress=progress,
    )
    spoken: dict[str, Any] = {
        "language": language,
        "title": settings.title_in(language),
        "theme": settings.theme,
        "minutes": settings.minutes,
    }
    found = {"metadata": {"path": str(source.parent)}}
    to_show = AmbassadorSlidesExporter(  # type: ignore[no-untyped-call]
        **spoken, extra_css=str(settings.stylesheet or ""), strict=strict
    )
    to_read = AmbassadorReadingExporter(**spoken)  # type: ignore[no-untyped-call]
    html, resources = to_show.from_notebook_node(node, found)
    text, _ = to_read.from_notebook_node(node, found)
    content = html.encode("utf-8")
    reading = target.with_name(f"{target.stem}.reading.html")
    _write(target, content)
    _write(reading, text.encode("utf-8"))
    return Talk(
        path=target,
        slides=resources["slides"],
        bytes=len(content),
        outside_links=_outside_links(html),
        reading=reading,
        remarks=resources["remarks"],
        handouts=_handouts(target, node, spoken, found) if handouts else (),
        spoken_s=resources["spoken_s"],
    )


def _handouts(deck: Path, node: "NotebookNode", spoken: Mapping[str, Any], found: dict[str, Any]) -> tuple[Path, ...]:
    from ambassador_net.talk.handouts import AmbassadorNotesExporter, pdf_of_deck, pdf_of_notes

    notes, _ = AmbassadorNotesExporter(**spoken).from_notebook_node(node, found)  # type: ignore[no-untyped-call]
    slides_pdf, notes_pdf = deck.with_suffix(".pdf"), deck.with_name(f"{deck.stem}.notes.pdf")
    _write(slides_pdf, pdf_of_deck(deck))
    _write(notes_pdf, pdf_of_notes(notes))
    return slides_pdf, notes_pdf


def _write(target: Path, content: bytes) -> None:
    try:
        write_whole(content, target, mode=0o666)
    except OSError as error:
        raise TalkError(f"{target} cannot be written: {error.strerror}") from None


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found |= {
            value
            for name, value in attrs
            if name in ("href", "src") and value and value.lower().startswith(("http:", "https:", "//"))
        }


def _outside_links(html: str) -> tuple[str, ...]:
    links = _Links()
    links.feed(html)
    return tuple(sorted(links.found))
