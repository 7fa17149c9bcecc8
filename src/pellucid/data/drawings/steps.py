"""The centring of a drawing step by step, with the picture and a caption for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.centring import BOX, FIELD, fit, ink_box, place, thickened, trim
from pellucid.data.drawings.levels import as_levels
from pellucid.data.drawings.windows import Picture
from pellucid.errors import DataError


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the centring.

    Attributes
    ----------
    name : str
        "drawn", "thickened", "cut", "fitted" or "placed".
    picture : array, shape (H, W), float32 from 0 to 1
        The picture after the step.
    done : bool
        False if the step was switched off or changed nothing.
    caption : str
        A sentence that says what was done, with its numbers.
    box : tuple of float
        Left, top, right and bottom of the ink.
    centre : tuple of float
        x and y of its centre of mass; both 0 if there is no ink.
    """

    name: str
    picture: Picture
    done: bool
    caption: str
    box: tuple[float, float, float, float]
    centre: tuple[float, float]


def center_steps(
    ink: NDArray[Any],
    *,
    scale: bool = True,
    mass: bool = True,
    smooth: bool = True,
    thicken: bool = False,
) -> tuple[Step, ...]:
    """Do the same as `center`, and return all intermediate pictures.

    Parameters
    ----------
    ink, scale, mass, smooth, thicken
        As for `center`.

    Returns
    -------
    tuple of Step
        "drawn", "thickened", "cut", "fitted", "placed"; the last picture is what `center` returns, bit for bit.

    Examples
    --------
    >>> import numpy as np
    >>> pad = np.zeros((280, 280), np.uint8)
    >>> pad[10:110, 20:40] = 255                      # a 1, drawn in a corner
    >>> for step in center_steps(pad)[2:]:
    ...     print(step.name, step.picture.shape, step.caption)
    cut (100, 20) Cropped to the ink: 20 x 100 of 280 x 280 pixels.
    fitted (20, 20) Scaled to 20 x 20 by averaging: 5 pixels of the drawing make one.
    placed (28, 28) Moved: the centre of mass goes from (9.5, 9.5) to (14, 14) of 28 x 28.
    """
    levels = as_levels(ink)
    if levels.ndim != 2:
        raise DataError(f"center_steps expected one grey picture of shape (H, W), got {levels.shape}: pass ink only.")
    height, width = levels.shape
    drawn = _step("drawn", levels, True, f"The drawing, {width} x {height} pixels.")
    if not levels.any():
        return _nothing(drawn)
    wide = thickened(levels) if thicken else levels
    cut = trim(wide) if scale else wide
    fitted = fit(cut, BOX if scale else FIELD, smooth=smooth)
    placed = place(fitted, FIELD, mass=mass)
    return (
        drawn,
        _step("thickened", wide, wide is not levels, _thickened(thicken, wide is not levels)),
        _step("cut", cut, scale, _cut(cut, wide) if scale else "Not cropped: the digit keeps its place and size."),
        _step("fitted", fitted, True, _fitted(cut, fitted, smooth)),
        _step("placed", placed, mass, _placed(fitted, mass)),
    )


def _step(name: str, picture: Picture, done: bool, caption: str) -> Step:
    left, top, right, bottom = ink_box(picture) if picture.any() else (0, 0, 0, 0)
    return Step(name, picture, done, caption, (left, top, right, bottom), _centre(picture))


def _centre(picture: Picture) -> tuple[float, float]:
    """Return x and y of the centre of mass, from the centre of the first pixel."""
    total = float(picture.sum(dtype=np.float64))
    if total == 0:
        return 0.0, 0.0
    across, down = (picture.sum(axis=axis, dtype=np.float64) for axis in (0, 1))
    return float(across @ np.arange(len(across))) / total, float(down @ np.arange(len(down))) / total


def _nothing(drawn: Step) -> tuple[Step, ...]:
    """Return the steps for a picture without ink."""
    sizes = {"thickened": drawn.picture.shape, "cut": drawn.picture.shape, "fitted": (BOX, BOX), "placed": (FIELD,) * 2}
    return drawn, *(
        _step(name, np.zeros(size, np.float32), False, "There is no ink yet.") for name, size in sizes.items()
    )


def _thickened(asked: bool, did: bool) -> str:
    if did:
        return "Widened: the strokes were thinner than nearly all in MNIST."
    return "Not widened: the strokes are wide enough." if asked else "Not widened."


def _cut(cut: Picture, whole: Picture) -> str:
    return f"Cropped to the ink: {cut.shape[1]} x {cut.shape[0]} of {whole.shape[1]} x {whole.shape[0]} pixels."


def _fitted(cut: Picture, fitted: Picture, smooth: bool) -> str:
    side, ratio = fitted.shape[0], max(cut.shape) / fitted.shape[0]
    how = "averaging" if smooth else "sampling"
    return f"Scaled to {side} x {side} by {how}: {ratio:.3g} pixels of the drawing make one."


def _placed(fitted: Picture, mass: bool) -> str:
    middle = FIELD // 2
    if not mass:
        return f"Placed in the middle of {FIELD} x {FIELD}."
    x, y = _centre(fitted)
    return f"Moved: the centre of mass goes from ({x:.1f}, {y:.1f}) to ({middle}, {middle}) of {FIELD} x {FIELD}."
