"""Who looked at whose data: for the person concerned in plain words, for auditors the log itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.access import audit, scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.pages import page
from api.problems import BadRequest
from api.services import Services
from matcher.days import SHANGHAI
from matcher.places import full_name, regions
from matcher.shapes import FieldError
from streams.intake import queries as intake

router = APIRouter(tags=["access"])
pages = APIRouter(include_in_schema=False)
PAGE = 50
READERS = {
    "commissioner": "人社服务专员", "administrator": "系统管理员", "employer": "用人单位", "operator": "零工市场或劳务品牌",
    "partner": "合作方", "auditor": "审计人员", "jobseeker": "求职者本人",
}  # fmt: skip
#: Actions whose ``about`` is a posting.
AT_POSTING = ("match", "candidates", "steps", "step_taken", "contact")

Cursor = Annotated[str | None, Query(max_length=20)]
Limit = Annotated[int, Query(ge=1, le=200)]
Id = Annotated[str, Query(max_length=200)]


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        error = FieldError(field="cursor", message="one given by an earlier answer expected")
        raise BadRequest("cursor 不是由上一页给出的", errors=[error])
    return int(cursor)


def _instants(here: Services, since: datetime | None, until: datetime | None) -> dict[str, str]:
    """A half-open window, [since, until), as the log writes instants; without a zone they are of Shanghai."""
    said: dict[str, str] = {}
    for name, given in (("since", since), ("until", until)):
        if given is not None:
            if not 2000 <= given.year < 2200:
                raise BadRequest(
                    "时间太早或太晚", errors=[FieldError(field=name, message="an instant of this century or the next expected")]
                )
            whole = given if given.tzinfo is not None else given.replace(tzinfo=SHANGHAI)
            said[name] = whole.astimezone(here.exchange.now().tzinfo).isoformat()
    if len(said) == 2 and said["since"] >= said["until"]:
        error = FieldError(field="until", message="an instant after since expected; until itself is not in the window")
        raise BadRequest("until 要晚于 since", errors=[error])
    return said


def _cut(found: list[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """A page, and the cursor of the next one where one more entry was found than fits."""
    return found[:limit], str(found[limit - 1]["n"]) if len(found) > limit else None


def looks_at(here: Services, person_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
    """Who looked at a person's data, the newest first: who, when, what was done, which kinds of fields were shown, at which posting."""
    with here.exchange.reading() as connection:
        entries, following = _cut(audit.of_person(connection, person_id, _before(cursor), limit + 1), limit)
        postings = intake.postings_by_id(connection, sorted({one["about"] for one in entries if one["action"] in AT_POSTING}))
        employers = intake.employers_by_id(connection, sorted({one["office"] for one in entries if one["role"] == "employer"}))
    names = {employer_id: str(found["employer"].get("name") or "") for employer_id, found in employers.items()}
    return {"items": [_told(one, names, postings) for one in entries], "cursor": following}


def _told(entry: dict[str, Any], names: dict[str, str], postings: dict[str, Any]) -> dict[str, Any]:
    """An entry for the person it is about: codes, and the same in words."""
    role, office, action = entry["role"], entry["office"], entry["action"]
    of = names.get(office, "") if role == "employer" else _place(office) if role == "commissioner" else ""
    told: dict[str, Any] = {name: entry[name] for name in ("n", "at", "account_id", "role", "office", "action") if entry[name] != ""}
    told["fields"] = [code for code in entry["fields"].split(",") if code]
    told["who"] = f"{of}（用人单位）" if of and role == "employer" else of + READERS[role]
    told["what"] = audit.ACTIONS[action][0] if action in audit.ACTIONS else action
    told["shown"] = [audit.FIELDS.get(code, code) for code in told["fields"]]
    if action in AT_POSTING and entry["about"]:
        told["posting_id"] = entry["about"]
        told["title"] = ((postings.get(entry["about"]) or {}).get("posting") or {}).get("title")
    if entry["purpose"]:
        told["reason"] = entry["purpose"]
    return {name: value for name, value in told.items() if value is not None}


def _place(code: str) -> str:
    return full_name(code) if code in regions() else ""


def read_log(
    here: Services,
    caller: Caller | None,
    cursor: str | None,
    limit: int,
    person_id: str,
    account_id: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    """A page of the log for an auditor, who leaves an entry as well; ``head``: the last entry, to be noted where nobody can change it."""
    who = scope.signed_in(caller, "auditor")
    before = _before(cursor)
    wanted = {"region": who.region, "person_id": person_id, "account_id": account_id, **_instants(here, since, until)}
    with here.exchange.reading() as connection:
        found = audit.listed(connection, before, limit + 1, **wanted)  # type: ignore[arg-type]
        last = audit.head(connection)
    # What was typed goes into the log only where it is the id of somebody who is in it.
    scope.note(here.exchange, who, [Look(person_id if found else "", "audit")])
    entries, following = _cut(found, limit)
    for one in entries:
        one["fields"] = [code for code in one["fields"].split(",") if code]
    return {"items": entries, "head": {"n": last.n, "hash": last.hash}, "cursor": following}


@router.get("/people/{person_id}/looks")
def looks(person_id: str, here: Here, caller: CallerOrNone, cursor: Cursor = None, limit: Limit = PAGE) -> dict[str, Any]:
    """Who looked at one's own data, the newest first: ``who`` and ``what`` in words, ``fields`` and ``shown``, where it was about one the
    posting. Of staff their office is told and the account's number, of employers the name."""
    scope.about_person(caller, person_id)
    scope.signed_in(caller, "jobseeker")
    return looks_at(here, person_id, cursor, limit)


@router.get("/audit")
def log(
    here: Here,
    caller: CallerOrNone,
    cursor: Cursor = None,
    limit: Limit = PAGE,
    person_id: Id = "",
    account_id: Id = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    """The log for auditors, the newest first, of everybody or of one person or account, from ``since`` to before ``until`` (without a zone:
    Shanghai); of an auditor with a region what the offices there read. ``head`` is the last entry of the whole log: noted elsewhere, it
    lets ``gongqiao audit verify --head`` tell a cut tail."""
    return read_log(here, caller, cursor, limit, person_id.strip(), account_id.strip(), since, until)


@pages.get("/me/looks")
def looks_page(request: Request, here: Here, caller: CallerOrNone, cursor: Cursor = None) -> Response:
    """谁看过我的资料."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "audit")
    return page(request, "looks.html", looks_at(here, person_id, cursor, PAGE))


@pages.get("/audit")
def log_page(
    request: Request, here: Here, caller: CallerOrNone, cursor: Cursor = None, person_id: Id = "", account_id: Id = ""
) -> Response:
    """The log as a page."""
    person_id, account_id = person_id.strip(), account_id.strip()
    found = read_log(here, caller, cursor, PAGE, person_id, account_id)
    where = caller.region if caller is not None else None
    words = {"readers": READERS, "actions": audit.ACTIONS, "kinds": audit.FIELDS}
    return page(request, "audit.html", {**found, **words, "person_id": person_id, "account_id": account_id, "where": where})
