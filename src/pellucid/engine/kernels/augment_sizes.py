"""Sizes that augmentation and its kernels agree on: of images, of the field, and of the kernels' scratch.

This module imports no kernels, so that training with compiled code does not load the compiler.
"""

from __future__ import annotations

from pellucid.engine.compiler.target import lane_width

PLACES = 8
"""Positions interpolated at a time, on any processor. The rows of a digit span some twenty pixels, which three vectors
of eight cover better than two of sixteen."""

LANDING, PROFILE = 16, 32
"""Places in the scratch: lanes on their way to memory, and the maximum of each column. It begins with 0, 1, 2, ..."""


def pitch_of(width: int) -> int:
    """Pixels from one row of the old images to the next: at least a whole vector."""
    return max(width, lane_width())


def scratch_size(height: int, width: int) -> int:
    """Floats of scratch that the kernels need for one image; see `pellucid.engine.kernels.augment.warp`."""
    lanes = lane_width()
    return PROFILE + (width + lanes) + 2 * (height + lanes) + (height + 3) * (pitch_of(width) + 3) + lanes


def field_shape(side: int, height: int, width: int) -> tuple[int, int]:
    """Shape of the stored field: windows begin anywhere on the torus, and whole vectors read past the end of a row."""
    return side + height, side + width + PLACES
