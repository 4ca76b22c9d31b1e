"""Days: when a posting is open for the last time, on both sides of midnight in Shanghai; what a pause does; openings taken."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matcher.days import midnight
from streams.intake import gateway
from tests.intake.conftest import FIRST_DAY, Clock, Intake

ONE_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changes", "last_day"),
    [
        ({}, FIRST_DAY + timedelta(days=60)),
        ({"apply_by": "2026-11-30"}, date(2026, 11, 30)),
        ({"source": "gig_market", "market_id": "m-1", "type": "gig", "work": {"starts_at": "2026-11-20T08:00"}}, date(2026, 11, 20)),
    ],
    ids=["the 60th day", "the day of apply_by", "the day a gig starts"],
)
def test_a_posting_is_open_on_its_last_day_and_gone_the_next(intake: Intake, clock: Clock, changes: dict, last_day: date) -> None:
    posting_id = intake.posted(changes)
    clock.at = midnight(last_day + timedelta(days=1)) - ONE_SECOND
    intake.tick()
    assert intake.state(posting_id) == "published"
    clock.at = midnight(last_day + timedelta(days=1))
    intake.tick()
    assert intake.state(posting_id) == "expired"
    assert intake.said_of(posting_id) == ["published", "ended expired"]


def test_a_pause_of_nine_days_is_caught_up_day_by_day(intake: Intake, clock: Clock) -> None:
    intake.tick()
    days = (4, "焊工"), (7, "钳工"), (30, "电工")
    ids = [intake.posted({"source_id": title, "title": title, "apply_by": f"2026-11-{day:02d}"}) for day, title in days]
    clock.go_to(FIRST_DAY + timedelta(days=9))
    intake.tick()
    assert [intake.state(posting_id) for posting_id in ids] == ["expired", "expired", "published"]
    assert [intake.day_of_last(posting_id) for posting_id in ids[:2]] == [date(2026, 11, 5), date(2026, 11, 8)]


def test_confirming_starts_the_sixty_days_anew(intake: Intake, clock: Clock) -> None:
    posting_id = intake.posted()
    clock.go_to(FIRST_DAY + timedelta(days=50))
    gateway.confirm_posting(intake.exchange, posting_id, by="a-1", sender="test")
    clock.go_to(FIRST_DAY + timedelta(days=110))
    intake.tick()
    assert intake.state(posting_id) == "published"
    clock.go_to(FIRST_DAY + timedelta(days=111))
    intake.tick()
    assert intake.state(posting_id) == "expired"


def test_confirming_an_expired_posting_opens_it_again(intake: Intake, clock: Clock) -> None:
    posting_id = intake.posted()
    clock.go_to(FIRST_DAY + timedelta(days=61))
    intake.tick()
    gateway.confirm_posting(intake.exchange, posting_id, by="a-1", sender="test")
    intake.drain()
    assert intake.said_of(posting_id) == ["published", "ended expired", "published"]


def test_a_posting_that_is_past_when_it_comes_is_never_published(intake: Intake) -> None:
    posting_id = intake.posted({"apply_by": "2026-11-01"})
    assert intake.said_of(posting_id) == ["ended expired"]


def test_a_posting_for_a_later_day_is_announced_again_on_that_day(intake: Intake, clock: Clock) -> None:
    intake.tick()
    posting_id = intake.posted({"published_at": "2026-11-05T08:00"})
    clock.go_to(date(2026, 11, 4))
    intake.tick()
    assert intake.said_of(posting_id) == ["published"]
    clock.go_to(date(2026, 11, 5), hour=0)
    intake.tick()
    intake.tick()
    assert intake.said_of(posting_id) == ["published", "changed"]


def test_more_postings_than_a_page_expire_in_one_tick(intake: Intake, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.intake.handlers.PAGE", 3)
    titles = ["焊工", "钳工", "电工", "车工", "铣工", "保安", "厨师", "会计"]
    ids = [intake.posted({"source_id": title, "title": title, "apply_by": "2026-11-03"}) for title in titles]
    clock.go_to(date(2026, 11, 4))
    intake.tick()
    assert [intake.said_of(posting_id) for posting_id in ids] == [["published", "ended expired"]] * len(ids)


def test_the_last_opening_fills_the_posting_and_a_leaver_opens_it_again(intake: Intake) -> None:
    posting_id = intake.posted({"headcount": 2})
    intake.hired(posting_id, 1, revision=1)
    assert intake.found(posting_id)["filled"] == 1
    intake.hired(posting_id, 2, revision=2)
    assert intake.state(posting_id) == "filled"
    intake.hired(posting_id, 1, revision=3)
    assert intake.said_of(posting_id) == ["published", "changed", "ended filled", "published"]
    assert intake.found(posting_id)["posting"]["filled"] == 1


def test_an_older_count_of_openings_is_superseded(intake: Intake) -> None:
    posting_id = intake.posted({"headcount": 2})
    intake.hired(posting_id, 2, revision=2)
    intake.hired(posting_id, 1, revision=1)
    assert intake.state(posting_id) == "filled"


def test_a_larger_headcount_opens_a_filled_posting_again(intake: Intake) -> None:
    posting_id = intake.posted({"headcount": 1})
    intake.hired(posting_id, 1, revision=1)
    assert intake.posted({"headcount": 3}) == posting_id
    assert intake.said_of(posting_id) == ["published", "ended filled", "published"]


def test_revisions_grow_with_each_message(intake: Intake) -> None:
    posting_id = intake.posted({"headcount": 2})
    intake.hired(posting_id, 1, revision=1)
    intake.withdraw(posting_id)
    intake.posted({"headcount": 4})
    said = [body for type_ in ("published", "changed", "ended") for body in intake.bodies(posting_id, f"posting.{type_}")]
    assert sorted(body["revision"] for body in said) == [1, 2, 3, 4]
    assert intake.found(posting_id)["revision"] == 4
