"""`dogansystem serve` with the actions of the fault tests: `python -m tests.integration.nodes.worker URL WORKERS`."""

import sys
from typing import Any

from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal import serve
from tests.faults.actions import ACTIONS


class NodeSandbox(Sandbox):
	"""A sandbox that has these actions. The table of their effects is there already."""

	def __init__(self, *arguments: Any, **options: Any) -> None:
		super().__init__(*arguments, **options)
		for action in ACTIONS:
			self.add_action(f"{action.__module__}.{action.__name__}")


serve.Sandbox = NodeSandbox  # here, because each worker process imports this module again

if __name__ == "__main__":
	serve.serve(sys.argv[1], int(sys.argv[2]), lambda text: print(text, flush=True))
