"""``gongqiao worker``."""

from __future__ import annotations

import signal
import threading

import click

from infra import logs
from infra.composition import flows_of
from infra.settings import Settings
from infra.workers import SINGLES, Supervisor, brokers_of, end_with_parent, quiet, run_singles, run_subject, wait_for_topics


@click.command("worker")
@click.option("--subjects", help="Subjects to work for, by comma (matching,delivery); a process each. “all” is every one.")
@click.option("--relay", is_flag=True, help="Publish what is appended to Kafka.")
@click.option("--tick", is_flag=True, help="Keep the clock.")
@click.option("--index", is_flag=True, help="Bring the postings index up to the log.")
@click.option("--send", is_flag=True, help="Send mails and messages.")
@click.option("--create-topics", is_flag=True, help="First make the topics that are missing.")
def command(subjects: str | None, relay: bool, tick: bool, index: bool, send: bool, create_topics: bool) -> None:
    """Work in a cluster (GONGQIAO_LOG=kafka://…, GONGQIAO_STATE=postgresql://…).

    Without options: a process for each subject and one for relay, clock, index and sending; with options exactly what they name. As many
    as you like may run on as many machines: of relay, clock, index and sending one works at a time and the others stand by.
    """
    settings = Settings()
    known = tuple(subject.name for subject in flows_of(settings).subjects)
    singles = [name for name, wanted in zip(SINGLES, (relay, tick, index, send), strict=True) if wanted]
    if subjects is None and not singles:
        subjects, singles = "all", list(SINGLES)
    names = list(known) if subjects == "all" else [name.strip() for name in (subjects or "").split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise click.UsageError(f"no subject {name!r}; there are: {', '.join(known)}")
    brokers_of(settings)  # before anything is set up: what is wrong with the settings is said at once
    logs.configure(settings.log_level)
    quiet()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    end_with_parent(stopping)
    parts = [["--subjects", name] for name in names] + ([[f"--{name}" for name in singles]] if singles else [])
    if len(parts) > 1 or create_topics:
        wait_for_topics(settings, stopping, create=create_topics)  # here, so that what is wrong with them is said once
    if len(parts) > 1:
        click.echo(f"工桥 Gongqiao: {len(parts)} 个工作进程（{', '.join([*names, *singles])}），Ctrl-C 停止。")
        Supervisor(settings, parts).run(stopping)
    elif names:
        run_subject(settings, names[0], stopping)
    else:
        run_singles(settings, singles, stopping)
