"""Tensors of other libraries: shared memory, and typed errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl


class Tensor:
    """A tensor of some other library, which has nothing but DLPack."""

    def __init__(self, array: Any, device: tuple[int, int] = (1, 0), requires_grad: bool = False) -> None:
        self.array, self.place, self.requires_grad = np.asarray(array), device, requires_grad

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.place


class Refusing:
    """An object that NumPy cannot read."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("unsupported type.")


def images(dtype: Any = np.float32) -> Any:
    return (np.random.default_rng(0).random((6, 4, 4)) * (255 if dtype == np.uint8 else 1)).astype(dtype)


def network() -> pl.Network:
    return pl.Network([pl.Dense(3, "tanh"), pl.Dense(2, "softmax")], input_shape=(4, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_data_set_shares_the_memory_of_a_tensor(dtype: Any) -> None:
    array = images(dtype)
    data = pl.data.Dataset(Tensor(array), Tensor(np.arange(6) % 2))
    assert np.shares_memory(data.images, array)
    assert data.labels.tolist() == [0, 1] * 3


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int64])
def test_a_network_reads_tensors_as_arrays(dtype: Any) -> None:
    net, array = network(), images(dtype)
    assert np.array_equal(net(Tensor(array)), net(array))
    assert np.array_equal(net(Tensor(array[0])), net(array[0]))
    assert np.array_equal(net.trace(Tensor(array))[0].sums, net.trace(array)[0].sums)
    labels = np.arange(6) % 2
    assert net.gradient(Tensor(array), Tensor(labels)).loss == net.gradient(array, labels).loss


def test_sequences_and_parameters_may_be_tensors() -> None:
    net = pl.Network([pl.LSTM(4), pl.Dense(3, "softmax")], input_shape=(None, 2))
    frames = np.random.default_rng(0).random((7, 2), np.float32)
    assert np.array_equal(net(Tensor(frames)), net(frames))
    padded = np.stack([frames, frames])
    assert np.array_equal(net(Tensor(padded), lengths=Tensor([7, 4])), net(padded, lengths=[7, 4]))
    net.parameters = Tensor(net.parameters * 2)
    assert np.array_equal(net(Tensor(frames)), net(frames))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Tensor(images(), requires_grad=True), r"needs its gradient: pass x.detach\(\)"),
        (Tensor(images(), device=(2, 0)), "processor's memory"),
        (Refusing(), r"NumPy can read, got Refusing \(unsupported type\)"),
    ],
)
def test_what_cannot_be_read_is_a_typed_error(wrong: Any, message: str) -> None:
    for use in (network(), network().trace, lambda x: pl.data.Dataset(x, [0, 1] * 3)):
        with pytest.raises(pl.DataError, match=message):
            use(wrong)


def test_what_comes_out_has_dlpack() -> None:
    net = network()
    assert np.shares_memory(np.from_dlpack(net.parameters), net.parameters)
    assert np.from_dlpack(net(images())).shape == (6, 2)


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    net, array = network(), images()
    tensor = torch.from_numpy(array)
    assert np.array_equal(net(tensor), net(array))
    assert np.shares_memory(pl.data.Dataset(tensor, torch.arange(6)).images, array)
    shared = torch.from_dlpack(net.parameters)
    shared.zero_()
    assert not net.parameters.any()
    for wrong in (tensor.clone().requires_grad_(), tensor.to("meta"), tensor.bfloat16(), tensor.to_sparse()):
        with pytest.raises(pl.DataError):
            net(wrong)
        with pytest.raises(pl.DataError):
            pl.data.Dataset(wrong, [0, 1] * 3)


def test_jax() -> None:
    jnp = pytest.importorskip("jax.numpy")
    net, array = network(), images()
    theirs = jnp.asarray(array)
    assert np.array_equal(net(theirs), net(array))
    data = pl.data.Dataset(theirs, jnp.arange(6) % 2)
    assert data.images.ctypes.data == theirs.unsafe_buffer_pointer()
    assert [event.epoch for event in pl.Trainer(net, data).run(2)] == [1, 2]
    assert jnp.from_dlpack(net(array)).shape == (6, 2)
    with pytest.raises(pl.DataError):
        net(theirs.astype(jnp.bfloat16))
