"""`pellucid export`: files for other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.processes import Run, call


def test_c_and_numpy(run: Run, network: Path) -> None:
    done = run("export", network, "--output", "net.c", "--int8")
    assert (done.code, done.err) == (0, "")
    assert "Wrote net.c" in done.out
    assert "int8_t weight_0" in Path("net.c").read_text()
    done = run("export", network, "--output", "net.py")
    assert done.code == 0
    assert {"net.py", "net.npz"} <= {path.name for path in Path.cwd().iterdir()}


def test_onnx(run: Run, network: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")
    assert run("export", network, "--output", "net.onnx", "--bytes").code == 0
    assert onnx.load("net.onnx").graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits-relu", "--output", "net.txt"), "ends in .onnx, .c, .py"),
        (("spoken-digits", "--output", "net.c", "--int8"), "int8 is for networks of images"),
        (("digits-relu", "--output", "no/such/folder/net.c"), "Could not write"),
        (("digits-relu", "--output", "net.py", "--int8"), "int8 is for C"),
        (("none-such", "--output", "net.c"), "no file"),
        (("digits-relu",), "--output"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("export", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert list(Path.cwd().iterdir()) == []


def test_to_the_output_of_the_process(tmp_path: Path) -> None:
    done = call("export", "digits-relu", "--to", "c", "--output", "/dev/stdout", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("/* stdout: a network")
    assert "Wrote" not in done.stdout
