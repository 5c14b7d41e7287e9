"""Finds English that was left in a text of another language."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import jupytext

from small import ROOT

WORDS = ROOT / "src" / "ambassador_net" / "words"
NOTEBOOKS = ("talk", "demo")
READ_ALOUD = ("alt", "aria-description", "aria-label", "aria-roledescription", "aria-valuetext", "placeholder", "title")

# none of them is Finnish, so "on", "he" and "me" are not among them
_ENGLISH = """
a about all an and another are as at because been between both but by each every for from had has have how if
in is it its less more most nobody nor not of only or other others own so than that the their them there these
they this to was were what when where which who whom whose with within without you your
account accounts answer answers chance day days employee employees followers hours house houses months
organisation organisations pair pairs people person persons post posts replies reply share shared shares
sharing side sides study verdict week weeks
"""
ENGLISH_WORDS = frozenset(_ENGLISH.split())
ALSO = {"fi": frozenset[str](), "sv": frozenset({"all", "in", "organisation", "person", "persons"})}

# names of products, files and keys, what a file holds literally, and a trade's own term
NAMES = (
    "(A)",
    *("actor.json", "ambassador-net donate", "another account", "API v", "axe-core", "coordination-network-toolkit"),
    *("docs/import.md", "docs/study.md", "outbox.json", "reveal.js", "Shares.csv", "Social Media Today"),
    *("Tweets of Congress", "tweets.csv", "tweets.js", "community managers", "y yes", "linkedin, twitter, mastodon"),
)


@cache
def texts(language: str) -> dict[str, str]:
    """Give every text of the word files by NAME.KEY."""
    return {
        f"{file.name.partition('.')[0]}.{key}": text
        for file in sorted(WORDS.glob(f"*.{language}.toml"))
        for key, text in tomllib.loads(file.read_text("utf-8")).items()
    }


@cache
def prose(language: str) -> dict[str, str]:
    """Give the prose that the notebooks say in a language, by its place."""
    return {
        f"{name}.py, cell {number}": " ".join(spoken(cell.source))
        for name in NOTEBOOKS
        for number, cell in enumerate(jupytext.read(ROOT / "notebooks" / f"{name}.py").cells, 1)
        if f"lang-{language}" in cell.metadata.get("tags", [])
    }


class _Spoken(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag in ("script", "style")
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent = False

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(data.strip())


def spoken(html: str) -> list[str]:
    """Give what is seen or read aloud of a page: its text, labels, titles and alternative texts."""
    parser = _Spoken()
    parser.feed(html)
    parser.close()
    return parser.found


def _runs(text: str) -> Iterator[list[str]]:
    """Give the words between two marks, numbers or places of a value."""
    for run in re.split(r"\{[^}]*\}|[^\w\s'’-]|[\d_]", text.replace("\u00ad", "").lower()):
        yield re.findall(r"[^\W\d_]+", run)


@cache
def _english_phrases() -> frozenset[tuple[str, str]]:
    said = (*texts("en").values(), *prose("en").values())
    return frozenset(pair for text in said for run in _runs(text) for pair in pairwise(run))


def english_in(text: str, language: str, names: Iterable[str] = ()) -> list[str]:
    """Give the English words of a text, and every two words that stand so in an English text of ours.

    Parameters
    ----------
    text
        What is said.
    language
        What it should be said in.
    names
        Names of the study, which are the same in every language.
    """
    # the longest first: a name may begin with another; Finnish adds its endings
    for name in sorted((*NAMES, *names), key=len, reverse=True):
        text = re.sub(rf"{re.escape(name)}\w*", " | ", text, flags=re.IGNORECASE)
    found: dict[str, None] = {}
    for run in _runs(text):
        found |= dict.fromkeys(word for word in run if word in ENGLISH_WORDS - ALSO[language])
        found |= dict.fromkeys(" ".join(pair) for pair in pairwise(run) if pair in _english_phrases())
    return list(found)
