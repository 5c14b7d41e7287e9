"""What is asked of every page for the audience."""

from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
UNTIL_STILL = """async () => {
  for (let still = 0; still < 10; still = document.getAnimations().length ? 0 : still + 1) {
    await new Promise(requestAnimationFrame);
  }
}"""


def faults(page: Page) -> list[str]:
    """Give what axe-core finds wrong."""
    # what is still fading in has another contrast, and parts may appear one after another
    page.evaluate(UNTIL_STILL)
    # evaluated, not added as a script: the page's own policy would stop that
    page.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{fault['id']}: {node['html'][:100]}" for fault in found["violations"] for node in fault["nodes"]]


def overflow(page: Page) -> int:
    """Give by how many pixels the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide
