"""Numba's front end, reduced to what kernels need: type inference, then LLVM IR in one module for all kernels."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from llvmlite import binding as llvm
from numba.core import ir, typing
from numba.core import types as numba_types
from numba.core.bytecode import ByteCode, FunctionIdentity
from numba.core.callconv import create_error_model
from numba.core.codegen import CPUCodeLibrary, JITCPUCodegen
from numba.core.compiler import Flags, compile_result
from numba.core.cpu import CPUContext
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.interpreter import Interpreter
from numba.core.ir_utils import build_definitions
from numba.core.registry import CPUDispatcher, CPUTarget
from numba.core.ssa import reconstruct_ssa
from numba.core.targetconfig import ConfigStack
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import PreLowerStripPhis, type_inference_stage
from numba.core.typing import mathdecl
from numba.cpython import builtins, mathimpl, numbers, rangeobj, tupleobj  # noqa: F401

from pellucid.engine.compiler.lowering import Convention, KernelLower


class _Library(CPUCodeLibrary):  # type: ignore[misc]
    """One kernel's library, which writes to the module that all kernels share."""

    def __init__(self, codegen: Any, name: str) -> None:
        super(CPUCodeLibrary, self).__init__(codegen, name)
        self._linking_libraries: list[Any] = []
        self._finalized = True

    def create_ir_module(self, name: str) -> Any:
        return self._codegen.module

    def add_linking_library(self, library: Any) -> None:
        if not isinstance(library, _Library):
            self._codegen.foreign.append(library)

    def add_ir_module(self, ir_module: Any) -> None:
        """Do nothing: all kernels share one module."""


class _Codegen(JITCPUCodegen):  # type: ignore[misc]
    _library_class = _Library

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.module = self._create_empty_module(name)
        self.foreign: list[Any] = []


class _Typing(typing.Context):  # type: ignore[misc]
    """Caches the types of functions by their arguments."""

    def init(self) -> None:
        super().init()
        self._known: dict[Any, Any] = {}

    def load_additional_registries(self) -> None:
        self.install_registry(mathdecl.registry)

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        key = id(func), tuple(args)
        known = self._known.get(key)
        if known is not None and not kws:
            return known[1]
        found = super().resolve_function_type(func, args, kws)
        if found is not None and not kws:
            self._known[key] = func, found
        return found


class _Context(CPUContext):  # type: ignore[misc]
    """Knows the kernels, and Numba's functions on numbers, tuples and ranges."""

    def init(self) -> None:
        super().init()
        self._internal_codegen = _Codegen("pellucid")
        self._numbers = itertools.count()
        self._implementations: dict[Any, Any] = {}

    def load_additional_registries(self) -> None:
        self.install_registry(mathimpl.registry)

    @property
    def call_conv(self) -> Convention:
        return Convention(self)

    def mangler(self, name: str, types: Any, *, abi_tags: Any = (), uid: Any = None) -> str:
        """A short unique name; it need not encode the types."""
        return f"{name}.{next(self._numbers)}"

    def post_lowering(self, mod: Any, library: Any) -> None:
        """Do nothing: kernels count no references, so there is nothing to link."""

    def declare_function(self, module: Any, fndesc: Any) -> Any:
        known = module.globals.get(fndesc.mangled_name)
        return super().declare_function(module, fndesc) if known is None else known

    def insert_user_function(self, func: Any, fndesc: Any, libs: Any = ()) -> None:
        def call(context: Any, builder: Any, sig: Any, arguments: Any, loc: Any) -> Any:
            function = context.declare_function(builder.module, fndesc)
            return context.call_conv.call(builder, function, fndesc.restype, fndesc.argtypes, arguments)

        call.signature = fndesc.argtypes  # type: ignore[attr-defined]
        self._defns[func].append(call, fndesc.argtypes)

    def call_internal(self, builder: Any, fndesc: Any, sig: Any, args: Any) -> Any:
        function = self.declare_function(builder.module, fndesc)
        return self.call_conv.call(builder, function, fndesc.restype, fndesc.argtypes, args)

    def get_external_function_type(self, fndesc: Any) -> Any:
        """The LLVM type of an external function; each field of a record is an argument."""
        return self.call_conv.get_function_type(fndesc.restype, fndesc.argtypes)

    def call_external_function(self, builder: Any, callee: Any, argtys: Any, args: Any) -> Any:
        return builder.call(callee, list(self.get_arg_packer(argtys).as_arguments(builder, args)))

    def get_function(self, fn: Any, sig: Any, _firstcall: bool = True) -> Any:
        key = fn, sig.args, sig.return_type
        found = self._implementations.get(key)
        if found is None:
            found = self._implementations[key] = super().get_function(fn, sig, _firstcall)
        return found


class _Target(CPUTarget):  # type: ignore[misc]
    @functools.cached_property
    def _toplevel_typing_context(self) -> _Typing:
        return _Typing()

    @functools.cached_property
    def _toplevel_target_context(self) -> _Context:
        return _Context(self.typing_context, self._target_name)


class _Interpreter(Interpreter):  # type: ignore[misc]
    def post_process(self, peepholes: Any, func_ir: Any) -> Any:
        """Skip the passes for ``with`` and ``try``."""
        return func_ir


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A function that kernels may call; it is lowered to LLVM IR once for each combination of argument types."""

    targetdescr = _Target("cpu")

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, targetoptions={"nopython": True})

    def compile(self, sig: Any) -> Any:
        """Lower the kernel for these types of arguments, unless that has been done."""
        arguments = tuple(sig)
        if arguments not in self.overloads:
            self.overloads[arguments] = self._lower(arguments)
        return self.overloads[arguments].entry_point

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Drop the values of constant arguments: kernels are not specialised to them, and LLVM inlines them anyway."""
        return super().get_call_template(tuple(map(vars(numba_types)["unliteral"], args)), kws)

    def _lower(self, arguments: Any) -> Any:
        target = self.targetdescr.target_context
        context = target.subtarget(error_model=create_error_model("numpy", target))
        statements = _statements(self.py_func)
        typemap, result, calls, _ = type_inference_stage(
            self.targetdescr.typing_context, context, statements, arguments, None
        )
        PreLowerStripPhis()._strip_phi_nodes(statements)
        description = PythonFunctionDescriptor.from_specialized_function(
            statements, typemap, result, calls, mangler=context.mangler, inline=False, noalias=False, abi_tags=()
        )
        library = context.codegen().create_library(description.mangled_name)
        with context.push_code_library(library), ConfigStack().enter(Flags()):
            KernelLower(context, library, description, statements).lower()
        entry = object()
        context.insert_user_function(entry, description)
        return compile_result(
            target_context=context,
            entry_point=entry,
            library=library,
            signature=typing.signature(result, *arguments),
            objectmode=False,
            fndesc=description,
            typing_error=None,
        )


def _statements(function: Callable[..., Any]) -> Any:
    """Numba's IR of a function, in SSA form, with the items of constant tuples replaced by constants."""
    identity = FunctionIdentity.from_function(function)
    found = _Interpreter(identity).interpret(ByteCode(identity))
    found.blocks = canonicalize_cfg(found.blocks)
    found.generator_info = None
    reconstruct_ssa(found)
    found._definitions = build_definitions(found.blocks)
    for block in found.blocks.values():
        for statement in block.find_insts(ir.Assign):
            statement.value = _constant_item(found, statement.value)
    return found


def _constant_item(statements: Any, value: Any) -> Any:
    """Replace an item of a constant tuple by a constant, and any other constant index by a static one.

    With a static index, Numba infers the type of the item.
    """
    if not (isinstance(value, ir.Expr) and value.op == "getitem"):
        return value
    index = _constant(statements, value.index)
    if not isinstance(index, int):
        return value
    whole = _constant(statements, value.value)
    if isinstance(whole, tuple):
        return ir.Const(whole[index], value.loc)
    return ir.Expr.static_getitem(value.value, index, value.index, value.loc)


def _constant(statements: Any, var: Any) -> Any:
    """The value of a variable that is assigned once, to a constant; otherwise None."""
    definitions = statements._definitions[var.name]
    known = len(definitions) == 1 and isinstance(definitions[0], (ir.Const, ir.Global, ir.FreeVar))
    return definitions[0].value if known else None


def refresh() -> None:
    """Register the intrinsics that were defined since the last call."""
    Kernel.targetdescr.target_context.refresh()


def whole() -> Any:
    """All kernels lowered so far, as one LLVM module."""
    codegen = Kernel.targetdescr.target_context.codegen()
    module = llvm.parse_assembly(str(codegen.module))
    for library in codegen.foreign:
        module.link_in(library._get_module_for_linking(), preserve=True)
    return module
