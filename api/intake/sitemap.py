"""For search engines: which addresses to read (``robots.txt``), and every open public posting (``sitemap.xml``)."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from xml.sax.saxutils import escape

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from api.access.identify import Here
from api.services import Services
from streams.intake import queries

router = APIRouter(include_in_schema=False)
#: The protocol allows 50,000 addresses a page (https://www.sitemaps.org/protocol.html); fewer keep one answer small.
ADDRESSES = 10_000
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_DISALLOWED = ("/api/", "/login", "/me", "/inbox", "/employer", "/commissioner", "/search", "/postings/*/report")


def site_address(here: Services, request: Request) -> str:
    """Under which people reach the exchange: as set, else as it was asked."""
    return (here.options.public_url or str(request.base_url)).rstrip("/")


@router.get("/robots.txt")
def robots(request: Request, here: Here) -> Response:
    """Postings and policies are for everybody; what needs an account, or makes new addresses without end, is not to be read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _DISALLOWED), f"Sitemap: {site_address(here, request)}/sitemap.xml"]
    return PlainTextResponse("\n".join(lines) + "\n")


@router.get("/sitemap.xml")
def index(request: Request, here: Here) -> Response:
    """The index: each page named by the posting with which it starts, so that pages keep their place while postings come and go."""
    with here.exchange.reading() as connection:
        starts = ["", *queries.published_every(connection, ADDRESSES)]
    base = f"{site_address(here, request)}/sitemap/postings.xml"
    pages = [base + (f"?start={quote(start, safe='')}" if start else "") for start in starts]
    return _xml("sitemapindex", "".join(f"<sitemap><loc>{escape(page)}</loc></sitemap>\n" for page in pages))


@router.get("/sitemap/postings.xml")
def postings(request: Request, here: Here, start: Annotated[str, Query(max_length=200)] = "") -> Response:
    """One page: open public postings, each with the instant of its last version."""
    with here.exchange.reading() as connection:
        found = queries.published_versions(connection, start, ADDRESSES)
    base = f"{site_address(here, request)}/postings/"
    entries = (
        f"<url><loc>{escape(base + quote(posting_id, safe=''))}</loc><lastmod>{at}</lastmod></url>\n" for posting_id, at in found.items()
    )
    return _xml("urlset", "".join(entries))


def _xml(root: str, inner: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_XMLNS}">\n{inner}</{root}>\n'
    return Response(text, media_type="application/xml")
