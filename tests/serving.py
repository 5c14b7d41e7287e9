"""Hall mode as processes: the shipped command, and the server alone on pages that need no kernel to be made."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.app.choices import GUESSES
from ambassador_net.serve.pages import write_documents

COMMAND = [sys.executable, "-c", "from ambassador_net.cli import main; main()", "serve"]
NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "demo.ipynb"
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(address: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Ask once, following nothing; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, data=body, method=method, headers=named)  # noqa: S310 - our own server
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=PATIENCE_S) as said:
            return Answer(said.status, dict(said.headers), said.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())


def guess(address: str, question: object = "mutual", value: object = 40, **changed: Any) -> Answer:
    """Send a guess as the page does."""
    headers = {"Origin": address.rstrip("/"), "Content_Type": "application/json"} | changed
    body = headers.pop("body", json.dumps({"question": question, "value": value}).encode())
    return ask(f"{address}guess", method="POST", body=body, **headers)


def until(found: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """Wait until something is so, and give it."""
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; whether somebody has reaped it is another question."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


class Hall:
    """The shipped command on a study; `address` is that of the page, with the slash."""

    def __init__(self, folder: Path, study: Path, *options: str, memory: Path) -> None:
        self.folder = folder
        # sockets lie in it, and their paths are short
        self.temporary = Path(tempfile.mkdtemp(prefix=""))
        self.said = (folder / "said").open("w+b")
        self.process = subprocess.Popen(
            [
                *(*COMMAND, str(study), "--notebook", str(NOTEBOOK), "--port", "0", "--seed", "1"),
                *("--guesses", str(folder / "guesses.sqlite"), *options),
            ],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.temporary), VARIABLE: str(memory)},
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=self.said,
        )
        found = until(lambda: self.process.poll() is not None or re.search(r"^http\S+$", self.log(), re.MULTILINE))
        assert isinstance(found, re.Match), self.log()
        self.shown = found[0]
        self.address = self.shown.partition("?")[0]

    def log(self) -> str:
        return Path(self.said.name).read_text("utf-8")

    @property
    def server(self) -> psutil.Process:
        """The server process that runs now."""
        (found,) = psutil.Process(self.process.pid).children()
        return found

    @property
    def zygote(self) -> psutil.Process:
        """The process that kernels are forked from."""
        (found,) = self.server.children()
        return found

    def kernels(self) -> list[psutil.Process]:
        return [one for one in self.zygote.children() if not has_ended(one)]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(40)
        finally:
            self.process.kill()
            self.said.close()
            shutil.rmtree(self.temporary, ignore_errors=True)


def node_showing(widget: Any) -> NotebookNode:
    """A notebook as if it had been run, with one widget."""
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "0"}}
    node = new_notebook(cells=[new_code_cell(outputs=[new_output("display_data", view)])])
    state = {key: value for key, value in widget.get_state().items() if key != "layout"}
    node.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"0": {"state": state}}}}
    return node


class Alone:
    """The server without kernels, as its parent starts it."""

    def __init__(self, folder: Path, node: NotebookNode, *, token: str = "") -> None:
        self.folder = folder
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        port = self.listening.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        (folder / "pages").mkdir()
        write_documents(node, folder / "pages", address=self.address, live=False)
        settings = {
            "folder": str(folder), "documents": str(folder / "pages"), "language": "en", "values": dict(GUESSES),
            "guesses": str(folder / "guesses.sqlite"), "host": "127.0.0.1", "port": port,
            "descriptor": self.listening.fileno(), "token": token, "live": False,
        }  # fmt: skip
        (folder / "site.json").write_text(json.dumps(settings))
        self.said = (folder / "said").open("w+b")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ambassador_net.serve", str(self.folder / "site.json")],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=self.said,
            stderr=self.said,
            pass_fds=[self.listening.fileno()],
        )
        # the door is open already: the first answer is that of the server
        ask(self.address)

    def log(self) -> str:
        return Path(self.said.name).read_text("utf-8")

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.terminate()
        self.process.wait(20)
        self.process.stdin.close()
        self.said.close()
        self.listening.close()
