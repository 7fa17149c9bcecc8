"""Doctests of rooms whose optional packages are not installed are not collected."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("sklearn") else ["src/pellucid/sklearn/*"]
