"""Real notebooks in Chromium: JupyterLab and marimo on this machine; skips where one of them is missing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notebooks.browser.servers import Notebook, Server, Visit, start_lab, start_marimo
from pellucid.notebook.module import is_built

collect_ignore = ["marimo_cells"]  # notebooks, which a server opens


@pytest.fixture(scope="session")
def ready() -> None:
    """What all these tests need."""
    pytest.importorskip("anywidget", reason="needs anywidget: pip install '.[notebook]'")
    if not is_built():
        pytest.skip("needs the widget: make web")


@pytest.fixture(scope="session")
def lab(ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab."""
    pytest.importorskip("jupyterlab", reason="needs jupyterlab: pip install jupyterlab")
    with start_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def marimo(ready: None, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """marimo, with the notebook that the test names, and the theme after it, such as "network dark"."""
    pytest.importorskip("marimo", reason="needs marimo: pip install marimo")
    name, _, theme = request.param.partition(" ")
    if theme:
        (tmp_path / "pyproject.toml").write_text(f'[tool.marimo.display]\ntheme = "{theme}"\n', encoding="utf-8")
    notebook = tmp_path / f"{name}.py"
    shutil.copy(Path(__file__).parent / "marimo_cells" / notebook.name, notebook)
    with start_marimo(notebook) as server:
        yield server


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[[Server], Visit]]:
    """Somebody before a notebook; nothing may be requested from another machine."""
    visits: list[Visit] = []

    def visit(server: Server) -> Visit:
        visits.append(Visit(chromium, server))
        return visits[-1]

    yield visit
    for each in visits:
        each.close()
        assert each.elsewhere == []
        assert each.complaints == []


@pytest.fixture
def notebook(
    lab: Server, visit: Callable[[Server], Visit], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook with these cells in JupyterLab."""
    opened: list[Notebook] = []

    def open_notebook(*cells: str, **of_context: Any) -> Notebook:
        name = f"{re.sub(r'[^a-z0-9]+', '-', request.node.name)}-{len(opened)}"
        opened.append(Notebook(visit(lab), name, list(cells), **of_context))
        return opened[-1]

    yield open_notebook
    for each in opened:
        each.shut_down()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("needs axe-core: npm ci in web/")
    return script.read_text(encoding="utf-8")
