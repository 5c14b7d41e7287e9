"""The whole way at once: a study in, run notebooks, decks and pages out."""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from ambassador_net.amplification import Amplification, mutual_amplification
from ambassador_net.amplification.remembered import VARIABLE
from ambassador_net.app import Page, build_page, serve_app
from ambassador_net.claims import Answer, assess_all
from ambassador_net.errors import NotebookError
from ambassador_net.notebook import execute
from ambassador_net.privacy import write_whole, write_zip
from ambassador_net.study import Study, read
from ambassador_net.talk import Talk, TalkSettings, build_talk, read_settings
from ambassador_net.words import say as words

EXPLORING = ("01_read", "02_network", "03_tango", "04_claims")
"""The researcher's notebooks, run so that they are known to hold on this study."""

_AT_ONCE = 2


def _environment(study: str | Path, seed: int) -> dict[str, str]:
    return {
        "AMBASSADOR_NET_STUDY": str(Path(study).resolve()),
        "AMBASSADOR_NET_SEED": str(seed),
        # notebooks run beside each other: one thread each
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _settings(path: Path) -> TalkSettings:
    return read_settings(path) if path.exists() else TalkSettings()


def deck(
    study: str | Path,
    notebook: Path,
    to: Path,
    *,
    language: str,
    settings: Path,
    seed: int,
    theme: str | None = None,
    handouts: bool = False,
) -> Talk:
    """Build the deck of a study in one language, ``tango.LANGUAGE.html``, and its reading version.

    Parameters
    ----------
    study
        Folder of the study; it is checked before the notebook runs.
    notebook
        The notebook that tells it.
    to
        Folder of the deck.
    language
        ``"en"`` or ``"fi"``.
    settings
        A ``talk.toml``; the defaults where it is not there.
    seed
        Seed of everything left to chance.
    theme
        ``"light"``, ``"dark"`` or ``"contrast"``; the settings' own if None.
    handouts
        Whether to print slides and notes as PDFs too, through an installed browser.

    Returns
    -------
    Talk
        Where it is and what is in it.
    """
    read(study)
    said = _settings(settings)
    return build_talk(
        notebook,
        to / f"tango.{language}.html",
        language=language,
        settings=said if theme is None else replace(said, theme=theme),
        environment=_environment(study, seed),
        handouts=handouts,
    )


def bundle(
    study: str | Path, notebooks: Path, to: Path, *, settings: Path, seed: int, theme: str | None = None
) -> Path:
    """Pack what a conference publishes: decks, reading versions, PDFs, pages, licences and checksums.

    Parameters
    ----------
    study
        Folder of the study; it is checked before the notebooks run.
    notebooks
        Folder of the notebooks.
    to
        The zip.
    settings
        A ``talk.toml``; its languages are packed.
    seed
        Seed of everything left to chance.
    theme
        As in :func:`deck`.

    Returns
    -------
    pathlib.Path
        The zip; ``sha256sum -c SHA256SUMS`` checks what was unpacked.
    """
    files: dict[str, bytes] = {}
    with _remembering(), tempfile.TemporaryDirectory(prefix="ambassador-net-") as scratch:
        folder = Path(scratch)
        for language in _settings(settings).languages:
            deck(
                study, notebooks / "talk.ipynb", folder, language=language, settings=settings, seed=seed, theme=theme,
                handouts=True,
            )  # fmt: skip
            demo = folder / f"demo.{language}.html"
            demo_page(study, notebooks / "demo.ipynb", demo, language=language, seed=seed)
        files |= {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    files |= _licences()
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return write_zip({**files, "SHA256SUMS": sums.encode()}, to, mode=0o644)


def _licences() -> dict[str, bytes]:
    """Give the licences that the package was installed with."""
    found = metadata.files("ambassador-net") or []
    licences = {
        "/".join(file.parts[file.parts.index("licenses") + 1 :]): file for file in found if "licenses" in file.parts
    }
    return {name: Path(str(file.locate())).read_bytes() for name, file in sorted(licences.items())}


def demo_page(study: str | Path, notebook: Path, to: Path, *, language: str, seed: int) -> Page:
    """Build the kernel-free page of a study in one language.

    Parameters
    ----------
    study
        Folder of the study; it is checked before the notebook runs.
    notebook
        The notebook behind it.
    to
        The file.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    seed
        Seed of everything left to chance.

    Returns
    -------
    Page
        Where it is and how large.
    """
    read(study)
    return build_page(notebook, to, language=language, environment=_environment(study, seed))


def live_demo(
    study: str | Path,
    notebook: Path,
    *,
    language: str,
    port: int,
    open_browser: bool,
    seed: int,
    ready: Callable[[str], None],
) -> None:
    """Serve the demo with a live kernel on this machine until interrupted.

    Parameters
    ----------
    study
        Folder of the study; it is checked before the server starts.
    notebook
        The notebook behind it.
    language
        ``"en"``, ``"fi"`` or ``"sv"``.
    port
        Port to listen on.
    open_browser
        Whether to open a browser.
    seed
        Seed of everything left to chance.
    ready
        Called with the address once it answers.
    """
    read(study)
    serve_app(
        notebook,
        port=port,
        open_browser=open_browser,
        language=language,
        environment=_environment(study, seed),
        ready=ready,
    )


def present(study: str | Path, to: Path, notebooks: Path, *, seed: int, say: Callable[[str], None]) -> Iterator[str]:
    """Read a study, run the notebooks, write the decks and the pages.

    Parameters
    ----------
    study
        Folder of the study.
    to
        Folder of decks and pages; a ``talk.toml`` there is used.
    notebooks
        Folder of the notebooks; run copies go to ``build`` in it.
    seed
        Seed of everything left to chance.
    say
        Called with a line of progress.

    Yields
    ------
    str
        The closing lines: what was read, what was found, where the files are.

    Raises
    ------
    AmbassadorError
        If the study cannot be read, or a notebook stops.
    """
    began = time.monotonic()
    found = read(study)
    say(f"read {found}")
    settings = _settings(to / "talk.toml")
    with _remembering() as memory:
        tango = mutual_amplification(found, seed=seed)
        say(f"tested it: {tango.verdict.sentence('en')} ({time.monotonic() - began:.0f} s)")
        answers = assess_all(found, seed=seed, tango=tango)
        say(f"asked the {len(answers)} sayings ({time.monotonic() - began:.0f} s)")
        written = _run_all(to, notebooks, settings, _environment(study, seed) | memory, began, say)
    yield from _read_lines(found)
    yield from _found_lines(tango)
    yield f"verdict: {tango.verdict.sentence('en')}"
    yield from _board_lines(answers)
    yield (
        "written, each one file that needs no network (open it in any browser; in a deck press S for the notes), and "
        "beside each deck a version to be read:"
    )
    yield from (f"  {path}" for path in sorted(written))


@contextmanager
def _remembering() -> Iterator[dict[str, str]]:
    """Let all notebooks of a run find what one of them, or a command before them, has computed."""
    if given := os.environ.get(VARIABLE):
        yield {VARIABLE: given}
        return
    with tempfile.TemporaryDirectory(prefix="ambassador-net-") as folder:
        os.environ[VARIABLE] = folder
        try:
            yield {VARIABLE: folder}
        finally:
            del os.environ[VARIABLE]


def _run_all(
    to: Path,
    notebooks: Path,
    settings: TalkSettings,
    environment: dict[str, str],
    began: float,
    say: Callable[[str], None],
) -> list[Path]:
    jobs: dict[Future[Path], str] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for language in settings.languages:
            jobs[pool.submit(_deck, notebooks, to, language, settings, environment)] = f"deck ({language})"
            jobs[pool.submit(_page, notebooks, to, language, environment)] = f"page ({language})"
        for name in EXPLORING:
            jobs[pool.submit(_run, notebooks / f"{name}.ipynb", environment)] = f"notebook {name}"
        say(f"running {len(jobs)} notebooks, {_AT_ONCE} at a time")
        written = []
        for number, job in enumerate(as_completed(jobs), 1):
            try:
                path = job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            if not jobs[job].startswith("notebook"):
                written.append(path)
            say(f"[{number}/{len(jobs)}] {jobs[job]}: {path} ({time.monotonic() - began:.0f} s)")
    return written


def _deck(notebooks: Path, to: Path, language: str, settings: TalkSettings, environment: dict[str, str]) -> Path:
    target = to / f"tango.{language}.html"
    return build_talk(
        notebooks / "talk.ipynb", target, language=language, settings=settings, environment=environment
    ).path


def _page(notebooks: Path, to: Path, language: str, environment: dict[str, str]) -> Path:
    return build_page(
        notebooks / "demo.ipynb", to / f"demo.{language}.html", language=language, environment=environment
    ).path


def _run(notebook: Path, environment: dict[str, str]) -> Path:
    import nbformat

    node = execute(notebook, environment=environment)
    target = notebook.parent / "build" / notebook.name
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    try:
        return write_whole(text.encode("utf-8"), target, mode=0o666)
    except OSError as error:
        raise NotebookError(f"{target} cannot be written: {error.strerror}") from None


def _read_lines(study: Study) -> Iterator[str]:
    yield f"{study.title}{' (made-up data)' if study.made_up else ''}"
    used = ", ".join(f"{e.used:,} {e.table}" for e in study.ledger.entries)
    reasons: dict[str, int] = {}
    for entry in study.ledger.entries:
        for reason, n in entry.set_aside.items():
            reasons[reason] = reasons.get(reason, 0) + n
    aside = ", ".join(f"{n} ({reason})" for reason, n in sorted(reasons.items())) or "nothing"
    yield f"read: {used}; repeated: {sum(e.repeated for e in study.ledger.entries):,}; set aside: {aside}"


def _board_lines(answers: Sequence[Answer]) -> Iterator[str]:
    for kind in ("supported", "not_supported", "cannot_tell"):
        sayings = [answer.saying("en") for answer in answers if answer.verdict.answer == kind]
        if sayings:
            yield f"{words('verdict.' + kind, 'en').lower()}: {'; '.join(sayings)}"


def _found_lines(tango: Amplification) -> Iterator[str]:
    def seen(value: float | None, form: str = ",") -> str:
        return "not observed" if value is None else format(value, form)

    pairs, weights = tango.dyads, tango.reciprocity
    yield (
        f"shares: {tango.study['shares_used']:,} used, {tango.study['self_shares']:,} self-shares left out; people to "
        f"organisation {seen(pairs['person_to_organisation'])}, back {seen(pairs['organisation_to_person'])}"
    )
    yield (
        f"pairs with a share: {seen(pairs['with_a_share'])}, both sides observed {seen(pairs['both_sides_observed'])}, "
        f"mutual {seen(pairs['mutual'])}"
    )
    interval = "" if weights.interval is None else f" ({weights.interval[0]:.3f} to {weights.interval[1]:.3f})"
    yield f"reciprocity r_w: {seen(weights.r_w, '.3f')}{interval}"
    mixing = None if tango.mixing is None else tango.mixing.n1
    if mixing is not None and mixing.lift is not None and mixing.p is not None:
        yield (
            f"house mixing: {mixing.lift:.1f} times chance (p = {mixing.p:.4f}, "
            f"{mixing.permutations:,} shuffles); this shows belonging together, not answering"
        )
