"""New networks trained on shuffled pictures and on pictures as they are, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.layers import Dense, Layer
from pellucid.models.architectures import lenet
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.images import to_unit
from pellucid.studio.protocol.convolve import RetrainedNetwork
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.convolve.moved_pixels import Move
from pellucid.training.optimizers import Adam
from pellucid.training.trainer import Trainer

EPOCHS = 3
RATE = 0.002
BATCH = 32
MOST_IMAGES = 8_000
"""Training pictures: enough for the difference to show within seconds."""

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
                train, test = (moved(part, move) for part in (data.train[:MOST_IMAGES], data.test))
                net = self._trained(convolutional, train)
                if self._stopped.is_set():
                    return
                accuracy = net.program.evaluate(Feed.of(test), test.targets, "cross_entropy")[1]
                name = "LeNet-5" if convolutional else "-".join(map(str, dense_sizes(train)))
                done.append(RetrainedNetwork(name, convolutional, shuffled, accuracy))
                report(list(done))
        except Exception as error:
            failed(error)
        finally:
            self._slots.release()

    def _trained(self, convolutional: bool, train: Dataset) -> Network:
        layers: list[Layer] = list(lenet(len(train.classes)))
        if not convolutional:
            layers = [Dense(16, "relu"), Dense(16, "relu"), Dense(len(train.classes), "softmax")]
        net = Network(layers, input_shape=train.shape, seed=0, classes=train.classes)
        trainer = Trainer(net, train, optimizer=Adam(RATE), batch_size=BATCH, seed=0, threads=1)
        for _ in range(EPOCHS):
            if self._stopped.is_set():
                break
            for _ in trainer.run(epochs=1):
                pass
        return net


def dense_sizes(train: Dataset) -> list[int]:
    """The inputs and the neurons of each layer of the dense network."""
    return [int(np.prod(train.shape)), 16, 16, len(train.classes)]


def moved(data: Dataset, move: Move) -> Dataset:
    """Return a data set of pictures from 0 to 1 whose pixels are all moved alike."""
    unit = to_unit(data.images.reshape(len(data), -1), data.unit_range).reshape(data.images.shape)
    return Dataset(move.apply(unit), data.labels, classes=data.classes)
