"""Each alert fires on what it is for, as soon as that has lasted and not before, and ends with it. Samples by hand, a scrape every ten
seconds; of real faults: test_alerts_of_real_faults."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.deploy.promql import History, Key, rules

Told = Callable[[float], float]  # a metric's value at a minute
up = "gongqiao_engine_up"
EVERY_S = 10.0  # as prometheus.yml says


def series(name: str, value: float | Told, **labels: str) -> dict[Key, Told]:
    return {(name, frozenset(labels.items())): value if callable(value) else lambda minute: value}


def well() -> dict[Key, Told]:
    """Two edges, two workers of matching, two processes of the singles; all is well, and there is work."""
    found: dict[Key, Told] = {}
    for edge in ("e1", "e2"):
        found |= series("gongqiao_log_end", lambda minute: 100 + 60 * minute, instance=edge)
        for engine in ("state", "index", "clock", "cache", "market"):
            found |= series(up, 1, engine=engine, instance=edge)
        found |= series("gongqiao_subject_lag", 40, subject="matching", instance=edge)
        found |= series("gongqiao_dead_letters", 0, subject="matching", instance=edge) | series("gongqiao_market_behind", 3, instance=edge)
        found |= series("gongqiao_webhooks", 2, state="fine", instance=edge) | series("gongqiao_webhooks", 0, state="dead", instance=edge)
        found |= series("gongqiao_parked", lambda minute: minute // 5 % 2, subject="matching", instance=edge)
    for worker in ("w1", "w2"):
        found |= series(up, 1, engine="subject:matching", instance=worker)
        found |= series("gongqiao_subject_handled", lambda minute: 30 * minute, subject="matching", instance=worker)
    for single, holds in (("s1", 1), ("s2", 0)):
        for engine in ("relay", "tick", "index", "send"):
            found |= series(up, 1, engine=engine, instance=single)
        found |= series("gongqiao_relay_holds", holds, instance=single)
    return found | series("gongqiao_group_lag", lambda minute: 9000 - 10 * minute, subject="matching", instance="s1")


def but(*changed: dict[Key, Told], gone: tuple[str, ...] = ()) -> dict[Key, Told]:
    """All is well but for these."""
    found = {key: told for key, told in well().items() if key[0] not in gone}
    for one in changed:
        assert one.keys() <= found.keys()
        found |= one
    return found


class Play:
    """A history in which the processes said this for so long, and then that."""

    def __init__(self) -> None:
        self.history = History()
        self._at = 0.0

    def on(self, said: dict[Key, Told], minutes: float) -> set[str]:
        """Every alert that fired meanwhile."""
        fired: set[str] = set()
        for _ in range(round(minutes * 60 / EVERY_S)):
            fired |= self.history.scrape(self._at, {key: told(self._at / 60) for key, told in said.items()})
            self._at += EVERY_S
        return fired


STANDS = [series("gongqiao_subject_handled", 1000, subject="matching", instance=worker) for worker in ("w1", "w2")]
FAULTS: dict[str, dict[Key, Told]] = {
    "GongqiaoStateDown": but(series(up, 0, engine="state", instance="e2")),
    "GongqiaoIndexDown": but(series(up, 0, engine="index", instance="e1")),
    "GongqiaoRelayDown": but(series(up, 0, engine="relay", instance="s1"), series(up, 0, engine="relay", instance="s2")),
    "GongqiaoNobodyPublishes": but(series("gongqiao_relay_holds", 0, instance="s1")),
    "GongqiaoClockStopped": but(series(up, 0, engine="clock", instance="e1")),
    "GongqiaoCacheDown": but(series(up, 0, engine="cache", instance="e1"), series(up, 0, engine="cache", instance="e2")),
    "GongqiaoSubjectDown": but(series(up, 0, engine="subject:matching", instance="w2")),
    "GongqiaoLagGrows": but(series("gongqiao_group_lag", lambda minute: 9000 + 50 * minute, subject="matching", instance="s1")),
    "GongqiaoLagStands": but(*STANDS),
    "GongqiaoDeadLetters": but(series("gongqiao_dead_letters", 1, subject="matching", instance="e1")),
    "GongqiaoWebhookDead": but(series("gongqiao_webhooks", 1, state="dead", instance="e2")),
    "GongqiaoParked": but(series("gongqiao_parked", 1, subject="matching", instance="e1")),
    "GongqiaoMarketBehind": but(series("gongqiao_market_behind", 20_000, instance="e2")),
    "GongqiaoGone": but(gone=("gongqiao_log_end",)),
}


def test_while_all_is_well_nothing_fires() -> None:
    assert Play().on(well(), 70) == set()


def test_every_alert_is_tried() -> None:
    assert set(FAULTS) == set(rules())


@pytest.mark.parametrize("alert", sorted(FAULTS))
def test_an_alert_fires_once_its_fault_has_lasted_and_no_other_does(alert: str) -> None:
    play, hold = Play(), rules()[alert].hold / 60
    assert play.on(well(), 12) == set()
    assert play.on(FAULTS[alert], hold) == set(), "fires before its time"
    assert play.on(FAULTS[alert], 12) == {alert}
    assert alert in play.history.firing
    play.on(well(), 12)
    assert play.history.firing == set()


def test_what_lasts_too_short_starts_from_the_beginning() -> None:
    play, alert = Play(), "GongqiaoMarketBehind"
    for _ in range(5):
        assert play.on(FAULTS[alert], 1.9) | play.on(well(), 0.5) == set()


def test_a_subject_without_any_worker_stands_too() -> None:
    assert Play().on(but(gone=("gongqiao_subject_handled",)), 15) == {"GongqiaoLagStands"}


def test_nobody_publishes_where_no_such_process_is_there() -> None:
    assert Play().on(but(gone=("gongqiao_relay_holds",)), 5) == {"GongqiaoNobodyPublishes"}


def test_one_relay_that_waits_is_no_alarm_while_the_other_works() -> None:
    assert Play().on(but(series(up, 0, engine="relay", instance="s2")), 10) == set()


def test_a_worker_that_begins_anew_moves() -> None:
    """Its count is less than before: no standing still."""
    anew = [series("gongqiao_subject_handled", lambda minute: 30 * (minute % 3), subject="matching", instance=one) for one in ("w1", "w2")]
    assert Play().on(but(*anew), 15) == set()


def test_who_begins_to_look_while_a_key_waits_does_not_know_for_how_long() -> None:
    """One sample is no half hour."""
    assert Play().on(FAULTS["GongqiaoParked"], 29) == set()
