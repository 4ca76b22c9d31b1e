"""``gongqiao migrate``: before the processes of a new version start."""

from __future__ import annotations

import threading

import click

from infra import logs
from infra.engines import postgres_arguments
from infra.migrate import migrate, newest
from infra.settings import Settings


@click.command("migrate")
def command() -> None:
    """Bring the state to this program's version; in a cluster also make the topics that are missing, and check the others.

    Several may run at once: one works and the others wait for it. Exit 1 where it cannot be done; nothing is half done.
    """
    settings = Settings()
    logs.configure(settings.log_level)
    if not settings.clustered:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        backup = migrate(settings.database)
        click.echo(f"{settings.database}: schema {newest()}" + (f"; the older one is kept as {backup}" if backup else ""))
        return
    from infra.workers import quiet, wait_for_topics

    quiet()
    migrate(settings.state_url, arguments=postgres_arguments(settings))
    click.echo(f"state: schema {newest()}")
    wait_for_topics(settings, threading.Event(), create=True)
    click.echo("topics: as they should be")
