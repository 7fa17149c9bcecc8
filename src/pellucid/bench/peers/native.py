"""C and C++: programs that the machine's compiler builds when the benchmark prepares them."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun, UnsuitedError
from pellucid.bench.peers.child import SOURCES, Child
from pellucid.bench.work import InferenceWork, TrainingWork
from pellucid.errors import ConfigurationError


class Native(Peer):
    """A program that is compiled for this very processor.

    Attributes
    ----------
    source
        The program.
    compiler
        The compiler's command.
    flags
        What follows the source.
    header
        A header of the library, which tells whether it is installed.
    advice
        How to install the library.
    """

    source: str
    compiler: str
    flags: tuple[str, ...]
    header: str
    advice: str

    def available(self) -> str | None:
        """It needs a compiler, and the library's headers."""
        if which(self.compiler) is None:
            return f"no {self.compiler} found: install a compiler"
        found = _includes(self.compiler, self.header, self._folders())
        return None if found else f"{self.header} not found: {self.advice}"

    def train(self, work: TrainingWork) -> TrainingRun:
        """Compile and start the program; each run is one line to it."""
        if work.optimizer != "sgd":
            raise UnsuitedError(f"{self.name} takes plain steps here.")
        return self._start(work).train

    def read(self, work: InferenceWork) -> InferenceRun:
        """Compile and start the program; each run is one line to it, and the probabilities come through a file."""
        return self._start(work).read

    def _start(self, work: TrainingWork | InferenceWork) -> Child:
        flags = (*(f"-I{folder}" for folder in self._folders()), *self.flags)
        return Child([str(_compiled(self.compiler, self.source, flags))], work, threads=self.threads)

    def _folders(self) -> tuple[str, ...]:
        """Return where headers lie that the compiler does not find by itself."""
        return ()


class Fann(Native):
    """FANN in single precision, its own functions for mini-batches behind a softmax."""

    name = "FANN"
    source = "fann.c"
    compiler = "cc"
    flags = ("-O3", "-march=native", "-lfloatfann", "-lm")
    header = "floatfann.h"
    advice = "apt-get install libfann-dev"
    most_steps = 6000

    @property
    def version(self) -> str:
        """The version in its pkg-config file."""
        said = subprocess.run(["pkg-config", "--modversion", "fann"], capture_output=True, text=True, check=False)
        return said.stdout.strip() or "unknown"

    def train(self, work: TrainingWork) -> TrainingRun:
        """Sigmoid only."""
        _require_sigmoid(work)
        return super().train(work)

    def read(self, work: InferenceWork) -> InferenceRun:
        """Sigmoid only."""
        _require_sigmoid(work)
        return super().read(work)


class Mlpack(Native):
    """mlpack in single precision: its layers, its loss and a plain step, the products by OpenBLAS."""

    name = "mlpack"
    source = "mlpack.cpp"
    compiler = "c++"
    flags = ("-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-DARMA_NO_DEBUG", "-larmadillo")
    header = "mlpack/methods/ann/layer/layer.hpp"
    advice = "pip install mlpack, and apt-get install libarmadillo-dev libcereal-dev libopenblas-dev"
    most_steps = 3000

    @property
    def version(self) -> str:
        """The version of the distribution that brings the headers."""
        try:
            return installed_version("mlpack")
        except PackageNotFoundError:
            return "unknown"

    def _folders(self) -> tuple[str, ...]:
        """The Python package brings the headers."""
        found = find_spec("mlpack")
        return (str(Path(found.origin).parent / "include"),) if found and found.origin else ()


def _require_sigmoid(work: TrainingWork | InferenceWork) -> None:
    if work.activation != "sigmoid":
        raise UnsuitedError("FANN has no ReLU.")


@cache
def _includes(compiler: str, header: str, folders: tuple[str, ...]) -> bool:
    """Return whether a compiler finds a header, without reading it."""
    said = subprocess.run(
        [compiler, "-E", "-x", "c++", *(f"-I{folder}" for folder in folders), "-"],
        input=f"#if !__has_include(<{header}>)\n#error missing\n#endif\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return said.returncode == 0


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of the compiled programs, which goes with this process."""
    return tempfile.TemporaryDirectory(prefix="pellucid-bench-")


@cache
def _compiled(compiler: str, source: str, flags: tuple[str, ...]) -> Path:
    """Compile a program once for this process."""
    program = Path(_folder().name) / Path(source).stem
    command = [compiler, str(SOURCES / source), "-o", str(program), *flags]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        errors = [line for line in said.stderr.splitlines() if "error" in line] or said.stderr.splitlines()
        raise ConfigurationError(f"{source} was not compiled: {errors[0] if errors else 'no reason given'}")
    return program


PEERS = (Fann(threads=1), Mlpack("1 thread", threads=1), Mlpack("all threads"))
