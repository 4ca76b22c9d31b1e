"""The JSON Schema of a benefit's file, for editors and for people who write one; shipped as ``catalogue/catalogue.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from matcher.policy.format import BenefitFile


def json_schema() -> dict[str, Any]:
    """The schema as Draft 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **BenefitFile.model_json_schema(mode="validation")}


def schema_text() -> str:
    return json.dumps(json_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
