"""Drawings and photos to pixels: pictures read, their digits found, each centred as MNIST's were."""

from __future__ import annotations

from pellucid.data.drawings.centring import center as center
from pellucid.data.drawings.finding import Digit as Digit
from pellucid.data.drawings.finding import find_digits as find_digits
from pellucid.data.drawings.reading import read_picture as read_picture
from pellucid.data.drawings.steps import Step as Step
from pellucid.data.drawings.steps import center_steps as center_steps

__all__ = ["Digit", "Step", "center", "center_steps", "find_digits", "read_picture"]
