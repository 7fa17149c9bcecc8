"""The secrets of a studio: the key that the page's cookie holds, and tokens for links that work once."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque

_MAX_LINKS = 16
"""Links that wait to be used; a new one replaces the oldest."""


class Keys:
    """The key of a studio, and the tokens of its links.

    A link can be seen where the key cannot: on the screen, in the browser's history, in a list of processes. So it
    opens the studio once, and the browser gets the key for later.

    Parameters
    ----------
    key : str, optional
        What the cookie of an admitted browser holds; by default a new random one.

    Examples
    --------
    >>> keys = Keys()
    >>> token = keys.new_link_token()
    >>> keys.spend(token), keys.spend(token)
    (True, False)
    """

    def __init__(self, key: str | None = None) -> None:
        self._key = key or secrets.token_urlsafe(32)
        self._links: deque[str] = deque(maxlen=_MAX_LINKS)
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        """What the cookie of an admitted browser holds."""
        return self._key

    def is_key(self, given: str) -> bool:
        """Whether this is the key, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(given.encode(), self._key.encode())

    def new_link_token(self) -> str:
        """Make the token of a new link."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._links.append(token)
        return token

    def spend(self, given: str) -> bool:
        """Whether this is the token of a link that has not been used; from now on it has."""
        with self._lock:
            found = [token for token in self._links if hmac.compare_digest(given.encode(), token.encode())]
            for token in found:
                self._links.remove(token)
        return bool(found)
