"""The client's address and scheme behind trusted proxies."""

from ipaddress import ip_network

import pytest

from {{ cookiecutter.package_name }}.web.trusted_proxies import (
    TrustedProxies,
    parse_address,
)

NETWORKS = ["10.0.0.0/8", "::ffff:192.0.2.0/120", "2001:db8:1::/48"]
PROXIES = TrustedProxies(map(ip_network, NETWORKS))
NO_PROXIES = TrustedProxies(())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5001", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::FFFF:0102:0304", "1.2.3.4"),
        ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[::1]", "::1"),
        ("[::1]:5001", "::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_address_is_parsed(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "_hidden",
        "localhost:80",
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:port",
        "1.2.3.4:123456",
        "[::1",
        "[::1]:",
        "[::1]80",
        "::1]:80",
        "[unknown]:80",
        "1.2.3.4 5.6.7.8",
        "1" * 100_000,
        "[" + ":" * 100_000,
    ],
)
def test_invalid_address_is_rejected(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1,198.51.100.1,\t10.0.0.2", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1:5001", "198.51.100.1"),
        ("192.0.2.9", "198.51.100.1", "198.51.100.1"),
        ("192.0.3.9", "198.51.100.1", "192.0.3.9"),
        ("2001:db8:1::9", "[2001:db8:2::1]:443", "2001:db8:2::1"),
        ("2001:db8:2::9", "198.51.100.1", "2001:db8:2::9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("", "198.51.100.1", ""),
        ("testclient", "198.51.100.1", "testclient"),
    ],
)
def test_client_is_the_last_untrusted_address(peer: str, forwarded: str, client: str) -> None:
    assert PROXIES.resolve(peer, "http", forwarded, "")[0] == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "HTTPS", "https"),
        ("10.0.0.1", "wss", "https"),
        ("10.0.0.1", "https, http", "http"),
        ("10.0.0.1", "http,https", "https"),
        ("10.0.0.1", "", "http"),
        ("10.0.0.1", "javascript", "http"),
        ("198.51.100.1", "https", "http"),
        ("", "https", "http"),
    ],
)
def test_scheme_is_the_last_forwarded_one(peer: str, forwarded: str, scheme: str) -> None:
    assert PROXIES.resolve(peer, "http", "", forwarded)[1] == scheme


@pytest.mark.parametrize("forwarded", ["http", "ws"])
def test_forwarded_scheme_overrides_tls_of_the_proxy(forwarded: str) -> None:
    assert PROXIES.resolve("10.0.0.1", "https", "", forwarded)[1] == "http"


@pytest.mark.parametrize(
    ("peer", "client"),
    [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("::1", "::1")],
)
def test_headers_are_ignored_without_trusted_proxies(peer: str, client: str) -> None:
    assert NO_PROXIES.resolve(peer, "http", "198.51.100.1", "https") == (client, "http")
