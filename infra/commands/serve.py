"""``gongqiao serve``."""

from __future__ import annotations

import click

from infra import logs
from infra.serve import edge, serve
from infra.settings import Settings


@click.command("serve")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
def command(host: str | None, port: int | None) -> None:
    """Run the web server of a cluster: pages and interface; the subjects' work is done by `gongqiao worker`. Start as many as needed."""
    given = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    logs.configure(settings.log_level)
    serve(settings, announce=lambda _, address: click.echo(f"工桥 Gongqiao: {address}\nCtrl-C 停止。"), opening=edge)
    click.echo("已停止。")
