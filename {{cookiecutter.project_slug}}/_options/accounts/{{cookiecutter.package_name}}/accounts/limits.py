"""Rate limits per client address, per account from one address, and per account."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from time import monotonic, time

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.strategies import MovingWindowRateLimiter

from ..config import Settings
from ..observability.audit_log import log_event
from ..web.trusted_proxies import parse_address
from .exceptions import LimitExceeded, LimitsUnavailable
from .limit_storage import make_storage

logger = logging.getLogger(__name__)

# Seconds before a failed storage is tried again; longer than its timeouts.
PAUSE = 3


class Limits:
    """Counts attempts in moving windows, in memory or in a shared storage."""

    def __init__(self, settings: Settings) -> None:
        self.address = parse(settings.address_limit)
        self.account_from_address = parse(settings.account_from_address_limit)
        self.account = parse(settings.account_limit)
        # The limits of accounts for actions that have their own.
        self.account_by_action: dict[str, RateLimitItem] = {}
        # {% if "recovery" in cookiecutter.__facts %}
        for action in ("confirm address", "forgot password"):
            self.account_by_action[action] = parse(settings.email_limit)
        # {% endif %}
        storage = make_storage(settings.rate_limit_storage.get_secret_value())
        self.window = MovingWindowRateLimiter(storage)
        self.paused_until: float | None = None

    def hit(self, action: str, *, address: str, account: str | None = None) -> dict[str, str]:
        """Count an attempt against each limit, and return the RateLimit headers of the narrowest one.

        Raises LimitExceeded, which has the headers of the limit that is exceeded, or LimitsUnavailable. It may wait for
        the storage: call it before a transaction begins.
        """
        network = network_of(address)
        headers = self.count("address", self.address, action, network)
        if account is None:
            return headers
        # The limit of the account comes last, so that attempts from a blocked address do not count against it; its
        # headers are not sent, because they would reveal the attempts of other clients.
        headers = self.count(
            "account-from-address", self.account_from_address, action, account, network
        )
        limit = self.account_by_action.get(action, self.account)
        self.count("account", limit, action, account)
        return headers

    def count(self, name: str, limit: RateLimitItem, *key: str) -> dict[str, str]:
        """Count an attempt against one limit, and return its headers; raise LimitExceeded or LimitsUnavailable.

        https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
        """
        action = key[0]
        with self.storage_errors():
            is_allowed = self.window.hit(limit, name, *key)
            stats = self.window.get_window_stats(limit, name, *key)
        seconds = max(1, round(stats.reset_time - time()))
        headers = {
            "RateLimit-Policy": f'"{name}";q={limit.amount};w={limit.get_expiry()}',
            "RateLimit": f'"{name}";r={stats.remaining};t={seconds}',
        }
        if not is_allowed:
            log_event(f"too many attempts: {action}, by {name}")
            raise LimitExceeded({**headers, "Retry-After": str(seconds)})
        return headers

    @contextmanager
    def storage_errors(self) -> Iterator[None]:
        """Translate errors of the storage to LimitsUnavailable, and raise that for PAUSE seconds after an error.

        After each pause one thread tries the storage, so a storage that hangs blocks one thread, not all of them.
        """
        if self.paused_until is not None:
            if monotonic() < self.paused_until:
                raise LimitsUnavailable
            self.paused_until = monotonic() + PAUSE
        try:
            yield
        except StorageError as error:
            self.paused_until = monotonic() + PAUSE
            logger.warning("the storage of the rate limits is unavailable: %s", error.storage_error)
            raise LimitsUnavailable from error
        self.paused_until = None


def network_of(address: str) -> str:
    """Return the network that an address counts for: a client with IPv6 usually has a whole /64."""
    parsed = parse_address(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed)
