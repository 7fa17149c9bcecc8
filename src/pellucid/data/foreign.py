"""Arrays of other libraries as NumPy arrays: their memory is shared where that is possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError

_REACHABLE = (1, 3, 11)
"""DLPack's numbers for memory that the processor reads: its own, and that which CUDA and ROCm pin for transfers."""


def array_of(values: Any, what: str, ragged: str) -> npt.NDArray[Any]:
    """Numbers as a NumPy array.

    Parameters
    ----------
    values : array_like
        NumPy arrays, nested sequences, and whatever has ``__array__`` or ``__dlpack__``: tensors of PyTorch, arrays of
        JAX and others. Their memory is shared if it is contiguous and of a type that NumPy has.
    what : str
        What they are, for messages.
    ragged : str
        The message for nested sequences of different lengths.

    Raises
    ------
    DataError
        If they are ragged, on another device, need their gradient, or have a type that NumPy does not have.
    """
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "__dlpack__"):
        shared = _shared(values, what)
        if shared is not None:
            return shared
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(ragged) from error
    except (TypeError, RuntimeError, BufferError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise DataError(
            f"Expected {what} that NumPy can read, got {type(values).__name__} ({reason}): convert them first, as in "
            "x.detach().cpu().float()."
        ) from error


def _shared(values: Any, what: str) -> npt.NDArray[Any] | None:
    """The array over the memory of another library's; None if only a copy is possible."""
    if getattr(values, "requires_grad", False):
        raise DataError(f"Expected {what} as plain numbers, got a tensor that needs its gradient: pass x.detach().")
    try:
        device = int(values.__dlpack_device__()[0])
    except (AttributeError, TypeError, ValueError, RuntimeError, BufferError):
        return None
    if device not in _REACHABLE:
        place = getattr(values, "device", f"number {device}")
        raise DataError(
            f"Expected {what} in the processor's memory, got an array on the device {place}: move it there first, as "
            "in x.cpu() or jax.device_get(x)."
        )
    try:
        shared: npt.NDArray[Any] = np.from_dlpack(values)
    except (AttributeError, TypeError, ValueError, RuntimeError, BufferError):
        return None
    return shared
