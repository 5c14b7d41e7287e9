# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools[woff]==4.68.0"]
# ///
"""Fetch what the package carries from npm, make the fonts matplotlib measures with, and write down hashes.

Run ``uv run scripts/vendor.py`` (or, with fonttools[woff] installed, ``python scripts/vendor.py``) after
changing a version below. npm must be installed. The files are stored as npm has them; whatever the exporter
changes, it changes while it builds.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from fontTools import merge
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ambassador_net"
FONT = "AtkinsonHyperlegibleNext"
WEIGHTS = {"Regular": 400, "Bold": 650}


@dataclass
class Vendored:
    """One npm package and where its files go."""

    name: str
    version: str
    licence: str
    licence_file: str
    home: str
    folder: Path
    files: dict[str, str]
    made: list[str] = field(default_factory=list)


REVEAL = Vendored(
    name="reveal.js",
    version="6.0.2",
    licence="MIT",
    licence_file="MIT-reveal.js.txt",
    home="https://revealjs.com",
    folder=PACKAGE / "talk" / "static",
    files={
        "dist/reset.css": "reset.css",
        "dist/reveal.css": "reveal.css",
        "dist/reveal.js": "reveal.js",
        "dist/plugin/notes.js": "plugin/notes.js",
    },
)

ATKINSON = Vendored(
    name="@fontsource-variable/atkinson-hyperlegible-next",
    version="5.3.0",
    licence="OFL-1.1",
    licence_file="OFL-1.1-AtkinsonHyperlegibleNext.txt",
    home="https://github.com/googlefonts/atkinson-hyperlegible-next",
    folder=PACKAGE / "looks" / "fonts",
    files={
        "files/atkinson-hyperlegible-next-latin-wght-normal.woff2": f"{FONT}-latin.woff2",
        "files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2": f"{FONT}-latin-ext.woff2",
    },
    made=[f"{FONT}-{style}.ttf" for style in WEIGHTS],
)


def fetch(package: Vendored, scratch: Path) -> Path:
    """Let npm download and verify one package; give the folder it was unpacked to."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; it comes with Node.js")
    target = scratch / hashlib.sha256(package.name.encode()).hexdigest()[:8]
    target.mkdir()
    subprocess.run(  # noqa: S603 - a fixed command, versions stand above
        [npm, "pack", "--silent", "--pack-destination", str(target), f"{package.name}@{package.version}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = target.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target / "package"


def static_font(folder: Path, scratch: Path, style: str, weight: int) -> None:
    """Cut one weight from the two variable subsets and join them: matplotlib reads neither woff2 nor axes."""
    parts = []
    for subset in ("latin", "latin-ext"):
        font = TTFont(folder / f"{FONT}-{subset}.woff2")
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True, updateFontNames=False)
        font.flavor = None
        # merging variable-font leftovers fails, and nothing that measures or draws plain text reads them
        for table in ("STAT", "HVAR", "MVAR", "GDEF", "GSUB"):
            if table in font:
                del font[table]
        path = scratch / f"{style}-{subset}.ttf"
        font.save(path)
        parts.append(str(path))
    joined = merge.Merger().merge(parts)
    names = {
        1: "Atkinson Hyperlegible Next",
        2: style,
        4: f"Atkinson Hyperlegible Next {style}",
        6: f"{FONT}-{style}",
    }
    for number, text in names.items():
        joined["name"].setName(text, number, 3, 1, 0x409)
    for number in (16, 17, 25):
        joined["name"].removeNames(nameID=number)
    joined["OS/2"].usWeightClass = weight
    # the same bytes from the same input, whenever it is run
    joined["head"].created = joined["head"].modified = 0
    joined.recalcTimestamp = False
    joined.save(folder / f"{FONT}-{style}.ttf")


def write_down(package: Vendored) -> None:
    """Write VENDORED.toml: name, version, licence and the hash of each file."""
    lines = [
        "# Written by scripts/vendor.py; a test compares the hashes.",
        f'name = "{package.name}"',
        f'version = "{package.version}"',
        f'licence = "{package.licence}"',
        f'licence_file = "LICENSES/{package.licence_file}"',
        f'home = "{package.home}"',
        "",
        "[sha256]",
    ]
    for name in sorted([*package.files.values(), *package.made]):
        lines.append(f'"{name}" = "{hashlib.sha256((package.folder / name).read_bytes()).hexdigest()}"')
    (package.folder / "VENDORED.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Vendor every package."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for package in (REVEAL, ATKINSON):
            source = fetch(package, scratch)
            for theirs, ours in package.files.items():
                (package.folder / ours).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / theirs, package.folder / ours)
            shutil.copyfile(source / "LICENSE", ROOT / "LICENSES" / package.licence_file)
            if package is ATKINSON:
                for style, weight in WEIGHTS.items():
                    static_font(package.folder, scratch, style, weight)
            write_down(package)


if __name__ == "__main__":
    main()
