"""The page without a kernel, in a browser without a network: by touch and by keyboard, in three languages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import ambassador_net as an
from demo_study import HOSTILE, demo_study
from page_checks import faults, overflow

PHONE = {"width": 360, "height": 740, "touch": True}
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def tango() -> an.Amplification:
    return an.mutual_amplification(demo_study(), seed=1)


def cells(page: Page, table: str) -> list[str]:
    return page.locator(f".house table.{table} td").all_inner_texts()


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_opens_from_a_file_and_asks_for_nothing(open_file: Callable[..., Any], built: Path, screen: Any) -> None:
    opened = open_file(built, **screen)
    expect(opened.page.get_by_role("heading", level=1)).to_have_text("Is employee advocacy a tango?")
    expect(opened.page.locator(".data")).to_have_text("Made-up data, no real people: A small demo & more")
    expect(opened.page.locator(".ambassador-demo")).to_have_attribute("data-answered-by", "page")
    opened.page.evaluate("document.fonts.ready")
    assert opened.page.evaluate("document.fonts.check('18px \"Atkinson Hyperlegible Next\"')")
    assert opened.requests == []
    assert opened.errors == []
    assert overflow(opened.page) == 0


def test_guess_then_the_answer_beside_it(open_file: Callable[..., Any], built: Path, tango: an.Amplification) -> None:
    page = open_file(built, **PHONE).page
    expect(page.locator(".answered")).to_be_hidden()
    expect(page.locator(".verdict")).to_be_hidden()
    slider = page.get_by_role("slider")
    slider.fill("12")
    expect(page.locator(".ask .number")).to_have_text("12")
    page.get_by_role("button", name="Show me").tap()
    numbers = page.locator(".answered dd")
    assert tango.mutual_per_100 is not None
    expect(numbers).to_have_text([f"{tango.mutual_per_100:.0f}", "12"])
    picture = page.locator(".answered svg")
    expect(picture).to_have_attribute("aria-label", re.compile(r"42 of 100 in these data; your guess 12$"))
    expect(page.locator(".answered h2")).to_be_focused()
    expect(page.locator(".house h2")).to_have_text("The whole study")
    expect(page.locator(".verdict strong")).to_have_text(tango.verdict.sentence("en"))


def test_a_house_is_chosen_by_touch(open_file: Callable[..., Any], built: Path, tango: an.Amplification) -> None:
    opened = open_file(built, **PHONE)
    page = opened.page
    select = page.get_by_role("combobox", name="Choose a house")
    # the study as a whole would give the answer to the guess away
    assert "The whole study" not in select.inner_text()
    select.tap()
    select.select_option(label="Metsälä Institute")
    house = tango.houses.set_index("organisation").loc["Metsälä Institute"]
    assert cells(page, "shares")[0] == str(int(house["person_to_organisation"]))
    assert cells(page, "states") == [str(int(house[s])) for s in ("mutual", "person_only", "organisation_only")]
    first = page.locator(".heard").inner_text()
    select.select_option(label="Unseen Foundation")
    assert cells(page, "shares") == ["17", "not known", "not observed", "not observed"]
    assert cells(page, "states") == ["not observed"] * 3 + ["6"]
    labels = [svg.get_attribute("aria-label") for svg in page.locator('.house svg[role="img"]').all()]
    assert all(label is not None and "not observed" in label for label in labels)
    assert len(labels) == 2
    assert "Metsälä Institute" in first
    assert "Unseen Foundation" in page.locator(".heard").inner_text()
    assert opened.errors == []


def test_a_house_is_chosen_by_keyboard(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **LAPTOP).page
    slider, select = page.get_by_role("slider"), page.get_by_role("combobox")
    for _ in range(12):
        page.keyboard.press("Tab")
        if slider.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ask .number")).to_have_text("51")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".answered dd").last).to_have_text("51")
    # one step a saying of the board, then the choice
    sayings = page.locator(".board summary").count()
    for step in range(sayings + 1):
        page.keyboard.press("Tab")
        if step == 0:
            page.keyboard.press("Enter")
            expect(page.locator(".board details").first).to_have_attribute("open", "")
    expect(select).to_be_focused()
    before = cells(page, "shares")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".house h2")).to_have_text(HOSTILE)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".house h2")).to_have_text("Metsälä Institute")
    assert cells(page, "shares") != before
    expect(select).to_be_focused()


def test_a_hostile_name_stays_a_name(open_file: Callable[..., Any], built: Path) -> None:
    opened = open_file(built, **LAPTOP)
    opened.page.get_by_role("combobox").select_option(label=HOSTILE)
    expect(opened.page.locator(".house h2")).to_have_text(HOSTILE)
    assert opened.page.locator("img").count() == 0
    assert opened.page.title() == "Is employee advocacy a tango?"
    assert opened.errors == []


@pytest.mark.parametrize(
    ("language", "name", "title", "number"),
    [
        ("fi", "Suomi", "Onko työntekijälähettilyys tangoa?", "21,7"),
        ("sv", "Svenska", "Är ambassadörskap en tango?", "21,7"),
        ("en", "English", "Is employee advocacy a tango?", "21.7"),
    ],
)
def test_language_switch_changes_everything(
    open_file: Callable[..., Any], built: Path, language: str, name: str, title: str, number: str
) -> None:
    page = open_file(built, **PHONE).page
    page.get_by_role("button", name="Show me").tap()
    page.get_by_role("combobox").select_option(label="Metsälä Institute")
    button = page.get_by_role("button", name=name)
    button.tap()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert page.title() == title
    assert page.evaluate("document.documentElement.lang") == language
    assert cells(page, "shares")[1] == number
    # guess and choice are kept
    expect(page.locator(".answered dd").last).to_have_text("50")
    expect(page.locator(".house h2")).to_have_text("Metsälä Institute")
    visible = page.locator(".prose:visible")
    expect(visible).to_have_count(1)
    expect(visible).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", ["English", "Suomi", "Svenska"])
@pytest.mark.parametrize("width", [320, 640, 1280])
def test_everything_fits(open_file: Callable[..., Any], built: Path, width: int, language: str) -> None:
    # 640 is a laptop at 200 %
    page = open_file(built, width=width, height=740).page
    page.get_by_role("button", name=language).click()
    assert overflow(page) == 0
    page.locator("button.main").click()
    for house in range(-1, 4):
        page.get_by_role("combobox").select_option(str(house))
        assert overflow(page) == 0
        outside = page.locator(".house svg text, .answered svg text").evaluate_all(
            "texts => texts.map(t => [t.textContent, t.getBoundingClientRect()])"
            ".filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([text]) => text)"
        )
        assert outside == []


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_axe_finds_nothing(open_file: Callable[..., Any], built: Path, screen: Any) -> None:
    page = open_file(built, **screen).page
    expect(page.locator("main")).to_have_count(1)
    assert faults(page) == []
    page.locator("button.main").click()
    page.get_by_role("combobox").select_option(label="Unseen Foundation")
    page.wait_for_timeout(400)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(21, 23, 28)"
    assert faults(page) == []


def test_targets_are_large_enough_for_a_thumb(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page
    targets = page.locator("button, select, input")
    assert targets.count() == 6
    for target in targets.all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 48, target.evaluate("element => element.outerHTML.slice(0, 80)")


def test_nothing_moves_for_those_who_asked_so(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page
    page.locator("button.main").click()
    moving = "getComputedStyle(document.querySelector('.answered')).animationName"
    assert page.evaluate(moving) != "none"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == "none"
