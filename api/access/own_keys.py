"""One's own API keys, for employers, markets, brands and partners: made for named actions and a time, followed by another, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from api.access import keys, scope
from api.access.accounts import Caller, create_key
from api.access.granting import of_keys
from api.access.identify import CallerOrNone, Here
from api.access.own_account import done_to_account, with_session
from api.forms import Form, Posted
from api.pages import page
from api.problems import Conflict, Invalid, NotFound
from api.services import Services
from matcher.days import day_of
from matcher.shapes import FieldError

router = APIRouter(tags=["access"])
pages = APIRouter(include_in_schema=False)
ROLES = ("employer", "operator", "partner")
MOST = 20  # keys of one account
LONGEST = 730  # days
OVERLAP = 7  # days
Days = Annotated[int, Field(ge=1, le=LONGEST)]
PERIODS = {"30": "一个月", "90": "三个月", "180": "半年", "365": "一年"}


class KeyIn(BaseModel):
    """``actions``: of the table of roles, those that the account may and that have a route under ``/api/v1``."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=60)
    actions: list[str] = Field(min_length=1)
    days: Days = 365


class RotationIn(BaseModel):
    """The new key opens for ``days``, the old one for ``overlap_days`` more."""

    model_config = ConfigDict(extra="forbid")
    overlap_days: int = Field(default=OVERLAP, ge=0, le=90)
    days: Days = 365


def make(here: Services, who: Caller, given: KeyIn) -> tuple[str, dict[str, Any]]:
    """A new key, told this once, and what is told of it later. Raises ``Invalid`` naming the field, ``Conflict`` where there are too
    many."""
    allowed = of_keys(who.role)
    if unknown := [action for action in given.actions if action not in allowed]:
        message = f"{unknown[0]} is no action that a key of this account can be made for"
        raise Invalid("密钥不能用于这些功能", errors=[FieldError(field="actions", message=message, allowed=sorted(allowed))])
    exchange, key_id = here.exchange, f"k-{uuid4().hex[:12]}"
    now = exchange.now()
    actions, last_day = tuple(dict.fromkeys(given.actions)), day_of(now) + timedelta(days=given.days)

    def job(connection: Connection) -> str:
        if len([one for one in keys.listed(connection, who.account_id, now) if one["open"]]) >= MOST:
            raise Conflict(f"一个账号最多有 {MOST} 个密钥，请先停用不再使用的")
        done_to_account(connection, here, who, "key_made", key_id)
        return create_key(connection, who.account_id, now=now, name=given.name, actions=actions, last_day=last_day, key_id=key_id)

    made = exchange.write(job)
    return made, _one(here, who, key_id)


def follow(here: Services, who: Caller, key_id: str, given: RotationIn) -> tuple[str, dict[str, Any], str]:
    """A key that follows this one: told this once, what is told of it later, and the old one's last day. Raises ``NotFound``."""
    exchange, new_id = here.exchange, f"k-{uuid4().hex[:12]}"
    # A key that is limited to some actions lets nobody at the account's other keys.
    only = who.proof if who.actions is not None else ""

    def job(connection: Connection) -> tuple[str, Any] | None:
        days = {"overlap_days": given.overlap_days, "days": given.days}
        found = keys.rotate(connection, who.account_id, key_id, now=exchange.now(), new_id=new_id, only=only, **days)
        if found is not None:
            done_to_account(connection, here, who, "key_rotated", key_id)
        return found

    found = exchange.write(job)
    if found is None:
        raise NotFound("没有这个密钥，或者已经失效")
    return found[0], _one(here, who, new_id), found[1].isoformat()


def stop(here: Services, who: Caller, key_id: str) -> None:
    """End a key at once. Raises ``NotFound``."""

    def job(connection: Connection) -> bool:
        ended = keys.end(connection, who.account_id, key_id)
        if ended:
            done_to_account(connection, here, who, "key_ended", key_id)
        return ended

    if not here.exchange.write(job):
        raise NotFound("没有这个密钥")


def _listed(here: Services, who: Caller) -> list[dict[str, Any]]:
    with here.exchange.reading() as connection:
        return keys.listed(connection, who.account_id, here.exchange.now())


def _one(here: Services, who: Caller, key_id: str) -> dict[str, Any]:
    return next(one for one in _listed(here, who) if one["key_id"] == key_id)


@router.get("/account/keys")
def own_keys(here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One's own API keys: ``name``, ``actions`` (null: whatever the account may), ``last_day``, ``last_used_on``, whether it is ``open``;
    and the ``actions`` that a key may be made for."""
    who = scope.signed_in(caller, *ROLES)
    return {"items": _listed(here, who), "actions": of_keys(who.role)}


@router.post("/account/keys", status_code=201)
def make_key(given: KeyIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """A new API key for some actions and a time; ``key`` is told this once."""
    made, told = make(here, scope.signed_in(caller, *ROLES), given)
    return {"key": made, **told}


@router.post("/account/keys/{key_id}/rotation", status_code=201)
def rotate_key(key_id: str, given: RotationIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """A new key with the name and actions of this one, which opens for ``overlap_days`` more; ``key`` is told this once. A key with the
    action ``account.rotate_key`` rotates itself and no other."""
    made, told, until = follow(here, scope.signed_in(caller, *ROLES), key_id, given)
    return {"key": made, **told, "old": {"key_id": key_id, "last_day": until}}


@router.delete("/account/keys/{key_id}")
def end_key(key_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """End an API key at once."""
    stop(here, scope.signed_in(caller, *ROLES), key_id)
    return {"key_id": key_id, "ended": True}


@pages.get("/account/keys")
def keys_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """API 密钥."""
    return _page(request, here, with_session(caller, *ROLES))


@pages.post("/account/keys")
def make_page(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """新建密钥; the key is shown this once."""
    who = with_session(caller, *ROLES)
    name, actions, days = form.text("name"), form.texts("actions"), form.text("days")
    errors = {}
    if not name or len(name) > 60:
        errors["name"] = "请填写1到60个字的名称，例如“招聘系统”"
    if not actions or not set(actions) <= of_keys(who.role).keys():
        errors["actions"] = "请至少选一项"
    if days not in PERIODS:
        errors["days"] = "请从列表中选择"
    if errors:
        return _page(request, here, who, errors=errors, form=form, status=422)
    made, told = make(here, who, KeyIn(name=name, actions=actions, days=int(days)))
    return _page(request, here, who, made=made, told=told)


@pages.post("/account/keys/{key_id}/rotate")
def rotate_page(request: Request, key_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """更换密钥."""
    who = with_session(caller, *ROLES)
    made, told, until = follow(here, who, key_id, RotationIn())
    return _page(request, here, who, made=made, told=told, until=until)


@pages.post("/account/keys/{key_id}/end")
def end_page(key_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """停用密钥."""
    stop(here, with_session(caller, *ROLES), key_id)
    return RedirectResponse("/account/keys", 303)


def _page(request: Request, here: Services, who: Caller, *, form: Form | None = None, status: int = 200, **shown: Any) -> Response:
    offered = of_keys(who.role)
    values = {"name": form.text("name"), "days": form.text("days")} if form is not None else {"days": "365"}
    empty = {"made": "", "told": {}, "until": "", "errors": {}}
    chosen = form.texts("actions") if form is not None else ["public.read"]
    found = {"items": _listed(here, who), "offered": offered, "values": values, "chosen": chosen, "periods": PERIODS}
    return page(request, "keys.html", {**empty, **found, **shown}, status=status)
