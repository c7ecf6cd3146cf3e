"""What happens around a run that a person tries in a sandbox: a clock that jumps, and the signals of the command line."""

from collections.abc import Iterable, Mapping

from dogansystem.engine.durations import parse_duration
from dogansystem.homes.databases.clock import Clock
from dogansystem.proving.course import ToSend
from dogansystem.terminal import files


class JumpingClock:
	"""Another clock that can be put forward."""

	def __init__(self, clock: Clock) -> None:
		self._clock = clock
		self._ahead = 0.0

	def now(self) -> float:
		"""Seconds since 1970 (UTC)."""
		return self._clock.now() + self._ahead

	def jump_to(self, moment: float) -> None:
		"""Be at that moment (epoch seconds); never goes back."""
		self._ahead += max(0.0, moment - self.now())


def to_send(texts: Iterable[str]) -> list[ToSend]:
	"""The signals of `--signal`, each as JSON text. Raises FileError."""
	found = []
	for text in texts:
		value = files.json_value(text, "--signal")
		known = {"name", "key", "data", "after"}
		if not isinstance(value, Mapping) or "name" not in value or value.keys() - known:
			raise files.FileError(
				'--signal: must be a mapping with `name`, and maybe `key`, `data` and `after`. Write it as \'{"name": "paid"}\'.'
			)
		try:
			after = parse_duration(value.get("after", 0))
		except ValueError as error:
			raise files.FileError(f"--signal: after: {error}") from None
		found.append(ToSend(value["name"], value.get("key"), value.get("data"), after))
	return sorted(found, key=lambda each: each.after)
