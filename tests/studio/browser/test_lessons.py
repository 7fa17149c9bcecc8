"""Lessons: predicted, done in the room and passed, by pointer, by keyboard and on a phone; resumed after a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from studio.browser.visitor import Visitor


@pytest.fixture
def visitor(visit_studio: Callable[..., Visitor]) -> Visitor:
    """Somebody who has done no lesson yet."""
    return visit_studio("--model", "digits-sigmoid")


def stage(page: Page, name: str) -> None:
    expect(page.locator("[data-stage]")).to_have_attribute("data-stage", name, timeout=30_000)


def open_lesson(visitor: Visitor, name: str) -> Page:
    page = visitor.page
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.locator(f"[data-lesson='{name}']").click()
    stage(page, "predict")
    return page


def test_a_lesson_is_predicted_done_and_passed(visitor: Visitor) -> None:
    page = open_lesson(visitor, "function")
    page.get_by_role("radio", name="it learns while it reads").check()
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")
    for number, digit in enumerate(("0", "1", "3"), 1):
        visitor.draw(digit)
        expect(page.locator("[data-status]")).to_contain_text(f"{number} of 5")
        page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    page.reload()
    page.locator('main[data-settled="true"]').wait_for()
    expect(page.locator("[data-status]")).to_contain_text("3 of 5")
    visitor.draw("7")
    expect(page.locator("[data-status]")).to_contain_text("4 of 5")
    page.get_by_role("button", name="Clear the pad").click()
    visitor.pad.click(position={"x": 20, "y": 20})
    page.mouse.down()
    page.mouse.move(*[each + 150 for each in (visitor.pad.bounding_box() or {"x": 0, "y": 0}).values()][:2], steps=5)
    page.mouse.up()
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("0 of 13,002 knobs have changed")
    page.get_by_role("radio", name="surer").check()
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_label("Elsewhere").locator("[data-right='false']")).to_contain_text("equal in every bit")
    page.get_by_role("button", name="All lessons").click()
    expect(page.locator("[data-lesson='function']")).to_have_attribute("data-state", "passed")
    assert visitor.complaints == []


def test_a_lesson_leads_to_its_room_by_keyboard_and_outlives_the_studio(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Lessons", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("[data-lesson='bias']").focus()
    page.keyboard.press("Enter")
    stage(page, "predict")
    expect(page.locator("h1")).to_have_text("Turn")
    field = page.get_by_label("Your answer in percent")
    field.focus()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    stage(page, "do")
    page.get_by_role("button", name="A hint, please (3 left)").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hint 1.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Set all 42 biases to 0").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_contain_text("With all biases at 0")
    visitor.server.stop()
    with visitor.server:
        page.goto(visitor.server.link + "#/read")
        page.locator('main[data-settled="true"]').wait_for()
        expect(page.locator("[data-lesson='bias']")).to_have_attribute("data-state", "begun")
        page.locator("[data-lesson='bias']").click()
        expect(page.locator("[data-status]")).to_contain_text("With all biases at 0")
        visitor.complaints.clear()  # the studio was away


def test_a_lesson_is_a_sheet_on_a_phone(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        visitor = Visitor(context, link)
        page = visitor.page
        page.get_by_role("button", name="Lessons", exact=True).tap()
        page.locator("[data-lesson='weighted-sum']").tap()
        stage(page, "predict")
        for select in page.locator(".lessons select").all():
            select.select_option("0")
        page.get_by_role("button", name="Lock in the prediction").tap()
        stage(page, "do")
        page.get_by_role("button", name="Hide", exact=True).tap()
        expect(page.locator("[data-stage]")).to_have_count(0)
        page.get_by_role("button", name="Show", exact=True).tap()
        stage(page, "do")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visitor.complaints == []
    finally:
        context.close()


def reload(page: Page) -> None:
    page.reload()
    page.locator('main[data-settled="true"]').wait_for()


def lock_in(page: Page) -> None:
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")


def test_a_derivative_is_checked_an_answer_changed_and_a_step_taken(visitor: Visitor) -> None:
    page = open_lesson(visitor, "nudges")
    labels = [each.inner_text() for each in page.locator(".lessons .pair > span").all()]
    label = re.findall(r"shows (\d)", page.locator(".lessons form > p").first.inner_text())[0]
    own = labels.index(f"bias of output {label}")
    for at, select in enumerate(page.locator(".lessons select").all()):
        # Raising another output raises the loss; a weight of an empty pixel does nothing; the label's own is wrong.
        text = labels[at]
        right = "it stays the same" if text.endswith("(input 0.00)") else "it rises"
        select.select_option("it stays the same" if at == own else right)
    lock_in(page)
    page.get_by_role("button", name=re.compile("^Open test image")).click()
    page.locator("[data-cost]").wait_for()
    visitor.settle()
    page.get_by_role("button", name="Stage 6:").click()  # the biases of the outputs
    page.get_by_role("button", name=f"Check bias of output {label}").click()
    page.locator("[data-agrees='true']").wait_for()
    expect(page.locator("[data-status]")).to_contain_text("Checked: 1 of 5 knobs; your answers agree with 0")
    reload(page)
    expect(page.locator("[data-status]")).to_contain_text("Checked: 1 of 5 knobs; your answers agree with 0")
    page.get_by_role("button", name="Change my answers").click()
    page.locator(".lessons select").nth(own).select_option("it falls")
    page.get_by_role("button", name="Change the answers").click()
    expect(page.locator("[data-status]")).to_contain_text("your answers agree with 1")
    page.locator("[data-cost]").wait_for()
    page.get_by_role("button", name="Step on this image").click()
    expect(page.locator("[data-gap]")).to_contain_text("Backpropagation is bookkeeping", timeout=10_000)
    stage(page, "done")
    assert visitor.complaints == []


def test_curves_are_drawn_by_pointer_and_by_keyboard_before_a_race(visitor: Visitor) -> None:
    page = open_lesson(visitor, "race")
    lock = page.get_by_role("button", name="Lock in the prediction")
    chart = page.locator("[data-curve-chart]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.08 * box["width"], box["y"] + 0.7 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.move(box["x"] + box["width"], box["y"] + 0.3 * box["height"], steps=5)
    page.mouse.up()
    expect(page.locator(".curve").first).to_contain_text("✓")
    expect(lock).to_be_disabled()
    relu = page.get_by_role("slider", name="Curve of ReLU")
    relu.focus()
    for key in ("PageUp", *["ArrowRight", "ArrowUp"] * 9, "ArrowRight"):
        page.keyboard.press(key)
    expect(relu).to_have_attribute("aria-valuetext", "1.00 epochs: 65 %")
    lock_in(page)
    drawn = [each.get_attribute("d") for each in page.locator("[data-curve-drawn]").all()]
    reload(page)
    stage(page, "do")
    assert [each.get_attribute("d") for each in page.locator("[data-curve-drawn]").all()] == drawn
    page.locator("[data-race]").wait_for()
    page.get_by_role("button", name="New race").click()
    visitor.settle()
    page.get_by_role("button", name="Run", exact=True).click()
    stage(page, "done")  # without another request: the race tells it
    name = "data-curve-distance"
    distances = [float(each.get_attribute(name) or "nan") for each in page.locator(f"[{name}]").all()]
    assert len(distances) == 2
    said = page.locator("[data-gap]").inner_text().replace("\u00a0", " ")
    assert f"{distances[0]:.1f} points" in said
    assert f"{distances[1]:.1f} for ReLU" in said
    expect(page.locator("[data-curve-real]")).to_have_count(2)
    page.locator('[data-race="finished"]').wait_for()
    expect(page.locator("[data-race]")).to_have_attribute("data-step", re.compile(r"\d+"))
    last = page.locator("[data-race]").get_attribute("data-last") or ""
    expect(page.locator("[data-race]")).to_have_attribute("data-step", last)
    ends = [f"{100 * float(each.get_attribute('data-accuracy') or 'nan'):.1f} %" for each in
            page.locator("[data-accuracy]").all()]  # fmt: skip
    assert all(end in said for end in ends)
    assert visitor.complaints == []


def test_noise_is_opened_by_keyboard(visitor: Visitor) -> None:
    page = open_lesson(visitor, "noise")
    expect(page.locator("h1")).to_have_text("Read")  # the lesson's room would show the answer
    page.get_by_label("Your answer in percent").fill("30")
    lock_in(page)
    expect(page.locator("h1")).to_have_text("None of these")
    page.locator("[data-threshold]").wait_for()
    expect(page.get_by_role("status").filter(has_text="judged")).to_have_count(0, timeout=60_000)
    page.get_by_role("button", name="Scribbles", exact=True).click()
    page.locator("[data-number]").first.click()
    expect(page.locator("[data-status]")).to_contain_text("The last picture was no noise")
    reload(page)
    expect(page.locator("[data-status]")).to_contain_text("The last picture was no noise")
    page.get_by_role("button", name="Noise", exact=True).click()
    first = page.locator("[data-number]").first
    first.wait_for()
    visitor.settle()
    first.focus()
    page.keyboard.press("Enter")
    stage(page, "done")
    assert visitor.complaints == []


def test_the_sound_that_carries_a_word_is_muted(visitor: Visitor) -> None:
    page = open_lesson(visitor, "sounds")
    page.get_by_role("radio", name="TH", exact=True).check()
    lock_in(page)
    page.get_by_label("Digits to say").fill("731")
    page.get_by_role("button", name="Say it").click()
    sounds = page.get_by_role("group", name="Sounds of word 2")
    sounds.get_by_role("button", name=re.compile("^TH ")).click()
    page.get_by_role("button", name="Mute").click()
    expect(page.locator("[data-status]")).to_contain_text("Sounds tried: 1 of 3")
    reload(page)
    expect(page.locator("[data-status]")).to_contain_text("Sounds tried: 1 of 3")
    page.get_by_role("button", name="Undo the last change").click()
    visitor.settle()  # a selection belongs to the recording as it is
    sounds.get_by_role("button", name=re.compile("^IY ")).click()
    page.get_by_role("button", name="Mute").click()
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("ms of IY")
    assert visitor.complaints == []


@pytest.mark.parametrize(("width", "height", "scheme"), [(390, 844, "light"), (1440, 900, "dark")])
@pytest.mark.parametrize("name", ["nudges", "race", "noise", "sounds"])
def test_axe_finds_nothing_in_a_lesson(
    browser: Browser, link: str, axe: str, name: str, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    try:
        visitor = Visitor(context, link)
        page = open_lesson(visitor, name)
        visitor.settle()
        page.evaluate(axe + "; undefined")
        found = page.evaluate("axe.run('.lessons').then(({ violations }) => violations)")
        assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        context.close()


def test_every_knob_of_the_question_is_found_and_checked(visitor: Visitor) -> None:
    page = open_lesson(visitor, "nudges")
    for select in page.locator(".lessons select").all():
        select.select_option("it rises")
    lock_in(page)
    page.get_by_role("button", name=re.compile("^Open test image")).click()
    page.locator("[data-cost]").wait_for()
    visitor.settle()
    finds = page.get_by_role("list", name="The knobs, in the stages").get_by_role("button")
    assert finds.count() == 5
    for number in range(5):
        finds.nth(number).click()
        row = page.locator("tr.chosen")
        expect(row).to_be_in_viewport()
        row.get_by_role("button", name=re.compile("^Check ")).click()
        expect(page.locator("[data-status]")).to_contain_text(f"Checked: {number + 1} of 5 knobs", timeout=10_000)


def test_rooms_keep_wide_columns_and_begin_at_their_top_beside_a_lesson(visitor: Visitor) -> None:
    page = open_lesson(visitor, "weighted-sum")
    network = page.locator(".middle").first.bounding_box()
    assert network is not None
    assert network["width"] >= 600
    page.mouse.move(600, 500)
    page.mouse.wheel(0, 700)
    page.wait_for_function("() => scrollY > 100")
    ends = page.evaluate("""[
        document.querySelector("header").getBoundingClientRect().bottom,
        document.querySelector(".lessons").getBoundingClientRect().top,
    ]""")
    assert abs(ends[0] - ends[1]) <= 1
    page.get_by_role("button", name="All lessons").click()
    page.locator("[data-lesson='bias']").click()
    stage(page, "predict")
    expect(page.locator("h1")).to_have_text("Turn")
    assert page.evaluate("scrollY") == 0
    page.set_viewport_size({"width": 1760, "height": 900})
    assert page.evaluate("document.documentElement.hasAttribute('data-wide')")
    page.set_viewport_size({"width": 1600, "height": 900})
    page.wait_for_function("() => !document.documentElement.hasAttribute('data-wide')")
    page.get_by_role("button", name="Close the lessons").click()
    page.wait_for_function("() => document.documentElement.hasAttribute('data-wide')")


def test_a_training_that_runs_is_told_and_paused_from_the_lesson(visitor: Visitor) -> None:
    page = visitor.page
    visitor.room("Learn")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Pause the training").wait_for()
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.locator("[data-lesson='undecided']").click()
    note = page.locator("[data-foreign]")
    expect(note).to_contain_text("A training is running")
    note.get_by_role("button", name="Pause it").click()
    expect(note).to_have_count(0, timeout=10_000)
    page.get_by_label("Your answer in images").fill("10")
    lock_in(page)
    assert visitor.complaints == []


def test_the_dial_of_a_knob_out_of_sight_is_not_behind_the_lessons(visitor: Visitor) -> None:
    page = open_lesson(visitor, "knobs")
    page.get_by_label("Your answer in images").fill("5")
    lock_in(page)
    page.get_by_role("button", name="Select this weight").click()
    dock = page.locator(".dock")
    dock.wait_for()
    ends = [page.locator(each).bounding_box() for each in (".dock", ".lessons")]
    assert ends[0] is not None
    assert ends[1] is not None
    assert ends[0]["x"] + ends[0]["width"] <= ends[1]["x"] + 1
