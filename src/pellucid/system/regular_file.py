"""Files opened for reading only where they are files: devices may never end, pipes may never begin."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

_FLAGS = ("O_NONBLOCK", "O_NOCTTY", "O_BINARY")  # each known to some systems only


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading. Nothing is waited for.

    Raises
    ------
    OSError
        If it cannot be opened, or is a folder, a device, a pipe or a socket.
    """
    flags = os.O_RDONLY
    for name in _FLAGS:
        flags |= getattr(os, name, 0)
    number = os.open(path, flags)
    try:
        mode = os.fstat(number).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a device or a pipe, no file", str(path))
        return cast(BinaryIO, os.fdopen(number, "rb"))
    except BaseException:
        os.close(number)
        raise
