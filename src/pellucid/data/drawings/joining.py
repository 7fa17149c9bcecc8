"""Join the strokes of one digit, but not those of its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.patches import Group, Labels

# Sizes relative to a digit: below the first is a piece of a stroke, below the second a stroke and not a digit.
SCRAP = 0.35
FRAGMENT = 0.55
# A patch with a larger ratio of width to height is a bar, like that of a 5, and never a digit.
FLAT = 1.6
# The largest distance of any rule, relative to the size of a digit.
FARTHEST = 0.35
EDGE_POINTS = 300
_EDGES = ("left", "top", "right", "bottom")


def join_strokes(patches: list[Group], labels: Labels) -> list[Group]:
    """Join patches, nearest first, while two of them belong to one digit."""
    tall = typical_size(patches)
    groups = dict(enumerate(patches))
    gaps = _gaps(patches, labels, FARTHEST * tall)

    def belong(pair: tuple[int, int]) -> bool:
        return _belong(groups[pair[0]], groups[pair[1]], gaps[pair], tall)

    fitting = {pair for pair in gaps if belong(pair)}
    while fitting:
        kept, gone = min(fitting, key=lambda pair: (gaps[pair], pair))
        groups[kept] = groups[kept].joined(groups.pop(gone))
        gaps = _redirected(gaps, kept, gone)
        changed = {pair for pair in gaps if kept in pair}
        fitting = {pair for pair in fitting if pair in gaps and pair not in changed} | set(filter(belong, changed))
    return list(groups.values())


def typical_size(groups: list[Group]) -> float:
    """Return the 75th percentile of the larger sizes: that of the digits, since their parts are smaller."""
    sizes = np.array([g.size for g in groups])
    return float(np.percentile(sizes[sizes >= 0.5 * sizes.max()], 75))


def _belong(a: Group, b: Group, gap: float, tall: float) -> bool:
    """Whether two groups, `gap` pixels apart, are strokes of one digit among digits of size `tall`.

    The limits were tuned on pairs of patches from MNIST: of broken digits, and of neighbours in a row.
    """
    small, large = (a, b) if a.size <= b.size else (b, a)
    joined, room = a.joined(b), max(tall, large.size)
    if large.size < SCRAP * tall or joined.width > 1.3 * room or joined.height > 1.35 * room:
        return False
    across = (min(a.right, b.right) - max(a.left, b.left)) / min(a.width, b.width)
    down = (min(a.bottom, b.bottom) - max(a.top, b.top)) / min(a.height, b.height)
    return gap < tall * _reach(small, across, down, tall)


def _reach(small: Group, across: float, down: float, tall: float) -> float:
    """Return the largest gap at which the smaller group belongs, given the horizontal and vertical overlaps."""
    if small.size < SCRAP * tall or small.width > FLAT * small.height:
        return 0.3
    if small.size < FRAGMENT * tall:
        return FARTHEST if across > 0.5 else 0.18
    if down < 0.35:  # one above the other, which neighbours in a row are not
        return 0.25 if across > 0.2 else 0.0
    if across > 0.8:
        return 0.25 if down < 0.85 else 0.15
    if across > 0.6:
        return 0.1
    return 0.06 if small.size < 0.75 * tall else 0.0


def _gaps(patches: list[Group], labels: Labels, farthest: float) -> dict[tuple[int, int], float]:
    """Return the least distance in pixels between the ink of any two patches that are near each other."""
    edges = [_edge_points(p, labels) for p in patches]
    gaps: dict[tuple[int, int], float] = {}
    for i, j in _neighbours(patches, farthest):
        gap = _least_distance(edges[i], edges[j], farthest)
        if gap < farthest:
            gaps[i, j] = gap
    return gaps


def _neighbours(patches: list[Group], farthest: float) -> list[tuple[int, int]]:
    """Return the pairs of patches, in order, between whose boxes there are less than so many pixels."""
    left, top, right, bottom = (np.array([getattr(p, edge) for p in patches]) for edge in _EDGES)
    across = np.maximum(left[:, None] - right, 0)
    down = np.maximum(top[:, None] - bottom, 0)
    near = np.hypot(np.maximum(across, across.T), np.maximum(down, down.T)) < farthest
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(near, 1))]


def _least_distance(a: NDArray[np.intp], b: NDArray[np.intp], farthest: float) -> float:
    """Return the least distance between points (n, 2) of a and b; infinity if it clearly exceeds `farthest`."""
    # For a few hundred points, all pairs are faster than importing a k-d tree.
    near = a[((a >= b.min(axis=0) - farthest) & (a <= b.max(axis=0) + farthest)).all(axis=1)]
    if not len(near):
        return np.inf
    across, down = (near[:, axis, None] - b[:, axis] for axis in (0, 1))
    return float(np.sqrt((across * across + down * down).min()))


def _redirected(gaps: dict[tuple[int, int], float], kept: int, gone: int) -> dict[tuple[int, int], float]:
    """Return the gaps after group `gone` became part of group `kept`."""
    redirected: dict[tuple[int, int], float] = {}
    for (i, j), gap in gaps.items():
        first, second = sorted((kept if i == gone else i, kept if j == gone else j))
        if first != second:
            redirected[first, second] = min(gap, redirected.get((first, second), np.inf))
    return redirected


def _edge_points(patch: Group, labels: Labels) -> NDArray[np.intp]:
    ink = patch.ink(labels)
    points: NDArray[np.intp] = np.argwhere(ink & ~ndimage.binary_erosion(ink)) + np.array([patch.top, patch.left])
    return points[:: max(1, len(points) // EDGE_POINTS)]
