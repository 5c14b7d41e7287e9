"""What is left of a widget where there is no kernel: what it showed when the notebook was saved."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from ambassador_net.looks.modules import widget_module

VIEW = "application/vnd.jupyter.widget-view+json"
_STATES = "application/vnd.jupyter.widget-state+json"
# boxes inside boxes: each is shown once, and not without end
_MOST = 200


def states_of(metadata: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the states of the widgets that a notebook was saved with.

    Parameters
    ----------
    metadata
        The notebook's metadata, of whatever age and in whatever state.

    Returns
    -------
    dict
        States by the model's id; those that cannot be read are left out.
    """
    widgets = metadata.get("widgets")
    saved = widgets.get(_STATES) if isinstance(widgets, Mapping) else None
    models = saved.get("state") if isinstance(saved, Mapping) else None
    if not isinstance(models, Mapping):
        return {}
    return {
        str(name): {"_model_name": model.get("model_name", ""), **model["state"], "buffers": model.get("buffers")}
        for name, model in models.items()
        if isinstance(model, Mapping) and isinstance(model.get("state"), Mapping)
    }


@cache
def _of_ours(name: str) -> str:
    # the page for the hall shows the same file
    return (resources.files("ambassador_net") / "app" / "static" / name).read_text("utf-8")


def living(data: Mapping[str, Any], states: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Give the state of a widget that goes on living on a slide, without a kernel.

    Parameters
    ----------
    data
        An output with a widget in it.
    states
        From :func:`states_of`.

    Returns
    -------
    dict, or None
        Its state, if its code is letter by letter the code that ships with this package: code that comes with a
        notebook is not run.
    """
    view = data.get(VIEW)
    state = states.get(str(view.get("model_id"))) if isinstance(view, Mapping) else None
    if state is None or state.get("_esm") != widget_module():
        return None
    left_out = ("layout", "tabbable", "tooltip", "buffers")
    return {name: value for name, value in sorted(state.items()) if not name.startswith("_") and name not in left_out}


def as_json(state: Mapping[str, Any]) -> str:
    """Write a state where a script reads it.

    Parameters
    ----------
    state
        JSON-safe values.

    Returns
    -------
    str
        JSON in which nothing ends the element it stands in.
    """
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")


def scripts(names: list[str]) -> list[str]:
    """Give the scripts that mount the living widgets of a deck.

    Parameters
    ----------
    names
        The widgets' names; their states stand in elements called by them.

    Returns
    -------
    list of str
        None if there is no widget.
    """
    if not names:
        return []
    module = re.sub(r"^export default ", "const widget = ", widget_module(), flags=re.MULTILINE)
    css = json.dumps(_of_ours("demo.css") + "\n.ambassador-demo { margin: 0; }").replace("<", "\\u003c")
    mounts = "".join(f'mountOnSlide(widget, "{name}", css);\n' for name in names)
    shared = (resources.files("ambassador_net.talk") / "static" / "widget.js").read_text("utf-8")
    return [f"{_of_ours('mount.js')}\n{shared}", f"(() => {{\n{module}\nconst css = {css};\n{mounts}}})();"]


def still(data: Mapping[str, Any], states: Mapping[str, dict[str, Any]]) -> str:
    """Give what a widget showed, as HTML that is still to be cleaned.

    Parameters
    ----------
    data
        An output with a widget in it.
    states
        From :func:`states_of`.

    Returns
    -------
    str
        HTML; its text form if its state was not saved.
    """
    view = data.get(VIEW)
    model = view.get("model_id") if isinstance(view, Mapping) else None
    shown = _shown(str(model), states, set())
    return shown or Markup("<pre>{}</pre>").format(data.get("text/plain") or "a widget")


def _shown(model: str, states: Mapping[str, dict[str, Any]], seen: set[str]) -> str:
    model = model.removeprefix("IPY_MODEL_")
    state = states.get(model)
    if state is None or model in seen or len(seen) > _MOST:
        return ""
    seen.add(model)
    name = str(state.get("_model_name", ""))
    value = state.get("value")
    if name in ("HTMLModel", "HTMLMathModel"):
        return f"<div>{value}</div>" if isinstance(value, str) else ""
    if name == "LabelModel":
        return str(Markup("<p>{}</p>").format(value))
    if name == "ImageModel":
        return _picture(state)
    if name == "OutputModel":
        outputs = state.get("outputs")
        return "".join(map(_output, outputs)) if isinstance(outputs, list | tuple) else ""
    children = state.get("children")
    if isinstance(children, list | tuple):
        return "".join(_shown(str(child), states, seen) for child in children)
    words = [str(state[key]) for key in ("description",) if state.get(key)]
    if isinstance(state.get("_options_labels"), list | tuple) and isinstance(state.get("index"), int):
        labels = state["_options_labels"]
        value = labels[state["index"]] if 0 <= state["index"] < len(labels) else ""
    if isinstance(value, str | int | float) and value != "":
        return str(Markup("<p>{}{}</p>").format("".join(f"{word}: " for word in words), value))
    return str(Markup("<p>{}</p>").format(words[0])) if words else ""


def _picture(state: Mapping[str, Any]) -> str:
    buffers = state.get("buffers")
    for buffer in buffers if isinstance(buffers, list) else ():
        if isinstance(buffer, Mapping) and buffer.get("path") == ["value"] and buffer.get("encoding") == "base64":
            kind = f"image/{state.get('format') or 'png'}"
            return f'<img src="data:{escape(kind)};base64,{escape(_joined(buffer.get("data")))}">'
    return ""


def _output(output: Any) -> str:
    if not isinstance(output, Mapping):
        return ""
    if output.get("output_type") == "stream" and output.get("name") == "stdout":
        return str(Markup("<pre>{}</pre>").format(_joined(output.get("text"))))
    data = output.get("data")
    if not isinstance(data, Mapping):
        return ""
    if "text/html" in data:
        return _joined(data["text/html"])
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return f'<img src="data:{kind};base64,{escape("".join(_joined(data[kind]).split()))}">'
    return str(Markup("<pre>{}</pre>").format(_joined(data.get("text/plain"))))


def _joined(text: Any) -> str:
    """Give a text that a notebook may hold in lines."""
    return "".join(map(str, text)) if isinstance(text, list) else text if isinstance(text, str) else ""
