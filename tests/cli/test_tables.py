"""CSV tables on the command line: train on one, resume, look at the network, and read other rows with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from cli.processes import Run
from pellucid.data.columns import Columns


@pytest.fixture
def flowers() -> Path:
    """A table of 90 flowers of three kinds, which differ in two of four measurements."""
    rng = np.random.default_rng(0)
    lines = ["Id,sepal length,sepal width,petal length,petal width,species"]
    for number in range(90):
        kind = number % 3
        values = rng.normal([500, 30, 15 + 20 * kind, 2 + 5 * kind], [40, 3, 2, 1])
        lines.append(",".join([str(number), *(f"{value:.2f}" for value in values), "abc"[kind] + "-flower"]))
    path = Path("flowers.csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_train_on_a_table_and_read_its_rows(run: Run, flowers: Path) -> None:
    done = run("train", "--data", flowers, "--standardize", "--hidden", "8", "--epochs", 30)
    assert done.code == 0, done.err
    assert "label: column 'species'" in done.out
    assert "'Id' only numbers the rows" in done.out
    assert "72 training rows, 18 held out" in done.out
    net = pl.load("flowers.safetensors")
    columns = Columns.of_record(net.record)
    assert columns is not None
    assert columns.features == ("sepal length", "sepal width", "petal length", "petal width")
    assert net.classes == ("a-flower", "b-flower", "c-flower")
    assert columns.mean is not None
    assert net.record["test_accuracy"] > 0.8

    done = run("read", flowers, "--model", "flowers.safetensors", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["classes"] == list(net.classes)
    right = [row["class"][0] == "abc"[number % 3] for number, row in enumerate(found["rows"])]
    assert len(right) == 90
    assert np.mean(right) > 0.8

    Path("new.csv").write_text("petal width,petal length,sepal length,sepal width\n2,15,500,30\n", encoding="utf-8")
    Path("bare.csv").write_text("500,30,15,2\n", encoding="utf-8")
    done = run("read", "new.csv", "bare.csv", "--model", "flowers.safetensors")
    lines = done.out.splitlines()
    assert lines[0] == "new.csv: 1 rows, species"
    assert lines[1].startswith("  row 1: a-flower at ")
    assert lines[3] == lines[1]

    done = run("look", "flowers.safetensors")
    assert "species from sepal length, sepal width, petal length, petal width, standardised" in done.out
    weight = net.layers[0].weight[3]
    strongest = abs(weight).argmax()
    assert f"neuron 3: {weight[strongest]:+.2f} {columns.features[strongest]}," in done.out
    assert "do not form a picture" not in done.out


def test_options_of_a_table_are_needed_again_to_resume(run: Run, flowers: Path) -> None:
    options = ("--data", flowers, "--label", "last", "--ignore", "sepal width", "--ignore", "Id", "--standardize")
    done = run("train", *options, "--epochs", 2)
    assert done.code == 0, done.err
    assert "--label last --ignore" in done.out
    done = run("train", "--resume", "flowers.ckpt.safetensors", *options, "--epochs", 4)
    assert done.code == 0, done.err
    assert pl.load("flowers.safetensors").record["epochs"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--data", "flowers.csv", "--label", "colour"), "label expected a column: one of Id, sepal"),
        (("train", "--data", "digits", "--label", "x"), "label cannot be chosen for 'digits'"),
        (("train", "--data", "spoken", "--standardize"), "--standardize is for CSV tables"),
        (("read", "flowers.csv"), "Expected a network trained on a table for flowers.csv"),
    ],
)
def test_errors(run: Run, flowers: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sepal length,species\n1.5,x\n", "no sepal width, petal length, petal width"),
        ("1,2,3\n", "Expected 4 columns"),
        ("sepal length,sepal width,petal length,petal width\n1,2,,4\n", "missing value '' in row 1 (line 2)"),
        ("", "got none in new.csv"),
    ],
)
def test_rows_that_the_network_cannot_read(run: Run, flowers: Path, text: str, message: str) -> None:
    assert run("train", "--data", flowers, "--epochs", 1).code == 0
    Path("new.csv").write_text(text, encoding="utf-8")
    done = run("read", "new.csv", "missing.csv", flowers, "--model", "flowers.safetensors")
    assert done.code == 2
    assert message in done.err
    assert "missing.csv" in done.err
    assert "flowers.csv: 90 rows" in done.out


def test_values_are_trained_on_read_and_scored(run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (120, 2))
    lines = [f"{a:.3f},{b:.3f},{round(100 + 20 * a - 10 * b)}" for a, b in rows]
    table = tmp_path / "houses.csv"
    table.write_text("area,age,price\n" + "\n".join(lines) + "\n", encoding="utf-8")
    options = ("--data", table, "--label", "price", "--task", "values", "--hidden", "8", "--epochs", 800)
    done = run("train", *options, "--activation", "tanh", "--learning-rate", 0.1)
    assert done.code == 0
    assert "mean_squared" in done.out
    assert "R² 0.9" in done.out
    assert "nan" not in done.out.lower()
    read = run("read", table, "--model", "houses.safetensors")
    assert "row 1: price " in read.out
    told = json.loads(run("read", table, "--model", "houses.safetensors", "--json").out)
    assert told["outputs"] == ["price"]
    assert told["rows"][0]["values"][0] == pytest.approx(float(lines[0].split(",")[2]), abs=8)
    events = run("train", *options, "--json").out.splitlines()
    assert json.loads(events[-1])["test_accuracy"] is None
