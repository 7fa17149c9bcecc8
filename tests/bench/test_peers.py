"""The peers: all reach the loss and probabilities of a naive float64 loop, or say why they are unsuited."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_planes
from pellucid.bench import machine
from pellucid.bench.peers import Peer, UnsuitedError, everyone
from pellucid.bench.peers.base import Run
from pellucid.bench.peers.numpy_loop import NumpyLoop
from pellucid.bench.peers.onnx_runtime import OnnxRuntime
from pellucid.bench.peers.pellucid_ import _network
from pellucid.bench.peers.sklearn_mlp import SklearnMLP
from pellucid.bench.peers.torch_compile import TorchCompile
from pellucid.bench.work import ADAM_EPSILON, InferenceWork, TrainingWork

LAYERS = (6, 5, 4, 3)


def training(count: int = 23, **options: object) -> TrainingWork:
    rng = np.random.default_rng(3)
    data = rng.random((count, 6)) * (rng.random((count, 6)) < 0.5)
    return TrainingWork(
        "tiny", data, np.arange(count) % 3, LAYERS, **{"batch_size": 4, "learning_rate": 0.5, **options}
    )


def naive_epoch(work: TrainingWork) -> float:
    """Train in float64, image by image."""
    parameters = [array.astype(np.float64) for pair in work.parameters for array in pair]
    m, v = ([np.zeros_like(array) for array in parameters] for _ in range(2))
    total = 0.0
    for step, rows in enumerate(work.batches(), start=1):
        gradients = [np.zeros_like(array) for array in parameters]
        for row in rows:
            total += naive_image(work, parameters, gradients, row, len(rows))
        for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            if work.optimizer == "sgd":
                p -= work.learning_rate * g
            elif work.optimizer == "momentum":
                m[index] = 0.9 * m[index] + g
                p -= work.learning_rate * m[index]
            else:
                m[index] = 0.9 * m[index] + 0.1 * g
                v[index] = 0.999 * v[index] + 0.001 * g**2
                root = np.sqrt(v[index] / (1 - 0.999**step)) + ADAM_EPSILON
                p -= work.learning_rate * m[index] / (1 - 0.9**step) / root
    return total / work.count


def naive_image(
    work: TrainingWork, parameters: list[np.ndarray], gradients: list[np.ndarray], row: int, count: int
) -> float:
    """Add the gradients of one image and return its loss."""
    values = naive_values(work, parameters, work.images[row])
    label = work.labels[row]
    delta = values[-1].copy()
    delta[label] -= 1
    for layer in range(len(values) - 2, -1, -1):
        gradients[2 * layer] += np.outer(delta, values[layer]) / count
        gradients[2 * layer + 1] += delta / count
        a = values[layer]
        derivative = a * (1 - a) if work.activation == "sigmoid" else (a > 0)
        delta = (parameters[2 * layer].T @ delta) * derivative
    return -float(np.log(values[-1][label]))


def naive_values(
    work: TrainingWork | InferenceWork, parameters: list[np.ndarray], image: np.ndarray
) -> list[np.ndarray]:
    values = [image.astype(np.float64)]
    for layer in range(0, len(parameters), 2):
        z = parameters[layer] @ values[-1] + parameters[layer + 1]
        if layer == len(parameters) - 2:
            values.append(np.exp(z) / np.exp(z).sum())
        else:
            values.append(1 / (1 + np.exp(-z)) if work.activation == "sigmoid" else np.maximum(z, 0))
    return values


def naive_probabilities(work: InferenceWork) -> np.ndarray:
    parameters = [array for pair in work.parameters for array in pair]
    return np.array([naive_values(work, parameters, image)[-1] for image in work.images])


def usable(peer: Peer) -> Peer:
    reason = peer.available()
    if reason:
        pytest.skip(reason)
    return peer


def prepared(peer: Peer, work: TrainingWork | InferenceWork) -> Run:
    """Return the peer's run; skip what it says it does not do."""
    try:
        return usable(peer).prepare(work)
    except UnsuitedError as error:
        pytest.skip(str(error))


def quick() -> list[Peer]:
    """Return the entrants that start soon; only `torch.compile` takes half a minute."""
    return [peer for peer in everyone() if not isinstance(peer, TorchCompile)]


trainers = pytest.mark.parametrize(
    "peer", [p for p in quick() if not isinstance(p, OnnxRuntime)], ids=lambda p: p.label
)
readers = pytest.mark.parametrize("peer", quick(), ids=lambda peer: peer.label)


@trainers
@pytest.mark.parametrize(
    ("activation", "optimizer", "rate"), [("sigmoid", "sgd", 0.5), ("sigmoid", "momentum", 0.1), ("relu", "adam", 0.01)]
)
def test_training_reaches_the_naive_loss(peer: Peer, activation: str, optimizer: str, rate: float) -> None:
    work = training(activation=activation, optimizer=optimizer, learning_rate=rate)
    run = prepared(peer, work)
    expected = naive_epoch(work)
    # scikit-learn adds Adam's epsilon before the bias correction, which shows in the fifth figure.
    assert run() == pytest.approx(expected, rel=1e-4 if isinstance(peer, SklearnMLP) else 3e-6)


@trainers
@pytest.mark.parametrize("count", [3, 9])
def test_a_short_batch_trains_alone_and_at_the_end(peer: Peer, count: int) -> None:
    work = training(count)
    if isinstance(peer, SklearnMLP) and count < work.batch_size:
        with pytest.raises(UnsuitedError, match="whole batch"):
            usable(peer).prepare(work)
    else:
        assert prepared(peer, work)() == pytest.approx(naive_epoch(work), rel=3e-6)


@trainers
def test_every_image_may_be_a_batch(peer: Peer) -> None:
    work = training(batch_size=1, learning_rate=0.1)
    if isinstance(peer, SklearnMLP):
        pytest.skip("scikit-learn takes its output size from the labels of a batch")
    assert prepared(peer, work)() == pytest.approx(naive_epoch(work), rel=3e-6)


def test_scikit_learn_needs_every_label_and_more_than_two() -> None:
    peer = usable(SklearnMLP())
    data = np.eye(6)
    with pytest.raises(UnsuitedError, match="missing"):
        peer.prepare(TrainingWork("w", data, np.zeros(6), (6, 3), batch_size=2))
    with pytest.raises(UnsuitedError, match="two classes"):
        peer.prepare(TrainingWork("w", data, np.arange(6) % 2, (6, 2), batch_size=2))


@trainers
def test_every_epoch_starts_anew_and_leaves_the_work_alone(peer: Peer) -> None:
    work = training(optimizer="momentum")
    before = [array.copy() for pair in work.parameters for array in pair] + [work.images.copy(), work.labels.copy()]
    run = prepared(peer, work)
    assert run() == pytest.approx(run(), rel=1e-6)
    after = [array for pair in work.parameters for array in pair] + [work.images, work.labels]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@trainers
def test_a_cut_work_trains_on_its_images_only(peer: Peer) -> None:
    work = training().first(10)
    assert prepared(peer, work)() == pytest.approx(naive_epoch(work), rel=3e-6)


@readers
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("one_at_a_time", [True, False])
def test_reading_gives_the_naive_probabilities(peer: Peer, activation: str, one_at_a_time: bool) -> None:
    work = InferenceWork("tiny", training().images, LAYERS, activation, one_at_a_time, seed=4)
    read = np.array([np.asarray(answer) for answer in prepared(peer, work)()])
    assert read.shape == (23, 3)
    np.testing.assert_allclose(read, naive_probabilities(work), rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_compiled_training_reaches_the_naive_loss_and_stays_compiled() -> None:
    peer = usable(TorchCompile("1 thread", threads=1))
    from torch._dynamo.utils import counters

    # Two full batches per call and no short one: one compilation, which takes some seconds.
    work = training(8, optimizer="momentum")
    run = peer.prepare(work)
    assert run() == pytest.approx(naive_epoch(work), rel=3e-6)
    compiled = counters["stats"]["unique_graphs"]
    assert compiled
    TorchCompile("all threads").prepare(work)
    run()
    assert counters["stats"]["unique_graphs"] == compiled


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    count=st.integers(1, 20),
    batch_size=st.integers(1, 24),
    seed=st.integers(0, 1000),
)
def test_the_numpy_loop_is_right_for_any_shape(sizes: list[int], count: int, batch_size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = (*sizes, 4)
    data, labels = rng.random((count, layers[0])), rng.integers(0, 4, count)
    work = TrainingWork("any", data, labels, layers, batch_size=batch_size, seed=seed)
    assert NumpyLoop().prepare(work)() == pytest.approx(naive_epoch(work), rel=1e-5)


def test_saturated_sigmoids_neither_warn_nor_break() -> None:
    work = training()
    for weight, _ in work.parameters:
        weight *= 1000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(NumpyLoop().prepare(work)())


def test_listing_everyone_imports_no_peers_library() -> None:
    heavy = "torch jax keras tinygrad sklearn mlpack onnx onnxruntime matplotlib"
    code = (
        "import sys; from pellucid.bench import everyone; everyone(); "
        f"print([name for name in {heavy.split()} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_labels_are_unique_and_versions_known() -> None:
    peers = everyone()
    assert len({peer.label for peer in peers}) == len(peers)
    assert all(peer.version[0].isdigit() for peer in peers if peer.available() is None)


def test_a_missing_library_is_reported() -> None:
    class Absent(Peer):
        name = "Absent"
        package = "no-such-package"
        modules = ("sys", "no_such_module")

    peer = Absent("variant")
    assert peer.label == "Absent, variant"
    assert peer.version == "unknown"
    assert "no_such_module not installed" in (peer.available() or "")
    assert "sys" not in (peer.available() or "").split()


def test_unsupported_workloads_are_reported() -> None:
    with pytest.raises(UnsuitedError, match="ONNX Runtime does not train"):
        OnnxRuntime().prepare(training())


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "compiler" in (TorchCompile().available() or "")


@pytest.mark.parametrize("kind", [NumpyLoop, SklearnMLP])
def test_threads_need_threadpoolctl(kind: type[Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[kind.__module__], "can_limit_blas", lambda: False)
    assert "threadpoolctl" in (kind("1 thread", threads=1).available() or "")
    assert "threadpoolctl" not in (kind().available() or "")


def test_blas_threads_are_set_and_given_back() -> None:
    pytest.importorskip("threadpoolctl")
    controller = machine._controller().select(user_api="blas")
    if not controller.lib_controllers:
        pytest.skip("NumPy's BLAS is not one that threadpoolctl knows")
    before = [library.num_threads for library in controller.lib_controllers]
    with machine.blas_threads(1):
        assert {library.num_threads for library in controller.lib_controllers} == {1}
    assert [library.num_threads for library in controller.lib_controllers] == before


@pytest.mark.parametrize("peer", [p for p in quick() if "lenet" in p.networks], ids=lambda p: p.label)
def test_lenet_is_the_same_for_everyone(peer: Peer) -> None:
    """Compare three training steps, and inference, with naive convolutions and descent in NumPy."""
    usable(peer)
    rng = np.random.default_rng(4)
    data = rng.random((10, 784)) * (rng.random((10, 784)) < 0.3)
    options = {"layers": (784, 10), "activation": "relu", "network": "lenet"}
    work = TrainingWork("lenet", data, np.arange(10), batch_size=4, learning_rate=0.05, **options)
    loss, probabilities = naive_lenet(work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert peer.prepare(work)() == pytest.approx(loss, rel=1e-4)
        read = peer.prepare(InferenceWork("lenet", data, **options))()
    np.testing.assert_allclose(read, probabilities, atol=1e-5)


def naive_lenet(work: TrainingWork) -> tuple[float, np.ndarray]:
    """Return the mean loss of the epoch, and the outputs for all images before it."""
    net = _network(work)
    before, total = naive_planes.forward(net, work.images.reshape(-1, 28, 28).astype(float))[-1][2], 0.0
    parameters = net.parameters.astype(np.float64)
    for rows in work.batches():
        images, labels = work.images[rows].reshape(-1, 28, 28).astype(float), work.labels[rows].tolist()
        loss, gradient, _ = naive_planes.backward(net, images, labels)
        total += loss * len(rows)
        parameters -= work.learning_rate * gradient
        net.parameters[...] = parameters
    return total / work.count, before


def test_others_do_dense_networks_only() -> None:
    work = InferenceWork("lenet", np.zeros((2, 784)), (784, 10), "relu", network="lenet")
    with pytest.raises(UnsuitedError, match="dense"):
        NumpyLoop().prepare(work)
