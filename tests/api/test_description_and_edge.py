"""The description is complete and true; hosts, headers, readiness; whatever is asked, no answer is the server's fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from api.edge import Edge
from api.services import Options
from tests.api.conftest import EMPLOYER, PERSON, POSTING, Market, open_market

ROOT = Path(__file__).parents[2]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_operation_says_what_it_takes_and_answers(furnished: Market) -> None:
    whole = furnished.client.get("/api/openapi.json").json()
    assert whole["openapi"].startswith("3.1")
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            assert operation.get("description") or operation.get("summary"), name
            if not path.startswith("/api/v1/"):
                continue
            assert operation["responses"]["default"]["content"]["application/problem+json"], name
            assert operation["security"], name
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert good, name
            assert all(operation["responses"][status].get("content") for status in good if status != "206"), name
            if method in ("put",) or name in ("POST /api/v1/postings", "POST /api/v1/people", "POST /api/v1/employers"):
                assert operation["requestBody"]["content"]["application/json"]["schema"], name
    assert set(whole["components"]["securitySchemes"]) == {"basic", "bearer", "session"}


def test_every_reference_in_the_description_leads_somewhere(furnished: Market) -> None:
    whole = furnished.app.openapi()

    def refs(value: Any) -> list[str]:
        if isinstance(value, dict):
            here = [value["$ref"]] if "$ref" in value else []
            return here + [one for part in value.values() for one in refs(part)]
        return [one for part in value for one in refs(part)] if isinstance(value, list) else []

    for target in set(refs(whole)):
        node: Any = whole
        for part in target.removeprefix("#/").split("/"):
            node = node[part]


def test_what_is_sent_fits_the_description(furnished: Market) -> None:
    whole = furnished.app.openapi()
    for name, example in (("PostingSent", POSTING), ("PersonSent", PERSON), ("EmployerSent", EMPLOYER)):
        schema = {**whole["components"]["schemas"][name], "components": whole["components"]}
        assert not list(Draft202012Validator(schema).iter_errors(example)), name
    bare = {"title": "焊工"}
    assert not list(
        Draft202012Validator({**whole["components"]["schemas"]["PostingSent"], "components": whole["components"]}).iter_errors(bare)
    )


def test_the_description_names_no_private_value_in_an_answer(furnished: Market) -> None:
    schemas = furnished.app.openapi()["components"]["schemas"]
    assert "private" not in schemas["Person"]["properties"]
    assert "contact" not in schemas["Posting"]["properties"]
    assert "contact" in schemas["PostingSent"]["properties"]


def test_every_described_path_is_documented(furnished: Market) -> None:
    text = (ROOT / "docs/api.md").read_text()
    for path in furnished.app.openapi()["paths"]:
        assert path.removeprefix("/api/v1") in text, f"docs/api.md does not mention {path}"


def test_headers_that_browsers_are_told(furnished: Market) -> None:
    for path in ("/health/live", "/api/v1/postings", "/login", "/api/v1/nowhere"):
        headers = furnished.client.get(path).headers
        policy = dict(one.strip().partition(" ")[::2] for one in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"  # no script, style or frame of others, and none inline
        assert not policy.keys() & {"script-src", "style-src", "connect-src"}
        assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        # What everybody is told alike may be kept where it is asked for again each time (``api.conditional``).
        assert headers["cache-control"] == ("no-cache" if path == "/api/v1/postings" else "no-store")
        assert "server" not in headers
    assert "no-store" not in furnished.client.get("/static/gongqiao.css").headers.get("cache-control", "")


def test_ready_names_each_engine(furnished: Market) -> None:
    ready = furnished.client.get("/health/ready")
    assert ready.status_code == 200
    assert {"state", "subject:intake", "subject:matching", "subject:delivery", "subject:hiring", "subject:staffing"} <= ready.json()[
        "engines"
    ].keys()


def test_readiness_says_what_is_wrong(furnished: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str | None:
        raise OSError("gone")

    monkeypatch.setitem(furnished.services.checks, "index", lambda: "the index does not take documents")
    monkeypatch.setitem(furnished.services.checks, "clock", broken)
    writer = furnished.services.exchange._writer
    monkeypatch.setattr(getattr(writer, "_session", writer), "fault", "the disk is full")  # PostgreSQL's writer asks its session
    ready = furnished.client.get("/health/ready")
    assert ready.status_code == 503
    engines = ready.json()["engines"]
    assert engines["index"] == {"status": "down", "reason": "the index does not take documents"}
    assert engines["clock"] == {"status": "down", "reason": "OSError"}
    assert engines["state"]["reason"] == "the disk is full"
    metrics = furnished.client.get("/metrics").text
    assert 'gongqiao_engine_up{engine="index"} 0.0' in metrics


def test_metrics_count_and_name_nobody(furnished: Market) -> None:
    text = furnished.client.get("/metrics").text
    assert 'gongqiao_subject_lag{subject="intake"} 0.0' in text
    assert "u-7" not in text


@pytest.mark.usefixtures("_cheap_passwords")
def test_other_hosts_are_not_answered_in_production(tmp_path: Path, empty_folder: Path) -> None:
    for market in open_market(tmp_path, empty_folder, production=True, public_url="https://work.example"):
        assert market.client.get("/api/v1/postings", headers={"Host": "evil.example"}).status_code == 421
        fine = market.client.get("/api/v1/postings", headers={"Host": "work.example:443"})
        assert fine.status_code == 200
        assert fine.headers["strict-transport-security"]
        assert market.client.get("/health/live", headers={"Host": "10.0.0.7:8000"}).status_code == 200
        signed_in = market.client.post(
            "/login", data={"login": "administrator", "password": "a-long-password"}, headers={"Host": "work.example"}
        )
        assert "secure" in signed_in.headers["set-cookie"].lower()


def test_without_a_public_address_every_host_is_ours(furnished: Market) -> None:
    assert furnished.client.get("/api/v1/postings", headers={"Host": "anything"}).status_code == 200
    assert Edge(furnished.app, Options())._hosts is None


def test_lists_may_be_longer_than_single_objects(furnished: Market) -> None:
    long = b"\n".join(orjson.dumps({"title": "x" * 900, "source": "mars"}) for _ in range(2000))
    answer = furnished.call("administrator", "POST", "/postings", content=long, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 422
    assert len(answer.json()["rejected"]) == 2000


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUE = st.one_of(
    TEXT, st.integers().map(str), st.floats().map(str), st.sampled_from(["", "1e999", "-1", "0", "140105", "nan", "a,b", "焊工", "%00"])
)


@QUICK
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "q",
                    "region",
                    "near",
                    "lat",
                    "lon",
                    "radius_km",
                    "form",
                    "pay_min",
                    "education",
                    "sort",
                    "facets",
                    "limit",
                    "cursor",
                    "published_since",
                    "occupation",
                    "x",
                ]
            ),
            VALUE,
        ),
        max_size=6,
    )
)
def test_no_search_is_the_servers_fault(furnished: Market, parameters: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters)
    assert furnished.get(None, f"/postings?{query}").status_code in (200, 400), query


@QUICK
@given(
    st.sampled_from(
        [
            "/people/u-7/recommendations",
            "/people/u-7/inbox",
            "/feed",
            "/feed/snapshot",
            "/commissioners/a-commissioner/gaps",
            "/postings/{p}/candidates",
        ]
    ),
    st.dictionaries(st.sampled_from(["cursor", "limit", "offset", "wait", "x"]), VALUE, max_size=3),
)
def test_no_parameter_is_the_servers_fault(furnished: Market, path: str, parameters: dict[str, str]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    answer = furnished.get("administrator", f"{path.replace('{p}', furnished.posting_id)}?{query}")
    assert answer.status_code in (200, 400, 422), (path, query, answer.text)


@QUICK
@given(
    st.sampled_from(["/people/{}", "/postings/{}", "/employers/{}/gap", "/matches/{}/x", "/people/{}/inbox"]),
    TEXT.filter(lambda name: bool(name) and not name.endswith("/")),  # a slash at the end is the path's: it leads to the path without it
)
def test_no_name_is_the_servers_fault(furnished: Market, path: str, name: str) -> None:
    assert furnished.get("administrator", path.format(quote(name, safe=""))).status_code in (200, 404, 405), name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*POSTING, *PERSON, *EMPLOYER, "facts", "work", "open_to", "brand_id", "market_id", "status", "filled", "contract_months"})


@QUICK
@given(
    st.sampled_from([("/postings", POSTING), ("/people", PERSON), ("/employers", EMPLOYER)]),
    st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3),
)
def test_no_content_is_the_servers_fault(furnished: Market, where: tuple[str, dict[str, Any]], changes: dict[str, Any]) -> None:
    import json

    path, happy = where
    sent = json.dumps({**happy, **changes}).encode()
    answer = furnished.call("administrator", "POST", path, content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code in (202, 422), (changes, answer.text)


@QUICK
@given(
    st.dictionaries(
        st.sampled_from(["date", "facts", "channel", "id"]),
        JSON | st.just("2026-11-20") | st.dictionaries(st.sampled_from(["person.category", "contract.min_months", "employer.size"]), JSON),
        max_size=4,
    )
)
def test_no_question_about_hints_is_the_servers_fault(furnished: Market, asked: dict[str, Any]) -> None:
    import json

    answer = furnished.call(None, "POST", "/hints", content=json.dumps(asked).encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422), (asked, answer.text)


@QUICK
@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ""]))
def test_no_bytes_are_the_servers_fault(furnished: Market, content: bytes, kind: str) -> None:
    for path in ("/postings", "/hints", "/employers/e-9/shortages"):
        answer = furnished.call("administrator", "POST", path, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (202, 400, 422), answer.text
