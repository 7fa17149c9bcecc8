"""A chaotic series, one coordinate of Lorenz's system: its value four steps ahead, by the last ten."""

import numpy as np
from scipy.integrate import odeint
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

import pellucid as pl


def data(seed):
    def slope(p, t):
        return 10 * (p[1] - p[0]), p[0] * (28 - p[2]) - p[1], p[0] * p[1] - 8 / 3 * p[2]

    series = odeint(slope, np.random.default_rng(seed).uniform(5, 15, 3), np.arange(0, 150, 0.05))[:, :1] / 8
    windows = np.lib.stride_tricks.sliding_window_view(series[:-4, 0], 10)
    return train_test_split(windows, series[13:], train_size=2000, shuffle=False)


def learn(x, y, seed):
    net = pl.Network([pl.Dense(64, "relu"), pl.Dense(1)], input_shape=(10,), seed=seed)
    list(pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.Adam(pl.Cosine(0.01)), seed=seed).run(epochs=50))
    return net


def score(net, x, y):
    return r2_score(y, net(x))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"R2 {score(learn(x, y, seed=0), test_x, test_y):.3f}")
