"""Names that a deck must not hold, looked for in everything that its bytes can be read as.

What is found is counted, by slide; it is never said what it was.
"""

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser
from importlib import resources
from urllib.parse import unquote, unquote_to_bytes

import pandas as pd

from ambassador_net.privacy import K, houses_shown
from ambassador_net.privacy.pseudonyms import identities_of
from ambassador_net.study import Study

_LETTERS = 4
_WORDS = 5
# an id of fewer digits is a year or a count as well
_DIGITS = 7
_ROUNDS = 4

Words = tuple[str, ...]

_DATA = re.compile(r"""data:(?P<kind>[\w.+/-]*)(?P<more>(?:;[\w=."'+-]+)*),(?P<content>[^"'\s)<>\\]*)""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbfv0/\"'\\]))")
# soft hyphens and what has no width: a reader does not see them
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
_PRINTED = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd]{6,}")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Hidden:
    """What must not be found.

    Parameters
    ----------
    identities
        Ids, handles and names, each as its words in lower case.
    """

    identities: frozenset[Words]

    def found_in(self, text: str) -> set[Words]:
        """Find which of them a text holds, in whatever spelling a browser would read as the same.

        Parameters
        ----------
        text
            Text, HTML, JSON or an address.

        Returns
        -------
        set of tuple of str
            Those found; never to be shown.
        """
        return {found for reading in _readings(text) for found in self._in(reading)}

    def _in(self, text: str) -> Iterator[Words]:
        words = _words(text)
        for at, word in enumerate(words):
            for n in self._lengths.get(word, ()):
                if words[at : at + n] in self.identities:
                    yield words[at : at + n]

    @cached_property
    def _lengths(self) -> dict[str, tuple[int, ...]]:
        """How many words the identities that begin with a word have."""
        lengths: dict[str, set[int]] = {}
        for identity in self.identities:
            lengths.setdefault(identity[0], set()).add(len(identity))
        return {word: tuple(sorted(n)) for word, n in lengths.items()}


def hidden_in(study: Study | None, names: Iterable[str] = ()) -> Hidden:
    """Give what a deck of a study must not hold.

    Parameters
    ----------
    study
        The study; nothing of it is hidden if its persons may be shown.
    names
        Further names, of any kind.

    Returns
    -------
    Hidden
        Ids, handles and names of persons and of organisations of fewer than five people, and the further names.

    Notes
    -----
    A name of fewer than four letters, or a study's id of fewer than seven digits and nothing else, is not looked
    for: such things are found in innocent words and numbers.
    """
    further = {_words(_composed(name))[:_WORDS] for name in names}
    identities = {words for words in further if sum(map(len, words)) >= _LETTERS}
    if study is not None and not study.shows_persons:
        identities |= _of_study(study)
    return Hidden(frozenset(identities))


def _of_study(study: Study) -> frozenset[Words]:
    accounts, holders = _spelt_alike(study.accounts), _spelt_alike(study.holders)
    small = set(map(_composed, houses_shown(study, study.affiliations, k=K).joined))
    official = accounts["role"] == "organisation"
    of_small = official & accounts["organisation"].isin(small)
    small_holders = holders["holder_id"].isin(accounts.loc[of_small, "holder_id"]) | holders["name"].isin(small)
    persons = identities_of(accounts[~official], holders[holders["kind"] == "person"])
    houses = identities_of(accounts[of_small], holders[(holders["kind"] == "organisation") & small_holders])
    names = {_words(name)[:_WORDS] for name in small}
    # what a shown organisation is called is no secret, whoever else is called so
    shown = identities_of(accounts[official & ~of_small], holders[(holders["kind"] == "organisation") & ~small_holders])
    shown |= {_words(name)[:_WORDS] for name in set(accounts.loc[official, "organisation"].dropna()) - small}
    found = (persons | houses | names) - shown
    return frozenset(words for words in found if sum(map(len, words)) >= _LETTERS and not _is_a_count(words))


def _spelt_alike(table: pd.DataFrame) -> pd.DataFrame:
    columns = {"account_id", "holder_id", "handle", "name", "organisation"} & set(table.columns)
    return table.assign(**{column: table[column].map(_composed, na_action="ignore") for column in columns})


def _is_a_count(words: Words) -> bool:
    joined = "".join(words)
    return joined.isdecimal() and len(joined) < _DIGITS


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.casefold()))


def names_by_slide(source: str, hidden: Hidden, slides: int) -> dict[int | None, int]:
    """Count the hidden names in a deck.

    Parameters
    ----------
    source
        The deck's text.
    hidden
        What must not be found.
    slides
        How many slides a browser finds; if the text alone shows another number, no slide is named.

    Returns
    -------
    dict
        Number of different names by slide, counted from 1; None for the rest of the file.
    """
    known = _own_text()
    found: dict[int | None, set[Words]] = {}
    parts = list(_parts(source))
    certain = len({slide for slide, _ in parts if slide is not None}) == slides
    for slide, text in parts:
        for own in known:
            text = text.replace(own, " ")
        names = hidden.found_in(text)
        if names:
            found.setdefault(slide if certain else None, set()).update(names)
    return {slide: len(names) for slide, names in found.items()}


@cache
def _own_text() -> tuple[str, ...]:
    """Give the scripts and styles that are the same in every deck of ours; they hold no data."""
    static = resources.files("ambassador_net.talk") / "static"
    files = [static / name for name in ("reveal.js", "plugin/notes.js", "reset.css", "reveal.css", "deck.js")]
    texts = [file.read_text("utf-8") for file in files]
    scripts = [re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE) for text in texts]
    return tuple(
        re.sub(r"^//# sourceMappingURL=\S+\n?", "", text, flags=re.MULTILINE).replace("<!--", "<\\!--")
        for text in scripts
    )


# ---- what a text can be read as --------------------------------------------------------------------------


def _readings(text: str) -> Iterator[str]:
    """Give a text as it stands, unescaped in every way, without its tags, and what it carries encoded."""
    seen: set[str] = set()
    waiting = [text]
    for _ in range(_ROUNDS):
        following = []
        for written in waiting:
            if written in seen:
                continue
            seen.add(written)
            rest, carried = _taken_out(written)
            for inner in carried:
                yield from _readings(inner)
            plain = _UNSEEN.sub("", _composed(rest))
            yield plain
            if "<" in plain:
                yield _TAG.sub(" ", plain)
                yield _TAG.sub("", plain)
            following += [html.unescape(written), _unescaped(written), unquote(written, errors="replace")]
        waiting = [reading for reading in following if reading not in seen]


def _unescaped(text: str) -> str:
    """Undo the escapes of JSON and JavaScript."""

    def one(match: re.Match[str]) -> str:
        braced, unit, byte, letter = match.groups()
        if letter:
            return letter if letter in "/\"'\\" else " "
        code = int(braced or unit or byte, 16)
        return chr(code) if code < 0x110000 else " "

    if "\\" not in text:
        return text
    # characters beyond the first plane are written as two halves
    return _ESCAPE.sub(one, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _taken_out(text: str) -> tuple[str, list[str]]:
    """Take the ``data:`` addresses out of a text and give what they carry as texts."""
    carried: list[str] = []

    def one(match: re.Match[str]) -> str:
        content = match["content"]
        if "base64" in match["more"].lower():
            letters = re.sub(r"[^A-Za-z0-9+/]", "", unquote(content).replace("-", "+").replace("_", "/"))
            try:
                carried.extend(_texts_of(base64.b64decode(letters + "=" * (-len(letters) % 4))))
            except (binascii.Error, ValueError):
                return match[0]
            return " "
        carried.extend(_texts_of(unquote_to_bytes(content)))
        return " "

    return _DATA.sub(one, text), carried


def _texts_of(content: bytes) -> Iterator[str]:
    if content.startswith(_PNG):
        yield from _png_texts(content)
        return
    # a typeface holds letters by the thousand and no names
    if content[:4] in (b"wOF2", b"wOFF", b"OTTO", b"\0\1\0\0"):
        return
    try:
        yield content.decode("utf-8")
    except UnicodeDecodeError:
        yield "\n".join(_PRINTED.findall(content.decode("utf-8", "replace")))
        yield "\n".join(_PRINTED.findall(content.decode("latin-1")))


def _png_texts(content: bytes) -> Iterator[str]:
    """Give the texts that a PNG carries beside its picture."""
    at = len(_PNG)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, chunk = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length
        keyword, _, value = chunk.partition(b"\0")
        if kind == b"tEXt":
            yield f"{keyword.decode('latin-1')} {value.decode('latin-1')}"
            yield value.decode("utf-8", "replace")
        elif kind == b"zTXt":
            yield f"{keyword.decode('latin-1')} {_inflated(value[1:]).decode('latin-1')}"
        elif kind == b"iTXt" and len(value) > 2:
            packed, rest = value[0] == 1, value[2:]
            _, _, rest = rest.partition(b"\0")
            translated, _, text = rest.partition(b"\0")
            said = translated + b" " + (_inflated(text) if packed else text)
            yield f"{keyword.decode('latin-1')} {said.decode('utf-8', 'replace')}"
        elif kind == b"eXIf":
            yield "\n".join(_PRINTED.findall(chunk.decode("utf-8", "replace")))


def _inflated(packed: bytes) -> bytes:
    try:
        # a picture's remark of more than a megabyte is an attack
        return zlib.decompressobj().decompress(packed, 1_000_000)
    except zlib.error:
        return b""


# ---- where in the file a slide stands --------------------------------------------------------------------


class _Slides(HTMLParser):
    """Places of the slides in the text of a deck."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        # a line is what the parser counts as one
        self._lines = [0]
        for line in source.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        # of each open section where it began and whether it holds others
        self._open: list[tuple[int, bool]] = []
        self.places: list[tuple[int, int]] = []
        self.feed(source)
        self.close()

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "section":
            if len(self._open) == 1:
                self._open[0] = (self._open[0][0], True)
            self._open.append((self._offset(), False))

    def handle_endtag(self, tag: str) -> None:
        if tag != "section" or not self._open:
            return
        began, holds_others = self._open.pop()
        # slides stand at the first level, or at the second where they are stacked
        if len(self._open) == 1 or (not self._open and not holds_others):
            self.places.append((began, self._offset()))


def _parts(source: str) -> Iterator[tuple[int | None, str]]:
    """Cut the text of a deck into its slides and the rest."""
    at, rest = 0, []
    for number, (begin, end) in enumerate(_Slides(source).places, 1):
        rest.append(source[at:begin])
        yield number, source[begin:end]
        at = end
    rest.append(source[at:])
    yield None, "\n".join(rest)
