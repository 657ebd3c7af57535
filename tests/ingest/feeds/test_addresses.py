import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.feeds.addresses import is_public

PUBLIC = """
8.8.8.8 1.1.1.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 2606:4700:4700::1111
::ffff:8.8.8.8 2002:808:808:: 64:ff9b::808:808
""".split()
PRIVATE = """
127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254
100.64.0.1 100.127.255.255 0.0.0.0 0.1.2.3 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 100::1
2001:db8::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 5f00::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1
2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808
example.org 127.1 2130706433
""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["", *PRIVATE])
def test_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_the_same_in_whatever_it_is_carried(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    alone = is_public(str(address))
    for carrier in (f"::ffff:{address}", f"64:ff9b::{high}:{low}", f"2002:{high}:{low}::"):
        assert is_public(carrier) == alone, carrier
