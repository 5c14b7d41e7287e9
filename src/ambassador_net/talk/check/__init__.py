"""The check of a talk: what a hall, a speaker, a screen reader and the law would object to in a deck.

It takes any reveal.js deck: ours, nbconvert's own slides, one written by hand. The deck is opened in an installed
browser with the network off, each slide is shown with all its fragments, and what is seen there is measured.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ambassador_net.errors import TalkError
from ambassador_net.study import Study
from ambassador_net.talk.browser import open_browser, outside_a_loop
from ambassador_net.talk.check.hidden import Hidden, hidden_in, names_by_slide
from ambassador_net.talk.check.looking import SMALLEST_TEXT, Seen, axe_source, look
from ambassador_net.talk.check.result import CHECKS, CheckRow, Outcome, Problem, TalkCheck
from ambassador_net.words import LANGUAGES, language_named, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["CHECKS", "MOST_BYTES", "SMALLEST_TEXT", "CheckRow", "Problem", "TalkCheck", "check_talk"]

MOST_BYTES = 1_500_000
"""Largest file that is still sent around without thinking."""


def check_talk(
    file: str | Path,
    *,
    language: str | None = None,
    study: Study | None = None,
    hidden: Iterable[str] = (),
    notices: Sequence[str] | None = None,
    pdf: str | Path | Literal[True] | None = None,
    pictures: str | Path | None = None,
    browser: "Browser | None" = None,
    progress: Callable[[int, int], None] | None = None,
) -> TalkCheck:
    """Open a deck without a network and look at every slide.

    Parameters
    ----------
    file
        Any reveal.js deck, as one HTML file.
    language
        The language that the deck must say it is in, for example ``"fi"``; by default any.
    study
        The study behind the deck. If its persons are private, none of them and no organisation of fewer than five
        people may be named in the file; if it is made up, every slide with a figure must say so.
    hidden
        Further names that may not be in the file.
    notices
        Texts of which one must be seen on every slide with a figure. By default the usual sentence, if the study is
        made up or any slide of the deck says it.
    pdf
        The PDF of the deck; True for the file of the same name beside it.
    pictures
        Folder for pictures of the slides that do not pass.
    browser
        A browser to use instead of starting one.
    progress
        Called with the number of slides looked at and the number of slides.

    Returns
    -------
    TalkCheck
        The answers.

    Raises
    ------
    TalkError
        If the file cannot be read or holds no slides, or Playwright, axe-core, pypdf or a browser is missing.

    Notes
    -----
    A text's contrast is measured against the paints below it, at three points of each line, by the formula of WCAG
    2.2; over a picture or a gradient it cannot be told. Text inside pictures of pixels is not seen, nor is text made
    by stylesheets. Fragments are looked at in their last state.
    """
    path = Path(file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TalkError(f"the deck {path} cannot be read: {error.strerror}; name an HTML file") from None
    if language is not None:
        language_named(language)
    secret = hidden_in(study, hidden)
    axe = axe_source()
    pages = None if pdf is None else _pages(path.with_suffix(".pdf") if pdf is True else Path(pdf))

    def seen_by_a_browser() -> "Seen":
        with open_browser() if browser is None else nullcontext(browser) as opened:
            return look(opened, path, axe, secret, None if pictures is None else Path(pictures), progress)

    seen = seen_by_a_browser() if browser is not None else outside_a_loop(seen_by_a_browser)
    problems = list(seen.problems)
    looked_at = seen.looked_at | {"bytes": 1, "language": 1}
    problems += _language_problems(seen.language, language)
    required = _notices(seen, notices, study)
    if required:
        problems += _notice_problems(seen, required)
        looked_at["made_up"] = sum(map(bool, seen.figures))
    if secret.identities:
        problems += _hidden_problems(content, secret, seen)
        looked_at["hidden"] = len(secret.identities)
    if pages is not None:
        problems += _page_problems(pages, seen.slides)
        looked_at["pages"] = 1
    if len(content) > MOST_BYTES:
        details = {"mb": len(content) / 1e6, "most": MOST_BYTES / 1e6}
        problems.append(Problem("bytes", "too_large", details=details))
    asked = set(CHECKS) - {
        name
        for name, wanted in (("made_up", required), ("hidden", secret.identities), ("pages", pages is not None))
        if not wanted
    }
    return TalkCheck(
        path=path,
        slides=seen.slides,
        bytes=len(content),
        seconds=seen.seconds,
        rows=tuple(_row(check, problems, looked_at.get(check, 0), check in asked) for check in CHECKS),
        pictures=seen.pictures,
    )


def _row(check: str, problems: Iterable[Problem], looked_at: int, asked: bool) -> CheckRow:
    own = tuple(sorted((p for p in problems if p.check == check), key=lambda p: p.slide or 0))
    weights = {problem.weight for problem in own}
    outcome: Outcome = "passed" if asked else "not_asked"
    if "fault" in weights:
        outcome = "failed"
    elif "cannot_tell" in weights:
        outcome = "cannot_tell"
    return CheckRow(check, outcome, looked_at, own)


# ---- what is compared with something outside the deck ----------------------------------------------------


def _language_problems(found: str, asked: str | None) -> list[Problem]:
    tag = found.strip()
    primary = tag.partition("-")[0].lower()
    if not (primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3):
        return [Problem("language", "no_language", element="html")]
    if asked is not None and primary != asked:
        return [Problem("language", "other_language", element="html", details={"found": tag, "asked": asked})]
    return []


def _notices(seen: Seen, notices: Sequence[str] | None, study: Study | None) -> tuple[str, ...]:
    """Give the texts of which one must be seen beside each figure; none if nothing is required."""
    if notices is not None:
        return tuple(notices)
    spoken = seen.language.strip().partition("-")[0].lower()
    languages = [spoken] if spoken in LANGUAGES else list(LANGUAGES)
    usual = tuple(say("figures.made_up", language) for language in languages)
    if study is not None:
        return usual if study.made_up else ()
    return usual if any(_says(words, usual) for words in seen.words) else ()


def _says(words: str, texts: Iterable[str]) -> bool:
    said = " ".join(words.casefold().split())
    return any(" ".join(text.casefold().split()).rstrip(".") in said for text in texts)


def _notice_problems(seen: Seen, required: Sequence[str]) -> list[Problem]:
    return [
        Problem("made_up", "no_notice", "fault", number, figure)
        for number, (figure, words) in enumerate(zip(seen.figures, seen.words, strict=True), 1)
        if figure and not _says(words, required)
    ]


def _hidden_problems(content: bytes, secret: Hidden, seen: Seen) -> list[Problem]:
    counts: dict[int | None, int] = dict(names_by_slide(content.decode("utf-8", "replace"), secret, seen.slides))
    for number, words in enumerate(seen.words, 1):
        # what a script put on the slide stands in no one piece in the file
        counts[number] = max(counts.get(number, 0), len(secret.found_in(words)))
    return [
        Problem("hidden", "names_found", slide=slide, details={"n": n})
        for slide, n in sorted(counts.items(), key=lambda item: item[0] or 0)
        if n
    ]


def _pages(path: Path) -> int | Problem:
    """Count the pages of a PDF, or say why they cannot be counted."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise TalkError(
            "pypdf, which counts the pages of a PDF, is not installed; pip install 'ambassador-net[check]'"
        ) from None
    try:
        return len(PdfReader(path).pages)
    except OSError as error:
        return Problem("pages", "no_pdf", details={"reason": error.strerror or type(error).__name__})
    # what a broken file makes of itself is not always foreseen
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Problem("pages", "unreadable_pdf")


def _page_problems(pages: int | Problem, slides: int) -> list[Problem]:
    if isinstance(pages, Problem):
        return [pages]
    return [] if pages == slides else [Problem("pages", "other_pages", details={"pages": pages, "slides": slides})]
