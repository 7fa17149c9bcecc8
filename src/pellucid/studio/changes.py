"""The list of changes to a network: each can be undone and made again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.studio.edited_network import EditedNetwork, Place
from pellucid.studio.parts import Change

MOST = 1000
MOST_BYTES = 16 << 20
"""Changes that are kept, and bytes of knobs in them; the oldest are forgotten first."""

Factors = dict[Place, float]
Indices = NDArray[np.int64]
Vector = NDArray[np.float32]


@dataclass
class Edit:
    """One change: which knobs (all, where ``knobs`` is None), which factors, before and after."""

    change: Change
    knobs: Indices | None
    before: Vector
    after: Vector
    factors_before: Factors
    factors_after: Factors
    gesture: object = None
    noise: float = 0.0

    @property
    def size(self) -> int:
        """Bytes of knobs in it."""
        return self.before.nbytes + self.after.nbytes


class Changes:
    """Edits of one network, those that stand first, then those that were undone.

    Attributes
    ----------
    edits : list of Edit
    position : int
        How many of them stand.
    """

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.position = 0
        self._numbers = 0

    @property
    def noise(self) -> float:
        """Spread of the latest noise that stands."""
        return next((edit.noise for edit in reversed(self.edits[: self.position]) if edit.noise), 0.0)

    def open(self, gesture: object) -> Edit | None:
        """The last edit, where a movement of the same gesture goes on with it."""
        if gesture is None or not self.edits or self.position < len(self.edits):
            return None
        return self.edits[-1] if self.edits[-1].gesture == gesture else None

    def number(self) -> int:
        """A new number for a change."""
        self._numbers += 1
        return self._numbers

    def add(self, edit: Edit) -> None:
        """Put an edit that has been made at the end; what was undone is forgotten."""
        self.edits[self.position :] = [edit]
        while len(self.edits) > MOST or (len(self.edits) > 1 and sum(each.size for each in self.edits) > MOST_BYTES):
            self.edits.pop(0)
        self.position = len(self.edits)

    def go_to(self, position: int, edited: EditedNetwork) -> list[Edit]:
        """Undo or make again until ``position`` edits stand; those concerned."""
        concerned = []
        while self.position > max(0, position):
            self.position -= 1
            edit = self.edits[self.position]
            put(edited, edit.knobs, edit.before, edit.factors_before)
            concerned.append(edit)
        while self.position < min(position, len(self.edits)):
            edit = self.edits[self.position]
            put(edited, edit.knobs, edit.after, edit.factors_after)
            self.position += 1
            concerned.append(edit)
        return concerned

    def forget(self) -> None:
        """Begin anew."""
        self.edits.clear()
        self.position = 0


def put(edited: EditedNetwork, knobs: Indices | None, values: Vector, factors: Factors) -> None:
    """Set knobs and factors."""
    edited.net.parameters[slice(None) if knobs is None else knobs] = values
    edited.factors = dict(factors)
