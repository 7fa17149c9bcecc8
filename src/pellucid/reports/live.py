"""What notebooks show of networks and trainings: a live widget where there is one, otherwise a still picture."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any, Protocol

NEEDED = "anywidget"
"""The optional package that makes widgets."""

_HINT = "This is a still picture. With pip install 'pellucid[notebook]', {}."


class Shown(Protocol):
    """A live widget."""

    def _ipython_display_(self) -> None: ...


class Live:
    """Shown by notebooks as a live widget, with the extra ``notebook``; `_repr_html_` is the still picture.

    Attributes
    ----------
    when_live : str
        What the extra adds, as the end of a sentence.
    """

    when_live = "it is live"

    def still_html(self) -> str:
        """Return the still picture."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """The still picture; without the extra it says what that adds."""
        still = self.still_html()
        return still if has_widgets() else still + note(_HINT.format(self.when_live))

    def _ipython_display_(self) -> None:
        """Show the widget in Jupyter, VS Code or Colab; IPython takes `_repr_html_` where this is not implemented."""
        widget = _widget_of(self) if in_kernel() else None
        if widget is None:
            raise NotImplementedError
        widget._ipython_display_()

    def _display_(self) -> object:
        """The widget, for marimo; the still picture where there is none."""
        return _widget_of(self) or StillPicture(self._repr_html_())


class StillPicture:
    """HTML that notebooks show.

    Attributes
    ----------
    html : str
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html


def note(text: str) -> str:
    """Return a line of small text below a picture."""
    from pellucid.reports.svg import element, words

    return element("div", words(text), style="font:12px system-ui,sans-serif;opacity:0.75;margin:4px 0")


def has_widgets() -> bool:
    """Whether the package that makes widgets is installed."""
    return find_spec(NEEDED) is not None


def in_kernel() -> bool:
    """Whether this process is the kernel of a notebook."""
    if find_spec("IPython") is None:
        return False
    return getattr(importlib.import_module("IPython").get_ipython(), "kernel", None) is not None


def _widget_of(shown: Live) -> Any:
    """Return the widget of an object, or None where there is none.

    The room `notebook` lies below this one and needs an optional package: it is loaded by name, when it is used.
    """
    return importlib.import_module("pellucid.notebook.kept").kept_widget(shown) if has_widgets() else None
