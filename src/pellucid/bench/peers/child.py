"""Peers outside Python: a program reads the workload from files, and runs it once for each line that it is sent."""

from __future__ import annotations

import os
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from pellucid.bench.work import Floats, InferenceWork, TrainingWork
from pellucid.errors import ConfigurationError

SOURCES = Path(__file__).with_name("outside")
"""The sources of the programs."""
_PATIENCE = 20
"""Seconds that a program has to end by itself."""


class Child:
    """A program that holds a workload and runs it on request.

    The program is started with the name of a folder. `work.txt` in it has a line for each setting, a name and its
    values. `images.f32` (N, D) and `labels.i32` (N,) are in the order of training, so that the program need not gather
    them; `parameters.f32` has weights (out, in) and biases (out,) in turn. The program writes a line when it is ready.
    For each line "run" that it reads, it runs the workload and writes a line: the mean loss of an epoch, or 0 for
    inference, whose probabilities (N, K) it leaves in `answers.f32`. It ends with its input.

    Parameters
    ----------
    command
        The program; the name of the folder is added.
    work
        The workload.
    *arguments
        What the program gets behind the name of the folder.
    threads
        Number of threads that OpenBLAS may use in it; None: all.

    Raises
    ------
    ConfigurationError
        If the program ends before it is ready; the message has the last line that it wrote.
    """

    def __init__(
        self,
        command: Sequence[str],
        work: TrainingWork | InferenceWork,
        *arguments: str,
        threads: int | None = None,
    ) -> None:
        self._work = work
        folder = tempfile.TemporaryDirectory(prefix="pellucid-bench-")
        self._folder = Path(folder.name)
        lay_out(work, self._folder)
        self._errors = (self._folder / "errors.txt").open("w+")
        self._program = subprocess.Popen(
            [*command, str(self._folder), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | ({} if threads is None else {"OPENBLAS_NUM_THREADS": str(threads)}),
            text=True,
            bufsize=1,
        )
        weakref.finalize(self, _end, self._program, self._errors, folder)
        self._line()

    def train(self) -> float:
        """Run one epoch from the initial parameters; return the mean loss."""
        return float(self._ask())

    def read(self) -> Floats:
        """Compute the probabilities of all images, shape (N, K)."""
        self._ask()
        answers = np.fromfile(self._folder / "answers.f32", np.float32)
        return answers.reshape(self._work.count, -1)

    def _ask(self) -> str:
        pipe = self._program.stdin
        if pipe is None or self._program.poll() is not None:
            raise ConfigurationError(self._ended())
        pipe.write("run\n")
        pipe.flush()
        return self._line()

    def _line(self) -> str:
        line = self._program.stdout.readline() if self._program.stdout else ""
        if not line:
            self._program.wait(_PATIENCE)
            raise ConfigurationError(self._ended())
        return line.strip()

    def _ended(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines()
        return f"the program ended: {said[-1] if said else f'exit code {self._program.returncode}'}"


def _end(program: subprocess.Popen[str], errors: TextIO, folder: tempfile.TemporaryDirectory[str]) -> None:
    """Let the program end with its input, and remove its folder."""
    for stream in (program.stdin, program.stdout, errors):
        if stream is not None:
            stream.close()
    try:
        program.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    folder.cleanup()


def lay_out(work: TrainingWork | InferenceWork, folder: Path) -> None:
    """Write a workload as files that any language can read."""
    settings: dict[str, object] = {
        "layers": " ".join(map(str, work.layers)),
        "activation": work.activation,
        "count": work.count,
    }
    images = work.images
    if isinstance(work, TrainingWork):
        settings |= {"kind": "train", "optimizer": work.optimizer, "rate": work.learning_rate, "batch": work.batch_size}
        images = images[work.order]
        work.labels[work.order].astype(np.int32).tofile(folder / "labels.i32")
    else:
        settings |= {"kind": "read", "one": int(work.one_at_a_time)}
    images.tofile(folder / "images.f32")
    np.concatenate([array.ravel() for pair in work.parameters for array in pair]).tofile(folder / "parameters.f32")
    (folder / "work.txt").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
