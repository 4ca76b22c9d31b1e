"""The gap of a key employer: what opens it, what closes it, who sees it."""

from __future__ import annotations

import shutil
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.days import SHANGHAI
from streams.staffing import queries, rules
from streams.staffing.reckoning import alike
from tests.staffing.made_up_messages import StaffingExchange, employer, ended, published, shortage, taken

WELDER, COOK = "6-18-02-04", "4-03-02-01"


def numbers(exchange: StaffingExchange, employer_id: str = "e-1") -> tuple[int, int, int, int, int]:
    found = exchange.ask(queries.gap, employer_id, exchange.today)
    return found["reported"], found["filled"], found["accepted"], found["in_talks"], found["gap"]


# -- a reported shortage -------------------------------------------------------------------------------------------------


def test_each_hire_makes_the_gap_smaller_and_the_last_one_closes_it(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 2)), published())
    seen = [numbers(exchange)]
    for revision, hires in ((1, 1), (2, 2)):
        exchange.say(taken(revision=revision, hired={"2026-11-20": hires}))
        seen.append(numbers(exchange))
    assert seen == [(2, 0, 0, 0, 2), (2, 1, 0, 0, 1), (2, 2, 0, 0, 0)]
    assert exchange.ask(queries.gap, "e-1", exchange.today)["age_days"] == 0


def test_the_gap_has_exactly_what_the_contract_names_and_the_lines(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 5)), published(), taken(hired={"2026-11-20": 1}, accepted=1, in_talks=2))
    found = exchange.ask(queries.gap, "e-1", exchange.today)
    assert found == {
        "reported": 5, "filled": 1, "accepted": 1, "in_talks": 2, "gap": 4, "age_days": 19, "since": "2026-11-01", "basis": "shortage",
        "elsewhere": 0,
        "lines": [{"title": "焊工", "occupation_code": WELDER, "reported": 5, "filled": 1, "accepted": 1, "in_talks": 2, "gap": 4}],
    }  # fmt: skip


def test_only_hires_since_the_shortage_began_fill_it(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 5), since="2026-11-10"), published())
    exchange.say(taken(hired={"2026-11-09": 2, "2026-11-10": 1}))
    assert numbers(exchange) == (5, 1, 0, 0, 4)


def test_a_new_report_replaces_the_one_before(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 5)), shortage(("厨师", COOK, 3), since="2026-11-15"))
    assert numbers(exchange) == (3, 0, 0, 0, 3)
    assert exchange.ask(queries.gap, "e-1", exchange.today)["age_days"] == 5


def test_who_left_opens_the_gap_again(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 1)), published(), taken(hired={"2026-11-20": 1}), taken(revision=2))
    assert numbers(exchange) == (1, 0, 0, 0, 1)


def test_an_older_count_of_openings_is_superseded(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 5)), published(), taken(revision=2, hired={"2026-11-20": 2}), taken(revision=1))
    assert numbers(exchange) == (5, 2, 0, 0, 3)


def test_talks_for_a_posting_that_is_over_are_moot(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 5)), published(), taken(hired={"2026-11-20": 1}, accepted=1, in_talks=3), ended())
    assert numbers(exchange) == (5, 1, 0, 0, 4)


def test_an_employer_off_the_list_has_a_gap_too_once_it_reports(exchange):
    exchange.say(employer(listed=False), shortage(("焊工", WELDER, 2)))
    assert numbers(exchange) == (2, 0, 0, 0, 2)
    assert exchange.ask(queries.gaps, "140000", exchange.today) == []


def test_an_employer_nobody_has_heard_of_has_no_gap(exchange):
    assert exchange.ask(queries.gap, "e-404", exchange.today) is None


# -- which hire fills which line -----------------------------------------------------------------------------------------


def line(title: str, code: str | None, number: int) -> rules.Line:
    return rules.Line(title, code, number)


def supply(posting: str, title: str | None, code: str | None, hired: int, **more: int) -> rules.Supply:
    return rules.Supply(posting, title, code, ((date(2026, 11, 20), hired),), **more)


def filled(lines: list[rules.Line], *supplies: rules.Supply) -> tuple[list[int], int]:
    found = rules.gap_of_shortage(lines, date(2026, 11, 1), supplies, alike)
    return [one.filled for one in found.lines], found.elsewhere


@pytest.mark.parametrize(
    ("title", "code", "fills"),
    [
        ("电焊作业员", WELDER, [1, 0]),  # the code decides
        ("焊工", None, [1, 0]),  # the same title
        ("二保焊工", None, [1, 0]),  # a like title
        ("中式烹调师", COOK, [0, 1]),
        ("会计", None, [0, 0]),  # neither
        (None, None, [0, 0]),
    ],
)
def test_a_hire_fills_the_line_of_its_occupation(title, code, fills):
    found, elsewhere = filled([line("焊工", WELDER, 3), line("厨师", COOK, 3)], supply("p-1", title, code, 1))
    assert found == fills
    assert elsewhere == 1 - sum(fills)


def test_the_same_code_and_title_comes_before_the_same_code():
    assert filled([line("铆焊工", WELDER, 3), line("焊工", WELDER, 3)], supply("p-1", "焊工", WELDER, 2))[0] == [0, 2]


def test_a_full_line_gives_the_rest_to_the_next_that_fits_and_never_more_than_was_reported():
    lines = [line("焊工", WELDER, 2), line("电焊工", WELDER, 1)]
    assert filled(lines, supply("p-1", "焊工", WELDER, 5)) == ([2, 1], 2)


def test_talks_stand_at_the_line_that_still_has_a_gap():
    lines = [line("焊工", WELDER, 1), line("电焊工", WELDER, 2)]
    found = rules.gap_of_shortage(lines, date(2026, 11, 1), [supply("p-1", "焊工", WELDER, 1, in_talks=2)], alike)
    assert [one.in_talks for one in found.lines] == [0, 2]


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=5),
)
def test_gap_is_reported_minus_filled_and_never_negative(numbers, hires):
    titles = ["焊工", "厨师", "保安", "会计"]
    lines = [line(titles[place], None, number) for place, number in enumerate(numbers)]
    found, elsewhere = filled(lines, *(supply(f"p-{n}", titles[place], None, hired) for n, (hired, place) in enumerate(hires)))
    assert sum(found) + elsewhere == sum(hired for hired, _ in hires)
    assert all(0 <= got <= wanted for got, wanted in zip(found, numbers, strict=True))


# -- without a report ----------------------------------------------------------------------------------------------------


def test_without_a_report_the_openings_of_a_key_employers_postings_count(exchange):
    exchange.say(employer(), published(), published("p-2", title="厨师", occupation_code=COOK, headcount=2), taken(hired={"2026-11-20": 1}))
    found = exchange.ask(queries.gap, "e-1", exchange.today)
    assert (found["basis"], found["reported"], found["filled"], found["gap"]) == ("postings", 7, 1, 6)
    assert [entry["title"] for entry in found["lines"]] == ["焊工", "厨师"]
    assert (found["since"], found["age_days"]) == ("2026-11-05", 15)


def test_a_filled_posting_closes_its_part_of_the_gap(exchange):
    exchange.say(employer(), published(headcount=1), taken(hired={"2026-11-20": 1}), ended())
    assert numbers(exchange) == (1, 1, 0, 0, 0)


def test_a_withdrawn_posting_no_longer_counts_but_for_whom_it_brought(exchange):
    exchange.say(employer(), published(), taken(hired={"2026-11-20": 2}, in_talks=1), ended(cause="withdrawn"))
    assert numbers(exchange) == (2, 2, 0, 0, 0)


def test_what_was_over_before_the_employer_came_on_the_list_does_not_count(exchange):
    exchange.say(employer(key={"class": "白名单", "from": "2026-11-06"}), published(), taken(hired={"2026-11-05": 2}), ended())
    assert numbers(exchange) == (0, 0, 0, 0, 0)


def test_a_report_takes_the_place_of_the_postings(exchange):
    exchange.say(employer(), published(), shortage(("焊工", WELDER, 20)))
    assert (exchange.ask(queries.gap, "e-1", exchange.today)["basis"], numbers(exchange)[0]) == ("shortage", 20)


def test_a_posting_that_changes_hands_leaves_the_gap_of_the_one_before(exchange):
    exchange.say(employer("e-1"), employer("e-2"), published())
    exchange.say(published(revision=2, employer_id="e-2", changed=True))
    assert (numbers(exchange, "e-1")[4], numbers(exchange, "e-2")[4]) == (0, 5)
    assert [row["gap"] for row in exchange.ask(queries.gaps, "140105", exchange.today)] == [5, 0]


# -- what is announced ---------------------------------------------------------------------------------------------------


def test_every_change_of_the_gap_is_announced_with_whole_state(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 2)), published(), taken(in_talks=1), taken(revision=2, hired={"2026-11-20": 1}))
    assert [(m.revision, m.reported, m.filled, m.in_talks, m.gap) for m in exchange.announced()] == [
        (1, 0, 0, 0, 0), (2, 2, 0, 0, 2), (3, 2, 0, 1, 2), (4, 2, 1, 0, 1),
    ]  # fmt: skip
    assert exchange.announced()[-1].region == "140105"


def test_of_an_employer_nobody_watches_nothing_is_announced(exchange):
    exchange.say(employer(listed=False), published(), taken(hired={"2026-11-20": 1}))
    assert exchange.announced() == []


# -- the list ------------------------------------------------------------------------------------------------------------


def test_entry_and_exit_come_with_their_day_and_keep_their_ground(exchange):
    exchange.say(employer(key={"class": "重点外贸", "level": "city", "from": "2026-11-21", "to": "2026-11-22"}))
    assert exchange.ask(queries.key_employers, "140100", exchange.today) == []
    for day in (21, 22, 23):
        exchange.tick(datetime(2026, 11, day, 0, 0, tzinfo=SHANGHAI))
    assert exchange.ask(queries.listing_history, "e-1") == [
        {"day": "2026-11-21", "event": "entered", "class": "重点外贸", "level": "city"},
        {"day": "2026-11-23", "event": "left", "class": "重点外贸", "level": "city"},
    ]
    assert len(exchange.announced()) == 3  # known, entered, left


@pytest.mark.parametrize(("day", "on_it"), [(20, False), (21, True), (22, True), (23, False)])
def test_first_and_last_day_on_the_list_are_included(exchange, day, on_it):
    exchange.say(employer(key={"class": "白名单", "from": "2026-11-21", "to": "2026-11-22"}))
    found = exchange.ask(queries.key_employers, "140105", exchange.today.replace(day=day))
    assert bool(found) is on_it
    assert exchange.ask(queries.employer, "e-1", exchange.today.replace(day=day))["is_key"] is on_it


def test_an_employer_taken_off_the_list_leaves_with_the_ground_it_had(exchange):
    exchange.say(employer(), employer(revision=2, listed=False))
    assert [(e["event"], e["class"]) for e in exchange.ask(queries.listing_history, "e-1")] == [("entered", "白名单"), ("left", "白名单")]


def test_the_list_is_followed_in_pages(exchange, monkeypatch):
    monkeypatch.setattr("streams.staffing.handlers.PAGE", 2)
    exchange.say(*(employer(f"e-{number}", key={"class": "白名单", "from": "2026-11-21"}) for number in range(5)))
    exchange.tick(datetime(2026, 11, 21, tzinfo=SHANGHAI))
    assert len(exchange.ask(queries.key_employers, "140000", exchange.today)) == 5
    assert len(exchange.rows(queries.listings)) == 5


# -- the commissioner ----------------------------------------------------------------------------------------------------


def test_gaps_come_the_oldest_first_and_then_the_largest_and_closed_ones_last(exchange):
    for id_, number, since in (("e-1", 3, "2026-11-10"), ("e-2", 9, "2026-11-10"), ("e-3", 1, "2026-11-01"), ("e-4", 0, "2026-10-01")):
        exchange.say(employer(id_), shortage(("焊工", WELDER, number), employer_id=id_, since=since))
    found = exchange.ask(queries.gaps, "140105", exchange.today)
    assert [(row["employer_id"], row["age_days"]) for row in found] == [("e-3", 19), ("e-2", 10), ("e-1", 10), ("e-4", 0)]


@pytest.mark.parametrize(
    ("region", "seen"), [("140000", {"e-1", "e-2", "e-3"}), ("140100", {"e-1", "e-2"}), ("140105", {"e-1"}), ("140200", {"e-3"})]
)
def test_a_commissioner_sees_the_own_region(exchange, region, seen):
    exchange.say(employer("e-1", region="140105"), employer("e-2", region="140106"), employer("e-3", region="140212"))
    assert {row["employer_id"] for row in exchange.ask(queries.gaps, region, exchange.today)} == seen
    assert {row["employer_id"] for row in exchange.ask(queries.key_employers, region, exchange.today)} == seen


def test_totals_are_over_the_region(exchange):
    exchange.say(employer("e-1"), shortage(("焊工", WELDER, 3)), employer("e-2"), published(), taken(hired={"2026-11-20": 2}))
    assert exchange.ask(queries.gap_totals, "140105", exchange.today) == {
        "employers": 2, "with_gap": 1, "reported": 3, "filled": 2, "accepted": 0, "in_talks": 0, "gap": 1,
    }  # fmt: skip


def test_the_list_and_the_single_gap_say_the_same(exchange):
    exchange.say(employer(), shortage(("焊工", WELDER, 3), ("厨师", COOK, 1)), published(), taken(hired={"2026-11-20": 2}, in_talks=1))
    (listed,) = exchange.ask(queries.gaps, "140105", exchange.today)
    single = exchange.ask(queries.gap, "e-1", exchange.today)
    assert {name: listed[name] for name in single if name != "elsewhere"} == {name: single[name] for name in single if name != "elsewhere"}


@pytest.mark.parametrize(
    ("commissioners", "who"),
    [
        ([("c-province", "140000"), ("c-city", "140100"), ("c-county", "140105")], "c-county"),
        ([("c-province", "140000"), ("c-city", "140100"), ("c-other", "140106")], "c-city"),
        ([("c-province", "140000"), ("c-elsewhere", "140200")], "c-province"),
        ([("c-elsewhere", "140200")], None),
        ([("c-b", "140105"), ("c-a", "140105")], "c-a"),
    ],
)
def test_every_key_employer_has_one_commissioner_the_nearest(commissioners, who):
    assert rules.responsible("140105", commissioners) == who


@pytest.mark.parametrize("county", ["140110", "140120"])
def test_a_county_whose_code_ends_in_nought_is_nearer_than_its_city(county):
    assert rules.responsible(county, [("c-city", "140100"), ("c-county", county)]) == "c-county"


# -- redelivery and order ------------------------------------------------------------------------------------------------

STORY = (
    employer(),
    published(),
    taken(in_talks=2),
    shortage(("焊工", WELDER, 3), ("厨师", COOK, 1)),
    taken(revision=2, hired={"2026-11-20": 1}, in_talks=1),
    published(revision=2, changed=True, filled=1),
    taken(revision=3, hired={"2026-11-20": 1, "2026-11-21": 1}),
    ended(revision=3),
    employer(revision=2, key={"class": "白名单", "to": "2026-12-31"}),
)


def run(empty, path, messages):
    shutil.copy(empty, path)
    exchange = StaffingExchange(path)
    try:
        exchange.say(*messages)
        assert exchange.dead() == []
        return exchange.tables(), len(exchange.announced())
    finally:
        exchange.close()


def test_every_message_twice_gives_the_same_tables(empty_exchange, tmp_path):
    once = run(empty_exchange, tmp_path / "once.sqlite", STORY)
    twice = run(empty_exchange, tmp_path / "twice.sqlite", [message for message in STORY for _ in range(2)])
    assert twice == once


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(3)), places=st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_how_the_subjects_interleave_changes_nothing_but_the_count_of_announcements(empty_exchange, tmp_path_factory, order, places):
    # Intake's, hiring's and the employer's own messages each keep their order; between them they fall anywhere.
    streams = [
        [message for message in STORY if message.type.startswith(("posting.", "employer."))],
        [message for message in STORY if message.type.startswith("hiring.")],
        [message for message in STORY if message.type.startswith("shortage.")],
    ]
    queue = [list(streams[number]) for number in order]
    told, turn = [], 0
    while any(queue):
        here = queue[turn % 3]
        told += [here.pop(0) for _ in range(min(len(here), 1 + places[turn % 4]))]
        turn += 1
    tables, _ = run(empty_exchange, tmp_path_factory.mktemp("order") / "g.sqlite", told)
    (gap,) = tables["staffing_gaps"]
    assert (gap["basis"], gap["reported"], gap["filled"], gap["in_talks"], gap["gap"]) == ("shortage", 4, 2, 0, 2)
