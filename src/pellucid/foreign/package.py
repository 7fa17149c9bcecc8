"""The optional package ``onnx``."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ConfigurationError


def onnx_package() -> Any:
    """The package ``onnx``.

    Raises
    ------
    ConfigurationError
        If it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise ConfigurationError(
            f"ONNX files need the package onnx ({error}): pip install 'pellucid[onnx]'."
        ) from error
    return onnx
