"""A plain second opinion on the tango: who answers whom, how much, and the verdict.

Written from the method's text alone and sharing no line with the package, so that the package (and the
studies it makes up) can be checked against it. It takes a study as tables in the columns of
``docs/study.md``: ``accounts``, ``shares`` and, if there is one, ``affiliations``.

The test is the exact conditional score test of a choice model with person x 28-day effects: the persons
of a house are permuted over the house's shares inside a stratum, times and triggers stay. Mean and
variance under the permutations are Hoeffding's (1951), https://doi.org/10.1214/aoms/1177729443.

The words "and in the same pairs" are left out: they come from another test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, t

HOUR = 3600
DAY = 24 * HOUR
EPOCH = pd.Timestamp(0, tz="UTC")

# (from a hours before, to b hours before, weight): the window [t - a, t - b)
WINDOWS: dict[str, list[tuple[float, float, float]]] = {
    "h48": [(48, 0, 1.0)],
    "week": [(48, 0, 1.0), (216, 168, -1.0), (-120, -168, -1.0), (384, 336, 0.5), (-288, -336, 0.5)],
    "gap12": [(72, 12, 1.0)],
}
ORGANISATION, PERSON = "organisation_returns", "person_returns"


@dataclass
class House:
    """One direction inside one house: the shares that may be answers, and what they may answer."""

    name: str
    time: np.ndarray
    collection: np.ndarray
    label: np.ndarray
    labels: list[str]
    triggers: dict[str, np.ndarray]

    @property
    def n_triggers(self) -> int:
        return sum(len(times) for times in self.triggers.values())

    def without(self, person: str) -> "House":
        keep = self.label != person
        return House(
            self.name,
            self.time[keep],
            self.collection[keep],
            self.label[keep],
            [q for q in self.labels if q != person],
            {q: times for q, times in self.triggers.items() if q != person},
        )


@dataclass
class Outcome:
    """Hits, their mean and variance under the permutations, of one house or a sum of houses."""

    hits: float = 0.0
    expected: float = 0.0
    variance: float = 0.0
    draws: np.ndarray = field(default_factory=lambda: np.zeros(0))


# ---------------------------------------------------------------- from tables to shares between a pair


def seconds(times: pd.Series) -> np.ndarray:
    return ((pd.to_datetime(times, utc=True) - EPOCH) // pd.Timedelta(seconds=1)).to_numpy(dtype=float)


def holders(accounts: pd.DataFrame) -> pd.Series:
    """Who holds each account: its organisation, its person, or the account itself."""
    official = accounts["role"] == "organisation"
    holder = accounts["holder_id"] if "holder_id" in accounts else pd.Series(pd.NA, index=accounts.index)
    holder = holder.astype(object).where(holder.notna(), accounts["account_id"])
    holder = holder.where(~official, "organisation: " + accounts["organisation"].astype(str))
    return pd.Series(holder.to_numpy(), index=accounts["account_id"])


def spells(study: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return person, house, valid_from and valid_to in seconds, open ends infinite."""
    table = study.get("affiliations")
    if table is None:
        accounts = study["accounts"]
        people = accounts[(accounts["role"] == "employee") & accounts["organisation"].notna()]
        table = pd.DataFrame(
            {"holder_id": holders(people).to_numpy(), "organisation": people["organisation"].to_numpy()}
        ).drop_duplicates()
    columns = {"person": table["holder_id"], "house": table["organisation"]}
    for column, end in (("valid_from", -np.inf), ("valid_to", np.inf)):
        known = seconds(table[column]) if column in table else np.full(len(table), np.nan)
        columns[column] = pd.Series(np.where(np.isnan(known), end, known), index=table.index)
    return pd.DataFrame(columns)


def cross_shares(study: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the shares between a person and their own organisation, either way, at the share's own time.

    ``time`` is missing where a share is known only as an interval: such a share counts for its pair if the
    person belonged to the organisation throughout, and enters no test.
    """
    accounts = study["accounts"].set_index("account_id")
    holder = holders(study["accounts"])
    shares = study["shares"]
    earliest = latest = time = seconds(shares["shared_at"])
    if "shared_at_earliest" in shares:
        earliest = np.where(np.isnan(time), seconds(shares["shared_at_earliest"]), time)
        latest = np.where(np.isnan(time), seconds(shares["shared_at_latest"]), time)
    frame = pd.DataFrame(
        {
            "time": time,
            "earliest": earliest,
            "latest": latest,
            "collection": shares["collection"].fillna("").to_numpy() if "collection" in shares else "",
            "sharer_role": shares["sharer_id"].map(accounts["role"]).to_numpy(),
            "source_role": shares["source_id"].map(accounts["role"]).to_numpy(),
            "sharer": shares["sharer_id"].map(holder).to_numpy(),
            "source": shares["source_id"].map(holder).to_numpy(),
            "sharer_house": shares["sharer_id"].map(accounts["organisation"]).to_numpy(),
            "source_house": shares["source_id"].map(accounts["organisation"]).to_numpy(),
        }
    )
    by_person = (frame["sharer_role"] == "employee") & (frame["source_role"] == "organisation")
    by_official = (frame["sharer_role"] == "organisation") & (frame["source_role"] == "employee")
    frame["by"] = np.where(by_person, "person", "organisation")
    frame["person"] = np.where(by_person, frame["sharer"], frame["source"])
    frame["house"] = np.where(by_person, frame["source_house"], frame["sharer_house"])
    frame = frame[by_person | by_official].reset_index(names="row")
    joined = frame.merge(spells(study), on=["person", "house"])
    inside = (joined["valid_from"] <= joined["earliest"]) & (joined["latest"] < joined["valid_to"])
    return joined.loc[inside, ["row", "time", "collection", "by", "person", "house"]].drop_duplicates()


def spans(shares: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """First and last share of any kind in each collection that is long enough to be used."""
    collection = shares["collection"].fillna("") if "collection" in shares else pd.Series("", shares.index)
    times = pd.Series(seconds(shares["shared_at"]), index=shares.index).groupby(collection)
    found = {str(name): (of.min(), of.max()) for name, of in times if of.notna().any()}
    long_enough = {name: span for name, span in found.items() if span[1] - span[0] >= 27 * DAY}
    return long_enough or found


def houses(cross: pd.DataFrame, direction: str) -> list[House]:
    by = "organisation" if direction == ORGANISATION else "person"
    found = []
    for name, rows in cross.groupby("house"):
        events = rows[rows["by"] == by].sort_values("time", kind="stable")
        triggers = {str(q): np.sort(of["time"].to_numpy()) for q, of in rows[rows["by"] != by].groupby("person")}
        labels = sorted(events["person"].unique())
        found.append(
            House(
                str(name),
                events["time"].to_numpy(),
                events["collection"].to_numpy(dtype=object),
                events["person"].to_numpy(dtype=object),
                labels,
                triggers,
            )
        )
    return found


# ------------------------------------------------------------------------------------- one house, one test


def strata(house: House, span: dict[str, tuple[float, float]], kind: str) -> np.ndarray:
    """Blocks of 28 days (``main``), of 56 (``long``) and of half that (``short``), within the collection."""
    code = np.zeros(len(house.time), dtype=int)
    for number, (collection, (first, last)) in enumerate(sorted(span.items())):
        here = house.collection == collection
        since = house.time[here] - first
        if kind == "main" or (kind == "short" and last - first >= 56 * DAY):
            block = since // (28 * DAY)
        elif last - first >= 56 * DAY:
            block = since // (56 * DAY)
        elif kind == "long":
            block = np.zeros(len(since))
        else:
            block = house.time[here] >= (first + last) / 2
        code[here] = number * 10_000 + block.astype(int)
    return code


def triggers_between(house: House, a_h: float, b_h: float) -> np.ndarray:
    """How many triggers of each person lie in ``[t - a, t - b)``, one row a share, one column a person."""
    none = np.zeros(0)
    columns = [house.triggers.get(q, none) for q in house.labels]
    count = [
        np.searchsorted(c, house.time - b_h * HOUR, "left") - np.searchsorted(c, house.time - a_h * HOUR, "left")
        for c in columns
    ]
    return np.array(count, dtype=float).reshape(len(house.labels), len(house.time)).T


def answers(house: House, windows: list[tuple[float, float, float]]) -> np.ndarray:
    """A(k, q): would share k answer somebody if it were a share with person q?"""
    total = np.zeros((len(house.time), len(house.labels)))
    for a_h, b_h, weight in windows:
        total += weight * (triggers_between(house, a_h, b_h) > 0)
    return total


def by_stratum(house: House, answer: np.ndarray, codes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of A and the column of the person each share really was with, one stratum after the other."""
    column = {q: i for i, q in enumerate(house.labels)}
    own = np.array([column[q] for q in house.label], dtype=int)
    for code in np.unique(codes):
        here = codes == code
        yield answer[here], own[here]


def measure(
    house: House,
    answer: np.ndarray,
    codes: np.ndarray,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> Outcome:
    """Hits of one house, their mean and variance, and the hits of permuted labels if asked for."""
    out = Outcome(draws=np.zeros(draws))
    for a, own in by_stratum(house, answer, codes):
        n = len(own)
        n_q = np.bincount(own, minlength=a.shape[1])
        row, column = a @ n_q / n, a.mean(axis=0)
        mean = row.mean()
        out.hits += a[np.arange(n), own].sum()
        out.expected += n * mean
        if n > 1:
            out.variance += (n_q * (a - row[:, None] - column + mean) ** 2).sum() / (n - 1)
        if rng is not None:
            shuffled = rng.permuted(np.broadcast_to(own, (draws, n)), axis=1)
            out.draws += a[np.arange(n), shuffled].sum(axis=1)
    return out


def total(parts: list[Outcome]) -> Outcome:
    return Outcome(
        sum(p.hits for p in parts),
        sum(p.expected for p in parts),
        sum(p.variance for p in parts),
        np.sum([p.draws for p in parts], axis=0),
    )


def p_values(out: Outcome, method: str) -> tuple[float, float]:
    """One-sided p for more answers than chance, and for fewer."""
    if method == "permutation":
        more = int((out.draws >= out.hits - 1e-9).sum())
        fewer = int((out.draws <= out.hits + 1e-9).sum())
        return (1 + more) / (len(out.draws) + 1), (1 + fewer) / (len(out.draws) + 1)
    if out.variance <= 0:
        return 1.0, 1.0
    z = (out.hits - out.expected) / np.sqrt(out.variance)
    return float(norm.sf(z)), float(norm.cdf(z))


def informative(all_houses: list[House], span: dict[str, tuple[float, float]]) -> int:
    count = 0
    for house in all_houses:
        for a, own in by_stratum(house, answers(house, WINDOWS["h48"]), strata(house, span, "main")):
            present = a[:, np.unique(own)]
            if present.shape[1] >= 2 and np.ptp(present) > 0:
                count += len(own)
    return count


# ------------------------------------------------------------------------------------------- size of effect


def excess(house: House, span: dict[str, tuple[float, float]]) -> tuple[float, float, float, int]:
    """T - E with long and with short strata, V with long ones, and the triggers."""
    a = answers(house, WINDOWS["h48"])
    long, short = (measure(house, a, strata(house, span, kind)) for kind in ("long", "short"))
    return long.hits - long.expected, short.hits - short.expected, long.variance, house.n_triggers


def corrected(parts: np.ndarray) -> float:
    """r* = 2 r_long - r_short, per 100 triggers."""
    return float(100 * (2 * parts[:, 0] - parts[:, 1]).sum() / parts[:, 3].sum())


def returns_per_100(all_houses: list[House], span: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """R*, and the upper bound: the larger of the one under the null and the jackknife's."""
    parts = np.array([excess(h, span) for h in all_houses], dtype=float)
    estimate = corrected(parts)
    sd_null = 100 * np.sqrt(parts[:, 2].sum()) / parts[:, 3].sum()
    if len(all_houses) >= 5:
        unit = "organisation"
        left_out = [corrected(np.delete(parts, i, axis=0)) for i in range(len(all_houses))]
    else:
        unit = "person"
        left_out = []
        for i, house in enumerate(all_houses):
            for person in sorted(set(house.labels) | set(house.triggers)):
                changed = parts.copy()
                changed[i] = excess(house.without(person), span)
                left_out.append(corrected(changed))
    n = len(left_out)
    se = np.sqrt((n - 1) / n * np.square(np.array(left_out) - np.mean(left_out)).sum())
    upper_null = estimate + 1.645 * sd_null
    upper_jackknife = estimate + t.ppf(0.95, n - 1) * se
    return {
        "corrected": estimate,
        "upper": float(max(upper_null, upper_jackknife)),
        "upper_null": float(upper_null),
        "upper_jackknife": float(upper_jackknife),
        "unit": unit,
        "units": n,
    }


def order_check(
    organisation: list[House],
    person: list[House],
    span: dict[str, tuple[float, float]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """D: does the organisation answer more within 16 hours than the persons do?"""
    differences = []
    for houses_pair in zip(organisation, person, strict=True):
        out = [measure(h, triggers_between(h, 16, 0), strata(h, span, "main")) for h in houses_pair]
        if out[0].variance > 0 or out[1].variance > 0:
            differences.append((out[0].hits - out[0].expected) - (out[1].hits - out[1].expected))
    d = float(sum(differences))
    p = None
    if len(differences) >= 6:
        flips = rng.choice([-1.0, 1.0], size=(20_000, len(differences))) @ np.array(differences)
        p = min(1.0, 2 * (1 + min((flips >= d).sum(), (flips <= d).sum())) / (len(flips) + 1))
    return {"D": d, "p": p, "houses": len(differences)}


# --------------------------------------------------------------------------------------------------- verdict


def coverage(study: Mapping[str, pd.DataFrame], cross: pd.DataFrame) -> tuple[int, float]:
    """Pairs with a share, and the part of them of which both sides were collected in full."""
    accounts = study["accounts"]
    full = (accounts["observed"] == "full").to_numpy()
    official = (accounts["role"] == "organisation").to_numpy()
    complete_house = pd.Series(full[official]).groupby(accounts["organisation"].to_numpy()[official]).all()
    seen_person = pd.Series(full).groupby(holders(accounts).to_numpy()).any()
    pairs = cross[["person", "house"]].drop_duplicates()
    if pairs.empty:
        return 0, 0.0
    both = pairs["person"].map(seen_person) & pairs["house"].map(complete_house)
    return len(pairs), float(both.mean())


def verdict(
    study: Mapping[str, pd.DataFrame],
    *,
    p: str = "normal",
    draws: int = 5_000,
    seed: int = 0,
    look_at_coverage: bool = True,
) -> dict[str, Any]:
    """The verdict on a study, with every number it rests on.

    ``p`` is ``normal`` (from Hoeffding's mean and variance; for sweeps) or ``permutation`` (``draws`` draws).
    """
    rng = np.random.default_rng(seed)
    everything = cross_shares(study)
    span = spans(study["shares"])
    cross = everything[everything["time"].notna() & everything["collection"].isin(span)]
    pairs, both_sides = coverage(study, everything[everything["collection"].isin(span)])
    result: dict[str, Any] = {
        "pairs": pairs,
        "both_sides_full": both_sides,
        "houses": cross["house"].nunique(),
    }
    permuting = (draws, rng) if p == "permutation" else ()
    both = {direction: houses(cross, direction) for direction in (ORGANISATION, PERSON)}
    for direction, all_houses in both.items():
        tests = {}
        for name, windows in WINDOWS.items():
            out = total([measure(h, answers(h, windows), strata(h, span, "main"), *permuting) for h in all_houses])
            more, fewer = p_values(out, p)
            tests[name] = {
                "hits": out.hits,
                "expected": out.expected,
                "sd": float(np.sqrt(out.variance)),
                "p": more,
                "p_lower": fewer,
            }
        result[direction] = {
            "events": sum(len(h.time) for h in all_houses),
            "triggers": sum(h.n_triggers for h in all_houses),
            "informative_events": informative(all_houses, span),
            "tests": tests,
            "returns_per_100": returns_per_100(all_houses, span),
        }
    result["order_check"] = order_check(both[ORGANISATION], both[PERSON], span, rng)
    short = max((last - first for first, last in span.values()), default=0) < 27 * DAY
    result["answer"], result["reason"] = decide(result, short, look_at_coverage)
    return result


def decide(result: dict[str, Any], short: bool, look_at_coverage: bool) -> tuple[str, str]:
    """The first line of the rule that holds."""
    sides = {"organisation": result[ORGANISATION], "persons": result[PERSON]}
    if look_at_coverage:
        if result["both_sides_full"] < 0.8 or result["pairs"] < 20:
            return "cannot_tell", "coverage"
        if short:
            return "cannot_tell", "the window is too short"
    if any(side["informative_events"] < 30 for side in sides.values()):
        return "cannot_tell", "too few informative events"
    h48 = {name: side["tests"]["h48"]["p"] <= 0.05 for name, side in sides.items()}
    week = {name: side["tests"]["week"]["p"] <= 0.025 for name, side in sides.items()}
    gap = all(side["tests"]["gap12"]["p"] <= 0.05 for side in sides.values())
    small = {name: side["returns_per_100"]["upper"] < 2 for name, side in sides.items()}
    if all(h48.values()):
        if all(week.values()) and gap:
            return "supported", "but small" if any(small.values()) else ""
        if all(week.values()):
            return "cannot_tell", "answers within half a day cannot be told from joint occasions"
        if gap:
            return "cannot_tell", "cannot be told from people being active in the same weeks"
        return "cannot_tell", "neither can be excluded"
    if all(small.values()):
        return "not_supported", "neither side returns"
    if any(small.values()):
        quiet, other = ("persons", "organisation") if small["persons"] else ("organisation", "persons")
        verb = "do" if quiet == "persons" else "does"
        order = result["order_check"]
        right_sign = order["D"] > 0 if other == "organisation" else order["D"] < 0
        if h48[other] and week[other] and order["p"] is not None and order["p"] <= 0.05 and right_sign:
            return "not_supported", f"one-way: only the {other}"
        return "not_supported", f"the {quiet} {verb} not return; the other side is not shown either"
    if any(h48.values()):
        return "cannot_tell", "one side returns, the other is open"
    return "cannot_tell", "neither shown nor excluded"
