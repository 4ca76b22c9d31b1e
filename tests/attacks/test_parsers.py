"""Everything that reads what others wrote, with whatever they may write: an answer or a clear refusal, never the server's fault."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access import totp
from api.access.second_factor import _cleaned
from api.forms import Form, Reader, is_mail
from api.intake.feed import place_of
from api.problems import BadRequest
from matcher.masking import mask
from matcher.pay import read_pay
from streams.intake.mapping import MappingError, parse_mapping
from tests.api.conftest import Market

MANY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ANY_TEXT = st.text(max_size=200)
NO_SURROGATES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
HEADER_BYTES = st.binary(max_size=120).map(lambda raw: bytes(one for one in raw if one >= 32 and one != 127))


@MANY
@given(header=HEADER_BYTES | st.sampled_from(["Basic", "Bearer", "basic ", "BEARER  "]).map(str.encode), cookie=HEADER_BYTES)
def test_no_credentials_are_the_servers_fault(attacked: Market, header: bytes, cookie: bytes) -> None:
    for headers in ([(b"authorization", header)], [(b"cookie", b"gongqiao=" + cookie)], [(b"cookie", cookie), (b"x-csrf-token", header)]):
        answer = attacked.client.get("/api/v1/account", headers=headers)
        assert answer.status_code in (401, 429), (headers, answer.text)


@MANY
@given(login=NO_SURROGATES, password=NO_SURROGATES)
def test_no_login_is_the_servers_fault(attacked: Market, login: str, password: str) -> None:
    packed = base64.b64encode(f"{login}:{password}".encode()).decode()
    assert attacked.client.get("/api/v1/account", headers={"Authorization": f"Basic {packed}"}).status_code in (401, 429)


@MANY
@given(
    name=st.sampled_from(
        ["range", "if-range", "if-none-match", "if-modified-since", "accept", "accept-encoding", "idempotency-key", "host"]
    ),
    value=HEADER_BYTES
    | st.sampled_from([b"bytes=0-", b"bytes=-1", b"bytes=5-1", b"bytes=0-0,2-3", b"bytes=99999999999999999999-", b'W/"x"', b"*"]),
)
def test_no_header_of_a_follower_is_the_servers_fault(attacked: Market, name: str, value: bytes) -> None:
    for path in ("/api/v1/feed/snapshot", "/api/v1/feed", "/search"):
        answer = attacked.client.get(path, headers=[(name.encode(), value)])
        assert answer.status_code in (200, 206, 304, 400, 416), (path, name, value, answer.text[:200])


@FEW
@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), query=NO_SURROGATES)
def test_no_address_of_a_page_is_the_servers_fault(attacked: Market, path: str, query: str) -> None:
    for before in ("/postings/", "/employer/postings/", "/claims/", "/"):
        answer = attacked.client.get(f"{before}{quote(path)}?{quote(query)}", headers={"Accept": "text/html"})
        assert answer.status_code < 500, (before, path, query)


@MANY
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), ANY_TEXT, max_size=3))
def test_a_form_is_read_or_says_which_field_is_wrong(values: dict[str, str]) -> None:
    reader = Reader(Form({name: (value,) for name, value in values.items()}))
    found: list[Any] = [
        reader.text("a", most=10), reader.number("b"), reader.number("b", whole=True), reader.day("c"), reader.instant("c"),
        reader.one_of("a", {"x"}), reader.several("b", {"x"}),
    ]  # fmt: skip
    assert reader.errors.keys() <= values.keys()
    number = found[1]
    assert number is None or 0 <= number <= 1e9


@MANY
@given(ANY_TEXT)
def test_a_mail_address_is_one_line_and_one_address(text: str) -> None:
    if is_mail(text):
        assert not set(text) & set("\r\n \t,;<>\"'()")
        assert text.count("@") == 1


@MANY
@given(ANY_TEXT | st.integers().map(str))
def test_a_cursor_is_one_of_ours_or_refused(text: str) -> None:
    if text.isdecimal() and len(text) <= 18:
        assert 0 <= place_of(text) < 10**18
        return
    with pytest.raises(BadRequest) as refused:
        place_of(text)
    assert refused.value.errors[0].field == "cursor"


@MANY
@given(ANY_TEXT)
def test_no_code_of_an_authenticator_is_more_than_wrong(code: str) -> None:
    secret = totp.new_secret()
    at = datetime(2026, 11, 20, tzinfo=UTC)
    right = {totp.code_at(secret, totp.step_of(at) + apart) for apart in (-1, 0, 1)}
    given = _cleaned(code)
    assert (totp.step_with(secret, given, at) is not None) is (given in right)


@MANY
@given(ANY_TEXT)
def test_masking_reads_any_text_and_leaves_nothing_to_mask(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@pytest.mark.parametrize("number", ["13800138000", "11010519491231002X", "+86 138 0013 8000", "１３８００１３８０００"])
@MANY
@given(
    before=st.text(st.characters(categories=["Lo", "Zs", "Po"]), max_size=20),
    after=st.text(st.characters(categories=["Lo", "Zs", "Po"]), max_size=20),
)
def test_no_surroundings_hide_a_number(number: str, before: str, after: str) -> None:
    assert number not in mask(f"{before}{number}{after}").text


@MANY
@given(ANY_TEXT)
def test_pay_is_read_from_any_text_or_not_at_all(text: str) -> None:
    read_pay(text)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | NO_SURROGATES
VALUES = (
    PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(NO_SURROGATES | st.integers(), PLAIN | st.lists(PLAIN, max_size=2), max_size=3)
)
SECTION = st.dictionaries(
    st.sampled_from(["title", "pay", "region", "facts.x", "x"]) | st.integers(), VALUES | st.fixed_dictionaries({"read": VALUES})
)


def is_read_or_refused(text: str) -> None:
    with contextlib.suppress(MappingError):
        assert parse_mapping(text).fields


@MANY
@given(
    st.fixed_dictionaries({}, optional={"kind": st.just("postings") | VALUES, "constants": SECTION | VALUES, "fields": SECTION | VALUES})
)
def test_a_mapping_is_read_or_says_which_key_is_wrong(mapping: dict[str, Any]) -> None:
    is_read_or_refused(yaml.safe_dump(mapping, allow_unicode=True))


@MANY
@given(ANY_TEXT)
def test_any_text_is_a_mapping_or_says_why_not(text: str) -> None:
    is_read_or_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "kind: postings\nfields: {title: 2026-99-99}",
        "kind: 2026-13-01",
        "kind: postings\nfields: {title: {read: [text], from: a}}",
        "kind: postings\nfields: {? [a] : b}",
        "a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nfields: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]",
        "fields: &a {title: *a}",
        "!!python/object/apply:os.system ['true']",
        "kind: !!binary x",
        "kind: 1_000:99:99\n",
        "[" * 5000,
        "kind: !!timestamp x",
        "kind: !!int ''",
        "kind: !!float x",
    ],
)
def test_a_mapping_that_is_an_attack_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)
