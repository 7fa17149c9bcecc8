"""Which digit is written in 8x8 pixels."""

from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, stratify=y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), scaler.transform(test_x), y, test_y


def learn(x, y, seed):
    net = pl.Network([pl.Dense(100, "relu"), pl.Dense(10, "softmax")], input_shape=(64,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.AdamW(pl.Cosine(0.003), decay=0.1), seed=seed)
    list(trainer.run(epochs=40))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x).argmax(axis=1))


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"accuracy {score(learn(x, y, seed=0), test_x, test_y):.3f}")
