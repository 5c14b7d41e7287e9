"""What the null models cost beside their peers, and what the closed form costs beside shuffling.

Run it with ``python benchmarks/nulls.py [--quick]``. Made-up shares, a seed, CPU seconds of this process; the load of
the machine stands above and below. A peer that is not installed, or cannot do it, is left out with a line.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from ambassador_net.nulls import KindBlocks, ShareEvents, minimum_under_null, node_classes
from ambassador_net.nulls.compiled import fastest
from ambassador_net.nulls.exchanges import exchange
from ambassador_net.nulls.matchings import BETWEEN_DRAWS, Chain

SHUFFLES = 1000
PEOPLE_A_HOUSE = 25
GOALS = {10_000: 30, 100_000: 150, 1_000_000: 1500}


def made_up(shares: int, rng: np.random.Generator) -> tuple[ShareEvents, np.ndarray, KindBlocks, np.ndarray]:
    """Make shares of houses and outsiders with heavy-tailed activity, a tenth of them inside the houses.

    Parameters
    ----------
    shares
        About how many.
    rng
        Random generator.

    Returns
    -------
    tuple
        Shares, kind of each account, blocks and pairs of kinds, as the package takes them.
    """
    houses, outside = 20, shares // 10
    people = houses * PEOPLE_A_HOUSE
    accounts = houses + people + outside
    kind = np.concatenate(
        [1 + np.arange(houses), 1 + houses + np.repeat(np.arange(houses), PEOPLE_A_HOUSE), np.zeros(outside, np.intp)]
    )
    weight = [np.minimum(rng.pareto(1.5, accounts) + 1, 200) for _ in range(2)]
    for of_accounts, share in zip(weight, (0.05, 0.1), strict=True):
        # official accounts make 5 % of the shares outside the houses and get 10 % of them
        of_accounts[:houses] *= share / (1 - share) * of_accounts[houses:].sum() / of_accounts[:houses].sum()
    sharer, source = (rng.choice(accounts, shares, p=w / w.sum()) for w in weight)
    own = np.flatnonzero(rng.random(shares) < 0.1)
    person = houses + rng.integers(0, people, len(own))
    official = (person - houses) // PEOPLE_A_HOUSE
    forth = rng.random(len(own)) < 0.5
    sharer[own], source[own] = np.where(forth, person, official), np.where(forth, official, person)
    keep = sharer != source
    events = ShareEvents(sharer[keep], source[keep], np.arange(accounts), np.zeros(int(keep.sum()), dtype=np.intp))
    o, p = 1 + np.arange(houses), 1 + houses + np.arange(houses)
    row, column = np.concatenate([p, o, p, o]), np.concatenate([o, p, p, o])
    blocks = KindBlocks(1 + 2 * houses, row, column, np.arange(4 * houses), np.arange(4 * houses))
    return events, kind.astype(np.intp), blocks, np.stack([p, o], axis=1)


def cpu(work: Callable[[], object]) -> float:
    """Time work in CPU seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def chain_seconds(events: ShareEvents, move: Callable[..., None], draws: int) -> float:
    """Time 1,000 shuffles by as many as asked for, each 12 matchings and a look at the sources."""
    chain = Chain(events, None, np.random.default_rng(1))
    chain._exchange = move
    chain.match_all(1)

    def work() -> None:
        for _ in range(draws):
            chain.match_all(BETWEEN_DRAWS)
            chain.source()

    return cpu(work) * SHUFFLES / draws


def closed_form_seconds(
    events: ShareEvents, kind: np.ndarray, blocks: KindBlocks, pairs: np.ndarray
) -> tuple[float, float, int]:
    """Time the closed form from the shares, and from the classes of nodes; and count the classes."""
    nodes = node_classes(events, kind, blocks)
    minimum_under_null(nodes, blocks, pairs)
    counted = cpu(lambda: [node_classes(events, kind, blocks) for _ in range(5)]) / 5
    fitted = cpu(lambda: [minimum_under_null(nodes, blocks, pairs) for _ in range(5)]) / 5
    return counted + fitted, fitted, len(nodes.kind)


def igraph_seconds(events: ShareEvents, draws: int) -> float:
    """Time configuration models of igraph; its ``rewire`` refuses multigraphs."""
    import igraph

    accounts = len(events.identity)
    out = np.bincount(events.sharer, minlength=accounts).tolist()
    into = np.bincount(events.source, minlength=accounts).tolist()
    return (
        cpu(lambda: [igraph.Graph.Degree_Sequence(out, into, method="configuration") for _ in range(draws)])
        * SHUFFLES
        / draws
    )


def networkx_seconds(events: ShareEvents, draws: int) -> float:
    """Time configuration models of networkx."""
    import networkx

    accounts = len(events.identity)
    out = np.bincount(events.sharer, minlength=accounts).tolist()
    into = np.bincount(events.source, minlength=accounts).tolist()
    return (
        cpu(lambda: [networkx.directed_configuration_model(into, out, seed=draw) for draw in range(draws)])
        * SHUFFLES
        / draws
    )


def nemtropy_seconds(events: ShareEvents, draws: int) -> float:
    """Time NEMtropy's fit of a directed network with these degrees and strengths (CReM-A), without any draw."""
    import NEMtropy

    accounts = len(events.identity)
    partners = np.unique(np.stack([events.sharer, events.source]), axis=1)
    degrees, strengths = (
        np.concatenate([np.bincount(end, minlength=accounts) for end in ends]).astype(float)
        for ends in (partners, (events.sharer, events.source))
    )
    graph = NEMtropy.DirectedGraph(degree_sequence=degrees, strength_sequence=strengths)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cpu(lambda: graph.solve_tool(model="crema", adjacency="dcm", initial_guess="strengths"))


PEERS: dict[str, tuple[str, Callable[[ShareEvents, int], float]]] = {
    "igraph": ("igraph configuration model", igraph_seconds),
    "networkx": ("networkx configuration model", networkx_seconds),
    "NEMtropy": ("NEMtropy fit, no draws (converged or not)", nemtropy_seconds),
}


def load() -> str:
    """Say how busy the machine is, where it tells."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def main() -> None:
    """Print CPU seconds and ratios."""
    quick = "--quick" in sys.argv[1:]
    print(f"load {load()} before, {os.cpu_count()} cores; CPU seconds of {SHUFFLES:,} shuffles")
    for shares in (10_000,) if quick else tuple(GOALS):
        events, kind, blocks, pairs = made_up(shares, np.random.default_rng(7))
        draws = max(2, (200_000 if quick else 2_000_000) // shares)
        print(f"{shares:,} shares, {len(kind):,} accounts, timed on {draws} shuffles")
        plain = chain_seconds(events, exchange, draws)
        print(f"  {'matchings, numpy':<34} {plain:10.3f}")
        shuffled = plain
        if find_spec("numba") is None:
            print("  numba is not installed: no compiled matchings")
        else:
            shuffled = chain_seconds(events, fastest(), draws)
            print(f"  {'matchings, compiled':<34} {shuffled:10.3f}  numpy is {plain / shuffled:.1f} times that")
        closed, fitted, classes = closed_form_seconds(events, kind, blocks, pairs)
        print(
            f"  {'closed form with N3 blocks':<34} {closed:10.4f}  shuffles are {shuffled / closed:,.0f} times that "
            f"(goal {GOALS[shares]:,}); {fitted:.4f} once the {classes:,} classes are counted: "
            f"{shuffled / fitted:,.0f} times"
        )
        for module, (name, seconds) in PEERS.items():
            if find_spec(module) is None:
                print(f"  {module} is not installed: left out")
            elif quick and module == "NEMtropy":
                print(f"  {name}: takes 20 s, left out of the quick run")
            elif shares > 10_000 and module != "igraph":
                print(f"  {name}: too slow at this size, left out")
            else:
                try:
                    taken = seconds(events, 2 if shares > 10_000 else 5)
                except Exception as error:
                    print(f"  {name} cannot do it: {error}")
                else:
                    print(f"  {name:<34} {taken:10.2f}  {taken / shuffled:,.0f} times our shuffles")
    print(f"load {load()} after")


if __name__ == "__main__":
    main()
