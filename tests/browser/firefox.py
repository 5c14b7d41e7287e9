"""Firefox for the tests, over WebDriver BiDi alone: an installed one, no geckodriver, nothing downloaded.

It gets a home and a profile of its own. Its only way out is a proxy that writes down who asked for what and answers
nothing, so what the browser itself asks for is counted too, not only what its pages do.
"""

import base64
import io
import itertools
import json
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib.image
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

HOW_TO_GET_ONE = (
    "no Firefox was found, or only a snap, which cannot read a profile of ours; install one (Debian: "
    "apt install firefox-esr; Ubuntu: the one of packages.mozilla.org; macOS: brew install --cask firefox; "
    "Windows: winget install Mozilla.Firefox)"
)
PATIENCE = 60
"""Seconds a loaded machine may take to start the browser or to answer."""

INSIDE = ("file:", "data:", "about:", "blob:")
EVENTS = ["network.beforeRequestSent", "log.entryAdded"]
KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Enter": "\ue007", "Tab": "\ue004", "Space": " "}

# Firefox sets most of its quiet ones itself when it is driven (remote.prefs.recommended); these are the rest.
SETTINGS: dict[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "intl.accept_languages": "en",
    "media.gmp-manager.updateEnabled": False,
    "messaging-system.rsexperimentloader.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "network.trr.mode": 5,
    # the proxy is the only way out, for the browser's own requests too
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.no_proxies_on": "",
    "network.proxy.allow_bypass": False,
    "network.proxy.allow_hijacking_localhost": True,
    "network.proxy.failover_direct": False,
    # also needs MOZ_REMOTE_SETTINGS_DEVTOOLS
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}


class FirefoxError(Exception):
    """Firefox did not start, refused a command or threw an exception in a page."""


def find_firefox() -> str | None:
    """Find an installed Firefox, the long-term one before the other."""
    if sys.platform == "darwin":
        places = [Path("/Applications/Firefox.app/Contents/MacOS/firefox")]
    elif sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)")]
        places = [Path(root) / "Mozilla Firefox" / "firefox.exe" for root in roots if root]
    else:
        found = [Path(place) for name in ("firefox-esr", "firefox") if (place := shutil.which(name))]
        places = [place for place in found if not _is_snap(place)]
    return next((str(place) for place in places if place.is_file()), None)


def _is_snap(place: Path) -> bool:
    real = place.resolve()
    return "snap" in real.parts or b"/snap/" in real.read_bytes()[:4096]


def until(ask: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Ask again and again until the answer is something."""
    end = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > end:
            raise FirefoxError(f"after {patience} s still waiting for {what}")
        time.sleep(0.05)
    return answer


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    asked: list[str]


class _Refusal(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline(2000).decode("latin-1").strip())


@contextmanager
def refusing_proxy() -> Iterator[tuple[int, list[str]]]:
    """Give the port of a proxy that answers nothing, and the list of what it was asked for."""
    with _Proxy(("127.0.0.1", 0), _Refusal) as proxy:
        proxy.asked = []
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy.server_address[1], proxy.asked
        finally:
            proxy.shutdown()


@dataclass
class Firefox:
    """A Firefox that is running.

    Attributes
    ----------
    process
        Its process, the first of its own group.
    home
        The folder that holds all it writes.
    version
        What it says it is.
    asked
        What reached the proxy, of pages or of the browser itself.
    requests
        Addresses that pages asked for, other than files and what stands inside them.
    errors
        Messages of exceptions and of the console's errors.
    """

    process: "subprocess.Popen[bytes]"
    home: Path
    asked: list[str]
    socket: ClientConnection
    version: str = ""
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and give its result; events that come meanwhile are noted."""
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=PATIENCE))
            if message["type"] == "event":
                self._note(message["method"], message["params"])
            elif message.get("id") == number:
                if message["type"] == "error":
                    raise FirefoxError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]

    def _note(self, event: str, params: dict[str, Any]) -> None:
        if event == "network.beforeRequestSent":
            address = params["request"]["url"]
            if not address.startswith(INSIDE):
                self.requests.append(address)
        elif event == "log.entryAdded" and params["level"] == "error":
            self.errors.append(params["text"])

    def noted(self) -> tuple[list[str], list[str], list[str]]:
        """Give requests, errors and what reached the proxy, also what is still on its way."""
        self.command("session.status")
        return self.requests, self.errors, self.asked

    def forget(self) -> None:
        """Empty what was noted."""
        for noted in self.noted():
            noted.clear()

    def windows(self) -> list[str]:
        """Give the contexts that stand for themselves: tabs and windows."""
        return [tree["context"] for tree in self.command("browsingContext.getTree", maxDepth=0)["contexts"]]

    def open(self, path: Path, *, width: int = 1280, height: int = 720) -> "Tab":
        """Open a file in a tab of its own."""
        tab = Tab(self, self.command("browsingContext.create", type="tab")["context"])
        self.command("browsingContext.setViewport", context=tab.context, viewport={"width": width, "height": height})
        address = path.resolve().as_uri()
        self.command("browsingContext.navigate", context=tab.context, url=address, wait="complete")
        return tab


@dataclass
class Tab:
    """A tab, a window or a frame."""

    firefox: Firefox
    context: str

    def evaluate(self, expression: str) -> Any:
        """Give the value of an expression, awaited, by way of JSON."""
        result = self.firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if result["type"] == "exception":
            raise FirefoxError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true."""
        return until(lambda: self.evaluate(expression), expression)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person does."""
        values = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.firefox.command("input.performActions", context=self.context, actions=[keyboard])

    def frames(self) -> "list[Tab]":
        """Give the frames inside, in the order they were made."""
        tree = self.firefox.command("browsingContext.getTree", root=self.context)["contexts"][0]
        return [Tab(self.firefox, child["context"]) for child in tree["children"]]

    def picture(self) -> "np.ndarray[Any, Any]":
        """Give what is seen, as rows of pixels from 0 to 1."""
        data = self.firefox.command("browsingContext.captureScreenshot", context=self.context)["data"]
        return matplotlib.image.imread(io.BytesIO(base64.b64decode(data)), format="png")

    def close(self) -> None:
        """Close it."""
        self.firefox.command("browsingContext.close", context=self.context)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)
    # its children take a moment after it
    with suppress(FirefoxError):
        until(lambda: not alive(process.pid), "its children", 5)
    if alive(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not alive(process.pid), "its children to be killed", 5)


def alive(group: int) -> bool:
    """Say whether a process of the group runs; never on Windows, which has none."""
    if not hasattr(os, "killpg"):
        return False
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def open_firefox() -> Iterator[Firefox]:
    """Start Firefox without a window, and end it with all it wrote.

    Raises
    ------
    FirefoxError
        If there is none, or it does not start; with what it said.
    """
    executable = find_firefox()
    if executable is None:
        raise FirefoxError(HOW_TO_GET_ONE)
    # on Windows files may be held a moment longer than the process lives
    with TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as place, refusing_proxy() as (port, asked):
        home, said = Path(place), Path(place) / "said"
        profile = home / "profile"
        profile.mkdir()
        settings = SETTINGS | {f"network.proxy.{kind}_port": port for kind in ("http", "ssl", "socks")}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
        (profile / "user.js").write_text("".join(lines), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MOZ_"))}
        environment |= {"HOME": place, "MOZ_CRASHREPORTER_DISABLE": "1", "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}
        arguments = [executable, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        if sys.platform == "win32":
            arguments.append("--wait-for-browser")
        with said.open("wb") as log:
            process = subprocess.Popen(
                [*arguments, "about:blank"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:

            def listening() -> str | None:
                heard = said.read_text("utf-8", errors="replace")
                if process.poll() is not None:
                    raise FirefoxError(f"Firefox ended at once: {heard[-2000:]}")
                found = re.search(r"WebDriver BiDi listening on (ws://\S+)", heard)
                return found[1] if found else None

            address = until(listening, "Firefox to listen")
            # None: a screenshot is larger than the megabyte a message may have
            with connect(f"{address}/session", max_size=None, proxy=None, open_timeout=PATIENCE) as socket:
                firefox = Firefox(process, home, asked, socket)
                answer = firefox.command("session.new", capabilities={})["capabilities"]
                firefox.version = f"{answer['browserName']} {answer['browserVersion']}"
                firefox.command("session.subscribe", events=EVENTS)
                try:
                    yield firefox
                finally:
                    with suppress(ConnectionClosed, FirefoxError, TimeoutError):
                        firefox.command("browser.close")
        except BaseException:
            process.terminate()
            raise
        finally:
            _end(process)
