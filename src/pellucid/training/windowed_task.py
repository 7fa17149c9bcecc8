"""Training on images, or on rows of numbers, that do not fit into memory together."""

from __future__ import annotations

import hashlib
import math
from typing import Any, ClassVar, cast

from pellucid.data.stream import Stream
from pellucid.network.network import Network
from pellucid.programs.image_program import ImageProgram
from pellucid.programs.image_targets import COUNTS_CORRECT, Supervision
from pellucid.programs.images import MAX_SPARSE_INPUTS
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.training.image_data import check_options, check_shape, digest_of, evaluation_of, weights_of
from pellucid.training.raw_targets import GivenTargets
from pellucid.training.task import Evaluation, Task, TaskOptions
from pellucid.training.weights import smoothed
from pellucid.training.window_data import StreamTargets, WindowRoom, dtype_of
from pellucid.training.window_readers import DatasetReader, StreamReader, order_of
from pellucid.training.windows import Reader, Sizes, Windows


class WindowedTask(Task):
    """A `pellucid.data.Dataset` larger than its memory limit, or a `pellucid.data.Stream`, for a network of images."""

    takes_sequences: ClassVar = False

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        check_options(options)
        self._net, self._data, self._options = net, data, options
        self._program = cast("ImageProgram", net.program)
        check_shape(net, data)
        self.examples = len(data)
        room = WindowRoom(data, options.batch_size, self.examples, options.augment is not None)
        loss, weighted, read = self._reader(room.length)
        net.adopt(data.unit_range, data.classes)
        self.measures_accuracy = self._measures_accuracy()
        self.stepper = self._stepper(options.stepper(loss, weighted=weighted))
        sizes = Sizes(self.examples, room.length, options.batch_size)
        self._windows = (
            self._augmented(read, sizes) if options.augment is not None else Windows(read, room.packings(), sizes)
        )

    def _measures_accuracy(self) -> bool:
        return self.loss in COUNTS_CORRECT

    def _stepper(self, options: StepperOptions) -> Stepper:
        return self._program.stepper(options, sparse=math.prod(self._data.shape) <= MAX_SPARSE_INPUTS)

    def _augmented(self, read: Reader, sizes: Sizes) -> Windows:
        from pellucid.training.window_augmentation import AugmentedReader, varied_packings

        data, options = self._data, self._options
        packings = varied_packings(
            options.augment, data.shape, dtype_of(data), data.unit_range, options.seed, sizes.length
        )
        return Windows(AugmentedReader(read, sizes.windows), packings, sizes)

    def _reader(self, length: int) -> tuple[str, bool, Reader]:
        """The engine's loss, whether examples have weights, and what reads windows."""
        data, options = self._data, self._options
        if isinstance(data, Stream):
            targets = self._stream_targets(data)
            self.loss = targets.name
            digest = repr((data.shape, data.dtype.name, data.level_range, data.classes, data.has_classes, len(data)))
            self._digest = hashlib.sha256(digest.encode()).hexdigest()[:16]
            return targets.loss, targets.weighted, StreamReader(data, targets, length, options.seed)
        supervision = self._supervised(data)
        self._digest = digest_of(supervision.targets, data.images)
        order = order_of(data, options.seed, length)
        read = DatasetReader(data.images, supervision.targets, order, length)
        return supervision.loss, len(supervision.targets.weights) > 0, read

    def _stream_targets(self, data: Stream) -> StreamTargets | GivenTargets:
        options = self._options
        return StreamTargets(self._program, data, options.loss, options.class_weight, options.smoothing)

    def _supervised(self, data: Any) -> Supervision:
        """The loss and the targets of a data set; also sets ``loss``."""
        options, program = self._options, self._program
        weights = weights_of(data, options.class_weight)
        supervision = program.supervise(data.targets, len(data), options.loss, weights)
        self.loss = supervision.name
        return smoothed(supervision, options.smoothing, program.outputs.width) if options.smoothing else supervision

    def reach(self, epoch: int, begin: int, past: int) -> int:
        """See `Task.reach`."""
        return self._windows.reach(epoch, begin, past)

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """See `Task.batches`."""
        return self._windows.batches(epoch, begin, past)

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        return evaluation_of(self._net, data, self._options.loss)

    def digest(self) -> str:
        """A digest of targets and some examples; of a stream, of what it declares."""
        return self._digest

    def augment_configuration(self) -> dict[str, Any] | None:
        """See `Task.augment_configuration`."""
        augment = self._options.augment
        return None if augment is None else cast("dict[str, Any]", augment.configuration())
