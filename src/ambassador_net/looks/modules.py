"""The demo's JavaScript as one module: what a notebook, a page and a slide hold is letter by letter the same."""

import re
from functools import cache
from importlib import resources

# each may import from those before it
MODULES = ("draw", "pictures", "guesses", "house", "board", "network", "what_if", "demo")
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)

_STATIC = resources.files("ambassador_net") / "app" / "static"


@cache
def widget_module() -> str:
    """Join the widget's modules into the one that a notebook, a page and a slide can hold.

    Returns
    -------
    str
        JavaScript with one default export and no import. The modules share one scope: no two have the same name.
    """
    parts = (_EXPORT.sub("", _IMPORT.sub("", (_STATIC / f"{name}.js").read_text("utf-8"))) for name in MODULES)
    return "\n".join(parts)
