"""A donation holds what its page shows and nothing else, and comes back as the study it was cut from."""

import dataclasses
import html
import io
import itertools
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

import ambassador_net as an
from ambassador_net.cli import app, exports
from ambassador_net.donations import Donation, donation_of, prepare_donation, read_official
from ambassador_net.errors import AmbassadorError, PrivacyError, SchemaError
from ambassador_net.readers.donation import is_donation, read_donation, study_of_donation
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
    # the list says the same in everybody's donation, whatever an archive knows of the account
    (tmp_path / "o.csv").write_text(f"platform,account_id,handle,organisation\nx,{account},Kanava,Kanava\nx,44,new,N\n")
    whole = archive()
    by_handle = whole.accounts.replace({"account_id": {OFFICIAL: "twitter:@kanava"}})
    shares = whole.shares.replace(
        {"sharer_id": {OFFICIAL: "twitter:@kanava"}, "source_id": {OFFICIAL: "twitter:@kanava"}}
    )
    found = donation_of(
        dataclasses.replace(whole, accounts=by_handle, shares=shares), read_official(tmp_path / "o.csv"), "P017"
    )
    assert found.official["account_id"].tolist() == ["twitter:22", "twitter:44"]
    assert set(found.shares["official_account_id"]) == {"twitter:22"}


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


@pytest.fixture(scope="module")
def whole_zip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    listed = pd.DataFrame(
        [("twitter", None, "kanava", "Kanava")], columns=["platform", "account_id", "handle", "organisation"]
    )
    return donation_of(archive(), listed, "P1").write(tmp_path_factory.mktemp("d") / "d.zip").read_bytes()


@settings(max_examples=60)
@given(at=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_broken_zip_is_an_error_with_a_name(
    at: int, byte: int, cut: bool, whole_zip: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at %= len(whole_zip)
    path = tmp_path_factory.mktemp("d") / "d.zip"
    path.write_bytes(whole_zip[:at] if cut else whole_zip[:at] + bytes([byte]) + whole_zip[at + 1 :])
    try:
        found = read_donation(path)
    except AmbassadorError:
        return
    assert set(found) == {"accounts", "holders", "shares", "posts"}


# ---- with the readers ------------------------------------------------------------------------------------


def x_archive(folder: Path, person: tuple[str, str, str], tweets: list[dict[str, object]]) -> Path:
    """An archive in the structure of the platform's own."""
    account, handle, name = person
    owner = {"accountId": account, "username": handle, "accountDisplayName": name}
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps([{'account': owner}])}")
    (folder / "data" / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
    return folder


@pytest.fixture
def of_a_volunteer(tmp_path: Path) -> Path:
    """The archive of a volunteer, beside the list of organisations; what it says besides must stay behind."""
    (tmp_path / "official.csv").write_text("platform,handle,organisation\nX,@kanava,Kanava\n")
    tweets = [
        _tweet(1, "RT @Kanava: secret-words of the house", mentions=[("22", "Kanava", "Kanava")]),
        _tweet(2, "RT @zeuxis: secret-words of a friend", mentions=[("33", "zeuxis", "Zeuxis")]),
        _tweet(3, "my own secret-words"),
    ]
    return x_archive(tmp_path / "archive", ("7700112233", "xanthippe_h", "Xanthippe Testaaja"), tweets)


IN_THE_ARCHIVE = (b"xanthippe", b"7700112233", b"zeuxis", b"secret-words", b"900000000000000001")


def test_an_archive_becomes_a_donation(of_a_volunteer: Path, tmp_path: Path) -> None:
    read_first: list[int] = []
    given = prepare_donation(
        of_a_volunteer,
        tmp_path / "official.csv",
        "P017",
        told=lambda imported: read_first.extend(entry.records for entry in imported.files),
    )
    assert read_first == [3]
    assert given.shares[["direction", "official_account_id"]].to_numpy().tolist() == [["given", OFFICIAL]]
    assert given.other_shares["shares"].tolist() == [1]
    assert given.posts["kind"].tolist() == ["original"]
    told = b"".join(given.files.values()).lower()
    for secret in IN_THE_ARCHIVE:
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


# ---- the command -----------------------------------------------------------------------------------------


def donate(where: Path, *more: str, answer: str | None = None) -> Result:
    arguments = ["donate", str(where / "archive"), "--official", str(where / "official.csv"), "--to",
                 str(where / "given.zip"), *more]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exports, "somebody_answers", lambda: answer is not None)
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments, input=answer)


def left_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.usefixtures("of_a_volunteer")
@pytest.mark.parametrize(
    ("language", "answer", "said"), [("en", "y", "Wrote"), ("fi", "Kyllä", "Kirjoitettiin"), ("sv", "j", "Skrev")]
)
def test_a_volunteer_sees_what_leaves_and_says_yes(tmp_path: Path, language: str, answer: str, said: str) -> None:
    done = donate(tmp_path, "--code", "P017", "--language", language, answer=f"{answer}\n")
    assert done.exit_code == 0, done.output
    assert left_in(tmp_path) == ["archive", "given.html", "given.zip", "official.csv"]
    shown = done.stdout
    # first what was read, then what leaves, then the question, then where it is
    places = [
        shown.index("x_archive):"),
        shown.index("other_shares.csv"),
        shown.index("given.html"),
        shown.index(said),
    ]
    assert places == sorted(places)
    for cell in ("P017", "2024-11-01T09:00:00Z", "twitter:22", "2024-11-02"):
        assert cell in shown
    assert study_of_donation(tmp_path / "given.zip").holders["holder_id"].tolist() == ["P017"]
    page = (tmp_path / "given.html").read_text("utf-8")
    assert f'<html lang="{language}">' in page
    assert {stat.S_IMODE((tmp_path / f"given.{ending}").stat().st_mode) for ending in ("zip", "html")} == {0o600}
    for secret in IN_THE_ARCHIVE:
        assert secret.decode() not in (done.output + page).casefold()


@pytest.mark.usefixtures("of_a_volunteer")
@pytest.mark.parametrize("answer", ["n\n", "\n", "maybe\n", "yesterday\n", ""])
def test_who_does_not_say_yes_leaves_nothing_behind(tmp_path: Path, answer: str) -> None:
    done = donate(tmp_path, "--code", "P017", answer=answer)
    assert done.exit_code == 1
    assert "other_shares.csv" in done.stdout
    assert left_in(tmp_path) == ["archive", "official.csv"]
    if answer:
        assert "Nothing was written" in done.stderr


@pytest.mark.usefixtures("of_a_volunteer")
def test_a_script_says_yes_in_advance_and_is_shown_the_same(tmp_path: Path) -> None:
    silent = donate(tmp_path, "--code", "P017")
    assert isinstance(silent.exception, PrivacyError)
    assert "add --yes" in str(silent.exception)
    assert left_in(tmp_path) == ["archive", "official.csv"]
    done = donate(tmp_path, "--code", "P017", "--yes")
    assert done.exit_code == 0, done.output
    assert "other_shares.csv" in done.stdout
    # what was given is not written over
    again = donate(tmp_path, "--code", "P018", "--yes")
    assert (again.exit_code, "name a new file" in again.output) == (2, True)
    assert study_of_donation(tmp_path / "given.zip").holders["holder_id"].tolist() == ["P017"]


@pytest.mark.usefixtures("of_a_volunteer")
@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--code", "../P17"], 4, "use the one you were given"),
        (["--code", "xanthippe_h"], 4, "own handle"),
        (["--code", "P017", "--to", "given.csv"], 2, ".zip"),
        (["--code", "P017", "--to", "no/given.zip"], 2, "no folder"),
        (["--code", "P017", "--official", "archive/data/account.js"], 3, "account.js"),
        (["--code", "P017", "--official", "nothing.csv"], 3, "cannot be read"),
        (["--code", "P017", "--language", "la"], 1, "there are"),
    ],
)
def test_a_donation_that_cannot_be_is_refused_without_a_trace(
    tmp_path: Path, more: list[str], code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = donate(tmp_path, *more, answer="y\n")
    refused = done.exception
    assert (refused.exit_code if isinstance(refused, AmbassadorError) else done.exit_code) == code, done.output
    message = str(refused) if isinstance(refused, AmbassadorError) else done.output
    assert says in message
    assert left_in(tmp_path) == ["archive", "official.csv"]
    assert b"zeuxis" not in message.encode()
    # where the archive was read, its owner learns of it even so
    assert ("3 records read" in done.stdout) == (says == "own handle")


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
@pytest.mark.usefixtures("of_a_volunteer")
def test_a_terminal_is_asked(tmp_path: Path) -> None:
    keyboard, terminal = os.openpty()
    os.write(keyboard, b"y\n")
    code = "from ambassador_net.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "donate", "archive", "--official", "official.csv", "--code", "P017", "--to",
         "given.zip"],
        stdin=terminal, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    os.close(keyboard)
    os.close(terminal)
    assert done.returncode == 0, done.stderr
    assert "Write given.zip with exactly this?" in done.stderr
    assert is_donation(tmp_path / "given.zip")


# ---- beside archives -------------------------------------------------------------------------------------


def test_donations_are_imported_beside_archives(of_a_volunteer: Path, tmp_path: Path) -> None:
    """The volunteer's side from the donation, the organisation's from its own archive, joined by the roster."""
    assert donate(tmp_path, "--code", "P017", "--yes").exit_code == 0
    (tmp_path / "donations").mkdir()
    (tmp_path / "given.zip").replace(tmp_path / "donations" / "P017.zip")
    tweets = [_tweet(5, "RT @xanthippe_h: well said", mentions=[("7700112233", "xanthippe_h", "Xanthippe")]),
              _tweet(6, "news of the house")]  # fmt: skip
    x_archive(tmp_path / "house", ("22", "Kanava", "Kanava"), tweets)
    (tmp_path / "roster.csv").write_text(
        "account_id,role,organisation,holder_id\nP017-twitter,employee,Kanava,P017\n"
        "twitter:7700112233,employee,Kanava,P017\ntwitter:22,organisation,Kanava,\n"
    )
    sources = [str(tmp_path / "donations"), str(tmp_path / "house")]
    done = CliRunner().invoke(
        app, ["import", *sources, "--roster", str(tmp_path / "roster.csv"), "--to", str(tmp_path / "study")]
    )
    assert done.exit_code == 0, done.output
    ledger = pd.read_csv(tmp_path / "study" / "ledger.csv").set_index("file")
    assert ledger.loc["donations/P017.zip", ["format", "records", "reposts", "posts"]].tolist() == ["donation", 3, 2, 1]
    pair = an.dyads(an.read(tmp_path / "study")).pairs
    assert pair[["w_eo", "w_oe"]].to_numpy().tolist() == [[1, 1]]
    assert pair[["seen_eo", "seen_oe"]].all(axis=None)


def test_two_donations_of_one_volunteer_are_observed_together(
    donation: Donation, official: pd.DataFrame, tmp_path: Path
) -> None:
    from ambassador_net.readers import import_exports, recognise

    later = {"observed_from": "2024-06-01", "observed_to": "2025-06-30"}
    study = archive()
    accounts = study.accounts.copy()
    for column, day in later.items():
        accounts.loc[accounts["observed"] == "full", column] = pd.Timestamp(day, tz="UTC")
    again = donation_of(dataclasses.replace(study, accounts=accounts), official, "P017")
    first, second = donation.write(tmp_path / "a.zip"), again.write(tmp_path / "b.zip")
    assert recognise(first).name == "donation"
    for sources in ([first, second], [second, first]):
        found = import_exports(sources)
        own = found.study.accounts.set_index("account_id").loc["P017-twitter"]
        assert (own["observed"], own["observed_from"], own["observed_to"]) == (
            "full",
            pd.Timestamp("2024-01-01", tz="UTC"),
            pd.Timestamp("2025-06-30", tz="UTC"),
        )
        assert len(found.study.shares) == 6
        assert found.files[1].repeated == found.files[1].records
        # a code is no title
        assert found.study.title == "Imported study"
    # a study in which the organisation was observed says so whatever a donation does not know
    house = dataclasses.replace(
        study, accounts=study.accounts.assign(observed=["none", "full", "none"]), title="Houses"
    ).write(tmp_path / "house")
    both = import_exports([first, house])
    assert both.study.accounts.set_index("account_id")["observed"].loc[OFFICIAL] == "full"
    assert both.study.title == "Houses"


def test_a_broken_donation_is_not_imported(donation: Donation, tmp_path: Path) -> None:
    from ambassador_net.readers import import_exports

    path = packed(donation.files | {"tweets.js": b"[]"}, tmp_path / "d.zip")
    with pytest.raises(SchemaError, match="a donation holds"):
        import_exports([path])
