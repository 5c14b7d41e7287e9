"""Small houses leave only together, and no difference shows one of them."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ambassador_net as an
from ambassador_net.errors import PrivacyError
from ambassador_net.privacy import join_small_houses, require_persons_shown


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
    cross = cross_shares(example, counted)
    assert len(describe(example, counted, cross, k=60)) < len(describe(example, counted, cross, k=5))


def test_the_house_too_small_to_show_is_not_shown(example: an.Study, tmp_path) -> None:
    from ambassador_net.amplification.weights import people_of_houses
    from ambassador_net.reduction import dyads

    people = people_of_houses(example, dyads(example))
    small = set(people[people < 5].index)
    assert small
    tango = an.mutual_amplification(example, seed=1, permutations=20)
    assert not small & set(tango.houses["organisation"].dropna())
    file = an.write_network(dataclasses.replace(example, made_up=False), tmp_path / "h.gexf", by="house")
    assert not [name for name in small if name in file.read_text("utf-8")]


def test_persons_are_shown_only_where_they_may_be(example: an.Study) -> None:
    private = dataclasses.replace(example, made_up=False)
    with pytest.raises(PrivacyError, match="by house"):
        require_persons_shown(private, "this")
    require_persons_shown(dataclasses.replace(private, persons="public"), "this")
    require_persons_shown(example, "this")
