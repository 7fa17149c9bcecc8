"""The compiled engine, ready to call: loaded from the cache, or compiled, once per machine.

Loading compiled code needs neither Numba nor the kernels: LLVM loads the object file.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pellucid.engine.compiler.ahead import LibraryAhead, library_ahead, machine_name
from pellucid.engine.compiler.cache import Cache, code_folder
from pellucid.engine.compiler.entry import Entry, PlainEntry
from pellucid.engine.compiler.guard import GuardedEntry, guarded
from pellucid.engine.compiler.parts import HOME, PARTS
from pellucid.engine.compiler.target import plain_python, processor
from pellucid.errors import ConfigurationError

logger = logging.getLogger("pellucid")

Listener = Callable[[str, float], None]
"""Called with ("compiling", 0.0) before the engine is compiled and ("compiled", seconds) after."""

listeners: list[Listener] = []


class Engine:
    """The entry points of one part, by name; ``shared`` has the addresses of shared functions, by symbol."""

    def __init__(self, entries: dict[str, Any], shared: Mapping[str, int] = MappingProxyType({})) -> None:
        self.shared = shared
        for name, entry in entries.items():
            setattr(self, name, entry)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the engine has no entry point {name!r}")


Compiler = Callable[[Sequence[str]], dict[str, bytes]]
"""Compiles parts of the engine, given by name, to the contents that the cache stores."""


def compile_parts(parts: Sequence[str]) -> dict[str, bytes]:
    """Compile parts of the engine to the contents that the cache stores, and notify the listeners."""
    for listener in listeners:
        listener("compiling", 0.0)
    began = time.perf_counter()
    from pellucid.engine.compiler.build import build

    made = build(parts)
    took = time.perf_counter() - began
    logger.info("compiled the engine for %s in %.1f s", processor()[0], took)
    for listener in listeners:
        listener("compiled", took)
    return made


class Library:
    """The parts of the engine, each loaded or compiled at its first use.

    Parameters
    ----------
    cache : Cache, optional
        Where compiled code is stored; by default in `code_folder`.
    compiler : callable
        Compiles the parts that are not in the cache.
    ahead : callable
        Returns the library that was compiled ahead for this machine, if there is one.
    """

    def __init__(
        self,
        cache: Cache | None = None,
        compiler: Compiler = compile_parts,
        ahead: Callable[[], LibraryAhead | None] = lambda: None,
    ) -> None:
        self.compiler, self._ahead = compiler, ahead
        self._cache = cache
        self._lock = threading.RLock()
        self._engines: dict[str, Engine] = {}

    def engine(self, part: str = HOME) -> Engine:
        """One part, loaded or compiled at the first call; threads that call at once get the same object.

        "dense" runs networks of dense layers and has the kernels that all parts share, "planes" runs networks with
        convolutions, pooling or dropout, and "sequences" runs recurrent networks.
        """
        found = self._engines.get(part)
        if found is None:
            with self._lock:
                found = self._engines.get(part)
                if found is None:
                    found = self._engines[part] = plain_engine(part) if plain_python() else self._load(part)
        return found

    def _load(self, part: str) -> Engine:
        """Load a part that was compiled ahead, or one from the cache, compiling it first if it is not there."""
        ahead = self._ahead()
        if ahead is not None:
            return _engine(ahead.addresses(part), ahead.loaded)
        check_compiler()
        if self._cache is None:
            self._cache = Cache(code_folder())
        # The other parts call functions of HOME.
        home = None if part == HOME else self.engine(HOME)
        content = self._cache.read(part)
        if content is None:
            # All missing parts are compiled at once, so that another kind of network need not wait later.
            missing = [part, *(other for other in PARTS if other != part and self._cache.read(other) is None)]
            made = self.compiler(missing)
            self._cache.write(made)
            content = made[part]
        return link(content, home)


default_library = Library(ahead=library_ahead)
"""The engine of this process."""


engine = default_library.engine
"""One part of the engine of this process, loaded or compiled at the first call; see `Library.engine`."""


def plain_engine(part: str) -> Engine:
    """A part of the engine as plain Python."""
    entries: dict[str, Any] = importlib.import_module(f"pellucid.engine.programs.{PARTS[part]}").ENTRIES
    return Engine({name: PlainEntry(function) for name, function in entries.items()})


_linking = threading.Lock()


def link(content: bytes, home: Engine | None = None) -> Engine:
    """Load an object file and find its entry points.

    Parameters
    ----------
    content : bytes
        A line of JSON, ``{name: [symbol, letters]}``, then the object file.
    home : Engine, optional
        The part with the shared functions that this one calls; it stays loaded as long as this one.
    """
    import llvmlite.binding as llvm

    header, code = content.split(b"\n", 1)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
    linker = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    linker.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    with _linking:  # symbols are global to the process
        for symbol, address in home.shared.items() if home else ():
            llvm.add_symbol(symbol, address)
        linker.finalize_object()
    found = {
        name: (linker.get_function_address(symbol), letters) for name, (symbol, letters) in json.loads(header).items()
    }
    return _engine(found, (linker, home))


def _engine(found: Mapping[str, tuple[int, str | None]], keep: Any) -> Engine:
    """A part from the address and the letters of each entry point, and of each shared function, which has none."""
    entries: dict[str, Any] = {}
    shared: dict[str, int] = {}
    for name, (address, letters) in found.items():
        if letters is None:
            shared[name] = address
        else:
            entry = Entry(address, letters, keep)
            entries[name] = GuardedEntry(entry) if guarded() else entry
    return Engine(entries, shared)


def check_compiler() -> None:
    """Raise if the engine has to be compiled here and cannot be.

    Raises
    ------
    ConfigurationError
        If Numba is not installed.
    """
    if importlib.util.find_spec("numba") is None:
        raise ConfigurationError(
            f"This installation has no compiled engine for a machine like this one ({machine_name()}), and no compiler "
            "to make one: pip install 'pellucid[compile]'."
        )
