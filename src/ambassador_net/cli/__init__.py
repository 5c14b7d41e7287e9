"""The command line: arguments in, exit code out."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ambassador_net.cli import exports, persons, stored
from ambassador_net.cli.terminal import (
    Json,
    Language,
    Memory,
    StudyPath,
    progress,
    show_address,
    tell,
    write_json,
)
from ambassador_net.errors import AmbassadorError

SEED = 20251

app = typer.Typer(
    name="ambassador-net",
    help="Test the sayings of employee advocacy on your own shares, and tell the answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Basis = Annotated[
    list[str] | None,
    typer.Option("--basis", metavar="TEXT", help="Keep affiliations whose basis contains TEXT; may be repeated."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything left to chance.")]
Engine = Annotated[
    Literal["duckdb", "spark"], typer.Option("--engine", help="Who counts the shares: this process, or Spark.")
]
Master = Annotated[
    str | None,
    typer.Option("--master", metavar="URL", help="Spark's master, spark://HOST:7077 or yarn; else this machine alone."),
]
Smallest = Annotated[int, typer.Option("--k", help="Fewest people of a house that is shown by itself; 5 or more.")]


def main() -> None:
    """Run the command; errors that we know end without a traceback."""
    try:
        app()
    except AmbassadorError as error:
        tell(f"ambassador-net: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader of a pipe went away: its choice, not a failure
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        # a full disk, a folder that may not be written: the system says what, and no traceback helps
        tell(f"ambassador-net: {error.filename or 'a file'}: {error.strerror or type(error).__name__}")
        sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"ambassador-net {version('ambassador-net')}")
        raise typer.Exit


def _known_theme(name: str | None) -> str | None:
    from ambassador_net.looks import COLOURS

    if name is not None and name not in COLOURS:
        raise typer.BadParameter(f"there are {', '.join(COLOURS)}")
    return name


def _count(text: str) -> int:
    """Read a number that may be as long as 100000000 and is more easily written 1e8."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number.is_integer() and 1 <= number <= 1e12):
        raise typer.BadParameter("must be a whole number, for example 100000 or 1e8")
    return int(number)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def check(study: StudyPath, memory: Memory = None, to_json: Json = None) -> None:
    """Read a study and print what was used, repeated and set aside.

    Ends with 0, or with 3 if the study cannot be read.

    Example: `ambassador-net check data/example`
    """
    from ambassador_net.study.stored import StoredStudy, open_study

    found = open_study(study, memory=memory)
    ledger = found.ledger
    if isinstance(found, StoredStudy):
        from ambassador_net.reduction.checks import ledger as count

        ledger = count(found)
    if to_json is not None:
        write_json({"title": found.title, "made_up": found.made_up, "tables": ledger.to_dict()}, to_json)
    if to_json != "-":
        typer.echo(str(found))
        typer.echo(str(ledger))
        for entry in ledger.entries:
            if entry.not_read:
                typer.echo(f"{entry.file}: columns that a study does not have, not read: {', '.join(entry.not_read)}")


for _name, _command in (
    ("import", exports.import_),
    ("formats", exports.formats),
    ("roster", exports.roster),
    ("donate", exports.donate),
    ("store", stored.store),
    ("add", stored.add),
    ("key", persons.key),
    ("pseudonymise", persons.pseudonymise),
    ("rotate", persons.rotate),
    ("person", persons.person),
    ("withdraw", persons.withdraw),
):
    app.command(name=_name)(_command)


@app.command()
def tango(
    study: StudyPath,
    basis: Basis = None,
    seed: Seed = SEED,
    k: Smallest = 5,
    engine: Engine = "duckdb",
    master: Master = None,
    memory: Memory = None,
    to_json: Json = None,
) -> None:
    """Ask whether people and their organisation share each other.

    Counts shares both ways, reciprocity and house mixing, and gives the verdict with its reasons. Lists houses of at
    least k people, never a person.

    Example: `ambassador-net tango data/example --seed 1 --json tango.json`

    On a cluster: `ambassador-net tango data/example --engine spark --master spark://HOST:7077`
    """
    from ambassador_net.amplification import mutual_amplification
    from ambassador_net.study.stored import open_study
    from ambassador_net.words import say

    with progress("counting and shuffling") as told:
        result = mutual_amplification(
            open_study(study, memory=memory),
            seed=seed,
            basis=basis or (),
            k=k,
            engine=engine,
            master=master,
            progress=told,
        )
    if to_json is not None:
        write_json(result.to_dict(), to_json)
    if to_json != "-":
        typer.echo(result.verdict.sentence("en"))
        for remark in result.verdict.remarks("en"):
            typer.echo(f"Note: {remark}")
        if result.mixing is not None and not result.mixing.shuffled:
            typer.echo(f"Note: {say('verdict.note_not_shuffled', 'en', shares=result.study['shares_used'])}")
        typer.echo(str(result))


@app.command()
def claims(
    study: StudyPath,
    basis: Basis = None,
    seed: Seed = SEED,
    k: Smallest = 5,
    language: Language = "en",
    to_json: Json = None,
) -> None:
    """Ask every saying of the trade, and say of the rest what is missing.

    Each saying with its verdict, why, and the numbers it rests on. Ends with 0 whatever the verdicts are.

    Example: `ambassador-net claims data/example --language fi --json claims.json`
    """
    from ambassador_net.claims import assess_all
    from ambassador_net.study import read
    from ambassador_net.words import say

    with progress("asking") as told:
        answers = assess_all(read(study), seed=seed, basis=basis or (), k=k, progress=told)
    if to_json is not None:
        write_json({"claims": [answer.to_dict() for answer in answers]}, to_json)
    if to_json == "-":
        return
    told_already = None
    for answer in answers:
        judged = say(f"verdict.{answer.verdict.answer}", language)
        mark = f" ({say('claims.exploratory', language).lower()})" if answer.exploratory else ""
        typer.echo(f"{answer.saying(language)}: {judged}{mark}. {answer.verdict.wording(language)}")
        if answer.finding.estimates == told_already:
            # sayings that share one test differ only in what its numbers are held against
            continue
        told_already = answer.finding.estimates
        for estimate in told_already:
            rests_on = f"; {estimate.rests_on(language)}" if estimate.rests_on(language) else ""
            typer.echo(f"  {answer.label(estimate, language)}: {estimate.wording(language)}{rests_on}")


@app.command()
def sensitivity(study: StudyPath, basis: Basis = None, seed: Seed = SEED, to_json: Json = None) -> None:
    """Ask the same question in other ways: windows, strata, accounts, contents, spells.

    Example: `ambassador-net sensitivity data/example`
    """
    from ambassador_net.amplification.sensitivity import sensitivity as vary
    from ambassador_net.study import read

    with progress("varying") as told:
        found = vary(read(study), seed=seed, basis=basis or (), progress=told)
    if to_json is not None:
        write_json(found.to_dict(), to_json)
    if to_json != "-":
        typer.echo(found.table.to_string(index=False, na_rep="not observed"))
        typer.echo("fragile: the verdict changes" if found.fragile else "firm: the verdict stays the same")


@app.command()
def power(
    people: Annotated[int, typer.Option("--people", min=2, help="People of a house, on average.")],
    weeks: Annotated[int, typer.Option("--weeks", min=1, help="Weeks that would be collected.")],
    houses: Annotated[int, typer.Option("--houses", min=1, help="Houses.")] = 1,
    person_shares: Annotated[
        float, typer.Option("--person-shares", help="Shares of the organisation by its people, a house and week.")
    ] = 30.0,
    organisation_shares: Annotated[
        float, typer.Option("--organisation-shares", help="Shares of its people by the organisation, a house and week.")
    ] = 15.0,
    worlds: Annotated[int, typer.Option("--worlds", min=10, help="Made-up worlds for each strength.")] = 200,
    seed: Seed = SEED,
    to_json: Json = None,
) -> None:
    """Ask before collecting what a study of this size can find.

    Makes up worlds in which a share is returned with the expectation kappa, and judges each.

    Example: `ambassador-net power --people 50 --weeks 26 --houses 5`
    """
    from ambassador_net.power import power as ask

    with progress("judging worlds") as told:
        found = ask(
            people,
            weeks,
            houses=houses,
            person_shares=person_shares,
            organisation_shares=organisation_shares,
            worlds=worlds,
            seed=seed,
            progress=told,
        )
    if to_json is not None:
        write_json(found.to_dict(), to_json)
    if to_json != "-":
        typer.echo(str(found))


@app.command()
def network(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A .gexf (Gephi) or .graphml file.")],
    by: Annotated[str, typer.Option("--by", help="account (only where persons may be shown) or house.")] = "house",
    basis: Basis = None,
    memory: Memory = None,
) -> None:
    """Write the share network for Gephi and others.

    Example: `ambassador-net network data/example --by account --to network.gexf`
    """
    from ambassador_net.network import write_network
    from ambassador_net.study.stored import open_study

    if by not in ("account", "house"):
        raise typer.BadParameter("must be account or house", param_hint="--by")
    written = write_network(open_study(study, memory=memory), to, basis=basis or (), by=by)
    typer.echo(f"wrote {written}")
    if written.suffix == ".parquet":
        typer.echo(
            f"no program draws so many accounts: {written.name} holds the edges, and .nodes.parquet the accounts"
        )


@app.command()
def simulate(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the study is written.")],
    seed: Seed = SEED,
    world: Annotated[str, typer.Option("--world", help="Which made-up world; an unknown name lists them.")] = "example",
    shares: Annotated[
        int | None,
        typer.Option(
            "--shares", metavar="NUMBER", parser=_count, help="Write a stored study of so many shares instead; 1e8."
        ),
    ] = None,
    accounts: Annotated[
        int | None,
        typer.Option("--accounts", metavar="NUMBER", parser=_count, help="With --shares: accounts."),
    ] = None,
    months: Annotated[int, typer.Option("--months", min=1, help="With --shares: months from January 2025 on.")] = 12,
) -> None:
    """Make up a study with a known truth, written to truth.json beside it.

    With --shares, a study of any size, written month by month in the memory of a million shares.

    Example: `ambassador-net simulate --shares 1e8 --seed 7 --to large`
    """
    from ambassador_net.simulate import simulate as make_up
    from ambassador_net.simulate.large import write_large

    if shares is None:
        made = make_up(world, seed=seed)
        typer.echo(f"wrote {made.study} to {made.write(to)}")
        return
    with progress("making up") as told:
        write_large(to, shares, seed=seed, accounts=accounts, months=months, progress=told)
    typer.echo(f"wrote {shares:,} made-up shares to {to}")


@app.command()
def talk(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the deck is written.")] = Path("slides"),
    language: Annotated[str, typer.Option("--language", help="fi or en.")] = "en",
    notebook: Annotated[Path, typer.Option("--notebook", help="The notebook that tells it.")] = Path(
        "notebooks/talk.ipynb"
    ),
    settings: Annotated[Path, typer.Option("--settings", help="Title, speaker, event.")] = Path("slides/talk.toml"),
    theme: Annotated[
        str | None,
        typer.Option("--theme", help="light, dark or contrast (for a weak projector).", callback=_known_theme),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print slides and speaker's notes as PDFs too, through an installed browser.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="ZIP",
            help="Pack decks, reading versions, PDFs and pages in all languages of the settings instead.",
        ),
    ] = None,
    seed: Seed = SEED,
) -> None:
    """Build the offline slide deck of a study, and a version of it to be read.

    Example: `ambassador-net talk data/example --language fi --to slides --pdf`
    """
    from ambassador_net import present as whole

    if bundle is not None:
        made_zip = whole.bundle(study, notebook.parent, bundle, settings=settings, seed=seed, theme=theme)
        typer.echo(f"wrote {made_zip} ({made_zip.stat().st_size / 1000:,.0f} kB)")
        return
    made = whole.deck(study, notebook, to, language=language, settings=settings, seed=seed, theme=theme, handouts=pdf)
    typer.echo(f"wrote {made.path} ({made.slides} slides, {made.bytes / 1000:,.0f} kB); open it in any browser")
    typer.echo(f"wrote {made.reading}, to be read")
    for handout in made.handouts:
        typer.echo(f"wrote {handout}")
    for remark in made.remarks:
        tell(f"note: {remark}")
    typer.echo(
        f"the notes as written take about {made.spoken_s / 60:.0f} minutes; each slide's part of the plan is in them"
    )


@app.command(name="talk-check")
def talk_check(
    deck: Annotated[Path, typer.Argument(metavar="FILE", help="A reveal.js deck, ours or not.", show_default=False)],
    language: Annotated[
        str | None, typer.Option("--language", help="The language that the deck should be in: fi, en or sv.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", metavar="STUDY", help="No private person of it may be in the deck.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Its PDF, to compare the pages.")] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="Where pictures of failing slides go.")
    ] = None,
    to_json: Json = None,
) -> None:
    """Look at a deck slide by slide, in a browser without a network, for what the hall would stumble over.

    Requests, overflow and overlap, alternative texts, contrast, text size, headings, language, notes, names, size.
    Ends with 1 if something fails.

    Example: `ambassador-net talk-check slides/tango.fi.html --language fi --pictures failing`
    """
    from ambassador_net.study import read
    from ambassador_net.talk.check import check_talk

    with progress("looking") as told:
        found = check_talk(
            deck,
            language=language,
            study=None if study is None else read(study),
            pdf=pdf,
            pictures=pictures,
            progress=told,
        )
    if to_json is not None:
        write_json(found.to_dict(), to_json)
    if to_json != "-":
        typer.echo(found.summary(language or "en").to_string(index=False))
        for line in found.lines(language or "en"):
            typer.echo(line)
    if not found.passed:
        raise typer.Exit(1)


@app.command()
def page(
    study: StudyPath,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The page.")],
    language: Annotated[str, typer.Option("--language", help="fi, en or sv.")] = "en",
    notebook: Annotated[Path, typer.Option("--notebook", help="The notebook behind it.")] = Path(
        "notebooks/demo.ipynb"
    ),
    seed: Seed = SEED,
) -> None:
    """Build the page that the hall clicks: one file, no kernel, no network.

    Example: `ambassador-net page data/example --language fi --to demo.fi.html`
    """
    from ambassador_net.present import demo_page

    made = demo_page(study, notebook, to, language=language, seed=seed)
    typer.echo(f"wrote {made.path} ({made.gzip_bytes / 1000:,.0f} kB gzipped); open it in any browser")


@app.command(name="app")
def voila(
    study: StudyPath = Path("data/example"),
    language: Annotated[str, typer.Option("--language", help="fi, en or sv.")] = "en",
    port: Annotated[int, typer.Option("--port", help="Port on this machine.")] = 8866,
    notebook: Annotated[Path, typer.Option("--notebook", help="The notebook behind it.")] = Path(
        "notebooks/demo.ipynb"
    ),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    seed: Seed = SEED,
) -> None:
    """Serve the demo with a live kernel, on this machine only, until Ctrl-C.

    Example: `ambassador-net app data/example --port 8866`
    """
    from ambassador_net.present import live_demo

    live_demo(
        study,
        notebook,
        language=language,
        port=port,
        open_browser=browser,
        seed=seed,
        ready=lambda address: typer.echo(f"the demo is at {address} (this machine only); Ctrl-C stops it"),
    )


@app.command()
def serve(
    study: StudyPath = Path("data/example"),
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8866,
    live: Annotated[
        int | None,
        typer.Option(
            "--live", min=0, help="Live places: kernels at once; 0 for none. By default as many as memory allows."
        ),
    ] = None,
    ready: Annotated[
        int | None,
        typer.Option("--ready", min=0, help="Live places kept ready. By default a third of them, at most 30."),
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Let in only those who have the whole address, with a secret in it.")
    ] = False,
    language: Annotated[
        str, typer.Option("--language", help="fi, en or sv, for those whose browser asks for none of them.")
    ] = "en",
    guesses: Annotated[
        Path | None,
        typer.Option(
            "--guesses", metavar="FILE", help="Keeps the hall's guesses. By default guesses-STUDY.sqlite, here."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the guesses of an earlier talk first.")] = False,
    notebook: Annotated[Path, typer.Option("--notebook", help="The notebook behind it.")] = Path(
        "notebooks/demo.ipynb"
    ),
    seed: Seed = SEED,
) -> None:
    """Serve the demo to a hall, until Ctrl-C: one address for a page, its live version, and the guesses on the wall.

    Listens on this machine only unless told otherwise. The page needs no kernel; /live/ has one for each visitor as
    long as there are places; /invite shows the address and its code, /wall the hall's guesses.

    Example: `ambassador-net serve data/example --host 0.0.0.0 --token --live 60`
    """
    from ambassador_net.serve import serve_hall

    serve_hall(
        study,
        notebook,
        host=host,
        port=port,
        live=live,
        ready=ready,
        token=token,
        language=language,
        seed=seed,
        guesses=guesses,
        fresh=fresh,
        tell=tell,
        show=show_address,
    )


@app.command()
def present(
    study: StudyPath = Path("data/example"),
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where decks and pages are written.")] = Path(
        "slides"
    ),
    notebooks: Annotated[Path, typer.Option("--notebooks", help="Folder of the notebooks.")] = Path("notebooks"),
    seed: Seed = SEED,
) -> None:
    """Do the whole way once: read, run the notebooks, write the decks and the pages.

    Example: `ambassador-net present data/example --to slides`
    """
    from ambassador_net.present import present as do

    for line in do(study, to, notebooks, seed=seed, say=tell):
        typer.echo(line)
