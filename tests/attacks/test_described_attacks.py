"""What the description allows, and what it does not, sent to every operation as every role (schemathesis): no answer is the server's
fault, and each has a status, kind, headers and shape that the description names."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.access.roles import rules
from tests.api.conftest import Market
from tests.attacks.conftest import VICTIM

ASKING: tuple[str | None, ...] = ("jobseeker", "employer", "commissioner", "market", "partner", "administrator", "auditor", None)
STREAM = "GET /api/v1/events"  # does not end; asked in tests/api/test_events.py
ROUTES = sorted(route for route in rules() if "/api/v1/" in route and route != STREAM)
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Cases of each kind: with names that exist, with made-up ones, and such as the description forbids.
KNOWN, MADE_UP, FORBIDDEN = 3, 2, 3


@pytest.fixture(scope="module")
def schema(attacked: Market) -> Any:
    return schemathesis.openapi.from_dict(attacked.app.openapi(), config=schemathesis.Config())


def known_names(market: Market, route: str) -> dict[str, str]:
    """Names in the path of what is there, so that an attack gets beyond 404."""
    ending = route.startswith("DELETE ")
    there = {
        "person_id": VICTIM if ending else "u-7", "posting_id": market.posting_id, "employer_id": "e-9", "match_id": market.match_id,
        "commissioner_id": "a-commissioner", "purpose": "recommend", "benefit": "job_retention_refund",
    }  # fmt: skip
    return {name: there.get(name, "nobodys") for name in (part[1:-1] for part in route.split("/") if part.startswith("{"))}


def cases(operation: Any, mode: GenerationMode, most: int, names: dict[str, str] | None = None) -> list[Any]:
    """So many cases, the same ones each time; none where nothing of this kind can be made for the operation."""
    found: list[Any] = []

    @settings(
        max_examples=most, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(mode, path_parameters=names))
    def take(case: Any) -> None:
        found.append(case)

    try:
        take()
    except Unsatisfiable:
        return []
    return found[:most]


def send(market: Market, who: str | None, case: Any) -> httpx.Response:
    """The case as this caller, byte for byte as schemathesis would send it."""
    given = case.as_transport_kwargs(base_url="http://testserver")
    wanted = {name: given[name] for name in ("method", "url", "headers", "params", "data", "json", "files", "cookies") if name in given}
    made = requests.Request(**wanted).prepare()
    headers = [
        (name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1")) for name, value in made.headers.items()
    ]
    if who is not None:
        headers = [
            *(one for one in headers if one[0].lower() != b"authorization"),
            (b"Authorization", f"Bearer {market.keys[who]}".encode()),
        ]
    content = made.body.encode() if isinstance(made.body, str) else made.body
    return market.client.request(str(made.method), str(made.url), headers=headers, content=content)


@pytest.mark.parametrize("route", ROUTES)
def test_whatever_is_sent_the_answer_is_as_described(attacked: Market, schema: Any, route: str) -> None:
    method, path = route.split(" ")
    operation = schema[path][method]
    tried = cases(operation, GenerationMode.POSITIVE, KNOWN, known_names(attacked, route))
    if "{" in path:
        tried += cases(operation, GenerationMode.POSITIVE, MADE_UP)
    tried += cases(operation, GenerationMode.NEGATIVE, FORBIDDEN)
    assert tried
    for case in tried:
        for who in ASKING:
            answer = send(attacked, who, case)
            try:
                case.validate_response(answer, checks=CHECKS)
            except BaseExceptionGroup as wrong:
                raise AssertionError(f"{who} at {route}: {answer.status_code}\n{wrong}\n{answer.text[:500]}") from None
    # An attack that left the exchange unable to go on would look well answered.
    assert attacked.get(None, "/feed").status_code == 200
