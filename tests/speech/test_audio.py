from __future__ import annotations

import contextlib
import io
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pellucid.errors import DataError
from pellucid.speech import audio
from pellucid.speech.audio import Resampler, opened, read
from pellucid.speech.features import RATE
from pellucid.speech.hearing import notes


def _tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_formats_and_rates_give_the_same_samples(tmp_path: Path, kind: str, rate: int) -> None:
    path = tmp_path / f"tone.{kind}"
    soundfile.write(path, np.stack([_tone(rate), _tone(rate)], axis=1), rate)
    samples = read(path)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(RATE / 2, rel=0.03)
    middle = slice(500, 3000)
    spectrum = np.abs(np.fft.rfft(samples[middle] * np.hanning(2500)))
    assert spectrum.argmax() * RATE / 2500 == pytest.approx(440, abs=5)
    assert np.abs(samples[middle]).max() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("rate", [192_000, 11_025, 4000, 1000])
def test_odd_rates(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, _tone(rate, hertz=200), rate)
    assert len(read(path)) == pytest.approx(RATE / 2, abs=60)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_every_kind_of_sample(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, _tone(RATE), RATE, subtype=subtype)
    assert np.abs(read(path) - _tone(RATE)).max() < 0.05


def test_blocks_are_the_same_whatever_their_length(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, _tone(16000, 3.0), 16000)
    short, long = (np.concatenate(list(opened(path).blocks(seconds))) for seconds in (0.05, 10.0))
    assert len(short) == len(long)
    assert np.abs(short - long).max() < 1e-4


def test_channels_are_mixed(tmp_path: Path) -> None:
    path = tmp_path / "both.wav"
    soundfile.write(path, np.stack([_tone(RATE), np.zeros(RATE // 2)], axis=1), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read(path), _tone(RATE) / 2, atol=1e-6)


@pytest.mark.parametrize(
    "content", [b"hello", b"\0" * 5000, b"RIFF\0\0\0\0WAVE", b"fLaC" + b"\1" * 90, b"OggS" + b"x" * 500]
)
def test_files_that_are_not_recordings_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(str(path))):
        opened(path)


def test_missing_files_empty_files_and_folders_have_different_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    for name, words in (("none.wav", "There is no"), ("empty.wav", "is empty"), (".", "is a folder")):
        with pytest.raises(DataError, match=words):
            opened(tmp_path / name)


def test_samples_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    samples = _tone(RATE)
    samples[1234] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(DataError, match="NaN"):
        read(path)


def test_a_header_with_an_invalid_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fast.wav"
    soundfile.write(path, _tone(RATE), RATE)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", 2_000_000_000)
    path.write_bytes(content)
    with pytest.raises(DataError, match="samples per second"):
        opened(path)


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_a_truncated_file_is_read_and_marked_as_broken(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"cut.{kind}"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 40_000)
    soundfile.write(path, noise, RATE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    recording = opened(path)
    samples = np.concatenate(list(recording.blocks()))
    assert recording.broken
    assert 8000 < len(samples) < 30_000


def test_a_whole_file_is_not_called_broken(tmp_path: Path) -> None:
    for kind in ("wav", "flac", "ogg"):
        path = tmp_path / f"whole.{kind}"
        soundfile.write(path, _tone(RATE), RATE)
        recording = opened(path)
        list(recording.blocks())
        assert not recording.broken, kind


def test_clipping_and_silence_are_detected(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.clip(20 * _tone(RATE), -1, 1), RATE)
    recording = opened(path)
    list(recording.blocks())
    assert recording.clipped
    soundfile.write(path, np.zeros(RATE), RATE)
    recording = opened(path)
    list(recording.blocks())
    assert not recording.clipped
    assert recording.peak == 0


def test_a_recording_of_no_samples_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros(0), RATE)
    assert len(read(path)) == 0


def test_a_stream_is_read_too() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, _tone(RATE), RATE, format="WAV")
    buffer.seek(0)
    assert len(read(buffer)) == RATE // 2


def test_a_pipe_is_read_too() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, _tone(RATE), RATE, format="FLAC")
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(buffer.getvalue())
    with os.fdopen(reading, "rb") as pipe:
        assert len(read(pipe)) == RATE // 2


def test_a_recording_longer_than_a_day_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "MOST_HOURS", 1 / 3600)
    path = tmp_path / "long.wav"
    soundfile.write(path, _tone(RATE, 3.0), RATE)
    with pytest.raises(DataError, match="hours"):
        read(path)


def test_resampling_in_pieces_equals_resampling_at_once() -> None:
    tone = _tone(22_050, 1.0).astype(np.float32)
    pieces, whole = Resampler(22_050), Resampler(22_050)
    one = np.concatenate([*(pieces.feed(tone[i : i + 777]) for i in range(0, len(tone), 777)), pieces.finish()])
    other = np.concatenate([whole.feed(tone), whole.finish()])
    np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("start", [b"\xf0\x7e\x00\x01" + bytes(60), b"MThd" + bytes(60), b"hello, world, this is text"])
def test_unknown_formats_never_reach_the_reader(
    start: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(start)
    for source in (path, io.BytesIO(start)):
        with pytest.raises(DataError, match="expected WAV, FLAC, OGG, MP3, AIFF, M4A, AAC or WebM"):
            audio.read(source)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("channels", [(1, -1), (1, -0.9, 0.2), (0.01, 1, -1)])
def test_channels_in_opposite_phase_are_no_silence(channels: tuple[float, ...], tmp_path: Path) -> None:
    path = tmp_path / "inverted.wav"
    tone = _tone(RATE)
    soundfile.write(path, np.stack([tone * gain for gain in channels], axis=1), RATE, subtype="FLOAT")
    recording = opened(path)
    mono = np.concatenate(list(recording.blocks(0.1)))
    expected = sum(map(abs, channels)) / len(channels)
    np.testing.assert_allclose(np.abs(mono), np.abs(tone) * expected, atol=1e-5)
    assert recording.inverted
    assert any("inverse of another" in note for note in notes(recording))


def test_different_channels_are_not_inverted(tmp_path: Path) -> None:
    path = tmp_path / "both.wav"
    rng = np.random.default_rng(0)
    soundfile.write(path, rng.uniform(-0.5, 0.5, (RATE, 2)), RATE, subtype="FLOAT")
    recording = opened(path)
    list(recording.blocks())
    assert not recording.inverted


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_header_that_states_no_data_is_not_believed(subtype: str, as_file: bool, tmp_path: Path) -> None:
    path = tmp_path / "streamed.wav"
    soundfile.write(path, _tone(RATE), RATE, subtype=subtype)
    whole, content = read(path), bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = bytes(4)
    content[4:8] = bytes(4)
    path.write_bytes(content)
    source = io.BytesIO(bytes(content)) if as_file else path
    recording = opened(source)
    np.testing.assert_array_equal(np.concatenate(list(recording.blocks())), whole)
    assert not recording.broken


def test_an_empty_recording_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), RATE)
    assert len(read(path)) == 0
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")
    assert len(read(path)) == 0


def _compressed(path: Path, kind: str) -> None:
    """A tone of 2 s at 440 Hz, with two channels."""
    av = pytest.importorskip("av")
    codec, rate = {"m4a": ("aac", 44_100), "webm": ("libopus", 48_000), "aac": ("aac", 16_000)}[kind]
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate).astype(np.float32) * 0.5
    with av.open(str(path), "w", format={"m4a": "mp4", "aac": "adts"}.get(kind, kind)) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
        frame.rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


@pytest.mark.parametrize("kind", ["m4a", "webm", "aac"])
@pytest.mark.parametrize("piped", [False, True])
def test_recordings_of_telephones_and_browsers(kind: str, piped: bool, tmp_path: Path) -> None:
    path = tmp_path / f"said.{kind}"
    _compressed(path, kind)
    samples = read(io.BytesIO(path.read_bytes()) if piped else path)
    assert len(samples) == pytest.approx(2 * RATE, abs=1200)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * RATE / len(samples) == pytest.approx(440, abs=2)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("kind", ["m4a", "webm", "aac"])
def test_damaged_ones_end_where_the_damage_begins_or_are_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"said.{kind}"
    _compressed(path, kind)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for turn in range(60):
        damaged = bytearray(content if turn % 2 else content[: int(rng.integers(13, len(content)))])
        for at in rng.integers(12, len(damaged), 1 + turn % 9):
            damaged[at] = int(rng.integers(256))
        path.write_bytes(damaged)
        with contextlib.suppress(DataError):
            assert len(read(path)) < 60 * RATE


def test_without_a_decoder_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "said.m4a"
    path.write_bytes(bytes([0, 0, 0, 28]) + b"ftypM4A " + bytes(20))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'pellucid\[media\]'"):
        opened(path)


def test_the_program_ffmpeg_does_where_pyav_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the program: it prints half a second of samples, and keeps what it was asked."""
    path, program = tmp_path / "said.m4a", tmp_path / "ffmpeg"
    path.write_bytes(bytes([0, 0, 0, 28]) + b"ftypM4A " + bytes(20))
    (tmp_path / "samples").write_bytes(np.full(24_000, 0.25, "<f4").tobytes())
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {tmp_path}/samples\n')
    program.chmod(0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    samples = read(path)
    assert len(samples) == pytest.approx(RATE / 2, abs=60)
    assert np.median(samples) == pytest.approx(0.25, abs=0.01)
    asked = (tmp_path / "asked").read_text()
    assert "-protocol_whitelist file,pipe -f mp4 -i file:" in asked
    (tmp_path / "samples").write_bytes(b"")
    with pytest.raises(DataError, match="no sound"):
        opened(path)
