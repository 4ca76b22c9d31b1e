"""account, rebuild, dead letters, settings, run: what an operator calls."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from sqlalchemy import Connection, select

from api.access import second_factor
from api.access.accounts import account_of, close_account, key_caller, open_session
from api.services import Services
from infra import demo
from infra.commands.rebuild import rebuild
from infra.composition import exchange
from infra.serve import running
from infra.settings import Settings, SettingsError
from streams.intake.gateway import delete_person
from streams.intake.tables import people
from streams.runtime.messages import Unreadable
from streams.runtime.tables import dead_letters, log, person_keys, private_values, upsert
from streams.runtime.topology import SUBJECTS
from tests.infra.conftest import ROOT, Program, settings_of

Run = Callable[..., Result]
Start = Callable[..., Program]
NAMES = [subject.name for subject in SUBJECTS]


# -- rebuild ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", NAMES)
def test_every_subject_rebuilt_is_the_live_one(folder: Path, run: Run, subject: str) -> None:
    checked = run("rebuild", subject, "--check", "--data-dir", folder)
    assert checked.exit_code == 0, checked.output
    assert "same as the live one" in checked.output
    assert " 0 messages handled" not in checked.output


def test_a_damaged_table_is_found_and_made_anew(folder: Path, run: Run) -> None:
    with exchange(settings_of(folder), run=False) as opened:
        opened.write(lambda connection: connection.execute(people.delete().where(people.c.person_id == "u-demo")))
    checked = run("rebuild", "intake", "--check", "--data-dir", folder)
    assert checked.exit_code == 1
    assert "intake_people" in checked.output
    rebuilt = run("rebuild", "intake", "--data-dir", folder)
    assert rebuilt.exit_code == 0, rebuilt.output
    assert run("rebuild", "intake", "--check", "--data-dir", folder).exit_code == 0


def test_rebuild_of_what_is_no_subject_is_a_usage_error(folder: Path, run: Run) -> None:
    assert run("rebuild", "everything", "--data-dir", folder).exit_code == 2


def test_a_forgotten_person_is_unreadable_everywhere_and_everything_still_rebuilds(folder: Path) -> None:
    settings = settings_of(folder)
    with exchange(settings) as opened:
        delete_person(opened, "u-demo", sender="test")
        opened.runner.drain(240)
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        rows = connection.execute(select(log).where(log.c.key == "u-demo")).mappings().all()
        about = [
            row for row in rows if row["type"].startswith("person.") and row["type"] not in ("person.deletion_received", "person.removed")
        ]
        assert about
        read = [opened.log.decode(connection, row) for row in about]
        assert sum(isinstance(one, Unreadable) for one in read) >= len(
            [row for row in about if row["type"] in ("person.received", "person.registered")]
        )
        assert connection.execute(select(person_keys).where(person_keys.c.person_id == "u-demo")).first() is None
        assert connection.execute(select(private_values).where(private_values.c.owner_id == "u-demo")).first() is None
        assert connection.execute(select(people).where(people.c.person_id == "u-demo")).first() is None
    for name in NAMES:
        # Outputs differ where they followed from what cannot be read any more; nothing fails for it.
        report = rebuild(settings, name)
        assert (report.dead, report.handled > 0) == (0, True), name
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        assert connection.execute(select(people).where(people.c.person_id == "u-demo")).first() is None


# -- dead letters ----------------------------------------------------------------------------------------------------------


def bury(folder: Path) -> str:
    """A dead letter of intake: a message that it handled, said to have failed."""
    with exchange(settings_of(folder), run=False) as opened:
        with opened.reading() as connection:
            row = connection.execute(select(log).where(log.c.type == "employer.received").limit(1)).mappings().one()
        values = {
            "subject": "intake", "message_id": row["id"], "seq": row["seq"], "type": row["type"], "handler": "intake.receive_employer",
            "field": "region", "reason": "not a region", "at": opened.now().isoformat(), "state": "open",
        }  # fmt: skip
        opened.write(lambda connection: upsert(connection, dead_letters, values))
        return str(row["id"])


def test_dead_letters_are_listed_and_handled_again(folder: Path, run: Run) -> None:
    message_id = bury(folder)
    listed = run("dead-letters", "list", "--data-dir", folder)
    assert listed.exit_code == 0
    assert all(word in listed.output for word in (message_id, "intake", "region", "not a region", "1 dead letters"))
    assert "BAD  dead letters: 1 in intake" in run("doctor", "--data-dir", folder).output
    retried = run("dead-letters", "retry", message_id, "--data-dir", folder)
    assert retried.exit_code == 0, retried.output
    assert "1 handed back, 0 failed again" in retried.output
    assert "0 dead letters" in run("dead-letters", "list", "--data-dir", folder).output
    assert message_id in run("dead-letters", "list", "--all", "--data-dir", folder).output


def test_what_is_no_dead_letter_is_said(folder: Path, run: Run) -> None:
    refused = run("dead-letters", "retry", "nothing", "--data-dir", folder)
    assert refused.exit_code == 1
    assert "no open dead letter" in refused.output
    assert run("dead-letters", "retry", "--data-dir", folder).exit_code == 2
    assert run("dead-letters", "retry", "x", "--all", "--data-dir", folder).exit_code == 2


# -- account ---------------------------------------------------------------------------------------------------------------


def test_an_account_is_made_and_closed(tmp_path: Path, run: Run) -> None:
    made = run("account", "create", "--login", "wang", "--role", "commissioner", "--region", "140105", "--key", "--data-dir", tmp_path)
    assert made.exit_code == 0, made.output
    assert "password: " in made.output
    assert "API key (shown this once): gq_" in made.output
    closed = run("account", "close", "--login", "wang", "--data-dir", tmp_path)
    assert closed.exit_code == 0
    assert run("account", "close", "--login", "nobody", "--data-dir", tmp_path).exit_code == 2


def test_an_account_is_signed_out_and_relieved_of_its_second_factor(tmp_path: Path, run: Run) -> None:
    run("account", "create", "--login", "wang", "--role", "administrator", "--data-dir", tmp_path)
    with exchange(Settings(data_dir=tmp_path), run=False) as opened:

        def job(connection: Connection) -> None:
            account_id = account_of(connection, "wang")
            assert account_id is not None
            open_session(connection, account_id, now=opened.now(), hours=1)
            second_factor.begin(connection, opened.vault, account_id, opened.now())

        opened.write(job)
    assert "1 sessions ended" in run("account", "sign-out", "--login", "wang", "--data-dir", tmp_path).output
    assert "0 sessions ended" in run("account", "sign-out", "--login", "wang", "--data-dir", tmp_path).output
    assert "taken off" in run("account", "drop-second-factor", "--login", "wang", "--data-dir", tmp_path).output
    assert "it has no second factor" in run("account", "drop-second-factor", "--login", "wang", "--data-dir", tmp_path).output
    for name in ("sign-out", "drop-second-factor"):
        refused = run("account", name, "--login", "nobody", "--data-dir", tmp_path)
        assert (refused.exit_code, "no account" in refused.output) == (2, True)


def test_an_account_of_staff_is_linked_with_a_provider(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for login, *more in (("wang", "commissioner", "--region", "140105"), ("li", "auditor"), ("mart", "operator")):
        run("account", "create", "--login", login, "--role", *more, "--data-dir", tmp_path)
    at = ("--data-dir", tmp_path)
    nowhere = run("account", "link", "--login", "wang", "--subject", "s-1", *at)
    assert (nowhere.exit_code, "GONGQIAO_OIDC_ISSUER" in nowhere.output) == (2, True)
    for name, value in {**PROVIDER, "public_url": "https://work.example"}.items():
        monkeypatch.setenv(f"GONGQIAO_{name.upper()}", value)
    assert run("account", "link", "--login", "wang", "--subject", "s-1", *at).exit_code == 0
    assert run("account", "link", "--login", "wang", "--subject", "s-1", *at).exit_code == 0  # the same again
    taken = run("account", "link", "--login", "li", "--subject", "s-1", *at)
    assert (taken.exit_code, "linked with it already" in taken.output) == (2, True)
    nobodys = run("account", "link", "--login", "mart", "--subject", "s-2", *at)
    assert (nobodys.exit_code, "commissioner, administrator, auditor" in nobodys.output) == (2, True)
    assert "link taken off" in run("account", "unlink", "--login", "wang", *at).output
    assert "it has no link" in run("account", "unlink", "--login", "wang", *at).output
    assert run("account", "link", "--login", "li", "--subject", "s-1", *at).exit_code == 0


def test_a_key_is_made_for_some_actions_and_a_time(tmp_path: Path, run: Run) -> None:
    run("account", "create", "--login", "mart", "--role", "operator", "--owner", "m-1", "--data-dir", tmp_path)
    named = ("account", "key", "--login", "mart", "--name", "大屏", "--data-dir", tmp_path)
    made = run(*named, "--action", "posting.write", "--action", "public.read", "--days", "30")
    assert made.exit_code == 0, made.output
    key = made.output.strip().rpartition(" ")[2]
    with exchange(Settings(data_dir=tmp_path), run=False) as opened, opened.reading() as connection:
        caller = key_caller(connection, key, now=opened.now())
        assert caller is not None
        assert (caller.login, caller.actions) == ("mart", ("posting.write", "public.read"))
        assert key_caller(connection, key, now=opened.now() + timedelta(days=31)) is None
    refused = run(*named, "--action", "candidates.read")
    assert refused.exit_code == 2
    assert "posting.write" in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "commissioner"), "--region"),
        (("--role", "employer"), "--employer"),
        (("--role", "jobseeker"), "--person"),
        (("--role", "administrator", "--password", "short"), "--password"),
        (("--role", "king"), "--role"),
    ],
)
def test_an_account_that_cannot_be_is_a_usage_error(tmp_path: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run("account", "create", "--login", "wang", *arguments, "--data-dir", tmp_path)
    assert refused.exit_code == 2
    assert said in refused.output


# -- settings --------------------------------------------------------------------------------------------------------------


def test_production_without_a_key_refuses(tmp_path: Path, program: Start) -> None:
    started = program("run", "--port", "0", "--data-dir", tmp_path, GONGQIAO_MODE="production")
    _, errors = started.rest()
    assert started.process.returncode == 1
    assert "GONGQIAO_MASTER_KEY is missing" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "master.key").exists()


SAFE = {"mode": "production", "master_key": bytes(range(32)).hex(), "public_url": "https://work.example"}

PROVIDER = {"oidc_issuer": "https://who.example", "oidc_client_id": "gongqiao", "oidc_client_secret": "of-the-provider"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"master_key": "00" * 32}, "GONGQIAO_MASTER_KEY"),
        ({"master_key": "ab" * 32}, "GONGQIAO_MASTER_KEY"),
        ({"master_key": None}, "GONGQIAO_MASTER_KEY"),
        ({"log_level": "debug"}, "GONGQIAO_LOG_LEVEL"),
        ({"public_url": "http://work.example"}, "GONGQIAO_PUBLIC_URL"),
        ({"gateway_url": "https://gate.example", "gateway_secret": "short"}, "GONGQIAO_GATEWAY_SECRET"),
        ({"gateway_url": "https://gate.example"}, "GONGQIAO_GATEWAY_SECRET"),
        ({"webhook_loopback": True}, "GONGQIAO_WEBHOOK_LOOPBACK"),
        ({**PROVIDER, "oidc_issuer": "http://who.example"}, "GONGQIAO_OIDC_ISSUER"),
    ],
)
def test_production_refuses_what_it_must_not_run_with_and_says_which(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said), exchange(Settings(data_dir=tmp_path / "new", **{**SAFE, **changes})):
        pass
    assert not (tmp_path / "new" / "gongqiao.sqlite").exists()
    with exchange(Settings(data_dir=tmp_path, **{**SAFE, **changes, "mode": "development"}), run=False):
        pass  # a desk may


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_client_id": None}, "GONGQIAO_OIDC_CLIENT_ID is missing"),
        ({"oidc_client_secret": None}, "GONGQIAO_OIDC_CLIENT_SECRET is missing"),
        ({"public_url": None}, "GONGQIAO_PUBLIC_URL is missing"),
        ({"oidc_scope": "profile"}, "GONGQIAO_OIDC_SCOPE"),
        ({"oidc_issuer": "who.example"}, "GONGQIAO_OIDC_ISSUER"),
    ],
)
@pytest.mark.parametrize("mode", ["development", "production"])
def test_half_a_provider_is_refused_everywhere_and_said_which_half(tmp_path: Path, mode: str, changes: dict[str, Any], said: str) -> None:
    settings = Settings(data_dir=tmp_path, **{**SAFE, **PROVIDER, "mode": mode, **changes})
    with pytest.raises(SettingsError, match=said), running(settings):
        pass


def test_a_whole_provider_is_what_is_registered(tmp_path: Path) -> None:
    whole = Settings(data_dir=tmp_path, **{**SAFE, **PROVIDER, "oidc_second_factor": "mfa, otp,"})
    whole.refuse_unsafe()
    found = whole.provider()
    assert found is not None
    assert (found["issuer"], found["claim"], found["factors"]) == ("https://who.example", "sub", ("mfa", "otp"))
    assert Settings(data_dir=tmp_path, **SAFE).provider() is None
    assert "of-the-provider" not in repr(whole)


def test_production_says_everything_at_once_and_starts_with_what_is_safe(tmp_path: Path) -> None:
    both = Settings(data_dir=tmp_path, **{**SAFE, "master_key": "00" * 32, "log_level": "DEBUG"})
    with pytest.raises(SettingsError, match=r"GONGQIAO_MASTER_KEY.*GONGQIAO_LOG_LEVEL"):
        both.refuse_unsafe()
    with exchange(Settings(data_dir=tmp_path, **SAFE), run=False) as opened, opened.reading() as connection:
        assert connection.execute(select(log)).all() == []


def test_production_does_not_open_to_the_passwords_of_the_demonstration(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, **{**SAFE, "mode": "development"})
    with exchange(settings, run=False) as opened:
        demo.make_accounts(Services(opened, None))
    safe = settings.model_copy(update={"mode": "production"})
    with pytest.raises(SettingsError, match=r"a-demo.*account close"), running(safe):
        pass
    with exchange(settings, run=False) as opened:
        for row in (*demo.accounts(), demo.ADMINISTRATOR):
            opened.write(lambda connection, login=row["account_id"]: close_account(connection, login))
        assert demo.open_to_everybody(opened) == []


def test_a_setting_that_is_none_is_named(tmp_path: Path, program: Start) -> None:
    started = program("doctor", GONGQIAO_PORT="eighty", GONGQIAO_DATA_DIR=str(tmp_path))
    _, errors = started.rest()
    assert started.process.returncode == 1
    assert "GONGQIAO_PORT" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("key", ["", "xyz", "00" * 31, "00" * 33])
def test_a_key_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match="64 hex digits"):
        Settings(data_dir=tmp_path, master_key=key).key()  # type: ignore[arg-type]


def test_the_key_of_development_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = settings_of(tmp_path / "data").key()
    assert settings_of(tmp_path / "data").key() == first
    assert stat.S_IMODE((tmp_path / "data" / "master.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["master.key"]


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    assert "ab" * 32 not in repr(Settings(data_dir=tmp_path, master_key="ab" * 32, gateway_secret="hush"))  # type: ignore[arg-type]
    assert "hush" not in repr(Settings(data_dir=tmp_path, gateway_secret="hush"))  # type: ignore[arg-type]


def test_what_is_no_database_is_said_without_a_traceback(tmp_path: Path, program: Start) -> None:
    (tmp_path / "gongqiao.sqlite").write_bytes(b"rubbish" * 1000)
    started = program("dead-letters", "list", "--data-dir", tmp_path)
    _, errors = started.rest()
    assert started.process.returncode == 1
    assert "gongqiao restore FILE" in errors
    assert "Traceback" not in errors


# -- run -------------------------------------------------------------------------------------------------------------------


def test_a_taken_port_says_what_to_do(tmp_path: Path, program: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        started = program("run", "--port", str(taken.getsockname()[1]), "--data-dir", tmp_path)
        _, errors = started.rest()
    assert started.process.returncode == 1
    assert "--port" in errors
    assert list(tmp_path.iterdir()) == []


def test_demo_does_not_run_in_production(tmp_path: Path, program: Start) -> None:
    started = program("run", "--demo", "--data-dir", tmp_path, GONGQIAO_MODE="production", GONGQIAO_MASTER_KEY="00" * 32)
    assert "well-known passwords" in started.rest()[1]
    assert started.process.returncode == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_gracefully_and_the_next_start_finds_everything(folder: Path, program: Start, number: signal.Signals) -> None:
    found = []
    for _ in range(2):
        started = program("run", "--port", "0", "--data-dir", folder)
        address = started.line_with("工桥 Gongqiao: ").rpartition(" ")[2]
        started.line_with("Ctrl-C")
        with httpx.Client(base_url=address, timeout=240) as client:
            found.append(client.get("/api/v1/postings?limit=100").json()["total"])
            with client.stream("GET", "/health/live") as kept_open:
                assert kept_open.status_code == 200
        os.kill(started.process.pid, number)
        said, errors = started.rest()
        assert started.process.returncode == 0, errors[-2000:]
        assert "已停止" in said
    assert found[0] > 10
    assert found[0] == found[1]


def test_a_second_exchange_on_the_same_data_is_refused(folder: Path, program: Start) -> None:
    first = program("run", "--port", "0", "--data-dir", folder)
    first.line_with("Ctrl-C")
    second = program("run", "--port", "0", "--data-dir", folder)
    _, errors = second.rest()
    assert second.process.returncode == 1
    assert "stop it first" in errors
    first.process.terminate()
    first.rest()


def test_commands_work_beside_a_running_exchange(folder: Path, program: Start, run: Run, tmp_path: Path) -> None:
    first = program("run", "--port", "0", "--data-dir", folder)
    address = first.line_with("工桥 Gongqiao: ").rpartition(" ")[2]
    first.line_with("Ctrl-C")
    made = run("account", "create", "--login", "wang", "--role", "administrator", "--password", "long-enough", "--data-dir", folder)
    assert made.exit_code == 0, made.output
    assert httpx.get(f"{address}/api/v1/people/nobody", auth=("wang", "long-enough")).status_code == 404
    looked = run("doctor", "--data-dir", folder)
    assert "exchange: running" in looked.output
    assert run("backup", tmp_path / "b.sqlite", "--data-dir", folder).exit_code == 0
    message_id = bury(folder)
    assert "1 handed back" in run("dead-letters", "retry", message_id, "--data-dir", folder).output
    assert run("rebuild", "intake", "--data-dir", folder).exit_code == 1
    first.process.terminate()
    first.rest()
    assert first.process.returncode == 0


# -- importing -------------------------------------------------------------------------------------------------------------

IMPORT_ALL = """
import importlib, os, pkgutil, sys, sysconfig
told = []
own = os.getcwd()

def hook(event, arguments):
    if not watching:
        return
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        told.append((event, str(arguments[-1])))
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode, flags = os.fsdecode(arguments[0]), arguments[1] or "", arguments[2]
        writes = any(letter in mode for letter in "wax+") or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        mine = os.path.abspath(path).startswith(own + os.sep) and os.sep + ".venv" + os.sep not in path
        code = path.endswith((".py", ".pyc", ".pth")) or "__pycache__" in path
        # Compiled code is kept beside its source, numba's as Python's own: whether that can be written is tried when a function is made.
        if "__pycache__" not in path and (writes or (mine and not code)) and path != os.devnull:
            told.append((event, path, mode))
    elif event == "sqlite3.connect":
        told.append((event, str(arguments[0])))

watching = False
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import numba, numpy, fastapi, tantivy, sqlalchemy, tqdm, pydantic, uvicorn, alembic.config, multiprocessing
watching = True
for package in ("matcher", "search", "streams", "api", "infra"):
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, package + "."):
        if module.name.startswith("infra.migrations") or module.name.endswith("__main__"):
            continue
        importlib.import_module(module.name)
watching = False
print(told)
raise SystemExit(bool(told))
"""


def test_importing_any_module_opens_no_file_and_no_socket() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
