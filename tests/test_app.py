"""The app room: what the browser is given, what Python refuses, and the bytes of the page."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import ambassador_net as an
from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.app import band
from ambassador_net.app.page import page_from
from ambassador_net.app.payload import TIMES_STEPS, WHOLE_STUDY, payload
from ambassador_net.app.prepared import Prepared, prepare
from ambassador_net.app.server import serve_app
from ambassador_net.app.server import settings as app_settings
from ambassador_net.app.ties import MOST_EDGES, MOST_PEOPLE, ties
from ambassador_net.app.times import times as second_guess
from ambassador_net.app.what_if import WhatIf
from ambassador_net.errors import AmbassadorError, PageError
from ambassador_net.looks.modules import MODULES, widget_module
from ambassador_net.power.own_house import KAPPAS, PEOPLE, SEED, WEEKS, WORLDS, own_houses
from ambassador_net.privacy import houses_shown
from ambassador_net.reduction import dyads
from ambassador_net.words import LANGUAGES, say
from demo_study import HOSTILE, demo_study
from small import small_study, up_to

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "demo.ipynb"


# one study is asked the same by many tests, and by processes that they start
pytestmark = pytest.mark.usefixtures("_remembering")


@pytest.fixture(scope="module")
def tango() -> an.Amplification:
    return an.mutual_amplification(demo_study(), seed=1)


@pytest.fixture(scope="module")
def answers(tango: an.Amplification) -> tuple[an.Answer, ...]:
    return an.assess_all(demo_study(), seed=1, tango=tango)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return an.prepared(demo_study(), seed=1)


@pytest.fixture(scope="module")
def shown(prepared: Prepared) -> dict[str, Any]:
    return prepared.shown


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


def test_the_board_holds_each_saying_with_its_verdict(tango: an.Amplification, answers: tuple[an.Answer, ...]) -> None:
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


# ---- the second guess ------------------------------------------------------------------------------------


def test_the_scale_is_the_same_on_both_sides_of_one() -> None:
    assert TIMES_STEPS[len(TIMES_STEPS) // 2] == 1
    assert [1 / step for step in reversed(TIMES_STEPS)] == pytest.approx(TIMES_STEPS)
    assert max(TIMES_STEPS) > 24 > 8 > 6.61


def test_the_second_guess_takes_its_answer_from_the_sayings(prepared: Prepared, answers: tuple[an.Answer, ...]) -> None:
    times = prepared.shown["times"]
    (eight,) = (answer for answer in answers if answer.name == "eight-times-engagement")
    assert eight.effect is not None
    assert times["value"] == eight.effect.value
    assert [line["value"] for line in times["trade"]] == [2.0, 6.61, 8.0, 24.0]
    for language in LANGUAGES:
        assert len(times["texts"][language]["steps"]) == len(TIMES_STEPS)
        assert eight.effect.wording(language) in times["texts"][language]["effect"]
        assert eight.source(language) in [line["texts"][language]["source"] for line in times["trade"]]


def test_where_the_data_cannot_say_how_many_times_it_says_why() -> None:
    study = demo_study()
    nobody_posts = an.from_tables({"accounts": study.accounts, "shares": study.shares}, title="No posts", made_up=True)
    times = second_guess([an.assess("eight-times-engagement", nobody_posts, seed=1)])
    assert times is not None
    assert (times["value"], times["interval"]) == (None, None)
    assert times["texts"]["en"]["answer"] is None
    assert times["texts"]["en"]["effect"].endswith("needs posts of people and of organisations.")


# ---- a house on the band of chance -----------------------------------------------------------------------


def test_a_house_stands_on_the_band_that_the_slides_draw() -> None:
    rng = np.random.default_rng(1)
    people = [f"p{n}" for n in range(6)]
    accounts = {"org": ("organisation", "A", "full")} | dict.fromkeys(people, ("employee", "A", "full"))
    days = [(24.0 * day + hour, *rng.permutation([rng.choice(people), "org"])) for day in range(60) for hour in (1, 9)]
    tango = an.mutual_amplification(small_study(accounts, days), seed=1, permutations=20, test_permutations=20)
    house = tango.houses.set_index("organisation").loc["A"]
    shown = answer_of(payload(tango), "A")
    for side in ("person", "organisation"):
        at, low, middle, high = (shown["band"][side][name] for name in ("at", "low", "middle", "high"))
        hits, events, expected, sd = (float(house[f"{side}_{name}"]) for name in ("hits", "events", "expected", "sd"))
        assert [at, middle] == pytest.approx([100 * hits / events, 100 * expected / events], abs=0.01)
        # outside the band here is outside the grey of the slide, which counts in standard deviations
        z = (hits - expected) / sd
        assert (at < low, at > high) == (z < -1.645, z > 1.645)
        assert f"{hits:.0f} of {events:.0f} shares" in shown["texts"]["en"]["band"][side][0]
        assert f"at most {house[f'{side}_upper']:.1f}" in shown["texts"]["en"]["band"][side][1]


def test_without_a_band_there_are_words_and_no_mark(shown: dict[str, Any]) -> None:
    unseen = answer_of(shown, "Unseen Foundation")
    assert unseen["band"] == {"person": None, "organisation": None}
    assert unseen["texts"]["en"]["band"]["person"] == ["Not observed on both sides, so answers are not known."]
    joined = answer_of(shown, "Other houses together: 2, each too small to show alone")
    assert joined["texts"]["en"]["band"]["organisation"] == ["Houses shown together are not held against chance."]


def test_a_house_without_freedom_has_no_mark() -> None:
    counts = {"organisation": "A", "both_sides_observed": 1, "person_hits": 1.0, "person_events": 1}
    counts |= {"person_expected": 1.0, "person_sd": 0.0, "person_returns_per_100": None, "person_upper": None}
    found = {"person": band.of_house(counts, "person"), "organisation": "band_no_shares"}
    assert band.drawn(found)["person"] is None
    assert band.told(found, "en")["person"] == ["1 of 1 shares, and chance could give nothing else."]


def test_no_house_has_a_verdict(shown: dict[str, Any]) -> None:
    for answer in shown["answers"].values():
        for language in LANGUAGES:
            said = json.dumps(answer["texts"][language], ensure_ascii=False)
            for verdict in ("supported", "not_supported", "cannot_tell"):
                assert say(f"verdict.{verdict}", language) not in said


# ---- the network -----------------------------------------------------------------------------------------


def test_persons_of_a_made_up_study_are_numbers_beside_their_house(prepared: Prepared, tango: an.Amplification) -> None:
    network = prepared.shown["network"]
    assert network["persons"]
    assert network["houses"] == sorted(tango.houses["organisation"].dropna())
    people = [node for node in network["nodes"] if node[0] == "people"]
    per_house = Counter(network["houses"][node[1]] for node in people)
    sharing = tango.houses.set_index("organisation")["with_a_share"]
    assert per_house == {house: sharing[house] for house in network["houses"]}
    for place in range(len(network["houses"])):
        numbers = sorted(node[2] for node in people if node[1] == place)
        assert numbers == list(range(1, len(numbers) + 1))
    mutual = sum(bool(given and back) for _, _, given, back in network["edges"])
    assert mutual == tango.houses.loc[tango.houses["organisation"].notna(), "mutual"].sum()
    # the organisation of this house was not observed: what it shares is not known
    unseen = network["houses"].index("Unseen Foundation")
    (place,) = (i for i, node in enumerate(network["nodes"]) if node[:2] == ["organisation", unseen])
    assert {edge[3] for edge in network["edges"] if edge[1] == place} == {None}


def test_private_persons_are_one_mark_a_house() -> None:
    study = replace(demo_study(), made_up=False)
    network = ties(study, an.mutual_amplification(study, seed=1, permutations=20, test_permutations=20), seed=1)
    assert network is not None
    assert not network["persons"]
    assert network["houses"] == [*sorted(["Metsälä Institute", "Unseen Foundation", HOSTILE]), None]
    assert Counter(node[0] for node in network["nodes"]) == {"organisation": 4, "people": 4}
    assert {node[2] for node in network["nodes"]} == {0}


def test_a_large_network_is_cut_and_says_so() -> None:
    tango = SimpleNamespace(houses=pd.DataFrame({"organisation": ["A"], "joined": [1], "with_a_share": [200]}), k=5)
    accounts = {"org": ("organisation", "A", "full")} | {f"SECRET{n}": ("employee", "A", "full") for n in range(200)}
    study = small_study(accounts, [(n, f"SECRET{n}", "org") for n in range(200)], made_up=True)
    network = ties(study, cast("Any", tango), seed=1)
    assert network is not None
    assert sum(node[0] == "people" for node in network["nodes"]) == MOST_PEOPLE
    assert network["left_out"]["people"] == 200 - MOST_PEOPLE
    assert len(network["edges"]) <= MOST_EDGES


def test_every_mark_is_inside_the_picture(prepared: Prepared) -> None:
    for _, _, _, x, y in prepared.shown["network"]["nodes"]:
        assert 0 <= x <= 1000
        assert 0 <= y <= 1000


_HOUSE = st.tuples(st.integers(0, 9), st.sampled_from(["full", "partial", "none"]))


@settings(max_examples=up_to(8))
@given(houses=st.lists(_HOUSE, min_size=1, max_size=5), public=st.booleans(), chance=st.integers(0, 2**32 - 1))
def test_no_page_holds_an_id_or_a_group_below_k(houses: list[tuple[int, str]], public: bool, chance: int) -> None:
    rng = np.random.default_rng(chance)
    accounts: dict[str, tuple[str, str, str]] = {}
    for place, (people, observed) in enumerate(houses):
        accounts[f"SECRET-official-{place}"] = ("organisation", f"House {place}", observed)
        for n in range(people):
            accounts[f"SECRET-{place}-{n}"] = ("employee", f"House {place}", "full")
    names = list(accounts)
    shares = [(24.0 * i, *rng.choice(names, 2)) for i in range(30)]
    study = small_study(accounts, shares, persons="public" if public else "private")
    shown_houses = houses_shown(study, dyads(study).affiliations)
    tango = an.mutual_amplification(study, seed=1, permutations=20, test_permutations=20)
    what_if = WhatIf(study, tango, seed=1)
    network = ties(study, tango, seed=1)
    said = json.dumps(
        [
            payload(tango, network=network, what_if=what_if.shown()),
            [what_if[f"houses {k}"] for k in what_if.choices["k"]],
        ]
    )
    assert "SECRET" not in said
    for place in range(len(houses)):
        if f"House {place}" in shown_houses.joined:
            assert f"House {place}" not in said
    if network is not None and not public:
        assert all(number == 0 for _, _, number, _, _ in network["nodes"])
        assert all(people >= 5 for house, people in shown_houses.people.items() if house in network["houses"])


# ---- what a live kernel is asked -------------------------------------------------------------------------


def test_a_kernel_answers_every_choice(prepared: Prepared) -> None:
    what_if = prepared.what_if
    assert isinstance(what_if, WhatIf)
    assert len(dict(what_if)) == len(set(what_if)) == len(what_if)
    assert "SECRET" not in json.dumps(dict(what_if), allow_nan=False)


def test_the_method_s_own_window_gives_the_study_s_verdict(prepared: Prepared, tango: an.Amplification) -> None:
    planned = prepared.what_if["tests 48  5"]
    assert planned["answer"] == tango.verdict.answer
    assert planned["texts"]["en"]["label"] == "As planned: this is the study's verdict."
    other = prepared.what_if["tests 168  5"]
    assert other["texts"]["en"]["label"].startswith("An exploration.")
    test = tango.person_returns.tests["h168"]
    assert f"{test.hits:.0f} of {tango.person_returns.events} shares" in other["texts"]["en"]["sides"]["person"][0]


def test_k_goes_upward_only_and_joins_more(prepared: Prepared) -> None:
    choices = prepared.shown["what_if"]["k"]["values"]
    assert choices == [5, 10, 20]
    first, second = (prepared.what_if[f"houses {k}"]["texts"]["en"]["rows"] for k in (5, 10))
    assert [row[0] for row in first][-1] == "Other houses together: 2, each too small to show alone"
    assert [row[0] for row in second] == ["Other houses together: 5, each too small to show alone"]


def test_a_channel_of_few_people_is_not_offered() -> None:
    study = replace(demo_study(), made_up=False)
    few = study.accounts["account_id"].isin(["SECRET-id-0-0", "SECRET-id-0-1"])
    for mastodon, offered in ((few, []), (study.accounts.index % 2 == 0, ["linkedin", "mastodon"])):
        platform = pd.Series("linkedin", study.accounts.index, dtype="str").mask(mastodon, "mastodon")
        of = replace(study, accounts=study.accounts.assign(platform=platform))
        what_if = WhatIf(of, an.mutual_amplification(of, seed=1, permutations=20, test_permutations=20), seed=1)
        assert what_if.choices["channel"] == ["", *offered]
    # at a larger k than the channel has people, it is not shown either
    assert what_if["tests 48 mastodon 20"]["answer"] is None
    assert what_if["tests 48 mastodon 5"]["answer"] is not None


@pytest.mark.slow
def test_a_house_of_one_s_own_is_what_the_command_says() -> None:
    people, weeks, kappa = PEOPLE[0], WEEKS[0], 0.1
    table = an.power(people, weeks, kappas=KAPPAS, worlds=WORLDS, seed=SEED, workers=1).table.set_index("kappa")
    shipped = own_houses()[people, weeks, kappa]
    for answer in ("supported", "not_supported", "cannot_tell"):
        assert getattr(shipped, answer) == table.loc[kappa, answer]


def test_every_house_of_one_s_own_is_shipped() -> None:
    assert set(own_houses()) == set(product(PEOPLE, WEEKS, KAPPAS))
    for found in own_houses().values():
        assert found.supported + found.not_supported + found.cannot_tell == pytest.approx(1)
        assert (found.mostly_because is None) == (found.cannot_tell == 0)


# ---- prepared once, for a hall ---------------------------------------------------------------------------


def test_a_warm_process_looks_answers_up(study_folder: Path, prepared: Prepared, tmp_path: Path) -> None:
    file = prepare(study_folder, tmp_path / "warm.json", seed=1)
    assert file.stat().st_mode & 0o077 == 0
    code = """
import json, os, sys
from ambassador_net.app.prepared import warm
warm(sys.argv[1])
threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
before = set(sys.modules)
import ambassador_net as an
demo = an.demo(an.prepared(sys.argv[2], seed=1), language="fi")
demo.set_state({"house": 1})
asked = {name: choice["values"][-1] for name, choice in demo.payload["what_if"].items()}
demo.set_state({"asked": asked})
names = {name.partition(".")[0] for name in sys.modules}
heavy = {"numpy", "pandas", "duckdb", "matplotlib", "scipy", "networkx", "babel"} & names
ours = sorted(name for name in set(sys.modules) - before if name.startswith("ambassador_net"))
print(json.dumps([threads, sorted(heavy), ours, demo.answer["house"], demo.answered["asked"] == asked, demo.payload]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(file), str(study_folder)], capture_output=True, text=True, check=True
    )
    threads, heavy, ours, house, answered, shown = json.loads(run.stdout)
    assert (threads, heavy, ours, house, answered) == (1, [], [], 1, True)
    assert shown == json.loads(json.dumps(prepared.shown))


# ---- the widget ------------------------------------------------------------------------------------------


def test_python_answers_what_was_chosen(prepared: Prepared) -> None:
    demo = an.demo(prepared, language="fi")
    assert (demo.house, demo.answer["house"], demo.answer["by"]) == (WHOLE_STUDY, WHOLE_STUDY, "kernel")
    demo.house = 1
    assert demo.answer["texts"]["fi"]["name"] == "Metsälä Institute"


@pytest.mark.parametrize("illegal", [99, -2])
def test_python_puts_back_a_house_that_is_not_there(prepared: Prepared, illegal: int) -> None:
    demo = an.demo(prepared)
    # as the browser sends it
    demo.set_state({"house": 2})
    demo.set_state({"house": illegal})
    assert demo.house == demo.answer["house"] == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"k": 1},
        {"k": True},
        {"k": "5"},
        {"k": [5]},
        {"tau_h": 47},
        {"channel": "../../etc"},
        {"people": 1e9},
        {"returns": None},
        {"unknown": 1},
        {},
    ],
)
def test_python_puts_back_what_is_no_choice(prepared: Prepared, sent: dict[str, Any]) -> None:
    demo = an.demo(prepared)
    first = {name: choice["values"][-1] for name, choice in demo.payload["what_if"].items()}
    demo.set_state({"asked": first})
    assert demo.answered["asked"] == first
    demo.set_state({"asked": {**first, **sent}} if sent else {"asked": sent})
    assert demo.asked == demo.answered["asked"] == first


def test_answers_do_not_come_from_what_a_visitor_can_write(prepared: Prepared) -> None:
    demo = an.demo(prepared)
    forged = {"answers": {"0": {"house": 0, "forged": True}}, "what_if": {"k": {"values": [1], "holds": 1}}}
    demo.set_state({"payload": forged})
    demo.house = 0
    assert "forged" not in demo.answer
    demo.set_state({"asked": {"k": 1}})
    assert demo.asked["k"] == 5


def test_the_parts_of_the_module_fit_together() -> None:
    static = Path(an.__file__).parent / "app" / "static"
    exported: set[str] = set()
    declared: list[str] = []
    for name in MODULES:
        text = (static / f"{name}.js").read_text("utf-8")
        for names, module in re.findall(r'^import \{ (.*) \} from "\./(\w+)\.js";$', text, re.MULTILINE):
            assert MODULES.index(module) < MODULES.index(name)
            assert set(names.split(", ")) <= exported
        exported |= set(re.findall(r"^export (?:function|const) (\w+)", text, re.MULTILINE))
        declared += re.findall(r"^(?:export )?(?:function|const|let) (\w+)", text, re.MULTILINE)
    assert len(declared) == len(set(declared)), "they share one scope"
    joined = widget_module()
    assert len(re.findall(r"^export default ", joined, re.MULTILINE)) == 1
    assert re.search(r"^(?:import|export (?!default))", joined, re.MULTILINE) is None


def test_a_language_that_is_not_there_is_refused(prepared: Prepared) -> None:
    with pytest.raises(AmbassadorError, match="there are en, fi, sv"):
        an.demo(prepared, language="de")


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
    # neither finds what another has computed
    alone = {name: value for name, value in os.environ.items() if name != VARIABLE}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(NOTEBOOK), str(file), str(study_folder)],
            stdout=subprocess.PIPE,
            text=True,
            env=alone,
        )
        for file in files
    ]
    said = [process.communicate()[0] for process in processes]
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert len(digests) == 1
    assert said[0] == said[1]
    size, gzip_size, *links = said[0].split()
    assert int(size) == files[0].stat().st_size
    # the limit is for notebooks of others too; this one is kept far below it
    assert int(gzip_size) <= 110_000
    assert links == []
    text = files[0].read_text("utf-8")
    assert "SECRET" not in text
    assert str(study_folder) not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


def test_page_has_a_closed_policy_that_names_every_script(prepared: Prepared) -> None:
    text = page_from(notebook_showing(an.demo(prepared), an.demo(prepared, language="sv")), language="fi")
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
def test_page_refuses_what_it_cannot_hold(prepared: Prepared, cell: NotebookNode, hint: str) -> None:
    node = notebook_showing(an.demo(prepared))
    node.cells.append(cell)
    with pytest.raises(PageError, match=re.escape(hint)):
        page_from(node, language="en")


def test_page_refuses_a_notebook_without_a_widget() -> None:
    with pytest.raises(PageError, match="no cell shows a widget"):
        page_from(new_notebook(cells=[new_markdown_cell("Nothing.")]), language="en")


def test_prose_stays_text(prepared: Prepared) -> None:
    prose = "<script>alert(1)</script>\n\n[here](javascript:alert(1)) and [there](https://example.org/)"
    text = page_from(notebook_showing(an.demo(prepared), markdown=prose), language="en")
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
    given = app_settings(port=1, host="127.0.0.1", language="sv")
    assert given["VoilaConfiguration"]["file_allowlist"] == []
    assert given["VoilaConfiguration"]["show_tracebacks"] is False
    assert given["Voila"]["tornado_settings"]["allow_remote_access"] is False
    # the file that Voilà reads is JSON
    assert json.loads(json.dumps(given)) == given
