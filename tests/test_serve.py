"""Hall mode: the page for everybody, the guesses, the doors, and what goes wrong in a hall."""

import asyncio
import gzip
import html
import json
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("voila", reason="the extra app is not installed")

import psutil
from nbformat import NotebookNode
from tornado.httpclient import HTTPClientError

import ambassador_net as an
from ambassador_net.app.choices import GUESSES, TIMES_STEPS
from ambassador_net.app.payload import payload
from ambassador_net.app.prepared import Prepared
from ambassador_net.errors import AmbassadorError
from ambassador_net.serve import pages, parent
from ambassador_net.serve.addresses import addresses_of
from ambassador_net.serve.documents import document, language_wanted, preferences
from ambassador_net.serve.guesses import Guesses, NotKeptError, prepare_guesses
from ambassador_net.serve.limits import Limits
from ambassador_net.serve.log import scrubbed
from ambassador_net.words import LANGUAGES
from demo_study import demo_study
from hall_visitor import Visitor, frame_of
from serving import COMMAND, NOTEBOOK, Alone, Hall, ask, guess, has_ended, node_showing, until

HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
FOREIGN = "http://elsewhere.example"


def run(work: Any) -> Any:
    # in a thread of its own: a browser of another test keeps a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def node(_remembering: None) -> NotebookNode:
    """The demo as a notebook that was run, without what takes long to compute."""
    return node_showing(an.demo(Prepared(payload(an.mutual_amplification(demo_study(), seed=1)), {})))


@pytest.fixture(scope="module")
def alone(node: NotebookNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    running = Alone(tmp_path_factory.mktemp("alone"), node)
    yield running
    running.stop()


# ---- the page for everybody --------------------------------------------------------------------------------


def test_page_comes_in_the_language_and_coding_that_was_asked_for(alone: Alone) -> None:
    plain = ask(alone.address, Accept_Language="sv-FI, fi;q=0.8")
    packed = ask(alone.address, Accept_Language="sv-FI, fi;q=0.8", Accept_Encoding="br, gzip")
    assert '<html lang="sv" data-guesses="/guess">' in plain.text
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding, Accept-Language"
    assert '<html lang="fi"' in ask(alone.address, Accept_Language="de, fi;q=0.1").text
    assert '<html lang="en"' in ask(alone.address, Accept_Language="de").text
    # without a server of its own, a page may speak to nobody
    assert "connect-src 'self'" in plain.headers["Content-Security-Policy"]


def test_page_is_sent_once(alone: Alone) -> None:
    names = set()
    for language in LANGUAGES:
        for coding in ("identity", "gzip"):
            asked = {"Accept_Language": language, "Accept_Encoding": coding}
            first = ask(alone.address, **asked)
            names.add(first.headers["Etag"])
            again = ask(alone.address, **asked, If_None_Match=first.headers["Etag"])
            assert (again.status, again.body) == (304, b"")
            head = ask(alone.address, method="HEAD", **asked)
            assert (head.status, head.body) == (200, b"")
            assert head.headers["Content-Length"] == str(len(first.body))
            assert head.headers["Etag"] == first.headers["Etag"]
    # strong names: other bytes, another name
    assert len(names) == 2 * len(LANGUAGES)
    assert not any(name.startswith("W/") for name in names)


def test_every_answer_says_what_it_may(alone: Alone) -> None:
    answers = [
        ask(alone.address),
        ask(alone.address, method="DELETE"),
        ask(f"{alone.address}nothing"),
        ask(f"{alone.address}live/"),
        ask(f"{alone.address}favicon.ico"),
        ask(f"{alone.address}guesses.json"),
        ask(f"{alone.address}wall"),
        ask(f"{alone.address}invite", Host="elsewhere.example"),
        guess(alone.address),
        guess(alone.address, "mutual", 101),
        guess(alone.address, Origin=FOREIGN),
    ]
    assert [answer.status for answer in answers] == [200, 405, 404, 302, 204, 200, 200, 403, 204, 400, 403]
    for answer in answers:
        assert all(answer.headers.get(name) for name in HEADERS), answer
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers
    for answer in (answers[0], answers[6]):
        inside = re.search(r'Content-Security-Policy" content="([^"]*)"', answer.text)
        assert inside is not None
        assert answer.headers["Content-Security-Policy"].startswith(html.unescape(inside[1]))


def test_other_names_are_refused_whatever_they_ask_for(alone: Alone) -> None:
    for path in ("", "wall", "guesses.json", "nothing", "favicon.ico"):
        assert ask(alone.address + path, Host="elsewhere.example").status == 403
    assert guess(alone.address, Host="elsewhere.example", Origin="http://elsewhere.example").status == 403


def test_nothing_there_is_said_in_the_visitors_language(alone: Alone) -> None:
    answer = ask(f"{alone.address}no/such/page", Accept_Language="fi")
    assert answer.status == 404
    assert "Tässä osoitteessa ei ole mitään." in answer.text
    assert "Etag" not in answer.headers


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fi-FI", "fi"),
        ("", "en"),
        ("*", "en"),
        ("fi;q=0, sv;q=0.2", "sv"),
        ("en;q=0.1, sv;q=0.9", "sv"),
        (";;,=", "en"),
    ],
)
def test_language_is_the_one_most_wanted(header: str, language: str) -> None:
    assert language_wanted(header, dict.fromkeys(LANGUAGES), "en") == language


@given(st.text(max_size=2000))
def test_no_header_is_too_odd(header: str) -> None:
    assert all(0 <= weight < 2 for weight in preferences(header).values())


def test_page_without_a_policy_is_not_sent() -> None:
    with pytest.raises(ValueError, match="no content security policy"):
        document(b"<!doctype html><title>x</title>")


# ---- guesses -----------------------------------------------------------------------------------------------


def counts(address: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(f"{address}guesses.json").body)
    return found


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"question": "times", "value": 14}, 204),
        ({"value": 0}, 204),
        ({"value": -1}, 400),
        ({"question": "times", "value": 15}, 400),
        ({"value": 40.0}, 400),
        ({"value": True}, 400),
        ({"value": "40"}, 400),
        ({"value": None}, 400),
        ({"question": "other"}, 400),
        ({"question": ["mutual"]}, 400),
        ({"body": b"{}"}, 400),
        ({"body": b"[1]"}, 400),
        ({"body": b'{"question":"mutual","value":1,"who":2}'}, 400),
        ({"body": b"\xff\xfe"}, 400),
        ({"body": b"[" * 199}, 400),
        ({"body": b""}, 400),
        ({"body": b'{"question":"mutual","value":1}' + b" " * 200}, 413),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 400),
        ({"Origin": FOREIGN}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, 204),
    ],
)
def test_guesses_are_kept_or_refused(alone: Alone, changed: dict[str, Any], status: int) -> None:
    before = counts(alone.address)
    assert guess(alone.address, **changed).status == status
    after = counts(alone.address)
    kept = sum(map(sum, (after["mutual"], after["times"]))) - sum(map(sum, (before["mutual"], before["times"])))
    assert kept == (status == 204)


def test_a_body_without_an_end_is_not_read_to_it(alone: Alone) -> None:
    host = alone.address.removeprefix("http://").strip("/")
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), 20) as speaking:
        speaking.sendall(
            f"POST /guess HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        with suppress(OSError):
            for _ in range(30):
                speaking.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")
        assert speaking.recv(4096)[:12] in (b"HTTP/1.1 400", b"")


def test_wall_hears_only_what_is_new(alone: Alone) -> None:
    first = ask(f"{alone.address}guesses.json")
    assert ask(f"{alone.address}guesses.json", If_None_Match=first.headers["Etag"]).status == 304
    guess(alone.address, "mutual", 7)
    second = ask(f"{alone.address}guesses.json", If_None_Match=first.headers["Etag"])
    assert second.status == 200
    assert json.loads(second.body)["mutual"][7] == json.loads(first.body)["mutual"][7] + 1


def test_guesses_survive_a_server_that_is_killed(alone: Alone) -> None:
    assert guess(alone.address, "mutual", 77).status == 204
    before = counts(alone.address)
    alone.process.kill()
    alone.process.wait()
    alone.start()
    assert counts(alone.address) == before
    # nothing but counts is there, and nobody else's process can have it
    with pytest.raises(AmbassadorError, match="is in use; stop the other server"):
        prepare_guesses(alone.folder / "guesses.sqlite", fresh=True)


def test_full_disk_refuses_guesses_and_nothing_else(alone: Alone) -> None:
    before = counts(alone.address)
    pid = alone.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # as of a full disk: this process may write nothing more into any file
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        assert guess(alone.address).status == 507
        assert counts(alone.address) == before | {"kept": False}
        assert ask(alone.address).status == ask(f"{alone.address}wall").status == 200
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    assert guess(alone.address).status == 204
    assert counts(alone.address)["kept"]


def test_guesses_together_are_written_together(tmp_path: Path) -> None:
    async def work() -> int:
        guesses = Guesses(tmp_path / "g.sqlite", GUESSES)
        await asyncio.gather(*(guesses.keep("mutual", n % 101) for n in range(500)))
        written = guesses.version
        assert sum(guesses.counts["mutual"]) == 500
        guesses.close()
        return written

    assert run(work()) <= 3
    assert prepare_guesses(tmp_path / "g.sqlite", fresh=False) == 500
    assert prepare_guesses(tmp_path / "g.sqlite", fresh=True) == 0


def test_store_is_bounded(tmp_path: Path) -> None:
    async def work() -> None:
        guesses = Guesses(tmp_path / "g.sqlite", GUESSES, most=3)
        kept = await asyncio.gather(*(guesses.keep("times", 0) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in kept].count(NotKeptError) == 2
        assert guesses.counts["times"][0] == 3
        assert not guesses.is_kept
        guesses.close()

    run(work())


def test_store_holds_counts_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "g.sqlite"

    async def work() -> None:
        guesses = Guesses(file, GUESSES)
        await guesses.keep("mutual", 3)
        guesses.close()

    run(work())
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT sql FROM sqlite_master").fetchall() != []
        assert database.execute("SELECT * FROM guesses").fetchall() == [("mutual", 3, 1)]
        # a scale of another day
        database.execute("INSERT INTO guesses VALUES ('times', 99, 5), ('other', 0, 5)")
    database.close()
    assert sum(Guesses(file, GUESSES).counts["times"]) == 0


def test_somebody_elses_file_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE guesses (theirs)")
    other.close()
    (tmp_path / "text.txt").write_text("my notes, " * 200)
    before = [file.read_bytes() for file in sorted(tmp_path.iterdir())]
    for name, hint in (("other.sqlite", "another program's database"), ("text.txt", "not a database")):
        with pytest.raises(AmbassadorError, match=f"{hint}.* name another file with --guesses"):
            prepare_guesses(tmp_path / name, fresh=True)
    assert [file.read_bytes() for file in sorted(tmp_path.iterdir())] == before
    with pytest.raises(AmbassadorError, match="cannot be kept in"):
        prepare_guesses(tmp_path / "none" / "g.sqlite", fresh=False)


def test_a_hall_behind_one_address_passes_and_a_flood_does_not() -> None:
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    # 300 phones, two guesses each, at once
    assert all(limits.allow("192.0.2.1") for _ in range(600))
    flood = sum(limits.allow("192.0.2.1") for _ in range(5000))
    assert flood < 500
    # another address is not the worse for it
    assert limits.allow("192.0.2.2")
    now[0] += 10
    assert 50 < sum(limits.allow("192.0.2.1") for _ in range(5000)) < 200
    assert sum(limits.allow(f"2001:db8::{n:x}") for n in range(20_000)) < 6000
    assert len(limits._addresses) <= 4096
    assert not any(b"192" in name for name in limits._addresses)


def test_too_many_guesses_are_told_to_wait(node: NotebookNode, tmp_path: Path) -> None:
    running = Alone(tmp_path, node)
    try:
        # refused for what they say, they count all the same
        answers = [guess(running.address, value=-1).status for _ in range(1100)]
        assert set(answers) == {400, 429}
        assert answers.count(400) >= 1000
        assert ask(running.address).status == 200
    finally:
        running.stop()
    assert "127.0.0.1" not in running.log()


# ---- the wall and the scale --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_bars_hold_each_value_once(language: Any) -> None:
    for question, drawn in (("mutual", pages._mutual({}, language)), ("times", pages._times({}, language))):
        covered = [value for bar in drawn["bars"] for value in range(bar["from"], bar["to"])]
        assert covered == list(range(GUESSES[question]))
        assert len({bar["label"] for bar in drawn["bars"]}) == len(drawn["bars"])
        # what is not known is said, and stands at no place
        assert drawn["answer"]["at"] is None
        assert drawn["answer"]["text"]


def test_ratios_stand_where_their_step_is() -> None:
    places = [pages._place(step) for step in TIMES_STEPS]
    assert places == pytest.approx([(n + 0.5) / len(TIMES_STEPS) for n in range(len(TIMES_STEPS))])
    assert pages._place(1) == pytest.approx(0.5)
    assert pages._place(0) == places[0]
    assert pages._place(1e9) == places[-1]
    assert places[8] is not None
    assert places[9] is not None
    assert places[8] < (pages._place(2.5) or 0) < places[9]


# ---- the doors ---------------------------------------------------------------------------------------------

TOKEN = "s3cretofthehall"  # noqa: S105 - of this test


def test_token_opens_the_door_once_and_leaves_the_address(node: NotebookNode, tmp_path: Path) -> None:
    running = Alone(tmp_path, node, token=TOKEN)
    try:
        for path in ("", "wall", "invite", "guesses.json", "nothing", "live/", "favicon.ico"):
            assert ask(running.address + path).status == 403
            assert ask(f"{running.address}{path}?t=wrong").status == 403
            assert ask(f"{running.address}{path}?t=%ff").status == 403
        assert guess(running.address).status == 403
        assert ask(f"{running.address}?t={TOKEN}", method="POST", body=b"").status == 403
        refused = ask(running.address, Accept_Language="fi")
        assert "Osoite on vajaa" in refused.text
        let_in = ask(f"{running.address}wall?t={TOKEN}&lang=sv")
        assert (let_in.status, let_in.headers["Location"]) == (303, "/wall")
        assert all(let_in.headers[name] for name in HEADERS)
        cookie = let_in.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        # not out of the house
        elsewhere = ask(f"{running.address}/elsewhere.example/?t={TOKEN}")
        assert elsewhere.headers["Location"] == "/elsewhere.example/"
        known = {"Cookie": cookie.partition(";")[0]}
        assert ask(running.address, **known).status == 200
        assert "private" in ask(running.address, **known).headers["Cache-Control"]
        assert guess(running.address, **known).status == 204
        assert ask(f"{running.address}?t={TOKEN}", **known).status == 303
        assert ask(running.address, Cookie=f"{cookie.partition('=')[0]}=wrong").status == 403
    finally:
        running.stop()
    assert TOKEN not in running.log()


def test_a_thousand_who_say_nothing_do_not_keep_others_out(alone: Alone) -> None:
    port = int(alone.address.rpartition(":")[2].strip("/"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1300:
        pytest.skip("this machine does not allow so many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1300), hard))
    with ExitStack() as opened:
        for number in range(1000):
            silent = opened.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            if number % 2:
                silent.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert ask(alone.address).status == 200
        assert guess(alone.address).status == 204
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_left_alone_the_server_ends_and_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    parent_code = (
        "import json, os, socket, subprocess, sys\n"
        "listening = socket.create_server(('127.0.0.1', 0))\n"
        "settings = json.loads(sys.argv[2]) | {'descriptor': listening.fileno()}\n"
        "open(sys.argv[1] + '/site.json', 'w').write(json.dumps(settings))\n"
        "child = subprocess.Popen([sys.executable, '-m', 'ambassador_net.serve', sys.argv[1] + '/site.json'],\n"
        "    stdin=subprocess.PIPE, pass_fds=[listening.fileno()], start_new_session=True)\n"
        "print(child.pid, listening.getsockname()[1], flush=True)\n"
        "child.wait()\n"
    )
    (folder / "pages").mkdir()
    settings = {
        "folder": str(folder), "documents": str(folder / "pages"), "language": "en", "values": dict(GUESSES),
        "guesses": str(tmp_path / "g.sqlite"), "host": "127.0.0.1", "port": 1, "token": "", "live": False,
    }  # fmt: skip
    started = subprocess.Popen(
        [sys.executable, "-c", parent_code, str(folder), json.dumps(settings)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    pid, port = map(int, started.stdout.readline().split())
    server = psutil.Process(pid)
    assert ask(f"http://127.0.0.1:{port}/favicon.ico").status == 204
    started.kill()
    started.wait()
    started.stdout.close()
    assert until(lambda: has_ended(server), 20)
    assert until(lambda: not folder.exists(), 20)


def test_folders_of_the_dead_are_cleared_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent.tempfile, "tempdir", str(tmp_path))
    left, other = tmp_path / "anet-left", tmp_path / "anet-without-lock"
    for folder in (left, other):
        folder.mkdir()
    (left / "lock").touch()
    (left / "prepared").write_text("of a hall that was killed")
    (tmp_path / "anet-link").symlink_to(other)
    with parent._private_folder() as (first, _):
        assert not left.exists()
        assert first.stat().st_mode & 0o777 == 0o700
        with parent._private_folder() as (second, _):
            # whoever lives keeps what is theirs
            assert first.exists()
            assert second != first
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["anet-link", "anet-without-lock"]


@given(st.ip_addresses(), st.text("abcdefgh0123456789", min_size=8, max_size=20))
def test_log_tells_nothing_of_who_asked(address: Any, secret: str) -> None:
    line = scrubbed(f"500 GET /live/?t={secret} ({address}) from {address}, in 12.5 ms at 14:30:05")
    assert secret not in line
    assert str(address) not in line
    assert line.endswith("in 12.5 ms at 14:30:05")
    kernel = "5d3a2c1e-1111-2222-3333-444455556666"
    assert kernel not in scrubbed(f"WARNING /api/kernels/{kernel}/channels")


def test_addresses_for_the_hall_are_our_own() -> None:
    own = {one.address for each in psutil.net_if_addrs().values() for one in each} | {"127.0.0.1"}
    assert set(addresses_of("0.0.0.0")) <= own  # noqa: S104 - asked, not opened
    assert addresses_of("192.0.2.7") == ["192.0.2.7"]


# ---- the shipped command -----------------------------------------------------------------------------------


def test_port_that_is_taken_is_said_before_anything_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = subprocess.run(
            [*COMMAND, "nowhere", "--notebook", str(NOTEBOOK), "--port", port],
            capture_output=True,
            text=True,
            check=False,
        )
    assert said.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in said.stderr
    assert "--port" in said.stderr


@pytest.fixture(scope="module")
def hall(hall_of_two: Hall) -> Hall:
    return hall_of_two


async def seated(hall: Hall) -> Visitor:
    visitor = Visitor(f"{hall.address}live")
    assert (await visitor.open_page()).code == 200
    await visitor.open_socket()
    await visitor.see_widgets()
    return visitor


def free(hall: Hall) -> bool:
    return bool(json.loads(ask(f"{hall.address}places.json").body)["free"])


def test_one_address_has_page_kernel_and_guesses(hall: Hall) -> None:
    page = ask(hall.address)
    assert 'data-guesses="/guess" data-live="/live/"' in page.text
    assert ask(f"{hall.address}live").headers["Location"] == "/live/"
    assert guess(hall.address).status == 204
    assert "SECRET" not in page.text + ask(f"{hall.address}wall").text

    async def work() -> None:
        visitor = await seated(hall)
        assert (await visitor.leave()).code == 204

    run(work())
    # the terminal says how to get there, how to stop, and nothing of anybody
    for said in ("/invite", "/wall", "Ctrl-C", "guesses are kept in", "the study has no mentions"):
        assert said in hall.log()


def test_those_without_a_place_get_the_page_and_are_told_of_the_next(hall: Hall) -> None:
    assert until(lambda: free(hall))

    async def work() -> None:
        visitors = [await seated(hall) for _ in range(2)]
        assert not free(hall)
        late = ask(f"{hall.address}live/", Accept_Language="fi", Accept_Encoding="gzip")
        assert late.status == 503
        text = gzip.decompress(late.body).decode()
        assert "Kaikki live-paikat ovat juuri nyt varattuja" in text
        assert 'data-guesses="/guess"' in text
        assert (late.headers["Cache-Control"], late.headers["Retry-After"]) == ("no-store", "60")
        for one in visitors:
            await one.leave()

    run(work())
    assert until(lambda: free(hall))


def test_doors_of_the_kernels_are_closed(hall: Hall, tmp_path: Path) -> None:
    foreign = {"Host": "rebound.example", "Origin": "http://rebound.example"}

    async def work() -> list[Any]:
        visitor = await seated(hall)
        kernel = f"/api/kernels/{visitor.kernel}"
        answers = []
        for path in ("/voila/static/voila.js", kernel):
            answers.append(await visitor.ask(path))
            assert answers[-1].code == 200
        for path in ("/", "/voila/static/voila.js", kernel):
            assert (await visitor.ask(path, headers=foreign)).code == 403
        with pytest.raises(HTTPClientError, match="403"):
            await visitor.open_socket(headers=foreign)
        for path in (
            "/api/kernels", "/api/contents", "/voila/static/../../../etc/passwd", "/voila/files/demo.py",
            "/voila/files/../README.md", "/demo.ipynb", "/voila/tree/", "/nothing",
        ):  # fmt: skip
            answers.append(await visitor.ask(path))
            assert answers[-1].code in (302, 403, 404), path
        for spoken in ((), ("v0",)):
            with pytest.raises(HTTPClientError, match="400"):
                await visitor.open_socket(subprotocols=spoken)
        # another site's page
        with pytest.raises(HTTPClientError, match="403"):
            await visitor.open_socket(headers={"Origin": FOREIGN})
        await visitor.open_socket()
        code = f"open({str(tmp_path / 'ran')!r}, 'w')"
        for kind in ("execute_request", "complete_request", "inspect_request", "history_request", "debug_request"):
            await visitor.say(kind, {"code": code, "silent": False})
        await visitor.see_widgets()
        assert not (tmp_path / "ran").exists()
        # a frame that does not hold what it says ends this connection, and only this one
        assert visitor.socket is not None
        await visitor.socket.write_message(frame_of("comm_msg", {})[:50], binary=True)
        while await visitor.hear():
            pass
        assert visitor.socket.close_code == 1002
        await visitor.open_socket()
        await visitor.see_widgets()
        await visitor.leave()
        return answers

    assert until(lambda: free(hall))
    for answer in run(work()):
        assert all(answer.headers.get(name) for name in HEADERS), answer.request.url


def test_dead_kernel_gives_its_place_away_and_the_page_can_know(hall: Hall) -> None:
    assert until(lambda: free(hall))

    async def work() -> None:
        visitor = await seated(hall)
        other = await seated(hall)
        known = await visitor.ask(f"/api/kernels/{visitor.kernel}")
        assert known.code == 200
        for one in hall.kernels():
            one.kill()
        # told over the socket, and to whoever asks
        states = []
        while "dead" not in states:
            message = await visitor.hear()
            assert message is not None
            states.append(message[1].get("execution_state"))
        for _ in range(100):
            if (await visitor.ask(f"/api/kernels/{visitor.kernel}")).code == 404:
                break
            await asyncio.sleep(0.05)
        assert (await visitor.ask(f"/api/kernels/{visitor.kernel}")).code == 404
        for one in (visitor, other):
            assert one.socket is not None
            one.socket.close()

    run(work())
    assert until(lambda: free(hall))
    run(leave_again(hall))


async def leave_again(hall: Hall) -> None:
    visitor = await seated(hall)
    await visitor.leave()


def test_without_the_process_that_forks_the_next_visitor_is_served(hall: Hall) -> None:
    assert until(lambda: free(hall) and len(hall.kernels()) > 0)
    killed = hall.zygote
    killed.kill()
    assert until(lambda: has_ended(killed))
    # also one who comes at once, while kernels that were kept ready are dead
    run(leave_again(hall))
    assert hall.zygote.pid != killed.pid


def test_server_that_dies_is_started_again_and_no_guess_is_lost(hall: Hall) -> None:
    assert guess(hall.address, "mutual", 99).status == 204
    before = counts(hall.address)
    killed = hall.server
    below = killed.children(recursive=True)
    killed.kill()
    # asked at once: who comes meanwhile waits, and is not turned away
    assert counts(hall.address) == before
    assert hall.server.pid != killed.pid
    assert until(lambda: all(has_ended(one) for one in below))
    assert "the server ended with code -9 and is started again" in hall.log()
    run(leave_again(hall))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_hall(
    study_of_the_hall: Path, memory_of_the_run: Path, tmp_path: Path, number: signal.Signals
) -> None:
    running = Hall(tmp_path, study_of_the_hall, "--live", "1", "--token", memory=memory_of_the_run)
    port = int(running.address.rpartition(":")[2].strip("/"))
    below = psutil.Process(running.process.pid).children(recursive=True)
    assert len(below) >= 2
    assert list(running.temporary.iterdir()) != []
    running.process.send_signal(number)
    code = running.process.wait(40)
    assert code == (-9 if number == signal.SIGKILL else 0)
    assert until(lambda: all(has_ended(one) for one in below), 40)
    assert until(lambda: list(running.temporary.iterdir()) == [], 20)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 2)
    # the token stands in the address that is shown, and in no line of the log
    assert running.log().count(running.shown.partition("t=")[2]) == 1
    assert "Traceback" not in running.log()
    running.stop()


@pytest.mark.slow
def test_study_without_posts_is_served_and_what_is_missing_is_said(memory_of_the_run: Path, tmp_path: Path) -> None:
    study = demo_study()
    tables = {"accounts": study.accounts, "shares": study.shares}
    an.from_tables(tables, title="Without posts", made_up=True).write(tmp_path / "study")
    running = Hall(tmp_path, tmp_path / "study", "--live", "0", memory=memory_of_the_run)
    try:
        assert "the study has no posts: what needs them is called not known, never none" in running.log()
        assert ask(running.address).status == ask(f"{running.address}wall").status == 200
        # without kernels, the address of another day leads to the page
        assert ask(f"{running.address}live/").headers["Location"] == "/"
        assert "data-live" not in ask(running.address).text
    finally:
        running.stop()
