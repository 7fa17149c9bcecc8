"""Fit the polynomials of `pellucid.engine.kernels.functions`.

Least squares at Chebyshev nodes, reweighted towards minimax.

python tools/fit_functions.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def fit(
    wanted: Callable[[np.ndarray], np.ndarray],
    weight: Callable[[np.ndarray], np.ndarray],
    low: float,
    high: float,
    degree: int,
) -> tuple[np.ndarray, float]:
    """Return coefficients (lowest power first) and largest error of a polynomial close to ``wanted`` on [low, high].

    The error is measured after multiplication by ``weight``. Lawson's iteration (1961): points with a
    large error get a larger weight in the next round.
    """
    nodes = np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
    x = low + (high - low) * (nodes + 1) / 2
    powers = x[:, None] ** np.arange(degree + 1)
    importance = np.ones_like(x)
    best, smallest = np.zeros(degree + 1), np.inf
    for _ in range(200):
        scale = np.sqrt(importance) * weight(x)
        coefficients = np.linalg.lstsq(powers * scale[:, None], wanted(x) * scale, rcond=None)[0]
        error = np.abs(powers @ coefficients - wanted(x)) * weight(x)
        if error.max() < smallest:
            best, smallest = coefficients, float(error.max())
        importance *= error / error.mean()
        importance /= importance.sum()
    return best, smallest


def over(numerator: Callable[[np.ndarray], np.ndarray], power: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return ``numerator(x) / x**power``, for x away from zero."""
    return lambda x: numerator(x) / x**power


def main() -> None:
    half = np.log(2) / 2
    low = np.sqrt(0.5) - 1
    high = np.sqrt(2) - 1
    fits = {
        "exp: e**r = 1 + r + r**2 P(r)": fit(
            over(lambda r: np.expm1(r) - r, 2), lambda r: r**2 / np.exp(r), -half, half, 4
        ),
        "log: log(1 + r) = r - r**2 / 2 + r**3 P(r)": fit(
            over(lambda r: np.log1p(r) - r + r * r / 2, 3), lambda r: np.abs(r**3 / np.log1p(r)), low, high, 7
        ),
    }
    for name, (coefficients, error) in fits.items():
        print(f"{name}, relative error {error:.2g}")
        for coefficient in coefficients:
            print(f"    {np.float32(coefficient)!r}")


if __name__ == "__main__":
    main()
