"""Targets: which URLs and which addresses may be sent to (Zapier contract 5.1 and 10.3)."""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from app.errors import BadUserInput

INVALID = "The specified URL is not valid."
_PORTS = {"https": 443, "http": 80}
_LONGEST = 2000
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_FORBIDDEN = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
"""What IANA's registries of special-purpose addresses keep from the Internet, within what is routed."""

_ROUTED = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """Where a delivery goes: `host` is a name in ASCII or an address, `path` has the query with it."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def server(self) -> tuple[str, str, int]:
        """What a connection to it is good for: all targets of which this is the same."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str, *, allow_private: bool = False) -> Target:
    """The target at a URL, whose host is not looked up.

    With `allow_private`, which is for development, plain HTTP and any address
    may be. Raises `BadUserInput`.
    """
    try:
        target = _parse(url)
    except ValueError as error:
        raise BadUserInput(INVALID, field="target") from error
    if allow_private:
        return target
    host = target.host.rstrip(".")
    literal, is_local = _literal(host), host.rpartition(".")[2] == "localhost"
    if target.scheme != "https" or is_local or (literal is not None and not is_routable(literal)):
        raise BadUserInput(INVALID, field="target")
    return target


def is_routable(address: str) -> bool:
    """Whether an address is of the public Internet; one that holds an IPv4 address is what that is."""
    if "%" in address:
        return False
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is not None:
            return is_routable(str(inner))
        if ip not in _ROUTED:
            return False
    return not any(ip in network for network in _FORBIDDEN if network.version == ip.version)


def _parse(url: str) -> Target:
    """Raises `ValueError` for what is no URL of a server, or has a user in it."""
    if len(url) > _LONGEST or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or "@" in parts.netloc:
        raise ValueError(url)
    if ":" in host or "[" in parts.netloc:
        IPv6Address(host)
    else:
        host = host.encode("idna").decode()
        if not _HOST.fullmatch(host):
            raise ValueError(url)
    path = quote(parts.path or "/", safe="/%:=&~+!$,;'@()*")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]|")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError(url)
    return Target(url, parts.scheme, host, port, path)


def _literal(host: str) -> str | None:
    """The address that a host is, in whatever way it is written; None for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        # As resolvers read it: octal, hexadecimal, and with fewer than four parts.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
