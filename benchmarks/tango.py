"""The test of who answers whom beside the same work done by a plain Python loop.

    python benchmarks/tango.py [STUDY] [--permutations 10000] [--loop 5]

The loop does what the package does for both directions: twelve windows, strata of 28 days, the same number of
permutations. It is run for a few permutations only and its time per permutation multiplied, which favours the loop:
its start is not counted. CPU seconds of this process, the machine's load beside them.
"""

import argparse
import os
import random
import time
from bisect import bisect_left
from collections import defaultdict

import numpy as np

import ambassador_net as an
from ambassador_net.amplification.cross import CrossShares, cross_shares
from ambassador_net.amplification.timing import DIRECTIONS, WINDOWS, Direction, returns
from ambassador_net.reduction import dyads

HOUR, BLOCK = 3600, 28 * 24 * 3600


def loop(
    cross: CrossShares, direction: Direction, permutations: int, *, with_table: bool
) -> tuple[dict[str, float], float]:
    """Hits of each window, and CPU seconds for that many permutations, by loops over single shares.

    With a table the answers of every share and person are looked up once, before the clock starts; without one they
    are looked up for every permutation, as one would write it first.
    """
    answers_by_person = direction == "person_returns"
    triggers: dict[tuple[int, int], list[int]] = defaultdict(list)
    strata: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)
    for time_s, by_person, person, house, collection in zip(
        cross.time_s.tolist(),
        cross.by_person.tolist(),
        cross.person.tolist(),
        cross.house.tolist(),
        cross.collection.tolist(),
        strict=True,
    ):
        if by_person == answers_by_person:
            block = (time_s - int(cross.first_s[collection])) // BLOCK
            strata[house, collection, block].append((time_s, person))
        else:
            triggers[house, person].append(time_s)

    def holds(house: int, person: int, time_s: int, begin_h: float, end_h: float) -> bool:
        times = triggers.get((house, person), [])
        at = bisect_left(times, time_s - begin_h * HOUR)
        return at < len(times) and times[at] < time_s - end_h * HOUR

    def answer(name: str, house: int, person: int, time_s: int) -> float:
        return sum(weight for begin, end, weight in WINDOWS[name] if holds(house, person, time_s, begin, end))

    known: dict[tuple[int, int, int], list[float]] = {}
    if with_table:
        for stratum, shares in strata.items():
            for time_s, person in {(time_s, person) for time_s, _ in shares for _, person in shares}:
                known[stratum[0], person, time_s] = [answer(name, stratum[0], person, time_s) for name in WINDOWS]

    def hits(labels: dict[tuple[int, int, int], list[int]]) -> list[float]:
        total = [0.0] * len(WINDOWS)
        for stratum, shares in strata.items():
            house = stratum[0]
            for (time_s, _), person in zip(shares, labels[stratum], strict=True):
                values = known.get((house, person, time_s))
                for i, name in enumerate(WINDOWS):
                    total[i] += answer(name, house, person, time_s) if values is None else values[i]
        return total

    observed = {stratum: [person for _, person in shares] for stratum, shares in strata.items()}
    began = time.process_time()
    for _ in range(permutations):
        drawn = {stratum: random.sample(people, len(people)) for stratum, people in observed.items()}
        hits(drawn)
    return dict(zip(WINDOWS, hits(observed), strict=True)), time.process_time() - began


def main() -> None:
    """Run both and print their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", default="data/example")
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--loop", type=int, default=5, help="permutations that the loop is run for")
    given = parser.parse_args()

    study = an.read(given.study)
    cross = cross_shares(study, dyads(study))
    package, plain = 0.0, {False: 0.0, True: 0.0}
    for direction in DIRECTIONS:
        began = time.process_time()
        found = returns(cross, direction, permutations=given.permutations, rng=np.random.default_rng(1))
        package += time.process_time() - began
        for with_table in plain:
            hits, seconds = loop(cross, direction, given.loop, with_table=with_table)
            plain[with_table] += seconds * given.permutations / given.loop
            assert {name: test.hits for name, test in found.tests.items()} == hits
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(
        f"{study.title}: {len(study.shares):,} shares, {len(cross):,} inside pairs, {given.permutations:,} permutations"
    )
    print(f"package, with bounds and odds ratios, which the loops do not give: {package:.2f} CPU s; load {load}")
    for with_table, seconds in plain.items():
        kind = "with a table of all answers made beforehand" if with_table else "plain"
        print(f"loop, {kind}: {seconds:.0f} CPU s ({given.loop} permutations run), ratio {seconds / package:.0f}")


if __name__ == "__main__":
    main()
