"""Race: every contestant has the bits that it has alone, at every step; trials are real trainings."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.studio.rooms.learn import driver
from pellucid.studio.rooms.race import race
from pellucid.studio.rooms.race import trials as race_trials
from pellucid.studio.state.activity import RaceBegun, RacePredicted, RaceRun, TrialsRun
from studio.fake_page import Event, Page, session, wait_for

DIGITS = pl.data.load("digits")
RATES = {"sgd": 0.5, "momentum": 0.1, "adam": 0.003}


def contestant(activation: str, widths: tuple[int, ...] = (16, 16), kind: str = "sgd", rate: float = 0.5) -> Any:
    layers = [{"size": size, "activation": activation} for size in widths]
    layers.append({"size": 10, "activation": "softmax"})
    return {"name": activation, "layers": layers, "optimizer": {"kind": kind, "learningRate": rate}}


def plan(*contestants: Any, **others: Any) -> Any:
    both = contestants or (contestant("sigmoid"), contestant("relu"))
    return {
        "contestants": list(both), "loss": "cross_entropy", "batchSize": 32, "epochs": 1, "seed": 3, **others
    }  # fmt: skip


def alone(given: Any, number: int, seed: int | None = None) -> pl.Trainer:
    """The trainer of a contestant by the public API."""
    one, start = given["contestants"][number], given.get("start", "glorot_uniform")
    draw = None if start == "usual" else start
    layers = [pl.Dense(each["size"], each["activation"], draw) for each in one["layers"]]
    seed = given["seed"] if seed is None else seed
    kinds: dict[str, Any] = {"sgd": pl.SGD, "momentum": pl.Momentum, "adam": pl.Adam}
    optimizer = kinds[one["optimizer"]["kind"]](one["optimizer"]["learningRate"])
    net = pl.Network(layers, input_shape=(28, 28), seed=seed)
    return pl.Trainer(
        net, DIGITS.train, loss=given["loss"], optimizer=optimizer, batch_size=given["batchSize"], seed=seed
    )


@pytest.fixture
def page() -> Page:
    return Page(session("digits-sigmoid"))


def bits(page: Page, number: int) -> bytes:
    track = page.session._race._track
    assert track is not None
    return track.racers[number].net.parameters.tobytes()


def ended(page: Page) -> list[Event]:
    """Everything that is sent until the race stands still."""
    names = (driver.THREAD_NAME, race_trials.THREAD_NAME)
    wait_for(lambda: not any(thread.name in names for thread in threading.enumerate()))
    assert not page.session._race.busy
    return page.fetch()


def last(events: list[Event], kind: str) -> Event:
    return [event for event in events if event.type == kind][-1]


MIXED = plan(
    contestant("sigmoid", (16, 16), "sgd", 1.0),
    contestant("relu", (8,), "adam", 0.01),
    contestant("tanh", (16, 16, 16, 16, 16), "momentum", 0.05),
    start="usual",
)


@pytest.mark.parametrize("given", [plan(), MIXED], ids=["activations", "mixed plans"])
def test_each_contestant_has_the_bits_that_it_has_alone(page: Page, given: Any) -> None:
    state = page.asked("setUpRace", "race", plan=given)
    assert (state.state, state.step, state.steps, state.stepsPerEpoch) == ("ready", 0, 250, 250)
    trainers = [alone(given, number) for number in range(len(given["contestants"]))]
    for number, trainer in enumerate(trainers):
        assert bits(page, number) == trainer.net.parameters.tobytes()
    page.ask("stepRace", count=37)
    ended(page)
    for number, trainer in enumerate(trainers):
        trainer.take_steps(37)
        assert bits(page, number) == trainer.net.parameters.tobytes()
    page.ask("runRace")
    events = ended(page)
    assert last(events, "race").state == "finished"
    moment = last(events, "raceMoment")
    for number, trainer in enumerate(trainers):
        [*_, epoch] = alone(given, number).run(1, validation=DIGITS.test)
        trainer.take_steps(250 - 37)
        assert bits(page, number) == trainer.net.parameters.tobytes()
        assert moment.contestants[number]["testAccuracy"] == epoch.test_accuracy
        assert moment.contestants[number]["testLoss"] == pytest.approx(epoch.test_loss)


def test_scrubbing_restores_the_real_state_and_its_numbers(page: Page) -> None:
    given = plan()
    page.ask("setUpRace", plan=given)
    page.ask("runRace")
    ended(page)
    for step in (101, 3, 250, 0):
        events = page.ask("goToRace", step=step)
        moment = last(events, "raceMoment")
        assert (moment.step, last(events, "race").step) == (step, step)
        assert last(events, "race").lastStep == 250
        for number in range(2):
            trainer = alone(given, number)
            trainer.take_steps(step)
            assert bits(page, number) == trainer.net.parameters.tobytes()
            found = pl.inspect.health(trainer.net, DIGITS.train.images[:256], DIGITS.train.labels[:256])
            told = moment.contestants[number]
            np.testing.assert_allclose(told["gradients"], found.gradient_sizes, rtol=1e-6)
            assert told["dead"] == [list(each) for each in found.dead]
            assert told["saturated"] == [list(each) for each in found.saturated]
    assert page.refused("goToRace", step=251) == "bad_value"
    assert page.refused("runRace") == "out_of_order"  # it has ended


def test_the_recorded_numbers_are_those_of_their_steps(page: Page) -> None:
    given = plan(contestant("sigmoid"), contestant("relu", rate=0.2))
    page.ask("setUpRace", plan=given)
    page.ask("runRace")
    curves = last(ended(page), "raceCurves")
    recorded = curves.recorded.astype(int)
    assert recorded[0] == 0
    assert recorded[-1] == 250
    assert (np.diff(recorded) > 0).all()
    for number in range(2):
        trainer, curve = alone(given, number), curves.contestants[number]
        means = trainer.advance(250)
        starts = np.concatenate([[0], curve["steps"][:-1]]).astype(int)
        for begin, past, loss, accuracy in zip(
            starts, curve["steps"].astype(int), curve["losses"], curve["accuracies"], strict=True
        ):
            part = means[begin:past]
            np.testing.assert_allclose(loss, [part[:, 0].mean(), part[:, 0].min(), part[:, 0].max()], rtol=1e-5)
            np.testing.assert_allclose(accuracy[0], part[:, 1].mean(), rtol=1e-5)
        again = alone(given, number)
        for at, step in enumerate(recorded[:6]):
            again.take_steps(step - again.step)
            right = (again.net(DIGITS.test.images).argmax(1) == DIGITS.test.labels).mean()
            assert curve["testAccuracies"][at] == pytest.approx(right)
            found = pl.inspect.health(again.net, DIGITS.train.images[:256], DIGITS.train.labels[:256])
            np.testing.assert_allclose(curve["gradients"][at], found.gradient_sizes, rtol=1e-6)
            assert curve["dead"][at].tolist() == pytest.approx([len(each) / 16 for each in found.dead[:2]] + [0.0])


CONVOLUTIONAL = [
    {"kind": "conv2d", "size": 6, "activation": "relu", "kernel": [5, 5], "stride": [2, 2], "padding": [2, 2]},
    {"kind": "max_pool2d", "size": 1, "activation": "identity", "kernel": [2, 2], "stride": [2, 2]},
    {"kind": "dropout", "size": 1, "activation": "identity", "rate": 0.2},
    {"size": 16, "activation": "relu"},
    {"size": 10, "activation": "softmax"},
]


def convolutional(given: Any, number: int, seed: int = 3) -> pl.Trainer:
    """The trainer of a small convolutional contestant by the public API."""
    layers = [
        pl.Conv2d(6, 5, 2, 2, "relu", "glorot_uniform"), pl.MaxPool2d(2), pl.Dropout(0.2), pl.Flatten(),
        pl.Dense(16, "relu", "glorot_uniform"), pl.Dense(10, "softmax", "glorot_uniform"),
    ]  # fmt: skip
    net = pl.Network(layers, input_shape=(28, 28), seed=seed)
    optimizer = pl.Adam(given["contestants"][number]["optimizer"]["learningRate"])
    return pl.Trainer(net, DIGITS.train, loss=given["loss"], optimizer=optimizer, batch_size=32, seed=seed)


def test_a_convolutional_contestant_has_the_bits_that_it_has_alone(page: Page) -> None:
    planes = {**contestant("relu", kind="adam", rate=0.002), "layers": CONVOLUTIONAL}
    given = plan(contestant("relu", (16,), "adam", 0.002), planes)
    state = page.asked("setUpRace", "race", plan=given)
    trainer = convolutional(given, 1)
    assert state.contestants[1]["parameters"] == trainer.net.parameter_count
    assert [len(each["sameStart"]) for each in state.contestants] == [2, 3]
    assert bits(page, 1) == trainer.net.parameters.tobytes()
    page.ask("runRace")
    events = ended(page)
    trainer.take_steps(250)
    assert bits(page, 1) == trainer.net.parameters.tobytes()
    moment, curves = last(events, "raceMoment"), last(events, "raceCurves")
    right = (trainer.net(DIGITS.test.images).argmax(1) == DIGITS.test.labels).mean()
    assert moment.contestants[1]["testAccuracy"] == pytest.approx(right)
    assert (curves.tests, curves.total) == (2000, 2000)
    found = pl.inspect.health(trainer.net, DIGITS.train.images[:256], DIGITS.train.labels[:256])
    weighted = [0, 4, 5]
    np.testing.assert_allclose(moment.contestants[1]["gradients"], found.gradient_sizes[weighted], rtol=1e-6)
    assert moment.contestants[1]["dead"] == [list(found.dead[at]) for at in weighted]
    assert curves.contestants[1]["dead"].shape == (len(curves.recorded), 3)
    assert curves.contestants[1]["dead"][-1, 0] == pytest.approx(len(found.dead[0]) / 6)
    events = page.ask("goToRace", step=70)
    again = convolutional(given, 1)
    again.take_steps(70)
    assert bits(page, 1) == again.net.parameters.tobytes()


def test_convolutional_contestants_are_trained_from_many_starts(page: Page) -> None:
    given = plan(contestant("relu", (16,)), {**contestant("relu", kind="adam", rate=0.002), "layers": CONVOLUTIONAL})
    page.ask("setUpRace", plan=given)
    found = trials(page, "starts", "runStarts", starts=2, epochs=1)
    assert (found.state, found.done) == ("done", 4)
    for start in range(2):
        [epoch] = convolutional(given, 1, 3 + start).run(1, validation=DIGITS.test)
        assert found.contestants[1]["accuracies"][0, start, 0] == np.float32(epoch.test_accuracy)


def test_costly_contestants_are_examined_by_the_first_test_images(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "MAX_PRODUCTS", 40_000_000)
    given = plan({**contestant("relu"), "layers": CONVOLUTIONAL}, {**contestant("tanh"), "layers": CONVOLUTIONAL})
    curves = last(page.ask("setUpRace", plan=given), "raceCurves")
    products = page.session._race._track.racers[0].net.program.cost.products  # type: ignore[union-attr]
    assert (curves.tests, curves.total) == (40_000_000 // (2 * products), 2000)
    trainer = convolutional(plan(contestant("relu", kind="adam", rate=0.5)), 0)
    first = DIGITS.test[: curves.tests]
    right = (trainer.net(first.images).argmax(1) == first.labels).mean()
    assert curves.contestants[0]["testAccuracies"][0] == pytest.approx(right)


def test_layers_of_the_same_shape_start_from_the_same_bits_and_others_are_told(page: Page) -> None:
    deep = plan(
        contestant("sigmoid"), contestant("relu"), contestant("relu", (16, 16, 16)), contestant("tanh", (8, 16))
    )
    state = page.asked("setUpRace", "race", plan=deep)
    assert [each["sameStart"] for each in state.contestants] == [
        [True, True, True], [True, True, True], [True, True, False, False], [False, False, False],
    ]  # fmt: skip
    usual = page.asked("setUpRace", "race", plan=plan(start="usual"))
    assert usual.contestants[1]["sameStart"] == [False, False, False]  # He and Glorot
    assert [each["parameters"] for each in usual.contestants] == [13_002, 13_002]


def test_a_contestant_whose_loss_diverges_is_out_and_the_others_go_on(page: Page) -> None:
    given = plan(contestant("sigmoid"), contestant("relu", rate=1e6))
    page.ask("setUpRace", plan=given)
    page.ask("runRace")
    events = ended(page)
    state = last(events, "race")
    assert state.state == "finished"
    assert state.contestants[0]["trouble"] is None
    assert "NaN or infinite" in state.contestants[1]["trouble"]
    assert state.contestants[0]["lastStep"] == 250 > state.contestants[1]["lastStep"]
    trainer = alone(given, 0)
    trainer.take_steps(250)
    assert bits(page, 0) == trainer.net.parameters.tobytes()
    moment = last(page.ask("goToRace", step=200), "raceMoment")
    assert moment.contestants[0]["step"] == 200
    assert moment.contestants[1]["step"] == state.contestants[1]["lastStep"]


def test_a_prediction_is_locked_before_the_first_step_and_judged_at_the_end(page: Page) -> None:
    given = plan(contestant("sigmoid", rate=0.1), contestant("relu", rate=0.1))
    assert page.refused("predictRace", prediction={"winner": 0}) == "out_of_order"
    page.ask("setUpRace", plan=given)
    assert page.refused("predictRace", prediction={"winner": 2}) == "bad_value"
    told = {"winner": 1, "curves": [[0.1, 0.5], [0.2, 0.9, 0.8]]}
    state = page.asked("predictRace", "race", prediction=told)
    assert (state.prediction, state.outcome) == (told, None)
    page.ask("runRace")
    events = ended(page)
    outcome, moment = last(events, "race").outcome, last(events, "raceMoment")
    ends = [each["testAccuracy"] for each in moment.contestants]
    assert outcome["winner"] == int(np.argmax(ends)) == 1
    assert outcome["right"] is True
    assert outcome["gaps"] == pytest.approx([abs(ends[0] - 0.5), abs(ends[1] - 0.8)])
    assert page.refused("predictRace", prediction={"winner": 0}) == "out_of_order"
    activity = page.session._state.activity
    assert [deed.prediction.winner for deed in activity.of(RacePredicted)] == [1]
    [run] = activity.of(RaceRun)
    assert (run.step, list(run.accuracies)) == (250, ends)
    assert [curve[-1] for curve in run.curves] == pytest.approx(ends)
    assert (run.recorded[0], run.recorded[-1]) == (0, 250)
    [begun] = activity.of(RaceBegun)
    assert (begun.race, begun.same_start) == (run.race, True)
    assert run.outcome is not None
    assert run.outcome.right
    assert page.asked("setUpRace", "race", plan=given).prediction is None


def trials(page: Page, kind: str, request: str, **fields: Any) -> Event:
    first = page.asked(request, "raceTrials", **fields)
    assert (first.kind, first.state) == (kind, "running")
    return last(ended(page), "raceTrials")


def test_many_starts_are_the_trainings_of_their_seeds(page: Page) -> None:
    given = plan(contestant("sigmoid"), contestant("relu", rate=0.1))
    page.ask("setUpRace", plan=given)
    found = trials(page, "starts", "runStarts", starts=3, epochs=2)
    assert (found.state, found.done, found.total, found.starts, found.epochs) == ("done", 6, 6, 3, 2)
    for number, rate in enumerate((0.5, 0.1)):
        told = found.contestants[number]
        assert told["rates"].tolist() == pytest.approx([rate])
        assert told["diverged"].tolist() == [[0, 0, 0]]
        for start in range(3):
            epochs = list(alone(given, number, seed=3 + start).run(2, validation=DIGITS.test))
            expected = [epoch.test_accuracy for epoch in epochs]
            np.testing.assert_array_equal(told["accuracies"][0, start], np.array(expected, np.float32))
    [deed] = page.session._state.activity.of(TrialsRun)
    assert (deed.kind, deed.done, deed.total) == ("starts", 6, 6)


def test_each_rate_is_a_training_of_its_own(page: Page) -> None:
    given = plan(epochs=1)
    page.ask("setUpRace", plan=given)
    found = trials(page, "rates", "runRates", low=0.01, high=1e6, count=3, starts=2, epochs=1)
    rates = np.geomspace(0.01, 1e6, 3)
    for number in range(2):
        told = found.contestants[number]
        np.testing.assert_allclose(told["rates"], rates, rtol=1e-6)
        for at, rate in enumerate(rates):
            for start in range(2):
                trainer = alone(given, number, seed=3 + start)
                trainer.learning_rate = float(rate)
                try:
                    *_, epoch = trainer.run(1, validation=DIGITS.test)  # it may warn before
                    assert told["accuracies"][at, start, 0] == np.float32(epoch.test_accuracy)
                    assert not told["diverged"][at, start]
                except pl.DivergedError:
                    assert told["diverged"][at, start]
    assert page.refused("runRates", low=1.0, high=1.0) == "bad_value"


def test_trials_are_cancelled_and_give_their_slots_back(page: Page) -> None:
    catalog = page.session._state.catalog
    page.ask("setUpRace", plan=plan())
    page.ask("runStarts", starts=200, epochs=100)
    assert page.session.training
    assert page.refused("runRates", low=0.1, high=1.0) == "busy"
    [*_, told] = page.ask("cancelTrials")
    assert told.type == "raceTrials"
    found = last(ended(page), "raceTrials")
    assert found.state == "cancelled"
    assert found.done < found.total == 400
    wait_for(lambda: catalog.slots._value == catalog.slots._initial_value)
    told = last(page.ask("askRace"), "raceTrials")
    assert (told.state, told.done) == ("cancelled", found.done)
    page.asked("runStarts", "raceTrials", starts=2, epochs=1)
    page.session.close("closing")
    wait_for(lambda: catalog.slots._value == catalog.slots._initial_value)


def test_a_race_is_refused_where_the_studio_trains_too_much_already(page: Page) -> None:
    slots = page.session._state.catalog.slots
    page.ask("setUpRace", plan=plan())
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1
    try:
        assert page.refused("runRace") == "busy"
        assert page.refused("runStarts") == "busy"
    finally:
        slots.release(taken)


def test_plans_that_do_not_suit_are_refused(page: Page) -> None:
    assert page.refused("runRace") == "out_of_order"
    wide = [{"size": 1024, "activation": "relu"}] * 3 + [{"size": 10, "activation": "softmax"}]
    large = {**contestant("relu"), "layers": wide}
    assert page.refused("setUpRace", plan=plan(large, large)) == "too_large"
    pooled = {**contestant("relu"), "layers": [{**CONVOLUTIONAL[1], "kernel": [30, 30]}, CONVOLUTIONAL[4]]}
    assert page.refused("setUpRace", plan=plan(pooled, pooled)) == "bad_value"
    other = {**contestant("relu"), "layers": [{"size": 4, "activation": "softmax"}]}
    assert page.refused("setUpRace", plan=plan(other, other)) == "bad_value"
    assert page.refused("setUpRace", plan=plan(contestant("relu"))) == "malformed"
    assert page.refused("setUpRace", plan=plan(loss="huber")) == "bad_value"
    assert page.asked("askRace", "race").plan is None


def test_a_race_and_a_training_run_side_by_side(page: Page) -> None:
    page.ask("setUpRace", plan=plan(epochs=1000))
    page.ask("setRacePace", batchesPerSecond=50.0)
    page.ask("runRace")
    page.ask("train")
    state = page.session._learn
    wait_for(lambda: last(page.ask("askRace"), "race").lastStep > 0 and state.course.run().trainer.step > 50)
    assert last(page.ask("pauseRace"), "race").state == "paused"
    assert state.busy
    page.ask("pause")
    assert not page.session.training


def test_memory_of_a_long_race_is_bounded(page: Page) -> None:
    page.ask("setUpRace", plan=plan(epochs=8))
    page.ask("runRace")
    curves = last(ended(page), "raceCurves")
    assert len(curves.recorded) <= 128
    assert all(len(each["steps"]) <= 300 for each in curves.contestants)
    track = page.session._race._track
    assert track is not None
    for racer in track.racers:
        assert sum(each.size for each in racer.timeline._keyframes) <= race.MAX_BYTES // 2
    trainer = alone(plan(), 1)
    trainer.take_steps(777)
    page.ask("goToRace", step=777)
    assert bits(page, 1) == trainer.net.parameters.tobytes()
