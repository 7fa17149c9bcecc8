"""Data for networks of images: do they fit, what tells them from others, and evaluation on them."""

from __future__ import annotations

import hashlib
import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pellucid.data.limits import MEMORY_LIMIT
from pellucid.data.rows import is_in_memory, rows_of
from pellucid.data.stream import Stream
from pellucid.engine.records import Targets
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.network.network import Network
from pellucid.programs.feed import Feed, fits
from pellucid.programs.image_program import ImageProgram
from pellucid.programs.image_targets import Supervision, check_supervision, is_used
from pellucid.training.class_names import check_classes
from pellucid.training.task import Evaluation, TaskOptions
from pellucid.training.window_data import evaluation_in_windows


def needs_windows(data: Any, augment: Any = None) -> bool:
    """Whether data are read window by window: a stream, or a data set larger than its memory limit.

    Images that are augmented are packed a few at a time in any case, but have to be in memory as they are.
    """
    if isinstance(data, Stream):
        return True
    if not hasattr(data, "images"):
        return False
    if augment is None:
        return not fits(data)
    floats = 4 * len(data) * math.prod(data.shape)
    return not is_in_memory(data.images) and floats > (data.memory_limit or MEMORY_LIMIT)


def check_options(options: TaskOptions) -> None:
    """Raise for options of sequences."""
    if options.clip is not None:
        raise ConfigurationError("clip works for networks of sequences only: omit it.")


def weights_of(data: Any, class_weight: Any) -> NDArray[np.float32] | None:
    """The weight of each example: that of the data, times that of its class."""
    own: NDArray[np.float32] | None = getattr(data, "weight", None)
    if class_weight is None:
        return own
    of_classes: NDArray[np.float32] = np.array(class_weight, np.float32)[data.labels]
    return of_classes if own is None else own * of_classes


def check_shape(net: Network, data: Any) -> None:
    """Raise unless data are images of the network's shape."""
    if not isinstance(data, Stream) and not hasattr(data, "images"):
        raise ConfigurationError(
            f"A network of images expected a Dataset, got {type(data).__name__}: pl.data.collect reads the examples of "
            "other libraries' data sets."
        )
    wanted, shape = net.program.input_shape, tuple(data.shape)
    flat = len(shape) == 1 or len(wanted) == 1
    if math.prod(shape) != math.prod(wanted) or not (flat or _sides(shape) == _sides(wanted)):
        moved = shape[-1:] + shape[:-1] == wanted
        advice = ": move the channels to the front, as in images.transpose(0, 3, 1, 2)" if moved else ""
        raise ShapeError(f"The network takes inputs of shape {wanted}; the data are {shape}{advice}.")


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the sides of 1: one channel of (H, W) is (1, H, W)."""
    return tuple(side for side in shape if side != 1)


def suited(net: Network, data: Any, loss: str | None, weights: NDArray[np.float32] | None) -> Supervision:
    """The loss and the targets of a data set, which the network adopts; raises if they do not suit each other."""
    check_shape(net, data)
    program = cast("ImageProgram", net.program)
    supervision = program.supervise(data.targets, len(data), loss, weights)
    check_supervision(supervision, len(data), program.outputs.width)
    net.adopt(data.unit_range, data.classes)
    return supervision


def evaluation_of(net: Network, data: Any, loss: str | None) -> Evaluation:
    """An evaluation on any data for networks of images; see `pellucid.training.task.Task.evaluation`."""
    check_shape(net, data)
    check_classes(net, data)
    program, weights = cast("ImageProgram", net.program), weights_of(data, None)
    if needs_windows(data):
        evaluation = evaluation_in_windows(program, data, loss, weights)
        net.adopt(data.unit_range, data.classes)
        return evaluation
    supervision = suited(net, data, loss, weights)
    feed = Feed.of(data, check=True)
    return lambda: program.evaluate_supervised(feed, supervision)


def digest_of(targets: Targets, images: Any) -> str:
    """A digest of all targets, and of the pixels of some 256 images."""
    digest = hashlib.sha256()
    for part in targets:
        if is_used(part):
            digest.update(part.tobytes())
    digest.update(rows_of(images)[:: max(1, len(images) // 256)].tobytes())
    return digest.hexdigest()[:16]
