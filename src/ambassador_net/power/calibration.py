"""The calibration report: made-up worlds with a known truth, judged, beside the figures that were expected.

Run as ``python -m ambassador_net.power.calibration --to docs/calibration.md``.
"""

import argparse
import json
import platform
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ambassador_net.errors import AmbassadorError, SchemaError
from ambassador_net.nulls import Progress
from ambassador_net.power import standard_error
from ambassador_net.power.measured import (
    Judged,
    NullsTried,
    Task,
    in_parallel,
    judged_however_few_the_pairs,
    nulls_tried,
    shown_progress,
)
from ambassador_net.power.worlds import World

WORLDS = 400
SEED = 20261
WORLDS_A_TASK = 20
EXPECTED = Path("tests/reference/calibration.toml")

FALSE_SUPPORT = 0.02
"""Part of the worlds without returns both ways in which "supported" is borne."""
ONE_SIDED_5 = 1.645
FARTHEST = 3.0
"""Standard errors of the difference beyond which a figure is not the expected one."""
LEVEL = 0.05


def _sharing_interests(world: World) -> World:
    return replace(world, frailty=1.0, symmetric_frailty=True)


_PLAIN = World()
_ORGANISATIONS = replace(_PLAIN, organisation_returns=0.2)
_PEOPLE = replace(_PLAIN, person_returns=0.2)
_ONE_HOUSE = World(houses=1, people=50, outsiders=200, background=300, person_shares=30, organisation_shares=15)
_FOUR_WEEKS = World(houses=40, weeks=4, person_shares=170, organisation_shares=300)
_TURNING = replace(_PLAIN, ties_turn_round=True)
_LOUD = replace(_PLAIN, background=2000)

VERDICT_ROWS: Mapping[str, World] = {
    "null": _PLAIN,
    "symmetric frailty k=1": _sharing_interests(_PLAIN),
    "campaign 20 % + symmetric frailty k=.3": replace(_PLAIN, campaign=0.2, frailty=0.3, symmetric_frailty=True),
    "only people .2": _PEOPLE,
    "only organisations .2": _ORGANISATIONS,
    "joint occasions 10 %": replace(_PLAIN, occasion_share=0.1),
    "joint occasions 30 %": replace(_PLAIN, occasion_share=0.3),
    "absences 2 x 2 of 26 weeks": replace(_PLAIN, absences=2, absence_weeks=2),
    "active 13 of 26 weeks": replace(_PLAIN, active_weeks=13),
    "active 8 of 26 weeks": replace(_PLAIN, active_weeks=8),
    "sessions, 50 % in 30": replace(_PLAIN, session_share=0.5, sessions=30),
    "organisations .2, people .05": replace(_ORGANISATIONS, person_returns=0.05),
    "people .2, organisations .05": replace(_PEOPLE, organisation_returns=0.05),
    "kappa .02": _PLAIN.returning(0.02),
    "kappa .05": _PLAIN.returning(0.05),
    "kappa .1": _PLAIN.returning(0.1),
    "kappa .2": _PLAIN.returning(0.2),
    "kappa .1 + independent frailty k=1": replace(_PLAIN.returning(0.1), frailty=1.0),
    "kappa .1, half-life 6 h": replace(_PLAIN.returning(0.1), half_life_h=6),
    "kappa .1, half-life 72 h": replace(_PLAIN.returning(0.1), half_life_h=72),
    "one house 13 weeks: null": replace(_ONE_HOUSE, weeks=13),
    "one house 13 weeks: kappa .1": replace(_ONE_HOUSE.returning(0.1), weeks=13),
    "one house 26 weeks: null": _ONE_HOUSE,
    "one house 26 weeks: kappa .1": _ONE_HOUSE.returning(0.1),
    "one house 26 weeks: kappa .3": _ONE_HOUSE.returning(0.3),
    "4 weeks 40 houses: null": _FOUR_WEEKS,
    "4 weeks 40 houses: symmetric frailty k=1": _sharing_interests(_FOUR_WEEKS),
    "4 weeks 40 houses: kappa .1": _FOUR_WEEKS.returning(0.1),
    "4 weeks 40 houses: organisations .2, people .05": replace(
        _FOUR_WEEKS, organisation_returns=0.2, person_returns=0.05
    ),
    "active 8 of 26 + symmetric frailty k=1": _sharing_interests(replace(_PLAIN, active_weeks=8)),
    "absences 4 x 1 week": replace(_PLAIN, absences=4, absence_weeks=1),
    "active 13 + joint 10 %": replace(_PLAIN, active_weeks=13, occasion_share=0.1),
    "only organisations .1 + joint 10 %": replace(_PLAIN, organisation_returns=0.1, occasion_share=0.1),
    "only organisations .2 + absences 2 x 2": replace(_ORGANISATIONS, absences=2, absence_weeks=2),
    "only organisations .2 + active 13": replace(_ORGANISATIONS, active_weeks=13),
    "only people .2 + active 8": replace(_PEOPLE, active_weeks=8),
    "only organisations .2 + joint 30 %": replace(_ORGANISATIONS, occasion_share=0.3),
    "only people .2 + joint 30 %": replace(_PEOPLE, occasion_share=0.3),
    "joint 30 %, 12 h long": replace(_PLAIN, occasion_share=0.3, occasion_h=12),
    "weekly rhythm, 2 own weekdays": replace(_PLAIN, own_weekdays=2),
    "kappa .1 + active 13 of 26": replace(_PLAIN.returning(0.1), active_weeks=13),
    "kappa .1 + absences 2 x 2": replace(_PLAIN.returning(0.1), absences=2, absence_weeks=2),
    "ties turn round, no returns": _TURNING,
    "ties turn round, kappa .05": _TURNING.returning(0.05),
    "ties turn round, kappa .1": _TURNING.returning(0.1),
}
"""The worlds of method 1.5b; the five that it gives no figure for are judged beside them."""

NULL_ROWS: Mapping[str, World] = {
    "null": _LOUD,
    "null, background 200 a week": replace(_PLAIN, background=200),
    "null, one house of 100 people": replace(_ONE_HOUSE, people=100),
    "independent frailty k=1": replace(_LOUD, frailty=1.0),
    "independent frailty k=.3": replace(_LOUD, frailty=0.3),
    "one house of 100 people, independent frailty k=1": replace(_ONE_HOUSE, people=100, frailty=1.0),
    "symmetric frailty k=1": _sharing_interests(_LOUD),
    "kappa .02": _LOUD.returning(0.02),
    "kappa .05": _LOUD.returning(0.05),
    "kappa .1": _LOUD.returning(0.1),
    "kappa .1 + independent frailty k=1": replace(_LOUD.returning(0.1), frailty=1.0),
}
"""The worlds of method 1.4, with a background of 2,000 shares a week unless the name says otherwise."""

Outcomes = Mapping[str, Sequence[Any]]
Reference = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """Worlds that are measured in one way.

    Parameters
    ----------
    name
        Part of the names of its files and, by its place among the sections, of its seeds.
    rows
        Worlds by name.
    measure
        What is asked of them.
    outcome
        What one world gives.
    """

    name: str
    rows: Mapping[str, World]
    measure: Callable[[Task], list[Any]]
    outcome: type[Judged] | type[NullsTried]


SECTIONS = (
    Section("verdict", VERDICT_ROWS, judged_however_few_the_pairs, Judged),
    Section("nulls", NULL_ROWS, nulls_tried, NullsTried),
)


@dataclass(frozen=True)
class Figure:
    """A rate that was measured, beside the one expected.

    Parameters
    ----------
    measured, worlds
        Part of the worlds, and how many there were; no rate without a world.
    expected
        The figure expected, or the two ends between which it was found; None where there is none.
    expected_worlds
        The worlds that it rests on.
    """

    measured: float
    worlds: int
    expected: float | tuple[float, float] | None
    expected_worlds: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error of what was measured."""
        return standard_error(self.measured, self.worlds)

    @property
    def difference(self) -> float | None:
        """Difference in its standard errors; None where nothing was expected.

        Both rates are Monte Carlo. The pooled rate, with one world for and one against added, keeps the error above 0
        where both rates are 0 or 1; the expected figure is rounded to the second digit, which adds ``.005^2 / 3``.
        """
        if self.expected is None:
            return None
        ends = self.expected if isinstance(self.expected, tuple) else (self.expected, self.expected)
        nearest = min(max(self.measured, ends[0]), ends[1])
        n, m = self.worlds, self.expected_worlds
        pooled = (self.measured * n + nearest * m + 1) / (n + m + 2)
        return float((self.measured - nearest) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m) + 0.005**2 / 3))


def verdict_rates(outcomes: Sequence[Judged]) -> dict[str, float]:
    """Count the answers of worlds, and why one cannot tell.

    Parameters
    ----------
    outcomes
        What was said of each world.

    Returns
    -------
    dict
        Parts of the worlds: ``supported``, ``not_supported``, ``one_way`` (a part of it), and of cannot tell
        ``occasions``, ``spells``, ``both`` and ``other``.
    """
    why = {
        "answers within half a day cannot be told from joint occasions": "occasions",
        "cannot be told from people being active in the same weeks": "spells",
        "neither can be excluded": "both",
    }
    names = [
        why.get(outcome.reason, "other") if outcome.answer == "cannot_tell" else outcome.answer for outcome in outcomes
    ]
    rates = {
        name: names.count(name) / len(names)
        for name in ("supported", "not_supported", "occasions", "spells", "both", "other")
    }
    one_way = sum(outcome.reason.startswith("one-way") for outcome in outcomes)
    return {**rates, "one_way": one_way / len(names)}


def falsely_supported(world: World, supported: float, worlds: int) -> float | None:
    """Part of the worlds falsely supported, less 1.645 of its standard errors.

    Parameters
    ----------
    world
        What they are made from.
    supported
        Part of the worlds supported.
    worlds
        Their number.

    Returns
    -------
    float or None
        At most :data:`FALSE_SUPPORT` where the rule is calibrated. None where both sides return, and where one
        side does and people are active in spells: these the rule cannot tell (method 2k).
    """
    one_side = world.person_returns > 0 or world.organisation_returns > 0
    if world.returns_both_ways or (one_side and world.active_weeks is not None):
        return None
    return supported - ONE_SIDED_5 * standard_error(supported, worlds)


def figures(found: Mapping[str, Outcomes], reference: Reference) -> dict[str, dict[str, dict[str, Figure]]]:
    """Put what was measured beside what was expected.

    Parameters
    ----------
    found
        By section and row, what each world gave.
    reference
        As in ``tests/reference/calibration.toml``.

    Returns
    -------
    dict
        Figures by section (``verdict``, ``temporal``, ``nulls``), row and name.
    """
    rates: dict[str, dict[str, dict[str, tuple[float, int]]]] = {"verdict": {}, "temporal": {}, "nulls": {}}
    for row, judged in found.get("verdict", {}).items():
        n = len(judged)
        rates["verdict"][row] = {name: (rate, n) for name, rate in verdict_rates(judged).items()}
        rates["temporal"][row] = {
            "organisation": (sum(outcome.p_organisation <= LEVEL for outcome in judged) / n, n),
            "person": (sum(outcome.p_person <= LEVEL for outcome in judged) / n, n),
        }
    for row, tried in found.get("nulls", {}).items():
        rates["nulls"][row] = {}
        for name, field, rejected in (
            ("n1_minimum", "n1_minimum", lambda p: p <= LEVEL),
            ("block_minimum", "block_minimum", lambda p: p <= LEVEL),
            ("block_minimum_low", "block_minimum", lambda p: p >= 1 - LEVEL),
            ("same_pairs", "same_pairs", lambda p: p <= LEVEL),
        ):
            p = [value for outcome in tried if (value := getattr(outcome, field)) is not None]
            if p:
                rates["nulls"][row][name] = (sum(map(rejected, p)) / len(p), len(p))
    return {
        section: {
            row: {
                name: Figure(rate, n, _expected(reference, section, row, name), reference["worlds"][section])
                for name, (rate, n) in named.items()
            }
            for row, named in rows.items()
        }
        for section, rows in rates.items()
    }


def _expected(reference: Reference, section: str, row: str, name: str) -> float | tuple[float, float] | None:
    value = reference[section].get(row, {}).get(name)
    return (value[0], value[1]) if isinstance(value, list) else value


def measure(
    section: Section,
    *,
    worlds: int,
    seed: int,
    workers: int = 2,
    rows: Iterable[str] | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Outcomes:
    """Make the worlds of a section and measure them.

    Parameters
    ----------
    section
        The section.
    worlds
        Worlds a row.
    seed
        Seed of the run.
    workers
        Processes; their number changes nothing.
    rows
        Names of the rows; all if None.
    folder
        Where what is done is kept, one file of JSON lines a row, and taken up again; None keeps nothing.
    progress
        Called with the worlds measured in this run and their number.

    Returns
    -------
    dict
        By row, what each world gave.

    Raises
    ------
    SchemaError
        If the folder holds worlds made otherwise.
    """
    place = SECTIONS.index(section)
    numbers = {row: 1000 * place + number for number, row in enumerate(section.rows)}
    chosen = list(section.rows) if rows is None else list(rows)
    tasks = [
        Task(numbers[row], section.rows[row], seed, first, min(first + WORLDS_A_TASK, worlds))
        for row in chosen
        for first in range(0, worlds, WORLDS_A_TASK)
    ]
    names = {numbers[row]: row for row in chosen}
    done: dict[Task, list[Any]] = {}
    files: dict[int, Path] = {}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, row in names.items():
            files[number] = folder / f"{section.name}-{re.sub(r'[^a-z0-9]+', '-', row.lower()).strip('-')}.jsonl"
            done |= _kept(files[number], section, row, [task for task in tasks if task.row == number])
    left = [task for task in tasks if task not in done]
    total, so_far = sum(task.behind - task.first for task in left), 0
    for task, outcomes in in_parallel(section.measure, left, workers=workers):
        done[task] = outcomes
        if task.row in files:
            line = {"first": task.first, "behind": task.behind, "said": [asdict(outcome) for outcome in outcomes]}
            with files[task.row].open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        so_far += len(outcomes)
        if progress is not None:
            progress(so_far, total)
    return {row: [said for task in tasks if names[task.row] == row for said in done[task]] for row in chosen}


def _kept(file: Path, section: Section, row: str, tasks: Sequence[Task]) -> dict[Task, list[Any]]:
    """Read what the file of a row holds of these tasks; begin it if it is not there."""
    head = {
        "row": row,
        "world": asdict(section.rows[row]),
        "seed": tasks[0].seed,
        "version": version("ambassador-net"),
    }
    if not file.exists():
        file.write_text(json.dumps(head) + "\n", encoding="utf-8")
        return {}
    text = file.read_text("utf-8")
    if not text.endswith("\n"):
        # the run was stopped while it wrote: what is half a line is made again
        text = text[: text.rfind("\n") + 1]
        file.write_text(text, encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    if not lines or lines[0] != head:
        raise SchemaError(
            "these worlds were made with another seed, version or world: give an empty folder to --resume", path=file
        )
    of = {(task.first, task.behind): task for task in tasks}
    return {
        of[line["first"], line["behind"]]: [section.outcome(**said) for said in line["said"]]
        for line in lines[1:]
        if (line["first"], line["behind"]) in of
    }


def report(found: Mapping[str, Outcomes], reference: Reference, *, worlds: int, seed: int) -> tuple[str, bool]:
    """Write the calibration report.

    Parameters
    ----------
    found
        By section and row, what each world gave.
    reference
        As in ``tests/reference/calibration.toml``.
    worlds
        Worlds a row.
    seed
        Seed of the run.

    Returns
    -------
    tuple of str and bool
        Markdown, and whether every rate of the verdict is inside its band.
    """
    put = figures(found, reference)
    borne, false = _false_support(put["verdict"])
    near, away = _distance(put["verdict"])
    return "\n\n".join(
        [
            "# Calibration",
            _preface(worlds, seed),
            "## In short",
            f"{false}\n{away}",
            "## The verdict",
            _verdict_table(put["verdict"]),
            "Why one cannot tell:",
            _reasons_table(put["verdict"]),
            "## The 48-hour test",
            "Part of the same worlds in which p of the 48-hour test is at most .05, and the mean of the returns per "
            "100 (corrected), which are about 50 kappa.",
            _temporal_table(put["temporal"], found["verdict"]),
            "## Tests that do not enter the verdict",
            "Part of the worlds in which a one-sided test at 5 % rejects; *low*: rejects on the wrong side. N1 and "
            "block: reciprocated weight with strengths kept, and with block totals kept as well, closed form; worlds "
            "without a fit are left out, their number stands in brackets. Same pairs: residual correlation, permuted "
            f"inside houses. Background {_LOUD.background:,.0f} shares a week unless said otherwise.",
            _nulls_table(put["nulls"], worlds),
        ]
    ) + "\n", borne and near  # fmt: skip


def _preface(worlds: int, seed: int) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("ambassador-net", "numpy", "scipy"))
    return (
        f"Made by `make calibration`: {worlds} made-up worlds a row, seed {seed}; {versions}, "
        f"Python {platform.python_version()}. Each world has a known truth. p-values of the timing tests are from the "
        "normal distribution, and coverage is not judged: everything in a made-up world is observed, and where a "
        "single house has fewer than 20 pairs the tests are calibrated all the same.\n\n"
        "A cell reads *measured ± Monte Carlo standard error / expected (difference in standard errors)*. The expected "
        "figures come from an independent simulation with 400 worlds a row (100 for the 48-hour test) and carry a "
        "Monte Carlo error of their own, which the difference takes into account. Unless a row says otherwise: 20 "
        "houses with 30 people on average, 26 weeks, half-life of returns 24 h; kappa is the number of returns "
        "expected of each share received."
    )


def _false_support(verdicts: Mapping[str, Mapping[str, Figure]]) -> tuple[bool, str]:
    bounds = {
        row: (bound, named["supported"].measured)
        for row, named in verdicts.items()
        if (bound := falsely_supported(VERDICT_ROWS[row], named["supported"].measured, named["supported"].worlds))
        is not None
    }
    worst = max(bounds, key=lambda row: bounds[row])
    bound, rate = bounds[worst]
    return bound <= FALSE_SUPPORT, (
        f'- **False "supported"**: at most {rate:.3f} of the worlds of a row without returns both ways ({worst}), '
        f"over {len(bounds)} rows; less {ONE_SIDED_5} standard errors {max(bound, 0):.3f}, "
        f"{'within' if bound <= FALSE_SUPPORT else 'beyond'} the {FALSE_SUPPORT:g} that is borne. Rows where people "
        "are active in spells and one side returns are listed below but not among these."
    )


def _distance(verdicts: Mapping[str, Mapping[str, Figure]]) -> tuple[bool, str]:
    all_figures = [
        (abs(figure.difference), row, name)
        for row, named in verdicts.items()
        for name, figure in named.items()
        if figure.difference is not None
    ]
    far = sorted((one for one in all_figures if one[0] > FARTHEST), reverse=True)
    listed = "; ".join(f"{row}, {name.replace('_', ' ')}: {distance:.1f}" for distance, row, name in far)
    return not far, (
        f"- **Beside the expected figures**: {len(far)} of {len(all_figures)} rates of the verdict are more than "
        f"{FARTHEST:g} standard errors away{': ' + listed if listed else ''}. The farthest is "
        f"{max(all_figures)[0]:.1f} away."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    measured = f"{figure.measured:.3f} ± {figure.error:.3f}"
    if figure.expected is None or figure.difference is None:
        return measured
    ends = figure.expected if isinstance(figure.expected, tuple) else (figure.expected,)
    return f"{measured} / {'-'.join(f'{end:g}' for end in ends)} ({figure.difference:+.1f})"


def _verdict_table(verdicts: Mapping[str, Mapping[str, Figure]]) -> str:
    head = ["world", "supported █, not ░, cannot tell ·", "supported", "not supported", "of it one-way"]
    return _table(
        head,
        (
            [row, f"`{_bar(named)}`", *(_cell(named[name]) for name in ("supported", "not_supported", "one_way"))]
            for row, named in verdicts.items()
        ),
    )


def _bar(named: Mapping[str, Figure], width: int = 20) -> str:
    supported = round(width * named["supported"].measured)
    decided = round(width * (named["supported"].measured + named["not_supported"].measured))
    return "█" * supported + "░" * (decided - supported) + "·" * (width - decided)


def _reasons_table(verdicts: Mapping[str, Mapping[str, Figure]]) -> str:
    names = ("occasions", "spells", "both", "other")
    return _table(
        ["world", "joint occasions", "spells", "both", "other"],
        ([row, *(_cell(named[name]) for name in names)] for row, named in verdicts.items()),
    )


def _temporal_table(temporal: Mapping[str, Mapping[str, Figure]], outcomes: Outcomes) -> str:
    def mean(values: Iterable[float | None]) -> str:
        there = [value for value in values if value is not None]
        return f"{np.mean(there):.2f}" if there else "-"

    return _table(
        ["world", "organisation returns", "person returns", "per 100: organisations", "per 100: people"],
        (
            [
                row,
                _cell(named["organisation"]),
                _cell(named["person"]),
                mean(outcome.returns_organisation for outcome in outcomes[row]),
                mean(outcome.returns_person for outcome in outcomes[row]),
            ]
            for row, named in temporal.items()
        ),
    )


def _nulls_table(nulls: Mapping[str, Mapping[str, Figure]], worlds: int) -> str:
    names = ("n1_minimum", "block_minimum", "block_minimum_low", "same_pairs")

    def cell(figure: Figure | None) -> str:
        without = worlds - (0 if figure is None else figure.worlds)
        return _cell(figure) + (f" [{without}]" if without else "")

    return _table(
        ["world", "N1", "block", "block, low", "same pairs"],
        ([row, *(cell(named.get(name)) for name in names)] for row, named in nulls.items()),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the calibration and write its report.

    Parameters
    ----------
    arguments
        Of the command line; those of this process if None.

    Returns
    -------
    int
        Exit code: 0 if every rate of the verdict is inside its band, 1 if one is not, 2 for wrong usage, 3 if the
        folder to resume holds other worlds.
    """
    parser = argparse.ArgumentParser(prog="python -m ambassador_net.power.calibration", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, help="the report, in Markdown")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="worlds a row (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="seed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--resume", type=Path, help="folder where what is done is kept and taken up again")
    parser.add_argument("--expected", type=Path, default=EXPECTED, help="expected figures (default: %(default)s)")
    given = parser.parse_args(arguments)
    if given.worlds < 1 or given.workers < 1:
        parser.error("--worlds and --workers are 1 or more")
    if not given.expected.is_file():
        parser.error(f"{given.expected} is not there: run this where the repository is, or give --expected")
    reference = tomllib.loads(given.expected.read_text("utf-8"))
    try:
        found = {
            section.name: measure(
                section,
                worlds=given.worlds,
                seed=given.seed,
                workers=given.workers,
                folder=given.resume,
                progress=shown_progress(section.name),
            )
            for section in SECTIONS
        }
    except AmbassadorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    text, calibrated = report(found, reference, worlds=given.worlds, seed=given.seed)
    given.to.write_bytes(text.encode())
    return 0 if calibrated else 1


if __name__ == "__main__":
    sys.exit(main())
