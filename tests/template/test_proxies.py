"""The addresses of clients behind proxies, for any addresses and any headers: `trusted_proxies.py` is loaded without a project."""

import runpy
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rendering import OPTIONS, PACKAGE

MODULE = runpy.run_path(str(OPTIONS / "service" / PACKAGE / "web" / "trusted_proxies.py"))
parse_address, TrustedProxies = MODULE["parse_address"], MODULE["TrustedProxies"]

NETWORKS = tuple(map(ip_network, ("10.0.0.0/8", "::ffff:192.0.2.0/120", "2001:db8:1::/48")))
PROXIES = TrustedProxies(NETWORKS)

ports = st.integers(0, 65535)
ipv4 = st.ip_addresses(v=4)
# Without those that stand for an IPv4 address.
ipv6 = st.integers(0, 2**128 - 1).filter(lambda number: number >> 32 != 0xFFFF).map(IPv6Address)
addresses = ipv4 | ipv6
proxies = st.one_of(
    *(st.ip_addresses(network=network) for network in ("10.0.0.0/8", "192.0.2.0/24", "2001:db8:1::/48"))
)
clients = addresses.filter(lambda address: address not in PROXIES)
texts = st.text(max_size=80)
headers = st.lists(texts | addresses.map(str)).map(", ".join)


@st.composite
def written(draw: st.DrawFn, of: st.SearchStrategy[IPv4Address | IPv6Address]) -> tuple[str, str]:
    """Write an address in one of its forms; return it with its usual form."""
    address = draw(of)
    forms = [str(address), address.exploded]
    if isinstance(address, IPv4Address):
        forms += [f"{address}:{draw(ports)}", f"::ffff:{address}", f"[::ffff:{address}]:{draw(ports)}"]
    else:
        forms += [f"[{address}]", f"[{address}]:{draw(ports)}", str(address).upper(), f"{address}%eth0"]
    return draw(st.sampled_from(forms)), str(address)


@given(written(addresses))
def test_all_forms_of_an_address_are_one(address: tuple[str, str]) -> None:
    form, usual = address

    assert str(parse_address(form)) == usual


@given(texts)
def test_what_is_parsed_is_an_address(text: str) -> None:
    address = parse_address(text)

    assert address is None or (ip_address(str(address)) == address and "%" not in str(address))


@given(written(clients), headers, texts)
def test_headers_of_other_peers_change_nothing(peer: tuple[str, str], forwarded: str, scheme: str) -> None:
    form, usual = peer

    assert PROXIES.resolve(form, "http", forwarded, scheme) == (usual, "http")


@given(written(addresses), headers, texts)
def test_headers_change_nothing_without_trusted_proxies(peer: tuple[str, str], forwarded: str, scheme: str) -> None:
    client, seen = TrustedProxies(()).resolve(peer[0], "http", forwarded, scheme)

    assert (parse_address(client), seen) == (ip_address(peer[1]), "http")


@given(headers, written(clients), st.lists(written(proxies)), written(proxies))
def test_client_is_the_last_address_that_is_no_proxy(
    forged: str, client: tuple[str, str], between: list[tuple[str, str]], nearest: tuple[str, str]
) -> None:
    """Nothing that a client sends before its own address, which the first proxy appends, changes the result."""
    forwarded = ",".join([forged, client[0], *(form for form, _ in between)])

    assert PROXIES.resolve(nearest[0], "http", forwarded, "https") == (client[1], "https")


@given(headers, texts.filter(lambda text: "," not in text and parse_address(text.strip()) is None), written(proxies))
def test_text_that_is_no_address_is_the_proxy(forged: str, text: str, nearest: tuple[str, str]) -> None:
    assert PROXIES.resolve(nearest[0], "http", f"{forged},{text}", "")[0] == nearest[1]


@given(written(proxies), headers, texts)
def test_scheme_is_one_of_two(peer: tuple[str, str], forwarded: str, scheme: str) -> None:
    client, seen = PROXIES.resolve(peer[0], "http", forwarded, scheme)

    assert seen in ("http", "https")
    assert parse_address(client) is not None


@pytest.mark.parametrize("network", ["::/0", "::fffe:0:0/95", "2001:db8::/32"])
def test_network_of_ipv6_has_no_ipv4(network: str) -> None:
    assert ip_address("192.0.2.1") not in TrustedProxies([ip_network(network)])
