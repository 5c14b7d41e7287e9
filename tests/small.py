"""Studies small enough to count by hand, where things are, and how thoroughly to look."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import ambassador_net as an

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

THOROUGH = os.environ.get("CI") == "true"

Accounts = Mapping[str, tuple[str, str, str]]
Events = Iterable[tuple[float, str, str]]


def tables(accounts: Accounts, events: Events) -> dict[str, pd.DataFrame]:
    """Tables of a study from ``id -> (role, organisation, observed)`` and ``(hour, sharer, source)``."""
    start = pd.Timestamp("2025-03-03T00:00:00Z")
    rows = [
        {
            "share_id": str(number),
            "shared_at": (start + pd.Timedelta(hours=hour)).isoformat(),
            "sharer_id": sharer,
            "source_id": source,
            "kind": "repost",
        }
        for number, (hour, sharer, source) in enumerate(events)
    ]
    return {
        "accounts": pd.DataFrame(
            [
                {"account_id": name, "role": role, "organisation": organisation or None, "observed": observed}
                for name, (role, organisation, observed) in accounts.items()
            ]
        ),
        "shares": pd.DataFrame(rows, columns=["share_id", "shared_at", "sharer_id", "source_id", "kind"]),
    }


def small_study(accounts: Accounts, events: Events, **more: Any) -> an.Study:
    return an.from_tables(tables(accounts, events), title="A small study", **more)


def up_to(thorough: int) -> int:
    """How many examples or shuffles to draw: all with CI=true, a third of them while somebody waits."""
    return thorough if THOROUGH else -(-thorough // 3)
