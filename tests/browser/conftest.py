"""One browser for all browser tests: an installed Chromium, Chrome or Edge, with the network switched off."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

HERE = Path(__file__).parent
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOW_TO_GET_ONE = (
    "no Chromium, Chrome or Edge was found; install one (Debian, Ubuntu: apt install chromium; macOS: "
    "brew install --cask chromium; Windows: Edge is there already) or set AMBASSADOR_NET_BROWSER to its path"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_browser() -> str | None:
    """Give the path of a browser of the Chromium family, or None."""
    chosen = os.environ.get("AMBASSADOR_NET_BROWSER")
    if chosen:
        return shutil.which(chosen)
    if sys.platform == "darwin":
        names = ("Chromium", "Google Chrome", "Microsoft Edge")
        places = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in names]
    elif sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        programs = ("Chromium/Application/chrome.exe", "Google/Chrome/Application/chrome.exe")
        programs += ("Microsoft/Edge/Application/msedge.exe",)
        places = [Path(root) / program for root in roots if root for program in programs]
    else:
        names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
        places = [Path(found) for name in names if (found := shutil.which(name))]
    return next((str(place) for place in places if place.is_file()), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_ONE)
        pytest.skip(HOW_TO_GET_ONE)
    # Chromium's sandbox refuses to run as root, which is who runs tests in a container
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, *(["--no-sandbox"] if root else [])]
        )
        yield started
        started.close()


@dataclass
class Opened:
    """A page that was opened from a file.

    Attributes
    ----------
    page
        The page.
    requests
        Addresses it asked for, other than the file itself and what stands inside it.
    errors
        Messages of exceptions and of the console's errors, a refusal by the page's own policy among them.
    """

    page: Page
    requests: list[str]
    errors: list[str]


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Give a function that opens a file without a network: ``open_file(path, width=1280, height=720)``."""
    contexts = []

    def opened(
        path: Path,
        *,
        width: int = 1280,
        height: int = 720,
        touch: bool = False,
        query: str = "",
        fragment: str = "",
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch, offline=True
        )
        contexts.append(context)
        own = path.resolve().as_uri()
        requests: list[str] = []
        errors: list[str] = []

        def note(request: Request) -> None:
            address = request.url.split("#")[0].split("?")[0]
            if address != own and not address.startswith(("data:", "about:", "blob:")):
                requests.append(request.url)

        context.on("request", note)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page = context.new_page()
        page.goto(own + query + fragment)
        return Opened(page, requests, errors)

    yield opened
    for context in contexts:
        context.close()
