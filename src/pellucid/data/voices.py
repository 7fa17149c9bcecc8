"""Real voices: words of hundreds of strangers from Speech Commands and AudioMNIST, in a folder on this machine.

They are not part of the package. A folder ``voices`` below PELLUCID_DATA, or in the cache, has one file of 16-bit mono
at 8 kHz for each word: ``{digit}_{speaker}_{index}.flac`` for a digit and ``x-{word}_{speaker}_{index}.flac`` for any
other word. The speakers are divided once and for all, by a hash of their names, into those to learn from, those to
choose and calibrate with (``dev``), and those that are only measured (``test``).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pellucid.data.data_folders import VARIABLE, cached_folder, configured_folder
from pellucid.data.recordings import NO_DIGIT, Recordings, Samples
from pellucid.errors import DataError, FileFormatError

RATE = 8000
DEV, TEST = 15, 20
"""Percentages of the speakers."""

_NAME = re.compile(r"(?P<word>\d|x-[a-z]+)_(?P<speaker>[^_]+)_\d+\.flac")
_SOURCE = "Speech Commands, Pete Warden, Google, 2017 and 2018; AudioMNIST, Becker and others, 2018"
_LICENCE = "CC BY 4.0 (Speech Commands), MIT (AudioMNIST)"


class Voices(NamedTuple):
    """Words by speakers to learn from, to choose and calibrate with, and to measure on; no speaker is in two parts."""

    train: Recordings
    dev: Recordings
    test: Recordings


def load_voices() -> Voices:
    """Load the recordings, divided by speaker; a word that is no digit has the label -1.

    Raises
    ------
    DataError
        If the folder is missing, or has no recordings of one of the parts.
    FileFormatError
        If a recording cannot be read.
    """
    folder = _folder()
    named = [(path, match) for path in sorted(folder.glob("*.flac")) if (match := _NAME.fullmatch(path.name))]
    speakers = np.array([match["speaker"] for _, match in named])
    parts = np.array([part_of(name) for name in speakers.tolist()])
    if missing := sorted({"train", "dev", "test"} - set(parts.tolist())):
        raise DataError(
            f"Expected recordings of many speakers in {folder}, got {len(named)} and none for {missing[0]}: "
            "put all files there, named like 7_sc-0132a06d_0.flac or x-go_sc-0132a06d_0.flac."
        )
    samples = [_samples(path) for path, _ in named]
    labels = [int(match["word"]) if match["word"].isdigit() else NO_DIGIT for _, match in named]
    whole = Recordings(samples, labels, speakers.tolist(), rate=RATE, name="voices", source=_SOURCE, licence=_LICENCE)
    found = [whole[parts == name] for name in Voices._fields]
    for part, name in zip(found, Voices._fields, strict=True):
        part.name = f"voices ({name})"
    return Voices(*found)


def part_of(speaker: str) -> str:
    """Return the part that a speaker belongs to: "train", "dev" or "test".

    Examples
    --------
    >>> [part_of(f"sc-{number}") for number in (0, 1, 3)]
    ['dev', 'test', 'train']
    """
    place = int(hashlib.sha256(speaker.encode()).hexdigest()[:8], 16) % 100
    return "test" if place < TEST else "dev" if place < TEST + DEV else "train"


def _folder() -> Path:
    folders = [folder for folder in (configured_folder("voices"), cached_folder("voices")) if folder is not None]
    for folder in folders:
        if folder.is_dir():
            return folder
    raise DataError(
        f"Expected the recordings of real voices in {' or '.join(map(str, folders)) or 'a folder'}, got none: set "
        f"{VARIABLE} to a folder that has voices/. They are words of Speech Commands and AudioMNIST at 8 kHz; "
        "docs/speech.md describes the files."
    )


def _samples(path: Path) -> Samples:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except (soundfile.LibsndfileError, OSError) as error:
        raise FileFormatError(
            f"Expected a recording, got {path.name}, which cannot be read ({error}): replace it."
        ) from error
    if rate != RATE or samples.ndim != 1 or not len(samples):
        raise DataError(f"Expected 16-bit mono at {RATE} Hz, got another format in {path.name}: replace the file.")
    result: Samples = samples
    return result
