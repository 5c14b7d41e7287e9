"""Made-up studies of any size, written as they are made: a stored study with a known truth.

The window is cut into slots of equal operational time, each of about a million shares. A slot is drawn from a seed of
its own and the answers that are still to come, so that memory holds one slot whatever the size, and the same seed gives
the same files.

Notes
-----
Every account shares in proportion to its activity and is shared in proportion to its popularity, both Pareto [1]_. Most
shares are by outsiders. People and their own organisation share each other apart from that, at :data:`CROSS` of all
shares, answers included: a share across a pair has a Poisson number of answers with mean :data:`KAPPA`, each after an
exponential lag (a branching process, [2]_), while the person belongs to the house.

References
----------
.. [1] Clauset, Shalizi & Newman (2009), Power-law distributions in empirical data,
   https://doi.org/10.1137/070710111
.. [2] Hawkes & Oakes (1974), A cluster process representation of a self-exciting process,
   https://doi.org/10.2307/3212693
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ambassador_net.errors import Undefined
from ambassador_net.study.storing import ROW_GROUP, Storing, arrow_schema, part_of, storing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int], None]

COLLECTION = "made-up"
FIRST_MONTH = np.datetime64("2025-01")
FEWEST_ACCOUNTS = 100
SHARES_AN_ACCOUNT = 200

# parts of all shares: across a pair of a person and their organisation, answers included; among colleagues; of one's
# own posts; with a source that is not known; known only as an interval
CROSS, COLLEAGUES, OWN, UNKNOWN, VAGUE = 0.01, 0.03, 0.003, 0.005, 0.005
BY_PERSON = 0.6
KAPPA = 0.2
HALF_LIFE_H = 24.0
QUOTED = 0.18

# the crowd
PEOPLE = 0.1
PEOPLE_A_HOUSE = 50
SECOND_ACCOUNT = 0.2
MOVERS, IN_TWO_HOUSES = 0.05, 0.03
PARTLY_OBSERVED = 0.05
TAIL, MOST = 1.6, 0.9995
OFFICIAL_POPULARITY = 20.0
FOLLOWERS = 140
POSTS_A_PERSON_A_YEAR, POSTS_AN_OFFICIAL_ACCOUNT_A_YEAR = 18.0, 110.0

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400
YEAR = 365 * DAY
NEVER, ALWAYS = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(frozen=True)
class Crowd:
    """Who there is: official accounts first, then people by house, then everybody else; times in seconds since 1970.

    ``house`` is that of an account, -1 for outsiders; ``first_official`` and ``first_person`` say where each house's
    accounts begin. A tie is a person's spell in a house. ``sharing`` and ``shared`` are running sums of activity and
    popularity, ``posting`` of posts a year, of accounts; those of ties likewise.
    """

    officials: int
    people: int
    accounts: int
    house: NDArray[np.int32]
    first_official: Ints
    first_person: Ints
    sharing: Floats
    shared: Floats
    posting: Floats
    tie_person: Ints
    tie_house: Ints
    tie_from: Ints
    tie_to: Ints
    tie_sharing: Floats
    tie_shared: Floats
    partly: Bools

    @property
    def own(self) -> int:
        """How many accounts belong to a house."""
        return self.officials + self.people

    @property
    def houses(self) -> int:
        """How many houses there are."""
        return len(self.first_person) - 1


@dataclass(frozen=True)
class Calendar:
    """When people share: ``elapsed`` is operational time at each full hour from ``start`` on.

    A slot begins at ``slots[i]`` in operational time, lies in month ``month_of[i]`` and holds ``shares[i]`` shares.
    """

    start: int
    elapsed: Floats
    slots: Floats
    month_of: Ints
    shares: Ints

    def seconds(self, operational: Floats) -> Ints:
        """Read operational time as whole seconds since 1970."""
        hours = np.interp(operational, self.elapsed, np.arange(len(self.elapsed), dtype=float))
        return np.asarray(self.start + np.floor(hours * HOUR), dtype=np.int64)


# shares across a pair: the tie, when, by the person, an answer
_SHARE = np.dtype([("tie", "i8"), ("seconds", "i8"), ("by_person", "?"), ("answer", "?")])
# how many there are of each, by (by the person, an answer)
_ACROSS = {
    "person_to_organisation": (True, False),
    "organisation_to_person": (False, False),
    "returned_by_person": (True, True),
    "returned_by_organisation": (False, True),
}


@dataclass
class Memory:
    """What one slot leaves to the next.

    ``waiting`` are answers to come; ``newest`` and ``newest_at`` the newest post of each account of a house and its
    time, -1 if there was none; the rest is how much there was so far.
    """

    waiting: NDArray[Any]
    newest: Ints
    newest_at: Ints
    shares: int = 0
    posts: int = 0
    across: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ACROSS, 0))


def write_large(
    folder: str | Path,
    shares: int,
    *,
    seed: int,
    accounts: int | None = None,
    months: int = 12,
    progress: Progress | None = None,
) -> Path:
    """Make up a stored study with a known truth of any size, in the memory of a million shares.

    Parameters
    ----------
    folder
        A new folder, an empty one, or one that holds a study (which is replaced; other files stay).
    shares
        How many shares; exactly so many are written.
    seed
        The same seed, shares, accounts and months give the same files.
    accounts
        How many accounts, a tenth of them people of houses; one for 200 shares if not given.
    months
        Length of the window, from January 2025 on.
    progress
        Called with the shares written and their number.

    Returns
    -------
    pathlib.Path
        The folder: a stored study of ``docs/study.md`` with ``truth.json`` beside it.

    Raises
    ------
    Undefined
        If there would be no share, no month, or too few accounts for two houses.
    SchemaError
        If the folder holds something that is not a study.

    Examples
    --------
    >>> import tempfile
    >>> from ambassador_net.study import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(read(write_large(folder, 5000, seed=1, months=2)).shares)
    5000
    """
    n = max(FEWEST_ACCOUNTS, shares // SHARES_AN_ACCOUNT) if accounts is None else accounts
    if shares < 1 or months < 1 or n < FEWEST_ACCOUNTS:
        raise Undefined(
            f"a made-up study needs a share, a month and {FEWEST_ACCOUNTS} accounts; "
            f"asked for were {shares:,}, {months:,} and {n:,}"
        )
    calendar = _calendar(shares, months)
    crowd = _crowd(n, calendar, _generator(seed, 0))
    about = {
        "title": f"Made-up advocacy: {shares:,} shares",
        "made_up": True,
        "persons": "private",
        "description": "Simulated. Every organisation, person and post is invented.",
    }
    with storing(folder, about, n) as tables:
        names = pc.cast(pa.array(10**10 + np.arange(n)), pa.string())
        _write_crowd(tables, crowd, calendar, names)
        memory = Memory(np.zeros(0, dtype=_SHARE), np.full(crowd.own, -1), np.zeros(crowd.own, dtype=np.int64))
        for slot in range(len(calendar.shares)):
            month = str(FIRST_MONTH + int(calendar.month_of[slot]))
            rng = _generator(seed, 1 + slot)
            posts, shared = _slot(crowd, calendar, memory, slot, names, rng)
            if len(posts):
                tables.add("posts", posts, part_of("posts", month))
            if len(shared):
                tables.add("shares", shared, part_of("shares", month))
            if progress is not None:
                progress(memory.shares, shares)
        truth = json.dumps(_truth(crowd, memory, shares, months, seed), ensure_ascii=False, indent=2)
        (tables.folder / "truth.json").write_bytes(f"{truth}\n".encode())
    return Path(folder)


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))


def _draw(running: Floats, n: int, rng: np.random.Generator) -> Ints:
    """Draw places in proportion to the steps of a running sum; they come in order, which is a fifth of the work."""
    gaps = np.cumsum(rng.standard_exponential(n + 1))
    places = np.searchsorted(running, gaps[:-1] * (running[-1] / gaps[-1]), side="right")
    # rounding may put the last one beyond the end
    return np.asarray(np.minimum(places, len(running) - 1), dtype=np.int64)


# who there is, and when -----------------------------------------------------------------------------------


def _calendar(shares: int, months: int) -> Calendar:
    """Office hours in UTC, cut into slots of at most a row group of shares."""
    starts = (FIRST_MONTH + np.arange(months + 1)).astype("datetime64[h]").astype(np.int64)
    hours = np.arange(starts[0], starts[-1])
    # 1 January 1970 was a Thursday
    office = ((hours // 24 + 3) % 7 < 5) & (hours % 24 >= 6) & (hours % 24 < 15)
    evening = (hours % 24 >= 15) & (hours % 24 < 20)
    pace = np.where(office, 4.0, np.where(evening, 1.0, 0.2))
    elapsed = np.concatenate([[0.0], np.cumsum(pace * (len(hours) / pace.sum()))])
    edges, month_of = [0.0], []
    for month, (begin, end) in enumerate(pairwise(elapsed[starts - starts[0]])):
        n = int(np.ceil((shares * (end - begin) / elapsed[-1] + 1) / ROW_GROUP))
        edges += [*np.linspace(begin, end, n + 1)[1:]]
        month_of += [month] * n
    slots = np.array(edges)
    written = np.floor(shares * slots / slots[-1] + 1e-6).astype(np.int64)
    return Calendar(int(starts[0] * HOUR), elapsed, slots, np.array(month_of), np.diff(written))


def _crowd(n: int, calendar: Calendar, rng: np.random.Generator) -> Crowd:
    people = round(PEOPLE * n)
    houses = max(2, people // PEOPLE_A_HOUSE)
    weight = rng.lognormal(0.0, 0.8, houses)
    size = 1 + rng.multinomial(people - houses, weight / weight.sum())
    official = 1 + (rng.random(houses) < SECOND_ACCOUNT)
    officials, home = int(official.sum()), np.repeat(np.arange(houses), size)
    house = np.full(n, -1, dtype=np.int32)
    house[: officials + people] = np.concatenate([np.repeat(np.arange(houses), official), home])
    activity, popularity = (np.minimum(rng.random(n), MOST) for _ in range(2))
    for uniform in (activity, popularity):
        np.power(1 - uniform, -1 / TAIL, out=uniform)
    popularity[:officials] *= OFFICIAL_POPULARITY
    posts = activity[: officials + people] * POSTS_A_PERSON_A_YEAR
    posts[officials:] /= activity[officials : officials + people].mean()
    posts[:officials] = POSTS_AN_OFFICIAL_ACCOUNT_A_YEAR
    begin, end = calendar.seconds(calendar.slots[[0, -1]])
    moves, second = (np.flatnonzero(rng.random(people) < part) for part in (MOVERS, IN_TWO_HOUSES))
    at = (rng.integers(begin, end, len(moves)) // DAY + 1) * DAY
    tie_to = np.full(people, ALWAYS)
    tie_to[moves] = at
    other = [(home[who] + rng.integers(1, houses, len(who))) % houses for who in (moves, second)]
    tie_person = np.concatenate([np.arange(people), moves, second])
    return Crowd(
        officials=officials,
        people=people,
        accounts=n,
        house=house,
        first_official=np.concatenate([[0], np.cumsum(official)]),
        first_person=officials + np.concatenate([[0], np.cumsum(size)]),
        sharing=np.cumsum(activity),
        shared=np.cumsum(popularity),
        posting=np.cumsum(posts),
        tie_person=tie_person,
        tie_house=np.concatenate([home, *other]),
        tie_from=np.concatenate([np.full(people, NEVER), at, np.full(len(second), NEVER)]),
        tie_to=np.concatenate([tie_to, np.full(len(moves) + len(second), ALWAYS)]),
        tie_sharing=np.cumsum(activity[officials + tie_person]),
        tie_shared=np.cumsum(popularity[officials + tie_person]),
        partly=rng.random(people) < PARTLY_OBSERVED,
    )


# one slot -------------------------------------------------------------------------------------------------


def _slot(
    crowd: Crowd, calendar: Calendar, memory: Memory, slot: int, names: Any, rng: np.random.Generator
) -> tuple[Any, Any]:
    """Draw the posts and shares of a slot, as tables in the order of time."""
    edges = calendar.slots[slot : slot + 2]
    end = int(calendar.seconds(edges)[1])

    def times(n: int) -> Ints:
        # read off the calendar, a time just before the end may come out as the end
        return np.minimum(calendar.seconds(rng.uniform(edges[0], edges[1], n)), end - 1)

    n = int(calendar.shares[slot])
    across = _across(crowd, memory, times, n, end, rng)
    others = n - len(across)
    sharer, source = _elsewhere(crowd, others, rng)
    tie, by_person = across["tie"], across["by_person"]
    person, house = crowd.officials + crowd.tie_person[tie], crowd.tie_house[tie]
    official = rng.integers(crowd.first_official[house], crowd.first_official[house + 1])
    seconds = np.concatenate([across["seconds"], times(others)])
    order = np.argsort(seconds, kind="stable")
    seconds = seconds[order]
    sharer = np.concatenate([np.where(by_person, person, official), sharer])[order]
    source = np.concatenate([np.where(by_person, official, person), source])[order]
    vague = np.concatenate([np.zeros(len(across), dtype=bool), rng.random(others) < VAGUE])[order]
    author, posted = _posted(crowd, times, float(edges[1] - edges[0]), rng)
    original, original_at = _originals(crowd, memory, author, posted, source, seconds)
    shares = _shares_table(memory, names, seconds, sharer, source, original, original_at, vague, rng.random(n) < QUOTED)
    posts = _posts_table(crowd, memory, names, author, posted)
    memory.shares += n
    memory.posts += len(author)
    return posts, shares


def _across(
    crowd: Crowd, memory: Memory, times: Callable[[int], Ints], n: int, end: int, rng: np.random.Generator
) -> NDArray[Any]:
    """Let people and their organisation share each other and answer; at most n shares before the end."""
    first = np.zeros(rng.poisson(n * CROSS * (1 - KAPPA)), dtype=_SHARE)
    first["by_person"] = rng.random(len(first)) < BY_PERSON
    by_person, by_organisation = (_draw(running, len(first), rng) for running in (crowd.tie_sharing, crowd.tie_shared))
    first["tie"] = np.where(first["by_person"], by_person, by_organisation)
    first["seconds"] = times(len(first))
    asked = first[_held(crowd, first)]
    found, waiting, later = [asked], memory.waiting, [memory.waiting[:0]]
    while len(asked) or len(waiting):
        answers = np.concatenate([_answers(crowd, asked, rng), waiting])
        due = answers["seconds"] < end
        later.append(answers[~due])
        asked, waiting = answers[due], answers[:0]
        found.append(asked)
    memory.waiting = np.concatenate(later)
    across: NDArray[Any] = np.concatenate(found)[:n]
    for name, (person, answer) in _ACROSS.items():
        memory.across[name] += int(((across["by_person"] == person) & (across["answer"] == answer)).sum())
    return across


def _held(crowd: Crowd, shares: NDArray[Any]) -> Bools:
    """Whether the person belonged to the house at the time of each share."""
    tie, seconds = shares["tie"], shares["seconds"]
    held: Bools = (crowd.tie_from[tie] <= seconds) & (seconds < crowd.tie_to[tie])
    return held


def _answers(crowd: Crowd, shares: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    answers = np.repeat(shares, rng.poisson(KAPPA, len(shares)))
    lag = rng.exponential(HALF_LIFE_H * HOUR / np.log(2), len(answers))
    answers["seconds"] += np.ceil(lag).astype(np.int64)
    answers["by_person"] = ~answers["by_person"]
    answers["answer"] = True
    kept: NDArray[Any] = answers[_held(crowd, answers)]
    return kept


def _elsewhere(crowd: Crowd, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw sharers and sources of all other shares; -1 where the source is not known."""
    kind = np.searchsorted(np.cumsum([COLLEAGUES, OWN, UNKNOWN]), rng.random(n), side="right")
    sharer, source = _draw(crowd.sharing, n, rng), rng.permutation(_draw(crowd.shared, n, rng))
    among = np.flatnonzero(kind == 0)
    below = crowd.sharing[crowd.officials - 1]
    upto = crowd.sharing[crowd.own - 1]
    sharer[among] = np.searchsorted(crowd.sharing, rng.uniform(below, upto, len(among)), side="right")
    house = crowd.house[sharer[among]]
    below, upto = (crowd.shared[crowd.first_person[house + after] - 1] for after in (0, 1))
    source[among] = np.searchsorted(crowd.shared, below + rng.random(len(among)) * (upto - below), side="right")
    # what goes on across a pair is drawn apart: here nobody shares the own organisation or is shared by it
    official, person = np.minimum(sharer, source), np.maximum(sharer, source)
    cross = np.flatnonzero((official < crowd.officials) & (person >= crowd.officials) & (person < crowd.own))
    keys = (person[cross] - crowd.officials) * crowd.houses + crowd.house[official[cross]]
    tied = cross[np.isin(keys, crowd.tie_person * crowd.houses + crowd.tie_house)]
    source[tied] = rng.integers(crowd.own, crowd.accounts, len(tied))
    sharer[tied] = person[tied]
    source[kind == 1] = sharer[kind == 1]
    source[kind == 2] = -1
    return sharer, source


def _posted(crowd: Crowd, times: Callable[[int], Ints], hours: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw authors and times of the posts of a slot, in the order of time."""
    n = rng.poisson(crowd.posting[-1] * hours * HOUR / YEAR)
    author, seconds = _draw(crowd.posting, n, rng), times(n)
    order = np.argsort(seconds, kind="stable")
    return author[order], seconds[order]


def _originals(
    crowd: Crowd, memory: Memory, author: Ints, posted: Ints, source: Ints, seconds: Ints
) -> tuple[Ints, Ints]:
    """Find the post that each share is of: the source's newest, or one that was not collected; its id and time."""
    # a post that was not collected: one for each source and quarter of a day, before the share
    quarter = (seconds - 1) // (DAY // 4)
    mixed = _mixed((source << 20) + quarter % (1 << 20))
    original = 3 * 10**18 + mixed % 10**18
    original_at = quarter * (DAY // 4) - mixed % (DAY // 4)
    row = np.full(len(source), -1)
    own = np.flatnonzero((source >= 0) & (source < crowd.own))
    row[own], original_at[own] = _newest(memory, author, posted, source[own], seconds[own], original_at[own])
    return np.where(row >= 0, _ids(2, row), original), original_at


def _newest(
    memory: Memory, author: Ints, posted: Ints, source: Ints, seconds: Ints, otherwise: Ints
) -> tuple[Ints, Ints]:
    """Find the newest post of each source before each share: its number, -1 if there is none, and its time."""
    by_author = np.lexsort((posted, author))
    keys = (author[by_author] << 34) + posted[by_author]
    place = np.searchsorted(keys, (source << 34) + seconds) - 1
    here = place >= 0
    here[here] = author[by_author[place[here]]] == source[here]
    row, at = memory.newest[source], memory.newest_at[source]
    row[here], at[here] = memory.posts + by_author[place[here]], posted[by_author[place[here]]]
    # the last of an author's posts is the newest
    memory.newest[author[by_author]] = memory.posts + by_author
    memory.newest_at[author[by_author]] = posted[by_author]
    return row, np.where(row >= 0, at, otherwise)


def _mixed(number: Ints) -> Ints:
    """Scramble numbers (SplitMix64), so that what is made from them looks drawn; never negative."""
    mixed = number.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def _ids(kind: int, number: Ints) -> Ints:
    """Make ids of 19 digits that grow with time and have gaps, like those of platforms."""
    gap = 50_000_000
    return kind * 10**18 + number * gap + _mixed(number) % gap


# tables ---------------------------------------------------------------------------------------------------


def _table(name: str, n: int, columns: dict[str, Any]) -> Any:
    schema = arrow_schema(name)
    filled = {
        c: cells if isinstance(cells, pa.Array | pa.ChunkedArray) else pa.array(cells) for c, cells in columns.items()
    }
    return pa.table([filled[f.name].cast(f.type) if f.name in filled else pa.nulls(n, f.type) for f in schema], schema)


def _same(text: str, n: int) -> Any:
    return pa.repeat(pa.scalar(text), n)


def _one_of(words: list[str], which: NDArray[Any]) -> Any:
    return pa.array(words).take(pa.array(which.astype(np.int8)))


def _times(seconds: Ints, missing: Bools | None = None) -> Any:
    return pa.array(seconds.astype("datetime64[s]"), mask=missing)


def _shares_table(
    memory: Memory,
    names: Any,
    seconds: Ints,
    sharer: Ints,
    source: Ints,
    original: Ints,
    original_at: Ints,
    vague: Bools,
    quoted: Bools,
) -> Any:
    n, unknown = len(seconds), source < 0
    columns = {
        "share_id": pa.array(_ids(1, memory.shares + np.arange(n))),
        "shared_at": _times(seconds, vague),
        "shared_at_earliest": _times(seconds),
        "shared_at_latest": _times(np.where(vague, seconds + WEEK, seconds)),
        "sharer_id": names.take(pa.array(sharer)),
        "source_id": names.take(pa.array(source, mask=unknown)),
        "kind": _one_of(["repost", "quote"], quoted),
        "original_post_id": pa.array(original, mask=unknown),
        "original_posted_at": _times(original_at, unknown),
        "collection": _same(COLLECTION, n),
    }
    return _table("shares", n, columns)


def _posts_table(crowd: Crowd, memory: Memory, names: Any, author: Ints, posted: Ints) -> Any:
    n = len(author)
    popularity = crowd.shared[author] - np.where(author > 0, crowd.shared[author - 1], 0.0)
    columns = {
        "post_id": pa.array(_ids(2, memory.posts + np.arange(n))),
        "author_id": names.take(pa.array(author)),
        "posted_at": _times(posted),
        "kind": _same("original", n),
        "followers_at_post": pa.array(np.floor(FOLLOWERS * popularity)),
        "collection": _same(COLLECTION, n),
    }
    return _table("posts", n, columns)


def _write_crowd(tables: Storing, crowd: Crowd, calendar: Calendar, names: Any) -> None:
    organisations = pa.array([f"Organisation {number:05d}" for number in range(1, crowd.houses + 1)])
    people = names.slice(crowd.officials, crowd.people)
    begin, end = calendar.seconds(calendar.slots[[0, -1]])
    for start in range(0, crowd.accounts, ROW_GROUP):
        number = np.arange(start, min(start + ROW_GROUP, crowd.accounts))
        n, official, own = len(number), number < crowd.officials, number < crowd.own
        house = pa.array(crowd.house[number], mask=~official)
        partly = ~own
        person = np.flatnonzero(own & ~official)
        partly[person] = crowd.partly[number[person] - crowd.officials]
        columns = {
            "account_id": names.slice(start, n),
            "holder_id": pc.if_else(pa.array(official), organisations.take(house), names.slice(start, n)),
            "role": pa.array(["organisation", "employee", "outside"]).take(
                pa.array(2 - own.astype(np.int8) - official)
            ),
            "organisation": organisations.take(house),
            "platform": _same("mastodon", n),
            "observed": _one_of(["full", "partial"], partly),
            "observed_from": _times(np.full(n, begin), ~own),
            "observed_to": _times(np.full(n, end), ~own),
        }
        tables.add("accounts", _table("accounts", n, columns), "accounts.parquet")
    kinds = pa.chunked_array([_same("organisation", crowd.houses), _same("person", crowd.people)])
    holders = {"holder_id": pa.chunked_array([organisations, people]), "kind": kinds}
    tables.add("holders", _table("holders", len(kinds), holders), "holders.parquet")
    spells = {
        "holder_id": people.take(pa.array(crowd.tie_person)),
        "organisation": organisations.take(pa.array(crowd.tie_house)),
        "valid_from": _times(crowd.tie_from, crowd.tie_from == NEVER),
        "valid_to": _times(crowd.tie_to, crowd.tie_to == ALWAYS),
        "basis": _same("staff list", len(crowd.tie_person)),
    }
    tables.add("affiliations", _table("affiliations", len(crowd.tie_person), spells), "affiliations.parquet")


def _truth(crowd: Crowd, memory: Memory, shares: int, months: int, seed: int) -> dict[str, Any]:
    """Say what was planted, and how much of it there came to be."""
    return {
        "made_up": True,
        "seed": seed,
        "shares": shares,
        "months": months,
        "accounts": crowd.accounts,
        "people": crowd.people,
        "official_accounts": crowd.officials,
        "houses": crowd.houses,
        "posts": memory.posts,
        "organisation_returns_kappa": KAPPA,
        "person_returns_kappa": KAPPA,
        "half_life_h": HALF_LIFE_H,
        "half_life_runs_on": "the clock",
        "shares_across_pairs": memory.across,
    }
