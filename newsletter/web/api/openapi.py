"""The document of the API (OpenAPI 3.1), made from its endpoints."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from newsletter import __version__
from newsletter.web.api.endpoint import Endpoint
from newsletter.web.api.problem import Problem

_REF = "#/components/schemas/{name}"
_PROBLEMS = {
    400: "The request is not what this document says.",
    401: "No token in force.",
    403: "The token lacks the scope.",
    404: "There is no such thing.",
    409: "The key of this request was used for another, or is worked on.",
    413: "The body is too large.",
    422: "Understood, and refused: why.",
    429: "Too many requests: when to try again.",
    503: "The database cannot be used just now.",
}


def document(endpoints: Sequence[Endpoint], root: str) -> Mapping[str, Any]:
    """``root`` is where the paths begin."""
    types = [type_ for endpoint in endpoints for type_ in _types(endpoint)]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    for component in components.values():  # Python 3.13 takes the indentation away, 3.12 does not
        if "description" in component:
            component["description"] = cleandoc(component["description"])
    by_type = dict(zip(map(id, [*types, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "newsletter", "version": __version__, "license": {"name": "MIT"}},
        "servers": [{"url": root}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(endpoint: Endpoint) -> Iterator[Any]:
    yield endpoint.answer
    yield endpoint.query
    yield from endpoint.path_types.values()
    if endpoint.body:
        yield endpoint.body


def _operation(endpoint: Endpoint, schemas: Mapping[int, Any]) -> Mapping[str, Any]:
    operation = {
        "operationId": endpoint.action.__name__,
        "summary": endpoint.summary,
        "description": f"The token needs the scope `{endpoint.scope}`.",
        "parameters": list(_parameters(endpoint, schemas)),
        "responses": {
            str(endpoint.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": schemas[id(endpoint.answer)]}},
            },
            **{str(status): _problem(about, schemas) for status, about in _PROBLEMS.items()},
        },
    }
    if endpoint.body:
        content = {"application/json": {"schema": schemas[id(endpoint.body)]}}
        fields = msgspec.structs.fields(endpoint.body)
        required = any(field.required for field in fields)
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _problem(about: str, schemas: Mapping[int, Any]) -> Mapping[str, Any]:
    schema = schemas[id(Problem)]
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}


def _parameters(endpoint: Endpoint, schemas: Mapping[int, Any]) -> Iterator[Mapping[str, Any]]:
    for name, type_ in endpoint.path_types.items():
        yield {"name": name, "in": "path", "required": True, "schema": schemas[id(type_)]}
    for field in msgspec.structs.fields(endpoint.query):
        schema = msgspec.json.schema(field.type)
        required = field.required
        yield {"name": field.name, "in": "query", "required": required, "schema": schema}
    if endpoint.changes:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key within a day gets the same answer; nothing is done twice.",
            "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
        }
