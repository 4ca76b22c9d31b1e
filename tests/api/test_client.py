"""The client against a real exchange over a socket: what it sends and reads, how it waits, what it repeats and what it never does."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cache.memory import MemoryCache
from api.client import Conflict, Forbidden, Gone, Gongqiao, Invalid, NotFound, NotSignedIn, TooLarge, TooOften, Unavailable
from tests.api.conftest import EMPLOYER, PASSWORD, PERSON, POSTING, Market, furnish, open_market
from tests.serving import serving

ROOT = Path(__file__).parents[2]


@pytest.fixture
def served(market: Market) -> Iterator[tuple[Market, Callable[..., Gongqiao]]]:
    """A furnished exchange behind a socket, and a client for an account of it."""
    furnish(market)
    opened: list[Gongqiao] = []
    with serving(market.app, lifespan="off") as address:

        def client(who: str | None = None, **options: Any) -> Gongqiao:
            opened.append(Gongqiao(address, key=market.keys[who] if who else None, **options))
            return opened[-1]

        try:
            yield market, client
        finally:
            market.app.state.wakeups.stop_soon()
            for one in opened:
                one.close()


def test_it_knows_nothing_of_the_server() -> None:
    for path in (ROOT / "api/client").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                assert top in sys.stdlib_module_names or top == "httpx" or name.startswith("api.client"), f"{path.name} imports {name}"


def test_what_an_employer_does(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    ours = client("employer")
    sent = ours.send_posting({**POSTING, "source_id": "HR-7", "title": "钳工"}, wait=True)  # type: ignore[typeddict-item]
    assert (sent["outcome"], sent["state"]) == ("published", "published")
    market.settle()
    assert ours.posting(sent["id"])["title"] == "钳工"
    again = ours.replace_posting(sent["id"], {**POSTING, "source_id": "HR-7", "title": "装配钳工"}, wait=True)  # type: ignore[typeddict-item]
    assert again["id"] == sent["id"]
    people = list(ours.candidates(market.posting_id, limit=1))
    assert {one["person_id"] for one in people} == {"u-7", "u-8"}
    assert ours.match("u-8", market.posting_id)["blockers"] == []
    ours.report_shortages("e-9", [{"title": "焊工", "number": 3}], since=date(2026, 11, 1))
    market.settle()
    assert ours.gap("e-9")["reported"] == 3
    assert ours.employer("e-9")["name"] == EMPLOYER["name"]
    step = ours.report_step("u-8", market.posting_id, "invited", on=date(2026, 11, 20))
    assert step["step"] == "invited"
    with pytest.raises(Conflict):
        ours.report_step("u-8", market.posting_id, "left")
    assert ours.withdraw_posting(sent["id"], "已经招满", wait=True)["state"] == "withdrawn"
    with pytest.raises(Gone) as gone:
        client().posting(sent["id"])
    assert gone.value.body["ended"]["reason"] == "withdrawn"


def test_what_a_jobseeker_and_an_office_do(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    mine = client("jobseeker")
    assert mine.person("u-7")["kind"] == "registered_unemployed"
    assert [one["posting_id"] for one in mine.recommendations("u-7")] == [market.posting_id]
    item = next(mine.inbox("u-7", limit=1))
    assert mine.answer("u-7", item["match_id"], "interested")["contact"]["phone"] == POSTING["contact"]["phone"]
    with pytest.raises(Forbidden):
        mine.person("u-8")
    office = client("commissioner")
    assert office.gaps("a-commissioner")["commissioner_id"] == "a-commissioner"
    assert office.send_person({**PERSON, "person_id": "u-20"}, wait=True)["person_id"] == "u-20"  # type: ignore[typeddict-item]
    assert office.send_employer({"employer_id": "e-20", "name": "样例", "region": "140105"}, wait=True)["employer_id"] == "e-20"


def test_what_needs_no_account(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    for number in range(7):
        market.publish(
            {
                "source_id": f"L-{number}",
                "title": f"{'甲乙丙丁戊己庚'[number]}类操作工",
                "description": f"第{number}条产线上料、看机、记录产量。" * 3,
            }
        )
    anyone = client()
    assert anyone.live()
    assert anyone.ready()["engines"]
    assert "gongqiao_subject_lag" in anyone.metrics()
    found = list(anyone.search(q="操作工", limit=2, region=["140105", "140106"]))
    assert len({one["posting_id"] for one in found}) == 7
    assert anyone.search_page(q="焊工")["total"] == 1
    assert anyone.hints(date(2026, 11, 20), {})["results"]

    with anyone.snapshot() as snapshot:
        whole = {one["posting_id"] for one in snapshot}
        assert {one["posting_id"] for one in snapshot} == whole  # it can be read again
    changes = list(anyone.changes(limit=3))
    assert {one["posting_id"] for one in changes if one["change"] == "upsert"} == whole
    assert list(anyone.changes(snapshot.cursor)) == []
    assert list(anyone.changes(changes[2]["cursor"])) == changes[3:]


def test_many_at_once_and_each_line_that_is_wrong(served: tuple[Market, Callable[..., Gongqiao]], monkeypatch: pytest.MonkeyPatch) -> None:
    _, client = served
    monkeypatch.setattr("api.client.exchange._LINES", 3)  # several requests
    lines: list[Any] = [{**POSTING, "source_id": f"N-{number}", "title": f"普工{number}"} for number in range(8)]
    lines[4] = {**lines[4], "source": "mars"}
    answer = client("employer").send_postings(lines)
    assert [one["line"] for one in answer["accepted"]] == [1, 2, 3, 4, 6, 7, 8]
    assert [(one["line"], one["errors"][0]["field"]) for one in answer["rejected"]] == [(5, "source")]
    none = client("employer").send_postings([{"title": 1}, {"source": "mars"}])  # type: ignore[typeddict-item]
    assert (len(none["accepted"]), len(none["rejected"])) == (0, 2)
    with pytest.raises(Forbidden):
        client("jobseeker").send_postings(lines)


def test_a_problem_names_the_parameter_what_is_allowed_and_what_to_do(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    _, client = served
    with pytest.raises(Invalid) as wrong:
        client().search_page(frm="full_time")
    assert (wrong.value.status, wrong.value.fields) == (400, ("frm",))
    assert "form" in wrong.value.errors[0].allowed
    assert "frm: no such parameter (allowed: q, " in str(wrong.value)
    with pytest.raises(Invalid) as rejected:
        client("employer").send_posting({**POSTING, "type": "dream"}, wait=True)  # type: ignore[typeddict-item]
    assert rejected.value.errors[0].field == "type"
    assert "gig" in rejected.value.errors[0].allowed
    assert rejected.value.body["outcome"] == "rejected"
    with pytest.raises(NotSignedIn):
        client().person("u-7")
    with pytest.raises(NotFound):
        client().posting("nobody/of this?name")
    with pytest.raises(TooLarge):
        client("employer").send_posting({**POSTING, "description": "x" * (33 << 20)})  # type: ignore[typeddict-item]
    with pytest.raises(ValueError, match="not both"):
        Gongqiao("http://127.0.0.1", key="gq_x", login=("a", "b"))


def test_it_signs_in_with_login_and_password(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    _, client = served
    assert client(login=("employer", PASSWORD)).employer("e-9")["employer_id"] == "e-9"
    with pytest.raises(NotSignedIn):
        client(login=("employer", "wrong-password")).employer("e-9")


# -- waiting and asking again ----------------------------------------------------------------------------------------------


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.usefixtures("_cheap_passwords")
def test_it_waits_as_long_as_it_is_told_and_not_longer(tmp_path: Path, empty_folder: Path) -> None:
    clock, waited = Clock(), []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.at += seconds

    for market in open_market(tmp_path, empty_folder, cache=MemoryCache(clock), anonymous_requests_a_minute=3):
        with serving(market.app, lifespan="off") as address:
            with Gongqiao(address, sleep=sleep) as patient:
                assert [patient.search_page()["total"] for _ in range(5)] == [0] * 5
            assert waited == [20.0, 20.0]
            for impatient in ({"retries": 0}, {"longest_wait": 5.0}):
                with Gongqiao(address, sleep=sleep, **impatient) as client, pytest.raises(TooOften) as refused:
                    client.search_page()
                assert refused.value.retry_after == 20
                assert refused.value.body["limit"]["name"] == "anonymous"
            assert waited == [20.0, 20.0]


class Losing(httpx.BaseTransport):
    """A real connection on which the answer to the first request is lost after the exchange has worked on it."""

    def __init__(self, times: int = 1):
        self._real = httpx.HTTPTransport()
        self.left, self.asked = times, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        answer = self._real.handle_request(request)
        if self.left:
            self.left -= 1
            answer.read()
            raise httpx.ReadError("lost", request=request)
        return answer

    def close(self) -> None:
        self._real.close()


def test_what_is_sent_again_adds_nothing(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    losing = Losing(2)
    sent = client("employer", transport=losing, sleep=lambda seconds: None).send_posting(
        {**POSTING, "source_id": "once", "title": "铣工"}, wait=True
    )  # type: ignore[typeddict-item]
    assert (sent["outcome"], losing.asked) == ("published", 3)
    market.settle()
    assert len([one for one in client().changes() if one["posting_id"] == sent["id"]]) == 1
    again: list[Any] = [{**POSTING, "source_id": title, "title": title} for title in ("车工", "磨工")]
    client("employer").send_posting(again[0], idempotency_key="k-1")
    with pytest.raises(Conflict):  # the same key with other content
        client("employer").send_posting(again[1], idempotency_key="k-1")


def test_what_might_be_done_twice_is_not_sent_again(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    losing = Losing()
    with pytest.raises(httpx.ReadError):
        client("employer", transport=losing, sleep=lambda seconds: None).report_step("u-8", market.posting_id, "invited")
    assert losing.asked == 1
    reading = Losing()
    assert client("employer", transport=reading, sleep=lambda seconds: None).gap("e-9")["employer_id"] == "e-9"
    assert reading.asked == 2


class Breaking(httpx.BaseTransport):
    """A real connection that breaks off after some bytes of each of the first answers."""

    def __init__(self, after: int, times: int):
        self._real = httpx.HTTPTransport()
        self.after, self.left = after, times
        self.ranges: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.ranges.append(request.headers.get("range"))
        answer = self._real.handle_request(request)
        if not self.left:
            return answer
        self.left -= 1

        class Cut(httpx.SyncByteStream):
            def __iter__(cut) -> Iterator[bytes]:
                for piece in answer.stream:  # type: ignore[union-attr]
                    yield piece[: self.after]
                    raise httpx.ReadError("broken off", request=request)

            def close(cut) -> None:
                answer.close()

        return httpx.Response(answer.status_code, headers=answer.headers, stream=Cut())

    def close(self) -> None:
        self._real.close()


def test_a_snapshot_goes_on_where_it_broke_off(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    _, client = served
    breaking = Breaking(40, 3)
    with client(transport=breaking).snapshot() as snapshot:
        assert len(list(snapshot)) == 1
    assert breaking.ranges == [None, "bytes=40-", "bytes=80-", "bytes=120-"]
    with pytest.raises(httpx.ReadError):
        client(transport=Breaking(0, 100)).snapshot()


def test_a_snapshot_that_became_another_one_is_read_from_its_start(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served

    class Changing(Breaking):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if self.ranges:  # the connection is lost, and meanwhile a posting comes
                market.publish({"source_id": "meanwhile", "title": "装卸工", "description": "码头装货卸货，按件计算，包吃住，能长干。" * 3})
            return super().handle_request(request)

    with client(transport=Changing(40, 1)).snapshot() as snapshot:
        assert len(list(snapshot)) == 2


def test_events_are_told_as_they_come(served: tuple[Market, Callable[..., Gongqiao]]) -> None:
    market, client = served
    events = client("jobseeker").events()
    hello = next(events)
    assert (hello["event"], hello["data"]) == ("hello", {})
    market.publish({"source_id": "event", "title": "电焊工", "description": "焊接护栏、楼梯，按图纸施工，工期三个月，包吃住，可长干。" * 2})
    event = next(events)
    assert (event["event"], event["data"]["version"]) == ("inbox", event["id"])
    events.close()


@pytest.mark.parametrize("content", [b"<html>bad gateway</html>", b"[1]", b'{"errors": [1, {}]}', b""])
def test_what_is_no_problem_of_ours_is_one_all_the_same(content: bytes) -> None:
    from api.client.errors import problem_of

    found = problem_of(httpx.Response(503, content=content, request=httpx.Request("GET", "http://x")))
    assert isinstance(found, Unavailable)
    assert str(found).startswith("503 Service Unavailable")
