"""``gongqiao topics``."""

from __future__ import annotations

import asyncio

import click

from infra.composition import flows_of
from infra.settings import Settings
from infra.workers import brokers_of, make_topics
from streams.runtime.kafka_topics import check_topics, wanted


@click.group("topics")
def command() -> None:
    """The topics of the exchange on Kafka."""


@command.command("create")
def create() -> None:
    """Make the topics that are missing; those that are there are left alone."""
    made = make_topics(Settings())
    click.echo(f"made: {', '.join(made)}" if made else "all topics are there")


@command.command("check")
def check() -> None:
    """Whether every topic is there with the right number of partitions and the right policy."""
    settings = Settings()
    flows, brokers = flows_of(settings), brokers_of(settings)
    asyncio.run(check_topics(flows, brokers))
    click.echo(f"{len(wanted(flows, brokers))} topics with {brokers.partitions} partitions each: as they should be")
