"""The board: all sayings with their verdicts, as one table and as one figure."""

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ambassador_net.claims import Answer, at_least
from ambassador_net.figures.drawing import LIGHT, SMALL, WIDTH, Figure, drawing, svg_of
from ambassador_net.figures.telling import VERDICT_MARKS
from ambassador_net.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = ("saying", "verdict", "effect", "why", "rests_on")
_FINE = 18
_ROW = 44
# where the columns of the figure begin, in pixels
_SAYING, _VERDICT, _STRIP, _EFFECT = 46, 516, 680, 874
_STRIP_END = 850
_LINE_OF_SAYING, _LINE_OF_WHY = 57, 48


@dataclass(frozen=True)
class Board:
    """The sayings with their verdicts, as a table whose marks differ by shape and word, never by colour.

    Parameters
    ----------
    rows
        Verdict, and the texts of the columns, one a saying.
    headings
        Of the columns.
    language
        Language of all words in it.
    """

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    headings: tuple[str, ...]
    language: str

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in self.headings)
        body = "".join(self._row(answer, texts) for answer, texts in self.rows)
        return (
            f'<table class="anet-board" lang="{self.language}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )

    def _row(self, answer: str, texts: tuple[str, ...]) -> str:
        saying, verdict, *others = map(html.escape, texts)
        cells = "".join(f"<td>{text}</td>" for text in others)
        return (
            f'<tr><th scope="row"><svg viewBox="0 0 34 34" width="34" height="34" aria-hidden="true">'
            f"{VERDICT_MARKS[answer]}</svg> {saying}</th><td><strong>{verdict}</strong></td>{cells}</tr>"
        )


def board(answers: Sequence[Answer], *, language: str = "en") -> Board:
    """Put the sayings and their verdicts into one table.

    Parameters
    ----------
    answers
        From :func:`ambassador_net.assess_all`.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Board
        One row a saying, in the order given: verdict, effect with interval, why or what is missing, and what it rests
        on.
    """
    return Board(
        tuple((a.verdict.answer, _texts(a, language)) for a in answers),
        tuple(say(f"figures.board_{column}", language) for column in _COLUMNS),
        language,
    )


def _texts(answer: Answer, language: str) -> tuple[str, ...]:
    effect = answer.effect
    known = effect is not None and effect.value is not None
    return (
        answer.saying(language),
        _verdict(answer, language),
        f"{answer.label(effect, language)}: {effect.wording(language)}" if effect is not None and known else "–",
        answer.why(language),
        effect.rests_on(language) if effect is not None and known else "–",
    )


def _verdict(answer: Answer, language: str) -> str:
    said = say(f"verdict.{answer.verdict.answer}", language)
    return say("figures.board_exploratory", language, verdict=said) if answer.exploratory else said


def verdicts(answers: Sequence[Answer], *, made_up: bool, language: str = "en") -> Figure:
    """Draw the board: each saying with its verdict, its effect, and where the interval lies from the threshold.

    Parameters
    ----------
    answers
        From :func:`ambassador_net.assess_all`.
    made_up
        Whether the study is, which the figure then says.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One line a saying. The marks of the verdicts differ by shape; each line has its own scale around its own
        threshold, ratios a logarithmic one.
    """
    height = _ROW * len(answers) + 34
    with drawing(height=height) as (sheet, axes):
        axes.set(xlim=(0, WIDTH), ylim=(height, 0), xticks=[], yticks=[])
        axes.spines["bottom"].set_visible(False)
        for column, x in (("saying", _SAYING), ("verdict", _VERDICT), ("threshold", _STRIP), ("effect_short", _EFFECT)):
            axes.text(
                x, 12, say(f"figures.board_{column}", language), fontsize=_FINE, color=LIGHT["chance"], va="center"
            )
        for row, answer in enumerate(answers):
            y = 34 + _ROW * (row + 0.5)
            axes.plot([0, WIDTH], [y - _ROW / 2] * 2, color=LIGHT["hair"], linewidth=1)
            _mark(axes, 18, y, answer.verdict.answer)
            _text(axes, _SAYING, y, answer.saying(language), _LINE_OF_SAYING)
            said = say(f"verdict.{answer.verdict.answer}", language)
            above = 10 if answer.exploratory else 0
            axes.text(_VERDICT, y - above, said, fontsize=_FINE, fontweight=650, va="center")
            if answer.exploratory:
                note = say("claims.exploratory", language).lower()
                axes.text(_VERDICT, y + above, note, fontsize=_FINE, va="center", color=LIGHT["chance"])
            _found(axes, y, answer, language)
        svg = svg_of(sheet, language)
    return Figure(
        svg,
        _alt(answers, language),
        say("figures.board_caption", language),
        say("figures.made_up", language) if made_up else "",
        language,
    )


def _mark(axes: "Axes", x: float, y: float, answer: str) -> None:
    """Draw the mark of a verdict: a disc with a tick, a ring with a cross, a dashed ring with a question mark."""
    from matplotlib.patches import Circle

    filled, open_ = answer == "supported", answer == "cannot_tell"
    colour = LIGHT["chance" if open_ else "ink"]
    line = (0, (2.4, 1.6)) if open_ else "-"
    axes.add_patch(
        Circle((x, y), 14, facecolor=colour if filled else "none", edgecolor=colour, linewidth=2.4, linestyle=line)
    )
    if filled:
        axes.plot([x - 6, x - 1.5, x + 7], [y, y + 5, y - 5], color=LIGHT["paper"], linewidth=3)
    elif answer == "not_supported":
        for sign in (1, -1):
            axes.plot([x - 5, x + 5], [y - 5 * sign, y + 5 * sign], color=LIGHT["ink"], linewidth=2.6)
    else:
        axes.text(x, y + 0.5, "?", fontsize=SMALL, fontweight=650, ha="center", va="center", color=colour)


def _text(axes: "Axes", x: float, y: float, text: str, width: int, *, colour: str = "ink") -> None:
    lines = textwrap.wrap(text, width, max_lines=2, placeholder=" …")
    axes.text(x, y, "\n".join(lines), fontsize=_FINE, va="center", linespacing=0.98, color=LIGHT[colour])


def _found(axes: "Axes", y: float, answer: Answer, language: str) -> None:
    """Draw the effect beside its threshold, or say why there is none."""
    effect, threshold = answer.effect, answer.finding.threshold
    if effect is None or effect.value is None:
        _text(axes, _STRIP, y, answer.why(language), _LINE_OF_WHY, colour="chance")
        return
    if threshold is None or effect.interval is None or at_least(effect, threshold) != answer.verdict.answer:
        # the verdict rests on more than this interval, which beside it would mislead
        _text(axes, _STRIP, y, answer.why(language), _LINE_OF_WHY)
        return
    low, high = effect.interval
    place = _scale((low, effect.value, high), threshold, logarithmic=effect.unit == "times" and low > 0)
    axes.plot([_STRIP, _STRIP_END], [y, y], color=LIGHT["hair"], linewidth=2)
    middle = (_STRIP + _STRIP_END) / 2
    axes.plot([middle, middle], [y - 15, y + 15], color=LIGHT["chance"], linewidth=3)
    axes.plot([place(low), place(high)], [y, y], color=LIGHT["ink"], linewidth=5, solid_capstyle="butt")
    axes.plot([place(effect.value)], [y], marker="o", markersize=13, color=LIGHT["ink"])
    axes.text(_EFFECT, y, effect.short(language), fontsize=_FINE, va="center")


def _scale(values: Sequence[float], threshold: float, *, logarithmic: bool) -> "_Scale":
    farthest = max(abs(_on(value, logarithmic) - _on(threshold, logarithmic)) for value in values)
    return _Scale(threshold, max(farthest, 1e-9), logarithmic)


def _on(value: float, logarithmic: bool) -> float:
    return math.log(value) if logarithmic else value


@dataclass(frozen=True)
class _Scale:
    """Where a number lies on a strip whose middle is the threshold."""

    threshold: float
    farthest: float
    logarithmic: bool

    def __call__(self, value: float) -> float:
        off = (_on(value, self.logarithmic) - _on(self.threshold, self.logarithmic)) / self.farthest
        return (_STRIP + _STRIP_END) / 2 + off * (_STRIP_END - _STRIP - 20) / 2


def _alt(answers: Sequence[Answer], language: str) -> str:
    lines = []
    for answer in answers:
        effect = answer.effect
        said = f"{answer.saying(language)}: {_verdict(answer, language)}. {answer.why(language).capitalize()}"
        if effect is not None and effect.value is not None:
            said += f"; {answer.label(effect, language)} {effect.wording(language)}"
        if effect is not None and effect.value is not None and answer.finding.threshold is not None:
            threshold = number(answer.finding.threshold, language)
            said += f", {say('figures.board_held_against', language, threshold=threshold)}"
        lines.append(f"{said}.")
    return f"{say('figures.board_alt', language, n=len(answers))} {' '.join(lines)}"
