"""Draw what is no digit: letters, symbols, shapes, scribbles, digits crossed out or run together, crops of photos.

The kinds are two groups. Those to fit are what ``tools/train_none.py`` trains on; those to test differ from them in
what is drawn, in its fonts and in its photos, and are never trained on. `AMBIGUOUS` letters can be handwritten digits,
and so can symbols such as § or (; they are in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Picture = NDArray[np.float32]
Random = np.random.Generator
Kind = Callable[[Random], Picture]
Points = Sequence[tuple[float, float]]

SIDE = 64
MARGIN = 12
AMBIGUOUS = frozenset("OoQDIilLjJZzSsbBGgqyYT")
LETTERS = "".join(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in AMBIGUOUS)
FIT_LETTERS = "".join(c for c in LETTERS if c not in "MNkwR")
TEST_LETTERS = "MNkwR"
FIT_SYMBOLS = "+=%&@#*~^√∑∏∞≈≠±∇ΔΣΩΨΦΓΛηλμξπψωЖДЩЮЯФЦ←→♥♦♣★☀☎✎✗✿"
FIT_SYMBOLS += (
    "↕↖↗↘↙↞↟↠↡↢↣↤↥↦↧↨↩↪↫↬↰↱↲↳↴↵↶↷↺↻⇄⇅⇆⇇⇈⇉⇊⇐⇑⇒⇓⇔⇕⇖⇗⇘⇙⇦⇧⇨⇩⇪⇱⇲⇳∀∃∄∆∉∋∐∓∗∛∝∟∠∡∧∨∩∪∬∮∴∵∷∻∾≀≂≃≅≆≇≊≋≍≎≑≒≜≟≡≢≣≦≧≨≩≪≫≬≭≮≯"
    "≰≱≺≻⊀⊁⊃⊄⊅⊆⊇⊈⊉⊊⊋⊏⊐⊑⊒⊓⊔⊕⊗⊞⊟⊠⊡⊢⊣⊤⊥⊨⊩⊪⊬⋀⋁⋂⋃⋄⋆⋇⋈⋉⋊⋋⋌⋎⋏⋐⋑⋒⋓⋔⋕⋘⋙⋚⋛⋜⋝⋞⋟⌁⌂⌘⌙⌤⌥⌦⌧⌨⌫⎇⏏■□▣▤▥▦▧▨▩▰▱▲△▶▷▼▽"
    "◀◁◆◇◈◢◣◤◥◧◨◩◪◫◬◰◱◲◳◸◹◺☁☃☄☋☌☍☏☒☓☔☖☗☘☙☚☛☜☝☞☟☠☢☣☤☥☦☧☨☩☪☫☬☭☮☯☸☹☺☻☼☽☾☿♀♁♂♅♆♇♈♉♊♋♌♍♎♏♐♑♒♓♔♕♖♗♘♙♚♛♜♝♞♟"
    "♡♢♤♧♨♫♬♮♯♰♱⚐⚑⚒⚓⚔⚕⚖⚗⚘⚙⚛⚜⚠⚡✁✂✃✄✆✇✈✉✌✍✏✐✑✒✕✖✘✙✚✛✜✝✞✟✠✡✢✣✤✥✧✩✪✫✬✭✮✯✰✱✲✳✴✵✶✷✸✹✺✻✼✽✾❀❁❂❃❄❅❆❇❈❉❊❋❏❐❑❒❖"
    "❢❣❤❥❦❧➔➘➙➚➛➜➝➞➟➠➡➢➣➤➥➦➧➨➲➳➴➵➶➷➸➹➺➻➼➽➾ЂЉЊЙЛПЪЫжийклмнптфхцшщъыюяҖҚҢҰѦѪѬԲԴԸԺԽԾԿՃՄՊՎՏՔՖאחטמעפצקשתثسشصضطظقكني¥₩₦₱₽₴©®"
    "ÆŒĦŁ"
)
TEST_SYMBOLS = "$€£≤≥∈⊂ΞΠκБГ↑↔♠♪☂✓✦"

# Strokes through points (x, y) of a box one unit high, y downwards.
FIT_SHAPES: dict[str, Sequence[Points]] = {
    "square": [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]],
    "triangle": [[(0.5, 0), (1, 1), (0, 1), (0.5, 0)]],
    "wedge": [[(0, 0), (1, 0), (0.5, 1), (0, 0)]],
    "star": [[(0.5, 0), (0.8, 1), (0, 0.35), (1, 0.35), (0.2, 1), (0.5, 0)]],
    "cross": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    "plus": [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
    "right arrow": [[(0, 0.5), (1, 0.5)], [(0.65, 0.2), (1, 0.5), (0.65, 0.8)]],
    "down arrow": [[(0.5, 0), (0.5, 1)], [(0.2, 0.65), (0.5, 1), (0.8, 0.65)]],
    "tick": [[(0, 0.6), (0.35, 1), (1, 0)]],
    "hook": [[(0.1, 0.7), (0.25, 1), (0.6, 0)]],
    "house": [[(0, 1), (0, 0.45), (0.5, 0), (1, 0.45), (1, 1), (0, 1)], [(0.4, 1), (0.4, 0.65), (0.6, 0.65), (0.6, 1)]],
    "hash": [[(0.3, 0), (0.25, 1)], [(0.7, 0), (0.65, 1)], [(0, 0.33), (1, 0.3)], [(0, 0.7), (1, 0.66)]],
    "face": [
        [(0.5, 0), (0.9, 0.2), (1, 0.5), (0.85, 0.85), (0.5, 1), (0.15, 0.85), (0, 0.5), (0.1, 0.2), (0.5, 0)],
        [(0.3, 0.35), (0.32, 0.4)], [(0.7, 0.35), (0.68, 0.4)], [(0.25, 0.65), (0.5, 0.8), (0.75, 0.65)],
    ],
    "wave": [[(0, 0.5), (0.15, 0.2), (0.35, 0.8), (0.55, 0.2), (0.75, 0.8), (1, 0.4)]],
    "bars": [[(0, 0), (0, 1)], [(0.35, 0), (0.35, 1)], [(0.7, 0), (0.7, 1)]],
}  # fmt: skip
TEST_SHAPES: dict[str, Sequence[Points]] = {
    "up arrow": [[(0.5, 1), (0.5, 0)], [(0.2, 0.35), (0.5, 0), (0.8, 0.35)]],
    "left arrow": [[(1, 0.5), (0, 0.5)], [(0.35, 0.2), (0, 0.5), (0.35, 0.8)]],
    "trapezium": [[(0.25, 0), (0.75, 0), (1, 1), (0, 1), (0.25, 0)]],
    "asterisk": [[(0.5, 0), (0.5, 1)], [(0, 0.25), (1, 0.75)], [(1, 0.25), (0, 0.75)]],
    "flag": [[(0.1, 1), (0.1, 0), (1, 0.2), (0.1, 0.5)]],
    "boat": [[(0, 0.7), (0.2, 1), (0.8, 1), (1, 0.7), (0, 0.7)], [(0.5, 0.7), (0.5, 0), (0.9, 0.55), (0.5, 0.55)]],
    "sun": [
        [(0.5, 0.3), (0.7, 0.5), (0.5, 0.7), (0.3, 0.5), (0.5, 0.3)], [(0.5, 0), (0.5, 0.2)], [(0.5, 0.8), (0.5, 1)],
        [(0, 0.5), (0.2, 0.5)], [(0.8, 0.5), (1, 0.5)], [(0.15, 0.15), (0.28, 0.28)], [(0.72, 0.72), (0.85, 0.85)],
    ],
    "window": [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], [(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
}  # fmt: skip


# How it is drawn


def canvas() -> Image.Image:
    """Return an empty picture, four times as large as it will be."""
    return Image.new("L", (4 * (SIDE + 2 * MARGIN),) * 2)


def as_ink(image: Image.Image) -> Picture:
    """Return a picture as ink from 0 to 1, reduced to a fourth."""
    return np.asarray(image.reduce(4), np.float32) / 255


def stroked(rng: Random, strokes: Sequence[Points], smooth: bool = False) -> Picture:
    """Draw strokes with a pen, stretched, slanted, turned and with points moved a little, as by hand."""
    image = canvas()
    draw, pen = ImageDraw.Draw(image), int(rng.integers(10, 36))
    size = np.array([rng.uniform(0.6, 1), rng.uniform(0.6, 1)]) * 4 * SIDE
    turn, slant = rng.uniform(-0.2, 0.2), rng.uniform(-0.25, 0.25)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[1, slant], [0, 1]]
    for points in strokes:
        moved = (np.array(points) - 0.5 + rng.normal(0, 0.035, (len(points), 2))) * size
        line = curved(moved @ matrix.T) if smooth or (len(points) > 4 and rng.random() < 0.4) else moved @ matrix.T
        placed = [tuple(at) for at in (line + image.width / 2).tolist()]
        draw.line(placed, fill=255, width=pen, joint="curve")
        for x, y in (placed[0], placed[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return as_ink(image)


def curved(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points on a smooth curve through some, closed if they end where they begin."""
    at = np.arange(len(points))
    fine = np.linspace(0, len(points) - 1, 12 * len(points))
    smooth = ndimage.gaussian_filter1d(
        np.stack([np.interp(fine, at, points[:, axis]) for axis in (0, 1)], axis=1), 4, axis=0, mode="nearest"
    )
    return np.asarray(smooth)


def lettered(rng: Random, character: str, font: Path) -> Picture:
    """Draw a character of a font: turned, slanted, stretched, and with pens of several widths."""
    image = canvas()
    drawn = ImageFont.truetype(str(font), int(4 * SIDE * rng.uniform(0.8, 1)))
    ImageDraw.Draw(image).text((image.width / 2,) * 2, character, fill=255, font=drawn, anchor="mm")
    stretch, slant = rng.uniform(0.75, 1.3), rng.uniform(-0.3, 0.3)
    middle = image.width / 2
    matrix = (stretch, slant, middle * (1 - stretch - slant), 0.0, 1.0, 0.0)
    image = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    ink = as_ink(image.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR))
    return widened(rng, bent(rng, ink))


def bent(rng: Random, ink: Picture) -> Picture:
    """Displace every point of a picture smoothly, as handwriting is."""
    shifts = [ndimage.gaussian_filter(rng.normal(0, 1, ink.shape), 10) for _ in range(2)]
    places = [
        at + rng.uniform(0, 3.5) * shift / shift.std() for at, shift in zip(np.indices(ink.shape), shifts, strict=True)
    ]
    return np.asarray(ndimage.map_coordinates(ink, places, order=1), np.float32)


def widened(rng: Random, ink: Picture) -> Picture:
    """Widen strokes by up to three pixels on each side."""
    away = ndimage.distance_transform_edt(ink < 0.5)
    wider = np.clip(rng.choice([0, 0, 0.5, 1.5, 3]) + 0.5 - away, 0, 1)
    return np.maximum(ink, wider.astype(np.float32))


# What is drawn


def characters(letters: str, fonts: Sequence[Path]) -> Kind:
    """Return a kind: one of some characters in one of some fonts."""

    def draw(rng: Random) -> Picture:
        return lettered(rng, letters[rng.integers(len(letters))], fonts[rng.integers(len(fonts))])

    return draw


def shapes(which: dict[str, Sequence[Points]]) -> Kind:
    """Return a kind: one of some shapes, drawn by hand."""
    names = list(which)
    return lambda rng: stroked(rng, which[names[rng.integers(len(names))]])


def scribble(rng: Random) -> Picture:
    """A curve through six to fourteen random points."""
    count = int(rng.integers(6, 15))
    return stroked(rng, [[(float(x), float(y)) for x, y in rng.random((count, 2))]], smooth=bool(rng.random() < 0.7))


def hatching(rng: Random) -> Picture:
    """Three to seven straight lines that cross at random."""
    lines = rng.random((int(rng.integers(3, 8)), 2, 2))
    return stroked(rng, [[(float(x), float(y)) for x, y in line] for line in lines])


def zigzag(rng: Random) -> Picture:
    """A line to and fro, as that by which a word is struck out."""
    count = int(rng.integers(6, 13))
    down = bool(rng.random() < 0.5)
    at = np.linspace(0, 1, count)
    to = np.where(np.arange(count) % 2, rng.uniform(0.7, 1), rng.uniform(0, 0.3)) + rng.normal(0, 0.06, count)
    points = [(float(b), float(a)) if down else (float(a), float(b)) for a, b in zip(at, to, strict=True)]
    return stroked(rng, [points], smooth=bool(rng.random() < 0.6))


def blots(rng: Random) -> Picture:
    """A patch of clouds above a level."""
    clouds = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), rng.uniform(2, 8))
    level = float(np.quantile(clouds, rng.uniform(0.55, 0.85)))
    return np.asarray(np.clip((clouds - level) / clouds.std() * 4, 0, 1), np.float32)


def enlarged(image: Picture) -> Picture:
    """Return an image of MNIST with 56 pixels, in the middle of a picture."""
    side = 2 * image.shape[0]
    large = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    return np.pad(np.clip(np.asarray(large), 0, 1), (SIDE + 2 * MARGIN - side) // 2)


def crossed_out(digits: Picture) -> Kind:
    """Return a kind: a digit that is struck through with two lines or a zigzag, or scribbled over."""

    def draw(rng: Random) -> Picture:
        digit = enlarged(digits[rng.integers(len(digits))])
        over = [stroked(rng, FIT_SHAPES["cross"]), zigzag(rng), hatching(rng)][rng.integers(3)]
        return np.maximum(digit, over)

    return draw


def run_together(digits: Picture) -> Kind:
    """Return a kind: two digits side by side that touch or overlap."""

    def draw(rng: Random) -> Picture:
        pair = [digits[i][:, _inked(digits[i])] for i in rng.integers(len(digits), size=2)]
        lap = int(rng.integers(0, 4))
        both = np.zeros((28, max(sum(p.shape[1] for p in pair) - lap, *(p.shape[1] for p in pair))), np.float32)
        both[:, : pair[0].shape[1]] = pair[0]
        right = both[:, -pair[1].shape[1] :]
        np.maximum(right, pair[1], out=right)
        size = (2 * both.shape[1], 56)
        return np.clip(np.asarray(Image.fromarray(both).resize(size, Image.Resampling.BICUBIC)), 0, 1)

    return draw


def _inked(image: Picture) -> slice:
    columns = np.flatnonzero(image.any(axis=0))
    return slice(int(columns[0]), int(columns[-1]) + 1)


def leaves(rng: Random) -> NDArray[np.uint8]:
    """Return a picture like a photo: shapes of all sizes, one over the other, shaded, out of focus and with grain.

    References
    ----------
    Lee, Mumford, Huang, "Occlusion models for natural images", 2001.
    """
    side = int(rng.integers(40, 160))
    picture = np.full((side, side), rng.uniform(0, 1), np.float32)
    y, x = np.indices(picture.shape, np.float32)
    for _ in range(int(rng.integers(4, 40))):
        radius = side * min(0.6, 0.04 * (1 + float(rng.pareto(1))))
        turn, flat = rng.uniform(0, np.pi), rng.uniform(0.15, 1)
        dx, dy = x - rng.uniform(0, side), y - rng.uniform(0, side)
        along, across = dx * np.cos(turn) + dy * np.sin(turn), (dy * np.cos(turn) - dx * np.sin(turn)) / flat
        far = np.hypot(along, across) if rng.random() < 0.6 else np.maximum(np.abs(along), np.abs(across))
        shade = rng.uniform(0, 1) + rng.uniform(-0.3, 0.3) * along / radius
        picture = np.where(far < radius, shade, picture)
    picture = ndimage.gaussian_filter(picture, rng.uniform(0.3, 2)) + rng.normal(0, rng.uniform(0, 0.04), picture.shape)
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)


def photo_crops(rng: Random, photo: NDArray[np.uint8], count: int) -> Iterator[NDArray[np.uint8]]:
    """Cut squares of many sizes out of a photo."""
    for _ in range(count):
        side = int(rng.integers(24, min(photo.shape[:2]) // 2))
        top, left = (int(rng.integers(0, n - side)) for n in photo.shape[:2])
        yield photo[top : top + side, left : left + side]
