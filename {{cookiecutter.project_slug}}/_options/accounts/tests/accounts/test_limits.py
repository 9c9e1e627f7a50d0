"""Rate limits of logins and registrations."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Network
from threading import BoundedSemaphore, Lock
from time import monotonic, sleep
from typing import Any, ClassVar

import httpx2
import pytest
from limits.aio.storage import MemoryStorage as UnsupportedStorage
from limits.storage import MemoryStorage
from pydantic import SecretStr, ValidationError
from sqlalchemy import event

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import limit_storage, limits, passwords
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.databases import make_database
from ..support.framework import client_for, route
from ..support.sessions import get_engine
from ..support.settings import REQUIRED, SECRET_KEY, IsolatedSettings
from .account_requests import (
    ACCOUNTS,
    PASSWORD,
    authorization,
    log_in,
    new_email,
    read_me,
    refresh,
    register,
)
from .conftest import ClientWith

PROXY = IPv4Network("127.0.0.1")
# The scheme of an asynchronous storage, which the service does not support.
UNSUPPORTED_SCHEME = UnsupportedStorage.STORAGE_SCHEME[0]


class Shared(MemoryStorage):
    """A fake storage that workers share; limits finds it by its scheme."""

    STORAGE_SCHEME = ["shared"]


class Down(MemoryStorage):
    """A fake storage that is unreachable."""

    STORAGE_SCHEME = ["down"]

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        raise ValueError("unreachable")


class Flaky(MemoryStorage):
    """A fake storage that fails until it is repaired."""

    STORAGE_SCHEME = ["flaky"]
    is_down: ClassVar[bool] = True
    calls: ClassVar[int] = 0

    @staticmethod
    def during_call() -> object:
        """Do nothing; a test replaces this to run code during a call."""

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        type(self).calls += 1
        self.during_call()
        if self.is_down:
            raise ValueError("unreachable")
        return super().acquire_entry(key, limit, expiry, amount)


class Watched(MemoryStorage):
    """A fake storage on another host."""

    STORAGE_SCHEME = ["watched"]


@pytest.fixture
def hung_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Yield the socket of a Redis server that never responds."""
    monkeypatch.setattr(limit_storage, "TIMEOUTS", dict.fromkeys(limit_storage.TIMEOUTS, 2))
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server


def accept_all(server: socket.socket) -> list[socket.socket]:
    """Accept connections until none arrive."""
    accepted = [server.accept()[0]]
    server.settimeout(0.2)
    with suppress(TimeoutError):
        while True:
            accepted.append(server.accept()[0])
    return accepted


def log_in_from(
    client: httpx2.Client, address: str, email: str, password: str = PASSWORD
) -> httpx2.Response:
    """Log in from a client address that a proxy reports."""
    form, headers = {"username": email, "password": password}, {"X-Forwarded-For": address}
    return client.post(f"{ACCOUNTS}/token", data=form, headers=headers)


def statuses_from(client: httpx2.Client, *addresses: str) -> list[int]:
    """Log in from client addresses that a proxy reports; return the statuses."""
    return [log_in_from(client, each, new_email()).status_code for each in addresses]


def assert_rate_limited(response: httpx2.Response, name: str, limit: int = 2) -> None:
    assert response.status_code == 429
    assert response.headers["Content-Type"] == "application/problem+json"
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert response.headers["RateLimit-Policy"] == f'"{name}";q={limit};w=60'
    assert response.headers["RateLimit"].startswith(f'"{name}";r=0;t=')


def test_account_limit_does_not_affect_other_accounts(client_with: ClientWith) -> None:
    with client_with(account_from_address_limit="2 per minute") as client:
        email = register(client).json()["email"]
        first = log_in(client, email)
        wrong = log_in(client, email.upper(), "a wrong password")

        assert_rate_limited(log_in(client, email), "account-from-address")
        assert log_in(client, new_email()).status_code == 400
        assert first.headers["RateLimit"].startswith('"account-from-address";r=1;t=')
        assert wrong.status_code == 400
        assert wrong.headers["RateLimit"].startswith('"account-from-address";r=0;t=')
        assert "RateLimit" not in read_me(client, first.json()).headers


def test_wrong_passwords_from_other_networks_do_not_lock_the_account(
    client_with: ClientWith,
) -> None:
    limited = {"account_from_address_limit": "2 per minute", "account_limit": "8 per minute"}
    with client_with(**limited, trusted_proxies=(PROXY,)) as client:
        email = register(client).json()["email"]
        tokens = log_in_from(client, "198.51.100.1", email).json()
        for address in ("203.0.113.1", "2001:db8::1", "2001:db8::2"):
            for _ in range(10):
                assert log_in_from(client, address, email, "a wrong password").status_code != 200

        # Only five attempts count for the account: rejected attempts of a network do not.
        owner = log_in_from(client, "198.51.100.1", email)
        assert owner.status_code == 200
        assert owner.headers["RateLimit"].startswith('"account-from-address";r=0;t=')
        for address in ("203.0.113.2", "203.0.113.3"):
            assert log_in_from(client, address, email, "a wrong password").status_code == 400
        assert_rate_limited(log_in_from(client, "203.0.113.4", email), "account", 8)
        # Existing logins remain valid.
        assert refresh(client, tokens).status_code == 200


def test_address_limit_includes_all_accounts(
    client_with: ClientWith, caplog: pytest.LogCaptureFixture
) -> None:
    with client_with(address_limit="2 per minute") as client:
        for left in (1, 0):
            assert log_in(client, new_email()).status_code == 400
            assert register(client).status_code == 201
            rejected = refresh(client, {"refresh_token": "a"})
            assert rejected.status_code == 400
            assert rejected.headers["RateLimit"].startswith(f'"address";r={left};t=')

        caplog.clear()
        assert_rate_limited(log_in(client, new_email()), "address")
        assert_rate_limited(register(client), "address")
        assert_rate_limited(refresh(client, {"refresh_token": "a"}), "address")

    assert [vars(each)["event"] for each in caplog.records if hasattr(each, "event")] == [
        f"too many attempts: {action}, by address" for action in ("log in", "register", "refresh")
    ]


def test_busy_hashing_is_unavailable_and_counts_no_attempt(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = BoundedSemaphore(1)
    monkeypatch.setattr(passwords, "BoundedSemaphore", lambda size: slots)
    with client_with(account_from_address_limit="9 per minute") as client:
        email = register(client).json()["email"]
        first = log_in(client, email)
        change = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
        headers = authorization(first.json())

        with slots:
            responses = [
                log_in(client, email),
                register(client),
                client.put(f"{ACCOUNTS}/me/password", json=change, headers=headers),
            ]
            assert refresh(client, first.json()).status_code == 200
        second = log_in(client, email)

    for response in responses:
        assert response.status_code == 503
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Retry-After"] == "1"
        assert "RateLimit" not in response.headers
    assert first.headers["RateLimit"].startswith('"account-from-address";r=8;t=')
    assert second.headers["RateLimit"].startswith('"account-from-address";r=7;t=')


def test_refresh_limit_does_not_revoke_tokens(client_with: ClientWith) -> None:
    with client_with(account_from_address_limit="2 per minute") as client:
        tokens = log_in(client, register(client).json()["email"]).json()
        for left in (1, 0):
            renewed = refresh(client, tokens)
            assert renewed.headers["RateLimit"].startswith(f'"account-from-address";r={left};t=')
            tokens = renewed.json()

        assert_rate_limited(refresh(client, tokens), "account-from-address")
        assert read_me(client, tokens).status_code == 200


def test_refresh_token_reuse_revokes_a_rate_limited_login(client_with: ClientWith) -> None:
    with client_with(account_from_address_limit="1 per minute") as client:
        stolen = log_in(client, register(client).json()["email"]).json()
        renewed = refresh(client, stolen).json()
        assert_rate_limited(refresh(client, renewed), "account-from-address", 1)

        assert refresh(client, stolen).status_code == 400

        assert read_me(client, renewed).status_code == 401


@pytest.mark.parametrize(("proxies", "statuses"), [((), [400, 429]), ((PROXY,), [400, 400])])
def test_rate_limits_use_the_client_address_behind_trusted_proxies(
    client_with: ClientWith, proxies: tuple[IPv4Network, ...], statuses: list[int]
) -> None:
    with client_with(address_limit="1 per minute", trusted_proxies=proxies) as client:
        assert statuses_from(client, "198.51.100.1", "198.51.100.2") == statuses


def test_addresses_of_one_network_share_a_limit(client_with: ClientWith) -> None:
    with client_with(address_limit="2 per minute", trusted_proxies=(PROXY,)) as client:
        assert statuses_from(client, "2001:db8::1", "2001:db8::2", "2001:db8::3") == [400, 400, 429]
        assert statuses_from(client, "2001:db8:0:1::1") == [400]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("unknown", "unknown"),
    ],
)
def test_address_belongs_to_its_network(address: str, network: str) -> None:
    assert limits.network_of(address) == network


def test_ports_and_invalid_addresses_share_a_limit(client_with: ClientWith) -> None:
    with client_with(address_limit="1 per minute", trusted_proxies=(PROXY,)) as client:
        assert statuses_from(client, "192.0.2.1:1", "192.0.2.1:2", "::ffff:192.0.2.1") == [
            400,
            429,
            429,
        ]
        assert statuses_from(client, "unknown", "_hidden", "192.0.2.1, text") == [400, 429, 429]


@pytest.mark.parametrize(
    "limit", ["0/minute", "11/second", "601 per minute", "1 per year", "10 per unknown"]
)
def test_invalid_limits_are_rejected(limit: str, production_settings: dict[str, object]) -> None:
    for name in ("account_limit", "address_limit"):
        with pytest.raises(ValidationError, match="for example 10 per 15 minutes"):
            IsolatedSettings.model_validate(production_settings | {name: limit})
        IsolatedSettings.model_validate(production_settings | {name: "10 per second"})
        IsolatedSettings.model_validate(production_settings | {name: "1 per 31 days"})


@pytest.mark.parametrize(
    ("storage", "workers", "environment", "is_valid"),
    [
        ("memory://", 1, "production", True),
        ("memory://", 2, "production", False),
        ("shared://", 2, "production", True),
        ("memory://", 2, "development", True),
    ],
)
def test_several_workers_require_a_shared_storage(
    storage: str, workers: int, environment: str, is_valid: bool
) -> None:
    settings = {
        "rate_limit_storage": storage,
        "workers": workers,
        "environment": environment,
        "secret_key": SECRET_KEY,
        **REQUIRED,
    }

    if is_valid:
        IsolatedSettings.model_validate(settings)
    else:
        with pytest.raises(ValidationError, match="shared by all workers"):
            IsolatedSettings.model_validate(settings)


@pytest.mark.parametrize(
    "storage",
    ["nothing", "unknown://a secret", "redis://host:a secret", f"{UNSUPPORTED_SCHEME}://"],
)
def test_invalid_storage_is_rejected(storage: str) -> None:
    with pytest.raises(ValidationError, match="must be memory://") as rejected:
        IsolatedSettings.model_validate({"rate_limit_storage": storage})

    assert "a secret" not in str(rejected.value)


def test_unreachable_storage_denies_logins(client_with: ClientWith) -> None:
    with client_with(rate_limit_storage=SecretStr("down://")) as client:
        rejected = log_in(client, new_email())

    assert rejected.status_code == 503
    assert rejected.headers["Retry-After"] == "5"
    assert rejected.json()["detail"] == "Rate limiting is temporarily unavailable."


def test_hanging_storage_is_unavailable_and_blocks_no_other_request(
    settings: Settings, hung_storage: socket.socket
) -> None:
    address = SecretStr(f"redis://127.0.0.1:{hung_storage.getsockname()[1]}")
    app = create_app(settings.model_copy(update={"rate_limit_storage": address}))
    # A blocking endpoint: asynchronous frameworks run it in a shared thread pool.
    route(app, "/blocking", lambda: "done")

    with client_for(app) as client, ThreadPoolExecutor(60) as pool:
        started = monotonic()
        waiting = [pool.submit(refresh, client, {"refresh_token": "a"}) for _ in range(60)]
        connections = accept_all(hung_storage)

        for path in ("/livez", "/blocking", f"{ACCOUNTS}/me"):
            assert client.get(path).status_code in (200, 401)
        assert not any(each.done() for each in waiting)

        assert {each.result().status_code for each in waiting} == {503}
        assert log_in(client, new_email()).status_code == 503
        assert monotonic() - started < 6
    for connection in connections:
        connection.close()


def test_failed_storage_is_retried_once_after_a_pause(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(limits, "monotonic", lambda: seconds[0])
    flaky = settings.model_copy(update={"rate_limit_storage": SecretStr("flaky://")})
    counter = limits.Limits(flaky)

    def is_counted() -> bool:
        with suppress(ProblemError):
            return bool(counter.hit("log in", address="::1"))
        return False

    assert [is_counted() for _ in range(3)] == [False] * 3
    assert Flaky.calls == 1
    seconds[0] += limits.PAUSE
    with monkeypatch.context() as patch:
        patch.setattr(Flaky, "during_call", staticmethod(is_counted))
        assert [is_counted() for _ in range(3)] == [False] * 3
    assert Flaky.calls == 2
    seconds[0] += limits.PAUSE
    monkeypatch.setattr(Flaky, "is_down", False)
    assert [is_counted() for _ in range(3)] == [True] * 3
    assert Flaky.calls == 5


def test_storage_and_hashing_hold_no_connection(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {
        "database_url": make_database("watched"),
        "rate_limit_storage": SecretStr("watched://"),
    }
    app = create_app(settings.model_copy(update=changes))
    checked_out: set[int] = set()
    recorded: set[tuple[str, int]] = set()
    event.listen(
        get_engine(app), "checkout", lambda connection, *rest: checked_out.add(id(connection))
    )
    event.listen(
        get_engine(app), "checkin", lambda connection, *rest: checked_out.remove(id(connection))
    )

    def watch(owner: object, name: str) -> None:
        function = getattr(owner, name)

        def record_and_call(*arguments: Any, **options: Any) -> Any:
            recorded.add((name, len(checked_out)))
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, record_and_call)

    watch(Watched, "acquire_entry")
    for name in ("hash", "verify"):
        watch(passwords.HashingPool, name)

    with client_for(app) as client:
        email = register(client).json()["email"]
        tokens = refresh(client, log_in(client, email).json()).json()
        change = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
        path = f"{ACCOUNTS}/me/password"
        changed = client.put(path, json=change, headers=authorization(tokens))

    assert changed.status_code == 204
    assert recorded == {("acquire_entry", 0), ("hash", 0), ("verify", 0)}


def test_attempts_are_counted_by_one_thread_at_a_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, is_free = limits.Limits(settings), Lock()

    def acquire_entry(*arguments: object) -> bool:
        assert is_free.acquire(blocking=False), "two threads count concurrently"
        sleep(0.001)
        is_free.release()
        return True

    monkeypatch.setattr(MemoryStorage, "acquire_entry", acquire_entry)
    with ThreadPoolExecutor(4) as pool:
        for counted in [pool.submit(counter.hit, "login", address="::1") for _ in range(20)]:
            counted.result()


def test_expired_keys_are_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_storage, "SWEEP_INTERVAL", 0)
    storage = limit_storage.ThreadSafeMemory()
    for key in "abc":
        storage.acquire_entry(key, limit=1, expiry=0)

    for _ in range(500):
        storage.acquire_entry("d", limit=1, expiry=60)
        if list(storage.events) == ["d"]:
            break
        sleep(0.01)

    assert list(storage.events) == ["d"]


def test_expired_keys_are_kept_until_the_next_sweep() -> None:
    storage = limit_storage.ThreadSafeMemory()
    storage.events["expired"] = []

    storage.acquire_entry("d", limit=1, expiry=60)

    assert "expired" in storage.events


def test_scripts_of_other_origins_can_read_the_limits(client_with: ClientWith) -> None:
    origin = "https://app.example.com"
    with client_with(cors_origins=(origin,)) as client:
        form = {"username": new_email(), "password": "wrong"}
        response = client.post(f"{ACCOUNTS}/token", data=form, headers={"Origin": origin})

    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    for name in ("RateLimit", "RateLimit-Policy"):
        assert name in response.headers
        assert name in exposed
