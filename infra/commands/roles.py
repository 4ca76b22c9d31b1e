"""``gongqiao roles``: docs/roles.md from the table of who may what; a test holds the file to it."""

from __future__ import annotations

from pathlib import Path

import click

from api.access.roles import EVERYBODY, TABLE

NAMES = {
    "anyone": "anyone",
    "jobseeker": "jobseeker 求职者",
    "employer": "employer 用人单位",
    "commissioner": "commissioner 人社服务专员",
    "operator": "operator 零工市场、劳务品牌",
    "partner": "partner 合作方",
    "administrator": "administrator 管理员",
    "auditor": "auditor 审计",
}
SCOPES = {
    "all": "whatever it is about",
    "region": "what lies in the account's region: a province covers its cities, a city its counties",
    "own": "the account's own person, employer, market, brand or postings",
    "shared": "of their own postings, and of people who agreed to be shown to employers",
}


def render() -> str:
    """The document: one line an action, one column a role, then the routes of each action."""
    lines = [
        "# Who may what",
        "",
        "Made from `api/access/roles.py` by `gongqiao roles --write docs/roles.md`; a test compares the two, and others ask every",
        "route as every role.",
        "A role without a scope in a line is refused before the route is reached; without an account: 401, in a browser the sign-in page.",
        "",
        "| action | " + " | ".join(NAMES[role] for role in EVERYBODY) + " |",
        "| --- |" + " --- |" * len(EVERYBODY),
    ]
    lines += [f"| {rule.words} | " + " | ".join(rule.may.get(role, "") for role in EVERYBODY) + " |" for rule in TABLE]
    lines += [
        "",
        *(f"- **{scope}**: {words}" for scope, words in SCOPES.items()),
        "",
        "## Routes",
        "",
        "| action | routes | |",
        "| --- | --- | --- |",
    ]
    for rule in TABLE:
        lines.append(f"| `{rule.action}` {rule.words} | " + ", ".join(f"`{route}`" for route in rule.routes) + f" | {rule.note} |")
    return "\n".join(lines) + "\n"


@click.command("roles")
@click.option("--write", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the document to this file.")
def command(file: Path | None) -> None:
    """Show who may what: actions, roles and scopes."""
    if file is None:
        click.echo(render(), nl=False)
    else:
        file.write_text(render())
