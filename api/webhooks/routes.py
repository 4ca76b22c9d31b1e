"""Webhooks of the feed, for partners and for markets and brands: where its changes are sent, what became of each delivery, sent again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.access.own_account import done_to_account, with_session
from api.forms import Form, Posted
from api.intake.feed import last_change, place_of
from api.pages import page
from api.problems import BadRequest, Conflict, Invalid, NotFound
from api.services import Services
from api.webhooks import book
from api.webhooks.book import ROLES
from api.webhooks.wording import DELIVERED, STATES, wrong_words
from matcher.shapes import FieldError
from streams.delivery.targets import MOST_URL, Refused, addresses_of, target_of

router = APIRouter(tags=["feed"])
pages = APIRouter(include_in_schema=False)
MOST = 5  # webhooks of one account
SHOWN = 10  # deliveries of each on the page
_REFUSED = {
    "url": "an absolute https:// address without a name, a password or a fragment expected",
    "https": "https:// expected",
    "name": "no such host",
    "address": "leads to a private, local or otherwise unroutable address",
    "timeout": "its name server does not answer",
}


class WebhookIn(BaseModel):
    """``cursor``: of the feed or its snapshot, what follows it is sent; absent: what comes from now on."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=MOST_URL)
    cursor: str | None = Field(default=None, max_length=18)


def make(here: Services, who: Caller, url: str, cursor: str | None = None) -> tuple[dict[str, Any], str]:
    """A new webhook and its secret, told this once. Raises ``Invalid`` where nothing may be sent there, ``Conflict`` where there are too
    many."""
    after = place_of(cursor) if cursor is not None else None
    rules = here.options.webhook_rules
    try:
        addresses_of(target_of(url, rules), rules)
    except Refused as refused:
        error = FieldError(field="url", message=_REFUSED[refused.code])
        raise Invalid(f"不能推送到这个地址：{wrong_words(refused.code, None)}", errors=[error]) from None
    exchange = here.exchange

    def job(connection: Connection) -> tuple[str, str]:
        if book.count(connection, who.account_id) >= MOST:
            raise Conflict(f"一个账号最多有 {MOST} 个推送地址，请先删除不再使用的")
        end = last_change(connection)
        if after is not None and after > exchange.log.end(connection):
            error = FieldError(field="cursor", message="one given by an earlier answer expected")
            raise BadRequest("cursor 不是由岗位更新接口给出的", errors=[error])
        made = book.make(connection, exchange.vault, who.account_id, url, after=end if after is None else after, now=exchange.now())
        done_to_account(connection, here, who, "webhook_made", made[0])
        return made

    webhook_id, secret = exchange.write(job)
    return next(one for one in _listed(here, who) if one["webhook_id"] == webhook_id), secret


def renew(here: Services, who: Caller, webhook_id: str) -> str:
    """Another secret, told this once. Raises ``NotFound``."""

    def job(connection: Connection) -> str:
        _own(connection, who, webhook_id)
        done_to_account(connection, here, who, "webhook_secret", webhook_id)
        return book.renew_secret(connection, here.exchange.vault, webhook_id)

    return here.exchange.write(job)


def stop(here: Services, who: Caller, webhook_id: str) -> None:
    """End a webhook at once. Raises ``NotFound``."""

    def job(connection: Connection) -> None:
        _own(connection, who, webhook_id)
        done_to_account(connection, here, who, "webhook_ended", webhook_id)
        book.end(connection, here.exchange.vault, webhook_id)

    here.exchange.write(job)


def send_again(here: Services, who: Caller, webhook_id: str, delivery_id: str) -> None:
    """Have a delivery sent again now. Raises ``NotFound``."""

    def job(connection: Connection) -> None:
        _own(connection, who, webhook_id)
        if not book.send_again(connection, webhook_id, delivery_id):
            raise NotFound("没有这次推送，或者记录已经过期")

    here.exchange.write(job)


def _own(connection: Connection, who: Caller, webhook_id: str) -> None:
    if not book.is_of(connection, who.account_id, webhook_id):
        raise NotFound("没有这个推送地址")


def _listed(here: Services, who: Caller) -> list[dict[str, Any]]:
    with here.exchange.reading() as connection:
        return book.listed(connection, who.account_id)


# -- programs ----------------------------------------------------------------------------------------------------------


@router.get("/feed/webhooks")
def own_webhooks(here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One's own webhooks: ``url``, ``state`` (fine, again: the last attempt failed, dead: stopped until a delivery is sent again), and
    the ``cursor`` up to which the target has taken the feed."""
    return {"items": _listed(here, scope.signed_in(caller, *ROLES))}


@router.post("/feed/webhooks", status_code=201)
def make_webhook(given: WebhookIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """A new webhook: changes of the feed are posted there, signed with ``secret``, which is told this once."""
    made, secret = make(here, scope.signed_in(caller, *ROLES), given.url, given.cursor)
    return {"secret": secret, **made}


@router.get("/feed/webhooks/{webhook_id}/deliveries")
def webhook_deliveries(
    webhook_id: str,
    here: Here,
    caller: CallerOrNone,
    cursor: Annotated[str | None, Query(max_length=18)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Deliveries of a webhook, the newest first: ``state`` (due, delivered, dead), ``attempts``, the ``status`` answered last and
    ``reason`` (a code, in words ``why``), ``next_at``. Those delivered are kept for 30 days."""
    who = scope.signed_in(caller, *ROLES)
    before = place_of(cursor) if cursor is not None else None
    with here.exchange.reading() as connection:
        _own(connection, who, webhook_id)
        found = book.deliveries_of(connection, webhook_id, limit + 1, before)
    items = [{**one, "why": wrong_words(one["reason"], one["status"])} for one in found[:limit]]
    return {"items": items, "cursor": str(items[-1]["number"]) if len(found) > limit else None}


@router.post("/feed/webhooks/{webhook_id}/deliveries/{delivery_id}/redelivery", status_code=202)
def redeliver(webhook_id: str, delivery_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Have a delivery sent again now, with the same id and content, whatever became of it; a dead webhook goes on with it."""
    send_again(here, scope.signed_in(caller, *ROLES), webhook_id, delivery_id)
    return {"delivery_id": delivery_id, "state": "due"}


@router.post("/feed/webhooks/{webhook_id}/secret", status_code=201)
def renew_webhook_secret(webhook_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Another secret, told this once; it signs from the next attempt on. What the target refuses meanwhile is sent again."""
    return {"webhook_id": webhook_id, "secret": renew(here, scope.signed_in(caller, *ROLES), webhook_id)}


@router.delete("/feed/webhooks/{webhook_id}")
def end_webhook(webhook_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """End a webhook at once."""
    stop(here, scope.signed_in(caller, *ROLES), webhook_id)
    return {"webhook_id": webhook_id, "ended": True}


# -- pages -------------------------------------------------------------------------------------------------------------


@pages.get("/account/webhooks")
def webhooks_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """岗位更新推送."""
    return _page(request, here, with_session(caller, *ROLES))


@pages.post("/account/webhooks")
def make_page(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """新建推送; the secret is shown this once."""
    who, url = with_session(caller, *ROLES), form.text("url")
    try:
        if not url or len(url) > MOST_URL:
            raise Invalid("请填写接收推送的地址，例如 https://www.example.com/gongqiao")
        made, secret = make(here, who, url)
    except (Invalid, Conflict) as wrong:
        return _page(request, here, who, errors={"url": wrong.detail}, form=form, status=wrong.status)
    return _page(request, here, who, secret=secret, of=made["webhook_id"])


@pages.post("/account/webhooks/{webhook_id}/secret")
def renew_page(request: Request, webhook_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """更换签名密钥."""
    who = with_session(caller, *ROLES)
    return _page(request, here, who, secret=renew(here, who, webhook_id), of=webhook_id)


@pages.post("/account/webhooks/{webhook_id}/end")
def end_page(webhook_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """删除推送."""
    stop(here, with_session(caller, *ROLES), webhook_id)
    return RedirectResponse("/account/webhooks", 303)


@pages.post("/account/webhooks/{webhook_id}/deliveries/{delivery_id}")
def send_again_page(webhook_id: str, delivery_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """重新投递."""
    send_again(here, with_session(caller, *ROLES), webhook_id, delivery_id)
    return RedirectResponse("/account/webhooks", 303)


def _page(request: Request, here: Services, who: Caller, *, form: Form | None = None, status: int = 200, **shown: Any) -> Response:
    with here.exchange.reading() as connection:
        items = book.listed(connection, who.account_id)
        for one in items:
            one["deliveries"] = book.deliveries_of(connection, one["webhook_id"], SHOWN)
    values = {"url": form.text("url")} if form is not None else {}
    said = {"states": STATES, "delivered": DELIVERED, "why": wrong_words}
    found = {"items": items, "most": MOST, "values": values, "secret": "", "of": "", "errors": {}, **said}
    return page(request, "webhooks.html", {**found, **shown}, status=status)
