"""The three-valued answer, with its reasons and a sentence to read aloud."""

from dataclasses import dataclass
from typing import Any, Literal

from ambassador_net.words import LANGUAGES, say

Answer = Literal["supported", "not_supported", "cannot_tell"]


@dataclass(frozen=True)
class Verdict:
    """Supported, not supported or cannot tell, and why.

    Parameters
    ----------
    answer
        ``"supported"``, ``"not_supported"`` or ``"cannot_tell"``.
    reasons
        Why, in the words of the method.
    """

    answer: Answer
    reasons: tuple[str, ...]

    def sentence(self, language: str = "en") -> str:
        """Say the verdict so that a speaker can read it aloud.

        Parameters
        ----------
        language
            ``"en"``, ``"fi"`` or ``"sv"``.

        Returns
        -------
        str
            The answer and its reasons.
        """
        why = "; ".join(say(f"verdict.because_{reason.replace(' ', '_')}", language) for reason in self.reasons)
        return f"{say(f'verdict.{self.answer}', language)}: {why}."

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-safe values.

        Returns
        -------
        dict
            ``answer``, ``reasons`` and ``sentence`` by language.
        """
        return {
            "answer": self.answer,
            "reasons": list(self.reasons),
            "sentence": {language: self.sentence(language) for language in LANGUAGES},
        }


def not_yet_tested() -> Verdict:
    """Give the verdict before who answers whom has been tested.

    Returns
    -------
    Verdict
        Cannot tell: reciprocity and house mixing are no evidence of answering (method 1.1).
    """
    return Verdict("cannot_tell", ("not yet tested",))
