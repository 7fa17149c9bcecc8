"""The data that many trainings share."""

from __future__ import annotations

import copy
import secrets
import threading
from typing import Any

from pellucid.data import Dataset
from pellucid.data.rows import is_in_memory
from pellucid.errors import ConfigurationError
from pellucid.programs.feed import promise_unchanging


class SharedData:
    """Training and validation data, or functions that return them, which every process calls once for these trainings.

    Parameters
    ----------
    train : Dataset, Sequences, Stream or callable
    validation : the same, optional
    token : str, optional
        Tells what functions return from what they returned for other trainings.
    """

    def __init__(self, train: Any, validation: Any = None, token: str | None = None) -> None:
        self._given = train, validation
        self._token = token or (secrets.token_hex(8) if callable(train) or callable(validation) else "")
        self._made: tuple[Any, Any] | None = None
        self._making = threading.Lock()

    def made(self) -> tuple[Any, Any]:
        """Training and validation data, the same objects every time."""
        with self._making:
            if self._made is None:
                train, validation = (_unchanging(part() if callable(part) else part) for part in self._given)
                self._made = train, validation
            return self._made

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of one example; None if the data are not made yet."""
        return getattr(self._given[0], "shape", None)

    def __reduce__(self) -> tuple[Any, ...]:
        for part in self._given:
            if isinstance(part, Dataset) and not is_in_memory(part.images):
                raise ConfigurationError(
                    "Other processes expected data in memory, or a function that opens them there; these are in "
                    "files: pass a function of a module, such as functools.partial(pl.data.load, path)."
                )
        return type(self), (*self._given, self._token)


def _unchanging(data: Any) -> Any:
    """The same data, whose images nobody changes while these trainings last."""
    if not isinstance(data, Dataset):
        return data
    twin = copy.copy(data)
    promise_unchanging(twin)
    return twin
