"""Lessons in the shared page: solvers pass, near misses do not, and Python says the same of what was noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

import pellucid as pl
from lessons import test_course as near
from lessons.learner import SOLVERS, STROKES, Learner, answer
from pellucid.lessons import course
from pellucid.lessons.records import Question
from sharing.browser.conftest import settle
from sharing.browser.page_learner import PageLearner
from studio.browser.visitor import DIGITS

NAMES = ("undecided", "weighted-sum", "bias", "knobs", "function")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """All held-out digits: what the tests of the studio's lessons count on."""
    return {"data": pl.data.load("digits"), "examples": 4000}


@pytest.mark.parametrize("model", ["digits-sigmoid", "digits-relu"])
@pytest.mark.parametrize("name", NAMES)
def test_the_solver_passes_and_python_agrees(open_page: Open, name: str, model: str, whole: dict[str, Any]) -> None:
    learner = PageLearner(open_page(pl.load(model), **whole))
    learner.predict(name)
    assert learner.stage == "do"
    SOLVERS[name](learner)
    assert learner.stage == "done"
    assert learner.shown is not None
    agree_with_python(learner, name)
    question = learner.shown.transfer
    assert question["truth"] is None
    learner.ask("answerTransfer", lesson=name, values=answer(question))
    assert learner.shown.transfer["truth"] is not None
    assert learner.refused("answerTransfer", lesson=name, values=answer(question)) == "out_of_order"


def agree_with_python(learner: PageLearner, name: str) -> None:
    """Compare every status, the moment of passing and the outcome's words with the lesson in Python."""
    lesson, noted = course.BY_NAME[name], learner.noted(name)
    [predicted] = [entry for entry in learner.entries if entry["type"] == "predicted"]
    question = msgspec.convert(predicted["question"], Question)
    passed = [lesson.passed(question, noted[:count]) for count in range(len(noted) + 1)]
    assert passed[:-1] == [None] * len(noted)
    assert passed[-1] is not None
    assert learner.shown is not None
    assert learner.shown.gap == lesson.gap(question, tuple(map(float, predicted["values"])), passed[-1])
    assert learner.told
    for facts, status in learner.told:
        assert status == lesson.status(question, facts)


@pytest.mark.parametrize("name", NAMES)
def test_questions_are_those_of_the_studio(open_page: Open, name: str, whole: dict[str, Any]) -> None:
    page, studio = PageLearner(open_page(pl.load("digits-sigmoid"), **whole)), Learner("digits-sigmoid")
    for learner in (page, studio):
        learner.predict(name)
        for _ in range(3):
            learner.ask("askHint", lesson=name)
    assert page.shown is not None
    assert studio.shown is not None
    for field in ("about", "question", "task", "status", "tools", "hints", "hintsLeft", "stage"):
        assert page.shown.fields[field] == studio.shown.fields[field], field


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("undecided", near.plain_digits),
        ("undecided", near.an_example),
        ("undecided", near.undecided_by_turned_knobs),
        ("bias", near.bias_41_of_42),
        ("bias", near.bias_of_the_wrong_sign),
        ("bias", near.bias_of_two_neurons),
        ("bias", near.bias_of_an_output),
        ("bias", near.bias_with_weights),
        ("knobs", near.worst_neuron_but_one),
        ("knobs", near.all_neurons_at_once),
        ("knobs", near.only_the_neurons),
        ("weighted-sum", near.an_example),
        ("weighted-sum", near.pixels_that_would_do),
        ("weighted-sum", near.turned_weights),
        ("function", near.four_drawings),
        ("function", near.five_dots),
        ("function", near.one_long_drawing),
        ("function", near.one_drawing_brought_back),
        ("function", near.knobs_turned_between),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_near_miss_does_not_pass(
    open_page: Open, name: str, attempt: Callable[[Learner], None], whole: dict[str, Any]
) -> None:
    learner = PageLearner(open_page(pl.load("digits-sigmoid"), **whole))
    learner.predict(name)
    attempt(learner)
    assert learner.stage == "do"
    lesson = course.BY_NAME[name]
    [predicted] = [entry for entry in learner.entries if entry["type"] == "predicted"]
    assert lesson.passed(msgspec.convert(predicted["question"], Question), learner.noted(name)) is None


def test_what_was_there_before_the_prediction_does_not_count(open_page: Open) -> None:
    learner = PageLearner(open_page(pl.load("digits-sigmoid")))
    learner.open("weighted-sum")
    learner.draw(STROKES["0"])
    learner.predict("weighted-sum")
    learner.ask("askLessons")
    assert learner.noted("weighted-sum") == []


def test_a_lesson_is_asked_again_after_two_others(open_page: Open) -> None:
    learner = PageLearner(open_page(pl.load("digits-sigmoid")))
    for name in NAMES[1:4]:
        learner.predict(name)
        SOLVERS[name](learner)
        assert learner.stage == "done"
        learner.ask("resetKnobs", to="trained")
    learner.open("function")
    assert learner.shown is not None
    assert learner.shown.recall["lesson"] == NAMES[1]
    learner.ask("answerRecall", lesson=NAMES[1], values=answer(learner.shown.recall["question"]))
    assert learner.shown.recall["question"]["truth"] is not None


def test_a_lesson_is_taken_by_hand_and_resumed_after_a_reload(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.locator('[data-lesson="function"]').click()
    page.get_by_label("none of them", exact=True).check()
    page.get_by_role("button", name="Lock in the prediction").click()
    for digit in ("3", "7", "1"):
        draw(page, DIGITS[digit])
    assert page.locator("[data-status]").inner_text() == "3 of 5 drawings read with the same bits."
    page.reload()
    settle(page)
    page.locator('[data-lesson="function"]').click()
    assert page.locator("[data-status]").inner_text() == "3 of 5 drawings read with the same bits."
    draw(page, DIGITS["0"])
    draw(page, [(0.8, 0.2), (0.5, 0.5), (0.8, 0.8)])
    assert "0 of 13,002 knobs have changed, as you predicted" in page.locator("[data-gap]").inner_text()
    assert page.locator(".lessons").get_by_text("Your progress stays on this machine").count() == 0
    page.get_by_label("All lessons").click()
    assert "1 of 5 passed. Your progress stays on this machine." in page.locator(".lessons").inner_text()
    assert page.locator('[data-lesson="function"]').get_attribute("data-state") == "passed"


def test_where_the_browser_keeps_nothing_the_page_says_so(open_page: Open) -> None:
    refuse = "get() { throw new DOMException('not for files', 'SecurityError'); }"
    page = open_page(pl.load("digits-relu"), before=f"Object.defineProperty(window, 'localStorage', {{ {refuse} }})")
    page.get_by_role("button", name="Lessons", exact=True).click()
    assert "The progress ends with this session." in page.locator(".lessons").inner_text()


def draw(page: Any, line: Sequence[tuple[float, float]]) -> None:
    """Draw with the mouse on a cleared pad."""
    page.get_by_label("Clear the pad").click()
    box = page.get_by_label("Drawing pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()
    settle(page)


def test_a_network_that_was_trained_here_has_to_be_reset_for_lessons(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.locator('[data-lesson="bias"]').click()
    page.get_by_role("button", name="One step").click()
    page.locator('[data-trained="true"]').wait_for()
    settle(page)
    assert page.locator("[data-open-lesson]").get_attribute("data-stage") == "unsuited"
    page.get_by_role("button", name="Reset to the shared network").click()
    settle(page)
    assert page.locator("[data-open-lesson]").get_attribute("data-stage") == "predict"
