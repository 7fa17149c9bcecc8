"""Training on images."""

from __future__ import annotations

import hashlib
import math
from typing import Any, ClassVar, cast

import numpy as np

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import ImageProgram, Labels, checked_labels
from pellucid.training.shuffling import Shuffled
from pellucid.training.task import Evaluation, Task, TaskOptions


class ImageTask(Task):
    """A `pellucid.data.Dataset` for a network of images."""

    takes_sequences: ClassVar = False

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        if options.clip is not None:
            raise ConfigurationError("clip works for networks of sequences only: omit it.")
        self._program, self._data, self._options = cast("ImageProgram", net.program), data, options
        self._feed, self._labels = self._fitting(data)
        self.examples = len(self._labels)
        self.stepper = self._program.stepper(options.stepper(), sparse=self._feed.is_sparse)
        self._source = self._shuffled() if options.augment is None else self._augmented()

    def _fitting(self, data: Any) -> tuple[Feed, Labels]:
        """A data set in the engine's format; raises if it does not fit the network."""
        if not hasattr(data, "images"):
            raise ConfigurationError(f"A network of images expected a Dataset, got {type(data).__name__}.")
        program = self._program
        if math.prod(data.shape) != math.prod(program.input_shape):
            raise ShapeError(f"The network takes inputs of shape {program.input_shape}; the data are {data.shape}.")
        feed = Feed.of(data)
        labels = checked_labels(data.labels, feed.count, program.output_shape[0])
        program.check_feed(feed, labels)
        return feed, labels

    def _shuffled(self) -> Any:
        return Shuffled(self._feed, self._labels, self._options.seed)

    def _augmented(self) -> Any:
        from pellucid.training.prefetch import Augmented

        options = self._options
        return Augmented(
            options.augment, self._data, self._labels, options.batch_size, options.seed, self.stepper.threads
        )

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """See `Task.batches`."""
        batches: tuple[Any, int] = self._source.batches(epoch, begin, past)
        return batches

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        feed, labels = self._fitting(data)
        return lambda: self._program.evaluate(feed, labels, self._options.loss)

    def digest(self) -> str:
        """A digest of all labels, and of the pixels of some 256 images."""
        digest = hashlib.sha256(np.ascontiguousarray(self._labels).tobytes())
        digest.update(np.ascontiguousarray(self._data.images[:: max(1, self.examples // 256)]).tobytes())
        return digest.hexdigest()[:16]

    def augment_configuration(self) -> dict[str, Any] | None:
        """See `Task.augment_configuration`."""
        augment = self._options.augment
        return None if augment is None else cast("dict[str, Any]", augment.configuration())
