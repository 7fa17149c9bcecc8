"""Turn kernels into machine code: ``kernel`` marks a function the engine is made of, ``compile_entries`` builds it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pellucid.engine.target import plain_python, processor

F = TypeVar("F", bound=Callable[..., Any])

PREFIX = "pellucid_"
"""What the names of compiled entry points begin with."""

HOME = "engine"
"""The part of the engine that has the kernels which all parts share."""

part: str | None = None
"""The part this process compiles, set before its modules are imported; None where kernels may be of any part."""

SHARED: dict[str, tuple[Any, str]] = {}
"""Shared kernels and the kinds of their arguments, by symbol."""

if plain_python():

    def shared(letters: str) -> Callable[[F], F]:
        """Leave the function as it is."""
        return lambda function: function

    def kernel(function: F) -> F:
        """Leave the function as it is: plain Python over arrays."""
        return function

else:
    import llvmlite.binding as llvm
    import numba.core.types as numba_types
    from numba.core.codegen import CPUCodeLibrary, JITCPUCodegen
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.cpu import CPUContext
    from numba.core.registry import CPUDispatcher, CPUTarget

    class _Draft(CPUCodeLibrary):  # type: ignore[misc]
        """What Numba made of one kernel, left as it is: the engine is optimised once, as a whole, at the end."""

        def _optimize_functions(self, ll_module: Any) -> None:
            ll_module.data_layout = self._codegen._data_layout

        def _optimize_final_module(self) -> None:
            pass

        def _finalize_final_module(self) -> None:
            self._finalized = True

    class _DraftCodegen(JITCPUCodegen):  # type: ignore[misc]
        _library_class = _Draft

    class _DraftContext(CPUContext):  # type: ignore[misc]
        def init(self) -> None:
            super().init()
            self._internal_codegen = _DraftCodegen("pellucid")

        def get_executable(self, library: Any, fndesc: Any, env: Any) -> Callable[..., Any]:
            """Nothing to call before the whole is linked: only a built-in, one a kernel, for Numba to know it by."""
            return [].append

    class _DraftTarget(CPUTarget):  # type: ignore[misc]
        @functools.cached_property
        def _toplevel_target_context(self) -> _DraftContext:
            return _DraftContext(self.typing_context, self._target_name)

    class _Kernel(CPUDispatcher):  # type: ignore[misc]
        targetdescr = _DraftTarget("cpu")

        def get_call_template(self, args: Any, kws: Any) -> Any:
            """Forget which constants are passed: they compile no kernel anew, and LLVM sees them where it inlines."""
            return super().get_call_template(tuple(map(vars(numba_types)["unliteral"], args)), kws)

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
        """Compile the function where it is used. Memory arguments are pointers: ``p[i]`` is element i, unchecked."""
        options = {
            "nopython": True,
            "error_model": "numpy",
            "boundscheck": False,
            "no_cpython_wrapper": True,
            "no_cfunc_wrapper": True,
        }
        return _Kernel(function, targetoptions=options)

    def shared(letters: str) -> Callable[[F], F]:
        """A kernel that one part of the engine compiles for all: the others call it by its symbol.

        Parameters
        ----------
        letters : str
            Kinds of its arguments, as for `compile_entries`; it returns nothing.
        """

        def decorate(function: F) -> F:
            symbol = PREFIX + function.__module__.rpartition(".")[2] + "_" + function.__name__
            made: Any = kernel(function if part in (None, HOME) else _elsewhere(symbol, letters))
            SHARED[symbol] = made, letters
            return made  # type: ignore[no-any-return]

        return decorate

    def _elsewhere(symbol: str, letters: str) -> Any:
        """A function that calls what another object file defines."""
        signature = numba_types.void(*(_LETTERS[letter] for letter in letters))
        there = vars(numba_types)["ExternalFunction"](symbol, signature)

        def call(*arguments: Any) -> None:
            there(*arguments)

        return call

    def compile_entries(
        entries: Mapping[str, tuple[Any, str]],
        exports: Mapping[str, tuple[Any, str]] = MappingProxyType({}),
    ) -> bytes:
        """Compile entry points, with all they call, into one object file.

        Parameters
        ----------
        entries : mapping of name to (kernel, letters)
            The kernels return nothing. One letter an argument: ``i`` int64, ``f`` float32; pointers ``F`` float32,
            ``D`` float64, ``I`` int64, ``H`` uint16, ``B`` uint8.
        exports : mapping of symbol to (kernel, letters)
            Kernels that other object files may call: `SHARED`.

        Returns
        -------
        bytes
            The object file. It defines a function ``PREFIX + name`` for each entry, which takes one pointer: to a
            block of 8-byte slots, one an argument. Exports are C functions of their arguments.
        """
        symbols, whole = {}, llvm.parse_assembly("")
        for name, (function, letters) in [*entries.items(), *exports.items()]:
            signature = numba_types.void(*(_LETTERS[letter] for letter in letters))
            function.compile(signature.args)
            compiled = function.overloads[signature.args]
            with global_compiler_lock:
                compiled.library._ensure_finalized()
            symbols[name] = compiled.fndesc.llvm_func_name
            whole.link_in(compiled.library._final_module, preserve=True)
        for name, (_, letters) in entries.items():
            whole.link_in(llvm.parse_assembly(_doorway(name, symbols[name], letters)))
        for name, (_, letters) in exports.items():
            whole.link_in(llvm.parse_assembly(_side_door(name, symbols[name], letters)))
        for function in whole.functions:
            if not function.is_declaration and not function.name.startswith(PREFIX):
                function.linkage = "internal"
        return _emit(whole)

    def _doorway(name: str, symbol: str, letters: str) -> str:
        """LLVM assembly of ``PREFIX + name``, which takes its arguments from a block of 8-byte slots.

        One pointer is all that Python has to pass. Numba's own convention has two more arguments, for a result and an
        error; neither is used here, and both point to scratch.
        """
        kinds = _kinds(letters)
        lines = [f"define void @{PREFIX}{name}(ptr %block) {{", "  %scratch = alloca [8 x i64]"]
        for place, kind in enumerate(kinds):
            lines.append(f"  %slot{place} = getelementptr i64, ptr %block, i64 {place}")
            lines.append(f"  %value{place} = load {kind}, ptr %slot{place}")
        passed = ", ".join(f"{kind} %value{place}" for place, kind in enumerate(kinds))
        lines.append(f'  call i32 @"{symbol}"(ptr %scratch, ptr %scratch, {passed})')
        declaration = f'declare i32 @"{symbol}"(ptr, ptr, {", ".join(kinds)})'
        return "\n".join([declaration, *lines, "  ret void", "}"])

    def _side_door(name: str, symbol: str, letters: str) -> str:
        """LLVM assembly of the C function ``name``, which takes its arguments as they are."""
        passed = ", ".join(f"{kind} %value{place}" for place, kind in enumerate(_kinds(letters)))
        return f"""declare i32 @"{symbol}"(ptr, ptr, {", ".join(_kinds(letters))})
            define void @{name}({passed}) {{
              %scratch = alloca [8 x i64]
              call i32 @"{symbol}"(ptr %scratch, ptr %scratch, {passed})
              ret void
            }}"""

    def _kinds(letters: str) -> list[str]:
        """LLVM's types of arguments."""
        return [{"i": "i64", "f": "float"}.get(letter, "ptr") for letter in letters]

    def _emit(module: Any) -> bytes:
        """Optimise for this processor and turn into an object file."""
        name, features = processor()
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(cpu=name, features=features, opt=3, codemodel="jitdefault", jit=True)
        # The lanes are the vectors; LLVM's own vectorisers only lengthen the tails.
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_vectorization = tuning.slp_vectorization = False
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
        return machine.emit_object(module)  # type: ignore[no-any-return]
