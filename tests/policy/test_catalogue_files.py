"""The catalogue's files: what the loader refuses, the shipped schema, and quotations against the documents."""

from __future__ import annotations

import json
import re
import unicodedata
from importlib import resources

import jsonschema
import pytest
import yaml

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
