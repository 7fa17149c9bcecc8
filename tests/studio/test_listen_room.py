"""Listen: every number is what the engine computes for the recording as it is now."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import pellucid as pl
from pellucid.errors import DataError
from pellucid.lessons.deeds import SoundsChanged
from pellucid.speech.alignment import word_text
from pellucid.speech.confidence import shares
from pellucid.speech.features import HOP, RATE, evened, powers, stacked
from pellucid.speech.joining import Joining
from pellucid.speech.recognizer import Recognizer
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.listen.hearer import HeardPart, Hearer, threshold_texts
from pellucid.studio.rooms.listen.live_listening import LiveListening
from pellucid.studio.rooms.listen.recordings import utterances_of
from pellucid.studio.session import Session
from pellucid.studio.state.activity import SoundsHeard, ThresholdMoved
from pellucid.studio.state.class_rules import ClassRules
from pellucid.studio.state.embedded_voices import spoken_by
from studio.fake_page import EmbeddedCatalog, Event, Page, session, wait_for

VOICE = "espeak:en-gb+m2"
NET = pl.load("spoken-digits")


@pytest.fixture
def page() -> Page:
    return Page(session())


def heard(events: list[Event]) -> tuple[Event, Event]:
    """The recording and what is heard in it, which come one after the other."""
    recorded, found = events
    assert (recorded.type, found.type) == ("recorded", "heard")
    assert recorded.recording == found.recording
    return recorded, found


def say(page: Page, *digits: int, slot: int = 0, voice: str = VOICE) -> tuple[Event, Event]:
    return heard(page.ask("hearVoice", slot=slot, voice=voice, digits=digits))


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, "FLOAT", format="WAV")
    return file.getvalue()


def frames(recorded: Event, utterance: dict[str, Any], step: float) -> np.ndarray:
    """The mel bands of an utterance."""
    begin = round(utterance["start"] / HOP)
    return recorded.power[begin : begin + round(utterance["steps"] * step / HOP)]


def test_the_room_tells_the_network_and_the_voices(page: Page) -> None:
    found = page.asked("askListening", "listening")
    assert (found.network, found.spells, found.classes) == ("spoken-digits", True, list(NET.classes))
    layers = [(each["units"], each["directions"], "".join(each["quantities"])) for each in found.layers]
    assert layers == [(96, 2, "ifgoch"), (96, 2, "ifgoch"), (21, 1, "za")]
    assert VOICE in found.voices
    assert found.bands == sorted(found.bands)
    assert 80 < found.bands[0] < found.bands[-1] < 3700


def test_what_is_heard_is_what_the_command_hears(page: Page) -> None:
    recorded, found = say(page, 6, 5, 1, 7)
    expected = pl.speech.hear(io.BytesIO(wav(recorded.samples)))
    assert found.text == expected.text
    words = [word for utterance in found.utterances for word in utterance["words"]]
    assert [word["mark"] for word in words] == [pl.speech.alignment.word_text(word) for word in expected.words]
    for told, word in zip(words, expected.words, strict=True):
        assert (told["start"], told["end"], told["confidence"]) == (word.start, word.end, word.confidence)
        assert [sound["text"] for sound in told["sounds"]] == [
            sound.text for syllable in word.syllables for sound in syllable.sounds
        ]
        assert told["rivals"][0]["share"] >= told["confidence"] - 1e-6
        assert sum(rival["share"] for rival in told["rivals"]) <= 1 + 1e-6
    np.testing.assert_allclose(recorded.power, powers(np.pad(recorded.samples, (0, 240))), rtol=1e-6)


def test_the_gates_are_the_trace_s(page: Page) -> None:
    recorded, found = say(page, 3, 8)
    step = page.asked("askListening", "listening").step
    [utterance] = found.utterances
    trace = NET.trace(stacked(evened(frames(recorded, utterance, step)), 2))
    for layer in (0, 1):
        gates = page.asked("askGates", "gates", slot=0, utterance=0, layer=layer)
        assert gates.start == utterance["start"]
        for values, name in zip(gates.values, "ifgoch", strict=True):
            np.testing.assert_array_equal(values, getattr(trace[layer], name))
        np.testing.assert_array_equal(gates.outputs, trace.outputs)
    dense = page.asked("askGates", "gates", slot=0, utterance=0, layer=2)
    np.testing.assert_array_equal(dense.values[0], trace[2].sums)
    np.testing.assert_array_equal(dense.values[1], trace[2].activations)


def test_posteriors_and_rivals_are_the_recogniser_s(page: Page) -> None:
    recorded, found = say(page, 4)
    [utterance] = found.utterances
    power = frames(recorded, utterance, 0.03)
    recognizer = Recognizer(NET)
    logs = recognizer.logs(power)
    np.testing.assert_allclose(utterance["posteriors"], np.exp(logs[2:-2]), atol=1e-6)
    [word] = utterance["words"]
    rivals = shares(logs, recognizer.temperature)
    assert word["rivals"][0]["share"] == pytest.approx(rivals.max())
    assert word["rivals"][0]["text"] == "four"


def test_a_muted_word_is_lost_and_comes_back(page: Page) -> None:
    original, found = say(page, 3, 8, 1)
    word = found.utterances[0]["words"][1]
    recorded, changed = heard(page.ask("editSounds", slot=0, kind="mute", begin=word["start"], end=word["end"]))
    [span] = recorded.changed
    assert (span["begin"], span["end"]) == pytest.approx((word["start"], word["end"]), abs=1e-3)
    begin, end = (round(span[name] * RATE) for name in ("begin", "end"))
    assert np.abs(recorded.samples[begin + 40 : end - 40]).max() == 0
    np.testing.assert_array_equal(recorded.samples[end:], original.samples[end:])
    assert recorded.edits[0]["textBefore"] == found.text
    assert changed.text != found.text
    assert changed.text == pl.speech.hear(io.BytesIO(wav(recorded.samples))).text
    [deed] = page.session._state.activity.of(SoundsChanged)
    assert (deed.kind, deed.text_before, deed.text, deed.edits) == ("mute", found.text, changed.text, 1)
    assert [each.digit for each in deed.words_before] == [3, 8, 1]
    assert "".join(map(word_text, deed.words)) == changed.text
    recorded, back = heard(page.ask("undoSounds", slot=0))
    assert (back.text, recorded.changed) == (found.text, [])
    np.testing.assert_array_equal(recorded.samples, original.samples)
    assert page.refused("undoSounds", slot=0) == "out_of_order"


def test_swapped_words_are_heard_in_the_other_order(page: Page) -> None:
    _, found = say(page, 3, 6)
    one, other = found.utterances[0]["words"]
    recorded, changed = heard(
        page.ask(
            "editSounds", slot=0, kind="swap", begin=one["start"], end=one["end"], otherBegin=other["start"],
            otherEnd=other["end"],
        )
    )  # fmt: skip
    digits = [word["guess"] for utterance in changed.utterances for word in utterance["words"]]
    assert digits == [6, 3]
    assert len(recorded.changed) == 2
    recorded, _ = heard(page.ask("editSounds", slot=0, kind="stretch", begin=0.1, end=0.4, factor=2.0))
    assert len(recorded.edits) == 2
    recorded, _ = heard(page.ask("undoSounds", slot=0, all=True))
    assert recorded.edits == []


def test_the_threshold_and_a_known_number_decide(page: Page) -> None:
    _, found = say(page, 6, 5, 1, 7)
    for told in found.thresholds:
        _, again = page.ask("setHearing", threshold=told["upTo"])
        assert again.text == told["text"]
        marks = [word["digit"] for utterance in again.utterances for word in utterance["words"]]
        assert marks.count(None) == told["unsure"]
    chosen, again = page.ask("setHearing", threshold=0.75, digits=2)
    assert (chosen.type, chosen.threshold, chosen.digits) == ("hearingChosen", 0.75, 2)
    assert [len(utterance["words"]) for utterance in again.utterances] == [2]
    assert again.digits == 2
    deed = page.session._state.activity.of(ThresholdMoved)[-1]
    assert (deed.digits, deed.texts) == (2, (again.text,))


def test_two_recordings_stand_side_by_side(page: Page) -> None:
    say(page, 1)
    say(page, 7, slot=1)
    events = page.ask("askListening")
    assert [event.type for event in events] == ["listening", "recorded", "heard", "recorded", "heard"]
    assert [event.slot for event in events[1:]] == [0, 0, 1, 1]
    assert [event.text for event in page.ask("setHearing", threshold=0.0)[1:]] == ["1", "7"]
    assert len(page.session._state.activity.of(SoundsHeard)) == 2


def in_a_room(samples: np.ndarray) -> np.ndarray:
    """What a microphone hears of a voice: faint noise before and after it too."""
    noise = np.random.default_rng(0).normal(0, np.abs(samples).max() / 100, RATE)
    return np.concatenate([noise, samples, noise])


def speak(page: Page, samples: np.ndarray, rate: int = RATE, slot: int = 0) -> tuple[int, list[Event]]:
    """Say something into the microphone in blocks of 20 ms; return its number and the events."""
    [recorded, _] = page.ask("startMicrophone", slot=slot, rate=rate)
    assert recorded.live
    found = []
    for begin in range(0, len(samples), rate // 50):
        block = (np.clip(samples[begin : begin + rate // 50], -1, 1) * 32767).astype("<i2")
        said = base64.b64encode(block.tobytes()).decode()
        found += page.ask("hearSamples", recording=recorded.recording, samples=said)
    return recorded.recording, found


def ended(page: Page) -> tuple[Event, Event]:
    """Stop the microphone, and wait for all that was heard."""
    page.ask("stopMicrophone")
    events: list[Event] = []

    def done() -> bool:
        events.extend(page.fetch())
        return any(event.type == "recorded" for event in events)

    wait_for(done)
    at = next(number for number, event in enumerate(events) if event.type == "recorded")
    wait_for(lambda: bool(events.extend(page.fetch())) or len(events) > at + 1)
    return heard(events[at : at + 2])


def test_the_microphone_is_heard_as_it_speaks(page: Page) -> None:
    spoken, _ = say(page, 3, 8, 1, slot=1)
    samples = in_a_room(spoken.samples)
    number, events = speak(page, samples)
    sounding = [event for event in events if event.type == "sounding"]
    np.testing.assert_allclose(np.concatenate([each.samples for each in sounding]), samples, atol=1e-4)
    assert [event.at for event in sounding] == list(range(0, len(samples), RATE // 50))
    assert max(event.level for event in sounding) > -30
    told = [event.speaking for event in sounding]
    assert True in told
    last = len(told) - told[::-1].index(True)
    levels = powers(samples.astype(np.float32)).sum(axis=1)
    said_until = np.flatnonzero(levels > levels.max() / 500)[-1] * HOP
    assert last / 50 - said_until < 0.5  # the end of the utterance is found within half a second
    recorded, found = ended(page)
    assert (recorded.recording, recorded.live, recorded.source) == (number, False, "microphone")
    np.testing.assert_allclose(recorded.samples, samples, atol=1e-4)
    guesses = [word["guess"] for utterance in found.utterances for word in utterance["words"]]
    assert guesses == [3, 8, 1]
    assert all(utterance["final"] for utterance in found.utterances)
    assert page.session._state.activity.of(SoundsHeard)[-1].source == "microphone"
    assert page.refused("stopMicrophone") == "out_of_order"


def test_an_unfinished_utterance_is_told_and_revised(page: Page) -> None:
    spoken, _ = say(page, 7, 9, slot=1)
    cut = spoken.samples[: len(spoken.samples) * 2 // 3]
    _, events = speak(page, cut)

    def partial() -> bool:
        events.extend(page.fetch())
        return any(event.type == "heard" and event.utterances for event in events)

    wait_for(partial)
    unfinished = [event for event in events if event.type == "heard" and event.utterances]
    assert not unfinished[0].utterances[0]["final"]
    gates = page.asked("askGates", "gates", slot=0, utterance=0, layer=1)
    assert gates.outputs.shape[1] == 21
    assert page.refused("editSounds", slot=0, kind="mute", begin=0.0, end=0.1) == "out_of_order"
    page.session.close("closing")


def test_a_changed_mind_is_marked_for_as_long_as_the_utterance_lasts() -> None:
    hearer = Hearer(NET, "spoken-digits")

    def told(digits: list[int], before: HeardPart | None = None) -> HeardPart:
        [utterance] = utterances_of(spoken_by(VOICE, digits, 0.12), 0.6)[1]
        return hearer.hear(utterance.power, utterance.begin, threshold=0.75, before=before)

    first = told([5, 1])
    second = told([3, 1], first)
    assert (first.was, second.was) == ((None, None), ("5", None))
    assert told([3, 1, 1], second).was == ("5", None, None)


@pytest.mark.parametrize(
    ("loudness", "hint"), [(0.0, "silent"), (0.01, "soft"), (30.0, "clipped"), (0.5, None)], ids=str
)
def test_the_level_is_told_with_a_hint(page: Page, loudness: float, hint: str | None) -> None:
    spoken, _ = say(page, 3, 8, 1, slot=1)
    loud = spoken.samples / np.abs(spoken.samples).max() * loudness
    _, events = speak(page, np.concatenate([loud, np.zeros(RATE // 5), loud]))
    hints = [event.hint for event in events if event.type == "sounding"]
    assert (hint in hints) if hint else not any(hints)
    page.session.close("closing")


def test_other_rates_are_resampled_and_what_is_late_is_dropped(page: Page) -> None:
    rate = 48_000
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    number, events = speak(page, tone, rate)
    count = sum(len(event.samples) for event in events if event.type == "sounding")
    assert 0.9 * RATE < count <= RATE
    assert page.ask("hearSamples", recording=number + 1, samples="AAAA") == []
    assert page.refused("hearSamples", recording=number, samples="AA==") == "malformed"
    say(page, 1)
    assert page.ask("hearSamples", recording=number, samples="AAA=") == []


def test_a_recording_ends_when_it_is_as_long_as_one_may_be(page: Page) -> None:
    [recorded, _] = page.ask("startMicrophone", slot=0, rate=1000)
    block = base64.b64encode(np.zeros(61_000, "<i2").tobytes()).decode()
    page.ask("hearSamples", recording=recorded.recording, samples=block)
    wait_for(lambda: not page.session._listen.takes[0].live)  # type: ignore[union-attr]
    assert len(page.session._listen.takes[0].sound.samples) == 60 * RATE  # type: ignore[union-attr]


def test_a_page_that_comes_back_finds_the_recording_ended() -> None:
    page = Page(session())
    page.ask("startMicrophone", slot=0, rate=RATE)
    again = Page(page.session)
    wait_for(lambda: not page.session._listen.takes[0].live)  # type: ignore[union-attr]
    again.fetch()
    assert [event.type for event in again.ask("askListening")] == ["listening", "recorded", "heard"]


def test_a_closed_microphone_hears_nothing_more() -> None:
    heard_parts: list[int] = []
    live = LiveListening(RATE, lambda number, _: heard_parts.append(number), lambda: heard_parts.append(-1))
    live.close()
    live._thread.join()
    assert heard_parts == []


def test_files_are_heard_and_others_refused(page: Page) -> None:
    spoken, found = say(page, 4, 2, slot=1)
    page.session.open_recording(wav(spoken.samples), "mine.wav", 0)
    recorded, same = heard(page.fetch())
    assert (recorded.source, recorded.name, same.text) == ("file", "mine.wav", found.text)
    with pytest.raises(DataError, match=r"notes\.txt"):
        page.session.open_recording(b"hello", "notes.txt", 0)
    with pytest.raises(RefusedError, match="60 seconds"):
        page.session.open_recording(wav(np.zeros(61 * RATE, np.float32)), "long.wav", 0)
    clipped = np.clip(spoken.samples * 100, -1, 1)
    page.session.open_recording(wav(clipped), "loud.wav", 0)
    assert "clipped" in heard(page.fetch())[0].notes[0]


def test_what_is_not_there_is_refused(page: Page) -> None:
    assert page.refused("hearVoice", slot=0, voice="nobody", digits=[1]) == "unavailable"
    assert page.refused("askGates", slot=0, utterance=0, layer=0) == "bad_value"
    assert page.refused("editSounds", slot=1, kind="mute", begin=0.0, end=1.0) == "out_of_order"
    say(page, 1)
    assert page.refused("askGates", slot=0, utterance=9, layer=0) == "bad_value"
    assert page.refused("askGates", slot=0, utterance=0, layer=3) == "bad_value"
    assert page.refused("editSounds", slot=0, kind="mute", begin=900.0, end=901.0) == "bad_value"


def test_in_a_class_nobody_opens_files_but_everybody_speaks() -> None:
    page = Page(Session("c", EmbeddedCatalog(), "digits-relu", rules=ClassRules(None)))
    with pytest.raises(RefusedError) as error:
        page.session.open_recording(wav(np.zeros(800, np.float32)), "a.wav", 0)
    assert error.value.code == "locked"
    say(page, 5)
    [recorded, _] = page.ask("startMicrophone", slot=0, rate=RATE)
    assert recorded.live
    page.session.close("closing")


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        ([pl.GRU(6), pl.Dense(21, "softmax")], ["rzqnh", "za"]),
        ([pl.RNN(6, bidirectional=True), pl.LSTM(4, outputs="last"), pl.Dense(3, "softmax")], ["h", "ifgoch", "za"]),
    ],
    ids=["frames", "one output"],
)
def test_another_network_of_sequences_hears(tmp_path: Path, layers: list[Any], names: list[str]) -> None:
    net = pl.Network(layers, input_shape=(None, 20), seed=1)
    pl.save(net, tmp_path / "own.safetensors")
    page = Page(session(str(tmp_path / "own.safetensors")))
    found = page.asked("askListening", "listening")
    assert ["".join(layer["quantities"]) for layer in found.layers] == names
    assert found.spells == (net.output_shape[-1] == 21)
    recorded, told = say(page, 3)
    [utterance] = told.utterances
    gates = page.asked("askGates", "gates", slot=0, utterance=0, layer=0)
    begin = round(utterance["start"] / HOP)
    trace = net.trace(evened(recorded.power[begin : begin + len(gates.values[-1])]))
    np.testing.assert_array_equal(gates.values[-1], trace[0].h)
    np.testing.assert_array_equal(gates.outputs, np.atleast_2d(trace.outputs))
    if not found.spells:
        np.testing.assert_allclose(utterance["posteriors"], np.atleast_2d(trace.outputs), rtol=1e-6)
        assert (told.text, utterance["words"]) == ("", [])


def test_a_network_that_hears_no_mel_bands_is_refused(tmp_path: Path) -> None:
    net = pl.Network([pl.LSTM(4), pl.Dense(3, "softmax")], input_shape=(None, 7))
    pl.save(net, tmp_path / "own.safetensors")
    with pytest.raises(RefusedError, match="mel bands"):
        session(str(tmp_path / "own.safetensors"))


def test_the_texts_for_every_threshold_are_those_that_are_heard_with_it() -> None:
    hearer = Hearer(NET, "spoken-digits")
    for samples, _ in Joining((-0.12, 0.0), noise=(10.0, 20.0)).sequences(pl.data.load("spoken").test, 8, seed=2):
        part = hearer.hear(powers(samples), 0, threshold=0.75)
        for row in threshold_texts([part]):
            assert hearer.judged(part, row.up_to, None).text == row.text
            assert re.sub("[()]", "", row.text) == re.sub("[()]", "", part.text)  # no digit is lost, or hidden
