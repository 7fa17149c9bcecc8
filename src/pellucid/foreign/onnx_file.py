"""ONNX files as what a network is made of."""

from __future__ import annotations

from pellucid.foreign.description import Described, description
from pellucid.foreign.model import read_model
from pellucid.foreign.walk import Walk

_VERSION, _FOLLOWING = 0x08, b"\x12\x1a\x22\x28\x32\x3a\x42"
"""Tags of the first field of an ONNX file, and of those that may come next (2 to 8)."""

_SHORTEST = 32
"""Bytes of the shortest graph, at least."""


def is_onnx(content: bytes) -> bool:
    """Whether a file's content begins as an ONNX file does, and not as one of this package.

    An ONNX file is a protocol buffer whose first field is the version of its format, a small number. The name of its
    producer, its graph or its operators follow. A file of this package is a safetensors file: eight bytes of a length,
    then a brace.
    """
    return len(content) >= _SHORTEST and content[0] == _VERSION and content[2] in _FOLLOWING and content[8:9] != b"{"


def parse_onnx(content: bytes, path: object) -> Described:
    """Tensors and metadata of an ONNX file's content; ``path`` is what errors call it.

    Raises
    ------
    FileFormatError
        If it is damaged, or holds what no network of this package can represent; the message names the node.
    ConfigurationError
        If the package ``onnx`` is missing.
    """
    walk = Walk(read_model(content, path), path)
    output = walk.run()
    return description(walk.model, walk.chain, output, of_bytes=walk.of_bytes)
