"""Mermaid diagrams become drawings when the deck is built, by Mermaid itself in an engine inside Python."""

from functools import cache
from typing import Any

from ambassador_net import looks


def draw(source: str, theme: str) -> tuple[str, str]:
    """Draw a Mermaid diagram.

    Parameters
    ----------
    source
        In Mermaid's language; ``accTitle`` and ``accDescr`` are what a screen reader says.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    tuple of str
        The SVG, and why there is none; one of them is empty.
    """
    try:
        engine = _engine()
    except ImportError:
        return "", "shows a Mermaid diagram as text; to draw it: pip install 'ambassador-net[diagrams]'"
    try:
        return _drawn(engine, source, theme), ""
    except Exception as error:
        said = str(error).removeprefix("Mermaid rendering failed: ").strip().splitlines()
        return "", f"shows a Mermaid diagram as text; Mermaid says: {said[0][:120] if said else type(error).__name__}"


# Mermaid draws lots and looks at the clock: commits without a name, lines as if by hand, today in a Gantt chart.
_WITHOUT_CHANCE = """
(() => {
  let state = 1;
  Math.random = () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const Clock = Date;
  globalThis.Date = class extends Clock {
    constructor(...when) { super(...(when.length ? when : [0])); }
    static now() { return 0; }
  };
})();
"""


@cache
def _engine() -> Any:
    # not by mermaidx.render(), which gives no way to take the chance out; the version is pinned
    from mermaidx.engines.quickjs_engine import Engine

    class Repeatable(Engine):  # type: ignore[misc]
        def _build_context(self) -> Any:
            context = super()._build_context()
            context.eval(_WITHOUT_CHANCE)
            return context

    engine = Repeatable()
    engine.start()
    return engine


@cache
def _drawn(engine: Any, source: str, theme: str) -> str:
    return str(engine.render_svg(source, "base", _settings(theme), None))


def _settings(theme: str) -> dict[str, Any]:
    colours = looks.COLOURS[theme]
    return {
        # labels as text of the drawing: HTML inside a drawing is not let through
        "htmlLabels": False,
        "flowchart": {"htmlLabels": False},
        "class": {"htmlLabels": False},
        "state": {"htmlLabels": False},
        "journey": {"textPlacement": "tspan"},
        # its words would have the colour of what they stand on
        "themeCSS": f"text.journey-section, text.task {{ fill: {colours['ink']}; }}",
        "timeline": {"textPlacement": "tspan"},
        "securityLevel": "strict",
        "deterministicIds": True,
        "deterministicIDSeed": "deck",
        "theme": "base",
        "themeVariables": {
            "darkMode": theme == "dark",
            "background": colours["paper"],
            "primaryColor": colours["wash-organisation"],
            "primaryBorderColor": colours["organisation"],
            "primaryTextColor": colours["ink"],
            "secondaryColor": colours["wash-people"],
            "tertiaryColor": colours["paper"],
            "lineColor": colours["ink"],
            "textColor": colours["ink"],
        },
    }
