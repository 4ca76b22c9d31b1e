"""``gongqiao civil-affairs``: by staff alone with their password, each change once, logged, and written again where the file was lost."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import Connection, select

from api.access.accounts import create_account
from api.access.tables import audit
from infra.commands.civil_affairs import command
from infra.composition import exchange
from streams.intake.gateway import Item, receive_people
from tests.infra.conftest import settings_of

PERSON = {
    "person_id": "u-1", "kind": "registered_unemployed", "region": "140105", "registered_at": "140105", "categories": [],
    "registered_unemployed_on": "2026-03-02", "facts": {"person.living_difficulty": True},
    "consent": {"recommend": True, "share_with_civil_affairs": True},
}  # fmt: skip


def test_a_list_is_written_once_and_again_by_its_number(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with exchange(settings_of(data)) as opened:
        receive_people(opened, [Item(1, PERSON)], sender="file")
        opened.runner.drain(60)

        def job(connection: Connection) -> None:
            for login, role, region in (("eyes", "auditor", None), ("office", "commissioner", "140100")):
                create_account(connection, login=login, password="right-password", role=role, region=region, now=opened.now())

        opened.write(job)

    def ask(name: str, *more: str, login: str = "office", password: str = "right-password") -> Result:
        given = ["--data-dir", str(data), "--login", login, "--output", str(tmp_path / name), *more]
        return CliRunner().invoke(command, given, input=f"{password}\n")

    assert ask("a.csv", password="wrong-password").exit_code == 2
    assert "no commissioner or administrator" in ask("a.csv", login="eyes").output
    done = ask("a.csv")
    assert done.exit_code == 0, done.output
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["person_id"], row["region"], row["state"]) for row in rows] == [("u-1", "140105", "hardship")]
    assert "is there already" in ask("a.csv").output
    assert "nothing to tell" in ask("b.csv").output
    assert not (tmp_path / "b.csv").exists()
    number = done.output.split("list ")[1].split(":")[0]
    assert ask("c.csv", "--list", number).exit_code == 0
    assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    with exchange(settings_of(data), run=False) as opened, opened.reading() as connection:
        seen = [(row.person_id, row.action) for row in connection.execute(select(audit).order_by(audit.c.n))]
    assert seen == [("u-1", "hardship")] * 2
