"""Documents that can be checked are checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from infra.cli import cli
from infra.commands import roles
from infra.commands.flows import render
from infra.settings import Settings
from streams.runtime.topology import topology

ROOT = Path(__file__).parents[2]


def test_flows_are_those_of_the_topology() -> None:
    assert (ROOT / "docs/flows.md").read_text() == render(topology()), "run: gongqiao flows --write docs/flows.md"


def test_roles_are_those_of_the_table() -> None:
    assert (ROOT / "docs/roles.md").read_text() == roles.render(), "run: gongqiao roles --write docs/roles.md"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        row = next((line for line in text.splitlines() if f"`GONGQIAO_{name.upper()}`" in line), None)
        assert row is not None, f"docs/settings.md does not mention GONGQIAO_{name.upper()}"
        default = "" if field.default is None else str(field.default)
        assert f"| {default} |" in row, f"docs/settings.md: the default of {name} is {default!r}"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    commands = cli.list_commands(None)  # type: ignore[arg-type]
    assert commands
    for name in commands:
        assert f"`gongqiao {name}" in text, f"docs/operations.md does not mention gongqiao {name}"


def test_links_between_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_two_readmes_name_the_two_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text()
        assert "make run" in text
        assert "make test" in text


def test_make_help_describes_every_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    described = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    assert targets == described


def test_every_dependency_is_accounted_for() -> None:
    """What for, what else was considered, which licence: one line each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *project["dependency-groups"]["build"]]
    names = {re.split(r"[<>=\[; ]", one, maxsplit=1)[0].lower() for one in wanted}
    rows = [line.split("|")[1:5] for line in (ROOT / "docs/dependencies.md").read_text().splitlines() if line.startswith("| ")]
    listed = {name.strip().rstrip("*") for row in rows for name in row[0].split(",")}
    assert names <= listed, f"docs/dependencies.md does not mention {sorted(names - listed)}"
    assert all(all(cell.strip() for cell in row) for row in rows)
