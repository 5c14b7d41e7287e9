"""The sayings: what the figures of the reference say, and never a number where data are missing."""

import json

import pytest

import ambassador_net as an
from ambassador_net import claims
from ambassador_net.errors import AmbassadorError
from ambassador_net.words import LANGUAGES


@pytest.mark.parametrize(
    ("name", "ratio", "posts"),
    [("conference_hashtags", 0.839224, (386, 133)), ("us_congress_2020", 0.25381, (48381, 4300))],
)
def test_raw_ratio_of_times_shared(real, name: str, ratio: float, posts: tuple[int, int]) -> None:
    found = an.assess("people-more-interesting", real(name), seed=1)
    assert found.numbers["ratio"] == pytest.approx(ratio, abs=1e-5)
    assert (found.numbers["person_posts"], found.numbers["organisation_posts"]) == posts
    assert found.verdict.answer == "cannot_tell"


def test_missing_data_are_named_and_give_no_number(real) -> None:
    study = real("dutch_parliament")
    for name, reason in (
        ("people-more-interesting", "needs posts of both sides"),
        ("replaces-marketing", "needs followers at posting time"),
    ):
        found = an.assess(name, study, seed=1)
        assert found.verdict.reasons == (reason,)
        assert not any(character.isdigit() for character in found.why("en"))


def test_every_saying_can_be_said(example: an.Study) -> None:
    tango = an.mutual_amplification(example, seed=1, permutations=5)
    for name in claims.names():
        answer = an.assess(name, example, seed=1, tango=tango)
        assert len({answer.saying(language) for language in LANGUAGES}) == len(LANGUAGES)
        assert all(answer.why(language) for language in LANGUAGES)
        json.dumps(answer.to_dict())


def test_an_unknown_saying_lists_the_known(example: an.Study) -> None:
    with pytest.raises(AmbassadorError, match="two-to-tango"):
        an.assess("eight-times", example, seed=1)
