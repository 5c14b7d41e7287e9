"""Anybody's notebook in a browser without a network: drawn whole, silent, and nothing runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_notebook
from playwright.sync_api import Page

import ambassador_net
from ambassador_net.app.payload import payload
from ambassador_net.looks.modules import widget_module
from ambassador_net.talk.exporter import AmbassadorSlidesExporter
from demo_study import demo_study
from foreign import HOSTILE_METADATA, VIEW, hostile_cells, large_notebook, prose, shown


def opened(open_file: Callable, path: Path, notebook):
    html, _ = AmbassadorSlidesExporter().from_notebook_node(notebook)
    path.write_text(html, encoding="utf-8")
    seen = open_file(path)
    dialogs: list[str] = []
    seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    seen.page.reload()
    seen.page.wait_for_function("document.documentElement.dataset.fitted !== undefined")
    return seen, dialogs


# what reaches beyond the slide or into the foot, and slides that show nothing
MEASURE = """() => [...document.querySelectorAll('.slides > section')].flatMap((section, number) => {
  Reveal.slide(number, 0, 99);
  const scale = Reveal.getScale(), body = section.querySelector('.body');
  const box = body.getBoundingClientRect(), faults = [];
  const name = (e) => `${number + 1}: ${e.tagName} ${e.textContent.trim().slice(0, 30)}`;
  const seen = [...body.querySelectorAll('*')].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width && r.height && !e.closest('defs, symbol, marker, svg *, tr *') && !e.matches('br');
  });
  if (!seen.length) faults.push(`${number + 1}: shows nothing`);
  for (const e of seen) {
    const r = e.getBoundingClientRect();
    if (r.right > box.right + 2 * scale || r.bottom > box.bottom + 2 * scale || r.left < box.left - 2 * scale)
      faults.push(name(e));
  }
  if (section.querySelectorAll('.body :is(h1, h2)').length !== 1) faults.push(`${number + 1}: no title, or two`);
  return faults;
})"""


# as the browser reads it, not as a parser of ours does
DANGEROUS = r"""() => [...document.querySelectorAll('.slides *')].filter((e) =>
  e.matches('script, style, iframe, object, embed, link, meta, base, form, foreignObject, animate, set')
  || [...e.attributes].some(({ name, value }) => /^on/i.test(name)
    || (/^(href|src|action)$/i.test(name) && /^\s*(javascript|vbscript|data:text)/i.test(value)))).length"""


def faults(page: Page) -> list[str]:
    return page.evaluate(MEASURE)


@pytest.mark.parametrize("kind", ["large", "hostile"])
def test_foreign_notebook_is_drawn_whole_and_silent(kind, open_file, tmp_path):
    notebook = large_notebook() if kind == "large" else new_notebook(cells=hostile_cells(), metadata=HOSTILE_METADATA)
    seen, dialogs = opened(open_file, tmp_path / f"{kind}.html", notebook)
    assert faults(seen.page) == []
    assert dialogs == []
    assert seen.requests == []
    assert seen.errors == []
    assert seen.page.evaluate("Reveal.getTotalSlides()") > 8
    assert seen.page.evaluate(DANGEROUS) == 0


def test_measure_sees_what_is_too_large_where_nothing_shrinks_it(open_file, tmp_path):
    seen, _ = opened(open_file, tmp_path / "large.html", large_notebook())
    seen.page.evaluate("for (const part of document.querySelectorAll('.body > *')) part.style.fontSize = '60px'")
    assert faults(seen.page)


@pytest.mark.usefixtures("_remembering")
def test_our_widget_lives_on_a_slide(open_file, tmp_path):
    shown_first = payload(ambassador_net.mutual_amplification(demo_study(), seed=1))
    state = {"_esm": widget_module(), "payload": shown_first, "language": "en", "house": -1, "guess": -1, "answer": {}}
    states = {"m": {"model_name": "AnyModel", "state": state}}
    cell = shown({VIEW: {"model_id": "m"}, "text/plain": "Demo()"})
    notebook = new_notebook(
        cells=[prose("## The demo", "slide"), cell],
        metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {"state": states}}},
    )
    seen, _ = opened(open_file, tmp_path / "demo.html", notebook)
    page = seen.page
    assert page.locator("section .widget button").count() > 2
    slider = page.locator("section .widget input[type=range]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices().h") == 0
    box = page.locator("section .widget").bounding_box()
    assert box["height"] > 200
    assert box["y"] + box["height"] <= 720
    assert seen.errors == []
    assert seen.requests == []
