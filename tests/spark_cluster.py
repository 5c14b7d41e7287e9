"""A Spark standalone cluster on 127.0.0.1: a master and two workers, which end with the test that started them."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_PATIENCE_S = 120
# little work for each Java: nothing is worth compiling twice
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# the smallest executor that Spark accepts needs 450 MB; few partitions, because each costs a task
_DEFAULTS = f"""
spark.driver.memory 600m
spark.driver.extraJavaOptions {_JAVA}
spark.executor.extraJavaOptions {_JAVA}
spark.executor.memory 512m
spark.executor.cores 1
spark.cores.max 2
spark.sql.shuffle.partitions 4
spark.master.rest.enabled false
spark.shuffle.service.enabled false
"""


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, its processes (the master's first), and the settings of whoever asks it."""

    master: str
    processes: tuple[subprocess.Popen[bytes], ...]
    environment: dict[str, str]


def _started(stack: ExitStack, arguments: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    with log.open("wb") as to:
        # spark-class replaces itself by Java: the process is Java's
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), *arguments],
            env=environment,
            stdout=to,
            stderr=to,
            start_new_session=True,
        )
    stack.callback(_stopped, process)
    return process


def _stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    until = time.monotonic() + _PATIENCE_S
    while (found := re.search(pattern, log.read_text("utf-8", "replace"))) is None:
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"{log.name}: {log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.1)
    return found[1]


@contextmanager
def cluster(place: Path) -> Iterator[Cluster]:
    """Start a master and two workers with room for two applications, on ports that are free."""
    (place / "conf").mkdir()
    (place / "conf" / "spark-defaults.conf").write_text(_DEFAULTS)
    environment = os.environ | {
        "SPARK_CONF_DIR": str(place / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(place / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _JAVA,
    }
    listen = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    with ExitStack() as stack:
        first = _started(stack, [_MASTER, *listen], environment, place / "master.log")
        master = _said(first, place / "master.log", r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        workers = []
        for number in (1, 2):
            work = ["--cores", "2", "--memory", "1200m", "--work-dir", str(place / f"work-{number}")]
            workers.append(
                _started(stack, [_WORKER, *listen, *work, master], environment, place / f"worker-{number}.log")
            )
        for number, worker in enumerate(workers, 1):
            _said(worker, place / f"worker-{number}.log", r"(Successfully registered) with master")
        asking = {name: value for name, value in environment.items() if name != "SPARK_LOCAL_DIRS"}
        yield Cluster(master, (first, *workers), asking)
