"""Learn: training in the studio equals the trainer's, bit for bit, also after going back; events show the truth."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.studio.rooms.learn import driver
from pellucid.studio.session import Session
from studio.fake_clock import FakeClock
from studio.fake_page import EmbeddedCatalog, Event, Page, session, wait_for

PLAN: dict[str, Any] = {
    "layers": [{"size": 16, "activation": "sigmoid"}, {"size": 10, "activation": "softmax"}],
    "loss": "cross_entropy",
    "optimizer": {"kind": "sgd", "learningRate": 0.5},
    "batchSize": 32,
    "data": "digits",
    "seed": 3,
    "augment": False,
}


def planned(**changes: Any) -> dict[str, Any]:
    return {**PLAN, **changes}


def a_trainer(rate: float = 0.5, **options: Any) -> pl.Trainer:
    net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=3)
    optimizer = options.pop("optimizer", pl.SGD(rate))
    return pl.Trainer(net, pl.data.load("digits").train, optimizer=optimizer, batch_size=32, seed=3, **options)


@pytest.fixture
def page():
    made = Page(session())
    made.ask("setUp", plan=PLAN)
    yield made
    made.session.close("closing")


def until(page: Page, state: str) -> list[Event]:
    """Everything sent until training is in that state."""
    received: list[Event] = []

    def reached() -> bool:
        received.extend(page.ask("nextPicture"))
        return any(event.type == "training" and event.state == state for event in received)

    wait_for(reached)
    with page.session._lock.high_priority():  # what belongs to that state was sent under the lock
        return received + page.fetch()


def step_of(page: Page) -> int:
    return page.session._learn.course.run().trainer.step


def wait_for_steps(page: Page, count: int) -> None:
    goal = step_of(page) + count
    wait_for(lambda: step_of(page) >= goal)


def wait_for_rest() -> None:
    wait_for(lambda: all(thread.name != driver.THREAD_NAME for thread in threading.enumerate()))


def go_to_step(page: Page, count: int) -> list[Event]:
    return page.ask("stepBatches", count=count) + until(page, "paused")


def only(received: list[Event], kind: str) -> Event:
    return [event for event in received if event.type == kind][-1]


def parameters(page: Page) -> np.ndarray:
    return page.session._state.edited.net.parameters.copy()


def test_a_plan_makes_the_network_that_its_seed_draws() -> None:
    page = Page(session())
    received = page.ask("setUp", plan=PLAN)
    assert [event.type for event in received] == [
        "network", "parameters", "turned", "reading", "judged", "learnSubject", "training", "curves",
    ]  # fmt: skip
    np.testing.assert_array_equal(received[1].knobs, a_trainer().net.parameters)
    training = received[6]
    assert (training.state, training.step, training.stepsPerEpoch) == ("ready", 0, 250)
    assert training.plan["optimizer"]["learningRate"] == 0.5
    assert received[4].seen is False


def test_steps_are_the_trainers_own(page: Page) -> None:
    received, trainer = go_to_step(page, 7), a_trainer()
    losses = trainer.take_steps(7)
    picture = only(received, "picture")
    np.testing.assert_array_equal(picture.knobs, trainer.net.parameters)
    pictures = [event for event in received if event.type == "picture"]
    assert np.concatenate([event.steps for event in pictures]).tolist() == list(range(1, 8))
    np.testing.assert_array_equal(np.concatenate([event.losses[:, 0] for event in pictures]), np.float32(losses))
    assert only(received, "training").step == 7


def test_an_epoch_is_run_and_evaluated(page: Page) -> None:
    page.ask("runToEpoch")
    received, trainer = until(page, "paused"), a_trainer()
    [event] = list(trainer.run(1, validation=pl.data.load("digits").test))
    done = only(received, "epochDone")
    assert (done.epoch, done.step) == (1, 250)
    assert done.loss == pytest.approx(event.loss, rel=1e-6)
    assert done.accuracy == pytest.approx(event.train_accuracy)
    assert done.testAccuracy == pytest.approx(event.test_accuracy)
    assert done.testLoss == pytest.approx(event.test_loss)
    np.testing.assert_array_equal(only(received, "parameters").knobs, trainer.net.parameters)
    examined = only(received, "examined")
    assert examined.confusion.sum() == 2000
    assert examined.wrong == round(2000 * (1 - event.test_accuracy))
    health = only(received, "health")
    assert health.images == 256
    assert len(health.gradients) == 2


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_time_goes_back_and_forth_to_the_same_bits(kind: str) -> None:
    page = Page(session())
    page.ask("setUp", plan=planned(optimizer={"kind": kind, "learningRate": 0.05}))
    seen = {0: parameters(page)}
    for step in (3, 40, 41, 300):
        go_to_step(page, step - max(seen))
        seen[step] = parameters(page)
    for step in (41, 0, 300, 3, 40):
        received = page.ask("goToStep", step=step)
        np.testing.assert_array_equal(parameters(page), seen[step])
        assert only(received, "training").step == step
        assert only(received, "training").lastStep == 300
        np.testing.assert_array_equal(only(received, "picture").knobs, seen[step])
    assert page.refused("goToStep", step=301) == "bad_value"


def test_another_future_begins_where_one_goes_back_to(page: Page) -> None:
    go_to_step(page, 100)
    page.ask("goToStep", step=50)
    page.ask("setRate", learningRate=0.05)
    received = go_to_step(page, 20)
    trainer = a_trainer()
    trainer.take_steps(50)
    trainer.learning_rate = 0.05
    trainer.take_steps(20)
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)
    assert only(received, "training").lastStep == 70
    curves = page.asked("askCurves", "curves")
    assert curves.steps[-1] == 70
    assert curves.rateSteps.tolist() == [0, 50]
    page.ask("goToStep", step=60)
    page.ask("goToStep", step=70)
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)


def test_knobs_turned_between_steps_are_part_of_the_timeline(page: Page) -> None:
    go_to_step(page, 30)
    page.ask("turnKnobs", knobs=[5], values=[1.5], gesture=1)
    go_to_step(page, 30)
    trainer = a_trainer()
    trainer.take_steps(30)
    trainer.net.parameters[5] = 1.5
    trainer.take_steps(30)
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)
    page.ask("goToStep", step=10)
    page.ask("goToStep", step=60)
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)


def test_training_forgets_what_could_be_undone_and_restores_neurons(page: Page) -> None:
    page.ask("scaleNeuron", layer=0, neuron=1, factor=0, gesture=1)
    received = go_to_step(page, 1)
    assert only(received, "turned").changes == []
    assert only(received, "parameters").effective is None


def test_it_runs_until_paused_and_shows_what_it_does(page: Page) -> None:
    received = page.ask("train")

    def six_pictures() -> bool:
        received.extend(page.ask("nextPicture"))
        return sum(event.type == "picture" for event in received) >= 6

    wait_for(six_pictures)
    received += page.ask("pause")
    steps = np.concatenate([event.steps for event in received if event.type == "picture"])
    last = only(received, "training")
    assert last.state == "paused"
    assert (np.diff(steps) > 0).all()
    assert steps[-1] == last.step
    trainer = a_trainer()
    trainer.take_steps(last.step)
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)
    wait_for_rest()
    assert page.fetch() == []
    np.testing.assert_array_equal(parameters(page), trainer.net.parameters)


def test_a_page_gets_the_pictures_that_it_asks_for_and_no_more(page: Page) -> None:
    page.ask("train")
    wait_for_steps(page, 500)
    assert [event for event in page.fetch() if event.type == "picture"] == []
    received = page.ask("nextPicture") + page.ask("nextPicture")

    def pictured() -> bool:
        received.extend(page.fetch())
        return any(event.type == "picture" for event in received)

    wait_for(pictured)
    wait_for_steps(page, 500)
    received += page.fetch()
    [picture] = [event for event in received if event.type == "picture"]
    assert 1 <= len(picture.steps) <= 512
    assert picture.steps[-1] == picture.step
    [last] = [event for event in page.ask("pause") if event.type == "picture"]
    assert last.step >= picture.step


def test_every_epoch_is_evaluated_at_any_speed(page: Page) -> None:
    page.ask("train")
    wait_for_steps(page, 250 * 30)
    received = page.fetch() + page.ask("pause")
    done = [event for event in received if event.type == "epochDone"]
    assert [event.epoch for event in done] == list(range(1, only(received, "training").step // 250 + 1))
    assert all(event.step == 250 * event.epoch for event in done)
    curves = page.asked("askCurves", "curves")
    np.testing.assert_array_equal(curves.epochSteps, [event.step for event in done])
    np.testing.assert_allclose(curves.testAccuracies, [[event.testAccuracy] * 3 for event in done], rtol=1e-6)
    np.testing.assert_allclose(curves.testLosses, [[event.testLoss] * 3 for event in done], rtol=1e-6)


def test_a_page_without_eyes_misses_no_extreme(page: Page) -> None:
    """A hidden tab asks for no picture; the points that it receives later have the bounds of what they stand for."""
    go_to_step(page, 10)
    received = page.ask("train")
    wait_for_steps(page, 40_000)
    received += page.ask("pause")
    last = only(received, "training").step
    pictures = [event for event in received if event.type == "picture"]
    assert len(pictures) <= 2  # one that was asked for while going to step 10, and the last one
    assert all(len(picture.steps) <= 512 for picture in pictures)
    trainer = a_trainer()
    means = np.concatenate([trainer.advance(1000) for _ in range(last // 1000 + 1)] + [np.zeros((0, 2))])
    while len(means) < last:
        means = np.concatenate([means, trainer.advance(1000)])
    begin = 10
    points = [zip(each.steps.astype(int), each.losses, each.accuracies, strict=True) for each in pictures]
    for end, loss, accuracy in itertools.chain.from_iterable(points):
        part = means[begin:end].astype(np.float32)
        assert (loss[1], loss[2], accuracy[1], accuracy[2]) == (
            part[:, 0].min(), part[:, 0].max(), part[:, 1].min(), part[:, 1].max(),
        )  # fmt: skip
        begin = end
    assert begin == last


def test_a_page_that_reloads_is_told_all_that_is_known(page: Page) -> None:
    for _ in range(3):
        page.ask("runToEpoch")
        until(page, "paused")
    again = Page(page.session).greeting
    kinds = {event.type for event in again}
    assert {"curves", "health", "examined", "training", "judged"} <= kinds
    curves = only(again, "curves")
    assert curves.epochSteps.tolist() == [250, 500, 750]
    assert curves.steps[-1] == 750
    assert curves.healthSteps[-1] == 750
    np.testing.assert_array_equal(curves.healthGradients[-1], only(again, "health").gradients)


def test_the_pace_is_kept() -> None:
    clock = FakeClock()
    page = Page(session(clock=clock))
    page.ask("setUp", plan=PLAN)
    assert page.asked("setPace", "training", batchesPerSecond=50).batchesPerSecond == 50
    began = clock.time
    page.ask("train")
    wait_for_steps(page, 100)
    step = only(page.ask("pause"), "training").step
    wait_for_rest()
    assert step == pytest.approx(50 * (clock.time - began), abs=2)


def test_a_question_is_answered_while_training_runs(page: Page) -> None:
    page.ask("train")
    for _ in range(20):
        assert page.asked("askVotes", "votes", layer=0, neuron=0)
    assert page.session.training
    page.ask("pause")


def test_a_loss_that_runs_away_is_explained_and_taken_back() -> None:
    page = Page(session())
    layers = [{"size": 16, "activation": "relu"}, {"size": 10, "activation": "identity"}]
    optimizer = {"kind": "sgd", "learningRate": 1000.0}
    page.ask("setUp", plan=planned(layers=layers, loss="squared", optimizer=optimizer))
    page.ask("train")
    received = until(page, "diverged")
    training = only(received, "training")
    assert "smaller learning rate" in training.trouble
    assert training.lastStep == training.step
    assert np.isfinite(only(received, "parameters").knobs).all()
    page.ask("setRate", learningRate=0.0001)
    received = go_to_step(page, 5)
    assert only(received, "training").trouble is None
    assert only(received, "training").step == training.step + 5


def test_the_loss_plane_goes_through_the_path(page: Page) -> None:
    assert page.refused("askLossPlane", side=5, images=200) == "bad_value"
    go_to_step(page, 60)
    received = page.asked("askLossPlane", "lossPlane", side=7, images=200)
    assert received.losses.shape == (7, 7)
    assert received.pathSteps[0] == 0
    assert received.pathSteps[-1] == 60
    assert received.path[-1].tolist() == [0.0, 0.0]
    assert 0 < received.explained[1] <= received.explained[0] <= 1
    train = pl.data.load("digits").train[:200]
    loss = page.session._state.edited.net.gradient(train.images, train.labels).loss
    assert received.pathLosses[-1] == pytest.approx(loss, rel=1e-5)


def test_going_on_with_a_shipped_network_keeps_it() -> None:
    page = Page(session())
    before = parameters(page)
    training = only(page.greeting, "training")
    assert training.plan["optimizer"]["kind"] == "adam"
    received = page.ask("setUp", plan=training.plan | {"data": "digits", "batchSize": 64}, keepNetwork=True)
    np.testing.assert_array_equal(only(received, "parameters").knobs, before)
    assert page.refused("setUp", plan=PLAN, keepNetwork=True) == "bad_value"
    received = go_to_step(page, 3)
    assert only(received, "training").step == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"data": "mnist"}, "unavailable"),
        ({"data": "../../etc"}, "unavailable"),
        ({"layers": [{"size": 9, "activation": "softmax"}]}, "bad_value"),
        ({"layers": [{"size": 10, "activation": "relu"}]}, "bad_value"),
        ({"layers": [{"size": 1024, "activation": "relu"}] * 7 + [{"size": 10, "activation": "softmax"}]}, "too_large"),
    ],
)
def test_invalid_plans_change_nothing(page: Page, changes: dict[str, Any], code: str) -> None:
    before = parameters(page)
    assert page.refused("setUp", plan=planned(**changes)) == code
    np.testing.assert_array_equal(parameters(page), before)
    assert only(go_to_step(page, 1), "training").step == 1


def test_training_without_a_page_ends_by_itself() -> None:
    clock = FakeClock(tick=0.001)
    page = Page(session(clock=clock))
    page.ask("train")
    wait_for_steps(page, 1)
    page.session.outbox.detach(page._wake)
    clock.advance(driver.NO_PAGE_SECONDS)
    wait_for(lambda: not page.session.training)
    again = Page(page.session)
    assert only(again.greeting, "training").state == "paused"
    assert only(again.greeting, "training").step > 0


def test_only_so_many_train_at_a_time() -> None:
    catalog = EmbeddedCatalog()
    while catalog.slots.acquire(blocking=False):
        pass
    page = Page(Session("b", catalog, "digits-relu"))
    assert page.refused("train") == "busy"
    catalog.slots.release()
    assert go_to_step(page, 1)


def test_a_network_keeps_what_it_was_opened_as_through_training_and_new_plans() -> None:
    page = Page(session("digits-sigmoid"))
    opened = parameters(page)
    plan = only(page.greeting, "training").plan
    page.ask("setUp", plan=plan | {"seed": 5}, keepNetwork=True)
    go_to_step(page, 5)
    page.ask("setUp", plan=plan | {"seed": 6}, keepNetwork=True)
    received = go_to_step(page, 5)
    np.testing.assert_array_equal(only(received, "parameters").opened, opened)
    assert (parameters(page) != opened).any()
    page.ask("resetKnobs", to="opened")
    np.testing.assert_array_equal(parameters(page), opened)
    page.ask("undoTurn")
    assert (parameters(page) != opened).any()
    page.session.close("closing")
