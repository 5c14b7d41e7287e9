"""Commands for studies that are stored as Parquet and grow by months."""

from pathlib import Path
from typing import Annotated

import typer

from ambassador_net.cli.terminal import Json, StudyPath, write_json


def store(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the stored study is written.")],
) -> None:
    """Write a study as Parquet, one part a month, for many shares and for months to come.

    Every command reads the stored form as it reads the other.

    Example: `ambassador-net store data/example --to stored`
    """
    from ambassador_net.study import read
    from ambassador_net.study.storing import store as write

    found = read(study)
    typer.echo(f"stored {found} in {write(found, to)}")


def add(
    period: Annotated[
        Path,
        typer.Argument(metavar="PERIOD", help="A study with what is new: a month, a week.", show_default=False),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="STUDY", help="The stored study that it is added to.")],
    to_json: Json = None,
) -> None:
    """Add a period to a stored study, all of it or nothing; what was counted of the other months stays counted.

    Posts and shares that the study has already are not taken again, so a period may overlap with it.

    Example: `ambassador-net add october --to stored`
    """
    from ambassador_net.readers.adding import add_period

    added = add_period(to, period)
    if to_json is not None:
        write_json(added.to_dict(), to_json)
    if to_json == "-":
        return
    typer.echo(str(added.ledger))
    typer.echo(f"{added.new_accounts:,} new accounts")
    for n, what in (
        (added.labelled, "accounts were outside and belong to a house now: what they did before is counted again"),
        (added.observed_in_part, "accounts were observed otherwise in this period: they are partly observed now"),
        (added.spells_changed, "persons' affiliations changed within this period"),
    ):
        if n:
            typer.echo(f"{n:,} {what}")
    typer.echo(f"added to {to}" if added.changed else f"nothing in it is new to {to}: left as it was")
