"""A hall on one machine: the shipped command and all its visitors, beside stock Voilà.

Run from the root of a clone: ``.venv/bin/python benchmarks/hall.py [--cases abcd] [--scale 1.0]``. Server and visitors
share the machine and its loopback: there is no wifi in these numbers, and no phone that draws. The visitors are one
process; its CPU seconds are said apart.

A visitor of ``/`` fetches the page, compressed as a browser asks for it. A visitor of ``/live`` fetches the page while
its cells run, opens the socket and asks for the widgets' states: now the page is usable. Then it chooses a house and
waits for the kernel's answer, and stays. Voilà's scripts are not fetched: a browser keeps those of one visit.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
from tornado.httpclient import AsyncHTTPClient

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hall_kernels import cpu_s, pss_mb  # noqa: E402

from hall_visitor import Visitor  # noqa: E402

STUDY = ROOT / "data" / "example"
NOTEBOOK = ROOT / "notebooks" / "demo.ipynb"
SEED = 20251
PATIENCE_S = 900.0
# of the processes and the sockets between them
QUIET_CPU_S = 0.05


# ---- servers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A server: where its page with a kernel is, and the process above all others."""

    address: str
    live: str
    pid: int

    @property
    def kernels(self) -> int:
        """How many kernels there are, those kept ready included."""
        held = (psutil.Process(self.pid).children(), [])
        # the server, what kernels are forked from, kernels
        for _ in range(2):
            held = ([below for one in held[0] for below in _children(one)], held[0])
        return len(held[0])


def _children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [one for one in process.children() if one.status() != psutil.STATUS_ZOMBIE]
    return []


@contextlib.contextmanager
def started(command: Sequence[str], folder: Path, answers: Callable[[str], str | None]) -> Iterator[tuple[str, int]]:
    """Start a server, wait until it says or lets see its address, and end it."""
    said = folder / "said"
    environment = {**os.environ, "AMBASSADOR_NET_STUDY": str(STUDY), "AMBASSADOR_NET_SEED": str(SEED)}
    with said.open("wb") as to:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=to, stderr=to, start_new_session=True
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while not (address := answers(said.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{said.read_text()}")
            time.sleep(0.1)
        yield address, process.pid
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}:\n{said.read_text()}")
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def hall(*options: str) -> Iterator[Running]:
    """Run ``ambassador-net serve``."""

    def answers(said: str) -> str | None:
        found = re.search(r"^(http\S+)/$", said, re.MULTILINE)
        return found[1] if found else None

    with tempfile.TemporaryDirectory() as name:
        command = [
            *(sys.executable, "-c", "from ambassador_net.cli import main; main()", "serve", str(STUDY)),
            *("--notebook", str(NOTEBOOK), "--seed", str(SEED), "--port", "0", *options),
        ]
        with started(command, Path(name), answers) as (address, pid):
            running = Running(address, f"{address}/live", pid)
            settle(running)
            yield running


@contextlib.contextmanager
def stock() -> Iterator[Running]:
    """Run Voilà as it comes, on the same notebook and the same study."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def answers(said: str) -> str | None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return f"http://127.0.0.1:{port}"
        return None

    command = [
        *(sys.executable, "-m", "voila", str(NOTEBOOK), "--no-browser", f"--port={port}", "--port_retries=0"),
        *("--Voila.ip=127.0.0.1", "--Voila.log_level=ERROR"),
    ]
    with tempfile.TemporaryDirectory() as name, started(command, Path(name), answers) as (address, pid):
        yield Running(address, address, pid)


def settle(running: Running) -> None:
    """Wait until the kernels that are kept ready are, and nothing else happens."""
    before, quiet = cpu_s(running.pid), 0
    while quiet < 3:
        time.sleep(1)
        now = cpu_s(running.pid)
        quiet = quiet + 1 if now - before < QUIET_CPU_S else 0
        before = now


# ---- visitors ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What became of a visitor; `how` is usable, page (there was no place) or failed."""

    how: str
    usable_s: float = 0.0
    answered_s: float = 0.0
    size: int = 0
    why: str = ""
    visitor: Visitor | None = None


async def see_page(address: str) -> Seen:
    """Fetch the page for everybody."""
    start = time.perf_counter()
    answer = await Visitor(address, patience_s=PATIENCE_S).ask(
        headers={"Accept-Encoding": "gzip"}, decompress_response=False
    )
    body = answer.body
    if answer.code != 200 or not body.startswith(b"\x1f\x8b") or len(body) != int(answer.headers["Content-Length"]):
        return Seen("failed", why=f"status {answer.code}, {len(body)} bytes")
    return Seen("usable", time.perf_counter() - start, size=len(body))


async def see_live(address: str) -> Seen:
    """Come to the page with a kernel, and ask it something."""
    start, visitor = time.perf_counter(), Visitor(address, patience_s=PATIENCE_S)
    answer = await visitor.open_page()
    if answer.code == 503 and b"data-guesses" in answer.body:
        return Seen("page", time.perf_counter() - start)
    if answer.code != 200 or not visitor.kernel:
        return Seen("failed", why=f"status {answer.code}")
    await visitor.open_socket()
    await visitor.see_widgets()
    usable = time.perf_counter()
    # the first house; the page opens with the whole study
    await visitor.choose("AnyModel", "house", 0, "answer")
    return Seen("usable", usable - start, time.perf_counter() - usable, visitor=visitor)


async def see(how: Callable[[str], Awaitable[Seen]], address: str) -> Seen:
    """Be a visitor, and say what went wrong."""
    try:
        return await asyncio.wait_for(how(address), 2 * PATIENCE_S)
    except Exception as error:
        return Seen("failed", why=f"{type(error).__name__}: {error}"[:100])


async def arrive(how: Callable[[str], Awaitable[Seen]], address: str, visitors: int, within_s: float) -> list[Seen]:
    """Let visitors come evenly within some seconds; give what each saw once all are there."""
    start, coming = time.perf_counter(), []
    for number in range(visitors):
        await asyncio.sleep(start + number * within_s / visitors - time.perf_counter())
        coming.append(asyncio.ensure_future(see(how, address)))
    return list(await asyncio.gather(*coming))


@dataclass(frozen=True)
class Crowd:
    """What all visitors of one case saw, and what they cost."""

    seen: list[Seen]
    wall_s: float
    cpu_s: float
    client_cpu_s: float
    mb: float

    def __post_init__(self) -> None:
        for why, n in Counter(one.why for one in self.seen if one.how == "failed").items():
            print(f"    {n} failed: {why}")

    def number(self, how: str) -> int:
        """Count those of whom this became."""
        return sum(one.how == how for one in self.seen)

    def spread(self, name: str, how: str = "usable") -> str:
        """Give the middle, the 95th of a hundred and the last."""
        values = sorted(getattr(one, name) for one in self.seen if one.how == how)
        if not values:
            return "–"
        return "/".join(f"{values[min(len(values) - 1, int(part * len(values)))]:.2f}" for part in (0.5, 0.95, 1))


async def crowd(
    running: Running, how: Callable[[str], Awaitable[Seen]], address: str, visitors: int, within_s: float
) -> Crowd:
    """Let a crowd come, and look at what it cost while it is still there."""
    cpu, mb, ours, start = cpu_s(running.pid), pss_mb(running.pid), time.process_time(), time.perf_counter()
    seen = await arrive(how, address, visitors, within_s)
    wall, ours = time.perf_counter() - start, time.process_time() - ours
    if how is see_live:
        # those kept ready for the next belong to the cost of these
        await asyncio.to_thread(settle, running)
    cpu, mb = cpu_s(running.pid) - cpu, pss_mb(running.pid) - mb
    for one in seen:
        if one.visitor and one.visitor.socket:
            one.visitor.socket.close()
    return Crowd(seen, wall, cpu, ours, mb)


# ---- cases -------------------------------------------------------------------------------------------------


def at_load() -> str:
    """Say how busy the machine is anyway."""
    return f"load {os.getloadavg()[0]:.1f}"


def case_a(scale: float) -> None:
    """Everybody opens the page."""
    visitors = max(2, round(300 * scale))
    with hall("--live", "0") as running:
        print(f"(a) {visitors} visitors of / within {10 * scale:g} s, {at_load()}", flush=True)
        found = asyncio.run(crowd(running, see_page, f"{running.address}", visitors, 10 * scale))
        size = max(one.size for one in found.seen)
        print(
            f"    {found.number('failed')} failures; whole page after {found.spread('usable_s')} s (p50/p95/max);"
            f" {size:,} bytes each; server {1000 * found.cpu_s / visitors:.1f} ms CPU a visitor,"
            f" client {1000 * found.client_cpu_s / visitors:.1f} ms",
            flush=True,
        )


def live_row(found: Crowd, visitors: int) -> None:
    """Print what visitors of a page with kernels saw and cost."""
    print(
        f"    {found.number('failed')} failures, {found.number('page')} without a place;"
        f" usable after {found.spread('usable_s')} s (p50/p95/max), a choice answered after"
        f" {found.spread('answered_s')} s; a visitor: {found.cpu_s / visitors:.3f} CPU s, {found.mb / visitors:.1f} MB"
        f" PSS; client {found.client_cpu_s / visitors:.3f} CPU s; all there after {found.wall_s:.1f} s",
        flush=True,
    )


def case_b(scale: float, ready: int | None) -> None:
    """Visitors ask for a kernel, one after the other, beside stock Voilà; then many at once."""
    visitors, beside, burst = (max(1, round(n * scale)) for n in (300, 20, 100))
    kept = ready if ready is not None else 30
    # as many places as there are visitors, and those kept ready for the next
    with hall("--live", str(visitors + kept), "--ready", str(kept)) as running:
        print(f"(b) {visitors} visitors of /live within {60 * scale:g} s, {kept} kept ready, {at_load()}", flush=True)
        ours = asyncio.run(crowd(running, see_live, running.live, visitors, 60 * scale))
        live_row(ours, visitors)
    with stock() as running:
        print(f"    stock Voilà, the same notebook, {beside} at once, {at_load()}", flush=True)
        theirs = asyncio.run(crowd(running, see_live, running.live, beside, 0))
        live_row(theirs, beside)
    print(
        f"    stock/ours: CPU {theirs.cpu_s / beside / (ours.cpu_s / visitors):.0f}x,"
        f" memory {theirs.mb / beside / (ours.mb / visitors):.1f}x",
        flush=True,
    )
    with hall("--live", str(2 * burst), "--ready", str(burst)) as running:
        print(f"    {burst} at once, {burst} kept ready, {at_load()}", flush=True)
        live_row(asyncio.run(crowd(running, see_live, running.live, burst, 0)), burst)


def case_c(scale: float) -> None:
    """More come at once than there are places."""
    visitors, places = max(4, round(400 * scale)), max(1, round(60 * scale))
    with hall("--live", str(places)) as running:
        print(f"(c) {visitors} visitors of /live at once, {places} places, {at_load()}", flush=True)

        async def come() -> tuple[Crowd, int]:
            found = await crowd(running, see_live, running.live, visitors, 0)
            return found, running.kernels

        found, kernels = asyncio.run(come())
        print(
            f"    {found.number('failed')} failures; {found.number('usable')} with a kernel, usable after"
            f" {found.spread('usable_s')} s (p50/p95/max); {found.number('page')} got the page after"
            f" {found.spread('usable_s', 'page')} s; {kernels} kernels",
            flush=True,
        )


async def vanish(visitor: Visitor, random: Random) -> None:
    """Leave without a word: close the tab, or switch the phone off."""
    if visitor.socket is None:
        return
    if random.random() < 0.5:
        visitor.socket.close()
    else:
        # nothing is said any more, and nothing is answered
        stream = visitor.socket.protocol.stream  # type: ignore[union-attr]
        stream.io_loop.remove_handler(stream.fileno())


def case_d(scale: float) -> None:
    """Visitors come and go for an hour in ten minutes; nobody says goodbye."""
    seconds, stay_s = 600 * scale, 25.0
    random = Random(1)  # noqa: S311 - who comes when
    with hall("--live", "120", "--ready", "10") as running:
        print(f"(d) an hour of coming and going in {seconds:g} s, 0.6 visitors a second, {at_load()}", flush=True)

        async def one(seen: list[Seen]) -> None:
            found = await see(see_live, running.live)
            seen.append(found)
            if found.visitor:
                await asyncio.sleep(stay_s * random.uniform(0.2, 1.8))
                await vanish(found.visitor, random)

        async def work() -> None:
            start, seen, coming = time.monotonic(), [], set()
            print(f"    {'s':>5}{'came':>7}{'failed':>8}{'kernels':>9}{'PSS MB':>8}{'server MB':>11}", flush=True)
            next_row, next_guest = 0.0, 0.0
            # afterwards long enough for the last to be missed
            while (now := time.monotonic() - start) < seconds + 210 * min(1.0, scale * 5):
                if now >= next_row:
                    next_row += 30 * min(1.0, scale * 5)
                    server = psutil.Process(running.pid).children()[0]
                    print(
                        f"    {now:5.0f}{len(seen):7}{sum(one.how == 'failed' for one in seen):8}{running.kernels:9}"
                        f"{await asyncio.to_thread(pss_mb, running.pid):8.0f}"
                        f"{server.memory_info().rss / 1e6:11.0f}",
                        flush=True,
                    )
                if now >= next_guest and now < seconds:
                    next_guest = now + random.expovariate(0.6)
                    coming.add(guest := asyncio.ensure_future(one(seen)))
                    guest.add_done_callback(coming.discard)
                await asyncio.sleep(0.05)
            print(f"    {dict(Counter(one.how for one in seen))}", flush=True)

        asyncio.run(work())


def main() -> None:
    """Measure the cases that were asked for."""
    parser = argparse.ArgumentParser(
        description="A hall on one machine, beside stock Voilà.", epilog="Example: hall.py --cases bc --scale 0.1"
    )
    parser.add_argument("--cases", default="abcd", help="which of a, b, c and d; by default all")
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the visitors and of the time; by default 1")
    parser.add_argument("--ready", type=int, help="kernels kept ready in case b; by default 30")
    asked = parser.parse_args()
    AsyncHTTPClient.configure(None, max_clients=10_000)
    # of connections that were given up
    logging.disable()
    print(f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB, {at_load()}", flush=True)
    if "a" in asked.cases:
        case_a(asked.scale)
    if "b" in asked.cases:
        case_b(asked.scale, asked.ready)
    if "c" in asked.cases:
        case_c(asked.scale)
    if "d" in asked.cases:
        case_d(asked.scale)


if __name__ == "__main__":
    main()
