"""What every runner promises, as cases. A backend is a small subclass that gives ``runner`` (see ``RunnerUnderTest``)."""

from __future__ import annotations

from typing import Any, Protocol

from tests.contract.runner_subjects import Added, Switch, echoes, pages, sums


class RunnerUnderTest(Protocol):
    switch: Switch

    def append(self, *messages: Any, ids: list[str] | None = None) -> list[str]: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def crash(self) -> None:
        """Drop everything that is only in memory, as a kill would; ``start`` afterwards opens it anew."""

    def drain(self) -> None: ...
    def wait(self, condition: Any) -> None: ...
    def rows(self, table: Any) -> list[dict[str, Any]]: ...
    def letters(self) -> list[Any]: ...
    def retry(self, letter: Any) -> bool: ...
    def faults(self) -> dict[str, str]: ...
    def outputs(self) -> list[tuple[str, int]]: ...
    def rebuild_is_same(self, subject: str) -> bool: ...


class RunnerCases:
    """Base class of the cases; not collected itself."""

    runner: RunnerUnderTest

    def total(self, name: str) -> int | None:
        found = [row["total"] for row in self.runner.rows(sums) if row["key"] == name]
        return found[0] if found else None

    def history(self, name: str) -> str:
        return next((row["history"] for row in self.runner.rows(sums) if row["key"] == name), "")

    def test_delivers_every_message_and_what_follows_from_it(self, runner: RunnerUnderTest) -> None:
        runner.append(*(Added(name=f"n{i}", amount=i) for i in range(50)))
        runner.start()
        runner.drain()
        assert {row["key"]: row["total"] for row in runner.rows(sums)} == {f"n{i}": i for i in range(50)}
        assert {row["key"]: row["seen"] for row in runner.rows(echoes)} == {f"n{i}": str(i) for i in range(50)}

    def test_keeps_the_order_of_a_key(self, runner: RunnerUnderTest) -> None:
        runner.append(*(Added(name=f"n{i % 3}", amount=i) for i in range(60)))
        runner.start()
        runner.drain()
        self.runner = runner
        for key in range(3):
            assert self.history(f"n{key}") == ",".join(str(i) for i in range(60) if i % 3 == key)

    def test_a_message_appended_twice_takes_effect_once(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=5), ids=["11111111-1111-1111-1111-111111111111"])
        runner.append(Added(name="a", amount=5), ids=["11111111-1111-1111-1111-111111111111"])
        runner.start()
        runner.append(Added(name="a", amount=5), ids=["11111111-1111-1111-1111-111111111111"])
        runner.drain()
        self.runner = runner
        assert self.total("a") == 5

    def test_goes_on_after_a_crash_without_losing_or_doubling(self, runner: RunnerUnderTest) -> None:
        runner.append(*(Added(name=f"n{i % 7}", amount=1) for i in range(70)))
        runner.start()
        runner.wait(lambda: len(runner.rows(sums)) > 0)
        runner.crash()
        runner.append(*(Added(name=f"n{i % 7}", amount=1) for i in range(70)))
        runner.start()
        runner.drain()
        assert {row["total"] for row in runner.rows(sums)} == {20}
        assert len(runner.outputs()) == 140

    def test_a_poison_message_becomes_a_dead_letter_and_the_rest_flows(self, runner: RunnerUnderTest) -> None:
        runner.append(
            Added(name="a", amount=1), Added(name="a", amount=100, how="raise"), Added(name="a", amount=2), Added(name="b", amount=3)
        )
        runner.start()
        runner.drain()
        self.runner = runner
        assert (self.total("a"), self.total("b")) == (3, 3)
        (letter,) = runner.letters()
        assert letter.type == "contract.added"
        assert "ZeroDivisionError" in letter.reason

    def test_memory_is_put_right_after_a_failure_before_the_transaction(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=1), Added(name="a", amount=100, how="raise_early"), Added(name="a", amount=2))
        runner.start()
        runner.drain()
        self.runner = runner
        assert self.total("a") == 3
        assert len(runner.letters()) == 1

    def test_a_dead_letter_names_field_and_reason_and_leaves_no_trace_in_the_state(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=9, how="dead"))
        runner.start()
        runner.drain()
        (letter,) = runner.letters()
        assert (letter.field, letter.reason) == ("amount", "the amount is not for us")
        assert runner.rows(sums) == []

    def test_not_for_me_is_silent(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=9, how="drop"))
        runner.start()
        runner.drain()
        assert (runner.letters(), runner.rows(sums), runner.outputs()) == ([], [], [])

    def test_a_dead_letter_handed_back_after_a_fix_takes_effect_once(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=7, how="raise"))
        runner.start()
        runner.drain()
        (letter,) = runner.letters()
        runner.switch.mended = True
        assert runner.retry(letter) is True
        self.runner = runner
        runner.wait(lambda: self.total("a") == 7)
        assert runner.letters() == []
        assert runner.retry(letter) is False

    def test_a_dead_letter_that_fails_again_is_open_again(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=7, how="raise"))
        runner.start()
        runner.drain()
        calls = runner.switch.calls
        assert runner.retry(runner.letters()[0]) is True
        runner.wait(lambda: runner.switch.calls > calls and len(runner.letters()) == 1)

    def test_a_retry_holds_its_key_and_no_other(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=1, how="retry"), Added(name="a", amount=2), Added(name="b", amount=4))
        runner.start()
        self.runner = runner
        runner.wait(lambda: self.total("b") == 4)
        assert self.total("a") is None
        runner.switch.mended = True
        runner.wait(lambda: self.history("a") == "1,2")

    def test_a_key_is_held_five_times_at_most_and_later_messages_go_on(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=1, how="retry"), Added(name="a", amount=2))
        runner.start()
        self.runner = runner
        runner.wait(lambda: self.total("a") == 2)
        (letter,) = runner.letters()
        assert "tried 5 times" in letter.reason

    def test_a_lasting_fault_of_the_engine_is_waited_for_and_said(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=1), Added(name="a", amount=2, how="fault"), Added(name="b", amount=3))
        runner.start()
        runner.wait(lambda: runner.faults() != {})
        assert runner.letters() == []
        runner.switch.mended = True
        self.runner = runner
        runner.wait(lambda: self.history("a") == "1,2" and self.total("b") == 3)
        runner.wait(lambda: runner.faults() == {})
        assert runner.letters() == []

    def test_pages_go_on_where_they_were_after_a_crash(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="a", amount=1, how="pages"), Added(name="b", amount=2))
        runner.start()
        runner.wait(lambda: len(runner.rows(pages)) >= 1)
        runner.crash()
        runner.start()
        runner.drain()
        assert sorted(row["page"] for row in runner.rows(pages)) == [0, 1, 2, 3, 4]
        assert [total for name, total in runner.outputs() if name == "a"] == [0, 1, 2, 3, 4]

    def test_a_slow_subject_does_not_hold_up_another(self, runner: RunnerUnderTest) -> None:
        runner.append(Added(name="stuck", amount=1, how="fault"))
        runner.start()
        runner.wait(lambda: runner.faults() != {})
        assert set(runner.faults()) == {"contractsums"}
        runner.switch.mended = True
        runner.drain()

    def test_a_rebuild_gives_the_same_tables_and_outputs(self, runner: RunnerUnderTest) -> None:
        runner.append(*(Added(name=f"n{i % 5}", amount=i, how="raise" if i == 7 else "fine") for i in range(40)))
        runner.start()
        runner.drain()
        runner.stop()
        assert runner.rebuild_is_same("contractsums")
        assert runner.rebuild_is_same("contractechoes")
