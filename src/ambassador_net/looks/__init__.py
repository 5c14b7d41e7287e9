"""What everything drawn here shares: the colours, and the one typeface.

The colours stand once, in ``tokens.css`` beside this module; stylesheets include that file, Python reads
:data:`COLOURS`. The typeface is Atkinson Hyperlegible Next (SIL OFL 1.1), carried as variable woff2 for pages
and as two cut weights for matplotlib, which reads neither woff2 nor variable axes.
"""

import base64
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

FONT_FAMILY = "Atkinson Hyperlegible Next"
"""Name of the typeface, for stylesheets and matplotlib alike."""

# Which characters each woff2 holds, as its maker cut it: browsers then decode only the parts they use.
_SUBSETS = {
    "latin": (
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,"
        "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD"
    ),
    "latin-ext": (
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,"
        "U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF"
    ),
}


def tokens_css() -> str:
    """Give the stylesheet that defines the tokens as custom properties.

    Returns
    -------
    str
        CSS: the light tokens for ``:root``, the others for ``[data-theme="dark"]`` and ``[data-theme="contrast"]``.
    """
    return (resources.files(__name__) / "tokens.css").read_text("utf-8")


def _colours() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for theme, block in re.findall(r'\[data-theme="(\w+)"\]\s*\{([^}]*)\}', tokens_css()):
        found[theme] = MappingProxyType(dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});", block)))
    return MappingProxyType(found)


COLOURS: Mapping[str, Mapping[str, str]] = _colours()
"""Colours by theme (``"light"``, ``"dark"``, ``"contrast"``) and token (such as ``"people"``)."""


@cache
def font_face_css() -> str:
    """Give ``@font-face`` rules that carry the typeface inside themselves.

    Returns
    -------
    str
        CSS with ``data:`` addresses, about 71 kB; nothing is fetched when it is used.
    """
    rules = []
    for subset, characters in _SUBSETS.items():
        font = (resources.files(__name__) / "fonts" / f"AtkinsonHyperlegibleNext-{subset}.woff2").read_bytes()
        rules.append(
            f'@font-face{{font-family:"{FONT_FAMILY}";font-style:normal;font-weight:200 800;'
            f'src:url(data:font/woff2;base64,{base64.b64encode(font).decode()}) format("woff2");'
            f"unicode-range:{characters}}}\n"
        )
    return "".join(rules)


@cache
def register_fonts() -> str:
    """Make the typeface known to matplotlib: weight 400 and, for titles, 650.

    Returns
    -------
    str
        The family name to set as ``font.family``.
    """
    from matplotlib.font_manager import fontManager

    for style in ("Regular", "Bold"):
        with resources.as_file(resources.files(__name__) / "fonts" / f"AtkinsonHyperlegibleNext-{style}.ttf") as path:
            fontManager.addfont(path)
    return FONT_FAMILY
