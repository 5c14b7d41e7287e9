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
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

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
_CONNECT_S = 20
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
        What the statements read: tables in memory, which are sent to the executors and on the way must fit into the
        driver if the master is on another machine; or Parquet files, which the executors read themselves and so must
        see under the same path.
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
    with session(master or THIS_MACHINE) as spark, _handed_over(spark, tables):
        kept: list[DataFrame] = []
        try:
            for number, (name, text) in enumerate(plan):
                made = spark.sql(text)
                # a view is computed again by each statement that reads it; results are small enough to keep
                if name in wanted and any(name in reads(later) for _, later in plan[number + 1 :]):
                    kept.append(made.persist())
                made.createOrReplaceTempView(name)
            return {name: to_frame(spark.table(name).toArrow(), order) for name, order in wanted.items()}
        finally:
            for made in kept:
                made.unpersist()


@contextmanager
def _handed_over(spark: "SparkSession", tables: Mapping[str, pd.DataFrame | Sequence[Path]]) -> Iterator[None]:
    """Let the statements read the tables."""
    # Java removes this folder even if this process is killed; only its owner may look inside
    with tempfile.TemporaryDirectory(dir=spark.sparkContext._temp_dir) as scratch:
        try:
            for name, table in tables.items():
                if not isinstance(table, pd.DataFrame):
                    # a month written earlier may lack a column that came later
                    given = spark.read.option("mergeSchema", "true").parquet(*map(_location, table))
                elif _on_this_machine(spark.sparkContext.master):
                    file = Path(scratch, f"{name}.parquet")
                    pq.write_table(to_arrow(table), file)
                    given = spark.read.parquet(_location(file))
                else:
                    given = spark.createDataFrame(to_arrow(table))
                given.createOrReplaceTempView(name)
            yield
        except _spark_errors() as error:
            # Spark's own message may quote a cell
            raise EngineError(f"Spark gave up ({_condition(error)}); its log says more") from None
        finally:
            for name in tables:
                spark.catalog.dropTempView(name)


def _location(file: Path) -> str:
    """Name a file so that it is looked for here, whatever file system a cluster has, and is not taken for a pattern."""
    return "file://" + re.sub(r"([\[\]{}*?\\])", r"\\\1", str(file.absolute()))


@contextmanager
def session(master: str) -> "Iterator[SparkSession]":
    """Start Spark, and leave nothing of it behind; inside, every reduction on Spark uses this session.

    Parameters
    ----------
    master
        Spark's master.

    Yields
    ------
    pyspark.sql.SparkSession
        A session with its own tables and settings; of the Spark that already runs in this process, if one does.

    Raises
    ------
    EngineError
        If Spark or Java is missing, the master does not answer, or no worker joins.
    """
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError:
        raise EngineError(_MISSING) from None
    with warnings.catch_warnings():
        # said of Spark's own pandas, which is not used: tables go as Arrow
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        if SparkContext._active_spark_context is not None:
            yield _set(SparkSession.builder.getOrCreate().newSession())
            return
        started = _started(master)
        try:
            _require_workers(started, master)
            yield _set(started)
        finally:
            started.stop()
            _end_java()


def _started(master: str) -> "SparkSession":
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise EngineError(_MISSING)
    _require_an_answer(master)
    settings = {
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if _on_this_machine(master):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    try:
        SparkContext._ensure_initialized()
        settings["spark.local.dir"] = _private_folder(SparkContext._gateway)
        return SparkSession.builder.master(master).appName("ambassador-net").config(map=settings).getOrCreate()
    except _spark_errors() as error:
        _end_java()
        raise EngineError(f"Spark did not start at {master} ({_condition(error)}); {_MISSING}") from None


def _private_folder(gateway: Any) -> str:
    """Let Java make the folder that Spark spills into, so that it goes with Java, however this process ends.

    Spark empties it when it stops, and Java stops when this process is killed. Of Spark's own folders anybody on the
    machine may list the files.
    """
    java = gateway.jvm.java
    no_attributes = gateway.new_array(java.nio.file.attribute.FileAttribute, 0)
    under = java.io.File(tempfile.gettempdir()).toPath()
    folder = java.nio.file.Files.createTempDirectory(under, "ambassador-net-spark-", no_attributes).toFile()
    folder.deleteOnExit()
    return str(folder.getPath())


def _set(spark: "SparkSession") -> "SparkSession":
    for name, value in _SQL_SETTINGS.items():
        spark.conf.set(name, value)
    return spark


def _end_java() -> None:
    """Wait until Spark's Java is gone: Spark itself leaves it to the end of the process."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
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
    """Ask before Java starts: Spark takes a minute to find that nobody is there. A master may be just starting."""
    until = time.monotonic() + _CONNECT_S
    hosts = _hosts(master)
    while hosts:
        for host, port in hosts:
            try:
                socket.create_connection((host, port), _CONNECT_S).close()
            except OSError:
                continue
            return
        if time.monotonic() > until:
            raise EngineError(f"nothing answers at {master}; is the master running, and may this machine reach it?")
        time.sleep(0.2)


def _require_workers(spark: "SparkSession", master: str) -> None:
    """Wait for a first executor: a standalone master takes an application that no worker will ever run."""
    if not master.startswith("spark://"):
        return
    until = time.monotonic() + _EXECUTORS_S
    # the driver counts as one
    while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > until:
            raise EngineError(
                f"no worker of {master} took the work within {_EXECUTORS_S} seconds; is one running, with "
                "spark.executor.memory (1 GB unless set) to spare?"
            )
        time.sleep(0.1)
