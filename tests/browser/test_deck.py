"""The deck in a browser without a network: what a hall, a speaker and a screen reader get."""

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import BrowserContext, Page, expect

from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.talk import TalkSettings, build_talk, read_settings, title_slide
from ambassador_net.talk.check import check_talk
from ambassador_net.talk.exporter import AmbassadorSlidesExporter
from translated import english_in, spoken

ROOT = Path(__file__).parents[2]
TALK = ROOT / "notebooks" / "talk.ipynb"
SETTINGS = ROOT / "slides" / "talk.toml"
# Finnish words are the longest: while somebody waits, the talk is looked at in Finnish only
EN = pytest.param("en", marks=pytest.mark.slow)
DECKS = ["small", "dark", "contrast", *([EN, "fi"] if TALK.is_file() else [])]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

FIGURE = (
    '<svg width="1104" height="150" viewBox="0 0 1104 150" role="img" aria-label="12 of 30 pairs both ways">'
    '<rect x="0" y="30" width="400" height="40" fill="var(--hair)"/><circle cx="300" cy="50" r="14" '
    'fill="var(--people)"/><text y="120" font-size="26">12 of 30 pairs</text></svg>'
)
MARK = '<svg width="34" height="34" aria-hidden="true"><circle cx="17" cy="17" r="15"/></svg>'
BOARD = (
    '<table><thead><tr><th scope="col">Saying</th><th scope="col">Verdict</th><th scope="col">Why</th></tr>'
    f'</thead><tbody><tr><th scope="row">{MARK} Organisations answer</th><td><strong>Supported</strong></td>'
    "<td>3.6 more answers per 100 shares than chance</td></tr></tbody></table>"
)


def prose(text: str, slide_type: str = "-", *tags: str):
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": slide_type}, "tags": list(tags)})


def shown(html: str, slide_type: str = "-", *tags: str):
    cell = new_code_cell(metadata={"slideshow": {"slide_type": slide_type}, "tags": list(tags)})
    cell.outputs = [new_output("display_data", {"text/html": html})]
    return cell


def small_notebook():
    """Every kind of slide, with the longest Finnish word of the title and a field to type in."""
    title = title_slide(TalkSettings(speaker="Aino Esimerkki", event="Tampere"), "fi")
    return new_notebook(
        cells=[
            shown(title._repr_html_(), "slide", "title"),
            prose("Keksitty aineisto", "-", "source"),
            prose("Tervetuloa. **Minuutti.**", "notes"),
            prose(
                '<p class="kicker">Saying 1 of 2</p>\n\n'
                '## “<span class="people">People</span> are many times more interesting '
                'than <span class="organisation">organisations</span>.”',
                "slide",
                "saying",
            ),
            prose("As told in many trainings", "-", "source"),
            prose("Ask who has said so.", "notes"),
            prose("## Of 100 pairs, how many share each other both ways?", "slide", "guess"),
            shown('<p><label>Guess <input id="guess" type="range" min="0" max="100" value="40"></label></p>'),
            prose('## The <span class="organisation">organisation</span> answers.', "slide"),
            shown(FIGURE),
            prose("Grey is chance.", "fragment"),
            prose("## The board", "slide", "board"),
            shown(BOARD),
            prose("## On Monday", "slide", "monday"),
            prose("1. **Give time** Two hours a week\n2. **Share back** Each day\n3. **Ask first** Would you?"),
            prose("## How sure are we?", "slide", "sure"),
            prose("- `one` thing\n- a [link](https://example.org)"),
        ]
    )


def export(notebook, to: Path, **traits) -> Path:
    html, _ = AmbassadorSlidesExporter(title="A talk", **traits).from_notebook_node(notebook)
    to.write_text(html, encoding="utf-8")
    return to


@pytest.fixture(scope="session", params=DECKS)
def deck(request: pytest.FixtureRequest, memory_of_the_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("deck") / f"{request.param}.html"
    if request.param in ("small", "dark", "contrast"):
        return export(small_notebook(), target, theme=request.param.replace("small", "light"))
    found_again = {VARIABLE: str(memory_of_the_run)}
    settings = read_settings(SETTINGS)
    return build_talk(TALK, target, language=request.param, settings=settings, environment=found_again).path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return export(small_notebook(), tmp_path / "small.html")


@pytest.fixture
def show(open_file: Callable) -> Callable:
    def ready(path: Path, **how):
        opened = open_file(path, **how)
        opened.page.wait_for_function("window.Reveal && Reveal.isReady()")
        opened.page.evaluate("document.fonts.ready")
        return opened

    return ready


def slides(page: Page) -> int:
    return page.evaluate("Reveal.getTotalSlides()")


MEASURE = """(number) => {
  Reveal.slide(number, 0, 99);
  const section = Reveal.getCurrentSlide(), box = section.getBoundingClientRect(), scale = Reveal.getScale();
  const faults = [], foot = section.querySelector('.foot').getBoundingClientRect();
  const words = (e) => e.children.length ? '' : e.textContent.trim().slice(0, 30);
  const name = (e) => `${e.tagName.toLowerCase()} ${words(e)}`;
  const seen = [...section.querySelectorAll('*')].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width && r.height && getComputedStyle(e).visibility !== 'hidden' && !e.closest('aside, defs');
  });
  for (const e of seen) {
    const r = e.getBoundingClientRect();
    const out = Math.max(r.right - box.right, r.bottom - box.bottom, box.left - r.left, box.top - r.top);
    if (out > scale) faults.push(`outside the slide: ${name(e)}`);
    if (e.closest('.body') && !e.matches('.body, .body > div') && r.bottom > foot.top + 1)
      faults.push(`over the foot: ${name(e)}`);
    if ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) {
      const drawn = e.ownerSVGElement && e.getScreenCTM();
      const stretch = drawn ? Math.hypot(drawn.a, drawn.b) / scale : 1;
      const size = parseFloat(getComputedStyle(e).fontSize) * stretch;
      if (size < 17.9) faults.push(`text of ${size.toFixed(1)} px: ${name(e)}`);
    }
    if (e.matches('img') && (!e.alt || e.alt.includes('No description has been provided')))
      faults.push('picture without alternative text');
    if (e.matches('svg') && !e.closest('[aria-hidden=true]')
        && !(e.getAttribute('role') === 'img' && e.getAttribute('aria-label')))
      faults.push('drawing without a label');
  }
  const headings = seen.filter((e) => e.matches('h1, h2'));
  if (headings.length !== 1) faults.push(`${headings.length} headings`);
  if (seen.some((e) => e.matches('aside'))) faults.push('speaker notes are seen');
  return faults;
}"""


def faults(page: Page) -> dict[int, list[str]]:
    found = {number + 1: page.evaluate(MEASURE, number) for number in range(slides(page))}
    return {number: list(dict.fromkeys(said)) for number, said in found.items() if said}


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (1024, 768)])
def test_every_slide_is_drawn_whole_and_asks_for_nothing(deck, show, width, height):
    opened = show(deck, width=width, height=height)
    assert slides(opened.page) == deck.read_text(encoding="utf-8").count("<section ")
    assert faults(opened.page) == {}
    assert opened.requests == []
    assert opened.errors == []


def test_measure_sees_what_is_wrong(tmp_path, show):
    """A check that finds nothing anywhere would pass too."""
    bad = new_notebook(
        cells=[
            prose("## Long\n\n" + "line\n\n" * 30, "slide"),
            prose('## Small\n\n<p style="font-size:12px">too small</p>', "slide"),
            shown('<svg viewBox="0 0 100 100" width="50" height="50"><text y="50" font-size="20">a</text></svg>'),
            prose("no heading", "slide"),
            shown('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="9" height="9">'),
        ]
    )
    found = faults(show(export(bad, tmp_path / "bad.html")).page)
    assert any("outside the slide" in fault for fault in found[1])
    assert any("over the foot" in fault for fault in found[1])
    assert "text of 12.0 px: p too small" in found[2]
    assert "text of 10.0 px: text a" in found[2]
    assert "drawing without a label" in found[2]
    assert "0 headings" in found[3]
    assert "picture without alternative text" in found[3]


def test_notes_are_never_on_the_wall(deck, show):
    page = show(deck).page
    assert page.locator("aside.notes").count() > 0
    for number in range(slides(page)):
        page.evaluate("(number) => Reveal.slide(number)", number)
        assert page.locator("aside.notes:visible").count() == 0


def test_keys_turn_slides_but_not_from_a_field(small, show):
    page = show(small).page
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.evaluate("Reveal.getIndices().h") == 2
    page.locator("#guess").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices().h") == 2
    assert page.locator("#guess").input_value() == "41"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("Reveal.getIndices().h") == 1
    page.wait_for_url("**#/1")


def test_buttons_turn_slides_and_speak_the_language(tmp_path, show):
    page = show(export(small_notebook(), tmp_path / "fi.html", language="fi")).page
    page.get_by_role("button", name="seuraava dia").click()
    assert page.evaluate("Reveal.getIndices().h") == 1
    page.get_by_role("button", name="edellinen dia").click()
    assert page.evaluate("Reveal.getIndices().h") == 0


def test_speaker_view_opens_from_a_file_and_leads(deck, show):
    opened = show(deck)
    page = opened.page
    context: BrowserContext = page.context
    with_notes = page.evaluate("[...document.querySelectorAll('section')].map((s) => !!s.querySelector('aside'))")
    first = with_notes.index(True)
    page.evaluate("(number) => Reveal.slide(number)", first)
    with context.expect_page() as opening:
        page.keyboard.press("s")
    speaker = opening.value
    said = page.evaluate("Reveal.getCurrentSlide().querySelector('aside').textContent.trim().split(/\\s+/).join(' ')")
    value = speaker.locator(".speaker-controls-notes .value")
    expect(value).to_contain_text(said[:60], timeout=20_000)
    expect(speaker.frame_locator("#current-slide iframe").locator("section.present :is(h1, h2)")).to_be_visible()
    expect(speaker.frame_locator("#upcoming-slide iframe").locator("section.present :is(h1, h2)")).to_be_visible()
    before = page.evaluate("Reveal.getProgress()")
    # the window's keys go to its frame, which tells the wall
    speaker.wait_for_timeout(1000)
    speaker.keyboard.press("ArrowRight")
    page.wait_for_function("(before) => Reveal.getProgress() > before", arg=before, timeout=20_000)
    assert opened.requests == []
    assert opened.errors == []


def test_print_view_gives_one_page_a_slide(deck, show, tmp_path):
    page = show(deck, query="?print-pdf").page
    page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == slides(page)
    lost = page.evaluate(
        """[...document.querySelectorAll('.pdf-page')].filter((leaf) => {
          const title = leaf.querySelector('h1, h2').getBoundingClientRect();
          const edge = leaf.getBoundingClientRect();
          return Math.abs(title.left - edge.left - 88) > 1 || title.bottom > edge.bottom;
        }).length"""
    )
    assert lost == 0


def test_phone_shows_slides_not_one_long_page(small, show):
    page = show(small, width=390, height=740, touch=True).page
    assert page.evaluate("Reveal.isScrollView()") is False
    page.evaluate("Reveal.slide(3)")
    box = page.locator("section.present").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 391
    assert faults(page) == {}


def test_theme_is_the_decks_not_the_machines(small, browser):
    context = browser.new_context(color_scheme="dark", offline=True)
    page = context.new_page()
    page.goto(small.as_uri())
    page.wait_for_function("Reveal.isReady()")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"
    context.close()


# the check of the talk, below, asks axe of the talk's own decks
@pytest.mark.parametrize("deck", ["small", "dark", "contrast"], indirect=True)
def test_screen_readers_find_no_obstacle(deck, show):
    page = show(deck).page
    found = {}
    for number in range(slides(page)):
        page.evaluate("(number) => Reveal.slide(number, 0, 99)", number)
        result = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        if result.violations_count:
            found[number + 1] = [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in result.response["violations"]]
    assert found == {}


def test_script_in_an_output_does_not_run(tmp_path, show):
    hostile = new_notebook(
        cells=[
            prose("## A", "slide"),
            shown("<script>document.title = 'ran'</script><img src=x alt=x onerror=\"document.title = 'ran'\">"),
        ]
    )
    opened = show(export(hostile, tmp_path / "hostile.html"))
    assert opened.page.title() == "A talk"
    # nothing of it is left that the policy would have to stop
    assert opened.errors == []


def test_notebook_on_disk_becomes_the_same_deck(tmp_path, show):
    path = tmp_path / "small.ipynb"
    notebook = small_notebook()
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    nbformat.write(notebook, path)
    built = build_talk(path, tmp_path / "built.html")
    assert slides(show(built.path).page) == built.slides


# Finnish has the longest words; English is looked at by what measures every slide above
def test_check_of_the_talk_finds_nothing_in_our_decks(deck, browser, example):
    language = "fi" if deck.stem == "fi" else "en"
    study = example if deck.stem in ("en", "fi") else None
    check = check_talk(deck, browser=browser, language=language, study=study)
    assert [str(problem) for problem in check.problems if problem.weight != "remark"] == []
    assert check.passed


@pytest.mark.skipif("fi" not in DECKS, reason="the notebook of the talk is not here")
@pytest.mark.parametrize("deck", ["fi"], indirect=True)
def test_no_english_is_left_in_the_finnish_deck(deck, example):
    names = [example.title, *example.accounts["organisation"].dropna().unique()]
    for file in (deck, deck.with_name("fi.reading.html")):
        said = spoken(file.read_text(encoding="utf-8"))
        assert len(said) > 200
        assert {text: left for text in said if (left := english_in(text, "fi", names))} == {}
