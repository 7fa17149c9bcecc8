from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import pellucid as pl

SETUP = """
import pellucid as pl
def trainer():
    digits = pl.data.load("digits")
    net = pl.Network([pl.Dense(16, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=3)
    return pl.Trainer(net, digits.train, optimizer=pl.Adam(pl.Cosine(0.003)), batch_size=20, seed=7), digits
"""


def make():
    names: dict = {}
    exec(SETUP, names)
    return names["trainer"]()


@pytest.mark.parametrize("stop_after", [1, 5])
def test_resuming_gives_the_bits_of_never_having_stopped(tmp_path, stop_after):
    straight, digits = make()
    wanted = list(straight.run(6, validation=digits.test))
    path = tmp_path / "run.safetensors"
    broken, _ = make()
    run = broken.run(6, validation=digits.test, checkpoint=path, progress=0.0)
    for _ in range(stop_after):
        next(run)
    run.close()
    resumed = pl.Trainer.resume(path, digits.train)
    assert 0 < resumed.step < straight.step
    rest = list(resumed.run(validation=digits.test))
    assert np.array_equal(resumed.net.parameters, straight.net.parameters)
    assert (rest[-1].loss, rest[-1].test_loss) == (wanted[-1].loss, wanted[-1].test_loss)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.1, 0.25])
def test_a_checkpoint_survives_kill_at_any_moment(tmp_path, delay):
    path = tmp_path / "run.safetensors"
    code = SETUP + textwrap.dedent(
        f"""
        t, digits = trainer()
        run = t.run(100000)
        for event in run:
            t.save({str(path)!r})
            print(event.epoch, flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    _, digits = make()
    resumed = pl.Trainer.resume(path, digits.train)
    epochs = resumed.state.epoch
    straight, _ = make()
    straight.state.planned = resumed.state.planned
    straight.take_steps(epochs * straight.steps_per_epoch)
    assert epochs >= 1
    assert np.array_equal(resumed.net.parameters, straight.net.parameters)
    leftovers = [entry.name for entry in tmp_path.iterdir() if entry != path]
    assert all(name.endswith(".part") for name in leftovers)


def test_other_data_are_refused(tmp_path):
    trainer, digits = make()
    trainer.save(tmp_path / "run.safetensors")
    with pytest.raises(pl.DataError, match="other data"):
        pl.Trainer.resume(tmp_path / "run.safetensors", digits.test)


def test_a_network_file_is_no_checkpoint(tmp_path):
    trainer, digits = make()
    pl.save(trainer.net, tmp_path / "net.safetensors")
    with pytest.raises(pl.FileFormatError, match="no checkpoint"):
        pl.Trainer.resume(tmp_path / "net.safetensors", digits.train)


def test_a_checkpoint_is_a_network_file(tmp_path):
    trainer, _ = make()
    trainer.take_steps(3)
    trainer.save(tmp_path / "run.safetensors")
    assert np.array_equal(pl.load(tmp_path / "run.safetensors").parameters, trainer.net.parameters)
