"""What a study of a given size can find: made-up worlds judged by the rule, before there are data."""

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ambassador_net.errors import Undefined
from ambassador_net.nulls import Progress
from ambassador_net.power.measured import Judged, Task, in_parallel, judged
from ambassador_net.power.worlds import World

KAPPAS = (0.0, 0.02, 0.05, 0.1, 0.2)
ANSWERS = ("supported", "not_supported", "cannot_tell")
WORLDS_A_TASK = 10

__all__ = ["ANSWERS", "KAPPAS", "Power", "power", "standard_error"]


@dataclass(frozen=True, eq=False)
class Power:
    """How often a study of this size would end in each answer.

    Parameters
    ----------
    world
        The study as a world in which nobody returns.
    worlds
        Made-up worlds for each kappa.
    seed
        What they were made from.
    table
        One row a kappa (returns expected of each share received, on both sides): ``kappa``; ``supported``,
        ``not_supported``, ``cannot_tell``: parts of the worlds; the same with ``_error``: their Monte Carlo standard
        errors; ``mostly_because``: the commonest reason of cannot tell, missing where there is none.
    """

    world: World
    worlds: int
    seed: int
    table: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Give the table.

        Returns
        -------
        pandas.DataFrame
            As ``table``; a copy.
        """
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give the result as JSON-safe values.

        Returns
        -------
        dict
            ``people`` (a house), ``houses``, ``weeks``, ``person_shares`` and ``organisation_shares`` (a house and
            week), ``half_life_h``, ``worlds``, ``seed`` and ``rows``.
        """
        rows = self.table.astype(object).where(self.table.notna(), None).to_dict("records")
        return {
            "people": int(self.world.people),
            "houses": self.world.houses,
            "weeks": self.world.weeks,
            "person_shares": self.world.person_shares / self.world.houses,
            "organisation_shares": self.world.organisation_shares / self.world.houses,
            "half_life_h": self.world.half_life_h,
            "worlds": self.worlds,
            "seed": self.seed,
            "rows": rows,
        }

    def _shown(self) -> pd.DataFrame:
        shown = pd.DataFrame({"returns per share": [f"{kappa:g}" for kappa in self.table["kappa"]]})
        for answer in ANSWERS:
            shown[answer.replace("_", " ")] = [
                f"{part:.0%} ± {error:.0%}"
                for part, error in zip(self.table[answer], self.table[f"{answer}_error"], strict=True)
            ]
        return shown.assign(**{"cannot tell mostly because": self.table["mostly_because"].fillna("").to_numpy()})

    def _size(self) -> str:
        world = self.world
        return (
            f"{world.houses} × {world.people:g} people, {world.weeks} weeks; a house and week: "
            f"{world.person_shares / world.houses:g} shares by people, "
            f"{world.organisation_shares / world.houses:g} by the organisation; "
            f"{self.worlds} made-up worlds a row, seed {self.seed}"
        )

    def __str__(self) -> str:
        return f"{self._size()}\n{self._shown().to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._size())}</p>{self._shown().to_html(index=False, border=0)}"


def power(
    people: int,
    weeks: int,
    *,
    houses: int = 1,
    person_shares: float = 30.0,
    organisation_shares: float = 15.0,
    half_life_h: float = 24.0,
    kappas: Sequence[float] = KAPPAS,
    worlds: int = 200,
    seed: int | np.random.Generator,
    workers: int = 2,
    progress: Progress | None = None,
) -> Power:
    """Ask what a study of this size can find, before it is made.

    Parameters
    ----------
    people
        People of each organisation.
    weeks
        Length of the window.
    houses
        Organisations.
    person_shares, organisation_shares
        Shares a week of one house that answer nothing: of the organisation by all its people, and of its people by
        the organisation. Returns come on top, and 500 shares a week between any two accounts, few of them inside
        pairs.
    half_life_h
        Half of the returns come within this many hours.
    kappas
        Returns expected of each share received, the same on both sides.
    worlds
        Made-up worlds for each kappa.
    seed
        A seed, or a random generator.
    workers
        Processes; their number changes no result. With more than one, a script must guard its own start with
        ``if __name__ == "__main__"``, as :mod:`multiprocessing` says.
    progress
        Called with the worlds judged and their number.

    Returns
    -------
    Power
        Part of the worlds in which the verdict is supported, not supported and cannot tell.

    Raises
    ------
    Undefined
        If such a study is impossible.

    Notes
    -----
    Each world is judged by the rule of method 2j with p from the normal distribution; heavy-tailed activity and
    popularity, everything observed. Returns per 100 as the test measures them come to about 50 kappa, so that its
    margin of 2 per 100 is kappa .04 (method 2d).

    Examples
    --------
    >>> found = power(30, 4, houses=2, kappas=[0.1], worlds=4, seed=1, workers=1)
    >>> float(found.table[["supported", "not_supported", "cannot_tell"]].sum(axis=1).iloc[0])
    1.0
    """
    if worlds < 1 or workers < 1 or not len(kappas):
        raise Undefined("at least one world, one worker and one kappa are needed")
    entropy = int(seed.integers(2**63)) if isinstance(seed, np.random.Generator) else seed
    nobody_returns = World(
        houses=houses,
        people=people,
        equal_houses=True,
        weeks=weeks,
        background=500.0,
        person_shares=person_shares * houses,
        organisation_shares=organisation_shares * houses,
        half_life_h=half_life_h,
    )
    tasks = [
        Task(row, nobody_returns.returning(kappa), entropy, first, min(first + WORLDS_A_TASK, worlds))
        for row, kappa in enumerate(kappas)
        for first in range(0, worlds, WORLDS_A_TASK)
    ]
    said: list[list[Judged]] = [[] for _ in kappas]
    done = 0
    for task, outcomes in in_parallel(judged, tasks, workers=workers):
        said[task.row] += outcomes
        done += len(outcomes)
        if progress is not None:
            progress(done, worlds * len(kappas))
    table = pd.DataFrame([{"kappa": float(kappa), **_row(row)} for kappa, row in zip(kappas, said, strict=True)])
    return Power(nobody_returns, worlds, entropy, table)


def _row(outcomes: Sequence[Judged]) -> dict[str, Any]:
    counts: Counter[str] = Counter(outcome.answer for outcome in outcomes)
    row: dict[str, Any] = {answer: counts[answer] / len(outcomes) for answer in ANSWERS}
    row |= {f"{answer}_error": standard_error(row[answer], len(outcomes)) for answer in ANSWERS}
    # by name where two are as common, so that the order in which workers finish changes nothing
    reasons = Counter(sorted(outcome.reason for outcome in outcomes if outcome.answer == "cannot_tell"))
    return row | {"mostly_because": reasons.most_common(1)[0][0] if reasons else None}


def standard_error(part: float, worlds: int) -> float:
    """Monte Carlo standard error of a part of the worlds.

    Parameters
    ----------
    part
        Between 0 and 1.
    worlds
        Their number.

    Returns
    -------
    float
        ``sqrt(part (1 - part) / worlds)``.
    """
    return float(np.sqrt(part * (1 - part) / worlds))
