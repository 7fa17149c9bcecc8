"""A stream gives examples batch by batch, and says in one sentence what is wrong with them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Stream

Batch = tuple[Any, ...]


def rows(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).random((count, 4), np.float32)
    return images, (images.sum(axis=1) > 2).astype(int)


def batches(size: int = 40) -> Iterator[Batch]:
    images, labels = rows()
    for begin in range(0, len(images), size):
        yield images[begin : begin + size], labels[begin : begin + size]


def network(outputs: int = 2) -> pl.Network:
    return pl.Network([pl.Dense(outputs, "softmax")], input_shape=(4,), seed=0)


def train(stream: Any, epochs: int = 2, **options: Any) -> pl.Network:
    net = network()
    list(pl.Trainer(net, stream, **({"optimizer": pl.SGD(0.5), "batch_size": 16} | options)).run(epochs))
    return net


def test_without_shuffling_a_stream_trains_in_its_order() -> None:
    images, labels = rows()
    net, by_hand = train(Stream(batches, shuffle=False), epochs=1), network()
    for begin in range(0, 300, 16):
        part = slice(begin, begin + 16)
        gradient = by_hand.gradient(images[part], labels[part])
        by_hand.parameters -= np.float32(0.5) * gradient.parameters
    np.testing.assert_allclose(net.parameters, by_hand.parameters, rtol=2e-5, atol=1e-6)


def test_sizes_of_batches_do_not_matter() -> None:
    first, *others = (train(Stream(lambda size=size: batches(size), memory_limit="10 kB")) for size in (1, 33, 300))
    for net in others:
        np.testing.assert_array_equal(net.parameters, first.parameters)


def test_shuffling_in_windows_depends_on_the_seed() -> None:
    first, again, other = (train(Stream(batches, memory_limit="10 kB"), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.parameters, again.parameters)
    assert not np.array_equal(first.parameters, other.parameters)


def test_examples_are_counted_once_and_the_length_ends_an_endless_stream() -> None:
    started = []

    def counted() -> Iterator[Batch]:
        started.append(1)
        yield from batches()

    stream = Stream(counted)
    assert (len(stream), len(stream), stream.length) == (300, 300, 300)
    assert len(started) == 2  # the first batch, and the count

    def endless() -> Iterator[Batch]:
        while True:
            yield from batches()

    trainer = pl.Trainer(network(), Stream(endless, length=450), batch_size=32)
    assert (trainer.examples, trainer.steps_per_epoch) == (450, 15)
    (event,) = trainer.run(1)
    assert event.images_per_second > 0


def test_a_function_may_ask_for_the_epoch() -> None:
    asked = []

    def of(epoch: int) -> Iterator[Batch]:
        asked.append(epoch)
        return batches()

    list(pl.Trainer(network(), Stream(of, length=300)).run(3))
    assert asked == [0, 0, 1, 2]  # the first batch is looked at when the stream is made


def test_progress_and_validation_count_the_examples() -> None:
    trainer = pl.Trainer(network(), Stream(batches, memory_limit="10 kB"), batch_size=10)
    events = list(trainer.run(1, progress=0.0, validation=Stream(batches)))
    assert [event.total for event in events[:-1]] == [300] * (len(events) - 1)
    last = events[-1]
    images, labels = rows()
    answers = trainer.net(images)
    assert last.test_accuracy == (answers.argmax(axis=1) == labels).mean()
    assert last.test_loss == pytest.approx(-np.log(answers[np.arange(300), labels]).mean(), rel=1e-5)


def test_bytes_are_levels_and_floats_are_numbers() -> None:
    pictures = (np.arange(8, dtype=np.uint8).reshape(2, 4) * 30, [0, 1])
    assert Stream([pictures]).level_range == (0, 255)
    assert Stream([pictures], level_range=(0, 210)).unit_range == (0, 210)
    assert Stream(batches).level_range is None
    net = network()
    list(pl.Trainer(net, Stream([pictures])).run(1))
    assert net.level_range == (0, 255)


def test_what_it_is() -> None:
    assert repr(Stream(batches, classes=2, name="points")) == (
        "<Stream points: batches of examples of 4, numbers as they are (float32), 2 classes>"
    )
    values = Stream([(np.zeros((5, 4)), np.full((5, 3), 0.5))], length=5)
    assert repr(values) == "<Stream stream: 5 examples of 4, numbers as they are (float32), 3 target values>"


X, Y = rows(20)


@pytest.mark.parametrize(
    ("make", "options", "kind", "message"),
    [
        (batches(), {}, pl.ConfigurationError, "pass a function that returns a new iterator every time"),
        (5, {}, pl.ConfigurationError, "expected a function, got int: pass a function"),
        (lambda: 5, {}, pl.ConfigurationError, "expected an iterator of batches, got int"),
        ([], {}, pl.DataError, "gave no batches: pass a function that returns a new iterator"),
        ([X], {}, pl.DataError, r"expected batches \(inputs, labels\) .*, got ndarray as batch 1"),
        ([(X, Y, Y, Y)], {}, pl.DataError, r"expected batches \(inputs, labels\)"),
        ([(X[0], Y[0])], {}, pl.ShapeError, r"inputs of shape \(n, ...\), got \(4,\) in the first"),
        ([(X, Y[:3])], {}, pl.DataError, "one label for each input, got 20 inputs and 3 in batch 1"),
        ([(X, Y + 5)], {"classes": 2}, pl.DataError, "labels from 0 to 1, got 6 in batch 1 of the stream"),
        ([(X, Y - 1)], {}, pl.DataError, "class numbers of at least 0"),
        ([(X * np.nan, Y)], {}, pl.DataError, "finite numbers, got NaN or infinity in batch 1"),
        ([(X, Y, -np.ones(20))], {}, pl.DataError, "20 finite numbers of at least 0, got others in batch 1"),
        ([(X, Y)], {"level_range": (0, 0.5)}, pl.DataError, "levels from 0 to 0.5"),
        ([(X, Y)], {"level_range": "bytes"}, pl.DataError, "level_range as"),
        ([(X, Y)], {"input_shape": (2, 2)}, pl.ShapeError, r"inputs of shape \(n, 2, 2\), got \(20, 4\)"),
        ([(X, Y)], {"input_shape": 4}, pl.ConfigurationError, "input_shape expected"),
        ([(X, Y)], {"length": 0}, pl.ConfigurationError, "length expected an integer from 1 to"),
        ([(X, Y)], {"classes": 0}, pl.ConfigurationError, "classes expected an integer from 1 to"),
        ([(X, Y)], {"memory_limit": "some"}, pl.ConfigurationError, "memory_limit expected"),
        ([(["a"], [0])], {}, pl.DataError, "as numbers, got"),
    ],
)
def test_a_first_batch_that_is_wrong_is_refused_at_once(make: Any, options: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        Stream(make, **options)


@pytest.mark.parametrize(
    ("later", "kind", "message"),
    [
        ((X[:, :3], Y), pl.ShapeError, r"inputs of shape \(n, 4\), got \(20, 3\) in batch 2"),
        ((X, Y + 1), pl.DataError, "labels from 0 to 1, got 2 in batch 2"),
        ((X, Y + 0.5), pl.DataError, 'fractions in batch 2 .*: pass task="values"'),
        ((X, Y, np.ones(20)), pl.DataError, "weights in all batches or in none; batch 2"),
        (X, pl.DataError, "got ndarray as batch 2"),
    ],
)
def test_a_later_batch_that_is_wrong_ends_training(later: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        train(Stream([(X, Y), later], classes=2, length=40))


def test_labels_beyond_the_outputs_are_found_though_no_classes_are_declared() -> None:
    with pytest.raises(pl.DataError, match="labels run from 0 to 1; got 0 to 3"):
        train(Stream([(X, Y), (X, Y + 2)], length=40, memory_limit=20 * 2 * 40))


def test_a_stream_that_ends_early_says_after_how_many_examples() -> None:
    with pytest.raises(pl.DataError, match="ended after 300 of 1,000 examples: pass the right length"):
        train(Stream(batches, length=1000))


def test_an_iterator_that_comes_again_is_noticed() -> None:
    once = batches()
    with pytest.raises(pl.DataError, match="the same iterator twice, which is used up: pass a function"):
        train(Stream(lambda: once, length=300))


def test_an_error_of_the_function_is_raised_in_training() -> None:
    def broken() -> Iterator[Batch]:
        yield X, Y
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        train(Stream(broken, length=40))


def test_networks_of_sequences_take_no_stream() -> None:
    net = pl.Network([pl.LSTM(3, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 4))
    with pytest.raises(pl.ConfigurationError, match=r"expected pl\.data\.Sequences for training, got Stream"):
        pl.Trainer(net, Stream(batches))  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_ctrl_c_ends_the_wait_for_a_slow_stream_and_training_continues() -> None:
    slow = threading.Event()

    def waiting() -> Iterator[Batch]:
        for number, batch in enumerate(batches(100)):
            if number == 1:
                slow.wait(60)
            yield batch

    stream = Stream(waiting, length=300, shuffle=False, memory_limit=2 * 2 * 40 * 100)
    trainer = pl.Trainer(network(), stream, optimizer=pl.SGD(0.5), batch_size=16)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        began = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            trainer.take_steps(19)
        assert time.perf_counter() - began < 20
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    slow.set()
    trainer.take_steps(19 - trainer.step)
    straight = train(Stream(batches, length=300, shuffle=False), epochs=1)
    np.testing.assert_array_equal(trainer.net.parameters, straight.parameters)


def test_loaders_that_start_again_and_give_array_likes() -> None:
    """As those of other frameworks do: batches are lists of things that become arrays."""

    class Tensor:
        def __init__(self, array: np.ndarray) -> None:
            self._array = array

        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            return self._array

    class Loader:
        def __iter__(self) -> Iterator[list[Tensor]]:
            return ([Tensor(part) for part in batch] for batch in batches())

    np.testing.assert_array_equal(train(Stream(Loader())).parameters, train(Stream(batches)).parameters)
