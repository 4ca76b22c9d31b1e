"""Steps between a person and a posting: which may follow which, and how many openings they take."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.hiring import queries, rules
from streams.hiring.tables import pairs, steps
from streams.intake.messages import PersonRemoved
from tests.hiring.made_up_messages import HiringExchange, ended, interest, published, reported


def last_openings(exchange: HiringExchange) -> tuple[int, int, int]:
    said = exchange.out("hiring.openings_taken")[-1]
    return said.hired, said.accepted, said.in_talks


# -- the way to a hire ---------------------------------------------------------------------------------------------------


def test_the_whole_way_from_invitation_to_hire_moves_the_openings(exchange):
    exchange.say(published())
    seen = []
    for step in ("invited", "talking", "offered", "hired"):
        exchange.say(reported(step))
        seen.append(last_openings(exchange))
    assert seen == [(0, 0, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0)]
    assert [(m.step, m.before) for m in exchange.out("hiring.step")] == [
        ("invited", None), ("talking", "invited"), ("offered", "talking"), ("hired", "offered"),
    ]  # fmt: skip


def test_openings_are_said_only_when_they_change(exchange):
    exchange.say(published(), reported("invited"), reported("talking"))
    assert [message.revision for message in exchange.out("hiring.openings_taken")] == [1]


def test_openings_carry_the_postings_employer_title_and_code(exchange):
    exchange.say(published(), reported("hired"))
    (said,) = exchange.out("hiring.openings_taken")
    assert (said.employer_id, said.title, said.occupation_code) == ("e-1", "焊工", "6-18-02-04")
    assert said.hired_by_day == {date(2026, 11, 20): 1}


def test_who_left_frees_the_opening(exchange):
    exchange.say(published(), reported("hired"), reported("left", on="2026-12-01"))
    assert last_openings(exchange) == (0, 0, 0)


def test_who_was_not_hired_may_be_invited_again(exchange):
    exchange.say(published(), reported("invited"), reported("not_hired"), reported("invited"))
    assert exchange.ask(queries.step_of, "u-1", "p-1") == "invited"


# -- what may not follow -------------------------------------------------------------------------------------------------


def test_a_step_that_makes_no_sense_is_kept_as_refused_and_changes_nothing(exchange):
    exchange.say(published(), reported("left"))
    assert exchange.ask(queries.step_of, "u-1", "p-1") is None
    (entry,) = exchange.ask(queries.history, "u-1", "p-1")
    assert entry["refused"] == "目前还没有任何进展，不能改为“已离职”；可以改为“邀请面谈”、“洽谈中”、“已发录用意向”、“已录用”、“未录用”。"
    assert exchange.out("hiring.step") == []


def test_the_rule_answers_before_anything_is_appended():
    assert rules.check("talking", "offered") is None
    assert rules.check("talking", "talking") is None
    assert rules.check("hired", "talking") == "目前是“已录用”，不能改为“洽谈中”；可以改为“已离职”。"


@pytest.mark.parametrize("before", [None, *rules.NAMES])
def test_every_step_says_what_may_follow_and_left_follows_a_hire_alone(before):
    assert rules.allowed_after(before)
    assert ("left" in rules.allowed_after(before)) is (before == "hired")


# -- the same again ------------------------------------------------------------------------------------------------------


def test_the_same_step_again_is_harmless(exchange):
    exchange.say(published(), reported("hired"), reported("hired"))
    assert len(exchange.out("hiring.step")) == 1
    assert len(exchange.rows(steps)) == 1


def test_an_earlier_step_told_late_again_is_harmless(exchange):
    exchange.say(published(), reported("invited"), reported("hired"), reported("invited"))
    assert [entry["refused"] for entry in exchange.ask(queries.history, "u-1", "p-1")] == [None, None]


def test_a_hire_told_again_with_its_contract_adds_the_contract(exchange):
    exchange.say(published(), reported("hired"))
    exchange.say(reported("hired", contract={"signed": True, "months": 24}), reported("hired", contract={"insured_on": "2026-12-01"}))
    standing = exchange.ask(queries.standing, "u-1", "p-1")
    assert standing["contract"] == {"signed": True, "months": 24.0, "insured_on": "2026-12-01"}
    assert [(m.step, m.before) for m in exchange.out("hiring.step")][1:] == [("hired", "hired"), ("hired", "hired")]
    assert last_openings(exchange) == (1, 0, 0)


STORY = (
    published(),
    interest(),
    reported("invited"),
    reported("left"),
    reported("offered", person="u-2"),
    reported("hired", contract={"signed": True, "months": 12}),
    published(revision=2, changed=True, filled=1),
    reported("not_hired", person="u-2", reason="个人原因"),
    ended(revision=3),
)


def test_every_message_twice_gives_the_same_tables(empty_exchange, tmp_path):
    found = []
    for times in (1, 2):
        shutil.copy(empty_exchange, tmp_path / f"{times}.sqlite")
        exchange = HiringExchange(tmp_path / f"{times}.sqlite")
        try:
            exchange.say(*(message for message in STORY for _ in range(times)))
            assert exchange.dead() == []
            found.append(exchange.tables())
        finally:
            exchange.close()
    assert found[0] == found[1]


# -- headcount and the posting's end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hires", "beyond"), [(2, 0), (3, 1)])
def test_a_hire_above_the_headcount_is_a_fact_and_flagged(exchange, hires, beyond):
    exchange.say(published(headcount=2), *(reported("hired", person=f"u-{number}") for number in range(hires)))
    found = exchange.ask(queries.counts, "p-1")
    assert (found["hired"], found["beyond_headcount"]) == (hires, beyond)
    assert last_openings(exchange) == (hires, 0, 0)


def test_without_a_headcount_no_hire_is_too_many(exchange):
    exchange.say(published(headcount=None), reported("hired"), reported("hired", person="u-2"))
    assert exchange.ask(queries.counts, "p-1")["beyond_headcount"] == 0


def test_when_the_posting_is_filled_others_open_talks_say_so(exchange):
    exchange.say(published(headcount=1), reported("talking", person="u-2"), interest("u-3"), reported("hired"), ended())
    found = {item["person_id"]: item["posting_filled"] for item in exchange.ask(queries.of_posting, "p-1")["items"]}
    assert found == {"u-1": False, "u-2": True, "u-3": True}


def test_a_posting_that_comes_back_is_open_again(exchange):
    exchange.say(published(), reported("talking"), ended(revision=2), published(revision=3, changed=True))
    assert exchange.ask(queries.standing, "u-1", "p-1")["posting_filled"] is False


def test_an_older_end_does_not_close_a_newer_posting(exchange):
    exchange.say(published(revision=3), reported("talking"), ended(revision=2))
    assert exchange.ask(queries.standing, "u-1", "p-1")["posting_ended"] is None


# -- interest ------------------------------------------------------------------------------------------------------------


def test_interest_is_kept_beside_the_steps_and_can_be_withdrawn(exchange):
    exchange.say(published(), interest())
    assert exchange.ask(queries.standing, "u-1", "p-1")["interested"] is True
    exchange.say(reported("invited"), interest(withdrawn=True))
    standing = exchange.ask(queries.standing, "u-1", "p-1")
    assert (standing["interested"], standing["step"], standing["step_name"]) == (False, "invited", "邀请面谈")


def test_counts_tell_every_step_apart(exchange):
    exchange.say(published(headcount=5), interest("u-0"))
    exchange.say(
        *(reported(step, person=f"u-{place}") for place, step in enumerate(("invited", "talking", "offered", "hired", "not_hired")))
    )
    found = exchange.ask(queries.counts, "p-1")
    assert {name: found[name] for name in ("interested", *rules.NAMES)} == {
        "interested": 1, "invited": 1, "talking": 1, "offered": 1, "hired": 1, "not_hired": 1, "left": 0,
    }  # fmt: skip


def test_a_posting_s_people_are_walked_with_a_cursor(exchange):
    exchange.say(*(reported("invited", person=f"u-{number}") for number in range(5)))
    found, cursor = [], None
    while True:
        page = exchange.ask(queries.of_posting, "p-1", cursor=cursor, limit=2)
        found += [item["person_id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sorted(found) == [f"u-{number}" for number in range(5)]
    assert len(exchange.ask(queries.of_person, "u-0")["items"]) == 1


def test_an_employer_s_counts_are_over_all_its_postings(exchange):
    exchange.say(published("p-1"), published("p-2"), reported("hired"), reported("offered", person="u-2", posting="p-2"))
    assert exchange.ask(queries.counts_of_employer, "e-1") == {"hired": 1, "accepted": 1, "in_talks": 0}


def test_of_who_is_forgotten_no_word_stays_but_the_opening_is_taken(exchange):
    exchange.say(published(), reported("hired", reason="家住附近"), interest(posting="p-2"), PersonRemoved(person_id="u-1", revision=2))
    assert exchange.ask(queries.counts, "p-1")["hired"] == 1
    assert [(row["posting_id"], row["reason"]) for row in exchange.rows(pairs)] == [("p-1", None)]
    assert [row["reason"] for row in exchange.rows(steps)] == [None]


# -- order ---------------------------------------------------------------------------------------------------------------

_STEPS = (reported("invited"), reported("hired"), reported("offered", person="u-2"))
_OTHERS = (published(), interest(), published(revision=2, changed=True, headcount=1), ended(revision=3))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(0, len(_OTHERS)), min_size=len(_STEPS), max_size=len(_STEPS)))
def test_where_intake_s_messages_fall_changes_nothing_that_lasts(empty_exchange, tmp_path_factory, places):
    told, places = [], sorted(places)
    for place in range(len(_OTHERS) + 1):
        told += [step for step, at in zip(_STEPS, places, strict=True) if at == place]
        told += _OTHERS[place : place + 1]
    path = tmp_path_factory.mktemp("order") / "g.sqlite"
    shutil.copy(empty_exchange, path)
    exchange = HiringExchange(path)
    try:
        exchange.say(*told)
        assert [(r["person_id"], r["step"], r["interested"]) for r in sorted(exchange.rows(pairs), key=lambda r: r["person_id"])] == [
            ("u-1", "hired", True),
            ("u-2", "offered", False),
        ]
        assert exchange.ask(queries.counts, "p-1")["ended"] == "filled"
        assert last_openings(exchange) == (1, 1, 0)
    finally:
        exchange.close()


# -- the day of a step ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "on", "hired_on", "said"),
    [
        ("hired", "2026-11-20", None, ""),
        ("hired", "2026-11-21", None, "先发录用意向"),
        ("hired", "2021-01-01", None, ""),
        ("hired", "2020-12-31", None, "太早"),
        ("left", "2026-11-20", "2026-11-20", ""),
        ("left", "2026-11-19", "2026-11-20", "早于录用日期"),
        ("left", "2026-11-21", "2026-11-20", "到离职当天再办理"),
        ("invited", "2026-12-01", None, ""),
        ("offered", "2026-12-01", None, ""),
    ],
)
def test_a_hire_and_its_end_are_of_days_that_have_come(step, on, hired_on, said):
    found = rules.day_fault(step, date.fromisoformat(on), date(2026, 11, 20), date.fromisoformat(hired_on) if hired_on else None)
    assert (found is None) == (said == "")
    assert said in (found or "")
