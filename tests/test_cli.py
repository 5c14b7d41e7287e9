"""The command: the numbers of the reference, exit codes of the house, no traceback."""

import json
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from ambassador_net.cli import app
from ambassador_net.errors import AmbassadorError, PrivacyError
from ambassador_net.readers import ReadError, read_mapping
from ambassador_net.study import read
from planted import planted_study
from small import SHARED


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "from ambassador_net.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, encoding="utf-8", cwd=cwd
    )


@pytest.fixture(scope="module")
def tango(
    study_of_the_hall: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple["subprocess.CompletedProcess[str]", Path]:
    """One run that speaks to the screen and writes a file."""
    target = tmp_path_factory.mktemp("tango") / "tango.json"
    return run("tango", str(study_of_the_hall), "--json", str(target)), target


def test_tango_json_on_the_screen_is_json_and_nothing_else(study_of_the_hall: Path, tango) -> None:
    done = run("tango", str(study_of_the_hall), "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= {"study", "dyads", "reciprocity", "mixing", "verdict"}
    assert found["mixing"]["N1"]["permutations"] >= 2000
    # the same seed, the same numbers
    assert found == json.loads(tango[1].read_text("utf-8"))


def test_tango_on_real_data_gives_the_published_numbers() -> None:
    folder = SHARED / "data" / "real" / "washington_times"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here")
    found = json.loads(run("tango", str(folder), "--json", "-").stdout)
    assert found["dyads"]["person_only_other_side_unknown"] == 21
    assert found["dyads"]["organisation_to_person"] is None
    assert found["reciprocity"]["r_w"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["tango", "nowhere"], 3, "is not a folder"),
        (["check", "nowhere"], 3, "is not a folder"),
        (["tango", "data/example", "--k", "4"], 4, "never shown"),
        (["tango", "data/example", "--basis", "marriage"], 3, "the bases are"),
        (["tango"], 2, "STUDY"),
        (["dance"], 2, "dance"),
        (["simulate", "--world", "mars", "--to", "x"], 1, "example"),
        (["network", "data/example", "--to", "x.docx"], 1, ".gexf"),
    ],
)
def test_exit_codes_without_a_traceback(root: Path, arguments: list[str], code: int, says: str) -> None:
    done = run(*arguments, cwd=root)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (root / "x").exists()


def test_check_prints_the_ledger(root: Path) -> None:
    done = run("check", str(root / "data" / "example"))
    assert done.returncode == 0
    assert "shares.csv" in done.stdout
    counts = json.loads(run("check", str(root / "data" / "example"), "--json", "-").stdout)
    for table in counts["tables"]:
        assert table["rows"] == table["used"] + table["repeated"] + sum(table["set_aside"].values())


def test_the_screen_lists_no_person(study_of_the_hall: Path, tango) -> None:
    said = tango[0].stdout
    assert "r_w" in said
    persons = read(study_of_the_hall).accounts.query("role != 'organisation'")
    assert len(persons) > 20
    for column in ("account_id", "holder_id", "handle", "name"):
        assert not [value for value in persons[column] if value in said]


def test_json_is_written_whole(tango) -> None:
    done, target = tango
    assert done.returncode == 0, done.stderr
    json.loads(target.read_text("utf-8"))
    assert [p.name for p in target.parent.iterdir()] == ["tango.json"]


def test_where_json_cannot_be_written_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    missing = run("tango", "nowhere", "--json", str(tmp_path / "no" / "t.json"))
    assert missing.returncode == 1
    assert "cannot write" in missing.stderr
    assert "make it first" in missing.stderr


def test_what_the_system_refuses_ends_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("key", str(tmp_path / "file" / "key"))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr


def commands() -> list[str]:
    return [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("command", commands())
def test_every_command_helps_with_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert f"ambassador-net {command}" in done.output


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("ambassador-net ")


# ---- asking what the columns of a spreadsheet hold ---------------------------------------------------------

SHEET = "Kirjoittaja;Milloin;Keneltä;Laji\nanna;2.3.2026 9.15;kanava;jako\nkanava;4.3.2026 10.00;;julkaisu\n"


def ask(tmp_path: Path, answers: str, *more: str) -> Result:
    (tmp_path / "jaot.csv").write_text(SHEET, "utf-8")
    arguments = ["import", str(tmp_path / "jaot.csv"), "--to", str(tmp_path / "study"), *more]
    return CliRunner().invoke(app, arguments, input=answers)


def test_a_mapping_is_asked_for_column_by_column_and_saved(tmp_path: Path) -> None:
    # network, author by number, time by name, the kind by the guess, the source after a slip
    answers = "LinkedIn\n1\n\n\nmilloin\n\n\n\n9\nKeneltä\n" + "\n" * 9
    done = ask(tmp_path, answers, "--ask", "--language", "fi")
    assert done.exit_code == 0, done.output
    assert "4  Laji" in done.stderr
    assert "[Laji]" in done.stderr
    assert done.stderr.count("Sellaista saraketta ei ole") == 1
    saved = read_mapping(tmp_path / "jaot.mapping.toml")
    assert saved.platform == "linkedin"
    assert saved.columns == {"author": "Kirjoittaja", "time": "Milloin", "kind": "Laji", "source": "Keneltä"}
    study = read(tmp_path / "study")
    assert len(study.shares) == len(study.posts[study.posts["kind"] == "original"]) == 1
    # the next time nothing is asked
    assert "?" not in ask(tmp_path, "", "--ask").stderr


def test_answers_that_make_no_mapping_are_asked_again(tmp_path: Path) -> None:
    done = ask(tmp_path, "\n" * 17 + "x\nKirjoittaja\n\n\nMilloin\n" + "\n" * 12, "--ask")
    assert done.exit_code == 0, done.output
    assert "names the column of the author" in done.stderr
    assert done.stderr.count("Which network") == 2


def test_a_spreadsheet_without_a_mapping_is_refused_where_nobody_answers(tmp_path: Path) -> None:
    for more in ([], ["--no-ask"]):
        done = ask(tmp_path, "", *more)
        assert isinstance(done.exception, ReadError)
        for part in ("jaot.mapping.toml", "docs/import.md", "A spreadsheet of one's own", "--ask"):
            assert part in str(done.exception)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["jaot.csv"]
    # who goes away in the middle leaves nothing either
    assert ask(tmp_path, "x\n", "--ask").exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["jaot.csv"]
    root = Path(__file__).parents[1]
    assert "## A spreadsheet of one's own" in (root / "docs" / "import.md").read_text("utf-8")


# ---- keys, access, withdrawal ------------------------------------------------------------------------------


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def keyed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study as an import leaves it, the same under pseudonyms, and the key."""
    tmp_path = tmp_path_factory.mktemp("keyed")
    planted_study().write(tmp_path / "plain")
    (tmp_path / "plain" / "ledger.csv").write_text(
        "file,format,records,reposts,quotes,posts,repeated,set_aside,reasons,mentions,source_unknown,bad_lines\n"
        "of-Xanthippe_H.zip/tweets.js,x_archive,300,0,120,120,60,0,,120,0,\n"
    )
    (tmp_path / "plain" / "look-alikes.csv").write_text(
        "account_id,looks_like,why\n77123456789,e1,the same name\ne2,e3,the same name\n"
    )
    assert call("key", tmp_path / "key").exit_code == 0
    done = call("pseudonymise", tmp_path / "plain", "--key", tmp_path / "key", "--to", tmp_path / "study")
    assert done.exit_code == 0, done.output
    return tmp_path


@pytest.fixture
def keyed(keyed_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(keyed_once, tmp_path / "keyed")


def test_rotating_adds_a_key_that_access_then_needs(keyed: Path) -> None:
    old, new = keyed / "key", keyed / "next"
    done = call("rotate", keyed / "study", "--key", old, "--new-key", new, "--to", keyed / "second")
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    asked_for = ["person", keyed / "second", "--account", "77123456789", "--to", keyed / "rows.zip"]
    for keys in ([], ["--key", old], ["--key", new], ["--key", new, "--key", old]):
        assert isinstance(call(*asked_for, *keys).exception, PrivacyError)
    assert not (keyed / "rows.zip").exists()
    assert call(*asked_for, "--key", old, "--key", new).exit_code == 0
    same = call("rotate", keyed / "study", "--key", old, "--new-key", old, "--to", keyed / "third")
    assert "protect nothing" in str(same.exception)
    assert not (keyed / "third").exists()


def test_a_person_is_handed_their_own_rows_and_nobody_else(keyed: Path) -> None:
    roster = keyed / "roster.csv"
    assert call("roster", keyed / "plain", "--to", roster).exit_code == 0
    for where, who in (
        ("plain", ["--handle", "xanthippe_h"]),
        ("study", ["--key", keyed / "key", "--handle", "@Xanthippe_H", "--roster", roster]),
    ):
        target = keyed / f"{where}.zip"
        done = call("person", keyed / where, *who, "--to", target, "--language", "fi")
        assert done.exit_code == 0, done.output
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        with zipfile.ZipFile(target) as packed:
            told = {name: packed.read(name).decode() for name in packed.namelist()}
        assert len(told.pop("about.txt").splitlines()) == 2 + len(told)
        assert {name: text.count("\n") - 1 for name, text in told.items()} == {
            "accounts.csv": 1, "holders.csv": 1, "affiliations.csv": 1, "posts.csv": 7, "shares.csv": 7,
            "mentions.csv": 7,
        }  # fmt: skip
        whole = "".join(told.values())
        assert "official-A" in whole
        assert "zeuxis" not in whole.casefold()
        assert whole.count("another account") == 7
        assert not re.search(r"handle\d|Number\d|\be\d+\b", whole)
    neither = call("person", keyed / "plain", "--to", keyed / "x.zip")
    assert (neither.exit_code, "--account" in neither.output) == (2, True)


def test_who_withdraws_is_gone_from_the_folder_and_its_ledger_says_so(keyed: Path) -> None:
    for where, who in (("plain", []), ("study", ["--key", keyed / "key"])):
        folder = keyed / where
        before = read(folder)
        done = call("withdraw", folder, *who, "--account", "77123456789")
        assert done.exit_code == 0, done.output
        after = read(folder)
        assert len(before.accounts) - len(after.accounts) == 1
        ledger = pd.read_csv(folder / "ledger.csv")
        line = ledger.iloc[-1]
        n = int(len(before.shares) - len(after.shares))
        assert (line["quotes"], line["mentions"]) == (-n, -7)
        assert line["reasons"] == f"{line['set_aside']} consent withdrawn"
        # what was counted still adds up
        parts = ledger[["reposts", "quotes", "posts", "repeated", "set_aside"]].sum(axis=1)
        assert (parts == ledger["records"]).all()
        for word in ("xanthippe", "xan-holder"):
            assert not [p for p in folder.iterdir() if word in p.read_text("utf-8").casefold()], word
            assert word not in done.output
        # in this study an id of a post begins with an account's; in a cell of its own the account is nowhere
        assert not any(table.eq("77123456789").any(axis=None) for table in after.tables.values())
        again = call("withdraw", folder, *who, "--account", "77123456789")
        assert "nobody" in str(again.exception)
    assert (keyed / "plain" / "look-alikes.csv").read_text() == "account_id,looks_like,why\ne2,e3,the same name\n"


def test_the_rest_may_go_to_a_new_folder(keyed: Path) -> None:
    done = call("withdraw", keyed / "plain", "--handle", "Xanthippe_H", "--to", keyed / "rest")
    assert done.exit_code == 0, done.output
    assert "delete it" in done.output
    assert len(read(keyed / "plain").accounts) == len(read(keyed / "rest").accounts) + 1
    assert sorted(p.name for p in (keyed / "rest").glob("l*")) == ["ledger.csv", "look-alikes.csv"]


def test_no_pseudonyms_beside_an_imports_ledger(keyed: Path) -> None:
    done = call("pseudonymise", keyed / "plain", "--key", keyed / "key", "--to", keyed / "plain")
    assert isinstance(done.exception, PrivacyError)
    assert "name a new folder" in str(done.exception)
    assert read(keyed / "plain").accounts["handle"].notna().any()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["key", "study/key"], 4, "inside a study"),
        (["key", "key"], 4, "never overwritten"),
        (["rotate", "plain", "--key", "key", "--new-key", "next", "--to", "r"], 4, "no pseudonyms yet"),
        (["rotate", "study", "--key", "no", "--new-key", "next", "--to", "r"], 4, "cannot be read"),
        (["person", "study", "--account", "77123456789", "--to", "r.zip"], 4, "without its key"),
        (["person", "plain", "--account", "stranger", "--to", "r.zip"], 4, "nobody"),
        (["person", "plain", "--account", "e1", "--to", "r.csv"], 2, ".zip"),
        (["withdraw", "nowhere", "--account", "e1"], 3, "is not a folder"),
        (["withdraw", "plain", "--account", "e1", "--handle", "handle1"], 2, "one of"),
    ],
)
def test_requests_are_refused_with_their_codes(keyed: Path, arguments: list[str], code: int, says: str) -> None:
    before = sorted(p for p in keyed.rglob("*") if p.name != "next")
    places = ("plain", "study", "study/key", "key", "next", "no", "nowhere", "r", "r.zip", "r.csv")
    done = call(arguments[0], *(keyed / a if a in places else a for a in arguments[1:]))
    refused = done.exception
    assert (refused.exit_code if isinstance(refused, AmbassadorError) else done.exit_code) == code
    assert says in (str(refused) if isinstance(refused, AmbassadorError) else done.output)
    assert sorted(p for p in keyed.rglob("*") if p.name != "next") == before
