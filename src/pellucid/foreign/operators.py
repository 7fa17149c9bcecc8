"""What each operator of a graph does to the chain of layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.foreign.arithmetic import (
    batch_normalization,
    by_constant,
    divide,
    multiply,
    scaler,
    subtract,
    where,
    with_affine,
)
from pellucid.foreign.arranging import (
    cast,
    concat,
    flatten,
    gather,
    reduce,
    reshape,
    same,
    squeeze,
    take_slice,
    transpose,
    unsqueeze,
)
from pellucid.foreign.call import Call
from pellucid.foreign.flow import Flow
from pellucid.foreign.planes import convolved, global_average, pooled
from pellucid.foreign.refusal import RefusedError


def _matmul(call: Call) -> Flow:
    if call.inputs[0] is not call.flow:
        raise RefusedError("multiplies from the left, W x: only x W is read")
    weight = call.constant(1)
    if weight.ndim != 2:
        raise RefusedError(f"expected weights of two axes, got shape {weight.shape}")
    return call.chain.dense(call.flow, weight.T)


def _gemm(call: Call) -> Flow:
    attributes = call.attributes
    if call.inputs[0] is not call.flow or attributes.get("transA", 0) or len(call.flow.axes) != 2:
        raise RefusedError("multiplies from the left, or turns its inputs: only x W + b is read")
    weight = call.constant(1)
    if weight.ndim != 2:
        raise RefusedError(f"expected weights of two axes, got shape {weight.shape}")
    weight = weight if attributes.get("transB", 0) else weight.T
    if (alpha := attributes.get("alpha", 1.0)) != 1.0:
        weight = weight * np.float32(alpha)
    flow = call.chain.dense(call.flow, weight)
    if len(call.inputs) < 3 or call.inputs[2] is None:
        return flow
    beta = attributes.get("beta", 1.0)
    bias = call.constant(2).astype(np.float64)
    return with_affine(flow, np.ones(()), bias if beta == 1.0 else bias * beta)


def _conv(call: Call) -> Flow:
    flow = convolved(call.chain, call.flow, call.constant(1), call.attributes)
    if len(call.inputs) < 3 or call.inputs[2] is None:
        return flow
    return with_affine(flow, np.ones(()), call.constant(2).astype(np.float64).reshape(-1, 1, 1))


def _pool(kind: str) -> Callable[[Call], Flow]:
    return lambda call: pooled(call.chain, call.flow, kind, call.attributes)


def _activation(name: str) -> Callable[[Call], Flow]:
    return lambda call: call.chain.activation(call.flow, name)


def _softmax(call: Call) -> Flow:
    flow, rank = call.flow, len(call.flow.axes)
    axis = flow.axis(call.attributes.get("axis", -1 if call.opset >= 13 else 1))
    if axis != rank - 1 and not (call.opset < 13 and flow.shape[axis:] == flow.shape[-1:]):
        raise RefusedError("is a softmax along another axis than the last")
    if any(isinstance(atom, str) for atom in flow.axes[-1]) or len(flow.sides) != 1:
        raise RefusedError("is a softmax that does not follow a dense layer")
    return call.chain.activation(flow, "softmax")


def _log_softmax(call: Call) -> Flow:
    return replace(_softmax(call), logarithm=True)


def _log(call: Call) -> Flow:
    return replace(call.chain.finished(call.flow), logarithm=True)


def _dropout(call: Call) -> Flow:
    if len(call.inputs) > 2 and call.inputs[2] is not None and call.constant(2).any():
        raise RefusedError("drops numbers outside of training")
    ratio = call.attributes.get("ratio", 0.5)
    if len(call.inputs) > 1 and call.inputs[1] is not None:
        ratio = call.constant(1).reshape(-1)[:1].sum()
    return call.chain.dropout(call.flow, float(ratio))


OPERATORS: dict[str, Callable[[Call], Flow]] = {
    "Identity": same,
    "Cast": cast,
    "Transpose": transpose,
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Add": by_constant(np.ones_like, lambda c: c),
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "BatchNormalization": batch_normalization,
    "Scaler": scaler,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "MaxPool": _pool("max_pool2d"),
    "AveragePool": _pool("avg_pool2d"),
    "GlobalAveragePool": lambda call: global_average(call.chain, call.flow),
    "Relu": _activation("relu"),
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "Log": _log,
    "Dropout": _dropout,
    "ReduceMean": reduce("mean"),
    "ReduceSum": reduce("sum"),
    "Gather": gather,
    "Slice": take_slice,
    "Concat": concat,
    "Where": where,
}
"""The operators that become layers, or leave them as they are."""
