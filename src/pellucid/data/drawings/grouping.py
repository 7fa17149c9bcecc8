"""Find the digits in a mask of ink, in reading order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.joining import join_strokes, typical_size
from pellucid.data.drawings.patches import Group, Labels, Mask, least_size, line_length, patches_of, thickness
from pellucid.data.drawings.splitting import split_touching

# More patches of ink than this are texture, not writing; and more than the second, if there are so many for each digit.
MOST_PATCHES = 2000
MANY_PATCHES = 40
PATCHES_EACH = 2.5
# The least size of a digit relative to the others, and its largest ratio of width to height. In MNIST, the line of a
# digit is up to 3.6 times as long as its box, up to 0.51 times as thick, and fills up to 0.68 of the box.
SMALLEST_DIGIT = 0.3
WIDEST = 2.6
LONGEST_LINE = 5.0
THICKEST = 0.6
FULLEST = 0.8
# A group below both of these, relative to the others, is a trace of a shadow or of the edge of a sheet.
FAINTEST_DIGIT = 0.5
FAINT_SIZE = 0.75
# Neighbours in a row overlap vertically by at least this share of their height.
SAME_ROW = 0.3
# Between level rows, the middles of digits are at least this share of their height apart.
ROW_GAP = 0.45
# The largest patch of a digit has at least this share of its size; scattered dots are not a digit.
MAIN_STROKE = 0.4


def find_groups(mask: Mask, contrast: NDArray[np.float32]) -> tuple[list[Group], Labels]:
    """Return the digits of a mask in reading order, and the picture of label numbers that they refer to."""
    patches, labels = patches_of(mask)
    if not patches or len(patches) > MOST_PATCHES:
        return [], labels
    count = len(patches)
    patches = split_touching(patches, labels)
    sizes = {p.labels[0]: p.size for p in patches}
    groups = [g for g in join_strokes(patches, labels) if _is_drawn(g, labels, sizes)]
    groups = _alike(_digits(groups, least_size(mask.shape)), labels, contrast)
    texture = count > MANY_PATCHES and count > PATCHES_EACH * len(groups)
    return [] if texture else reading_order(groups), labels


def reading_order(groups: list[Group]) -> list[Group]:
    """Sort into rows from top to bottom, each from left to right; rows may slope."""
    rows = _level_rows(groups) or _sloping_rows(groups)
    rows.sort(key=lambda row: np.mean([g.top + g.bottom for g in row]))
    return [group for row in rows for group in row]


def _level_rows(groups: list[Group]) -> list[list[Group]]:
    """Return rows with bare paper between their middles, as on pages and in tables; none if they are not that level."""
    rows: list[list[Group]] = []
    tall = float(np.median([g.height for g in groups])) if groups else 0.0
    for group in sorted(groups, key=lambda g: g.top + g.bottom):
        middles = [(g.top + g.bottom) / 2 for g in (*rows[-1][:1], *rows[-1][-1:], group)] if rows else [0.0, np.inf]
        if middles[-1] - middles[-2] > ROW_GAP * tall:
            rows.append([])
        elif middles[-1] - middles[0] > tall:
            return []
        rows[-1].append(group)
    return [sorted(row, key=lambda g: g.left + g.right) for row in rows]


def _sloping_rows(groups: list[Group]) -> list[list[Group]]:
    rows: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.left + g.right):
        shares = [max(_level_share(near, group) for near in row[-2:]) for row in rows]
        if shares and max(shares) > SAME_ROW:
            rows[int(np.argmax(shares))].append(group)
        else:
            rows.append([group])
    return rows


def _level_share(a: Group, b: Group) -> float:
    """Return the vertical overlap of two groups, relative to the height of the lower one."""
    return (min(a.bottom, b.bottom) - max(a.top, b.top)) / min(a.height, b.height)


def _is_drawn(group: Group, labels: Labels, sizes: dict[int, int]) -> bool:
    """Whether a group looks like a pen drawing, not like texture, a blot or scattered dots."""
    if max(sizes[number] for number in group.labels) < MAIN_STROKE * group.size:
        return False
    ink = group.ink(labels)
    blot = min(ink.shape) > 0.5 * max(ink.shape) and ink.mean() > FULLEST
    return not blot and thickness(ink) <= THICKEST * group.size and line_length(ink) <= LONGEST_LINE


def _digits(groups: list[Group], least: float) -> list[Group]:
    """Return the groups that can be digits: not too small and not too flat."""
    if not groups:
        return []
    least = max(least, SMALLEST_DIGIT * typical_size(groups))
    return [g for g in groups if g.height >= least and g.width <= WIDEST * g.height]


def _alike(groups: list[Group], labels: Labels, contrast: NDArray[np.float32]) -> list[Group]:
    """Return the groups that are about as strong, or about as large, as the others."""
    if len(groups) < 2:
        return groups
    views = [contrast[g.top : g.bottom, g.left : g.right][g.ink(labels)] for g in groups]
    strengths = np.array([np.median(view) for view in views])
    strong = strengths >= FAINTEST_DIGIT * np.median(strengths)
    tall = FAINT_SIZE * typical_size(groups)
    return [group for group, is_strong in zip(groups, strong, strict=True) if is_strong or group.size >= tall]
