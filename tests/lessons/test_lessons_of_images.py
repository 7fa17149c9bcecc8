"""The lessons on levels, orders, rates and convolution: their figures are the engine's, and no less passes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from lessons import learning_rate as runs
from lessons.grey_levels import round_to
from lessons.learner import SOLVERS, Learner
from pellucid.inspect.grey_levels import with_grey_levels
from pellucid.lessons import convolution, course, learning_rate, straight_line
from pellucid.lessons.deeds import NetworksRetrained
from pellucid.lessons.log import LessonLog
from pellucid.lessons.records import Question
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import Page, wait_for
from studio.tables import write_flowers

TEST = pl.data.load("digits").test
NAMES = ("grey-levels", "straight-line", "learning-rate", "convolution")


def accuracy(model: str, pixels: np.ndarray) -> float:
    return float((pl.load(model)(pixels.astype(np.float32)).argmax(axis=1) == TEST.labels).mean())


def percentages(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"(\d+\.\d) %", text)]


@pytest.mark.parametrize("model", ["digits-sigmoid", "digits-relu"])
def test_the_accuracy_is_that_of_the_rounded_images(model: str) -> None:
    learner = Learner(model)
    learner.predict("grey-levels", [50.0])
    round_to(learner, 10)
    assert learner.shown is not None
    ten, whole = accuracy(model, with_grey_levels(TEST, 10).images / 9), accuracy(model, TEST.images / 255)
    assert percentages(learner.shown.gap) == [50.0, round(100 * ten, 1), round(100 * whole, 1)]
    question = learner.shown.fields["transfer"]
    learner.ask("answerTransfer", lesson="grey-levels", values=[50.0])
    two = 100 * accuracy(model, with_grey_levels(TEST, 2).images)
    assert learner.shown.fields["transfer"]["truth"] == [pytest.approx(two)]
    assert "two levels" in question["text"]


def test_the_shifted_accuracies_are_those_of_both_networks() -> None:
    learner = Learner()
    learner.predict("convolution", [3.0, 3.0])
    SOLVERS["convolution"](learner)
    assert learner.shown is not None
    moved = np.zeros_like(TEST.images)
    moved[:, :, 3:] = TEST.images[:, :, :-3]
    both = [100 * accuracy(name, moved / 255) for name in ("digits-conv", "digits-relu")]
    assert percentages(learner.shown.gap)[:2] == [round(each, 1) for each in both]


def test_the_shift_is_measured_with_the_levels_of_the_question() -> None:
    learner = Learner()
    round_to(learner, 10)
    learner.predict("convolution", [3.0, 3.0])
    SOLVERS["convolution"](learner)
    assert learner.stage == "done"


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_features_are_told_apart(name: str, tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(write_flowers(tmp_path / "flowers.csv")), table={"label": "last"}, lessons=LessonLog())
    page = Page(Session("t", catalog, None))
    shown = page.asked("openLesson", "lessonShown", lesson=name)
    assert shown.stage == "unsuited"
    assert len(shown.about) > 40


def trained(**others: float) -> NetworksRetrained:
    found = {"convolutional": 0.96, "dense": 0.91, "convolutional_shuffled": 0.9, "dense_shuffled": 0.905, **others}
    return NetworksRetrained(1, tuple(np.random.default_rng(0).permutation(784).tolist()), **found)


PIXELS = Question("choice", "", setting={"pixels": 784.0, "chance": 0.11})


def test_only_a_true_permutation_counts() -> None:
    facts = straight_line.facts_of(trained())
    assert straight_line.LESSON.passed(PIXELS, [facts]) == facts
    order = list(trained().order)
    order[3] = order[4]
    for other in (tuple(order), tuple(range(784)), (1, 0, *range(2, 784)), tuple(order[:-1])):
        facts = straight_line.facts_of(NetworksRetrained(1, other, 0.96, 0.91, 0.9, 0.905))
        assert straight_line.LESSON.passed(PIXELS, [facts]) is None


@pytest.mark.parametrize(
    ("dense_shuffled", "passes"), [(0.8949, False), (0.8951, True), (0.9249, True), (0.9251, False)]
)
def test_accuracies_have_to_be_within_a_point_and_a_half(dense_shuffled: float, passes: bool) -> None:
    facts = straight_line.facts_of(trained(dense_shuffled=dense_shuffled))
    assert (straight_line.LESSON.passed(PIXELS, [facts]) is not None) == passes
    assert "another order" in straight_line.LESSON.status(PIXELS, [facts])


def test_the_outcome_names_the_option_that_came_true() -> None:
    assert [straight_line.outcome(0.11, 0.91, each) for each in (0.12, 0.7, 0.9, 0.95)] == [0, 1, 2, 3]


def test_a_convolution_that_loses_nothing_does_not_pass() -> None:
    moved = {"shifted": 0.95, "shifted_dense": 0.5}
    for loss, passes in ((0.0, False), (0.014, False), (0.016, True)):
        facts = straight_line.facts_of(trained(convolutional_shuffled=0.96 - loss))
        assert (convolution.LESSON.passed(PIXELS, [moved, facts]) is not None) == passes


def test_a_run_that_diverges_counts_as_stuck_where_its_rate_is_larger() -> None:
    question = Question("number", "", setting={"stuck": 0.21})
    run = {"plan": 1.0, "diverged": 0.0}
    noted = [run | {"rate": 0.1, "accuracy": 0.92}, run | {"rate": 0.01, "accuracy": 0.5}]
    assert learning_rate.LESSON.passed(question, noted) is None
    broken = run | {"rate": 1.0, "accuracy": 0.91, "diverged": 1.0}
    found = learning_rate.LESSON.passed(question, [*noted, broken])
    assert found is not None
    assert (found["learned"], found["stuck"], found["best"]) == (0.1, 1.0, 0.1)
    assert learning_rate.LESSON.passed(question, [*noted, broken | {"rate": 0.05}]) is None


def test_a_network_goes_back_to_its_start_and_takes_another_rate() -> None:
    learner = Learner()
    learner.predict("learning-rate", [3.0])
    runs.run(learner, runs.SLOW)
    for rate in (runs.GOOD, runs.BROKEN):
        learner.ask("goToStep", step=0)
        learner.ask("setRate", learningRate=rate)
        runs.train(learner)
    assert learner.stage == "done"


def test_it_is_noticed_without_any_request_when_a_training_ends() -> None:
    learner = Learner()
    learner.predict("learning-rate", [3.0])
    for rate in (runs.SLOW, runs.GOOD):
        runs.run(learner, rate)
    learner.ask("setUp", plan=runs.plan(runs.BROKEN))
    learner.ask("train")
    wait_for(lambda: bool(learner.fetch()) and learner.stage == "done")
    learner.ask("pause")


@pytest.mark.parametrize("name", NAMES)
def test_another_question_is_asked_later(name: str) -> None:
    view = Learner().page.session._lessons._views.now()
    lesson = course.BY_NAME[name]
    first, later = (lesson.transfer(view, number) for number in (0, 1))
    assert first.text != later.text
    assert first.truth
    assert later.truth
    assert first.right(first.truth)
