"""User-facing text in Finnish, English and Swedish, with numbers and dates as each language writes them.

The texts stand in ``NAME.LANGUAGE.toml`` beside this module, the same keys in each language. A text is
addressed as ``NAME.KEY`` and is a :meth:`str.format` template; numbers and dates that are passed in are
written in the language's own form.
"""

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

from ambassador_net.errors import AmbassadorError

Language = Literal["en", "fi", "sv"]

LANGUAGES: tuple[Language, ...] = ("en", "fi", "sv")


def language_named(name: str) -> Language:
    """Check a language code.

    Parameters
    ----------
    name
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    str
        The same code.

    Raises
    ------
    AmbassadorError
        If it is none of them.
    """
    if name not in LANGUAGES:
        raise AmbassadorError(f"no language {name!r}; there are {', '.join(LANGUAGES)}")
    return name


@cache
def _texts(language: Language) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in resources.files(__name__).iterdir():
        name, _, rest = file.name.partition(".")
        if rest == f"{language}.toml":
            found |= {f"{name}.{key}": text for key, text in tomllib.loads(file.read_text("utf-8")).items()}
    return found


def number(value: float, language: str, *, digits: int | None = None) -> str:
    """Write a number as the language does.

    Parameters
    ----------
    value
        The number.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    digits
        Digits after the decimal sign; by default none for an integer and up to two otherwise.

    Returns
    -------
    str
        For example ``"1,234.5"`` in English and ``"1 234,5"`` in Finnish.

    Examples
    --------
    >>> number(1234.5, "en"), number(0.4019, "fi", digits=3)
    ('1,234.5', '0,402')
    """
    from babel.numbers import format_decimal

    pattern = "#,##0.##" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=language_named(language)))


def day(value: date, language: str) -> str:
    """Write a date as the language does.

    Parameters
    ----------
    value
        A date or a time.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    str
        For example ``"3 Mar 2025"`` in English and ``"3.3.2025"`` in Finnish.

    Examples
    --------
    >>> day(date(2025, 3, 3), "fi")
    '3.3.2025'
    """
    from babel.dates import format_date

    # English as written in Europe: the day comes first
    locale = "en_GB" if language == "en" else language_named(language)
    return str(format_date(value, format="medium", locale=locale))


def territory(time_zone: str) -> str | None:
    """Give the country in which a time zone lies.

    Parameters
    ----------
    time_zone
        IANA name, present or older.

    Returns
    -------
    str or None
        Two letters (ISO 3166-1); None for a zone of no country and for a name that is none.

    Examples
    --------
    >>> territory("Europe/Helsinki"), territory("Asia/Calcutta"), territory("UTC")
    ('FI', 'IN', None)
    """
    from babel.core import get_global

    name = get_global("zone_aliases").get(time_zone, time_zone)
    found = get_global("zone_territories").get(name)
    # ZZ: unknown or no country; 001: the world
    return None if found in (None, "ZZ", "001") else str(found)


def say(key: str, language: str, **values: object) -> str:
    """Say one text.

    Parameters
    ----------
    key
        ``"NAME.KEY"``.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    **values
        What the template asks for; numbers and dates are written in the language's own form.

    Returns
    -------
    str
        The text.

    Raises
    ------
    AmbassadorError
        If there is no such text.

    Examples
    --------
    >>> say("verdict.cannot_tell", "fi")
    'Ei voida sanoa'
    """
    texts = _texts(language_named(language))
    if key not in texts:
        raise AmbassadorError(f"no text {key!r} in {language}")
    written = {}
    for name, value in values.items():
        if isinstance(value, date):
            written[name] = day(value, language)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            written[name] = number(value, language)
        else:
            written[name] = str(value)
    return texts[key].format(**written)
