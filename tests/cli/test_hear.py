"""`pellucid hear` with text and JSON output, on synthetic recordings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from cli.processes import Run
from pellucid import data


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files with a synthetic "seven", noise, silence, and no audio."""
    folder = tmp_path_factory.mktemp("said")
    spoken = data.load("spoken").train
    digits = np.flatnonzero(spoken.labels == 7)[2:]
    padding = np.zeros(3000, np.float32)
    contents = {
        "seven": np.concatenate([padding, spoken.samples(int(digits[0])), padding]),
        "noise": np.random.default_rng(0).normal(0, 0.1, 16_000),
        "silence": np.zeros(8000),
    }
    for name, samples in contents.items():
        soundfile.write(folder / f"{name}.wav", samples, 8000)
    (folder / "bad.wav").write_bytes(b"no audio at all")
    return {path.stem: path for path in folder.iterdir()}


def test_a_digit_is_recognised_with_its_syllables_and_sounds(run: Run, said: dict[str, Path]) -> None:
    answer = run("hear", "--json", said["seven"])
    assert answer.code == 0
    heard = json.loads(answer.out)
    assert heard["text"] == "7"
    assert {"file", "text", "words", "syllables", "sounds"} <= set(heard)
    assert [word["text"] for word in heard["words"]] == ["seven"]
    assert [syllable["text"] for syllable in heard["syllables"]] == ["se", "ven"]
    assert [sound["text"] for sound in heard["sounds"]] == ["S", "EH", "V", "AH", "N"]
    for rung in (*heard["words"], *heard["syllables"], *heard["sounds"]):
        assert 0.2 < rung["start"] < rung["end"] < heard["seconds"]
        assert 0 <= rung["confidence"] <= 1


def test_plain_lines_without_a_terminal(run: Run, said: dict[str, Path]) -> None:
    answer = run("hear", said["seven"])
    assert f"{said['seven']}: 7" in answer.out
    assert "S-EH V-AH-N" in answer.out


@pytest.mark.parametrize("name", ["noise", "silence"])
def test_recordings_without_digits_have_an_empty_text(run: Run, said: dict[str, Path], name: str) -> None:
    assert json.loads(run("hear", "--json", said[name]).out)["text"] == ""
    assert "no digit recognised" in run("hear", said[name]).out


def test_a_bad_file_is_an_error_and_the_others_are_processed(run: Run, said: dict[str, Path]) -> None:
    answer = run("hear", said["bad"], said["seven"], "missing.wav")
    assert answer.code == 2
    assert ": 7" in answer.out
    assert answer.err.count("error:") == 2


@pytest.mark.parametrize("arguments", [[], ["--microphone", "a.wav"]])
def test_files_or_the_microphone_but_not_both(run: Run, arguments: list[str]) -> None:
    assert run("hear", *arguments).code == 2


def test_a_network_for_images_is_refused(run: Run, said: dict[str, Path]) -> None:
    answer = run("hear", "--model", "digits-relu", said["seven"])
    assert answer.code == 2
    assert "spoken-digits" in answer.err


def test_the_microphone_without_its_package_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    answer = run("hear", "--microphone")
    assert answer.code == 2
    assert "pip install sounddevice" in answer.err


def test_sound_from_a_microphone_is_recognised_as_it_arrives(
    run: Run, said: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.concatenate([soundfile.read(said["seven"], dtype="float32")[0], np.zeros(8000, np.float32)])

    class Microphone:
        rate = 8000

        def __enter__(self) -> Microphone:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def blocks(self) -> Iterator[np.ndarray]:
            for at in range(0, len(samples), 800):
                yield samples[at : at + 800]
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "pellucid.speech.microphone", SimpleNamespace(Microphone=Microphone))
    answer = run("hear", "--microphone", "--json")
    found = [json.loads(line) for line in answer.out.splitlines()]
    assert answer.code == 0
    assert [one["text"] for one in found if one["final"]] == ["7"]
    assert [one["final"] for one in found].index(True) >= 1


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", [True, False])
def test_the_picture_fits_the_terminal(said: dict[str, Path], width: int, colour: bool) -> None:
    import io

    from pellucid.cli.alignment import drawn
    from pellucid.cli.terminal import Terminal
    from pellucid.speech.audio import opened
    from pellucid.speech.hearing import listen

    terminal = Terminal(io.StringIO())
    terminal.width, terminal.no_color, terminal.unicode = width, not colour, colour
    sentence = next(iter(listen(opened(said["seven"]), keep=True)))
    lines = [line.plain for line in drawn(terminal, sentence)]
    assert max(map(len, lines)) <= width
    for name, shown in (("sounds", "EH"), ("syllables", "ven"), ("words", "seven"), ("digits", "7"), ("sure", "%")):
        assert any(line.split()[:1] == [name] and shown in line for line in lines), name
