"""What libraries do the first time only, done once before the fork and thrown away.

A library that was imported is not yet warm: it finds its fonts, builds its tables and imports its second half when it
is first used, and Python makes a function faster after it has run a few times. Each forked kernel would do all that
anew for its visitor. Nothing that is made here is kept, nothing is shown, and no setting is changed.
"""

import contextlib
import importlib
import importlib.util
import io
import sys
from collections.abc import Callable, Iterator

# so often a function runs before Python makes it faster
_TIMES = 8


def rehearse() -> Iterator[str]:
    """Use each known library that has been imported, one a step.

    Yields
    ------
    str
        The name of the library.
    """
    for name, use in _USES.items():
        if name in sys.modules:
            # what fails here will fail in a cell, where its author sees it
            with contextlib.suppress(Exception):
                for _ in range(_TIMES):
                    use()
            yield name


def _read_a_cell() -> None:
    # the patterns of Python's own tokenizer, too, are compiled when they are first needed
    transformers = importlib.import_module("IPython.core.inputtransformer2")
    transformers.TransformerManager().transform_cell("%matplotlib inline\nx = 1\n!ls\nx?\n")


def _draw() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # not through pyplot, nor by a kernel's own backend: either would choose one for good
    figure = Figure()
    axes = figure.add_subplot(title="title", xlabel="x", ylabel="y")
    axes.plot([0, 1], [0, 1], label="line")
    axes.bar([0, 1], [1, 2])
    axes.scatter([0, 1], [1, 2])
    axes.legend()
    FigureCanvasAgg(figure).print_figure(io.BytesIO(), format="png", bbox_inches="tight")


def _show_table() -> None:
    import pandas as pd

    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    # a cell shows it both ways
    repr(table), table._repr_html_()  # type: ignore[operator]


def _show_figure() -> None:
    # where it shows its figures is settled when this is imported: anew in every kernel
    importlib.import_module("plotly.io._renderers")
    objects = importlib.import_module("plotly.graph_objects")
    objects.Figure([objects.Scatter(x=[0, 1], y=[0, 1]), objects.Bar(x=[0, 1], y=[0, 1])]).to_json()
    # without pandas it would take another library, and some of those begin threads
    if "plotly.express" in sys.modules and importlib.util.find_spec("pandas"):
        importlib.import_module("plotly.express").scatter(x=[0, 1], y=[0, 1]).to_json()


_USES: dict[str, Callable[[], None]] = {
    "IPython": _read_a_cell,
    "matplotlib": _draw,
    "pandas": _show_table,
    "plotly": _show_figure,
}
