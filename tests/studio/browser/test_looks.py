"""All rooms, at three sizes, light and dark: nothing serious for axe, nothing wider, broken, clipped or too pale."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from studio.browser.visitor import Visitor

READY = {
    "learn": "[data-step]",
    "nudge": "[data-cost]",
    "look-for": "[data-maximum] >> nth=0",
    "why-misread": "[data-misread]",
    "none-of-these": "[data-number] >> nth=0",
    "map": "[data-neighbour] >> nth=0",
    "race": "[data-race]",
    "convolve": "[data-place]",
}
LISTS = {
    "nudge": "ul.tiles, ul.scroll:has(.digit)",
    "learn": "ul.tiles",
    "look for": ".column ul",
    "why misread": "ul[aria-label='Misread test images']",
    "none of these": "ul[aria-label^='Noise']",
    "map": "ul[aria-label='True neighbours'], ul[aria-label^='Misread images']",
}
"""The lists of small pictures of each room."""


@pytest.mark.parametrize("room", READY)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1600, "light")])
def test_a_room_has_nothing_serious(browser: Browser, link: str, axe: str, room: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    try:
        visitor = Visitor(context, link, f"#/{room}?x=test-8")
        page = visitor.page
        page.locator(READY[room]).wait_for()
        visitor.settle()
        page.evaluate(axe)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        context.close()


@pytest.fixture(params=[(390, "light"), (820, "dark"), (1440, "light")], ids=lambda each: f"{each[0]}-{each[1]}")
def looker(request: pytest.FixtureRequest, browser: Browser, link: str) -> Iterator[Visitor]:
    """Somebody with a test digit, at one of three sizes."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    yield Visitor(context, link, "#/read?x=test-8")
    context.close()


def _rooms(looker: Visitor) -> Iterator[str]:
    """Every room with its panels filled."""
    page = looker.page
    looker.settle()
    yield "read"
    page.get_by_role("button", name="Show as tables").click()
    yield "tables"
    looker.room("Turn")
    page.get_by_label("Find a knob").fill("0 w 3 14 14")
    page.get_by_label("Find a knob").press("Enter")
    page.get_by_label("value", exact=True).fill("-1.25")
    page.get_by_label("value", exact=True).press("Enter")
    page.locator(".curve").first.wait_for()
    looker.settle()
    yield "turn"
    looker.room("Nudge")
    page.get_by_role("button", name="Average the first").click()
    page.get_by_role("button", name=re.compile("^Stage 5:")).click()
    page.get_by_role("button", name=re.compile("^Check ")).first.click()
    page.locator("[data-agrees]").wait_for()
    yield "nudge"
    looker.room("Look for")
    page.locator("[data-maximum]").nth(1).wait_for()
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".guess").first.click()
    page.locator("[data-right]").wait_for()
    looker.settle()
    yield "look for"
    looker.room("Why misread?")
    page.locator("ul[aria-label='Misread test images'] button").first.click()
    page.get_by_role("button", name="Find the smallest change").click()
    page.locator("[data-mended]").wait_for()
    looker.settle()
    yield "why misread"
    looker.room("None of these")
    page.locator("[data-number]").nth(11).wait_for()
    looker.settle()
    yield "none of these"
    looker.room("Map")
    page.locator("[data-neighbour]").first.wait_for()
    page.get_by_role("button", name="misread", exact=False).click()
    page.locator("[data-mistake]").first.wait_for()
    looker.settle()
    yield "map"
    looker.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    looker.settle()
    page.get_by_role("button", name="To next epoch").click()
    page.locator('[data-state="paused"]').wait_for()
    looker.settle()
    page.get_by_role("button", name="Compute", exact=True).click()
    page.locator(".map").wait_for()
    yield "learn"
    page.get_by_role("button", name="Speech", exact=True).click()
    page.locator("[data-spelt]").wait_for()
    page.get_by_role("button", name="To next epoch").click()
    page.locator('[data-state="paused"]').wait_for()
    looker.settle()
    yield "learn speech"
    page.get_by_role("button", name="Pictures and tables").click()
    looker.room("Race")
    page.get_by_role("button", name="New race").click()
    page.get_by_role("radio", name="sigmoid").check()
    page.get_by_role("button", name="Lock in").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('[data-race="finished"]').wait_for()
    page.get_by_label("Number of starts").fill("3")
    page.get_by_role("button", name="Train from all starts").click()
    page.locator('[data-trials="done"]').wait_for()
    looker.settle()
    yield "race"
    looker.room("Listen")
    page.get_by_label("Voice", exact=True).select_option("espeak:en-gb-scotland+f3")
    page.get_by_role("button", name="Say it").click()
    page.get_by_role("button", name="Select word 2").click()
    page.get_by_label("Unit", exact=True).fill("17")
    page.get_by_label("Unit", exact=True).press("Enter")
    page.locator("[data-quantity][data-value]").first.wait_for()
    yield "listen"


def test_axe_finds_nothing_at_all_in_any_room(looker: Visitor, axe: str) -> None:
    found = {}
    for room in _rooms(looker):
        looker.page.evaluate(axe + "; undefined")
        for each in looker.page.evaluate("axe.run().then(({ violations }) => violations)"):
            found[f"{room}: {each['id']}"] = [node["html"][:160] for node in each["nodes"]]
    assert found == {}


def test_numbers_and_words_are_whole_and_labels_not_clipped(looker: Visitor) -> None:
    for room in _rooms(looker):
        assert looker.page.evaluate(_BROKEN) == [], room
        assert looker.page.evaluate(_CLIPPED) == [], room


def test_numbers_in_neurons_can_be_read(looker: Visitor) -> None:
    for room in _rooms(looker):
        pale = looker.page.evaluate(_PALE)
        assert [each for each in pale if each[1] < 4.5] == [], room
        assert room not in ("read", "turn", "nudge") or len(pale) > 9


def test_small_pictures_fill_their_rows(looker: Visitor) -> None:
    for room in _rooms(looker):
        lists = LISTS.get(room, "")
        rows = looker.page.evaluate(_ROWS, lists) if lists else []
        assert not lists or rows
        assert all(len(set(lengths)) == 1 for lengths in rows), (room, rows)


_BROKEN = r"""() => {
    const found = [], range = document.createRange();
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement.closest(".visually-hidden, svg, option, code")) continue;
        for (const match of node.data.matchAll(/[−+]?\d\S*(?:[ \u00a0][%σ])?|[\p{L}]+/gu)) {
            range.setStart(node, match.index);
            range.setEnd(node, match.index + match[0].length);
            const lines = [...range.getClientRects()].filter(({ width }) => width > 0.5);
            if (new Set(lines.map(({ top }) => Math.round(top))).size > 1)
                found.push(match[0] + " in " + node.data.trim().slice(0, 50));
        }
    }
    return found;
}"""

_CLIPPED = """() => [...document.querySelectorAll("main svg")].flatMap((svg) => {
    const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter((text) => {
        const { left, right, top, bottom, width } = text.getBoundingClientRect();
        const beyond = Math.max(box.left - left, right - box.right, box.top - top, bottom - box.bottom);
        return width && beyond > 0.5;
    }).map((text) => text.textContent.trim());
})"""

_PALE = """() => {
    const light = (colour) => {
        const [red, green, blue] = colour.match(/[\\d.]+/g).map((level) => {
            const share = Number(level) / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    };
    const bodies = [...document.querySelectorAll("main svg circle.body")];
    const circles = bodies.map((circle) => [circle, circle.getBoundingClientRect()]);
    return [...document.querySelectorAll("main svg text")].flatMap((text) => {
        const { left, top, width, height } = text.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const behind = circles.find(([, box]) => box.left < x && x < box.right && box.top < y && y < box.bottom);
        if (!behind) return [];
        const [one, other] = [light(getComputedStyle(text).fill), light(getComputedStyle(behind[0]).fill)];
        return [[text.textContent, Math.max(one, other) / Math.min(one, other)]];
    });
}"""

_ROWS = """(lists) => [...document.querySelectorAll(lists)].map((list) => {
    const rows = new Map();
    for (const item of list.children) {
        const top = Math.round(item.getBoundingClientRect().top);
        rows.set(top, (rows.get(top) ?? 0) + 1);
    }
    return [...rows.values()];
})"""
