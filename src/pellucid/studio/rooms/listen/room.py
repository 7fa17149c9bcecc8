"""Listen: a network of sequences hears voices, files and the microphone; recordings can be changed and heard again."""

from __future__ import annotations

import numpy as np

from pellucid.lessons.deeds import SoundsChanged
from pellucid.network.files import load
from pellucid.network.network import Network
from pellucid.network.shipped import HEARER
from pellucid.speech.alignment import SURE
from pellucid.speech.editing import EditedSound
from pellucid.speech.features import BANDS, HIGHEST, HOP, LOWEST, RATE
from pellucid.speech.utterances import Utterance
from pellucid.studio.protocol import listen as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.listen.heard_words import utterance_message
from pellucid.studio.rooms.listen.hearer import Hearer, threshold_texts
from pellucid.studio.rooms.listen.live_listening import PAUSE, LiveListening
from pellucid.studio.rooms.listen.recordings import Take, utterances_of
from pellucid.studio.state.activity import HearerChosen, SoundsHeard, ThresholdMoved
from pellucid.studio.state.embedded_voices import spoken_by, voice_names
from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import SessionState

MAX_EDITS = 100
"""Most changes of one recording."""

_MEL = 1127.0


class ListenRoom:
    """What a network hears in two recordings.

    Parameters
    ----------
    state : SessionState
    lock : PriorityLock
        The session's: callers hold it, but for `Session.open_recording`.
    given : (Network, str), optional
        The network that hears, and its name; by default the shipped one.

    Attributes
    ----------
    takes : list of (Take or None)
    threshold : float
        Confidence from which a word counts as a digit.
    digits : int or None
        Number of digits between two silences, where it is known.
    """

    def __init__(self, state: SessionState, lock: PriorityLock, given: tuple[Network, str] | None = None) -> None:
        self._state, self._lock = state, lock
        self._hearers: dict[messages.HearerKind, Hearer] = {}
        self._kind: messages.HearerKind = "shipped"
        self.takes: list[Take | None] = [None, None]
        self.threshold: float = SURE
        self.digits: int | None = None
        self._live: LiveListening | None = None
        self._ending: LiveListening | None = None
        self._live_slot = self._number = 0
        if given is not None:
            self.take_network("given", *given)

    @property
    def hearer(self) -> Hearer:
        """The network that hears; the shipped one is loaded when it is first needed."""
        if self._kind not in self._hearers:
            self._hearers[self._kind] = Hearer(load(HEARER), HEARER)
        return self._hearers[self._kind]

    def take_network(self, kind: messages.HearerKind, net: Network, name: str) -> None:
        """Hear with a network from now on, in place of an earlier one of its kind.

        Raises
        ------
        RefusedError
            If Listen can play nothing to it.
        """
        hearer = Hearer(net, name)
        self._check_silent()
        self._hearers[kind] = hearer
        self._use(kind)

    def choose(self, request: messages.ChooseHearer) -> None:
        """Hear with another network."""
        if request.hearer != "shipped" and request.hearer not in self._hearers:
            raise RefusedError(
                "unavailable", "Expected a network that is here, got none: train one in Learn, or open its file."
            )
        self._check_silent()
        self._use(request.hearer)
        self._state.activity.note(HearerChosen(self._state.edited.version, request.hearer))
        self.send_subject(request.id)

    def _use(self, kind: messages.HearerKind) -> None:
        """Hear all recordings again with another network."""
        self._kind = kind
        for take in self.takes:
            if take is not None:
                take.number = self._next()
                self._hear(take)

    def _check_silent(self) -> None:
        if any(take is not None and take.live for take in self.takes):
            raise RefusedError("out_of_order", "The microphone is still on: stop it before another network hears.")

    def _choices(self) -> list[messages.HearerChoice]:
        kinds: tuple[messages.HearerKind, ...] = ("given", "trained")
        own = [messages.HearerChoice(kind, self._hearers[kind].name) for kind in kinds if kind in self._hearers]
        return [messages.HearerChoice("shipped", HEARER), *own]

    def subject(self, request: messages.AskListening) -> None:
        """Send the network, and the recordings as they are."""
        self.send_subject(request.id)

    def send_subject(self, request: int) -> None:
        """Send the network, and the recordings as they are."""
        hearer = self.hearer
        low, high = (_MEL * np.log1p(hertz / 700) for hertz in (LOWEST, HIGHEST))
        centres = 700 * np.expm1(np.linspace(low, high, BANDS + 2)[1:-1] / _MEL)
        self._state.send(
            messages.Listening(
                request, hearer.name, self._kind, self._choices(), hearer.layers(), list(hearer.classes),
                hearer.recognizer is not None, HOP, hearer.step, centres.tolist(), RATE, voice_names(),
                messages.LONGEST, PAUSE, self.threshold, self.digits,
            )
        )  # fmt: skip
        for slot in range(len(self.takes)):
            if self.takes[slot] is not None:
                self._send(slot, request)

    def voice(self, request: messages.HearVoice) -> None:
        """Let an embedded voice say digits."""
        samples = spoken_by(request.voice, request.digits, request.pause)
        name = f"{request.voice} says {' '.join(map(str, request.digits))}"
        self.open(request.slot, "voice", name, samples, (), request.id)

    def open(
        self,
        slot: int,
        source: messages.SoundSource,
        name: str,
        samples: np.ndarray,
        notes: tuple[str, ...],
        request: int = 0,
    ) -> None:
        """Hear a recording (n,)."""
        self._end_live(slot)
        take = Take(self._next(), source, name, EditedSound.of(samples), notes=notes)
        self._hear(take)
        self.takes[slot] = take
        self._send(slot, request)
        self._note_heard(take)

    def start(self, request: messages.StartMicrophone) -> None:
        """Begin a recording with the microphone."""
        self._end_live()
        empty = EditedSound.of(np.zeros(0, np.float32))
        take = Take(self._next(), "microphone", "microphone", empty, PAUSE, live=True)
        hearer, slot = self.hearer, request.slot
        self.takes[slot] = take

        def heard(number: int, utterance: Utterance) -> None:
            self._hear_live(hearer, slot, take, number, utterance)

        def ended() -> None:
            with self._lock.high_priority():
                self._finish_live(slot, take)

        self._live, self._live_slot = LiveListening(request.rate, heard, ended), slot
        self._send(slot, request.id)

    def samples(self, request: messages.HearSamples) -> None:
        """Take samples of the microphone."""
        live, slot = self._live, self._live_slot
        take = self.takes[slot]
        if live is None or take is None or take.number != request.recording:
            return
        if len(request.samples) % 2:
            raise RefusedError("malformed", f"Expected samples of two bytes each, got {len(request.samples)} bytes.")
        fed, payload = live.feed(np.frombuffer(request.samples, "<i2")), Payload()
        self._state.send(
            messages.Sounding(
                request.id, slot, take.number, fed.at, payload.put(fed.samples), fed.frame, payload.put(fed.power),
                fed.level, fed.speaking, fed.hint,
            ),
            payload,
        )  # fmt: skip
        if fed.full:
            self._stop()

    def stop(self, request: messages.StopMicrophone) -> None:
        """End the recording of the microphone; it is sent once all of it has been heard."""
        if self._live is None:
            raise RefusedError("out_of_order", "Expected a microphone that is open: start it first.")
        self._stop()

    def _stop(self) -> None:
        """Let what was said last be heard; `_finish_live` follows in the microphone's thread."""
        if self._live is not None:
            self._ending, self._live = self._live, None
            self._ending.finish()

    def edit(self, request: messages.EditSounds) -> None:
        """Change a recording, and hear it again."""
        take = self._take(request.slot)
        if len(take.history) >= MAX_EDITS:
            raise RefusedError("too_large", f"Expected at most {MAX_EDITS} changes: undo some of them first.")
        span, other = (request.begin, request.end), (request.other_begin, request.other_end)
        sound, factor = take.sound, 1.0
        if request.kind == "mute":
            sound = sound.muted(span)
        elif request.kind == "stretch":
            sound, factor = sound.stretched(span, request.factor), request.factor
        else:
            sound = sound.swapped(span, other)
        if len(sound.samples) > messages.LONGEST * RATE:
            raise RefusedError("too_large", f"Expected at most {messages.LONGEST:g} seconds: stretch it less.")
        before, words = take.text, take.words
        take.history.append((messages.SoundEdit(request.kind, *span, factor, before), sound))
        self._heard_again(take, request.slot, request.id)
        self._state.activity.note(
            SoundsChanged(
                self._state.edited.version, request.kind, *span, factor, before, take.text, len(take.history), words,
                take.words,
            )
        )  # fmt: skip

    def undo(self, request: messages.UndoSounds) -> None:
        """Undo changes of a recording, and hear it again."""
        take = self._take(request.slot)
        if not take.history:
            raise RefusedError("out_of_order", "Expected a recording with changes, got one as it was made.")
        del take.history[0 if request.all else -1 :]
        self._heard_again(take, request.slot, request.id)

    def set_hearing(self, request: messages.SetHearing) -> None:
        """Judge all words again."""
        self.threshold, self.digits = request.threshold, request.digits
        self._state.send(messages.HearingChosen(request.id, self.threshold, self.digits))
        for slot, take in enumerate(self.takes):
            if take is not None:
                take.parts = [self.hearer.judged(part, self.threshold, self.digits) for part in take.parts]
                self._send_heard(slot, take, request.id)
        texts = tuple(take.text for take in self.takes if take is not None)
        self._state.activity.note(ThresholdMoved(self._state.edited.version, request.threshold, request.digits, texts))

    def gates(self, request: messages.AskGates) -> None:
        """Send all values of a layer during an utterance."""
        take = self.takes[request.slot]
        if take is None or request.utterance >= len(take.parts):
            raise RefusedError("bad_value", f"Expected an utterance that was heard, got number {request.utterance}.")
        part, payload = take.parts[request.utterance], Payload()
        values, outputs = self.hearer.values(part.power, request.layer)
        self._state.send(
            messages.Gates(
                request.id, request.slot, take.number, request.utterance, request.layer, part.begin * HOP,
                [payload.put(each) for each in values], payload.put(outputs),
            ),
            payload,
        )  # fmt: skip

    def page_connected(self) -> None:
        """A page has connected: the microphone of the last one is gone."""
        self._stop()

    def close(self) -> None:
        """End the microphone."""
        self._end_live()

    def _take(self, slot: int) -> Take:
        """The recording in a slot, which nobody is adding to."""
        take = self.takes[slot]
        if take is None:
            raise RefusedError("out_of_order", "Expected a recording, got none: open one first.")
        if take.live:
            raise RefusedError("out_of_order", "The microphone is still on: stop it before you change the recording.")
        return take

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _hear(self, take: Take) -> None:
        """Hear the whole of a recording."""
        take.power, found = utterances_of(take.sound.samples, take.pause)
        take.parts = [
            self.hearer.hear(each.power, each.begin, threshold=self.threshold, digits=self.digits) for each in found
        ]

    def _heard_again(self, take: Take, slot: int, request: int) -> None:
        take.number = self._next()
        self._hear(take)
        self._send(slot, request)

    def _hear_live(self, hearer: Hearer, slot: int, take: Take, number: int, utterance: Utterance) -> None:
        """Hear an utterance of the microphone as it is so far; called by a thread that does not hold the lock."""
        before = take.parts[number] if number < len(take.parts) else None
        part = hearer.hear(
            utterance.power, utterance.begin, final=utterance.final, threshold=self.threshold, digits=self.digits,
            before=before,
        )  # fmt: skip
        with self._lock.high_priority():
            if self.takes[slot] is not take:
                return
            take.parts[number:] = [part]
            self._send_heard(slot, take, 0, number, key=None if part.final else f"hearing {slot}")

    def _finish_live(self, slot: int, take: Take) -> None:
        """Send what the microphone has recorded, once all of it has been heard."""
        ending, self._ending = self._ending, None
        if self.takes[slot] is not take or ending is None:
            return
        take.live, take.original, take.power = False, EditedSound.of(ending.samples), ending.power
        self._send(slot, 0)
        self._note_heard(take)

    def _end_live(self, slot: int | None = None) -> None:
        """Close the microphone if it records into a slot, or in any case."""
        if self._live is not None and slot in (None, self._live_slot):
            self._live.close()
            self._live = None

    def _send(self, slot: int, request: int) -> None:
        take = self.takes[slot]
        if take is None:
            return
        payload, sound = Payload(), take.sound
        samples, power = sound.samples, take.power
        if take.live and self._live is not None:
            samples, power = self._live.samples, self._live.power
        self._state.send(
            messages.Recorded(
                request, slot, take.number, take.source, take.name, take.live, payload.put(samples),
                payload.put(power), [edit for edit, _ in take.history],
                [messages.ChangedSpan(*span) for span in sound.spans()], list(take.notes),
            ),
            payload,
        )  # fmt: skip
        self._send_heard(slot, take, request)

    def _send_heard(self, slot: int, take: Take, request: int, first: int = 0, key: str | None = None) -> None:
        payload = Payload()
        told = [utterance_message(part, payload) for part in take.parts[first:]]
        self._state.send(
            messages.Heard(
                request, slot, take.number, first, told, take.text, self.threshold, self.digits,
                threshold_texts(take.parts),
            ),
            payload,
            key,
        )  # fmt: skip

    def _note_heard(self, take: Take) -> None:
        words = take.words
        sure = sum(word.sure for word in words)
        self._state.activity.note(
            SoundsHeard(self._state.edited.version, take.source, take.name, take.text, len(words), sure)
        )
