"""Signing in does the same work for a name that exists and one that does not, whichever way the password comes; what it takes is measured
by ``tests/benchmarks/bench_sign_in_names.py``."""

from __future__ import annotations

import pytest

from api.access import accounts
from tests.api.conftest import PASSWORD, Market


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the hasher is asked for, in order; each entry is the cost of one hash."""
    asked: list[str] = []
    real = accounts._hasher()

    class Counting:
        def hash(self, password: str) -> str:
            asked.append("hash")
            return real.hash(password)

        def verify(self, known: str, password: str) -> bool:
            asked.append("verify")
            return bool(real.verify(known, password))

    accounts._nobody()  # made once a process, before the first who is unknown
    monkeypatch.setattr(accounts, "_hasher", Counting)
    return asked


NAMES = ("administrator", "nobody", "", "x" * 5000, "' OR 1=1", "closed")


@pytest.mark.parametrize("login", NAMES)
def test_the_same_work_for_every_name(market: Market, work: list[str], login: str) -> None:
    market.services.exchange.write(lambda connection: accounts.close_account(connection, "partner"))
    name = "partner" if login == "closed" else login
    by_form = market.client.post("/login", data={"login": name or " ", "password": "wrong-password"})
    assert (by_form.status_code, work) == (401, ["verify"])
    by_request = market.client.get("/api/v1/account", auth=(name.replace(":", ""), "wrong-password"))
    assert (by_request.status_code, work) == (401, ["verify", "verify"])
    assert "set-cookie" not in by_form.headers


def test_a_closed_account_costs_a_hash_with_the_right_password_as_well(market: Market, work: list[str]) -> None:
    market.services.exchange.write(lambda connection: accounts.close_account(connection, "partner"))
    answer = market.client.post("/login", data={"login": "partner", "password": PASSWORD})
    assert (answer.status_code, work) == (401, ["verify"])


def test_whoever_is_shut_out_learns_nothing_of_a_name_either(market: Market, work: list[str]) -> None:
    told = []
    for login in ("administrator", "nobody"):
        for _ in range(10):
            market.client.post("/login", data={"login": login, "password": "wrong-password"})
        work.clear()
        answer = market.client.post("/login", data={"login": login, "password": "wrong-password"})
        told.append((answer.status_code, answer.headers["retry-after"], answer.json()["detail"], list(work)))
    assert told[0] == told[1]
    assert told[0][0] == 429
    assert told[0][3] == []
