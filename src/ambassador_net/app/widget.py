"""The demo as a widget: guess, see the answer beside the guess, choose a house.

One widget for the page without a kernel, for Voilà and for JupyterLab. Python prepares what is shown; the
browser draws it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ambassador_net.app.payload import WHOLE_STUDY, Json, payload
from ambassador_net.app.style import widget_css
from ambassador_net.words import LANGUAGES, language_named

if TYPE_CHECKING:
    from ambassador_net.amplification import Amplification
    from ambassador_net.claims import Answer


class Demo(anywidget.AnyWidget):
    """The demo as a widget; made by :func:`demo`.

    Parameters
    ----------
    shown
        What the browser shows, as :func:`ambassador_net.app.payload.payload` gives it.
    language
        Language to begin in.

    Attributes
    ----------
    payload
        What the browser shows; under ``"answers"`` every answer, for a page that has no kernel to ask.
    language
        Language shown; one of :data:`ambassador_net.words.LANGUAGES`.
    house
        The house chosen, by its place, or :data:`ambassador_net.app.payload.WHOLE_STUDY`.
    guess
        The visitor's guess of 0 to 100, or -1 before it.
    answer
        The numbers and sentences of the house chosen; Python sets it when ``house`` changes.
    """

    _esm = Path(__file__).parent / "static" / "demo.js"
    _css = widget_css()

    payload = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)
    house = traitlets.Int(WHOLE_STUDY).tag(sync=True)
    guess = traitlets.Int(-1).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, shown: Json, *, language: str = "en") -> None:
        # Answers are given from here, not from the trait: a visitor can write to every trait.
        self._answers: dict[int, Json] = {int(house): answer for house, answer in shown["answers"].items()}
        self._allowed = {"language": LANGUAGES, "house": self._answers.keys(), "guess": range(-1, 101)}
        self._holds: dict[str, str | int] = {
            "language": language_named(language),
            "house": WHOLE_STUDY,
            "guess": -1,
        }
        super().__init__(payload=shown, language=language, answer=self._answer(WHOLE_STUDY))

    def _answer(self, house: int) -> Json:
        return {**self._answers[house], "by": "kernel"}

    @traitlets.validate("language", "house", "guess")
    def _put_back_what_is_not_allowed(self, proposal: Mapping[str, Any]) -> str | int:
        # Put back, not raised: the browser is then told the value that holds.
        name, value = proposal["trait"].name, proposal["value"]
        if value in self._allowed[name]:
            self._holds[name] = value
        return self._holds[name]

    @traitlets.observe("house")
    def _give_the_answer(self, change: Mapping[str, Any]) -> None:
        self.answer = self._answer(change["new"])


def demo(tango: "Amplification", answers: "Sequence[Answer]" = (), *, language: str = "en") -> Demo:
    """Make the demo of a study.

    Parameters
    ----------
    tango
        Who amplifies whom, as :func:`ambassador_net.mutual_amplification` gives it; its houses are already
        joined where they are too small to be shown.
    answers
        What the study says of the sayings, as :func:`ambassador_net.assess_all` gives it; none leaves the board out.
    language
        Language to begin in, ``"en"``, ``"fi"`` or ``"sv"``; the visitor can switch.

    Returns
    -------
    Demo
        A widget: as the last value of a cell it is shown.

    Raises
    ------
    AmbassadorError
        If there is no such language.
    """
    return Demo(payload(tango, answers), language=language)
