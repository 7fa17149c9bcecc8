"""The data set "fsdd": 3,000 recordings of ten digits by six people, from PELLUCID_DATA, the cache, or the network.

The Free Spoken Digit Dataset at commit 26eb9aa. Its official split holds out the first five recordings of each digit by
each speaker, so the same people are in both parts. To measure accuracy for unknown speakers, hold out one speaker at a
time with `Recordings.without`.
"""

from __future__ import annotations

import hashlib
import io
import re
import wave
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from pellucid.data.data_folders import VARIABLE, cached_folder, configured_folder, download_folder
from pellucid.data.download import Remote, fetch
from pellucid.data.options import Progress
from pellucid.data.recordings import Recordings, Samples, SpokenParts
from pellucid.errors import DataError, DownloadError, FileFormatError

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
HELD_OUT = 5
RATE = 8000
NAMES = sorted(f"{digit}_{speaker}_{i}.wav" for digit in range(10) for speaker in SPEAKERS for i in range(50))
SHA256 = "1801eae019c063377d98f831d3f93574f259475df7332bb0e3d1b080fb5e6959"
"""SHA-256 of a list with a line for each file, sorted by name: its SHA-256, two spaces, its name."""

# The host may compress the archive again at any time, so the check is on its content.
MIRRORS = ("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/",)
ARCHIVE = "26eb9aa.zip"
_MOST_BYTES = 1 << 26
_MOST_RECORDING = 1 << 20

_SOURCE = "Free Spoken Digit Dataset, Zohar Jackson and others, commit 26eb9aa"
_LICENCE = "CC BY-SA 4.0"
_Reader = Callable[[str], bytes]


def load_fsdd(progress: Progress | None = None) -> SpokenParts:
    """Load the recordings in their official split; the first call downloads them (16 MB)."""
    with _reader(progress) as read:
        samples = [_samples(name, read(name)) for name in NAMES]
    labels, speakers, numbers = zip(*(_parted(name) for name in NAMES), strict=True)
    whole = Recordings(samples, labels, speakers, rate=RATE, name="fsdd", source=_SOURCE, licence=_LICENCE)
    held_out = np.array(numbers) < HELD_OUT
    train, test = whole[~held_out], whole[held_out]
    train.name, test.name = "fsdd (train)", "fsdd (test)"
    return SpokenParts(train, test)


def is_available() -> bool:
    """Whether the recordings, or their archive, are on this machine."""
    cache = cached_folder("fsdd")
    return _folder() is not None or (cache is not None and (cache / ARCHIVE).is_file())


def _folder() -> Path | None:
    """Return the folder of the recordings on this machine."""
    folders = [folder / "recordings" for folder in (configured_folder("fsdd"), cached_folder("fsdd")) if folder]
    return next((each for each in folders if all((each / name).is_file() for name in (NAMES[0], NAMES[-1]))), None)


def _parted(name: str) -> tuple[int, str, int]:
    digit, speaker, number = name.removesuffix(".wav").split("_")
    return int(digit), speaker, int(number)


def _samples(name: str, content: bytes) -> Samples:
    try:
        with wave.open(io.BytesIO(content)) as file:
            kind = file.getframerate(), file.getsampwidth(), file.getnchannels()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    except (wave.Error, EOFError, ValueError) as error:
        raise FileFormatError(
            f"Expected a WAV file, got {name} of fsdd, which is not one ({error}): delete it and load the data set "
            "again."
        ) from error
    if kind != (RATE, 2, 1) or not len(samples):
        raise DataError(f"Expected 16-bit mono at {RATE} Hz, got another format in {name} of fsdd: replace the file.")
    return samples


@contextmanager
def _reader(progress: Progress | None) -> Iterator[_Reader]:
    """Return a function that reads a file by name, from this machine or after a download."""
    folder = _folder()
    if folder is not None:
        try:
            yield partial(_content, folder)
        except FileNotFoundError as error:
            raise DataError(
                f"Expected {len(NAMES):,} recordings of fsdd, got no {error.filename}: replace the folder."
            ) from error
        return
    with zipfile.ZipFile(_fetched(progress)) as archive:
        members = _members(archive)
        yield lambda name: archive.read(members[name])


def _content(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def _fetched(progress: Progress | None) -> Path:
    """Return the archive in the user's cache, after downloading it if necessary."""
    from filelock import FileLock

    folder = download_folder("fsdd")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            return fetch(Remote(ARCHIVE, MIRRORS, _MOST_BYTES, _wrong), folder, progress)
    except OSError as error:
        why = str(error) if isinstance(error, DownloadError) else f"Could not write to {folder}: {error.strerror}."
        raise DownloadError(
            f"{why} Try again with an internet connection; or put the recordings into {folder / 'recordings'}; or set "
            f'{VARIABLE} to a folder with fsdd/recordings/; or use the embedded data set "spoken".'
        ) from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the recordings in an archive by name; other members are ignored."""
    found = {}
    for member in archive.infolist():
        match = re.fullmatch(r"[^/]+/recordings/([^/]+\.wav)", member.filename)
        if match and member.file_size <= _MOST_RECORDING:
            found[match[1]] = member
    return found


def _wrong(path: Path) -> str | None:
    """Return what is wrong with an archive, or None."""
    lines = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            if sorted(members) != NAMES:
                return f"has {len(members)} recordings, expected {len(NAMES)}"
            for name in NAMES:
                lines.update(f"{hashlib.sha256(archive.read(members[name])).hexdigest()}  {name}\n".encode())
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        return f"is not a valid zip file ({error})"
    return None if lines.hexdigest() == SHA256 else f"has content of SHA-256 {lines.hexdigest()}, expected {SHA256}"
