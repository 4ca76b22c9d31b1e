"""Who is asking: a session's cookie, an API key, or login and password with the request."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from api.access import keys, second_factor
from api.access.accounts import Caller, caller_of, check_password, key_caller, password_of, session_caller, token_hash
from api.access.throttle import Throttle
from api.problems import Forbidden, NotSignedIn, Problem
from api.services import Services
from streams.runtime.database import EngineFault

COOKIE = "gongqiao"
_BASIC_FOR_S = 60.0


def services_of(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def identify(request: Request) -> Caller | None:
    """The caller or None. Wrong credentials are an error rather than nobody."""
    if hasattr(request.state, "caller"):
        found: Caller | None = request.state.caller
        return found
    try:
        caller = _identified(request)
    except Problem:
        request.state.caller = None  # whatever says so to a person is a page without an account
        raise
    request.state.caller = caller
    return caller


def _identified(request: Request) -> Caller | None:
    services = services_of(request)
    header = request.headers.get("authorization", "")
    kind, _, value = header.partition(" ")
    caller: Caller | None = None
    noted = True
    if kind.lower() == "basic":
        return _basic(request, value)
    now = services.exchange.now()
    with services.exchange.reading() as connection:
        if kind.lower() == "bearer":
            caller = key_caller(connection, value.strip(), now=now)
            if caller is None:
                raise NotSignedIn("API 密钥无效或已失效", headers={"WWW-Authenticate": "Bearer"})
            noted = keys.used_on(connection, caller.proof, now)
        elif token := request.cookies.get(COOKIE):
            caller = session_caller(connection, token, now=now)
            if caller is not None and not caller.vouched and _lacks_factor(services, connection, caller):
                caller = replace(caller, confined=True)
    if caller is not None and not caller.csrf and not noted:
        _note_use(services, caller.proof, now)
    return caller


def _note_use(services: Services, proof: str, now: datetime) -> None:
    """Once a day and key; whoever only reads is not kept waiting by a database that cannot write."""
    with suppress(EngineFault):
        services.exchange.write(lambda connection: keys.note_use(connection, proof, now))


def _lacks_factor(services: Services, connection: Connection, caller: Caller) -> bool:
    wanted = services.options.second_factor_required and caller.role in second_factor.ROLES
    return wanted and not second_factor.is_on(connection, caller.account_id)


def _password_is_not_enough(services: Services, connection: Connection, caller: Caller) -> bool:
    return second_factor.is_on(connection, caller.account_id) or _lacks_factor(services, connection, caller)


def _basic(request: Request, value: str) -> Caller:
    services = services_of(request)
    try:
        login, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise NotSignedIn("Authorization 头无法读取", headers={"WWW-Authenticate": "Basic"}) from None
    # argon2 is slow on purpose; a program that signs each request is not made to wait for it each time.
    cache: dict[str, tuple[float, str, str]] = request.app.state.basic_cache
    at = time.monotonic()
    name = token_hash(f"{login}\x00{password}")
    known = cache.get(name)
    with services.exchange.reading() as connection:
        # A password changed meanwhile has another hash, and what was remembered no longer counts.
        if known is not None and known[0] > at and password_of(connection, known[1]) == known[2]:
            caller = caller_of(connection, known[1])
            if caller is not None and not _password_is_not_enough(services, connection, caller):
                return caller
    cache.pop(name, None)
    account_id = sign_in(request, login, password)
    with services.exchange.reading() as connection:
        caller = caller_of(connection, account_id) if account_id is not None else None
        kept = password_of(connection, account_id) if account_id is not None else None
        if caller is not None and _password_is_not_enough(services, connection, caller):
            raise NotSignedIn("这个账号登录要用验证码，程序请改用 API 密钥", headers={"WWW-Authenticate": "Bearer"})
    if caller is None or kept is None:
        raise NotSignedIn("账号或密码不对", headers={"WWW-Authenticate": "Basic"})
    if len(cache) > 1000:
        cache.clear()
    cache[name] = (at + _BASIC_FOR_S, caller.account_id, kept)
    return caller


def sign_in(request: Request, login: str, password: str) -> str | None:
    """The account's id if login and password fit, else None. Raises ``TooMany`` after too many wrong ones."""
    throttle: Throttle = request.app.state.throttle
    address = request.client.host if request.client is not None else ""
    throttle.enter(address, login)
    with services_of(request).exchange.reading() as connection:
        account_id = check_password(connection, login, password)
    if account_id is not None:
        throttle.right(address, login)
    return account_id


def check_csrf(request: Request, token: str | None) -> None:
    """A form sent with a session carries the session's own token; a key or password with the request needs none."""
    caller = identify(request)
    if caller is not None and caller.csrf and not hmac.compare_digest(caller.csrf.encode(), (token or "").encode()):
        raise Forbidden("页面已过期，请刷新后再试")


def guard_api_writes(request: Request) -> None:
    """The same for programs in a page: a write with a session cookie must carry ``X-CSRF-Token``. Wrong credentials are an error
    also where none are needed: whoever sends them believes to be somebody."""
    if "authorization" in request.headers:
        identify(request)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        check_csrf(request, request.headers.get("x-csrf-token"))


CallerOrNone = Annotated[Caller | None, Depends(identify)]
Here = Annotated[Services, Depends(services_of)]
