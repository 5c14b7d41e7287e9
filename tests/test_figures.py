"""Pictures hold for everyone: words with the numbers, marks that differ by shape, nobody named."""

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

import ambassador_net as an
from ambassador_net import figures
from ambassador_net.amplification import Verdict
from ambassador_net.claims import Estimate, Finding, Saying, at_least, missing
from ambassador_net.figures.board import _STRIP, _STRIP_END
from ambassador_net.looks import COLOURS
from ambassador_net.words import LANGUAGES, number, say
from small import small_study


@pytest.fixture(scope="module")
def tango(example: an.Study, _remembering: None) -> an.Amplification:
    return an.mutual_amplification(example, seed=7, permutations=60, test_permutations=300)


DRAWN: dict[str, Callable[[an.Study, an.Amplification, str], figures.Figure]] = {
    "pairs_by_state": lambda study, tango, language: figures.pairs_by_state(tango, language=language),
    "both_ways": lambda study, tango, language: figures.both_ways(tango, language=language),
    "house_mixing": lambda study, tango, language: figures.house_mixing(tango, language=language),
    "share_ring": lambda study, tango, language: figures.share_ring(study, tango, language=language),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_each_figure_has_its_words_in_each_language(
    example: an.Study, tango: an.Amplification, name: str, language: str
) -> None:
    figure = DRAWN[name](example, tango, language)
    assert re.search(r"\d", figure.alt)
    shown = figure._repr_html_()
    assert 'role="img"' in shown
    assert f'lang="{language}"' in shown
    # every figure of made-up data says so
    assert {"en": "made up", "fi": "keksitty", "sv": "påhittat"}[language] in figure.source
    ET.fromstring(figure.svg)


def test_alt_texts_hold_the_numbers_of_the_result(example: an.Study, tango: an.Amplification) -> None:
    mutual = tango.dyads["mutual"]
    assert mutual is not None
    assert number(mutual, "fi") in figures.pairs_by_state(tango, language="fi").alt
    assert tango.mixing is not None
    assert number(round(tango.mixing.n1.statistic), "en") in figures.house_mixing(tango).alt
    for row in tango.houses[tango.houses["organisation"].notna()].itertuples():
        assert row.organisation in figures.both_ways(tango).alt
        assert number(float(row.person_per_100), "fi", digits=1) in figures.both_ways(tango, language="fi").alt


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_result_gives_the_same_picture(example: an.Study, tango: an.Amplification, name: str) -> None:
    assert DRAWN[name](example, tango, "en") == DRAWN[name](example, tango, "en")


def test_text_stays_text_and_is_large_enough(example: an.Study, tango: an.Amplification) -> None:
    for draw in DRAWN.values():
        sizes = re.findall(r"font(?:-size)?: (?:\w+ )?([\d.]+)px", draw(example, tango, "en").svg)
        assert sizes
        assert min(map(float, sizes)) >= 18


def test_colours_are_tokens_and_reach_contrast(example: an.Study, tango: an.Amplification) -> None:
    for draw in DRAWN.values():
        svg = draw(example, tango, "en").svg
        bare = re.sub(r"var\(--[\w-]+, #[0-9A-Fa-f]{6}\)|url\(#[^)]*\)|href=\"#[^\"]*", "", svg)
        assert not re.findall(r"#[0-9a-fA-F]{6}", bare)

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colours in COLOURS.values():
        for token in ("ink", "people", "organisation", "chance", "outside"):
            light, dark = sorted((luminance(colours["paper"]), luminance(colours[token])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, token


def test_ids_of_two_figures_never_meet(example: an.Study, tango: an.Amplification) -> None:
    ids = [
        set(re.findall(r' id="([^"]+)"', draw(example, tango, language).svg))
        for draw in DRAWN.values()
        for language in ("en", "fi")
    ]
    assert sum(map(len, ids)) == len(set().union(*ids))


def test_not_observed_is_said_and_not_drawn_as_nothing(real) -> None:
    tango = an.mutual_amplification(real("dutch_parliament"), seed=1)
    assert "not observed" in figures.both_ways(tango).alt
    assert "cannot be compared" in figures.house_mixing(tango).alt
    assert "the other side was not observed: 106" in figures.pairs_by_state(tango).alt
    assert figures.mutual_heading(tango).lines == ("How many pairs share each other cannot be seen",)


def test_persons_are_never_named_and_drawn_singly_only_where_they_may_be(
    example: an.Study, tango: an.Amplification
) -> None:
    private = dataclasses.replace(example, made_up=False)
    single = figures.share_ring(example, tango)
    together = figures.share_ring(private, tango)
    assert single.svg.count("<use") > 200
    assert together.svg.count("<use") <= 2 * len(tango.houses)
    persons = example.accounts[example.accounts["role"] != "organisation"]
    for figure in (single, together):
        shown = figure._repr_html_()
        for column in ("account_id", "holder_id", "handle", "name"):
            assert not [value for value in persons[column].dropna() if len(value) > 5 and value in shown]


HOSTILE = 'R&D <b> "x" $a_1$ ' + "Erittäin pitkä organisaation nimi, joka jatkuu"


def test_hostile_names_do_not_break_a_picture() -> None:
    accounts = {
        "o": ("organisation", HOSTILE, "full"),
        **{f"e{i}": ("employee", HOSTILE, "full") for i in range(6)},
    }
    study = small_study(accounts, [(1, "e0", "o"), (2, "o", "e0"), (3, "o", "e1")], persons="public")
    tango = an.mutual_amplification(study, seed=1, permutations=20, test_permutations=300)
    for draw in DRAWN.values():
        shown = draw(study, tango, "en")._repr_html_()
        assert "<b>" not in shown
        ET.fromstring(shown)


@pytest.fixture(scope="module")
def answers(example: an.Study, tango: an.Amplification) -> tuple[an.Answer, ...]:
    return an.assess_all(example, seed=1, tango=tango)


def test_the_board_has_words_beside_its_marks(answers: tuple[an.Answer, ...]) -> None:
    for language in LANGUAGES:
        table = figures.board(answers, language=language)._repr_html_()
        ET.fromstring(table)
        assert table.count("<tr>") == len(answers) + 1
        figure = figures.verdicts(answers, made_up=True, language=language)
        ET.fromstring(figure.svg)
        for answer in answers:
            verdict = say(f"verdict.{answer.verdict.answer}", language)
            assert verdict in table
            assert verdict in figure.svg
            assert answer.saying(language) in figure.alt
            if answer.effect is not None and answer.effect.value is not None:
                assert answer.effect.wording(language) in figure.alt


def _judged(answer: str, *, exploratory: bool = False, **of: object) -> an.Answer:
    effect = Estimate("organisation_returns", 1.5, "times", **of)  # type: ignore[arg-type]
    verdict = Verdict(
        answer, ("the interval holds the threshold",), numbers={"threshold": 2, "per_cent": ""}, words="claims"
    )  # type: ignore[arg-type]
    saying = Saying("made-up", 1, lambda evidence: None, "two_to_tango", exploratory=exploratory)  # type: ignore[arg-type,return-value]
    return an.Answer(saying, Finding(verdict, (effect,), 2.0))


def test_marks_of_the_board_differ_by_shape() -> None:
    marks = [
        re.sub(r"<text.*?</text>|<g id=.*?>", "", figures.verdicts([_judged(kind)], made_up=False).svg, flags=re.S)
        for kind in ("supported", "not_supported", "cannot_tell")
    ]
    without_colour = [re.sub(r"var\(--[^)]*\)", "", svg) for svg in marks]
    assert len(set(without_colour)) == 3


def test_an_interval_lies_where_its_numbers_say(example: an.Study) -> None:
    def strip(interval: tuple[float, float]) -> tuple[float, float]:
        verdict = at_least(Estimate("e", 1.5, "times", interval), 2)
        svg = figures.verdicts([_judged(verdict, interval=interval)], made_up=False).svg
        # the interval is the only line of its width
        path = re.search(r'<path d="M ([\d.]+) [\d.]+ \s*L ([\d.]+) [^"]*"[^>]*stroke-width: 5', svg)
        assert path is not None
        return float(path[1]), float(path[2])

    middle = (_STRIP + _STRIP_END) / 2
    assert strip((1.0, 1.9))[1] < middle < strip((2.1, 3.0))[0]
    low, high = strip((1.0, 4.0))
    # on a logarithmic scale one half and the double lie equally far from the threshold
    assert middle - low == pytest.approx(high - middle, abs=0.5)


def test_a_verdict_that_rests_on_more_than_the_interval_is_said_in_words() -> None:
    svg = figures.verdicts([_judged("cannot_tell", interval=(1.0, 1.9))], made_up=False).svg
    assert "the interval holds 2" in svg
    assert "(1.00–1.90)" not in svg


def test_exploratory_sayings_are_marked_in_table_and_figure() -> None:
    answer = _judged("supported", exploratory=True, interval=(2.1, 3.0))
    assert "exploratory" in figures.board([answer])._repr_html_()
    assert "exploratory" in figures.verdicts([answer], made_up=False).svg


def test_a_saying_without_number_shows_what_is_missing() -> None:
    saying = Saying("made-up", 1, lambda evidence: None, "two_to_tango")  # type: ignore[arg-type,return-value]
    answer = an.Answer(saying, Finding(missing("survey answers")))
    for figure in (figures.effects(answer, made_up=True), figures.verdicts([answer], made_up=True)):
        assert "needs survey answers" in figure.svg
        assert "needs survey answers" in figure.alt.lower()


HEADINGS = (
    figures.read_heading, figures.mutual_heading, figures.both_ways_heading, figures.ring_heading,
    figures.mixing_heading, figures.answer_heading, figures.house_heading,
)  # fmt: skip


def test_headings_say_what_was_found_and_what_cannot_be_seen(tango: an.Amplification, real) -> None:
    hidden = an.mutual_amplification(real("dutch_parliament"), seed=1, permutations=20, test_permutations=300)
    for heading in HEADINGS:
        for language in LANGUAGES:
            assert heading(tango, language=language).lines != heading(hidden, language=language).lines
    houses = tango.houses
    more = int((houses["organisation_per_100"] > houses["person_per_100"]).sum())
    said = figures.both_ways_heading(tango).lines[0]
    assert f"{more} of {len(houses)}" in said or "every house" in said
    assert figures.both_ways_heading(hidden).lines == ("Who gives more per post cannot be compared",)
