"""At least 98 of 100 statements about pay are read as a person reads them, on 500 labelled ones of the real files."""

from __future__ import annotations

from matcher.pay import PayReading, monthly, pay_of_columns, read_pay
from tests.quality.real_rows import Drawn, draw_pay, labels, rows

AT_LEAST = 0.98


def _reading(item: Drawn) -> PayReading:
    if item.part != "columns":
        return read_pay(item.text())
    row = rows(item.file)[item.row]
    low, high, months = (float(row[name]) if row[name] else None for name in ("salary_min", "salary_max", "salary_months"))
    return pay_of_columns(low, high, "month", months)


def _said(reading: PayReading) -> tuple[str, ...]:
    pay = reading.pay
    if reading.question and (pay is None or monthly(pay) is None):
        return ("ask", "", "", "")
    if pay is None or (pay.min is None and pay.max is None):
        return ("none", "", "", "")
    low, high = ("" if value is None else f"{value:g}" if value < 1e5 else str(int(value)) for value in (pay.min, pay.max))
    return (low, high, pay.unit or "", "" if pay.months is None else f"{pay.months:g}")


def wrong() -> list[tuple[Drawn, tuple[str, ...], tuple[str, ...]]]:
    found = []
    for label in labels("pay_labels.csv"):
        item = Drawn(label["file"], int(label["row"]), label["part"], int(label["start"]), int(label["end"]))
        expected, said = tuple(label[name] for name in ("min", "max", "unit", "months")), _said(_reading(item))
        if expected != said:
            found.append((item, expected, said))
    return found


def test_the_labelled_rows_are_the_drawn_ones() -> None:
    drawn = [
        Drawn(label["file"], int(label["row"]), label["part"], int(label["start"]), int(label["end"])) for label in labels("pay_labels.csv")
    ]
    assert drawn == draw_pay()
    assert len(set(drawn)) == 500


def test_pay_is_read_as_a_person_reads_it() -> None:
    bad = wrong()
    assert len(bad) <= (1 - AT_LEAST) * 500, [(item.file, item.row, item.part, expected, said) for item, expected, said in bad]
