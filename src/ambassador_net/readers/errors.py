"""The error of an export that cannot be read."""

from pathlib import Path

from ambassador_net.errors import AmbassadorError


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
