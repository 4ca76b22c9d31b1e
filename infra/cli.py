"""``gongqiao``: the command line. Each command lives in ``infra/commands/<name>.py`` and is imported when it is called."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sqlite3
import sys

import click
from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError

import infra.commands


class Commands(click.Group):
    """Finds commands by their file's name: ``dead_letters.py`` is ``dead-letters``; a file without ``command`` is none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.replace("_", "-") for module in pkgutil.iter_modules(infra.commands.__path__) if not module.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("-", "_")
        if cmd_name not in self.list_commands(ctx):
            return None
        found = getattr(importlib.import_module(f"infra.commands.{name}"), "command", None)
        return found if isinstance(found, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gongqiao")
def cli() -> None:
    """Gongqiao 工桥: a public labour exchange."""
    if os.environ.get("GONGQIAO_FIGURES_DIR"):  # read here, so that every command works with the same figures
        from infra.figures import use_figures
        from infra.settings import Settings

        use_figures(Settings().figures_dir)


def main() -> None:
    """Run the command line. Exit 0 on success, 2 on a usage error, 1 otherwise."""
    try:
        cli(standalone_mode=True)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        click.echo(f"gongqiao: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in wrong["loc"])
            click.echo(f"gongqiao: GONGQIAO_{name.upper()}: {wrong['msg']}; docs/settings.md says what it may be", err=True)
        sys.exit(1)
    except (sqlite3.DatabaseError, DatabaseError) as error:
        click.echo(f"gongqiao: the database cannot be used: {getattr(error, 'orig', error)}; gongqiao doctor says more", err=True)
        sys.exit(1)
    except RuntimeError as error:
        # The product's own errors say what to do; a traceback would not.
        click.echo(f"gongqiao: {error}", err=True)
        sys.exit(1)
