"""Finds every function of the product that reads a form which somebody else has written."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_PARTS: Final = ("kit", "services", "gateway", "cli")
_LEFT_OUT: Final = ("/migrations/", "/web/", "kit/testing/")
"""Neither schema nor what only tests use; the web client is no Python."""

_READS: Final = frozenset(
    {
        # whole documents
        *("csv.reader", "json.loads", "orjson.loads", "tomllib.loads", "basic_parse_coro"),
        *("ParserCreate", "parsebytes", "FromString", "validate_json", "model_validate"),
        *("BytesParser", "parse_qsl", "urlsplit", "MarkdownIt"),
        # tokens, keys and codes
        *("jwt.decode", "extract_compact", "import_key_set", "import_key", "decrypt"),
        *("b64decode", "urlsafe_b64decode", "base64url_to_bytes", "fromhex", "unpack"),
        *("load_pem_x509_certificate", "verify_registration_response"),
        *("verify_authentication_response", "parse_authentication_credential_json"),
        # single values
        *("fromisoformat", "strptime", "UUID", "Decimal", "Fraction", "ip_address"),
        *("fullmatch", "match", "frombuffer", "ToDatetime", "decode"),
    }
)
"""The calls that give a parser away, by the end of their dotted names."""


def parsers() -> set[str]:
    """Returns the functions that read something, as `services/events/domain/paging.py:size_of`."""
    files = (file for part in _PARTS for file in (ROOT / part).rglob("*.py"))
    names = ((file, file.relative_to(ROOT).as_posix()) for file in files)
    return {
        f"{name}:{function}"
        for file, name in names
        if not any(each in name for each in _LEFT_OUT)
        for function in _parsers_in(ast.parse(file.read_text()), "")
    }


def _parsers_in(tree: ast.AST, inside: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _parsers_in(node, f"{inside}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(_reads(call) for call in _own_calls(node)):
                yield f"{inside}{node.name}"
            yield from _parsers_in(node, f"{inside}{node.name}.<locals>.")
        else:
            yield from _parsers_in(node, inside)


def _own_calls(function: ast.AST) -> Iterator[ast.Call]:
    """Yields the calls of a function, without those of the functions in it."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        yield from _own_calls(node)


def _reads(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name.endswith(".decode") and any(word in name for word in ("encode(", "dumps(")):
        return False  # it writes
    return name in _READS or name.rpartition(".")[2] in _READS
