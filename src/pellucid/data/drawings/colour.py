"""Convert colour, transparency and unusual level ranges to grey, with contrast between ink and paper."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pellucid.errors import DataError

# Rec. 601 luma, which Pillow's own conversion to grey uses.
LUMA = np.array([0.299, 0.587, 0.114])
# Luma is not used where it keeps less than this share of the variance along the best direction.
LUMA_SHARE = 0.15
# Strokes cover less of a picture than this; a cut-out sheet covers more, and varies in brightness.
SHEET_COVER = 0.5
SHEET_SPREAD = 0.15
PREVIEW_SIDE = 400


def flatten(image: Image.Image) -> Image.Image:
    """Flatten transparency onto a suitable background; return mode "L", "RGB", "F", or 16-bit or 32-bit grey."""
    if image.mode == "F" or image.mode.startswith("I"):
        return image
    if not image.has_transparency_data:
        return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")
    layered = image if image.mode == "RGBA" else image.convert("RGBA")
    flat = Image.new("RGB", layered.size, _ground(layered))
    flat.paste(layered, mask=layered.getchannel("A"))
    return flat


def grey_of(flat: Image.Image) -> NDArray[np.float32]:
    """Return the grey levels of a flattened picture, from 0 to 1."""
    if flat.mode in ("L", "RGB"):
        grey = np.array(flat if flat.mode == "L" else _mix(flat), np.float32)
        grey /= 255
        return grey
    deep = np.asarray(flat)
    if not np.isfinite(deep).all():
        raise DataError("Expected finite levels, got NaN or infinity in the picture: save it as PNG.")
    low, high = float(deep.min()), float(deep.max())
    if deep.dtype.kind == "f":
        low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    else:
        low, high = (0.0, 65535.0) if low >= 0 and high <= 65535 else (low, high)
    unit = (deep.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    unit = np.clip(unit, 0, 1)  # large levels are rounded
    return np.asarray(unit, np.float32)


def _ground(layered: Image.Image) -> tuple[int, int, int]:
    pixels = _preview(layered).reshape(-1, 4)
    seen = pixels[pixels[:, 3] > 0.5, :3]
    if not len(seen):
        return 255, 255, 255
    light = seen @ LUMA
    low, middle, high = np.percentile(light, [5, 50, 95])
    if len(seen) > SHEET_COVER * len(pixels) and high - low > SHEET_SPREAD:
        red, green, blue = (round(255 * float(c)) for c in np.median(seen, axis=0))
        return red, green, blue
    return (0, 0, 0) if middle > 0.5 else (255, 255, 255)


def _mix(colour: Image.Image) -> Image.Image:
    weights = _contrast_weights(_preview(colour))
    if weights is None:
        return colour.convert("L")
    red, green, blue = (float(w) for w in weights)
    offset = -255 * float(np.minimum(weights, 0).sum())
    return colour.convert("L", (red, green, blue, offset))


def _contrast_weights(pixels: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the weights of red, green and blue with the most local contrast; None if luma is nearly as good."""
    from pellucid.data.drawings import ndimage

    sigma = max(1.0, min(pixels.shape[:2]) / 8)
    detail = pixels - ndimage.gaussian_filter(pixels, (sigma, sigma, 0))
    covariance = np.cov(detail.reshape(-1, 3), rowvar=False)
    axis: NDArray[np.float64] = np.linalg.eigh(covariance)[1][:, -1]
    axis = axis / np.abs(axis).sum() * (1 if axis @ LUMA >= 0 else -1)
    if LUMA @ covariance @ LUMA >= LUMA_SHARE * (axis @ covariance @ axis):
        return None
    return axis


def _preview(image: Image.Image) -> NDArray[np.float64]:
    """Return a small copy, which suffices for colour statistics."""
    factor = max(1, max(image.size) // PREVIEW_SIDE)
    small: Any = image.reduce(factor) if min(image.size) >= factor else image
    return np.asarray(small, np.float64) / 255
