"""What the columns of a spreadsheet hold, asked of whoever imports it."""

from pathlib import Path

from ambassador_net.cli.terminal import asked, plain, tell
from ambassador_net.readers import Mapped, ReadError, columns_of, mapping_asked
from ambassador_net.words import say

_NONE = "-"


def ask_mapping(source: Path, saved: Path, language: str) -> None:
    """Ask for each field which column holds it, and save the answers where the import finds them.

    Parameters
    ----------
    source
        The spreadsheet.
    saved
        Where the mapping is saved.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.

    Raises
    ------
    ReadError
        If the spreadsheet has no header.
    """
    columns = columns_of(source)
    tell(say("import.ask", language, file=source.name))
    for number, column in enumerate(columns, 1):
        tell(plain(f"  {number}  {column}"))
    while True:
        mapped = _asked_once(columns, language)
        if mapped is not None:
            break
    tell(say("import.ask_saved", language, file=mapped.write(saved)))
    if "kind" in mapped.columns:
        tell(say("import.ask_kinds", language))


def _asked_once(columns: tuple[str, ...], language: str) -> Mapped | None:
    """Ask for every field once; None where the answers make no mapping, which is said."""
    platform = asked(say("import.ask_platform", language), default="unknown")
    answers: dict[str, str] = {}
    for question in mapping_asked(columns):
        text = say(f"import.ask_{question.field}", language)
        while True:
            answer = asked(text, default=question.guess or _NONE)
            column = _column(answer, columns)
            if column is not None:
                answers[question.field] = column
            elif answer != _NONE:
                tell(say("import.ask_again", language))
                continue
            break
    try:
        return Mapped(platform.casefold(), answers)
    except ReadError as error:
        tell(str(error))
        return None


def _column(answer: str, columns: tuple[str, ...]) -> str | None:
    if answer in columns:
        return answer
    by_number = {str(number): column for number, column in enumerate(columns, 1)}
    by_lower = {column.casefold(): column for column in columns}
    return by_number.get(answer) or by_lower.get(answer.casefold())
