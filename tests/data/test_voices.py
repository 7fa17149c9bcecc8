from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pellucid.data.voices import DEV, RATE, TEST, load_voices, part_of
from pellucid.errors import DataError, FileFormatError

SPEAKERS = ("sc-0", "sc-1", "sc-3")
"""One of each part: dev, test, train."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))
    made = tmp_path / "voices"
    made.mkdir()
    samples = np.sin(np.arange(RATE // 4)).astype(np.float32)
    for speaker in SPEAKERS:
        for name in (f"7_{speaker}_0", f"x-go_{speaker}_3"):
            soundfile.write(made / f"{name}.flac", samples, RATE)
    (made / "README.md").write_text("not a recording")
    return made


def test_words_are_divided_by_speaker(folder: Path) -> None:
    voices = load_voices()
    for part, speaker in zip((voices.dev, voices.test, voices.train), SPEAKERS, strict=True):
        assert set(part.speakers.tolist()) == {speaker}
        assert sorted(part.labels.tolist()) == [-1, 7]
        assert len(part.samples(0)) == RATE // 4


def test_the_parts_have_the_documented_shares() -> None:
    parts = [part_of(f"speaker-{number}") for number in range(4000)]
    assert parts.count("test") / 40 == pytest.approx(TEST, abs=2)
    assert parts.count("dev") / 40 == pytest.approx(DEV, abs=2)


def test_a_missing_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"none.voices.*PELLUCID_DATA"):
        load_voices()


def test_a_part_without_speakers_is_named(folder: Path) -> None:
    for path in folder.glob("*_sc-1_*"):
        path.unlink()
    with pytest.raises(DataError, match="none for test"):
        load_voices()


def test_files_that_are_no_such_recordings_are_refused(folder: Path) -> None:
    broken = folder / "7_sc-0_0.flac"
    broken.write_bytes(b"fLaC")
    with pytest.raises(FileFormatError, match="7_sc-0_0"):
        load_voices()
    soundfile.write(broken, np.zeros(100, np.float32), 16000)
    with pytest.raises(DataError, match="8000 Hz"):
        load_voices()
