"""What is shown without the optional packages, and outside notebooks."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pellucid as pl
from pellucid.reports import live


@pytest.fixture
def net() -> pl.Network:
    return pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))


def test_without_the_extra_a_still_picture_says_what_it_adds(net: pl.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "NEEDED", "a_package_that_is_not_there")
    trainer = pl.Trainer(net, pl.data.load("digits").train.take(32))
    for shown, adds in ((net, "one draws for it"), (trainer, "the curves grow")):
        html = shown._repr_html_()
        assert html.startswith(shown.still_html())
        assert "pip install &#x27;pellucid[notebook]&#x27;" in html
        assert adds in html
        assert shown._display_()._mime_() == ("text/html", html)  # type: ignore[attr-defined]
    with pytest.raises(pl.ConfigurationError, match=r"pip install 'pellucid\[notebook\]'"):
        pl.widget(net)


def test_with_the_extra_the_still_picture_says_nothing_of_it(net: pl.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "NEEDED", "json")
    assert net._repr_html_() == net.still_html()


def test_outside_a_kernel_ipython_takes_the_still_picture(net: pl.Network) -> None:
    assert not live.in_kernel()
    with pytest.raises(NotImplementedError):
        net._ipython_display_()


def test_the_core_imports_no_optional_package() -> None:
    code = (
        "import sys; sys.modules['anywidget'] = sys.modules['IPython'] = None; import pellucid as pl\n"
        "net = pl.Network([pl.Dense(3, 'softmax')], input_shape=(4,))\n"
        "assert 'ipywidgets' not in sys.modules\n"
        "try: pl.widget(net)\n"
        "except pl.ConfigurationError as error: print(error)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "widget needs the package anywidget" in found.stdout
