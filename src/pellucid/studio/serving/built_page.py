"""Where the built pages are: the studio's, and the one that is shared as a file."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "page"
"""The folder of the studio's page."""

SHARED_PAGE = PAGE / "offline.html"
"""The page to share, without a network."""
