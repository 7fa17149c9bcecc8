"""`pellucid share`: one HTML file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.processes import Run
from pellucid.studio.serving.built_page import SHARED_PAGE

built = pytest.mark.skipif(not SHARED_PAGE.is_file(), reason="needs the page: make web")


@built
def test_a_network_becomes_a_file(run: Run, network: Path) -> None:
    done = run("share", network, "--output", "net.html", "--name", "Mine & yours")
    assert (done.code, done.err) == (0, "")
    assert "Wrote net.html" in done.out
    assert "<title>Mine &amp; yours · Pellucid</title>" in Path("net.html").read_text(encoding="utf-8")


@built
def test_the_page_is_named_after_the_networks_file(run: Run) -> None:
    assert run("share", "digits-relu", "--output", "other.html").code == 0
    assert "<title>digits-relu · Pellucid</title>" in Path("other.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spoken-digits", "--output", "net.html"), "network of images"),
        (("none-such", "--output", "net.html"), "no file"),
        (("digits-relu", "--output", "no/such/folder/net.html"), "Could not write"),
        (("digits-relu",), "--output"),
    ],
)
def test_what_cannot_be_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("share", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert list(Path.cwd().iterdir()) == []
