"""Compile kernels to machine code: ``kernel`` marks a function of the engine, ``compile_entries`` compiles them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

from pellucid.engine.compiler.parts import HOME
from pellucid.engine.compiler.signature import fields_of, letters_of
from pellucid.engine.compiler.target import plain_python, processor, triple

F = TypeVar("F", bound=Callable[..., Any])

PREFIX = "pellucid_"
"""The prefix of the symbols of compiled entry points."""

part: str | None = None
"""The part that this process compiles, set before its modules are imported; None if kernels may be of any part."""

SHARED: dict[str, Any] = {}
"""Shared kernels by symbol."""

if plain_python():

    def shared(function: F) -> F:
        """Leave the function as it is."""
        return function

    def kernel(function: F) -> F:
        """Leave the function as it is, plain Python over arrays."""
        return function

else:
    import llvmlite.binding as llvm
    import numba.core.types as numba_types
    from numba.core.compiler_lock import global_compiler_lock

    from pellucid.engine.compiler.frontend import Kernel, refresh, whole

    _pointer: Any = vars(numba_types)["CPointer"]  # Numba's own type stubs leave it out
    _LETTERS = {
        "i": numba_types.int64,
        "f": numba_types.float32,
        "F": _pointer(numba_types.float32),
        "D": _pointer(numba_types.float64),
        "I": _pointer(numba_types.int64),
        "H": _pointer(numba_types.uint16),
        "B": _pointer(numba_types.uint8),
    }

    def kernel(function: F) -> F:
        """Compile the function when a kernel calls it. Memory is an unchecked pointer: ``p[i]`` is element i."""
        return cast(F, Kernel(function))

    def shared(function: F) -> F:
        """Make a kernel that one part of the engine compiles for all; the others call it by its symbol.

        Its annotations give the kinds of its arguments (`pellucid.engine.compiler.signature`); it returns nothing.
        """
        module = function.__module__.removeprefix("pellucid.engine.").replace(".", "_")
        symbol = f"{PREFIX}{module}_{function.__name__}"
        if part not in (None, HOME):
            return cast(F, vars(numba_types)["ExternalFunction"](symbol, _signature(function)))
        made = kernel(function)
        SHARED[symbol] = made
        return made

    def _signature(function: Callable[..., Any]) -> Any:
        """Numba's signature of a function that returns nothing, from its annotations."""
        return numba_types.void(*map(_type, fields_of(function).values()))

    def _type(kind: Any) -> Any:
        """Numba's type of an argument, which is given by a letter or a record."""
        if isinstance(kind, str):
            return _LETTERS[kind]
        return vars(numba_types)["BaseTuple"].from_types(tuple(map(_type, fields_of(kind).values())), kind)

    def compile_entries(
        entries: Mapping[str, Any], exports: Mapping[str, Any] = MappingProxyType({}), assembly: str = ""
    ) -> bytes:
        """Compile entry points and everything they call into one object file.

        Parameters
        ----------
        entries : mapping of name to kernel
            The kernels return nothing; their annotations give the kinds of their arguments.
        exports : mapping of symbol to kernel
            Kernels that other object files may call, such as `SHARED`.
        assembly : str
            LLVM assembly of further functions, with names that begin with ``PREFIX``.

        Returns
        -------
        bytes
            The object file. It defines a function ``PREFIX + name`` for each entry, which takes one pointer to a
            block of 8-byte slots, one per argument or field of a record. Exports are C functions of their arguments.
        """
        with global_compiler_lock:
            return _emit(_whole(entries, exports, assembly))

    def _whole(entries: Mapping[str, Any], exports: Mapping[str, Any], assembly: str) -> Any:
        """The module with these kernels and everything they call; only entry points and exports are external."""
        wrappers = [assembly]
        refresh()
        for symbol, function in [*((PREFIX + name, one) for name, one in entries.items()), *exports.items()]:
            signature, letters = _signature(function.py_func), letters_of(function.py_func)
            function.compile(signature.args)
            inner = function.overloads[signature.args].fndesc.llvm_func_name
            wrappers.append((_export_wrapper if symbol in exports else _entry_wrapper)(symbol, inner, letters))
        module = whole()
        for wrapper in wrappers:
            module.link_in(llvm.parse_assembly(wrapper))
        for function in module.functions:
            if not function.is_declaration and not function.name.startswith(PREFIX):
                function.linkage = "internal"
        return module

    def _entry_wrapper(name: str, symbol: str, letters: str) -> str:
        """LLVM assembly of ``name``, which loads its arguments from 8-byte slots at the address that Python passes."""
        kinds = _kinds(letters)
        lines = []
        for place, kind in enumerate(kinds):
            lines.append(f"  %slot{place} = getelementptr i64, ptr %block, i64 {place}")
            lines.append(f"  %value{place} = load {kind}, ptr %slot{place}")
        return _wrapper(name, "ptr %block", lines, symbol, kinds)

    def _export_wrapper(name: str, symbol: str, letters: str) -> str:
        """LLVM assembly of the C function ``name``, which takes its arguments by value."""
        kinds = _kinds(letters)
        return _wrapper(name, ", ".join(f"{kind} %value{place}" for place, kind in enumerate(kinds)), [], symbol, kinds)

    def _wrapper(name: str, arguments: str, lines: list[str], symbol: str, kinds: list[str]) -> str:
        passed = ", ".join(f"{kind} %value{place}" for place, kind in enumerate(kinds))
        call = f'  call void @"{symbol}"({passed})'
        declaration = f'declare void @"{symbol}"({", ".join(kinds)})'
        return "\n".join([declaration, f"define void @{name}({arguments}) {{", *lines, call, "  ret void", "}"])

    def _kinds(letters: str) -> list[str]:
        """The LLVM types of arguments."""
        return [{"i": "i64", "f": "float"}.get(letter, "ptr") for letter in letters]

    def _machine() -> Any:
        """LLVM's description of the processor: this one, for code that LLVM loads, or one to compile a library for."""
        name, features = processor()
        elsewhere = triple()
        if elsewhere is None:
            target = llvm.Target.from_default_triple()
            return target.create_target_machine(cpu=name, features=features, opt=3, codemodel="jitdefault", jit=True)
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = llvm.Target.from_triple(elsewhere)
        return target.create_target_machine(cpu=name, features=features, opt=3, reloc="pic", codemodel="default")

    def _emit(module: Any) -> bytes:
        """Optimise a module for the processor and write it as an object file."""
        machine = _machine()
        if triple() is not None:
            module.triple, module.data_layout = triple(), str(machine.target_data)
        # Kernels are vectorised already; LLVM's vectorisers only lengthen the remainder loops. A loop that keeps a
        # block of sums in registers has no registers left for unrolling, which would spill them at every iteration.
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_vectorization = tuning.slp_vectorization = False
        tuning.loop_unrolling = False
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
        return machine.emit_object(module)  # type: ignore[no-any-return]
