"""The workers of a Ray cluster."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, cast

from pellucid.errors import ConfigurationError
from pellucid.training.remote.parcel import Reference
from pellucid.training.remote.pool import Pool

_RETRIES = 1
"""How often Ray itself runs a task again whose worker or node died."""


@dataclass(frozen=True)
class RayReference(Reference):
    """Names an object in Ray's store, of which each machine keeps one copy."""

    digest: str
    stored: Any

    def fetch(self) -> Any:
        """See `Reference.fetch`."""
        import ray

        return ray.get(self.stored)


class RayPool(Pool):
    """A Ray cluster: the one that this process is connected to, or that RAY_ADDRESS names, otherwise a new one here.

    Parameters
    ----------
    workers : int, optional
        By default the cluster's processors.
    """

    def __init__(self, workers: int | None = None) -> None:
        ray = _ray()
        self._own = not ray.is_initialized()
        if self._own:
            quiet = {"log_to_driver": False, "logging_level": "error"}
            if os.environ.get("RAY_ADDRESS"):
                ray.init(**quiet)
            else:
                ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
        self.workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """See `Pool.submit`."""
        return cast("Future[Any]", self._remote.remote(task, *arguments).future())

    def put(self, value: Any) -> Reference:
        """See `Pool.put`."""
        try:
            return RayReference(secrets.token_hex(16), _ray().put(value))
        except TypeError as error:
            raise ConfigurationError(
                f"Ray expected data that can be sent to other processes ({error}): pass a function that makes them "
                "there."
            ) from error

    def revive(self) -> bool:
        """See `Pool.revive`: Ray replaces its workers itself."""
        return True

    def close(self, *, at_once: bool) -> None:
        """See `Pool.close`: a cluster that was there before stays."""
        if self._own:
            _ray().shutdown()


def _call(task: Callable[..., Any], *arguments: Any) -> Any:
    return task(*arguments)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigurationError('on="ray" needs Ray: install it with pip install "pellucid[ray]".') from error
    return ray
