"""The page without a kernel, in a browser without a network: by touch and by keyboard, in three languages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import ambassador_net as an
from ambassador_net.app.choices import TIMES_STEPS
from demo_study import HOSTILE, demo_study
from page_checks import faults, overflow

PHONE = {"width": 360, "height": 740, "touch": True}
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def tango(_remembering: None) -> an.Amplification:
    return an.mutual_amplification(demo_study(), seed=1)


def guess_both(page: Page) -> None:
    page.locator(".ask.mutual button").click()
    page.locator(".ask.times button").click()
    expect(page.locator(".network")).to_be_visible()


def network_of(page: Page) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(page.locator("#widget-1-state").text_content() or "")["payload"]["network"]
    return shown


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
    for later in (".answered", ".ask.times", ".board", ".network", ".verdict", ".what-if"):
        expect(page.locator(later).first).to_be_hidden()
    slider = page.get_by_role("slider")
    slider.fill("12")
    expect(page.locator(".ask.mutual .number")).to_have_text("12")
    page.get_by_role("button", name="Show me").tap()
    numbers = page.locator(".answered.mutual dd")
    assert tango.mutual_per_100 is not None
    expect(numbers).to_have_text([f"{tango.mutual_per_100:.0f}", "12"])
    picture = page.locator(".answered.mutual svg")
    expect(picture).to_have_attribute("aria-label", re.compile(r"42 of 100 in these data; your guess 12$"))
    expect(page.locator(".answered.mutual h2")).to_be_focused()
    # what the sayings say would give the second answer away
    expect(page.locator(".board")).to_be_hidden()


def test_the_second_guess_stands_beside_the_answer_and_the_trade(
    open_file: Callable[..., Any], built: Path, tango: an.Amplification
) -> None:
    page = open_file(built, **PHONE).page
    page.get_by_role("button", name="Show me").tap()
    slider = page.get_by_role("slider")
    expect(page.locator(".ask.times .number")).to_have_text("1×")
    assert slider.get_attribute("aria-valuetext") == "1× as many shares for both"
    slider.fill(str(len(TIMES_STEPS) - 2))
    expect(page.locator(".ask.times .number")).to_have_text("24×")
    assert slider.get_attribute("aria-valuetext") == "24× as many shares for a person's post"
    page.get_by_role("button", name="Show me").tap()
    answered = page.locator(".answered.times")
    expect(answered.locator("h2")).to_be_focused()
    expect(answered.locator("dd").last).to_have_text("24×")
    label = answered.locator("svg").first.get_attribute("aria-label") or ""
    assert "your guess: 24×" in label
    assert label.endswith("What the trade says: 2; 6.61; 8; 24")
    answered.locator("summary").nth(1).tap()
    expect(answered.locator("details").nth(1)).to_contain_text("MSLGroup")
    # now the rest may be seen
    expect(page.locator(".house h2")).to_have_text("The whole study")
    expect(page.locator(".verdict strong")).to_have_text(tango.verdict.sentence("en"))
    expect(page.locator(".board")).to_be_visible()


def test_a_house_stands_on_the_band_of_chance_or_says_why_not(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page
    guess_both(page)
    page.locator(".choose select").select_option(label="Unseen Foundation")
    sides = page.locator(".house .side")
    expect(sides).to_have_count(2)
    for side in sides.all():
        expect(side).to_contain_text("Not observed on both sides")
    expect(page.locator(".house rect")).to_have_count(0)
    expect(page.locator(".house")).to_contain_text("The verdict is the study's.")


def test_the_network_is_tapped(open_file: Callable[..., Any], built: Path) -> None:
    opened = open_file(built, **PHONE)
    page = opened.page
    guess_both(page)
    canvas = page.locator(".network canvas")
    label = canvas.get_attribute("aria-label") or ""
    assert label.startswith("Share network:")
    nodes = network_of(page)["nodes"]
    assert f"marks: {len(nodes)};" in label
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    # sharp: as many points as the screen has
    ratio = page.evaluate("devicePixelRatio")
    assert canvas.evaluate("canvas => canvas.width / canvas.clientWidth") == pytest.approx(ratio, rel=0.01)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    place = next(i for i, node in enumerate(nodes) if node[0] == "organisation" and node[1] == 1)
    x, y = (at * box["width"] / 1000 for at in nodes[place][3:])
    canvas.tap(position={"x": x + 2, "y": y - 2})
    expect(page.locator(".network .found h3")).to_have_text("Metsälä Institute, the organisation")
    expect(page.locator(".network select")).to_have_value(str(place))
    assert "both ways with" in page.locator(".heard").inner_text()
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    assert opened.errors == []


def test_the_network_by_keyboard_and_as_a_table(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **LAPTOP).page
    guess_both(page)
    network = network_of(page)
    select = page.locator(".network select")
    select.focus()
    seen = set()
    for _ in network["nodes"]:
        page.keyboard.press("ArrowDown")
        seen.add(select.input_value())
        assert page.locator(".network .found h3").inner_text() in select.inner_text()
    assert seen == {str(i) for i in range(len(network["nodes"]))}
    page.get_by_role("button", name="Previous mark").click()
    assert select.input_value() in seen
    page.locator(".network .all summary").click()
    rows = page.locator(".network table.edges tbody tr")
    expect(rows).to_have_count(len(network["edges"]))
    given = [
        [None if cell == "not observed" else int(cell) for cell in row.locator("td").all_inner_texts()[1:]]
        for row in rows.all()
    ]
    assert given == [edge[2:] for edge in network["edges"]]
    assert "SECRET" not in page.locator(".network").inner_text()


def test_the_network_is_drawn_again_in_the_dark(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **LAPTOP).page
    guess_both(page)
    canvas = page.locator(".network canvas")
    light = canvas.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != light


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("fi-FI", "Onko työntekijälähettilyys tangoa?"),
        ("sv-FI", "Är ambassadörskap en tango?"),
        ("en-US", "Is employee advocacy a tango?"),
        # the page's own language where the browser asks for none of ours; Filipino is not Finnish
        ("fil-PH", "Is employee advocacy a tango?"),
    ],
)
def test_language_is_the_browsers_at_first(open_file: Callable[..., Any], built: Path, locale: str, title: str) -> None:
    page = open_file(built, **PHONE, locale=locale).page
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert page.title() == title


def test_a_guess_is_sent_once_and_only_where_the_page_says_so(open_file: Callable[..., Any], built: Path) -> None:
    heard = "globalThis.sent = []; globalThis.fetch = async (...what) => { sent.push(what); };"
    silent = open_file(built, **PHONE, script=heard).page
    guess_both(silent)
    assert silent.evaluate("sent") == []
    page = open_file(built, **PHONE, script=heard).page
    page.evaluate("document.documentElement.dataset.guesses = '/guess'")
    guess_both(page)
    page.get_by_role("button", name="Suomi").tap()
    sent = page.evaluate("sent")
    assert [address for address, _ in sent] == ["/guess", "/guess"]
    assert [json.loads(how["body"]) for _, how in sent] == [
        {"question": "mutual", "value": 50},
        {"question": "times", "value": len(TIMES_STEPS) // 2},
    ]
    assert {(how["method"], how["keepalive"]) for _, how in sent} == {("POST", True)}


def test_a_guess_that_cannot_be_sent_does_no_harm(open_file: Callable[..., Any], built: Path) -> None:
    opened = open_file(built, **PHONE)
    opened.page.evaluate("document.documentElement.dataset.guesses = 'https://nowhere.example/guess'")
    guess_both(opened.page)
    expect(opened.page.locator(".board")).to_be_visible()
    # the page's own policy forbids it
    assert all("Content Security Policy" in error or "connect-src" in error for error in opened.errors)


def test_what_a_kernel_is_asked_is_not_on_a_page_without_one(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page
    guess_both(page)
    page.locator(".choose select").select_option("1")
    page.wait_for_timeout(300)
    expect(page.locator(".what-if")).to_be_hidden()


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


def test_the_whole_demo_by_keyboard(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **LAPTOP).page

    def tab_to(selector: str, *, within: int) -> None:
        for _ in range(within):
            page.keyboard.press("Tab")
            # what has the focus is seen to have it
            ring = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{ring}.outlineStyle !== 'none' && parseFloat({ring}.outlineWidth) >= 2")
            if page.locator(selector).evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to(".ask.mutual input", within=4)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ask.mutual .number")).to_have_text("51")
    tab_to(".ask.mutual button", within=1)
    page.keyboard.press("Enter")
    expect(page.locator(".answered.mutual dd").last).to_have_text("51")
    tab_to(".ask.times input", within=1)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ask.times .number")).to_have_text("2×")
    tab_to(".ask.times button", within=1)
    page.keyboard.press("Enter")
    expect(page.locator(".network")).to_be_visible()
    # one step a number of the trade and a saying of the board, then the choice
    tab_to(".answered.times details:first-of-type summary", within=1)
    sayings = page.locator(".board summary").count()
    tab_to(".board details:first-of-type summary", within=4)
    page.keyboard.press("Enter")
    expect(page.locator(".board details").first).to_have_attribute("open", "")
    tab_to(".choose select", within=sayings)
    before = cells(page, "shares")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".house h2")).to_have_text(HOSTILE)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".house h2")).to_have_text("Metsälä Institute")
    assert cells(page, "shares") != before
    tab_to(".network button:first-child", within=1)
    tab_to(".network select", within=1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".network .found h3")).to_have_count(1)
    tab_to(".network .all summary", within=2)
    page.keyboard.press("Enter")
    expect(page.locator(".network table.edges")).to_be_visible()


def test_a_hostile_name_stays_a_name(open_file: Callable[..., Any], built: Path) -> None:
    opened = open_file(built, **LAPTOP)
    opened.page.locator(".choose select").select_option(label=HOSTILE)
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
    expect(page.locator(".house table.shares td").nth(1)).to_have_text(number)
    # guess and choice are kept
    expect(page.locator(".answered.mutual dd").last).to_have_text("50")
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
    guess_both(page)
    page.locator(".network select").select_option("1")
    page.locator(".network .all summary").click()
    for house in range(-1, 4):
        page.locator(".choose select").select_option(str(house))
        assert overflow(page) == 0
        outside = page.locator(".house svg text, .answered svg text").evaluate_all(
            "texts => texts.map(t => [t.textContent, t.getBoundingClientRect()])"
            ".filter(([, box]) => box.left < 0 || box.right > innerWidth).map(([text]) => text)"
        )
        assert outside == []


@pytest.mark.parametrize("screen", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_axe_finds_nothing(open_file: Callable[..., Any], built: Path, screen: Any) -> None:
    page = open_file(built, **screen).page
    page.emulate_media(reduced_motion="reduce")
    expect(page.locator("main")).to_have_count(1)
    assert faults(page) == []
    page.locator(".ask.mutual button").click()
    assert faults(page) == []
    page.locator(".ask.times button").click()
    page.locator(".choose select").select_option(label="Unseen Foundation")
    page.locator(".network select").select_option("1")
    page.locator(".network .all summary").click()
    page.locator(".answered.times summary").first.click()
    expect(page.locator(".network table.edges")).to_be_visible()
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(21, 23, 28)"
    assert faults(page) == []


def test_targets_are_large_enough_for_a_thumb(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page

    def small() -> list[str]:
        targets = page.locator("button:visible, select:visible, input:visible, summary:visible").all()
        boxes = [(target, target.bounding_box() or {"width": 0, "height": 0}) for target in targets]
        return [
            target.evaluate("element => element.outerHTML.slice(0, 80)")
            for target, box in boxes
            if min(box["width"], box["height"]) < 48
        ]

    assert page.locator("button:visible, select:visible, input:visible").count() == 6
    assert small() == []
    page.locator(".ask.mutual button").tap()
    assert small() == []
    page.locator(".ask.times button").tap()
    expect(page.locator(".network")).to_be_visible()
    assert small() == []


def test_nothing_moves_for_those_who_asked_so(open_file: Callable[..., Any], built: Path) -> None:
    page = open_file(built, **PHONE).page
    page.locator(".ask.mutual button").click()
    moving = "getComputedStyle(document.querySelector('.answered')).animationName"
    assert page.evaluate(moving) != "none"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == "none"
