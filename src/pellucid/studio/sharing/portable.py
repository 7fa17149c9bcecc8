"""Functions of plain numbers and texts, as syntax trees that a page evaluates.

The checks and sentences of the lessons are Python. A shared page has no Python, and its security policy lets it run no
code but its own script; so it is handed these functions as data, which ``web/src/offline/lessons/python.ts`` evaluates.
Only what is listed here can be carried: no attribute of a module, no method but a few, no loop without a sequence.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import FunctionType
from typing import Any

BUILTINS = frozenset(
    ("abs", "all", "any", "enumerate", "float", "int", "len", "map", "max", "min", "next", "range", "reversed", "round",
     "sorted", "str", "sum", "tuple", "zip")
)  # fmt: skip
METHODS = frozenset(("get", "items", "join", "keys", "values"))

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|",
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip

Tree = list[Any]


class NotPortableError(TypeError):
    """A function uses something that a page cannot evaluate."""


def portable(functions: Iterable[Callable[..., Any]]) -> dict[str, Any]:
    """Return functions, with all that they call and the constants of their modules, by name.

    Parameters
    ----------
    functions : iterable of functions
        Of plain numbers, texts, lists and dictionaries.

    Returns
    -------
    dict of str to function or constant
        ``["function", parameters, statements]`` or ``["value", constant]``.

    Raises
    ------
    NotPortableError
        If one of them uses something else.
    """
    found: dict[str, Any] = {}
    waiting = [(function.__name__, function) for function in functions]
    while waiting:
        name, value = waiting.pop()
        if name in found:
            continue
        if isinstance(value, FunctionType):
            parameters, statements, names = _carried(value)
            found[name] = ["function", parameters, statements]
            waiting += [(each, value.__globals__[each]) for each in names if each in value.__globals__]
            waiting += [
                (each, constant) for each, constant in value.__globals__.items() if _is_constant(each, constant)
            ]
        else:
            found[name] = ["value", _plain(name, value)]
    return found


def _is_constant(name: str, value: Any) -> bool:
    return name.isupper() and isinstance(value, int | float)


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(name, each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise NotPortableError(f"Expected {name} to be a number, a text or a tuple of these, got {type(value).__name__}.")


@lru_cache(maxsize=256)
def _carried(function: FunctionType) -> tuple[list[str], list[Tree], frozenset[str]]:
    """Return parameters, statements and the names that are not built in."""
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(definition, ast.FunctionDef):
        raise NotPortableError(f"Expected {function.__name__} to be defined with def.")
    names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    hints = {node.id for each in _annotations(definition) for node in ast.walk(each) if isinstance(node, ast.Name)}
    body = [_statement(each) for each in definition.body if not _is_docstring(each)]
    return _parameters(definition.args), body, frozenset(names - hints - BUILTINS)


def _annotations(definition: ast.FunctionDef) -> list[ast.expr]:
    found = [each.annotation for each in definition.args.args]
    return [each for each in (*found, definition.returns) if each is not None]


def _parameters(arguments: ast.arguments) -> list[Any]:
    """Return the names; those with a default as ``[name, default]``."""
    count = len(arguments.args) - len(arguments.defaults)
    named = [each.arg for each in arguments.args]
    return [
        *named[:count],
        *([name, _value(each)] for name, each in zip(named[count:], arguments.defaults, strict=True)),
    ]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _statement(node: ast.stmt) -> Tree:
    match node:
        case ast.Return(value):
            return ["return", ["value", None] if value is None else _value(value)]
        case ast.Assign([target], value):
            return ["set", _target(target), _value(value)]
        case ast.If(test, body, orelse):
            return ["when", _value(test), [_statement(each) for each in body], [_statement(each) for each in orelse]]
        case ast.For(target, sequence, body, []):
            return ["for", _target(target), _value(sequence), [_statement(each) for each in body]]
    raise _unknown(node)


def _target(node: ast.expr) -> Any:
    """Return the name that is set, or the list of them."""
    match node:
        case ast.Name(name):
            return name
        case ast.Tuple(parts):
            return [_target(each) for each in parts]
    raise _unknown(node)


def _value(node: ast.expr) -> Tree:
    match node:
        case ast.Constant(value) if value is None or isinstance(value, bool | int | float | str):
            return ["value", value]
        case ast.Name(name):
            return ["name", name]
        case ast.Tuple(parts) | ast.List(parts):
            return ["list", [_value(each) for each in parts]]
        case ast.Dict(keys, values) if all(key is not None for key in keys):
            return ["dict", [[_value(key), _value(each)] for key, each in zip(keys, values, strict=True) if key]]
        case ast.JoinedStr(parts):
            return ["text", [_value(each) for each in parts]]
        case ast.FormattedValue(value, -1, spec):
            return ["format", _value(value), ["value", ""] if spec is None else _value(spec)]
        case ast.IfExp(test, body, orelse):
            return ["if", _value(test), _value(body), _value(orelse)]
        case ast.Attribute(value, name):
            return ["field", _value(value), name]
        case ast.Subscript(value, index) if not isinstance(index, ast.Slice):
            return ["item", _value(value), _value(index)]
        case ast.Lambda(arguments, body):
            return ["function", _parameters(arguments), [["return", _value(body)]]]
        case ast.GeneratorExp(element, [each]) | ast.ListComp(element, [each]):
            return [
                "each",
                _value(element),
                _target(each.target),
                _value(each.iter),
                [_value(test) for test in each.ifs],
            ]
    return _operation(node)


def _operation(node: ast.expr) -> Tree:
    match node:
        case ast.BinOp(left, operator, right) if type(operator) in _BINARY:
            return ["binary", _BINARY[type(operator)], _value(left), _value(right)]
        case ast.UnaryOp(ast.Not(), value):
            return ["not", _value(value)]
        case ast.UnaryOp(ast.USub(), value):
            return ["minus", _value(value)]
        case ast.BoolOp(operator, values):
            return ["and" if isinstance(operator, ast.And) else "or", [_value(each) for each in values]]
        case ast.Compare(left, operators, others):
            signs = [_COMPARED[type(operator)] for operator in operators]
            return ["compare", _value(left), signs, [_value(each) for each in others]]
        case ast.Call(ast.Name(name), arguments, keywords):
            return ["call", name, [_value(each) for each in arguments], _keywords(keywords)]
        case ast.Call(ast.Attribute(value, name), arguments, []) if name in METHODS:
            return ["method", _value(value), name, [_value(each) for each in arguments]]
    raise _unknown(node)


def _keywords(keywords: list[ast.keyword]) -> dict[str, Tree]:
    return {each.arg: _value(each.value) for each in keywords if each.arg is not None}


def _unknown(node: ast.AST) -> NotPortableError:
    return NotPortableError(f"A page cannot evaluate {ast.unparse(node)!r}: see pellucid.studio.sharing.portable.")
