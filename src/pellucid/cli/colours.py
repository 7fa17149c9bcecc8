"""Colours for signed values, from dark blue through grey to light amber. Lightness alone shows the sign."""

from __future__ import annotations

RGB = tuple[int, int, int]

_STOPS: tuple[RGB, ...] = ((9, 33, 92), (38, 92, 158), (122, 122, 122), (232, 160, 70), (255, 236, 168))


def signed_colour(value: float) -> RGB:
    """Return the colour of a value from -1 to 1.

    Examples
    --------
    >>> signed_colour(0), signed_colour(1)
    ((122, 122, 122), (255, 236, 168))
    """
    place = (min(max(value, -1.0), 1.0) + 1) / 2 * (len(_STOPS) - 1)
    left = min(int(place), len(_STOPS) - 2)
    share = place - left
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(_STOPS[left], _STOPS[left + 1], strict=True))
    return red, green, blue
