"""The sayings: one shape, never a number where data are missing, corrected explorations, small groups unseen."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net import claims
from ambassador_net.claims import Answer, Estimate, Finding, Saying, at_least, held_against, missing
from ambassador_net.claims import _corrected as corrected
from ambassador_net.claims import _large_groups_only as large_groups_only
from ambassador_net.errors import AmbassadorError, PrivacyError
from ambassador_net.words import LANGUAGES
from small import ROOT, small_study


@pytest.fixture(scope="module")
def answers(example: an.Study) -> tuple[Answer, ...]:
    return an.assess_all(
        example, seed=1, tango=an.mutual_amplification(example, seed=1, permutations=20, test_permutations=300)
    )


def test_every_saying_can_be_said_in_every_language(answers: tuple[Answer, ...]) -> None:
    assert [answer.name for answer in answers] == list(claims.names())
    for answer in answers:
        for say in (answer.saying, answer.source, answer.estimand, answer.wording):
            assert len({say(language) for language in LANGUAGES}) == len(LANGUAGES), answer.name
        assert all(answer.why(language) and answer.needs(language) for language in LANGUAGES)
        assert "<section" in answer.told("fi")._repr_html_()
        json.dumps(answer.to_dict(), allow_nan=False)


def test_every_number_says_its_unit_its_sizes_and_its_interval_or_why_it_has_none(answers: tuple[Answer, ...]) -> None:
    for answer in answers:
        for estimate in answer.finding.estimates:
            assert estimate.interval is not None or estimate.why is not None, (answer.name, estimate.name)
            if estimate.value is None:
                assert not re.search(r"\d", estimate.wording("en")), (answer.name, estimate.name)
                continue
            sizes = (estimate.organisations, estimate.persons, estimate.posts)
            assert any(n is not None for n in sizes), (answer.name, estimate.name)
            if estimate.interval is not None:
                assert estimate.interval[0] <= estimate.value <= estimate.interval[1], (answer.name, estimate.name)


def test_a_study_without_the_data_gets_no_number_of_any_saying() -> None:
    bare = small_study(
        {"o": ("organisation", "A", "full"), **{f"e{i}": ("employee", "A", "full") for i in range(6)}},
        [(i, f"e{i % 6}", "o") for i in range(12)],
        persons="public",
    )
    for answer in an.assess_all(bare, seed=1):
        assert answer.verdict.answer == "cannot_tell", answer.name
        if answer.name != "two-to-tango":
            assert not re.search(r"\d", answer.why("en")), answer.name
            assert answer.effect is None or answer.effect.value is None, answer.name


def test_a_saying_alone_is_answered_as_among_all(example: an.Study, answers: tuple[Answer, ...]) -> None:
    for answer in answers:
        if answer.name != "two-to-tango":
            assert an.assess(answer.name, example, seed=1).finding.estimates == answer.finding.estimates


def test_an_unknown_saying_lists_the_known(example: an.Study) -> None:
    with pytest.raises(AmbassadorError, match="two-to-tango"):
        an.assess("nine-times", example, seed=1)


def test_fewer_than_k_private_people_are_refused() -> None:
    study = small_study({"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}, [(1, "e", "o")])
    with pytest.raises(PrivacyError):
        an.assess_all(study, seed=1)


@pytest.mark.parametrize(
    ("interval", "answer"),
    [((2, 3), "supported"), ((1, 1.99), "not_supported"), ((1, 2), "cannot_tell"), (None, "cannot_tell")],
)
def test_the_interval_decides(interval: tuple[float, float] | None, answer: str) -> None:
    effect = Estimate("e", 2.0, "times", interval, None if interval else "too_few_organisations")
    assert at_least(effect, 2) == answer
    found = held_against(effect, 2)
    assert found.verdict.answer == answer
    assert found.verdict.why("en")


def _exploration(name: str, p: float | None, answer: str = "supported", *, exploratory: bool = True) -> Answer:
    verdict = missing("survey answers") if p is None else held_against(Estimate("e", 2, "times", (1.5, 3)), 1).verdict
    return Answer(
        Saying(name, 1, lambda evidence: Finding(verdict), "claims", exploratory=exploratory), Finding(verdict, p=p)
    )


def test_explorations_are_corrected_together_and_the_others_left_alone() -> None:
    asked = [
        _exploration("a", 0.01),
        _exploration("b", 0.04),
        _exploration("c", None),
        _exploration("d", 0.9),
        _exploration("fixed", 0.04, exploratory=False),
    ]
    found = {answer.name: answer for answer in corrected(asked)}
    # by hand: 0.01 x 3 / 1, 0.04 x 3 / 2, 0.9 x 3 / 3
    assert [found[name].q for name in "abd"] == pytest.approx([0.03, 0.06, 0.9])
    assert found["a"].verdict.answer == "supported"
    assert found["b"].verdict.answer == "cannot_tell"
    assert "chance" in found["b"].why("en")
    assert found["c"].q is None
    assert (found["fixed"].q, found["fixed"].verdict.answer) == (None, "supported")


def test_numbers_of_fewer_than_k_people_are_taken_away_and_verdicts_that_need_them_too() -> None:
    large, small = Estimate("a", 2.0, "times", (1.5, 3.0), persons=40), Estimate("b", 1.0, "times", persons=4)
    verdict = held_against(large, 1).verdict
    beside = large_groups_only(Finding(verdict, (large, small), 1.0, 0.01), 5)
    assert (beside.verdict, beside.estimates[1].value, beside.p) == (verdict, None, 0.01)
    decides = large_groups_only(Finding(verdict, (small, large), 1.0, 0.01), 5)
    assert (decides.verdict.answer, decides.estimates[0].persons, decides.p) == ("cannot_tell", None, None)


def example_posts_and_houses(folder: Path) -> pd.DataFrame:
    """One row a post and house, counted without the reduction."""
    study = an.read(folder)
    posts = study.posts[study.posts["kind"] == "original"].merge(
        study.accounts, left_on="author_id", right_on="account_id"
    )
    official = posts[posts["role"] == "organisation"]
    own = posts[posts["role"] == "employee"].drop(columns="organisation").merge(study.affiliations, on="holder_id")
    begun = own["valid_from"].isna() | (own["posted_at"] >= own["valid_from"])
    lasts = own["valid_to"].isna() | (own["posted_at"] < own["valid_to"])
    return pd.concat([official, own[begun & lasts]])


def test_the_page_on_a_saying_of_ones_own_holds(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own-claim.md").read_text("utf-8")
    assert len(page.splitlines()) <= 50
    code, words = (re.search(rf"```{kind}\n(.*?)```", page, re.S)[1] for kind in ("python", "toml"))
    package = tmp_path / "ambassador_net"
    shutil.copytree(ROOT / "src" / "ambassador_net", package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    (package / "claims" / "posts_are_theirs.py").write_text(code)
    for language in LANGUAGES:
        (package / "words" / f"posts_are_theirs.{language}.toml").write_text(words)
    script = (
        "import ambassador_net as an; a = an.assess('posts-are-theirs', an.read('data/example'), seed=1); "
        "print(an.claims.__file__, a.verdict.answer, f'{a.effect.value:.6f}', a.told('fi')._repr_html_())"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", f"import ambassador_net.claims; {script}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert str(tmp_path) in ran.stdout
    posts = example_posts_and_houses(ROOT / "data" / "example")
    assert f"supported {(posts['role'] == 'employee').mean():.6f}" in ran.stdout
