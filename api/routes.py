"""Every subject's router, in one list: programs' routes under ``/api/v1``, pages at the root."""

from __future__ import annotations

from fastapi import APIRouter

from api.delivery import routes as delivery
from api.hiring import routes as hiring
from api.intake import asking, feed, sending
from api.matching import routes as matching
from api.policies import routes as policies
from api.staffing import routes as staffing

API_ROUTERS: list[APIRouter] = [
    sending.router,
    asking.router,
    matching.router,
    delivery.router,
    hiring.router,
    staffing.router,
    policies.router,
    feed.router,
]
PAGE_ROUTERS: list[APIRouter] = []
