"""What several tests need: the shared data where they are there, and the study that ships."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import ambassador_net as an
from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.talk.browser import HOW_TO_GET_ONE, find_browser, open_browser
from demo_study import demo_study
from small import ROOT, SHARED, up_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from serving import Hall

# a loaded machine is slow, not wrong
settings.register_profile("unhurried", deadline=None, max_examples=up_to(100))
settings.load_profile("unhurried")

# a worker takes the next file when it is done with one: if the longest came last, the other worker would have nothing
LONGEST = ("test_deck.py", "test_present.py", "test_hall.py", "test_page.py", "test_privacy.py", "test_readers.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real() -> Callable[[str], an.Study]:
    """Read one of the real data sets once; skip where they are not there."""
    cache: dict[str, an.Study] = {}

    def read(name: str) -> an.Study:
        folder = SHARED / "data" / "real" / name
        if not folder.is_dir():
            pytest.skip("the shared data sets are not here")
        if name not in cache:
            cache[name] = an.read(folder)
        return cache[name]

    return read


@pytest.fixture(scope="session")
def reference() -> Callable[[str], dict[str, Any]]:
    def load(name: str) -> dict[str, Any]:
        file = SHARED / "reference" / name
        if not file.is_file():
            pytest.skip("the reference figures are not here")
        return json.loads(file.read_text("utf-8"))

    return load


@pytest.fixture(scope="session")
def example() -> an.Study:
    return an.read(ROOT / "data" / "example")


@pytest.fixture(scope="session")
def memory_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all workers of this run find what one of them has asked of a study; see ``remembered.py``."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "memory"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def _remembering(memory_of_the_run: Path) -> Iterator[None]:
    """Compute nothing twice in this module; not for tests that compare what was computed with what was computed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, str(memory_of_the_run))
        yield


@pytest.fixture(scope="session")
def study_of_the_hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    demo_study().write(folder)
    return folder


@pytest.fixture(scope="session")
def hall_of_two(
    study_of_the_hall: Path, memory_of_the_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Hall]":
    """The shipped command with two live places, one of them kept ready."""
    pytest.importorskip("voila", reason="the extra app is not installed")
    from serving import Hall

    running = Hall(
        tmp_path_factory.mktemp("hall"), study_of_the_hall, "--live", "2", "--ready", "1", memory=memory_of_the_run
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One browser for all tests: an installed Chromium, Chrome or Edge."""
    pytest.importorskip("playwright")
    if find_browser() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_ONE)
        pytest.skip(HOW_TO_GET_ONE)
    with open_browser() as started:
        yield started
