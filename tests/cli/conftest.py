"""A small network trained once, pictures of known digits, and the command run inside the test process."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from cli.processes import Answer, Run


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """A shell makes background commands (``&``) ignore Ctrl-C; commands started by tests must not inherit this."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """Run the command in this process, in its own folder."""
    from pellucid.cli.guard import run as guarded

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "PYTHONIOENCODING", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["pellucid"])

    def call(*arguments: object) -> Answer:
        code = guarded([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    with warnings.catch_warnings():
        yield call


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that reads most digits correctly."""
    digits = pl.data.load("digits")
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    net = pl.Network(layers, input_shape=(28, 28), seed=0)
    for _ in pl.Trainer(net, digits.train, seed=0).run(epochs=10):
        pass
    path = tmp_path_factory.mktemp("network") / "net.safetensors"
    pl.save(net, path)
    return path


@pytest.fixture(scope="session")
def sheet(tmp_path_factory: pytest.TempPathFactory, network: Path) -> tuple[Path, str]:
    """A picture of three digits in dark ink, and their labels."""
    test = pl.data.load("digits").test
    outputs = pl.load(network)(test.images)
    sure = np.flatnonzero((outputs.argmax(1) == test.labels) & (outputs.max(1) > 0.995))
    chosen = [next(i for i in sure if test.labels[i] == digit) for digit in (3, 0, 7)]
    paper = np.full((160, 480), 235, np.uint8)
    for place, index in enumerate(chosen):
        large = np.asarray(Image.fromarray(test.images[index]).resize((112, 112), Image.Resampling.BICUBIC))
        left = 24 + 152 * place
        paper[24:136, left : left + 112] = 235 - (large.astype(int) * 200 // 255)
    path = tmp_path_factory.mktemp("pictures") / "sheet.png"
    Image.fromarray(paper).save(path)
    return path, "307"
