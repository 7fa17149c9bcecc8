"""When checkpoints are written: so that a kill costs the epoch under way, or a second where epochs are shorter."""

from __future__ import annotations

import time
from collections.abc import Callable
from os import PathLike

_INTERVAL = 1.0  # seconds


class CheckpointWriter:
    """Writes checkpoints while training runs.

    One is written before the first step. At the end of an epoch one is written if the next epoch, up to twice as long
    as the last one, could end more than a second after the last checkpoint.

    Parameters
    ----------
    save : callable
        Writes a checkpoint to a path.
    path : path, optional
        Without one, nothing is written.
    """

    def __init__(
        self,
        save: Callable[[str | PathLike[str]], None],
        path: str | PathLike[str] | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._save, self._path, self._clock = save, path, clock
        self._written = self._epoch_began = clock()

    def write(self) -> None:
        """Write one now."""
        if self._path is not None:
            self._save(self._path)
        self._written = self._epoch_began = self._clock()

    def epoch_ended(self) -> None:
        """Write one if the next epoch's end would come too late."""
        now = self._clock()
        epoch, self._epoch_began = now - self._epoch_began, now
        if now - self._written + 2 * epoch > _INTERVAL:
            self.write()
