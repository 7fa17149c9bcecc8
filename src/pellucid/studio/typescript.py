"""The page's TypeScript types, made from the schema: ``python -m pellucid.studio.typescript FILE`` writes them."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import sys
import textwrap
from pathlib import Path

import msgspec
from msgspec import inspect as schema

from pellucid.studio.messages import EVENTS, MAX_REQUEST, MODULES, REQUESTS
from pellucid.system.atomic_write import write_whole

_PLAIN: dict[type[schema.Type], str] = {
    schema.IntType: "number",
    schema.FloatType: "number",
    schema.StrType: "string",
    schema.BoolType: "boolean",
    schema.NoneType: "null",
}


def typescript() -> str:
    """The whole file.

    Examples
    --------
    >>> print(typescript().split("export interface UndoStroke ")[1].split("}")[0])
    {
      readonly type: "undoStroke";
      /** The page's number for it, counting up; `request` of the events that answer it. */
      readonly id: number;
    """
    blocks = [
        "// Made by `python -m pellucid.studio.typescript`: change src/pellucid/studio/ instead, and make it anew.",
        f"/** Bytes of JSON in one request, at most. */\nexport const MAX_REQUEST = {MAX_REQUEST};",
        *(_interface(kind) for kind in _structs()),
        _union("AnyRequest", "All that the page can ask.", REQUESTS),
        _union("AnyEvent", "All that the server can tell.", EVENTS),
    ]
    return "\n\n".join(blocks) + "\n"


def _structs() -> list[type[msgspec.Struct]]:
    """Every struct of the unions, and every part they are made of, in the order of their declaration."""
    found: list[type[msgspec.Struct]] = []
    for module in MODULES:
        for kind in vars(module).values():
            if inspect.isclass(kind) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__:
                found += [kind] if kind in REQUESTS + EVENTS or _is_part(kind) else []
    return found


def _is_part(kind: type[msgspec.Struct]) -> bool:
    return kind.__struct_config__.tag is None and bool(kind.__struct_fields__)


def _interface(kind: type[msgspec.Struct]) -> str:
    lines = [_comment(inspect.getdoc(kind) or ""), f"export interface {kind.__name__} {{"]
    if kind.__struct_config__.tag is not None:
        lines.append(f"  readonly type: {json.dumps(kind.__struct_config__.tag)};")
    documents = _documents(kind)
    for field in msgspec.structs.fields(kind):
        optional = kind in REQUESTS and not field.required
        default = f" By default {json.dumps(field.default)}." if optional and field.default is not None else ""
        lines.append(textwrap.indent(_comment(documents[field.name] + default), "  "))
        name = field.encode_name + ("?" if optional else "")
        lines.append(f"  readonly {name}: {_written(schema.type_info(field.type))};")
    return "\n".join([*lines, "}"])


def _written(kind: schema.Type) -> str:
    """A type as TypeScript writes it."""
    match kind:
        case schema.ListType(item_type=item):
            inner = _written(item)
            return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
        case schema.TupleType(item_types=items):
            return f"readonly [{', '.join(map(_written, items))}]"
        case schema.UnionType(types=kinds):
            return " | ".join(map(_written, kinds))
        case schema.LiteralType(values=values):
            return " | ".join(json.dumps(value) for value in values)
        case schema.StructType(cls=cls):
            return cls.__name__
    return _PLAIN[type(kind)]


def _union(name: str, text: str, kinds: tuple[type[msgspec.Struct], ...]) -> str:
    lines = [f"  | {kind.__name__}" for kind in kinds]
    return "\n".join([_comment(text), f"export type {name} =", *lines]) + ";"


def _comment(text: str) -> str:
    return f"/** {' '.join(text.split())} */"


def _documents(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The text under each field, which Python itself forgets."""
    documents: dict[str, str] = {}
    for base in kind.__mro__:
        if base.__module__.startswith("pellucid."):
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            documents = _under_fields(body) | documents
    return documents


def _under_fields(body: ast.stmt) -> dict[str, str]:
    found: dict[str, str] = {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, text in itertools.pairwise(statements):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(document))):
                found[name] = document
    return found


if __name__ == "__main__":
    write_whole(Path(sys.argv[1]), typescript().encode())
