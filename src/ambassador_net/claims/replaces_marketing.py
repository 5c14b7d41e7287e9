"""Ambassadors replace marketing: the audience stays when the organisation's own accounts fall silent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ambassador_net.amplification import Verdict
from ambassador_net.amplification.intervals import FEWEST_GROUPS, effective_degrees, jackknife
from ambassador_net.claims.answer import Estimate, Finding, Saying, missing
from ambassador_net.claims.deciding import at_least
from ambassador_net.claims.evidence import Evidence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RETAINED = 0.9
"""Part of the audience that has to stay: non-inferiority with a margin of .10, fixed beforehand (method 2h)."""
CHANNEL = 0.5
"""Above it people are a channel of the organisation (method 2h)."""
LEAST_KNOWN = 0.8
"""Least part of the posts, shares or people that must be known before the known ones stand for all."""
BLOCK = pd.Timedelta(days=28)
"""Length of the periods that are left out one by one where there are too few organisations."""

WORDS = "replaces_marketing"
# what reaches the audience of a house: its official accounts (posts and shares); shares of their posts, by its people
# and by others; others' shares of its people's quotes of them; its people (posts, other shares); others' other shares
_OFFICIAL, _CARRIED, _SHARED_ON, _QUOTES_SHARED, _PEOPLE, _PEOPLE_SHARED = range(6)
_GONE_WITH_POSTS = (_OFFICIAL, _CARRIED, _SHARED_ON, _QUOTES_SHARED)
_BY_PEOPLE = (_CARRIED, _PEOPLE)


@dataclass(frozen=True)
class Part:
    """A part of a whole.

    Parameters
    ----------
    value
        Between 0 and 1; None where the whole is nothing.
    interval
        95 % interval; None with fewer than 5 groups, or where a part is nothing or everything.
    """

    value: float | None
    interval: tuple[float, float] | None


def part_of_sums(inside: Floats, outside: Floats) -> Part:
    """Give a part with the interval from leaving out one group after the other.

    Parameters
    ----------
    inside, outside
        What each group adds to the part, and to the rest of the whole; shape (G,).

    Returns
    -------
    Part
        As :func:`part_left` where groups add up.
    """
    sums = np.column_stack([inside, outside])
    total = sums.sum(axis=0)
    return part_left(total, total - sums, sums)


def part_left(total: Floats, left: Floats, size: Floats) -> Part:
    """Give a part with the interval from the same without each group.

    Parameters
    ----------
    total
        The part and the rest; shape (2,).
    left
        The same without each group; shape (G, 2). Distinct accounts do not add up, so it is no difference of sums.
    size
        What each group has of both; shape (G, 2).

    Returns
    -------
    Part
        ``total[0] / (total[0] + total[1])`` with its interval.

    Notes
    -----
    The jackknife of method 2e, not on the logit but on the square root of the odds, and with t of
    :func:`ambassador_net.amplification.intervals.effective_degrees`: where a few large accounts make the audience, the
    lower end on the logit was above the truth in .05 to .08 of made-up worlds (.05 to .14 with t of G - 1), on the
    square root in .03 to .06 (700 worlds each of 6 to 40 organisations with light, usual and heavy tails).
    """
    whole = float(total.sum())
    if whole <= 0:
        return Part(None, None)
    value = float(total[0] / whole)
    if not (total > 0).all():
        return Part(value, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.sqrt(left[:, 0] / left[:, 1])
    degrees = effective_degrees(size[:, 0], size[:, 1])
    found = jackknife(roots, math.sqrt(total[0] / total[1]), degrees=degrees)
    if found is None:
        return Part(value, None)
    low, high = (max(end, 0.0) ** 2 for end in (found.low, found.high))
    return Part(value, (low / (1 + low), high / (1 + high)))


def judge(seen: Estimate, engaged: Estimate) -> Verdict:
    """Judge whether the audience stays.

    Parameters
    ----------
    seen
        Part of the opportunities to see that stays without the organisation's accounts and all shares of their posts.
    engaged
        The same of the outside accounts that engaged; without a number where nobody outside did.

    Returns
    -------
    Verdict
        Supported if the whole interval of each measure that there is lies at or above .90, not supported if all lie
        below, else cannot tell.

    Notes
    -----
    Method 2h: non-inferiority by confidence interval.
    """
    measures = {"seen": seen, "engaged": engaged}
    available = {name: found for name, found in measures.items() if found.value is not None}
    answers = {name: at_least(found, RETAINED) for name, found in available.items()}
    if "seen" not in available:
        return Verdict("cannot_tell", ("nothing was seen",), words=WORDS)
    if set(answers.values()) == {"supported"}:
        return Verdict("supported", ("the audience stays",), words=WORDS)
    if set(answers.values()) == {"not_supported"}:
        return Verdict("not_supported", ("too much of the audience goes",), words=WORDS)
    if seen.interval is None:
        return Verdict("cannot_tell", ("needs more organisations or a longer time",), words=WORDS)
    if {"supported", "not_supported"} <= set(answers.values()):
        higher = "seen" if answers["seen"] == "supported" else "engaged"
        return Verdict("cannot_tell", (f"only {higher} stays",), words=WORDS)
    unclear = [name for name, answer in answers.items() if answer == "cannot_tell"]
    return Verdict("cannot_tell", tuple(f"{name} is open" for name in unclear), words=WORDS)


@dataclass(frozen=True, eq=False)
class _Reach:
    """What reached an audience: one row for each post or share and house that it belongs to."""

    rows: pd.DataFrame
    engaged: pd.DataFrame
    outside_known: bool
    partly_observed: bool
    events: int


def ask(evidence: Evidence) -> Finding:
    """Ask whether the audience of organisations and their people would stay without the organisations' accounts.

    Parameters
    ----------
    evidence
        Of a study.

    Returns
    -------
    Finding
        The verdict by :func:`judge`; the part of the audience that stays without the accounts and all shares of their
        posts, and without the accounts alone, by opportunities to see and by distinct outside accounts that shared;
        phi, the part of the people's reach that carries posts of their own organisation, by followers and by events.

    Notes
    -----
    Method 2h, house by house: the audience of a house comes from the posts and shares of its official accounts and
    its people, and from others who share them; houses add up. An opportunity to see is a follower at the time of a
    post or share, of a share those of the sharer's nearest post with a number. The tables hold no follower lists, so
    that a follower of two accounts counts twice. A share of a post whose author is not known counts as not the
    organisation's. Used are houses of which all official accounts and four fifths of the people were observed. With
    fewer than 5 houses, periods of 28 days are left out instead, if there are 5, and the answer is about these
    houses only.
    """
    reach = _reach(evidence)
    known = _followers_known(evidence)
    seen_rows = reach.rows[reach.rows["followers"].notna()]
    if known:
        seen_rows = seen_rows[seen_rows["organisation"].isin(_numbered(reach.rows))]
    weight = seen_rows["followers"].to_numpy(np.float64)
    estimates = {
        "seen": _part(reach, "retained_seen", seen_rows, weight, _GONE_WITH_POSTS),
        "seen_i": _part(reach, "retained_seen_accounts_only", seen_rows, weight, (_OFFICIAL,)),
        "engaged": _engaged(reach, "retained_engaged", (_SHARED_ON, _QUOTES_SHARED)),
        "engaged_i": _engaged(reach, "retained_engaged_accounts_only", (_SHARED_ON,)),
        "phi": _carried(reach, "carried_seen", seen_rows, weight),
        "phi_events": _carried(reach, "carried_events", reach.rows, np.ones(len(reach.rows))),
    }
    if not known:
        for name in ("seen", "seen_i", "phi"):
            estimates[name] = estimates[name].without_number("needs_followers_at_posting_time")
        return Finding(missing("followers at posting time"), tuple(estimates.values()), RETAINED)
    if not _both_sides(seen_rows):
        for name in ("seen", "seen_i"):
            estimates[name] = estimates[name].without_number("needs_posts_of_both_sides")
        return Finding(missing("posts of both sides"), tuple(estimates.values()), RETAINED)
    verdict = judge(estimates["seen"], estimates["engaged"])
    notes = _notes(reach, estimates, evidence.k)
    return Finding(replace(verdict, notes=notes), tuple(estimates.values()), RETAINED)


def _notes(reach: _Reach, estimates: Mapping[str, Estimate], k: int) -> tuple[str, ...]:
    phi = estimates["phi"]
    # a note tells what its number would: not of fewer than k people
    low, high = (phi.interval if (phi.persons or 0) >= k else None) or (0.0, 1.0)
    holds = {
        "people are a channel": low > CHANNEL,
        "people are a voice of their own": high < CHANNEL,
        "shares by outside accounts are not in it": not reach.outside_known,
        "partly observed": reach.partly_observed,
        "about these organisations only": estimates["seen"].interval is not None
        and (estimates["seen"].organisations or 0) < FEWEST_GROUPS,
    }
    return tuple(note for note, is_so in holds.items() if is_so)


def _both_sides(rows: pd.DataFrame) -> bool:
    parts = set(rows["part"])
    return _OFFICIAL in parts and _PEOPLE in parts


# what reaches an audience --------------------------------------------------------------------------------


def _reach(evidence: Evidence) -> _Reach:
    accounts = evidence.study.accounts.set_index("account_id")
    shares = _shares(evidence, accounts)
    others = _by_others(shares, evidence)
    outside = others["sharer_role"] == "outside"
    outside_known = bool(outside.any()) and bool(others["followers"][outside].notna().mean() >= LEAST_KNOWN)
    # where few of the outside accounts tell their followers, all of them stay out: the others are not 0
    with_number = others if outside_known else others[~outside]
    rows = pd.concat([_posts(evidence, accounts), *_by_the_house(shares, evidence), with_number], ignore_index=True)
    observed = _observed_houses(evidence)
    return _Reach(
        rows[rows["organisation"].isin(observed)].reset_index(drop=True),
        others[outside & others["organisation"].isin(observed)].reset_index(drop=True),
        outside_known or not outside.any(),
        bool((accounts["role"].ne("outside") & accounts["observed"].eq("partial")).any()),
        len(pd.unique(pd.concat([rows["event"], others["event"]]))),
    )


def _observed_houses(evidence: Evidence) -> set[str]:
    """Find the houses of which both sides were observed: what an unobserved account reached is unknown, not 0."""
    accounts = evidence.study.accounts.assign(seen=evidence.study.accounts["observed"] != "none")
    official = accounts[accounts["role"] == "organisation"].groupby("organisation")["seen"].all()
    people = accounts[accounts["role"] == "employee"].groupby("holder_id")["seen"].any()
    spells = evidence.posts.affiliations[["organisation", "holder_id"]].drop_duplicates()
    seen = spells.assign(seen=spells["holder_id"].map(people)).dropna(subset="seen")
    enough = seen["seen"].astype(float).groupby(seen["organisation"]).mean() >= LEAST_KNOWN
    return set(official.index[official]) & set(enough.index[enough])


def _posts(evidence: Evidence, accounts: pd.DataFrame) -> pd.DataFrame:
    posts = evidence.posts.posts
    posts = posts[posts["author_id"].map(accounts["observed"]).to_numpy() != "none"]
    official = posts["role"] == "organisation"
    own = posts.assign(
        account_id=posts["author_id"],
        at=posts["posted_at"],
        given=posts["followers_at_post"],
        part=np.where(official, _OFFICIAL, _PEOPLE),
        # only persons are counted as people
        holder_id=posts["holder_id"].mask(official),
    )
    own = own.assign(followers=_followers(own, evidence))
    return _columns(own.merge(evidence.posts.houses, on="post_id"), "post_id")


def _shares(evidence: Evidence, accounts: pd.DataFrame) -> pd.DataFrame:
    """Give every share both its ends; the author of the original by its post where the share does not name one."""
    shares = evidence.study.shares
    author = evidence.study.posts.drop_duplicates("post_id").set_index("post_id")["author_id"]
    shares = shares.assign(source_id=shares["source_id"].fillna(shares["original_post_id"].map(author).astype("str")))
    half = (shares["shared_at_latest"] - shares["shared_at_earliest"]) / 2
    shares = shares.assign(account_id=shares["sharer_id"], at=shares["shared_at_earliest"] + half, given=np.nan)
    for end in ("sharer", "source"):
        for column in ("role", "organisation", "holder_id", "observed"):
            shares[f"{end}_{column}"] = shares[f"{end}_id"].map(accounts[column])
    return shares.assign(followers=_followers(shares, evidence))


def _followers(rows: pd.DataFrame, evidence: Evidence) -> pd.Series:
    """Followers of the account: as given, else of its nearest post in time that has a number."""
    posts = evidence.study.posts.dropna(subset="followers_at_post")
    numbers = pd.DataFrame(
        {
            "account_id": posts["author_id"].astype("str"),
            "at": posts["posted_at"],
            "nearest": posts["followers_at_post"].astype("float64"),
        }
    ).sort_values("at")
    given = rows["given"].astype("float64")
    if numbers.empty:
        return given
    wanted = rows[["account_id", "at"]].assign(row=np.arange(len(rows)), account_id=rows["account_id"].astype("str"))
    wanted["at"] = wanted["at"].astype(numbers["at"].dtype)
    found = pd.merge_asof(wanted.sort_values("at"), numbers, on="at", by="account_id", direction="nearest")
    nearest = found.sort_values("row")["nearest"].to_numpy()
    return given.fillna(pd.Series(nearest, index=rows.index))


def _by_the_house(shares: pd.DataFrame, evidence: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares by the official accounts of a house, and by its people."""
    seen = shares[shares["sharer_observed"] != "none"]
    official = seen[seen["sharer_role"] == "organisation"]
    official = official.assign(organisation=official["sharer_organisation"], part=_OFFICIAL, holder_id=None)
    people = _in_houses(seen[seen["sharer_role"] == "employee"], "sharer", evidence)
    own = (people["source_role"] == "organisation") & (people["source_organisation"] == people["organisation"])
    people = people.assign(part=np.where(own, _CARRIED, _PEOPLE), holder_id=people["sharer_holder_id"])
    return _columns(official, "share_id"), _columns(people, "share_id")


def _by_others(shares: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Shares of the official accounts and of the people of a house by accounts outside it."""
    official = shares[shares["source_role"] == "organisation"]
    official = official.assign(organisation=official["source_organisation"], part=_SHARED_ON, holder_id=None)
    people = _in_houses(shares[shares["source_role"] == "employee"], "source", evidence)
    quotes = _quotes_of_own_house(shares, evidence)
    quoted = pd.MultiIndex.from_frame(people[["original_post_id", "organisation"]]).isin(quotes)
    people = people.assign(part=np.where(quoted, _QUOTES_SHARED, _PEOPLE_SHARED), holder_id=people["source_holder_id"])
    others = pd.concat([official, people], ignore_index=True)
    inside = _in_houses(others[others["sharer_role"] == "employee"], "sharer", evidence, "sharer_house")
    inside = inside.loc[inside["sharer_house"] == inside["organisation"], ["share_id", "organisation"]]
    own = pd.MultiIndex.from_frame(others[["share_id", "organisation"]]).isin(pd.MultiIndex.from_frame(inside))
    own |= (
        (others["sharer_role"] == "organisation") & (others["sharer_organisation"] == others["organisation"])
    ).to_numpy()
    return _columns(others[~own], "share_id", "sharer_role", "sharer_id")


def _quotes_of_own_house(shares: pd.DataFrame, evidence: Evidence) -> pd.MultiIndex:
    """Find the posts in which people quote their own organisation: without its post they were not written."""
    quotes = shares[(shares["kind"] == "quote") & (shares["sharer_role"] == "employee") & shares["post_id"].notna()]
    quotes = _in_houses(quotes[quotes["source_role"] == "organisation"], "sharer", evidence)
    return pd.MultiIndex.from_frame(
        quotes.loc[quotes["source_organisation"] == quotes["organisation"], ["post_id", "organisation"]]
    )


def _in_houses(shares: pd.DataFrame, end: str, evidence: Evidence, name: str = "organisation") -> pd.DataFrame:
    """One row for each share and house that the person at this end was affiliated with when it was shared."""
    spells = evidence.posts.affiliations[["holder_id", "organisation", "valid_from", "valid_to"]]
    spells = spells.rename(columns={"holder_id": f"{end}_holder_id", "organisation": name})
    found = shares.merge(spells, on=f"{end}_holder_id")
    begun = found["valid_from"].isna() | (found["shared_at_earliest"] >= found["valid_from"])
    lasts = found["valid_to"].isna() | (found["shared_at_latest"] < found["valid_to"])
    return found[begun & lasts].drop_duplicates(["share_id", name]).drop(columns=["valid_from", "valid_to"])


def _columns(rows: pd.DataFrame, event: str, *more: str) -> pd.DataFrame:
    kept = ["organisation", "part", "followers", "at", "holder_id", *more]
    return rows[kept].assign(event=rows[event])


# what of it stays ----------------------------------------------------------------------------------------


def _followers_known(evidence: Evidence) -> bool:
    """Say whether enough posts of either side tell their author's followers."""
    posts = evidence.posts.posts
    known = posts["followers_at_post"].notna().groupby(posts["role"]).mean()
    return bool(len(known)) and bool((known >= LEAST_KNOWN).all())


def _numbered(rows: pd.DataFrame) -> set[str]:
    """Find the houses of which enough posts and shares of either side have a number."""
    sides = rows[rows["part"].isin((_OFFICIAL, *_BY_PEOPLE))]
    known = sides["followers"].notna().groupby([sides["organisation"], sides["part"] == _OFFICIAL]).mean()
    enough = (known >= LEAST_KNOWN).groupby(level=0).all()
    return set(enough.index[enough])


def _part(reach: _Reach, name: str, rows: pd.DataFrame, weight: Floats, gone: tuple[int, ...]) -> Estimate:
    """Part of the opportunities to see that stays."""
    stays = ~rows["part"].isin(gone).to_numpy()
    return _described(name, _summed(rows, weight, stays), rows, reach)


def _carried(reach: _Reach, name: str, rows: pd.DataFrame, weight: Floats) -> Estimate:
    """Part of the people's reach that carries posts of their own organisation."""
    by_people = rows["part"].isin(_BY_PEOPLE).to_numpy()
    rows, weight = rows[by_people], weight[by_people]
    return _described(name, _summed(rows, weight, (rows["part"] == _CARRIED).to_numpy()), rows, reach)


def _summed(rows: pd.DataFrame, weight: Floats, inside: npt.NDArray[np.bool_]) -> Part:
    groups, n = _groups(rows)
    return part_of_sums(
        np.bincount(groups, weight * inside, n).astype(np.float64),
        np.bincount(groups, weight * ~inside, n).astype(np.float64),
    )


def _groups(rows: pd.DataFrame) -> tuple[Ints, int]:
    """Give each row its house, or where houses are too few its 28 days; what is over joins the last of them."""
    houses, names = pd.factorize(rows["organisation"], sort=True)
    if len(names) >= FEWEST_GROUPS or rows.empty:
        return houses.astype(np.int64), len(names)
    since = (rows["at"] - rows["at"].min()) // BLOCK
    blocks = max(int((rows["at"].max() - rows["at"].min()) // BLOCK), 1)
    if blocks < FEWEST_GROUPS:
        return houses.astype(np.int64), len(names)
    return np.minimum(since.to_numpy(np.int64), blocks - 1), blocks


def _engaged(reach: _Reach, name: str, gone: tuple[int, ...]) -> Estimate:
    """Part of the distinct outside accounts that is left, house by house."""
    rows = reach.engaged
    stays = ~rows["part"].isin(gone).to_numpy()
    groups, n = _groups(rows)
    who = pd.MultiIndex.from_frame(rows[["organisation", "sharer_id"]]).factorize()[0].astype(np.int64)
    whole = _distinct(who, stays, np.ones(len(who), dtype=bool))
    size = np.array([_distinct(who, stays, groups == group) for group in range(n)]).reshape(n, 2)
    left = np.array([_distinct(who, stays, groups != group) for group in range(n)]).reshape(n, 2)
    return _described(name, part_left(whole, left, size), rows, reach)


def _distinct(who: Ints, stays: npt.NDArray[np.bool_], used: npt.NDArray[np.bool_]) -> Floats:
    """Count who is left, and who is not."""
    left = len(np.unique(who[used & stays]))
    return np.array([left, len(np.unique(who[used])) - left], dtype=np.float64)


def _described(name: str, found: Part, rows: pd.DataFrame, reach: _Reach) -> Estimate:
    if found.value is None:
        return Estimate(name, None, "share", why="too_few_events")
    organisations = int(rows["organisation"].nunique())
    no_interval = "too_few_organisations" if organisations < FEWEST_GROUPS else "too_few_events"
    return Estimate(
        name,
        found.value,
        "share",
        found.interval,
        why=None if found.interval else no_interval,
        organisations=organisations,
        persons=int(rows["holder_id"].nunique()),
        part=rows["event"].nunique() / reach.events,
    )


SAYINGS = (
    Saying(
        "replaces-marketing",
        1,
        ask,
        words=WORDS,
        needs=("followers_at_posting_time", "posts_of_both_sides"),
    ),
)
