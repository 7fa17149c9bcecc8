from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.training.events import Epoch, Progress, Stopped

SIZE = 300


@pytest.fixture(scope="module")
def digits():
    return pl.data.load("digits")


@pytest.fixture(scope="module")
def some(digits):
    return digits.train.take(SIZE)


def network(seed: int = 0, activation: str = "relu") -> pl.Network:
    return pl.Network([pl.Dense(12, activation), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=seed)


def test_the_default_network_learns_the_embedded_digits(digits):
    net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28))
    trainer = pl.Trainer(net, digits.train, optimizer=pl.SGD(1.0), batch_size=32, seed=0)
    events = list(trainer.run(epochs=10, validation=digits.test))
    assert [event.epoch for event in events] == list(range(1, 11))
    assert events[-1].test_accuracy > 0.91
    assert events[-1].loss < events[0].loss / 3
    outputs = net(digits.test.images)
    assert np.mean(outputs.argmax(1) == digits.test.labels) == events[-1].test_accuracy


@pytest.mark.parametrize("optimizer", [pl.SGD(0.5), pl.Momentum(0.05, nesterov=True), pl.Adam(pl.Cosine(0.01))])
def test_same_seed_same_bits_on_any_number_of_threads(some, optimizer):
    found = set()
    for threads in (1, 1, 2, 3):
        net = network()
        list(pl.Trainer(net, some, optimizer=optimizer, batch_size=50, seed=4, threads=threads).run(2))
        found.add(net.parameters.tobytes())
    assert len(found) == 1


def test_other_seeds_other_bits(some):
    nets = [network() for _ in range(2)]
    for seed, net in enumerate(nets):
        list(pl.Trainer(net, some, seed=seed).run(1))
    assert not np.array_equal(nets[0].parameters, nets[1].parameters)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_steps_have_the_same_bits_however_they_are_divided(some, portions, batch_size):
    one, other = (pl.Trainer(network(), some, optimizer=pl.Adam(0.01), batch_size=batch_size) for _ in range(2))
    whole = one.take_steps(sum(portions))
    parts = np.concatenate([other.take_steps(portion) for portion in portions])
    assert np.array_equal(whole, parts)
    assert np.array_equal(one.net.parameters, other.net.parameters)
    assert one.state.loss_sum == other.state.loss_sum


def test_progress_inside_an_epoch(digits):
    trainer = pl.Trainer(network(), digits.train, batch_size=10)
    events = list(trainer.run(1, progress=0.0))
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress
    assert all(0 < event.done < event.total == 8000 for event in progress)
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert isinstance(events[-1], Epoch)


def test_stop_from_another_thread_and_continue(digits):
    straight = pl.Trainer(network(), digits.train, seed=1)
    list(straight.run(40))
    broken = pl.Trainer(network(), digits.train, seed=1)
    run = broken.run(40, progress=0.0)
    next(run)
    thread = threading.Thread(target=broken.stop)
    thread.start()
    thread.join()
    events = list(run)
    assert events[-1] == Stopped(broken.state.epoch, broken.step, "asked")
    assert broken.step < 40 * broken.steps_per_epoch
    list(broken.run())
    assert broken.step == straight.step
    assert np.array_equal(broken.net.parameters, straight.net.parameters)


def test_learning_rate_can_change_while_running(some):
    trainer = pl.Trainer(network(), some, optimizer=pl.SGD(pl.Step(1.0, every=1, factor=0.5)))
    run = trainer.run(4)
    assert next(run).learning_rate == 1.0
    assert next(run).learning_rate == 0.5
    trainer.learning_rate = 0.125
    assert [event.learning_rate for event in run] == [0.125, 0.125]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (pl.Constant(0.5), [0.5, 0.5, 0.5, 0.5]),
        (pl.Step(1.0, every=2, factor=0.1), [1.0, 1.0, 0.1, 0.1]),
        (pl.Cosine(1.0), [1.0, 0.8535534, 0.5, 0.1464466]),
        (pl.WarmUp(1.0, epochs=2), [0.5, 1.0, 1.0, 1.0]),
        (pl.WarmUp(1.0, epochs=2, then=pl.Cosine(1.0)), [0.5, 1.0, 1.0, 0.5]),
    ],
)
def test_schedules(schedule, expected):
    assert schedule.rates(np.arange(4), per_epoch=1, total=4) == pytest.approx(expected)


def test_patience_restores_the_best_parameters(digits):
    train, test = digits.train.take(200), digits.test.take(200)
    net = network()
    events = list(pl.Trainer(net, train, optimizer=pl.SGD(1.0)).run(500, validation=test, patience=5))
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "patience"
    losses = [event.test_loss for event in events[:-1]]
    assert len(losses) == int(np.argmin(losses)) + 6
    picked = -np.log(net(test.images)[np.arange(200), test.labels]).mean()
    assert picked == pytest.approx(min(losses), rel=1e-5)


def test_a_diverging_loss_is_reported_with_step_and_rate_and_keeps_good_parameters(some):
    trainer = pl.Trainer(network(), some, optimizer=pl.SGD(1e38), batch_size=20, seed=2)
    before = trainer.net.parameters.copy()
    with pytest.raises(pl.DivergedError, match=r"after step 0, with learning rate 1e\+38"):
        list(trainer.run(1))
    assert np.array_equal(trainer.net.parameters, before)
    trainer.learning_rate = 0.1
    list(trainer.run(1))
    assert np.isfinite(trainer.net.parameters).all()


def test_a_loss_that_diverges_later_undoes_one_step(some):
    settings = {"optimizer": pl.SGD(0.1), "batch_size": 20, "seed": 2}
    good = pl.Trainer(network(), some, **settings)
    good.take_steps(22)
    bad = pl.Trainer(network(), some, **settings)
    bad.take_steps(22)
    bad.learning_rate = 1e38
    with pytest.raises(pl.DivergedError, match="after step 22"):
        bad.take_steps(10)
    assert bad.step == 22
    assert np.array_equal(bad.net.parameters, good.net.parameters)


def test_unusable_parameters_are_named_before_the_first_step(some):
    net = network()
    net.parameters[5] = np.nan
    with pytest.raises(pl.DivergedError, match="before the first step"):
        list(pl.Trainer(net, some).run(1))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"batch_size": 0}, pl.ConfigurationError, "batch_size"),
        ({"batch_size": 2.5}, pl.ConfigurationError, "batch_size"),
        ({"threads": 0}, pl.ConfigurationError, "threads"),
        ({"threads": True}, pl.ConfigurationError, "threads"),
        ({"loss": "hinge"}, pl.ConfigurationError, "cross_entropy, squared"),
    ],
)
def test_bad_options(some, arguments, error, words):
    with pytest.raises(error, match=words):
        pl.Trainer(network(), some, **arguments)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), "fast"])
def test_bad_rates(rate):
    with pytest.raises(pl.ConfigurationError, match="learning_rate"):
        pl.SGD(rate)


@pytest.mark.parametrize(
    "make",
    [
        lambda: pl.SGD(0.1, decay=float("inf")),
        lambda: pl.SGD(0.1, decay=1e300),
        lambda: pl.SGD(0.1, decay="x"),
        lambda: pl.SGD(True),
        lambda: pl.Momentum(0.1, momentum=1.0),
        lambda: pl.Momentum(0.1, nesterov="no"),
        lambda: pl.Adam(0.1, beta2=1 - 1e-12),
        lambda: pl.Adam(0.1, epsilon=1e-50),
        lambda: pl.Step(0.1, every=1.5),
        lambda: pl.Step(0.1, every="x"),
        lambda: pl.Cosine(0.1, floor=2),
        lambda: pl.WarmUp(0.1, epochs=float("inf")),
        lambda: pl.WarmUp(0.1, then=0.5),
    ],
)
def test_invalid_settings(make):
    with pytest.raises(pl.ConfigurationError, match="expected"):
        make()


def test_data_that_do_not_fit(digits):
    net = pl.Network([pl.Dense(10, "softmax")], input_shape=(8, 8))
    with pytest.raises(pl.ShapeError, match=r"\(8, 8\)"):
        pl.Trainer(net, digits.train)
    few = pl.Network([pl.Dense(5, "softmax")], input_shape=(28, 28))
    with pytest.raises(pl.DataError, match="5 outputs"):
        pl.Trainer(few, digits.train)
    linear = pl.Network([pl.Dense(10)], input_shape=(28, 28))
    with pytest.raises(pl.ConfigurationError, match="softmax"):
        pl.Trainer(linear, digits.train)


def test_the_best_of_an_earlier_run_does_not_undo_a_later_one(digits):
    """The first run ends well; the second, on other held-out data, goes back to its own best and no further."""
    train, test = digits.train[:400], digits.test[:200]
    trainer = pl.Trainer(network(), train, optimizer=pl.SGD(1.0), seed=1)
    list(trainer.run(3, validation=test, patience=50))
    first, step = trainer.net.parameters.copy(), trainer.step
    worse = pl.data.Dataset(test.images, (test.labels + 1) % 10, classes=test.classes)
    events = list(trainer.run(20, validation=worse, patience=2))
    assert isinstance(events[-1], Stopped)
    assert trainer.step > step
    assert not np.array_equal(trainer.net.parameters, first)
