"""The stylesheets of the widget and of the pages it stands on."""

from functools import cache
from importlib import resources

from ambassador_net import looks

_STATIC = resources.files("ambassador_net.app") / "static"


def tokens_css(scope: str) -> str:
    """Give the colour tokens, light or dark as the visitor's device prefers.

    Parameters
    ----------
    scope
        Selector of the elements that they hold for.

    Returns
    -------
    str
        CSS: the tokens of :mod:`ambassador_net.looks`, the dark ones also where the device asks for them.
    """
    dark = "".join(f"--{name}:{colour};" for name, colour in sorted(looks.COLOURS["dark"].items()))
    return (
        looks.tokens_css().replace(":root", scope)
        + f"@media (prefers-color-scheme:dark){{{scope}{{color-scheme:dark;{dark}}}}}\n"
    )


@cache
def widget_css() -> str:
    """Give the stylesheet of the widget, tokens included, so that it looks the same in every notebook.

    Returns
    -------
    str
        CSS that touches nothing outside the widget.
    """
    return tokens_css(".ambassador-demo") + (_STATIC / "demo.css").read_text("utf-8")


@cache
def page_css() -> str:
    """Give the stylesheet of a page round the widget: typeface, paper, one column.

    Returns
    -------
    str
        CSS with the typeface inside.
    """
    return looks.font_face_css() + tokens_css(":root") + (_STATIC / "page.css").read_text("utf-8")
