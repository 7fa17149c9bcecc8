"""Files with one value replaced at a time: every position in a JSON value, and its hostile replacements."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from safetensors.numpy import load as of_bytes
from safetensors.numpy import save as to_bytes

EXTREMES: list[Any] = [
    float("nan"), float("inf"), float("-inf"), -1, -(10**6), 0, 0.5, -0.5, 1e-320, 1e300, 1 << 31, 1 << 62, -(1 << 63),
    1 << 64, 10**400, True, False, None, "", "x", "1", "\0", "a" * 10_001, [], [[]], [1], [1, 2, 3], ["a"], {},
    {"kind": "x"}, {"kind": ["sgd"]}, {"a": {"a": {"a": []}}},
]  # fmt: skip
"""Values of every type, at the ends of their ranges and past them."""

DEEP = "nested {} deep"
"""Stands for a list in a list, and so on: as deep as its number says, when it is written."""

DEPTHS = 300, 20_000
"""Deeper than functions that call themselves should follow; and deeper than JSON is read."""

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield every position in nested dictionaries and lists, the root first."""
    yield path
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places(each, (*path, name))


def exchanged(value: Any, path: Path, other: Any) -> Any:
    """Return a copy with one position replaced."""
    if not path:
        return other
    whole = copy.deepcopy(value)
    holder = whole
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = other
    return whole


def without(value: Any, path: Path) -> Any:
    """Return a copy without one position."""
    whole = copy.deepcopy(value)
    holder = whole
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return whole


def rewritten(content: bytes, name: str, change: Callable[[Any], Any], **tensors: Any) -> bytes:
    """Return a safetensors file with one metadata entry changed, and optionally tensors; None removes one."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata: dict[str, str] = header["__metadata__"]
    text = json.dumps(change(json.loads(metadata[name])))
    for depth in DEPTHS:
        text = text.replace(json.dumps(DEEP.format(depth)), "[" * depth + "]" * depth)
    held = {**of_bytes(content), **tensors}
    return to_bytes({key: each for key, each in held.items() if each is not None}, {**metadata, name: text})
