"""Conditional requests, routes that will go, and windows of time: what programs need to ask for no more than is new."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from api.deprecation import Deprecated
from matcher.days import SHANGHAI
from tests.api.conftest import PERSON, Market, furnish


def test_what_did_not_change_is_not_sent_again(furnished: Market) -> None:
    path = f"/postings/{furnished.posting_id}"
    first = furnished.get(None, path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = furnished.get(None, path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), given
        assert "content-length" not in again.headers
        assert again.headers["ratelimit-limit"]
    for given in ('"other"', "", etag.strip('"')):
        again = furnished.get(None, path, headers={"If-None-Match": given})
        assert (again.status_code, again.json()) == (200, first.json())


def test_what_changed_is(market: Market) -> None:
    posting_id = furnish(market)
    etag = market.get(None, f"/postings/{posting_id}").headers["etag"]
    market.publish({"headcount": 7})
    again = market.get(None, f"/postings/{posting_id}", headers={"If-None-Match": etag})
    assert (again.status_code, again.json()["headcount"]) == (200, 7)
    assert again.headers["etag"] != etag


def test_of_what_is_somebodys_no_copy_stays_on_the_way(furnished: Market) -> None:
    answer = furnished.get("jobseeker", "/people/u-7")
    assert answer.headers["cache-control"] == "no-store"
    again = furnished.get("jobseeker", "/people/u-7", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-store")
    # A tag opens nothing: whoever may not see it is refused, whatever they send.
    assert furnished.get("other-jobseeker", "/people/u-7", headers={"If-None-Match": answer.headers["etag"]}).status_code == 403
    assert furnished.get(None, "/people/u-7", headers={"If-None-Match": "*"}).status_code == 401


def test_errors_writes_pages_and_what_has_its_own_tag_pass_as_they_are(furnished: Market) -> None:
    assert "etag" not in furnished.get(None, "/postings/nobodys", headers={"If-None-Match": "*"}).headers
    assert "etag" not in furnished.post(None, "/hints", {"date": "2026-11-20", "facts": {}}).headers
    assert "etag" not in furnished.client.get("/search").headers
    feed = furnished.get(None, "/feed")
    assert furnished.get(None, "/feed", headers={"If-None-Match": feed.headers["etag"]}).status_code == 304
    snapshot = furnished.get(None, "/feed/snapshot")
    assert snapshot.status_code == 200
    assert snapshot.headers["etag"] != feed.headers["etag"]


def test_a_route_that_will_go_says_so_and_others_do_not(furnished: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    going = {"GET /api/v1/postings": Deprecated(date(2026, 11, 1), date(2027, 6, 1), "/api/v2/postings")}
    monkeypatch.setattr("api.deprecation.DEPRECATED", going)
    answer = furnished.get(None, "/postings")
    since = datetime.fromtimestamp(int(answer.headers["deprecation"].removeprefix("@")), SHANGHAI)
    assert since == datetime(2026, 11, 1, tzinfo=SHANGHAI)
    assert answer.headers["sunset"] == "Mon, 31 May 2027 16:00:00 GMT"
    assert answer.headers["link"] == '</api/v2/postings>; rel="successor-version"'
    for other in (furnished.get(None, f"/postings/{furnished.posting_id}"), furnished.post("administrator", "/postings", {})):
        assert not {"deprecation", "sunset"} & set(other.headers)


def test_the_log_is_read_in_windows_that_hold_each_entry_once(market: Market) -> None:
    market.post("administrator", "/people?wait=1", PERSON)
    began, moments = market.clock.at, [timedelta(0), timedelta(minutes=1), timedelta(minutes=2)]
    for moment in moments:
        market.clock.at = began + moment
        assert market.get("commissioner", "/people/u-7").status_code == 200
    market.clock.at = began + timedelta(hours=1)

    def at(**window: datetime | str) -> list[str]:
        given: Any = {name: value if isinstance(value, str) else value.isoformat() for name, value in window.items()}
        answer = market.get("auditor", "/audit", params={"person_id": "u-7", **given})
        assert answer.status_code == 200, answer.text
        return sorted(one["at"] for one in answer.json()["items"] if one["action"] == "profile")

    whole = [(began + moment).isoformat() for moment in moments]
    assert at(since=began, until=began + moments[2] + timedelta(seconds=1)) == whole
    assert at(since=began, until=began + moments[1]) == whole[:1]
    assert at(since=began + moments[1], until=began + moments[2]) == whole[1:2]
    assert at(since=began.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(), until=began + moments[1]) == whole[:1]  # Shanghai's
    assert at(until=began) == []
    for since, until in ((began, began), (began + moments[1], began)):
        wrong = market.get("auditor", "/audit", params={"since": since.isoformat(), "until": until.isoformat()})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "until")
    for nonsense in ("yesterday", "0001-01-01T00:00:00"):
        assert market.get("auditor", "/audit", params={"since": nonsense}).status_code in (400, 422)
