"""``gongqiao cluster``: Kafka, Elasticsearch, Redis and PostgreSQL on this machine."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import click

from infra.cluster.control import NAMES, Cluster
from infra.settings import Settings

_ENGINE = click.argument("engine", type=click.Choice(NAMES))


def _cluster() -> Cluster:
    return Cluster(Settings(), say=lambda line: click.echo(line, err=True))


def _without_password(address: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:…@", address)


@click.group("cluster")
def command() -> None:
    """Kafka, Elasticsearch, Redis and PostgreSQL on this machine, for development and tests."""


@command.command("up")
def up() -> None:
    """Start the engines that do not run, wait until each answers, print their addresses and write them to .cluster/env."""
    made = _cluster()
    addresses = made.up()
    for name, address in addresses.items():
        click.echo(f"{name}={_without_password(address)}")
    click.echo(f"With passwords: set -a; . {made.folder.env}; set +a", err=True)


@command.command("down")
def down() -> None:
    """Stop the engines that `up` started; their data stays."""
    stopped = _cluster().down()
    click.echo(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="one JSON object by engine")
def status(as_json: bool) -> None:
    """Say which engines run; exit 1 if one does not answer."""
    states = _cluster().status()
    if as_json:
        click.echo(json.dumps({state.name: asdict(state) for state in states}, ensure_ascii=False))
    else:
        click.echo(f"{'engine':<15}{'state':<10}{'pid':>8}{'port':>7}{'MB':>7}  version")
        for state in states:
            memory = "" if state.memory_mb is None else state.memory_mb
            reason = f"  ({state.reason})" if state.reason else ""
            click.echo(f"{state.title:<15}{state.state:<10}{state.pid or '':>8}{state.port:>7}{memory:>7}  {state.version}{reason}")
    if any(state.state != "up" for state in states):
        raise SystemExit(1)


@command.command("start")
@_ENGINE
def start(engine: str) -> None:
    """Start one engine and wait until it answers."""
    _cluster().up([engine])


@command.command("stop")
@_ENGINE
def stop(engine: str) -> None:
    """Stop one engine in good order."""
    if not _cluster().down([engine]):
        click.echo(f"{engine} was not running", err=True)


@command.command("kill")
@_ENGINE
def kill(engine: str) -> None:
    """Kill one engine as a fault would (SIGKILL); `start` brings it back."""
    _cluster().kill(engine)
