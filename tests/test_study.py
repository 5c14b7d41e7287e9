"""Reading: what is used, what is set aside and why, what is refused; writing gives the same study back."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ambassador_net as an
from ambassador_net.errors import SchemaError
from small import small_study, tables

ACCOUNTS = "account_id,role,organisation,observed\no,organisation,A,full\ne,employee,A,full\nx,outside,,none\n"
SHARES = "share_id,shared_at,sharer_id,source_id,kind\n1,2025-03-03T08:00:00Z,e,o,repost\n"


def written(folder: Path, **files: str) -> Path:
    for name, text in {"accounts": ACCOUNTS, "shares": SHARES, **files}.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def entry(study: an.Study, table: str):
    return next(e for e in study.ledger.entries if e.table == table)


def test_smallest_study(tmp_path: Path) -> None:
    study = an.read(written(tmp_path))
    assert len(study.shares) == 1
    assert not study.made_up
    assert study.persons == "private"
    assert study.accounts.set_index("account_id")["holder_id"].to_dict() == {"o": "A", "e": "e", "x": "x"}
    assert study.affiliations[["holder_id", "organisation"]].to_numpy().tolist() == [["e", "A"]]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2025-03-03T08:00:00Z,e,o,repost", "share_id is empty"),
        ("2,,e,o,repost", "shared_at is empty"),
        ("2,3 March,e,o,repost", "shared_at is not a time"),
        ("2,2025-13-03T08:00:00Z,e,o,repost", "shared_at is not a time"),
        ("2,2025-03-03T08:00:00Z,,o,repost", "sharer_id is empty"),
        ("2,2025-03-03T08:00:00Z,nobody,o,repost", "sharer_id is not in accounts"),
        ("2,2025-03-03T08:00:00Z,e,nobody,repost", "source_id is not in accounts"),
        ("2,2025-03-03T08:00:00Z,e,o,", "kind is empty"),
        ("1,2025-03-04T08:00:00Z,e,o,repost", "id used before with other content"),
    ],
)
def test_rows_set_aside_say_why(tmp_path: Path, row: str, reason: str) -> None:
    found = entry(an.read(written(tmp_path, shares=SHARES + row + "\n")), "shares")
    assert (found.rows, found.used, found.repeated) == (2, 1, 0)
    assert found.set_aside == {reason: 1}


def test_blank_lines_and_repeated_rows_are_counted(tmp_path: Path) -> None:
    again = SHARES.splitlines()[1]
    found = entry(an.read(written(tmp_path, shares=SHARES + "\n" + again + "\n")), "shares")
    assert (found.rows, found.used, found.repeated, sum(found.set_aside.values())) == (3, 1, 1, 1)


def test_share_known_only_as_an_interval(tmp_path: Path) -> None:
    shares = (
        "share_id,shared_at,shared_at_earliest,shared_at_latest,sharer_id,source_id,kind\n"
        "1,,2025-03-03T00:00:00Z,2025-03-10T00:00:00Z,e,o,repost\n"
        "2,,2025-03-10T00:00:00Z,2025-03-03T00:00:00Z,e,o,repost\n"
        "3,,2025-03-10T00:00:00Z,,e,o,repost\n"
    )
    study = an.read(written(tmp_path, shares=shares))
    assert study.shares["shared_at"].isna().all()
    assert study.shares["shared_at_latest"].iloc[0] == pd.Timestamp("2025-03-10", tz="UTC")
    assert entry(study, "shares").set_aside == {"interval ends before it begins": 1, "shared_at is empty": 1}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"accounts": ACCOUNTS.replace("employee", "boss")}, "accounts.csv, line 3: role must be one of"),
        ({"accounts": ACCOUNTS.replace("observed", "seen")}, "has no column observed; found account_id"),
        ({"accounts": ACCOUNTS.splitlines()[0] + "\n"}, "has no row"),
        ({"accounts": ACCOUNTS + "e,employee,B,full\n"}, "line 5: account_id stands here again"),
        ({"accounts": ""}, "accounts.csv: is empty"),
        ({"shares": SHARES.replace("00Z", "00")}, "shares.csv, line 2: shared_at has no zone"),
        ({"shares": SHARES + "2,2025-03-03T08:00:00Z,e,o,repost,more\n"}, "more cells than the header"),
        ({"holders": "holder_id,kind,hours_reserved\ne,person,many\n"}, "hours_reserved is not a number"),
        (
            {
                "accounts": "account_id,holder_id,role,organisation,observed\n"
                "o,h,organisation,A,full\ne,h,employee,A,full\n"
            },
            "one holder_id holds an official and a personal account",
        ),
    ],
)
def test_refused_with_file_and_line(tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(SchemaError, match=r".") as caught:
        an.read(written(tmp_path, **files))
    assert says in str(caught.value)


def test_cells_never_stand_in_a_message(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        an.read(written(tmp_path, accounts=ACCOUNTS.replace("employee", "Aino Virtanen")))
    assert "Aino" not in str(caught.value)


def test_missing_files_and_doubles(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is not a folder"):
        an.read(tmp_path / "nowhere")
    with pytest.raises(SchemaError, match=r"has no accounts\.csv"):
        an.read(tmp_path)
    written(tmp_path)
    (tmp_path / "shares.csv.gz").write_bytes(gzip.compress(SHARES.encode()))
    with pytest.raises(SchemaError, match="both there"):
        an.read(tmp_path)


@pytest.mark.parametrize("package", ["[]", "{", '{"made_up": "yes"}', '{"persons": "some"}'])
def test_datapackage_is_checked(tmp_path: Path, package: str) -> None:
    (written(tmp_path) / "datapackage.json").write_text(package)
    with pytest.raises(SchemaError, match=r"datapackage\.json"):
        an.read(tmp_path)


def test_damaged_files_are_refused_without_another_exception(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "shares.csv").unlink()
    (tmp_path / "shares.csv.gz").write_bytes(gzip.compress(SHARES.encode())[:30])
    with pytest.raises(SchemaError, match="cannot be read"):
        an.read(tmp_path)
    (tmp_path / "shares.csv.gz").unlink()
    (tmp_path / "shares.csv").write_bytes(SHARES.encode("utf-16"))
    with pytest.raises(SchemaError, match="UTF-8"):
        an.read(tmp_path)


def test_bom_and_parquet_read_the_same(tmp_path: Path) -> None:
    plain = an.read(written(tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path))
    other = tmp_path / "b"
    other.mkdir()
    (other / "accounts.csv").write_text(ACCOUNTS, "utf-8-sig")
    frame = pd.read_csv(tmp_path / "a" / "shares.csv", parse_dates=["shared_at"])
    frame.to_parquet(other / "shares.parquet")
    pd.testing.assert_frame_equal(plain.shares, an.read(other).shares)


def test_older_spelling(tmp_path: Path) -> None:
    study = an.read(
        written(
            tmp_path,
            accounts="account_id,role,organisation,timeline_observed,tie_basis\n"
            "o,organisation,A,yes,by hand\ne1,employee,A,no,bio\ne2,employee,A,partial,bio\n",
            shares=SHARES.replace("repost", "retweet").replace(",e,", ",e1,"),
            people="account_id,person_id,name\ne1,p,Person\ne2,p,Person\n",
            memberships="person_id,organisation,basis\np,A,roll\np,B,roll\n",
        )
    )
    accounts = study.accounts.set_index("account_id")
    assert accounts["observed"].to_dict() == {"o": "full", "e1": "none", "e2": "partial"}
    assert accounts["holder_id"].to_dict() == {"o": "A", "e1": "p", "e2": "p"}
    assert study.shares["kind"].tolist() == ["repost"]
    assert study.affiliations["organisation"].tolist() == ["A", "B"]
    people = entry(study, "holders")
    assert (people.file, people.rows, people.used) == ("people.csv", 2, 2)


def test_affiliations_give_way_to_the_accounts_only_without_a_table(tmp_path: Path) -> None:
    spells = "holder_id,organisation,valid_from,valid_to\ne,B,2025-01-01,\ne,C,2025-02-01,2025-01-01\nz,A,,\n"
    study = an.read(written(tmp_path, affiliations=spells))
    assert study.affiliations["organisation"].tolist() == ["B"]
    assert entry(study, "affiliations").set_aside == {
        "holder_id has no account": 1,
        "spell ends before it begins": 1,
    }


def test_written_and_read_is_equal(tmp_path: Path, example: an.Study) -> None:
    example.write(tmp_path / "copy")
    again = an.read(tmp_path / "copy")
    for name, table in example.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert (again.title, again.made_up, again.persons) == (example.title, example.made_up, example.persons)


def test_rows_alike_to_the_second_are_one(example: an.Study) -> None:
    shares = example.shares.head(2).drop(columns=["shared_at_earliest", "shared_at_latest"])
    later = shares.assign(shared_at=shares["shared_at"].dt.as_unit("ms") + pd.Timedelta(milliseconds=700))
    other = shares.assign(shared_at=shares["shared_at"] + pd.Timedelta(seconds=1))
    # another index than 0, 1, 2 is no matter
    both = pd.concat([shares, later, other.head(1)]).set_index(pd.Index([7, 7, 3, 3, 1]))
    found = entry(an.from_tables({"accounts": example.accounts, "shares": both}, title="t"), "shares")
    assert (found.used, found.repeated) == (2, 2)
    assert found.set_aside == {"id used before with other content": 1}


def test_a_study_without_shares_comes_back(tmp_path: Path) -> None:
    study = small_study({"o": ("organisation", "A", "full")}, [])
    again = an.read(study.write(tmp_path / "s"))
    assert again.shares.empty
    pd.testing.assert_frame_equal(study.accounts, again.accounts)


@pytest.mark.parametrize(
    "name",
    [
        "conference_hashtags",
        "dutch_parliament",
        "washington_times",
        "white_house_accounts",
        "us_congress_2020",
    ],
)
def test_real_studies_lose_no_row_and_come_back_equal(real, tmp_path: Path, name: str) -> None:
    study = real(name)
    assert not sum(sum(e.set_aside.values()) for e in study.ledger.entries)
    again = an.read(study.write(tmp_path / name))
    for table in study.tables:
        pd.testing.assert_frame_equal(study.tables[table], again.tables[table])


def test_writing_is_whole_and_refuses_other_peoples_folders(tmp_path: Path, example: an.Study) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    with pytest.raises(SchemaError, match="no study"):
        example.write(tmp_path / "letters")
    target = example.write(tmp_path / "study")
    first = {p.name: p.read_bytes() for p in target.iterdir()}
    small = small_study({"o": ("organisation", "A", "full"), "e": ("employee", "A", "full")}, [(1, "e", "o")])
    small.write(target)
    assert {p.name for p in target.iterdir()} == {
        "accounts.csv",
        "affiliations.csv",
        "datapackage.json",
        "shares.csv",
    }
    example.write(target)
    assert {p.name: p.read_bytes() for p in target.iterdir()} == first
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_datapackage_describes_every_column(tmp_path: Path, example: an.Study) -> None:
    package = json.loads((example.write(tmp_path / "s") / "datapackage.json").read_text("utf-8"))
    assert package["made_up"] is True
    assert package["persons"] in ("public", "private")
    for resource in package["resources"]:
        header = pd.read_csv(tmp_path / "s" / resource["path"], nrows=0).columns.tolist()
        assert [f["name"] for f in resource["schema"]["fields"]] == header


def test_columns_are_documented(root: Path) -> None:
    from ambassador_net.study import TABLES

    page = (root / "docs" / "study.md").read_text("utf-8")
    for name, columns in TABLES.items():
        assert f"## {name}" in page
        for column in columns:
            assert f"`{column.name}`" in page, (name, column.name)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", ""]),
            st.sampled_from(["2025-03-03T08:00:00Z", "2025-03-03T10:00:00+02:00", "soon", ""]),
            st.sampled_from(["e", "o", "x", "who", ""]),
            st.sampled_from(["e", "o", "x", "who", ""]),
            st.sampled_from(["repost", "quote", "retweet", ""]),
        ),
        max_size=12,
    )
)
def test_ledger_always_adds_up(rows: list[tuple[str, ...]]) -> None:
    base = tables(
        {"o": ("organisation", "A", "full"), "e": ("employee", "A", "full"), "x": ("outside", "", "none")}, []
    )
    shares = pd.DataFrame(rows, columns=base["shares"].columns, dtype="str")
    found = entry(an.from_tables({**base, "shares": shares}, title="t"), "shares")
    assert found.rows == len(rows) == found.used + found.repeated + sum(found.set_aside.values())


def test_the_same_bytes_in_another_process(tmp_path: Path, example: an.Study, root: Path) -> None:
    example.write(tmp_path / "here")
    code = (
        f"import ambassador_net as an; an.read({str(root / 'data' / 'example')!r}).write({str(tmp_path / 'there')!r})"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    for file in (tmp_path / "here").iterdir():
        assert file.read_bytes() == (tmp_path / "there" / file.name).read_bytes()
