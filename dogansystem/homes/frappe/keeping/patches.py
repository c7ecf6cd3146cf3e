"""Names that are exchanged while at least one thread of this process keeps in, and put back after the last.

What stands there meanwhile asks on which thread it is: for all others it is what stood there before. If putting back is
itself interrupted, what is left asks the same and does nothing.
"""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dogansystem.homes.frappe.keeping.block import Block, current

# A stand-in is called with the block, what stood there, and the arguments.
StandIn = Callable[..., Any]

_MISSING = object()
_lock = threading.Lock()
_count = 0
_before: list[tuple[Any, str, Any]] = []


@contextmanager
def exchanged(stand_ins: Callable[[], Iterator[tuple[Any, str, StandIn]]]) -> Iterator[None]:
	"""Within the block, these attributes of modules and classes are exchanged. Several threads may be in it at once."""
	global _count
	with _lock:
		_count += 1
		if _count == 1:
			for owner, name, stand_in in stand_ins():
				_exchange(owner, name, stand_in)
	try:
		yield
	finally:
		with _lock:
			_count -= 1
			if _count == 0:
				_put_back()


def _exchange(owner: Any, name: str, stand_in: StandIn) -> None:
	own = vars(owner).get(name, _MISSING)
	_before.append((owner, name, own))
	if isinstance(stand_in, type):  # of what is no function, which it is made with
		setattr(owner, name, stand_in(own))
	elif isinstance(own, classmethod):
		setattr(owner, name, classmethod(_asking(own.__func__, stand_in)))
	else:
		setattr(owner, name, _asking(getattr(owner, name), stand_in))


def _asking(original: Callable[..., Any], stand_in: StandIn) -> Callable[..., Any]:
	@functools.wraps(original)
	def asking(*args: Any, **kwargs: Any) -> Any:
		block: Block | None = current()
		if block is None:
			return original(*args, **kwargs)
		return stand_in(block, original, *args, **kwargs)

	return asking


def _put_back() -> None:
	while _before:
		owner, name, own = _before[-1]
		if own is _MISSING:
			delattr(owner, name)
		else:
			setattr(owner, name, own)
		_before.pop()
