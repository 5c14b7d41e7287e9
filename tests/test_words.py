"""Numbers and dates as each language writes them."""

from datetime import date

import pytest

from ambassador_net.errors import AmbassadorError
from ambassador_net.words import day, number, say


def test_numbers_and_dates() -> None:
    assert number(1234567, "en") == "1,234,567"
    assert number(1234567, "fi").split() == ["1", "234", "567"]
    assert number(0.05, "sv", digits=2) == "0,05"
    assert number(3.0, "en") == "3"
    assert [day(date(2025, 3, 9), language) for language in ("en", "fi", "sv")] == [
        "9 Mar 2025",
        "9.3.2025",
        "9 mars 2025",
    ]


def test_a_text_writes_its_values_in_its_own_language() -> None:
    assert "1\N{NO-BREAK SPACE}234" in say("figures.by_chance", "fi", n=1234)


def test_unknown_texts_and_languages_are_named() -> None:
    with pytest.raises(AmbassadorError, match=r"no text 'verdict\.maybe'"):
        say("verdict.maybe", "en")
    with pytest.raises(AmbassadorError, match="en, fi, sv"):
        say("verdict.supported", "de")
