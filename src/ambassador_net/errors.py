"""What can go wrong, said so that the reader knows what to do next.

Every message names what was found, what was expected and what to do. No post text, name or handle of a
person ever stands in a message.
"""

from pathlib import Path


class AmbassadorError(Exception):
    """Base of every error that ambassador-net raises on purpose."""

    exit_code = 1


class SchemaError(AmbassadorError):
    """A study's table is not what ``docs/study.md`` says.

    Parameters
    ----------
    message
        What was found, what was expected and what to do.
    path
        The file, if the table came from one.
    line
        Line of the file, counted from 1 with the header.
    """

    exit_code = 3

    def __init__(self, message: str, *, path: str | Path | None = None, line: int | None = None) -> None:
        self.path = None if path is None else Path(path)
        self.line = line
        where = "" if path is None else f"{Path(path).name}{'' if line is None else f', line {line}'}: "
        super().__init__(where + message)


class ReadError(AmbassadorError):
    """An export cannot be read, or it would be unsafe to.

    Parameters
    ----------
    message
        What was found, what was expected and what to do; never content of the file.
    path
        The file, or the file inside an archive.
    line, column
        Where in the file, counted from 1, if known.
    """

    exit_code = 3

    def __init__(
        self, message: str, *, path: str | Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        self.path = None if path is None else Path(path)
        self.line, self.column = line, column
        place = [] if path is None else [str(path)]
        place += [] if line is None else [f"line {line}"]
        place += [] if column is None else [f"column {column}"]
        super().__init__(f"{', '.join(place)}: {message}" if place else message)


class PrivacyError(AmbassadorError):
    """Something would have shown a person or a group that is too small."""

    exit_code = 4


class Undefined(AmbassadorError):  # noqa: N818 - the house's word for a quantity that does not exist
    """A quantity that these data do not define, with the reason."""


class EngineError(AmbassadorError):
    """What counts is not there, or gave up; says what to install or where to look."""


class NotebookError(AmbassadorError):
    """A notebook stopped; says in which cell and why."""


class TalkError(AmbassadorError):
    """A talk cannot be built from this notebook."""


class PageError(AmbassadorError):
    """A page cannot be built from this notebook."""


class StudyWarning(UserWarning):
    """Something in a study that a reader should know, though it was read."""
