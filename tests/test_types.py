"""What a type checker sees of the public names: their types and signatures, none of them Any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pellucid as pl

pytest.importorskip("mypy", reason="needs mypy: pip install '.[check]'")

GOOD = """
import pellucid as pl
digits = pl.data.load("digits")
net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0)
trainer: pl.Trainer = pl.Trainer(net, digits.train, optimizer=pl.Adam(pl.Cosine(0.001)), augment=pl.Augment(shift=1.0))
for event in trainer.run(1, validation=digits.test):
    print(event)
pl.save(net, "net.safetensors")
other: pl.Network = pl.load("net.safetensors")
try:
    trainer.take_steps(3).mean()
except pl.DivergedError as error:
    print(str(error))
"""

BAD = [
    "pl.Trainer(net, digits.train, batch_sise=3)",
    "pl.Trainer(net, digits.train, optimizer=0.1)",
    "pl.SGD('fast')",
    "pl.load(3)",
    "pl.save(net)",
    "pl.train_many(trainer, 3)",
    "pl.Augment(turn=3)",
    "pl.Network([pl.Dense(3)], seed='x')",
]


def check(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(folder), str(script)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300, check=False)


def test_a_correct_script_passes_and_every_mistake_is_found(tmp_path: Path) -> None:
    assert check(GOOD, tmp_path).stdout == ""
    found = check(GOOD + "\n".join(BAD), tmp_path).stdout
    lines = len(GOOD.splitlines())
    for number, mistake in enumerate(BAD, lines + 1):
        assert f":{number}: error:" in found, mistake


def test_no_public_name_is_any(tmp_path: Path) -> None:
    names = [name for name in pl.__all__ if name != "__version__"]
    code = "import pellucid as pl\n" + "\n".join(f"reveal_type(pl.{name})" for name in names)
    lines = [line for line in check(code, tmp_path).stdout.splitlines() if "Revealed type" in line]
    assert len(lines) == len(names)
    assert [name for name, line in zip(names, lines, strict=True) if 'is "Any"' in line] == []
