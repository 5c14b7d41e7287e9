"""What a saying is, and what a study says of it."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from ambassador_net.amplification import Verdict
from ambassador_net.claims.evidence import Evidence
from ambassador_net.words import LANGUAGES, number, say

Unit = Literal["times", "share", "per_100", "hours", "difference", "correlation", "index"]

_DIGITS: Mapping[Unit, int] = {
    "times": 2, "share": 0, "per_100": 1, "hours": 1, "difference": 2, "correlation": 2, "index": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """One number of an answer, with all that has to be said beside it.

    Parameters
    ----------
    name
        What it is: ``estimate_NAME`` in the saying's words.
    value
        The number; None where the study cannot give it. A share is between 0 and 1.
    unit
        Of the number: ``"times"`` (a ratio), ``"share"``, ``"per_100"``, ``"hours"`` a week, ``"difference"``,
        ``"correlation"`` or ``"index"``.
    interval
        95 % interval; None where there is none.
    why
        Why there is no interval, or no number: ``because_WHY`` in the words of all claims.
    organisations, persons, posts
        How many it rests on; None where it is not about them. Of a comparison of groups `persons` is the smaller group.
    part
        Which part of the study's posts (or shares, or people: what the saying is about) it rests on, between 0 and 1.
    p
        P-value of the test that goes with it, if there is one.
    """

    name: str
    value: float | None
    unit: Unit
    interval: tuple[float, float] | None = None
    why: str | None = None
    organisations: int | None = None
    persons: int | None = None
    posts: int | None = None
    part: float | None = None
    p: float | None = None

    def without_number(self, why: str) -> "Estimate":
        """Take the number away where it must not or cannot be shown.

        Parameters
        ----------
        why
            Why: ``because_WHY`` in the words of all claims.

        Returns
        -------
        Estimate
            The same without number, interval, p-value and sizes.
        """
        return Estimate(self.name, None, self.unit, why=why)

    def wording(self, language: str = "en") -> str:
        """Say the number with its interval, or why there is none.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            For example ``"0.84 times (95 % interval 0.28 to 2.52)"``.
        """
        why = None if self.why is None else say(f"claims.because_{self.why}", language)
        if self.value is None:
            return why or say("claims.no_number", language)
        said = say(f"claims.unit_{self.unit}", language, value=self._written(self.value, language))
        if self.interval is not None:
            low, high = (self._written(end, language) for end in self.interval)
            return say("claims.with_interval", language, value=said, low=low, high=high)
        return said if why is None else say("claims.without_interval", language, value=said, why=why)

    def short(self, language: str = "en") -> str:
        """Write the number and its interval as short as can be.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            For example ``"0.84 (0.28–2.52)"``; empty where there is no number.
        """
        if self.value is None:
            return ""
        per_cent = " %" if self.unit == "share" else ""
        said = self._written(self.value, language)
        if self.interval is None:
            return f"{said}{per_cent}"
        low, high = (self._written(end, language) for end in self.interval)
        between = "–" if self.interval[0] >= 0 else " … "
        return f"{said} ({low}{between}{high}){per_cent}"

    def rests_on(self, language: str = "en") -> str:
        """Say how much of the study the number rests on.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            Organisations, people and posts; empty where there is no number.
        """
        if self.value is None:
            return ""
        sizes = {"organisations": self.organisations, "persons": self.persons, "posts": self.posts}
        parts = [
            say(f"claims.rests_on_{name}{'_one' if n == 1 else ''}", language, n=n)
            for name, n in sizes.items()
            if n is not None
        ]
        if self.part is not None:
            parts.append(say("claims.rests_on_part", language, part=number(100 * self.part, language, digits=0)))
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Give the estimate as JSON-safe values.

        Returns
        -------
        dict
            By field name; ``interval`` as a list.
        """
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "interval": None if self.interval is None else [_rounded(end) for end in self.interval],
            "why": self.why,
            "organisations": self.organisations,
            "persons": self.persons,
            "posts": self.posts,
            "part": _rounded(self.part),
            "p": _rounded(self.p),
        }

    def _written(self, value: float, language: str) -> str:
        return number(100 * value if self.unit == "share" else value, language, digits=_DIGITS[self.unit])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


@dataclass(frozen=True)
class Finding:
    """What the test of a saying found in a study.

    Parameters
    ----------
    verdict
        The answer with its reasons.
    estimates
        The numbers; the first is the effect that the verdict is about. Where data are missing they hold no number.
    threshold
        What the interval of the effect is held against; None where the verdict is no comparison with one number.
    p
        Of an exploratory saying, the p-value that its verdict rests on; None where it was not tested.
    """

    verdict: Verdict
    estimates: tuple[Estimate, ...] = ()
    threshold: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class Saying:
    """A saying of the trade, or a question that it leaves open.

    Parameters
    ----------
    name
        How it is called, for example ``"replaces-marketing"``.
    place
        Its place on the board, counted from the top.
    ask
        Its test: takes the evidence of a study, gives the finding.
    words
        The file of its words, ``words/WORDS.LANGUAGE.toml``.
    key
        Its wording in there; ``KEY_from`` says where it comes from, ``KEY_true_if`` what would have to be true.
    needs
        Data that it cannot do without, as :func:`missing` names them.
    exploratory
        Whether it was not fixed beforehand, so that its p-value is corrected for the number of explorations.
    """

    name: str
    place: float
    ask: Callable[[Evidence], Finding]
    words: str
    key: str = "saying"
    needs: tuple[str, ...] = ()
    exploratory: bool = False


@dataclass(frozen=True)
class Answer:
    """What a study says of a saying.

    Parameters
    ----------
    saying_asked
        The saying.
    finding
        What its test found.
    q
        Of an exploratory saying among others, its p-value after correction for their number.
    """

    saying_asked: Saying
    finding: Finding
    q: float | None = None

    @property
    def name(self) -> str:
        """Name of the saying."""
        return self.saying_asked.name

    @property
    def verdict(self) -> Verdict:
        """The answer, with its reasons."""
        return self.finding.verdict

    @property
    def exploratory(self) -> bool:
        """Whether the saying was not fixed beforehand."""
        return self.saying_asked.exploratory

    @property
    def effect(self) -> Estimate | None:
        """The number that the verdict is about."""
        return self.finding.estimates[0] if self.finding.estimates else None

    @property
    def estimates(self) -> Mapping[str, Estimate]:
        """All numbers by name."""
        return MappingProxyType({found.name: found for found in self.finding.estimates})

    def saying(self, language: str = "en") -> str:
        """Give the saying in words.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The saying, without a full stop.
        """
        return self._say(self.saying_asked.key, language)

    def source(self, language: str = "en") -> str:
        """Say where the saying comes from, and what is known of it.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            One or two sentences.
        """
        return self._say(f"{self.saying_asked.key}_from", language)

    def estimand(self, language: str = "en") -> str:
        """Say what would have to be true.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            One or two sentences.
        """
        return self._say(f"{self.saying_asked.key}_true_if", language)

    def needs(self, language: str = "en") -> str:
        """Say what data the saying cannot do without.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            Beginning in lower case and without a full stop.
        """
        return missing(*self.saying_asked.needs).why(language)

    def why(self, language: str = "en") -> str:
        """Say in few words why the verdict is what it is.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The reasons, beginning in lower case and without a full stop.
        """
        return self.verdict.why(language)

    def label(self, estimate: Estimate, language: str = "en") -> str:
        """Say what a number is.

        Parameters
        ----------
        estimate
            One of the answer's numbers.
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            Beginning in lower case and without a full stop.
        """
        return self._say(f"estimate_{estimate.name}", language)

    def corrected(self, q: float) -> "Answer":
        """Correct the verdict of an exploratory saying for the number of explorations.

        Parameters
        ----------
        q
            Its p-value after the correction.

        Returns
        -------
        Answer
            The same; "supported" that does not bear the correction becomes "cannot tell".
        """
        finding = self.finding
        if self.verdict.answer == "supported" and q > ALPHA:
            verdict = Verdict("cannot_tell", ("does not bear the number of explorations",), words="claims")
            finding = replace(finding, verdict=verdict)
        return replace(self, finding=finding, q=q)

    def summary(self, language: str = "en") -> pd.DataFrame:
        """Give every number of the answer, one a row.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        pandas.DataFrame
            The number in words with its interval or why it has none, and what it rests on, by what it is.
        """
        rows = [(self.label(e, language), e.wording(language), e.rests_on(language)) for e in self.finding.estimates]
        columns = [say(f"claims.column_{column}", language) for column in ("number", "value", "rests_on")]
        return pd.DataFrame(rows, columns=columns)

    def wording(self, language: str = "en") -> str:
        """Say the saying, where it comes from, what would have to be true and what the study says of it.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            Four lines.
        """
        verdict = self.verdict.sentence(language)
        if self.exploratory:
            verdict = f"{say('claims.exploratory', language)}: {verdict}"
        true_if = say("claims.true_if", language, estimand=self.estimand(language))
        return "\n".join((self.saying(language), self.source(language), true_if, verdict))

    def told(self, language: str = "en") -> "Told":
        """Give the answer for a notebook, in a language.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        Told
            Shown as a heading, the wording and the table of numbers.
        """
        return Told(self, language)

    def _repr_html_(self) -> str:
        return self.told()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as JSON-safe values.

        Returns
        -------
        dict
            ``name``, ``saying``, ``source``, ``estimand`` and ``needs`` by language, ``exploratory``, ``verdict``,
            ``why`` by language, ``estimates``, ``threshold``, ``p`` and ``q``.
        """
        return {
            "name": self.name,
            "saying": {language: self.saying(language) for language in LANGUAGES},
            "source": {language: self.source(language) for language in LANGUAGES},
            "estimand": {language: self.estimand(language) for language in LANGUAGES},
            "needs": {language: self.needs(language) for language in LANGUAGES},
            "exploratory": self.exploratory,
            "verdict": self.verdict.to_dict(),
            "why": {language: self.why(language) for language in LANGUAGES},
            "estimates": [found.to_dict() for found in self.finding.estimates],
            "threshold": self.finding.threshold,
            "p": _rounded(self.finding.p),
            "q": _rounded(self.q),
        }

    def _say(self, key: str, language: str) -> str:
        return say(f"{self.saying_asked.words}.{key}", language)


@dataclass(frozen=True)
class Told:
    """An answer in one language, as a notebook shows it.

    Parameters
    ----------
    answer
        The answer.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    """

    answer: Answer
    language: str

    def _repr_html_(self) -> str:
        saying, *lines = self.answer.wording(self.language).split("\n")
        said = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        table = self.answer.summary(self.language)
        numbers = table.to_html(index=False, border=0) if len(table) else ""
        return f'<section lang="{self.language}"><h3>{html.escape(saying)}</h3>{said}{numbers}</section>'


ALPHA = 0.05
"""Level of each saying that was fixed beforehand, and of the explorations together."""


def missing(*needs: str) -> Verdict:
    """Give the verdict of a saying whose data are not there.

    Parameters
    ----------
    *needs
        What is missing, in the words of the method: ``because_needs_...`` in the words of all claims.

    Returns
    -------
    Verdict
        Cannot tell, with what it would need.
    """
    return Verdict("cannot_tell", tuple(f"needs {need}" for need in needs), words="claims")
