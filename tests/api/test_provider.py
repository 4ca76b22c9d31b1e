"""Sign-in of staff by an OpenID provider, against a real one: who gets in, and what proves nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey
from sqlalchemy import Connection

from api.access import linking
from api.access.accounts import close_account, create_account
from api.access.provider import Provider, Registration
from api.access.provider_pages import CANCELLED, DOWN, STALE, UNKNOWN, UNPROVEN
from api.access.tables import accounts, audit, provider_links
from api.access.throttle import FOR_ONE_NAME, Throttle
from api.cache.memory import MemoryCache
from tests.api.conftest import PASSWORD, Market, open_market
from tests.api.real_provider import NEW, OTHER_KEY, RealProvider, real_provider, said_on
from tests.api.test_second_factor import code as factor_code
from tests.api.test_second_factor import send, set_up
from tests.api.test_signing_in import cookie_of, me, sign_in

PEOPLE: dict[str, dict[str, Any]] = {
    "s-admin": {"employee": "E-1", "email": "wang@example.com", "email_verified": False},
    "s-officer": {"acr": "urn:mfa", "amr": ["pwd", "otp"]},
    "s-stranger": {},
}
LINKS = {"s-admin": "administrator", "s-officer": "commissioner"}


@pytest.fixture(scope="module")
def listening() -> Iterator[RealProvider]:
    with real_provider(PEOPLE) as made:
        yield made


@pytest.fixture
def provider(listening: RealProvider) -> RealProvider:
    """The provider, going right."""
    fresh = RealProvider("", {})
    for name in ("claims", "header", "signed_by", "unsigned", "describes", "asked"):
        setattr(listening, name, getattr(fresh, name))
    return listening


@pytest.fixture
def office(tmp_path: Path, empty_folder: Path, _cheap_passwords: None, provider: RealProvider) -> Iterator[Market]:
    """An exchange that knows the provider, with two accounts linked."""
    for market in open_market(tmp_path, empty_folder, public_url="http://testserver/"):
        connect(market, provider)
        yield market


def connect(market: Market, provider: RealProvider, **more: Any) -> Registration:
    market.clock.at = datetime.now(UTC)
    registration = Registration(provider.address, "gongqiao", "of-the-exchange", **more)
    market.services.provider = Provider(registration)
    link_all(market, registration)
    return registration


def link_all(market: Market, registration: Registration) -> None:
    exchange = market.services.exchange

    def job(connection: Connection) -> None:
        for subject, login in LINKS.items():
            assert linking.link(connection, exchange.vault, registration, f"a-{login}", subject, exchange.now()) is None

    exchange.write(job)


def begin(market: Market, next: str = "") -> tuple[str, dict[str, str]]:
    """Off to the provider: its address, and the cookie that this browser keeps."""
    market.clock.at = max(market.clock.at, datetime.now(UTC))  # the provider's tokens are of now
    answer = market.client.get("/login/oidc", params={"next": next} if next else {})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], cookie_of(answer)


def back(market: Market, location: str, cookie: dict[str, str]) -> httpx.Response:
    assert location.startswith("http://testserver/login/oidc/callback?")
    headers = {**cookie, "Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    return market.client.get(location.removeprefix("http://testserver"), headers=headers)


def through(market: Market, provider: RealProvider, subject: str = "s-admin", next: str = "") -> httpx.Response:
    """The whole way."""
    address, cookie = begin(market, next)
    return back(market, provider.sign_in(address, subject).headers["location"], cookie)


def session_of(answer: httpx.Response) -> dict[str, str]:
    found = [one for one in answer.headers.get_list("set-cookie") if one.startswith("gongqiao=")]
    return {"Cookie": found[0].partition(";")[0]} if found else {}


def refused(answer: httpx.Response, said: str, status: int) -> None:
    assert (said_on(answer.text), answer.status_code) == (said, status)
    assert session_of(answer) == {}
    assert 'gongqiao-provider=""' in answer.headers["set-cookie"]  # nothing of it is left in the browser


# -- who gets in -----------------------------------------------------------------------------------------------------------


def test_whoever_is_linked_is_signed_in_with_a_session_like_any_other(office: Market, provider: RealProvider) -> None:
    answer = through(office, provider, next="/commissioner?cursor=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/commissioner?cursor=1")
    session = session_of(answer)
    own = office.client.get("/api/v1/account", headers=session).json()
    assert (own["login"], own["role"], own["sessions"]) == ("administrator", "administrator", 1)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("gongqiao=")).lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    office.clock.at += timedelta(hours=12)
    assert me(office, session) == 401


def test_what_is_sent_to_the_provider(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(provider.address + "/oauth2/authorize?")
    assert asked["redirect_uri"] == "http://testserver/login/oidc/callback"
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", "gongqiao", "openid")
    assert asked["code_challenge_method"] == "S256"
    secrets = [asked[name] for name in ("state", "nonce", "code_challenge")]
    assert len(set(secrets)) == 3
    assert all(len(one) == 43 for one in secrets)
    assert "of-the-exchange" not in address
    assert not any(one in cookie["Cookie"] for one in secrets)
    again, _ = begin(office)
    assert parse_qs(urlsplit(again).query)["state"][0] != asked["state"]


def test_sign_ins_of_staff_are_entries_of_the_log_whatever_the_way(office: Market, provider: RealProvider) -> None:
    through(office, provider)
    sign_in(office, login="commissioner")
    sign_in(office, login="jobseeker")
    with office.services.exchange.reading() as connection:
        entries = [(row.account_id, row.action, row.about, row.person_id) for row in connection.execute(audit.select())]
    assert entries == [("a-administrator", "signed_in", "provider", ""), ("a-commissioner", "signed_in", "password", "")]


def test_signing_out_everywhere_ends_it_as_well(office: Market, provider: RealProvider) -> None:
    first, second = session_of(through(office, provider)), session_of(through(office, provider))
    assert me(office, first) == me(office, second) == 200
    assert send(office, "/account/sign-out", first).status_code == 303
    assert me(office, first) == me(office, second) == 401


def test_the_button_is_there_only_where_there_is_a_provider(office: Market) -> None:
    shown = office.client.get("/login", params={"next": "/audit?a=b&c=d"}).text
    assert "统一身份认证登录" in shown
    assert 'href="/login/oidc?next=/audit%3Fa%3Db%26c%3Dd"' in shown
    office.services.provider = None
    assert "统一身份认证登录" not in office.client.get("/login").text
    for path in ("/login/oidc", "/login/oidc/callback?code=a&state=b"):
        assert office.client.get(path, headers={"Accept": "text/html"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "led"),
    [("/inbox", "/inbox"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"), ("/\t/evil.example", "/")],
)
def test_signing_in_leads_to_this_site_only(office: Market, provider: RealProvider, asked: str, led: str) -> None:
    assert through(office, provider, next=asked).headers["location"] == led


def test_a_cookie_that_somebody_wrote_leads_to_this_site_only(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office, "/audit")
    elsewhere = cookie["Cookie"].rpartition(".")[0] + ".Ly9ldmlsLmV4YW1wbGU"  # //evil.example
    answer = back(office, provider.sign_in(address, "s-admin").headers["location"], {"Cookie": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


# -- who does not ----------------------------------------------------------------------------------------------------------


def test_whoever_is_not_linked_gets_no_account(office: Market, provider: RealProvider) -> None:
    refused(through(office, provider, "s-stranger"), UNKNOWN, 403)
    refused(through(office, provider, "somebody-new"), UNKNOWN, 403)
    refused(through(office, provider, "administrator"), UNKNOWN, 403)  # a login is no link
    refused(through(office, provider, "S-ADMIN"), UNKNOWN, 403)


def test_whoever_left_is_out_at_once_and_stays_out(office: Market, provider: RealProvider) -> None:
    session = session_of(through(office, provider))
    address, cookie = begin(office)
    on_the_way = provider.sign_in(address, "s-admin").headers["location"]
    exchange = office.services.exchange
    exchange.write(lambda connection: close_account(connection, "administrator"))
    assert me(office, session) == 401
    refused(back(office, on_the_way, cookie), UNKNOWN, 403)
    refused(through(office, provider), UNKNOWN, 403)
    again = {"login": "administrator", "password": PASSWORD, "role": "administrator"}
    exchange.write(lambda connection: create_account(connection, now=exchange.now(), **again))
    refused(through(office, provider), UNKNOWN, 403)  # who has the name now may be somebody else


def test_a_new_password_and_role_take_the_link_away(office: Market, provider: RealProvider) -> None:
    session_of(through(office, provider))
    exchange = office.services.exchange
    again = {"login": "administrator", "password": PASSWORD, "role": "administrator"}
    exchange.write(lambda connection: create_account(connection, now=exchange.now(), **again))
    refused(through(office, provider), UNKNOWN, 403)  # who has the name now may be somebody else


@pytest.mark.parametrize("role", ["jobseeker", "employer", "operator", "partner"])
def test_others_than_staff_never_come_this_way(office: Market, provider: RealProvider, role: str) -> None:
    exchange = office.services.exchange
    more = {"jobseeker": {"person_id": "u-7"}, "employer": {"employer_id": "e-9"}}.get(role, {})

    def become(connection: Connection) -> None:  # by hand: a new role by the command takes the link away
        connection.execute(accounts.update().where(accounts.c.login == "administrator").values(role=role, **more))

    exchange.write(become)
    refused(through(office, provider), UNKNOWN, 403)
    registration = office.services.provider.registration  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="commissioner"):
        exchange.write(lambda c: linking.link(c, exchange.vault, registration, "a-administrator", "s-stranger", exchange.now()))


def test_a_link_names_nobody_and_belongs_to_one_issuer_and_claim(office: Market, provider: RealProvider) -> None:
    with office.services.exchange.reading() as connection:
        kept = str(connection.execute(provider_links.select()).all())
        assert kept.count("a-") == 2
        assert "s-admin" not in kept
        for other in ({"claim": "employee"}, {"issuer": "https://elsewhere.example"}):
            named = {"issuer": provider.address, "client_id": "gongqiao", "client_secret": "x", **other}
            assert linking.behind(connection, office.services.exchange.vault, Registration(**named), "s-admin") is None


def test_another_claim_can_name_the_account(office: Market, provider: RealProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LINKS, "E-1", "auditor")
    connect(office, provider, claim="employee")
    own = office.client.get("/api/v1/account", headers=session_of(through(office, provider))).json()
    assert own["login"] == "auditor"
    refused(through(office, provider, "s-stranger"), UNPROVEN, 401)  # without the claim


def test_a_mail_address_that_was_not_verified_names_nobody(office: Market, provider: RealProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LINKS, "wang@example.com", "auditor")
    connect(office, provider, claim="email", scope="openid email")
    refused(through(office, provider), UNPROVEN, 401)
    provider.claims = lambda claims: {**claims, "email_verified": True}
    assert through(office, provider).status_code == 303


# -- the second factor -----------------------------------------------------------------------------------------------------


def test_ours_is_asked_where_the_account_has_one_and_nobody_vouches(office: Market, provider: RealProvider) -> None:
    secret, _ = set_up(office, cookie_of(sign_in(office, login="commissioner")))
    answer = through(office, provider, "s-officer", next="/commissioner")
    assert answer.status_code == 200
    assert "验证码" in answer.text
    half = session_of(answer)
    assert me(office, half) == 401
    csrf = answer.text.split('name="csrf" value="')[1].partition('"')[0]
    data = {"code": factor_code(office, secret), "csrf": csrf, "next": "/commissioner"}
    done = office.client.post("/login/code", data=data, headers=half)
    assert (done.status_code, done.headers["location"]) == (303, "/commissioner")
    assert me(office, session_of(done)) == 200


@pytest.mark.parametrize(("factors", "asks"), [(("urn:mfa",), False), (("otp", "hwk"), False), (("hwk",), True), ((), True)])
def test_the_providers_counts_where_a_setting_says_so(office: Market, provider: RealProvider, factors: tuple[str, ...], asks: bool) -> None:
    connect(office, provider, factors=factors)
    set_up(office, cookie_of(sign_in(office, login="commissioner")))
    assert ("location" not in through(office, provider, "s-officer").headers) is asks


@pytest.mark.usefixtures("_cheap_passwords")
def test_where_one_is_obligatory_the_providers_opens_and_none_does_not(tmp_path: Path, empty_folder: Path, provider: RealProvider) -> None:
    for market in open_market(tmp_path, empty_folder, public_url="http://testserver", second_factor_required=True):
        connect(market, provider, factors=("otp",))
        assert me(market, session_of(through(market, provider, "s-officer"))) == 200
        assert me(market, session_of(through(market, provider, "s-admin"))) == 403  # until it has set up ours
        assert me(market, cookie_of(sign_in(market, login="commissioner"))) == 403


# -- what proves nothing ---------------------------------------------------------------------------------------------------


def test_a_wrong_state_is_refused(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    location = provider.sign_in(address, "s-admin").headers["location"]
    before, _, state = location.partition("&state=")
    for wrong in (before, f"{before}&state=", f"{before}&state={state[:-1]}é", f"{before}&state={'x' * 43}"):
        refused(back(office, wrong, cookie), STALE, 401)
    assert provider.asked.get("/oauth2/token", 0) == 0  # the code was not even sent


@pytest.mark.parametrize("cookie", ["", "x", "1.x.y", f"{'9' * 40}.{'x' * 43}.", f"-1.{'x' * 43}.", f"1.{'x' * 43}.gA", "1..", "...."])
def test_a_browser_that_did_not_begin_is_refused(office: Market, provider: RealProvider, cookie: str) -> None:
    address, _ = begin(office)
    location = provider.sign_in(address, "s-admin").headers["location"]
    refused(back(office, location, {"Cookie": f"gongqiao-provider={cookie}"} if cookie else {}), STALE, 401)


def test_another_browser_is_refused_and_so_is_whoever_comes_too_late(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    _, of_another = begin(office)
    location = provider.sign_in(address, "s-admin").headers["location"]
    refused(back(office, location, of_another), STALE, 401)
    office.clock.at += timedelta(minutes=10)
    refused(back(office, location, cookie), STALE, 401)


def test_the_way_back_is_gone_once(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    location = provider.sign_in(address, "s-admin").headers["location"]
    assert back(office, location, cookie).status_code == 303
    refused(back(office, location, cookie), STALE, 401)


def test_a_code_that_was_used_or_was_given_to_another_browser_is_refused(office: Market, provider: RealProvider) -> None:
    def code_of(location: str) -> str:
        return parse_qs(urlsplit(location).query)["code"][0]

    address, cookie = begin(office)
    used = provider.sign_in(address, "s-admin").headers["location"]
    assert back(office, used, cookie).status_code == 303
    unused = provider.sign_in(begin(office)[0], "s-admin").headers["location"]
    for stolen in (used, unused):
        address, cookie = begin(office)
        own = provider.sign_in(address, "s-stranger").headers["location"]
        refused(back(office, own.replace(code_of(own), code_of(stolen)), cookie), UNPROVEN, 401)
    # PKCE alone refused the second one: nobody had used it.
    assert code_of(unused) in provider.codes


WRONG_TOKENS: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": lambda claims: {**claims, "nonce": "x" * 43}},
    "no nonce": {"claims": lambda claims: {name: value for name, value in claims.items() if name != "nonce"}},
    "another audience": {"claims": lambda claims: {**claims, "aud": "somebody-else"}},
    "an audience among others": {"claims": lambda claims: {**claims, "aud": ["gongqiao", "somebody-else"]}},
    "no audience": {"claims": lambda claims: {name: value for name, value in claims.items() if name != "aud"}},
    "made for another party": {"claims": lambda claims: {**claims, "azp": "somebody-else"}},
    "another issuer": {"claims": lambda claims: {**claims, "iss": "https://elsewhere.example"}},
    "no issuer": {"claims": lambda claims: {name: value for name, value in claims.items() if name != "iss"}},
    "expired": {"claims": lambda claims: {**claims, "exp": claims["iat"] - 3600}},
    "no expiry": {"claims": lambda claims: {name: value for name, value in claims.items() if name != "exp"}},
    "of tomorrow": {"claims": lambda claims: {**claims, "iat": claims["iat"] + 86400}},
    "another access token": {"claims": lambda claims: {**claims, "at_hash": "x" * 22}},
    "a number for a name": {"claims": lambda claims: {**claims, "sub": 7}},
    "an empty name": {"claims": lambda claims: {**claims, "sub": ""}},
    "signed by another key": {"signed_by": OTHER_KEY},
    "signed by another key under the provider's name": {"signed_by": OTHER_KEY, "header": {"kid": "the provider's"}},
    "not signed": {"unsigned": True},
}


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_a_token_with_one_thing_wrong_is_refused(office: Market, provider: RealProvider, wrong: str) -> None:
    assert through(office, provider).status_code == 303  # with nothing wrong it opens
    changes = dict(WRONG_TOKENS[wrong])
    if "header" in changes and provider.own_key is not None:
        changes["header"] = {"kid": provider.own_key.kid or provider.own_key.thumbprint()}
    for name, value in changes.items():
        setattr(provider, name, value)
    refused(through(office, provider), UNPROVEN, 401)


def test_a_token_made_with_the_public_key_as_a_secret_is_refused(office: Market, provider: RealProvider) -> None:
    through(office, provider)
    assert provider.own_key is not None
    known_to_all = json.dumps(provider.own_key.as_dict(private=False)).encode()
    provider.signed_by, provider.header = OctKey.import_key(known_to_all), {"alg": "HS256"}
    refused(through(office, provider), UNPROVEN, 401)


def test_what_is_no_token_at_all_is_refused(office: Market, provider: RealProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    for nonsense in ("", "x", "a.b.c", "é.é.é", "....", "e30.e30.e30"):
        monkeypatch.setattr("tests.api.real_provider._another", lambda made, token, nonsense=nonsense: nonsense)
        refused(through(office, provider), UNPROVEN, 401)
        office.app.state.throttle.right_provider("203.0.113.7")


def test_an_answer_of_another_issuer_is_refused(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    location = provider.sign_in(address, "s-admin").headers["location"]
    refused(back(office, location + "&iss=https://elsewhere.example", cookie), UNPROVEN, 401)


def test_a_provider_that_says_it_is_another_is_not_believed(office: Market, provider: RealProvider) -> None:
    provider.describes = lambda said: {**said, "issuer": "https://elsewhere.example"}
    refused(office.client.get("/login/oidc", headers={"Accept": "text/html"}), DOWN, 503)


def test_a_new_key_of_the_provider_is_fetched_when_it_is_used(office: Market, provider: RealProvider) -> None:
    assert through(office, provider).status_code == 303
    assert through(office, provider).status_code == 303
    assert provider.asked["/jwks"] == 1  # kept in between
    provider.signed_by = NEW
    assert through(office, provider).status_code == 303
    assert provider.asked["/jwks"] == 2


def test_whoever_says_no_at_the_provider_can_try_again(office: Market, provider: RealProvider) -> None:
    address, cookie = begin(office)
    answer = provider.deny(address)
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert "error=access_denied" in answer.headers["location"]
    refused(back(office, f"http://testserver/login/oidc/callback?error=access_denied&state={state}", cookie), CANCELLED, 401)
    assert through(office, provider).status_code == 303


def test_a_provider_that_is_down_is_said_so_and_the_password_goes_on(
    office: Market, provider: RealProvider, caplog: pytest.LogCaptureFixture
) -> None:
    down = "http://localhost:1"  # nobody listens there
    office.services.provider = Provider(Registration(down, "gongqiao", "of-the-exchange"))
    with caplog.at_level(logging.WARNING, "gongqiao.provider"):
        refused(office.client.get("/login/oidc", headers={"Accept": "text/html"}), DOWN, 503)
    assert [record.__dict__["reason"] for record in caplog.records] == ["ConnectError"]
    assert sign_in(office).status_code == 303
    refused(office.client.get("/login/oidc", headers={"Accept": "text/html"}), DOWN, 503)


def test_a_provider_that_goes_down_on_the_way_is_nobodys_wrong_try(office: Market, provider: RealProvider) -> None:
    for _ in range(FOR_ONE_NAME + 1):
        address, cookie = begin(office)
        location = provider.sign_in(address, "s-admin").headers["location"]
        working, office.services.provider = office.services.provider, Provider(Registration("http://localhost:1", "x", "x"))
        refused(back(office, location, cookie), DOWN, 503)
        office.services.provider = working
    assert through(office, provider).status_code == 303


def test_a_provider_that_talks_nonsense_is_down(office: Market, provider: RealProvider) -> None:
    for nonsense in (
        {"jwks_uri": None},
        {"token_endpoint": "ftp://x"},
        {"jwks_uri": provider.address + "/nowhere"},
        {"jwks_uri": provider.address},
    ):
        office.services.provider = Provider(Registration(provider.address, "gongqiao", "of-the-exchange"))
        provider.describes = lambda said, nonsense=nonsense: {**said, **nonsense}  # type: ignore[misc]
        refused(office.client.get("/login/oidc", headers={"Accept": "text/html"}), DOWN, 503)


def test_too_many_failures_from_an_address_are_stopped_and_passwords_are_not(office: Market, provider: RealProvider) -> None:
    office.app.state.throttle = Throttle(MemoryCache(lambda: 0.0))  # no time goes by
    tries = [through(office, provider, "s-stranger") for _ in range(FOR_ONE_NAME)]
    assert {one.status_code for one in tries} == {403}
    stopped = through(office, provider)
    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "30"
    assert sign_in(office).status_code == 303


def test_who_comes_back_without_having_begun_uses_up_nobodys_tries(office: Market, provider: RealProvider) -> None:
    office.app.state.throttle = Throttle(MemoryCache(lambda: 0.0))  # no time goes by
    for _ in range(FOR_ONE_NAME + 1):
        refused(back(office, "http://testserver/login/oidc/callback?code=x&state=y", {}), STALE, 401)
    assert through(office, provider).status_code == 303
