"""The layers that a graph stands for, in the making: products become layers, and what follows is folded into them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.foreign.flow import Affine, Atom, Axis, Flow
from pellucid.foreign.model import Array
from pellucid.foreign.refusal import RefusedError

_ELEMENTWISE = ("relu", "sigmoid", "tanh")


@dataclass
class Link:
    """A layer: its kind and options as in a network's configuration, and its parameters, perhaps without a bias yet."""

    kind: str
    options: dict[str, Any]
    tensors: dict[str, Array] = field(default_factory=dict)

    @property
    def takes_activation(self) -> bool:
        """Whether it computes weighted sums to which no activation was applied yet."""
        return self.kind in ("dense", "conv2d") and self.options["activation"] == "identity"


class Chain:
    """The layers so far.

    Attributes
    ----------
    links : list of Link
    of_frames : bool
        Whether the inputs are sequences.
    inputs : tuple of int
        Sides of one input, or of one frame.
    level_range : (float, float) or None
        The levels that mean 0 and 1.
    notes : list of str
        What people should know of the imported network.
    version : int
        Number of changes.
    time : str
        The axis of the frames, once a recurrent layer has named it.
    """

    def __init__(self, *, of_frames: bool) -> None:
        self.links: list[Link] = []
        self.of_frames = of_frames
        self.inputs: tuple[int, ...] = ()
        self.level_range: tuple[float, float] | None = None
        self.notes: list[str] = []
        self.version = 0
        self.time: Atom = ""

    def changed(self, flow: Flow, axes: tuple[Axis, ...], sides: tuple[int, ...]) -> Flow:
        """Count a change of the last layer, or a new one; return its output, with these axes and sides."""
        self.version += 1
        sizes: dict[Atom, int] = {atom: size for atom, size in flow.sizes.items() if isinstance(atom, str)}
        return Flow(self.version, axes, sizes | dict(enumerate(sides)))

    def check_current(self, flow: Flow) -> None:
        """Refuse a value that is not the chain's last: the graph branches."""
        if flow.version != self.version:
            raise RefusedError("continues from a value that another node has continued from: only chains are read")
        if flow.part is not None:
            raise RefusedError("takes one direction of two")
        if flow.logarithm:
            raise RefusedError("computes with logarithms of probabilities")

    def add(self, link: Link, flow: Flow) -> None:
        """Add a layer that takes that value; the first one fixes the sides of the inputs."""
        self.inputs = self.inputs or flow.sides
        self.links.append(link)

    def note(self, text: str) -> None:
        """Keep what people should know of the imported network, once."""
        if text not in self.notes:
            self.notes.append(text)

    def settled(self, flow: Flow) -> Flow:
        """The value with what is pending folded into the layer before, or into the inputs' levels, if possible."""
        self.check_current(flow)
        self._tap(flow)
        if flow.affine is None:
            return flow
        if not self.links and not self.of_frames and self._take_levels(flow.affine):
            return replace(flow, affine=None)
        if not self.links or not self.links[-1].takes_activation or not self._fold_backward(flow):
            return flow
        return replace(flow, affine=None)

    def _tap(self, flow: Flow) -> None:
        """Have a recurrent layer output what is taken of it."""
        if self.links and "hidden_size" in self.links[-1].options:
            if flow.tap == "sum":
                raise RefusedError("takes a sum over frames that is not divided by their number")
            self.links[-1].options["outputs"] = flow.tap

    def finished(self, flow: Flow) -> Flow:
        """The value with nothing pending.

        Raises
        ------
        RefusedError
            If that is not possible.
        """
        flow = self.settled(flow)
        if flow.affine is not None:
            raise RefusedError("needs a scale or an offset between layers that none of them can hold")
        return flow

    def _take_levels(self, affine: Affine) -> bool:
        """Have the inputs' levels say what is 0 and what is 1."""
        if affine.scale.size != 1 or affine.offset.size != 1 or affine.scale.item() <= 0:
            return False
        scale, offset = affine.scale.item(), affine.offset.item()
        low = float(np.float32(-offset / scale)) + 0.0
        self.level_range = low, low + float(np.float32(1.0 / scale))
        return True

    def _fold_backward(self, flow: Flow) -> bool:
        """Have the last layer compute ``scale (W x + b) + offset``."""
        link = self.links[-1]
        count = len(link.tensors["weight"])
        per_output = _per_channel(flow, count)
        if per_output is None:
            return False
        scale, offset = per_output
        weight, bias = link.tensors["weight"], link.tensors.get("bias")
        if not (scale == 1).all():
            link.tensors["weight"] = (weight.T * scale).T.astype(np.float32)
            bias = None if bias is None else (bias * scale).astype(np.float32)
        link.tensors["bias"] = offset.astype(np.float32) if bias is None else (bias + offset).astype(np.float32)
        return True

    def columns(self, flow: Flow, weight: Array) -> tuple[Array, Array]:
        """Weights (out, in), whose columns are in the order of the flow's last axes, in the order of the layer before.

        Also what the weights make of a pending offset, (out,); a pending scale is in the weights.
        """
        order = flow.features
        sides = [flow.sizes[atom] for atom in order]
        if math.prod(sides) != weight.shape[1]:
            raise RefusedError(f"expected {math.prod(sides):,} inputs, has weights for {weight.shape[1]:,}")
        straight = tuple(int(at) for at in np.argsort(order, kind="stable"))
        turned = weight.reshape(len(weight), *sides).transpose(0, *(1 + at for at in straight))
        columns = np.ascontiguousarray(turned).reshape(weight.shape)
        if flow.affine is None:
            return columns, np.zeros(len(weight))
        both = (flow.affine.scale, flow.affine.offset)
        scale, offset = (np.broadcast_to(values, flow.sides).reshape(-1) for values in both)
        return (columns * scale).astype(np.float32), columns.astype(np.float64) @ offset

    def dense(self, flow: Flow, weight: Array) -> Flow:
        """Add a layer of weighted sums over the last axis: weights (out, in)."""
        flow = self.settled(flow)
        if not flow.axes or any(isinstance(atom, str) for atom in flow.axes[-1]) or _in_axes(flow.axes[:-1]):
            raise RefusedError("multiplies along another axis than that of a layer's outputs")
        if not len(weight):
            raise RefusedError("has no outputs")
        columns, offset = self.columns(flow, weight)
        tensors: dict[str, Array] = {"weight": columns.astype(np.float32)}
        if offset.any():
            tensors["bias"] = offset.astype(np.float32)
        self.add(Link("dense", {"out_features": len(weight), "activation": "identity"}, tensors), flow)
        return self.changed(flow, (*flow.axes[:-1], (0,)), (len(weight),))

    def activation(self, flow: Flow, name: str) -> Flow:
        """Give the last layer its activation, also through pooling of the largest: the result is the same."""
        flow = self.finished(flow)
        at = len(self.links) - 1
        while at >= 0 and self.links[at].kind in ("max_pool2d", "dropout") and name in _ELEMENTWISE:
            at -= 1
        if at < 0 or not self.links[at].takes_activation or flow.tap != "frames":
            raise RefusedError("has no layer of weighted sums before it to which it could belong")
        if name == "softmax" and self.links[at].kind != "dense":
            raise RefusedError("is a softmax that does not follow a dense layer")
        self.links[at].options["activation"] = name
        return self.changed(flow, flow.axes, flow.sides)

    def both_probabilities(self, without: Flow, with_it: Flow) -> Flow:
        """A sigmoid p and its 1 - p as a softmax of two, of sums 0 and z: that is the same.

        Raises
        ------
        RefusedError
            If the two are anything else.
        """
        link = self.links[-1] if self.links else None
        opposite = without.affine
        if (
            link is None
            or link.options.get("out_features") != 1
            or link.options["activation"] != "sigmoid"
            or with_it.affine is not None
            or opposite is None
            or (opposite.scale.ndim, opposite.offset.ndim) != (0, 0)
            or (opposite.scale.item(), opposite.offset.item()) != (-1.0, 1.0)
            or without.axes != with_it.axes
            or without.version != with_it.version
        ):
            raise RefusedError("joins several values: only chains of layers are read")
        self.check_current(with_it)
        weight, bias = link.tensors["weight"], link.tensors.get("bias", np.zeros(1, np.float32))
        link.tensors = {
            "weight": np.concatenate([np.zeros_like(weight), weight]),
            "bias": np.concatenate([np.zeros_like(bias), bias]),
        }
        link.options |= {"out_features": 2, "activation": "softmax"}
        return self.changed(with_it, (*with_it.axes[:-1], (0,)), (2,))

    def dropout(self, flow: Flow, rate: float) -> Flow:
        """Add dropout, which does nothing outside of training; sequences have none."""
        if self.of_frames or not 0.0 < rate < 1.0 or flow.affine is not None:
            return flow
        self.check_current(flow)
        self.add(Link("dropout", {"rate": rate}), flow)
        return self.changed(flow, flow.axes, flow.sides)


def _in_axes(axes: tuple[Axis, ...]) -> bool:
    return any(isinstance(atom, int) for axis in axes for atom in axis)


def _per_channel(flow: Flow, count: int) -> tuple[Array, Array] | None:
    """The pending scale and offset of every output or channel, (count,) each; None if they differ within one."""
    assert flow.affine is not None
    both = []
    for values in (flow.affine.scale, flow.affine.offset):
        if values.size == 1:
            both.append(np.full(count, values.item()))
        elif values.shape[0] == values.size == count == flow.sides[0]:
            both.append(values.reshape(count))
        else:
            return None
    return both[0], both[1]
