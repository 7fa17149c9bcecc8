"""The test before and after: every answer is that of the network, both forms differ, and guessing gives chance."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest

from lessons.learner import Learner
from lessons.oracle import Oracle
from pellucid.lessons import course
from pellucid.lessons.assessment import neurons, pictures, sounds, steps
from pellucid.lessons.assessment.form import LEAST, MOST, TAUGHT, draw_form, unsuited_for_test
from pellucid.lessons.assessment.variant import Maker, Variant
from pellucid.lessons.records import Question
from pellucid.lessons.view import View

MODELS = ("digits-sigmoid", "digits-relu")
NAMES = [lesson.name for lesson in course.ALL]
MAKERS: list[Maker] = [
    maker
    for module in (neurons, pictures, sounds, steps)
    for maker in vars(module).values()
    if inspect.isfunction(maker)
    and not maker.__name__.startswith("_")
    and list(inspect.signature(maker).parameters) == ["view", "variant"]
]


def view_of(model: str) -> View:
    return Learner(model).view()


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def view(model: str) -> View:
    return view_of(model)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_an_oracle_answers_rightly(maker: Maker, model: str, view: View) -> None:
    oracle = Oracle(model)
    for number in range(6):
        question = maker(view, Variant(3, maker.__name__, number))
        answer = oracle.answer(question)
        assert question.fault([answer]) is None
        assert question.right((answer,)), (question.text, question.options, question.truth, answer)
        assert question.told


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_options_differ_and_are_in_any_order(maker: Maker, view: View) -> None:
    questions = [maker(view, Variant(seed, maker.__name__, 0)) for seed in range(12)]
    for question in questions:
        assert len(set(question.options)) == len(question.options) != 1
        assert question.kind == ("choice" if question.options else "number")
        assert question.fault(list(question.truth)) is None
    if questions[0].options and maker is not neurons.one_weight:  # whose options are bands, from none to all
        assert len({question.truth for question in questions}) > 1


def test_a_whole_form_is_answered_rightly_and_both_forms_differ(model: str, view: View) -> None:
    oracle = Oracle(model)
    for seed in range(3):
        before, after = (draw_form(view, NAMES, seed, form) for form in ("before", "after"))
        for question in (*before, *after):
            assert question.right((oracle.answer(question),))
        assert LEAST <= len(before) == len(after) <= MOST
        assert len({question.text for question in (*before, *after)}) == 2 * len(before)
        assert draw_form(view, NAMES, seed, "before") == before
        assert [one.kind for one in before] == [other.kind for other in after]


@pytest.mark.parametrize("name", TAUGHT)
def test_a_course_of_one_lesson_is_asked_about_it_and_nothing_twice(name: str, view: View) -> None:
    forms = [draw_form(view, [name], 8, form) for form in ("before", "after")]
    texts = [question.text for form in forms for question in form]
    assert len(texts) == len(set(texts)) == 2 * LEAST


def test_lessons_without_questions_are_asked_about_the_others(view: View) -> None:
    assert draw_form(view, ["of-tomorrow"], 1, "before") == draw_form(view, list(TAUGHT), 1, "before")


def test_every_lesson_is_asked_about(view: View) -> None:
    assert set(course.BY_NAME) == set(TAUGHT)
    assert len(draw_form(view, NAMES, 1, "before")) >= len(NAMES) - 1  # race shares its question with another lesson


def test_without_a_network_that_hears_nothing_is_asked_about_sounds(view: View) -> None:
    deaf = replace(view, ear=lambda: None)
    form = draw_form(deaf, NAMES, 1, "before")
    assert not [question for question in form if "is heard as the sounds" in question.text]
    assert draw_form(deaf, ["sounds"], 1, "before") == draw_form(deaf, ["of-tomorrow"], 1, "before")
    assert [question for question in draw_form(view, NAMES, 1, "before") if "is heard as the sounds" in question.text]


def chance(question: Question) -> float:
    """The probability that a random answer is right."""
    if question.options:
        return 1 / len(question.options)
    return min(1.0, 2 * question.tolerance / (question.high - question.low))


def guessed(question: Question, rng: np.random.Generator) -> float:
    if question.options:
        return float(rng.integers(len(question.options)))
    return float(rng.uniform(question.low, question.high))


def test_guessing_gives_about_chance(view: View) -> None:
    rng, right, expected, asked = np.random.default_rng(5), 0, 0.0, 0
    for seed in range(25):
        form = draw_form(view, NAMES, seed, "before")
        assert sum(map(chance, form)) / len(form) < 0.3
        for question in form:
            right += sum(question.right((guessed(question, rng),)) for _ in range(40))
            expected += 40 * chance(question)
            asked += 40
    assert abs(right - expected) < 4 * np.sqrt(asked * 0.25)


def test_always_the_first_option_gives_about_chance(view: View) -> None:
    questions = [question for seed in range(25) for question in draw_form(view, NAMES, seed, "after")]
    choices = [question for question in questions if question.options and "at most 1 %" not in question.options[0]]
    right = sum(question.right((0.0,)) for question in choices)
    assert right / len(choices) < 0.35


def test_networks_that_cannot_be_asked_about_are_told() -> None:
    assert "digits-sigmoid" in (unsuited_for_test(view_of("digits-conv")) or "")
    learner = Learner()
    learner.view().trained[:] = np.float32(1e38)
    assert "overflow" in (unsuited_for_test(learner.view()) or "")
