"""Lessons in Nudge, Race, None of these and Listen: their figures are the engine's, and they see what is done there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from lessons import nudges, race, sounds
from lessons.learner import SOLVERS, Learner
from pellucid.lessons.noise import statistics
from pellucid.lessons.records import Question
from studio.fake_page import EmbeddedCatalog, Page, session, wait_for

MODELS = ("digits-sigmoid", "digits-relu")
DIGITS = pl.data.load("digits")


def passed(name: str, model: str = "digits-sigmoid") -> Learner:
    learner = Learner(model)
    learner.predict(name)
    SOLVERS[name](learner)
    assert learner.stage == "done"
    return learner


@pytest.mark.parametrize("model", MODELS)
def test_the_directions_are_those_of_the_engine_and_of_a_finite_difference(model: str) -> None:
    learner = passed("nudges", model)
    assert learner.shown is not None
    truth = learner.shown.question["truth"]
    assert truth == nudges.right(learner)
    assert {0.0, 1.0, 2.0} == set(truth)
    image, label = DIGITS.test[nudges.image(learner)]
    for knob, direction in zip(nudges.knobs(learner), truth, strict=True):
        costs = []
        for h in (-1e-2, 1e-2):
            net = pl.load(model)
            net.parameters[knob] += np.float32(h)
            costs.append(net.gradient(image[None], np.array([label])).loss)
        slope = costs[1] - costs[0]
        assert direction == (2.0 if abs(slope) < 1e-9 else 1.0 if slope > 0 else 0.0)


def test_a_wrong_prediction_of_directions_is_corrected_knob_by_knob() -> None:
    learner = Learner()
    learner.open("nudges")
    right = nudges.right(learner)
    learner.predict("nudges", [(each + 1) % 3 for each in right])
    nudges.backpropagate(learner)
    nudges.step(learner)
    learner.ask("undoTurn")
    nudges.backpropagate(learner)
    assert learner.shown is not None
    assert learner.shown.again
    for count, at in enumerate((0, 2, 3, 4), 1):
        assert learner.stage == "do"
        nudges.check(learner, [at])
        assert f"Checked: {count} of 5 knobs; your answers agree with {count - 1}" in learner.shown.status
        nudges.again(learner, [each if number in (0, 2, 3, 4)[:count] else (each + 1) % 3
                               for number, each in enumerate(right)])  # fmt: skip
    assert learner.stage == "done"
    assert "You predicted 0 of 5 directions; in the end 4 agreed" in learner.shown.gap


def test_right_answers_need_no_change_but_one_check() -> None:
    learner = Learner()
    learner.open("nudges")
    learner.predict("nudges", nudges.right(learner))
    nudges.backpropagate(learner)
    nudges.step(learner)
    assert learner.stage == "do"
    learner.ask("undoTurn")
    nudges.backpropagate(learner)
    nudges.check(learner, [4])
    assert learner.stage == "done"


def test_answers_are_changed_only_where_the_check_goes_by_them() -> None:
    learner = Learner()
    learner.predict("bias")
    assert learner.page.refused("answerAgain", lesson="bias", values=[1.0]) == "out_of_order"
    learner.open("nudges")
    assert learner.page.refused("answerAgain", lesson="nudges", values=[1.0] * 5) == "out_of_order"
    learner.predict("nudges")
    assert learner.page.refused("answerAgain", lesson="nudges", values=[1.0] * 4) == "bad_value"
    assert learner.page.refused("answerAgain", lesson="nudges", values=[3.0] * 5) == "bad_value"


def test_the_curves_are_those_of_trainings_alone() -> None:
    learner = passed("race")
    assert learner.shown is not None
    real = np.array(learner.shown.question["truth"]).reshape(2, -1)
    assert learner.shown.question["answer"] == [0.0] * 22
    for curve, activation in zip(real, ("sigmoid", "relu"), strict=True):
        layers = [pl.Dense(16, activation, "glorot_uniform") for _ in range(2)]
        net = pl.Network([*layers, pl.Dense(10, "softmax", "glorot_uniform")], input_shape=(28, 28), seed=0)
        trainer = pl.Trainer(net, DIGITS.train, loss="cross_entropy", optimizer=pl.SGD(0.1), batch_size=32, seed=0)
        for steps, value in ((0, curve[0]), (200, curve[8]), (250, curve[10])):
            trainer.take_steps(steps - trainer.step)
            accuracy = (net(DIGITS.test.images).argmax(axis=1) == DIGITS.test.labels).mean()
            assert value == pytest.approx(100 * accuracy, abs=1e-3)
    far = np.abs(real).mean(axis=1)
    assert f"{far[0]:.1f} points from the real one for sigmoid and {far[1]:.1f} for ReLU" in learner.shown.gap


def test_a_race_tells_its_end_itself() -> None:
    learner = Learner()
    learner.predict("race")
    race.set_up(learner)
    learner.ask("runRace")

    def is_done() -> bool:
        learner.fetch()
        return learner.stage == "done"

    wait_for(is_done)


def test_a_race_with_more_contestants_counts_too() -> None:
    learner = Learner()
    learner.predict("race")
    race.set_up(learner, race.contestant("tanh"), race.contestant("relu"), race.contestant("sigmoid"), seed=3)
    race.run(learner)
    assert learner.stage == "done"
    assert learner.shown is not None
    real = np.array(learner.shown.question["truth"]).reshape(2, -1)
    assert real[0, -1] < real[1, -1]  # sigmoid comes first, as in the question


def test_the_races_elsewhere_are_trained_from_the_same_start() -> None:
    learner = passed("race")
    assert learner.shown is not None
    learner.ask("answerTransfer", lesson="race", values=[0.0])
    told = learner.shown.fields["transfer"]["told"]
    shares = [float(each) for each in re.findall(r"([\d.]+) %", told)]
    for share, activation in zip(shares, ("sigmoid", "relu"), strict=True):
        layers = [pl.Dense(16, activation, "glorot_uniform") for _ in range(2)]
        net = pl.Network([*layers, pl.Dense(10, "softmax", "glorot_uniform")], input_shape=(28, 28), seed=0)
        list(pl.Trainer(net, DIGITS.train, optimizer=pl.SGD(1.0), batch_size=32, seed=0).run(10))
        accuracy = (net(DIGITS.test.images).argmax(axis=1) == DIGITS.test.labels).mean()
        assert share == pytest.approx(100 * accuracy, abs=0.06)


def test_an_answer_of_curves_has_every_point() -> None:
    question = Question("curves", "?", rows=("a", "b"), points=(0.0, 0.5, 1.0))
    assert question.fault([1.0] * 6) is None
    assert "Expected 6 values" in (question.fault([1.0] * 3) or "")
    assert "from 0 to 100" in (question.fault([1.0] * 5 + [101.0]) or "")


@pytest.mark.parametrize("model", MODELS)
def test_the_share_of_noise_is_that_of_the_network(model: str) -> None:
    learner = passed("noise", model)
    assert learner.shown is not None
    told = int((pl.load(model)(pl.inspect.strangers("noise", 2000)).max(axis=1) >= 0.9).sum())
    assert f"{told} of 2,000 noises" in learner.shown.gap
    assert learner.shown.question["truth"] == [pytest.approx(told / 20)]


def test_noise_is_told_from_drawings_by_its_pixels() -> None:
    images = DIGITS.test.images[:500].reshape(500, -1).astype(np.float32)
    rows = images - images.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for picture in pl.inspect.strangers("noise", 300):
        neighbours, likeness, spread = statistics(picture, rows)
        assert neighbours < 0.15
        assert likeness < 0.3
        assert spread > 0.8
    beside = np.corrcoef(picture[:, :-1].ravel(), picture[:, 1:].ravel())[0, 1]
    below = np.corrcoef(picture[:-1].ravel(), picture[1:].ravel())[0, 1]
    assert neighbours == pytest.approx(max(abs(beside), abs(below)))
    for kind in ("letters", "scribbles"):
        assert all(statistics(picture, rows)[0] > 0.5 for picture in pl.inspect.strangers(kind, 50))  # type: ignore[arg-type]
    assert statistics(np.zeros((28, 28), np.float32), rows) == (1.0, 0.0, 0.0)


def test_a_network_that_no_noise_fools_is_told_apart(tmp_path: Path) -> None:
    net = pl.load("digits-sigmoid")
    for layer in net.layers[-1:]:
        layer.named()["weight"][...] *= 0.01
        layer.named()["bias"][...] = 0
    path = tmp_path / "unsure.safetensors"
    pl.save(net, path)
    learner = Learner(str(path))
    learner.open("noise")
    assert learner.stage == "unsuited"
    assert learner.shown is not None
    assert "sure of none" in learner.shown.about


def test_the_lesson_on_sounds_says_what_the_network_hears() -> None:
    learner = passed("sounds")
    assert learner.shown is not None
    question = learner.shown.fields["question"]
    assert question["options"][int(question["truth"][0])] == "IY"
    heard = re.findall(r"(\w+) “([^”]*)”", question["told"])
    word = sounds.say(learner, 7, 3, 1)[1]
    assert [name for name, _ in heard] == [sound["text"] for sound in word["sounds"]]
    for sound, (_, text) in zip(word["sounds"], heard, strict=True):
        events = learner.ask("editSounds", slot=0, kind="mute", begin=sound["start"], end=sound["end"])
        assert next(event for event in events if event.type == "heard").text == text
        learner.ask("undoSounds", slot=0)


def test_whether_neighbours_mend_a_sound_is_measured() -> None:
    learner = passed("sounds")
    assert learner.shown is not None
    lost = {}
    for name, digits in (("among other digits", (7, 3, 1)), ("alone", (3,))):
        word = next(each for each in sounds.say(learner, *digits) if each["digit"] == 3)
        lost[name] = []
        for sound in word["sounds"]:
            if not sounds.heard(sounds.mute(learner, sound["start"], sound["end"]), word):
                lost[name].append(sound["text"])
            learner.ask("undoSounds", slot=0)
    assert f"without {' or '.join(lost['among other digits'])}, among other digits" in learner.shown.gap
    assert f"Said alone it is lost without {' or '.join(lost['alone'])}" in learner.shown.gap


def test_a_network_that_does_not_spell_is_told_apart(tmp_path: Path) -> None:
    net = pl.Network([pl.LSTM(8), pl.Dense(4, "softmax")], input_shape=(None, 20), seed=0)
    path = tmp_path / "other.safetensors"
    pl.save(net, path)
    page = Page(session(str(path), EmbeddedCatalog()))
    shown = page.asked("openLesson", "lessonShown", lesson="sounds")
    assert shown.stage == "unsuited"
    assert "spoken-digits" in shown.about


def test_any_voice_may_say_it() -> None:
    learner = Learner()
    learner.predict("sounds")
    word = sounds.say(learner, 3, voice="espeak:en-us+caleb")[0]
    sound = word["sounds"][2]
    words = sounds.mute(learner, sound["start"], sound["end"])
    assert (learner.stage == "done") is not sounds.heard(words, word)
