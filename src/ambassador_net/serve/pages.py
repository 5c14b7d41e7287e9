"""The pages of the hall, made once before the doors open: each in three languages, each one file."""

import json
from collections.abc import Mapping
from importlib import resources
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambassador_net.app.choices import GUESSES, TIMES_STEPS
from ambassador_net.app.page import page_from, payload_in, policy_for
from ambassador_net.app.style import page_css, tokens_css
from ambassador_net.looks import font_face_css
from ambassador_net.words import LANGUAGES, Language, number, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

_NAMES = {"en": "English", "fi": "Suomi", "sv": "Svenska"}
_STATES = "application/vnd.jupyter.widget-state+json"

# pairs of 100 that stand in one bar of the wall
_BAR = 5

_WALL_WORDS = ("guesses", "none_yet", "most", "show_answer", "hide_answer", "not_kept", "no_connection")


def write_documents(node: "NotebookNode", to: Path, *, address: str, live: bool) -> None:
    """Write all pages of a hall.

    Parameters
    ----------
    node
        The demo's notebook, run; in whatever language.
    to
        A folder that is there.
    address
        Where visitors find the page.
    live
        Whether there are kernels.
    """
    shown = _shown(node)
    there = "/live/" if live else None
    for language in LANGUAGES:
        pages = {
            "page": page_from(node, language=language, guesses="/guess", live=there),
            "wall": _wall(shown, language),
            "invite": _invite(address, language),
            "not-found": _notice(say("hall.not_found", language), language, link=True),
            "refused": _notice(say("hall.token_missing", language), language, link=False),
        }
        if live:
            pages["full"] = page_from(node, language=language, guesses="/guess", live=there, is_full=True)
        for name, page in pages.items():
            (to / f"{name}.{language}.html").write_text(page, "utf-8")


def _shown(node: "NotebookNode") -> dict[str, Any]:
    """Give what the demo shows; the wall shows the same answers."""
    states = node.metadata.get("widgets", {}).get(_STATES, {}).get("state", {})
    for state in states.values():
        if payload := payload_in(state.get("state", {})):
            return dict(payload)
    return {}


def _rendered(name: str, language: Language, *, style: str, scripts: tuple[str, ...] = (), **values: Any) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ambassador_net.serve"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template(f"{name}.html.j2").render(
        language=language,
        names=_NAMES,
        say=say,
        policy=policy_for(scripts, style, connects=bool(scripts)),
        style=style,
        scripts=scripts,
        **values,
    )


def _file(name: str) -> str:
    return (resources.files(__package__) / "static" / name).read_text("utf-8")


def _hall_css() -> str:
    return font_face_css() + tokens_css(":root") + _file("hall.css")


def _notice(text: str, language: Language, *, link: bool) -> str:
    # small: an address that is mistyped should cost next to nothing
    style = page_css().removeprefix(font_face_css())
    return _rendered("notice", language, style=style, text=text, link=link)


def _invite(address: str, language: Language) -> str:
    import segno

    code = segno.make(address, error="m").svg_inline(border=3, omitsize=True, dark="#191A1F")
    # divided, if at all, before the token
    parts = address.replace("?", "\0?").split("\0")
    return _rendered("invite", language, style=_hall_css(), address=address, address_parts=parts, code=code)


def _wall(shown: Mapping[str, Any], language: Language) -> str:
    data = {
        "language": language,
        "words": _wall_words(language),
        "questions": {"mutual": _mutual(shown, language), "times": _times(shown, language)},
    }
    # inside a <script>, only < can begin something else
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return _rendered("wall", language, style=_hall_css(), scripts=(_file("wall.js"),), data=text)


def _wall_words(language: Language) -> dict[str, str]:
    left_open = {"guesses": {"n": "{n}"}, "most": {"at": "{at}"}}
    return {word: say(f"hall.{word}", language, **left_open.get(word, {})) for word in _WALL_WORDS}


def _mutual(shown: Mapping[str, Any], language: Language) -> dict[str, Any]:
    most = GUESSES["mutual"] - 1
    bars = []
    for first in range(0, most, _BAR):
        # the last bar holds 100 too
        last = first + _BAR - (first + _BAR != most)
        bars.append({"from": first, "to": last + 1, "label": f"{first}–{last}"})
    ticks = [{"at": pairs / most, "text": number(pairs, language)} for pairs in range(0, most + 1, 4 * _BAR)]
    guess = shown.get("guess") or {}
    value = guess.get("value")
    said = guess.get("texts", {}).get(language, {}).get("number")
    return {
        "bars": bars,
        "ticks": ticks,
        "answer": _answer(None if value is None else value / most, said, said, language),
    }


def _times(shown: Mapping[str, Any], language: Language) -> dict[str, Any]:
    bars, ticks = [], []
    for place, step in enumerate(TIMES_STEPS):
        written = f"×\N{NO-BREAK SPACE}{number(round(max(step, 1 / step)), language)}"
        more = "organisation_more" if step < 1 else "person_more"
        label = written if step == 1 else f"{say(f'hall.{more}', language)} {written}"
        bars.append({"from": place, "to": place + 1, "label": label})
        ticks.append({"at": (place + 0.5) / len(TIMES_STEPS), "text": written.replace("\N{NO-BREAK SPACE}", "")})
    times = shown.get("times") or {}
    said = times.get("texts", {}).get(language, {}).get("answer") or {}
    text = " ".join(filter(None, (said.get("number"), said.get("side"))))
    return {
        "bars": bars,
        "ticks": ticks,
        "answer": _answer(_place(times.get("value")), said.get("number"), text, language),
    }


def _place(value: float | None) -> float | None:
    """Find a ratio on the scale of the second guess: its bars are equally wide, their values are not."""
    if value is None:
        return None
    n = len(TIMES_STEPS)
    value = min(max(value, TIMES_STEPS[0]), TIMES_STEPS[-1])
    after = next(place for place, step in enumerate(TIMES_STEPS) if step >= value)
    if after == 0:
        return 0.5 / n
    low, high = TIMES_STEPS[after - 1], TIMES_STEPS[after]
    return (after - 1 + log(value / low) / log(high / low) + 0.5) / n


def _answer(at: float | None, short: str | None, text: str | None, language: Language) -> dict[str, Any]:
    if at is None or not short:
        return {"at": None, "short": "", "text": say("hall.answer_unknown", language)}
    return {"at": at, "short": short, "text": say("hall.answer", language, answer=text)}
