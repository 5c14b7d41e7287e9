"""Commands from exports to a study, and from a volunteer's archive to a donation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ambassador_net.cli.terminal import (
    Json,
    Language,
    StudyPath,
    asked,
    plain,
    progress,
    somebody_answers,
    tell,
    write_json,
)
from ambassador_net.errors import PrivacyError
from ambassador_net.words import say

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from ambassador_net.donations import Donation
    from ambassador_net.readers import Imported

# the page has every row; the terminal as many as can be taken in
_FIRST_ROWS = 5


def import_(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="Files, folders, zip archives and donations.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="STUDY", help="Where the study is written.")],
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help="Who is who (ambassador-net roster); without it all are outside.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Force a format instead of finding it by content.")
    ] = None,
    ask: Annotated[
        bool | None,
        typer.Option(
            "--ask/--no-ask",
            help="Ask what the columns of an unknown spreadsheet hold; by default where a terminal can answer.",
            show_default=False,
        ),
    ] = None,
    language: Language = "en",
    to_json: Json = None,
) -> None:
    """Read the exports of platforms and collectors, and donations, into one study, with a ledger of every record.

    Asks what the columns of a spreadsheet hold that no format fits, and saves the answers beside it.

    Example: `ambassador-net import archive.zip outbox.json donations/ --roster roster.csv --to my-study`
    """
    from ambassador_net.cli.asking import ask_mapping
    from ambassador_net.privacy import write_csv
    from ambassador_net.readers import import_exports, mapping_needed

    may_ask = somebody_answers() if ask is None else ask
    if may_ask and format_ is None:
        for source in sources:
            if saved := mapping_needed(source):
                ask_mapping(source, saved, language)
    with progress("reading") as told:
        found = import_exports(sources, roster=roster_file, format=format_, progress=told)
        found.write(to)
    if to_json is not None:
        write_json(found.to_dict(), to_json)
    if to_json != "-":
        typer.echo(found.summary().to_string(index=False))
        if len(found.proposals):
            write_csv(found.proposals, to / "look-alikes.csv")
            typer.echo(
                f"{len(found.proposals)} accounts look like another one: see look-alikes.csv, nothing was merged"
            )
        for file in found.not_read:
            typer.echo(f"not read: {file}")
        typer.echo(f"wrote {to}")


def formats(language: Language = "en") -> None:
    """List the formats that can be imported, with what each can and cannot say.

    Example: `ambassador-net formats`
    """
    from ambassador_net.readers import formats as known

    for entry in known():
        typer.echo(f"{entry.name}\n  + {entry.says(language)}\n  - {entry.lacks(language)}")


def roster(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The CSV to fill in.")],
) -> None:
    """Write a draft of a roster from the accounts of a study, busiest first, to fill in.

    Example: `ambassador-net roster my-study --to roster.csv`
    """
    from ambassador_net.privacy import write_csv
    from ambassador_net.readers import draft_roster
    from ambassador_net.study import read

    write_csv(draft_roster(read(study)), to)
    typer.echo(f"wrote {to}; fill in role, organisation and spells, then import again with --roster {to}")


def donate(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="What the platform gave you of your account.")],
    official: Annotated[
        Path, typer.Option("--official", metavar="CSV", help="The organisations' accounts; from the researcher.")
    ],
    code: Annotated[str, typer.Option("--code", help="Your participant code; it stands for you.")],
    to: Annotated[Path, typer.Option("--to", metavar="ZIP", help="The donation: a new file.")],
    language: Language = "en",
    yes: Annotated[
        bool, typer.Option("--yes", help="Write without asking (for scripts); what leaves is shown all the same.")
    ] = False,
) -> None:
    """Cut a donation out of your own archive: show exactly what would leave, ask, and only then write it.

    Runs on your machine and sends nothing. Keeps the shares between you and the named organisations, the times of
    your own posts and a daily count of your other shares; no text, no other person, your code in place of your name.

    Example: `ambassador-net donate archive.zip --official official.csv --code P017 --to donation.zip`
    """
    from ambassador_net.donations import prepare_donation

    page = _place_of_page(to)
    if not yes and not somebody_answers():
        raise PrivacyError(
            "a donation is written only when somebody says yes, and nobody can be asked here; run it in a terminal, "
            "or, if the volunteer has agreed, add --yes"
        )
    read: list[Imported] = []
    try:
        with progress("reading") as told:
            donation = prepare_donation(archive, official, code, told=read.append, progress=told)
    finally:
        # also where nothing can be cut out of it, the volunteer learns what was read
        for imported in read:
            _show_read(imported, language)
    _show(donation, language)
    donation.write_page(page, language=language)
    try:
        typer.echo(say("donation.page_at", language, page=page))
        if not (yes or _agrees(say("donation.ask", language, file=to), language)):
            tell(say("donation.not_written", language))
            raise typer.Exit(1)
        donation.write(to)
    except BaseException:
        # whoever says no, or goes away, leaves nothing behind
        page.unlink(missing_ok=True)
        raise
    typer.echo(say("donation.written", language, file=to, page=page))


def _place_of_page(to: Path) -> Path:
    """Find a place for the page beside the donation; neither takes the place of something else."""
    page = to.with_suffix(".html")
    if to.suffix != ".zip":
        raise typer.BadParameter("must end in .zip, for example donation.zip", param_hint="--to")
    if not to.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {to.absolute().parent}; make it first", param_hint="--to")
    for file in (to, page):
        if file.exists():
            raise typer.BadParameter(f"{file} is there already; name a new file", param_hint="--to")
    return page


def _agrees(question: str, language: str) -> bool:
    answer = asked(f"{question} {say('donation.choice', language)}")
    return answer.casefold() in say("donation.yes", language).split()


def _show_read(imported: "Imported", language: str) -> None:
    for entry in imported.files:
        aside = sum(entry.set_aside.values())
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(entry.set_aside.items()))
        line = say(
            "donation.read",
            language,
            file=entry.file,
            format=entry.format,
            records=entry.records,
            used=entry.records - entry.repeated - aside,
            repeated=entry.repeated,
            aside=aside,
        )
        typer.echo(plain(f"{line} ({reasons})" if reasons else line))


def _show(donation: "Donation", language: str) -> None:
    """Print what would leave: one table of the files, and the first rows of each."""
    from rich.console import Console

    console = Console(highlight=False)
    heads = [say(f"donation.head_{name}", language) for name in ("file", "what", "columns", "rows")]
    console.print(
        _table(say("donation.title", language, code=donation.code), donation.preview(language=language), heads)
    )
    for name, table in donation.tables.items():
        if len(table):
            console.print(_table(f"{name}.csv", table.head(_FIRST_ROWS), list(table.columns)))
        if len(table) > _FIRST_ROWS:
            typer.echo(say("donation.more", language, rows=len(table) - _FIRST_ROWS))
    typer.echo(say("donation.stays", language, accounts=donation.accounts_left_behind))


def _table(title: str, table: "pd.DataFrame", heads: list[str]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    # Text, since what a cell holds may look like rich's markup
    shown = Table(title=Text(title), title_justify="left")
    for head in heads:
        # what leaves is shown whole, on as many lines as it takes
        shown.add_column(Text(head), overflow="fold")
    for row in table.astype("object").where(table.notna(), "").itertuples(index=False):
        shown.add_row(*(Text(plain(str(cell))) for cell in row))
    return shown
