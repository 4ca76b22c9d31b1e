"""Made-up people and postings whose private values are found again wherever they turn up, and a real ``gongqiao run`` that gets them."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller

from api.access.accounts import create_account, create_key
from infra.composition import open_exchange
from infra.settings import Settings

ROOT = Path(__file__).parents[2]
PASSWORD = "a-long-password-of-a-canary"

NAME, ID_NUMBER, PHONE, MAIL = "鸢尾雀金", "140105199604073120", "15923456781", "canary.finch@example.org"
CONTACT_NAME, CONTACT_PHONE = "斑鸠蓝翎", "15987654320"
TEXT_PHONE, TEXT_ID, TEXT_MAIL = "15911223344", "140105198802142225", "text.canary@example.org"
UNKNOWN = "无名字段金丝雀"  # in a field nobody knows
WISH = "独角兽驯养员"  # said of a person: sealed in the log, plain in the subjects' projections
LOST = "拒收金丝雀"

# What must be nowhere in plain, as runs of characters: whatever the spacing and width it came in.
SECRETS = {
    "name": NAME,
    "identity number": ID_NUMBER,
    "telephone": PHONE,
    "mail address": MAIL,
    "contact's name": CONTACT_NAME,
    "contact's telephone": CONTACT_PHONE,
    "telephone in a text": TEXT_PHONE,
    "identity number in a text": TEXT_ID,
    "mail address in a text": TEXT_MAIL,
    "unknown field": UNKNOWN,
    "rejected line": LOST,
}


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def spaced(digits: str) -> str:
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}"


def found_in(data: bytes | str) -> set[str]:
    """Names of the secrets in there: as they are, in full width, and with spaces or dashes between."""
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    plain = unicodedata.normalize("NFKC", text)
    tight = plain.replace(" ", "").replace("-", "")
    escaped = json.dumps(text) if isinstance(data, str) else ""
    found = set()
    for what, secret in SECRETS.items():
        forms = (secret, json.dumps(secret).strip('"'))
        if any(form in one for form in forms for one in (text, plain, tight, escaped)):
            found.add(what)
    return found


TEXTS = (
    f"有意者请致电{spaced(TEXT_PHONE)}或{wide(TEXT_PHONE)}，邮箱{TEXT_MAIL}，{wide(TEXT_MAIL)}",
    f"身份证{TEXT_ID}，{wide(TEXT_ID)}；电话：{TEXT_PHONE[:3]}-{TEXT_PHONE[3:7]}-{TEXT_PHONE[7:]}",
)

EMPLOYER: dict[str, Any] = {
    "employer_id": "e-canary", "name": "太原雀巢样例机械有限公司", "uscc": "91140100MA0K3YBJ05", "region": "140105", "size": "small",
    "ownership": "private", "kind": "enterprise", "industry": [], "insured_employees": 28, "programme": [], "recognition": [],
    "key": {"class": "白名单", "level": "county", "from": "2026-01-01"}, "remark": UNKNOWN,
}  # fmt: skip
POSTING: dict[str, Any] = {
    "posting_id": "p-canary", "source": "enterprise", "source_id": "HR-1", "title": "焊工",
    "description": "负责车间结构件的二氧化碳保护焊接，按图纸下料、组对、焊接并自检。" + TEXTS[0],
    "employer": {"employer_id": "e-canary"}, "occupation_code": "6-18-02-04", "type": "regular", "employment_form": "full_time",
    "region": "140105", "address": f"太原市小店区样例路8号，{TEXTS[1]}", "location": {"lat": 37.73, "lon": 112.56},
    "pay": {"min": 5000, "max": 7000, "unit": "month"}, "education_min": "90", "experience_years_min": 0, "headcount": 2,
    "skills": [f"氩弧焊 {TEXT_PHONE}"], "contact": {"person": CONTACT_NAME, "phone": CONTACT_PHONE}, "remark": UNKNOWN,
}  # fmt: skip
PERSON: dict[str, Any] = {
    "person_id": "u-canary", "kind": "registered_unemployed", "region": "140105", "birth_year_month": "1996-04",
    "registered_unemployed_on": "2026-03-02", "registered_at": "140105",
    "desired": {"titles": ["电焊工", WISH, f"焊工 {wide(TEXT_PHONE)}"], "regions": ["140100"], "employment_forms": ["full_time"]},
    "intention": "employment", "location": {"lat": 37.72, "lon": 112.53},
    "education": {"level": "47", "major": f"焊接技术应用 {TEXT_MAIL}", "school": f"样例技校 {spaced(TEXT_PHONE)}"},
    "experience": [{"title": f"焊工 {TEXT_ID}", "years": 4}], "skills": [f"二保焊，{TEXTS[0]}"], "certificates": ["焊工证"],
    "categories": ["registered_unemployed", "employment_difficulty"], "consent": {"recommend": True, "share_with_employers": True},
    "private": {"name": NAME, "id_number": ID_NUMBER, "phone": PHONE, "mail": MAIL}, "remark": UNKNOWN,
}  # fmt: skip
LOGINS: dict[str, dict[str, Any]] = {
    "jobseeker": {"role": "jobseeker", "person_id": "u-canary"},
    "other-jobseeker": {"role": "jobseeker", "person_id": "u-other"},
    "employer": {"role": "employer", "employer_id": "e-canary"},
    "other-employer": {"role": "employer", "employer_id": "e-other"},
    "commissioner": {"role": "commissioner", "region": "140105"},
    "administrator": {"role": "administrator"},
    "auditor": {"role": "auditor"},
    "market": {"role": "operator", "owner_ids": ("m-1",)},
    "partner": {"role": "partner"},
}


class Outside:
    """What reached the mail server and the message gateway."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.calls: list[bytes] = []
        self.smtp_url = self.gateway_url = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return "250 OK"


@contextmanager
def outside() -> Iterator[Outside]:
    made = Outside()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.calls.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller wants to be told its port
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=gateway.serve_forever, daemon=True)
    thread.start()
    made.smtp_url, made.gateway_url = f"smtp://127.0.0.1:{port}", f"http://127.0.0.1:{gateway.server_port}/messages"
    try:
        yield made
    finally:
        controller.stop()
        gateway.shutdown()
        gateway.server_close()


class House:
    """A ``gongqiao run`` in a data directory, asked over its real socket by every role."""

    def __init__(self, folder: Path, reached: Outside):
        self.folder = folder
        self.reached = reached
        self.keys = make_accounts(folder)
        self.address = ""
        self.said: list[str] = []  # everything on standard output and standard error
        self._readers: list[threading.Thread] = []
        self._process: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_") or name == "GONGQIAO_SHARED"}
        return own | {
            "PYTHONUNBUFFERED": "1",
            "GONGQIAO_SMTP_URL": self.reached.smtp_url,
            "GONGQIAO_GATEWAY_URL": self.reached.gateway_url,
            "GONGQIAO_GATEWAY_SECRET": "a made-up secret",
            "GONGQIAO_QUIET_FROM": "0",
            "GONGQIAO_QUIET_TO": "0",
            "GONGQIAO_LOG_LEVEL": "DEBUG",
        }

    def start(self) -> None:
        self._process = self.command("run", "--data-dir", str(self.folder), "--port", "0", "--demo", "--sample-sizes", "40", "12", "40")
        announced = threading.Event()

        def read(stream: Any) -> None:
            for line in stream:
                self.said.append(line)
                if "工桥 Gongqiao: http" in line:
                    self.address = line.split(": ", 1)[1].strip()
                    announced.set()

        for stream in (self._process.stdout, self._process.stderr):
            self._readers.append(threading.Thread(target=read, args=(stream,), daemon=True))
            self._readers[-1].start()
        assert announced.wait(60), "".join(self.said)[-3000:]

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from infra.cli import main; main()", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments: str) -> str:
        """A command until it ends; everything it says."""
        process = self.command(*arguments)
        out, err = process.communicate(timeout=120)
        self.said += [out, err]
        return out + err

    def call(self, who: str | None, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if who is not None else {}
        return httpx.request(method, self.address + path, headers=headers | given.pop("headers", {}), timeout=60, **given)

    def ask(self, query: str) -> list[Any]:
        """What the database holds, by a look from outside."""
        with closing(sqlite3.connect(f"file:{self.folder / 'gongqiao.sqlite'}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def until(self, condition: Any) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            assert time.monotonic() < deadline, "waited in vain: " + "".join(self.said)[-3000:]

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)
        for reader in self._readers:
            reader.join(10)
        self._process = None

    def files(self) -> dict[str, bytes]:
        """Every file of the data directory as it is on the disk now."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                try:
                    found[str(path.relative_to(self.folder))] = path.read_bytes()
                except FileNotFoundError:
                    continue  # the index merged it away meanwhile
        return found


def make_accounts(folder: Path) -> dict[str, str]:
    """An account of each role with an API key."""
    settings = Settings(data_dir=folder)
    folder.mkdir(parents=True, exist_ok=True)
    opened, writer = open_exchange(settings.database, settings.key(), dict(settings.subjects()))
    try:
        now = opened.now()

        def job(connection: Any) -> dict[str, str]:
            keys = {}
            for login, what in LOGINS.items():
                create_account(connection, login=login, account_id=f"a-{login}", password=PASSWORD, now=now, **what)
                keys[login] = create_key(connection, f"a-{login}", now=now)
            return keys

        made: dict[str, str] = opened.write(job)
        return made
    finally:
        writer.stop()
