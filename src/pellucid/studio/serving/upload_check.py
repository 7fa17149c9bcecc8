"""Uploads are tried in a child process with limits of time and memory, before the studio itself opens them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.engine.compiler.library import engine
from pellucid.errors import ConfigurationError
from pellucid.foreign.onnx_file import is_onnx
from pellucid.foreign.package import onnx_package
from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.rooms.listen.recordings import import_decoders
from pellucid.studio.state.uploads import Kind
from pellucid.system.child import HOME, child_command

_AT_ONCE = 2
"""Children at a time; further uploads wait."""

_PARTS = "dense", "planes", "sequences"
"""The parts of the engine that networks use."""

_REFUSED = 3
"""Exit code of a child that has refused the upload."""


@dataclass(frozen=True)
class Limits:
    """What opening an upload may take: ``seconds`` of time, and ``memory`` bytes more than the bare program."""

    seconds: float = 20.0
    memory: int = 1_000_000_000


class UploadCheck:
    """Opens uploads in children; a slow or huge one harms neither the studio nor its other pages."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._turns = threading.Semaphore(_AT_ONCE)

    def try_out(self, what: Kind, content: bytes) -> None:
        """Open an upload in a child process, and use it once.

        Raises
        ------
        RefusedError
            If it is no usable network, picture or recording, or if it takes more than the limits.
        """
        kind, _, _ = what.partition(" ")
        try:
            command = child_command(__name__, f"{kind} {self._limits.memory}")
        except OSError:  # no interpreter to start: the bounds on files remain
            return
        for part in _PARTS if kind == "network" else ():
            engine(part)  # compiled and cached, so that the child's time goes to the upload
        with self._turns:
            try:
                done = subprocess.run(
                    command, cwd=HOME, input=content, capture_output=True, timeout=self._limits.seconds, check=False
                )
            except subprocess.TimeoutExpired:
                raise RefusedError(
                    "too_large",
                    f"Expected a {kind} that opens in {self._limits.seconds:g} seconds: use a smaller one.",
                ) from None
        if done.returncode == _REFUSED:
            refusal = json.loads(done.stdout)
            raise RefusedError(refusal["code"], refusal["message"])
        if done.returncode:
            raise RefusedError(
                "too_large",
                f"Expected a {kind} that takes at most {self._limits.memory // 1_000_000:,} MB: use a smaller one.",
            )


def serve(argument: str) -> None:
    """Open the upload on standard input; refuse it with the exit code `_REFUSED` and a message."""
    kind, memory = argument.split()
    work = _opener(kind)
    content = sys.stdin.buffer.read()
    if kind == "network" and is_onnx(content):
        with contextlib.suppress(ConfigurationError):  # it is refused below
            onnx_package()
    if kind == "recording":
        import_decoders()
    _limit_memory(int(memory))
    try:
        work(content)
    except MemoryError:
        sys.exit(1)
    except Exception as error:
        event = failure(error)
        print(json.dumps({"code": event.code, "message": event.message}))
        sys.exit(_REFUSED)


def _opener(kind: str) -> Callable[[bytes], None]:
    """What is done with an upload; everything that it imports is loaded before memory is limited."""
    from pellucid.data.drawings import find_digits, read_picture
    from pellucid.network.files import network_of, parse_parts
    from pellucid.speech.features import BANDS
    from pellucid.studio.rooms.listen.hearer import Hearer
    from pellucid.studio.rooms.listen.recordings import read_recording
    from pellucid.studio.rooms.read.drawing_input import MAX_PICTURE_PIXELS
    from pellucid.studio.state.edited_network import check_suitable

    def recording(content: bytes) -> None:
        read_recording(content, "This file")

    def picture(content: bytes) -> None:
        find_digits(read_picture(content, max_pixels=MAX_PICTURE_PIXELS))

    def network(content: bytes) -> None:
        net = network_of(Path("the network"), *parse_parts(content, "the network"))
        if net.program.takes_sequences:
            hearer = Hearer(net, "the network")
            hearer.values(np.zeros((1, BANDS), np.float32), 0)
        else:
            check_suitable(net)
            net(np.zeros(net.input_shape, np.float32))

    for part in _PARTS if kind == "network" else ():
        engine(part)
    return {"network": network, "picture": picture, "recording": recording}[kind]


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more than now, where the system can say so."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            pages = int(file.read().split()[0])
    except (ImportError, OSError):
        return
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
