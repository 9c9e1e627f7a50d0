"""Client address and scheme, from the connection and the X-Forwarded headers of trusted proxies."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# An address with a port; IPv6 addresses are then in brackets.
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
# Some proxies report the scheme of a WebSocket, others that of its handshake.
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
# IPv4-mapped addresses, as reported by a socket that listens on `::`.
MAPPED = IPv6Network("::ffff:0:0/96")


def parse_address(text: str) -> Address | None:
    """Return the address in a text without its port and zone, IPv4-mapped ones as IPv4; None if it is invalid."""
    match = WITH_PORT.fullmatch(text)
    try:
        address = ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


class TrustedProxies:
    """The networks whose X-Forwarded-For and X-Forwarded-Proto headers are trusted."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(map(unmap, networks))

    def __contains__(self, address: Address) -> bool:
        """Return whether an address belongs to a trusted proxy."""
        return any(address in network for network in self.networks)

    def resolve(
        self, peer: str, scheme: str, forwarded_for: str, forwarded_proto: str
    ) -> tuple[str, str]:
        """Return the address of the client, and the scheme that it used.

        Each proxy appends the address of its peer to X-Forwarded-For, so the list is read from its end, as long as the
        previous address is a trusted proxy. An invalid address ends the list. A peer without an IP address (a Unix
        socket, a test client) is returned unchanged.
        """
        if not self.networks and ":" not in peer:
            return peer, scheme
        client = parse_address(peer)
        if client is None:
            return peer, scheme
        if client not in self:
            return str(client), scheme
        nearest = forwarded_proto.rpartition(",")[2].strip().lower()
        for text in reversed(forwarded_for.split(",")):
            named = parse_address(text.strip())
            if named is None:
                break
            client = named
            if client not in self:
                break
        return str(client), SCHEMES.get(nearest, scheme)


def unmap(network: Network) -> Network:
    """Return an IPv4-mapped network as IPv4, and any other network unchanged."""
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network
