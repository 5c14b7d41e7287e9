"""What a hall sees: the guess that reaches the wall, the wall itself, a kernel that ends, a place that becomes free."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from page_checks import faults, overflow
from serving import Hall, ask, guess, until

BEAMER = {"width": 1920, "height": 1080}
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def visit(browser: Browser, hall_of_two: Hall) -> Iterator[Callable[..., Page]]:
    """Open an address of the hall; nothing may be asked of others, and nothing may be stopped by a policy."""
    with ExitStack() as opened:
        wrong: list[str] = []

        def open_page(path: str, *, width: int = 1280, height: int = 800, **more: Any) -> Page:
            context = browser.new_context(viewport={"width": width, "height": height}, **more)
            opened.callback(context.close)
            context.on(
                "request",
                lambda asked: (
                    None if asked.url.startswith((hall_of_two.address, "data:", "blob:")) else wrong.append(asked.url)
                ),
            )
            context.on("weberror", lambda error: wrong.append(str(error.error)))
            page = context.new_page()
            page.goto(hall_of_two.address + path)
            return page

        yield open_page
        assert wrong == []


def bars(page: Page, question: str) -> list[int]:
    heights: list[int] = page.locator(f"#{question} .bars > span").evaluate_all("all => all.map(b => b.offsetHeight)")
    return heights


def test_a_guess_on_a_phone_reaches_the_wall(visit: Callable[..., Page], hall_of_two: Hall) -> None:
    wall = visit("wall?lang=en", **BEAMER)
    wall.locator("#mutual summary").click()
    # the hall may have guessed before, in other tests
    before = {
        row.locator("th").inner_text(): int(row.locator("td").inner_text())
        for row in wall.locator("#mutual tbody tr").all()
    }
    phone = visit("", **PHONE, has_touch=True, is_mobile=True, locale="en-GB")
    slider = phone.get_by_role("slider").first
    slider.fill("62")
    phone.get_by_role("button", name="Show me").first.tap()
    after = before | {"60–64": before["60–64"] + 1}
    expect(wall.locator("#mutual tbody tr", has_text="60–64").locator("td")).to_have_text(str(after["60–64"]))
    # once: whoever looks again does not guess again
    assert bars(wall, "mutual")[12] > 0
    most = max(after, key=after.__getitem__)
    expect(wall.locator("#mutual .picture")).to_have_attribute(
        "aria-label", f"Guesses: {sum(after.values())}; most at {most}"
    )


def test_answer_is_hidden_until_the_speaker_shows_it(visit: Callable[..., Page], hall_of_two: Hall) -> None:
    page = visit("wall?lang=fi", **BEAMER)
    answer, mark = page.locator("#mutual .answer"), page.locator("#mutual .mark b")
    expect(answer).to_be_hidden()
    expect(mark).to_be_hidden()
    assert "42" not in page.locator("main").inner_text()
    page.keyboard.press("a")
    expect(answer).to_have_text("Tässä aineistossa: 42")
    expect(mark).to_be_visible()
    expect(page.locator("#mutual .picture")).to_have_attribute("aria-label", re.compile("42$"))
    button = page.get_by_role("button", name="Piilota vastaus")
    button.click()
    expect(answer).to_be_hidden()
    # nothing jumps when the answer comes
    before = page.locator("#mutual .bars").bounding_box()
    page.keyboard.press("A")
    expect(answer).to_be_visible()
    assert page.locator("#mutual .bars").bounding_box() == before
    line, box = page.locator("#mutual .mark").bounding_box(), page.locator("#mutual .bars").bounding_box()
    assert line is not None
    assert box is not None
    assert (line["x"] - box["x"]) / box["width"] == pytest.approx(0.42, abs=0.01)


def test_wall_fills_up_without_being_loaded_again(visit: Callable[..., Page], hall_of_two: Hall) -> None:
    page = visit("wall", **BEAMER, locale="sv-SE")
    page.evaluate("window.stays = true")
    before = int(page.locator("#times tbody td").evaluate_all("all => all.reduce((n, c) => n + +c.textContent, 0)"))
    for value in (3, 9, 9, 14):
        assert guess(hall_of_two.address, "times", value).status == 204
    expect(page.locator("#times .count")).to_have_text(f"Gissningar: {before + 4}")
    assert page.evaluate("window.stays")
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.bars span')).transitionDuration") == "0s"
    # a server that is away is said once, and found again
    page.context.set_offline(True)
    expect(page.locator(".trouble")).to_have_text("Ingen kontakt med servern. Försöker igen.")
    page.context.set_offline(False)
    expect(page.locator(".trouble")).to_have_text("")


@pytest.mark.parametrize("path", ["wall", "invite", "no/such/page"])
@pytest.mark.parametrize("screen", [BEAMER, PHONE, {"width": 320, "height": 640}], ids=["beamer", "phone", "narrow"])
def test_what_the_speaker_shows_fits_and_is_accessible(
    visit: Callable[..., Page], hall_of_two: Hall, path: str, screen: dict[str, int]
) -> None:
    page = visit(f"{path}?lang=fi", **screen)
    for language in ("fi", "en", "sv"):
        page.goto(f"{hall_of_two.address}{path}?lang={language}")
        assert page.evaluate("document.documentElement.lang") == language
        page.keyboard.press("a")
        assert overflow(page) == 0
        if screen is BEAMER:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page) == []
    for target in page.locator("a, button, summary").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 48


def test_invitation_leads_to_the_page(visit: Callable[..., Page], hall_of_two: Hall) -> None:
    page = visit("invite?lang=en", **BEAMER)
    assert page.locator(".address").inner_text().strip() == hall_of_two.shown
    code = page.get_by_role("img", name=f"Code to scan with a phone: {hall_of_two.shown}")
    box = code.bounding_box()
    assert box is not None
    assert box["height"] > 500


def live(page: Page) -> Page:
    page.wait_for_selector(".ambassador-demo", timeout=120_000)
    return page


def has_place(hall: Hall) -> bool:
    return b"true" in ask(f"{hall.address}places.json").body


def test_a_kernel_that_ends_is_said_and_the_page_without_is_offered(
    visit: Callable[..., Page], hall_of_two: Hall
) -> None:
    assert until(lambda: has_place(hall_of_two))
    page = live(visit("live/", **PHONE, locale="fi-FI"))
    notice = page.locator("#ended")
    expect(notice).to_be_hidden()
    assert page.locator("html").get_attribute("data-page") == "/"
    # in the visitor's language all around, though all kernels are alike
    assert page.evaluate("document.documentElement.lang") == "fi"
    expect(page.locator(".prose:visible")).to_have_attribute("lang", "fi")
    expect(page.get_by_role("link", name="Takaisin kaikkien sivulle")).to_be_visible()
    for kernel in hall_of_two.kernels():
        kernel.kill()
    expect(notice).to_be_visible(timeout=30_000)
    expect(notice).to_contain_text("Live-versio on pysähtynyt")
    expect(notice).to_be_focused()
    assert notice.locator(".said:visible").count() == 1
    assert faults(page) == []
    assert overflow(page) == 0
    page.get_by_role("link", name="Avaa sivu").click()
    expect(page.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "page")
    assert page.url == hall_of_two.address


def test_who_finds_no_place_is_told_of_a_free_one_and_loses_nothing(
    visit: Callable[..., Page], hall_of_two: Hall
) -> None:
    assert until(lambda: has_place(hall_of_two))
    first = live(visit("live/"))
    assert until(lambda: has_place(hall_of_two))
    second = live(visit("live/"))
    late = visit("live/", **PHONE, locale="en-GB")
    expect(late.locator(".places")).to_contain_text("All live places are taken just now.")
    expect(late.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "page")
    expect(late.get_by_role("link", name="A place is free")).to_have_count(0)
    late.get_by_role("slider").first.fill("17")
    ask_again = late.get_by_role("button", name="Is a place free now?")
    ask_again.click()
    expect(late.get_by_role("status").filter(visible=True).first).to_have_text("Not yet: all places are still taken.")
    assert faults(late) == []
    assert overflow(late) == 0
    # a closing page says so, and its place is free at once
    first.close(run_before_unload=True)
    second.close(run_before_unload=True)
    assert until(lambda: has_place(hall_of_two))
    ask_again.click()
    link = late.get_by_role("link", name="A place is free: open the live version")
    expect(link).to_be_focused()
    # the page was not loaded again
    expect(late.get_by_role("slider").first).to_have_value("17")
    link.click()
    live(late)
    expect(late.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "kernel")
    expect(late.get_by_role("link", name="Back to the page for everybody")).to_have_attribute("href", "/")
