"""What the check of a talk says: one answer a check, and each problem with its slide and element."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ambassador_net.words import say

CHECKS = (
    "starts",
    "requests",
    "overflow",
    "overlap",
    "contrast",
    "text_size",
    "alt",
    "headings",
    "language",
    "notes",
    "made_up",
    "hidden",
    "axe",
    "pages",
    "bytes",
)
"""What is looked at, in the order in which it is told."""

Outcome = Literal["passed", "failed", "cannot_tell", "not_asked"]
Weight = Literal["fault", "cannot_tell", "remark"]


@dataclass(frozen=True)
class Problem:
    """One thing that was found.

    Parameters
    ----------
    check
        One of :data:`CHECKS`.
    kind
        What was found; its sentence stands in ``words/check.*.toml``.
    weight
        ``"fault"``; ``"cannot_tell"``, which is no pass either; or ``"remark"``, which fails nothing.
    slide
        Number of the slide, counted from 1; None for the file.
    element
        The element, as its tag, its id or first class, and the beginning of its text; empty for a whole slide or
        file. An element that holds a hidden name is given without its text.
    details
        The numbers and names in the sentence.
    """

    check: str
    kind: str
    weight: Weight = "fault"
    slide: int | None = None
    element: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """Say what was found.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The sentence, without slide and element.
        """
        return say(f"check.{self.kind}", language, **self.details)

    def to_dict(self) -> dict[str, Any]:
        """Give the problem as a JSON-safe dictionary.

        Returns
        -------
        dict
            Its parts, and its sentence in English.
        """
        return {
            "check": self.check,
            "kind": self.kind,
            "weight": self.weight,
            "slide": self.slide,
            "element": self.element,
            "details": dict(self.details),
            "sentence": self.sentence(),
        }


@dataclass(frozen=True)
class CheckRow:
    """The answer of one check.

    Parameters
    ----------
    check
        One of :data:`CHECKS`.
    outcome
        ``"passed"``, ``"failed"``, ``"cannot_tell"``, or ``"not_asked"`` where there was nothing to compare with.
    looked_at
        How many things were looked at; a check that looked at nothing found nothing.
    problems
        What it found.
    """

    check: str
    outcome: Outcome
    looked_at: int
    problems: tuple[Problem, ...] = ()

    @property
    def slides(self) -> tuple[int, ...]:
        """Numbers of the slides on which it found something."""
        return tuple(sorted({p.slide for p in self.problems if p.slide is not None}))


@dataclass(frozen=True)
class TalkCheck:
    """What the check of a talk found.

    Parameters
    ----------
    path
        The deck.
    slides
        How many slides it has.
    bytes
        How large it is.
    seconds
        How long it is planned to take, if its slides have ``data-timing``.
    rows
        One answer a check.
    pictures
        Pictures of the slides that did not pass, if they were asked for.
    """

    path: Path
    slides: int
    bytes: int
    seconds: float | None
    rows: tuple[CheckRow, ...]
    pictures: tuple[Path, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check that was asked passed; what cannot be told is no pass."""
        return all(row.outcome in ("passed", "not_asked") for row in self.rows)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found, in the order of the checks."""
        return tuple(problem for row in self.rows for problem in row.problems)

    def summary(self, language: str = "en") -> pd.DataFrame:
        """One row a check.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        pandas.DataFrame
            Columns ``check``, ``outcome``, ``looked_at``, ``problems``, ``slides``; the first two in words.
        """
        return pd.DataFrame(
            [
                {
                    "check": say(f"check.name_{row.check}", language),
                    "outcome": say(f"check.{row.outcome}", language),
                    "looked_at": row.looked_at,
                    "problems": len(row.problems),
                    "slides": ", ".join(map(str, row.slides)),
                }
                for row in self.rows
            ]
        )

    def lines(self, language: str = "en") -> list[str]:
        """Say each problem in a line: slide, element, what was found.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        list of str
            Empty if nothing was found.
        """
        found = []
        for problem in self.problems:
            where = say("check.file", language) if problem.slide is None else ""
            if problem.slide is not None:
                where = say("check.slide", language, number=problem.slide)
            parts = (where, say(f"check.name_{problem.check}", language), problem.element, problem.sentence(language))
            found.append(": ".join(part for part in parts if part))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Give everything as a JSON-safe dictionary.

        Returns
        -------
        dict
            ``file``, ``slides``, ``bytes``, ``seconds``, ``passed``, ``checks`` and ``pictures``.
        """
        return {
            "file": self.path.name,
            "slides": self.slides,
            "bytes": self.bytes,
            "seconds": self.seconds,
            "passed": self.passed,
            "checks": [
                {
                    "check": row.check,
                    "outcome": row.outcome,
                    "looked_at": row.looked_at,
                    "problems": [problem.to_dict() for problem in row.problems],
                }
                for row in self.rows
            ],
            "pictures": [picture.name for picture in self.pictures],
        }

    def __str__(self) -> str:
        return "\n".join([self.summary().to_string(index=False), *self.lines()])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        return f"{self.summary().to_html(index=False, border=0)}<ul>{lines}</ul>"
