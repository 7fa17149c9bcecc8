"""Read recordings block by block: WAV, FLAC, OGG, MP3, M4A, WebM and others, at any rate, with any number of channels.

A file is never in memory as a whole. Blocks of one second are mixed to one channel and resampled to 8 kHz as they are
read, so that ten hours take no more memory than ten seconds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError, PellucidError
from pellucid.speech.compressed import FORMATS, container_of, opened_container
from pellucid.speech.features import LARGEST, RATE
from pellucid.speech.mixing import Mixer
from pellucid.speech.wav_header import read_header, with_true_size

Floats = npt.NDArray[np.float32]
Source = str | Path | IO[bytes]

MOST_HOURS = 24
"""Longer recordings are refused, because the results have to fit in memory."""
_MOST_CHANNELS = 64
_SLOWEST, _FASTEST = 1000, 768_000
_FULL = 0.999
_MOST_IN_MEMORY, _MOST_FROM_PIPE = 1 << 24, 1 << 32
_CLIPPED = 0.01
_FORMATS = f"WAV, FLAC, OGG, MP3, AIFF, {FORMATS}"
_STARTS = (b"RIFF", b"RIFX", b"RF64", b"riff", b"fLaC", b"OggS", b"FORM", b".snd", b"caff", b"ID3")
"""The first bytes of WAV, FLAC and OGG files, and of AIFF, AU, CAF and MP3 files, which are accepted too."""


@dataclass
class Recording:
    """A recording that is being read with `blocks`, and its properties as far as it has been read.

    Attributes
    ----------
    name : str
        Name of the file.
    rate, channels : int
        Sample rate and channels as stated by the file.
    seconds : float
        Length read so far.
    peak : float
        The loudest sample so far, 1 being full scale.
    broken : bool
        Whether the file ended before the length given in its header.
    """

    name: str
    rate: int
    channels: int
    promised: float
    file: Any = field(repr=False)
    seconds: float = 0.0
    peak: float = 0.0
    broken: bool = False
    held: Any = field(default=None, repr=False)
    _full: int = 0
    _read: int = 0

    def __post_init__(self) -> None:
        self._mixer = Mixer(self.channels)

    @property
    def inverted(self) -> bool:
        """Whether a channel was the inverse of the loudest one so far, as behind a faulty cable."""
        return self._mixer.inverted

    @property
    def clipped(self) -> bool:
        """Whether at least one sample in a hundred is at full scale, because the recording level was too high."""
        return self._full > _CLIPPED * max(1, self._read)

    def blocks(self, seconds: float = 1.0) -> Iterator[Floats]:
        """Yield mono samples (n,) at 8 kHz, in order, until the file ends.

        Raises
        ------
        DataError
            If a sample is NaN, infinite or beyond `LARGEST`, or the recording is longer than `MOST_HOURS`.
        """
        resampler = Resampler(self.rate)
        with self.held or nullcontext(), self.file:
            for block in self._raw(max(1, int(seconds * self.rate))):
                mono = self._mixed(block)
                if self.seconds > MOST_HOURS * 3600:
                    raise DataError(f"{self.name} is longer than {MOST_HOURS} hours: cut it into pieces.")
                if len(samples := resampler.feed(mono)):
                    yield samples
        if len(samples := resampler.finish()):
            yield samples

    def _raw(self, frames: int) -> Iterator[Floats]:
        """Yield blocks (n, channels) as they are in the file; a damaged file ends where the damage begins."""
        import soundfile

        while True:
            try:
                block = self.file.read(frames, dtype="float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                self.broken = True
                return
            if len(block) == 0:
                self.broken = self.broken or self.seconds < 0.999 * self.promised - 0.01
                return
            yield block

    def _mixed(self, block: Floats) -> Floats:
        """Mix a block (n, channels) to one channel, and update length and peak of the recording."""
        loud = np.abs(block)
        if not (loud <= LARGEST).all():
            raise DataError(
                f"{self.name} holds samples that are NaN, infinite or beyond {LARGEST:g}, at {self.seconds:.2f} s: "
                "repair it."
            )
        self.peak = max(self.peak, float(loud.max(initial=0.0)))
        self._full += int(np.count_nonzero(loud >= _FULL))
        self._read += block.size
        self.seconds += len(block) / self.rate
        return self._mixer.mix(block)


class Resampler:
    """Resamples mono samples from any rate to 8 kHz, as they arrive."""

    def __init__(self, rate: int) -> None:
        import soxr

        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")

    def feed(self, samples: Floats) -> Floats:
        """Return the output that is complete after these samples (n,)."""
        result: Floats = samples if self._stream is None else self._stream.resample_chunk(samples)
        return result

    def finish(self) -> Floats:
        """Return the rest of the output."""
        nothing = np.zeros(0, np.float32)
        result: Floats = nothing if self._stream is None else self._stream.resample_chunk(nothing, last=True)
        return result


def opened(source: Source) -> Recording:
    """Open a recording.

    Raises
    ------
    DataError
        If there is no recording, it cannot be read as audio, or its rate or channels are out of range.
    """
    name = str(source) if isinstance(source, str | Path) else str(getattr(source, "name", "standard input"))
    held: IO[bytes] | None = None
    try:
        held = _held(source, name)
        stream = held or cast("IO[bytes]", source)
        header = read_header(stream) if held is not None else None
        file = _reader(stream, name)
    except PellucidError:
        if held is not None:
            held.close()
        raise
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    if not _SLOWEST <= file.samplerate <= _FASTEST or not 1 <= file.channels <= _MOST_CHANNELS:
        file.close()
        if held is not None:
            held.close()
        raise DataError(
            f"{name} has {file.samplerate:,} samples per second in {file.channels} channels; expected {_SLOWEST:,} to "
            f"{_FASTEST:,} in 1 to {_MOST_CHANNELS}."
        )
    length = file.frames if file.frames < 1 << 62 else 0
    promised = max(length / file.samplerate, header.seconds if header else 0.0)
    return Recording(name, file.samplerate, file.channels, promised, file, held=held)


def _reader(stream: IO[bytes], name: str) -> Any:
    """What decodes a file: libsndfile, or for compressed formats PyAV or ffmpeg."""
    import soundfile

    container = _format_of(stream, name)
    if container is not None:
        return opened_container(stream, container, name)
    try:
        return soundfile.SoundFile(with_true_size(stream))
    except (soundfile.LibsndfileError, TypeError) as error:
        why = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise DataError(f"{name} cannot be read as a recording ({why}): expected {_FORMATS}.") from error


def read(source: Source) -> Floats:
    """Read all of a short recording (n,) at 8 kHz."""
    parts = list(opened(source).blocks())
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _held(source: Source, name: str) -> IO[bytes] | None:
    """The file that has to be closed again: that of a path, or a copy of a pipe; None for a file of the caller."""
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        _check_file(path, name)
        return path.open("rb")
    return None if source.seekable() else _spooled(source, name)


def _check_file(path: Path, name: str) -> None:
    if path.is_dir():
        raise DataError(f"{name} is a folder: expected a recording, {_FORMATS}.")
    if not path.exists():
        raise DataError(f"There is no {name}: check its spelling.")
    if path.is_file() and path.stat().st_size == 0:
        raise DataError(f"{name} is empty: expected a recording, {_FORMATS}.")


def _format_of(stream: IO[bytes], name: str) -> str | None:
    """The container of a compressed recording; None for the formats that libsndfile reads.

    Raises
    ------
    DataError
        For files that do not start like any of the formats: libsndfile's other readers print to the terminal.
    """
    begin = stream.tell()
    start = stream.read(12)
    stream.seek(begin)
    if (container := container_of(start)) is not None:
        return container
    if not start.startswith(_STARTS) and not (start[:1] == b"\xff" and start[1:2] >= b"\xe0"):
        raise DataError(f"{name} cannot be read as a recording: expected {_FORMATS}.")
    return None


def _spooled(source: IO[bytes], name: str) -> IO[bytes]:
    """Copy a pipe into a seekable file, which the formats need; a long one goes to disk."""
    held: Any = tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 - stays open as long as the recording
    while chunk := source.read(1 << 20):
        held.write(chunk)
        if held.tell() > _MOST_FROM_PIPE:
            raise DataError(f"{name} gives more than {_MOST_FROM_PIPE >> 30} GiB: save it as a file and use that.")
    held.seek(0)
    spooled: IO[bytes] = held
    return spooled
