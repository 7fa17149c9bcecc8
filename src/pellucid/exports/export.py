"""Write a network for another program."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Literal

from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.system.arguments import as_path
from pellucid.system.atomic_write import write_whole

Target = Literal["onnx", "c", "numpy"]

ENDINGS: dict[str, Target] = {".onnx": "onnx", ".c": "c", ".py": "numpy"}
"""The target that a file's ending stands for."""


def export(
    net: Network,
    path: str | PathLike[str],
    to: Target | None = None,
    *,
    int8: bool = False,
    dtype: Literal["float32", "uint8"] = "float32",
) -> tuple[Path, ...]:
    """Write a network for another program: an ONNX graph, one file of C99, or one page of NumPy.

    What each can do is in ``docs/export.md``.

    Parameters
    ----------
    net : Network
    path : path
        The file; an existing one is replaced once the new one is complete. NumPy's parameters go beside it, into
        a file that ends in ``.npz``.
    to : {"onnx", "c", "numpy"}, optional
        By default what the path's ending says: ``.onnx``, ``.c`` or ``.py``.
    int8 : bool
        C only: weights as whole numbers of 8 bits.
    dtype : {"float32", "uint8"}
        ONNX only: the type of the inputs; see `to_onnx`.

    Returns
    -------
    tuple of Path
        The files that were written.

    Raises
    ------
    ConfigurationError
        For an unknown target, an option of another one, a network that the target cannot hold, or, for ONNX, a
        missing package.
    OSError
        If a file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pellucid as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in pl.export(pl.load("digits-relu"), pathlib.Path(folder) / "digits.py")]
    ['digits.npz', 'digits.py']
    """
    if not isinstance(net, Network):
        raise ConfigurationError(f"export expected a network, got {type(net).__name__}.")
    place = as_path("export", path)
    target = _target(place, to)
    if int8 and target != "c":
        raise ConfigurationError(f'int8 is for C, not for "{target}".')
    if dtype != "float32" and target != "onnx":
        raise ConfigurationError(f'dtype is for ONNX, not for "{target}".')
    if target == "onnx":
        from pellucid.exports.onnx_file import to_onnx

        to_onnx(net, place, dtype=dtype)
        return (place,)
    if target == "c":
        from pellucid.exports.c_file import c_source

        contents = {place: c_source(net, place, int8=int8).encode("ascii")}
    else:
        from pellucid.exports.numpy_file import numpy_files

        contents = numpy_files(net, place)
    for each, content in contents.items():
        write_whole(each, content)
    return tuple(contents)


def _target(path: Path, to: Target | None) -> Target:
    if to is None:
        if path.suffix.lower() not in ENDINGS:
            raise ConfigurationError(
                f"export expected a file that ends in {', '.join(ENDINGS)}, or to= as one of "
                f"{', '.join(ENDINGS.values())}; got {path.name!r}."
            )
        return ENDINGS[path.suffix.lower()]
    if to not in ENDINGS.values():
        raise ConfigurationError(f"to expected one of {', '.join(ENDINGS.values())}; got {to!r}.")
    if to == "numpy" and path.suffix == ".npz":
        raise ConfigurationError("export expected another ending than .npz: the parameters get that.")
    return to
