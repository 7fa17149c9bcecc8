"""ONNX's LSTM, GRU and RNN as layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.foreign.chain import Chain, Link
from pellucid.foreign.constants import is_zero
from pellucid.foreign.flow import Flow
from pellucid.foreign.model import Array
from pellucid.foreign.refusal import RefusedError

GATES: dict[str, tuple[int, ...]] = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where the gates of this package, i f g o, r z n or one, are among ONNX's: i o f c, z r h or one."""

_USUAL = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}
_NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "affine": "identity"}
_DIRECTIONS = {b"forward": 1, b"bidirectional": 2}


def recurrent(
    chain: Chain, flow: Flow, kind: str, constants: Mapping[str, Array], attributes: Mapping[str, Any]
) -> tuple[Flow, Flow]:
    """Add a recurrent layer; return all frames (T, directions, N, H) and the last ones (directions, N, H).

    ``constants`` are W, R and perhaps B, initial_h, initial_c and P.
    """
    flow = chain.settled(flow)
    if len(flow.axes) != 3 or any(isinstance(a, int) for axis in flow.axes[:2] for a in axis) or not chain.of_frames:
        raise RefusedError("expected frames (T, N, D)")
    ways, units = _size(kind, constants, attributes)
    _check_plain(kind, constants, attributes)
    options: dict[str, Any] = {"hidden_size": units, "bidirectional": ways == 2, "outputs": "frames"}
    if kind == "RNN":
        options["activation"] = _activations(kind, attributes, ways)[0]
    elif _activations(kind, attributes, ways) != list(_USUAL[kind]) * ways:
        raise RefusedError("has other activations than sigmoid and tanh")
    tensors: dict[str, Array] = {}
    for way, suffix in zip(range(ways), ("", "_reverse"), strict=False):
        tensors |= {f"{name}{suffix}": values for name, values in _direction(chain, flow, kind, constants, way).items()}
    chain.add(Link(kind.lower(), options, tensors), flow)
    time, batch, _ = flow.axes
    frames = chain.changed(flow, (time, (0,), batch, (1,)), (ways, units))
    return frames, Flow(frames.version, ((0,), batch, (1,)), frames.sizes, tap="last")


def _size(kind: str, constants: Mapping[str, Array], attributes: Mapping[str, Any]) -> tuple[int, int]:
    """The numbers of directions and units, checked against all shapes."""
    if attributes.get("direction", b"forward") not in _DIRECTIONS:
        raise RefusedError("reads sequences from their end only, which no layer does")
    ways, gates = _DIRECTIONS[attributes.get("direction", b"forward")], len(GATES[kind])
    w, r = constants["W"], constants["R"]
    units = r.shape[-1] if r.ndim == 3 else 0
    if units < 1 or w.ndim != 3 or w.shape[:2] != (ways, gates * units) or r.shape != (ways, gates * units, units):
        raise RefusedError(f"expected weights of {ways} directions and {gates} gates, got {w.shape} and {r.shape}")
    if "B" in constants and constants["B"].shape != (ways, 2 * gates * units):
        raise RefusedError(f"expected two biases for each of {gates} gates, got {constants['B'].shape}")
    return ways, units


def _check_plain(kind: str, constants: Mapping[str, Array], attributes: Mapping[str, Any]) -> None:
    """Refuse what these layers do not have."""
    for name in ("initial_h", "initial_c", "P"):
        if name in constants and not is_zero(constants[name]):
            what = "peepholes" if name == "P" else "a state before the first frame"
            raise RefusedError(f"has {what}, which no layer has")
    if attributes.get("layout", 0) or "clip" in attributes or attributes.get("input_forget", 0):
        raise RefusedError("has layout, clip or input_forget, which no layer has")
    if kind == "GRU" and not attributes.get("linear_before_reset", 0):
        raise RefusedError("resets before the product (linear_before_reset=0), and a GRU layer resets after it")


def _activations(kind: str, attributes: Mapping[str, Any], ways: int) -> list[str]:
    given = [str(name, "utf-8", "replace").lower() for name in attributes.get("activations", [])]
    if "affine" in given and (
        any(alpha != 1.0 for alpha in attributes.get("activation_alpha", [0.0]))
        or any(beta != 0.0 for beta in attributes.get("activation_beta", []))
    ):
        raise RefusedError("has an affine activation other than the identity")
    names = [_NAMES.get(name, name) for name in given] or list(_USUAL[kind]) * ways
    if (
        len(names) != len(_USUAL[kind]) * ways
        or not set(names) <= set(_NAMES.values())
        or (kind == "RNN" and len(set(names)) != 1)
    ):
        raise RefusedError("has activations that no layer has")
    return names


def _direction(chain: Chain, flow: Flow, kind: str, constants: Mapping[str, Array], way: int) -> dict[str, Array]:
    """The parameters of one direction."""
    units = constants["R"].shape[-1]
    weight, offset = chain.columns(flow, _ours(kind, constants["W"][way]))
    made: dict[str, Array] = {"weight_ih": weight.astype(np.float32)}
    made["weight_hh"] = _ours(kind, constants["R"][way]).astype(np.float32)
    count = len(GATES[kind]) * units
    both = constants["B"][way] if "B" in constants else np.zeros(2 * count, np.float32)
    first, second = _ours(kind, both[:count]), np.array(_ours(kind, both[count:]))
    if kind == "GRU":
        made["bias_hn"] = second[-units:].astype(np.float32)
        second[-units:] = 0
    total = first + second if second.any() else first
    made["bias"] = (total + offset if offset.any() else total).astype(np.float32)
    return made


def _ours(kind: str, rows: Array) -> Array:
    gates = rows.reshape(len(GATES[kind]), -1, *rows.shape[1:])
    ours: Array = gates[list(GATES[kind])].reshape(rows.shape)
    return ours
