"""One use of an operator, as its handler sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.foreign.chain import Chain
from pellucid.foreign.constants import axes_of
from pellucid.foreign.flow import Flow
from pellucid.foreign.model import Array
from pellucid.foreign.refusal import RefusedError


@dataclass(frozen=True)
class Lengths:
    """The numbers of frames of the sequences in a batch; or, as a mask, which frames belong to a sequence."""

    is_mask: bool = False


Value = Flow | Lengths | Array | None


@dataclass(frozen=True)
class Call:
    """One use of an operator: the chain, the first input that is a flow, all inputs, attributes, and the opset."""

    chain: Chain
    flow: Flow
    inputs: Sequence[Value]
    attributes: Mapping[str, Any]
    opset: int

    def constant(self, number: int) -> Array:
        """An input that has to be a constant."""
        value = self.inputs[number] if number < len(self.inputs) else None
        if not isinstance(value, np.ndarray):
            raise RefusedError("has weights or options that are not constants")
        return value

    def constants(self) -> list[Array]:
        """All inputs after the first, as constants."""
        return [self.constant(at) for at in range(1, len(self.inputs)) if self.inputs[at] is not None]

    def axes(self) -> list[int] | None:
        """The axes that the node names."""
        return axes_of(self.attributes, self.constants())
