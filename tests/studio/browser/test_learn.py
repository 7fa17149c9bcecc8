"""Learn: what the page shows of training is what the engine does, forwards, step by step, and back in time."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import pellucid as pl
from studio.browser.visitor import Visitor

RATE, BATCH = 0.5, 32
EVERY = 100
"""So many epochs are all followed by a test; of later ones, as many as cost little time."""
SLOWEST = 0.5
"""Mini-batches per second at the lowest speed."""


@pytest.fixture
def learner(visitor: Visitor) -> Visitor:
    """Somebody in Learn, with the embedded digits and a network that has learnt nothing."""
    visitor.room("Learn")
    page = visitor.page
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    expect(page.locator("[data-step]")).to_have_attribute("data-step", "0")
    return visitor


def press(learner: Visitor, name: str) -> None:
    learner.page.get_by_role("button", name=name, exact=True).click()
    learner.settle()


def step(learner: Visitor) -> int:
    return int(learner.page.locator("[data-step]").get_attribute("data-step") or -1)


def shown(learner: Visitor, name: str) -> float:
    return float(learner.page.locator(f"[data-{name}]").first.get_attribute(f"data-{name}") or "nan")


def waits(learner: Visitor, state: str) -> None:
    expect(learner.page.locator("[data-step]")).to_have_attribute("data-state", state)
    learner.settle()


def passes(learner: Visitor, number: int) -> None:
    """Wait until so many mini-batches are done."""
    for _ in range(600):
        if step(learner) > number:
            return
        learner.page.wait_for_timeout(50)
    pytest.fail(f"still at mini-batch {step(learner)}")


def twin(steps: int) -> tuple[Any, np.ndarray]:
    """The same training in the engine: the network, and loss and accuracy of each mini-batch."""
    digits = pl.data.load("digits")
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    net = pl.Network(layers, input_shape=(28, 28), seed=0)
    trainer = pl.Trainer(
        net, digits.train, loss="cross_entropy", optimizer=pl.SGD(RATE), batch_size=BATCH, seed=0, threads=1
    )
    means = [trainer.advance(1) for _ in range(steps)]
    return net, np.concatenate(means)


def test_stepped_mini_batches_are_the_engines_and_can_be_taken_back(learner: Visitor) -> None:
    net, means = twin(4)
    for number in range(4):
        press(learner, "Forward one mini-batch")
        assert step(learner) == number + 1
        assert shown(learner, "loss") == pytest.approx(means[number, 0], rel=1e-5)
        assert shown(learner, "accuracy") == pytest.approx(means[number, 1], rel=1e-5)
    test = pl.data.load("digits").test
    assert shown(learner, "test-accuracy") == pytest.approx((net(test.images).argmax(1) == test.labels).mean())
    press(learner, "Back one mini-batch")
    assert step(learner) == 3
    assert shown(learner, "loss") == pytest.approx(means[2, 0], rel=1e-5)
    press(learner, "Forward one mini-batch")
    assert shown(learner, "loss") == pytest.approx(means[3, 0], rel=1e-5)
    press(learner, "To start")
    assert step(learner) == 0


def test_it_trains_pauses_runs_to_the_epoch_and_is_scrubbed_by_keyboard(learner: Visitor) -> None:
    page = learner.page
    page.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    passes(learner, 400)
    page.keyboard.press("Enter")
    waits(learner, "paused")
    reached = step(learner)
    press(learner, "To next epoch")
    waits(learner, "paused")
    digits = pl.data.load("digits")
    an_epoch = -(-len(digits.train) // BATCH)
    assert step(learner) % an_epoch == 0
    assert reached < step(learner) <= reached + an_epoch
    end, accuracy = step(learner), shown(learner, "test-accuracy")
    net, means = twin(end)
    assert accuracy == pytest.approx((net(digits.test.images).argmax(1) == digits.test.labels).mean())
    time = page.get_by_label("Time in mini-batches")
    time.focus()
    page.keyboard.press("Home")
    learner.settle()
    assert step(learner) == 0
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    learner.settle()
    assert step(learner) == 3
    assert shown(learner, "loss") == pytest.approx(means[2, 0], rel=1e-5)
    page.keyboard.press("End")
    learner.settle()
    assert step(learner) == end
    assert shown(learner, "test-accuracy") == accuracy


def test_the_rate_is_changed_while_it_runs_and_the_pace_is_kept(learner: Visitor) -> None:
    page = learner.page
    page.get_by_label("Speed").press("Home")
    begun = time.monotonic()
    press(learner, "Train")
    typed = page.get_by_label("Learning rate as a number")
    typed.fill("0.125")
    typed.press("Enter")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_attribute("aria-valuetext", "0.125")
    page.wait_for_timeout(1000)
    assert step(learner) <= 2 + SLOWEST * (time.monotonic() - begun)
    assert page.locator("[data-step]").get_attribute("data-state") == "running"
    page.get_by_label("Speed").press("End")
    passes(learner, 200)
    press(learner, "Pause")
    assert typed.input_value() == "0.125"


def test_a_loss_that_runs_away_is_explained_and_taken_back(learner: Visitor) -> None:
    page = learner.page
    page.get_by_label("loss", exact=True).select_option("squared")
    page.get_by_label("Activation of the output layer").select_option("identity")
    for layer in (1, 2):
        page.get_by_label(f"Activation of hidden layer {layer}").select_option("relu")
    page.get_by_label("learning rate", exact=True).fill("1000")
    press(learner, "New network")
    press(learner, "Train")
    alert = page.get_by_role("alert", name="The loss diverged")
    alert.wait_for()
    learner.settle()
    assert f"mini-batch {step(learner):,}" in alert.inner_text()
    assert page.locator("[data-step]").get_attribute("data-state") == "diverged"
    alert.get_by_role("button", name="Continue at rate").click()
    expect(page.get_by_label("Learning rate as a number")).to_have_value("100")


def test_mistakes_are_counted_as_in_the_engine_and_open_in_read(learner: Visitor) -> None:
    page = learner.page
    for _ in range(2):
        press(learner, "To next epoch")
        waits(learner, "paused")
    net, _ = twin(step(learner))
    test = pl.data.load("digits").test
    found = pl.inspect.mistakes(net, test)
    assert shown(learner, "wrong") == len(found.wrong)
    rows = page.get_by_label("Confusion matrix").locator("tbody tr").all()
    cells = [row.locator("td").all_inner_texts() for row in rows]
    np.testing.assert_array_equal([[int(cell) for cell in row] for row in cells], found.confusion)
    first = page.get_by_role("button", name=re.compile(r"test image \d+: open it in Read")).first
    label, reading = int(test.labels[found.wrong[0]]), int(found.readings[found.wrong[0]])
    name = first.get_attribute("aria-label") or ""
    assert name.startswith(f"{label} → {reading} at ")
    assert f"test image {found.wrong[0]}:" in name
    first.click()
    expect(page.get_by_role("link", name="Read", exact=True)).to_have_attribute("aria-current", "page")
    learner.settle()
    assert learner.scene()["x"] == f"test-{found.wrong[0]}"
    assert learner.reading == str(net.read(test.images[found.wrong[0]]))


def test_the_loss_around_the_path_states_what_it_explains(learner: Visitor) -> None:
    page = learner.page
    press(learner, "To next epoch")
    waits(learner, "paused")
    end = step(learner)
    press(learner, "Compute")
    panel = page.get_by_label("Loss landscape", exact=True)
    panel.locator(".map").wait_for()
    shares = [float(share) for share in re.findall(r"([\d.]+)\s%", panel.inner_text())]
    assert shares[0] >= shares[1] > 0
    assert 50 < sum(shares) <= 100.01
    panel.get_by_role("button", name="Show the path as a table").click()
    rows = panel.locator("tbody tr").all()
    assert rows[-1].locator("th").inner_text() == f"{end:,}"
    net, _ = twin(end)
    train = pl.data.load("digits").train[:2000]
    loss = net.gradient(train.images, train.labels, "cross_entropy").loss
    assert learner.number(rows[-1].locator("td").nth(2).inner_text()) == pytest.approx(loss, abs=0.0015)


def test_the_path_is_the_path_and_the_present_a_mark_on_it(learner: Visitor) -> None:
    page = learner.page
    press(learner, "To next epoch")
    waits(learner, "paused")
    end = step(learner)
    time = page.get_by_label("Time in mini-batches")
    time.focus()
    page.keyboard.press("Home")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    learner.settle()
    present = step(learner)
    assert 0 < present < end
    press(learner, "Compute")
    panel = page.get_by_label("Loss landscape", exact=True)
    drawn = np.array(re.findall(r"[ML]([-\d.e]+),([-\d.e]+)", panel.locator(".path").get_attribute("d") or ""), float)
    mark = panel.locator(".present")
    assert mark.get_attribute("data-present") == str(present)
    assert f"present, mini-batch {present:,}" in panel.inner_text()
    labels = panel.locator(".axes text").all_text_contents()
    assert sum(bool(re.fullmatch(r"−?[\d.]+", label)) for label in labels) >= 4
    panel.get_by_role("button", name="Show the path as a table").click()
    rows = [row.inner_text().split("\t") for row in panel.locator("tbody tr").all()]
    steps = [int(row[0].replace(",", "")) for row in rows]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert present < end - 8 < steps[-1] <= end
    places = np.array([[0.0 if "·" in cell else learner.number(cell) for cell in row[1:3]] for row in rows])
    for axis in (0, 1):
        slope, shift = np.polyfit(places[:, axis], drawn[:, axis], 1)
        np.testing.assert_allclose(drawn[:, axis], slope * places[:, axis] + shift, atol=abs(slope) * 0.02)
    distances = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert distances.max() < 0.5 * np.linalg.norm(places[-1] - places[0])


def test_a_point_of_many_mini_batches_says_so(learner: Visitor) -> None:
    readout = learner.page.locator("p.readout")
    press(learner, "Forward one mini-batch")
    assert readout.inner_text().startswith("mini-batch 1\n")
    learner.page.get_by_role("button", name="Train", exact=True).click()
    passes(learner, 2500)
    learner.page.get_by_role("button", name="Pause", exact=True).click()
    waits(learner, "paused")
    chart = learner.page.locator("[data-chart=loss] svg")
    box = chart.bounding_box()
    assert box is not None
    ranges = []
    for share in np.linspace(0.2, 0.95, 16):
        chart.hover(position={"x": share * box["width"], "y": 60})
        if found := re.search(r"^mean of mini-batches ([\d,]+)–([\d,]+)\n", readout.inner_text()):
            ranges.append([int(text.replace(",", "")) for text in found.groups()])
    assert ranges
    assert all(1 < first < last <= step(learner) for first, last in ranges)


def test_every_epoch_and_every_extreme_is_on_the_curves_also_after_a_hidden_time_and_a_reload(learner: Visitor) -> None:
    page = learner.page
    page.get_by_role("button", name="Train", exact=True).click()
    passes(learner, 500)
    # As in a hidden tab, no frame comes until it is shown again.
    page.evaluate("""() => {
        window.frames_come = window.requestAnimationFrame;
        window.held = [];
        window.requestAnimationFrame = (then) => window.held.push(then);
    }""")
    page.wait_for_timeout(1500)
    page.evaluate("""() => {
        window.requestAnimationFrame = window.frames_come;
        window.held.forEach((then) => requestAnimationFrame(then));
    }""")
    digits = pl.data.load("digits")
    an_epoch = -(-len(digits.train) // BATCH)
    passes(learner, 20 * an_epoch)
    page.get_by_role("button", name="Pause", exact=True).click()
    waits(learner, "paused")
    end = step(learner)
    _, means = twin(end)
    legend = page.locator("section[aria-label=Curves] .legend")
    expect(legend).to_contain_text("mini-batches: mean, and lowest to highest")
    expect(legend).to_contain_text("test images, after every epoch")
    expect(legend).not_to_contain_text("gap")

    def everything() -> tuple[object, ...]:
        charts = [page.locator(f"[data-chart={measure}]") for measure in ("loss", "accuracy")]
        bounds = [
            float(chart.get_attribute(f"data-{end}") or "nan") for chart in charts for end in ("lowest", "highest")
        ]
        last = page.locator("[data-test-epoch]").inner_text()
        page.get_by_role("button", name="Show as a table", exact=True).click()
        rows = [row.inner_text() for row in page.get_by_label("Epochs as a table").locator("tbody tr").all()]
        page.get_by_role("button", name="Show as a table", exact=True).click()
        return bounds, last, rows

    found = everything()
    bounds, last, rows = found
    expected = [edge(means[:, column]) for column in (0, 1) for edge in (np.min, np.max)]
    np.testing.assert_allclose(bounds, expected, rtol=1e-5)
    epochs = [int(row.split("\t")[0].replace(",", "")) for row in rows]
    assert last.startswith(f"test images after epoch {epochs[0]}: ")
    done = end // an_epoch
    every = [epoch for epoch in range(min(done, EVERY), 0, -1) if epoch >= epochs[-1]]
    assert epochs[len(epochs) - len(every) :] == every
    assert all(EVERY < epoch <= done for epoch in epochs[: len(epochs) - len(every)])
    page.reload()
    page.locator("[data-step]").wait_for()
    learner.settle()
    expect(page.locator("[data-test-epoch]")).to_have_text(last)
    assert everything() == found
    expect(page.locator("[data-gradient]")).to_have_count(3)


def test_one_mini_batch_is_no_plural(learner: Visitor) -> None:
    status = learner.page.locator("[data-step]")
    for words in ("1 mini-batch done", "2 mini-batches done"):
        press(learner, "Forward one mini-batch")
        expect(status).to_contain_text(words)


def test_gradients_and_other_plans_are_shown(learner: Visitor) -> None:
    page = learner.page
    press(learner, "Forward one mini-batch")
    net, _ = twin(1)
    train = pl.data.load("digits").train[:256]
    found = pl.inspect.health(net, train.images, train.labels)
    rows = page.get_by_label("Gradients and neurons as a table").locator("[data-gradient]").all()
    sizes = [float(row.get_attribute("data-gradient") or "nan") for row in rows]
    np.testing.assert_allclose(sizes, found.gradient_sizes, rtol=1e-4)
    page.get_by_role("button", name="Add a hidden layer").click()
    page.get_by_label("Neurons of hidden layer 1").fill("0")
    assert "1 to 1024" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="New network").is_disabled()
    page.get_by_label("Neurons of hidden layer 1").fill("20")
    press(learner, "New network")
    assert "784-20-16-16-10" in page.get_by_role("button", name=re.compile("^Network:")).inner_text()
    expect(page.get_by_label("Weight pictures", exact=True).locator("li")).to_have_count(20)
