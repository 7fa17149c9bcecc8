"""Networks in C99: they compile without a warning, run under sanitizers, and compute what the network computes."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from exports.drawn_networks import FRAMES, IMAGES, drawn, images_for, of_frames, of_images
from pellucid.exports.quantization import most_activation, quantized

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")

STRICT = ["cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Werror"]
Read = Callable[[np.ndarray], tuple[np.ndarray, list[int]]]


def compiled(net: pl.Network, folder: Path, **options: bool) -> Read:
    """Return the network as a function of images (N, ...): its outputs and the numbers of the largest."""
    source, library = folder / "net.c", folder / "net.so"
    pl.export(net, source, **options)
    subprocess.run([*STRICT, "-O2", "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).net_read
    pointer = ctypes.POINTER(ctypes.c_float)
    function.argtypes = [pointer, pointer]

    def read(images: np.ndarray) -> tuple[np.ndarray, list[int]]:
        outputs = np.full((len(images), *net.output_shape), np.nan, np.float32)
        pairs = zip(np.ascontiguousarray(images, np.float32), outputs, strict=True)
        best = [function(x.ctypes.data_as(pointer), y.ctypes.data_as(pointer)) for x, y in pairs]
        return outputs, best

    return read


@pytest.mark.parametrize("name", IMAGES)
def test_float32_equals_the_network(name, tmp_path):
    net = of_images(name)
    images = images_for(net)
    outputs, best = compiled(net, tmp_path)(images)
    expected = net(images)
    assert np.allclose(outputs, expected, rtol=1e-5, atol=2e-6)
    assert best == outputs.reshape(len(images), -1).argmax(axis=1).tolist()


@pytest.mark.parametrize("name", IMAGES)
def test_int8_equals_a_network_of_rounded_weights(name, tmp_path):
    net = of_images(name)
    images = images_for(net)
    outputs, _ = compiled(net, tmp_path, int8=True)(images)
    rounded = net.copy()
    for layer in rounded.layers:
        if "weight" in layer.named():
            q = quantized(np.ascontiguousarray(layer.named()["weight"]))
            layer.named()["weight"][...] = (q.weights.T * q.scales).T
    # Activations have at least 14 bits: their rounding is far below that of the weights.
    assert np.allclose(outputs, rounded(images), rtol=1e-3, atol=2e-4)


def test_weights_keep_their_largest_and_their_zeros():
    q = quantized(np.array([[[0.0, -3.0], [1.5, 0.0]], [[0.0, 0.0], [0.0, 0.0]]], np.float32))
    assert q.weights.tolist() == [[[0, -127], [64, 0]], [[0, 0], [0, 0]]]
    assert q.scales.tolist() == pytest.approx([3 / 127, 1 / 127])


def test_sums_of_products_fit_32_bits():
    for inputs in (1, 16, 784, 2048, 130_000):
        assert most_activation(inputs) * 127 * inputs < 2**31
    with pytest.raises(pl.ConfigurationError, match="133,000"):
        most_activation(200_000)


FRAMES_MAIN = """
#include <stdio.h>
int net_read(const float *input, int count, float *output);
int main(void)
{
    static float input[20 * 3], output[20 * OUTPUTS];
    int i;
    for (i = 0; i < 20 * 3; i++)
        input[i] = (float)((i * 7919) % 101) / 50.0f - 1.0f;
    printf("%d %d %d\\n", net_read(input, 20, output), net_read(input, 1, output), net_read(input, 21, output));
    return 0;
}
"""

MAIN = """
#include <stdio.h>
int net_read(const float *input, float *output);
int main(void)
{
    static float input[INPUTS], output[OUTPUTS];
    int i, round;
    for (round = 0; round < 3; round++) {
        for (i = 0; i < INPUTS; i++)
            input[i] = round == 2 ? 0.0f : (float)((i * 7919 + round) % 101) / 100.0f * (round ? 1e30f : 1.0f);
        printf("%d\\n", net_read(input, output));
    }
    return 0;
}
"""


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("name", ["dense", "levels", "planes", "colours", "wide stride"])
def test_sanitizers_find_nothing_with_images(name, int8, tmp_path):
    net = of_images(name)
    pl.export(net, tmp_path / "net.c", int8=int8)
    sizes = [f"-DINPUTS={np.prod(net.input_shape)}", f"-DOUTPUTS={np.prod(net.output_shape)}"]
    assert len(sanitized(tmp_path, MAIN, *sizes).split()) == 3


@pytest.mark.parametrize("name", ["both ways", "last", "mean"])
def test_sanitizers_find_nothing_with_sequences(name, tmp_path):
    net = of_frames(name)
    pl.export(net, tmp_path / "net.c")
    told = sanitized(tmp_path, FRAMES_MAIN, f"-DOUTPUTS={net.output_shape[-1]}", "-DNET_FRAMES=20")
    assert told.split()[2] == "-1"


def sanitized(tmp_path: Path, main: str, *options: str) -> str:
    """Compile net.c with a program under sanitizers, run it, and return what it prints."""
    (tmp_path / "main.c").write_text(main)
    sanitizers = ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"]
    program = tmp_path / "program"
    made = subprocess.run(
        ["cc", "-std=c99", "-g", *sanitizers, *options, "main.c", "net.c", "-o", program, "-lm"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode and "net.c" not in made.stderr:
        pytest.skip(f"this compiler has no sanitizers: {made.stderr[:200]}")
    quiet = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "LD_PRELOAD": ""}
    done = subprocess.run([program], capture_output=True, text=True, env=quiet, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_int8_network_of_13_002_parameters_has_less_than_20_kb_of_constants(tmp_path):
    pl.export(pl.load("digits-relu"), tmp_path / "net.c", int8=True)
    text = (tmp_path / "net.c").read_text()
    found = re.findall(r"static const (\w+) \w+\[(\d+)\]", text)
    assert sum(int(count) * {"float": 4, "int8_t": 1}[kind] for kind, count in found) == 13_296
    assert "13.3 kB of constants" in text
    assert "malloc" not in text


def test_constants_have_the_bits_of_the_parameters(tmp_path):
    net = drawn([pl.Dense(4)], input_shape=(3,))
    net.parameters[:6] = [1e-45, -0.0, 3.4028235e38, -1.1754944e-38, 16777216.0, 0.1]
    outputs, _ = compiled(net, tmp_path)(np.zeros((1, 3), np.float32))
    assert np.array_equal(outputs[0], net.layers[0].bias)
    text = (tmp_path / "net.c").read_text()
    written = re.search(r"weight_0\[12\] = {\n(.*?)\n}", text, re.DOTALL)
    assert written is not None
    numbers = np.array([np.float32(each.strip().rstrip("f")) for each in written[1].split(",")])
    assert numbers.tobytes() == np.ascontiguousarray(net.layers[0].weight).tobytes()


def test_class_names_survive_in_full(tmp_path):
    net = of_images("levels")
    compiled(net, tmp_path)
    library = ctypes.CDLL(str(tmp_path / "net.so"))
    names = (ctypes.c_char_p * 2).in_dll(library, "net_classes")
    assert [name.decode() for name in names] == list(net.classes)


@pytest.mark.parametrize("name", FRAMES)
def test_sequences_equal_the_network(name, tmp_path):
    net = of_frames(name)
    pl.export(net, tmp_path / "net.c")
    flags = ["-O2", "-shared", "-fPIC", "-DNET_FRAMES=11"]
    subprocess.run([*STRICT, *flags, tmp_path / "net.c", "-o", tmp_path / "net.so", "-lm"], check=True)
    function, pointer = ctypes.CDLL(str(tmp_path / "net.so")).net_read, ctypes.POINTER(ctypes.c_float)
    function.argtypes = [pointer, ctypes.c_int, pointer]
    frames = np.random.default_rng(4).normal(size=(12, 3)).astype(np.float32)
    for count in (11, 1, 5):
        expected = net(frames[:count])
        outputs = np.full_like(expected, np.nan)
        best = function(frames.ctypes.data_as(pointer), count, outputs.ctypes.data_as(pointer))
        assert np.allclose(outputs, expected, rtol=1e-5, atol=2e-6)
        assert best == (outputs.argmax() if outputs.ndim == 1 else 0)
    before = outputs.copy()
    for count in (0, -3, 12):
        assert function(frames.ctypes.data_as(pointer), count, outputs.ctypes.data_as(pointer)) == -1
    assert np.array_equal(outputs, before)


def test_int8_is_for_images(tmp_path):
    with pytest.raises(pl.ConfigurationError, match="int8 is for networks of images"):
        pl.export(of_frames("lstm"), tmp_path / "net.c", int8=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif("PELLUCID_DATA" not in os.environ, reason="needs MNIST: set PELLUCID_DATA")
def test_int8_loses_next_to_nothing_on_mnist(tmp_path):
    test = pl.data.load("mnist").test
    net = pl.load("digits-relu")
    _, best = compiled(net, tmp_path, int8=True)(test.images.reshape(-1, 784) / np.float32(255))
    accuracy = (np.array(best) == test.labels).mean()
    assert abs(accuracy - (net(test.images).argmax(axis=1) == test.labels).mean()) < 0.001
