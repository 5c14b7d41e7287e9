"""The page for everybody on a slow phone: how soon it is there, and how soon it answers.

    .venv/bin/python benchmarks/page.py [RUNS]

The page of the example study is opened from a file in a fresh context of the installed Chromium, 360 x 740 with touch,
the CPU slowed down four times, five times if RUNS is not given. It is usable when the first question's button has a
size, the typefaces are loaded and one more frame was drawn. An answer is there when the frame after it was drawn:
after a guess, after each house that is chosen, after each language.
"""

import gzip
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from ambassador_net.app import build_page
from ambassador_net.talk.browser import open_browser

ROOT = Path(__file__).resolve().parents[1]
SLOWDOWN = 4
HOUSES = 8

USABLE = """
const look = () => {
  const button = document.querySelector('.ask.mutual button');
  const there = button && button.getBoundingClientRect().width > 0 && document.fonts.status === 'loaded';
  requestAnimationFrame(there ? () => { document.documentElement.dataset.usableMs = performance.now(); } : look);
};
look();
"""
# the frame that shows the answer was drawn when the one after it begins
ANSWERED = """async ([selector, value]) => {
  const element = document.querySelector(selector), start = performance.now();
  if (value === null) element.click();
  else { element.value = value; element.dispatchEvent(new Event('change', { bubbles: true })); }
  const frame = () => new Promise(requestAnimationFrame);
  await frame(); await frame();
  return performance.now() - start;
}"""


def measure(browser: Browser, page_file: Path) -> dict[str, list[float]]:
    """Open the page once, and use it."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, offline=True, locale="fi-FI"
    )
    page = context.new_page()
    page.add_init_script(USABLE)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(page_file.as_uri())
    page.wait_for_selector("html[data-usable-ms]", timeout=60_000)
    found = {"usable": [float(page.locator("html").get_attribute("data-usable-ms") or "nan")]}
    found["guess"] = [answered(page, f".ask.{question} button") for question in ("mutual", "times")]
    # what waits for a free moment is drawn before the clock starts
    page.locator(".board").wait_for()
    page.wait_for_timeout(2000)
    houses = page.locator(".choose select option").count()
    found["house"] = [answered(page, ".choose select", str(n)) for n in range(min(HOUSES, houses - 1))]
    found["language"] = [answered(page, f".languages button:nth-of-type({n})") for n in (2, 3, 1)]
    context.close()
    return found


def answered(page: Page, selector: str, value: str | None = None) -> float:
    """Click or choose, and give the milliseconds until the answer is drawn."""
    took: Any = page.evaluate(ANSWERED, [selector, value])
    return float(took)


def main() -> None:
    """Measure, and print a table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        environment = {"AMBASSADOR_NET_STUDY": str(ROOT / "data" / "example")}
        built = build_page(ROOT / "notebooks" / "demo.ipynb", Path(name) / "page.html", environment=environment).path
        content = built.read_bytes()
        print(f"{len(content) / 1000:.1f} kB, {len(gzip.compress(content, 9)) / 1000:.1f} kB gzip")
        with open_browser() as browser:
            found = [measure(browser, built) for _ in range(runs)]
    print(f"load {os.getloadavg()[0]:.1f}")
    for what in found[0]:
        of_runs = [statistics.median(one[what]) for one in found]
        middle, worst = statistics.median(of_runs), max(value for one in found for value in one[what])
        print(f"{what:10} ms: median {middle:5.0f}, worst {worst:5.0f}; runs {sorted(map(round, of_runs))}")


if __name__ == "__main__":
    main()
