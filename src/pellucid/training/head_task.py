"""Training of the layers behind a frozen body: its outputs are computed once, and trained on as images are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.layers.dropout import Dropout
from pellucid.layers.layer import Vector
from pellucid.network.network import Network
from pellucid.programs.choice import program_for
from pellucid.programs.feed import Feed
from pellucid.programs.image_targets import Supervision
from pellucid.programs.interface import Stepper
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.memory import aligned
from pellucid.training.image_task import ImageTask
from pellucid.training.task import TaskOptions


def frozen_body(net: Network, frozen: Sequence[int]) -> int:
    """The number of layers from the first on that training leaves alone, and that compute the same every time."""
    count = 0
    for number, layer in enumerate(net.layers):
        if isinstance(layer, Dropout) or (number not in frozen and layer.named()):
            break
        count += 1
    return count if any(layer.named() for layer in net.layers[:count]) and count < len(net) else 0


class HeadTask(ImageTask):
    """A `pellucid.data.Dataset` for a network of images whose first layers are frozen."""

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        self._body_layers = frozen_body(net, options.frozen)
        self._first = sum(view.size for layer in net.layers[: self._body_layers] for view in layer.named().values())
        super().__init__(net, data, options)

    def _packed(self) -> Feed:
        self._body, self._of = self._net[: self._body_layers], self._net.parameters[: self._first].copy()
        return self._extracted()

    def _stepper(self, supervision: Supervision, *, sparse: bool) -> Stepper:
        net, count, first = self._net, self._body_layers, self._first
        program = program_for(net.layers[count:], self._body.output_shape, net.parameters[first:], (0.0, 1.0))
        options = self._options.stepper(supervision.loss, weighted=len(supervision.targets.weights) > 0)
        behind = tuple(replace(g, begin=max(0, g.begin - first), end=g.end - first) for g in options.groups)
        groups = tuple(group for group in behind if group.end > 0)
        head = program.stepper(replace(options, groups=groups), sparse=sparse)
        return HeadStepper(head, first, net.parameter_count, options.rule)

    def _extracted(self) -> Feed:
        """What the body computes for every image, as images of the head."""
        self._body.parameters[...] = self._of
        outputs: NDArray[np.float32] = self._body(self._data.images)
        return Feed(outputs.reshape(len(outputs), -1), (0.0, 1.0))

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Any, int]:
        """See `Task.batches`; if somebody has changed the body, what it computes is computed again."""
        body = self._net.parameters[: self._first]
        if not np.array_equal(body, self._of):
            self._of = body.copy()
            self._source = self._shuffled(self._extracted())
        return super().batches(epoch, begin, past)


class HeadStepper(Stepper):
    """The stepper of a head, with moments for the whole network, as files and snapshots have them."""

    def __init__(self, head: Stepper, first: int, count: int, rule: UpdateRule) -> None:
        self._head, self._first, self._count = head, first, count
        self.threads, self.spans_epochs = head.threads, head.spans_epochs
        self.equip(rule)

    def equip(self, rule: UpdateRule) -> None:
        """See `Stepper.equip`."""
        self._head.equip(rule)
        whole: list[Vector] = [aligned(self._count if moment.size else 0) for moment in self._head.moments]
        self.moments = whole[0], whole[1]
        of_head = [moment[self._first :] if moment.size else moment for moment in whole]
        self._head.moments = of_head[0], of_head[1]

    def stop(self) -> None:
        """See `Stepper.stop`."""
        self._head.stop()

    def run(
        self, batches: Any, begin: int, end: int, rule: UpdateRule, rates: NDArray[np.float32], serial: int = 0
    ) -> NDArray[np.float64]:
        """See `Stepper.run`."""
        return self._head.run(batches, begin, end, rule, rates, serial)
