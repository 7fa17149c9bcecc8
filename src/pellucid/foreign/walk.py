"""From the inputs of a graph to one of its outputs, node by node."""

from __future__ import annotations

import reprlib
from dataclasses import replace

import numpy as np

from pellucid.errors import FileFormatError
from pellucid.foreign.call import Call, Lengths, Value
from pellucid.foreign.chain import Chain
from pellucid.foreign.constants import Folding, check_held
from pellucid.foreign.flow import Atom, Flow
from pellucid.foreign.model import Array, Declared, Model, Node
from pellucid.foreign.operators import OPERATORS
from pellucid.foreign.recurrence import GATES, recurrent
from pellucid.foreign.refusal import RefusedError, in_one_line

_UNKNOWN = (1_009, 1_013)
"""Stand for the number of examples and of frames, where they are not known: primes, found again in shapes."""

_INTEGERS = (6, 7)
_RECURRENT_INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
_KEPT = ("Cast", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Transpose")
_TAILS = ("ArgMax", "ZipMap", "TopK")
"""Operators that make labels of probabilities: they end a chain."""


class Walk:
    """The layers of a graph, and the value that its output is."""

    def __init__(self, model: Model, path: object) -> None:
        self.model, self._path = model, path
        self._values: dict[str, Value] = {"": None, **model.constants}
        self._folding = Folding()
        self.of_bytes = False
        self.chain = Chain(of_frames=self._is_of_frames())

    def run(self) -> Flow:
        """The network's outputs.

        Raises
        ------
        FileFormatError
            Naming the node that no layer can stand for.
        """
        self._take_inputs()
        wanted = self._output()
        for node in self._needed(wanted):
            try:
                self._step(node)
            except RefusedError as refusal:
                raise FileFormatError(f"{self._path}: {node} {refusal}.") from refusal
            except MemoryError as error:
                raise FileFormatError(f"{self._path}: {node} takes more memory than there is.") from error
            except (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError) as error:
                raise FileFormatError(f"{self._path}: {node} makes no sense ({in_one_line(error)}).") from error
        value = self._values.get(wanted)
        if not isinstance(value, Flow):
            raise FileFormatError(f"{self._path} has an output {reprlib.repr(wanted)} that no layer computes.")
        return self._ended(value)

    def _ended(self, value: Flow) -> Flow:
        try:
            if value.logarithm:
                self.chain.note("Its outputs are probabilities; those of the original are their logarithms.")
            finished = self.chain.finished(replace(value, logarithm=False))
            _check_order(finished)
            return finished
        except RefusedError as refusal:
            raise FileFormatError(f"{self._path}: its output {refusal}.") from refusal

    def _is_of_frames(self) -> bool:
        first = self.model.inputs[0] if self.model.inputs else None
        dynamic = first is not None and len(first.sides) == 3 and first.sides[:2] == (None, None)
        return dynamic or any(node.operator in GATES for node in self.model.nodes)

    def _take_inputs(self) -> None:
        """Name what is declared: the examples or frames, and the lengths of sequences."""
        if not self.model.inputs or len(self.model.inputs) > 2:
            raise FileFormatError(f"{self._path} expected one input, got {len(self.model.inputs)}.")
        first, *more = self.model.inputs
        self._values[first.name] = self._flow(first)
        for other in more:
            if not self.chain.of_frames or other.kind not in _INTEGERS or len(other.sides) != 1:
                raise FileFormatError(f"{self._path} expected one input, or frames and their lengths; got two others.")
            self._values[other.name] = Lengths()

    def _flow(self, declared: Declared) -> Flow:
        """The graph's inputs: a batch of pictures or rows, or of sequences."""
        batch = 2 if self.chain.of_frames and len(declared.sides) == 3 else 1
        sides = declared.sides[batch:]
        if not sides or None in sides or any(side is not None and side > 1 << 24 for side in declared.sides):
            raise FileFormatError(f"{self._path} has inputs whose sides are not known: {declared.sides}.")
        names: tuple[Atom, ...] = ("a", "b")[:batch]
        known = zip(declared.sides[:batch], _UNKNOWN, strict=False)
        sizes: dict[Atom, int] = {name: side or other for name, (side, other) in zip(names, known, strict=True)}
        numbers: dict[Atom, int] = {at: side for at, side in enumerate(sides) if side is not None}
        self.of_bytes = declared.kind == 2
        return Flow(0, (*((name,) for name in names), *((at,) for at in numbers)), sizes | numbers)

    def _output(self) -> str:
        """The output of numbers: that of probabilities, where there is one of labels too."""
        outputs = self.model.outputs
        if not outputs:
            raise FileFormatError(f"{self._path} has no output.")
        labels = (*_INTEGERS, 8)
        chosen = next((each for each in outputs if each.kind not in labels), outputs[0])
        name = chosen.name
        makers = {output: node for node in self.model.nodes for output in node.outputs}
        tails = 0
        while name in makers and (makers[name].operator in _TAILS or (tails and makers[name].operator == "Cast")):
            tails, name = tails + 1, makers[name].inputs[0]
        return name if tails else self._before_labels(chosen, makers)

    def _before_labels(self, chosen: Declared, makers: dict[str, Node]) -> str:
        """Of an output of labels, the probabilities whose largest it names."""
        if chosen.kind not in (*_INTEGERS, 8):
            return chosen.name
        for node in reversed(self.model.nodes):
            if node.operator == "ArgMax" and node.inputs:
                self.chain.note("Its outputs are those that the original's labels are chosen by.")
                return node.inputs[0]
        return chosen.name

    def _needed(self, wanted: str) -> list[Node]:
        """The nodes that a value depends on, in their order."""
        needed, nodes = {wanted}, []
        for node in reversed(self.model.nodes):
            if needed.intersection(node.outputs) - {""}:
                nodes.append(node)
                needed.update(node.inputs)
        return nodes[::-1]

    def _step(self, node: Node) -> None:
        missing = [name for name in node.inputs if name not in self._values]
        if missing:
            raise RefusedError("takes values that nothing before it computes")
        inputs = [self._values[name] for name in node.inputs]
        flows = [value for value in inputs if isinstance(value, Flow)]
        for value in inputs if flows else ():
            if isinstance(value, np.ndarray):
                check_held(value)
        if flows and node.operator == "Shape":
            shape = flows[0].shape[node.attributes.get("start", 0) : node.attributes.get("end")]
            made: list[Value] = [np.array(shape, np.int64)]
        elif flows and node.operator in GATES:
            made = self._recurrent(node, flows[0], inputs)
        elif flows:
            made = [self._handled(node, flows[0], inputs)]
        elif any(isinstance(value, Lengths) for value in inputs):
            made = [_of_lengths(node, inputs)]
        else:
            constants = [value for value in inputs if isinstance(value, np.ndarray) or value is None]
            made = [self._folding.fold(node, constants, self.model.opset)]
        for name, value in zip(node.outputs, made, strict=False):
            if name:
                self._values[name] = value

    def _handled(self, node: Node, flow: Flow, inputs: list[Value]) -> Flow:
        if node.operator not in OPERATORS:
            raise RefusedError("computes what no layer of this package computes")
        return OPERATORS[node.operator](Call(self.chain, flow, inputs, node.attributes, self.model.opset))

    def _recurrent(self, node: Node, flow: Flow, inputs: list[Value]) -> list[Value]:
        if inputs[0] is not flow:
            raise RefusedError("has weights that are not constants")
        named = dict(zip(_RECURRENT_INPUTS, inputs, strict=False))
        lengths = named.pop("sequence_lens", None)
        if isinstance(lengths, np.ndarray) and not (lengths == flow.shape[0]).all():
            raise RefusedError("expected the lengths of sequences as an input")
        constants: dict[str, Array] = {}
        for name, value in named.items():
            if isinstance(value, np.ndarray):
                constants[name] = value
            elif name != "X" and value is not None:
                raise RefusedError("has weights or a first state that are not constants")
        time = flow.axes[0][0] if flow.axes and flow.axes[0] else ""
        if self.chain.time not in ("", time):
            raise RefusedError("takes another axis for the frames than the layer before")
        self.chain.time = time
        return list(recurrent(self.chain, flow, node.operator, constants, node.attributes))


def _of_lengths(node: Node, inputs: list[Value]) -> Lengths:
    """What is computed from the lengths of sequences: the same in another shape, or a mask of frames before the end."""
    (given,) = [value for value in inputs if isinstance(value, Lengths)][:1]
    if node.operator in _KEPT:
        return given
    less, greater = node.operator == "Less", node.operator == "Greater"
    times = inputs[0 if less else 1] if (less or greater) and len(inputs) == 2 else None
    if not given.is_mask and isinstance(times, np.ndarray) and np.array_equal(times.reshape(-1), np.arange(times.size)):
        return Lengths(is_mask=True)
    raise RefusedError("computes with the lengths of sequences in a way that no layer does")


def _check_order(flow: Flow) -> None:
    """Refuse outputs whose numbers lie in another order than those of the last layer."""
    atoms = [atom for axis in flow.axes for atom in axis if flow.sizes[atom] > 1]
    numbers = [atom for atom in atoms if isinstance(atom, int)]
    if numbers != sorted(numbers) or numbers != atoms[len(atoms) - len(numbers) :]:
        raise RefusedError("has the last layer's numbers in another order")
