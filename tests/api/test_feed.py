"""The feed of public postings: changes with tombstones, the snapshot they go on from."""

from __future__ import annotations

import gzip
from typing import Any

import orjson

from streams.runtime.tables import log
from tests.api.conftest import EMPLOYER, PERSON, POSTING, Market, furnish


def applied(entries: list[dict[str, Any]], state: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a follower has after these changes."""
    found = dict(state or {})
    for entry in entries:
        if entry["change"] == "upsert":
            found[entry["posting_id"]] = entry["posting"]
        else:
            found.pop(entry["posting_id"], None)
    return found


def read_all(market: Market, cursor: str = "0", limit: int = 1000) -> tuple[list[dict[str, Any]], str]:
    entries: list[dict[str, Any]] = []
    while True:
        page = market.get(None, f"/feed?cursor={cursor}&limit={limit}").json()
        entries += page["items"]
        cursor = page["cursor"]
        if not page["more"]:
            return entries, cursor


def snapshot(market: Market) -> tuple[dict[str, Any], str]:
    lines = [orjson.loads(line) for line in gzip.decompress(market.get(None, "/feed/snapshot").content).splitlines()]
    return {line["posting_id"]: line for line in lines[:-1]}, lines[-1]["cursor"]


def busy(market: Market) -> None:
    """A market in which everything happens that a feed can tell."""
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    ids = [
        market.publish({"source_id": f"HR-{number}", "title": title})
        for number, title in enumerate(("焊工", "数控车工", "会计", "保洁员", "厨师"))
    ]
    market.publish({"source_id": "HR-0", "title": "焊工", "headcount": 3})
    market.call("employer", "DELETE", f"/postings/{ids[1]}?reason=停招&wait=1")
    market.post("employer", "/postings?wait=1", {**POSTING, "source_id": "HR-2", "title": "会计（限女性）"})
    market.post("administrator", "/people?wait=1", PERSON)
    market.settle()
    market.post("employer", f"/matches/u-7/{ids[3]}/steps", {"step": "hired"})
    market.settle()


def test_changes_come_in_order_and_removals_say_why(market: Market) -> None:
    busy(market)
    entries, _ = read_all(market)
    assert [int(entry["cursor"]) for entry in entries] == sorted(int(entry["cursor"]) for entry in entries)
    reasons = {entry["reason"] for entry in entries if entry["change"] == "removed"}
    assert reasons == {"withdrawn", "held", "filled"}
    titles = sorted(posting["title"] for posting in applied(entries).values())
    assert titles == ["厨师", "焊工"]


def test_pages_of_any_size_tell_the_same(market: Market) -> None:
    busy(market)
    whole, end = read_all(market)
    assert read_all(market, limit=1) == (whole, end)
    assert read_all(market, limit=3) == (whole, end)


def test_the_snapshot_is_what_the_changes_add_up_to_and_its_cursor_goes_on_without_a_gap(market: Market) -> None:
    busy(market)
    shown, cursor = snapshot(market)
    entries, end = read_all(market)
    assert shown == applied(entries)
    assert cursor == end
    market.publish({"source_id": "HR-4", "title": "厨师长"})
    market.publish({"source_id": "HR-9", "title": "电工"})
    after, _ = read_all(market, cursor)
    assert applied(after, shown) == applied(read_all(market)[0]) == snapshot(market)[0]


def test_nothing_new_is_304(market: Market) -> None:
    furnish(market)
    first = market.get(None, "/feed")
    assert first.headers["etag"]
    at_end = market.get(None, f"/feed?cursor={first.json()['cursor']}")
    assert at_end.json()["items"] == []
    again = market.get(None, f"/feed?cursor={first.json()['cursor']}", headers={"If-None-Match": f'"x", W/{at_end.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", at_end.headers["etag"])
    market.publish({"source_id": "HR-9", "title": "电工"})
    news = market.get(None, f"/feed?cursor={first.json()['cursor']}", headers={"If-None-Match": at_end.headers["etag"]})
    assert (news.status_code, len(news.json()["items"])) == (200, 1)


def test_the_snapshot_serves_byte_ranges_and_304(market: Market) -> None:
    furnish(market)
    whole = market.get(None, "/feed/snapshot")
    assert whole.headers["content-type"] == "application/gzip"
    assert whole.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in whole.headers  # or a client would unpack it, and ranges would mean other bytes
    first = market.get(None, "/feed/snapshot", headers={"Range": "bytes=0-9"})
    rest = market.get(None, "/feed/snapshot", headers={"Range": "bytes=10-", "If-Range": whole.headers["etag"]})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == whole.content
    assert market.get(None, "/feed/snapshot", headers={"Range": "bytes=999999-"}).status_code == 416
    assert market.get(None, "/feed/snapshot", headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert market.get(None, "/feed/snapshot").content == whole.content


def test_a_snapshot_of_another_state_has_another_etag(market: Market) -> None:
    furnish(market)
    before = market.get(None, "/feed/snapshot").headers["etag"]
    market.publish({"source_id": "HR-9", "title": "电工"})
    assert market.get(None, "/feed/snapshot").headers["etag"] != before


def test_the_folder_keeps_few_snapshots(market: Market) -> None:
    furnish(market)
    for number in range(6):
        market.publish({"source_id": f"HR-{number}", "title": f"电工{number}组", "description": f"第{number}组"})
        market.get(None, "/feed/snapshot")
    assert len(list((market.services.scratch_folder() / "feed").iterdir())) == 3


def test_a_change_that_cannot_be_read_holds_nobody_up(market: Market) -> None:
    busy(market)
    whole, end = read_all(market)
    damaged = whole[1]["cursor"]
    market.services.exchange.write(lambda connection: connection.execute(log.update().where(log.c.seq == int(damaged)).values(body=b"{}")))
    rest = [entry for entry in whole if entry["cursor"] != damaged]
    assert read_all(market, limit=1) == (rest, end)
    assert read_all(market) == (rest, end)
