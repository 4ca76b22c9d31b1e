"""找岗位: search with filters, counts by filter and pages; for everybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access.identify import CallerOrNone, Here
from api.intake.asking import around, search_postings
from api.pages import page
from api.problems import BadRequest
from api.search.saving import LONGEST_NAME, OF_THE_PAGE, as_text
from api.services import Services
from api.wording import SOURCES, TYPES, in_words
from matcher.days import day_of
from matcher.places import name_of, seat_of
from matcher.shapes import FieldError
from matcher.wording import FORMS
from search.errors import QueryError
from search.query import read_query
from search.spelling import other_texts
from search.understanding import Understood, understand

router = APIRouter(include_in_schema=False)
FILTERS = (*OF_THE_PAGE, "published_since", "sort")
FACETS = {"city": "地区", "form": "用工形式", "source": "来源", "type": "岗位类型", "zone": "专区"}
OFFERS = {
    "lodging": "包住", "board": "包吃", "insured": "有社会保险", "fund": "有公积金", "weekends": "双休", "no_overtime": "不加班",
    "day_shift": "白班", "night_shift": "夜班", "eight_hours": "每天不超过8小时", "uninsured": "写明不缴社会保险",
}  # fmt: skip
ZONES = {"graduate": "面向高校毕业生", "gig": "零工"}
SORTS = {"relevance": "最相关", "date": "最新", "pay": "工资最高"}
LIMIT = 20
MOST_OTHERS = 3
AGES = (3, 7, 30)  # days
AROUND_KM = 20


@router.get("/search")
def search(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """Results, facets with numbers, next page. What is wrong with a filter is said beside it. What the words were taken for is said, too;
    ``as=typed`` takes them as they stand."""
    given = {name: value for name in FILTERS if (value := request.query_params.get(name, "").strip())}
    cursor = request.query_params.get("cursor") or None
    errors: dict[str, str] = {}
    found: dict[str, Any] = {"total": 0, "items": [], "facets": {}, "cursor": None}
    asked = _accepted(given, errors)
    as_typed = request.query_params.get("as") == "typed"
    understood = Understood("") if as_typed else understand(asked.get("q", ""))
    meant = {**understood.parameters(), **_without(asked, "q")} if understood.parts else asked
    try:
        found = search_postings(here, {**meant, "cursor": cursor, "facets": ",".join(FACETS), "limit": LIMIT})
    except BadRequest as problem:
        errors.update({error.field: in_words(error) for error in problem.errors})
    others = [] if as_typed or errors or cursor or found["total"] else _others(here, asked)
    if as_typed:
        asked["as"] = "typed"
    following = f"/search?{urlencode({**asked, 'cursor': found['cursor']})}" if found["cursor"] else None
    return page(
        request,
        "search.html",
        {
            "values": given,
            "errors": errors,
            "found": found,
            "facets": [*_facets(found["facets"], asked), *_narrower(asked, day_of(here.exchange.now()))],
            "filtered": {name: f"/search?{urlencode(_left(asked, name))}" for name in asked if name not in ("q", "sort", "as")},
            "understood": understood.sentence(),
            "as_typed": f"/search?{urlencode({**asked, 'as': 'typed'})}",
            "others": others,
            "next": following,
            "further": cursor is not None,
            "sorts": SORTS,
            "sources": SOURCES,
            "offers": OFFERS,
            "to_save": {} if errors else {name: as_text(value) for name, value in meant.items() if name in OF_THE_PAGE},
            "name_to_save": _name(meant),
        },
        status=400 if errors else 200,
    )


def _accepted(given: dict[str, str], errors: dict[str, str]) -> dict[str, str]:
    """The filters that can be read; a wrong one is said and left out, so that the others still answer."""
    accepted: dict[str, str] = {}
    for name, value in given.items():
        try:
            read_query(around({**_beside(name, given), name: value}))
        except QueryError as error:
            errors[name] = in_words(FieldError(field=error.field, message=error.message))
        else:
            accepted[name] = value
    return accepted


def _others(here: Services, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Where nothing is found: names of trades one character away that find something with the same filters."""
    found = []
    for name, text in other_texts(asked.get("q", "")):
        meant = {**understand(text).parameters(), **_without(asked, "q")}
        if total := search_postings(here, {**meant, "limit": 1})["total"]:
            found.append({"name": name, "total": total, "url": f"/search?{urlencode({**asked, 'q': text})}"})
    return found[:MOST_OTHERS]


def _beside(name: str, given: dict[str, str]) -> dict[str, str]:
    """What a filter means nothing without: a radius its place."""
    return {"region": given["region"]} if name == "radius_km" and "region" in given else {}


def _name(meant: dict[str, Any]) -> str:
    """What a search is called unless somebody knows a better name: its conditions."""
    places = [name_of(code) or "" for code in as_text(meant.get("region", "")).split(",") if code]
    words = [*places, *as_text(meant.get("trade", "")).split(","), as_text(meant.get("q", ""))]
    words += [FORMS.get(value, "") for value in as_text(meant.get("form", "")).split(",")]
    words += [f"{as_text(meant['pay_min'])}元以上"] if "pay_min" in meant else []
    words += [OFFERS.get(value, "") for value in as_text(meant.get("offers", "")).split(",")]
    words += [ZONES.get(value, "") for value in as_text(meant.get("zone", "")).split(",")]
    return " ".join(word for word in words if word)[:LONGEST_NAME] or "我的搜索"


def _without(asked: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in asked.items() if key != name}


def _narrower(asked: dict[str, str], today: date) -> list[dict[str, Any]]:
    """Filters that are not counted, as links that add them: what the posting offers, how old it is, how far around the place."""
    chosen = [value for value in asked.get("offers", "").split(",") if value]
    shown = [("待遇和班次", [(title, {"offers": ",".join([*chosen, name])}) for name, title in OFFERS.items() if name not in chosen])]
    if "published_since" not in asked:
        days = [(f"{days}天内", {"published_since": (today - timedelta(days=days)).isoformat()}) for days in AGES]
        shown.append(("发布时间", days))
    place = asked.get("region", "")
    if "radius_km" not in asked and not place.endswith("0000") and seat_of(place) is not None:
        shown.append(("范围", [(f"{name_of(place)}周边{AROUND_KM}公里", {"radius_km": str(AROUND_KM)})]))
    return [
        {"title": title, "links": [{"title": said, "url": f"/search?{urlencode({**asked, **more})}"} for said, more in links]}
        for title, links in shown
        if links
    ]


def _left(asked: dict[str, str], name: str) -> dict[str, str]:
    """The filters without this one; a radius goes with its place."""
    return {key: value for key, value in _without(asked, name).items() if name != "region" or key != "radius_km"}


def _facets(counts: dict[str, dict[str, int]], asked: dict[str, str]) -> list[dict[str, Any]]:
    """Each facet with its values as links that add the filter; a facet with one value tells nothing and is left out."""
    names = {"form": FORMS, "source": SOURCES, "type": TYPES, "zone": ZONES}
    shown = []
    for facet, title in FACETS.items():
        parameter = "region" if facet == "city" else facet
        values = counts.get(facet, {})
        if parameter in asked or len(values) < 2:
            continue
        links = [
            {
                "title": name_of(value) if facet == "city" else names[facet].get(value, value),
                "count": count,
                "url": f"/search?{urlencode({**asked, parameter: value})}",
            }
            for value, count in list(values.items())[:12]
        ]
        shown.append({"title": title, "links": links})
    return shown
