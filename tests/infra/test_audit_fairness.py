"""``gongqiao audit fairness``: rates by protected groups, for auditors alone, without telling of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, insert, select

from api.access.accounts import Caller, create_account
from api.access.fairness import LEAST, OTHERS, UNKNOWN, groups_of, rates, together
from api.access.tables import audit
from infra.commands.audit import command
from infra.composition import exchange
from infra.sample.population import identity_numbers
from streams.delivery.tables import pairs, sides
from streams.intake.tables import people
from streams.runtime.exchange import Exchange
from tests.infra.conftest import settings_of

DAY = date(2026, 11, 22)
AUDITOR = Caller(account_id="a-1", login="auditor", role="auditor", display="审计")


def put(opened: Exchange, numbers: dict[str, str | None], pushed: dict[str, int], region: str = "140105", day: date = DAY) -> None:
    """People on the market with these identity numbers, and so many recommendations each."""

    def job(connection: Connection) -> None:
        for person_id, number in numbers.items():
            connection.execute(insert(sides).values(kind="person", id=person_id, revision=1, on_market=True))
            connection.execute(insert(people).values(person_id=person_id, revision=1, kind="unemployed", region=region))
            opened.vault.keep(connection, "person", person_id, {"id_number": number, "name": "甲"})
            for n in range(pushed.get(person_id, 0)):
                values = {
                    "match_id": f"{person_id}|{n}", "person_id": person_id, "posting_id": f"p-{n}", "state": "issued", "revision": 1,
                    "score": 80.0, "band": 1, "rank": 1, "priority": 0, "document": b"{}", "model_version": "1", "catalogue_version": "1",
                    "best": "", "by_posting": True, "by_person": True, "pushed_on": day.isoformat(), "changed_at": "",
                }  # fmt: skip
                connection.execute(insert(pairs).values(**values))

    opened.write(job)


def of_sex(men: int, women: int) -> dict[str, str | None]:
    make = identity_numbers(first=100)
    return {f"u-{n:03d}": make(date(1990, 3, 1), n < men) for n in range(men + women)}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(settings_of(tmp_path), run=False) as found:
        yield found


def told(opened: Exchange, auditor: Caller = AUDITOR) -> dict[tuple[str, str], tuple[int, float, float | None]]:
    with opened.reading() as connection:
        return {(one.by, one.group): (one.people, one.reached, one.ratio) for one in rates(connection, opened.vault, auditor, DAY)}


def test_rates_are_counted_by_group(opened: Exchange) -> None:
    put(opened, of_sex(20, 10), {f"u-{n:03d}": 2 for n in (*range(10), 20, 21)})
    found = told(opened)
    assert found["sex", "男"] == (20, 0.5, 0.5 / 0.4)
    assert found["sex", "女"] == (10, 0.2, 0.2 / 0.4)
    assert found["age", "35至44岁"][0] == 30
    assert found["registered", "本省"][0] + found.get(("registered", "外省"), (0,))[0] == 30


def test_few_people_are_put_together_so_that_nobody_can_be_told(opened: Exchange) -> None:
    numbers = of_sex(25, LEAST - 1)
    put(opened, {**numbers, "u-900": None}, {"u-000": 1})
    sexes = {group: found[0] for (by, group), found in told(opened).items() if by == "sex"}
    assert sexes == {"男": 25, OTHERS: LEAST}  # nine women and the one without a number
    assert together({"a": [1] * 3, "b": [0] * 4}) == {}
    assert {group: len(counts) for group, counts in together({"a": [1] * 3, "b": [0] * 12, "c": [0] * 40}).items()} == {"c": 40, OTHERS: 15}


def test_an_auditor_of_a_place_counts_its_people(opened: Exchange) -> None:
    put(opened, of_sex(12, 0), {})
    put(opened, {f"v-{n}": None for n in range(11)}, {}, region="140202")
    assert sum(found[0] for (by, _), found in told(opened, Caller("a", "x", "auditor", "x", region="140100")).items() if by == "sex") == 12


def test_groups_are_read_from_right_numbers_only() -> None:
    number = identity_numbers(first=7)(date(2008, 11, 23), False)
    assert groups_of(number, DAY)["sex"] == "女"
    assert groups_of(number, DAY)["age"] == "16至24岁"
    assert groups_of(number, date(2024, 11, 22))["age"] == "16岁以下"
    assert set(groups_of(number[:-1] + ("0" if number[-1] != "0" else "1"), DAY).values()) == {UNKNOWN}


def test_auditors_alone_with_their_password_and_it_is_logged(tmp_path: Path) -> None:
    with exchange(settings_of(tmp_path), run=False) as opened:
        put(opened, of_sex(15, 15), {"u-000": 1}, day=opened.now().date())

        def job(connection: Connection) -> None:
            for login, role, region in (("eyes", "auditor", None), ("office", "commissioner", "140100")):
                create_account(connection, login=login, password="right-password", role=role, region=region, now=opened.now())

        opened.write(job)

    def ask(login: str, password: str) -> Result:
        return CliRunner().invoke(command, ["fairness", "--data-dir", str(tmp_path), "--login", login], input=f"{password}\n")

    assert ask("eyes", "wrong-password").exit_code == 2
    assert "no auditor" in ask("office", "right-password").output
    done = ask("eyes", "right-password")
    assert done.exit_code == 0, done.output
    assert "sex  男  15  0.067  0.07  2.00" in done.output
    with exchange(settings_of(tmp_path), run=False) as opened, opened.reading() as connection:
        numbers = [value for _, value in opened.vault.reveal_all(connection, "person", "id_number")]
        assert len(numbers) == 30
        assert not any(number in done.output for number in numbers)
        assert [row.action for row in connection.execute(select(audit))] == ["fairness"]
