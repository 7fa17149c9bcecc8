"""The functions that a network in NumPy is made of, as the text that is written into its file."""

from __future__ import annotations

ACTIVATIONS = {
    "identity": "def identity(z):\n    return z\n",
    "sigmoid": "def sigmoid(z):\n    return 0.5 + 0.5 * np.tanh(0.5 * z)\n",
    "relu": "def relu(z):\n    return np.maximum(z, 0)\n",
    "softmax": """\
def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
""",
}

_CONV2D = """\
def conv2d(x, n, f, stride, padding):
    x = x.reshape(len(x), -1, *x.shape[-2:])
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    windows = sliding_window_view(x, P[f"{n}.weight"].shape[2:], (2, 3))[:, :, :: stride[0], :: stride[1]]
    z = np.tensordot(windows, P[f"{n}.weight"], ((1, 4, 5), (1, 2, 3))) + P[f"{n}.bias"]
    return f(np.moveaxis(z, 3, 1))
"""

_POOL2D = """\
def pool2d(x, of, kernel, stride):
    x = x.reshape(len(x), -1, *x.shape[-2:])
    return of(sliding_window_view(x, kernel, (2, 3))[:, :, :: stride[0], :: stride[1]], axis=(4, 5))
"""

_RECURRENT = """\
def recurrent(cell, x, n, outputs, both):
    ways = []
    for way in ("", "_reverse")[: 1 + both]:
        W, U, b = (P[f"{n}.{name}{way}"] for name in ("weight_ih", "weight_hh", "bias"))
        h, c, said = np.zeros(U.shape[1], np.float32), P.get(f"{n}.bias_hn{way}", 0), []
        for z in (x[::-1] if way else x) @ W.T + b:
            h, c = cell(z, U @ h, h, c)
            said.append(h)
        ways.append(said[-1] if outputs == "last" else np.array(said[::-1] if way else said))
    h = np.concatenate(ways, axis=-1)
    return h.mean(axis=0) if outputs == "mean" else h
"""

_LSTM = """\
def lstm(z, u, h, c):
    i, f, g, o = np.split(z + u, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c
"""

_GRU = """\
def gru(z, u, h, bias_hn):
    (xr, xz, xn), (hr, hz, hn) = np.split(z, 3), np.split(u, 3)
    keep = sigmoid(xz + hz)
    return (1 - keep) * np.tanh(xn + sigmoid(xr + hr) * (hn + bias_hn)) + keep * h, bias_hn
"""

_RNN = """\
def rnn(f):
    return lambda z, u, h, c: (f(z + u), c)
"""

_DENSE = """\
def dense(x, n, f):
    return f(x.reshape(len(x), -1) @ P[f"{n}.weight"].T + P[f"{n}.bias"])
"""

_DENSE_OF_FRAMES = """\
def dense(x, n, f):
    return f(x @ P[f"{n}.weight"].T + P[f"{n}.bias"])
"""

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "dense": (_DENSE,),
    "dense of frames": (_DENSE_OF_FRAMES,),
    "conv2d": (_CONV2D,),
    "max_pool2d": (_POOL2D,),
    "avg_pool2d": (_POOL2D,),
    "lstm": (ACTIVATIONS["sigmoid"], _LSTM, _RECURRENT),
    "gru": (ACTIVATIONS["sigmoid"], _GRU, _RECURRENT),
    "rnn": (_RNN, _RECURRENT),
}
"""What a layer of each kind needs, besides its activation."""
