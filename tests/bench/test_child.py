"""Programs outside Python: what they are told, what they answer, and what happens if they end."""

from __future__ import annotations

import gc
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from pellucid.bench.peers.child import Child, lay_out
from pellucid.bench.work import InferenceWork, TrainingWork
from pellucid.errors import ConfigurationError

IMAGES = np.arange(12, dtype=np.float32).reshape(4, 3) / 12
TRAINING = TrainingWork("train", IMAGES, np.array([0, 1, 0, 1]), (3, 2), batch_size=2, learning_rate=0.25)
READING = InferenceWork("read", IMAGES, (3, 2))


def program(tmp_path: Path, body: str) -> list[str]:
    source = tmp_path / "program.py"
    source.write_text("import sys\nfrom pathlib import Path\nfolder = Path(sys.argv[1])\n" + textwrap.dedent(body))
    return [sys.executable, str(source)]


def test_a_workload_is_files_that_any_language_reads(tmp_path: Path) -> None:
    lay_out(TRAINING, tmp_path)
    lines = (tmp_path / "work.txt").read_text().splitlines()
    assert "layers 3 2" in lines
    assert "batch 2" in lines
    assert "rate 0.25" in lines
    images = np.fromfile(tmp_path / "images.f32", np.float32).reshape(4, 3)
    np.testing.assert_array_equal(images, IMAGES[TRAINING.order])
    labels = np.fromfile(tmp_path / "labels.i32", np.int32)
    np.testing.assert_array_equal(labels, TRAINING.labels[TRAINING.order])
    ((weight, bias),) = TRAINING.parameters
    flat = np.fromfile(tmp_path / "parameters.f32", np.float32)
    np.testing.assert_array_equal(flat, np.concatenate([weight.ravel(), bias]))


def test_each_run_is_a_line_and_its_answer(tmp_path: Path) -> None:
    command = program(
        tmp_path,
        """
        print("ready", flush=True)
        for number, line in enumerate(sys.stdin):
            print(number + len(sys.argv), flush=True)
        """,
    )
    child = Child(command, TRAINING, "an argument")
    assert [child.train(), child.train()] == [3.0, 4.0]


def test_probabilities_come_through_a_file(tmp_path: Path) -> None:
    command = program(
        tmp_path,
        """
        print("ready", flush=True)
        for line in sys.stdin:
            (folder / "answers.f32").write_bytes(bytes(4 * 8))
            print(0, flush=True)
        """,
    )
    np.testing.assert_array_equal(Child(command, READING).read(), np.zeros((4, 2), np.float32))


def test_a_program_that_ends_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such library"):
        Child(program(tmp_path, "sys.exit('no such library')"), TRAINING)
    with pytest.raises(ConfigurationError, match="exit code 3"):
        Child(program(tmp_path, "sys.exit(3)"), TRAINING)
    child = Child(program(tmp_path, "print('ready', flush=True); input(); sys.exit('out of memory')"), TRAINING)
    with pytest.raises(ConfigurationError, match="out of memory"):
        child.train()


def test_a_program_ends_with_its_run_and_its_folder_goes(tmp_path: Path) -> None:
    command = program(
        tmp_path,
        f"""
        print("ready", flush=True)
        for line in sys.stdin:
            print(0, flush=True)
        Path({str(tmp_path / "told")!r}).write_text(str(folder))
        """,
    )
    run = Child(command, TRAINING).train
    run()
    del run
    gc.collect()
    folder = Path((tmp_path / "told").read_text())
    assert not folder.exists()
