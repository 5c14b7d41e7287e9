"""What a study of one house can find, looked up: :func:`ambassador_net.power.power` on a grid, computed beforehand.

The grid depends on no study, so it is shipped; ``python -m ambassador_net.power.own_house`` computes it anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

PEOPLE = (20, 30, 50, 100, 200)
WEEKS = (13, 26, 52)
KAPPAS = (0.0, 0.02, 0.05, 0.1, 0.2)
WORLDS = 200
SEED = 2026

_FILE = "own_house.json"


@dataclass(frozen=True)
class OwnHouse:
    """How often a study of one house would end in each answer.

    Parameters
    ----------
    supported, not_supported, cannot_tell
        Parts of the made-up worlds; a Monte Carlo standard error is at most .036.
    mostly_because
        The commonest reason of cannot tell; None where there is none.
    """

    supported: float
    not_supported: float
    cannot_tell: float
    mostly_because: str | None


@cache
def own_houses() -> Mapping[tuple[int, int, float], OwnHouse]:
    """Give the grid that ships.

    Returns
    -------
    mapping
        By people, weeks and kappa; one house with 30 shares a week by its people and 15 by its organisation, as
        :func:`ambassador_net.power.power` has them where nothing else is said.

    Examples
    --------
    >>> own_houses()[200, 52, 0.2].supported > own_houses()[200, 52, 0.0].supported
    True
    """
    rows = json.loads((resources.files(__package__) / _FILE).read_text("utf-8"))
    return MappingProxyType({(people, weeks, kappa): OwnHouse(*row) for people, weeks, kappa, *row in rows})


def main() -> None:
    """Compute the grid and write it into the package."""
    from ambassador_net.power import ANSWERS, power
    from ambassador_net.power.measured import shown_progress
    from ambassador_net.privacy import write_whole

    lines = []
    for people in PEOPLE:
        for weeks in WEEKS:
            progress = shown_progress(f"{people} people, {weeks} weeks")
            table = power(people, weeks, kappas=KAPPAS, worlds=WORLDS, seed=SEED, progress=progress).table
            rows = table.astype(object).where(table.notna(), None).to_dict("records")
            columns = ("kappa", *ANSWERS, "mostly_because")
            cells = ([people, weeks, *(row[column] for column in columns)] for row in rows)
            lines += [json.dumps(cell, allow_nan=False) for cell in cells]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    write_whole(text.encode(), Path(str(resources.files(__package__) / _FILE)), mode=0o644)


if __name__ == "__main__":
    main()
