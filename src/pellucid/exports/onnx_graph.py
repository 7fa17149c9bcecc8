"""An ONNX graph under construction: nodes, constants, and the name of the last value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.foreign.package import onnx_package

OPSET = 17
"""Operators of 2022, which all current runtimes have."""

IR_VERSION = 8
"""The file format that belongs to them."""


class Graph:
    """Nodes and constants in the order of their addition."""

    def __init__(self) -> None:
        self._onnx = onnx_package()
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: ArrayLike) -> str:
        """Add an array under a name, unless it is there already; return the name."""
        if name not in self.constants:
            self.constants[name] = self._onnx.numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def numbers(self, *values: int) -> str:
        """A vector of integers, such as axes and shapes."""
        return self.constant(f"numbers.{'.'.join(map(str, values))}", np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, name: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node; return the name of its last output, which is the node's own."""
        made = [""] * (outputs - 1) + [name]
        self.nodes.append(self._onnx.helper.make_node(operator, list(inputs), made, name=name, **attributes))
        return name

    def has(self, name: str) -> bool:
        """Whether there is a node of that name."""
        return any(node.name == name for node in self.nodes)

    def value(self, name: str, dtype: type[np.generic], shape: list[str | int]) -> Any:
        """An input or output of the graph."""
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self._onnx.helper.make_tensor_value_info(name, kind, shape)

    def content(self, inputs: list[Any], outputs: list[Any], metadata: dict[str, str]) -> bytes:
        """The file."""
        helper = self._onnx.helper
        graph = helper.make_graph(self.nodes, "pellucid", inputs, outputs, initializer=list(self.constants.values()))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="pellucid",
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model)
        written: bytes = model.SerializeToString(deterministic=True)
        return written
