"""What a campaign is: a function that gives one random input to the public API.

A campaign is a module with a constant ``CAMPAIGN``. In each worker process, `Campaign.prepare` is called once and
returns the case: a function of a random generator. Case number n of a campaign always draws from the same generator, so
that any case can be repeated alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np


class WrongResultError(Exception):
    """The library answered, and the answer is wrong."""


class Tally(NamedTuple):
    """The inputs of one case, by how they were answered."""

    accepted: int = 0
    refused: int = 0


ACCEPTED = Tally(accepted=1)
REFUSED = Tally(refused=1)

Case = Callable[[np.random.Generator], Tally]
"""Gives one input, or several, to the library. It may raise: a typed error counts as one refused input."""


@dataclass(frozen=True)
class Campaign:
    """A kind of input.

    Attributes
    ----------
    about : str
        What is tried, in one line.
    prepare : function
        Takes an empty folder for files and returns the case.
    share : int
        Inputs of this campaign in 1,000 inputs of all campaigns.
    environment : mapping
        Environment variables of the workers.
    documented : tuple of exception types
        Built-in errors that the called functions document.
    """

    about: str
    prepare: Callable[[Path], Case]
    share: int
    environment: Mapping[str, str] = field(default_factory=dict)
    documented: tuple[type[Exception], ...] = ()


def campaign_of(module: str) -> Campaign:
    """Return the campaign that a module defines."""
    found = import_module(module).CAMPAIGN
    if not isinstance(found, Campaign):
        raise TypeError(f"{module}.CAMPAIGN expected a Campaign, got {type(found).__name__}.")
    return found


def name_of(module: str) -> str:
    """Return the name of a campaign: the last part of its module's name."""
    return module.rpartition(".")[2]


def generator_of(seed: int, name: str, number: int) -> np.random.Generator:
    """Return the random generator of a case."""
    return np.random.default_rng([seed, zlib.crc32(name.encode()), number])
