"""`pellucid train`: its text and JSON output, its files, and interruptions."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from cli.processes import Run, begin, call, in_terminal

unix = pytest.mark.skipif(sys.platform == "win32", reason="signals as Unix has them")
KEYS = ["epoch", "loss", "train_accuracy", "test_accuracy", "seconds"]
LONG = ("--epochs", 400, "--patience", 10_000, "--json")


def objects(out: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in out.splitlines()]


def bits(rows: list[dict[str, float]]) -> list[tuple[float, ...]]:
    return [tuple(row[key] for key in KEYS[:4]) for row in rows]


def test_json_is_one_object_per_epoch_and_nothing_else(tmp_path: Path) -> None:
    done = call("train", "--epochs", 3, "--json", "--output", "net.safetensors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = objects(done.stdout)
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[0]["seconds"] <= rows[-1]["seconds"]
    net = pl.load(tmp_path / "net.safetensors")
    test = pl.data.load("digits").test
    assert np.mean(net(test.images).argmax(1) == test.labels) == pytest.approx(rows[-1]["test_accuracy"])


def test_every_option_reaches_the_training(run: Run) -> None:
    done = run(
        "train", "--hidden", "12,8", "--activation", "relu", "--output-activation", "sigmoid", "--loss", "squared",
        "--optimizer", "adam", "--learning-rate", 0.004, "--schedule", "warm-up", "--batch-size", 50, "--epochs", 1,
        "--decay", 0.001, "--seed", 7, "--threads", 2, "--output", "net",
    )  # fmt: skip
    assert done.code == 0, done.err
    net = pl.load("net")
    assert [(layer.out_features, layer.activation) for layer in net.layers] == [
        (12, "relu"), (8, "relu"), (10, "sigmoid"),
    ]  # fmt: skip
    record = net.record
    assert (net.seed, record["seed"], record["batch_size"], record["loss"]) == (7, 7, 50, "squared")
    assert record["optimizer"]["kind"] == "adam"
    assert record["optimizer"]["decay"] == 0.001
    assert record["optimizer"]["learning_rate"]["kind"] == "warm_up"
    assert record["optimizer"]["learning_rate"]["learning_rate"] == 0.004
    assert record["augment"] is None


def test_images_are_augmented_on_request(run: Run) -> None:
    assert run("train", "--augment", "--epochs", 1).code == 0
    assert pl.load("digits.safetensors").record["augment"] is not None


@pytest.mark.parametrize("options", [("--hidden", "none"), ("--schedule", "step"), ("--optimizer", "momentum")])
def test_defaults_depend_on_other_options(run: Run, options: tuple[str, ...]) -> None:
    done = run("train", "--epochs", 3, "--json", *options)
    assert done.code == 0, done.err
    assert objects(done.out)[-1]["test_accuracy"] > 0.85


@pytest.mark.parametrize("name", ["lenet", "conv"])
def test_convolutional_networks(run: Run, name: str) -> None:
    done = run("train", "--network", name, "--epochs", 2, "--json")
    assert done.code == 0, done.err
    assert objects(done.out)[-1]["test_accuracy"] > 0.95
    net = pl.load("digits.safetensors")
    assert net.layers[0].kind == "conv2d"
    assert net.record["optimizer"]["kind"] == "adam"
    refused = run("train", "--network", name, "--hidden", "16")
    assert (refused.code, "--hidden" in refused.err) == (2, True)


def test_patience_stops_with_the_best_weights(run: Run) -> None:
    done = run("train", "--patience", 1, "--epochs", 200, "--schedule", "constant", "--learning-rate", 3)
    assert done.code == 0
    assert "Stopped after" in done.out
    assert "of 200" in done.out
    net, test = pl.load("digits.safetensors"), pl.data.load("digits").test
    shown = float(done.out.split(" % of the 2,000")[0].split()[-1])
    assert 100 * np.mean(net(test.images).argmax(1) == test.labels) == pytest.approx(shown, abs=0.051)


def test_training_continues_from_a_network(run: Run, network: Path) -> None:
    before = pl.load(network)
    done = run("train", "--network", network, "--epochs", 1, "--learning-rate", 1e-6, "--output", "more.safetensors")
    assert done.code == 0, done.err
    after = pl.load("more.safetensors")
    assert not np.array_equal(after.parameters, before.parameters)
    np.testing.assert_allclose(after.parameters, before.parameters, atol=1e-3)
    assert after.record["began_as"] == "net.safetensors"
    assert after.record["epochs"] == 1


def test_a_users_data_with_other_levels(run: Run) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    images = rng.integers(0, 3, (200, 6, 5))
    images[labels == 1, :, 2] = 9
    np.savez("strokes.npz", images=images.astype(np.float32) / 9, labels=labels)
    done = run("train", "--data", "strokes.npz", "--hidden", "4", "--epochs", 40)
    assert done.code == 0, done.err
    net = pl.load("strokes.safetensors")
    assert net.input_shape == (6, 5)
    assert "100.0 % of the 40 held-out" in done.out
    assert "--data strokes.npz" in done.out


def test_the_live_view_is_updated_and_restores_the_terminal(tmp_path: Path) -> None:
    shown = in_terminal("train", "--epochs", 12, cwd=tmp_path)
    assert shown.code == 0
    assert "epoch 12 of 12" in shown.text
    assert shown.raw.rindex("\x1b[?25h") > shown.raw.rindex("\x1b[?25l")


def resumed(out: str, err: str, folder: Path) -> list[dict[str, float]]:
    """Type the command that the interrupted one suggested."""
    suggested = shlex.split(next(line for line in err.splitlines() if "--resume" in line))
    arguments = suggested[suggested.index("train") :]
    done = call(*arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return objects(out) + objects(done.stdout)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, float]], np.ndarray]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = call("train", *LONG, cwd=folder)
    assert done.returncode == 0, done.stderr
    return objects(done.stdout), pl.load(folder / "digits.safetensors").parameters


@unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_interrupted_and_resumed_training_has_the_same_bits(
    tmp_path: Path, number: signal.Signals, undisturbed: tuple[list[dict[str, float]], np.ndarray]
) -> None:
    process = begin("train", *LONG, cwd=tmp_path)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(number)
    # Continue with the same reader: communicate() would skip the bytes in its buffer.
    assert process.stderr is not None
    with process.stdout, process.stderr:
        rest, err = process.stdout.read(), process.stderr.read()
    assert process.wait(timeout=60) == 128 + number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.ckpt.safetensors", "digits.safetensors"]
    assert pl.load(tmp_path / "digits.safetensors").parameter_count == 13_002
    assert len(objects(first + rest)) < 400
    rows = resumed(first + rest, err, tmp_path)
    assert bits(rows) == bits(undisturbed[0])
    np.testing.assert_array_equal(pl.load(tmp_path / "digits.safetensors").parameters, undisturbed[1])


@unix
def test_killed_and_resumed_training_has_the_same_bits(
    tmp_path: Path, undisturbed: tuple[list[dict[str, float]], np.ndarray]
) -> None:
    process = begin("train", *LONG, cwd=tmp_path)
    checkpoint = tmp_path / "digits.ckpt.safetensors"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate(timeout=60)
    done = call("train", "--resume", checkpoint, "--patience", 10_000, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = objects(done.stdout)
    assert bits(rows) == bits(undisturbed[0])[400 - len(rows) :]
    np.testing.assert_array_equal(pl.load(tmp_path / "digits.safetensors").parameters, undisturbed[1])


@unix
def test_ctrl_c_in_a_terminal_saves_and_prints_how_to_resume(tmp_path: Path) -> None:
    def interrupt(process: int, so_far: str) -> bool:
        if "epoch" not in so_far:
            return False
        os.killpg(process, signal.SIGINT)
        return True

    shown = in_terminal("train", "--epochs", 100_000, "--seed", 3, cwd=tmp_path, disturb=interrupt)
    assert shown.code == 130
    assert "Traceback" not in shown.text
    assert "Stopped in epoch" in shown.text
    assert "train --resume digits.ckpt.safetensors" in shown.text
    assert shown.raw.rindex("\x1b[?25h") > shown.raw.rindex("\x1b[?25l")
    assert (tmp_path / "digits.safetensors").exists()


def test_more_epochs_after_the_end(run: Run) -> None:
    assert run("train", "--epochs", 1, "--schedule", "constant").code == 0
    again = run("train", "--resume", "digits.ckpt.safetensors")
    assert (again.code, "epochs are already complete" in again.out) == (0, True)
    more = run("train", "--resume", "digits.ckpt.safetensors", "--epochs", 3, "--json")
    assert [row["epoch"] for row in objects(more.out)] == [2, 3]
    resumed_parameters = pl.load("digits.safetensors").parameters
    assert run("train", "--epochs", 3, "--schedule", "constant").code == 0
    np.testing.assert_array_equal(pl.load("digits.safetensors").parameters, resumed_parameters)


def test_a_diverging_loss_is_reported_and_keeps_the_existing_network(run: Run, network: Path) -> None:
    Path("digits.safetensors").write_bytes(network.read_bytes())
    done = run("train", "--learning-rate", "1e30", "--epochs", 1)
    assert done.code == 2
    assert "step 1, with learning rate" in done.err
    assert len(done.err.splitlines()) == 1
    assert Path("digits.safetensors").read_bytes() == network.read_bytes()
    assert run("train", "--resume", "digits.ckpt.safetensors", "--learning-rate", 0.5, "--json").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--data", "nowhere"), "neither a data set nor a path"),
        (("--network", "nowhere"), "no file 'nowhere'"),
        (("--network", "NET", "--hidden", "3", "--activation", "relu"), "leave out --hidden and --activation"),
        (("--hidden", "16,x"), "numbers of neurons such as 16,16"),
        (("--hidden", ""), "numbers of neurons"),
        (("--hidden", "99999999999"), "at most 268,435,456"),
        (("--activation", "swish"), "activation expected one of"),
        (("--output-activation", "relu"), "outputs that are probabilities"),
        (("--loss", "hinge"), "loss expected one of"),
        (("--optimizer", "lion"), "--optimizer expected one of sgd, momentum, adam"),
        (("--schedule", "zigzag"), "--schedule expected one of cosine"),
        (("--learning-rate", "0"), "learning_rate expected a finite number above 0"),
        (("--learning-rate", "nan"), "learning_rate expected a finite number above 0"),
        (("--batch-size", "0"), "batch_size expected an integer from 1 to"),
        (("--epochs", "-1"), "--epochs expected a number of at least 0"),
        (("--epochs", "many"), "'--epochs'"),
        (("--decay", "-1"), "decay expected a finite number of at least 0"),
        (("--patience", "0"), "patience expected an integer of at least 1"),
        (("--threads", "0"), "--threads expected a number of at least 1"),
        (("--seed", "-1"), "--seed expected a number of at least 0"),
        (("--output", "no/such/folder/net"), "Could not write"),
        (("--output", "."), "it is a folder"),
        (("--resume", "nowhere"), "cannot be read"),
        (("--resume", "NET"), "no checkpoint"),
        (("--resume", "nowhere", "--optimizer", "sgd", "--seed", "1"), "leave out --optimizer and --seed"),
        (("--colour", "red"), "--colour"),
        (("spare",), "spare"),
    ],
)
def test_bad_options_are_reported_in_one_line_and_write_nothing(
    run: Run, network: Path, options: tuple[str, ...], said: str
) -> None:
    done = run("train", "--json", *(str(network) if option == "NET" else option for option in options))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert list(Path.cwd().iterdir()) == []


def test_a_full_disk_costs_checkpoints_but_not_the_training(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: pl.Trainer, path: object) -> None:  # type: ignore[name-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.Trainer, "save", fail)
    done = run("train", "--epochs", 2)
    assert done.code == 0, done.err
    assert "Checkpoints were not saved: could not write digits.ckpt.safetensors: No space left" in done.out
    assert pl.load("digits.safetensors").record["epochs"] == 2


@unix
def test_a_device_as_the_output_is_kept_and_has_no_checkpoint(run: Run, tmp_path: Path) -> None:
    done = run("train", "--epochs", 1, "--output", os.devnull)
    assert (done.code, done.err) == (0, "")
    assert f"Saved as {os.devnull}, " in done.out
    assert "--resume" not in done.out
    assert Path(os.devnull).is_char_device()
    assert not Path(f"{os.devnull}.ckpt.safetensors").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_device_as_the_output_is_reported_in_one_line(run: Run) -> None:
    done = run("train", "--epochs", 1, "--output", "/dev/full")
    assert (done.code, done.err) == (
        2,
        "error: Could not write /dev/full: No space left on device. Choose another path.\n",
    )


@unix
def test_a_link_as_the_output_is_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "net.safetensors").symlink_to(Path("far") / "file")
    assert run("train", "--epochs", 1, "--output", "net.safetensors").code == 0
    assert (tmp_path / "net.safetensors").is_symlink()
    assert pl.load(tmp_path / "far" / "file").parameter_count == 13_002


@unix
def test_circular_links_are_reported_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.safetensors").symlink_to("net.safetensors")
    done = run("train", "--epochs", 1, "--output", "net.safetensors")
    assert done.code == 2
    assert done.err.startswith("error: Could not write net.safetensors: ")
