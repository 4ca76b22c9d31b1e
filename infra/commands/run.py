"""``gongqiao run``."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from infra import demo, logs
from infra.serve import serve
from infra.settings import Settings

DEMO_PUSHES = 40


@click.command("run")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--demo", "with_demo", is_flag=True, help="Load the shipped sample and its accounts into an empty exchange.")
@click.option("--sample-sizes", type=(int, int, int), hidden=True, help="Postings, employers and people of the sample, for tests.")
def command(host: str | None, port: int | None, data_dir: Path | None, with_demo: bool, sample_sizes: tuple[int, int, int] | None) -> None:
    """Run the whole exchange in one process."""
    given = {"host": host, "port": port, "data_dir": data_dir}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    if with_demo and "person_pushes_a_day" not in settings.model_fields_set:
        # The sample comes in at once: half of a day's budget is left for what whoever tries it posts then.
        settings = settings.model_copy(update={"person_pushes_a_day": DEMO_PUSHES})
    if with_demo and settings.mode == "production":
        raise click.UsageError("--demo makes accounts with well-known passwords; it does not run in production mode")
    if with_demo and settings.host not in ("127.0.0.1", "localhost", "::1"):
        click.echo("注意：演示账号的密码人人都知道，而本机以外也能访问这个地址。", err=True)
    logs.configure(settings.log_level)
    sizes = dict(zip(("postings", "employers", "people"), sample_sizes, strict=True)) if sample_sizes else None

    def announce(services: object, address: str) -> None:
        click.echo(f"工桥 Gongqiao: {address}")
        if with_demo:
            for line in demo.describe_accounts():
                click.echo(line)
            named = {"say": click.echo, "sizes": sizes}
            loader = threading.Thread(target=demo.load, args=(services,), kwargs=named, name="sample", daemon=True)
            loader.start()
        click.echo("Ctrl-C 停止。数据保存在 " + str(settings.data_dir.absolute()))

    serve(settings, announce=announce)
    click.echo("已停止，数据都在。")
