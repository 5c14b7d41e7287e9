"""Channels support each other: what a house repeats in a second channel is then shared more in the first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification.intervals import FEWEST_GROUPS, jackknife
from ambassador_net.amplification.timing import FEWEST_EVENTS
from ambassador_net.amplification.verdict import Answer, Verdict
from ambassador_net.claims.answer import Estimate, Finding, Saying, Unit, missing
from ambassador_net.claims.deciding import beyond_chance
from ambassador_net.claims.evidence import Evidence
from ambassador_net.nulls import p_value
from ambassador_net.reduction import PostsShared

NAME = "channels-support-each-other"
MARGIN = 1.25
"""Times as many shares below which a second channel adds not even a quarter; fixed beforehand."""
SOON_H = 24.0
"""Hours within which a content has to appear in a second channel to be compared."""
WEEK_H = 168.0
"""Hours after posting in which shares count, the same for all posts."""
LEADS = 0.6
"""Part of the repeated contents that begins in a channel which leads."""
APART_H = 28 * 24.0
"""Hours by which two posts that are compared may lie apart: the blocks of method 2d."""
PERMUTATIONS = 4999
_HOUR = pd.Timedelta(hours=1)
_COMPARED: Mapping[str, Unit] = {
    "repeated_more": "times", "repeated_more_apart": "times", "repeated_more_outside": "times",
}  # fmt: skip
_SPREAD: Mapping[str, Unit] = {"contents_repeated": "share", "hours_until": "index", "began_in_first": "share"}
_PRESENCE: Mapping[str, Unit] = {"people_in_two": "share", "organisations_in_two": "share"}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Repeated contents, each with a twin that was not repeated when it was as old.

    Parameters
    ----------
    content, twin
        The rows of both among the contents; shape (n,).
    after, twin_after
        How often each was shared from then on, in the same hours after posting, to the end of the week; shape (n,).
    apart, twin_apart
        The same until the twin was repeated, too; shape (n,).
    """

    content: Ints
    twin: Ints
    after: Floats
    twin_after: Floats
    apart: Floats
    twin_apart: Floats


def match(contents: pd.DataFrame, shares: pd.DataFrame) -> Pairs:
    """Match every content that soon appeared in a second channel with one that had not.

    Parameters
    ----------
    contents
        One row a content, at its first appearance: ``stratum`` (a number for holder, channel and collection),
        ``posted_h`` (hours from any zero), ``repeated_h`` (hours until it appeared in a second channel; infinite
        if it was not seen there).
    shares
        One row a share of them in the first channel: ``content`` (the row, counted from 0), ``after_h`` (hours after
        posting).

    Returns
    -------
    Pairs
        The pairs that there are; each content is a twin at most once.

    Notes
    -----
    What is shared much is repeated, too. Therefore a content repeated r hours after posting is compared with one of
    the same holder, channel and collection that was not repeated within r hours, was posted at most 28 days apart
    and had been shared as often by then (of e shares at most e / 4 more or fewer; the nearest in shares, then in
    time), and only what comes after r hours counts. Whether the twin is repeated later plays no part in its choice:
    those that never were are those that did not become popular. This is risk set matching on the history of the
    outcome: Li, Propert and Rosenbaum (2001), doi:10.1198/016214501753208573.
    """
    order = np.lexsort((contents["posted_h"].to_numpy(), contents["stratum"].to_numpy()))
    stratum = contents["stratum"].to_numpy()[order]
    posted = contents["posted_h"].to_numpy(dtype=np.float64)[order]
    repeated = contents["repeated_h"].to_numpy(dtype=np.float64)[order]
    shared = _SharesSoFar(order, shares)
    first, last = np.searchsorted(stratum, stratum, "left"), np.searchsorted(stratum, stratum, "right")
    cases = np.flatnonzero(repeated <= SOON_H)
    before = shared.until(cases, repeated[cases])
    taken = np.zeros(len(order), dtype=bool)
    found = []
    for case, had in zip(cases, before, strict=True):
        rows = np.arange(first[case], last[case])
        rows = rows[(repeated[rows] > repeated[case]) & ~taken[rows] & (np.abs(posted[rows] - posted[case]) <= APART_H)]
        apart = np.abs(shared.until(rows, repeated[case]) - had)
        alike = apart <= had / 4
        rows, apart = rows[alike], apart[alike]
        if len(rows):
            twin = rows[np.lexsort((np.abs(posted[rows] - posted[case]), apart))[0]]
            taken[twin] = True
            found.append((case, twin))
    content, twin = np.array(found, dtype=np.int64).reshape(-1, 2).T
    then = repeated[content]

    def since(rows: Ints, end: npt.ArrayLike) -> Floats:
        return np.asarray(shared.until(rows, end) - shared.until(rows, then), dtype=np.float64)

    return Pairs(
        order[content],
        order[twin],
        since(content, np.full(len(then), WEEK_H)),
        since(twin, np.full(len(then), WEEK_H)),
        since(content, repeated[twin]),
        since(twin, repeated[twin]),
    )


class _SharesSoFar:
    """How often contents had been shared within some hours after posting, by binary search in one sorted array."""

    def __init__(self, order: Ints, shares: pd.DataFrame) -> None:
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        counted = shares[shares["after_h"].between(0, WEEK_H)]
        self.at = np.sort(self._key(place[counted["content"].to_numpy()], counted["after_h"].to_numpy()))

    def until(self, rows: npt.ArrayLike, hours: npt.ArrayLike) -> Ints:
        end = self._key(rows, np.minimum(hours, WEEK_H))
        return np.asarray(np.searchsorted(self.at, end, "right") - np.searchsorted(self.at, self._key(rows, 0.0)))

    @staticmethod
    def _key(rows: npt.ArrayLike, hours: npt.ArrayLike) -> Floats:
        # the hours of a content end before those of the next begin
        return np.asarray(rows, dtype=np.float64) * 2 * WEEK_H + np.asarray(hours, dtype=np.float64)


@dataclass(frozen=True)
class Ratio:
    """How many times as often the repeated contents were shared as their twins.

    Parameters
    ----------
    value
        Shares of the repeated contents over shares of their twins; None with fewer than 30 shares of both together
        or with none of the twins.
    interval
        95 % interval; None with fewer than 5 houses.
    houses
        Houses with a share of a pair.
    """

    value: float | None
    interval: tuple[float, float] | None
    houses: int


def ratio(shares: Floats, twin_shares: Floats, house: Ints) -> Ratio:
    """Compare how often repeated contents and their twins were shared.

    Parameters
    ----------
    shares, twin_shares
        Of the pairs; shape (n,).
    house
        A number for the house of each pair; shape (n,).

    Returns
    -------
    Ratio
        Ratio of sums, with the jackknife of method 2e over houses on the log scale.
    """
    above, below = (np.bincount(house, side) for side in (shares, twin_shares))
    seen = above + below > 0
    above, below, houses = above[seen], below[seen], int(seen.sum())
    if above.sum() + below.sum() < FEWEST_EVENTS or not below.sum():
        return Ratio(None, None, houses)
    value = float(above.sum() / below.sum())
    if houses < FEWEST_GROUPS:
        return Ratio(value, None, houses)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = jackknife((above.sum() - above) / (below.sum() - below), value, transform="log")
    return Ratio(value, None if found is None else (found.low, found.high), houses)


def exchanged_twins(
    after: Floats, twin_after: Floats, *, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> float:
    """Test whether repeated contents are shared more than their twins.

    Parameters
    ----------
    after, twin_after
        As in :class:`Pairs`.
    rng
        Random generator.
    permutations
        Number of draws.

    Returns
    -------
    float
        P-value of as large a difference of sums, if it did not matter which content of a pair is the repeated one: the
        two are exchanged at random, that is inside holder and channel.
    """
    difference = (after - twin_after)[after != twin_after]
    signs = np.where(rng.random((permutations, len(difference)), dtype=np.float32) < 0.5, -1.0, 1.0)
    return p_value(signs @ difference, float(difference.sum()))


def judge(more: Ratio, more_apart: Ratio, p: float) -> Answer:
    """Judge whether contents that are repeated in a second channel are shared more.

    Parameters
    ----------
    more
        Of all that came within the week.
    more_apart
        Of what came before the twins were repeated, too.
    p
        Of :func:`exchanged_twins`.

    Returns
    -------
    str
        ``"supported"`` if p is at most 5 % and the whole interval is above 1; ``"not_supported"`` if both intervals are
        below 1.25; else ``"cannot_tell"``.

    Notes
    -----
    A twin that is repeated later gains from it, too: `more` is too small rather than too large, which is the safe side
    for "supported". Stopping when the twin is repeated takes away the twins that become popular: `more_apart` is too
    large rather than too small, the safe side for "not supported".
    """
    if more.interval is None or more_apart.interval is None:
        return "cannot_tell"
    safe = (more.interval[0], max(more.interval[1], more_apart.interval[1]))
    return beyond_chance(p, safe, nothing=1, margin=MARGIN)


def first_appearances(posts: pd.DataFrame, houses: pd.DataFrame) -> pd.DataFrame:
    """Find where each content of a house appeared first, and when it appeared in a second channel.

    Parameters
    ----------
    posts, houses
        As in :class:`ambassador_net.reduction.PostsShared`.

    Returns
    -------
    pandas.DataFrame
        One row a content and house: ``post_id``, ``organisation``, ``holder_id``, ``role``, ``platform``,
        ``collection``, ``posted_at``, ``repeated_h`` (hours until anybody of the house posted the same in another
        channel; infinite where nobody was seen to) and ``at_once`` (whether it began in two channels in the same
        second, so that none was first). A post without ``content_id`` or channel is in none: what it says is not known.
    """
    known = posts[posts["content_id"].notna() & posts["platform"].notna()].merge(houses, on="post_id")
    known = known.sort_values(["posted_at", "post_id"], ignore_index=True)
    content = ["organisation", "content_id"]
    first = known.drop_duplicates(content)[[*content, "platform", "posted_at"]]
    known = known.merge(first, on=content, suffixes=("", "_first"))
    elsewhere = known[known["platform"] != known["platform_first"]].drop_duplicates(content)
    found = known.drop_duplicates(content).merge(
        elsewhere[[*content, "posted_at"]], on=content, how="left", suffixes=("", "_again")
    )
    later = (found["posted_at_again"] - found["posted_at"]).dt.total_seconds() / 3600
    found = found.assign(repeated_h=later.fillna(np.inf), at_once=later == 0)
    # a post of a person with two organisations is looked at once
    found = found.sort_values(["organisation", "post_id"]).drop_duplicates("post_id", ignore_index=True)
    columns = ["post_id", "organisation", "holder_id", "role", "platform", "collection", "posted_at"]
    return found[[*columns, "repeated_h", "at_once"]]


def watched(contents: pd.DataFrame, accounts: pd.DataFrame, affiliations: pd.DataFrame) -> "pd.Series[bool]":
    """Say of which contents it would have been seen had they appeared in another channel.

    Parameters
    ----------
    contents
        As of :func:`first_appearances`.
    accounts, affiliations
        As in a study.

    Returns
    -------
    pandas.Series
        Whether the house has a fully observed account in another channel, and the holder has none there that was not
        observed fully: a content that an unobserved account may have repeated is not "not repeated".
    """
    full = accounts["observed"] == "full"
    official = accounts[accounts["role"] == "organisation"]
    persons = accounts[accounts["role"] == "employee"].drop(columns="organisation")
    of_house = pd.concat([official, persons.merge(affiliations[["holder_id", "organisation"]], on="holder_id")])
    seen = _elsewhere(contents, of_house[of_house["observed"] == "full"], "organisation")
    blind = _elsewhere(contents, accounts[~full], "holder_id")
    return seen & ~blind


def _elsewhere(contents: pd.DataFrame, accounts: pd.DataFrame, by: str) -> "pd.Series[bool]":
    """Say whether there is any of these accounts in a channel other than the content's own."""
    channels = accounts[[by, "platform"]].dropna().drop_duplicates()
    number = channels[by].value_counts().reindex(contents[by], fill_value=0).to_numpy()
    own = pd.MultiIndex.from_frame(contents[[by, "platform"]]).isin(pd.MultiIndex.from_frame(channels))
    return pd.Series(number - own > 0, index=contents.index)


def _shares_timed(contents: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Hours from each content to its shares; a share whose time is not known to the hour is left out."""
    row = pd.Series(np.arange(len(contents)), index=contents["post_id"])
    exact = shares["shared_at_latest"] - shares["shared_at_earliest"] <= _HOUR
    timed = shares[exact & shares["post_id"].isin(row.index)]
    content = row.reindex(timed["post_id"]).to_numpy()
    posted = contents["posted_at"].to_numpy()[content]
    after = (timed["shared_at_earliest"].to_numpy() - posted) / np.timedelta64(1, "h")
    return pd.DataFrame({"content": content, "after_h": after, "own": timed["by_own_house"].to_numpy()})


def ask(evidence: Evidence) -> Finding:
    """Ask whether what a house repeats in a second channel is then shared more in the first.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The ratio of shares, and how contents, people and organisations are spread over channels.
    """
    counted = evidence.posts
    own = evidence.study.accounts[evidence.study.accounts["role"] != "outside"]
    presence = _presence(own, evidence)
    contents = first_appearances(counted.posts, counted.houses)
    contents = contents[watched(contents, own, counted.affiliations)].reset_index(drop=True)
    if not (contents["repeated_h"] <= WEEK_H).any():
        verdict, p, compared, spread = missing("content in two channels"), None, _without(_COMPARED), _without(_SPREAD)
    else:
        verdict, p, compared = _compared(contents, counted, evidence)
        spread, channel = _spread(contents, len(counted.posts))
        if channel is not None:
            verdict = replace(verdict, reasons=(*verdict.reasons, "one channel leads"), numbers={"channel": channel})
    return Finding(verdict, (*compared, *spread, *presence), p=p)


def _without(names: Mapping[str, Unit]) -> tuple[Estimate, ...]:
    return tuple(Estimate(name, None, unit, why="needs_content_in_two_channels") for name, unit in names.items())


def _compared(
    contents: pd.DataFrame, counted: PostsShared, evidence: Evidence
) -> tuple[Verdict, float | None, tuple[Estimate, ...]]:
    """Compare repeated contents with their twins, with all shares and with those from outside the house only."""
    over = contents["posted_at"] <= counted.shares["shared_at_latest"].max() - pd.Timedelta(hours=WEEK_H)
    # what comes in a week is not known before the week is over, and where two channels began at once none was first
    one_first = contents[over & ~contents["at_once"]].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "stratum": one_first.groupby(["holder_id", "platform", "collection"], dropna=False).ngroup(),
            "posted_h": one_first["posted_at"].astype("datetime64[s, UTC]").astype("int64") / 3600,
            "repeated_h": one_first["repeated_h"],
        }
    )
    shares = _shares_timed(one_first, counted.shares)
    pairs = match(table, shares)
    outside = match(table, shares[~shares["own"]])
    house = np.unique(one_first["organisation"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    more = ratio(pairs.after, pairs.twin_after, house[pairs.content])
    apart = ratio(pairs.apart, pairs.twin_apart, house[pairs.content])
    others = ratio(outside.after, outside.twin_after, house[outside.content])
    p = None
    if more.value is not None:
        p = exchanged_twins(pairs.after, pairs.twin_after, rng=evidence.rng(NAME))
    estimates = (
        _estimate("repeated_more", more, pairs, one_first, len(counted.posts), p),
        _estimate("repeated_more_apart", apart, pairs, one_first, len(counted.posts)),
        _estimate("repeated_more_outside", others, outside, one_first, len(counted.posts)),
    )
    return _verdict(more, apart, p), p, estimates


def _estimate(
    name: str, found: Ratio, pairs: Pairs, contents: pd.DataFrame, of: int, p: float | None = None
) -> Estimate:
    if found.value is None:
        return Estimate(name, None, "times", why="too_few_events")
    used = contents.iloc[np.union1d(pairs.content, pairs.twin)]
    why = None if found.interval else "too_few_organisations"
    persons = used.loc[used["role"] == "employee", "holder_id"].nunique()
    return Estimate(
        name, found.value, "times", found.interval, why, found.houses, persons, len(used), len(used) / of, p
    )


def _verdict(more: Ratio, apart: Ratio, p: float | None) -> Verdict:
    if more.value is None or apart.value is None or p is None:
        return Verdict("cannot_tell", ("too few shares of contents that can be compared",), words="channels")
    if more.houses < FEWEST_GROUPS:
        return missing("more organisations")
    answer = judge(more, apart, p)
    reason = {
        "supported": "shared more after it was repeated",
        "not_supported": "not even a quarter more",
        "cannot_tell": "neither more nor not more",
    }[answer]
    return Verdict(answer, (reason,), notes=("no proof of cause",), words="channels")


def _spread(contents: pd.DataFrame, posts: int) -> tuple[tuple[Estimate, ...], str | None]:
    """Describe how often and how soon contents appear in a second channel, and in which they begin."""
    repeated = contents[contents["repeated_h"] <= WEEK_H]
    began = repeated.loc[~repeated["at_once"], "platform"].value_counts()
    leads = len(began) > 0 and began.iloc[0] >= LEADS * began.sum()
    estimates = (
        _described("contents_repeated", len(repeated) / len(contents), contents, posts),
        _described("hours_until", float(repeated["repeated_h"].median()), repeated, posts),
        _described("began_in_first", began.iloc[0] / began.sum(), repeated, posts)
        if leads
        else Estimate("began_in_first", None, "share", why="no_channel_leads"),
    )
    return estimates, str(began.index[0]) if leads else None


def _described(name: str, value: float, contents: pd.DataFrame, of: int) -> Estimate:
    return Estimate(
        name,
        float(value),
        _SPREAD[name],
        why="no_intervals_for_descriptions",
        organisations=contents["organisation"].nunique(),
        persons=contents.loc[contents["role"] == "employee", "holder_id"].nunique(),
        posts=len(contents),
        part=len(contents) / of,
    )


def _presence(own: pd.DataFrame, evidence: Evidence) -> tuple[Estimate, ...]:
    """Say which part of the people and of the organisations has accounts in more than one channel."""
    placed = own[own["platform"].notna()]
    if placed["platform"].nunique() < 2:
        return _without(_PRESENCE)
    estimates = []
    for name, role, by in (
        ("people_in_two", "employee", "holder_id"),
        ("organisations_in_two", "organisation", "organisation"),
    ):
        channels = placed[placed["role"] == role].groupby(by)["platform"].nunique()
        n, both = len(channels), int((channels > 1).sum())
        few = role == "employee" and not evidence.study.shows_persons and 0 < min(both, n - both) < evidence.k
        if few or not n:
            estimates.append(Estimate(name, None, "share", why="fewer_than_k" if few else "needs_more_people"))
            continue
        persons, organisations = (n, None) if role == "employee" else (None, n)
        estimates.append(
            Estimate(name, both / n, "share", None, "no_intervals_for_descriptions", organisations, persons, part=1.0)
        )
    return tuple(estimates)


SAYINGS = (Saying(NAME, 30, ask, words="channels", needs=("content_in_two_channels",), exploratory=True),)
