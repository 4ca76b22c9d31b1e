"""The directory of help, asked for by everybody and kept by staff; as an interface and as a page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.help import directory
from api.help.directory import KINDS, NATION, ChannelIn
from api.pages import PROVINCE, page
from api.problems import BadRequest, Forbidden, NotFound
from api.services import Services
from matcher.days import day_of
from matcher.places import counties_of, full_name, regions
from matcher.shapes import FieldError

router = APIRouter(tags=["help"])
pages = APIRouter(include_in_schema=False)
FLAGS = {"broken": "目前不能用", "stale": "超过半年没有核对"}


def _may_keep(caller: Caller | None, region: str) -> Caller:
    who = scope.signed_in(caller, *scope.STAFF)
    if not (who.role == "administrator" if region == NATION else scope.in_region(who, region)):
        raise Forbidden("只能维护本地区的服务渠道")
    return who


def _listed(here: Services, region: str) -> list[dict[str, Any]]:
    if region not in regions():
        raise BadRequest(
            "查询参数有误", errors=[FieldError(field="region", message="a province, city or county by its six digits expected")]
        )
    with here.exchange.reading() as connection:
        return directory.listed(connection, region, day_of(here.exchange.now()))


def _keep(here: Services, who: Caller, given: ChannelIn) -> str:
    at = here.exchange.now().isoformat()
    return here.exchange.write(lambda connection: directory.keep(connection, given, by=who.account_id, at=at))


@router.get("/help")
def help_in(here: Here, region: Annotated[str, Query(max_length=6)]) -> dict[str, Any]:
    """Offices, online entries, procedures, documents and services for a region, each with the day it was last checked; broken and
    long unchecked ones are flagged."""
    return {"region": region, "items": _listed(here, region)}


@router.post("/help")
def enter(given: ChannelIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Staff enter an entry of their region, or say anew what was found of it (``works``, ``checked_on``)."""
    who = _may_keep(caller, given.region)
    return {"channel_id": _keep(here, who, given)}


@router.delete("/help/{channel_id}")
def remove(channel_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Staff take an entry of their region out."""
    scope.signed_in(caller, *scope.STAFF)
    with here.exchange.reading() as connection:
        region = directory.region_of(connection, channel_id)
    if region is None:
        raise NotFound("没有这条服务渠道")
    _may_keep(caller, region)
    here.exchange.write(lambda connection: directory.remove(connection, channel_id))
    return {"channel_id": channel_id}


@pages.get("/help")
def help_page(
    request: Request, here: Here, caller: CallerOrNone, region: Annotated[str | None, Query(max_length=6)] = None, done: str = ""
) -> Response:
    """Where to find help, by county; staff of the region see a form below."""
    return _page(request, here, caller, region or (caller.region if caller is not None else None) or PROVINCE, done=bool(done))


def _page(
    request: Request, here: Services, caller: Caller | None, region: str, *, done: bool = False, wrong: str = "", values: Any = None
) -> Response:
    items = _listed(here, region)
    may = caller is not None and caller.role in scope.STAFF and scope.in_region(caller, region)
    shown = {
        "region": region, "groups": {name: [one for one in items if one["kind"] == kind] for kind, name in KINDS.items()},
        "flags": FLAGS, "kinds": KINDS, "may": may, "done": done, "wrong": wrong, "values": values or {},
        "counties": [(code, full_name(code)) for code in counties_of("140000")], "today": day_of(here.exchange.now()).isoformat(),
    }  # fmt: skip
    return page(request, "help.html", shown, status=422 if wrong else 200)


@pages.post("/help")
def help_entered(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    values = {name: form.text(name) for name in ("region", "kind", "name", "text", "address", "phone", "url", "checked_on")}
    region = values["region"] if values["region"] in regions() else PROVINCE
    who = _may_keep(caller, region)
    try:
        given = ChannelIn.model_validate({name: value for name, value in values.items() if value} | {"works": not form.checked("broken")})
    except ValidationError as error:
        fields = {"name": "名称", "url": "网址（http或https开头）", "checked_on": "核对日期", "kind": "类别", "text": "说明"}
        wrong = "、".join(dict.fromkeys(fields.get(str(item["loc"][0]), "内容") for item in error.errors(include_input=False)))
        return _page(request, here, caller, region, wrong=f"请检查：{wrong}", values=values)
    _keep(here, who, given)
    return RedirectResponse(f"/help?region={region}&done=1", 303)
