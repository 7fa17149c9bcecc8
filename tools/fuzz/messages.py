"""Random values of the types of the studio's requests, most of them within the declared limits."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from msgspec import inspect as types

from hostile import EXTREMES
from pellucid.lessons.given_course import GivenCourse, course_code
from pellucid.studio.protocol.messages import REQUESTS
from tools.fuzz.mutations import Rng, any_size, chance, pick

_WORDS = (
    "",
    "espeak:en-gb-scotland+f3",
    "digits",
    "mnist",
    "digits-relu",
    "digits-sigmoid",
    "bias 2",
    "layers[0].weight[3, 120]",
    "0 3 120",
    "function",
    "bias",
    course_code(GivenCourse("Two lessons", ("function", "bias"))),
    "ü\0",
)
_LONGEST = 30
_STRANGE = 0.02
"""Share of values that are not of their type at all."""

SHAPES = {kind: types.type_info(kind) for kind in REQUESTS}


def request(rng: Rng, kind: Any, number: int) -> dict[str, Any]:
    """Return a request of a kind as JSON."""
    shape = SHAPES[kind]
    assert isinstance(shape, types.StructType)
    made: dict[str, Any] = {"type": shape.tag, **_fields(rng, shape), "id": number}
    if "plan" in made and isinstance(made["plan"], dict) and chance(rng, 0.8):
        _make_usable(rng, made["plan"])
    if kind.__name__ in ("TurnKnobs", "AskBatchNudges"):  # large numbers and long lists are refused at once
        for name in ("knobs", "indices"):
            if isinstance(made.get(name), list):
                made[name] = [int(rng.integers(13_500)) % (500 if name == "indices" else 13_500) for _ in made[name]]
        if isinstance(made.get("values"), list) and isinstance(made.get("knobs"), list) and chance(rng, 0.9):
            made["values"] = [float(value) for value in rng.normal(0, 1, len(made["knobs"]))]
    return made


def _make_usable(rng: Rng, plan: dict[str, Any]) -> None:
    """Make a plan that a data set fits, with small layers."""
    plan["data"] = "digits"
    layers = plan.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        return
    for layer in layers:
        if isinstance(layer.get("size"), int):
            layer["size"] = 1 + layer["size"] % 64
    if layers:
        layers[-1] |= {"size": 10, "activation": pick(rng, ("softmax", "sigmoid"))}


def _fields(rng: Rng, shape: types.StructType) -> dict[str, Any]:
    """Return the fields of a struct; optional ones may be missing."""
    return {field.encode_name: value(rng, field.type) for field in shape.fields if field.required or chance(rng, 0.6)}


def value(rng: Rng, of: types.Type) -> Any:
    """Return a value of a type."""
    if chance(rng, _STRANGE):
        return pick(rng, EXTREMES)
    match of:
        case types.IntType():
            return _integer(rng, 0 if of.ge is None else of.ge, (1 << 40) if of.le is None else of.le)
        case types.FloatType():
            return _float(rng, of)
        case types.BoolType():
            return chance(rng, 0.5)
        case types.NoneType():
            return None
        case types.StrType():
            return pick(rng, _WORDS)
        case types.BytesType():
            return base64.b64encode(rng.bytes(max(0, any_size(rng, 4000.0)))).decode()
        case types.LiteralType():
            return pick(rng, of.values)
        case types.ListType():
            least = of.min_length or 0
            most = min(of.max_length or _LONGEST, max(_LONGEST, least))
            return [value(rng, of.item_type) for _ in range(int(rng.integers(least, most + 1)))]
        case types.UnionType():
            return value(rng, pick(rng, of.types))
        case types.StructType():
            return _fields(rng, of)
    raise TypeError(f"no values of {of}")


def _integer(rng: Rng, low: int, high: int) -> int:
    """Return an integer within bounds: most often a small one, or one at an end."""
    if chance(rng, 0.1):
        return int(pick(rng, (low, high, low - 1, high + 1)))
    return min(high, low + any_size(rng, max(2.0, min(float(high - low), 2e4) + 2)))


def _float(rng: Rng, of: types.FloatType) -> float:
    """Return a float within bounds: near their middle, of any magnitude, or at an end."""
    low = next((bound for bound in (of.ge, of.gt) if bound is not None), -1e30)
    high = next((bound for bound in (of.le, of.lt) if bound is not None), 1e30)
    if chance(rng, 0.1):
        return float(pick(rng, (low, high, np.nextafter(low, math.inf), np.nextafter(high, -math.inf), 0.0)))
    if high - low <= 1:
        return float(rng.uniform(low, high))
    made = float(np.exp(rng.normal(-2, 3)) * (1 if low >= 0 else pick(rng, (-1, 1))))
    return min(max(made, low), high)
