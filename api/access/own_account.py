"""One's own account: how many are signed in with it, sign out everywhere, another password, the address for a forgotten one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, delete

from api.access import audit, offices, scope, second_factor
from api.access.accounts import OWNER, Caller, act_for, end_sessions, hash_password, sessions_of, set_password, wrong_password
from api.access.audit import Look
from api.access.identify import COOKIE, CallerOrNone, Here, sign_in
from api.access.pages import signed_in
from api.access.tables import resets
from api.forms import Form, Posted, is_mail
from api.pages import page
from api.problems import Forbidden
from api.services import Services
from api.wording import masked
from matcher.days import day_of

router = APIRouter(tags=["access"])
pages = APIRouter(include_in_schema=False)
DONE = {"password": "密码已经修改，别处的登录都已退出。", "mail": "邮箱已经保存。"}


def with_session(caller: Caller | None, *roles: str) -> Caller:
    """The caller, signed in at a page: what a key or a password sent along must not do."""
    who = scope.signed_in(caller, *roles)
    if not who.csrf:
        raise Forbidden("请在网页上登录后办理")
    return who


def done_to_account(connection: Connection, here: Services, who: Caller, action: str, about: str = "") -> None:
    """An entry of the log about one's own account, in the transaction that did it."""
    audit.append(connection, here.exchange.now(), who, [Look("", action, about)])


def told(here: Services, who: Caller) -> dict[str, Any]:
    """What is told of one's own account."""
    with here.exchange.reading() as connection:
        found: dict[str, Any] = {
            "account_id": who.account_id,
            "login": who.login,
            "display": who.display,
            "role": who.role,
            "sessions": sessions_of(connection, who.account_id, now=here.exchange.now()),
        }
        if who.role in second_factor.ROLES:
            found["second_factor"] = {
                "on": second_factor.is_on(connection, who.account_id),
                "required": here.options.second_factor_required,
                "recovery_codes_left": second_factor.codes_left(connection, who.account_id),
            }
    return found


def sign_out_everywhere(here: Services, who: Caller) -> int:
    """End every session of the account; answers how many there were."""

    def job(connection: Connection) -> int:
        done_to_account(connection, here, who, "signed_out")
        return end_sessions(connection, who.account_id)

    return int(here.exchange.write(job))


@router.get("/account")
def account(here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One's own account: ``login``, ``role``, how many ``sessions`` are open; of staff ``second_factor``: ``on``, ``required``,
    ``recovery_codes_left``."""
    return told(here, scope.signed_in(caller))


@router.delete("/account/sessions")
def end_all_sessions(here: Here, caller: CallerOrNone) -> dict[str, int]:
    """Sign out everywhere: every session of one's own account ends at once; ``ended`` says how many there were. Keys stay."""
    return {"ended": sign_out_everywhere(here, scope.signed_in(caller))}


@pages.get("/account")
def account_page(request: Request, here: Here, caller: CallerOrNone, done: str = "") -> Response:
    """我的账号."""
    return _page(request, here, scope.signed_in(caller), done=DONE.get(done, ""))


@pages.post("/account/acting")
def acting_page(here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """代理: stand in for somebody who is away, in this session, or for nobody any more."""
    who, other = with_session(caller, "commissioner"), form.text("account_id")
    today = day_of(here.exchange.now())

    def job(connection: Connection) -> bool:
        if other and not offices.stood_in_for(connection, who.account_id, today, other):
            return False
        done_to_account(connection, here, who, "acting", other)
        act_for(connection, who, other or None)
        return True

    if not here.exchange.write(job):
        raise Forbidden("您今天不是这位专员的代理人；代理由系统管理员登记")
    return RedirectResponse("/commissioner" if other else "/account", 303)


@pages.post("/account/sign-out")
def sign_out_page(here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """全部退出."""
    sign_out_everywhere(here, scope.signed_in(caller))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@pages.post("/account/password")
def password_page(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """修改密码: what was signed in with the old one ends, but for this browser, which gets a new session."""
    who = with_session(caller)
    errors = wrong_password(typed(form, "new"), typed(form, "again"))
    if not errors and sign_in(request, who.login, typed(form, "old")) is None:
        errors["old"] = "现在的密码不对"
    if errors:
        return _page(request, here, who, errors=errors, status=422)
    hashed = hash_password(typed(form, "new"))

    def job(connection: Connection) -> None:
        set_password(connection, who.account_id, hashed)
        done_to_account(connection, here, who, "password")

    here.exchange.write(job)
    return signed_in(here, who.account_id, "/account?done=password")


@pages.post("/account/mail")
def mail_page(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """找回密码的邮箱: where a link goes when the password is forgotten; blank takes it away. The password is asked for, because whoever
    sets the address can set the password."""
    who, address = with_session(caller), form.text("mail")
    errors = {} if not address or is_mail(address) else {"mail": "请填写邮箱，例如wang@example.com"}
    if not errors and sign_in(request, who.login, typed(form, "password")) is None:
        errors["password"] = "密码不对"
    if errors:
        return _page(request, here, who, errors=errors, status=422)

    def job(connection: Connection) -> None:
        vault = here.exchange.vault
        vault.drop(connection, OWNER, who.account_id, ["mail"])
        vault.keep(connection, OWNER, who.account_id, {"mail": address or None})
        connection.execute(delete(resets).where(resets.c.account_id == who.account_id))
        done_to_account(connection, here, who, "mail_address")

    here.exchange.write(job)
    return RedirectResponse("/account?done=mail", 303)


def typed(form: Form, name: str) -> str:
    """A password as it was typed: blanks around it belong to it."""
    return form.values.get(name, ("",))[0]


def _page(
    request: Request, here: Services, who: Caller, *, done: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    with here.exchange.reading() as connection:
        kept = here.exchange.vault.reveal(connection, OWNER, who.account_id).get("mail")
        others = offices.stood_in_for(connection, who.account_id, day_of(here.exchange.now()))
    shown = {"account": told(here, who), "others": others, "mail": masked("mail", kept), "done": done, "errors": errors or {}}
    return page(request, "account.html", shown, status=status)
