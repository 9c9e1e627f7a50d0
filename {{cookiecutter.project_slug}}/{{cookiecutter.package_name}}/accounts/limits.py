"""How often somebody may try: for each account, and for each address that clients come from."""

import logging
from ipaddress import ip_network
from time import time

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.strategies import MovingWindowRateLimiter

from ..config import Settings
from ..proxies import parse_address
from .events import note
from .exceptions import LimitExceeded, LimitsUnavailable
from .limit_storage import storage_of

logger = logging.getLogger(__name__)


class Limits:
    """Counts attempts, in this process or in a storage that workers share."""

    def __init__(self, settings: Settings) -> None:
        self.account, self.address = parse(settings.account_limit), parse(settings.address_limit)
        storage = storage_of(settings.rate_limit_storage.get_secret_value())
        self.window = MovingWindowRateLimiter(storage)

    def hit(self, action: str, *, address: str, account: str | None = None) -> dict[str, str]:
        """Count an attempt, and return the headers that tell how many are left.

        Raises LimitExceeded, which has them too, or LimitsUnavailable. It may wait for a storage.
        """
        headers = self.count("address", self.address, action, network_of(address))
        return self.count("account", self.account, action, account) if account else headers

    def count(self, name: str, limit: RateLimitItem, action: str, whose: str) -> dict[str, str]:
        """Count an attempt against one limit: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/."""
        try:
            is_allowed = self.window.hit(limit, action, name, whose)
            stats = self.window.get_window_stats(limit, action, name, whose)
        except StorageError as error:
            logger.warning("attempts cannot be counted: %s", error.storage_error)
            raise LimitsUnavailable from error
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
    parsed = parse_address(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed)
