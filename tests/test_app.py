"""The app room: what the browser is given, what Python refuses, and the bytes of the page."""

import hashlib
import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import ambassador_net as an
from ambassador_net.app.page import MOST_GZIP_BYTES, page_from
from ambassador_net.app.payload import WHOLE_STUDY, payload
from ambassador_net.app.server import serve_app, settings
from ambassador_net.errors import AmbassadorError, PageError
from ambassador_net.words import LANGUAGES
from demo_study import HOSTILE, demo_study

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "demo.ipynb"


@pytest.fixture(scope="module")
def tango() -> an.Amplification:
    return an.mutual_amplification(demo_study(), seed=1)


@pytest.fixture(scope="module")
def shown(tango: an.Amplification) -> dict[str, Any]:
    return payload(tango)


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    demo_study().write(folder)
    return folder


def answer_of(shown: dict[str, Any], name: str) -> dict[str, Any]:
    found = [answer for answer in shown["answers"].values() if answer["texts"]["en"]["name"] == name]
    assert len(found) == 1
    return found[0]


# ---- the payload -----------------------------------------------------------------------------------------


def test_payload_is_json_and_holds_nothing_of_a_person(shown: dict[str, Any]) -> None:
    assert "SECRET" not in json.dumps(shown, allow_nan=False)


def test_the_board_holds_each_saying_with_its_verdict(tango: an.Amplification) -> None:
    answers = an.assess_all(demo_study(), seed=1, tango=tango)
    board = payload(tango, answers)["board"]
    assert [line["answer"] for line in board] == [answer.verdict.answer for answer in answers]
    assert "SECRET" not in json.dumps(board, allow_nan=False)
    for line, answer in zip(board, answers, strict=True):
        for language in LANGUAGES:
            texts = line["texts"][language]
            assert (texts["saying"], texts["why"]) == (answer.saying(language), answer.why(language))
            assert (texts["effect"] is None) == (answer.effect is None or answer.effect.value is None)


def test_small_houses_are_never_named(shown: dict[str, Any]) -> None:
    text = json.dumps(shown)
    assert "Metsälä Institute" in json.loads(text)["answers"]["1"]["texts"]["fi"]["name"]
    assert "Small One" not in text
    assert "Small Two" not in text
    assert answer_of(shown, "Other houses together: 2, each too small to show alone")


def test_numbers_are_those_of_the_analysis(shown: dict[str, Any], tango: an.Amplification) -> None:
    house = tango.houses.set_index("organisation").loc["Metsälä Institute"]
    answer = answer_of(shown, "Metsälä Institute")
    assert answer["rates"]["person"] == pytest.approx(house["person_per_100"])
    assert answer["texts"]["en"]["people"] == f"People: {int(house['people'])}"
    assert answer["texts"]["en"]["shares"]["person"] == str(int(house["person_to_organisation"]))
    assert answer["texts"]["fi"]["rates"]["person"] == "21,7"
    assert answer["texts"]["en"]["states"]["mutual"] == str(int(house["mutual"]))
    assert dict(answer["marks"]) == {"mutual": house["mutual"], "person_only": house["person_only"]}
    assert shown["guess"]["value"] == tango.mutual_per_100


def test_unknown_is_said_and_never_zero(shown: dict[str, Any]) -> None:
    answer = answer_of(shown, "Unseen Foundation")
    said = answer["texts"]["en"]
    assert answer["rates"] == {"person": None, "organisation": None}
    assert said["shares"] == {"person": "17", "organisation": "not observed"}
    assert said["rates"] == {"person": "not known", "organisation": "not observed"}
    assert said["states"] == {
        "mutual": "not observed",
        "person_only": "not observed",
        "organisation_only": "not observed",
        "person_only_other_side_unknown": "6",
    }
    assert answer["marks"] == [("person_only_other_side_unknown", 6)]
    for language in LANGUAGES:
        # the rates of the whole study, said beside these for context, are known
        texts = {key: text for key, text in answer["texts"][language].items() if key not in ("rates_label", "heard")}
        assert re.search(r"\b0\b", json.dumps(texts)) is None


def test_a_study_seen_from_one_side_has_no_answer_to_the_guess() -> None:
    study = demo_study()
    accounts = study.accounts.assign(
        observed=study.accounts["observed"].where(study.accounts["role"] == "employee", "none")
    )
    shares = study.shares[study.shares["sharer_id"].str.startswith("SECRET")]
    one_sided = an.from_tables({"accounts": accounts, "shares": shares, "posts": study.posts}, title="One side")
    guess = payload(an.mutual_amplification(one_sided, seed=1))["guess"]
    assert guess["value"] is None
    assert "cannot be known" in guess["texts"]["en"]["why"]
    assert all("number" not in texts for texts in guess["texts"].values())


def test_sentences_differ_by_language(shown: dict[str, Any]) -> None:
    heard = [shown["answers"]["1"]["texts"][language]["heard"] for language in LANGUAGES]
    assert len(set(heard)) == len(LANGUAGES)
    # a picture's label holds its numbers
    assert "21.7" in shown["answers"]["1"]["texts"]["en"]["rates_label"]
    assert "44,4" in shown["answers"]["1"]["texts"]["sv"]["rates_label"]


# ---- the widget ------------------------------------------------------------------------------------------


def test_python_answers_what_was_chosen(tango: an.Amplification) -> None:
    demo = an.demo(tango, language="fi")
    assert (demo.house, demo.answer["house"], demo.answer["by"]) == (WHOLE_STUDY, WHOLE_STUDY, "kernel")
    demo.house = 1
    assert demo.answer["texts"]["fi"]["name"] == "Metsälä Institute"


@pytest.mark.parametrize(
    ("trait", "legal", "illegal"),
    [("house", 2, 99), ("house", 0, -2), ("language", "sv", "de"), ("guess", 40, 101)],
)
def test_python_puts_back_what_is_not_allowed(
    tango: an.Amplification, trait: str, legal: object, illegal: object
) -> None:
    demo = an.demo(tango)
    # as the browser sends it
    demo.set_state({trait: legal})
    demo.set_state({trait: illegal})
    assert getattr(demo, trait) == legal
    assert demo.answer["house"] == demo.house


def test_answers_do_not_come_from_what_a_visitor_can_write(tango: an.Amplification) -> None:
    demo = an.demo(tango)
    demo.set_state({"payload": {"answers": {"0": {"house": 0, "forged": True}}}})
    demo.house = 0
    assert "forged" not in demo.answer


def test_a_language_that_is_not_there_is_refused(tango: an.Amplification) -> None:
    with pytest.raises(AmbassadorError, match="there are en, fi, sv"):
        an.demo(tango, language="de")


def test_markup_is_never_made_from_data() -> None:
    for file in (Path(an.__file__).parent / "app" / "static").glob("*.js"):
        assert re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", file.read_text()) is None


# ---- the page --------------------------------------------------------------------------------------------


def notebook_showing(*widgets: Any, markdown: str = "") -> NotebookNode:
    view = "application/vnd.jupyter.widget-view+json"
    outputs = [new_output("display_data", {view: {"model_id": str(i)}}) for i in range(len(widgets))]
    node = new_notebook(cells=[new_code_cell(outputs=[output]) for output in outputs])
    if markdown:
        node.cells.append(new_markdown_cell(markdown))
    states = {
        str(i): {"state": {k: v for k, v in widget.get_state().items() if k != "layout"}}
        for i, widget in enumerate(widgets)
    }
    node.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": states}}
    return node


def test_page_is_the_same_in_two_processes_and_light(study_folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys, ambassador_net as an; "
        "study = {'AMBASSADOR_NET_STUDY': sys.argv[3]}; "
        "page = an.build_page(sys.argv[1], sys.argv[2], language='fi', environment=study); "
        "print(page.bytes, page.gzip_bytes, *page.outside_links)"
    )
    files = [tmp_path / "one.html", tmp_path / "two.html"]
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(NOTEBOOK), str(file), str(study_folder)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for file in files
    ]
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert len(digests) == 1
    assert said[0] == said[1]
    size, gzip_size, *links = said[0].split()
    assert int(size) == files[0].stat().st_size
    assert int(gzip_size) <= MOST_GZIP_BYTES
    assert links == []
    text = files[0].read_text("utf-8")
    assert "SECRET" not in text
    assert str(study_folder) not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


def test_page_has_a_closed_policy_that_names_every_script(tango: an.Amplification) -> None:
    text = page_from(notebook_showing(an.demo(tango), an.demo(tango, language="sv")), language="fi")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    directives = dict(part.strip().partition(" ")[::2] for part in policy[1].replace("&#39;", "'").split(";"))
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy[1]
    assert len(re.findall("sha256-", directives["script-src"])) == text.count('<script type="module">') == 3
    assert text.count('<script type="application/json"') == 2
    assert '<html lang="fi">' in text
    assert "<img" not in text
    assert HOSTILE.partition("<img")[2].split('"')[0] in text


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        (new_code_cell(outputs=[new_output("display_data", {"image/png": ""})]), "cell 2 shows image/png"),
        (new_markdown_cell("![a](https://example.org/a.png)"), "cell 2 asks for https://example.org/a.png"),
    ],
)
def test_page_refuses_what_it_cannot_hold(tango: an.Amplification, cell: NotebookNode, hint: str) -> None:
    node = notebook_showing(an.demo(tango))
    node.cells.append(cell)
    with pytest.raises(PageError, match=re.escape(hint)):
        page_from(node, language="en")


def test_page_refuses_a_notebook_without_a_widget() -> None:
    with pytest.raises(PageError, match="no cell shows a widget"):
        page_from(new_notebook(cells=[new_markdown_cell("Nothing.")]), language="en")


def test_prose_stays_text(tango: an.Amplification) -> None:
    prose = "<script>alert(1)</script>\n\n[here](javascript:alert(1)) and [there](https://example.org/)"
    text = page_from(notebook_showing(an.demo(tango), markdown=prose), language="en")
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert '">here</a>' in text
    assert 'href="https://example.org/"' in text


# ---- the app ---------------------------------------------------------------------------------------------


def test_app_listens_on_this_machine_only() -> None:
    with pytest.raises(AmbassadorError, match=r"use 127\.0\.0\.1"):
        serve_app(NOTEBOOK, port=1, host="0.0.0.0", open_browser=False)  # noqa: S104 - that it is refused


def test_app_says_that_a_notebook_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="give the path of an"):
        serve_app(tmp_path / "none.ipynb", port=1, open_browser=False)


def test_app_says_that_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PageError, match=f"port {port} cannot be used .* choose another with --port"):
            serve_app(NOTEBOOK, port=port, open_browser=False)


def test_app_is_closed_by_its_settings() -> None:
    given = settings(port=1, host="127.0.0.1", language="sv")
    assert given["VoilaConfiguration"]["file_allowlist"] == []
    assert given["VoilaConfiguration"]["show_tracebacks"] is False
    assert given["Voila"]["tornado_settings"]["allow_remote_access"] is False
    # the file that Voilà reads is JSON
    assert json.loads(json.dumps(given)) == given
