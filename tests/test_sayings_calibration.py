"""The calibration of the sayings: what it counts, what it refuses, and that workers change nothing."""

import functools

import numpy as np
import pytest

from ambassador_net.power.sayings import Asked, Row
from ambassador_net.power.sayings.calibration import all_rows, main, measure, rates, report


def flip(supported: float, covered: float, rng: np.random.Generator) -> Asked:
    # below 0: the other wrong answer
    answer = "not_supported" if supported < 0 else "supported" if rng.random() < supported else "cannot_tell"
    return Asked(answer, bool(rng.random() < covered))


def row(supported: float, covered: float, truth: str = "false") -> Row:
    return Row("a-saying", f"{supported} {covered} {truth}", truth, functools.partial(flip, supported, covered))


def test_rates_are_parts_of_the_worlds() -> None:
    asked = [
        Asked("supported", True),
        Asked("not_supported", False),
        Asked("cannot_tell", None),
        Asked("supported", True),
    ]
    found = rates(row(0, 1), asked)
    assert (found.supported, found.not_supported, found.covered, found.intervals) == (0.5, 0.25, 2 / 3, 3)


@pytest.mark.parametrize(
    ("supported", "covered", "truth", "holds"),
    [
        (0.03, 0.95, "false", True),
        (0.25, 0.95, "false", False),
        (0.25, 0.95, "threshold", False),
        (0.25, 0.95, "true", True),
        (0.03, 0.7, "true", False),
        (0.0, 0.95, "true", True),
        (-1.0, 0.95, "true", False),
    ],
)
def test_a_row_that_breaks_its_word_is_named(supported: float, covered: float, truth: str, holds: bool) -> None:
    found = measure([row(supported, covered, truth)], worlds=400, seed=1, workers=1)
    text, calibrated = report(found, seed=1)
    assert calibrated is holds
    assert ("not borne in a-saying" in text) is not holds


def test_a_world_depends_on_its_seed_its_row_and_its_number_only() -> None:
    rows = [row(0.3, 0.9), row(0.6, 0.9)]
    both = measure(rows, worlds=45, seed=1, workers=1)
    assert measure(rows[1:], worlds=45, seed=1, workers=1) == both[1:]
    assert measure(rows, worlds=45, seed=1, workers=2) == both
    assert measure(rows, worlds=45, seed=2, workers=1) != both


def test_every_saying_with_a_test_of_its_own_has_worlds_in_which_it_is_true_and_false() -> None:
    from ambassador_net.claims import names

    by_saying = {name: {row.truth for row in all_rows() if row.saying == name} for name in names()}
    # the tango has a report of its own
    del by_saying["two-to-tango"]
    assert all({"true", "false"} <= truths for truths in by_saying.values()), by_saying


def test_an_unknown_saying_is_wrong_usage(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--to", str(tmp_path / "x.md"), "--saying", "nine-times"])
    assert "no such saying" in capsys.readouterr().err
