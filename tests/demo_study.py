"""A small study for the tests of the app.

One house seen from both sides, one whose organisation was not observed, one with a hostile name, and two too
small to be shown. Every id, handle and name of a person says SECRET.
"""

import sys
from pathlib import Path

import pandas as pd

import ambassador_net as an

HOSTILE = "</script><img src=x onerror=\"document.title='broken'\"> & Sons"
# people by organisation; None: the organisation's own sharing was not observed
PEOPLE = {"Metsälä Institute": 9, "Unseen Foundation": 6, HOSTILE: 5, "Small One": 3, "Small Two": 2}
NOT_OBSERVED = {"Unseen Foundation"}


def demo_study() -> an.Study:
    """Let person j of a house share it j times, every third one once more; it shares every other one back."""
    accounts, shares, posts = [], [], []

    def share(sharer: str, source: str, hour: int) -> None:
        at = pd.Timestamp("2025-03-03T08:00:00Z") + pd.Timedelta(hours=hour)
        row = {"share_id": f"s{len(shares)}", "shared_at": at, "sharer_id": sharer, "source_id": source}
        shares.append({**row, "kind": "repost"})

    def post(author: str, number: int) -> None:
        at = pd.Timestamp("2025-03-01T08:00:00Z") + pd.Timedelta(days=number)
        row = {"post_id": f"p{len(posts)}", "author_id": author, "posted_at": at}
        posts.append({**row, "kind": "original"})

    for place, (organisation, people) in enumerate(PEOPLE.items()):
        official = f"official-{place}"
        observed = "none" if organisation in NOT_OBSERVED else "full"
        row = {"account_id": official, "role": "organisation", "organisation": organisation}
        accounts.append({**row, "observed": observed, "handle": f"@official{place}", "name": organisation})
        for number in range(20):
            post(official, number)
        for j in range(people):
            person = f"SECRET-id-{place}-{j}"
            row = {"account_id": person, "role": "employee", "organisation": organisation}
            accounts.append({**row, "observed": "full", "handle": f"@SECRET{place}{j}", "name": f"SECRET {place} {j}"})
            post(person, j)
            for k in range(j + (j % 3 == 0)):
                share(person, official, 3 * k + j)
            if j % 2 and observed == "full":
                share(official, person, 50 + j)
    tables = {"accounts": accounts, "shares": shares, "posts": posts}
    return an.from_tables(
        {name: pd.DataFrame(rows) for name, rows in tables.items()}, title="A small demo & more", made_up=True
    )


if __name__ == "__main__":
    demo_study().write(Path(sys.argv[1]))
