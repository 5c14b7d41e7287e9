"""The page without a kernel: one file, no request, the same widget and the same answers."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ambassador_net.app.style import page_css
from ambassador_net.errors import PageError
from ambassador_net.notebook import execute
from ambassador_net.privacy import write_whole
from ambassador_net.words import LANGUAGES, language_named, say

if TYPE_CHECKING:
    from nbformat import NotebookNode

MOST_GZIP_BYTES = 150_000
"""What a page may weigh on the way to a phone."""

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATES = "application/vnd.jupyter.widget-state+json"

# A module's exports cannot be reached from another inline script without a blob: or data: address, which the
# page's policy forbids. So the one default export becomes a constant; a module with anything else is refused.
_DEFAULT_EXPORT = re.compile(r"^export default ", re.MULTILINE)
_OTHER_LINK = re.compile(r"^(?:import|export)\b(?! default )|\bimport\(", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page that was built.

    Parameters
    ----------
    path
        Where it is.
    bytes
        Its size.
    gzip_bytes
        Its size as a server sends it.
    outside_links
        Addresses that a reader could follow; none is fetched by the page.
    """

    path: Path
    bytes: int
    gzip_bytes: int
    outside_links: tuple[str, ...]


def build_page(
    notebook: str | Path,
    to: str | Path,
    *,
    language: str = "en",
    environment: Mapping[str, str] | None = None,
) -> Page:
    """Run a notebook once and write its widgets and prose as one file that needs neither kernel nor network.

    Parameters
    ----------
    notebook
        An ``.ipynb`` or a jupytext ``.py``. Its markdown cells tagged ``lang-en``, ``lang-fi`` or ``lang-sv``
        are shown in that language only.
    to
        The file to write.
    language
        Language the page begins in; a visitor can switch.
    environment
        Environment variables for the kernel, beside ``AMBASSADOR_NET_LANGUAGE``.

    Returns
    -------
    Page
        The file, its size and the links that lead out of it.

    Raises
    ------
    NotebookError
        If the notebook does not run.
    PageError
        If it shows something that such a page cannot hold, or the page would be too heavy for a phone.
    AmbassadorError
        If there is no such language.
    """
    language = language_named(language)
    path = Path(to)
    node = execute(notebook, environment={**(environment or {}), "AMBASSADOR_NET_LANGUAGE": language})
    text = page_from(node, language=language)
    found = _Addresses()
    found.feed(text)
    content = text.encode()
    # mtime=0: the size must not depend on the clock
    gzip_bytes = len(gzip.compress(content, 9, mtime=0))
    if gzip_bytes > MOST_GZIP_BYTES:
        raise PageError(
            f"the page is {gzip_bytes:,} bytes gzipped, and a hall of phones allows {MOST_GZIP_BYTES:,}; "
            "let the notebook show less"
        )
    # whoever opens the page meanwhile sees the old one
    write_whole(content, path, mode=0o666)
    return Page(path, len(content), gzip_bytes, tuple(sorted(set(found.followed))))


def page_from(
    node: "NotebookNode",
    *,
    language: str,
    guesses: str | None = None,
    live: str | None = None,
    is_full: bool = False,
) -> str:
    """Make the page of a notebook that was run.

    Parameters
    ----------
    node
        A notebook with outputs and widget states.
    language
        Language the page begins in, whatever language the notebook was run in.
    guesses
        Where a server takes the visitor's guesses; a page without a server sends nothing and may not.
    live
        Where the same server has the notebook with a kernel.
    is_full
        Whether the page is the answer to a visitor who asked for a kernel when none was free.

    Returns
    -------
    str
        The HTML.

    Raises
    ------
    PageError
        If a cell shows something else than anywidgets and markdown, or nothing.
    """
    import jinja2

    states = node.metadata.get("widgets", {}).get(_STATES, {}).get("state", {})
    modules: dict[str, list[str]] = {}
    styles: dict[str, None] = {}
    parts: list[dict[str, Any]] = []
    for number, cell in enumerate(node.cells, 1):
        if cell.cell_type == "markdown":
            parts.append(_prose(cell, number))
        for output in cell.get("outputs", []):
            if output.output_type not in ("display_data", "execute_result"):
                continue
            state = _widget_state(output.data, states, number)
            name = f"widget-{sum('state' in part for part in parts) + 1}"
            modules.setdefault(state["_esm"], []).append(name)
            styles[state.get("_css", "")] = None
            parts.append({"name": name, "state": _json(_public(state, language))})
    if not modules:
        raise PageError("no cell shows a widget; end a cell of the notebook with ambassador_net.app.demo(...)")
    static = resources.files(__package__) / "static"
    names = ("mount.js", "shell.js", *(["places.js"] if live and is_full else []))
    scripts = [(static / name).read_text("utf-8") for name in names]
    scripts += [_mounting(module, names) for module, names in modules.items()]
    style = "".join((page_css(), *styles))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ambassador_net.app"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html.j2").render(
        language=language,
        title=say("demo.title", language),
        policy=policy_for(scripts, style, connects=bool(guesses or live)),
        style=style,
        parts=parts,
        scripts=scripts,
        guesses=guesses,
        live=live,
        is_full=is_full,
        languages=LANGUAGES,
        say=say,
    )


def _widget_state(data: Mapping[str, Any], states: Mapping[str, Any], number: int) -> dict[str, Any]:
    if _VIEW not in data:
        raise PageError(
            f"cell {number} shows {', '.join(sorted(data))}; the page holds widgets and markdown only: "
            "end the cell with a semicolon, or show it by a widget"
        )
    state: dict[str, Any] = states.get(data[_VIEW]["model_id"], {}).get("state", {})
    if "_esm" not in state:
        raise PageError(
            f"cell {number} shows a widget of the kind {state.get('_model_name', 'unknown')}, which needs a "
            "kernel; the page holds anywidgets"
        )
    return state


def _public(state: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Keep what the widget's own code reads: not the machinery, nor what changes with each run."""
    # one run holds all languages: only the one to begin in differs
    ours = {"language": language, "payload": payload_in(state)}
    return {
        name: ours.get(name, value)
        for name, value in sorted(state.items())
        if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
    }


def payload_in(state: Mapping[str, Any]) -> Any:
    """Give what a widget shows.

    Parameters
    ----------
    state
        Its state, as a notebook that was run holds it.

    Returns
    -------
    object
        What the state holds, or what it was before it was sent as text; None if it holds nothing of that name.
    """
    sent = state.get("payload")
    return json.loads(sent) if isinstance(sent, str) else sent


def _json(value: object) -> str:
    # inside a <script>, only < can begin something else
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")


def _mounting(module: str, names: Iterable[str]) -> str:
    if len(_DEFAULT_EXPORT.findall(module)) != 1 or _OTHER_LINK.search(module) or "</script" in module.lower():
        raise PageError("a widget's module must have exactly one default export and no import")
    mounts = "".join(f'mountWidget(widget, "{name}");\n' for name in names)
    return _DEFAULT_EXPORT.sub("const widget = ", module) + mounts


def _prose(cell: "NotebookNode", number: int) -> dict[str, Any]:
    import mistune

    # escape=True also makes mistune refuse addresses such as javascript:
    html = str(mistune.create_markdown(escape=True, plugins=["table", "url"])(cell.source))
    found = _Addresses()
    found.feed(html)
    if found.fetched:
        raise PageError(f"cell {number} asks for {found.fetched[0]}; the page fetches nothing: show it by a widget")
    tags = cell.metadata.get("tags", [])
    return {"language": next((code for code in LANGUAGES if f"lang-{code}" in tags), None), "html": html}


def policy_for(scripts: Iterable[str], style: str, *, connects: bool = False) -> str:
    """Give a content security policy under which a page runs what stands in it, and nothing else.

    Parameters
    ----------
    scripts
        Its scripts.
    style
        Its stylesheet.
    connects
        Whether it may speak with the server that it comes from.

    Returns
    -------
    str
        For a ``Content-Security-Policy``.
    """
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    connect = "connect-src 'self'; " if connects else ""
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; font-src data:; img-src data:; "
        f"{connect}base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class _Addresses(HTMLParser):
    """Finds the addresses that a browser fetches by itself, and those that a reader may follow."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.followed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset", "poster", "href") and value and not value.startswith(("data:", "#")):
                (self.followed if tag == "a" else self.fetched).append(value)
