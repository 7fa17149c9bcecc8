"""What the page sees of training: pictures of the network, health of its layers, confusion, the loss plane."""

from __future__ import annotations

import numpy as np

from pellucid.inspect.confusion import mistakes_of
from pellucid.inspect.neurons import health
from pellucid.inspect.plane import loss_plane
from pellucid.inspect.value_fit import fit_of
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.run_view import RunView
from pellucid.studio.rooms.read.room import layer_readings
from pellucid.studio.state.plans import network_loss
from pellucid.studio.state.session_state import finite

MAX_PLANE = 60_000_000_000
"""Most multiply-adds of a convolutional network's loss plane, which is computed from as many images as that allows."""

_HEALTH_IMAGES = 256
_MAX_WRONG = 200
_MAX_PREDICTED = 2000
_MAX_PATH = 200


class NetworkView(RunView):
    """Sends the training of the session's network."""

    health_key = "health"

    def picture_bytes(self, run: Run) -> int:
        """See `RunView`."""
        return run.trainer.net.parameter_count * 4

    def send_picture(self, run: Run, request: int = 0) -> None:
        """Send the network as it is now, and the mini-batches since the last picture."""
        state, payload, step = self._state, Payload(), run.trainer.step
        self.throttle.picture_sent()
        steps, losses, accuracies = self._recent.take(step)
        state.send(
            events.Picture(
                request, state.edited.version, step, run.trainer.state.epoch, payload.put(run.trainer.net.parameters),
                payload.put(steps), payload.put(losses), payload.put(accuracies), self.throttle.speed,
                layer_readings(state.trace(), payload),
            ),
            payload,
        )  # fmt: skip

    def send_health(self, run: Run) -> None:
        """Send the health of the layers, taken over the first few hundred training images."""
        with self.throttle.measuring("health"):
            self._send_health(run)

    def _send_health(self, run: Run) -> None:
        state, payload, trainer = self._state, Payload(), run.trainer
        count = min(_HEALTH_IMAGES, len(state.data.train))
        images = state.levels(trainer.net, state.unit("train", np.arange(count)))
        found = health(trainer.net, images, state.data.train.targets[:count], network_loss(run.plan))
        run.measured(np.asarray(found.gradient_sizes, np.float32))
        state.send(
            events.Health(
                0, state.edited.version, trainer.step, payload.put(found.gradient_sizes),
                payload.put(found.gradient_norms), payload.put(found.weight_norms),
                [list(layer) for layer in found.dead], [list(layer) for layer in found.saturated], count,
            ),
            payload,
            key="health",
        )  # fmt: skip

    def send_examination(self, run: Run, request: int) -> None:
        """Send the confusion matrix and the misread images; for values, predictions beside true values."""
        with self.throttle.measuring("examination"):
            self._send_examination(request)

    def _send_examination(self, request: int) -> None:
        state, payload = self._state, Payload()
        if not state.data.test.has_classes:
            self._send_predictions(request)
            return
        labels = state.data.test.labels
        found = mistakes_of(np.nan_to_num(state.outputs("test")), labels)
        wrong = found.wrong[:_MAX_WRONG]
        state.send(
            events.Examined(
                request, state.edited.version, payload.put(found.confusion), len(labels), len(found.wrong),
                wrong.tolist(), labels[wrong].tolist(), found.readings[wrong].tolist(),
                payload.put(found.confidences[wrong]), payload.put(state.unit("test", wrong)),
            ),
            payload,
            key=None if request else "examined",
        )  # fmt: skip

    def _send_predictions(self, request: int) -> None:
        state, payload, targets = self._state, Payload(), self._state.data.test.targets
        found = fit_of(state.outputs("test"), targets)
        errors = [finite(each) for each in found.errors.tolist()]
        count = len(targets)
        chosen = np.arange(count) if count <= _MAX_PREDICTED else np.linspace(0, count - 1, _MAX_PREDICTED).astype(int)
        state.send(
            events.Predicted(
                request, state.edited.version, count, finite(found.r_squared), errors,
                chosen.tolist(), payload.put(found.outputs[chosen]), payload.put(targets[chosen]),
            ),
            payload,
            key=None if request else "examined",
        )  # fmt: skip

    def send_plane(self, run: Run, request: requests.AskLossPlane) -> None:
        """Send the loss on a plane through the path of training."""
        state, payload = self._state, Payload()
        steps, path = run.timeline.path(_MAX_PATH)
        if steps[-1] != run.trainer.step:
            steps, path = np.append(steps, run.trainer.step), np.vstack([path, run.trainer.net.parameters])
        images = state.data.train
        count = request.images
        if state.edited.is_convolutional:
            products = run.trainer.net.program.cost.products * (request.side**2 + len(path))
            count = min(count, max(1, MAX_PLANE // products))
        if count < len(images):
            images = images[:count]
        loss = network_loss(run.plan)
        found = loss_plane(run.trainer.net, path, images, loss, side=request.side, margin=request.margin)
        state.send(
            events.LossPlane(
                request.id, payload.put(found.xs), payload.put(found.ys), payload.put(found.losses),
                payload.put(found.path), payload.put(steps), payload.put(found.path_losses),
                payload.put(found.distances), list(found.explained), len(images), run.trainer.step,
            ),
            payload,
        )  # fmt: skip
