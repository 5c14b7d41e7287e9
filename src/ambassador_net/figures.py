"""Every picture: drawn from a result, in the house's looks, with its own alt text and caption.

People are warm discs, organisations blue squares, chance a grey band, the rest ink. Figures are inline SVG whose
text stays text and whose colours follow the page's tokens, so a deck, a page and a notebook show the same picture.
"""

import hashlib
import html
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ambassador_net.amplification import Amplification
from ambassador_net.claims import Answer
from ambassador_net.looks import COLOURS, register_fonts
from ambassador_net.reduction import dyads
from ambassador_net.study import Study
from ambassador_net.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

WIDTH = 1104
"""Width of a figure, in pixels of a 1280 x 720 slide."""

_LIGHT = COLOURS["light"]
_TEXT, _SMALL = 24, 20
_MARK = 26
# labels longer than this are cut in the picture; the alt text and the table have them whole
_LABEL = 34
_ROWS, _RING = 8, 12
_ALPHA = 0.05


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Parameters
    ----------
    svg
        The picture, without its text alternative.
    alt
        What the picture shows, with its numbers, for those who do not see it.
    caption
        What the marks mean and where the data come from.
    language
        Language of all words in it.
    """

    svg: str
    alt: str
    caption: str
    language: str

    def _repr_html_(self) -> str:
        label = html.escape(self.alt, quote=True)
        svg = self.svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return (
            f'<figure class="anet-figure" lang="{self.language}">{svg}'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )


def pairs_by_state(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw the pairs with a share by who shares whom: both, one of them, or not known.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One bar cut into its parts, each labelled.
    """
    found = tango.dyads
    unknown = sum(
        found[f"{name}"] or 0
        for name in (
            "person_only_other_side_unknown",
            "organisation_only_other_side_unknown",
            "both_seen_one_side_unknown",
        )
    )
    parts = [
        (key, n, colour)
        for key, n, colour in (
            ("mutual", found["mutual"] or 0, "ink"),
            ("person_only", found["person_only"] or 0, "people"),
            ("organisation_only", found["organisation_only"] or 0, "organisation"),
            ("unknown", unknown, "hair"),
        )
        if n
    ]
    total = sum(n for _, n, _ in parts)
    with _drawing(height=60 + 62 * max(len(parts), 1)) as (drawing, axes):
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(60 + 62 * max(len(parts), 1), 0))
        left = 0.0
        for row, (key, n, colour) in enumerate(parts):
            width = n / total * WIDTH
            axes.add_patch(_rectangle(left, 0, max(width - 3, 1), 40, _LIGHT[colour], hatched=key == "unknown"))
            y = 84 + 62 * row
            _mark(axes, 18, y, key)
            axes.text(46, y, say(f"figures.state_{key}", language), va="center", fontsize=_TEXT)
            axes.text(
                WIDTH,
                y,
                say("figures.n_of_pairs", language, n=n, percent=round(100 * n / total)),
                va="center",
                ha="right",
                fontsize=_TEXT,
                color=_LIGHT["chance"],
            )
            left += width
        svg = _svg(drawing)
    alt = say("figures.alt_states", language, total=total) + " " + "; ".join(
        f"{say(f'figures.state_{key}', language)}: {number(n, language)}" for key, n, _ in parts
    )
    return Figure(svg, alt + ".", _caption("figures.caption_states", tango, language), language)


def both_ways(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw who gives more in each house, as paired marks of shares per 100 posts there were to share.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One row a house, sorted by how much more the organisation gives; what was not observed has no mark and
        says so.
    """
    import seaborn as sns

    houses = tango.houses.copy()
    houses["label"] = [_house(row, language) for row in houses.itertuples(index=False)]
    gap = houses["organisation_per_100"].fillna(0) - houses["person_per_100"].fillna(0)
    houses = _busiest(houses.assign(gap=gap), _ROWS).sort_values("gap", ascending=False, ignore_index=True)
    houses["row"] = range(len(houses))
    marks = houses.melt(
        id_vars=["row", "label"],
        value_vars=["person_per_100", "organisation_per_100"],
        var_name="by",
        value_name="rate",
    )
    marks["rate"] = marks["rate"].astype("float64")
    seen = marks[marks["rate"].notna()]
    step = 56 if len(houses) <= 7 else max(34, int(400 / max(len(houses), 1)))
    height = step * len(houses) + 118
    with _drawing(height=height, left=390, bottom=112) as (drawing, axes):
        for row in houses.itertuples(index=False):
            axes.axhline(row.row, color=_LIGHT["hair"], linewidth=2, zorder=0)
            rates = [float(r) for r in (row.person_per_100, row.organisation_per_100) if not pd.isna(r)]
            if len(rates) == 2:
                axes.plot(rates, [row.row] * 2, color=_LIGHT["chance"], linewidth=3, zorder=1)
        sns.scatterplot(
            data=seen,
            x="rate",
            y="row",
            hue="by",
            style="by",
            hue_order=["organisation_per_100", "person_per_100"],
            style_order=["organisation_per_100", "person_per_100"],
            palette=[_LIGHT["organisation"], _LIGHT["people"]],
            markers=["s", "o"],
            s=_MARK**2 * 0.8,
            linewidth=0,
            legend=False,
            zorder=2,
            ax=axes,
        )
        largest = float(seen["rate"].max()) if len(seen) else 1.0
        axes.set(ylim=(len(houses) - 0.5, -0.5), ylabel="", xlim=(-0.02 * (largest or 1), 1.06 * (largest or 1)))
        axes.set_yticks(range(len(houses)), [_cut(label) for label in houses["label"]], fontsize=_TEXT)
        for row in houses.itertuples(index=False):
            missing = [
                say(f"figures.{_why_missing(shares)}_{by}", language)
                for by, rate, shares in (
                    ("person", row.person_per_100, row.person_to_organisation),
                    ("organisation", row.organisation_per_100, row.organisation_to_person),
                )
                if pd.isna(rate)
            ]
            if missing:
                axes.annotate(
                    "; ".join(missing),
                    (1, row.row),
                    xycoords=("axes fraction", "data"),
                    ha="right",
                    va="bottom",
                    fontsize=18,
                    color=_LIGHT["chance"],
                )
        axes.set_xlabel(say("figures.axis_per_100", language), fontsize=_SMALL, loc="left")
        _localise(axes, language)
        _key(drawing, language)
        svg = _svg(drawing)
    described = "; ".join(
        say(
            "figures.alt_house",
            language,
            house=row.label,
            person=_rate(row.person_per_100, row.person_to_organisation, language),
            organisation=_rate(row.organisation_per_100, row.organisation_to_person, language),
        )
        for row in houses.itertuples(index=False)
    )
    alt = say("figures.alt_both_ways", language) + " " + described + "."
    return Figure(svg, alt, _caption("figures.caption_both_ways", tango, language, shown=len(houses)), language)


def house_mixing(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw how much is shared inside houses, beside the band of what strengths alone would bring.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        The observed mark on the band of chance; a sentence where it could not be observed.
    """
    found = tango.mixing
    if found is None:
        with _drawing(height=80) as (drawing, axes):
            axes.set_axis_off()
            sentence = say("figures.mixing_unknown", language)
            axes.text(0, 0.5, sentence, fontsize=_TEXT, va="center")
            svg = _svg(drawing)
        return Figure(svg, sentence, _caption("figures.caption_mixing_unknown", tango, language), language)
    with _drawing(height=250, left=14, bottom=74) as (drawing, axes):
        low, high = found.band
        # a band of whole numbers may have no width
        axes.axvspan(low - 0.5, high + 0.5, ymin=0.22, ymax=0.5, color=_LIGHT["hair"], linewidth=0)
        axes.plot([found.expected] * 2, [0.22, 0.5], color=_LIGHT["chance"], linewidth=3)
        axes.plot(
            [found.statistic], [0.36], marker="D", markersize=_MARK * 0.8, color=_LIGHT["ink"], clip_on=False
        )
        top = max(found.statistic, high) * 1.08
        axes.set(xlim=(0, top), ylim=(0, 1.2), yticks=[])
        for x, text in (
            (found.expected, say("figures.by_chance", language, n=round(found.expected))),
            (found.statistic, say("figures.observed", language, n=round(found.statistic))),
        ):
            side = "left" if x < top * 0.2 else "right" if x > top * 0.8 else "center"
            axes.text(
                x,
                0.58 if x == found.expected else 0.88,
                text,
                ha=side,
                va="bottom",
                fontsize=_TEXT,
                color=_LIGHT["chance"] if x == found.expected else _LIGHT["ink"],
            )
        axes.set_xlabel(say("figures.axis_own_shares", language), fontsize=_SMALL, loc="left")
        _localise(axes, language)
        svg = _svg(drawing)
    alt = say(
        "figures.alt_mixing",
        language,
        observed=round(found.statistic),
        expected=round(found.expected),
        low=round(low),
        high=round(high),
    )
    return Figure(svg, alt, _caption("figures.caption_mixing", tango, language), language)


def share_ring(study: Study, tango: Amplification, *, language: str = "en") -> Figure:
    """Draw organisations in a ring, each with its people beside it, mutual pairs in ink.

    Parameters
    ----------
    study
        The study; its persons are drawn, unnamed, only where they may be shown.
    tango
        The result; its houses are drawn.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One disc a person, or one disc for the people of a house where persons are private.
    """
    named = tango.houses[tango.houses["organisation"].notna()]
    houses = _busiest(named, _RING).sort_values("organisation", ignore_index=True)
    height = 540
    pairs = dyads(study).pairs if study.shows_persons else None
    with _drawing(height=height) as (drawing, axes):
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(height, 0), aspect="equal")
        centre, across, down = (WIDTH / 2, height / 2), WIDTH / 2 - 300, height / 2 - 84
        for i, row in enumerate(houses.itertuples(index=False)):
            angle = 2 * math.pi * (i + 0.5) / len(houses) - math.pi / 2
            x, y = centre[0] + across * math.cos(angle), centre[1] + down * math.sin(angle)
            outward = math.cos(angle)
            own = None if pairs is None else pairs[pairs["organisation"] == row.organisation]
            _people(axes, x, y, own, row)
            axes.plot([x], [y], marker="s", markersize=20, color=_LIGHT["organisation"], zorder=3)
            # names stand outside the ring, clear of the people
            shift = 92 if outward >= 0 else -92
            axes.text(
                x + shift,
                y,
                _cut(str(row.organisation)),
                ha="left" if outward >= 0 else "right",
                va="center",
                fontsize=_SMALL,
            )
        svg = _svg(drawing)
    described = "; ".join(
        say(
            "figures.alt_ring_house",
            language,
            house=row.organisation,
            people=int(row.people),
            mutual=say("figures.not_known", language) if pd.isna(row.mutual) else number(int(row.mutual), language),
        )
        for row in houses.itertuples(index=False)
    )
    alt = say("figures.alt_ring", language) + " " + described + "."
    key = "figures.caption_ring" if study.shows_persons else "figures.caption_ring_private"
    return Figure(svg, alt, _caption(key, tango, language), language)


@dataclass(frozen=True)
class Words:
    """Words that hold a study's numbers: a heading, a line at the foot, a list.

    Parameters
    ----------
    kind
        ``"heading"``, ``"source"`` or ``"list"``.
    lines
        The texts; a heading and a source have one.
    """

    kind: Literal["heading", "source", "list"]
    lines: tuple[str, ...]

    def _repr_html_(self) -> str:
        safe = [html.escape(line) for line in self.lines]
        if self.kind == "heading":
            return f"<h2>{safe[0]}</h2>"
        if self.kind == "source":
            return f"<p>{safe[0]}</p>"
        return "<ul>" + "".join(f"<li>{line}</li>" for line in safe) + "</ul>"


def source(tango: Amplification, *, language: str = "en") -> Words:
    """Say where the data come from, or that they are made up.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        One line.
    """
    return Words("source", (_source(tango, language),))


def mutual_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say how many of 100 pairs share each other both ways, as the heading of a slide.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be seen.
    """
    n = tango.mutual_per_100
    if n is None:
        return Words("heading", (say("talk.mutual_unknown", language),))
    return Words("heading", (say("talk.mutual", language, n=round(n)),))


def mixing_heading(tango: Amplification, *, language: str = "en") -> Words:
    """Say how many times more houses share their own than chance would, as the heading of a slide.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        The finding, or that it cannot be seen.
    """
    found = tango.mixing
    if found is None or found.lift is None or found.p_sim is None:
        return Words("heading", (say("talk.mixing_unknown", language),))
    if found.p_sim > _ALPHA:
        return Words("heading", (say("talk.mixing_none", language),))
    return Words("heading", (say("talk.mixing", language, n=number(found.lift, language, digits=1)),))


def what_was_read(study: Study, tango: Amplification, *, language: str = "en") -> Words:
    """List what the study holds and what of it is not known.

    Parameters
    ----------
    study
        The study.
    tango
        Its result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        A list.
    """
    facts = tango.study
    aside = sum(sum(entry.set_aside.values()) for entry in study.ledger.entries)
    pairs = tango.dyads["with_a_share"] or 0
    lines = [
        say(
            "talk.read",
            language,
            persons=int(tango.houses["people"].sum()),
            houses=int(tango.houses["joined"].sum()),
            shares=facts["shares"],
        )
    ]
    if study.window is not None:
        first, last = study.window
        lines.append(say("talk.period", language, first=first.date(), last=last.date()))
    lines += [
        say("talk.set_aside", language, n=aside),
        say("talk.self_shares", language, n=facts["self_shares"]),
        say("talk.source_unknown", language, n=facts["source_unknown"]),
        say("talk.unknown_pairs", language, n=pairs - (tango.dyads["both_sides_observed"] or 0), of=pairs),
    ]
    return Words("list", tuple(lines))


_VERDICT_MARKS = {
    "supported": '<circle cx="17" cy="17" r="15" fill="currentColor"/>'
    '<path d="M10 17l5 5 9-10" fill="none" stroke="var(--paper, #FBFAF7)" stroke-width="3.4"/>',
    "not_supported": '<circle cx="17" cy="17" r="14" fill="none" stroke="currentColor" stroke-width="3"/>'
    '<path d="M11 11l12 12M23 11l-12 12" stroke="currentColor" stroke-width="3"/>',
    "cannot_tell": '<circle cx="17" cy="17" r="14" fill="none" stroke="currentColor" stroke-width="3" '
    'stroke-dasharray="5 4"/><path d="M13 14a4 4 0 1 1 5.5 3.6c-1 .5-1.5 1.1-1.5 2.4M17 23v2" fill="none" '
    'stroke="currentColor" stroke-width="2.6"/>',
}


@dataclass(frozen=True)
class Sentence:
    """A verdict with its mark, to read aloud.

    Parameters
    ----------
    answer
        Which mark.
    text
        The sentence.
    language
        Its language.
    """

    answer: str
    text: str
    language: str

    def _repr_html_(self) -> str:
        return (
            f'<p class="anet-verdict" lang="{self.language}"><svg viewBox="0 0 34 34" width="56" height="56" '
            f'aria-hidden="true">{_VERDICT_MARKS[self.answer]}</svg> {html.escape(self.text)}</p>'
        )


def verdict(tango: Amplification, *, language: str = "en") -> Sentence:
    """Give the verdict with its mark, to read aloud.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Sentence
        The mark and the sentence.
    """
    return Sentence(tango.verdict.answer, tango.verdict.sentence(language), language)


@dataclass(frozen=True)
class Board:
    """The sayings with their verdicts, as a table whose marks differ by shape and word, never by colour.

    Parameters
    ----------
    rows
        Verdict, saying, verdict in words and why, one a saying.
    headings
        Of the three columns that are read.
    language
        Language of all words in it.
    """

    rows: tuple[tuple[str, str, str, str], ...]
    headings: tuple[str, str, str]
    language: str

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in self.headings)
        body = "".join(
            f'<tr><th scope="row"><svg viewBox="0 0 34 34" width="34" height="34" aria-hidden="true">'
            f"{_VERDICT_MARKS[answer]}</svg> {html.escape(saying)}</th>"
            f"<td><strong>{html.escape(verdict)}</strong></td><td>{html.escape(why)}</td></tr>"
            for answer, saying, verdict, why in self.rows
        )
        return (
            f'<table class="anet-board" lang="{self.language}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )


def board(answers: Sequence[Answer], *, language: str = "en") -> Board:
    """Put the sayings and their verdicts on one board.

    Parameters
    ----------
    answers
        From :func:`ambassador_net.assess`.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Board
        One row a saying, in the order given.
    """
    return Board(
        tuple(
            (a.verdict.answer, a.saying(language), say(f"verdict.{a.verdict.answer}", language), a.why(language))
            for a in answers
        ),
        tuple(say(f"figures.board_{column}", language) for column in ("saying", "verdict", "why")),  # type: ignore[arg-type]
        language,
    )


# drawing ---------------------------------------------------------------------------------------------


@contextmanager
def _drawing(*, height: int, left: int = 0, bottom: int = 0) -> "Iterator[tuple[Drawing, Axes]]":
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure as Drawing

    looks = {
        **sns.axes_style("white"),
        "font.family": [register_fonts(), "sans-serif"],
        "text.color": _LIGHT["ink"],
        "text.parse_math": False,
        "axes.edgecolor": _LIGHT["hair"],
        "axes.labelcolor": _LIGHT["chance"],
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "xtick.color": _LIGHT["chance"],
        "xtick.labelsize": _SMALL,
        "ytick.color": _LIGHT["ink"],
        "svg.fonttype": "none",
        "svg.hashsalt": "ambassador-net",
    }
    with mpl.rc_context(looks):
        # 72 points an inch: one point is one pixel of the slide
        drawing = Drawing(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = drawing.add_axes((left / WIDTH, bottom / height, 1 - left / WIDTH, 1 - bottom / height))
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.spines["bottom"].set_linewidth(2)
        yield drawing, axes


def _svg(drawing: "Drawing") -> str:
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    svg = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg">', svg)
    svg = svg.replace('xlink:href="#', 'href="#')
    # ids must stay apart when several figures stand on one page
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
    name = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(
        r' id="([\w.-]+)"', lambda found: f' id="f{name}-{found[1]}"' if found[1] in used else "", svg
    )
    svg = re.sub(r'(url\(|href=")#', rf"\g<1>#f{name}-", svg)
    for token, colour in _LIGHT.items():
        svg = re.sub(rf"(?i){colour}", f"var(--{token}, {colour})", svg)
    return svg.replace("'Atkinson Hyperlegible Next', sans-serif", "'Atkinson Hyperlegible Next', system-ui, sans-serif")


def _rectangle(x: float, y: float, width: float, height: float, colour: str, *, hatched: bool) -> Any:
    from matplotlib.patches import Rectangle

    if hatched:
        return Rectangle(
            (x + 1.5, y + 1.5), width - 3, height - 3, facecolor="none", edgecolor=_LIGHT["chance"],
            linewidth=2, linestyle=(0, (4, 3)),
        )  # fmt: skip
    return Rectangle((x, y), width, height, color=colour, linewidth=0)


def _mark(axes: "Axes", x: float, y: float, state: str) -> None:
    """Draw the sign of a state: a disc for the person, a square for the organisation, both for both."""
    solid = {"clip_on": False, "linestyle": "none"}
    if state == "mutual":
        axes.plot([x - 7], [y], marker="o", markersize=16, color=_LIGHT["people"], **solid)
        axes.plot([x + 9], [y], marker="s", markersize=14, color=_LIGHT["organisation"], **solid)
    elif state == "person_only":
        axes.plot([x], [y], marker="o", markersize=18, color=_LIGHT["people"], **solid)
    elif state == "organisation_only":
        axes.plot([x], [y], marker="s", markersize=16, color=_LIGHT["organisation"], **solid)
    else:
        axes.plot(
            [x], [y], marker="o", markersize=17, markerfacecolor="none", markeredgewidth=2,
            markeredgecolor=_LIGHT["chance"], **solid,
        )  # fmt: skip


def _key(drawing: "Drawing", language: str) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=marker, linestyle="none", markersize=17, color=_LIGHT[token], label=say(key, language))
        for marker, token, key in (
            ("o", "people", "figures.key_person"),
            ("s", "organisation", "figures.key_organisation"),
        )
    ]
    drawing.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 0, 1, 1), ncols=2, frameon=False, fontsize=_SMALL,
        borderpad=0, borderaxespad=0, handletextpad=0.1, columnspacing=1.5,
    )  # fmt: skip


def _people(axes: "Axes", x: float, y: float, own: pd.DataFrame | None, row: Any) -> None:
    """Draw the people of a house around their organisation: a sunflower, mutual pairs nearest."""
    if own is None:
        size = 10 + 3 * math.sqrt(int(row.people))
        line = "ink" if not pd.isna(row.mutual) and row.mutual else "hair"
        axes.plot([x - 34, x], [y, y], color=_LIGHT[line], linewidth=3, zorder=1)
        axes.plot([x - 34], [y], marker="o", markersize=size, color=_LIGHT["people"], zorder=2)
        return
    order = {"mutual": 0, "person_only": 1, "organisation_only": 1, "none": 3}
    rank = own["state"].map(order).fillna(2)
    for i, state in enumerate(own.assign(rank=rank).sort_values(["rank", "holder_id"], kind="stable")["state"]):
        radius, turn = 20 + 8.2 * math.sqrt(i), i * math.pi * (3 - math.sqrt(5))
        px, py = x + radius * np.cos(turn), y + radius * np.sin(turn)
        mutual = state == "mutual"
        if state != "none":
            axes.plot(
                [x, px], [y, py], color=_LIGHT["ink" if mutual else "hair"], linewidth=1.4 if mutual else 1, zorder=1
            )
        axes.plot([px], [py], marker="o", markersize=8 if mutual else 6.5, color=_LIGHT["people"], zorder=2)


def _localise(axes: "Axes", language: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(float(x), language)))
    axes.tick_params(axis="both", length=0)


def _house(row: Any, language: str) -> str:
    return say("figures.other_houses", language, n=int(row.joined)) if pd.isna(row.organisation) else row.organisation


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"


def _why_missing(shares: Any) -> str:
    """Say why a rate is missing: its side was not observed, or there was no post to share."""
    return "not_observed" if pd.isna(shares) else "no_posts"


def _rate(rate: Any, shares: Any, language: str) -> str:
    if not pd.isna(rate):
        return number(float(rate), language, digits=1)
    return say("figures.not_known" if pd.isna(shares) else "figures.no_posts", language)


def _busiest(houses: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep as many houses as fit on a slide: those with the most pairs that share."""
    return houses.sort_values("with_a_share", ascending=False, kind="stable").head(most)


def _caption(key: str, tango: Amplification, language: str, *, shown: int = 0) -> str:
    left_out = len(tango.houses) - shown if shown else 0
    more = f" {say('figures.left_out', language, n=shown, of=len(tango.houses))}" if left_out > 0 else ""
    return f"{say(key, language)}{more} {_source(tango, language)}"

def _source(tango: Amplification, language: str) -> str:
    text = say("figures.made_up", language) if tango.study["made_up"] else str(tango.study["title"])
    return text if text.endswith(".") else f"{text}."

