"""Pictures that are none of the classes: noise, letters, scribbles and others, drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.drawings.centring import center
from pellucid.data.drawings.segments import draw_line
from pellucid.errors import ConfigurationError, ShapeError

Picture = NDArray[np.float32]
Random = np.random.Generator
Kind = Literal["noise", "shuffled", "letters", "scribbles", "shifted", "blank"]

KINDS: tuple[Kind, ...] = get_args(Kind)

SHEET = 112
"""Pixels along each side of the sheet that letters and scribbles are drawn on."""

FAR = 6
"""Pixels by which images are shifted."""

_LETTERS: dict[str, tuple[tuple[float, ...], ...]] = {
    "A": ((0.1, 1, 0.5, 0, 0.9, 1), (0.25, 0.62, 0.75, 0.62)),
    "E": ((0.9, 0, 0.1, 0, 0.1, 1, 0.9, 1), (0.1, 0.5, 0.75, 0.5)),
    "F": ((0.9, 0, 0.1, 0, 0.1, 1), (0.1, 0.48, 0.7, 0.48)),
    "H": ((0.1, 0, 0.1, 1), (0.9, 0, 0.9, 1), (0.1, 0.5, 0.9, 0.5)),
    "K": ((0.1, 0, 0.1, 1), (0.85, 0, 0.1, 0.55), (0.32, 0.42, 0.9, 1)),
    "M": ((0.05, 1, 0.15, 0, 0.5, 0.65, 0.85, 0, 0.95, 1),),
    "N": ((0.1, 1, 0.1, 0, 0.9, 1, 0.9, 0),),
    "R": ((0.1, 1, 0.1, 0, 0.6, 0, 0.85, 0.13, 0.85, 0.38, 0.6, 0.52, 0.1, 0.52), (0.45, 0.52, 0.9, 1)),
    "T": ((0.05, 0, 0.95, 0), (0.5, 0, 0.5, 1)),
    "V": ((0.1, 0, 0.5, 1, 0.9, 0),),
    "W": ((0.02, 0, 0.25, 1, 0.5, 0.35, 0.75, 1, 0.98, 0),),
    "X": ((0.1, 0, 0.9, 1), (0.9, 0, 0.1, 1)),
    "Y": ((0.1, 0, 0.5, 0.5), (0.9, 0, 0.5, 0.5, 0.5, 1)),
}
"""Capital letters that look like no digit, each as lines from 0 to 1."""


def strangers(
    kind: Kind,
    count: int,
    *,
    first: int = 0,
    seed: int = 0,
    images: ArrayLike | None = None,
    shape: tuple[int, ...] = (28, 28),
    prepare: Callable[[Picture], Picture] | None = None,
) -> Picture:
    """Draw pictures that are none of the classes of a network, to see how sure it is of them.

    Picture n of a kind depends on the seed and n alone.

    Parameters
    ----------
    kind : str
        "noise" (every pixel uniform from 0 to 1), "letters" (capitals that look like no digit, drawn with a pen),
        "scribbles" (a smooth line along random points), "blank"; or, made of ``images``, "shuffled" (the pixels of
        each in another order) and "shifted" (6 pixels to one side: still of its class, but not where it belongs).
    count : int
        Number of pictures.
    first : int
        Number of the first picture.
    seed : int
    images : array_like (N, ...), optional
        Images from 0 to 1; picture n is made of number n, counted round.
    shape : tuple of int
        The shape of noise and of blank pictures.
    prepare : callable, optional
        Turns the ink of letters and scribbles, (112, 112), into pixels; by default it is centred as in MNIST.

    Returns
    -------
    ndarray (count, ...)
        From 0 to 1.

    Raises
    ------
    ConfigurationError
        If there is no such kind, or it is made of ``images`` and none are given.
    ShapeError
        For a negative ``count`` or ``first``, and for images without rows and columns.

    Examples
    --------
    >>> import pellucid as pl
    >>> noise = pl.inspect.strangers("noise", 2000)
    >>> sure = {name: pl.load(name)(noise).max(axis=1) >= 0.9 for name in ("digits-sigmoid", "digits-relu")}
    >>> bool(sure["digits-sigmoid"].mean() < 0.05 < 0.3 < sure["digits-relu"].mean())    # it depends on the network
    True
    """
    if kind not in KINDS:
        raise ConfigurationError(f"strangers expected one of {', '.join(KINDS)}, got {kind!r}.")
    if count < 0 or first < 0:
        raise ShapeError(f"strangers expected a count and a first picture of at least 0, got {count} and {first}.")
    numbers = range(first, first + count)
    if kind in ("shuffled", "shifted"):
        return _of_images(kind, numbers, seed, images)
    draw = _drawer(kind, shape, prepare or (lambda ink: center(ink, thicken=True)))
    pictures = [draw(_random(seed, kind, number)) for number in numbers]
    return np.stack(pictures) if pictures else np.zeros((0, *shape), np.float32)


def _random(seed: int, kind: Kind, number: int) -> Random:
    return np.random.default_rng([seed, KINDS.index(kind), number])


def _drawer(kind: Kind, shape: tuple[int, ...], prepare: Callable[[Picture], Picture]) -> Callable[[Random], Picture]:
    if kind == "noise":
        return lambda rng: rng.random(shape, dtype=np.float32)
    if kind == "blank":
        return lambda _: np.zeros(shape, np.float32)
    drawn = _letter if kind == "letters" else _scribble
    return lambda rng: prepare(drawn(rng))


def _of_images(kind: Kind, numbers: range, seed: int, images: ArrayLike | None) -> Picture:
    """Images with their pixels shuffled, or shifted."""
    given = np.asarray([] if images is None else images, np.float32)
    if not len(given):
        raise ConfigurationError(f"strangers expected images to make {kind} ones of: give it images=.")
    if given.ndim < 3:
        raise ShapeError(f"strangers expected images of shape (N, H, W), got {given.shape}.")
    made = np.empty((len(numbers), *given.shape[1:]), np.float32)
    for at, number in enumerate(numbers):
        image, rng = given[number % len(given)], _random(seed, kind, number)
        made[at] = (
            rng.permutation(image.reshape(-1)).reshape(image.shape) if kind == "shuffled" else _shifted(image, rng)
        )
    return made


def _shuffled(image: Picture, rng: Random) -> Picture:
    return rng.permutation(image.reshape(-1)).reshape(image.shape)


def _shifted(image: Picture, rng: Random) -> Picture:
    """An image moved to one side; what it leaves behind is empty."""
    axis = -1 - int(rng.integers(2))
    far = min(FAR, image.shape[axis] - 1) * (1 if rng.integers(2) else -1)
    moved = np.roll(image, far, axis=axis)
    left = np.moveaxis(moved, axis, 0)
    left[slice(0, far) if far > 0 else slice(far, None)] = 0
    return moved


def _letter(rng: Random) -> Picture:
    """A capital letter, slanted, stretched and shaken."""
    lines = _LETTERS[list(_LETTERS)[rng.integers(len(_LETTERS))]]
    turn, slant, stretch = rng.normal(0, 0.1), rng.normal(0, 0.15), rng.uniform(0.6, 0.95)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    bend = spin @ np.array([[stretch, -slant], [0.0, 1.0]])
    ink, width = np.zeros((SHEET, SHEET), np.float32), rng.uniform(0.045, 0.1)
    for line in lines:
        places = np.array(line).reshape(-1, 2) - 0.5
        shaken = (places + rng.normal(0, 0.025, places.shape)) @ bend.T * 0.66 + 0.5
        draw_line(ink, np.clip(shaken, 0.05, 0.95).reshape(-1).tolist(), width)
    return ink


def _scribble(rng: Random) -> Picture:
    """A smooth line along eight to fourteen random points."""
    corners = rng.uniform(0.15, 0.85, (int(rng.integers(8, 15)), 2))
    ink = np.zeros((SHEET, SHEET), np.float32)
    draw_line(ink, _smooth(corners).reshape(-1).tolist(), rng.uniform(0.04, 0.08))
    return ink


def _smooth(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the quadratic B-spline with these corners."""
    begin, middle, end = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    share = np.linspace(0, 1, 8)[None, :, None]
    first, last = (begin + middle) / 2, (middle + end) / 2
    points = (1 - share) ** 2 * first + 2 * share * (1 - share) * middle + share**2 * last
    return points.reshape(-1, 2)
