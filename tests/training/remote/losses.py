"""Losses that go wrong, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np


def absolute(outputs: Any, targets: Any) -> tuple[float, Any]:
    """The mean absolute error of one output."""
    away = outputs - np.reshape(targets, outputs.shape)
    return float(np.abs(away).mean()), np.sign(away) / away.size


def wrong(outputs: Any, targets: Any) -> tuple[float, Any]:
    """A mistake of the user's."""
    raise ZeroDivisionError("a mistake in a loss")


class Deadly:
    """Kills the process it is called in, a limited number of times."""

    def __init__(self, folder: Path, times: int) -> None:
        self.folder, self.times = folder, times

    def __call__(self, outputs: Any, targets: Any) -> tuple[float, Any]:
        """`absolute`, unless it kills."""
        for number in range(self.times):
            try:
                (self.folder / str(number)).touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        return absolute(outputs, targets)
