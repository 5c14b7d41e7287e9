"""Made-up studies with everything planted in them that makes counting go wrong."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd

import ambassador_net as an
from ambassador_net.simulate import WORLDS, simulate

# what becomes of an id: letters outside ASCII and outside the BMP, a quote, a space at the end
_MARKS = ("é", "ж", "日本", "🙂", "e\u0301", "o'neil", '"', "\\", "%s ", "ß")


def made_up_shares(times: float, *, seed: int) -> an.Study:
    """The example world with about so many times its 10,000 shares."""
    world = WORLDS["example"]
    rates = {
        name: value * times
        for name, value in vars(world).items()
        if name.startswith(("person_to", "organisation_to", "outsider_to")) or name in ("self_shares", "sister_account")
    }
    houses = tuple(
        replace(
            house,
            person_to_organisation=house.person_to_organisation * times,
            organisation_to_person=house.organisation_to_person * times,
        )
        for house in world.houses
    )
    with mock.patch.dict(WORLDS, {"example": replace(world, houses=houses, **rates)}):
        return simulate("example", seed=seed).study


def troubled(study: an.Study, *, seed: int) -> tuple[dict[str, pd.DataFrame], an.Study]:
    """The study with unknown sides, intervals, several spells, self-shares, sister accounts, gaps and odd ids.

    Once as tables in which a tenth of the rows is there twice, and once as the study that is read from them.
    """
    rng = np.random.default_rng(seed)
    tables = {name: table.copy() for name, table in study.tables.items()}
    accounts, shares, posts = tables["accounts"], tables["shares"], tables["posts"]
    own = accounts["account_id"][accounts["role"] != "outside"].to_numpy()
    people = accounts["account_id"][accounts["role"] == "employee"].to_numpy()

    def some(n: int) -> np.ndarray:
        return rng.choice(len(shares), n, replace=False)

    n = len(shares) // 20
    shares.loc[some(n), "source_id"] = None
    itself = some(n)
    shares.loc[itself, "source_id"] = shares.loc[itself, "sharer_id"]
    other_account = some(2 * n)
    holder = accounts.set_index("account_id")["holder_id"]
    several = accounts[accounts["role"] != "outside"].groupby("holder_id")["account_id"].agg(list)
    shares.loc[other_account, "source_id"] = [
        rng.choice(several[holder[a]]) if holder[a] in several.index else a
        for a in shares.loc[other_account, "sharer_id"]
    ]
    for column in ("sharer_id", "source_id"):
        shares.loc[some(2 * n), column] = rng.choice(own, 2 * n)
    interval = some(2 * n)
    shares.loc[interval, "shared_at"] = pd.NaT
    shares.loc[interval, "shared_at_latest"] += pd.to_timedelta(rng.integers(0, 20 * 86_400, 2 * n), unit="s")
    shares.loc[some(n), "collection"] = None
    shares.loc[some(n), "collection"] = "toinen keruu, hösten"
    accounts.loc[accounts["account_id"].isin(rng.choice(people, 30)), "observed"] = "none"
    tables["affiliations"] = _more_spells(study, rng)
    known = np.concatenate([accounts["account_id"].to_numpy(), accounts["holder_id"].to_numpy()])
    mark = dict(zip(pd.unique(known), rng.choice(_MARKS, len(pd.unique(known))), strict=True))
    for name, columns in {
        "accounts": ("account_id", "holder_id"),
        "affiliations": ("holder_id",),
        "shares": ("sharer_id", "source_id"),
        "posts": ("author_id",),
    }.items():
        for column in columns:
            tables[name][column] = [v if pd.isna(v) else f"{v}{mark.get(v, '')}" for v in tables[name][column]]
    posts.loc[rng.choice(len(posts), len(posts) // 20), "followers_at_post"] = np.nan
    raw = {name: tables[name] for name in ("accounts", "affiliations")}
    raw |= {name: repeated(tables[name], key, rng) for name, key in (("shares", "share_id"), ("posts", "post_id"))}
    return raw, an.from_tables(raw, title="Troubled", made_up=True)


def _more_spells(study: an.Study, rng: np.random.Generator) -> pd.DataFrame:
    """Give every third person two more spells, half-open on either side, in any organisation."""
    spells = study.affiliations
    people, organisations = spells["holder_id"].unique(), spells["organisation"].unique()
    first, last = study.window or (pd.NaT, pd.NaT)
    more = []
    for person in rng.choice(people, len(people) // 3, replace=False):
        a, b, c = sorted(first + (last - first) * share for share in rng.random(3))
        once, again = rng.choice(organisations, 2)
        more += [(person, once, None, a.floor("s")), (person, again, b.floor("s"), c.floor("s"))]
    added = pd.DataFrame(more, columns=["holder_id", "organisation", "valid_from", "valid_to"]).assign(basis="planted")
    return pd.concat([spells, added], ignore_index=True)


def repeated(table: pd.DataFrame, key: str, rng: np.random.Generator) -> pd.DataFrame:
    """The table with rows a second time, some the same, some with other content under the same id."""
    again = table.iloc[rng.choice(len(table), len(table) // 10, replace=False)].copy()
    changed = rng.random(len(again)) < 0.5
    column = "sharer_id" if key == "share_id" else "author_id"
    again.loc[changed, column] = rng.choice(table[column].to_numpy(), int(changed.sum()))
    return pd.concat([table, again], ignore_index=True).iloc[rng.permutation(len(table) + len(again))]
