"""Advocacy is done on top of the work: people post and share mostly outside working hours and days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification.intervals import FEWEST_GROUPS, jackknife
from ambassador_net.amplification.timing import FEWEST_EVENTS
from ambassador_net.amplification.verdict import Verdict
from ambassador_net.claims.answer import Estimate, Finding, Saying, Unit, missing
from ambassador_net.claims.deciding import at_least
from ambassador_net.claims.evidence import Evidence
from ambassador_net.nulls import p_value
from ambassador_net.study import Study
from ambassador_net.words import territory

NAME = "done-on-top"
MOSTLY = 0.5
"""Share of the activity outside working time from which it is done on top of the work; fixed beforehand."""
OFFICE_HOURS = "Mon-Fri 08:00-17:00"
"""Working hours, in local time, of whoever gives none of their own."""
MINUTES: Mapping[str, float] = MappingProxyType({"original": 20.0, "reply": 5.0, "quote": 5.0, "repost": 2.0})
"""Working minutes that an action is taken to cost: a stated assumption, not a measurement."""
LEAST_ZONED = 0.8
"""Least part of the active people whose working time has to be known."""
FEWEST_ACTS = 11
"""Fewest actions of a person whose rhythm, or whose part outside working time, is compared with others'."""
FEWEST_WEEKS = 4
"""Fewest weeks over which a person's activity a week is counted."""
PERMUTATIONS = 1999

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_SHIFT = re.compile(
    r"(?P<day>{0})(?:-(?P<to>{0}))? (?P<begin>\d\d?:\d\d)-(?P<end>\d\d?:\d\d)".format("|".join(_DAYS)), re.IGNORECASE
)
_HOUR = pd.Timedelta(hours=1)
_WEEK_S = 7 * 24 * 3600

_UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        "weeks_active": "share",
        "bursts": "index",
        "unevenness": "index",
        "busiest_tenth": "share",
        "hours_implied": "hours",
        "hours_reserved": "hours",
        "outside_by_reserved": "difference",
        "activity_by_reserved": "difference",
        "outside_by_described": "difference",
        "activity_by_described": "difference",
    }
)


# ------------------------------------------------------------------------------------------------ working time


def working_minutes(pattern: str) -> Bools | None:
    """Read working hours.

    Parameters
    ----------
    pattern
        For example ``"Mon-Fri 08:00-16:00; Sat 10:00-14:00"``; a shift that ends before it begins ends on the next day.

    Returns
    -------
    numpy.ndarray or None
        Whether each minute of the week, from Monday 0:00, is working time; None if the text is no such pattern.

    Examples
    --------
    >>> int(working_minutes("Mon-Fri 08:00-16:00").sum() / 60), working_minutes("whenever") is None
    (40, True)
    """
    working = np.zeros(_WEEK, dtype=bool)
    for part in pattern.split(";"):
        found = _SHIFT.fullmatch(part.strip().replace("\N{EN DASH}", "-"))
        if found is None:
            return None
        first = _DAYS.index(found["day"].lower())
        last = _DAYS.index((found["to"] or found["day"]).lower())
        begin, end = _minute(found["begin"]), _minute(found["end"])
        if begin is None or end is None or begin == end:
            return None
        minutes = np.arange(begin, end if end > begin else end + _DAY)
        for day in range((last - first) % 7 + 1):
            working[((first + day) * _DAY + minutes) % _WEEK] = True
    return working


def _minute(clock: str) -> int | None:
    hour, minute = map(int, clock.split(":"))
    return hour * 60 + minute if minute < 60 and hour * 60 + minute <= _DAY else None


@cache
def _holidays(country: str, years: tuple[int, ...]) -> "npt.NDArray[np.datetime64] | None":
    """Public holidays of a country; None where the library does not know it."""
    from holidays import country_holidays

    try:
        return np.array([*country_holidays(country, years=years)], dtype="datetime64[D]")
    except NotImplementedError:
        return None


def outside_working_time(at: "pd.Series[pd.Timestamp]", time_zone: str, pattern: str = OFFICE_HOURS) -> Bools | None:
    """Say which moments lie outside the working time of people in one time zone.

    Parameters
    ----------
    at
        Moments, in UTC.
    time_zone
        IANA name.
    pattern
        Working hours, as in :func:`working_minutes`.

    Returns
    -------
    numpy.ndarray or None
        Whether each is outside; a public holiday of the zone's country is outside for everybody. None if the zone lies
        in no country whose holidays are known, or the working hours cannot be read.
    """
    country, working = territory(time_zone), working_minutes(pattern)
    if country is None or working is None:
        return None
    local = at.dt.tz_convert(time_zone).dt
    days = local.tz_localize(None).to_numpy().astype("datetime64[D]")
    free = _holidays(country, tuple(sorted(set(local.year))))
    if free is None:
        return None
    minute = (local.day_of_week * _DAY + local.hour * 60 + local.minute).to_numpy()
    return ~working[minute] | np.isin(days, free)


# ------------------------------------------------------------------------------------------- what people did


def actions(study: Study, affiliations: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """List what people did themselves: posts, replies, quotes and shares from accounts that were collected.

    Parameters
    ----------
    study
        The study.
    affiliations
        The spells to use.

    Returns
    -------
    actions : pandas.DataFrame
        One row an action whose time is known to the hour: ``holder_id``, ``organisation`` (of the spell at that time;
        the first by name of several), ``at``, ``kind``. A share that stands among the posts, too, is one action.
    untimed : int
        Shares of these people whose time is not known to the hour.
    """
    accounts = study.accounts
    people = accounts[(accounts["role"] == "employee") & (accounts["observed"] != "none")]
    holder = people.set_index("account_id")["holder_id"]
    shares = study.shares[study.shares["sharer_id"].isin(holder.index)]
    timed = shares["shared_at_latest"] - shares["shared_at_earliest"] <= _HOUR
    posts = study.posts[study.posts["author_id"].isin(holder.index)]
    columns = ["account_id", "at", "kind"]
    done = pd.concat(
        [
            posts.rename(columns={"author_id": "account_id", "posted_at": "at"})[columns],
            shares[timed].rename(columns={"sharer_id": "account_id", "shared_at_earliest": "at"})[columns],
        ],
        ignore_index=True,
    )
    # no account acts twice in a second: the post and the share are the same
    done = done.drop_duplicates(["account_id", "at"], ignore_index=True)
    done = done.assign(holder_id=done["account_id"].map(holder), action=np.arange(len(done)))
    spells = affiliations[["holder_id", "organisation", "valid_from", "valid_to"]]
    placed = done.merge(spells, on="holder_id")
    inside = ~(placed["at"] < placed["valid_from"]) & ~(placed["at"] >= placed["valid_to"])
    placed = placed[inside].sort_values(["action", "organisation"]).drop_duplicates("action", ignore_index=True)
    return placed[["holder_id", "organisation", "at", "kind"]], int((~timed).sum())


def with_working_time(done: pd.DataFrame, holders: pd.DataFrame) -> pd.DataFrame:
    """Say of each action whether it lies outside the person's working time.

    Parameters
    ----------
    done
        As of :func:`actions`.
    holders
        As in a study.

    Returns
    -------
    pandas.DataFrame
        The actions of those people whose working time is known, with the columns ``outside`` and ``assumed`` (whether
        office hours were taken for hours of their own).
    """
    told = holders.set_index("holder_id")[["time_zone", "working_hours"]]
    zoned = done.join(told, on="holder_id").dropna(subset="time_zone")
    own = zoned["working_hours"]
    zoned = zoned.assign(working_hours=own.fillna(OFFICE_HOURS), assumed=own.isna())
    known = []
    for (zone, pattern), rows in zoned.groupby(["time_zone", "working_hours"]):
        outside = outside_working_time(rows["at"], str(zone), str(pattern))
        if outside is not None:
            known.append(rows.assign(outside=outside))
    return pd.concat(known) if known else zoned.iloc[:0].assign(outside=np.zeros(0, dtype=bool))


# ------------------------------------------------------------------------------------------------ the effect


@dataclass(frozen=True)
class Outside:
    """Which share of the activity lies outside working time.

    Parameters
    ----------
    share
        The share; None with fewer than 30 actions.
    interval
        95 % interval; None with fewer than 5 organisations, or where all lies on one side.
    organisations
        Organisations with an action.
    """

    share: float | None
    interval: tuple[float, float] | None
    organisations: int


def share_outside(outside: npt.ArrayLike, organisation: Ints) -> Outside:
    """Estimate the share of activity outside working time.

    Parameters
    ----------
    outside
        Of each action whether it is outside; shape (n,).
    organisation
        A number for the organisation of each action; shape (n,).

    Returns
    -------
    Outside
        Actions outside over all actions, with the jackknife of method 2e over organisations on the logit scale.
    """
    beyond = np.bincount(organisation, np.asarray(outside, dtype=np.float64))
    total = np.bincount(organisation)
    beyond, total = beyond[total > 0], total[total > 0]
    if total.sum() < FEWEST_EVENTS:
        return Outside(None, None, len(total))
    share = float(beyond.sum() / total.sum())
    if len(total) < FEWEST_GROUPS:
        return Outside(share, None, len(total))
    found = jackknife((beyond.sum() - beyond) / (total.sum() - total), share, transform="logit")
    return Outside(share, None if found is None else (found.low, found.high), len(total))


# ------------------------------------------------------------------------- rhythm, concentration, hours


def burstiness(times_h: npt.ArrayLike) -> float | None:
    """Measure how bursty a sequence is: -1 like a clock, 0 at random, 1 all in bursts.

    Parameters
    ----------
    times_h
        Times in hours, in any order; shape (n + 1,).

    Returns
    -------
    float or None
        The parameter; None with fewer than 11 times, or all at one moment.

    Notes
    -----
    With r the standard deviation over the mean of the n intervals, Goh and Barabasi (2008),
    doi:10.1209/0295-5075/81/48002, take (r - 1) / (r + 1), which depends on n; Kim and Jo (2016), equation 22,
    doi:10.1103/PhysRevE.94.032311, correct it: ``(sqrt(n + 1) r - sqrt(n - 1)) / ((sqrt(n + 1) - 2) r + sqrt(n - 1))``.

    Examples
    --------
    >>> burstiness(range(20))
    -1.0
    """
    gaps = np.diff(np.sort(np.asarray(times_h, dtype=np.float64)))
    n = len(gaps)
    if n + 1 < FEWEST_ACTS or not gaps.sum():
        return None
    r = float(gaps.std() / gaps.mean())
    return float((np.sqrt(n + 1) * r - np.sqrt(n - 1)) / ((np.sqrt(n + 1) - 2) * r + np.sqrt(n - 1)))


def unevenness(amounts: npt.ArrayLike) -> float | None:
    """Measure how unevenly activity is spread over people, by the Gini coefficient.

    Parameters
    ----------
    amounts
        Activity of each person, 0 for those without any; shape (n,).

    Returns
    -------
    float or None
        0 if all do the same, 1 if one does everything; None with fewer than two people or without activity.

    Notes
    -----
    ``sum (2 i - n - 1) x_i / ((n - 1) sum x)`` over the sorted amounts, with n - 1 against the bias of small groups:
    Deltas (2003), doi:10.1162/rest.2003.85.1.226. It describes these people, without an interval: where activity has
    the tail that it has here, jackknife intervals over people or organisations hold the value of a large population
    in .86 to .95 of made-up worlds with 25 to 250 people, those of the busiest tenth in .71 to .92.

    Examples
    --------
    >>> unevenness([1, 1, 1]), unevenness([0, 0, 3])
    (0.0, 1.0)
    """
    x = np.sort(np.asarray(amounts, dtype=np.float64))
    n = len(x)
    if n < 2 or not x.sum():
        return None
    return float((np.arange(1 - n, n, 2) * x).sum() / ((n - 1) * x.sum()))


def busiest_tenth(amounts: npt.ArrayLike) -> float | None:
    """Measure which share of the activity the busiest tenth of the people does.

    Parameters
    ----------
    amounts
        As in :func:`unevenness`.

    Returns
    -------
    float or None
        The share of the busiest n / 10 people, a fraction of a person counted as that fraction of what the next one
        does; None with fewer than two people or without activity.

    Examples
    --------
    >>> busiest_tenth([1] * 10), busiest_tenth([1] * 19 + [21])
    (0.1, 0.55)
    """
    x = np.sort(np.asarray(amounts, dtype=np.float64))[::-1]
    n = len(x)
    if n < 2 or not x.sum():
        return None
    return float((np.clip(n / 10 - np.arange(n), 0, 1) * x).sum() / x.sum())


def difference_inside(
    value: Floats, group: Bools, house: Ints, *, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> tuple[float, float, int] | None:
    """Compare two groups of people inside their houses.

    Parameters
    ----------
    value
        Of each person; shape (n,).
    group
        Whether the person is in the first group; shape (n,).
    house
        A number for the person's house; shape (n,).
    rng
        Random generator.
    permutations
        Number of draws.

    Returns
    -------
    tuple of float, float and int, or None
        First group minus second (the houses' differences, weighted by ``n1 n2 / (n1 + n2)``), its two-sided p-value
        when the groups are exchanged at random inside houses, and the size of the smaller group; None where no house
        has people of both.
    """
    order = np.argsort(house, kind="stable")
    value, group, house = value[order], group[order], np.unique(house[order], return_inverse=True)[1]
    size, first = np.bincount(house), np.bincount(house, group)
    weight = first * (size - first) / size
    if not weight.sum():
        return None
    both = (weight > 0)[house]
    centred = value - (np.bincount(house, value) / size)[house]
    drawn = np.argsort(house + rng.random((permutations, len(house))), axis=1)
    statistic = float(centred @ group)
    draws = group[drawn].astype(np.float64) @ centred
    p = min(1.0, 2 * min(p_value(draws, statistic), p_value(draws, statistic, "less")))
    smaller = min(int((group & both).sum()), int((~group & both).sum()))
    return statistic / float(weight.sum()), p, smaller


# ------------------------------------------------------------------------------------------- the question


def ask(evidence: Evidence) -> Finding:
    """Ask whether advocacy is done on top of the work.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The share of people's own activity outside their working time; beside it the rhythm and the concentration of
        the activity, and the hours that it implies against the hours reserved.
    """
    spells = evidence.dyads.affiliations
    done, untimed = actions(evidence.study, spells)
    timed = with_working_time(done, evidence.study.holders)
    active, known = done["holder_id"].nunique(), timed["holder_id"].nunique()
    people = _people(evidence.study, spells, done, timed)
    described = (*_descriptions(people), *_comparisons(people, evidence.rng(NAME)))
    if not active:
        verdict, effect = missing("more people"), Estimate("outside", None, "share", why="needs_more_people")
    elif known < LEAST_ZONED * active:
        verdict, why = missing("time zones of the people"), "needs_time_zones_of_the_people"
        effect = Estimate("outside", None, "share", why=why)
        described = tuple(e.without_number(why) if e.name.startswith("outside") else e for e in described)
    else:
        number = np.unique(timed["organisation"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
        found = share_outside(timed["outside"].to_numpy(dtype=bool), number)
        effect = _effect(found, known, len(timed) / (len(done) + untimed))
        verdict = _verdict(found, effect, office_hours_assumed=bool(timed["assumed"].any()))
    return Finding(verdict, (effect, *described), threshold=MOSTLY)


def _effect(found: Outside, persons: int, part: float) -> Estimate:
    if found.share is None:
        return Estimate("outside", None, "share", why="too_few_events")
    why = None
    if found.interval is None:
        why = "too_few_organisations" if found.organisations < FEWEST_GROUPS else "all_on_one_side"
    return Estimate("outside", found.share, "share", found.interval, why, found.organisations, persons, part=part)


def _verdict(found: Outside, effect: Estimate, *, office_hours_assumed: bool) -> Verdict:
    if found.share is None:
        return Verdict("cannot_tell", ("too little activity",), words="planned_work")
    if found.organisations < FEWEST_GROUPS:
        return missing("more organisations")
    if found.interval is None:
        return Verdict("cannot_tell", ("all on one side",), words="planned_work")
    answer = at_least(effect, MOSTLY)
    reason = {
        "supported": "mostly outside working time",
        "not_supported": "mostly inside working time",
        "cannot_tell": "neither mostly outside nor mostly inside",
    }[answer]
    notes = ("office hours assumed",) if office_hours_assumed else ()
    return Verdict(answer, (reason,), notes=notes, words="planned_work")


def _people(study: Study, spells: pd.DataFrame, done: pd.DataFrame, timed: pd.DataFrame) -> pd.DataFrame:
    """Sum up each person all of whose accounts were observed fully for four weeks or more: actions and terms of work.

    Where nobody says since when an account was collected, it is known to have been since the person's first action.
    """
    accounts = study.accounts[study.accounts["role"] == "employee"]
    begin, end = done["at"].min(), done["at"].max()
    spell = spells.assign(
        valid_from=spells["valid_from"].fillna(begin), valid_to=spells["valid_to"].fillna(end)
    ).groupby("holder_id")
    accounts = accounts.join(done.groupby("holder_id")["at"].min().rename("first"), on="holder_id")
    window = accounts.assign(
        start=accounts["observed_from"].fillna(accounts["first"]).fillna(begin),
        end=accounts["observed_to"].fillna(end),
        full=accounts["observed"] == "full",
    )
    people = window.groupby("holder_id").agg(full=("full", "all"), start=("start", "min"), end=("end", "max"))
    people = people.join(
        spell.agg(house=("organisation", "min"), joined=("valid_from", "min"), left=("valid_to", "max"))
    )
    # nobody is expected to speak for a house before or after belonging to one
    people["start"], people["end"] = people[["start", "joined"]].max(axis=1), people[["end", "left"]].min(axis=1)
    people["weeks"] = (people["end"] - people["start"]).dt.total_seconds() / _WEEK_S
    people = people[people["full"] & (people["weeks"] >= FEWEST_WEEKS) & people["house"].notna()].copy()
    during = done.merge(people[["start", "end"]].reset_index(), on="holder_id")
    during = during[(during["at"] >= during["start"]) & (during["at"] <= during["end"])]
    since = (during["at"] - during["start"]).dt.total_seconds()
    minutes = during["kind"].map(MINUTES).astype("float64")
    by = during.assign(week=since // _WEEK_S, hours=since / 3600, minutes=minutes).groupby("holder_id")
    people["actions"] = by.size().reindex(people.index, fill_value=0)
    people["minutes"] = by["minutes"].sum().reindex(people.index, fill_value=0.0)
    people["weeks_active"] = (by["week"].nunique() / np.ceil(people["weeks"])).reindex(people.index).fillna(0.0)
    bursts = {holder: found for holder, times in by["hours"] if (found := burstiness(times)) is not None}
    people["bursts"] = people.index.to_series().map(bursts).astype("float64")
    clocked = timed["outside"].astype("float64").groupby(timed["holder_id"])
    people["outside"] = clocked.mean()[clocked.size() >= FEWEST_ACTS].reindex(people.index)
    terms = study.holders.set_index("holder_id")[["hours_reserved", "in_job_description"]]
    return people.join(terms)


def _descriptions(people: pd.DataFrame) -> tuple[Estimate, ...]:
    """Rhythm, concentration and hours of the people who were observed fully."""
    a_week = (people["actions"] / people["weeks"]).to_numpy(dtype=np.float64)
    bursty = people["bursts"].dropna()
    reserved = people[people["hours_reserved"].notna()]
    told = reserved if len(reserved) else people
    spent = float((told["minutes"] / told["weeks"]).mean() / 60) if len(told) else None
    return (
        _described("weeks_active", float(people["weeks_active"].mean()) if len(people) else None, len(people)),
        _described("bursts", float(bursty.median()) if len(bursty) else None, len(bursty)),
        _described("unevenness", unevenness(a_week), len(people)),
        _described("busiest_tenth", busiest_tenth(a_week), len(people)),
        _described("hours_implied", spent, len(told)),
        _described("hours_reserved", float(reserved["hours_reserved"].mean()), len(reserved))
        if len(reserved)
        else Estimate("hours_reserved", None, "hours", why="needs_hours_reserved"),
    )


def _described(name: str, value: float | None, persons: int) -> Estimate:
    if value is None:
        return Estimate(name, None, _UNITS[name], why="needs_fully_observed_people")
    return Estimate(name, value, _UNITS[name], why="no_intervals_for_descriptions", persons=persons)


def _comparisons(people: pd.DataFrame, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Compare people with and without reserved hours, and with and without a job description, inside houses."""
    estimates = []
    for term, group, need in (
        ("reserved", people["hours_reserved"].gt(0).where(people["hours_reserved"].notna()), "hours_reserved"),
        (
            "described",
            people["in_job_description"].eq("yes").where(people["in_job_description"].notna()),
            "job_descriptions",
        ),
    ):
        for measure, value in (("outside", people["outside"]), ("activity", people["actions"] / people["weeks"])):
            name = f"{measure}_by_{term}"
            there = (group.notna() & value.notna()).to_numpy(dtype=bool)
            found = difference_inside(
                value[there].to_numpy(dtype=np.float64),
                group[there].to_numpy(dtype=bool),
                np.unique(people.loc[there, "house"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64),
                rng=rng,
            )
            if found is None:
                estimates.append(Estimate(name, None, "difference", why=f"needs_{need}"))
                continue
            difference, p, smaller = found
            why = "no_intervals_for_descriptions"
            estimates.append(Estimate(name, difference, "difference", why=why, persons=smaller, p=p))
    return tuple(estimates)


SAYINGS = (Saying(NAME, 31, ask, words="planned_work", needs=("time_zones_of_the_people",)),)
