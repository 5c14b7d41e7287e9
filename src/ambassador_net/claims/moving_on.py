"""Advocacy moves along: how much of a person's sharing of the old house goes to the new one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.intervals import jackknife
from ambassador_net.claims.answer import Estimate, Finding, Saying, Unit, missing
from ambassador_net.claims.deciding import at_least
from ambassador_net.claims.evidence import Evidence
from ambassador_net.privacy import K
from ambassador_net.reduction import affiliations_with_basis
from ambassador_net.study import Study, rows_of

Floats = npt.NDArray[np.float64]

THRESHOLD = 0.5
"""At least half moves along."""
FEWEST_MOVERS = 10
DAY_S = 86_400.0
MONTH_S = 30 * DAY_S
LONGEST_GAP_S = 90 * DAY_S
HALF_YEAR = 6
MONTHS = (*range(-HALF_YEAR, 0), *range(1, HALF_YEAR + 1))
"""Months of 30 days, counted back from the change and forwards from it."""

SERIES = ("person_shares_old", "person_shares_new", "old_shares_person", "new_shares_person")
"""Who shares whom: the person the old house and the new one, the old house and the new one the person."""

_TIMES = ["left_s", "came_s", "old_from_s", "new_to_s"]


@dataclass(frozen=True, eq=False, repr=False)
class Changes:
    """People who changed employer, month by month around their change.

    Parameters
    ----------
    movers
        As :func:`movers` gives them: one row a person who was seen for a month or more on either side of the change.
    exposure
        Part of each month that could be seen, between 0 and 1, by series of :data:`SERIES`; shape (movers, 12).
    shares
        Shares in each month, by series; shape (movers, 12).
    """

    movers: pd.DataFrame
    exposure: Mapping[str, Floats]
    shares: Mapping[str, Floats]

    def __repr__(self) -> str:
        # one row is one person
        return f"<Changes: {len(self.movers):,} people>"


@dataclass(frozen=True)
class Measured:
    """A number that rests on people, with its interval.

    Parameters
    ----------
    value
        The number; None where it is undefined.
    interval
        95 % interval, people left out one by one; None where there is none.
    persons
        People it rests on.
    """

    value: float | None
    interval: tuple[float, float] | None
    persons: int


def movers(study: Study, spells: pd.DataFrame) -> pd.DataFrame:
    """Find the people who left one house and came to another, all sides observed.

    Parameters
    ----------
    study
        The study.
    spells
        The affiliations that count.

    Returns
    -------
    pandas.DataFrame
        One row a person, the first change of each: ``holder_id``, ``old``, ``new``; in seconds of Unix time
        ``left_s`` and ``came_s`` (the earlier and the later date of the change), ``old_from_s``, ``new_to_s``
        (infinite where open).

    Notes
    -----
    All spells of a person in one house are taken as one. The new one begins within 90 days of the end of the old
    one, before it or after it; the time between both dates is neither before the change nor after it.
    """
    accounts = study.accounts[study.accounts["observed"] != "none"]
    houses = accounts.loc[accounts["role"] == "organisation", "organisation"]
    persons = accounts.loc[accounts["role"] == "employee", "holder_id"]
    known = spells[spells["holder_id"].isin(persons) & spells["organisation"].isin(houses)]
    whole = (
        known.assign(begins=_seconds(known["valid_from"], -np.inf), ends=_seconds(known["valid_to"], np.inf))
        .groupby(["holder_id", "organisation"], as_index=False)
        .agg({"begins": "min", "ends": "max"})
    )
    left, came = whole[whole["ends"] < np.inf], whole[whole["begins"] > -np.inf]
    pairs = left.merge(came, on="holder_id", suffixes=("_old", "_new"))
    pairs = pairs[
        (pairs["organisation_old"] != pairs["organisation_new"])
        & ((pairs["begins_new"] - pairs["ends_old"]).abs() <= LONGEST_GAP_S)
        & (pairs["begins_old"] < pairs["begins_new"])
    ]
    dates = pairs[["ends_old", "begins_new"]]
    found = pd.DataFrame(
        {
            "holder_id": pairs["holder_id"],
            "old": pairs["organisation_old"],
            "new": pairs["organisation_new"],
            "left_s": dates.min(axis=1),
            "came_s": dates.max(axis=1),
            "old_from_s": pairs["begins_old"],
            "new_to_s": pairs["ends_new"],
        }
    )
    ordered = found.sort_values(["holder_id", "left_s", "came_s", "old", "new"])
    return ordered.drop_duplicates("holder_id").reset_index(drop=True)


def _seconds(times: pd.Series, missing: float) -> Floats:
    seconds = times.dt.tz_convert(None).to_numpy(dtype="datetime64[s]")
    return np.where(np.isnat(seconds), missing, seconds.astype(np.int64).astype(np.float64))


def changes(study: Study, spells: pd.DataFrame) -> Changes:
    """Count the shares between people who changed employer and both their houses.

    Parameters
    ----------
    study
        The study.
    spells
        The affiliations that count.

    Returns
    -------
    Changes
        Month by month.

    Notes
    -----
    A month counts as far as it lies inside the window in which the sharing side was collected (that of all shares
    where the accounts do not say), and inside the person's spell: before the change that in the old house, after it
    that in the new one. A share known only as an interval counts where one month holds the whole interval.
    """
    people = movers(study, spells)
    starts, ends = _months(people)
    persons, houses = _windows(study, "employee", "holder_id"), _windows(study, "organisation", "organisation")
    windows = {
        "person_shares_old": persons.reindex(people["holder_id"]),
        "person_shares_new": persons.reindex(people["holder_id"]),
        "old_shares_person": houses.reindex(people["old"]),
        "new_shares_person": houses.reindex(people["new"]),
    }
    bounds = {}
    for series, window in windows.items():
        opened, closed = window.to_numpy(dtype=np.float64).T[:, :, None]
        bounds[series] = np.maximum(starts, opened), np.minimum(ends, closed)
    exposure = {
        series: np.nan_to_num(np.maximum(closed - opened, 0.0) / MONTH_S) for series, (opened, closed) in bounds.items()
    }
    shares = {series: _counted(events, *bounds[series]) for series, events in _shares(study, people).items()}
    own = exposure["person_shares_old"]
    kept = np.minimum(own[:, :HALF_YEAR].sum(axis=1), own[:, HALF_YEAR:].sum(axis=1)) >= 1
    return Changes(
        people[kept].reset_index(drop=True),
        {series: part[kept] for series, part in exposure.items()},
        {series: n[kept] for series, n in shares.items()},
    )


def _months(people: pd.DataFrame) -> tuple[Floats, Floats]:
    """Beginning and end of each month inside the person's spell; shape (people, 12)."""
    left, came, old_from, new_to = people[_TIMES].to_numpy(dtype=np.float64).T[:, :, None]
    months = np.arange(HALF_YEAR) * MONTH_S
    starts = np.concatenate([left - HALF_YEAR * MONTH_S + months, came + months], axis=1)
    return np.maximum(starts, old_from), np.minimum(starts + MONTH_S, new_to)


def _windows(study: Study, role: str, side: str) -> pd.DataFrame:
    """From when to when each side was observed: a share outside of it would be chance."""
    accounts = study.accounts[(study.accounts["observed"] != "none") & (study.accounts["role"] == role)]
    first, last = (np.nan, np.nan) if study.window is None else (time.timestamp() for time in study.window)
    opened, closed = _seconds(accounts["observed_from"], first), _seconds(accounts["observed_to"], last)
    bounds = pd.DataFrame({"opened": opened, "closed": closed}).groupby(accounts[side].to_numpy())
    return bounds.agg({"opened": "min", "closed": "max"})


def _shares(study: Study, people: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Give the shares of each series, with the row of their person in `people`."""
    ends = _ends(study)
    row = pd.Series(people.index, index=people["holder_id"])
    found = {}
    for series in SERIES:
        house = people["old"] if "old" in series else people["new"]
        person, official = ("sharer", "source") if series.startswith("person") else ("source", "sharer")
        events = ends[(ends[f"{official}_role"] == "organisation") & ends[f"{person}_holder"].isin(row.index)]
        of = events[f"{person}_holder"].map(row)
        same = events[f"{official}_organisation"].to_numpy() == house.reindex(of).to_numpy()
        found[series] = events.assign(row=of)[same]
    return found


def _ends(study: Study) -> pd.DataFrame:
    """Shares with what is known of both ends, times in seconds."""
    accounts = study.accounts.set_index("account_id")
    shares = study.shares
    table = pd.DataFrame(
        {
            "earliest_s": _seconds(shares["shared_at_earliest"], np.nan),
            "latest_s": _seconds(shares["shared_at_latest"], np.nan),
            "sharer_id": shares["sharer_id"].to_numpy(),
        }
    )
    for end in ("sharer", "source"):
        for name, column in (("holder", "holder_id"), ("role", "role"), ("organisation", "organisation")):
            table[f"{end}_{name}"] = shares[f"{end}_id"].map(accounts[column]).to_numpy()
    table["sharer_observed"] = shares["sharer_id"].map(accounts["observed"]).to_numpy()
    return table


def _counted(events: pd.DataFrame, opened: Floats, closed: Floats) -> Floats:
    counts = np.zeros(opened.shape)
    row = events["row"].to_numpy(dtype=np.intp)
    earliest, latest = (events[name].to_numpy(dtype=np.float64)[:, None] for name in ("earliest_s", "latest_s"))
    inside = (earliest >= opened[row]) & (latest < closed[row])
    np.add.at(counts, row, inside)
    return counts


def carried(
    before: npt.ArrayLike, seen_before: npt.ArrayLike, after: npt.ArrayLike, seen_after: npt.ArrayLike
) -> Measured:
    """Compare each person's rate after the change with the same person's rate before it.

    Parameters
    ----------
    before, after
        Shares of each person.
    seen_before, seen_after
        Months in which they could be seen.

    Returns
    -------
    Measured
        Rate after the change for each rate of 1 before it; people seen on one side only are left out.

    Notes
    -----
    Mantel-Haenszel rate ratio with the person as stratum (Greenland and Robins 1985, doi:10.2307/2530643):
    sum(after seen_before / seen) / sum(before seen_after / seen). Being active or seen for longer answers for
    nothing, and nobody is left out because of months without a share. Interval on the log scale, people left out one
    by one (method 2e).

    Examples
    --------
    >>> carried([4, 2], [6, 6], [2, 1], [6, 6]).value
    0.5
    """
    y0, e0, y1, e1 = (np.asarray(column, dtype=np.float64) for column in (before, seen_before, after, seen_after))
    there = (e0 > 0) & (e1 > 0)
    y0, e0, y1, e1 = y0[there], e0[there], y1[there], e1[there]
    above, below = y1 * e0 / (e0 + e1), y0 * e1 / (e0 + e1)
    if not below.sum():
        return Measured(None, None, len(y0))
    return _ratio(above, below, log=True)


def _ratio(above: Floats, below: Floats, *, log: bool) -> Measured:
    """Divide sums over people; no interval where one of them carries a sum alone."""
    value = float(above.sum() / below.sum())
    rest = below.sum() - below
    if (rest <= 0).any() or not above.sum():
        return Measured(value, None, len(below))
    left_out = (above.sum() - above) / rest
    found = jackknife(left_out, value, transform="log" if log else "identity", unit="person")
    return Measured(value, None if found is None else (max(found.low, 0.0), found.high), len(below))


def rate(shares: Floats, exposure: Floats) -> Measured:
    """Shares a month, of all people together.

    Parameters
    ----------
    shares, exposure
        Shares of each person, and months in which they could be seen.

    Returns
    -------
    Measured
        Shares for each month seen; the interval does not reach below 0.

    Examples
    --------
    >>> rate(np.array([3.0, 1.0]), np.array([6.0, 2.0])).value
    0.5
    """
    there = exposure > 0
    if not there.any():
        return Measured(None, None, 0)
    return _ratio(shares[there], exposure[there], log=False)


def by_month(found: Changes, *, fewest: int = FEWEST_MOVERS) -> pd.DataFrame:
    """Give the event study: who shares whom in each month around the change.

    Parameters
    ----------
    found
        From :func:`changes`.
    fewest
        Fewest people of a month that is shown.

    Returns
    -------
    pandas.DataFrame
        One row a series of :data:`SERIES` and month: ``series``, ``month`` (-6 to -1, 1 to 6), ``rate`` (shares a
        month and person), ``low``, ``high`` (95 % interval, people left out one by one), ``people``; missing where
        fewer people were seen.
    """
    rows = []
    for series in SERIES:
        for column, month in enumerate(MONTHS):
            one = rate(found.shares[series][:, column], found.exposure[series][:, column])
            if one.persons < fewest:
                one = Measured(None, None, 0)
            low, high = one.interval or (None, None)
            rows.append((series, month, one.value, low, high, one.persons or None))
    columns = ["series", "month", "rate", "low", "high", "people"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"rate": "Float64", "low": "Float64", "high": "Float64", "people": "Int64"})


def audience(study: Study, spells: pd.DataFrame, people: pd.DataFrame, *, fewest: int = K) -> pd.DataFrame:
    """Count the outside accounts that shared a person before the change, and again after it.

    Parameters
    ----------
    study
        The study.
    spells
        The affiliations that count.
    people
        As :func:`movers` gives them.
    fewest
        Fewest people who stayed with whom a mover is compared.

    Returns
    -------
    pandas.DataFrame
        One row a mover: ``before``, ``again`` (distinct accounts, of those observed), and the same of those who
        stayed in the old house all the time, in the same half-years: ``others_before``, ``others_again`` (0 where
        too few stayed).

    Notes
    -----
    A mover is held against the people of the same house and the same days, because everybody's audience turns over,
    and because a half-year that ends with the study is short for both.
    """
    ends = _ends(study)
    outside = ends[
        (ends["sharer_role"] == "outside") & (ends["sharer_observed"] != "none") & (ends["source_role"] == "employee")
    ]
    begins, stops = _seconds(spells["valid_from"], -np.inf), _seconds(spells["valid_to"], np.inf)
    moved = set(people["holder_id"])
    stayers = ~spells["holder_id"].isin(moved).to_numpy()
    rows = []
    for mover in rows_of(people):
        first, last = mover.left_s - HALF_YEAR * MONTH_S, mover.came_s + HALF_YEAR * MONTH_S
        before = (outside["earliest_s"] >= first) & (outside["latest_s"] < mover.left_s)
        after = (outside["earliest_s"] >= mover.came_s) & (outside["latest_s"] < last)
        near = outside.assign(after=after)[before | after]
        all_the_time = (spells["organisation"] == mover.old).to_numpy() & (begins <= first) & (stops >= last)
        others = spells.loc[stayers & all_the_time, "holder_id"]
        others = others if others.nunique() >= fewest else others.iloc[:0]
        own = near[near["source_holder"] == mover.holder_id]
        rows.append((*_again(own), *_again(near[near["source_holder"].isin(others)])))
    return pd.DataFrame(rows, columns=["before", "again", "others_before", "others_again"], dtype="float64")


def _again(shares: pd.DataFrame) -> tuple[int, int]:
    pair = ["source_holder", "sharer_id"]
    before = shares.loc[~shares["after"], pair].drop_duplicates()
    return len(before), len(before.merge(shares.loc[shares["after"], pair].drop_duplicates()))


def audience_kept(counts: pd.DataFrame) -> tuple[Measured, Measured, Measured]:
    """Compare the audience that stays with a mover with the one that stays with others.

    Parameters
    ----------
    counts
        From :func:`audience`.

    Returns
    -------
    tuple of Measured
        Part of the movers' audience that shared them again; the same of the others, each house and half-year counted
        as often as its mover has audience; and the first less the second. Movers without an audience, or with nobody
        to compare them with, are left out.
    """
    there = counts[(counts["before"] > 0) & (counts["others_before"] > 0)]
    before, again = (there[name].to_numpy(dtype=np.float64) for name in ("before", "again"))
    if not len(there):
        nobody = Measured(None, None, 0)
        return nobody, nobody, nobody
    others = before * (there["others_again"] / there["others_before"]).to_numpy(dtype=np.float64)
    difference = float((again - others).sum() / before.sum())
    rest = before.sum() - before
    found = None
    if (rest > 0).all():
        left_out = ((again - others).sum() - (again - others)) / rest
        found = jackknife(left_out, difference, unit="person")
    return (
        _ratio(again, before, log=False),
        _ratio(others, before, log=False),
        Measured(difference, None if found is None else (found.low, found.high), len(there)),
    )


_WHY = {
    "supported": "at least half moves along",
    "not_supported": "less than half moves along",
    "cannot_tell": "neither shown nor excluded that half moves along",
}
_BEFORE, _AFTER = slice(0, HALF_YEAR), slice(HALF_YEAR, 2 * HALF_YEAR)


def ask(evidence: Evidence) -> Finding:
    """Ask whether people share a new employer at least half as much as they shared the old one.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        What of a person's sharing moves along, the same for the houses' shares of the person, the rates, and the
        audience that stays.
    """
    study = evidence.study
    spells = affiliations_with_basis(study, evidence.basis)
    found = changes(study, spells)
    fewest = max(FEWEST_MOVERS, evidence.k)
    if len(found.movers) < fewest:
        nothing = Estimate("carried_over", None, "times", why="too_few_people")
        return Finding(missing("people who changed employer"), (nothing,), THRESHOLD)
    part = len(found.movers) / spells["holder_id"].nunique()
    totals = {
        f"{series}_{when}": (found.shares[series][:, months].sum(axis=1), found.exposure[series][:, months].sum(axis=1))
        for series in SERIES
        for when, months in (("before", _BEFORE), ("after", _AFTER))
    }
    measured = {
        "carried_over": carried(*totals["person_shares_old_before"], *totals["person_shares_new_after"]),
        "carried_back": carried(*totals["old_shares_person_before"], *totals["new_shares_person_after"]),
    }
    rates = {name: rate(*total) for name, total in totals.items()}
    kept = audience_kept(audience(study, spells, found.movers, fewest=evidence.k))
    estimates = (
        *(_estimate(name, one, "times", fewest, part) for name, one in measured.items()),
        *(_estimate(name, one, "index", fewest, part) for name, one in rates.items()),
        _estimate("audience_stays", kept[0], "share", fewest, part),
        _estimate("audience_stays_with_others", kept[1], "share", fewest, part),
        _estimate("audience_difference", kept[2], "difference", fewest, part),
    )
    effect = estimates[0]
    if effect.value is None:
        verdict = Verdict("cannot_tell", ("needs shares of the old house before the change",), words="moving_on")
        return Finding(verdict, (effect,), THRESHOLD)
    answer = at_least(effect, THRESHOLD)
    return Finding(Verdict(answer, (_WHY[answer],), words="moving_on"), estimates, THRESHOLD)


def _estimate(name: str, found: Measured, unit: Unit, fewest: int, part: float) -> Estimate:
    if found.persons < fewest:
        return Estimate(name, None, unit, why="too_few_people")
    if found.value is None:
        return Estimate(name, None, unit, why="too_few_events")
    why = None if found.interval is not None else "too_little_for_an_interval"
    return Estimate(name, found.value, unit, interval=found.interval, why=why, persons=found.persons, part=part)


SAYINGS = (Saying("carries-over", 41, ask, words="moving_on", needs=("people_who_changed_employer",)),)
