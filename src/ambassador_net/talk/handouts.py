"""What is handed out: the slides as a PDF, and the speaker's notes as another, through an installed browser."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import default

from ambassador_net.errors import TalkError
from ambassador_net.talk.browser import open_browser, outside_a_loop
from ambassador_net.talk.exporter import AmbassadorSlidesExporter

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PATIENCE_MS = 60_000


class AmbassadorNotesExporter(AmbassadorSlidesExporter):
    """Export a notebook to the speaker's notes, to be printed: ``jupyter nbconvert --to ambassador_notes talk.ipynb``.

    Each page has a slide, how long it stays, and what is said to it. It has no script.
    """

    export_from_notebook = "Ambassador notes"
    script_names = ()
    style_names = ("reset.css",)
    further_sheets = ("ambassador_notes/notes.css",)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".notes.html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "ambassador_notes"


def pdf_of_deck(deck: Path) -> bytes:
    """Print a deck as a PDF, one page a slide.

    Parameters
    ----------
    deck
        A deck that :func:`ambassador_net.talk.build_talk` wrote.

    Returns
    -------
    bytes
        The PDF: tagged, fonts inside, links live.

    Raises
    ------
    TalkError
        If no browser is there, or the deck does not open in it.
    """
    return outside_a_loop(lambda: _printed(f"{deck.resolve().as_uri()}?print-pdf", _slides_are_laid_out))


def pdf_of_notes(notes: str) -> bytes:
    """Print the speaker's notes as a PDF.

    Parameters
    ----------
    notes
        HTML that :class:`AmbassadorNotesExporter` gave.

    Returns
    -------
    bytes
        The PDF, one page a slide unless the notes are longer.

    Raises
    ------
    TalkError
        If no browser is there.
    """
    with tempfile.TemporaryDirectory(prefix="ambassador-net-") as folder:
        file = Path(folder) / "notes.html"
        file.write_text(notes, "utf-8")
        return outside_a_loop(lambda: _printed(file.as_uri(), lambda page: None))


def _printed(address: str, ready: Any) -> bytes:
    from playwright.sync_api import Error

    with open_browser() as browser:
        # what is printed asks for nothing: whatever does is stopped
        page = browser.new_page(viewport={"width": 1280, "height": 720}, offline=True)
        try:
            page.goto(address, timeout=_PATIENCE_MS)
            ready(page)
            pdf: bytes = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
        except Error as error:
            raise TalkError(f"the browser did not print it: {error.message.splitlines()[0]}") from None
        return pdf


def _slides_are_laid_out(page: "Page") -> None:
    # asked again and again from here: the deck's policy forbids the driver's own waiting
    for _ in range(_PATIENCE_MS // 100):
        if page.evaluate(
            "document.querySelectorAll('.pdf-page').length > 0 && 'fitted' in document.documentElement.dataset"
        ):
            return
        page.wait_for_timeout(100)
    raise TalkError("the deck did not lay itself out for printing; was it built by this version?")
