"""A class: nothing to upload, rename or delete; Start again, and the page's own return when nobody is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import pellucid as pl
from pellucid.network.files import network_bytes
from pellucid.studio.state.kept_runs import KeptRuns
from studio.browser.visitor import Visitor
from studio.test_kept_runs import a_run


@pytest.fixture
def kept(tmp_path: Path) -> KeptRuns:
    """The runs of the studio that `visit_studio` starts: one, named by the teacher."""
    runs = KeptRuns(tmp_path / "home" / "pellucid" / "studio" / "runs")
    net = pl.Network([pl.Dense(12, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=3)
    assert runs.keep(a_run(name="the teacher's", named=True, step=40), network_bytes(net))
    return runs


def start_again(page: Page) -> None:
    page.get_by_role("button", name="Start again", exact=True).click()


def expect_first_state(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.get_by_role("main", name="Read", exact=True)).to_be_visible()
    expect(page.locator("[data-condition]")).to_have_attribute("data-condition", "as opened")
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "right")
    visitor.settle()
    assert visitor.scene()["x"] == "test-0"
    assert visitor.scene()["n"] == "digits-sigmoid"
    assert "k" not in visitor.scene()
    data = pl.data.load(visitor.scene()["s"].partition(".")[2])
    assert visitor.said.startswith(str(data.test.labels[0]))


def test_the_page_offers_nothing_that_is_locked(visit_studio, kept: KeptRuns) -> None:
    visitor = visit_studio("--class", "--reset-after", "none", "--model", "digits-sigmoid", place="")
    page = visitor.page
    expect(page.get_by_role("button", name="Open an image")).to_have_count(0)
    page.get_by_role("button", name="Network: ").click()
    expect(page.get_by_role("button", name="Open digits-relu", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Open a file")).to_have_count(0)
    page.keyboard.press("Escape")
    visitor.room("Learn")
    expect(page.get_by_label("data set", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Open the teacher's", exact=True)).to_be_visible()
    for name in ("Rename the teacher's", "Delete the teacher's"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    for room in (
        "Read",
        "Turn",
        "Learn",
        "Nudge",
        "Look for",
        "Why misread?",
        "None of these",
        "Race",
        "Listen",
        "Convolve",
        "Map",
    ):
        visitor.room(room)
        expect(page.get_by_role("button", name="Start again", exact=True)).to_be_in_viewport()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Start again", exact=True)).to_be_in_viewport()


def test_a_file_that_is_dropped_is_refused_with_the_reason(visit_studio) -> None:
    visitor = visit_studio("--class", "--reset-after", "none", place="")
    page = visitor.page
    with page.expect_response("**/picture?**") as response:
        page.evaluate("""() => {
            const given = new DataTransfer();
            given.items.add(new File(["x"], "digit.png", { type: "image/png" }));
            dispatchEvent(new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true }));
        }""")
    assert response.value.status == 403
    expect(page.get_by_text("In a class, no files can be opened")).to_be_visible()
    visitor.complaints.clear()  # the browser reports the status


def test_start_again_returns_everything_to_its_first_state(visit_studio, kept: KeptRuns) -> None:
    visitor = visit_studio("--class", "--model", "digits-sigmoid", place="")
    page = visitor.page
    expect_first_state(visitor)
    visitor.draw("3")
    visitor.room("Turn")
    page.get_by_label("Find a knob").fill("bias of output 7")
    page.get_by_label("Find a knob").press("Enter")
    page.get_by_label("value", exact=True).fill("9")
    page.get_by_label("value", exact=True).press("Enter")
    visitor.settle()
    page.evaluate("document.activeElement.blur()")
    visitor.room("Learn")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("[data-state]")).to_have_attribute("data-state", "running")
    before = page.evaluate("sessionStorage.getItem('pellucid-session')")
    start_again(page)
    expect_first_state(visitor)
    assert page.evaluate("sessionStorage.getItem('pellucid-session')") != before
    visitor.room("Learn")
    expect(page.locator("[data-step]")).to_have_attribute("data-step", "0")
    expect(page.locator("[data-state]")).to_have_attribute("data-state", "ready")
    assert [run.name for run in kept.all()] == ["the teacher's"]
    page.go_back()
    visitor.settle()
    assert "k" not in visitor.scene()


def test_a_presentation_stays_one(visit_studio) -> None:
    visitor = visit_studio("--class", "--model", "digits-sigmoid", place="#/turn?present")
    visitor.page.get_by_label("Find a knob").wait_for()
    start_again(visitor.page)
    expect_first_state(visitor)
    expect(visitor.page.get_by_role("button", name="Presentation")).to_have_attribute("aria-pressed", "true")


def test_it_warns_and_returns_by_itself_when_nobody_is_there(visit_studio) -> None:
    visitor = visit_studio("--class", "--reset-after", "0.2", "--model", "digits-sigmoid", place="")
    page, warning = visitor.page, visitor.page.get_by_text("Nobody seems to be here.")
    visitor.draw("3")
    visitor.settle()
    warning.wait_for(timeout=15_000)
    page.mouse.move(300, 300)
    expect(warning).to_have_count(0)
    assert "d" in visitor.scene()
    visitor.room("Turn")
    with page.expect_event("load", timeout=30_000):
        pass
    expect_first_state(visitor)
    loads: list[Page] = []
    page.on("load", lambda page: loads.append(page))
    page.wait_for_timeout(14_000)
    assert loads == []  # nobody has used the new page


def test_a_page_that_was_away_does_not_bring_back_what_it_showed(visit_studio) -> None:
    visitor = visit_studio("--class", "--reset-after", "0.2", "--model", "digits-sigmoid", place="")
    page = visitor.page
    visitor.draw("3")
    visitor.settle()
    visitor.context.set_offline(True)
    page.wait_for_timeout(15_000)
    with page.expect_event("load", timeout=30_000):
        visitor.context.set_offline(False)
    expect_first_state(visitor)
    visitor.complaints.clear()  # the browser reports the lost connection
