"""Where an employer is told of policies outside: a mail address, a mobile number. Sealed in the vault, in no message, shown masked."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from api.forms import Form, is_mail
from api.services import Services
from api.wording import masked

FIELDS = ("mail", "phone")
_PHONE = re.compile(r"1[3-9]\d{9}")


def shown(here: Services, employer_id: str) -> dict[str, str]:
    """What is kept, masked; 没有登记 where nothing is."""
    with here.exchange.reading() as connection:
        kept = here.exchange.vault.reveal(connection, "employer", employer_id)
    return {name: masked(name, kept.get(name)) for name in FIELDS}


def take(here: Services, employer_id: str, form: Form) -> dict[str, str]:
    """Keep what the form gives in place of what was kept; a blank field is kept no more. Answers what is wrong; nothing changes then."""
    given = {name: form.text(name) for name in FIELDS}
    errors = {}
    if given["mail"] and not is_mail(given["mail"]):
        errors["mail"] = "请填写邮箱，例如hr@example.com"
    if given["phone"] and not _PHONE.fullmatch(given["phone"]):
        errors["phone"] = "请填写11位手机号"
    if errors:
        return errors

    def job(connection: Connection) -> None:
        vault = here.exchange.vault
        vault.drop(connection, "employer", employer_id, FIELDS)
        vault.keep(connection, "employer", employer_id, {name: value or None for name, value in given.items()})

    here.exchange.write(job)
    return {}
