"""The changes made to a network by hand, each of which can be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.studio.protocol.parts import Change
from pellucid.studio.state.edited_network import EditedNetwork, Place

MAX_EDITS = 1000
MAX_BYTES = 16 << 20
"""Edits that are kept, and memory for their knobs; beyond either, the oldest are dropped."""

Factors = dict[Place, float]
Indices = NDArray[np.int64]
Vector = NDArray[np.float32]


@dataclass
class Edit:
    """One change: its knobs (all of them where ``knobs`` is None), factors and grey levels, before and after."""

    change: Change
    knobs: Indices | None
    before: Vector
    after: Vector
    factors_before: Factors
    factors_after: Factors
    gesture: object = None
    noise: float = 0.0
    grey_before: int | None = None
    grey_after: int | None = None

    @property
    def size(self) -> int:
        """Memory for its knobs, in bytes."""
        return self.before.nbytes + self.after.nbytes


class EditHistory:
    """The edits of one network, oldest first; those that were undone come last.

    Attributes
    ----------
    edits : list of Edit
    position : int
        Number of edits in effect.
    """

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.position = 0
        self._last_id = 0

    @property
    def noise(self) -> float:
        """Spread of the latest noise in effect; 0 where there is none."""
        return next((edit.noise for edit in reversed(self.edits[: self.position]) if edit.noise), 0.0)

    def open(self, gesture: object) -> Edit | None:
        """Return the last edit if it belongs to the same gesture, so that the next one extends it."""
        if gesture is None or not self.edits or self.position < len(self.edits):
            return None
        return self.edits[-1] if self.edits[-1].gesture == gesture else None

    def next_id(self) -> int:
        """Return a new number for a change."""
        self._last_id += 1
        return self._last_id

    def add(self, edit: Edit) -> None:
        """Append an edit that is in effect; undone edits are dropped."""
        self.edits[self.position :] = [edit]
        while len(self.edits) > MAX_EDITS or (
            len(self.edits) > 1 and sum(each.size for each in self.edits) > MAX_BYTES
        ):
            self.edits.pop(0)
        self.position = len(self.edits)

    def go_to(self, position: int, edited: EditedNetwork) -> list[Edit]:
        """Undo or redo until ``position`` edits are in effect; return those undone or redone."""
        touched = []
        while self.position > max(0, position):
            self.position -= 1
            edit = self.edits[self.position]
            put(edited, edit.knobs, edit.before, edit.factors_before)
            edited.grey_levels = edit.grey_before
            touched.append(edit)
        while self.position < min(position, len(self.edits)):
            edit = self.edits[self.position]
            put(edited, edit.knobs, edit.after, edit.factors_after)
            edited.grey_levels = edit.grey_after
            self.position += 1
            touched.append(edit)
        return touched

    def clear(self) -> None:
        """Drop all edits."""
        self.edits.clear()
        self.position = 0


def put(edited: EditedNetwork, knobs: Indices | None, values: Vector, factors: Factors) -> None:
    """Set knobs (all of them where ``knobs`` is None) and factors."""
    edited.net.parameters[slice(None) if knobs is None else knobs] = values
    edited.factors = dict(factors)
