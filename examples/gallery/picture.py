"""The colours of a photograph as a function of the place: half of the pixels are learnt, the others predicted."""

import numpy as np
from sklearn.datasets import load_sample_image
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = np.argwhere(np.ones((54, 80))), load_sample_image("china.jpg")[::8, ::8].reshape(-1, 3)
    x, test_x, y, test_y = train_test_split(x, y.reshape(len(x), -1), test_size=0.5, random_state=seed)
    inputs, targets = StandardScaler().fit(x), StandardScaler().fit(y)
    return inputs.transform(x), inputs.transform(test_x), targets.transform(y), targets.transform(test_y)


def learn(x, y, seed):
    net = pl.Network([pl.Dense(64, "relu"), pl.Dense(64, "relu"), pl.Dense(3)], input_shape=(2,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.Adam(pl.Cosine(0.01)), seed=seed)
    list(trainer.run(epochs=60))
    return net


def score(net, x, y):
    return r2_score(y, net(x))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"R2 {score(learn(x, y, seed=0), test_x, test_y):.3f}")
