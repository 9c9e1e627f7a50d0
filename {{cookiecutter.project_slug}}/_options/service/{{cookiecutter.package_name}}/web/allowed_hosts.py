"""Validation of Host headers: https://www.rfc-editor.org/rfc/rfc9110#section-7.2."""

import re
from collections.abc import Collection

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?", re.IGNORECASE)


class AllowedHosts:
    """Allowed hosts: names, addresses, `*.example.com` for a domain and its subdomains, `*` for any host."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.any = "*" in allowed
        self.exact = {host.removeprefix("*.") for host in allowed if host != "*"}
        self.domains = tuple(host[1:] for host in allowed if host.startswith("*."))

    def __contains__(self, host: str) -> bool:
        """Return whether a Host header is valid and allowed, ignoring its case and its port."""
        if host in self.exact:
            return True
        if not (parts := HOST.fullmatch(host)):
            return False
        name = parts[1].lower()
        return self.any or name in self.exact or name.endswith(self.domains)
