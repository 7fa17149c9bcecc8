"""Frames: an event as JSON, followed by its arrays as raw float32.

A frame is binary, little-endian throughout::

    4 bytes   n, unsigned: length of the JSON, a multiple of 4
    n bytes   the event as JSON in UTF-8, padded with spaces
    the rest  the payload: float32 after float32

A `Floats` in the event says where its array lies in the payload. A request is a text frame of JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.studio.protocol.parts import Floats

_LARGEST = float(np.finfo(np.float32).max)
_encoder = msgspec.json.Encoder()


class Payload:
    """The arrays of one frame, one after another.

    Examples
    --------
    >>> payload = Payload()
    >>> payload.put([1.0, 2.0]), payload.put([[3.0]])
    (Floats(offset=0, shape=[2]), Floats(offset=2, shape=[1, 1]))
    """

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float32]] = []
        self._count = 0

    def put(self, values: ArrayLike) -> Floats:
        """Append an array of any shape and return its place; values beyond float32 are clipped to its range."""
        array = np.asarray(values)
        if array.dtype != np.float32:
            array = np.clip(array, -_LARGEST, _LARGEST).astype(np.float32)
        place = Floats(offset=self._count, shape=list(array.shape))
        # A copy, since the array may change before the frame is sent.
        self._parts.append(np.array(array, "<f4", order="C").reshape(-1))
        self._count += array.size
        return place

    @property
    def parts(self) -> Sequence[NDArray[np.float32]]:
        """The arrays, flat."""
        return self._parts


def frame(event: msgspec.Struct, payload: Payload | None = None) -> bytes:
    """Encode an event and its arrays."""
    text = _encoder.encode(event)
    text += b" " * (-len(text) % 4)
    arrays = [] if payload is None else [part.tobytes() for part in payload.parts]
    return b"".join([len(text).to_bytes(4, "little"), text, *arrays])


def unframe(data: bytes) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Decode a frame into the event, as plain data, and the flat payload: what the page does, for tests and tools."""
    end = 4 + int.from_bytes(data[:4], "little")
    return msgspec.json.decode(data[4:end]), np.frombuffer(data, "<f4", offset=end)
