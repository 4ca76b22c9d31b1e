"""The catalogue's files: what the loader refuses, the shipped schema, and quotations against the documents."""

from __future__ import annotations

import json
import re
import unicodedata
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from infra.commands.policy import command as policy
from matcher.policy import CatalogueError, load_catalogue
from matcher.policy.loader import build, read_folder
from matcher.policy.schema import json_schema, schema_text
from tests.reference_data import reference_data

FOLDER = resources.files("matcher.policy") / "catalogue"
FILES = read_folder(FOLDER)
FAMILIES = [
    "job_post_subsidy", "social_insurance_subsidy_hiring", "hiring_one_off", "job_expansion_subsidy", "internship_subsidy",
    "flexible_si_subsidy",
]  # fmt: skip


def test_the_shipped_catalogue_holds_every_benefit_and_version() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.entries) == 158
    assert len(catalogue.by_benefit) == 96
    assert set(FAMILIES) <= set(catalogue.by_benefit)
    assert all(entry.checked_on and entry.quote and entry.clause for entry in catalogue.entries)
    assert all(entry.hint for entry in catalogue.entries if "hint_per_match" in entry.usable_as)


def test_any_changed_byte_changes_the_version() -> None:
    name = "job_post_subsidy.yaml"
    assert build(FILES).version == load_catalogue().version
    assert build(FILES | {name: FILES[name] + "\n"}).version != load_catalogue().version


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    kind: subsidy\n", "    kind: subsidy\n    kind: subsidy\n", "given twice"),
        ("    kind: subsidy\n", "    kind: subsidy\n    colour: red\n", "entries.0.colour: unknown field"),
        ("    payee: employer\n", "", "entries.0.payee"),
        ("    payee: employer\n", "    payee: everyone\n", "entries.0.payee"),
        ("from: 2023-07-20", "from: 2029-07-20", "window ends before it begins"),
        ("to_basis: derived_doc_validity_5y", "to_basis: none_stated", "to and to_basis disagree"),
        ("yuan_per_month: 300", "yuan_per_month: viel", "entries.0.amount"),
        ("type: monthly_per_person", "type: weekly", "entries.0.amount"),
        ("[hint_per_match]", "[hint_per_mood]", "entries.0.usable_as"),
        ("field: employer.kind, op: in", "field: employer.colour, op: in", "employer.colour: not in the list of fields"),
        ("field: employer.kind, op: in", "field: employer.kind, op: gte", "operator gte does not fit type enum"),
        ("[enterprise, unit_insured", "[enterprises, unit_insured", "'enterprises' is not in the vocabulary"),
        ("field: contract.min_months, op: gte, value: 12", "field: contract.min_months, op: gte, value: zwölf", "a number expected"),
        ("supersedes: [job_post_subsidy__004]", "supersedes: [job_post_subsidy__009]", "there is no entry job_post_subsidy__009"),
        ("id: job_post_subsidy__004", "id: job_post_subsidy__000", "id given twice"),
        ("benefit: job_post_subsidy", "benefit: another", "is called another.yaml"),
        ("    notes:", "    notes: !!python/object:os.system {}\n    more:", "line"),
        ("benefit: job_post_subsidy", "benefit: [job_post_subsidy", "line"),
    ],
)
def test_a_fault_names_its_file_and_key(old: str, new: str, fault: str) -> None:
    name = "job_post_subsidy.yaml"
    assert old in FILES[name]
    with pytest.raises(CatalogueError) as caught:
        build(FILES | {name: FILES[name].replace(old, new, 1)})
    assert any(line.startswith((name, "another.yaml", "_catalogue.yaml")) and fault in line for line in caught.value.faults), (
        caught.value.faults
    )


@pytest.mark.parametrize(
    ("benefit", "old", "new", "fault"),
    [
        ("hiring_one_off", "{min: 1, max: 99,", "{min: 1, max: 98,", "amount.steps.0.max: a gap: ends at 98, the next step begins at 100"),
        ("hiring_one_off", "{min: 1, max: 99,", "{min: 1, max: 120,", "amount.steps.0.max: an overlap"),
        ("hiring_one_off", "{min: 1, max: 99,", "{min: 1,", "amount.steps.0.max: expected"),
        ("hiring_one_off", "{min: 1, max: 99,", "{min: 100, max: 99,", "amount.steps.0.max: 99 is less than min 100"),
        ("hiring_one_off", "yuan_per_person: 1000", "yuan_per_person: -1000", "amount.steps.0.yuan_per_person: -1000 is negative"),
        ("hiring_one_off", "fixed_per_person, yuan: 1500", "fixed_per_person, yuan: -1500", "amount.yuan: -1500 is negative"),
        ("hiring_one_off", "value: [16, 24]", "value: [24, 16]", "the lower bound comes first"),
        ("hiring_one_off", "value: [16, 24]", "value: [-16, 24]", "person.age: between -16: 0 or more expected"),
        ("poverty_base_ladder_reward", "{min: 50, max: 99", "{min: 50, max: 90", "amount.steps.1.max: a gap"),
        ("poverty_base_ladder_reward", "op: gte, value: 30", "op: gte, value: -30", "employer.poverty_labour_count: gte -30: 0 or more"),
        ("internship_retention_uplift", "{gte: 70, lt: 80", "{gte: 70, lt: 79", "amount.steps_derived.2: a gap or an overlap"),
        ("internship_retention_uplift", "{gt: 80, percent", "{gte: 80, percent", "amount.steps_derived.3: a gap or an overlap"),
        ("job_post_subsidy", "yuan_per_month: 300", "yuan_per_month: -300", "amount.yuan_per_month: -300 is negative"),
        ("job_post_subsidy", "max_total_yuan: 10800", "max_total_yuan: 10080", "amount.max_total_yuan: 10080 given, but"),
        ("job_post_subsidy", "max_months: 36", "max_months: 63", "yuan_per_month × max_months is 18900"),
        ("job_post_subsidy", "op: gte, value: 12", "op: gte, value: -12", "contract.min_months: gte -12: 0 or more expected"),
        ("job_post_subsidy", "op: gte, value: 12", "op: gte, value: .nan", "contract.min_months"),
        ("job_post_subsidy", "    quote: ", "    quote: ' ' #", "quote: empty"),
    ],
)
def test_what_would_cost_money_is_refused_with_its_entry_and_key(benefit: str, old: str, new: str, fault: str) -> None:
    name = f"{benefit}.yaml"
    assert old in FILES[name]
    with pytest.raises(CatalogueError) as caught:
        build(FILES | {name: FILES[name].replace(old, new, 1)})
    assert any(line.startswith(f"{name}: {benefit}__") and fault in line for line in caught.value.faults), caught.value.faults


def test_an_empty_quotation_of_the_shared_file_is_refused() -> None:
    words = load_catalogue().shared.stackable[0].quote
    with pytest.raises(CatalogueError, match=r"_catalogue\.yaml: stackable: quote: empty"):
        build(FILES | {"_catalogue.yaml": FILES["_catalogue.yaml"].replace(words, "''", 1)})


def test_a_check_in_the_future_is_refused_by_lint_and_never_by_a_reader(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert CliRunner().invoke(policy, ["lint", str(tmp_path)]).exit_code == 0
    changed = re.sub(r"checked_on: \S+", "checked_on: 2999-01-01", FILES["job_post_subsidy.yaml"], count=1)
    (tmp_path / "job_post_subsidy.yaml").write_text(changed, encoding="utf-8")
    done = CliRunner().invoke(policy, ["lint", str(tmp_path)])
    assert done.exit_code == 1
    assert re.search(r"job_post_subsidy\.yaml: job_post_subsidy__00\d: checked_on: 2999-01-01 is in the future", done.stderr)
    assert build(FILES | {"job_post_subsidy.yaml": changed}).entries


def test_a_file_missing_or_not_listed_is_a_fault() -> None:
    without = {name: text for name, text in FILES.items() if name != "social_assistance.yaml"}
    with pytest.raises(CatalogueError, match=r"there is no file social_assistance\.yaml"):
        build(without)
    more = FILES["social_assistance.yaml"].replace("benefit: social_assistance", "benefit: extra").replace("social_assistance__", "extra__")
    with pytest.raises(CatalogueError, match=r"extra\.yaml: benefit: not listed under order"):
        build(FILES | {"extra.yaml": more})


def test_the_shipped_schema_is_that_of_the_models_and_accepts_every_file() -> None:
    shipped = (FOLDER / "catalogue.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text()
    schema = json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    for name, text in FILES.items():
        if not name.startswith("_"):
            data = json.loads(json.dumps(yaml.safe_load(text), default=str))
            assert not list(validator.iter_errors(data)), name


def _letters(text: str) -> str:
    """Text without spaces, page marks and punctuation, digits in halfwidth: how quotations are compared."""
    private = "".join("." if 0xE000 <= ord(c) <= 0xF8FF or ord(c) >= 0xF0000 else c for c in text)
    flat = re.sub(r"[—\-–]\s*\d+\s*[—\-–]", "", unicodedata.normalize("NFKC", private))
    return "".join(c for c in flat if not c.isspace() and (unicodedata.category(c)[0] not in "PSZC" or c == "%"))


def test_every_quotation_stands_in_its_document() -> None:
    documents = {path.name[:3]: _letters(path.read_text(encoding="utf-8")) for path in reference_data("seeds").glob("*.txt")}
    catalogue = load_catalogue()
    quotes = [(entry.document, entry.quote, entry.id) for entry in catalogue.entries]
    quotes += [(one.source[:3], one.quote, entry.id) for entry in catalogue.entries for one in entry.excludes]
    quotes += [(one.source[:3], one.quote, rule.id) for rule in catalogue.shared.exclusion_rules for one in rule.sources]
    quotes += [(one.source[:3], one.quote, "stackable") for one in catalogue.shared.stackable]
    absent = [
        (where, piece) for document, quote, where in quotes for piece in quote.split("……") if _letters(piece) not in documents[document]
    ]
    assert absent == []


def test_every_figure_of_an_amount_stands_in_its_quotation_or_is_marked_as_derived() -> None:
    derived = {
        "max_total_yuan",
        "max_months",
        "previous_max_yuan",
        "steps_derived",
        "percent_by_size",
        "counties",
        "top_up",
        "base_percent",
    }
    unread = []
    for entry in load_catalogue().entries:
        words = _letters(entry.quote).replace("一", "1").replace("十", "10")
        for name, value in entry.amount.model_dump(exclude_none=True, exclude={"type", *derived}).items():
            if isinstance(value, int) or not hasattr(value, "normalize"):
                continue
            plain = format(value.normalize(), "f")
            in_wan = format((value / 10000).normalize(), "f")
            if plain not in words and _letters(f"{in_wan}万") not in words and plain.replace(".", "") not in words:
                unread.append((entry.id, name, plain))
    assert unread == []
