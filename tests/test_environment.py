"""One place for bounds, one lock, one conda environment: and they agree."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec, VersionSpec
from rattler import Version as CondaVersion

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
# the extra `spark` is half a gigabyte and needs Java, so it is not part of the everyday environment
SPARK_LOCK = (ROOT / "requirements-spark.lock").read_text("utf-8")
PYTHONS = ("3.11", "3.12", "3.13")
LOCKED_EXTRAS = ("talk", "diagrams", "app", "lab", "check", "test")


def locked(lock: str = LOCK) -> list[tuple[Requirement, list[str]]]:
    """Every requirement of a lock with its hashes."""
    found = []
    for line in lock.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement, *options = re.split(r"\s+--", line.strip())
            found.append((Requirement(requirement), options))
    return found


def bounds() -> list[Requirement]:
    """Every requirement that the lock must satisfy, as pyproject.toml states it."""
    stated = [
        *PROJECT["project"]["dependencies"],
        *(r for extra in LOCKED_EXTRAS for r in PROJECT["project"]["optional-dependencies"][extra]),
        *PROJECT["dependency-groups"]["build"],
    ]
    requirements = [Requirement(text) for text in stated]
    return [r for r in requirements if canonicalize_name(r.name) != PROJECT["project"]["name"]]


def on_python(python: str, platform: str) -> dict[str, str]:
    """The marker environment of a Python on a platform."""
    systems = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
    return default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": platform,
        "platform_system": systems[platform],
        "os_name": "nt" if platform == "win32" else "posix",
    }


def conda_specs() -> list[str]:
    return [entry for entry in CONDA["dependencies"] if isinstance(entry, str)]


@pytest.mark.parametrize("spec", conda_specs())
def test_conda_understands_each_spec(spec: str) -> None:
    assert MatchSpec(spec, strict=True).name.normalized == spec.split()[0]


def test_conda_channel_is_conda_forge_alone() -> None:
    assert CONDA["channels"] == ["conda-forge"]


@pytest.mark.parametrize(
    ("version", "admitted"),
    [
        ("3.10.18", False),
        ("3.11.3", False),
        ("3.11.4", True),
        ("3.12.0", True),
        ("3.13.9", True),
        ("3.14.0", False),
    ],
)
def test_conda_admits_the_pythons_that_are_tested(version: str, admitted: bool) -> None:
    (spec,) = (s for s in map(MatchSpec, conda_specs()) if s.name.normalized == "python")
    assert VersionSpec(spec.version).matches(CondaVersion(version)) is admitted
    if admitted:
        assert Version(version) in SpecifierSet(PROJECT["project"]["requires-python"])


def test_conda_leaves_every_python_package_to_pyproject() -> None:
    assert [spec for spec in conda_specs() if spec.split()[0] != "python"] == ["pip"]
    assert [entry for entry in CONDA["dependencies"] if isinstance(entry, dict)] == [{"pip": ["-e .[all]"]}]


def test_all_is_every_everyday_extra() -> None:
    (everything,) = map(Requirement, PROJECT["project"]["optional-dependencies"]["all"])
    assert everything.extras == set(LOCKED_EXTRAS)


def test_lock_pins_and_hashes_every_requirement() -> None:
    assert len(locked()) > 50
    for requirement, options in (*locked(), *locked(SPARK_LOCK)):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), f"{requirement} is not pinned"
        assert options, f"{requirement} has no hash"
        assert all(re.fullmatch(r"hash=sha256:[0-9a-f]{64}", option) for option in options), requirement


def test_lock_names_no_address() -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links|\.(whl|tar\.gz)", LOCK + SPARK_LOCK)


def test_spark_has_a_lock_of_its_own() -> None:
    pins = {
        requirement.name: Version(str(requirement.specifier).removeprefix("=="))
        for requirement, _ in locked(SPARK_LOCK)
    }
    assert pins.keys() == {"pyspark", "py4j"}
    (bound,) = map(Requirement, PROJECT["project"]["optional-dependencies"]["spark"])
    assert pins[bound.name] in bound.specifier


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_lock_satisfies_every_bound(python: str, platform: str) -> None:
    environment = on_python(python, platform)
    pins: dict[str, Version] = {}
    for requirement, _ in locked():
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in pins, f"{name} is pinned twice for {python} on {platform}"
            pins[name] = Version(str(requirement.specifier).removeprefix("=="))
    for bound in bounds():
        if bound.marker is None or bound.marker.evaluate(environment):
            name = canonicalize_name(bound.name)
            assert name in pins, f"{name} is not in requirements.lock: make lock"
            assert pins[name] in bound.specifier, f"{name} {pins[name]} is outside {bound}: make lock"


def test_each_bound_stands_once() -> None:
    counted = Counter(canonicalize_name(bound.name) for bound in bounds())
    assert [name for name, times in counted.items() if times > 1] == []


def test_hook_runs_the_locked_ruff() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (rev,) = (repo["rev"] for repo in hooks["repos"] if repo["repo"].endswith("/ruff-pre-commit"))
    (ruff,) = (requirement for requirement, _ in locked() if requirement.name == "ruff")
    assert str(ruff.specifier) == f"=={rev.removeprefix('v')}"


def test_public_ci_runs_every_supported_python_everywhere() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == list(PYTHONS)
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    classifiers = {c.rpartition(" ")[2] for c in PROJECT["project"]["classifiers"] if "Python :: 3." in c}
    assert classifiers == set(PYTHONS)
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"(actions/[\w-]+|conda-incubator/setup-miniconda)@v\d+", step["uses"])


def test_citation_says_what_the_project_says() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == PROJECT["project"]["name"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in PROJECT["project"]["authors"]
    ]


def version_in(folder: Path) -> str:
    # a repository further up must not lend its tags to the folder under test
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    said = subprocess.run(
        [sys.executable, "-m", "hatchling", "version"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def test_version_comes_from_the_tag(tmp_path: Path) -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"], ["tag", "v2.3.4"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    assert version_in(tmp_path) == "2.3.4"


def test_version_without_a_repository_is_a_development_one(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert Version(version_in(tmp_path)).is_devrelease


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_refuses_an_old_python_in_one_line(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", newline="\n")
    old.chmod(0o755)
    said = subprocess.run(
        ["make", "-s", "talk", "PYTHON=./old-python"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode != 0
    first = said.stderr.splitlines()[0]
    assert first.startswith("Python 3.11.4 or newer is needed")
    assert "PYTHON=" in first
    assert "Traceback" not in said.stderr
    assert not (tmp_path / ".venv").exists()
