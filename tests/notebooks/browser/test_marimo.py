"""The widgets in marimo: drawn on, and alive during training."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from notebooks.browser.test_lab import draw, reads

Visit = Callable[..., Any]


@pytest.mark.parametrize("marimo", ["network"], indirect=True)
def test_networks_are_alive(marimo: Any, visit: Visit) -> None:
    page = visit(marimo).open("")
    page.locator(".reading").nth(1).wait_for()
    reads(page, "6 at ", 0)
    draw(page, "3", 1)
    reads(page, "3 at ", 1)
    reads(page, "6 at ", 0)
    page.get_by_text("LSTM").first.wait_for()


@pytest.mark.parametrize(
    ("marimo", "system", "expected"),
    [
        ("network dark", "light", "dark"),
        ("network light", "dark", "light"),
        ("network system", "dark", "dark"),
        ("network system", "light", "light"),
    ],
    indirect=["marimo"],
)
def test_it_has_the_theme_of_the_notebook(marimo: Any, visit: Visit, axe: str, system: str, expected: str) -> None:
    page = visit(marimo).open("", color_scheme=system, reduced_motion="reduce", bypass_csp=True)
    page.locator(".reading[data-words]").first.wait_for()
    widget = page.locator(f"[data-lm-suppress-shortcuts][data-theme={expected}]").first
    widget.wait_for()
    assert page.locator("body.dark, html.dark").count() == (expected == "dark")
    text = widget.evaluate("(each) => getComputedStyle(each).color")
    assert (brightness(text) > 0.5) == (expected == "dark")
    page.evaluate(axe + "; undefined")
    found = widget.evaluate("(each) => axe.run(each).then(({ violations }) => violations)")
    assert {each["id"]: [node["html"][:160] for node in each["nodes"]] for each in found} == {}


def brightness(colour: str) -> float:
    """How bright a computed colour is, from 0 to 1."""
    return sum(int(each) for each in re.findall(r"\d+", colour)[:3]) / (3 * 255)


@pytest.mark.parametrize("marimo", ["training"], indirect=True)
def test_curves_grow_while_training_runs(marimo: Any, visit: Visit) -> None:
    """In the cell that trains, and in a thread."""
    page = visit(marimo).open("")
    for at in range(2):
        curves = page.get_by_label("Curves of the training").nth(at)
        curves.wait_for()
        seen: list[tuple[int, str]] = []
        while not seen or seen[-1] != (20, "false"):
            seen.append((int(curves.get_attribute("data-epochs")), curves.get_attribute("data-running")))
            page.wait_for_timeout(50)
            assert len(seen) < 2000
        assert len({epochs for epochs, running in seen if running == "true"}) >= (2 if at == 0 else 0)
