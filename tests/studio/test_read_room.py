"""Read: drawings, examples and pictures are read as the network itself reads them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.data.drawings.counting import count_digits
from pellucid.errors import DataError
from pellucid.inspect.familiarity import Familiarity
from pellucid.studio.rooms.read.pad import SIDE, Pad
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.session_state import SessionState
from studio.fake_page import EmbeddedCatalog, Page, session

ONE = [0.5, 0.2, 0.5, 0.5, 0.5, 0.8]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(session())


def test_a_page_receives_all_that_it_shows(page: Page) -> None:
    kinds = [event.type for event in page.greeting]
    assert kinds == [
        "welcome", "network", "parameters", "turned", "compared", "drawing", "reading", "runs", "dataSets",
        "learnSubject", "training", "judged", "curves",
    ]  # fmt: skip
    welcome, network, parameters = page.greeting[:3]
    assert welcome.networks[0] == "digits-relu"
    assert welcome.resumed is False
    assert network.network["parameterCount"] == 13002
    np.testing.assert_array_equal(parameters.knobs, pl.load("digits-relu").parameters)


def test_knobs_lie_where_the_layers_say(page: Page) -> None:
    network, parameters = page.greeting[1:3]
    net = pl.load("digits-relu")
    for received, layer in zip(network.network["layers"], net.layers, strict=True):
        assert (received["inputs"], received["outputs"]) == (layer.in_features, layer.out_features)
        assert parameters.knobs[received["weight"] + 5 * received["outputs"] + 3] == layer.weight[3, 5]
        assert parameters.knobs[received["bias"] + 3] == layer.bias[3]


def test_what_the_pen_draws_is_centred_and_read() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    page.ask("pen", stroke=0, points=ONE[:2], width=0.08)
    reading = page.asked("pen", "reading", stroke=0, points=ONE[2:], width=0.08)
    pad = Pad()
    pad.draw(0, ONE, 0.08)
    np.testing.assert_array_equal(reading.pixels, center(pad.ink, thicken=True))
    trace = net.trace(reading.pixels)
    for received, layer in zip(reading.layers, trace.layers, strict=True):
        np.testing.assert_array_equal(received["sums"], layer.sums)
        np.testing.assert_array_equal(received["activations"], layer.activations)
    assert reading.words == str(net.read(reading.pixels))
    assert reading.order[0] == 1


def test_the_steps_of_the_centring_are_shown_and_switched() -> None:
    page = Page(session())
    page.ask("setDrawing", strokes=[{"points": ONE, "width": 0.02}])
    on = {"thicken": True, "scale": True, "smooth": True, "mass": True}
    reading = page.asked("setCentring", "reading", centring=on, pictures=True)
    assert [step["name"] for step in reading.steps] == ["drawn", "thickened", "cut", "fitted", "placed"]
    assert [step["done"] for step in reading.steps] == [True] * 5
    assert reading.steps[0]["picture"].shape == (SIDE, SIDE)
    np.testing.assert_array_equal(reading.steps[-1]["picture"], reading.pixels)
    off = dict.fromkeys(on, False)
    reading = page.asked("setCentring", "reading", centring=off, pictures=False)
    assert reading.steps == []
    pad = Pad()
    pad.draw(0, ONE, 0.02)
    np.testing.assert_array_equal(reading.pixels, center(pad.ink, scale=False, smooth=False, mass=False))


def test_strokes_are_undone_redone_cleared_and_brought_back() -> None:
    page = Page(session())
    first = page.asked("pen", "reading", stroke=0, points=ONE, width=0.08)
    page.ask("pen", stroke=1, points=[0.2, 0.5, 0.8, 0.5], width=0.08)
    events = page.ask("undoStroke")
    assert [event.type for event in events] == ["drawing", "reading"]
    assert (events[0].canUndo, events[0].canRedo) == (True, True)
    np.testing.assert_array_equal(events[1].pixels, first.pixels)
    assert len(page.asked("redoStroke", "drawing").strokes) == 2
    cleared = page.ask("clearDrawing")
    assert cleared[0].strokes == []
    assert not cleared[1].pixels.any()
    assert cleared[1].words == ""
    assert len(page.asked("undoStroke", "drawing").strokes) == 2
    assert page.asked("redoStroke", "drawing").strokes == []


def test_an_eraser_takes_ink_away() -> None:
    pad = Pad()
    pad.draw(0, ONE, 0.1)
    pad.draw(1, [0.4, 0.5, 0.6, 0.5], 0.1, erase=True)
    middle = SIDE // 2
    assert pad.ink[middle, middle] == 0.0
    assert pad.ink[SIDE // 4, middle] == 1.0


def test_a_line_is_the_same_however_it_is_cut() -> None:
    whole, pieces = Pad(), Pad()
    whole.draw(0, [*ONE, 0.7, 0.9], 0.05)
    for begin in range(0, 6, 2):
        pieces.draw(0, [*ONE, 0.7, 0.9][begin : begin + 2], 0.05)
    pieces.draw(0, [0.7, 0.9], 0.05)
    np.testing.assert_array_equal(whole.ink, pieces.ink)


@pytest.mark.parametrize("stroke", [-1, 2, 7])
def test_strokes_come_one_after_another(stroke: int) -> None:
    pad = Pad()
    pad.draw(0, ONE, 0.05)
    with pytest.raises(DataError, match="stroke"):
        pad.draw(stroke, ONE, 0.05)


def test_a_pad_takes_so_much_and_no_more() -> None:
    page = Page(session())
    assert page.refused("pen", stroke=0, points=[0.5], width=0.1) == "bad_value"
    many = [{"points": [0.5] * 8192, "width": 0.001}] * 3
    assert page.refused("setDrawing", strokes=many) == "bad_value"
    assert page.asked("undoStroke", "drawing").strokes == []


def test_an_example_is_read_with_its_label() -> None:
    page, test = Page(session()), pl.data.load("digits").test
    drawing, reading = page.ask("openExample", part="test", index=7)
    assert (drawing.source, drawing.example, drawing.label) == (
        "example",
        {"part": "test", "index": 7},
        int(test.labels[7]),
    )
    np.testing.assert_array_equal(
        reading.layers[-1]["activations"], pl.load("digits-relu").trace(test.images[7]).outputs
    )
    assert page.refused("openExample", part="test", index=2000) == "bad_value"
    assert page.asked("pen", "drawing", stroke=0, points=ONE, width=0.1).source == "pad"


def test_bare_pixels_are_read_as_they_are() -> None:
    page = Page(session())
    pixels = np.linspace(0, 1, 784)
    reading = page.asked("openPixels", "reading", pixels=pixels.tolist())
    np.testing.assert_array_equal(reading.pixels.ravel(), pixels.astype(np.float32))


def test_the_largest_digit_of_a_picture_file_is_read() -> None:
    page, test = Page(session()), pl.data.load("digits").test
    index = int(np.flatnonzero(test.labels == 3)[0])
    sheet = np.full((300, 300), 240, np.uint8)
    digit = np.kron(test.images[index], np.ones((8, 8), np.uint8))
    sheet[30:254, 40:264] = 240 - (digit * 0.85).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    page.session.open_picture(file.getvalue())
    drawing, reading = page.fetch()
    assert drawing.source == "picture"
    assert reading.order[0] == 3
    with pytest.raises(DataError):
        page.session.open_picture(b"no picture")


def test_votes_are_the_terms_of_the_sum() -> None:
    page, net = Page(session()), pl.load("digits-relu")
    test = pl.data.load("digits").test
    page.ask("openExample", part="test", index=0)
    for layer, neuron in [(0, 3), (1, 15), (2, 9)]:
        received = page.asked("askVotes", "votes", layer=layer, neuron=neuron)
        seen = net.trace(test.images[0])[layer]
        np.testing.assert_array_equal(received.terms, seen.terms(neuron))
        assert received.sum == pytest.approx(
            float(received.terms.sum(dtype=np.float64)) + received.bias, rel=1e-4, abs=1e-4
        )
        assert received.activation == seen.activations[neuron]
        ranked = np.abs(received.terms)[received.ranking]
        assert (np.diff(ranked) <= 0).all()
        assert sorted(received.ranking) == list(range(len(received.terms)))
    assert page.refused("askVotes", layer=3, neuron=0) == "bad_value"
    assert page.refused("askVotes", layer=0, neuron=16) == "bad_value"


def test_examples_are_found_by_class_and_by_reading() -> None:
    page, net, test = Page(session()), pl.load("digits-relu"), pl.data.load("digits").test
    guesses = net(test.images).argmax(axis=1)
    wrong = np.flatnonzero(guesses != test.labels)
    received = page.asked("browseExamples", "examples", part="test", begin=2, count=3, wrong=True)
    assert received.found == len(wrong)
    assert received.indices == wrong[2:5].tolist()
    assert received.readings == guesses[wrong[2:5]].tolist()
    np.testing.assert_array_equal(received.pixels, test.images[wrong[2:5]].astype(np.float32) / 255)
    received = page.asked("browseExamples", "examples", part="test", begin=0, count=200, label=4, reading=4)
    assert received.found == int(((test.labels == 4) & (guesses == 4)).sum())
    assert page.asked("browseExamples", "examples", part="test", begin=10**9, count=1).indices == []


def test_another_network_is_loaded() -> None:
    page = Page(session())
    events = page.ask("loadNetwork", name="digits-sigmoid")
    assert [event.type for event in events][:5] == ["network", "parameters", "turned", "reading", "judged"]
    np.testing.assert_array_equal(events[1].knobs, pl.load("digits-sigmoid").parameters)
    assert page.refused("loadNetwork", name="../../etc/passwd") == "unavailable"


def test_digits_of_a_picture_and_of_the_pad_are_counted() -> None:
    page = Page(session())
    sheet = Image.new("L", (420, 200), 255)
    for x in (30, 160, 290):
        ImageDraw.Draw(sheet).line([(x, 40), (x + 80, 40), (x + 40, 160)], fill=0, width=14)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    page.session.open_picture(file.getvalue())
    assert page.fetch()[-1].digits == 3
    sevens = [{"points": [x, 0.3, x + 0.22, 0.3, x + 0.1, 0.7], "width": 0.06} for x in (0.08, 0.4, 0.72)]
    assert page.asked("setDrawing", "reading", strokes=sevens).digits == 3
    assert page.asked("setDrawing", "reading", strokes=sevens[:1]).digits == 1
    assert page.asked("clearDrawing", "reading").digits == 0
    assert page.asked("openExample", "reading", part="test", index=0).digits is None


def test_nearly_all_well_written_digits_are_one_digit() -> None:
    images = pl.data.load("digits").test.images[:1000]
    enlarged = [np.asarray(Image.fromarray(each).resize((SIDE, SIDE)), np.float32) / 255 for each in images]
    assert np.mean([count_digits(ink) == 1 for ink in enlarged]) >= 0.99


def test_a_picture_is_compared_with_the_images_of_the_data_set() -> None:
    page, digits = Page(session()), pl.data.load("digits")
    known = Familiarity.of(digits.train)
    assert known is not None
    likeness = page.asked("openExample", "reading", part="test", index=7).likeness
    assert likeness["limit"] == pytest.approx(known.limit)
    assert likeness["distance"] == pytest.approx(known.distance(digits.test.images[7] / 255), rel=1e-4)
    zigzag = [0.1, 0.1, 0.9, 0.2, 0.1, 0.35, 0.9, 0.5, 0.1, 0.65, 0.9, 0.8, 0.1, 0.9, 0.9, 0.1, 0.5, 0.9, 0.1, 0.1]
    scribble = page.asked("setDrawing", "reading", strokes=[{"points": zigzag, "width": 0.08}]).likeness
    assert scribble["distance"] > scribble["limit"]
    assert page.asked("clearDrawing", "reading").likeness is None


def test_a_stroke_reads_the_images_of_the_data_set_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    page, asked = Page(session()), []
    known = Familiarity.of

    def counted(data: pl.data.Dataset) -> Familiarity | None:
        asked.append(data)
        return known(data)

    monkeypatch.setattr(Familiarity, "of", counted)
    for stroke in range(3):
        page.ask("pen", stroke=stroke, points=[0.3, 0.2, 0.7, 0.8], width=0.08)
    assert len(asked) <= 1


def test_networks_for_other_things_than_digits_say_nothing_of_digits() -> None:
    state = SessionState(EmbeddedCatalog(), EditedNetwork.load("digits-relu"), Clock())
    state.given = np.eye(28, dtype=np.float32)
    assert state.likeness() is not None
    other = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28), classes=list("abcdefghij"), seed=0)
    state.edited = EditedNetwork(other, "letters", "cross_entropy")
    assert not state.reads_digits
    assert state.likeness() is None
