"""What the page sees of training on speech: posteriors and one unit over time, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.network.network import Network
from pellucid.speech.decoding import OTHER_WORD
from pellucid.speech.recognizer import Recognizer
from pellucid.studio.protocol import speech as messages
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.run_view import RunView
from pellucid.studio.rooms.learn.speech_score import SpeechScore, score_of_digits, score_of_sounds
from pellucid.studio.rooms.learn.speech_subject import SpeechSubject
from pellucid.studio.state.recurrent_layers import listen_layers, values_of
from pellucid.studio.state.session_state import SessionState, finite
from pellucid.studio.state.spoken_sets import fits

MAX_EXAMPLES = 12
"""Utterances with errors that are told."""

_PICTURE_BYTES = 3 << 19
"""A picture is small, but takes as long to compute as one of so many bytes to send."""


def layer_sizes(net: Network, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the root mean square of each layer's part of a vector laid out like the parameters, (layers,)."""
    ends = np.cumsum([layer.parameter_count(layer.input_shape) for layer in net.layers])
    parts = np.split(np.square(vector.astype(np.float64)), ends[:-1])
    return np.sqrt([part.mean() for part in parts])


class SpeechView(RunView):
    """Sends the training of a network of spoken digits."""

    health_key = "speechHealth"

    def __init__(self, state: SessionState, subject: SpeechSubject) -> None:
        super().__init__(state)
        self._subject = subject

    def picture_bytes(self, run: Run) -> int:
        """See `RunView`."""
        return _PICTURE_BYTES

    def send_watched(self, request: int) -> None:
        """Send the utterance that is watched."""
        watched, payload = self._subject.watched, Payload()
        self._state.send(
            messages.SpeechWatched(
                request, watched.voice, watched.digits, watched.sounds, payload.put(watched.samples),
                payload.put(watched.power),
            ),
            payload,
        )  # fmt: skip

    def send_picture(self, run: Run, request: int = 0) -> None:
        """Send what the network hears in the utterance that is watched, and the mini-batches since the last picture."""
        payload, step, watched = Payload(), run.trainer.step, self._subject.watched
        self.throttle.picture_sent()
        steps, losses, accuracies = self._recent.take(step)
        trace = self._subject.at_every_step().trace(watched.frames)
        values = values_of(trace[watched.layer])
        names = listen_layers(self._subject.net)[watched.layer].quantities
        cells = values[names.index("c" if "c" in names else "h")]
        self._state.send(
            messages.SpeechPicture(
                request, step, run.trainer.state.epoch, payload.put(steps), payload.put(losses),
                payload.put(accuracies), self.throttle.speed, payload.put(trace.outputs), watched.layer, watched.unit,
                payload.put(cells), payload.put(np.stack([each[:, watched.unit] for each in values])),
            ),
            payload,
        )  # fmt: skip

    def send_health(self, run: Run) -> None:
        """Send the gradient of the utterance that is watched, and the digits heard in it."""
        with self.throttle.measuring("health"):
            self._send_health(run)

    def _send_health(self, run: Run) -> None:
        payload, subject = Payload(), self._subject
        watched, net = subject.watched, subject.net
        loss, sizes, by_step = 0.0, np.zeros(len(net.layers)), np.zeros(len(watched.frames))
        if not subject.spells or fits(list(watched.target), len(watched.frames)):
            found = net.gradient(watched.frames, watched.target, subject.plan.loss)
            loss, sizes = found.loss, layer_sizes(net, found.parameters)
            by_step = np.sqrt(np.square(found.inputs.astype(np.float64)).sum(axis=1))
        run.measured(np.asarray(sizes, np.float32))
        self._state.send(
            messages.SpeechHealth(
                0, run.trainer.step, finite(loss), payload.put(sizes), payload.put(by_step), self._heard()
            ),
            payload,
            key=self.health_key,
        )  # fmt: skip

    def _heard(self) -> str:
        """The digits heard in the utterance that is watched."""
        net, watched = self._subject.net, self._subject.watched
        outputs: Any = net(watched.frames)
        if not self._subject.spells:
            return str(int(np.argmax(outputs)))
        recognizer = Recognizer(net)
        said = recognizer.said(recognizer.weighed(np.asarray(outputs, np.float64)))
        return "".join("?" if word == OTHER_WORD else str(word) for word in said)

    def score(self) -> SpeechScore:
        """Return the errors on the held-out utterances."""
        net, test = self._subject.net, self._subject.utterances.test
        outputs: Any = net(list(test.frames))
        labels: Any = test.labels
        if self._subject.spells:
            return score_of_sounds(outputs, labels)
        return score_of_digits(np.asarray(outputs), labels)

    def send_examination(self, run: Run, request: int) -> None:
        """Send the errors on the held-out utterances."""
        with self.throttle.measuring("examination"):
            self._send_examination(run, request)

    def _send_examination(self, run: Run, request: int) -> None:
        found, utterances, classes = self.score(), self._subject.utterances, self._subject.net.classes

        def words(numbers: Any) -> str:
            return " ".join(classes[number] for number in np.atleast_1d(numbers))

        labels: Any = utterances.test.labels
        examples = [
            messages.SpeechExample(utterances.speakers[at], words(labels[at]), words(found.heard[at]))
            for at in found.wrong[:MAX_EXAMPLES]
        ]
        self._state.send(
            messages.SpeechExamined(
                request, run.trainer.step, len(utterances.test), found.right, found.sounds, found.sound_errors,
                found.digits, found.digit_errors, examples,
            ),
            key=None if request else "examined",
        )  # fmt: skip
