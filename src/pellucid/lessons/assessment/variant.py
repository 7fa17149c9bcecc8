"""Which neuron, image or level a question is about: drawn from a seed, and never the same in both forms."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.lessons.records import Question
from pellucid.lessons.view import View
from pellucid.programs.images import from_unit, to_unit

T = TypeVar("T")


@dataclass(frozen=True)
class Variant:
    """One of the variants of a question.

    Attributes
    ----------
    seed : int
        That of both forms.
    topic : str
        The question, so that each draws by itself.
    number : int
        Which variant: those of the first form are even, those of the second odd.
    """

    seed: int
    topic: str
    number: int

    def pick(self, candidates: Sequence[T], of: str = "") -> T:
        """Return one of some candidates: each number another one, as long as there are enough.

        ``of`` distinguishes several picks of one question.
        """
        order = np.random.default_rng([self.seed, zlib.crc32(f"{self.topic} {of}".encode())])
        return candidates[int(order.permutation(len(candidates))[self.number % len(candidates)])]

    def choice(self, text: str, right: str, wrong: Sequence[str], told: str) -> Question:
        """Return a question with a right option and wrong ones; those that read like the right one are left out."""
        return self.mixed(text, [right, *dict.fromkeys(each for each in wrong if each != right)], 0, told)

    def mixed(self, text: str, options: Sequence[str], right: int, told: str) -> Question:
        """Return a question with options in a random order, of which one is right."""
        draw = np.random.default_rng([self.seed, zlib.crc32(self.topic.encode()), self.number])
        order = [int(each) for each in draw.permutation(len(options))]
        shown = tuple(options[each] for each in order)
        return Question("choice", text, shown, truth=(float(order.index(right)),), told=told)


Maker = Callable[[View, Variant], Question]
"""Makes a question about a session's network and data."""


def unit_image(view: View, index: int) -> NDArray[np.float32]:
    """Return a held-out image as the first layer takes it, (D,): pixels from 0 to 1."""
    images = view.images()
    unit: NDArray[np.float32] = to_unit(images[index : index + 1].reshape(1, -1), view.net.level_range)[0]
    return unit


def unit_images(view: View) -> NDArray[np.float32]:
    """Return all held-out images likewise, (N, D)."""
    images = view.images()
    return to_unit(images.reshape(len(images), -1), view.net.level_range)


def share_read(view: View, unit: NDArray[np.float32]) -> float:
    """Return the share of changed held-out images, (N, D) from 0 to 1, that the trained network reads correctly."""
    net = view.trained_net()
    outputs = np.asarray(net(from_unit(unit, net.level_range).reshape(len(unit), *net.input_shape)))
    return float((np.nan_to_num(outputs).argmax(axis=1) == view.test.labels).mean())
