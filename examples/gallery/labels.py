"""Which of five labels a text has, several or none, by how often it uses 20 words."""

from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import pellucid as pl


def data(seed):
    x, y = make_multilabel_classification(2000, random_state=seed)
    x, test_x, y, test_y = train_test_split(x, y, test_size=0.3, random_state=seed)
    scaler = StandardScaler().fit(x)
    return scaler.transform(x), scaler.transform(test_x), y, test_y


def learn(x, y, seed):
    net = pl.Network([pl.Dense(100, "relu"), pl.Dense(5, "sigmoid")], input_shape=(20,), seed=seed)
    trainer = pl.Trainer(net, pl.data.Dataset(x, y), optimizer=pl.AdamW(pl.Cosine(0.003), decay=1), seed=seed)
    list(trainer.run(epochs=40))
    return net


def score(net, x, y):
    return accuracy_score(y, net(x) > 0.5)


if __name__ == "__main__":
    x, test_x, y, test_y = data(seed=0)
    print(f"all labels right {score(learn(x, y, seed=0), test_x, test_y):.3f}")
