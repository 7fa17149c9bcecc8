"""Tables in the studio: rows of features, classes and values, standardisation, other grids of pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import pellucid as pl
from pellucid.data.columns import Columns
from pellucid.studio.rooms.read.pad import averaged
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import Event, Page, session, wait_for
from studio.tables import CLASSES, FEATURES, page_of, write_flowers, write_houses


def last(received: list[Event], kind: str) -> Event:
    return [event for event in received if event.type == kind][-1]


@pytest.fixture(params=[False, True], ids=["raw", "standardised"])
def flowers(request: pytest.FixtureRequest, tmp_path: Path) -> Page:
    options = {"standardize": True} if request.param else {}
    return page_of(write_flowers(tmp_path / "flowers.csv"), label="species", **options)


@pytest.fixture
def houses(tmp_path: Path) -> Page:
    return page_of(write_houses(tmp_path / "houses.csv"), label="price", standardize=True)


def train(page: Page, count: int) -> None:
    for _ in range(count):
        page.ask("stepBatches", count=1000)
        wait_for(lambda: not page.session.training)
        with page.session._lock.high_priority():
            page.fetch()


def net_of(page: Page) -> pl.Network:
    return page.session._state.edited.net


def prepared(page: Page, row: Any) -> np.ndarray:
    columns = Columns.of_record(net_of(page).record)
    assert columns is not None
    return columns.prepare(row)


def test_the_page_is_told_of_features_their_ranges_and_classes(flowers: Page) -> None:
    network, data = (getattr(last(flowers.greeting, "network"), name) for name in ("network", "data"))
    assert network["input"]["kind"] == "row"
    assert [each["name"] for each in network["input"]["features"]] == list(FEATURES)
    assert (network["task"], network["classes"], data["classes"]) == ("classes", list(CLASSES), list(CLASSES))
    train_part = pl.data.load(Path(flowers.session._state.data.train.source), label="species").train
    assert [each["low"] for each in data["features"]] == pytest.approx(train_part.images.min(axis=0).tolist(), abs=1e-5)
    assert [each["high"] for each in data["features"]] == pytest.approx(
        train_part.images.max(axis=0).tolist(), abs=1e-5
    )
    assert data["targets"] == []
    plan = last(flowers.greeting, "training").plan
    assert [layer["size"] for layer in plan["layers"]] == [8, 8, 3]
    [choice] = [each for each in last(flowers.greeting, "dataSets").choices if each["name"] == "flowers.csv"]
    assert (choice["inputs"], choice["table"], choice["task"]) == (4, True, "classes")
    assert choice["plan"] == plan
    assert choice["note"] == "90 rows of your own"


def test_a_row_is_set_value_by_value_and_read_as_the_network_reads_it(flowers: Page) -> None:
    reading = last(flowers.ask("openExample", part="test", index=2), "reading")
    state = flowers.session._state
    np.testing.assert_array_equal(reading.pixels, state.data.test.images[2])
    np.testing.assert_allclose(reading.row, state.data.test.columns.restore(state.data.test.images[2]))
    received = flowers.ask("setFeatures", features=[3, 0], values=[2.5, 6.1])
    drawing, reading = last(received, "drawing"), last(received, "reading")
    assert (drawing.source, drawing.example, drawing.label) == ("row", None, None)
    assert reading.row[[3, 0]] == pytest.approx([2.5, 6.1], rel=1e-6)
    trace = net_of(flowers).trace(prepared(flowers, reading.row))
    for seen, layer in zip(reading.layers, trace.layers, strict=True):
        np.testing.assert_allclose(seen["sums"], layer.sums, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(seen["activations"], layer.activations, rtol=1e-4, atol=1e-5)
    assert reading.words.split(" at ")[0] in CLASSES
    votes = flowers.asked("askVotes", "votes", layer=0, neuron=2)
    np.testing.assert_allclose(votes.inputs, reading.pixels)


def test_a_session_begins_with_a_typical_row(flowers: Page) -> None:
    reading = last(flowers.greeting, "reading")
    state = flowers.session._state
    np.testing.assert_allclose(reading.pixels, state.data.train.images.mean(axis=0), atol=1e-5)
    assert last(flowers.greeting, "drawing").source == "row"
    assert reading.words


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("pen", {"stroke": 0, "points": [0.5, 0.5], "width": 0.1}),
        ("setDrawing", {"strokes": []}),
        ("clearDrawing", {}),
        ("undoStroke", {}),
        ("redoStroke", {}),
        ("openPixels", {"pixels": [0.5] * 4}),
        ("setFeatures", {"features": [4], "values": [1.0]}),
        ("setFeatures", {"features": [1, 1], "values": [1.0, 2.0]}),
        ("setFeatures", {"features": [1], "values": [1.0, 2.0]}),
        ("openExample", {"part": "test", "index": 1000}),
    ],
)
def test_what_is_no_row_is_refused(flowers: Page, kind: str, fields: dict[str, Any]) -> None:
    before = flowers.session._state.inputs.copy()
    assert flowers.refused(kind, **fields) == "bad_value"
    np.testing.assert_array_equal(flowers.session._state.inputs, before)


def test_pictures_are_refused_and_features_of_a_drawing_too(flowers: Page) -> None:
    with pytest.raises(Exception, match="features of a row"):
        flowers.session.open_picture(b"")
    digits = Page(session())
    assert digits.refused("setFeatures", features=[0], values=[0.5]) == "bad_value"
    assert digits.refused("openPixels", pixels=[0.5] * 783) == "bad_value"


def test_rows_have_nothing_to_look_for(flowers: Page, houses: Page) -> None:
    for page in (flowers, houses):
        assert page.refused("askSubject") == "bad_value"
        assert page.refused("askNeuron", layer=0, neuron=0) == "bad_value"


def test_rows_have_no_repair(flowers: Page, houses: Page) -> None:
    for page in (flowers, houses):
        for kind in ("askMisreading", "askRepair", "applyRepair"):
            assert page.refused(kind, label=0) == "bad_value"


def test_rows_have_no_strangers(flowers: Page, houses: Page) -> None:
    for page in (flowers, houses):
        assert page.refused("askSureness") == "bad_value"
        assert page.refused("askOwnSureness") == "bad_value"
        assert page.refused("judgeThreshold", measure="output", threshold=0.5) == "bad_value"


def test_rows_have_no_map(flowers: Page, houses: Page) -> None:
    for page in (flowers, houses):
        assert page.refused("askMap") == "bad_value"
        assert page.refused("askMapOwn") == "out_of_order"
        assert page.refused("askNeighbours", column=0) == "out_of_order"
        assert page.refused("askLasso", column=0, positions=[0]) == "out_of_order"


def test_features_of_any_size_stay_finite(flowers: Page) -> None:
    received = flowers.ask("setFeatures", features=[0], values=[1e30])
    assert [event.type for event in received] in (["drawing", "reading"], ["failed", "drawing"])
    assert np.isfinite(flowers.session._state.inputs).all()


def test_learning_on_a_table_and_its_mistakes(flowers: Page) -> None:
    train(flowers, 2)
    flowers = Page(flowers.session)
    judged = last(flowers.greeting, "judged")
    assert judged.accuracy > 0.9
    assert judged.right == round(judged.accuracy * judged.total)
    examined = last(flowers.ask("askExamined"), "examined")
    assert examined.confusion.shape == (3, 3)
    assert int(examined.confusion.sum()) == judged.total
    assert flowers.asked("askLossPlane", "lossPlane", side=5, images=100).losses.shape == (5, 5)
    swept = flowers.asked("sweepKnob", "swept", knob=0, low=-1, high=1, count=5)
    assert swept.accuracies.shape == (5,)


def test_knobs_are_named_by_features(flowers: Page) -> None:
    received = flowers.ask("turnKnobs", knobs=[8], values=[0.5], gesture=1)
    [change] = last(received, "turned").changes
    assert change["text"].startswith("feature sepal width → hidden layer 1, neuron 0")


def test_backpropagation_of_a_row_is_checked(flowers: Page) -> None:
    flowers.ask("openExample", part="train", index=4)
    nudges = flowers.asked("askNudges", "nudges")
    assert nudges.stages[-1]["title"] == "Back to the features"
    for kind in ("input", "activation", "parameter"):
        assert flowers.asked("checkNudge", "checked", kind=kind, neuron=1, knob=5).agrees
    assert flowers.asked("checkNudge", "checked", kind="input", neuron=2).name == "feature petal length"
    batch = flowers.asked("askBatchNudges", "batchNudges", part="train", indices=[0, 1, 2], knob=3)
    assert batch.wishes.mean() == pytest.approx(-float(batch.gradient[3]), abs=1e-5)
    stepped = flowers.asked("takeStep", "stepped", of="batch", learningRate=0.01)
    assert stepped.costAfter < stepped.costBefore


def test_values_are_trained_scored_and_shown_beside_the_true_ones(houses: Page) -> None:
    network, data = (getattr(last(houses.greeting, "network"), name) for name in ("network", "data"))
    assert (network["task"], network["classes"], network["loss"]) == ("values", ["price"], "mean_squared")
    assert data["targets"][0]["low"] < data["targets"][0]["high"]
    assert data["features"][2]["whole"]
    train(houses, 4)
    received = houses.ask("askExamined")
    predicted, state = last(received, "predicted"), houses.session._state
    np.testing.assert_array_equal(predicted.targets, state.data.test.targets)
    np.testing.assert_array_equal(predicted.outputs, net_of(houses)(state.data.test.images))
    houses = Page(houses.session)
    judged = last(houses.greeting, "judged")
    assert predicted.fields["rSquared"] == pytest.approx(judged.accuracy)
    assert judged.accuracy > 0.9
    assert judged.right == 0
    received = houses.ask("openExample", part="test", index=3)
    drawing, reading = last(received, "drawing"), last(received, "reading")
    assert drawing.targets == pytest.approx(state.data.test.targets[3].tolist())
    assert drawing.label is None
    assert reading.words == f"price {reading.layers[-1]['activations'][0]:.4g}"


def test_backpropagation_towards_values(houses: Page) -> None:
    assert houses.refused("askNudges") == "bad_value"  # a typical row has no true price
    assert houses.refused("askNudges", label=0) == "bad_value"
    assert houses.refused("askNudges", values=[1.0, 2.0]) == "bad_value"
    nudges = houses.asked("askNudges", "nudges", values=[150.0])
    assert nudges.label is None
    assert nudges.targets.tolist() == [150.0]
    assert houses.asked("checkNudge", "checked", kind="input", neuron=0).agrees
    assert houses.refused("askNudges", values=[1.0], loss="squared") == "bad_value"
    houses.ask("openExample", part="train", index=0)
    houses.asked("askNudges", "nudges", loss="huber")
    stepped = houses.asked("takeStep", "stepped", of="example", learningRate=1e-3)
    assert stepped.costAfter < stepped.costBefore
    batch = houses.asked("askBatchNudges", "batchNudges", part="train", indices=[0, 1])
    assert (batch.labels, batch.fields["targets"]["shape"]) == ([], [2, 1])
    examples = houses.asked("browseExamples", "examples", part="test", begin=0, count=3)
    assert (examples.labels, examples.fields["targets"]["shape"]) == ([], [3, 1])
    assert houses.refused("browseExamples", part="test", begin=0, count=3, wrong=True) == "bad_value"


def test_epochs_of_values_have_no_accuracy(houses: Page) -> None:
    houses.ask("runToEpoch")
    wait_for(lambda: not houses.session.training)
    with houses.session._lock.high_priority():
        done = last(houses.fetch(), "epochDone")
    assert done.accuracy is None
    assert np.isfinite([done.loss, done.testLoss, done.testAccuracy]).all()


def test_a_network_is_saved_with_its_features_and_opens_on_raw_data(tmp_path: Path) -> None:
    path = write_flowers(tmp_path / "flowers.csv")
    page = page_of(path, standardize=True)
    train(page, 1)
    (tmp_path / "net.safetensors").write_bytes(page.session.network_file())
    again = page_of(path, str(tmp_path / "net.safetensors"))
    ours, theirs = (each.session._state for each in (page, again))
    np.testing.assert_array_equal(ours.data.test.images, theirs.data.test.images)
    assert ours.evaluation().accuracy == theirs.evaluation().accuracy
    other = write_houses(tmp_path / "houses.csv")
    with pytest.raises(Exception, match="4 inputs for 3 classes: start the studio with its data"):
        page_of(other, str(tmp_path / "net.safetensors"), label="price")


def test_standardisation_can_be_switched_in_the_plan(tmp_path: Path) -> None:
    page = page_of(write_flowers(tmp_path / "flowers.csv"))
    plan = last(page.greeting, "training").plan
    page.ask("setFeatures", features=[0], values=[6.5])
    received = page.ask("setUp", plan=plan | {"standardize": True})
    features = last(received, "network").network["input"]["features"]
    assert features[0]["scale"] != 1
    assert abs(page.session._state.data.train.images.mean(axis=0)).max() < 1e-5
    assert last(received, "reading").row[0] == pytest.approx(6.5, rel=1e-5)  # the same row, prepared in another way
    received = page.ask("setUp", plan=plan)
    assert last(received, "network").network["input"]["features"][0]["scale"] == 1


def test_digits_and_tables_take_turns(tmp_path: Path) -> None:
    page = page_of(write_flowers(tmp_path / "flowers.csv"))
    received = page.ask("loadNetwork", name="digits-sigmoid")
    assert last(received, "network").network["input"]["kind"] == "drawing"
    assert last(received, "reading").pixels.shape == (28, 28)
    assert last(received, "drawing").source == "pad"
    page.ask("pen", stroke=0, points=[0.5, 0.2, 0.5, 0.8], width=0.08)
    [choice] = [each for each in last(page.greeting, "dataSets").choices if each["name"] == "flowers.csv"]
    received = page.ask("setUp", plan=choice["plan"])
    assert last(received, "reading").row is not None
    wrong = {**choice["plan"], "loss": "mean_squared"}
    assert page.refused("setUp", plan=wrong) == "bad_value"
    assert page.refused("setUp", plan={**choice["plan"], "data": "digits"}) == "bad_value"


@pytest.mark.parametrize("shape", [(8, 8), (16, 24), (3, 6, 5), (40, 10)])
def test_other_grids_have_a_pad_of_their_own(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (80, *shape)).astype(np.uint8)
    images[..., [0, -1], :] = images[..., [0, -1]] = 0  # paper
    np.savez(tmp_path / "grids.npz", images=images, labels=np.arange(80) % 2)
    page = Page(Session("g", DatasetCatalog(str(tmp_path / "grids.npz")), None))
    info = last(page.greeting, "network").network["input"]
    assert (info["kind"], info["rows"], info["columns"], info["centred"]) == ("drawing", *shape[-2:], False)
    received = page.ask("setDrawing", strokes=[{"points": [0.5, 0.0, 0.5, 1.0], "width": 0.2}])
    pixels = last(received, "reading").pixels.reshape(-1, *shape[-2:])
    pad = page.session._read._drawing.pad
    for channel in pixels:
        np.testing.assert_allclose(channel, averaged(pad.ink, shape[-2:]), atol=1e-6)
    assert 0 < pixels.mean() < 1
    assert page.ask("openPixels", pixels=[0.25] * int(np.prod(shape)))[-1].pixels.max() == 0.25
    example = last(page.ask("openExample", part="test", index=0), "reading")
    assert example.pixels.shape == shape
    train(page, 1)
    page.asked("askNudges", "nudges", label=1)


def test_rows_without_names_are_numbered(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", images=rng.normal(0, 3, (60, 5)).astype(np.float32), labels=np.arange(60) % 3)
    page = Page(Session("r", DatasetCatalog(str(tmp_path / "rows.npz")), None))
    features = last(page.greeting, "network").network["input"]["features"]
    assert [each["name"] for each in features] == [f"input {n}" for n in range(5)]


def test_a_kept_table_run_opens_again(tmp_path: Path) -> None:
    from pellucid.studio.state.kept_runs import KeptRuns

    path = write_houses(tmp_path / "houses.csv")
    catalog = DatasetCatalog(str(path), KeptRuns(tmp_path / "runs"), {"label": "price", "standardize": True})
    page = Page(Session("k", catalog, None))
    train(page, 1)
    [run] = catalog.runs.all()
    assert run.plan.loss == "mean_squared"
    assert run.name.startswith("3-8-8-1 on houses.csv")
    assert msgspec.to_builtins(run)["accuracy"] <= 1  # R2, which may be negative
    page.ask("openRun", run=run.id)
    assert page.session._state.edited.predicts_values
