"""The interface described: bodies that routes read themselves, answers, problems and ways to sign in, for ``/api/openapi.json``."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.access.limits import described_headers
from api.deprecation import DEPRECATED
from api.problems import BadRequest
from matcher.shapes import Employer, FieldError, Person, Posting
from search.documents import FACETS, FORMS, OFFERS, SOURCES, TYPES, ZONES
from search.query import PARAMETERS, SORTS

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"


def ref(name: str) -> Schema:
    return {"$ref": _REF.format(model=name)}


def sent_body(name: str, *, many: bool = True) -> Schema:
    """``openapi_extra`` of a route that reads one object or NDJSON itself."""
    content = {"application/json": {"schema": ref(f"{name}Sent")}}
    if many:
        text = f"One {name}Sent a line. At most 50,000 lines and 32 MB."
        content["application/x-ndjson"] = {"schema": {"type": "string", "description": text}}
    return {"requestBody": {"required": True, "content": content}}


def hints_body() -> Schema:
    """``openapi_extra`` of ``POST /hints``."""
    properties = {
        "id": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        "facts": {"type": "object", "description": "dotted field -> value, as in the policy catalogue"},
        "channel": {"type": "string", "enum": ["hint_per_match"]},
        "conditions": {"type": "boolean", "description": "every condition of every entry with its verdict"},
    }
    schema = {"type": "object", "required": ["date", "facts"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_LISTS: dict[str, tuple[str, ...] | None] = {
    "region": None, "form": FORMS, "source": SOURCES, "type": TYPES, "open_to": None, "zone": ZONES, "offers": OFFERS,
    "trade": None, "occupation": None,
    "employer_id": None, "brand_id": None, "market_id": None, "facets": FACETS,
}  # fmt: skip
_NUMBERS = {"radius_km", "pay_min", "lat", "lon"}
_SAID = {
    "q": "words that must all occur; -word must not, \"quoted words\" must stand side by side",
    "near": "latitude,longitude; or lat and lon",
    "radius_km": "around near; without it around the seat of the one region named, which is then the centre and no filter",
    "pay_min": "yuan a month, compared with the posting's top",
    "education": "the asker's own level: what asks for more is left out",
    "offers": "said by the posting, all of them: lodging, board, social insurance, housing fund, weekends off, no overtime, day shift, "
    "night shift, at most eight hours a day, no social insurance",
    "trade": "work by any of its names: these words, or the occupations they mean",
    "region": "six-digit codes; a city covers its counties",
    "cursor": "from the page before",
}  # fmt: skip


def search_parameters() -> list[Schema]:
    """The parameters of ``GET /postings``, which its route reads itself."""
    found = []
    for name in (*PARAMETERS, "lat", "lon"):
        schema: Schema = {"type": "string"}
        parameter: Schema = {"name": name, "in": "query", "required": False}
        if name in _LISTS:
            listed = _LISTS[name]
            schema = {"type": "array", "items": {"type": "string", **({"enum": list(listed)} if listed else {})}}
            parameter |= {"explode": False, "style": "form"}
        elif name in _NUMBERS:
            schema = {"type": "number"}
        elif name == "limit":
            schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
        elif name == "sort":
            schema = {"type": "string", "enum": list(SORTS), "default": "relevance"}
        elif name == "published_since":
            schema = {"type": "string", "format": "date"}
        if name in _SAID:
            parameter["description"] = _SAID[name]
        found.append({**parameter, "schema": schema})
    return found


def template_of(app: FastAPI, path: str) -> str | None:
    """The described path (``/api/v1/postings/{posting_id}``) that a request's path is one of."""
    templates: list[tuple[re.Pattern[str], str]] | None = getattr(app.state, "templates", None)
    if templates is None:
        # Those without a name in them first: /feed/snapshot is no /feed/{name}.
        known = sorted(described(app)["paths"], key=lambda template: template.count("{"))
        templates = [(re.compile(re.sub(r"\{[^}]*\}", "[^/]+", template)), template) for template in known]
        app.state.templates = templates
    return next((template for pattern, template in templates if pattern.fullmatch(path)), None)


def only_known_parameters(request: Request) -> None:
    """A query parameter that does not exist is an error: one that is ignored would be taken for one that works."""
    if not request.query_params:
        return
    template = template_of(request.app, request.url.path)
    if template is None:
        return
    operation = described(request.app)["paths"][template].get(request.method.lower(), {})
    known = [entry["name"] for entry in operation.get("parameters", ()) if entry["in"] == "query"]
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        errors = [FieldError(field=name[:60], message="no such parameter", allowed=known) for name in unknown[:20]]
        raise BadRequest("没有这个参数", errors=errors)


# -- answers -----------------------------------------------------------------------------------------------------------


def _object(_required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "required": list(_required or properties), "properties": properties}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_MAYBE: Schema = {"type": ["string", "null"]}
_FREE: Schema = {"type": "object"}
_ERROR = _object(("field", "message"), field=_TEXT, message=_TEXT, allowed=_list(_TEXT))
_COUNTS: dict[str, Any] = {name: _WHOLE for name in ("reported", "filled", "accepted", "in_talks", "gap")}

_SCHEMAS: dict[str, Schema] = {
    "Problem": _object(type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT, errors=_list(_ERROR)),
    "OverLimit": _object(
        ("type", "title", "status", "detail", "errors"), type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT, errors=_list(_ERROR),
        limit=_object(name=_TEXT, most=_WHOLE, seconds=_WHOLE, retry_after=_WHOLE),
    ),
    "Sent": _object(
        ("line", "id", "message_id", "state"), line=_WHOLE, id=_TEXT, message_id=_TEXT, state=_TEXT, outcome=_TEXT,
        notes=_list(_TEXT), unchanged={"type": "boolean"}, rule=_TEXT, evidence=_TEXT, change=_TEXT, merged_into=_TEXT,
    ),
    "SentLines": _object(accepted=_list(ref("Sent")), rejected=_list(_object(line=_WHOLE, errors=_list(_ERROR)))),
    "Hint": _object(
        ("entry_id", "benefit", "name", "payee", "status", "amount", "missing", "failed", "unstated", "source", "window", "text"),
        entry_id=_TEXT, benefit=_TEXT, name=_TEXT, payee=_TEXT,
        status={"type": "string", "enum": ["ELIGIBLE", "NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"]},
        amount={"type": ["object", "null"]},
        missing=_list(_TEXT), failed=_list(_TEXT), unstated=_list(_TEXT), source=_FREE, window=_FREE, text=_TEXT,
        conditions=_list(ref("Condition")),
    ),
    "Condition": _object(
        field=_MAYBE, words=_TEXT, wanted=_MAYBE, given=_MAYBE, verdict={"type": "string", "enum": ["met", "not_met", "unknown"]},
    ),
    "Criterion": _object(
        ("criterion", "points", "of"), criterion=_TEXT, points={"type": "number"}, of={"type": "number"}, text=_TEXT
    ),
    "Stake": _object(
        ("side", "yuan", "certain_yuan", "to_check_yuan", "at_most", "entries"),
        side={"type": "string", "enum": ["jobseeker", "employer"]}, yuan={"type": "number"}, certain_yuan={"type": "number"},
        to_check_yuan={"type": "number"}, at_most={"type": "boolean"}, entries=_list(_TEXT), left_out=_list(ref("LeftOut")),
        unsaid={"type": "boolean"},
    ),
    "LeftOut": _object(
        entry_id=_TEXT, name=_TEXT, yuan={"type": ["number", "null"]}, at_most={"type": "boolean"}, basis=_TEXT, beside=_TEXT,
        beside_name=_TEXT, rule=_TEXT, source=_MAYBE, quote=_TEXT, text=_TEXT,
    ),
    "Recommendation": _object(
        ("match_id", "person_id", "posting_id", "as_of", "score", "band", "rank", "priority", "priority_reasons", "criteria",
         "not_stated", "hints", "model_version", "catalogue_version"),
        match_id=_TEXT, person_id=_TEXT, posting_id=_TEXT, as_of=_TEXT, score={"type": "number"}, band=_WHOLE,
        suits_person={"type": "number"}, suits_posting={"type": "number"},
        rank={"type": ["integer", "null"]}, priority=_WHOLE, priority_reasons=_list(_TEXT), criteria=_list(ref("Criterion")),
        not_stated=_list(_TEXT), hints=_list(ref("Hint")), at_stake=_list(ref("Stake")), model_version=_TEXT,
        catalogue_version=_TEXT,
    ),
    "Explanation": _object(
        ("person_id", "posting_id", "as_of", "blockers", "criteria", "near_miss", "score", "hints"),
        person_id=_TEXT, posting_id=_TEXT, as_of=_TEXT, blockers=_list(_FREE), criteria=_list(ref("Criterion")), near_miss=_list(_FREE),
        score={"type": ["number", "null"]}, suits_person={"type": "number"}, suits_posting={"type": "number"},
        hints=_list(ref("Hint")), at_stake=_list(ref("Stake")),
    ),
    "Candidates": _object(posting_id=_TEXT, total=_WHOLE, items=_list(ref("Recommendation")), cursor=_MAYBE),
    "Recommendations": _object(person_id=_TEXT, total=_WHOLE, items=_list(ref("Recommendation")), cursor=_MAYBE),
    "Inbox": _object(person_id=_TEXT, unread=_WHOLE, cursor=_MAYBE, endings=_list(_FREE),
                     items=_list(_object(match_id=_TEXT, posting_id=_TEXT, state=_TEXT, at_stake=_list(ref("Stake"))))),
    "Postings": _object(total=_WHOLE, items=_list(ref("Posting")), facets=_FREE, cursor=_MAYBE),
    "PostingState": _object(("posting_id", "state"), posting_id=_TEXT, state=_TEXT),
    "PersonState": _object(("person_id", "state"), person_id=_TEXT, state=_TEXT),
    "EmployerState": _object(("employer_id", "state"), employer_id=_TEXT, state=_TEXT),
    "Message": _object(message_id=_TEXT),
    "Steps": _object(standing={"type": ["object", "null"]}, steps=_list(_FREE)),
    "Gap": _object(employer_id=_TEXT, **_COUNTS, age_days=_WHOLE, lines=_list(_object(title=_MAYBE, **_COUNTS))),
    "Gaps": _object(commissioner_id=_TEXT, region=_TEXT, **_COUNTS, age_days=_WHOLE, lines=_list(_object(employer_id=_TEXT, **_COUNTS))),
    "HintResults": _object(
        results=_list(_object(entry_id=_TEXT, status=_TEXT, missing=_list(_TEXT), failed=_list(_TEXT))),
        emitted=_list(_TEXT),
    ),
    "Feed": _object(
        items=_list(_object(("cursor", "posting_id", "at", "change"), cursor=_TEXT, posting_id=_TEXT, at=_TEXT,
                            change={"type": "string", "enum": ["upsert", "removed"]}, reason=_TEXT, posting=ref("Posting"))),
        cursor=_TEXT, more={"type": "boolean"},
    ),
    "Suggestions": _object(q=_TEXT, items=_list(_TEXT)),
    "Ready": _object(status=_TEXT, engines=_FREE),
}  # fmt: skip

_JSON = "application/json"
_SENT: dict[str, str | list[str]] = {"200": "Sent", "202": ["Sent", "SentLines"]}
_ANSWERS: dict[str, dict[str, str | list[str]]] = {
    "POST /api/v1/postings": _SENT,
    "PUT /api/v1/postings/{posting_id}": {"200": "Sent", "202": "Sent"},
    "POST /api/v1/people": _SENT,
    "POST /api/v1/employers": _SENT,
    "GET /api/v1/postings": {"200": "Postings"},
    "GET /api/v1/postings/{posting_id}": {"200": "PostingState"},
    "DELETE /api/v1/postings/{posting_id}": {"200": "PostingState", "202": "PostingState"},
    "POST /api/v1/postings/{posting_id}/confirm": {"202": "Message"},
    "POST /api/v1/postings/{posting_id}/decision": {"202": "Message"},
    "GET /api/v1/postings/{posting_id}/candidates": {"200": "Candidates"},
    "GET /api/v1/people/{person_id}": {"200": "PersonState"},
    "DELETE /api/v1/people/{person_id}": {"202": "Message"},
    "POST /api/v1/people/{person_id}/confirm": {"202": "Message"},
    "GET /api/v1/people/{person_id}/recommendations": {"200": "Recommendations"},
    "GET /api/v1/people/{person_id}/inbox": {"200": "Inbox"},
    "POST /api/v1/people/{person_id}/inbox/{match_id}/answer": {"202": "Message"},
    "GET /api/v1/employers/{employer_id}": {"200": "EmployerState"},
    "POST /api/v1/employers/{employer_id}/shortages": {"202": "Message"},
    "GET /api/v1/employers/{employer_id}/gap": {"200": "Gap"},
    "GET /api/v1/commissioners/{commissioner_id}/gaps": {"200": "Gaps"},
    "GET /api/v1/matches/{person_id}/{posting_id}": {"200": "Explanation"},
    "GET /api/v1/matches/{person_id}/{posting_id}/steps": {"200": "Steps"},
    "POST /api/v1/matches/{person_id}/{posting_id}/steps": {"202": "Message"},
    "POST /api/v1/hints": {"200": "HintResults"},
    "GET /api/v1/suggestions": {"200": "Suggestions"},
    "GET /api/v1/feed": {"200": "Feed"},
    "GET /health/ready": {"200": "Ready", "503": "Ready"},
}
_OPEN = {
    "GET /api/v1/postings", "GET /api/v1/postings/{posting_id}", "GET /api/v1/feed", "GET /api/v1/feed/snapshot", "POST /api/v1/hints",
    "GET /api/v1/suggestions",
}  # fmt: skip
_SIGNING_IN = {
    "basic": {"type": "http", "scheme": "basic", "description": "login and password with each request"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "API key, made with gongqiao account create --key"},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "gongqiao",
        "description": "session of a browser; writing with it needs the header X-CSRF-Token with the token that every page carries",
    },
}  # fmt: skip


def described(app: FastAPI) -> Schema:
    """The whole description, made once."""
    if app.openapi_schema:
        return app.openapi_schema
    whole: Schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, license_info=app.license_info
    )
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= _SCHEMAS
    for shape, optional in ((Posting, {"posting_id", "source"}), (Person, {"person_id"}), (Employer, {"employer_id"})):
        _add_shape(schemas, shape, optional)
    whole["components"]["securitySchemes"] = _SIGNING_IN
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            _complete(f"{method.upper()} {path}", operation)
    app.openapi_schema = whole
    return whole


def _add_shape(schemas: dict[str, Schema], shape: type[BaseModel], optional: set[str]) -> None:
    """The shape as it is answered, and as it may be sent: the exchange gives ids, and an account's own source need not be said."""
    made = shape.model_json_schema(ref_template=_REF)
    schemas |= made.pop("$defs", {})
    name = shape.__name__
    sent = {**made, "title": f"{name}Sent", "required": [field for field in made["required"] if field not in optional]}
    schemas[f"{name}Sent"] = sent
    answered = {field: schema for field, schema in made["properties"].items() if field not in ("private", "contact")}
    schemas[name] = {**made, "properties": answered}


def _complete(name: str, operation: Schema) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    for status, schema in _ANSWERS.get(name, {}).items():
        said = {"oneOf": [ref(one) for one in schema]} if isinstance(schema, list) else ref(schema)
        described_as = {"202": "received", "503": "not ready"}.get(status, "answer")
        responses[status] = {"description": described_as, "content": {_JSON: {"schema": said}}}
    if "/api/v1/" not in name:
        return
    for response in responses.values():
        response["headers"] = described_headers()
    if name.startswith("POST") and "application/x-ndjson" in operation.get("requestBody", {}).get("content", {}):
        content = {_JSON: {"schema": ref("SentLines")}, "application/problem+json": {"schema": ref("Problem")}}
        responses["422"] = {"description": "nothing was accepted: lines of NDJSON each with its errors, else a problem", "content": content}
    if name.startswith("GET"):
        responses["304"] = {"description": "nothing new since the ETag given (`If-None-Match`)"}
    if name in DEPRECATED:
        operation["deprecated"] = True
    responses["default"] = {
        "description": "a problem: what is wrong, which field, what is allowed",
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    limited = {"Retry-After": {"description": "seconds until one request fits again", "schema": {"type": "integer", "minimum": 1}}}
    responses["429"] = {
        "description": "asked too often: `limit` names the limit and when to come back",
        "headers": {**described_headers(), **limited},
        "content": {"application/problem+json": {"schema": ref("OverLimit")}},
    }
    ways: list[dict[str, list[str]]] = [{way: []} for way in _SIGNING_IN]
    operation["security"] = [{}, *ways] if name in _OPEN else ways
