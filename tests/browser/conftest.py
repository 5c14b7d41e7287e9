"""Every test here needs a browser; pages are opened from files, with the network switched off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

import ambassador_net as an
from ambassador_net.amplification.remembered import VARIABLE
from demo_study import demo_study

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "notebooks" / "demo.ipynb"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def built(memory_of_the_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page without a kernel, built once for the browsers that open it."""
    folder = tmp_path_factory.mktemp("page")
    demo_study().write(folder / "study")
    environment = {
        "AMBASSADOR_NET_STUDY": str(folder / "study"),
        "AMBASSADOR_NET_SEED": "1",
        VARIABLE: str(memory_of_the_run),
    }
    return an.build_page(DEMO, folder / "demo.html", environment=environment).path


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
        locale: str = "en-GB",
        script: str = "",
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch, offline=True, locale=locale
        )
        # runs before the page's own
        context.add_init_script(script)
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
