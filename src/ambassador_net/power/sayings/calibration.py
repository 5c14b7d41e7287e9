"""The calibration report of the sayings: what each test answers in made-up worlds where the truth is known.

Run as ``python -m ambassador_net.power.sayings.calibration --to docs/calibration-sayings.md``.
"""

import argparse
import multiprocessing
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

import numpy as np

from ambassador_net.nulls import Progress
from ambassador_net.power import sayings, standard_error
from ambassador_net.power.measured import shown_progress
from ambassador_net.power.sayings import Asked, Row

WORLDS = 400
SEED = 20262
LEVEL = 0.05
LEAST_COVERAGE = 0.90
_WORLDS_A_TASK = 20


def all_rows() -> tuple[Row, ...]:
    """List the made-up worlds of all sayings.

    Returns
    -------
    tuple of Row
        In the order of the files that hold them.
    """
    names = (module.name for module in pkgutil.iter_modules(sayings.__path__))
    modules = (import_module(f"{sayings.__name__}.{name}") for name in names if name != "calibration")
    return tuple(row for module in modules for row in module.ROWS)


@dataclass(frozen=True)
class Rates:
    """What a test answered in the worlds of a row.

    Parameters
    ----------
    row
        The row.
    worlds
        How many worlds.
    supported, not_supported
        Part of them with that answer.
    covered
        Part of the intervals that held the true value; None without an interval.
    intervals
        Worlds with an interval.
    """

    row: Row
    worlds: int
    supported: float
    not_supported: float
    covered: float | None
    intervals: int

    @property
    def false_support_borne(self) -> bool:
        """Whether "supported" is rare enough where the saying is false, or its effect just at the threshold."""
        bound = LEVEL + 2 * standard_error(LEVEL, self.worlds)
        return self.row.truth == "true" or self.supported <= bound

    @property
    def false_refusal_borne(self) -> bool:
        """Whether "not supported" is rare enough where the saying is true, or its effect just at the threshold."""
        bound = LEVEL + 2 * standard_error(LEVEL, self.worlds)
        return self.row.truth == "false" or self.not_supported <= bound

    @property
    def borne(self) -> bool:
        """Whether the row keeps its word in every respect."""
        return self.false_support_borne and self.false_refusal_borne and self.coverage_borne

    @property
    def coverage_borne(self) -> bool:
        """Whether the intervals hold the truth often enough, as far as this many worlds can tell."""
        if self.covered is None:
            return True
        return self.covered >= LEAST_COVERAGE - 2 * standard_error(LEAST_COVERAGE, self.intervals)


def rates(row: Row, asked: Sequence[Asked]) -> Rates:
    """Count the answers in the worlds of a row.

    Parameters
    ----------
    row
        The row.
    asked
        What each of its worlds gave.

    Returns
    -------
    Rates
        The parts.
    """
    covers = [found.covers for found in asked if found.covers is not None]
    return Rates(
        row=row,
        worlds=len(asked),
        supported=sum(found.answer == "supported" for found in asked) / len(asked),
        not_supported=sum(found.answer == "not_supported" for found in asked) / len(asked),
        covered=sum(covers) / len(covers) if covers else None,
        intervals=len(covers),
    )


def _ask(row: Row, seeds: Sequence[tuple[int, ...]]) -> list[Asked]:
    return [row.ask(np.random.default_rng(seed)) for seed in seeds]


def measure(
    rows: Sequence[Row], *, worlds: int, seed: int, workers: int, progress: Progress | None = None
) -> tuple[Rates, ...]:
    """Make worlds and ask the sayings' tests.

    Parameters
    ----------
    rows
        Kinds of worlds.
    worlds
        Worlds a row.
    seed
        Seed; a world depends on it, its row and its number, not on the number of processes.
    workers
        Processes; with 1 everything happens in this one.
    progress
        Called with the worlds done and their number.

    Returns
    -------
    tuple of Rates
        In the order of the rows.
    """
    tasks: list[tuple[int, list[tuple[int, ...]]]] = [
        (number, [(seed, crc32(f"{row.saying} {row.name}".encode()), world) for world in block])
        for number, row in enumerate(rows)
        for block in _blocks(worlds)
    ]
    found: dict[int, list[Asked]] = {number: [] for number in range(len(rows))}
    done = 0
    for number, asked in _run(rows, tasks, workers):
        found[number] += asked
        done += len(asked)
        if progress is not None:
            progress(done, worlds * len(rows))
    return tuple(rates(row, found[number]) for number, row in enumerate(rows))


def _blocks(worlds: int) -> list[range]:
    return [range(first, min(first + _WORLDS_A_TASK, worlds)) for first in range(0, worlds, _WORLDS_A_TASK)]


def _run(
    rows: Sequence[Row], tasks: Sequence[tuple[int, list[tuple[int, ...]]]], workers: int
) -> Iterable[tuple[int, list[Asked]]]:
    if workers == 1:
        for number, seeds in tasks:
            yield number, _ask(rows[number], seeds)
        return
    # spawned and not forked: forking a process that holds threads of numpy's is not safe
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_ask, rows[number], seeds): number for number, seeds in tasks}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def report(found: Sequence[Rates], *, seed: int) -> tuple[str, bool]:
    """Write the calibration report of the sayings.

    Parameters
    ----------
    found
        Rates of all rows.
    seed
        Seed of the run.

    Returns
    -------
    tuple of str and bool
        Markdown, and whether every row keeps its word.
    """
    sayings_asked = dict.fromkeys(r.row.saying for r in found)
    by_saying = {name: [r for r in found if r.row.saying == name] for name in sayings_asked}
    failing = [r for r in found if not r.borne]
    versions = ", ".join(f"{name} {version(name)}" for name in ("ambassador-net", "numpy", "scipy", "statsmodels"))
    parts = [
        "# Calibration of the sayings",
        f"Made by `make calibration`: made-up worlds with a known truth, seed {seed}; {versions}. In each world the "
        "saying's own test is asked. *Truth*: whether the saying is true there; at the threshold it neither is nor is "
        "not, and both answers are held to the same bound. *Coverage*: part of the 95 % "
        "intervals that hold the true value. A rate carries its Monte Carlo standard error.",
        "## In short",
        f'"Supported" at most {LEVEL:.2f} plus two standard errors where the saying is not true, "not supported" at '
        f"most that where it is not false, and coverage of at least {LEAST_COVERAGE:.2f} less two: "
        + (
            f"borne in all {len(found)} rows."
            if not failing
            else "not borne in " + "; ".join(f"{r.row.saying}, {r.row.name}" for r in failing) + "."
        ),
    ]
    for name, rows in by_saying.items():
        worlds = sum(r.worlds for r in rows)
        lines = ["| world | truth | supported | not supported | cannot tell | coverage |", "|---|---|---|---|---|---|"]
        lines += [_line(r) for r in rows]
        parts += [f"## {name}", f"{worlds:,} worlds.", "\n".join(lines)]
    return "\n\n".join(parts) + "\n", not failing


def _line(found: Rates) -> str:
    answers = (found.supported, found.not_supported, 1 - found.supported - found.not_supported)
    cells = [_rate(part, found.worlds) for part in answers]
    cells.append("no interval" if found.covered is None else _rate(found.covered, found.intervals))
    return f"| {found.row.name} | {found.row.truth} | " + " | ".join(cells) + " |"


def _rate(part: float, worlds: int) -> str:
    return f"{part:.3f} ± {standard_error(part, worlds):.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the calibration of the sayings and write its report.

    Parameters
    ----------
    arguments
        Of the command line; those of this process if None.

    Returns
    -------
    int
        Exit code: 0 if every row keeps its word, 1 if one does not, 2 for wrong usage.
    """
    parser = argparse.ArgumentParser(prog="python -m ambassador_net.power.sayings.calibration", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, help="the report, in Markdown")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="worlds a row (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="seed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--saying", action="append", help="only this saying; may be repeated")
    given = parser.parse_args(arguments)
    if given.worlds < 1 or given.workers < 1:
        parser.error("--worlds and --workers are 1 or more")
    rows = [row for row in all_rows() if not given.saying or row.saying in given.saying]
    if not rows:
        parser.error(f"no such saying; there are {', '.join(dict.fromkeys(row.saying for row in all_rows()))}")
    found = measure(
        rows, worlds=given.worlds, seed=given.seed, workers=given.workers, progress=shown_progress("sayings")
    )
    text, calibrated = report(found, seed=given.seed)
    given.to.write_bytes(text.encode())
    return 0 if calibrated else 1


if __name__ == "__main__":
    sys.exit(main())
