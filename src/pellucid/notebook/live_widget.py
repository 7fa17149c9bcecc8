"""What all widgets have: the script, a still picture, and how they are shown and closed."""

from __future__ import annotations

import uuid
from typing import Any

import anywidget
import traitlets
from IPython.display import display, update_display

from pellucid.notebook.module import module_text
from pellucid.reports.live import note
from pellucid.reports.svg import element

_WIDGET = "application/vnd.jupyter.widget-view+json"


class LiveWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A widget with a still picture.

    Shown in Jupyter, it has two outputs: the still picture, and below it the widget, which hides the picture while it
    is alive. One output with both formats would not do: a notebook keeps outputs and not the state of widgets, and
    JupyterLab chooses the widget's format even where there is no kernel, and then says that the widget was not found.

    Attributes
    ----------
    kind : str
        Which view the script shows.
    still : str
        The class of the still pictures in the notebook.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)

    def __init__(self, **state: Any) -> None:
        self._still_shown = ""
        super().__init__(_esm=module_text(), still=f"pellucid-still-{uuid.uuid4().hex}", **state)

    def still_html(self) -> str:
        """Return the still picture as it is now."""
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether the widget has been closed."""
        return self.comm is None

    def refresh_still(self) -> None:
        """Replace the still pictures in the notebook, if they are no longer as they were."""
        if self._still_shown and self._still_shown != self.still_html():
            update_display(self._still(), raw=True, display_id=self.still)

    def _still(self) -> dict[str, str]:
        self._still_shown = self.still_html()
        told = "" if self.is_closed else note("This is a still picture: run the cell again to have a live one.")
        hidden = _STYLE.replace("STILL", self.still)
        picture = element("div", self._still_shown, told, hidden, class_=self.still)
        return {"text/html": picture, "text/plain": repr(self)}

    def _ipython_display_(self) -> None:
        display(self._still(), raw=True, display_id=self.still)
        if not self.is_closed:
            data, metadata = super()._repr_mimebundle_()
            display(data, metadata=metadata, raw=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self.still_html()}, metadata

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


_STYLE = "<style>.jp-OutputArea-child:has(.STILL) + .jp-OutputArea-child:has(> .jupyter-widgets){display:none}</style>"
"""Below a still picture there is no need for JupyterLab's message that the widget was not found."""
