"""The house holds: rooms import to the left, libraries have one door, words agree, names are documented."""

import ast
import importlib
import inspect
import json
import re
import string
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import jupytext
import pytest
from jupytext.compare import NotebookDifference, compare_notebooks

import ambassador_net

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ambassador_net"
NOTEBOOKS = ROOT / "notebooks"

# ---- rooms -----------------------------------------------------------------------------------------------

LEFT_OF_CLAIMS = {
    "study",
    "readers",
    "simulate",
    "privacy",
    "reduction",
    "network",
    "nulls",
    "amplification",
}
LEFT_OF_TALK = LEFT_OF_CLAIMS | {"claims", "figures", "looks", "notebook"}

# what a room may import beside itself
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "words": {"errors"},
    "looks": set(),
    "hall": set(),
    "study": set(),
    "readers": {"study", "privacy"},
    "simulate": {"study"},
    "privacy": {"study"},
    "reduction": {"study"},
    # the written network leaves the house, so small groups are joined here too
    "network": {"study", "reduction", "privacy"},
    "nulls": {"study", "reduction"},
    # its result is shown as it is, so small groups are joined at its public door
    "amplification": {"study", "reduction", "nulls", "privacy"},
    # what a study of a size can find, and whether the tests keep their word, by made-up worlds
    "power": LEFT_OF_CLAIMS | {"claims"},
    "claims": LEFT_OF_CLAIMS,
    "figures": LEFT_OF_CLAIMS | {"claims", "looks"},
    "notebook": {"errors"},
    "talk": LEFT_OF_TALK,
    # what a house of one's own could find
    "app": LEFT_OF_TALK | {"power"},
    # on the volunteer's own machine: what leaves is decided there
    "donations": {"study", "readers", "privacy"},
    # hall mode: the page for everybody, the kernels, the guesses, behind one address
    "serve": {"study", "looks", "notebook", "app", "hall"},
    # the whole way at once: what the command `present` does
    "present": LEFT_OF_TALK | {"talk", "app"},
    "cli": LEFT_OF_TALK | {"talk", "app", "present", "power", "donations", "hall", "serve"},
}
# every room may say words and raise errors, except those that import nothing or stand below words
FOR_EVERY_ROOM = {"errors", "words"}
CLOSED_ROOMS = {"errors", "words", "looks", "hall"}

ONE_DOOR: dict[str, set[str]] = {
    "anywidget": {"app"},
    "axe_playwright_python": {"talk"},
    "babel": {"words"},
    "duckdb": {"readers", "reduction"},
    "holidays": {"claims"},
    "ipywidgets": {"app"},
    "jupyter_client": {"hall"},
    "jupytext": {"notebook"},
    "matplotlib": {"figures", "looks", "hall"},
    "mermaidx": {"talk"},
    "msgspec": {"readers"},
    "nbclient": {"notebook"},
    "nbconvert": {"talk", "app"},
    "networkx": {"network"},
    "nh3": {"talk"},
    "numba": {"nulls"},
    "playwright": {"talk"},
    "polars": set(),
    "pypdf": {"talk"},
    "pyspark": {"reduction"},
    "rich": {"cli"},
    "seaborn": {"figures"},
    "segno": {"talk", "serve", "cli"},
    "statsmodels": {"claims"},
    "tinycss2": {"talk"},
    "tornado": {"hall", "serve"},
    "typer": {"cli"},
    "ziamath": {"talk"},
}
# opening one of these on `import ambassador_net` would cost every user seconds
HEAVY = (
    "matplotlib", "seaborn", "duckdb", "msgspec", "nbconvert", "ipywidgets", "networkx", "statsmodels", "playwright",
)  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One imported module, as a dotted name, and how it stands in the file."""

    file: Path
    line: int
    module: str
    for_types: bool
    at_top: bool

    @property
    def room(self) -> str:
        return room_of(self.file)

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def source_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def imports_of(file: Path) -> Iterator[Import]:
    # `a.b.c` in the package ambassador_net stands in ambassador_net.a.b
    package = ["ambassador_net", *file.relative_to(PACKAGE).parts[:-1]]

    def walk(node: ast.AST, for_types: bool, at_top: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, for_types, at_top)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(file, node.lineno, f"{module}.{alias.name}", for_types, at_top)
        inside = at_top and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for part, value in ast.iter_fields(node):
            guarded = for_types or (is_type_checking(node) and part == "body")
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, guarded, inside)

    yield from walk(ast.parse(file.read_text("utf-8")), False, True)


ALL_IMPORTS = [found for file in source_files() for found in imports_of(file)]


def test_every_room_is_in_the_plan() -> None:
    rooms = {room_of(file) for file in source_files()} - {"__init__", "__main__"}
    assert rooms <= set(MAY_IMPORT), "a new room needs a line in MAY_IMPORT and in the docs"
    assert {"errors", "words"} <= rooms


def test_rooms_import_to_the_left() -> None:
    wrong = []
    for found in ALL_IMPORTS:
        top, _, rest = found.module.partition(".")
        if top != "ambassador_net" or found.room in {"__init__", "__main__"}:
            continue
        allowed = MAY_IMPORT[found.room] | {found.room}
        if found.room not in CLOSED_ROOMS:
            allowed = allowed | FOR_EVERY_ROOM
        # inside the house one goes to the room itself: the public names are the visitors' door
        if rest.partition(".")[0] not in allowed | {"__version__"}:
            wrong.append(str(found))
    assert wrong == []


def test_plan_has_no_circle() -> None:
    open_rooms = {room: MAY_IMPORT[room] | FOR_EVERY_ROOM for room in set(MAY_IMPORT) - CLOSED_ROOMS}
    left = open_rooms | {room: MAY_IMPORT[room] for room in CLOSED_ROOMS}
    while left:
        free = {room for room, needs in left.items() if not needs & set(left)}
        assert free, f"these rooms import each other: {sorted(left)}"
        left = {room: needs for room, needs in left.items() if room not in free}


def test_heavy_libraries_have_one_door() -> None:
    wrong = []
    for found in ALL_IMPORTS:
        library = found.module.partition(".")[0]
        # a name that only the type checker sees opens nothing
        if library in ONE_DOOR and not found.for_types and found.room not in ONE_DOOR[library]:
            wrong.append(str(found))
        if library == "matplotlib" and found.room == "looks" and found.at_top and not found.for_types:
            wrong.append(f"{found} before anybody draws")
    assert wrong == []


def test_import_opens_nothing_heavy() -> None:
    code = "import sys, ambassador_net; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    opened = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ambassador_net" in opened.stdout.split()
    assert set(opened.stdout.split()) & set(HEAVY) == set()


def test_no_drawer_for_odds_and_ends() -> None:
    odd = {"utils", "util", "helpers", "common", "misc"}
    assert [str(file) for file in PACKAGE.rglob("*") if file.stem in odd] == []


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()


# ---- public names ----------------------------------------------------------------------------------------


def stated_names() -> dict[str, str]:
    """The public names and the room each comes from, as `__init__.pyi` states them."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text("utf-8"))
    return {
        alias.asname or alias.name: node.module or ""
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def public_functions_and_classes() -> dict[str, Callable[..., object]]:
    """Everything callable that a reader meets by a public name; of a public room, what it defines itself."""
    found: dict[str, Callable[..., object]] = {}
    for name in ambassador_net.__all__:
        thing = getattr(ambassador_net, name)
        if isinstance(thing, ModuleType):
            for inner, member in vars(thing).items():
                own = getattr(member, "__module__", "").startswith(thing.__name__)
                if own and not inner.startswith("_") and (inspect.isroutine(member) or inspect.isclass(member)):
                    found[f"{name}.{inner}"] = member
        elif callable(thing):
            found[name] = thing
    assert found, "there are no public names"
    return found


def sections(docstring: str) -> dict[str, str]:
    """The sections of a NumPy docstring by title."""
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}\n", docstring, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def faults_of(name: str, thing: Callable[..., object]) -> Iterator[str]:
    docstring = inspect.getdoc(thing) or ""
    # a dataclass without a docstring is given its own signature as one
    if not docstring or docstring.startswith(f"{thing.__name__}("):
        yield f"{name} has no docstring"
        return
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return
    parts = sections(docstring)
    described = parts.get("Parameters", "") + parts.get("Attributes", "")
    documented = {
        entry.strip().lstrip("*")
        for line in re.findall(r"^(\S.*)$", described, flags=re.MULTILINE)
        for entry in line.partition(":")[0].split(",")
    }
    signature = inspect.signature(thing)
    for parameter in signature.parameters:
        if parameter not in documented:
            yield f"{name} does not say what {parameter} is"
    if not inspect.isclass(thing) and signature.return_annotation is not None and "Returns" not in parts:
        yield f"{name} does not say what it returns"


def test_public_names_are_documented() -> None:
    faults = [fault for name, thing in public_functions_and_classes().items() for fault in faults_of(name, thing)]
    assert faults == []


def test_public_functions_are_typed() -> None:
    bare = []
    for name, thing in public_functions_and_classes().items():
        if inspect.isroutine(thing):
            signature = inspect.signature(thing)
            annotations = [parameter.annotation for parameter in signature.parameters.values()]
            if inspect.Parameter.empty in [*annotations, signature.return_annotation]:
                bare.append(name)
    assert bare == []


def test_public_names_are_stated_once_and_not_taken_for_tests() -> None:
    assert sorted(stated_names()) == sorted(ambassador_net.__all__)
    assert [name for name in ambassador_net.__all__ if name.startswith("test")] == []


def test_public_names_stay_themselves_when_their_rooms_are_open() -> None:
    # opening a submodule puts it into the package under its own name: a function of that name would be hidden
    hidden = []
    for name, room in stated_names().items():
        if room:
            meant = getattr(importlib.import_module(f"ambassador_net.{room}"), name)
            if getattr(ambassador_net, name) is not meant:
                hidden.append(name)
    assert hidden == []


# ---- words -----------------------------------------------------------------------------------------------

LANGUAGES = ("en", "fi", "sv")


def texts() -> dict[str, dict[str, dict[str, str]]]:
    """Texts by file name, language and key."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for file in sorted((PACKAGE / "words").glob("*.toml")):
        name, language, _ = file.name.split(".")
        found[name][language] = tomllib.loads(file.read_text("utf-8"))
    return found


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_words_exist_in_every_language_with_the_same_keys() -> None:
    words = texts()
    assert words, "no words/*.toml"
    for name, languages in words.items():
        assert tuple(sorted(languages)) == LANGUAGES, f"words/{name}.*.toml"
        for language in LANGUAGES:
            assert languages[language].keys() == languages["en"].keys(), f"words/{name}.{language}.toml"


def test_words_are_texts_with_the_same_placeholders() -> None:
    wrong = []
    for name, languages in texts().items():
        for language, entries in languages.items():
            for key, text in entries.items():
                where = f"words/{name}.{language}.toml: {key}"
                if not isinstance(text, str) or not text.strip():
                    wrong.append(f"{where} is no text")
                elif placeholders(text) != placeholders(languages["en"].get(key, "")):
                    wrong.append(f"{where} asks for {sorted(placeholders(text))}")
    assert wrong == []


def test_words_that_are_said_exist() -> None:
    known = {f"{name}.{key}": text for name, by in texts().items() for key, text in by.get("en", {}).items()}
    wrong = []
    for file in source_files():
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            key = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
            if called != "say" or not isinstance(key, str):
                continue
            where = f"{file.relative_to(ROOT)}:{call.lineno} says {key}"
            given = {keyword.arg for keyword in call.keywords}
            if key not in known:
                wrong.append(f"{where}, which is in no words/*.toml")
            elif None not in given and given != placeholders(known[key]):
                wrong.append(f"{where} with {sorted(map(str, given))}")
    assert wrong == []


# ---- notebooks -------------------------------------------------------------------------------------------


def test_notebooks_are_pairs_in_step() -> None:
    scripts = sorted(NOTEBOOKS.glob("*.py"))
    assert scripts, "no notebooks"
    assert {s.stem for s in scripts} == {n.stem for n in NOTEBOOKS.glob("*.ipynb")}
    apart = []
    for script in scripts:
        try:
            compare_notebooks(jupytext.read(script.with_suffix(".ipynb")), jupytext.read(script), fmt="py:percent")
        except NotebookDifference as difference:
            apart.append(f"{script.name}: {difference}")
    assert apart == [], "jupytext --sync notebooks/*.py"


def test_notebooks_are_kept_without_outputs() -> None:
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert notebooks, "no notebooks"
    kept = []
    for file in notebooks:
        notebook = json.loads(file.read_text("utf-8"))
        if "widgets" in notebook["metadata"]:
            kept.append(f"{file.name}: widget states")
        for number, cell in enumerate(notebook["cells"], 1):
            if cell.get("outputs") or cell.get("execution_count") is not None:
                kept.append(f"{file.name}: cell {number}")
    assert kept == []


# ---- what is kept in the repository ----------------------------------------------------------------------

# in brackets, so that this file does not find itself
ONE_MACHINE = re.compile(
    r"(?<![\w.:/-])/(?:wor[k]|roo[t]|hom[e]|User[s]|tm[p])/|[A-Z]:\\User[s]"
    r"|\b(?:claud[e]|anthropi[c]|chatgp[t]|copilo[t])\b",
    re.IGNORECASE,
)
VENDORED = "/static/"


def kept_files() -> list[Path]:
    try:
        said = subprocess.run(
            [
                *("git", "-c", "safe.directory=*", "ls-files", "-z"),
                *("--cached", "--others", "--exclude-standard"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    return [ROOT / name for name in said.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_kept_belongs_to_one_machine() -> None:
    wrong = []
    for file in kept_files():
        content = file.read_bytes()
        if b"\0" in content or VENDORED in file.as_posix():
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if found := ONE_MACHINE.search(line):
                wrong.append(f"{file.relative_to(ROOT)}:{number}: {found[0]}")
    assert wrong == []
