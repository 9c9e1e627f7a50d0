"""Storage of the rate limits: the memory of the process, or a server that workers share."""

from threading import Lock
from time import monotonic
from typing import cast

from limits.storage import MemoryStorage, Storage, storage_from_string

# Seconds to connect to a storage, and to wait for its response; parameters of the URL override them.
TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 1}
# Seconds between two scans for expired keys; with a million keys, a scan takes 60 ms.
SWEEP_INTERVAL = 60


class ThreadSafeMemory(MemoryStorage):
    """In-memory storage with a lock for threads, and eviction of expired keys.

    limits 5.8 does neither; the first is https://github.com/alisaifee/limits/pull/352.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()
        self.next_sweep = monotonic() + SWEEP_INTERVAL

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count an attempt, and return whether the limit allows it."""
        with self.lock:
            if monotonic() >= self.next_sweep:
                self.next_sweep = monotonic() + SWEEP_INTERVAL
                for expired in [each for each, entries in self.events.items() if not entries]:
                    del self.events[expired]
            return super().acquire_entry(key, limit, expiry, amount)


def make_storage(url: str) -> Storage:
    """Return the storage for a validated URL; its errors are StorageError."""
    if url.startswith("memory:"):
        return ThreadSafeMemory()
    return cast(Storage, storage_from_string(url, wrap_exceptions=True, **TIMEOUTS))
