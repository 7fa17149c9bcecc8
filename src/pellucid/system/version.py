"""The version of the package: the only place that has it. Builds read it here, and `pellucid` tells it."""

__version__ = "0.1.0"
