"""An OpenID provider that staff sign in with: authorization code with PKCE, and an id token that is believed only after it was checked.

The provider's own description and keys are fetched when first needed and kept for an hour; nothing is fetched at a start, so a provider
that is down keeps nobody from starting.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

#: Signatures with the provider's private key. Neither ``none`` nor HS…: those anybody, or whoever knows the client secret, could make.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
PATIENCE_S = 5.0
REST_S = 5.0  # that a provider which did not answer is left alone
AT_ONCE = 8  # of the web server's threads wait for the provider at most: it may be slow, the exchange must not
KEPT_S = 3600.0
LEEWAY_S = 60  # that its clock and ours may differ by
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LONGEST = 255  # characters of a claim


class ProviderDown(Exception):
    """The provider does not answer, or answers nothing that can be used; says where."""


class NotProven(Exception):
    """What came back proves nothing; says why in a word, never a value."""


@dataclass(frozen=True)
class Registration:
    """What the provider and this exchange have agreed on. ``claim``: of the id token, says who it is. ``factors``: values of ``acr`` or
    ``amr`` that stand for a second factor asked by the provider; empty: none does."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str = "sub"
    scope: str = "openid"
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """What one sign-in goes out with and must come back with."""

    redirect: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Proven:
    """Whom the provider answers for, and whether it asked for a second factor."""

    subject: str
    factor: bool


@dataclass(frozen=True)
class _Known:
    description: dict[str, Any]
    keys: KeySet
    until: float


class Provider:
    """One provider. Its calls take at most ``PATIENCE_S`` each and follow no redirect."""

    def __init__(self, registration: Registration):
        self.registration = registration
        self._known: _Known | None = None
        self._down_until = 0.0
        self._calls = threading.BoundedSemaphore(AT_ONCE)

    def address(self, flow: Flow) -> str:
        """Where a browser is sent to sign in. Raises ``ProviderDown`` or ``NotProven``."""
        known, ours = self._description(), self.registration
        address: str = prepare_grant_uri(
            known.description["authorization_endpoint"],
            client_id=ours.client_id,
            response_type="code",
            redirect_uri=flow.redirect,
            scope=ours.scope,
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
        return address

    def proven(self, code: str, flow: Flow, now: datetime) -> Proven:
        """Whom the provider gave this code for. Raises ``ProviderDown``, or ``NotProven`` where the code or the token is not right."""
        answer = self._redeem(code, flow)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotProven("no id token")
        claims = self._checked(token, answer.get("access_token"), flow, now)
        subject = claims.get(self.registration.claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
            raise NotProven(f"claim {self.registration.claim}")
        if self.registration.claim == "email" and claims.get("email_verified") is not True:
            raise NotProven("claim email_verified")
        methods = claims.get("amr")
        said = {claims.get("acr"), *(methods if isinstance(methods, list) else ())}
        return Proven(subject, any(one in said for one in self.registration.factors))

    # -- the id token ----------------------------------------------------------------------------------------------------

    def _checked(self, token: str, access_token: Any, flow: Flow, now: datetime) -> dict[str, Any]:
        ours = self.registration
        options = {"iss": {"essential": True, "value": ours.issuer}, "aud": {"essential": True, "value": ours.client_id}}
        params = {"nonce": flow.nonce, "client_id": ours.client_id, "access_token": access_token}
        try:
            opened = self._opened(token)
            claims = CodeIDToken(opened.claims, opened.header, options, params)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except JoseError as error:
            raise NotProven(f"id token: {getattr(error, 'claim', None) or error.error}") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise NotProven("id token: cannot be read") from None
        return dict(claims)

    def _opened(self, token: str) -> jwt.Token:
        """The token whose signature fits one of the provider's keys; those are fetched anew once, for it changes them."""
        known = self._description()
        try:
            return jwt.decode(token, known.keys, algorithms=ALGORITHMS)
        except JoseError:
            anew = self._description(anew=True)
            return jwt.decode(token, anew.keys, algorithms=ALGORITHMS)

    # -- its addresses ---------------------------------------------------------------------------------------------------

    def _redeem(self, code: str, flow: Flow) -> dict[str, Any]:
        known, ours = self._description().description, self.registration
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": flow.redirect, "code_verifier": flow.verifier}
        basic = None
        if "client_secret_basic" in known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            basic = (quote(ours.client_id, safe=""), quote(ours.client_secret, safe=""))
        else:
            sent |= {"client_id": ours.client_id, "client_secret": ours.client_secret}
        answer = self._ask("POST", known["token_endpoint"], data=sent, auth=basic)
        if answer.status_code in (400, 401):
            raise NotProven(f"code: {_word(answer)}")
        return _object(answer, "token endpoint")

    def _description(self, *, anew: bool = False) -> _Known:
        """What the provider says of itself, and its keys."""
        known = self._known
        if known is not None and not anew and known.until > time.monotonic():
            return known
        if self._down_until > time.monotonic():
            raise ProviderDown("it did not answer a moment ago")
        try:
            self._known = self._fetched()
        except ProviderDown:
            self._down_until = time.monotonic() + REST_S
            raise
        return self._known

    def _fetched(self) -> _Known:
        issuer = self.registration.issuer
        said = _object(self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration"), "description")
        if said.get("issuer") != issuer:
            raise NotProven("the description names another issuer")
        for name in _ENDPOINTS:
            address = said.get(name)
            if not isinstance(address, str) or not address.startswith(("https://", "http://")):
                raise ProviderDown(f"the description names no {name}")
            if issuer.startswith("https://") and not address.startswith("https://"):
                raise NotProven(f"{name} is no https address")
        try:
            keys = KeySet.import_key_set(_object(self._ask("GET", said["jwks_uri"]), "keys"))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError):
            raise ProviderDown("its keys cannot be read") from None
        return _Known(said, keys, time.monotonic() + KEPT_S)

    def _ask(self, method: str, address: str, **given: Any) -> httpx.Response:
        if not self._calls.acquire(blocking=False):
            raise ProviderDown("too many wait for it already")
        try:
            return httpx.request(method, address, timeout=PATIENCE_S, headers={"Accept": "application/json"}, **given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderDown(type(error).__name__) from None
        finally:
            self._calls.release()


def _object(answer: httpx.Response, what: str) -> dict[str, Any]:
    if answer.status_code != 200:
        raise ProviderDown(f"{what}: status {answer.status_code}")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderDown(f"{what}: no JSON object")
    return found


def _word(answer: httpx.Response) -> str:
    """The error code of RFC 6749, where the answer has one of them."""
    try:
        said = answer.json().get("error")
    except (ValueError, AttributeError):
        said = None
    known = ("invalid_grant", "invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
    return said if said in known else str(answer.status_code)
