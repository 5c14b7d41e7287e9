"""The one door to a browser: an installed Chromium, Chrome or Edge, driven by Playwright.

Nothing is downloaded, and the browser is started so that it asks nothing of a network by itself.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ambassador_net.errors import TalkError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

T = TypeVar("T")

VARIABLE = "AMBASSADOR_NET_BROWSER"
"""The environment variable that names a browser to use instead of the first one found."""

HOW_TO_GET_ONE = (
    "no Chromium, Chrome or Edge was found; install one (Debian, Ubuntu: apt install chromium; macOS: "
    f"brew install --cask chromium; Windows: Edge is there already) or set {VARIABLE} to its path"
)

_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Find a browser of the Chromium family.

    Returns
    -------
    str or None
        Its path; None if there is none, or the one that ``AMBASSADOR_NET_BROWSER`` names is not there.
    """
    chosen = os.environ.get(VARIABLE)
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


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """Start a browser and end it.

    Yields
    ------
    playwright.sync_api.Browser
        The browser, without a window.

    Raises
    ------
    TalkError
        If Playwright or a browser is missing, or the browser does not start; says what to install.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise TalkError(
            "this opens the deck in a browser by way of Playwright, which is not installed; "
            "pip install 'ambassador-net[check]'"
        ) from None
    executable = find_browser()
    if executable is None:
        raise TalkError(HOW_TO_GET_ONE)
    # Chromium's sandbox refuses to run as root, which is who works in a container
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = [*_ARGUMENTS, *(["--no-sandbox"] if root else [])]
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=executable, args=arguments)
        except Error as error:
            raise TalkError(
                f"the browser {executable} did not start ({error.message.splitlines()[0]}); "
                f"set {VARIABLE} to the path of another one"
            ) from None
        try:
            yield started
        finally:
            started.close()


def outside_a_loop(work: Callable[[], T]) -> T:
    """Do something with a browser also where an event loop runs, as it does in a notebook.

    Parameters
    ----------
    work
        What to do; it starts and ends its own browser.

    Returns
    -------
    object
        What it gives.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
