"""Wrong passwords and codes are counted, so that nobody can try thousands: by account and address, and by address."""

from __future__ import annotations

from api.cache.memory import MemoryCache
from api.cache.shapes import Cache, CacheFault, Limit, Room
from api.problems import TooMany

WINDOW_S = 300.0
FOR_ONE_NAME = 10  # wrong passwords for one login from one address
FOR_ONE_ADDRESS = 100  # from one address whatever the login; a counter hall may share one
NAME = Limit("password", FOR_ONE_NAME, WINDOW_S)
ADDRESS = Limit("password-address", FOR_ONE_ADDRESS, WINDOW_S)
CODE = Limit("second-factor", 5, 900.0)  # wrong codes for one account, from wherever: three of a million fit at a time

ONCE = Limit("provider-state", 1, 600.0)  # a sign-in that comes back from the provider
PROVIDER = ":provider"  # in the place of a name, which has no colon

RESET = Limit("password-reset", 3, 3600.0)  # links asked for under one name
RESET_ADDRESS = Limit("password-reset-address", 30, 3600.0)  # from one address whatever the name
CONTACT = Limit("contacts", 60, 3600.0)  # names and telephones shown to one account


class Throttle:
    """Ten wrong passwords at once, then one in half a minute. A try is taken before the password is looked at, so that many at the same
    moment are counted as well, and given back when it was right. Without the cache's engine this process counts alone."""

    def __init__(self, cache: Cache):
        self._cache = cache
        self._own = MemoryCache()

    def enter(self, address: str, login: str) -> None:
        """Take one try; raises ``TooMany`` after too many wrong passwords."""
        for limit, who in ((NAME, _name(address, login)), (ADDRESS, address)):
            room = self._take(limit, who, 1)
            if not room.allowed:
                if limit is ADDRESS:
                    self._take(NAME, _name(address, login), -1)
                raise _too_many("连续登录失败次数太多，请过几分钟再试", limit, room)

    def right(self, address: str, login: str) -> None:
        """The password was right: what was wrong before is forgotten for this name, and the try is given back to the address."""
        self._take(NAME, _name(address, login), -FOR_ONE_NAME)
        self._take(ADDRESS, address, -1)

    def enter_provider(self, address: str) -> None:
        """The same for who comes back from the provider that staff sign in with, given back by ``right_provider``."""
        self.enter(address, PROVIDER)

    def right_provider(self, address: str) -> None:
        self.right(address, PROVIDER)

    def first_time(self, state: str) -> bool:
        """Whether a sign-in by the provider comes back for the first time within the minutes that it is open for."""
        return self._take(ONCE, state, 1).allowed

    def enter_code(self, account_id: str) -> None:
        """The same for the code of a second factor, given back by ``right_code``."""
        room = self._take(CODE, account_id, 1)
        if not room.allowed:
            raise _too_many("验证码连续输错次数太多，请过几分钟再试", CODE, room)

    def right_code(self, account_id: str) -> None:
        self._take(CODE, account_id, -CODE.most)

    def enter_contact(self, account_id: str) -> None:
        """Take one of the names and telephones that an account may be shown: whoever calls needs one at a time, a list is another thing."""
        room = self._take(CONTACT, account_id, 1)
        if not room.allowed:
            raise _too_many("查看姓名和电话的次数太多，请过一会儿再看", CONTACT, room)

    def enter_reset(self, address: str, login: str) -> None:
        """Take one of the links that may be asked for under a name, there or not, and from an address."""
        for limit, who in ((RESET_ADDRESS, address), (RESET, login)):
            room = self._take(limit, who, 1)
            if not room.allowed:
                raise _too_many("申请重置密码的次数太多，请过一会儿再试", limit, room)

    def _take(self, limit: Limit, who: str, cost: int) -> Room:
        try:
            return self._cache.take(limit, who, cost)
        except CacheFault:
            return self._own.take(limit, who, cost)


def _name(address: str, login: str) -> str:
    return f"{address}\x00{login}"


def _too_many(detail: str, limit: Limit, room: Room) -> TooMany:
    named = {"name": limit.name, "most": limit.most, "seconds": int(limit.seconds), "retry_after": room.wait}
    return TooMany(detail, headers={"Retry-After": str(room.wait)}, more={"limit": named})
