"""The API's description as one HTML page: no script, nothing loaded from elsewhere, readable in any browser."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]
VERBS = ("get", "post", "put", "patch", "delete")


def html(openapi: Json) -> str:
    """The page of an OpenAPI document."""
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>",
        '<meta name=viewport content="width=device-width"><link rel=stylesheet href=/static/styles/base.css>',
        f"<h1>{title}</h1><p>{escape(openapi['info'].get('description', ''))}</p>",
        '<p>The same for programs: <a href="/api/v1/openapi.json">openapi.json</a>.</p>',
        *_contents(openapi),
        *(part for path, verb, operation in _operations(openapi) for part in _section(path, verb, operation)),
        *_schemas(openapi),
        "</html>",
    ]
    return "\n".join(parts)


def _operations(openapi: Json) -> Iterator[tuple[str, str, Json]]:
    for path, verbs in openapi["paths"].items():
        for verb in VERBS:
            if verb in verbs:
                yield path, verb, verbs[verb]


def _contents(openapi: Json) -> Iterator[str]:
    yield "<ul>"
    for path, verb, operation in _operations(openapi):
        link = f'<a href="#{escape(operation["operationId"])}"><code>{verb.upper()} {escape(path)}</code></a>'
        yield f"<li>{link} {escape(operation['summary'])}"
    yield "</ul>"


def _section(path: str, verb: str, operation: Json) -> Iterator[str]:
    yield f'<h2 id="{escape(operation["operationId"])}"><code>{verb.upper()} {escape(path)}</code></h2>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if operation.get("parameters"):
        yield "<h3>Parameters</h3><dl>"
        for parameter in operation["parameters"]:
            kind = f"{parameter['in']}, {_kind(parameter['schema'])}"
            yield f"<dt><code>{escape(parameter['name'])}</code> <i>{escape(kind)}</i>"
            yield f"<dd>{escape(parameter.get('description', ''))}"
        yield "</dl>"
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        yield f"<h3>Body</h3><p>{'; '.join(_media(name, content[name]) for name in content)}</p>"
    yield "<h3>Answers</h3><dl>"
    for status, answer in operation["responses"].items():
        media = "; ".join(_media(name, one) for name, one in answer.get("content", {}).items())
        yield f"<dt>{escape(status)} {media}<dd>{escape(answer.get('description', ''))}"
    yield "</dl>"


def _schemas(openapi: Json) -> Iterator[str]:
    yield "<h1>Shapes</h1>"
    for name, schema in openapi.get("components", {}).get("schemas", {}).items():
        yield f'<h2 id="shape-{escape(name)}">{escape(name)}</h2><p>{escape(schema.get("description", ""))}</p><dl>'
        for field, one in schema.get("properties", {}).items():
            kind = _linked(one) + ("" if field in schema.get("required", ()) else ", optional")
            yield f"<dt><code>{escape(field)}</code> <i>{kind}</i><dd>{escape(one.get('description', ''))}"
        yield "</dl>"


def _media(name: str, content: Json) -> str:
    schema = content.get("schema", {})
    return f"<code>{escape(name)}</code> {_linked(schema)}" if schema else f"<code>{escape(name)}</code>"


def _linked(schema: Json) -> str:
    """The kind of a value, with a link to its shape."""
    kind = escape(_kind(schema))
    for name in {ref.rsplit("/", 1)[-1] for ref in _refs(schema)}:
        kind = kind.replace(escape(name), f'<a href="#shape-{escape(name)}">{escape(name)}</a>')
    return kind


def _kind(schema: Json) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return " or ".join(_kind(option) for option in options)
    if "enum" in schema:
        return " | ".join(str(option) for option in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_kind(schema['additionalProperties'])}"
    return str(schema.get("type", "anything"))


def _refs(schema: Any) -> Iterator[str]:  # Any: a JSON schema, or a part of one
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from _refs(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _refs(item)
