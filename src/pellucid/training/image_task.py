"""Training on images, or on rows of numbers."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import ImageProgram
from pellucid.programs.image_targets import COUNTS_CORRECT, Supervision
from pellucid.programs.interface import Stepper
from pellucid.training.image_data import check_options, digest_of, evaluation_of, suited, weights_of
from pellucid.training.shuffling import Shuffled
from pellucid.training.task import Evaluation, Task, TaskOptions
from pellucid.training.weights import smoothed


class ImageTask(Task):
    """A `pellucid.data.Dataset` for a network of images."""

    takes_sequences: ClassVar = False

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        check_options(options)
        self._net, self._data, self._options = net, data, options
        self._program = cast("ImageProgram", net.program)
        supervision = self._suited(data)
        self.examples, self.loss = len(data), supervision.name
        self.measures_accuracy = self.loss in COUNTS_CORRECT
        if options.smoothing:
            supervision = smoothed(supervision, options.smoothing, self._program.outputs.width)
        self._supervision = supervision
        feed = self._packed() if options.augment is None else None
        self.stepper = self._stepper(supervision, sparse=feed is None or feed.is_sparse)
        self._source = self._augmented() if feed is None else self._shuffled(feed)
        self.spans_epochs = options.augment is None and self.stepper.spans_epochs

    def _suited(self, data: Any) -> Supervision:
        return suited(self._net, data, self._options.loss, weights_of(data, self._options.class_weight))

    def _packed(self) -> Feed:
        """The images that are shuffled and trained on."""
        return Feed.of(self._data, check=True)

    def _stepper(self, supervision: Supervision, *, sparse: bool) -> Stepper:
        options = self._options.stepper(supervision.loss, weighted=len(supervision.targets.weights) > 0)
        return self._program.stepper(options, sparse=sparse)

    def _shuffled(self, feed: Feed) -> Shuffled:
        return Shuffled(feed, self._supervision.targets, self._options.seed, self._options.batch_size)

    def _augmented(self) -> Any:
        from pellucid.training.prefetch import Augmented

        options, targets = self._options, self._supervision.targets
        return Augmented(options.augment, self._data, targets, options.batch_size, options.seed, self.stepper.threads)

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """See `Task.batches`."""
        batches: tuple[Any, int] = self._source.batches(epoch, begin, past)
        return batches

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        return evaluation_of(self._net, data, self._options.loss)

    def digest(self) -> str:
        """A digest of all targets, and of the pixels of some 256 images."""
        return digest_of(self._supervision.targets, self._data.images)

    def augment_configuration(self) -> dict[str, Any] | None:
        """See `Task.augment_configuration`."""
        augment = self._options.augment
        return None if augment is None else cast("dict[str, Any]", augment.configuration())
