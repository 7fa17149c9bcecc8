"""Lower a kernel's typed statements to plain LLVM IR.

Numba's own lowering is for any Python: every variable is in memory, every call may raise, and a range is an object.
Kernels raise nothing, so a call is a plain call; a variable that is assigned once is a value; a loop is a counter.
"""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

from llvmlite import ir as llvm_ir
from numba.core import errors, ir
from numba.core import types as numba_types
from numba.core.callconv import BaseCallConv
from numba.core.lowering import Lower

types: Any = numba_types  # Numba's own stubs are incomplete

_INT = llvm_ir.IntType(64)
_NONE = llvm_ir.Constant(_INT, 0)
_ONE = llvm_ir.Constant(_INT, 1)


class Convention(BaseCallConv):  # type: ignore[misc]
    """Arguments and results are passed as in C, without a status, since kernels raise nothing."""

    def get_function_type(self, restype: Any, argtypes: Any) -> Any:
        """Return the LLVM type of a kernel."""
        result = llvm_ir.VoidType() if restype == types.none else self.get_return_type(restype).pointee
        return llvm_ir.FunctionType(result, list(self._get_arg_packer(argtypes).argument_types))

    def decorate_function(self, fn: Any, args: Any, fe_argtypes: Any, noalias: bool = False) -> None:
        """Leave the function as it is."""

    def get_arguments(self, func: Any) -> Any:
        """Return all arguments: the convention adds none."""
        return func.args

    def return_value(self, builder: Any, retval: Any) -> None:
        """Emit the return of a value or of nothing."""
        if isinstance(builder.function.function_type.return_type, llvm_ir.VoidType):
            builder.ret_void()
        else:
            builder.ret(retval)

    def return_user_exc(self, builder: Any, *_: Any, **__: Any) -> None:
        """Mark as unreachable: Numba raises here for errors that kernels never make, such as a range of step 0."""
        builder.unreachable()

    def call(self, builder: Any, function: Any, restype: Any, argtypes: Any, arguments: Any) -> Any:
        """Call a kernel and return its result."""
        packed = self._get_arg_packer(argtypes).as_arguments(builder, arguments)
        result = builder.call(function, list(packed))
        if restype == types.none:
            return self.context.get_dummy_value()
        return self.context.get_returned_value(builder, restype, result)

    def _make_call_helper(self, builder: Any) -> None:
        return None


class KernelLower(Lower):  # type: ignore[misc]
    """Lowers the statements of one kernel, which are in SSA form with stripped phis."""

    def init(self) -> None:
        """Count assignments: a variable that is assigned once needs no memory."""
        blocks = self.blocks.values()
        self._assigned = Counter(one.target.name for block in blocks for one in block.find_insts(ir.Assign))
        self._values: dict[str, Any] = {}
        self._places: dict[str, Any] = {}

    def emit_environment_object(self) -> None:
        """Do nothing: kernels use no Python objects."""

    def lower_function_body(self) -> Any:
        """Lower all blocks, each after the blocks that dominate it."""
        order = self._order()
        for label in order:
            self.blkmap[label] = self.function.append_basic_block(f"B{label}")
        start = self.builder.basic_block
        self._slots = llvm_ir.IRBuilder(start)
        for label in order:
            self.builder.position_at_end(self.blkmap[label])
            self.lower_block(self.blocks[label])
        return start

    def _order(self) -> list[int]:
        """Labels of the blocks, in reverse postorder."""
        found, done = [], set()
        path = [(self.firstblk, iter(self.blocks[self.firstblk].terminator.get_targets()))]
        while path:
            label, targets = path[-1]
            done.add(label)
            following = next((target for target in targets if target not in done), None)
            if following is None:
                found.append(label)
                path.pop()
            else:
                path.append((following, iter(self.blocks[following].terminator.get_targets())))
        return found[::-1]

    def lower_block(self, block: Any) -> None:
        """Lower the statements of a block one by one."""
        for statement in block.body:
            self.loc = statement.loc
            try:
                self.lower_inst(statement)
            except Exception as error:
                raise errors.LoweringError(f"{statement}: {error!r}", loc=statement.loc) from error

    def lower_inst(self, inst: Any) -> None:
        """Lower one statement; rare kinds are left to Numba."""
        if isinstance(inst, ir.Assign):
            self.storevar(self.lower_assign(self.typeof(inst.target.name), inst), inst.target.name)
        elif isinstance(inst, ir.SetItem):
            self.lower_setitem(inst.target, inst.index, inst.value, self.fndesc.calltypes[inst])
        elif not isinstance(inst, (ir.Del, ir.PopBlock)):
            super().lower_inst(inst)

    def storevar(self, value: Any, name: str, argidx: Any = None) -> None:
        """Assign a value to a variable."""
        if self._assigned[name] == 1:
            self._values[name] = value
        else:
            self.builder.store(value, self.getvar(name))

    def loadvar(self, name: str) -> Any:
        """Return the value of a variable."""
        value = self._values.get(name)
        return self.builder.load(self.getvar(name)) if value is None else value

    def getvar(self, name: str) -> Any:
        """Return the memory of a variable that is assigned more than once."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = self._slots.alloca(self.context.get_value_type(self.typeof(name)), name=name)
        return place

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        """Return the assigned value, of type ``ty``; functions get a dummy value."""
        value = inst.value
        if isinstance(value, ir.Expr):
            return self.lower_expr(ty, value)
        if isinstance(value, ir.Arg):
            return self.context.cast(self.builder, self.fnargs[value.index], self.typeof("arg." + value.name), ty)
        if isinstance(ty, (types.Callable, types.Module)):
            return self.context.get_dummy_value()
        return super().lower_assign(ty, inst)

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        """Lower one expression; loops over ranges take a few instructions."""
        special = self._SPECIAL.get(expr.op)
        value = special(self, expr) if special else None
        return super().lower_expr(resty, expr) if value is None else value

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        """Lower an operator as Numba does, but without its special cases for constants: LLVM handles them."""
        signature = self.fndesc.calltypes[expr]
        builder, context = self.builder, self.context
        operands = [
            context.cast(builder, self.loadvar(var.name), self.typeof(var.name), kind)
            for var, kind in zip((expr.lhs, expr.rhs), signature.args, strict=True)
        ]
        if op is operator.contains:
            return self._is_among(operands, signature.args)
        function = context.typing_context.resolve_value_type(op)
        exact = context.typing_context.resolve_function_type(function, signature.args, {})
        result = context.get_function(function, exact)(builder, operands)
        return context.cast(builder, result, signature.return_type, resty)

    def _is_among(self, operands: Any, kinds: Any) -> Any:
        """Lower ``x in (a, b)``; the operands arrive in reverse order."""
        members, one = operands
        found = llvm_ir.Constant(llvm_ir.IntType(1), 0)
        for place in range(len(kinds[0])):
            member = self.context.cast(
                self.builder, self.builder.extract_value(members, place), kinds[0][place], kinds[1]
            )
            found = self.builder.or_(found, self.builder.icmp_signed("==", member, one))
        return found

    def _range(self, expr: Any) -> Any:
        """Lower ``range(...)`` to start, stop and step."""
        function = self.typeof(expr.func.name)
        if not (isinstance(function, types.Function) and function.typing_key is range):
            return None
        signature = self.fndesc.calltypes[expr]
        if signature.return_type != types.range_state64_type:
            return None
        given = [
            self.context.cast(self.builder, self.loadvar(var.name), self.typeof(var.name), kind)
            for var, kind in zip(expr.args, signature.args, strict=True)
        ]
        start, stop, step = [*([_NONE, *given] if len(given) == 1 else given), _ONE][:3]
        return self._structure(signature.return_type, start, stop, step)

    def _structure(self, kind: Any, *fields: Any) -> Any:
        value = llvm_ir.Constant(self.context.get_value_type(kind), llvm_ir.Undefined)
        for place, field in enumerate(fields):
            value = self.builder.insert_value(value, field, place)
        return value

    def _iterate(self, expr: Any) -> Any:
        """Begin a loop: its position and its remaining iterations are in memory, which LLVM turns into registers."""
        if self.typeof(expr.value.name) != types.range_state64_type:
            return None
        builder, state = self.builder, self.loadvar(expr.value.name)
        start, stop, step = (builder.extract_value(state, place) for place in range(3))
        way = builder.sub(stop, start)
        forward = builder.icmp_signed(">", way, _NONE)
        nowhere = builder.xor(forward, builder.icmp_signed(">", step, _NONE))
        rest = builder.srem(way, step)
        rest = builder.select(forward, rest, builder.neg(rest))
        uneven = builder.zext(builder.icmp_signed(">", rest, _NONE), _INT)
        rounds = builder.select(nowhere, _NONE, builder.add(builder.sdiv(way, step), uneven))
        at, left = self._slots.alloca(_INT), self._slots.alloca(_INT)
        builder.store(start, at)
        builder.store(rounds, left)
        return self._structure(types.range_iter64_type, at, stop, step, left)

    def _advance(self, expr: Any) -> Any:
        """Lower one iteration: the next number of a range, and whether there is one."""
        if self.typeof(expr.value.name) != types.range_iter64_type:
            return None
        builder, loop = self.builder, self.loadvar(expr.value.name)
        at, left = builder.extract_value(loop, 0), builder.extract_value(loop, 3)
        value, rounds = builder.load(at), builder.load(left)
        builder.store(builder.sub(rounds, _ONE), left)
        builder.store(builder.add(value, builder.extract_value(loop, 2)), at)
        pair = types.Pair(types.int64, types.boolean)
        return self._structure(pair, value, builder.icmp_signed(">", rounds, _NONE))

    def _pair_first(self, expr: Any) -> Any:
        return self.builder.extract_value(self.loadvar(expr.value.name), 0)

    def _pair_second(self, expr: Any) -> Any:
        return self.builder.extract_value(self.loadvar(expr.value.name), 1)

    _SPECIAL = {  # noqa: RUF012
        "call": _range,
        "getiter": _iterate,
        "iternext": _advance,
        "pair_first": _pair_first,
        "pair_second": _pair_second,
    }
