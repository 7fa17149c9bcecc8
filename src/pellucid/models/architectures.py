"""Convolutional networks by name, as in recipes, on the command line and in the benchmark."""

from __future__ import annotations

from pellucid.layers import Conv2d, Dense, Dropout, Flatten, Layer, MaxPool2d


def lenet(classes: int = 10) -> tuple[Layer, ...]:
    """LeNet-5 for pictures of 28x28, with ReLU and max pooling: 61,706 parameters for ten classes.

    A padding of 2 gives the published 32x32. Every filter of C3 sees all planes of S2.

    References
    ----------
    LeCun et al., "Gradient-based learning applied to document recognition", 1998.
    """
    return (
        Conv2d(6, 5, padding=2, activation="relu"),
        MaxPool2d(2),
        Conv2d(16, 5, activation="relu"),
        MaxPool2d(2),
        Flatten(),
        Dense(120, "relu"),
        Dense(84, "relu"),
        Dense(classes, "softmax"),
    )


def conv(classes: int = 10) -> tuple[Layer, ...]:
    """Four convolutions and a dense layer for pictures of 28x28: 41,794 parameters for ten classes."""
    return (
        Conv2d(12, 5, activation="relu"),
        MaxPool2d(2),
        Conv2d(32, 3, padding=1, activation="relu"),
        Conv2d(32, 3, padding=1, activation="relu"),
        MaxPool2d(2),
        Conv2d(64, 3, activation="relu"),
        Flatten(),
        Dropout(0.4),
        Dense(classes, "softmax"),
    )


ARCHITECTURES = {"lenet": lenet, "conv": conv}
"""Functions from a number of classes to layers, by name."""
