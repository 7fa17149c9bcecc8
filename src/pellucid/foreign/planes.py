"""Convolutions and pooling of graphs as layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.foreign.chain import Chain, Link
from pellucid.foreign.flow import Flow
from pellucid.foreign.model import Array
from pellucid.foreign.refusal import RefusedError

Pair = tuple[int, int]


def convolved(chain: Chain, flow: Flow, weight: Array, attributes: Mapping[str, Any]) -> Flow:
    """Add a convolution with weights (filters, channels, down, across).

    Unequal zeros on two sides become equal ones, and the filters get zeros in their place.
    """
    flow = as_planes(chain, chain.settled(flow))
    if weight.ndim != 4 or weight.shape[1] != flow.sides[0] or not weight.size:
        raise RefusedError(f"expected filters of {flow.sides[0]} channels, got weights of shape {weight.shape}")
    if attributes.get("group", 1) != 1 or _pair(attributes, "dilations", 1) != (1, 1):
        raise RefusedError("is a convolution with groups or gaps, which no layer has")
    window, stride = (weight.shape[2], weight.shape[3]), _pair(attributes, "strides", 1)
    before, after = _padding(attributes, flow.sides[1:], window, stride)
    padding = max(before[0], after[0]), max(before[1], after[1])
    rows, columns = ((padding[at] - before[at], padding[at] - after[at]) for at in (0, 1))
    weight = np.pad(weight, ((0, 0), (0, 0), rows, columns)).astype(np.float32)
    tensors: dict[str, Array] = {"weight": weight}
    if flow.affine is not None:
        tensors = _with_affine(flow, weight, padding)
    options: dict[str, Any] = {
        "out_channels": len(weight),
        "kernel_size": list(weight.shape[2:]),
        "stride": list(stride),
        "padding": list(padding),
        "activation": "identity",
    }
    chain.add(Link("conv2d", options, tensors), flow)
    rest = [_count(flow.sides[1 + at], weight.shape[2 + at], stride[at], 2 * padding[at]) for at in (0, 1)]
    return chain.changed(flow, (flow.axes[0], (0,), (1,), (2,)), (len(weight), *rest))


def pooled(chain: Chain, flow: Flow, kind: str, attributes: Mapping[str, Any]) -> Flow:
    """Add pooling of whole windows, "max_pool2d" or "avg_pool2d"."""
    flow = as_planes(chain, chain.finished(flow))
    window, stride = _pair(attributes, "kernel_shape", 0), _pair(attributes, "strides", 1)
    if any(_padding(attributes, flow.sides[1:], window, stride)[at] != (0, 0) for at in (0, 1)):
        raise RefusedError("pools with zeros around, which no layer does")
    if _pair(attributes, "dilations", 1) != (1, 1):
        raise RefusedError("pools with gaps, which no layer does")
    sides = [_count(flow.sides[1 + at], window[at], stride[at], 0) for at in (0, 1)]
    left = [(flow.sides[1 + at] - window[at]) % stride[at] for at in (0, 1)]
    if attributes.get("ceil_mode", 0) and any(left):
        raise RefusedError("pools windows that are not whole (ceil_mode)")
    chain.add(Link(kind, {"kernel_size": list(window), "stride": list(stride)}), flow)
    return chain.changed(flow, (flow.axes[0], (0,), (1,), (2,)), (flow.sides[0], *sides))


def global_average(chain: Chain, flow: Flow) -> Flow:
    """Add the mean of every plane."""
    window = list(flow.shape[2:])
    return pooled(chain, flow, "avg_pool2d", {"kernel_shape": window, "strides": window})


def as_planes(chain: Chain, flow: Flow) -> Flow:
    """The value with axes (batch, channels, rows, columns), which are its three sides in this order."""
    if len(flow.axes) != 4 or any(isinstance(atom, int) for atom in flow.axes[0]) or chain.of_frames:
        raise RefusedError(f"expected pictures (N, C, H, W), got a value of {len(flow.axes)} axes")
    if any(isinstance(atom, str) for axis in flow.axes[1:] for atom in axis):
        raise RefusedError("has a batch axis among those of the picture")
    order = [atom for atom in flow.features if flow.sizes[atom] > 1]
    sides = flow.shape[1:]
    if order != sorted(order):
        if chain.links or (flow.affine is not None and flow.affine.scale.ndim):
            raise RefusedError("takes the axes of a layer's output in another order")
        chain.note("Its inputs are (channels, height, width); those of the original have their channels last.")
    elif (
        chain.links
        and sides != flow.sides
        and tuple(side for side in sides if side > 1) != tuple(side for side in flow.sides if side > 1)
    ):
        raise RefusedError("merges the axes of a layer's output")
    if not chain.links:
        chain.inputs = sides[1:] if sides[0] == 1 else sides
    sizes = {atom: size for atom, size in flow.sizes.items() if isinstance(atom, str)} | dict(enumerate(sides))
    return replace(flow, axes=(flow.axes[0], (0,), (1,), (2,)), sizes=sizes, affine=_in_planes(flow, sides))


def _in_planes(flow: Flow, sides: tuple[int, ...]) -> Any:
    """A pending scale and offset, over three sides."""
    if flow.affine is None or flow.affine.scale.ndim == flow.affine.offset.ndim == 0 or len(flow.sides) == 3:
        return flow.affine
    raise RefusedError("needs an offset or a scale of every input before a convolution")


def _with_affine(flow: Flow, weight: Array, padding: Pair) -> dict[str, Array]:
    """Weights and biases for inputs with a scale and offset of each channel still to be applied."""
    assert flow.affine is not None
    channels = flow.sides[0]
    both = []
    for values in (flow.affine.scale, flow.affine.offset):
        if values.size not in (1, channels) or (values.ndim and values.shape[0] != values.size):
            raise RefusedError("needs an offset or a scale that differs within a channel")
        both.append(np.broadcast_to(values.reshape(-1), (channels,)))
    if padding != (0, 0) and both[1].any():
        raise RefusedError("needs an offset before zeros are put around the picture")
    offset = np.einsum("ocij,c->o", weight.astype(np.float64), both[1])
    scaled = (weight * both[0][:, None, None]).astype(np.float32)
    return {"weight": scaled, "bias": offset.astype(np.float32)}


def _pair(attributes: Mapping[str, Any], name: str, default: int) -> Pair:
    value = attributes.get(name, [default, default])
    if not isinstance(value, Sequence) or len(value) != 2 or not all(0 < int(n) < 1 << 12 for n in value):
        raise RefusedError(f"expected {name} of two numbers, down and across")
    return int(value[0]), int(value[1])


def _padding(attributes: Mapping[str, Any], sides: Sequence[int], window: Pair, stride: Pair) -> tuple[Pair, Pair]:
    """The number of zeros before and after, down and across."""
    automatic = attributes.get("auto_pad", b"NOTSET")
    if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
        needed = [
            max(0, (-(-side // step) - 1) * step + part - side)
            for side, part, step in zip(sides, window, stride, strict=True)
        ]
        small, large = (needed[0] // 2, needed[1] // 2), (-(-needed[0] // 2), -(-needed[1] // 2))
        return (small, large) if automatic == b"SAME_UPPER" else (large, small)
    pads = [int(n) for n in attributes.get("pads", [0] * 4)]
    if automatic == b"VALID":
        pads = [0] * 4
    if len(pads) != 4 or not all(0 <= n < 1 << 12 for n in pads):
        raise RefusedError("expected pads of four numbers of at least 0")
    return (pads[0], pads[1]), (pads[2], pads[3])


def _count(side: int, part: int, step: int, more: int) -> int:
    if side + more < part:
        raise RefusedError("has windows that are larger than the picture")
    return (side + more - part) // step + 1
