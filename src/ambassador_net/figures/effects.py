"""The numbers of one saying: each with its interval, beside what it is held against."""

import textwrap
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ambassador_net.claims import Answer, Estimate
from ambassador_net.figures.drawing import LIGHT, SMALL, TEXT, WIDTH, Figure, drawing, localise, svg_of
from ambassador_net.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW, _HIGH_ROW, _FEW = 58, 72, 4
_HEAD, _FOOT = 62, 46
_LABELS, _NUMBERS = 410, 290
_LINE = 38
_MOST = 6
# of the axis: nearer labels would touch
_APART = 0.12
# from here on a logarithmic axis has room for powers of ten only
_WIDE = 50


def effects(*answers: Answer, made_up: bool, only: Collection[str] = (), language: str = "en") -> Figure:
    """Draw the numbers of a saying with their intervals, beside what they are held against.

    Parameters
    ----------
    *answers
        From :func:`ambassador_net.assess_all`; several where sayings share one test and differ in what its numbers are
        held against.
    made_up
        Whether the study is, which the figure then says.
    only
        Names of the numbers to draw, where a slide has no room for all; none draws the first six.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One line a number that has the unit of the effect, and a bar at each threshold; ratios on a logarithmic axis.
        Where the study has no such number, what is missing.
    """
    first = answers[0]
    effect = first.effect
    alike = [e for e in first.finding.estimates if effect is not None and e.unit == effect.unit]
    shown = [e for e in alike if e.name in only] if only else alike[:_MOST]
    source = say("figures.made_up", language) if made_up else ""
    caption = say("figures.effects_caption", language)
    if not any(e.value is not None for e in shown):
        return Figure(_words_only(first, language), _alt(answers, shown, language), "", source, language)
    thresholds = [a.finding.threshold for a in answers if a.finding.threshold is not None]
    height = (_ROW if len(shown) > _FEW else _HIGH_ROW) * len(shown) + _HEAD + _FOOT
    with drawing(height=height, left=_LABELS, bottom=_FOOT) as (sheet, axes):
        # the numbers stand to the right of the axis, inside the sheet
        width = (WIDTH - _LABELS - _NUMBERS) / WIDTH
        axes.set_position((_LABELS / WIDTH, _FOOT / height, width, 1 - (_HEAD + _FOOT) / height))
        axes.set(ylim=(len(shown), 0), yticks=[], xlim=_limits(shown, thresholds))
        if _logarithmic(shown):
            axes.set_xscale("log")
        _thresholds(axes, thresholds, first, language)
        for row, estimate in enumerate(shown):
            _draw(axes, row + 0.5, first, estimate, language)
        _ticks(axes, first, language)
        svg = svg_of(sheet, language)
    return Figure(svg, _alt(answers, shown, language), caption, source, language)


def _thresholds(axes: "Axes", thresholds: Sequence[float], answer: Answer, language: str) -> None:
    """Draw a bar at each threshold; a label that would touch the one before it stands higher."""
    before, raised = -1.0, False
    for threshold in sorted(thresholds):
        place = axes.transAxes.inverted().transform(axes.transData.transform((threshold, 0)))[0]
        raised = place - before < _APART and not raised
        before = place
        axes.axvline(threshold, color=LIGHT["chance"], linewidth=3, zorder=1)
        axes.annotate(
            _written(answer, threshold, language), (threshold, 1), xycoords=axes.get_xaxis_transform(),
            xytext=(0, 26 if raised else 4), textcoords="offset points", fontsize=SMALL, color=LIGHT["chance"],
            ha="center", va="bottom",
        )  # fmt: skip


def _draw(axes: "Axes", y: float, answer: Answer, estimate: Estimate, language: str) -> None:
    label = textwrap.wrap(answer.label(estimate, language), _LINE, max_lines=2, placeholder=" …")
    left = axes.get_yaxis_transform()
    axes.text(
        -_LABELS / (WIDTH - _LABELS - _NUMBERS), y, "\n".join(label), transform=left, fontsize=SMALL, va="center",
        linespacing=1.1,
    )  # fmt: skip
    axes.axhline(y, color=LIGHT["hair"], linewidth=2, zorder=0)
    if estimate.value is None:
        text = textwrap.fill(estimate.wording(language), 28, max_lines=2, placeholder=" …")
        axes.text(1.03, y, text, transform=left, fontsize=SMALL, va="center", color=LIGHT["chance"], linespacing=1.1)
        return
    if estimate.interval is not None:
        axes.plot(estimate.interval, [y, y], color=LIGHT["ink"], linewidth=6, solid_capstyle="butt", zorder=2)
    axes.plot([estimate.value], [y], marker="o", markersize=18, color=LIGHT["ink"], zorder=3)
    axes.text(1.03, y, estimate.short(language), transform=left, fontsize=TEXT, va="center")


def _logarithmic(shown: Sequence[Estimate]) -> bool:
    ends = [end for e in shown if e.value is not None for end in (e.value, *(e.interval or ()))]
    return shown[0].unit == "times" and min(ends) > 0


def _limits(shown: Sequence[Estimate], thresholds: Sequence[float]) -> tuple[float, float]:
    ends = [end for e in shown if e.value is not None for end in (e.value, *(e.interval or ()))] + list(thresholds)
    if _logarithmic(shown):
        return min(*ends, 0.5) / 1.3, max(*ends, 2.0) * 1.3
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    margin = 0.06 * ((high - low) or 1.0)
    return low - margin if low < 0 else low, high + margin


def _ticks(axes: "Axes", answer: Answer, language: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    localise(axes, language)
    if axes.get_xscale() == "log":
        low, high = axes.get_xlim()
        axes.xaxis.set_major_locator(LogLocator(subs=(1,) if high / low > _WIDE else (1, 2, 5), numticks=12))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _written(answer, float(x), language)))
    axes.tick_params(axis="both", which="both", length=0)


def _written(answer: Answer, value: float, language: str) -> str:
    per_cent = answer.effect is not None and answer.effect.unit == "share"
    return f"{number(100 * value, language)} %" if per_cent else number(value, language)


def _words_only(answer: Answer, language: str) -> str:
    with drawing(height=120) as (sheet, axes):
        axes.set(xticks=[], yticks=[])
        axes.spines["bottom"].set_visible(False)
        text = f"{say('verdict.cannot_tell', language)}: {answer.why(language)}."
        axes.text(0, 0.5, textwrap.fill(text, 84), transform=axes.transAxes, fontsize=TEXT, va="center")
        return svg_of(sheet, language)


def _alt(answers: Sequence[Answer], shown: Sequence[Estimate], language: str) -> str:
    first = answers[0]
    lines = [
        f"{a.saying(language)}: {say(f'verdict.{a.verdict.answer}', language)}, {a.why(language)}." for a in answers
    ]
    for estimate in shown:
        label = first.label(estimate, language)
        lines.append(f"{label[:1].upper()}{label[1:]}: {estimate.wording(language)}.")
    held = [_written(first, a.finding.threshold, language) for a in answers if a.finding.threshold is not None]
    if held and any(e.value is not None for e in shown):
        lines.append(say("figures.effects_held_against", language, thresholds="; ".join(held)))
    return " ".join(lines)
