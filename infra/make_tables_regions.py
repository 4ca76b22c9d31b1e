"""Makes ``matcher/tables/{regions,townships,education,certificates}.csv`` from a folder of reference tables.

    python -m infra.make_tables_regions SOURCE_FOLDER [TARGET_FOLDER]

SOURCE_FOLDER holds china_cities.csv, shanxi_cities.csv, shanxi_counties.csv, shanxi_townships.csv, gbt4658_education.csv and
certificates.csv (facts only: codes, names, coordinates). The tables are checked in; this script says where they come from.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

MUNICIPALITIES = {"11", "12", "31", "50"}
NOT_A_PLACE = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{path}: {len(rows)} rows")


def regions(source: Path) -> list[list[str]]:
    """code, name, level, seat_lat, seat_lon, inner_lat, inner_lon, adjacent (codes joined by ``|``)."""
    cities = {row["code"]: row for row in _rows(source, "shanxi_cities.csv")}
    out = []
    for row in _rows(source, "china_cities.csv"):
        code = row["code"]
        level = "province" if code.endswith("0000") else "city"
        own = cities.get(code, {})
        name = row["province"] if row["name"] in NOT_A_PLACE[:2] and code[:2] in MUNICIPALITIES else row["name"]
        out.append([code, name, level, "", "", own.get("inner_lat", ""), own.get("inner_lon", ""), own.get("adjacent_codes", "")])
    for row in _rows(source, "shanxi_counties.csv"):
        coordinates = [row["seat_lat"], row["seat_lon"], row["inner_lat"], row["inner_lon"]]
        out.append([row["code"], row["name"], "county", *coordinates, row["adjacent_codes"]])
    return sorted(out)


def main(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    header = ["code", "name", "level", "seat_lat", "seat_lon", "inner_lat", "inner_lon", "adjacent"]
    _write(target / "regions.csv", header, regions(source))
    townships = [[row["code"], row["name"], row["county_code"]] for row in _rows(source, "shanxi_townships.csv")]
    _write(target / "townships.csv", ["code", "name", "county"], sorted(townships))
    education = [[row["code"], row["name"], row["rank"]] for row in _rows(source, "gbt4658_education.csv")]
    _write(target / "education.csv", ["code", "name", "rank"], education)
    certificates = [[row["code"], row["name"]] for row in _rows(source, "certificates.csv")]
    _write(target / "certificates.csv", ["code", "name"], certificates)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent.parent / "matcher" / "tables")
