"""The kinds of a kernel's arguments are read from its annotations."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from pellucid.engine.compiler.signature import (
    Float32,
    Float32s,
    Float64s,
    Int64s,
    UInt8s,
    UInt16s,
    fields_of,
    letters_of,
)


class Row(NamedTuple):
    memory: Float32s
    at: int


class Rows(NamedTuple):
    first: Row
    second: Row
    scale: Float32


def test_every_kind_has_its_letter() -> None:
    def kernel(a: int, b: Float32, c: Float32s, d: Float64s, e: Int64s, f: UInt16s, g: UInt8s) -> None: ...

    assert letters_of(kernel) == "ifFDIHB"


def test_records_are_their_fields_in_order() -> None:
    def kernel(count: int, rows: Rows, sums: Float64s) -> int: ...

    assert letters_of(kernel) == "iFiFifD"
    assert fields_of(kernel) == {"count": "i", "rows": Rows, "sums": "D"}


@pytest.mark.parametrize("hint", [Any, float, str, list[int], tuple])
def test_unsupported_annotations_are_named(hint: Any) -> None:
    def kernel(x: int) -> None: ...

    kernel.__annotations__["x"] = hint
    with pytest.raises(TypeError, match="x expected int, a record"):
        letters_of(kernel)
