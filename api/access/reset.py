"""A forgotten password: a link by mail, to the address that the account itself has entered.

Whoever asks gets the same answer in the same time whatever the name: looking it up, keeping the link and sending it come after the answer.
Of a link the hash alone is kept; it opens once, for half an hour, and a newer one takes its place.
"""

from __future__ import annotations

import logging
import secrets
import threading
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy import Connection, delete, select
from starlette.background import BackgroundTask

from api.access import audit
from api.access.accounts import OWNER, account_of, caller_of, hash_password, set_password, token_hash, wrong_password
from api.access.audit import Look
from api.access.identify import Here
from api.access.limits import address_of
from api.access.tables import resets
from api.pages import page
from api.problems import Forbidden
from api.services import Services
from streams.delivery.channels import NotSent
from streams.delivery.wording import Letter
from streams.runtime.tables import upsert

router = APIRouter(include_in_schema=False)
OPEN_FOR = timedelta(minutes=30)
#: Seconds before the second, third … attempt to send a link; the last one leaves time to use it.
RETRY_S = (10.0, 60.0, 300.0, 600.0)
_logger = logging.getLogger("gongqiao.reset")


def can_mail(here: Services) -> bool:
    """Whether links can be sent: over mail, and with the exchange's own address (never the one that a request names)."""
    return here.mail is not None and here.options.public_url is not None


def new_link(connection: Connection, account_id: str, now: datetime) -> str:
    """A token that sets another password once; older ones of the account end."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(resets).where((resets.c.account_id == account_id) | (resets.c.expires_at <= now.isoformat())))
    upsert(connection, resets, {"token_hash": token_hash(token), "account_id": account_id, "expires_at": (now + OPEN_FOR).isoformat()})
    return token


def account_behind(connection: Connection, token: str, now: datetime) -> str | None:
    """The account whose password this token may set; None where it was used, is too old, or was never given."""
    row = connection.execute(select(resets).where(resets.c.token_hash == token_hash(token))).mappings().first()
    if row is None or datetime.fromisoformat(row["expires_at"]) <= now or caller_of(connection, row["account_id"]) is None:
        return None
    return str(row["account_id"])


def set_by_link(connection: Connection, token: str, hashed: str, now: datetime) -> bool:
    """Set the password and end every session, in the transaction that uses the token up; False where it opens nothing."""
    account_id = account_behind(connection, token, now)
    if account_id is None or not connection.execute(delete(resets).where(resets.c.token_hash == token_hash(token))).rowcount:
        return False
    set_password(connection, account_id, hashed)
    _note(connection, account_id, "password_reset", now)
    return True


def send_link(here: Services, login: str) -> None:
    """Send a link to the address of the account with this name; nothing where there is no such account or address."""
    exchange = here.exchange
    with exchange.reading() as connection:
        account_id = account_of(connection, login)
        known = account_id is not None and caller_of(connection, account_id) is not None
        address = exchange.vault.reveal(connection, OWNER, str(account_id)).get("mail") if known else None
    if account_id is None or address is None or here.mail is None:
        return

    def job(connection: Connection) -> str:
        _note(connection, account_id, "reset_asked", exchange.now())
        return new_link(connection, account_id, exchange.now())

    token = exchange.write(job)
    written = letter(f"{(here.options.public_url or '').rstrip('/')}/login/reset?{urlencode({'token': token})}")
    _try(here, account_id, token, address, written, 0)


def _try(here: Services, account_id: str, token: str, address: str, written: Letter, tried: int) -> None:
    """Send it; where the mail server cannot take it now, again after a while, as long as the link opens. The link is in memory alone: a
    process that ends takes it along, and whoever waits asks again."""
    if here.mail is None:
        return
    try:
        here.mail.send(address, written)
        return
    except NotSent as failure:
        again = not failure.final and tried < len(RETRY_S)
        extra = {"account_id": account_id, "attempt": tried + 1, "reason": failure.reason}
        _logger.warning("reset not sent" if again else "reset given up", extra=extra)
    exchange = here.exchange
    if not again:
        exchange.write(lambda connection: _note(connection, account_id, "reset_not_sent", exchange.now()))
        return

    def once_more() -> None:
        try:
            with exchange.reading() as connection:
                opens = account_behind(connection, token, exchange.now()) is not None
            if opens:
                _try(here, account_id, token, address, written, tried + 1)
        except Exception as error:  # no traceback: it could hold the address
            _logger.error("reset given up", extra={"account_id": account_id, "reason": type(error).__name__})

    timer = threading.Timer(RETRY_S[tried], once_more)
    timer.name, timer.daemon = "reset-mail", True
    timer.start()


def letter(link: str) -> Letter:
    """The mail with the link."""
    minutes = int(OPEN_FOR.total_seconds() // 60)
    text = (
        f"有人申请重置您在工桥公共就业服务的登录密码。是您本人申请的，请在{minutes}分钟内打开下面的链接，设置新密码：\n\n{link}\n\n"
        "链接只能用一次。不是您本人申请的，不用理会，密码不会改变。请不要把链接转给别人，工作人员不会向您要它。\n"
    )
    return Letter(key=f"reset:{uuid4()}", subject="重置登录密码", text=text, short="", link=link)


def _note(connection: Connection, account_id: str, action: str, now: datetime) -> None:
    who = caller_of(connection, account_id)
    if who is not None:
        audit.append(connection, now, who, [Look("", action)])


@router.get("/login/forgotten")
def forgotten(request: Request, here: Here) -> Response:
    """忘记密码."""
    return page(request, "forgotten.html", {"sent": False, "can": can_mail(here)})


@router.post("/login/forgotten")
def ask(request: Request, here: Here, login: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Ask for a link; the answer says nothing about the name."""
    _from_here(request)
    request.app.state.throttle.enter_reset(address_of(request), login)
    found = page(request, "forgotten.html", {"sent": True, "can": can_mail(here)})
    if can_mail(here):
        found.background = BackgroundTask(send_link, here, login.strip())
    return found


@router.get("/login/reset")
def link(request: Request, here: Here, token: str = "") -> Response:
    """The form behind a link."""
    with here.exchange.reading() as connection:
        opens = account_behind(connection, token, here.exchange.now()) is not None
    return page(
        request, "reset.html", {"token": token, "opens": opens, "done": False, "errors": {}}, status=200 if opens or not token else 410
    )


@router.post("/login/reset")
def use_link(
    request: Request,
    here: Here,
    token: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set the password; who signs in with it afterwards still gives a code where the account has a second factor."""
    _from_here(request)
    with here.exchange.reading() as connection:
        opens = account_behind(connection, token, here.exchange.now()) is not None
    errors = wrong_password(new, again)
    if opens and errors:
        return page(request, "reset.html", {"token": token, "opens": True, "done": False, "errors": errors}, status=422)
    done = False
    if opens:  # a wrong token costs no hash
        hashed = hash_password(new)
        done = here.exchange.write(lambda connection: set_by_link(connection, token, hashed, here.exchange.now()))
    return page(request, "reset.html", {"token": "", "opens": False, "done": done, "errors": {}}, status=200 if done else 410)


def _from_here(request: Request) -> None:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("请在本站的页面上办理")
