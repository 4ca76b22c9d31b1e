"""``gongqiao flows``: docs/flows.md from the topology; a test holds the file to it."""

from __future__ import annotations

from pathlib import Path

import click

from streams.runtime.subjects import Topology
from streams.runtime.topology import topology

KINDS = {
    "fact": "said by sources, people, staff or the clock; kept for ever, a rebuild starts here",
    "derived": "follows from other messages; 14 days on Kafka",
    "latest": "compacted: the newest whole state of each key",
}


def render(flows: Topology) -> str:
    """The document: topic table, subjects with what they handle and may emit, diagram."""
    lines = [
        "# Flows",
        "",
        "Made from `streams/runtime/topology.py` by `gongqiao flows --write docs/flows.md`; a test compares the two.",
        "",
        "```mermaid",
        "flowchart LR",
        "  outside([sources, people, staff, clock])",
    ]
    for subject in flows.subjects:
        lines.append(f"  {subject.name}[{subject.name}]")
    edges = set()
    emitters: dict[str, set[str]] = {}
    for subject in flows.subjects:
        for handler in subject.handlers:
            for emitted in handler.emits:
                emitters.setdefault(emitted.type, set()).add(subject.name)
    for subject in flows.subjects:
        for handler in subject.handlers:
            topic = flows.topic_of(handler.on.type)
            for origin in sorted(emitters.get(handler.on.type, {"outside"})):
                edges.add(f"  {origin} -->|{topic.name}| {subject.name}")
    lines += [*sorted(edges), "```", "", "## Topics", "", "| topic | kind | key | types |", "| --- | --- | --- | --- |"]
    for topic in flows.topics:
        types = ", ".join(f"`{cls.type}` v{cls.version}" for cls in topic.types)
        lines.append(f"| `{topic.name}` | {topic.kind} | {topic.key} | {types} |")
    lines += ["", *(f"- **{kind}**: {words}" for kind, words in KINDS.items())]
    lines += ["", "Messages about one person are sealed with that person's own key: " + ", ".join(sealed(flows)) + "."]
    lines += ["", "## Subjects", "", "| subject | on | handler | may emit |", "| --- | --- | --- | --- |"]
    for subject in flows.subjects:
        for handler in subject.handlers:
            emits = ", ".join(f"`{cls.type}`" for cls in handler.emits) or "-"
            lines.append(f"| {subject.name} | `{handler.on.type}` | `{handler.name}` | {emits} |")
    return "\n".join(lines) + "\n"


def sealed(flows: Topology) -> list[str]:
    """Types whose body is sealed with the person's key."""
    return [f"`{cls.type}`" for topic in flows.topics for cls in topic.types if cls.sealed_for is not None]


@click.command("flows")
@click.option("--write", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the document to this file.")
def command(file: Path | None) -> None:
    """Show what flows where: topics, subjects, handlers."""
    text = render(topology())
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text)
