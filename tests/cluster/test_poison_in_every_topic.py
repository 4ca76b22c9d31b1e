"""Poison in every topic, twice: messages in a version that nobody here knows yet, and bytes that are no message. Each is a dead letter of
everybody who reads it, the rest flows; after the fix the operator's command has the first handled, and says what to do about the others."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import select

from streams.runtime.exchange import Said
from streams.runtime.floor import unhandled
from streams.runtime.kafka_lag import group_lags
from streams.runtime.messages import Message, read_message
from streams.runtime.tables import handled
from streams.runtime.topology import topology
from tests.cluster.market import ROOT, Run

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
EXAMPLES = ROOT / "tests" / "streams" / "examples"
FLOWS = topology()
READERS = {cls: [one.name for one in FLOWS.subjects if one.handler_of(cls.type)] for topic in FLOWS.topics for cls in topic.types}
READ = [cls for cls, names in READERS.items() if names]
EVERYBODY = [subject.name for subject in FLOWS.subjects]


def test_poison_in_every_topic_is_delivered_by_the_operators_retry_after_the_fix(run: Run) -> None:
    sound, broken = say_around_poison(run)
    foreign = send_bytes(run)
    run.start("relay", *EVERYBODY)
    poisoned = {(name, id_) for id_, cls in broken.items() for name in READERS[cls]}
    strange = {(one.name, place) for one in FLOWS.subjects for place, topic in foreign.items() if topic in topics_of(one.name)}
    assert {FLOWS.topic_of(cls.type).name for cls in broken.values()} == set().union(*(topics_of(name) for name in EVERYBODY))
    run.wait(lambda: {(letter.subject, letter.message_id) for letter in run.letters()} == poisoned | strange)
    flow_on(run)
    assert {(name, id_) for id_, cls in sound.items() for name in READERS[cls]} <= taken(run), "a sound message beside poison is handled"
    assert all(letter.state == "open" and letter.reason for letter in run.letters())

    run.mend(set(broken))
    listed = run.gongqiao("dead-letters", "list")
    assert {tuple(line.split()[1::-1]) for line in listed.splitlines()} == poisoned | strange
    retried = run.gongqiao("dead-letters", "retry", "--all")
    assert retried.splitlines()[0] == f"{len(poisoned)} handed back"
    assert retried.splitlines()[1].startswith(f"{len(strange)} not: no relay wrote them to their topic")
    run.wait(lambda: run.parked() == 0)
    flow_on(run)
    assert poisoned <= taken(run)
    assert {(letter.subject, letter.message_id) for letter in run.letters() if letter.state == "open"} == strange
    again = run.gongqiao("dead-letters", "list", "--subject", "policy")
    assert {tuple(line.split()[1::-1]) for line in again.splitlines()} == {one for one in strange if one[0] == "policy"}


def say_around_poison(run: Run) -> tuple[dict[str, type[Message]], dict[str, type[Message]]]:
    """Of each type that somebody reads a sound message, one as if a newer program had said it, and a sound one behind, all of one key."""
    said, classes = [], []
    for cls in READ:
        message = read_message(cls.type, cls.version, json.loads((EXAMPLES / f"{cls.type}.v{cls.version}.json").read_text()))
        said += [Said(message, before=key_for(run, message))] * 3
        classes += [cls] * 3
    ids = dict(zip(run.exchange.append(said, source="test"), classes, strict=True))
    broken = {id_: cls for number, (id_, cls) in enumerate(ids.items()) if number % 3 == 1}
    run.spoil(set(broken))
    return {id_: cls for id_, cls in ids.items() if id_ not in broken}, broken


def key_for(run: Run, message: Message) -> Any:
    if message.sealed_for is None:
        return None
    person_id = getattr(message, message.sealed_for)
    return lambda connection: run.exchange.vault.make_key(connection, person_id)


def send_bytes(run: Run) -> dict[str, str]:
    """Something on every topic that no relay wrote; where it lies, and on which topic."""

    async def sending() -> dict[str, str]:
        producer = AIOKafkaProducer(**run.brokers.client, acks="all", enable_idempotence=True)
        await producer.start()
        try:
            found = {}
            for topic in FLOWS.topics:
                place = await producer.send_and_wait(run.brokers.topic(topic.name), b"\xff no message", b"somebody")
                found[f"{place.topic}/{place.partition}/{place.offset}"] = topic.name
            return found
        finally:
            await producer.stop()

    return asyncio.run(sending())


def topics_of(subject: str) -> set[str]:
    return {FLOWS.topic_of(type_).name for type_ in FLOWS.subject(subject).types}


def flow_on(run: Run) -> None:
    """Wait until nobody has anything left, in the log or on Kafka."""

    def idle() -> bool:
        with run.exchange.reading() as connection:
            left = sum(unhandled(connection, run.exchange.log, FLOWS.subject(name)) for name in EVERYBODY)
        return left == 0 and run.left() == {} and not any(asyncio.run(group_lags(FLOWS, run.brokers)).values())

    run.wait(idle)


def taken(run: Run) -> set[tuple[str, str]]:
    """Who has handled which message, or made it a dead letter that is open no more."""
    still = {(letter.subject, letter.message_id) for letter in run.letters() if letter.state == "open"}
    with run.exchange.reading() as connection:
        done = connection.execute(select(handled.c.subject, handled.c.message_id).where(handled.c.done)).all()
    return {(row.subject, row.message_id) for row in done} - still
