"""``gongqiao bench NAME``: measurements that print JSON on their last line.

A benchmark is a module of ``infra/benchmarks`` with one click command named ``command``; it is found by its file's name and imported when
it is called.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

import infra.benchmarks


class Benchmarks(click.Group):
    """Finds benchmarks by their file's name, as the command line finds commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(infra.benchmarks.__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found = getattr(importlib.import_module(f"infra.benchmarks.{cmd_name.replace('-', '_')}"), "command", None)
        return found if isinstance(found, click.Command) else None


@click.command("bench", cls=Benchmarks)
def command() -> None:
    """Measure the product against its alternatives; the result is JSON on the last line."""
