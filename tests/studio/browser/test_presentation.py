"""Presentation: larger text, fewer panels, room by room; nothing overflows on a projector, and Escape leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from studio.browser.visitor import Visitor

ROOMS = [
    "Read", "Turn", "Learn", "Nudge", "Look for", "Why misread?", "None of these", "Map", "Race", "Listen", "Convolve",
]  # fmt: skip
READY = {
    "Read": ".neuron",
    "Turn": "[data-accuracy]",
    "Learn": "[data-step]",
    "Nudge": "[data-cost]",
    "Look for": "[data-maximum]",
    "Why misread?": "main .large",
    "None of these": "[data-threshold]",
    "Race": "[data-race]",
    "Map": "[data-variance]",
    "Listen": ".empty, h2[data-text]",
    "Convolve": "[data-place]",
}


SCREENS = [(1280, 720, "light"), (1440, 900, "dark"), (1920, 1080, "light")]


@pytest.fixture(params=SCREENS, ids=lambda each: f"{each[0]}x{each[1]}")
def presenter(request: pytest.FixtureRequest, browser: Browser, link: str) -> Iterator[Visitor]:
    """Somebody who opens a link to a presentation on one of three projectors."""
    width, height, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    made = Visitor(context, link, "#/read?present&x=test-8")
    made.settle()
    yield made
    context.close()
    assert made.complaints == []


def _rooms(presenter: Visitor) -> Iterator[str]:
    """Every room, by Page Down, with something to see in it."""
    page = presenter.page
    for at, room in enumerate(ROOMS):
        if at > 0:
            page.evaluate("document.activeElement.blur()")
            page.locator("body").press("PageDown")
        expect(page.get_by_role("main", name=room, exact=True)).to_be_visible()
        page.locator(READY[room]).first.wait_for()
        if room == "Turn":
            page.get_by_label("Find a knob").fill("bias of output 7")
            page.get_by_label("Find a knob").press("Enter")
            page.locator("main .curve").first.wait_for()
            page.locator(":focus").evaluate("(field) => field.blur()")
        if room == "Learn":
            page.get_by_role("button", name="To next epoch").click()
            page.locator("[data-epoch-accuracy]").wait_for(timeout=60_000)
        presenter.settle()
        page.wait_for_timeout(100)
        yield room


def test_nothing_overflows_and_axe_finds_nothing(presenter: Visitor, axe: str) -> None:
    for room in _rooms(presenter):
        assert presenter.page.evaluate(_OVERFLOW) == [], room
        presenter.page.evaluate(axe + "; undefined")
        found = presenter.page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found] == [], room


def test_every_control_is_reached_by_the_keyboard_and_in_sight(presenter: Visitor) -> None:
    page = presenter.page
    for room in _rooms(presenter):
        wanted = page.evaluate(_CONTROLS)
        assert wanted > 5, room
        page.evaluate("document.activeElement.blur()")
        reached: set[int] = set()
        for _ in range(wanted + 20):
            page.keyboard.press("Tab")
            at, seen = page.evaluate(_FOCUSED)
            assert seen, f"{room}: {page.evaluate('document.activeElement.outerHTML')[:200]}"
            reached.add(at)
        reached.discard(-1)
        assert len(reached) == wanted, room


def test_speech_in_learn_fits(presenter: Visitor, axe: str) -> None:
    page = presenter.page
    presenter.open("#/learn")
    page.get_by_role("button", name="Speech", exact=True).click()
    page.locator("[data-spelt]").wait_for()
    page.get_by_role("button", name="To next epoch").click()
    page.locator("[data-epoch-accuracy]").wait_for(timeout=60_000)
    presenter.settle()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    expect(page.get_by_role("region", name="What it hears")).to_be_visible()
    page.wait_for_timeout(100)
    assert page.evaluate(_OVERFLOW) == []
    page.evaluate(axe + "; undefined")
    assert page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))") == []


def test_text_is_half_as_large_again_and_panels_are_fewer(visitor: Visitor) -> None:
    page = visitor.page
    sizes, panels = {}, {}
    for presenting in (False, True):
        page.evaluate("document.activeElement.blur()")
        if presenting:
            page.keyboard.press("p")
        for room in ROOMS:
            if presenting:
                go_to(page, room)
            else:
                visitor.room(room)
            page.locator(READY[room]).first.wait_for()
            visitor.settle()
            sizes[presenting, room] = _sizes(page)
            panels[presenting, room] = page.locator("main .panel:visible").count()
    for room in ROOMS:
        small, large = sizes[False, room], sizes[True, room]
        assert small, room
        assert large == pytest.approx([1.5 * size for size in small], rel=0.01), room
        assert panels[True, room] < panels[False, room]


def go_to(page: Page, room: str) -> None:
    """Go to a room of a presentation, by Page Up and Page Down."""
    main = page.get_by_role("main")
    at, to = ROOMS.index(main.get_attribute("aria-label") or ""), ROOMS.index(room)
    step = 1 if at < to else -1
    for between in range(at + step, to + step, step) if at != to else ():
        page.keyboard.press("PageDown" if step > 0 else "PageUp")
        expect(main).to_have_attribute("aria-label", ROOMS[between])


def _sizes(page: Page) -> list[float]:
    """Sizes of some texts that both views of a room have."""
    places = [".purpose", ".heads text", ".bars text", "text.value", ".status", ".large", ".caption"]
    script = "(places) => places.flatMap((place) => { const found = document.querySelector('main ' + place); "
    return page.evaluate(script + "return found ? [parseFloat(getComputedStyle(found).fontSize)] : []; })", places)


def test_it_is_entered_and_left_by_key_and_button_and_kept_in_links(visitor: Visitor) -> None:
    page = visitor.page
    button = page.get_by_role("button", name="Presentation", exact=True)
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Previous room")).to_be_disabled()
    page.get_by_role("button", name="Next room: Turn").click()
    visitor.settle()
    assert "#/turn?present&" in page.url
    page.reload()
    expect(page.get_by_role("main", name="Turn", exact=True)).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    field = page.get_by_label("Find a knob")
    field.fill("")
    field.press("p")
    field.press("PageDown")
    expect(field).to_have_value("p")
    expect(page.get_by_role("main", name="Turn", exact=True)).to_be_visible()
    field.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    visitor.settle()
    assert "present" not in page.url
    page.go_back()
    expect(page.get_by_role("main", name="Read", exact=True)).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "true")
    visitor.draw("3")
    visitor.settle()
    assert visitor.said.startswith("3")
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_escape_first_ends_what_is_open(visitor: Visitor) -> None:
    page = visitor.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    button = page.get_by_role("button", name="Presentation", exact=True)
    page.get_by_role("button", name="Network: ").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open digits-relu", exact=True)).to_have_count(0)
    expect(button).to_have_attribute("aria-pressed", "true")
    page.locator('[data-neuron="2-3"]').click()
    page.locator('[data-neuron="2-3"]').focus()
    page.keyboard.press("Escape")
    expect(page.locator('[data-neuron="2-3"]')).to_have_attribute("aria-pressed", "false")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_small_screen_scrolls_but_never_sideways(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    try:
        visitor = Visitor(context, link, "#/read?present&x=test-8")
        for room in _rooms(visitor):
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390, room
        assert visitor.complaints == []
    finally:
        context.close()


_OVERFLOW = """() => {
    const found = [], root = document.documentElement;
    if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) found.push(["page", root.scrollWidth, root.scrollHeight]);
    const main = document.querySelector("main").getBoundingClientRect();
    for (const panel of document.querySelectorAll("main, main .panel")) {
        const { left, right, top, bottom } = panel.getBoundingClientRect();
        const wide = panel.scrollWidth > panel.clientWidth + 1, tall = panel.scrollHeight > panel.clientHeight + 1;
        const out = left < main.left || right > main.right || top < main.top || bottom > main.bottom + 0.5;
        if (wide || tall || out) found.push([panel.ariaLabel, panel.scrollWidth - panel.clientWidth, panel.scrollHeight - panel.clientHeight, out]);
    }
    for (const text of document.querySelectorAll("main svg text, header *")) {
        const inner = text.getBoundingClientRect(), outer = (text.closest("svg") ?? text.closest("header")).getBoundingClientRect();
        if (text.closest(".visually-hidden") || inner.width === 0) continue;
        if (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1) found.push(["text", text.textContent]);
    }
    for (const part of document.querySelectorAll("main .scroll, main .figures")) if (part.scrollWidth > part.clientWidth + 1) found.push([part.className, part.scrollWidth, part.clientWidth]);
    return found;
}"""  # noqa: E501

_CONTROLS = """() => {
    const all = "a[href], button:not(:disabled), input:not(:disabled), select, canvas[tabindex], [role=slider], [tabindex='0']";
    window.controls = [...document.querySelectorAll(all)].filter((each) => each.tabIndex >= 0 && each.getClientRects().length > 0);
    return window.controls.length;
}"""  # noqa: E501

_FOCUSED = """() => {
    const focused = document.activeElement;
    const { left, right, top, bottom } = focused.getBoundingClientRect();
    const inside = right > left && left >= 0 && right <= innerWidth && top < innerHeight && bottom > 0;
    return [window.controls.indexOf(focused), focused === document.body || inside];
}"""
