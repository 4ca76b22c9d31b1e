"""Every subject's router, in one list: programs' routes under ``/api/v1``, pages at the root."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import looked, own_account, own_keys, own_second_factor, second_factor_pages
from api.delivery import own_answers
from api.delivery import pages as delivery_pages
from api.delivery import routes as delivery
from api.help import routes as help_
from api.hiring import pages as hiring_pages
from api.hiring import routes as hiring
from api.intake import (
    asking,
    commitments,
    confirming,
    consenting,
    feed,
    held_pages,
    profile_pages,
    reconfirming,
    report_pages,
    reporting,
    same_opening,
    sending,
    sitemap,
)
from api.intake import pages as intake_pages
from api.matching import pages as matching_pages
from api.matching import routes as matching
from api.matching import welfare_posts
from api.policies import civil_affairs, claims, internship_posts, own_pages, referrals, staff_pages, standing, startup
from api.policies import pages as policy_pages
from api.policies import routes as policies
from api.search import pages as search_pages
from api.search import routes as search
from api.search import saved_pages, saving
from api.staffing import contacting
from api.staffing import pages as staffing_pages
from api.staffing import routes as staffing
from api.webhooks import routes as webhooks

API_ROUTERS: list[APIRouter] = [
    sending.router,
    asking.router,
    reporting.router,
    consenting.router,
    reconfirming.router,
    commitments.router,
    confirming.router,
    same_opening.router,
    search.router,
    saving.router,
    matching.router,
    welfare_posts.router,
    delivery.router,
    own_answers.router,
    hiring.router,
    staffing.router,
    contacting.router,
    policies.router,
    civil_affairs.router,
    referrals.router,
    startup.router,
    internship_posts.router,
    claims.router,
    standing.router,
    feed.router,
    webhooks.router,
    help_.router,
    looked.router,
    own_account.router,
    own_keys.router,
    own_second_factor.router,
]
PAGE_ROUTERS: list[APIRouter] = [
    search_pages.router,
    saved_pages.router,
    policy_pages.router,
    own_pages.router,
    staff_pages.router,
    internship_posts.pages,
    referrals.pages,
    startup.pages,
    matching_pages.router,
    welfare_posts.pages,
    delivery_pages.router,
    profile_pages.router,
    consenting.pages,
    reconfirming.pages,
    own_answers.pages,
    intake_pages.router,
    hiring_pages.router,
    staffing_pages.router,
    contacting.pages,
    held_pages.router,
    sitemap.router,
    report_pages.router,
    commitments.pages,
    confirming.pages,
    help_.pages,
    looked.pages,
    own_account.pages,
    own_keys.pages,
    webhooks.pages,
    second_factor_pages.router,
]
