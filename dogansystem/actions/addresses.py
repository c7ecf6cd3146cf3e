"""Which network addresses belong to the public internet.

A workflow's author names a server; the request leaves from inside the site's network. What is reachable only from
there (the database, the cloud's metadata service, a printer) must not become reachable through a workflow.

The tables are IANA's special-purpose registries. They stand here, and not only in `ipaddress.is_global`, because that
answers differently between Python 3.10 and 3.13, and lets multicast and tunnels through.
"""

import re
import socket
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

_CLOSED_V4 = (
	"0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
	"10.0.0.0/8",
	"100.64.0.0/10",  # carrier-grade NAT, also inside clouds and VPNs
	"127.0.0.0/8",
	"169.254.0.0/16",  # link local, the metadata services
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.88.99.0/24",  # 6to4 relays
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/4",  # multicast
	"240.0.0.0/4",  # reserved, broadcast
)
_CLOSED_V6 = (
	"2001::/23",  # protocol assignments; Teredo tunnels to any IPv4 address
	"2002::/16",  # 6to4 tunnels to any IPv4 address
	"2001:db8::/32",
	"3fff::/20",
)
_CLOSED = tuple(map(ip_network, (*_CLOSED_V4, *_CLOSED_V6)))
# All of IPv6 that was ever given out; the rest is local, mapped or reserved.
_PUBLIC_V6 = IPv6Network("2000::/3")
# On hosts without IPv4 the resolver gives every IPv4-only server an address in here, its own one at the end.
_NAT64 = IPv6Network("64:ff9b::/96")


class Endpoint(NamedTuple):
	"""One address to connect to, as the resolver gave it."""

	family: int
	kind: int
	protocol: int
	address: tuple[Any, ...]


def resolve(host: str, port: int) -> list[Endpoint]:
	"""All addresses of `host`, in the order they are to be tried. Raises OSError when there is none."""
	found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
	return [Endpoint(family, kind, protocol, address) for family, kind, protocol, _name, address in found]


def is_public(text: str) -> bool:
	"""Whether an IP address belongs to the public internet. What is not an address does not."""
	try:
		address = ip_address(text.partition("%")[0])  # a zone (%eth0) says where, not what
	except ValueError:
		return False
	if address in _NAT64:
		address = IPv4Address(address.packed[-4:])
	if address.version == 6 and address not in _PUBLIC_V6:
		return False
	return address.is_global and not any(address in network for network in _CLOSED)


def is_odd_notation(host: str) -> bool:
	"""Whether `host` is an IPv4 address in disguise: `2130706433`, `0x7f.1`, `0177.0.0.1`.

	Nobody writes these in good faith, and programs along the way read them differently.
	"""
	try:
		socket.inet_aton(host)
	except (OSError, ValueError):
		return False
	return re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){3}", host, re.ASCII) is None
