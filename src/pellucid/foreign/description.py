"""The layers that were read from a graph, as tensors and the description that network files hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.foreign.chain import Chain, Link
from pellucid.foreign.flow import Flow
from pellucid.foreign.model import Array, Model

_VERSION = 1
_SILENT = ("dropout", "flatten")
"""Kinds of layers that compute nothing outside of training."""

Described = tuple[dict[str, Array], dict[str, str]]


def description(model: Model, chain: Chain, output: Flow, *, of_bytes: bool) -> Described:
    """Tensors and metadata, from which a network is made and checked as from a file of this package.

    Where the graph holds a description by this package that agrees with its layers, that one goes: it also has names,
    seed, rates of dropout and the training record.
    """
    read = _as_read(model, chain, output, of_bytes=of_bytes)
    told = _told(model)
    if told is not None and _agree(read["network"], told["network"], of_bytes=of_bytes):
        read = told
    links = iter([link for link in chain.links if link.kind not in _SILENT])
    tensors: dict[str, Array] = {}
    for at, layer in enumerate(read["network"]["layers"]):
        if layer["kind"] not in _SILENT:
            tensors |= {f"layers.{at}.{name}": values for name, values in _parameters(next(links))}
    return tensors, {"pellucid": json.dumps(read)}


def _as_read(model: Model, chain: Chain, output: Flow, *, of_bytes: bool) -> dict[str, Any]:
    """What the graph says."""
    layers = [{"kind": link.kind, **link.options} for link in chain.links]
    if chain.links and len(output.sides) > 1 and len(output.axes) == 2 and not chain.of_frames:
        layers.append({"kind": "flatten"})
    sides = [side for side in chain.inputs or output.sides if side > 1] or [1]
    shape: list[int | None] = [None, math.prod(sides)] if chain.of_frames else list(chain.inputs or output.sides)
    if not chain.of_frames and len(shape) != len(sides) and len(sides) < 3:
        shape = list(sides)
    levels = chain.level_range
    if levels is None and not chain.of_frames and (of_bytes or len(shape) == 1):
        levels = (0.0, 1.0)  # numbers as they are
    record: dict[str, Any] = {"imported": " ".join(["ONNX", *([f"from {model.producer}"] if model.producer else [])])}
    if chain.notes:
        record["differences"] = " ".join(chain.notes)
    network: dict[str, Any] = {"input_shape": shape, "layers": layers}
    if levels is not None:
        network["level_range"] = list(levels)
    count = math.prod(output.sides)
    if (names := _class_names(model, count)) is not None:
        network["classes"] = names
    return {"version": _VERSION, "network": network, "record": record}


def _class_names(model: Model, count: int) -> list[str] | None:
    """Names of the outputs, from metadata or from the nodes that turn numbers of classes into labels."""
    found: list[Any] = [_json(model.metadata.get("classes", ""))]
    for node in model.nodes:
        if node.operator == "ZipMap":
            found += [node.attributes.get(name) for name in ("classlabels_strings", "classlabels_int64s")]
        if node.operator == "ArrayFeatureExtractor" and node.inputs:
            values = model.constants.get(node.inputs[0])
            found.append(None if values is None or values.size > 1 << 16 else values.reshape(-1).tolist())
    for names in found:
        if isinstance(names, list) and len(names) == count:
            texts = [str(name, "utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names]
            if len(set(texts)) == count and all(0 < len(text) <= 1000 for text in texts):
                return texts
    return None


def _told(model: Model) -> dict[str, Any] | None:
    """What this package has written into the file about the network; None if it makes no sense."""
    told = _json(model.metadata.get("pellucid", ""))
    if not isinstance(told, dict) or told.get("version") != _VERSION or not isinstance(told.get("network"), dict):
        return None
    layers = told["network"].get("layers")
    plain = isinstance(layers, list) and all(isinstance(each, dict) and "kind" in each for each in layers)
    return told if plain else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _agree(read: Mapping[str, Any], told: Mapping[str, Any], *, of_bytes: bool) -> bool:
    """Whether a description fits the layers that the graph has: the same function, up to names."""
    shapes = [[side for side in _list(each.get("input_shape")) if side != 1] for each in (read, told)]
    if shapes[0] != shapes[1] or _essential(read["layers"]) != _essential(told["layers"]):
        return False
    levels = [each.get("level_range") for each in (read, told)]
    if levels[1] is None:
        return levels[0] in (None, [0.0, 255.0] if of_bytes else [0.0, 1.0])
    plain = levels[0] or [0.0, 1.0]
    try:
        return bool(np.allclose(np.array(plain, np.float64), np.array(levels[1], np.float64), rtol=1e-5, atol=1e-6))
    except (ValueError, TypeError, OverflowError):
        return False


def _essential(layers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The layers that compute, without how they were initialised."""
    kept = [layer for layer in layers if layer["kind"] not in _SILENT]
    return [{name: value for name, value in layer.items() if name != "initialization"} for layer in kept]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parameters(link: Link) -> Iterator[tuple[str, Array]]:
    tensors = dict(link.tensors)
    if link.kind in ("dense", "conv2d") and "bias" not in tensors:
        tensors["bias"] = np.zeros(len(tensors["weight"]), np.float32)
    yield from tensors.items()
