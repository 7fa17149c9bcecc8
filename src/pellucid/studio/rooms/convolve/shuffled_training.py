"""New networks trained on shuffled pictures and on pictures as they are, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.layers import Dense, Layer
from pellucid.models.architectures import lenet
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.images import to_unit
from pellucid.studio.protocol.convolve import RetrainedNetwork
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.convolve.moved_pixels import Move, Pictures
from pellucid.training.optimizers import Adam
from pellucid.training.trainer import Trainer

EPOCHS = 3
RATE = 0.002
BATCH = 32
MOST_IMAGES = 8_000
"""Training pictures: enough for the difference to show within seconds."""

Arrange = Callable[[Pictures], Pictures]
"""Rearranges the pixels of pictures (N, H, W)."""

RECIPE = f"Adam at {RATE}, mini-batches of {BATCH}, seed 0"
PLANNED = ((True, False), (False, False), (True, True), (False, True))
"""Whether each network is convolutional, and whether it is trained on shuffled pictures."""


class ShuffledTraining:
    """Trains four small networks by the same recipe: LeNet-5 and a dense one, each on both arrangements of pixels.

    Parameters
    ----------
    slots : semaphore
        Limits the trainings of all sessions together.
    """

    def __init__(self, slots: threading.BoundedSemaphore) -> None:
        self._slots = slots
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(
        self,
        data: TrainTest,
        shuffle: int,
        report: Callable[[list[RetrainedNetwork]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Start; ``report`` is called with the networks so far, from another thread.

        Raises
        ------
        RefusedError
            If one is running, or too many trainings are.
        """
        if self._thread is not None and self._thread.is_alive():
            raise RefusedError("busy", "The networks are being trained already: wait until they are done.")
        if not self._slots.acquire(blocking=False):
            raise RefusedError("busy", "Too many networks are being trained at the same time: try again in a minute.")
        self._stopped.clear()
        self._thread = threading.Thread(
            target=self._work, args=(data, shuffle, report, failed), name="pellucid-retraining", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop after the present epoch."""
        self._stopped.set()

    def _work(
        self,
        data: TrainTest,
        shuffle: int,
        report: Callable[[list[RetrainedNetwork]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        done: list[RetrainedNetwork] = []
        try:
            for convolutional, shuffled in PLANNED:
                move = Move(shuffle=shuffle) if shuffled else Move()
                train, test = (arranged(part, move.apply) for part in (data.train[:MOST_IMAGES], data.test))
                net = new_network(convolutional, train)
                for _ in epochs_of(net, train):
                    if self._stopped.is_set():
                        return
                accuracy = accuracy_of(net, test)
                name = "LeNet-5" if convolutional else "-".join(map(str, dense_sizes(train)))
                done.append(RetrainedNetwork(name, convolutional, shuffled, accuracy))
                report(list(done))
        except Exception as error:
            failed(error)
        finally:
            self._slots.release()


def new_network(convolutional: bool, train: Dataset) -> Network:
    """Return a new network: LeNet-5, or a dense one."""
    layers: list[Layer] = list(lenet(len(train.classes)))
    if not convolutional:
        layers = [Dense(16, "relu"), Dense(16, "relu"), Dense(len(train.classes), "softmax")]
    return Network(layers, input_shape=train.shape, seed=0, classes=train.classes)


def epochs_of(net: Network, train: Dataset) -> Iterator[int]:
    """Train a network by the recipe; yields the number of each epoch that is done, from 1."""
    trainer = Trainer(net, train, optimizer=Adam(RATE), batch_size=BATCH, seed=0, threads=1)
    for epoch in range(1, EPOCHS + 1):
        for _ in trainer.run(epochs=1):
            pass
        yield epoch


def accuracy_of(net: Network, test: Dataset) -> float:
    """Return the share of pictures that a network reads correctly."""
    return net.program.evaluate(Feed.of(test), test.targets, "cross_entropy")[1]


def dense_accuracy(data: TrainTest, arrange: Arrange) -> float:
    """Return the accuracy of a new dense network, trained by the recipe and tested on pictures that are rearranged."""
    train, test = (arranged(part, arrange) for part in (data.train[:MOST_IMAGES], data.test))
    net = new_network(False, train)
    for _ in epochs_of(net, train):
        pass
    return accuracy_of(net, test)


def dense_sizes(train: Dataset) -> list[int]:
    """The inputs and the neurons of each layer of the dense network."""
    return [int(np.prod(train.shape)), 16, 16, len(train.classes)]


def arranged(data: Dataset, arrange: Arrange) -> Dataset:
    """Return a data set of pictures from 0 to 1 whose pixels are rearranged."""
    unit = to_unit(data.images.reshape(len(data), -1), data.unit_range).reshape(data.images.shape)
    return Dataset(arrange(unit), data.labels, classes=data.classes)
