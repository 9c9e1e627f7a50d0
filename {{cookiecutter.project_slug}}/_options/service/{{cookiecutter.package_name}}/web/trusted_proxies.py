"""The address of the client and its scheme, from the connection and the headers of trusted proxies."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# An address and a port; an IPv6 address needs brackets then.
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
# Some proxies report the scheme of a WebSocket, others that of its handshake.
SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
# IPv4 addresses as a socket that listens on `::` reports them.
MAPPED = IPv6Network("::ffff:0:0/96")


def parse_address(text: str) -> Address | None:
    """Parse an address without its port and its zone; a mapped IPv4 address becomes IPv4."""
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

        Each proxy appends the address that it was connected from, so the list is read from its end, for as long as
        the address before is a trusted proxy's. What is no address ends it. A peer without an address (a socket of
        the file system, a test) is returned as it is.
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
    """Return the IPv4 network that an IPv6 network of mapped addresses stands for, or the network itself."""
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network
