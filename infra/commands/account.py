"""``gongqiao account``: made, closed, signed out."""

from __future__ import annotations

import csv
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import Connection

from api.access import linking, offices, second_factor
from api.access.accounts import OWNER, ROLES, account_of, caller_of, close_account, create_account, create_key, end_sessions
from api.access.granting import of_keys
from api.access.provider import Registration
from api.forms import is_mail
from api.webhooks import book
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
    """Close an account: its sessions, API keys, webhooks and second factor end at once. ``create`` with the same login opens it again."""
    settings = settings_of(data_dir)
    with exchange(settings, run=False) as opened:
        account_id = opened.write(lambda connection: _close(connection, opened.vault, login))
    if account_id is None:
        raise click.UsageError(f"--login: there is no account {login!r}")
    click.echo(f"account {account_id}: {login} closed")


def _close(connection: Connection, vault: Vault, login: str) -> str | None:
    account_id = close_account(connection, login)
    if account_id is not None:
        book.end_all(connection, vault, account_id)
    return account_id


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


@command.command("link")
@click.option("--login", required=True, help="Name the account of staff signs in with.")
@click.option("--subject", required=True, help="The value of the claim (GONGQIAO_OIDC_CLAIM) that the provider knows this person by.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def link(login: str, subject: str, data_dir: Path | None) -> None:
    """Let a member of staff sign in with the OpenID provider of the settings; another link of the account ends. Make sure who it is."""
    settings = settings_of(data_dir)
    named = settings.provider()
    if named is None:
        raise click.UsageError("there is no provider to link with: set GONGQIAO_OIDC_ISSUER and what docs/settings.md says with it")
    with exchange(settings, run=False) as opened:
        account_id, registration = _account(opened, login), Registration(**named)
        try:
            taken = opened.write(lambda connection: linking.link(connection, opened.vault, registration, account_id, subject, opened.now()))
        except ValueError as error:
            raise click.UsageError(f"--login: {error}, {login!r} is none") from None
    if taken is not None:
        raise click.UsageError(f"--subject: account {taken} is linked with it already; take that off first: gongqiao account unlink")
    click.echo(f"account {account_id}: {login} may sign in with {registration.issuer}")


@command.command("unlink")
@click.option("--login", required=True, help="Name the account signs in with.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def unlink(login: str, data_dir: Path | None) -> None:
    """End an account's sign-in with the OpenID provider, and its sessions; its password stays."""

    def job(connection: Connection, account_id: str) -> bool:
        end_sessions(connection, account_id)
        return linking.unlink(connection, account_id)

    with exchange(settings_of(data_dir), run=False) as opened:
        account_id = _account(opened, login)
        there = opened.write(lambda connection: job(connection, account_id))
    click.echo(f"account {account_id}: {'link taken off' if there else 'it has no link'}")


@command.command("offices")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(path_type=Path))
def enter_offices(file: Path, data_dir: Path | None) -> None:
    """Enter or change offices of the five levels, from a CSV file with the columns office_id, name, level, region, parent_id.

    A level is one of province, city, county, township, community.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with exchange(settings_of(data_dir), run=False) as opened:
        try:
            entered = opened.write(lambda connection: offices.enter(connection, rows))
        except ShapeError as error:
            said = "; ".join(
                f"{one.field}: {one.message}" + (f" ({', '.join(one.allowed)})" if one.allowed else "") for one in error.errors
            )
            raise click.ClickException(f"{file}: {said}") from None
        with opened.reading() as connection:
            missing = offices.without_station(connection)
    click.echo(", ".join(f"{entered[level]} {level}" for level in offices.LEVELS if entered[level]) or "no office in the file")
    if missing:
        click.echo(f"counties without a station of a township: {', '.join(missing)}")


@command.command("deputy")
@click.option("--login", required=True, help="Commissioner who is away.")
@click.option("--deputy", required=True, help="Commissioner who stands in.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day; default: today.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; needed unless --end.")
@click.option("--end", is_flag=True, help="End it at once.")
@click.option("--data-dir", type=click.Path(path_type=Path))
def deputy(login: str, deputy: str, first: datetime | None, last: datetime | None, end: bool, data_dir: Path | None) -> None:
    """Let a commissioner stand in for another for some days: they choose so at /account and then see the other's region."""
    with exchange(settings_of(data_dir), run=False) as opened:
        ids = []
        for option, name in (("--login", login), ("--deputy", deputy)):
            account_id = _account(opened, name)
            with opened.reading() as connection:
                caller = caller_of(connection, account_id)
            if caller is None or caller.role != "commissioner":
                raise click.UsageError(f"{option}: {name!r} is no open account of a commissioner")
            ids.append(account_id)
        away, stands_in = ids
        if away == stands_in:
            raise click.UsageError("--deputy: somebody else expected")
        if end:
            there = opened.write(lambda connection: offices.dismiss(connection, away, stands_in))
            click.echo(f"{deputy} {'stands in for' if there else 'did not stand in for'} {login}{' no longer' if there else ''}")
            return
        begins = first.date() if first is not None else day_of(opened.now())
        if last is None or last.date() < begins:
            raise click.UsageError("--to: the last day expected, not before the first")
        until = last.date()
        opened.write(lambda connection: offices.appoint(connection, away, stands_in, begins, until))
    click.echo(f"{deputy} stands in for {login} from {begins} to {until}")


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
@click.option(
    "--office", "office_id", help="Office a member of staff belongs to (gongqiao account offices); a commissioner has its region."
)
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
    office_id: str | None,
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
                    office_id=office_id,
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
