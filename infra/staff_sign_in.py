"""Whoever is at the keyboard as one of the exchange's accounts: for commands that open people's data and leave entries in the log."""

from __future__ import annotations

import click

from api.access import second_factor
from api.access.accounts import Caller, caller_of, check_password
from infra.settings import Settings
from streams.runtime.exchange import Exchange


def signed_in(opened: Exchange, settings: Settings, login: str, *roles: str) -> Caller:
    """The account of this name, if it is of one of these roles: by password, and by code where it has a second factor. Asks for both;
    raises ``click.UsageError``."""
    password = click.prompt("password", hide_input=True, err=True)
    with opened.reading() as connection:
        account_id = check_password(connection, login, password)
        caller = caller_of(connection, account_id) if account_id is not None else None
        with_code = caller is not None and second_factor.is_on(connection, caller.account_id)
    if caller is None:
        raise click.UsageError("--login: name or password is wrong")
    if caller.role not in roles:
        raise click.UsageError(f"--login: {login} is no {' or '.join(roles)} (role {caller.role})")
    if not with_code and settings.staff_second_factor == "required":
        raise click.UsageError("--login: set up the second factor at /account/second-factor first")
    if with_code:
        code = click.prompt("code", err=True)
        if not opened.write(lambda connection: second_factor.passes(connection, opened.vault, caller.account_id, code, opened.now())):
            raise click.UsageError("--login: the code is wrong or was used")
    return caller
