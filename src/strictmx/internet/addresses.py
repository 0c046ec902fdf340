"""The one guard that every connection passes whose target strangers choose: policy hosts and MX hosts.

A name is never connected to, only a literal address that was judged here, and the peer is compared with it afterwards,
so that what was judged is what is reached. The ranges are IANA's special-purpose registries for IPv4 and IPv6
(RFC 6890, RFC 8190) and the multicast and reserved space around them, kept as tables of our own: what Python's
`is_global` says differs between its versions. The whole registry is refused, entries that are globally reachable too
(AS112, anycast of protocols): no mail and no policy is served there. Nameservers are the operator's choice and do not
pass here.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

from strictmx.internet.local import raise_if_ours

CONNECT_SECONDS = 5.0  # one TCP connection: two lost SYN (1 s, 2 s) are repeated within

_IPV4 = tuple(
    (IPv4Network(block), name)
    for block, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private use"),
        ("100.64.0.0/10", "shared address space"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link local"),
        ("172.16.0.0/12", "private use"),
        ("192.0.0.0/24", "IETF protocol assignments"),
        ("192.0.2.0/24", "documentation (TEST-NET-1)"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "automatic multicast tunneling"),
        ("192.88.99.0/24", "6to4 relay anycast"),
        ("192.168.0.0/16", "private use"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation (TEST-NET-2)"),
        ("203.0.113.0/24", "documentation (TEST-NET-3)"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "limited broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)

_IPV6 = tuple(
    (IPv6Network(block), name)
    for block, name in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "local-use NAT64"),
        ("100::/64", "discard only"),
        ("100:0:0:1::/64", "dummy prefix"),
        ("2001::/32", "Teredo"),
        ("2001:2::/48", "benchmarking"),
        ("2001:10::/28", "ORCHID"),
        ("2001:20::/28", "ORCHIDv2"),
        ("2001:30::/28", "drone remote identification"),
        ("2001::/23", "IETF protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing identifiers"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link local"),
        ("fec0::/10", "site local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 section 2.4: all other space is unassigned

# IPv6 blocks that carry an IPv4 address, and how far right it stands: the inner address is what is reached
_CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0, "IPv4-mapped"),
    (IPv6Network("64:ff9b::/96"), 0, "NAT64"),
    (IPv6Network("2002::/16"), 80, "6to4"),
)


# EINVAL: a link-local address without the interface that would make it reachable
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})


class ConnectFault(Enum):
    """Why there is no connection. The values are those of `FetchStage` and `ProbeStage`."""

    NO_ROUTE = "no-route"
    NOT_ALLOWED = "not-allowed"
    CONNECT_REFUSED = "connect-refused"
    CONNECT_TIMEOUT = "connect-timeout"
    CONNECT_FAILED = "connect-failed"


class Unreachable(Exception):
    """No connection to the address: `.fault` says which kind, `.detail` what the network or the guard said."""

    def __init__(self, fault: ConnectFault, detail: str) -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault, self.detail = fault, detail


class Guard(Enum):
    """Whether special-purpose addresses are contacted; a laboratory on loopback lives on ALLOW."""

    REFUSE = "refuse"
    ALLOW = "allow"

    @classmethod
    def of(cls, *, allow_private_addresses: bool) -> Guard:
        """The guard that the configuration key `internet.allow_private_addresses` asks for."""
        return cls.ALLOW if allow_private_addresses else cls.REFUSE


def refusal(address: str | IPv4Address | IPv6Address) -> str | None:
    """The special-purpose block that the address lies in, by its registered name; None when it may be contacted.

    An address inside another one (IPv4-mapped, NAT64, 6to4) is judged by the inner one. Text that is no plain address,
    one with a zone (`fe80::1%eth0`) included, is refused as well.
    """
    literal = _literal(address)
    if literal is None:
        return "no plain IP address"
    if isinstance(literal, IPv4Address):
        return next((name for block, name in _IPV4 if literal in block), None)
    for carrier, shift, kind in _CARRIERS:
        if literal in carrier:
            inner = refusal(IPv4Address((int(literal) >> shift) & 0xFFFF_FFFF))
            return f"{kind}, {inner}" if inner else None
    named = next((name for block, name in _IPV6 if literal in block), None)
    if named is None and literal not in _GLOBAL_UNICAST:
        return "reserved"
    return named


def has_route(address: str) -> bool:
    """Whether this machine has a route to the address; nothing is sent.

    False means that the address's whole family is missing here, which says nothing about the host.
    """
    literal = _literal(address)
    if literal is None:
        return False
    family = socket.AF_INET if literal.version == 4 else socket.AF_INET6  # noqa: PLR2004
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 53))  # UDP: the kernel looks for a route and a source address, no packet leaves
    except OSError as error:
        return error.errno not in _NO_ROUTE
    return True


async def connect(address: str, port: int, *, guard: Guard, timeout: float = CONNECT_SECONDS) -> socket.socket:  # noqa: ASYNC109
    """A non-blocking TCP socket connected to exactly this literal address; the caller closes it.

    timeout: seconds for the connection. Raises Unreachable, whatever the network does; LocalFault
    where this machine has no socket left.
    """
    why = refusal(address) if guard is Guard.REFUSE else None
    literal = _literal(address)
    if why is not None or literal is None:
        raise Unreachable(ConnectFault.NOT_ALLOWED, f"{address} is not contacted: {why or 'no plain IP address'}")
    if not has_route(address):
        raise Unreachable(ConnectFault.NO_ROUTE, f"this machine has no route to {address}")
    family = socket.AF_INET if literal.version == 4 else socket.AF_INET6  # noqa: PLR2004
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise_if_ours(error)
        raise Unreachable(ConnectFault.CONNECT_FAILED, _words(error)) from error
    connected = False
    try:
        connection.setblocking(False)  # noqa: FBT003
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(connection, (address, port))
        connected = _literal(connection.getpeername()[0]) == literal
    except TimeoutError as error:
        raise Unreachable(ConnectFault.CONNECT_TIMEOUT, f"no answer from {address} port {port}") from error
    except ConnectionRefusedError as error:
        raise Unreachable(ConnectFault.CONNECT_REFUSED, f"{address} port {port} refused the connection") from error
    except OSError as error:
        raise_if_ours(error)
        fault = ConnectFault.CONNECT_TIMEOUT if error.errno == errno.ETIMEDOUT else ConnectFault.CONNECT_FAILED
        raise Unreachable(fault, f"{address} port {port}: {_words(error)}") from error
    finally:  # cancelled too: the socket must not outlive the attempt
        if not connected:
            connection.close()
    if not connected:
        raise Unreachable(ConnectFault.NOT_ALLOWED, f"the connection to {address} reached another address")
    return connection


def _literal(address: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address | None:
    """The address as a value; None for anything but a plain literal. A zone names an interface, not a host."""
    if isinstance(address, IPv4Address):
        return address
    if isinstance(address, IPv6Address):
        return None if address.scope_id is not None else address
    try:
        return IPv4Address(address)
    except AddressValueError:
        pass
    try:
        return IPv6Address(address) if "%" not in address else None
    except AddressValueError:
        return None


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
