"""The widget of a network or a trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from numpy.typing import ArrayLike

from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.reports.live import StillPicture, has_widgets
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.training.trainer import Trainer

if TYPE_CHECKING:
    from pellucid.notebook.network_widget import NetworkWidget
    from pellucid.notebook.training_widget import TrainingWidget


@overload
def widget(shown: Network, image: ArrayLike | None = None) -> NetworkWidget | StillPicture: ...
@overload
def widget(shown: Trainer) -> TrainingWidget: ...
def widget(shown: Network | Trainer, image: ArrayLike | None = None) -> NetworkWidget | TrainingWidget | StillPicture:
    """Return a live widget for a notebook's cell: the network picture with a pad, or the curves of a training.

    A network or a trainer that is the last line of a cell is shown as one too; this function also gives the picture an
    image to begin with, and returns the widget. The numbers in the picture are computed in the browser, and equal those
    of `net` to the rounding of float32. Nothing is fetched from elsewhere.

    Parameters
    ----------
    shown : Network or Trainer
        Networks of sequences, and those that the studio cannot draw, are shown as a still picture.
    image : array_like, optional
        One input of the network, as for calling it.

    Returns
    -------
    NetworkWidget
        Its ``inputs`` are those in the picture, also after one has drawn. ``refresh`` shows the network's parameters as
        they are now, which happens after every cell of a Jupyter notebook; ``close`` ends that.
    TrainingWidget
        Its curves grow while the trainer runs, in the same cell or in a thread; ``close`` ends that.
    StillPicture
        Of a network that cannot be drawn live.

    Raises
    ------
    ConfigurationError
        Without the extra ``notebook``, in a checkout whose widget is not built, and for what is neither of the two.
    ShapeError, DataError
        If the image is not one that the network takes.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> shown = pl.widget(net, pl.data.load("digits").test.images[0])  # doctest: +SKIP
    >>> net(shown.inputs).argmax()  # doctest: +SKIP
    6
    """
    if not isinstance(shown, Network | Trainer):
        raise ConfigurationError(f"widget expected a Network or a Trainer, got {type(shown).__name__}.")
    if not has_widgets():
        raise ConfigurationError(
            "widget needs the package anywidget: pip install 'pellucid[notebook]'. Without it, notebooks show networks "
            "and trainers as still pictures."
        )
    if isinstance(shown, Trainer):
        if image is not None:
            raise ConfigurationError("widget expected an image with a Network only: a Trainer is shown by its curves.")
        from pellucid.notebook.training_widget import TrainingWidget

        return TrainingWidget(shown)
    from pellucid.notebook.network_widget import NetworkWidget
    from pellucid.notebook.still import still_network

    try:
        return NetworkWidget(shown, image)
    except RefusedError as error:
        return still_network(shown, image, str(error))
