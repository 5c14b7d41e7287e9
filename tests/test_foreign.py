"""Anybody's notebook becomes a deck: other people's habits, large ones, broken ones and hostile ones."""

import base64
import functools
import hashlib
import html as html_module
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")

from nbformat.v4 import new_code_cell, new_notebook, new_output  # noqa: E402

from ambassador_net.errors import TalkError  # noqa: E402
from ambassador_net.looks.modules import widget_module  # noqa: E402
from ambassador_net.talk import (  # noqa: E402
    TalkSettings,
    build_talk,
    diagrams,
    title_slide,
)
from ambassador_net.talk.exporter import AmbassadorSlidesExporter  # noqa: E402
from ambassador_net.talk.formulas import Formula, mathjax_folder, typeset  # noqa: E402
from foreign import (  # noqa: E402
    HOSTILE_METADATA,
    NAME,
    PNG,
    VIEW,
    hostile_cells,
    large_notebook,
    png,
    prose,
    shown,
)


class Deck(HTMLParser):
    """What a browser finds in a deck: elements with their attributes, and each slide's title and text."""

    def __init__(self, html: str, remarks: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.html, self.remarks = html, remarks
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.slides: list[dict] = []
        self._heading = ""
        body = html[html.index("<body>") : html.index("</main>")]
        self.content = body
        self.feed(body)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("p", "li", "td", "th", "pre"):
            self.handle_data(" ")
        if tag == "section":
            self.slides.append({"title": "", "text": "", "headings": []})
        elif re.fullmatch("h[1-6]", tag):
            self._heading = tag
            self.slides[-1]["headings"].append(tag)

    def handle_endtag(self, tag):
        if tag == self._heading:
            self._heading = ""

    def handle_data(self, data):
        if self.slides:
            self.slides[-1]["text"] += data
            if self._heading in ("h1", "h2"):
                self.slides[-1]["title"] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [given for name, given in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(slide["text"] for slide in self.slides)

    @property
    def titles(self) -> list[str]:
        return [slide["title"] for slide in self.slides]


def deck(*cells, folder: Path | None = None, metadata: dict | None = None, **traits) -> Deck:
    notebook = new_notebook(cells=list(cells), metadata=metadata or {})
    path = {"path": str(folder)} if folder else {}
    html, resources = AmbassadorSlidesExporter(**traits).from_notebook_node(
        notebook, {"metadata": {"name": "n", **path}}
    )
    return Deck(html, resources["remarks"])


# Cut at headings


def test_notebook_without_slides_is_cut_at_headings_of_two_levels():
    found = deck(
        prose("# Study\n\nwhy\n\n## Data\n\nfrom *there*\n\n### Detail\n\nmore"),
        new_code_cell("x = 1"),
        shown({"text/plain": "42"}),
        prose("Underlined\n----------\n\ntext\n\n    ## code, not a title\n\n```\n## nor this\n```"),
        prose("<h2>In HTML</h2>\n\nlast"),
    )
    assert found.titles == ["Study", "Data", "Underlined", "In HTML"]
    assert found.slides[1]["headings"] == ["h2", "h3"]
    assert "42" in found.slides[1]["text"]
    assert "code, not a title" in found.slides[2]["text"]
    assert "nor this" in found.slides[2]["text"]
    assert all(slide["headings"][0] == "h2" for slide in found.slides)


def test_slides_of_the_author_are_never_cut():
    found = deck(prose("# A\n\n## B\n\n" + "line\n\n" * 40, "slide"), prose("# C\n\n# D"))
    assert len(found.slides) == 1
    assert "data-cut" not in found.content


def test_rule_and_front_matter_are_no_titles():
    found = deck(prose("# A\n\ntext\n\n---\n\n- one\n- two\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |"))
    assert found.titles == ["A"]
    assert "table" in [tag for tag, _ in found.elements]


def test_addresses_defined_once_hold_in_every_part():
    found = deck(prose("# A\n\n[one][x]\n\n# B\n\n[two][x]\n\n[x]: https://example.org/x"))
    assert [given["href"] for given in found.all("a")] == ["https://example.org/x"] * 2


def test_what_stands_before_the_first_heading_has_the_notebooks_title():
    found = deck(shown({"text/plain": "42"}), prose("# A"), metadata={"title": "Mine"})
    assert found.titles == ["Mine", "A"]


ROWS = "".join(f"<tr><td>row{i}</td><td>{i}</td></tr>" for i in range(40))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (prose("\n\n".join(f"word{i} and some more" for i in range(40))), [f"word{i}" for i in range(40)]),
        (prose("\n".join(f"- item{i}" for i in range(40))), [f"item{i}" for i in range(40)]),
        (prose("\n".join(f"{i}. item{i}" for i in range(1, 40))), [f"item{i}" for i in range(1, 40)]),
        (prose(" ".join(f"Sentence{i} is here to be read aloud by somebody." for i in range(60))), ["Sentence59"]),
        (shown({"text/plain": "\n".join(f"line{i}" for i in range(90))}), [f"line{i}" for i in range(90)]),
        (
            shown({"text/html": f"<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>{ROWS}</tbody></table>"}),
            [f"row{i}" for i in range(40)],
        ),
    ],
)
def test_too_much_goes_on_on_the_next_slide_and_nothing_is_lost(cell, words):
    found = deck(prose("# Long\n\nbegins"), cell, prose("# After"))
    assert found.titles[0] == "Long"
    assert found.titles[1:-1] == [f"Long ({number})" for number in range(2, len(found.titles))]
    assert found.titles[-1] == "After"
    assert len(found.titles) > 3
    assert [re.findall(rf"\b{word}\b", found.text) for word in words] == [[word] for word in words]


def test_table_that_goes_on_repeats_its_head_and_list_its_count():
    table = f"<table><thead><tr><th>head</th></tr></thead><tbody>{ROWS}</tbody></table>"
    found = deck(prose("# T"), shown({"text/html": table}))
    assert found.text.count("head") == len(found.slides)
    found = deck(prose("# L\n\n" + "\n".join(f"{i}. item{i}" for i in range(1, 30))))
    starts = [int(given.get("start", 1)) for given in found.all("ol")]
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    assert f"item{starts[1]}" in found.slides[1]["text"]


def test_heading_never_stays_behind_alone():
    found = deck(prose("# A\n\n" + "line\n\n" * 8 + "### Last\n\n" + "line\n\n" * 8))
    (place,) = [i for i, slide in enumerate(found.slides) if "Last" in slide["text"]]
    assert "line" in found.slides[place]["text"].split("Last")[1]


def test_sixty_slides_with_fragments_notes_and_skips():
    cells = []
    for number in range(60):
        cells += [prose(f"## Slide {number}", "subslide" if number % 3 else "slide"), prose("soon", "fragment")]
        cells += [prose("whisper", "notes"), prose("gone", "skip")]
    found = deck(*cells)
    assert found.titles == [f"Slide {number}" for number in range(60)]
    assert found.content.count("whisper") == found.content.count('class="markdown fragment"') == 60
    assert "gone" not in found.content


def test_tasks_are_signs_not_fields():
    found = deck(prose("# A\n\n- [x] done\n- [ ] to do"))
    assert "☑ done" in found.text
    assert "☐ to do" in found.text
    assert found.all("input") == []


# Formulas


def test_formulas_are_drawings_with_their_tex_as_label():
    found = deck(
        prose(
            "# Rate $r_i$\n\nInline $\\frac{a}{b}$ and\n\n$$\\sum_i x_i$$\n\n\\\\[ y^2 \\\\]\n\n"
            "\\begin{align}a &= b \\label{one} \\\\ c &= d \\nonumber\\end{align}\n\n<p>in HTML $z$</p>"
        ),
        shown({"text/latex": "$\\displaystyle x^{2}$", "text/plain": "x**2"}),
        shown({"text/latex": "\\begin{equation}E=mc^2\\end{equation}"}),
    )
    labels = [given["aria-label"] for given in found.all("svg")]
    assert labels.pop(-2) == "r_i", "the title of the slide that goes on"
    assert labels[:4] == ["r_i", "\\frac{a}{b}", "\\sum_i x_i", "y^2"]
    assert labels[4].startswith("\\begin{align}a &= b")
    assert labels[5:] == ["z", "\\displaystyle x^{2}", "\\begin{equation}E=mc^2\\end{equation}"]
    for given in found.all("svg"):
        assert given["role"] == "img"
        assert re.fullmatch(r"[\d.]+em", given["width"])
        assert given["style"].startswith("vertical-align: ")
    drawn = found.content
    assert "currentColor" in drawn
    assert 'fill="black"' not in drawn
    assert "$" not in found.text
    assert found.remarks == ()
    assert not re.search(r"mathjax|require\.js|mermaid\.", found.html, re.IGNORECASE)


@pytest.mark.parametrize(
    ("tex", "named"),
    [
        (r"\begin{array}{c|c}a & b\end{array}", "rules of an array"),
        (r"\begin{array}{cc}a & b \\ \hline c & d\end{array}", r"\hline"),
        (r"a \ref{one}", r"\ref"),
        (r"\nosuchcommand x", r"\nosuchcommand"),
        (r"\newcommand{\R}{\mathbb{R}}", r"\newcommand"),
        (r"\begin{multline}a \\ b\end{multline}", "multline"),
        (r"\frac{a}{", "is it complete"),
        (r"\href{javascript:alert(1)}{x}", r"\href"),
    ],
)
def test_what_ziamath_would_draw_wrongly_is_shown_as_written_and_named(tex, named):
    found = deck(prose(f"# A\n\n$${tex}$$"), mathjax="")
    assert found.all("svg") == []
    assert tex in found.text
    assert len(found.remarks) == 1
    assert "cell 1 holds a formula that is shown as TeX" in found.remarks[0]
    assert named in found.remarks[0]


def test_numbering_is_left_out_and_changes_nothing():
    plain, numbered = typeset([Formula("a=b", True), Formula(r"a=b\label{x}\nonumber", True)])
    assert plain.svg == numbered.svg != ""


def test_dollars_of_money_and_code_stay():
    found = deck(prose("# A\n\nIt costs \\$5 and `$x$` is code.\n\n```\n$y$\n```"))
    assert "$5 and $x$ is code" in found.text
    assert "$y$" in found.text


def test_table_in_latex_is_no_formula():
    found = deck(shown({"text/latex": "\\begin{tabular}{l}a\\end{tabular}", "text/plain": "as a table"}), prose("# A"))
    assert "as a table" in found.text


@pytest.mark.skipif(not mathjax_folder(), reason="AMBASSADOR_NET_MATHJAX names no MathJax")
def test_mathjax_sets_what_ziamath_refuses():
    drawn = typeset(
        [
            Formula(r"\newcommand{\R}{\mathbb{R}}", False),
            Formula(r"\begin{array}{c|c}\R & b\end{array}", True),
            Formula(r"\nosuchcommand", False),
            Formula(r"\href{javascript:alert(1)}{x}", False),
        ],
        mathjax_folder(),
    )
    assert [bool(one.svg) for one in drawn] == [False, True, False, False]
    assert [bool(one.fault) for one in drawn] == [False, False, True, True]


def test_mathjax_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TalkError, match=r"npm install mathjax@3|no `node`"):
        typeset([Formula("x", False)], str(tmp_path))


# Diagrams

FLOW = (
    "graph LR\n  accTitle: From post to answer\n  accDescr: A post is shared and answered\n  A[Post R&D] --> B[Answer]"
)


def test_diagram_is_drawn_with_its_own_words_for_screen_readers():
    pytest.importorskip("mermaidx")
    found = deck(prose(f"# A\n\n```mermaid\n{FLOW}\n```"), shown({"text/vnd.mermaid": "graph LR\n  C --> D"}))
    first, second = found.all("svg")
    assert first["aria-label"] == "From post to answer. A post is shared and answered"
    assert first["role"] == "img"
    assert "aria-label" not in second
    assert found.remarks == ("cell 2 shows a picture without alternative text; set `alt` in the metadata of the cell",)
    assert "Post R&D" in found.text
    assert "foreignObject" not in found.html
    ids = [given["id"] for _, given in found.elements if "id" in given]
    assert len(ids) == len(set(ids))
    pointed = set(re.findall(r"url\(#([^)]+)\)", found.content))
    assert pointed <= set(ids)


def test_diagram_is_drawn_without_chance():
    pytest.importorskip("mermaidx")
    engine, source = diagrams._engine(), "gitGraph\n  commit\n  branch other\n  commit"
    assert engine.render_svg(source, "base", {}, None) == engine.render_svg(source, "base", {}, None)


def test_diagram_without_its_library_is_shown_as_written(monkeypatch):
    monkeypatch.setitem(sys.modules, "mermaidx", None)
    monkeypatch.setitem(sys.modules, "mermaidx.engines.quickjs_engine", None)
    monkeypatch.setattr(diagrams, "_engine", diagrams._engine.__wrapped__)
    found = deck(prose(f"# A\n\n```mermaid\n{FLOW}\n```"))
    assert "A[Post R&D] --> B[Answer]" in found.text
    assert "pip install 'ambassador-net[diagrams]'" in found.remarks[0]


# Pictures


def test_local_pictures_are_carried_and_missing_ones_give_their_words(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a b.png").write_bytes(png())
    (tmp_path / "drawing.svg").write_text(
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)"><style>'
        ".a{fill:red;background:url(https://example.org/x)}</style><script>alert(1)</script>"
        '<foreignObject><p>x</p></foreignObject><image href="https://example.org/y.png"/><rect class="a"/></svg>',
        encoding="utf-8",
    )
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    attached = {"c.png": {"image/png": PNG}}
    found = deck(
        prose('# A\n\n![one](pictures/a%20b.png)\n\n<img src="drawing.svg" alt="two" width="90">\n\n![three](no.png)'),
        prose("![four](attachment:c.png) ![five](attachment:none.png)", attachments=attached),
        prose("![six](../../etc/passwd) ![seven](secret.txt) ![eight](/etc/passwd)"),
        folder=tmp_path,
    )
    assert [given["alt"] for given in found.all("img")] == ["one", "two", "four"]
    assert all(given["src"].startswith("data:image/") for given in found.all("img"))
    for word in ("three", "five", "six", "seven", "eight"):
        assert word in found.text
    for said in ("no.png, which is not there", "attachment none.png", "outside the notebook's folder", "no PNG"):
        assert any(said in remark for remark in found.remarks), said
    assert len(found.remarks) == 5
    carried = base64.b64decode(found.all("img")[1]["src"].split(",")[1]).decode()
    assert '<rect class="a"/>' in carried
    assert "fill: red" in carried
    assert not re.search(r"script|onload|foreign|example|alert", carried)


def test_remote_pictures_and_frames_are_named_with_host_and_cell(tmp_path):
    cells = (
        prose("# A\n\n![a map](https://tiles.example.org/1.png)\n\n<img src='//b.example.org/x.png'>"),
        shown(
            {"text/html": "<script src='https://cdn.example.net/plotly.js'></script><iframe src='https://c.example/'>"}
        ),
        shown({"text/html": "<link rel=stylesheet href=https://fonts.example/a.css><p>kept</p>"}),
    )
    found = deck(*cells)
    assert "a map" in found.text
    assert "kept" in found.text
    for host, cell in {
        "tiles.example.org": 1,
        "b.example.org": 1,
        "cdn.example.net": 2,
        "c.example": 2,
        "fonts.example": 3,
    }.items():
        assert any(remark.startswith(f"cell {cell} ") and host in remark for remark in found.remarks), host
        assert host not in found.html
    with pytest.raises(TalkError, match=r"tiles\.example\.org.*cdn\.example\.net"):
        deck(*cells, strict=True)


def test_script_without_a_picture_gives_way_to_the_next_form():
    found = deck(
        prose("# A"), shown({"text/html": "<div id=x></div><script>draw()</script>", "image/png": PNG}, alt="still")
    )
    assert [given["alt"] for given in found.all("img")] == ["still"]


STAND_IN = "No description has been provided for this image"


def test_pictures_without_words_are_listed():
    found = deck(
        prose(f"# A\n\n![](data:image/png;base64,{PNG})"),
        shown({"image/png": PNG}, metadata={"image/png": {"alt": STAND_IN}}),
        shown({"text/html": f'<img src="data:image/png;base64,{PNG}" alt="{STAND_IN}">'}),
        shown({"image/svg+xml": '<svg viewBox="0 0 1 1"><rect/></svg>'}),
        shown({"text/html": '<svg viewBox="0 0 1 1"><title>Named</title><rect/></svg>'}),
        shown({"image/jpeg": base64.b64encode(b"\xff\xd8\xff\xe0").decode()}, alt="given"),
    )
    assert [int(remark.split()[1]) for remark in found.remarks] == [1, 2, 3, 4]
    assert all("without alternative text" in remark for remark in found.remarks)
    assert STAND_IN not in found.html
    assert found.all("svg")[-1]["aria-label"] == "Named"


# Tables, figures and widgets of other libraries


def test_pandas_and_matplotlib_come_through():
    import matplotlib as mpl
    import pandas as pd
    from matplotlib.figure import Figure

    table = pd.DataFrame({"name": ["R&D <b>", "مرحبا"], "n": [1, 2]})
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([1, 2], label="a")
    with mpl.rc_context({"svg.hashsalt": "a"}):
        from io import StringIO

        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    found = deck(
        prose("# A"),
        shown({"text/html": table._repr_html_(), "text/plain": "t"}),
        shown({"image/svg+xml": drawn.getvalue()}, alt="a line"),
        shown({"image/svg+xml": drawn.getvalue()}, alt="the same line"),
    )
    assert "R&D <b>" in found.text
    assert "مرحبا" in found.text
    assert ".cell-2 .dataframe thead th" in found.html
    assert ".cell-3 *{stroke-linejoin: round; stroke-linecap: butt}" in found.html
    assert [given["aria-label"] for given in found.all("svg")] == ["a line", "the same line"]
    ids = [given["id"] for _, given in found.elements if "id" in given]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', found.content))
    assert used <= set(ids)
    assert "rdf" not in found.content
    assert found.remarks == ()


STATES = {
    "box": {"model_name": "VBoxModel", "state": {"children": ["IPY_MODEL_a", "IPY_MODEL_b", "IPY_MODEL_c"]}},
    "a": {"model_name": "IntSliderModel", "state": {"value": 7, "description": "Weeks <b>"}},
    "b": {"model_name": "HTMLModel", "state": {"value": "<em>said</em><script>alert(1)</script>"}},
    "c": {"model_name": "DropdownModel", "state": {"_options_labels": ["one", "two"], "index": 1}},
    "loop": {"model_name": "HBoxModel", "state": {"children": ["IPY_MODEL_loop"]}},
}


def test_widget_leaves_what_it_showed():
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": STATES, "version_major": 2}}
    found = deck(
        prose("# A"),
        shown({VIEW: {"model_id": "box"}, "text/plain": "VBox()"}),
        shown({VIEW: {"model_id": "loop"}, "text/plain": "HBox(loop)"}),
        metadata={"widgets": widgets},
    )
    assert "Weeks <b>: 7" in found.text
    assert "said" in found.text
    assert "two" in found.text
    assert "HBox(loop)" in found.text
    assert "alert" not in found.content
    assert any("cell 2 shows a widget" in remark for remark in found.remarks)


@pytest.mark.parametrize("change", ["", "\nalert(1)"])
def test_widget_of_ours_lives_on_and_code_from_a_notebook_never_runs(change):
    module = widget_module() + change
    state = {"_esm": module, "_css": "*{color:red}", "payload": {"a": "</script><script>alert(2)"}, "house": -1}
    states = {"m": {"model_name": "AnyModel", "state": state}}
    found = deck(
        prose("# A"),
        shown({VIEW: {"model_id": "m"}, "text/plain": "Demo()"}),
        metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {"state": states}}},
    )
    assert "Demo()" in found.text
    assert "alert(1)" not in found.html
    assert "<script>alert(2)" not in found.html
    assert len(re.findall(r"^<script>", found.html, re.MULTILINE)) == (3 if change else 5)
    assert len(found.remarks) == (1 if change else 0)
    assert ("widget-1-place" in [given.get("id") for _, given in found.elements]) is not bool(change)


@pytest.mark.parametrize(
    "widgets",
    [
        None,
        [],
        {"state": {"x": {}}, "version": "1.1.1"},
        {"application/vnd.jupyter.widget-state+json": None},
        {"application/vnd.jupyter.widget-state+json": {"state": {"m": {}, "n": None, "o": {"state": 3}}}},
        {"application/vnd.jupyter.widget-state+json": {"version_major": 1}},
    ],
)
def test_old_and_broken_widget_states_do_not_stop_the_build(widgets):
    found = deck(shown({VIEW: {"model_id": "m"}, "text/plain": "Old()"}), prose("# A"), metadata={"widgets": widgets})
    assert "Old()" in found.text


def test_notebook_with_old_widget_states_is_run_and_strict_build_refuses(tmp_path):
    path = tmp_path / "n.ipynb"
    notebook = new_notebook(cells=[prose("# A"), new_code_cell("print(6 * 7)")])
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"version_major": 1}}
    nbformat.write(notebook, path)
    assert "<pre>42\n</pre>" in build_talk(path, tmp_path / "a.html").path.read_text(encoding="utf-8")
    notebook.cells[0].source += "\n\n![a map](https://tiles.example.org/1.png)"
    nbformat.write(notebook, path)
    with pytest.raises(TalkError, match=r"cell 1 asks for a picture from tiles\.example\.org"):
        build_talk(path, tmp_path / "b.html", strict=True)
    assert not (tmp_path / "b.html").exists()


def test_errors_are_shown_only_where_a_cell_asks_and_never_their_paths():
    error = new_output("error", ename="KeyError", evalue="'a'", traceback=["\x1b[0;31m/somebody/secret/n.py\x1b[0m"])
    hidden, asked = new_code_cell(outputs=[error]), new_code_cell(outputs=[error], metadata={"tags": ["show-error"]})
    assert "KeyError" not in deck(prose("# A"), hidden).text
    found = deck(prose("# A"), asked)
    assert "KeyError: 'a'" in found.text
    assert "secret" not in found.html
    assert found.remarks == ()


def test_colours_of_a_terminal_are_left_out():
    stream = new_output("stream", name="stdout", text="\x1b[1;32mgreen\x1b[0m <b>")
    found = deck(prose("# A"), new_code_cell(outputs=[stream]))
    assert "green <b>" in found.text
    assert "\x1b" not in found.html


# Hostile


NEVER = """script style iframe object embed form base meta link video audio foreignobject animate set math template
noscript textarea xmp plaintext feimage"""


@functools.cache
def hostile() -> Deck:
    return deck(*hostile_cells(), metadata=HOSTILE_METADATA)


OWN_DATA = ("data-cut", "data-next", "data-previous", "data-seconds", "data-timing")


def test_nothing_hostile_is_left_of_a_hostile_notebook():
    found = hostile()
    allowed_sources = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]*")
    for tag, given in found.elements:
        assert tag not in NEVER.split(), (tag, given)
        for name, value in given.items():
            assert not name.startswith(("on", "xmlns:x")), (tag, name)
            assert name not in ("srcdoc", "srcset", "action", "formaction", "ping", "name", "target"), (tag, name)
            assert not name.startswith("data-") or name in OWN_DATA, (tag, name)
            if name == "src":
                assert allowed_sources.fullmatch(value), value
                if "svg+xml" in value:
                    assert b"alert" not in base64.b64decode(value.split(",")[1])
            elif name == "href":
                assert re.match(r"https?:|mailto:|#|[\w.]+$", value), value
            elif name == "style":
                assert not re.search(r"url\((?!#)|position|behavior|expression|binding|evil", value, re.IGNORECASE)
    # what is left of the words are words: where they name a host, no browser takes them for one
    styles = "".join(re.findall(r"<style>(.*?)</style>", found.html, re.DOTALL))
    assert "evil.example" not in styles
    assert "@import" not in styles
    assert not re.search(r"(?m)^\.foot\{display: none", styles)
    assert len(re.findall(r"^<script>", found.html, re.MULTILINE)) == 3
    assert "<script" not in found.html[: found.html.index("</main>")]
    assert found.html[: found.html.index("<body>")].count("</title>") == 1
    assert "</body" not in found.content


def test_hostile_names_are_shown_as_they_are_written():
    found = deck(
        shown({"text/html": title_slide(TalkSettings({"en": NAME}, NAME, NAME), "en")._repr_html_()}),
        shown({"image/png": PNG}, alt=NAME),
        shown({"text/plain": NAME}),
        title=NAME,
    )
    assert found.text.count(NAME) == 4
    assert next(given["alt"] for given in found.all("img")) == NAME
    assert html_module.unescape(re.search("<title>(.*)</title>", found.html)[1]) == NAME


@pytest.mark.parametrize(
    "attack",
    [
        "<![CDA[ x ]]> <![if !IE]> <!x <?y",
        "\x00<script>",
        "<\x00script>alert(1)</script>",
        "<" * 3000,
        "<div>" * 3000,
        "&" * 3000,
        "<svg>" * 500,
    ],
)
def test_broken_markup_ends(attack):
    found = deck(prose("# A"), shown({"text/html": attack + "end"}))
    assert "script" not in [tag for tag, _ in found.elements]


# The same notebook, the same bytes; and through the command


def test_the_same_notebook_gives_the_same_bytes_by_the_command(tmp_path):
    path = tmp_path / "large.ipynb"
    nbformat.write(new_notebook(cells=large_notebook().cells[:3]), path)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "ambassador_slides", str(path)], check=True, capture_output=True
    )
    by_command = (tmp_path / "large.slides.html").read_bytes()
    html, _ = AmbassadorSlidesExporter().from_filename(str(path))
    assert hashlib.sha256(by_command).hexdigest() == hashlib.sha256(html.encode()).hexdigest()
