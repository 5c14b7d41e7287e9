"""What a talk is called, who gives it and where: ``slides/talk.toml``."""

import io
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import escape

from ambassador_net.errors import TalkError
from ambassador_net.looks import COLOURS
from ambassador_net.words import language_named, say

SETTINGS_VARIABLE = "AMBASSADOR_NET_TALK"
"""Environment variable that carries the settings, as JSON, to the notebook that is being run."""

_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,300}")
_EXPECTED = "title (one text per language), speaker, event, address, minutes, languages, theme"


@dataclass(frozen=True)
class TalkSettings:
    """What is said about a talk on its title slide and around it.

    Attributes
    ----------
    title
        Title by language; a language that is missing has the title of the example talk.
    speaker, event
        As on the title slide; empty ones are left out.
    address
        Where the hall finds the demo page; the deck shows it as text and QR code. Empty: beside the deck.
    minutes
        The planned length.
    languages
        The languages the talk is built in.
    theme
        ``"light"``, ``"dark"`` or ``"contrast"``.
    stylesheet
        A stylesheet that is added after the deck's own, or None.
    """

    title: Mapping[str, str] = field(default_factory=dict)
    speaker: str = ""
    event: str = ""
    address: str = ""
    minutes: int = 20
    languages: tuple[str, ...] = ("en", "fi")
    theme: str = "light"
    stylesheet: Path | None = None

    def title_in(self, language: str) -> str:
        """Give the title in a language.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The title.
        """
        return self.title.get(language) or say("deck.title", language)


def read_settings(path: str | Path) -> TalkSettings:
    """Read the settings of a talk; a ``theme.css`` beside them is its stylesheet.

    Parameters
    ----------
    path
        A TOML file.

    Returns
    -------
    TalkSettings
        What the file says, and the defaults for the rest.

    Raises
    ------
    TalkError
        If the file is missing, is not TOML, or holds something else than settings.
    """
    path = Path(path)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise TalkError(f"{path} cannot be read ({error.strerror}); give the path of a talk.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TalkError(f"{path} is not TOML: {error}") from None
    theme = path.parent / "theme.css"
    return _checked(found, str(path), theme if theme.is_file() else None)


def current_settings() -> TalkSettings:
    """Give the settings of the talk that is being built; in a notebook opened by hand, the defaults.

    Returns
    -------
    TalkSettings
        The settings :func:`ambassador_net.talk.build_talk` was called with.
    """
    text = os.environ.get(SETTINGS_VARIABLE)
    return TalkSettings() if text is None else _checked(json.loads(text), SETTINGS_VARIABLE, None)


def as_environment(settings: TalkSettings) -> str:
    """Write settings for :data:`SETTINGS_VARIABLE`, without the stylesheet, which is the deck's alone.

    Parameters
    ----------
    settings
        The settings.

    Returns
    -------
    str
        JSON that :func:`current_settings` reads.
    """
    return json.dumps(
        {
            "title": dict(settings.title),
            "speaker": settings.speaker,
            "event": settings.event,
            "address": settings.address,
            "minutes": settings.minutes,
            "languages": list(settings.languages),
            "theme": settings.theme,
        }
    )


@dataclass(frozen=True)
class TitleSlide:
    """The title slide's words; show it in a cell tagged ``title``."""

    title: str
    speaker: str
    event: str

    def _repr_html_(self) -> str:
        lines = [f"<h1>{escape(self.title)}</h1>"]
        if self.speaker:
            lines.append(f'<p class="byline">{escape(self.speaker)}</p>')
        if self.event:
            lines.append(f'<p class="event">{escape(self.event)}</p>')
        return "\n".join(lines)


def title_slide(settings: TalkSettings, language: str) -> TitleSlide:
    """Give the title slide of a talk.

    Parameters
    ----------
    settings
        From :func:`current_settings`.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    TitleSlide
        Shows itself in a notebook and on the slide.

    Examples
    --------
    >>> title_slide(TalkSettings(speaker="Aino R&D"), "en")._repr_html_().splitlines()[1]
    '<p class="byline">Aino R&amp;D</p>'
    """
    return TitleSlide(settings.title_in(language), settings.speaker, settings.event)


@dataclass(frozen=True)
class TryIt:
    """Where the hall finds the demo page: a QR code and the address, or the file beside the deck.

    Attributes
    ----------
    address
        Of the page; empty where it is only a file.
    language
        Language of the words, and of the page.
    """

    address: str
    language: str

    def _repr_html_(self) -> str:
        if not self.address:
            text = say("deck.try_file", self.language, file=f"demo.{self.language}.html")
            return f'<p class="address">{escape(text)}</p>'
        code = _qr_code(self.address, say("deck.qr_code", self.language, address=self.address))
        return f'<div class="try-it">{code}<p class="address">{escape(self.address)}</p></div>'


def try_it(settings: TalkSettings, language: str) -> TryIt:
    """Say where the hall finds the demo page.

    Parameters
    ----------
    settings
        From :func:`current_settings`.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    TryIt
        Shows itself in a notebook and on the slide.

    Examples
    --------
    >>> "demo.fi.html" in try_it(TalkSettings(), "fi")._repr_html_()
    True
    """
    return TryIt(settings.address, language_named(language))


def _qr_code(address: str, label: str) -> str:
    import segno

    # level M still reads where a hand or a glare hides a seventh of it
    buffer = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        buffer,
        kind="svg",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        border=4,
        omitsize=True,
        dark="#000",
        light="#fff",
    )
    return buffer.getvalue().decode().replace("<svg ", f'<svg class="qr" role="img" aria-label="{escape(label)}" ', 1)


def _checked(found: Mapping[str, Any], where: str, stylesheet: Path | None) -> TalkSettings:
    unknown = sorted(set(found) - {"title", "speaker", "event", "address", "minutes", "languages", "theme"})
    if unknown:
        raise TalkError(f"{where}: no setting is called {', '.join(unknown)}; expected {_EXPECTED}")
    defaults = TalkSettings()
    title = found.get("title", {})
    if not isinstance(title, Mapping) or not all(isinstance(text, str) for text in title.values()):
        raise TalkError(f'{where}: title is one text per language: [title], then en = "…", fi = "…"')
    languages = found.get("languages", list(defaults.languages))
    if not isinstance(languages, list) or not languages or not all(isinstance(name, str) for name in languages):
        raise TalkError(f'{where}: languages is a list such as ["en", "fi"]')
    for name in (*title, *languages):
        language_named(name)
    for key in ("speaker", "event"):
        if not isinstance(found.get(key, ""), str):
            raise TalkError(f"{where}: {key} is a text in quotation marks")
    address = found.get("address", "")
    if not isinstance(address, str) or (address and not _ADDRESS.fullmatch(address)):
        raise TalkError(f"{where}: address is where the page is found, such as https://example.org/tango")
    minutes = found.get("minutes", defaults.minutes)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes < 1:
        raise TalkError(f"{where}: minutes is a whole number of at least 1, found {minutes!r}")
    theme = found.get("theme", defaults.theme)
    if theme not in COLOURS:
        raise TalkError(f"{where}: theme is one of {', '.join(COLOURS)}")
    return TalkSettings(
        title=dict(title),
        speaker=found.get("speaker", ""),
        event=found.get("event", ""),
        address=address,
        minutes=minutes,
        languages=tuple(languages),
        theme=theme,
        stylesheet=stylesheet,
    )
