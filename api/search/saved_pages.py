"""「保存这个搜索」 on the search page, and 「删除」 on one's own page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Posted
from api.search.saving import OF_THE_PAGE, drop, save

router = APIRouter(include_in_schema=False)


@router.post("/me/searches")
def keep(here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Save the search of the page that the form stands on."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "searches")
    save(here, who, person_id, form.text("name"), {name: form.text(name) for name in OF_THE_PAGE if form.text(name)})
    return RedirectResponse("/me?saved=search#searches", 303)


@router.post("/me/searches/{search_id}/delete")
def remove(search_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "searches")
    drop(here, who, person_id, search_id)
    return RedirectResponse("/me#searches", 303)
