"""Every format with hand-checked counts, rosters, coverage, one share counted once, and what hostile files do."""

import gzip
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ambassador_net import study as studies
from ambassador_net.errors import SchemaError
from ambassador_net.readers import (
    FileEntry,
    Imported,
    Mapped,
    ReadError,
    columns_of,
    draft_roster,
    formats,
    import_exports,
    mapping_asked,
    read_mapping,
    read_roster,
    recognise,
)
from ambassador_net.readers.gather import NOT_A_RECORD, connect
from ambassador_net.readers.roster import normal
from small import up_to

DATA = Path(__file__).parent / "data"
NATIVE = Path(os.environ.get("AMBASSADOR_NET_NATIVE", Path(__file__).parents[2] / "shared" / "data" / "native"))
needs_native = pytest.mark.skipif(not NATIVE.is_dir(), reason="the real exports are not on this machine")

PRIVATE = "private: followers only or direct"

# counted by hand with jq and the csv module: records, reposts, quotes, posts, set aside
COUNTS: dict[str, tuple[str, int, int, int, int, dict[str, int]]] = {
    "bluesky_feed_json/author_feed_alice.json": ("bluesky_feed", 4, 0, 1, 3, {}),
    "bluesky_feed_json/author_feed_carol.json": ("bluesky_feed", 3, 1, 1, 1, {}),
    "congresstweets_daily_json/2018-06-12.json": ("congress_tweets", 11, 3, 2, 6, {}),
    "congresstweets_daily_json/users-filtered.json": (
        "congress_accounts", 609, 0, 0, 0, {"an account list, not a post": 609},
    ),
    "coordination_network_toolkit_csv/sample_data.csv": ("coordination_csv", 100, 27, 0, 73, {}),
    "linkedin_shares_csv/Shares.csv": ("linkedin_shares", 30, 7, 0, 23, {}),
    "mastodon_api_json/account_statuses.json": ("mastodon_statuses", 9, 3, 1, 3, {PRIVATE: 2}),
    "mastodon_outbox_json/outbox.json": ("mastodon_export", 42, 12, 0, 24, {PRIVATE: 6}),
    "newsroom_tweets_csv/washtimes_sample.csv": ("newsroom_csv", 160, 80, 0, 80, {}),
    # two more links to others' posts end in /photo or /video: a picture used again, not a quote
    "twitter_archive_csv/tweets.csv": ("x_archive_csv", 908, 287, 9, 612, {}),
    "twitter_archive_js/tweets.js": ("x_archive", 48, 16, 8, 24, {}),
    "twitter_v1_list_members_json/list_members.json": ("twitter_v1_list", 20, 7, 1, 12, {}),
    "twitter_v1_python_twitter_jsonl/mps_sample.jsonl": ("twitter_v1", 240, 219, 16, 5, {}),
    # two quotes whose original was deleted: `is_quote_status` without a quoted post
    "twitter_v1_timeline_json/potus_timeline.json": ("twitter_v1", 57, 4, 15, 38, {}),
    "twitter_v2_jsonl/flattened.jsonl": ("twitter_v2", 60, 28, 5, 27, {}),
    "twitter_v2_jsonl/pages.jsonl": ("twitter_v2_pages", 100, 67, 11, 22, {}),
}  # fmt: skip


def entry(imported: Imported, name: str = "") -> FileEntry:
    return next(e for e in imported.files if e.file.endswith(name))


def sums(e: FileEntry) -> tuple[str, int, int, int, int, dict[str, int]]:
    return e.format, e.records, e.reposts, e.quotes, e.posts, dict(e.set_aside)


def same(one: studies.Study, other: studies.Study) -> None:
    for name in studies.TABLES:
        left, right = getattr(one, name), getattr(other, name)
        order = list(left.columns[:4])
        pd.testing.assert_frame_equal(
            left.sort_values(order, ignore_index=True), right[left.columns].sort_values(order, ignore_index=True)
        )


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), "utf-8")
    return path


def status(number: int, author: int, *, of: int | None = None, by: int = 1, **more: Any) -> dict[str, Any]:
    found = {
        "id_str": str(number),
        "created_at": f"Wed Nov 02 21:{number % 60:02}:32 +0000 2022",
        "text": "x",
        "user": {"id_str": str(author), "screen_name": f"user{author}", "name": f"User {author}"},
    }
    if of is not None:
        found["retweeted_status"] = {"id_str": str(of), "created_at": "Wed Nov 02 20:00:00 +0000 2022",
                                     "user": {"id_str": str(by), "screen_name": f"user{by}"}}  # fmt: skip
    return found | more


# ---- every format -----------------------------------------------------------------------------------------


@needs_native
@pytest.mark.parametrize("file", COUNTS)
def test_each_real_export_has_its_counts(file: str) -> None:
    assert recognise(NATIVE / file).name == COUNTS[file][0]
    if COUNTS[file][0] == "congress_accounts":
        with pytest.raises(ReadError, match="609 an account list, not a post"):
            import_exports([NATIVE / file])
        return
    imported = import_exports([NATIVE / file])
    assert sums(entry(imported)) == COUNTS[file]
    assert imported.study.ledger.summary()["set_aside"].sum() == 0


@needs_native
def test_all_real_exports_at_once() -> None:
    imported = import_exports([NATIVE])
    assert {e.file.removeprefix("native/"): sums(e) for e in imported.files} == COUNTS
    assert imported.not_read == ()
    assert len(imported.study.shares) == sum(c[2] + c[3] for c in COUNTS.values())


@needs_native
def test_every_real_file_has_a_count() -> None:
    assert {
        str(p.relative_to(NATIVE))
        for p in NATIVE.rglob("*.*")
        if p.name not in ("README.md", "actor.json", "account.js")
    } == set(COUNTS)


@needs_native
def test_what_the_real_exports_say_of_single_shares() -> None:
    study = import_exports([NATIVE]).study
    shares = study.shares.set_index("share_id")
    # RT @RepValDemings …; the list of accounts gives the handle its id, the link the original
    retweet = shares.loc["twitter:1006531071327064064"]
    assert (retweet["sharer_id"], retweet["original_post_id"]) == ("twitter:267938462", "twitter:1006507662060736513")
    assert retweet["source_id"] == "twitter:798973032362606600"
    assert retweet["shared_at"] == pd.Timestamp("2018-06-12T13:38:02Z")
    # the numeric id of this file had lost digits
    assert shares.loc["twitter:677991253259264000", "original_post_id"] == "twitter:677566544164073472"
    boost = shares[shares["sharer_id"] == "mastodon:example_person@social.example"]
    assert set(boost["source_id"]) == {"mastodon:example_org@org.example", "mastodon:example_colleague@social.example"}
    accounts = study.accounts.set_index("account_id")
    assert accounts.loc["twitter:112000001", ["handle", "observed"]].tolist() == ["example_person", "full"]
    assert accounts.loc["twitter:@flotus", "observed"] == "full"
    assert accounts.loc["twitter:112000002", "observed"] == "none"
    # the server's time, where a client said 1970
    assert study.posts["posted_at"].min() > pd.Timestamp("2010-01-01T00:00Z")


def test_zeeschuimer_and_four_cat_linkedin() -> None:
    imported = import_exports([DATA / "linkedin_zeeschuimer", DATA / "linkedin_four_cat"])
    nobody = "reposted by an account that the file does not name"
    assert sums(entry(imported, "feed.ndjson")) == (
        "linkedin_zeeschuimer", 7, 2, 1, 1,
        {"the author is missing": 1, nobody: 1, "a post whose time is only an interval": 1},
    )  # fmt: skip
    assert sums(entry(imported, "linkedin.csv")) == (
        "linkedin_four_cat", 3, 0, 0, 0, {nobody: 1, "a post whose time is only an interval": 1},
    )  # fmt: skip
    assert entry(imported, "linkedin.csv").repeated == 1
    shares = imported.study.shares.sort_values("shared_at_earliest", ignore_index=True)
    assert shares["sharer_id"].tolist() == [
        "linkedin:in/anna-esimerkki", "linkedin:in/bertil-exempel", "linkedin:in/anna-esimerkki",
    ]  # fmt: skip
    assert shares["source_id"].unique().tolist() == ["linkedin:company/esimerkki"]
    # the id is the time; a repost of unknown time lies between the original and the collection
    assert shares.loc[0, "shared_at"] == pd.Timestamp("2026-03-02T09:30:00Z")
    assert pd.isna(shares.loc[2, "shared_at"])
    assert shares.loc[2, "shared_at_earliest"] == pd.Timestamp("2026-03-03T08:00:00Z")
    assert shares.loc[2, "shared_at_latest"] == pd.Timestamp("2026-03-20T12:00:00Z")


def test_four_cat_twitter() -> None:
    imported = import_exports([DATA / "four_cat_twitter"])
    assert sums(entry(imported)) == ("four_cat_twitter", 4, 1, 1, 2, {})
    assert imported.study.shares["source_id"].tolist() == ["twitter:11", "twitter:11"]
    assert imported.study.mentions[["author_id", "mentioned_id", "kind"]].to_numpy().tolist() == [
        ["twitter:11", "twitter:12", "reply"]
    ]


def test_a_spreadsheet_with_a_mapping(tmp_path: Path) -> None:
    imported = import_exports([DATA / "table"])
    assert sums(entry(imported)) == (
        "table", 4, 1, 1, 0,
        {"a post whose time is only an interval": 1, "the time is missing or cannot be read": 1},
    )  # fmt: skip
    assert imported.study.shares["shared_at"].tolist() == [
        pd.Timestamp("2026-03-02T09:15Z"),
        pd.Timestamp("2026-03-03T12:00Z"),
    ]
    assert imported.study.shares["source_id"].unique().tolist() == ["linkedin:@org"]
    with pytest.raises(ReadError, match="needs a mapping"):
        import_exports([shutil.copy(DATA / "table" / "jaot.csv", tmp_path)])
    saved = read_mapping(DATA / "table" / "jaot.mapping.toml").write(tmp_path / "again.toml")
    assert sums(entry(import_exports([tmp_path / "jaot.csv"], mapping=saved))) == sums(entry(imported))


def test_a_mapping_is_asked_for_with_guesses() -> None:
    columns = columns_of(DATA / "table" / "jaot.csv")
    assert columns == ("Tekijä", "Päivä", "Laji", "Lähde")
    guesses = {q.field: q.guess for q in mapping_asked(columns) if q.guess}
    assert guesses == {"author": "Tekijä", "time": "Päivä", "kind": "Laji", "source": "Lähde"}
    for columns_of_mapping, said in (({"time": "a"}, "author"), ({"author": "a"}, "time"), ({"autor": "a"}, "autor")):
        with pytest.raises(ReadError, match=said):
            Mapped("x", columns_of_mapping)


def test_every_format_says_what_it_can_and_cannot() -> None:
    names = [f.name for f in formats()]
    assert len(set(names)) == len(names)
    for form in formats():
        for language in ("en", "fi", "sv"):
            assert form.says(language)
            assert form.lacks(language)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2 vk sitten", "2026-02-27T12:00", "2026-03-06T12:00"),
        ("2w •", "2026-02-27T12:00", "2026-03-06T12:00"),
        ("3 mo", "2025-11-16T12:00", "2025-12-26T12:00"),
        ("1 år sedan", "2024-03-18T12:00", "2025-03-20T12:00"),
        ("för 2 veckor sedan", "2026-02-27T12:00", "2026-03-06T12:00"),
        ("2 v sitten", "2023-03-18T12:00", "2024-03-20T12:00"),
        ("2 v sedan", "2026-02-27T12:00", "2026-03-06T12:00"),
        # a year in Finnish, a week in Swedish: both
        ("2 v", "2023-03-18T12:00", "2026-03-06T12:00"),
        ("5 pv sitten", "2026-03-14T12:00", "2026-03-15T12:00"),
        ("18h", "2026-03-19T17:00", "2026-03-19T18:00"),
        ("Promoted", None, None),
    ],
)
def test_a_distance_in_time_is_an_interval(tmp_path: Path, text: str, earliest: str | None, latest: str | None) -> None:
    with connect(tmp_path) as connection:
        found = connection.execute(
            "SELECT ago_earliest(t, c), ago_latest(t, c) "
            "FROM (SELECT ?::VARCHAR AS t, TIMESTAMP '2026-03-20 12:00' AS c)",
            [text],
        ).fetchone()
    assert found is not None
    assert [None if t is None else t.isoformat()[:16] for t in found] == [earliest, latest]


# ---- once -------------------------------------------------------------------------------------------------


def test_reading_twice_changes_nothing(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", status(1, 1), status(2, 2, of=1), status(3, 2, of=1, by=9))
    once, twice = import_exports([file]), import_exports([file, file])
    same(once.study, twice.study)
    assert [(e.records, e.repeated) for e in twice.files] == [(3, 0), (3, 3)]


def test_a_study_and_the_files_it_came_from_are_the_study(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", status(1, 1), status(2, 2, of=1), status(3, 2, of=1, by=9))
    first = import_exports([file])
    folder = first.write(tmp_path / "study")
    same(first.study, studies.read(folder))
    again = import_exports([folder, file])
    same(first.study, again.study)
    assert [(e.format, e.records, e.repeated) for e in again.files] == [("study", 3, 0), ("twitter_v1", 3, 3)]
    ledger = pd.read_csv(folder / "ledger.csv")
    assert ledger[["records", "reposts", "posts"]].to_numpy().tolist() == [[3, 2, 1]]
    bundle = tmp_path / "study.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        for part in folder.iterdir():
            archive.write(part, f"inside/{part.name}")
    same(first.study, import_exports([bundle]).study)


# imports over copies of a study, each killed by itself before another of its steps in the folder, until one is not;
# then writes two studies in turns and is killed by another process, wherever it is
KILLED = """
import os, random, shutil, signal, sys, time
from itertools import cycle, count
from pathlib import Path
from ambassador_net import study as studies
from ambassador_net.readers import import_exports

source, old, work, whole = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "every"
imported = None if whole else import_exports([source])

def killed_before(step, folder):
    left = [step]
    def seen(event, given):
        if event not in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"):
            return
        if str(folder) in str(given[0]):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(seen)
    (imported or import_exports([source])).write(folder)

for step in count(0, 1 if whole else 3):
    folder = work / f"{step:03}"
    shutil.copytree(old, folder)
    child = os.fork()
    if not child:
        killed_before(step, folder)
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    if ended != signal.SIGKILL:
        break
assert ended == 0

folder, two = work / "timed", (import_exports([source]).study, studies.read(old))
for turn in range(10):
    child = os.fork()
    if not child:
        for study in cycle(two):
            study.write(folder)
    time.sleep(random.uniform(0.02, 0.2))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if (folder / "accounts.csv").exists():
        shutil.copytree(folder, work / f"timed-{turn}")
shutil.rmtree(folder)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills its own children")
@pytest.mark.parametrize(
    "source", [None, pytest.param("twitter_v2_jsonl/pages.jsonl", marks=[pytest.mark.slow, needs_native])]
)
def test_a_killed_import_leaves_the_old_study_or_the_new_one(tmp_path: Path, source: str | None) -> None:
    made = lines(tmp_path / "a.jsonl", *(status(n, n % 7 + 2, of=n - 1) for n in range(1, 40)))
    file = NATIVE / source if source else made
    imported = import_exports([file])
    before = import_exports([lines(tmp_path / "b.jsonl", *(status(n, 1) for n in range(9)))], title="Before").study
    old = before.write(tmp_path / "old")
    # it has a table that the new one has not, and one that the new one packs otherwise
    (old / "holders.csv").write_text("holder_id,kind\n")
    (old / "posts.csv.gz").write_bytes(gzip.compress((old / "posts.csv").read_bytes()))
    (old / "posts.csv").unlink()
    (old / "notes.txt").write_text("mine")
    (old / "ledger.csv").write_text("old")
    new = imported.write(tmp_path / "new")
    work = tmp_path / "work"
    work.mkdir()
    how = "every" if source else "some"
    subprocess.run([sys.executable, "-c", KILLED, str(file), str(old), str(work), how], check=True)
    found = []
    for folder in sorted(work.iterdir()):
        study = studies.read(folder)
        replaced = study.title == imported.study.title
        same(study, imported.study if replaced else before)
        if folder.name.startswith("timed"):
            continue
        found.append(replaced)
        assert replaced or (folder / "ledger.csv").read_text() == "old"
        # what was left is no hindrance
        imported.write(folder)
        after = {p.name: p.read_bytes() for p in folder.iterdir()}
        assert after == {p.name: p.read_bytes() for p in new.iterdir()} | {"notes.txt": b"mine"}
    # the old one up to a moment, the new one from then on
    assert found == sorted(found)
    assert min(found.count(False), found.count(True)) > 2


def test_an_import_that_fails_leaves_the_old_study(
    tmp_path: Path, example: studies.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = example.write(tmp_path / "study")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    imported = import_exports([lines(tmp_path / "a.jsonl", status(1, 1), status(2, 2, of=1))])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(studies, "describe", full)
    for target in (folder, tmp_path / "fresh"):
        with pytest.raises(OSError, match="No space"):
            imported.write(target)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert not (tmp_path / "fresh").exists()


def test_one_export_tells_what_another_leaves_out(tmp_path: Path) -> None:
    archive = tmp_path / "tweets.js"
    mention = {"id_str": "7", "screen_name": "Org", "name": "Org"}
    tweet = {"id_str": "100", "created_at": "Wed Nov 02 21:13:32 +0000 2022", "full_text": "RT @Org: hello",
             "entities": {"user_mentions": [mention], "urls": []}}  # fmt: skip
    archive.write_text("window.YTD.tweets.part0 = " + json.dumps([{"tweet": tweet}]))
    (tmp_path / "account.js").write_text(
        'window.YTD.account.part0 = [{"account": {"username": "me", "accountId": "5", "accountDisplayName": "Me"}}]'
    )
    timeline = lines(tmp_path / "seen.jsonl", status(100, 5, of=99, by=7) | {"created_at": tweet["created_at"]})
    for order in ([archive, timeline], [timeline, archive]):
        imported = import_exports(order)
        (share,) = imported.study.shares.to_dict("records")
        assert share["original_post_id"] == "twitter:99"
        assert (share["sharer_id"], share["source_id"]) == ("twitter:5", "twitter:7")
        assert [e.repeated for e in imported.files] == [0, 1]


def test_one_share_seen_from_both_sides_counts_once(tmp_path: Path) -> None:
    """The owner's Shares.csv knows not whom it shared; the captured feed does, under another id, a moment later."""
    own = tmp_path / "Shares.csv"
    own.write_text(
        "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n"
        "2026-03-02 09:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7434168120000000001,,"
        "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A7434145470873600000,,MEMBER_NETWORK\n"
    )
    feed = DATA / "linkedin_zeeschuimer" / "feed.ndjson"
    owner = "linkedin:@owner-of-7434168120000000001"
    strangers = import_exports([own, feed])
    assert len(strangers.study.shares) == 4
    roster = tmp_path / "roster.csv"
    roster.write_text(
        f"account_id,role,organisation,holder_id\n{owner},employee,Esimerkki,anna\n"
        "linkedin:in/anna-esimerkki,employee,Esimerkki,anna\nlinkedin:company/esimerkki,organisation,Esimerkki,\n"
    )
    imported = import_exports([own, feed], roster=roster)
    assert len(imported.study.shares) == 3
    assert sum(e.repeated for e in imported.files) == 1
    assert imported.study.shares["source_id"].notna().all()


def test_a_share_undone_and_made_again_is_two_and_an_edit_is_one(tmp_path: Path) -> None:
    again = lines(tmp_path / "a.jsonl", status(100, 5, of=99), status(130, 5, of=99))
    assert entry(import_exports([again])).reposts == 2
    edited = tmp_path / "tweets.js"
    versions = [
        {"id_str": n, "created_at": "Wed Nov 02 21:13:32 +0000 2022", "full_text": "x", "entities": {},
         "edit_info": {"initial": {"editTweetIds": ["11", "12"]}} if n == "11" else {"edit": {"initialTweetId": "11"}}}
        for n in ("11", "12")
    ]  # fmt: skip
    edited.write_text("window.YTD.tweets.part0 = " + json.dumps([{"tweet": v} for v in versions]))
    assert (entry(import_exports([edited])).posts, entry(import_exports([edited])).repeated) == (1, 1)


def test_an_id_of_another_author_is_set_aside(tmp_path: Path) -> None:
    head = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls\n"
    for name, user in (("a", "1"), ("b", "2")):
        (tmp_path / f"{name}.csv").write_text(f"{head}1,{user},u{user},,,hi,1606451170.5,[]\n")
    imported = import_exports([tmp_path])
    assert [sums(e)[1:] for e in imported.files] == [
        (1, 0, 0, 1, {}), (1, 0, 0, 0, {"the id was used before by another author": 1}),
    ]  # fmt: skip


def test_a_renamed_account_is_one_and_a_handle_of_two_is_neither(tmp_path: Path) -> None:
    renamed = status(4, 2) | {
        "user": {"id_str": "2", "screen_name": "renamed"},
        "created_at": "Wed Nov 30 21:13:32 +0000 2022",
    }
    taken = status(5, 3) | {"user": {"id_str": "3", "screen_name": "user2"}}
    file = lines(tmp_path / "a.jsonl", status(1, 2), renamed, taken)
    imported = import_exports([file])
    assert imported.study.accounts.set_index("account_id")["handle"].to_dict() == {
        "twitter:2": "renamed",
        "twitter:3": "user2",
    }
    assert imported.proposals[["account_id", "looks_like"]].to_numpy().tolist() == [
        ["twitter:3", "twitter:2"], ["twitter:2", "twitter:2"],
    ]  # fmt: skip


# ---- roster and coverage ----------------------------------------------------------------------------------


def test_a_roster_is_drafted_busiest_first_and_read_back(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", *(status(n, 2, of=1) for n in range(10, 15)), status(20, 3))
    draft = draft_roster(import_exports([file]).study)
    assert draft["account_id"].tolist() == ["twitter:2", "twitter:1", "twitter:3"]
    assert draft.loc[0, ["posts", "shares_made", "shares_received"]].tolist() == [5, 5, 0]
    draft = draft.astype("object")
    draft.loc[1, ["role", "organisation", "holder_id"]] = ["organisation", "A", "A"]
    draft.loc[0, ["role", "organisation", "holder_id", "unit", "hours_reserved"]] = ["employee", "A", "p", "sales", "2"]
    draft["answer_q1"] = ["yes", "", ""]
    second = draft.loc[[0]].assign(organisation="B", valid_from="2023-01-01")
    filled = tmp_path / "roster.csv"
    pd.concat([draft, second]).to_csv(filled, index=False)
    study = import_exports([file], roster=filled).study
    assert study.accounts.set_index("account_id")["role"].to_dict() == {
        "twitter:1": "organisation", "twitter:2": "employee", "twitter:3": "outside",
    }  # fmt: skip
    assert study.affiliations["organisation"].tolist() == ["A", "B"]
    person = study.holders.set_index("holder_id").loc["p"]
    assert (person["unit"], person["hours_reserved"], person["answer_q1"]) == ("sales", 2.0, "yes")
    again = tmp_path / "again.csv"
    draft_roster(study).to_csv(again, index=False)
    same(study, import_exports([file], roster=again).study)


def test_a_roster_places_exact_handles_and_proposes_the_rest(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", status(1, 2), status(2, 3))
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "platform;handle;role;organisation\ntwitter;user2;employee;A\ntwitter;@USER3;employee;A\n"
        "twitter;absent;employee;A\n"
    )
    imported = import_exports([file], roster=roster)
    accounts = imported.study.accounts.set_index("account_id")
    assert accounts.loc["twitter:2", "role"] == "employee"
    assert accounts.loc["twitter:3", "role"] == "outside"
    # a person who was never seen is unknown, not silent
    assert accounts.loc["twitter:@absent", ["role", "observed"]].tolist() == ["employee", "none"]
    assert imported.proposals[["account_id", "looks_like"]].to_numpy().tolist() == [["twitter:@@USER3", "twitter:3"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account_id,role,organization\nx,employee,A\n", "organization"),
        ("account_id,role,organisation\n,employee,A\n", "line 2: names no account"),
        ("account_id,role,organisation\nx,boss,A\n", "line 2: role is none"),
        ("account_id,role,organisation\nx,employee,\n", "line 2: names no organisation"),
        ("account_id,role,organisation,holder_id,unit\nx,employee,A,p,a\ny,employee,A,p,b\n", "unit differs"),
    ],
)
def test_a_wrong_roster_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(SchemaError, match=said):
        import_exports([lines(tmp_path / "a.jsonl", status(1, 2))], roster=read_roster(tmp_path / "roster.csv"))


@pytest.mark.parametrize(
    "written", ["Anna", "@anna", "https://x.com/Anna", "https://twitter.com/anna/?s=20", "x.com/anna"]
)
def test_ways_to_write_one_handle(written: str) -> None:
    assert normal(written) == "anna"


def test_coverage_is_decided_from_the_files_and_overridden(tmp_path: Path) -> None:
    alone = lines(tmp_path / "one.jsonl", status(10, 2, of=1), status(20, 2))
    search = lines(tmp_path / "many.jsonl", status(31, 3), status(32, 4), status(50, 2))
    accounts = import_exports([alone, search]).study.accounts.set_index("account_id")
    assert accounts["observed"].to_dict() == {
        "twitter:1": "none", "twitter:2": "full", "twitter:3": "partial", "twitter:4": "partial",
    }  # fmt: skip
    # what a search found beside it does not widen the window that is whole
    assert accounts.loc["twitter:2", "observed_to"] == pd.Timestamp("2022-11-02T21:20:32Z")
    roster = tmp_path / "r.csv"
    roster.write_text("account_id,role,organisation,observed\ntwitter:3,employee,A,full\n")
    overridden = import_exports([alone, search], roster=roster).study.accounts.set_index("account_id")
    assert overridden.loc["twitter:3", "observed"] == "full"


def test_windows_with_a_gap_are_not_one(tmp_path: Path) -> None:
    early = lines(tmp_path / "a.jsonl", status(1, 2), status(9, 2))
    late = lines(tmp_path / "b.jsonl", status(40, 2), status(59, 2))
    account = import_exports([early, late]).study.accounts.iloc[0]
    assert (account["observed_from"].minute, account["observed_to"].minute) == (40, 59)


# ---- bad records and hostile files ------------------------------------------------------------------------


def test_bad_lines_are_counted_and_named_never_quoted(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", status(1, 1), '{"secret": "words', "[]", status(2, 2, of=1), '{"other": 1}', "")
    imported = import_exports([file])
    assert sums(entry(imported))[1:] == (5, 1, 0, 1, {NOT_A_RECORD: 3})
    assert entry(imported).bad_lines == (2, 3, 5)
    broken = tmp_path / "b.json"
    broken.write_text("[" + json.dumps(status(1, 1)) + ',\n{"secret": "words')
    with pytest.raises(ReadError, match="line 2") as refused:
        import_exports([broken])
    assert "secret" not in str(refused.value)
    assert (refused.value.line, refused.value.exit_code) == (2, 3)
    table = tmp_path / "c.csv"
    table.write_text(
        'username,tweet,date_created,tweet_id\na,"x\ny",2022-11-13 15:39:13,1\nb,z\nc,z,2022-11-13 15:39:13,2\n'
    )
    assert (entry(import_exports([table])).records, entry(import_exports([table])).bad_lines) == (3, (4,))


def test_names_that_databases_take_for_patterns(tmp_path: Path) -> None:
    odd = tmp_path / "day=1" / "it's [a] *.jsonl"
    odd.parent.mkdir()
    lines(odd, status(1, 1))
    lines(odd.with_name("it's a x.jsonl"), status(2, 2))
    assert entry(import_exports([odd])).records == 1


def test_marks_line_ends_and_packing_change_nothing(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", status(1, 1), status(2, 2, of=1))
    plain = import_exports([file]).study
    text = file.read_bytes()
    for name, data in (
        ("bom.jsonl", b"\xef\xbb\xbf" + text),
        ("crlf.jsonl", text.replace(b"\n", b"\r\n")),
        ("packed.jsonl.gz", gzip.compress(text)),
        ("array.json", json.dumps([json.loads(line) for line in text.splitlines()], indent=2).encode()),
    ):
        (tmp_path / name).write_bytes(data)
        same(plain, import_exports([tmp_path / name]).study)


def test_an_array_or_a_document_of_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(status(1, 1)), "utf-16")
    with pytest.raises(ReadError, match="UTF-16"):
        import_exports([file])


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def moded(name: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    return member


GOOD = (json.dumps(status(1, 1)) + "\n").encode()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("../up.jsonl", GOOD)], "leads out"),
        ([("a/../../up.jsonl", GOOD)], "leads out"),
        ([("/etc/up.jsonl", GOOD)], "leads out"),
        ([("C:\\up.jsonl", GOOD)], "leads out"),
        ([(moded("link.jsonl", stat.S_IFLNK | 0o777), b"/etc/passwd")], "link or a device"),
        ([(moded("null.jsonl", stat.S_IFCHR | 0o666), b"")], "link or a device"),
        ([("inner.zip", b"PK\x05\x06" + bytes(18))], "inside the archive"),
        ([("bomb.jsonl", GOOD + b" " * 200_000_000)], "far more than it should"),
        ([(f"{n}.json", b"{}") for n in range(10_000)], "10,000 files"),
    ],
    ids=["up", "deep-up", "absolute", "drive", "link", "device", "nested", "bomb", "many"],
)
def test_hostile_archives_are_refused(tmp_path: Path, members: list[tuple[Any, bytes]], said: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(ReadError, match=said):
        import_exports([zipped(inner / "a.zip", *members)])
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "a.zip"]


def test_an_archive_of_pictures_with_one_export_is_read(tmp_path: Path) -> None:
    pictures = [(f"data/tweets_media/{n}.jpg", b"") for n in range(10_000)]
    archive = zipped(
        tmp_path / "twitter.zip",
        *pictures,
        ("data/tweets.jsonl", GOOD),
        ("data/like.js", b"window.YTD.like.part0 = []"),
    )
    imported = import_exports([archive])
    assert [e.file for e in imported.files] == ["twitter.zip/data/tweets.jsonl"]
    assert imported.not_read == ("twitter.zip/data/like.js",)


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", ("a.jsonl", GOOD))
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 3)
    archive.write_bytes(data)
    with pytest.raises(ReadError):
        import_exports([archive])


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="neither a file nor a folder"):
        import_exports([tmp_path / "absent"])
    with pytest.raises(ReadError, match="no export"):
        import_exports([tmp_path])
    with pytest.raises(ReadError, match="no format is called nonsense"):
        import_exports([lines(tmp_path / "a.jsonl", status(1, 1))], format="nonsense")


OURS = [p for p in sorted(DATA.rglob("*")) if p.suffix in (".ndjson", ".csv")]
REAL = sorted(NATIVE / f for f in COUNTS) if NATIVE.is_dir() else []


def mutations(data: bytes, cut: int) -> Iterator[bytes]:
    yield data[:cut]
    yield data[:cut] + b"\x00" + data[cut:]
    yield data[:cut] + b"\xff\xfe\xe4" + data[cut:]
    yield b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    yield data.decode().encode("utf-16")
    yield data.decode().encode("latin-1", "replace")
    yield data.replace(b"2022", b"1e400").replace(b'"id_str": "', b'"id_str": "' + b"9" * 500)
    yield data.replace(b": {", b": [[[").replace(b"null", b"true")
    yield data.replace(b'"id"', b'"id": ' + b"[" * 3000 + b"]" * 3000 + b', "x"', 3)
    yield data.replace(b'": "', b'": 1, "y": "').replace(b'","', b'","\x01')
    yield data.replace(b"20", b"99").replace(b"+0000", b"+9999")


@pytest.mark.parametrize(
    "sample", [*OURS, *(pytest.param(p, marks=pytest.mark.slow) for p in REAL)], ids=lambda p: p.name
)
def test_mutated_exports_are_refused_or_accounted_for(sample: Path, tmp_path: Path) -> None:
    mapping = DATA / "table" / "jaot.mapping.toml" if sample.parent.name == "table" else None
    data = sample.read_bytes()[:60_000]
    for mutated in mutations(data, len(data) * 5 // 7):
        file = tmp_path / sample.name
        file.write_bytes(mutated)
        try:
            imported = import_exports([file], mapping=mapping)
        except ReadError:
            continue
        assert imported.files[0].records >= 0
        assert len(imported.study.shares) == imported.files[0].reposts + imported.files[0].quotes


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(
    {key for form in formats() if not form.tabular for key in form.columns} | {"text", "accounts", "type", "meta"}
)


@settings(max_examples=up_to(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=12), min_size=1, max_size=4), st.booleans()
)
def test_any_json_is_refused_or_accounted_for(tmp_path: Path, records: list[dict[str, Any]], as_lines: bool) -> None:
    file = tmp_path / "any.json"
    file.write_text("\n".join(map(json.dumps, records)) if as_lines else json.dumps(records))
    first = json.dumps(status(1, 1))
    for text in (file.read_text(), first + "\n" + "\n".join(map(json.dumps, records))):
        file.write_text(text)
        try:
            imported = import_exports([file])
        except ReadError:
            continue
        assert sum(e.records for e in imported.files) >= 1


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", *(status(n, n % 7 + 1, of=1) for n in range(500)))
    told: list[tuple[int, int]] = []
    import_exports([file], progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (file.stat().st_size,) * 2
    assert [d for d, _ in told] == sorted(d for d, _ in told)
