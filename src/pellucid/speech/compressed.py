"""Recordings of telephones and browsers: AAC in MP4 or as a stream, and Opus or Vorbis in WebM.

PyAV reads them, from the extra ``media``; otherwise the program ``ffmpeg``, where it is installed. Only a file that
begins like one of these formats reaches them, and each is told which format to expect, so that no file makes them open
another.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError

Floats = npt.NDArray[np.float32]

FORMATS = "M4A, AAC or WebM"
_RATE = 48_000
"""Samples per second that ffmpeg is asked for."""


def container_of(start: bytes) -> str | None:
    """The name of the container, as FFmpeg spells it, of a file with these first bytes; None for other formats.

    Examples
    --------
    >>> container_of(bytes([0, 0, 0, 28]) + b"ftypM4A ")
    'mp4'
    """
    if start[4:8] == b"ftyp":
        return "mp4"
    if start[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    return "aac" if start[:1] == b"\xff" and start[1:2] and start[1] & 0xF6 == 0xF0 else None


def opened_container(file: IO[bytes], container: str, name: str) -> Any:
    """A recording in a container, with the attributes and methods of `soundfile.SoundFile` that are used.

    Raises
    ------
    DataError
        If it holds no sound, is damaged, or nothing on this machine can read it.
    """
    if importlib.util.find_spec("av") is not None:
        return _ByPyAV(file, container, name)
    if (program := shutil.which("ffmpeg")) is not None:
        return _ByFFmpeg(file, container, name, program)
    raise DataError(
        f"{name} is a recording in {FORMATS}, which needs PyAV: pip install 'pellucid[media]', or save it as WAV, "
        "FLAC, OGG or MP3."
    )


class _Decoded:
    """Blocks of samples from an iterator of arrays (n, channels) of any length."""

    samplerate: int
    channels: int
    frames = 0  # unknown until the end

    def __init__(self, parts: Iterator[Floats]) -> None:
        self._parts, self._rest = parts, np.zeros((0, self.channels), np.float32)

    def read(self, frames: int, dtype: str = "float32", always_2d: bool = True) -> Floats:
        """The next block (n, channels) of at most ``frames`` samples; empty at the end."""
        held = [self._rest]
        while sum(map(len, held)) < frames and (part := next(self._parts, None)) is not None:
            held.append(part)
        whole = np.concatenate(held)
        self._rest = whole[frames:]
        return whole[:frames]

    def close(self) -> None:
        """End decoding."""

    def __enter__(self) -> _Decoded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ByPyAV(_Decoded):
    """Decoded by PyAV."""

    def __init__(self, file: IO[bytes], container: str, name: str) -> None:
        import av

        try:
            self._container = av.open(file, format=container)
            streams = self._container.streams.audio
        except (av.error.FFmpegError, ValueError) as error:
            raise DataError(f"{name} cannot be read as a recording: {error}.") from error
        if not streams:
            self._container.close()
            raise DataError(f"{name} holds no sound: expected a recording.")
        stream = streams[0]
        self.samplerate, self.channels = int(stream.rate or _RATE), int(stream.channels or 1)
        super().__init__(self._frames(stream))

    def _frames(self, stream: Any) -> Iterator[Floats]:
        import av

        layout = stream.layout
        resampler = av.AudioResampler(format="flt", layout=layout, rate=self.samplerate)
        try:
            for frame in self._container.decode(stream):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1, self.channels).astype(np.float32)
        except (av.error.FFmpegError, ValueError) as error:
            raise RuntimeError(f"damaged: {error}") from error  # as SoundFile does; the recording ends here

    def close(self) -> None:
        """See `_Decoded.close`."""
        self._container.close()


class _ByFFmpeg(_Decoded):
    """Decoded by the program ffmpeg, which may open no other file."""

    samplerate, channels = _RATE, 1

    def __init__(self, file: IO[bytes], container: str, name: str, program: str) -> None:
        self._held = tempfile.NamedTemporaryFile()  # noqa: SIM115 - MP4 has to be read out of order
        shutil.copyfileobj(file, self._held)
        self._held.flush()
        command = [
            program, "-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", "-f", container, "-i",
            f"file:{self._held.name}", "-vn", "-f", "f32le", "-ac", "1", "-ar", str(_RATE), "pipe:1",
        ]  # fmt: skip
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        super().__init__(self._samples())
        first = next(self._parts, None)
        if first is None:
            self.close()
            raise DataError(f"{name} cannot be read as a recording: ffmpeg found no sound in it.")
        self._rest = first

    def _samples(self) -> Iterator[Floats]:
        assert self._child.stdout is not None
        while content := self._child.stdout.read(4 * _RATE):
            yield np.frombuffer(content[: len(content) // 4 * 4], "<f4").reshape(-1, 1).astype(np.float32)

    def close(self) -> None:
        """See `_Decoded.close`."""
        with contextlib.suppress(OSError):
            self._child.kill()
        self._child.communicate()
        self._held.close()
