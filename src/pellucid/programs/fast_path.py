"""Single images, or a few, straight from the interpreter to the engine: nothing converted, nothing looked up."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Bound
from pellucid.engine.compiler.fastcall import SYMBOL, Glance, glance
from pellucid.engine.compiler.library import engine

_SUPPLY = 1 << 10  # numbers in the arrays that are made at once for answers


@dataclass(frozen=True)
class FastPath:
    """The quick way for images of bytes or float32, one or up to ``most`` at once.

    ``make`` gives an array for the answer to a single image.
    """

    glance: Glance
    make: Callable[[], NDArray[np.float32]]
    most: int


@dataclass(frozen=True)
class Call:
    """A call that reads images, and which of its arguments they are."""

    images: NDArray[np.generic]
    bound: Bound


def fast_path(
    calls: Sequence[Call],
    input_shape: Sequence[int],
    count: np.int64,
    most: int,
    outputs: NDArray[np.float32],
    doubts: NDArray[np.float32],
) -> FastPath:
    """A way that takes images of the types of two calls.

    Parameters
    ----------
    calls : two of Call
    input_shape : sequence of int
        Shape of one image.
    count : int64
        Which of their arguments, this very object, is how many images there are.
    most : int
        How many images may come at once.
    outputs, doubts : ndarray
        Which of their arguments takes the outputs (1, ...), and which is NaN where these are not to be trusted (1,).
    """
    ways = [(call.images, call.bound) for call in calls]
    made = glance(ways, input_shape, count, most, outputs, doubts, engine().shared[SYMBOL])
    return FastPath(made, _supply_of_arrays(outputs.shape[1:]), most)


def _supply_of_arrays(shape: tuple[int, ...]) -> Callable[[], NDArray[np.float32]]:
    """What gives an array of its own at each call, in half the time that making one takes: they are made by dozens."""
    dozens = (max(1, _SUPPLY // math.prod(shape)), *shape)
    many = map(np.empty, itertools.repeat(dozens), itertools.repeat(np.float32))
    return itertools.chain.from_iterable(many).__next__
