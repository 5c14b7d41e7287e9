"""The reduction once more, as a plain loop over rows: slow, and nothing to get wrong by an engine.

Written from ``docs/study.md`` alone. It takes the tables of a study and gives the tables that
``reduction/reduction.sql`` and ``reduction/posts.sql`` give, as lists of rows, in their order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

Row = dict[str, Any]

DAY_S = 86_400
RANK = {"none": 0, "partial": 1, "full": 2}

ORDER: dict[str, tuple[str, ...]] = {
    "totals": (),
    "edges": ("sharer_id", "source_id"),
    "strengths": ("account_id",),
    "dyad_events": ("shared_at_earliest", "share_id"),
    "pairs": ("organisation", "holder_id"),
    "strengths_by_day": ("collection", "day", "account_id"),
    "collections": ("collection",),
    "posts_shared": ("post_id",),
    "houses": ("post_id", "organisation"),
    "shared": ("share_id",),
}


def rows(table: pd.DataFrame) -> list[Row]:
    """Rows of a table; times as seconds since 1970, missing cells as None, whole numbers as ints."""
    plain = table.copy()
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            column = (column - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
        plain[name] = [None if pd.isna(v) else int(v) if isinstance(v, float) else v for v in column.astype(object)]
    return plain.astype(object).where(plain.notna(), None).to_dict("records")


def first_of_each(table: Iterable[Row], key: str) -> list[Row]:
    """Of rows with one id, the first in the file."""
    found: dict[str, Row] = {}
    for row in table:
        found.setdefault(row[key], row)
    return list(found.values())


def count(given: Mapping[str, pd.DataFrame]) -> dict[str, list[Row]]:
    """Count a study, repeated rows and all: one pass over its posts, one over its shares."""
    tables = {name: rows(table) for name, table in given.items()}
    accounts = {a["account_id"]: a for a in tables["accounts"]}
    spells: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    organisations: dict[str, set[str]] = defaultdict(set)
    people: dict[str, set[str]] = defaultdict(set)
    for f in tables["affiliations"]:
        start = float("-inf") if f["valid_from"] is None else f["valid_from"]
        end = float("inf") if f["valid_to"] is None else f["valid_to"]
        spells[f["holder_id"], f["organisation"]].append((start, end))
        organisations[f["holder_id"]].add(f["organisation"])
        people[f["organisation"]].add(f["holder_id"])

    def belongs(person: str, organisation: str, earliest: int, latest: int) -> bool:
        return any(start <= earliest and latest < end for start, end in spells.get((person, organisation), ()))

    posts, houses, opportunities = {}, [], Counter()
    for p in first_of_each(tables["posts"], "post_id"):
        author, at = accounts.get(p["author_id"]), p["posted_at"]
        if author is None or author["role"] == "outside":
            continue
        official = author["role"] == "organisation"
        if official:
            pairs = [(person, author["organisation"]) for person in people[author["organisation"]]]
        else:
            pairs = [(author["holder_id"], organisation) for organisation in organisations[author["holder_id"]]]
        inside = [pair for pair in pairs if belongs(*pair, at, at)]
        if p["kind"] != "repost":
            opportunities.update((*pair, "organisation" if official else "person") for pair in inside)
        if p["kind"] == "original":
            own = {author["organisation"]} if official else {organisation for _, organisation in inside}
            posts[p["post_id"]] = (p, author, own)
            houses += [{"post_id": p["post_id"], "organisation": organisation} for organisation in own]

    totals = {"shares": 0, "self_shares": 0, "source_unknown": 0}
    weight: Counter[tuple[str, str]] = Counter()
    quotes: Counter[tuple[str, str]] = Counter()
    out: Counter[str] = Counter()
    received: Counter[str] = Counter()
    by_day: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    collections: dict[str, list[Row]] = defaultdict(list)
    events, shared = [], []
    times: Counter[tuple[str, str]] = Counter()
    for h in first_of_each(tables["shares"], "share_id"):
        sharer, source = accounts.get(h["sharer_id"]), accounts.get(h["source_id"])
        if sharer is None:
            continue
        totals["shares"] += 1
        collection = h["collection"] or ""
        collections[collection].append(h)
        if h["source_id"] is None:
            totals["source_unknown"] += 1
        one_person = source is not None and sharer["holder_id"] == source["holder_id"] is not None
        if h["sharer_id"] == h["source_id"] or (one_person and sharer["role"] != "organisation"):
            totals["self_shares"] += 1
            continue
        earliest, latest = h["shared_at_earliest"], h["shared_at_latest"]
        if h["source_id"] is not None:
            edge = h["sharer_id"], h["source_id"]
            weight[edge] += 1
            quotes[edge] += h["kind"] == "quote"
            out[edge[0]] += 1
            received[edge[1]] += 1
            day = earliest // DAY_S * DAY_S
            by_day[collection, day, edge[0]][0] += 1
            by_day[collection, day, edge[1]][1] += 1
        if source is not None and {sharer["role"], source["role"]} == {"employee", "organisation"}:
            by_person = sharer["role"] == "employee"
            person, official = (sharer, source) if by_person else (source, sharer)
            if belongs(person["holder_id"], official["organisation"], earliest, latest):
                events.append(
                    {
                        "share_id": h["share_id"],
                        "direction": "person_to_organisation" if by_person else "organisation_to_person",
                        "holder_id": person["holder_id"],
                        "organisation": official["organisation"],
                    }
                    | {name: h[name] for name in ("sharer_id", "source_id", "collection")}
                    | {name: h[name] for name in ("shared_at", "shared_at_earliest", "shared_at_latest")}
                )
        if h["original_post_id"] in posts:
            post, _, own = posts[h["original_post_id"]]
            if sharer["role"] == "organisation":
                by_own = sharer["organisation"] in own
            else:
                by_own = sharer["role"] == "employee" and any(
                    belongs(sharer["holder_id"], organisation, earliest, latest) for organisation in own
                )
            in_week = latest < post["posted_at"] + 7 * DAY_S
            shared.append(
                {
                    "share_id": h["share_id"],
                    "post_id": post["post_id"],
                    "sharer_id": h["sharer_id"],
                    "sharer_holder": sharer["holder_id"],
                    "sharer_role": sharer["role"],
                    "sharer_organisation": sharer["organisation"],
                    "shared_at_earliest": earliest,
                    "shared_at_latest": latest,
                    "by_own_house": int(by_own),
                    "within_week": int(in_week),
                }
            )
            counted = [("times_shared", True), ("within_week", in_week), ("by_others", not by_own)]
            for name, counts in (*counted, ("by_others_within_week", in_week and not by_own)):
                times[post["post_id"], name] += counts

    found = {
        "totals": [totals],
        "edges": [
            {"sharer_id": a, "source_id": b, "weight": n, "quotes": quotes[a, b]} for (a, b), n in weight.items()
        ],
        "strengths": [
            {"account_id": a, "strength_out": out[a], "strength_in": received[a]} for a in out.keys() | received.keys()
        ],
        "dyad_events": events,
        "pairs": _pairs(accounts.values(), spells, events, opportunities),
        "strengths_by_day": [
            {"collection": c, "day": d, "account_id": a, "strength_out": n, "strength_in": m}
            for (c, d, a), (n, m) in by_day.items()
        ],
        "collections": [_collection(name, of) for name, of in collections.items()],
        "posts_shared": [
            {name: p[name] for name in ("post_id", "author_id")}
            | {name: author[name] for name in ("holder_id", "role", "platform")}
            | {name: p[name] for name in ("collection", "posted_at", "content_id", "followers_at_post")}
            | {
                name: times[p["post_id"], name]
                for name in ("times_shared", "within_week", "by_others", "by_others_within_week")
            }
            for p, author, _ in posts.values()
        ],
        "houses": houses,
        "shared": shared,
    }
    return {name: sorted(found[name], key=lambda row: tuple(row[c] for c in ORDER[name])) for name in ORDER}


def _collection(name: str, shares: list[Row]) -> Row:
    timed = [h["shared_at"] for h in shares if h["shared_at"] is not None]
    return {
        "collection": name,
        "shares": len(shares),
        "first_at": min(timed, default=None),
        "last_at": max(timed, default=None),
        "earliest": min(h["shared_at_earliest"] for h in shares),
        "latest": max(h["shared_at_latest"] for h in shares),
    }


def _pairs(
    accounts: Iterable[Row],
    spells: Iterable[tuple[str, str]],
    events: Iterable[Row],
    opportunities: Mapping[tuple[str, str, str], int],
) -> list[Row]:
    ranks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for a in accounts:
        side = a["organisation"] if a["role"] == "organisation" else a["holder_id"]
        ranks[a["role"], side].append(RANK[a["observed"]])
    inside: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for e in events:
        inside[e["holder_id"], e["organisation"]].append(e)
    found = []
    for person, organisation in spells:
        if ("employee", person) not in ranks:
            continue
        own, official = ranks["employee", person], ranks.get(("organisation", organisation), [0])
        here = inside[person, organisation]
        eo = sum(e["direction"] == "person_to_organisation" for e in here)
        oe = len(here) - eo
        found.append(
            {
                "holder_id": person,
                "organisation": organisation,
                "person_best": max(own),
                "organisation_best": max(official),
                "organisation_worst": min(official),
                "seen_eo": eo,
                "seen_oe": oe,
                "w_eo": eo if max(own) else None,
                "w_oe": oe if max(official) else None,
                "organisation_posts": opportunities.get((person, organisation, "organisation"), 0)
                if max(official)
                else None,
                "person_posts": opportunities.get((person, organisation, "person"), 0) if max(own) else None,
                "first_at": min((e["shared_at_earliest"] for e in here), default=None),
                "last_at": max((e["shared_at_latest"] for e in here), default=None),
            }
        )
    return found
