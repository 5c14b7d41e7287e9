"""The server's side of the warm process: start it, wait for it, ask it for kernels, start it again."""

import asyncio
import atexit
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from .wire import receive, send

# libraries that compute begin threads when they are imported, and nothing can be forked any more
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS")

# read by the interpreter, the C library or a library when they start: a fork could not obey these any more
_READ_AT_START = re.compile(
    r"(PYTHON|LD_|OMP_|OPENBLAS_|MKL_|NUMEXPR_|BLIS_|KMP_|GOMP_|MALLOC_|LC_)\w*|GLIBC_TUNABLES|TZ|LANG|LANGUAGE"
    r"|MPLBACKEND|MPLCONFIGDIR|MATPLOTLIBRC"
)
# jupyter_client takes this one away from every kernel of Python
_TAKEN_AWAY = "PYTHONEXECUTABLE"

# what the kernel's debugger wants, and older kernelspecs say; nothing else can tell
_DEBUGGABLE = "-Xfrozen_modules=off"

_START_S = 120.0
_ASK_S = 30.0
_STOP_S = 5.0
# how long a kernel may be dead before nobody says with which code it ended
_WORD_S = 2.0


class NotForkedError(Exception):
    """A kernel has to be started the ordinary way; the message says why."""


@dataclass(frozen=True)
class Warmth:
    """What the warm process holds before the first kernel is forked.

    Nothing secret: all kernels share it, their addresses and their hash seed.

    Attributes
    ----------
    preload
        Modules to import.
    warm_up
        A function to call afterwards, as ``module:function``; empty for none.
    argument
        What to call it with; empty for nothing.
    folder
        A folder to remove once the server is gone, however it went; empty for none.
    """

    preload: tuple[str, ...] = ()
    warm_up: str = ""
    argument: str = ""
    folder: str = ""


class ForkedProcess:
    """A kernel that another process forked, with what provisioners use of ``subprocess.Popen``.

    Attributes
    ----------
    pid
        Number of the process.
    returncode
        As of ``subprocess.Popen``: None while it runs, negative if a signal ended it.
    stdin, stdout, stderr
        The near ends of pipes that were asked for, else None.
    """

    def __init__(self, pid: int, descriptor: int, word: socket.socket, pipes: Mapping[int, IO[bytes]]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = (pipes.get(number) for number in range(3))
        # of this very process, even if its number should be given away
        self._descriptor = descriptor
        # where the process that forked it says how it ended
        self._word = word
        self._dead_since: float | None = None
        # not select: it fails for descriptors above 1,023, that is, for about a hundred kernels
        self._watch = select.poll()
        self._watch.register(word, select.POLLIN)
        self._watch.register(descriptor, select.POLLIN)

    def poll(self) -> int | None:
        """Give the exit code, or None while the process runs."""
        return self._look(0)

    def _look(self, timeout_s: float) -> int | None:
        if self.returncode is not None:
            return self.returncode
        heard = {descriptor for descriptor, _ in self._watch.poll(timeout_s * 1000)}
        if self._word.fileno() in heard:
            try:
                self.returncode = int(receive(self._word)[0]["exit"])
            except (EOFError, OSError):
                # the warm process died; its kernels are killed with it
                self._watch.unregister(self._word)
                self._dead_since = float("-inf")
        if self.returncode is None and self._descriptor in heard:
            if self._dead_since is None:
                self._dead_since = time.monotonic()
            if time.monotonic() - self._dead_since > _WORD_S:
                self.returncode = -signal.SIGKILL
        if self.returncode is not None:
            self._close()
        return self.returncode

    def _close(self) -> None:
        # closing this lets the warm process reap the kernel: only now can its number be another's
        self._word.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            self._close()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process to end.

        Parameters
        ----------
        timeout
            Seconds to wait at most.

        Returns
        -------
        int
            The exit code.

        Raises
        ------
        subprocess.TimeoutExpired
            If it has not ended by then.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self._look(0.1)) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("forked kernel", timeout or 0.0)
            if self._dead_since is not None:
                # the descriptor of a dead process is always ready
                time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended.

        Parameters
        ----------
        number
            The signal.
        """
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)


class WarmProcess:
    """The process that kernels are forked from; begun when the first is wanted, begun anew if it dies.

    Parameters
    ----------
    warmth
        What it holds.
    """

    def __init__(self, warmth: Warmth) -> None:
        self.warmth = warmth
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._environment: dict[str, str] = {}
        self._is_ready = False
        self._given_up: str | None = cannot_fork_here()
        self._until = 0.0

    @property
    def pid(self) -> int | None:
        """Number of the process, if it was started."""
        return self._process.pid if self._process else None

    async def ready(self) -> None:
        """Wait until kernels can be forked.

        Raises
        ------
        NotForkedError
            If they cannot, now or ever.
        """
        # asks again and again instead of waiting for an event: kernels may be started from several loops and threads
        while not self._look():
            await asyncio.sleep(0.02)

    def wait(self) -> None:
        """Wait until kernels can be forked, where no loop runs.

        Raises
        ------
        NotForkedError
            If they cannot, now or ever.
        """
        while not self._look():
            time.sleep(0.02)

    def _look(self) -> bool:
        with self._lock:
            if self._given_up:
                raise NotForkedError(self._given_up)
            control = self._control
            if control is None or self._process is None or (self._is_ready and self._process.poll() is not None):
                control = self._start()
            if not self._is_ready:
                self._listen(control)
            return self._is_ready

    def _start(self) -> socket.socket:
        self._drop()
        self._environment = dict(os.environ)
        near, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
                # the last argument tells the process whether its parent died before it could ask to be told
                [sys.executable, _DEBUGGABLE, "-m", f"{__package__}.zygote", str(far.fileno()), str(os.getpid())],
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={
                    **dict.fromkeys(ONE_THREAD, "1"),
                    # pyarrow's allocator would begin a thread, and pandas imports pyarrow
                    "JE_ARROW_MALLOC_CONF": "background_thread:false",
                    # where matplotlib draws is settled when it is imported; in every kernel it is there
                    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                    **self._environment,
                },
            )
        self._control, self._is_ready = near, False
        self._until = time.monotonic() + _START_S
        send(
            near,
            {
                "preload": self.warmth.preload,
                "warm_up": self.warmth.warm_up,
                "argument": self.warmth.argument,
                "folder": self.warmth.folder or None,
            },
        )
        return near

    def _listen(self, control: socket.socket) -> None:
        watch = select.poll()
        watch.register(control, select.POLLIN)
        reason = None
        if watch.poll(0):
            try:
                said, _ = receive(control)
            except (EOFError, OSError):
                reason = "the warm process ended while it warmed up"
            else:
                self._is_ready = "ready" in said
                reason = said.get("refused")
        elif time.monotonic() > self._until:
            reason = f"the warm process was not ready within {_START_S:.0f} seconds"
        if reason:
            self._given_up = reason
            self._drop()
            raise NotForkedError(reason)

    def check(self, command: Sequence[str], environment: Mapping[str, str], others: Mapping[str, Any]) -> list[str]:
        """Check that a fork would be the kernel that was asked for.

        Parameters
        ----------
        command
            What was to be run.
        environment
            Its environment.
        others
            Everything else that was asked for.

        Returns
        -------
        list of str
            The kernel's own arguments.

        Raises
        ------
        NotForkedError
            If it would be another kernel.
        """
        arguments = kernel_arguments(command)
        asked = {name for name, value in others.items() if name not in _UNDERSTOOD and value not in (None, False)}
        if asked:
            raise NotForkedError(f"{', '.join(sorted(asked))} can only be obeyed when a process is started")
        own = self._environment or os.environ
        different = {
            name
            for name in {*environment, *own}
            if _READ_AT_START.fullmatch(name) and name != _TAKEN_AWAY and environment.get(name) != own.get(name)
        }
        if different:
            raise NotForkedError(f"{', '.join(sorted(different))} can only be obeyed when a process is started")
        return arguments

    def fork(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: str | None,
        streams: Mapping[int, Any],
    ) -> ForkedProcess:
        """Fork a kernel; blocks until it is there, some milliseconds.

        Parameters
        ----------
        arguments
            The kernel's own arguments.
        environment
            All of its environment.
        folder
            Where it runs; None for where the server runs.
        streams
            What stands for its descriptors 0, 1 and 2, as ``subprocess.Popen`` takes it.

        Returns
        -------
        ForkedProcess
            The kernel.

        Raises
        ------
        NotForkedError
            If there is none now; the reason may be gone the next time.
        """
        control = self._control
        if control is None:
            raise NotForkedError("the warm process is not there")
        near, far = socket.socketpair()
        handed_over = _Streams(streams)
        try:
            with far:
                socket.send_fds(control, [b"."], [far.fileno()])
            near.settimeout(_ASK_S)
            asked = {"arguments": list(arguments), "environment": dict(environment), "folder": folder}
            send(near, asked, handed_over.given)
            answer, files = receive(near)
            if "pid" not in answer:
                raise NotForkedError(f"the forked process gave up: {answer.get('refused', 'no reason')}")
        except (EOFError, OSError) as error:
            handed_over.abandon()
            near.close()
            raise NotForkedError(f"the warm process did not answer: {type(error).__name__}") from error
        except NotForkedError:
            handed_over.abandon()
            near.close()
            raise
        finally:
            handed_over.close_given()
        near.settimeout(_WORD_S)
        return ForkedProcess(answer["pid"], files[0], near, handed_over.kept)

    def stop(self) -> None:
        """End the process and all kernels that it has forked."""
        with self._lock:
            self._drop()
            self._process = None

    def _drop(self) -> None:
        if self._control is not None:
            # this is what tells it to end
            self._control.close()
            self._control = None
        self._is_ready = False
        if self._process is not None:
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


# what a fork can do as well as a new process; the rest has no meaning for the process itself
_UNDERSTOOD = {"env", "cwd", "stdin", "stdout", "stderr", "extra_arguments", "kernel_id"}


class _Streams:
    """Descriptors 0, 1 and 2 of a kernel, asked for as `subprocess.Popen` takes them."""

    def __init__(self, asked: Mapping[int, Any]) -> None:
        self.given: list[int] = []
        self.kept: dict[int, IO[bytes]] = {}
        self._ours: list[int] = []
        for number in range(3):
            self.given.append(self._open(number, asked.get(number)))

    def _open(self, number: int, asked: Any) -> int:
        if asked == subprocess.PIPE:
            reading, writing = os.pipe()
            near, far = (writing, reading) if number == 0 else (reading, writing)
            self.kept[number] = os.fdopen(near, "wb" if number == 0 else "rb", 0)
            self._ours.append(far)
            return far
        if asked == subprocess.STDOUT:
            return self.given[1]
        if asked is None and number > 0 and _is_open(number):
            # inherited
            return number
        if asked is None or asked == subprocess.DEVNULL:
            nothing = os.open(os.devnull, os.O_RDWR)
            self._ours.append(nothing)
            return nothing
        return asked if isinstance(asked, int) else int(asked.fileno())

    def close_given(self) -> None:
        for descriptor in self._ours:
            os.close(descriptor)

    def abandon(self) -> None:
        for pipe in self.kept.values():
            pipe.close()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def cannot_fork_here() -> str | None:
    """Say why kernels cannot be forked on this machine, or None if they can."""
    if sys.platform != "linux":
        return f"kernels are forked on Linux only, not on {sys.platform}"
    if not hasattr(os, "pidfd_open"):
        return "this Python cannot watch processes that are not its own children"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return "this kernel of Linux cannot watch processes that are not its own children"
    return None


def kernel_arguments(command: Sequence[str]) -> list[str]:
    """Find the arguments of a plain Python kernel of this very interpreter.

    Parameters
    ----------
    command
        What a kernelspec asks to be run.

    Returns
    -------
    list of str
        What follows the module's name.

    Raises
    ------
    NotForkedError
        If it is another interpreter, another kernel, or the interpreter or the kernel is given flags.
    """
    # not realpath: the interpreters of all virtual environments are links to one file
    if not command or os.path.abspath(command[0]) != os.path.abspath(sys.executable):  # noqa: PTH100
        raise NotForkedError("the kernel belongs to another interpreter")
    rest = list(command[1:])
    if rest[:1] == [_DEBUGGABLE]:
        del rest[0]
    if rest[:2] not in (["-m", "ipykernel_launcher"], ["-m", "ipykernel"]):
        raise NotForkedError("it is not the plain Python kernel, or the interpreter is given flags")
    if rest[2:3] != ["-f"] or len(rest) < 4:
        raise NotForkedError("the kernel is given flags before its connection file")
    return rest[2:]


_warm: dict[tuple[int, Warmth], WarmProcess] = {}


def warm_process(warmth: Warmth) -> WarmProcess:
    """Give this server's warm process for these settings.

    Parameters
    ----------
    warmth
        What it holds.

    Returns
    -------
    WarmProcess
        The same object for the same settings; nothing is started yet.
    """
    # a fork of this server has none
    return _warm.setdefault((os.getpid(), warmth), WarmProcess(warmth))


@atexit.register
def stop_all() -> None:
    """End all warm processes of this server, and with them their kernels."""
    for (owner, _), process in list(_warm.items()):
        if owner == os.getpid():
            process.stop()


def runtime_folder(inside: str) -> str:
    """Make a folder for sockets and connection files, with a name short enough for a socket's path.

    Parameters
    ----------
    inside
        Where.

    Returns
    -------
    str
        Its path; who asks for it removes it, or names it as ``Warmth.folder``.
    """
    return tempfile.mkdtemp(prefix="hall-", dir=inside)
