"""Run a notebook from top to bottom, the same way for the deck, the page and the command."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ambassador_net.errors import NotebookError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    notebook: str | Path,
    *,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "NotebookNode":
    """Run every cell of a notebook in a fresh kernel and return it with its outputs.

    Parameters
    ----------
    notebook
        An ``.ipynb`` or a jupytext ``.py``; it is not changed. Its folder is the working directory.
    environment
        Environment variables for the kernel, added to those of this process.
    progress
        Called with the number of cells begun and the number of cells.

    Returns
    -------
    nbformat.NotebookNode
        The notebook with outputs, widget states included.

    Raises
    ------
    NotebookError
        If the notebook is missing, or a cell raises; the message names the cell and the error.

    Examples
    --------
    >>> import tempfile, nbformat
    >>> from nbformat.v4 import new_notebook, new_code_cell
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sum.ipynb"
    ...     _ = path.write_text(nbformat.writes(new_notebook(cells=[new_code_cell("1 + 1")])))
    ...     execute(path).cells[0].outputs[0].data["text/plain"]
    '2'
    """
    import jupytext
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    path = Path(notebook)
    if not path.is_file():
        raise NotebookError(f"{path} is not there; give the path of an .ipynb or a jupytext .py")
    node: NotebookNode = jupytext.read(path)
    # states of another session, of whatever age: a fresh kernel writes its own
    node.metadata.pop("widgets", None)
    total = len(node.cells)

    def begun(cell: object, cell_index: int) -> None:
        del cell
        if progress is not None:
            progress(cell_index + 1, total)

    client = NotebookClient(
        node,
        kernel_name="python3",
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=begun,
        # a page or a deck must not depend on when it was made
        record_timing=False,
        # the kernel's remarks on its own transport are nobody's business here
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        client.execute(env={**os.environ, **(environment or {})})
    except CellExecutionError as error:
        number = next(
            (i for i, c in enumerate(node.cells, 1) if any(o.output_type == "error" for o in c.get("outputs", []))),
            0,
        )
        said = _ANSI.sub("", str(error.evalue)).splitlines()
        raise NotebookError(
            f"{path.name}, cell {number}: {error.ename}: {said[0] if said else ''}. "
            "Open the notebook in JupyterLab and run it up to this cell"
        ) from None
    except DeadKernelError:
        raise NotebookError(f"{path.name}: the kernel died; often the machine ran out of memory") from None
    return node
