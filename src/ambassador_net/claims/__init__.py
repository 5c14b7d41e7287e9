"""The sayings of the trade: each with what would have to be true, what it needs, and its answer."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np

from ambassador_net.amplification import Amplification, Verdict, mutual_amplification
from ambassador_net.errors import AmbassadorError
from ambassador_net.reduction import Dyads, dyads
from ambassador_net.study import Study
from ambassador_net.words import LANGUAGES, say


@dataclass(frozen=True)
class Answer:
    """What a study says of a saying.

    Parameters
    ----------
    name
        Of the saying, one of :func:`names`.
    estimand
        What would have to be true.
    verdict
        The answer, with its reasons.
    numbers
        What was found, by name; missing where the study cannot say.
    """

    name: str
    estimand: str
    verdict: Verdict
    numbers: Mapping[str, float | int | None]

    def saying(self, language: str = "en") -> str:
        """Give the saying in words.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The saying.
        """
        return say(f"claims.{self.name.replace('-', '_')}", language)

    def why(self, language: str = "en") -> str:
        """Say what the numbers are, for the board.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The numbers in words, or why there are none.
        """
        if self.verdict.numbers:
            return self.verdict.wording(language)
        known = {name: value for name, value in self.numbers.items() if value is not None}
        if len(known) < len(self.numbers) or not known:
            return self.verdict.why(language)
        return say(f"claims.{self.name.replace('-', '_')}_numbers", language, **known)

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as JSON-safe values.

        Returns
        -------
        dict
            ``name``, ``saying`` by language, ``estimand``, ``verdict`` and ``numbers``.
        """
        return {
            "name": self.name,
            "saying": {language: self.saying(language) for language in LANGUAGES},
            "estimand": self.estimand,
            "verdict": self.verdict.to_dict(),
            "numbers": dict(self.numbers),
        }


@cache
def _sayings() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.files(__name__).joinpath("sayings.toml").read_text("utf-8"))


def names() -> tuple[str, ...]:
    """List the sayings in the order in which they are told.

    Returns
    -------
    tuple of str
        Their names.

    Examples
    --------
    >>> "two-to-tango" in names()
    True
    """
    return tuple(_sayings())


def assess(
    name: str,
    study: Study,
    *,
    seed: int | np.random.Generator,
    basis: Sequence[str] = (),
    tango: Amplification | None = None,
) -> Answer:
    """Ask one saying of a study.

    Parameters
    ----------
    name
        Of the saying, one of :func:`names`.
    study
        The study.
    seed
        A seed, or a random generator.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    tango
        The study's :func:`ambassador_net.mutual_amplification`, if it is at hand.

    Returns
    -------
    Answer
        The verdict and the numbers it rests on.

    Raises
    ------
    AmbassadorError
        If there is no such saying.
    """
    if name not in _sayings():
        raise AmbassadorError(f"no saying is called {name!r}; there are {', '.join(names())}")
    numbers: Mapping[str, float | int | None]
    if name == "two-to-tango":
        found = tango or mutual_amplification(study, seed=seed, basis=basis)
        numbers = {"mutual": found.dyads["mutual"], "both": found.dyads["both_sides_observed"] or None}
        verdict = found.verdict
    elif name == "people-more-interesting":
        numbers = times_shared_ratio(dyads(study, basis=basis))
        reason = "needs posts of both sides" if numbers["ratio"] is None else "raw count only"
        verdict = Verdict("cannot_tell", (reason,))
    else:
        numbers, verdict = {}, Verdict("cannot_tell", ("needs followers at posting time",))
    return Answer(name, _sayings()[name]["estimand"], verdict, MappingProxyType(dict(numbers)))


def times_shared_ratio(counted: Dyads) -> dict[str, float | int | None]:
    """Compare how often an original post of a person and of an official account is shared by others.

    Parameters
    ----------
    counted
        The dyads of a study.

    Returns
    -------
    dict
        ``ratio`` of the means, person to organisation, the means ``person`` and ``organisation``, and how many posts
        each rests on; None where there is no post, or the organisations' were never shared.

    Notes
    -----
    Model 1 of method 2i: a raw rate ratio, without an interval. It never supports a saying by itself: persons and
    organisations differ in followers, in what they post and in whose colleagues share them.
    """
    posts = counted.times_shared
    by = {role: posts.loc[posts["role"] == role, "times_shared"] for role in ("employee", "organisation")}
    person, organisation = (float(v.mean()) if len(v) else None for v in by.values())
    return {
        "ratio": None if person is None or not organisation else person / organisation,
        "person": person,
        "organisation": organisation,
        "person_posts": len(by["employee"]),
        "organisation_posts": len(by["organisation"]),
    }
