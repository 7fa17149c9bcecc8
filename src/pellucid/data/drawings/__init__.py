"""Drawings and photos to pixels: pictures read, their digits found, each centred as MNIST's were."""

from __future__ import annotations

from pellucid.data.drawings.centring import center as center
from pellucid.data.drawings.finding import Digit as Digit
from pellucid.data.drawings.finding import find_digits as find_digits
from pellucid.data.drawings.reading import read_picture as read_picture

__all__ = ["Digit", "center", "find_digits", "read_picture"]
