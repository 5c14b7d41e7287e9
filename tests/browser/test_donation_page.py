"""What a volunteer sees before saying yes: offline, on a telephone, for everybody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ambassador_net as an
from ambassador_net.donations import donation_of
from page_checks import faults, overflow


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_the_page_of_a_donation(open_file: Callable[..., Any], tmp_path: Path, language: str) -> None:
    accounts = [("twitter:1", "full", "xan", "outside"), ("twitter:2", "none", "<b>kanava</b>", "outside")]
    columns = ["account_id", "observed", "handle", "role"]
    shares = [(str(n), f"2024-02-0{1 + n % 9}T08:00:00Z", "twitter:1", "twitter:2", "repost") for n in range(80)]
    study = an.from_tables(
        {
            "accounts": pd.DataFrame(accounts, columns=columns).assign(platform="twitter"),
            "shares": pd.DataFrame(shares, columns=["share_id", "shared_at", "sharer_id", "source_id", "kind"]),
        },
        title="An archive",
    )
    named = [("twitter", None, "<b>kanava</b>", "<img src=x onerror=alert(1)>")]
    official = pd.DataFrame(named, columns=["platform", "account_id", "handle", "organisation"])
    path = tmp_path / "page.html"
    path.write_text(donation_of(study, official, "P017").page(language=language), "utf-8")
    opened = open_file(path, width=360, height=740)
    assert faults(opened.page) == []
    assert overflow(opened.page) == 0
    assert opened.requests == opened.errors == []
    assert opened.page.locator("td").filter(has_text="<img src=x").count() == 1
    assert opened.page.locator("tbody tr").count() == 1 + 80
