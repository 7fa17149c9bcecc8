"""Sparse matrices as examples: rows become dense a few at a time, when they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.rows import Rows, chunks
from pellucid.network.network import Network


class SparseRows(Rows):
    """The rows of a sparse matrix.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array (N, D)
        In the format CSR.
    """

    def __init__(self, matrix: Any) -> None:
        super().__init__(matrix.shape, np.float32)
        self.matrix = matrix.astype(np.float32, copy=False)

    def read(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """See `pellucid.data.rows.Rows.read`."""
        dense: npt.NDArray[np.float32] = self.matrix[numbers].toarray(order="C")
        return dense

    def pick(self, index: npt.NDArray[np.int64]) -> SparseRows:
        """Some of the rows, still sparse."""
        return SparseRows(self.matrix[index])


def outputs_for(net: Network, rows: npt.NDArray[Any] | Rows) -> npt.NDArray[np.float32]:
    """The outputs (N, K) of a network for rows (N, D)."""
    outputs: npt.NDArray[np.float32]
    outputs = net(rows) if isinstance(rows, np.ndarray) else np.concatenate([net(some) for some in chunks(rows)])
    return outputs
