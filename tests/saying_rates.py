"""What a saying's test answers in a few of its made-up worlds, with bounds that a right test keeps."""

import numpy as np
from scipy.stats import binom

from ambassador_net.power.sayings import Asked, Row

# a right test breaks one such bound in a thousand
RARELY = 0.001


def asked(row: Row, worlds: int, seed: int = 1) -> list[Asked]:
    return [row.ask(np.random.default_rng([seed, world])) for world in range(worlds)]


def named(rows: tuple[Row, ...], name: str) -> Row:
    return next(row for row in rows if row.name == name)


def check_false_support(found: list[Asked], level: float = 0.05) -> None:
    assert sum(one.answer == "supported" for one in found) <= binom.isf(RARELY, len(found), level)


def check_false_rejection(found: list[Asked], level: float = 0.05) -> None:
    assert sum(one.answer == "not_supported" for one in found) <= binom.isf(RARELY, len(found), level)


def check_coverage(found: list[Asked], least: float = 0.90) -> None:
    covers = [one.covers for one in found if one.covers is not None]
    assert len(covers) > 0.9 * len(found)
    assert sum(covers) >= binom.ppf(RARELY, len(covers), least)


def rate(found: list[Asked], answer: str) -> float:
    return sum(one.answer == answer for one in found) / len(found)
