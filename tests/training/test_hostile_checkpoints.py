"""Checkpoints made by hand: for any value of a field, one typed error names it, or training stays within its memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from hostile import DEEP, DEPTHS, EXTREMES, exchanged, places, rewritten, without
from pellucid.errors import ConfigurationError, DataError, FileFormatError, PellucidError

COUNT, BATCH = 25, 6
RNG = np.random.default_rng(0)
IMAGES = pl.data.Dataset(RNG.random((COUNT, 6, 6)).astype(np.float32), np.arange(COUNT) % 3)
SEQUENCES = pl.data.Sequences([RNG.random((5, 4)) for _ in range(COUNT)], [[1, 2]] * COUNT)


def same(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return frames


def trainer(kind: str) -> pl.Trainer:
    if kind == "dense":
        net = pl.Network([pl.Dense(4, "relu"), pl.Dense(3, "softmax")], input_shape=(6, 6), level_range=(0, 1))
        adam = pl.Adam(pl.WarmUp(0.01, 1, pl.Cosine(0.01)))
        return pl.Trainer(net, IMAGES, optimizer=adam, batch_size=BATCH, augment=pl.Augment(shift=1.0))
    if kind == "planes":
        net = pl.Network([pl.Conv2d(2, 3), pl.Dropout(0.1), pl.Flatten(), pl.Dense(3, "softmax")], input_shape=(6, 6))
        return pl.Trainer(net, IMAGES, optimizer=pl.Momentum(pl.Step(0.01)), batch_size=BATCH)
    net = pl.Network([pl.LSTM(3), pl.Dense(3, "softmax")], input_shape=(None, 4))
    return pl.Trainer(net, SEQUENCES, loss="ctc", optimizer=pl.SGD(0.01), batch_size=BATCH, clip=1.0, augment=same)


def stored(kind: str) -> bytes:
    """A checkpoint in the middle of an epoch, with the best parameters if they are kept."""
    taught = trainer(kind)
    if kind != "sequences":
        list(taught.run(2, validation=IMAGES, patience=2))
    taught.take_steps(2)
    taught.state.planned = 9
    path = Path(f"{kind}.checkpoint")
    taught.save(path)
    return path.read_bytes()


@pytest.fixture(params=["dense", "planes", "sequences"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def resumed(kind: str, content: bytes) -> pl.Trainer:
    path = Path("made.checkpoint")
    path.write_bytes(content)
    data: Any = SEQUENCES if kind == "sequences" else IMAGES
    return pl.Trainer.resume(path, data, augment=same if kind == "sequences" else None)


def goes_on(kind: str, content: bytes) -> str | None:
    """Return the message of the typed error; None if training continues and can be saved again."""
    try:
        taught = resumed(kind, content)
    except PellucidError as error:
        return str(error)
    try:
        taught.take_steps(2)
        next(iter(taught.run(1)), None)
    except (pl.DivergedError, ConfigurationError):  # numbers at the ends of what is allowed
        pass
    taught.save("again.checkpoint")
    assert resumed(kind, Path("again.checkpoint").read_bytes()).step == taught.step
    return None


def training_of(content: bytes) -> Any:
    return json.loads(json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]["training"])


def test_what_was_stored_goes_on(kind: str) -> None:
    content = stored(kind)
    assert goes_on(kind, content) is None
    assert goes_on(kind, rewritten(content, "training", lambda told: told)) is None


def test_every_field_with_every_value(kind: str) -> None:
    content = stored(kind)
    told = training_of(content)
    refused = 0
    for path in places(told):
        for value in EXTREMES:
            made = rewritten(content, "training", lambda told, path=path, value=value: exchanged(told, path, value))
            refused += goes_on(kind, made) is not None
        for depth in DEPTHS:
            deep = DEEP.format(depth)
            made = rewritten(content, "training", lambda told, path=path, deep=deep: exchanged(told, path, deep))
            assert goes_on(kind, made) is not None
    assert refused > 10 * sum(1 for _ in places(told))


def test_every_field_left_out_and_one_more(kind: str) -> None:
    content = stored(kind)
    told = training_of(content)
    optional = {"clip", "floor", "then", "epochs", "every", "factor", "decay", "momentum", "nesterov", "beta1", "beta2"}
    optional |= {"epsilon", "smoothing", "class_weight", "label_smoothing", "groups", "frozen"}
    optional |= {*pl.Augment().configuration()}
    for path in places(told):
        if path and path[-1] not in optional:
            error = goes_on(kind, rewritten(content, "training", lambda told, path=path: without(told, path)))
            assert error is not None
            assert str(path[-1]) in error
    for path in ((), ("state",), ("optimizer",), ("optimizer", "learning_rate")):
        made = rewritten(content, "training", lambda told, path=path: exchanged(told, (*path, "unheard_of"), 1))
        assert "unheard_of" in str(goes_on(kind, made))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("state", "batch"), -1_000_000),
        (("state", "batch"), 6),
        (("state", "epoch"), -1),
        (("state", "epoch"), 1 << 40),
        (("state", "planned"), 2.0),
        (("state", "right"), 2 * BATCH + 1),
        (("state", "loss_sum"), float("nan")),
        (("state", "loss_sum"), float("inf")),
        (("state", "seconds"), -1.0),
        (("state", "epoch_seconds"), float("inf")),
        (("state", "best_loss"), float("nan")),
        (("state", "waited"), -1),
        (("state", "over"), 0),
        (("seed",), -1),
        (("seed",), True),
        (("batch_size",), 0),
        (("batch_size",), 1 << 40),
        (("clip",), 0),
        (("clip",), float("nan")),
        (("loss",), "squared_off"),
        (("loss",), ["ctc"]),
        (("augment",), 3),
        (("images",), "25"),
        (("data",), 5),
        (("optimizer", "kind"), "lion"),
        (("optimizer", "kind"), ["sgd"]),
        (("optimizer", "decay"), float("nan")),
        (("optimizer", "decay"), 10**400),
        (("optimizer", "learning_rate", "learning_rate"), "fast"),
        (("optimizer", "learning_rate", "kind"), None),
    ],
    ids=str,
)
def test_the_error_names_the_field(kind: str, path: tuple[str, ...], value: Any) -> None:
    made = rewritten(stored(kind), "training", lambda told: exchanged(told, path, value))
    with pytest.raises(FileFormatError, match=str(path[-1])) as caught:
        resumed(kind, made)
    assert "\n" not in str(caught.value)


def test_fields_agree_with_each_other(kind: str) -> None:
    content = stored(kind)
    for change, error, words in (
        ({"loss": "cross_entropy" if kind == "sequences" else "ctc"}, (FileFormatError, DataError), "loss|label"),
        ({"clip": 1.0, "augment": {"function": "same"}}, FileFormatError, "clip|augment"),
        ({"images": COUNT + 1}, DataError, "other data"),
        ({"data": "0" * 16}, DataError, "other data"),
        ({"optimizer": {"kind": "sgd" if kind != "sequences" else "adam", "learning_rate": {
            "kind": "constant", "learning_rate": 0.1}}}, FileFormatError, "moments"),
    ):  # fmt: skip
        if kind == "sequences" and "clip" in change:
            continue
        made = rewritten(content, "training", lambda told, change=change: told | change)
        with pytest.raises(error, match=words):
            resumed(kind, made)


def test_schedules_within_each_other(kind: str) -> None:
    rate: dict[str, Any] = {"kind": "constant", "learning_rate": 0.1}
    for _ in range(300):
        rate = {"kind": "warm_up", "learning_rate": 0.1, "then": rate}
    for nested in (rate, {"kind": "constant", "learning_rate": 0.1, "then": rate}):
        told = exchanged(training_of(stored(kind)), ("optimizer", "learning_rate"), nested)
        made = rewritten(stored(kind), "training", lambda _, told=told: told)
        with pytest.raises(FileFormatError, match=r"learning_rate|optimizer"):
            resumed(kind, made)


def test_tensors_of_every_shape_and_type(kind: str) -> None:
    content = stored(kind)
    count = trainer(kind).net.parameter_count
    names = {"dense": ["moments.0", "moments.1", "best"], "planes": ["moments.0", "best"], "sequences": ["moments.0"]}
    for name in names[kind]:
        zeros = np.zeros(count, np.float32)
        wrong: list[Any] = [
            zeros[:-1], np.zeros(count + 1, np.float32), zeros.reshape(1, -1), zeros[:0], zeros.astype(np.float64),
            zeros.astype(np.int32), np.full(count, np.nan, np.float32), np.full(count, np.inf, np.float32),
        ]  # fmt: skip
        wrong += [None] if name != "best" and kind != "sequences" else []
        wrong += [zeros - 1] if name == "moments.1" else []
        for tensor in wrong:
            with pytest.raises(FileFormatError, match=name.partition(".")[0]):
                resumed(kind, rewritten(content, "training", lambda told: told, **{name: tensor}))
    for extra in ("moments.2", "moments.x", "unheard_of"):
        with pytest.raises(FileFormatError, match=extra):
            resumed(kind, rewritten(content, "training", lambda told: told, **{extra: np.zeros(3, np.float32)}))


def test_a_function_and_threads_are_the_callers(kind: str) -> None:
    content = stored(kind)
    Path("made.checkpoint").write_bytes(content)
    data: Any = SEQUENCES if kind == "sequences" else IMAGES
    with pytest.raises(ConfigurationError, match="threads"):
        pl.Trainer.resume("made.checkpoint", data, threads=0, augment=same if kind == "sequences" else None)
    with pytest.raises(ConfigurationError, match="augment"):
        pl.Trainer.resume("made.checkpoint", data, augment=print)


def test_data_of_another_shape(kind: str) -> None:
    Path("made.checkpoint").write_bytes(stored(kind))
    others: dict[str, Any] = {
        "sequences": pl.data.Sequences([np.zeros((5, 3))] * COUNT, [[1, 2]] * COUNT),
        "images": pl.data.Dataset(np.zeros((COUNT, 5, 5)), np.arange(COUNT) % 3),
    }
    other = others["sequences" if kind == "sequences" else "images"]
    with pytest.raises(DataError, match="other data"):
        pl.Trainer.resume("made.checkpoint", other, augment=same if kind == "sequences" else None)
