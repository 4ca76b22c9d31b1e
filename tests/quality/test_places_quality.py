"""300 labelled rows of the real files lie where a person says; Guangdong stays in Guangdong whatever its streets are called."""

from __future__ import annotations

from matcher.place_reading import PlaceReading, read_place
from tests.quality.real_rows import draw_places, labels, rows

AT_LEAST = 0.99


def _reading(file: str, row: int) -> PlaceReading:
    columns = rows(file)[row]
    return read_place(columns.get("address"), columns["region"])


def wrong() -> list[tuple[str, int, str, str | None]]:
    """(file, row, expected, read) where the place read is another one, or a contradiction was not asked about."""
    found = []
    for label in labels("place_labels.csv"):
        file, row = label["file"], int(label["row"])
        reading = _reading(file, row)
        if (reading.code or "") != label["region"] or (label["asked"] == "yes" and reading.question is None):
            found.append((file, row, label["region"], reading.code))
    return found


def test_the_labelled_rows_are_the_drawn_ones() -> None:
    assert [(label["file"], int(label["row"])) for label in labels("place_labels.csv")] == [(item.file, item.row) for item in draw_places()]


def test_places_are_where_a_person_says() -> None:
    bad = wrong()
    assert len(bad) <= (1 - AT_LEAST) * 300, bad


def test_no_row_of_guangdong_goes_to_shanxi() -> None:
    guangdong = [label for label in labels("place_labels.csv") if label["region"].startswith("44")]
    assert len(guangdong) > 100
    assert all((_reading(label["file"], int(label["row"])).code or "").startswith("44") for label in guangdong)
