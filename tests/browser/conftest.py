"""The whole exchange as a process of its own, and a real Chromium."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from infra.demo import PASSWORD

CHROMIUM = os.environ.get("GONGQIAO_CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TELEPHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium_path() -> str:
    """Chromium's executable; absent it is a skip on a laptop and a failure in the job that exists for it."""
    if not os.access(CHROMIUM, os.X_OK):
        reason = f"no Chromium at {CHROMIUM}; install it, or name it with GONGQIAO_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return CHROMIUM


@pytest.fixture(scope="module")
def address(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where ``gongqiao run --demo`` with a small sample answers, the sample loaded and matched."""
    folder: Path = tmp_path_factory.mktemp("walk")
    command = [sys.executable, "-c", "from infra.cli import main; main()", "run", "--port", "0", "--demo", "--data-dir", str(folder)]
    # As many pushes as there are: what is walked is the way, not a day's budget.
    settings = {"GONGQIAO_PERSON_PUSHES_A_DAY": "1000", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [*command, "--sample-sizes", "60", "20", "60"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("w"),
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    try:
        found, lines = "", []
        for line in process.stdout:
            lines.append(line)
            if match := re.search(r"http://\S+", line):
                found = match[0]
            if "全部匹配完成" in line:
                break
        assert found, "".join(lines) + (folder / "log").read_text()
        yield found
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(chromium_path: str, playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGS)
    yield browser
    browser.close()


@pytest.fixture
def signed_in(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """A page of its own browser window, signed in as a demo account (or as nobody); what a page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(login: str | None = None, *, telephone: bool = False, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=address,
            locale="zh-CN",
            viewport=TELEPHONE if telephone else {"width": 1280, "height": 900},
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if _is_complaint(said) else None)
        if login is not None:
            page.goto("/login")
            page.get_by_label("账号").fill(login)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(said: object) -> bool:
    # A page that is gone answers 410 on purpose, and Chromium says so.
    return getattr(said, "type", "") == "error" and "410" not in getattr(said, "text", "")
