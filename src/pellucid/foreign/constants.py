"""Nodes whose inputs are all constants: shapes and axes that exporters compute, weights that they turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.foreign.model import Array, Node
from pellucid.foreign.refusal import RefusedError, in_one_line

_MOST = 1 << 25
"""Numbers that all computed constants of a graph may have together, apart from those that are views of others."""

_VIEWS = ("Identity", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Shape", "Constant", "ConstantOfShape", "Expand")
"""Operations that copy nothing."""

_NUMPY = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    5: np.int16,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float32,
    11: np.float32,
}

_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Max": np.maximum, "Min": np.minimum,
    "Equal": np.equal, "Less": np.less, "Greater": np.greater,
}  # fmt: skip
_UNARY: dict[str, Callable[[Array], Array]] = {
    "Identity": lambda x: x, "Neg": np.negative, "Sqrt": np.sqrt, "Abs": np.abs, "Reciprocal": np.reciprocal,
    "Not": np.logical_not,
}  # fmt: skip


class Folding:
    """Computes constants, within bounds."""

    def __init__(self) -> None:
        self._left = _MOST

    def fold(self, node: Node, inputs: Sequence[Array | None], opset: int) -> Array:
        """The constant that a node computes.

        Raises
        ------
        RefusedError
            If it is none of the operations that exporters use on constants, or makes no sense.
        """
        given = [each for each in inputs if each is not None]
        self._spend(_copied(node.operator, given))
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self._fold(node, given, opset))
        except (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError, ZeroDivisionError) as error:
            raise RefusedError(f"computes a constant in a way that makes no sense ({in_one_line(error)})") from error

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise RefusedError("computes constants that are too large")

    def _fold(self, node: Node, given: list[Array], opset: int) -> Array:
        operator, attributes = node.operator, node.attributes
        if operator in _UNARY:
            return _UNARY[operator](given[0])
        if operator in _BINARY or operator in ("Div", "Where", "Expand"):
            return self._broadcast(node, given)
        if operator == "Constant":
            return _constant(attributes)
        if operator == "ConstantOfShape":
            value = np.asarray(attributes.get("value", np.zeros(1, np.float32))).reshape(-1)[0]
            return _spread(value, given[0])
        if operator == "Concat":
            return np.concatenate(given, axis=attributes["axis"])
        if operator == "Range":
            start, past, step = (each.item() for each in given)
            self._spend(max(0, math.ceil((past - start) / step)))
            return np.arange(start, past, step, dtype=given[0].dtype)
        if operator == "Cast":
            return given[0].astype(_NUMPY[attributes["to"]])
        return _arranged(node, given, attributes)

    def _broadcast(self, node: Node, given: list[Array]) -> Array:
        if node.operator == "Expand":
            shape = np.broadcast_shapes(given[0].shape, _sides(given[1]))
            return np.broadcast_to(given[0], shape)
        self._spend(math.prod(np.broadcast_shapes(*(each.shape for each in given))))
        if node.operator == "Where":
            return np.where(*given)
        if node.operator == "Div":
            whole = all(each.dtype.kind in "iu" for each in given)
            return np.floor_divide(*given) if whole else np.true_divide(*given)
        return _BINARY[node.operator](*given)


def _copied(operator: str, given: Sequence[Array]) -> int:
    """How many numbers an operation copies, or computes."""
    if operator in _VIEWS or (operator in ("Reshape", "Flatten") and given and given[0].flags.c_contiguous):
        return 0
    if operator == "Gather" and len(given) == 2:
        return given[0].size * given[1].size
    return sum(each.size for each in given)


def _arranged(node: Node, given: list[Array], attributes: Mapping[str, Any]) -> Array:
    """Operations that put the same numbers in other places."""
    x = given[0]
    match node.operator:
        case "Transpose":
            return np.transpose(x, attributes.get("perm"))
        case "Reshape":
            wanted = [x.shape[at] if n == 0 else n for at, n in enumerate(_sides(given[1], -1))]
            return x.reshape(wanted)
        case "Flatten":
            axis = attributes.get("axis", 1)
            return x.reshape(math.prod(x.shape[:axis]), -1)
        case "Squeeze":
            axes = axes_of(attributes, given[1:])
            return np.squeeze(x, None if axes is None else tuple(axes))
        case "Unsqueeze":
            return np.expand_dims(x, tuple(axes_of(attributes, given[1:]) or ()))
        case "Gather":
            return np.take(x, given[1], axis=attributes.get("axis", 0)) if given[1].size <= 64 else _refuse()
        case "Slice":
            return x[slices(attributes, given[1:], x.ndim)]
        case "ReduceProd":
            return np.asarray(np.prod(x, keepdims=bool(attributes.get("keepdims", 1))))
        case "Shape":
            return np.array(x.shape[attributes.get("start", 0) : attributes.get("end")], np.int64)
        case _:
            return _refuse()


def _refuse() -> Array:
    raise RefusedError("is an operation on constants that is not read")


def _constant(attributes: Mapping[str, Any]) -> Array:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in attributes:
            value = np.asarray(attributes[name])
            return value.astype(np.float32) if value.dtype == np.float64 else value
    return _refuse()


def _sides(shape: Array, least: int = 0) -> list[int]:
    sides = [int(side) for side in shape.reshape(-1)[:33]]
    if len(sides) > 32 or any(side < least for side in sides):
        raise RefusedError("has an impossible shape")
    return sides


def _spread(value: Any, shape: Array) -> Array:
    """A number in every place, in the memory of one."""
    sides = _sides(shape)
    if math.prod(sides) > 1 << 60:
        raise RefusedError("has an impossible shape")
    return np.broadcast_to(np.asarray(value), sides)


def axes_of(attributes: Mapping[str, Any], inputs: Sequence[Array]) -> list[int] | None:
    """The axes of a node, which older operators have as attributes and newer ones as inputs; None if it names none."""
    axes = inputs[0].reshape(-1)[:33].tolist() if inputs else attributes.get("axes")
    return None if axes is None else [int(axis) for axis in axes]


def slices(attributes: Mapping[str, Any], inputs: Sequence[Array], rank: int) -> tuple[slice, ...]:
    """What a Slice takes of every axis."""
    if inputs:
        starts, ends, *more = (each.reshape(-1)[:33].tolist() for each in inputs)
        axes, steps = [*more, None, None][:2]
    else:
        starts, ends, axes, steps = attributes["starts"], attributes["ends"], attributes.get("axes"), None
    taken = [slice(None)] * rank
    axes = list(range(len(starts))) if axes is None else axes
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(starts), strict=True):
        taken[axis] = slice(int(start), int(end) if abs(end) < 1 << 31 else None, int(step))
    return tuple(taken)


def check_held(array: Array) -> None:
    """Refuse a constant that is far larger than the memory that it has: it was spread over axes."""
    if array.size > _MOST and 0 in array.strides:
        raise RefusedError("computes with constants that are too large")


def is_zero(array: Array) -> bool:
    """Whether every number is 0; of numbers spread over an axis, one is looked at."""
    one = array[tuple(slice(0, 1) if step == 0 else slice(None) for step in array.strides)]
    return not np.any(one)
