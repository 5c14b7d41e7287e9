"""What all commands share: their common options, and how they speak."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ambassador_net.errors import AmbassadorError
from ambassador_net.words import language_named


def _place_for_json(to: str | None) -> str | None:
    # said before minutes are spent on what could then not be written
    if to not in (None, "-") and not (folder := Path(to).absolute().parent).is_dir():
        raise AmbassadorError(f"cannot write {Path(to).name}: there is no folder {folder}; make it first")
    return to


def _known_language(name: str) -> str:
    return language_named(name)


_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgt]b)", text.strip().casefold())
    if found is None or float(found[1]) <= 0:
        raise typer.BadParameter("must be an amount of memory, for example 4GB or 500MB")
    return int(float(found[1]) * _UNITS[found[2]])


Memory = Annotated[
    int | None,
    typer.Option(
        "--memory",
        metavar="AMOUNT",
        parser=_bytes,
        help="Memory that counting a large stored study may take, for example 4GB; the rest goes to a private folder.",
    ),
]
StudyPath = Annotated[
    Path, typer.Argument(metavar="STUDY", help="Folder of a study (docs/study.md).", show_default=False)
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE|-",
        help="Write the result as JSON to FILE, or to the screen.",
        callback=_place_for_json,
    ),
]
Language = Annotated[str, typer.Option("--language", help="fi, en or sv.", callback=_known_language)]


def tell(line: str) -> None:
    """Say a line to whoever watches, apart from the result.

    Parameters
    ----------
    line
        The line.
    """
    typer.echo(line, err=True)


def show_address(address: str) -> None:
    """Print an address, and on a terminal also the code that a phone's camera reads.

    Parameters
    ----------
    address
        The address.
    """
    typer.echo(address)
    if sys.stdout.isatty():
        import segno

        segno.make(address, error="m").terminal(compact=True)


def plain(text: str) -> str:
    """Leave out of a text what would steer the terminal.

    Parameters
    ----------
    text
        Text from a file.

    Returns
    -------
    str
        The same, with a space for each letter that cannot be printed.
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)


def asked(question: str, *, default: str = "") -> str:
    """Ask a question where it is seen even if the result goes to a file.

    Parameters
    ----------
    question
        The question.
    default
        What an empty answer means; it stands behind the question.

    Returns
    -------
    str
        The answer, without spaces around it.
    """
    answer: str = typer.prompt(question, default=default, show_default=bool(default), err=True)
    return answer.strip()


def somebody_answers() -> bool:
    """Whether a person sits at the other end and can be asked.

    Returns
    -------
    bool
        True if what is typed comes from a terminal.
    """
    return sys.stdin is not None and sys.stdin.isatty()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar while something long runs.

    Parameters
    ----------
    what
        What it is.

    Yields
    ------
    callable
        Takes what is done and what there is to do.
    """
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task, stage = bar.add_task(what, total=None), -1

        def told(done: int, total: int) -> None:
            nonlocal stage
            if total != stage:
                # another stage has a pace of its own, which the estimate must not mix with this one's
                stage = total
                bar.reset(task, total=total)
            bar.update(task, completed=done)

        yield told


def write_json(result: Any, to: str) -> None:
    """Write a result as JSON, whole or not at all.

    Parameters
    ----------
    result
        What :func:`json.dumps` takes.
    to
        A file, or ``-`` for the screen.

    Raises
    ------
    AmbassadorError
        If the file cannot be written.
    """
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    if to == "-":
        typer.echo(text, nl=False)
        return
    from ambassador_net.privacy import write_whole

    try:
        write_whole(text.encode("utf-8"), to, mode=0o666)
    except OSError as error:
        raise AmbassadorError(f"cannot write {to}: {error.strerror}") from None
