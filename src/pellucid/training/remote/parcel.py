"""Parcels: data that many tasks need, kept once on every machine and opened once by every process.

A parcel is a pickle whose arrays lie beside it in one file. Workers map that file, so all processes of a machine share
the memory. A task refers to its parcel by a digest and a path; a worker on a machine without that file says so, is sent
the content with its next task, and keeps it in a file for its neighbours.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import mmap
import os
import pickle
import stat
import struct
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.errors import ConfigurationError

_MOST_HELD = 2
"""Opened parcels that a process keeps."""

_ALIGNED = 64
"""Arrays begin at multiples of so many bytes."""

_STALE = 24 * 3600.0
"""Age in seconds from which a file is taken for that of a killed process."""

_held: OrderedDict[str, Any] = OrderedDict()
_opening = threading.RLock()


class Missing:
    """What a task returns if its parcel is not on the worker's machine."""


class Reference(ABC):
    """Names a parcel, and finds it."""

    digest: str

    @abstractmethod
    def fetch(self) -> Any:
        """The object in the parcel; `Missing` if it is not on this machine."""

    def open(self) -> Any:
        """The object in the parcel, the same for all tasks of a process; `Missing` if it is not on this machine."""
        with _opening:
            if self.digest in _held:
                _held.move_to_end(self.digest)
            else:
                found = self.fetch()
                if isinstance(found, Missing):
                    return found
                _held[self.digest] = found
                while len(_held) > _MOST_HELD:
                    _held.popitem(last=False)
            return _held[self.digest]


@dataclass(frozen=True)
class Content:
    """A pickled object: ``head`` without its arrays, and the arrays' bytes."""

    head: bytes
    arrays: Sequence[Any]

    @classmethod
    def of(cls, value: Any) -> Content:
        """Pickle an object; its arrays are not copied.

        Raises
        ------
        ConfigurationError
            If the object cannot be pickled.
        """
        buffers: list[pickle.PickleBuffer] = []
        try:
            head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
            return cls(head, [buffer.raw() for buffer in buffers])
        except (pickle.PicklingError, AttributeError, TypeError, BufferError) as error:
            raise ConfigurationError(
                f"Other processes expected data that can be pickled ({error}): pass a function of a module that makes "
                "them there, such as functools.partial(pl.data.load, 'mnist')."
            ) from error

    @property
    def digest(self) -> str:
        """A digest of all bytes."""
        found = hashlib.sha256(self.head)
        for array in self.arrays:
            found.update(array)
        return found.hexdigest()

    def value(self) -> Any:
        """The object; its arrays are read-only views of the bytes."""
        return pickle.loads(self.head, buffers=self.arrays)

    def parts(self) -> Iterator[Any]:
        """All bytes of a file, piece by piece: sizes, head, arrays."""
        sizes = [len(self.head), *(len(array) for array in self.arrays)]
        for part in (struct.pack(f"<{len(sizes) + 1}Q", len(sizes), *sizes), self.head, *self.arrays):
            yield part
            yield bytes(-len(part) % _ALIGNED)

    @classmethod
    def unpacked(cls, memory: memoryview) -> Content:
        """What `parts` gave, in one; its arrays are views of the memory. Of other memory, some other content."""
        try:
            (count,) = struct.unpack_from("<Q", memory)
            sizes = struct.unpack_from(f"<{count}Q", memory, 8) if count <= len(memory) else ()
        except struct.error:
            sizes = ()
        parts, begin = [], _rounded(8 * (len(sizes) + 1))
        for size in sizes:
            parts.append(memory[begin : begin + size])
            begin += _rounded(size)
        return cls(bytes(parts[0]), parts[1:]) if parts else cls(b"", [])


@dataclass(frozen=True)
class FileReference(Reference):
    """Names a parcel in a file of this machine; ``content``, if it was not there before."""

    digest: str
    content: bytes | None = None

    @property
    def path(self) -> Path:
        """The file on this machine."""
        return parcel_folder() / self.digest

    def fetch(self) -> Any:
        """See `Reference.fetch`. A file whose digest is another counts as missing."""
        found = self._in_file()
        if found is None and self.content is not None:
            self.write((self.content,))
            found = self._in_file() or Content.unpacked(memoryview(self.content))
        return Missing() if found is None else found.value()

    def _in_file(self) -> Content | None:
        try:
            with self.path.open("rb") as file:
                memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # there is none, or an empty one
            return None
        content = Content.unpacked(memory)
        return content if content.digest == self.digest else None

    def write(self, parts: Iterable[Any]) -> None:
        """Write the file, which is removed at the end of this process at the latest.

        Tasks do without it if that is impossible.
        """
        folder = parcel_folder()
        with contextlib.suppress(OSError):
            _own_folder(folder)
            _remove_stale(folder)
            handle, partial = tempfile.mkstemp(dir=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.writelines(parts)
                Path(partial).replace(self.path)
            except OSError:
                Path(partial).unlink()
                raise
            atexit.register(self.remove)

    def remove(self) -> None:
        """Remove the file; who has opened it keeps it."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def _own_folder(folder: Path) -> None:
    """Make a folder that only this user can write to.

    Raises
    ------
    OSError
        If it is another user's.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise OSError(f"{folder} is not a folder of this user")


def _remove_stale(folder: Path) -> None:
    """Remove files of processes that were killed before they could; whoever still needs one is sent its content."""
    for file in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _STALE:
                file.unlink()


def parcel_folder() -> Path:
    """Where this user's parcels are."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"pellucid-parcels-{user}"


def _rounded(size: int) -> int:
    return size + -size % _ALIGNED
