"""Pictures of a result: pairs by state, both ways by house, house mixing, the ring."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ambassador_net.amplification import Amplification
from ambassador_net.figures.drawing import (
    LIGHT,
    MARK,
    SMALL,
    TEXT,
    WIDTH,
    Figure,
    bar,
    cut,
    drawing,
    key,
    localise,
    mark,
    svg_of,
)
from ambassador_net.figures.telling import source_of
from ambassador_net.reduction import dyads
from ambassador_net.study import Study, rows_of
from ambassador_net.words import number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS, _RING = 8, 12


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
    with drawing(height=60 + 62 * max(len(parts), 1)) as (sheet, axes):
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(60 + 62 * max(len(parts), 1), 0))
        left = 0.0
        for row, (key, n, colour) in enumerate(parts):
            width = n / total * WIDTH
            axes.add_patch(bar(left, 0, max(width - 3, 1), 40, LIGHT[colour], hatched=key == "unknown"))
            y = 84 + 62 * row
            mark(axes, 18, y, key)
            axes.text(46, y, say(f"figures.state_{key}", language), va="center", fontsize=TEXT)
            axes.text(
                WIDTH,
                y,
                say("figures.n_of_pairs", language, n=n, percent=round(100 * n / total)),
                va="center",
                ha="right",
                fontsize=TEXT,
                color=LIGHT["chance"],
            )
            left += width
        svg = svg_of(sheet, language)
    alt = (
        say("figures.alt_states", language, total=total)
        + " "
        + "; ".join(f"{say(f'figures.state_{key}', language)}: {number(n, language)}" for key, n, _ in parts)
    )
    return Figure(
        svg,
        alt + ".",
        _caption("figures.caption_states", tango, language),
        source_of(tango, language),
        language,
    )


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
    houses["label"] = [_house(row, language) for row in rows_of(houses)]
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
    step = min(56, 320 // max(len(houses), 1))
    height = step * len(houses) + 118
    with drawing(height=height, left=390, bottom=112) as (sheet, axes):
        for row in rows_of(houses):
            axes.axhline(row.row, color=LIGHT["hair"], linewidth=2, zorder=0)
            rates = [float(r) for r in (row.person_per_100, row.organisation_per_100) if not pd.isna(r)]
            if len(rates) == 2:
                axes.plot(rates, [row.row] * 2, color=LIGHT["chance"], linewidth=3, zorder=1)
        if len(seen):
            sns.scatterplot(
                data=seen,
                x="rate",
                y="row",
                hue="by",
                style="by",
                hue_order=["organisation_per_100", "person_per_100"],
                style_order=["organisation_per_100", "person_per_100"],
                palette=[LIGHT["organisation"], LIGHT["people"]],
                markers=["s", "o"],
                s=MARK**2 * 0.8,
                linewidth=0,
                legend=False,
                zorder=2,
                ax=axes,
            )
        largest = float(seen["rate"].max()) if len(seen) else 1.0
        axes.set(
            ylim=(max(len(houses), 1) - 0.5, -0.5), ylabel="", xlim=(-0.02 * (largest or 1), 1.06 * (largest or 1))
        )
        axes.set_yticks(range(len(houses)), [cut(label) for label in houses["label"]], fontsize=TEXT)
        for row in rows_of(houses):
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
                    color=LIGHT["chance"],
                )
        axes.set_xlabel(say("figures.axis_per_100", language), fontsize=SMALL, loc="left")
        localise(axes, language)
        key(sheet, language)
        svg = svg_of(sheet, language)
    described = "; ".join(
        say(
            "figures.alt_house",
            language,
            house=row.label,
            person=_rate(row.person_per_100, row.person_to_organisation, language),
            organisation=_rate(row.organisation_per_100, row.organisation_to_person, language),
        )
        for row in rows_of(houses)
    )
    alt = say("figures.alt_both_ways", language) + " " + described + "."
    return Figure(
        svg,
        alt,
        _caption("figures.caption_both_ways", tango, language, shown=len(houses)),
        source_of(tango, language),
        language,
    )


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
    found = None if tango.mixing is None else tango.mixing.n1
    if found is None:
        with drawing(height=80) as (sheet, axes):
            axes.set_axis_off()
            sentence = say("figures.mixing_unknown", language)
            axes.text(0, 0.5, sentence, fontsize=TEXT, va="center")
            svg = svg_of(sheet, language)
        return Figure(
            svg,
            sentence,
            _caption("figures.caption_mixing_unknown", tango, language),
            source_of(tango, language),
            language,
        )
    with drawing(height=250, left=14, bottom=74) as (sheet, axes):
        low, high = found.band
        # a band of whole numbers may have no width
        axes.axvspan(low - 0.5, high + 0.5, ymin=0.22, ymax=0.5, color=LIGHT["hair"], linewidth=0)
        axes.plot([found.expected] * 2, [0.22, 0.5], color=LIGHT["chance"], linewidth=3)
        axes.plot([found.statistic], [0.36], marker="D", markersize=MARK * 0.8, color=LIGHT["ink"], clip_on=False)
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
                fontsize=TEXT,
                color=LIGHT["chance"] if x == found.expected else LIGHT["ink"],
            )
        axes.set_xlabel(say("figures.axis_own_shares", language), fontsize=SMALL, loc="left")
        localise(axes, language)
        svg = svg_of(sheet, language)
    # too many shares to shuffle: the band is that of the closed form
    how = "mixing" if found.permutations else "mixing_not_shuffled"
    alt = say(
        f"figures.alt_{how}",
        language,
        observed=round(found.statistic),
        expected=round(found.expected),
        low=round(low),
        high=round(high),
    )
    return Figure(svg, alt, _caption(f"figures.caption_{how}", tango, language), source_of(tango, language), language)


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
    height = 430
    pairs = dyads(study).pairs if study.shows_persons else None
    with drawing(height=height) as (sheet, axes):
        axes.set_axis_off()
        axes.set(xlim=(0, WIDTH), ylim=(height, 0), aspect="equal")
        centre, across, down = (WIDTH / 2, height / 2), WIDTH / 2 - 260, height / 2 - 70
        for i, row in enumerate(rows_of(houses)):
            angle = 2 * math.pi * (i + 0.5) / len(houses) - math.pi / 2
            x, y = centre[0] + across * math.cos(angle), centre[1] + down * math.sin(angle)
            outward = math.cos(angle)
            own = None if pairs is None else pairs[pairs["organisation"] == row.organisation]
            _people(axes, x, y, own, row)
            axes.plot([x], [y], marker="s", markersize=20, color=LIGHT["organisation"], zorder=3)
            # names stand outside the ring, clear of the people
            shift = 84 if outward >= 0 else -84
            axes.text(
                x + shift,
                y,
                cut(str(row.organisation)),
                ha="left" if outward >= 0 else "right",
                va="center",
                fontsize=SMALL,
            )
        svg = svg_of(sheet, language)
    described = "; ".join(
        say(
            "figures.alt_ring_house",
            language,
            house=row.organisation,
            people=int(row.people),
            mutual=say("figures.not_known", language) if pd.isna(row.mutual) else number(int(row.mutual), language),
        )
        for row in rows_of(houses)
    )
    alt = say("figures.alt_ring", language) + " " + described + "."
    key = "figures.caption_ring" if study.shows_persons else "figures.caption_ring_private"
    return Figure(svg, alt, _caption(key, tango, language), source_of(tango, language), language)


def _people(axes: "Axes", x: float, y: float, own: pd.DataFrame | None, row: Any) -> None:
    """Draw the people of a house around their organisation: a sunflower, mutual pairs nearest."""
    if own is None:
        size = 10 + 3 * math.sqrt(int(row.people))
        line = "ink" if not pd.isna(row.mutual) and row.mutual else "hair"
        axes.plot([x - 34, x], [y, y], color=LIGHT[line], linewidth=3, zorder=1)
        axes.plot([x - 34], [y], marker="o", markersize=size, color=LIGHT["people"], zorder=2)
        return
    order = {"mutual": 0, "person_only": 1, "organisation_only": 1, "none": 3}
    rank = own["state"].map(order).fillna(2)
    for i, state in enumerate(own.assign(rank=rank).sort_values(["rank", "holder_id"], kind="stable")["state"]):
        radius, turn = 18 + 6.6 * math.sqrt(i), i * math.pi * (3 - math.sqrt(5))
        px, py = x + radius * np.cos(turn), y + radius * np.sin(turn)
        mutual = state == "mutual"
        if state != "none":
            axes.plot(
                [x, px],
                [y, py],
                color=LIGHT["ink" if mutual else "hair"],
                linewidth=1.4 if mutual else 1,
                zorder=1,
            )
        axes.plot([px], [py], marker="o", markersize=6.5 if mutual else 5.5, color=LIGHT["people"], zorder=2)


def _house(row: Any, language: str) -> str:
    return say("figures.other_houses", language, n=int(row.joined)) if pd.isna(row.organisation) else row.organisation


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
    return f"{say(key, language)}{more}"
