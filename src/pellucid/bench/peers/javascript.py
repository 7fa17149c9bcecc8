"""JavaScript in Node: TensorFlow.js and brain.js, which a web page would use instead."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import which

from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun, UnsuitedError
from pellucid.bench.peers.child import SOURCES, Child
from pellucid.bench.work import InferenceWork, TrainingWork


class JavaScript(Peer):
    """A program in Node whose libraries are installed in the current folder.

    Attributes
    ----------
    libraries
        npm packages that it needs; the first gives the version.
    source
        The program.
    """

    libraries: tuple[str, ...]
    source: str

    def available(self) -> str | None:
        """It needs Node, and the packages in the current folder."""
        if which("node") is None:
            return "Node not installed"
        missing = [name for name in self.libraries if not _manifest(name).is_file()]
        return f"{' and '.join(missing)} not installed: npm install {' '.join(self.libraries)}" if missing else None

    @property
    def version(self) -> str:
        """The version in the package's manifest."""
        manifest = _manifest(self.libraries[0])
        return str(json.loads(manifest.read_text())["version"]) if manifest.is_file() else "unknown"

    def train(self, work: TrainingWork) -> TrainingRun:
        """Start the program; each run is one line to it."""
        return self._start(work).train

    def read(self, work: InferenceWork) -> InferenceRun:
        """Start the program; each run is one line to it, and the probabilities come through a file."""
        return self._start(work).read

    def _start(self, work: TrainingWork | InferenceWork) -> Child:
        return Child(["node", str(SOURCES / self.source)], work, *self._arguments())

    def _arguments(self) -> tuple[str, ...]:
        return ()


class TensorFlowJS(JavaScript):
    """TensorFlow.js on WebAssembly or in plain JavaScript: the variant is the backend."""

    name = "TensorFlow.js"
    libraries = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")
    source = "tensorflow.mjs"
    most_steps = 1000

    def _arguments(self) -> tuple[str, ...]:
        return (self.variant,)


class BrainJS(JavaScript):
    """brain.js, which updates its weights after every image and knows no other step."""

    name = "brain.js"
    libraries = ("brain.js",)
    source = "brain.mjs"
    most_steps = 6000

    def train(self, work: TrainingWork) -> TrainingRun:
        """Only batches of one image, sigmoid throughout."""
        if work.batch_size != 1:
            raise UnsuitedError("brain.js updates after every image, not after a batch.")
        if work.optimizer != "sgd":
            raise UnsuitedError("brain.js takes plain steps here.")
        _require_sigmoid(work)
        return super().train(work)

    def read(self, work: InferenceWork) -> InferenceRun:
        """Sigmoid throughout."""
        _require_sigmoid(work)
        return super().read(work)


def _require_sigmoid(work: TrainingWork | InferenceWork) -> None:
    if work.activation != "sigmoid":
        raise UnsuitedError("brain.js has one activation for all layers, and ReLU in the last leaves no softmax.")


def _manifest(package: str) -> Path:
    return Path.cwd() / "node_modules" / package / "package.json"


PEERS = (TensorFlowJS("wasm", threads=1), TensorFlowJS("cpu", threads=1), BrainJS(threads=1))
