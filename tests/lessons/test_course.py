"""Every lesson is passed by its solver and by nothing less; progress follows from the log alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from lessons import convolution, grey_levels, learning_rate, noise, nudges, race, sounds, straight_line
from lessons.learner import SOLVERS, STROKES, Learner, answer, hidden
from pellucid.inspect.ablation import ablate
from pellucid.inspect.class_statistics import auc
from pellucid.inspect.excitation import responses
from pellucid.lessons import course
from pellucid.lessons.log import LessonLog
from pellucid.lessons.progress import replay

MODELS = ("digits-sigmoid", "digits-relu")
NEW_NETWORKS = ("straight-line", "learning-rate", "convolution")
NAMES = [lesson.name for lesson in course.ALL]


def test_every_lesson_has_a_solver_and_a_place() -> None:
    assert set(NAMES) == set(SOLVERS)
    assert [lesson.number for lesson in course.ALL] == sorted({lesson.number for lesson in course.ALL})
    assert all(3 <= lesson.minutes <= 8 for lesson in course.ALL)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", NAMES)
def test_the_solver_passes_and_sees_the_gap(name: str, model: str) -> None:
    learner = Learner(model)
    learner.predict(name)
    assert learner.stage == "do"
    SOLVERS[name](learner)
    assert learner.shown is not None
    assert learner.stage == "done"
    assert len(learner.shown.gap) > 60
    assert learner.shown.lesson["state"] == "passed"
    question = learner.shown.fields["transfer"]
    assert question["truth"] is None
    learner.ask("answerTransfer", lesson=name, values=answer(question))
    assert learner.shown.fields["transfer"]["truth"] is not None
    assert learner.shown.fields["transfer"]["right"] in (True, False)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", NAMES)
def test_little_is_said_before_the_first_action(name: str, model: str) -> None:
    learner = Learner(model)
    learner.open(name)
    assert learner.shown is not None
    question = learner.shown.fields["question"]
    words = " ".join([learner.shown.about, question["text"], *question["options"], *question["rows"]]).split()
    assert 10 < len(words) <= 120


@pytest.mark.parametrize("name", NAMES)
def test_waiting_reloading_and_clicking_through_never_pass(name: str) -> None:
    learner = Learner()
    learner.page.ask("askNeuron", layer=1, neuron=0, twin=False, members=[0, 6, 8, 9])
    learner.page.ask("pen", stroke=0, points=STROKES["0"], width=0.08)  # what was there before does not count
    learner.predict(name)
    for _ in range(3):
        learner.ask("askLessons")
        learner.open(name)
        learner.page.session.greet(True)
        learner._take(learner.page.fetch())
        for part in ("read", "turn"):
            learner.ask("askVotes", layer=0, neuron=0) if part == "read" else learner.ask("findKnobs", query="bias 2")
        learner.ask("nextPicture")
        learner.ask("reportInput")
    for _ in range(3):
        learner.ask("askHint", lesson=name)
    assert learner.shown is not None
    for number in range(len(learner.shown.fields["tools"])):
        learner.tool(number)
    assert learner.stage == "do"
    assert len(learner.shown.hints) == 3
    assert learner.shown.hintsLeft == 0
    assert learner.page.refused("answerTransfer", lesson=name, values=[0.0]) == "out_of_order"
    assert learner.page.refused("predictOutcome", lesson=name, values=[0.0]) == "out_of_order"


@pytest.mark.parametrize("name", NAMES)
def test_the_work_counts_after_the_prediction_only(name: str) -> None:
    learner = Learner()
    learner.open(name)
    if name in ("weighted-sum", "function", "undecided", "race", "noise", "grey-levels", *NEW_NETWORKS):
        SOLVERS[name](learner)
    elif name == "sounds":
        assert sounds.muting(learner, loses=True)
    else:
        [index] = [layer["bias"] for layer in learner.layers[:1]]
        learner.turn([index], [-10.0])
    assert learner.stage == "predict"
    learner.predict(name)
    learner.open(name)
    assert learner.stage == "do"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_left_half_way_and_resumed_on_another_day(name: str, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lessons.jsonl"
    learner = Learner(log=LessonLog(path))
    learner.predict(name)
    path.write_bytes(path.read_bytes() + b'{"type":"noted","lesson":"bi')  # the machine stopped in the middle
    resumed = Learner(log=LessonLog(path))
    resumed.open(name)
    assert resumed.stage == "do"
    SOLVERS[name](resumed)
    assert resumed.stage == "done"
    assert replay(LessonLog(path).records, course.BY_NAME).passed == [name]


def test_records_of_another_version_block_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lessons.jsonl"
    path.write_text(
        '{"type":"predicted","lesson":"bias","when":1,"question":{"kind":"number","text":"old"},"values":[3]}\n'
        '{"type":"noted","lesson":"bias","when":1,"facts":{"neuron":1}}\n'
        '{"type":"predicted","lesson":"gone","when":1,"question":{"kind":"number","text":"old"},"values":[3]}\n'
        '{"type":"invented","lesson":"bias","when":1}\nnonsense\n[1]\n'
    )
    learner = Learner(log=LessonLog(path))
    learner.open("bias")
    assert learner.stage == "predict"
    learner.predict("bias")
    SOLVERS["bias"](learner)
    assert learner.stage == "done"


def test_a_lesson_is_asked_again_after_two_others() -> None:
    learner = Learner()
    for name in NAMES[:3]:
        learner.predict(name)
        SOLVERS[name](learner)
        learner.ask("resetKnobs", to="trained")
        assert learner.shown is not None
        assert learner.shown.recall is None or name == NAMES[2]
    learner.open(NAMES[3])
    assert learner.shown is not None
    assert learner.shown.recall["lesson"] == NAMES[0]
    question = learner.shown.fields["recall"]["question"]
    assert question["truth"] is None
    learner.ask("answerRecall", lesson=NAMES[0], values=answer(question))
    assert learner.shown.fields["recall"]["question"]["truth"] is not None
    learner.open(NAMES[3])
    assert learner.shown.recall is None


def test_a_lesson_begins_again_and_stays_passed() -> None:
    learner = Learner()
    learner.predict("function")
    SOLVERS["function"](learner)
    learner.ask("restartLesson", lesson="function")
    assert learner.shown is not None
    assert learner.stage == "predict"
    assert learner.shown.lesson["state"] == "passed"
    learner.predict("function")
    assert learner.stage == "do"


def test_a_wrong_prediction_never_blocks_and_a_malformed_one_is_refused() -> None:
    learner = Learner()
    learner.open("bias")
    for values in ([101.0], [-1.0], [1.0, 2.0]):
        assert learner.page.refused("predictOutcome", lesson="bias", values=values) == "bad_value"
    learner.open("function")
    for values in ([4.0], [0.5], [-1.0]):
        assert learner.page.refused("predictOutcome", lesson="function", values=values) == "bad_value"
    assert learner.page.refused("predictOutcome", lesson="bias", values=[3.0]) == "out_of_order"
    assert learner.page.refused("openLesson", lesson="nothing") == "unavailable"
    assert learner.page.refused("answerRecall", lesson="bias", values=[3.0]) == "out_of_order"
    learner.predict("function", [0.0])
    SOLVERS["function"](learner)
    assert learner.stage == "done"


def test_a_network_that_a_lesson_cannot_use_is_told_apart() -> None:
    learner = Learner("digits-conv")
    for name in ("weighted-sum", "bias", "knobs", "loops", "nudges"):
        learner.open(name)
        assert learner.shown is not None
        assert learner.stage == "unsuited"
        assert "digits-sigmoid" in learner.shown.about
        assert learner.page.refused("predictOutcome", lesson=name, values=[1.0]) == "out_of_order"
    learner.ask("loadNetwork", name="digits-relu")
    learner.predict("bias")
    assert learner.stage == "do"


@pytest.mark.parametrize("name", ["grey-levels", "straight-line", "learning-rate", "convolution"])
def test_lessons_of_images_are_done_with_a_convolutional_network_too(name: str) -> None:
    learner = Learner("digits-conv")
    learner.predict(name)
    SOLVERS[name](learner)
    assert learner.stage == "done"


@pytest.mark.parametrize("model", MODELS)
def test_the_figures_are_those_of_the_network(model: str) -> None:
    net, test = pl.load(model), pl.data.load("digits").test
    learner = Learner(model)
    learner.predict("bias")
    SOLVERS["bias"](learner)
    assert learner.shown is not None
    for layer in net.layers:
        layer.bias[...] = 0
    expected = (net(test.images).argmax(axis=1) == test.labels).mean()
    assert f"it is {100 * expected:.1f} %" in learner.shown.gap
    learner.ask("resetKnobs", to="trained")
    learner.predict("knobs")
    SOLVERS["knobs"](learner)
    net = pl.load(model)

    def without(place: tuple[int, int]) -> float:
        return float((ablate(net, {place: 0.0})(test.images).argmax(axis=1) == test.labels).mean())

    worst = min(hidden(learner), key=without)
    net.parameters[...] = learner.view().net.parameters  # the weight is still at 0
    assert f"{100 * without(worst):.1f} % are read correctly" in learner.shown.gap


@pytest.mark.parametrize("model", MODELS)
def test_the_weighted_sum_is_that_of_the_engine(model: str) -> None:
    learner = Learner(model)
    learner.predict("weighted-sum")
    SOLVERS["weighted-sum"](learner)
    assert learner.shown is not None
    neuron = int(re.findall(r"neuron (\d+)", learner.shown.question["text"].lower())[0])
    votes = learner.page.asked("askVotes", "votes", layer=0, neuron=neuron)
    assert f"the sum is {votes.sum:.2f}" in learner.shown.gap
    assert votes.sum == pytest.approx(np.sum(votes.terms, dtype=np.float64) + votes.bias, abs=1e-3)


def bias_41_of_42(learner: Learner) -> None:
    assert learner.shown is not None
    knobs = learner.shown.fields["tools"][0]["knobs"]
    learner.turn(knobs[:-1], [0.0] * (len(knobs) - 1))
    learner.turn([learner.layers[0]["bias"]], [-10.0])


def bias_of_the_wrong_sign(learner: Learner) -> None:
    learner.tool()
    learner.turn([learner.layers[0]["bias"]], [10.0])


def bias_of_two_neurons(learner: Learner) -> None:
    learner.tool()
    first = learner.layers[0]["bias"]
    learner.turn([first, first + 1], [-10.0, -10.0])


def bias_of_an_output(learner: Learner) -> None:
    learner.tool()
    learner.turn([learner.layers[-1]["bias"]], [-10.0])


def bias_with_weights(learner: Learner) -> None:
    learner.turn([5], [0.0 if abs(learner.log.count) else 1.0])
    learner.turn([5], [0.7])
    bias_of_the_wrong_sign(learner)
    learner.turn([learner.layers[0]["bias"]], [-10.0])


def worst_neuron_but_one(learner: Learner) -> None:
    learner.tool()
    net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    scores = {
        place: (ablate(net, {place: 0.0})(test.images).argmax(axis=1) == test.labels).mean()
        for place in hidden(learner)
    }
    worst = min(scores.values())
    place = min((each for each in scores if scores[each] > worst), key=lambda each: scores[each])
    learner.switch(*place)


def whole_layers(learner: Learner) -> None:
    learner.tool()
    for layer in (0, 1):
        learner.ask("scaleLayer", layer=layer, factor=0.0, gesture=100 + layer)


def all_neurons_at_once(learner: Learner) -> None:
    learner.tool()
    first, *others = hidden(learner)
    learner.switch(*first)
    learner.switch(*others[-1])
    for place in others:
        learner.switch(*place)


def only_the_neurons(learner: Learner) -> None:
    for layer, neuron in hidden(learner):
        learner.switch(layer, neuron)
        learner.switch(layer, neuron, 1.0)


def an_example(learner: Learner) -> None:
    for index in range(40):
        learner.ask("openExample", part="test", index=index)


def pixels_that_would_do(learner: Learner) -> None:
    learner.ask("openPixels", pixels=[1.0] * 784)


def turned_weights(learner: Learner) -> None:
    learner.draw([0.5, 0.5, 0.52, 0.5])
    learner.turn(list(range(12544)), [5.0] * 12544)


def four_drawings(learner: Learner) -> None:
    for points in list(STROKES.values())[:4]:
        learner.draw(points)
    learner.ask("clearDrawing")


def five_dots(learner: Learner) -> None:
    for x in (0.1, 0.3, 0.5, 0.7, 0.9):
        learner.draw([x, 0.5])


def one_long_drawing(learner: Learner) -> None:
    learner.ask("clearDrawing")
    for number, points in enumerate(STROKES.values()):
        learner.ask("pen", stroke=number, points=points, width=0.08)


def one_drawing_brought_back(learner: Learner) -> None:
    learner.draw(STROKES["3"])
    for _ in range(6):
        learner.ask("clearDrawing")
        learner.ask("undoStroke")
        learner.ask("clearDrawing")
        learner.ask("setDrawing", strokes=[{"points": STROKES["3"], "width": 0.08}])


def knobs_turned_between(learner: Learner) -> None:
    for number, points in enumerate(list(STROKES.values())[:5]):
        learner.draw(points)
        if number == 3:
            learner.turn([0], [0.5])


def other_classes(learner: Learner) -> None:
    for layer, neuron in hidden(learner):
        learner.ask("askNeuron", layer=layer, neuron=neuron, twin=False, members=[0, 6, 8])


def the_untrained_twin(learner: Learner) -> None:
    for layer, neuron in hidden(learner):
        learner.ask("askNeuron", layer=layer, neuron=neuron, twin=True, members=[0, 6, 8, 9])


def loops_of(learner: Learner) -> dict[tuple[int, int], float]:
    net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    belongs = np.isin(test.labels, [0, 6, 8, 9])
    return {
        (layer, neuron): auc(responses(net, layer, test.images).excitations[:, neuron], belongs)
        for layer, neuron in hidden(learner)
    }


def all_but_the_loop_neuron(learner: Learner) -> None:
    scores = loops_of(learner)
    best = max(scores, key=lambda place: scores[place])
    for layer, neuron in scores:
        if (layer, neuron) != best:
            learner.ask("askNeuron", layer=layer, neuron=neuron, twin=False, members=[0, 6, 8, 9])


def plain_digits(learner: Learner) -> None:
    for points in STROKES.values():
        learner.draw(points)


def undecided_by_turned_knobs(learner: Learner) -> None:
    learner.draw(STROKES["3"])
    learner.turn(list(range(learner.layers[-1]["weight"], learner.layers[-1]["bias"])), [0.0] * 160)
    learner.turn([learner.layers[-1]["bias"] + digit for digit in (3, 8)], [20.4, 20.0])


@pytest.mark.parametrize(
    ("name", "attempt"),
    [
        ("loops", other_classes),
        ("loops", the_untrained_twin),
        ("loops", all_but_the_loop_neuron),
        ("undecided", plain_digits),
        ("undecided", an_example),
        ("undecided", undecided_by_turned_knobs),
        ("bias", bias_41_of_42),
        ("bias", bias_of_the_wrong_sign),
        ("bias", bias_of_two_neurons),
        ("bias", bias_of_an_output),
        ("bias", bias_with_weights),
        ("knobs", worst_neuron_but_one),
        ("knobs", whole_layers),
        ("knobs", all_neurons_at_once),
        ("knobs", only_the_neurons),
        ("weighted-sum", an_example),
        ("weighted-sum", pixels_that_would_do),
        ("weighted-sum", turned_weights),
        ("function", four_drawings),
        ("function", five_dots),
        ("function", one_long_drawing),
        ("function", one_drawing_brought_back),
        ("function", knobs_turned_between),
        *(("nudges", attempt) for attempt in nudges.NEAR_MISSES),
        *(("race", attempt) for attempt in race.NEAR_MISSES),
        *(("noise", attempt) for attempt in noise.NEAR_MISSES),
        *(("sounds", attempt) for attempt in sounds.NEAR_MISSES),
        *(("grey-levels", attempt) for attempt in grey_levels.NEAR_MISSES),
        *(("straight-line", attempt) for attempt in straight_line.NEAR_MISSES),
        *(("learning-rate", attempt) for attempt in learning_rate.NEAR_MISSES),
        *(("convolution", attempt) for attempt in convolution.NEAR_MISSES),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_near_miss_does_not_pass(name: str, attempt: Callable[[Learner], None]) -> None:
    learner = Learner()
    learner.predict(name)
    attempt(learner)
    assert learner.stage == "do"


def test_every_lesson_has_near_misses() -> None:
    marks = test_a_near_miss_does_not_pass.pytestmark  # type: ignore[attr-defined]
    assert {name for name, _ in marks[0].args[1]} == set(NAMES)
