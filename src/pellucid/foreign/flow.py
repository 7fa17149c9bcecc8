"""What the nodes of a graph compute from its inputs: which numbers lie along which axis.

A graph may turn, merge and split axes at will, and a network cannot. So every axis is a row of atoms: a batch axis by
name, or one side of the numbers that the last layer computed, by its place. ``(("n",), (1, 2, 0))`` is a batch of
flattened pictures whose channels lie last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pellucid.foreign.refusal import RefusedError

Atom = str | int
Axis = tuple[Atom, ...]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """``scale x + offset``: both numbers, or over the sides of what the last layer computed, or 1 along them."""

    scale: Floats
    offset: Floats

    def then(self, scale: Floats, offset: Floats) -> Affine:
        """The same, followed by another."""
        return Affine(self.scale * scale, self.offset * scale + offset)


@dataclass(frozen=True)
class Flow:
    """A value on the way from the inputs to the outputs.

    Attributes
    ----------
    version : int
        The number of changes to the chain of layers when it was computed: only the last value can be continued.
    axes : tuple of tuple
        Its axes, as atoms. A side of 1 may be any axis's atom, or none's.
    sizes : mapping
        The size of each atom.
    affine : Affine, optional
        What is still to be done to every number, and folded into a layer before or after.
    tap : str
        Of recurrent layers: "frames", "last", "mean", or "sum", a mean without its division.
    part : int, optional
        The direction that was picked out of two.
    logarithm : bool
        Whether it is the logarithm of what the last layer computes.
    """

    version: int
    axes: tuple[Axis, ...]
    sizes: Mapping[Atom, int]
    affine: Affine | None = None
    tap: str = "frames"
    part: int | None = None
    logarithm: bool = field(default=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return tuple(math.prod(self.sizes[atom] for atom in axis) for axis in self.axes)

    @property
    def features(self) -> tuple[int, ...]:
        """The atoms that are no batch axes, in the order of the axes."""
        return tuple(atom for axis in self.axes for atom in axis if isinstance(atom, int))

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides of what the last layer computed, in its own order."""
        return tuple(self.sizes[atom] for atom in sorted(atom for atom in self.sizes if isinstance(atom, int)))

    def axis(self, number: int) -> int:
        """A number of an axis that may count from the end, from the start."""
        if not -len(self.axes) <= number < len(self.axes):
            raise RefusedError(f"expected one of {len(self.axes)} axes, got {number}")
        return number % len(self.axes)

    def transposed(self, order: Sequence[int]) -> Flow:
        """With axes in another order."""
        if sorted(order) != list(range(len(self.axes))):
            raise RefusedError(f"expected an order of {len(self.axes)} axes, got {list(order)[:8]}")
        return replace(self, axes=tuple(self.axes[at] for at in order))

    def squeezed(self, numbers: Sequence[int] | None) -> Flow:
        """Without axes of size 1; by default without any."""
        shape = self.shape
        gone = {self.axis(at) for at in numbers} if numbers is not None else {a for a, n in enumerate(shape) if n == 1}
        if any(shape[at] != 1 for at in gone):
            raise RefusedError("removes an axis that has more than one side")
        return replace(self, axes=tuple(axis for at, axis in enumerate(self.axes) if at not in gone))

    def unsqueezed(self, numbers: Sequence[int]) -> Flow:
        """With more axes of size 1, at those places."""
        rank = len(self.axes) + len(numbers)
        if rank > 32 or any(not -rank <= at < rank for at in numbers):
            raise RefusedError("adds axes at impossible places")
        new, old = {at % rank for at in numbers}, iter(self.axes)
        return replace(self, axes=tuple(() if at in new else next(old, ()) for at in range(rank)))

    def reshaped(self, wanted: Sequence[int], split: bool) -> Flow:
        """With axes of those sizes: 0 keeps one, -1 takes what is left. ``split`` allows new sides of the features."""
        shape = self.shape
        if len(wanted) > 32 or any(n == 0 and at >= len(shape) for at, n in enumerate(wanted)):
            raise RefusedError("expected a shape that makes sense")
        sides = [shape[at] if n == 0 else int(n) for at, n in enumerate(wanted)]
        rest = math.prod(n for n in sides if n != -1)
        if sides.count(-1) > 1 or rest <= 0 or any(n < -1 for n in sides) or math.prod(shape) % rest:
            raise RefusedError("expected a shape that makes sense")
        sides = [math.prod(shape) // rest if n == -1 else n for n in sides]
        if math.prod(sides) != math.prod(shape):
            raise RefusedError(f"expected as many numbers as before, {math.prod(shape):,}, got {math.prod(sides):,}")
        return _regrouped(self, sides, split)


def _regrouped(flow: Flow, sides: list[int], split: bool) -> Flow:
    """The same atoms, in the same order, in other axes."""
    left = [(atom, flow.sizes[atom]) for axis in flow.axes for atom in axis]
    made: list[list[tuple[Atom, int]]] = []
    for side in sides:
        axis: list[tuple[Atom, int]] = []
        have = 1
        if side == 1 and left and left[0][1] == 1:
            axis.append(left.pop(0))
        while have < side:
            atom, size = left.pop(0)
            if side % (have * size):
                wanted = side // have
                if not split or isinstance(atom, str) or size % wanted:
                    raise RefusedError("splits an axis that a layer has computed")
                left.insert(0, (atom, size // wanted))
                size = wanted
            axis.append((atom, size))
            have *= size
        made.append(axis)
    if left and made:
        made[-1] += left
    return _renumbered(flow, made) if split else replace(flow, axes=tuple(tuple(a for a, _ in axis) for axis in made))


def _renumbered(flow: Flow, made: list[list[tuple[Atom, int]]]) -> Flow:
    """Give the parts of split sides numbers of their own, in the order in which the numbers lie in the inputs."""
    features = [(atom, size) for axis in made for atom, size in axis if isinstance(atom, int)]
    order = sorted(range(len(features)), key=lambda at: (features[at][0], at))
    number = {at: place for place, at in enumerate(order)}
    sizes: dict[Atom, int] = {atom: size for atom, size in flow.sizes.items() if isinstance(atom, str)}
    axes, at = [], 0
    for axis in made:
        atoms: list[Atom] = []
        for atom, size in axis:
            if isinstance(atom, int):
                atom, at = number[at], at + 1
            sizes[atom] = size
            atoms.append(atom)
        axes.append(tuple(atoms))
    return replace(flow, axes=tuple(axes), sizes=sizes)
