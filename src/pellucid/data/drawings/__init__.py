"""From drawings and photos to pixels: read a picture, find its digits, and centre each as in MNIST."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.data.drawings.centring import center as center
    from pellucid.data.drawings.finding import Digit as Digit
    from pellucid.data.drawings.finding import find_digits as find_digits
    from pellucid.data.drawings.finding import find_in_steps as find_in_steps
    from pellucid.data.drawings.reading import read_picture as read_picture
    from pellucid.data.drawings.steps import Step as Step
    from pellucid.data.drawings.steps import center_steps as center_steps

_HOMES = {
    "Digit": "finding",
    "Step": "steps",
    "center": "centring",
    "center_steps": "steps",
    "find_digits": "finding",
    "find_in_steps": "finding",
    "read_picture": "reading",
}

__all__ = ["Digit", "Step", "center", "center_steps", "find_digits", "find_in_steps", "read_picture"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
