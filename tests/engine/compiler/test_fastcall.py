"""The fast path for one image or a few: the images that it accepts, and the layout of arrays that it relies on."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import pellucid as pl
from pellucid.engine.compiler.fastcall import is_supported
from pellucid.engine.compiler.guard import guarded
from pellucid.engine.simd.lanes import PLAIN

pytestmark = pytest.mark.skipif(PLAIN or guarded(), reason="plain Python and guarded arrays have no fast path")


@pytest.fixture
def net() -> pl.Network:
    net = pl.Network([pl.Dense(5, "relu"), pl.Dense(3, "softmax")], input_shape=(4, 6), seed=1)
    net(np.zeros((4, 6), np.float32))  # prepares the fast path
    return net


def image(seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).random((4, 6)).astype(np.float32)


def fastcall(net: pl.Network, x: Any) -> tuple[bool, npt.NDArray[np.float32]]:
    assert net._fast_path is not None
    answer = np.full(3, 99, np.float32)
    return net._fast_path.call(x, answer), answer


def test_this_machine_supports_it() -> None:
    assert is_supported()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_outputs_have_the_bits_of_a_batch(net: pl.Network, dtype: npt.DTypeLike) -> None:
    images = (np.stack([image(seed) for seed in range(50)]) * (255 if dtype == np.uint8 else 1)).astype(dtype)
    for x, expected in zip(images, net(images), strict=True):
        taken, answer = fastcall(net, x)
        assert taken is True
        assert answer.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("count", [1, 2, 7, 200])
def test_it_takes_a_few_at_once(net: pl.Network, dtype: npt.DTypeLike, count: int) -> None:
    images = (np.stack([image(seed) for seed in range(count)]) * (255 if dtype == np.uint8 else 1)).astype(dtype)
    assert net._fast_path is not None
    answers = np.full((count, 3), 99, np.float32)
    assert net._fast_path.call(images, answers)
    assert [row.tobytes() for row in answers] == [net(x).tobytes() for x in images]
    assert net(images).tobytes() == answers.tobytes()
    assert fastcall(net, images[0])[0]


def test_an_answer_has_as_many_rows_as_there_are_images(net: pl.Network) -> None:
    assert net._fast_path is not None
    images = np.stack([image(1), image(2)])
    for shape in ((3,), (1, 3), (3, 3), (2, 3, 1)):
        answers = np.full(shape, 99, np.float32)
        assert not net._fast_path.call(images, answers)
        assert (answers == 99).all()
    assert not net._fast_path.call(images[0], np.zeros((1, 3), np.float32))
    many = np.zeros((net._fast_path.most + 1, 4, 6), np.float32)
    assert not net._fast_path.call(many, np.zeros((len(many), 3), np.float32))
    assert net(many).shape == (len(many), 3)
    assert net(many[:0]).shape == (0, 3)


def test_one_bad_image_among_a_few_is_reported(net: pl.Network) -> None:
    images = np.stack([image(1), np.full((4, 6), np.nan, np.float32), image(2)])
    with pytest.raises(pl.PellucidError, match="finite"):
        net(images)
    assert np.isfinite(net(images[:1])).all()


class Odd(np.ndarray):
    """An array of a subclass, which may interpret its elements differently."""


STRANGERS: dict[str, Any] = {
    "nothing": None,
    "a number": 3,
    "a list": [[0.0] * 6] * 4,
    "text": "three",
    "a class": np.ndarray,
    "a line": image().reshape(24),
    "Fortran order": np.asfortranarray(image()),
    "another shape": image().reshape(6, 4),
    "more axes": image()[None],
    "no axes": np.array(1, np.float32),
    "empty": np.zeros((0, 6), np.float32),
    "every other": np.zeros((8, 6), np.float32)[::2],
    "doubles": image().astype(float),
    "integers": np.zeros((4, 6), int),
    "bytes with signs": np.zeros((4, 6), np.int8),
    "flags": np.zeros((4, 6), bool),
    "other end first": image().astype(">f4"),
    "a subclass": image().view(Odd),
    "objects": np.zeros((4, 6), object),
    "not aligned": np.frombuffer(b"\0" * 97, np.uint8)[1:].view(np.float32).reshape(4, 6),
    "not a number": np.full((4, 6), np.nan, np.float32),
    "infinite": np.full((4, 6), np.inf, np.float32),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_other_inputs_are_left_to_the_program(net: pl.Network, name: str) -> None:
    assert fastcall(net, STRANGERS[name])[0] is False
    x, fresh = STRANGERS[name], pl.Network(net.layers, input_shape=(4, 6), seed=1)
    try:
        expected = fresh(x)
    except pl.PellucidError as error:
        with pytest.raises(type(error)):
            net(x)
    else:
        np.testing.assert_array_equal(net(x), expected)


def test_read_only_and_borrowed_images_are_taken(net: pl.Network) -> None:
    x = image()
    x.flags.writeable = False
    stack = np.stack([image(5), image(6)])
    assert fastcall(net, x)[0]
    assert fastcall(net, stack[1])[1].tobytes() == net(stack)[1].tobytes()


def test_copies_have_a_fast_path_of_their_own(net: pl.Network) -> None:
    x, expected = image(), net(image())
    for twin in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        twin(x)
        np.testing.assert_array_equal(twin(x), expected)
        twin.parameters[...] = 0
        np.testing.assert_allclose(twin(x), 1 / 3)
        np.testing.assert_array_equal(net(x), expected)


def test_it_keeps_its_memory_alive() -> None:
    """The network has been deleted, and its memory may have been reused."""
    net = pl.Network([pl.Dense(5, "relu"), pl.Dense(3, "softmax")], input_shape=(4, 6), seed=1)
    expected = net(image())
    assert net._fast_path is not None
    look = net._fast_path.call
    del net
    gc.collect()
    taken = [np.full(size, 7.0, np.float32) for size in range(1, 3000)]
    answer = np.zeros(3, np.float32)
    assert look(image(), answer)
    np.testing.assert_array_equal(answer, expected)
    assert len(taken) == 2999


def test_nothing_is_leaked(net: pl.Network) -> None:
    import sys

    x, before = image(), (sys.getrefcount(True), sys.getrefcount(None))
    count = sys.getrefcount(x)
    for _ in range(1000):
        net(x)
        fastcall(net, None)
    assert sys.getrefcount(x) == count
    assert abs(sys.getrefcount(True) - before[0]) < 100
    assert abs(sys.getrefcount(None) - before[1]) < 100


def test_threads_do_not_disturb_each_other(net: pl.Network) -> None:
    images = np.stack([image(seed) for seed in range(8)])
    expected = net(images)
    wrong: list[int] = []

    def ask(mine: int) -> None:
        answers = (net(images[mine]).tobytes() for _ in range(2000))
        wrong.extend(mine for one in answers if one != expected[mine].tobytes())

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_large_networks_have_no_fast_path() -> None:
    """Large networks would hold Python's lock for too long."""
    large = pl.Network([pl.Dense(1200, "relu"), pl.Dense(1000, "softmax")], input_shape=(28, 28), seed=0)
    wide = pl.Network([pl.Dense(2, "softmax")], input_shape=(100, 100), seed=0)
    for net in (large, wide):
        net(np.zeros(net.input_shape, np.float32))
        assert net._fast_path is None


def test_another_layout_of_arrays_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engine.compiler import fastcall as module

    for field in ("_TYPE", "_DATA", "_AXES", "_SHAPE", "_KIND", "_FLAGS"):
        monkeypatch.setattr(module, field, 6)  # the offset of an array's base
        assert not is_supported.__wrapped__()
        monkeypatch.undo()
