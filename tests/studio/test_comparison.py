"""Two networks on one picture: every number of the second is its own, and the first is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.network.files import network_bytes
from studio.fake_page import Event, Page, digits, session
from studio.test_kept_runs import Keeping, a_run, only, trained


def compared(page: Page, **of: Any) -> tuple[Event, Event]:
    received = page.ask("compare", **of)
    assert [event.type for event in received] == ["compared", "comparedReading"]
    assert {event.request for event in received} == {page.number}
    return received[0], received[1]


def accuracy_of(net: pl.Network) -> float:
    test = pl.data.load("digits").test
    return float((net(test.images.astype(np.float32) / 255).argmax(axis=1) == test.labels).mean())


def test_another_shipped_network_reads_the_same_picture() -> None:
    page = Page(session())
    page.ask("openExample", part="test", index=4)
    other, reading = compared(page, network="digits-sigmoid")
    net = pl.load("digits-sigmoid")
    trace = net.trace(digits()[4].astype(np.float32) / 255)
    assert (other.other["network"]["name"], other.other["origin"]) == ("digits-sigmoid", "shipped")
    np.testing.assert_array_equal(other.other["knobs"], net.parameters)
    assert other.other["accuracy"] == pytest.approx(accuracy_of(net))
    assert (other.other["right"], other.other["total"]) == (round(2000 * other.other["accuracy"]), 2000)
    for got, layer in zip(reading.layers, trace.layers, strict=True):
        np.testing.assert_allclose(got["sums"], layer.sums, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(got["activations"], layer.activations, rtol=1e-5, atol=1e-6)
    assert reading.order[0] == trace.outputs.argmax()
    assert reading.words


def test_every_new_picture_is_read_by_both() -> None:
    page = Page(session())
    compared(page, network="digits-sigmoid")
    ways: list[tuple[str, dict[str, Any]]] = [
        ("pen", {"stroke": 0, "points": [0.5, 0.2, 0.5, 0.8], "width": 0.08}),
        ("undoStroke", {}),
        ("openExample", {"part": "test", "index": 9}),
        ("openPixels", {"pixels": [0.5] * 784}),
        ("setCentring", {"pictures": False}),
    ]
    for kind, fields in ways:
        received = page.ask(kind, **fields)
        first, second = only(received, "reading"), only(received, "comparedReading")
        assert first.request == second.request == page.number
        outputs = pl.load("digits-sigmoid").trace(first.pixels).outputs
        np.testing.assert_allclose(second.layers[-1]["activations"], outputs, rtol=1e-4, atol=1e-6)
    assert only(page.ask("clearDrawing"), "comparedReading").words == ""


def test_turning_a_knob_leaves_the_other_as_it_is() -> None:
    page = Page(session())
    page.ask("openExample", part="test", index=4)
    _, before = compared(page, network="digits-relu")
    received = page.ask("turnKnobs", knobs=[13001], values=[9.0], gesture=1)
    first, second = only(received, "reading"), only(received, "comparedReading")
    np.testing.assert_array_equal(second.layers[-1]["sums"], before.layers[-1]["sums"])
    difference = first.layers[-1]["sums"] - second.layers[-1]["sums"]
    np.testing.assert_allclose(difference[:9], 0, atol=1e-6)
    assert difference[9] == pytest.approx(9.0 - pl.load("digits-relu").parameters[13001], abs=1e-4)


def test_a_moment_of_the_training_is_compared_and_training_stays_where_it_is() -> None:
    page = Page(session())
    trained(page, 20)
    early, _ = compared(page, step=7)
    assert (early.other["network"]["name"], early.other["origin"]) == ("digits-relu after 7 mini-batches", "moment")
    with page.session._lock.high_priority():
        run = page.session._learn.course._run
        assert run is not None
        assert run.trainer.step == 20
        present = run.trainer.net.parameters.copy()
    assert not np.array_equal(early.other["knobs"], present)
    received = trained(page, 5)
    after = page.session._state.edited.net.parameters.copy()
    page.ask("goToStep", step=7)
    np.testing.assert_array_equal(page.session._state.edited.net.parameters, early.other["knobs"])
    page.ask("goToStep", step=20)
    np.testing.assert_array_equal(page.session._state.edited.net.parameters, present)
    page.ask("goToStep", step=25)
    np.testing.assert_array_equal(page.session._state.edited.net.parameters, after)
    assert only(received, "training").state == "paused"
    assert early.other["accuracy"] == pytest.approx(accuracy_of(_with(early.other["knobs"])))


def _with(parameters: np.ndarray) -> pl.Network:
    net = pl.load("digits-relu").copy()
    net.parameters[...] = parameters
    return net


def test_looking_at_a_moment_changes_no_later_step() -> None:
    def end(look: bool) -> np.ndarray:
        page = Page(session())
        trained(page, 20)
        page.ask("turnKnobs", knobs=[7], values=[0.5], gesture=1)
        if look:
            compared(page, step=3)
            assert page.session._state.edited.net.parameters[7] == np.float32(0.5)
        trained(page, 20)
        return page.session._state.edited.net.parameters.copy()

    np.testing.assert_array_equal(end(look=True), end(look=False))


def test_a_kept_network_is_compared(tmp_path: Path) -> None:
    catalog, run = Keeping(tmp_path), a_run(name="mine")
    net = pl.Network([pl.Dense(12, "tanh"), pl.Dense(10, "sigmoid")], input_shape=(28, 28), seed=4, level_range=(0, 9))
    catalog.runs.keep(run, network_bytes(net))
    page = Page(session(catalog=catalog))
    page.ask("openExample", part="test", index=2)
    other, reading = compared(page, run=run.id)
    assert (other.other["network"]["name"], other.other["origin"]) == ("mine", "kept")
    outputs = net.trace(digits()[2].astype(np.float32) / 255 * 9).outputs
    np.testing.assert_allclose(reading.layers[-1]["activations"], outputs, rtol=1e-4, atol=1e-6)
    assert page.refused("compare", run="0" * 16) == "unavailable"


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    catalog, run = Keeping(tmp_path), a_run()
    seven = pl.Network([pl.Dense(7, "softmax")], input_shape=(28, 28))
    catalog.runs.keep(run, network_bytes(seven))
    page = Page(session(catalog=catalog))
    compared(page, network="digits-sigmoid")
    assert page.refused("compare", run=run.id) == "bad_value"
    assert page.refused("compare", network="/etc/passwd") == "unavailable"
    assert page.refused("compare", step=1) == "bad_value"
    assert page.refused("compare", step=0, network="digits-relu") == "bad_value"
    assert only(page.ask("openExample", part="test", index=1), "comparedReading").order  # the first is still compared


def test_it_ends_and_nothing_more_is_sent() -> None:
    page = Page(session())
    compared(page, network="digits-sigmoid")
    [ended] = page.ask("compare")
    assert ended.other is None
    assert [event.type for event in page.ask("openExample", part="test", index=1)] == ["drawing", "reading"]


def test_it_follows_the_session_and_comes_back_with_the_page() -> None:
    page = Page(session())
    compared(page, network="digits-relu")
    received = page.ask("loadNetwork", name="digits-sigmoid")
    assert only(received, "compared").other["network"]["name"] == "digits-relu"
    again = Page(page.session)
    kinds = [event.type for event in again.greeting]
    assert only(again.greeting, "compared").other["network"]["name"] == "digits-relu"
    assert kinds.index("compared") < kinds.index("comparedReading")


def test_it_ends_with_a_network_of_other_classes(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cross", "ring"):
        (tmp_path / name).mkdir()
        for index in range(10):
            ink = np.random.default_rng(index).integers(0, 256, (28, 28)).astype(np.uint8)
            Image.fromarray(ink).save(tmp_path / name / f"{index}.png")
    from pellucid.studio.state.dataset_catalog import DatasetCatalog

    class Both(DatasetCatalog):
        @property
        def data_sets(self) -> list[str]:
            return ["digits", tmp_path.name]

    page = Page(session("digits-relu", Both(str(tmp_path))))
    compared(page, network="digits-sigmoid")
    plan = only(page.greeting, "training").plan
    plan = plan | {"data": tmp_path.name, "layers": [{"size": 2, "activation": "softmax"}]}
    received = page.ask("setUp", plan=plan)
    assert only(received, "network").network["classes"] == ["cross", "ring"]
    assert only(received, "compared").other is None
