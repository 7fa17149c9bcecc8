"""Additions and products with constants: a scale and an offset that wait to be folded into a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.foreign.call import Call, Lengths
from pellucid.foreign.flow import Affine, Flow
from pellucid.foreign.model import Array
from pellucid.foreign.refusal import RefusedError


def by_constant(scale_of: Callable[[Array], Array], offset_of: Callable[[Array], Array]) -> Callable[[Call], Flow]:
    """An operator between a flow and a constant, as a scale and an offset by it."""

    def handle(call: Call) -> Flow:
        others = [value for value in call.inputs if value is not call.flow]
        if len(others) != 1 or not isinstance(others[0], np.ndarray):
            raise RefusedError("combines two computed values: only chains of layers are read")
        constant = others[0].astype(np.float64)
        return with_affine(call.flow, scale_of(constant), offset_of(constant))

    return handle


def with_affine(flow: Flow, scale: Array, offset: Array) -> Flow:
    """The value scaled and moved by constants that broadcast to it."""
    scale, offset = _along(flow, scale), _along(flow, offset)
    made = Affine(scale, offset) if flow.affine is None else flow.affine.then(scale, offset)
    return replace(flow, affine=made)


def _along(flow: Flow, constant: Array) -> Array:
    """A constant that broadcasts to the flow, over the sides of what the last layer computed."""
    if constant.size == 1:
        return constant.reshape(())
    shape = flow.shape
    if constant.ndim > len(shape):
        raise RefusedError("adds axes by a constant")
    given = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
    sides: list[int] = []
    atoms: list[int] = []
    for axis, side, size in zip(flow.axes, given.shape, shape, strict=True):
        here = [atom for atom in axis if isinstance(atom, int)]
        if side not in (1, size) or (side > 1 and len(here) != len(axis)):
            raise RefusedError(f"has a constant of shape {constant.shape} for values of {len(shape)} axes")
        atoms += here
        sides += [flow.sizes[atom] if side > 1 else 1 for atom in here]
    order = np.argsort(atoms, kind="stable")
    turned = given.reshape(sides).transpose(order)
    full = [1] * len(flow.sides)
    for atom, size in zip(sorted(atoms), turned.shape, strict=True):
        full[atom] = size
    result: Array = turned.reshape(full)
    return result


def subtract(call: Call) -> Flow:
    """Sub: a value less a constant, or the other way round."""
    if call.inputs[0] is call.flow:
        return by_constant(np.ones_like, np.negative)(call)
    return by_constant(lambda c: -np.ones_like(c), lambda c: c)(call)


def divide(call: Call) -> Flow:
    """Div: a value by a constant, or a sum over frames by the number of frames."""
    if call.flow.tap == "sum" and call.inputs[1] == Lengths():
        return replace(call.flow, tap="mean")
    if call.inputs[0] is not call.flow:
        raise RefusedError("divides by a computed value")
    if not call.constant(1).all():
        raise RefusedError("divides by 0")
    return by_constant(np.reciprocal, np.zeros_like)(call)


def batch_normalization(call: Call) -> Flow:
    """BatchNormalization: a scale and an offset for each channel."""
    if call.attributes.get("training_mode", 0) or len(call.inputs) != 5:
        raise RefusedError("normalises by the batch, which no layer does")
    gain, bias, mean, variance = (each.astype(np.float64) for each in call.constants())
    if not gain.shape == bias.shape == mean.shape == variance.shape or gain.ndim != 1 or len(call.flow.axes) < 2:
        raise RefusedError("expected four rows of numbers, one for each channel")
    scale = gain / np.sqrt(variance + call.attributes.get("epsilon", 1e-5))
    shape = (-1, *(1,) * (len(call.flow.axes) - 2))
    return with_affine(call.flow, scale.reshape(shape), (bias - mean * scale).reshape(shape))


def scaler(call: Call) -> Flow:
    """Scaler: ``(x - offset) scale``."""
    offset, scale = (np.asarray(call.attributes[name], np.float64) for name in ("offset", "scale"))
    return with_affine(call.flow, scale, -offset * scale)


def where(call: Call) -> Flow:
    """Where: zeros in the padding of sequences."""
    if call.inputs[0] == Lengths(is_mask=True) and call.inputs[1] is call.flow and not call.constant(2).any():
        return call.flow
    raise RefusedError("chooses between values")


def multiply(call: Call) -> Flow:
    """Mul: a value by a constant, or by a mask of the frames that belong to a sequence."""
    if any(isinstance(each, Lengths) and each.is_mask for each in call.inputs):
        return call.flow
    return by_constant(lambda c: c, np.zeros_like)(call)
