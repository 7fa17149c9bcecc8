"""Axes turned, merged and split, and parts of what recurrent layers compute."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from pellucid.foreign.call import Call
from pellucid.foreign.chain import Chain
from pellucid.foreign.constants import slices
from pellucid.foreign.flow import Flow
from pellucid.foreign.planes import global_average
from pellucid.foreign.refusal import RefusedError


def same(call: Call) -> Flow:
    """Identity."""
    return call.flow


def cast(call: Call) -> Flow:
    """Cast: to floats, which all are here."""
    if call.attributes.get("to") not in (1, 10, 11):
        raise RefusedError("rounds numbers to another type")
    return call.flow


def transpose(call: Call) -> Flow:
    """Transpose."""
    rank = len(call.flow.axes)
    return call.flow.transposed(call.attributes.get("perm", range(rank)[::-1]))


def reshape(call: Call) -> Flow:
    """Reshape: of inputs to any sides; of what a layer computes, only by merging axes and parting them again."""
    wanted = call.attributes.get("shape") if len(call.inputs) < 2 else call.constant(1).reshape(-1).tolist()
    affine = call.flow.affine
    split = not call.chain.links and (affine is None or affine.scale.ndim == affine.offset.ndim == 0)
    return call.flow.reshaped([int(side) for side in wanted or []], split)


def flatten(call: Call) -> Flow:
    """Flatten."""
    shape = call.flow.shape
    axis = call.attributes.get("axis", 1) % (len(shape) + 1)
    return call.flow.reshaped([math.prod(shape[:axis]), math.prod(shape[axis:])], split=False)


def squeeze(call: Call) -> Flow:
    """Squeeze."""
    return call.flow.squeezed(call.axes())


def unsqueeze(call: Call) -> Flow:
    """Unsqueeze."""
    return call.flow.unsqueezed(call.axes() or [])


def reduce(tap: str) -> Callable[[Call], Flow]:
    """A mean or sum over the frames that a recurrent layer has computed, or a mean over whole planes."""

    def handle(call: Call) -> Flow:
        flow, axes = call.flow, call.axes()
        over = {flow.axis(axis) for axis in axes or []}
        keep = bool(call.attributes.get("keepdims", 1))
        if over == {2, 3} and len(flow.axes) == 4 and tap == "mean" and not call.chain.of_frames:
            made = global_average(call.chain, flow)
            return made if keep else made.squeezed([2, 3])
        (axis,) = over if len(over) == 1 else (-1,)
        if axis < 0 or not _is_time(call.chain, flow, axis):
            raise RefusedError("takes a mean or a sum over other numbers than the frames of a recurrent layer")
        rest = tuple(() if at == axis else each for at, each in enumerate(flow.axes))
        made = replace(flow, axes=rest, tap=tap)
        return made if keep else made.squeezed([axis])

    return handle


def _is_time(chain: Chain, flow: Flow, axis: int) -> bool:
    """Whether an axis holds the frames of a recurrent layer's output, as it is."""
    kept = bool(chain.links) and "hidden_size" in chain.links[-1].options
    return kept and flow.version == chain.version and flow.tap == "frames" and flow.axes[axis] == (chain.time,)


def gather(call: Call) -> Flow:
    """Gather: one of two directions, or the last frame."""
    flow, index = call.flow, call.constant(1)
    axis = flow.axis(call.attributes.get("axis", 0))
    if index.size != 1:
        raise RefusedError("picks several of the numbers that a layer computes")
    flow = _picked(call.chain, flow, axis, int(index.reshape(-1)[0]))
    return flow.squeezed([axis]) if index.ndim == 0 else flow


def take_slice(call: Call) -> Flow:
    """Slice: of all numbers along an axis, or of one."""
    flow = call.flow
    for axis, taken in enumerate(slices(call.attributes, call.constants(), len(flow.axes))):
        whole = range(flow.shape[axis])[taken]
        if len(whole) == 1 and flow.shape[axis] > 1:
            flow = _picked(call.chain, flow, axis, whole[0])
        elif len(whole) != flow.shape[axis] or whole.step != 1:
            raise RefusedError("takes a part of the numbers that a layer computes")
    return flow


def _picked(chain: Chain, flow: Flow, axis: int, index: int) -> Flow:
    """One of the numbers along an axis, which stays with size 1."""
    size = flow.shape[axis]
    if not -size <= index < size:
        raise RefusedError(f"picks number {index} of {size}")
    index %= size
    rest = tuple(() if at == axis else each for at, each in enumerate(flow.axes))
    if size == 1:
        return flow
    if _is_time(chain, flow, axis):
        both = chain.links[-1].options["bidirectional"]
        if both and flow.part is None:
            raise RefusedError("takes both directions at one frame, where one of them has only begun")
        if index == (0 if flow.part == 1 else size - 1):
            return replace(flow, axes=rest, tap="last")
    if chain.of_frames and flow.axes[axis] == (0,) and len(flow.sides) == 2 and flow.part is None:
        return replace(flow, axes=rest, part=index)
    raise RefusedError("picks some of the numbers that a layer computes")


def concat(call: Call) -> Flow:
    """Concat: both directions of a recurrent layer, or the two probabilities of a single sigmoid."""
    flows = [each for each in call.inputs if isinstance(each, Flow)]
    first = flows[0]
    if len(call.inputs) == 1:
        return first
    if len(flows) != len(call.inputs) or len(flows) != 2:
        raise RefusedError("joins several values: only chains of layers are read")
    axis = first.axis(call.attributes.get("axis", 1))
    if [each.part for each in flows] == [0, 1] and replace(flows[1], part=0) == first:
        axes = tuple((0, *each) if at == axis else each for at, each in enumerate(first.axes))
        return replace(first, axes=axes, part=None)
    return call.chain.both_probabilities(*flows) if axis == len(first.axes) - 1 else _refuse_joint()


def _refuse_joint() -> Flow:
    raise RefusedError("joins several values: only chains of layers are read")
