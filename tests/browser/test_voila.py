"""The app with a kernel, as the shipped function starts it: used in a browser, and knocked at."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

import ambassador_net as an
from ambassador_net.amplification.remembered import VARIABLE
from demo_study import demo_study
from page_checks import faults, overflow

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "demo.ipynb"
SERVE = """
import sys
from ambassador_net.app import serve_app
serve_app(
    sys.argv[1], port=int(sys.argv[2]), open_browser=False, language="fi",
    environment={"AMBASSADOR_NET_STUDY": sys.argv[3], "AMBASSADOR_NET_SEED": "1"},
    ready=lambda address: print(address, flush=True),
)
"""
# a message of the kernel protocol, sent on a socket of the test's own; gives the types of what came back
ASK = """
([kernel, kind, content, wanted]) => new Promise((done) => {
  const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernel}/channels?session_id=knock`);
  const came = [];
  const finish = () => { socket.close(); done(came); };
  socket.onopen = () => socket.send(JSON.stringify({
    channel: "shell", content, metadata: {}, parent_header: {}, buffers: [],
    header: { msg_id: kind, msg_type: kind, username: "", session: "knock", version: "5.3", date: "" },
  }));
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.parent_header.msg_id !== kind) return;
    came.push(message.header.msg_type);
    if (message.header.msg_type === wanted) finish();
  };
  setTimeout(finish, 8000);
})
"""

# no value stands at that place of the list: nothing of the kind is asked, and a kernel would put it back
FORGE_K = """
() => {
  const select = document.querySelectorAll(".what-if .inquiry")[1].querySelector("select");
  select.append(new Option("forged", "99"));
  select.value = "99";
  select.dispatchEvent(new Event("change"));
}
"""


@dataclass
class Served:
    """A running app."""

    address: str
    process: "subprocess.Popen[str]"
    log: Path


@pytest.fixture(scope="module")
def served(browser: Browser, memory_of_the_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    del browser  # without one there is nothing to start a server for
    folder = tmp_path_factory.mktemp("app")
    demo_study().write(folder / "study")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(NOTEBOOK), str(port), str(folder / "study")],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "TMPDIR": str(folder), VARIABLE: str(memory_of_the_run)},
        )
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address == f"http://127.0.0.1:{port}/", log.read_text()
        yield Served(address, process, log)
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def tango(_remembering: None) -> an.Amplification:
    return an.mutual_amplification(demo_study(), seed=1)


@dataclass
class Visit:
    """A visitor's page, and what it asked of others."""

    page: Page
    outside: list[str]


@pytest.fixture(scope="module")
def visit(browser: Browser, served: Served) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, locale="nb-NO"
    )
    asked: list[str] = []

    def pass_or_stop(route: Any) -> None:
        if route.request.url.startswith((served.address, "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", pass_or_stop)
    context.on("requestfailed", lambda request: asked.append(request.url) if "http" in request.url else None)
    page = context.new_page()
    page.goto(served.address, timeout=120_000)
    page.wait_for_selector(".ambassador-demo", timeout=120_000)
    yield Visit(page, asked)
    context.close()


def status(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:  # noqa: S310
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code


def kernel_of(page: Page) -> str:
    config: dict[str, str] = json.loads(page.locator("#jupyter-config-data").text_content() or "")
    return config["kernelId"]


def test_the_kernel_answers(visit: Visit, tango: an.Amplification) -> None:
    page = visit.page
    expect(page.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "kernel")
    # the page's own language, as the browser asks for none of ours
    expect(page.get_by_role("heading", level=1)).to_have_text("Onko työntekijälähettilyys tangoa?")
    assert page.evaluate("document.documentElement.lang") == "fi"
    page.locator(".ask.mutual button").tap()
    expect(page.locator(".answered.mutual dd").last).to_have_text("50")
    page.locator(".ask.times button").tap()
    select = page.locator(".choose select")
    select.select_option(label="Metsälä Institute")
    expect(page.locator(".house h2")).to_have_text("Metsälä Institute")
    house = tango.houses.set_index("organisation").loc["Metsälä Institute"]
    first = page.locator(".house table.shares td").first
    expect(first).to_have_text(str(int(house["person_to_organisation"])))
    select.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".house h2")).to_have_text("Unseen Foundation")
    expect(page.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "kernel")
    expect(page.locator(".house table.shares td").last).to_have_text("ei seurattu")


def test_the_kernel_is_asked_what_if(visit: Visit, tango: an.Amplification) -> None:
    page = visit.page
    asked = page.locator(".what-if")
    expect(asked).to_be_visible()
    page.get_by_role("button", name="English").tap()
    tests, houses, own = (asked.locator(".inquiry").nth(i) for i in range(3))
    expect(tests).to_contain_text("As planned: this is the study's verdict.")
    tests.locator("select").first.select_option(label="168 hours")
    expect(tests).to_contain_text("An exploration.")
    events = tango.person_returns.events
    expect(tests).to_contain_text(f"{tango.person_returns.tests['h168'].hits:.0f} of {events} shares")
    expect(houses.locator("tbody tr")).to_have_count(len(tango.houses))
    houses.locator("select").select_option(label="20 people")
    expect(houses.locator("tbody tr")).to_have_count(1)
    before = own.locator(".result").inner_text()
    own.locator("input").last.focus()
    page.keyboard.press("End")
    expect(own.locator(".value").last).to_have_text("20 of 100 shares")
    expect(own.locator(".result")).not_to_have_text(before)
    expect(asked.locator(".waiting")).to_have_text("")
    expect(page.locator(".heard")).to_have_text(re.compile("^Most likely answer of such a study"))
    # every control is as large as a thumb, and the rest of the house's rules hold
    for control in asked.locator("select, input").all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 48
    assert overflow(page) == 0


def test_a_choice_forged_in_the_page_is_put_back(visit: Visit) -> None:
    page = visit.page
    k = page.locator(".what-if .inquiry").nth(1).locator("select")
    k.select_option(label="10 people")
    expect(page.locator(".what-if .inquiry").nth(1)).to_contain_text("with at least 10 people")
    page.evaluate(FORGE_K)
    # one house below ten people would have a row of its own
    page.locator(".what-if .inquiry").nth(0).locator("select").first.select_option(label="24 hours")
    expect(page.locator(".what-if .inquiry").nth(0)).to_contain_text("An exploration.")
    expect(k).to_have_value("1")
    expect(page.locator(".what-if .inquiry").nth(1)).to_contain_text("with at least 10 people")


def test_page_is_ours_and_asks_nobody_else(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="English").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is employee advocacy a tango?")
    assert page.title() == "Is employee advocacy a tango?"
    assert page.evaluate("document.documentElement.lang") == "en"
    visible = page.locator(".prose:visible")
    expect(visible).to_have_attribute("lang", "en")
    assert page.locator("pre").count() == 0, "sources are shown"
    assert page.evaluate("document.fonts.check('18px \"Atkinson Hyperlegible Next\"')")
    assert overflow(page) == 0
    assert faults(page) == []
    assert visit.outside == []
    assert "SECRET" not in page.content()


def test_code_from_a_visitor_does_not_run(visit: Visit, tmp_path: Path) -> None:
    kernel = kernel_of(visit.page)
    written = tmp_path / "written"
    content = {"code": f"open({str(written)!r}, 'w').close()", "silent": False, "store_history": False}
    came = visit.page.evaluate(ASK, [kernel, "execute_request", content, "execute_reply"])
    assert came == []
    assert not written.exists()
    # the socket that was refused code does reach the kernel
    assert "kernel_info_reply" in visit.page.evaluate(ASK, [kernel, "kernel_info_request", {}, "kernel_info_reply"])


def test_a_house_that_is_not_there_is_put_back(visit: Visit) -> None:
    page = visit.page
    select = page.locator(".choose select")
    select.select_option(label="Metsälä Institute")
    expect(page.locator(".house h2")).to_have_text("Metsälä Institute")
    # an option forged in the page reaches Python, which refuses it
    page.evaluate(
        "() => { const select = document.querySelector('.choose select'); select.append(new Option('forged', '99'));"
        " select.value = '99'; select.dispatchEvent(new Event('change')); }"
    )
    expect(select).to_have_value("1")
    select.select_option(label="Unseen Foundation")
    expect(page.locator(".house h2")).to_have_text("Unseen Foundation")


@pytest.mark.parametrize(
    "path",
    [
        "demo.ipynb",
        "voila/files/demo.ipynb",
        "voila/files/demo.py",
        "api/kernels",
        "api/contents",
        "voila/tree/",
    ],
)
def test_nothing_beside_the_page_is_served(served: Served, path: str) -> None:
    assert status(served.address + path) == 403


def test_other_names_of_this_machine_are_refused(served: Served) -> None:
    port = served.address.rpartition(":")[2].strip("/")
    kernels = served.address + "api/kernels/00000000-0000-0000-0000-000000000000"
    assert status(kernels, Host=f"evil.example:{port}") == 403
    assert status(served.address, Host=f"evil.example:{port}") == 403


def test_a_kernel_that_is_gone_is_said_and_nothing_hangs(visit: Visit, served: Served) -> None:
    page = visit.page
    (kernel,) = (
        child
        for child in psutil.Process(served.process.pid).children(recursive=True)
        if "ipykernel_launcher" in " ".join(child.cmdline())
    )
    kernel.suspend()
    try:
        own = page.locator(".what-if .inquiry").nth(2)
        own.locator("input").first.focus()
        page.keyboard.press("Home")
        status = page.locator(".what-if .waiting")
        expect(status).to_have_text("Computing…")
        expect(status).to_contain_text("No answer yet", timeout=15_000)
        # what needs no kernel goes on
        page.get_by_role("button", name="Suomi").tap()
        expect(page.locator(".board h2")).to_have_text("Tulostaulu")
    finally:
        kernel.resume()
    # it was only slow
    page.get_by_role("button", name="English").tap()
    expect(own.locator(".result")).to_contain_text("Most likely answer")
    expect(status).to_have_text("", timeout=15_000)


def test_stops_cleanly(served: Served, visit: Visit) -> None:
    visit.page.close()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(served.address.rpartition(":")[2].strip("/"))), timeout=2)
    # neither a kernel's socket nor a folder of ours is left
    assert sorted(path.name for path in served.log.parent.iterdir()) == ["log", "study"]
    assert "Traceback" not in served.log.read_text()
