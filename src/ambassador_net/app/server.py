"""The app with a kernel: the standalone ``voila`` command on our template, for one's own browser.

It is always the standalone command, never Voilà as an extension of a Jupyter server: the extension lets
whoever opens the page run code in the kernel.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ambassador_net.app.style import page_css
from ambassador_net.errors import AmbassadorError, PageError
from ambassador_net.words import language_named, say

TEMPLATE = "ambassador"

# nothing of other sites is ever fetched, whatever a widget asks for; anywidget loads its module from a blob:
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# what the page needs of all that may be installed beside it
_EXTENSIONS = ["anywidget", "@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8"]

_START_S = 60.0
_STOP_S = 15.0


def serve_app(
    notebook: str | Path,
    *,
    port: int,
    host: str = "127.0.0.1",
    open_browser: bool = True,
    language: str = "en",
    environment: Mapping[str, str] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a notebook as a page with a kernel, until interrupted.

    Parameters
    ----------
    notebook
        The ``.ipynb`` to show.
    port
        Port to listen on.
    host
        Address of this machine to listen on; others cannot reach it.
    open_browser
        Whether to open the page in the default browser.
    language
        Language to begin in.
    environment
        Environment variables for the kernels, beside ``AMBASSADOR_NET_LANGUAGE``.
    ready
        Called with the address once the server answers.

    Raises
    ------
    PageError
        If the notebook is missing, or the server does not start.
    AmbassadorError
        If the host is not this machine, or there is no such language.
    """
    path = Path(notebook).resolve()
    if path.suffix != ".ipynb" or not path.is_file():
        raise PageError(f"{path.name} is not there; give the path of an .ipynb")
    _check_loopback(host)
    _check_free(host, port)
    language = language_named(language)
    with tempfile.TemporaryDirectory(prefix="ambassador-net-") as folder:
        write_template(Path(folder))
        given = settings(port=port, host=host, language=language)
        (Path(folder) / "voila.json").write_text(json.dumps(given), "utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
            [sys.executable, "-m", "voila", str(path)],
            # Voilà's settings are read from where it is started, before all others
            cwd=folder,
            env={
                **os.environ,
                **(environment or {}),
                "AMBASSADOR_NET_LANGUAGE": language,
                "JUPYTER_CONFIG_DIR": folder,
                "JUPYTER_PATH": os.pathsep.join(filter(None, (folder, os.environ.get("JUPYTER_PATH")))),
            },
            stdin=subprocess.DEVNULL,
        )
        with _stopped_with_us(process):
            _wait_until_it_answers(process, host, port)
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            if ready is not None:
                ready(address)
            if open_browser:
                webbrowser.open(address)
            process.wait()


def settings(*, port: int, host: str, language: str) -> dict[str, dict[str, Any]]:
    """Give the settings that Voilà is started with: everything that keeps it closed.

    Parameters
    ----------
    port, host
        Where to listen.
    language
        Language of the page round the widget.

    Returns
    -------
    dict
        By class and trait, as a Jupyter configuration file.
    """
    return {
        "Voila": {
            "ip": host,
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "log_level": "ERROR",
            "tornado_settings": {
                # answers only to its own name: no other site reaches it by a name that resolves here
                "allow_remote_access": False,
                "local_hostnames": ["localhost"],
                "headers": {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
            },
        },
        "VoilaConfiguration": {
            "template": TEMPLATE,
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            # what lies beside the notebook, the study above all, is nobody's business
            "file_allowlist": [],
            "extension_allowlist": _EXTENSIONS,
            "resources": {
                "language": language,
                "title": say("demo.title", language),
                "loading": say("demo.loading", language),
            },
        },
        # a closed tab does not end its kernel
        "MappingKernelManager": {"cull_idle_timeout": 120, "cull_interval": 30},
        "KernelManager": {"transport": _transport()},
    }


def _transport() -> str:
    """Choose sockets that other users of this machine cannot reach, where their paths fit.

    A path of a local socket holds 107 characters; Voilà's ``/voila_xxxxxxxx/kernel-UUID-ipc-N`` needs 65 of them.
    """
    return "ipc" if sys.platform == "linux" and len(tempfile.gettempdir()) <= 107 - 65 else "tcp"


def _check_loopback(host: str) -> None:
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise AmbassadorError(f"the app listens on this machine only, not on {host!r}; use 127.0.0.1")


def _check_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        raise PageError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from None


def write_template(folder: Path) -> None:
    """Put our template where Voilà finds it.

    Parameters
    ----------
    folder
        One of the folders in ``JUPYTER_PATH``.
    """
    to = folder / "voila" / "templates" / TEMPLATE
    with resources.as_file(resources.files(__package__)) as room:
        shutil.copytree(room / "voila_templates" / TEMPLATE, to)
        (to / "static").mkdir()
        for name in ("shell.js", "kernel.js"):
            shutil.copy(room / "static" / name, to / "static" / name)
    (to / "static" / "page.css").write_text(page_css(), "utf-8")


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", host: str, port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise PageError(f"Voilà ended with code {process.returncode} before it answered; what it said is above")
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise PageError(f"Voilà did not answer on port {port} within {_START_S:.0f} seconds")


@contextmanager
def _stopped_with_us(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End the server, and with it its kernels, whichever way this block ends."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # only the main thread may be told of signals
    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, stop) if ours else None
    try:
        yield
    except KeyboardInterrupt:
        # this is how one stops a server
        pass
    finally:
        if ours:
            signal.signal(signal.SIGTERM, before)
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
