"""Where attempts are counted: in this process, or in a storage that workers share."""

from threading import Lock

from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, MovingWindowSupport, Storage, storage_from_string

# The seconds that a storage may take to be connected to, and to answer; parameters of the URL go before.
TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 1}


class ThreadSafeMemory(MemoryStorage):
    """Counts in this process, in one thread after another, and forgets who was counted long ago.

    limits 5.8 does neither; the first is https://github.com/alisaifee/limits/pull/352.
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


def storage_of(address: str) -> Storage:
    """Return the storage of an address; raise ValueError where attempts cannot be counted in it."""
    if is_memory(address):
        return ThreadSafeMemory()
    # What the library says of an address repeats it, and there may be a password in it.
    try:
        storage = storage_from_string(address, wrap_exceptions=True, **TIMEOUTS)
    except (ConfigurationError, ValueError):
        storage = None
    if isinstance(storage, Storage) and isinstance(storage, MovingWindowSupport):
        return storage
    raise ValueError("has to be memory:// or, with the package limits[redis], such as redis://host")


def is_memory(address: str) -> bool:
    """Tell whether each process counts for itself."""
    return address.startswith("memory:")
