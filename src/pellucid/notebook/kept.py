"""The widgets of objects that are shown by being the last line of a cell: one for each, however often it is shown."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from pellucid.notebook.module import is_built
from pellucid.notebook.widget import widget

_KEPT: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def kept_widget(shown: Any) -> Any:
    """Return the widget of a network or trainer; None if only a still picture can be shown."""
    if not is_built():
        return None
    kept = _KEPT.get(shown)
    if kept is None or kept.is_closed:
        kept = widget(shown)
        if not hasattr(kept, "is_closed"):
            return None
        _KEPT[shown] = kept
    return kept
