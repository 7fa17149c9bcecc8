"""Doctests of rooms whose optional packages are not installed are not collected; linear algebra runs in one thread."""

import os
from importlib.util import find_spec

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: the workers share the cores already

_NEEDED = {"sklearn": "src/pellucid/sklearn/*", "anywidget": "src/pellucid/notebook/*_widget.py"}

collect_ignore_glob = [pattern for package, pattern in _NEEDED.items() if not find_spec(package)]
