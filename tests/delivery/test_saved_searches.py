"""Saved searches: whoever saved one is told of postings that it finds, within the same budgets and quiet hours as of recommendations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st
from sqlalchemy import select

from infra.migrate import migrate
from matcher.shapes import read_posting
from search.documents import document_of
from search.percolator import keys_of_document, keys_of_search
from search.query import Query, read_query
from search.reference import ReferenceIndex, matches
from streams.delivery import queries as delivery
from streams.delivery import searches
from streams.delivery.messages import SearchDropped, SearchSaved
from streams.delivery.rules import MOST_SEARCHES
from streams.delivery.tables import finds, outgoing, search_keys
from streams.delivery.tables import searches as saved_searches
from streams.intake.messages import HoldReason, PostingChanged, PostingEnded, PostingHeld
from streams.runtime.database import open_engine
from streams.runtime.rebuild import compare, rebuild_into
from tests.delivery.made_up_messages import (
    DeliveryExchange,
    answered,
    merged_into,
    pair,
    person_left,
    person_matched,
    posting_matched,
    published,
)
from tests.search.test_search_differential import postings as drawn_postings
from tests.search.test_search_differential import queries

drawn_queries = queries()


def saved(person: str, search: str, parameters: dict[str, str] | None = None) -> SearchSaved:
    parameters = {"q": "焊工"} if parameters is None else parameters
    return SearchSaved(person_id=person, search_id=search, name=f"搜索{search}", parameters=parameters)


def changed(posting: str, revision: int, **changes: Any) -> PostingChanged:
    return PostingChanged.model_validate(published(posting, revision, **changes).model_dump())


def held(posting: str, revision: int) -> PostingHeld:
    return PostingHeld(posting_id=posting, revision=revision, reasons=(HoldReason(rule="age", evidence="35岁以下", change="去掉"),))


def told(exchange: DeliveryExchange) -> list[tuple[str, str, str]]:
    return [(found.person_id, found.search_id, found.posting_id) for found in exchange.out("search.found")]


def shown(exchange: DeliveryExchange, person: str = "u-1") -> list[str]:
    return [item["posting_id"] for item in exchange.ask(searches.found_for, person)]


@pytest.fixture
def searching(exchange: DeliveryExchange) -> DeliveryExchange:
    """u-1 agreed to be told, and wants welders' work."""
    exchange.say(person_matched("u-1", 1), saved("u-1", "s-1"))
    return exchange


def test_a_new_posting_that_the_search_finds_is_told(searching):
    searching.say(published("p-1"), published("p-2", title="会计"))
    assert told(searching) == [("u-1", "s-1", "p-1")]
    (item,) = searching.ask(searches.found_for, "u-1")
    assert (item["posting"]["title"], item["searches"], item["pushed_on"]) == ("焊工", ["搜索s-1"], "2026-11-20")


def test_a_posting_that_changes_so_that_it_is_found_is_told_and_told_once(searching):
    searching.say(published("p-1", title="会计"))
    assert told(searching) == []
    searching.say(changed("p-1", 2), changed("p-1", 3, pay={"min": 6000, "unit": "month"}))
    assert told(searching) == [("u-1", "s-1", "p-1")]


def test_what_is_found_no_longer_is_let_go(searching):
    searching.say(published("p-1"), changed("p-1", 2, title="会计"))
    assert shown(searching) == []
    searching.say(changed("p-1", 3))
    assert shown(searching) == ["p-1"]  # found again, and not told again
    assert len(told(searching)) == 1


@pytest.mark.parametrize("end", [held("p-1", 2), PostingEnded(posting_id="p-1", revision=2, cause="withdrawn")])
def test_what_is_held_or_over_is_shown_to_nobody(searching, end):
    searching.say(published("p-1"), end)
    assert shown(searching) == []
    searching.next_day()
    assert len(told(searching)) == 1


def test_a_posting_from_before_the_search_is_not_told(exchange):
    exchange.say(person_matched("u-1", 1), published("p-1"), saved("u-1", "s-1"))
    assert told(exchange) == []


def test_two_searches_of_one_person_tell_of_a_posting_once(searching):
    searching.say(saved("u-1", "s-2", {"region": "140105"}), published("p-1"))
    assert told(searching) == [("u-1", "s-1", "p-1")]
    assert searching.ask(searches.found_for, "u-1")[0]["searches"] == ["搜索s-1", "搜索s-2"]


def test_the_budget_of_a_day_holds_and_the_next_day_goes_on(searching):
    searching.say(*(published(f"p-{number}") for number in range(5)))
    assert len(told(searching)) == 3
    searching.next_day()
    assert sorted(posting for _, _, posting in told(searching)) == [f"p-{number}" for number in range(5)]


def test_recommendations_and_searches_share_the_budget(searching):
    searching.say(published("p-1"), published("p-2"))
    searching.say(posting_matched("p-9", 1, pair("u-1", "p-9")), posting_matched("p-8", 1, pair("u-1", "p-8")))
    assert searching.issued() == [("u-1", "p-9")]


def test_a_posting_tells_only_so_many_people_a_day(exchange):
    for number in range(6):
        exchange.say(person_matched(f"u-{number}", 1), saved(f"u-{number}", f"s-{number}"))
    exchange.say(published("p-1"))
    assert len(told(exchange)) == 4
    exchange.next_day()
    assert len(told(exchange)) == 6


def test_what_waits_goes_out_oldest_first(searching):
    """The ids run the other way: neither the search's nor the posting's decides."""
    searching.say(saved("u-1", "s-0", {"q": "会计"}), *(published(f"p-{number}") for number in range(6, 3, -1)))
    for posting, title in (("p-3", "焊工"), ("p-2", "会计"), ("p-1", "焊工"), ("p-0", "会计")):
        searching.at += timedelta(minutes=1)
        searching.say(published(posting, title=title))
    searching.next_day()
    assert [posting for _, _, posting in told(searching)][3:] == ["p-3", "p-2", "p-1"]
    searching.next_day()
    assert [posting for _, _, posting in told(searching)][6:] == ["p-0"]


def test_no_search_is_always_the_first_to_be_told(exchange):
    """Twelve people want the same work and a posting tells four a day: over many postings everybody is among the four."""
    people = [f"u-{number:02d}" for number in range(12)]
    for person in people:
        exchange.say(person_matched(person, 1), saved(person, f"s-{person}"))
    first: set[str] = set()
    for number in range(12):
        exchange.next_day()
        before = len(told(exchange))
        exchange.say(published(f"p-{number:02d}", apply_by=(exchange.today).isoformat()))
        first |= {person for person, _, _ in told(exchange)[before:]}
    assert first == set(people)


def test_searches_and_finds_are_rebuilt_as_they_are(searching, settings, tmp_path):
    """Found, waiting, told a day later, let go, ended, dropped and forgotten: all of it comes again from the log."""
    searching.say(person_matched("u-2", 1), saved("u-2", "s-2", {"region": "140100"}), saved("u-3", "s-3"), saved("u-1", "s-4"))
    searching.say(*(published(f"p-{number}") for number in range(8)), changed("p-1", 2, title="会计"), held("p-2", 2))
    searching.next_day()
    searching.say(SearchDropped(person_id="u-1", search_id="s-4"), answered("u-2", "p-0", "seen"), person_left("u-3", 2, "removed"))
    searching.open.runner.stop()
    log, subject = searching.open.log, DeliveryExchange.subject
    migrate(tmp_path / "shadow.sqlite")
    engine = open_engine(tmp_path / "shadow.sqlite")
    with searching.open.reading() as live, engine.connect() as shadow, shadow.begin():
        report = rebuild_into(shadow, live, log, subject, settings)
        compare(shadow, live, log, subject, report)
        again = shadow.execute(select(finds)).all()
    engine.dispose()
    assert report.same, report
    assert {row.state for row in again} == {"issued", "held", "ended"}


def test_what_waited_and_ended_meanwhile_is_not_told(searching):
    searching.say(*(published(f"p-{number}") for number in range(5)))
    searching.say(*(PostingEnded(posting_id=f"p-{number}", revision=2, cause="filled") for number in range(5)))
    searching.next_day()
    assert len(told(searching)) == 3


def test_what_waited_and_cannot_be_applied_for_any_more_is_not_told(searching):
    searching.say(*(published(f"p-{number}", apply_by="2026-11-20") for number in range(5)))
    searching.next_day()
    assert len(told(searching)) == 3


def test_without_consent_nothing_is_told_until_it_is_given(exchange):
    exchange.say(saved("u-1", "s-1"), published("p-1"))
    assert told(exchange) == []
    exchange.next_day()
    assert told(exchange) == []
    exchange.say(person_matched("u-1", 1))
    exchange.next_day()
    assert told(exchange) == [("u-1", "s-1", "p-1")]


def test_who_withdraws_consent_is_shown_nothing_and_told_nothing(searching):
    searching.say(published("p-1"), person_left("u-1", 2, "consent"), published("p-2"))
    assert shown(searching) == []
    assert len(told(searching)) == 1


def test_what_was_refused_is_not_told(searching):
    searching.say(answered("u-1", "p-1", "refused", "pay"), published("p-1"))
    assert told(searching) == []


def test_a_recommendation_after_a_search_adds_its_reasons_without_another_push(searching):
    searching.say(published("p-1"), posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert shown(searching) == []  # it stands among the recommendations now
    assert [item["posting_id"] for item in searching.ask(delivery.inbox, "u-1")["items"]] == ["p-1"]
    searching.say(*(published(f"p-{number}") for number in (2, 3)))
    assert len(told(searching)) == 3  # the recommendation took nothing from the budget


def test_what_is_a_recommendation_already_is_not_told_again(searching):
    searching.say(published("p-1", title="会计"), posting_matched("p-1", 1, pair("u-1", "p-1")), changed("p-1", 2))
    assert told(searching) == []


def test_an_answer_takes_it_from_the_list(searching):
    searching.say(published("p-1"), answered("u-1", "p-1", "interested"))
    assert shown(searching) == []


def test_the_same_opening_under_another_id_is_not_told_again(searching):
    searching.say(published("p-1"), published("p-2", title="会计"), merged_into("p-1", "p-2"), changed("p-2", 2))
    assert len(told(searching)) == 1
    assert shown(searching) == ["p-2"]


def test_a_dropped_search_tells_nothing_and_leaves_nothing(searching):
    searching.say(published("p-1"), SearchDropped(person_id="u-1", search_id="s-1"), published("p-2"))
    assert len(told(searching)) == 1
    assert [searching.rows(table) for table in (saved_searches, search_keys, finds)] == [[], [], []]


def test_nobody_drops_the_search_of_somebody_else(searching):
    searching.say(SearchDropped(person_id="u-2", search_id="s-1"))
    assert [row["search_id"] for row in searching.rows(saved_searches)] == ["s-1"]


def test_nothing_stays_of_who_was_removed(searching):
    searching.say(published("p-1"), person_left("u-1", 2, "removed"), saved("u-1", "s-2"))
    assert [searching.rows(table) for table in (saved_searches, search_keys, finds)] == [[], [], []]


def test_nobody_saves_without_end(exchange):
    exchange.say(*(saved("u-1", f"s-{number}") for number in range(MOST_SEARCHES + 1)))
    assert len(exchange.rows(saved_searches)) == MOST_SEARCHES


def test_more_searches_than_a_page_are_all_asked(exchange):
    people = [f"u-{number:04d}" for number in range(501)]
    exchange.say(*(saved(person, f"s-{person}") for person in people))
    exchange.say(published("p-1"))
    assert len(exchange.rows(finds)) == 501
    exchange.say(changed("p-1", 2, title="会计"))
    assert {row["state"] for row in exchange.rows(finds)} == {"ended"}


class TestOutside:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        limits = {"person_pushes_a_day": 3, "posting_pushes_a_day": 4}
        return {**limits, "quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail",)}

    def test_a_find_goes_outside_once_and_waits_for_the_morning(self, searching):
        searching.at = searching.at.replace(hour=23)
        searching.say(published("p-1"))
        searching.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
        (row,) = searching.rows(outgoing)
        assert (row["kind"], row["state"]) == ("found", "waiting")
        searching.tick(searching.at + timedelta(hours=9))
        assert [row["state"] for row in searching.rows(outgoing)] == ["due"]

    def test_what_is_held_before_the_morning_is_not_sent(self, searching):
        searching.at = searching.at.replace(hour=23)
        searching.say(published("p-1"), held("p-1", 2))
        assert [row["state"] for row in searching.rows(outgoing)] == ["cancelled"]

    def test_what_was_answered_is_not_sent(self, searching):
        searching.at = searching.at.replace(hour=23)
        searching.say(published("p-1"), posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "seen"))
        assert [row["state"] for row in searching.rows(outgoing)] == ["cancelled"]


# -- the same answer as the search ---------------------------------------------------------------------------------------


@run(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn_postings, drawn_queries)
def test_every_posting_that_a_search_finds_has_one_of_its_keys(posting, query: Query) -> None:
    document = document_of(read_posting({**posting, "posting_id": "p-1"}), 1)
    if matches(document, query.tree()):
        assert not set(keys_of_search(query)).isdisjoint(keys_of_document(document))


def parameters_of(query: Query) -> dict[str, str]:
    """The query as a person's program would send it."""
    lists = {
        "region": query.regions, "form": query.forms, "source": query.sources, "type": query.types, "open_to": query.open_to,
        "zone": query.zones, "offers": query.offers, "trade": query.trades, "occupation": query.occupations,
        "employer_id": query.employer_ids,
    }  # fmt: skip
    found = {name: ",".join(values) for name, values in lists.items() if values}
    plain = {"q": query.text.strip(), "education": query.education, "pay_min": query.pay_min, "radius_km": query.radius_km}
    found.update({name: str(value) for name, value in plain.items() if value not in (None, "")})
    if query.point is not None:
        found["near"] = f"{query.point[0]!r},{query.point[1]!r}"
    return found


class TestTheSameAnswer:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"person_pushes_a_day": 1_000_000, "posting_pushes_a_day": 1_000_000, "quiet_from": 22, "quiet_to": 7}

    def test_what_searches_are_told_is_what_the_search_finds(self, exchange):
        """Random postings in random versions, random searches: the postings shown to each are those of the reference index."""
        count = 0

        @run(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(drawn_queries, min_size=1, max_size=6), st.lists(st.tuples(st.integers(0, 4), drawn_postings), max_size=12))
        def holds(asked: list[Query], versions: list[tuple[int, dict[str, Any]]]) -> None:
            nonlocal count
            count += 1
            index = ReferenceIndex()
            exchange.say(*(person_matched(f"u-{count}-{n}", 1) for n in range(len(asked))))
            exchange.say(*(saved(f"u-{count}-{n}", f"s-{count}-{n}", parameters_of(query)) for n, query in enumerate(asked)))
            for revision, (number, fields) in enumerate(versions, 1):
                message = published(f"p-{count}-{number}", revision, **{"pay": {}, "region": None, "employer": {}, **fields})
                exchange.say(message)
                index.upsert([document_of(message.posting, revision)])
            index.commit(1)
            for n, query in enumerate(asked):
                whole = read_query({**parameters_of(query), "limit": 100})
                rows = [row for row in exchange.rows(finds) if row["search_id"] == f"s-{count}-{n}" and row["state"] == "issued"]
                assert {row["posting_id"] for row in rows} == set(index.search(whole).posting_ids)
            exchange.say(*(SearchDropped(person_id=f"u-{count}-{n}", search_id=f"s-{count}-{n}") for n in range(len(asked))))

        holds()
