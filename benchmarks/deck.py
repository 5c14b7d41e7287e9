"""The example talk as our deck, beside stock ``nbconvert --to slides`` of the same run notebook and marimo's slides.

    .venv/bin/python benchmarks/deck.py [RUNS]

Each deck is opened from a file in a fresh context of the installed Chromium, five times if RUNS is not given, with a
network and without one, at full speed and with the CPU slowed down four times. The network is this disk: what a deck
asks of its CDNs is answered from packages fetched from the npm registry into a temporary folder (marimo's from the
wheel), so that its times hold no distance and no queue. The first slide is there when reveal.js says it is ready, the
slide's heading has a size, the typefaces are loaded and one more frame was drawn. marimo is put into a temporary
environment and given the same contents slide by slide. What cannot be fetched is left out and named.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from playwright.sync_api import Browser, Request, Route
from playwright.sync_api import TimeoutError as TooLate

from ambassador_net.notebook import execute
from ambassador_net.talk.browser import open_browser
from ambassador_net.talk.exporter import AmbassadorSlidesExporter

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "talk.ipynb"
SLOWDOWNS = (1, 4)
PATIENCE_S = 20  # require.js itself gives up after 15

# the address that stock slides ask, the package, and the file in it where its name differs
CDN = "https://cdnjs.cloudflare.com/ajax/libs"
PACKAGES = {
    "https://unpkg.com/reveal.js@4.0.2/": ("reveal.js@4.0.2", ""),
    f"{CDN}/mathjax/2.7.7/": ("mathjax@2.7.7", ""),
    f"{CDN}/require.js/2.1.10/require.min.js": ("requirejs@2.1.10", "require.js"),
    # the oldest 2.x of the registry; 2.0.3 is on the CDN only
    f"{CDN}/jquery/2.0.3/jquery.min.js": ("jquery@2.1.0", "dist/jquery.min.js"),
}

LOOK = """
const drawn = (e) => e && e.getBoundingClientRect().width > 0;
const look = () => {
  const there = READY && document.fonts.status === 'loaded';
  requestAnimationFrame(there ? () => { document.documentElement.dataset.firstSlideMs = performance.now(); } : look);
};
look();
"""
REVEAL_IS_READY = "drawn(document.querySelector('.reveal.ready section.present :is(h1, h2)'))"
HEADING_IS_DRAWN = "drawn(document.querySelector('h1'))"

MARIMO_CELLS = """
@app.cell
def _(mo, slides):
    mo.vstack([mo.md(text) if kind == "md" else mo.Html(text) for kind, text in slides[{number}]])
"""
MARIMO_DECK = """
import marimo
app = marimo.App(layout_file="layouts/deck.slides.json")

@app.cell
def _():
    import json, pathlib
    import marimo as mo
    slides = json.loads(pathlib.Path({path!r}).read_text("utf-8"))
    return mo, slides
"""


@dataclass
class Deck:
    """A deck to open, where its CDNs' files lie, and when it shows its first slide."""

    name: str
    file: Path
    mirror: dict[str, Path] = field(default_factory=dict)
    ready: str = REVEAL_IS_READY


@dataclass
class Opening:
    """What one opening took."""

    seconds: float | None
    requests: int
    bytes: int
    missing: set[str]
    notes_seen: int


def cpu_s() -> float:
    """Give the CPU seconds of this process and of those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def timed(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Give the medians of wall and CPU seconds."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter(), cpu_s()
        work()
        taken.append((time.perf_counter() - began[0], cpu_s() - began[1]))
    return statistics.median(wall for wall, _ in taken), statistics.median(cpu for _, cpu in taken)


def mirrored(folder: Path) -> dict[str, Path]:
    """Fetch the packages, and give the files or folders that stand for addresses."""
    found = {}
    for address, (package, name) in PACKAGES.items():
        place = folder / package
        place.mkdir()
        subprocess.run(["npm", "pack", "--silent", package], cwd=place, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(place.glob("*.tgz"))) as archive:
            archive.extractall(place, filter="data")
        found[address] = place / "package" / name
    return found


def local(address: str, mirror: dict[str, Path]) -> Path | None:
    """Give the file that stands for an address."""
    for start, place in mirror.items():
        if address.startswith(start):
            file = place / address.removeprefix(start).split("?")[0] if place.is_dir() else place
            return file if file.is_file() else None
    return None


def opening(browser: Browser, deck: Deck, *, offline: bool, slowdown: int) -> Opening:
    """Open a deck with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=offline)
    found = Opening(None, 0, deck.file.stat().st_size, set(), 0)

    def answer(route: Route) -> None:
        file = None if offline else local(route.request.url, deck.mirror)
        if file is None:
            found.missing.add(route.request.url)
            route.abort("internetdisconnected")
        else:
            found.bytes += file.stat().st_size
            route.fulfill(path=file, headers={"access-control-allow-origin": "*"})

    def count(request: Request) -> None:
        found.requests += request.url.startswith("http")

    context.on("request", count)
    context.route(re.compile("^https?:"), answer)
    context.add_init_script(LOOK.replace("READY", deck.ready))
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(deck.file.as_uri(), wait_until="commit")
    try:
        slide = page.wait_for_selector("[data-first-slide-ms]", state="attached", timeout=PATIENCE_S * 1000)
        found.seconds = float(slide.get_attribute("data-first-slide-ms")) / 1000
        # what is still on its way counts too
        page.wait_for_load_state("networkidle")
    except TooLate:
        found.notes_seen = page.locator("aside.notes:visible").count()
    context.close()
    return found


def marimo_deck(node: NotebookNode, folder: Path) -> Deck:
    """Give marimo's export of the same slides."""
    slides: list[list[tuple[str, str]]] = []
    for cell in node.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind in ("skip", "notes") or "lang-fi" in cell.metadata.get("tags", []):
            continue
        if kind == "slide":
            slides.append([])
        shown = [out["data"].get("text/html") for out in cell.get("outputs", []) if "data" in out]
        slides[-1] += (
            [("md", cell.source)] if cell.cell_type == "markdown" else [("html", html) for html in shown if html]
        )
    (folder / "slides.json").write_text(json.dumps(slides), "utf-8")
    (folder / "layouts").mkdir()
    (folder / "layouts" / "deck.slides.json").write_text('{"type": "slides", "data": {}}', "utf-8")
    source = MARIMO_DECK.format(path=str(folder / "slides.json"))
    source += "".join(MARIMO_CELLS.format(number=number) for number in range(len(slides)))
    (folder / "deck.py").write_text(source, "utf-8")
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    for step in (
        [sys.executable, "-m", "venv", "env"],
        [str(python), "-m", "pip", "install", "--quiet", "marimo"],
        [str(python), "-m", "marimo", "export", "html", "deck.py", "--no-include-code", "-o", "deck.html"],
    ):
        subprocess.run(step, cwd=folder, check=True, capture_output=True)
    asked = "import marimo as m, marimo._templates as t; print(m.__version__, t.get_default_asset_url(), m.__file__)"
    said = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, check=True).stdout
    version, address, module = said.strip().split(maxsplit=2)
    mirror = {f"{address}/": Path(module).parent / "_static"}
    return Deck(f"marimo {version}, slides", folder / "deck.html", mirror, HEADING_IS_DRAWN)


def line(cells: list[object]) -> str:
    """Give a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def measured(browser: Browser, decks: list[Deck], runs: int) -> None:
    """Print the table of openings; the decks take turns, so that a busy machine slows all."""
    print(line(["deck", "network", "requests", "kB", *(f"first slide, CPU/{by}, s" for by in SLOWDOWNS)]))
    print("|---|---|---|---|---|---|")
    missing: set[str] = set()
    for offline in (False, True):
        found: dict[str, dict[int, list[Opening]]] = {deck.name: {by: [] for by in SLOWDOWNS} for deck in decks}
        for _ in range(runs):
            for deck in decks:
                for by, before in found[deck.name].items():
                    # what did not start once is not waited for again
                    if all(one.seconds is not None for one in before):
                        before.append(opening(browser, deck, offline=offline, slowdown=by))
        for deck in decks:
            last = found[deck.name][SLOWDOWNS[0]][-1]
            missing |= set() if offline else last.missing
            cells: list[object] = [deck.name, "off" if offline else "on", last.requests, round(last.bytes / 1000)]
            for openings in found[deck.name].values():
                seconds = [one.seconds for one in openings if one.seconds is not None]
                never = f"never ({PATIENCE_S} s), notes seen: {openings[-1].notes_seen}"
                cells.append(f"{statistics.median(seconds):.2f}" if len(seconds) == runs else never)
            print(line(cells), flush=True)
    for address in sorted(missing):
        print(f"not in the mirror: {address}")


def main() -> None:
    """Build the decks and open them."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, median of {runs}", flush=True)
    began = time.perf_counter(), cpu_s()
    node = execute(NOTEBOOK, environment={"AMBASSADOR_NET_LANGUAGE": "en"})
    print(f"the notebook, run once: {time.perf_counter() - began[0]:.1f} s, {cpu_s() - began[1]:.1f} CPU s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        decks = [Deck("ours", folder / "ours.html"), Deck("nbconvert --to slides", folder / "stock.html")]
        exporters = (AmbassadorSlidesExporter(language="en"), SlidesExporter(exclude_input=True))
        for deck, exporter in zip(decks, exporters, strict=True):

            def build(deck: Deck = deck, exporter: SlidesExporter = exporter) -> None:
                deck.file.write_text(exporter.from_notebook_node(node)[0], "utf-8")

            wall, cpu = timed(build, runs)
            print(f"{deck.name}, built of the run notebook: {wall:.2f} s, {cpu:.2f} CPU s")
        try:
            decks[1].mirror = mirrored(folder)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"stock slides are left out: no npm, or the registry did not answer ({error})")
            del decks[1]
        try:
            (folder / "marimo").mkdir()
            decks.append(marimo_deck(node, folder / "marimo"))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"marimo is left out: it could not be installed or did not export ({error})")
        with open_browser() as browser:
            measured(browser, decks, runs)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
