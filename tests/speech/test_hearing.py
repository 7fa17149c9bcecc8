from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pellucid.errors import ConfigurationError, DataError
from pellucid.speech import Hearing, Listener, hear
from pellucid.speech.features import LARGEST, RATE
from speech.twin import Parrot


def _burst(rate: int = RATE, seconds: float = 0.5, seed: int = 0) -> np.ndarray:
    """Return half a second of noise as loud as speech, within half a second of silence."""
    rng = np.random.default_rng(seed)
    padding = rng.normal(0, 1e-5, int(0.25 * rate))
    return np.concatenate([padding, rng.normal(0, 0.1, int(seconds * rate)), padding])


def _hear(path: Path, words: list[int], **options: object) -> Hearing:
    return hear(path, Parrot(words), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_recordings_of_any_rate_are_recognised(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, _burst(rate), rate, subtype="PCM_U8" if rate == 8000 else "PCM_16")
    heard = _hear(path, [4, 2])
    assert heard.text == "42"
    assert heard.seconds == pytest.approx(1.0, abs=0.01)
    assert heard.sentences[0].start == pytest.approx(0.25, abs=0.25)
    assert heard.sentences[0].end <= 1.0
    assert heard.notes == ()
    assert json.loads(json.dumps(heard.plain()))["text"] == "42"


def test_sentences_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    soundfile.write(path, np.concatenate([_burst(), np.zeros(RATE), _burst(seed=1)]), RATE)
    heard = _hear(path, [6])
    assert heard.text == "66"
    assert len(heard.sentences) == 2
    assert heard.words[1].start > 2.0


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        (np.zeros(RATE), "silent"),
        (np.zeros(0), "no sound"),
        (np.sign(np.sin(np.arange(RATE))), "clipped"),
        (np.full(50, 0.5), ""),
    ],
)
def test_recordings_without_speech_have_a_note(tmp_path: Path, samples: np.ndarray, note: str) -> None:
    path = tmp_path / "odd.wav"
    soundfile.write(path, samples, RATE)
    heard = _hear(path, [])
    assert heard.text == ""
    assert str(heard) == "no digit recognised"
    assert note in " ".join(heard.notes)


def test_a_broken_file_is_recognised_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, np.concatenate([_burst(), np.zeros(4 * RATE)]), RATE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    heard = _hear(path, [1])
    assert heard.text == "1"
    assert "breaks off" in heard.notes[0]


def test_a_narrow_recording_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "narrow.wav"
    soundfile.write(path, _burst(4000), 4000)
    assert "too few" in _hear(path, [1]).notes[0]


def test_the_result_does_not_depend_on_how_samples_are_split() -> None:
    said = np.concatenate([_burst(16_000), np.zeros(16_000), _burst(16_000, seed=3)])
    texts, starts = set(), set()
    for step in (160, 3333, len(said)):
        listener = Listener(Parrot([8, 1]), rate=16_000)  # type: ignore[arg-type]
        found = [one for at in range(0, len(said), step) for one in listener.feed(said[at : at + step])]
        found += listener.finish()
        texts.add(tuple(one.text for one in found))
        starts.add(tuple(round(one.start, 3) for one in found))
    assert texts == {("81", "81")}
    assert len(starts) == 1


def test_partial_results_arrive_during_speech() -> None:
    listener = Listener(Parrot([3]), partial=True, keep=True)  # type: ignore[arg-type]
    said = np.concatenate([_burst(seconds=1.5), np.zeros(RATE)])
    found = [one for at in range(0, len(said), 800) for one in listener.feed(said[at : at + 800])]
    finals = [one.final for one in found]
    assert finals.count(True) == 1
    assert finals.index(True) >= 3
    assert found[0].power is not None
    assert found[0].without_power().power is None


def test_an_hour_takes_no_more_memory_than_a_minute() -> None:
    import tracemalloc

    listener = Listener(Parrot([]))  # type: ignore[arg-type]
    block = np.random.default_rng(0).normal(0, 0.05, 10 * RATE).astype(np.float32)
    list(listener.feed(block))
    tracemalloc.start()
    for _ in range(12):
        list(listener.feed(block))
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 2_000_000


@pytest.mark.parametrize(
    "samples",
    [np.zeros((10, 2)), np.array([0.0, np.nan]), np.array([1.1 * LARGEST]), np.array([-1e300]), np.array(["a"])],
)
def test_invalid_samples_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"Listener expected|Expected samples as numbers"):
        list(Listener(Parrot([])).feed(samples))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"digits": 0}, {"digits": True}, {"rate": 10}, {"rate": 16_000.5}])
def test_invalid_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        Listener(Parrot([]), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("largest", [LARGEST, 3e38])
def test_huge_samples_are_heard_or_refused(tmp_path: Path, largest: float) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, largest * np.sign(_burst()), RATE, subtype="FLOAT")
    if largest > LARGEST:
        with pytest.raises(DataError, match=r"loud\.wav holds samples .* beyond 1e\+12, at 0\.00 s"):
            hear(path)
    else:
        assert "it is clipped: it was recorded too loud" in hear(path).notes


class Mumbler(Parrot):
    """Says its words in a low voice: no word is sure."""

    def __call__(self, x: list[np.ndarray]) -> list[np.ndarray]:
        return [0.45 * answer + 0.55 / answer.shape[1] for answer in super().__call__(x)]


def test_an_unsure_digit_stands_in_the_text_as_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, _burst(), RATE)
    heard = hear(path, Mumbler([6, 5]))  # type: ignore[arg-type]
    assert heard.text == "(6)(5)"
    assert [(word.digit, word.guess, word.sure) for word in heard.words] == [(None, 6, False), (None, 5, False)]
    assert [word["guess"] for word in heard.plain()["words"]] == [6, 5]
    assert hear(path, Mumbler([6, 5]), threshold=0).text == "65"  # type: ignore[arg-type]
    assert hear(path, Parrot([6, 5]), threshold=1.0).text == "(6)(5)"


def test_what_the_caller_knows_decides_the_rivals(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, _burst(), RATE)
    free, known = (hear(path, Mumbler([6]), digits=digits).words[0] for digits in (None, 1))  # type: ignore[arg-type]
    assert free.confidence < known.confidence
    assert (free.digit, known.digit) == (None, 6)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "0.5", True, None])
def test_thresholds_that_are_none_are_refused(threshold: object) -> None:
    with pytest.raises(ConfigurationError, match="threshold expected a number from 0 to 1"):
        Listener(Parrot([1]), threshold=threshold)  # type: ignore[arg-type]
