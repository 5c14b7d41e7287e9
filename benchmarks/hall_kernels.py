"""CPU seconds and megabytes a visitor: plain Voilà, plain Voilà with forked kernels, and the hall's server.

Run from the root of a clone: ``.venv/bin/python benchmarks/hall_kernels.py [VISITORS]``. The notebook is a stranger's:
matplotlib and one ``interact``. A visitor fetches the page, opens the socket, asks for the widgets, moves the slider
once and stays. One visitor before the others is not counted: it starts what is started once.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hall_visitor import Visitor, strangers_notebook  # noqa: E402

NOTEBOOKS = {
    "matplotlib and interact": "",
    "the same, importing pandas and seaborn": "import pandas as pd\nimport seaborn as sns",
}
PRELOAD = ("numpy", "matplotlib.pyplot", "ipywidgets", "seaborn")
SERVERS = {
    "plain Voilà": (["voila"], {}),
    "plain Voilà, forked kernels": (
        ["voila"],
        {"JUPYTER_DEFAULT_PROVISIONER_NAME": "forked-kernels", "FORKED_KERNELS_PRELOAD": ",".join(PRELOAD)},
    ),
    "the hall's server": (["ambassador_net.hall", *(f"--preload={name}" for name in PRELOAD)], {}),
}
PATIENCE_S = 240
HUNG_S = 25
REGISTER = "from ambassador_net.hall.provisioner import register\nregister()\n"


def tree(pid: int) -> list[psutil.Process]:
    """Give a process and all below it."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def cpu_s(pid: int) -> float:
    """Give the CPU seconds of a tree of processes."""
    return sum(sum(one.cpu_times()[:2]) for one in tree(pid))


def pss_mb(pid: int) -> float:
    """Give the memory of a tree of processes, what is shared counted once."""
    return sum(one.memory_full_info().pss for one in tree(pid)) / 1e6


async def visit(address: str) -> float:
    """Be a visitor, and give the seconds until the page was usable; try again if the page never ends."""
    for _ in range(5):
        try:
            return await asyncio.wait_for(_visit(address), HUNG_S)
        except TimeoutError:
            print("(a page never ended; see PatientChannel)", flush=True)
    raise AssertionError("no page ended")


async def _visit(address: str) -> float:
    start, visitor = time.perf_counter(), Visitor(address)
    assert (await visitor.open_page()).code == 200
    await visitor.open_socket()
    await visitor.see_widgets()
    usable = time.perf_counter() - start
    await visitor.move("IntSliderModel", 3)
    return usable


async def measure(address: str, pid: int, visitors: int) -> tuple[float, float, float]:
    """Give CPU seconds, megabytes and seconds until usable, a visitor."""
    await visit(address)
    cpu, pss, usable = cpu_s(pid), pss_mb(pid), []
    for _ in range(visitors):
        usable.append(await visit(address))
    await asyncio.sleep(1)
    return (cpu_s(pid) - cpu) / visitors, (pss_mb(pid) - pss) / visitors, sorted(usable)[visitors // 2]


def run(command: list[str], more: dict[str, str], visitors: int, imports: str) -> tuple[float, float, float]:
    """Start a server, measure, and end it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stranger.ipynb").write_text(json.dumps(strangers_notebook(imports)))
        # also where the package was installed before it had the provisioner
        (folder / "config").mkdir()
        (folder / "config" / "voila.py").write_text(
            "from ambassador_net.hall.provisioner import register\nregister()\n"
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", command[0], "stranger.ipynb", *command[1:]),
                *("--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", "--Voila.log_level=ERROR"),
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "JUPYTER_CONFIG_DIR": str(folder / "config"), **more},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(1200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            work = measure(f"http://127.0.0.1:{port}", process.pid, visitors)
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
    visitors = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    print(f"{visitors} visitors one after another, load {os.getloadavg()[0]:.1f}")
    print(f"{'':30}{'CPU s':>8}{'PSS MB':>8}{'usable s':>10}")
    for notebook, imports in NOTEBOOKS.items():
        print(notebook)
        first: tuple[float, float, float] | None = None
        for name, (command, more) in SERVERS.items():
            found = run(command, more, visitors, imports)
            first = first or found
            ratio = f"CPU {first[0] / found[0]:.1f}x"
            print(f"{name:30}{found[0]:8.2f}{found[1]:8.0f}{found[2]:10.2f}   {ratio}", flush=True)


if __name__ == "__main__":
    main()
