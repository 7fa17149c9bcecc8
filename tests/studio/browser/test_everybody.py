"""For everybody: keyboards, screen readers, fingers, small screens, calm; and nothing leaves the machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser

from pellucid.studio.app import PAGE
from studio.browser.visitor import Visitor

ROOMS = ("Read", "Turn")


@pytest.fixture
def visit(browser: Browser, link: str) -> Iterator:
    """Somebody with a device of their own."""
    visitors: list[Visitor] = []

    def visit(place: str = "#/read", **options: object) -> Visitor:
        visitors.append(Visitor(browser.new_context(**options), link, place))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("room", ROOMS)
def test_axe_finds_nothing_serious(visit, axe: str, room: str, scheme: str) -> None:
    visitor = visit(viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    visitor.draw("3")
    visitor.room(room)
    visitor.settle()
    if room == "Turn":
        visitor.page.get_by_label("Find a knob by name").fill("2 bias 7")
        visitor.page.keyboard.press("Enter")
    visitor.page.evaluate(axe + "; undefined")
    found = visitor.page.evaluate("axe.run().then(({ violations }) => violations)")
    serious = {
        each["id"]: [node["html"][:160] for node in each["nodes"]]
        for each in found
        if each["impact"] in ("serious", "critical")
    }
    assert serious == {}, json.dumps(serious, indent=1)


def test_a_digit_is_drawn_and_looked_into_by_keyboard_alone(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    _tab_to(visitor, "Drawing pad")
    keys.press("Space")
    for _ in range(18):
        keys.press("ArrowDown")
    keys.press("Space")
    visitor.settle()
    assert visitor.reading.startswith("1")
    _tab_to(visitor, "hidden layer 1, neuron 0")
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    assert (_focused(visitor) or "").startswith("hidden layer 2, neuron 1,")
    keys.press("Enter")
    assert page.locator("section.neuron h2").inner_text() == "hidden layer 2, neuron 1"
    _tab_to(visitor, "neuron")
    assert page.locator(".terms button.lit").count() == 1
    keys.press("ArrowDown")
    assert page.locator(".terms li button").nth(1).evaluate("(button) => button === document.activeElement")


def test_a_knob_is_found_turned_and_undone_by_keyboard_alone(visitor: Visitor) -> None:
    keys = visitor.page.keyboard
    _tab_to(visitor, "Turn")
    keys.press("Enter")
    visitor.page.locator("[data-accuracy]").wait_for()
    before = visitor.accuracy()
    _tab_to(visitor, "Find a knob by name")
    keys.type("2 bias 7")
    keys.press("Enter")
    _tab_to(visitor, "bias of output 7")
    keys.press("End")
    visitor.settle()
    assert visitor.accuracy() < before
    keys.press("Control+z")
    visitor.settle()
    assert visitor.accuracy() == before
    _tab_to(visitor, "All knobs as dials")
    for key in ("ArrowRight", "ArrowDown", "PageUp"):
        keys.press(key)
    visitor.settle()
    assert len(visitor.scene()["k"].split("~")) == 1


@pytest.mark.parametrize("room", ROOMS)
def test_every_control_shows_its_focus_and_has_a_name(visitor: Visitor, room: str) -> None:
    visitor.room(room)
    visitor.settle()
    visitor.page.evaluate("document.activeElement.blur()")
    seen = 0
    for _ in range(120):
        visitor.page.keyboard.press("Tab")
        name = _focused(visitor)
        if name is None:
            break
        assert name
        assert visitor.page.evaluate(_SHOWS_FOCUS), name
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1600])
def test_nothing_is_wider_than_the_screen(visit, width: int, room: str) -> None:
    visitor = visit(f"#/{room.lower()}", viewport={"width": width, "height": 800})
    visitor.settle()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "(panels) => panels.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.ariaLabel)"
    assert visitor.page.locator(".panel").evaluate_all(wide) == []


def test_a_finger_draws_without_moving_the_page(visit) -> None:
    visitor = visit(viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True)
    visitor.pad.scroll_into_view_if_needed()
    box, before = visitor.pad.bounding_box(), visitor.page.evaluate("scrollY")
    hand = visitor.context.new_cdp_session(visitor.page)
    x = box["x"] + box["width"] / 2
    for kind, share in [
        ("touchStart", 0.15),
        *[("touchMove", 0.15 + 0.07 * at) for at in range(1, 11)],
        ("touchEnd", 0),
    ]:
        points = [] if kind == "touchEnd" else [{"x": x, "y": box["y"] + share * box["height"]}]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    visitor.settle()
    assert visitor.page.evaluate("scrollY") == before
    assert visitor.reading.startswith("1")


def test_nothing_moves_where_less_motion_is_wanted(visit) -> None:
    visitor = visit(reduced_motion="reduce")
    moving = """[...document.querySelectorAll("*")].filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element);
        return animationName !== "none" || transitionDuration.split(",").some((time) => parseFloat(time) > 0);
    }).length"""
    assert visitor.page.evaluate(moving) == 0


def test_colours_follow_the_system_and_the_switch(visit) -> None:
    visitor = visit(color_scheme="dark")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    dark = visitor.page.evaluate(paper)
    visitor.page.get_by_role("button", name="Theme:").click()
    assert visitor.page.evaluate(paper) != dark
    visitor.page.reload()
    visitor.page.locator(".neuron").first.wait_for()
    assert visitor.page.evaluate(paper) != dark


def test_a_session_taken_to_another_tab_says_so_and_can_come_back(visitor: Visitor) -> None:
    visitor.draw("7")
    visitor.settle()
    words = visitor.reading
    other = visitor.context.new_page()
    with visitor.page.expect_event("websocket") as opened:
        other.goto(visitor.page.url.partition("#")[0])
        session = visitor.page.evaluate("sessionStorage['pellucid-session']")
        other.evaluate("(session) => { sessionStorage['pellucid-session'] = session; location.reload(); }", session)
        visitor.page.get_by_text("opened in another tab").wait_for()
        visitor.page.get_by_role("button", name="Open it here").click()
    assert session in opened.value.url
    visitor.settle()
    assert visitor.reading == words


def test_pictures_and_numbers_are_downloaded(visitor: Visitor) -> None:
    visitor.draw("3")
    visitor.settle()
    panel = visitor.page.locator("section.network")
    starts = {"Image as PNG": b"\x89PNG", "Image as SVG": b"<?xml", "Data as CSV": b"layer,neuron"}
    for name, start in starts.items():
        panel.get_by_role("button", name="Download").click()
        with visitor.page.expect_download() as download:
            panel.get_by_role("button", name=name).click()
        content = download.value.path().read_bytes()
        assert content.startswith(start)
        assert len(content) > 1000


@pytest.mark.parametrize("room", ["Read", "Turn", "Learn", "Nudge"])
def test_every_panel_can_be_kept(visitor: Visitor, room: str) -> None:
    visitor.page.goto(f"{visitor.link}#/{room.lower()}?x=test-8")
    visitor.settle()
    visitor.page.wait_for_timeout(600)
    menus = visitor.page.get_by_role("button", name="Download", exact=True)
    assert menus.count() >= {"Read": 2, "Turn": 6, "Learn": 3, "Nudge": 2}[room]
    starts = {"Image as SVG": b"<?xml", "Data as CSV": b""}
    for number in range(menus.count()):
        for name, start in starts.items():
            menus.nth(number).click()
            if start and not visitor.page.get_by_role("button", name=name).count():
                visitor.page.keyboard.press("Escape")  # nothing to show yet
                continue
            with visitor.page.expect_download() as download:
                visitor.page.get_by_role("button", name=name).click()
            content = download.value.path().read_bytes()
            assert content.startswith(start)
            assert any(part in content for part in ([b"<text", b"<image"] if start else [b"\n"]))


def test_no_request_leaves_the_machine(visitor: Visitor) -> None:
    for room in ROOMS:
        visitor.room(room)
        visitor.settle()
    assert {urlparse(url).hostname for url in visitor.requests if not url.startswith("blob:")} == {"127.0.0.1"}


def test_scripts_and_styles_are_small(link: str) -> None:
    sizes = [len(gzip.compress(file.read_bytes())) for file in PAGE.rglob("*") if file.suffix in (".js", ".css")]
    assert 0 < sum(sizes) <= 250_000


_SHOWS_FOCUS = """(() => {
    const focused = document.activeElement;
    const around = [focused, focused.querySelector?.(".halo"), focused.parentElement].filter(Boolean);
    return around.some((element) => {
        const style = getComputedStyle(element);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
            || (element.matches(".halo") && parseFloat(style.strokeWidth) >= 3);
    });
})()"""


def _focused(visitor: Visitor) -> str | None:
    """The name of what has the focus; None where nothing has it."""
    return visitor.page.evaluate("""(() => {
        const focused = document.activeElement;
        if (focused === document.body) return null;
        const label = focused.getAttribute("aria-label") || focused.labels?.[0]?.innerText;
        return label || focused.innerText || focused.title || "";
    })()""")


def _tab_to(visitor: Visitor, name: str) -> None:
    for _ in range(150):
        visitor.page.keyboard.press("Tab")
        if (_focused(visitor) or "").startswith(name):
            return
    raise AssertionError(f"no control named {name} was reached")
