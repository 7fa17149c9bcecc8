"""Operations of kernels that are written in LLVM assembly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer, infer_global


def intrinsic(define: Callable[..., Any]) -> Any:
    """Make an operation from ``define(typing context, *types)``, which returns its signature and what emits LLVM.

    Numba's own decorator does the same, but searches all of Numba each time.
    """

    def operation(*arguments: Any) -> Any:
        raise NotImplementedError(f"{define.__name__} is for kernels only")

    operation.__name__ = define.__name__

    class Template(AbstractTemplate):  # type: ignore[misc]
        key = operation
        prefer_literal = True
        emitters: dict[Any, Any] = {}  # noqa: RUF012

        def generic(self, args: Any, kws: Any) -> Any:
            signature, emit = define(self.context, *args)
            if signature.args not in self.emitters:
                self.emitters[signature.args] = emit
                lower_builtin(emit, *signature.args)(emit)
            return signature

        def get_impl_key(self, sig: Any) -> Any:
            return self.emitters[sig.args]

    infer(Template)
    infer_global(operation, types.Function(Template))
    return operation
