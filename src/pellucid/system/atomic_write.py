"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(target: Path, content: bytes, mode: int = 0o666) -> None:
    """Put ``content`` at ``target``, whole or not at all, even if the machine stops in the middle.

    Parameters
    ----------
    target : Path
        The file.
    content : bytes
        All that shall be in it.
    mode : int
        Who may read and write it, less what the umask takes away.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(partial, flags, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
