"""`pellucid read` for CSV tables: the class or the values of each row."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.network.network import Network


def is_table(name: str) -> bool:
    """Return whether a file is a table by its name.

    Examples
    --------
    >>> is_table("flowers.CSV"), is_table("photo.png")
    (True, False)
    """
    return Path(name).suffix.lower() in (".csv", ".tsv")


def read_table(name: str, net: Network, model: str, as_json: bool) -> None:
    """Print the class or the predicted values of each row of a table, as plain lines or as one JSON object.

    Raises
    ------
    ConfigurationError
        If the network was not trained on a table.
    DataError
        If the table does not have the network's features.
    """
    from pellucid.cli.words import clean
    from pellucid.data.columns import Columns
    from pellucid.data.new_rows import load_rows
    from pellucid.network.prediction import Reading, predicts_values

    columns = Columns.of_record(net.record)
    if columns is None or (len(columns.features),) != net.input_shape:
        raise ConfigurationError(
            f"Expected a network trained on a table for {name}, got {model}: train one with pellucid train --data "
            f"{name}, and choose it with --model."
        )
    answers = net(load_rows(Path(name), columns))
    if predicts_values(net.record, net.layers[-1].configuration().get("activation")):
        _print_values(name, answers, net.classes, as_json)
        return
    readings = [Reading(outputs, net.classes) for outputs in answers]
    if as_json:
        rows = [
            {"class": reading.best, "probabilities": [round(value, 6) for value in reading.outputs.tolist()]}
            for reading in readings
        ]
        print(json_format.dumps({"file": name, "classes": list(net.classes), "rows": rows}), flush=True)
        return
    print(f"{clean(name)}: {len(readings):,} rows, {clean(columns.label)}")
    for number, reading in enumerate(readings, 1):
        print(f"  row {number}: {clean(str(reading))}")


def _print_values(name: str, answers: NDArray[np.float32], names: tuple[str, ...], as_json: bool) -> None:
    """Print the predicted values of each row."""
    from pellucid.cli.words import clean
    from pellucid.network.prediction import values_in_words

    if as_json:
        rows = [{"values": [float(f"{value:.7g}") for value in row]} for row in answers.tolist()]
        print(json_format.dumps({"file": name, "outputs": list(names), "rows": rows}), flush=True)
        return
    print(f"{clean(name)}: {len(answers):,} rows")
    for number, row in enumerate(answers, 1):
        print(f"  row {number}: {clean(values_in_words(row, names))}")
