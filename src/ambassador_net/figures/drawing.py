"""The house's hand: how a figure is set up, marked, labelled and written as SVG."""

import hashlib
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ambassador_net.looks import COLOURS, FONT_FAMILY, font_face_css, register_fonts
from ambassador_net.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

WIDTH = 1104
"""Width of a figure, in pixels of a 1280 x 720 slide."""

LIGHT = COLOURS["light"]
TEXT, SMALL = 24, 20
MARK = 26
# labels longer than this are cut in the picture; the alt text and the table have them whole
_LABEL = 34


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
        What the marks mean.
    source
        Where the data come from, or that they are made up.
    language
        Language of all words in it.
    """

    svg: str
    alt: str
    caption: str
    source: str
    language: str

    def _repr_html_(self) -> str:
        label = html.escape(self.alt, quote=True)
        svg = self.svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return (
            f'<figure class="anet-figure" lang="{self.language}">{svg}'
            f"<figcaption>{html.escape(self.caption)} "
            f'<span class="anet-source">{html.escape(self.source)}</span></figcaption></figure>'
        )


@dataclass(frozen=True)
class Typeface:
    """The house's typeface, for a notebook that shows figures: without it the labels are drawn in another width."""

    def _repr_html_(self) -> str:
        return f"<style>{font_face_css()}</style>"


@contextmanager
def drawing(*, height: int, left: int = 0, bottom: int = 0) -> "Iterator[tuple[Drawing, Axes]]":
    """Set up a sheet in the house's looks: one unit is one pixel of the slide, the margins in pixels."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure as Drawing

    looks = {
        **sns.axes_style("white"),
        "font.family": register_fonts(),
        "text.color": LIGHT["ink"],
        "text.parse_math": False,
        "axes.edgecolor": LIGHT["hair"],
        "axes.labelcolor": LIGHT["chance"],
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "xtick.color": LIGHT["chance"],
        "xtick.labelsize": SMALL,
        "ytick.color": LIGHT["ink"],
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


def svg_of(drawing: "Drawing", language: str) -> str:
    """Write a sheet as inline SVG whose text is text, whose colours are tokens and whose ids are its own."""
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    # inline, a stylesheet would reach all of the page
    svg = re.sub(r"<style[^>]*>.*?</style>\s*", "", svg, flags=re.S)
    svg = re.sub(
        r'<svg [^>]*viewBox="([^"]*)"[^>]*>',
        r'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg" stroke-linejoin="round">',
        svg,
    )
    svg = svg.replace('xlink:href="#', 'href="#')
    # ids must stay apart when several figures stand on one page
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
    name = hashlib.sha256(f"{language} {svg}".encode()).hexdigest()[:8]
    svg = re.sub(r' id="([\w.-]+)"', lambda found: f' id="f{name}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r'(url\(|href=")#', rf"\g<1>#f{name}-", svg)
    for token, colour in LIGHT.items():
        svg = re.sub(rf"(?i){colour}", f"var(--{token}, {colour})", svg)
    return re.sub(r"font-family: [^;\"]*", f"font-family: '{FONT_FAMILY}', system-ui, sans-serif", svg)


def bar(x: float, y: float, width: float, height: float, colour: str, *, hatched: bool) -> Any:
    """Make a bar; what was not observed is an open, dashed one."""
    from matplotlib.patches import Rectangle

    if hatched:
        return Rectangle(
            (x + 1.5, y + 1.5), width - 3, height - 3, facecolor="none", edgecolor=LIGHT["chance"],
            linewidth=2, linestyle=(0, (4, 3)),
        )  # fmt: skip
    return Rectangle((x, y), width, height, color=colour, linewidth=0)


def mark(axes: "Axes", x: float, y: float, state: str) -> None:
    """Draw the sign of a state: a disc for the person, a square for the organisation, both for both."""
    solid: dict[str, Any] = {"clip_on": False, "linestyle": "none"}
    if state == "mutual":
        axes.plot([x - 7], [y], marker="o", markersize=16, color=LIGHT["people"], **solid)
        axes.plot([x + 9], [y], marker="s", markersize=14, color=LIGHT["organisation"], **solid)
    elif state == "person_only":
        axes.plot([x], [y], marker="o", markersize=18, color=LIGHT["people"], **solid)
    elif state == "organisation_only":
        axes.plot([x], [y], marker="s", markersize=16, color=LIGHT["organisation"], **solid)
    else:
        axes.plot(
            [x], [y], marker="o", markersize=17, markerfacecolor="none", markeredgewidth=2,
            markeredgecolor=LIGHT["chance"], **solid,
        )  # fmt: skip


def key(drawing: "Drawing", language: str, words: str = "figures.key") -> None:
    """Say at the foot of a sheet which mark is whose; the words are ``WORDS_person`` and ``WORDS_organisation``."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            marker=marker,
            linestyle="none",
            markersize=17,
            color=LIGHT[token],
            label=say(f"{words}_{who}", language),
        )
        for marker, token, who in (("o", "people", "person"), ("s", "organisation", "organisation"))
    ]
    drawing.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 0, 1, 1), ncols=2, frameon=False, fontsize=SMALL,
        borderpad=0, borderaxespad=0, handletextpad=0.1, columnspacing=1.5,
    )  # fmt: skip


def localise(axes: "Axes", language: str) -> None:
    """Write the ticks of the horizontal axis as the language does."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(float(x), language)))
    axes.tick_params(axis="both", length=0)


def cut(label: str) -> str:
    """Cut a label that would leave the sheet."""
    return label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"
