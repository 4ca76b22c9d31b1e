"""``gongqiao search``: the index that the settings name, from the command line."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import Engine, select

from infra.engines import postgres_arguments, search_options
from infra.settings import Settings, settings_of
from matcher import places
from matcher.forms import form_of
from matcher.place_reading import read_place
from matcher.wording import FORMS, number
from search.documents import OFFERS
from search.errors import IndexFault, QueryError
from search.index import Page, is_elastic, open_index
from search.query import SORTS, Query, read_query
from streams.intake.tables import postings
from streams.runtime.database import is_postgres, open_engine

_PER = {"month": "月", "year": "年", "week": "周", "day": "天", "hour": "小时", "piece": "件"}
_ORDERS = {"relevance": "相关程度", "date": "发布时间", "pay": "工资", "distance": "距离"}
_STATED = (
    "posting_id",
    "title",
    "employer",
    "region",
    "employment_form",
    "type",
    "pay",
    "education_min",
    "published_at",
    "apply_by",
    "location",
)
_AT_ONCE = 500
_HERE = "140000"


def published(state: Engine, posting_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Of these postings, those whose row still lets them be seen: id -> contract JSON (kept without contact)."""
    ids = list(posting_ids)
    found: dict[str, dict[str, Any]] = {}
    with state.connect() as connection:
        for at in range(0, len(ids), _AT_ONCE):
            part = ids[at : at + _AT_ONCE]
            rows = select(postings.c.posting_id, postings.c.doc).where(postings.c.state == "published", postings.c.posting_id.in_(part))
            found.update((posting_id, orjson.loads(doc)) for posting_id, doc in connection.execute(rows))
    return found


def region_code(text: str) -> str:
    """A code as it is, a name as the code of the place it means; one that means none goes on to be refused by the query."""
    if text.isascii():
        return text
    code = read_place(None, text, within=_HERE).code
    # A name that means nothing is read as "somewhere in the province": here that would silently search everywhere.
    return text if code is None or (code == _HERE and "山西" not in text) else code


def _state(settings: Settings) -> Engine:
    """The state, to be read only."""
    if is_postgres(settings.state_url):
        return open_engine(settings.state_url, read_only=True, arguments=postgres_arguments(settings))
    return open_engine(settings.database, read_only=True)


def search(settings: Settings, query: Query) -> tuple[Page, list[dict[str, Any]]]:
    """The page and its postings. Raises QueryError; click.ClickException where there is nothing to search in."""
    there = is_elastic(settings.search_url) or (settings.index / "current.json").exists()
    if not there or not (is_postgres(settings.state_url) or settings.database.exists()):
        raise click.ClickException(
            f"{settings.data_dir}: no index here. Start the exchange once (gongqiao run), or name its folder with --data-dir."
        )
    docs: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        state = _state(settings)
        stack.callback(state.dispose)

        def allowed(ids: list[str]) -> set[str]:
            docs.update(published(state, ids))
            return docs.keys() & set(ids)

        try:
            index = open_index(settings.search_url, options=search_options(settings))
            stack.callback(index.close)
            page = index.search(query, allowed=allowed)
        except IndexFault as error:
            raise click.ClickException(str(error)) from None
    return page, [docs[hit.posting_id] for hit in page.hits]


def pay_in_words(pay: dict[str, Any]) -> str:
    """「5000–7000元/月」; 「面议」 where nothing is stated."""
    low, high = pay.get("min"), pay.get("max")
    if low is None and high is None:
        return "工资面议"
    amount = "–".join(dict.fromkeys(number(value) for value in (low, high) if value is not None)) + "元"
    unit = f"/{_PER[pay['unit']]}" if pay.get("unit") in _PER else ""
    months = pay.get("months")
    words = amount + unit + (f"·{number(months)}薪" if months and months != 12 else "")
    return f"最高{words}" if low is None else words + ("起" if high is None else "")


def _line(position: int, doc: dict[str, Any], kilometres: float | None) -> str:
    employer = doc.get("employer") or {}
    parts = [
        doc["title"],
        employer.get("name") or "用人单位未写明",
        places.full_name(doc["region"]) if doc.get("region") else "地点未写明",
        pay_in_words(doc.get("pay") or {}),
        FORMS.get(doc.get("employment_form") or ("gig" if doc.get("type") == "gig" else ""), ""),
        f"{kilometres:.1f}公里" if kilometres is not None else "",
        f"{doc['published_at'][:10]}发布" if doc.get("published_at") else "",
        f"编号 {doc['posting_id']}",
    ]
    return f"{position:>3}. " + "　".join(part for part in parts if part)


def listing(query: Query, page: Page, docs: list[dict[str, Any]]) -> str:
    """What a person reads."""
    if not docs:
        return "没有找到岗位。可以少写几个字，或去掉地区、工资等条件再试。"
    lines = [f"找到 {page.total} 个岗位，按{_ORDERS[query.order]}排列："]
    lines += [_line(position, doc, hit.kilometres) for position, (doc, hit) in enumerate(zip(docs, page.hits, strict=True), 1)]
    cities = page.facets.get("city", {})
    if len(cities) > 1:
        lines.append("分布：" + "，".join(f"{places.name_of(code)} {count}" for code, count in list(cities.items())[:8]))
    if page.cursor:
        lines.append(f"后面还有。接着看：同样的条件加上 --cursor {page.cursor}")
    return "\n".join(lines)


def as_json(page: Page, docs: list[dict[str, Any]]) -> bytes:
    """One JSON object: hits with the posting's own fields, total, facets, cursor."""
    hits = [
        {name: doc[name] for name in _STATED if doc.get(name) is not None} | {"kilometres": hit.kilometres, "likeness": hit.likeness}
        for doc, hit in zip(docs, page.hits, strict=True)
    ]
    return orjson.dumps({"total": page.total, "hits": hits, "facets": page.facets, "cursor": page.cursor})


@click.command("search")
@click.argument("text", default="")
@click.option("--region", multiple=True, help="Code or name; a city finds its counties. May be given several times.")
@click.option("--form", multiple=True, help=f"One of {', '.join(FORMS)}, or its Chinese name.")
@click.option("--pay-min", help="Yuan a month; compared with a posting's top.")
@click.option("--type", "kind", multiple=True, help="Posting type, such as regular, gig, internship.")
@click.option("--source", multiple=True, help="enterprise, gig_market, labour_brand.")
@click.option("--education", help="Your level (大专, 31 …): what asks for more is left out.")
@click.option("--zone", multiple=True, help="graduate (kept for graduates), gig.")
@click.option("--offers", multiple=True, help=f"What the posting must say: {', '.join(OFFERS)}.")
@click.option("--trade", multiple=True, help="Work by any of its names (骑手 finds 网约配送员); several are alternatives.")
@click.option("--published-since", help="A day such as 2026-11-01.")
@click.option("--near", help="LATITUDE,LONGITUDE.")
@click.option("--radius-km", help="Kilometres around --near.")
@click.option("--sort", help=f"{', '.join(SORTS)}; relevance by default.")
@click.option("--limit", default="20", help="1 to 100.")
@click.option("--cursor", help="Goes on where the page before ended.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON object instead of a listing.")
def command(
    text: str, region: tuple[str, ...], form: tuple[str, ...], kind: tuple[str, ...], source: tuple[str, ...], zone: tuple[str, ...],
    offers: tuple[str, ...], trade: tuple[str, ...], data_dir: Path | None, json_wanted: bool, **single: str | None,
) -> None:  # fmt: skip
    """Search the published postings. TEXT: words that must all occur; -word must not; "words side by side"."""
    several = {
        "region": [region_code(each) for each in region],
        "form": [form_of(each) or each for each in form],
        "type": list(kind),
        "source": list(source),
        "zone": list(zone),
        "offers": list(offers),
        "trade": list(trade),
    }
    settings = settings_of(data_dir)
    try:
        query = read_query({"q": text, "facets": "city,form,source", **several, **single})
        page, docs = search(settings, query)
    except QueryError as error:
        option = "TEXT" if error.field == "q" else f"--{error.field.replace('_', '-')}"
        hint = f" Allowed: {', '.join(error.allowed)}." if error.allowed else ""
        raise click.UsageError(f"{option}: {error.message}.{hint}") from None
    click.echo(as_json(page, docs) if json_wanted else listing(query, page, docs))
