"""Headers and addresses: what they mean, without a server."""

import pytest

pytest.importorskip("protego", reason="pip install 'datayield[collect]'")

from protego import Protego

from datayield.collect.connections import is_public
from datayield.collect.fetch import forbids, joined


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep credentials
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),  # 127.0.0.1 by 6to4
        ("64:ff9b::7f00:1", False),  # and by NAT64
    ],
)
def test_addresses_of_ones_own_network_are_not_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("tag", "forbidden"),
    [
        ("", False),
        ("nofollow", False),
        ("noindex, nofollow", True),
        ("noai", True),
        ("otherbot: noindex", False),
        ("otherbot: noindex, noai", False),
        ("otherbot: noindex, datayield: noimageai", True),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", False),
    ],
)
def test_a_header_that_forbids(tag: str, forbidden: bool) -> None:
    assert forbids(tag, "datayield/0.1") is forbidden


def test_where_a_redirect_leads() -> None:
    assert joined("http://a.org/x/y", "../z#top") == "http://a.org/z"
    assert joined("http://a.org/x", "//b.org/z") == "http://b.org/z"
    assert joined("http://a.org/x", "javascript:alert(1)") == "javascript:alert(1)"


def test_rules_are_those_for_this_robot() -> None:
    rules = Protego.parse("User-agent: datayield\nDisallow: /mine\n\nUser-agent: *\nDisallow: /\n")
    assert rules.can_fetch("http://a.org/x", "datayield/0.1 (me@a.org)")
    assert not rules.can_fetch("http://a.org/mine/x", "datayield/0.1 (me@a.org)")
    assert not rules.can_fetch("http://a.org/x", "another")
