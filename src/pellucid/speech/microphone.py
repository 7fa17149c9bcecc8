"""The microphone: a stream of samples, through the optional package sounddevice."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pellucid.errors import ConfigurationError, DataError

_BLOCK = 0.1
_MOST_WAITING = 100


class Microphone:
    """The default input device, open while in a ``with`` block.

    Attributes
    ----------
    rate : int
        Samples per second.

    Raises
    ------
    ConfigurationError
        If sounddevice is not installed, or there is no device.
    """

    def __init__(self) -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise ConfigurationError(
                f"The microphone needs the package sounddevice and the library PortAudio ({error}): "
                "pip install sounddevice."
            ) from error
        try:
            self.rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
            self._waiting: queue.Queue[npt.NDArray[np.float32]] = queue.Queue(_MOST_WAITING)
            self._stream: Any = sounddevice.InputStream(
                samplerate=self.rate, channels=1, dtype="float32", blocksize=int(_BLOCK * self.rate),
                callback=self._take,
            )  # fmt: skip
        except (sounddevice.PortAudioError, ValueError) as error:
            raise ConfigurationError(f"No microphone can be opened ({error}): plug one in.") from error

    def _take(self, samples: npt.NDArray[np.float32], *_: object) -> None:
        """Take samples; the device calls this on its own thread."""
        try:
            self._waiting.put_nowait(samples[:, 0].copy())
        except queue.Full:
            # The listener is ten seconds behind: these samples are lost.
            return

    def blocks(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield samples (n,) in blocks of a tenth of a second, without end."""
        while True:
            try:
                yield self._waiting.get(timeout=5)
            except queue.Empty:
                raise DataError("The microphone has stopped sending sound: check that it is plugged in.") from None

    def __enter__(self) -> Self:
        self._stream.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.stop()
        self._stream.close()
