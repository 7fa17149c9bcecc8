"""Shared pages in a real Chromium, opened as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pellucid as pl


@pytest.fixture
def open_page(template: Path, chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Share a network and open its file; any request, and any complaint of the page, fails the test.

    Its arguments are those of a page's context, but for `data` and `examples`, which are shared, and `before`, a script
    that runs before the page's own.
    """
    contexts: list[Any] = []
    requests: list[str] = []
    complaints: list[str] = []

    def open_page(net: pl.Network, name: str = "net", *, before: str = "", **others: Any) -> Any:
        of_file = {each: others.pop(each) for each in ("data", "examples") if each in others}
        of_context = others
        file = pl.share(net, tmp_path / "net.html", name=name, **of_file)
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **of_context})
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(before)
        page.on("request", lambda request: requests.append(request.url) if request.url != file.as_uri() else None)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(error.message))
        page.goto(file.as_uri())
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert requests == []
    assert complaints == []


def settle(page: Any) -> None:
    """Wait until all requests are answered."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.locator('main[data-settled="true"]').wait_for()


def until(page: Any, condition: str) -> None:
    """Wait until an expression is true; the page's policy allows no `wait_for_function`."""
    look = f"const look = () => ({condition}) ? done() : setTimeout(look, 20); look();"
    page.evaluate(f"new Promise((done) => {{ {look} }})")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("needs axe-core: npm ci in web/")
    return script.read_text(encoding="utf-8")
