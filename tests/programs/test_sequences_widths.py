"""Sequence networks give the same results in lanes of other widths and in plain Python, up to rounding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import naive_sequences as naive
import pellucid
from programs import sequences_selfcheck as selfcheck

PACKAGE = Path(pellucid.__file__).parent


@pytest.fixture(scope="module")
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for engines of other widths than this machine's, in pytest's cache if there is one."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return tmp_path_factory.mktemp("engines") if cache is None else cache.mkdir("pellucid-engines")


@pytest.fixture(scope="module", params=["4", "plain"])
def results(request: pytest.FixtureRequest, engines: Path) -> dict[str, Any]:
    """The output of the self-check in a separate process."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PELLUCID_CACHE": str(engines)}
    environment.pop("PELLUCID_LANES", None)
    environment.pop("NUMBA_DISABLE_JIT", None)
    environment |= {"NUMBA_DISABLE_JIT": "1"} if request.param == "plain" else {"PELLUCID_LANES": request.param}
    run = subprocess.run([sys.executable, selfcheck.__file__], env=environment, capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr.decode()
    answers: dict[str, Any] = json.loads(run.stdout)
    assert answers["plain"] == (request.param == "plain")
    assert answers["plain"] or answers["lanes"] == int(request.param)
    return answers


@pytest.mark.parametrize("loss", selfcheck.STACKS)
def test_networks_answer_and_learn(results: dict[str, Any], loss: str) -> None:
    net, xs, answers = selfcheck.network(loss), selfcheck.sequences(), results[loss]
    for x, outputs in zip(xs, answers["outputs"], strict=True):
        np.testing.assert_allclose(outputs, naive.outputs_of(net, x)[1], rtol=1e-5, atol=1e-6)
    here = selfcheck.learned(loss)
    np.testing.assert_allclose(answers["gradient"], here["gradient"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(answers["losses"], here["losses"], rtol=1e-5)
    np.testing.assert_allclose(answers["end"], here["end"], rtol=1e-4, atol=1e-6)
