"""Texts that are code to somebody: a database, a template, a header, a log, a sheet. Everywhere they stay texts."""

from __future__ import annotations

import csv
import io
import json
import logging
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, inspect, select, text

from api.access.roles import rules
from infra.logs import JsonLines
from tests.api.conftest import PERSON, POSTING, Market
from tests.api.test_signing_in import cookie_of, sign_in

SQL = (
    "' OR '1'='1", "'; DROP TABLE accounts; --", "\" OR \"\"=\"", "1) UNION SELECT password FROM accounts --", "%' OR 1=1 --", "\\'; --",
    "%", "_", "u-_", "[", "*", "焊工' AND 1=0 --", "1;ATTACH DATABASE 'x' AS x", "${1}", ":person_id", "%(login)s", "{{login}}",
)  # fmt: skip
TEMPLATE = "{{ 7919*6271 }}{% for one in ().__class__.__mro__ %}{{ one }}{% endfor %}${7919*6271}#{7919*6271}%(login)s{0.__class__}"
COMPUTED = ("49660049", "<class", "&lt;class", "tuple")
HEADER = "x\r\nSet-Cookie: gongqiao=forged\r\nLocation: //evil.example\r\n\r\n<b>焊"
READING = sorted(route for route in rules() if route.startswith("GET /api/v1/") and not route.endswith("/events"))


def rows_of(market: Market) -> dict[str, int]:
    """How many rows every table has."""
    with market.services.exchange.reading() as connection:
        names = inspect(connection).get_table_names()
        return {name: int(connection.execute(select(func.count()).select_from(text(f'"{name}"'))).scalar_one()) for name in names}


def parameters_of(market: Market, route: str) -> list[str]:
    method, path = route.split(" ")
    operation = market.app.openapi()["paths"][path][method.lower()]
    return [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]


@pytest.mark.parametrize("route", READING)
def test_no_part_of_an_address_is_sql(attacked: Market, route: str) -> None:
    attacked.get("administrator", "/postings")  # a key's first use of the day is noted
    before = rows_of(attacked)
    path = route.removeprefix("GET /api/v1")
    for attack in SQL:
        named = "/".join(quote(attack, safe="") if part.startswith("{") else part for part in path.split("/"))
        queries = [f"?{name}={quote(attack)}" for name in parameters_of(attacked, route)] or [""]
        for address in (f"{named}{query}" for query in queries):
            answer = attacked.get("administrator", address)
            assert answer.status_code in (200, 400, 403, 404, 409, 410, 422), (address, answer.text[:300])
            if "{" in path:  # there is nobody and nothing of this name
                assert answer.status_code != 200 or "items" in answer.json() or "/proposals/" in path, (address, answer.text[:300])
            assert "argon2" not in answer.text
    after = rows_of(attacked)
    assert {name for name in after if after[name] != before[name]} <= {"audit"}


def test_a_pattern_of_the_database_is_a_letter_to_those_who_look_for_one(attacked: Market) -> None:
    assert attacked.get(None, "/suggestions?q=焊").json()["items"]
    for pattern in ("%", "_", "__", "*", "?"):
        assert attacked.get(None, f"/suggestions?q={quote(pattern)}").json()["items"] == []


def test_nobody_signs_in_with_sql(attacked: Market) -> None:
    for attack in SQL:
        assert sign_in(attacked, login=f"administrator{attack}").status_code in (401, 429)
        assert sign_in(attacked, login=attack, password=attack).status_code in (401, 429)
    credentials = {"Authorization": "Bearer ' OR '1'='1"}
    assert attacked.client.get("/api/v1/account", headers=credentials).status_code == 401
    assert attacked.client.get("/api/v1/account", headers={"Cookie": "gongqiao=' OR '1'='1"}).status_code == 401


@pytest.mark.parametrize("attack", SQL)
def test_a_name_that_is_sql_is_a_name(attacked: Market, attack: str) -> None:
    """Kept, found and forgotten under just this name; and nobody else with it."""
    sent = {**PERSON, "person_id": attack, "private": None, "registered_at": "140105"}
    assert attacked.post("administrator", "/people?wait=1", sent).status_code == 200
    attacked.settle()
    address = f"/people/{quote(attack, safe='')}"
    assert attacked.get("administrator", address).json()["person_id"] == attack.strip()
    assert attacked.get("administrator", f"{address}/inbox").status_code == 200
    assert attacked.call("administrator", "DELETE", address).status_code == 202
    attacked.settle()
    assert attacked.get("administrator", address).status_code == 404
    assert attacked.get("administrator", "/people/u-7").status_code == 200


def test_what_a_source_writes_is_no_template(attacked: Market) -> None:
    sent = {
        **POSTING, "source_id": "template", "title": f"钳工{TEMPLATE}", "description": f"按图纸装配、调整机床部件。{TEMPLATE}" * 2,
        "address": TEMPLATE, "skills": [TEMPLATE],
    }  # fmt: skip
    answer = attacked.post("administrator", "/postings?wait=1", sent)
    assert answer.status_code == 200, answer.text
    attacked.settle()
    posting_id = answer.json()["id"]
    office, employer = (cookie_of(sign_in(attacked, login=login)) for login in ("commissioner", "employer"))
    seen = 0
    for headers, path in (
        ({}, f"/postings/{posting_id}"), ({}, f"/search?q={quote('钳工')}"), ({}, f"/search?q={quote(TEMPLATE)}"),
        (employer, "/employer"), (employer, f"/employer/postings/{posting_id}"), (employer, f"/employer/postings/{posting_id}/edit"),
        (office, "/commissioner/employers/e-9"), (office, f"/login?next={quote(TEMPLATE)}"),
        (office, f"/commissioner/held?{quote(TEMPLATE)}=1"),
    ):  # fmt: skip
        text = attacked.client.get(path, headers={**headers, "Accept": "text/html"}).text
        seen += "{{ 7919*6271 }}" in text
        assert not [word for word in COMPUTED if word in text], path
    assert seen >= 4


# -- headers and logs ------------------------------------------------------------------------------------------------------


def smuggled(headers: Any) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in headers.items()
        if "evil" in value.lower() or "forged" in value.lower() or "\n" in value or "\r" in value
    ]


def test_no_address_becomes_a_header(attacked: Market) -> None:
    bad = quote(HEADER, safe="")
    office = cookie_of(sign_in(attacked, login="commissioner"))
    for path in (
        f"/login?next={bad}", f"/login?next=/{bad}", f"/employer/{bad}", f"/postings/{bad}", f"/search?q={bad}",
        f"/commissioner/employers/{bad}", f"/api/v1/postings/{bad}",
        f"/api/v1/people/{bad}/inbox", f"/api/v1/feed?cursor={bad}", f"/api/v1/postings/?{bad}",
        f"/static/{bad}",
    ):  # fmt: skip
        for headers in ({}, office):
            answer = attacked.client.get(path, headers={**headers, "Accept": "text/html"})
            assert answer.status_code < 500, path
            where = answer.headers.get("location", "/")
            assert where.startswith(("/", "http://testserver/")), path
            assert not where.startswith("//"), path
            assert not [one for one in smuggled(answer.headers) if one[0] != "location" or "%0" not in one[1]], path


def test_signing_in_leads_to_no_header(attacked: Market) -> None:
    for target in (HEADER, f"/{HEADER}", "/\r\nSet-Cookie: a=b", "/\t/evil.example", "/%0d%0aSet-Cookie:a=b", "\x0b//evil.example"):
        answer = sign_in(attacked, next=target)
        assert answer.status_code == 303
        assert answer.headers["location"] in ("/", "/%0d%0aSet-Cookie:a=b")
        assert len(answer.headers.get_list("set-cookie")) == 1


ODD_IDS = (
    "=1+1",
    "+8",
    "-8",
    "@u",
    "＝1+1",
    "＋8",
    "－8",
    "＠u",
    "=cmd|' -C calc'!A0",
    "a\r\nSet-Cookie: forged=1",
    '"=1+1',
    "焊工甲",
    "=1\n=2",
)


def test_a_table_for_a_sheet_has_no_formula_and_no_header_of_its_own(attacked: Market) -> None:
    for person_id in ODD_IDS:
        who = {
            **PERSON, "person_id": person_id, "private": None, "categories": ["registered_unemployed", "dibao_family_member"],
            "consent": {"recommend": True, "share_with_civil_affairs": True},
        }  # fmt: skip
        assert attacked.post("administrator", "/people?wait=1", who).status_code == 200
        attacked.settle()
        month = {"month": "2026-11", "income_per_head_yuan": 900, "standard_yuan": 600}
        assert attacked.post("administrator", f"/people/{quote(person_id, safe='')}/incomes", month).status_code == 202
    attacked.settle()
    seen, cursor = [], ""
    for _ in range(len(ODD_IDS) * 3):
        # Page by page, so that every id is once the one from which to go on.
        answer = attacked.get("commissioner", f"/civil-affairs/exits?format=csv&limit=1&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        seen += [row["person_id"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]
        if "x-next-cursor" not in answer.headers:
            break
        cursor = answer.headers["x-next-cursor"]
    assert {one.removeprefix("'") for one in seen} == set(ODD_IDS)
    assert not [one for one in seen if one[:1] in "=+-@＝＋－＠\t\r\n"]


def test_a_line_of_the_log_stays_one_line(attacked: Market) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    forged = '\n{"at": "2026-11-20", "level": "error", "message": "forged"}\n'
    try:
        sign_in(attacked, login=f"x{forged}")
        for who in (None, "administrator"):
            attacked.get(who, f"/people/{quote(forged, safe='')}")
            attacked.get(who, f"/postings?q={quote(forged)}")
        attacked.post("administrator", "/postings?wait=1", {**POSTING, "source_id": forged, "title": f"铣工{forged}", "facts": {forged: 1}})
        attacked.post("administrator", f"/postings/{attacked.posting_id}/decision", {"decision": "reject", "reason": forged})
        logging.getLogger("gongqiao.attack").warning("said %s", forged, extra={"reason": forged})
        attacked.settle()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert lines, "nothing was logged, so nothing was tried"
    assert not [line for line in lines if line["message"] == "forged"]
    assert PERSON["private"]["phone"] not in written.getvalue()


# -- files -----------------------------------------------------------------------------------------------------------------

OUTSIDE = (
    "../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/pyproject.toml", "....//....//pyproject.toml", "..\\..\\pyproject.toml",
    "/etc/passwd", "%2fetc%2fpasswd", "..%252f..%252fpyproject.toml", "gongqiao.css/../../app.py", "%00/etc/passwd", "file:///etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_address_leads_to_another_file(attacked: Market, path: str) -> None:
    for before in ("/static/", "/", "/api/v1/feed/", "/api/v1/postings/", "/postings/"):
        answer = attacked.client.get(before + path)
        assert answer.status_code in (303, 307, 400, 401, 403, 404, 405), (before, answer.status_code)
        assert "root:" not in answer.text
        assert "[project]" not in answer.text
        assert "def create_app" not in answer.text


def test_no_name_that_is_sent_becomes_a_file(attacked: Market) -> None:
    folder = attacked.services.scratch_folder().parent
    attacked.client.get("/api/v1/feed/snapshot")
    before = {path for path in folder.rglob("*") if "index" not in path.parts}
    for number, name in enumerate(("../escaped", "/tmp/escaped-gongqiao", "..\\escaped", "a/../../escaped")):
        sent = {**POSTING, "source_id": name, "title": f"瓦工{number}", "employer": {"employer_id": name, "name": name}}
        assert attacked.post("administrator", "/postings?wait=1", sent).status_code in (200, 422)
        assert attacked.post("administrator", "/people?wait=1", {**PERSON, "person_id": name, "private": None}).status_code == 200
    attacked.settle()
    assert attacked.client.get("/api/v1/feed/snapshot").status_code == 200
    new = {path.name for path in folder.rglob("*") if "index" not in path.parts} - {path.name for path in before}
    assert not [name for name in new if "escaped" in name]
