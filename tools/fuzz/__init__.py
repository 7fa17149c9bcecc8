"""Fuzzing: campaigns of seeded random inputs for the public API, run in worker processes that may crash.

``python -m tools.fuzz --help`` has the options; `tools.fuzz.campaign` says what a campaign is.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

TESTS = str(ROOT / "tests")
if TESTS not in sys.path:  # the float64 twins and the hostile values of the tests
    sys.path.append(TESTS)
