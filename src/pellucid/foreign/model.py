"""The bytes of an ONNX file as nodes, constants and declared inputs and outputs; nothing is taken on trust."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import FileFormatError
from pellucid.foreign.package import onnx_package

MAX_NODES = 5000
_OPSETS = range(7, 29)
_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
_FLOATS = {1: np.float32, 10: np.float16, 11: np.float64}

Array = NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One operation: the names of its inputs and outputs, "" for those left out, and its attributes."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"node {reprlib.repr(self.name or (self.outputs or ('',))[0])} ({reprlib.repr(self.operator)[1:-1]})"


@dataclass(frozen=True)
class Declared:
    """A declared input or output: its name, its element type in ONNX's numbers, and its sides, None where unknown."""

    name: str
    kind: int
    sides: tuple[int | None, ...]


@dataclass(frozen=True)
class Model:
    """A graph in the order of its nodes."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]
    metadata: Mapping[str, str]
    producer: str
    opset: int


def read_model(content: bytes, path: object) -> Model:
    """The graph of a file.

    Raises
    ------
    FileFormatError
        If it is no ONNX file, is damaged, refers to other files, or uses what no network of this package has.
    ConfigurationError
        If the package ``onnx`` is missing.
    """
    onnx = onnx_package()
    try:
        proto = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf has several implementations, each with errors of its own
        raise FileFormatError(f"{path} is no ONNX file, or is damaged ({type(error).__name__}).") from error
    try:
        return _checked(onnx, proto, path)
    except FileFormatError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError, IndexError) as error:
        raise FileFormatError(f"{path} is no ONNX file that makes sense ({reprlib.repr(str(error))}).") from error


def _checked(onnx: Any, proto: Any, path: object) -> Model:
    graph = proto.graph
    if len(graph.node) > MAX_NODES or not graph.node:
        raise FileFormatError(f"{path} expected a graph of 1 to {MAX_NODES:,} nodes, got {len(graph.node):,}.")
    if graph.sparse_initializer or proto.functions:
        raise FileFormatError(f"{path} has sparse constants or functions of its own: write it without them.")
    opsets = {each.domain: each.version for each in proto.opset_import}
    opset = opsets.get("", opsets.get("ai.onnx", 0))
    if opset not in _OPSETS:
        raise FileFormatError(f"{path} expected operators of set {_OPSETS[0]} to {_OPSETS[-1]}, got {opset}.")
    nodes = tuple(_node(onnx, node, path) for node in graph.node)
    constants = {each.name: tensor(onnx, each, path) for each in graph.initializer}
    return Model(
        nodes,
        constants,
        tuple(_declared(each) for each in graph.input if each.name not in constants),
        tuple(_declared(each) for each in graph.output),
        {each.key: each.value for each in proto.metadata_props},
        f"{proto.producer_name} {proto.producer_version}".strip()[:200],
        opset,
    )


def _node(onnx: Any, node: Any, path: object) -> Node:
    attributes: dict[str, Any] = {}
    for each in node.attribute:
        if each.type in (each.GRAPH, each.GRAPHS, each.SPARSE_TENSOR, each.SPARSE_TENSORS) or each.ref_attr_name:
            raise FileFormatError(f"{path}: node {reprlib.repr(node.name)} has a graph inside: only chains are read.")
        value = onnx.helper.get_attribute_value(each)
        attributes[each.name] = tensor(onnx, value, path) if each.type == each.TENSOR else value
    made = Node(node.name, node.op_type, tuple(node.input), tuple(node.output), attributes)
    if node.domain not in _DOMAINS:
        raise FileFormatError(f"{path}: {made} is of {reprlib.repr(node.domain)}, not of ONNX itself.")
    return made


def tensor(onnx: Any, proto: Any, path: object) -> Array:
    """A constant; floats of any width as float32."""
    name = reprlib.repr(proto.name)
    if proto.data_location == proto.EXTERNAL or proto.external_data:
        raise FileFormatError(
            f"{path} keeps {name} in another file, which is not read: save it whole, as with "
            "torch.onnx.export(..., external_data=False)."
        )
    if any(side < 0 for side in proto.dims) or len(proto.dims) > 32:
        raise FileFormatError(f"{path}: constant {name} has impossible sides {reprlib.repr(list(proto.dims))}.")
    array: Array = onnx.numpy_helper.to_array(proto)
    with np.errstate(over="ignore"):
        return array.astype(np.float32) if proto.data_type in _FLOATS and array.dtype != np.float32 else array


def _declared(value: Any) -> Declared:
    kind = value.type.tensor_type
    sides = tuple(
        each.dim_value if each.HasField("dim_value") and each.dim_value > 0 else None for each in kind.shape.dim
    )
    return Declared(value.name, kind.elem_type, sides)
