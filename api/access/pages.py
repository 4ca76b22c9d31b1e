"""Sign in, in one step or two, and out."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api.access import audit, second_factor
from api.access.accounts import CODE_FOR, await_code, awaiting_code, caller_of, close_session, open_session
from api.access.audit import Look
from api.access.identify import COOKIE, CallerOrNone, Here, check_csrf, sign_in
from api.pages import page
from api.problems import Forbidden
from api.services import Services

router = APIRouter(include_in_schema=False)
HOMES = {
    "jobseeker": "/inbox",
    "employer": "/employer",
    "commissioner": "/commissioner",
    "administrator": "/commissioner",
    "auditor": "/audit",
}
WRONG = "账号或密码不对，请再试一次。"
AGAIN = "等待时间太长，请重新输入账号和密码。"


def inside(target: str) -> str:
    """The target if it is a path of this site, else nothing: //elsewhere is an address of others, and browsers read \\ as / and drop tabs
    and line breaks."""
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else ""


def login_page(request: Request, here: Services, next: str, *, said: str = "", status: int = 200) -> Response:
    """The form, with what went wrong before."""
    if said:
        request.state.caller = None
    shown = {"next": inside(next), "said": said, "provider": here.provider is not None}
    return page(request, "login.html", shown, status=status)


@router.get("/login")
def login_form(request: Request, here: Here, caller: CallerOrNone, next: str = "") -> Response:
    return login_page(request, here, next)


@router.post("/login")
def login(
    request: Request, here: Here, login: Annotated[str, Form()], password: Annotated[str, Form()], next: Annotated[str, Form()] = ""
) -> Response:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("请在本站的登录页面登录")  # another site must not sign people in to an account of its own
    account_id = sign_in(request, login, password)
    if account_id is None:
        return login_page(request, here, next, said=WRONG, status=401)
    return let_in(request, here, account_id, next, "password")


def let_in(request: Request, here: Services, account_id: str, next: str, way: str, *, vouched: bool = False) -> Response:
    """On with somebody who showed who they are: in, or to the second step where a code is wanted and nobody vouches for one."""
    exchange = here.exchange
    with exchange.reading() as connection:
        asks_code = not vouched and second_factor.is_on(connection, account_id)
    if not asks_code:
        return signed_in(here, account_id, inside(next), way, vouched=vouched)
    token = exchange.write(lambda connection: await_code(connection, account_id, now=exchange.now()))
    answer = _ask_code(request, here, token, next, wrong=False)
    _give(answer, here, token, int(CODE_FOR.total_seconds()))
    return answer


@router.post("/login/code")
def login_code(
    request: Request, here: Here, code: Annotated[str, Form()] = "", csrf: Annotated[str, Form()] = "", next: Annotated[str, Form()] = ""
) -> Response:
    """The second step: an authenticator's code, or a recovery code."""
    exchange, throttle, request.state.caller = here.exchange, request.app.state.throttle, None
    token = request.cookies.get(COOKIE, "")
    with exchange.reading() as connection:
        waiting = awaiting_code(connection, token, now=exchange.now())
    if waiting is None:
        return login_page(request, here, next, said=AGAIN, status=401)
    account_id, expected = waiting
    if not hmac.compare_digest(expected.encode(), csrf.encode()):
        raise Forbidden("页面已过期，请刷新后再试")
    throttle.enter_code(account_id)

    def job(connection: Connection) -> bool:
        if not second_factor.passes(connection, exchange.vault, account_id, code, exchange.now()):
            return False
        close_session(connection, token)
        return True

    if not exchange.write(job):
        return _ask_code(request, here, token, next, wrong=True)
    throttle.right_code(account_id)
    return signed_in(here, account_id, inside(next), "code")


def _ask_code(request: Request, here: Services, token: str, next: str, *, wrong: bool) -> Response:
    with here.exchange.reading() as connection:
        waiting = awaiting_code(connection, token, now=here.exchange.now())
    csrf = waiting[1] if waiting is not None else ""
    return page(request, "login_code.html", {"next": inside(next), "wrong": wrong, "csrf": csrf}, status=401 if wrong else 200)


def signed_in(here: Services, account_id: str, target: str, way: str = "", *, vouched: bool = False) -> Response:
    """A new session, its cookie, and on to a place of this site. ``way``: how staff showed who they are, for the log."""
    exchange, hours = here.exchange, here.options.session_hours

    def job(connection: Connection) -> str:
        who = caller_of(connection, account_id) if way else None
        if who is not None and who.role in second_factor.ROLES:
            audit.append(connection, exchange.now(), who, [Look("", "signed_in", way)])
        return open_session(connection, account_id, now=exchange.now(), hours=hours, vouched=vouched)

    token = exchange.write(job)
    answer = RedirectResponse(target or "/", 303)
    _give(answer, here, token, hours * 3600)
    return answer


def _give(answer: Response, here: Services, token: str, seconds: int) -> None:
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=here.options.production, max_age=seconds)


@router.post("/logout")
def logout(request: Request, here: Here, csrf: Annotated[str, Form()] = "") -> Response:
    check_csrf(request, csrf)
    token = request.cookies.get(COOKIE)
    if token:
        here.exchange.write(lambda connection: close_session(connection, token))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/")
def home(caller: CallerOrNone) -> Response:
    return RedirectResponse(HOMES.get(caller.role, "/search") if caller is not None else "/search", 303)
