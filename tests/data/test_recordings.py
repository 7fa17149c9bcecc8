"""Spoken data: the checks of recordings, the embedded voices, and fsdd from a folder or an archive."""

from __future__ import annotations

import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pellucid import data
from pellucid.data import Recordings, data_folders, fsdd
from pellucid.data.recordings import SpokenParts
from pellucid.data.spoken import HELD_OUT
from pellucid.errors import DataError, DownloadError, FileFormatError


@pytest.fixture(scope="module")
def spoken() -> SpokenParts:
    return data.load("spoken")


def test_the_embedded_voices_say_every_digit_and_other_words(spoken: SpokenParts) -> None:
    whole = spoken.train.joined_with(spoken.test)
    assert len(whole) == 3042 + 1224
    voices = sorted(set(whole.speakers.tolist()))
    assert not set(spoken.train.speakers) & set(spoken.test.speakers)
    assert len(set(spoken.test.speakers)) == pytest.approx(len(voices) / HELD_OUT, abs=1)
    for voice in voices:
        assert set(range(-1, 10)) <= set(whole.of(voice).labels.tolist()), voice
    for samples, _ in spoken.test:
        assert samples.dtype == np.float32
        assert 0.1 < len(samples) / whole.rate < 2.0
        assert np.abs(samples).max() > 0.3


def test_recordings_are_chosen_by_speaker_number_slice_and_mask(spoken: SpokenParts) -> None:
    test = spoken.test
    one = str(test.speakers[0])
    assert set(test.of(one).speakers) == {one}
    assert len(test.of(one)) + len(test.without(one)) == len(test)
    np.testing.assert_array_equal(test[2:4].samples(1), test[3][0])
    assert (test[test.labels == 5].labels == 5).all()
    assert test.seconds == pytest.approx(sum(len(samples) for samples, _ in test) / 8000)


_TONE = np.sin(np.arange(100) / 3)


@pytest.mark.parametrize(
    ("samples", "labels", "speakers"),
    [
        ([_TONE], [1, 2], ["a"]),
        ([_TONE], [1], ["a", "b"]),
        ([], [], []),
        ([_TONE], [10], ["a"]),
        ([_TONE], [-2], ["a"]),
        ([_TONE[None]], [1], ["a"]),
        ([_TONE[:0]], [1], ["a"]),
        ([_TONE * np.nan], [1], ["a"]),
        ([np.ones(5, np.int32)], [1], ["a"]),
    ],
)
def test_what_does_not_belong_together_is_refused(samples: list, labels: list, speakers: list) -> None:
    with pytest.raises(DataError, match="Expected"):
        Recordings(samples, labels, speakers, rate=8000)


def test_nothing_chosen_and_other_rates_are_refused() -> None:
    some = Recordings([_TONE], [1], ["a"], rate=8000)
    with pytest.raises(DataError, match="at least one of the"):
        some.of("nobody")
    with pytest.raises(DataError, match="one rate"):
        some.joined_with(Recordings([_TONE], [1], ["a"], rate=16_000))


def test_floats_keep_their_values() -> None:
    samples, label = Recordings([_TONE * 0.5], [7], ["a"], rate=8000)[0]
    assert label == 7
    np.testing.assert_allclose(samples, _TONE * 0.5, atol=1e-4)


def _write(path: Path, count: int = 200, rate: int = 8000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.arange(count, dtype="<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few recordings named as fsdd's, which the loader is told are all."""
    names = sorted(f"{digit}_{speaker}_{i}.wav" for digit in (0, 1) for speaker in ("ann", "bob") for i in (3, 7))
    monkeypatch.setattr(fsdd, "NAMES", names)
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    monkeypatch.setattr(data_folders, "cache_folder", lambda _, name: tmp_path / "cache" / name)
    own = tmp_path / "fsdd" / "recordings"
    own.mkdir(parents=True)
    for name in names:
        _write(own / name)
    return own


def test_a_folder_is_split_by_number(folder: Path) -> None:
    train, test = fsdd.load_fsdd()
    assert (len(train), len(test)) == (4, 4)
    assert sorted(set(test.speakers)) == ["ann", "bob"]
    assert sorted(test.labels.tolist()) == [0, 0, 1, 1]


def test_damaged_and_missing_files_are_named(folder: Path) -> None:
    inner = fsdd.NAMES[2]
    (folder / inner).write_bytes(b"RIFF")
    with pytest.raises(FileFormatError, match=inner):
        fsdd.load_fsdd()
    _write(folder / inner, rate=16_000)
    with pytest.raises(DataError, match="another format"):
        fsdd.load_fsdd()
    (folder / inner).unlink()
    with pytest.raises(DataError, match=inner):
        fsdd.load_fsdd()


def test_an_archive_is_believed_only_once_checked(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in fsdd.NAMES:
            file.write(folder / name, f"free-spoken-digit-dataset-1/recordings/{name}")
        file.writestr("free-spoken-digit-dataset-1/../../evil.wav", b"x")
    assert "expected" in str(fsdd._wrong(archive))
    archive.write_bytes(archive.read_bytes()[:100])
    assert "zip" in str(fsdd._wrong(archive))


def test_without_files_or_network_it_says_what_to_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PELLUCID_DATA")
    monkeypatch.setattr(fsdd, "MIRRORS", ("http://127.0.0.1:9/",))
    with pytest.raises(DownloadError, match=r"spoken"):
        fsdd.load_fsdd()


def test_the_real_one() -> None:
    from pellucid.data.data_folders import configured_folder

    place = configured_folder("fsdd")
    if place is None or not place.is_dir():
        pytest.skip("fsdd is not on this machine")
    train, test = data.load("fsdd")
    assert (len(train), len(test)) == (2700, 300)
    assert tuple(sorted(set(train.speakers))) == fsdd.SPEAKERS
    assert np.bincount(test.labels).tolist() == [30] * 10
