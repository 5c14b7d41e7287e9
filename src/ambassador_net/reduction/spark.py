"""Run the reduction on Spark, on a cluster or on this machine."""

import os
import re
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ambassador_net.errors import EngineError
from ambassador_net.reduction.exchange import to_arrow, to_frame
from ambassador_net.reduction.statements import Statement, reads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

THIS_MACHINE = "local[*]"

_MISSING = (
    "the engine spark needs the extra spark and Java 17 or newer: pip install 'ambassador-net[spark]', and "
    "on Debian or Ubuntu apt install openjdk-17-jre-headless"
)
# what makes Spark read the statements as DuckDB does, whatever a cluster's own settings are
_SQL_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}
_CONNECT_S = 10
_EXECUTORS_S = 60


def run(
    plan: Sequence[Statement],
    tables: Mapping[str, pd.DataFrame | Sequence[Path]],
    wanted: Mapping[str, Sequence[str]],
    *,
    master: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Run the statements in order and bring the wanted tables back, as :func:`ambassador_net.reduction.duckdb.run`.

    Parameters
    ----------
    plan
        Names and texts of ``reduction.sql``.
    tables
        What the statements read: tables in memory, which are sent to the executors, or Parquet files, which the
        executors read themselves and so must see under the same path.
    wanted
        Tables to bring back, each with the columns that order its rows.
    master
        Spark's master, for example ``spark://host:7077``; none is this machine alone. A session that already runs
        in this process is used instead, and left running.

    Returns
    -------
    dict of pandas.DataFrame
        By name.

    Raises
    ------
    EngineError
        If Spark or Java is missing, the master does not answer, no worker joins, or Spark gives up.

    Notes
    -----
    Everything else about the cluster (memory, cores, certificates) is Spark's own configuration:
    ``spark-defaults.conf`` in ``SPARK_CONF_DIR``.
    """
    with _session(master or THIS_MACHINE) as session:
        kept: list[DataFrame] = []
        try:
            for name, table in tables.items():
                _given(session, table).createOrReplaceTempView(name)
            for number, (name, text) in enumerate(plan):
                made = session.sql(text)
                # a view is computed again by each statement that reads it; results are small enough to keep
                if name in wanted and any(name in reads(later) for _, later in plan[number + 1 :]):
                    kept.append(made.persist())
                made.createOrReplaceTempView(name)
            return {name: to_frame(session.table(name).toArrow(), order) for name, order in wanted.items()}
        except _spark_errors() as error:
            # Spark's own message may quote a cell
            raise EngineError(f"Spark gave up ({_condition(error)}); its log says more") from None
        finally:
            for made in kept:
                made.unpersist()


def _given(session: "SparkSession", table: pd.DataFrame | Sequence[Path]) -> "DataFrame":
    if isinstance(table, pd.DataFrame):
        return session.createDataFrame(to_arrow(table))
    return session.read.parquet(*map(_location, table))


def _location(file: Path) -> str:
    """Name a file so that it is looked for here, whatever file system a cluster has, and is not taken for a pattern."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(file.absolute()))


@contextmanager
def _session(master: str) -> "Iterator[SparkSession]":
    with warnings.catch_warnings():
        # pandas 3 is said to be unsupported: tables go as Arrow, no pandas of Spark's is touched
        warnings.simplefilter("ignore", FutureWarning)
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise EngineError(_MISSING) from None
    running = SparkSession.getActiveSession()
    if running is not None:
        yield _set(running.newSession())
        return
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise EngineError(_MISSING)
    with tempfile.TemporaryDirectory(prefix="ambassador-net-spark-", ignore_cleanup_errors=True) as scratch:
        settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.local.dir": scratch}
        if _on_this_machine(master):
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        _require_an_answer(master)
        try:
            session = SparkSession.builder.master(master).appName("ambassador-net").config(map=settings).getOrCreate()
        except _spark_errors() as error:
            raise EngineError(f"Spark did not start at {master} ({_condition(error)}); {_MISSING}") from None
        try:
            _require_workers(session, master)
            yield _set(session)
        finally:
            _end(session)


def _set(session: "SparkSession") -> "SparkSession":
    for name, value in _SQL_SETTINGS.items():
        session.conf.set(name, value)
    return session


def _end(session: "SparkSession") -> None:
    """Stop Spark and wait until its Java is gone: Spark itself leaves it to the end of the process."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None


def _spark_errors() -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JError


def _condition(error: BaseException) -> str:
    condition = getattr(error, "getCondition", lambda: None)()
    return condition or type(error).__name__


def _hosts(master: str) -> list[tuple[str, int]]:
    if not master.startswith("spark://"):
        return []
    parts = [part.rpartition(":") for part in master.removeprefix("spark://").split(",")]
    if not all(host and port.isdecimal() for host, _, port in parts):
        raise EngineError(f"{master} is no master; expected spark://HOST:PORT")
    return [(host.strip("[]"), int(port)) for host, _, port in parts]


def _on_this_machine(master: str) -> bool:
    def loopback(host: str) -> bool:
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    hosts = _hosts(master)
    return all(loopback(host) for host, _ in hosts) if hosts else master.startswith("local")


def _require_an_answer(master: str) -> None:
    """Ask before Java starts: Spark takes a minute to find that nobody is there."""
    hosts = _hosts(master)
    for host, port in hosts:
        try:
            socket.create_connection((host, port), _CONNECT_S).close()
        except OSError:
            continue
        return
    if hosts:
        raise EngineError(f"nothing answers at {master}; is the master running, and may this machine reach it?")


def _require_workers(session: "SparkSession", master: str) -> None:
    """Wait for a first executor: a standalone master takes an application that no worker will ever run."""
    if not master.startswith("spark://"):
        return
    until = time.monotonic() + _EXECUTORS_S
    # the driver counts as one
    while session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > until:
            raise EngineError(
                f"no worker of {master} took the work within {_EXECUTORS_S} seconds; is one running, with "
                "spark.executor.memory (1 GB unless set) to spare?"
            )
        time.sleep(0.1)
