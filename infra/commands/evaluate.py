"""``gongqiao evaluate``: text relevance measured beside BM25 and TF-IDF on the same queries in the same run."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from infra.batch_files import progress
from infra.evaluation_baselines import Grams, bm25, tf_idf
from infra.evaluation_sets import EvaluationSet, is_testing, testing_sets
from infra.majors_asked import major_set
from matcher import majors as major_tables
from matcher.likeness import TitleIndex
from matcher.majors import job_words
from matcher.meaning import use_table
from matcher.occupations import leaving_out, occupations, spoken_families
from matcher.ranking import Entry, Ranker
from matcher.text import tokens

Gains = npt.NDArray[np.float64]
CUT = 10


def ndcg(scores: npt.NDArray[np.float32], right: frozenset[int]) -> float:
    """nDCG at 10 of one query. Equal scores are ties: each place among them gains the mean of their documents, so no order of the
    file helps."""
    least = np.partition(scores, max(0, scores.size - CUT))[max(0, scores.size - CUT)]
    candidates = np.flatnonzero(scores >= least)
    order = candidates[np.argsort(-scores[candidates], kind="stable")]
    discounts = np.zeros(len(order))
    discounts[:CUT] = 1 / np.log2(np.arange(2, min(CUT, len(order)) + 2))
    gained, place = 0.0, 0
    while place < min(CUT, len(order)):
        tied = int((scores[order] == scores[order[place]]).sum())
        members = order[place : place + tied]
        gained += discounts[place : place + tied].sum() * sum(int(member) in right for member in members) / tied
        place += tied
    return float(gained / (1 / np.log2(np.arange(2, min(CUT, len(right)) + 2))).sum())


def interval(differences: Gains, seed: int = 0) -> tuple[float, float]:
    """The paired bootstrap's 95 % interval of the mean difference over queries."""
    random = np.random.default_rng(seed)
    means = differences[random.integers(0, len(differences), (2000, len(differences)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def measured(given: EvaluationSet) -> dict[str, Gains]:
    """nDCG@10 of every query by every model. ``likeness`` only where documents have titles (postings always do)."""
    grams = Grams(given.documents)
    ranker = Ranker([Entry(str(number), title, text) for number, (title, text) in enumerate(given.documents)])
    plain = [(job_words(title), text) for title, text in given.queries]  # that it is a major's name is no word to look for
    models: dict[str, Callable[[int], npt.NDArray[np.float32]]] = {
        "bm25": lambda number: bm25(grams, plain[number]),
        "tf_idf": lambda number: tf_idf(grams, plain[number]),
        "rank": lambda number: ranker.scores([Entry("q", *given.queries[number])])[0],
    }
    if all(title for title, _ in given.documents):
        index = TitleIndex()
        columns = [index.add(title) for title, _ in given.queries]
        alike = np.array([index.scores(title, text or None, None) for title, text in given.documents]).T[columns].astype(np.float32)
        models["likeness"] = lambda number: alike[number]
    return {
        name: np.array([ndcg(score(number), given.right[number]) for number in progress(range(len(given.queries)), total=None, label=name)])
        for name, score in models.items()
    }


def slices_of(given: EvaluationSet) -> dict[str, npt.NDArray[np.bool_]]:
    """The set's own slices and the queries that share no character with any right document."""
    out: dict[str, npt.NDArray[np.bool_]] = {"all": np.ones(len(given.queries), np.bool_)}
    grouped = defaultdict(list)
    for number, name in enumerate(given.slices):
        grouped[name].append(number)
    if len(grouped) > 1:
        for name, numbers in sorted(grouped.items()):
            out[name] = np.isin(np.arange(len(given.queries)), numbers)
    apart = [
        not any(set(tokens(job_words(given.queries[number][0]))) & set(tokens(" ".join(given.documents[document]))) for document in right)
        for number, right in enumerate(given.right)
    ]
    if 0 < sum(apart) < len(apart):
        out["no character in common"] = np.array(apart)
    return {name: members for name, members in out.items() if members.sum() >= 8}


@click.command("evaluate")
@click.option("--shared", type=click.Path(file_okay=False, path_type=Path), default=lambda: os.environ.get("GONGQIAO_SHARED", "../shared"))
@click.option(
    "--as-shipped", is_flag=True, help="Leave the tables' own work types and spoken names known: the figures users get, not a test."
)
@click.option("--meaning", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Vectors learned without the testing fifth.")
@click.option("--majors", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Majors learned without the testing fifth.")
def command(shared: Path, as_shipped: bool, meaning: Path | None, majors: Path | None) -> None:
    """Measure text relevance (nDCG@10) beside BM25 and TF-IDF.

    A test needs --meaning and --majors with the tables that infra/make_tables_meaning.py and infra/make_tables_majors.py make without the
    testing fifth; the shipped ones have seen it.
    Names of the testing fifth are taken out of the other tables here.
    """
    if meaning is not None:
        use_table(meaning.read_bytes())
    elif not as_shipped:
        click.echo("the shipped vectors were learned from these sets as well: pass --meaning for a test", err=True)
    if majors is not None:
        major_tables.use_table(majors.read_text(encoding="utf-8"))
    elif not as_shipped:
        click.echo("the shipped majors were learned from these postings as well: pass --majors for a test", err=True)
    if not (shared / "data" / "dev").is_dir():
        raise click.UsageError(f"{shared}/data/dev does not exist; name the reference folder with --shared or GONGQIAO_SHARED")
    names = (name for found in occupations().values() for name in (*found.work_types, *found.spoken))
    families = (name for family in spoken_families().values() for name in family)
    hidden = frozenset() if as_shipped else frozenset(name for name in (*names, *families) if is_testing(name))
    click.echo(
        "| set | slice | queries | bm25 | tf_idf | rank | likeness | rank above the better baseline, % | 95 % interval of the difference |"
    )
    click.echo("|---|---|---|---|---|---|---|---|---|")
    summary = []
    with leaving_out(hidden):
        for given in (*testing_sets(shared), major_set(shared)):
            found = measured(given)
            for name, members in slices_of(given).items():
                means = {model: float(gains[members].mean()) for model, gains in found.items()}
                better = max(("bm25", "tf_idf"), key=lambda model: means[model])
                low, high = interval(found["rank"][members] - found[better][members])
                above = 100 * (means["rank"] / means[better] - 1) if means[better] else float("inf")
                likeness = f"{means['likeness']:.3f}" if "likeness" in means else ""
                click.echo(
                    f"| {given.name} | {name} | {int(members.sum())} | {means['bm25']:.3f} | {means['tf_idf']:.3f} | {means['rank']:.3f} "
                    f"| {likeness} | {above:+.0f} | {low:+.3f} to {high:+.3f} |"
                )
                summary.append({"set": given.name, "slice": name, **{model: round(mean, 4) for model, mean in means.items()}})
    click.echo(json.dumps({"ndcg_at_10": summary}, ensure_ascii=False))
