"""The trainer of sequence networks: made as any `Trainer`, with `pellucid.data.Sequences` to learn from."""

from __future__ import annotations

import hashlib
import math
from typing import Any, cast

import numpy as np

from pellucid.data.sequences import Sequences
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.network.sequences import SequenceNetwork
from pellucid.programs.sequence_batches import Given
from pellucid.programs.sequences import Targets, check_targets, judge, loss_code
from pellucid.programs.sequences_stepper import SequenceStepper
from pellucid.training.sequence_augmentation import AugmentedSequences, ShuffledSequences, described
from pellucid.training.trainer import Trainer


class SequenceTrainer(Trainer):
    """Trains a network of sequences in place: backpropagation through all frames of every sequence.

    Losses are means over sequences: for "ctc" of -log p(labels) in nats. A sequence counts as right where the best
    guess is its class; for "ctc", where the likeliest label of each frame, repeats and blanks left out, spells all its
    labels. The options are those of `Trainer`.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> rng = np.random.default_rng(0)
    >>> data = pl.data.Sequences([rng.random((9, 2)) for _ in range(8)], [[1, 2]] * 8)
    >>> net = pl.Network([pl.LSTM(6), pl.Dense(3, "softmax")], input_shape=data.shape)
    >>> trainer = pl.Trainer(net, data, loss="ctc", optimizer=pl.Adam(0.05), batch_size=4, clip=1.0)
    >>> losses = [event.loss for event in trainer.run(epochs=20)]
    >>> losses[-1] < losses[0] / 2
    True
    """

    def _equip(self, data: Any, threads: int | None) -> None:
        clip = self.clip
        if clip is not None and (
            isinstance(clip, bool) or not isinstance(clip, int | float) or not 0 < clip < math.inf
        ):
            raise ConfigurationError(f"clip expected a positive number, got {clip!r}.")
        net = self._net
        loss_code(net, self.loss)
        self._given, self._targets = self._examine(data)
        batch = min(self.batch_size, self._given.count)  # no gradients for groups that never come
        self._stepper = SequenceStepper(net, self.optimizer, self.loss, batch, clip, threads)
        if self.augment is None:
            self._source = ShuffledSequences(data, self.seed)
        else:
            self._source = AugmentedSequences(self.augment, data, self.batch_size, self.seed, self.loss == "ctc")

    @property
    def _net(self) -> SequenceNetwork:
        return cast("SequenceNetwork", self.net)

    def _examine(self, data: Any) -> tuple[Given, Targets]:
        if not isinstance(data, Sequences):
            raise ConfigurationError(
                f"A network of sequences expected pl.data.Sequences to learn from, got {type(data).__name__}."
            )
        if data.flat.shape[1] != self._net.features:
            raise ShapeError(
                f"The network takes frames of {self._net.features} features; the data have {data.flat.shape[1]}."
            )
        targets = Targets(data.symbols, data.label_starts, data.transcribed)
        check_targets(self._net, targets, data.lengths, self.loss)
        return Given(data.flat, data.starts, "list"), targets

    def _judge(self, examined: Any) -> tuple[float, float]:
        given, targets = examined
        return judge(self._net, given, targets, self.loss)

    @property
    def augment_configuration(self) -> Any:
        """What goes into files of the function that augments."""
        return None if self.augment is None else described(self.augment)

    @property
    def images(self) -> int:
        """Sequences in an epoch."""
        return self._given.count

    @property
    def data_digest(self) -> str:
        """Tells whether other data are these data, for going on from a checkpoint."""
        digest = hashlib.sha256()
        for part in (self._given.starts, self._targets.symbols, self._targets.starts, self._given.flat):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]
