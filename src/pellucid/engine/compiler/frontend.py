"""Numba's front end with only the steps that kernels need: types inferred, then LLVM's language, one module for all."""

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
    """One kernel's place in the module that all kernels are written to."""

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
        """It is the one that all share."""


class _Codegen(JITCPUCodegen):  # type: ignore[misc]
    _library_class = _Library

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.module = self._create_empty_module(name)
        self.foreign: list[Any] = []


class _Typing(typing.Context):  # type: ignore[misc]
    """Remembers what a function of given arguments is."""

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
    """Knows the kernels, and of Numba's own functions those on numbers, tuples and ranges."""

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
        """A short name that no other kernel has: the types need not be told."""
        return f"{name}.{next(self._numbers)}"

    def post_lowering(self, mod: Any, library: Any) -> None:
        """Nothing to link: kernels count no references."""

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
        """LLVM's type of a function elsewhere: the fields of records are arguments of their own."""
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
        """Leave out what mends ``with`` and ``try``."""
        return func_ir


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A function that kernels may call: Numba drafts it, anew for other types of arguments, when one does."""

    targetdescr = _Target("cpu")

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, targetoptions={"nopython": True})

    def compile(self, sig: Any) -> Any:
        """Draft the kernel for these types of arguments, unless that has been done."""
        arguments = tuple(sig)
        if arguments not in self.overloads:
            self.overloads[arguments] = self._draft(arguments)
        return self.overloads[arguments].entry_point

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Forget which constants are passed: they compile no kernel anew, and LLVM sees them where it inlines."""
        return super().get_call_template(tuple(map(vars(numba_types)["unliteral"], args)), kws)

    def _draft(self, arguments: Any) -> Any:
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
    """Numba's form of a function, in SSA form, with constants taken from tuples."""
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
    """``tuple[3]`` of a constant tuple is a constant; an index known now tells Numba the type of any other."""
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
    """What a variable is that is assigned once, a constant; else None."""
    definitions = statements._definitions[var.name]
    known = len(definitions) == 1 and isinstance(definitions[0], (ir.Const, ir.Global, ir.FreeVar))
    return definitions[0].value if known else None


def refresh() -> None:
    """Learn of the intrinsics defined since."""
    Kernel.targetdescr.target_context.refresh()


def whole() -> Any:
    """All kernels drafted so far, as one LLVM module."""
    codegen = Kernel.targetdescr.target_context.codegen()
    module = llvm.parse_assembly(str(codegen.module))
    for library in codegen.foreign:
        module.link_in(library._get_module_for_linking(), preserve=True)
    return module
