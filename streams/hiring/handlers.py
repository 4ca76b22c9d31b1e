"""What hiring does."""

from __future__ import annotations

from streams.runtime.subjects import Subject

SUBJECT = Subject("hiring", ())
