"""The API page: one page of HTML, made once from the OpenAPI document, without any script."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from gateway import problems
from kit import texts
from kit.texts import Language
from kundeapp.errors.v1 import errors_pb2

STYLE: Final = (Path(__file__).parent / "static" / "docs.css").read_bytes()
STYLE_PATH: Final = "/docs.css"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_LANGUAGES: Final[Mapping[Language, str]] = {"nn": "Nynorsk", "nb": "Bokmål", "en": "English"}
_REASONS: Final = frozenset(value.name for value in errors_pb2.Reason.DESCRIPTOR.values)
_WORD: Final = re.compile(r"`([^`]+)`|\b([A-Z][A-Z_]+[A-Z])\b")
_JSON: Final = "application/json"
_EVENT_STREAM: Final = "text/event-stream"
_DEEPEST: Final = 4

Schema = Mapping[str, Any]


def page(document: Schema) -> bytes:
    """Returns the page of an OpenAPI document, as `gateway.openapi` writes it."""
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    groups = [
        (tag, [entry for entry in operations if tag["name"] in entry[2]["tags"]])
        for tag in document["tags"]
    ]
    schemas = document["components"]["schemas"]
    return _PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        intro=_prose(document["info"]["description"]),
        style=STYLE_PATH,
        navigation="".join(_navigation(tag, entries) for tag, entries in groups),
        groups="".join(_group(tag, entries, schemas) for tag, entries in groups),
        problem=_fields(schemas["Problem"], schemas),
        codes="".join(_codes()),
    ).encode()


def _navigation(tag: Schema, entries: Iterable[tuple[str, str, Schema]]) -> str:
    links = "".join(
        f'<li><a href="#{operation["operationId"]}">{_method(method)}'
        f"<span>{_breakable(path)}</span></a></li>"
        for method, path, operation in entries
    )
    return f"<h2>{escape(tag['name'])}</h2><ul>{links}</ul>"


def _group(tag: Schema, entries: Iterable[tuple[str, str, Schema]], schemas: Schema) -> str:
    articles = "".join(_operation(*entry, schemas) for entry in entries)
    return (
        f'<section class="group"><h2>{escape(tag["name"])}</h2>'
        f"{_prose(tag['description'])}{articles}</section>"
    )


def _operation(method: str, path: str, operation: Schema, schemas: Schema) -> str:
    name = operation["operationId"]
    access = "Access token" if operation["security"] else "No login needed"
    body = operation.get("requestBody")
    answer = operation["responses"]["200"]
    return (
        f'<article id="{name}">'
        f'<h3>{_method(method)}<a class="path" href="#{name}">{_breakable(path)}</a>'
        f'<span class="access">{access}</span></h3>'
        '<div class="columns"><div>'
        f"{_prose(operation['description'])}"
        f"{_parameters(operation['parameters'], schemas)}"
        f"{_content('Request', body, schemas) if body else ''}"
        f"{_content('Answer', answer, schemas)}"
        f"{_refusals(operation['responses'])}"
        "</div>"
        f"<div class='examples'>{_examples(method, path, operation)}</div></div></article>"
    )


def _parameters(parameters: Sequence[Schema], schemas: Schema) -> str:
    if not parameters:
        return ""
    rows = "".join(
        _row(
            parameter["name"],
            _type(parameter["schema"], schemas),
            f"{parameter['description']}{_choices(parameter['schema'], schemas)}",
            notes=[parameter["in"], *(["required"] if parameter["required"] else [])],
        )
        for parameter in parameters
    )
    return f"<h4>Parameters</h4><dl>{rows}</dl>"


def _content(title: str, part: Schema, schemas: Schema) -> str:
    media_type, content = next(iter(part["content"].items()))
    if media_type == _JSON:
        shown = _fields(content["schema"], schemas) or "<p class='quiet'>An empty object.</p>"
    else:
        shown = _prose(part["description"]) + _events(content.get("x-events", {}), schemas)
    return f"<h4>{title}</h4>{shown}"


def _events(events: Mapping[str, Schema], schemas: Schema) -> str:
    rows = "".join(
        _row(
            name,
            "event",
            _resolved(message, schemas)["description"],
            below=_fields(message, schemas),
        )
        for name, message in events.items()
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _fields(schema: Schema, schemas: Schema, depth: int = 0) -> str:
    """Returns the fields of an object, and below each those of the objects in it."""
    schema = _resolved(schema, schemas)
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if not properties or depth == _DEEPEST:
        return ""
    required = schema.get("required", ()) if schema.get("additionalProperties") is False else ()
    rows = "".join(
        _row(
            name,
            _type(field, schemas),
            field.get("description", "") + _choices(field, schemas),
            notes=["required"] if name in required else [],
            below=_fields(_element(field, schemas), schemas, depth + 1),
        )
        for name, field in properties.items()
    )
    return f"<dl>{rows}</dl>"


def _row(
    name: str, kind: str, description: str, *, notes: Iterable[str] = (), below: str = ""
) -> str:
    marks = "".join(f'<span class="note {note}">{note}</span>' for note in notes)
    return (
        f"<div><dt><code>{escape(name)}</code><span class='type'>{escape(kind)}</span>{marks}</dt>"
        f"<dd>{_prose(description)}{below}</dd></div>"
    )


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    reference: str | None = schema.get("$ref")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def _element(schema: Schema, schemas: Schema) -> Schema:
    schema = _resolved(schema, schemas)
    return _resolved(schema["items"], schemas) if "items" in schema else schema


def _type(schema: Schema, schemas: Schema) -> str:
    nullable = {"type": "null"} in schema.get("anyOf", ())
    schema = _resolved(schema, schemas)
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if "items" in schema:
        kinds = [f"list of {_type(schema['items'], schemas)}"]
    elif "enum" in schema:
        kinds = ["choice"]
    elif "format" in schema:
        kinds[0] = f"{kinds[0]} ({schema['format']})"
    return " or ".join([*kinds, *(["null"] if nullable else [])])


def _choices(schema: Schema, schemas: Schema) -> str:
    choices = _element(schema, schemas)
    if "enum" not in choices:
        return ""
    lines = [line for line in choices["description"].splitlines() if line.startswith("- ")]
    return "\n" + "\n".join(lines[1:])


def _refusals(responses: Mapping[str, Schema]) -> str:
    rows = "".join(
        f'<li><span class="status">{status}</span> {escape(response["description"])}</li>'
        for status, response in responses.items()
        if "description" in response and status != "200"
    )
    return f"<h4>Refusals</h4><ul class='refusals'>{rows}</ul>" if rows else ""


def _examples(method: str, path: str, operation: Schema) -> str:
    request = operation.get("requestBody")
    lines = [f"curl -X {method.upper()} \\", f"  'https://…{path}{_query(operation)}'"]
    if operation["security"]:
        lines[-1] += " \\"
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    has_json = request is not None and _JSON in request["content"]
    if has_json:
        lines[-1] += " \\"
        lines.append("  -H 'Content-Type: application/json' -d @request.json")
    answer = operation["responses"]["200"]
    if _JSON not in answer["content"]:
        lines[-1] += " \\"
        lines.append("  -N" if _EVENT_STREAM in answer["content"] else "  -O")
    blocks = [("Call", "\n".join(lines))]
    if request is not None and has_json:
        blocks.append(("request.json", _json(request)))
    if _JSON in answer["content"]:
        blocks.append(("Answer", _json(answer)))
    elif _EVENT_STREAM in answer["content"]:
        blocks.append(("Answer", answer["content"][_EVENT_STREAM]["example"].rstrip()))
    return "".join(
        f"<figure><figcaption>{title}</figcaption><pre tabindex='0'>{escape(text)}</pre></figure>"
        for title, text in blocks
    )


def _query(operation: Schema) -> str:
    needed = [p["name"] for p in operation["parameters"] if p["in"] == "query" and p["required"]]
    return "?" + "&".join(f"{name}=…" for name in needed) if needed else ""


def _json(part: Schema) -> str:
    example = part["content"][_JSON]["example"]
    text = json.dumps(example, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]{}]+?)\s+\]", r"[\1]", text)


def _codes() -> Iterator[str]:
    for value in errors_pb2.Reason.DESCRIPTOR.values:
        if value.number:
            lines = "".join(
                f'<p lang="{language}"><b>{name}</b> {escape(_text(value.name, language))}</p>'
                for language, name in _LANGUAGES.items()
            )
            yield (
                f'<div id="{value.name}"><dt><code>{value.name}</code>'
                f"<span class='type'>{escape(problems.title_of(value.name))}</span></dt>"
                f"<dd>{lines}</dd></div>"
            )


def _text(reason: str, language: Language) -> str:
    return texts.render(reason, language, {})


def _method(method: str) -> str:
    return f'<span class="method {method}">{method.upper()}</span>'


def _breakable(path: str) -> str:
    return re.sub(r"([/:])", r"<wbr>\1", escape(path))


def _prose(text: str) -> str:
    """Returns paragraphs and lists as HTML, with code and problem codes marked."""
    return "".join(_block(block) for block in text.split("\n\n") if block.strip())


def _block(block: str) -> str:
    lines = block.strip().split("\n")
    prose = " ".join(line for line in lines if not line.startswith("- "))
    items = "".join(f"<li>{_inline(line[2:])}</li>" for line in lines if line.startswith("- "))
    return (f"<p>{_inline(prose)}</p>" if prose else "") + (f"<ul>{items}</ul>" if items else "")


def _inline(text: str) -> str:
    def mark(match: re.Match[str]) -> str:
        code, word = match.groups()
        if code is not None:
            return f"<code>{code}</code>"
        return f'<a href="#{word}"><code>{word}</code></a>' if word in _REASONS else str(word)

    return _WORD.sub(mark, escape(text, quote=False))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} API</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<p class="brand">{title} <span>API {version}</span></p>
<div class="documents">
<a href="/openapi.json">openapi.json</a>
<a href="/asyncapi.json">asyncapi.json</a>
</div>
</header>
<nav aria-label="Operations">
<div>
{navigation}
<h2>Reference</h2>
<ul><li><a href="#problems">Problems</a></li></ul>
</div>
</nav>
<main id="content">
<h1>{title} API</h1>
<div class="lead">{intro}</div>
{groups}
<section class="group" id="problems">
<h2>Problems</h2>
<p>Whatever is refused or fails is answered with this document. Act on <code>code</code>, show
<code>detail</code>.</p>
<h4>Document</h4>
{problem}
<h4>Codes</h4>
<dl class="codes">{codes}</dl>
</section>
</main>
</body>
</html>
"""
