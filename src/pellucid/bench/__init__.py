"""The benchmark: Pellucid and its peers run the same workloads in turns, with checked results and ratios."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.bench.limits import Cost, Limits, cost, measure_limits
    from pellucid.bench.measure import measure
    from pellucid.bench.peers import everyone
    from pellucid.bench.report import chart, render
    from pellucid.bench.results import Entry, Result, Variant
    from pellucid.bench.sequence_work import SequenceWork, sequence_works
    from pellucid.bench.suite import Report, compare, load, save
    from pellucid.bench.variants import measure_variants
    from pellucid.bench.work import InferenceWork, TrainingWork, Work, inference_works, training_works

__all__ = [
    "Cost",
    "Entry",
    "InferenceWork",
    "Limits",
    "Report",
    "Result",
    "SequenceWork",
    "TrainingWork",
    "Variant",
    "Work",
    "chart",
    "compare",
    "cost",
    "everyone",
    "inference_works",
    "load",
    "measure",
    "measure_limits",
    "measure_variants",
    "render",
    "save",
    "sequence_works",
    "training_works",
]

_HOME = {
    "limits": ("Cost", "Limits", "cost", "measure_limits"),
    "measure": ("measure",),
    "peers": ("everyone",),
    "report": ("chart", "render"),
    "results": ("Entry", "Result", "Variant"),
    "sequence_work": ("SequenceWork", "sequence_works"),
    "suite": ("Report", "compare", "load", "save"),
    "variants": ("measure_variants",),
    "work": ("InferenceWork", "TrainingWork", "Work", "inference_works", "training_works"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
