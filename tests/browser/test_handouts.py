"""What is handed out: PDFs of slides and notes, the version to be read, the high-contrast deck, the pointer."""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pypdf
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ambassador_net.looks import COLOURS
from ambassador_net.present import bundle
from ambassador_net.talk import TalkSettings, build_talk
from ambassador_net.talk.exporter import AmbassadorSlidesExporter
from ambassador_net.talk.handouts import AmbassadorNotesExporter, pdf_of_deck, pdf_of_notes
from ambassador_net.talk.reading import AmbassadorReadingExporter
from page_checks import faults, overflow

ROOT = Path(__file__).parents[2]
HOSTILE = "R&D <b>bold</b><script>alert(1)</script>"
FIGURE = (
    '<figure><svg viewBox="0 0 1104 150" role="img" aria-label="12 of 30 pairs both ways">'
    '<rect x="0" y="30" width="400" height="40" fill="var(--hair)"/><text y="120" font-size="26">12 of 30</text></svg>'
    "<figcaption>Grey is chance.</figcaption></figure>"
)


def notebook() -> nbformat.NotebookNode:
    def prose(text: str, slide_type: str = "-", *tags: str) -> nbformat.NotebookNode:
        return new_markdown_cell(text, metadata={"slideshow": {"slide_type": slide_type}, "tags": list(tags)})

    figure = new_code_cell(outputs=[new_output("display_data", {"text/html": FIGURE})])
    name = new_code_cell(outputs=[new_output("stream", text=HOSTILE)])
    return new_notebook(
        cells=[
            prose("# Tango", "slide", "title"),
            prose("Tervetuloa tänään.", "notes"),
            prose("## The organisation answers", "slide"),
            figure,
            prose("Made-up data", "-", "source"),
            prose("Say this slowly, and wait for the hall to look.", "notes"),
            prose("## A hostile name, and [a link](https://example.org/)", "slide"),
            name,
            prose("Nothing happens.", "notes"),
        ]
    )


def exported(exporter: type[AmbassadorSlidesExporter], **traits: object) -> str:
    return exporter(title="A talk", **traits).from_notebook_node(notebook())[0]


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("deck") / "deck.html"
    file.write_text(exported(AmbassadorSlidesExporter, minutes=10), "utf-8")
    return file


def test_slides_are_printed_one_a_page_tagged_with_their_words_fonts_and_links(deck: Path) -> None:
    printed = pypdf.PdfReader(io.BytesIO(pdf_of_deck(deck)))
    assert len(printed.pages) == 3
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in printed.pages} == {(960, 540)}
    assert printed.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert printed.trailer["/Root"]["/Lang"] == "en"
    words = [" ".join(page.extract_text().split()) for page in printed.pages]
    assert "The organisation answers" in words[1]
    assert "Say this slowly" not in "".join(words)
    links = [a.get_object()["/A"]["/URI"] for a in printed.pages[2].get("/Annots", []) if "/A" in a.get_object()]
    assert links == ["https://example.org/"]
    fonts = [font.get_object() for page in printed.pages for font in page["/Resources"]["/Font"].values()]
    # a font is inside as a file, or drawn glyph by glyph
    assert all(font["/Subtype"] in ("/Type3", "/Type0") for font in fonts)


def test_notes_are_printed_below_their_slides_with_the_planned_time() -> None:
    printed = pypdf.PdfReader(io.BytesIO(pdf_of_notes(exported(AmbassadorNotesExporter, minutes=10))))
    assert len(printed.pages) == 3
    words = [" ".join(page.extract_text().split()) for page in printed.pages]
    assert "Say this slowly, and wait for the hall to look." in words[1]
    assert "The organisation answers" in words[1]
    times = [re.search(r"(\d+) min (\d\d) s", text) for text in words]
    assert sum(60 * int(found[1]) + int(found[2]) for found in times if found) == 600


def test_timing_reaches_the_speakers_view(deck: Path, open_file: Callable) -> None:
    page = open_file(deck).page
    seconds = page.evaluate("[...document.querySelectorAll('.slides > section')].map((s) => Number(s.dataset.timing))")
    assert sum(seconds) == 600
    assert seconds[1] == max(seconds)
    assert page.evaluate("Reveal.getConfig().totalTime") == 600


@pytest.mark.parametrize("width", [1280, 360])
def test_the_version_to_be_read_needs_no_script_and_harms_nobody(
    width: int, tmp_path: Path, open_file: Callable
) -> None:
    file = tmp_path / "reading.html"
    file.write_text(exported(AmbassadorReadingExporter), "utf-8")
    opened = open_file(file, width=width, height=740)
    dialogs: list[str] = []
    opened.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    assert opened.page.locator("script").count() == 0
    assert opened.page.locator("h1").count() == 1
    assert opened.page.get_by_text("Say this slowly").is_visible()
    assert HOSTILE in opened.page.inner_text("main")
    assert overflow(opened.page) == 0
    assert faults(opened.page) == []
    assert (opened.requests, dialogs) == ([], [])
    assert not opened.errors


def test_the_high_contrast_deck_is_black_on_white(tmp_path: Path, open_file: Callable) -> None:
    file = tmp_path / "contrast.html"
    file.write_text(exported(AmbassadorSlidesExporter, theme="contrast"), "utf-8")
    page = open_file(file).page
    style = page.evaluate("(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))")
    assert style == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for token in ("ink", "people", "organisation", "chance"):
        assert 1.05 / (luminance(COLOURS["contrast"][token]) + 0.05) >= 7, token


def test_a_key_shows_and_hides_the_pointer_that_follows_the_mouse(deck: Path, open_file: Callable) -> None:
    page = open_file(deck).page
    pointer = page.locator(".pointer")
    assert not pointer.is_visible()
    page.keyboard.press("l")
    page.mouse.move(300, 200)
    box = pointer.bounding_box()
    assert box is not None
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == (300, 200)
    page.keyboard.press("l")
    assert not pointer.is_visible()


def test_the_keys_are_listed_in_the_language_of_the_deck(tmp_path: Path, open_file: Callable) -> None:
    file = tmp_path / "deck.html"
    file.write_text(exported(AmbassadorSlidesExporter, language="fi"), "utf-8")
    opened = open_file(file)
    keys = opened.page.get_by_role("dialog", name="Näppäimet")
    assert not keys.is_visible()
    opened.page.keyboard.press("?")
    assert keys.is_visible()
    assert "puhujan ikkuna" in keys.inner_text()
    assert faults(opened.page) == []
    opened.page.keyboard.press("Escape")
    assert not keys.is_visible()
    opened.page.keyboard.press("ArrowRight")
    assert opened.page.evaluate("Reveal.getState().indexh") == 1
    assert not opened.errors


def test_build_talk_writes_deck_reading_version_and_handouts(tmp_path: Path) -> None:
    source = tmp_path / "talk.ipynb"
    nbformat.write(notebook(), source)
    made = build_talk(source, tmp_path / "out" / "talk.html", settings=TalkSettings(minutes=3), handouts=True)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"talk.html", "talk.reading.html", "talk.pdf", "talk.notes.pdf"}
    assert {path.name for path in made.handouts} == {"talk.pdf", "talk.notes.pdf"}
    assert made.spoken_s > 0


@pytest.mark.slow
def test_the_bundle_holds_everything_and_its_checksums(tmp_path: Path) -> None:
    settings = tmp_path / "talk.toml"
    settings.write_text('languages = ["fi"]\n')
    packed = bundle(ROOT / "data" / "example", ROOT / "notebooks", tmp_path / "talk.zip", settings=settings, seed=20251)
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
        for name in names - {"SHA256SUMS"}:
            assert sums[name] == hashlib.sha256(archive.read(name)).hexdigest()
    stems = ("tango.fi.html", "tango.fi.reading.html", "tango.fi.pdf", "tango.fi.notes.pdf", "demo.fi.html", "LICENSE")
    assert names >= {*stems, "SHA256SUMS"}
