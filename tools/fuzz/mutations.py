"""Random changes: to bytes, to JSON values, to safetensors files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import load as of_bytes
from safetensors.numpy import save as to_bytes

from hostile import DEEP, DEPTHS, EXTREMES, exchanged, places, without

T = TypeVar("T")
Rng = np.random.Generator

FRAMES: Any = (None, 4)
"""The shape of a sequence of frames with four features."""

_TYPES = (np.float64, np.float16, np.int32, np.uint8, np.bool_)
_HEADER_WORDS = ("F32", "F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "x", "__metadata__", "data_offsets")


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """Return one of them."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: Rng, share: float) -> bool:
    """Return True in that share of the cases."""
    return bool(rng.random() < share)


def any_size(rng: Rng, most: float = 2.0**34) -> int:
    """Return an integer from 0, small ones and very large ones alike."""
    return int(np.exp(rng.uniform(0, np.log(most)))) - int(rng.integers(2))


def changed_bytes(rng: Rng, content: bytes, begin: int = 0, end: int | None = None) -> bytes:
    """Return bytes with a few changes between two positions: others, fewer, more, or cut off."""
    made = bytearray(content)
    past = len(made) if end is None else min(end, len(made))
    for _ in range(1 + int(rng.geometric(0.5))):
        if past <= begin:
            break
        at = int(rng.integers(begin, past))
        match int(rng.integers(8)):
            case 0 | 1 | 2:
                made[at] ^= 1 << int(rng.integers(8))
            case 3:
                made[at] = pick(rng, (0, 1, 0x7F, 0x80, 0xFF))
            case 4:
                width = pick(rng, (2, 4, 8))
                made[at : at + width] = pick(rng, (b"\0", b"\xff", b"\x7f"))[:1] * min(width, len(made) - at)
            case 5:
                made[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case 6:
                del made[at : at + int(rng.integers(1, 9))]
            case 7:
                other = int(rng.integers(begin, past))
                made[at : at + 16] = made[other : other + 16]
        past = min(past, len(made))
    if chance(rng, 0.15):
        del made[int(rng.integers(len(made) + 1)) :]
    return bytes(made)


def changed_json(rng: Rng, value: Any) -> Any:
    """Return JSON with one value exchanged, moved, left out or added."""
    found = list(places(value))
    path = pick(rng, found)
    if not path and len(found) > 1 and chance(rng, 0.9):
        path = pick(rng, found[1:])
    match int(rng.integers(10)):
        case 0 | 1 | 2 | 3:
            return exchanged(value, path, pick(rng, EXTREMES))
        case 4 | 5:
            return exchanged(value, path, any_size(rng))
        case 6:
            return exchanged(value, path, float(np.exp(rng.normal(0, 20)) * rng.choice((-1, 1))))
        case 7:
            return exchanged(value, path, _at(value, pick(rng, found)))
        case 8 if path:
            return without(value, path)
        case 9 if isinstance(_at(value, path), dict):
            return exchanged(value, (*path, "more"), pick(rng, EXTREMES))
        case _:
            return exchanged(value, path, DEEP.format(pick(rng, DEPTHS)))


def json_text(value: Any) -> str:
    """Return JSON, with the deep lists that `changed_json` left as words."""
    text = json.dumps(value)
    for depth in DEPTHS:
        text = text.replace(json.dumps(DEEP.format(depth)), "[" * depth + "]" * depth)
    return text


def changed_tensors(rng: Rng, tensors: dict[str, Any]) -> dict[str, Any]:
    """Return tensors with one of another shape, type or content, with one less, or with one more."""
    made = dict(tensors)
    if not made or chance(rng, 0.05):
        return made | {pick(rng, ("more", "layers.0.more", "moments.2", "best")): np.zeros(3, np.float32)}
    name = pick(rng, sorted(made))
    tensor = made[name]
    change: Callable[[], Any] = pick(
        rng,
        (
            lambda: tensor.ravel(),
            lambda: tensor.T,
            lambda: tensor[:-1],
            lambda: tensor[:0],
            lambda: tensor[None],
            lambda: np.concatenate([tensor.ravel(), np.zeros(1, tensor.dtype)]),
            lambda: tensor.astype(pick(rng, _TYPES)),
            lambda: _with(rng, tensor, pick(rng, (np.nan, np.inf, -np.inf))),
            lambda: _with(rng, tensor, np.float32(pick(rng, (3e38, -3e38, 1e-45, 1e30, -1.0, 1e20)))),
            lambda: tensor * np.float32(np.exp(rng.normal(0, 30))),
            lambda: None,
        ),
    )
    with np.errstate(all="ignore"):
        made[name] = change()
    if made[name] is None:
        del made[name]
    return made


def _with(rng: Rng, tensor: Any, value: Any) -> Any:
    made = np.array(tensor)
    made.reshape(-1)[rng.integers(max(1, made.size)) :][:1] = value
    return made


class TensorFile:
    """A safetensors file in parts, for changes that keep the rest of it valid."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.past_header = 8 + int.from_bytes(content[:8], "little")
        self.header: dict[str, Any] = json.loads(content[8 : self.past_header])
        self.metadata: dict[str, str] = self.header["__metadata__"]
        self.tensors = of_bytes(content)
        self.described = {name: json.loads(text) for name, text in self.metadata.items()}

    def changed(self, rng: Rng) -> bytes:
        """Return the file with random changes."""
        kind = int(rng.integers(20))
        if kind < 10:
            name = pick(rng, sorted(self.described))
            described = changed_json(rng, self.described[name])
            if chance(rng, 0.2):
                described = changed_json(rng, described)
            return to_bytes(self.tensors, {**self.metadata, name: json_text(described)})
        if kind < 14:
            made = {name: np.ascontiguousarray(each) for name, each in changed_tensors(rng, self.tensors).items()}
            return to_bytes(made, self.metadata)
        if kind < 16:
            return self._with_header(rng)
        if kind < 18:
            return changed_bytes(rng, self.content, 0, self.past_header)
        if kind < 19:
            return changed_bytes(rng, self.content)
        return self.content[: int(rng.integers(len(self.content)))]

    def _with_header(self, rng: Rng) -> bytes:
        """Return the file with another header over the same numbers."""
        header = changed_json(rng, self.header)
        if chance(rng, 0.3):
            found = [path for path in places(header) if path and path[0] != "__metadata__"]
            if found:
                header = exchanged(header, pick(rng, found), pick(rng, _HEADER_WORDS))
        text = json_text(header).encode()
        return len(text).to_bytes(8, "little") + text + self.content[self.past_header :]


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        value = value[name]
    return value
