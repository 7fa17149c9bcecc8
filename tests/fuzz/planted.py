"""A campaign with a fault of every kind, for the test of the runner; most cases have none."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

import numpy as np

from pellucid.errors import CapacityError, DataError
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError


def prepare(folder: Path) -> Case:
    def case(rng: np.random.Generator) -> Tally:
        print("a library that prints")
        match int(rng.integers(40)):
            case 0:
                ctypes.string_at(8)
            case 1:
                raise KeyError("planted")
            case 2:
                time.sleep(0.3)
            case 3:
                np.ones(10_000_000)
            case 4:
                raise WrongResultError("planted")
            case 5:
                raise CapacityError("planted")
            case 6:
                time.sleep(60)
            case n if n % 2:
                raise DataError("planted")
        return ACCEPTED

    return case


CAMPAIGN = Campaign("planted faults", prepare, share=1)
