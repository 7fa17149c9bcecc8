"""Training on sequences: backpropagation through all frames of every sequence.

Losses are means over sequences; with a label for every frame, a sequence's is the mean over its frames, and for "ctc"
it is -log p(labels) in nats. A sequence is predicted correctly if the largest output is that of its class; with a label
for every frame, to the share of its frames of which that is true; for "ctc", if the likeliest labels of its frames,
without repeats and blanks, are its labels.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from pellucid.data.sequences import Sequences
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.network.network import Network
from pellucid.programs.sequence_batches import SequenceBatch
from pellucid.programs.sequence_targets import Targets, check_targets
from pellucid.programs.sequences import SequencesProgram
from pellucid.training.class_names import check_classes
from pellucid.training.sequence_augmentation import AugmentedSequences, ShuffledSequences, described
from pellucid.training.task import Evaluation, Task, TaskOptions

_LARGEST_CLIP = 1.7e308
"""The largest number that checkpoints hold, see `pellucid.system.fields.Number`."""


class SequenceTask(Task):
    """`pellucid.data.Sequences` for a network of sequences."""

    takes_sequences: ClassVar = True

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        clip = options.clip
        if clip is not None and (
            isinstance(clip, bool) or not isinstance(clip, int | float) or not 0 < clip <= _LARGEST_CLIP
        ):
            raise ConfigurationError(f"clip expected a positive number, got {clip!r}.")
        self._net, self._program, self._options = net, cast("SequencesProgram", net.program), options
        if options.class_weight is not None or options.smoothing:
            raise ConfigurationError("class_weight and label_smoothing work for networks of images: omit them.")
        self.loss = "cross_entropy" if options.loss is None else options.loss
        if options.function is None:
            self._program.loss_code(self.loss)
        self._sequences, self._targets = self._checked(data)
        net.adopt_classes(data.classes)
        self.examples = self._sequences.count
        # The stepper allocates gradients for no more groups than there are sequences for.
        self.stepper = self._program.stepper(options.stepper(self.loss, most=self.examples))
        self._source: ShuffledSequences | AugmentedSequences = ShuffledSequences(data, options.seed)
        if options.augment is not None:
            aligned = self.loss == "ctc"
            self._source = AugmentedSequences(options.augment, data, options.batch_size, options.seed, aligned)

    def _checked(self, data: Any) -> tuple[SequenceBatch, Targets]:
        """Sequences in the engine's format; raises if they do not fit the network."""
        if not isinstance(data, Sequences):
            raise ConfigurationError(
                f"A network of sequences expected pl.data.Sequences for training, got {type(data).__name__}."
            )
        program = self._program
        if data.flat.shape[1] != program.features:
            raise ShapeError(
                f"The network takes frames of {program.features} features; the data have {data.flat.shape[1]}."
            )
        targets = Targets.of(data)
        self._check_targets(targets, data.lengths)
        return SequenceBatch(data.flat, data.starts, "list"), targets

    def _check_targets(self, targets: Targets, lengths: NDArray[np.int64]) -> None:
        check_targets(targets, lengths, self._program.output_shape, self.loss)

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """See `Task.batches`."""
        return self._source.batches(epoch, begin, past)

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        batch, targets = self._checked(data)
        check_classes(self._net, data)
        return lambda: self._program.evaluate(batch, targets, self.loss)

    def digest(self) -> str:
        """A digest of all frames and all labels."""
        digest = hashlib.sha256()
        for part in (self._sequences.starts, self._targets.symbols, self._targets.starts, self._sequences.flat):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]

    def augment_configuration(self) -> dict[str, Any] | None:
        """See `Task.augment_configuration`."""
        return None if self._options.augment is None else described(self._options.augment)
