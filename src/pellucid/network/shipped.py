"""The shipped networks by name: where their files are."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from pellucid.errors import ConfigurationError
from pellucid.system.arguments import as_path, exists

_FOLDER = Path(__file__).parents[1] / "models"

DEFAULT = "digits-relu"
"""The default network to look into: small enough to show every number, and learnt from labels alone."""

READER = "digits-conv"
"""The network that reads digits best."""

HEARER = "spoken-digits"
"""The network that hears digits."""


def names() -> list[str]:
    """Names of the shipped networks."""
    return sorted(path.stem for path in _FOLDER.glob("*.safetensors"))


def shipped_path(source: str | PathLike[str]) -> Path:
    """The file that a path or the name of a shipped network stands for.

    Raises
    ------
    ConfigurationError
        If there is neither such a file nor such a name.
    """
    path = as_path("load", source)
    if isinstance(source, str) and source in names():
        return _FOLDER / f"{source}.safetensors"
    if exists(path):
        return path
    raise ConfigurationError(
        f"There is no file {str(source)!r}, nor a shipped network of that name; those are {', '.join(names())}."
    )
