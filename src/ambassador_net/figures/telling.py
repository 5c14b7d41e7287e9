"""Words, verdicts and boards that hold a study's numbers: a slide's heading, its foot, its table."""

import html
from dataclasses import dataclass
from typing import Literal

from ambassador_net.amplification import Amplification
from ambassador_net.study import Study
from ambassador_net.words import say


@dataclass(frozen=True)
class Words:
    """Words that hold a study's numbers: a heading, a line at the foot, a list.

    Parameters
    ----------
    kind
        ``"heading"``, ``"source"`` or ``"list"``.
    lines
        The texts; a heading and a source have one.
    """

    kind: Literal["heading", "source", "list"]
    lines: tuple[str, ...]

    def _repr_html_(self) -> str:
        safe = [html.escape(line) for line in self.lines]
        if self.kind == "heading":
            return f"<h2>{safe[0]}</h2>"
        if self.kind == "source":
            return f"<p>{safe[0]}</p>"
        return "<ul>" + "".join(f"<li>{line}</li>" for line in safe) + "</ul>"


def source(tango: Amplification, *, language: str = "en") -> Words:
    """Say where the data come from, or that they are made up.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        One line.
    """
    return Words("source", (source_of(tango, language),))


def cannot_tell(*, language: str = "en") -> Words:
    """List what the verdict cannot tell apart (method 2k).

    Parameters
    ----------
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        A list.
    """
    return Words("list", tuple(say(f"talk.cannot_tell_{n}", language) for n in range(1, 5)))


def what_was_read(study: Study, tango: Amplification, *, language: str = "en") -> Words:
    """List what the study holds and what of it is not known.

    Parameters
    ----------
    study
        The study.
    tango
        Its result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Words
        A list.
    """
    facts = tango.study
    aside = sum(sum(entry.set_aside.values()) for entry in study.ledger.entries)
    pairs = tango.dyads["with_a_share"] or 0
    lines = []
    if study.window is not None:
        first, last = study.window
        lines.append(say("talk.period", language, first=first.date(), last=last.date()))
    lines += [
        say("talk.set_aside" if aside else "talk.nothing_set_aside", language, n=aside),
        say("talk.self_shares", language, n=facts["self_shares"]),
        say("talk.source_unknown", language, n=facts["source_unknown"]),
        say("talk.unknown_pairs", language, n=pairs - (tango.dyads["both_sides_observed"] or 0), of=pairs),
    ]
    return Words("list", tuple(lines))


VERDICT_MARKS = {
    "supported": '<circle cx="17" cy="17" r="15" fill="currentColor"/>'
    '<path d="M10 17l5 5 9-10" fill="none" stroke="var(--paper, #FBFAF7)" stroke-width="3.4"/>',
    "not_supported": '<circle cx="17" cy="17" r="14" fill="none" stroke="currentColor" stroke-width="3"/>'
    '<path d="M11 11l12 12M23 11l-12 12" stroke="currentColor" stroke-width="3"/>',
    "cannot_tell": '<circle cx="17" cy="17" r="14" fill="none" stroke="currentColor" stroke-width="3" '
    'stroke-dasharray="5 4"/><path d="M13 14a4 4 0 1 1 5.5 3.6c-1 .5-1.5 1.1-1.5 2.4M17 23v2" fill="none" '
    'stroke="currentColor" stroke-width="2.6"/>',
}


@dataclass(frozen=True)
class Sentence:
    """A verdict with its mark, to read aloud.

    Parameters
    ----------
    answer
        Which mark.
    text
        The sentence.
    language
        Its language.
    """

    answer: str
    text: str
    language: str

    def _repr_html_(self) -> str:
        return (
            f'<p class="anet-verdict" lang="{self.language}"><svg viewBox="0 0 34 34" width="56" height="56" '
            f'aria-hidden="true">{VERDICT_MARKS[self.answer]}</svg> {html.escape(self.text)}</p>'
        )


def verdict(tango: Amplification, *, language: str = "en") -> Sentence:
    """Give the verdict with its mark, to read aloud.

    Parameters
    ----------
    tango
        The result.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Returns
    -------
    Sentence
        The mark and the sentence.
    """
    return Sentence(tango.verdict.answer, tango.verdict.sentence(language), language)


def source_of(tango: Amplification, language: str) -> str:
    """Say where the data come from, or that they are made up."""
    text = say("figures.made_up", language) if tango.study["made_up"] else str(tango.study["title"])
    return text if text.endswith(".") else f"{text}."
