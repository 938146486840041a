"""Whether an address is one that the internet knows."""

from __future__ import annotations

from ipaddress import ip_address


def is_private(host: str) -> bool:
    """Whether a host is of this machine or of a network of its own, as far as its name tells."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".local", ".localhost", ".internal"))
