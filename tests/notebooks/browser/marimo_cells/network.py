import marimo

app = marimo.App()


@app.cell
def _():
    import pellucid as pl

    net = pl.load("digits-relu")
    image = pl.data.load("digits").test.images[0]
    return image, net, pl


@app.cell
def _(image, net, pl):
    pl.widget(net, image)
    return


@app.cell
def _(pl):
    pl.load("digits-sigmoid")
    return


@app.cell
def _(pl):
    pl.load("spoken-digits")
    return


if __name__ == "__main__":
    app.run()
