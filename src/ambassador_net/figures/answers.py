"""Pictures of who answers whom: on the band of chance, by house, by lag, one timeline, and how firm it all is."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ambassador_net.amplification import Amplification
from ambassador_net.amplification.timing import Returns
from ambassador_net.amplification.weights import observed_on_both_sides
from ambassador_net.figures.drawing import (
    LIGHT,
    MARK,
    SMALL,
    TEXT,
    WIDTH,
    Figure,
    cut,
    drawing,
    key,
    localise,
    svg_of,
)
from ambassador_net.figures.telling import source_of
from ambassador_net.reduction import dyads
from ambassador_net.study import Study, rows_of
from ambassador_net.words import day, number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ambassador_net.amplification.sensitivity import Sensitivity

# nine of ten of a normal distribution
BAND = 1.645
_ROWS = 8
_MOST_IN_TIMELINE = 40
LAGS = ("lag_0_2", "lag_2_8", "lag_8_24", "lag_24_48", "lag_48_72")
_LOOK = {"organisation": ("s", "organisation"), "person": ("o", "people")}


def returns(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw the answers of both sides on the band of what chance would bring.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        Two rows: the observed mark on the band that holds nine of ten shuffles.
    """
    sides = _sides(tango)
    if not any(found.events for _, found in sides):
        return _sentence("figures.returns_unknown", tango, language)
    shares = [
        (100 * np.array([t.hits, t.expected, t.expected - BAND * t.sd, t.expected + BAND * t.sd]) / found.events)
        for _, found in sides
        if found.events
        for t in [found.tests["h48"]]
    ]
    low, high = min(s.min() for s in shares), max(s.max() for s in shares)
    margin = max(0.12 * (high - low), 2.0)
    with drawing(height=390, left=14, bottom=62) as (sheet, axes):
        axes.set(xlim=(max(0.0, low - margin), high + margin), ylim=(2.08, 0.0), yticks=[])
        for row, (who, found) in enumerate(sides):
            y = row * 1.08 + 0.44
            marker, token = _LOOK[who]
            axes.text(
                0,
                y - 0.28,
                say(f"figures.returns_{who}", language),
                transform=axes.get_yaxis_transform(),
                fontsize=TEXT,
                fontweight=650,
                color=LIGHT[token],
            )
            axes.axhline(y, color=LIGHT["hair"], linewidth=2, zorder=0)
            if not found.events:
                continue
            test = found.tests["h48"]
            per = 100 / found.events
            _band(axes, y, per * test.expected, per * test.sd)
            axes.plot([per * test.hits], [y], marker=marker, markersize=MARK * 0.9, color=LIGHT[token], zorder=3)
            axes.text(
                0,
                y + 0.33,
                say(
                    "figures.returns_counts",
                    language,
                    hits=round(test.hits),
                    events=found.events,
                    expected=round(test.expected),
                ),
                transform=axes.get_yaxis_transform(),
                fontsize=SMALL,
                color=LIGHT["chance"],
            )
        axes.set_xlabel(say("figures.axis_answers", language), fontsize=SMALL, loc="left")
        localise(axes, language)
        svg = svg_of(sheet, language)
    alt = " ".join(
        say(
            "figures.alt_returns",
            language,
            who=say(f"figures.returns_{who}", language),
            hits=round(found.tests["h48"].hits),
            events=found.events,
            expected=round(found.tests["h48"].expected),
            low=round(found.tests["h48"].expected - BAND * found.tests["h48"].sd),
            high=round(found.tests["h48"].expected + BAND * found.tests["h48"].sd),
        )
        for who, found in sides
    )
    return Figure(svg, alt, say("figures.caption_returns", language), source_of(tango, language), language)


def returns_by_house(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw the answers of each house beside chance, in standard deviations; never a verdict of a house.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One row a house with at least k people, sorted by the organisation's answers.
    """
    houses = tango.houses[tango.houses["organisation"].notna()].copy()
    for who in _LOOK:
        sd = houses[f"{who}_sd"].astype("Float64")
        excess = houses[f"{who}_hits"] - houses[f"{who}_expected"]
        houses[f"{who}_z"] = (excess / sd.where(sd > 0)).astype("Float64")
    houses = houses.sort_values("with_a_share", ascending=False, kind="stable").head(_ROWS)
    houses = houses.sort_values("organisation_z", ascending=False, na_position="last", ignore_index=True)
    if houses[["organisation_z", "person_z"]].isna().all(axis=None):
        return _sentence("figures.returns_unknown", tango, language)
    seen = houses[["organisation_z", "person_z"]].to_numpy(dtype="float64", na_value=np.nan)
    reach = max(3.0, float(np.nanmax(np.abs(seen))))
    step = min(56, 316 // len(houses))
    with drawing(height=step * len(houses) + 118, left=390, bottom=112) as (sheet, axes):
        axes.axvspan(-BAND, BAND, color=LIGHT["hair"], linewidth=0, zorder=0)
        axes.axvline(0, color=LIGHT["chance"], linewidth=3, zorder=0)
        for y, row in enumerate(rows_of(houses)):
            for shift, (who, (marker, token)) in zip((-0.14, 0.14), _LOOK.items(), strict=True):
                z = getattr(row, f"{who}_z")
                if not pd.isna(z):
                    axes.plot([z], [y + shift], marker=marker, markersize=15, color=LIGHT[token], zorder=2)
        axes.set(xlim=(-reach * 1.08, reach * 1.08), ylim=(len(houses) - 0.5, -0.5))
        axes.set_yticks(range(len(houses)), [cut(str(name)) for name in houses["organisation"]], fontsize=TEXT)
        axes.set_xlabel(say("figures.axis_standard_deviations", language), fontsize=SMALL, loc="left")
        localise(axes, language)
        key(sheet, language, "figures.key_answers")
        svg = svg_of(sheet, language)
    described = "; ".join(
        say(
            "figures.alt_house",
            language,
            house=row.organisation,
            person=_signed(row.person_z, language),
            organisation=_signed(row.organisation_z, language),
        )
        for row in rows_of(houses)
    )
    alt = f"{say('figures.alt_returns_by_house', language)} {described}."
    return Figure(svg, alt, say("figures.caption_returns_by_house", language), source_of(tango, language), language)


def excess_by_lag(tango: Amplification, *, language: str = "en") -> Figure:
    """Draw how many more answers than chance there are, by the time since the other's share.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One mark a side and lag, for 100 shares given.
    """
    excess = {
        who: [found.excess_per_100(lag) for lag in LAGS]
        for who, found in _sides(tango)
        if found.triggers and found.tests
    }
    if not excess:
        return _sentence("figures.returns_unknown", tango, language)
    with drawing(height=380, left=74, bottom=118) as (sheet, axes):
        axes.axhline(0, color=LIGHT["chance"], linewidth=3, zorder=0)
        for who, values in excess.items():
            marker, token = _LOOK[who]
            points = np.array(values, dtype=float)
            axes.plot(range(len(LAGS)), points, color=LIGHT[token], linewidth=2, zorder=1)
            axes.plot(range(len(LAGS)), points, marker=marker, markersize=17, linestyle="none", color=LIGHT[token])
        axes.set_xticks(range(len(LAGS)), [say(f"figures.{lag}", language) for lag in LAGS], fontsize=SMALL)
        axes.margins(x=0.06, y=0.18)
        axes.set_xlabel(say("figures.axis_lag", language), fontsize=SMALL, loc="left")
        axes.tick_params(axis="both", length=0, labelsize=SMALL)
        axes.yaxis.set_major_formatter(lambda y, _: number(float(y), language))
        axes.tick_params(axis="y", labelcolor=LIGHT["chance"])
        key(sheet, language, "figures.key_answers")
        svg = svg_of(sheet, language)
    described = "; ".join(
        f"{say(f'figures.returns_{who}', language)}: "
        + ", ".join(
            f"{say(f'figures.{lag}', language)} {_signed(value, language)}"
            for lag, value in zip(LAGS, values, strict=True)
        )
        for who, values in excess.items()
    )
    alt = f"{say('figures.alt_excess', language)} {described}."
    return Figure(svg, alt, say("figures.caption_excess", language), source_of(tango, language), language)


def timeline(study: Study, tango: Amplification, *, language: str = "en", answer_h: int = 48) -> Figure:
    """Draw one pair's shares in two lanes with arcs from a share to its answer; a house's where persons are private.

    Parameters
    ----------
    study
        The study.
    tango
        Its result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    answer_h
        Hours within which a share counts as an answer.

    Returns
    -------
    Figure
        The pair, unnamed but for its organisation, with the most answers; of a house, its shares a week both ways.
    """
    counted = dyads(study)
    shown = set(tango.houses["organisation"].dropna())
    # a lane that nobody observed would look like a lane without shares
    observed = observed_on_both_sides(counted.pairs)[["holder_id", "organisation"]]
    events = counted.events.merge(observed[observed["organisation"].isin(shown)], on=["holder_id", "organisation"])
    events = events[events["shared_at"].notna()]
    if events.empty:
        return _sentence("figures.timeline_unknown", tango, language)
    if not study.shows_persons:
        return _weeks_of_a_house(events, tango, language)
    both = events.groupby(["holder_id", "organisation"])["direction"].agg(["size", "nunique"])
    answers = {pair: _answers(group, answer_h) for pair, group in events.groupby(["holder_id", "organisation"])}
    # a pair with so many shares that single ones cannot be seen shows nothing
    legible = both.index[both["size"] <= _MOST_IN_TIMELINE]
    pair = max(legible if len(legible) else both.index, key=lambda p: (len(answers[p]), both.loc[p, "nunique"], p))
    own = events[(events["holder_id"] == pair[0]) & (events["organisation"] == pair[1])].reset_index(drop=True)
    days = (own["shared_at"] - own["shared_at"].min()).dt.total_seconds().to_numpy() / 86400
    by_person = (own["direction"] == "person_to_organisation").to_numpy()
    with drawing(height=330, left=14, bottom=62) as (sheet, axes):
        axes.set(ylim=(1.55, -0.75), yticks=[])
        for lane, who in ((0.0, "person"), (1.0, "organisation")):
            marker, token = _LOOK[who]
            axes.axhline(lane, color=LIGHT["hair"], linewidth=2, zorder=0)
            at = days[by_person == (who == "person")]
            axes.plot(at, np.full(len(at), lane), marker=marker, markersize=13, linestyle="none", color=LIGHT[token])
            axes.text(
                0,
                lane + (-0.34 if lane == 0 else 0.44),
                say(f"figures.lane_{who}", language, organisation=pair[1]),
                transform=axes.get_yaxis_transform(),
                fontsize=SMALL,
                fontweight=650,
                color=LIGHT[token],
            )
        for first, answer in answers[pair]:
            axes.plot(
                [days[first], days[answer]],
                [0.0 if by_person[first] else 1.0, 0.0 if by_person[answer] else 1.0],
                color=LIGHT["ink"],
                linewidth=1.6,
                zorder=1,
            )
        first_day, last_day = own["shared_at"].iloc[0].date(), own["shared_at"].iloc[-1].date()
        axes.set_xlabel(say("figures.axis_days", language, first=first_day, last=last_day), fontsize=SMALL, loc="left")
        localise(axes, language)
        svg = svg_of(sheet, language)
    alt = say(
        "figures.alt_timeline",
        language,
        organisation=pair[1],
        person=int(by_person.sum()),
        back=int((~by_person).sum()),
        answers=len(answers[pair]),
    )
    caption = say("figures.caption_timeline", language, hours=answer_h)
    return Figure(svg, alt, caption, source_of(tango, language), language)


def sensitivity_strip(found: "Sensitivity", tango: Amplification, *, language: str = "en") -> Figure:
    """Draw the verdict and the returns of both sides under each way of looking.

    Parameters
    ----------
    found
        From :func:`ambassador_net.amplification.sensitivity.sensitivity`.
    tango
        The result that it varies.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Figure
        One row a variant: the verdict in a word, and each side's returns per 100 with its upper bound.
    """
    table = found.table
    numbers = table[["organisation_returns", "organisation_upper", "person_returns", "person_upper"]].to_numpy(
        dtype="float64", na_value=np.nan
    )
    top = max(4.0, float(np.nanmax(numbers))) if np.isfinite(numbers).any() else 4.0
    low = min(0.0, float(np.nanmin(numbers))) if np.isfinite(numbers).any() else 0.0
    step = min(40, 330 // len(table))
    with drawing(height=step * len(table) + 112, left=560, bottom=106) as (sheet, axes):
        axes.axvline(2, color=LIGHT["chance"], linewidth=2, linestyle=(0, (4, 3)), zorder=0)
        for y, row in enumerate(rows_of(table)):
            axes.axhline(y, color=LIGHT["hair"], linewidth=1.5, zorder=0)
            for shift, (who, (marker, token)) in zip((-0.13, 0.13), _LOOK.items(), strict=True):
                value, upper = getattr(row, f"{who}_returns"), getattr(row, f"{who}_upper")
                if pd.isna(value):
                    continue
                if not pd.isna(upper):
                    axes.plot([value, upper], [y + shift] * 2, color=LIGHT[token], linewidth=2)
                axes.plot([value], [y + shift], marker=marker, markersize=11, color=LIGHT[token], zorder=2)
            axes.text(
                -0.015,
                y,
                say(f"verdict.{row.answer}", language),
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontsize=18,
                fontweight=650 if row.answer != table["answer"].iloc[0] else 400,
            )
            axes.text(
                -560 / (WIDTH - 560),
                y,
                say(f"sensitivity.{row.variant}", language),
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=18,
            )
        axes.set(xlim=(low * 1.1 - 0.5, top * 1.06), ylim=(len(table) - 0.4, -0.6), yticks=[])
        axes.set_xlabel(say("figures.axis_returns_per_100", language), fontsize=SMALL, loc="left")
        localise(axes, language)
        key(sheet, language, "figures.key_answers")
        svg = svg_of(sheet, language)
    described = "; ".join(
        f"{say(f'sensitivity.{row.variant}', language)}: {say(f'verdict.{row.answer}', language)}, "
        f"{_signed(row.organisation_returns, language)} / {_signed(row.person_returns, language)}"
        for row in rows_of(table)
    )
    fragile = say("figures.fragile" if found.fragile else "figures.firm", language)
    alt = f"{say('figures.alt_sensitivity', language)} {described}. {fragile}"
    return Figure(
        svg, alt, f"{say('figures.caption_sensitivity', language)} {fragile}", source_of(tango, language), language
    )


# parts -----------------------------------------------------------------------------------------------------


def _sides(tango: Amplification) -> Sequence[tuple[str, Returns]]:
    return (("organisation", tango.organisation_returns), ("person", tango.person_returns))


def _band(axes: "Axes", y: float, expected: float, sd: float) -> None:
    from matplotlib.patches import Rectangle

    half = max(BAND * sd, 0.05)
    axes.add_patch(Rectangle((expected - half, y - 0.13), 2 * half, 0.26, color=LIGHT["hair"], linewidth=0, zorder=1))
    axes.plot([expected] * 2, [y - 0.13, y + 0.13], color=LIGHT["chance"], linewidth=3, zorder=2)


def _answers(own: pd.DataFrame, answer_h: int) -> list[tuple[int, int]]:
    """Pair each share with the last counter-share before it, if that is recent enough; positions in time's order."""
    times = own["shared_at"].to_numpy()
    by_person = (own["direction"] == "person_to_organisation").to_numpy()
    last: dict[bool, int] = {}
    found = []
    for here, mine in enumerate(by_person):
        before = last.get(not mine)
        if before is not None and np.timedelta64(0, "s") < times[here] - times[before] <= np.timedelta64(answer_h, "h"):
            found.append((before, here))
        last[bool(mine)] = here
    return found


def _weeks_of_a_house(events: pd.DataFrame, tango: Amplification, language: str) -> Figure:
    busiest = events["organisation"].value_counts().sort_index().sort_values(ascending=False, kind="stable").index[0]
    own = events[events["organisation"] == busiest]
    weeks = pd.crosstab(own["shared_at"].dt.floor("7D"), own["direction"])
    weeks = weeks.reindex(pd.date_range(weeks.index.min(), weeks.index.max(), freq="7D"), fill_value=0)
    person = weeks.get("person_to_organisation", pd.Series(0, index=weeks.index)).to_numpy()
    back = weeks.get("organisation_to_person", pd.Series(0, index=weeks.index)).to_numpy()
    at = np.arange(len(weeks))
    with drawing(height=330, left=60, bottom=106) as (sheet, axes):
        axes.axhline(0, color=LIGHT["ink"], linewidth=1.5)
        axes.bar(at, person, color=LIGHT["people"], width=0.8)
        axes.bar(at, -back, color=LIGHT["organisation"], width=0.8)
        axes.margins(x=0.01, y=0.1)
        first, last = own["shared_at"].min().date(), own["shared_at"].max().date()
        axes.set_xlabel(say("figures.axis_weeks", language, first=first, last=last), fontsize=SMALL, loc="left")
        localise(axes, language)
        axes.tick_params(axis="y", labelsize=SMALL, labelcolor=LIGHT["chance"])
        axes.yaxis.set_major_formatter(lambda y, _: number(abs(float(y)), language))
        key(sheet, language, "figures.key")
        svg = svg_of(sheet, language)
    alt = say(
        "figures.alt_weeks",
        language,
        organisation=str(busiest),
        person=int(person.sum()),
        back=int(back.sum()),
        first=day(first, language),
        last=day(last, language),
    )
    caption = say("figures.caption_weeks", language, organisation=str(busiest))
    return Figure(svg, alt, caption, source_of(tango, language), language)


def _sentence(name: str, tango: Amplification, language: str) -> Figure:
    """Say in words what cannot be drawn."""
    text = say(name, language)
    with drawing(height=80) as (sheet, axes):
        axes.set_axis_off()
        axes.text(0, 0.5, text, fontsize=TEXT, va="center")
        svg = svg_of(sheet, language)
    return Figure(svg, text, say("figures.caption_mixing_unknown", language), source_of(tango, language), language)


def _signed(value: Any, language: str) -> str:
    if value is None or pd.isna(value) or not math.isfinite(float(value)):
        return say("figures.not_known", language)
    return number(float(value), language, digits=1)
