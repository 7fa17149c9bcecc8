"""The fast path of a network: one built-in call takes one image or a few from the interpreter to the engine."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.fastcall import SYMBOL, Accepted, FastCall, Prepared, fastcall
from pellucid.engine.compiler.library import engine
from pellucid.engine.records import Answers

_SUPPLY = 1 << 10  # floats in the answers that are made at once


@dataclass(frozen=True)
class FastPath:
    """Reads images of bytes or float32, one or up to ``most`` at once, through one call of a built-in function.

    ``call(images, answer)`` returns whether it has written the outputs to ``answer``; ``make`` returns an array for the
    answer to a single image.
    """

    call: FastCall
    make: Callable[[], NDArray[np.float32]]
    most: int


def fast_path(calls: tuple[Prepared, Prepared], accepted: Accepted, answers: Answers) -> FastPath:
    """A fast path over two prepared calls; parameters as for `pellucid.engine.compiler.fastcall.fastcall`."""
    call = fastcall(calls, accepted, answers, engine().shared[SYMBOL])
    return FastPath(call, _supply_of_arrays(answers.outputs.shape[1:]), accepted.most)


def _supply_of_arrays(shape: tuple[int, ...]) -> Callable[[], NDArray[np.float32]]:
    """A function that returns a new array at each call; it makes many at once, which halves the time for each."""
    dozens = (max(1, _SUPPLY // math.prod(shape)), *shape)
    many = map(np.empty, itertools.repeat(dozens), itertools.repeat(np.float32))
    return itertools.chain.from_iterable(many).__next__
