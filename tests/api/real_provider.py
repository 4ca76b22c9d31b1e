"""A real OpenID provider on this machine (oidc-provider-mock), which also holds to PKCE, and which can be made to go wrong in one thing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import httpx
import oidc_provider_mock
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class RealProvider:
    """``claims`` and ``header`` change what the next tokens say, ``signed_by`` who signs them (None: the provider), ``describes`` what the
    provider says of itself. ``asked`` counts requests by path."""

    address: str
    users: dict[str, dict[str, Any]]
    claims: Change = lambda claims: claims
    header: dict[str, Any] = field(default_factory=dict)
    signed_by: Any = None
    unsigned: bool = False
    describes: Change = lambda said: said
    own_key: RSAKey | None = None
    asked: dict[str, int] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def sign_in(self, address: str, subject: str) -> httpx.Response:
        """What the person does in the browser at the provider; answers the way back."""
        assert "<form" in httpx.get(address).text
        return httpx.post(address, data={"sub": subject})

    def deny(self, address: str) -> httpx.Response:
        return httpx.post(address, data={"action": "deny"})


def _app(made: RealProvider) -> flask.Flask:
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in made.users.items()]
    app = oidc_provider_mock.app(user_claims=users, require_nonce=True)

    @app.before_request
    def hold_to_pkce() -> Any:
        path, given = flask.request.path, flask.request.values
        made.asked[path] = made.asked.get(path, 0) + 1
        if path == "/oauth2/token":
            expected = made.challenges.get(made.codes.get(given.get("code", ""), ""))
            verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            if expected != base64.urlsafe_b64encode(verifier).decode().rstrip("="):
                return flask.jsonify({"error": "invalid_grant", "error_description": "code_verifier"}), 400
        return None

    @app.after_request
    def go_wrong(answer: flask.Response) -> flask.Response:
        path = flask.request.path
        if path == "/oauth2/authorize" and answer.status_code == 302:
            back = parse_qs(urlsplit(answer.headers["Location"]).query)
            if "code" in back and flask.request.args.get("code_challenge_method") == "S256":
                made.codes[back["code"][0]] = back["state"][0]
                made.challenges[back["state"][0]] = flask.request.args["code_challenge"]
        elif path == "/oauth2/token" and answer.status_code == 200:
            said = json.loads(answer.get_data())
            said["id_token"] = _another(made, said["id_token"])
            answer.set_data(json.dumps(said))
        elif path == "/jwks":
            made.own_key = RSAKey.import_key(flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True))
            if made.signed_by == NEW:
                answer.set_data(json.dumps(KeySet([NEW_KEY]).as_dict()))
        elif path == "/.well-known/openid-configuration":
            answer.set_data(json.dumps(made.describes(json.loads(answer.get_data()))))
        return answer

    return app


OTHER_KEY = RSAKey.generate_key(2048, {"kid": "another"})
NEW = "new key of the provider"
NEW_KEY = RSAKey.generate_key(2048, {"kid": "new"})


def _another(made: RealProvider, token: str) -> str:
    """The token with what was changed about it, signed as a provider signs."""
    head, body, _ = token.split(".")
    header = {**json.loads(_opened(head)), **made.header}
    claims = made.claims(json.loads(_opened(body)))
    if made.unsigned:
        return ".".join((_closed({"alg": "none", "typ": "JWT"}), _closed(claims), ""))
    key = NEW_KEY if made.signed_by == NEW else made.signed_by or made.own_key
    if any(key is one for one in (OTHER_KEY, NEW_KEY)) and "kid" not in made.header:
        header["kid"] = key.kid
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def _opened(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")


def _closed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@contextmanager
def real_provider(users: dict[str, dict[str, Any]]) -> Iterator[RealProvider]:
    """The provider, listening."""
    made = RealProvider("", users)
    server = werkzeug.serving.make_server("localhost", 0, _app(made), threaded=True)
    made.address = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said_on(page: str) -> str:
    """What the sign-in page says went wrong."""
    found = re.search(r'<p class="alert" role="alert">([^<]*)</p>', page)
    return found[1] if found is not None else ""
