"""A study in which one person has ids, a handle and a name that stand nowhere by accident."""

import pandas as pd

import ambassador_net as an

PLANTED = ("Xanthippe", "xanthippe_h", "77123456789", "xan-holder", "Zeuxis", "zeuxis77")


def planted_study() -> an.Study:
    """Two houses of eight; one of the people, and one outsider, have ids and names that stand nowhere by accident."""
    people = [(f"e{i}", f"h{i}", f"handle{i}", f"Person Number{i}", "AB"[i % 2]) for i in range(15)]
    people.append(("77123456789", "xan-holder", "@Xanthippe_H", "Xanthippe Testaaja", "A"))
    accounts = [
        {"account_id": f"official-{o}", "role": "organisation", "organisation": f"House {o}", "observed": "full",
         "handle": f"house_{o}", "name": f"House {o}"}
        for o in "AB"
    ] + [
        {"account_id": account, "holder_id": holder, "role": "employee", "observed": "full", "handle": handle,
         "name": name, "basis": "said by Xanthippe Testaaja" if account == "e3" else "staff list"}
        for account, holder, handle, name, _ in people
    ] + [
        {"account_id": "zeuxis77", "role": "outside", "observed": "none", "handle": "zeuxis77", "name": "Zeuxis"}
    ]  # fmt: skip
    holders = [
        {"holder_id": holder, "kind": "person", "name": name, "unit": "Communications", "hours_reserved": 2,
         "answer_why": "as XANTHIPPE_H asked" if account == "e1" else "often"}
        for account, holder, _, name, _ in people
    ]  # fmt: skip
    shares, posts, mentions = [], [], []
    for n in range(120):
        account, *_, house = people[n % len(people)]
        ends = [account, f"official-{house}"][:: 1 if n % 3 else -1]
        at = (pd.Timestamp("2025-03-03", tz="UTC") + pd.Timedelta(hours=n)).isoformat()
        post, original = f"{account}-post-{n}", f"{ends[1]}-original-{n}"
        shares.append({"share_id": post, "shared_at": at, "sharer_id": ends[0], "source_id": ends[1], "kind": "quote",
                       "post_id": post, "original_post_id": original, "collection": "by xanthippe_h"})  # fmt: skip
        posts.append({"post_id": post, "author_id": ends[0], "posted_at": at, "kind": "quote", "reply_to": original,
                      "content_id": f"https://example.org/{account}", "followers_at_post": 10})  # fmt: skip
        posts.append({"post_id": original, "author_id": ends[1], "posted_at": at, "kind": "original"})
        mentions.append({"post_id": post, "author_id": account, "mentioned_id": "zeuxis77", "posted_at": at,
                         "kind": "mention"})  # fmt: skip
    spells = [{"holder_id": holder, "organisation": f"House {o}"} for _, holder, _, _, o in people]
    tables = {"accounts": accounts, "holders": holders, "affiliations": spells, "posts": posts, "shares": shares}
    return an.from_tables(
        {name: pd.DataFrame(rows) for name, rows in {**tables, "mentions": mentions}.items()},
        title="The archive of @Xanthippe_H",
        description="Collected by Zeuxis",
    )
