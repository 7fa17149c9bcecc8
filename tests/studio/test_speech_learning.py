"""Learn on speech: training equals the trainer's, bit for bit, and every number sent is the network's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.network.files import network_bytes
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.studio.rooms.learn.speech_score import digits_in, score_of_digits, score_of_sounds
from pellucid.studio.session import Session
from pellucid.studio.state.activity import HearerChosen, SpeechTrained, UtteranceWatched
from pellucid.studio.state.embedded_voices import voice_names
from pellucid.studio.state.frame_throttle import REST
from pellucid.studio.state.kept_runs import KeptRuns
from pellucid.studio.state.session_state import Evaluation
from pellucid.studio.state.spoken_plans import (
    first_spoken_plan,
    spoken_choice,
    spoken_network,
    spoken_plan_of,
    spoken_trainer,
)
from pellucid.studio.state.spoken_sets import DIGITS, SPOKEN, SpokenSets, fits
from studio.fake_clock import FakeClock
from studio.fake_page import EmbeddedCatalog, Event, Page, session, wait_for

ADAM = {"kind": "adam", "learningRate": 0.01}


def plan(
    loss: str = "ctc", *, size: int = 12, both: bool = False, kind: str = "lstm", **changes: Any
) -> dict[str, Any]:
    layers = [
        {"kind": kind, "size": size, "activation": "identity", "bidirectional": both},
        {"size": len(CLASSES) if loss == "ctc" else 10, "activation": "softmax"},
    ]
    return {
        "layers": layers, "loss": loss, "optimizer": ADAM, "batchSize": 16, "data": SPOKEN, "seed": 3, "clip": 5.0,
    } | changes  # fmt: skip


def a_trainer(loss: str = "ctc", size: int = 12) -> pl.Trainer:
    last: Any = pl.LSTM(size, outputs="frames" if loss == "ctc" else "last")
    classes = CLASSES if loss == "ctc" else DIGITS
    net = pl.Network([last, pl.Dense(len(classes), "softmax")], input_shape=(None, 40), seed=3, classes=classes)
    data = SpokenSets().get(SPOKEN).for_loss(loss).train
    return pl.Trainer(net, data, loss=loss, optimizer=pl.Adam(0.01), batch_size=16, seed=3, clip=5.0, threads=1)


@pytest.fixture
def page():
    made = Page(session())
    made.ask("setUp", plan=plan())
    yield made
    made.session.close("closing")


def only(received: list[Event], kind: str) -> Event:
    return [event for event in received if event.type == kind][-1]


def go(page: Page, count: int) -> list[Event]:
    received = page.ask("stepBatches", count=count)
    wait_for(lambda: not page.session.training)
    with page.session._lock.high_priority():
        return received + page.fetch()


def net_of(page: Page) -> pl.Network:
    return page.session._learn.course.trainee.net


def test_a_plan_makes_the_network_that_its_seed_draws_and_leaves_the_other_rooms_alone(page: Page) -> None:
    before = page.session._state.edited.net
    received = page.ask("setUp", plan=plan())
    kinds = [event.type for event in received]
    assert kinds == [
        "learnSubject", "speechWatched", "training", "curves", "speechPicture", "speechHealth", "speechExamined",
    ]  # fmt: skip
    np.testing.assert_array_equal(net_of(page).parameters, a_trainer().net.parameters)
    assert page.session._state.edited.net is before
    subject = received[0]
    assert (subject.subject, subject.speech["spells"]) == ("speech", True)
    assert subject.speech["parameterCount"] == 4 * 12 * (40 + 12 + 1) + 13 * len(CLASSES)
    assert subject.speech["classes"] == list(CLASSES)


@pytest.mark.parametrize("loss", ["ctc", "cross_entropy"])
def test_steps_are_the_trainers_own(loss: str) -> None:
    page = Page(session())
    page.ask("setUp", plan=plan(loss))
    received, trainer = go(page, 5), a_trainer(loss)
    losses = trainer.take_steps(5)
    pictures = [event for event in received if event.type == "speechPicture"]
    np.testing.assert_array_equal(np.concatenate([event.losses[:, 0] for event in pictures]), np.float32(losses))
    np.testing.assert_array_equal(net_of(page).parameters, trainer.net.parameters)
    page.session.close("closing")


def test_epochs_are_evaluated_as_often_as_that_costs_little_and_the_last_always() -> None:
    clock = FakeClock()
    page = Page(session(clock=clock))
    page.ask("setUp", plan=plan("cross_entropy", size=2, batchSize=1000))
    course = page.session._learn.course
    evaluate, per_epoch = course.trainee.evaluation, page.asked("pause", "training").stepsPerEpoch

    def dear() -> Evaluation:
        clock.spent += 0.02
        return evaluate()

    course.trainee.evaluation = dear  # type: ignore[method-assign]
    received = go(page, 5 * per_epoch)
    assert [event.epoch for event in received if event.type == "epochDone"] == [1, 5]
    curves = only(page.ask("askCurves"), "curves")
    assert curves.epochSteps.tolist() == [per_epoch, 5 * per_epoch]
    assert not np.isnan(curves.testLosses).any()
    clock.advance(0.02 * REST)
    assert [event.epoch for event in go(page, per_epoch + 1) if event.type == "epochDone"] == [6]
    page.session.close("closing")


def test_time_goes_back_and_forth_to_the_same_bits(page: Page) -> None:
    seen = {0: net_of(page).parameters.copy()}
    for step in (3, 9, 30):
        go(page, step - max(seen))
        seen[step] = net_of(page).parameters.copy()
    for step in (9, 0, 30, 3):
        received = page.ask("goToStep", step=step)
        np.testing.assert_array_equal(net_of(page).parameters, seen[step])
        assert only(received, "training").step == step
        assert only(received, "training").lastStep == 30


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_the_picture_is_the_networks_trace(kind: str) -> None:
    page = Page(session())
    page.ask("setUp", plan=plan(kind=kind, both=True))
    go(page, 4)
    picture = only(page.ask("watchUnit", layer=0, unit=17), "speechPicture")
    watched = page.session._learn._trained_speech.subject.watched
    trace = net_of(page).trace(watched.frames)
    np.testing.assert_array_equal(picture.posteriors, trace.outputs)
    np.testing.assert_array_equal(picture.cells, getattr(trace[0], "c" if kind == "lstm" else "h"))
    names = {"lstm": "ifgoch", "gru": "rzqnh", "rnn": "h"}[kind]
    assert len(picture.values) == len(names)
    for values, name in zip(picture.values, names, strict=True):
        np.testing.assert_array_equal(values, getattr(trace[0], name)[:, 17])
    page.session.close("closing")


def test_a_network_of_the_last_step_is_shown_at_every_step() -> None:
    page = Page(session())
    page.ask("setUp", plan=plan("cross_entropy"))
    picture = only(go(page, 4), "speechPicture")
    frames, net = page.session._learn._trained_speech.subject.watched.frames, net_of(page)
    assert picture.posteriors.shape == (len(frames), 10)
    for step in (1, len(frames) // 2, len(frames)):
        np.testing.assert_allclose(picture.posteriors[step - 1], net(frames[:step]), atol=1e-6)
    page.session.close("closing")


def test_the_gradient_is_that_of_the_watched_utterance(page: Page) -> None:
    received = page.ask("watchUtterance", voice=voice_names()[3], digits=[4, 2])
    watched = only(received, "speechWatched")
    assert (watched.voice, watched.digits) == (voice_names()[3], [4, 2])
    assert watched.sounds == [CLASSES[number] for number in spelling([4, 2])]
    health, net = only(received, "speechHealth"), net_of(page)
    frames = page.session._learn._trained_speech.subject.watched.frames
    found = net.gradient(frames, np.array(spelling([4, 2])), "ctc")
    assert health.loss == pytest.approx(found.loss)
    np.testing.assert_allclose(health.byStep, np.linalg.norm(found.inputs, axis=1), rtol=1e-5)
    first = found.parameters[: 4 * 12 * 53].astype(float)
    assert health.gradients[0] == pytest.approx(np.sqrt(np.mean(first**2)), rel=1e-5)
    [deed] = page.session._state.activity.of(UtteranceWatched)
    assert deed.digits == (4, 2)


def test_errors_are_counted_on_the_held_out_utterances(page: Page) -> None:
    found = only(go(page, 20), "speechExamined")
    net, test = net_of(page), SpokenSets().get(SPOKEN).joined.test
    score = score_of_sounds(net(list(test.frames)), test.labels)  # type: ignore[arg-type]
    assert (found.utterances, found.sounds) == (len(test), len(test.symbols))
    assert (found.right, found.soundErrors, found.digitErrors) == (score.right, score.sound_errors, score.digit_errors)
    deed = page.session._state.activity.of(SpeechTrained)[-1]
    assert (deed.step, deed.loss, deed.accuracy) == (20, "ctc", score.right / len(test))


def test_a_small_network_learns_digits_within_seconds() -> None:
    trainer = a_trainer("cross_entropy", size=32)
    before = trainer.net
    test = SpokenSets().get(SPOKEN).words.test
    trainer.take_steps(6 * trainer.steps_per_epoch)
    score = score_of_digits(np.asarray(before([frames for frames, _ in test])), test.labels)  # type: ignore[arg-type]
    assert score.digit_errors / score.digits < 0.3


def test_sounds_are_compared_by_hand() -> None:
    said = [np.array(spelling([3, 7])), np.array(spelling([8]))]
    steps = [0, *spelling([3])[:2], 0, spelling([3])[2], 0, *spelling([7])]
    outputs = [np.eye(len(CLASSES))[steps], np.eye(len(CLASSES))[[0, 0, spelling([8])[0]]]]
    score = score_of_sounds(outputs, said)
    assert (score.right, score.sounds, score.sound_errors, score.digits, score.digit_errors) == (1, 10, 1, 3, 1)
    assert score.wrong == (1,)
    assert digits_in(spelling([3])[:2]) == []


def test_every_set_can_be_aligned_and_its_voices_are_apart() -> None:
    found = SpokenSets().get(SPOKEN)
    for part in (found.joined.train, found.joined.test):
        assert all(fits(labels.tolist(), len(frames)) for frames, labels in part)  # type: ignore[union-attr]
    assert set(found.joined.speakers) == set(found.words.speakers) == set(voice_names())
    assert len(found.words.train) == len(found.joined.train)


def test_each_course_keeps_its_run(page: Page) -> None:
    go(page, 4)
    speech = net_of(page).parameters.copy()
    received = page.ask("chooseSubject", subject="network")
    assert (only(received, "learnSubject").subject, only(received, "training").step) == ("network", 0)
    go(page, 7)
    images = page.session._state.edited.net.parameters.copy()
    received = page.ask("chooseSubject", subject="speech")
    assert only(received, "training").step == 4
    np.testing.assert_array_equal(net_of(page).parameters, speech)
    page.ask("goToStep", step=2)
    page.ask("chooseSubject", subject="network")
    np.testing.assert_array_equal(page.session._state.edited.net.parameters, images)
    assert only(page.ask("goToStep", step=7), "training").step == 7


def test_pictures_follow_the_course_without_another_request() -> None:
    page = Page(session())
    page.ask("nextPicture")
    page.ask("chooseSubject", subject="speech")
    received = go(page, 2)
    assert next(event.request for event in received if event.type == "speechPicture") == 0
    page.session.close("closing")


def test_choosing_another_subject_pauses_training(page: Page) -> None:
    page.ask("train")
    assert page.session.training
    page.ask("chooseSubject", subject="network")
    assert not page.session.training
    page.ask("train")
    page.ask("setUp", plan=plan())
    assert not page.session.training


def test_a_network_that_the_rooms_use_brings_its_course_back(page: Page) -> None:
    page.ask("train")
    received = page.ask("loadNetwork", name="digits-sigmoid")
    assert only(received, "learnSubject").subject == "network"
    assert only(received, "training").plan["data"] == "digits"
    assert not page.session.training


def test_a_page_that_returns_is_told_all(page: Page) -> None:
    go(page, 3)
    greeting = Page(page.session).greeting
    assert only(greeting, "learnSubject").subject == "speech"
    assert only(greeting, "training").step == 3
    assert only(greeting, "curves").steps.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(only(greeting, "speechPicture").posteriors[0].sum(), pytest.approx(1, abs=1e-5))


def test_the_trained_network_is_kept_and_opened_again(tmp_path: Path) -> None:
    catalog = EmbeddedCatalog(runs=KeptRuns(tmp_path))
    page = Page(session(catalog=catalog))
    page.ask("setUp", plan=plan())
    go(page, 6)
    parameters = net_of(page).parameters.copy()
    [run] = KeptRuns(tmp_path).all()
    assert (run.data, run.step, run.name) == (SPOKEN, 6, "LSTM 12, 21 on spoken")
    page.ask("setUp", plan=plan(seed=4))
    received = page.ask("openRun", run=run.id)
    np.testing.assert_array_equal(net_of(page).parameters, parameters)
    assert only(received, "training").run == run.id
    assert only(received, "training").kept
    assert only(received, "training").plan["clip"] == 5.0
    assert page.refused("compare", run=run.id) == "bad_value"
    page.ask("deleteRun", run=run.id)
    assert KeptRuns(tmp_path).all() == []


def test_the_trained_network_hears_in_listen_beside_the_shipped_one(page: Page) -> None:
    go(page, 10)
    page.ask("hearVoice", slot=0, voice=voice_names()[0], digits=[3])
    shipped = only(page.ask("askListening"), "heard").utterances[0]["posteriors"]
    received = page.ask("hearTrained")
    listening = only(received, "listening")
    assert (listening.hearer, [each["hearer"] for each in listening.hearers]) == ("trained", ["shipped", "trained"])
    assert listening.spells
    heard = only(received, "heard").utterances[0]["posteriors"]
    assert heard.shape[1] == len(CLASSES)
    assert not np.array_equal(heard, shipped)
    go(page, 5)  # Listen keeps the network as it was
    again = only(page.ask("askListening"), "heard").utterances[0]["posteriors"]
    np.testing.assert_array_equal(again, heard)
    back = page.ask("chooseHearer", hearer="shipped")
    np.testing.assert_array_equal(only(back, "heard").utterances[0]["posteriors"], shipped)
    assert page.refused("chooseHearer", hearer="given") == "unavailable"
    assert [deed.hearer for deed in page.session._state.activity.of(HearerChosen)] == ["shipped"]


def test_the_file_is_heard_and_trained_further(page: Page, tmp_path: Path) -> None:
    go(page, 8)
    content = page.session.speech_file()
    path = tmp_path / "mine.safetensors"
    path.write_bytes(content)
    net = pl.load(path)
    np.testing.assert_array_equal(net.parameters, net_of(page).parameters)
    assert net.record["loss"] == "ctc"
    again = Page(session(str(path)))
    assert only(again.greeting, "learnSubject").speech["name"] == "mine.safetensors"
    assert only(again.greeting, "training").plan["layers"] == only(page.ask("pause"), "training").plan["layers"]
    assert again.asked("askListening", "listening").hearer == "given"
    go(again, 2)
    assert not np.array_equal(net_of(again).parameters, net.parameters)
    given = again.session._listen.hearer.net
    np.testing.assert_array_equal(given.parameters, net.parameters)
    again.session.close("closing")


def test_an_uploaded_network_of_sequences_is_heard_and_trained() -> None:
    page = Page(session())
    net = a_trainer().net
    page.session.open_network(network_bytes(net), "uploaded.safetensors")
    received = page.fetch()
    assert only(received, "listening").network == "uploaded.safetensors"
    assert only(received, "learnSubject").speech["name"] == "uploaded.safetensors"
    np.testing.assert_array_equal(net_of(page).parameters, net.parameters)
    page.session.close("closing")


def test_a_network_that_no_plan_has_is_heard_only() -> None:
    net = pl.Network([pl.LSTM(6, outputs="mean"), pl.Dense(10, "softmax")], input_shape=(None, 40), seed=0)
    assert spoken_plan_of(net, SPOKEN) is None
    page = Page(session())
    page.session.open_network(network_bytes(net), "mean.safetensors")
    assert "learnSubject" not in [event.type for event in page.fetch()]
    page.session.close("closing")


def test_the_shipped_network_has_a_plan() -> None:
    found = spoken_plan_of(pl.load("spoken-digits"), SPOKEN)
    assert found is not None
    assert [(layer.kind, layer.size, layer.bidirectional) for layer in found.layers[:2]] == [("lstm", 96, True)] * 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"loss": "squared"}, "bad_value"),
        ({"data": "digits"}, "unavailable"),
        ({"layers": [{"kind": "lstm", "size": 8, "activation": "identity"}]}, "bad_value"),
        ({"loss": "cross_entropy"}, "bad_value"),
        ({"layers": [{"kind": "lstm", "size": 1024, "activation": "identity", "bidirectional": True},
                     {"size": 21, "activation": "softmax"}]}, "too_large"),
        ({"layers": [{"kind": "lstm", "size": 8, "activation": "identity"}, {"kind": "dropout", "size": 1,
          "activation": "identity"}, {"size": 21, "activation": "softmax"}]}, "bad_value"),
    ],
)  # fmt: skip
def test_plans_that_do_not_fit_are_refused(page: Page, changes: dict[str, Any], code: str) -> None:
    before = net_of(page)
    assert page.refused("setUp", plan=plan() | changes) == code
    assert net_of(page) is before


def test_what_is_of_pictures_is_refused_for_speech(page: Page) -> None:
    assert page.refused("askLossPlane") == "unavailable"
    assert page.refused("setUp", plan=plan(size=13), keepNetwork=True) == "bad_value"
    assert page.refused("watchUnit", layer=1, unit=0) == "bad_value"
    assert page.refused("watchUnit", layer=0, unit=12) == "bad_value"
    assert page.refused("watchUtterance", voice="nobody", digits=[1]) == "unavailable"
    other = Page(session())
    assert other.refused("watchUnit", layer=0, unit=0) == "out_of_order"
    assert other.refused("hearTrained") == "out_of_order"


def test_training_goes_on_under_another_plan(page: Page) -> None:
    go(page, 3)
    before = net_of(page).parameters.copy()
    received = page.ask("setUp", plan=plan(batchSize=8), keepNetwork=True)
    assert only(received, "training").plan["batchSize"] == 8
    np.testing.assert_array_equal(net_of(page).parameters, before)


def test_the_ready_plans_are_sound() -> None:
    choice = spoken_choice(SPOKEN)
    assert choice.plan == first_spoken_plan(SPOKEN) == choice.ready[0].plan
    for ready in choice.ready:
        net = spoken_network(ready.plan)
        assert spoken_plan_of(net, SPOKEN) is not None
        losses = spoken_trainer(ready.plan, net, SpokenSets().get(SPOKEN).for_loss(ready.plan.loss)).take_steps(2)
        assert np.isfinite(losses).all()


def test_in_a_class_the_recordings_stay() -> None:
    from pellucid.studio.state.class_rules import ClassRules

    page = Page(Session("c", EmbeddedCatalog(), None, None, ClassRules(None)))
    assert only(page.ask("chooseSubject", subject="speech"), "learnSubject").subject == "speech"
    assert page.refused("setUp", plan=plan(data="fsdd")) == "locked"
    page.ask("setUp", plan=plan())
    page.session.close("closing")
