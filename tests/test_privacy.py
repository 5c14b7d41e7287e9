"""Small houses leave only together, pseudonyms tell nobody without their key, and CSV runs nothing."""

import base64
import csv
import dataclasses
import gzip
import hashlib
import hmac
import io
import itertools
import json
import os
import re
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import ambassador_net as an
from ambassador_net.errors import PrivacyError
from ambassador_net.network import OTHER, house_network
from ambassador_net.privacy import (
    HousesShown,
    create_key,
    csv_text,
    houses_shown,
    join_small_houses,
    pseudonymise,
    read_key,
    require_enough_people,
    require_persons_shown,
    rotate,
    rows_of_person,
    undefused,
    withdraw,
    write_csv,
    write_whole,
)
from ambassador_net.privacy.persons import WITHDRAWN
from ambassador_net.privacy.pseudonyms import has_pseudonyms
from opened import found_in
from planted import PLANTED, planted_study
from small import ROOT, SHARED, up_to

# ---- small groups ----------------------------------------------------------------------------------------


def houses(people: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "organisation": pd.array([f"house {i}" for i in range(len(people))], dtype="str"),
            "people": people,
            "shares": pd.array([10 * n for n in people], dtype="Int64"),
        }
    )


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(5, 8))
def test_nothing_small_is_shown_or_computable(people: list[int], k: int) -> None:
    shown = join_small_houses(houses(people), k=k)
    assert shown["people"].sum() == sum(people)
    assert shown["shares"].sum() == 10 * sum(people)
    assert shown["joined"].sum() == len(people)
    named = shown[shown["organisation"].notna()]
    assert (named["people"] >= k).all()
    other = shown[shown["organisation"].isna()]
    if len(other) and len(named):
        # what the totals minus the named houses give is a group of several houses and of k people at least
        assert int(other["joined"].iloc[0]) >= 2
        assert int(other["people"].iloc[0]) >= k


def test_missing_counts_stay_missing_in_the_joined_row() -> None:
    table = houses([2, 3, 9, 9]).assign(shares=pd.array([None, None, 1, 2], dtype="Int64"))
    other = join_small_houses(table).iloc[-1]
    assert pd.isna(other["shares"])


def test_k_is_never_lowered(example: an.Study) -> None:
    with pytest.raises(PrivacyError, match="k = 4"):
        an.mutual_amplification(example, seed=1, k=4)


def test_raising_k_hides_more(example: an.Study) -> None:
    from ambassador_net.amplification.cross import cross_shares
    from ambassador_net.amplification.weights import houses as describe
    from ambassador_net.reduction import dyads

    counted = dyads(example)
    cross = cross_shares(counted)
    assert len(describe(example, counted, cross, k=60)) < len(describe(example, counted, cross, k=5))


def test_the_house_too_small_to_show_is_not_shown(example: an.Study, tmp_path) -> None:
    from ambassador_net.reduction import dyads

    people = houses_shown(example, dyads(example).affiliations).people
    small = set(people[people < 5].index)
    assert small
    tango = an.mutual_amplification(example, seed=1, permutations=20, test_permutations=200)
    assert not small & set(tango.houses["organisation"].dropna())
    file = an.write_network(dataclasses.replace(example, made_up=False), tmp_path / "h.gexf", by="house")
    assert not [name for name in small if name in file.read_text("utf-8")]


def test_persons_are_shown_only_where_they_may_be(example: an.Study) -> None:
    private = dataclasses.replace(example, made_up=False)
    with pytest.raises(PrivacyError, match="by house"):
        require_persons_shown(private, "this")
    require_persons_shown(dataclasses.replace(private, persons="public"), "this")
    require_persons_shown(example, "this")


# what a share's time can be, and so what "affiliated in the window" means
FIRST, LAST = pd.Timestamp("2025-03-03", tz="UTC"), pd.Timestamp("2025-06-02", tz="UTC")


@st.composite
def studies(draw: st.DrawFn) -> an.Study:
    """Private studies of up to six houses: several employers, spells outside the window, sides nobody observed."""
    organisations = [f"house {i}" for i in range(draw(st.integers(1, 6)))]
    levels = st.sampled_from(["full", "partial", "none"])
    accounts = [
        {"account_id": f"o{i}", "role": "organisation", "organisation": name, "observed": draw(levels)}
        for i, name in enumerate(organisations)
    ]
    spells = []
    for i, name in enumerate(organisations):
        # most people are observed in the same way, as they are in a collection
        usual = draw(levels)
        for j in range(draw(st.integers(0, 11))):
            person = f"e{i}-{j}"
            observed = draw(levels) if draw(st.integers(0, 4)) == 0 else usual
            accounts.append({"account_id": person, "role": "employee", "organisation": None, "observed": observed})
            at = [name, *draw(st.sets(st.sampled_from(organisations), max_size=1))]
            spells += [
                {
                    "holder_id": person,
                    "organisation": where,
                    "valid_from": draw(st.sampled_from([None, None, None, "2025-09-01"])),
                    "valid_to": draw(st.sampled_from([None, None, None, "2025-01-01"])),
                    "basis": draw(st.sampled_from(["staff list", "staff list", "bio"])),
                }
                for where in dict.fromkeys(at)
            ]
    ends = [account["account_id"] for account in accounts]
    pairs = [(s["holder_id"], f"o{organisations.index(s['organisation'])}") for s in spells] or [(ends[0], ends[0])]
    chosen = draw(st.lists(st.tuples(st.sampled_from(pairs), st.booleans()), max_size=25))
    # the first and the last share, between nobody, hold the window still
    events = [(FIRST, ends[0], None), (LAST, ends[0], None)]
    events += [
        (FIRST + pd.Timedelta(hours=1 + n), *(pair if forth else pair[::-1])) for n, (pair, forth) in enumerate(chosen)
    ]
    shares = pd.DataFrame(
        [
            {"share_id": str(n), "shared_at": at, "sharer_id": sharer, "source_id": source, "kind": "repost"}
            for n, (at, sharer, source) in enumerate(events)
        ]
    )
    affiliations = pd.DataFrame(spells, columns=["holder_id", "organisation", "valid_from", "valid_to", "basis"])
    tables = {"accounts": pd.DataFrame(accounts), "affiliations": affiliations, "shares": shares}
    return an.from_tables(tables, title="Private")


Pair = tuple[str, str]


def pairs_in_window(study: an.Study, basis: str = "") -> set[Pair]:
    """Person and organisation of every spell that touches the window; written apart from the package."""
    return {
        (row.holder_id, row.organisation)
        for row in study.affiliations.itertuples()
        if not (row.valid_to <= FIRST) and not (row.valid_from > LAST) and basis in row.basis
    }


def groups_of(study: an.Study, pairs: set[Pair]) -> list[set[Pair]]:
    """Of these pairs: all, with the person observed or not, with the organisation observed, with both."""
    seen = study.accounts[study.accounts["observed"] != "none"]
    persons, organisations = set(seen["holder_id"]), set(seen["organisation"].dropna())
    by_person = {p for p in pairs if p[0] in persons}
    by_organisation = {p for p in pairs if p[1] in organisations}
    sharing = {p for p in pairs - by_person if p[0] in set(study.shares["sharer_id"])}
    return [pairs, by_person, by_organisation, by_person & by_organisation, sharing]


def published(pairs: set[Pair], named: Iterable[str]) -> list[frozenset[Pair]]:
    """What a table and its total speak of: each named house, the others together, everybody."""
    named = set(named)
    rows = [frozenset(p for p in pairs if p[1] == name) for name in named]
    return [frozenset(pairs), frozenset(p for p in pairs if p[1] not in named), *rows]


def computable(sets: Iterable[frozenset[Pair]]) -> set[frozenset[Pair]]:
    """Everything that subtraction gives, again and again."""
    found = set(sets)
    while True:
        more = {larger - smaller for larger, smaller in itertools.permutations(found, 2) if smaller < larger} - found
        if not more:
            return found
        found |= more


def sizes_of(sets: Iterable[frozenset[Pair]], within: set[Pair]) -> set[int]:
    return {len({holder for holder, _ in group & within}) for group in sets} - {0}


@settings(max_examples=up_to(40))
@given(studies())
def test_no_group_below_k_is_computable(study: an.Study) -> None:
    pairs = pairs_in_window(study)
    organisations = {organisation for _, organisation in pairs}
    shown = {k: houses_shown(study, study.affiliations, k=k) for k in (5, 6, 8)}
    if all(set(one.joined) == organisations for one in shown.values()) or len(organisations) == 1:
        # nothing but the study as a whole is shown; require_enough_people stands before it
        return
    sets = computable([group for one in shown.values() for group in published(pairs, one.named)])
    for within in groups_of(study, pairs):
        whole = len({holder for holder, _ in within})
        assert {n for n in sizes_of(sets, within) if n < 5} <= {whole}


@settings(max_examples=up_to(40))
@given(studies())
def test_narrowing_by_basis_shows_no_group_below_k(study: an.Study) -> None:
    pairs, kept = pairs_in_window(study), pairs_in_window(study, "staff")
    narrowed = study.affiliations[study.affiliations["basis"] == "staff list"]
    shown, fewer = houses_shown(study, study.affiliations), houses_shown(study, narrowed)
    if len(fewer.people) < 2:
        return
    for name in fewer.named:
        left_out = {holder for holder, organisation in pairs - kept if organisation == name}
        assert len(left_out) not in range(1, 5)
        assert len({holder for holder, organisation in kept if organisation == name}) >= 5
    hidden = {holder for holder, organisation in kept if organisation in fewer.joined}
    assert not fewer.named or not hidden or len(hidden) >= 5
    # a house whose every person is left out has no row, and its people are not counted either
    assert set(fewer.people.index) == {organisation for _, organisation in kept}
    assert shown.everybody >= fewer.everybody


@given(studies())
@settings(max_examples=up_to(30))
def test_every_table_joins_the_same_houses(study: an.Study) -> None:
    shown = houses_shown(study, study.affiliations)
    pairs = pairs_in_window(study)
    assert dict(shown.people) == {
        name: len({h for h, o in pairs if o == name}) for name in {organisation for _, organisation in pairs}
    }
    assert shown.people_joined == len({h for h, o in pairs if o in shown.joined})
    # a table that has rows for some houses only says the same of people and of which are together
    some = pd.DataFrame({"organisation": pd.array(sorted(shown.people.index)[::2], dtype="str"), "n": 1})
    table = join_small_houses(some, shown=shown)
    other = table[table["organisation"].isna()]
    assert len(other) == bool(set(some["organisation"]) & set(shown.joined))
    assert set(other["people"]) <= {shown.people_joined}
    assert set(other["joined"]) <= {len(shown.joined)}
    assert table["n"].sum() == len(some)


@settings(max_examples=up_to(12), phases=[Phase.explicit, Phase.generate])
@given(studies())
def test_everything_that_is_published_agrees(study: an.Study) -> None:
    pairs = pairs_in_window(study)
    everybody = len({holder for holder, _ in pairs})
    if 0 < everybody < 5:
        with pytest.raises(PrivacyError, match="fewer than 5"):
            house_network(study)
        return
    tango = an.mutual_amplification(study, seed=1, permutations=2, test_permutations=2)
    table, told = tango.houses.set_index("organisation", drop=False), tango.to_dict()
    named = set(table["organisation"].dropna())
    people = {name: len({h for h, o in pairs if o == name}) for name in {o for _, o in pairs}}
    assert told["study"]["people"] == everybody
    assert {name: int(table.loc[name, "people"]) for name in named} == {n: people[n] for n in named}
    # the network and the table join the same houses, and say the same of their people
    nodes = {data["organisation"]: data["people"] for _, data in house_network(study).nodes(data=True)}
    assert set(nodes) - {OTHER} == named
    other = tango.houses[tango.houses["organisation"].isna()]
    assert [nodes[name] for name in sorted(named)] == [people[name] for name in sorted(named)]
    assert other["people"].tolist() == ([nodes[OTHER]] if OTHER in nodes else [])
    # totals without the named houses are the joined row, nothing smaller
    for column in ("with_a_share", "both_sides_observed", "person_only", "organisation_only"):
        assert table[column].sum() == told["dyads"][column]
    assert table["sum_w"].sum() == (tango.reciprocity.sum_w or 0)
    # a house that is joined is named nowhere
    figures = [an.figures.pairs_by_state(tango), an.figures.both_ways(tango), an.figures.share_ring(study, tango)]
    words = json.dumps(told) + tango.summary().to_csv() + "".join(f._repr_html_() + f.alt for f in figures)
    words += "".join(nx.generate_graphml(house_network(study)))
    for name in set(study.accounts["organisation"].dropna()) - named:
        assert name not in words


def house_study(people: dict[str, int], observed: int | None = None) -> an.Study:
    """A private study of houses with so many people, of whom all or the first are observed."""
    accounts = [(name, "organisation", name, "full") for name in people]
    accounts += [
        (f"{name}-{i}", "employee", name, "full" if observed is None or i < observed else "none")
        for name, n in people.items()
        for i in range(n)
    ]
    columns = ["account_id", "role", "organisation", "observed"]
    shares = pd.DataFrame(columns=["share_id", "shared_at", "sharer_id", "source_id", "kind"])
    return an.from_tables({"accounts": pd.DataFrame(accounts, columns=columns), "shares": shares}, title="Houses")


def shown_of(study: an.Study) -> HousesShown:
    return houses_shown(study, study.affiliations)


def test_a_house_with_few_volunteers_is_small() -> None:
    # forty people are affiliated, but a number of the house would be that of two volunteers
    assert shown_of(house_study({"A": 40, "B": 9, "C": 7})).joined == ()
    few = house_study({"A": 40, "B": 9, "C": 7}, observed=2)
    assert set(shown_of(few).joined) == {"A", "B", "C"}
    # where nobody was observed there is no number to show, and the house may say so
    assert shown_of(house_study({"A": 40, "B": 9}, observed=0)).joined == ()


def test_one_house_is_the_study() -> None:
    assert shown_of(house_study({"A": 6}, observed=2)).named == ("A",)
    assert shown_of(house_study({"A": 4})).named == ()


def test_people_of_two_small_houses_count_once() -> None:
    study = house_study({"A": 3, "B": 3, "C": 8})
    twice = study.affiliations[study.affiliations["organisation"] == "A"].assign(organisation="B")
    spells = pd.concat([study.affiliations[study.affiliations["organisation"] != "B"], twice])
    overlapping = dataclasses.replace(study, affiliations=spells)
    # A and B together are three people, not six
    assert set(shown_of(overlapping).joined) == {"A", "B", "C"}


def test_too_few_people_are_no_study() -> None:
    study = house_study({"A": 2, "B": 2})
    with pytest.raises(PrivacyError, match=r"fewer than 5 affiliated people.*collect more"):
        require_enough_people(study, study.affiliations, "this")
    require_enough_people(dataclasses.replace(study, persons="public"), study.affiliations, "this")
    require_enough_people(house_study({"A": 3, "B": 2}), house_study({"A": 3, "B": 2}).affiliations, "this")


# ---- keys ------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = create_key(tmp_path / "new" / "key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = read_key(path, study_folder=tmp_path / "study")
    assert len(key) >= 32
    assert read_key(create_key(tmp_path / "other")) != key
    with pytest.raises(PrivacyError, match="never overwritten"):
        create_key(path)
    assert read_key(path) == key


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 31 + b"\n\n\n"])
def test_a_short_key_is_refused(tmp_path: Path, content: bytes, example: an.Study) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(PrivacyError, match="at least 32"):
        read_key(tmp_path / "key")
    with pytest.raises(PrivacyError, match="at least 32"):
        pseudonymise(example, content[:31])


def test_a_line_end_is_no_part_of_a_key(tmp_path: Path) -> None:
    for name, content in (("a", b"k" * 40), ("b", b"k" * 40 + b"\r\n")):
        (tmp_path / name).write_bytes(content)
    assert read_key(tmp_path / "a") == read_key(tmp_path / "b")
    # bytes that are no text are taken as they are
    (tmp_path / "c").write_bytes(b"\xff" * 31 + b"\n")
    assert len(read_key(tmp_path / "c")) == 32


def test_a_key_in_the_study_is_refused(tmp_path: Path, example: an.Study) -> None:
    folder = example.write(tmp_path / "study")
    (folder / "sub").mkdir()
    with pytest.raises(PrivacyError, match="inside a study"):
        create_key(folder / "sub" / "key")
    outside = create_key(tmp_path / "key")
    inside = folder / "sub" / "key"
    inside.write_bytes(outside.read_bytes())
    (folder / "link").symlink_to(outside)
    (tmp_path / "leads-in").symlink_to(inside)
    for path in (inside, folder / "link", tmp_path / "leads-in", tmp_path / "x" / ".." / "study" / "sub" / "key"):
        for study in (folder, None):
            with pytest.raises(PrivacyError, match="inside a study"):
                read_key(path, study_folder=study)
    with pytest.raises(PrivacyError, match="inside a study"):
        read_key(outside, study_folder=tmp_path)
    with pytest.raises(PrivacyError, match="cannot be read"):
        read_key(tmp_path / "nothing")


# ---- pseudonyms ------------------------------------------------------------------------------------------

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def planted() -> an.Study:
    return planted_study()


def identities(study: an.Study) -> set[str]:
    """Everything that the study says of persons and outsiders by name, and every id of a thing."""
    accounts = study.accounts[study.accounts["role"] != "organisation"]
    cells = [accounts[c] for c in ("account_id", "holder_id", "handle", "name")]
    cells += [study.posts["post_id"], study.shares["share_id"], study.posts["content_id"], study.holders["name"]]
    return set(pd.concat(cells).dropna())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_a_planted_person_is_in_no_finished_byte(planted: an.Study, tmp_path: Path, root: Path) -> None:
    from ambassador_net.notebook import execute

    study = pseudonymise(planted, KEY)
    study.write(tmp_path / "study")
    an.write_network(study, tmp_path / "houses.gexf", by="house")
    an.write_network(study, tmp_path / "houses.graphml", by="house")
    tango = an.mutual_amplification(study, seed=1, permutations=20, test_permutations=200)
    (tmp_path / "tango.json").write_text(json.dumps(tango.to_dict()), "utf-8")
    write_csv(tango.houses, tmp_path / "houses.csv")
    for name, figure in (
        ("states", an.figures.pairs_by_state(tango)),
        ("both", an.figures.both_ways(tango)),
        ("ring", an.figures.share_ring(study, tango)),
    ):
        (tmp_path / f"{name}.html").write_text(figure._repr_html_() + figure.alt, "utf-8")
    environment = {"AMBASSADOR_NET_STUDY": str(tmp_path / "study")}
    notebook = execute(root / "notebooks" / "01_read.py", environment=environment)
    (tmp_path / "01_read.ipynb").write_text(json.dumps(notebook), "utf-8")
    (tmp_path / "said.txt").write_text(f"{study!r} {study} {study._repr_html_()} {study.ledger}", "utf-8")
    files = bytes_of(tmp_path)
    assert len(files) > 10
    for name, data in files.items():
        for word in PLANTED:
            assert word.casefold().encode() not in data.lower(), (word, name)
    # the organisations speak under their own names
    assert b"house_A" in files["study/accounts.csv"]
    assert b"House A" in files["houses.csv"]


EXPORTS = sorted(p for place in (ROOT / "tests" / "data", SHARED / "data" / "native") for p in place.glob("*/"))


@pytest.mark.parametrize("export", EXPORTS, ids=lambda folder: folder.name)
def test_nobody_of_any_export_is_in_a_study_under_pseudonyms(export: Path, tmp_path: Path) -> None:
    from ambassador_net.readers import import_exports

    named = import_exports([export], title=f"What {export.name} holds").study
    told = {i for i in identities(named) if len(i) >= 5}
    assert len(told) > 2
    study = pseudonymise(named, KEY)
    data = b"\n".join(bytes_of(study.write(tmp_path / "study")).values())
    words = set(re.findall(r"[\w@.:/-]+", data.decode().casefold()))
    assert not words & {i.casefold() for i in told}
    # whoever is in most rows, however it may be written
    busiest = named.posts["author_id"].value_counts().index[:2]
    persons = named.accounts[named.accounts["account_id"].isin(busiest)]
    names = {str(cell) for c in ("account_id", "handle", "name") for cell in persons[c].dropna() if len(cell) >= 5}
    assert names
    assert not found_in(data, names)
    for person in names:
        with pytest.raises(PrivacyError, match="nobody"):
            rows_of_person(study, person)


def test_without_the_key_a_dictionary_of_everybody_finds_nobody(planted: an.Study, tmp_path: Path) -> None:
    data = b"\n".join(bytes_of(pseudonymise(planted, KEY).write(tmp_path / "s")).values()).decode().casefold()
    official = set(planted.accounts.loc[planted.accounts["role"] == "organisation", "account_id"])
    dictionary = identities(planted) | {i.lstrip("@").casefold() for i in identities(planted)}
    guesses = set()
    for identity in dictionary - official:
        for kind in ("", "account", "holder", "post", "content", "share", "collection"):
            for text in (identity, f"{kind}\0{identity}", f"{kind}:{identity}", f"{kind}{identity}"):
                digests = [hashlib.new(name, text.encode()).digest() for name in ("md5", "sha1", "sha256")]
                digests += [hmac.digest(key, text.encode(), "sha256") for key in (b"", bytes(32), b"ambassador-net")]
                for digest in digests:
                    guesses |= {digest.hex()[:20], base64.b32encode(digest).decode().casefold()[:16]}
                    guesses.add(base64.urlsafe_b64encode(digest).decode().casefold()[:16])
    assert len(guesses) > 10_000
    assert not [guess for guess in guesses if guess in data]
    words = set(re.findall(r"[\w@.-]+", data))
    assert not words & {i.casefold() for i in identities(planted)}


def test_the_same_key_gives_the_same_person_and_another_key_another(planted: an.Study) -> None:
    half = dataclasses.replace(planted, shares=planted.shares.iloc[::2], posts=planted.posts.iloc[::-1])
    one, other = pseudonymise(planted, KEY), pseudonymise(half, KEY)
    assert set(other.accounts["account_id"]) == set(one.accounts["account_id"])
    assert set(other.shares["share_id"]) < set(one.shares["share_id"])
    changed = pseudonymise(planted, KEY[::-1])
    kept = {"official-A", "official-B"}
    assert set(changed.accounts["account_id"]) & set(one.accounts["account_id"]) == kept
    assert not set(changed.posts["post_id"]) & set(one.posts["post_id"])


def test_what_was_the_same_stays_the_same_and_nothing_else(planted: an.Study) -> None:
    study = pseudonymise(planted, KEY)
    for name, table in planted.tables.items():
        assert list(table.dtypes.astype(str)) == list(study.tables[name].dtypes.astype(str)), name
        assert len(table) == len(study.tables[name])
    both = an.mutual_amplification(planted, seed=1, permutations=20, test_permutations=200).to_dict()
    after = an.mutual_amplification(study, seed=1, permutations=20, test_permutations=200).to_dict()
    for part in ("dyads", "reciprocity", "houses"):
        assert both[part] == after[part]
    assert set(study.shares["post_id"]) <= set(study.posts["post_id"])
    assert set(study.posts["reply_to"].dropna()) <= set(study.posts["post_id"])
    # one id in two roles is two pseudonyms: an account that holds itself does not say so
    outside = study.accounts[study.accounts["role"] == "outside"].iloc[0]
    assert outside["account_id"].split("-")[1] != outside["holder_id"].split("-")[1]
    # what was innocent stays: answers, units, bases
    assert study.holders["answer_why"].value_counts().to_dict() == {"often": 15}
    assert study.affiliations["organisation"].value_counts().to_dict() == {"House A": 9, "House B": 7}


def test_the_order_of_rows_tells_nothing(planted: an.Study) -> None:
    study = pseudonymise(planted, KEY)
    for table, column in (("accounts", "account_id"), ("holders", "holder_id"), ("affiliations", "holder_id")):
        assert study.tables[table][column].is_monotonic_increasing
    shuffled = {n: t.sample(frac=1, random_state=1).reset_index(drop=True) for n, t in planted.tables.items()}
    again = pseudonymise(dataclasses.replace(planted, **shuffled), KEY)
    for name, table in study.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])


def test_rotating_needs_both_keys_from_then_on(planted: an.Study) -> None:
    once = pseudonymise(planted, KEY)
    new = KEY[::-1]
    twice = rotate(once, new)
    assert has_pseudonyms(once)
    assert has_pseudonyms(twice)
    assert not set(twice.posts["post_id"]) & set(once.posts["post_id"])
    assert len(rows_of_person(twice, "77123456789", keys=[KEY, new])["accounts"]) == 1
    for keys in ([KEY], [new], [new, KEY], []):
        with pytest.raises(PrivacyError, match="nobody"):
            rows_of_person(twice, "77123456789", keys=keys)
    with pytest.raises(PrivacyError, match="rotate"):
        pseudonymise(once, new)
    with pytest.raises(PrivacyError, match="pseudonymise"):
        rotate(planted, new)


# ---- what a person may ask for ---------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["77123456789", "xan-holder"])
def test_a_persons_rows_are_found_with_the_key(planted: an.Study, person: str) -> None:
    plain = rows_of_person(planted, person)
    keyed = rows_of_person(pseudonymise(planted, KEY), person, keys=[KEY])
    n = {name: len(table) for name, table in plain.items()}
    assert n == {name: len(table) for name, table in keyed.items()}
    assert n == {"accounts": 1, "holders": 1, "affiliations": 1, "posts": 7, "shares": 7, "mentions": 7}
    for name, table in rows_of_person(planted, "XANTHIPPE_h").items():
        pd.testing.assert_frame_equal(table, plain[name])


def test_nobody_is_found_by_a_wrong_key_or_as_an_organisation(planted: an.Study) -> None:
    study = pseudonymise(planted, KEY)
    for person, keys in (("77123456789", [KEY[::-1]]), ("official-A", [KEY]), ("stranger", [KEY]), ("House A", [KEY])):
        with pytest.raises(PrivacyError, match="nobody") as refused:
            rows_of_person(study, person, keys=keys)
        assert person not in str(refused.value)


def test_who_withdraws_is_gone_and_the_ledger_says_so(planted: an.Study) -> None:
    study = pseudonymise(planted, KEY)
    gone = rows_of_person(study, "77123456789", keys=[KEY])
    left = withdraw(study, "77123456789", keys=[KEY])
    with pytest.raises(PrivacyError, match="nobody"):
        rows_of_person(left, "77123456789", keys=[KEY])
    for entry in left.ledger.entries:
        n = len(gone[entry.table])
        assert entry.set_aside.get(WITHDRAWN, 0) == n
        assert entry.used == len(left.tables[entry.table])
        assert len(study.tables[entry.table]) == n + entry.used
    rest = "\n".join(table.to_csv() for table in left.tables.values())
    for table in ("accounts", "holders", "posts", "shares"):
        column = {"accounts": "account_id", "holders": "holder_id", "posts": "post_id", "shares": "share_id"}[table]
        assert not [i for i in gone[table][column] if i in rest]
    assert len(study.accounts) == 19
    # the same as never having been there, but for the collection, which was named after the person
    raw = withdraw(planted, "xan-holder")
    assert set(raw.shares["collection"]) == {"consent withdrawn 1"}
    for name, table in pseudonymise(raw, KEY).tables.items():
        other = left.tables[name].drop(columns="collection", errors="ignore")
        pd.testing.assert_frame_equal(table.drop(columns="collection", errors="ignore"), other)


def test_shares_of_a_withdrawn_post_by_an_unknown_author_go_too() -> None:
    study = planted_study()
    shares = study.shares
    mine = shares["source_id"] == "77123456789"
    assert mine.any()
    unknown = dataclasses.replace(study, shares=shares.assign(source_id=shares["source_id"].where(~mine)))
    left = withdraw(unknown, "77123456789")
    assert (
        not left.shares["original_post_id"]
        .isin(study.posts.loc[study.posts["author_id"] == "77123456789", "post_id"])
        .any()
    )
    assert not left.posts["reply_to"].str.startswith("77123456789").fillna(False).any()


def test_one_handle_of_two_people_asks_who() -> None:
    study = planted_study()
    accounts = study.accounts
    double = accounts.assign(handle=accounts["handle"].replace({"handle0": "twin", "handle1": "Twin"}))
    with pytest.raises(PrivacyError, match="several persons"):
        rows_of_person(dataclasses.replace(study, accounts=double), "@twin")
    assert len(rows_of_person(dataclasses.replace(study, accounts=double), "e1")["accounts"]) == 1


def test_the_last_person_cannot_be_taken_out() -> None:
    alone = an.from_tables(
        {
            "accounts": pd.DataFrame([{"account_id": "e", "role": "employee", "observed": "full"}]),
            "shares": pd.DataFrame(columns=["share_id", "shared_at", "sharer_id", "source_id", "kind"]),
        },
        title="Alone",
    )
    with pytest.raises(PrivacyError, match="delete its folder"):
        withdraw(alone, "e")


# ---- CSV that leaves -------------------------------------------------------------------------------------


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
        | st.sampled_from(["=1+1", "+A1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", '"', ",", "a\rb"]),
        min_size=1,
        max_size=6,
    ),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=6),
)
def test_no_cell_or_header_can_run(cells: list[str], header: str) -> None:
    frame = pd.DataFrame({header: pd.Series(cells, dtype="object"), "n": -1.5})
    rows = list(csv.reader(io.StringIO(csv_text(frame), newline="")))
    assert len(rows) == 1 + len(cells)
    for text, wanted in zip([row[0] for row in rows], [header, *cells], strict=True):
        assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert text in (wanted, f"'{wanted}")
        assert undefused(text) == wanted or wanted[:1] == "'"
    # numbers stay numbers
    assert {row[1] for row in rows[1:]} == {"-1.5"}


def test_csv_holds_every_kind_of_cell(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "t": pd.to_datetime(["2025-01-01T02:00:00+02:00", None], utc=True),
            "n": pd.array([-4, None], dtype="Int64"),
            "c": pd.Categorical(["@a", "b"]),
            "o": [["=3"], None],
            "b": [True, False],
        }
    )
    path = write_csv(frame, tmp_path / "new" / "t.csv")
    assert path.read_bytes() == b"t,n,c,o,b\n2025-01-01T00:00:00Z,-4,'@a,['=3'],True\n,,b,,False\n"
    assert [p.name for p in path.parent.iterdir()] == ["t.csv"]
    write_csv(frame.iloc[:0], path)
    assert path.read_bytes() == b"t,n,c,o,b\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are Unix's")
def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_bytes)
        write_whole(b"all of it", pipe, mode=0o600)
        assert read.result(10) == b"all of it"
    assert pipe.is_fifo()
