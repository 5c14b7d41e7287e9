"""The hall room: forked kernels are the kernels that were asked for, and the server keeps its doors closed."""

import asyncio
import contextlib
import importlib.util
import io
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("voila", reason="the extra app is not installed")

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbconvert.exporters.templateexporter import TemplateExporter
from tornado.httpclient import HTTPClientError
from traitlets.config import Config
from voila.exporter import VoilaExporter

import ambassador_net
from ambassador_net.hall import PROVISIONER, doors, places, provisioner, server, warm
from ambassador_net.hall.client import PatientChannel, PatientKernelClient
from ambassador_net.hall.frames import is_well_formed
from ambassador_net.hall.warm import ForkedProcess, NotForkedError, WarmProcess, Warmth, kernel_arguments
from hall_visitor import Visitor, frame_of, strangers_notebook
from small import ROOT

forks = pytest.mark.skipif(warm.cannot_fork_here() is not None, reason=str(warm.cannot_fork_here()))

PRELOAD = ("numpy", "pandas", "seaborn", "ipywidgets", "anywidget")
PLAIN = [sys.executable, "-m", "ipykernel_launcher", "-f", "file.json"]
PATIENCE_S = 60.0


# ---- kernels to try ----------------------------------------------------------------------------------------

WARM_UPS = """
import threading, time, zmq
known = []
def remembers(argument): known.append(argument)
def fails(): raise ValueError("a secret")
def begins_a_thread(): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
def opens_a_socket(): known.append(zmq.Context.instance().socket(zmq.PUB))
def draws():
    import matplotlib.pyplot as plt
    plt.close(plt.figure())
"""


@pytest.fixture(scope="module", autouse=True)
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Switch the provisioner on as a user does, and put the warm-ups and kernelspecs where Python and Jupyter look."""
    folder = tmp_path_factory.mktemp("hall")
    (folder / "hall_warm_ups.py").write_text(WARM_UPS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(Path(ambassador_net.__file__).parents[1])]))
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", PROVISIONER)
        patch.setenv(provisioner.PRELOAD, ", ".join(PRELOAD))
        patch.setenv(provisioner.WARM_UP, "hall_warm_ups:remembers")
        patch.setenv(provisioner.ARGUMENT, "what was said")
        patch.setattr(KernelProvisionerFactory, "provisioners", {})
        KernelProvisionerFactory.clear_instance()
        provisioner.register()
        yield folder
        KernelProvisionerFactory.clear_instance()
        warm.stop_all()


class Kernel:
    """A kernel and its client, for a `with` statement."""

    def __init__(self, name: str = "python3", **launched: Any) -> None:
        self.manager = KernelManager(kernel_name=name)
        # ipykernel behaves in another way under pytest
        launched.setdefault("env", os.environ.copy()).pop("PYTEST_CURRENT_TEST", None)
        self.manager.start_kernel(**launched)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE_S)

    @property
    def process(self) -> Any:
        assert self.manager.provisioner is not None
        return self.manager.provisioner.process  # type: ignore[attr-defined]

    @property
    def is_forked(self) -> bool:
        return isinstance(self.process, ForkedProcess)

    def messages(self, code: str) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        self.client.execute_interactive(code, output_hook=heard.append, timeout=PATIENCE_S)
        return heard

    def run(self, code: str) -> str:
        heard = self.messages(code)
        errors = [message["content"]["evalue"] for message in heard if message["msg_type"] == "error"]
        assert errors == []
        return "".join(message["content"]["text"] for message in heard if message["msg_type"] == "stream").strip()

    def value(self, expression: str) -> Any:
        return json.loads(self.run(f"import json; print(json.dumps({expression}))"))

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def forked(set_up: Path) -> Iterator[Kernel]:
    """One forked kernel for questions that leave it as it is."""
    with Kernel() as kernel:
        assert kernel.is_forked
        yield kernel


@pytest.fixture(scope="module")
def ordinary(set_up: Path) -> Iterator[Kernel]:
    """One kernel as jupyter_client starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm, "cannot_fork_here", lambda: "a test asked for it")
        patch.setattr(warm, "_warm", {})
        kernel = Kernel()
    with kernel:
        assert isinstance(kernel.process, subprocess.Popen)
        yield kernel


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; whether somebody has reaped it is another question."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def until(found: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


@pytest.fixture
def no_connection(tmp_path: Path) -> Path:
    """A file that a kernel ends over. A real one: a kernel removes what it takes for its own file to write."""
    file = tmp_path / "no-connection.json"
    file.write_text("this is no connection")
    return file


# ---- a fork is the kernel that was asked for ---------------------------------------------------------------

FACTS = """
import sys, os, signal, time, gc, threading
facts = {
    "argv[0]": sys.argv[0], "-f": sys.argv[1], "executable": sys.executable, "prefix": sys.prefix,
    "path": sys.path, "flags": str(sys.flags), "name": __name__, "main": sys.modules["__main__"] is not None,
    "folder": os.getcwd(), "umask": os.umask(0o22), "timezone": time.tzname, "leads": os.getsid(0) == os.getpid(),
    "group": os.getpgrp() == os.getpid(), "blocked": len(signal.pthread_sigmask(0, [])),
    "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)],
    "environment": {key: value for key, value in os.environ.items() if key != "JPY_PARENT_PID"},
    "parent": os.environ["JPY_PARENT_PID"] == str(os.getppid()),
    "watches": get_ipython().kernel.parent.parent_handle == os.getppid(),
    "threads": sorted(type(one).__name__ for one in threading.enumerate()),
    "gc": gc.isenabled(), "stdin": repr(os.read(0, 1)),
    }
"""


@forks
def test_fork_is_what_an_ordinary_kernel_is(forked: Kernel, ordinary: Kernel) -> None:
    facts = []
    for kernel in (forked, ordinary):
        kernel.run(FACTS)
        facts.append(kernel.value("facts"))
    for name, value in facts[1].items():
        assert facts[0][name] == value, name
    assert facts[0]["parent"]
    assert facts[0]["watches"]


def write_spec(folder: Path, name: str, argv: list[str], env: dict[str, str]) -> None:
    spec = folder / "kernels" / name
    spec.mkdir(parents=True, exist_ok=True)
    content = {"argv": argv, "env": env, "display_name": name, "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(content))


def another_interpreter(folder: Path) -> str:
    """A virtual environment: another link to the same file."""
    python = folder / "other" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.executable).resolve())
    (folder / "other" / "pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
    packages = folder / "other" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return str(python)


@forks
@pytest.mark.parametrize("kind", ["interpreter", "flags", "environment"])
def test_other_kernelspecs_get_what_they_ask_for(set_up: Path, kind: str) -> None:
    argv, env = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"], {}
    if kind == "interpreter":
        argv[0] = another_interpreter(set_up)
    elif kind == "flags":
        argv[1:1] = ["-O"]
    else:
        env = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "ANET_OTHER": "x"}
    write_spec(set_up, kind, argv, env)
    with Kernel(kind) as kernel:
        assert not kernel.is_forked
        if kind == "interpreter":
            assert kernel.value("__import__('sys').executable") == argv[0]
        elif kind == "flags":
            assert kernel.value("__import__('sys').flags.optimize") == 1
        else:
            found = kernel.value("[__import__('time').tzname[0], hash('hall')]")
            expected = subprocess.run(
                [sys.executable, "-c", "print(hash('hall'))"], env=os.environ | env, capture_output=True, check=True
            )
            assert found == ["JST", int(expected.stdout)]


def asked_for(command: list[str], **changed: str) -> list[str]:
    return WarmProcess(Warmth()).check(command, os.environ | changed, {})


def test_plain_kernels_are_forked() -> None:
    assert kernel_arguments(PLAIN) == ["-f", "file.json"]
    assert kernel_arguments([sys.executable, "-Xfrozen_modules=off", *PLAIN[1:]]) == ["-f", "file.json"]
    # what nobody reads at the start is given to the child
    assert asked_for(PLAIN, ANET_OTHER="x") == ["-f", "file.json"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ([str(Path(sys.executable).resolve()) + "9", *PLAIN[1:]], "another interpreter"),
        (["python9", *PLAIN[1:]], "another interpreter"),
        ([], "another interpreter"),
        ([sys.executable, "-O", *PLAIN[1:]], "the interpreter is given flags"),
        ([sys.executable, "-m", "bash_kernel", "-f", "file.json"], "not the plain Python kernel"),
        ([sys.executable, "-c", "import ipykernel_launcher", "-f", "file.json"], "not the plain Python kernel"),
        ([*PLAIN[:3], "--quiet", *PLAIN[3:]], "flags before its connection file"),
        (PLAIN[:3], "flags before its connection file"),
    ],
)
def test_other_commands_are_not_forked(command: list[str], why: str) -> None:
    with pytest.raises(NotForkedError, match=why):
        kernel_arguments(command)


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "TZ", "PYTHONHASHSEED", "OMP_NUM_THREADS", "LD_LIBRARY_PATH", "MPLBACKEND", "LC_ALL"]
)
def test_variables_read_at_the_start_are_not_forked(name: str) -> None:
    with pytest.raises(NotForkedError, match=name):
        asked_for(PLAIN, **{name: "other"})


def test_what_only_a_new_process_can_be_is_not_forked() -> None:
    with pytest.raises(NotForkedError, match="independent, preexec_fn"):
        WarmProcess(Warmth()).check(PLAIN, os.environ, {"preexec_fn": print, "independent": True, "cwd": "."})
    assert WarmProcess(Warmth()).check(PLAIN, os.environ, {"independent": False})


@forks
def test_environment_and_folder_are_the_callers(tmp_path: Path) -> None:
    with Kernel(env={**os.environ, "ANET_OTHER": "x"}, cwd=str(tmp_path)) as kernel:
        assert kernel.is_forked
        assert kernel.value("[__import__('os').environ['ANET_OTHER'], __import__('os').getcwd()]") == [
            "x",
            str(tmp_path),
        ]


@forks
def test_streams_are_the_callers(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as said, Kernel(stdout=subprocess.PIPE, stderr=said) as kernel:
        assert kernel.is_forked
        kernel.run(
            "import os, sys\n"
            "os.write(sys.stdout._original_stdstream_copy, b'to the pipe')\n"
            "os.write(sys.stderr._original_stdstream_copy, b'to the file')"
        )
        assert kernel.process.stdout.read(11) == b"to the pipe"
    assert b"to the file" in (tmp_path / "said").read_bytes()


@forks
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os; os._exit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 15)", -15),
        ("exit()", 0),
    ],
)
def test_exit_codes_are_the_kernels(code: str, expected: int) -> None:
    with Kernel() as kernel:
        process = kernel.process
        kernel.client.execute(code)
        assert until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        # as with a child of one's own, its number is not given away before somebody has asked
        assert process.wait(PATIENCE_S) == expected
        assert until(lambda: not psutil.pid_exists(process.pid))
        assert process.poll() == process.wait() == expected


@forks
def test_signals_reach_the_kernel_and_its_children() -> None:
    with Kernel() as kernel:
        child = kernel.value("__import__('subprocess').Popen(['sleep', '100']).pid")
        # ipykernel drops what is asked just after an error unless it is told not to
        asked = kernel.client.execute("import time; time.sleep(100)", stop_on_error=False)
        until(lambda: kernel.client.get_iopub_msg(timeout=PATIENCE_S)["msg_type"] == "execute_input")
        with pytest.raises(subprocess.TimeoutExpired):
            kernel.process.wait(0.05)
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=PATIENCE_S)
        assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (asked, "KeyboardInterrupt")
        # the interrupt went to the whole group
        assert kernel.value(f"__import__('os').waitpid({child}, 0)[1]") == signal.SIGINT
        kernel.process.terminate()
        assert kernel.process.wait(PATIENCE_S) == -signal.SIGTERM
    with Kernel() as kernel:
        kernel.process.kill()
        assert kernel.process.wait(PATIENCE_S) == -signal.SIGKILL
        kernel.process.kill()


@forks
def test_restart_forks_again(forked: Kernel) -> None:
    with Kernel() as kernel:
        before = kernel.process.pid
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=PATIENCE_S)
        assert kernel.is_forked
        assert kernel.process.pid != before


@forks
def test_more_descriptors_than_select_can_watch(no_connection: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1300:
        pytest.skip("this machine does not allow so many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1300), hard))
    with contextlib.ExitStack() as opened:
        for _ in range(1100):
            opened.enter_context(Path(os.devnull).open())
        near, far = socket.socketpair()
        with far:
            opened.callback(near.close)
            assert near.fileno() > 1023
        process = warm_process().fork(
            ["-f", str(no_connection)],
            environment=os.environ,
            folder=None,
            streams={1: subprocess.DEVNULL, 2: subprocess.DEVNULL},
        )
        assert process._descriptor > 1023
        assert process.wait(PATIENCE_S) == 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- before the fork: one thread, one heap, no chance, no secret -------------------------------------------


def warm_process() -> WarmProcess:
    """The one that this module's kernels are forked from."""
    process = warm.warm_process(Warmth(PRELOAD, "hall_warm_ups:remembers", "what was said"))
    process.wait()
    return process


@forks
def test_warm_up_is_in_every_kernel(forked: Kernel) -> None:
    assert forked.value("__import__('hall_warm_ups').known") == ["what was said"]
    assert forked.value("__import__('gc').get_freeze_count()") > 10_000
    assert forked.value("'numpy' in __import__('sys').modules")


@forks
@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("begins_a_thread", r"hall_warm_ups:begins_a_thread began threads \(python\), and"),
        ("opens_a_socket", r"hall_warm_ups:opens_a_socket began threads \(ZMQbg"),
        ("fails", "warming up failed with ValueError$"),
        ("is_missing", "warming up failed with AttributeError"),
    ],
)
def test_what_cannot_be_forked_is_refused(function: str, why: str, capfd: pytest.CaptureFixture[str]) -> None:
    process = WarmProcess(Warmth(warm_up=f"hall_warm_ups:{function}"))
    for _ in range(2):
        # it is not tried again
        with pytest.raises(NotForkedError, match=why):
            process.wait()
    assert not until(lambda: psutil.pid_exists(process.pid or 0), 0)
    process.stop()


@forks
def test_one_os_thread_and_no_other(forked: Kernel) -> None:
    assert warm_process().pid is not None
    assert len(list(Path(f"/proc/{warm_process().pid}/task").iterdir())) == 1


@forks
def test_chance_differs_between_kernels(forked: Kernel) -> None:
    draw = (
        "[__import__('random').random(), __import__('numpy').random.random(), str(__import__('uuid').uuid4()),"
        " str(__import__('uuid').uuid1()), __import__('secrets').token_hex(),"
        " __import__('numpy').random.default_rng().random(), __import__('tempfile').mktemp(),"
        " get_ipython().kernel.session.session]"
    )
    with Kernel() as other:
        for one, another in zip(forked.value(draw), other.value(draw), strict=True):
            assert one != another


@forks
def test_kernels_share_nothing_of_messaging(forked: Kernel) -> None:
    assert forked.value("__import__('zmq').Context._instance is None or not __import__('zmq').Context._instance.closed")
    assert forked.value("__import__('asyncio').get_running_loop().is_running()")


@forks
def test_environment_of_one_kernel_is_not_in_the_next(forked: Kernel) -> None:
    # in two pieces, so that this process does not hold it otherwise
    secret = "".join(reversed("terces-rotisiv"))
    with Kernel(env={**os.environ, "ANET_SECRET": secret}) as kernel:
        assert kernel.value("__import__('os').environ['ANET_SECRET']") == secret
        pid = warm_process().pid
        held = 0
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
        try:
            memory = Path(f"/proc/{pid}/mem").open("rb", 0)  # noqa: SIM115
        except PermissionError:
            pytest.skip("this machine does not let a process read another's memory")
        with memory:
            for line in maps:
                extent, rights = line.split()[:2]
                start, end = (int(part, 16) for part in extent.split("-"))
                if rights.startswith("rw") and "[v" not in line:
                    memory.seek(start)
                    piece = memory.read(end - start)
                    held += len(piece)
                    assert secret.encode() not in piece
        assert held > 10_000_000


# ---- what libraries do when they are imported in a kernel --------------------------------------------------


def shown(kernel: Kernel, code: str) -> set[str]:
    return {
        kind
        for message in kernel.messages(code)
        if message["msg_type"] in ("display_data", "execute_result")
        for kind in message["content"]["data"]
    }


@forks
def test_ipywidgets_hears_the_page(forked: Kernel) -> None:
    assert "application/vnd.jupyter.widget-view+json" in shown(forked, "import ipywidgets as w; w.IntSlider()")
    targets = forked.value("list(get_ipython().kernel.comm_manager.targets)")
    assert {"jupyter.widget", "jupyter.widget.control"} <= set(targets)


@forks
def test_anywidget_shows_itself(forked: Kernel) -> None:
    code = "import anywidget\nclass W(anywidget.AnyWidget):\n    _esm = 'export default {}'\nW()"
    assert "application/vnd.jupyter.widget-view+json" in shown(forked, code)


@forks
def test_matplotlib_draws_after_the_cell(forked: Kernel) -> None:
    assert "image/png" in shown(forked, "import matplotlib.pyplot as plt; plt.plot([1, 2]);")
    assert "image/png" in shown(forked, "fig, ax = plt.subplots(); plt.close(fig); fig")


@forks
def test_matplotlib_draws_where_the_warm_up_has_drawn() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(provisioner.WARM_UP, "hall_warm_ups:draws")
        patch.delenv(provisioner.ARGUMENT)
        with Kernel() as kernel:
            assert kernel.is_forked
            assert "image/png" in shown(kernel, "import matplotlib.pyplot as plt; plt.plot([1, 2]);")
            # as it is in every notebook
            assert kernel.value("plt.rcParams['figure.edgecolor']") == "white"


@forks
def test_seaborn_and_pandas_show_themselves(forked: Kernel) -> None:
    assert "image/png" in shown(forked, "import seaborn as sns; sns.lineplot(x=[1, 2], y=[1, 2]);")
    assert "text/html" in shown(forked, "import pandas as pd; pd.DataFrame({'a': [1]})")


@forks
def test_first_use_is_behind_every_kernel(forked: Kernel) -> None:
    forked.run("import sys; before = set(sys.modules)")
    assert "image/png" in shown(
        forked,
        "import matplotlib.pyplot as plt\n"
        "axes = plt.subplots()[1]\n"
        "axes.set(title='t', xlabel='x')\n"
        "axes.plot([1, 2], label='l')\n"
        "axes.legend();",
    )
    assert "text/html" in shown(forked, "import pandas as pd; pd.DataFrame({'a': [1], 'b': ['x']})")
    new = forked.value("sorted(set(sys.modules) - before)")
    # these choose where to draw: in the kernel, and for good
    assert [name for name in new if not name.startswith("matplotlib_inline")] == []
    # the font was found before the fork
    assert forked.value("__import__('matplotlib.font_manager').font_manager._get_font.cache_info().hits > 0")


@forks
def test_first_use_has_left_nothing(ordinary: Kernel) -> None:
    state = (
        "import warnings, matplotlib, matplotlib.pyplot as plt, pandas as pd\n"
        "state = [plt.get_fignums(), matplotlib.get_backend(), pd.get_option('display.max_rows'),"
        " len(__import__('gc').callbacks), sorted(map(str, matplotlib.rcParams.items()))]"
    )
    with Kernel() as forked:
        for kernel in (forked, ordinary):
            kernel.run(state)
        found, expected = forked.value("state"), ordinary.value("state")
    assert set(found.pop()) ^ set(expected.pop()) == set()
    assert found == expected


@forks
def test_files_of_modules_are_known_to_the_debugger(forked: Kernel, ordinary: Kernel) -> None:
    known = "get_ipython().kernel._kernel_modules"
    missing = set(ordinary.value(known)) - set(forked.value(known))
    # how it was started
    assert {Path(name).name for name in missing} <= {"ipykernel_launcher.py"}
    assert forked.value(f"get_ipython().kernel.debugger.kernel_modules is {known}")
    assert forked.value("__import__('ipykernel.ipkernel').ipkernel.sys is __import__('sys')")


@forks
def test_plotly_shows_its_figures_in_the_page(
    tmp_path: Path, ordinary: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    preload = "plotly.graph_objects,plotly.express"
    if importlib.util.find_spec("plotly") is None:
        # what matters of it: where it shows its figures is settled when a module is imported
        preload = "plotly.graph_objects"
        for name, content in {
            "__init__.py": "",
            "io/__init__.py": "from ._renderers import renderers\ndel renderers\n"
            "def __getattr__(name):\n    from . import _renderers\n    return getattr(_renderers, name)",
            "io/_renderers.py": "from IPython import get_ipython\n"
            "class renderers: default = 'page' if get_ipython() else 'browser'",
            "graph_objects.py": "",
        }.items():
            file = tmp_path / "plotly" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    default = "import plotly.io; print(plotly.io.renderers.default)"
    # the kernel of the fixture does not know the folder
    expected = ordinary.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{default}")
    monkeypatch.setenv(provisioner.PRELOAD, preload)
    with Kernel() as kernel:
        assert kernel.is_forked
        assert kernel.value("'plotly.io._renderers' in __import__('sys').modules")
        assert kernel.run(default) == expected


# ---- falling back, and saying so ---------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_start_ordinary_kernels(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm.sys, "platform", platform)
    with pytest.raises(NotForkedError, match=f"on Linux only, not on {platform}"):
        WarmProcess(Warmth()).wait()


def test_systems_without_pidfd_start_ordinary_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(pid: int) -> int:
        raise OSError

    monkeypatch.setattr(warm.sys, "platform", "linux")
    monkeypatch.setattr(warm.os, "pidfd_open", missing, raising=False)
    assert "cannot watch processes" in str(warm.cannot_fork_here())
    monkeypatch.delattr(warm.os, "pidfd_open")
    assert "cannot watch processes" in str(warm.cannot_fork_here())


def test_falling_back_is_said_once(ordinary: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    said: list[logging.LogRecord] = []
    one = provisioner.ForkingProvisioner()
    one.log = logging.getLogger("a hall")
    provisioner._said.discard("a reason")
    with caplog.at_level(logging.DEBUG, "a hall"):
        one._say("a reason")
        one._say("a reason")
        said = [record for record in caplog.records if record.name == "a hall"]
    assert [record.levelname for record in said] == ["WARNING", "DEBUG"]
    assert "starts the ordinary way instead of being forked: a reason" in said[0].getMessage()
    # the kernel of the fixture fell back, and works
    assert ordinary.value("1 + 1") == 2
    assert "a test asked for it" in provisioner._said


@forks
def test_dead_warm_process_takes_its_kernels_along_and_is_replaced() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(provisioner.PRELOAD, "")
        with Kernel() as kernel:
            first = kernel.manager.provisioner.warm  # type: ignore[union-attr]
            before = first.pid
            killed = psutil.Process(kernel.process.pid)
            os.kill(before, signal.SIGKILL)
            assert kernel.process.wait(PATIENCE_S) == -signal.SIGKILL
            assert has_ended(killed)
        with Kernel() as kernel:
            assert kernel.is_forked
            assert first.pid != before


@forks
def test_warm_process_that_does_not_answer_is_not_waited_for(no_connection: Path) -> None:
    process = WarmProcess(Warmth())
    process.wait()
    assert process.pid is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm, "_ASK_S", 0.1)
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(NotForkedError, match="did not answer"):
            process.fork(["-f", str(no_connection)], environment=os.environ, folder=None, streams={})
        os.kill(process.pid, signal.SIGCONT)
    # and what cannot be done is said by who tried
    with pytest.raises(NotForkedError, match="gave up: No such file"):
        process.fork(["-f", str(no_connection)], environment=os.environ, folder="/nowhere", streams={2: -3})
    process.stop()
    assert not psutil.pid_exists(process.pid or 0)


@forks
def test_installed_package_names_the_provisioner() -> None:
    import tomllib

    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found = stated["project"]["entry-points"]["jupyter_client.kernel_provisioners"]
    assert found == {PROVISIONER: f"{provisioner.__name__}:ForkingProvisioner"}
    assert KernelSpecManager().get_kernel_spec("python3").metadata.get("kernel_provisioner") is None


# ---- the server: one for all tests -------------------------------------------------------------------------

FULL = "<!DOCTYPE html><title>the caller's own page</title>"


class Server:
    """A hall, as a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "stranger.ipynb").write_text(json.dumps(strangers_notebook()))
        (folder / "full.html").write_text(FULL)
        self.runtime = folder / "run"
        self.runtime.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.said = (folder / "said").open("w+b")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ambassador_net.hall", "stranger.ipynb"),
                *("--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", "--port_retries=0"),
                *("--overflow=full.html", f"--Voila.connection_dir_root={self.runtime}"),
                *("--preload=numpy", "--preload=matplotlib.pyplot", "--preload=ipywidgets", *options),
            ],
            cwd=folder,
            env={key: value for key, value in os.environ.items() if not key.startswith(("FORKED", "JUPYTER_D"))},
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=self.said,
        )
        assert until(self._answers), self.log()

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(self.address.rpartition(":")[2])), 1).close()
            return True
        return False

    def log(self) -> str:
        return Path(self.said.name).read_text("utf-8")

    def kernels(self) -> list[psutil.Process]:
        """All that run below the warm process."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in below if one.ppid() != self.process.pid and one.status() != psutil.STATUS_ZOMBIE]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.said.close()


@pytest.fixture(scope="module")
def hall(set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # a short name: the paths of sockets are short
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("h")))
    running = Server(folder, "--places=2", "--hosts=hall.example", "--SeatedKernelManager.grace_s=1")
    yield running
    running.stop()


def run(work: Any) -> Any:
    # in a thread of its own: a browser of another test keeps a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def visit(work: Any) -> Any:
    return run(asyncio.wait_for(work, PATIENCE_S))


@forks
def test_visitors_are_served_and_the_next_gets_the_callers_page(hall: Server) -> None:
    async def work() -> None:
        visitors = [Visitor(hall.address) for _ in range(3)]
        pages = await asyncio.gather(*(one.open_page() for one in visitors))
        assert sorted(page.code for page in pages) == [200, 200, 503]
        (turned_away,) = [page for page in pages if page.code == 503]
        assert turned_away.body == FULL.encode()
        assert turned_away.headers["Cache-Control"] == "no-store"
        assert len(hall.kernels()) == 2
        seated = [one for one in visitors if one.kernel]
        for one in seated:
            await one.open_socket()
            await one.see_widgets()
            await one.move("IntSliderModel", 4)
        # nothing is left ajar: the page says who may end the kernel
        without = Visitor(hall.address)
        without.kernel = seated[0].kernel
        assert (await without.leave()).code == 403
        assert (await seated[0].leave()).code == 204
        assert until(lambda: len(hall.kernels()) == 1)
        # phones seldom say that they leave
        assert seated[1].socket is not None
        seated[1].socket.close()
        await asyncio.sleep(0)
        for _ in range(200):
            if not hall.kernels():
                break
            await asyncio.sleep(0.05)
        assert hall.kernels() == []
        again = Visitor(hall.address)
        assert (await again.open_page()).code == 200
        assert (await again.leave()).code == 204

    visit(work())
    assert "forked" not in hall.log()
    assert "There are places for 2 visitors" in hall.log()


@forks
def test_doors_are_closed(hall: Server, tmp_path: Path) -> None:
    foreign = {"Host": "rebound.example", "Origin": "http://rebound.example"}

    async def work() -> None:
        visitor = Visitor(hall.address)
        assert (await visitor.open_page()).code == 200
        # a name of somebody else that leads here
        for path in ("/", "/voila/static/voila.js", "/api/kernels", f"/api/kernels/{visitor.kernel}"):
            assert (await visitor.ask(path, headers=foreign)).code == 403
        with pytest.raises(HTTPClientError, match="403"):
            await visitor.open_socket(headers=foreign)
        assert (await visitor.ask("/voila/api/shutdown/x", headers={"Host": "hall.example:80"})).code == 405
        # Voilà's own doors
        for path in ("/api/kernels", "/api/contents", "/voila/static/../../../etc/passwd", "/voila/files/full.html"):
            assert (await visitor.ask(path)).code in (403, 404, 302), path
        # another protocol than the page's
        for spoken in ((), ("v0",)):
            with pytest.raises(HTTPClientError, match="400"):
                await visitor.open_socket(subprotocols=spoken)
        await visitor.open_socket()
        await visitor.see_widgets()
        # only what widgets send reaches the kernel
        code = f"open({str(tmp_path / 'ran')!r}, 'w')"
        for kind in ("execute_request", "complete_request", "inspect_request", "history_request", "debug_request"):
            await visitor.say(kind, {"code": code, "silent": False})
        await visitor.see_widgets()
        await visitor.move("IntSliderModel", 3)
        assert not (tmp_path / "ran").exists()
        # a frame that does not hold what it says ends this connection, and only this one
        other = Visitor(hall.address)
        assert (await other.open_page()).code == 200
        await other.open_socket()
        for malformed in (frame_of("comm_msg", {})[:50], b"", "text"):
            await visitor.open_socket()
            assert visitor.socket is not None
            await visitor.socket.write_message(malformed, binary=isinstance(malformed, bytes))
            while await visitor.hear():
                pass
            assert visitor.socket.close_code == 1002
        await other.see_widgets()
        for one in (visitor, other):
            await one.leave()

    visit(work())
    assert hall.process.poll() is None
    assert [line for line in hall.log().splitlines() if "Traceback" in line or "Error" in line] == []


@forks
def test_kernel_that_dies_is_told_and_its_place_is_free(hall: Server) -> None:
    async def work() -> None:
        visitors = [Visitor(hall.address) for _ in range(2)]
        for one in visitors:
            assert (await one.open_page()).code == 200
            await one.open_socket()
            await one.see_widgets()
        assert (await Visitor(hall.address).open_page()).code == 503
        for kernel in hall.kernels():
            kernel.kill()
        state = None
        while state != "dead":
            message = await visitors[0].hear()
            assert message is not None
            state = message[1].get("execution_state")
        # not begun again: a new one would have none of the widgets that the page shows
        for one in visitors:
            for _ in range(100):
                if (found := await one.ask(f"/api/kernels/{one.kernel}")).code == 404:
                    break
                await asyncio.sleep(0.05)
            assert found.code == 404
        late = Visitor(hall.address)
        assert (await late.open_page()).code == 200
        await late.leave()

    visit(work())


def end_and_look(running: Server, number: signal.Signals) -> None:
    async def work() -> None:
        visitors = [Visitor(running.address) for _ in range(2)]
        for one in visitors:
            assert (await one.open_page()).code == 200
        # one of them has not only fetched the page
        await visitors[0].open_socket()
        await visitors[0].see_widgets()

    visit(work())
    below = psutil.Process(running.process.pid).children(recursive=True)
    assert len(below) == 3
    assert list(running.runtime.iterdir()) != []
    running.process.send_signal(number)
    running.process.wait(20)
    assert until(lambda: all(has_ended(one) for one in below), 20)
    assert until(lambda: list(running.runtime.iterdir()) == [], 20)


@forks
def test_nothing_is_left_of_a_server_that_was_killed(hall: Server) -> None:
    # the last test with this server
    end_and_look(hall, signal.SIGKILL)


@forks
@pytest.mark.slow
def test_nothing_is_left_of_a_server_that_was_stopped(set_up: Path, tmp_path: Path) -> None:
    running = Server(Path(os.path.realpath(tmp_path)) / "s", "--places=2")
    try:
        end_and_look(running, signal.SIGTERM)
        assert "Traceback" not in running.log()
    finally:
        running.stop()


@forks
@pytest.mark.slow
def test_kept_ready_kernels_stay_within_the_places(set_up: Path, tmp_path: Path) -> None:
    options = ("--places=3", "--preheat_kernel=True", "--pool_size=2", "--SeatedKernelManager.grace_s=1")
    running = Server(Path(os.path.realpath(tmp_path)) / "s", *options)

    async def work() -> None:
        visitors = [Visitor(running.address) for _ in range(3)]
        for one in visitors:
            assert (await one.open_page()).code == 200
            await one.open_socket()
            await one.see_widgets()
        late = Visitor(running.address)
        assert (await late.open_page()).code == 503
        assert len(running.kernels()) == 3
        assert (await visitors[0].leave()).code == 204
        for _ in range(100):
            if (await late.open_page()).code == 200:
                break
            await asyncio.sleep(0.1)
        await late.open_socket()
        await late.see_widgets()
        assert len(running.kernels()) == 3
        # those kept ready are dead, and nobody has noticed yet
        await late.leave()
        await visitors[1].leave()
        for _ in range(200):
            if len(running.kernels()) == 3:
                break
            await asyncio.sleep(0.05)
        for kernel in running.kernels():
            kernel.kill()
        next_one = Visitor(running.address)
        assert (await next_one.open_page()).code == 200
        await next_one.open_socket()
        await next_one.see_widgets()

    try:
        visit(work())
    finally:
        running.stop()


@forks
@pytest.mark.slow
def test_of_many_at_once_nobody_waits_for_a_place(set_up: Path, tmp_path: Path) -> None:
    options = ("--places=6", "--preheat_kernel=True", "--pool_size=3")
    running = Server(Path(os.path.realpath(tmp_path)) / "s", *options)

    async def work() -> list[int]:
        visitors = [Visitor(running.address) for _ in range(40)]
        return [answer.code for answer in await asyncio.gather(*(one.open_page() for one in visitors))]

    try:
        codes = visit(work())
        assert (codes.count(200), codes.count(503)) == (6, 34)
        assert len(running.kernels()) == 6
    finally:
        running.stop()


# ---- the server's parts ------------------------------------------------------------------------------------


def test_own_frames_are_well_formed() -> None:
    frame = frame_of("comm_msg", {"comm_id": "x", "data": {}})
    assert is_well_formed(frame)
    assert not any(is_well_formed(frame[:end]) for end in range(len(frame)))
    assert not is_well_formed(frame.decode("latin-1"))
    assert not is_well_formed(None)


@given(st.data())
def test_no_frame_reaches_outside_itself(data: st.DataObject) -> None:
    frame = bytearray(frame_of("comm_msg", {"comm_id": "x", "data": {}}))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, 70))] = data.draw(st.integers(0, 255))
    start = time.process_time()
    if is_well_formed(bytes(frame)):
        count = int.from_bytes(frame[:8], "little")
        ends = [int.from_bytes(frame[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(count)]
        assert ends == sorted(ends)
        assert 8 * (count + 1) <= ends[0] <= ends[-1] <= len(frame)
    assert time.process_time() - start < 0.5


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(frame: bytes) -> None:
    assert is_well_formed(frame) in (True, False)


@pytest.mark.parametrize(
    ("ip", "names", "known", "unknown"),
    [
        ("127.0.0.1", [], ["localhost", "127.0.0.1", "::1"], ["192.0.2.7", "rebound.example"]),
        ("192.0.2.7", ["Hall.Example"], ["192.0.2.7", "hall.example"], ["localhost", "rebound.example"]),
        ("0.0.0.0", [], ["localhost", "127.0.0.1"], ["0.0.0.0", "rebound.example"]),  # noqa: S104
        ("", [], ["localhost"], ["", "rebound.example"]),
        ("localhost", [], ["localhost", "::1"], ["rebound.example"]),
    ],
)
def test_known_hosts(ip: str, names: list[str], known: list[str], unknown: list[str]) -> None:
    found = doors.known_hosts(ip, names)
    assert set(known) <= found
    assert not set(unknown) & found


def test_places_follow_from_free_memory(tmp_path: Path) -> None:
    free = places.free_mb(tmp_path)
    assert places.places_here(reserve_mb=0, megabytes_each=free / 10.5) in (9, 10, 11)
    assert places.places_here(reserve_mb=1e9) == 1
    # the limit of a container
    (tmp_path / "memory.max").write_text("300000000\n")
    (tmp_path / "memory.current").write_text("100000000\n")
    assert places.free_mb(tmp_path) == 200
    (tmp_path / "memory.max").write_text("max\n")
    assert places.free_mb(tmp_path) > 200


def test_kernels_that_end_whenever_they_begin_are_not_waited_for_for_ever() -> None:
    class Pooled(server.SeatedKernelManager):
        """As Voilà derives it, but that no kernel lives."""

        def fill_if_needed(self, *, delay: float, notebook_name: str) -> None:
            pool = self._pools[notebook_name]
            while len(pool) < 2:
                pool.append(failed := asyncio.get_running_loop().create_future())
                failed.set_exception(RuntimeError("ended"))

        def get_pool_size(self, notebook_name: str) -> int:
            return len(self._pools[notebook_name])

    async def work() -> None:
        manager = Pooled(config=Config({"SeatedKernelManager": {"places": 5}}))
        manager._pools = {"x.ipynb": []}
        manager.fill_if_needed(delay=0, notebook_name="x.ipynb")
        assert not await asyncio.wait_for(manager.is_seated("x.ipynb"), 20)

    run(work())


def test_sockets_are_enough_for_a_hall() -> None:
    manager = server.SeatedKernelManager()
    # libzmq allows 1,023 by default: about 190 kernels
    assert manager.context.max_sockets >= 300 * 6


def test_those_kept_ready_wait_for_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def start(self: Any, **kwargs: Any) -> str:
        await asyncio.sleep(0)
        started.append(str(len(started)))
        return started[-1]

    monkeypatch.setattr(server.AsyncMappingKernelManager, "start_kernel", start)

    async def work() -> None:
        manager = server.SeatedKernelManager(config=Config({"SeatedKernelManager": {"places": 2}}))
        assert manager.has_place("x.ipynb")
        ready = {"env": {"VOILA_PREHEAT": "True"}}
        first = [await manager.start_kernel(), await manager.start_kernel(**ready)]
        assert manager.taken == 2
        assert not manager.has_place("x.ipynb")
        # a visitor is told at once; one that is kept ready waits
        with pytest.raises(server.HallFullError):
            await manager.start_kernel()
        waiting = [asyncio.ensure_future(manager.start_kernel(**ready)) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert len(started) == 2
        manager.remove_kernel(first[0])
        assert await waiting[0] == "2"
        assert manager.taken == 2
        await manager.shutdown_all()
        with pytest.raises(server.HallFullError):
            await waiting[1]

    run(work())


def test_place_of_a_kernel_that_does_not_start_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(self: Any, **kwargs: Any) -> str:
        raise OSError

    monkeypatch.setattr(server.AsyncMappingKernelManager, "start_kernel", start)

    async def work() -> None:
        manager = server.SeatedKernelManager()
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011
                await manager.start_kernel()
        assert manager.taken == 0

    run(work())


def test_message_that_nobody_was_woken_for_is_found() -> None:
    polled: list[float | None] = []

    class Socket:
        async def poll(self, timeout_ms: float | None = None) -> int:
            # the edge was missed: only looking finds it
            polled.append(timeout_ms)
            if timeout_ms is None:
                await asyncio.sleep(3600)
            return int(len(polled) > 2)

    async def received(self: Any, **_: Any) -> dict[str, Any]:
        return {"msg_type": "execute_reply"}

    class Channel(PatientChannel):
        _recv = received

    channel = Channel.__new__(Channel)
    channel.socket = Socket()
    message = run(asyncio.wait_for(channel.get_msg(), 10))
    assert message == {"msg_type": "execute_reply"}
    assert None not in polled
    assert PatientKernelClient().shell_channel_class is PatientChannel


def test_templates_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VoilaExporter, "_create_environment", TemplateExporter._create_environment, raising=False)
    del VoilaExporter._create_environment
    server.keep_templates_compiled()
    compiled: list[object] = []

    def page() -> str:
        exporter = VoilaExporter(template_name="lab")
        environment = exporter.environment
        compile_ = environment.compile
        environment.compile = lambda *given: compiled.append(given) or compile_(*given)
        exporter.template  # noqa: B018
        return str(environment.bytecode_cache is not None)

    page()
    first = len(compiled)
    page()
    assert first > 0
    assert len(compiled) == first
    # and nobody else's templates are touched
    assert TemplateExporter()._create_environment().bytecode_cache is None


def test_hall_without_its_notebook_or_page_says_so(
    set_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = io.StringIO()
    (tmp_path / "n.ipynb").write_text(json.dumps(strangers_notebook()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for arguments, hint in (([], "Name one notebook"), (["n.ipynb", "--overflow=none.html"], "cannot be read")):
        app = server.Hall()
        app.log.addHandler(logging.StreamHandler(said))
        with pytest.raises(SystemExit) as left:
            app.initialize(arguments)
        assert left.value.code == 2
        assert hint in said.getvalue()


# ---- other people's suite ----------------------------------------------------------------------------------


@forks
@pytest.mark.slow
def test_suite_of_jupyter_kernel_test(tmp_path: Path) -> None:
    """All of jupyter_kernel_test, on a forked kernel."""
    test = tmp_path / "test_forked.py"
    test.write_text(
        "import jupyter_kernel_test as jkt\n"
        "from ambassador_net.hall import provisioner\n"
        "from ambassador_net.hall.warm import ForkedProcess\n"
        "provisioner.register()\n"
        "class TestForked(jkt.KernelTests):\n"
        "    kernel_name = 'python3'\n"
        "    language_name = 'python'\n"
        "    file_extension = '.py'\n"
        "    code_hello_world = 'print(\"hello, world\")'\n"
        "    code_stderr = 'import sys; print(\"test\", file=sys.stderr)'\n"
        "    completion_samples = [{'text': 'zi', 'matches': {'zip'}}]\n"
        "    complete_code_samples = ['1', \"print('hello, world')\", 'def f(x):\\n  return x*2\\n\\n']\n"
        "    incomplete_code_samples = [\"print('''hello\", 'def f(x):\\n  x*2']\n"
        "    invalid_code_samples = ['import = 7q']\n"
        "    code_page_something = 'zip?'\n"
        "    code_generate_error = 'raise'\n"
        "    code_execute_result = [{'code': '1+2+3', 'result': '6'}]\n"
        "    code_display_data = [{'code': 'from IPython.display import HTML, display; display(HTML(\"<b>t</b>\"))',"
        " 'mime': 'text/html'}]\n"
        "    code_history_pattern = '1?2*'\n"
        "    supported_history_operations = ('tail', 'search')\n"
        "    code_inspect_sample = 'zip'\n"
        "    code_clear_output = 'from IPython.display import clear_output; clear_output()'\n"
        "    def test_is_forked(self):\n"
        "        assert isinstance(self.km.provisioner.process, ForkedProcess)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(test)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    # ranges of the history are not among what ipykernel's own samples ask for
    assert "13 passed, 1 skipped" in ran.stdout, ran.stdout
