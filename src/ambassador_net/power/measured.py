"""One world after the other, on all cores: what the tests and the verdict say of it."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ambassador_net.amplification.same_pairs import correlate, exposures
from ambassador_net.amplification.timing import order_check, returns
from ambassador_net.amplification.verdict import FEWEST_PAIRS, Answer, Coverage, judge
from ambassador_net.errors import Undefined
from ambassador_net.nulls import KindBlocks, Progress, ShareEvents, minimum_under_null, node_classes
from ambassador_net.power.worlds import ORGANISATION, OUTSIDER, PERSON, Network, World, make_network, make_world

Said = TypeVar("Said")

RESIDUAL_PERMUTATIONS = 1000


@dataclass(frozen=True)
class Judged:
    """What is said of one world.

    Parameters
    ----------
    answer, reason
        The verdict and why, in the words of the method.
    p_organisation, p_person
        p of the 48-hour test of organisation returns and of person returns.
    returns_organisation, returns_person
        Returns per 100, corrected; None without a trigger.
    """

    answer: Answer
    reason: str
    p_organisation: float
    p_person: float
    returns_organisation: float | None
    returns_person: float | None


@dataclass(frozen=True)
class NullsTried:
    """p-values of one world by tests that do not enter the verdict; None where a null is not to be had.

    Parameters
    ----------
    n1_minimum
        Reciprocated weight against N1, strengths kept; closed form.
    block_minimum
        Reciprocated weight against N3, strengths and block totals kept; closed form.
    same_pairs
        Residual correlation, permuted inside houses.
    """

    n1_minimum: float | None
    block_minimum: float | None
    same_pairs: float | None


@dataclass(frozen=True)
class Task:
    """Some worlds of one kind.

    Parameters
    ----------
    row
        Which of several kinds; part of the seed.
    world
        What the worlds are made from.
    seed
        Seed of the whole run.
    first, behind
        Numbers of the worlds, the last one excluded; each is part of the seed of its world.
    """

    row: int
    world: World
    seed: int
    first: int
    behind: int

    def generators(self) -> Iterator[np.random.Generator]:
        """Give each world its own random generator, whoever makes it and when.

        Yields
        ------
        numpy.random.Generator
            From the child ``(row, number)`` of the seed.
        """
        for number in range(self.first, self.behind):
            yield np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.row, number)))


def judged(task: Task) -> list[Judged]:
    """Judge worlds by the whole rule of method 2j.

    Parameters
    ----------
    task
        The worlds.

    Returns
    -------
    list of Judged
        One a world.
    """
    return [_judged(task.world, rng, few_pairs_stop=True) for rng in task.generators()]


def judged_however_few_the_pairs(task: Task) -> list[Judged]:
    """Judge worlds by the rule of method 2j without its first step, coverage.

    Parameters
    ----------
    task
        The worlds.

    Returns
    -------
    list of Judged
        One a world.

    Notes
    -----
    As in method 1.5b: a made-up world is observed in full, and where a single house of it has fewer than 20 pairs,
    the tests are calibrated all the same.
    """
    return [_judged(task.world, rng, few_pairs_stop=False) for rng in task.generators()]


def _judged(world: World, rng: np.random.Generator, *, few_pairs_stop: bool) -> Judged:
    cross = make_world(world, rng)
    organisation = returns(cross, "organisation_returns", p="normal", rng=rng)
    person = returns(cross, "person_returns", p="normal", rng=rng)
    pairs = len(np.unique(cross.person))
    if not few_pairs_stop:
        pairs = max(pairs, FEWEST_PAIRS)
    verdict = judge(organisation, person, order_check(cross, rng=rng), Coverage(pairs, pairs), cross.days)
    sizes = [
        None if side.returns_per_100 is None else side.returns_per_100.corrected for side in (organisation, person)
    ]
    return Judged(
        answer=verdict.answer,
        reason=verdict.reasons[0],
        p_organisation=organisation.tests["h48"].p,
        p_person=person.tests["h48"].p,
        returns_organisation=sizes[0],
        returns_person=sizes[1],
    )


def nulls_tried(task: Task) -> list[NullsTried]:
    """Try the tests that do not enter the verdict (method 1.4).

    Parameters
    ----------
    task
        The worlds.

    Returns
    -------
    list of NullsTried
        One a world.
    """
    return [_nulls_tried(make_network(task.world, rng), rng) for rng in task.generators()]


def _nulls_tried(network: Network, rng: np.random.Generator) -> NullsTried:
    persons = np.flatnonzero(network.role == PERSON)
    houses = int((network.role == ORGANISATION).sum())
    same_house = network.house[network.sharer] == network.house[network.source]
    by_person, of_person = network.role[network.sharer] == PERSON, network.role[network.source] == PERSON
    by_official, of_official = (network.role[end] == ORGANISATION for end in (network.sharer, network.source))
    accounts = len(network.role)
    w_eo = np.bincount(network.sharer[same_house & by_person & of_official], minlength=accounts)[persons]
    w_oe = np.bincount(network.source[same_house & by_official & of_person], minlength=accounts)[persons]
    shared = np.bincount(network.sharer, minlength=accounts)[persons]
    was_shared = np.bincount(network.source, minlength=accounts)[persons]
    seen = shared + was_shared > 0

    # kinds of account: outside, the organisation of each house, the people of each house
    kind = np.where(network.role == ORGANISATION, 1 + network.house, 1 + houses + network.house)
    kind[network.role == OUTSIDER] = 0
    official, people = 1 + np.arange(houses), 1 + houses + np.arange(houses)
    block = np.arange(3 * houses)
    blocks = KindBlocks(
        kinds=1 + 2 * houses,
        row=np.concatenate([people, official, people]),
        column=np.concatenate([official, people, people]),
        block=block,
        name=block,
    )
    events = ShareEvents(
        network.sharer, network.source, np.arange(accounts), np.zeros(len(network.sharer), dtype=np.intp)
    )
    minimum = float(np.minimum(w_eo, w_oe).sum())
    pairs_of_kinds = np.column_stack([people, official])

    def against(kept: KindBlocks) -> float | None:
        try:
            null = minimum_under_null(node_classes(events, kind, kept), kept, pairs_of_kinds)
        except Undefined:
            # no fit; on a study Monte Carlo would decide
            return None
        return null.p_norm(minimum)

    pairs = exposures(w_eo[seen], w_oe[seen], shared[seen], was_shared[seen], network.house[persons][seen])
    return NullsTried(
        n1_minimum=against(KindBlocks.none(blocks.kinds)),
        block_minimum=against(blocks),
        same_pairs=correlate(pairs, permutations=RESIDUAL_PERMUTATIONS, rng=rng).p,
    )


def in_parallel(
    measure: Callable[[Task], list[Said]], tasks: Sequence[Task], *, workers: int
) -> Iterator[tuple[Task, list[Said]]]:
    """Measure worlds in several processes.

    Parameters
    ----------
    measure
        What is asked of the worlds of a task; a function that another process can import.
    tasks
        The worlds.
    workers
        Processes; with 1 everything happens in this one.

    Yields
    ------
    tuple of Task and list
        A task and what was measured, in the order in which they are done. What is measured of a world depends on its
        seed only, neither on the order nor on the number of processes.
    """
    if workers == 1:
        for task in tasks:
            yield task, measure(task)
        return
    # spawned and not forked: forking a process that holds threads of numpy's is not safe
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(measure, task): task for task in tasks}
        try:
            for done in as_completed(waiting):
                yield waiting.pop(done), done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def shown_progress(what: str) -> Progress:
    """Show on the terminal how many worlds are done and how long the rest takes.

    Parameters
    ----------
    what
        What is measured.

    Returns
    -------
    callable
        Takes the worlds done and their number.
    """
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        left_s = (time.monotonic() - started) / done * (total - done)
        sys.stderr.write(f"\r{what}: {done} of {total} worlds, {left_s / 60:.0f} min to go ")
        if done == total:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return show
