"""The network: the same shares as the tables, in files that others read."""

import dataclasses

import networkx as nx
import pytest

import ambassador_net as an
from ambassador_net.errors import AmbassadorError, PrivacyError
from small import small_study


def test_weights_and_relations(real) -> None:
    graph = an.share_network(real("conference_hashtags"))
    assert sum(w for *_, w in graph.edges(data="weight")) == 6275
    by: dict[str, int] = {}
    for *_, data in graph.edges(data=True):
        by[data["relation"]] = by.get(data["relation"], 0) + data["weight"]
    # figures.json, classes
    assert {k: v for k, v in by.items() if k != "other"} == {
        "person_to_organisation": 77,
        "organisation_to_person": 137,
        "colleague": 123,
        "sister_account": 36,
    }


def test_mutual_says_that_the_other_way_is_there(example: an.Study) -> None:
    graph = an.share_network(example)
    for sharer, source, mutual in graph.edges(data="mutual"):
        assert mutual == graph.has_edge(source, sharer)
    for node, out in graph.nodes(data="strength_out"):
        assert out == sum(w for *_, w in graph.out_edges(node, data="weight"))


HOSTILE = 'a<b>&"\x00\x0b‮ é 😀'


@pytest.mark.parametrize(("ending", "read"), [("gexf", nx.read_gexf), ("graphml", nx.read_graphml)])
def test_files_read_back(tmp_path, ending: str, read) -> None:
    study = small_study(
        {"o": ("organisation", HOSTILE, "full"), "e": ("employee", HOSTILE, "full")},
        [(1, "e", "o"), (2, "o", "e"), (3, "e", "o")],
        persons="public",
    )
    graph = read(an.write_network(study, tmp_path / f"n.{ending}", by="account"))
    assert graph.edges["e", "o"]["weight"] == 2
    assert graph.edges["e", "o"]["relation"] == "person_to_organisation"
    assert graph.edges["e", "o"]["mutual"] in (True, "true")
    assert graph.nodes["o"]["organisation"] == HOSTILE.replace("\x00", "").replace("\x0b", "")
    assert [p.name for p in tmp_path.iterdir()] == [f"n.{ending}"]


def test_private_persons_only_by_house(example: an.Study, tmp_path) -> None:
    private = dataclasses.replace(example, made_up=False)
    with pytest.raises(PrivacyError):
        an.write_network(private, tmp_path / "n.gexf", by="account")
    text = an.write_network(private, tmp_path / "n.gexf", by="house").read_text("utf-8")
    persons = private.accounts[private.accounts["role"] != "organisation"]
    for column in ("account_id", "holder_id", "handle", "name"):
        assert not [value for value in persons[column].dropna() if str(value) in text]


def test_other_endings_are_refused(example: an.Study, tmp_path) -> None:
    with pytest.raises(AmbassadorError, match="gexf"):
        an.write_network(example, tmp_path / "n.xlsx")
