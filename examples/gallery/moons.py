"""On which of two interleaved half-moons a point lies."""

from sklearn.datasets import make_moons
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = make_moons(1000, noise=0.2, random_state=seed)
    x, test_x, y, test_y = train_test_split(x, y, stratify=y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), scaler.transform(test_x), y, test_y


def learn(x, y, seed):
    net = pl.Network([pl.Dense(100, "relu"), pl.Dense(2, "softmax")], input_shape=(2,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.Adam(0.005), seed=seed)
    list(trainer.run(epochs=60))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x).argmax(axis=1))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"accuracy {score(learn(x, y, seed=0), test_x, test_y):.3f}")
