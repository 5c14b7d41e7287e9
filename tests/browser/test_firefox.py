"""The deck and the kernel-free page in Firefox, whose engine is another one than Chromium's."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbformat.v4 import new_notebook

from ambassador_net.looks import COLOURS, FONT_FAMILY
from ambassador_net.talk import TalkSettings, try_it
from ambassador_net.talk.exporter import THEMES, AmbassadorSlidesExporter
from browser.firefox import HOW_TO_GET_ONE, Firefox, Tab, alive, find_firefox, open_firefox, until
from browser.test_deck import MEASURE, export, prose, shown, small_notebook
from browser.test_foreign_deck import MEASURE as MEASURE_FOREIGN
from foreign import large_notebook

READY = "globalThis.Reveal?.isReady() && document.documentElement.dataset.fitted !== undefined"


@pytest.fixture(scope="module")
def running() -> Iterator[Firefox]:
    """One Firefox for all tests here; it leaves no process and no file."""
    if find_firefox() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_ONE)
        pytest.skip(HOW_TO_GET_ONE)
    with open_firefox() as started:
        yield started
    assert not started.home.exists()
    assert not alive(started.process.pid)


@pytest.fixture
def firefox(running: Firefox) -> Iterator[Firefox]:
    """Firefox with nothing noted yet; what a test opens is closed."""
    before = running.windows()
    running.forget()
    yield running
    for window in running.windows():
        if window not in before:
            Tab(running, window).close()


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("firefox")
    notebook = small_notebook()
    code = try_it(TalkSettings(address="https://example.org/demo"), "en")
    notebook.cells += [prose("## Try it", "slide"), shown(code._repr_html_())]
    notebook.cells += [prose("## A rate\n\n$$r = \\frac{s}{p}$$", "slide")]
    return {theme: export(notebook, folder / f"{theme}.html", theme=theme) for theme in THEMES}


def show(firefox: Firefox, path: Path, **size: int) -> Tab:
    tab = firefox.open(path, **size)
    tab.wait(READY)
    return tab


def faults(tab: Tab) -> dict[int, list[str]]:
    found = {n + 1: tab.evaluate(f"({MEASURE})({n})") for n in range(tab.evaluate("Reveal.getTotalSlides()"))}
    return {number: said for number, said in found.items() if said}


def luminance(colour: Any) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def far_from(picture: "np.ndarray[Any, Any]", colour: str) -> "np.ndarray[Any, Any]":
    """Say of each pixel whether it is clearly another colour."""
    return np.abs(picture[..., :3] - to_rgb(colour)).max(axis=-1) > 0.3


@pytest.mark.parametrize("theme", THEMES)
def test_every_slide_is_drawn_whole_in_its_theme_and_asks_for_nothing(
    theme: str, firefox: Firefox, decks: dict[str, Path]
) -> None:
    tab = show(firefox, decks[theme])
    assert tab.evaluate("Reveal.getTotalSlides()") == decks[theme].read_text("utf-8").count("<section ")
    assert faults(tab) == {}
    paper, ink = COLOURS[theme]["paper"], COLOURS[theme]["ink"]
    for number in range(tab.evaluate("Reveal.getTotalSlides()")):
        tab.evaluate(f"Reveal.slide({number}, 0, 99)")
        picture = tab.picture()
        assert picture.shape[:2] == (720, 1280)
        assert np.allclose(picture[2, 2, :3], to_rgb(paper), atol=0.01)
        drawn = far_from(picture, paper)
        assert 0.002 < drawn.mean() < 0.5, f"slide {number + 1}"
        # the title has the ink's own colour
        assert (~far_from(picture, ink)).sum() > 500
    light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > (15 if theme == "contrast" else 7)
    assert firefox.noted() == ([], [], [])


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1024, 768)])
def test_other_screens_get_whole_slides(width: int, height: int, firefox: Firefox, decks: dict[str, Path]) -> None:
    tab = show(firefox, decks["light"], width=width, height=height)
    assert tab.evaluate("[innerWidth, innerHeight]") == [width, height]
    assert faults(tab) == {}


def test_fonts_and_drawings_are_there(firefox: Firefox, decks: dict[str, Path]) -> None:
    tab = show(firefox, decks["light"])
    faces = tab.evaluate("[...document.fonts].map((face) => [face.family.replaceAll('\"', ''), face.status])")
    assert [FONT_FAMILY, "loaded"] in faces
    # the letters are that font's: another one sets the same word in another width
    widths = tab.evaluate(
        f"""['"{FONT_FAMILY}"', 'system-ui', 'sans-serif'].map((family) => {{
          const pen = document.createElement('canvas').getContext('2d');
          pen.font = `100px ${{family}}`;
          return pen.measureText('Illegible 0O').width;
        }})"""
    )
    assert widths[0] not in widths[1:]
    title = tab.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily.split(',')[0]")
    assert title == f'"{FONT_FAMILY}"'
    sizes = tab.evaluate(
        """Object.fromEntries(Object.entries({ code: 'svg.qr', figure: '[aria-label^="12 of 30"]', formula: 'svg.tex' })
          .map(([name, selector]) => {
            const drawing = document.querySelector(`section ${selector}`);
            Reveal.slide(Reveal.getSlides().indexOf(drawing.closest('section')), 0, 99);
            const { width, height } = drawing.getBoundingClientRect();
            return [name, [width, height]];
          }))"""
    )
    assert min(sizes["code"]) > 200
    assert sizes["code"][0] == pytest.approx(sizes["code"][1], abs=1)
    assert sizes["figure"] == pytest.approx([1104, 150], abs=1)
    assert min(sizes["formula"]) > 18


def test_keys_turn_slides_but_not_from_a_field(firefox: Firefox, decks: dict[str, Path]) -> None:
    tab = show(firefox, decks["light"])
    tab.press("ArrowRight", "Space")
    assert tab.evaluate("Reveal.getIndices().h") == 2
    tab.evaluate("document.querySelector('#guess').focus()")
    tab.press("ArrowRight")
    assert tab.evaluate("[Reveal.getIndices().h, document.querySelector('#guess').value]") == [2, "41"]
    tab.evaluate("document.activeElement.blur()")
    tab.press("ArrowLeft")
    assert tab.evaluate("Reveal.getIndices().h") == 1
    tab.wait("location.hash === '#/1'")
    assert tab.evaluate("Reveal.getCurrentSlide().querySelector('h2').checkVisibility()")


def test_speaker_view_opens_from_a_file_and_leads(firefox: Firefox, decks: dict[str, Path]) -> None:
    tab = show(firefox, decks["light"])
    before = firefox.windows()
    tab.press("ArrowRight", "s")
    opened = until(lambda: [window for window in firefox.windows() if window not in before], "the speaker's window")
    speaker = Tab(firefox, opened[0])
    notes = "document.querySelector('.speaker-controls-notes .value')"
    speaker.wait(f"{notes}?.textContent.includes('Ask who has said so.') && {notes}.checkVisibility()")
    present = "document.querySelector('section.present :is(h1, h2)')?.textContent"
    now, following = until(lambda: len(frames := speaker.frames()) == 2 and frames, "both slides")
    now.wait(f"{present}?.includes('many times more interesting')")
    following.wait(f"{present}?.includes('how many share each other')")
    for frame in (now, following):
        title = frame.evaluate("document.querySelector('section.present h2').getBoundingClientRect().toJSON()")
        assert title["width"] > 100
        assert not frame.evaluate("document.querySelector('section.present aside')?.checkVisibility()")
    speaker.press("ArrowRight")
    tab.wait("Reveal.getIndices().h === 2")
    following.wait(f"{present}?.includes('The organisation answers.')")
    # and the wall leads the speaker's window
    tab.press("ArrowLeft")
    now.wait(f"{present}?.includes('many times more interesting')")
    assert firefox.noted() == ([], [], [])


def test_what_is_too_large_shrinks(firefox: Firefox, tmp_path: Path) -> None:
    html, _ = AmbassadorSlidesExporter().from_notebook_node(large_notebook())
    path = tmp_path / "large.html"
    path.write_text(html, encoding="utf-8")
    tab = show(firefox, path)
    assert tab.evaluate(f"({MEASURE_FOREIGN})()") == []
    shrunk = "[...document.querySelectorAll('.body > *')].filter((part) => part.style.zoom && part.style.zoom < 1)"
    assert tab.evaluate(f"{shrunk}.length") > 3
    tab.evaluate(f"{shrunk}.forEach((part) => {{ part.style.zoom = 1; }})")
    assert tab.evaluate(f"({MEASURE_FOREIGN})()") != []
    assert firefox.noted() == ([], [], [])


def test_page_without_a_kernel_answers_a_guess(firefox: Firefox, built: Path) -> None:
    tab = firefox.open(built, width=360, height=740)
    tab.wait("document.querySelector('.ambassador-demo')?.dataset.answeredBy === 'page'")
    assert tab.evaluate(f"document.fonts.ready.then(() => document.fonts.check('18px \"{FONT_FAMILY}\"'))")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert not tab.evaluate("document.querySelector('.answered').checkVisibility()")
    for _ in range(12):
        tab.press("Tab")
        if tab.evaluate("document.activeElement.type === 'range'"):
            break
    tab.press("ArrowRight")
    tab.wait("document.querySelector('.ask .number').textContent === '51'")
    tab.press("Tab", "Enter")
    tab.wait("document.querySelector('.answered').checkVisibility()")
    numbers = tab.evaluate("[...document.querySelectorAll('.answered dd')].map((number) => number.textContent)")
    # as many as test_page.py finds in Chromium
    assert numbers == ["42", "51"]
    box = tab.evaluate("document.querySelector('.answered svg').getBoundingClientRect().toJSON()")
    assert min(box["width"], box["height"]) > 50
    # the second guess is the next thing to reach
    tab.press("Tab", "ArrowRight", "Tab", "Enter")
    tab.wait("document.querySelector('.answered.times').checkVisibility()")
    assert tab.evaluate("document.querySelector('.answered.times .guess dd').textContent") == "2×"
    tab.wait("document.querySelector('.verdict strong')?.checkVisibility()")
    # something is drawn on the canvas, in the frame after it is shown
    drawn = "document.querySelector('.network canvas').getContext('2d').getImageData(0, 0, 320, 320).data.some(Boolean)"
    tab.wait(drawn)
    assert firefox.noted() == ([], [], [])


def test_what_is_wrong_would_be_seen(firefox: Firefox, tmp_path: Path) -> None:
    """A check that finds nothing anywhere would pass too."""
    bad = new_notebook(
        cells=[
            prose("## Long\n\n" + "line\n\n" * 30, "slide"),
            prose('## Small\n\n<p style="font-size:12px">too small</p>', "slide"),
        ]
    )
    found = faults(show(firefox, export(bad, tmp_path / "bad.html")))
    assert any("outside the slide" in fault for fault in found[1])
    assert any("over the foot" in fault for fault in found[1])
    assert "text of 12.0 px: p too small" in found[2]
    # the last test here: a refused request may be tried again a moment later
    talkative = tmp_path / "talkative.html"
    talkative.write_text('<img src="https://nowhere.invalid/x.png"><script>throw new Error("broken")</script>', "utf-8")
    firefox.open(talkative)
    requests, errors, asked = firefox.noted()
    assert requests == ["https://nowhere.invalid/x.png"]
    assert set(asked) == {"CONNECT nowhere.invalid:443 HTTP/1.1"}
    assert any("broken" in error for error in errors)
