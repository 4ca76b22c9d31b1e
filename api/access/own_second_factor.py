"""The second factor of one's own account: set up, other recovery codes, turned off; as steps that the pages take too, and for programs.

Whoever asks is signed in with a session: neither a key nor a password sent along changes how its account is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api.access import second_factor, totp
from api.access.accounts import Caller, end_sessions
from api.access.identify import CallerOrNone, Here
from api.access.own_account import done_to_account, with_session
from api.access.second_factor import ROLES
from api.problems import Conflict, Forbidden, Invalid
from api.services import Services
from matcher.shapes import FieldError

router = APIRouter(tags=["access"])
WRONG = "验证码不对或已经用过，请等出现新的验证码再试。"


class CodeIn(BaseModel):
    """``code``: six digits of the authenticator, or a recovery code where the factor is on."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(min_length=1, max_length=60)


def standing(here: Services, who: Caller) -> dict[str, Any]:
    """Whether it is on, whether this exchange wants it, and how many recovery codes are left."""
    with here.exchange.reading() as connection:
        return {
            "on": second_factor.is_on(connection, who.account_id),
            "required": here.options.second_factor_required,
            "recovery_codes_left": second_factor.codes_left(connection, who.account_id),
        }


def begin(here: Services, who: Caller) -> dict[str, str]:
    """A new ``secret`` and the ``uri`` that an authenticator reads, told this once. Raises ``Conflict`` where the factor is on."""
    exchange = here.exchange
    secret = exchange.write(lambda connection: second_factor.begin(connection, exchange.vault, who.account_id, exchange.now()))
    if secret is None:
        raise Conflict("登录验证码已经开启，要换手机请先关闭")
    return {"secret": secret, "uri": totp.uri(secret, who.login)}


def confirm(request: Request, here: Services, who: Caller, code: str) -> list[str] | None:
    """The first code turns it on, and every other session of the account ends; the recovery codes, told this once. None: a wrong code."""
    exchange, throttle = here.exchange, request.app.state.throttle
    throttle.enter_code(who.account_id)

    def job(connection: Connection) -> list[str] | None:
        codes = second_factor.confirm(connection, exchange.vault, who.account_id, code, exchange.now())
        if codes is not None:
            end_sessions(connection, who.account_id, keep=who.proof)
            done_to_account(connection, here, who, "second_factor_on")
        return codes

    codes: list[str] | None = exchange.write(job)
    if codes is not None:
        throttle.right_code(who.account_id)
    return codes


def other_codes(request: Request, here: Services, who: Caller, code: str) -> list[str] | None:
    """Recovery codes in place of the old ones, for a code; None where it is wrong."""
    codes: list[str] = []

    def change(connection: Connection) -> None:
        codes.extend(second_factor.new_codes(connection, who.account_id))
        done_to_account(connection, here, who, "recovery_codes")

    return codes if _with_code(request, here, who, code, change) else None


def off(request: Request, here: Services, who: Caller, code: str) -> bool:
    """Turn it off, for a code; False where it is wrong. Raises ``Forbidden`` where it is obligatory."""
    if here.options.second_factor_required:
        raise Forbidden("本系统要求工作人员开启登录验证码，不能关闭；要换手机请找系统管理员")

    def change(connection: Connection) -> None:
        second_factor.remove(connection, here.exchange.vault, who.account_id)
        done_to_account(connection, here, who, "second_factor_off")

    return _with_code(request, here, who, code, change)


def _with_code(request: Request, here: Services, who: Caller, code: str, change: Callable[[Connection], None]) -> bool:
    """Do something that a code is asked for, in one transaction with using it up; False where the code is wrong."""
    exchange, throttle = here.exchange, request.app.state.throttle
    throttle.enter_code(who.account_id)

    def job(connection: Connection) -> bool:
        if not second_factor.passes(connection, exchange.vault, who.account_id, code, exchange.now()):
            return False
        change(connection)
        return True

    passed: bool = exchange.write(job)
    if passed:
        throttle.right_code(who.account_id)
    return passed


@router.get("/account/second-factor")
def own_second_factor(here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """How one's own second factor stands: ``on``, ``required``, ``recovery_codes_left``; and ``csrf``, the session's token, which the
    writes below want as ``X-CSRF-Token``."""
    who = with_session(caller, *ROLES)
    return {**standing(here, who), "csrf": who.csrf}


@router.post("/account/second-factor", status_code=201)
def begin_own(here: Here, caller: CallerOrNone) -> dict[str, str]:
    """A new ``secret``, and the ``uri`` that an authenticator reads, told this once; it counts from the first right code on. 409 where
    the factor is on."""
    return begin(here, with_session(caller, *ROLES))


@router.post("/account/second-factor/confirm")
def confirm_own(request: Request, given: CodeIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """The first code turns it on: ``recovery_codes``, told this once, each of which opens once. Every other session of the account ends."""
    codes = confirm(request, here, with_session(caller, *ROLES), given.code)
    if codes is None:
        raise _wrong()
    return {"on": True, "recovery_codes": codes}


@router.post("/account/second-factor/codes")
def other_codes_own(request: Request, given: CodeIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Other ``recovery_codes`` in place of the old ones, for a code."""
    codes = other_codes(request, here, with_session(caller, *ROLES), given.code)
    if codes is None:
        raise _wrong()
    return {"on": True, "recovery_codes": codes}


@router.post("/account/second-factor/off")
def off_own(request: Request, given: CodeIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Turn it off, for a code; 403 where it is obligatory."""
    if not off(request, here, with_session(caller, *ROLES), given.code):
        raise _wrong()
    return {"on": False}


def _wrong() -> Invalid:
    message = "wrong, or used already: wait for the next one; five wrong ones in a row, then one in three minutes"
    return Invalid(WRONG, errors=[FieldError(field="code", message=message)])
