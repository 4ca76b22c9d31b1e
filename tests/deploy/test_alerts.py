"""Each alert fires on what it is for and stays silent otherwise. Samples by hand; of real faults: test_alerts_of_real_faults."""

from __future__ import annotations

import pytest

from tests.deploy.promql import Series, firing, rules, series

up = "gongqiao_engine_up"


def well() -> list[Series]:
    """Two edges, two workers of matching, two processes of the singles; all is well, and there is work."""
    found = [series("gongqiao_log_end", 100, 160, 220, instance=edge) for edge in ("e1", "e2")]
    for edge in ("e1", "e2"):
        found += [series(up, 1, engine=engine, instance=edge) for engine in ("state", "index", "clock", "cache", "market")]
        found += [series("gongqiao_subject_lag", 40, 30, 50, subject="matching", instance=edge)]
        found += [series("gongqiao_dead_letters", 0, subject="matching", instance=edge), series("gongqiao_market_behind", 3, instance=edge)]
        found += [series("gongqiao_webhooks", 2, state="fine", instance=edge), series("gongqiao_webhooks", 0, state="dead", instance=edge)]
        found += [series("gongqiao_parked", *[0, 1] * 16, subject="matching", instance=edge)]
    for worker in ("w1", "w2"):
        found += [series(up, 1, engine="subject:matching", instance=worker)]
        found += [series("gongqiao_subject_handled", 10, 40, 70, subject="matching", instance=worker)]
    for single, holds in (("s1", 1), ("s2", 0)):
        found += [series(up, 1, engine=engine, instance=single) for engine in ("relay", "tick", "index", "send")]
        found += [series("gongqiao_relay_holds", holds, instance=single)]
    return [*found, series("gongqiao_group_lag", 9000, 8000, 7000, subject="matching", instance="s1")]


def but(*changed: Series, gone: tuple[str, ...] = ()) -> list[Series]:
    """All is well but for these: a series with the same name and labels takes the place of the one that was well."""
    new = {(one.name, one.labels): one for one in changed}
    kept = [one for one in well() if (one.name, one.labels) not in new and one.name not in gone]
    return [*kept, *changed]


FAULTS: dict[str, list[Series]] = {
    "GongqiaoStateDown": but(series(up, 0, engine="state", instance="e2")),
    "GongqiaoIndexDown": but(series(up, 0, engine="index", instance="e1")),
    "GongqiaoRelayDown": but(series(up, 0, engine="relay", instance="s1"), series(up, 0, engine="relay", instance="s2")),
    "GongqiaoNobodyPublishes": but(series("gongqiao_relay_holds", 0, instance="s1")),
    "GongqiaoClockStopped": but(series(up, 0, engine="clock", instance="e1")),
    "GongqiaoCacheDown": but(series(up, 0, engine="cache", instance="e1"), series(up, 0, engine="cache", instance="e2")),
    "GongqiaoSubjectDown": but(series(up, 0, engine="subject:matching", instance="w2")),
    "GongqiaoLagGrows": but(series("gongqiao_group_lag", 4000, 6000, 9000, subject="matching", instance="s1")),
    "GongqiaoLagStands": but(
        series("gongqiao_subject_handled", 70, 70, 70, subject="matching", instance="w1"),
        series("gongqiao_subject_handled", 70, 70, 70, subject="matching", instance="w2"),
    ),
    "GongqiaoDeadLetters": but(series("gongqiao_dead_letters", 1, subject="matching", instance="e1")),
    "GongqiaoWebhookDead": but(series("gongqiao_webhooks", 1, state="dead", instance="e2")),
    "GongqiaoParked": but(series("gongqiao_parked", *[1] * 31, subject="matching", instance="e1")),
    "GongqiaoMarketBehind": but(series("gongqiao_market_behind", 20_000, instance="e2")),
    "GongqiaoGone": but(gone=("gongqiao_log_end",)),
}


def test_while_all_is_well_nothing_fires() -> None:
    assert firing(well()) == set()


def test_every_alert_is_tried() -> None:
    assert set(FAULTS) == set(rules())


@pytest.mark.parametrize("alert", sorted(FAULTS))
def test_an_alert_fires_on_its_fault_and_no_other_does(alert: str) -> None:
    assert firing(FAULTS[alert]) == {alert}


def test_a_subject_without_any_worker_stands_too() -> None:
    assert firing(but(gone=("gongqiao_subject_handled",))) == {"GongqiaoLagStands"}


def test_nobody_publishes_where_no_such_process_is_there() -> None:
    assert "GongqiaoNobodyPublishes" in firing(but(gone=("gongqiao_relay_holds",)))


def test_one_relay_that_waits_is_no_alarm_while_the_other_works() -> None:
    assert firing(but(series(up, 0, engine="relay", instance="s2"))) == set()


def test_a_lag_that_shrinks_is_no_alarm() -> None:
    assert firing(but(series("gongqiao_group_lag", 90_000, 80_000, 70_000, subject="matching", instance="s1"))) == set()
