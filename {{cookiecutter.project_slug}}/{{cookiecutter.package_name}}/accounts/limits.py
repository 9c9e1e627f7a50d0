"""How often somebody may try: for each account, and for each address that clients come from."""

from ipaddress import ip_address, ip_network
from threading import Lock
from time import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from ..config import Settings
from .events import note
from .exceptions import LimitExceeded


class ThreadSafeMemory(MemoryStorage):
    """Counts in this process, in one thread after another, and forgets who was counted long ago.

    limits 5.8 does neither: https://github.com/alisaifee/limits/pull/352.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count an attempt, and return whether it is allowed."""
        with self.lock:
            for forgotten in [each for each, entries in self.events.items() if not entries]:
                del self.events[forgotten]
            return super().acquire_entry(key, limit, expiry, amount)


class Limits:
    """Counts attempts, in this process or in a storage that workers share."""

    def __init__(self, settings: Settings) -> None:
        self.account, self.address = parse(settings.account_limit), parse(settings.address_limit)
        address = settings.rate_limit_storage.get_secret_value()
        is_memory = address.startswith("memory:")
        self.storage = ThreadSafeMemory() if is_memory else storage_from_string(address)
        self.window = MovingWindowRateLimiter(self.storage)

    def hit(self, action: str, *, address: str, account: str | None = None) -> dict[str, str]:
        """Count an attempt, and return the headers that tell how many are left.

        Raises LimitExceeded, which has them too. It may wait for a storage.
        """
        headers = self.count("address", self.address, action, network_of(address))
        return self.count("account", self.account, action, account) if account else headers

    def count(self, name: str, limit: RateLimitItem, action: str, whose: str) -> dict[str, str]:
        """Count an attempt against one limit: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/."""
        is_allowed = self.window.hit(limit, action, name, whose)
        stats = self.window.get_window_stats(limit, action, name, whose)
        seconds = max(1, round(stats.reset_time - time()))
        headers = {
            "RateLimit-Policy": f'"{name}";q={limit.amount};w={limit.get_expiry()}',
            "RateLimit": f'"{name}";r={stats.remaining};t={seconds}',
        }
        if not is_allowed:
            note(f"too many attempts: {action}, by {name}")
            raise LimitExceeded({**headers, "Retry-After": str(seconds)})
        return headers


def network_of(address: str) -> str:
    """Return whom an address belongs to: with IPv6, everybody has a network of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
