"""Networks in safetensors files. Loading arbitrary bytes runs no code and raises only typed errors.

A file holds the parameters, one tensor a layer and name (``layers.0.weight`` (out, in), ``layers.0.bias``), and under
the metadata key ``pellucid`` a JSON object: the format's version, the network's configuration (see
`Network.configuration`) and its training record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, FileFormatError, PellucidError
from pellucid.network.configuration import checked_shape, described_size, layers_of
from pellucid.network.network import Network
from pellucid.network.shipped import shipped_path
from pellucid.programs.cost import cost_of
from pellucid.system.arguments import as_path, exists
from pellucid.system.atomic_write import write_whole
from pellucid.system.fields import Field, FieldError, Integer, Maybe, Number, Several, Table, Text, check
from pellucid.system.regular_file import open_regular

VERSION = 1
MAX_BYTES = 1 << 31
MAX_PRODUCTS = 5_000_000_000
"""Multiply-adds for one input, or one frame, of a network that is loaded without being asked for: some seconds."""

MAX_MEMORY = 400_000_000
"""Bytes that one thread may need to run it."""

_MAX_HEADER = 1 << 20
_NONSENSE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    ArithmeticError,
    PellucidError,
)
"""What reading a made-up description can raise."""

_DESCRIPTION: dict[str, Field] = {"version": Integer(), "network": Table()}
_NETWORK: dict[str, Field] = {
    "input_shape": Several(Maybe(Integer(1, 1 << 24)), 1, 32),
    "layers": Several(Table(), 1, 1000),
}
_NETWORK_OPTIONS: dict[str, Field] = {
    "seed": Integer(0, None),
    "level_range": Maybe(Several(Number(), 2, 2)),
    "classes": Maybe(Several(Text(), 1, 1 << 24)),
}
_RECORD: dict[str, Field] = {"record": Table()}
"""What the fields of a network's description may be; `layers_of` and the layers check what is in ``layers``.

A record is what people were told of the training, and may hold anything: who goes by a part of it checks that part.
"""

StrPath = str | PathLike[str]
Tensors = dict[str, NDArray[Any]]


def save(net: Network, path: StrPath) -> None:
    """Write a network to a safetensors file, whole or not at all.

    Parameters
    ----------
    net : Network
        Its parameters, configuration and record are kept.
    path : path
        An existing file there is replaced only once the new one is complete.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is untouched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pl.save(net, pathlib.Path(folder) / "net.safetensors")
    ...     pl.load(pathlib.Path(folder) / "net.safetensors")
    <Network 784-10: 7,850 parameters>
    """
    write_tensors(path, network_tensors(net), {"pellucid": describe(net)})


def load(source: StrPath, *, bounded: bool = True) -> Network:
    """Read a network from a file, or a shipped one by its name, such as "digits-relu".

    Parameters
    ----------
    source : path or str
        A file that `save` wrote, an ONNX file (see `from_onnx`), or the name of a shipped network.
    bounded : bool
        Whether to refuse networks that take more than `MAX_PRODUCTS` multiply-adds for one input, or more than
        `MAX_MEMORY` bytes to run: a file of a few bytes can describe one.

    Raises
    ------
    FileFormatError
        If the file is damaged, hostile, not a network of ours, or beyond the bounds.
    ConfigurationError
        If there is neither such a file nor such a name.
    """
    path = shipped_path(source)
    return network_of(path, *read_parts(path), bounded=bounded)


def from_onnx(path: StrPath, *, bounded: bool = True) -> Network:
    """Read a network from an ONNX file, of this package or of another library; `load` does the same.

    Parameters
    ----------
    path : path
        What can be read is in ``docs/export.md``.
    bounded : bool
        As for `load`.

    Raises
    ------
    FileFormatError
        If the file is damaged or hostile, refers to other files, or has a node that no layer can stand for; the
        message names it.
    ConfigurationError
        If there is no such file, or the package ``onnx`` is missing.
    """
    from pellucid.foreign.onnx_file import parse_onnx

    place = as_path("from_onnx", path)
    if not exists(place):
        raise ConfigurationError(f"There is no file {str(path)!r}.")
    return network_of(place, *parse_onnx(_content(place), place), bounded=bounded)


def read_parts(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata of a network file, a safetensors or ONNX file; see `network_of`."""
    return parse_parts(_content(path), path)


def parse_parts(content: bytes, path: StrPath) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata of a network file's content; ``path`` is what errors call it."""
    from pellucid.foreign.onnx_file import is_onnx, parse_onnx

    if is_onnx(content) or Path(path).suffix.lower() == ".onnx":
        return parse_onnx(content, path)
    return parse_tensors(content, path)


def network_bytes(net: Network) -> bytes:
    """What `save` writes."""
    return _to_bytes(network_tensors(net), {"pellucid": describe(net)})


def describe(net: Network) -> str:
    """Version, configuration and record of a network as JSON."""
    return json.dumps({"version": VERSION, "network": net.configuration(), "record": net.record})


def network_tensors(net: Network) -> Tensors:
    """The parameters under the names they have in files, weights (out, in)."""
    return {f"layers.{i}.{name}": view for i, layer in enumerate(net.layers) for name, view in layer.named().items()}


def network_of(path: Path, tensors: Tensors, metadata: Mapping[str, str], *, bounded: bool = True) -> Network:
    """The network that a file describes, with its parameters; see `load` for ``bounded``."""
    try:
        described = _checked_description(metadata)
        if bounded:
            _check_cost(path, described["network"])
        _check_size(path, described["network"], tensors)
        net = Network.from_configuration(described["network"], draw=False)
    except FileFormatError:
        raise
    except FieldError as error:
        raise FileFormatError(f"{path} is no Pellucid network: {error}.") from error
    except MemoryError as error:
        raise FileFormatError(f"{path} describes a network that takes more memory than there is.") from error
    except _NONSENSE as error:
        raise FileFormatError(f"{path} is no Pellucid network: its description makes no sense ({error}).") from error
    _fill(path, net, tensors)
    net.record = described.get("record", {})
    return net


def _checked_description(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What a file says of its network.

    Raises
    ------
    FieldError
        Naming the field that is missing, unknown or wrong.
    """
    described: dict[str, Any] = read_json(metadata, "pellucid")
    if isinstance(described, dict) and isinstance(described.get("version"), int) and described["version"] != VERSION:
        raise FieldError(f"it has format version {described['version']!r}, and this Pellucid reads {VERSION}")
    check(_DESCRIPTION, described, optional=_RECORD)
    check(_NETWORK, described["network"], optional=_NETWORK_OPTIONS, of="network")
    return described


def read_json(metadata: Mapping[str, str], name: str) -> Any:
    """What a file's metadata hold in JSON under that name.

    Raises
    ------
    FieldError
        If there is no such name, or no JSON.
    """
    if name not in metadata:
        raise FieldError(f"its metadata lack {name}")
    try:
        return json.loads(metadata[name])
    except (ValueError, RecursionError) as error:
        raise FieldError(f"its {name} is no JSON ({error})") from error


def _check_cost(path: Path, configuration: Mapping[str, Any]) -> None:
    """Refuse networks that take long, or much memory, whatever the size of their file."""
    cost = cost_of(layers_of(configuration), checked_shape(configuration["input_shape"]))
    for what, needed, most in (
        ("multiply-adds for one input", cost.products, MAX_PRODUCTS),
        ("bytes of memory to run", cost.memory, MAX_MEMORY),
    ):
        if needed > most:
            raise FileFormatError(
                f"{path} describes a network that takes {needed:,} {what}, more than the bound of {most:,}: if you "
                "trust the file, load it with pl.load(path, bounded=False)."
            )


def _check_size(path: Path, configuration: Mapping[str, Any], tensors: Tensors) -> None:
    """Refuse descriptions far larger than what the file holds, before any memory is taken for them."""
    stored = sum(tensor.size for name, tensor in tensors.items() if name.startswith("layers."))
    described = described_size(configuration)
    if described != stored:
        raise FileFormatError(f"{path} describes a network of {described:,} parameters and holds {stored:,}.")


def _fill(path: Path, net: Network, tensors: Tensors) -> None:
    wanted = network_tensors(net)
    held = {name for name in tensors if name.startswith("layers.")}
    if missing := sorted(wanted.keys() - held):
        raise FileFormatError(f"{path} lacks {', '.join(missing)}.")
    if extra := sorted(held - wanted.keys()):
        raise FileFormatError(f"{path} holds what the network has no place for: {', '.join(extra)}.")
    for name, view in wanted.items():
        tensor = tensors[name]
        if tensor.dtype != np.float32 or tensor.shape != view.shape:
            raise FileFormatError(
                f"{path}: {name} expected float32 of shape {view.shape}, got {tensor.dtype} of shape {tensor.shape}."
            )
        if not np.isfinite(tensor).all():
            raise FileFormatError(f"{path}: {name} holds NaN or infinite values.")
        view[...] = tensor


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """All tensors and the metadata of a safetensors file.

    Raises
    ------
    FileFormatError
        If it cannot be read as one, is larger than ``MAX_BYTES``, or is a folder, a device or a pipe.
    """
    return parse_tensors(_content(path), path)


def _content(path: Path) -> bytes:
    """All bytes of a file, within the bound."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise FileFormatError(f"{path} has {size:,} bytes; a network file has at most {MAX_BYTES:,}.")
            return file.read(size)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {error.strerror or error}.") from error


def parse_tensors(content: bytes, path: StrPath) -> tuple[Tensors, dict[str, str]]:
    """All tensors and the metadata of a safetensors file's content; ``path`` is what errors call it."""
    import safetensors
    from safetensors.numpy import load as load_bytes

    header_size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or header_size > min(_MAX_HEADER, len(content) - 8):
        raise FileFormatError(f"{path} is no safetensors file, or is cut off.")
    try:
        header = json.loads(content[8 : 8 + header_size])
        metadata = header.get("__metadata__") or {}
        tensors = load_bytes(content)
    except (safetensors.SafetensorError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FileFormatError(f"{path} is no safetensors file, or is damaged ({error}).") from error
    return dict(tensors), metadata


def write_tensors(path: StrPath, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file beside its place, flush it to the disk, then move it there."""
    write_whole(Path(path), _to_bytes(tensors, metadata))


def _to_bytes(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    from safetensors.numpy import save as to_bytes

    return to_bytes({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, dict(metadata))
