"""Sign in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.access.accounts import close_session, open_session
from api.access.identify import COOKIE, CallerOrNone, Here, check_csrf, sign_in
from api.pages import page
from api.problems import Forbidden

router = APIRouter(include_in_schema=False)
HOMES = {
    "jobseeker": "/inbox",
    "employer": "/employer",
    "commissioner": "/commissioner",
    "administrator": "/commissioner",
    "auditor": "/audit",
}


def _inside(target: str) -> str:
    # Only paths of this site: //elsewhere is an address of others, and browsers read \ as / and drop tabs and line breaks.
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside else ""


@router.get("/login")
def login_form(request: Request, caller: CallerOrNone, next: str = "") -> Response:
    return page(request, "login.html", {"next": _inside(next), "wrong": False})


@router.post("/login")
def login(
    request: Request, here: Here, login: Annotated[str, Form()], password: Annotated[str, Form()], next: Annotated[str, Form()] = ""
) -> Response:
    exchange = here.exchange
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("请在本站的登录页面登录")  # another site must not sign people in to an account of its own
    account_id = sign_in(request, login, password)
    if account_id is None:
        request.state.caller = None
        return page(request, "login.html", {"next": _inside(next), "wrong": True}, status=401)
    token = exchange.write(lambda connection: open_session(connection, account_id, now=exchange.now(), hours=here.options.session_hours))
    answer = RedirectResponse(_inside(next) or "/", 303)
    answer.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=here.options.production, max_age=here.options.session_hours * 3600
    )
    return answer


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
