"""The share network as a networkx graph, and its files for Gephi and others."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pandas as pd

from ambassador_net.errors import AmbassadorError
from ambassador_net.privacy import K, houses_shown, in_window, require_enough_people, require_persons_shown
from ambassador_net.reduction import Dyads, dyads, known_by
from ambassador_net.study import Study, rows_of
from ambassador_net.study.stored import AnyStudy, StoredStudy

# XML 1.0 cannot hold these characters, escaped or not
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

OTHER = "other houses"

MOST_NODES = 50_000
"""Accounts up to which a network is written as a graph; above, as two tables."""


def share_network(study: Study, *, basis: Sequence[str] = ()) -> "nx.DiGraph[str]":
    """Who shares whom: one node an account that shared or was shared, one edge an ordered pair with a share.

    Parameters
    ----------
    study
        The study.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.

    Returns
    -------
    networkx.DiGraph
        Nodes have ``role``, ``organisation``, ``platform``, ``observed``, ``label``, ``strength_out`` and
        ``strength_in``; edges ``weight`` (shares), ``quotes`` (of them), ``mutual`` (the other way is there too) and
        ``relation`` (``person_to_organisation``, ``organisation_to_person``, ``colleague``, ``sister_account`` or
        ``other``). Self-shares are left out. Nodes and edges come in the order of their ids.

    Notes
    -----
    An edge that is not there means "not observed", not "does not share": see ``observed`` of the sharer.

    Examples
    --------
    >>> from ambassador_net import read
    >>> graph = share_network(read("data/example"))
    >>> graph.is_directed()
    True
    """
    counted = dyads(study, basis=basis)
    edges = counted.edges_here
    accounts = study.accounts.set_index("account_id")
    strengths = counted.strengths.set_index("account_id")
    strength_out, strength_in = strengths["strength_out"].to_dict(), strengths["strength_in"].to_dict()
    graph: nx.DiGraph[str] = nx.DiGraph(title=study.title)
    for account_id, row in accounts.loc[strengths.index].iterrows():
        graph.add_node(
            str(account_id),
            role=str(row["role"]),
            organisation=_text(row["organisation"]),
            platform=_text(row["platform"]),
            observed=str(row["observed"]),
            label=_text(row["name"]) or _text(row["handle"]) or str(account_id),
            strength_out=strength_out[account_id],
            strength_in=strength_in[account_id],
        )
    relations = _relations(edges, counted.events, accounts, counted.affiliations)
    there = set(zip(edges["sharer_id"], edges["source_id"], strict=True))
    for edge, relation in zip(rows_of(edges), relations, strict=True):
        graph.add_edge(
            edge.sharer_id,
            edge.source_id,
            weight=int(edge.weight),
            quotes=int(edge.quotes),
            mutual=(edge.source_id, edge.sharer_id) in there,
            relation=relation,
        )
    return graph


def house_network(study: AnyStudy, *, basis: Sequence[str] = (), k: int = K) -> "nx.DiGraph[str]":
    """Give the share network with persons merged into the people of their house; small houses are joined.

    Parameters
    ----------
    study
        The study.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    networkx.DiGraph
        Nodes ``organisation: NAME`` and ``people: NAME`` with ``role``, ``organisation`` and ``people``; edges with
        ``weight`` and ``mutual``.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    """
    counted = dyads(study, basis=basis)
    study = known_by(study, counted)
    require_enough_people(study, counted.affiliations, "this network", k=k)
    shown = houses_shown(study, counted.affiliations, k=k)
    named = set(shown.named)
    people = {name: int(shown.people[name]) for name in shown.named}
    if shown.joined:
        people[OTHER] = shown.people_joined
    weights: dict[tuple[str, str], int] = {}
    graph: nx.DiGraph[str] = nx.DiGraph(title=study.title)
    for name, n in people.items():
        graph.add_node(f"organisation: {name}", role="organisation", organisation=name, people=n)
        graph.add_node(f"people: {name}", role="people", organisation=name, people=n)
    for event in rows_of(counted.events):
        name = event.organisation if event.organisation in named else OTHER
        ends = (f"people: {name}", f"organisation: {name}")
        key = ends if event.direction == "person_to_organisation" else ends[::-1]
        weights[key] = weights.get(key, 0) + 1
    for (sharer, source), weight in sorted(weights.items()):
        graph.add_edge(sharer, source, weight=weight, mutual=(source, sharer) in weights)
    return graph


def between_houses(study: Study, *, basis: Sequence[str] = (), k: int = K) -> "nx.DiGraph[str]":
    """Give the network of :func:`house_network` with what houses share of each other.

    Parameters
    ----------
    study
        The study.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    k
        Fewest people of a house that is shown by itself.

    Returns
    -------
    networkx.DiGraph
        Nodes also have ``observed`` (whether any of their accounts was); edges ``weight`` only. A person of several
        houses counts in each of them, so that the people of a house are always all of them, and within a pair once.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    """
    counted = dyads(study, basis=basis)
    graph = house_network(study, basis=basis, k=k)
    named = {data["organisation"] for _, data in graph.nodes(data=True)}
    houses: dict[str, set[str]] = {}
    # the same people that decide whether a house is shown
    for spell in rows_of(in_window(study, counted.affiliations)):
        houses.setdefault(spell.holder_id, set()).add(spell.organisation)
    nodes_of: dict[str, set[str]] = {}
    observed: set[str] = set()
    for account in rows_of(study.accounts):
        if account.role == "organisation":
            nodes = {f"organisation: {account.organisation if account.organisation in named else OTHER}"}
        else:
            own = houses.get(account.holder_id, set()) if account.role == "employee" else set()
            nodes = {f"people: {house if house in named else OTHER}" for house in own}
        nodes_of[account.account_id] = nodes & set(graph)
        observed |= nodes if account.observed != "none" else set()
    for node, data in graph.nodes(data=True):
        data["observed"] = node in observed
    for edge in rows_of(counted.edges_here):
        sharers, sources = nodes_of[edge.sharer_id], nodes_of[edge.source_id]
        within = {_house(node) for node in sharers} & {_house(node) for node in sources}
        for sharer in () if within else sharers:
            for source in sources:
                before = graph.get_edge_data(sharer, source, {"weight": 0})["weight"]
                graph.add_edge(sharer, source, weight=before + int(edge.weight))
    return graph


def _house(node: str) -> str:
    return node.partition(": ")[2]


def write_network(study: AnyStudy, path: str | Path, *, basis: Sequence[str] = (), by: str = "account") -> Path:
    """Write the share network for Gephi (``.gexf``) or as GraphML (``.graphml``), whole or not at all.

    Parameters
    ----------
    study
        The study.
    path
        A file that ends in ``.gexf`` or ``.graphml``.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    by
        ``"account"``, only where persons may be shown, or ``"house"``.

    Returns
    -------
    pathlib.Path
        The file. Of more than 50,000 accounts no program draws a graph: then ``NAME.edges.parquet``, beside
        ``NAME.nodes.parquet``.

    Raises
    ------
    PrivacyError
        If accounts are asked for and the persons of the study are private.
    AmbassadorError
        If the ending is neither.
    """
    target = Path(path)
    writers: dict[str, Callable[..., None]] = {".gexf": nx.write_gexf, ".graphml": nx.write_graphml}
    if target.suffix not in writers:
        raise AmbassadorError(f"{target.name} ends neither in .gexf (for Gephi) nor in .graphml; name one of them")
    if by == "account":
        require_persons_shown(study, "a network of accounts")
        if isinstance(study, StoredStudy) or len(study.accounts) > MOST_NODES:
            counted = dyads(study, basis=basis)
            if counted.edges is None or len(counted.strengths) > MOST_NODES:
                return _write_tables(study, counted, target)
            study = cast("Study", study)
        graph = share_network(study, basis=basis)
    else:
        graph = house_network(study, basis=basis)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.writing")
    try:
        writers[target.suffix](_fit_for_xml(graph), scratch, encoding="utf-8")
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target


def _write_tables(study: AnyStudy, counted: Dyads, target: Path) -> Path:
    """Write the nodes and the edges of a network that no program could draw."""
    from ambassador_net.reduction.files import write_table

    edges = write_table(study, "edges", target.with_suffix(".edges.parquet"))
    nodes = study.accounts[["account_id", "role", "organisation", "platform", "observed"]]
    there = nodes.merge(counted.strengths, on="account_id").sort_values("account_id", ignore_index=True)
    scratch = target.with_name(f".{target.name}.writing")
    try:
        there.to_parquet(scratch, index=False)
        scratch.replace(target.with_suffix(".nodes.parquet"))
    finally:
        scratch.unlink(missing_ok=True)
    return edges


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _relations(
    edges: pd.DataFrame, events: pd.DataFrame, accounts: pd.DataFrame, affiliations: pd.DataFrame
) -> list[str]:
    own = {(e.sharer_id, e.source_id): e.direction for e in rows_of(events)}
    houses = affiliations.groupby("holder_id")["organisation"].agg(set).to_dict()
    role, holder, organisation = (accounts[c].to_dict() for c in ("role", "holder_id", "organisation"))

    def relation(sharer: str, source: str) -> str:
        if (sharer, source) in own:
            return str(own[sharer, source])
        roles = role[sharer], role[source]
        if roles == ("organisation", "organisation") and organisation[sharer] == organisation[source]:
            return "sister_account"
        shared = houses.get(holder[sharer], set()) & houses.get(holder[source], set())
        return "colleague" if roles == ("employee", "employee") and shared else "other"

    return [relation(*ends) for ends in zip(edges["sharer_id"], edges["source_id"], strict=True)]


def _fit_for_xml(graph: "nx.DiGraph[str]") -> "nx.DiGraph[str]":
    def fit(value: Any) -> Any:
        return _NOT_IN_XML.sub("", value) if isinstance(value, str) else value

    fitted: nx.DiGraph[str] = nx.DiGraph()
    fitted.graph.update({k: fit(v) for k, v in graph.graph.items()})
    for node, data in graph.nodes(data=True):
        fitted.add_node(fit(node), **{k: fit(v) for k, v in data.items()})
    for sharer, source, data in graph.edges(data=True):
        fitted.add_edge(fit(sharer), fit(source), **{k: fit(v) for k, v in data.items()})
    return fitted
