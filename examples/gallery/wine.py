"""Which of three growers a wine is from, by 13 chemical measurements."""

from sklearn.datasets import load_wine
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = load_wine(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, stratify=y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), scaler.transform(test_x), y, test_y


def learn(x, y, seed):
    layers = [pl.Dense(100, "relu", initialization="glorot_uniform"), pl.Dense(3, "softmax")]
    net = pl.Network(layers, input_shape=(13,), seed=seed)
    list(pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.Adam(0.003), seed=seed).run(epochs=20))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x).argmax(axis=1))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"accuracy {score(learn(x, y, seed=0), test_x, test_y):.3f}")
