"""The directory of help: what a county's residents can turn to, when each entry was last checked, and which are broken (J-08, 002 一)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal
from uuid import uuid5

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection, delete, select

from api.help.tables import channels
from matcher.places import city_of, level_of, province_of, regions
from streams.runtime.messages import NAMESPACE
from streams.runtime.tables import upsert

KINDS = {
    "office": "办事机构", "online": "网上入口", "procedure": "办理程序", "document": "需要的材料", "service": "服务清单",
}  # fmt: skip
Kind = Literal["office", "online", "procedure", "document", "service"]
NATION = "100000"
#: An entry that nobody has looked at for so long is flagged.
STALE = timedelta(days=180)


class ChannelIn(BaseModel):
    """One entry: an office with address and telephone, an online entry with its address, a procedure, a document, a service."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    region: str
    kind: Kind
    name: str = Field(min_length=1, max_length=100)
    text: str | None = Field(default=None, max_length=2_000)
    address: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=60)
    url: str | None = Field(default=None, max_length=500, pattern=r"^https?://[^\s<>\"']+$")
    works: bool = True
    checked_on: date

    @field_validator("region")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in regions() and value != NATION:
            raise ValueError("a province, city or county by its six digits expected, or 100000 for the whole country")
        return value


def keep(connection: Connection, given: ChannelIn, *, by: str, at: str) -> str:
    """Enter an entry, or replace the one of that region, kind and name; answers its id."""
    id_ = str(uuid5(NAMESPACE, "\x1f".join(("help", given.region, given.kind, given.name))))
    values = given.model_dump(exclude={"checked_on"}) | {"channel_id": id_, "checked_on": given.checked_on.isoformat()}
    upsert(connection, channels, values | {"changed_by": by, "changed_at": at})
    return id_


def region_of(connection: Connection, channel_id: str) -> str | None:
    """The region of an entry; None where there is none."""
    return connection.execute(select(channels.c.region).where(channels.c.channel_id == channel_id)).scalar()


def remove(connection: Connection, channel_id: str) -> None:
    connection.execute(delete(channels).where(channels.c.channel_id == channel_id))


def listed(connection: Connection, region: str, today: date) -> list[dict[str, Any]]:
    """What counts in a region: its own entries, then its city's, its province's and the whole country's, by kind and name.

    ``flag``: ``broken`` where staff found that it does not work, ``stale`` where nobody looked for half a year, else None.
    """
    order = [region]
    if level_of(region) == "county":
        order.append(city_of(region))
    if level_of(region) != "province":
        order.append(province_of(region))
    order = [*dict.fromkeys(order), NATION]
    names = ("channel_id", "region", "kind", "name", "text", "address", "phone", "url", "checked_on")
    found = []
    for row in connection.execute(select(channels).where(channels.c.region.in_(order))).mappings():
        stale = date.fromisoformat(row["checked_on"]) < today - STALE
        flag = "broken" if not row["works"] else "stale" if stale else None
        found.append({name: row[name] for name in names if row[name] is not None} | {"flag": flag, "kind_name": KINDS[row["kind"]]})
    kinds = list(KINDS)
    return sorted(found, key=lambda one: (kinds.index(one["kind"]), order.index(one["region"]), one["name"]))
