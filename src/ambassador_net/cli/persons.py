"""Commands for what the law gives a person: pseudonyms, access, withdrawal."""

from pathlib import Path
from typing import Annotated

import typer

from ambassador_net.cli.terminal import Language, StudyPath
from ambassador_net.errors import PrivacyError
from ambassador_net.words import say

Keys = Annotated[
    list[Path] | None,
    typer.Option(
        "--key", metavar="FILE", help="The key of the pseudonyms; after rotate, each later one too, in their order."
    ),
]
Account = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Original id of an account, or of the person as a holder.")
]
Handle = Annotated[str | None, typer.Option("--handle", help="Handle of an account, in place of its id.")]
RosterFile = Annotated[
    Path | None,
    typer.Option("--roster", metavar="CSV", help="Where the id stands beside the handle: pseudonyms have no handles."),
]


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, outside every study.")],
) -> None:
    """Make a key for pseudonyms: 256 random bits, readable by its owner only, never overwritten.

    Example: `ambassador-net key ../my.key`
    """
    from ambassador_net.privacy import create_key

    _say_made(create_key(file))


def pseudonymise(
    study: StudyPath,
    key: Annotated[Path, typer.Option("--key", help="Key file outside the study; made if it is not there.")],
    to: Annotated[Path, typer.Option("--to", metavar="STUDY", help="Where the pseudonymous study is written.")],
) -> None:
    """Give every person and post of a study a pseudonym; only official accounts keep their names.

    Example: `ambassador-net pseudonymise my-study --key ../my.key --to my-study-pseudonymous`
    """
    from ambassador_net.privacy import pseudonymise as with_pseudonyms
    from ambassador_net.privacy import require_no_file_beside_tables
    from ambassador_net.study import read

    require_no_file_beside_tables(to)
    found = with_pseudonyms(read(study), _key_made_if_absent(key, study))
    typer.echo(f"wrote {found.write(to)}")


def rotate(
    study: StudyPath,
    key: Annotated[Path, typer.Option("--key", metavar="OLD", help="The key that the study has now.")],
    new_key: Annotated[
        Path, typer.Option("--new-key", metavar="NEW", help="The key that is added; made if it is not there.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="STUDY", help="Where the study is written.")],
) -> None:
    """Give a study with pseudonyms new ones, so that the old key alone no longer opens it.

    Example: `ambassador-net rotate my-study --key ../my.key --new-key ../next.key --to my-study-2`
    """
    from ambassador_net.privacy import read_key, require_no_file_beside_tables
    from ambassador_net.privacy import rotate as with_new_pseudonyms
    from ambassador_net.study import read

    require_no_file_beside_tables(to)
    old, found = read_key(key, study_folder=study), read(study)
    new = _key_made_if_absent(new_key, study)
    if old == new:
        raise PrivacyError("the new key is the old one, and would protect nothing; name a new file with --new-key")
    typer.echo(f"wrote {with_new_pseudonyms(found, new).write(to)}")
    typer.echo(f"keep both keys: a person is now found with --key {key} --key {new_key}, in this order")


def person(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="ZIP", help="The file to hand over.")],
    keys: Keys = None,
    account: Account = None,
    handle: Handle = None,
    roster: RosterFile = None,
    language: Language = "en",
) -> None:
    """Find all rows about one person and write them to a file that may be handed to them (right of access).

    Nobody else is in it: accounts of others are covered, official ones are named.

    Example: `ambassador-net person my-study --key ../my.key --account twitter:12345 --to rows.zip`
    """
    from ambassador_net.privacy import csv_text, rows_to_hand_over, write_zip
    from ambassador_net.study import read

    if to.suffix != ".zip":
        raise typer.BadParameter("must end in .zip, for example rows.zip", param_hint="--to")
    found = read(study)
    rows = rows_to_hand_over(found, _who(account, handle, roster), keys=_keys(keys, study))
    about = [say("person.about", language, title=found.title)]
    about += [say("person.table", language, file=f"{n}.csv", rows=len(t)) for n, t in rows.items() if len(t)]
    about.append(say("person.others", language))
    files = {"about.txt": "\n".join([*about, ""]).encode()}
    for name, table in rows.items():
        if len(table):
            files[f"{name}.csv"] = csv_text(table.dropna(axis="columns", how="all")).encode()
    typer.echo("\n".join(about[1:-1]))
    typer.echo(f"wrote {write_zip(files, to)}; look through it, and hand it to nobody else")


def withdraw(
    study: StudyPath,
    keys: Keys = None,
    account: Account = None,
    handle: Handle = None,
    roster: RosterFile = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="STUDY", help="A new folder for the rest; without it the study is replaced."),
    ] = None,
) -> None:
    """Take one person out of a study (withdrawal of consent); its ledger.csv says so without naming anybody.

    Example: `ambassador-net withdraw my-study --key ../my.key --account twitter:12345`
    """
    from ambassador_net.privacy import withdraw_from_folder

    done = withdraw_from_folder(study, _who(account, handle, roster), keys=_keys(keys, study), to=to)
    taken = ", ".join(f"{n:,} {name}" for name, n in done.rows.items() if n)
    typer.echo(f"took out {taken}; wrote {done.folder} with ledger.csv")
    if to is not None:
        typer.echo(f"{study} still has the person: delete it")
    if done.to_check:
        typer.echo(f"not looked into, in the same folder: {', '.join(done.to_check)}")
    typer.echo("exports, roster, donation, copies and the list of codes are yours to delete or mend")


def _say_made(key: Path) -> None:
    typer.echo(f"made {key}; keep it apart from the study: without it nobody can be found again")


def _key_made_if_absent(key: Path, study: Path) -> bytes:
    from ambassador_net.privacy import create_key, read_key

    if not key.exists():
        _say_made(create_key(key))
    return read_key(key, study_folder=study)


def _keys(keys: list[Path] | None, study: Path) -> list[bytes]:
    from ambassador_net.privacy import read_key

    return [read_key(key, study_folder=study) for key in keys or ()]


def _who(account: str | None, handle: str | None, roster: Path | None) -> str:
    """Give the id, or the handle where there is no roster to look it up in."""
    from ambassador_net.readers import id_of_handle, read_roster

    if (account is None) == (handle is None):
        raise typer.BadParameter("name the person by one of --account and --handle")
    if account is not None:
        return account
    return str(handle) if roster is None else id_of_handle(read_roster(roster), str(handle))
