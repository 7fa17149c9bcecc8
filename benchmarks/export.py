"""How exported networks differ from the originals: ONNX Runtime, NumPy, C in float32 and int8, on test data.

    PELLUCID_DATA=... python benchmarks/export.py --json benchmarks/results/export.json    # all of MNIST and fsdd

Needs a C compiler, onnx and onnxruntime; without the recordings of fsdd, the speech network is left out.
"""

from __future__ import annotations

import ctypes
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import common
import pellucid as pl
from pellucid.errors import DownloadError

NETWORKS = "digits-relu", "digits-sigmoid", "digits-conv"
HEADINGS = "network", "target", "constants (bytes)", "largest difference", "other answers", "test accuracy"
SPEECH_HEADINGS = "network", "target", "clips", "largest difference", "other answers", "recognised"
BATCH = 500

Floats = NDArray[np.float32]
Read = Callable[[NDArray[Any]], Floats]


class Exported(NamedTuple):
    """A network elsewhere: the target's name, its constants in bytes, and what reads bytes (N, 28, 28)."""

    target: str
    constants: int
    read: Read


def main() -> None:
    arguments = common.options(__doc__.splitlines()[0]).parse_args()
    test = pl.data.load(arguments.data).test
    rows = [row for name in NETWORKS for row in compared(name, test)]
    tables = [common.tell(f"Exported networks of images, on {test.name}", HEADINGS, rows)]
    if spoken := speech():
        tables.append(
            common.tell("The exported speech network, on fsdd's official test clips", SPEECH_HEADINGS, spoken)
        )
    common.write(arguments.json, {"tables": tables})


def compared(name: str, test: Any) -> Iterator[list[str]]:
    """Compare one network with itself elsewhere."""
    net = pl.load(name)
    expected = net(test.images)
    best = expected.argmax(axis=1)
    yield [name, "Pellucid", f"{net.parameter_count * 4:,}", "", "", f"{(best == test.labels).mean():.2%}"]
    with tempfile.TemporaryDirectory() as folder:
        for target, constants, read in exported(net, Path(folder)):
            parts = [read(test.images[at : at + BATCH]) for at in range(0, len(test.images), BATCH)]
            outputs = np.concatenate(parts)
            found = outputs.argmax(axis=1)
            difference = np.abs(outputs - expected).max()
            accuracy = f"{(found == test.labels).mean():.2%}"
            yield [name, target, f"{constants:,}", f"{difference:.1e}", f"{(found != best).sum()}", accuracy]


def exported(net: pl.Network, folder: Path) -> Iterator[Exported]:
    """Export a network to every target."""
    pl.to_onnx(net, folder / "net.onnx", dtype="uint8")
    run = session(folder / "net.onnx")
    yield Exported("ONNX Runtime", net.parameter_count * 4, lambda images: run(input=images))
    pl.export(net, folder / "net.py")
    yield Exported("NumPy", net.parameter_count * 4, runpy.run_path(str(folder / "net.py"))["read"])
    for int8 in (False, True):
        pl.export(net, folder / "net.c", int8=int8)
        found = re.findall(r"static const (float|int8_t) \w+\[(\d+)\]", (folder / "net.c").read_text())
        constants = sum(int(count) * (4 if kind == "float" else 1) for kind, count in found)
        yield Exported("C, int8" if int8 else "C, float32", constants, compiled(folder, int8=int8))


def session(path: Path) -> Callable[..., Floats]:
    """Return a function that ONNX Runtime computes."""
    import onnxruntime

    made = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(**inputs: NDArray[Any]) -> Floats:
        outputs: Floats = made.run(None, inputs)[0]
        return outputs

    return run


def compiled(folder: Path, *, int8: bool) -> Read:
    """Return the function of an exported C file."""
    function, pointer = library(folder, "int8" if int8 else "float32").net_read, ctypes.POINTER(ctypes.c_float)
    function.argtypes = [pointer, pointer]

    def read(images: NDArray[Any]) -> Floats:
        unit = np.ascontiguousarray(images / np.float32(255), np.float32)
        outputs = np.zeros((len(images), 10), np.float32)
        for x, y in zip(unit, outputs, strict=True):
            function(x.ctypes.data_as(pointer), y.ctypes.data_as(pointer))
        return outputs

    return read


def library(folder: Path, name: str) -> ctypes.CDLL:
    """Compile net.c."""
    made = folder / f"{name}.so"
    command = ["cc", "-std=c99", "-O3", "-shared", "-fPIC", str(folder / "net.c"), "-o", str(made), "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(made))


def speech() -> list[list[str]]:
    """Compare the speech network elsewhere; nothing without recordings."""
    from pellucid.speech.features import evened, powers, stacked
    from pellucid.speech.recognizer import Recognizer

    try:
        clips = pl.data.load("fsdd").test
    except DownloadError as error:
        print(f"left out: {error}", file=sys.stderr)
        return []
    recognizer = Recognizer(pl.load("spoken-digits"))
    frames = [stacked(evened(powers(samples)), recognizer.stack) for samples, _ in clips]
    labels = [label for _, label in clips]

    def said(outputs: list[Floats]) -> list[list[int]]:
        return [recognizer.best(recognizer.weighed(np.float64(each)), 1) for each in outputs]

    def share(answers: list[list[int]]) -> str:
        return f"{np.mean([answer == [label] for answer, label in zip(answers, labels, strict=True)]):.1%}"

    expected = recognizer.net(frames)
    answers = said(expected)
    rows = [["spoken-digits", "Pellucid", f"{len(frames)}", "", "", share(answers)]]
    with tempfile.TemporaryDirectory() as folder:
        for target, outputs in sequences(recognizer.net, Path(folder), frames):
            difference = max(float(np.abs(a - b).max()) for a, b in zip(outputs, expected, strict=True))
            heard = said(outputs)
            others = sum(a != b for a, b in zip(answers, heard, strict=True))
            rows.append(["spoken-digits", target, f"{len(frames)}", f"{difference:.1e}", f"{others}", share(heard)])
    return rows


def sequences(net: pl.Network, folder: Path, frames: list[Floats]) -> Iterator[tuple[str, list[Floats]]]:
    """Export a network of sequences to every target, and run it."""
    pl.to_onnx(net, folder / "net.onnx")
    run = session(folder / "net.onnx")
    batches = (frames[at : at + BATCH // 10] for at in range(0, len(frames), BATCH // 10))
    yield "ONNX Runtime", [answer for batch in batches for answer in padded(run, batch)]
    pl.export(net, folder / "net.py")
    read = runpy.run_path(str(folder / "net.py"))["read"]
    yield "NumPy", [read(each) for each in frames]
    pl.export(net, folder / "net.c")
    yield "C, float32", compiled_sequences(folder, frames, net.output_shape[-1])


def compiled_sequences(folder: Path, frames: list[Floats], outputs: int) -> list[Floats]:
    """Run an exported C file of a network of sequences."""
    function, pointer = library(folder, "frames").net_read, ctypes.POINTER(ctypes.c_float)
    function.argtypes = [pointer, ctypes.c_int, pointer]
    answers = []
    for each in frames:
        x, y = np.ascontiguousarray(each), np.zeros((len(each), outputs), np.float32)
        if function(x.ctypes.data_as(pointer), len(each), y.ctypes.data_as(pointer)) < 0:
            raise ValueError(f"too many frames: {len(each)}")
        answers.append(y)
    return answers


def padded(run: Callable[..., Floats], frames: list[Floats]) -> list[Floats]:
    """Run a batch of sequences of different lengths."""
    lengths = np.array([len(each) for each in frames], np.int32)
    x = np.zeros((len(frames), max(lengths), frames[0].shape[1]), np.float32)
    for row, each in zip(x, frames, strict=True):
        row[: len(each)] = each
    return [answer[:length] for answer, length in zip(run(input=x, lengths=lengths), lengths, strict=True)]


if __name__ == "__main__":
    main()
