"""Saved searches of a jobseeker: saved, listed, dropped. Whoever saved one is told of new postings that it finds (streams/delivery)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.intake.asking import around
from api.matching.routes import person_of
from api.problems import BadRequest, Conflict, NotFound
from api.services import Services
from matcher.masking import mask
from matcher.shapes import FieldError
from search.errors import QueryError
from search.percolator import asks_for_something
from search.query import PARAMETERS, read_query
from streams.delivery import searches
from streams.delivery.messages import SearchDropped, SearchSaved
from streams.delivery.rules import MOST_SEARCHES
from streams.runtime.exchange import Said

router = APIRouter(tags=["delivery"])
LONGEST_NAME = 40
#: Order and page belong to looking at a list, not to what is looked for.
OF_A_LIST = ("sort", "facets", "limit", "cursor")
#: What the page /search takes; a search with other parameters is shown there by nobody.
OF_THE_PAGE = ("q", "region", "form", "pay_min", "source", "type", "zone", "trade", "offers", "radius_km")
WAIT_S = 5


class SearchIn(BaseModel):
    """``parameters`` as ``GET /postings`` takes them; lists as lists or with commas."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    parameters: dict[str, str | float | list[str]] = Field(max_length=len(PARAMETERS))


def as_text(value: Any) -> str:
    """A parameter's value as it stands in an address."""
    if isinstance(value, list):
        return ",".join(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _as_texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What was asked for, as texts in one order; raises a problem that names the parameter."""
    given: dict[str, str] = {}
    for name, value in sorted(around(dict(parameters)).items()):
        text = as_text(value)
        if text.strip() and name not in OF_A_LIST:
            given[name] = text.strip()
    try:
        query = read_query(given)
    except QueryError as error:
        raise BadRequest(
            "查询条件有误", errors=[FieldError(field=error.field, message=error.message, allowed=list(error.allowed or ()) or None)]
        ) from None
    if not asks_for_something(query):
        raise BadRequest("请至少写一个查询条件再保存", errors=[FieldError(field="parameters", message="请至少写一个查询条件")])
    return given


def save(here: Services, caller: Caller, person_id: str, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Save a search; answers it as it is kept. A problem where it asks for nothing, is there already, or there are too many."""
    name, texts = " ".join(name.split())[:LONGEST_NAME], _as_texts(parameters)
    for field, text in (("name", name), *texts.items()):
        if field not in ("near", "pay_min", "published_since") and mask(text).text != text:
            raise BadRequest("请不要写电话、证件号或邮箱", errors=[FieldError(field=field, message="请不要写电话、证件号或邮箱")])
    if not name:
        raise BadRequest("请给这个搜索起个名字", errors=[FieldError(field="name", message="请给这个搜索起个名字")])
    search_id = str(uuid5(NAMESPACE_URL, "\x1f".join(("gongqiao:search", person_id, urlencode(texts)))))
    with here.exchange.reading() as connection:
        known = searches.of_person(connection, person_id)
    if any(one["search_id"] == search_id for one in known):
        raise Conflict("这个搜索已经保存过了")
    if len(known) >= MOST_SEARCHES:
        raise Conflict(f"最多保存{MOST_SEARCHES}个搜索，请先删除不用的")
    message = SearchSaved(person_id=person_id, search_id=search_id, name=name, parameters=texts)
    message_id = here.exchange.append([Said(message)], source=f"account:{caller.account_id}")[0]
    if here.exchange.wait_handled(message_id, "delivery", WAIT_S):
        with here.exchange.reading() as connection:
            if all(one["search_id"] != search_id for one in searches.of_person(connection, person_id)):
                raise Conflict(f"最多保存{MOST_SEARCHES}个搜索，请先删除不用的")
    return {"search_id": search_id, "name": name, "parameters": texts}


def drop(here: Services, caller: Caller, person_id: str, search_id: str) -> None:
    """Drop a search of this person's; a problem where they have none such."""
    with here.exchange.reading() as connection:
        known = searches.of_person(connection, person_id)
    if all(one["search_id"] != search_id for one in known):
        raise NotFound("没有这个保存的搜索")
    message = SearchDropped(person_id=person_id, search_id=search_id)
    message_id = here.exchange.append([Said(message)], source=f"account:{caller.account_id}")[0]
    here.exchange.wait_handled(message_id, "delivery", WAIT_S)


def link_of(parameters: Mapping[str, str]) -> str | None:
    """The page that shows what a saved search finds now; None where the page does not take one of its parameters."""
    if not set(parameters) <= set(OF_THE_PAGE):
        return None
    return f"/search?{urlencode({**parameters, 'as': 'typed'})}"


PersonId = Annotated[str, Path(max_length=200)]


def _own(here: Services, caller: Caller | None, person_id: str) -> Caller:
    scope.about_person(caller, person_id)
    who = scope.signed_in(caller, "jobseeker")
    person_of(here, person_id)
    return who


@router.get("/people/{person_id}/saved-searches")
def saved(person_id: PersonId, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One's own saved searches, the newest first: ``{"items": [{"search_id", "name", "parameters", "saved_at", "found"}], "most"}``;
    ``found``: postings one was told of that are still there."""
    _own(here, caller, person_id)
    with here.exchange.reading() as connection:
        return {"items": searches.of_person(connection, person_id), "most": MOST_SEARCHES}


@router.post("/people/{person_id}/saved-searches", status_code=202)
def save_one(person_id: PersonId, given: SearchIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Save a search; postings that are published or changed from now on and that it finds are told in the inbox, within the same daily
    limits and quiet hours as recommendations, once a posting. 409: saved already, or too many."""
    who = _own(here, caller, person_id)
    return JSONResponse(save(here, who, person_id, given.name, given.parameters), 202)


@router.delete("/people/{person_id}/saved-searches/{search_id}")
def drop_one(person_id: PersonId, search_id: Annotated[str, Path(max_length=100)], here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Drop a saved search; nothing more is told of it."""
    who = _own(here, caller, person_id)
    drop(here, who, person_id, search_id)
    return {"search_id": search_id}
