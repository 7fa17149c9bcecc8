"""What of the network keeps a lesson from counting is told, and goes by one reset; questions follow the network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pellucid as pl
from lessons.learner import SOLVERS, Learner, answer
from pellucid.lessons import course

ABOUT_THE_NETWORK = [lesson.name for lesson in course.ALL if lesson.foreign is not None]


def biases(learner: Learner) -> list[int]:
    return [layer["bias"] + neuron for layer in learner.layers for neuron in range(layer["outputs"])]


def told(learner: Learner) -> tuple[str, bool]:
    assert learner.shown is not None
    return learner.shown.foreign, learner.shown.reverts


@pytest.mark.parametrize("name", ABOUT_THE_NETWORK)
def test_changes_of_an_earlier_lesson_are_told_before_the_prediction_and_reset(name: str) -> None:
    learner = Learner()
    learner.turn(biases(learner), [0.0] * 42)
    learner.switch(1, 3)
    learner.ask("setGreyLevels", levels=10, gesture=999)
    learner.open(name)
    assert told(learner) == (
        "42 knobs are turned, 1 neuron is switched off or scaled and pixels are rounded to 10 grey levels", True
    )  # fmt: skip
    learner.ask("resetKnobs", to="trained")
    assert told(learner)[0] == ""
    learner.predict(name)
    SOLVERS[name](learner)
    assert learner.stage == "done"
    assert told(learner)[0] == ""


@pytest.mark.parametrize("name", ["knobs", "bias"])
def test_grey_levels_keep_a_lesson_from_counting_until_they_are_reset(name: str) -> None:
    learner = Learner()
    learner.predict(name)
    learner.ask("setGreyLevels", levels=10, gesture=999)
    assert told(learner) == ("pixels are rounded to 10 grey levels", True)
    learner.tool()
    assert learner.shown is not None
    before = learner.shown.status
    SOLVERS[name](learner)
    assert learner.stage == "do"
    assert learner.shown.status == before
    learner.ask("resetKnobs", to="trained")
    SOLVERS[name](learner)
    assert learner.stage == "done"


def test_what_belongs_to_the_lesson_is_not_told() -> None:
    learner = Learner()
    learner.predict("bias")
    learner.tool()
    assert told(learner)[0] == ""
    learner.turn([learner.layers[0]["weight"] + 5], [1.0])
    assert told(learner)[0] == "1 knob is turned"
    learner.ask("resetKnobs", to="trained")
    learner.predict("knobs")
    learner.tool()
    learner.switch(0, 2)
    assert told(learner)[0] == ""


def test_a_lesson_about_other_networks_is_never_in_the_way() -> None:
    learner = Learner()
    learner.turn(biases(learner), [0.0] * 42)
    for name in ("function", "race", "learning-rate"):
        learner.open(name)
        assert told(learner) == ("", False)


def test_the_question_follows_the_network_until_it_is_answered() -> None:
    learner = Learner()
    learner.open("nudges")
    assert learner.shown is not None
    first = learner.shown.fields["question"]
    learner.ask("loadNetwork", name="digits-relu")
    second = learner.shown.fields["question"]
    assert first["rows"] != second["rows"]
    fresh = Learner("digits-relu")
    fresh.open("nudges")
    assert fresh.shown is not None
    assert fresh.shown.fields["question"] == second
    learner.ask("predictOutcome", lesson="nudges", values=answer(second))
    assert learner.stage == "do"
    learner.ask("loadNetwork", name="digits-sigmoid")
    assert told(learner) == ("this is another network than that of your prediction", False)
    learner.ask("loadNetwork", name="digits-relu")
    assert told(learner)[0] == ""


def test_the_accuracy_without_a_neuron_is_that_of_the_room() -> None:
    learner = Learner()
    learner.predict("knobs")
    learner.tool()
    learner.switch(0, 2)
    seen = learner.view()
    assert learner.shown is not None
    assert f"{100 * seen.accuracy(seen.effective):.1f} %" in learner.shown.status


@pytest.mark.parametrize("model", ["digits-sigmoid", "digits-relu"])
def test_knobs_to_be_shown_are_those_of_the_question(model: str) -> None:
    learner, net = Learner(model), pl.load(model)
    learner.predict("nudges")
    assert learner.shown is not None
    found = [tool["find"] for tool in learner.shown.fields["tools"] if tool["find"] is not None]
    rows = [re.sub(r" \(input [\d.]+\)$", "", row) for row in learner.shown.fields["question"]["rows"]]
    knobs = pl.inspect.Knobs(net)
    assert [pl.inspect.names.knob_name(net, knobs[index]) for index in found] == rows
    assert len(found) == 5
    learner.predict("weighted-sum")
    [tool] = learner.shown.fields["tools"]
    neuron = int(re.findall(r"sum z of neuron (\d+)", learner.shown.task)[0])
    assert tool["find"] == learner.layers[0]["bias"] + neuron


def test_every_lesson_begins_in_a_panel_of_the_page() -> None:
    rooms = Path(__file__).parents[2] / "web/src"
    if not rooms.is_dir():
        pytest.skip("the page's source is not here")
    text = "".join(path.read_text(encoding="utf-8") for path in rooms.rglob("*.svelte"))
    for lesson in course.ALL:
        assert not lesson.place or re.search(rf'<section[^>]*aria-label="{re.escape(lesson.place)}"', text), lesson.name
    assert sum(bool(lesson.place) for lesson in course.ALL) >= 10


def test_the_last_hint_of_undecided_names_an_image_that_lies_between() -> None:
    learner, test = Learner(), pl.data.load("digits").test
    learner.predict("undecided")
    for _ in range(3):
        learner.ask("askHint", lesson="undecided")
    assert learner.shown is not None
    [image] = [int(each) for each in re.findall(r"Test image (\d+) is a model", learner.shown.hints[-1])]
    outputs = pl.load("digits-sigmoid")(test.images)
    nearness = [min(each[3] / 0.5, each[8] / 0.25) for each in outputs]
    assert nearness[image] == max(nearness)
    assert f"3 at {outputs[image][3]:.2f}, 8 at {outputs[image][8]:.2f}" in learner.shown.hints[-1]
