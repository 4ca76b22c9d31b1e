"""``gongqiao account``: made, closed, signed out."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import Connection

from api.access import second_factor
from api.access.accounts import OWNER, ROLES, account_of, caller_of, close_account, create_account, create_key, end_sessions
from api.access.granting import of_keys
from api.forms import is_mail
from infra.composition import exchange
from infra.settings import settings_of
from matcher.days import day_of
from matcher.shapes import ShapeError
from streams.runtime.exchange import Exchange
from streams.runtime.sealing import Vault


@click.group("account")
def command() -> None:
    """Accounts of the exchange."""


@command.command("close")
@click.option("--login", required=True, help="Name the account signs in with.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def close(login: str, data_dir: Path | None) -> None:
    """Close an account: its sessions, API keys and second factor end at once. ``create`` with the same login opens it again."""
    settings = settings_of(data_dir)
    with exchange(settings, run=False) as opened:
        account_id = opened.write(lambda connection: close_account(connection, login))
    if account_id is None:
        raise click.UsageError(f"--login: there is no account {login!r}")
    click.echo(f"account {account_id}: {login} closed")


@command.command("sign-out")
@click.option("--login", required=True, help="Name the account signs in with.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def sign_out(login: str, data_dir: Path | None) -> None:
    """End every session of an account at once; its password and keys stay."""
    with exchange(settings_of(data_dir), run=False) as opened:
        account_id = _account(opened, login)
        ended = opened.write(lambda connection: end_sessions(connection, account_id))
    click.echo(f"account {account_id}: {ended} sessions ended")


@command.command("drop-second-factor")
@click.option("--login", required=True, help="Name the account signs in with.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def drop_second_factor(login: str, data_dir: Path | None) -> None:
    """Take the second factor off an account whose owner lost telephone and recovery codes; its sessions end. Make sure who asks."""

    def job(connection: Connection, account_id: str, vault: Vault) -> bool:
        end_sessions(connection, account_id)
        return second_factor.remove(connection, vault, account_id)

    with exchange(settings_of(data_dir), run=False) as opened:
        account_id = _account(opened, login)
        there = opened.write(lambda connection: job(connection, account_id, opened.vault))
    click.echo(f"account {account_id}: {'second factor taken off' if there else 'it has no second factor'}")


@command.command("key")
@click.option("--login", required=True, help="Name the account signs in with.")
@click.option("--name", required=True, help="Which program it is for.")
@click.option("--action", "actions", multiple=True, required=True, help="What it may, of docs/roles.md; may be repeated.")
@click.option("--days", type=click.IntRange(1, 730), default=365, show_default=True, help="How long it opens.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def key(login: str, name: str, actions: tuple[str, ...], days: int, data_dir: Path | None) -> None:
    """Make an API key for some actions and a time; it is shown once. Accounts make their own at /account/keys."""
    with exchange(settings_of(data_dir), run=False) as opened:
        account_id = _account(opened, login)
        with opened.reading() as connection:
            caller = caller_of(connection, account_id)
        if caller is None:
            raise click.UsageError(f"--login: {login!r} is closed")
        allowed = of_keys(caller.role)
        if unknown := [action for action in actions if action not in allowed]:
            raise click.UsageError(f"--action: {unknown[0]!r} is none of this role's; allowed: {', '.join(sorted(allowed))}")
        now = opened.now()
        last_day = day_of(now) + timedelta(days=days)
        made = opened.write(lambda connection: create_key(connection, account_id, now=now, name=name, actions=actions, last_day=last_day))
    click.echo(f"API key of {login} until {last_day} (shown this once): {made}")


def _account(opened: Exchange, login: str) -> str:
    with opened.reading() as connection:
        account_id = account_of(connection, login)
    if account_id is None:
        raise click.UsageError(f"--login: there is no account {login!r}")
    return account_id


@command.command("create")
@click.option("--login", required=True, help="Name to sign in with.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--password", help="At least 8 characters; asked for when left out on a terminal, made up otherwise.")
@click.option("--display", default="", help="Name shown on pages.")
@click.option("--person", "person_id", help="Person this account belongs to (jobseeker).")
@click.option("--employer", "employer_id", help="Employer this account belongs to (employer).")
@click.option("--region", help="Six-digit code of the region a commissioner is responsible for.")
@click.option("--owner", "owner_ids", multiple=True, help="market_id, brand_id or uscc whose postings it may send; may be repeated.")
@click.option("--mail", help="Address that a link goes to when the password is forgotten.")
@click.option("--key", "with_key", is_flag=True, help="Make an API key as well; it is shown once.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def create(
    login: str,
    role: str,
    password: str | None,
    display: str,
    person_id: str | None,
    employer_id: str | None,
    region: str | None,
    owner_ids: tuple[str, ...],
    mail: str | None,
    with_key: bool,
    data_dir: Path | None,
) -> None:
    """Create an account, or give the one with this login a new password and role."""
    if mail is not None and not is_mail(mail):
        raise click.UsageError("--mail: a mail address expected, such as wang@example.com")
    made_up = None
    if password is None:
        if click.get_text_stream("stdin").isatty():
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        else:
            password = made_up = secrets.token_urlsafe(12)
    settings = settings_of(data_dir)
    with exchange(settings, run=False) as opened:
        try:
            account_id = opened.write(
                lambda connection: create_account(
                    connection,
                    login=login,
                    password=str(password),
                    role=role,
                    now=opened.now(),
                    display=display,
                    person_id=person_id,
                    employer_id=employer_id,
                    region=region,
                    owner_ids=owner_ids,
                )
            )
        except ShapeError as error:
            raise click.UsageError("; ".join(f"--{e.field.replace('_', '-')}: {e.message}" for e in error.errors)) from None
        if mail is not None:
            opened.write(lambda connection: opened.vault.keep(connection, OWNER, account_id, {"mail": mail}))
        key = opened.write(lambda connection: create_key(connection, account_id, now=opened.now())) if with_key else None
    click.echo(f"account {account_id}: {login} ({role})")
    if made_up:
        click.echo(f"password: {made_up}")
    if key:
        click.echo(f"API key (shown this once): {key}")
