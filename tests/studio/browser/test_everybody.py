"""For everybody: keyboards, screen readers, fingers, small screens, calm; and nothing leaves the machine."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlparse
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, expect

from pellucid.studio.serving.app import PAGE
from studio.browser.visitor import Visitor

ROOMS = ("Read", "Turn")


@pytest.fixture
def visit(browser: Browser, link: str) -> Iterator:
    """Somebody with a device of their own."""
    visitors: list[Visitor] = []

    def visit(place: str = "#/read?d=", **options: object) -> Visitor:
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
        visitor.page.locator(".curve").first.wait_for()
        visitor.settle()
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
    expect(page.locator(".terms button.lit")).to_have_count(1)
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
        other.evaluate(
            """(session) => {
                history.replaceState(null, "", location.pathname);  // not the other session's picture
                sessionStorage["pellucid-session"] = session;
                location.reload();
            }""",
            session,
        )
        visitor.page.get_by_text("opened in another tab").wait_for()
        visitor.page.get_by_role("button", name="Use it here").click()
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


@pytest.mark.parametrize(
    "room", ["Read", "Turn", "Learn", "Nudge", "Look for", "Why misread?", "None of these", "Race", "Map", "Convolve"]
)
def test_every_panel_can_be_kept(visitor: Visitor, room: str) -> None:
    visitor.page.goto(f"{visitor.link}#/{room.lower().rstrip('?').replace(' ', '-')}?x=test-8")
    visitor.settle()
    menus = visitor.page.get_by_role("button", name="Download", exact=True)
    least = {
        "Read": 2,
        "Turn": 6,
        "Learn": 3,
        "Nudge": 2,
        "Look for": 3,
        "Why misread?": 0,
        "None of these": 1,
        "Race": 2,
        "Map": 1,
        "Convolve": 1,
    }
    if least[room]:
        menus.nth(least[room] - 1).wait_for()
    starts = {"Image as SVG": b"<?xml", "Data as CSV": b""}
    kept = dict.fromkeys(starts, 0)
    for number in range(menus.count()):
        for name, start in starts.items():
            visitor.settle()
            menus.nth(number).click()
            item = visitor.page.get_by_role("button", name=name)
            if start and not (item.count() and item.is_enabled()):
                visitor.page.keyboard.press("Escape")  # nothing to show yet
                continue
            with visitor.page.expect_download() as download:
                item.click()
            kept[name] += 1
            content = download.value.path().read_bytes()
            assert content.startswith(start)
            assert any(part in content for part in ([b"<text", b"<image"] if start else [b"\n"]))
    assert all(kept.values()) or least[room] == 0


def test_saved_pictures_hold_negative_bars_and_the_scale(visitor: Visitor) -> None:
    visitor.draw("3")
    visitor.settle()
    panel = visitor.page.locator("section.neuron")
    negative = panel.locator(".bar.negative span").count()
    assert negative > 0
    picture, svg = _saved(visitor, panel), "{http://www.w3.org/2000/svg}"
    paints = {each.get("id"): each.tag.removeprefix(svg) for each in picture.iter() if each.get("id")}
    fills = [each.get("fill", "") for each in picture.iter(svg + "rect")]
    used = [paints[fill[5:-1]] for fill in fills if fill.startswith("url(#")]
    assert used.count("pattern") == negative
    scale = next(each for each in picture.iter(svg + "linearGradient"))
    ends = [tuple(map(int, re.findall(r"\d+", stop.get("stop-color", "")))) for stop in scale.iter(svg + "stop")]
    assert ends[0][0] > ends[0][2]
    assert ends[-1][0] < ends[-1][2]
    words = [each.text for each in picture.iter(svg + "text")]
    legend = panel.locator(".legend span").first.inner_text()
    assert legend in words


def test_saved_pictures_hold_small_images_and_thin_lines(visitor: Visitor) -> None:
    page, svg = visitor.page, "{http://www.w3.org/2000/svg}"
    visitor.open("#/read?x=test-8")
    visitor.room("Nudge")
    page.get_by_role("button", name="Average the first").click()
    page.locator("[data-mean-nudge]").wait_for()
    visitor.settle()
    batch = _saved(visitor, page.get_by_label("Mini-batch", exact=True))
    assert sum(1 for _ in batch.iter(svg + "image")) == 16
    visitor.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    page.get_by_role("button", name="To next epoch").click()
    page.locator('[data-state="paused"]').wait_for()
    visitor.settle()
    page.get_by_role("button", name="Compute", exact=True).click()
    page.locator(".contour").first.wait_for(state="attached")
    landscape = _saved(visitor, page.get_by_label("Loss landscape", exact=True))
    lines = [line for group in landscape.iter(svg + "g") for line in group.iter(svg + "path")]
    assert len(lines) >= 8
    assert {line.get("vector-effect") for line in lines} == {"non-scaling-stroke"}


def test_a_file_dropped_anywhere_is_opened_here(visitor: Visitor) -> None:
    drop = """([name, type, text]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const files = new DataTransfer();
        files.items.add(new File([bytes], name, { type }));
        const kept = ["dragover", "drop"].map((kind) => !document.querySelector("section.network").dispatchEvent(
            new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files })));
        return kept;
    }"""
    picture = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(picture).line([(150, 40), (148, 150), (146, 260)], fill=0, width=24)
    data = BytesIO()
    picture.save(data, "PNG")
    with visitor.page.expect_response("**/picture?*"):
        file = ["one.png", "image/png", base64.b64encode(data.getvalue()).decode()]
        assert visitor.page.evaluate(drop, file) == [True, True]
    visitor.reads("1")
    assert visitor.page.evaluate(drop, ["notes.txt", "text/plain", ""]) == [True, True]
    expect(visitor.page.locator(".notice")).to_contain_text("notes.txt is neither an image nor a network")


def test_a_message_lies_over_the_page_and_goes_when_it_no_longer_holds(visitor: Visitor) -> None:
    page = visitor.page
    top = page.locator("main").bounding_box()
    page.get_by_label("Image file").set_input_files(
        {"name": "no.png", "mimeType": "image/png", "buffer": b"no picture at all"}
    )
    page.locator(".notice").wait_for()
    assert page.locator("main").bounding_box() == top
    page.wait_for_timeout(4200)  # what a success leaves to be read
    visitor.draw("7")
    expect(page.locator(".notice")).to_have_count(0)
    visitor.complaints[:] = [text for text in visitor.complaints if "400" not in text]


def test_no_request_leaves_the_machine(visitor: Visitor) -> None:
    for room in ROOMS:
        visitor.room(room)
        visitor.settle()
    assert {urlparse(url).hostname for url in visitor.requests if not url.startswith("blob:")} == {"127.0.0.1"}


def test_scripts_and_styles_are_small(link: str) -> None:
    files = [file for file in (PAGE / "assets").iterdir() if file.suffix in (".js", ".css")]
    sizes = [len(gzip.compress(file.read_bytes())) for file in files]
    assert 0 < max(sizes) <= 70_000  # what every visitor loads; rooms and lessons load when they are opened
    assert sum(sizes) <= 350_000


def _saved(visitor: Visitor, panel: Locator) -> ElementTree.Element:
    """The picture that a panel saves as SVG."""
    panel.get_by_role("button", name="Download").first.click()
    with visitor.page.expect_download() as download:
        panel.get_by_role("button", name="Image as SVG").click()
    return ElementTree.parse(download.value.path()).getroot()


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
