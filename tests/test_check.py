"""The check of a talk: hand-written decks with one fault each, and what must not be taken for one."""

import base64
import builtins
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net import talk
from ambassador_net.errors import AmbassadorError, TalkError
from ambassador_net.talk import browser as browser_room
from ambassador_net.talk.check import CHECKS, TalkCheck, check_talk, looking
from ambassador_net.talk.check.hidden import hidden_in, names_by_slide
from ambassador_net.words import LANGUAGES, say

pytestmark = pytest.mark.browser

STATIC = Path(talk.__file__).parent / "static"
STYLE = """
body, main { height: 100%; margin: 0; background: #fff; color: #111; font: 30px/1.3 sans-serif }
.reveal .slides { text-align: left }
.reveal .slides section { box-sizing: border-box; width: 1280px; height: 720px; padding: 40px }
h1, h2 { margin: 0 0 20px; font-size: 48px } p { margin: 0 0 20px }
.at { position: absolute; left: 40px; top: 300px; margin: 0 }
"""
SETTINGS = "width: 1280, height: 720, margin: 0, center: false, controls: false, transition: 'slide', hash: true"
HEADING, NOTES = "<h2>A finding</h2>", '<aside class="notes">Say it.</aside>'
RED = base64.b64encode(
    b"\x89PNG\r\n\x1a\n"
    + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"\0\xc0\x20\x20")),
            (b"IEND", b""),
        )
    )
).decode()
PICTURE = f'src="data:image/png;base64,{RED}" width="200" height="100" style="display:block"'
BAR = '<svg role="img" aria-label="12 pairs" width="600" height="200" viewBox="0 0 600 200">{}</svg>'


def slide(body: str, *, heading: str = HEADING, notes: str = NOTES, attributes: str = "") -> str:
    return f"<section {attributes}>{heading}{body}{notes}</section>"


def written(
    to: Path,
    *slides: str,
    language: str = 'lang="en"',
    head: str = "",
    script: str = f"Reveal.initialize({{ {SETTINGS} }})",
    end: str = "",
) -> Path:
    reveal = (STATIC / "reveal.js").read_text("utf-8").replace("</script", "<\\/script")
    css = (STATIC / "reveal.css").read_text("utf-8")
    to.write_text(
        f"<!doctype html><html {language}><head><meta charset='utf-8'><title>A talk</title>{head}"
        f"<style>{css}{STYLE}</style></head><body><main><div class='reveal'><div class='slides'>"
        f"{''.join(slides)}</div></div></main><script>{reveal}</script><script>{script}</script>{end}</body></html>",
        "utf-8",
    )
    return to


def found(check: TalkCheck, slide: int | None = None) -> list[tuple[str, str, str]]:
    return [(p.check, p.kind, p.element) for p in check.problems if p.slide == slide]


# ---- one fault a slide -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A slide with one fault, and how the check must name it."""

    html: str
    check: str
    kind: str
    element: str
    details: dict | None = None
    weight: str = "fault"


FAULTS = {
    "text beyond the edge": Fault(
        slide('<p class="at" style="left:1200px;white-space:nowrap">too far</p>'),
        *("overflow", "outside", "p.at “too far”"),
    ),
    "picture beyond the foot": Fault(
        slide(f'<img alt="A" {PICTURE[:-1]};position:absolute;left:40px;top:650px">'),
        *("overflow", "outside", "img"),
        {"px": 30},
    ),
    "lines that a box hides": Fault(
        slide('<div style="height:50px;overflow:hidden"><p id="long">one<br>two<br>three</p></div>'),
        *("overflow", "cut", "p#long “onetwothree”"),
    ),
    "words that end in dots": Fault(
        slide('<p style="width:90px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap">a longer word</p>'),
        *("overflow", "cut", "p “a longer word”"),
    ),
    "label that its drawing cuts": Fault(
        slide(BAR.format('<text x="560" y="100" font-size="30">beyond</text>')),
        *("overflow", "cut", "text “beyond”"),
        None,
    ),
    "paragraphs over each other": Fault(
        slide('<p class="at">the first one</p><p class="at" style="top:312px">the second</p>'),
        *("overlap", "overlap", "p.at “the second”"),
        {"other": "p.at “the first one”"},
    ),
    "labels over each other": Fault(
        slide(BAR.format('<text x="9" y="90" font-size="30">one</text><text x="30" y="95" font-size="30">two</text>')),
        *("overlap", "overlap", "text “two”"),
        {"other": "text “one”"},
    ),
    "picture over text": Fault(
        slide(f'<p class="at">below it</p><img alt="A" class="at" {PICTURE}>'),
        *("overlap", "overlap", "img.at"),
        {"other": "p.at “below it”"},
    ),
    "line of a drawing through text": Fault(
        slide(
            '<p class="at">struck</p><svg class="at" aria-hidden="true" width="600" height="60">'
            '<path d="M0 20H600" stroke="#111" stroke-width="4"/></svg>'
        ),
        *("overlap", "overlap", "svg.at"),
        {"other": "p.at “struck”"},
    ),
    "box on text": Fault(
        slide('<p class="at">under</p><div class="at" style="width:300px;height:60px;background:#eee"></div>'),
        *("overlap", "overlap", "p.at “under”"),
        {"other": "div.at"},
    ),
    "grey on white": Fault(
        slide('<p style="color:#999;font-size:20px">pale</p>'),
        *("contrast", "low", "p “pale”"),
        {"ratio": 2.84, "needed": 4.5},
    ),
    "grey on white in large type": Fault(
        slide('<p style="color:#a0a0a0">pale and large</p>'),
        *("contrast", "low", "p “pale and large”"),
        {"ratio": 2.61, "needed": 3},
    ),
    "half seen through": Fault(
        slide('<div style="opacity:0.5"><p style="color:#111;font-size:20px">pale by half</p></div>'),
        *("contrast", "low", "p “pale by half”"),
        {"ratio": 3.54, "needed": 4.5},
    ),
    "dark on the dark of a slide": Fault(
        slide(
            '<p style="color:#444">dark</p>',
            heading='<h2 style="color:#fff">A finding</h2>',
            attributes='data-background-color="#000"',
        ),
        *("contrast", "low", "p “dark”"),
        {"ratio": 2.15, "needed": 3},
    ),
    "label on a bar": Fault(
        slide(
            BAR.format('<rect width="600" height="200" fill="navy"/><text x="20" y="90" font-size="30">label</text>')
        ),
        *("contrast", "low", "text “label”"),
    ),
    "text on a gradient": Fault(
        slide('<p style="background:linear-gradient(#fff,#eee)">on a gradient</p>'),
        *("contrast", "over_picture", "p “on a gradient”"),
        {},
        "cannot_tell",
    ),
    "pale paragraph in pieces": Fault(
        slide('<p style="color:#aaa">one <b>two</b> three <i>four</i><br>five</p>'),
        *("contrast", "low", "p “one two three fourfive”"),
    ),
    "long list that its box hides": Fault(
        slide(f'<div id="box" style="height:99px;overflow:auto" tabindex="0">{"<p>line</p>" * 20}</div>'),
        *("overflow", "cut", "p “line”"),
    ),
    "small text": Fault(
        slide('<p style="font-size:12px">too small</p>'),
        *("text_size", "small", "p “too small”"),
        {"size": 12},
    ),
    "small label in a shrunken drawing": Fault(
        slide(
            '<svg role="img" aria-label="A" width="300" viewBox="0 0 600 200">'
            '<text y="90" font-size="30">a</text></svg>'
        ),
        *("text_size", "small", "text “a”"),
        {"size": 15},
    ),
    "text made small": Fault(
        slide('<p style="transform:scale(0.5);transform-origin:0 0">half</p>'),
        *("text_size", "small", "p “half”"),
        {"size": 15},
    ),
    "small text that comes later": Fault(
        slide('<p class="fragment" style="font-size:16px">later</p>'),
        *("text_size", "small", "p.fragment “later”"),
        {"size": 16},
    ),
    "picture without a text": Fault(slide(f"<img {PICTURE}>"), "alt", "no_alt", "img"),
    "picture with an empty text": Fault(slide(f'<img alt=" " {PICTURE}>'), "alt", "no_alt", "img"),
    "nbconvert's stand-in": Fault(
        slide(f'<img alt="No description has been provided for this image" {PICTURE}>'),
        *("alt", "stand_in", "img"),
    ),
    "name of a file": Fault(slide(f'<img alt="output_3_0.png" {PICTURE}>'), "alt", "file_name", "img"),
    "drawing without a label": Fault(
        slide('<svg role="img" width="90" height="90"><circle r="40" cx="45" cy="45"/></svg>'),
        *("alt", "no_alt", "svg"),
    ),
    "drawing without a role": Fault(
        slide('<svg width="90" height="90"><title>A disc</title><circle r="40" cx="45" cy="45"/></svg>'),
        *("alt", "no_alt", "svg “A disc”"),
    ),
    "canvas without a label": Fault(slide('<canvas width="90" height="90"></canvas>'), "alt", "no_alt", "canvas"),
    "no heading": Fault(slide("<p>text</p>", heading=""), "headings", "no_heading", ""),
    "empty heading": Fault(slide("<p>text</p>", heading="<h2> </h2>"), "headings", "no_heading", ""),
    "two headings": Fault(slide("<h2>Another</h2>"), "headings", "many_headings", "h2 “Another”", {"n": 2}),
    "notes on the wall": Fault(
        slide("<p>text</p>", notes='<aside class="notes" style="display:block!important;font-size:30px">Psst</aside>'),
        *("notes", "notes_seen", "aside.notes “Psst”"),
    ),
    "no notes": Fault(slide("<p>text</p>", notes=""), "notes", "no_notes", "", {}, "remark"),
    "picture that does not load": Fault(
        slide('<img alt="A" src="data:image/png;base64,AAAA" width="90" height="90">'),
        *("starts", "broken_picture", "img"),
    ),
    "field without a label": Fault(
        slide('<input type="range" min="0" max="9">'), "axe", "axe", "input", {"rule": "label"}
    ),
    "second of a stack": Fault(
        f"<section>{slide('<p>fine</p>')}{slide('<p style=font-size:9px>deep</p>')}</section>",
        *("text_size", "small", "p “deep”"),
    ),
}

FINE = {
    "plain": slide("<p>text</p>"),
    "decoration": slide(f'<img alt="" role="presentation" {PICTURE}><svg aria-hidden="true"></svg>'),
    "described": slide(f'<img alt="Three of ten" {PICTURE}>' + BAR.format('<text y="90" font-size="30">a</text>')),
    "described together": slide(f'<div role="img" aria-label="Three of ten"><img alt="" {PICTURE}></div>'),
    "label on its bar": slide(
        BAR.format('<rect width="600" height="99" fill="navy"/><text y="70" font-size="30" fill="#fff">a</text>')
    ),
    "bright on the dark of a slide": slide(
        '<p style="color:#ddd">bright</p>',
        heading='<h2 style="color:#fff">A finding</h2>',
        attributes='data-background-color="#000"',
    ),
    "drawing whose frame is over text": slide(
        '<p class="at">beside it</p><svg class="at" aria-hidden="true" width="900" height="90">'
        '<circle cx="850" cy="45" r="40"/></svg>'
    ),
    "tight lines": slide('<p style="line-height:0.95;font-size:80px">one<br>two</p><p>three</p>'),
    "for screen readers": slide(
        '<p style="position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)">only heard</p>'
    ),
    "escapes a box": slide('<div style="overflow:hidden;height:9px"><p class="at" style="top:400px">not cut</p></div>'),
    "one after another": slide(
        '<div class="r-stack"><p class="fragment current-visible">one</p><p class="fragment">two</p></div>'
    ),
    "code that is told in steps": slide(
        '<pre style="position:relative"><code style="display:block">let a</code><code class="fragment" '
        'style="display:block;position:absolute;top:0;background:#fff">let a</code></pre>'
    ),
    "nothing in the flow": slide(
        '<p class="at">placed</p>',
        heading='<h2 class="at" style="top:40px">A finding</h2>',
        attributes='style="height:auto;padding:0"',
    ),
    "large enough when drawn larger": slide(
        '<svg role="img" aria-label="A" width="600" viewBox="0 0 300 90"><text y="50" font-size="12">a</text></svg>'
    ),
}


@pytest.fixture(scope="module")
def every_fault(browser, tmp_path_factory) -> TalkCheck:
    deck = tmp_path_factory.mktemp("faults") / "deck.html"
    return check_talk(written(deck, *(fault.html for fault in FAULTS.values())), browser=browser)


NUMBERS = {name: number for number, name in enumerate(FAULTS, 1)}
# the stack at the end has a good slide first
NUMBERS["second of a stack"] += 1


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_and_nothing_else(every_fault, name):
    fault, number = FAULTS[name], NUMBERS[name]
    (problem,) = [p for p in every_fault.problems if p.slide == number]
    assert (problem.check, problem.kind, problem.weight) == (fault.check, fault.kind, fault.weight)
    assert problem.element == fault.element
    if fault.details is not None:
        assert problem.details == fault.details
    for language in LANGUAGES:
        assert problem.sentence(language)


def test_faults_fail_their_check_and_no_other(every_fault):
    assert every_fault.slides == len(FAULTS) + 1
    assert found(every_fault) == []
    failed = {row.check for row in every_fault.rows if row.outcome == "failed"}
    assert failed == {fault.check for fault in FAULTS.values() if fault.weight == "fault"}
    assert not every_fault.passed


def test_slides_that_fail_are_pictured_and_no_others(browser, tmp_path):
    names = ("text on a gradient", "no notes", "small text")
    deck = written(tmp_path / "deck.html", FINE["plain"], *(FAULTS[name].html for name in names))
    check = check_talk(deck, browser=browser, pictures=tmp_path / "new" / "pictures")
    assert [p.name for p in check.pictures] == ["slide-02.png", "slide-04.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in check.pictures)
    assert check.pictures[0].read_bytes() != check.pictures[1].read_bytes()
    (tmp_path / "file").touch()
    with pytest.raises(TalkError, match="cannot be made for the pictures"):
        check_talk(deck, browser=browser, pictures=tmp_path / "file" / "pictures")


def test_what_is_fine_passes(browser, tmp_path):
    check = check_talk(written(tmp_path / "deck.html", *FINE.values()), browser=browser, pictures=tmp_path / "none")
    assert [(list(FINE)[p.slide - 1], p) for p in check.problems if p.slide] == []
    assert check.passed
    assert check.pictures == ()
    assert not (tmp_path / "none").exists()
    looked = {row.check: row.looked_at for row in check.rows}
    assert looked["headings"] == looked["axe"] == len(FINE)
    assert looked["contrast"] >= len(FINE)
    assert {row.check for row in check.rows if row.outcome == "not_asked"} == {"made_up", "hidden", "pages"}


def test_stretched_and_other_sizes_are_measured_as_the_hall_sees_them(browser, tmp_path):
    """A slide of 640 x 360 is shown twice as large, one of 1600 x 900 smaller; so is its type."""
    style = "<style>.reveal .slides section{width:100%!important;height:100%!important}</style>"
    sizes = {}
    for width, height in ((640, 360), (1600, 900)):
        deck = written(
            tmp_path / f"{width}.html",
            '<section><h2 style="font-size:40px">A</h2><p style="font-size:15px">text</p>'
            '<svg role="img" aria-label="A" width="90" height="40"><text y="30" font-size="15">a</text></svg>'
            '<aside class="notes">n</aside></section>',
            head=style,
            script=f"Reveal.initialize({{ width: {width}, height: {height}, margin: 0, center: false }})",
        )
        check = check_talk(deck, browser=browser)
        sizes[width] = [(p.element, p.details["size"]) for p in check.problems if p.check == "text_size"]
        assert {p.check for p in check.problems} <= {"text_size"}
    assert sizes == {640: [], 1600: [("p “text”", 12), ("text “a”", 12)]}


# ---- the file as a whole ---------------------------------------------------------------------------------


def test_requests_are_stopped_counted_and_named_by_host(browser, tmp_path):
    deck = written(
        tmp_path / "deck.html",
        slide('<img alt="A" src="https://pictures.example/secret-path/a.png" width="90" height="90">'),
        slide("<p>text</p>"),
        head='<link rel="preconnect" href="https://early.example">'
        '<link rel="stylesheet" href="//styles.example/a.css">',
        end="<script>new WebSocket('wss://socket.example/');"
        "for (const n of [1, 2]) fetch('https://data.example/' + n).catch(() => {})</script>",
    )
    check = check_talk(deck, browser=browser)
    hosts = {p.details["host"]: p.details.get("n") for p in check.problems if p.check == "requests"}
    assert hosts == {
        "early.example": None,
        "styles.example": 1,
        "pictures.example": 1,
        "socket.example": 1,
        "data.example": 2,
    }
    assert found(check, 1) == [("starts", "broken_picture", "img")]
    assert "secret-path" not in json.dumps(check.to_dict()) + str(check)


def test_files_beside_the_deck_are_remarked(browser, tmp_path):
    (tmp_path / "a.png").write_bytes(base64.b64decode(RED))
    deck = written(tmp_path / "deck.html", *[slide('<img alt="A" src="a.png" width="90" height="90">')] * 2)
    check = check_talk(deck, browser=browser)
    assert [(p.kind, p.weight, p.details) for p in check.problems] == [("beside", "remark", {"n": 1})]
    assert check.passed


def test_deck_that_does_not_start_says_so_and_what_then_cannot_be_told(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(looking, "_STARTING", 500)
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), slide("<p>text</p>"), script="nobody.home()")
    check = check_talk(deck, browser=browser)
    outcomes = {row.check: row.outcome for row in check.rows}
    assert found(check) == [
        ("starts", "not_started", ""),
        ("overflow", "not_measured", ""),
        ("overlap", "not_measured", ""),
    ]
    assert (outcomes["starts"], outcomes["overflow"], outcomes["overlap"]) == ("failed", "cannot_tell", "cannot_tell")
    assert outcomes["headings"] == outcomes["contrast"] == "passed"


def test_deck_with_a_strict_policy_that_starts_late_is_waited_for(browser, tmp_path):
    """Waiting as the driver does it is itself stopped by the policy of such a deck."""
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'unsafe-inline'; img-src data:\">"
    late = f"setTimeout(() => Reveal.initialize({{ {SETTINGS} }}), 300)"
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), head=policy, script=late)
    assert check_talk(deck, browser=browser).problems == ()


def test_reveal_that_is_nobodys_global_is_shown_all_the_same(browser, tmp_path):
    deck = written(
        tmp_path / "deck.html",
        slide("<p>text</p>"),
        f"<section>{slide('<p>text</p>')}{slide('<p class=fragment style=font-size:9px>deep</p>')}</section>",
        script=f"Reveal.initialize({{ {SETTINGS} }}); delete window.Reveal",
    )
    check = check_talk(deck, browser=browser)
    assert [(p.check, p.slide) for p in check.problems] == [("text_size", 3)]


@pytest.mark.parametrize(
    ("stated", "asked", "kind"),
    [
        ("", None, "no_language"),
        ('lang=" "', "fi", "no_language"),
        ('lang="en"', "fi", "other_language"),
        ('lang="fi-FI"', "fi", None),
    ],
)
def test_language_is_stated_and_is_the_one_asked(browser, tmp_path, stated, asked, kind):
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), language=stated)
    check = check_talk(deck, browser=browser, language=asked)
    assert [p.kind for p in check.problems] == ([] if kind is None else [kind])


def test_large_file_is_found(browser, tmp_path):
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), end=f"<!-- {'x' * 1_500_000} -->")
    (problem,) = check_talk(deck, browser=browser).problems
    assert (problem.check, problem.kind) == ("bytes", "too_large")
    assert "1.6" in problem.sentence() or "1.7" in problem.sentence()


SAYS_SO = f"<p>{say('figures.made_up', 'en')}</p>"
FIGURE = BAR.format('<rect width="600" height="200" fill="navy"/>')


@pytest.mark.parametrize(
    ("slides", "how", "missing"),
    [
        ([FIGURE + SAYS_SO, FIGURE, "<p>no figure</p>", FIGURE + SAYS_SO.replace("<p>", "<p hidden>")], {}, [2, 4]),
        ([FIGURE, FIGURE], {}, None),
        ([FIGURE, FIGURE + "<p>Invented: a test</p>"], {"notices": ["invented"]}, [1]),
        ([FIGURE], {"study": True}, [1]),
        ([FIGURE], {"study": False}, None),
    ],
)
def test_figures_of_made_up_data_say_so(browser, tmp_path, example, slides, how, missing):
    if "study" in how:
        how = {"study": replace(example, made_up=how["study"], persons="public")}
    check = check_talk(written(tmp_path / "deck.html", *map(slide, slides)), browser=browser, **how)
    (row,) = [row for row in check.rows if row.check == "made_up"]
    assert row.outcome == ("not_asked" if missing is None else "failed" if missing else "passed")
    assert [p.slide for p in check.problems] == (missing or [])
    assert all(p.element == "svg" for p in check.problems)


def test_pages_of_the_pdf_are_counted(browser, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), slide("<p>text</p>"))

    def pages(n: int) -> Path:
        writer = pypdf.PdfWriter()
        for _ in range(n):
            writer.add_blank_page(1280, 720)
        with (tmp_path / "deck.pdf").open("wb") as file:
            writer.write(file)
        return tmp_path / "deck.pdf"

    def kinds(pdf) -> list[str]:
        return [p.kind for p in check_talk(deck, browser=browser, pdf=pdf).problems]

    assert kinds(pages(2)) == []
    pages(3)
    assert kinds(True) == ["other_pages"]
    (tmp_path / "broken.pdf").write_bytes(b"no PDF")
    assert kinds(tmp_path / "broken.pdf") == ["unreadable_pdf"]
    assert kinds(tmp_path / "none.pdf") == ["no_pdf"]


def test_stock_slides_of_nbconvert_show_what_is_wrong_with_them(browser, tmp_path):
    nbconvert = pytest.importorskip("nbconvert")
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    picture = new_output("display_data", {"image/png": RED, "text/plain": "<Figure>"})
    start = {"slideshow": {"slide_type": "slide"}}
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A talk", metadata=start),
            new_markdown_cell("Psst, for me alone", metadata={"slideshow": {"slide_type": "notes"}}),
            new_markdown_cell("## A finding", metadata=start),
            new_code_cell("plot()", outputs=[picture]),
            new_markdown_cell("## Below", metadata={"slideshow": {"slide_type": "subslide"}}),
        ]
    )
    html, _ = nbconvert.SlidesExporter().from_notebook_node(notebook)
    (tmp_path / "stock.html").write_text(html, "utf-8")
    check = check_talk(tmp_path / "stock.html", browser=browser)
    assert check.slides == 3
    hosts = {p.details["host"] for p in check.problems if p.check == "requests"}
    assert {"cdnjs.cloudflare.com", "unpkg.com"} & hosts
    assert ("starts", "not_started", "") in found(check)
    assert [p.slide for p in check.problems if p.kind == "notes_seen"] == [1]
    assert [(p.slide, p.element) for p in check.problems if p.kind == "stand_in"] == [(2, "img")]
    assert [p.slide for p in check.problems if p.kind == "no_notes"] == [2, 3]


# ---- names that must not be there ------------------------------------------------------------------------


def private_study() -> an.Study:
    """Two houses of six and two of two and three people, who are private."""
    houses = {"Talo Iso": 6, "Talo Avara": 6, "Talo Pieni": 2, "Talo Sievä": 3}
    people = [(house, f"{house[5:].casefold()}{n}") for house, many in houses.items() for n in range(many)]
    accounts = [
        {
            "account_id": f"77001{number:04}",
            "holder_id": f"henkilo-{who}",
            "role": "employee",
            "organisation": house,
            "observed": "full",
            "handle": f"@vilja_{who}",
            "name": f"Vilja Äijälä-{who}",
        }
        for number, (house, who) in enumerate(people)
    ] + [
        {
            "account_id": f"88001{number:04}",
            "holder_id": f"talo-{number}",
            "role": "organisation",
            "organisation": house,
            "observed": "full",
            "handle": f"@{house[5:].casefold()}viestii",
            "name": house,
        }
        for number, house in enumerate(houses)
    ]
    shares = [
        {
            "share_id": f"s{number}",
            "shared_at": f"2025-01-{1 + number:02}T10:00:00Z",
            "sharer_id": f"77001{number:04}",
            "source_id": "880010000",
            "kind": "repost",
        }
        for number in range(len(people))
    ]
    affiliations = [{"holder_id": f"henkilo-{who}", "organisation": house} for house, who in people]
    tables = {"accounts": accounts, "shares": shares, "affiliations": affiliations}
    study = an.from_tables({name: pd.DataFrame(rows) for name, rows in tables.items()}, title="Private")
    assert not study.shows_persons
    return study


NAME = "Vilja Äijälä-iso3"


def with_text(text: str) -> str:
    """A PNG that carries a remark."""
    chunk = b"zTXtComment\0\0" + zlib.compress(text.encode("latin-1"))
    head, end = base64.b64decode(RED)[:33], base64.b64decode(RED)[33:]
    return base64.b64encode(head + struct.pack(">I", len(chunk) - 4) + chunk + b"\0\0\0\0" + end).decode()


HIDING_PLACES = {
    "a name": NAME,
    "a name in another case": NAME.upper(),
    "a name between tags": "<b>Vilja</b> <i>Äijälä-iso3</i>",
    "a name cut by a tag": "Vil<b>ja</b> Äijälä-iso3",
    "a handle": "thanks to @vilja_iso3!",
    "an account's id": "https://example.org/i/user/770010003",
    "a holder's id": "<td data-who='henkilo-iso3'>",
    "HTML": "Vilja &Auml;ij&#228;l&#xe4;-iso3",
    "HTML twice": "Vilja &amp;Auml;ij&amp;#228;l&auml;-iso3",
    "JSON": json.dumps({"who": f"\n{NAME}"}),
    "JavaScript": "'Vilja \\u{c4}ij\\xe4l\\u00e4-iso3'",
    "JSON in HTML": json.dumps(NAME).replace('"', "&quot;"),
    "an address": "https://example.org/?q=Vilja%20%C3%84ij%C3%A4l%C3%A4-iso3",
    "combining marks": "Vilja A\u0308ija\u0308la\u0308-iso3",
    "soft hyphens": "Vil&shy;ja Äi\u00adjä\u200blä-iso3",
    "alternative text": f'<img alt="{NAME}">',
    "a comment": f"<!-- {NAME} -->",
    "a picture in an address": f"data:image/svg+xml;base64,{base64.b64encode(NAME.encode()).decode()}",
    "a picture in words": "<img src='data:image/svg+xml,%3Ctext%3EVilja%20%C3%84ij%C3%A4l%C3%A4-iso3%3C/text%3E'>",
    "a picture's remark": f"<img src='data:image/png;base64,{with_text(NAME)}'>",
    "a picture in a picture": "data:image/svg+xml;base64,"
    + base64.b64encode(f"<image href='data:image/png;base64,{with_text(NAME)}'/>".encode()).decode(),
    "a small house": "Talo Pieni",
    "a small house's account": "@pieniviestii",
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_hidden_name_is_found_wherever_it_hides_and_on_its_slide(place):
    source = f"<section><p>ok</p></section><section><section>a</section><section>{HIDING_PLACES[place]}</section>"
    source = f"<main class='slides'>{source}</section></main>"
    secret = hidden_in(private_study())
    found = names_by_slide(source, secret, 3)
    assert set(found) == {3}
    assert found[3] == 1
    # where scripts add slides, the text alone does not tell which is which
    assert names_by_slide(source, secret, 4) == {None: found[3]}


@pytest.mark.parametrize(
    "text",
    [
        "Talo Iso",
        "@isoviestii 880010000",
        "Vilja is a name, Äijälä another",
        "iso3",
        "7700100031",
        f"data:image/png;base64,{with_text('nobody')}",
    ],
)
def test_what_is_shown_to_all_is_no_hidden_name(text):
    assert names_by_slide(f"<section>{text}</section>", hidden_in(private_study()), 1) == {}


def test_names_outside_slides_and_names_that_are_given_are_found():
    secret = hidden_in(None, ["Ei Kukaan", "abc"])
    assert names_by_slide("<section>ei kukaan, abc</section><script>'EI KUKAAN'</script>", secret, 1) == {1: 1, None: 1}


def test_study_that_shows_its_persons_hides_nobody(example):
    assert hidden_in(example).identities == frozenset()


def test_hidden_name_is_counted_and_never_repeated(browser, tmp_path):
    built = "<script>document.getElementById('late').textContent = ['Vil', 'ja Äijälä-', 'iso4'].join('')</script>"
    deck = written(
        tmp_path / "deck.html",
        slide(f'<p id="vilja_iso3" style="font-size:9px">a long text before the name: {NAME}, Vilja Äijälä-iso1</p>'),
        slide("<p>nobody</p>"),
        slide('<p id="late">nobody yet</p>'),
        end=built,
    )
    check = check_talk(deck, browser=browser, study=private_study())
    hidden = {p.slide: p.details["n"] for p in check.problems if p.check == "hidden"}
    assert hidden == {1: 3, 3: 1}
    assert ("text_size", "small", "p") in found(check, 1)
    said = json.dumps(check.to_dict(), ensure_ascii=False) + str(check) + check._repr_html_() + repr(check)
    assert "vilja" not in said.casefold()
    assert "iso3" not in said


# ---- the answer, and what stops it -----------------------------------------------------------------------


def test_answer_is_a_table_and_json_in_each_language(every_fault):
    for language in LANGUAGES:
        table = every_fault.summary(language)
        assert list(table.columns) == ["check", "outcome", "looked_at", "problems", "slides"]
        assert len(table) == len(CHECKS)
        assert len(every_fault.lines(language)) == len(every_fault.problems)
    written = json.loads(json.dumps(every_fault.to_dict()))
    assert written["passed"] is False
    assert [row["check"] for row in written["checks"]] == list(CHECKS)
    assert sum(len(row["problems"]) for row in written["checks"]) == len(every_fault.problems)
    assert "&lt;" in TalkCheck._repr_html_(replace_element(every_fault, "<script>"))


def replace_element(check: TalkCheck, element: str) -> TalkCheck:
    row = check.rows[2]
    return replace(check, rows=(replace(row, problems=(replace(row.problems[0], element=element),)),))


def test_planned_time_is_added_up(browser, tmp_path):
    deck = written(
        tmp_path / "deck.html",
        slide("<p>text</p>", attributes='data-timing="60"'),
        slide("<p>text</p>", attributes='data-timing="90"'),
    )
    assert check_talk(deck, browser=browser).seconds == 150


def test_what_is_no_deck_is_refused_with_a_hint(browser, tmp_path):
    with pytest.raises(TalkError, match="name an HTML file"):
        check_talk(tmp_path / "none.html", browser=browser)
    (tmp_path / "page.html").write_text("<p>no slides</p>", "utf-8")
    with pytest.raises(TalkError, match=r"expected a reveal\.js deck"):
        check_talk(tmp_path / "page.html", browser=browser)
    with pytest.raises(AmbassadorError, match="there are en, fi, sv"):
        check_talk(tmp_path / "page.html", browser=browser, language="de")


@pytest.mark.parametrize("library", ["playwright", "axe_playwright_python", "pypdf"])
def test_missing_library_is_named_with_what_to_install(browser, tmp_path, monkeypatch, library):
    real: Callable = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    deck = written(tmp_path / "deck.html", slide("<p>text</p>"))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TalkError, match=r"pip install 'ambassador-net\[check\]'"):
        check_talk(deck, pdf=True, browser=None if library == "playwright" else browser)


def test_missing_browser_is_told_with_what_to_install(tmp_path, monkeypatch):
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"))
    monkeypatch.setenv(browser_room.VARIABLE, str(tmp_path / "no-browser"))
    with pytest.raises(TalkError, match="apt install chromium"):
        check_talk(deck)


def test_browser_that_does_not_start_is_told(tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv(browser_room.VARIABLE, str(broken))
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"))
    with pytest.raises(TalkError, match="did not start"):
        check_talk(deck)


def test_check_starts_its_own_browser_also_where_a_loop_runs(tmp_path, browser):
    """With the tests' own browser running, as in a notebook, Playwright refuses a second one in the same thread."""
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"))
    assert check_talk(deck).passed
    assert browser.is_connected()


def test_progress_counts_slides(browser, tmp_path):
    steps = []
    deck = written(tmp_path / "deck.html", slide("<p>text</p>"), slide("<p>text</p>"))
    check_talk(deck, browser=browser, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2), (1, 2)]
