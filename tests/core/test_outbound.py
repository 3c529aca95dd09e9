from __future__ import annotations

import ipaddress
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.core.outbound import NEVER, AddressRefused, Endpoint, allowed_address, connection, is_allowed

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
EVERYWHERE = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "camera",
        "file:///etc/passwd",
        "gopher://10.0.0.1/",
        "http:///snapshot",
        "http://10.0.0.1:99999/",
        "http://[10.0.0.1/",
        "http://user:secret@93.184.216.34/",
        "http://93.184.216.34/a b",
        "http://93.184.216.34/\r\nHost: elsewhere",
    ],
)
def test_what_is_no_devices_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        allowed_address(url, EVERYWHERE)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "[ff02::1]",
        "0.0.0.0",
        "[::]",
        "255.255.255.255",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
    ],
)
def test_metadata_and_link_local_addresses_are_refused_whatever_the_list_says(ip: str) -> None:
    with pytest.raises(AddressRefused):
        allowed_address(f"http://{ip}/", EVERYWHERE)


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3", "192.168.1.9", "100.64.0.1", "[::1]", "[fd12::1]"])
def test_a_private_address_needs_the_administrators_word(ip: str) -> None:
    with pytest.raises(AddressRefused):
        allowed_address(f"rtsp://{ip}/live", [])

    endpoint = allowed_address(f"rtsp://{ip}/live?channel=1", EVERYWHERE)
    assert endpoint == Endpoint("rtsp", ip.strip("[]"), ip.strip("[]"), 554, "/live?channel=1")


def test_a_name_that_resolves_to_a_private_address_is_judged_by_the_address() -> None:
    with pytest.raises(AddressRefused):
        allowed_address("http://localhost/", [])

    assert allowed_address("http://localhost:8080/", LOOPBACK).ip == "127.0.0.1"


def test_a_name_without_an_address_is_an_os_error() -> None:
    with pytest.raises(OSError):  # noqa: PT011  the resolver's own words
        allowed_address("http://camera.invalid/", EVERYWHERE)


@given(st.sampled_from(NEVER), st.integers(min_value=0), st.booleans())
def test_no_spelling_of_a_forbidden_address_is_allowed(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network, offset: int, mapped: bool
) -> None:
    ip = network[offset % network.num_addresses]
    if mapped and isinstance(ip, ipaddress.IPv4Address):
        assert not is_allowed(ipaddress.IPv6Address(f"::ffff:{ip}"), EVERYWHERE)
    assert not is_allowed(ip, EVERYWHERE)


@pytest.mark.parametrize("dripping", [b"", b"HTTP/1.0 200 OK\r\nX", b"HTTP/1.0 200 OK\r\n\r\nx"])
def test_a_device_that_says_too_little_is_cut_off(dripping: bytes) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_drip, args=(server, dripping, over))
        thread.start()
        endpoint = allowed_address(f"http://127.0.0.1:{server.getsockname()[1]}/", LOOPBACK)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            _read(endpoint)
        taken = time.monotonic() - begun
        over.set()
        thread.join()
    assert taken < 10  # the dripping would go on for ever


def _read(endpoint: Endpoint) -> bytes:
    with connection(endpoint, seconds=0.5) as line:
        line.request("GET", "/")
        with line.getresponse() as answer:
            return answer.read()


def _drip(server: socket.socket, start: bytes, over: threading.Event) -> None:
    peer, _ = server.accept()
    with peer:
        try:
            peer.sendall(start)
            while not over.wait(0.05):
                if start:
                    peer.sendall(b"x")
        except OSError:
            return
