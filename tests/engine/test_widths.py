"""Lanes of 4, 8 and 16 and plain Python give the same results, up to rounding."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import naive
import naive_planes
import pellucid
from engine import selfcheck
from pellucid.engine.simd.lanes import LANES, PLAIN
from pellucid.inspect import reference

PACKAGE = Path(pellucid.__file__).parent
WIDTHS = ["4", "8", "16", "plain"]
OLDEST = "x86-64"
"""A processor without AVX, whose code every PC runs: there the four lanes are tried."""


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for engines of other widths than this machine's, in pytest's cache if there is one."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return tmp_path_factory.mktemp("engines") if cache is None else cache.mkdir("pellucid-engines")


@pytest.fixture(scope="module", params=WIDTHS)
def results(request: pytest.FixtureRequest, engines: Path) -> dict[str, Any]:
    """The output of the self-check in a separate process."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONWARNINGS": "error"}
    for choice in ("PELLUCID_LANES", "PELLUCID_PROCESSOR", "NUMBA_DISABLE_JIT"):
        environment.pop(choice, None)
    if request.param == "plain":
        environment["NUMBA_DISABLE_JIT"] = "1"
    elif PLAIN or request.param != str(LANES):  # that one is compiled already
        environment |= {"PELLUCID_CACHE": str(engines), "PELLUCID_LANES": request.param}
    if request.param == "4" and platform.machine().lower() in ("x86_64", "amd64"):
        environment["PELLUCID_PROCESSOR"] = OLDEST
    before = files(PACKAGE)
    run = subprocess.run([sys.executable, selfcheck.__file__], env=environment, capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr.decode()
    assert files(PACKAGE) == before, "something was written inside the package"
    answers: dict[str, Any] = json.loads(run.stdout)
    assert answers["plain"] == (request.param == "plain")
    assert answers["plain"] or answers["lanes"] == int(request.param)
    return answers


def test_functions(results: dict[str, Any]) -> None:
    x = np.linspace(-87, 88, 256).astype(np.float32).astype(np.float64)
    truth = {"EXP": np.exp(x), "LOG": np.log(np.abs(x) + 1), "SIGMOID": 1 / (1 + np.exp(-x)), "TANH": np.tanh(x)}
    for name, expected in truth.items():
        np.testing.assert_allclose(results["functions"][name], expected, rtol=4e-7)


@pytest.mark.parametrize("name", selfcheck.CASES)
def test_networks_answer_and_learn(results: dict[str, Any], name: str) -> None:
    _, loss, optimizer = selfcheck.CASES[name]
    layers = reference.layers_of(selfcheck.network(name))
    x, labels = selfcheck.images().astype(np.float64), selfcheck.labels().tolist()
    gradient = reference.backward(layers, x, labels, loss)
    np.testing.assert_allclose(results[name]["outputs"], reference.forward(layers, x)[-1].a, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(results[name]["gradient"], gradient.parameters, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(results[name]["inputs"], gradient.inputs, rtol=1e-4, atol=1e-6)

    size = selfcheck.BATCH
    batches = [(x[i : i + size], labels[i : i + size]) for i in range(0, len(x), size)]
    descent = naive.Descent(name, optimizer.decay)
    layers, gradients = naive.train(layers, batches, loss, descent, [optimizer.learning_rate] * len(batches))
    means = np.array(results[name]["losses"]) / [len(batch[1]) for batch in batches]
    np.testing.assert_allclose(means, [gradient.loss for gradient in gradients], rtol=1e-5)
    np.testing.assert_allclose(results[name]["end"], reference.flatten(layers), rtol=1e-4, atol=1e-5)


def test_planes_answer_and_learn(results: dict[str, Any]) -> None:
    answers = results["planes"]
    net = pellucid.Network(selfcheck.PLANES, input_shape=selfcheck.SHAPE, seed=3)
    x = selfcheck.pictures().astype(np.float64)
    outputs = naive_planes.forward(net, x)[-1][2]
    np.testing.assert_allclose(answers["outputs"], outputs, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(answers["single"], answers["outputs"][:3])
    loss, parameters, inputs = naive_planes.backward(net, x, selfcheck.labels().tolist())
    np.testing.assert_allclose(answers["gradient"], parameters, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(answers["inputs"], inputs, rtol=1e-3, atol=1e-7)
    # Dropout does not depend on the lanes.
    np.testing.assert_allclose(answers["losses"], selfcheck.planes()["losses"], rtol=1e-5)
    assert abs(answers["losses"][0] - loss) > 1e-4


ELSEWHERE = """
import sys
import llvmlite.binding as llvm
from pellucid.engine.compiler import kernels as compiler
from pellucid.engine.programs import dense_entries as entries
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
target = llvm.Target.from_triple(sys.argv[1])
llvm.Target.from_default_triple = lambda: target
module = compiler._whole({name: entries.ENTRIES[name] for name in sys.argv[2:]}, {}, "")
module.triple = sys.argv[1]
module.data_layout = str(target.create_target_machine().target_data)
sys.stdout.buffer.write(compiler._emit(module))
"""


@pytest.mark.skipif(PLAIN, reason="plain Python compiles nothing")
@pytest.mark.parametrize(
    ("triple", "processor", "machine", "entries"),
    [
        ("aarch64-unknown-linux-gnu", "generic", 183, ["train", "read"]),
        ("x86_64-unknown-linux-gnu", "x86-64-v4,+avx512f,+avx", 62, ["read"]),
    ],
)
def test_machine_code_is_made_for_other_processors_too(
    triple: str, processor: str, machine: int, entries: list[str]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PELLUCID_PROCESSOR": processor}
    environment.pop("PELLUCID_LANES", None)
    command = [sys.executable, "-c", ELSEWHERE, triple, *entries]
    run = subprocess.run(command, env=environment, capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout[:4] == b"\x7fELF"
    assert int.from_bytes(run.stdout[18:20], "little") == machine
    assert all(f"pellucid_{entry}".encode() in run.stdout for entry in entries)
