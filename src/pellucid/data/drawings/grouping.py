"""Patches of ink to digits: specks and lines dropped, the strokes of one digit brought together, in reading order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

# More patches of ink than this is texture, not writing.
MOST_PATCHES = 400
MOST_DIGITS = 100
# Sizes as shares of the largest digit's: less is a speck; less is a stroke that cannot be a digit by itself.
SPECK = 0.1
FRAGMENT = 0.55
SMALLEST_DIGIT = 0.3
# Least height in pixels, and as a share of the picture's shorter side.
LEAST_PIXELS = 5
LEAST_SHARE = 0.025
# Width over height: no digit is wider; a lone stroke that is wider belongs to a digit, or is a line.
WIDEST = 2.6
FLAT = 1.6


@dataclass(frozen=True)
class Group:
    """One digit's patches of ink: their label numbers and their common box."""

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
        """Both groups as one."""
        return Group(
            self.labels + other.labels,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def find_groups(mask: Mask) -> tuple[list[Group], Labels]:
    """Digits of a mask of ink in reading order, and the picture of label numbers they refer to."""
    labels: Labels
    labels, count = ndimage.label(mask, np.ones((3, 3), np.int8), output=np.int32)
    patches = _patches(labels, mask.shape)
    if not patches or len(patches) > MOST_PATCHES:
        return [], labels
    groups = _digits(_merged(patches, labels), mask.shape)
    return (reading_order(groups) if len(groups) <= MOST_DIGITS else []), labels


def reading_order(groups: list[Group]) -> list[Group]:
    """Rows from top to bottom, each from left to right; digits share a row where they overlap in height."""
    rows: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.top + g.bottom):
        row = rows[-1] if rows else []
        middle = float(np.median([g.top + g.bottom for g in row])) / 2 if row else -np.inf
        tall = float(np.median([g.height for g in row] + [group.height]))
        if (group.top + group.bottom) / 2 - middle < 0.7 * tall:
            row.append(group)
        else:
            rows.append([group])
    return [group for row in rows for group in sorted(row, key=lambda g: g.left + g.right)]


def _patches(labels: Labels, shape: tuple[int, ...]) -> list[Group]:
    """Patches of ink that are neither specks nor lines."""
    boxes = ndimage.find_objects(labels)
    patches = [
        Group((number,), box[1].start, box[0].start, box[1].stop, box[0].stop)
        for number, box in enumerate(boxes, start=1)
        if max(box[0].stop - box[0].start, box[1].stop - box[1].start) >= 2
    ]
    patches = [p for p in patches if not _is_line(p, shape)]
    largest = max((p.size for p in patches), default=0)
    return [p for p in patches if p.size >= SPECK * largest]


def _is_line(patch: Group, shape: tuple[int, ...]) -> bool:
    return patch.width > 4 * patch.height and patch.width > 0.4 * shape[1]


def _merged(patches: list[Group], labels: Labels) -> list[Group]:
    """Join patches, nearest first, as long as two of them belong together."""
    edges = {p.labels[0]: _edge_points(p, labels) for p in patches}
    groups = list(patches)
    tall = _typical_size(groups)
    while len(groups) > 1:
        pairs = [
            (gap, i, j)
            for i, a in enumerate(groups)
            for j, b in enumerate(groups[:i])
            if _box_gap(a, b) < 0.4 * tall and (gap := _gap(a, b, edges)) < np.inf and _belong(a, b, gap, tall)
        ]
        if not pairs:
            return groups
        _, i, j = min(pairs)
        joined = groups[i].joined(groups[j])
        groups = [g for k, g in enumerate(groups) if k not in (i, j)] + [joined]
    return groups


def _belong(a: Group, b: Group, gap: float, tall: float) -> bool:
    """Whether two groups, `gap` pixels apart, are strokes of one digit among digits of height `tall`."""
    small, large = (a, b) if a.size <= b.size else (b, a)
    across = min(a.right, b.right) - max(a.left, b.left)
    share = across / min(a.width, b.width)
    joined = a.joined(b)
    if joined.width > 1.3 * max(tall, large.height):
        return False
    if joined.height > 1.7 * max(tall, 1):
        return False
    if small.size < FRAGMENT * tall or small.width > FLAT * small.height:
        return gap < (0.35 if share > 0.5 else 0.18) * tall
    inside = share > 0.9 and min(a.bottom, b.bottom) - max(a.top, b.top) > 0.9 * small.height
    return inside or (share > 0.6 and gap < 0.1 * tall)


def _typical_size(groups: list[Group]) -> float:
    """Typical size of the larger groups: that of the digits, since a digit's strokes are smaller than digits."""
    sizes = np.array([g.size for g in groups])
    return float(np.median(sizes[sizes >= 0.5 * sizes.max()]))


def _box_gap(a: Group, b: Group) -> float:
    across = max(a.left - b.right, b.left - a.right, 0)
    down = max(a.top - b.bottom, b.top - a.bottom, 0)
    return float(np.hypot(across, down))


def _edge_points(patch: Group, labels: Labels) -> NDArray[np.intp]:
    ink = labels[patch.top : patch.bottom, patch.left : patch.right] == patch.labels[0]
    edge = ink & ~ndimage.binary_erosion(ink)
    points = np.argwhere(edge) + (patch.top, patch.left)
    return points[:: max(1, len(points) // 500)]


def _gap(a: Group, b: Group, edges: dict[int, NDArray[np.intp]]) -> float:
    first = np.concatenate([edges[n] for n in a.labels])
    second = np.concatenate([edges[n] for n in b.labels])
    return float(KDTree(first).query(second)[0].min())


def _digits(groups: list[Group], shape: tuple[int, ...]) -> list[Group]:
    """Groups that can be digits: not too small, not too flat."""
    if not groups:
        return []
    tall = _typical_size(groups)
    least = max(LEAST_PIXELS, LEAST_SHARE * min(shape), SMALLEST_DIGIT * tall)
    return [g for g in groups if g.height >= least and g.width <= WIDEST * g.height]
