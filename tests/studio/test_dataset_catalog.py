"""The data sets: named ones, the user's own, and downloads."""

from __future__ import annotations

import io
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from drawn_shapes import draw_shape, make_folder
from pellucid.data import load, mnist
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.paper import squared
from pellucid.data.preparation import Preparation
from pellucid.errors import ConfigurationError, DataError, DownloadError
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.edited_network import EditedNetwork
from studio.fake_page import EmbeddedCatalog, Event, Page, wait_for


def archive(path: Path, classes: int = 3, side: int = 28) -> Path:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % classes
    images = rng.integers(0, 256, (60, side, side)).astype(np.uint8)
    np.savez(path, images=images, labels=labels)
    return path


def choices_of(received: list[Event]) -> list[dict[str, Any]]:
    return next(event for event in received if event.type == "dataSets").choices


def fetched(page: Page) -> list[Event]:
    """Ask for MNIST, and everything received until that is over."""
    received = page.ask("fetchData", name="mnist")

    def over() -> bool:
        received.extend(page.fetch())
        return any(event.type == "dataSets" and event.fetching is None for event in received)

    wait_for(over)
    return received


def test_own_data_are_trained_on_with_one_output_for_each_class(tmp_path: Path) -> None:
    page = Page(Session("a", DatasetCatalog(str(archive(tmp_path / "shapes.npz"))), "digits-relu"))
    choice = next(each for each in choices_of(page.greeting) if each["name"] == "shapes.npz")
    assert (choice["classes"], choice["here"], choice["note"]) == (["0", "1", "2"], True, "60 pictures of your own")
    training = next(event for event in page.greeting if event.type == "training")
    assert training.plan["data"] != "shapes.npz"  # the network that was asked for has ten outputs
    layers = [{"size": 4, "activation": "relu"}, {"size": 3, "activation": "softmax"}]
    received = page.ask("setUp", plan=training.plan | {"data": "shapes.npz", "layers": layers})
    network = next(event for event in received if event.type == "network")
    assert len(network.network["classes"]) == 3
    assert network.data["train"] + network.data["test"] == 60


def test_a_session_begins_with_a_network_and_a_plan_for_the_data_given(tmp_path: Path) -> None:
    page = Page(Session("a", DatasetCatalog(str(make_folder(tmp_path / "shapes"))), None))
    network = next(event for event in page.greeting if event.type == "network")
    assert network.network["classes"] == ["cross", "ring", "stroke"]
    assert network.data["name"] == "shapes"
    plan = next(event for event in page.greeting if event.type == "training").plan
    assert (plan["data"], plan["darkInk"], plan["layers"][-1]["size"]) == ("shapes", True, 3)
    digits = page.ask("loadNetwork", name="digits-relu")
    assert next(event for event in digits if event.type == "network").data["name"] in ("digits", "mnist")


def test_without_own_data_a_session_begins_with_the_network_of_the_notes() -> None:
    page = Page(Session("a", EmbeddedCatalog(), None))
    assert next(event for event in page.greeting if event.type == "network").network["name"] == "digits-sigmoid"


def test_training_reading_and_drawing_prepare_alike(tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(make_folder(tmp_path / "shapes")))
    page = Page(Session("a", catalog, None))
    plan = next(event for event in page.greeting if event.type == "training").plan
    for how in (plan["centring"], plan["centring"] | {"scale": False, "thicken": False}):
        page.ask("setUp", plan=plan | {"centring": how})
        drawing, reading = page.ask("openExample", part="train", index=7)
        assert drawing.centring == how
        data = page.session._state.data
        np.testing.assert_array_equal(reading.pixels, data.train.images[7])
        assert reading.pixels[0, 0] == 0  # the paper
    page.ask("setUp", plan=plan)
    assert page.session._state.data.train is not data.train
    bitten = io.BytesIO()
    draw_shape("ring", np.random.default_rng(9)).save(bitten, "PNG")
    page.session.open_picture(bitten.getvalue())
    shown = next(event for event in page.fetch() if event.type == "reading").pixels
    wanted = Preparation(dark_ink=True)(squared(np.asarray(draw_shape("ring", np.random.default_rng(9)))))
    np.testing.assert_allclose(shown, wanted, atol=0.02)


def test_a_network_trained_on_dark_ink_reads_the_pad(tmp_path: Path) -> None:
    page = Page(Session("a", DatasetCatalog(str(make_folder(tmp_path / "shapes"))), None))
    page.ask("stepBatches", count=600)
    wait_for(lambda: not page.session.training)
    page.fetch()
    assert page.session._state.evaluation().accuracy > 0.9
    ring = [0.5 + 0.3 * f(angle) for angle in np.linspace(0, 6.3, 40) for f in (math.cos, math.sin)]
    drawings = {"ring": [ring], "stroke": [[0.3, 0.1, 0.3, 0.9]], "cross": [[0.1, 0.1, 0.8, 0.8], [0.1, 0.8, 0.8, 0.1]]}
    for name, strokes in drawings.items():
        lines = [{"points": points, "width": 0.08, "erase": False} for points in strokes]
        assert page.asked("setDrawing", "reading", strokes=lines).words.startswith(name)


def test_a_file_carries_the_preparation(tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(make_folder(tmp_path / "shapes")))
    page = Page(Session("a", catalog, None))
    plan = next(event for event in page.greeting if event.type == "training").plan
    how = plan["centring"] | {"mass": False}
    page.ask("setUp", plan=plan | {"centring": how})
    content = page.session.network_file()
    other = Page(Session("b", catalog, None))
    other.session.open_network(content, "shapes.safetensors")
    received = other.fetch()
    assert next(event for event in received if event.type == "network").network["centring"] == how
    assert next(event for event in received if event.type == "drawing").centring == how
    plan = next(event for event in received if event.type == "training").plan
    assert (plan["centring"], plan["darkInk"]) == (how, True)
    np.testing.assert_array_equal(other.session._state.data.train.images, page.session._state.data.train.images)


def test_own_data_with_the_right_classes_are_the_default(tmp_path: Path) -> None:
    catalog = DatasetCatalog(str(archive(tmp_path / "ten.npz", classes=10)))
    net = EditedNetwork.load("digits-relu")
    assert catalog.default_for(net) == "ten.npz"
    net.net.classes = "abcdefghij"
    assert catalog.default_for(net) == "ten.npz"  # as many classes
    seven = EditedNetwork(pl.Network([pl.Dense(7, "softmax")]), "seven", "cross_entropy")
    assert catalog.default_for(seven) is None


def test_a_folder_of_pictures_is_brought_to_size(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for at in range(5):
            Image.new("L", (40, 50), 20 * at).save(tmp_path / "pets" / name / f"{at}.png")
    catalog = DatasetCatalog(str(tmp_path / "pets"))
    assert catalog.data("pets").train.images.shape[1:] == (28, 28)


def test_the_digest_tells_data_of_one_name_from_each_other(tmp_path: Path) -> None:
    catalogs = []
    for at, each in enumerate((40, 41)):
        (tmp_path / str(at)).mkdir()
        catalogs.append(DatasetCatalog(str(make_folder(tmp_path / str(at) / "shapes", each=each))))
    assert catalogs[0].digest("shapes") != catalogs[1].digest("shapes")
    again = DatasetCatalog(str(tmp_path / "0" / "shapes"))
    assert again.digest("shapes") == catalogs[0].digest("shapes")


def test_a_link_opens_the_data_that_it_names_or_says_why_not(tmp_path: Path) -> None:
    for at in "01":
        (tmp_path / at).mkdir()
        make_folder(tmp_path / at / "shapes", each=10 + int(at))
    page, other = (Page(Session(at, DatasetCatalog(str(tmp_path / at / "shapes")), "digits-relu")) for at in "01")
    digests = [each.session._state.catalog.digest("shapes") for each in (page, other)]
    digits = page.session._state.catalog.digest("digits")
    received = page.ask("openExample", part="test", index=3, data="digits", digest=digits)
    assert page.session._state.data_name == "digits"
    assert next(event for event in received if event.type == "drawing").label == int(load("digits").test.labels[3])
    example = {"part": "test", "index": 0}
    assert page.refused("openExample", **example, data="letters", digest=digits) == "unavailable"
    assert page.refused("openExample", **example, data="shapes", digest=digests[1]) == "unavailable"
    assert page.refused("openExample", **example, data="shapes", digest=digests[0]) == "bad_value"
    assert page.session._state.data_name == "digits"
    page.ask("stepBatches", count=1)
    wait_for(lambda: not page.session.training)
    with page.session._lock.high_priority():
        page.fetch()
    if "mnist" in page.session._state.catalog.data_sets:
        assert page.refused("openExample", **example, data="mnist") == "out_of_order"


def test_rows_and_colours_are_taken_as_they_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", images=np.zeros((60, 9), np.uint8), labels=np.arange(60) % 3)
    np.savez(tmp_path / "colours.npz", images=np.zeros((60, 3, 28, 28), np.uint8), labels=np.arange(60) % 3)
    for name, shape in {"rows.npz": (9,), "colours.npz": (3, 28, 28)}.items():
        assert DatasetCatalog(str(tmp_path / name)).data(name).train.shape == shape
    with pytest.raises(DataError):
        DatasetCatalog(str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="standardize"):
        DatasetCatalog(str(tmp_path / "rows.npz"), table={"standardize": True})


def test_a_download_reports_its_progress_until_it_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Dataset(np.zeros((10, 28, 28), np.uint8), np.arange(10))

    def load(progress: mnist.Progress) -> TrainTest:
        progress("train-images", 5_000_000, 9_900_000)
        return TrainTest(tiny, tiny)

    monkeypatch.setattr(mnist, "load_mnist", load)
    monkeypatch.setattr(mnist, "is_available", lambda: False)
    page = Page(Session("a", DatasetCatalog(), "digits-relu"))
    assert [each["here"] for each in choices_of(page.greeting) if not each["speech"]] == [True, False]
    last = fetched(page)[-1]
    assert [each["name"] for each in last.choices if not each["speech"]] == ["digits", "mnist"]
    assert all(each["here"] for each in last.choices)
    assert page.refused("fetchData", name="mnist") == "unavailable"


def test_a_download_that_fails_says_so_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(progress: mnist.Progress) -> TrainTest:
        raise DownloadError("Could not reach the mirror: try again when the network is there.")

    monkeypatch.setattr(mnist, "load_mnist", load)
    page = Page(Session("a", EmbeddedCatalog(), "digits-relu"))
    for _ in range(2):
        received = fetched(page)
        [failed] = [event for event in received if event.type == "failed"]
        assert "network is there" in failed.message
        assert [each["here"] for each in received[-1].choices if not each["speech"]] == [True, False]


def test_one_download_at_a_time_and_only_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(mnist, "load_mnist", lambda progress: go_on.wait(10))
    catalog = EmbeddedCatalog()
    first, second = (Page(Session(name, catalog, "digits-relu")) for name in "ab")
    first.ask("fetchData", name="mnist")
    assert second.refused("fetchData", name="mnist") == "busy"
    assert second.refused("fetchData", name="../../etc") == "unavailable"
    assert [event.type for event in second.ask("pause")] == ["training"]
    go_on.set()
