"""Makes matcher/tables/occupations.tsv from the public occupation classification of 2022, mending the faults its CSV form is known to have.

    python -m infra.make_tables_occupations ../shared/data/dev/occupations_2022.csv ../shared/data/dev/occupation_worktypes.tsv

The classification's codes, names, definitions and work types are facts of a public standard. Faults mended, each counted on stdout:
residual classes that carry a neighbour's code, exact duplicates, 网约配送员 under its official code, work types cut at a line break.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent.parent / "matcher" / "tables" / "occupations.tsv"
ENDS_A_WORK_TYPE = re.compile(r"(?:工|员|师|手|司机|家|人|匠|车长|区长|球童|\))$")
MAJORS_WITHOUT_OCCUPATIONS_HERE = ("1", "7", "8")  # 大类 1, 7 and 8 have no rows in the source


def mended_work_types(listed: list[str], clean: set[str]) -> list[str]:
    """Work types of one occupation: those given clean elsewhere as they are, cut ones joined again, remains dropped."""
    out: list[str] = []
    held = ""
    for piece in (part.strip() for part in listed):
        if piece in clean:
            out.append(piece)
            held = ""
            continue
        held += piece
        if ENDS_A_WORK_TYPE.search(held) and len(held) >= 3 and "@" not in held:
            out.append(held)
            held = ""
    return sorted(set(out), key=out.index)


def rows(occupations: Path, work_types: Path) -> list[dict[str, str]]:
    with work_types.open(encoding="utf-8-sig") as file:
        clean: dict[str, set[str]] = {}
        for pair in csv.DictReader(file, delimiter="\t"):
            clean.setdefault(pair["occupation_code"], set()).add(pair["worktype"])
    out: dict[str, dict[str, str]] = {}
    with occupations.open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            code, name = row["code"], row["name"]
            definition = re.sub(r"\s+", "", row["definition"]).replace(",", "，")
            if definition.startswith("指未列入") and row["code"] in out:
                # A residual class filled forward from the line above: it is the mid group's 99.
                code, name = f"{row['mid']}-99-00", f"其他{row['mid_name']}"
                print(f"residual: {row['code']} -> {code} {name}")
            elif code in out:
                print(f"duplicate dropped: {code} {name}")
                continue
            if name == "国际快递业务师" and code == "4-02-07-10":
                # Its place is taken by 网约配送员 officially; its own number is not known here, so it stands with the residual class.
                code = "4-02-07-99"
            if name == "网约配送员":
                code = "4-02-07-10"
            listed = row["worktypes"].split("|") if row["worktypes"] and row["worktypes_trusted"] == "1" else []
            out[code] = {
                "code": code,
                "name": name,
                "work_types": "|".join(mended_work_types(listed, clean.get(row["code"], set()))),
                "definition": "" if definition.startswith("指未列入") else definition,
            }
            groups[row["major"]], groups[row["mid"]], groups[row["minor"]] = row["major_name"], row["mid_name"], row["minor_name"]
    groups.setdefault("4-02-07", "邮政和快递服务人员")
    return [out[code] for code in sorted(out)]


groups: dict[str, str] = {}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    table = rows(Path(arguments[0]), Path(arguments[1]))
    with OUTPUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["code", "name", "work_types", "definition"], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for code in sorted(groups):
            writer.writerow({"code": code, "name": groups[code], "work_types": "", "definition": ""})
        writer.writerows(table)
    types = sum(len(row["work_types"].split("|")) for row in table if row["work_types"])
    print(f"{len(table)} occupations, {len(groups)} groups, {types} work types")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
