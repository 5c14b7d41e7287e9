"""The deck without a browser: what is on which slide, what is dropped, what stops the build."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambassador_net import looks, talk
from ambassador_net.errors import AmbassadorError, NotebookError, TalkError
from ambassador_net.talk import TalkSettings, try_it
from ambassador_net.talk.settings import _checked
from ambassador_net.talk.speaker import notes_plugin, speaker_script
from ambassador_net.talk.timing import planned_s, spoken_s
from ambassador_net.words import say

nbformat = pytest.importorskip("nbformat")

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output  # noqa: E402

from ambassador_net.talk.exporter import AmbassadorSlidesExporter  # noqa: E402

PACKAGE = Path(talk.__file__).parent.parent
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def prose(text: str, slide_type: str = "-", *tags: str):
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": slide_type}, "tags": list(tags)})


def computed(*outputs, source: str = "secret_code()", slide_type: str = "-", tags: tuple[str, ...] = (), **metadata):
    return new_code_cell(
        source,
        outputs=list(outputs),
        metadata={"slideshow": {"slide_type": slide_type}, "tags": list(tags), **metadata},
    )


def shown(**data: str):
    return new_output("display_data", {name.replace("_", "/"): text for name, text in data.items()})


def export(*cells, **traits) -> str:
    return AmbassadorSlidesExporter(**traits).from_notebook_node(new_notebook(cells=list(cells)))[0]


class Sections(HTMLParser):
    """Texts and tags of each slide, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.slides: list[dict] = []
        self.tags: list[tuple[str, dict]] = []
        self._open: list[str] = []
        self._notes = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "section":
            self.slides.append({"kind": given["class"], "text": "", "notes": "", "headings": [], "tags": []})
        elif self.slides:
            self.slides[-1]["tags"].append((tag, given))
            if re.fullmatch("h[1-6]", tag):
                self.slides[-1]["headings"].append(tag)
            self._notes = self._notes or (tag == "aside" and given.get("class") == "notes")

    def handle_endtag(self, tag):
        if tag == "aside":
            self._notes = False

    def handle_data(self, data):
        if self.slides:
            self.slides[-1]["notes" if self._notes else "text"] += data


def slides(*cells, **traits) -> list[dict]:
    return Sections(export(*cells, **traits)).slides


# What is on which slide


def test_slides_begin_where_the_notebook_says_and_show_what_it_says():
    found = slides(
        new_code_cell("import os"),
        prose("# One", "slide", "title"),
        prose("still one"),
        prose("# Two", "subslide", "saying"),
        prose("at a key press", "fragment"),
        prose("left out", "skip"),
        prose("from a study", "-", "source"),
        computed(source="x = 1", slide_type="slide"),
        prose("# Three"),
    )
    assert [(s["kind"], s["headings"]) for s in found] == [
        ("title", ["h1"]),
        ("saying", ["h2"]),
        ("finding", ["h2"]),
    ]
    assert "still one" in found[0]["text"]
    assert ("div", {"class": "markdown fragment"}) in found[1]["tags"]
    assert "left out" not in found[1]["text"]
    assert found[1]["text"].split("from a study")[1].split() == ["2", "/", "3"]


def test_first_heading_is_the_title_at_any_level_and_later_ones_are_below_it():
    (found,) = slides(prose("### A title\n\ntext\n\n# Another", "slide"))
    assert found["headings"] == ["h2", "h3"]


def test_prose_keeps_coloured_words_around_their_word():
    html = export(prose('## The <span class="people">people</span> do not.', "slide"))
    assert '<h2>The <span class="people">people</span> do not.</h2>' in html


def test_code_and_warnings_are_hidden_unless_a_cell_asks():
    hidden = computed(
        new_output("stream", name="stderr", text="FutureWarning"),
        new_output("stream", name="stdout", text="a < b"),
        slide_type="slide",
    )
    asked = computed(new_output("stream", name="stdout", text="c"), source="1 < 2", tags=("show-code",))
    html = export(prose("## A", "slide"), hidden, asked)
    assert "secret_code" not in html
    assert "FutureWarning" not in html
    assert "<pre>a &lt; b</pre>" in html
    assert '<pre class="code"><code>1 &lt; 2</code></pre>' in html


def test_richest_output_is_shown():
    both = shown(text_html="<p>rich</p>", text_plain="<Poor object>")
    (found,) = slides(computed(both, shown(text_markdown="## From *numbers*"), slide_type="slide"))
    assert "rich" in found["text"]
    assert "Poor" not in found["text"]
    assert found["headings"] == ["h2"]


def test_notes_are_for_the_speaker_only():
    html = export(prose("## A", "slide"), prose("whisper **this**", "notes"))
    (found,) = Sections(html).slides
    assert "whisper" in found["notes"]
    assert "whisper" not in found["text"]
    assert html.count("whisper") == 1
    assert ("aside", {"class": "notes", "hidden": None}) in found["tags"]


# Languages

BILINGUAL = (
    prose("## Hello", "slide", "lang-en"),
    prose("## Hei", "slide", "lang-fi"),
    computed(shown(text_plain="42")),
    prose("say hello", "notes", "lang-en"),
    prose("sano hei", "notes", "lang-fi"),
    prose("## Second", "slide", "lang-en"),
    prose("## Toinen", "slide", "lang-fi"),
)


def test_each_language_has_its_own_words_and_the_same_numbers():
    english, finnish = slides(*BILINGUAL, language="en"), slides(*BILINGUAL, language="fi")
    assert len(english) == len(finnish) == 2
    assert "Hello" in english[0]["text"]
    assert "Hei" in finnish[0]["text"]
    assert "Hei" not in english[0]["text"] + english[0]["notes"]
    assert "hello" not in (finnish[0]["text"] + finnish[0]["notes"]).lower()
    assert all("42" in deck[0]["text"] for deck in (english, finnish))


def test_document_says_its_language_and_its_buttons_speak_it():
    html = export(*BILINGUAL, language="fi")
    assert '<html lang="fi"' in html
    assert 'data-next="seuraava dia"' in html


def test_language_of_the_notebook_is_the_default():
    node = new_notebook(cells=list(BILINGUAL), metadata={"ambassador_net": {"language": "fi"}})
    assert '<html lang="fi"' in AmbassadorSlidesExporter().from_notebook_node(node)[0]


@pytest.mark.parametrize(
    ("missing", "cell", "what"),
    [("## Toinen", 6, "text or figures"), ("sano hei", 1, "speaker notes")],
)
def test_slide_that_is_missing_in_a_language_stops_the_build(missing, cell, what):
    cells = [c for c in BILINGUAL if c.source != missing]
    assert len(slides(*cells, language="en")) == 2
    with pytest.raises(TalkError, match=rf"begins with cell {cell} has {what} in en but not in fi.*lang-fi"):
        export(*cells, language="fi")


def test_unknown_language_is_refused():
    with pytest.raises(AmbassadorError, match="no language 'de'"):
        export(*BILINGUAL, language="de")


# One file, nothing from outside


def test_deck_asks_for_nothing_outside_itself():
    html = export(*BILINGUAL)
    for tag, attributes in Sections(html).tags:
        assert tag not in ("iframe", "object", "embed")
        for name in ("src", "href", "srcset", "data"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, name)
    assert not re.search(r"url\((?!data:)", html[: html.index("<body>")])
    assert "@import" not in html


def test_policy_names_every_script_by_its_hash_and_forbids_the_rest():
    html = export(computed(shown(text_html="<script>alert(1)</script>"), slide_type="slide"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", html[html.index("</main>") :], re.DOTALL)
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts]
    allowed = rules["script-src"].split()
    assert len(scripts) == 3
    # the fourth is the script of reveal's speaker window; a script in an output has none
    assert allowed[:3] == hashes
    assert len(allowed) == 4


def test_names_and_texts_are_escaped():
    hostile = '</title><script>alert(1)</script>"&<b>'
    html = export(computed(shown(text_plain=hostile), slide_type="slide"), title=hostile)
    assert "<script>alert" not in html
    assert "<b>" not in html[: html.index("</main>")]
    settings = talk.TalkSettings(title={"en": hostile}, speaker=hostile, event=hostile)
    assert "<script>" not in talk.title_slide(settings, "en")._repr_html_()


def test_links_lead_to_places_not_to_scripts():
    html = export(prose("## A\n\n[a](javascript:alert(1)) [b](https://example.org)", "slide"))
    assert "javascript:" not in html[: html.index("</main>")]
    assert '<a href="https://example.org">b</a>' in html


def test_pictures_have_their_alternative_text():
    picture = new_output("display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": 'a "pair" & 3 <'}})
    drawing = shown(**{"image_svg+xml": '<?xml version="1.0"?><svg viewBox="0 0 1 1"></svg>'})
    html = export(computed(picture, slide_type="slide"), computed(drawing, alt="12 of 30"))
    (found,) = Sections(html).slides
    assert next(t for t in found["tags"] if t[0] == "img")[1]["alt"] == 'a "pair" & 3 <'
    assert '<svg role="img" aria-label="12 of 30" viewBox="0 0 1 1"></svg>' in html
    assert "<?xml" not in html


def test_missing_alternative_text_is_told_and_never_invented(caplog):
    exporter = AmbassadorSlidesExporter()
    exporter.log.propagate = True
    picture = computed(new_output("display_data", {"image/png": PIXEL}), slide_type="slide")
    html, _ = exporter.from_notebook_node(new_notebook(cells=[prose("## A", "slide"), picture]))
    assert "cell 2 shows a picture without alternative text" in caplog.text
    assert "alt=" not in html[html.index("<main>") : html.index("</main>")]


def test_local_pictures_are_carried_along(tmp_path):
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))
    node = new_notebook(cells=[prose("## A\n\n![a dot](dot.png)", "slide")])
    html, _ = AmbassadorSlidesExporter().from_notebook_node(node, {"metadata": {"path": str(tmp_path)}})
    assert f'<img src="data:image/png;base64,{PIXEL}" alt="a dot">' in html


def test_stylesheet_is_added_after_the_theme(tmp_path):
    css = tmp_path / "theme.css"
    css.write_text(".mine { color: red }", encoding="utf-8")
    html = export(*BILINGUAL, extra_css=str(css), theme="dark")
    assert html.rindex(".mine") > html.rindex(".monday")
    assert 'data-theme="dark"' in html
    css.write_text("</style><script>", encoding="utf-8")
    with pytest.raises(TalkError, match="CSS only"):
        export(*BILINGUAL, extra_css=str(css))
    with pytest.raises(TalkError, match="cannot be read"):
        export(*BILINGUAL, extra_css=str(tmp_path / "none.css"))


# What stops a build says what to do


def test_notebook_that_shows_nothing_says_how_to_run_it():
    with pytest.raises(TalkError, match=r"shows nothing.*--execute"):
        export(new_code_cell("x = 1"))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (
            computed(shown(**{"application_vnd.jupyter.widget-view+json": {"model_id": "a"}, "text_plain": "Box()"})),
            "cell 2 shows a widget.*slide type skip",
        ),
        (
            computed(new_output("error", ename="KeyError", evalue="'aino@example'", traceback=["/srv/aino/n.py"])),
            "cell 2 ended with KeyError, which is left out; run the notebook",
        ),
    ],
)
def test_what_cannot_be_shown_is_named_and_refused_where_one_is_strict(cell, message, caplog):
    exporter = AmbassadorSlidesExporter()
    exporter.log.propagate = True
    html, resources = exporter.from_notebook_node(new_notebook(cells=[prose("## A", "slide"), cell]))
    assert re.search(message, caplog.text)
    assert len(resources["remarks"]) == 1
    assert "aino" not in html + caplog.text
    with pytest.raises(TalkError, match=message) as caught:
        export(prose("## A", "slide"), cell, strict=True)
    assert "aino" not in str(caught.value)


# Building


@pytest.fixture
def notebook(tmp_path) -> Callable[..., Path]:
    def write(*cells) -> Path:
        path = tmp_path / "small.ipynb"
        nbformat.write(new_notebook(cells=list(cells)), path)
        return path

    return write


def test_build_talk_runs_the_notebook_in_its_language_with_its_settings(notebook, tmp_path):
    code = (
        "import os\nfrom ambassador_net import talk\n"
        "assert os.environ['AMBASSADOR_NET_STUDY'] == 'here'\n"
        "talk.title_slide(talk.current_settings(), os.environ['AMBASSADOR_NET_LANGUAGE'])"
    )
    path = notebook(
        computed(source=code, slide_type="slide", tags=("title",)),
        prose("[more](https://example.org/more) [here](#/1)"),
    )
    settings = talk.TalkSettings(title={"fi": "Tango & muut"}, speaker="Aino", event="Tampere")
    seen = []
    built = talk.build_talk(
        path,
        tmp_path / "out" / "deck.html",
        language="fi",
        settings=settings,
        environment={"AMBASSADOR_NET_STUDY": "here"},
        progress=lambda done, total: seen.append((done, total)),
    )
    html = built.path.read_text(encoding="utf-8")
    assert "<h1>Tango &amp; muut</h1>" in html
    assert "<title>Tango &amp; muut</title>" in html
    assert 'class="byline">Aino<' in html
    assert 'class="event">Tampere<' in html
    assert (built.slides, built.bytes, built.outside_links) == (
        1,
        built.path.stat().st_size,
        ("https://example.org/more",),
    )
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"deck.html", "deck.reading.html"}
    assert seen[-1] == (2, 2)


def test_failed_build_names_the_cell_and_leaves_the_old_deck(notebook, tmp_path):
    target = tmp_path / "deck.html"
    target.write_text("old", encoding="utf-8")
    path = notebook(prose("## A", "slide"), computed(source="1 / 0"))
    with pytest.raises(NotebookError, match="cell 2: ZeroDivisionError"):
        talk.build_talk(path, target)
    assert target.read_text(encoding="utf-8") == "old"


def test_place_that_cannot_be_written_is_named(notebook, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TalkError, match="cannot be written"):
        talk.build_talk(notebook(prose("## A", "slide")), tmp_path / "file" / "deck.html")


def test_same_notebook_gives_the_same_bytes_in_two_processes(notebook, tmp_path):
    path = notebook(
        computed(source="print('a')", slide_type="slide"),
        computed(source="from IPython.display import HTML; HTML('<p>b</p>')"),
    )
    digests = []
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.html"
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"from ambassador_net.talk import build_talk; build_talk({str(path)!r}, {str(target)!r})",
            ],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        digests.append(hashlib.sha256(target.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_nbconvert_knows_the_exporter(notebook, tmp_path):
    path = notebook(prose("## A slide", "slide"))
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "ambassador_slides", str(path)],
        check=True,
        capture_output=True,
    )
    html = (tmp_path / "small.slides.html").read_text(encoding="utf-8")
    assert "<h2>A slide</h2>" in html
    assert "<title>small</title>" in html


# Settings


def test_settings_are_read_with_the_theme_beside_them(tmp_path):
    path = tmp_path / "talk.toml"
    path.write_text('speaker = "A"\nminutes = 30\nlanguages = ["fi"]\n[title]\nfi = "T"\n', encoding="utf-8")
    found = talk.read_settings(path)
    assert (found.speaker, found.minutes, found.languages, found.title_in("fi")) == ("A", 30, ("fi",), "T")
    assert found.title_in("en") == talk.TalkSettings().title_in("en")
    assert found.stylesheet is None
    (tmp_path / "theme.css").write_text("", encoding="utf-8")
    assert talk.read_settings(path).stylesheet == tmp_path / "theme.css"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speaker = ", "is not TOML"),
        ('speeker = "A"', "no setting is called speeker; expected title"),
        ('title = "T"', "title is one text per language"),
        ("speaker = 3", "speaker is a text"),
        ("minutes = 0", "minutes is a whole number"),
        ('languages = "fi"', "languages is a list"),
        ('languages = ["de"]', "no language 'de'"),
    ],
)
def test_wrong_settings_say_what_is_expected(tmp_path, text, message):
    path = tmp_path / "talk.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AmbassadorError, match=message):
        talk.read_settings(path)


def test_missing_settings_are_named(tmp_path):
    with pytest.raises(TalkError, match=r"cannot be read.*talk\.toml"):
        talk.read_settings(tmp_path / "none.toml")


# What is carried


@pytest.mark.parametrize("folder", ["talk/static", "looks/fonts"])
def test_vendored_files_are_as_they_were_fetched(folder):
    written = tomllib.loads((PACKAGE / folder / "VENDORED.toml").read_text(encoding="utf-8"))
    for name, digest in written["sha256"].items():
        assert hashlib.sha256((PACKAGE / folder / name).read_bytes()).hexdigest() == digest, name
    carried = {p.relative_to(PACKAGE / folder).as_posix() for p in (PACKAGE / folder).rglob("*") if p.is_file()}
    assert carried - set(written["sha256"]) <= {"VENDORED.toml", "deck.js", "widget.js"}


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_read_on_their_paper(theme):
    """WCAG 2.2: text 4.5 to 1, marks 3 to 1. The numbers are those the palette was chosen by."""
    colours = looks.COLOURS[theme]
    for name in ("ink", "people", "organisation", "chance"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in ("people", "organisation"):
        assert contrast(colours[name], colours[f"wash-{name}"]) >= 4.5, name
    assert contrast(colours["outside"], colours["paper"]) >= 3
    assert set(colours) == set(looks.COLOURS["light"])


def test_matplotlib_finds_the_typeface_in_both_weights():
    from matplotlib.font_manager import FontProperties, findfont

    family = looks.register_fonts()
    for weight, name in ((400, "Regular"), (650, "Bold")):
        assert Path(findfont(FontProperties(family=family, weight=weight))).name.endswith(f"{name}.ttf")


# ---- how long each slide stays ---------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60), st.integers(1, 90))
def test_planned_seconds_add_up_and_follow_the_notes(lengths: list[int], minutes: int) -> None:
    notes = ["x" * n for n in lengths]
    seconds = planned_s(notes, minutes)
    assert sum(seconds) == 60 * minutes
    spoken = spoken_s(notes)
    for part, said in zip(seconds, spoken, strict=True):
        # each is its exact part to a second
        assert abs(part - 60 * minutes * said / sum(spoken)) <= 1


def test_the_address_becomes_a_code_that_says_what_it_is() -> None:
    shown = try_it(TalkSettings(address="https://example.org/tango?a=1&b=2"), "en")._repr_html_()
    assert 'role="img" aria-label="QR code of https://example.org/tango?a=1&amp;b=2"' in shown
    assert "<svg" in shown
    for wrong in ("javascript:alert(1)", "example.org", "https://a b"):
        with pytest.raises(TalkError, match="address"):
            _checked({"address": wrong}, "talk.toml", None)
    with pytest.raises(TalkError, match="theme is one of light, dark, contrast"):
        _checked({"theme": "pink"}, "talk.toml", None)


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_the_speakers_window_speaks_the_language_of_the_deck(language: str) -> None:
    plugin = notes_plugin(language)
    shown = speaker_script(plugin)
    for word in ("upcoming", "reset", "pacing", "notes", "loading"):
        assert f">{say(f'deck.speaker_{word}', language)}<" in plugin
    assert f"toLocaleTimeString( '{language}'" in shown
    if language != "en":
        for english in (
            "Upcoming",
            "Click to Reset",
            "Pacing –",
            "'Notes only'",
            "Loading speaker",
            "Error connecting",
        ):
            assert english not in plugin
