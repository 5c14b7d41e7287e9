"""A donation holds what its page shows and nothing else, and comes back as the study it was cut from."""

import dataclasses
import html
import io
import itertools
import json
import re
import stat
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ambassador_net as an
from ambassador_net.donations import (
    Donation,
    donation_of,
    is_donation,
    prepare_donation,
    read_donation,
    read_official,
    study_of_donation,
)
from ambassador_net.errors import AmbassadorError, PrivacyError, SchemaError
from small import SHARED

OWN, OFFICIAL, OTHER = "twitter:7700112233", "twitter:22", "twitter:33"
SECRETS = ("7700112233", "xanthippe", "twitter:33", "zeuxis", "post-", "original-", "example.org", "archive of")


def archive() -> an.Study:
    """What an archive of a volunteer comes to: no roster, one account in full, the others only seen."""
    accounts = [
        (OWN, "full", "xanthippe_h", "Xanthippe Testaaja", "2024-01-01", "2024-12-31"),
        (OFFICIAL, "none", "Kanava", "=Kanava & <b>Co</b>", None, None),
        (OTHER, "none", "zeuxis", "Zeuxis", None, None),
    ]
    columns = ["account_id", "observed", "handle", "name", "observed_from", "observed_to"]
    frame = pd.DataFrame(accounts, columns=columns).assign(role="outside", platform="twitter")
    shares = [
        ("post-1", "2024-02-01T08:00:00Z", OWN, OFFICIAL, "repost"),
        ("post-2", "2024-02-01T08:00:00Z", OWN, OFFICIAL, "repost"),
        ("post-3", "2024-02-02T08:00:00Z", OWN, OTHER, "quote"),
        ("post-4", "2024-02-02T23:59:59Z", OWN, None, "repost"),
        ("post-5", "2024-02-03T00:00:00Z", OWN, OTHER, "repost"),
        ("post-6", "2024-02-04T10:00:00Z", OFFICIAL, OWN, "quote"),
        ("post-7", "2024-02-04T11:00:00Z", OTHER, OWN, "repost"),
        ("post-8", "2024-02-04T12:00:00Z", OTHER, OFFICIAL, "repost"),
    ]
    share_frame = pd.DataFrame(shares, columns=["post_id", "shared_at", "sharer_id", "source_id", "kind"])
    share_frame = share_frame.assign(
        share_id=share_frame["post_id"],
        original_post_id="original-" + share_frame["post_id"],
        collection="archive of x",
    )
    posts = [
        ("post-1", OWN, "2024-02-01T08:00:00Z", "repost"),
        ("post-3", OWN, "2024-02-02T08:00:00Z", "quote"),
        ("post-9", OWN, "2024-03-02T09:30:00Z", "original"),
        ("post-10", OWN, "2024-03-02T09:31:00Z", "reply"),
        ("original-1", OFFICIAL, "2024-01-31T08:00:00Z", "original"),
    ]
    post_frame = pd.DataFrame(posts, columns=["post_id", "author_id", "posted_at", "kind"])
    tables = {"accounts": frame, "shares": share_frame, "posts": post_frame.assign(content_id="https://example.org/1")}
    return an.from_tables(tables, title="The archive of @xanthippe_h")


@pytest.fixture
def official(tmp_path: Path) -> pd.DataFrame:
    path = tmp_path / "official.csv"
    path.write_text(
        "platform,handle,organisation\nX,https://x.com/KANAVA?lang=fi,=Kanava & <b>Co</b>\ntwitter,@elsewhere,Else\n"
    )
    return read_official(path)


@pytest.fixture
def donation(official: pd.DataFrame) -> Donation:
    return donation_of(archive(), official, "P017")


def test_only_what_was_promised_leaves(donation: Donation) -> None:
    assert donation.shares.to_dict("list") == {
        "platform": ["twitter"] * 3,
        "direction": ["given", "given", "received"],
        "official_account_id": [OFFICIAL] * 3,
        "kind": ["repost", "repost", "quote"],
        "earliest": ["2024-02-01T08:00:00Z", "2024-02-01T08:00:00Z", "2024-02-04T10:00:00Z"],
        "latest": ["2024-02-01T08:00:00Z", "2024-02-01T08:00:00Z", "2024-02-04T10:00:00Z"],
    }
    assert donation.posts[["posted_at", "kind"]].to_numpy().tolist() == [
        ["2024-02-02T08:00:00Z", "quote"],
        ["2024-03-02T09:30:00Z", "original"],
        ["2024-03-02T09:31:00Z", "reply"],
    ]
    assert donation.other_shares[["day", "shares"]].to_numpy().tolist() == [["2024-02-02", 2], ["2024-02-03", 1]]
    assert donation.windows == {"twitter": ("2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z")}
    assert donation.official["account_id"].tolist() == [OFFICIAL, "twitter:@elsewhere"]
    assert donation.accounts_left_behind == 1


def test_nobody_is_named_in_any_byte(donation: Donation, tmp_path: Path) -> None:
    path = donation.write(tmp_path / "donation.zip")
    with zipfile.ZipFile(path) as packed:
        told = b"".join(name.encode() + packed.read(name) + packed.getinfo(name).extra for name in packed.namelist())
        told += packed.comment + path.name.encode()
    told += repr(donation).encode() + donation.preview().to_csv().encode()
    told += b"".join(donation.page(language=language).encode() for language in ("en", "fi", "sv"))
    for secret in SECRETS:
        assert secret.encode() not in told.lower(), secret


def test_the_zip_holds_what_the_page_shows(donation: Donation, tmp_path: Path) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[list[str]] = []
            self.sources: list[str] = []
            self.inside = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.inside = tag == "td"
            if tag == "tr":
                self.rows.append([])
            if self.inside:
                self.rows[-1].append("")
            self.sources += [value or "" for name, value in attrs if name in ("src", "href", "action")]

        def handle_data(self, data: str) -> None:
            if self.inside:
                self.rows[-1][-1] += data

        def handle_endtag(self, tag: str) -> None:
            self.inside = False

    page = Reader()
    page.feed(donation.page(language="fi"))
    shown = [row for row in page.rows if row]
    with zipfile.ZipFile(donation.write(tmp_path / "d.zip")) as packed:
        tables = [
            pd.read_csv(io.BytesIO(packed.read(name)), dtype="str", keep_default_na=False)
            for name in packed.namelist()
            if name.endswith(".csv")
        ]
        assert html.escape(packed.read("donation.json").decode()) in donation.page()
    # the zip may be opened in a spreadsheet, so there a formula carries an apostrophe
    leaves = [[cell.removeprefix("'") for cell in row] for table in tables for row in table.to_numpy().tolist()]
    assert shown == leaves
    assert len(shown) == 2 + 3 + 3 + 2
    assert page.sources == []
    assert donation.preview()["rows"].tolist() == [1, 2, 3, 3, 2]
    assert set(donation.preview(language="sv")["file"]) == set(packed.namelist())


def test_the_page_is_text_and_can_be_read_by_everybody(donation: Donation) -> None:
    page = donation.page(language="sv")
    assert "<b>Co" not in page
    assert "&lt;b&gt;Co" in page
    assert '<html lang="sv">' in page
    assert page.count("<caption>") == page.count("<table>") == 4
    assert len(re.findall(r'<th scope="col">', page)) == 4 + 6 + 3 + 3
    assert re.findall("<h[1-6]", page) == ["<h1", *["<h2"] * 5]
    # what scrolls can be reached by keyboard and says what it is
    assert page.count('role="region" tabindex="0" aria-label=') == 4
    assert "default-src 'none'" in page


def test_the_same_donation_is_the_same_bytes(official: pd.DataFrame, tmp_path: Path) -> None:
    study = archive()
    shuffled = {n: t.sample(frac=1, random_state=2).reset_index(drop=True) for n, t in study.tables.items()}
    one = donation_of(study, official, "P017").write(tmp_path / "new" / "a.zip")
    two = donation_of(dataclasses.replace(study, **shuffled), official, "P017").write(tmp_path / "new" / "b.zip")
    assert one.read_bytes() == two.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert sorted(p.name for p in one.parent.iterdir()) == ["a.zip", "b.zip"]
    with zipfile.ZipFile(one) as packed:
        assert {member.date_time for member in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_donation_comes_back_as_a_study(donation: Donation, tmp_path: Path) -> None:
    path = donation.write(tmp_path / "d.zip")
    assert is_donation(path)
    study = study_of_donation(path)
    assert not any(entry.set_aside or entry.repeated for entry in study.ledger.entries)
    own = study.accounts.set_index("account_id").loc["P017-twitter"]
    assert (own["holder_id"], own["role"], own["observed"]) == ("P017", "employee", "full")
    assert own["observed_from"] == pd.Timestamp("2024-01-01", tz="UTC")
    assert study.accounts.set_index("account_id")["organisation"].loc[OFFICIAL] == "=Kanava & <b>Co</b>"
    ends = study.shares[["sharer_id", "source_id"]].dropna().to_numpy().tolist()
    assert ends == [["P017-twitter", OFFICIAL]] * 2 + [[OFFICIAL, "P017-twitter"]]
    unknown = study.shares[study.shares["source_id"].isna()]
    assert unknown["shared_at_earliest"].dt.strftime("%m-%d").value_counts().to_dict() == {"02-02": 2, "02-03": 1}
    assert len(study.posts) == 3
    assert len(study.affiliations) == 0
    folder = study.write(tmp_path / "study")
    for name, table in an.read(folder).tables.items():
        pd.testing.assert_frame_equal(table, study.tables[name])


def test_two_donations_that_overlap_agree(donation: Donation, official: pd.DataFrame, tmp_path: Path) -> None:
    study = archive()
    earlier = dataclasses.replace(study, shares=study.shares[study.shares["shared_at"] < "2024-02-03"])
    before = read_donation(donation_of(earlier, official, "P017").write(tmp_path / "a.zip"))
    after = read_donation(donation.write(tmp_path / "b.zip"))
    both = pd.concat([before["shares"], after["shares"]]).drop_duplicates()
    assert len(before["shares"]) == 4
    assert set(both["share_id"]) == set(after["shares"]["share_id"])
    assert both["share_id"].is_unique


def test_counts_are_the_same_as_from_the_archive_itself(official: pd.DataFrame, tmp_path: Path) -> None:
    """What the volunteer gives is enough for the pair: the same weights as the whole archive would give."""
    whole = archive()
    role = whole.accounts["account_id"].map({OWN: "employee", OFFICIAL: "organisation"}).fillna("outside")
    accounts = whole.accounts.assign(
        role=role,
        organisation=role.map({"organisation": "Kanava", "employee": "Kanava"}).astype("str"),
    )
    expected = an.dyads(
        an.from_tables({**whole.tables, "accounts": accounts, "affiliations": _tie(OWN)}, title="whole")
    )
    tables = read_donation(donation_of(whole, official, "P017").write(tmp_path / "d.zip"))
    given = tables["accounts"].replace({"organisation": {"=Kanava & <b>Co</b>": "Kanava"}})
    found = an.dyads(an.from_tables({**tables, "accounts": given, "affiliations": _tie("P017")}, title="given"))
    for column in ("w_eo", "seen_eo", "seen_oe", "person_posts", "state"):
        assert found.pairs[column].tolist() == expected.pairs[column].tolist(), column
    strength = expected.strengths.set_index("account_id")["strength_out"]
    assert strength[OWN] == 4
    # the share whose source the archive does not name counts in neither
    assert found.shares - found.self_shares == 6


def _tie(holder: str) -> pd.DataFrame:
    return pd.DataFrame({"holder_id": [holder], "organisation": ["Kanava"]})


# ---- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["", "P 17", "../P17", "P" * 33, "ä1", "-P", "=P", "P17\n"])
def test_a_code_is_only_a_code(official: pd.DataFrame, code: str) -> None:
    with pytest.raises(PrivacyError, match="use the one you were given"):
        donation_of(archive(), official, code)


def test_a_handle_is_no_code(official: pd.DataFrame) -> None:
    with pytest.raises(PrivacyError, match="own handle"):
        donation_of(archive(), official, "Xanthippe_H")


def test_whose_archive_it_is_must_be_clear(official: pd.DataFrame) -> None:
    study = archive()
    accounts = study.accounts
    for observed, message in (
        ({OWN: "partial", OFFICIAL: "none", OTHER: "none"}, "whose archive"),
        ({OWN: "none", OFFICIAL: "full", OTHER: "none"}, "list of organisations"),
        ({OWN: "full", OFFICIAL: "none", OTHER: "full"}, "several accounts"),
    ):
        changed = accounts.assign(observed=accounts["account_id"].map(observed).astype("str"))
        with pytest.raises(PrivacyError, match=message) as refused:
            donation_of(dataclasses.replace(study, accounts=changed), official, "P017")
        assert "anthippe" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("platform,organisation\nx,A\n", "handle or account_id"),
        ("handle,platform\na,x\n", "organisation"),
        ("platform,handle,organisation\n", "names no account"),
        ("platform,handle,organisation\nx,a,A\nx,,A\n", "line 3"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_list_that_names_no_accounts_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "official.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SchemaError, match=message):
        read_official(path)


@pytest.mark.parametrize(
    ("named", "handle", "same"),
    [
        ("https://mastodon.social/@Kanava", "kanava@mastodon.social", True),
        ("@kanava@mastodon.social", "kanava@mastodon.social", True),
        # the same name on another server is another account, maybe a person's
        ("@kanava@mastodon.social", "kanava@elsewhere.example", False),
        ("kanava", "kanava@elsewhere.example", False),
        ("https://www.linkedin.com/company/kanava/", "Kanava", True),
        ("https://bsky.app/profile/kanava.example", "kanava.example", True),
        ("kanava", "kanava2", False),
    ],
)
def test_only_the_named_account_is_official(tmp_path: Path, named: str, handle: str, same: bool) -> None:
    study = archive()
    accounts = study.accounts.assign(handle=study.accounts["handle"].replace({"Kanava": handle}))
    (tmp_path / "o.csv").write_text(f"platform,handle,organisation\ntwitter,{named},Kanava\n")
    found = donation_of(dataclasses.replace(study, accounts=accounts), read_official(tmp_path / "o.csv"), "P017")
    assert len(found.shares) == (3 if same else 0)
    assert found.other_shares["shares"].sum() == (3 if same else 5)


@pytest.mark.parametrize("account", ["22", "twitter:22"])
def test_an_official_account_may_be_named_by_id(tmp_path: Path, account: str) -> None:
    (tmp_path / "o.csv").write_text(f"platform,account_id,organisation\nx.com,{account},Kanava\n")
    assert len(donation_of(archive(), read_official(tmp_path / "o.csv"), "P017").shares) == 3


def packed(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return path


def replaced(donation: Donation, name: str, old: str, new: str) -> dict[str, bytes]:
    files = donation.files
    assert old.encode() in files[name]
    return files | {name: files[name].replace(old.encode(), new.encode(), 1)}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("donation.json", "P017", "../../P017"),
        ("donation.json", '"version": 1', '"version": 2'),
        ("donation.json", '"code"', '"name"'),
        ("donation.json", "2024-01-01T00:00:00Z", "yesterday"),
        ("donation.json", '"accounts": [', '"accounts": [1, '),
        ("donation.json", "{", "[" * 100_000),
        ("official.csv", "platform", "handle,platform"),
        ("official.csv", OFFICIAL, ""),
        ("shares.csv", "given", "Xanthippe"),
        ("shares.csv", OFFICIAL, OTHER),
        ("shares.csv", "2024-02-01T08:00:00Z", "2024-02-01"),
        ("posts.csv", "quote", "repost"),
        ("posts.csv", "kind", "text"),
        ("posts.csv", "twitter", "mastodon"),
        ("other_shares.csv", ",2", ",-2"),
        ("other_shares.csv", ",2", ",9999999"),
        ("other_shares.csv", "2024-02-02", "2024-02-02T10:00:00Z"),
    ],
)
def test_what_no_donation_holds_is_refused(donation: Donation, tmp_path: Path, name: str, old: str, new: str) -> None:
    path = packed(replaced(donation, name, old, new), tmp_path / "d.zip")
    with pytest.raises(SchemaError) as refused:
        read_donation(path)
    assert "Xanthippe" not in str(refused.value)


def test_a_zip_with_more_or_less_is_no_donation(donation: Donation, tmp_path: Path) -> None:
    files = donation.files
    for changed in (
        files | {"../evil.csv": b""},
        files | {"tweets.js": b"[]"},
        {name: content for name, content in files.items() if name != "posts.csv"},
    ):
        with pytest.raises(SchemaError, match="a donation holds"):
            read_donation(packed(changed, tmp_path / "d.zip"))
    (tmp_path / "text").write_text("no zip")
    for path in (tmp_path / "text", tmp_path, tmp_path / "nothing"):
        assert not is_donation(path)
        with pytest.raises(SchemaError, match="no donation"):
            read_donation(path)


def test_a_bomb_is_not_unpacked(donation: Donation, tmp_path: Path) -> None:
    bomb = packed(donation.files | {"posts.csv": b"0" * 80_000_000}, tmp_path / "d.zip")
    assert bomb.stat().st_size < 200_000
    with pytest.raises(SchemaError, match="too large"):
        read_donation(bomb)


@settings(max_examples=60)
@given(at=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_broken_zip_is_an_error_with_a_name(at: int, byte: int, cut: bool, tmp_path_factory) -> None:
    study = archive()
    listed = pd.DataFrame(
        [("twitter", None, "kanava", "Kanava")], columns=["platform", "account_id", "handle", "organisation"]
    )
    path = donation_of(study, listed, "P1").write(tmp_path_factory.mktemp("d") / "d.zip")
    data = bytearray(path.read_bytes())
    at %= len(data)
    path.write_bytes(bytes(data[:at]) if cut else bytes(data[:at] + bytes([byte]) + data[at + 1 :]))
    try:
        found = read_donation(path)
    except AmbassadorError:
        return
    assert set(found) == {"accounts", "holders", "shares", "posts"}


# ---- with the readers ------------------------------------------------------------------------------------


def test_an_archive_becomes_a_donation(tmp_path: Path) -> None:
    """An archive in the structure of the platform's own; what it says besides must stay behind."""
    folder = tmp_path / "archive" / "data"
    folder.mkdir(parents=True)
    person = {"accountId": "7700112233", "username": "xanthippe_h", "accountDisplayName": "Xanthippe Testaaja"}
    tweets = [
        _tweet(1, "RT @Kanava: secret-words of the house", mentions=[("22", "Kanava", "Kanava")]),
        _tweet(2, "RT @zeuxis: secret-words of a friend", mentions=[("33", "zeuxis", "Zeuxis")]),
        _tweet(3, "my own secret-words"),
    ]
    (folder / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps([{'account': person}])}")
    (folder / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
    listed = tmp_path / "official.csv"
    listed.write_text("platform,handle,organisation\nX,@kanava,Kanava\n")
    given = prepare_donation(tmp_path / "archive", listed, "P017")
    assert given.shares[["direction", "official_account_id"]].to_numpy().tolist() == [["given", OFFICIAL]]
    assert given.other_shares["shares"].tolist() == [1]
    assert given.posts["kind"].tolist() == ["original"]
    told = b"".join(given.files.values()).lower()
    for secret in (b"xanthippe", b"7700112233", b"zeuxis", b"secret-words", b"900000000000000001"):
        assert secret not in told


def _tweet(number: int, text: str, mentions: list[tuple[str, str, str]] = []) -> dict[str, object]:  # noqa: B006
    post = str(900_000_000_000_000_000 + number)
    named = [{"id_str": i, "id": i, "screen_name": handle, "name": name} for i, handle, name in mentions]
    return {
        "tweet": {
            "id_str": post,
            "id": post,
            "full_text": text,
            "created_at": f"Fri Nov 0{number} 09:00:00 +0000 2024",
            "entities": {"user_mentions": named, "urls": [], "hashtags": [], "symbols": []},
            "retweeted": False,
            "source": "web",
            "lang": "en",
        }
    }


@pytest.mark.parametrize("name", ["twitter_archive_js", "twitter_archive_csv", "mastodon_outbox_json"])
def test_every_real_archive_keeps_its_sums(tmp_path: Path, name: str) -> None:
    from ambassador_net.readers import import_exports

    folder = SHARED / "data" / "native" / name
    if not folder.is_dir():
        pytest.skip("the shared exports are not here")
    study = import_exports([folder]).study
    own = set(study.accounts.loc[study.accounts["observed"] == "full", "account_id"])
    named = study.shares["source_id"].value_counts().index[0]
    account = study.accounts.set_index("account_id").loc[named]
    listed = tmp_path / "official.csv"
    listed.write_text(f"platform,handle,organisation\n{account['platform']},{account['handle']},Kanava\n")
    given = prepare_donation(folder, listed, "P017")
    by_owner = study.shares[study.shares["sharer_id"].isin(own)]
    assert len(given.shares) == (by_owner["source_id"] == named).sum() > 0
    assert given.other_shares["shares"].sum() + len(given.shares) == len(by_owner)
    back = study_of_donation(given.write(tmp_path / "d.zip"))
    assert len(back.shares) == len(by_owner)
    told = b"".join(given.files.values()).decode()
    others = study.accounts[study.accounts["account_id"] != named]
    for identity in itertools.chain(others["account_id"], others["handle"].dropna(), others["name"].dropna()):
        assert identity not in told
