import marimo

app = marimo.App()


@app.cell
def _():
    import time

    import marimo as mo

    import pellucid as pl

    digits = pl.data.load("digits")

    def new_trainer():
        net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28))
        return pl.Trainer(net, digits.train, batch_size=1)

    def run(trainer):
        for _ in trainer.run(epochs=20, validation=digits.test):
            time.sleep(0.15)

    return mo, new_trainer, run


@app.cell
def _(new_trainer):
    trainer = new_trainer()
    trainer
    return (trainer,)


@app.cell
def _(run, trainer):
    run(trainer)
    return


@app.cell
def _(new_trainer):
    other = new_trainer()
    other
    return (other,)


@app.cell
def _(mo, other, run):
    mo.Thread(target=run, args=(other,)).start()
    return


if __name__ == "__main__":
    app.run()
