r"""Formulas become drawings when the deck is built: no script sets them when it is shown.

MathJax 3 in Node sets them where the one who builds has both and says so; otherwise ziamath, in Python. What
an engine cannot set it refuses by name, and the formula is then shown as it was written: ziamath by itself
draws ``\label``, ``\nonumber``, unknown commands and the rules of an array wrongly without a word.
"""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ambassador_net.errors import TalkError

MATHJAX_VARIABLE = "AMBASSADOR_NET_MATHJAX"
"""Environment variable with the folder of npm's ``mathjax`` 3, such as ``node_modules/mathjax``."""

_MATHJAX_SECONDS = 120

# The letters of both engines are a little smaller than those of the deck's typeface.
_SCALE = 1.08

_MATHJAX = r"""
const path = require("path");
const folder = process.argv[1];
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
require(path.join(folder, "es5", "node-main.js")).init({
  loader: { load: ["input/tex-full", "output/svg"] },
  // commands that are not known are faults, and none may fetch, link or style
  tex: {
    packages: { "[-]": ["noundefined", "noerrors", "require", "autoload", "html", "bbox", "unicode"] },
    tags: "none",
  },
  svg: { fontCache: "none" },
  startup: { typeset: false },
}).then((MathJax) => {
  const set = ([tex, display]) => {
    try {
      const svg = MathJax.startup.adaptor.innerHTML(MathJax.tex2svg(tex, { display }));
      const fault = /data-mjx-error="([^"]*)"/.exec(svg);
      return fault ? { fault: fault[1] } : { svg };
    } catch (error) {
      return { fault: String(error.message ?? error) };
    }
  };
  process.stdout.write(JSON.stringify(formulas.map(set)));
}).catch((error) => { process.stderr.write(String(error?.message ?? error)); process.exit(1); });
"""


@dataclass(frozen=True)
class Formula:
    """A formula of a notebook.

    Attributes
    ----------
    tex
        TeX without its dollars.
    display
        Whether it stands on lines of its own.
    """

    tex: str
    display: bool

    @property
    def written(self) -> str:
        """The formula as it is written in a notebook."""
        dollars = "$$" if self.display else "$"
        return self.tex if self.tex.startswith(r"\begin") else f"{dollars}{self.tex}{dollars}"

    @property
    def label(self) -> str:
        """What a screen reader says."""
        return " ".join(self.tex.split())


@dataclass(frozen=True)
class Drawn:
    """A formula as it was set, or why it was not.

    Attributes
    ----------
    svg
        The drawing, in the colour of the words around it and as large as they are; empty for a formula that
        only defines something.
    fault
        Why there is none.
    """

    svg: str = ""
    fault: str = ""


def typeset(formulas: Sequence[Formula], mathjax: str = "") -> list[Drawn]:
    """Set formulas.

    Parameters
    ----------
    formulas
        In the order of the notebook: what one defines holds for those after it.
    mathjax
        The folder of npm's ``mathjax`` 3; empty to use ziamath.

    Returns
    -------
    list of Drawn
        As many, in the same order.

    Raises
    ------
    TalkError
        If MathJax was asked for and does not answer.
    """
    if not formulas:
        return []
    given = list(dict.fromkeys(formulas))
    if mathjax:
        drawn = _by_mathjax(given, Path(mathjax))
    elif find_spec("ziamath") is not None:
        drawn = [_by_ziamath(formula) for formula in given]
    else:
        drawn = [Drawn(fault="setting formulas needs ziamath: pip install 'ambassador-net[talk]'")] * len(given)
    by_formula = dict(zip(given, drawn, strict=True))
    return [by_formula[formula] for formula in formulas]


def mathjax_folder() -> str:
    """Give the folder of MathJax that the environment names.

    Returns
    -------
    str
        The folder, or nothing. A folder beside the notebook is not looked for: what comes with somebody's
        notebook would then be run.
    """
    return os.environ.get(MATHJAX_VARIABLE, "")


def _by_mathjax(formulas: Sequence[Formula], folder: Path) -> list[Drawn]:
    node = shutil.which("node")
    if node is None:
        raise TalkError("MathJax was asked for, and there is no `node` on the PATH; install Node, or ask for none")
    try:
        version = json.loads((folder / "package.json").read_text("utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        version = ""
    if not version.startswith("3."):
        raise TalkError(
            f"{folder} is not npm's mathjax 3 (found {version or 'no package.json'}); npm install mathjax@3, and name "
            f"its folder node_modules/mathjax"
        )
    asked = [[_without_numbers(formula.tex), formula.display] for formula in formulas]
    try:
        answer = subprocess.run(  # noqa: S603 - our own script; the formulas go to its standard input
            [node, "-e", _MATHJAX, str(folder.resolve())],
            input=json.dumps(asked),
            capture_output=True,
            encoding="utf-8",
            timeout=_MATHJAX_SECONDS,
            check=True,
        )
        found: list[dict[str, str]] = json.loads(answer.stdout)
    except subprocess.TimeoutExpired:
        raise TalkError(f"MathJax took longer than {_MATHJAX_SECONDS} s; one of the formulas may never end") from None
    except (subprocess.CalledProcessError, ValueError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise TalkError(f"MathJax in {folder} did not answer: {said.strip()[:200]}") from None
    return [
        Drawn(fault=f"MathJax says: {one['fault']}") if "fault" in one else _placed(one["svg"], formula, units=1000)
        for one, formula in zip(found, formulas, strict=True)
    ]


_NUMBERING = re.compile(r"\\(?:nonumber|notag)\b|\\label\s*\{[^{}]*\}")
_TAG = re.compile(r"\\tag\s*\*?\s*\{([^{}]*)\}")
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather)\}")
_WHOLE = re.compile(r"^\s*\\begin\{(equation|displaymath|math)(\*?)\}(.*)\\end\{\1\2\}\s*$", re.DOTALL)


def _without_numbers(tex: str) -> str:
    r"""Take out what only numbers formulas: a deck numbers none. A ``\tag`` is written behind its line."""
    return _TAG.sub(r"\\qquad\\text{(\1)}", _NUMBERING.sub("", tex))


def _by_ziamath(formula: Formula) -> Drawn:
    tex = _without_numbers(formula.tex)
    whole = _WHOLE.match(tex)
    tex = _NUMBERED.sub(r"\\\1{\2*}", whole[3] if whole else tex).strip()
    fault = _wrong_in_ziamath(tex)
    if fault:
        return Drawn(fault=f"{fault}; MathJax can: npm install mathjax@3, and set {MATHJAX_VARIABLE}")
    try:
        with _OwnSettings():
            from ziamath.tex import tex2mml
            from ziamath.zmath import Latex

            if unknown := _unread(tex2mml(tex, inline=not formula.display)):
                return Drawn(fault=f"ziamath does not know {unknown}; MathJax may: set {MATHJAX_VARIABLE}")
            svg = Latex(tex, size=24, color="currentColor", inline=not formula.display).svg()
    except Exception as error:
        return Drawn(fault=f"ziamath cannot set it ({type(error).__name__}); is it complete?")
    return _placed(svg, formula, units=24)


_RULES = re.compile(r"\\begin\{(?:array|tabular)\}\s*(?:\[[^\]]*\])?\s*\{([^{}]*)")
_LONGEST = 2000
_ENVIRONMENTS = frozenset(
    {"align", "aligned", "array", "cases", "gather", "gathered", "split"}
    | {f"{fence}matrix" for fence in ("", "small", "p", "b", "B", "v", "V")}
)
_NOT_IN_ZIAMATH = re.compile(
    r"\\(hline|cline|hdashline|eqref|ref|newcommand|renewcommand|def|let|DeclareMathOperator|href|url|require|intertext"
    r"|multicolumn|includegraphics|class|cssId|style|unicode|bbox)\b"
)


def _wrong_in_ziamath(tex: str) -> str:
    """Name what ziamath would draw wrongly without a word, or hardly ever come to the end of."""
    if len(tex) > _LONGEST:
        return f"ziamath is not given more than {_LONGEST} characters"
    if found := _NOT_IN_ZIAMATH.search(tex):
        return f"ziamath cannot set \\{found[1]}"
    for environment in re.findall(r"\\begin\s*\{([^{}]*)\}", tex):
        if environment.rstrip("*") not in _ENVIRONMENTS:
            return f"ziamath cannot set {environment}"
    for columns in _RULES.findall(tex):
        if set(columns) - set("lcr "):
            return "ziamath cannot draw the rules of an array"
    if re.search(r"\\\\\s*\[", tex):
        return r"ziamath cannot set \\[..], a distance between lines"
    return ""


def _unread(mathml: str | ET.Element) -> str:
    """Give the first command that the converter handed on as a word."""
    root = ET.fromstring(mathml) if isinstance(mathml, str) else mathml  # noqa: S314 - see above
    for element in root.iter():
        said = (element.text or "").strip()
        if said.startswith("\\") and len(said) > 1:
            return said.split()[0]
    return ""


class _OwnSettings:
    """Sets ziamath for us, and puts it back: somebody else may be using it in this process."""

    def __enter__(self) -> None:
        from ziafont.config import config as of_font
        from ziamath.config import config as of_math

        self._configs = (of_math, of_font)
        # every path where it is drawn: no ids that would have to be told apart
        self._before = (of_math.svg2, of_font.svg2, of_font.precision)
        self._set(False, False, 2)

    def __exit__(self, *error: object) -> None:
        self._set(*self._before)

    def _set(self, math_svg2: bool, font_svg2: bool, precision: float) -> None:
        of_math, of_font = self._configs
        of_math.svg2, of_font.svg2, of_font.precision = math_svg2, font_svg2, precision


_ROOT = re.compile(r"<svg\b[^>]*>")
_BOX = re.compile(r'viewBox="(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+)"')


def _placed(svg: str, formula: Formula, *, units: float) -> Drawn:
    """Size a drawing by the words around it and stand it on their line; both engines draw the line at y = 0."""
    box = _BOX.search(svg)
    if box is None:
        return Drawn(fault="it has no size of its own")
    left, top, width, height = map(float, box.groups())
    if width <= units * 0.02:
        return Drawn()
    em = _SCALE / units
    style = f"vertical-align: {-(top + height) * em:.3f}em"
    root = (
        f'<svg class="tex" role="img" width="{width * em:.3f}em" height="{height * em:.3f}em" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}" style="{style}">'
    )
    return Drawn(svg=root + svg[_ROOT.search(svg).end() :])  # type: ignore[union-attr] # it had a viewBox
