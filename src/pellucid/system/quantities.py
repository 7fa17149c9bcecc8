"""Quantities in words: shares and durations."""

from __future__ import annotations


def percent(share: float) -> str:
    """Format a share as a percentage.

    Examples
    --------
    >>> percent(0.9435)
    '94.3 %'
    """
    return f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Format a duration in a suitable unit.

    Examples
    --------
    >>> duration(0.043), duration(6.84), duration(75), duration(7325)
    ('0.04 s', '6.8 s', '1:15', '2:02:05')
    """
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
