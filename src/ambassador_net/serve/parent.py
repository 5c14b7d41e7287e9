"""The parent of a hall: makes the pages, starts the server, watches over it, and leaves nothing behind."""

import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambassador_net.app.choices import GUESSES
from ambassador_net.app.prepared import FILE, prepare, warm
from ambassador_net.app.server import settings as app_settings
from ambassador_net.app.server import write_template
from ambassador_net.errors import PageError
from ambassador_net.notebook import execute
from ambassador_net.serve.addresses import addresses_of, is_this_machine_only, url_of
from ambassador_net.serve.guesses import prepare_guesses
from ambassador_net.serve.pages import write_documents
from ambassador_net.serve.site import TOKEN, Settings
from ambassador_net.study import Study, read
from ambassador_net.words import LANGUAGES, language_named, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

if sys.platform != "win32":
    import fcntl

# short: paths of sockets lie in it, and those hold 107 characters
_PREFIX = "anet-"
_LOCK = "lock"

_START_S = 180.0
_STOP_S = 20.0
# a server that ends so often has no chance of serving a talk
_MOST_RESTARTS = 5
_RESTARTS_WITHIN_S = 300.0

# typed from a wall by those who cannot scan: no letters that look alike
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TOKEN_LENGTH = 12

_MOST_READY = 30
# what a visitor's kernel would import; none of it starts a thread
_PRELOAD = ["anywidget", "ipywidgets"]


def serve_hall(
    study: str | Path,
    notebook: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8866,
    live: int | None = None,
    ready: int | None = None,
    token: bool = False,
    language: str = "en",
    seed: int,
    guesses: str | Path | None = None,
    fresh: bool = False,
    tell: Callable[[str], None],
    show: Callable[[str], None],
) -> None:
    """Serve the demo to a hall until interrupted.

    Parameters
    ----------
    study
        Folder of the study.
    notebook
        The demo's ``.ipynb``.
    host
        Address of this machine to listen on; others than 127.0.0.1 open it to the network.
    port
        Port to listen on; 0 for any that is free.
    live
        How many kernels may live at once; None for as many as memory allows, 0 for none.
    ready
        How many of them are kept ready for the next visitors; None for a third, at most 30.
    token
        Whether only those may come who have the whole address.
    language
        Language for those whose browser asks for none of ours.
    seed
        Seed of everything left to chance.
    guesses
        File that keeps the hall's guesses; by default ``guesses-STUDY.sqlite`` in the working folder.
    fresh
        Whether to forget the guesses of an earlier talk.
    tell
        Called with lines about what is going on.
    show
        Called with the address of the page once it answers.

    Raises
    ------
    AmbassadorError
        If the study cannot be read, the notebook does not run, the port is taken, guesses cannot be kept, or the server
        does not start or does not stay.
    """
    if sys.platform == "win32":
        raise PageError(
            "hall mode runs on Linux and macOS; build the page with `ambassador-net page` and put it on any web server"
        )
    path, language = Path(notebook).resolve(), language_named(language)
    if path.suffix != ".ipynb" or not path.is_file():
        raise PageError(f"{path.name} is not there; give the path of an .ipynb")
    folder = Path(study).resolve()
    kept_in = Path(guesses) if guesses is not None else Path(f"guesses-{folder.name}.sqlite")
    with ExitStack() as held, _interruptible():
        listening = held.enter_context(_listening(host, port))
        port = listening.getsockname()[1]
        found = read(folder)
        tell(f"read {found}")
        for line in _what_is_missing(found):
            tell(line)
        n = prepare_guesses(kept_in.absolute(), fresh=fresh)
        tell(f"guesses are kept in {kept_in}: {n:,} so far{'' if n == 0 else '; --fresh forgets them'}")
        private, lock = held.enter_context(_private_folder())
        secret = "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LENGTH)) if token else ""
        here = addresses_of(host)
        address = url_of(here[0], port, query=f"{TOKEN}={secret}" if secret else "")
        environment = {
            "AMBASSADOR_NET_STUDY": str(folder),
            "AMBASSADOR_NET_SEED": str(seed),
            "AMBASSADOR_NET_LANGUAGE": language,
        }
        tell("computing what the page shows")
        hall: dict[str, dict[str, Any]] = {}
        if live != 0:
            environment[FILE] = str(prepare(folder, private / "prepared.json", seed=seed))
            hall = _hall_settings(environment[FILE], live=live, ready=ready)
        (private / "pages").mkdir()
        write_documents(_executed(path, environment), private / "pages", address=address, live=live != 0)
        settings = Settings(
            folder=str(private),
            documents=str(private / "pages"),
            language=language,
            values=dict(GUESSES),
            guesses=str(kept_in.absolute()),
            host=host,
            port=port,
            descriptor=listening.fileno(),
            token=secret,
            live=live != 0,
        )
        _write_settings(private, settings, hall)
        command = [sys.executable, "-m", __package__, str(private / "site.json"), *([str(path)] if live != 0 else [])]
        child = _Child(command, private, [listening.fileno(), lock], {**os.environ, **environment})
        held.callback(child.stop)
        child.wait_until_it_answers(here[0] if not is_this_machine_only(host) else host, port)
        _welcome(address, here, host, port, tell=tell, token=bool(secret), live=live != 0)
        show(address)
        child.watch(tell)


def _executed(notebook: Path, environment: Mapping[str, str]) -> "NotebookNode":
    """Run a notebook where it does not take the signals, so that one can be stopped meanwhile."""
    result: Future[NotebookNode] = Future()

    def run() -> None:
        try:
            result.set_result(execute(notebook, environment=environment))
        except BaseException as error:
            result.set_exception(error)

    # not waited for when we are asked to stop; the kernel ends with us
    threading.Thread(target=run, daemon=True).start()
    return result.result()


def _what_is_missing(study: Study) -> Iterator[str]:
    for name, table in study.tables.items():
        if table.empty:
            yield f"the study has no {name}: what needs them is called not known, never none"


@contextmanager
def _interruptible() -> Iterator[None]:
    """Leave this block quietly when asked to stop, in each of the ways that a terminal and a system have."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)} if ours else {}
    try:
        yield
    except KeyboardInterrupt:
        # this is how one stops a server
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open the door before the long work, and keep it while servers come and go: visitors wait instead of failing."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise PageError(
            f"port {port} of {host} cannot be used ({error.strerror}); choose others with --port and --host"
        ) from None
    with listening:
        yield listening


@contextmanager
def _private_folder() -> Iterator[tuple[Path, int]]:
    """Make a folder for this hall alone, and clear what is left of halls that were killed together with their server.

    The lock goes with the server too: the folder is somebody's as long as one of the two lives.
    """
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(old)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder, lock
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _hall_settings(prepared: str, *, live: int | None, ready: int | None) -> dict[str, dict[str, Any]]:
    """Tell the hall what all kernels share, and how many there may be."""
    from ambassador_net.hall.places import places_here

    places = live or places_here()
    kept = ready if ready is not None else max(1, min(_MOST_READY, places // 3))
    return {
        "Hall": {
            "preload": _PRELOAD,
            "warm_up": f"{warm.__module__}:{warm.__name__}",
            "warm_up_argument": prepared,
            "places": live or 0,
        },
        "VoilaConfiguration": {"preheat_kernel": kept > 0, "default_pool_size": kept},
        "SeatedKernelManager": {"grace_s": 60.0},
    }


def _write_settings(private: Path, settings: Settings, hall: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what the server reads; the folder is nobody else's."""
    (private / "site.json").write_text(json.dumps(asdict(settings)), "utf-8")
    if not hall:
        return
    write_template(private)
    voila = app_settings(port=settings.port, host=settings.host, language=settings.language)
    # the hall has its own door for foreign names, and its own choice of sockets
    del voila["KernelManager"]
    for name in ("allow_remote_access", "local_hostnames"):
        del voila["Voila"]["tornado_settings"][name]
    voila["Voila"] |= {"base_url": "/live/", "connection_dir_root": str(private), "log_level": "WARN"}
    voila["VoilaConfiguration"]["resources"] |= {
        "page": "/",
        "guesses": "/guess",
        "said": {
            language: {key: say(f"hall.{key}", language) for key in ("ended", "open_page", "start_again", "back")}
            for language in LANGUAGES
        },
    }
    for name, traits in hall.items():
        voila[name] = {**voila.get(name, {}), **traits}
    (private / "voila.json").write_text(json.dumps(voila), "utf-8")


class _Child:
    """The server process: waited for, started again, stopped."""

    def __init__(self, command: list[str], folder: Path, descriptors: list[int], environment: dict[str, str]) -> None:
        self._command, self._folder, self._descriptors = command, folder, descriptors
        path = os.pathsep.join(filter(None, (str(folder), environment.get("JUPYTER_PATH"))))
        self._environment = {**environment, "JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_PATH": path}
        self._process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
            self._command,
            # Voilà's settings are read from where it is started, before all others
            cwd=self._folder,
            env=self._environment,
            # its end tells the server that we are gone, however we went
            stdin=subprocess.PIPE,
            pass_fds=self._descriptors,
            # a terminal's Ctrl-C is for us
            start_new_session=True,
        )

    def wait_until_it_answers(self, host: str, port: int) -> None:
        """Wait for an answer: the port alone is open before there is a server."""
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise PageError(f"the server ended with code {self._process.returncode} before it answered")
            asked = http.client.HTTPConnection(host, port, timeout=1)
            try:
                asked.request("HEAD", "/")
                asked.getresponse()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
            else:
                return
            finally:
                asked.close()
        raise PageError(f"the server did not answer on port {port} within {_START_S:.0f} seconds")

    def watch(self, tell: Callable[[str], None]) -> None:
        """Start the server again when it ends, unless it ends too often."""
        ended: deque[float] = deque(maxlen=_MOST_RESTARTS)
        while True:
            code = self._process.wait()
            now = time.monotonic()
            if len(ended) == _MOST_RESTARTS and now - ended[0] < _RESTARTS_WITHIN_S:
                raise PageError(f"the server ended {_MOST_RESTARTS + 1} times; what it said is above")
            ended.append(now)
            tell(f"the server ended with code {code} and is started again; the guesses are kept")
            self._let_go()
            self._process = self._started()

    def stop(self) -> None:
        """Ask the server to stop, and see to it."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._let_go()

    def _let_go(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()


def _welcome(
    address: str, here: list[str], host: str, port: int, *, tell: Callable[[str], None], token: bool, live: bool
) -> None:
    if not is_this_machine_only(host):
        tell(
            "warning: everybody in this network who has the address can now open the page, send guesses and use this "
            "machine's processor and memory. Nothing but what the page shows is sent, and nothing is encrypted. Use a "
            "network for the hall only, let the firewall pass this port during the talk only, and stop it afterwards"
        )
        if not token:
            tell("--token lets in only those who have the whole address")
    for other in here[1:]:
        tell(f"this machine also has the address {url_of(other, port)}")
    base = address.partition("?")[0]
    tell(f"for the beamer: {base}invite (how to get there) and {base}wall (the guesses)")
    if live:
        tell(f"with a kernel for each visitor, as long as there are places: {base}live/")
    tell("Ctrl-C stops it")
