"""Whether a noisy wave is a sine, a square or a sawtooth, at any pitch and phase: a GRU."""

import numpy as np
from scipy.signal import sawtooth, square
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

import pellucid as pl


def data(seed):
    rng, y = np.random.default_rng(seed), np.arange(1500) % 3
    angle = rng.uniform(0.2, 0.6, (1500, 1)) * np.arange(40) + rng.uniform(0, 6.3, (1500, 1))
    x = np.choose(y[:, np.newaxis], [np.sin(angle), square(angle), sawtooth(angle)]) + rng.normal(0, 0.3, angle.shape)
    return train_test_split(x[:, :, np.newaxis], y, train_size=1000, random_state=seed)


def learn(x, y, seed):
    net = pl.Network([pl.GRU(32, outputs="last"), pl.Dense(3, "softmax")], input_shape=(None, 1), seed=seed)
    trainer = pl.Trainer(net, pl.data.Sequences(x, y), optimizer=pl.Adam(0.005), seed=seed)
    list(trainer.run(epochs=15))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x).argmax(axis=1))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"accuracy {score(learn(x, y, seed=0), test_x, test_y):.3f}")
