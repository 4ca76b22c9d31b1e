"""Nothing in the repository is a secret: keys, tokens and passwords by their shapes. What tests invent is invented visibly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Shapes of secrets that somebody gave out.
SHAPES = {
    "private key": r"-----BEGIN (?:RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY",
    "AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "key of this exchange": r"\bgq_[A-Za-z0-9_-]{43}\b",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    "password in an address": r"\b(?:postgresql|redis|rediss|smtps?|elastics?|https?)://[^\s/:@\"'`{}$<>]+:(?!password\b|secret\b)[A-Za-z0-9+/=_-]{20,}@",
    "master key": r"(?i)master_key[\"']?\s*[:=]\s*[\"']?(?!(?:([0-9a-f]{2})\1{31}))[0-9a-f]{64}\b",
}
FOLDERS = ("api", "docs", "infra", "matcher", "search", "streams", "tests")
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".jsonl", ".html", ".js", ".css", ".txt", ".example", ".lock", ".sh", ".ini", ""}


def found_in(text: str) -> list[str]:
    return [name for name, shape in SHAPES.items() if re.search(shape, text)]


def test_nothing_that_is_kept_holds_a_secret() -> None:
    inside = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*")]
    files = [file for file in (*ROOT.glob("[!.]*"), *inside) if file.suffix in TEXT and file.is_file() and "__pycache__" not in file.parts]
    assert len(files) > 300
    assert {str(file.relative_to(ROOT)): found for file in files if (found := found_in(file.read_text(errors="replace")))} == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("-----BEGIN " + "PRIVATE KEY-----", "private key"),
        ("AKIA" + "A1B2C3D4E5F6G7H8", "AWS key"),
        ("ghp_" + "a1" * 18, "GitHub token"),
        ("xoxb-" + "123456789012-abc", "Slack token"),
        ("gq_" + "aB3" * 14 + "x", "key of this exchange"),
        ("eyJhbGciOiJIUzI1." + "eyJzdWIiOiIxMjM0.", "JSON web token"),
        ("postgresql://gongqiao:" + "s3cr3tS3cr3tS3cr3tS3cr3t@db/x", "password in an address"),
        ("GONGQIAO_MASTER_KEY=" + "0123456789abcdef" * 4, "master key"),
    ],
)
def test_each_shape_is_found(text: str, name: str) -> None:
    assert name in found_in(text)


def test_what_is_invented_visibly_is_none() -> None:
    assert found_in("GONGQIAO_MASTER_KEY=" + "ab" * 32 + " postgresql://user:password@host/db openssl rand -hex 32") == []
