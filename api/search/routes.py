"""Suggestions while somebody types; for everybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.access.identify import Here
from api.search.suggesting import suggest

router = APIRouter(tags=["postings"])


@router.get("/suggestions")
def suggestions(here: Here, q: Annotated[str, Query(min_length=1, max_length=50)]) -> dict[str, Any]:
    """Titles of open postings for what was typed so far, the most frequent first; each finds something when it is searched for."""
    return {"q": q, "items": suggest(here, q)}
