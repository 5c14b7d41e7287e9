"""What several tests need: the shared data where they are there, and the study that ships."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import ambassador_net as an
from ambassador_net.talk.browser import HOW_TO_GET_ONE, find_browser, open_browser
from demo_study import demo_study
from small import ROOT, SHARED

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from serving import Hall

# a loaded machine is slow, not wrong
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


# made once in a run, for tests of several files
_ONCE_IN_A_RUN = ("hall_of_two", "built")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that share something slow to make to one worker, so that it is made once and not once a worker."""
    for item in items:
        fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        of_module = any(found[-1].scope == "module" for found in fixtures.values())
        shared = [name for name in _ONCE_IN_A_RUN if name in fixtures] or ([item.path.stem] if of_module else [])
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and "deck" in item.callspec.params:
            # each language and theme is a deck of its own
            shared = [f"deck {item.callspec.params['deck']}"]
        if shared:
            item.add_marker(pytest.mark.xdist_group(shared[0]))


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
def study_of_the_hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    demo_study().write(folder)
    return folder


@pytest.fixture(scope="session")
def hall_of_two(study_of_the_hall: Path, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Hall]":
    """The shipped command with two live places, one of them kept ready."""
    pytest.importorskip("voila", reason="the extra app is not installed")
    from serving import Hall

    running = Hall(tmp_path_factory.mktemp("hall"), study_of_the_hall, "--live", "2", "--ready", "1")
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
