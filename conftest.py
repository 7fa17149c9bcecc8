"""Doctests of rooms whose optional packages are not installed are not collected."""

from importlib.util import find_spec

_NEEDED = {"sklearn": "src/pellucid/sklearn/*", "anywidget": "src/pellucid/notebook/*_widget.py"}

collect_ignore_glob = [pattern for package, pattern in _NEEDED.items() if not find_spec(package)]
