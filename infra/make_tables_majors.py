"""Makes matcher/tables/majors.tsv: for each major the occupations that its graduates are asked for in.

    python -m infra.make_tables_majors ../shared                    the table that ships
    python -m infra.make_tables_majors ../shared held_out.tsv       without the testing fifth, for ``evaluate --majors``

Three sources:

- postings that ask for a major (「会计、财务管理等相关专业」) or that a search for a major found (postings_51job_by_major.csv): how many of
  those whose title means an occupation, and that ask for any major, ask for this one;
- the same for the major's category (会计学 is one of 工商管理类) or, for a vocational major, the undergraduate ones like it
  (major_names.tsv);
- how like the major's name the definition and tasks of the occupations are (``matcher.ranking``).

Names, codes and whole numbers go into the table; no sentence of a posting.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from infra.evaluation_sets import is_testing, occupation_texts
from infra.majors_asked import kin_of_names, rows_of
from matcher.occupations import concepts, concepts_of_title, occupations
from matcher.ranking import Entry, Ranker

OUTPUT = Path(__file__).resolve().parent.parent / "matcher" / "tables" / "majors.tsv"
# How sure a major is of an occupation whose every posting asks for it; of one that its name and the tasks describe; where to stop.
SUREST, BY_TASKS, LEAST, MOST = 900, 700, 250, 6
USUAL = 850
# After so many postings the tasks count half.
ENOUGH = 40
_SURE_TITLE = 500
# Postings of an occupation that might have asked for something else.
UNSEEN = 3

Counts = dict[int, float]


def _likely(found: float, of: float) -> float:
    """The share ``found`` of ``of`` less what so few may be by chance: one alone says nothing."""
    return max(0.0, found - found**0.5) / (of + UNSEEN)


def asked_by(shared: Path, usable: Callable[[str], bool]) -> tuple[dict[str, Counts], Counts]:
    """(by major and occupation the postings that ask for it, by occupation those that ask for any major)."""
    counts: dict[str, Counts] = defaultdict(lambda: defaultdict(float))
    asking: Counts = defaultdict(float)
    for title, majors in rows_of(shared):
        meant = concepts_of_title(title, 1) if majors and usable(title) else ()
        for concept, sure in meant:
            if sure >= _SURE_TITLE:
                asking[concept] += 1
                for major in majors:
                    counts[major][concept] += 1
    return counts, asking


def learnt(shared: Path, usable: Callable[[str], bool]) -> dict[str, list[tuple[str, int]]]:
    """Per name of a major its occupations (code, thousandths), surest first."""
    kin = kin_of_names(shared)
    counts, asking = asked_by(shared, usable)
    codes, texts = list(occupations()), occupation_texts(shared)
    ranker = Ranker([Entry(code, found.name, texts.get(code, found.definition)) for code, found in occupations().items()])
    numbers = {code: number for number, code in enumerate(concepts())}
    tasks = ranker.scores([Entry(name, name) for name in kin])
    out: dict[str, list[tuple[str, int]]] = {}
    for place, (name, (like, worth)) in enumerate(kin.items()):
        asked: Counts = defaultdict(float, counts[name])
        for other in like:
            for concept, count in counts[other].items():
                asked[concept] += worth * count / len(like)
        known = sum(asked.values())
        likely = {concept: SUREST * _likely(count, asking[concept]) ** 0.5 for concept, count in asked.items()}
        for row in tasks[place].argsort()[-4:]:
            read = BY_TASKS * min(1.0, float(tasks[place, row])) * ENOUGH / (ENOUGH + known)
            likely[numbers[codes[row]]] = max(read, likely.get(numbers[codes[row]], 0.0))
        # Every major leads somewhere: the more postings ask for it, the surer is where most of them lead.
        lift = max(1.0, USUAL * known / (known + ENOUGH) / max(1.0, *likely.values()))
        best = sorted(((round(found * lift), concept) for concept, found in likely.items()), key=lambda pair: (-pair[0], pair[1]))[:MOST]
        out[name] = [(concepts()[concept], thousandths) for thousandths, concept in best if thousandths >= LEAST]
    return {name: found for name, found in sorted(out.items()) if found}


def table(found: dict[str, list[tuple[str, int]]]) -> str:
    lines = ["# major without 学, 类, 专业; occupations its graduates are asked for in, thousandths. Made by infra/make_tables_majors.py."]
    lines += [f"{name}\t{'|'.join(f'{code} {sure}' for code, sure in pairs)}" for name, pairs in found.items()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    held_out = len(arguments) == 2
    found = learnt(Path(arguments[0]), (lambda title: not is_testing(title)) if held_out else (lambda title: True))
    output = Path(arguments[1]) if held_out else OUTPUT
    output.write_text(table(found), encoding="utf-8")
    print(f"{len(found)} names of majors, {sum(map(len, found.values()))} occupations")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
