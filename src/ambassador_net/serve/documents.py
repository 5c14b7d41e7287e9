"""Pages that were made before the doors opened, ready to be sent: compressed, named, with their policy."""

import gzip
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@dataclass(frozen=True)
class Document:
    """A page in one language.

    Parameters
    ----------
    content
        Its bytes.
    compressed
        The same, gzipped.
    name
        Says which bytes these are, for an ETag.
    policy
        The policy that stands in it; sent as a header too, it also forbids others to frame the page.
    """

    content: bytes
    compressed: bytes
    name: str
    policy: str


ByLanguage: TypeAlias = Mapping[str, Document]


def read_documents(folder: Path) -> dict[str, ByLanguage]:
    """Read pages named ``NAME.LANGUAGE.html``.

    Parameters
    ----------
    folder
        Where they are.

    Returns
    -------
    dict
        By name and language.
    """
    found: dict[str, dict[str, Document]] = {}
    for file in sorted(folder.glob("*.html")):
        name, language, _ = file.name.split(".")
        found.setdefault(name, {})[language] = document(file.read_bytes())
    return dict(found)


def document(content: bytes) -> Document:
    """Make a page ready to be sent.

    Parameters
    ----------
    content
        HTML with its policy in a ``meta`` element.

    Returns
    -------
    Document
        The page.

    Raises
    ------
    ValueError
        If it has no policy.
    """
    policy = _POLICY.search(content.decode("utf-8"))
    if policy is None:
        raise ValueError("the page has no content security policy")
    return Document(
        content,
        gzip.compress(content, 9, mtime=0),
        hashlib.sha256(content).hexdigest()[:32],
        f"{html.unescape(policy[1])}; frame-ancestors 'none'",
    )


def preferences(header: str) -> dict[str, float]:
    """Read a header such as ``Accept-Language``.

    Parameters
    ----------
    header
        What the browser sent.

    Returns
    -------
    dict
        What is acceptable, in lower case, and how much, most wanted first; refusals are 0.

    Examples
    --------
    >>> preferences("sv-FI, fi;q=0.9, *;q=0")
    {'sv-fi': 1.0, 'fi': 0.9, '*': 0.0}
    """
    found: dict[str, float] = {}
    # what is longer than this was not written by a browser
    for part in header[:500].lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        if name and re.fullmatch(r"[01](?:\.\d{0,3})?", weight):
            found[name] = float(weight)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def language_wanted(header: str, known: Mapping[str, object], default: str) -> str:
    """Choose a language by what the browser asks for.

    Parameters
    ----------
    header
        ``Accept-Language``.
    known
        By language.
    default
        Where none of them is wanted.

    Returns
    -------
    str
        One that is known.

    Examples
    --------
    >>> language_wanted("de, sv-FI;q=0.9, en;q=0.1", {"en": 1, "sv": 1}, "en")
    'sv'
    """
    for name, weight in preferences(header).items():
        if weight and (language := name.partition("-")[0]) in known:
            return language
    return default
