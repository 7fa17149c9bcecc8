"""Plots with matplotlib, which is an optional package: ``pip install 'pellucid[plot]'``.

Each function draws on the Axes ``ax``, or on those of a new figure, and returns them. Every number is the network's.

>>> import pellucid as pl
>>> digits = pl.data.load("digits")
>>> net = pl.load("digits-relu")
>>> axes = pl.plot.confusion(net, digits.test)                 # doctest: +SKIP
>>> axes.figure.savefig("confusion.png")                       # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.plot.class_regions import decision_regions as decision_regions
    from pellucid.plot.confusion_matrix import confusion as confusion
    from pellucid.plot.layer_weights import weights as weights
    from pellucid.plot.recurrent_gates import gates as gates
    from pellucid.plot.training_curves import curves as curves

_HOMES = {
    "confusion": "confusion_matrix",
    "curves": "training_curves",
    "decision_regions": "class_regions",
    "gates": "recurrent_gates",
    "weights": "layer_weights",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
