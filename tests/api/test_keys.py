"""API keys: each opens the actions that it names and no others, until its day; shown once, kept hashed, followed by another."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.access.accounts import create_key
from api.access.granting import NOT_BY_KEY, of_keys
from api.access.roles import TABLE, rules
from api.access.tables import api_keys
from tests.api.conftest import ACCOUNTS, POSTING, Market, described, furnish, open_market
from tests.api.test_second_factor import send
from tests.api.test_signing_in import cookie_of, sign_in
from tests.api.test_who_may_what import TABLE as EXAMPLES
from tests.api.test_who_may_what import ask

ASKED = ("jobseeker", "employer", "commissioner", "administrator", "auditor", "market", "partner")
FULL = {"name": "招聘系统", "actions": ["public.read", "posting.write"], "days": 30}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, empty_folder: Path, _cheap_passwords: None) -> Any:
    """A furnished market with two more keys an account and action: for that action alone, and for all others."""
    for market in open_market(tmp_path_factory.mktemp("keys"), empty_folder):
        furnish(market)
        market.match_id = market.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
        now = market.services.exchange.now()

        def job(connection: Any, market: Market = market, now: Any = now) -> None:
            for who in ASKED:
                offered = tuple(of_keys(str(ACCOUNTS[who]["role"])))
                for action in {rule.action for rule in TABLE}:
                    others = tuple(one for one in offered if one != action)
                    market.keys[f"{who} with {action}"] = create_key(connection, f"a-{who}", now=now, actions=(action,))
                    market.keys[f"{who} without {action}"] = create_key(connection, f"a-{who}", now=now, actions=others)

        market.services.exchange.write(job)
        yield market


def key_of(market: Market, who: str = "employer", **changes: Any) -> dict[str, Any]:
    """A new key, made as a program does, that the account ``with key`` then asks with."""
    answer = market.post(who, "/account/keys", {**FULL, **changes})
    assert answer.status_code == 201, answer.text
    market.keys["with key"] = answer.json()["key"]
    return dict(answer.json())


def told(market: Market, made: dict[str, Any], who: str = "employer") -> dict[str, Any]:
    """What the list tells of a key."""
    return next(one for one in market.get(who, "/account/keys").json()["items"] if one["key_id"] == made["key_id"])


@pytest.mark.parametrize("route", EXAMPLES)
def test_a_key_opens_what_it_names_and_nothing_else(limited: Market, route: str) -> None:
    body = EXAMPLES[route][1]
    rule = rules()[described(limited.app, route.replace("{p}", "x").replace("{m}", "x"))]
    for who in ASKED:
        if rule.action not in of_keys(str(ACCOUNTS[who]["role"])):
            continue
        without = ask(limited, f"{who} without {rule.action}", route, body)
        assert without.status_code == 403, f"{who} at {route}: {without.text[:200]}"
        assert rule.action not in without.json()["actions"]
        whole, narrow = ask(limited, who, route, body), ask(limited, f"{who} with {rule.action}", route, body)
        # 409: what was done a moment ago, and is not done twice.
        assert narrow.status_code in (whole.status_code, 409), f"{who} at {route}: {narrow.status_code} {narrow.text[:200]}"


def test_no_key_for_some_actions_reaches_the_account_itself(limited: Market) -> None:
    for who in ("employer", "market", "partner"):
        assert not set(NOT_BY_KEY) & of_keys(str(ACCOUNTS[who]["role"])).keys()
        for method, path in (("GET", "/account"), ("DELETE", "/account/sessions"), ("GET", "/account/keys"), ("POST", "/account/keys")):
            answer = limited.call(f"{who} with public.read", method, path, **({"json": FULL} if method == "POST" else {}))
            assert answer.status_code == 403, (who, path)
    pages = ("/account", "/account/keys", "/employer", "/employer/new")
    headers = {"Authorization": f"Bearer {limited.keys['employer with posting.write']}"}
    assert {limited.client.get(path, headers=headers).status_code for path in pages} == {403}


def test_a_key_is_shown_once_and_kept_hashed(market: Market) -> None:
    made = key_of(market)
    assert (made["name"], made["actions"], made["last_day"], made["open"]) == ("招聘系统", FULL["actions"], "2026-12-20", True)
    listed = market.get("employer", "/account/keys").json()
    assert made["key"] not in str(listed)
    assert told(market, made) | {"key": made["key"]} == made
    assert [one["actions"] for one in listed["items"] if one["key_id"] != made["key_id"]] == [None]  # it came with the account
    with market.services.exchange.reading() as connection:
        assert made["key"] not in str(connection.execute(api_keys.select()).all())


def test_a_key_ends_after_its_last_day(market: Market) -> None:
    made = key_of(market, days=1)
    market.clock.at += timedelta(hours=37)  # the last day, at eleven in the evening
    assert market.get("with key", "/postings").status_code == 200
    market.clock.at += timedelta(hours=1)
    assert market.get("with key", "/postings").status_code == 401
    assert told(market, made)["open"] is False


def test_the_day_of_the_last_use_is_told(market: Market) -> None:
    made = key_of(market)
    assert "last_used_on" not in made
    for hours, day in ((0, "2026-11-20"), (5, "2026-11-20"), (24, "2026-11-21")):
        market.clock.at += timedelta(hours=hours)
        assert market.get("with key", "/postings").status_code == 200
        assert told(market, made)["last_used_on"] == day


def test_a_key_is_followed_by_another_and_both_open_for_a_while(market: Market) -> None:
    old = key_of(market)
    market.keys["old"] = old["key"]
    answer = market.post("employer", f"/account/keys/{old['key_id']}/rotation", {"overlap_days": 2, "days": 90})
    assert answer.status_code == 201, answer.text
    new = answer.json()
    market.keys["new"] = new["key"]
    assert (new["name"], new["actions"], new["last_day"]) == (old["name"], old["actions"], str(date(2026, 11, 20) + timedelta(days=90)))
    assert new["old"] == {"key_id": old["key_id"], "last_day": "2026-11-22"}
    assert [market.get(who, "/postings").status_code for who in ("old", "new")] == [200, 200]
    market.clock.at += timedelta(days=3)
    assert [market.get(who, "/postings").status_code for who in ("old", "new")] == [401, 200]
    gone = market.post("employer", f"/account/keys/{old['key_id']}/rotation", {})
    assert gone.status_code == 404


def test_a_rotation_lengthens_no_old_key(market: Market) -> None:
    old = key_of(market, days=3)
    answer = market.post("employer", f"/account/keys/{old['key_id']}/rotation", {"overlap_days": 30})
    assert answer.json()["old"]["last_day"] == old["last_day"] == "2026-11-23"


def test_a_key_rotates_itself_and_no_other(market: Market) -> None:
    other = key_of(market)
    own = key_of(market, actions=["public.read", "account.rotate_key"])
    assert market.post("with key", f"/account/keys/{other['key_id']}/rotation", {}).status_code == 404
    answer = market.post("with key", f"/account/keys/{own['key_id']}/rotation", {})
    assert answer.status_code == 201
    assert answer.json()["actions"] == ["public.read", "account.rotate_key"]


def test_an_ended_key_opens_nothing(market: Market) -> None:
    made = key_of(market)
    assert market.call("employer", "DELETE", f"/account/keys/{made['key_id']}").json() == {"key_id": made["key_id"], "ended": True}
    assert market.get("with key", "/postings").status_code == 401


def test_keys_are_their_accounts_own(market: Market) -> None:
    made = key_of(market)
    assert made["key_id"] not in [one["key_id"] for one in market.get("other-employer", "/account/keys").json()["items"]]
    assert market.call("other-employer", "DELETE", f"/account/keys/{made['key_id']}").status_code == 404
    assert market.post("other-employer", f"/account/keys/{made['key_id']}/rotation", {}).status_code == 404
    assert market.get("with key", "/postings").status_code == 200


def test_a_key_that_cannot_be_is_refused_by_field(market: Market) -> None:
    for changes, field in (
        ({"actions": ["person.read"]}, "actions"),
        ({"actions": []}, "actions"),
        ({"name": ""}, "name"),
        ({"days": 731}, "days"),
        ({"days": 0}, "days"),
    ):
        answer = market.post("employer", "/account/keys", {**FULL, **changes})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    allowed = market.post("employer", "/account/keys", {**FULL, "actions": ["account.keys"]}).json()["errors"][0]["allowed"]
    assert "candidates.read" in allowed


def test_an_account_has_twenty_keys_at_most(market: Market) -> None:
    answers = [market.post("partner", "/account/keys", FULL).status_code for _ in range(20)]
    assert answers == [201] * 19 + [409]  # one came with the account


def test_a_market_posts_with_a_key_for_posting_alone(market: Market) -> None:
    key_of(market, "market", actions=["posting.write"])
    gig = {**POSTING, "source": "gig_market", "market_id": "m-1", "source_id": "LG-1", "type": "gig", "employment_form": "gig"}
    gig |= {"employer": None, "work": {"starts_at": "2026-12-01T08:00", "days": 1}, "pay": {"min": 200, "unit": "day"}}
    assert market.post("with key", "/postings?wait=1", gig).status_code in (200, 202)
    assert market.get("with key", "/feed").status_code == 403


def test_keys_are_managed_on_a_page(market: Market) -> None:
    headers = cookie_of(sign_in(market, login="employer"))
    assert "还没有用过" in market.client.get("/account/keys", headers=headers).text
    wrong = send(market, "/account/keys", headers, name="", actions="public.read", days="365")
    assert (wrong.status_code, "请填写1到60个字的名称" in wrong.text) == (422, True)
    assert send(market, "/account/keys", headers, name="系统", actions="person.read", days="365").status_code == 422
    made = send(market, "/account/keys", headers, name="<系统>", actions="candidates.read", days="90")
    key = re.search(r"<code>(gq_[^<]+)</code>", made.text)
    assert key is not None
    assert "&lt;系统&gt;" in made.text
    listed = market.client.get("/account/keys", headers=headers).text
    assert key[1] not in listed
    key_id = next(one["key_id"] for one in market.get("employer", "/account/keys").json()["items"] if one.get("name") == "<系统>")
    rotated = send(market, f"/account/keys/{key_id}/rotate", headers)
    assert "旧密钥还可以用到2026年11月27日" in rotated.text
    assert send(market, f"/account/keys/{key_id}/end", headers).status_code == 303
    assert send(market, f"/account/keys/{key_id}/end", headers).status_code == 404
    assert market.client.get("/api/v1/postings", headers={"Authorization": f"Bearer {key[1]}"}).status_code == 401


def test_a_key_without_a_name_is_followed_on_the_page_too(market: Market) -> None:
    """Those of the command line have none."""
    headers = cookie_of(sign_in(market, login="employer"))
    key_id = market.get("employer", "/account/keys").json()["items"][0]["key_id"]
    rotated = send(market, f"/account/keys/{key_id}/rotate", headers)
    assert rotated.status_code == 200
    assert re.search(r"<code>gq_[^<]+</code>", rotated.text)
