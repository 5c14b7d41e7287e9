"""The share network of the page: who is drawn where, and who shares whom how often.

Organisations stand in a ring, their people beside them, accounts outside in the middle. Single persons are there only
where they may be shown, under numbers that say nothing; else the people of a house are one mark. What is too much for a
phone is left out and counted.
"""

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from ambassador_net.network import OTHER, between_houses
from ambassador_net.reduction import dyads
from ambassador_net.study import rows_of

if TYPE_CHECKING:
    from ambassador_net.amplification import Amplification
    from ambassador_net.study import Study

Json: TypeAlias = dict[str, Any]

MOST_HOUSES = 12
MOST_PEOPLE = 120
MOST_OUTSIDE = 12
MOST_EDGES = 300

_ORGANISATION, _PEOPLE, _OUTSIDE = "organisation", "people", "outside"

# the picture is 1,000 wide and high
_SIDE = 1000
_RING = 355
_GOLDEN = math.pi * (3 - math.sqrt(5))


def ties(study: "Study", tango: "Amplification", *, seed: int) -> Json | None:
    """Prepare the share network.

    Parameters
    ----------
    study
        The study.
    tango
        Its result; only the houses that it shows by themselves are named.
    seed
        Seed of the numbers that persons go by, and of the turn of each house.

    Returns
    -------
    dict or None
        ``persons`` (whether single persons are shown); ``houses``, names; ``nodes``, each ``[kind, house, number, x,
        y]`` with an index of ``houses`` (or -1) and a number within it (0 where there is only one); ``edges``, each
        ``[node, node, shares by the first of the second, and back]``, None where the sharer was not observed;
        ``left_out``, numbers of houses,
        people, accounts outside and pairs. None where no house is shown by itself.
    """
    named = tango.houses[tango.houses["organisation"].notna()]
    busiest = named.sort_values("with_a_share", ascending=False, kind="stable").head(MOST_HOUSES)
    houses = sorted(str(name) for name in busiest["organisation"])
    if not houses:
        return None
    rng = np.random.default_rng(seed)
    draw = _persons if study.shows_persons else _houses
    return draw(study, tango, houses, rng)


def _persons(study: "Study", tango: "Amplification", houses: list[str], rng: np.random.Generator) -> Json:
    counted = dyads(study)
    pairs = counted.pairs[(counted.pairs["seen_eo"] > 0) | (counted.pairs["seen_oe"] > 0)]
    here = pairs[pairs["organisation"].isin(houses)]
    weight = here["seen_eo"] + here["seen_oe"]
    ranked = here.assign(rank=here["state"] != "mutual", weight=-weight).sort_values(
        ["rank", "weight", "holder_id"], kind="stable"
    )
    # a person of two houses stands beside the one with more
    placed = ranked.drop_duplicates("holder_id").groupby("organisation").head(MOST_PEOPLE // len(houses))
    nodes: list[list[Any]] = []
    node_of: dict[str, int] = {}
    for place, house in enumerate(houses):
        node_of[f"organisation {house}"] = len(nodes)
        nodes.append([_ORGANISATION, place, 0, *_on_the_ring(place, len(houses))])
        people = placed.loc[placed["organisation"] == house, "holder_id"].tolist()
        numbers = rng.permutation(len(people)) + 1
        turn = rng.random() * 2 * math.pi
        for i, (holder, number) in enumerate(zip(people, numbers, strict=True)):
            node_of[f"holder {holder}"] = len(nodes)
            nodes.append(
                [
                    _PEOPLE,
                    place,
                    int(number),
                    *_beside(nodes[node_of[f"organisation {house}"]], i, len(people), len(houses), turn),
                ]
            )
    accounts = study.accounts.set_index("account_id")
    official = accounts["role"] == "organisation"
    name = ("organisation " + accounts["organisation"].astype(object)).where(
        official, "holder " + accounts["holder_id"].astype(object)
    )
    name = name.where(accounts["role"] != "outside", "outside " + accounts.index.to_series())
    edges = counted.edges_here
    edges = edges.assign(sharer=edges["sharer_id"].map(name), source=edges["source_id"].map(name))
    edges = edges[edges["sharer"] != edges["source"]]
    outside = _outside(edges, node_of)
    middle = rng.random() * 2 * math.pi
    for i, found in enumerate(outside):
        node_of[found] = len(nodes)
        nodes.append([_OUTSIDE, -1, i + 1, *_sunflower(_SIDE / 2, _SIDE / 2, i, 34, middle)])
    own = {
        (node_of[f"holder {row.holder_id}"], node_of[f"organisation {row.organisation}"]): (
            int(row.seen_eo),
            int(row.seen_oe),
        )
        for row in rows_of(here)
        if f"holder {row.holder_id}" in node_of
    }
    # what a person and an organisation share outside the time they belong together is no share of the pair
    belong = {(f"holder {row.holder_id}", f"organisation {row.organisation}") for row in rows_of(counted.pairs)}
    others: Counter[tuple[int, int]] = Counter()
    for edge in rows_of(edges):
        ends = (edge.sharer, edge.source)
        if ends in belong or ends[::-1] in belong or edge.sharer not in node_of or edge.source not in node_of:
            continue
        others[node_of[edge.sharer], node_of[edge.source]] += int(edge.weight)
    observed = accounts["observed"].ne("none").groupby(name).any()
    seen = {node: bool(observed[found]) for found, node in node_of.items()}
    kept, cut = _edges(own, others, seen)
    return {
        "persons": True,
        "houses": houses,
        "nodes": nodes,
        "edges": kept,
        "left_out": {
            "houses": int(tango.houses["joined"].sum()) - len(houses),
            "people": int(here["holder_id"].nunique() - len(placed)),
            "outside": int(edges.loc[edges["sharer"].str.startswith("outside "), "sharer"].nunique() - len(outside)),
            "pairs": cut,
        },
    }


def _outside(edges: pd.DataFrame, node_of: dict[str, int]) -> list[str]:
    """Name the accounts outside that share with those who are drawn most."""
    weights: Counter[str] = Counter()
    for edge in rows_of(edges):
        for found, other in ((edge.sharer, edge.source), (edge.source, edge.sharer)):
            if found.startswith("outside ") and other in node_of:
                weights[found] += int(edge.weight)
    return [found for found, _ in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:MOST_OUTSIDE]]


def _houses(study: "Study", tango: "Amplification", houses: list[str], rng: np.random.Generator) -> Json:
    del rng
    graph = between_houses(study, k=tango.k)
    there = [*houses, *([OTHER] if any(data["organisation"] == OTHER for _, data in graph.nodes(data=True)) else [])]
    nodes: list[list[Any]] = []
    node_of: dict[str, int] = {}
    for place, house in enumerate(there):
        x, y = _on_the_ring(place, len(there))
        node_of[f"organisation: {house}"] = len(nodes)
        nodes.append([_ORGANISATION, place, 0, x, y])
        node_of[f"people: {house}"] = len(nodes)
        # outwards, away from the lines between the houses
        away = 1.27
        nodes.append([_PEOPLE, place, 0, *(round(_SIDE / 2 + away * (at - _SIDE / 2)) for at in (x, y))])
    own: dict[tuple[int, int], tuple[int, int]] = {}
    others: Counter[tuple[int, int]] = Counter()
    for sharer, source, data in graph.edges(data=True):
        if sharer in node_of and source in node_of:
            others[node_of[sharer], node_of[source]] += data["weight"]
    seen = {node: bool(graph.nodes[found]["observed"]) for found, node in node_of.items()}
    kept, cut = _edges(own, others, seen)
    return {
        "persons": False,
        # the joined ones have a name in each language
        "houses": [None if house == OTHER else house for house in there],
        "nodes": nodes,
        "edges": kept,
        "left_out": {
            "houses": len(tango.houses["organisation"].dropna()) - len(houses),
            "people": 0,
            "outside": 0,
            "pairs": cut,
        },
    }


def _edges(
    own: dict[tuple[int, int], tuple[int, int]], others: Counter[tuple[int, int]], seen: dict[int, bool]
) -> tuple[list[list[int | None]], int]:
    """Put both directions of a pair into one line; own pairs first, then the heaviest."""
    both = dict(own)
    for (sharer, source), n in others.items():
        pair, first = (min(sharer, source), max(sharer, source)), sharer < source
        before = both.get(pair, (0, 0))
        both[pair] = (before[0] + n, before[1]) if first else (before[0], before[1] + n)
    ordered = sorted(both.items(), key=lambda item: (item[0] not in own, -sum(item[1]), item[0]))
    kept: list[list[int | None]] = [
        # what was seen of an account that was not observed is there all the same
        [i, j, n if n or seen[i] else None, m if m or seen[j] else None]
        for (i, j), (n, m) in ordered[:MOST_EDGES]
    ]
    return kept, len(ordered) - len(kept)


def _on_the_ring(place: int, of: int) -> tuple[int, int]:
    angle = 2 * math.pi * place / of - math.pi / 2
    return round(_SIDE / 2 + _RING * math.cos(angle)), round(_SIDE / 2 + _RING * math.sin(angle))


def _beside(organisation: list[Any], i: int, of: int, houses: int, turn: float) -> tuple[int, int]:
    """Put people around their organisation, in the room that a house has on the ring."""
    room = min(130.0, 0.92 * _RING * math.sin(math.pi / max(houses, 2)))
    step = min(26.0, (room - 26) / math.sqrt(max(of, 2)))
    return _sunflower(organisation[3], organisation[4], i, step, turn, inner=26)


def _sunflower(x: float, y: float, i: int, step: float, turn: float, *, inner: float = 0) -> tuple[int, int]:
    radius, angle = inner + step * math.sqrt(i + 0.5), turn + i * _GOLDEN
    return round(x + radius * math.cos(angle)), round(y + radius * math.sin(angle))
