"""Run on the host that has got an address: tells everybody on its network, as keepalived does (gratuitous ARP)."""

import socket
import struct
import sys


def announce(address: str, interface: str = "eth0") -> None:
	"""Say that an address is here now, so that nobody goes on looking for it where it was."""
	with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
		raw.bind((interface, 0))
		mac, at = raw.getsockname()[4], socket.inet_aton(address)
		kind = struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
		raw.send(b"\xff" * 6 + mac + kind + mac + at + b"\0" * 6 + at)


if __name__ == "__main__":
	announce(sys.argv[1])
