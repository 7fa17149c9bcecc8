"""Courses: given by link, code and file, tested before and after, told to a teacher; by keyboard, finger and reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lessons.oracle import Oracle
from pellucid.lessons.given_course import GivenCourse, course_code, course_file
from pellucid.lessons.records import Question
from studio.browser.visitor import Visitor

ONE = GivenCourse("One lesson", ("function", "of-tomorrow"), "Guess before you look.", "digits-sigmoid")
TWO = GivenCourse("Two lessons", ("bias", "function"))


@pytest.fixture
def visitor(visit_studio: Callable[..., Visitor]) -> Visitor:
    """Somebody who has done no lesson yet."""
    return visit_studio("--model", "digits-sigmoid", accept_downloads=True)


def panel(page: Page) -> Any:
    return page.get_by_role("complementary", name="Lessons")


def said(page: Page, text: str | re.Pattern[str]) -> None:
    """What a screen reader was told."""
    expect(page.locator("[data-said]")).to_contain_text(text)


def open_course(visitor: Visitor, course: GivenCourse) -> Page:
    """Open a course by its link."""
    page = visitor.page
    page.evaluate(f"location.hash = '#/read?course={course_code(course)}'")
    expect(panel(page).get_by_role("heading", name=course.title, exact=True)).to_be_visible()
    return page


def question_of(page: Page) -> Question:
    form = page.locator(".test form")
    options = tuple(map(plain, form.locator("label.check").all_inner_texts()))
    kind: Any = form.get_attribute("data-question")
    return Question(kind, plain(form.locator("p").first.inner_text()), options)


def plain(text: str) -> str:
    """A sentence before it was typeset."""
    return text.replace("\u2212", "-").replace("\u00a0", " ")


def take_test(visitor: Visitor, data: str, right: bool) -> None:
    """Answer the open test by keyboard alone, all rightly or all wrongly."""
    page, keys = visitor.page, visitor.page.keyboard
    oracle = Oracle("digits-sigmoid", data)
    expect(page.locator(".test")).to_be_visible()
    total = int(page.locator("progress").get_attribute("max") or 0)
    for number in range(total):
        page.locator(f".test[data-question='{number}']").wait_for()
        question = question_of(page)
        answer = oracle.answer(question)
        if question.options:
            page.locator(".test input").nth(int(answer) if right else (int(answer) + 1) % len(question.options)).focus()
            keys.press("Space")
        else:
            page.locator(".test input").focus()
            keys.type(f"{answer if right else 0.001:.3f}")
        keys.press("Enter")
    page.locator(f".test[data-question='{total}']").wait_for()


def do_function(visitor: Visitor) -> None:
    """Pass the lesson on the network as a function."""
    page = visitor.page
    page.locator("[data-lesson='function']").click()
    page.locator("[data-stage='predict']").wait_for()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Lock in the prediction").click()
    for digit in ("0", "1", "3", "7"):
        visitor.draw(digit)
        page.get_by_role("button", name="Clear the pad").click()
    box = visitor.pad.bounding_box() or {"x": 0, "y": 0}
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 170, box["y"] + 190, steps=6)
    page.mouse.up()
    page.locator("[data-stage='done']").wait_for()


def test_a_course_with_both_tests_shows_the_gain_and_gives_a_result(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("#/read?x=test-8")
    data = visitor.scene()["s"].partition(".")[2]
    page = open_course(visitor, ONE)
    expect(page).not_to_have_url(re.compile("course="))
    expect(panel(page)).to_contain_text("Guess before you look.")
    expect(panel(page)).to_contain_text("of-tomorrow")
    page.get_by_role("button", name="Take the test").click()
    take_test(visitor, data, right=False)
    expect(page.locator(".test")).to_contain_text("shown after the second test")
    page.get_by_role("button", name="To the lessons").click()
    do_function(visitor)
    said(page, "Passed. ")
    page.get_by_role("button", name="Take the test").click()
    take_test(visitor, data, right=True)
    gain = page.locator(".test [data-gain]")
    expect(gain).to_contain_text("Before the lessons: 0 of 8 right. After them: 8 of 8, 8 answers more than before.")
    page.get_by_role("button", name="See the answers").click()
    expect(page.locator("[data-answers] [data-right='true']")).to_have_count(8)
    expect(page.locator("[data-answers] [data-right='false']")).to_have_count(8)
    page.get_by_role("button", name="All lessons").click()
    page.get_by_text("Your result as a file").click()
    page.get_by_label("Name in the file").fill("Ada")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the file").click()
    assert download.value.suggested_filename == "result-Ada.json"
    path = tmp_path / "result.json"
    download.value.save_as(path)
    assert json.loads(path.read_text())["tests"]["after"] == {"right": 8, "total": 8}
    said(page, "result-Ada.json is saved")
    page.get_by_role("link", name="For teachers").click()
    page.get_by_label("Result files").set_input_files([path])
    row = page.locator("[data-results='1'] tbody tr")
    expect(row).to_contain_text("Ada")
    expect(row).to_contain_text("0 of 8")
    expect(row).to_contain_text("+8")
    page.get_by_text("Ada: predictions and outcomes").click()
    expect(page.get_by_label("Results", exact=True)).to_contain_text("0 of 13,002 knobs have changed")
    with page.expect_download() as table:
        page.get_by_label("Results", exact=True).get_by_role("button", name="Download").click()
        page.get_by_role("button", name="Data as CSV").click()
    assert "Ada,result.json,passed,0,8,8,8,8" in Path(table.value.path()).read_text()
    page.get_by_role("button", name="Close all").click()
    expect(page.locator("[data-results]")).to_have_count(0)
    assert [url for url in visitor.requests if not url.startswith(visitor.link[:17])] == []


def test_a_test_is_left_in_the_middle_and_outlives_the_studio(visitor: Visitor) -> None:
    page = open_course(visitor, TWO)
    page.get_by_role("button", name="Take the test").click()
    page.locator(".test input").first.wait_for()
    asked = question_of(page).text
    answer = page.locator(".test input").first
    if question_of(page).options:
        answer.check()
    else:
        answer.fill("1")
    page.get_by_role("button", name="Answer", exact=True).click()
    page.locator(".test[data-question='1']").wait_for()
    visitor.settle()
    visitor.server.stop()
    with visitor.server:
        page.goto(visitor.server.link + "#/turn")
        page.locator('main[data-settled="true"]').wait_for()
        expect(panel(page).get_by_role("heading", name="Two lessons", exact=True)).to_be_visible()
        assert [each.get_attribute("data-lesson") for each in page.locator("[data-lesson]").all()] == list(TWO.lessons)
        page.get_by_role("button", name="Go on with the test (1 answered)").click()
        page.locator(".test[data-question='1']").wait_for()
        assert question_of(page).text != asked
        visitor.complaints.clear()  # the studio was away


def test_screen_readers_hear_each_question_and_the_focus_is_at_its_head(visitor: Visitor) -> None:
    page = open_course(visitor, ONE)
    said(page, "The course “One lesson” is open: 1 lesson.")
    page.get_by_role("button", name="Take the test").focus()
    page.keyboard.press("Enter")
    page.locator(".test[data-question='0']").wait_for()
    expect(panel(page).get_by_role("heading", name="The test before the lessons")).to_be_focused()
    said(page, re.compile(r"Question 1 of 8\. .{30}"))
    page.keyboard.press("Tab")
    for _ in range(6):
        if page.evaluate("document.activeElement.type") == "radio":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator(".test[data-question='1']").wait_for()
    expect(page.get_by_role("heading", name="Question 2 of 8")).to_be_focused()
    said(page, re.compile(r"Question 2 of 8\. .{30}"))


def test_a_lesson_is_done_by_keyboard_without_losing_the_focus(visitor: Visitor) -> None:
    page, keys = open_course(visitor, TWO), visitor.page.keyboard
    page.locator("[data-lesson='bias']").focus()
    keys.press("Enter")
    page.locator("[data-stage='predict']").wait_for()
    expect(panel(page).get_by_role("heading", name="1. The bias is a threshold")).to_be_focused()
    said(page, "Predict first. ")
    page.get_by_label("Your answer in percent").focus()
    keys.type("20")
    keys.press("Enter")
    expect(panel(page).get_by_role("heading", name="Now try it")).to_be_focused()
    said(page, "The prediction is locked in. Now try it.")
    page.get_by_role("button", name="A hint, please").focus()
    keys.press("Enter")
    said(page, "Hint 1. ")
    page.get_by_role("button", name="Set all 42 biases to 0").focus()
    keys.press("Enter")
    said(page, "With all biases at 0")
    page.get_by_label("Find a knob").fill("0 bias 3")
    page.get_by_label("Find a knob").press("Enter")
    page.get_by_label("value", exact=True).fill("-10")
    page.get_by_label("value", exact=True).press("Enter")
    page.locator("[data-stage='done']").wait_for()
    said(page, re.compile(r"Passed\. You predicted 20\.0\s%"))
    page.get_by_label("Elsewhere").get_by_role("radio").first.focus()
    keys.press("Space")
    keys.press("Enter")
    expect(page.get_by_label("Elsewhere").get_by_role("list", name="Your answer")).to_be_focused()
    said(page, re.compile("right", re.IGNORECASE))


def test_a_teacher_puts_a_course_together_by_keyboard_and_gives_it_away(visitor: Visitor, tmp_path: Path) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.get_by_role("link", name="For teachers").focus()
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("For teachers")
    expect(page.locator("main")).to_contain_text("Nobody is watched here")
    told = page.locator("main").get_by_role("status").first
    expect(page.get_by_role("button", name="Make the course")).to_be_disabled()
    page.get_by_label("Title").fill("Knobs first")
    page.get_by_label("A sentence for the learners").fill("Have a pencil ready.")
    page.get_by_label("Network", exact=True).select_option("digits-relu")
    for title in ("The bias is a threshold", "Thousands of knobs"):
        page.get_by_role("button", name=f"Add {title}").focus()
        keys.press("Enter")
    expect(told).to_have_text("Thousands of knobs is lesson 2 of the course.")
    page.get_by_role("button", name="Move Thousands of knobs up").focus()
    keys.press("Enter")
    expect(told).to_have_text("Thousands of knobs is lesson 1 of 2.")
    expect(page.get_by_role("button", name="Move Thousands of knobs down")).to_be_focused()
    page.reload()
    page.get_by_role("button", name="Make the course").click()
    made = GivenCourse("Knobs first", ("knobs", "bias"), "Have a pencil ready.", "digits-relu")
    code = page.get_by_label("As a code")
    expect(code).to_have_value(course_code(made))
    expect(page.get_by_label("As a link")).to_have_value(re.compile(rf"#/read\?course={course_code(made)}$"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save course.json").click()
    assert Path(download.value.path()).read_text() == course_file(made)
    page.get_by_role("button", name="Remove The bias is a threshold").click()
    expect(code).to_have_count(0)
    expect(page.get_by_role("button", name="Add The bias is a threshold")).to_be_focused()


def drop(page: Page, name: str, text: str) -> None:
    page.evaluate(
        """([name, text]) => {
            const given = new DataTransfer();
            given.items.add(new File([text], name, { type: "application/json" }));
            dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
        }""",
        [name, text],
    )


def test_a_course_is_pasted_opened_and_dropped_and_damaged_ones_are_told(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.get_by_text("A course from your teacher").click()
    field = page.get_by_label("Code or link of a course")
    field.fill(course_code(TWO)[:-9])
    page.get_by_role("button", name="Open the course").click()
    expect(page.get_by_text("damaged or cut off")).to_be_visible()
    field.fill(f"http://127.0.0.1:9/#/read?course={course_code(TWO)}")
    page.get_by_role("button", name="Open the course").click()
    expect(panel(page).get_by_role("heading", name="Two lessons", exact=True)).to_be_visible()
    page.get_by_role("button", name="Back to all lessons").click()
    expect(panel(page).get_by_role("heading", name="Lessons", exact=True)).to_be_visible()
    page.get_by_label("Course file").set_input_files(
        [{"name": "course.json", "mimeType": "application/json", "buffer": course_file(ONE).encode()}]
    )
    expect(panel(page).get_by_role("heading", name="One lesson", exact=True)).to_be_visible()
    drop(page, "course.json", course_file(TWO))
    expect(panel(page).get_by_role("heading", name="Two lessons", exact=True)).to_be_visible()
    drop(page, "other.json", '{"pellucid": "course", "version": 1}')
    expect(page.get_by_text("This is no course that this version can read")).to_be_visible()
    drop(page, "ada.json", '{"pellucid": "result"}')
    expect(page.get_by_text("ada.json: This is no result")).to_be_visible()
    expect(page.locator("h1")).to_have_text("For teachers")


def test_a_class_is_led_through_its_course_and_each_visitor_begins_anew(visit_studio: Any, tmp_path: Path) -> None:
    file = tmp_path / "course.json"
    file.write_text(course_file(TWO))
    visitor = visit_studio("--class", "--reset-after", "none", "--course", str(file), place="")
    page = visitor.page
    expect(panel(page).get_by_role("heading", name="Two lessons", exact=True)).to_be_visible()
    expect(panel(page)).to_contain_text("The progress ends with this session.")
    for name in ("A course from your teacher", "Another course", "For teachers"):
        expect(panel(page).get_by_text(name)).to_have_count(0)
    page.get_by_role("button", name="Take the test").click()
    page.locator(".test[data-question='0']").wait_for()
    page.get_by_role("button", name="Close the lessons").click()
    page.get_by_role("button", name="Start again", exact=True).click()
    expect(panel(page).get_by_role("button", name="Take the test")).to_be_visible()
    page.evaluate("location.hash = '#/teacher'")
    expect(page.locator("h1")).to_have_text("Read")
    assert not list((tmp_path / "home").rglob("lessons.jsonl"))


def test_a_studio_that_was_started_with_a_course_opens_it_with_its_network(visit_studio: Any) -> None:
    code = course_code(GivenCourse("With ReLU", ("bias",), "", "digits-relu"))
    page = visit_studio("--course", code, place="").page
    expect(panel(page).get_by_role("heading", name="With ReLU", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Network: digits-relu")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Open digits-relu", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Close the lessons").click()
    page.reload()
    page.locator('main[data-settled="true"]').wait_for()
    expect(panel(page)).to_have_count(0)


def test_a_network_that_the_course_is_not_made_for_is_changed_by_a_button(visitor: Visitor) -> None:
    page = open_course(visitor, GivenCourse("With ReLU", ("bias", "function"), "", "digits-relu"))
    page.get_by_role("button", name="Open digits-relu", exact=True).click()
    expect(page.get_by_role("button", name="Network: digits-relu")).to_be_visible()
    page.get_by_role("button", name="Network: ").click()
    page.get_by_role("button", name="Open digits-conv").click()
    page.locator("[data-lesson='bias']").click()
    page.locator("[data-stage='unsuited']").wait_for()
    panel(page).get_by_role("button", name="Open digits-sigmoid").click()
    page.locator("[data-stage='predict']").wait_for()


_SERIOUS = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"


def show(page: Page, view: str) -> None:
    """Bring the lessons into a state."""
    page.locator("[data-lesson]").first.wait_for()
    match view:
        case "panels":
            for text in ("Your result as a file", "Another course"):
                page.get_by_text(text).click()
        case "test":
            page.get_by_role("button", name=re.compile("Take the test|Go on with")).click()
            page.locator(".test input").first.wait_for()
        case "lesson" | "done":
            page.locator("[data-lesson='bias']").click()
            page.get_by_label("Your answer in percent").fill("30")
            page.get_by_role("button", name="Lock in the prediction").click()
            page.get_by_role("button", name="A hint, please (3 left)").click()
            page.get_by_role("button", name="Set all 42 biases to 0").wait_for()
        case "teacher":
            page.get_by_role("link", name="For teachers").click()
            page.get_by_label("Title").fill("Biases")
            page.get_by_role("button", name="Add The bias is a threshold").click()
            page.get_by_role("button", name="Make the course").click()
            page.get_by_label("As a code").wait_for()


@pytest.fixture
def pages(visit_studio: Callable[..., Visitor]) -> Callable[..., Page]:
    """A page of somebody who has done nothing, with the short course open."""

    def of(**options: Any) -> Page:
        visitor = visit_studio(
            "--model", "digits-sigmoid", place=f"#/read?course={course_code(TWO)}",
            reduced_motion="reduce", bypass_csp=True, **options,
        )  # fmt: skip
        return visitor.page

    return of


@pytest.mark.parametrize("view", ["list", "panels", "test", "lesson", "teacher"])
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1440, "dark")])
def test_axe_finds_nothing_and_nothing_is_wider(
    pages: Callable[..., Page], axe: str, view: str, width: int, scheme: str
) -> None:
    page = pages(viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=width < 800)
    show(page, view)
    page.evaluate(axe)
    found = [(each["id"], each["nodes"][0]["html"][:200]) for each in page.evaluate(_SERIOUS)]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"
    assert page.locator(".lessons .body, .panel").evaluate_all(wide) == []


@pytest.mark.parametrize("view", ["list", "test", "lesson", "teacher"])
def test_in_presentation_everything_is_larger_and_in_sight(pages: Callable[..., Page], axe: str, view: str) -> None:
    page = pages(viewport={"width": 1280, "height": 720})
    before = float(page.locator(".lessons h2").evaluate("(head) => parseFloat(getComputedStyle(head).fontSize)"))
    page.get_by_role("button", name="Presentation").click()
    assert page.locator(".lessons h2").evaluate("(head) => parseFloat(getComputedStyle(head).fontSize)") > 1.2 * before
    show(page, view)
    page.evaluate(axe)
    assert [each["id"] for each in page.evaluate(_SERIOUS)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    overlapping = """() => {
        const boxes = [...document.querySelectorAll("main .panel")].map((each) => each.getBoundingClientRect());
        const apart = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 1;
        const meet = (a, b) => !apart(a, b) && !apart(b, a);
        return boxes.some((a, at) => boxes.slice(at + 1).some((b) => meet(a, b)));
    }"""
    assert page.evaluate(overlapping) is False


def test_with_fingers_every_control_is_large_enough(pages: Callable[..., Page]) -> None:
    page = pages(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    show(page, "panels")
    small = """(all) => all.map((each) => [each.closest("label") ?? each, each])
        .filter(([box]) => box.getBoundingClientRect().height < 24)
        .map(([, each]) => each.outerHTML.slice(0, 120))"""
    controls = page.locator(".lessons").locator("button:visible, a:visible, summary:visible, input.field:visible")
    assert controls.evaluate_all(small) == []
    page.get_by_role("button", name="Hide", exact=True).tap()
    expect(page.locator("[data-lesson]")).to_have_count(0)
    page.get_by_role("button", name="Show", exact=True).tap()
    page.get_by_role("button", name="Take the test").tap()
    expect(page.get_by_role("heading", name="Question 1 of 8")).to_be_in_viewport()
