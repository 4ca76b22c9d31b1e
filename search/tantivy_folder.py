"""The folders of an embedded index: which one is live, and what is remembered beside the documents."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import tantivy

from search.errors import IndexFault, MappingChanged
from search.tantivy_mapping import mapping_hash, schema

_POINTER = "current.json"
_FOLLOWER = "follower.json"


def write_whole(path: Path, content: dict[str, Any]) -> None:
    """The file holds the old content or the new, also after a loss of power."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_whole(path: Path) -> dict[str, Any]:
    """The file's content; empty where there is none or it is not readable (a follower then starts again, which is harmless)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def live_name(root: Path) -> str | None:
    """The name of the live folder; None where no index was made yet."""
    name = read_whole(root / _POINTER).get("folder")
    return name if isinstance(name, str) and (root / name).is_dir() else None


def point_to(root: Path, name: str) -> None:
    """Makes this folder the live one, at once."""
    write_whole(root / _POINTER, {"folder": name})


def new_name(root: Path) -> str:
    """A name that no folder has: the mapping's hash and a number."""
    numbers = [int(tail) for path in root.glob("postings-*-*") if (tail := path.name.rsplit("-", 1)[-1]).isdigit()]
    return f"postings-{mapping_hash()}-{max(numbers, default=0) + 1}"


def of_this_mapping(name: str) -> bool:
    return name.startswith(f"postings-{mapping_hash()}-")


def open_live(root: Path) -> tuple[str, tantivy.Index]:
    """The live index, made empty where there is none. Raises MappingChanged, IndexFault."""
    name = live_name(root)
    if name is None:
        name = new_name(root)
        made = create(root, name)
        point_to(root, name)
        return name, made
    if not of_this_mapping(name):
        raise MappingChanged(f"{root / name}: filled with another mapping (now {mapping_hash()}). Run: gongqiao reindex")
    return name, open_folder(root / name)


def open_folder(path: Path) -> tantivy.Index:
    """An existing index with whatever schema it has."""
    try:
        index = tantivy.Index.open(str(path))
    except (OSError, ValueError) as error:
        raise IndexFault(f"{path}: not readable as an index ({error}). Run: gongqiao reindex") from error
    index.config_reader("manual")
    return index


def create(root: Path, name: str) -> tantivy.Index:
    """A new empty index in this folder."""
    (root / name).mkdir(parents=True)
    try:
        index = tantivy.Index(schema(), path=str(root / name), reuse=False)
    except (OSError, ValueError) as error:
        raise IndexFault(f"{root / name}: cannot be made ({error})") from error
    index.config_reader("manual")
    return index


def remove(root: Path, name: str) -> None:
    """Takes a folder away; a reader that has it open keeps what it opened."""
    shutil.rmtree(root / name, ignore_errors=True)


def offset_in(folder: Path) -> int | None:
    """The offset of the last commit into this folder."""
    offset = read_whole(folder / _FOLLOWER).get("offset")
    return offset if isinstance(offset, int) else None


def remember_offset(folder: Path, offset: int) -> None:
    write_whole(folder / _FOLLOWER, {"offset": offset})
