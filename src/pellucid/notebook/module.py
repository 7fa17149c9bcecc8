"""The script of the widgets, which the kernel sends to the notebook; it is built beside the studio's page."""

from __future__ import annotations

from functools import cache

from pellucid.errors import ConfigurationError
from pellucid.studio.serving.built_page import WIDGET_MODULE


def is_built() -> bool:
    """Whether the script is there."""
    return WIDGET_MODULE.is_file()


@cache
def module_text() -> str:
    """Return the script.

    Raises
    ------
    ConfigurationError
        If it has not been built.
    """
    if not is_built():
        raise ConfigurationError(
            "The widget has not been built: this is a checkout, not an installed package. Build it with `make web` (it "
            "needs Node 20 or newer), or install with `pip install .`."
        )
    return WIDGET_MODULE.read_text(encoding="utf-8")
