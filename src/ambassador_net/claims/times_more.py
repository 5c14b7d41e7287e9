"""People are N times more interesting than organisations: twice, 6.61 times ("561 % further"), 8 and 24 times.

Four sayings, one test (method 2i): how many times as often a post by a person is shared as a post by an official
account, counted in four ways.
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.intervals import effective_degrees, jackknife
from ambassador_net.claims.answer import Estimate, Finding, Saying, missing
from ambassador_net.claims.deciding import at_least
from ambassador_net.claims.evidence import Evidence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
State = Literal["supported", "not_supported", "cannot_tell", "below", "missing"]

WEEK = pd.Timedelta(days=7)
DAY_S = 24 * 3600
LEAST_KNOWN = 0.8
"""Least part of the posts, or of the shares, of which a number must be known before the known ones stand for all."""
MOST_UNCERTAIN = 0.05
"""Largest part of the shares of which it may be open whether they fell into the week after posting."""

WORDS = "times_more"
NEEDS = {
    "per_follower": "followers at posting time",
    "same_content": "content posted by both sides",
    "without_own_house": "a week of shares after each post",
}
_MOST_STEPS = 60


@dataclass(frozen=True, eq=False)
class Members:
    """Which posts belong to which organisations.

    Parameters
    ----------
    post, organisation
        One entry for each post and organisation that it belongs to: index of the post, number of the organisation.
    """

    post: Ints
    organisation: Ints

    def of(self, used: Bools) -> "Members":
        """Keep some of the posts.

        Parameters
        ----------
        used
            Which; one entry a post.

        Returns
        -------
        Members
            With the index of each among those kept, and the organisations that are left numbered anew.
        """
        kept = used[self.post]
        organisation = np.unique(self.organisation[kept], return_inverse=True)[1].astype(np.int64)
        return Members((np.cumsum(used) - 1)[self.post[kept]], organisation)


@dataclass(frozen=True)
class Ratio:
    """How many times as often the posts of people are shared.

    Parameters
    ----------
    value
        The ratio; None where it does not exist, as where no official post was shared.
    interval
        95 % interval; None with fewer than 5 organisations, or where leaving one out leaves no ratio.
    organisations
        How many were left out one by one.
    """

    value: float | None
    interval: tuple[float, float] | None
    organisations: int


def rate_ratio(
    shared: npt.ArrayLike,
    person: Bools,
    members: Members,
    *,
    exposure: Floats | None = None,
    stratum: Ints | None = None,
    by_size: bool = True,
) -> Ratio:
    """Compare how often the posts of people and of organisations are shared.

    Parameters
    ----------
    shared
        How often each post was shared.
    person
        Whether it is a person's.
    members
        The organisations that the posts belong to.
    exposure
        What the number of shares is held against, for example followers; 1 if not given.
    stratum
        Posts are compared within strata only; numbered from 0. One stratum if not given.
    by_size
        Whether the interval reckons with organisations of different size.

    Returns
    -------
    Ratio
        With the interval from leaving out one organisation after the other, each with all posts that belong to it.

    Notes
    -----
    Method 2i: Poisson pseudo-maximum likelihood with a fixed effect for each stratum and log(exposure) as offset. The
    effects drop out of the likelihood given the stratum's total (Hausman, Hall and Griliches 1984,
    doi:10.2307/1911191): with y and e summed by stratum and side, beta solves
    ``sum_s [y_sp - y_s e_sp exp(beta) / (e_sp exp(beta) + e_so)] = 0``; one stratum gives the ratio of the rates.
    The interval is that of method 2e on log(ratio), with t of G - 1 or of
    :func:`ambassador_net.amplification.intervals.effective_degrees`. A post that belongs to several organisations is
    left out with each of them, which makes the interval wider rather than narrower.
    """
    y = np.asarray(shared, dtype=np.float64)
    e = np.ones(len(y)) if exposure is None else exposure
    s = np.zeros(len(y), dtype=np.int64) if stratum is None else stratum
    sides, groups = int(s.max(initial=0)) + 1, int(members.organisation.max(initial=-1)) + 1
    cell = 2 * s + person
    own_cell = 2 * sides * members.organisation + cell[members.post]
    total_y, total_e = (_summed(cell, of, (sides, 2)) for of in (y, e))
    own_y, own_e = (_summed(own_cell, of[members.post], (groups, sides, 2)) for of in (y, e))
    beta = float(_log_ratio(total_y, total_e))
    if not np.isfinite(beta):
        return Ratio(0.0 if beta == -np.inf else None, None, groups)
    degrees = effective_degrees(*_weights(total_y, total_e, own_e, beta)) if by_size and groups else None
    left = np.exp(_log_ratio(total_y - own_y, total_e - own_e))
    found = jackknife(left, float(np.exp(beta)), transform="log", degrees=degrees)
    return Ratio(float(np.exp(beta)), None if found is None else (found.low, found.high), groups)


def _summed(cell: Ints, values: Floats, shape: tuple[int, ...]) -> Floats:
    return np.bincount(cell, values, math.prod(shape)).astype(np.float64).reshape(shape)


def _log_ratio(y: Floats, e: Floats) -> Floats:
    """Solve for beta, many tables (..., strata, side) at once; infinite or not a number where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        both = np.asarray((e > 0).all(axis=-1))
        y = np.where(both[..., None], y, 0.0)
        everything = e.sum(axis=-1)
        # Mantel and Haenszel: the solution itself where there is one stratum
        above = np.where(both, y[..., 1] * e[..., 0] / everything, 0.0).sum(axis=-1)
        below = np.where(both, y[..., 0] * e[..., 1] / everything, 0.0).sum(axis=-1)
        beta = np.asarray(np.log(above / below))
        offset = np.where(both, np.log(e[..., 1] / e[..., 0]), 0.0)
    solvable = np.isfinite(beta)
    weight, persons = y.sum(axis=-1), y[..., 1].sum(axis=-1)
    for _ in range(_MOST_STEPS):
        part = _expit(np.where(solvable, beta, 0.0)[..., None] + offset)
        slope = (weight * part * (1 - part)).sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(solvable, (persons - (weight * part).sum(axis=-1)) / slope, 0.0)
        step = np.clip(np.nan_to_num(step), -1.0, 1.0)
        beta = np.where(solvable, beta + step, beta)
        if np.abs(step).max(initial=0.0) < 1e-11:
            break
    return beta


def _expit(x: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(x), dtype=np.float64)


def _weights(y: Floats, e: Floats, own_e: Floats, beta: float) -> tuple[Floats, Floats]:
    """Weight of each organisation on either side of the comparison: the shares expected of it that count in beta."""
    fitted = e * np.array([1.0, np.exp(beta)])
    everything = fitted.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(everything > 0, y.sum(axis=-1, keepdims=True) / everything, 0.0)
        other = np.where(everything > 0, fitted[:, ::-1] / everything, 0.0)
    weight = (own_e * rate * other).sum(axis=1)
    return weight[:, 1], weight[:, 0]


def same_content(content: Ints, posted_s: Ints, person: Bools) -> Ints:
    """Match the contents that a person and an official account both posted within 24 hours.

    Parameters
    ----------
    content
        Number of the content of each post (in one channel and collection); below 0 where it is not known.
    posted_s
        When it was posted, in seconds.
    person
        Whether it is a person's post.

    Returns
    -------
    numpy.ndarray
        The match that each post belongs to, numbered from 0; -1 where there is none. A content that comes up again
        after a pause of more than 24 hours is a new match.

    Examples
    --------
    >>> hours = np.array([0, 5, 90, 100, 0])
    >>> person = np.array([False, True, True, False, True])
    >>> same_content(np.array([7, 7, 7, 7, 8]), 3600 * hours, person).tolist()
    [0, 0, 1, 1, -1]
    """
    match = np.full(len(content), -1, dtype=np.int64)
    order = np.lexsort((posted_s, content))
    order = order[content[order] >= 0]
    if not len(order):
        return match
    at, what, by_person = posted_s[order], content[order], person[order]
    starts = np.r_[True, (np.diff(what) != 0) | (np.diff(at) > DAY_S)]
    run = np.cumsum(starts) - 1
    # runs are put far apart on one line, so that the nearest post of the other side is never in another run
    line = at - at.min() + run * (int(at.max() - at.min()) + 2 * DAY_S)
    near = np.zeros(len(order), dtype=bool)
    for side in (by_person, ~by_person):
        there = line[side]
        if len(there):
            after = np.searchsorted(there, line)
            before = np.abs(line - there[np.maximum(after - 1, 0)])
            later = np.abs(line - there[np.minimum(after, len(there) - 1)])
            near |= ~side & (np.minimum(before, later) <= DAY_S)
    match[order[near]] = np.unique(run[near], return_inverse=True)[1]
    return match


def judge(times: float, raw: Estimate, per_follower: Estimate, same_content: Estimate) -> Verdict:
    """Judge whether people are at least so many times more interesting.

    Parameters
    ----------
    times
        N of the saying.
    raw, per_follower, same_content
        The ratio counted in three ways.

    Returns
    -------
    Verdict
        Supported only if per follower and with the same content the whole interval is at or above N; not supported if
        every interval that there is lies below N, and no number without an interval reaches N; else cannot tell.

    Notes
    -----
    Method 2i: the raw ratio alone never supports a saying, because people and organisations differ in followers and
    in what they post.
    """
    ways = {"raw": raw, "per_follower": per_follower, "same_content": same_content}
    states = {name: _state(found, times) for name, found in ways.items()}
    if states["per_follower"] == states["same_content"] == "supported":
        return Verdict("supported", ("at least that many times",), words=WORDS)
    known = [state for state in states.values() if state != "missing"]
    if "not_supported" in known and set(known) <= {"not_supported", "below"}:
        return Verdict("not_supported", ("fewer than that",), words=WORDS)
    if raw.value is None:
        return Verdict("cannot_tell", ("too few shares",), words=WORDS)
    if not any(found.interval for found in ways.values()):
        return missing("more organisations")
    if {"supported", "not_supported"} <= set(known):
        return Verdict("cannot_tell", ("the ways of counting disagree",), words=WORDS)
    reasons = [f"{name} is open" for name, state in states.items() if state == "cannot_tell"]
    if states["raw"] == "supported" and not reasons:
        reasons.append("raw alone shows nothing")
    needs = [f"needs {NEEDS[name]}" for name in ("per_follower", "same_content") if states[name] == "missing"]
    return Verdict("cannot_tell", (*reasons, *needs), words=WORDS)


def _state(found: Estimate, times: float) -> State:
    """Where one way of counting stands; a number without interval can speak against a verdict, never for it."""
    if found.value is None:
        return "missing"
    if found.interval is None and found.value < times:
        return "below"
    return at_least(found, times)


@dataclass(frozen=True, eq=False)
class _Posts:
    """The posts that are compared, as arrays of one length, and the organisations that they belong to."""

    table: pd.DataFrame
    members: Members
    person: Bools
    stratum: Ints
    in_time: Bools
    all_posts: int

    def ratio(self, name: str, column: str, used: Bools, **how: Any) -> Estimate:
        """Make one estimate from some of the posts; arrays of `how` are cut to them."""
        how = {key: of[used] if isinstance(of, np.ndarray) else of for key, of in how.items()}
        if "stratum" in how:
            how["stratum"] = np.unique(how["stratum"], return_inverse=True)[1]
        shared = self.table[column].to_numpy(np.float64)[used]
        found = rate_ratio(shared, self.person[used], self.members.of(used), **how)
        if found.value is None:
            return Estimate(name, None, "times", why="too_few_events")
        no_interval = "too_few_events" if found.value == 0 else "too_few_organisations"
        return self.described(
            Estimate(
                name,
                found.value,
                "times",
                found.interval,
                why=None if found.interval else no_interval,
                organisations=found.organisations,
            ),
            used,
        )

    def described(self, found: Estimate, used: Bools) -> Estimate:
        persons = self.table["holder_id"][used & self.person].nunique()
        return replace(found, persons=int(persons), posts=int(used.sum()), part=float(used.sum() / self.all_posts))

    def both(self, used: Bools) -> bool:
        return bool((used & self.person).any() and (used & ~self.person).any())


@dataclass(frozen=True)
class _Measured:
    """What the four sayings share: all estimates by name, or what is missing for the first of them."""

    estimates: Mapping[str, Estimate]
    needs: str | None
    notes: tuple[str, ...] = ()


def _measured(evidence: Evidence) -> _Measured:
    posts = _posts(evidence)
    if not posts.both(np.ones(len(posts.person), dtype=bool)):
        return _nothing("posts of both sides")
    if not _originals_known(evidence):
        return _nothing("to know which posts were shared")
    everything = np.ones(len(posts.person), dtype=bool)
    raw = posts.ratio("raw", "times_shared", everything, by_size=False)
    if not posts.table["times_shared"].any():
        return _nothing("shares of these posts")
    estimates = [raw, *_windowed(evidence, posts), *_beside(posts)]
    partly = evidence.study.accounts.set_index("account_id")["observed"].reindex(posts.table["author_id"]) == "partial"
    notes = ("seen in this collection only", *(("partly observed",) if partly.any() else ()))
    return _Measured(MappingProxyType({found.name: found for found in estimates}), None, notes)


def _nothing(need: str) -> _Measured:
    why = f"needs_{need.replace(' ', '_')}"
    return _Measured(MappingProxyType({"raw": Estimate("raw", None, "times", why=why)}), need)


def _posts(evidence: Evidence) -> _Posts:
    """Take the posts that can be compared.

    Of an account that was not observed only posts that somebody shared are known. A person's post from a time without
    an organisation would be left out with none of them, so that the interval would not know of it.
    """
    found = evidence.posts
    observed = evidence.study.accounts.set_index("account_id")["observed"]
    used = (found.posts["author_id"].map(observed) != "none") & found.posts["post_id"].isin(found.houses["post_id"])
    table = found.posts[used].reset_index(drop=True)
    person = (table["role"] == "employee").to_numpy()
    place = table["platform"].fillna("") + "\n" + table["collection"].fillna("")
    return _Posts(
        table,
        _members(table, person, found.houses, evidence.study.accounts),
        person,
        pd.factorize(place)[0].astype(np.int64),
        (table["posted_at"] + WEEK <= _ends(evidence, table)).to_numpy(),
        len(found.posts),
    )


def _members(posts: pd.DataFrame, person: Bools, houses: pd.DataFrame, accounts: pd.DataFrame) -> Members:
    """Give each post its organisations.

    Of a person with several affiliations the one that the account names comes first (method 3: primary). Of the others
    those that posted too; if none did, all of them: with an organisation that did not post nothing is compared.
    """
    index = pd.Series(np.arange(len(posts)), index=posts["post_id"])
    rows = houses.assign(post=houses["post_id"].map(index)).dropna(subset="post").astype({"post": "int64"})
    named = posts["author_id"].map(accounts.set_index("account_id")["organisation"]).to_numpy()[rows["post"]]
    first = rows["organisation"] == named
    rows = rows[first | ~first.groupby(rows["post"]).transform("any")]
    posting = rows["organisation"].isin(rows["organisation"][~person[rows["post"]]])
    some = posting.groupby(rows["post"]).transform("any")
    rows = rows[posting | ~some]
    return Members(rows["post"].to_numpy(np.int64), pd.factorize(rows["organisation"], sort=True)[0].astype(np.int64))


def _ends(evidence: Evidence, table: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """When each post's collection ends: its last share or post."""
    shares, posts = evidence.study.shares, evidence.study.posts
    last = pd.concat(
        [
            shares["shared_at_latest"].groupby(shares["collection"].fillna("")).max(),
            posts["posted_at"].groupby(posts["collection"].fillna("")).max(),
        ]
    )
    ends: pd.Series[pd.Timestamp] = last.groupby(level=0).max()
    return ends.reindex(table["collection"].fillna("")).set_axis(table.index)


def _originals_known(evidence: Evidence) -> bool:
    """Say whether the shares of people and organisations name the post that was shared."""
    shares = evidence.study.shares
    role = evidence.study.accounts.set_index("account_id")["role"]
    of_ours = shares["source_id"].map(role).isin(["employee", "organisation"])
    return not of_ours.any() or bool(shares["original_post_id"][of_ours].notna().mean() >= LEAST_KNOWN)


def _uncertain(evidence: Evidence) -> bool:
    """Say whether too many shares may lie on either side of the week after posting."""
    shares = evidence.posts.shares
    ends = shares["post_id"].map(evidence.posts.posts.set_index("post_id")["posted_at"]) + WEEK
    open_ones = (shares["shared_at_earliest"] < ends) & (shares["shared_at_latest"] >= ends)
    return bool(len(shares)) and bool(open_ones.mean() > MOST_UNCERTAIN)


def _windowed(evidence: Evidence, posts: _Posts) -> list[Estimate]:
    """Count within a week: per follower in three ways, with the same content, and without the own house."""
    names = ("per_follower", "same_content", "without_own_house", "per_follower_free_slope", "per_follower_nb2")
    if _uncertain(evidence):
        return [Estimate(name, None, "times", why="needs_times_of_the_shares") for name in names]
    if not posts.both(posts.in_time):
        return [Estimate(name, None, "times", why="needs_a_week_of_shares_after_each_post") for name in names]
    followed, slope, nb2 = _per_follower(posts)
    return [
        followed,
        _same_content(posts),
        posts.ratio("without_own_house", "by_others_within_week", posts.in_time, stratum=posts.stratum),
        slope,
        nb2,
    ]


def _per_follower(posts: _Posts) -> tuple[Estimate, Estimate, Estimate]:
    followers = posts.table["followers_at_post"].to_numpy(np.float64, na_value=np.nan)
    known = np.isfinite(followers) & (followers >= 0)
    names = ("per_follower", "per_follower_free_slope", "per_follower_nb2")
    sides = [known[posts.in_time & side] for side in (posts.person, ~posts.person)]
    if min(float(side.mean()) for side in sides) < LEAST_KNOWN:
        first, second, third = (Estimate(n, None, "times", why="needs_followers_at_posting_time") for n in names)
        return first, second, third
    used = posts.in_time & known
    ratio = posts.ratio(names[0], "within_week", used, stratum=posts.stratum, exposure=followers + 1)
    model = _Regression.of(posts, used, np.log(followers[used] + 1))
    return ratio, model.free_slope(names[1]), model.nb2(names[2])


def _same_content(posts: _Posts) -> Estimate:
    # the same content in another channel or collection is no match: same platform and period (method 2i)
    content = posts.table["content_id"]
    numbered = pd.factorize(content + "\n" + pd.Series(posts.stratum, index=content.index).astype("str"))[0]
    posted_s = posts.table["posted_at"].dt.as_unit("s").astype("int64").to_numpy()
    match = same_content(np.where(posts.in_time, numbered, -1), posted_s, posts.person)
    if not (match >= 0).any():
        return Estimate("same_content", None, "times", why="needs_content_posted_by_both_sides")
    return posts.ratio("same_content", "within_week", match >= 0, stratum=match)


@dataclass(frozen=True, eq=False)
class _Regression:
    """The model per follower, for what has no closed form: a free slope for followers, and NB2."""

    posts: _Posts
    used: Bools
    y: Floats
    design: Floats
    log_followers: Floats
    members: Members

    @classmethod
    def of(cls, posts: _Posts, used: Bools, log_followers: Floats) -> "_Regression":
        places = pd.get_dummies(posts.stratum[used], dtype=np.float64).to_numpy()
        return cls(
            posts,
            used,
            posts.table["within_week"].to_numpy(np.float64)[used],
            np.column_stack([posts.person[used], places]),
            log_followers,
            posts.members.of(used),
        )

    def free_slope(self, name: str) -> Estimate:
        """Let shares grow with followers as they do, not in proportion."""
        # followers themselves in the middle, so that the first steps are not lost on the intercept
        centred = self.log_followers - self.log_followers.mean()
        design = np.column_stack([self.design, centred])
        whole = _poisson(self.y, design)
        if whole is None:
            return Estimate(name, None, "times", why="too_few_events")
        groups = int(self.members.organisation.max(initial=-1)) + 1
        left = []
        for group in range(groups):
            kept = np.ones(len(self.y), dtype=bool)
            kept[self.members.post[self.members.organisation == group]] = False
            found = _poisson(self.y[kept], design[kept], start=whole)
            left.append(np.nan if found is None else np.exp(found[0]))
        person = self.design[self.members.post, 0] > 0
        sizes = [np.bincount(self.members.organisation[side], minlength=groups) for side in (person, ~person)]
        found_interval = jackknife(
            left, float(np.exp(whole[0])), transform="log", degrees=effective_degrees(sizes[0], sizes[1])
        )
        interval = None if found_interval is None else (found_interval.low, found_interval.high)
        ratio = Estimate(
            name,
            float(np.exp(whole[0])),
            "times",
            interval,
            why=None if interval else "too_few_organisations",
            organisations=groups,
        )
        return self.posts.described(ratio, self.used)

    def nb2(self, name: str) -> Estimate:
        """Second column: NB2, which trusts the posts with many shares less; without interval."""
        from statsmodels.discrete.discrete_model import NegativeBinomial

        start = _poisson(self.y, self.design, offset=self.log_followers)
        if start is None:
            return Estimate(name, None, "times", why="too_few_events")
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = NegativeBinomial(self.y, self.design, loglike_method="nb2", offset=self.log_followers)
            # from its own start it stops early where followers differ by orders of magnitude
            fit = model.fit(start_params=np.r_[start, 1.0], disp=0, maxiter=200)
        value = float(np.exp(fit.params[0]))
        if not fit.mle_retvals["converged"] or not np.isfinite(value):
            return Estimate(name, None, "times", why="no_stable_number")
        found = Estimate(name, value, "times", why="no_intervals_for_descriptions")
        return self.posts.described(found, self.used)


def _poisson(y: Floats, design: Floats, *, start: Floats | None = None, offset: Floats | None = None) -> Floats | None:
    """Fit by Poisson pseudo-maximum likelihood; None where one side has no shares, so that there is no solution."""
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    person = design[:, 0] > 0
    if not (y[person].any() and y[~person].any()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = GLM(y, design, family=Poisson(), offset=offset).fit(start_params=start)
    return np.asarray(fit.params, dtype=np.float64) if fit.converged else None


def _beside(posts: _Posts) -> list[Estimate]:
    """Medians, and the part of the posts that nobody shared: means are carried by a few posts."""
    counts = posts.table["times_shared"].to_numpy(np.float64)
    found = []
    for side, used in (("person", posts.person), ("organisation", ~posts.person)):
        houses = posts.members.of(used).organisation
        median = Estimate(
            f"median_{side}",
            float(np.median(counts[used])),
            "index",
            why="no_intervals_for_descriptions",
            organisations=len(np.unique(houses)),
            persons=int(posts.table["holder_id"][used].nunique()) if side == "person" else None,
            posts=int(used.sum()),
        )
        never = float((counts[used] == 0).mean())
        found += [median, replace(median, name=f"never_shared_{side}", value=never, unit="share")]
    return found


def ask(evidence: Evidence, *, times: float) -> Finding:
    """Ask whether people are so many times more interesting than organisations.

    Parameters
    ----------
    evidence
        Of a study.
    times
        N of the saying.

    Returns
    -------
    Finding
        The verdict by :func:`judge`; the ratio raw, per follower (also with a free slope for followers, and by NB2),
        with the same content, and without shares of the own house; medians and parts of posts never shared.

    Notes
    -----
    Method 2i. Raw counts the whole collection and takes t of G - 1 (section 4): where tails are heavy it covers .85 to
    .91, erring to the high side, and only its upper end serves a verdict. The others take t of
    :func:`ambassador_net.amplification.intervals.effective_degrees` (covers .93 to .98), count the seven days after
    posting, leave out posts too late for that, and compare within platform and collection. NB2 has no column of its
    own where there is neither offset nor stratum: its ratio is then that of the means, as Poisson's.
    """
    found = evidence.once(_measured)
    estimates = tuple(found.estimates.values())
    if found.needs is not None:
        return Finding(missing(found.needs), estimates, times)
    ways = (found.estimates[name] for name in ("raw", "per_follower", "same_content"))
    return Finding(replace(judge(times, *ways), notes=found.notes), estimates, times)


TIMES = (2.0, 6.61, 8.0, 24.0)
"""N of the sayings; "561 % further" is 6.61 times, "24 times more" is read as 24 times (method 2i)."""

_CALLED = (
    ("twice-engagement", "twice"),
    ("561-percent-further", "further"),
    ("eight-times-engagement", "eight_times"),
    ("twenty-four-times-reshared", "twenty_four_times"),
)
SAYINGS = tuple(
    Saying(name, 10 + place, partial(ask, times=times), words=WORDS, key=key, needs=("posts_of_both_sides",))
    for place, (times, (name, key)) in enumerate(zip(TIMES, _CALLED, strict=True))
)
