"""What a browser sees of a deck: it is opened without a network, and each slide is shown and measured."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ambassador_net.errors import TalkError
from ambassador_net.talk.check.hidden import Hidden
from ambassador_net.talk.check.result import Problem

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

SMALLEST_TEXT = 18
"""Least height of type, in pixels on a screen of 1280 x 720."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""Rules of axe-core that each slide must keep."""

_WIDTH, _HEIGHT = 1280, 720
_MILLISECONDS = 30_000
# how long reveal.js may take to start where its script has run, and where it has not
_STARTING, _ABSENT = 15_000, 1_000

# where axe-core and a check of ours look at the same thing, the check tells it, as it says more
_ALSO_OURS = {
    "color-contrast": "contrast",
    "image-alt": "alt",
    "role-img-alt": "alt",
    "svg-img-alt": "alt",
    "empty-heading": "headings",
    "page-has-heading-one": "headings",
    "html-has-lang": "language",
    "html-lang-valid": "language",
}


@dataclass
class Seen:
    """What was seen of a deck.

    Parameters
    ----------
    slides
        How many slides it has.
    language
        What the document says of its language.
    seconds
        The sum of its ``data-timing``, if there is any.
    problems
        What is wrong with it.
    looked_at
        How many things were looked at, by check.
    words, figures
        For each slide its text, and the name of its first figure or nothing.
    pictures
        Pictures of the slides that did not pass.
    """

    slides: int
    language: str
    seconds: float | None
    problems: list[Problem]
    looked_at: Counter[str]
    words: list[str]
    figures: list[str]
    pictures: tuple[Path, ...] = ()


def axe_source() -> str:
    """Give the source of axe-core.

    Returns
    -------
    str
        JavaScript to evaluate in a page: a script tag would be stopped by the page's own policy.

    Raises
    ------
    TalkError
        If it is not installed.
    """
    try:
        from axe_playwright_python.base import AXE_FILE_PATH
    except ImportError:
        raise TalkError(
            "axe-core, which looks at the slides as a screen reader does, is not installed; "
            "pip install 'ambassador-net[check]'"
        ) from None
    return str(Path(AXE_FILE_PATH).read_text("utf-8"))


def look(
    browser: "Browser",
    path: Path,
    axe: str,
    secret: Hidden,
    pictures: Path | None,
    progress: Callable[[int, int], None] | None,
) -> Seen:
    """Open a deck without a network and look at every slide.

    Parameters
    ----------
    browser
        The browser.
    path
        The deck.
    axe
        From :func:`axe_source`.
    secret
        Names that may not be repeated.
    pictures
        Folder for pictures of the slides that do not pass, or None.
    progress
        Called with the number of slides looked at and the number of slides.

    Returns
    -------
    Seen
        What was seen.

    Raises
    ------
    TalkError
        If there are no slides, or the browser gives up.
    """
    from playwright.sync_api import Error, WebSocketRoute

    context = browser.new_context(
        viewport={"width": _WIDTH, "height": _HEIGHT},
        offline=True,
        service_workers="block",
        reduced_motion="reduce",
        accept_downloads=False,
    )
    context.set_default_timeout(_MILLISECONDS)
    asked_for: list[str] = []
    own = path.resolve().as_uri()
    beside: set[str] = set()

    def note(request: "Request") -> None:
        address = request.url.partition("#")[0].partition("?")[0]
        if address.startswith("file:") and address != own and not _leaves_the_machine(address):
            beside.add(address)

    def stop(route: "Route") -> None:
        asked_for.append(route.request.url)
        route.abort()

    def stop_socket(socket: WebSocketRoute) -> None:
        asked_for.append(socket.url)
        socket.close()

    try:
        context.on("request", note)
        context.route(_leaves_the_machine, stop)
        context.route_web_socket(lambda _: True, stop_socket)
        page = context.new_page()
        page.goto(own)
        seen = _Looking(page, axe, secret).at_all(pictures, progress)
    except Error as error:
        raise TalkError(f"the deck {path.name} could not be looked at: {error.message.splitlines()[0]}") from None
    finally:
        context.close()
    hosts = Counter(_host(address) for address in asked_for)
    for host, n in sorted(hosts.items()):
        seen.problems.append(Problem("requests", "request", details={"host": host, "n": n}))
    if beside:
        seen.problems.append(Problem("requests", "beside", "remark", details={"n": len(beside)}))
    seen.looked_at["requests"] = len(asked_for)
    return seen


def _leaves_the_machine(address: str) -> bool:
    parts = urlsplit(address)
    # a file on another machine is a request like any other
    return parts.scheme not in ("file", "data", "blob", "about") or (parts.scheme == "file" and bool(parts.netloc))


def _host(address: str) -> str:
    parts = urlsplit(address)
    return parts.hostname or parts.scheme


class _Looking:
    """One deck in a page of a browser."""

    def __init__(self, page: "Page", axe: str, secret: Hidden) -> None:
        self._page = page
        self._secret = secret
        self._told: set[tuple[str, str]] = set()
        page.evaluate(axe)
        measure = (resources.files(__package__) / "measure.js").read_text("utf-8")
        self._deck = page.evaluate_handle(measure)

    def at_all(self, pictures: Path | None, progress: Callable[[int, int], None] | None) -> Seen:
        # scripts have run by now: without reveal.js there is little to wait for
        self._deck.evaluate("(deck, [starting, absent]) => deck.wait(starting, absent)", [_STARTING, _ABSENT])
        begun = self._deck.evaluate("deck => deck.begin()")
        n = begun["slides"]
        if not n:
            raise TalkError("no slides were found; expected a reveal.js deck: sections in an element of class slides")
        seen = Seen(n, begun["language"], begun["seconds"], [], Counter(), [], [])
        for address in begun["hints"]:
            seen.problems.append(Problem("requests", "hint", details={"host": _host(address)}))
        seen.looked_at["starts"] = n
        if not begun["started"]:
            seen.problems.append(Problem("starts", "not_started"))
            seen.problems += [Problem(c, "not_measured", "cannot_tell") for c in ("overflow", "overlap")]
        for number in range(1, n + 1):
            if progress is not None:
                progress(number - 1, n)
            self._at(number, begun["started"], seen)
        failing = sorted({p.slide for p in seen.problems if p.slide is not None and p.weight != "remark"})
        if pictures is not None and failing:
            seen.pictures = tuple(self._pictures(pictures, failing))
        return seen

    def _at(self, number: int, started: bool, seen: Seen) -> None:
        if not self._show(number):
            seen.problems.append(Problem("starts", "not_shown", slide=number))
            seen.words.append("")
            seen.figures.append("")
            return
        found = self._deck.evaluate(
            "(deck, [number, least]) => deck.measure(number, least)", [number - 1, SMALLEST_TEXT]
        )
        own = [self._problem(number, one) for one in found["problems"]]
        seen.problems += own
        seen.words.append(found["words"])
        seen.figures.append(next((self._element(one) for one in found["figures"]), ""))
        seen.looked_at.update(
            {
                "overflow": found["blocks"] if started else 0,
                "overlap": found["blocks"] if started else 0,
                "contrast": found["texts"],
                "text_size": found["texts"],
                "alt": found["pictures"],
                "headings": 1,
                "notes": 1,
            }
        )
        # without reveal.js all slides are one page
        if started or number == 1:
            seen.problems += self._axe(number, {problem.check for problem in own}, seen.language)
            seen.looked_at["axe"] += 1

    def _show(self, number: int) -> bool:
        return bool(self._deck.evaluate("(deck, number) => deck.show(number)", number - 1))

    def _axe(self, number: int, ours: set[str], language: str) -> list[Problem]:
        found = []
        for one in self._deck.evaluate("(deck, rules) => deck.axeRun(rules)", list(RULES)):
            # what stands around the slides is told once
            key = one["rule"], one["path"]
            told = _ALSO_OURS.get(one["rule"])
            if key in self._told or told in ours or (told == "language" and not language.strip()):
                continue
            self._told.add(key)
            found.append(Problem("axe", "axe", "fault", number, self._element(one), {"rule": one["rule"]}))
        return found

    def _problem(self, slide: int, found: dict[str, Any]) -> Problem:
        details = {
            name: self._element(value) if isinstance(value, dict) else value for name, value in found["values"].items()
        }
        whole = found["element"].startswith("section")
        element = "" if whole else self._element(found)
        return Problem(found["check"], found["kind"], found["weight"], slide, element, details)

    def _element(self, found: dict[str, str]) -> str:
        tag, text = found["element"], found["text"]
        if self._secret.found_in(f"{tag} {text}"):
            return tag.partition("#")[0].partition(".")[0]
        short = text if len(text) <= 40 else f"{text[:39].rstrip()}…"
        return f"{tag} “{short}”" if short else tag

    def _pictures(self, folder: Path, slides: Iterable[int]) -> Iterable[Path]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TalkError(f"{folder} cannot be made for the pictures: {error.strerror}") from None
        for number in slides:
            self._show(number)
            target = folder / f"slide-{number:02}.png"
            self._page.screenshot(path=target)
            yield target
