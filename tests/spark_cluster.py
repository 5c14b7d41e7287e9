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


# the shell waits for its standard input to end, as it does when this process is killed, and then ends Java
_UNTIL_INPUT_ENDS = 'pid_file=$1; shift; "$@" & echo $! > "$pid_file"; cat; kill $!; wait $!'


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, the Java of the second worker, and the settings of whoever asks the master."""

    master: str
    second_worker: int
    environment: dict[str, str]


@contextmanager
def _service(name: str, place: Path, arguments: list[str], environment: dict[str, str]) -> Iterator[Path]:
    """Run a service of Spark, and give its log."""
    import pyspark

    # spark-class replaces itself by Java, so that the process is Java's
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    shell = ["sh", "-c", _UNTIL_INPUT_ENDS, "sh", str(place / f"{name}.pid"), spark_class, *arguments]
    log = place / f"{name}.log"
    with (
        log.open("wb") as to,
        subprocess.Popen(shell, env=environment, stdin=subprocess.PIPE, stdout=to, stderr=to),
    ):
        yield log


def _said(log: Path, pattern: str) -> str:
    until = time.monotonic() + _PATIENCE_S
    while (found := re.search(pattern, log.read_text("utf-8", "replace"))) is None:
        assert time.monotonic() < until, f"{log.name}: {log.read_text('utf-8', 'replace')[-2000:]}"
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
        log = stack.enter_context(_service("master", place, [_MASTER, *listen], environment))
        master = _said(log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        logs = []
        for name in ("worker-1", "worker-2"):
            room = ["--cores", "2", "--memory", "1200m", "--work-dir", str(place / name)]
            logs.append(stack.enter_context(_service(name, place, [_WORKER, *listen, *room, master], environment)))
        for log in logs:
            _said(log, r"(Successfully registered) with master")
        asking = {name: value for name, value in environment.items() if name != "SPARK_LOCAL_DIRS"}
        yield Cluster(master, int((place / "worker-2.pid").read_text()), asking)
