"""Style sheets and style attributes of a notebook, by an allow-list and bound to the cell they came with."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import tinycss2

from ambassador_net.talk.allowed import FUNCTIONS, property_allowed

_LOCAL = re.compile(r"""^["']?#[\w.:-]+["']?$""")
_SELECTOR = re.compile(r"^[\w\s.#:*>+~\[\]=\"'()^$|,-]+$")
_URL = re.compile(r"""url\(\s*["']?#([\w.:-]+)["']?\s*\)""")


@lru_cache(maxsize=8192)
def clean_declarations(css: str) -> str:
    """Keep the declarations that may stand.

    Parameters
    ----------
    css
        What stands in a ``style`` attribute or between the braces of a rule.

    Returns
    -------
    str
        The same without the rest.

    Examples
    --------
    >>> clean_declarations("color: red; position: fixed; background: url(https://example.org/a.png)")
    'color: red'
    """
    kept = []
    for found in tinycss2.parse_declaration_list(css, skip_comments=True, skip_whitespace=True):
        if found.type != "declaration":
            continue
        name = found.lower_name
        # a custom property is only a value until var() puts it where a property is looked at
        if (property_allowed(name) or name.startswith("--")) and _value_allowed(found.value):
            value = tinycss2.serialize(found.value).strip()
            if value and "<" not in value and "\\" not in value:
                kept.append(f"{name}: {value}{' !important' if found.important else ''}")
    return "; ".join(kept)


def _value_allowed(tokens: list[Any]) -> bool:
    for token in tokens:
        if token.type == "url":
            if not _LOCAL.match(token.value):
                return False
        elif token.type == "function":
            if token.lower_name == "url":
                if not _LOCAL.match(tinycss2.serialize(token.arguments).strip()):
                    return False
            elif token.lower_name not in FUNCTIONS or not _value_allowed(token.arguments):
                return False
        elif token.type in ("error", "{} block", "at-keyword") or (
            token.type in ("() block", "[] block") and not _value_allowed(token.content)
        ):
            return False
    return True


def clean_sheet(css: str, scope: str, ids: Mapping[str, str]) -> str:
    """Keep the rules of a style sheet that may stand, for one part of the deck only.

    Parameters
    ----------
    css
        What stood in a ``style`` element.
    scope
        The selector of that part.
    ids
        New names of its elements' ids.

    Returns
    -------
    str
        CSS. Rules that fetch, that move or that wait for a medium are left out.

    Examples
    --------
    >>> clean_sheet("@import 'a.css'; th, td.x {color: red} a {position: fixed}", ".c1", {})
    '.c1 th,.c1 td.x{color: red}'
    """
    css = css.replace("<![CDATA[", "").replace("]]>", "").replace("<!--", "").replace("-->", "")
    rules = []
    for found in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if found.type != "qualified-rule":
            continue
        selectors = _selectors(found.prelude, ids)
        declarations = clean_declarations(tinycss2.serialize(found.content))
        if declarations and selectors:
            rules.append(f"{','.join(f'{scope} {selector}' for selector in selectors)}{{{rename(declarations, ids)}}}")
    return "\n".join(rules)


def _selectors(prelude: list[Any], ids: Mapping[str, str]) -> list[str]:
    alternatives: list[list[str]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            alternatives.append([])
        elif token.type == "hash":
            alternatives[-1].append(f"#{ids.get(token.value, token.value)}")
        else:
            alternatives[-1].append(token.serialize())
    texts = [re.sub(r"\s+", " ", "".join(parts)).strip() for parts in alternatives]
    return [text for text in texts if _SELECTOR.match(text)]


def rename(value: str, ids: Mapping[str, str]) -> str:
    """Let ``url(#name)`` point to new names.

    Parameters
    ----------
    value
        The value of a style or of an attribute such as ``clip-path``.
    ids
        New names by old ones.

    Returns
    -------
    str
        The value.
    """
    return _URL.sub(lambda found: f"url(#{ids.get(found[1], found[1])})", value) if "url(" in value else value
