"""The warm process: imports once what every kernel needs, then forks one kernel for each visitor.

Started by :mod:`.warm`, never by hand. It holds one end of a socket pair; there is no address that anybody else
could connect to, and nothing to clean up when the server is killed. For every kernel the server sends one end of
a fresh pair; the child reads from it what it is to be, so that the environment of one visitor's kernel never lies
in the memory of the next. Afterwards this process says over that same socket how the kernel ended.
"""

import asyncio
import atexit
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from collections import UserDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .rehearse import rehearse
from .wire import receive, send

# what an ordinary kernel has imported when it waits for its first cell; none of these starts a thread
_EVERY_KERNEL = (
    # before all widgets: it puts the kernel's comms into the package `comm`
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.magic_arguments",
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "IPython.core.magics.pylab",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "IPython.utils.module_paths",
    "IPython.utils.wildcard",
    "faulthandler",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "encodings.idna",
    "psutil",
)

_SETTLE_S = 0.5
_REQUEST_S = 30.0

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the warm process on the socket whose descriptor is the first argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # while it warms up it does not listen, so it would not notice that the server is gone
    _die_with_parent(signal.SIGTERM, int(sys.argv[2]))
    # a terminal's Ctrl-C is for the server
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.path and Path(sys.path[0]) == Path.cwd():
        # put there by `python -m`; a kernel has it in another place, and puts it there itself
        del sys.path[0]
    settings, _ = receive(control)
    before = dict(os.environ)
    try:
        for name in _warm_up(settings):
            if others := _other_threads():
                _refuse(control, f"{name} began threads ({', '.join(others)}), and only one without is forked")
    except Exception as error:
        traceback.print_exc()
        _refuse(control, f"warming up failed with {type(error).__name__}")
    # some libraries leave word for their own children
    settled = {name: value for name, value in os.environ.items() if before.get(name) != value}
    files = [file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    # what is there now is never collected again, so that its pages stay shared
    gc.collect()
    gc.freeze()
    sys.stdout.flush()
    send(control, {"ready": True})
    # from now on the end of the socket tells that the server is gone; the signal would also come when only the
    # thread that started this process has ended
    _die_with_parent(0)
    visitor = _serve(control, settings["folder"])
    # this is the child
    _leave(lambda: _become_kernel(visitor, settled, files))


def _refuse(control: socket.socket, reason: str) -> NoReturn:
    send(control, {"refused": reason})
    sys.exit(1)


def _warm_up(settings: dict[str, Any]) -> Iterator[str]:
    """Import and call what was asked for, one thing a step."""
    for name in _EVERY_KERNEL:
        # these spare time; a kernel that needs a missing one says so itself
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    yield "what every kernel imports"
    for name in settings["preload"]:
        importlib.import_module(name)
        yield name
    if settings["warm_up"]:
        module, _, function = settings["warm_up"].partition(":")
        call: Callable[..., object] = getattr(importlib.import_module(module), function)
        call(*([settings["argument"]] if settings["argument"] else []))
        yield settings["warm_up"]
    for name in rehearse():
        yield f"the first use of {name}"


def _other_threads() -> list[str]:
    """Name the threads of the operating system beside this one, Python's and others'; give ending ones a moment."""
    until = time.monotonic() + _SETTLE_S
    while True:
        names = []
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):
                if int(task.name) != os.getpid():
                    names.append((task / "comm").read_text().strip())
        if not names or time.monotonic() > until:
            return sorted(names)
        time.sleep(0.02)


def _die_with_parent(number: int, parent: int | None = None) -> None:
    """Ask for a signal when the parent's thread ends; 0 for none. A fork does not inherit this."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


@dataclass
class _Child:
    pid: int
    exited: int
    visitor: socket.socket
    has_exited: bool = False
    is_forgotten: bool = False


class _EndError(Exception):
    """The server is gone, or somebody asked this process to end."""


def _end(number: int, frame: FrameType | None) -> None:
    raise _EndError


def _serve(control: socket.socket, folder: str | None) -> socket.socket:
    """Fork kernels until the server is gone.

    Returns only in the children, each with the socket on which it is told what to be.
    """
    me = os.getpid()
    children: dict[int, _Child] = {}
    try:
        signal.signal(signal.SIGTERM, _end)
        return _fork_on_demand(control, children)
    except _EndError:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        if os.getpid() == me:
            _end_all({child.pid for child in children.values()})
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
    raise AssertionError("the parent has left above")


def _fork_on_demand(control: socket.socket, children: dict[int, _Child]) -> socket.socket:
    """Watch the server and the children; `children` is by descriptor, each child twice."""
    # poll has no limit on descriptors, as select has, and needs none of its own, as epoll does
    watch = select.poll()
    watch.register(control, select.POLLIN)
    while True:
        for descriptor, _ in watch.poll():
            if descriptor == control.fileno():
                visitor = _next_visitor(control)
                parent = os.getpid()
                try:
                    pid = os.fork()
                except OSError:
                    # the closed socket tells the server to start this one the ordinary way
                    visitor.close()
                    continue
                if pid == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)
                    _die_with_parent(signal.SIGKILL, parent)
                    control.close()
                    for child in {id(child): child for child in children.values()}.values():
                        os.close(child.exited)
                        child.visitor.close()
                    return visitor
                try:
                    child = _Child(pid, os.pidfd_open(pid), visitor)
                except OSError:
                    # no descriptor is left
                    _end_all({pid})
                    visitor.close()
                    continue
                children[child.exited] = children[visitor.fileno()] = child
                watch.register(child.exited, select.POLLIN)
                # what comes through it is for the child; here only its end counts, which is always told
                watch.register(visitor, 0)
                continue
            child = children[descriptor]
            watch.unregister(descriptor)
            if descriptor == child.exited:
                child.has_exited = True
                with contextlib.suppress(OSError):
                    send(child.visitor, {"exit": _exit_code(child.pid)})
            else:
                # the server never speaks again: it has closed its end
                child.is_forgotten = True
            if child.has_exited and child.is_forgotten:
                # only now may its number be given to another process
                os.waitpid(child.pid, 0)
                del children[child.exited], children[child.visitor.fileno()]
                os.close(child.exited)
                child.visitor.close()


def _next_visitor(control: socket.socket) -> socket.socket:
    said, files, _, _ = socket.recv_fds(control, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not said or not files:
        raise _EndError
    return socket.socket(fileno=files[0])


def _exit_code(pid: int) -> int:
    """Give the exit code as `subprocess` does, and leave the process to be reaped."""
    found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    if found is None:
        return -signal.SIGKILL
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def _end_all(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            # if it was not yet a group of its own
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _become_kernel(visitor: socket.socket, settled: dict[str, str], modules: list[str]) -> None:
    # a group and session of its own, as an ordinary kernel has: interrupts go to the group
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    visitor.settimeout(_REQUEST_S)
    request, files = receive(visitor)
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(settled | request["environment"])
        # the parent that a kernel watches is the process that forked it
        os.environ["JPY_PARENT_PID"] = str(os.getppid())
        time.tzset()
        if request["folder"] is not None:
            os.chdir(request["folder"])
    except OSError as error:
        send(visitor, {"refused": error.strerror})
        raise
    # opened here, so that it cannot be another process's that got the same number
    myself = os.pidfd_open(os.getpid())
    send(visitor, {"pid": os.getpid()}, [myself])
    os.close(myself)
    visitor.close()
    _forget_the_parent()
    launcher = importlib.util.find_spec("ipykernel_launcher")
    arguments = request["arguments"]
    sys.argv = [launcher.origin if launcher and launcher.origin else "ipykernel_launcher", *arguments]

    from ipykernel.kernelapp import IPKernelApp

    # the number of its parent was read when the class was made, that is, in the parent
    app: Any = IPKernelApp.instance(parent_handle=os.getppid())
    with _files_are_known(modules):
        app.initialize(arguments)
    _register_hooks()
    app.start()


class _Modules(UserDict[str, Any]):
    def copy(self) -> dict[str, Any]:  # type: ignore[override]
        return {}


class _Sys:
    """`sys` for a module that copies `sys.modules`, which makes it a copy of nothing."""

    modules = _Modules()
    modules.data = sys.modules

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


@contextlib.contextmanager
def _files_are_known(files: list[str]) -> Iterator[None]:
    """Give a kernel that is made the files of all modules, which it keeps for its debugger.

    To look at every module itself it would write to more than a fifth of all pages that it writes to for its visitor.
    """
    from ipykernel import ipkernel
    from ipykernel.ipkernel import IPythonKernel

    module: Any = ipkernel
    module.sys = _Sys()
    try:
        yield
    finally:
        module.sys = sys
    kernel: Any = IPythonKernel.instance()
    kernel._kernel_modules = files
    if debugger := getattr(kernel, "debugger", None):
        debugger.kernel_modules = files


def _forget_the_parent() -> None:
    """Undo what a fork must not share: chance, event loops, sockets."""
    asyncio.set_event_loop(None)
    if "zmq" in sys.modules:
        sys.modules["zmq"].Context._instance = None
    # the standard library's `random` sows itself anew after every fork
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _register_hooks() -> None:
    """Do what these libraries do when they are imported in a kernel, as they were imported before there was one."""
    if "ipywidgets" in sys.modules:
        sys.modules["ipywidgets"].register_comm_target()
    if "matplotlib_inline.backend_inline" in sys.modules:
        # the very function that runs when the module is imported; it looks for the shell and the backend itself
        sys.modules["matplotlib_inline.backend_inline"]._enable_matplotlib_integration()
    if "plotly.io._renderers" in sys.modules:
        # no function, the module itself looks for the shell
        with contextlib.suppress(Exception):
            importlib.reload(sys.modules["plotly.io._renderers"])


def _leave(run: Callable[[], object]) -> NoReturn:
    """Run, then end this process as the interpreter would, without taking apart what it shares with others."""
    code = 0
    try:
        run()
    except SystemExit as asked:
        if isinstance(asked.code, int):
            code = asked.code & 0xFF
        elif asked.code is not None:
            print(asked.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
