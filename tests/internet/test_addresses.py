from __future__ import annotations

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictmx.internet.addresses import ConnectFault, Guard, Unreachable, connect, has_route, refusal
from tests.internet.servers import LOOPBACK, free_port, serving

REFUSED = [
    ("0.0.0.1", "this network"),
    ("10.1.2.3", "private use"),
    ("100.64.0.1", "shared address space"),
    ("127.0.0.53", "loopback"),
    ("169.254.169.254", "link local"),
    ("172.31.255.255", "private use"),
    ("192.0.0.9", "IETF protocol assignments"),
    ("192.0.2.1", "documentation (TEST-NET-1)"),
    ("192.168.1.1", "private use"),
    ("198.19.255.255", "benchmarking"),
    ("203.0.113.5", "documentation (TEST-NET-3)"),
    ("224.0.0.1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "limited broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::127.0.0.1", "reserved"),
    ("::ffff:127.0.0.1", "IPv4-mapped, loopback"),
    ("::ffff:10.0.0.1", "IPv4-mapped, private use"),
    ("64:ff9b::7f00:1", "NAT64, loopback"),
    ("64:ff9b::a9fe:a9fe", "NAT64, link local"),
    ("64:ff9b:1::808:808", "local-use NAT64"),
    ("100::1", "discard only"),
    ("2001::1", "Teredo"),
    ("2001:2::1", "benchmarking"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::1", "6to4, loopback"),
    ("2002:c0a8:101::1", "6to4, private use"),
    ("3fff::1", "documentation"),
    ("4000::1", "reserved"),
    ("5f00::1", "segment routing identifiers"),
    ("fc00::1", "unique local"),
    ("fd12:3456::1", "unique local"),
    ("fe80::1", "link local"),
    ("fe80::1%eth0", "no plain IP address"),
    ("2606:4700::1%eth0", "no plain IP address"),
    ("fec0::1", "site local"),
    ("ff02::1", "multicast"),
    ("mx.example.com", "no plain IP address"),
    ("127.1", "no plain IP address"),
    ("010.0.0.1", "no plain IP address"),
    ("", "no plain IP address"),
]
ALLOWED = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255", "2606:4700:4700::1111"]
ALLOWED += ["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2001:4860:4860::8888", "2a00::1"]


@pytest.mark.parametrize(("address", "block"), REFUSED)
def test_special_purpose_addresses_are_refused_by_name(address: str, block: str) -> None:
    assert refusal(address) == block


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal(address) is None


@given(st.ip_addresses())
def test_what_is_not_global_by_the_library_is_refused_too(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    carrier = isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour)
    if address.is_private and not carrier:
        assert refusal(address) is not None


@given(st.ip_addresses(v=4), st.sampled_from(["mapped", "nat64", "6to4"]))
def test_an_inner_address_decides(inner: ipaddress.IPv4Address, kind: str) -> None:
    number = int(inner)
    outer = {"mapped": 0xFFFF << 32 | number, "nat64": 0x64FF9B << 96 | number, "6to4": 0x2002 << 112 | number << 80}
    assert (refusal(ipaddress.IPv6Address(outer[kind])) is None) is (refusal(inner) is None)


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert refusal(text) is None or isinstance(refusal(text), str)


def test_loopback_has_a_route_and_text_has_none() -> None:
    assert has_route(LOOPBACK)
    assert not has_route("mx.example.com")
    assert not has_route("fe80::25")  # on which interface?


@pytest.mark.servers
async def test_a_private_address_is_not_contacted_unless_allowed() -> None:
    greeted = asyncio.Event()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.set()
        await reader.read()

    async with serving(session) as port:
        with pytest.raises(Unreachable) as caught:
            await connect(LOOPBACK, port, guard=Guard.REFUSE)
        assert caught.value.fault is ConnectFault.NOT_ALLOWED
        assert "loopback" in caught.value.detail
        assert not greeted.is_set()
        with await connect(LOOPBACK, port, guard=Guard.ALLOW):
            await asyncio.wait_for(greeted.wait(), 5)


@pytest.mark.servers
async def test_refused_timed_out_and_no_literal_are_told_apart() -> None:
    with pytest.raises(Unreachable) as refused:
        await connect(LOOPBACK, free_port(), guard=Guard.ALLOW)
    assert refused.value.fault is ConnectFault.CONNECT_REFUSED
    with pytest.raises(Unreachable) as name:
        await connect("localhost", 25, guard=Guard.ALLOW)
    assert name.value.fault is ConnectFault.NOT_ALLOWED
