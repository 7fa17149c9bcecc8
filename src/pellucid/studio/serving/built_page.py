"""Where the built pages are: the studio's, the one that is shared as a file, and the widget of notebooks."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "page"
"""The folder of the studio's page."""

SHARED_PAGE = PAGE / "offline.html"
"""The page to share, without a network."""

WIDGET_MODULE = PAGE / "widget.js"
"""The script of the widgets of notebooks."""
