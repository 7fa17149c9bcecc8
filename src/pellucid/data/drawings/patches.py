"""Connected patches of ink, with their boxes and measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.centring import outline_length, stroke_width

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

# Least size of a digit in pixels, and as a share of the picture's shorter side.
LEAST_PIXELS = 5
LEAST_SHARE = 0.01
# A patch below this share of the size of the largest is a speck.
SPECK = 0.1
# The largest ratio of thickness to size of a stroke.
PLUMPEST = 0.45
# In pictures of at most so many pixels, strokes this thin may have lost pixels: gaps of up to four are bridged.
SAMPLED_SIDE = 48
SAMPLED_STROKE = 1.4
SAMPLED_GAP = np.ones((5, 5))
# From this size on, outlines are smoothed before they are measured, since dithering makes them ragged.
RAGGED = 40


@dataclass(frozen=True)
class Group:
    """Some or all patches of one digit: their label numbers and their common box."""

    labels: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width of the box in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.bottom - self.top

    @property
    def size(self) -> int:
        """Longer side of the box in pixels."""
        return max(self.width, self.height)

    def joined(self, other: Group) -> Group:
        """Return the union of two groups."""
        return Group(
            self.labels + other.labels,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def ink(self, labels: Labels) -> Mask:
        """Return the mask of the group, cropped to its box."""
        return is_of(labels[self.top : self.bottom, self.left : self.right], self.labels)


def is_of(labels: Labels, numbers: Sequence[int]) -> Mask:
    """Return where a picture of label numbers has one of a few."""
    found = labels == numbers[0] if numbers else np.zeros(labels.shape, np.bool_)
    for number in numbers[1:]:
        found |= labels == number
    return found


def patches_of(mask: Mask) -> tuple[list[Group], Labels]:
    """Return the patches of ink that are neither specks nor lines, and the picture of their label numbers."""
    labels, _ = ndimage.label(_bridged(mask), np.ones((3, 3)))
    labels = np.where(mask, labels, 0).astype(np.int32)
    patches = [
        Group((number,), box[1].start, box[0].start, box[1].stop, box[0].stop)
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
    ]
    patches = [p for p in patches if p.size >= 2 and not _is_line(p, mask.shape[1])]
    largest = max((p.size for p in patches), default=0)
    if largest < least_size(mask.shape):
        return [], labels
    return [p for p in patches if p.size >= SPECK * largest], labels


def _bridged(mask: Mask) -> Mask:
    """Return the mask, with the gaps bridged that thin strokes of a small picture have, sampled without averaging."""
    if max(mask.shape) > SAMPLED_SIDE or not 0 < stroke_width(mask.astype(np.float32)) <= SAMPLED_STROKE:
        return mask
    return np.asarray(ndimage.binary_dilation(mask, SAMPLED_GAP))


def least_size(shape: tuple[int, ...]) -> float:
    """Return the least size of a digit in pixels."""
    return max(LEAST_PIXELS, LEAST_SHARE * min(shape))


def stroke_widths(mask: Mask) -> NDArray[np.float64]:
    """Return the widths in pixels of all strokes that may be writing, (n,)."""
    patches, labels = patches_of(mask)
    least = least_size(mask.shape)
    large = [p for p in patches if p.size >= least]
    thick = [thickness(p.ink(labels)) + 1 for p in large]
    strokes = [(p, t) for p, t in zip(large, thick, strict=True) if t <= PLUMPEST * p.size]
    inner = [(p, t) for p, t in strokes if not _touches_edge(p, mask.shape)]
    # Shadows and desks touch the edge of the picture, but so do the digits of a tightly cropped one.
    if 2 * sum(p.size for p, _ in inner) >= sum(p.size for p, _ in strokes):
        strokes = inner
    return np.array([width for _, width in strokes])


def line_length(ink: Mask) -> float:
    """Return the length of the drawn line, half of the outline, relative to the longer side of the box."""
    size = float(max(ink.shape))
    soft = np.pad(ink.astype(np.float32), 3)
    return outline_length(ndimage.gaussian_filter(soft, 1.0) if size >= RAGGED else soft) / (2 * size)


def thickness(ink: Mask) -> float:
    """Return the largest width of the ink in pixels."""
    # Distances are to the centre of the nearest pixel without ink, half a pixel beyond the edge.
    return 2 * float(ndimage.distance_transform_edt(np.pad(ink, 1)).max()) - 1


def _is_line(patch: Group, width: int) -> bool:
    return patch.width > 8 * patch.height or (patch.width > 4 * patch.height and patch.width > 0.4 * width)


def _touches_edge(patch: Group, shape: tuple[int, ...]) -> bool:
    return patch.left == 0 or patch.top == 0 or patch.right == shape[1] or patch.bottom == shape[0]
