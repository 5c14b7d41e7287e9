"""CPU seconds and megabytes a visitor: plain Voilà, plain Voilà with forked kernels, and the hall's server.

Run from the root of a clone: ``.venv/bin/python benchmarks/hall_kernels.py [VISITORS]``, or by any Python with Voilà,
matplotlib, pandas, seaborn and plotly: the folder ``hall`` is copied and used alone, as ``forked_kernels``. The
notebooks are a stranger's: a picture and one ``interact``. A visitor fetches the page, opens the socket, asks for the
widgets, moves the slider once and stays. One visitor before the others is not counted: it starts what is started once.
"""

import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hall_visitor import PICTURE, Visitor, strangers_notebook  # noqa: E402

PLOTLY = """
    px.line(x=x, y=np.sin(k * x), title="a wave").show()
"""


@dataclass(frozen=True)
class Notebook:
    """What a stranger wrote, and what is loaded before the fork."""

    name: str
    needs: tuple[str, ...]
    preload: tuple[str, ...]
    imports: str = ""
    draw: str = PICTURE
    shown: str = "image/png"


@dataclass(frozen=True)
class Cost:
    """Of one visitor; and how many pages never ended, see `PatientChannel`."""

    cpu_s: float
    pss_mb: float
    usable_s: float
    hung: int


LIGHT = ("numpy", "matplotlib.pyplot", "ipywidgets")
NOTEBOOKS = (
    Notebook("numpy, matplotlib, interact", ("matplotlib",), LIGHT),
    Notebook(
        "the same, importing pandas and seaborn",
        ("seaborn",),
        (*LIGHT, "seaborn"),
        imports="import pandas as pd\nimport seaborn as sns\n",
    ),
    Notebook(
        "the same, drawing with plotly.express",
        ("plotly", "pandas"),
        (*LIGHT, "plotly.express"),
        imports="import plotly.express as px\n",
        draw=PLOTLY,
        shown="application/vnd.plotly.v1+json",
    ),
)
PLAIN, FORKED, HALL = "plain Voilà", "plain Voilà, forked kernels", "the hall's server"
PATIENCE_S = 240
HUNG_S = 25


def tree(pid: int) -> list[psutil.Process]:
    """Give a process and all below it."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def cpu_s(pid: int) -> float:
    """Give the CPU seconds of a tree of processes, those that have ended included."""
    seconds = 0.0
    for one in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds += sum(one.cpu_times()[:4])
    return seconds


def pss_mb(pid: int) -> float:
    """Give the memory of a tree of processes, what is shared counted once."""
    kilobytes = 0
    for one in tree(pid):
        # it may have ended, and who has ended has no memory
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
            kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes * 1024 / 1e6


async def visit(address: str, shown: str) -> tuple[float, int]:
    """Be a visitor, again if the page never ends; give the seconds until it was usable, and the pages begun."""
    for attempt in range(1, 6):
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(_visit(address, shown), HUNG_S), attempt
    raise AssertionError("no page ended")


async def _visit(address: str, shown: str) -> float:
    start, visitor = time.perf_counter(), Visitor(address)
    assert (await visitor.open_page()).code == 200
    await visitor.open_socket()
    await visitor.see_widgets()
    usable = time.perf_counter() - start
    await visitor.move("IntSliderModel", 3, shown)
    return usable


async def measure(address: str, pid: int, visitors: int, shown: str) -> Cost:
    """Let one visitor come after the other."""
    await visit(address, shown)
    cpu, pss = cpu_s(pid), pss_mb(pid)
    seen = [await visit(address, shown) for _ in range(visitors)]
    await asyncio.sleep(1)
    # a page that never ended has cost as much as another: its picture was drawn, too
    begun = sum(pages for _, pages in seen)
    usable = sorted(seconds for seconds, _ in seen)[visitors // 2]
    return Cost((cpu_s(pid) - cpu) / begun, (pss_mb(pid) - pss) / begun, usable, begun - visitors)


def run(server: str, notebook: Notebook, visitors: int) -> Cost:
    """Start a server, measure, and end it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = strangers_notebook(notebook.imports, notebook.draw)
        (folder / "stranger.ipynb").write_text(json.dumps(content))
        shutil.copytree(ROOT / "src" / "ambassador_net" / "hall", folder / "alone" / "forked_kernels")
        # what an installed package would tell jupyter_client
        (folder / "config").mkdir()
        (folder / "config" / "voila.py").write_text("from forked_kernels.provisioner import register\nregister()\n")
        more = {}
        if server == FORKED:
            more["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "forked-kernels"
            more["FORKED_KERNELS_PRELOAD"] = ",".join(notebook.preload)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "forked_kernels" if server == HALL else "voila", "stranger.ipynb"),
                *("--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", "--Voila.log_level=ERROR"),
                *([f"--preload={module}" for module in notebook.preload] if server == HALL else []),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(folder / "alone"), "JUPYTER_CONFIG_DIR": str(folder / "config")} | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(1200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            work = measure(f"http://127.0.0.1:{port}", process.pid, visitors, notebook.shown)
            return asyncio.run(asyncio.wait_for(work, PATIENCE_S))
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> None:
    """Measure all servers, one after the other."""
    # of pages that were given up
    logging.disable()
    visitors = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    print(f"{visitors} visitors one after another, load {os.getloadavg()[0]:.1f}")
    print(f"{'':30}{'CPU s':>8}{'PSS MB':>8}{'usable s':>10}")
    for notebook in NOTEBOOKS:
        if missing := [name for name in notebook.needs if importlib.util.find_spec(name) is None]:
            print(f"{notebook.name}: not run, {', '.join(missing)} is not installed")
            continue
        print(notebook.name)
        first: Cost | None = None
        for server in (PLAIN, FORKED, HALL):
            found = run(server, notebook, visitors)
            first = first or found
            ratio = f"CPU {first.cpu_s / found.cpu_s:.1f}x" + (f", {found.hung} hung" if found.hung else "")
            print(f"{server:30}{found.cpu_s:8.2f}{found.pss_mb:8.0f}{found.usable_s:10.2f}   {ratio}", flush=True)


if __name__ == "__main__":
    main()
