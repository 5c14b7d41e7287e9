"""What several tests need: the shared data where they are there, and studies small enough to count by hand."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

import ambassador_net as an

# a loaded machine is slow, not wrong
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real() -> Callable[[str], an.Study]:
    """Read one of the real data sets once; skip where they are not there."""
    cache: dict[str, an.Study] = {}

    def read(name: str) -> an.Study:
        folder = SHARED / "data" / "real" / name
        if not folder.is_dir():
            pytest.skip("the shared data sets are not here")
        if name not in cache:
            cache[name] = an.read(folder)
        return cache[name]

    return read


@pytest.fixture(scope="session")
def reference() -> Callable[[str], dict[str, Any]]:
    def load(name: str) -> dict[str, Any]:
        file = SHARED / "reference" / name
        if not file.is_file():
            pytest.skip("the reference figures are not here")
        return json.loads(file.read_text("utf-8"))

    return load


@pytest.fixture(scope="session")
def example() -> an.Study:
    return an.read(ROOT / "data" / "example")


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
