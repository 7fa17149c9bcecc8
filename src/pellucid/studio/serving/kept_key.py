"""The key of a studio: the same after a restart on the same port, so that open pages come back by themselves.

It is derived from a secret in the user's data folder that nobody else can read. The secret is replaced after thirty
days.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
import time
from pathlib import Path

from pellucid.system.atomic_write import replace_whole
from pellucid.system.regular_file import open_regular

SECRET_BYTES = 32
SECRET_SECONDS = 30 * 24 * 3600.0

logger = logging.getLogger("pellucid.studio")


def kept_key(folder: Path | None, host: str, port: int) -> str | None:
    """Return the key of the studio at an address; None where no secret can be kept."""
    secret = None if folder is None else _kept_secret(folder / "secret")
    if secret is None:
        return None
    return hmac.new(secret, f"{host} {port}".encode(), hashlib.sha256).hexdigest()


def _kept_secret(path: Path) -> bytes | None:
    """Return the secret in a file, or a new one that is kept there; None if it cannot be kept."""
    found = _read_secret(path)
    if found is not None:
        return found
    secret = secrets.token_bytes(SECRET_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, secret, mode=0o600)
    except OSError as error:
        logger.warning("the studio's secret is not kept: %s", error)
        return None
    return secret


def _read_secret(path: Path) -> bytes | None:
    """Return a secret that is whole, recent and private; otherwise None."""
    try:
        with open_regular(path) as file:
            status, secret = os.fstat(file.fileno()), file.read(SECRET_BYTES + 1)
    except OSError:
        return None
    private = os.name == "nt" or (stat.S_IMODE(status.st_mode) & 0o077 == 0 and status.st_uid == os.getuid())
    recent = time.time() - status.st_mtime < SECRET_SECONDS
    return secret if len(secret) == SECRET_BYTES and private and recent else None
