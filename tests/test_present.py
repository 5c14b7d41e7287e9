"""The whole way on a private study: files whole, few closing lines, nobody's name in any finished byte."""

import base64
import gzip
import io
import json
import shutil
import struct
import subprocess
import sys
import urllib.parse
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import ambassador_net as an
from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.cli import SEED, app
from ambassador_net.privacy import write_csv
from opened import found_in

PERSONS = [f"Xanthippe{number:02d}" for number in range(24)]
# one person with what each way of writing escapes in its own way
PLANTED = {
    "account_id": "77123456789012",
    "holder_id": "xän-holder/7",
    "handle": "xänthippe_&_h",
    "name": 'Xänthippe "Ö" <b>Täst</b>',
}


def private_study(planted: bool = False) -> an.Study:
    """Two houses of ten and one of four, with names that could not stand anywhere by accident."""
    rng = np.random.default_rng(11)
    house = ["Kuusikko Oy"] * 10 + ["R&D <b>Niitty</b>"] * 10 + ["Pikkuinen"] * 4
    accounts = pd.DataFrame(
        [
            {"account_id": f"o{i}", "role": "organisation", "organisation": name, "observed": "full", "name": name}
            for i, name in enumerate(dict.fromkeys(house))
        ]
        + [
            {
                "account_id": f"{person}-id",
                "role": "employee",
                "organisation": of,
                "observed": "full",
                "handle": f"{person}-handle",
                "name": f"{person} Name",
            }
            for person, of in zip(PERSONS, house, strict=True)
        ]
        + [{"account_id": f"x{i}", "role": "outside", "observed": "none"} for i in range(30)]
    )
    person = {name: f"{name}-id" for name in PERSONS}
    if planted:
        accounts = accounts.assign(holder_id=None)
        accounts.loc[accounts["account_id"] == person[PERSONS[3]], list(PLANTED)] = list(PLANTED.values())
        person[PERSONS[3]] = PLANTED["account_id"]
    ids = accounts["account_id"].to_numpy()
    pairs = [(person[p], f"o{list(dict.fromkeys(house)).index(h)}") for p, h in zip(PERSONS, house, strict=True)]
    events = [pairs[rng.integers(24)][:: rng.choice([1, -1])] for _ in range(300)]
    events += [tuple(rng.choice(ids, 2)) for _ in range(200)]
    start = pd.Timestamp("2025-01-01", tz="UTC")
    times = start + pd.to_timedelta(rng.integers(0, 60 * 86400, len(events)), unit="s")
    shares = pd.DataFrame(
        {
            "share_id": [f"s{i}" for i in range(len(events))],
            "shared_at": times,
            "sharer_id": [e[0] for e in events],
            "source_id": [e[1] for e in events],
            "kind": "repost",
        }
    )
    posts = pd.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(200)],
            "author_id": rng.choice(ids[:27], 200),
            "posted_at": start,
            "kind": "original",
        }
    )
    return an.from_tables({"accounts": accounts, "shares": shares, "posts": posts}, title="Private houses")


@pytest.fixture(scope="module")
def presented(tmp_path_factory: pytest.TempPathFactory, root: Path) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    folder = tmp_path_factory.mktemp("present")
    study = private_study().write(folder / "study")
    notebooks = shutil.copytree(
        root / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("build", ".ipynb_checkpoints")
    )
    # the other language is built of a study under pseudonyms, below
    (folder / "out").mkdir()
    (folder / "out" / "talk.toml").write_text('languages = ["en"]\n', "utf-8")
    code = "from ambassador_net.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "present", str(study), "--to", str(folder / "out"), "--notebooks", str(notebooks)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_decks_and_pages_in_the_languages_of_the_talk(presented) -> None:
    folder, done = presented
    assert sorted(p.name for p in (folder / "out").iterdir()) == [
        "demo.en.html", "talk.toml", "tango.en.html", "tango.en.reading.html",
    ]  # fmt: skip
    assert sorted(p.name for p in (folder / "notebooks" / "build").iterdir()) == [
        f"{name}.ipynb" for name in ("01_read", "02_network", "03_tango", "04_claims")
    ]
    assert "[6/6]" in done.stderr


def test_closing_lines_say_what_was_found(presented) -> None:
    lines = presented[1].stdout.splitlines()
    assert len(lines) <= 15
    text = "\n".join(lines)
    for word in ("500 shares", "set aside", "reciprocity", "verdict", "tango.en.html", "browser"):
        assert word in text


def test_no_person_in_any_finished_byte(presented) -> None:
    folder, done = presented
    files = [p for where in ("out", "notebooks") for p in (folder / where).rglob("*") if p.is_file()]
    assert len(files) > 8
    for file in files:
        data = file.read_bytes()
        assert b"Xanthippe" not in (gzip.decompress(data) if file.suffix == ".gz" else data), file.name
    assert "Xanthippe" not in done.stdout + done.stderr


# ---- pseudonyms ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def under_pseudonyms(tmp_path_factory: pytest.TempPathFactory, root: Path) -> tuple[Path, set[str], str]:
    """Everything that the kit writes of a study with a planted person: its folder, who is in it, what was said."""
    folder = tmp_path_factory.mktemp("pseudonymous")
    named = private_study(planted=True).write(tmp_path_factory.mktemp("originals") / "study")
    key = tmp_path_factory.mktemp("key") / "key"
    study = folder / "study"
    (folder / "out").mkdir()
    (folder / "out" / "talk.toml").write_text('languages = ["fi"]\n', "utf-8")
    notebooks = shutil.copytree(
        root / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("build", ".ipynb_checkpoints")
    )
    said = ""
    with pytest.MonkeyPatch.context() as patch:
        # several commands ask the same question, which is answered once
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("remembered")))
        for arguments in (
            ["pseudonymise", named, "--key", key, "--to", study],
            ["check", study, "--json", folder / "check.json"],
            ["present", study, "--to", folder / "out", "--notebooks", notebooks],
            ["network", study, "--to", folder / "houses.gexf"],
            ["network", study, "--to", folder / "houses.graphml"],
            ["tango", study, "--json", folder / "tango.json"],
            ["sensitivity", study, "--json", folder / "sensitivity.json"],
        ):
            done = CliRunner().invoke(app, [str(argument) for argument in arguments])
            assert done.exit_code == 0, done.output
            said += done.output
        # what a researcher saves of a result by hand
        found = an.read(study)
        tango = an.mutual_amplification(found, seed=SEED)
    write_csv(tango.houses, folder / "houses.csv")
    for name in ("pairs_by_state", "both_ways"):
        (folder / f"{name}.html").write_text(getattr(an.figures, name)(tango)._repr_html_(), "utf-8")
    persons = found.accounts[found.accounts["role"] != "organisation"]
    return folder, {*persons["account_id"], *persons["holder_id"]}, said


# what test_privacy.py looks for in what it writes itself, looked for in everything that the commands write
@pytest.mark.slow
def test_a_planted_person_is_in_no_file_under_pseudonyms(under_pseudonyms: tuple[Path, set[str], str]) -> None:
    folder, pseudonyms, said = under_pseudonyms
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert {p.name for p in (folder / "out").iterdir()} == {
        "demo.fi.html", "talk.toml", "tango.fi.html", "tango.fi.reading.html",
    }  # fmt: skip
    assert {p.suffix for p in files} >= {".html", ".ipynb", ".gexf", ".graphml", ".json", ".csv"}
    assert len([p for p in files if p.parent.name == "build"]) == 4
    words = {*PLANTED.values(), "Xanthippe"}
    for file in files:
        assert not found_in(file.name.encode() + b"\n" + file.read_bytes(), words), file.name
        if "study" not in file.relative_to(folder).parts:
            # whom the study calls by a pseudonym is shown to nobody either
            assert not found_in(file.read_bytes(), pseudonyms), file.name
    assert not found_in(said.encode(), words | pseudonyms)
    assert len(pseudonyms) == 108


def test_the_search_opens_what_it_searches() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    def picture(name: bytes) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"Author\0\0" + zlib.compress(name)) + chunk(b"IEND", b"")

    def zipped(content: bytes, name: str = "a") -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        return packed.getvalue()

    for word in PLANTED.values():
        plain = word.encode()
        for hidden in (
            b"before " + plain + b"after",
            word.upper().encode(),
            word.encode("utf-16-le"),
            json.dumps({"a": word}).encode(),
            json.dumps({"a": json.dumps(word)}).encode(),
            word.replace("&", "&amp;").replace('"', "&#34;").replace("<", "&lt;").encode("ascii", "xmlcharrefreplace"),
            urllib.parse.quote(word).encode(),
            b"YWFh" + base64.b64encode(b"ab" + plain + b"c"),
            gzip.compress(plain),
            zipped(plain),
            zipped(b"", word),
            picture(plain),
            b'<img src="data:image/png;base64,' + base64.b64encode(picture(plain)) + b'">',
            gzip.compress(json.dumps({"text/html": f"<p>{base64.b64encode(picture(plain)).decode()}"}).encode()),
            json.dumps({"image/png": base64.encodebytes(picture(plain)).decode()}).encode(),
        ):
            assert found_in(hidden, [word]), hidden
        assert not found_in(b"nobody " + picture(b"nobody"), [word])


def test_the_small_house_is_not_shown_and_names_are_text(presented) -> None:
    for file in (presented[0] / "out").iterdir():
        text = file.read_text("utf-8")
        assert "Pikkuinen" not in text
        assert "<b>Niitty" not in text


def test_a_study_that_cannot_be_read_stops_before_anything_is_written(tmp_path: Path, root: Path) -> None:
    code = "from ambassador_net.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "present", str(tmp_path), "--to", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=root,
    )
    assert done.returncode == 3
    assert not (tmp_path / "out").exists()
