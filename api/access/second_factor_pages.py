"""The pages on which staff set up a second factor. For a person at a page only: no key opens them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api.access import second_factor, totp
from api.access.accounts import Caller, end_sessions
from api.access.identify import CallerOrNone, Here
from api.access.own_account import done_to_account, with_session
from api.access.second_factor import ROLES
from api.forms import Posted
from api.pages import page
from api.problems import Conflict, Forbidden
from api.services import Services

router = APIRouter(include_in_schema=False)
WRONG = "验证码不对或已经用过，请等出现新的验证码再试。"


@router.get("/account/second-factor")
def second_factor_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """登录验证码: how it stands."""
    return _page(request, here, with_session(caller, *ROLES))


@router.post("/account/second-factor")
def begin(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """A new secret, shown this once."""
    who, exchange = with_session(caller, *ROLES), here.exchange
    secret = exchange.write(lambda connection: second_factor.begin(connection, exchange.vault, who.account_id, exchange.now()))
    if secret is None:
        raise Conflict("登录验证码已经开启，要换手机请先关闭")
    return _page(request, here, who, secret=secret, uri=totp.uri(secret, who.login))


@router.post("/account/second-factor/confirm")
def confirm(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The first code turns it on; every other session of the account ends. Recovery codes are shown this once."""
    who, exchange, throttle = with_session(caller, *ROLES), here.exchange, request.app.state.throttle
    throttle.enter_code(who.account_id)

    def job(connection: Connection) -> list[str] | None:
        codes = second_factor.confirm(connection, exchange.vault, who.account_id, form.text("code"), exchange.now())
        if codes is not None:
            end_sessions(connection, who.account_id, keep=who.proof)
            done_to_account(connection, here, who, "second_factor_on")
        return codes

    codes = exchange.write(job)
    if codes is None:
        return _page(request, here, who, wrong=WRONG, begun=True, status=422)
    throttle.right_code(who.account_id)
    return _page(request, here, who, codes=codes)


@router.post("/account/second-factor/codes")
def other_codes(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Recovery codes in place of the old ones, for a code."""
    who = with_session(caller, *ROLES)
    codes: list[str] = []

    def change(connection: Connection) -> None:
        codes.extend(second_factor.new_codes(connection, who.account_id))
        done_to_account(connection, here, who, "recovery_codes")

    if not _with_code(request, here, who, form.text("code"), change):
        return _page(request, here, who, wrong=WRONG, status=422)
    return _page(request, here, who, codes=codes)


@router.post("/account/second-factor/off")
def off(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Turn it off, for a code; not where it is obligatory."""
    who = with_session(caller, *ROLES)
    if here.options.second_factor_required:
        raise Forbidden("本系统要求工作人员开启登录验证码，不能关闭；要换手机请找系统管理员")

    def change(connection: Connection) -> None:
        second_factor.remove(connection, here.exchange.vault, who.account_id)
        done_to_account(connection, here, who, "second_factor_off")

    if not _with_code(request, here, who, form.text("code"), change):
        return _page(request, here, who, wrong=WRONG, status=422)
    return RedirectResponse("/account", 303)


def _with_code(request: Request, here: Services, who: Caller, code: str, change: Any) -> bool:
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


def _page(request: Request, here: Services, who: Caller, *, status: int = 200, **shown: Any) -> Response:
    with here.exchange.reading() as connection:
        found = {
            "on": second_factor.is_on(connection, who.account_id),
            "left": second_factor.codes_left(connection, who.account_id),
            "required": here.options.second_factor_required,
        }
    empty = {"secret": "", "uri": "", "codes": [], "wrong": "", "begun": False}
    return page(request, "second_factor.html", {**empty, **found, **shown}, status=status)
