"""The demo as a widget: two guesses, the answers beside them, a house, the network, and what a kernel can be asked.

One widget for the page without a kernel, for Voilà and for JupyterLab. Python prepares what is shown; the
browser draws it.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ambassador_net.app.choices import WHOLE_STUDY, keys
from ambassador_net.app.style import widget_css
from ambassador_net.looks.modules import widget_module
from ambassador_net.words import language_named

if TYPE_CHECKING:
    from ambassador_net.app.prepared import Json, Prepared


def _as_text(value: "Json", widget: "Demo") -> str:
    return widget._prepared.text if value is widget._prepared.shown else json.dumps(value, allow_nan=False)


class Demo(anywidget.AnyWidget):
    """The demo as a widget; made by :func:`demo`.

    Parameters
    ----------
    prepared
        What it shows and answers.
    language
        Language of those whose browser asks for none of ours.

    Attributes
    ----------
    payload
        What the browser shows; under ``"answers"`` every answer, for a page that has no kernel to ask. It is sent as
        text: what is sent is walked through, part by part, in the kernel and in the server, for each visitor.
    language
        Language of those whose browser asks for none of ours; one of :data:`ambassador_net.words.LANGUAGES`.
    house
        The house chosen, by its place, or :data:`ambassador_net.app.choices.WHOLE_STUDY`.
    answer
        The numbers and sentences of the house chosen; Python sets it when ``house`` changes.
    asked
        What is asked of a live kernel, by name; a value that is not one of the choices is put back.
    answered
        What the kernel answers: ``asked``, and an answer for each of its questions.
    """

    _esm = widget_module()
    _css = widget_css()

    payload = traitlets.Dict().tag(sync=True, to_json=_as_text)
    language = traitlets.Unicode("en").tag(sync=True)
    house = traitlets.Int(WHOLE_STUDY).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    answered = traitlets.Dict().tag(sync=True)

    def __init__(self, prepared: "Prepared", *, language: str = "en") -> None:
        # Answers are given from here, not from the traits: a visitor can write to every trait.
        self._prepared = prepared
        self._houses: dict[int, Json] = {int(house): answer for house, answer in prepared.shown["answers"].items()}
        self._house = WHOLE_STUDY
        self._asked: Json = {name: choice["holds"] for name, choice in prepared.shown["what_if"].items()}
        super().__init__(payload=prepared.shown, language=language_named(language), answer=self._answer(WHOLE_STUDY))

    def _answer(self, house: int) -> "Json":
        return {**self._houses[house], "by": "kernel"}

    @traitlets.validate("house")
    def _put_back_a_house_that_is_not_there(self, proposal: Mapping[str, Any]) -> int:
        # Put back, not raised: the browser is then told the value that holds.
        if proposal["value"] in self._houses:
            self._house = proposal["value"]
        return self._house

    @traitlets.observe("house")
    def _give_the_answer(self, change: Mapping[str, Any]) -> None:
        self.answer = self._answer(change["new"])

    @traitlets.validate("asked")
    def _put_back_what_is_no_choice(self, proposal: Mapping[str, Any]) -> "Json":
        asked = proposal["value"]
        choices = self._prepared.shown["what_if"]
        self._asked = {
            # by index, so that true is not 1 and a list is not hashed
            name: next((value for value in choices[name]["values"] if _same(value, asked.get(name))), before)
            for name, before in self._asked.items()
        }
        return dict(self._asked)

    @traitlets.observe("asked")
    def _give_what_was_asked(self, change: Mapping[str, Any]) -> None:
        asked = change["new"]
        found = {part: self._prepared.what_if[key] for part, key in keys(asked).items()}
        self.answered = {"asked": asked, **found}


def _same(value: object, other: object) -> bool:
    return type(value) is type(other) and value == other


def demo(prepared: "Prepared", *, language: str = "en") -> Demo:
    """Make the demo of a study.

    Parameters
    ----------
    prepared
        What it shows and answers, as :func:`ambassador_net.prepared` gives it; its houses are already joined where they
        are too small to be shown.
    language
        Language of those whose browser asks for none of ours, ``"en"``, ``"fi"`` or ``"sv"``; the visitor can switch.

    Returns
    -------
    Demo
        A widget: as the last value of a cell it is shown.

    Raises
    ------
    AmbassadorError
        If there is no such language.
    """
    return Demo(prepared, language=language)
