"""推送民政 (J-16: 002 六): people in hardship are handed to civil affairs in lists, each change of each person in one list only."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.pages import PROVINCE, page
from api.policies.civil_affairs import sheet
from streams.policy import referrals
from streams.policy.messages import CivilAffairsTold
from streams.runtime.exchange import Exchange, Said

router = APIRouter(tags=["policies"])
pages = APIRouter(include_in_schema=False)
SUBJECT = "policy"
WAIT_S = 5.0
MOST = 1000
SHOWN = 10
#: The kinds of fields that the log names, by the field that was told.
KINDS = {
    "person_id": "person_id", "region": "region", "registered_unemployed_on": "unemployed_on", "state": "hardship", "since": "hardship",
}  # fmt: skip
STATES = {referrals.HARDSHIP: "生活困难", referrals.ENDED: "已经不符合"}
Batch = Annotated[str, Query(max_length=100)]


def _note(exchange: Exchange, who: Caller, items: list[referrals.Told], batch: str) -> None:
    """An entry for each person, with the kinds of fields that were told of this one."""
    fields = [tuple(dict.fromkeys(KINDS[name] for name in referrals.FIELDS if name in item)) for item in items]
    looks = [Look(item["person_id"], "hardship", batch, kinds) for item, kinds in zip(items, fields, strict=True)]
    scope.note(exchange, who, looks)


def tell(exchange: Exchange, who: Caller, limit: int = MOST, patience: float = WAIT_S) -> dict[str, Any]:
    """One list of what has not been told yet, in the region of the member of staff: ``batch`` (None where nothing was waiting), ``items``,
    and how many still wait. What takes longer than ``patience`` is in the list when it is asked for again by its batch."""
    where = who.region or PROVINCE
    with exchange.reading() as connection:
        due = referrals.due(connection, where, limit)
    batch, items = (str(uuid4()), []) if due else (None, [])
    if batch is not None:
        by = f"account:{who.account_id}"
        said = [Said(CivilAffairsTold(person_id=told["person_id"], batch=batch, told=told, by=by)) for told in due]
        until = time.monotonic() + patience
        for message_id in exchange.append(said, source=by):
            exchange.wait_handled(message_id, SUBJECT, max(0.0, until - time.monotonic()))
        with exchange.reading() as connection:
            items = referrals.told_in(connection, where, batch)
        _note(exchange, who, items, batch)
    with exchange.reading() as connection:
        return {"batch": batch, "items": items, "waiting": referrals.waiting(connection, where)}


def of_list(exchange: Exchange, who: Caller, batch: str) -> dict[str, Any]:
    """How many wait, the newest lists, and what one of them told (``batch`` empty: none is opened)."""
    where = who.region or PROVINCE
    with exchange.reading() as connection:
        items = referrals.told_in(connection, where, batch) if batch else []
        found = {"waiting": referrals.waiting(connection, where), "lists": referrals.lists(connection, where, SHOWN)}
    _note(exchange, who, items, batch)
    return {**found, "region": where, "batch": batch or None, "fields": list(referrals.FIELDS), "items": items}


@router.get(
    "/civil-affairs/referrals",
    responses={200: {"description": "how many wait, the lists, and one of them", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def told(here: Here, caller: CallerOrNone, batch: Batch = "", format: Literal["json", "csv"] = "json") -> Any:
    """Of how many registered unemployed people in hardship something is to be told to civil affairs, the lists so far, and with ``batch``
    what that list told, as JSON or CSV: also where its answer was lost. Without those who took their consent back since."""
    who = scope.signed_in(caller, *scope.STAFF)
    found = of_list(here.exchange, who, batch)
    if format == "csv":
        return sheet(found["items"], referrals.FIELDS, "referrals.csv")
    return {"as_of": market.today(here).isoformat(), **found}


@router.post("/civil-affairs/referrals")
def refer(here: Here, caller: CallerOrNone, limit: Annotated[int, Query(ge=1, le=MOST)] = MOST) -> dict[str, Any]:
    """Make one list of everybody who agreed to it and of whom something has not been told yet: ``state`` ``hardship``, or ``ended`` of
    somebody whose hardship was told before. The same change is in no second list."""
    who = scope.signed_in(caller, *scope.STAFF)
    return {"as_of": market.today(here).isoformat(), "fields": list(referrals.FIELDS), **tell(here.exchange, who, limit)}


@pages.get("/commissioner/civil-affairs")
def shown(request: Request, here: Here, caller: CallerOrNone, batch: Batch = "") -> Response:
    """推送民政: what waits, the lists, one of them."""
    who = scope.signed_in(caller, *scope.STAFF)
    return page(request, "referrals.html", {**of_list(here.exchange, who, batch), "states": STATES, "batch": batch})


@pages.post("/commissioner/civil-affairs")
def make(here: Here, caller: CallerOrNone, _form: Posted) -> Response:
    """生成名单."""
    made = tell(here.exchange, scope.signed_in(caller, *scope.STAFF))
    chosen = f"?{urlencode({'batch': made['batch']})}" if made["batch"] is not None else ""
    return RedirectResponse(f"/commissioner/civil-affairs{chosen}", 303)
