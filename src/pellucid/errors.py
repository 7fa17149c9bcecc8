"""Errors a caller can act on: each says what was expected, what came, and what to do."""

from __future__ import annotations


class PellucidError(Exception):
    """Base of every error that bad input, bad files or diverging training can cause."""


class ShapeError(PellucidError, ValueError):
    """An array or a layer does not fit where it was put."""


class DataError(PellucidError, ValueError):
    """A data set, image or recording cannot be used as it is."""


class DownloadError(PellucidError, OSError):
    """A data set could not be fetched, or what came was not what was promised."""


class FileFormatError(PellucidError, ValueError):
    """A network or checkpoint file is damaged, hostile, or not one of ours."""


class ConfigurationError(PellucidError, ValueError):
    """An option has a value that means nothing here."""


class DivergedError(PellucidError, ArithmeticError):
    """Training produced a loss that is NaN or infinite; the last good weights were kept."""


class WorkerLostError(PellucidError, RuntimeError):
    """A process or machine that was to train a network ended, again and again, before it was done."""


class CapacityError(PellucidError, RuntimeError):
    """The engine would have been given less memory than it needs: a defect, found before anything was overwritten."""
