"""Structured logs on standard error: one JSON object a line, only fields that are known to hold no personal data."""

from __future__ import annotations

import logging
import sys
from datetime import datetime

import orjson

from matcher.days import SHANGHAI

# What a log line may carry besides its message. Anything else is left out: a field nobody thought of could be somebody's name.
# fmt: off
FIELDS = (
    "subject", "reason", "message_id", "type", "handler", "path", "method", "status",
    "ms", "account_id", "role", "engine", "count", "seconds", "channel", "attempt",
    "match_id", "posting_id", "webhook_id", "address",
)
# fmt: on


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Of an exception only type and place are kept: its text could repeat what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, SHANGHAI).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # The template without its arguments, unless the logger is ours.
            "message": record.getMessage() if record.name.startswith("gongqiao") else str(record.msg),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = value
        if record.exc_info and record.exc_info[0] is not None:
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace is not None else ""
            line["error"] = f"{record.exc_info[0].__name__}{place}"
        return orjson.dumps(line, default=str).decode()


def configure(level: str = "INFO") -> None:
    """Log to standard error in JSON lines; once a process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "httpx", "httpcore", "alembic.runtime.migration", "multipart", "numba", "elastic_transport"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
