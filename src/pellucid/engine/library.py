"""The compiled engine, ready to call: from the cache where it was compiled before, else compiled now, once a machine.

Calling compiled code needs neither Numba nor the kernels: the object file is loaded by LLVM, and arrays are passed by
address. The cache is keyed by everything the machine code depends on: the engine's source, the versions of Numba and
LLVM, the processor and the width of its lanes.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import importlib.util
import json
import logging
import os
import platform
import struct
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.target import lane_width, plain_python, processor
from pellucid.whole import write_whole

logger = logging.getLogger("pellucid")

_SOURCE = Path(__file__).parent
_DIGEST = 32  # bytes of SHA-256, ahead of what it covers in a cache file

Listener = Callable[[str, float], None]
"""Called with ("compiling", 0.0) before the engine is compiled and ("compiled", seconds) after."""

listeners: list[Listener] = []


class Entry:
    """One entry point: call it with arrays (C-contiguous, of the right type), integers and floats.

    The arguments go into a block of 8-byte slots: arrays by address, numbers as they are. ``keep`` is what the code
    lives in.
    """

    def __init__(self, address: int, letters: str, keep: Any) -> None:
        self._keep = keep
        self.address = address
        self._function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        self._slots = struct.Struct("=" + "".join("f4x" if letter == "f" else "q" for letter in letters))

    def _block(self, arguments: tuple[Any, ...]) -> NDArray[np.int64]:
        passed = [_address(each) if isinstance(each, np.ndarray) else each for each in arguments]
        try:
            packed = self._slots.pack(*passed)
        except OverflowError:  # past float32
            packed = self._slots.pack(*(_as_float32(each) if isinstance(each, float) else each for each in passed))
        return np.frombuffer(bytearray(packed), np.int64)

    def __call__(self, *arguments: Any) -> None:
        """Run."""
        # Named, so that the block outlives the call: other threads run meanwhile and would reuse its memory.
        block = self._block(arguments)
        self.run(_address(block))

    def bind(self, *arguments: Any) -> Bound:
        """Fix all arguments: a call that looks nothing up."""
        return Bound(self, arguments, self._block(arguments))

    def run(self, block: int) -> None:
        """Run on the block of arguments at an address."""
        self._function(block)


class Bound:
    """An entry point with all its arguments, and the ``block`` of slots that they are passed in, at ``address``."""

    __slots__ = "address", "arguments", "block", "entry"

    def __init__(self, entry: Entry, arguments: tuple[Any, ...], block: NDArray[np.int64]) -> None:
        self.entry, self.arguments, self.block = entry, arguments, block
        self.address = _address(block)

    def __call__(self) -> None:
        """Run."""
        self.entry.run(self.address)

    def place(self, argument: Any) -> int:
        """The address of the slot of an argument: of that very object."""
        slot = next(slot for slot, one in enumerate(self.arguments) if one is argument)
        return _address(self.block[slot:])


def _as_float32(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _address(array: NDArray[Any]) -> int:
    """Where an array begins in memory; NumPy itself takes three times as long to tell it."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):  # read-only, empty, or not in one piece
        return array.ctypes.data


class PlainEntry:
    """The same entry point as plain Python, for a debugger: arrays arrive as memory does, in one line."""

    def __init__(self, function: Any, letters: str) -> None:
        self._function, self._letters = function, letters

    def __call__(self, *arguments: Any) -> None:
        """Run."""
        with np.errstate(all="ignore"):
            self._function(*map(_as_passed, self._letters, arguments))

    def bind(self, *arguments: Any) -> Callable[[], None]:
        """Fix all arguments."""
        return lambda: self(*arguments)


def _as_passed(letter: str, argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.reshape(-1)
    return np.float32(argument) if letter == "f" else int(argument)


class Engine:
    """The entry points of one part, by name; ``shared`` has the addresses of what other parts may call, by symbol."""

    def __init__(self, entries: dict[str, Any], shared: Mapping[str, int] = MappingProxyType({})) -> None:
        self.shared = shared
        for name, entry in entries.items():
            setattr(self, name, entry)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the engine has no entry point {name!r}")


PARTS = {"engine": "entries", "tiles": "tile_entries", "sequences": "sequence_entries"}
"""The parts of the engine, and the module that lists the entry points of each."""

_lock = threading.RLock()
_engines: dict[str, Engine] = {}
_compiled: dict[Path, bytes] = {}


def engine(part: str = "engine") -> Engine:
    """One part of the engine of this process, loaded or compiled at the first call.

    "engine" runs networks of dense layers and has what all parts share, "tiles" runs networks with convolutions,
    pooling or dropout, "sequences" those with LSTMs.
    """
    found = _engines.get(part)
    if found is None:
        with _lock:
            found = _engines.get(part)
            if found is None:
                found = _engines[part] = _plain_engine(part) if plain_python() else _compiled_engine(part)
                _offer(found)
    return found


def _offer(found: Engine) -> None:
    """Let other parts call what this one, which stays to the end of the process, has for all."""
    if found.shared:
        import llvmlite.binding as llvm

        for symbol, address in found.shared.items():
            llvm.add_symbol(symbol, address)


def cache_folder() -> Path:
    """Where compiled code is kept: ``PELLUCID_CACHE``, else the user's cache folder."""
    asked = os.environ.get("PELLUCID_CACHE")
    if asked:
        return Path(asked)
    import platformdirs

    return Path(platformdirs.user_cache_dir("pellucid", appauthor=False))


def fingerprint() -> str:
    """A digest of everything the machine code depends on."""
    digest = hashlib.sha256()
    for path in sorted(_SOURCE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    about = [
        version_of("numba"),
        version_of("llvmlite"),
        platform.python_version(),
        platform.system(),
        platform.machine(),
        *processor(),
        lane_width(),
    ]
    digest.update(json.dumps(about).encode())
    return digest.hexdigest()[:24]


def version_of(package: str) -> str:
    """What tells a package's version from another, found without importing it."""
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    try:
        # What the package itself says of it; the standard library's way takes thirty milliseconds to import.
        return Path((places or [""])[0], "_version.py").read_text(encoding="utf-8")
    except OSError:
        from importlib.metadata import version

        return version(package)


def _plain_engine(part: str = "engine") -> Engine:
    entries: dict[str, tuple[Any, str]] = importlib.import_module(f"pellucid.engine.{PARTS[part]}").ENTRIES
    return Engine({name: PlainEntry(function, letters) for name, (function, letters) in entries.items()})


def _compiled_engine(part: str = "engine") -> Engine:
    if part != "engine":
        engine()  # which the others call
    stored = _read(_path(part)) or _compiled.get(_path(part))
    if stored is None:
        # All that lack at once: another kind of network then need not wait.
        made = _compile([part, *(other for other in PARTS if other != part and not _is_kept(other))])
        # One failure is enough: what cannot be written is kept here.
        kept = all(_write(_path(name), content) for name, content in made.items())
        _compiled.update({} if kept else {_path(name): content for name, content in made.items()})
        stored = made[part]
    return _link(stored)


def _path(part: str) -> Path:
    return cache_folder() / f"{part}-{fingerprint()}.bin"


def _is_kept(part: str) -> bool:
    return _path(part) in _compiled or _read(_path(part)) is not None


def _compile(parts: Sequence[str]) -> dict[str, bytes]:
    """Compile parts of the engine into what cache files hold after their digests."""
    for listener in listeners:
        listener("compiling", 0.0)
    began = time.perf_counter()
    from pellucid.engine.build import build

    made = build(parts)
    took = time.perf_counter() - began
    logger.info("compiled the engine for %s in %.1f s", processor()[0], took)
    for listener in listeners:
        listener("compiled", took)
    return made


def _read(path: Path) -> bytes | None:
    """The content of a cache file, or None where it is missing, unreadable or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[_DIGEST:]
    return content if hashlib.sha256(content).digest() == stored[:_DIGEST] else None


def _write(path: Path, content: bytes) -> bool:
    """Put the cache file in place whole; a folder that cannot be written to costs one warning, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, hashlib.sha256(content).digest() + content)
    except OSError as error:
        warnings.warn(
            f"The compiled engine could not be kept in {path.parent} ({error.strerror or error}): every run will "
            "compile it again. Make that folder writable, or set PELLUCID_CACHE to one that is.",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


def _link(content: bytes) -> Engine:
    """Load the object file and find its entry points."""
    import llvmlite.binding as llvm

    header, code = content.split(b"\n", 1)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
    linker = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    linker.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    linker.finalize_object()
    entries, shared = {}, {}
    for name, (symbol, letters) in json.loads(header).items():
        address = linker.get_function_address(symbol)
        if letters is None:
            shared[symbol] = address
        else:
            entries[name] = Entry(address, letters, linker)
    return Engine(entries, shared)
