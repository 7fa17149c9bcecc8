"""What is under the pointer stands alone: the network picture dims everything that is not its subject."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from studio.browser.visitor import Visitor

INK = """() => {
  const source = document.querySelector('.picture > canvas');
  source.dispatchEvent(new Event('beforesnapshot'));
  const copy = Object.assign(document.createElement('canvas'), { width: source.width, height: source.height });
  const context = copy.getContext('2d');
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let sum = 0;
  for (let at = 3; at < data.length; at += 4) sum += data[at];
  return sum / 255;
}"""


def expect_dimmed(visitor: Visitor, places: set[str]) -> None:
    """Wait until these neurons are dimmed, and no others."""
    expect(visitor.page.locator(".neuron.dim")).to_have_count(len(places))
    found = visitor.page.locator(".neuron.dim").evaluate_all("(all) => all.map((each) => each.dataset.neuron)")
    assert set(found) == places


def others(column: int, but: int, count: int) -> set[str]:
    return {f"{column}-{index}" for index in range(count) if index != but}


def ink(visitor: Visitor) -> float:
    """The ink of the wires, once they have come to rest."""
    before = -1.0
    for _ in range(40):
        found = float(visitor.page.evaluate(INK))
        if found == before:
            return found
        before = found
        visitor.page.wait_for_timeout(700)
    raise AssertionError("The wires do not come to rest.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_neuron_under_the_pointer_dims_all_but_its_wires_and_their_ends(visitor: Visitor, scheme: str) -> None:
    page = visitor.page
    page.emulate_media(color_scheme=scheme)
    visitor.draw("3")
    visitor.settle()
    page.mouse.move(5, 5)
    before = ink(visitor)
    page.locator('[data-neuron="1-4"] .body').hover()
    expect_dimmed(visitor, others(1, 4, 16) | others(3, -1, 10))
    expect(page.locator(".bars .dim")).to_have_count(20)
    assert ink(visitor) < 0.75 * before
    style = "(each) => getComputedStyle(each).opacity"
    assert float(page.locator('[data-neuron="1-5"]').evaluate(style)) < 0.5
    assert float(page.locator('[data-neuron="1-4"]').evaluate(style)) == 1
    page.mouse.move(5, 5)
    expect_dimmed(visitor, set())
    assert ink(visitor) == pytest.approx(before, rel=0.02)


def test_the_focus_does_the_same(visitor: Visitor) -> None:
    visitor.draw("3")
    visitor.settle()
    visitor.page.mouse.move(5, 5)
    visitor.page.locator('[data-neuron="1-0"]').focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("ArrowRight")
    focused = visitor.page.evaluate("() => document.activeElement.dataset.neuron")
    assert focused.startswith("3-")
    expect_dimmed(visitor, others(3, int(focused[2:]), 10) | others(1, -1, 16))


def test_a_wire_keeps_its_two_ends_and_another_can_be_pointed_at_next(visitor: Visitor) -> None:
    page = visitor.page
    visitor.draw("3")
    visitor.settle()
    page.locator('[data-neuron="2-9"]').click()
    shown = page.locator(".terms li button")
    for row in (0, 1):
        shown.nth(row).hover()
        expect(page.locator(".lit-wire")).to_have_count(1)
        expect(page.locator(".neuron[data-neuron]:not(.dim)")).to_have_count(2)
        expect(page.locator('.neuron[data-neuron="2-9"]:not(.dim)')).to_have_count(1)


def test_the_picture_follows_the_pointer_within_two_frames_without_layout(visitor: Visitor) -> None:
    visitor.draw("3")
    visitor.settle()
    box = visitor.page.locator('[data-neuron="1-4"] .body').bounding_box()
    assert box is not None
    place = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    count, moved = visitor.page.evaluate(
        """async ([x, y]) => {
          const neurons = () => [...document.querySelectorAll('.neuron')];
          const places = () => neurons().map((each) => JSON.stringify(each.getBoundingClientRect()));
          const before = places();
          const svg = document.querySelector('.picture > svg');
          svg.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, bubbles: true }));
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          const moved = places().filter((each, at) => each !== before[at]).length;
          return [document.querySelectorAll('.neuron.dim').length, moved];
        }""",
        place,
    )
    assert count == 15 + 10
    assert moved == 0
