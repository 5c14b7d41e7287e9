"""Notebooks run in the folder they lie in, and a cell that fails is named."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ambassador_net.errors import NotebookError
from ambassador_net.notebook import execute


def notebook(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell("text"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_environment_folder_and_progress(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    node = execute(
        notebook(tmp_path / "n.ipynb", "import os; os.environ['WHO'] + os.path.basename(os.getcwd())"),
        environment={"WHO": "me "},
        progress=lambda done, total: seen.append((done, total)),
    )
    assert node.cells[1].outputs[0].data["text/plain"] == repr(f"me {tmp_path.name}")
    assert seen == [(1, 2), (2, 2)]
    assert "execution" not in node.cells[1].metadata


def test_percent_scripts_run_too(tmp_path: Path) -> None:
    (tmp_path / "n.py").write_text("# %%\n2 + 3\n")
    assert execute(tmp_path / "n.py").cells[0].outputs[0].data["text/plain"] == "5"


def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"n\.ipynb, cell 3: ZeroDivisionError"):
        execute(notebook(tmp_path / "n.ipynb", "1", "1 / 0"))
    with pytest.raises(NotebookError, match="not there"):
        execute(tmp_path / "other.ipynb")
    with pytest.raises(NotebookError, match="kernel died"):
        execute(notebook(tmp_path / "d.ipynb", "import os; os._exit(1)"))
