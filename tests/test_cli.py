"""The command: the numbers of the reference, exit codes of the house, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ambassador_net.cli import app
from small import SHARED


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "from ambassador_net.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, encoding="utf-8", cwd=cwd
    )


def test_tango_json_on_the_screen_is_json_and_nothing_else(root: Path) -> None:
    done = run("tango", str(root / "data" / "example"), "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= {"study", "dyads", "reciprocity", "mixing", "verdict"}
    assert found["mixing"]["N1"]["permutations"] >= 2000


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


def test_the_screen_lists_no_person(root: Path, example) -> None:
    done = run("tango", str(root / "data" / "example"))
    persons = example.accounts[example.accounts["role"] != "organisation"]
    for column in ("account_id", "holder_id", "handle", "name"):
        assert not [value for value in persons[column].dropna() if len(value) > 5 and value in done.stdout]


def test_json_is_written_whole(tmp_path: Path, root: Path) -> None:
    target = tmp_path / "tango.json"
    assert run("tango", str(root / "data" / "example"), "--json", str(target)).returncode == 0
    json.loads(target.read_text("utf-8"))
    assert [p.name for p in tmp_path.iterdir()] == ["tango.json"]
    missing = run("tango", str(root / "data" / "example"), "--json", str(tmp_path / "no" / "t.json"))
    assert missing.returncode == 1
    assert "cannot write" in missing.stderr


def commands() -> list[str]:
    return [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("command", commands())
def test_every_command_helps_with_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert f"ambassador-net {command}" in done.output


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("ambassador-net ")
