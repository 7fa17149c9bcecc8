"""The campaigns, one module each: add a module here and its name to `MODULES`."""

from __future__ import annotations

MODULES = tuple(
    f"{__name__}.{name}"
    for name in (
        "model_files",
        "onnx_files",
        "checkpoints",
        "networks",
        "arguments",
        "pictures",
        "sounds",
        "data_files",
        "tables",
        "courses",
        "messages",
        "requests",
        "kills",
    )
)
"""The modules in the order in which they run."""
