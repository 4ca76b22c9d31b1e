"""What the event stream says, and that whoever looks then sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from matcher.match_order import match_id
from tests.pages.reading import sent_posting


@contextmanager
def listening(browser) -> Iterator[Iterator[str]]:
    """The names of events as they come, after the first one that says the line is open."""
    address, cookies = str(browser.client.base_url), browser.client.cookies
    with httpx.Client(base_url=address, cookies=cookies, timeout=240) as line, line.stream("GET", "/api/v1/events") as answer:
        assert answer.status_code == 200
        names = (text.removeprefix("event: ") for text in answer.iter_lines() if text.startswith("event: "))
        assert next(names) == "hello"
        yield names


def test_interest_is_told_to_the_employer_when_the_page_shows_it(site, employer, jobseeker, opening):
    posting = sent_posting(site, employer, opening(title="焊工（储罐）", address="太原市小店区龙城大街40号"))
    part = f"/employer/postings/{posting}/candidates"
    assert '<span class="tag good">感兴趣' not in employer.get(part).text
    with listening(employer) as events:
        jobseeker.send(f"/inbox/{match_id('u-demo', posting)}/answer", {"answer": "interested"})
        assert next(events) == "candidates"
        assert '<span class="tag good">感兴趣' in employer.get(part).text


def test_a_step_is_told_to_the_person_when_the_inbox_shows_it(site, employer, jobseeker, opening):
    posting = sent_posting(site, employer, opening(title="焊工（塔机）", address="太原市小店区龙城大街41号"))
    with listening(jobseeker) as events:
        employer.send(f"/employer/postings/{posting}/steps", {"person_id": "u-demo", "step": "invited"})
        assert next(events) == "inbox"
        text = jobseeker.get("/inbox/items").text
        assert f'<h3><a href="/postings/{posting}">' in text


def test_a_new_opening_is_told_to_the_person_and_a_hire_to_the_commissioner(site, employer, jobseeker, commissioner, opening):
    with listening(jobseeker) as events:
        posting = sent_posting(site, employer, opening(title="焊工（桥架）", headcount="1", address="太原市小店区龙城大街42号"))
        assert next(events) == "inbox"
        assert posting in jobseeker.get("/inbox/items").text
    with listening(commissioner) as events:
        employer.send(f"/employer/postings/{posting}/steps", {"person_id": "u-demo", "step": "hired"})
        site.settle()
        assert next(events) == "gap"


def test_whoever_is_not_signed_in_is_told_nothing(nobody):
    assert nobody.get("/api/v1/events", headers={"accept": "text/event-stream"}).status_code == 401
