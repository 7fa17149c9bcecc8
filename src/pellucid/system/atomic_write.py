"""Files written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

_STALE = 24 * 3600.0
"""Age in seconds from which an untouched part file is taken for that of a killed process."""

_LONGEST = 200
"""Bytes of a file's name that its part files begin with: file systems allow 255 for the whole name."""

_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6) if sys.platform == "win32" else ()
"""Seconds to wait after each try to replace a file that another program has open."""


def write_whole(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target``, whole or not at all, even if the machine stops in the middle.

    A file is replaced, see `replace_whole`. A symbolic link stays, and the file that it leads to is replaced. Devices,
    pipes and the process's own output streams cannot be replaced: they are written to directly.

    Raises
    ------
    OSError
        If it cannot be written. A file that was there before is untouched.
    """
    if is_written_directly(target):
        with target.open("wb") as file:
            file.write(content)
    else:
        replace_whole(destination(target), content)


def replace_whole(target: Path, content: bytes, mode: int | None = None) -> None:
    """Have ``content`` take the place of whatever is at ``target``, unless that is a folder.

    The content goes into a part file beside the target, which then takes its place. Any number of threads and
    processes may write to one target: each has a part file of its own, and the last one to finish stays.

    Parameters
    ----------
    target : Path
        The file.
    content : bytes
        All that it holds afterwards.
    mode : int, optional
        Its permissions, less the umask. By default they stay as they are; a new file has those that ``open`` gives it.

    Raises
    ------
    OSError
        If it cannot be written. A file that was there before is untouched.
    """
    partial = target.with_name(f"{_beginning(target)}{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(_create(partial, target, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    _remove_stale(target)


def put_in_place(partial: Path, target: Path) -> None:
    """Move a file that is complete and on the disk to where it belongs; the move, too, is then on the disk.

    Windows refuses to replace a file that another program has open, as virus scanners do for a moment with every new
    file: there it is tried again for two seconds.
    """
    _replace(partial, target)
    _sync(target.parent)


def _replace(partial: Path, target: Path) -> None:
    for pause in _PAUSES:
        try:
            partial.replace(target)
            return
        except PermissionError:
            time.sleep(pause)
    partial.replace(target)


def is_written_directly(target: Path) -> bool:
    """Whether a path leads to a device, a pipe, or where this process prints to, and not to a file to be replaced."""
    try:
        status = target.stat()
    except OSError:
        return False
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return True
    return any(_is_stream(number, status) for number in (1, 2))


def _is_stream(number: int, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(number), status)
    except OSError:  # a stream that is closed
        return False


def destination(target: Path) -> Path:
    """The file that a path leads to, there or not.

    Raises
    ------
    OSError
        If symbolic links lead in a circle.
    """
    if not target.is_symlink():
        return target
    with suppress(FileNotFoundError):
        target.stat()
    return Path(os.path.realpath(target))


def _create(partial: Path, target: Path, mode: int | None) -> int:
    """Create the part file, which must not exist yet, with the permissions that the target shall have."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    number = os.open(partial, flags, 0o666 if mode is None else mode)
    if mode is None and hasattr(os, "fchmod"):
        with suppress(OSError):  # there is no file yet, or the file system has no permissions
            os.fchmod(number, target.stat().st_mode & 0o777)
    return number


def _sync(folder: Path) -> None:
    """Have the system write a folder's entries to the disk, where it can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _beginning(target: Path) -> str:
    """How the names of a target's part files begin."""
    return f".{os.fsencode(target.name)[:_LONGEST].decode(errors='ignore')}."


def _remove_stale(target: Path) -> None:
    """Remove the part files of writers that were killed."""
    name = re.compile(re.escape(_beginning(target)) + r"\w+\.part")
    oldest = time.time() - _STALE
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if name.fullmatch(entry.name):
                with suppress(OSError):  # another writer may be removing it
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        Path(entry.path).unlink()
