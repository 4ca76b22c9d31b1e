"""The scope check: who may see or do what with whose data.

Every query for a person's data passes ``person``; reads by others are logged.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert

from api.access.accounts import Caller
from api.access.tables import audit
from api.problems import Forbidden, NotSignedIn
from matcher.places import covers
from streams.runtime.exchange import Exchange

STAFF = ("commissioner", "administrator")


def signed_in(caller: Caller | None, *roles: str) -> Caller:
    """The caller, if signed in and of one of these roles (any when none is named)."""
    if caller is None:
        raise NotSignedIn("请先登录，或在请求中带上账号密码或 API 密钥")
    if roles and caller.role not in roles:
        raise Forbidden("您的账号不能使用这项功能")
    return caller


def in_region(caller: Caller, region: str | None) -> bool:
    """Whether a place lies in the region a member of staff is responsible for; without a region: the province's."""
    if caller.role in ("administrator", "auditor"):
        return True
    return caller.region is not None and region is not None and covers(caller.region, region)


def person(
    exchange: Exchange, caller: Caller | None, person_id: str, regions: tuple[str | None, ...], action: str, *, purpose: str = ""
) -> Caller:
    """May this caller see or act for this person? The person may; a commissioner of the person's region and administrators may, logged."""
    who = signed_in(caller)
    if who.role == "jobseeker":
        if who.person_id == person_id:
            return who
        raise Forbidden("只能查看本人的资料")
    if who.role == "administrator" or (who.role == "commissioner" and any(in_region(who, region) for region in regions)):
        exchange.write(lambda connection: note(connection, exchange, who, person_id, action, purpose))
        return who
    raise Forbidden("您的账号不能查看这位求职者的资料")


def note(connection: Connection, exchange: Exchange, caller: Caller, person_id: str, action: str, purpose: str = "") -> None:
    """One line in the append-only log of who read whose data."""
    values = {"at": exchange.now().isoformat(), "account_id": caller.account_id, "role": caller.role}
    connection.execute(insert(audit).values(**values, person_id=person_id, action=action, purpose=purpose))


def employer(caller: Caller | None, employer_id: str | None, region: str | None) -> Caller:
    """May this caller act for this employer? Its own account, a commissioner of its region, administrators."""
    who = signed_in(caller)
    if who.role == "employer" and employer_id is not None and who.employer_id == employer_id:
        return who
    if who.role == "administrator" or (who.role == "commissioner" and in_region(who, region)):
        return who
    raise Forbidden("您的账号不能办理这家单位的事项")


def posting(caller: Caller | None, *, owner: str, employer_id: str | None, region: str | None) -> Caller:
    """May this caller change this posting? Its own source or employer, a commissioner of its place, administrators."""
    who = signed_in(caller)
    if who.role in ("operator", "partner") and owner in who.owner_ids:
        return who
    return employer(who, employer_id, region)


def may_send(caller: Caller | None, owner: str) -> Caller:
    """A credential writes only its own owner's postings (contract.md)."""
    who = signed_in(caller, "employer", "operator", "partner", "commissioner", "administrator")
    if who.role == "administrator" or owner in who.owner_ids or (who.employer_id is not None and owner == who.employer_id):
        return who
    raise Forbidden("这个账号只能发送自己单位、市场或品牌的岗位")
