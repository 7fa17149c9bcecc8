"""Whether a tumour is benign, by 30 measurements of its cells: one sigmoid output, yes or no."""

from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = load_breast_cancer(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, stratify=y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), scaler.transform(test_x), y, test_y


def learn(x, y, seed):
    net = pl.Network([pl.Dense(100, "relu"), pl.Dense(1, "sigmoid")], input_shape=(30,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.AdamW(0.001, decay=1), seed=seed)
    list(trainer.run(epochs=40))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x)[:, 0] > 0.5)


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"accuracy {score(learn(x, y, seed=0), test_x, test_y):.3f}")
