"""The whole way on a private study: files whole, few closing lines, nobody's name in any finished byte."""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ambassador_net as an

PERSONS = [f"Xanthippe{number:02d}" for number in range(24)]


def private_study() -> an.Study:
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
    ids = accounts["account_id"].to_numpy()
    pairs = [(f"{p}-id", f"o{list(dict.fromkeys(house)).index(h)}") for p, h in zip(PERSONS, house, strict=True)]
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
    code = "from ambassador_net.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "present", str(study), "--to", str(folder / "out"), "--notebooks", str(notebooks)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_decks_and_pages_in_both_languages(presented) -> None:
    folder, done = presented
    assert sorted(p.name for p in (folder / "out").iterdir()) == [
        "demo.en.html",
        "demo.fi.html",
        "tango.en.html",
        "tango.fi.html",
    ]
    assert sorted(p.name for p in (folder / "notebooks" / "build").iterdir()) == [
        f"{name}.ipynb" for name in ("01_read", "02_network", "03_tango", "04_claims")
    ]
    assert "[8/8]" in done.stderr


def test_closing_lines_say_what_was_found(presented) -> None:
    lines = presented[1].stdout.splitlines()
    assert len(lines) <= 15
    text = "\n".join(lines)
    for word in ("500 shares", "set aside", "reciprocity", "verdict", "tango.fi.html", "browser"):
        assert word in text


def test_no_person_in_any_finished_byte(presented) -> None:
    folder, done = presented
    files = [p for where in ("out", "notebooks") for p in (folder / where).rglob("*") if p.is_file()]
    assert len(files) > 10
    for file in files:
        data = file.read_bytes()
        assert b"Xanthippe" not in (gzip.decompress(data) if file.suffix == ".gz" else data), file.name
    assert "Xanthippe" not in done.stdout + done.stderr


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
