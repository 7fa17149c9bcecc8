"""The networks that were trained in the studio, kept in a folder on this machine.

Each has two files: ``ID.safetensors`` with the network, and ``ID.json`` with its name, plan, accuracy and time. Files
are written whole or not at all; what is read back is checked, and entries that are not valid are left out.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from pathlib import Path
from typing import Any

import msgspec

from pellucid.studio.protocol.parts import KeptRun, LearnPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.system.atomic_write import replace_whole
from pellucid.system.fields import Field, FieldError, Integer, Number, Table, Text, check
from pellucid.system.regular_file import open_regular

MAX_RUNS = 200
"""Most runs that are kept; beyond it, the oldest that nobody has named are removed."""

MAX_BYTES = 16 << 20
"""Most bytes of a file that is read back."""

VERSION = 1

_FIELDS: dict[str, Field] = {
    "version": Integer(VERSION, VERSION),
    "name": Text(200),
    "named": Integer(0, 1),
    "data": Text(200),
    "step": Integer(0, 1 << 40),
    "accuracy": Number(-1e30, 1.0),
    "total": Integer(1, 1 << 40),
    "when": Number(0.0, 1e12),
    "plan": Table(),
}
_IDENTITY = re.compile(r"[0-9a-f]{16}")

logger = logging.getLogger("pellucid.studio")


def new_identity() -> str:
    """Return the identity of a new run."""
    return secrets.token_hex(8)


class KeptRuns:
    """The kept runs of a folder.

    Parameters
    ----------
    folder : Path, optional
        Without one, nothing is kept.
    read_only : bool
        Whether no run is added.
    """

    def __init__(self, folder: Path | None = None, *, read_only: bool = False) -> None:
        self._folder, self._read_only = folder, read_only

    def all(self) -> list[KeptRun]:
        """Return all runs, the latest first."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = (self._described(path.stem) for path in self._folder.glob("*.json"))
        return sorted((run for run in found if run is not None), key=lambda run: -run.when)

    def keep(self, run: KeptRun, network: bytes) -> bool:
        """Keep a run in place of an earlier one of its identity, whose name it keeps; return whether it was kept."""
        if self._folder is None or self._read_only:
            return False
        before = self._described(run.id)
        if before is not None and before.named:
            run = msgspec.structs.replace(run, name=before.name, named=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_whole(self._path(run.id, "safetensors"), network)
            self._describe(run)
        except OSError as error:
            logger.warning("a trained network was not kept: %s", error)
            return False
        self._remove_oldest()
        return True

    def network(self, identity: str) -> tuple[KeptRun, bytes]:
        """Return a run and the content of its network's file."""
        run = self._known(identity)
        try:
            return run, self._read(f"{run.id}.safetensors")
        except OSError as error:
            raise RefusedError(
                "unavailable", f"Could not read the network {run.name!r} ({error.strerror or error}): delete it."
            ) from error

    def rename(self, identity: str, name: str) -> None:
        """Give a run another name."""
        run = self._known(identity)
        if not name.strip():
            raise RefusedError("bad_value", "Expected a name, got none: type one.")
        try:
            self._describe(msgspec.structs.replace(run, name=name.strip(), named=True))
        except OSError as error:
            raise RefusedError("unavailable", f"Could not rename {run.name!r} ({error.strerror or error}).") from error

    def delete(self, identity: str) -> None:
        """Delete a run."""
        run = self._known(identity)
        try:
            self._remove(run.id)
        except OSError as error:
            raise RefusedError("unavailable", f"Could not delete {run.name!r} ({error.strerror or error}).") from error

    def _known(self, identity: str) -> KeptRun:
        run = self._described(identity)
        if run is None:
            raise RefusedError(
                "unavailable",
                "Expected a network that was trained and kept on this machine, got one that is not here: it was "
                "trained elsewhere, or has been deleted.",
            )
        return run

    def _described(self, identity: str) -> KeptRun | None:
        """Return what a file says of a run; None if there is no valid one."""
        if self._folder is None or not _IDENTITY.fullmatch(identity):
            return None
        try:
            values: Any = json.loads(self._read(f"{identity}.json"))
            check(_FIELDS, values)
            plan = msgspec.convert(values.pop("plan"), LearnPlan)
            del values["version"]
            return KeptRun(id=identity, plan=plan, **values | {"named": bool(values["named"])})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError, FieldError, msgspec.ValidationError) as error:
            logger.warning("the kept run %s is left out: %s", identity, error)
            return None

    def _describe(self, run: KeptRun) -> None:
        values = msgspec.to_builtins(run)
        del values["id"]
        values |= {"version": VERSION, "named": int(run.named)}
        replace_whole(self._path(run.id, "json"), json.dumps(values).encode())

    def _path(self, identity: str, ending: str) -> Path:
        if self._folder is None or not _IDENTITY.fullmatch(identity):
            raise FileNotFoundError(f"no kept run {identity}")
        return self._folder / f"{identity}.{ending}"

    def _read(self, name: str) -> bytes:
        with open_regular(self._path(*name.split("."))) as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise OSError(f"more than {MAX_BYTES:,} bytes")
        return content

    def _remove(self, identity: str) -> None:
        for ending in ("json", "safetensors"):
            self._path(identity, ending).unlink(missing_ok=True)

    def _remove_oldest(self) -> None:
        runs = self.all()
        for run in [run for run in reversed(runs) if not run.named][: max(0, len(runs) - MAX_RUNS)]:
            self._remove(run.id)
