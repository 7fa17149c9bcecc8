"""How far along a rolled-up sheet a point in space lies."""

from sklearn.datasets import make_swiss_roll
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = make_swiss_roll(1500, noise=0.1, random_state=seed)
    x, test_x, y, test_y = train_test_split(x, y.reshape(len(x), -1), test_size=0.3, random_state=seed)
    inputs, targets = StandardScaler().fit(x), StandardScaler().fit(y)
    return inputs.transform(x), inputs.transform(test_x), targets.transform(y), targets.transform(test_y)


def learn(x, y, seed):
    net = pl.Network([pl.Dense(50, "relu"), pl.Dense(50, "relu"), pl.Dense(1)], input_shape=(3,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.Adam(pl.Cosine(0.01)), seed=seed)
    list(trainer.run(epochs=40))
    return net


def score(net, x, y):
    return r2_score(y, net(x))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"R2 {score(learn(x, y, seed=0), test_x, test_y):.3f}")
